//! Inverse probability weighting, and its doubly robust form.
//!
//! ```text
//!                weight of a treated row   of a control        average over
//! ATE            1/e                       1/(1 − e)           everybody
//! ATT            1                         e/(1 − e)           the treated
//!
//! Horvitz–Thompson  (1/N) Σ T w Y − (1/N) Σ (1−T) w Y          N = n for the ATE, n₁ for the ATT
//! Hájek             Σ T w Y / Σ T w − Σ (1−T) w Y / Σ (1−T) w  weights that add up to 1
//! AIPW              (1/N) Σ h (μ₁ − μ₀) + (1/N) Σ T w (Y − μ₁) − (1/N) Σ (1−T) w (Y − μ₀)
//!                   h = 1 for the ATE; for the ATT h = T and μ₁ drops out
//! ```
//!
//! AIPW is right when either the scores or the outcome predictions are, and has the least variance when both
//! are. Scores near 0 or 1 give a few rows nearly all the weight: look at them, and trim.
//!
//! Standard errors are those of the influence function, `√Σψᵢ² / n`. They take the scores as known. Scores
//! fitted by logistic regression make plain weighting *more* precise than that;
//! [`WeightingParams::scores_from`] gives it credit, by taking off the part of `ψ` that the scores
//! `(T − e)(x, 1)` of that regression explain.
//!
//! # References
//! Horvitz & Thompson (1952); Hájek (1971); Robins, Rotnitzky & Zhao (1994); Hirano, Imbens & Ridder (2003);
//! Lunceford & Davidian (2004), eq. 3 to 10; Crump, Hotz, Imbens & Mitnik (2009) for trimming.

use super::check::{arms, check_outcome, check_scores};
use super::effect::{Effect, Estimand};
use super::propensity::refuse_certainty;
use crate::base::{check_matrix, setters, to_column, to_faer, views};
use crate::linear::ols::LinearRegression;
use crate::{Error, Result};
use faer::linalg::solvers::SolveLstsq;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Entry point: [`Weighting::params`].
#[derive(Debug, Clone, Copy)]
pub struct Weighting;

impl Weighting {
    /// Default settings: the ATE, weights that add up to 1, no trimming, scores taken as known.
    ///
    /// ```
    /// use mlnotes::causal::{Estimand, Weighting};
    /// let (y, e) = (ndarray::array![4.0, 1.0, 2.0], ndarray::array![0.5, 0.2, 0.6]);
    /// let att = Weighting::params().estimand(Estimand::Att).ipw(y.view(), &[1, 0, 0], e.view())?;
    /// // Weights of the controls: 1/4 and 3/2.
    /// assert!((att.estimate - (4.0 - (0.25 + 3.0) / 1.75)).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> WeightingParams {
        WeightingParams::default()
    }
}

/// Settings of the weighting estimators.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `estimand` | `Ate` | | over whom to average |
/// | `normalised` | true | | Hájek (true) or Horvitz–Thompson; AIPW is the same for both |
/// | `trim` | 0 | `0 <= a < 0.5` | drop rows with a score below `a` (ATE only) or above `1 − a` |
/// | `scores_from` | none | | covariates that the scores were fitted on by logistic regression |
#[derive(Debug, Clone, PartialEq)]
pub struct WeightingParams {
    estimand: Estimand,
    normalised: bool,
    trim: f64,
    scores_from: Option<Array2<f64>>,
}

impl Default for WeightingParams {
    fn default() -> Self {
        Self { estimand: Estimand::Ate, normalised: true, trim: 0.0, scores_from: None }
    }
}

impl WeightingParams {
    setters! {
        /// Sets over whom to average.
        estimand: Estimand;
        /// Whether weights are divided by their sum (Hájek) or not (Horvitz–Thompson).
        normalised: bool;
        /// Drops rows whose score is above `1 − trim`, and for the ATE below `trim`. The effect is then about
        /// the rows that stay.
        trim: f64;
    }

    /// The covariates, shape `(n_samples, n_features)`, that the scores were fitted on by an unpenalised
    /// logistic regression with an intercept, for the standard error.
    #[must_use]
    pub fn scores_from(mut self, x: Array2<f64>) -> Self {
        self.scores_from = Some(x);
        self
    }

