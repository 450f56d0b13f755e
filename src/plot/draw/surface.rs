//! What covers the plane: heat maps, regions, contours.

use super::axis::nice;
use super::frame::Frame;
use super::level_lines::level_lines;
use crate::Result;
use crate::plot::paper::canvas::{Align, Canvas, Point, text_width};
use crate::plot::paper::fault;
use crate::plot::paper::theme::{FAINT, INK, LABEL_TEXT, PAPER, TICK_TEXT, colour, pale, ramp};
use crate::plot::sheet::{Class, Height};
use ndarray::Array2;
use plotters::style::Color;

/// Contours are followed on a grid of this many points a side.
const CONTOUR_GRID: usize = 60;
/// Regions are looked up on a grid of this many cells a side.
const REGION_GRID: usize = 80;
/// Cells of a class map that are this wide, in pixels, stand apart by a gap.
const ROOMY: f64 = 10.0;
const GAP: f64 = 1.5;

pub(super) fn regions(
    f: &Class,
    alpha: Option<f64>,
    frame: &Frame,
    canvas: &mut Canvas<'_>,
) -> Result<()> {
    let n = REGION_GRID;
    let cell = |i: usize| i as f64 / n as f64;
    for j in 0..n {
        let class = |i: usize| {
            let (x, y) = frame.value(cell(i) + 0.5 / n as f64, cell(j) + 0.5 / n as f64);
            f(x, y)
        };
        let mut start = 0;
        let mut current = class(0);
        for i in 1..=n {
            let next = if i < n { Some(class(i)) } else { None };
            if next == Some(current) {
                continue;
            }
            let (a, b) = (frame.value(cell(start), cell(j)), frame.value(cell(i), cell(j + 1)));
            let fill = colour(current);
            let fill = alpha.map_or(pale(fill).to_rgba(), |alpha| fill.mix(alpha));
            canvas.rectangle(frame.at(a.0, a.1), frame.at(b.0, b.1), fill)?;
            start = i;
            current = next.unwrap_or(current);
        }
    }
    Ok(())
}

pub(super) fn contour(
    f: &Height,
    levels: &[f64],
    frame: &Frame,
    canvas: &mut Canvas<'_>,
) -> Result<()> {
    let n = CONTOUR_GRID;
    let step = 1.0 / (n - 1) as f64;
    let values = Array2::from_shape_fn((n, n), |(j, i)| {
        let (x, y) = frame.value(i as f64 * step, j as f64 * step);
        f(x, y)
    });
    if let Some(v) = values.iter().find(|v| v.is_nan()) {
        return Err(fault("Plot", format!("`contour`: the function is {v} inside the plot")));
    }
    for (k, &level) in levels.iter().enumerate() {
        let shade = ramp(0.45 + 0.5 * k as f64 / levels.len().max(2) as f64);
        let mut lines = level_lines(&values, level);
        lines.sort_by_key(|line| std::cmp::Reverse(line.len()));
        let pixels = |line: &Vec<(f64, f64)>| -> Vec<Point> {
            let place = |&(i, j): &(f64, f64)| {
                let (x, y) = frame.value(i * step, j * step);
                frame.at(x, y)
            };
            line.iter().map(place).collect()
        };
        for line in &lines {
            canvas.line(&pixels(line), shade, 1.4)?;
        }
        if let Some(longest) = lines.first().filter(|line| line.len() > 12) {
            let points = pixels(longest);
            let at = points[points.len() * (2 * k + 1) / (2 * levels.len().max(1)) % points.len()];
            let text = short(level);
            let half = text_width(&text, TICK_TEXT) / 2.0 + 2.0;
            if at.0 - half > frame.left && at.0 + half < frame.right {
                canvas.rectangle((at.0 - half, at.1 - 7.0), (at.0 + half, at.1 + 7.0), PAPER)?;
                canvas.text(&text, at, Align::Centre, TICK_TEXT, shade)?;
            }
        }
    }
    Ok(())
}

/// A number in few characters.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn heat_map(
    values: &Array2<f64>,
    annotate: Option<usize>,
    frame: &Frame,
    canvas: &mut Canvas<'_>,
) -> Result<()> {
    let low = values.fold(f64::INFINITY, |a, &b| a.min(b));
    let high = values.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
    let unit = |v: f64| if high > low { (v - low) / (high - low) } else { 0.5 };
    for ((i, j), &v) in values.indexed_iter() {
        let (i, j) = (i as f64, j as f64);
        let shade = ramp(unit(v));
        canvas.rectangle(frame.at(j - 0.5, i - 0.5), frame.at(j + 0.5, i + 0.5), shade)?;
        if let Some(precision) = annotate {
            let ink = if unit(v) > 0.55 { PAPER } else { INK };
            canvas.text(
                &format!("{v:.precision$}"),
                frame.at(j, i),
                Align::Centre,
                LABEL_TEXT,
                ink,
            )?;
        }
    }
    // The colour bar: forty steps are smooth to the eye.
    let (left, right) = (frame.right + 14.0, frame.right + 26.0);
    let height = frame.bottom - frame.top;
    for k in 0..40 {
        let t = f64::from(k) / 40.0;
        let top = frame.bottom - height * (t + 1.0 / 40.0);
        canvas.rectangle((left, top), (right, frame.bottom - height * t), ramp(t + 0.0125))?;
    }
    canvas.outline((left, frame.top), (right, frame.bottom), FAINT)?;
    for (v, text) in nice(low, if high > low { high } else { low + 1.0 }) {
        let at = frame.bottom - height * if high > low { unit(v) } else { v - low };
        if at >= frame.top - 1.0 && at <= frame.bottom + 1.0 {
            canvas.text(&text, (right + 4.0, at), Align::Left, TICK_TEXT, INK)?;
        }
    }
    Ok(())
}

/// Neighbours of one class as one rectangle; cells that are wide enough have gaps between them.
pub(super) fn class_map(
    classes: &Array2<usize>,
    alpha: Option<f64>,
    frame: &Frame,
    canvas: &mut Canvas<'_>,
) -> Result<()> {
    for (i, row) in classes.outer_iter().enumerate() {
        let mut start = 0;
        for j in 1..=row.len() {
            if row.get(j) == Some(&row[start]) {
                continue;
            }
            let (top, bottom) = (i as f64 - 0.5, i as f64 + 0.5);
            let (left, right) = (start as f64 - 0.5, j as f64 - 0.5);
            let fill = colour(row[start]).mix(alpha.unwrap_or(1.0));
            canvas.rectangle(frame.at(left, top), frame.at(right, bottom), fill)?;
            start = j;
        }
    }
    let (rows, columns) = classes.dim();
    let cell = (frame.at(1.0, 1.0).0 - frame.at(0.0, 0.0).0)
        .min(frame.at(1.0, 1.0).1 - frame.at(0.0, 0.0).1);
    if cell >= ROOMY {
        for j in 1..columns {
            let at = frame.at(j as f64 - 0.5, 0.0).0;
            canvas.line(&[(at, frame.top), (at, frame.bottom)], PAPER, GAP)?;
        }
        for i in 1..rows {
            let at = frame.at(0.0, i as f64 - 0.5).1;
            canvas.line(&[(frame.left, at), (frame.right, at)], PAPER, GAP)?;
        }
    }
    Ok(())
}
