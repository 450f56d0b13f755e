//! Classification tree.

use super::{
    Classes, Columns, Criterion, Growth, Limits, MaxFeatures, Tree, check_alpha, grow,
    growth_setters,
};
#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::base::{
    Classifier, Fitted, accuracy_of, argmax, check_classes, check_length, check_matrix, check_rows,
    check_weights, setters, shape, stored, stream, views,
};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

const NAME: &str = "DecisionTreeClassifier";

impl DecisionTreeClassifier {
    /// Default settings: a tree that grows until its leaves are pure.
    ///
    /// ```
    /// use mlnotes::data::penguins;
    /// use mlnotes::tree::cart::DecisionTreeClassifier;
    /// let birds = penguins();
    /// let model = DecisionTreeClassifier::params().max_depth(2).fit(birds.x.view(), &birds.y)?;
    /// let first = model.tree.nodes()[0].split.map(|split| (split.feature, split.threshold));
    /// // The first question: are the flippers at most 206.5 mm long?
    /// assert_eq!(first, Some((2, 206.5)));
    /// assert!(model.score(birds.x.view(), &birds.y)? > 0.94);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> DecisionTreeClassifierParams {
        DecisionTreeClassifierParams {
            criterion: Criterion::Gini,
            growth: Growth::new(MaxFeatures::All),
            ccp_alpha: 0.0,
            seed: 0,
        }
    }
}

/// Settings of a classification tree.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `criterion` | `Gini` | | impurity that splits lower |
/// | `max_depth` | none | `>= 1` | most questions on the way to a leaf |
/// | `min_leaf` | 1 | `1..=n_samples` | fewest rows of a leaf |
/// | `min_split` | 2 | `>= 2` | fewest rows of a node that may be split |
/// | `max_features` | `All` | | features each split looks at |
/// | `ccp_alpha` | 0 | `>= 0` | price of a leaf in the pruning; 0 prunes nothing |
/// | `seed` | 0 | | chance of the features; of no effect when all are looked at |
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionTreeClassifierParams {
    criterion: Criterion,
    growth: Growth,
    ccp_alpha: f64,
    seed: u64,
}

/// A fitted classification tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct DecisionTreeClassifier {
    /// The questions; each node's value is its class shares.
    pub tree: Tree,
    /// Number of classes.
    pub(in crate::tree) n_classes: usize,
}

stored!(DecisionTreeClassifier, |m| shape("n_classes", m.tree.value(0).len(), m.n_classes));

impl DecisionTreeClassifierParams {
    growth_setters!();

    setters! {
        /// Sets the impurity.
        criterion: Criterion;
        /// Sets the price of a leaf in the pruning, in units of impurity.
        ccp_alpha: f64;
        /// Seeds the draws of features.
        seed: u64;
    }

    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, numbered from 0; the
    /// number of classes is the largest label plus 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`] for a label that is not
    /// below the number of rows, [`Error::SingleClass`], [`Error::Parameter`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<DecisionTreeClassifier> {
        self.fit_weighted(x, y, Array1::ones(x.nrows()).view())
    }

    /// As [`DecisionTreeClassifierParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`. A row
    /// of weight 0 counts as absent; `min_leaf` and `min_split` count rows, not weight.
    ///
    /// # Errors
    /// As [`DecisionTreeClassifierParams::fit`], and [`Error::Negative`] for a weight, [`Error::Empty`]
    /// when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        weights: ArrayView1<f64>,
    ) -> Result<DecisionTreeClassifier> {
        check_matrix("DecisionTreeClassifier: `x`", x)?;
        let n_classes = check_classes("DecisionTreeClassifier: `y`", y, x.nrows())?;
        check_weights("DecisionTreeClassifier: `weights`", weights, x.nrows())?;
        let limits = self.limits(x.nrows(), x.ncols())?;
        let mut rng = stream(self.seed, 0);
        let weights = weights.to_vec();
        Ok(self.grow(&Columns::new(x), y, &weights, n_classes, &limits, &mut rng))
    }

    pub(in crate::tree) fn limits(&self, n_samples: usize, n_features: usize) -> Result<Limits> {
        check_alpha(NAME, self.ccp_alpha)?;
        self.growth.limits(NAME, n_samples, n_features)
    }

    /// Grows on checked data; classes without a row are allowed.
    pub(in crate::tree) fn grow(
        &self,
        columns: &Columns,
        y: &[usize],
        weights: &[f64],
        n_classes: usize,
        limits: &Limits,
        rng: &mut ChaCha8Rng,
    ) -> DecisionTreeClassifier {
        let mut target = Classes::new(y, weights, n_classes, self.criterion);
        let mut tree = grow(columns, present(weights), &mut target, limits, rng);
        if self.ccp_alpha > 0.0 {
            tree = tree.pruned(self.ccp_alpha);
        }
        DecisionTreeClassifier { tree, n_classes }
    }
}

