//! Outliers in one dimension: z-scores, modified z-scores, quartile fences, winsorising.
//!
//! ```text
//! z   = (x − x̄) / s                        s with divisor n − 1
//! M   = 0.6745 (x − median) / MAD           MAD = median |x − median|
//! fences  Q₁ − k IQR,  Q₃ + k IQR            IQR = Q₃ − Q₁,  k = 1.5
//! ```
//!
//! **The z-score cannot exceed `(n − 1)/√n`**, whatever the data, because the outlier itself is in
//! `s`: "three sigma" can never fire for `n ≤ 10`. Two outliers inflate `s` for each other and hide
//! (masking). Median and MAD ignore up to half of the data, so they hold. None of these says that a
//! value is wrong: it says "look here"; a long tail has far values by right.
//!
//! For several columns at once see [`super::isolation_forest`].
//!
//! # References
//! Shiffler (1988), *Maximum z scores and outliers*; Iglewicz & Hoaglin (1993), *How to detect and
//! handle outliers*, which advises `|M| > 3.5`; Tukey (1977), *Exploratory data analysis*, chapter
//! 2.

use crate::base::{check_vector, views};
use crate::stats::quantile::{QuantileMethod, of_sorted, sorted};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// `Φ⁻¹(3/4)`: the MAD of a normal distribution in units of its standard deviation.
const MAD_OF_NORMAL: f64 = 0.674_489_750_196_081_7;

/// Standard scores `(x − x̄)/s`, shape `(n,)`, with the divisor `n − 1` in `s` (`SciPy`'s `zscore`
/// has `n` unless told `ddof=1`).
///
/// # Errors
/// [`Error::TooFewSamples`] below 2 values, [`Error::NotFinite`], [`Error::ZeroVariance`].
///
/// ```
/// use mlnotes::anomaly::outliers::{largest_z, z_scores};
/// let z = z_scores(ndarray::array![0.0, 0.0, 0.0, 0.0, 1e9].view())?;
/// assert!((z[4] - 1.7889).abs() < 1e-4 && (z[4] - largest_z(5)).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn z_scores(x: ArrayView1<f64>) -> Result<Array1<f64>> {
    const WHAT: &str = "z_scores: `x`";
    check_sample(WHAT, x, 2)?;
    let n = x.len() as f64;
    let mean = x.sum() / n;
    let centred = x.mapv(|v| v - mean);
    let sd = (centred.dot(&centred) / (n - 1.0)).sqrt();
    // Rounding of the mean leaves a constant with a deviation of some ulps.
    if sd <= 10.0 * f64::EPSILON * mean.abs() {
        return Err(Error::ZeroVariance { what: WHAT, col: None, value: x[0] });
    }
    Ok(centred / sd)
}

/// The largest `|z|` that any value of a sample of `n` can have, `(n − 1)/√n`; reached when all
/// other values are equal. 0 for fewer than 2.
///
/// ```
/// use mlnotes::anomaly::outliers::largest_z;
/// assert!(largest_z(10) < 3.0 && largest_z(11) > 3.0);
/// ```
pub fn largest_z(n: usize) -> f64 {
    if n < 2 { 0.0 } else { (n as f64 - 1.0) / (n as f64).sqrt() }
}

/// Median absolute deviation, `median |x − median|`, in the units of `x`. Divide by 0.6745 to
/// estimate the standard deviation of normal data.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`].
///
/// ```
/// use mlnotes::anomaly::outliers::median_abs_deviation;
/// assert_eq!(median_abs_deviation(ndarray::array![1.0, 2.0, 3.0, 1e6].view())?, 1.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn median_abs_deviation(x: ArrayView1<f64>) -> Result<f64> {
    check_sample("median_abs_deviation: `x`", x, 1)?;
    Ok(centre_and_mad(x).1)
}

