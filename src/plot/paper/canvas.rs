//! Pixels: shapes and text in figure coordinates, drawn by plotters.

use super::mistake::fault;
use super::theme::{INK, Marker, PAPER, SCALE};
use crate::Result;
use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Polygon, Rectangle, SVGBackend,
    Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBColor, TextStyle};

/// A place on the canvas, in pixels from the left and from the top.
pub(in crate::plot) type Point = (f64, f64);

/// What is drawn on.
pub(in crate::plot) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    origin: Point,
    pub(in crate::plot) size: (f64, f64),
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plot) enum Align {
    Left,
    Centre,
    Right,
    /// Centred, and turned by a quarter to the left.
    Turned,
    /// Ends at the point, turned by a quarter to the left: the text reads up to it.
    TurnedUp,
}

impl<'a> Canvas<'a> {
    pub(in crate::plot) fn new(svg: &'a mut String, size: (u32, u32)) -> Result<Self> {
        let scale = SCALE.unsigned_abs();
        let area =
            SVGBackend::with_string(svg, (size.0 * scale, size.1 * scale)).into_drawing_area();
        area.fill(&PAPER).map_err(|error| fault("Plot", error.to_string()))?;
        let size = (f64::from(size.0), f64::from(size.1));
        Ok(Self { area, origin: (0.0, 0.0), size })
    }

    pub(in crate::plot) fn finish(self) -> Result<()> {
        self.area.present().map_err(|error| fault("Plot", error.to_string()))
    }

    /// Draws in a part of the canvas: what `draw` calls (0, 0) is `at`.
    pub(in crate::plot) fn part(
        &mut self,
        at: Point,
        size: (f64, f64),
        draw: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let (origin, whole) = (self.origin, self.size);
        self.origin = (origin.0 + at.0, origin.1 + at.1);
        self.size = size;
        let result = draw(self);
        (self.origin, self.size) = (origin, whole);
        result
    }

    fn pixel(&self, (x, y): Point) -> (i32, i32) {
        let scale = f64::from(SCALE);
        (round((self.origin.0 + x) * scale), round((self.origin.1 + y) * scale))
    }

    fn draw<E>(&mut self, element: &E) -> Result<()>
    where
        for<'b> &'b E: plotters::element::PointCollection<'b, (i32, i32)>,
        E: plotters::element::Drawable<SVGBackend<'a>>,
    {
        self.area.draw(element).map_err(|error| fault("Plot", error.to_string()))
    }

    /// A line through points.
    pub(in crate::plot) fn line(
        &mut self,
        points: &[Point],
        colour: impl Color,
        width: f64,
    ) -> Result<()> {
        let pixels: Vec<_> = points.iter().map(|&p| self.pixel(p)).collect();
        let style = colour.stroke_width(round(width * f64::from(SCALE)).unsigned_abs());
        self.draw(&PathElement::new(pixels, style))
    }

