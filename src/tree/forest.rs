//! Random forest: many deep trees, each on a bootstrap sample, each split on few features, averaged.
//!
//! ```text
//! f̄(x) = (1/B) Σ_b f_b(x)        Var f̄ = ρ σ² + (1 − ρ) σ² / B
//! ```
//!
//! `σ²` is the variance of one tree and `ρ` the correlation of two, over training sets. More trees lower
//! the second term only, never harm, and leave the floor `ρ σ²`; looking at few features a split lowers
//! `ρ`, for a little more bias and `σ²` a tree. Rows that a tree has not seen (about `e⁻¹` of them) judge
//! it: the out-of-bag score needs no test set.
//!
//! Tree `b` draws from stream `b` of the seed's generator, so the number of threads changes nothing.
//!
//! # References
//! Breiman (2001), Random forests; Hastie, Tibshirani & Friedman (2009), chapter 15.

use super::cart::{
    Columns, Criterion, DecisionTreeClassifier, DecisionTreeClassifierParams,
    DecisionTreeRegressor, DecisionTreeRegressorParams, MaxFeatures, Tree, shares,
};
use crate::base::{
    Classifier, Fitted, Present, accuracy_of, argmax, check_classes, check_matrix, check_rows,
    check_target, holds, r_squared, seeded_regressor, stored, stream, views, widened,
};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Trees between two looks for an interrupt, and rows that one task predicts.
const CHUNK: usize = 64;

impl RandomForestClassifier {
    /// Default settings: 100 full trees, `√n_features` features a split.
    ///
    /// ```
    /// use mlnotes::tree::forest::RandomForestClassifier;
    /// let wine = mlnotes::data::wine();
    /// let forest = RandomForestClassifier::params().oob_score(true).fit(wine.x.view(), &wine.y)?;
    /// assert!(forest.oob_score().is_some_and(|accuracy| accuracy > 0.95));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> RandomForestClassifierParams {
        RandomForestClassifierParams {
            tree: DecisionTreeClassifier::params().max_features(MaxFeatures::Sqrt),
            ensemble: Ensemble::new("RandomForestClassifier"),
        }
    }
}

impl RandomForestRegressor {
    /// Default settings: 100 full trees, a third of the features a split.
    ///
    /// ```
    /// use mlnotes::tree::forest::RandomForestRegressor;
    /// use ndarray::{Array1, Array2};
    /// let x = Array2::from_shape_fn((80, 3), |(i, j)| ((i * (7 + j)) % 11) as f64);
    /// let y: Array1<f64> = x.rows().into_iter().map(|r| r[0] * r[1] + r[2]).collect();
    /// let forest = RandomForestRegressor::params().seed(1).fit(x.view(), y.view())?;
    /// assert!(forest.score(x.view(), y.view())? > 0.9);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> RandomForestRegressorParams {
        RandomForestRegressorParams {
            tree: DecisionTreeRegressor::params().max_features(MaxFeatures::Share(1.0 / 3.0)),
            ensemble: Ensemble::new("RandomForestRegressor"),
        }
    }
}

/// Settings of a classification forest.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `n_trees` | 100 | `>= 1` | trees |
/// | `max_features` | `Sqrt` | | features each split looks at |
/// | `max_depth` | none | `>= 1` | most questions on the way to a leaf |
/// | `min_leaf` | 1 | `1..=n_samples` | fewest different rows of a leaf |
/// | `min_split` | 2 | `>= 2` | fewest different rows of a node that may be split |
/// | `criterion` | `Gini` | | impurity that splits lower |
/// | `bootstrap` | true | | each tree on `n_samples` rows drawn with replacement, or on all |
/// | `oob_score` | false | needs `bootstrap` | judge each row by the trees that have not seen it |
/// | `seed` | 0 | | chance of the rows and features |
#[derive(Debug, Clone, PartialEq)]
pub struct RandomForestClassifierParams {
    tree: DecisionTreeClassifierParams,
    ensemble: Ensemble,
}

