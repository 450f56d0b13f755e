//! Differences of means: Welch's t, z, one sample, pairs; CUPED, which lowers the variance before.
//!
//! ```text
//! effect = x̄ₐ − x̄ᵦ,   se² = sₐ²/nₐ + sᵦ²/nᵦ,   T = (effect − null) / se
//! Welch: T ~ t(ν),  ν = se⁴ / ( (sₐ²/nₐ)²/(nₐ−1) + (sᵦ²/nᵦ)²/(nᵦ−1) )        z: T ~ N(0, 1)
//! CUPED: ỹᵢ = yᵢ − θ (cᵢ − c̄),  θ = cov(y, c)/var(c),  var ỹ = (1 − ρ²) var y
//! ```
//!
//! The t-test is exact for normal populations of any size; for others it leans on the central limit
//! theorem as the z-test does. Welch's needs no equal variances, so nothing is gained by testing them
//! first. The covariate `c` of CUPED must be from *before* the assignment: one that the treatment can move
//! takes away part of the effect.
//!
//! # References
//! Welch (1947); Deng, Xu, Kohavi & Walker (2013), *Improving the Sensitivity of Online Controlled
//! Experiments by Utilizing Pre-Experiment Data*, section 3.

use super::{
    AbTest, AbTestParams, NullDistribution, check_equal_lengths, check_group, covariance,
    mean_and_variance,
};
use crate::base::{Test, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// Welch's t-test of the means of `a`, shape `(n_a,)`, and `b`, shape `(n_b,)`: two-sided, with the 95 %
/// interval of `mean(a) − mean(b)`. Settings: [`AbTestParams::welch_t`].
///
/// # Errors
/// As [`AbTestParams::welch_t`].
///
/// ```
/// use mlnotes::stats::ab::welch_t;
/// use ndarray::array;
/// let test = welch_t(array![3.0, 4.0, 5.0].view(), array![1.0, 2.0, 3.0].view())?;
/// assert!((test.effect - 2.0).abs() < 1e-12 && (test.statistic - 6.0f64.sqrt()).abs() < 1e-12);
/// assert!((test.df.unwrap_or(0.0) - 4.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn welch_t(a: ArrayView1<f64>, b: ArrayView1<f64>) -> Result<Test> {
    AbTest::params().welch_t(a, b)
}

/// The z-test of two means, as [`welch_t`] with the normal distribution in place of Student's: for large
/// groups only.
///
/// # Errors
/// As [`AbTestParams::welch_t`].
///
/// ```
/// use mlnotes::stats::ab::{welch_t, z_test_means};
/// let a = ndarray::Array1::linspace(0.0, 1.0, 500);
/// let b = &a + 0.05;
/// let (z, t) = (z_test_means(a.view(), b.view())?, welch_t(a.view(), b.view())?);
/// assert_eq!(z.statistic, t.statistic);
/// assert!(z.p_value < t.p_value && t.p_value - z.p_value < 1e-3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn z_test_means(a: ArrayView1<f64>, b: ArrayView1<f64>) -> Result<Test> {
    AbTest::params().z_means(a, b)
}

/// Student's t-test that `values`, shape `(n,)`, have the mean `mean0`; effect and interval are those of
/// the mean itself.
///
/// # Errors
/// As [`AbTestParams::one_sample_t`].
///
/// ```
/// use mlnotes::stats::ab::one_sample_t;
/// let test = one_sample_t(ndarray::array![9.0, 10.0, 11.0, 14.0].view(), 9.0)?;
/// assert!((test.effect - 11.0).abs() < 1e-12 && test.df == Some(3.0));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn one_sample_t(values: ArrayView1<f64>, mean0: f64) -> Result<Test> {
    AbTest::params().null(mean0).one_sample_t(values)
}

/// Student's t-test of pairs, shapes `(n,)`: the one-sample test of `a − b`. What two measurements of one
/// unit share cancels.
///
/// # Errors
/// As [`AbTestParams::paired_t`].
///
/// ```
/// use mlnotes::stats::ab::{paired_t, welch_t};
/// use ndarray::array;
/// let (before, after) = (array![10.0, 20.0, 30.0], array![11.0, 21.5, 30.5]);
/// let paired = paired_t(after.view(), before.view())?;
/// assert!(paired.p_value < 0.1 && welch_t(after.view(), before.view())?.p_value > 0.9);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn paired_t(a: ArrayView1<f64>, b: ArrayView1<f64>) -> Result<Test> {
    AbTest::params().paired_t(a, b)
}

