//! Area under the ROC curve, computed four ways that agree and one that does not.
//!
//! ```text
//! AUC = P(s⁺ > s⁻) + ½ P(s⁺ = s⁻)                            pairs: O(n₊ n₋)
//!     = (Σ_{i positive} rᵢ − n₊ (n₊ + 1)/2) / (n₊ n₋)        ranks: O(n log n), tied scores share their mean rank
//!     = ∫ TPR dFPR                                           area: trapezoids under the curve
//! ```
//!
//! The rank formula is Mann and Whitney's U divided by `n₊ n₋`. It needs *mid-ranks*: with the ranks of a
//! sort, tied scores are ordered by the order of the rows, and four equal scores give anything from 0 to
//! 1 instead of one half; [`auc_first_come`] is that mistake, kept to be shown.
//!
//! # References
//! Hanley & `McNeil` (1982); `DeLong`, `DeLong` & Clarke-Pearson (1988); Sun & Xu (2014) for its `O(n log n)`
//! form; Hand & Till (2001) for several classes; Zhou et al. (2018), section 4.3, for the grouped AUC.

use super::roc::RocCurve;
use super::{Classes, check_scores};
use crate::base::{Test, check_matrix, check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};
use statrs::distribution::{ContinuousCDF, Normal};
use std::collections::BTreeMap;

/// Area under the ROC curve of `scores`, shape `(n_samples,)`, with labels 0 and 1: the chance that a
/// positive outranks a negative, ties counting one half. Computed from mid-ranks.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`], [`Error::SingleClass`].
///
/// ```
/// use mlnotes::metrics::auc::roc_auc;
/// let scores = ndarray::array![0.1, 0.4, 0.35, 0.8];
/// assert_eq!(roc_auc(scores.view(), &[0, 0, 1, 1])?, 0.75);
/// assert_eq!(roc_auc(ndarray::array![1.0, 1.0, 1.0].view(), &[0, 1, 0])?, 0.5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn roc_auc(scores: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    auc_rank(scores, y)
}

/// The same by its name in the notes: Mann and Whitney's rank formula with mid-ranks, `O(n log n)`.
///
/// # Errors
/// As [`roc_auc`].
///
/// ```
/// let scores = ndarray::array![0.2, 0.2, 0.9];
/// assert_eq!(mlnotes::metrics::auc::auc_rank(scores.view(), &[0, 1, 1])?, 0.75);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn auc_rank(scores: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    let classes = check_scores(["auc_rank: `scores`", "auc_rank: `y`"], scores, y)?;
    let values: Vec<f64> = scores.to_vec();
    Ok(from_ranks(&mid_ranks(&values), y, classes))
}

/// Area under a curve by trapezoids; a tie is the slanted side of one of them.
///
/// ```
/// use mlnotes::metrics::{auc::auc_trapezoid, roc::roc_curve};
/// let scores = ndarray::array![0.1, 0.4, 0.35, 0.8];
/// assert_eq!(auc_trapezoid(&roc_curve(scores.view(), &[0, 0, 1, 1])?), 0.75);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn auc_trapezoid(curve: &RocCurve) -> f64 {
    let n = curve.fpr.len();
    (1..n)
        .map(|i| (curve.fpr[i] - curve.fpr[i - 1]) * f64::midpoint(curve.tpr[i], curve.tpr[i - 1]))
        .sum()
}

/// The definition, pair by pair, `O(n₊ n₋)`: slow, and the judge of the others.
///
/// # Errors
/// As [`roc_auc`].
///
/// ```
/// let scores = ndarray::array![0.2, 0.2, 0.9];
/// assert_eq!(mlnotes::metrics::auc::auc_pairs(scores.view(), &[0, 1, 1])?, 0.75);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn auc_pairs(scores: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    let classes = check_scores(["auc_pairs: `scores`", "auc_pairs: `y`"], scores, y)?;
    let (positive, negative) = by_class(scores, y);
    // Counted in halves, so that the sum is exact.
    let halves: u64 = positive
        .iter()
        .flat_map(|p| negative.iter().map(move |n| p.total_cmp(n)))
        .map(|order| match order {
            std::cmp::Ordering::Greater => 2,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Less => 0,
        })
        .sum();
    Ok(halves as f64 / 2.0 / (classes.positives as f64 * classes.negatives as f64))
}

