//! A small table: named columns of whole numbers, numbers or text, in which a cell may be missing.
//!
//! What [`Database`](super::sql::Database) loads and answers with, and what attribution and
//! duplicate search read. A missing cell is `None`, never a NaN: a NaN would vanish from sums
//! without a word and come back from SQLite as NULL.
//!
//! ```
//! use mlnotes::data::table::Table;
//! let table = Table::from_csv("city,visits,rate\nOslo,12,0.5\nRome,,0.25\n")?;
//! assert_eq!((table.n_rows(), table.names()), (2, vec!["city", "visits", "rate"]));
//! assert_eq!(table.reals("rate")?.sum(), 0.75);
//! assert!(table.integers("visits").unwrap_err().to_string().contains("nothing at row 1"));
//! # Ok::<(), mlnotes::Error>(())
//! ```

use crate::display;
use crate::{Error, Result};
use ndarray::Array1;
use std::fmt::Write;

/// Rows beyond these are not shown, only counted.
const SHOWN: usize = 20;

/// One column: `None` is a missing cell.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Column {
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Finite numbers.
    Real(Vec<Option<f64>>),
    /// Text.
    Text(Vec<Option<String>>),
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A missing cell.
    Null,
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Real(f64),
    /// Text.
    Text(String),
}

impl std::fmt::Display for Value {
    /// Numbers in the shortest form that reads back as the same number, a missing cell as nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Integer(v) => write!(f, "{v}"),
            Self::Real(v) => write!(f, "{v:?}"),
            Self::Text(v) => f.write_str(v),
        }
    }
}

