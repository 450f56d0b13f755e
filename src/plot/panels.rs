//! Several plots in one figure.

use super::builder::Plot;
use super::draw;
use super::paper::{Figure, fault};
use crate::Result;

/// Plots side by side, `n_cols` a row, each of its own size.
///
/// ```
/// use mlnotes::plot::{Plot, panels};
/// use ndarray::array;
/// let (x, y) = (array![0.0, 1.0], array![1.0, 0.0]);
/// let one = Plot::new("left").size(320, 260).line(x.view(), y.view(), "");
/// let two = Plot::new("right").size(320, 260).scatter(x.view(), y.view(), "");
/// let figure = panels(vec![one, two], 2)?;
/// assert!(figure.svg().contains("width=\"640\" height=\"260\""));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] for no plots, no columns, or a mistake in one of the plots.
pub fn panels(mut plots: Vec<Plot>, n_cols: usize) -> Result<Figure> {
    if plots.is_empty() || n_cols == 0 {
        let n = plots.len();
        let reason = format!("needs at least one plot and one column, got {n} and {n_cols}");
        return Err(fault("panels", reason));
    }
    for plot in &mut plots {
        plot.take_mistake()?;
    }
    let rows: Vec<&[Plot]> = plots.chunks(n_cols).collect();
    let width = |row: &&[Plot]| row.iter().map(|plot| plot.sheet.size.0).sum::<u32>();
    let height = |row: &&[Plot]| row.iter().map(|plot| plot.sheet.size.1).max().unwrap_or(0);
    let size = (rows.iter().map(width).max().unwrap_or(0), rows.iter().map(height).sum());
    let titles: Vec<&str> = plots.iter().map(|plot| plot.sheet.title.as_str()).collect();
    Figure::paint(&titles.join("; "), size, |canvas| {
        let mut top = 0.0;
        for row in &rows {
            let mut left = 0.0;
            for one in *row {
                let size = (f64::from(one.sheet.size.0), f64::from(one.sheet.size.1));
                canvas.part((left, top), size, |canvas| draw::plot(&one.sheet, canvas))?;
                left += size.0;
            }
            top += f64::from(height(row));
        }
        Ok(())
    })
}