/// The area with a weight a row, shape `(n_samples,)`: pairs count the product of their weights.
///
/// # Errors
/// As [`roc_auc`], and [`Error::Negative`] for a weight below 0; [`Error::EmptyGroup`] when the weights of
/// a class are all 0.
///
/// ```
/// let (scores, weights) = (ndarray::array![0.2, 0.9, 0.5], ndarray::array![1.0, 1.0, 3.0]);
/// let auc = mlnotes::metrics::auc::auc_weighted(scores.view(), &[0, 1, 1], weights.view())?;
/// assert_eq!(auc, 1.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn auc_weighted(scores: ArrayView1<f64>, y: &[usize], weights: ArrayView1<f64>) -> Result<f64> {
    const WHAT: &str = "auc_weighted: `weights`";
    check_scores(["auc_weighted: `scores`", "auc_weighted: `y`"], scores, y)?;
    if weights.len() != scores.len() {
        let (expected, got) = (format!("({},)", scores.len()), format!("({},)", weights.len()));
        return Err(Error::Shape { what: WHAT, expected, got });
    }
    check_vector(WHAT, weights)?;
    if let Some((index, &value)) = weights.iter().enumerate().find(|(_, w)| **w < 0.0) {
        return Err(Error::Negative { what: WHAT, index, value });
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut area, mut below, mut total) = (0.0, 0.0, 0.0);
    for tie in order.chunk_by(|&a, &b| scores[a] >= scores[b]) {
        let of = |class| tie.iter().filter(|&&i| y[i] == class).map(|&i| weights[i]).sum::<f64>();
        let (negative, positive) = (of(0), of(1));
        area += positive * (below + negative / 2.0);
        below += negative;
        total += positive;
    }
    for (weight, class) in [(below, 0), (total, 1)] {
        if weight <= 0.0 {
            let group = format!("weight of class {class}");
            return Err(Error::EmptyGroup { what: "auc_weighted", group });
        }
    }
    Ok(area / (below * total))
}

/// The area from counts in `bins` equal bins of `[0, 1]`: what a stream can keep. Rows of one bin are tied,
/// so the error is at most half the share of pairs that share a bin.
///
/// # Errors
/// As [`roc_auc`], [`Error::Probability`] for a score outside `[0, 1]`, [`Error::Parameter`] for no bins.
///
/// ```
/// let scores = ndarray::array![0.11, 0.12, 0.93];
/// let auc = mlnotes::metrics::auc::auc_histogram(scores.view(), &[0, 1, 1], 10)?;
/// assert_eq!(auc, 0.75);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn auc_histogram(scores: ArrayView1<f64>, y: &[usize], bins: usize) -> Result<f64> {
    const WHAT: &str = "auc_histogram: `scores`";
    let classes = check_scores([WHAT, "auc_histogram: `y`"], scores, y)?;
    crate::base::check_unit(WHAT, scores)?;
    if bins == 0 {
        let (estimator, name, rule) = ("auc_histogram", "bins", "at least 1");
        return Err(Error::Parameter { estimator, name, rule, got: "0".to_owned() });
    }
    let mut counts = vec![[0_u64; 2]; bins];
    for (&score, &label) in scores.iter().zip(y) {
        counts[super::calibration::bin_of(score, bins)][label] += 1;
    }
    let (mut below, mut halves) = (0, 0);
    for [negative, positive] in counts {
        halves += positive * (2 * below + negative);
        below += negative;
    }
    Ok(halves as f64 / 2.0 / (classes.positives as f64 * classes.negatives as f64))
}

