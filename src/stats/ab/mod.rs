//! A/B tests: who gets what, what the difference is, how sure one may be, and how large to plan.
//!
//! | question | answer |
//! |---|---|
//! | which variant does a user get, and did the split hold | [`bucket`], [`assign`], [`srm_test`] |
//! | do two shares differ | [`two_proportion_z`], [`newcombe_interval`], [`chi2_contingency`] |
//! | do two means differ | [`welch_t`], [`z_test_means`], [`paired_t`], [`cuped`] |
//! | do two ratios of sums differ (clicks per impression) | [`ratio_delta`], [`ratio_test`], [`linearise`], [`cluster_bootstrap_ci`] |
//! | how many users, what can be seen with so many | [`PowerAnalysis`], [`sample_size_means`], [`power_curve`] |
//! | many metrics or variants | [`adjust_p`] |
//! | looking before the end | [`peeking_error_rate`], [`always_valid_p`], [`always_valid_ci`] |
//!
//! The plain functions test both sides at 95 %; [`AbTest::params`] chooses the side, the level and a null
//! effect other than 0. The effect is always *first group minus second*.
//!
//! A test rests on the unit that was randomised. Where users were, impressions are not independent rows:
//! use the ratio functions, with one number per user.
//!
//! # References
//! Kohavi, Tang & Xu (2020), *Trustworthy Online Controlled Experiments*.

mod assignment;
mod means;
mod multiple;
mod power;
mod proportions;
mod ratio;
mod sequential;

pub use assignment::{assign, bucket, srm_test};
pub use means::{Cuped, cuped, one_sample_t, paired_t, welch_t, z_test_means};
pub use multiple::{Correction, adjust_p};
pub use power::{
    PowerAnalysis, PowerParams, minimum_detectable_effect, power_curve, sample_size_means,
    sample_size_proportions,
};
pub use proportions::{
    ProportionInterval, chi2_contingency, newcombe_interval, proportion_interval, two_proportion_z,
};
pub use ratio::{RatioEstimate, cluster_bootstrap_ci, linearise, ratio_delta, ratio_test};
pub use sequential::{always_valid_ci, always_valid_p, peeking_error_rate};

use crate::base::{Test, check_vector, setters};
use crate::{Error, Result};
use ndarray::ArrayView1;
use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};

/// Steps for the quantile of Student's t; the worst case, 1 degree of freedom far out, takes some forty.
const MAX_NEWTON: usize = 200;

/// Which differences count against the null hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alternative {
    /// The effect is not the null effect.
    #[default]
    TwoSided,
    /// The effect is smaller; the interval has no lower end.
    Less,
    /// The effect is larger; the interval has no upper end.
    Greater,
}

/// Entry point: [`AbTest::params`].
#[derive(Debug, Clone, Copy)]
pub struct AbTest;

impl AbTest {
    /// Default settings: both sides, 95 %, no effect under the null hypothesis.
    ///
    /// ```
    /// use mlnotes::stats::ab::{AbTest, Alternative};
    /// // Not inferior: is the new page's rate less than 2 points below the old one's?
    /// let params = AbTest::params().alternative(Alternative::Greater).null(-0.02);
    /// let test = params.two_proportions(495, 5000, 500, 5000, false)?;
    /// assert!(test.rejects_at(0.05) && test.ci.is_some_and(|(low, _)| low > -0.02));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> AbTestParams {
        AbTestParams { alternative: Alternative::TwoSided, level: 0.95, null: 0.0 }
    }
}

/// Settings of a test of two groups.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `alternative` | `TwoSided` | | which differences count against the null hypothesis |
/// | `level` | 0.95 | `(0, 1)` | confidence level of the interval |
/// | `null` | 0 | finite | effect under the null hypothesis, in the units of the effect |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AbTestParams {
    alternative: Alternative,
    level: f64,
    null: f64,
}

impl AbTestParams {
    setters! {
        /// Sets which differences count against the null hypothesis.
        alternative: Alternative;
        /// Sets the confidence level of the interval.
        level: f64;
    }

    /// Sets the effect under the null hypothesis: a margin makes it a test of non-inferiority.
    #[must_use]
    pub fn null(mut self, effect: f64) -> Self {
        self.null = effect;
        self
    }

    fn check(&self, estimator: &'static str) -> Result<()> {
        check_open(estimator, "level", self.level)?;
        if self.null.is_finite() {
            return Ok(());
        }
        let got = self.null.to_string();
        Err(Error::Parameter { estimator, name: "null", rule: "finite", got })
    }

    /// `(effect − null) / std_error` against its null distribution, with the interval that inverts it.
    fn outcome(&self, effect: f64, std_error: f64, of: &NullDistribution) -> Test {
        let statistic = (effect - self.null) / std_error;
        let test = Test::new(statistic, self.p_value(statistic, of)).with_effect(effect);
        let (below, above) = self.margins(of);
        let test = test.with_ci(effect - below * std_error, effect + above * std_error);
        match of {
            NullDistribution::Normal => test,
            NullDistribution::StudentsT(t) => test.with_df(t.freedom()),
        }
    }

    fn p_value(&self, statistic: f64, of: &NullDistribution) -> f64 {
        match self.alternative {
            Alternative::TwoSided => (2.0 * of.sf(statistic.abs())).min(1.0),
            Alternative::Less => of.sf(-statistic),
            Alternative::Greater => of.sf(statistic),
        }
    }

    /// How many standard errors the interval reaches below and above the estimate.
    fn margins(&self, of: &NullDistribution) -> (f64, f64) {
        match self.alternative {
            Alternative::TwoSided => {
                let q = of.quantile(f64::midpoint(1.0, self.level));
                (q, q)
            }
            Alternative::Less => (f64::INFINITY, of.quantile(self.level)),
            Alternative::Greater => (of.quantile(self.level), f64::INFINITY),
        }
    }
}

