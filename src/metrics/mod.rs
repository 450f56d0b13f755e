//! How good a classifier is: counts of hits and misses, rankings, probabilities.
//!
//! ```text
//!                said yes    said no        precision = TP / (TP + FP)     of those called, how many are right
//! is positive       TP          FN          recall    = TP / (TP + FN)     of those to call, how many were
//! is negative       FP          TN          AUC = P(score of a positive > score of a negative) + ½ P(tie)
//! ```
//!
//! | question | function | blind to |
//! |---|---|---|
//! | are the decisions right? | [`confusion::ConfusionMatrix`] | the scores behind them |
//! | are positives ranked above negatives? | [`auc::roc_auc`] | calibration, class ratio |
//! | are the first of the list right? | [`precision_recall::average_precision`] | true negatives |
//! | do probabilities mean what they say? | [`calibration::reliability`] | the ranking |
//!
//! What a model of any kind is worth on new rows, and what ails it: [`validation`].

pub mod auc;
pub mod calibration;
pub mod confusion;
pub mod drift;
pub mod isotonic;
pub mod precision_recall;
pub mod roc;
pub mod validation;

pub use auc::{
    Gauc, MultiClass, auc_ci, auc_first_come, auc_histogram, auc_pairs, auc_rank, auc_trapezoid,
    auc_weighted, delong, gauc, multiclass_auc, roc_auc,
};
pub use calibration::{
    Bins, ReliabilityBin, brier, expected_calibration_error, log_loss, predicted_over_observed,
    reliability,
};
pub use confusion::{Average, ConfusionMatrix, ZeroDivision};
pub use drift::{FeatureSkew, feature_skew, js_drift, ks_drift, psi};
pub use isotonic::{Isotonic, Platt};
pub use precision_recall::{PrCurve, average_precision, precision_recall_curve};
pub use roc::{RocCurve, Threshold, best_threshold, ks_statistic, roc_curve};
pub use validation::{
    Curve, Diagnosis, KFold, KFoldParams, Shift, Suspect, TimeSeriesSplit, adversarial_validation,
    cross_val_outputs, cross_val_score, cross_validate, diagnose, leakage_scan, learning_curve,
    validation_curve,
};

use crate::base::check_vector;
use crate::{Error, Result};
use ndarray::ArrayView1;

/// How many of each class a set of scores holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Classes {
    pub(crate) positives: usize,
    pub(crate) negatives: usize,
}

/// Scores are finite, labels 0 or 1 and as many, and both classes are there.
pub(crate) fn check_scores(
    names: [&'static str; 2],
    scores: ArrayView1<f64>,
    y: &[usize],
) -> Result<Classes> {
    let [scores_name, y_name] = names;
    if scores.is_empty() {
        return Err(Error::Empty { what: scores_name, needed: "2 scores" });
    }
    check_vector(scores_name, scores)?;
    if y.len() != scores.len() {
        let (expected, got) = (format!("({},)", scores.len()), format!("({},)", y.len()));
        return Err(Error::Shape { what: y_name, expected, got });
    }
    if let Some(index) = y.iter().position(|&label| label > 1) {
        let (got, allowed) = (y[index].to_string(), "0 or 1");
        return Err(Error::Label { what: y_name, index, got, allowed });
    }
    let positives = y.iter().sum();
    let negatives = y.len() - positives;
    if positives == 0 || negatives == 0 {
        return Err(Error::SingleClass { what: y_name, class: usize::from(negatives == 0) });
    }
    Ok(Classes { positives, negatives })
}

/// Row numbers from the highest score to the lowest; equal scores keep their order.
pub(crate) fn descending(scores: ArrayView1<f64>) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..scores.len()).collect();
    rows.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    rows
}
