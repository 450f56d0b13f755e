//! Rich output for cells: HTML, SVG, Markdown, formulas, tables, progress, in order with what the
//! cell prints, as many a cell as it likes.
//!
//! A value with a method `show` appears at once; the same value as a cell's last expression is the
//! cell's result. Under this project's kernel displays travel on a channel of their own; under stock
//! `evcxr_jupyter` they are printed in that kernel's own convention, which keeps the last of each
//! kind; in a plain program they print as text between two marker lines.
//!
//! All but [`matrix`] is the crate `mlnotes-display`, which serves projects without this library.
//!
//! # Example
//! ```
//! use mlnotes::display;
//! display::html("<b>bold</b>");
//! display::latex(r"\nabla L = X^\top (p - y) / n");
//! let table = display::table(&["k", "BIC"], &[vec!["2".into(), "574.02".into()]]);
//! assert_eq!(table.to_text(), "k     BIC\n2  574.02\n");
//! ```

#[doc(inline)]
use crate::base::views;
pub use mlnotes_display::*;

use ndarray::ArrayView2;

/// Rows and columns beyond these are left out of a matrix, and counted.
const MAX_ROWS: usize = 20;
const MAX_COLUMNS: usize = 12;

/// A matrix, shape `(n_rows, n_columns)`, with `precision` digits after the point. What is beyond 20
/// rows or 12 columns is left out, and the shape says so.
///
/// ```
/// use ndarray::array;
/// let table = mlnotes::display::matrix(array![[1.0, 0.25], [-2.0, 1e-3]].view(), 2);
/// assert_eq!(table.to_text(), "       0     1\n0   1.00  0.25\n1  -2.00  0.00\nshape (2, 2)\n");
/// ```
#[views]
pub fn matrix(values: ArrayView2<f64>, precision: usize) -> Table {
    let (n_rows, n_columns) = values.dim();
    let shown = n_columns.min(MAX_COLUMNS);
    let more = n_columns > shown;
    let mut columns = vec![String::new()];
    columns.extend((0..shown).map(|j| j.to_string()));
    if more {
        columns.push("...".to_owned());
    }
    let rows = (0..n_rows.min(MAX_ROWS)).map(|i| {
        let mut row = vec![i.to_string()];
        row.extend((0..shown).map(|j| format!("{:.precision$}", values[[i, j]])));
        if more {
            row.push("...".to_owned());
        }
        row
    });
    let rows: Vec<_> = rows.collect();
    let note = if more || n_rows > MAX_ROWS {
        format!("shape ({n_rows}, {n_columns}), the first {} x {shown}", rows.len())
    } else {
        format!("shape ({n_rows}, {n_columns})")
    };
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    table(&columns, &rows).note(&note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn a_large_matrix_says_what_it_leaves_out() {
        let text = matrix(Array2::zeros((100, 30)).view(), 1).to_text();
        assert!(text.ends_with("shape (100, 30), the first 20 x 12\n"), "{text}");
        assert_eq!(text.lines().count(), 22);
    }
}
