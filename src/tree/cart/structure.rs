//! The grown tree as a list of nodes.

use super::target::Target;
use crate::base::{finite, holds, shape, stored};
use ndarray::{Array1, ArrayView2};
use serde::{Deserialize, Serialize};

/// A question: rows with `x[feature] <= threshold` go to `left`, the others to `right`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Split {
    /// The column asked about.
    pub feature: usize,
    /// The largest value that goes left.
    pub threshold: f64,
    /// Number of the left child.
    pub left: usize,
    /// Number of the right child.
    pub right: usize,
}

/// One node of a [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Node {
    /// The question; `None` for a leaf.
    pub split: Option<Split>,
    /// Impurity of the node's training rows.
    pub impurity: f64,
    /// Different training rows in the node.
    pub n_samples: usize,
    /// Their total weight.
    pub weight: f64,
    /// Questions asked on the way here; 0 at the root.
    pub depth: usize,
}

/// A binary tree: nodes in depth-first order, the left child directly after its parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Tree {
    /// The nodes; the root is number 0.
    pub(crate) nodes: Vec<Node>,
    /// Number of columns of the training data.
    pub(crate) n_features: usize,
    values: Vec<f64>,
    n_outputs: usize,
}

stored!(Tree, |m| {
    let n = m.nodes.len();
    holds(n > 0, "a tree without nodes")?;
    shape("values", m.values.len(), n * m.n_outputs)?;
    finite("values", &m.values)?;
    let down = |(id, node): (usize, &Node)| {
        node.split.is_none_or(|s| {
            let leads = id < s.left && s.left < n && id < s.right && s.right < n;
            leads && s.feature < m.n_features && s.threshold.is_finite()
        })
    };
    holds(m.nodes.iter().enumerate().all(down), "a question that leads nowhere")
});

impl Tree {
    /// The nodes in depth-first order; the root is number 0.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Number of columns of the training data.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    pub(super) fn new(n_outputs: usize, n_features: usize) -> Self {
        Self { nodes: Vec::new(), n_features, values: Vec::new(), n_outputs }
    }

    pub(super) fn push(&mut self, node: Node, target: &impl Target) -> usize {
        self.nodes.push(node);
        target.predict_into(&mut self.values);
        self.nodes.len() - 1
    }

    pub(super) fn link(&mut self, parent: usize, right: bool, child: usize) {
        if let Some(split) = &mut self.nodes[parent].split {
            *(if right { &mut split.right } else { &mut split.left }) = child;
        }
    }

    /// The tree that is left when the nodes in `cut` become leaves.
    pub(super) fn cut_at(&self, cut: &[bool]) -> Self {
        let mut tree = Self::new(self.n_outputs, self.n_features);
        let mut open = vec![(0, None)];
        while let Some((old, parent)) = open.pop() {
            let mut node = self.nodes[old];
            let id = tree.nodes.len();
            if let Some((parent, right)) = parent {
                tree.link(parent, right, id);
            }
            if cut[old] {
                node.split = None;
            }
            if let Some(split) = node.split {
                open.push((split.right, Some((id, true))));
                open.push((split.left, Some((id, false))));
            }
            tree.nodes.push(node);
            tree.values.extend_from_slice(self.value(old));
        }
        tree
    }

    /// What node `id` predicts: class shares, or one number.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn value(&self, id: usize) -> &[f64] {
        &self.values[id * self.n_outputs..(id + 1) * self.n_outputs]
    }

    pub(in crate::tree) fn value_mut(&mut self, id: usize) -> &mut [f64] {
        &mut self.values[id * self.n_outputs..(id + 1) * self.n_outputs]
    }

    /// Number of leaves.
    pub fn n_leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.split.is_none()).count()
    }

    /// Questions on the longest way from the root to a leaf.
    pub fn depth(&self) -> usize {
        self.nodes.iter().map(|node| node.depth).max().unwrap_or(0)
    }

    /// Fall of impurity by the splits on each feature, shape `(n_features,)`, with sum 1; all 0 for a
    /// tree without splits. It favours features of many values: permute columns to be sure.
    pub fn importance(&self) -> Array1<f64> {
        shares(self.falls())
    }

    /// Fall of weighted impurity by the splits on each feature, shape `(n_features,)`.
    pub(in crate::tree) fn falls(&self) -> Array1<f64> {
        let mut falls = Array1::zeros(self.n_features);
        let total = |id: usize| self.nodes[id].weight * self.nodes[id].impurity;
        for (id, node) in self.nodes.iter().enumerate() {
            if let Some(split) = node.split {
                falls[split.feature] += total(id) - total(split.left) - total(split.right);
            }
        }
        falls
    }

    /// Number of the leaf that a row of `n_features` values falls into.
    pub(in crate::tree) fn leaf(&self, row: &[f64]) -> usize {
        let mut id = 0;
        while let Some(split) = &self.nodes[id].split {
            id = if row[split.feature] <= split.threshold { split.left } else { split.right };
        }
        id
    }

    /// `visit(i, value)` with the prediction for each row of `x`, which was checked.
    pub(in crate::tree) fn for_each_row(
        &self,
        x: ArrayView2<f64>,
        mut visit: impl FnMut(usize, &[f64]),
    ) {
        let x = x.as_standard_layout();
        let rows = x.as_slice().unwrap_or_default().chunks_exact(self.n_features);
        rows.enumerate().for_each(|(i, row)| visit(i, self.value(self.leaf(row))));
    }
}

/// Divided by the sum; all 0 where that is 0.
pub(in crate::tree) fn shares(values: Array1<f64>) -> Array1<f64> {
    let sum = values.sum();
    if sum > 0.0 { values / sum } else { Array1::zeros(values.len()) }
}
