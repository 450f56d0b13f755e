//! Grey pictures, `(height, width)`: mirrored, turned, enlarged, cut and made brighter.
//!
//! ```text
//! result(p) = image( M (p − c) + c + s )       p = (row, column), c the middle, s a shift in pixels
//! turn by θ, anticlockwise   M = [[cos θ, sin θ], [−sin θ, cos θ]]
//! enlarge by f               M = I / f
//! ```
//!
//! Between pixels the picture is bilinear; what comes from outside has the picture's lowest value, its
//! background.

use super::check_amount;
use crate::Result;
use crate::base::{check_matrix, stream, views};
use ndarray::{Array2, ArrayView2, s};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Mirrors left and right with probability `p`.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Parameter`] unless `0 <= p <= 1`.
///
/// ```
/// use mlnotes::data::augment::image::flip;
/// use ndarray::array;
/// assert_eq!(flip(array![[1.0, 2.0]].view(), 1.0, 7)?, array![[2.0, 1.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn flip(image: ArrayView2<f64>, p: f64, seed: u64) -> Result<Array2<f64>> {
    check_matrix("flip: `image`", image)?;
    check_amount("flip", "p", "from 0 to 1", p, 1.0)?;
    let turned = stream(seed, 0).random::<f64>() < p;
    Ok(if turned { image.slice(s![.., ..;-1]).to_owned() } else { image.to_owned() })
}

/// Turns about the middle by an angle that is uniform within `max_degrees` either way.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Parameter`] unless
/// `0 <= max_degrees <= 180`.
///
/// ```
/// use mlnotes::{data, data::augment::image::rotate};
/// let digit = data::digits().x.row(0).to_shape((8, 8)).unwrap().to_owned();
/// let turned = rotate(digit.view(), 15.0, 3)?;
/// assert!(turned != digit && (turned.sum() / digit.sum() - 1.0).abs() < 0.1);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn rotate(image: ArrayView2<f64>, max_degrees: f64, seed: u64) -> Result<Array2<f64>> {
    check_matrix("rotate: `image`", image)?;
    check_amount("rotate", "max_degrees", "from 0 to 180", max_degrees, 180.0)?;
    let degrees = uniform(max_degrees, &mut stream(seed, 0));
    let (sin, cos) = degrees.to_radians().sin_cos();
    affine(image, [[cos, sin], [-sin, cos]], [0.0, 0.0], background(image))
}

/// Enlarges by a factor that is uniform in `1 ± max_change`, in a frame of the same size.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Parameter`] unless
/// `0 <= max_change <= 0.9`.
///
/// ```
/// use mlnotes::data::augment::image::scale;
/// use ndarray::Array2;
/// let grey = Array2::from_elem((5, 5), 3.0);
/// assert!((scale(grey.view(), 0.3, 4)? - grey).iter().all(|d| d.abs() < 1e-12));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn scale(image: ArrayView2<f64>, max_change: f64, seed: u64) -> Result<Array2<f64>> {
    check_matrix("scale: `image`", image)?;
    check_amount("scale", "max_change", "from 0 to 0.9", max_change, 0.9)?;
    let shrink = 1.0 / (1.0 + uniform(max_change, &mut stream(seed, 0)));
    affine(image, [[shrink, 0.0], [0.0, shrink]], [0.0, 0.0], background(image))
}

/// Cuts a window of `1 − share` of either side out at a random place, and enlarges it to the full size.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Parameter`] unless
/// `0 <= share <= 0.9`.
///
/// ```
/// use mlnotes::data::augment::image::crop;
/// use ndarray::Array2;
/// let ramp = Array2::from_shape_fn((9, 9), |(_, j)| j as f64);
/// let part = crop(ramp.view(), 0.5, 2)?;
/// // Half of the width is seen, stretched: half of the slope.
/// assert!((part[[0, 8]] - part[[0, 0]] - 4.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn crop(image: ArrayView2<f64>, share: f64, seed: u64) -> Result<Array2<f64>> {
    check_matrix("crop: `image`", image)?;
    check_amount("crop", "share", "from 0 to 0.9", share, 0.9)?;
    let mut rng = stream(seed, 0);
    let keep = 1.0 - share;
    // The window's middle may move until its edge meets the picture's.
    let room = |pixels: usize| share * (pixels - 1) as f64 / 2.0;
    let (down, across) = image.dim();
    let shift = [uniform(room(down), &mut rng), uniform(room(across), &mut rng)];
    affine(image, [[keep, 0.0], [0.0, keep]], shift, background(image))
}

