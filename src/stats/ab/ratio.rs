//! Ratio metrics: clicks per impression, revenue per session, where users were randomised.
//!
//! ```text
//! R̂ = Σ xᵢ / Σ yᵢ = x̄/ȳ                                     xᵢ, yᵢ: sums of user i
//! first order at the true means:  R̂ − R ≈ (1/μ_y) · mean(xᵢ − R yᵢ)
//! Var R̂ ≈ (s_x² − 2 R̂ s_xy + R̂² s_y²) / (n ȳ²)              delta method
//! lᵢ = xᵢ − r₀ yᵢ                                            linearised: a mean of independent users
//! ```
//!
//! Impressions of one user resemble each other, so a binomial variance (the chi-squared test of clicks)
//! is too small, the more so the more impressions differ between users. One row per *user* here.
//!
//! # References
//! Deng, Knoblich & Lu (2018), *Applying the Delta Method in Metric Analytics*, section 2.2; Budylin,
//! Drutsa, Katsev & Tsoy (2018), *Consistent Transformation of Ratio Metrics*; Efron & Tibshirani (1993),
//! section 13.3.

use super::{
    AbTest, AbTestParams, NullDistribution, check_equal_lengths, check_group, check_open,
    mean_and_variance, z_quantile,
};
use crate::base::{Test, quantile_of_sorted, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};
use rand::Rng;
use rayon::prelude::*;

/// Replicates between two looks at whether the reader has interrupted.
const BLOCK: usize = 256;

/// A ratio of sums with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RatioEstimate {
    /// `Σ num / Σ den`.
    pub ratio: f64,
    /// Its standard error by the delta method; 0 if `num` is the same multiple of `den` for all users.
    pub std_error: f64,
}

impl RatioEstimate {
    /// `ratio ± z · std_error` at a confidence `level` in `(0, 1)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a bad level.
    ///
    /// ```
    /// use ndarray::array;
    /// let clicks = mlnotes::stats::ab::ratio_delta(array![1.0, 0.0, 3.0].view(), array![9.0, 5.0, 6.0].view())?;
    /// let (low, high) = clicks.ci(0.95)?;
    /// assert!((low + high - 2.0 * 0.2).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn ci(&self, level: f64) -> Result<(f64, f64)> {
        check_open("RatioEstimate::ci", "level", level)?;
        let half = z_quantile(f64::midpoint(1.0, level)) * self.std_error;
        Ok((self.ratio - half, self.ratio + half))
    }
}

/// The ratio `Σ num / Σ den` of sums over users, shapes `(n_users,)`, and its standard error by the delta
/// method: `√((s_x² − 2 R s_xy + R² s_y²)/n) / ȳ`.
///
/// # Errors
/// [`Error::Shape`], [`Error::EmptyGroup`], [`Error::TooFewSamples`], [`Error::NotFinite`],
/// [`Error::Negative`] for a denominator below 0, [`Error::Parameter`] when all are 0.
///
/// ```
/// use mlnotes::stats::ab::ratio_delta;
/// use ndarray::array;
/// // With all denominators 1 it is the mean and its usual standard error.
/// let mean = ratio_delta(array![1.0, 2.0, 3.0, 6.0].view(), array![1.0, 1.0, 1.0, 1.0].view())?;
/// assert!((mean.ratio - 3.0).abs() < 1e-12 && (mean.std_error - (14.0f64 / 12.0).sqrt()).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn ratio_delta(num: ArrayView1<f64>, den: ArrayView1<f64>) -> Result<RatioEstimate> {
    check_users("ratio_delta", "sample", num, den)?;
    Ok(delta(num, den))
}

