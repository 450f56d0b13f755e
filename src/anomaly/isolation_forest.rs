//! Isolation forest: rows that random cuts separate quickly are outliers.
//!
//! ```text
//! tree:   draw ψ rows; cut at a random feature, at a random place between its ends;
//!         go on in both parts until one row is left, all are equal, or the depth is ⌈log₂ ψ⌉
//! h(x) =  depth of x's leaf + c(rows in that leaf)
//! c(n) =  2 H(n − 1) − 2 (n − 1)/n,  c(2) = 1,  c(1) = 0   mean depth in a random search tree
//! s(x) =  2^(−E h(x) / c(ψ))                               near 1: outlier; below 0.5: ordinary
//! ```
//!
//! It needs no distance and no scaling, and small samples (`ψ = 256`) are enough, even better:
//! dense normal rows would hide the others. Scores rank rows; which of them to call outliers is a
//! decision. Cuts are parallel to the axes, so rows that are odd only in a combination of features
//! may pass.
//!
//! ```
//! use mlnotes::anomaly::isolation_forest::IsolationForest;
//! let mut x = mlnotes::data::penguins().x.clone();
//! x.row_mut(7).assign(&ndarray::array![80.0, 5.0, 300.0, 1000.0]);
//! let scores = IsolationForest::params().seed(1).fit(x.view())?.scores(x.view())?;
//! assert!(scores.iter().enumerate().all(|(row, &s)| row == 7 || s < scores[7]));
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! Liu, Ting & Zhou (2008), *Isolation forest*, equations 1 and 2, algorithms 1 to 3.

use crate::base::{check_matrix, check_rows, holds, setters, stored, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Euler's constant.
const GAMMA: f64 = 0.577_215_664_901_532_9;

impl IsolationForest {
    /// The settings of the paper: 100 trees on 256 rows each.
    pub fn params() -> IsolationForestParams {
        IsolationForestParams { n_trees: 100, max_samples: 256, seed: 0 }
    }
}

/// Settings of an isolation forest.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `n_trees` | 100 | `>= 1` | trees; the scores' noise falls as its root |
/// | `max_samples` | 256 | `>= 2` | rows a tree is grown on, all rows if there are fewer |
/// | `seed` | 0 | | chance of rows and cuts |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsolationForestParams {
    n_trees: usize,
    max_samples: usize,
    seed: u64,
}

/// Fitted isolation forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct IsolationForest {
    /// Rows that each tree was grown on, `ψ`.
    sample_size: usize,
    /// Features of a row.
    n_features: usize,
    trees: Vec<Node>,
}

stored!(IsolationForest, |m| {
    holds(!m.trees.is_empty(), "a forest without trees")?;
    let sound = |tree: &Node| tree.asks_below(m.n_features);
    holds(m.trees.iter().all(sound), "a cut of a feature that there is not")
});

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Node {
    /// Depth and number of the rows that end here, as the path length `h`.
    Leaf {
        path: f64,
    },
    Cut {
        feature: usize,
        at: f64,
        below: Box<Node>,
        above: Box<Node>,
    },
}

impl Node {
    /// Whether all cuts are of one of the features, and all numbers finite.
    fn asks_below(&self, n_features: usize) -> bool {
        match self {
            Self::Leaf { path } => path.is_finite(),
            Self::Cut { feature, at, below, above } => {
                *feature < n_features
                    && at.is_finite()
                    && below.asks_below(n_features)
                    && above.asks_below(n_features)
            }
        }
    }
}

impl IsolationForestParams {
    setters! {
        /// Sets the number of trees.
        n_trees: usize;
        /// Sets the number of rows a tree is grown on.
        max_samples: usize;
        /// Seeds rows and cuts.
        seed: u64;
    }

    /// Grows the trees on the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFewSamples`] below 2 rows,
    /// [`Error::Parameter`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<IsolationForest> {
        self.check(x)?;
        let sample_size = self.max_samples.min(x.nrows());
        let limit = sample_size.next_power_of_two().ilog2() as usize;
        check_interrupt();
        let grow = |tree: usize| {
            // A stream of its own for each tree: the threads' order does not matter.
            let mut rng = stream(self.seed, tree);
            let mut rows = rand::seq::index::sample(&mut rng, x.nrows(), sample_size).into_vec();
            grow(x, &mut rows, 0, limit, &mut rng)
        };
        let trees = (0..self.n_trees).into_par_iter().map(grow).collect();
        Ok(IsolationForest { sample_size, n_features: x.ncols(), trees })
    }

    fn check(&self, x: ArrayView2<f64>) -> Result<()> {
        const WHAT: &str = "IsolationForest: `x`";
        check_matrix(WHAT, x)?;
        if x.nrows() < 2 {
            return Err(Error::TooFewSamples { what: WHAT, needed: 2, got: x.nrows() });
        }
        let bad = |name, rule, got: usize| {
            Err(Error::Parameter { estimator: "IsolationForest", name, rule, got: got.to_string() })
        };
        if self.n_trees == 0 {
            return bad("n_trees", ">= 1", 0);
        }
        if self.max_samples < 2 {
            return bad("max_samples", ">= 2", self.max_samples);
        }
        Ok(())
    }
}

impl IsolationForest {
    /// Rows that each tree was grown on, `ψ`.
    pub fn sample_size(&self) -> usize {
        self.sample_size
    }

