//! ISODATA: k-means that changes the number of clusters as it goes.
//!
//! ```text
//! assign, update   as k-means, until no label changes
//! discard          clusters of fewer than `min_size` rows; the rows go to the others
//! split            a cluster whose largest standard deviation is above `max_sd`, along that feature:
//!                  c ± ½ sd                                                     odd rounds
//! merge            pairs of centroids nearer than `min_distance`, nearest first, at most `max_merges`,
//!                  into (n₁c₁ + n₂c₂) / (n₁ + n₂)                               even rounds
//! ```
//!
//! So `k` need not be known, but four thresholds must be, in the units of the features: the choice is moved,
//! not made. Thresholds that contradict each other (`max_sd` so small that the halves of a split lie
//! within `min_distance`) split and merge for ever; `max_iter` ends that, and `converged` says so.
//!
//! Ball & Hall steer towards a wanted number of clusters as well (no split above twice as many, no merge
//! below half) and split a cluster only when its rows lie farther from it than rows do on average. Those
//! rules are left out: here the thresholds alone decide.
//!
//! # References
//! Ball & Hall (1965), *ISODATA, a novel method of data analysis and pattern classification*. Tou &
//! Gonzalez (1974), *Pattern Recognition Principles*, section 3.3.

use super::check_clusters;
use super::kmeans::{KMeans, KMeansInit, kmeans_plus_plus, squared_distance};
use crate::base::{Clusterer, check_matrix, finite, holds, setters, stored, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

impl Isodata {
    /// Settings that start from `k0` centroids.
    ///
    /// ```
    /// use mlnotes::cluster::isodata::Isodata;
    /// use mlnotes::data::blobs;
    /// let centers = ndarray::array![[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]];
    /// let (x, _) = blobs(150, centers.view(), 0.8, 1)?;
    /// for k0 in [1, 3, 8] {
    ///     let params = Isodata::params(k0).min_size(5).max_sd(1.5).min_distance(3.0);
    ///     assert_eq!(params.fit(x.view())?.centroids.nrows(), 3);
    /// }
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(k0: usize) -> IsodataParams {
        IsodataParams {
            k0,
            min_size: 1,
            max_sd: 1.0,
            min_distance: 1.0,
            max_merges: 2,
            max_iter: 50,
            seed: 0,
        }
    }
}

/// Settings of ISODATA. Set `max_sd` and `min_distance`: their defaults suit standardised features at best.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k0` | required | `1..=` distinct rows | centroids at the start, by k-means++ |
/// | `min_size` | 1 | `1..=n_samples` | clusters with fewer rows are discarded; a split needs twice as many |
/// | `max_sd` | 1 | `> 0` | a cluster wider than this along some feature is split |
/// | `min_distance` | 1 | `>= 0` | centroids nearer than this are merged |
/// | `max_merges` | 2 | `>= 1` | pairs merged in one round |
/// | `max_iter` | 50 | `>= 1` | rounds |
/// | `seed` | 0 | | chance of the start |
#[derive(Debug, Clone, PartialEq)]
pub struct IsodataParams {
    k0: usize,
    min_size: usize,
    max_sd: f64,
    min_distance: f64,
    max_merges: usize,
    max_iter: usize,
    seed: u64,
}

/// Fitted ISODATA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Isodata {
    /// Centroids, shape `(k, n_features)`, with the `k` that was found.
    pub centroids: Array2<f64>,
    /// The nearest of these centroids for each row, shape `(n_samples,)`.
    pub labels: Vec<usize>,
    /// Sum of squared distances to the nearest centroid.
    pub inertia: f64,
    /// Every round, in order; the last one describes the model.
    pub history: Vec<IsodataStep>,
    /// Whether a split round and a merge round in a row changed nothing.
    pub converged: bool,
}

stored!(Isodata, |m| {
    finite("centroids", m.centroids.iter().chain([&m.inertia]))?;
    let k = m.centroids.nrows();
    holds(m.labels.iter().all(|&label| label < k), "a label of no cluster")
});

/// One round: the clusters once they have settled, and what was then done to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IsodataStep {
    /// Centroids, shape `(k, n_features)`.
    pub centroids: Array2<f64>,
    /// The nearest of these centroids for each row, shape `(n_samples,)`.
    pub labels: Vec<usize>,
    /// Sum of squared distances to the nearest centroid.
    pub inertia: f64,
    /// Clusters discarded in this round before these remained.
    pub discarded: usize,
    /// Of these clusters, how many were then split in two.
    pub split: usize,
    /// How many pairs of these clusters were then merged.
    pub merged: usize,
}

impl IsodataParams {
    setters! {
        /// Sets the least number of rows of a cluster.
        min_size: usize;
        /// Sets the standard deviation along a feature above which a cluster is split.
        max_sd: f64;
        /// Sets the distance of centroids below which they are merged.
        min_distance: f64;
        /// Sets the largest number of pairs merged in one round.
        max_merges: usize;
        /// Sets the largest number of rounds.
        max_iter: usize;
        /// Seeds the start.
        seed: u64;
    }

