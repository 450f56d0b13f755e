//! Shares of independent units: z-test, score intervals, chi-squared test of a table.
//!
//! ```text
//! z = (p̂₁ − p̂₂) / se,   pooled:   se² = p̄ (1 − p̄) (1/n₁ + 1/n₂),   p̄ = (x₁ + x₂)/(n₁ + n₂)
//!                        unpooled: se² = p̂₁ (1 − p̂₁)/n₁ + p̂₂ (1 − p̂₂)/n₂
//! χ² = Σ (O − E)²/E,   Eᵢⱼ = rowᵢ colⱼ / n;   on a 2 × 2 table  χ² = z²  (pooled)
//! Wilson: all p with |p̂ − p| ≤ z √(p (1 − p)/n)
//! ```
//!
//! Pooling uses what the null hypothesis says, that both groups have one rate; it belongs to the test. An
//! interval must hold for other differences too, so it does not pool. Wald's interval `p̂ ± z se` collapses
//! to a point at 0 of n; Wilson's does not.
//!
//! # References
//! Pearson (1900); Wilson (1927); Yates (1934); Clopper & Pearson (1934); Newcombe (1998), *Interval
//! estimation for the difference between independent proportions*, method 10; Brown, Cai & `DasGupta` (2001).

use super::assignment::chi2_sf;
use super::{AbTest, AbTestParams, Alternative, NullDistribution, check_open, z_quantile};
use crate::base::{Test, check_matrix, views};
use crate::{Error, Result};
use ndarray::{ArrayView2, Axis};
use statrs::distribution::{Beta, ContinuousCDF};

/// Tests whether `x1` of `n1` and `x2` of `n2` are the same rate: two-sided, with the 95 % interval of the
/// difference of rates. Settings: [`AbTestParams::two_proportions`].
///
/// # Errors
/// As [`AbTestParams::two_proportions`].
///
/// ```
/// // Thornton (2008): 1745 of 2211 with a voucher learned the result of their HIV test, 211 of 623 without.
/// let test = mlnotes::stats::ab::two_proportion_z(1745, 2211, 211, 623, true)?;
/// assert!((test.effect - 0.4506).abs() < 1e-4 && test.p_value < 1e-90);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn two_proportion_z(x1: u64, n1: u64, x2: u64, n2: u64, pooled: bool) -> Result<Test> {
    AbTest::params().two_proportions(x1, n1, x2, n2, pooled)
}

impl AbTestParams {
    /// The z-test of two rates, with these settings. Pooled it is the score test, beside which stands
    /// Newcombe's score interval; unpooled it is Wald's test and stands beside the interval that inverts it.
    ///
    /// # Errors
    /// [`Error::EmptyGroup`] for `n = 0`, [`Error::ZeroVariance`] where the standard error is 0 (nobody or
    /// everybody in both groups), [`Error::Parameter`] for `x > n`, for a bad setting, and for pooling with
    /// a null effect other than 0, under which the two rates are not one.
    ///
    /// ```
    /// use mlnotes::stats::ab::AbTest;
    /// let test = AbTest::params().level(0.9).two_proportions(30, 100, 20, 100, false)?;
    /// assert!((test.effect - 0.1).abs() < 1e-12 && test.ci.is_some_and(|(low, _)| low < 0.0));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn two_proportions(
        &self,
        x1: u64,
        n1: u64,
        x2: u64,
        n2: u64,
        pooled: bool,
    ) -> Result<Test> {
        const NAME: &str = "two_proportion_z";
        self.check(NAME)?;
        check_share(NAME, "first group", x1, n1)?;
        check_share(NAME, "second group", x2, n2)?;
        if pooled && self.null != 0.0 {
            let got = self.null.to_string();
            let rule = "0 when pooled; pass `false` for `pooled`";
            return Err(Error::Parameter { estimator: NAME, name: "null", rule, got });
        }
        let (one, two) = (n1 as f64, n2 as f64);
        let (p1, p2) = (x1 as f64 / one, x2 as f64 / two);
        let variance = if pooled {
            let p = (x1 + x2) as f64 / (one + two);
            p * (1.0 - p) * (1.0 / one + 1.0 / two)
        } else {
            p1 * (1.0 - p1) / one + p2 * (1.0 - p2) / two
        };
        if variance <= 0.0 {
            return Err(Error::ZeroVariance { what: NAME, col: None, value: p1 });
        }
        let normal = NullDistribution::Normal;
        let test = self.outcome(p1 - p2, variance.sqrt(), &normal);
        if !pooled {
            return Ok(test);
        }
        let (below, above) = self.margins(&normal);
        let q = below.min(above);
        let (low, high) = newcombe([(p1, one), (p2, two)], q);
        Ok(match self.alternative {
            Alternative::TwoSided => test.with_ci(low, high),
            Alternative::Less => test.with_ci(f64::NEG_INFINITY, high),
            Alternative::Greater => test.with_ci(low, f64::INFINITY),
        })
    }
}