/// Settings of a regression forest.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `n_trees` | 100 | `>= 1` | trees |
/// | `max_features` | `Share(1/3)` | | features each split looks at; with all of them it is bagging |
/// | `max_depth` | none | `>= 1` | most questions on the way to a leaf |
/// | `min_leaf` | 1 | `1..=n_samples` | fewest different rows of a leaf |
/// | `min_split` | 2 | `>= 2` | fewest different rows of a node that may be split |
/// | `bootstrap` | true | | each tree on `n_samples` rows drawn with replacement, or on all |
/// | `oob_score` | false | needs `bootstrap` | judge each row by the trees that have not seen it |
/// | `seed` | 0 | | chance of the rows and features |
#[derive(Debug, Clone, PartialEq)]
pub struct RandomForestRegressorParams {
    tree: DecisionTreeRegressorParams,
    ensemble: Ensemble,
}

/// What both forests share.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ensemble {
    name: &'static str,
    n_trees: usize,
    bootstrap: bool,
    oob_score: bool,
    seed: u64,
}

/// The out-of-bag judgement: each row by the trees whose sample left it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutOfBag {
    /// Accuracy, or `R²`, over the rows that at least one tree left out.
    pub score: f64,
    /// Mean prediction for each row, shape `(n_samples, n_outputs)` (class shares, or one number); a row
    /// that every tree saw holds zeros.
    pub prediction: Array2<f64>,
    /// Number of trees that left each row out, shape `(n_samples,)`.
    pub n_votes: Vec<usize>,
}

/// A fitted classification forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct RandomForestClassifier {
    /// The trees.
    trees: Vec<DecisionTreeClassifier>,
    /// Number of classes.
    n_classes: usize,
    /// The out-of-bag judgement, if asked for.
    pub out_of_bag: Option<OutOfBag>,
}

stored!(RandomForestClassifier, |m| {
    let first = m.trees.first().map(|t| (t.tree.n_features, m.n_classes));
    let alike = |t: &DecisionTreeClassifier| Some((t.tree.n_features, t.n_classes)) == first;
    holds(first.is_some() && m.trees.iter().all(alike), "no trees, or trees that differ in width")
});

/// A fitted regression forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct RandomForestRegressor {
    /// The trees.
    trees: Vec<DecisionTreeRegressor>,
    /// The out-of-bag judgement, if asked for.
    pub out_of_bag: Option<OutOfBag>,
}

stored!(RandomForestRegressor, |m| {
    let first = m.trees.first().map(|t| t.tree.n_features);
    let alike = |t: &DecisionTreeRegressor| Some(t.tree.n_features) == first;
    holds(first.is_some() && m.trees.iter().all(alike), "no trees, or trees that differ in width")
});

/// The setters of both forests.
macro_rules! forest_setters {
    () => {
        /// Sets the number of trees.
        #[must_use]
        pub fn n_trees(mut self, n_trees: usize) -> Self {
            self.ensemble.n_trees = n_trees;
            self
        }

        /// Sets how many features each split looks at.
        #[must_use]
        pub fn max_features(mut self, max_features: MaxFeatures) -> Self {
            self.tree = self.tree.max_features(max_features);
            self
        }

        /// Sets the largest number of questions between a root and a leaf.
        #[must_use]
        pub fn max_depth(mut self, max_depth: usize) -> Self {
            self.tree = self.tree.max_depth(max_depth);
            self
        }

        /// Sets the fewest different rows of a leaf.
        #[must_use]
        pub fn min_leaf(mut self, min_leaf: usize) -> Self {
            self.tree = self.tree.min_leaf(min_leaf);
            self
        }

        /// Sets the fewest different rows of a node that may be split.
        #[must_use]
        pub fn min_split(mut self, min_split: usize) -> Self {
            self.tree = self.tree.min_split(min_split);
            self
        }

        /// Sets whether each tree gets a bootstrap sample of the rows.
        #[must_use]
        pub fn bootstrap(mut self, bootstrap: bool) -> Self {
            self.ensemble.bootstrap = bootstrap;
            self
        }

        /// Sets whether to judge each row by the trees that have not seen it.
        #[must_use]
        pub fn oob_score(mut self, oob_score: bool) -> Self {
            self.ensemble.oob_score = oob_score;
            self
        }

        /// Seeds the draws of rows and features.
        #[must_use]
        pub fn seed(mut self, seed: u64) -> Self {
            self.ensemble.seed = seed;
            self
        }
    };
}

impl RandomForestClassifierParams {
    forest_setters!();

