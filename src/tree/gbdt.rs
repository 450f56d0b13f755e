//! Gradient boosting, first order: each small tree is fitted to what the sum of those before it lacks.
//!
//! ```text
//! F₀     = argmin_c Σ L(yᵢ, c)                                    mean, or log-odds
//! rᵢ     = −∂L(yᵢ, F)/∂F                                          squares: y − F;  logistic: y − σ(F)
//! tree   fitted to rᵢ by squared error, with leaves R₁, R₂, …
//! leaf   γ_j = Σ_{R_j} rᵢ / Σ_{R_j} ∂²L/∂F²                       one Newton step; squares: the mean
//! F      ← F + η γ_j  for the rows of R_j                         η: learning rate
//! ```
//!
//! Each round lowers the bias; the variance grows slowly, the more slowly the smaller `η`. So boosting
//! overfits when it runs too long, which a forest does not: look at [`TreeSum::staged`] on rows left out.
//! Losses: `½ (y − F)²` and, for classes 0 and 1, `softplus(F) − y F`.
//!
//! # References
//! Friedman (2001), Greedy function approximation, algorithms 2 and 5; Friedman (2002), stochastic
//! gradient boosting; Hastie, Tibshirani & Friedman (2009), section 10.10.

use super::cart::{
    Columns, DecisionTreeRegressor, DecisionTreeRegressorParams, MaxFeatures, Tree, part, shares,
};
use super::stopping::{Stopping, Watch, stopping_setters};
use crate::base::{
    Classifier, Fitted, Present, accuracy_of, check_classes, check_length, check_matrix,
    check_rows, check_target, finite, holds, r_squared, seeded_regressor, sigmoid, softplus,
    stored, stream, views, widened,
};
use crate::data::{stratified_train_test_split, train_test_split};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

impl GradientBoostingRegressor {
    /// Default settings: 100 trees of depth 3, learning rate 0.1.
    ///
    /// ```
    /// use mlnotes::tree::gbdt::GradientBoostingRegressor;
    /// use ndarray::{Array1, Array2};
    /// let x = Array2::from_shape_fn((60, 1), |(i, _)| i as f64 / 10.0);
    /// let y: Array1<f64> = x.column(0).mapv(f64::sin);
    /// let model = GradientBoostingRegressor::params().fit(x.view(), y.view())?;
    /// assert!(model.score(x.view(), y.view())? > 0.99);
    /// assert_eq!(model.boosted.train_loss.len(), 101);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> GradientBoostingRegressorParams {
        GradientBoostingRegressorParams { boosting: Boosting::new("GradientBoostingRegressor") }
    }
}

impl GradientBoostingClassifier {
    /// Default settings: 100 trees of depth 3, learning rate 0.1.
    ///
    /// ```
    /// use mlnotes::tree::gbdt::GradientBoostingClassifier;
    /// let (x, y) = mlnotes::data::moons(200, 0.2, 1)?;
    /// let model = GradientBoostingClassifier::params().n_trees(30).fit(x.view(), &y)?;
    /// assert!(model.score(x.view(), &y)? > 0.97);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> GradientBoostingClassifierParams {
        GradientBoostingClassifierParams { boosting: Boosting::new("GradientBoostingClassifier") }
    }
}

/// Settings of boosted trees for numbers, with squared error.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `n_trees` | 100 | `>= 1` | rounds |
/// | `learning_rate` | 0.1 | `> 0` | share `η` of each tree that is added |
/// | `max_depth` | 3 | `>= 1` | most questions of a tree: how many features may interact |
/// | `min_leaf` | 1 | `1..=` rows of a round | fewest rows of a leaf |
/// | `min_split` | 2 | `>= 2` | fewest rows of a node that may be split |
/// | `max_features` | `All` | | features each split looks at |
/// | `subsample` | 1 | `0 < s <= 1` | share of the rows each round draws, without replacement |
/// | `patience` | none | `>= 1` | rounds without a lower loss on rows held out, after which to stop |
/// | `validation_share` | 0.1 | `0 < s < 1` | share of the rows held out to that end |
/// | `seed` | 0 | | chance of rows and features |
#[derive(Debug, Clone, PartialEq)]
pub struct GradientBoostingRegressorParams {
    boosting: Boosting,
}

/// Settings of boosted trees for the classes 0 and 1, with the logistic loss.
///
/// The settings are those of [`GradientBoostingRegressorParams`].
#[derive(Debug, Clone, PartialEq)]
pub struct GradientBoostingClassifierParams {
    boosting: Boosting,
}

