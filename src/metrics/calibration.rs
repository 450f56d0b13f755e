//! Do probabilities mean what they say?
//!
//! ```text
//! reliability:  in a bin of predictions around p, do p of the rows turn out positive?
//! ECE   = Σ_b n_b/n |mean p_b − rate_b|
//! Brier = 1/n Σ (pᵢ − yᵢ)²          log loss = −1/n Σ [yᵢ ln pᵢ + (1 − yᵢ) ln(1 − pᵢ)]
//! ```
//!
//! Brier score and log loss are proper: only the true probabilities minimise them in expectation. The
//! expected calibration error is not, and it depends on the bins: predicting the base rate for every row
//! has an ECE of 0. No ranking measure sees calibration: any rising map of the scores keeps the AUC.
//!
//! # References
//! Brier (1950); Naeini, Cooper & Hauskrecht (2015) for ECE; Gneiting & Raftery (2007) on proper scores.

use crate::base::{check_probabilities, views};
use crate::{Error, Result};
use ndarray::ArrayView1;

pub use crate::base::log_loss;

/// How predictions are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bins {
    /// This many of equal width on `[0, 1]`.
    Width(usize),
    /// This many with about as many rows each; equal predictions stay together.
    Quantile(usize),
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ReliabilityBin {
    /// Mean of the predictions in the bin.
    pub mean_predicted: f64,
    /// Share of positives in the bin.
    pub rate: f64,
    /// Rows in the bin.
    pub count: usize,
}

/// The points of a reliability diagram for `p`, shape `(n_samples,)`, from low to high; empty bins are left
/// out.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Probability`], [`Error::Shape`], [`Error::Label`], and
/// [`Error::Parameter`] for no bins.
///
/// ```
/// use mlnotes::metrics::calibration::{Bins, reliability};
/// let p = ndarray::array![0.1, 0.2, 0.8, 0.9];
/// let bins = reliability(p.view(), &[0, 0, 1, 1], Bins::Width(2))?;
/// assert_eq!((bins.len(), bins[1].rate, bins[1].count), (2, 1.0, 2));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn reliability(p: ArrayView1<f64>, y: &[usize], bins: Bins) -> Result<Vec<ReliabilityBin>> {
    check_probabilities(["reliability: `p`", "reliability: `y`"], p, y)?;
    let (Bins::Width(n_bins) | Bins::Quantile(n_bins)) = bins;
    if n_bins == 0 {
        let (estimator, name, rule) = ("reliability", "bins", "at least 1 bin");
        return Err(Error::Parameter { estimator, name, rule, got: "0".to_owned() });
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut bin = vec![0; p.len()];
    match bins {
        Bins::Width(_) => bin = p.iter().map(|&p| bin_of(p, n_bins)).collect(),
        Bins::Quantile(_) => {
            let mut start = 0;
            for tie in order.chunk_by(|&a, &b| p[a] >= p[b]) {
                for &i in tie {
                    bin[i] = start * n_bins / p.len();
                }
                start += tie.len();
            }
        }
    }
    let summary = |rows: &[usize]| {
        let n = rows.len() as f64;
        ReliabilityBin {
            mean_predicted: rows.iter().map(|&i| p[i]).sum::<f64>() / n,
            rate: rows.iter().map(|&i| y[i]).sum::<usize>() as f64 / n,
            count: rows.len(),
        }
    };
    Ok(order.chunk_by(|&a, &b| bin[a] == bin[b]).map(summary).collect())
}

/// Expected calibration error: the mean distance of prediction and rate over the bins, weighted by rows.
///
/// # Errors
/// As [`reliability`].
///
/// ```
/// use mlnotes::metrics::calibration::{Bins, expected_calibration_error};
/// let p = ndarray::array![0.9, 0.9, 0.9, 0.9];
/// let ece = expected_calibration_error(p.view(), &[1, 1, 0, 0], Bins::Width(10))?;
/// assert!((ece - 0.4).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn expected_calibration_error(p: ArrayView1<f64>, y: &[usize], bins: Bins) -> Result<f64> {
    let parts = reliability(p, y, bins)?;
    let off = parts.iter().map(|b| b.count as f64 * (b.mean_predicted - b.rate).abs()).sum::<f64>();
    Ok(off / p.len() as f64)
}

/// Brier score: mean squared distance of probability and outcome; 0 is perfect, always one half gives 1/4.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Probability`], [`Error::Shape`], [`Error::Label`].
///
/// ```
/// let p = ndarray::array![0.5, 1.0];
/// assert_eq!(mlnotes::metrics::calibration::brier(p.view(), &[0, 1])?, 0.125);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn brier(p: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    check_probabilities(["brier: `p`", "brier: `y`"], p, y)?;
    Ok(p.iter().zip(y).map(|(p, &y)| (p - y as f64).powi(2)).sum::<f64>() / p.len() as f64)
}

/// Predicted over observed positives, `Σ pᵢ / Σ yᵢ`: 1 when the probabilities are right on the whole. The
/// first thing to watch where a price is multiplied by a predicted rate.
///
/// # Errors
/// As [`brier`], and [`Error::SingleClass`] without positives.
///
/// ```
/// let p = ndarray::array![0.6, 0.9];
/// let ratio = mlnotes::metrics::calibration::predicted_over_observed(p.view(), &[0, 1])?;
/// assert_eq!(ratio, 1.5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn predicted_over_observed(p: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    const Y: &str = "predicted_over_observed: `y`";
    check_probabilities(["predicted_over_observed: `p`", Y], p, y)?;
    match y.iter().sum::<usize>() {
        0 => Err(Error::SingleClass { what: Y, class: 0 }),
        positives => Ok(p.sum() / positives as f64),
    }
}

/// The bin of a probability among `bins` of equal width; 1 falls into the last.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= p <= 1")]
pub(super) fn bin_of(p: f64, bins: usize) -> usize {
    ((p * bins as f64) as usize).min(bins - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn what_is_no_probability_is_refused() {
        let error = brier(array![0.2, 1.5].view(), &[0, 1]).unwrap_err();
        assert!(matches!(error, Error::Probability { index: 1, .. }), "{error}");
        assert!(matches!(brier(array![0.2].view(), &[3]), Err(Error::Label { .. })));
        assert!(matches!(brier(array![].view(), &[]), Err(Error::Empty { .. })));
        let p = array![0.2, 0.3];
        assert!(predicted_over_observed(p.view(), &[0, 0]).is_err());
        assert!(reliability(p.view(), &[0, 0], Bins::Width(0)).is_err());
    }

    #[test]
    fn the_base_rate_is_calibrated_and_useless() {
        let y = [0, 0, 0, 1];
        let base = array![0.25, 0.25, 0.25, 0.25];
        for bins in [Bins::Width(10), Bins::Quantile(4)] {
            assert!(expected_calibration_error(base.view(), &y, bins).unwrap() < 1e-15);
        }
        let sharp = array![0.1, 0.1, 0.1, 0.9];
        assert!(brier(sharp.view(), &y).unwrap() < brier(base.view(), &y).unwrap());
    }
}