impl Column {
    /// Number of cells, missing ones included.
    pub fn len(&self) -> usize {
        match self {
            Self::Integer(v) => v.len(),
            Self::Real(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of missing cells.
    pub fn n_missing(&self) -> usize {
        (0..self.len()).filter(|&row| self.value(row) == Value::Null).count()
    }

    /// The cell of a row; missing beyond the end.
    pub fn value(&self, row: usize) -> Value {
        let cell = match self {
            Self::Integer(v) => v.get(row).copied().flatten().map(Value::Integer),
            Self::Real(v) => v.get(row).copied().flatten().map(Value::Real),
            Self::Text(v) => v.get(row).cloned().flatten().map(Value::Text),
        };
        cell.unwrap_or(Value::Null)
    }

    fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Integer(v) => Self::Integer(rows.iter().map(|&r| v[r]).collect()),
            Self::Real(v) => Self::Real(rows.iter().map(|&r| v[r]).collect()),
            Self::Text(v) => Self::Text(rows.iter().map(|&r| v[r].clone()).collect()),
        }
    }

    /// Digits after the point, at most 4, that show every number of the column.
    fn precision(&self) -> usize {
        let Self::Real(cells) = self else { return 0 };
        let shows = |digits: usize| {
            let scale = 10f64.powi(i32::try_from(digits).unwrap_or(0));
            let whole = |v: f64| (v * scale - (v * scale).round()).abs() <= 1e-9 * v.abs().max(1.0);
            cells.iter().flatten().all(|&v| whole(v))
        };
        (1..4).find(|&digits| shows(digits)).unwrap_or(4)
    }
}

macro_rules! column_from {
    ($cell:ty, $variant:ident, $convert:expr) => {
        impl From<Vec<$cell>> for Column {
            fn from(cells: Vec<$cell>) -> Self {
                Self::$variant(cells.into_iter().map($convert).collect())
            }
        }
    };
}

column_from!(i64, Integer, Some);
// What `vec![1, 2]` is when nothing says otherwise.
column_from!(i32, Integer, |cell| Some(i64::from(cell)));
column_from!(Option<i64>, Integer, |cell| cell);
column_from!(f64, Real, Some);
column_from!(Option<f64>, Real, |cell| cell);
column_from!(String, Text, Some);
column_from!(Option<String>, Text, |cell| cell);
column_from!(&str, Text, |cell: &str| Some(cell.to_owned()));

impl From<Vec<usize>> for Column {
    /// Counts and indices, which stay far below `i64::MAX`.
    fn from(cells: Vec<usize>) -> Self {
        Self::Integer(cells.into_iter().map(|v| i64::try_from(v).ok()).collect())
    }
}

impl From<Array1<f64>> for Column {
    fn from(cells: Array1<f64>) -> Self {
        Self::Real(cells.into_iter().map(Some).collect())
    }
}

/// Named columns of one length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

impl Table {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// The table with one more column.
    ///
    /// # Errors
    /// [`Error::Shape`] for a column of another length, [`Error::Parameter`] for an empty or used
    /// name, [`Error::NotFinite`] for a NaN or an infinite number: a missing cell is `None`.
    ///
    /// ```
    /// use mlnotes::data::table::Table;
    /// let names = vec![Some("a".to_owned()), None];
    /// let table = Table::new().with("id", vec![1, 2])?.with("name", names)?;
    /// assert_eq!(table.column("name")?.n_missing(), 1);
    /// assert!(Table::new().with("x", vec![f64::NAN]).is_err());
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn with(mut self, name: &str, column: impl Into<Column>) -> Result<Self> {
        let column = column.into();
        let bad = |rule| Error::Parameter {
            estimator: "Table",
            name: "name",
            rule,
            got: format!("\"{name}\""),
        };
        if name.is_empty() {
            return Err(bad("a word for the column"));
        }
        // SQL does not tell Age from age.
        if self.columns.iter().any(|(used, _)| used.eq_ignore_ascii_case(name)) {
            return Err(bad("a name that no other column has, whatever its case"));
        }
        if !self.columns.is_empty() && column.len() != self.n_rows() {
            let (expected, got) = (format!("({},)", self.n_rows()), format!("({},)", column.len()));
            return Err(Error::Shape { what: "Table::with: `column`", expected, got });
        }
        if let Column::Real(cells) = &column {
            let cells = cells.iter().enumerate().filter_map(|(row, cell)| cell.map(|v| (row, v)));
            if let Some((row, value)) = cells.into_iter().find(|(_, v)| !v.is_finite()) {
                let col = self.columns.len();
                return Err(Error::NotFinite { what: "Table::with: `column`", row, col, value });
            }
        }
        self.columns.push((name.to_owned(), column));
        Ok(self)
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// Names of the columns, from left to right.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// A column by its name.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], which lists the names that there are.
    pub fn column(&self, name: &str) -> Result<&Column> {
        let found = self.columns.iter().find(|(own, _)| own == name);
        found.map(|(_, column)| column).ok_or_else(|| Error::UnknownColumn {
            name: name.to_owned(),
            known: self.names().join(", "),
        })
    }

    /// A column of whole numbers in which nothing is missing.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::Cell`] for a missing cell or one that is no whole number.
    pub fn integers(&self, name: &str) -> Result<Vec<i64>> {
        self.cells(name, "a whole number", |value| match value {
            Value::Integer(v) => Some(v),
            _ => None,
        })
    }

    /// A column of numbers, whole ones included, in which nothing is missing; shape `(n_rows,)`.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::Cell`] for a missing cell or for text.
    pub fn reals(&self, name: &str) -> Result<Array1<f64>> {
        let cells = self.cells(name, "a number", |value| match value {
            Value::Integer(v) => Some(v as f64),
            Value::Real(v) => Some(v),
            _ => None,
        })?;
        Ok(cells.into())
    }

    /// A column of text in which nothing is missing.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`], [`Error::Cell`] for a missing cell or a number.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        self.cells(name, "text", |value| match value {
            Value::Text(v) => Some(v),
            _ => None,
        })
    }

    fn cells<T>(
        &self,
        name: &str,
        expected: &'static str,
        read: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>> {
        let column = self.column(name)?;
        let cell = |row: usize| {
            let value = column.value(row);
            read(value.clone()).ok_or_else(|| Error::Cell {
                column: name.to_owned(),
                row,
                expected,
                got: match value {
                    Value::Null => "nothing".to_owned(),
                    Value::Text(text) => format!("\"{text}\""),
                    number => number.to_string(),
                },
            })
        };
        (0..column.len()).map(cell).collect()
    }

    /// The cells of a row, from left to right; all missing beyond the last row.
    pub fn row(&self, row: usize) -> Vec<Value> {
        self.columns.iter().map(|(_, column)| column.value(row)).collect()
    }

    /// These columns, in this order.
    ///
    /// # Errors
    /// [`Error::UnknownColumn`]; [`Error::Parameter`] for a name given twice.
    pub fn select(&self, names: &[&str]) -> Result<Self> {
        names.iter().try_fold(Self::new(), |table, name| {
            let column = self.column(name)?.clone();
            table.with(name, column)
        })
    }

    /// These rows, in this order; a row may be taken more than once.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a row number that is not below the number of rows.
    pub fn take(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.n_rows()) {
            return Err(Error::Parameter {
                estimator: "Table::take",
                name: "rows",
                rule: "below the number of rows",
                got: format!("{row} of {} rows", self.n_rows()),
            });
        }
        let take = |(name, column): &(String, Column)| (name.clone(), column.take(rows));
        Ok(Self { columns: self.columns.iter().map(take).collect() })
    }

    /// The rows in which none of these columns is missing.
    ///
    /// ```
    /// let titanic = mlnotes::data::titanic_passengers();
    /// assert_eq!(titanic.drop_missing(&["age"])?.n_rows(), 1313 - 557);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownColumn`].
    pub fn drop_missing(&self, names: &[&str]) -> Result<Self> {
        let columns = names.iter().map(|name| self.column(name)).collect::<Result<Vec<_>>>()?;
        let whole = |&row: &usize| columns.iter().all(|column| column.value(row) != Value::Null);
        self.take(&(0..self.n_rows()).filter(whole).collect::<Vec<_>>())
    }

    /// Reads comma-separated values with a header. A column is whole numbers if all its cells are,
    /// else numbers if all are, else text; an empty cell is missing.
    ///
    /// So an identifier such as `007` becomes the number 7, and an empty text cannot be told from a
    /// missing one: that is the format's loss, not a choice.
    ///
    /// # Errors
    /// [`Error::Io`] for text that is no CSV (a row of another length), [`Error::Parameter`] for a
    /// header with an empty or repeated name.
    pub fn from_csv(text: &str) -> Result<Self> {
        let fault = |e: &csv::Error| Error::Io { path: "CSV text".into(), reason: e.to_string() };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| fault(&e))?.clone();
        let mut cells: Vec<Vec<String>> = vec![Vec::new(); header.len()];
        for record in reader.records() {
            let record = record.map_err(|e| fault(&e))?;
            for (column, cell) in cells.iter_mut().zip(&record) {
                column.push(cell.to_owned());
            }
        }
        let columns = header.iter().zip(cells);
        columns
            .into_iter()
            .try_fold(Self::new(), |table, (name, cells)| table.with(name, column_of(&cells)))
    }

    /// Comma-separated values with a header; [`Table::from_csv`] reads the same table back, unless
    /// text looks like a number or is empty.
    ///
    /// ```
    /// use mlnotes::data::table::Table;
    /// let table = Table::new().with("a", vec![1.0, 0.1])?.with("b", vec!["x, y", "z"])?;
    /// assert_eq!(table.to_csv(), "a,b\n1.0,\"x, y\"\n0.1,z\n");
    /// assert_eq!(Table::from_csv(&table.to_csv())?, table);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn to_csv(&self) -> String {
        let quoted = |cell: String| {
            // A lone empty cell would make an empty line, which readers skip.
            let alone = cell.is_empty() && self.n_columns() == 1;
            if alone || cell.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell
            }
        };
        let line = |cells: Vec<String>| cells.into_iter().map(quoted).collect::<Vec<_>>().join(",");
        let mut text = line(self.names().into_iter().map(str::to_owned).collect());
        for row in 0..self.n_rows() {
            let cells = self.row(row).iter().map(ToString::to_string).collect();
            let _ = write!(text, "\n{}", line(cells));
        }
        text.push('\n');
        text
    }

    /// The first 20 rows as a table for the screen, numbers with at most 4 digits after the point
    /// and missing cells as `NULL`. A longer table ends in a row of dots.
    pub fn to_display(&self) -> display::Table {
        let shown = self.n_rows().min(SHOWN);
        let digits: Vec<usize> = self.columns.iter().map(|(_, c)| c.precision()).collect();
        let cell = |value: Value, digits: usize| match value {
            Value::Null => "NULL".to_owned(),
            Value::Real(v) => format!("{v:.digits$}"),
            other => other.to_string(),
        };
        let line = |row| self.row(row).into_iter().zip(&digits).map(|(v, &d)| cell(v, d)).collect();
        let mut rows: Vec<Vec<String>> = (0..shown).map(line).collect();
        if self.n_rows() > shown {
            rows.push(vec!["...".to_owned(); self.n_columns()]);
        }
        display::table(&self.names(), &rows)
    }

    /// The table as aligned text, as [`Table::to_display`] shows it.
    pub fn to_text(&self) -> String {
        self.to_display().to_text()
    }

    /// Shows the table now.
    pub fn show(&self) {
        self.to_display().show();
    }

    /// Shows the table as the cell's result; the kernel calls this.
    pub fn evcxr_display(&self) {
        self.to_display().evcxr_display();
    }
}