/// Modified z-scores `Φ⁻¹(3/4) (x − median) / MAD`, shape `(n,)`: on the scale of z-scores for
/// normal data, but deaf to the outliers themselves.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`]; [`Error::ZeroVariance`] when more than half of the
/// values are equal, so that the MAD is 0: then "far" has no unit, look at the values that differ.
///
/// ```
/// let scores = mlnotes::anomaly::outliers::modified_z_scores(
///     ndarray::array![9.0, 10.0, 10.5, 11.0, 60.0].view(),
/// )?;
/// assert!(scores[4] > 60.0 && scores[0].abs() < 3.5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn modified_z_scores(x: ArrayView1<f64>) -> Result<Array1<f64>> {
    check_sample("modified_z_scores: `x`", x, 1)?;
    let (centre, mad) = centre_and_mad(x);
    if mad <= 0.0 {
        let what = "modified_z_scores: the half of `x` around its median";
        return Err(Error::ZeroVariance { what, col: None, value: centre });
    }
    Ok(x.mapv(|v| MAD_OF_NORMAL * (v - centre) / mad))
}

fn centre_and_mad(x: ArrayView1<f64>) -> (f64, f64) {
    let middle = |x: ArrayView1<f64>| of_sorted(&sorted(x), 0.5, QuantileMethod::Linear);
    let centre = middle(x);
    (centre, middle(x.mapv(|v| (v - centre).abs()).view()))
}

/// Tukey's fences `(Q₁ − k IQR, Q₃ + k IQR)`; values outside are suspect. For normal data and
/// `k = 1.5` that is 0.7 % of all values, not none.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] for a `k` that is not finite and
/// `>= 0`.
///
/// ```
/// use mlnotes::{anomaly::outliers::iqr_fences, stats::quantile::QuantileMethod};
/// let x = ndarray::array![1.0, 2.0, 3.0, 4.0, 5.0, 20.0];
/// assert_eq!(iqr_fences(x.view(), 1.5, QuantileMethod::Linear)?, (-1.5, 8.5));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn iqr_fences(x: ArrayView1<f64>, k: f64, method: QuantileMethod) -> Result<(f64, f64)> {
    check_sample("iqr_fences: `x`", x, 1)?;
    if !(k.is_finite() && k >= 0.0) {
        return Err(parameter("iqr_fences", "k", "finite and >= 0", &k));
    }
    let x = sorted(x);
    let (q1, q3) = (of_sorted(&x, 0.25, method), of_sorted(&x, 0.75, method));
    Ok((q1 - k * (q3 - q1), q3 + k * (q3 - q1)))
}

/// Each end pulled in: the lowest `⌊lower n⌋` values become the next higher one, the highest
/// `⌊upper n⌋` the next lower one. `lower` and `upper` are shares of the sample; the order of `x`
/// is kept.
///
/// This changes data: report both shares, and do not do it to the outcome of an experiment after
/// looking.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] for shares that are negative or
/// leave nothing.
///
/// ```
/// use mlnotes::anomaly::outliers::winsorize;
/// let x = ndarray::array![50.0, 3.0, 2.0, 1.0, -40.0];
/// assert_eq!(winsorize(x.view(), 0.2, 0.2)?, ndarray::array![3.0, 3.0, 2.0, 1.0, 1.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn winsorize(x: ArrayView1<f64>, lower: f64, upper: f64) -> Result<Array1<f64>> {
    check_sample("winsorize: `x`", x, 1)?;
    let rule = "finite, >= 0, and below 1 together with the other";
    for (name, share) in [("lower", lower), ("upper", upper)] {
        if !(share >= 0.0 && lower + upper < 1.0) {
            return Err(parameter("winsorize", name, rule, &share));
        }
    }
    let n = x.len();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 0..n")]
    let count = |share: f64| (share * n as f64) as usize;
    let x_sorted = sorted(x);
    let (low, high) = (x_sorted[count(lower)], x_sorted[n - 1 - count(upper)]);
    Ok(x.mapv(|v| v.clamp(low, high)))
}

fn parameter(
    estimator: &'static str,
    name: &'static str,
    rule: &'static str,
    got: &dyn ToString,
) -> Error {
    Error::Parameter { estimator, name, rule, got: got.to_string() }
}

