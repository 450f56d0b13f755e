//! SQL's window functions, with SQL's semantics: what each row sees of its own partition.
//!
//! ```text
//! f(…) OVER ( PARTITION BY p  ORDER BY k  frame )
//! row_number  1, 2, 3, …              rank          1 + rows with a smaller key
//! dense_rank  1 + smaller keys        percent_rank  (rank − 1) / (n − 1), 0 when n = 1
//! cume_dist   rows with a key ≤ own / n
//! ntile(b)    b runs of rows whose lengths differ by at most 1, longer ones first
//! ```
//!
//! The three numberings differ only at ties (rows of equal key, "peers"). Aggregates and
//! `first_value`, `last_value`, `nth_value` look at a [`Frame`]; the default one ends at the *last
//! peer* of the current row, so a running sum jumps at ties and `last_value` is not the partition's
//! last: the two classic surprises. Ranks, `lag` and `lead` ignore the frame.
//!
//! SQL leaves the order of peers open; here they keep the order of the rows, so `row_number`,
//! `ntile`, `lag`, `lead` and [`FrameMode::Rows`] are always the same. Results are in the order of
//! the rows given, not of the keys. What SQL calls NULL is `None`.
//!
//! ```
//! use mlnotes::events::window::{Agg, Frame, Window};
//! use ndarray::array;
//! let scores = array![7.0, 9.0, 9.0, 5.0];
//! let window = Window::order_by(scores.view())?.descending();
//! assert_eq!(window.row_number(), [3, 1, 2, 4]);
//! assert_eq!(window.rank(), [3, 1, 1, 4]);
//! assert_eq!(window.dense_rank(), [2, 1, 1, 3]);
//! // Both nines see both nines.
//! let sums = window.running(scores.view(), Frame::default(), Agg::Sum)?;
//! assert_eq!(sums, [Some(25.0), Some(18.0), Some(18.0), Some(30.0)]);
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! ISO/IEC 9075-2:2003, sections 6.10 and 7.11; Leis, Kundhikanjana, Kemper & Neumann (2015),
//! *Efficient processing of window functions in analytical SQL queries*, for the segment tree.

mod frame;
mod keyed;
mod tree;

pub use frame::{Bound, Exclude, Frame, FrameMode};
pub use keyed::{cume_dist, dense_rank, lag, lead, ntile, percent_rank, rank, row_number, running};

use crate::base::{check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};
use std::collections::BTreeMap;
use std::ops::Range;
use tree::SegmentTree;

/// What to make of the values in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Agg {
    /// `SUM`; `None` for an empty frame.
    Sum,
    /// `AVG`; `None` for an empty frame.
    Mean,
    /// `COUNT`; 0 for an empty frame.
    Count,
    /// `MIN`; `None` for an empty frame.
    Min,
    /// `MAX`; `None` for an empty frame.
    Max,
}

/// `OVER (PARTITION BY … ORDER BY …)`: rows sorted within their partitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    keys: Array1<f64>,
    partition: Vec<usize>,
    sorted: Vec<Sorted>,
}

/// One partition in order.
#[derive(Debug, Clone, PartialEq)]
struct Sorted {
    /// Row numbers by key.
    rows: Vec<usize>,
    /// Keys in that order, never falling: a descending window stores them negated.
    keys: Vec<f64>,
    /// Places of the peers of each place.
    peers: Vec<Range<usize>>,
    /// Number of the peer group of each place, from 0.
    group: Vec<usize>,
}

impl Window {
    /// Rows in ascending order of `keys`, shape `(n,)`, all in one partition.
    ///
    /// For an order by several columns give their joint rank as the key. Without any order (one key
    /// for all) all rows are peers, as in SQL.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`].
    #[views]
    pub fn order_by(keys: ArrayView1<f64>) -> Result<Self> {
        if keys.is_empty() {
            return Err(Error::Empty { what: "Window: `keys`", needed: "1 row" });
        }
        check_vector("Window: `keys`", keys)?;
        Ok(Self::sort(keys.to_owned(), vec![0; keys.len()]))
    }

    /// The same rows, numbered apart in each partition; `labels`, shape `(n,)`, says which.
    ///
    /// ```
    /// use mlnotes::events::window::Window;
    /// let keys = ndarray::array![3.0, 1.0, 2.0];
    /// let window = Window::order_by(keys.view())?.partition_by(&[0, 7, 0])?;
    /// assert_eq!(window.row_number(), [2, 1, 1]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when there is not a label a row.
    #[views]
    pub fn partition_by(self, labels: &[usize]) -> Result<Self> {
        self.same_length("Window::partition_by: `labels`", labels.len())?;
        Ok(Self::sort(self.keys, labels.to_vec()))
    }

