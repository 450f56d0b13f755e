//! Window functions and retention against `SQLite` and `DuckDB` (`tests/references/window.py`),
//! exactly; and the embedded database on the same queries.

use crate::support::{aligned, cases};
use mlnotes::data::{sql::Database, table::Table};
use mlnotes::events::cohort::{Event, Period, retention_table};
use mlnotes::events::window::{Agg, Bound, Exclude, Frame, Window};
use ndarray::Array1;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    rows: Vec<[i64; 5]>,
    cases: Vec<Case>,
    events: Vec<[i64; 2]>,
    week: Vec<[i64; 3]>,
    month: Vec<[i64; 3]>,
}

#[derive(Deserialize)]
struct Case {
    sql: String,
    function: String,
    argument: usize,
    partitioned: bool,
    descending: bool,
    frame: Option<[String; 4]>,
    answer: Vec<Option<f64>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/window.json")).unwrap()
}

fn bound(words: &str) -> Bound {
    match words.split_once(' ') {
        Some(("UNBOUNDED", "PRECEDING")) => Bound::UnboundedPreceding,
        Some(("UNBOUNDED", _)) => Bound::UnboundedFollowing,
        Some(("CURRENT", _)) => Bound::CurrentRow,
        Some((by, "PRECEDING")) => Bound::Preceding(by.parse().unwrap()),
        Some((by, "FOLLOWING")) => Bound::Following(by.parse().unwrap()),
        _ => panic!("{words}"),
    }
}

fn frame([mode, start, end, exclude]: &[String; 4]) -> Frame {
    let (start, end) = (bound(start), bound(end));
    let frame = match mode.as_str() {
        "ROWS" => Frame::rows(start, end),
        "RANGE" => Frame::range(start, end),
        _ => Frame::groups(start, end),
    };
    frame.exclude(match exclude.as_str() {
        "NO OTHERS" => Exclude::NoOthers,
        "CURRENT ROW" => Exclude::CurrentRow,
        "GROUP" => Exclude::Group,
        _ => Exclude::Ties,
    })
}

/// Equal, or one unit in the last place apart, which is what reading a number from JSON may cost.
fn same(ours: Option<f64>, theirs: Option<f64>) -> bool {
    match (ours, theirs) {
        (Some(a), Some(b)) => (a - b).abs() <= f64::EPSILON * b.abs(),
        (None, None) => true,
        _ => false,
    }
}

fn ours(case: &Case, rows: &[[i64; 5]]) -> Vec<Option<f64>> {
    let column = |j: usize| rows.iter().map(|row| row[j] as f64).collect::<Array1<f64>>();
    let (keys, v, w) = (column(2), column(3), column(4));
    let mut window = Window::order_by(keys.view()).unwrap();
    if case.partitioned {
        let labels: Vec<usize> = rows.iter().map(|row| usize::try_from(row[1]).unwrap()).collect();
        window = window.partition_by(&labels).unwrap();
    }
    if case.descending {
        window = window.descending();
    }
    let counts = |v: Vec<usize>| v.into_iter().map(|v| Some(v as f64)).collect();
    let shares = |v: Vec<f64>| v.into_iter().map(Some).collect();
    let frame = case.frame.as_ref().map(frame).unwrap_or_default();
    let running = |agg| window.running(v.view(), frame, agg).unwrap();
    match case.function.as_str() {
        "row_number" => counts(window.row_number()),
        "rank" => counts(window.rank()),
        "dense_rank" => counts(window.dense_rank()),
        "ntile" => counts(window.ntile(case.argument).unwrap()),
        "percent_rank" => shares(window.percent_rank()),
        "cume_dist" => shares(window.cume_dist()),
        "lag" => window.lag(v.view(), case.argument).unwrap(),
        "lead" => window.lead(v.view(), case.argument).unwrap(),
        "first_value" => window.first_value(w.view(), frame).unwrap(),
        "last_value" => window.last_value(w.view(), frame).unwrap(),
        "nth_value" => window.nth_value(w.view(), case.argument, frame).unwrap(),
        "SUM" => running(Agg::Sum),
        "AVG" => running(Agg::Mean),
        "COUNT" => running(Agg::Count),
        "MIN" => running(Agg::Min),
        "MAX" => running(Agg::Max),
        other => panic!("{other}"),
    }
}

#[test]
fn every_window_function_is_both_engines() {
    let Reference { rows, cases: queries, .. } = reference();
    for case in cases(&queries, 242) {
        let ours = ours(case, &rows);
        for (row, (&a, &b)) in aligned(ours.iter(), &case.answer).enumerate() {
            assert!(same(a, b), "{}: row {row}, {a:?} {b:?}", case.sql);
        }
    }
}

#[test]
fn the_embedded_database_gives_the_same_answers() {
    let Reference { rows, cases: queries, .. } = reference();
    let column = |j: usize| rows.iter().map(|row| row[j]).collect::<Vec<i64>>();
    let names = ["id", "p", "k", "v", "w"];
    let table = (0..5).try_fold(Table::new(), |t, j| t.with(names[j], column(j))).unwrap();
    let db = Database::in_memory().unwrap();
    db.load("t", &table).unwrap();
    for case in cases(&queries, 242) {
        let answer = db.query(&case.sql).unwrap();
        let answer = answer.column("answer").unwrap();
        for (row, expected) in cases(&case.answer, rows.len()).enumerate() {
            let text = answer.value(row).to_string();
            assert!(same(text.parse().ok(), *expected), "{} row {row}: {text}", case.sql);
        }
    }
}

#[test]
fn retention_is_that_of_sql() {
    let Reference { events, week, month, .. } = reference();
    let events: Vec<Event> = events.iter().map(|&[user, day]| Event::new(user, day)).collect();
    for (period, expected) in [(Period::WEEK, week), (Period::Month, month)] {
        let table = retention_table(&events, period).unwrap();
        let mut cells = Vec::new();
        for (&cohort, row) in aligned(table.cohorts.iter(), &table.active) {
            for (age, &active) in row.iter().enumerate() {
                // SQL has no rows for cells in which nobody came.
                if active > 0 {
                    let whole = |v: usize| i64::try_from(v).unwrap();
                    cells.push([cohort, whole(age), whole(active)]);
                }
            }
        }
        assert_eq!(cells, expected);
    }
}