    /// Sets the impurity.
    #[must_use]
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.tree = self.tree.criterion(criterion);
        self
    }

    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, numbered from 0.
    ///
    /// # Errors
    /// As [`DecisionTreeClassifierParams::fit`]; [`Error::Parameter`] also for `oob_score` without
    /// `bootstrap`, [`Error::NoSupport`] when every tree saw every row.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<RandomForestClassifier> {
        check_matrix("RandomForestClassifier: `x`", x)?;
        let n_classes = check_classes("RandomForestClassifier: `y`", y, x.nrows())?;
        self.fit_rows(x, y, n_classes, &vec![1.0; y.len()])
    }

    /// As [`RandomForestClassifierParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`, that multiplies
    /// the number of times a tree has drawn it. A row of weight 0 counts as absent, and is not drawn; `min_leaf`,
    /// `min_split` and the out-of-bag score count rows.
    ///
    /// # Errors
    /// As [`RandomForestClassifierParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a
    /// weight, [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        sample_weight: ArrayView1<f64>,
    ) -> Result<RandomForestClassifier> {
        const WHAT: &str = "RandomForestClassifier: `y`";
        check_matrix("RandomForestClassifier: `x`", x)?;
        check_classes(WHAT, y, x.nrows())?;
        let what = "RandomForestClassifier: `sample_weight`";
        let present = Present::of(what, sample_weight, x.nrows())?;
        let (x, y) = (present.x(x), present.part(|i| y[i]));
        let n_classes = check_classes(WHAT, &y, x.nrows())?;
        self.fit_rows(x.view(), &y, n_classes, &present.weights.to_vec())
    }

    fn fit_rows(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        counts: &[f64],
    ) -> Result<RandomForestClassifier> {
        self.ensemble.check()?;
        let limits = self.tree.limits(x.nrows(), x.ncols())?;
        let columns = Columns::new(x);
        let grown = self.ensemble.grow(x.nrows(), |drawn, rng| {
            self.tree.grow(&columns, y, &times(drawn, counts), n_classes, &limits, rng)
        });
        let out_of_bag = self.ensemble.judge(
            x,
            n_classes,
            grown.iter().map(|(tree, weights)| (&tree.tree, weights)),
            |rows, prediction| {
                let right = |&&i: &&usize| argmax(prediction.row(i)) == y[i];
                rows.iter().filter(right).count() as f64 / rows.len() as f64
            },
        )?;
        let trees = grown.into_iter().map(|(tree, _)| tree).collect();
        Ok(RandomForestClassifier { trees, n_classes, out_of_bag })
    }
}

impl RandomForestRegressorParams {
    forest_setters!();

    /// Fits `x`, `(n_samples, n_features)`, to `y`, `(n_samples,)`.
    ///
    /// # Errors
    /// As [`DecisionTreeRegressorParams::fit`]; [`Error::Parameter`] also for `oob_score` without
    /// `bootstrap`, [`Error::NoSupport`] when every tree saw every row.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<RandomForestRegressor> {
        check_matrix("RandomForestRegressor: `x`", x)?;
        check_target("RandomForestRegressor: `y`", y, x.nrows())?;
        self.fit_rows(x, &y.to_vec(), &vec![1.0; y.len()])
    }

    /// As [`RandomForestRegressorParams::fit`], with weights as [`RandomForestClassifierParams::fit_weighted`].
    ///
    /// # Errors
    /// As [`RandomForestRegressorParams::fit`], [`Error::Negative`] for a weight, [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        sample_weight: ArrayView1<f64>,
    ) -> Result<RandomForestRegressor> {
        check_matrix("RandomForestRegressor: `x`", x)?;
        check_target("RandomForestRegressor: `y`", y, x.nrows())?;
        let what = "RandomForestRegressor: `sample_weight`";
        let present = Present::of(what, sample_weight, x.nrows())?;
        self.fit_rows(present.x(x).view(), &present.part(|i| y[i]), &present.weights.to_vec())
    }

    fn fit_rows(
        &self,
        x: ArrayView2<f64>,
        y: &[f64],
        counts: &[f64],
    ) -> Result<RandomForestRegressor> {
        self.ensemble.check()?;
        let limits = self.tree.limits(x.nrows(), x.ncols())?;
        let columns = Columns::new(x);
        let grown = self.ensemble.grow(x.nrows(), |drawn, rng| {
            self.tree.grow(&columns, y, &times(drawn, counts), &limits, rng)
        });
        let out_of_bag = self.ensemble.judge(
            x,
            1,
            grown.iter().map(|(tree, weights)| (&tree.tree, weights)),
            |rows, prediction| {
                let pairs: Vec<_> = rows.iter().map(|&i| (y[i], prediction[[i, 0]])).collect();
                r_squared(&pairs)
            },
        )?;
        let trees = grown.into_iter().map(|(tree, _)| tree).collect();
        Ok(RandomForestRegressor { trees, out_of_bag })
    }
}