/// A start and a sum of trees, `F(x) = F₀ + η Σ treeₘ(x)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct TreeSum {
    /// `F₀`.
    pub start: f64,
    /// `η`.
    pub learning_rate: f64,
    /// The trees; a leaf's value is its Newton step, before the learning rate.
    trees: Vec<DecisionTreeRegressor>,
    /// Mean loss on all training rows at the start and after each round, shape `(n_trees + 1,)`: mean
    /// squared error, or the logistic loss in nats. Without subsampling and for `η ≤ 1` squares never rise.
    pub train_loss: Array1<f64>,
    /// The same on rows held out, of all rounds that were made, also those that early stopping has dropped, shape
    /// `(n_rounds + 1,)`; none without such rows.
    pub validation_loss: Option<Array1<f64>>,
}

stored!(TreeSum, |m| {
    let first = m.trees.first().map(|t| t.tree.n_features);
    let alike = |t: &DecisionTreeRegressor| Some(t.tree.n_features) == first;
    finite("start", [&m.start, &m.learning_rate])?;
    holds(m.trees.iter().all(alike), "trees that differ in width")
});

/// Fitted boosted trees for numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GradientBoostingRegressor {
    /// The sum of trees, in units of `y`.
    pub boosted: TreeSum,
}

/// Fitted boosted trees for the classes 0 and 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GradientBoostingClassifier {
    /// The sum of trees, in log-odds of class 1.
    pub boosted: TreeSum,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Loss {
    Squares,
    Logistic,
}

#[derive(Debug, Clone, PartialEq)]
struct Boosting {
    name: &'static str,
    n_trees: usize,
    learning_rate: f64,
    subsample: f64,
    seed: u64,
    tree: DecisionTreeRegressorParams,
    stopping: Stopping,
}

/// Checked rows, their targets, and how much each counts.
#[derive(Clone, Copy)]
struct Rows<'a> {
    x: ArrayView2<'a, f64>,
    y: &'a [f64],
    weights: &'a [f64],
}

/// The setters of both.
macro_rules! boosting_setters {
    () => {
        stopping_setters!(boosting.stopping);

        /// Sets the number of rounds.
        #[must_use]
        pub fn n_trees(mut self, n_trees: usize) -> Self {
            self.boosting.n_trees = n_trees;
            self
        }

        /// Sets the share of each tree that is added.
        #[must_use]
        pub fn learning_rate(mut self, learning_rate: f64) -> Self {
            self.boosting.learning_rate = learning_rate;
            self
        }

        /// Sets the largest number of questions of a tree.
        #[must_use]
        pub fn max_depth(mut self, max_depth: usize) -> Self {
            self.boosting.tree = self.boosting.tree.max_depth(max_depth);
            self
        }

        /// Sets the fewest rows of a leaf.
        #[must_use]
        pub fn min_leaf(mut self, min_leaf: usize) -> Self {
            self.boosting.tree = self.boosting.tree.min_leaf(min_leaf);
            self
        }

        /// Sets the fewest rows of a node that may be split.
        #[must_use]
        pub fn min_split(mut self, min_split: usize) -> Self {
            self.boosting.tree = self.boosting.tree.min_split(min_split);
            self
        }

        /// Sets how many features each split looks at.
        #[must_use]
        pub fn max_features(mut self, max_features: MaxFeatures) -> Self {
            self.boosting.tree = self.boosting.tree.max_features(max_features);
            self
        }

        /// Sets the share of the rows that each round draws, without replacement.
        #[must_use]
        pub fn subsample(mut self, subsample: f64) -> Self {
            self.boosting.subsample = subsample;
            self
        }

        /// Seeds the draws of rows and features.
        #[must_use]
        pub fn seed(mut self, seed: u64) -> Self {
            self.boosting.seed = seed;
            self
        }
    };
}

impl GradientBoostingRegressorParams {
    boosting_setters!();

