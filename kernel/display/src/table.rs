//! Tables: HTML for the screen, aligned text for everything else.

use crate::{Bundle, escape};
use std::fmt::Write;

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
/// let table = mlnotes_display::table(&["model", "accuracy"], &rows);
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

fn is_number(cell: &str) -> bool {
    let plain = cell.trim_end_matches(['%', 'x']).replace(['_', ' '], "");
    ["...", "NULL"].contains(&plain.as_str()) || plain.parse::<f64>().is_ok()
}

impl Table {
    /// A line below the table, for what its cells cannot say.
    ///
    /// ```
    /// let table = mlnotes_display::table(&["n"], &[vec!["7".into()]]).note("the first row of 12");
    /// assert_eq!(table.to_text(), "n\n7\nthe first row of 12\n");
    /// ```
    #[must_use]
    pub fn note(mut self, text: &str) -> Self {
        text.clone_into(&mut self.note);
        self
    }

    /// Shows the table now.
    pub fn show(&self) {
        self.bundle().show();
    }

    /// Shows the table as the cell's result; the kernel calls this.
    pub fn evcxr_display(&self) {
        self.bundle().evcxr_display();
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
}
