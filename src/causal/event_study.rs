//! Event study: the difference between the groups, period by period, and a test of its past.
//!
//! ```text
//! y = α + β D + Σₛ γₛ 1[period = s] + Σₛ τₛ D 1[period = s] + ε      s runs over all periods but r
//! ```
//!
//! `r` is the last period before the treatment, so `τᵣ = 0`. The `τₛ` before it (leads) say whether the groups
//! moved in parallel while nobody was treated; those after it (lags) are the effect as it unfolds. A lead
//! that differs from 0 speaks against parallel trends. Leads near 0 do not prove them: the assumption is
//! about what nobody saw, the treated group's path without treatment, and the test has little power when the
//! leads are measured badly.
//!
//! # References
//! Angrist & Pischke (2009), section 5.2.1; Roth (2022), *Pretest with caution*.

use super::check::{check_binary, check_length, check_outcome};
use super::did::regress;
use crate::base::{Test, views};
use crate::linear::ols::LinearRegression;
use crate::{Error, Result};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView1};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};
use std::collections::BTreeSet;

/// A fitted event study.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EventStudy {
    /// The periods, in order.
    pub periods: Vec<usize>,
    /// The period all others are compared with: the last one before the treatment.
    pub reference: usize,
    /// `τ` of each period, shape `(n_periods,)`; 0 for the reference.
    pub effects: Array1<f64>,
    /// Their standard errors, shape `(n_periods,)`; 0 for the reference.
    pub std_errors: Array1<f64>,
    /// Lower ends of the 95 % intervals, by Student's t, shape `(n_periods,)`.
    pub lower: Array1<f64>,
    /// Upper ends, shape `(n_periods,)`.
    pub upper: Array1<f64>,
    /// The whole regression: `D`, the periods, then `D` times the periods, without the reference.
    pub model: LinearRegression,
}

/// Fits outcomes `y`, shape `(n_samples,)`, of a group with `treated = 1` that is treated from period `start`
/// on, and of one that never is. `period` is when each row was seen, `cluster` its unit.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::Label`]; [`Error::Parameter`] for a `start`
/// without a period before and one at or after it; [`Error::EmptyGroup`] when a group is missing in a
/// period; [`Error::ZeroVariance`] for an exact fit; those of the regression.
///
/// ```
/// use mlnotes::causal::event_study;
/// use ndarray::array;
/// let period = [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3];
/// let treated = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1];
/// let y = array![1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0, 6.0, 7.0, 9.0, 10.0];
/// let study = event_study(y.view(), &treated, &period, 3, None)?;
/// assert_eq!(study.reference, 2);
/// assert!(study.effects[0].abs() < 1e-12 && (study.effects[2] - 2.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn event_study(
    y: ArrayView1<f64>,
    treated: &[usize],
    period: &[usize],
    start: usize,
    cluster: Option<&[usize]>,
) -> Result<EventStudy> {
    let n = treated.len();
    check_outcome("event_study: `y`", y, n)?;
    check_length("event_study: `period`", period.len(), n)?;
    check_binary("event_study: `treated`", treated)?;
    let periods: Vec<usize> = period.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let reference = check_start("event_study", &periods, start)?;
    for &p in &periods {
        for (group, name) in ["control group", "treated group"].into_iter().enumerate() {
            if !(0..n).any(|i| period[i] == p && treated[i] == group) {
                let group = format!("{name} in period {p}");
                return Err(Error::EmptyGroup { what: "event_study", group });
            }
        }
    }
    let others: Vec<usize> = periods.iter().copied().filter(|&p| p != reference).collect();
    let m = others.len();
    let mut design = Array2::zeros((n, 1 + 2 * m));
    for (i, mut row) in design.rows_mut().into_iter().enumerate() {
        row[0] = treated[i] as f64;
        if let Ok(j) = others.binary_search(&period[i]) {
            row[1 + j] = 1.0;
            row[1 + m + j] = treated[i] as f64;
        }
    }
    let model = regress(design.view(), y, cluster)?;
    let zeros = || Array1::zeros(periods.len());
    let (mut effects, mut std_errors, mut lower, mut upper) = (zeros(), zeros(), zeros(), zeros());
    for (j, &p) in others.iter().enumerate() {
        let test = model.t_test(1 + m + j)?;
        let place = j + usize::from(p > reference);
        effects[place] = test.effect;
        std_errors[place] = model.std_errors[1 + m + j];
        (lower[place], upper[place]) = test.ci.unwrap_or((test.effect, test.effect));
    }
    Ok(EventStudy { periods, reference, effects, std_errors, lower, upper, model })
}

/// The last period before `start`.
pub(super) fn check_start(
    estimator: &'static str,
    periods: &[usize],
    start: usize,
) -> Result<usize> {
    let before = periods.iter().copied().filter(|&p| p < start).max();
    let after = periods.iter().any(|&p| p >= start);
    before.filter(|_| after).ok_or_else(|| Error::Parameter {
        estimator,
        name: "start",
        rule: "a period with at least one before it, and not after the last",
        got: start.to_string(),
    })
}

