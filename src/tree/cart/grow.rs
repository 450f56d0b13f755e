//! Growing a tree, depth first, left before right: the split search and the partition of rows.
//!
//! Where splits look at most features, each feature's rows are kept in order and partitioned with the
//! node (`O(m)` a feature and node of `m` rows). Where they look at few, only those are sorted, by the
//! ranks of [`Columns`] (`O(m log m)`). Both see the rows in the same order and give the same bits.

use super::columns::Columns;
use super::structure::{Node, Split, Tree};
use super::target::Target;
use crate::display::check_interrupt;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// When to stop, and how many features a split looks at. All checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_depth: usize,
    pub(crate) min_leaf: usize,
    pub(crate) min_split: usize,
    pub(crate) max_features: usize,
}

/// A node yet to be opened: `rows[start..end]`.
struct Open {
    start: usize,
    end: usize,
    depth: usize,
    /// The parent, and whether this is its right child.
    parent: Option<(usize, bool)>,
}

/// The best split so far: rows of `feature` up to the value of row `below` go left.
struct Best {
    gain: f64,
    feature: usize,
    below: u32,
    above: u32,
}

/// Grows a tree on the rows of positive weight, given in ascending order; at least one.
pub(crate) fn grow<T: Target>(
    columns: &Columns,
    rows: Vec<u32>,
    target: &mut T,
    limits: &Limits,
    rng: &mut ChaCha8Rng,
) -> Tree {
    // A partition touches every feature, a sort only those looked at, at several times the price.
    let keep_order = 2 * limits.max_features > columns.columns.len();
    grow_with(columns, Members::new(columns, rows, keep_order), target, limits, rng)
}

#[cfg(test)]
pub(super) fn grow_by_sorting<T: Target>(
    columns: &Columns,
    rows: Vec<u32>,
    target: &mut T,
    limits: &Limits,
    rng: &mut ChaCha8Rng,
) -> Tree {
    grow_with(columns, Members::new(columns, rows, false), target, limits, rng)
}

fn grow_with<T: Target>(
    columns: &Columns,
    mut members: Members,
    target: &mut T,
    limits: &Limits,
    rng: &mut ChaCha8Rng,
) -> Tree {
    let mut tree = Tree::new(target.n_outputs(), columns.columns.len());
    let mut features: Vec<usize> = (0..columns.columns.len()).collect();
    let mut open = vec![Open { start: 0, end: members.rows.len(), depth: 0, parent: None }];
    while let Some(node) = open.pop() {
        check_interrupt();
        let n_samples = node.end - node.start;
        target.open(&members.rows[node.start..node.end]);
        let id = tree.push(
            Node {
                split: None,
                impurity: target.impurity(),
                n_samples,
                weight: target.weight(),
                depth: node.depth,
            },
            target,
        );
        if let Some((parent, right)) = node.parent {
            tree.link(parent, right, id);
        }
        if node.depth >= limits.max_depth
            || n_samples < limits.min_split
            || n_samples < 2 * limits.min_leaf
            || target.is_pure()
        {
            continue;
        }
        let found = best_split(columns, &mut members, &node, target, limits, &mut features, rng);
        let Some(best) = found else { continue };
        let column = &columns.columns[best.feature];
        let threshold = column.threshold(best.below, best.above);
        tree.nodes[id].split =
            Some(Split { feature: best.feature, threshold, left: id, right: id });
        let depth = node.depth + 1;
        let middle = members.partition(
            node.start..node.end,
            &column.ranks,
            column.ranks[best.below as usize],
            depth < limits.max_depth,
        );
        let parent = |right| Some((id, right));
        open.push(Open { start: middle, end: node.end, depth, parent: parent(true) });
        open.push(Open { start: node.start, end: middle, depth, parent: parent(false) });
    }
    tree
}

