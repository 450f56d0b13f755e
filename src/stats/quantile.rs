//! Sample quantiles: nine definitions, all in use.
//!
//! ```text
//! Q(q) = (1 − γ) x₍ⱼ₎ + γ x₍ⱼ₊₁₎,    j + g = q n + m,   j whole, 0 ≤ g < 1
//! ```
//!
//! The definitions differ in `m` and in whether `γ` is `g` or jumps. They agree for large samples
//! and differ by whole gaps of the data in small ones, so a report that says "the 90th percentile"
//! must say which. Numbers in brackets are those of Hyndman & Fan, which R, `NumPy` and Julia use.
//!
//! # References
//! Hyndman & Fan (1996), *Sample quantiles in statistical packages*, section 2.

use crate::base::{check_vector, views};
use crate::{Error, Result};
use ndarray::ArrayView1;

/// Which definition of the sample quantile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum QuantileMethod {
    /// (1) The inverse of the empirical distribution function: always a value of the sample.
    InvertedCdf,
    /// (2) As (1), but the mean of two values where the function is flat. SAS's default.
    AveragedInvertedCdf,
    /// (3) The value of nearest rank, ties to the even one.
    ClosestObservation,
    /// (4) Linear in the empirical distribution function, `m = 0`.
    InterpolatedInvertedCdf,
    /// (5) Through the middles of its steps, `m = 1/2`.
    Hazen,
    /// (6) `m = q`, so that `E F(x₍ⱼ₎) = j / (n + 1)`. Minitab's and SPSS's default.
    Weibull,
    /// (7) `m = 1 − q`: minimum and maximum are the 0th and 100th percentile. Default of R,
    /// `NumPy`, Excel.
    #[default]
    Linear,
    /// (8) `m = (q + 1) / 3`: about unbiased for the median of the order statistics; Hyndman &
    /// Fan's advice.
    MedianUnbiased,
    /// (9) `m = q/4 + 3/8`: about unbiased for normal data.
    NormalUnbiased,
}

impl QuantileMethod {
    /// All nine, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::InvertedCdf,
        Self::AveragedInvertedCdf,
        Self::ClosestObservation,
        Self::InterpolatedInvertedCdf,
        Self::Hazen,
        Self::Weibull,
        Self::Linear,
        Self::MedianUnbiased,
        Self::NormalUnbiased,
    ];
}

/// The `q`-quantile of a sample, shape `(n,)`, `0 ≤ q ≤ 1`. Cost `O(n log n)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] for `q` outside `[0, 1]`.
///
/// ```
/// use mlnotes::stats::quantile::{QuantileMethod, quantile};
/// let x = ndarray::array![1.0, 2.0, 3.0, 10.0];
/// assert_eq!(quantile(x.view(), 0.75, QuantileMethod::Linear)?, 4.75);
/// assert_eq!(quantile(x.view(), 0.75, QuantileMethod::Weibull)?, 8.25);
/// assert_eq!(quantile(x.view(), 0.75, QuantileMethod::InvertedCdf)?, 3.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn quantile(x: ArrayView1<f64>, q: f64, method: QuantileMethod) -> Result<f64> {
    if x.is_empty() {
        return Err(Error::Empty { what: "quantile: `x`", needed: "1 value" });
    }
    check_vector("quantile: `x`", x)?;
    if !(0.0..=1.0).contains(&q) {
        return Err(Error::Parameter {
            estimator: "quantile",
            name: "q",
            rule: "from 0 to 1",
            got: q.to_string(),
        });
    }
    Ok(of_sorted(&sorted(x), q, method))
}

/// The median: the middle value, or the mean of the two middle ones.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`].
///
/// ```
/// use mlnotes::stats::quantile::median;
/// assert_eq!(median(ndarray::array![4.0, 1.0, 100.0, 2.0].view())?, 3.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn median(x: ArrayView1<f64>) -> Result<f64> {
    quantile(x, 0.5, QuantileMethod::Linear)
}

pub(crate) fn sorted(x: ArrayView1<f64>) -> Vec<f64> {
    let mut x = x.to_vec();
    x.sort_unstable_by(f64::total_cmp);
    x
}

/// The quantile of a sorted sample that is not empty.
pub(crate) fn of_sorted(x: &[f64], q: f64, method: QuantileMethod) -> f64 {
    use QuantileMethod as M;
    let n = x.len() as f64;
    let m = match method {
        M::InvertedCdf | M::AveragedInvertedCdf | M::InterpolatedInvertedCdf => 0.0,
        M::ClosestObservation => -0.5,
        M::Hazen => 0.5,
        M::Weibull => q,
        M::Linear => 1.0 - q,
        M::MedianUnbiased => (q + 1.0) / 3.0,
        M::NormalUnbiased => q / 4.0 + 0.375,
    };
    let place = q * n + m;
    // A product such as 0.7 * 10 = 7.000000000000001 means 7.
    let near = place.round();
    let place = if (place - near).abs() <= 4.0 * f64::EPSILON * n { near } else { place };
    let (j, g) = (place.floor(), place - place.floor());
    let jumps = |at_step: f64| if g > 0.0 { 1.0 } else { at_step };
    let gamma = match method {
        M::InvertedCdf => jumps(0.0),
        M::AveragedInvertedCdf => jumps(0.5),
        // Where two values are equally near, the one of even rank.
        M::ClosestObservation => jumps(if j % 2.0 == 0.0 { 0.0 } else { 1.0 }),
        _ => g,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within 1..=n")]
    let value = |rank: f64| x[rank.clamp(1.0, n) as usize - 1];
    let (low, high) = (value(j), value(j + 1.0));
    low + gamma * (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    #[test]
    fn nine_answers_to_one_question() {
        let x = array![1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
        let q = |method| quantile(x.view(), 0.25, method).unwrap();
        let all: Vec<f64> = QuantileMethod::ALL.map(q).to_vec();
        let expected = [2.0, 2.0, 2.0, 1.5, 2.0, 1.75, 2.5, 1.0 + 11.0 / 12.0, 1.9375];
        assert!(all.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{all:?}");
    }

    proptest! {
        #[test]
        fn quantiles_rise_with_q_and_follow_scale_and_shift(
            x in proptest::collection::vec(-50.0..50.0, 1..20),
            q in 0.0f64..1.0,
            p in 0.0f64..1.0,
        ) {
            let x = Array1::from(x);
            for method in QuantileMethod::ALL {
                let at = |q: f64| quantile(x.view(), q, method).unwrap();
                let (low, high) = (p.min(q), p.max(q));
                prop_assert!(at(low) <= at(high) + 1e-9);
                prop_assert!(at(0.0) >= x.fold(f64::INFINITY, |a, &b| a.min(b)) - 1e-9);
                let y = &x * 3.0 + 7.0;
                let moved = quantile(y.view(), q, method).unwrap();
                prop_assert!((moved - (3.0 * at(q) + 7.0)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![1.0, 2.0];
        assert!(matches!(median(array![].view()), Err(Error::Empty { .. })));
        assert!(matches!(median(array![f64::NAN].view()), Err(Error::NotFinite { .. })));
        for q in [-0.1, 1.1, f64::NAN] {
            let error = quantile(x.view(), q, QuantileMethod::Linear).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "q", .. }), "{error}");
        }
    }
}