    /// Fits `x`, `(n_samples, n_features)`, to `y`, `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Parameter`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<GradientBoostingRegressor> {
        check_matrix("GradientBoostingRegressor: `x`", x)?;
        check_target("GradientBoostingRegressor: `y`", y, x.nrows())?;
        let boosted = self.boosting.fit(x, &y.to_vec(), &vec![1.0; y.len()], Loss::Squares)?;
        Ok(GradientBoostingRegressor { boosted })
    }

    /// As [`GradientBoostingRegressorParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`: the loss is
    /// `Σ wᵢ L(yᵢ, F) / Σ wᵢ`. A row of weight 0 counts as absent; `min_leaf` and `min_split` count rows.
    ///
    /// # Errors
    /// As [`GradientBoostingRegressorParams::fit`], [`Error::Negative`] for a weight, [`Error::Empty`] when all are
    /// 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        sample_weight: ArrayView1<f64>,
    ) -> Result<GradientBoostingRegressor> {
        check_matrix("GradientBoostingRegressor: `x`", x)?;
        check_target("GradientBoostingRegressor: `y`", y, x.nrows())?;
        let what = "GradientBoostingRegressor: `sample_weight`";
        let present = Present::of(what, sample_weight, x.nrows())?;
        let (y, weights) = (present.part(|i| y[i]), present.weights.to_vec());
        let boosted = self.boosting.fit(present.x(x).view(), &y, &weights, Loss::Squares)?;
        Ok(GradientBoostingRegressor { boosted })
    }

    /// As [`GradientBoostingRegressorParams::fit`], with rows to watch, `x_valid` and `y_valid`, that are not
    /// learned from: with a `patience` they stop the fit, without one their loss is only written down.
    ///
    /// # Errors
    /// As [`GradientBoostingRegressorParams::fit`], also for the rows to watch.
    #[views]
    pub fn fit_validated(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        x_valid: ArrayView2<f64>,
        y_valid: ArrayView1<f64>,
    ) -> Result<GradientBoostingRegressor> {
        check_matrix("GradientBoostingRegressor: `x`", x)?;
        check_target("GradientBoostingRegressor: `y`", y, x.nrows())?;
        check_rows("GradientBoostingRegressor: `x_valid`", x_valid, x.ncols())?;
        check_target("GradientBoostingRegressor: `y_valid`", y_valid, x_valid.nrows())?;
        let (y, ones) = (y.to_vec(), vec![1.0; y.len()]);
        let (y_valid, valid_ones) = (y_valid.to_vec(), vec![1.0; y_valid.len()]);
        let rows = Rows { x: x.reborrow(), y: &y, weights: &ones };
        let valid = Rows { x: x_valid.reborrow(), y: &y_valid, weights: &valid_ones };
        let boosted = self.boosting.run(rows, Some(valid), Loss::Squares)?;
        Ok(GradientBoostingRegressor { boosted })
    }
}

impl GradientBoostingClassifierParams {
    boosting_setters!();

    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, all 0 or 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`],
    /// [`Error::SingleClass`], [`Error::Parameter`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<GradientBoostingClassifier> {
        check_matrix("GradientBoostingClassifier: `x`", x)?;
        let y = two_classes("GradientBoostingClassifier: `y`", y, x.nrows())?;
        let boosted = self.boosting.fit(x, &y, &vec![1.0; y.len()], Loss::Logistic)?;
        Ok(GradientBoostingClassifier { boosted })
    }

    /// As [`GradientBoostingRegressorParams::fit_weighted`], for classes.
    ///
    /// # Errors
    /// As [`GradientBoostingClassifierParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for
    /// a weight, [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        sample_weight: ArrayView1<f64>,
    ) -> Result<GradientBoostingClassifier> {
        const WHAT: &str = "GradientBoostingClassifier: `y`";
        check_matrix("GradientBoostingClassifier: `x`", x)?;
        two_classes(WHAT, y, x.nrows())?;
        let what = "GradientBoostingClassifier: `sample_weight`";
        let present = Present::of(what, sample_weight, x.nrows())?;
        let y = two_classes(WHAT, &present.part(|i| y[i]), present.weights.len())?;
        let weights = present.weights.to_vec();
        let boosted = self.boosting.fit(present.x(x).view(), &y, &weights, Loss::Logistic)?;
        Ok(GradientBoostingClassifier { boosted })
    }

    /// As [`GradientBoostingRegressorParams::fit_validated`], for classes.
    ///
    /// # Errors
    /// As [`GradientBoostingClassifierParams::fit`], also for the rows to watch, which may be of one class.
    #[views]
    pub fn fit_validated(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        x_valid: ArrayView2<f64>,
        y_valid: &[usize],
    ) -> Result<GradientBoostingClassifier> {
        check_matrix("GradientBoostingClassifier: `x`", x)?;
        let y = two_classes("GradientBoostingClassifier: `y`", y, x.nrows())?;
        check_rows("GradientBoostingClassifier: `x_valid`", x_valid, x.ncols())?;
        check_length("GradientBoostingClassifier: `y_valid`", y_valid.len(), x_valid.nrows())?;
        let y_valid = zero_or_one("GradientBoostingClassifier: `y_valid`", y_valid)?;
        let (ones, valid_ones) = (vec![1.0; y.len()], vec![1.0; y_valid.len()]);
        let rows = Rows { x: x.reborrow(), y: &y, weights: &ones };
        let valid = Rows { x: x_valid.reborrow(), y: &y_valid, weights: &valid_ones };
        let boosted = self.boosting.run(rows, Some(valid), Loss::Logistic)?;
        Ok(GradientBoostingClassifier { boosted })
    }
}

