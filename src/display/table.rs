//! Tables: HTML for the screen, aligned text for everything else.

use super::escape;
use super::transport::{self, Bundle};
use ndarray::ArrayView2;
use std::fmt::Write;

/// Rows and columns beyond these are left out of a matrix, and counted.
const MAX_ROWS: usize = 20;
const MAX_COLUMNS: usize = 12;

/// A table with a head. Cells that are numbers stand to the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    note: String,
}

/// A table from the names of its columns and its rows. A short row is filled up with empty cells; of
/// a long one the rest is left out.
///
/// ```
/// let rows = vec![vec!["ours".into(), "0.973".into()], vec!["linfa".into(), "0.97".into()]];
/// let table = mlnotes::display::table(&["model", "accuracy"], &rows);
/// assert_eq!(table.to_text(), "model  accuracy\nours      0.973\nlinfa      0.97\n");
/// ```
pub fn table(columns: &[&str], rows: &[Vec<String>]) -> Table {
    let fit = |row: &Vec<String>| {
        let mut row = row.clone();
        row.resize(columns.len(), String::new());
        row
    };
    Table {
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        rows: rows.iter().map(fit).collect(),
        note: String::new(),
    }
}

/// A matrix, shape `(n_rows, n_columns)`, with `precision` digits after the point. What is beyond 20
/// rows or 12 columns is left out, and the shape says so.
///
/// ```
/// use ndarray::array;
/// let table = mlnotes::display::matrix(array![[1.0, 0.25], [-2.0, 1e-3]].view(), 2);
/// assert_eq!(table.to_text(), "       0     1\n0   1.00  0.25\n1  -2.00  0.00\nshape (2, 2)\n");
/// ```
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
    Table { columns, rows, note }
}

fn is_number(cell: &str) -> bool {
    let plain = cell.trim_end_matches(['%', 'x']).replace(['_', ' '], "");
    ["...", "NULL"].contains(&plain.as_str()) || plain.parse::<f64>().is_ok()
}

impl Table {
    /// Shows the table now.
    pub fn show(&self) {
        transport::show(&self.bundle(), false);
    }

    /// Shows the table as the cell's result; the kernel calls this.
    pub fn evcxr_display(&self) {
        transport::show(&self.bundle(), true);
    }

    fn bundle(&self) -> Bundle {
        Bundle::new("text/html", self.to_html()).with("text/plain", self.to_text())
    }

    /// Whether a column holds numbers only, and so stands to the right.
    fn numeric(&self, j: usize) -> bool {
        self.rows.iter().map(|row| row[j].as_str()).all(|cell| cell.is_empty() || is_number(cell))
    }

    /// The table as HTML.
    pub fn to_html(&self) -> String {
        let style = |j: usize| {
            let side = if self.numeric(j) { "right" } else { "left" };
            format!(" style=\"text-align:{side}\"")
        };
        let mut html = String::from("<table><thead><tr>");
        for (j, name) in self.columns.iter().enumerate() {
            let _ = write!(html, "<th{}>{}</th>", style(j), escape(name));
        }
        html.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            html.push_str("<tr>");
            for (j, cell) in row.iter().enumerate() {
                let _ = write!(html, "<td{}>{}</td>", style(j), escape(cell));
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table>");
        if !self.note.is_empty() {
            let _ = write!(html, "<p><small>{}</small></p>", escape(&self.note));
        }
        html
    }

    /// The table as aligned text, a line a row.
    pub fn to_text(&self) -> String {
        let width = |j: usize| {
            let cells = self.rows.iter().map(|row| row[j].chars().count());
            cells.chain([self.columns[j].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = String::new();
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            let cells = row.iter().enumerate().map(|(j, cell)| {
                let width = widths[j];
                if self.numeric(j) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        if !self.note.is_empty() {
            let _ = writeln!(text, "{}", self.note);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn html_escapes_cells() {
        let table = table(&["<th>"], &[vec!["</script>".to_owned()]]);
        assert!(table.to_html().contains("&lt;&#x2F;script&gt;"));
        assert!(!table.to_html().contains("</script>"));
    }

    #[test]
    fn rows_of_other_lengths_fit() {
        let table =
            table(&["a", "b"], &[vec!["1".into()], vec!["1".into(), "2".into(), "3".into()]]);
        assert_eq!(table.to_text(), "a  b\n1\n1  2\n");
    }

    #[test]
    fn a_large_matrix_says_what_it_leaves_out() {
        let text = matrix(Array2::zeros((100, 30)).view(), 1).to_text();
        assert!(text.ends_with("shape (100, 30), the first 20 x 12\n"), "{text}");
        assert_eq!(text.lines().count(), 22);
    }
}
