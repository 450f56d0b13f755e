//! The passenger list of the Titanic.

use crate::data::table::Table;
use std::sync::OnceLock;

/// 1313 passengers of the Titanic: `name`, `class` (`1st`, `2nd`, `3rd`, once `*`), `age` in years,
/// missing for 557, `sex`, and `survived`, 0 or 1.
///
/// A real list, with its faults: one man stands in it twice, in two classes, and two pairs of
/// different people share a name.
///
/// ```
/// let list = mlnotes::data::titanic_passengers();
/// assert_eq!((list.n_rows(), list.column("age")?.n_missing()), (1313, 557));
/// assert_eq!(list.integers("survived")?.iter().sum::<i64>(), 450);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn titanic_passengers() -> &'static Table {
    static LIST: OnceLock<Table> = OnceLock::new();
    // The file is fixed at compile time and the example above reads it, hence no error is returned.
    LIST.get_or_init(|| Table::from_csv(include_str!("titanic/passengers.csv")).unwrap_or_default())
}
