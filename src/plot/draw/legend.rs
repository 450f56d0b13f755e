//! The legend: what stands in it, and where it hides the least.

use super::frame::Frame;
use crate::Result;
use crate::plot::paper::canvas::{Align, Canvas, Point, round, text_width};
use crate::plot::paper::theme::{
    GRID, INK, LINE, MARKER, Marker, PAPER, TICK_TEXT, colour, on_paper, pale,
};
use crate::plot::sheet::{Layer, Painted, Sheet};
use plotters::style::RGBColor;

/// What stands before a name in the legend.
#[derive(Clone, Copy)]
pub(super) enum Sign {
    Point(Marker, RGBColor),
    Line(RGBColor, bool),
    Box(RGBColor),
}

/// Names of layers, each once, in the order of the calls.
pub(super) fn legend_entries(sheet: &Sheet) -> Vec<(String, Sign)> {
    let mut entries: Vec<(String, Sign)> = Vec::new();
    let mut add = |name: &str, sign: Sign| {
        if !name.is_empty() && !entries.iter().any(|(known, _)| known == name) {
            entries.push((name.to_owned(), sign));
        }
    };
    for Painted { layer, alpha } in &sheet.layers {
        // Points and lines are drawn solid here, since they pile up to that; areas as they are.
        let area = |colour: &RGBColor| on_paper(*colour, alpha.unwrap_or(1.0));
        let sign = match layer {
            Layer::Blend { names, .. } => {
                for (class, name) in names.iter().enumerate() {
                    add(name, Sign::Point(Marker::Circle, colour(class)));
                }
                continue;
            }
            Layer::ClassMap { names, .. } => {
                for (class, name) in names.iter().enumerate() {
                    add(name, Sign::Box(area(&colour(class))));
                }
                continue;
            }
            Layer::Points { colour, marker, .. } => Sign::Point(*marker, *colour),
            Layer::Line { colour, dashed, .. } => Sign::Line(*colour, *dashed),
            Layer::Arrow { colour, .. } => Sign::Line(*colour, false),
            Layer::Vertical { colour, .. } | Layer::Horizontal { colour, .. } => {
                Sign::Line(*colour, true)
            }
            Layer::Intervals { colour, .. } => Sign::Point(Marker::Circle, *colour),
            Layer::Band { colour, .. } if alpha.is_none() => Sign::Box(pale(*colour)),
            Layer::Bars { colour, .. }
            | Layer::Histogram { colour, .. }
            | Layer::Band { colour, .. } => Sign::Box(area(colour)),
            _ => continue,
        };
        add(layer.name(), sign);
    }
    entries
}

pub(super) fn legend_size(entries: &[(String, Sign)]) -> (f64, f64) {
    let widest = entries.iter().map(|(name, _)| text_width(name, TICK_TEXT)).fold(0.0, f64::max);
    (widest + 38.0, entries.len() as f64 * 17.0 + 8.0)
}

/// The corner in which the legend hides the least; `None` when each would hide much.
pub(super) fn legend_corner(
    sheet: &Sheet,
    frame: &Frame,
    entries: &[(String, Sign)],
) -> Option<Point> {
    // A class map is covered nowhere.
    if sheet.layers().any(|layer| matches!(layer, Layer::ClassMap { .. })) {
        return None;
    }
    let (width, height) = legend_size(entries);
    let (left, right) = (frame.left + 6.0, frame.right - width - 6.0);
    let (top, bottom) = (frame.top + 6.0, frame.bottom - height - 6.0);
    let marks = marks(sheet, frame);
    let hidden = |corner: Point| {
        let covers = |p: &&Point| {
            p.0 >= corner.0 - 3.0
                && p.0 <= corner.0 + width + 3.0
                && p.1 >= corner.1 - 3.0
                && p.1 <= corner.1 + height + 3.0
        };
        marks.iter().filter(covers).count()
    };
    let corners = [(right, top), (left, top), (right, bottom), (left, bottom)];
    let best = corners.into_iter().min_by_key(|&corner| hidden(corner))?;
    let fits = right > left && bottom > top;
    (fits && hidden(best) * 60 <= marks.len()).then_some(best)
}