/// Rows of positive weight.
#[expect(clippy::cast_possible_truncation, reason = "the number of rows was checked")]
pub(super) fn present(weights: &[f64]) -> Vec<u32> {
    (0..weights.len()).filter(|&i| weights[i] > 0.0).map(|i| i as u32).collect()
}

impl DecisionTreeClassifier {
    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Class shares of each row's leaf, shape `(n_rows, n_classes)`; rows sum to 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("DecisionTreeClassifier::predict_proba: `x`", x, self.tree.n_features)?;
        let mut shares = Array2::zeros((x.nrows(), self.n_classes));
        self.tree.for_each_row(x, |i, value| {
            shares.row_mut(i).assign(&ArrayView1::from(value));
        });
        Ok(shares)
    }

    /// The most frequent class of each row's leaf, the lower one of equals.
    ///
    /// # Errors
    /// As [`DecisionTreeClassifier::predict_proba`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self.predict_proba(x)?.rows().into_iter().map(argmax).collect())
    }

    /// Share of rows whose class is predicted.
    ///
    /// # Errors
    /// As [`DecisionTreeClassifier::predict_proba`], and [`Error::Shape`] when `y` has another length.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        accuracy_of("DecisionTreeClassifier::score: `y`", &self.predict(x)?, y)
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

impl Classifier for DecisionTreeClassifierParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        check_matrix("DecisionTreeClassifier: `x`", x)?;
        check_length("DecisionTreeClassifier: `y`", y.len(), x.nrows())?;
        let limits = self.limits(x.nrows(), x.ncols())?;
        let mut rng = stream(seed, 0);
        let weights = vec![1.0; y.len()];
        Ok(Box::new(self.grow(&Columns::new(x), y, &weights, n_classes, &limits, &mut rng)))
    }
}

impl Fitted for DecisionTreeClassifier {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use ndarray::array;
    use proptest::prelude::*;
    use rand::Rng;
    use rand::SeedableRng;

    fn random(n: usize, d: usize, n_values: usize, seed: u64) -> (Array2<f64>, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let x = Array2::from_shape_fn((n, d), |_| rng.random_range(0..n_values) as f64);
        let y = (0..n).map(|i| if i < 3 { i } else { rng.random_range(0..3) }).collect();
        (x, y)
    }