/// The classes as numbers, both present.
fn two_classes(what: &'static str, y: &[usize], n_samples: usize) -> Result<Vec<f64>> {
    let numbers = zero_or_one(what, y)?;
    check_classes(what, y, n_samples)?;
    Ok(numbers)
}

/// The classes as numbers.
fn zero_or_one(what: &'static str, y: &[usize]) -> Result<Vec<f64>> {
    if let Some(index) = y.iter().position(|&class| class > 1) {
        let (allowed, got) = ("0 or 1", y[index].to_string());
        return Err(Error::Label { what, index, got, allowed });
    }
    Ok(y.iter().map(|&class| class as f64).collect())
}

impl Loss {
    fn start(self, y: &[f64], weights: &[f64]) -> f64 {
        let sum: f64 = y.iter().zip(weights).map(|(y, w)| w * y).sum();
        let mean = sum / weights.iter().sum::<f64>();
        match self {
            Self::Squares => mean,
            Self::Logistic => (mean / (1.0 - mean)).ln(),
        }
    }

    /// `−∂L/∂F`.
    fn residual(self, y: f64, f: f64) -> f64 {
        match self {
            Self::Squares => y - f,
            Self::Logistic => y - sigmoid(f),
        }
    }

    /// `∂²L/∂F²`.
    fn curvature(self, f: f64) -> f64 {
        match self {
            Self::Squares => 1.0,
            Self::Logistic => sigmoid(f) * sigmoid(-f),
        }
    }

    fn mean(self, rows: Rows, f: &[f64]) -> f64 {
        let one = |((&y, &w), &f): ((&f64, &f64), &f64)| match self {
            Self::Squares => w * ((y - f) * (y - f)),
            Self::Logistic => w * (softplus(f) - y * f),
        };
        let sum: f64 = rows.y.iter().zip(rows.weights).zip(f).map(one).sum();
        sum / rows.weights.iter().sum::<f64>()
    }
}

impl Boosting {
    fn new(name: &'static str) -> Self {
        let tree = DecisionTreeRegressor::params().max_depth(3);
        let stopping = Stopping::default();
        Self { name, n_trees: 100, learning_rate: 0.1, subsample: 1.0, seed: 0, tree, stopping }
    }

