//! Drawing a boosted tree.

use super::{BoostedSplit, BoostedTrees, TreeNode};
use crate::Result;
use crate::plot::Figure;
use crate::plot::tree::{TreeBox, feature_name, short, tree};

impl BoostedTrees {
    /// One tree as boxes and lines: each question with its rows and gain, each leaf with its weight before
    /// the learning rate, raising leaves in one colour and lowering ones in another. The left child answers
    /// yes; where training rows missed the value, the question says so. Without names features are numbered.
    /// Of the feature `plot`, which is on unless switched off.
    ///
    /// ```
    /// use mlnotes::tree::xgb::BoostedTrees;
    /// let set = mlnotes::data::diabetes();
    /// let model = BoostedTrees::params().n_trees(2).max_depth(2).fit(set.x.view(), set.y.view())?;
    /// assert!(model.draw(0, &set.feature_names)?.svg().contains("gain"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Parameter`] when there is no such tree, [`crate::Error::Plot`] for more than 32
    /// leaves and for names (of features) that are not ASCII.
    pub fn draw(&self, number: usize, features: &[impl AsRef<str>]) -> Result<Figure> {
        let nodes = self.tree(number)?;
        let one = |node: &TreeNode| {
            let rows = format!("{} rows", node.n_samples);
            match node.split {
                Some(split) => {
                    let gain = format!("{rows}, gain {}", short(split.gain));
                    TreeBox {
                        lines: vec![question(&split, features), gain],
                        children: Some([split.left, split.right]),
                        shade: None,
                    }
                }
                None => TreeBox {
                    lines: vec![format!("w = {}", short(node.weight)), rows],
                    children: None,
                    shade: Some(usize::from(node.weight < 0.0)),
                },
            }
        };
        tree(&format!("Tree {number}"), &nodes.iter().map(one).collect::<Vec<_>>())
    }
}

fn question(split: &BoostedSplit, features: &[impl AsRef<str>]) -> String {
    let name = feature_name(features, split.feature);
    match (split.threshold.is_infinite(), split.missing_left && split.has_missing) {
        (true, _) => format!("{name} is known"),
        (false, true) => format!("{name} <= {} or missing", short(split.threshold)),
        (false, false) => format!("{name} <= {}", short(split.threshold)),
    }
}