    /// Fits the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooManyClusters`], [`Error::Parameter`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<Isodata> {
        self.check(x)?;
        let mut centroids = x.select(Axis(0), &kmeans_plus_plus(x, self.k0, self.seed)?);
        let mut history: Vec<IsodataStep> = Vec::new();
        let mut converged = false;
        for round in 1..=self.max_iter {
            check_interrupt();
            let mut step = self.settle(x, centroids)?;
            let last = round == self.max_iter;
            centroids = match round % 2 {
                _ if last => step.centroids.clone(),
                1 => self.split(x, &mut step),
                _ => self.merge(&mut step),
            };
            let still = |step: &IsodataStep| step.split + step.merged == 0;
            converged = !last && still(&step) && history.last().is_some_and(still);
            history.push(step);
            if converged {
                break;
            }
        }
        let last = history.last().ok_or(Error::Empty { what: "Isodata: `x`", needed: "1 row" })?;
        let (centroids, labels) = (last.centroids.clone(), last.labels.clone());
        Ok(Isodata { centroids, labels, inertia: last.inertia, history, converged })
    }

    /// k-means from `centroids`, without the clusters that are too small.
    fn settle(&self, x: ArrayView2<f64>, mut centroids: Array2<f64>) -> Result<IsodataStep> {
        let mut discarded = 0;
        loop {
            let k = centroids.nrows();
            let start = KMeansInit::Given(centroids);
            let model = KMeans::params(k).init(start).tol(0.0).fit(x)?;
            let sizes = sizes(&model.labels, k);
            let kept: Vec<usize> = (0..k).filter(|&j| sizes[j] >= self.min_size).collect();
            // Where all are too small the largest stays.
            let largest = (0..k).max_by_key(|&j| sizes[j]).unwrap_or(0);
            let kept = if kept.is_empty() { vec![largest] } else { kept };
            if kept.len() == k {
                return Ok(IsodataStep {
                    centroids: model.centroids,
                    labels: model.labels,
                    inertia: model.inertia,
                    discarded,
                    split: 0,
                    merged: 0,
                });
            }
            discarded += k - kept.len();
            centroids = model.centroids.select(Axis(0), &kept);
        }
    }

    /// Two centroids for each cluster that is too wide, half a standard deviation to either side.
    fn split(&self, x: ArrayView2<f64>, step: &mut IsodataStep) -> Array2<f64> {
        let mut next: Vec<Array1<f64>> = Vec::new();
        for (j, centroid) in step.centroids.rows().into_iter().enumerate() {
            let own: Vec<usize> = (0..x.nrows()).filter(|&i| step.labels[i] == j).collect();
            let sd = x.select(Axis(0), &own).std_axis(Axis(0), 0.0);
            let widest = (0..sd.len()).max_by(|&a, &b| sd[a].total_cmp(&sd[b])).unwrap_or(0);
            if sd[widest] <= self.max_sd || own.len() < 2 * self.min_size.max(1) {
                next.push(centroid.to_owned());
                continue;
            }
            step.split += 1;
            for side in [-0.5, 0.5] {
                let mut moved = centroid.to_owned();
                moved[widest] += side * sd[widest];
                next.push(moved);
            }
        }
        stack(&next, x.ncols())
    }

    /// One centroid for each pair that is too near, weighted by their rows.
    fn merge(&self, step: &mut IsodataStep) -> Array2<f64> {
        let (c, k) = (&step.centroids, step.centroids.nrows());
        let sizes = sizes(&step.labels, k);
        let mut pairs: Vec<(f64, usize, usize)> = (0..k)
            .flat_map(|a| (a + 1..k).map(move |b| (a, b)))
            .map(|(a, b)| (squared_distance(c.row(a), c.row(b)).sqrt(), a, b))
            .filter(|pair| pair.0 < self.min_distance)
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut merged = vec![false; k];
        let mut next: Vec<Array1<f64>> = Vec::new();
        for (_, a, b) in pairs {
            // A centroid merges at most once in a round.
            if step.merged < self.max_merges && !merged[a] && !merged[b] {
                let (na, nb) = (sizes[a] as f64, sizes[b] as f64);
                next.push((&c.row(a) * na + &c.row(b) * nb) / (na + nb));
                (merged[a], merged[b]) = (true, true);
                step.merged += 1;
            }
        }
        let alone = (0..k).filter(|&j| !merged[j]).map(|j| c.row(j).to_owned());
        let all: Vec<Array1<f64>> = alone.chain(next).collect();
        stack(&all, c.ncols())
    }

    fn check(&self, x: ArrayView2<f64>) -> Result<()> {
        check_matrix("Isodata: `x`", x)?;
        check_clusters("Isodata", x, self.k0)?;
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "Isodata", name, rule, got })
        };
        if !(1..=x.nrows()).contains(&self.min_size) {
            return bad("min_size", "from 1 to the number of rows", self.min_size.to_string());
        }
        if !(self.max_sd.is_finite() && self.max_sd > 0.0) {
            return bad("max_sd", "finite and > 0", self.max_sd.to_string());
        }
        if !(self.min_distance.is_finite() && self.min_distance >= 0.0) {
            return bad("min_distance", "finite and >= 0", self.min_distance.to_string());
        }
        if self.max_merges == 0 {
            return bad("max_merges", ">= 1", "0".into());
        }
        if self.max_iter == 0 {
            return bad("max_iter", ">= 1", "0".into());
        }
        Ok(())
    }
}

