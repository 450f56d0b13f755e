//! Agglomerative clustering: every row a cluster of its own, then the two nearest clusters are merged, until
//! one is left. The merges and their heights are a tree, the dendrogram.
//!
//! ```text
//! distance of clusters A and B
//!   single    min d(a, b)                       finds chains; sensitive to bridges
//!   complete  max d(a, b)                       compact clusters
//!   average   mean d(a, b)                      between the two
//!   Ward      √(2|A||B| / (|A|+|B|)) ‖ā − b̄‖     what a merge adds to the within-cluster sum of squares, as a length
//!
//! after A and B are merged, the distance to any other C (Lance & Williams):
//!   single, complete   min, max of d(A,C), d(B,C)
//!   average            (|A| d(A,C) + |B| d(B,C)) / (|A|+|B|)
//!   Ward               d² = ((|A|+|C|) d²(A,C) + (|B|+|C|) d²(B,C) − |C| d²(A,B)) / (|A|+|B|+|C|)
//! ```
//!
//! All four are reducible: a merge never brings a third cluster nearer than the nearer of the two was. So
//! heights never fall, and the merges can be found by walking from neighbour to nearest neighbour until two
//! are each other's, in `O(n²)` time; single linkage is the minimum spanning tree. Memory `O(n²)`, for single
//! `O(n)`.
//!
//! # References
//! Ward (1963); Lance & Williams (1967); Murtagh (1983) for the chains; Müllner (2011), *Modern hierarchical,
//! agglomerative clustering algorithms*.

use crate::base::{check_matrix, finite, holds, stored, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// More rows than this would need over 3 GB of distances.
const MAX_ROWS: usize = 30_000;

/// How far apart two clusters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkageKind {
    /// Their nearest rows.
    Single,
    /// Their farthest rows.
    Complete,
    /// The mean over pairs of rows.
    Average,
    /// What a merge adds to the sum of squares.
    Ward,
}

impl Agglomerative {
    /// Settings: how far apart two clusters are. Distances of rows are Euclidean.
    ///
    /// ```
    /// use mlnotes::cluster::hierarchical::{Agglomerative, LinkageKind};
    /// let x = ndarray::array![[0.0], [1.0], [5.0], [7.0]];
    /// let tree = Agglomerative::params(LinkageKind::Single).fit(x.view())?;
    /// assert_eq!(tree.heights(), ndarray::array![1.0, 2.0, 4.0]);
    /// assert_eq!(tree.cut(2)?, [0, 0, 1, 1]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(linkage: LinkageKind) -> AgglomerativeParams {
        AgglomerativeParams { linkage }
    }
}

/// Settings of agglomerative clustering.
///
/// | setting | default | meaning |
/// |---|---|---|
/// | `linkage` | required | distance of two clusters |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgglomerativeParams {
    linkage: LinkageKind,
}

/// One merge.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Merge {
    /// The cluster with the smaller number: a row below `n_samples`, else the merge `number - n_samples`.
    pub left: usize,
    /// The other cluster.
    pub right: usize,
    /// Their distance.
    pub height: f64,
    /// Rows of the two together.
    pub size: usize,
}

/// The merges, lowest first: a dendrogram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Agglomerative {
    /// `n_samples - 1` merges; heights never fall.
    pub merges: Vec<Merge>,
}

stored!(Agglomerative, |m| {
    let n = m.merges.len() + 1;
    let below = |(i, merge): (usize, &Merge)| merge.left < n + i && merge.right < n + i;
    finite("merges", m.merges.iter().map(|merge| &merge.height))?;
    holds(n > 1 && m.merges.iter().enumerate().all(below), "a merge of what is not there yet")
});

impl AgglomerativeParams {
    /// Clusters the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`]; [`Error::TooFewSamples`] for one row; [`Error::Parameter`] for
    /// more than 30 000 rows, whose distances would fill the memory (single linkage has no such bound).
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<Agglomerative> {
        check_matrix("Agglomerative: `x`", x)?;
        let n = x.nrows();
        if n < 2 {
            return Err(Error::TooFewSamples { what: "Agglomerative: `x`", needed: 2, got: n });
        }
        if self.linkage == LinkageKind::Single {
            return Ok(Agglomerative::from_pairs(n, spanning_tree(x)));
        }
        if n > MAX_ROWS {
            return Err(Error::Parameter {
                estimator: "Agglomerative",
                name: "x",
                rule: "at most 30000 rows, unless the linkage is single; draw a sample",
                got: n.to_string(),
            });
        }
        Ok(Agglomerative::from_pairs(n, chains(x, self.linkage)))
    }
}