    /// The opposite order; peers keep the order of the rows.
    #[must_use]
    pub fn descending(self) -> Self {
        Self::sort(-self.keys, self.partition)
    }

    fn sort(keys: Array1<f64>, partition: Vec<usize>) -> Self {
        let mut rows_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, &label) in partition.iter().enumerate() {
            rows_of.entry(label).or_default().push(row);
        }
        let sorted = rows_of.into_values().map(|rows| Sorted::new(rows, keys.view())).collect();
        Self { keys, partition, sorted }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.keys.len()
    }

    /// `ROW_NUMBER()`: 1, 2, 3 …, peers in the order of the rows.
    pub fn row_number(&self) -> Vec<usize> {
        self.each(0, |_, place| place + 1)
    }

    /// `RANK()`: one more than the number of rows before the peers, so ties leave gaps.
    pub fn rank(&self) -> Vec<usize> {
        self.each(0, |part, place| part.peers[place].start + 1)
    }

    /// `DENSE_RANK()`: one more than the number of smaller keys, without gaps.
    pub fn dense_rank(&self) -> Vec<usize> {
        self.each(0, |part, place| part.group[place] + 1)
    }

    /// `PERCENT_RANK()`: `(rank − 1) / (n − 1)` in `[0, 1]`; 0 in a partition of one row.
    pub fn percent_rank(&self) -> Vec<f64> {
        self.each(0.0, |part, place| {
            let others = part.rows.len() - 1;
            if others == 0 { 0.0 } else { part.peers[place].start as f64 / others as f64 }
        })
    }

    /// `CUME_DIST()`: the share of rows whose key is not greater, in `(0, 1]`.
    pub fn cume_dist(&self) -> Vec<f64> {
        self.each(0.0, |part, place| part.peers[place].end as f64 / part.rows.len() as f64)
    }

    /// `NTILE(buckets)`: the bucket of each row, from 1. Of `n` rows the first `n mod buckets`
    /// buckets get one more; peers may fall into different buckets. With more buckets than rows the
    /// later ones stay empty.
    ///
    /// # Errors
    /// [`Error::Parameter`] for 0 buckets.
    pub fn ntile(&self, buckets: usize) -> Result<Vec<usize>> {
        if buckets == 0 {
            return Err(bad("Window::ntile", "buckets", ">= 1", &buckets));
        }
        Ok(self.each(0, |part, place| {
            let (small, longer) = (part.rows.len() / buckets, part.rows.len() % buckets);
            let in_longer = longer * (small + 1);
            if place < in_longer {
                place / (small + 1) + 1
            } else {
                longer + (place - in_longer) / small + 1
            }
        }))
    }

    /// `LAG(value, offset)`: the value `offset` rows earlier in the partition, `None` before its
    /// start.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`].
    #[views]
    pub fn lag(&self, values: ArrayView1<f64>, offset: usize) -> Result<Vec<Option<f64>>> {
        self.check_values("Window::lag: `values`", values)?;
        Ok(self.each(None, |part, place| {
            place.checked_sub(offset).map(|other| values[part.rows[other]])
        }))
    }

    /// `LEAD(value, offset)`: the value `offset` rows later in the partition, `None` beyond its
    /// end.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`].
    #[views]
    pub fn lead(&self, values: ArrayView1<f64>, offset: usize) -> Result<Vec<Option<f64>>> {
        self.check_values("Window::lead: `values`", values)?;
        Ok(self.each(None, |part, place| {
            part.rows.get(place.saturating_add(offset)).map(|&row| values[row])
        }))
    }

    /// `FIRST_VALUE(value)` of the frame; `None` when it is empty.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::Parameter`] for a frame that SQL refuses.
    #[views]
    pub fn first_value(&self, values: ArrayView1<f64>, frame: Frame) -> Result<Vec<Option<f64>>> {
        self.nth_value(values, 1, frame)
    }

    /// `LAST_VALUE(value)` of the frame; `None` when it is empty.
    ///
    /// With the default frame that is the last *peer* of the row, hardly ever what is meant; take
    /// [`Frame::partition`].
    ///
    /// # Errors
    /// As [`Window::first_value`].
    ///
    /// ```
    /// use mlnotes::events::window::{Frame, Window};
    /// let days = ndarray::array![1.0, 2.0, 3.0];
    /// let window = Window::order_by(days.view())?;
    /// let surprise = window.last_value(days.view(), Frame::default())?;
    /// assert_eq!(surprise, [Some(1.0), Some(2.0), Some(3.0)]);
    /// let meant = window.last_value(days.view(), Frame::partition())?;
    /// assert_eq!(meant, [Some(3.0); 3]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn last_value(&self, values: ArrayView1<f64>, frame: Frame) -> Result<Vec<Option<f64>>> {
        self.check_values("Window::last_value: `values`", values)?;
        frame.check()?;
        Ok(self.each(None, |part, place| {
            let ranges = frame.ranges(place, &part.keys, &part.peers, &part.group);
            let last = ranges.into_iter().rev().find(|range| !range.is_empty());
            last.map(|range| values[part.rows[range.end - 1]])
        }))
    }

    /// `NTH_VALUE(value, nth)` of the frame, from 1; `None` when it is shorter.
    ///
    /// # Errors
    /// As [`Window::first_value`]; [`Error::Parameter`] for 0.
    #[views]
    pub fn nth_value(
        &self,
        values: ArrayView1<f64>,
        nth: usize,
        frame: Frame,
    ) -> Result<Vec<Option<f64>>> {
        self.check_values("Window::nth_value: `values`", values)?;
        frame.check()?;
        if nth == 0 {
            return Err(bad("Window::nth_value", "nth", ">= 1", &nth));
        }
        Ok(self.each(None, |part, place| {
            let ranges = frame.ranges(place, &part.keys, &part.peers, &part.group);
            let place = ranges.into_iter().flatten().nth(nth - 1);
            place.map(|place| values[part.rows[place]])
        }))
    }

    /// An aggregate of the values in each row's frame. Cost `O(n log n)` for every frame.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::Parameter`] for a frame that SQL refuses.
    ///
    /// ```
    /// use mlnotes::events::window::{Agg, Bound::{CurrentRow, Preceding}, Frame, Window};
    /// let sales = ndarray::array![3.0, 5.0, 4.0, 8.0];
    /// let days = ndarray::array![1.0, 2.0, 3.0, 7.0];
    /// let window = Window::order_by(days.view())?;
    /// let frame = Frame::rows(Preceding(1.0), CurrentRow);
    /// let rows = window.running(sales.view(), frame, Agg::Mean)?;
    /// assert_eq!(rows, [Some(3.0), Some(4.0), Some(4.5), Some(6.0)]);
    /// // Day 7 has no day 6 before it: a frame of one day is not a frame of one row.
    /// let frame = Frame::range(Preceding(1.0), CurrentRow);
    /// let range = window.running(sales.view(), frame, Agg::Mean)?;
    /// assert_eq!(range, [Some(3.0), Some(4.0), Some(4.5), Some(8.0)]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn running(
        &self,
        values: ArrayView1<f64>,
        frame: Frame,
        agg: Agg,
    ) -> Result<Vec<Option<f64>>> {
        self.check_values("Window::running: `values`", values)?;
        frame.check()?;
        let mut answer = vec![None; self.n_rows()];
        for part in &self.sorted {
            let ordered: Vec<f64> = part.rows.iter().map(|&row| values[row]).collect();
            let (identity, join): (f64, fn(f64, f64) -> f64) = match agg {
                Agg::Min => (f64::INFINITY, f64::min),
                Agg::Max => (f64::NEG_INFINITY, f64::max),
                Agg::Sum | Agg::Mean | Agg::Count => (0.0, |a, b| a + b),
            };
            let tree = SegmentTree::new(&ordered, identity, join);
            for (place, &row) in part.rows.iter().enumerate() {
                let ranges = frame.ranges(place, &part.keys, &part.peers, &part.group);
                let count: usize = ranges.iter().map(ExactSizeIterator::len).sum();
                let total = || ranges.iter().fold(identity, |v, r| join(v, tree.fold(r.clone())));
                answer[row] = match (agg, count) {
                    (Agg::Count, _) => Some(count as f64),
                    (_, 0) => None,
                    (Agg::Mean, _) => Some(total() / count as f64),
                    _ => Some(total()),
                };
            }
        }
        Ok(answer)
    }

    /// `f(partition, place)` of each row, in the order of the rows.
    fn each<T: Clone>(&self, start: T, f: impl Fn(&Sorted, usize) -> T) -> Vec<T> {
        let mut answer = vec![start; self.n_rows()];
        for part in &self.sorted {
            for (place, &row) in part.rows.iter().enumerate() {
                answer[row] = f(part, place);
            }
        }
        answer
    }

    fn check_values(&self, what: &'static str, values: ArrayView1<f64>) -> Result<()> {
        self.same_length(what, values.len())?;
        check_vector(what, values)
    }

    fn same_length(&self, what: &'static str, got: usize) -> Result<()> {
        if got == self.n_rows() {
            return Ok(());
        }
        let expected = format!("({},)", self.n_rows());
        Err(Error::Shape { what, expected, got: format!("({got},)") })
    }
}