/// Changes contrast and brightness, each by a factor that is uniform in `1 ± max_change`:
/// `b (m + c (v − m))` with the mean `m`, kept within the picture's own range.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Parameter`] unless
/// `0 <= max_change <= 1`.
///
/// ```
/// use mlnotes::data::augment::image::jitter;
/// use ndarray::array;
/// let image = array![[0.0, 8.0], [16.0, 4.0]];
/// let other = jitter(image.view(), 0.4, 5)?;
/// assert!(other != image && other.iter().all(|v| (0.0..=16.0).contains(v)));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn jitter(image: ArrayView2<f64>, max_change: f64, seed: u64) -> Result<Array2<f64>> {
    check_matrix("jitter: `image`", image)?;
    check_amount("jitter", "max_change", "from 0 to 1", max_change, 1.0)?;
    let mut rng = stream(seed, 0);
    let contrast = 1.0 + uniform(max_change, &mut rng);
    let brightness = 1.0 + uniform(max_change, &mut rng);
    let mean = image.sum() / image.len() as f64;
    let (low, high) = (background(image), image.fold(f64::NEG_INFINITY, |a, &b| a.max(b)));
    Ok(image.mapv(|v| (brightness * (mean + contrast * (v - mean))).clamp(low, high)))
}

/// The picture seen through a linear map about its middle and a shift: the pixel `p = (row, column)` shows
/// what stands at `M (p − c) + c + shift`; places outside have the value `fill`.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`] of the picture or of the map.
///
/// ```
/// use mlnotes::data::augment::image::affine;
/// use ndarray::array;
/// // One pixel to the left: what stood one column further right is seen.
/// let image = array![[1.0, 2.0, 3.0]];
/// let moved = affine(image.view(), [[1.0, 0.0], [0.0, 1.0]], [0.0, 1.0], 0.0)?;
/// assert_eq!(moved, array![[2.0, 3.0, 0.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn affine(
    image: ArrayView2<f64>,
    map: [[f64; 2]; 2],
    shift: [f64; 2],
    fill: f64,
) -> Result<Array2<f64>> {
    check_matrix("affine: `image`", image)?;
    let [[a, b], [c, d]] = map;
    let numbers = ndarray::array![[a, b], [c, d], [shift[0], shift[1]], [fill, 0.0]];
    check_matrix("affine: `map`, `shift` and `fill`, one below the other", numbers.view())?;
    let (height, width) = image.dim();
    let (mid_row, mid_col) = ((height - 1) as f64 / 2.0, (width - 1) as f64 / 2.0);
    Ok(Array2::from_shape_fn((height, width), |(i, j)| {
        let (u, v) = (i as f64 - mid_row, j as f64 - mid_col);
        let (row, col) = (a * u + b * v + mid_row + shift[0], c * u + d * v + mid_col + shift[1]);
        bilinear(image, row, col, fill)
    }))
}

/// The picture between its pixels: `Σ` of the four around, weighted by nearness; `fill` stands around it.
fn bilinear(image: ArrayView2<f64>, row: f64, col: f64, fill: f64) -> f64 {
    let (top, left) = (row.floor(), col.floor());
    let (down, across) = (row - top, col - left);
    let corners = [
        (0.0, 0.0, (1.0 - down) * (1.0 - across)),
        (0.0, 1.0, (1.0 - down) * across),
        (1.0, 0.0, down * (1.0 - across)),
        (1.0, 1.0, down * across),
    ];
    corners.iter().map(|(di, dj, weight)| weight * pixel(image, top + di, left + dj, fill)).sum()
}

