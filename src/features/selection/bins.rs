//! Cutting a number into bins, and the rate of an event in each.

use super::{check_binary, check_length};
use crate::base::{check_vector, finite, holds, quantile_of_sorted, stored, views};
use crate::tree::cart::{Criterion, DecisionTreeClassifier};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, Axis};
use serde::{Deserialize, Serialize};

/// Where the cuts are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BinStrategy {
    /// Equally many rows a bin, up to ties.
    Quantile,
    /// Equally wide bins between the smallest and the largest value.
    Width,
    /// Cuts of a decision tree that lower the entropy of the class most; needs the classes
    /// ([`BinnerParams::fit_supervised`]), so it belongs inside the training part of a validation.
    Tree,
}

/// Entry point: [`Binner::params`].
#[derive(Debug, Clone, Copy)]
pub struct Binner;

impl Binner {
    /// Settings for at most `n_bins` bins.
    ///
    /// ```
    /// use mlnotes::features::selection::{BinStrategy, Binner};
    /// use ndarray::array;
    /// let x = array![1.0, 2.0, 3.0, 100.0];
    /// let halves = Binner::params(BinStrategy::Quantile, 2).fit(x.view())?;
    /// assert_eq!(halves.assign(x.view())?, [0, 0, 1, 1]);
    /// let wide = Binner::params(BinStrategy::Width, 2).fit(x.view())?;
    /// assert_eq!(wide.assign(x.view())?, [0, 0, 0, 1]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(strategy: BinStrategy, n_bins: usize) -> BinnerParams {
        BinnerParams { strategy, n_bins }
    }
}

/// Settings of a binning: where the cuts are put, and how many bins there may be (at least 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinnerParams {
    strategy: BinStrategy,
    n_bins: usize,
}

/// Cut points learned from one set of rows, to be used on any other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Bins {
    /// Ascending cuts `c₁ < … < c_{B−1}`; bin `i` is `(cᵢ, cᵢ₊₁]`, the outer ones are unbounded.
    pub cuts: Array1<f64>,
}

stored!(Bins, |m| {
    finite("cuts", &m.cuts)?;
    let rises = m.cuts.windows(2).into_iter().all(|pair| pair[0] < pair[1]);
    holds(rises, "`cuts` do not rise")
});

impl BinnerParams {
    /// Learns the cuts from `x`, shape `(n_samples,)`. Quantiles that coincide (a value repeated often)
    /// are one cut, so there can be fewer bins than asked for, but never an empty one among quantiles.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `n_bins >= 2`, and for [`BinStrategy::Tree`]; [`Error::TooFewSamples`] for
    /// fewer rows than bins; [`Error::NotFinite`]; [`Error::ZeroVariance`] for a constant `x`.
    #[views]
    pub fn fit(&self, x: ArrayView1<f64>) -> Result<Bins> {
        self.check(x)?;
        if self.strategy == BinStrategy::Tree {
            let (name, rule) = ("strategy", "Quantile or Width here; Tree needs `fit_supervised`");
            return Err(Error::Parameter { estimator: "Binner", name, rule, got: "Tree".into() });
        }
        let mut sorted = x.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
        let share = |i: usize| i as f64 / self.n_bins as f64;
        let cut = |i: usize| match self.strategy {
            BinStrategy::Width => low + (high - low) * share(i),
            _ => quantile_of_sorted(&sorted, share(i)),
        };
        let mut cuts: Vec<f64> = (1..self.n_bins).map(cut).collect();
        if self.strategy == BinStrategy::Quantile {
            // Where a value is repeated, several quantiles fall on it or into the gap beside it: one cut of
            // those with the same rows below is enough, and none with all rows below.
            let below = |cut: f64| sorted.partition_point(|v| *v <= cut);
            cuts.dedup_by_key(|cut| below(*cut));
            cuts.retain(|&cut| cut < high);
            if cuts.is_empty() {
                // Most rows share the largest value: part it from the rest.
                cuts.extend(sorted.iter().rev().find(|v| **v < high));
            }
        }
        Ok(Bins { cuts: cuts.into() })
    }

