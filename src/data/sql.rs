//! A real SQL database in memory: `SQLite`, compiled into the library.
//!
//! This module is of the feature `sql`, which is on unless switched off.
//!
//! It has window functions, common table expressions and everything else of `SQLite` 3; a query's
//! answer is a [`Table`]. It is here to be the second witness of [`crate::events::window`] and
//! [`crate::events::cohort`], and to let notebooks show the SQL that an analyst would write.
//!
//! ```
//! use mlnotes::data::{sql::Database, table::Table};
//! let db = Database::in_memory()?;
//! db.load("scores", &Table::from_csv("name,score\nana,7\nbo,9\ncy,9\n")?)?;
//! let ranks = db.query("SELECT name, RANK() OVER (ORDER BY score DESC) AS place FROM scores")?;
//! assert_eq!(ranks.integers("place")?, [1, 1, 3]);
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! The `SQLite` documentation, *Window Functions*; ISO/IEC 9075-2:2003 brought them into the
//! standard.

use super::table::{Column, Table, Value};
use crate::display::check_interrupt;
use crate::{Error, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

/// A database in memory; it ends with the value.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
}

impl Database {
    /// An empty database.
    ///
    /// # Errors
    /// [`Error::Refused`] when `SQLite` cannot start.
    pub fn in_memory() -> Result<Self> {
        let connection = Connection::open_in_memory().map_err(|e| refused("open", &e))?;
        Ok(Self { connection })
    }

    /// The version of `SQLite`, for example `3.46.0`.
    pub fn version(&self) -> &'static str {
        rusqlite::version()
    }

    /// Creates the table `name` with the columns and rows of `table`.
    ///
    /// # Errors
    /// [`Error::Refused`] when a table of that name exists already, [`Error::Empty`] for a table
    /// without columns.
    pub fn load(&self, name: &str, table: &Table) -> Result<()> {
        if table.n_columns() == 0 {
            return Err(Error::Empty { what: "Database::load: `table`", needed: "1 column" });
        }
        let mut columns = Vec::new();
        for column in table.names() {
            let kind = match table.column(column)? {
                Column::Integer(_) => "INTEGER",
                Column::Real(_) => "REAL",
                Column::Text(_) => "TEXT",
            };
            columns.push(format!("{} {kind}", quoted(column)));
        }
        let create = format!("CREATE TABLE {} ({})", quoted(name), columns.join(", "));
        self.execute(&create)?;
        let marks = vec!["?"; table.n_columns()].join(", ");
        let insert = format!("INSERT INTO {} VALUES ({marks})", quoted(name));
        let fill = || {
            // One transaction: a commit a row would cost more than the rows.
            let transaction = self.connection.unchecked_transaction()?;
            let mut statement = transaction.prepare(&insert)?;
            for row in 0..table.n_rows() {
                check_interrupt();
                let cells = table.row(row).into_iter().map(cell);
                statement.execute(params_from_iter(cells))?;
            }
            drop(statement);
            transaction.commit()
        };
        fill().map_err(|e| refused(&insert, &e))
    }

    /// Runs statements that give no rows, separated by semicolons; returns how many rows they
    /// changed.
    ///
    /// # Errors
    /// [`Error::Refused`], with the statement and the database's reason.
    ///
    /// ```
    /// let db = mlnotes::data::sql::Database::in_memory()?;
    /// db.execute("CREATE TABLE t (x)")?;
    /// assert_eq!(db.execute("INSERT INTO t VALUES (1), (2); DELETE FROM t")?, 4);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn execute(&self, sql: &str) -> Result<u64> {
        let before = self.connection.total_changes();
        self.connection.execute_batch(sql).map_err(|e| refused(sql, &e))?;
        Ok(self.connection.total_changes() - before)
    }

    /// Runs one query and returns its rows.
    ///
    /// `SQLite` types cells, not columns: a column of the answer is whole numbers if all its cells
    /// are, numbers if some are not whole, else text.
    ///
    /// # Errors
    /// [`Error::Refused`], with the query and the reason: a mistake in the SQL, more than one
    /// statement, a column that mixes text with numbers or holds bytes, two columns of one name, an
    /// infinite number.
    ///
    /// ```
    /// let db = mlnotes::data::sql::Database::in_memory()?;
    /// assert_eq!(db.query("SELECT 1 AS one, 'a' AS a")?.texts("a")?, ["a"]);
    /// let said = db.query("SELEC 1").unwrap_err().to_string();
    /// assert!(said.contains("SELEC 1") && said.contains("syntax error"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn query(&self, sql: &str) -> Result<Table> {
        let fault = |e: rusqlite::Error| refused(sql, &e);
        let mut statement = self.connection.prepare(sql).map_err(fault)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut cells: Vec<Vec<Value>> = vec![Vec::new(); names.len()];
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(fault)? {
            check_interrupt();
            for (j, column) in cells.iter_mut().enumerate() {
                let value = match row.get_ref(j).map_err(fault)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(v) => Value::Integer(v),
                    ValueRef::Real(v) => Value::Real(v),
                    ValueRef::Text(bytes) => {
                        Value::Text(String::from_utf8_lossy(bytes).into_owned())
                    }
                    ValueRef::Blob(_) => {
                        let reason = format!("column {} holds bytes; CAST it", names[j]);
                        return Err(because(sql, &reason));
                    }
                };
                column.push(value);
            }
        }
        let columns = names.iter().zip(cells);
        columns.into_iter().try_fold(Table::new(), |table, (name, cells)| {
            let added = column_of(cells).and_then(|column| {
                table.with(name, column).map_err(|e| match e {
                    Error::Parameter { .. } => {
                        "two columns of this name; rename one with AS".into()
                    }
                    other => other.to_string(),
                })
            });
            added.map_err(|reason| because(sql, &format!("column {name}: {reason}")))
        })
    }
}