    /// What each row counts, shape `(n_samples,)`; 0 for rows that are trimmed.
    ///
    /// # Errors
    /// As [`WeightingParams::ipw`].
    ///
    /// ```
    /// use mlnotes::causal::Weighting;
    /// let e = ndarray::array![0.5, 0.75, 0.99];
    /// let weights = Weighting::params().trim(0.05).weights(&[1, 0, 0], e.view())?;
    /// assert_eq!(weights, ndarray::array![2.0, 4.0, 0.0]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn weights(&self, t: &[usize], e: ArrayView1<f64>) -> Result<Array1<f64>> {
        let sample = self.sample(t, e)?;
        Ok(&sample.treated + &sample.controls)
    }

    /// Weights outcomes `y` by scores `e`, shapes `(n_samples,)`; `t` holds 0 and 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::Label`], [`Error::Probability`],
    /// [`Error::EmptyGroup`], [`Error::Parameter`]; [`Error::NoSupport`] for a score of exactly 0 or 1, and when
    /// trimming leaves a group empty.
    #[views]
    pub fn ipw(&self, y: ArrayView1<f64>, t: &[usize], e: ArrayView1<f64>) -> Result<Effect> {
        check_outcome("ipw: `y`", y, t.len())?;
        let sample = self.sample(t, e)?;
        let Sample { treated, controls, .. } = &sample;
        let (total1, total0) = if self.normalised {
            (treated.sum(), controls.sum())
        } else {
            (sample.total, sample.total)
        };
        let (mean1, mean0) = (treated.dot(&y) / total1, controls.dot(&y) / total0);
        let n = sample.n_used as f64;
        let influence = if self.normalised {
            treated * &(&y - mean1) * (n / total1) - controls * &(&y - mean0) * (n / total0)
        } else {
            // The ATT is a ratio, too: its denominator n₁ is as random as its numerator.
            let effect = &sample.target * (mean1 - mean0);
            (treated * &y - controls * &y - effect) * (n / sample.total)
        };
        self.effect(mean1 - mean0, influence, &sample, t, e)
    }

    /// Augmented weighting: outcomes `y`, scores `e`, and predictions `mu0` and `mu1` of the outcome without
    /// and with treatment, for every row, shapes `(n_samples,)`. For the ATT `mu1` is not used.
    ///
    /// # Errors
    /// As [`WeightingParams::ipw`].
    ///
    /// ```
    /// use mlnotes::causal::Weighting;
    /// use ndarray::array;
    /// // Perfect predictions: whatever the scores, the effect is exact.
    /// let (y, mu0, mu1) = (array![3.0, 2.0], array![1.0, 2.0], array![3.0, 4.0]);
    /// let effect = Weighting::params()
    ///     .aipw(y.view(), &[1, 0], array![0.3, 0.8].view(), mu0.view(), mu1.view())?;
    /// assert!((effect.estimate - 2.0).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn aipw(
        &self,
        y: ArrayView1<f64>,
        t: &[usize],
        e: ArrayView1<f64>,
        mu0: ArrayView1<f64>,
        mu1: ArrayView1<f64>,
    ) -> Result<Effect> {
        check_outcome("aipw: `y`", y, t.len())?;
        check_outcome("aipw: `mu0`", mu0, t.len())?;
        check_outcome("aipw: `mu1`", mu1, t.len())?;
        let sample = self.sample(t, e)?;
        // For the ATT μ₁ cancels: T (μ₁ − μ₀) + T (Y − μ₁) = T (Y − μ₀).
        let score = &sample.target * &(&mu1 - &mu0) + &sample.treated * &(&y - &mu1)
            - &sample.controls * &(&y - &mu0);
        let estimate = score.sum() / sample.total;
        let n = sample.n_used as f64;
        let influence = (score - &sample.target * estimate) * (n / sample.total);
        self.effect(estimate, influence, &sample, t, e)
    }

    /// The weights of each arm, checked.
    fn sample(&self, t: &[usize], e: ArrayView1<f64>) -> Result<Sample> {
        const WHAT: &str = "Weighting: `e`";
        if !(0.0..0.5).contains(&self.trim) {
            return Err(Error::Parameter {
                estimator: "Weighting",
                name: "trim",
                rule: "from 0 to below 0.5",
                got: self.trim.to_string(),
            });
        }
        arms("Weighting: `t`", t, t.len())?;
        check_scores(WHAT, e, t.len())?;
        let ate = self.estimand == Estimand::Ate;
        let stays = |i: &usize| (!ate || e[*i] >= self.trim) && e[*i] <= 1.0 - self.trim;
        let rows: Vec<usize> = (0..t.len()).filter(stays).collect();
        refuse_certainty(WHAT, e, rows.iter().copied())?;
        let zeros = || Array1::<f64>::zeros(t.len());
        let (mut treated, mut controls, mut target) = (zeros(), zeros(), zeros());
        for &i in &rows {
            let (e, is_treated) = (e[i], t[i] == 1);
            target[i] = f64::from(u8::from(ate || is_treated));
            match (is_treated, ate) {
                (true, true) => treated[i] = 1.0 / e,
                (true, false) => treated[i] = 1.0,
                (false, true) => controls[i] = 1.0 / (1.0 - e),
                (false, false) => controls[i] = e / (1.0 - e),
            }
        }
        for (weights, group) in [(&treated, "treated row"), (&controls, "control")] {
            if weights.sum() <= 0.0 {
                let problem = format!("no {group} is left after trimming at {}", self.trim);
                return Err(Error::NoSupport { what: WHAT, problem, remedy: "trim less" });
            }
        }
        Ok(Sample { total: target.sum(), treated, controls, target, n_used: rows.len() })
    }

    fn effect(
        &self,
        estimate: f64,
        influence: Array1<f64>,
        sample: &Sample,
        t: &[usize],
        e: ArrayView1<f64>,
    ) -> Result<Effect> {
        let influence = match &self.scores_from {
            Some(x) => unexplained(influence, x.view(), t, e)?,
            None => influence,
        };
        Ok(Effect::from_influence(self.estimand, estimate, &influence, sample.n_used))
    }
}

