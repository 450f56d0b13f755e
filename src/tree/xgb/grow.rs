//! Growing one tree: which leaf is split next, when to stop, and what is pruned in the end.

use super::Growth;
use super::leaf_weight;
use super::structure::{BoostedSplit, BoostedTree, TreeNode};
use super::sums::{Judge, Sum};

/// When to stop. All checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) growth: Growth,
    pub(super) max_depth: usize,
    pub(super) num_leaves: usize,
    pub(super) lambda: f64,
    pub(super) gamma: f64,
}

/// The best split of a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) feature: usize,
    pub(super) threshold: f64,
    /// The last bin that goes left; of no meaning to the exact search.
    pub(super) bin: u8,
    pub(super) missing_left: bool,
    pub(super) has_missing: bool,
    pub(super) gain: f64,
    pub(super) left: Sum,
}

impl Candidate {
    /// The better of two; the first of equals.
    pub(super) fn better(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        match (first, second) {
            (Some(a), Some(b)) if b.gain > a.gain => Some(b),
            (None, second) => second,
            (first, _) => first,
        }
    }
}

/// A leaf that may be split: its rows, however they are kept, and its best split.
pub(super) struct Opened<N> {
    pub(super) node: N,
    pub(super) n_samples: usize,
    pub(super) total: Sum,
    pub(super) best: Option<Candidate>,
}

/// A way to keep the rows of nodes and to look for splits.
pub(super) trait Finder {
    /// The rows of one node.
    type Node;
    /// The root, with those rows; `search` for its best split.
    fn root(&self, rows: Vec<u32>, search: bool) -> Opened<Self::Node>;
    /// The two children of each node; `search` for their best splits.
    fn split(&self, batch: Vec<Chosen<Self::Node>>, search: bool) -> Vec<[Opened<Self::Node>; 2]>;
    /// The rows of a node that is kept as a leaf.
    fn rows(node: Self::Node) -> Vec<u32>;
}

/// A node that is split now.
pub(super) struct Chosen<N> {
    pub(super) node: N,
    pub(super) total: Sum,
    pub(super) candidate: Candidate,
}

/// A node of the tree while it grows.
struct Grown<N> {
    node: Option<N>,
    n_samples: usize,
    total: Sum,
    best: Option<Candidate>,
    depth: usize,
    children: Option<[usize; 2]>,
    /// Whether the split was taken back.
    pruned: bool,
}

/// A tree, and for each of its leaves (by number of the node) the rows that came there.
pub(super) type Harvest = (BoostedTree, Vec<(usize, Vec<u32>)>);

/// Grows a tree on `rows`, at least one.
pub(super) fn grow<F: Finder>(
    finder: &F,
    rows: Vec<u32>,
    judge: &Judge,
    limits: &Limits,
    number: usize,
) -> Harvest {
    let mut grown = vec![planted(finder.root(rows, true), 0)];
    let mut open = vec![0];
    let mut n_leaves = 1;
    while n_leaves < limits.num_leaves {
        open.retain(|&id: &usize| grown[id].best.is_some());
        let ids = next(&mut open, &grown, limits, limits.num_leaves - n_leaves);
        let Some(depth) = ids.first().map(|&id| grown[id].depth + 1) else { break };
        n_leaves += ids.len();
        let batch = ids.iter().filter_map(|&id| chosen(&mut grown[id])).collect();
        let search = depth < limits.max_depth && n_leaves < limits.num_leaves;
        for (id, pair) in ids.into_iter().zip(finder.split(batch, search)) {
            let first = grown.len();
            grown[id].children = Some([first, first + 1]);
            grown.extend(pair.map(|child| planted(child, depth)));
            open.extend([first, first + 1]);
        }
    }
    prune(&mut grown, limits.gamma);
    harvest::<F>(grown, judge, limits.lambda, number)
}

