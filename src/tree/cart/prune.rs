//! Minimal cost-complexity pruning: cut the weakest link, again and again.
//!
//! ```text
//! R(t) = (W_t / W) I_t        R(T_t) = Σ of R over the leaves below t
//! g(t) = (R(t) − R(T_t)) / (leaves(T_t) − 1)       price of t's branch for each leaf it adds
//! ```
//!
//! For every `α` the smallest tree that minimises `R(T) + α · leaves(T)` is what remains after all
//! branches with `g ≤ α` were cut in the order of `g` (Breiman et al. 1984, theorem 3.10).

use super::structure::Tree;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A tree of the pruning sequence, which shrinks from the full tree to its root.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct PruningStep {
    /// From this `ccp_alpha` on the tree is the best one.
    pub alpha: f64,
    /// `R(T)`, the weighted impurity of its leaves.
    pub impurity: f64,
    /// Its leaves.
    pub n_leaves: usize,
}

/// A price and a node, the cheapest and then the lowest first. Prices are finite and not negative, and
/// the bits of such floats sort as the floats do.
type Offer = Reverse<(u64, usize)>;

impl Tree {
    /// The whole pruning sequence, starting with this tree at `alpha = 0`.
    ///
    /// ```
    /// use mlnotes::tree::cart::DecisionTreeClassifier;
    /// let x = ndarray::array![[1.0], [2.0], [3.0], [4.0]];
    /// let model = DecisionTreeClassifier::params().fit(x.view(), &[0, 1, 1, 1])?;
    /// let path = model.tree.pruning_path();
    /// // One leaf less costs the Gini impurity of the root: 1 - (1/4)^2 - (3/4)^2.
    /// assert_eq!((path.len(), path[1].alpha, path[1].n_leaves), (2, 0.375, 1));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn pruning_path(&self) -> Vec<PruningStep> {
        let mut links = Links::new(self);
        let mut path = vec![links.step(0.0)];
        while let Some((alpha, node)) = links.weakest() {
            links.cut(node);
            path.push(links.step(alpha));
        }
        path
    }

    /// The smallest subtree that minimises `R(T) + alpha · leaves(T)`; `alpha` was checked.
    pub(super) fn pruned(self, alpha: f64) -> Self {
        let mut links = Links::new(&self);
        while let Some((price, node)) = links.weakest()
            && price <= alpha
        {
            links.cut(node);
        }
        let cut = links.cut;
        self.cut_at(&cut)
    }
}

struct Links<'a> {
    tree: &'a Tree,
    parents: Vec<Option<usize>>,
    /// `R(t)`, `R(T_t)` and the leaves of `T_t`.
    own: Vec<f64>,
    branch: Vec<f64>,
    leaves: Vec<usize>,
    /// Nodes made leaves, and all that stood below them.
    cut: Vec<bool>,
    offers: BinaryHeap<Offer>,
}

impl<'a> Links<'a> {
    fn new(tree: &'a Tree) -> Self {
        let n = tree.nodes.len();
        let whole = tree.nodes.first().map_or(1.0, |root| root.weight);
        let own: Vec<f64> = tree.nodes.iter().map(|t| t.weight / whole * t.impurity).collect();
        let mut links = Self {
            tree,
            parents: vec![None; n],
            branch: own.clone(),
            own,
            leaves: vec![1; n],
            cut: vec![false; n],
            offers: BinaryHeap::new(),
        };
        // Children stand after their parents, so from the back they come first.
        for id in (0..n).rev() {
            if let Some(split) = tree.nodes[id].split {
                links.parents[split.left] = Some(id);
                links.parents[split.right] = Some(id);
                links.branch[id] = links.branch[split.left] + links.branch[split.right];
                links.leaves[id] = links.leaves[split.left] + links.leaves[split.right];
                links.offer(id);
            }
        }
        links
    }

    /// `g(t)`; rounding may leave a hair below 0 where a split gained nothing.
    fn price(&self, id: usize) -> f64 {
        // `+ 0.0` turns a negative zero, whose bits sort last, into a positive one.
        ((self.own[id] - self.branch[id]) / (self.leaves[id] as f64 - 1.0)).max(0.0) + 0.0
    }

    fn offer(&mut self, id: usize) {
        self.offers.push(Reverse((self.price(id).to_bits(), id)));
    }

    /// The node whose branch is cheapest, with its price. Offers from before a cut below are stale.
    fn weakest(&mut self) -> Option<(f64, usize)> {
        while let Some(Reverse((bits, id))) = self.offers.pop() {
            if !self.cut[id] && self.price(id).to_bits() == bits {
                return Some((f64::from_bits(bits), id));
            }
        }
        None
    }

    fn cut(&mut self, id: usize) {
        let mut below = vec![id];
        while let Some(node) = below.pop() {
            if !self.cut[node] {
                self.cut[node] = true;
                below.extend(self.tree.nodes[node].split.iter().flat_map(|s| [s.left, s.right]));
            }
        }
        let (more, fewer) = (self.own[id] - self.branch[id], self.leaves[id] - 1);
        self.branch[id] = self.own[id];
        self.leaves[id] = 1;
        let mut above = self.parents[id];
        while let Some(ancestor) = above {
            self.branch[ancestor] += more;
            self.leaves[ancestor] -= fewer;
            self.offer(ancestor);
            above = self.parents[ancestor];
        }
    }

    fn step(&self, alpha: f64) -> PruningStep {
        PruningStep { alpha, impurity: self.branch[0], n_leaves: self.leaves[0] }
    }
}
