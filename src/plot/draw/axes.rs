//! What is written around a plot, and the lines of its grid.

use super::axis::Axis;
use super::frame::{Frame, crowded};
use crate::Result;
use crate::plot::paper::canvas::{Align, Canvas};
use crate::plot::paper::theme::{FAINT, GRID, INK, LABEL_TEXT, TICK_TEXT, TITLE_TEXT};
use crate::plot::sheet::{Layer, Sheet};

pub(super) fn grid(sheet: &Sheet, frame: &Frame, canvas: &mut Canvas<'_>) -> Result<()> {
    let filled = sheet.layers().any(Layer::covers);
    for (v, _) in visible(&frame.x) {
        let at = frame.at(*v, frame.y.low).0;
        if !filled && sheet.x_names.is_none() {
            canvas.line(&[(at, frame.top), (at, frame.bottom)], GRID, 1.0)?;
        }
        canvas.line(&[(at, frame.bottom), (at, frame.bottom + 4.0)], FAINT, 1.0)?;
    }
    for (v, _) in visible(&frame.y) {
        let at = frame.at(frame.x.low, *v).1;
        if !filled {
            canvas.line(&[(frame.left, at), (frame.right, at)], GRID, 1.0)?;
        }
        canvas.line(&[(frame.left - 4.0, at), (frame.left, at)], FAINT, 1.0)?;
    }
    Ok(())
}

fn visible(axis: &Axis) -> impl Iterator<Item = &(f64, String)> {
    axis.ticks.iter().filter(|(v, _)| (-1e-9..=1.0 + 1e-9).contains(&axis.unit(*v)))
}

pub(super) fn words(sheet: &Sheet, frame: &Frame, canvas: &mut Canvas<'_>) -> Result<()> {
    let crowded = crowded(&frame.x, frame.right - frame.left);
    for (v, text) in visible(&frame.x) {
        let at = (frame.at(*v, frame.y.low).0, frame.bottom + 13.0);
        if crowded {
            canvas.text(text, (at.0, frame.bottom + 7.0), Align::TurnedUp, TICK_TEXT, INK)?;
        } else {
            canvas.text(text, at, Align::Centre, TICK_TEXT, INK)?;
        }
    }
    for (v, text) in visible(&frame.y) {
        let at = (frame.left - 7.0, frame.at(frame.x.low, *v).1);
        canvas.text(text, at, Align::Right, TICK_TEXT, INK)?;
    }
    let (middle_x, middle_y) = (frame.left.midpoint(frame.right), frame.top.midpoint(frame.bottom));
    canvas.text(&sheet.title, (canvas.size.0 / 2.0, 17.0), Align::Centre, TITLE_TEXT, INK)?;
    let below = (middle_x, canvas.size.1 - 12.0);
    canvas.text(&sheet.x_label, below, Align::Centre, LABEL_TEXT, INK)?;
    canvas.text(&sheet.y_label, (11.0, middle_y), Align::Turned, LABEL_TEXT, INK)
}