impl Agglomerative {
    /// Heights of the merges, shape `(n_samples - 1,)`.
    pub fn heights(&self) -> Array1<f64> {
        self.merges.iter().map(|merge| merge.height).collect()
    }

    /// As `SciPy` has it: left, right, height, size; shape `(n_samples - 1, 4)`.
    pub fn matrix(&self) -> Array2<f64> {
        let of = |merge: &Merge, j| match j {
            0 => merge.left as f64,
            1 => merge.right as f64,
            2 => merge.height,
            _ => merge.size as f64,
        };
        Array2::from_shape_fn((self.merges.len(), 4), |(i, j)| of(&self.merges[i], j))
    }

    /// Labels of `k` clusters, shape `(n_samples,)`: the last `k - 1` merges are undone. Clusters are numbered
    /// by their first row.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `1 <= k <= n_samples`.
    pub fn cut(&self, k: usize) -> Result<Vec<usize>> {
        let n = self.merges.len() + 1;
        if k == 0 || k > n {
            return Err(Error::Parameter {
                estimator: "Agglomerative::cut",
                name: "k",
                rule: "from 1 to the number of rows",
                got: k.to_string(),
            });
        }
        Ok(self.labels(n - k))
    }

    /// Labels when every merge at or below `height` is made, shape `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a height that is NaN.
    pub fn cut_at(&self, height: f64) -> Result<Vec<usize>> {
        if height.is_nan() {
            return Err(Error::Parameter {
                estimator: "Agglomerative::cut_at",
                name: "height",
                rule: "a number",
                got: "NaN".to_owned(),
            });
        }
        Ok(self.labels(self.merges.partition_point(|merge| merge.height <= height)))
    }

    /// Rows in the order in which a dendrogram draws them, so that no lines cross.
    pub fn leaf_order(&self) -> Vec<usize> {
        let n = self.merges.len() + 1;
        let mut order = Vec::with_capacity(n);
        let mut open = vec![2 * n - 2];
        while let Some(cluster) = open.pop() {
            if cluster < n {
                order.push(cluster);
            } else {
                let merge = self.merges[cluster - n];
                open.extend([merge.right, merge.left]);
            }
        }
        order
    }

