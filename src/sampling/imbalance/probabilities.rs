//! Probabilities that a resampled or reweighted training set has moved, brought back by Bayes' theorem.

use crate::base::{check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// What probabilities `p`, `(n,)`, of a model become when its negatives were sampled at `rate`:
///
/// ```text
/// q = p / (p + (1 − p) / rate),   logit q = logit p + ln rate
/// ```
///
/// Class weights shift in the same way, with `rate = w₀ / w₁`; a rate above 1 undoes weights, or copies,
/// on the negatives' side. The map rises, so the order of the rows and with it the AUC stay as they are.
///
/// The correction is exact for the truth of the sampled world. A model that is wrong there stays wrong, and
/// sampling that depends on `x` (one rate a user, say) needs the rate of each row.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Probability`], [`Error::Parameter`] unless `rate` is
/// finite and > 0.
///
/// # Example
/// ```
/// use mlnotes::sampling::imbalance::recalibrate;
/// // 10 positives and 990 negatives, of which 99 are kept: the model says 10/109, the truth is 10/1000.
/// let q = recalibrate(ndarray::array![10.0 / 109.0].view(), 0.1)?;
/// assert!((q[0] - 0.01).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// He et al. (2014), section 6.3; King & Zeng (2001), eq. 7, as a correction of the intercept.
#[views]
pub fn recalibrate(p: ArrayView1<f64>, rate: f64) -> Result<Array1<f64>> {
    check("recalibrate: `p`", p)?;
    if !(rate.is_finite() && rate > 0.0) {
        let (estimator, name, rule) = ("recalibrate", "rate", "finite and > 0");
        return Err(Error::Parameter { estimator, name, rule, got: rate.to_string() });
    }
    Ok(p.mapv(|p| reweigh(p, rate, 1.0)))
}

/// What probabilities `p`, `(n,)`, become where class 1 has another prior, while each class looks as it
/// did (`p(x | y)` is the same):
///
/// ```text
/// q = p π₁′/π₁ / (p π₁′/π₁ + (1 − p) (1 − π₁′)/(1 − π₁))      π₁: in training, π₁′: where it is used
/// ```
///
/// This is label shift. A change of `p(x)` with `P(y | x)` unchanged (covariate shift) needs no such
/// correction.
///
/// # Errors
/// As [`recalibrate`], for priors that are not between 0 and 1.
///
/// # Example
/// ```
/// use mlnotes::sampling::imbalance::prior_shift;
/// // Trained on balanced classes, used where one in a hundred is positive.
/// let q = prior_shift(ndarray::array![0.5, 0.9].view(), 0.5, 0.01)?;
/// assert!((q[0] - 0.01).abs() < 1e-15 && (q[1] - 1.0 / 12.0).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Elkan (2001), theorem 2; Saerens, Latinne & Decaestecker (2002), eq. 2.4.
#[views]
pub fn prior_shift(p: ArrayView1<f64>, train_prior: f64, test_prior: f64) -> Result<Array1<f64>> {
    check("prior_shift: `p`", p)?;
    for (name, prior) in [("train_prior", train_prior), ("test_prior", test_prior)] {
        if !(prior > 0.0 && prior < 1.0) {
            let (estimator, rule) = ("prior_shift", "between 0 and 1, both excluded");
            return Err(Error::Parameter { estimator, name, rule, got: prior.to_string() });
        }
    }
    let (one, zero) = (test_prior / train_prior, (1.0 - test_prior) / (1.0 - train_prior));
    Ok(p.mapv(|p| reweigh(p, one, zero)))
}

/// `p a / (p a + (1 − p) b)`.
fn reweigh(p: f64, a: f64, b: f64) -> f64 {
    // The larger weight becomes 1, so neither product overflows and 0/0 cannot arise.
    let (a, b) = (a / a.max(b), b / a.max(b));
    let positive = p * a;
    if positive > 0.0 { positive / (positive + (1.0 - p) * b) } else { 0.0 }
}

fn check(what: &'static str, p: ArrayView1<f64>) -> Result<()> {
    if p.is_empty() {
        return Err(Error::Empty { what, needed: "1 probability" });
    }
    check_vector(what, p)?;
    match p.iter().enumerate().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        Some((index, &value)) => Err(Error::Probability { what, index, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::sigmoid;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_rate_is_a_shift_of_the_logit(z in -20.0_f64..20.0, rate in 0.001_f64..1000.0) {
            let q = recalibrate(array![sigmoid(z)].view(), rate).unwrap()[0];
            prop_assert!((q - sigmoid(z + rate.ln())).abs() < 1e-13);
            let back = recalibrate(array![q].view(), 1.0 / rate).unwrap()[0];
            prop_assert!((back - sigmoid(z)).abs() < 1e-9);
        }

        #[test]
        fn a_prior_and_a_rate_say_the_same(p in 0.0_f64..1.0, prior in 0.01_f64..0.99, rate in 0.01_f64..1.0) {
            // Sampling negatives at `rate` makes this share of positives.
            let sampled = prior / (prior + rate * (1.0 - prior));
            let by_rate = recalibrate(array![p].view(), rate).unwrap()[0];
            let by_prior = prior_shift(array![p].view(), sampled, prior).unwrap()[0];
            prop_assert!((by_rate - by_prior).abs() < 1e-12);
            let same = prior_shift(array![p].view(), prior, prior).unwrap()[0];
            prop_assert!((same - p).abs() < 1e-15);
        }
    }

    #[test]
    fn certainty_stays_and_extremes_are_finite() {
        for rate in [1e-300, 1.0, 1e300, f64::MIN_POSITIVE, f64::MAX] {
            let q = recalibrate(array![0.0, 1e-300, 0.5, 1.0].view(), rate).unwrap();
            assert!(q[0] <= 0.0 && q[3] >= 1.0, "{rate}: {q}");
            assert!(q.iter().all(|q| (0.0..=1.0).contains(q)), "{rate}: {q}");
        }
    }

    #[test]
    fn bad_input_is_named() {
        let p = array![0.2, 0.3];
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let rate = recalibrate(p.view(), bad).unwrap_err();
            assert!(matches!(rate, Error::Parameter { name: "rate", .. }), "{rate}");
            let prior = prior_shift(p.view(), 0.5, bad).unwrap_err();
            assert!(matches!(prior, Error::Parameter { name: "test_prior", .. }), "{prior}");
        }
        assert!(prior_shift(p.view(), 1.0, 0.5).is_err());
        let high = recalibrate(array![0.2, 1.5].view(), 0.1).unwrap_err();
        assert!(matches!(high, Error::Probability { index: 1, .. }), "{high}");
        let nan = recalibrate(array![f64::NAN].view(), 0.1).unwrap_err();
        assert!(matches!(nan, Error::NotFinite { row: 0, .. }), "{nan}");
        assert!(matches!(prior_shift(array![].view(), 0.1, 0.2), Err(Error::Empty { .. })));
    }
}