fn planted<N>(opened: Opened<N>, depth: usize) -> Grown<N> {
    let Opened { node, n_samples, total, best } = opened;
    Grown { node: Some(node), n_samples, total, best, depth, children: None, pruned: false }
}

fn chosen<N>(grown: &mut Grown<N>) -> Option<Chosen<N>> {
    Some(Chosen { node: grown.node.take()?, total: grown.total, candidate: grown.best? })
}

/// Takes from `open` the leaves to split now, at most `room`: a level, or the one that gains most.
fn next<N>(open: &mut Vec<usize>, grown: &[Grown<N>], limits: &Limits, room: usize) -> Vec<usize> {
    if limits.growth == Growth::DepthWise {
        let level = std::mem::take(open);
        return level.into_iter().take(room).collect();
    }
    let gain = |id: usize| grown[id].best.map_or(0.0, |best| best.gain);
    let mut place = None;
    for (i, &id) in open.iter().enumerate() {
        if place.is_none_or(|best: usize| gain(id) > gain(open[best])) {
            place = Some(i);
        }
    }
    place.map(|i| open.remove(i)).into_iter().collect()
}

/// Takes back, from the bottom, each split of two leaves that gains less than its price.
///
/// As XGBoost's exact method does: a poor split stays where a good one below it needs it.
fn prune<N>(grown: &mut [Grown<N>], gamma: f64) {
    for id in (0..grown.len()).rev() {
        let Some(children) = grown[id].children else { continue };
        let poor = grown[id].best.is_some_and(|best| best.gain < gamma);
        let is_leaf = |&child: &usize| grown[child].children.is_none() || grown[child].pruned;
        grown[id].pruned = poor && children.iter().all(is_leaf);
    }
}

/// Numbers the nodes depth first and gathers the rows of the leaves.
fn harvest<F: Finder>(
    mut grown: Vec<Grown<F::Node>>,
    judge: &Judge,
    lambda: f64,
    number: usize,
) -> Harvest {
    let mut nodes: Vec<TreeNode> = Vec::with_capacity(grown.len());
    let mut leaves = Vec::new();
    let mut open = vec![(0, None)];
    while let Some((place, parent)) = open.pop() {
        let id = nodes.len();
        if let Some((parent, right)) = parent {
            let parent: &mut TreeNode = &mut nodes[parent];
            if let Some(split) = &mut parent.split {
                *(if right { &mut split.right } else { &mut split.left }) = id;
            }
        }
        let Grown { n_samples, total, best, depth, .. } = grown[place];
        let children = grown[place].children.filter(|_| !grown[place].pruned);
        let (g, h) = judge.real(total);
        let mut node = TreeNode {
            tree: number,
            id,
            depth,
            split: None,
            leaf: None,
            weight: leaf_weight(g, h, lambda),
            hessian: h,
            n_samples,
        };
        if let (Some([left, right]), Some(best)) = (children, best) {
            node.split = Some(BoostedSplit {
                feature: best.feature,
                threshold: best.threshold,
                missing_left: best.missing_left,
                has_missing: best.has_missing,
                left: id,
                right: id,
                gain: best.gain,
            });
            open.extend([(right, Some((id, true))), (left, Some((id, false)))]);
        } else {
            node.leaf = Some(leaves.len());
            leaves.push((id, rows_below::<F>(&mut grown, place)));
        }
        nodes.push(node);
    }
    (BoostedTree { nodes }, leaves)
}

/// Rows of a node, whose splits may have been taken back.
fn rows_below<F: Finder>(grown: &mut [Grown<F::Node>], place: usize) -> Vec<u32> {
    let mut rows = Vec::new();
    let mut open = vec![place];
    while let Some(place) = open.pop() {
        open.extend(grown[place].children.into_iter().flatten());
        if let Some(node) = grown[place].node.take() {
            let own = F::rows(node);
            if rows.is_empty() {
                rows = own;
            } else {
                rows.extend(own);
            }
        }
    }
    rows
}