/// How often a tree has drawn each row, times how much the row counts.
fn times(drawn: &[f64], counts: &[f64]) -> Vec<f64> {
    drawn.iter().zip(counts).map(|(drawn, count)| drawn * count).collect()
}

impl Ensemble {
    fn new(name: &'static str) -> Self {
        Self { name, n_trees: 100, bootstrap: true, oob_score: false, seed: 0 }
    }

    fn check(&self) -> Result<()> {
        let bad = |name, rule, got: &str| {
            Err(Error::Parameter { estimator: self.name, name, rule, got: got.to_owned() })
        };
        if self.n_trees == 0 {
            return bad("n_trees", ">= 1", "0");
        }
        if self.oob_score && !self.bootstrap {
            return bad("oob_score", "false without `bootstrap`, which leaves no row out", "true");
        }
        Ok(())
    }

    /// The trees in the order of their streams, each with the number of times it saw each row.
    fn grow<T: Send>(
        &self,
        n_samples: usize,
        tree: impl Fn(&[f64], &mut ChaCha8Rng) -> T + Sync,
    ) -> Vec<(T, Vec<f64>)> {
        let one = |number: usize| {
            let mut rng = stream(self.seed, number);
            let weights = self.draw(n_samples, &mut rng);
            let tree = tree(&weights, &mut rng);
            (tree, if self.oob_score { weights } else { Vec::new() })
        };
        let numbers: Vec<usize> = (0..self.n_trees).collect();
        let batch = |numbers: &[usize]| {
            check_interrupt();
            numbers.par_iter().map(|&number| one(number)).collect::<Vec<_>>()
        };
        numbers.chunks(CHUNK).flat_map(batch).collect()
    }

    fn draw(&self, n_samples: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
        if !self.bootstrap {
            return vec![1.0; n_samples];
        }
        let mut weights = vec![0.0; n_samples];
        (0..n_samples).for_each(|_| weights[rng.random_range(0..n_samples)] += 1.0);
        weights
    }

    fn judge<'a>(
        &self,
        x: ArrayView2<f64>,
        n_outputs: usize,
        trees: impl Iterator<Item = (&'a Tree, &'a Vec<f64>)>,
        score: impl Fn(&[usize], &Array2<f64>) -> f64,
    ) -> Result<Option<OutOfBag>> {
        if !self.oob_score {
            return Ok(None);
        }
        let mut prediction = Array2::<f64>::zeros((x.nrows(), n_outputs));
        let mut n_votes = vec![0; x.nrows()];
        for (tree, weights) in trees {
            tree.for_each_row(x, |i, value| {
                if weights[i] < 0.5 {
                    n_votes[i] += 1;
                    prediction.row_mut(i).zip_mut_with(&ArrayView1::from(value), |p, v| *p += v);
                }
            });
        }
        let rows: Vec<usize> = (0..x.nrows()).filter(|&i| n_votes[i] > 0).collect();
        if rows.is_empty() {
            return Err(Error::NoSupport {
                what: self.name,
                problem: "every tree saw every row, so none is out of bag".to_owned(),
                remedy: "grow more trees or turn `oob_score` off",
            });
        }
        for &i in &rows {
            prediction.row_mut(i).mapv_inplace(|p| p / n_votes[i] as f64);
        }
        Ok(Some(OutOfBag { score: score(&rows, &prediction), prediction, n_votes }))
    }
}

/// Mean of the trees' values for each row, shape `(n_rows, n_outputs)`; rows in parallel, trees in order.
fn average(trees: &[&Tree], x: ArrayView2<f64>, n_outputs: usize) -> Array2<f64> {
    let mut mean = Array2::zeros((x.nrows(), n_outputs));
    mean.axis_chunks_iter_mut(Axis(0), CHUNK)
        .into_par_iter()
        .zip(x.axis_chunks_iter(Axis(0), CHUNK))
        .for_each(|(mut mean, x)| {
            for tree in trees {
                tree.for_each_row(x, |i, value| {
                    mean.row_mut(i).zip_mut_with(&ArrayView1::from(value), |m, v| *m += v);
                });
            }
            mean /= trees.len() as f64;
        });
    mean
}