    fn check(&self) -> Result<()> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: self.name, name, rule, got })
        };
        if self.n_trees == 0 {
            return bad("n_trees", ">= 1", "0".into());
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return bad("learning_rate", "finite and > 0", self.learning_rate.to_string());
        }
        if !(self.subsample > 0.0 && self.subsample <= 1.0) {
            return bad("subsample", "above 0 and at most 1", self.subsample.to_string());
        }
        self.stopping.check(self.name)
    }

    /// Fits checked rows; with a patience, a share of them is held out.
    fn fit(&self, x: ArrayView2<f64>, y: &[f64], weights: &[f64], loss: Loss) -> Result<TreeSum> {
        self.check()?;
        if self.stopping.patience.is_none() {
            return self.run(Rows { x: x.reborrow(), y, weights }, None, loss);
        }
        let share = self.stopping.validation_share;
        let split = match loss {
            Loss::Squares => train_test_split(y.len(), share, self.seed)?,
            Loss::Logistic => {
                let classes: Vec<usize> = y.iter().map(|&class| usize::from(class > 0.5)).collect();
                stratified_train_test_split(&classes, share, self.seed)?
            }
        };
        let part = |rows: &[usize]| {
            let of = |values: &[f64]| -> Vec<f64> { rows.iter().map(|&row| values[row]).collect() };
            (x.select(Axis(0), rows), of(y), of(weights))
        };
        let (train, valid) = (part(&split.train), part(&split.test));
        let rows = Rows { x: train.0.view(), y: &train.1, weights: &train.2 };
        let valid = Rows { x: valid.0.view(), y: &valid.1, weights: &valid.2 };
        self.run(rows, Some(valid), loss)
    }

    fn run(&self, given: Rows, valid: Option<Rows>, loss: Loss) -> Result<TreeSum> {
        self.check()?;
        let Rows { x, y, weights } = given;
        let n_drawn = part(self.subsample, x.nrows());
        let limits = self.tree.limits(n_drawn, x.ncols())?;
        let columns = Columns::new(x);
        let x = x.as_standard_layout();
        let rows: Vec<&[f64]> = x.as_slice().unwrap_or_default().chunks_exact(x.ncols()).collect();
        let start = loss.start(y, weights);
        let mut f = vec![start; y.len()];
        let mut train_loss = vec![loss.mean(given, &f)];
        let mut watched = match valid {
            Some(valid) => Some(Watched::new(valid, start, loss, self.stopping)?),
            None => None,
        };
        let mut trees = Vec::with_capacity(self.n_trees);
        for round in 0..self.n_trees {
            check_interrupt();
            let mut rng = stream(self.seed, round);
            let mut drawn = draw(y.len(), n_drawn, &mut rng);
            drawn.iter_mut().zip(weights).for_each(|(drawn, weight)| *drawn *= weight);
            let residuals: Vec<f64> =
                y.iter().zip(&f).map(|(&y, &f)| loss.residual(y, f)).collect();
            let mut tree = self.tree.grow(&columns, &residuals, &drawn, &limits, &mut rng);
            let leaves: Vec<usize> = rows.iter().map(|row| tree.tree.leaf(row)).collect();
            newton_leaves(&mut tree, &leaves, &residuals, &drawn, &f, loss);
            for (f, &leaf) in f.iter_mut().zip(&leaves) {
                *f += self.learning_rate * tree.tree.value(leaf)[0];
            }
            train_loss.push(loss.mean(given, &f));
            trees.push(tree);
            if let Some(watched) = &mut watched
                && let Some(tree) = trees.last()
                && watched.stops(&tree.tree, self.learning_rate, loss)
            {
                break;
            }
        }
        let validation_loss = watched.map(|watched| {
            let (kept, losses) = watched.watch.end();
            trees.truncate(kept);
            train_loss.truncate(kept + 1);
            losses.into()
        });
        let (train_loss, learning_rate) = (train_loss.into(), self.learning_rate);
        Ok(TreeSum { start, learning_rate, trees, train_loss, validation_loss })
    }
}

/// Rows held out, and what the sum of trees says of them so far.
struct Watched<'a> {
    rows: Rows<'a>,
    f: Vec<f64>,
    watch: Watch,
}

impl<'a> Watched<'a> {
    fn new(rows: Rows<'a>, start: f64, loss: Loss, stopping: Stopping) -> Result<Self> {
        let f = vec![start; rows.y.len()];
        let watch = Watch::new(stopping, loss.mean(rows, &f))?;
        Ok(Self { rows, f, watch })
    }

    /// Adds a tree; whether it was the last.
    fn stops(&mut self, tree: &Tree, learning_rate: f64, loss: Loss) -> bool {
        tree.for_each_row(self.rows.x, |i, value| self.f[i] += learning_rate * value[0]);
        self.watch.stops(loss.mean(self.rows, &self.f))
    }
}

/// Weight 1 for each of `n_drawn` different rows, 0 for the others.
fn draw(n: usize, n_drawn: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    if n_drawn == n {
        return vec![1.0; n];
    }
    let mut drawn = vec![0.0; n];
    rand::seq::index::sample(rng, n, n_drawn).into_iter().for_each(|i| drawn[i] = 1.0);
    drawn
}

/// Sets each leaf to `Σ residual / Σ curvature` of its drawn rows.
fn newton_leaves(
    tree: &mut DecisionTreeRegressor,
    leaves: &[usize],
    residuals: &[f64],
    drawn: &[f64],
    f: &[f64],
    loss: Loss,
) {
    /// Below this a leaf's rows are certain to the last bit and no step is taken.
    const NO_CURVATURE: f64 = 1e-150;
    let mut sums = vec![(0.0, 0.0); tree.tree.nodes.len()];
    for (i, &leaf) in leaves.iter().enumerate() {
        sums[leaf].0 += drawn[i] * residuals[i];
        sums[leaf].1 += drawn[i] * loss.curvature(f[i]);
    }
    for (id, (residual, curvature)) in sums.into_iter().enumerate() {
        if tree.tree.nodes[id].split.is_none() {
            let step = if curvature < NO_CURVATURE { 0.0 } else { residual / curvature };
            tree.tree.value_mut(id)[0] = step;
        }
    }
}

