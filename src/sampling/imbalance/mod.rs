//! Few positives among many negatives: resample, reweight, and repair the probabilities afterwards.
//!
//! ```text
//! keep each negative with chance w      P(y = 1 | x, kept) = η / (η + w (1 − η)),   η = P(y = 1 | x)
//! class weights w₁, w₀                  the same with w = w₀ / w₁
//! undone by                             q = p / (p + (1 − p) / w),   logit q = logit p + ln w
//! ```
//!
//! | tool | changes | afterwards |
//! |---|---|---|
//! | [`undersample`], [`oversample`], [`Smote`] | the share of each class among the rows | [`prior_shift`] |
//! | [`downsample_negatives`] | the share of negatives, by a known chance | [`recalibrate`] |
//! | [`class_weights`], [`sample_weights`] | how much a row counts in the loss | [`recalibrate`] by `w₀ / w₁` |
//! | [`crate::ensemble::BalancedBagging`] | the rows of each member | [`prior_shift`] |
//! | [`crate::nn::loss::focal`] | the loss | [`crate::nn::loss::focal_posterior`] |
//!
//! Each of them moves the probabilities, none of them adds information: a model that ranks well needs no
//! more than another threshold ([`crate::metrics::roc::best_threshold`]). They pay where training on all
//! negatives costs too much, or where a learner that maximises accuracy gives up on the rare class.
//!
//! Split first, resample the training part only: copies of a row on both sides of a split are a leak.
//!
//! # Example
//! ```
//! use mlnotes::sampling::imbalance::{downsample_negatives, recalibrate};
//! use ndarray::array;
//! let y: Vec<usize> = (0..1000).map(|i| usize::from(i % 100 == 0)).collect();
//! let rows = downsample_negatives(&y, 0.1, 7)?;
//! assert_eq!(rows.iter().map(|&row| y[row]).sum::<usize>(), 10); // every positive stays
//! let rate = 10.0 / rows.len() as f64; // what a model without features learns
//! let repaired = recalibrate(array![rate].view(), 0.1)?;
//! assert!(rate > 0.08 && (repaired[0] - 0.01).abs() < 0.002);
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! Elkan (2001), The foundations of cost-sensitive learning, theorem 2; King & Zeng (2001), Logistic
//! regression in rare events data, eq. 7; He et al. (2014), Practical lessons from predicting clicks on ads
//! at Facebook, section 6.3.

mod probabilities;
mod rows;
mod smote;
mod weights;

pub use probabilities::{prior_shift, recalibrate};
pub use rows::{downsample_negatives, oversample, undersample};
pub use smote::{Smote, SmoteParams};
pub use weights::{ClassWeight, class_weights, sample_weights};

use crate::{Error, Result};
use std::collections::BTreeMap;

/// The rows of each class, both in ascending order; at least two classes.
pub(crate) fn by_class(what: &'static str, y: &[usize]) -> Result<BTreeMap<usize, Vec<usize>>> {
    let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &class) in y.iter().enumerate() {
        classes.entry(class).or_default().push(row);
    }
    match classes.first_key_value() {
        None => Err(Error::Empty { what, needed: "2 labels" }),
        Some((&class, _)) if classes.len() == 1 => Err(Error::SingleClass { what, class }),
        Some(_) => Ok(classes),
    }
}

/// Sizes of the smallest and the largest class.
pub(crate) fn extremes(classes: &BTreeMap<usize, Vec<usize>>) -> (usize, usize) {
    classes
        .values()
        .fold((usize::MAX, 0), |(low, high), rows| (low.min(rows.len()), high.max(rows.len())))
}

/// `ratio` is a share of the largest class: above 0, at most 1.
pub(crate) fn check_ratio(estimator: &'static str, ratio: f64) -> Result<()> {
    if ratio > 0.0 && ratio <= 1.0 {
        return Ok(());
    }
    let (name, rule, got) = ("ratio", "above 0 and at most 1", ratio.to_string());
    Err(Error::Parameter { estimator, name, rule, got })
}

/// Rows that a class has after oversampling: `⌊ratio · n_max⌋`, and never fewer than before.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 < ratio <= 1")]
fn at_least(ratio: f64, largest: usize, now: usize) -> usize {
    now.max((ratio * largest as f64) as usize)
}

/// Rows that a class has after undersampling: `⌊n_min / ratio⌋`, and never more than before.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "n_min / ratio > 0")]
pub(crate) fn at_most(ratio: f64, smallest: usize, now: usize) -> usize {
    now.min((smallest as f64 / ratio) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_whatever_their_numbers() {
        let classes = by_class("f: `y`", &[7, 2, 7, 7]).unwrap();
        assert_eq!(classes[&7], [0, 2, 3]);
        assert_eq!(extremes(&classes), (1, 3));
        assert!(matches!(by_class("f: `y`", &[]), Err(Error::Empty { .. })));
        assert!(matches!(by_class("f: `y`", &[4, 4]), Err(Error::SingleClass { class: 4, .. })));
    }

    #[test]
    fn ratios_outside_their_range_are_refused() {
        for bad in [0.0, -0.5, 1.01, f64::NAN, f64::INFINITY] {
            let error = check_ratio("f", bad).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "ratio", .. }), "{error}");
        }
        assert_eq!((at_least(0.5, 10, 3), at_least(0.1, 10, 3)), (5, 3));
        assert_eq!((at_most(0.5, 3, 10), at_most(0.1, 3, 10)), (6, 10));
    }
}
