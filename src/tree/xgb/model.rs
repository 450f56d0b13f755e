//! What a fit gives.

use super::structure::{BoostedTree, TreeNode};
use super::{BoostedTreesParams, Objective};
use crate::base::{
    Classifier, Fitted, Regressor, argmax, check_target, finite, holds, log_sum_exp, r_squared,
    shape, sigmoid, stored, views, widened,
};
use crate::tree::cart::shares;
use crate::{Error, Result};
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Fitted boosted trees: margins `F(x) = F₀ + η Σ tree(x)`, one an output.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct BoostedTrees {
    /// The loss.
    pub objective: Objective,
    /// `F₀`, shape `(n_outputs,)`.
    pub start: Array1<f64>,
    /// `η`.
    pub eta: f64,
    /// Columns of the training data.
    pub n_features: usize,
    /// Mean loss on rows held out at the start and after each round that was made, also those that early stopping has
    /// dropped, shape `(n_rounds + 1,)`; none without such rows, and of a custom loss.
    pub validation_loss: Option<Array1<f64>>,
    pub(super) trees: Vec<BoostedTree>,
}

stored!(BoostedTrees, |m| {
    let k = m.objective.n_outputs();
    finite("start", m.start.iter().chain([&m.eta]))?;
    shape("start", m.start.len(), k)?;
    shape("trees", m.trees.len() % k.max(1), 0)?;
    holds(m.trees.iter().all(|t| t.leads_down(m.n_features)), "a question that leads nowhere")
});

impl BoostedTrees {
    pub(super) fn new(
        objective: Objective,
        start: Array1<f64>,
        eta: f64,
        n_features: usize,
    ) -> Self {
        Self { objective, start, eta, n_features, validation_loss: None, trees: Vec::new() }
    }

    /// Number of trees: rounds times outputs.
    pub fn n_trees(&self) -> usize {
        self.trees.len()
    }

    /// Leaves of each tree, shape `(n_trees,)`.
    pub fn n_leaves(&self) -> Vec<usize> {
        self.trees.iter().map(BoostedTree::n_leaves).collect()
    }

