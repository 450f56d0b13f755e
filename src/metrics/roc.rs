//! The ROC curve: true against false positive rate, a point a threshold.
//!
//! ```text
//! TPR(t) = #{sᵢ >= t, yᵢ = 1} / n₊      FPR(t) = #{sᵢ >= t, yᵢ = 0} / n₋
//! ```
//!
//! Scores that are equal pass the threshold together, so a tie is one slanted step, and the area below
//! counts it by one half (see [`super::auc`]). The curve does not change with the ratio of the classes.
//!
//! # References
//! Fawcett (2006), *An introduction to ROC analysis*.

use super::{check_scores, descending};
use crate::base::views;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// A ROC curve, from the strictest threshold to the loosest.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RocCurve {
    /// False positive rates, shape `(n_thresholds,)`, from 0 to 1.
    pub fpr: Array1<f64>,
    /// True positive rates, shape `(n_thresholds,)`, from 0 to 1.
    pub tpr: Array1<f64>,
    /// A row counts as positive when its score is at least this, shape `(n_thresholds,)`; the first is
    /// infinite: nothing is called positive.
    pub thresholds: Array1<f64>,
}

/// The curve of `scores`, shape `(n_samples,)`, with labels 0 and 1: a point for each different score.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`], [`Error::SingleClass`].
///
/// ```
/// let scores = ndarray::array![0.9, 0.8, 0.8, 0.1];
/// let curve = mlnotes::metrics::roc::roc_curve(scores.view(), &[1, 1, 0, 0])?;
/// assert_eq!(curve.fpr, ndarray::array![0.0, 0.0, 0.5, 1.0]);
/// assert_eq!(curve.tpr, ndarray::array![0.0, 0.5, 1.0, 1.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn roc_curve(scores: ArrayView1<f64>, y: &[usize]) -> Result<RocCurve> {
    let classes = check_scores(["roc_curve: `scores`", "roc_curve: `y`"], scores, y)?;
    let mut curve = (vec![0.0], vec![0.0], vec![f64::INFINITY]);
    for step in steps(scores, y) {
        curve.0.push(step.false_positives as f64 / classes.negatives as f64);
        curve.1.push(step.true_positives as f64 / classes.positives as f64);
        curve.2.push(step.threshold);
    }
    Ok(RocCurve { fpr: curve.0.into(), tpr: curve.1.into(), thresholds: curve.2.into() })
}

/// Kolmogorov and Smirnov's distance of the scores of the two classes: the largest `|TPR - FPR|`.
///
/// # Errors
/// As [`roc_curve`].
///
/// ```
/// let scores = ndarray::array![0.9, 0.8, 0.4, 0.1];
/// assert_eq!(mlnotes::metrics::roc::ks_statistic(scores.view(), &[1, 1, 0, 0])?, 1.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn ks_statistic(scores: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    let curve = roc_curve(scores, y)?;
    Ok(curve.tpr.iter().zip(&curve.fpr).map(|(t, f)| (t - f).abs()).fold(0.0, f64::max))
}

/// A threshold and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Threshold {
    /// A row counts as positive when its score is at least this; infinite: none does.
    pub threshold: f64,
    /// `cost_fp` times false positives plus `cost_fn` times false negatives.
    pub cost: f64,
    /// Negatives above the threshold.
    pub false_positives: usize,
    /// Positives below the threshold.
    pub false_negatives: usize,
}

/// The threshold that costs least on these rows; the strictest one among equals.
///
/// For calibrated probabilities it is near `cost_fp / (cost_fp + cost_fn)` (Elkan 2001): 0.5 is right only
/// when both mistakes cost the same.
///
/// # Errors
/// As [`roc_curve`], and [`Error::Parameter`] for a cost that is negative or not finite.
///
/// ```
/// let scores = ndarray::array![0.9, 0.6, 0.4, 0.3];
/// let best = mlnotes::metrics::roc::best_threshold(scores.view(), &[1, 0, 1, 0], 1.0, 5.0)?;
/// assert_eq!((best.threshold, best.cost), (0.4, 1.0));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn best_threshold(
    scores: ArrayView1<f64>,
    y: &[usize],
    cost_fp: f64,
    cost_fn: f64,
) -> Result<Threshold> {
    const NAMES: [&str; 2] = ["best_threshold: `scores`", "best_threshold: `y`"];
    let classes = check_scores(NAMES, scores, y)?;
    for (name, cost) in [("cost_fp", cost_fp), ("cost_fn", cost_fn)] {
        if !(cost.is_finite() && cost >= 0.0) {
            let (estimator, rule) = ("best_threshold", "finite and >= 0");
            return Err(Error::Parameter { estimator, name, rule, got: cost.to_string() });
        }
    }
    let priced = |threshold: f64, true_positives: usize, false_positives: usize| {
        let false_negatives = classes.positives - true_positives;
        let cost = cost_fp * false_positives as f64 + cost_fn * false_negatives as f64;
        Threshold { threshold, cost, false_positives, false_negatives }
    };
    let none = priced(f64::INFINITY, 0, 0);
    Ok(steps(scores, y)
        .map(|s| priced(s.threshold, s.true_positives, s.false_positives))
        .fold(none, |best, next| if next.cost < best.cost { next } else { best }))
}

/// What a threshold lets through.
pub(super) struct Step {
    pub(super) threshold: f64,
    pub(super) true_positives: usize,
    pub(super) false_positives: usize,
}

/// Thresholds from the highest score down, each different score once.
pub(super) fn steps(scores: ArrayView1<f64>, y: &[usize]) -> impl Iterator<Item = Step> {
    let order = descending(scores);
    let (mut true_positives, mut false_positives) = (0, 0);
    let mut steps = Vec::new();
    for (k, &row) in order.iter().enumerate() {
        true_positives += y[row];
        false_positives += 1 - y[row];
        // Equal scores pass together.
        if order.get(k + 1).is_none_or(|&next| scores[next] < scores[row]) {
            steps.push(Step { threshold: scores[row], true_positives, false_positives });
        }
    }
    steps.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn what_has_no_curve_is_refused() {
        let s = array![0.1, 0.2];
        assert!(matches!(roc_curve(s.view(), &[1, 1]), Err(Error::SingleClass { class: 1, .. })));
        assert!(matches!(roc_curve(s.view(), &[0, 0]), Err(Error::SingleClass { class: 0, .. })));
        assert!(matches!(roc_curve(s.view(), &[0, 2]), Err(Error::Label { index: 1, .. })));
        assert!(matches!(roc_curve(s.view(), &[0]), Err(Error::Shape { .. })));
        assert!(matches!(roc_curve(array![].view(), &[]), Err(Error::Empty { .. })));
        let nan = array![0.1, f64::NAN];
        assert!(matches!(roc_curve(nan.view(), &[0, 1]), Err(Error::NotFinite { row: 1, .. })));
        assert!(best_threshold(s.view(), &[0, 1], -1.0, 1.0).is_err());
    }

    #[test]
    fn all_equal_scores_are_one_diagonal() {
        let curve = roc_curve(array![0.5, 0.5, 0.5].view(), &[0, 1, 0]).unwrap();
        assert_eq!((curve.fpr, curve.tpr), (array![0.0, 1.0], array![0.0, 1.0]));
        let best = best_threshold(array![0.5, 0.5, 0.5].view(), &[0, 1, 0], 1.0, 1.0).unwrap();
        assert!(best.threshold.is_infinite() && best.false_negatives == 1);
    }
}
