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
/// Width of a line, and of one among many.
pub(in crate::plot) const LINE: f64 = 2.0;
pub(in crate::plot) const THIN: f64 = 1.2;
/// How opaque an area is that lets what lies behind it show.
pub(in crate::plot) const VEIL: f64 = 0.28;

/// Colour of the series or class number `i`.
pub(in crate::plot) fn colour(i: usize) -> RGBColor {
    PALETTE[i % PALETTE.len()]
}

/// A lighter shade, for areas behind points.
pub(in crate::plot) fn pale(colour: RGBColor) -> RGBColor {
    let mix = |c: u8| u8::try_from((u16::from(c) * 28 + 255 * 72) / 100).unwrap_or(255);
    RGBColor(mix(colour.0), mix(colour.1), mix(colour.2))
}

/// What a colour of that opacity looks like on paper.
pub(in crate::plot) fn on_paper(colour: RGBColor, alpha: f64) -> RGBColor {
    let mix = |c: u8| byte(alpha * f64::from(c) + (1.0 - alpha) * 255.0);
    RGBColor(mix(colour.0), mix(colour.1), mix(colour.2))
}

/// The colours of the first classes, mixed as light is, by weights that sum to 1.
///
/// The numbers of a colour are no amounts of light: these are what the transfer function of sRGB
/// (IEC 61966-2-1) says, and they are what is averaged. Averaged numbers give muddy mixtures.
pub(in crate::plot) fn blend(weights: impl IntoIterator<Item = f64>) -> RGBColor {
    let mut light = [0.0; 3];
    for (class, weight) in weights.into_iter().enumerate() {
        let RGBColor(r, g, b) = colour(class);
        for (sum, part) in light.iter_mut().zip([r, g, b]) {
            *sum += weight * to_light(part);
        }
    }
    let [r, g, b] = light.map(from_light);
    RGBColor(r, g, b)
}

fn to_light(part: u8) -> f64 {
    let c = f64::from(part) / 255.0;
    if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

fn from_light(light: f64) -> u8 {
    let l = light.max(0.0);
    byte(255.0 * if l <= 0.003_130_8 { 12.92 * l } else { 1.055 * l.powf(1.0 / 2.4) - 0.055 })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_is_mixed_as_light() {
        // Half the light of white is the grey 188, not 128.
        assert_eq!(from_light(0.5), 188);
        for part in 0..=255 {
            assert_eq!(from_light(to_light(part)), part);
        }
        for class in 0..PALETTE.len() {
            let pure = (0..PALETTE.len()).map(|c| f64::from(u8::from(c == class)));
            assert_eq!(blend(pure), colour(class));
        }
        // Blue (0, 114, 178) and vermilion (213, 94, 0), by hand: 213 holds 0.6654 of red's light, half of
        // which is 0.3327, and that is 255 (1.055 * 0.3327^(1 / 2.4) - 0.055) = 156.1.
        assert_eq!(blend([0.5, 0.5]), RGBColor(156, 105, 130));
    }

    #[test]
    fn thin_colours_are_mixed_with_paper() {
        assert_eq!(on_paper(RGBColor(0, 100, 200), 1.0), RGBColor(0, 100, 200));
        assert_eq!(on_paper(RGBColor(0, 100, 200), 0.2), RGBColor(204, 224, 244));
    }
}