/// Tests whether two groups have one ratio, each given as `(num, den)` per user: two-sided, with the 95 %
/// interval of the difference of ratios. Settings: [`AbTestParams::ratio_test`].
///
/// # Errors
/// As [`AbTestParams::ratio_test`].
///
/// ```
/// use mlnotes::stats::ab::{ratio_test, two_proportion_z};
/// use ndarray::Array1;
/// // Half of the users click always, the others never, ten impressions each: 200 users, not 2000 rows.
/// let clicks = |clickers: usize| Array1::from_shape_fn(200, |i| if i < clickers { 10.0 } else { 0.0 });
/// let (a, b, shown) = (clicks(110), clicks(95), Array1::from_elem(200, 10.0));
/// let by_user = ratio_test((a.view(), shown.view()), (b.view(), shown.view()))?;
/// let by_row = two_proportion_z(1100, 2000, 950, 2000, true)?;
/// assert!(by_user.p_value > 0.1 && by_row.p_value < 1e-5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn ratio_test(
    a: (ArrayView1<f64>, ArrayView1<f64>),
    b: (ArrayView1<f64>, ArrayView1<f64>),
) -> Result<Test> {
    AbTest::params().ratio_test(a, b)
}

impl AbTestParams {
    /// The z-test of two ratios by the delta method, with these settings; each group is `(num, den)` per
    /// user.
    ///
    /// # Errors
    /// As [`ratio_delta`], [`Error::ZeroVariance`] when neither ratio varies, [`Error::Parameter`] for a
    /// bad setting.
    ///
    /// ```
    /// use mlnotes::stats::ab::{AbTest, Alternative};
    /// use ndarray::array;
    /// let a = (array![5.0, 6.0, 9.0], array![10.0, 10.0, 20.0]);
    /// let b = (array![1.0, 2.0, 3.0], array![10.0, 12.0, 18.0]);
    /// let up = AbTest::params().alternative(Alternative::Greater);
    /// let test = up.ratio_test((a.0.view(), a.1.view()), (b.0.view(), b.1.view()))?;
    /// assert!((test.effect - 0.35).abs() < 1e-12 && test.p_value < 1e-6);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn ratio_test(
        &self,
        a: (ArrayView1<f64>, ArrayView1<f64>),
        b: (ArrayView1<f64>, ArrayView1<f64>),
    ) -> Result<Test> {
        const NAME: &str = "ratio_test";
        self.check(NAME)?;
        check_users(NAME, "first group", a.0, a.1)?;
        check_users(NAME, "second group", b.0, b.1)?;
        let (a, b) = (delta(a.0, a.1), delta(b.0, b.1));
        let std_error = a.std_error.hypot(b.std_error);
        if std_error <= 0.0 {
            return Err(Error::ZeroVariance { what: NAME, col: None, value: a.ratio });
        }
        Ok(self.outcome(a.ratio - b.ratio, std_error, &NullDistribution::Normal))
    }
}

/// `num − r0 · den`, shapes `(n_users,)`: one number per user, to which every method for means applies
/// (Welch, CUPED). With `r0` the ratio of the control group, a mean above the control's is a ratio above
/// the control's, and dividing by the mean denominator gives back the scale of the ratio.
///
/// # Errors
/// [`Error::Shape`], [`Error::EmptyGroup`], [`Error::NotFinite`], [`Error::Parameter`] for `r0` not finite.
///
/// ```
/// use mlnotes::stats::ab::{linearise, ratio_delta};
/// use ndarray::array;
/// let (num, den) = (array![1.0, 0.0, 3.0], array![9.0, 5.0, 6.0]);
/// let own = ratio_delta(num.view(), den.view())?;
/// let l = linearise(num.view(), den.view(), own.ratio)?;
/// assert!(l.sum().abs() < 1e-12);
/// // The delta method is the standard error of that mean.
/// let by_mean = (l.var(1.0) / 3.0).sqrt() / (20.0 / 3.0);
/// assert!((by_mean - own.std_error).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn linearise(num: ArrayView1<f64>, den: ArrayView1<f64>, r0: f64) -> Result<Array1<f64>> {
    check_equal_lengths("linearise: `den`", num.len(), den.len())?;
    if num.is_empty() {
        return Err(Error::EmptyGroup { what: "linearise", group: "sample".to_owned() });
    }
    crate::base::check_vector("linearise: `num`", num)?;
    crate::base::check_vector("linearise: `den`", den)?;
    if !r0.is_finite() {
        let got = r0.to_string();
        return Err(Error::Parameter { estimator: "linearise", name: "r0", rule: "finite", got });
    }
    Ok(&num - &(&den * r0))
}