/// How to build the interval of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProportionInterval {
    /// The rates that the score test does not reject; good coverage at any `n`.
    #[default]
    Wilson,
    /// `p̂ ± z √(p̂ (1 − p̂)/n)`: too short near 0 and 1, a point at 0 of `n`.
    Wald,
    /// Wald's after adding `z²/2` successes and as many failures; may leave `[0, 1]`, then it is clipped.
    AgrestiCoull,
    /// The rates that the exact binomial test does not reject: never covers less than `level`, mostly more.
    ClopperPearson,
}

/// Confidence interval, at `level` in `(0, 1)`, of the rate behind `x` successes of `n`.
///
/// # Errors
/// [`Error::EmptyGroup`] for `n = 0`, [`Error::Parameter`] for `x > n` or a bad level.
///
/// ```
/// use mlnotes::stats::ab::{ProportionInterval, proportion_interval};
/// // No click in 100 impressions. Wald is certain that there never will be one.
/// assert_eq!(proportion_interval(0, 100, 0.95, ProportionInterval::Wald)?, (0.0, 0.0));
/// let (low, high) = proportion_interval(0, 100, 0.95, ProportionInterval::Wilson)?;
/// assert!(low == 0.0 && (high - 0.0370).abs() < 1e-4);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn proportion_interval(
    x: u64,
    n: u64,
    level: f64,
    method: ProportionInterval,
) -> Result<(f64, f64)> {
    const NAME: &str = "proportion_interval";
    check_share(NAME, "sample", x, n)?;
    check_open(NAME, "level", level)?;
    let (successes, size) = (x as f64, n as f64);
    let (p, z) = (successes / size, z_quantile(f64::midpoint(1.0, level)));
    Ok(match method {
        ProportionInterval::Wilson => wilson(p, size, z),
        ProportionInterval::Wald => wald(p, size, z),
        ProportionInterval::AgrestiCoull => {
            let size = size + z * z;
            wald((successes + z * z / 2.0) / size, size, z)
        }
        ProportionInterval::ClopperPearson => {
            let tail = (1.0 - level) / 2.0;
            let beta = |a: f64, b: f64, p: f64| {
                Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(p))
            };
            let low = if x == 0 { 0.0 } else { beta(successes, size - successes + 1.0, tail) };
            let high =
                if x == n { 1.0 } else { beta(successes + 1.0, size - successes, 1.0 - tail) };
            (low, high)
        }
    })
}

/// Newcombe's interval, at `level` in `(0, 1)`, of the difference of rates `x1/n1 − x2/n2`: the Wilson
/// limits of each rate, put together by Pythagoras.
///
/// # Errors
/// [`Error::EmptyGroup`], [`Error::Parameter`] for `x > n` or a bad level.
///
/// ```
/// // Newcombe (1998), table II, example (a): 56 of 70 against 48 of 80.
/// let (low, high) = mlnotes::stats::ab::newcombe_interval(56, 70, 48, 80, 0.95)?;
/// assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn newcombe_interval(x1: u64, n1: u64, x2: u64, n2: u64, level: f64) -> Result<(f64, f64)> {
    const NAME: &str = "newcombe_interval";
    check_share(NAME, "first group", x1, n1)?;
    check_share(NAME, "second group", x2, n2)?;
    check_open(NAME, "level", level)?;
    let (one, two) = (n1 as f64, n2 as f64);
    let z = z_quantile(f64::midpoint(1.0, level));
    Ok(newcombe([(x1 as f64 / one, one), (x2 as f64 / two, two)], z))
}

