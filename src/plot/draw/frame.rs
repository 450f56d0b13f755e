//! Where a plot's rectangle of data lies among its words.

use super::axis::Axis;
use crate::Result;
use crate::plot::paper::canvas::{Point, text_width};
use crate::plot::paper::fault;
use crate::plot::paper::theme::TICK_TEXT;
use crate::plot::sheet::{Layer, Sheet, join};

/// Data coordinates inside a rectangle of pixels.
pub(super) struct Frame {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    /// Row 0 on top, as matrices are written.
    flipped: bool,
}

impl Frame {
    pub(super) fn at(&self, x: f64, y: f64) -> Point {
        let v = if self.flipped { self.y.unit(y) } else { 1.0 - self.y.unit(y) };
        (
            self.left + self.x.unit(x) * (self.right - self.left),
            self.top + v * (self.bottom - self.top),
        )
    }
    pub(super) fn value(&self, u: f64, v: f64) -> (f64, f64) {
        (self.x.value(u), self.y.value(v))
    }
    /// A share of the way from left to right, in pixels.
    pub(super) fn across(&self, share: f64) -> f64 {
        self.left + share * (self.right - self.left)
    }
    /// A share of the way from top to bottom, in pixels.
    pub(super) fn down(&self, share: f64) -> f64 {
        self.top + share * (self.bottom - self.top)
    }
    pub(super) fn holds(&self, p: Point) -> bool {
        let tolerance = 0.5;
        p.0 >= self.left - tolerance
            && p.0 <= self.right + tolerance
            && p.1 >= self.top - tolerance
            && p.1 <= self.bottom + tolerance
    }
}

/// The frame that leaves room for all words, and `legend_width` pixels to its right.
pub(super) fn frame(sheet: &Sheet, size: (f64, f64), legend_width: f64) -> Result<Frame> {
    let extents = sheet.layers().map(Layer::extent);
    let (x, y) = extents.fold((None, None), |(x, y), (a, b)| (join(x, a), join(y, b)));
    let tight = sheet.layers().any(Layer::fills);
    let on_zero = sheet.layers().any(Layer::stands_on_zero);
    let bars = sheet.layers().any(|layer| matches!(layer, Layer::Bars { .. }));
    let forest = sheet.layers().any(|l| matches!(l, Layer::Intervals { lying: true, .. }));
    let mut x = Axis::new(x, sheet.x_range, tight || bars, false, sheet.log_x.then_some("log_x"))?;
    let log_y = sheet.log_y.then_some("log_y");
    let mut y = Axis::new(y, sheet.y_range, tight || forest, on_zero, log_y)?;
    if let Some(names) = &sheet.x_names {
        x = x.named(names);
    }
    if let Some(names) = &sheet.y_names {
        y = y.named(names);
    }
    let widest = y.ticks.iter().map(|(_, text)| text_width(text, TICK_TEXT)).fold(0.0, f64::max);
    let y_label = if sheet.y_label.is_empty() { 0.0 } else { 20.0 };
    let x_label = if sheet.x_label.is_empty() { 0.0 } else { 20.0 };
    let bar = sheet.layers().any(|layer| matches!(layer, Layer::HeatMap { .. }));
    let left = 16.0 + widest + y_label;
    let right = size.0 - 18.0 - legend_width - if bar { 58.0 } else { 0.0 };
    let top = if sheet.title.is_empty() { 14.0 } else { 34.0 };
    let room = right - left;
    let turned = if crowded(&x, room) { longest(&x) } else { 8.0 };
    let bottom = size.1 - 16.0 - turned - x_label;
    if room < 20.0 || bottom - top < 20.0 {
        let reason = "`size` leaves no room for the plot beside its labels: make it larger";
        return Err(fault("Plot", reason));
    }
    let mut frame = Frame { x, y, left, top, right, bottom, flipped: tight };
    if sheet.equal_aspect && !tight {
        let per_x = (frame.x.high - frame.x.low) / (frame.right - frame.left);
        let per_y = (frame.y.high - frame.y.low) / (frame.bottom - frame.top);
        if per_x < per_y {
            frame.x.stretch(per_y / per_x);
        } else {
            frame.y.stretch(per_x / per_y);
        }
    }
    Ok(frame)
}

fn longest(axis: &Axis) -> f64 {
    axis.ticks.iter().map(|(_, text)| text_width(text, TICK_TEXT)).fold(0.0, f64::max)
}

/// Whether the labels below would touch each other.
pub(super) fn crowded(axis: &Axis, room: f64) -> bool {
    let places: Vec<f64> = axis.ticks.iter().map(|(v, _)| axis.unit(*v) * room).collect();
    let gap = places.windows(2).map(|p| p[1] - p[0]).fold(f64::INFINITY, f64::min);
    longest(axis) + 6.0 > gap
}
