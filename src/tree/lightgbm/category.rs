//! The best two groups of categories.

use crate::tree::xgb::split_gain;
use crate::{Error, Result};

/// Which categories go left.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CategorySplit {
    /// The categories of the left child, ascending; the others go right.
    pub left: Vec<usize>,
    /// `½ [G_L²/(H_L+λ) + G_R²/(H_R+λ) − G²/(H+λ)]`.
    pub gain: f64,
}

/// The split of categories into two groups that gains most, from the sums `(G_c, H_c)` of each category;
/// `None` when no split gains anything. Categories without curvature (`H_c = 0`: no rows) go right.
///
/// The gain is a convex function of `(G_L, H_L)`, so over all subsets it is largest at a corner of their
/// convex hull; a corner is the subset `{c : α G_c + β H_c > 0}` of some direction, that is, all `c` with
/// `G_c/H_c` on one side of a number. So `k − 1` cuts of the sorted categories hold the best of the
/// `2^(k−1) − 1` splits, for every `λ`. A random code as good as its rows wins by this rule, so LightGBM
/// adds 10 to `H_c` in the sort (`cat_smooth`) and 10 to `λ` (`cat_l2`) by default.
///
/// ```
/// use mlnotes::tree::lightgbm::best_category_split;
/// // Squared error: categories 0 and 2 lie above the mean, 1 below.
/// let split = best_category_split(&[(-4.0, 2.0), (9.0, 3.0), (-5.0, 1.0)], 0.0, 0.0)?;
/// assert_eq!(split.map(|s| s.left), Some(vec![0, 2]));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] for fewer than two categories, [`Error::NotFinite`], [`Error::Negative`] for an
/// `H_c`, [`Error::Parameter`] for a `lambda` or `min_child_weight` below 0.
pub fn best_category_split(
    stats: &[(f64, f64)],
    lambda: f64,
    min_child_weight: f64,
) -> Result<Option<CategorySplit>> {
    check(stats, lambda, min_child_weight)?;
    let mut order: Vec<usize> = (0..stats.len()).filter(|&c| stats[c].1 > 0.0).collect();
    let ratio = |c: usize| stats[c].0 / stats[c].1;
    order.sort_by(|&a, &b| ratio(a).total_cmp(&ratio(b)));
    let sum = |categories: &[usize]| {
        categories.iter().fold((0.0, 0.0), |s, &c| (s.0 + stats[c].0, s.1 + stats[c].1))
    };
    let (g, h) = sum(&order);
    let (mut gl, mut hl) = (0.0, 0.0);
    let mut best: Option<(f64, usize)> = None;
    for (place, &category) in order.iter().enumerate().take(order.len().saturating_sub(1)) {
        gl += stats[category].0;
        hl += stats[category].1;
        if hl < min_child_weight || h - hl < min_child_weight {
            continue;
        }
        let gain = split_gain(gl, hl, g - gl, h - hl, lambda, 0.0);
        let least = best.map_or(1e-12 * g * g / (h + lambda), |(gain, _)| gain);
        if gain > least {
            best = Some((gain, place + 1));
        }
    }
    Ok(best.map(|(gain, n_left)| {
        let mut left = order[..n_left].to_vec();
        left.sort_unstable();
        CategorySplit { left, gain }
    }))
}

fn check(stats: &[(f64, f64)], lambda: f64, min_child_weight: f64) -> Result<()> {
    const NAME: &str = "best_category_split";
    const WHAT: &str = "best_category_split: `stats`";
    if stats.len() < 2 {
        return Err(Error::Empty { what: WHAT, needed: "2 categories" });
    }
    for (row, &(g, h)) in stats.iter().enumerate() {
        for (col, value) in [g, h].into_iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::NotFinite { what: WHAT, row, col, value });
            }
        }
        if h < 0.0 {
            return Err(Error::Negative { what: WHAT, index: row, value: h });
        }
    }
    for (name, value) in [("lambda", lambda), ("min_child_weight", min_child_weight)] {
        if !(value.is_finite() && value >= 0.0) {
            let (rule, got) = ("finite and >= 0", value.to_string());
            return Err(Error::Parameter { estimator: NAME, name, rule, got });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_subset_is_better_than_the_best_prefix(
            stats in prop::collection::vec((-5.0..5.0, 0.2..4.0), 2..9), lambda in 0.0..4.0,
        ) {
            let found = best_category_split(&stats, lambda, 0.0).unwrap();
            let gain = |subset: usize| {
                let side = |left: bool| {
                    let taken = stats.iter().enumerate().filter(|(c, _)| ((subset >> c) & 1 == 1) == left);
                    taken.fold((0.0, 0.0), |s, (_, &(g, h))| (s.0 + g, s.1 + h))
                };
                let ((gl, hl), (gr, hr)) = (side(true), side(false));
                split_gain(gl, hl, gr, hr, lambda, 0.0)
            };
            let brute = (1..(1usize << stats.len()) - 1).map(gain).fold(f64::NEG_INFINITY, f64::max);
            match found {
                Some(split) => {
                    prop_assert!((split.gain - brute).abs() < 1e-9 * (1.0 + brute));
                    let subset = split.left.iter().map(|c| 1 << c).sum();
                    prop_assert!((gain(subset) - split.gain).abs() < 1e-9 * (1.0 + brute));
                }
                None => prop_assert!(brute < 1e-9),
            }
        }
    }

    #[test]
    fn light_groups_and_bad_input() {
        let stats = [(-4.0, 1.0), (1.0, 3.0), (3.0, 3.0), (0.0, 0.0)];
        let free = best_category_split(&stats, 0.0, 0.0).unwrap().unwrap();
        assert_eq!(free.left, [0]);
        let held = best_category_split(&stats, 0.0, 2.0).unwrap().unwrap();
        assert_eq!(held.left, [0, 1]);
        assert_eq!(best_category_split(&[(1.0, 1.0), (2.0, 2.0)], 0.0, 0.0).unwrap(), None);
        assert_eq!(best_category_split(&[(0.0, 0.0), (0.0, 0.0)], 0.0, 0.0).unwrap(), None);
        let fails =
            |stats: &[(f64, f64)], lambda| best_category_split(stats, lambda, 0.0).unwrap_err();
        assert!(matches!(fails(&stats[..1], 0.0), Error::Empty { .. }));
        assert!(matches!(
            fails(&[(f64::NAN, 1.0), (0.0, 1.0)], 0.0),
            Error::NotFinite { row: 0, .. }
        ));
        assert!(matches!(fails(&[(1.0, -1.0), (0.0, 1.0)], 0.0), Error::Negative { index: 0, .. }));
        assert!(matches!(fails(&stats, -1.0), Error::Parameter { .. }));
    }
}