impl AbTestParams {
    /// Welch's t-test of the means of `a` and `b`, with these settings.
    ///
    /// # Errors
    /// [`Error::EmptyGroup`], [`Error::TooFewSamples`] for a group of one, [`Error::NotFinite`],
    /// [`Error::ZeroVariance`] when both groups are constant, [`Error::Parameter`] for a bad setting.
    ///
    /// ```
    /// use mlnotes::stats::ab::{AbTest, Alternative};
    /// use ndarray::array;
    /// let up = AbTest::params().alternative(Alternative::Greater);
    /// let test = up.welch_t(array![3.0, 4.0, 5.0].view(), array![1.0, 2.0, 3.0].view())?;
    /// assert!(test.p_value < 0.05 && test.ci.is_some_and(|(low, high)| low > 0.0 && high.is_infinite()));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn welch_t(&self, a: ArrayView1<f64>, b: ArrayView1<f64>) -> Result<Test> {
        let pair = self.compare("welch_t", a, b)?;
        let [va, vb] = pair.variances;
        let df = (va + vb).powi(2)
            / (va * va / (a.len() as f64 - 1.0) + vb * vb / (b.len() as f64 - 1.0));
        Ok(self.outcome(pair.effect, (va + vb).sqrt(), &NullDistribution::t(df)))
    }

    /// The z-test of the means of `a` and `b`, with these settings.
    ///
    /// # Errors
    /// As [`AbTestParams::welch_t`].
    ///
    /// ```
    /// use mlnotes::stats::ab::AbTest;
    /// use ndarray::array;
    /// let test = AbTest::params().level(0.9).z_means(array![3.0, 5.0].view(), array![1.0, 3.0].view())?;
    /// assert!((test.statistic - 2.0f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn z_means(&self, a: ArrayView1<f64>, b: ArrayView1<f64>) -> Result<Test> {
        let pair = self.compare("z_test_means", a, b)?;
        let std_error = pair.variances.iter().sum::<f64>().sqrt();
        Ok(self.outcome(pair.effect, std_error, &NullDistribution::Normal))
    }

    /// Student's t-test that `values` have the mean that [`AbTestParams::null`] set.
    ///
    /// # Errors
    /// As [`AbTestParams::welch_t`].
    ///
    /// ```
    /// use mlnotes::stats::ab::{AbTest, Alternative};
    /// let less = AbTest::params().alternative(Alternative::Less).null(5.0);
    /// assert!(less.one_sample_t(ndarray::array![1.0, 2.0, 3.0].view())?.p_value < 0.05);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn one_sample_t(&self, values: ArrayView1<f64>) -> Result<Test> {
        self.check("one_sample_t")?;
        self.student("one_sample_t: `values`", values)
    }

    /// Student's t-test of the differences `a − b` of pairs.
    ///
    /// # Errors
    /// As [`AbTestParams::welch_t`], and [`Error::Shape`] for lengths that differ.
    ///
    /// ```
    /// use mlnotes::stats::ab::AbTest;
    /// use ndarray::array;
    /// let test = AbTest::params().null(1.0).paired_t(array![2.0, 4.0].view(), array![0.0, 0.0].view())?;
    /// assert!((test.effect - 3.0).abs() < 1e-12 && (test.statistic - 2.0).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn paired_t(&self, a: ArrayView1<f64>, b: ArrayView1<f64>) -> Result<Test> {
        self.check("paired_t")?;
        check_equal_lengths("paired_t: `b`", a.len(), b.len())?;
        check_group("paired_t: `a`", "list of pairs", a)?;
        check_group("paired_t: `b`", "list of pairs", b)?;
        self.student("paired_t: `a - b`", (&a - &b).view())
    }

    /// Welch's t-test of `y` after CUPED, each group given as `(y, pre)`. One `θ` serves both groups; it
    /// comes from the covariances *within* the groups, so that the effect does not leak into it.
    ///
    /// # Errors
    /// As [`AbTestParams::welch_t`], [`Error::Shape`] for lengths that differ, [`Error::ZeroVariance`] when
    /// `pre` is constant in both groups.
    ///
    /// ```
    /// use mlnotes::stats::ab::{AbTest, welch_t};
    /// use ndarray::array;
    /// let (pre_a, pre_b) = (array![1.0, 5.0, 9.0, 13.0], array![2.0, 6.0, 8.0, 12.0]);
    /// let (y_a, y_b) = (&pre_a + &array![1.1, 0.9, 1.0, 1.2], pre_b.clone() + array![0.1, -0.1, 0.0, 0.1]);
    /// let plain = welch_t(y_a.view(), y_b.view())?;
    /// let cuped = AbTest::params().cuped_test((y_a.view(), pre_a.view()), (y_b.view(), pre_b.view()))?;
    /// assert!(plain.p_value > 0.5 && cuped.p_value < 0.01);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn cuped_test(
        &self,
        a: (ArrayView1<f64>, ArrayView1<f64>),
        b: (ArrayView1<f64>, ArrayView1<f64>),
    ) -> Result<Test> {
        for (group, y, pre) in
            [("first group", a.0.view(), a.1.view()), ("second group", b.0.view(), b.1.view())]
        {
            check_equal_lengths("AbTest::cuped_test: the covariate", y.len(), pre.len())?;
            check_group("AbTest::cuped_test: the outcome", group, y)?;
            check_group("AbTest::cuped_test: the covariate", group, pre)?;
        }
        let (weight_a, weight_b) = (a.0.len() as f64 - 1.0, b.0.len() as f64 - 1.0);
        let var_pre = weight_a * mean_and_variance(a.1).1 + weight_b * mean_and_variance(b.1).1;
        if var_pre <= 0.0 {
            return Err(Error::ZeroVariance {
                what: "AbTest::cuped_test: the covariate",
                col: None,
                value: a.1[0],
            });
        }
        let theta = (weight_a * covariance(a.0, a.1) + weight_b * covariance(b.0, b.1)) / var_pre;
        // Any centre of `pre` gives the same difference, as long as it is one for both groups.
        let (a, b) = (&a.0 - &(&a.1 * theta), &b.0 - &(&b.1 * theta));
        self.welch_t(a.view(), b.view())
    }

    fn student(&self, what: &'static str, values: ArrayView1<f64>) -> Result<Test> {
        check_group(what, "sample", values)?;
        let (mean, variance) = mean_and_variance(values);
        if variance <= 0.0 {
            return Err(Error::ZeroVariance { what, col: None, value: mean });
        }
        let n = values.len() as f64;
        Ok(self.outcome(mean, (variance / n).sqrt(), &NullDistribution::t(n - 1.0)))
    }

    fn compare(
        &self,
        estimator: &'static str,
        a: ArrayView1<f64>,
        b: ArrayView1<f64>,
    ) -> Result<Pair> {
        self.check(estimator)?;
        check_group(estimator, "first group", a)?;
        check_group(estimator, "second group", b)?;
        let ((mean_a, var_a), (mean_b, var_b)) = (mean_and_variance(a), mean_and_variance(b));
        if var_a <= 0.0 && var_b <= 0.0 {
            return Err(Error::ZeroVariance { what: estimator, col: None, value: mean_a });
        }
        let variances = [var_a / a.len() as f64, var_b / b.len() as f64];
        Ok(Pair { effect: mean_a - mean_b, variances })
    }
}

