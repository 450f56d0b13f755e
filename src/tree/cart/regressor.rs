//! Regression tree.

use super::classifier::present;
use super::{
    Columns, Growth, Limits, MaxFeatures, Squares, Tree, check_alpha, grow, growth_setters,
};
use crate::Result;
use crate::base::{
    check_matrix, check_rows, check_target, check_weights, r_squared, seeded_regressor, setters,
    shape, stored, stream, views,
};
use ndarray::{Array1, ArrayView1, ArrayView2};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

const NAME: &str = "DecisionTreeRegressor";

impl DecisionTreeRegressor {
    /// Default settings: a tree that grows until its leaves hold one value each.
    ///
    /// ```
    /// use mlnotes::tree::cart::DecisionTreeRegressor;
    /// use ndarray::array;
    /// let x = array![[1.0], [2.0], [3.0], [4.0]];
    /// let y = array![1.0, 1.0, 5.0, 9.0];
    /// let model = DecisionTreeRegressor::params().max_depth(1).fit(x.view(), y.view())?;
    /// assert_eq!(model.predict(x.view())?, array![1.0, 1.0, 7.0, 7.0]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> DecisionTreeRegressorParams {
        DecisionTreeRegressorParams {
            growth: Growth::new(MaxFeatures::All),
            ccp_alpha: 0.0,
            seed: 0,
        }
    }
}

/// Settings of a regression tree, grown by squared error.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `max_depth` | none | `>= 1` | most questions on the way to a leaf |
/// | `min_leaf` | 1 | `1..=n_samples` | fewest rows of a leaf |
/// | `min_split` | 2 | `>= 2` | fewest rows of a node that may be split |
/// | `max_features` | `All` | | features each split looks at |
/// | `ccp_alpha` | 0 | `>= 0` | price of a leaf in the pruning, in squared units of `y`; 0 prunes nothing |
/// | `seed` | 0 | | chance of the features; of no effect when all are looked at |
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionTreeRegressorParams {
    growth: Growth,
    ccp_alpha: f64,
    seed: u64,
}

/// A fitted regression tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct DecisionTreeRegressor {
    /// The questions; each node's value is the mean of its rows.
    pub tree: Tree,
}

stored!(DecisionTreeRegressor, |m| shape("tree", m.tree.value(0).len(), 1));

impl DecisionTreeRegressorParams {
    growth_setters!();

    setters! {
        /// Sets the price of a leaf in the pruning.
        ccp_alpha: f64;
        /// Seeds the draws of features.
        seed: u64;
    }

    /// Fits `x`, `(n_samples, n_features)`, to `y`, `(n_samples,)`.
    ///
    /// # Errors
    /// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Shape`],
    /// [`crate::Error::Parameter`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<DecisionTreeRegressor> {
        self.fit_weighted(x, y, Array1::ones(x.nrows()).view())
    }

    /// As [`DecisionTreeRegressorParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`. A row of
    /// weight 0 counts as absent; `min_leaf` and `min_split` count rows, not weight.
    ///
    /// # Errors
    /// As [`DecisionTreeRegressorParams::fit`], and [`crate::Error::Negative`] for a weight,
    /// [`crate::Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        weights: ArrayView1<f64>,
    ) -> Result<DecisionTreeRegressor> {
        check_matrix("DecisionTreeRegressor: `x`", x)?;
        check_target("DecisionTreeRegressor: `y`", y, x.nrows())?;
        check_weights("DecisionTreeRegressor: `weights`", weights, x.nrows())?;
        let limits = self.limits(x.nrows(), x.ncols())?;
        let mut rng = stream(self.seed, 0);
        Ok(self.grow(&Columns::new(x), &y.to_vec(), &weights.to_vec(), &limits, &mut rng))
    }

    pub(in crate::tree) fn limits(&self, n_samples: usize, n_features: usize) -> Result<Limits> {
        check_alpha(NAME, self.ccp_alpha)?;
        self.growth.limits(NAME, n_samples, n_features)
    }

    /// Grows on checked data.
    pub(in crate::tree) fn grow(
        &self,
        columns: &Columns,
        y: &[f64],
        weights: &[f64],
        limits: &Limits,
        rng: &mut ChaCha8Rng,
    ) -> DecisionTreeRegressor {
        let mut target = Squares::new(y, weights);
        let mut tree = grow(columns, present(weights), &mut target, limits, rng);
        if self.ccp_alpha > 0.0 {
            tree = tree.pruned(self.ccp_alpha);
        }
        DecisionTreeRegressor { tree }
    }
}