/// The rank formula with the ranks of a stable sort: *wrong* when scores are tied, since the answer then
/// depends on the order of the rows. Kept so that the chapter can show it.
///
/// # Errors
/// As [`roc_auc`].
///
/// ```
/// use mlnotes::metrics::auc::auc_first_come;
/// let tied = ndarray::array![0.5, 0.5, 0.5, 0.5];
/// assert_eq!(auc_first_come(tied.view(), &[0, 0, 1, 1])?, 1.0);
/// assert_eq!(auc_first_come(tied.view(), &[1, 1, 0, 0])?, 0.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn auc_first_come(scores: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    let classes = check_scores(["auc_first_come: `scores`", "auc_first_come: `y`"], scores, y)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let mut ranks = vec![0.0; order.len()];
    for (rank, &row) in order.iter().enumerate() {
        ranks[row] = rank as f64 + 1.0;
    }
    Ok(from_ranks(&ranks, y, classes))
}

/// How several classes become two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MultiClass {
    /// Each class against all others, by its own probability; changes with the class ratio.
    OneVsRest,
    /// Each pair of classes, on the rows of those two; does not (Hand & Till).
    OneVsOne,
}

/// AUC of several classes from `p`, shape `(n_samples, n_classes)`, the plain mean over classes or pairs;
/// with `weighted`, by the rows that each holds.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`], [`Error::SingleClass`], and
/// [`Error::EmptyGroup`] when a class has no rows.
///
/// ```
/// use mlnotes::metrics::auc::{MultiClass, multiclass_auc};
/// let p = ndarray::array![[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4], [0.1, 0.2, 0.7]];
/// let auc = multiclass_auc(p.view(), &[0, 1, 2, 2], MultiClass::OneVsRest, false)?;
/// assert_eq!(auc, 1.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn multiclass_auc(
    p: ArrayView2<f64>,
    y: &[usize],
    how: MultiClass,
    weighted: bool,
) -> Result<f64> {
    const NAMES: [&str; 2] = ["multiclass_auc: `p`", "multiclass_auc: `y`"];
    check_matrix(NAMES[0], p)?;
    let (n, c) = p.dim();
    if y.len() != n {
        let (expected, got) = (format!("({n},)"), format!("({},)", y.len()));
        return Err(Error::Shape { what: NAMES[1], expected, got });
    }
    if let Some(index) = y.iter().position(|&label| label >= c) {
        let (got, allowed) = (y[index].to_string(), "below the number of columns of `p`");
        return Err(Error::Label { what: NAMES[1], index, got, allowed });
    }
    if c < 2 {
        return Err(Error::SingleClass { what: NAMES[0], class: 0 });
    }
    let mut counts = vec![0_usize; c];
    for &label in y {
        counts[label] += 1;
    }
    if let Some(class) = counts.iter().position(|&count| count == 0) {
        let group = format!("class {class} of `y`");
        return Err(Error::EmptyGroup { what: "multiclass_auc", group });
    }
    let part = |k: usize, rows: &[usize]| {
        let scores: Array1<f64> = rows.iter().map(|&i| p[[i, k]]).collect();
        let labels: Vec<usize> = rows.iter().map(|&i| usize::from(y[i] == k)).collect();
        auc_rank(scores.view(), &labels)
    };
    let all: Vec<usize> = (0..n).collect();
    let mut parts: Vec<(f64, f64)> = Vec::new();
    match how {
        MultiClass::OneVsRest => {
            for (k, &count) in counts.iter().enumerate() {
                parts.push((part(k, &all)?, count as f64));
            }
        }
        MultiClass::OneVsOne => {
            for a in 0..c {
                for b in a + 1..c {
                    let rows: Vec<usize> = (0..n).filter(|&i| y[i] == a || y[i] == b).collect();
                    let both = f64::midpoint(part(a, &rows)?, part(b, &rows)?);
                    parts.push((both, rows.len() as f64));
                }
            }
        }
    }
    let weight = |rows: f64| if weighted { rows } else { 1.0 };
    let total: f64 = parts.iter().map(|&(_, rows)| weight(rows)).sum();
    Ok(parts.iter().map(|&(auc, rows)| auc * weight(rows)).sum::<f64>() / total)
}