/// Mean of the trees' importances, shape `(n_features,)`, with sum 1; all 0 when no tree has a split.
fn mean_importance<'a>(trees: impl Iterator<Item = &'a Tree>) -> Array1<f64> {
    shares(trees.map(Tree::importance).reduce(|a, b| a + b).unwrap_or_default())
}

impl RandomForestClassifier {
    /// The trees, in the order in which they were grown.
    pub fn trees(&self) -> &[DecisionTreeClassifier] {
        &self.trees
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Mean class shares of the trees, shape `(n_rows, n_classes)`; rows sum to 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("RandomForestClassifier::predict_proba: `x`", x, self.trees[0].tree.n_features)?;
        Ok(average(&self.trees.iter().map(|t| &t.tree).collect::<Vec<_>>(), x, self.n_classes))
    }

    /// The class with the largest mean share, the lower one of equals.
    ///
    /// # Errors
    /// As [`RandomForestClassifier::predict_proba`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self.predict_proba(x)?.rows().into_iter().map(argmax).collect())
    }

    /// Share of rows whose class is predicted.
    ///
    /// # Errors
    /// As [`RandomForestClassifier::predict_proba`], and [`Error::Shape`] when `y` has another length.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        let said = self.predict(x)?;
        accuracy_of("RandomForestClassifier::score: `y`", &said, y)
    }

    /// Accuracy on the rows that trees had not seen; `None` unless asked for.
    pub fn oob_score(&self) -> Option<f64> {
        self.out_of_bag.as_ref().map(|judged| judged.score)
    }

    /// Mean of the trees' [`super::cart::Tree::importance`], shape `(n_features,)`, with sum 1.
    pub fn importance(&self) -> Array1<f64> {
        mean_importance(self.trees.iter().map(|t| &t.tree))
    }
}

impl RandomForestRegressor {
    /// The trees, in the order in which they were grown.
    pub fn trees(&self) -> &[DecisionTreeRegressor] {
        &self.trees
    }

    /// Mean of the trees' predictions, shape `(n_rows,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        check_rows("RandomForestRegressor::predict: `x`", x, self.trees[0].tree.n_features)?;
        Ok(average(&self.trees.iter().map(|t| &t.tree).collect::<Vec<_>>(), x, 1)
            .index_axis_move(Axis(1), 0))
    }

    /// `R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²`; 0 where `y` does not vary.
    ///
    /// # Errors
    /// As [`RandomForestRegressor::predict`], and for a `y` of another length or with NaN.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        check_target("RandomForestRegressor::score: `y`", y, x.nrows())?;
        let pairs: Vec<(f64, f64)> = y.iter().copied().zip(self.predict(x)?).collect();
        Ok(r_squared(&pairs))
    }

    /// `R²` on the rows that trees had not seen; `None` unless asked for.
    pub fn oob_score(&self) -> Option<f64> {
        self.out_of_bag.as_ref().map(|judged| judged.score)
    }

    /// Mean of the trees' [`super::cart::Tree::importance`], shape `(n_features,)`, with sum 1.
    pub fn importance(&self) -> Array1<f64> {
        mean_importance(self.trees.iter().map(|t| &t.tree))
    }
}

seeded_regressor!(RandomForestRegressorParams => RandomForestRegressor);

impl Classifier for RandomForestClassifierParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.clone().seed(seed).fit(x, y)?;
        let known = model.n_classes;
        Ok(widened(model, known, n_classes))
    }
}

impl Fitted for RandomForestClassifier {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{breast_cancer, moons};
    use ndarray::array;
    use rand::SeedableRng;

    #[test]
    fn a_forest_of_one_tree_on_all_rows_is_that_tree() {
        let (x, y) = moons(80, 0.3, 1).unwrap();
        let target: Array1<f64> = y.iter().map(|&c| c as f64).collect();
        let all = MaxFeatures::All;
        let params = RandomForestClassifier::params().n_trees(1).bootstrap(false).max_features(all);
        let forest = params.min_leaf(3).fit(x.view(), &y).unwrap();
        let tree = DecisionTreeClassifier::params().min_leaf(3).fit(x.view(), &y).unwrap();
        assert_eq!(forest.trees[0], tree);
        assert_eq!(forest.importance(), tree.importance());
        let params = RandomForestRegressor::params().n_trees(1).bootstrap(false).max_features(all);
        let forest = params.min_leaf(3).fit(x.view(), target.view()).unwrap();
        let tree =
            DecisionTreeRegressor::params().min_leaf(3).fit(x.view(), target.view()).unwrap();
        assert_eq!(forest.predict(x.view()).unwrap(), tree.predict(x.view()).unwrap());
    }