fn check_sample(what: &'static str, x: ArrayView1<f64>, needed: usize) -> Result<()> {
    if x.is_empty() {
        return Err(Error::Empty { what, needed: "1 value" });
    }
    if x.len() < needed {
        return Err(Error::TooFewSamples { what, needed, got: x.len() });
    }
    check_vector(what, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_z_score_passes_its_bound(x in proptest::collection::vec(-1e6..1e6, 2..40)) {
            let x = Array1::from(x);
            prop_assume!(x.std(1.0) > 1e-6);
            let z = z_scores(x.view()).unwrap();
            let largest = z.fold(0.0f64, |a, v| a.max(v.abs()));
            prop_assert!(largest <= largest_z(x.len()) + 1e-9);
            prop_assert!(z.sum().abs() < 1e-8);
        }

        #[test]
        fn modified_scores_do_not_feel_one_far_value(
            x in proptest::collection::vec(-10.0..10.0, 5..30),
            far in 1e3..1e12,
        ) {
            let mut near = Array1::from(x.clone());
            near[0] = 100.0;
            let mut moved = near.clone();
            moved[0] = far;
            let scores = [near, moved].map(|x| modified_z_scores(x.view()));
            // Continuous draws: half of them never agree, so that the deviation is above zero.
            let [a, b] = scores.map(Result::unwrap);
            prop_assert!(a.iter().zip(&b).skip(1).all(|(a, b)| (a - b).abs() < 1e-9));
        }

        #[test]
        fn winsorising_keeps_order_and_counts(
            x in proptest::collection::vec(-10.0..10.0, 1..30),
            lower in 0.0..0.4,
            upper in 0.0..0.4,
        ) {
            let x = Array1::from(x);
            let y = winsorize(x.view(), lower, upper).unwrap();
            let changed = x.iter().zip(&y).filter(|(a, b)| (**a - **b).abs() > 0.0).count();
            prop_assert!(changed as f64 <= (lower + upper) * x.len() as f64 + 1e-9);
            for (i, j) in [(0, x.len() - 1), (x.len() / 2, 0)] {
                prop_assert!(x[i] > x[j] || y[i] <= y[j]);
            }
        }
    }

    #[test]
    fn two_outliers_hide_each_other_from_z_only() {
        let mut x = vec![9.8, 10.0, 10.1, 9.9, 10.2, 10.0, 9.7, 10.3, 9.9, 10.1, 10.0, 9.95];
        x.extend([30.0, 31.0]);
        let x = Array1::from(x);
        assert!(z_scores(x.view()).unwrap().iter().all(|z| z.abs() < 3.0));
        let far = |s: &f64| s.abs() > 3.5;
        assert_eq!(modified_z_scores(x.view()).unwrap().iter().filter(|s| far(s)).count(), 2);
        let (_, high) = iqr_fences(x.view(), 1.5, QuantileMethod::Linear).unwrap();
        assert!(high < 12.0);
    }

    #[test]
    fn bad_input_is_named() {
        let empty: Array1<f64> = array![];
        assert!(matches!(z_scores(empty.view()), Err(Error::Empty { .. })));
        assert!(matches!(z_scores(array![1.0].view()), Err(Error::TooFewSamples { .. })));
        assert!(matches!(z_scores(array![0.1, 0.1, 0.1].view()), Err(Error::ZeroVariance { .. })));
        let flat = modified_z_scores(array![5.0, 5.0, 5.0, 9.0].view());
        assert!(matches!(flat, Err(Error::ZeroVariance { value: 5.0, .. })));
        let nan = array![1.0, f64::NAN];
        assert!(matches!(median_abs_deviation(nan.view()), Err(Error::NotFinite { row: 1, .. })));
        let x = array![1.0, 2.0];
        assert!(iqr_fences(x.view(), -1.0, QuantileMethod::Linear).is_err());
        for (lower, upper) in [(-0.1, 0.0), (0.5, 0.5), (f64::NAN, 0.0), (0.0, f64::NAN)] {
            assert!(winsorize(x.view(), lower, upper).is_err(), "{lower} {upper}");
        }
    }
}
