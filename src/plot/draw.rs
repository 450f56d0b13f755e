//! From layers to pixels.

use super::axis::Axis;
use super::builder::Plot;
use super::canvas::{Align, Canvas, Point, text_width};
use super::contour::level_lines;
use super::fault;
use super::layer::{Class, Height, Layer, join};
use super::theme::{
    FAINT, GRID, INK, LABEL_TEXT, MARKER, Marker, PAPER, TICK_TEXT, TITLE_TEXT, colour, pale, ramp,
};
use crate::Result;
use ndarray::{Array1, Array2};
use plotters::style::RGBColor;

/// Contours are followed on a grid of this many points a side.
const CONTOUR_GRID: usize = 60;
/// Regions are looked up on a grid of this many cells a side.
const REGION_GRID: usize = 80;

/// Data coordinates inside a rectangle of pixels.
struct Frame {
    x: Axis,
    y: Axis,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    /// Row 0 on top, as matrices are written.
    flipped: bool,
}

impl Frame {
    fn at(&self, x: f64, y: f64) -> Point {
        let v = if self.flipped { self.y.unit(y) } else { 1.0 - self.y.unit(y) };
        (
            self.left + self.x.unit(x) * (self.right - self.left),
            self.top + v * (self.bottom - self.top),
        )
    }
    fn value(&self, u: f64, v: f64) -> (f64, f64) {
        (self.x.value(u), self.y.value(v))
    }
    /// A share of the way from left to right, in pixels.
    fn across(&self, share: f64) -> f64 {
        self.left + share * (self.right - self.left)
    }
    /// A share of the way from top to bottom, in pixels.
    fn down(&self, share: f64) -> f64 {
        self.top + share * (self.bottom - self.top)
    }
    fn holds(&self, p: Point) -> bool {
        let tolerance = 0.5;
        p.0 >= self.left - tolerance
            && p.0 <= self.right + tolerance
            && p.1 >= self.top - tolerance
            && p.1 <= self.bottom + tolerance
    }
}

/// Draws a whole plot on the canvas.
pub(super) fn plot(plot: &Plot, canvas: &mut Canvas<'_>) -> Result<()> {
    if plot.layers.is_empty() {
        return Err(fault("Plot", "nothing to draw: add points, lines, bars or a function"));
    }
    let legend = legend_entries(plot);
    let mut frame = frame(plot, canvas.size, 0.0)?;
    let mut corner = legend_corner(plot, &frame, &legend);
    if !legend.is_empty() && corner.is_none() {
        frame = self::frame(plot, canvas.size, legend_size(&legend).0 + 8.0)?;
        corner = Some((frame.right + 10.0, frame.top));
    }
    let behind = |layer: &Layer| {
        matches!(layer, Layer::Regions { .. } | Layer::HeatMap { .. } | Layer::Band { .. })
    };
    for layer in plot.layers.iter().filter(|layer| behind(layer)) {
        draw_layer(layer, &frame, canvas)?;
    }
    grid(plot, &frame, canvas)?;
    for layer in plot.layers.iter().filter(|layer| !behind(layer)) {
        draw_layer(layer, &frame, canvas)?;
    }
    canvas.outline((frame.left, frame.top), (frame.right, frame.bottom), FAINT)?;
    words(plot, &frame, canvas)?;
    if let Some(corner) = corner.filter(|_| !legend.is_empty()) {
        draw_legend(&legend, corner, canvas)?;
    }
    Ok(())
}