    /// As [`BinnerParams::fit`], with the classes `y`, shape `(n_samples,)`, which only [`BinStrategy::Tree`]
    /// looks at: an entropy tree with at least 5 % of the rows in a leaf, pruned to at most `n_bins` leaves.
    ///
    /// # Errors
    /// As [`BinnerParams::fit`]; [`Error::Shape`], [`Error::Label`], [`Error::SingleClass`].
    ///
    /// ```
    /// use mlnotes::features::selection::{BinStrategy, Binner};
    /// use ndarray::array;
    /// let (x, y) = (array![1.0, 2.0, 3.0, 10.0, 11.0, 12.0], [0, 0, 0, 1, 1, 1]);
    /// let bins = Binner::params(BinStrategy::Tree, 2).fit_supervised(x.view(), &y)?;
    /// assert_eq!(bins.cuts, array![6.5]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit_supervised(&self, x: ArrayView1<f64>, y: &[usize]) -> Result<Bins> {
        if self.strategy != BinStrategy::Tree {
            check_length("Binner: `y`", y, x.len())?;
            return self.fit(x);
        }
        self.check(x)?;
        let column = x.insert_axis(Axis(1));
        let params = DecisionTreeClassifier::params()
            .criterion(Criterion::Entropy)
            .min_leaf((x.len() / 20).max(1));
        let grown = params.fit(column, y)?.tree;
        let step = grown.pruning_path().into_iter().find(|step| step.n_leaves <= self.n_bins);
        let tree = params.ccp_alpha(step.map_or(0.0, |step| step.alpha)).fit(column, y)?.tree;
        let mut cuts: Vec<f64> =
            tree.nodes.iter().filter_map(|node| node.split.map(|split| split.threshold)).collect();
        cuts.sort_by(f64::total_cmp);
        Ok(Bins { cuts: cuts.into() })
    }

    fn check(&self, x: ArrayView1<f64>) -> Result<()> {
        const WHAT: &str = "Binner: `x`";
        check_vector(WHAT, x)?;
        if self.n_bins < 2 {
            let (name, rule, got) = ("n_bins", ">= 2", self.n_bins.to_string());
            return Err(Error::Parameter { estimator: "Binner", name, rule, got });
        }
        if x.len() < self.n_bins {
            return Err(Error::TooFewSamples { what: WHAT, needed: self.n_bins, got: x.len() });
        }
        if x.iter().all(|v| v.total_cmp(&x[0]).is_eq()) {
            return Err(Error::ZeroVariance { what: WHAT, col: None, value: x[0] });
        }
        Ok(())
    }
}

impl Bins {
    /// Number of bins.
    pub fn n_bins(&self) -> usize {
        self.cuts.len() + 1
    }

    /// The bin of each value of `x`, shape `(n_rows,)`, from 0: the number of cuts below it.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    #[views]
    pub fn assign(&self, x: ArrayView1<f64>) -> Result<Vec<usize>> {
        check_vector("Bins::assign: `x`", x)?;
        let cuts = self.cuts.as_slice().unwrap_or_default();
        Ok(x.iter().map(|v| cuts.partition_point(|cut| cut < v)).collect())
    }

    /// A name for each bin: `<= 2`, `2 to 5`, `> 5`, with `precision` digits after the point.
    pub fn labels(&self, precision: usize) -> Vec<String> {
        let text = |i: usize| format!("{:.precision$}", self.cuts[i]);
        let last = self.cuts.len();
        if last == 0 {
            return vec!["all".to_owned()];
        }
        (0..=last)
            .map(|i| match i {
                0 => format!("<= {}", text(0)),
                i if i == last => format!("> {}", text(i - 1)),
                i => format!("{} to {}", text(i - 1), text(i)),
            })
            .collect()
    }
}

/// How often an event happens in each bucket of a feature.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BucketRate {
    /// The buckets.
    pub bins: Bins,
    /// Rows in each, shape `(n_bins,)`.
    pub count: Vec<usize>,
    /// Mean of the feature in each, shape `(n_bins,)`; where to draw it.
    pub centre: Array1<f64>,
    /// Share of the event in each, shape `(n_bins,)`.
    pub rate: Array1<f64>,
    /// Lower ends of 95 % intervals (Wilson), shape `(n_bins,)`.
    pub lower: Array1<f64>,
    /// Upper ends.
    pub upper: Array1<f64>,
}