/// AUC inside each group, averaged.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Gauc {
    /// Mean of the groups' AUC, each weighted by its rows.
    pub value: f64,
    /// Groups that hold both classes.
    pub groups: usize,
    /// Groups left out because they hold one class only: they have no AUC.
    pub skipped: usize,
}

/// Grouped AUC: a user is shown a list of his own, so only pairs within a user matter. Groups with a single
/// class are left out and counted.
///
/// # Errors
/// As [`roc_auc`]; [`Error::NoSupport`] when no group holds both classes.
///
/// ```
/// let scores = ndarray::array![0.9, 0.8, 0.3, 0.2];
/// let gauc = mlnotes::metrics::auc::gauc(scores.view(), &[0, 1, 0, 1], &[7, 7, 8, 8])?;
/// assert_eq!((gauc.value, gauc.groups), (0.0, 2));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn gauc(scores: ArrayView1<f64>, y: &[usize], groups: &[usize]) -> Result<Gauc> {
    check_scores(["gauc: `scores`", "gauc: `y`"], scores, y)?;
    if groups.len() != y.len() {
        let (expected, got) = (format!("({},)", y.len()), format!("({},)", groups.len()));
        return Err(Error::Shape { what: "gauc: `groups`", expected, got });
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(row);
    }
    let (mut sum, mut weight, mut used) = (0.0, 0.0, 0);
    for rows in members.values() {
        let labels: Vec<usize> = rows.iter().map(|&i| y[i]).collect();
        if labels.iter().all(|&label| label == labels[0]) {
            continue;
        }
        let own: Array1<f64> = rows.iter().map(|&i| scores[i]).collect();
        sum += auc_rank(own.view(), &labels)? * rows.len() as f64;
        weight += rows.len() as f64;
        used += 1;
    }
    if used == 0 {
        return Err(Error::NoSupport {
            what: "gauc",
            problem: "no group holds a positive and a negative".to_owned(),
            remedy: "group by something coarser, or collect more rows a group",
        });
    }
    Ok(Gauc { value: sum / weight, groups: used, skipped: members.len() - used })
}

/// Tests whether two scores of the *same* rows have the same AUC, by `DeLong`'s covariance of two
/// dependent U statistics; the effect is `AUC(a) − AUC(b)`, with a 95 % interval.
///
/// # Errors
/// As [`roc_auc`] for each; [`Error::TooFewSamples`] with fewer than two rows of a class;
/// [`Error::ZeroVariance`] when the two rank all pairs alike.
///
/// ```
/// use ndarray::array;
/// let y = [1, 1, 1, 0, 0, 0, 0];
/// let (good, poor) = (
///     array![0.9, 0.8, 0.4, 0.5, 0.3, 0.2, 0.1],
///     array![0.2, 0.9, 0.1, 0.5, 0.6, 0.3, 0.8],
/// );
/// let test = mlnotes::metrics::auc::delong(good.view(), poor.view(), &y)?;
/// assert!(test.effect > 0.4 && test.p_value < 0.2);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn delong(a: ArrayView1<f64>, b: ArrayView1<f64>, y: &[usize]) -> Result<Test> {
    check_scores(["delong: `a`", "delong: `y`"], a, y)?;
    check_scores(["delong: `b`", "delong: `y`"], b, y)?;
    let (auc_a, parts_a) = placements(a, y)?;
    let (auc_b, parts_b) = placements(b, y)?;
    let difference = [0, 1].map(|class| {
        let pairs = parts_a[class].iter().zip(&parts_b[class]);
        pairs.map(|(a, b)| a - b).collect::<Vec<f64>>()
    });
    let std = (mean_variance(&difference[0]) + mean_variance(&difference[1])).sqrt();
    let effect = auc_a - auc_b;
    if std <= 0.0 {
        return Err(Error::ZeroVariance {
            what: "delong: the difference",
            col: None,
            value: effect,
        });
    }
    let normal = Normal::standard();
    let (z, half) = (effect / std, normal.inverse_cdf(0.975) * std);
    Ok(Test::new(z, 2.0 * normal.cdf(-z.abs()))
        .with_effect(effect)
        .with_ci(effect - half, effect + half))
}