impl DecisionTreeRegressor {
    /// The mean of each row's leaf, shape `(n_rows,)`.
    ///
    /// # Errors
    /// [`crate::Error::Empty`], [`crate::Error::NotFinite`], or [`crate::Error::Shape`] for a wrong number
    /// of columns.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        check_rows("DecisionTreeRegressor::predict: `x`", x, self.tree.n_features)?;
        let mut means = Array1::zeros(x.nrows());
        self.tree.for_each_row(x, |i, value| means[i] = value[0]);
        Ok(means)
    }

    /// `R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²`; 0 where `y` does not vary.
    ///
    /// # Errors
    /// As [`DecisionTreeRegressor::predict`], and for a `y` of another length or with NaN.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        check_target("DecisionTreeRegressor::score: `y`", y, x.nrows())?;
        let pairs: Vec<(f64, f64)> = y.iter().copied().zip(self.predict(x)?).collect();
        Ok(r_squared(&pairs))
    }

    /// See [`Tree::importance`].
    pub fn importance(&self) -> Array1<f64> {
        self.tree.importance()
    }

    /// Number of leaves.
    pub fn n_leaves(&self) -> usize {
        self.tree.n_leaves()
    }

    /// Questions on the longest way from the root to a leaf.
    pub fn depth(&self) -> usize {
        self.tree.depth()
    }
}

seeded_regressor!(DecisionTreeRegressorParams => DecisionTreeRegressor);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use ndarray::{Array2, array};
    use proptest::prelude::*;
    use rand::Rng;
    use rand::SeedableRng;

    /// The best first split by trying every threshold and summing squares.
    fn best_by_brute_force(x: &Array2<f64>, y: &Array1<f64>) -> f64 {
        let squares = |rows: &[usize]| {
            let mean = rows.iter().map(|&i| y[i]).sum::<f64>() / rows.len() as f64;
            rows.iter().map(|&i| (y[i] - mean).powi(2)).sum::<f64>()
        };
        let mut best = f64::INFINITY;
        for column in x.columns() {
            for &t in column {
                let (left, right): (Vec<_>, Vec<_>) = (0..y.len()).partition(|&i| column[i] <= t);
                if !right.is_empty() {
                    best = best.min(squares(&left) + squares(&right));
                }
            }
        }
        best
    }

    proptest! {
        #[test]
        fn the_first_split_is_the_best_of_all(seed in 0u64..300, far in 0u8..2) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let x = Array2::from_shape_fn((25, 3), |_| f64::from(rng.random_range(0u8..12)));
            let shift = f64::from(far) * 1e6;
            let y = Array1::from_shape_fn(25, |_| shift + rng.random::<f64>());
            let model = DecisionTreeRegressor::params().max_depth(1).fit(x.view(), y.view()).unwrap();
            let nodes = &model.tree.nodes;
            let rest: f64 = nodes[1..].iter().map(|n| n.weight * n.impurity).sum();
            prop_assert!((rest - best_by_brute_force(&x, &y)).abs() < 1e-6);
        }
    }

    #[test]
    fn a_full_tree_repeats_its_data_and_depth_lowers_error() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let x = Array2::from_shape_fn((60, 2), |_| rng.random::<f64>());
        let y = Array1::from_shape_fn(60, |_| rng.random::<f64>());
        let fit = |p: DecisionTreeRegressorParams| p.fit(x.view(), y.view()).unwrap();
        let full = fit(DecisionTreeRegressor::params());
        assert_eq!(full.predict(x.view()).unwrap(), y);
        assert!((full.score(x.view(), y.view()).unwrap() - 1.0).abs() < 1e-15);
        let mut before = -1.0;
        for depth in 1..6 {
            let model = fit(DecisionTreeRegressor::params().max_depth(depth));
            let score = model.score(x.view(), y.view()).unwrap();
            assert!(score > before && model.depth() == depth);
            before = score;
        }
        let few = fit(DecisionTreeRegressor::params().max_features(MaxFeatures::Count(1)).seed(3));
        assert_eq!(few.predict(x.view()).unwrap(), y);
        assert_ne!(few, full);
        assert_eq!(
            few,
            fit(DecisionTreeRegressor::params().max_features(MaxFeatures::Count(1)).seed(3))
        );
    }

    #[test]
    fn a_constant_target_is_one_leaf_and_bad_input_is_named() {
        let x = array![[1.0], [2.0], [3.0]];
        let same = array![0.1, 0.1, 0.1];
        let model = DecisionTreeRegressor::params().fit(x.view(), same.view()).unwrap();
        assert_eq!((model.n_leaves(), model.predict(x.view()).unwrap()), (1, same.clone()));
        assert!(model.score(x.view(), same.view()).unwrap().abs() < 1e-300);
        let fit = |y: Array1<f64>| DecisionTreeRegressor::params().fit(x.view(), y.view());
        assert!(matches!(fit(array![1.0]), Err(Error::Shape { .. })));
        assert!(matches!(fit(array![1.0, f64::NAN, 0.0]), Err(Error::NotFinite { row: 1, .. })));
        let one = DecisionTreeRegressor::params().fit(array![[5.0]].view(), array![2.0].view());
        assert_eq!(one.unwrap().predict(array![[0.0]].view()).unwrap(), array![2.0]);
    }
}