impl Sorted {
    fn new(mut rows: Vec<usize>, keys: ArrayView1<f64>) -> Self {
        // `−0 + 0 = 0`, and a stable sort leaves peers in the order of the rows.
        let key = |row: usize| keys[row] + 0.0;
        rows.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
        let keys: Vec<f64> = rows.iter().map(|&row| key(row)).collect();
        let mut peers = Vec::with_capacity(rows.len());
        let mut group = Vec::with_capacity(rows.len());
        let mut start = 0;
        for (number, run) in keys.chunk_by(|a, b| a.total_cmp(b).is_eq()).enumerate() {
            let end = start + run.len();
            peers.extend(run.iter().map(|_| start..end));
            group.extend(run.iter().map(|_| number));
            start = end;
        }
        Self { rows, keys, peers, group }
    }
}

fn bad(
    estimator: &'static str,
    name: &'static str,
    rule: &'static str,
    got: &dyn ToString,
) -> Error {
    Error::Parameter { estimator, name, rule, got: got.to_string() }
}

#[cfg(test)]
mod tests {
    use super::Bound::{CurrentRow, Following, Preceding, UnboundedFollowing, UnboundedPreceding};
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn a_table_with_ties_by_hand() {
        let keys = array![10.0, 20.0, 20.0, 30.0, 20.0];
        let w = Window::order_by(keys.view()).unwrap();
        assert_eq!(w.row_number(), [1, 2, 3, 5, 4]);
        assert_eq!(w.rank(), [1, 2, 2, 5, 2]);
        assert_eq!(w.dense_rank(), [1, 2, 2, 3, 2]);
        assert_eq!(w.percent_rank(), [0.0, 0.25, 0.25, 1.0, 0.25]);
        assert_eq!(w.cume_dist(), [0.2, 0.8, 0.8, 1.0, 0.8]);
        assert_eq!(w.ntile(2).unwrap(), [1, 1, 1, 2, 2]);
        assert_eq!(w.ntile(7).unwrap(), [1, 2, 3, 5, 4]);
        let down = w.descending();
        assert_eq!(down.row_number(), [5, 2, 3, 1, 4]);
        assert_eq!(down.rank(), [5, 2, 2, 1, 2]);
    }