/// A name as SQL takes it, whatever stands in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn cell(value: Value) -> rusqlite::types::Value {
    use rusqlite::types::Value as Sql;
    match value {
        Value::Null => Sql::Null,
        Value::Integer(v) => Sql::Integer(v),
        Value::Real(v) => Sql::Real(v),
        Value::Text(v) => Sql::Text(v),
    }
}

/// One kind for all cells of an answer's column.
fn column_of(cells: Vec<Value>) -> std::result::Result<Column, String> {
    let has = |kind: fn(&Value) -> bool| cells.iter().any(kind);
    let (text, real, whole) = (
        has(|v| matches!(v, Value::Text(_))),
        has(|v| matches!(v, Value::Real(_))),
        has(|v| matches!(v, Value::Integer(_))),
    );
    if text && (real || whole) {
        return Err("it mixes text with numbers; CAST it".to_owned());
    }
    if text {
        let text = |value| if let Value::Text(v) = value { Some(v) } else { None };
        return Ok(Column::Text(cells.into_iter().map(text).collect()));
    }
    if real {
        let number = |value| match value {
            Value::Integer(v) => Some(v as f64),
            Value::Real(v) => Some(v),
            _ => None,
        };
        return Ok(Column::Real(cells.into_iter().map(number).collect()));
    }
    let whole = |value| if let Value::Integer(v) = value { Some(v) } else { None };
    Ok(Column::Integer(cells.into_iter().map(whole).collect()))
}

fn refused(sql: &str, error: &rusqlite::Error) -> Error {
    let reason = match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    because(sql, &reason)
}

/// The statement on one line.
fn because(sql: &str, reason: &str) -> Error {
    let call = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    Error::Refused { call, reason: format!("the database refused it: {reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded() -> Database {
        let db = Database::in_memory().unwrap();
        let table = Table::from_csv("i,x,t\n1,0.5,a\n,,\n3,2.0,\"it's \"\"c\"\"\"\n").unwrap();
        db.load("odd \"name\"", &table).unwrap();
        db
    }

    #[test]
    fn a_table_comes_back_as_it_went_in() {
        let table = Table::from_csv("i,x,t\n1,0.5,a\n,,\n3,2.0,\"it's \"\"c\"\"\"\n").unwrap();
        assert_eq!(loaded().query("SELECT * FROM \"odd \"\"name\"\"\"").unwrap(), table);
        let none = loaded().query("SELECT * FROM \"odd \"\"name\"\"\" WHERE i > 9").unwrap();
        assert_eq!((none.n_rows(), none.names()), (0, vec!["i", "x", "t"]));
        assert!(none.texts("t").unwrap().is_empty() && none.reals("x").unwrap().is_empty());
    }

    #[test]
    fn window_functions_are_there() {
        let db = loaded();
        let query = "SELECT SUM(i) OVER (ORDER BY i GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW
                     EXCLUDE TIES) AS s FROM \"odd \"\"name\"\"\" WHERE i IS NOT NULL";
        assert_eq!(db.query(query).unwrap().integers("s").unwrap(), [1, 4]);
        assert!(db.version().starts_with("3."));
    }

    #[test]
    fn refusals_carry_query_and_reason() {
        let db = loaded();
        let said = |sql: &str| match db.query(sql) {
            Err(Error::Refused { call, reason }) => {
                assert_eq!(call, sql);
                reason
            }
            other => panic!("{other:?}"),
        };
        assert!(said("SELECT a FROM nowhere").contains("no such table: nowhere"));
        assert!(said("SELECT nope(1)").contains("no such function: nope"));
        assert!(said("SELECT 1 UNION ALL SELECT 'a'").contains("mixes text with numbers"));
        assert!(said("SELECT 1 AS a, 2 AS a").contains("two columns of this name"));
        assert!(said("SELECT x'00' AS b").contains("holds bytes"));
        assert!(said("SELECT 9e999 AS inf").contains("inf"));
        assert!(said("SELECT 1 AS a; SELECT 2 AS b").contains("ultiple"));
        assert!(matches!(db.execute("DROP TABLE x"), Err(Error::Refused { .. })));
        let again = db.load("odd \"name\"", &Table::from_csv("a\n1\n").unwrap());
        assert!(again.unwrap_err().to_string().contains("already exists"));
        assert!(matches!(db.load("e", &Table::new()), Err(Error::Empty { .. })));
    }
}