impl TreeSum {
    /// The trees, in the order in which they were grown; a leaf's value is its Newton step, before the learning rate.
    pub fn trees(&self) -> &[DecisionTreeRegressor] {
        &self.trees
    }

    /// `F(x)`, shape `(n_rows,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn raw(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        self.raw_for("TreeSum::raw: `x`", x)
    }

    fn raw_for(&self, what: &'static str, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        let mut f = Array1::from_elem(x.nrows(), self.start);
        self.each_round(what, x, |tree| {
            tree.tree.for_each_row(x, |i, value| f[i] += self.learning_rate * value[0]);
        })?;
        Ok(f)
    }

    /// `F(x)` at the start and after each round, shape `(n_trees + 1, n_rows)`.
    ///
    /// # Errors
    /// As [`TreeSum::raw`].
    #[views]
    pub fn staged(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.staged_for("TreeSum::staged: `x`", x)
    }

    fn staged_for(&self, what: &'static str, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let mut stages = Array2::from_elem((self.trees.len() + 1, x.nrows()), self.start);
        let mut round = 0;
        self.each_round(what, x, |tree| {
            round += 1;
            tree.tree.for_each_row(x, |i, value| {
                stages[[round, i]] = stages[[round - 1, i]] + self.learning_rate * value[0];
            });
        })?;
        Ok(stages)
    }

    fn each_round(
        &self,
        what: &'static str,
        x: ArrayView2<f64>,
        visit: impl FnMut(&DecisionTreeRegressor),
    ) -> Result<()> {
        let n_features = self.trees.first().map_or(x.ncols(), |tree| tree.tree.n_features);
        check_rows(what, x, n_features)?;
        self.trees.iter().for_each(visit);
        Ok(())
    }

    /// Fall of squared error by all splits on each feature, shape `(n_features,)`, with sum 1: a tree
    /// counts by what it removes, so the first count most. All 0 when no tree has a split.
    pub fn importance(&self) -> Array1<f64> {
        let falls = self.trees.iter().map(|tree| tree.tree.falls()).reduce(|a, b| a + b);
        shares(falls.unwrap_or_default())
    }
}

impl GradientBoostingRegressor {
    /// Predicted numbers, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`TreeSum::raw`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        self.boosted.raw_for("GradientBoostingRegressor::predict: `x`", x)
    }

    /// Predictions at the start and after each round, shape `(n_trees + 1, n_rows)`.
    ///
    /// # Errors
    /// As [`TreeSum::raw`].
    #[views]
    pub fn staged_predict(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.boosted.staged_for("GradientBoostingRegressor::staged_predict: `x`", x)
    }

    /// `R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²`; 0 where `y` does not vary.
    ///
    /// # Errors
    /// As [`TreeSum::raw`], and for a `y` of another length or with NaN.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        check_target("GradientBoostingRegressor::score: `y`", y, x.nrows())?;
        let pairs: Vec<(f64, f64)> = y.iter().copied().zip(self.predict(x)?).collect();
        Ok(r_squared(&pairs))
    }

    /// See [`TreeSum::importance`].
    pub fn importance(&self) -> Array1<f64> {
        self.boosted.importance()
    }
}

impl GradientBoostingClassifier {
    /// `P(y = 0 | x)` and `P(y = 1 | x) = σ(F(x))`, shape `(n_rows, 2)`.
    ///
    /// # Errors
    /// As [`TreeSum::raw`].
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let f = self.boosted.raw_for("GradientBoostingClassifier::predict_proba: `x`", x)?;
        let sign = |class| if class == 1 { 1.0 } else { -1.0 };
        Ok(Array2::from_shape_fn((f.len(), 2), |(i, class)| sigmoid(sign(class) * f[i])))
    }

    /// The likelier class; 0 when both are equally likely.
    ///
    /// # Errors
    /// As [`TreeSum::raw`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        let f = self.boosted.raw_for("GradientBoostingClassifier::predict: `x`", x)?;
        Ok(f.iter().map(|&f| usize::from(f > 0.0)).collect())
    }

    /// `P(y = 1 | x)` at the start and after each round, shape `(n_trees + 1, n_rows)`.
    ///
    /// # Errors
    /// As [`TreeSum::raw`].
    #[views]
    pub fn staged_predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let what = "GradientBoostingClassifier::staged_predict_proba: `x`";
        Ok(self.boosted.staged_for(what, x)?.mapv_into(sigmoid))
    }

    /// Share of rows whose class is predicted.
    ///
    /// # Errors
    /// As [`TreeSum::raw`], and [`Error::Shape`] when `y` has another length.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        let said = self.predict(x)?;
        accuracy_of("GradientBoostingClassifier::score: `y`", &said, y)
    }

    /// See [`TreeSum::importance`].
    pub fn importance(&self) -> Array1<f64> {
        self.boosted.importance()
    }
}