/// Difference of two means, and the variance of each mean.
struct Pair {
    effect: f64,
    variances: [f64; 2],
}

/// Outcomes adjusted by what was known before.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Cuped {
    /// `yᵢ − θ (preᵢ − mean(pre))`, shape `(n,)`; its mean is that of `y`.
    pub adjusted: Array1<f64>,
    /// The slope `cov(y, pre) / var(pre)`.
    pub theta: f64,
    /// `var(adjusted) / var(y) = 1 − ρ²`: the share of the users that the same precision now needs.
    pub variance_ratio: f64,
}

/// Takes out of `y`, shape `(n,)`, what the covariate `pre` of before the experiment, same shape, foretells.
/// Give all users at once, then split by group; to test at once, see [`AbTestParams::cuped_test`].
///
/// # Errors
/// [`Error::EmptyGroup`], [`Error::TooFewSamples`], [`Error::Shape`], [`Error::NotFinite`],
/// [`Error::ZeroVariance`] for a constant `y` or `pre`.
///
/// ```
/// use mlnotes::stats::ab::cuped;
/// use ndarray::array;
/// let (pre, y) = (array![1.0, 2.0, 3.0, 4.0], array![2.0, 1.0, 4.0, 3.0]);
/// let out = cuped(y.view(), pre.view())?;
/// // The correlation is 0.6.
/// assert!((out.theta - 0.6).abs() < 1e-12 && (out.variance_ratio - 0.64).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cuped(y: ArrayView1<f64>, pre: ArrayView1<f64>) -> Result<Cuped> {
    check_equal_lengths("cuped: `pre`", y.len(), pre.len())?;
    check_group("cuped: `y`", "list of users", y)?;
    check_group("cuped: `pre`", "list of users", pre)?;
    let ((_, var_y), (mean_pre, var_pre)) = (mean_and_variance(y), mean_and_variance(pre));
    for (what, variance, value) in [("cuped: `y`", var_y, y[0]), ("cuped: `pre`", var_pre, pre[0])]
    {
        if variance <= 0.0 {
            return Err(Error::ZeroVariance { what, col: None, value });
        }
    }
    let theta = covariance(y, pre) / var_pre;
    let adjusted = &y - &((&pre - mean_pre) * theta);
    let variance_ratio = mean_and_variance(adjusted.view()).1 / var_y;
    Ok(Cuped { adjusted, theta, variance_ratio })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_laws_hold(
            a in proptest::collection::vec(-5.0..5.0, 3..20),
            b in proptest::collection::vec(-5.0..5.0, 3..20),
            shift in -3.0..3.0f64,
        ) {
            let (a, b) = (Array1::from(a), Array1::from(b));
            let test = welch_t(a.view(), b.view()).unwrap();
            let swapped = welch_t(b.view(), a.view()).unwrap();
            prop_assert!((test.statistic + swapped.statistic).abs() < 1e-9);
            prop_assert!((test.p_value - swapped.p_value).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&test.p_value));
            // df lies between the smaller group's and the pooled test's.
            let (na, nb) = (a.len() as f64, b.len() as f64);
            let df = test.df.unwrap();
            prop_assert!(df > na.min(nb) - 1.0 - 1e-9 && df < na + nb - 2.0 + 1e-9);
            // Shifting a by s is shifting the null by -s.
            let shifted = welch_t(a.mapv(|v| v + shift).view(), b.view()).unwrap();
            let null = AbTest::params().null(-shift).welch_t(a.view(), b.view()).unwrap();
            prop_assert!((shifted.statistic - null.statistic).abs() < 1e-8);
        }

        #[test]
        fn cuped_leaves_one_minus_rho_squared(
            pairs in proptest::collection::vec((-5.0..5.0, -5.0..5.0), 5..40),
        ) {
            let (y, pre): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let (y, pre) = (Array1::from(y), Array1::from(pre));
            let out = cuped(y.view(), pre.view()).unwrap();
            let rho2 = covariance(y.view(), pre.view()).powi(2) / (y.var(1.0) * pre.var(1.0));
            prop_assert!((out.variance_ratio - (1.0 - rho2)).abs() < 1e-10);
            prop_assert!((out.adjusted.mean().unwrap() - y.mean().unwrap()).abs() < 1e-12);
            prop_assert!(covariance(out.adjusted.view(), pre.view()).abs() < 1e-10);
        }
    }

    #[test]
    fn bad_groups_are_named() {
        use ndarray::array;
        let (good, none) = (array![1.0, 2.0], array![]);
        let said = |a: &Array1<f64>, b: &Array1<f64>| {
            let texts =
                [welch_t, z_test_means, paired_t].map(|f| f(a.view(), b.view()).unwrap_err());
            texts.map(|e| e.to_string())
        };
        assert!(said(&none, &none)[0].contains("first group is empty"));
        assert!(
            welch_t(good.view(), none.view()).unwrap_err().to_string().contains("second group")
        );
        assert!(said(&good, &array![1.0]).iter().any(|text| text.contains("1 rows")));
        assert!(said(&good, &array![1.0, f64::INFINITY]).iter().all(|text| text.contains("inf")));
        let flat = array![0.1, 0.1];
        assert!(said(&flat, &flat).iter().all(|text| text.contains("variance is zero")));
        // One constant group is no obstacle to Welch.
        assert_eq!(welch_t(good.view(), array![3.0, 3.0, 3.0].view()).unwrap().df, Some(1.0));
        let error = paired_t(good.view(), array![1.0, 2.0, 3.0].view()).unwrap_err();
        assert!(matches!(error, Error::Shape { .. }));
        assert!(matches!(one_sample_t(none.view(), 0.0), Err(Error::EmptyGroup { .. })));
        assert!(matches!(cuped(good.view(), flat.view()), Err(Error::ZeroVariance { .. })));
        assert!(matches!(cuped(flat.view(), good.view()), Err(Error::ZeroVariance { .. })));
        assert!(matches!(cuped(good.view(), none.view()), Err(Error::Shape { .. })));
        let params = AbTest::params();
        let same = (good.view(), flat.view());
        assert!(matches!(params.cuped_test(same, same), Err(Error::ZeroVariance { .. })));
    }
}