/// Weights of both arms, 0 outside each and where trimmed.
struct Sample {
    treated: Array1<f64>,
    controls: Array1<f64>,
    /// `h`: 1 for the rows the effect is averaged over.
    target: Array1<f64>,
    total: f64,
    n_used: usize,
}

/// What the likelihood scores `(T − e)(x, 1)` of the logistic regression leave of the influence.
fn unexplained(
    influence: Array1<f64>,
    x: ArrayView2<f64>,
    t: &[usize],
    e: ArrayView1<f64>,
) -> Result<Array1<f64>> {
    const WHAT: &str = "Weighting: `scores_from`";
    check_matrix(WHAT, x)?;
    let (n, d) = x.dim();
    if n != t.len() {
        let (expected, got) = (format!("({}, {d})", t.len()), format!("({n}, {d})"));
        return Err(Error::Shape { what: WHAT, expected, got });
    }
    // Columns of length 1, for the condition of the least-squares problem; what they span is the same.
    let mut scores = Array2::ones((n, d + 1));
    scores.slice_mut(ndarray::s![.., ..d]).assign(&x);
    for (i, mut row) in scores.rows_mut().into_iter().enumerate() {
        row *= t[i] as f64 - e[i];
    }
    for mut column in scores.columns_mut() {
        let length = column.dot(&column).sqrt();
        if length > 0.0 {
            column /= length;
        }
    }
    let qr = to_faer(scores.view()).col_piv_qr();
    let solution = qr.solve_lstsq(to_column(influence.view()));
    let beta = Array1::from_shape_fn(d + 1, |j| solution[(j, 0)]);
    Ok(influence - scores.dot(&beta))
}

/// The average effect on everybody by normalised inverse probability weights (Hájek): outcomes `y` and
/// scores `e`, shapes `(n_samples,)`; `t` holds 0 and 1. Other settings: [`Weighting::params`].
///
/// # Errors
/// As [`WeightingParams::ipw`].
///
/// ```
/// use ndarray::array;
/// // Treated: weights 2 and 4; controls: 2 and 4/3.
/// let (y, e) = (array![1.0, 4.0, 0.0, 5.0], array![0.5, 0.25, 0.5, 0.25]);
/// let effect = mlnotes::causal::ipw(y.view(), &[1, 1, 0, 0], e.view())?;
/// assert!((effect.estimate - (18.0 / 6.0 - (20.0 / 3.0) / (10.0 / 3.0))).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn ipw(y: ArrayView1<f64>, t: &[usize], e: ArrayView1<f64>) -> Result<Effect> {
    Weighting::params().ipw(y, t, e)
}

/// The average effect on everybody by augmented inverse probability weights. Other settings:
/// [`Weighting::params`].
///
/// # Errors
/// As [`WeightingParams::ipw`].
///
/// ```
/// use ndarray::array;
/// let (y, e, zero) = (array![2.0, 0.0], array![0.5, 0.5], array![0.0, 0.0]);
/// let effect =
///     mlnotes::causal::aipw(y.view(), &[1, 0], e.view(), zero.view(), zero.view())?;
/// assert!((effect.estimate - 2.0).abs() < 1e-12); // 2 / 0.5, averaged over two rows
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn aipw(
    y: ArrayView1<f64>,
    t: &[usize],
    e: ArrayView1<f64>,
    mu0: ArrayView1<f64>,
    mu1: ArrayView1<f64>,
) -> Result<Effect> {
    Weighting::params().aipw(y, t, e, mu0, mu1)
}

