//! Rows of a matrix as grey pictures.

use super::paper::canvas::{Align, round};
use super::paper::theme::{FAINT, INK, TICK_TEXT, byte};
use super::paper::{Figure, check_label, fault};
use crate::Result;
use crate::base::views;
use ndarray::ArrayView2;
use plotters::style::RGBColor;

/// Each row of `x`, shape `(n_images, height * width)`, as a picture, dark for high values, `n_cols` a
/// row, a title each (`titles` may be empty). Each picture is scaled to its own range.
///
/// ```
/// use mlnotes::{data, plot};
/// use ndarray::s;
/// let digits = data::digits();
/// let figure = plot::images(digits.x.slice(s![..10, ..]), 8, 8, 5, &[])?;
/// assert!(figure.svg().len() < 60_000);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] when shapes do not fit or a value is not finite.
#[views]
pub fn images(
    x: ArrayView2<f64>,
    height: usize,
    width: usize,
    n_cols: usize,
    titles: &[String],
) -> Result<Figure> {
    let (n, pixels) = x.dim();
    if n == 0 || n_cols == 0 || height * width != pixels || pixels == 0 {
        let reason = format!(
            "needs rows of {height} x {width} values, got shape ({n}, {pixels}), {n_cols} columns"
        );
        return Err(fault("images", reason));
    }
    if !titles.is_empty() && titles.len() != n {
        return Err(fault("images", format!("{n} images and {} titles", titles.len())));
    }
    if let Some(v) = x.iter().find(|v| !v.is_finite()) {
        return Err(fault("images", format!("a value is {v}: drop or impute it first")));
    }
    titles.iter().try_for_each(|title| check_label(title))?;
    let head = if titles.is_empty() { 4.0 } else { 20.0 };
    let cell = (640.0 / n_cols.min(n) as f64 - 12.0).min(110.0) / height.max(width) as f64;
    let (w, h) = (cell * width as f64 + 12.0, cell * height as f64 + head + 6.0);
    let n_rows = n.div_ceil(n_cols);
    let size = (pixels_of(w * n_cols.min(n) as f64), pixels_of(h * n_rows as f64 + 4.0));
    Figure::paint("images", size, |canvas| {
        for (k, row) in x.outer_iter().enumerate() {
            let (left, top) = ((k % n_cols) as f64 * w + 6.0, (k / n_cols) as f64 * h + head);
            let low = row.fold(f64::INFINITY, |a, &b| a.min(b));
            let high = row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            let grey = |v: f64| {
                let t = if high > low { (v - low) / (high - low) } else { 0.0 };
                // Sixteen greys: neighbours of one grey are drawn as one.
                let level = byte(255.0 - (t * 15.0).round() * 17.0);
                RGBColor(level, level, level)
            };
            for i in 0..height {
                let mut j = 0;
                while j < width {
                    let shade = grey(row[i * width + j]);
                    let same = |&l: &usize| grey(row[i * width + l]) == shade;
                    let end = (j..width).take_while(same).last().unwrap_or(j) + 1;
                    let corner =
                        |i: usize, j: usize| (left + cell * j as f64, top + cell * i as f64);
                    if shade.0 < 255 {
                        canvas.rectangle(corner(i, j), corner(i + 1, end), shade)?;
                    }
                    j = end;
                }
            }
            let far = (left + cell * width as f64, top + cell * height as f64);
            canvas.outline((left, top), far, FAINT)?;
            if let Some(title) = titles.get(k) {
                let middle = (left.midpoint(far.0), top - 10.0);
                canvas.text(title, middle, Align::Centre, TICK_TEXT, INK)?;
            }
        }
        Ok(())
    })
}

fn pixels_of(length: f64) -> u32 {
    round(length.ceil()).unsigned_abs().max(80)
}
