//! Placebo tests of a difference in differences: an effect where there can be none.
//!
//! In time: pretend that the treatment began earlier, and look at the data from before it only. In space:
//! pretend that each untreated unit was the treated one; the rank of the real effect among these is a
//! p-value that needs no normal distribution and no clusters, and is right with a single treated unit.
//!
//! # References
//! Bertrand, Duflo & Mullainathan (2004); Conley & Taber (2011); Abadie, Diamond & Hainmueller (2010),
//! section 3, for permutation over units.

use super::check::{arms, check_length, check_outcome};
use super::did::{DiffInDiff, diff_in_diff};
use super::event_study::check_start;
use crate::base::views;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};
use std::collections::{BTreeMap, BTreeSet};

/// The difference in differences of a treatment that is said to begin in period `fake`, on the periods
/// before `start` only, when nobody was treated. Arguments as in [`super::event_study()`].
///
/// # Errors
/// As [`diff_in_diff`], and [`Error::Parameter`] unless `fake` lies before `start` and after a first period.
///
/// ```
/// use ndarray::array;
/// let period = [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3];
/// let treated = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
/// let y = array![1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0, 6.0, 7.0, 9.0, 10.0];
/// let placebo = mlnotes::causal::placebo_in_time(y.view(), &treated, &period, 3, 2, None)?;
/// assert!(placebo.effect.abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn placebo_in_time(
    y: ArrayView1<f64>,
    treated: &[usize],
    period: &[usize],
    start: usize,
    fake: usize,
    cluster: Option<&[usize]>,
) -> Result<DiffInDiff> {
    let n = treated.len();
    check_outcome("placebo_in_time: `y`", y, n)?;
    check_length("placebo_in_time: `period`", period.len(), n)?;
    if let Some(units) = cluster {
        check_length("placebo_in_time: `cluster`", units.len(), n)?;
    }
    let rows: Vec<usize> = (0..n).filter(|&i| period[i] < start).collect();
    let before: Vec<usize> =
        rows.iter().map(|&i| period[i]).collect::<BTreeSet<_>>().into_iter().collect();
    check_start("placebo_in_time", &before, fake)?;
    let of = |values: &[usize]| rows.iter().map(|&i| values[i]).collect::<Vec<usize>>();
    let post: Vec<usize> = rows.iter().map(|&i| usize::from(period[i] >= fake)).collect();
    let outcome: Array1<f64> = rows.iter().map(|&i| y[i]).collect();
    let cluster = cluster.map(of);
    diff_in_diff(outcome, of(treated), post, None, cluster.as_deref())
}

/// Effects of a treatment that each unit is said to have had.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SpacePlacebos {
    /// The treated unit.
    pub treated: usize,
    /// Its effect.
    pub effect: f64,
    /// The untreated units, in order.
    pub units: Vec<usize>,
    /// The effect of each, against the other untreated ones, shape `(n_units,)`.
    pub effects: Array1<f64>,
    /// Share of all units, the treated one included, with an effect at least as large in size.
    pub p_value: f64,
}

/// Gives the treatment to each untreated unit in turn. `unit` names the unit of each row, `treated` is the one
/// that had it, `post` holds 0 and 1.
///
/// # Errors
/// As [`diff_in_diff`]; [`Error::Parameter`] when no row belongs to `treated`, and [`Error::TooFewSamples`] for fewer
/// than two untreated units.
///
/// ```
/// use ndarray::array;
/// let unit = [0, 0, 1, 1, 2, 2, 3, 3];
/// let post = [0, 1, 0, 1, 0, 1, 0, 1];
/// let y = array![1.0, 2.0, 5.0, 6.1, 3.0, 3.9, 7.0, 12.0];
/// let placebos = mlnotes::causal::placebo_in_space(y.view(), &unit, &post, 3)?;
/// assert!((placebos.effect - (5.0 - 1.0)).abs() < 1e-12);
/// assert_eq!(placebos.p_value, 0.25); // the largest of four
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn placebo_in_space(
    y: ArrayView1<f64>,
    unit: &[usize],
    post: &[usize],
    treated: usize,
) -> Result<SpacePlacebos> {
    const WHAT: &str = "placebo_in_space: `unit`";
    check_outcome("placebo_in_space: `y`", y, unit.len())?;
    arms("placebo_in_space: `post`", post, unit.len())?;
    // Sum and number of rows before and after, by unit.
    let mut cells: BTreeMap<usize, [(f64, f64); 2]> = BTreeMap::new();
    for (i, &u) in unit.iter().enumerate() {
        let cell = &mut cells.entry(u).or_default()[post[i]];
        cell.0 += y[i];
        cell.1 += 1.0;
    }
    for (u, cells) in &cells {
        for (cell, when) in cells.iter().zip(["before", "after"]) {
            if cell.1 <= 0.0 {
                let group = format!("unit {u} {when} the treatment");
                return Err(Error::EmptyGroup { what: WHAT, group });
            }
        }
    }
    let Some(own) = cells.remove(&treated) else {
        let (estimator, name) = ("placebo_in_space", "treated");
        return Err(Error::Parameter {
            estimator,
            name,
            rule: "one of the units",
            got: treated.to_string(),
        });
    };
    if cells.len() < 2 {
        return Err(Error::TooFewSamples { what: WHAT, needed: 3, got: cells.len() + 1 });
    }
    let change = |c: &[(f64, f64); 2]| c[1].0 / c[1].1 - c[0].0 / c[0].1;
    let against = |c: &[(f64, f64); 2], except: Option<usize>| {
        let mut rest = [(0.0, 0.0); 2];
        for (u, other) in &cells {
            if Some(*u) != except {
                for (sum, part) in rest.iter_mut().zip(other) {
                    sum.0 += part.0;
                    sum.1 += part.1;
                }
            }
        }
        change(c) - change(&rest)
    };
    let effect = against(&own, None);
    let effects: Array1<f64> = cells.iter().map(|(&u, c)| against(c, Some(u))).collect();
    let at_least = effects.iter().filter(|e| e.abs() >= effect.abs()).count() as f64;
    let p_value = (at_least + 1.0) / (effects.len() as f64 + 1.0);
    Ok(SpacePlacebos { treated, effect, units: cells.into_keys().collect(), effects, p_value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn units_and_dates_that_do_not_exist_are_named() {
        let (unit, post) = ([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]);
        let y = array![1.0, 2.0, 5.0, 6.1, 3.0, 3.9];
        let error = placebo_in_space(y.view(), &unit, &post, 7).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "treated", .. }), "{error}");
        let error = placebo_in_space(y.view(), &[0, 0, 1, 1, 1, 1], &post, 1).unwrap_err();
        assert!(matches!(error, Error::TooFewSamples { .. }), "{error}");
        let error = placebo_in_space(y.view(), &unit, &[0, 0, 0, 1, 0, 1], 1).unwrap_err();
        assert!(error.to_string().contains("unit 0 after the treatment is empty"), "{error}");
        let period = [1, 2, 1, 2, 1, 2];
        let treated = [0, 0, 0, 0, 1, 1];
        for fake in [1, 2] {
            let error = placebo_in_time(y.view(), &treated, &period, 2, fake, None).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "start", .. }), "{error}");
        }
    }
}
