//! Colours, sizes and markers: the one place that says how figures look.

use plotters::style::RGBColor;

/// Figures are drawn this many times larger and shown at their size, for quarter-pixel precision.
pub(in crate::plot) const SCALE: i32 = 4;

/// Width and height of a figure, in pixels.
pub(in crate::plot) const SIZE: (u32, u32) = (640, 400);

/// Okabe and Ito's palette, black last: it is the ink.
pub(in crate::plot) const PALETTE: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(120, 94, 60),
];
pub(in crate::plot) const INK: RGBColor = RGBColor(34, 34, 34);
pub(in crate::plot) const FAINT: RGBColor = RGBColor(110, 110, 110);
pub(in crate::plot) const GRID: RGBColor = RGBColor(232, 232, 232);
pub(in crate::plot) const PAPER: RGBColor = RGBColor(255, 255, 255);

pub(in crate::plot) const TITLE_TEXT: i32 = 18;
pub(in crate::plot) const LABEL_TEXT: i32 = 16;
pub(in crate::plot) const TICK_TEXT: i32 = 14;
pub(in crate::plot) const MARKER: f64 = 3.4;

/// Colour of the series or class number `i`.
pub(in crate::plot) fn colour(i: usize) -> RGBColor {
    PALETTE[i % PALETTE.len()]
}

/// A lighter shade, for areas behind points.
pub(in crate::plot) fn pale(colour: RGBColor) -> RGBColor {
    let mix = |c: u8| u8::try_from((u16::from(c) * 28 + 255 * 72) / 100).unwrap_or(255);
    RGBColor(mix(colour.0), mix(colour.1), mix(colour.2))
}

/// White through blue to dark blue, `t` from 0 to 1: even in lightness, and readable in grey.
pub(in crate::plot) fn ramp(t: f64) -> RGBColor {
    const STOPS: [(f64, f64, f64); 4] =
        [(247.0, 251.0, 255.0), (158.0, 202.0, 225.0), (49.0, 130.0, 189.0), (8.0, 48.0, 107.0)];
    let t = t.clamp(0.0, 1.0) * 3.0;
    let (i, from) = match t {
        2.0.. => (2, 2.0),
        1.0.. => (1, 1.0),
        _ => (0, 0.0),
    };
    let f = t - from;
    let (a, b) = (STOPS[i], STOPS[i + 1]);
    RGBColor(byte(a.0 + f * (b.0 - a.0)), byte(a.1 + f * (b.1 - a.1)), byte(a.2 + f * (b.2 - a.2)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
pub(in crate::plot) fn byte(value: f64) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// Shapes of points, one a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plot) enum Marker {
    Circle,
    Triangle,
    Square,
    Diamond,
    Cross,
    /// A bold cross with a white rim: a centre.
    Centre,
}

/// Marker of class number `i`.
pub(in crate::plot) fn marker(i: usize) -> Marker {
    use Marker::{Circle, Cross, Diamond, Square, Triangle};
    [Circle, Triangle, Square, Diamond, Cross][i % 5]
}