/// The pixel at a whole place, or `fill` outside.
fn pixel(image: ArrayView2<f64>, row: f64, col: f64, fill: f64) -> f64 {
    if row < 0.0 || col < 0.0 {
        return fill;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and >= 0")]
    image.get((row as usize, col as usize)).copied().unwrap_or(fill)
}

/// Uniform within `most` either way.
fn uniform(most: f64, rng: &mut ChaCha8Rng) -> f64 {
    most * (2.0 * rng.random::<f64>() - 1.0)
}

fn background(image: ArrayView2<f64>) -> f64 {
    image.fold(f64::INFINITY, |a, &b| a.min(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use ndarray::array;

    type Change = fn(ArrayView2<f64>, f64, u64) -> Result<Array2<f64>>;
    const ALL: [Change; 5] = [
        |x, amount, seed| flip(x, amount, seed),
        |x, amount, seed| rotate(x, amount, seed),
        |x, amount, seed| scale(x, amount, seed),
        |x, amount, seed| crop(x, amount, seed),
        |x, amount, seed| jitter(x, amount, seed),
    ];

    fn digit(row: usize) -> Array2<f64> {
        crate::data::digits().x.row(row).to_owned().into_shape_with_order((8, 8)).unwrap()
    }

    #[test]
    fn nothing_changes_by_the_amount_zero_and_the_seed_decides() {
        let image = digit(3);
        for change in ALL {
            let same = change(image.view(), 0.0, 9).unwrap();
            assert!((&same - &image).iter().all(|d| d.abs() < 1e-12));
            let seen: Vec<_> =
                (0..8).map(|seed| change(image.view(), 0.5, seed).unwrap()).collect();
            assert!(seen.iter().any(|other| *other != seen[0]));
            assert_eq!(change(image.view(), 0.5, 3).unwrap(), seen[3]);
            for other in seen {
                assert!(other.iter().all(|v| (-1e-12..=16.0 + 1e-12).contains(v)));
            }
        }
    }

    #[test]
    fn a_quarter_turn_is_anticlockwise() {
        let image = array![[1.0, 2.0], [3.0, 4.0]];
        let turned = affine(image.view(), [[0.0, 1.0], [-1.0, 0.0]], [0.0, 0.0], 0.0).unwrap();
        assert_eq!(turned, array![[2.0, 4.0], [1.0, 3.0]]);
    }

    #[test]
    fn there_and_back_is_nearly_the_picture() {
        // A smooth bump survives two interpolations.
        let bump = Array2::from_shape_fn((31, 31), |(i, j)| {
            let (u, v) = (i as f64 - 15.0, j as f64 - 13.0);
            (-(u * u + v * v) / 40.0).exp()
        });
        let (sin, cos) = 0.4f64.sin_cos();
        let there = affine(bump.view(), [[cos, sin], [-sin, cos]], [0.0, 0.0], 0.0).unwrap();
        let back = affine(there.view(), [[cos, -sin], [sin, cos]], [0.0, 0.0], 0.0).unwrap();
        // Each pass is off by at most h²/8 of both second derivatives, which are 1/20 at the top.
        assert!((&back - &bump).iter().all(|d| d.abs() < 2.0 * (2.0 / 20.0) / 8.0));
        assert!((&there - &bump).iter().any(|d| d.abs() > 0.1));
    }

    #[test]
    fn bad_input_is_named() {
        let image = digit(0);
        for change in ALL {
            let error = change(image.view(), -0.1, 0).unwrap_err();
            assert!(matches!(error, Error::Parameter { .. }), "{error}");
            assert!(change(image.view(), f64::NAN, 0).is_err());
            assert!(change(image.view(), 200.0, 0).is_err());
            assert!(matches!(change(array![[]].view(), 0.1, 0), Err(Error::Empty { .. })));
            let nan = change(array![[1.0, f64::NAN]].view(), 0.1, 0);
            assert!(matches!(nan, Err(Error::NotFinite { row: 0, col: 1, .. })));
        }
        let endless = affine(image.view(), [[f64::INFINITY, 0.0], [0.0, 1.0]], [0.0, 0.0], 0.0);
        assert!(matches!(endless, Err(Error::NotFinite { row: 0, col: 0, .. })));
    }
}