    #[test]
    fn signed_zeros_are_peers() {
        let keys = array![0.0, -0.0];
        assert_eq!(rank(keys.view()).unwrap(), [1, 1]);
        assert_eq!(Window::order_by(keys.view()).unwrap().descending().rank(), [1, 1]);
    }

    #[test]
    fn bad_input_is_named() {
        let keys = array![1.0, 2.0];
        let w = Window::order_by(keys.view()).unwrap();
        assert!(matches!(Window::order_by(array![].view()), Err(Error::Empty { .. })));
        let nan = Window::order_by(array![0.0, f64::NAN].view());
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
        assert!(matches!(w.lag(array![1.0].view(), 1), Err(Error::Shape { .. })));
        assert!(matches!(w.clone().partition_by(&[1]), Err(Error::Shape { .. })));
        assert!(matches!(w.ntile(0), Err(Error::Parameter { name: "buckets", .. })));
        let nth = w.nth_value(keys.view(), 0, Frame::default());
        assert!(matches!(nth, Err(Error::Parameter { name: "nth", .. })));
        for frame in [
            Frame::rows(UnboundedFollowing, UnboundedFollowing),
            Frame::rows(UnboundedPreceding, UnboundedPreceding),
            Frame::rows(CurrentRow, Preceding(1.0)),
            Frame::rows(Following(1.0), CurrentRow),
            Frame::rows(Preceding(0.5), CurrentRow),
            Frame::groups(Preceding(-1.0), CurrentRow),
            Frame::range(Preceding(f64::NAN), CurrentRow),
        ] {
            let said = w.running(keys.view(), frame, Agg::Sum);
            assert!(matches!(said, Err(Error::Parameter { .. })), "{frame:?}");
        }
    }