seeded_regressor!(GradientBoostingRegressorParams => GradientBoostingRegressor);

impl Classifier for GradientBoostingClassifierParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.clone().seed(seed).fit(x, y)?;
        Ok(widened(model, 2, n_classes))
    }
}

impl Fitted for GradientBoostingClassifier {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::moons;
    use ndarray::array;
    use proptest::prelude::*;
    use rand::Rng;
    use rand::SeedableRng;

    #[test]
    fn two_rounds_by_hand() {
        // Start 2; stump at 1.5 on residuals -2, 1, 1; half of it leaves -1, 0.5, 0.5; then again.
        let x = array![[1.0], [2.0], [3.0]];
        let y = array![0.0, 3.0, 3.0];
        let params = GradientBoostingRegressor::params().learning_rate(0.5).max_depth(1).n_trees(2);
        let model = params.fit(x.view(), y.view()).unwrap();
        let stages = model.staged_predict(x.view()).unwrap();
        assert_eq!(stages, array![[2.0, 2.0, 2.0], [1.0, 2.5, 2.5], [0.5, 2.75, 2.75]]);
        assert_eq!(model.boosted.train_loss, array![2.0, 0.5, 0.125]);
        assert_eq!(model.predict(x.view()).unwrap(), stages.row(2));
    }

    #[test]
    fn a_newton_leaf_by_hand() {
        // Three of four are ones: F0 = ln 3, p = 3/4. Left leaf (0, 1): (0 - 3/4 + 1 - 3/4) / (2 · 3/16)
        // = -4/3; right leaf (1, 1): (1/2) / (3/8) = 4/3.
        let x = array![[1.0], [1.0], [2.0], [2.0]];
        let params = GradientBoostingClassifier::params().learning_rate(1.0).n_trees(1);
        let model = params.fit(x.view(), &[0, 1, 1, 1]).unwrap();
        let f = model.boosted.raw(x.view()).unwrap();
        let by_hand = [3.0f64.ln() - 4.0 / 3.0, 3.0f64.ln() + 4.0 / 3.0];
        assert!((f[0] - by_hand[0]).abs() < 1e-14 && (f[3] - by_hand[1]).abs() < 1e-14, "{f}");
        let p = model.predict_proba(x.view()).unwrap();
        assert!((p.row(0).sum() - 1.0).abs() < 1e-15 && (p[[0, 1]] - sigmoid(f[0])).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn squares_never_rise_in_training(seed in 0u64..100, rate in 0.05..1.0) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let x = Array2::from_shape_fn((40, 2), |_| rng.random::<f64>());
            let y = Array1::from_shape_fn(40, |_| rng.random::<f64>());
            let params = GradientBoostingRegressor::params().n_trees(15).learning_rate(rate);
            let model = params.fit(x.view(), y.view()).unwrap();
            let loss = &model.boosted.train_loss;
            prop_assert!(loss.windows(2).into_iter().all(|w| w[1] <= w[0] + 1e-14), "{loss}");
            let last = model.predict(x.view()).unwrap() - &y;
            prop_assert!((last.dot(&last) / 40.0 - loss[15]).abs() < 1e-12);
        }
    }

