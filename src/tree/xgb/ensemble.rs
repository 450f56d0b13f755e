//! A sum of trees for each output: what both kinds of boosted trees stand on.

use super::Objective;
use super::structure::{BoostedTree, TreeNode};
use crate::base::{check_width, finite, holds, shape, stored};
use crate::tree::cart::shares;
use crate::{Error, Result};
use ndarray::{Array1, Array2, Array3, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Margins `F(x) = F₀ + η Σ tree(x)`, one an output.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub(super) struct Ensemble {
    pub(super) objective: Objective,
    /// `F₀`, shape `(n_outputs,)`.
    pub(super) start: Array1<f64>,
    pub(super) eta: f64,
    /// Columns of the training data.
    pub(super) n_features: usize,
    /// Of the rows held out, at the start and after each round that was made.
    pub(super) validation_loss: Option<Array1<f64>>,
    /// Round by round, in a round output by output.
    pub(super) trees: Vec<BoostedTree>,
}

stored!(Ensemble, |m| {
    let k = m.objective.n_outputs();
    finite("start", m.start.iter().chain([&m.eta]))?;
    holds(k > 0, "no output")?;
    shape("start", m.start.len(), k)?;
    shape("trees", m.trees.len() % k.max(1), 0)?;
    holds(m.trees.iter().all(|t| t.leads_down(m.n_features)), "a question that leads nowhere")
});

impl Ensemble {
    /// `(n_rows, n_outputs)`.
    pub(super) fn margin(&self, what: &'static str, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows_with_gaps(what, x, self.n_features)?;
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

    /// At the start and after each round, `(n_rounds + 1, n_rows, n_outputs)`.
    pub(super) fn staged_margin(
        &self,
        what: &'static str,
        x: ArrayView2<f64>,
    ) -> Result<Array3<f64>> {
        check_rows_with_gaps(what, x, self.n_features)?;
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

    /// `(n_rows, n_trees)`.
    pub(super) fn leaf_indices(
        &self,
        what: &'static str,
        x: ArrayView2<f64>,
    ) -> Result<Array2<usize>> {
        check_rows_with_gaps(what, x, self.n_features)?;
        let mut leaves = Array2::zeros((x.nrows(), self.trees.len()));
        for (mut leaves, row) in leaves.rows_mut().into_iter().zip(x.rows()) {
            let row = row.to_vec();
            for (leaf, tree) in leaves.iter_mut().zip(&self.trees) {
                *leaf = tree.leaf(&row).leaf.unwrap_or(0);
            }
        }
        Ok(leaves)
    }

    pub(super) fn tree(&self, estimator: &'static str, number: usize) -> Result<&[TreeNode]> {
        match self.trees.get(number) {
            Some(tree) => Ok(&tree.nodes),
            None => Err(Error::Parameter {
                estimator,
                name: "number",
                rule: "below the number of trees",
                got: number.to_string(),
            }),
        }
    }

    /// `(n_features,)`, with sum 1, or all 0.
    pub(super) fn gain_importance(&self) -> Array1<f64> {
        let mut gains = Array1::zeros(self.n_features);
        for split in self.trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| node.split) {
            gains[split.feature] += split.gain;
        }
        shares(gains)
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
    check_width(what, x, n_features)?;
    match x.indexed_iter().find(|(_, v)| v.is_infinite()) {
        Some(((row, col), &value)) => Err(Error::NotFinite { what, row, col, value }),
        None => Ok(()),
    }
}

/// What both kinds of boosted trees tell of their trees; each method's argument is the type's own name.
macro_rules! ensemble_methods {
    ($name:literal) => {
        /// `η`, the share of each tree that is added.
        pub fn eta(&self) -> f64 {
            self.ensemble.eta
        }

        /// Columns of the training data.
        pub fn n_features(&self) -> usize {
            self.ensemble.n_features
        }

        /// Mean loss on rows held out at the start and after each round that was made, also those that early
        /// stopping has dropped, shape `(n_rounds + 1,)`; none without such rows, and of a custom loss.
        pub fn validation_loss(&self) -> Option<ndarray::ArrayView1<'_, f64>> {
            self.ensemble.validation_loss.as_ref().map(Array1::view)
        }

        /// Number of trees: rounds times outputs.
        pub fn n_trees(&self) -> usize {
            self.ensemble.trees.len()
        }

        /// Leaves of each tree, shape `(n_trees,)`.
        pub fn n_leaves(&self) -> Vec<usize> {
            self.ensemble.trees.iter().map(|tree| tree.n_leaves()).collect()
        }

        /// Number of the leaf of each row in each tree, from left to right, shape `(n_rows, n_trees)`: new
        /// features for a linear model, `n_leaves()[t]` values a column.
        ///
        /// # Errors
        /// As `predict`.
        #[views]
        pub fn leaf_indices(&self, x: ArrayView2<f64>) -> Result<Array2<usize>> {
            self.ensemble.leaf_indices(concat!($name, "::leaf_indices: `x`"), x)
        }

        /// All nodes of all trees, tree by tree, each depth first.
        pub fn dump(&self) -> Vec<TreeNode> {
            self.ensemble.trees.iter().flat_map(|tree| tree.nodes.iter().copied()).collect()
        }

        /// The nodes of one tree.
        ///
        /// # Errors
        /// [`Error::Parameter`] when there is no such tree.
        pub fn tree(&self, number: usize) -> Result<&[TreeNode]> {
            self.ensemble.tree(concat!($name, "::tree"), number)
        }

        /// Share of each feature in the gain of all splits, shape `(n_features,)`, with sum 1; all 0 when
        /// there is no split. Measured on the training rows, it favours features of many values and splits
        /// what two like features share between them by chance.
        pub fn gain_importance(&self) -> Array1<f64> {
            self.ensemble.gain_importance()
        }

        /// One tree as boxes and lines: each question with its rows and gain, each leaf with its weight before
        /// the learning rate, raising leaves in one colour and lowering ones in another. The left child answers
        /// yes; where training rows missed the value, the question says so. Without names features are numbered.
        /// Of the feature `plot`, which is on unless switched off.
        ///
        /// # Errors
        /// [`Error::Parameter`] when there is no such tree, [`Error::Plot`] for more than 32 leaves and for names
        /// (of features) that are not ASCII.
        #[cfg(feature = "plot")]
        pub fn draw(
            &self,
            number: usize,
            features: &[impl AsRef<str>],
        ) -> Result<crate::plot::Figure> {
            super::draw::draw(self.tree(number)?, number, features)
        }
    };
}
pub(super) use ensemble_methods;