    /// The frame by SQL's own words, row by row, without places or trees.
    fn sees(w: &Window, row: usize, other: usize, frame: Frame) -> bool {
        if w.partition[row] != w.partition[other] {
            return false;
        }
        let (number, dense) = (w.row_number(), w.dense_rank());
        let at = |r: usize| match frame.mode {
            FrameMode::Rows => number[r] as f64,
            FrameMode::Range => w.keys[r],
            FrameMode::Groups => dense[r] as f64,
        };
        let (here, there) = (at(row), at(other));
        let after_start = match frame.start {
            UnboundedPreceding => true,
            Preceding(v) => there >= here - v,
            CurrentRow => there >= here,
            Following(v) => there >= here + v,
            UnboundedFollowing => false,
        };
        let before_end = match frame.end {
            UnboundedPreceding => false,
            Preceding(v) => there <= here - v,
            CurrentRow => there <= here,
            Following(v) => there <= here + v,
            UnboundedFollowing => true,
        };
        let tie = dense[row] == dense[other];
        let kept = match frame.exclude {
            Exclude::NoOthers => true,
            Exclude::CurrentRow => row != other,
            Exclude::Group => !tie,
            Exclude::Ties => !tie || row == other,
        };
        after_start && before_end && kept
    }

    fn frames() -> impl Strategy<Value = Frame> {
        let bound = (0usize..5, 0usize..4).prop_map(|(kind, v)| match kind {
            0 => UnboundedPreceding,
            1 => Preceding(v as f64),
            2 => CurrentRow,
            3 => Following(v as f64),
            _ => UnboundedFollowing,
        });
        let mode = prop::sample::select(vec![FrameMode::Rows, FrameMode::Range, FrameMode::Groups]);
        let exclude = prop::sample::select(vec![
            Exclude::NoOthers,
            Exclude::CurrentRow,
            Exclude::Group,
            Exclude::Ties,
        ]);
        (mode, bound.clone(), bound, exclude)
            .prop_map(|(mode, start, end, exclude)| Frame { mode, start, end, exclude })
            .prop_filter("SQL takes it", |frame| frame.check().is_ok())
    }

    proptest! {
        #[test]
        fn frames_hold_the_rows_that_their_definition_names(
            rows in proptest::collection::vec((0i8..6, 0usize..2, -9i8..9), 1..14),
            frame in frames(),
            down in any::<bool>(),
        ) {
            let keys: Array1<f64> = rows.iter().map(|r| f64::from(r.0)).collect();
            let labels: Vec<usize> = rows.iter().map(|r| r.1).collect();
            let values: Array1<f64> = rows.iter().map(|r| f64::from(r.2)).collect();
            let mut w = Window::order_by(keys.view()).unwrap().partition_by(&labels).unwrap();
            if down {
                w = w.descending();
            }
            let n = rows.len();
            let seen = |row: usize| (0..n).filter(|&o| sees(&w, row, o, frame)).collect::<Vec<_>>();
            let run = |agg| w.running(values.view(), frame, agg).unwrap();
            let (sum, mean, count) = (run(Agg::Sum), run(Agg::Mean), run(Agg::Count));
            let (min, max) = (run(Agg::Min), run(Agg::Max));
            let first = w.first_value(values.view(), frame).unwrap();
            let last = w.last_value(values.view(), frame).unwrap();
            let second = w.nth_value(values.view(), 2, frame).unwrap();
            let number = w.row_number();
            for row in 0..n {
                let mut rows = seen(row);
                rows.sort_by_key(|&r| number[r]);
                let v: Vec<f64> = rows.iter().map(|&r| values[r]).collect();
                prop_assert_eq!(count[row], Some(v.len() as f64));
                prop_assert_eq!(first[row], v.first().copied());
                prop_assert_eq!(last[row], v.last().copied());
                prop_assert_eq!(second[row], v.get(1).copied());
                let some = (!v.is_empty()).then(|| v.iter().sum::<f64>());
                prop_assert_eq!(sum[row], some);
                prop_assert_eq!(mean[row], some.map(|s| s / v.len() as f64));
                prop_assert_eq!(min[row], v.iter().copied().reduce(f64::min));
                prop_assert_eq!(max[row], v.iter().copied().reduce(f64::max));
            }
        }
    }
}