fn frame(plot: &Plot, size: (f64, f64), legend_width: f64) -> Result<Frame> {
    let extents = plot.layers.iter().map(Layer::extent);
    let (x, y) = extents.fold((None, None), |(x, y), (a, b)| (join(x, a), join(y, b)));
    let tight = plot.layers.iter().any(Layer::fills);
    let on_zero = plot.layers.iter().any(Layer::stands_on_zero);
    let bars = plot.layers.iter().any(|layer| matches!(layer, Layer::Bars { .. }));
    let forest = plot.layers.iter().any(|l| matches!(l, Layer::Intervals { lying: true, .. }));
    let mut x = Axis::new(x, plot.x_range, tight || bars, false, plot.log_x.then_some("log_x"))?;
    let log_y = plot.log_y.then_some("log_y");
    let mut y = Axis::new(y, plot.y_range, tight || forest, on_zero, log_y)?;
    if let Some(names) = &plot.x_names {
        x = x.named(names);
    }
    if let Some(names) = &plot.y_names {
        y = y.named(names);
    }
    let widest = y.ticks.iter().map(|(_, text)| text_width(text, TICK_TEXT)).fold(0.0, f64::max);
    let y_label = if plot.y_label.is_empty() { 0.0 } else { 20.0 };
    let x_label = if plot.x_label.is_empty() { 0.0 } else { 20.0 };
    let bar = plot.layers.iter().any(|layer| matches!(layer, Layer::HeatMap { .. }));
    let left = 16.0 + widest + y_label;
    let right = size.0 - 18.0 - legend_width - if bar { 58.0 } else { 0.0 };
    let top = if plot.title.is_empty() { 14.0 } else { 34.0 };
    let room = right - left;
    let turned = if crowded(&x, room) { longest(&x) } else { 8.0 };
    let bottom = size.1 - 16.0 - turned - x_label;
    if room < 20.0 || bottom - top < 20.0 {
        let reason = "`size` leaves no room for the plot beside its labels: make it larger";
        return Err(fault("Plot", reason));
    }
    let mut frame = Frame { x, y, left, top, right, bottom, flipped: tight };
    if plot.equal_aspect && !tight {
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
fn crowded(axis: &Axis, room: f64) -> bool {
    let places: Vec<f64> = axis.ticks.iter().map(|(v, _)| axis.unit(*v) * room).collect();
    let gap = places.windows(2).map(|p| p[1] - p[0]).fold(f64::INFINITY, f64::min);
    longest(axis) + 6.0 > gap
}

fn grid(plot: &Plot, frame: &Frame, canvas: &mut Canvas<'_>) -> Result<()> {
    let filled =
        plot.layers.iter().any(|l| matches!(l, Layer::HeatMap { .. } | Layer::Regions { .. }));
    for (v, _) in visible(&frame.x) {
        let at = frame.at(*v, frame.y.low).0;
        if !filled && plot.x_names.is_none() {
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

fn words(plot: &Plot, frame: &Frame, canvas: &mut Canvas<'_>) -> Result<()> {
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
    canvas.text(&plot.title, (canvas.size.0 / 2.0, 17.0), Align::Centre, TITLE_TEXT, INK)?;
    let below = (middle_x, canvas.size.1 - 12.0);
    canvas.text(&plot.x_label, below, Align::Centre, LABEL_TEXT, INK)?;
    canvas.text(&plot.y_label, (11.0, middle_y), Align::Turned, LABEL_TEXT, INK)
}

fn draw_layer(layer: &Layer, frame: &Frame, canvas: &mut Canvas<'_>) -> Result<()> {
    match layer {
        Layer::Points { x, y, colour, marker, .. } => {
            for (&x, &y) in x.iter().zip(y) {
                let at = frame.at(x, y);
                if frame.holds(at) {
                    canvas.marker(at, *marker, MARKER, *colour)?;
                }
            }
            Ok(())
        }
        Layer::Line { x, y, colour, dashed, .. } => {
            let points: Vec<Point> = x.iter().zip(y).map(|(&x, &y)| frame.at(x, y)).collect();
            for run in inside(&points, frame) {
                if *dashed {
                    canvas.dashes(&run, *colour, 2.0)?;
                } else {
                    canvas.line(&run, *colour, 2.0)?;
                }
            }
            Ok(())
        }
        Layer::Bars { base, top, colour, shift, width, .. } => {
            for (i, (&base, &top)) in base.iter().zip(top).enumerate() {
                let (middle, half) = (i as f64 + shift, width / 2.0);
                let [base, top] = [base, top].map(|v| v.max(frame.y.low).min(frame.y.high));
                let corners = (frame.at(middle - half, top), frame.at(middle + half, base));
                canvas.rectangle(corners.0, corners.1, *colour)?;
            }
            Ok(())
        }
        Layer::Band { x, lower, upper, colour, .. } => {
            band(x, lower, upper, *colour, frame, canvas)
        }
        Layer::Intervals { at, middle, lower, upper, colour, lying, .. } => {
            let place = |a: f64, v: f64| if *lying { frame.at(v, a) } else { frame.at(a, v) };
            for i in 0..at.len() {
                let ends = (place(at[i], lower[i]), place(at[i], upper[i]));
                if let Some((from, to)) = clip(ends.0, ends.1, frame) {
                    canvas.line(&[from, to], *colour, 2.0)?;
                }
                for end in [ends.0, ends.1].into_iter().filter(|&end| frame.holds(end)) {
                    let (dx, dy) = if *lying { (0.0, 4.0) } else { (4.0, 0.0) };
                    let cap = [(end.0 - dx, end.1 - dy), (end.0 + dx, end.1 + dy)];
                    canvas.line(&cap, *colour, 2.0)?;
                }
                let dot = place(at[i], middle[i]);
                if frame.holds(dot) {
                    canvas.marker(dot, Marker::Circle, MARKER + 0.8, *colour)?;
                }
            }
            Ok(())
        }
        Layer::Histogram { edges, counts, colour, .. } => {
            for (edge, &count) in edges.windows(2).zip(counts) {
                let (a, b) = (frame.at(edge[0], count), frame.at(edge[1], 0.0));
                canvas.rectangle(a, b, pale(*colour))?;
                canvas.outline(a, b, *colour)?;
            }
            Ok(())
        }
        Layer::HeatMap { values, annotate } => heat_map(values, *annotate, frame, canvas),
        Layer::Contour { f, levels } => contour(f, levels, frame, canvas),
        Layer::Regions { f } => regions(f, frame, canvas),
        Layer::Vertical { x, colour, .. } => {
            let at = frame.at(*x, frame.y.low).0;
            canvas.dashes(&[(at, frame.top), (at, frame.bottom)], *colour, 1.6)
        }
        Layer::Horizontal { y, colour, .. } => {
            let at = frame.at(frame.x.low, *y).1;
            canvas.dashes(&[(frame.left, at), (frame.right, at)], *colour, 1.6)
        }
        Layer::Text { x, y, text } => {
            canvas.text(text, frame.at(*x, *y), Align::Centre, TICK_TEXT, INK)
        }
        Layer::Arrow { from, to, colour, .. } => {
            arrow(frame.at(from.0, from.1), frame.at(to.0, to.1), *colour, canvas)
        }
    }
}

/// The stretches of a line that lie inside the frame, cut at its edges.
fn inside(points: &[Point], frame: &Frame) -> Vec<Vec<Point>> {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for pair in points.windows(2) {
        let Some((a, b)) = clip(pair[0], pair[1], frame) else {
            open = false;
            continue;
        };
        match runs.last_mut().filter(|_| open) {
            Some(run) => run.push(b),
            None => runs.push(vec![a, b]),
        }
        open = b == pair[1];
    }
    runs
}

/// Liang and Barsky's clipping of a segment.
fn clip(a: Point, b: Point, frame: &Frame) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    let sides = [
        (-dx, a.0 - frame.left),
        (dx, frame.right - a.0),
        (-dy, a.1 - frame.top),
        (dy, frame.bottom - a.1),
    ];
    for (p, q) in sides {
        if p.abs() < 1e-12 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            from = from.max(q / p);
        } else {
            to = to.min(q / p);
        }
    }
    let at = |t: f64| if t >= 1.0 { b } else { (a.0 + t * dx, a.1 + t * dy) };
    (from <= to).then(|| (at(from), at(to)))
}

/// The area between two curves, a strip a step, each cut at the frame's top and bottom.
fn band(
    x: &Array1<f64>,
    lower: &Array1<f64>,
    upper: &Array1<f64>,
    colour: RGBColor,
    frame: &Frame,
    canvas: &mut Canvas<'_>,
) -> Result<()> {
    let inside = |v: f64| v.max(frame.y.low).min(frame.y.high);
    let seen: Vec<usize> =
        (0..x.len()).filter(|&i| x[i] >= frame.x.low && x[i] <= frame.x.high).collect();
    let above = seen.iter().map(|&i| frame.at(x[i], inside(upper[i])));
    let below = seen.iter().rev().map(|&i| frame.at(x[i], inside(lower[i])));
    let corners: Vec<Point> = above.chain(below).collect();
    if corners.len() < 4 { Ok(()) } else { canvas.veil(&corners, colour) }
}

fn arrow(from: Point, to: Point, colour: RGBColor, canvas: &mut Canvas<'_>) -> Result<()> {
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

fn regions(f: &Class, frame: &Frame, canvas: &mut Canvas<'_>) -> Result<()> {
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
            canvas.rectangle(frame.at(a.0, a.1), frame.at(b.0, b.1), pale(colour(current)))?;
            start = i;
            current = next.unwrap_or(current);
        }
    }
    Ok(())
}

fn contour(f: &Height, levels: &[f64], frame: &Frame, canvas: &mut Canvas<'_>) -> Result<()> {
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

fn heat_map(
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
    for (v, text) in super::axis::nice(low, if high > low { high } else { low + 1.0 }) {
        let at = frame.bottom - height * if high > low { unit(v) } else { v - low };
        if at >= frame.top - 1.0 && at <= frame.bottom + 1.0 {
            canvas.text(&text, (right + 4.0, at), Align::Left, TICK_TEXT, INK)?;
        }
    }
    Ok(())
}

/// What stands before a name in the legend.
#[derive(Clone, Copy)]
enum Sign {
    Point(Marker, RGBColor),
    Line(RGBColor, bool),
    Box(RGBColor),
}

fn legend_entries(plot: &Plot) -> Vec<(String, Sign)> {
    let mut entries: Vec<(String, Sign)> = Vec::new();
    for layer in &plot.layers {
        let sign = match layer {
            Layer::Points { colour, marker, .. } => Sign::Point(*marker, *colour),
            Layer::Line { colour, dashed, .. } => Sign::Line(*colour, *dashed),
            Layer::Arrow { colour, .. } => Sign::Line(*colour, false),
            Layer::Vertical { colour, .. } | Layer::Horizontal { colour, .. } => {
                Sign::Line(*colour, true)
            }
            Layer::Intervals { colour, .. } => Sign::Point(Marker::Circle, *colour),
            Layer::Bars { colour, .. } | Layer::Histogram { colour, .. } => Sign::Box(*colour),
            Layer::Band { colour, .. } => Sign::Box(pale(*colour)),
            _ => continue,
        };
        let name = layer.name();
        if !name.is_empty() && !entries.iter().any(|(known, _)| known == name) {
            entries.push((name.to_owned(), sign));
        }
    }
    entries
}

fn legend_size(entries: &[(String, Sign)]) -> (f64, f64) {
    let widest = entries.iter().map(|(name, _)| text_width(name, TICK_TEXT)).fold(0.0, f64::max);
    (widest + 38.0, entries.len() as f64 * 17.0 + 8.0)
}

/// The corner in which the legend hides the least; `None` when each would hide much.
fn legend_corner(plot: &Plot, frame: &Frame, entries: &[(String, Sign)]) -> Option<Point> {
    let (width, height) = legend_size(entries);
    let (left, right) = (frame.left + 6.0, frame.right - width - 6.0);
    let (top, bottom) = (frame.top + 6.0, frame.bottom - height - 6.0);
    let marks = marks(plot, frame);
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
fn marks(plot: &Plot, frame: &Frame) -> Vec<Point> {
    let mut marks = Vec::new();
    for layer in &plot.layers {
        match layer {
            Layer::Points { x, y, .. } => {
                marks.extend(x.iter().zip(y).map(|(&x, &y)| frame.at(x, y)));
            }
            Layer::Line { x, y, .. } => {
                let points: Vec<Point> = x.iter().zip(y).map(|(&x, &y)| frame.at(x, y)).collect();
                for pair in points.windows(2) {
                    let n = 1 + super::canvas::round((pair[1].0 - pair[0].0).abs() / 12.0);
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

fn draw_legend(entries: &[(String, Sign)], at: Point, canvas: &mut Canvas<'_>) -> Result<()> {
    let (width, height) = legend_size(entries);
    let end = (at.0 + width, at.1 + height);
    canvas.rectangle(at, end, PAPER)?;
    canvas.outline(at, end, GRID)?;
    for (i, (name, sign)) in entries.iter().enumerate() {
        let y = at.1 + 12.5 + i as f64 * 17.0;
        let (left, right) = (at.0 + 7.0, at.0 + 25.0);
        let middle = (left.midpoint(right), y);
        match *sign {
            Sign::Point(marker, colour) => canvas.marker(middle, marker, MARKER, colour)?,
            Sign::Line(colour, false) => canvas.line(&[(left, y), (right, y)], colour, 2.0)?,
            Sign::Line(colour, true) => canvas.dashes(&[(left, y), (right, y)], colour, 2.0)?,
            Sign::Box(colour) => {
                canvas.rectangle((left + 3.0, y - 5.0), (right - 3.0, y + 5.0), colour)?;
            }
        }
        canvas.text(name, (at.0 + 31.0, y), Align::Left, TICK_TEXT, INK)?;
    }
    Ok(())
}