/// Confidence interval of the AUC at `level`, normal on `DeLong`'s variance and cut to `[0, 1]`.
///
/// # Errors
/// As [`roc_auc`]; [`Error::Parameter`] unless `0 < level < 1`; [`Error::TooFewSamples`] with fewer than two
/// rows of a class; [`Error::ZeroVariance`] when all pairs are ranked alike (an AUC of 0 or 1), where this
/// interval has no width and says nothing.
///
/// ```
/// let scores = ndarray::array![0.9, 0.8, 0.4, 0.5, 0.3, 0.2];
/// let (low, high) = mlnotes::metrics::auc::auc_ci(scores.view(), &[1, 1, 1, 0, 0, 0], 0.95)?;
/// assert!(low < 8.0 / 9.0 && high == 1.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn auc_ci(scores: ArrayView1<f64>, y: &[usize], level: f64) -> Result<(f64, f64)> {
    check_scores(["auc_ci: `scores`", "auc_ci: `y`"], scores, y)?;
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::Parameter {
            estimator: "auc_ci",
            name: "level",
            rule: "between 0 and 1, both excluded",
            got: level.to_string(),
        });
    }
    let (auc, parts) = placements(scores, y)?;
    let std = parts.iter().map(|part| mean_variance(part)).sum::<f64>().sqrt();
    if std <= 0.0 {
        return Err(Error::ZeroVariance {
            what: "auc_ci: the placement of the rows",
            col: None,
            value: auc,
        });
    }
    let half = Normal::standard().inverse_cdf(f64::midpoint(1.0, level)) * std;
    Ok(((auc - half).max(0.0), (auc + half).min(1.0)))
}

/// Ranks from 1, equal values sharing the mean of theirs.
pub(crate) fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tie in order.chunk_by(|&a, &b| values[a] >= values[b]) {
        let end = start + tie.len();
        let mean = f64::midpoint(start as f64 + 1.0, end as f64);
        for &row in tie {
            ranks[row] = mean;
        }
        start = end;
    }
    ranks
}

fn from_ranks(ranks: &[f64], y: &[usize], classes: Classes) -> f64 {
    let (p, n) = (classes.positives as f64, classes.negatives as f64);
    let sum: f64 =
        ranks.iter().zip(y).filter(|(_, label)| **label == 1).map(|(rank, _)| rank).sum();
    (sum - p * (p + 1.0) / 2.0) / (p * n)
}

fn by_class(scores: ArrayView1<f64>, y: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let of = |class| scores.iter().zip(y).filter(|(_, l)| **l == class).map(|(s, _)| *s).collect();
    (of(1), of(0))
}