impl Isodata {
    /// The nearest centroid of each row of `x`, shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        check_matrix("Isodata::predict: `x`", x)?;
        if x.ncols() != self.centroids.ncols() {
            return Err(Error::Shape {
                what: "Isodata::predict: `x`",
                expected: format!("(n_rows, {})", self.centroids.ncols()),
                got: format!("({}, {})", x.nrows(), x.ncols()),
            });
        }
        let nearest = |row: ArrayView1<f64>| {
            let to = |j: usize| squared_distance(row, self.centroids.row(j));
            (0..self.centroids.nrows()).min_by(|&a, &b| to(a).total_cmp(&to(b))).unwrap_or(0)
        };
        Ok(x.rows().into_iter().map(nearest).collect())
    }
}

/// Rows of each of `k` clusters.
fn sizes(labels: &[usize], k: usize) -> Vec<usize> {
    let mut sizes = vec![0; k];
    for &label in labels {
        sizes[label] += 1;
    }
    sizes
}

/// Rows one above the other, shape `(rows.len(), n_features)`.
fn stack(rows: &[Array1<f64>], n_features: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), n_features), |(i, j)| rows[i][j])
}

impl Clusterer for IsodataParams {
    fn fit_labels(&self, x: ArrayView2<f64>, seed: u64) -> Result<Vec<Option<usize>>> {
        Ok(self.clone().seed(seed).fit(x)?.labels.into_iter().map(Some).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn one_split_by_hand() {
        let x = array![[0.0], [2.0], [10.0], [12.0]];
        let model = Isodata::params(1).max_sd(2.0).fit(x.view()).unwrap();
        // Mean 6, sd √26 = 5.099: split at 6 ± 2.55, which settles at 1 and 11, sd 1 each.
        let steps: Vec<_> =
            model.history.iter().map(|s| (s.centroids.nrows(), s.split, s.merged)).collect();
        assert_eq!(steps, [(1, 1, 0), (2, 0, 0), (2, 0, 0)]);
        assert_eq!(model.centroids, array![[1.0], [11.0]]);
        assert!(model.converged && (model.inertia - 4.0).abs() < 1e-12);
        assert_eq!(model.predict(x.view()).unwrap(), model.labels);
    }

    #[test]
    fn a_merge_weighs_by_the_rows() {
        let x = array![[0.0], [0.0], [0.0], [4.0]];
        let model = Isodata::params(2).max_sd(9.0).min_distance(5.0).fit(x.view()).unwrap();
        assert_eq!((model.centroids, model.history[1].merged), (array![[1.0]], 1));
    }

    #[test]
    fn small_clusters_are_discarded() {
        let x = array![[0.0], [0.1], [0.2], [5.0], [5.1], [99.0]];
        let model = Isodata::params(3).min_size(2).max_sd(500.0).min_distance(0.0);
        let model = model.fit(x.view()).unwrap();
        let gone: usize = model.history.iter().map(|s| s.discarded).sum();
        assert_eq!(gone + model.centroids.nrows(), 3);
        assert!(gone > 0 && sizes(&model.labels, model.centroids.nrows()).iter().all(|&s| s >= 2));
        // Nothing is big enough: one cluster of all rows is left.
        let all = Isodata::params(3).min_size(6).max_sd(500.0).fit(x.view()).unwrap();
        assert_eq!(all.centroids.nrows(), 1);
    }

    #[test]
    fn thresholds_that_contradict_each_other_never_settle() {
        let x = array![[0.0], [1.0], [2.0], [3.0]];
        let model = Isodata::params(1).max_sd(1.0).min_distance(9.0).max_iter(7).fit(x.view());
        let model = model.unwrap();
        assert!(!model.converged && model.history.len() == 7);
        // The last round changes nothing more, so that labels fit the centroids.
        assert_eq!(model.predict(x.view()).unwrap(), model.labels);
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[0.0], [1.0]];
        for (params, name) in [
            (Isodata::params(0), "k"),
            (Isodata::params(1).min_size(0), "min_size"),
            (Isodata::params(1).min_size(3), "min_size"),
            (Isodata::params(1).max_sd(0.0), "max_sd"),
            (Isodata::params(1).min_distance(f64::NAN), "min_distance"),
            (Isodata::params(1).max_merges(0), "max_merges"),
            (Isodata::params(1).max_iter(0), "max_iter"),
        ] {
            let error = params.fit(x.view()).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: n, .. } if n == name), "{error}");
        }
        assert!(matches!(Isodata::params(3).fit(x.view()), Err(Error::TooManyClusters { .. })));
        let model = Isodata::params(1).fit(x.view()).unwrap();
        assert!(matches!(model.predict(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
    }
}