    #[test]
    fn the_seed_decides_and_the_threads_do_not() {
        let (x, y) = moons(120, 0.3, 2).unwrap();
        let fit = |seed| {
            RandomForestClassifier::params().n_trees(20).seed(seed).fit(x.view(), &y).unwrap()
        };
        let pool = |n| rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        let (one, four) = (pool(1).install(|| fit(5)), pool(4).install(|| fit(5)));
        assert_eq!(one, four);
        assert_ne!(one, fit(6));
        let shares = pool(1).install(|| one.predict_proba(x.view()).unwrap());
        assert_eq!(shares, pool(4).install(|| four.predict_proba(x.view()).unwrap()));
        assert!(shares.rows().into_iter().all(|r| (r.sum() - 1.0).abs() < 1e-12));
    }

    #[test]
    fn out_of_bag_rows_are_judged_by_trees_that_did_not_see_them() {
        let set = breast_cancer();
        let forest =
            RandomForestClassifier::params().oob_score(true).seed(1).fit(set.x.view(), &set.y);
        let judged = forest.unwrap().out_of_bag.unwrap();
        let share = judged.n_votes.iter().sum::<usize>() as f64 / (100.0 * 569.0);
        // The chance that n draws miss a row; its standard error here is below 0.002.
        let missed = (1.0 - 1.0 / 569.0f64).powi(569);
        assert!((share - missed).abs() < 0.006, "{share} {missed}");
        // scikit-learn's mean of ten seeds, which scatter by 0.0031 (`tests/references/trees.json`).
        assert!((judged.score - 0.9633).abs() < 4.0 * 0.0031, "{}", judged.score);
    }

    #[test]
    fn a_full_tree_out_of_bag_is_no_memory() {
        // Noise: in-bag accuracy is 1, out of bag it is a guess.
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let x = Array2::from_shape_fn((300, 4), |_| rng.random::<f64>());
        let y: Vec<usize> = (0..300).map(|_| rng.random_range(0..2)).collect();
        let forest = RandomForestClassifier::params().oob_score(true).fit(x.view(), &y).unwrap();
        assert!(forest.score(x.view(), &y).unwrap() > 0.99);
        // Four standard errors of 300 guesses.
        assert!((forest.oob_score().unwrap() - 0.5).abs() < 4.0 * (0.25 / 300.0f64).sqrt());
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = moons(20, 0.1, 1).unwrap();
        let target = Array1::zeros(20);
        let refused = |p: RandomForestClassifierParams, name: &str| match p.fit(x.view(), &y) {
            Err(Error::Parameter { name: got, .. }) => assert_eq!(got, name),
            other => panic!("{name}: {other:?}"),
        };
        let params = RandomForestClassifier::params;
        refused(params().n_trees(0), "n_trees");
        refused(params().oob_score(true).bootstrap(false), "oob_score");
        refused(params().min_leaf(21), "min_leaf");
        refused(params().max_features(MaxFeatures::Count(3)), "max_features");
        let regress = RandomForestRegressor::params;
        assert!(regress().fit(x.view(), target.view()).is_ok(), "a constant target");
        assert!(matches!(
            regress().n_trees(0).fit(x.view(), target.view()),
            Err(Error::Parameter { .. })
        ));
        assert!(matches!(regress().fit(x.view(), array![1.0].view()), Err(Error::Shape { .. })));
        let model = params().n_trees(2).fit(x.view(), &y).unwrap();
        assert!(matches!(model.predict(array![[1.0]].view()), Err(Error::Shape { .. })));
        assert!(matches!(params().fit(x.view(), &[0; 20]), Err(Error::SingleClass { .. })));
        // One row is always in the bag.
        let one = regress().oob_score(true).fit(array![[1.0]].view(), array![2.0].view());
        assert!(matches!(one, Err(Error::NoSupport { .. })));
    }
}