/// The AUC, and for each positive the share of negatives below it, for each negative the share of
/// positives above it: `(rank among all − rank among its own) / size of the other class`.
fn placements(scores: ArrayView1<f64>, y: &[usize]) -> Result<(f64, [Vec<f64>; 2])> {
    let (positive, negative) = by_class(scores, y);
    let (m, n) = (positive.len(), negative.len());
    if m.min(n) < 2 {
        let what = "DeLong: each class of `y`";
        return Err(Error::TooFewSamples { what, needed: 2, got: m.min(n) });
    }
    let all = mid_ranks(&[positive.clone(), negative.clone()].concat());
    let own = (mid_ranks(&positive), mid_ranks(&negative));
    let above = |i: usize| (all[i] - own.0[i]) / n as f64;
    let below = |j: usize| 1.0 - (all[m + j] - own.1[j]) / m as f64;
    let parts = [(0..m).map(above).collect::<Vec<f64>>(), (0..n).map(below).collect()];
    let auc = parts[0].iter().sum::<f64>() / m as f64;
    Ok((auc, parts))
}

/// Variance of the mean, with divisor `n − 1`.
fn mean_variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0) / n
}

#[cfg(test)]
mod tests {
    use super::super::roc::roc_curve;
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn limits_and_refusals() {
        let (s, y) = (array![0.1, 0.9], [0, 1]);
        assert!((roc_auc(s.view(), &y).unwrap() - 1.0).abs() < 1e-15);
        assert!(matches!(roc_auc(s.view(), &[1, 1]), Err(Error::SingleClass { .. })));
        assert!(matches!(auc_ci(s.view(), &y, 0.95), Err(Error::TooFewSamples { .. })));
        assert!(matches!(auc_ci(s.view(), &y, 1.0), Err(Error::Parameter { .. })));
        let (s, y) = (array![0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]);
        assert!(matches!(auc_ci(s.view(), &y, 0.9), Err(Error::ZeroVariance { .. })));
        assert!(matches!(delong(s.view(), s.view(), &y), Err(Error::ZeroVariance { .. })));
        let w = array![0.0, 0.0, 1.0, 1.0];
        assert!(matches!(auc_weighted(s.view(), &y, w.view()), Err(Error::EmptyGroup { .. })));
        let wide = array![0.1, 1.2];
        assert!(matches!(auc_histogram(wide.view(), &[0, 1], 9), Err(Error::Probability { .. })));
        assert!(matches!(gauc(s.view(), &y, &[0, 0, 1, 1]), Err(Error::NoSupport { .. })));
        let p = array![[0.5, 0.5], [0.4, 0.6]];
        let alone = multiclass_auc(p.view(), &[0, 0], MultiClass::OneVsOne, false);
        assert!(matches!(alone, Err(Error::EmptyGroup { .. })));
    }

    proptest! {
        /// Ranks, pairs, area and unit weights agree on heavily tied scores, whatever the row order.
        #[test]
        fn four_ways_agree(rows in proptest::collection::vec((0_u8..5, 0_usize..2), 2..60)) {
            let (s, y): (Vec<u8>, Vec<usize>) = rows.into_iter().unzip();
            prop_assume!(y.contains(&0) && y.contains(&1));
            let scores: Array1<f64> = s.iter().map(|&v| f64::from(v) / 5.0).collect();
            let pairs = auc_pairs(scores.view(), &y).unwrap();
            let area = auc_trapezoid(&roc_curve(scores.view(), &y).unwrap());
            let ones = Array1::ones(y.len());
            for other in [
                auc_rank(scores.view(), &y).unwrap(),
                area,
                auc_weighted(scores.view(), &y, ones.view()).unwrap(),
                auc_histogram(scores.view(), &y, 100).unwrap(),
            ] {
                prop_assert!((other - pairs).abs() < 1e-12, "{other} {pairs}");
            }
            let turned: Array1<f64> = scores.iter().rev().map(|v| v.powi(3) - 7.0).collect();
            let labels: Vec<usize> = y.iter().rev().copied().collect();
            prop_assert!((auc_rank(turned.view(), &labels).unwrap() - pairs).abs() < 1e-12);
            let against: Array1<f64> = scores.mapv(|v| -v);
            prop_assert!((auc_rank(against.view(), &y).unwrap() - (1.0 - pairs)).abs() < 1e-12);
        }
    }
}