/// What a standardised effect follows when the null hypothesis holds; both are symmetric about 0.
enum NullDistribution {
    Normal,
    StudentsT(StudentsT),
}

impl NullDistribution {
    /// Student's t; the normal in the limit of infinite degrees of freedom.
    fn t(df: f64) -> Self {
        StudentsT::new(0.0, 1.0, df).map_or(Self::Normal, Self::StudentsT)
    }

    fn sf(&self, x: f64) -> f64 {
        match self {
            Self::Normal => Normal::standard().sf(x),
            Self::StudentsT(t) => t.sf(x),
        }
    }

    fn quantile(&self, p: f64) -> f64 {
        match self {
            Self::Normal => Normal::standard().inverse_cdf(p),
            // `inverse_cdf` stops early at many degrees of freedom (1e-8 off at 10,000, then more), so
            // Newton's method goes on from the normal quantile: the tail is convex, the way is one-sided.
            Self::StudentsT(t) => {
                let tail = p.min(1.0 - p);
                let mut x = -Normal::standard().inverse_cdf(tail);
                for _ in 0..MAX_NEWTON {
                    let step = (t.sf(x) - tail) / t.pdf(x);
                    x += step;
                    if step <= 1e-13 * x {
                        break;
                    }
                }
                if p < 0.5 { -x } else { x }
            }
        }
    }
}

/// `z` with `Φ(z) = p`.
fn z_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

fn check_open(estimator: &'static str, name: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        return Ok(());
    }
    let got = value.to_string();
    Err(Error::Parameter { estimator, name, rule: "inside (0, 1)", got })
}

fn check_equal_lengths(what: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Shape { what, expected: format!("({expected},)"), got: format!("({got},)") })
}

/// Checks a group's values: at least two, all finite.
fn check_group(what: &'static str, group: &str, values: ArrayView1<f64>) -> Result<()> {
    if values.is_empty() {
        return Err(Error::EmptyGroup { what, group: group.to_owned() });
    }
    check_vector(what, values)?;
    if values.len() < 2 {
        return Err(Error::TooFewSamples { what, needed: 2, got: 1 });
    }
    Ok(())
}

/// Mean and variance (divisor `n − 1`); the variance of a constant is exactly 0.
fn mean_and_variance(values: ArrayView1<f64>) -> (f64, f64) {
    let first = values[0];
    #[expect(clippy::float_cmp, reason = "a constant is made of equal numbers")]
    if values.iter().all(|&v| v == first) {
        return (first, 0.0);
    }
    (values.mean().unwrap_or(first), values.var(1.0))
}

/// Covariance (divisor `n − 1`) of vectors of equal length.
fn covariance(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    let (mean_a, mean_b) = (a.mean().unwrap_or(0.0), b.mean().unwrap_or(0.0));
    let products = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b));
    products.sum::<f64>() / (a.len() as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn sides_add_up_and_intervals_invert_the_test() {
        let (a, b) = (array![5.1, 4.8, 6.0, 5.5, 5.9], array![4.9, 5.0, 4.1, 4.4]);
        let run = |side, null: f64, level: f64| {
            let params = AbTest::params().alternative(side).null(null).level(level);
            params.welch_t(a.view(), b.view()).unwrap()
        };
        let less = run(Alternative::Less, 0.0, 0.95).p_value;
        let greater = run(Alternative::Greater, 0.0, 0.95).p_value;
        let both = run(Alternative::TwoSided, 0.0, 0.95).p_value;
        assert!((less + greater - 1.0).abs() < 1e-14);
        assert!((both - 2.0 * less.min(greater)).abs() < 1e-14);
        // A null effect at the end of the interval is just rejected.
        for side in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
            let (low, high) = run(side, 0.0, 0.9).ci.unwrap();
            for end in [low, high].into_iter().filter(|end| end.is_finite()) {
                assert!((run(side, end, 0.9).p_value - 0.1).abs() < 1e-10, "{side:?}");
            }
        }
        assert!(run(Alternative::Less, 0.0, 0.9).ci.unwrap().0.is_infinite());
    }

    #[test]
    fn settings_are_checked() {
        let (a, b) = (array![1.0, 2.0], array![2.0, 4.0]);
        for level in [0.0, 1.0, -0.5, f64::NAN] {
            let error = AbTest::params().level(level).welch_t(a.view(), b.view()).unwrap_err();
            assert!(error.to_string().contains("`level` must be inside (0, 1)"), "{error}");
        }
        let error = AbTest::params().null(f64::NAN).welch_t(a.view(), b.view()).unwrap_err();
        assert!(error.to_string().contains("`null` must be finite"), "{error}");
    }

    #[test]
    fn quantiles_of_t_invert_its_tail() {
        for df in [1.0, 1.5, 2.0, 7.3, 50.0, 1e4, 1e6] {
            let t = NullDistribution::t(df);
            for p in [0.5, 0.51, 0.8, 0.975, 0.999, 1.0 - 1e-6] {
                let x = t.quantile(p);
                assert!((t.sf(x) / (1.0 - p) - 1.0).abs() < 1e-7, "{df} {p} {x}");
                assert!((t.quantile(1.0 - p) + x).abs() < 1e-9 * x.abs().max(1.0), "{df} {p}");
            }
        }
        // One degree of freedom is Cauchy's law.
        let exact = (std::f64::consts::PI * 0.499_999).tan();
        assert!((NullDistribution::t(1.0).quantile(0.999_999) / exact - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_constant_has_no_variance_at_all() {
        assert!(mean_and_variance(array![0.1, 0.1, 0.1].view()).1 == 0.0);
    }
}