/// Outcome predictions `(μ₀, μ₁)` for every row of `x`, shape `(n_samples, n_features)`: least squares fitted
/// on the controls and on the treated, one apart from the other.
///
/// # Errors
/// Those of [`crate::linear::ols::LinearRegressionParams::fit`], and [`Error::EmptyGroup`], [`Error::Label`].
///
/// ```
/// use mlnotes::causal::outcome_means;
/// use ndarray::array;
/// let x = array![[0.0], [1.0], [2.0], [0.0], [1.0], [2.0]];
/// let y = array![5.0, 7.0, 9.0, 0.0, 1.0, 2.0];
/// let (mu0, mu1) = outcome_means(x.view(), &[1, 1, 1, 0, 0, 0], y.view())?;
/// assert!((mu1[5] - 9.0).abs() < 1e-12 && (mu0[0] - 0.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn outcome_means(
    x: ArrayView2<f64>,
    t: &[usize],
    y: ArrayView1<f64>,
) -> Result<(Array1<f64>, Array1<f64>)> {
    check_matrix("outcome_means: `x`", x)?;
    check_outcome("outcome_means: `y`", y, x.nrows())?;
    let (treated, controls) = arms("outcome_means: `t`", t, x.nrows())?;
    let predictions = |rows: &[usize]| {
        let own = x.select(Axis(0), rows);
        LinearRegression::params().fit(own.view(), y.select(Axis(0), rows).view())?.predict(x)
    };
    Ok((predictions(&controls)?, predictions(&treated)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn bad_scores_and_settings_are_named() {
        let (y, t) = (array![1.0, 2.0, 3.0, 4.0], [1, 0, 1, 0]);
        let of = |e: Array1<f64>| ipw(y.view(), &t, e.view()).unwrap_err();
        let certain = of(array![0.5, 0.5, 1.0, 0.5]);
        assert!(matches!(certain, Error::NoSupport { .. }), "{certain}");
        assert!(matches!(of(array![0.5, 1.5, 0.5, 0.5]), Error::Probability { index: 1, .. }));
        assert!(matches!(of(array![0.5, f64::NAN, 0.5, 0.5]), Error::NotFinite { .. }));
        assert!(matches!(of(array![0.5]), Error::Shape { .. }));
        let e = array![0.99, 0.5, 0.98, 0.5];
        let trimmed = Weighting::params().trim(0.1).ipw(y.view(), &t, e.view()).unwrap_err();
        assert!(trimmed.to_string().contains("no treated row is left"), "{trimmed}");
        let half = Weighting::params().trim(0.5).ipw(y.view(), &t, e.view()).unwrap_err();
        assert!(matches!(half, Error::Parameter { name: "trim", .. }), "{half}");
        let all = ipw(y.view(), &[1; 4], e.view()).unwrap_err();
        assert!(matches!(all, Error::EmptyGroup { .. }), "{all}");
        let nan = ipw(array![1.0, f64::NAN, 3.0, 4.0].view(), &t, e.view()).unwrap_err();
        assert!(matches!(nan, Error::NotFinite { row: 1, .. }), "{nan}");
    }

    #[test]
    fn constant_scores_give_the_difference_of_means_and_its_variance() {
        let (y, t) = (array![1.0, 2.0, 6.0, 3.0, 5.0], [1, 1, 1, 0, 0]);
        let e = Array1::from_elem(5, 0.6);
        let effect = ipw(y.view(), &t, e.view()).unwrap();
        assert!((effect.estimate - (3.0 - 4.0)).abs() < 1e-12);
        // Σ(y − ȳ)²/n² of each arm: 14/9 and 2/4.
        assert!((effect.std_error - (14.0_f64 / 9.0 + 0.5).sqrt()).abs() < 1e-12);
    }

    proptest! {
        /// A constant added to every outcome changes normalised estimates not at all; and the influence
        /// adds up to 0, which Horvitz-Thompson meets for any outcome, too.
        #[test]
        fn hajek_ignores_a_shift(
            y in proptest::collection::vec(-3.0_f64..3.0, 12),
            e in proptest::collection::vec(0.05_f64..0.95, 12),
            shift in -100.0_f64..100.0,
        ) {
            let (y, e) = (Array1::from(y), Array1::from(e));
            let t: Vec<usize> = (0..12).map(|i| i % 2).collect();
            for estimand in [Estimand::Ate, Estimand::Att] {
                let params = Weighting::params().estimand(estimand);
                let here = params.ipw(y.view(), &t, e.view()).unwrap();
                let there = params.ipw((&y + shift).view(), &t, e.view()).unwrap();
                prop_assert!((here.estimate - there.estimate).abs() < 1e-10);
                prop_assert!((here.std_error - there.std_error).abs() < 1e-9);
            }
        }
    }
}