    /// Features of a row.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Outlier scores in `(0, 1]`, shape `(n_rows,)`, of the rows of `x`, `(n_rows, n_features)`: 1
    /// for rows that are cut off at once, 0.5 for the depth of a random tree. scikit-learn's
    /// `score_samples` is their negative.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn scores(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        check_rows("IsolationForest::scores: `x`", x, self.n_features)?;
        let scale = self.trees.len() as f64 * mean_depth(self.sample_size);
        let score = |row: usize| {
            let paths: f64 = self.trees.iter().map(|tree| tree.path(x.row(row))).sum();
            (-paths / scale).exp2()
        };
        Ok((0..x.nrows()).into_par_iter().map(score).collect::<Vec<f64>>().into())
    }
}

impl Node {
    fn path(&self, row: ArrayView1<f64>) -> f64 {
        let mut node = self;
        loop {
            match node {
                Self::Leaf { path } => return *path,
                Self::Cut { feature, at, below, above } => {
                    node = if row[*feature] < *at { below } else { above };
                }
            }
        }
    }
}

/// A tree of the rows that these numbers name; they are put into another order.
fn grow(
    x: ArrayView2<f64>,
    rows: &mut [usize],
    depth: usize,
    limit: usize,
    rng: &mut ChaCha8Rng,
) -> Node {
    let leaf = Node::Leaf { path: depth as f64 + mean_depth(rows.len()) };
    if depth >= limit || rows.len() < 2 {
        return leaf;
    }
    let ends = |feature: usize| {
        let column = rows.iter().map(|&row| x[[row, feature]]);
        column.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
    };
    // Only features that vary here can be cut.
    let varying: Vec<(usize, f64, f64)> = (0..x.ncols())
        .map(|feature| (feature, ends(feature)))
        .filter(|(_, (low, high))| low < high)
        .map(|(feature, (low, high))| (feature, low, high))
        .collect();
    if varying.is_empty() {
        return leaf;
    }
    let (feature, low, high) = varying[rng.random_range(0..varying.len())];
    // In (low, high], so that neither side is empty.
    let at = (high - rng.random::<f64>() * (high - low)).max(low.next_up());
    let mut split = 0;
    for i in 0..rows.len() {
        if x[[rows[i], feature]] < at {
            rows.swap(i, split);
            split += 1;
        }
    }
    let (below, above) = rows.split_at_mut(split);
    let below = Box::new(grow(x, below, depth + 1, limit, rng));
    let above = Box::new(grow(x, above, depth + 1, limit, rng));
    Node::Cut { feature, at, below, above }
}

/// Mean depth `c(n)` of an unsuccessful search in a random binary search tree of `n` values, with
/// the paper's `H(i) ≈ ln i + γ`.
fn mean_depth(n: usize) -> f64 {
    match n {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => {
            let n = n as f64;
            2.0 * ((n - 1.0).ln() + GAMMA) - 2.0 * (n - 1.0) / n
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn mean_depths_are_those_of_the_paper() {
        // H(255) = 6.1243…, so c(256) = 2 · 6.1243 − 2 · 255/256, to the approximation's 1/n.
        let exact: f64 = 2.0 * (1..256).map(|i| 1.0 / f64::from(i)).sum::<f64>() - 510.0 / 256.0;
        assert!((mean_depth(256) - exact).abs() < 1.0 / 255.0);
        assert!(mean_depth(1).abs() < 1e-300 && (mean_depth(2) - 1.0).abs() < 1e-300);
    }

    #[test]
    fn two_rows_have_the_score_one_half() {
        // Every tree cuts once: h = 1 = c(2), so s = 1/2.
        let x = array![[0.0], [1.0]];
        let model = IsolationForest::params().n_trees(3).fit(x.view()).unwrap();
        assert_eq!(model.scores(x.view()).unwrap(), array![0.5, 0.5]);
    }

    #[test]
    fn a_far_row_is_cut_off_first() {
        let mut x = Array2::from_shape_fn((60, 2), |(i, j)| ((i * 7 + j * 3) % 11) as f64);
        x.row_mut(20).assign(&array![500.0, 3.0]);
        let model = IsolationForest::params().seed(4).fit(x.view()).unwrap();
        let scores = model.scores(x.view()).unwrap();
        assert!(scores[20] > 0.7, "{}", scores[20]);
        assert!((0..60).all(|i| i == 20 || scores[i] < 0.6));
        assert_eq!(model, IsolationForest::params().seed(4).fit(x.view()).unwrap());
        assert_ne!(model, IsolationForest::params().seed(5).fit(x.view()).unwrap());
    }

    #[test]
    fn equal_rows_have_equal_scores() {
        let x = Array2::from_elem((10, 2), 3.0);
        let scores = IsolationForest::params().fit(x.view()).unwrap().scores(x.view()).unwrap();
        assert!(scores.iter().all(|s| (s - 0.5).abs() < 1e-12), "{scores}");
        let near = array![[1.0], [1.0f64.next_up()]];
        let model = IsolationForest::params().fit(near.view()).unwrap();
        assert_eq!(model.scores(near.view()).unwrap(), array![0.5, 0.5]);
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[0.0, 1.0], [1.0, 2.0]];
        let fit = |p: IsolationForestParams| p.fit(x.view());
        let params = IsolationForest::params;
        assert!(matches!(fit(params().n_trees(0)), Err(Error::Parameter { name: "n_trees", .. })));
        let one = fit(params().max_samples(1));
        assert!(matches!(one, Err(Error::Parameter { name: "max_samples", .. })));
        let few = params().fit(array![[1.0]].view());
        assert!(matches!(few, Err(Error::TooFewSamples { .. })));
        let nan = params().fit(array![[1.0], [f64::NAN]].view());
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
        let narrow = fit(params()).unwrap().scores(array![[1.0]].view());
        assert!(matches!(narrow, Err(Error::Shape { .. })));
    }
}