impl EventStudy {
    /// Tests whether all leads are 0: the Wald statistic over their number, by the F distribution.
    ///
    /// `statistic` is F, `df` the degrees of freedom of its denominator (the number of clusters minus 1),
    /// `effect` the largest lead in size.
    ///
    /// # Errors
    /// [`Error::Parameter`] with fewer than two periods before the treatment; [`Error::NotPositiveDefinite`] when
    /// there are too few clusters for so many leads.
    pub fn pre_trend_test(&self) -> Result<Test> {
        let m = self.periods.len() - 1;
        let q = self.periods.iter().filter(|&&p| p < self.reference).count();
        if q == 0 {
            return Err(Error::Parameter {
                estimator: "pre_trend_test",
                name: "start",
                rule: "after at least two periods, as one of them is the reference",
                got: format!("a start after period {} only", self.reference),
            });
        }
        // The leads come first among the interactions.
        let first = 1 + m;
        let leads = Mat::from_fn(q, 1, |i, _| self.model.coef[first + i]);
        let v = Mat::from_fn(q, q, |i, j| self.model.covariance[[first + i, first + j]]);
        let singular = || Error::NotPositiveDefinite {
            what: "pre_trend_test: the covariance of the leads".to_owned(),
            remedy: "there must be more clusters than leads; test fewer periods",
        };
        let weighted = v.llt(Side::Lower).map_err(|_| singular())?.solve(&leads);
        let wald: f64 = (0..q).map(|i| leads[(i, 0)] * weighted[(i, 0)]).sum();
        let (f, df) = (wald / q as f64, self.model.df_inference);
        let distribution = FisherSnedecor::new(q as f64, df).map_err(|_| singular())?;
        let largest = (0..q)
            .map(|i| leads[(i, 0)])
            .fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
        Ok(Test::new(f, distribution.sf(f)).with_df(df).with_effect(largest))
    }
}

/// Tests parallel trends before the treatment: all leads of the [`event_study()`] are 0.
///
/// # Errors
/// As [`event_study()`] and [`EventStudy::pre_trend_test`].
///
/// ```
/// use mlnotes::causal::pre_trend_test;
/// use ndarray::array;
/// // The treated group rises by 3 a period, the other by 1, long before the treatment in period 4.
/// let period = [1, 1, 2, 2, 3, 3, 4, 4, 1, 1, 2, 2, 3, 3, 4, 4];
/// let treated = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
/// let y = array![1.0, 1.1, 2.0, 2.1, 3.0, 3.1, 4.0, 4.1, 0.0, 0.1, 3.0, 3.1, 6.0, 6.1, 9.0, 9.1];
/// let test = pre_trend_test(y.view(), &treated, &period, 4, None)?;
/// assert!(test.rejects_at(1e-6));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn pre_trend_test(
    y: ArrayView1<f64>,
    treated: &[usize],
    period: &[usize],
    start: usize,
    cluster: Option<&[usize]>,
) -> Result<Test> {
    event_study(y, treated, period, start, cluster)?.pre_trend_test()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn panel() -> (Array1<f64>, Vec<usize>, Vec<usize>) {
        let treated = (0..24).map(|i| usize::from(i >= 12)).collect();
        let period = (0..24).map(|i| (i % 4) + 1).collect();
        let y = (0..24).map(|i| f64::from((i * 37 + 11) % 17)).collect();
        (y, treated, period)
    }

    #[test]
    fn each_effect_is_a_double_difference_to_the_reference() {
        let (y, treated, period) = panel();
        let study = event_study(y.view(), &treated, &period, 3, None).unwrap();
        let mean = |d: usize, p: usize| {
            let rows: Vec<usize> = (0..24).filter(|&i| treated[i] == d && period[i] == p).collect();
            super::super::check::mean_of(y.view(), &rows)
        };
        for (j, &p) in study.periods.iter().enumerate() {
            let expected = (mean(1, p) - mean(1, 2)) - (mean(0, p) - mean(0, 2));
            assert!((study.effects[j] - expected).abs() < 1e-10, "period {p}");
        }
        // With one lead F is the square of its t.
        let t = study.effects[0] / study.std_errors[0];
        assert!((study.pre_trend_test().unwrap().statistic - t * t).abs() < 1e-9);
    }

    #[test]
    fn periods_that_cannot_be_compared_are_named() {
        let (y, treated, mut period) = panel();
        for start in [1, 5] {
            let error = event_study(y.view(), &treated, &period, start, None).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "start", .. }), "{error}");
        }
        let short = pre_trend_test(y.view(), &treated, &period, 2, None).unwrap_err();
        assert!(short.to_string().contains("after period 1 only"), "{short}");
        period[0] = 9;
        let error = event_study(y.view(), &treated, &period, 3, None).unwrap_err().to_string();
        assert!(error.contains("treated group in period 9 is empty"), "{error}");
        let nan = array![f64::NAN];
        assert!(matches!(
            event_study(nan.view(), &[1], &[1], 1, None),
            Err(Error::NotFinite { .. })
        ));
    }
}
