//! Drawing a boosted tree.

use super::{BoostedSplit, TreeNode};
use crate::Result;
use crate::plot::Figure;
use crate::plot::tree::{TreeBox, feature_name, short, tree};

/// The tree of this number as boxes and lines.
pub(super) fn draw(
    nodes: &[TreeNode],
    number: usize,
    features: &[impl AsRef<str>],
) -> Result<Figure> {
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

fn question(split: &BoostedSplit, features: &[impl AsRef<str>]) -> String {
    let name = feature_name(features, split.feature);
    match (split.threshold.is_infinite(), split.missing_left && split.has_missing) {
        (true, _) => format!("{name} is known"),
        (false, true) => format!("{name} <= {} or missing", short(split.threshold)),
        (false, false) => format!("{name} <= {}", short(split.threshold)),
    }
}