/// Pearson's chi-squared test that rows and columns of `counts`, shape `(n_rows, n_columns)`, are
/// independent. `correction` asks for Yates's, which moves every count of a 2 × 2 table by up to half
/// towards its expectation; larger tables have none. The effect is Cramér's `V = √(χ²/(n (k − 1)))`, of
/// the uncorrected statistic, `k` the smaller side: 0 for independence, 1 for one-to-one.
///
/// # Errors
/// [`Error::Shape`] for fewer than two rows or columns, [`Error::NotFinite`], [`Error::Negative`],
/// [`Error::EmptyGroup`] for a row or column that sums to 0.
///
/// ```
/// use mlnotes::stats::ab::{chi2_contingency, two_proportion_z};
/// let counts = ndarray::array![[30.0, 70.0], [20.0, 80.0]];
/// let chi2 = chi2_contingency(counts.view(), false)?;
/// let z = two_proportion_z(30, 100, 20, 100, true)?;
/// assert!((chi2.statistic - z.statistic.powi(2)).abs() < 1e-12);
/// assert!((chi2.p_value - z.p_value).abs() < 1e-10);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn chi2_contingency(counts: ArrayView2<f64>, correction: bool) -> Result<Test> {
    const WHAT: &str = "chi2_contingency: `counts`";
    let (n_rows, n_columns) = counts.dim();
    if n_rows < 2 || n_columns < 2 {
        let got = format!("({n_rows}, {n_columns})");
        let expected = "(2 or more, 2 or more)".to_owned();
        return Err(Error::Shape { what: WHAT, expected, got });
    }
    check_matrix(WHAT, counts)?;
    if let Some((index, &value)) = counts.iter().enumerate().find(|(_, c)| **c < 0.0) {
        return Err(Error::Negative { what: WHAT, index, value });
    }
    let (rows, columns) = (counts.sum_axis(Axis(1)), counts.sum_axis(Axis(0)));
    for (side, sums) in [("row", &rows), ("column", &columns)] {
        if let Some(i) = sums.iter().position(|&sum| sum <= 0.0) {
            return Err(Error::EmptyGroup { what: WHAT, group: format!("{side} {i}") });
        }
    }
    let n = rows.sum();
    let df = (n_rows as f64 - 1.0) * (n_columns as f64 - 1.0);
    let half = if correction && n_rows == 2 && n_columns == 2 { 0.5 } else { 0.0 };
    let (mut chi2, mut plain) = (0.0, 0.0);
    for ((i, j), &observed) in counts.indexed_iter() {
        let expected = rows[i] * columns[j] / n;
        let distance = (observed - expected).abs();
        chi2 += (distance - distance.min(half)).powi(2) / expected;
        plain += distance * distance / expected;
    }
    let smaller = n_rows.min(n_columns) as f64 - 1.0;
    let v = (plain / (n * smaller)).sqrt();
    Ok(Test::new(chi2, chi2_sf(chi2, df)).with_df(df).with_effect(v))
}

fn wald(p: f64, n: f64, z: f64) -> (f64, f64) {
    let half = z * (p * (1.0 - p) / n).sqrt();
    ((p - half).max(0.0), (p + half).min(1.0))
}

/// The roots in `p` of `(p̂ − p)² = z² p (1 − p)/n`. At `p̂ = 0` and `1` one of them is `p̂` itself; it is set,
/// as rounding would leave a hair.
#[expect(clippy::float_cmp, reason = "0/n and n/n are exact")]
fn wilson(p: f64, n: f64, z: f64) -> (f64, f64) {
    let z2 = z * z / n;
    let centre = (p + z2 / 2.0) / (1.0 + z2);
    let half = (z2 * (p * (1.0 - p) + z2 / 4.0)).sqrt() / (1.0 + z2);
    let low = if p == 0.0 { 0.0 } else { centre - half };
    let high = if p == 1.0 { 1.0 } else { centre + half };
    (low, high)
}

/// Newcombe's interval from two `(p̂, n)`.
fn newcombe([(p1, n1), (p2, n2)]: [(f64, f64); 2], z: f64) -> (f64, f64) {
    let ((low1, high1), (low2, high2)) = (wilson(p1, n1, z), wilson(p2, n2, z));
    let effect = p1 - p2;
    (effect - (p1 - low1).hypot(high2 - p2), effect + (high1 - p1).hypot(p2 - low2))
}