/// Rate of `y = 1` (clicks, defaults) in `n_bins` equally filled buckets of a feature `x`, shapes
/// `(n_samples,)`: the picture to look at before any score.
///
/// # Errors
/// As [`BinnerParams::fit`]; [`Error::Shape`], [`Error::Label`], [`Error::SingleClass`].
///
/// ```
/// use mlnotes::{data, features::selection::bucket_rate};
/// let set = data::credit();
/// let table = bucket_rate(set.x.column(0), &set.y, 5)?;
/// // Who has worked for long defaults less.
/// assert!(table.rate[0] > 0.4 && table.rate[4] < 0.1);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Wilson (1927) for the interval.
#[views]
pub fn bucket_rate(x: ArrayView1<f64>, y: &[usize], n_bins: usize) -> Result<BucketRate> {
    /// The 97.5 % point of the normal law.
    const Z: f64 = 1.959_963_984_540_054;
    check_length("bucket_rate: `y`", y, x.len())?;
    check_binary("bucket_rate: `y`", y)?;
    let bins = Binner::params(BinStrategy::Quantile, n_bins).fit(x)?;
    let b = bins.n_bins();
    let (mut count, mut events, mut centre) = (vec![0; b], vec![0; b], Array1::<f64>::zeros(b));
    for ((bin, &value), &label) in bins.assign(x)?.into_iter().zip(x).zip(y) {
        count[bin] += 1;
        events[bin] += label;
        centre[bin] += value;
    }
    let wilson = |i: usize, sign: f64| {
        let (n, p) = (count[i] as f64, events[i] as f64 / count[i] as f64);
        let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        ((p + Z * Z / (2.0 * n) + sign * spread) / (1.0 + Z * Z / n)).clamp(0.0, 1.0)
    };
    centre.iter_mut().zip(&count).for_each(|(sum, &n)| *sum /= n as f64);
    Ok(BucketRate {
        centre,
        rate: (0..b).map(|i| events[i] as f64 / count[i] as f64).collect(),
        lower: (0..b).map(|i| wilson(i, -1.0)).collect(),
        upper: (0..b).map(|i| wilson(i, 1.0)).collect(),
        count,
        bins,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quantile_bins_are_never_empty_and_ordered(
            values in proptest::collection::vec((-6i32..6).prop_map(f64::from), 8..60),
            n_bins in 2usize..8,
        ) {
            let x = Array1::from(values);
            prop_assume!(x.iter().any(|v| v.total_cmp(&x[0]).is_ne()));
            let bins = Binner::params(BinStrategy::Quantile, n_bins).fit(x.view()).unwrap();
            prop_assert!(bins.n_bins() <= n_bins && bins.n_bins() >= 2);
            let assigned = bins.assign(x.view()).unwrap();
            for bin in 0..bins.n_bins() {
                prop_assert!(assigned.contains(&bin), "{bin} of {:?} is empty", bins.cuts);
            }
            for i in 0..x.len() {
                for j in 0..x.len() {
                    prop_assert!(x[i] >= x[j] || assigned[i] <= assigned[j]);
                }
            }
        }
    }

    #[test]
    fn a_tree_cuts_where_the_class_changes_and_asks_for_classes() {
        let x = Array1::linspace(0.0, 1.0, 200);
        let y: Vec<usize> = x.iter().map(|v| usize::from(*v > 0.3 && *v <= 0.7)).collect();
        let params = Binner::params(BinStrategy::Tree, 3);
        let bins = params.fit_supervised(x.view(), &y).unwrap();
        assert_eq!(bins.n_bins(), 3);
        assert!((&bins.cuts - &array![0.3, 0.7]).iter().all(|d| d.abs() < 0.006), "{}", bins.cuts);
        assert!(params.fit(x.view()).unwrap_err().to_string().contains("needs `fit_supervised`"));
        let one = params.fit_supervised(x.view(), &vec![1; 200]);
        assert!(matches!(one, Err(Error::SingleClass { .. })));
        // At most n_bins, also where the tree would cut on.
        let noisy: Vec<usize> = (0..200).map(|i| usize::from(i * 7 % 10 < 4)).collect();
        assert!(params.fit_supervised(x.view(), &noisy).unwrap().n_bins() <= 3);
        assert_eq!(Bins { cuts: array![] }.labels(0), ["all"]);
    }

    #[test]
    fn cuts_belong_to_the_bin_below_and_labels_say_so() {
        let bins = Bins { cuts: array![2.0, 5.0] };
        assert_eq!(bins.assign(array![2.0, 2.1, 5.0, 9.0].view()).unwrap(), [0, 1, 1, 2]);
        assert_eq!(bins.labels(0), ["<= 2", "2 to 5", "> 5"]);
    }

    #[test]
    fn rates_and_intervals_by_hand() {
        let x = array![1.0, 2.0, 3.0, 4.0];
        let table = bucket_rate(x.view(), &[0, 0, 1, 0], 2).unwrap();
        assert_eq!(table.count, [2, 2]);
        assert_eq!((table.rate, table.centre), (array![0.0, 0.5], array![1.5, 3.5]));
        // Wilson for 0 of 2: (0, z² / (n + z²)).
        assert!(table.lower[0].abs() < 1e-15);
        assert!((table.upper[0] - 3.841_459 / 5.841_459).abs() < 1e-6);
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![1.0, 2.0, 3.0];
        let fit = |n| Binner::params(BinStrategy::Quantile, n).fit(x.view());
        assert!(matches!(fit(1), Err(Error::Parameter { name: "n_bins", .. })));
        assert!(matches!(fit(4), Err(Error::TooFewSamples { needed: 4, got: 3, .. })));
        let flat = Binner::params(BinStrategy::Width, 2).fit(array![3.0, 3.0].view());
        assert!(matches!(flat, Err(Error::ZeroVariance { .. })));
        let nan = Binner::params(BinStrategy::Width, 2).fit(array![3.0, f64::NAN].view());
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
        assert!(fit(2).unwrap().assign(array![f64::INFINITY].view()).is_err());
        assert!(matches!(bucket_rate(x.view(), &[0, 1], 2), Err(Error::Shape { .. })));
        assert!(matches!(bucket_rate(x.view(), &[1, 1, 1], 2), Err(Error::SingleClass { .. })));
    }
}