/// The narrowest kind of column that holds every cell.
fn column_of(cells: &[String]) -> Column {
    fn all<T>(cells: &[String], read: impl Fn(&str) -> Option<T>) -> Option<Vec<Option<T>>> {
        let cell = |cell: &String| {
            if cell.is_empty() { Some(None) } else { read(cell).map(Some) }
        };
        cells.iter().map(cell).collect()
    }
    if let Some(cells) = all(cells, |cell| cell.parse().ok()) {
        return Column::Integer(cells);
    }
    // `inf` and `nan` are words here.
    if let Some(cells) = all(cells, |cell| cell.parse().ok().filter(|v: &f64| v.is_finite())) {
        return Column::Real(cells);
    }
    let text = |cell: &String| if cell.is_empty() { None } else { Some(cell.clone()) };
    Column::Text(cells.iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn csv_brings_a_table_back(
            rows in proptest::collection::vec(
                (any::<Option<i64>>(), proptest::option::of(-1e300..1e300), "[a-z,\"\n ]{0,6}t"),
                1..20,
            ),
        ) {
            let table = Table::new()
                .with("i", rows.iter().map(|r| r.0).collect::<Vec<_>>()).unwrap()
                .with("x", rows.iter().map(|r| r.1).collect::<Vec<_>>()).unwrap()
                .with("t", rows.iter().map(|r| r.2.clone()).collect::<Vec<_>>()).unwrap();
            let back = Table::from_csv(&table.to_csv()).unwrap();
            // A column of missing cells has lost its kind.
            prop_assert_eq!(back.to_csv(), table.to_csv());
            if rows.iter().any(|r| r.0.is_some()) && rows.iter().any(|r| r.1.is_some()) {
                prop_assert_eq!(back, table);
            }
        }
    }

    #[test]
    fn a_lone_column_with_gaps_keeps_its_rows() {
        let table = Table::new().with("x", vec![Some(1), None, Some(3)]).unwrap();
        assert_eq!(Table::from_csv(&table.to_csv()).unwrap(), table);
    }

    #[test]
    fn cells_get_the_narrowest_kind() {
        let table = Table::from_csv("a,b,c,d\n1,1,nan,\n-2,1e3,x,\n").unwrap();
        assert_eq!(table.integers("a").unwrap(), [1, -2]);
        assert_eq!(table.reals("b").unwrap().to_vec(), [1.0, 1000.0]);
        assert_eq!(table.texts("c").unwrap(), ["nan", "x"]);
        assert_eq!(table.column("d").unwrap().n_missing(), 2);
        assert_eq!(
            table.to_text(),
            " a       b  c       d\n 1     1.0  nan  NULL\n-2  1000.0  x    NULL\n"
        );
    }

    #[test]
    fn rows_and_columns_are_picked() {
        let table = Table::from_csv("a,b\n1,x\n2,\n3,z\n").unwrap();
        assert_eq!(table.drop_missing(&["b"]).unwrap().integers("a").unwrap(), [1, 3]);
        assert_eq!(table.take(&[2, 2]).unwrap().integers("a").unwrap(), [3, 3]);
        assert_eq!(table.select(&["b"]).unwrap().names(), ["b"]);
        assert_eq!(table.row(1), [Value::Integer(2), Value::Null]);
        let long = Table::new().with("i", (0..50i64).collect::<Vec<_>>()).unwrap();
        assert!(long.to_text().ends_with(" 19\n...\n"), "{}", long.to_text());
    }

    #[test]
    fn bad_input_is_named() {
        let table = Table::from_csv("a,b\n1,x\n2,y\n").unwrap();
        let said = |e: Error| e.to_string();
        assert!(said(table.column("c").unwrap_err()).contains("a, b"));
        assert!(said(table.reals("b").unwrap_err()).contains("\"x\" at row 0"));
        assert!(said(table.texts("a").unwrap_err()).contains("1 at row 0"));
        let with = |name, cells: Vec<i64>| table.clone().with(name, cells);
        assert!(matches!(with("c", vec![1]), Err(Error::Shape { .. })));
        assert!(matches!(with("A", vec![1, 2]), Err(Error::Parameter { .. })));
        assert!(matches!(with("", vec![1, 2]), Err(Error::Parameter { .. })));
        assert!(matches!(table.take(&[2]), Err(Error::Parameter { name: "rows", .. })));
        assert!(matches!(Table::from_csv("a,b\n1\n"), Err(Error::Io { .. })));
        let nan = table.with("c", vec![0.0, f64::NAN]).unwrap_err();
        assert!(matches!(nan, Error::NotFinite { row: 1, col: 2, .. }));
    }
}