fn best_split<T: Target>(
    columns: &Columns,
    members: &mut Members,
    node: &Open,
    target: &mut T,
    limits: &Limits,
    features: &mut [usize],
    rng: &mut ChaCha8Rng,
) -> Option<Best> {
    let n_features = features.len();
    let mut best: Option<Best> = None;
    let mut one_varies = false;
    for drawn in 0..n_features {
        if drawn >= limits.max_features && one_varies {
            break;
        }
        if limits.max_features < n_features {
            features.swap(drawn, rng.random_range(drawn..n_features));
        }
        let feature = features[drawn];
        let ranks = &columns.columns[feature].ranks;
        one_varies |= if let Some(order) = members.order.get(feature) {
            let sorted = order[node.start..node.end].iter().map(|&row| (ranks[row as usize], row));
            scan(sorted, feature, target, limits.min_leaf, &mut best)
        } else {
            let rows = &members.rows[node.start..node.end];
            members.keys.clear();
            let key = |&row: &u32| u64::from(ranks[row as usize]) << 32 | u64::from(row);
            members.keys.extend(rows.iter().map(key));
            members.keys.sort_unstable();
            #[expect(clippy::cast_possible_truncation, reason = "the two halves of a key")]
            let sorted = members.keys.iter().map(|&key| ((key >> 32) as u32, key as u32));
            scan(sorted, feature, target, limits.min_leaf, &mut best)
        };
    }
    best
}

/// Tries every place between distinct values of one feature; `sorted` holds `(rank, row)`. Says whether
/// the feature varies.
fn scan<T: Target>(
    sorted: impl ExactSizeIterator<Item = (u32, u32)> + DoubleEndedIterator + Clone,
    feature: usize,
    target: &mut T,
    min_leaf: usize,
    best: &mut Option<Best>,
) -> bool {
    let n = sorted.len();
    let first = sorted.clone().next();
    let last = sorted.clone().next_back();
    if first.map(|(rank, _)| rank) == last.map(|(rank, _)| rank) {
        return false;
    }
    target.clear_left();
    let mut before: Option<(u32, u32)> = None;
    for (n_left, (rank, row)) in sorted.take(n - min_leaf + 1).enumerate() {
        if let Some((rank_before, below)) = before
            && n_left >= min_leaf
            && rank != rank_before
        {
            let gain = target.gain();
            if best.as_ref().is_none_or(|best| gain > best.gain) {
                *best = Some(Best { gain, feature, below, above: row });
            }
        }
        target.push_left(row);
        before = Some((rank, row));
    }
    true
}

/// The rows, arranged so that each open node is one range.
struct Members {
    rows: Vec<u32>,
    /// The same rows by each feature's value; empty where splits look at few features.
    order: Vec<Vec<u32>>,
    keys: Vec<u64>,
    goes_left: Vec<bool>,
    aside: Vec<u32>,
}

impl Members {
    fn new(columns: &Columns, rows: Vec<u32>, keep_order: bool) -> Self {
        let mut goes_left = vec![false; columns.n_rows];
        let mut order = Vec::new();
        if keep_order {
            for &row in &rows {
                goes_left[row as usize] = true;
            }
            let kept = |all: &Vec<u32>| -> Vec<u32> {
                all.iter().copied().filter(|&row| goes_left[row as usize]).collect()
            };
            order = columns.columns.iter().map(|column| kept(&column.order)).collect();
        }
        Self { rows, order, keys: Vec::new(), goes_left, aside: Vec::new() }
    }

    /// Sends the rows of `range` with a rank up to `below` to its front, in the order they had; gives
    /// the first place of the others. The features' orders follow where they are `needed` again.
    fn partition(
        &mut self,
        range: std::ops::Range<usize>,
        ranks: &[u32],
        below: u32,
        needed: bool,
    ) -> usize {
        for &row in &self.rows[range.clone()] {
            self.goes_left[row as usize] = ranks[row as usize] <= below;
        }
        if needed {
            for order in &mut self.order {
                split_stably(&mut order[range.clone()], &self.goes_left, &mut self.aside);
            }
        }
        let start = range.start;
        start + split_stably(&mut self.rows[range], &self.goes_left, &mut self.aside)
    }
}

fn split_stably(rows: &mut [u32], goes_left: &[bool], aside: &mut Vec<u32>) -> usize {
    aside.clear();
    let mut n_left = 0;
    for i in 0..rows.len() {
        let row = rows[i];
        if goes_left[row as usize] {
            rows[n_left] = row;
            n_left += 1;
        } else {
            aside.push(row);
        }
    }
    rows[n_left..].copy_from_slice(aside);
    n_left
}
