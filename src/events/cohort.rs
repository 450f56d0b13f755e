//! Cohorts: of those who came in the same period, how many are seen again `k` periods later?
//!
//! ```text
//! cohort(u) = period of u's first event
//! R(c, k) = #{ u in cohort c with an event in period c + k } / #{ u in cohort c },    R(c, 0) = 1
//! ```
//!
//! A young cohort has not had the time to come back: cells after the last period of the log do not
//! exist, and counting them as 0 (or averaging over all cohorts at every age) invents a decline.
//! [`Retention`] keeps them out.
//!
//! ```
//! use mlnotes::events::cohort::{Event, Period, retention_table};
//! let events = [(1, 0), (2, 3), (1, 8), (3, 9)].map(|(user, day)| Event::new(user, day));
//! let retention = retention_table(&events, Period::WEEK)?;
//! assert_eq!(retention.active, [vec![2, 1], vec![1]]);
//! assert_eq!(retention.rate(0, 1), Some(0.5));
//! assert_eq!(retention.rate(1, 1), None);
//! # Ok::<(), mlnotes::Error>(())
//! ```

use crate::{Error, Result};
use ndarray::Array2;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Somebody did something on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Event {
    /// Who.
    pub user: i64,
    /// When, in whole days from any fixed day; from 1970-01-01 for [`Period::Month`].
    pub day: i64,
}

impl Event {
    /// An event of a user on a day.
    pub fn new(user: i64, day: i64) -> Self {
        Self { user, day }
    }
}

/// How days are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Period {
    /// Periods of so many days; period 0 begins on day 0.
    Days(u32),
    /// Months of the calendar; period 0 is January 1970, day 0 its first.
    Month,
}

impl Period {
    /// Every day for itself.
    pub const DAY: Self = Self::Days(1);
    /// Seven days. Weeks of the calendar need a day 0 on their first day (1970-01-01 was a
    /// Thursday).
    pub const WEEK: Self = Self::Days(7);

    /// The period that a day falls into; days before day 0 have negative ones.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `Days(0)` and for days further than a hundred million years away.
    ///
    /// ```
    /// use mlnotes::events::cohort::Period;
    /// assert_eq!(Period::WEEK.of(-1)?, -1);
    /// // 2024-02-29 is day 19 782: the leap day of month 12 * 54 + 1.
    /// assert_eq!((Period::Month.of(19_782)?, Period::Month.of(19_783)?), (649, 650));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn of(self, day: i64) -> Result<i64> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "Period", name, rule, got })
        };
        if day.abs() > 36_500_000_000 {
            return bad("day", "within a hundred million years of day 0", day.to_string());
        }
        match self {
            Self::Days(0) => bad("days", ">= 1", "0".to_owned()),
            Self::Days(days) => Ok(day.div_euclid(i64::from(days))),
            Self::Month => Ok(month(day)),
        }
    }
}

/// Months since January 1970 of a day since 1970-01-01, Gregorian calendar.
///
/// A year that begins in March has its leap day last, so its months start on days
/// `⌊(153 m + 2) / 5⌋`, and 400 years have 146 097 days.
fn month(day: i64) -> i64 {
    // Day 0 becomes 0000-03-01.
    let day = day + 719_468;
    let (era, in_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * in_year + 2) / 153;
    12 * (400 * era + year - 1970) + from_march + 2
}

/// Retention by cohort; see the [module](self).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Periods in which somebody came first, in order.
    pub cohorts: Vec<i64>,
    /// `active[c][k]`: users of cohort `c` seen `k` periods after their first one, for every `k`
    /// that the log reaches; so `active[c][0]` is the size of the cohort.
    pub active: Vec<Vec<usize>>,
}

/// Retention of the users in a log, whose rows may stand in any order and repeat.
///
/// # Errors
/// [`Error::Empty`] for no events; [`Error::Parameter`] as [`Period::of`], and for a log of more
/// than 10 000 periods.
pub fn retention_table(events: &[Event], period: Period) -> Result<Retention> {
    /// A table beyond it is a mistake in the unit of `day`.
    const MOST: i64 = 10_000;
    let mut seen: HashMap<i64, BTreeSet<i64>> = HashMap::new();
    for event in events {
        seen.entry(event.user).or_default().insert(period.of(event.day)?);
    }
    let firsts = seen.values().filter_map(BTreeSet::first);
    let lasts = seen.values().filter_map(BTreeSet::last);
    let (Some(&first), Some(&last)) = (firsts.min(), lasts.max()) else {
        return Err(Error::Empty { what: "retention_table: `events`", needed: "1 event" });
    };
    if last - first >= MOST {
        return Err(Error::Parameter {
            estimator: "retention_table",
            name: "events",
            rule: "within 10000 periods; count `day` in days, or take a longer period",
            got: format!("{} periods", last - first + 1),
        });
    }
    let mut cohorts: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for periods in seen.values() {
        let Some(&own) = periods.first() else { continue };
        // At most `MOST`, so it fits.
        let age = |period: i64| usize::try_from(period - own).unwrap_or(0);
        let active = cohorts.entry(own).or_insert_with(|| vec![0; age(last) + 1]);
        for &period in periods {
            active[age(period)] += 1;
        }
    }
    let (cohorts, active) = cohorts.into_iter().unzip();
    Ok(Retention { cohorts, active })
}