fn check_share(estimator: &'static str, group: &str, x: u64, n: u64) -> Result<()> {
    if n == 0 {
        return Err(Error::EmptyGroup { what: estimator, group: group.to_owned() });
    }
    if x > n {
        let got = format!("{x} of {n} in the {group}");
        return Err(Error::Parameter { estimator, name: "x", rule: "at most n", got });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;
    use statrs::distribution::{Binomial, Discrete};

    proptest! {
        #[test]
        fn chi_squared_is_z_squared(
            x1 in 1u64..50, x2 in 1u64..50, f1 in 1u64..50, f2 in 1u64..50,
        ) {
            let table = array![[x1 as f64, f1 as f64], [x2 as f64, f2 as f64]];
            let chi2 = chi2_contingency(table.view(), false).unwrap();
            let z = two_proportion_z(x1, x1 + f1, x2, x2 + f2, true).unwrap();
            prop_assert!((chi2.statistic - z.statistic.powi(2)).abs() < 1e-10);
            // The error function and the incomplete gamma function agree to eleven digits.
            prop_assert!((chi2.p_value - z.p_value).abs() < 1e-10, "{} {}", chi2.p_value, z.p_value);
            prop_assert!((chi2.effect - chi2.statistic.sqrt() / table.sum().sqrt()).abs() < 1e-12);
            let yates = chi2_contingency(table.view(), true).unwrap();
            prop_assert!(yates.statistic <= chi2.statistic + 1e-12);
        }

        #[test]
        fn wilson_inverts_the_score_test(x in 0u64..40, more in 1u64..40) {
            let n = x + more;
            let (low, high) = proportion_interval(x, n, 0.95, ProportionInterval::Wilson).unwrap();
            let (p, size) = (x as f64 / n as f64, n as f64);
            let z = |q: f64| (p - q) / (q * (1.0 - q) / size).sqrt();
            prop_assert!(x == 0 || (z(low) - 1.959_963_984_540_054).abs() < 1e-8);
            prop_assert!((z(high) + 1.959_963_984_540_054).abs() < 1e-8);
        }
    }

    /// The chance that an interval holds the truth, summed over all outcomes.
    fn coverage(n: u64, p: f64, method: ProportionInterval) -> f64 {
        let binomial = Binomial::new(p, n).unwrap();
        let covers = |x: &u64| {
            let (low, high) = proportion_interval(*x, n, 0.95, method).unwrap();
            low <= p && p <= high
        };
        (0..=n).filter(covers).map(|x| binomial.pmf(x)).sum()
    }

    #[test]
    fn coverage_is_what_the_docs_say() {
        let rates = [0.02, 0.05, 0.1, 0.3, 0.5];
        let least = |method| rates.map(|p| coverage(50, p, method)).into_iter().fold(1.0, f64::min);
        assert!(least(ProportionInterval::ClopperPearson) >= 0.95);
        assert!(least(ProportionInterval::Wilson) > 0.91);
        assert!(least(ProportionInterval::AgrestiCoull) > 0.93);
        assert!(least(ProportionInterval::Wald) < 0.7);
    }

    #[test]
    fn bad_counts_are_named() {
        let said = |x1, n1, x2, n2| two_proportion_z(x1, n1, x2, n2, true).unwrap_err().to_string();
        assert!(said(1, 0, 1, 2).contains("first group is empty"));
        assert!(said(1, 2, 0, 0).contains("second group is empty"));
        assert!(said(3, 2, 1, 2).contains("3 of 2 in the first group"));
        assert!(said(0, 10, 0, 20).contains("variance is zero"));
        assert!(said(10, 10, 20, 20).contains("variance is zero"));
        let error = two_proportion_z(0, 5, 5, 5, false).unwrap_err();
        assert!(matches!(error, Error::ZeroVariance { .. }));
        let error = AbTest::params().null(0.1).two_proportions(1, 5, 2, 5, true).unwrap_err();
        assert!(error.to_string().contains("pass `false`"), "{error}");
        assert!(newcombe_interval(1, 2, 3, 2, 0.95).is_err());
        assert!(newcombe_interval(1, 2, 1, 2, 1.0).is_err());
        assert!(proportion_interval(1, 2, f64::NAN, ProportionInterval::Wilson).is_err());
        let table = |t: ndarray::Array2<f64>| chi2_contingency(t.view(), true).unwrap_err();
        assert!(matches!(table(array![[1.0, 2.0]]), Error::Shape { .. }));
        assert!(matches!(table(array![[1.0, -2.0], [1.0, 1.0]]), Error::Negative { index: 1, .. }));
        assert!(matches!(table(array![[1.0, f64::NAN], [1.0, 1.0]]), Error::NotFinite { .. }));
        assert!(table(array![[1.0, 0.0], [1.0, 0.0]]).to_string().contains("column 1 is empty"));
        assert!(table(array![[0.0, 0.0], [1.0, 3.0]]).to_string().contains("row 0 is empty"));
    }
}