/// Places that the legend should not cover.
fn marks(sheet: &Sheet, frame: &Frame) -> Vec<Point> {
    let mut marks = Vec::new();
    for layer in sheet.layers() {
        match layer {
            Layer::Points { x, y, .. } | Layer::Blend { x, y, .. } => {
                marks.extend(x.iter().zip(y).map(|(&x, &y)| frame.at(x, y)));
            }
            Layer::Line { x, y, .. } => {
                let points: Vec<Point> = x.iter().zip(y).map(|(&x, &y)| frame.at(x, y)).collect();
                for pair in points.windows(2) {
                    let n = 1 + round((pair[1].0 - pair[0].0).abs() / 12.0);
                    marks.extend((0..=n).map(|k| {
                        let t = f64::from(k) / f64::from(n);
                        let (a, b) = (pair[0], pair[1]);
                        (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1))
                    }));
                }
            }
            Layer::Bars { base, top, shift, width, .. } => {
                for (i, (&base, &top)) in base.iter().zip(top).enumerate() {
                    for k in 0..=8 {
                        for side in [-0.4, 0.0, 0.4] {
                            let height = base + (top - base) * f64::from(k) / 8.0;
                            marks.push(frame.at(i as f64 + shift + side * width, height));
                        }
                    }
                }
            }
            Layer::Band { x, lower, upper, .. } => {
                for i in 0..x.len() {
                    marks.extend([frame.at(x[i], lower[i]), frame.at(x[i], upper[i])]);
                }
            }
            Layer::Intervals { at, lower, upper, lying, .. } => {
                for i in 0..at.len() {
                    for k in 0..=8 {
                        let v = lower[i] + (upper[i] - lower[i]) * f64::from(k) / 8.0;
                        marks.push(if *lying { frame.at(v, at[i]) } else { frame.at(at[i], v) });
                    }
                }
            }
            Layer::Histogram { edges, counts, .. } => {
                for (edge, &count) in edges.windows(2).zip(counts) {
                    for k in 0..=8 {
                        let middle = edge[0].midpoint(edge[1]);
                        marks.push(frame.at(middle, count * f64::from(k) / 8.0));
                    }
                }
            }
            Layer::Vertical { x, .. } => {
                let at = frame.at(*x, frame.y.low).0;
                marks.extend((0..=24).map(|k| (at, frame.down(f64::from(k) / 24.0))));
            }
            Layer::Horizontal { y, .. } => {
                let at = frame.at(frame.x.low, *y).1;
                marks.extend((0..=24).map(|k| (frame.across(f64::from(k) / 24.0), at)));
            }
            _ => {}
        }
    }
    marks.retain(|&p| frame.holds(p));
    marks
}

pub(super) fn draw_legend(
    entries: &[(String, Sign)],
    at: Point,
    canvas: &mut Canvas<'_>,
) -> Result<()> {
    let (width, height) = legend_size(entries);
    let end = (at.0 + width, at.1 + height);
    canvas.rectangle(at, end, PAPER)?;
    canvas.outline(at, end, GRID)?;
    for (i, (name, sign)) in entries.iter().enumerate() {
        let y = at.1 + 12.5 + i as f64 * 17.0;
        let (left, right) = (at.0 + 7.0, at.0 + 25.0);
        let middle = (left.midpoint(right), y);
        match *sign {
            Sign::Point(marker, colour) => canvas.marker(middle, marker, MARKER, colour, None)?,
            Sign::Line(colour, false) => canvas.line(&[(left, y), (right, y)], colour, LINE)?,
            Sign::Line(colour, true) => canvas.dashes(&[(left, y), (right, y)], colour, LINE)?,
            Sign::Box(colour) => {
                canvas.rectangle((left + 3.0, y - 5.0), (right - 3.0, y + 5.0), colour)?;
            }
        }
        canvas.text(name, (at.0 + 31.0, y), Align::Left, TICK_TEXT, INK)?;
    }
    Ok(())
}
