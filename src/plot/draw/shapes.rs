//! One layer as shapes: points, lines, bars, intervals.

use super::clip::{clip, inside};
use super::frame::Frame;
use super::surface::{class_map, contour, heat_map, regions};
use crate::Result;
use crate::plot::paper::canvas::{Align, Canvas, Point};
use crate::plot::paper::theme::{INK, LINE, MARKER, Marker, TICK_TEXT, VEIL, pale};
use crate::plot::sheet::{Layer, Painted};
use ndarray::Array1;
use plotters::style::{Color, RGBAColor, RGBColor};

pub(super) fn draw_layer(painted: &Painted, frame: &Frame, canvas: &mut Canvas<'_>) -> Result<()> {
    let alpha = painted.alpha;
    let shade = |colour: &RGBColor| colour.mix(alpha.unwrap_or(1.0));
    match &painted.layer {
        Layer::Points { x, y, colour, marker, .. } => {
            for (&x, &y) in x.iter().zip(y) {
                let at = frame.at(x, y);
                if frame.holds(at) {
                    canvas.marker(at, *marker, MARKER, *colour, alpha)?;
                }
            }
            Ok(())
        }
        Layer::Blend { x, y, colours, .. } => {
            for ((&x, &y), &colour) in x.iter().zip(y).zip(colours) {
                let at = frame.at(x, y);
                if frame.holds(at) {
                    canvas.marker(at, Marker::Circle, MARKER, colour, alpha)?;
                }
            }
            Ok(())
        }
        Layer::Line { x, y, colour, dashed, width, .. } => {
            let points: Vec<Point> = x.iter().zip(y).map(|(&x, &y)| frame.at(x, y)).collect();
            for run in inside(&points, frame) {
                if *dashed {
                    canvas.dashes(&run, shade(colour), *width)?;
                } else {
                    canvas.line(&run, shade(colour), *width)?;
                }
            }
            Ok(())
        }
        Layer::Bars { base, top, colour, shift, width, .. } => {
            for (i, (&base, &top)) in base.iter().zip(top).enumerate() {
                let (middle, half) = (i as f64 + shift, width / 2.0);
                let [base, top] = [base, top].map(|v| v.max(frame.y.low).min(frame.y.high));
                let corners = (frame.at(middle - half, top), frame.at(middle + half, base));
                canvas.rectangle(corners.0, corners.1, shade(colour))?;
            }
            Ok(())
        }
        Layer::Band { x, lower, upper, colour, .. } => {
            band((x, lower, upper), colour.mix(alpha.unwrap_or(VEIL)), frame, canvas)
        }
        Layer::Intervals { at, middle, lower, upper, colour, lying, .. } => {
            let place = |a: f64, v: f64| if *lying { frame.at(v, a) } else { frame.at(a, v) };
            for i in 0..at.len() {
                let ends = (place(at[i], lower[i]), place(at[i], upper[i]));
                if let Some((from, to)) = clip(ends.0, ends.1, frame) {
                    canvas.line(&[from, to], shade(colour), LINE)?;
                }
                for end in [ends.0, ends.1].into_iter().filter(|&end| frame.holds(end)) {
                    let (dx, dy) = if *lying { (0.0, 4.0) } else { (4.0, 0.0) };
                    let cap = [(end.0 - dx, end.1 - dy), (end.0 + dx, end.1 + dy)];
                    canvas.line(&cap, shade(colour), LINE)?;
                }
                let dot = place(at[i], middle[i]);
                if frame.holds(dot) {
                    canvas.marker(dot, Marker::Circle, MARKER + 0.8, *colour, alpha)?;
                }
            }
            Ok(())
        }
        Layer::Histogram { edges, counts, colour, .. } => {
            for (edge, &count) in edges.windows(2).zip(counts) {
                let (a, b) = (frame.at(edge[0], count), frame.at(edge[1], 0.0));
                match alpha {
                    None => canvas.rectangle(a, b, pale(*colour))?,
                    Some(alpha) => canvas.rectangle(a, b, colour.mix(alpha))?,
                }
                canvas.outline(a, b, *colour)?;
            }
            Ok(())
        }
        Layer::HeatMap { values, annotate } => heat_map(values, *annotate, frame, canvas),
        Layer::ClassMap { classes, .. } => class_map(classes, alpha, frame, canvas),
        Layer::Contour { f, levels } => contour(f, levels, frame, canvas),
        Layer::Regions { f } => regions(f, alpha, frame, canvas),
        Layer::Vertical { x, colour, .. } => {
            let at = frame.at(*x, frame.y.low).0;
            canvas.dashes(&[(at, frame.top), (at, frame.bottom)], shade(colour), 1.6)
        }
        Layer::Horizontal { y, colour, .. } => {
            let at = frame.at(frame.x.low, *y).1;
            canvas.dashes(&[(frame.left, at), (frame.right, at)], shade(colour), 1.6)
        }
        Layer::Text { x, y, text } => {
            canvas.text(text, frame.at(*x, *y), Align::Centre, TICK_TEXT, INK)
        }
        Layer::Arrow { from, to, colour, .. } => {
            arrow(frame.at(from.0, from.1), frame.at(to.0, to.1), shade(colour), canvas)
        }
    }
}

/// The area between two curves, a strip a step, each cut at the frame's top and bottom.
fn band(
    (x, lower, upper): (&Array1<f64>, &Array1<f64>, &Array1<f64>),
    colour: RGBAColor,
    frame: &Frame,
    canvas: &mut Canvas<'_>,
) -> Result<()> {
    let inside = |v: f64| v.max(frame.y.low).min(frame.y.high);
    let seen: Vec<usize> =
        (0..x.len()).filter(|&i| x[i] >= frame.x.low && x[i] <= frame.x.high).collect();
    let above = seen.iter().map(|&i| frame.at(x[i], inside(upper[i])));
    let below = seen.iter().rev().map(|&i| frame.at(x[i], inside(lower[i])));
    let corners: Vec<Point> = above.chain(below).collect();
    if corners.len() < 4 { Ok(()) } else { canvas.polygon(&corners, colour) }
}

fn arrow(from: Point, to: Point, colour: RGBAColor, canvas: &mut Canvas<'_>) -> Result<()> {
    let length = (to.0 - from.0).hypot(to.1 - from.1).max(1e-9);
    let (ux, uy) = ((to.0 - from.0) / length, (to.1 - from.1) / length);
    let head = 10.0_f64.min(length);
    let base = (to.0 - head * ux, to.1 - head * uy);
    canvas.line(&[from, base], colour, 2.4)?;
    let side = head * 0.45;
    let corners =
        [to, (base.0 - side * uy, base.1 + side * ux), (base.0 + side * uy, base.1 - side * ux)];
    canvas.polygon(&corners, colour)
}