    /// A dashed line through points.
    pub(in crate::plot) fn dashes(
        &mut self,
        points: &[Point],
        colour: impl Color,
        width: f64,
    ) -> Result<()> {
        const ON: f64 = 6.0;
        const OFF: f64 = 4.0;
        let mut phase = 0.0;
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let length = (b.0 - a.0).hypot(b.1 - a.1);
            let at = |s: f64| (a.0 + (b.0 - a.0) * s / length, a.1 + (b.1 - a.1) * s / length);
            let mut s = 0.0;
            while s < length {
                let on = phase < ON;
                let step = if on { ON - phase } else { ON + OFF - phase }.min(length - s).max(1e-6);
                if on {
                    self.line(&[at(s), at(s + step)], &colour, width)?;
                }
                s += step;
                phase = (phase + step) % (ON + OFF);
            }
        }
        Ok(())
    }

    /// A filled rectangle between two corners.
    pub(in crate::plot) fn rectangle(
        &mut self,
        a: Point,
        b: Point,
        fill: impl Color,
    ) -> Result<()> {
        let corners = [self.pixel(a), self.pixel(b)];
        self.draw(&Rectangle::new(corners, fill.filled()))
    }

    /// The outline of a rectangle.
    pub(in crate::plot) fn outline(
        &mut self,
        a: Point,
        b: Point,
        colour: impl Color,
    ) -> Result<()> {
        self.line(&[a, (b.0, a.1), b, (a.0, b.1), a], colour, 1.0)
    }

    /// A filled polygon.
    pub(in crate::plot) fn polygon(&mut self, points: &[Point], fill: impl Color) -> Result<()> {
        let pixels: Vec<_> = points.iter().map(|&p| self.pixel(p)).collect();
        self.draw(&Polygon::new(pixels, fill.filled()))
    }

    /// A marker of radius `r`; without `alpha`, opaque but for circles, which show a little of each other.
    pub(in crate::plot) fn marker(
        &mut self,
        at: Point,
        kind: Marker,
        r: f64,
        colour: RGBColor,
        alpha: Option<f64>,
    ) -> Result<()> {
        let by = |dx: f64, dy: f64| (at.0 + r * dx, at.1 + r * dy);
        // The strokes of a cross as one line, so that its middle is as opaque as its ends.
        let cross = |r: f64| [by(-r, -r), by(r, r), by(0.0, 0.0), by(-r, r), by(r, -r)];
        let solid = colour.mix(alpha.unwrap_or(1.0));
        match kind {
            Marker::Circle => {
                let style = colour.mix(alpha.unwrap_or(0.85)).filled();
                let pixel = self.pixel(at);
                self.draw(&Circle::new(pixel, round(r * f64::from(SCALE)), style))
            }
            Marker::Triangle => {
                self.polygon(&[by(0.0, -1.3), by(1.15, 0.85), by(-1.15, 0.85)], solid)
            }
            Marker::Square => self.rectangle(by(-0.9, -0.9), by(0.9, 0.9), solid),
            Marker::Diamond => {
                self.polygon(&[by(0.0, -1.3), by(1.1, 0.0), by(0.0, 1.3), by(-1.1, 0.0)], solid)
            }
            Marker::Cross if alpha.is_some() => self.line(&cross(1.0), solid, 1.6),
            Marker::Cross => {
                self.line(&[by(-1.0, -1.0), by(1.0, 1.0)], colour, 1.6)?;
                self.line(&[by(-1.0, 1.0), by(1.0, -1.0)], colour, 1.6)
            }
            Marker::Centre if alpha.is_some() => self.line(&cross(1.9), solid, 3.0),
            Marker::Centre => {
                for (colour, width) in [(PAPER, 6.0), (INK, 3.0)] {
                    self.line(&[by(-1.9, -1.9), by(1.9, 1.9)], colour, width)?;
                    self.line(&[by(-1.9, 1.9), by(1.9, -1.9)], colour, width)?;
                }
                Ok(())
            }
        }
    }

    /// One line of text.
    pub(in crate::plot) fn text(
        &mut self,
        text: &str,
        at: Point,
        align: Align,
        size: i32,
        colour: RGBColor,
    ) -> Result<()> {
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Right | Align::TurnedUp => HPos::Right,
            Align::Centre | Align::Turned => HPos::Center,
        };
        let mut font = ("sans-serif", size * SCALE).into_font();
        if matches!(align, Align::Turned | Align::TurnedUp) {
            font = font.transform(FontTransform::Rotate270);
        }
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(horizontal, VPos::Center));
        let pixel = self.pixel(at);
        self.draw(&Text::new(text.to_owned(), pixel, style))
    }
}

/// Width of a text, as good as it can be known without a font.
pub(in crate::plot) fn text_width(text: &str, size: i32) -> f64 {
    text.chars().map(|c| if "il.,:;|'! ".contains(c) { 0.25 } else { 0.47 }).sum::<f64>()
        * f64::from(size)
}

#[expect(clippy::cast_possible_truncation, reason = "clamped just before")]
pub(in crate::plot) fn round(value: f64) -> i32 {
    value.round().clamp(-1e6, 1e6) as i32
}