impl Retention {
    /// Users of a cohort.
    pub fn sizes(&self) -> Vec<usize> {
        self.active.iter().map(|row| row[0]).collect()
    }

    /// Share of cohort `c` (by its place in `cohorts`) that was seen `k` periods later; `None`
    /// where the log does not reach.
    pub fn rate(&self, c: usize, k: usize) -> Option<f64> {
        let row = self.active.get(c)?;
        row.get(k).map(|&active| active as f64 / row[0] as f64)
    }

    /// Rates as a matrix for a picture, shape `(n_cohorts, n_ages)`, with `unseen` where the log
    /// does not reach.
    pub fn matrix(&self, unseen: f64) -> Array2<f64> {
        let ages = self.active.iter().map(Vec::len).max().unwrap_or(0);
        Array2::from_shape_fn((self.cohorts.len(), ages), |(c, k)| {
            self.rate(c, k).unwrap_or(unseen)
        })
    }

    /// The pooled curve: at each age, those active over those who could have been, that is over the
    /// cohorts that are old enough.
    ///
    /// ```
    /// use mlnotes::events::cohort::{Event, Period, retention_table};
    /// let events = [(1, 0), (1, 7), (2, 0), (3, 7)].map(|(user, day)| Event::new(user, day));
    /// // The user of week 1 cannot be missed in week 2.
    /// assert_eq!(retention_table(&events, Period::WEEK)?.curve(), [1.0, 0.5]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn curve(&self) -> Vec<f64> {
        let ages = self.active.iter().map(Vec::len).max().unwrap_or(0);
        let at = |k: usize| {
            let old = self.active.iter().filter(|row| row.len() > k);
            let (active, all) = old.fold((0, 0), |(a, n), row| (a + row[k], n + row[0]));
            active as f64 / all as f64
        };
        (0..ages).map(at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_follow_the_calendar() {
        // Day by day through 800 years, with the lengths that everybody knows.
        let leap = |y: i64| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        let mut day = 0;
        for year in 1970..2770 {
            for (m, days) in
                [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate()
            {
                let days = days + i64::from(m == 1 && leap(year));
                let expected = 12 * (year - 1970) + i64::try_from(m).unwrap();
                assert_eq!((month(day), month(day + days - 1)), (expected, expected));
                day += days;
            }
        }
        assert_eq!((month(-1), month(-31), month(-32)), (-1, -1, -2));
    }

    #[test]
    fn bad_input_is_named() {
        let event = Event::new(1, 5);
        assert!(matches!(retention_table(&[], Period::DAY), Err(Error::Empty { .. })));
        let zero = retention_table(&[event], Period::Days(0));
        assert!(matches!(zero, Err(Error::Parameter { name: "days", .. })));
        let seconds = [event, Event::new(1, 1_700_000_000)];
        let error = retention_table(&seconds, Period::DAY).unwrap_err();
        assert!(error.to_string().contains("in days"), "{error}");
        let far = retention_table(&[Event::new(1, i64::MIN + 1)], Period::Month);
        assert!(matches!(far, Err(Error::Parameter { name: "day", .. })));
    }

    proptest! {
        #[test]
        fn everybody_is_counted_once_at_age_zero(
            rows in proptest::collection::vec((0i64..8, -30i64..60), 1..60),
        ) {
            let events: Vec<Event> = rows.iter().map(|&(u, d)| Event::new(u, d)).collect();
            let table = retention_table(&events, Period::WEEK).unwrap();
            let users: BTreeSet<i64> = rows.iter().map(|r| r.0).collect();
            prop_assert_eq!(table.sizes().iter().sum::<usize>(), users.len());
            let active: usize = table.active.iter().flatten().sum();
            let pairs: BTreeSet<_> = rows.iter().map(|r| (r.0, r.1.div_euclid(7))).collect();
            prop_assert_eq!(active, pairs.len());
            prop_assert!(table.curve().iter().all(|r| (0.0..=1.0).contains(r)));
            let mut turned = events;
            turned.reverse();
            prop_assert_eq!(retention_table(&turned, Period::WEEK).unwrap(), table);
        }
    }
}