    #[test]
    fn a_subsample_is_chance_that_the_seed_decides() {
        let (x, y) = moons(100, 0.3, 4).unwrap();
        let fit = |seed| {
            let params = GradientBoostingClassifier::params().n_trees(10).subsample(0.5);
            params.seed(seed).fit(x.view(), &y).unwrap()
        };
        assert_eq!(fit(1), fit(1));
        assert_ne!(fit(1), fit(2));
        assert_eq!(fit(1).boosted.trees[3].tree.nodes[0].n_samples, 50);
        assert!((fit(1).importance().sum() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn certain_rows_take_no_endless_step() {
        let x = array![[1.0], [2.0]];
        let params = GradientBoostingClassifier::params().learning_rate(1.0).n_trees(2000);
        let model = params.fit(x.view(), &[0, 1]).unwrap();
        let f = model.boosted.raw(x.view()).unwrap();
        assert!(f.iter().all(|f| f.is_finite()) && model.score(x.view(), &[0, 1]).unwrap() > 0.9);
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[1.0], [2.0], [3.0]];
        let y = array![1.0, 2.0, 3.0];
        let refused =
            |p: GradientBoostingRegressorParams, name: &str| match p.fit(x.view(), y.view()) {
                Err(Error::Parameter { name: got, .. }) => assert_eq!(got, name),
                other => panic!("{name}: {other:?}"),
            };
        let params = GradientBoostingRegressor::params;
        refused(params().n_trees(0), "n_trees");
        refused(params().learning_rate(0.0), "learning_rate");
        refused(params().learning_rate(f64::NAN), "learning_rate");
        refused(params().subsample(1.5), "subsample");
        refused(params().subsample(0.0), "subsample");
        refused(params().min_leaf(4), "min_leaf");
        refused(params().max_depth(0), "max_depth");
        assert!(matches!(params().fit(x.view(), array![1.0].view()), Err(Error::Shape { .. })));
        let classify =
            |y: &[usize]| GradientBoostingClassifier::params().fit(x.view(), y).unwrap_err();
        assert!(matches!(classify(&[0, 1, 2]), Error::Label { index: 2, .. }));
        assert!(matches!(classify(&[1, 1, 1]), Error::SingleClass { class: 1, .. }));
        assert!(matches!(classify(&[0, 1]), Error::Shape { .. }));
        let model = params().n_trees(1).fit(x.view(), y.view()).unwrap();
        assert!(matches!(model.predict(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
        assert!(matches!(
            model.staged_predict(Array2::zeros((0, 1)).view()),
            Err(Error::Empty { .. })
        ));
    }

    /// The stages of a model that ran on tell when to stop: independent of the watching.
    #[test]
    fn early_stopping_keeps_the_rounds_up_to_the_least_loss() {
        let set = crate::data::diabetes();
        let split = train_test_split(442, 0.3, 4).unwrap();
        let part = |rows: &[usize]| (set.x.select(Axis(0), rows), set.y.select(Axis(0), rows));
        let ((x, y), (xv, yv)) = (part(&split.train), part(&split.test));
        let params = GradientBoostingRegressor::params().n_trees(200).learning_rate(0.3);
        let fit = |params: &GradientBoostingRegressorParams| {
            params.fit_validated(x.view(), y.view(), xv.view(), yv.view()).unwrap().boosted
        };
        let long = fit(&params);
        let stages = long.staged(xv.view()).unwrap();
        let losses = long.validation_loss.clone().unwrap();
        assert_eq!((long.trees.len(), losses.len()), (200, 201));
        for (stage, loss) in stages.rows().into_iter().zip(&losses) {
            let mse = (&stage - &yv).mapv(|d| d * d).sum() / yv.len() as f64;
            assert!((mse - loss).abs() < 1e-9 * mse);
        }
        let stopped = fit(&params.clone().patience(15));
        let made = stopped.validation_loss.clone().unwrap();
        let best = (1..made.len()).min_by(|&a, &b| made[a].total_cmp(&made[b])).unwrap();
        assert_eq!((stopped.trees.len(), made.len()), (best, best + 16));
        assert_eq!(stopped.trees[..], long.trees[..best]);
        assert_eq!(stopped.train_loss.len(), best + 1);
        // The share that is held out is a split like any other.
        let held = params.clone().patience(15).validation_share(0.3).seed(4);
        let held = held.fit(set.x.view(), set.y.view()).unwrap().boosted;
        let given = fit(&params.patience(15).seed(4));
        assert_eq!(held, given);
    }

    #[test]
    fn classes_stop_too_and_bad_settings_are_named() {
        let (x, y) = moons(200, 0.4, 1).unwrap();
        let params = GradientBoostingClassifier::params().n_trees(400).learning_rate(0.5);
        let model = params.clone().patience(5).fit(x.view(), &y).unwrap();
        assert!(model.boosted.trees.len() < 200);
        let refused = |p: GradientBoostingClassifierParams, name: &str| match p.fit(x.view(), &y) {
            Err(Error::Parameter { name: got, .. }) => assert_eq!(got, name),
            other => panic!("{name}: {other:?}"),
        };
        refused(params.clone().patience(0), "patience");
        refused(params.clone().validation_share(1.0), "validation_share");
        let wide = Array2::zeros((3, 5));
        let wide = params.fit_validated(x.view(), &y, wide.view(), &[0, 1, 1]);
        assert!(matches!(wide, Err(Error::Shape { .. })));
    }
}