/// Percentile bootstrap interval of `Σ num / Σ den` at `level`: whole users, shapes `(n_users,)`, are drawn
/// with replacement `reps` times.
///
/// # Errors
/// As [`ratio_delta`], [`Error::Parameter`] for a bad level, fewer than 100 `reps`, or denominators so rare
/// that a drawn sample has none.
///
/// ```
/// use mlnotes::stats::ab::{cluster_bootstrap_ci, ratio_delta};
/// use ndarray::Array1;
/// let shown = Array1::from_shape_fn(400, |i| 1.0 + (i % 7) as f64);
/// let clicks = Array1::from_shape_fn(400, |i| (i % 3) as f64);
/// let (low, high) = cluster_bootstrap_ci(clicks.view(), shown.view(), 2000, 0.95, 1)?;
/// let (low_delta, high_delta) = ratio_delta(clicks.view(), shown.view())?.ci(0.95)?;
/// assert!((low - low_delta).abs() < 0.005 && (high - high_delta).abs() < 0.005);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cluster_bootstrap_ci(
    num: ArrayView1<f64>,
    den: ArrayView1<f64>,
    reps: usize,
    level: f64,
    seed: u64,
) -> Result<(f64, f64)> {
    const NAME: &str = "cluster_bootstrap_ci";
    check_users(NAME, "sample", num, den)?;
    check_open(NAME, "level", level)?;
    if reps < 100 {
        let got = reps.to_string();
        return Err(Error::Parameter { estimator: NAME, name: "reps", rule: ">= 100", got });
    }
    let users: Vec<(f64, f64)> = num.iter().copied().zip(den.iter().copied()).collect();
    let mut ratios: Vec<f64> = Vec::with_capacity(reps);
    // A stream of its own for every replicate: the result does not depend on threads.
    for start in (0..reps).step_by(BLOCK) {
        check_interrupt();
        let block = start..(start + BLOCK).min(reps);
        ratios.par_extend(block.into_par_iter().map(|rep| resampled_ratio(&users, seed, rep)));
    }
    ratios.sort_by(f64::total_cmp);
    if ratios.iter().any(|r| !r.is_finite()) {
        let (rule, got) = ("above 0 for most users", "a drawn sample without any".to_owned());
        return Err(Error::Parameter { estimator: NAME, name: "den", rule, got });
    }
    let tail = (1.0 - level) / 2.0;
    Ok((quantile_of_sorted(&ratios, tail), quantile_of_sorted(&ratios, 1.0 - tail)))
}

fn resampled_ratio(users: &[(f64, f64)], seed: u64, rep: usize) -> f64 {
    let mut rng = stream(seed, rep);
    let (mut num, mut den) = (0.0, 0.0);
    for _ in 0..users.len() {
        let (x, y) = users[rng.random_range(0..users.len())];
        num += x;
        den += y;
    }
    num / den
}

fn delta(num: ArrayView1<f64>, den: ArrayView1<f64>) -> RatioEstimate {
    let ((mean_x, _), (mean_y, _)) = (mean_and_variance(num), mean_and_variance(den));
    let ratio = mean_x / mean_y;
    // Var(x − R y) at once: the three terms of the formula would cancel.
    let residuals = &num - &(&den * ratio);
    let variance = mean_and_variance(residuals.view()).1;
    RatioEstimate { ratio, std_error: (variance / num.len() as f64).sqrt() / mean_y }
}

