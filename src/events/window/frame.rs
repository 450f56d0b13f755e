//! Which rows of the partition a row sees.

use super::bad;
use crate::Result;
use std::ops::Range;

/// In what a frame's bounds are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameMode {
    /// In rows: peers are told apart, in an order that SQL leaves open.
    Rows,
    /// In units of the key: peers go together, and `CURRENT ROW` means all peers.
    Range,
    /// In groups of peers.
    Groups,
}

/// Where a frame starts or ends.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Bound {
    /// At the first row of the partition.
    UnboundedPreceding,
    /// So many rows, units of the key, or groups earlier.
    Preceding(f64),
    /// At the current row, or its first or last peer.
    CurrentRow,
    /// So many rows, units of the key, or groups later.
    Following(f64),
    /// At the last row of the partition.
    UnboundedFollowing,
}

/// What is left out of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Exclude {
    /// Nothing.
    #[default]
    NoOthers,
    /// The row itself.
    CurrentRow,
    /// The row and its peers.
    Group,
    /// Its peers, but not the row.
    Ties,
}

/// `mode BETWEEN start AND end EXCLUDE exclude`.
///
/// The default is SQL's: `RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`, which ends at the
/// last peer.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Frame {
    /// In what the bounds are counted.
    pub mode: FrameMode,
    /// The first row.
    pub start: Bound,
    /// The last row.
    pub end: Bound,
    /// What is left out.
    pub exclude: Exclude,
}

impl Default for Frame {
    fn default() -> Self {
        Self::range(Bound::UnboundedPreceding, Bound::CurrentRow)
    }
}

impl Frame {
    /// `ROWS BETWEEN start AND end`.
    pub fn rows(start: Bound, end: Bound) -> Self {
        Self { mode: FrameMode::Rows, start, end, exclude: Exclude::NoOthers }
    }

    /// `RANGE BETWEEN start AND end`.
    pub fn range(start: Bound, end: Bound) -> Self {
        Self { mode: FrameMode::Range, ..Self::rows(start, end) }
    }

    /// `GROUPS BETWEEN start AND end`.
    pub fn groups(start: Bound, end: Bound) -> Self {
        Self { mode: FrameMode::Groups, ..Self::rows(start, end) }
    }

    /// The whole partition: `ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING`.
    pub fn partition() -> Self {
        Self::rows(Bound::UnboundedPreceding, Bound::UnboundedFollowing)
    }

    /// The same frame without some of its rows.
    ///
    /// ```
    /// use mlnotes::events::window::{Agg, Exclude, Frame, running};
    /// let x = ndarray::array![1.0, 2.0, 6.0];
    /// let others = Frame::partition().exclude(Exclude::CurrentRow);
    /// let mean = running(x.view(), x.view(), others, Agg::Mean)?;
    /// assert_eq!(mean, [Some(4.0), Some(3.5), Some(1.5)]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    pub fn exclude(mut self, exclude: Exclude) -> Self {
        self.exclude = exclude;
        self
    }

    /// The rules of SQL: no end before its start by kind, offsets that are not negative, whole ones
    /// for rows and groups.
    pub(super) fn check(self) -> Result<()> {
        use Bound::{CurrentRow, Following, Preceding, UnboundedFollowing, UnboundedPreceding};
        let refuse = |name, rule| {
            let got = format!("{:?} .. {:?}", self.start, self.end);
            Err(bad("Frame", name, rule, &got))
        };
        if self.start == UnboundedFollowing {
            return refuse("start", "another bound than UnboundedFollowing");
        }
        if self.end == UnboundedPreceding {
            return refuse("end", "another bound than UnboundedPreceding");
        }
        match (self.start, self.end) {
            (CurrentRow, Preceding(_)) | (Following(_), Preceding(_) | CurrentRow) => {
                return refuse("end", "not of a kind that lies before the start");
            }
            _ => {}
        }
        for bound in [self.start, self.end] {
            if let Preceding(v) | Following(v) = bound {
                if !(v.is_finite() && v >= 0.0) {
                    return refuse("start, end", "finite and >= 0");
                }
                if self.mode != FrameMode::Range && v.fract() != 0.0 {
                    return refuse("start, end", "a whole number for rows and groups");
                }
            }
        }
        Ok(())
    }

    /// The places of the sorted partition that the row at `place` sees, in order: at most three
    /// runs (before, at and after what is excluded), some of them empty.
    pub(super) fn ranges(
        self,
        place: usize,
        keys: &[f64],
        peers: &[Range<usize>],
        group: &[usize],
    ) -> [Range<usize>; 3] {
        let n = keys.len();
        let (start, end) = (signed(self.start), signed(self.end));
        // A run from a place on, and up to a place: that is why rows need one more at the end.
        let (start, end) = match self.mode {
            FrameMode::Rows => {
                let here = place as f64;
                (start.map(|by| clamp(here + by, n)), end.map(|by| clamp(here + by + 1.0, n)))
            }
            FrameMode::Range => {
                let here = keys[place];
                (
                    start.map(|by| keys.partition_point(|&k| k < here + by)),
                    end.map(|by| keys.partition_point(|&k| k <= here + by)),
                )
            }
            FrameMode::Groups => {
                let here = group[place] as f64;
                (
                    start.map(|by| group.partition_point(|&g| (g as f64) < here + by)),
                    end.map(|by| group.partition_point(|&g| g as f64 <= here + by)),
                )
            }
        };
        let (start, end) = (start.unwrap_or(0), end.unwrap_or(n));
        self.without(place, peers[place].clone(), start..end.max(start))
    }

    fn without(self, place: usize, peers: Range<usize>, frame: Range<usize>) -> [Range<usize>; 3] {
        let hole = match self.exclude {
            Exclude::NoOthers => return [frame, 0..0, 0..0],
            Exclude::CurrentRow => place..place + 1,
            Exclude::Group | Exclude::Ties => peers,
        };
        let cut = |range: Range<usize>| {
            let (start, end) = (range.start.max(frame.start), range.end.min(frame.end));
            start..end.max(start)
        };
        let kept = if self.exclude == Exclude::Ties { cut(place..place + 1) } else { 0..0 };
        [cut(0..hole.start), kept, cut(hole.end..usize::MAX)]
    }
}

/// The distance of a bound from the current row, `None` where there is no bound.
fn signed(bound: Bound) -> Option<f64> {
    match bound {
        Bound::UnboundedPreceding | Bound::UnboundedFollowing => None,
        Bound::Preceding(v) => Some(-v),
        Bound::CurrentRow => Some(0.0),
        Bound::Following(v) => Some(v),
    }
}

/// A place, moved into `0..=n`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..=n")]
fn clamp(place: f64, n: usize) -> usize {
    place.clamp(0.0, n as f64) as usize
}