    /// Margins `F(x)`, shape `(n_rows, n_outputs)`: numbers, log-odds, or scores of classes.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`] for an infinite value (`NaN` is a missing one),
    /// [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn margin(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows_with_gaps("BoostedTrees::margin: `x`", x, self.n_features)?;
        let k = self.start.len();
        let mut margins = Array2::zeros((x.nrows(), k));
        let rows = margins.axis_iter_mut(Axis(0)).into_par_iter().zip(x.axis_iter(Axis(0)));
        rows.for_each(|(mut margin, row)| {
            margin.assign(&self.start);
            let row = row.to_vec();
            for (number, tree) in self.trees.iter().enumerate() {
                margin[number % k] += self.eta * tree.leaf(&row).weight;
            }
        });
        Ok(margins)
    }

    /// What the model says of each row, in units of `y`, shape `(n_rows,)`: the number, or the likeliest
    /// class (the lower one of equals).
    ///
    /// # Errors
    /// As [`BoostedTrees::margin`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        Ok(self.say(self.margin(x)?.view()))
    }

    /// Class probabilities, shape `(n_rows, n_classes)`; rows sum to 1.
    ///
    /// ```
    /// use mlnotes::tree::xgb::{BoostedTrees, Objective};
    /// let wine = mlnotes::data::wine();
    /// let params = BoostedTrees::params().objective(Objective::Softmax(3)).n_trees(10);
    /// let p = params.fit_classes(wine.x.view(), &wine.y)?.predict_proba(wine.x.view())?;
    /// assert_eq!(p.dim(), (178, 3));
    /// assert!((p.row(0).sum() - 1.0).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`BoostedTrees::margin`]; [`Error::Parameter`] for an objective without classes.
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let margins = self.margin(x)?;
        match self.objective {
            Objective::Logistic => {
                let p = |i: usize, class: usize| {
                    sigmoid(if class == 1 { margins[[i, 0]] } else { -margins[[i, 0]] })
                };
                Ok(Array2::from_shape_fn((margins.nrows(), 2), |(i, class)| p(i, class)))
            }
            Objective::Softmax(_) => {
                let mut p = margins;
                for mut row in p.rows_mut() {
                    let log_sum = log_sum_exp(row.view());
                    row.mapv_inplace(|f| (f - log_sum).exp());
                }
                Ok(p)
            }
            objective => Err(Error::Parameter {
                estimator: "BoostedTrees::predict_proba",
                name: "objective",
                rule: "Logistic or Softmax",
                got: format!("{objective:?}"),
            }),
        }
    }

    /// Margins at the start and after each round, shape `(n_rounds + 1, n_rows, n_outputs)`.
    ///
    /// # Errors
    /// As [`BoostedTrees::margin`].
    #[views]
    pub fn staged_margin(&self, x: ArrayView2<f64>) -> Result<Array3<f64>> {
        check_rows_with_gaps("BoostedTrees::staged_margin: `x`", x, self.n_features)?;
        let k = self.start.len();
        let rounds = self.trees.chunks_exact(k);
        let mut stages = Array3::zeros((rounds.len() + 1, x.nrows(), k));
        for (i, row) in x.rows().into_iter().enumerate() {
            let row = row.to_vec();
            let mut stage: ArrayViewMut2<f64> = stages.index_axis_mut(Axis(1), i);
            stage.row_mut(0).assign(&self.start);
            for (round, trees) in rounds.clone().enumerate() {
                for (output, tree) in trees.iter().enumerate() {
                    stage[[round + 1, output]] =
                        stage[[round, output]] + self.eta * tree.leaf(&row).weight;
                }
            }
        }
        Ok(stages)
    }

    /// [`BoostedTrees::predict`] at the start and after each round, shape `(n_rounds + 1, n_rows)`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::BoostedTrees;
    /// let set = mlnotes::data::diabetes();
    /// let model = BoostedTrees::params().n_trees(5).fit(set.x.view(), set.y.view())?;
    /// let stages = model.staged_predict(set.x.view())?;
    /// assert_eq!(stages.row(5), model.predict(set.x.view())?);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`BoostedTrees::margin`].
    #[views]
    pub fn staged_predict(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let margins = self.staged_margin(x)?;
        let mut stages = Array2::zeros((margins.dim().0, margins.dim().1));
        for (mut stage, margins) in stages.rows_mut().into_iter().zip(margins.outer_iter()) {
            stage.assign(&self.say(margins));
        }
        Ok(stages)
    }

    /// Number of the leaf of each row in each tree, from left to right, shape `(n_rows, n_trees)`: new
    /// features for a linear model, `n_leaves()[t]` values a column.
    ///
    /// # Errors
    /// As [`BoostedTrees::margin`].
    #[views]
    pub fn leaf_indices(&self, x: ArrayView2<f64>) -> Result<Array2<usize>> {
        check_rows_with_gaps("BoostedTrees::leaf_indices: `x`", x, self.n_features)?;
        let mut leaves = Array2::zeros((x.nrows(), self.trees.len()));
        for (mut leaves, row) in leaves.rows_mut().into_iter().zip(x.rows()) {
            let row = row.to_vec();
            for (leaf, tree) in leaves.iter_mut().zip(&self.trees) {
                *leaf = tree.leaf(&row).leaf.unwrap_or(0);
            }
        }
        Ok(leaves)
    }

    /// All nodes of all trees, tree by tree, each depth first.
    pub fn dump(&self) -> Vec<TreeNode> {
        self.trees.iter().flat_map(|tree| tree.nodes.iter().copied()).collect()
    }

    /// The nodes of one tree.
    ///
    /// # Errors
    /// [`Error::Parameter`] when there is no such tree.
    pub fn tree(&self, number: usize) -> Result<&[TreeNode]> {
        match self.trees.get(number) {
            Some(tree) => Ok(&tree.nodes),
            None => Err(Error::Parameter {
                estimator: "BoostedTrees",
                name: "number",
                rule: "below the number of trees",
                got: number.to_string(),
            }),
        }
    }

    /// Share of each feature in the gain of all splits, shape `(n_features,)`, with sum 1; all 0 when
    /// there is no split. Measured on the training rows, it favours features of many values and splits
    /// what two like features share between them by chance.
    pub fn gain_importance(&self) -> Array1<f64> {
        let mut gains = Array1::zeros(self.n_features);
        for split in self.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| node.split) {
            gains[split.feature] += split.gain;
        }
        shares(gains)
    }

    /// Share of rows whose class is predicted; for numbers `R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²`, which is 0
    /// where `y` does not vary.
    ///
    /// # Errors
    /// As [`BoostedTrees::margin`], and for a `y` of another length or with NaN.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        check_target("BoostedTrees::score: `y`", y, x.nrows())?;
        let said = self.predict(x)?;
        let pairs: Vec<(f64, f64)> = y.iter().copied().zip(said).collect();
        match self.objective {
            Objective::Logistic | Objective::Softmax(_) => {
                let right = pairs.iter().filter(|(y, said)| (y - said).abs() < 0.5).count();
                Ok(right as f64 / pairs.len() as f64)
            }
            _ => Ok(r_squared(&pairs)),
        }
    }

    /// From margins, `(n_rows, n_outputs)`, to units of `y`.
    fn say(&self, margins: ArrayView2<f64>) -> Array1<f64> {
        match self.objective {
            Objective::Logistic => margins.column(0).mapv(|f| f64::from(u8::from(f > 0.0))),
            Objective::Softmax(_) => {
                margins.rows().into_iter().map(|row| argmax(row) as f64).collect()
            }
            _ => margins.column(0).to_owned(),
        }
    }
}

/// Checks rows in which values may be missing: `NaN` passes, an infinite value does not.
pub(super) fn check_rows_with_gaps(
    what: &'static str,
    x: ArrayView2<f64>,
    n_features: usize,
) -> Result<()> {
    if x.nrows() == 0 || x.ncols() == 0 {
        return Err(Error::Empty { what, needed: "1 row and 1 column" });
    }
    if x.ncols() != n_features {
        let (expected, got) = (format!("(n_rows, {n_features})"), format!("{:?}", x.dim()));
        return Err(Error::Shape { what, expected, got });
    }
    match x.indexed_iter().find(|(_, v)| v.is_infinite()) {
        Some(((row, col), &value)) => Err(Error::NotFinite { what, row, col, value }),
        None => Ok(()),
    }
}

impl Regressor for BoostedTreesParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.clone().seed(seed).fit(x, y)?))
    }
}

impl Classifier for BoostedTreesParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.clone().seed(seed).fit_classes(x, y)?;
        let known = model.objective.n_outputs().max(2);
        Ok(widened(model, known, n_classes))
    }
}

/// Shares where the objective has classes, else the number.
impl Fitted for BoostedTrees {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        match self.objective {
            Objective::Logistic | Objective::Softmax(_) => self.predict_proba(x),
            _ => Ok(self.predict(x)?.insert_axis(Axis(1))),
        }
    }
}