fn check_users(
    estimator: &'static str,
    group: &str,
    num: ArrayView1<f64>,
    den: ArrayView1<f64>,
) -> Result<()> {
    check_equal_lengths(estimator, num.len(), den.len())?;
    check_group(estimator, group, num)?;
    check_group(estimator, group, den)?;
    if let Some((index, &value)) = den.iter().enumerate().find(|(_, d)| **d < 0.0) {
        return Err(Error::Negative { what: estimator, index, value });
    }
    if den.iter().all(|&d| d == 0.0) {
        let (rule, got) = ("above 0 for some user", format!("all 0 in the {group}"));
        return Err(Error::Parameter { estimator, name: "den", rule, got });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::covariance;
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_three_terms_are_the_variance_of_residuals(
            users in proptest::collection::vec((0.0..5.0, 0.5..9.0), 3..40),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = users.into_iter().unzip();
            let (x, y) = (Array1::from(x), Array1::from(y));
            let out = ratio_delta(x.view(), y.view()).unwrap();
            let (n, mean_y) = (x.len() as f64, y.mean().unwrap());
            let sxy = covariance(x.view(), y.view());
            let terms = x.var(1.0) - 2.0 * out.ratio * sxy + out.ratio.powi(2) * y.var(1.0);
            prop_assert!((out.std_error.powi(2) - terms / (n * mean_y * mean_y)).abs() < 1e-12);
            // The unit of a denominator does not matter.
            let scaled = ratio_delta(x.view(), (&y * 10.0).view()).unwrap();
            prop_assert!((scaled.std_error * 10.0 - out.std_error).abs() < 1e-12);
        }
    }

    #[test]
    fn the_bootstrap_is_reproducible_and_wider_at_a_higher_level() {
        let x = Array1::from_shape_fn(40, |i| (i % 5) as f64);
        let y = Array1::from_shape_fn(40, |i| 1.0 + (i % 7) as f64);
        let run = |level, seed| cluster_bootstrap_ci(x.view(), y.view(), 500, level, seed).unwrap();
        assert_eq!(run(0.9, 3), run(0.9, 3));
        assert_ne!(run(0.9, 3), run(0.9, 4));
        assert!(run(0.99, 3).0 <= run(0.5, 3).0 && run(0.99, 3).1 >= run(0.5, 3).1);
    }

    #[test]
    fn bad_users_are_named() {
        let good = array![1.0, 2.0];
        let said = |x: &Array1<f64>, y: &Array1<f64>| ratio_delta(x.view(), y.view()).unwrap_err();
        assert!(matches!(said(&good, &array![1.0]), Error::Shape { .. }));
        assert!(matches!(said(&array![], &array![]), Error::EmptyGroup { .. }));
        assert!(matches!(said(&array![1.0], &array![1.0]), Error::TooFewSamples { .. }));
        assert!(matches!(said(&good, &array![1.0, f64::NAN]), Error::NotFinite { row: 1, .. }));
        assert!(matches!(said(&good, &array![1.0, -1.0]), Error::Negative { index: 1, .. }));
        assert!(said(&good, &array![0.0, 0.0]).to_string().contains("above 0 for some user"));
        let same = (good.view(), good.view());
        assert!(matches!(ratio_test(same, same), Err(Error::ZeroVariance { .. })));
        let rare = array![0.0, 0.0, 0.0, 1.0];
        let bootstrap =
            |reps, level| cluster_bootstrap_ci(rare.view(), rare.view(), reps, level, 1);
        assert!(bootstrap(500, 0.95).unwrap_err().to_string().contains("without any"));
        assert!(bootstrap(99, 0.95).unwrap_err().to_string().contains("`reps`"));
        assert!(bootstrap(500, 1.0).unwrap_err().to_string().contains("`level`"));
        assert!(linearise(good.view(), array![1.0].view(), 0.5).is_err());
        assert!(linearise(good.view(), good.view(), f64::NAN).is_err());
        assert!(linearise(array![].view(), array![].view(), 0.5).is_err());
        assert!(ratio_delta(good.view(), good.view()).unwrap().ci(0.0).is_err());
    }
}