    /// Clusters after the first `made` merges.
    fn labels(&self, made: usize) -> Vec<usize> {
        let n = self.merges.len() + 1;
        let mut above: Vec<usize> = (0..2 * n - 1).collect();
        for (i, merge) in self.merges[..made].iter().enumerate() {
            above[merge.left] = n + i;
            above[merge.right] = n + i;
        }
        // Parents have larger numbers, so going down meets the root of each first.
        for cluster in (0..2 * n - 1).rev() {
            above[cluster] = above[above[cluster]];
        }
        let mut number = vec![None; 2 * n - 1];
        let mut next = 0;
        (0..n)
            .map(|row| {
                *number[above[row]].get_or_insert_with(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect()
    }

    /// From merges of *rows that stand for their clusters*, in any order: sorts them by height and gives the
    /// clusters their numbers.
    fn from_pairs(n: usize, mut pairs: Vec<(usize, usize, f64)>) -> Self {
        pairs.sort_by(|a, b| a.2.total_cmp(&b.2));
        let mut root: Vec<usize> = (0..n).collect();
        let mut cluster: Vec<usize> = (0..n).collect();
        let mut size = vec![1; n];
        let merges = pairs.into_iter().enumerate().map(|(i, (a, b, height))| {
            let (a, b) = (find(&mut root, a), find(&mut root, b));
            let (left, right) = (cluster[a].min(cluster[b]), cluster[a].max(cluster[b]));
            root[b] = a;
            cluster[a] = n + i;
            size[a] += size[b];
            Merge { left, right, height, size: size[a] }
        });
        Self { merges: merges.collect() }
    }
}

/// Height at which each pair of rows first shares a cluster, the pairs in the order of `SciPy`'s `pdist`, shape
/// `(n (n − 1) / 2,)`. Its correlation with the distances says how well the tree keeps them.
///
/// ```
/// use mlnotes::cluster::hierarchical::{Agglomerative, LinkageKind, cophenetic};
/// let x = ndarray::array![[0.0], [1.0], [5.0]];
/// let tree = Agglomerative::params(LinkageKind::Complete).fit(x.view())?;
/// assert_eq!(cophenetic(&tree), ndarray::array![1.0, 5.0, 5.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn cophenetic(linkage: &Agglomerative) -> Array1<f64> {
    let n = linkage.merges.len() + 1;
    let mut members: Vec<Vec<usize>> = (0..n).map(|row| vec![row]).collect();
    let mut heights = Array1::zeros(n * (n - 1) / 2);
    for merge in &linkage.merges {
        let left = std::mem::take(&mut members[merge.left]);
        let right = std::mem::take(&mut members[merge.right]);
        for &a in &left {
            for &b in &right {
                heights[condensed(n, a, b)] = merge.height;
            }
        }
        members.push([left, right].concat());
    }
    heights
}

/// Place of the pair of two different rows among all pairs.
fn condensed(n: usize, a: usize, b: usize) -> usize {
    let (i, j) = (a.min(b), a.max(b));
    i * n - i * (i + 1) / 2 + j - i - 1
}

fn find(root: &mut [usize], mut row: usize) -> usize {
    while root[row] != row {
        root[row] = root[root[row]];
        row = root[row];
    }
    row
}

fn squared(x: ArrayView2<f64>, a: usize, b: usize) -> f64 {
    x.row(a).iter().zip(x.row(b)).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Prim's algorithm: grow one tree, always by the row nearest to it.
fn spanning_tree(x: ArrayView2<f64>) -> Vec<(usize, usize, f64)> {
    let n = x.nrows();
    let mut nearest = vec![(f64::INFINITY, 0); n];
    let mut outside: Vec<usize> = (1..n).collect();
    let mut last = 0;
    let mut edges = Vec::with_capacity(n - 1);
    while !outside.is_empty() {
        check_interrupt();
        let mut best = (f64::INFINITY, 0);
        for (place, &row) in outside.iter().enumerate() {
            let distance = squared(x, last, row);
            if distance < nearest[row].0 {
                nearest[row] = (distance, last);
            }
            if nearest[row].0 < best.0 {
                best = (nearest[row].0, place);
            }
        }
        let row = outside.swap_remove(best.1);
        edges.push((nearest[row].1, row, nearest[row].0.sqrt()));
        last = row;
    }
    edges
}

/// Chains of nearest neighbours: two that are each other's nearest are merged, whatever else there is.
fn chains(x: ArrayView2<f64>, linkage: LinkageKind) -> Vec<(usize, usize, f64)> {
    let n = x.nrows();
    let ward = linkage == LinkageKind::Ward;
    let rows: Vec<Vec<f64>> = (0..n)
        .into_par_iter()
        .map(|i| {
            let length = |j| if ward { squared(x, i, j) } else { squared(x, i, j).sqrt() };
            (i + 1..n).map(length).collect()
        })
        .collect();
    let mut distance = rows.concat();
    let mut size = vec![1.0; n];
    let mut alive = vec![true; n];
    let mut chain: Vec<usize> = Vec::new();
    let mut merges = Vec::with_capacity(n - 1);
    while merges.len() + 1 < n {
        check_interrupt();
        if chain.is_empty() {
            chain.extend(alive.iter().position(|&alive| alive));
        }
        let at = chain[chain.len() - 1];
        let before = chain.len().checked_sub(2).map(|i| chain[i]);
        // Among equals the one before wins, or the chain could go round in circles.
        let mut best = before.map_or((f64::INFINITY, at), |b| (distance[condensed(n, at, b)], b));
        for other in (0..n).filter(|&other| alive[other] && other != at) {
            let d = distance[condensed(n, at, other)];
            if d < best.0 {
                best = (d, other);
            }
        }
        if before != Some(best.1) {
            chain.push(best.1);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (a, b) = (at.min(best.1), at.max(best.1));
        merges.push((a, b, if ward { best.0.sqrt() } else { best.0 }));
        // The merged cluster takes the place of `b`.
        for c in (0..n).filter(|&c| alive[c] && c != a && c != b) {
            let (da, db) = (distance[condensed(n, a, c)], distance[condensed(n, b, c)]);
            let (na, nb, nc) = (size[a], size[b], size[c]);
            distance[condensed(n, b, c)] = match linkage {
                LinkageKind::Single => da.min(db),
                LinkageKind::Complete => da.max(db),
                LinkageKind::Average => (na * da + nb * db) / (na + nb),
                LinkageKind::Ward => {
                    ((na + nc) * da + (nb + nc) * db - nc * best.0) / (na + nb + nc)
                }
            };
        }
        alive[a] = false;
        size[b] += size[a];
    }
    merges
}

#[cfg(test)]
mod tests {
    use super::*;
    use LinkageKind::{Average, Complete, Single, Ward};
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn four_points_by_hand() {
        let x = array![[0.0], [2.0], [5.0], [8.5]];
        let heights = |kind| Agglomerative::params(kind).fit(x.view()).unwrap().heights();
        let close = |a: Array1<f64>, b: Array1<f64>| (&a - &b).iter().all(|d| d.abs() < 1e-12);
        assert!(close(heights(Single), array![2.0, 3.0, 3.5]));
        assert!(close(heights(Complete), array![2.0, 3.5, 8.5]));
        assert!(close(heights(Average), array![2.0, 3.5, 5.75]));
        // Means 1 and 6.75, two rows each: √(2·2·2/4) · 5.75 = √2 · 5.75.
        assert!(close(heights(Ward), array![2.0, 3.5, 5.75 * 2.0_f64.sqrt()]));
    }

    #[test]
    fn cuts_and_refusals() {
        let x = array![[0.0], [2.0], [5.0], [9.0]];
        let tree = Agglomerative::params(Complete).fit(x.view()).unwrap();
        assert_eq!(tree.cut(1).unwrap(), [0, 0, 0, 0]);
        assert_eq!(tree.cut(4).unwrap(), [0, 1, 2, 3]);
        assert_eq!(tree.cut_at(4.0).unwrap(), [0, 0, 1, 1]);
        assert_eq!(tree.cut_at(-1.0).unwrap(), [0, 1, 2, 3]);
        assert_eq!(tree.leaf_order(), [0, 1, 2, 3]);
        assert!(tree.cut(0).is_err() && tree.cut(5).is_err() && tree.cut_at(f64::NAN).is_err());
        let one = Agglomerative::params(Ward).fit(array![[1.0]].view());
        assert!(matches!(one, Err(Error::TooFewSamples { .. })));
    }

    proptest! {
        /// Against the definition: at every step the two nearest clusters, all pairs of rows looked at.
        #[test]
        fn merges_are_those_of_the_definition(
            values in proptest::collection::vec(-100.0_f64..100.0, 6..30),
        ) {
            let n = values.len() / 2;
            let x = Array2::from_shape_vec((n, 2), values[..2 * n].to_vec()).unwrap();
            for kind in [Single, Complete, Average, Ward] {
                let tree = Agglomerative::params(kind).fit(x.view()).unwrap();
                let mut clusters: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
                for merge in &tree.merges {
                    let mut best = (f64::INFINITY, 0, 0);
                    for a in 0..clusters.len() {
                        for b in a + 1..clusters.len() {
                            let d = apart(&x, &clusters[a], &clusters[b], kind);
                            if d < best.0 {
                                best = (d, a, b);
                            }
                        }
                    }
                    prop_assert!((merge.height - best.0).abs() < 1e-9 * best.0.max(1.0));
                    let taken = clusters.swap_remove(best.2);
                    clusters[best.1].extend(taken);
                    prop_assert_eq!(merge.size, clusters[best.1].len());
                }
            }
        }
    }

    fn apart(x: &Array2<f64>, a: &[usize], b: &[usize], kind: LinkageKind) -> f64 {
        let pairs = a.iter().flat_map(|&i| b.iter().map(move |&j| squared(x.view(), i, j).sqrt()));
        let (na, nb) = (a.len() as f64, b.len() as f64);
        match kind {
            Single => pairs.fold(f64::INFINITY, f64::min),
            Complete => pairs.fold(0.0, f64::max),
            Average => pairs.sum::<f64>() / (na * nb),
            Ward => {
                let mean = |rows: &[usize]| {
                    x.select(ndarray::Axis(0), rows).mean_axis(ndarray::Axis(0)).unwrap()
                };
                let gap = mean(a) - mean(b);
                (2.0 * na * nb / (na + nb) * gap.dot(&gap)).sqrt()
            }
        }
    }
}
