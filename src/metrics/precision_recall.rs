//! Precision against recall: the curve for rare positives.
//!
//! ```text
//! AP = Σₙ (Rₙ − Rₙ₋₁) Pₙ        over thresholds from the strictest down
//! ```
//!
//! A random ranking has `AP` near the share of positives, so unlike the area under the ROC curve it moves
//! with the class ratio. The points must not be joined by straight lines: precision is not linear between
//! thresholds, and the trapezoid is too kind (Davis & Goadrich 2006).

use super::check_scores;
use super::roc::steps;
use crate::Result;
use crate::base::views;
use ndarray::{Array1, ArrayView1};

/// Precision and recall, from the loosest threshold to the strictest.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PrCurve {
    /// Precision, shape `(n_thresholds + 1,)`; the last is 1 by convention.
    pub precision: Array1<f64>,
    /// Recall, shape `(n_thresholds + 1,)`, falling from 1; the last is 0.
    pub recall: Array1<f64>,
    /// A row counts as positive when its score is at least this, rising, shape `(n_thresholds,)`.
    pub thresholds: Array1<f64>,
}

/// The curve of `scores`, shape `(n_samples,)`, with labels 0 and 1.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Shape`], [`crate::Error::Label`],
/// [`crate::Error::SingleClass`].
///
/// ```
/// let scores = ndarray::array![0.1, 0.4, 0.35, 0.8];
/// let curve = mlnotes::metrics::precision_recall::precision_recall_curve(scores.view(), &[0, 0, 1, 1])?;
/// assert_eq!(curve.recall, ndarray::array![1.0, 1.0, 0.5, 0.5, 0.0]);
/// assert_eq!(curve.thresholds, ndarray::array![0.1, 0.35, 0.4, 0.8]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn precision_recall_curve(scores: ArrayView1<f64>, y: &[usize]) -> Result<PrCurve> {
    const NAMES: [&str; 2] = ["precision_recall_curve: `scores`", "precision_recall_curve: `y`"];
    let classes = check_scores(NAMES, scores, y)?;
    let mut curve = (vec![1.0], vec![0.0], Vec::new());
    for step in steps(scores, y) {
        let called = step.true_positives + step.false_positives;
        curve.0.push(step.true_positives as f64 / called as f64);
        curve.1.push(step.true_positives as f64 / classes.positives as f64);
        curve.2.push(step.threshold);
    }
    curve.0.reverse();
    curve.1.reverse();
    curve.2.reverse();
    Ok(PrCurve { precision: curve.0.into(), recall: curve.1.into(), thresholds: curve.2.into() })
}

/// Average precision: precision weighted by the recall that each threshold adds.
///
/// # Errors
/// As [`precision_recall_curve`].
///
/// ```
/// let scores = ndarray::array![0.1, 0.4, 0.35, 0.8];
/// let ap = mlnotes::metrics::precision_recall::average_precision(scores.view(), &[0, 0, 1, 1])?;
/// assert!((ap - 5.0 / 6.0).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn average_precision(scores: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    const NAMES: [&str; 2] = ["average_precision: `scores`", "average_precision: `y`"];
    let classes = check_scores(NAMES, scores, y)?;
    let mut before = 0;
    let mut sum = 0.0;
    for step in steps(scores, y) {
        let called = step.true_positives + step.false_positives;
        let gained = step.true_positives - before;
        sum += gained as f64 * step.true_positives as f64 / called as f64;
        before = step.true_positives;
    }
    Ok(sum / classes.positives as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_perfect_ranking_has_1_and_a_tie_of_all_the_share_of_positives() {
        let y = [0, 0, 0, 1];
        let perfect = average_precision(array![0.1, 0.2, 0.3, 0.9].view(), &y).unwrap();
        let tied = average_precision(array![0.5, 0.5, 0.5, 0.5].view(), &y).unwrap();
        assert!((perfect - 1.0).abs() < 1e-15 && (tied - 0.25).abs() < 1e-15);
        assert!(average_precision(array![0.5].view(), &[1]).is_err());
    }
}