    #[test]
    fn a_split_by_hand() {
        // At 2.5: weight·Gini falls from 6 · 0.5 = 3 to 0 + 4 · (1 - 1/16 - 9/16) = 1.5.
        let x = array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]];
        let y = [0, 0, 1, 0, 1, 1];
        let model = DecisionTreeClassifier::params().max_depth(1).fit(x.view(), &y).unwrap();
        let root = model.tree.nodes[0];
        assert_eq!(root.split.map(|s| (s.feature, s.threshold)), Some((0, 2.5)));
        assert!((root.impurity - 0.5).abs() < 1e-15);
        assert!((model.tree.nodes[2].impurity - 0.375).abs() < 1e-15);
        assert_eq!(model.tree.value(2), [0.25, 0.75]);
        assert_eq!(model.predict(array![[2.5], [2.6]].view()).unwrap(), [0, 1]);
    }

    #[test]
    fn exclusive_or_needs_a_split_that_gains_nothing() {
        let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let y = [0, 1, 1, 0];
        for criterion in [Criterion::Gini, Criterion::Entropy] {
            let params = DecisionTreeClassifier::params().criterion(criterion);
            let model = params.fit(x.view(), &y).unwrap();
            assert_eq!((model.n_leaves(), model.depth()), (4, 2));
            assert_eq!(model.predict(x.view()).unwrap(), y);
            assert!((model.importance().sum() - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn constant_features_and_equal_rows_end_in_a_leaf() {
        let x = array![[1.0, 7.0], [1.0, 7.0], [2.0, 7.0]];
        let model = DecisionTreeClassifier::params().fit(x.view(), &[0, 1, 1]).unwrap();
        assert_eq!(model.n_leaves(), 2);
        assert_eq!(model.predict_proba(x.view()).unwrap().row(0), array![0.5, 0.5]);
        let flat = Array2::<f64>::ones((4, 2));
        let model = DecisionTreeClassifier::params().fit(flat.view(), &[1, 0, 1, 1]).unwrap();
        assert_eq!((model.n_leaves(), model.importance()), (1, array![0.0, 0.0]));
        assert_eq!(model.predict(flat.view()).unwrap(), [1, 1, 1, 1]);
    }

    #[test]
    fn pruning_gives_the_trees_of_its_path() {
        let (x, y) = random(120, 3, 9, 4);
        let full = DecisionTreeClassifier::params().fit(x.view(), &y).unwrap();
        let path = full.tree.pruning_path();
        assert_eq!((path[0].n_leaves, path.last().unwrap().n_leaves), (full.n_leaves(), 1));
        let mut before = (0.0, 0.0);
        for (i, step) in path.iter().enumerate() {
            assert!(step.alpha >= before.0 - 1e-12 && step.impurity >= before.1 - 1e-12);
            before = (step.alpha, step.impurity);
            let next = path.get(i + 1).map_or(step.alpha + 1.0, |next| next.alpha);
            if next > step.alpha + 1e-9 {
                let alpha = f64::midpoint(step.alpha, next);
                let params = DecisionTreeClassifier::params().ccp_alpha(alpha);
                let pruned = params.fit(x.view(), &y).unwrap();
                assert_eq!(pruned.n_leaves(), step.n_leaves, "at {alpha}");
            }
        }
    }

    #[test]
    fn a_weight_is_a_number_of_copies() {
        let (x, y) = random(40, 2, 30, 5);
        let counts: Vec<usize> = (0..40).map(|i| if i < 3 { 1 } else { i % 3 }).collect();
        let rows: Vec<usize> = (0..40).flat_map(|i| vec![i; counts[i]]).collect();
        let copies: Vec<usize> = rows.iter().map(|&i| y[i]).collect();
        let params = DecisionTreeClassifier::params();
        let copied = params.fit(x.select(ndarray::Axis(0), &rows).view(), &copies).unwrap();
        let weights: Array1<f64> = counts.iter().map(|&c| c as f64).collect();
        let weighted = params.fit_weighted(x.view(), &y, weights.view()).unwrap();
        let splits = |m: &DecisionTreeClassifier| -> Vec<_> {
            m.tree.nodes.iter().map(|n| n.split.map(|s| s.feature)).collect()
        };
        assert_eq!(splits(&copied), splits(&weighted));
        assert_eq!(copied.predict(x.view()).unwrap(), weighted.predict(x.view()).unwrap());
    }

    proptest! {
        /// Laws of every tree; sorting at each node gives the tree of the kept order.
        #[test]
        fn every_tree_obeys(seed in 0u64..500, min_leaf in 1usize..6, n_values in 2usize..40) {
            let (x, y) = random(50, 3, n_values, seed);
            let params = DecisionTreeClassifier::params().min_leaf(min_leaf);
            let model = params.fit(x.view(), &y).unwrap();
            let nodes = &model.tree.nodes;
            for (id, node) in nodes.iter().enumerate() {
                prop_assert!(node.n_samples >= min_leaf);
                if let Some(split) = node.split {
                    prop_assert!(split.left == id + 1);
                    let (left, right) = (&nodes[split.left], &nodes[split.right]);
                    prop_assert!(left.n_samples + right.n_samples == node.n_samples);
                    let rest = left.weight * left.impurity + right.weight * right.impurity;
                    prop_assert!(rest <= node.weight * node.impurity + 1e-9);
                }
            }
            let mut limits = params.limits(50, 3).unwrap();
            limits.max_features = 3;
            let columns = Columns::new(x.view());
            let weights = vec![1.0; 50];
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let kept = params.grow(&columns, &y, &weights, 3, &limits, &mut rng);
            prop_assert_eq!(&kept, &model);
            let sorted = super::super::grow::grow_by_sorting(
                &columns,
                present(&weights),
                &mut Classes::new(&y, &weights, 3, Criterion::Gini),
                &limits,
                &mut rng,
            );
            prop_assert_eq!(&sorted, &model.tree);
            let shares = model.predict_proba(x.view()).unwrap();
            prop_assert!(shares.rows().into_iter().all(|r| (r.sum() - 1.0).abs() < 1e-12));
        }

        /// Only the order of the values matters.
        #[test]
        fn a_monotone_change_of_a_feature_changes_no_prediction(seed in 0u64..200) {
            let (x, y) = random(40, 2, 25, seed);
            let bent = x.mapv(|v| (0.2 * v).exp());
            let params = DecisionTreeClassifier::params();
            let a = params.fit(x.view(), &y).unwrap().predict(x.view()).unwrap();
            prop_assert_eq!(a, params.fit(bent.view(), &y).unwrap().predict(bent.view()).unwrap());
        }
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[1.0], [2.0], [3.0]];
        let y = [0, 1, 1];
        let params = DecisionTreeClassifier::params;
        let refused = |p: DecisionTreeClassifierParams, name: &str| match p.fit(x.view(), &y) {
            Err(Error::Parameter { name: got, .. }) => assert_eq!(got, name),
            other => panic!("{name}: {other:?}"),
        };
        refused(params().max_depth(0), "max_depth");
        refused(params().min_leaf(0), "min_leaf");
        refused(params().min_leaf(4), "min_leaf");
        refused(params().min_split(1), "min_split");
        refused(params().max_features(MaxFeatures::Count(2)), "max_features");
        refused(params().max_features(MaxFeatures::Count(0)), "max_features");
        refused(params().max_features(MaxFeatures::Share(f64::NAN)), "max_features");
        refused(params().ccp_alpha(-0.1), "ccp_alpha");
        refused(params().ccp_alpha(f64::NAN), "ccp_alpha");
        let fit = |y: &[usize]| params().fit(x.view(), y).unwrap_err();
        assert!(matches!(fit(&[1, 1, 1]), Error::SingleClass { class: 1, .. }));
        assert!(matches!(fit(&[0, 1]), Error::Shape { .. }));
        assert!(matches!(fit(&[0, 1, 3]), Error::Label { index: 2, .. }));
        let nan = array![[1.0], [f64::NAN], [2.0]];
        assert!(matches!(params().fit(nan.view(), &y), Err(Error::NotFinite { row: 1, .. })));
        let empty = Array2::<f64>::zeros((0, 1));
        assert!(matches!(params().fit(empty.view(), &[]), Err(Error::Empty { .. })));
        let weighted =
            |w: [f64; 3]| params().fit_weighted(x.view(), &y, array![w[0], w[1], w[2]].view());
        assert!(matches!(weighted([1.0, -1.0, 1.0]), Err(Error::Negative { index: 1, .. })));
        assert!(matches!(weighted([0.0; 3]), Err(Error::Empty { .. })));
        assert!(matches!(weighted([1.0, 1.0, f64::NAN]), Err(Error::NotFinite { .. })));
        let model = params().fit(x.view(), &y).unwrap();
        assert!(matches!(model.predict(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
        assert!(matches!(model.predict(array![[f64::NAN]].view()), Err(Error::NotFinite { .. })));
        assert!(matches!(model.score(x.view(), &[0]), Err(Error::Shape { .. })));
    }
}
