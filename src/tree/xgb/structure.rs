//! The grown tree.

use serde::{Deserialize, Serialize};

/// A question: rows with `x[feature] <= threshold` go to `left`, others to `right`, and those where the
/// value is missing as `missing_left` says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BoostedSplit {
    /// The column asked about.
    pub feature: usize,
    /// The largest value that goes left; infinite where the question is only whether there is a value.
    #[serde(with = "crate::base::maybe_infinite")]
    pub threshold: f64,
    /// Whether a missing value goes left; so it does where there was nothing to learn that from.
    pub missing_left: bool,
    /// Whether training rows of the node missed the value, so that the direction was learned.
    pub has_missing: bool,
    /// Number of the left child within the tree.
    pub left: usize,
    /// Number of the right child within the tree.
    pub right: usize,
    /// `½ [G_L²/(H_L+λ) + G_R²/(H_R+λ) − G²/(H+λ)]`, before `γ` is paid; half of what XGBoost reports.
    pub gain: f64,
}

/// One node of a boosted tree.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TreeNode {
    /// Number of the tree: round `tree / n_outputs`, output `tree % n_outputs`.
    pub tree: usize,
    /// Number of the node within its tree, depth first, the left child directly after its parent.
    pub id: usize,
    /// Questions asked on the way here; 0 at the root.
    pub depth: usize,
    /// The question; `None` for a leaf.
    pub split: Option<BoostedSplit>,
    /// Number of the leaf within its tree, from left to right; `None` for a question.
    pub leaf: Option<usize>,
    /// `w* = −G / (H + λ)`, before the learning rate; for a question, what it would be as a leaf.
    pub weight: f64,
    /// `H`, the sum of second derivatives: for squared error the number of rows.
    pub hessian: f64,
    /// Training rows in the node.
    pub n_samples: usize,
}

/// The nodes of one tree; the root is number 0.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct BoostedTree {
    pub(super) nodes: Vec<TreeNode>,
}

impl BoostedTree {
    /// Number of the leaf that a row falls into.
    pub(super) fn leaf(&self, row: &[f64]) -> &TreeNode {
        let mut node = &self.nodes[0];
        while let Some(split) = &node.split {
            let value = row[split.feature];
            let left = if value.is_nan() { split.missing_left } else { value <= split.threshold };
            node = &self.nodes[if left { split.left } else { split.right }];
        }
        node
    }

    /// Whether each question asks of a feature that there is and leads to nodes further down.
    pub(super) fn leads_down(&self, n_features: usize) -> bool {
        let n = self.nodes.len();
        let down = |(id, node): (usize, &TreeNode)| {
            node.weight.is_finite()
                && node.split.is_none_or(|s| {
                    let leads = id < s.left && s.left < n && id < s.right && s.right < n;
                    leads && s.feature < n_features && !s.threshold.is_nan()
                })
        };
        n > 0 && self.nodes.iter().enumerate().all(down)
    }

    pub(super) fn n_leaves(&self) -> usize {
        self.nodes.len().div_ceil(2)
    }
}
