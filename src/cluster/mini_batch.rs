//! Mini-batch k-means: centroids that move after each small sample of rows.
//!
//! ```text
//! a batch B of `batch_size` rows, drawn with replacement; lᵢ the nearest centroid of each
//! nⱼ ← nⱼ + 1,  cⱼ ← cⱼ + (xᵢ − cⱼ) / nⱼ        for each row of B, j = lᵢ
//! ```
//!
//! The rate `1/nⱼ` makes `cⱼ` the mean of all rows it was ever given, so it settles as `nⱼ` grows. A step costs
//! `O(batch_size · k · n_features)`, whatever `n_samples` is; the price is an inertia a few per cent above
//! Lloyd's. A centroid that starves (its `nⱼ` is far below the largest) moves to a row of the batch.
//!
//! # References
//! Sculley (2010), *Web-scale k-means clustering*, algorithm 1, from the centroids of a sample instead of
//! random rows. The reassignment and the stopping rule are scikit-learn's.

use super::check_clusters;
use super::kmeans::{KMeans, assign_rows};
use crate::base::{Clusterer, check_matrix, finite, holds, setters, stored, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

impl MiniBatchKMeans {
    /// Settings for `k` clusters.
    ///
    /// ```
    /// use mlnotes::cluster::kmeans::KMeans;
    /// use mlnotes::cluster::mini_batch::MiniBatchKMeans;
    /// let x = mlnotes::data::digits().x.view();
    /// let (batches, full) =
    ///     (MiniBatchKMeans::params(10).batch_size(256).fit(x)?, KMeans::params(10).fit(x)?);
    /// assert!(batches.inertia < 1.06 * full.inertia);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(k: usize) -> MiniBatchKMeansParams {
        MiniBatchKMeansParams {
            k,
            batch_size: 1024,
            max_iter: 100,
            n_init: 3,
            max_no_improvement: 10,
            reassignment_ratio: 0.01,
            seed: 0,
        }
    }
}

/// Settings of mini-batch k-means.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | required | `1..=` distinct rows | clusters |
/// | `batch_size` | 1024 | `>= 1` | rows a step |
/// | `max_iter` | 100 | `>= 1` | passes: a pass is `n_samples / batch_size` steps |
/// | `n_init` | 3 | `>= 1` | runs of k-means on a sample of three batches, for the start |
/// | `max_no_improvement` | 10 | `>= 1` | stop after so many steps without a new least smoothed inertia |
/// | `reassignment_ratio` | 0.01 | `[0, 1)` | a centroid starves when its count is below this share of the largest |
/// | `seed` | 0 | | chance of starts and batches |
#[derive(Debug, Clone, PartialEq)]
pub struct MiniBatchKMeansParams {
    k: usize,
    batch_size: usize,
    max_iter: usize,
    n_init: usize,
    max_no_improvement: usize,
    reassignment_ratio: f64,
    seed: u64,
}

/// Fitted mini-batch k-means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct MiniBatchKMeans {
    /// Centroids, shape `(k, n_features)`.
    pub centroids: Array2<f64>,
    /// The nearest of these centroids for each row, shape `(n_samples,)`.
    pub labels: Vec<usize>,
    /// Sum of squared distances to the nearest centroid, over all rows.
    pub inertia: f64,
    /// Batches used.
    pub n_steps: usize,
    /// Mean squared distance of each batch to its nearest centroids before the step, shape
    /// `(n_steps,)`: noisy, so it also rises now and then.
    pub trace: Array1<f64>,
}

stored!(MiniBatchKMeans, |m| {
    finite("centroids", m.centroids.iter().chain([&m.inertia]))?;
    let k = m.centroids.nrows();
    holds(m.labels.iter().all(|&label| label < k), "a label of no cluster")
});

impl MiniBatchKMeansParams {
    setters! {
        /// Sets the rows of a step.
        batch_size: usize;
        /// Sets the largest number of passes over as many rows as there are.
        max_iter: usize;
        /// Sets the runs of k-means that make the start.
        n_init: usize;
        /// Sets the steps without improvement after which to stop.
        max_no_improvement: usize;
        /// Sets the share of the largest count below which a centroid moves; 0 moves only those without a row.
        reassignment_ratio: f64;
        /// Seeds starts and batches.
        seed: u64;
    }

    /// Fits the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooManyClusters`], [`Error::Parameter`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<MiniBatchKMeans> {
        self.check(x)?;
        let x = x.as_standard_layout();
        let x = x.view();
        let mut rng = stream(self.seed, 0);
        let mut centroids = self.start(x, &mut rng)?;
        let mut counts = vec![0.0; self.k];
        let (mut trace, mut stop) = (Vec::new(), Patience::new(x.nrows(), self));
        let mut since_moved = 0;
        for _ in 0..self.max_iter * x.nrows().div_ceil(self.batch_size) {
            check_interrupt();
            let batch = draw(x, self.batch_size, &mut rng);
            let (labels, inertia) = assign_rows(batch.view(), centroids.view());
            trace.push(inertia / self.batch_size as f64);
            step(batch.view(), &labels, &mut centroids, &mut counts);
            since_moved += self.batch_size;
            // Counts say something only once each centroid could have had some rows.
            if since_moved >= 10 * self.k {
                since_moved = 0;
                self.feed_starving(batch.view(), &mut centroids, &mut counts, &mut rng);
            }
            if stop.after(inertia / self.batch_size as f64) {
                break;
            }
        }
        let (labels, inertia) = assign_rows(x, centroids.view());
        Ok(MiniBatchKMeans {
            centroids,
            labels,
            inertia,
            n_steps: trace.len(),
            trace: trace.into(),
        })
    }

    /// The centroids of k-means, best of `n_init` runs, on a sample of three batches.
    fn start(&self, x: ArrayView2<f64>, rng: &mut ChaCha8Rng) -> Result<Array2<f64>> {
        let size = (3 * self.batch_size).max(3 * self.k).min(x.nrows());
        let rows = rand::seq::index::sample(rng, x.nrows(), size).into_vec();
        let sample = x.select(Axis(0), &rows);
        // A sample can hold fewer distinct rows than `x`; then all of `x` is asked.
        let enough = check_clusters("MiniBatchKMeans", sample.view(), self.k).is_ok();
        let from = if enough { sample.view() } else { x.view() };
        Ok(KMeans::params(self.k).n_init(self.n_init).seed(rng.random()).fit(from)?.centroids)
    }

    /// Moves each starving centroid to a row of the batch, and lets it count as the poorest of the others.
    fn feed_starving(
        &self,
        batch: ArrayView2<f64>,
        centroids: &mut Array2<f64>,
        counts: &mut [f64],
        rng: &mut ChaCha8Rng,
    ) {
        let largest = counts.iter().copied().fold(0.0, f64::max);
        let starves = |&count: &f64| count <= 0.0 || count < self.reassignment_ratio * largest;
        let fed = counts.iter().copied().filter(|count| !starves(count)).fold(largest, f64::min);
        for (j, count) in counts.iter_mut().enumerate() {
            if starves(count) {
                centroids.row_mut(j).assign(&batch.row(rng.random_range(0..batch.nrows())));
                *count = fed;
            }
        }
    }

    fn check(&self, x: ArrayView2<f64>) -> Result<()> {
        check_matrix("MiniBatchKMeans: `x`", x)?;
        check_clusters("MiniBatchKMeans", x, self.k)?;
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "MiniBatchKMeans", name, rule, got })
        };
        for (name, value) in [
            ("batch_size", self.batch_size),
            ("max_iter", self.max_iter),
            ("n_init", self.n_init),
            ("max_no_improvement", self.max_no_improvement),
        ] {
            if value == 0 {
                return bad(name, ">= 1", "0".into());
            }
        }
        if !(0.0..1.0).contains(&self.reassignment_ratio) {
            return bad("reassignment_ratio", ">= 0 and < 1", self.reassignment_ratio.to_string());
        }
        Ok(())
    }
}

impl MiniBatchKMeans {
    /// The nearest centroid of each row of `x`, shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        check_matrix("MiniBatchKMeans::predict: `x`", x)?;
        if x.ncols() != self.centroids.ncols() {
            return Err(Error::Shape {
                what: "MiniBatchKMeans::predict: `x`",
                expected: format!("(n_rows, {})", self.centroids.ncols()),
                got: format!("({}, {})", x.nrows(), x.ncols()),
            });
        }
        Ok(assign_rows(x.as_standard_layout().view(), self.centroids.view()).0)
    }
}

/// `size` rows of `x`, each drawn from all.
fn draw(x: ArrayView2<f64>, size: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let rows: Vec<usize> = (0..size).map(|_| rng.random_range(0..x.nrows())).collect();
    x.select(Axis(0), &rows)
}

/// Moves each centroid towards each of its rows by one over the rows it has had.
fn step(batch: ArrayView2<f64>, labels: &[usize], centroids: &mut Array2<f64>, counts: &mut [f64]) {
    for (row, &j) in batch.rows().into_iter().zip(labels) {
        counts[j] += 1.0;
        let rate = 1.0 / counts[j];
        centroids.row_mut(j).zip_mut_with(&row, |c, x| *c += rate * (x - *c));
    }
}

/// When to stop: the smoothed inertia has not had a new minimum for a while.
struct Patience {
    rate: f64,
    smoothed: Option<f64>,
    least: f64,
    without: usize,
    allowed: usize,
}

impl Patience {
    fn new(n_samples: usize, params: &MiniBatchKMeansParams) -> Self {
        // The average spans about half a pass over the rows.
        let rate = (2.0 * params.batch_size as f64 / (n_samples as f64 + 1.0)).min(1.0);
        let allowed = params.max_no_improvement;
        Self { rate, smoothed: None, least: f64::INFINITY, without: 0, allowed }
    }

    fn after(&mut self, inertia: f64) -> bool {
        let smoothed = self.smoothed.map_or(inertia, |s| s + self.rate * (inertia - s));
        self.smoothed = Some(smoothed);
        if smoothed < self.least {
            (self.least, self.without) = (smoothed, 0);
        } else {
            self.without += 1;
        }
        self.without >= self.allowed
    }
}

impl Clusterer for MiniBatchKMeansParams {
    fn fit_labels(&self, x: ArrayView2<f64>, seed: u64) -> Result<Vec<Option<usize>>> {
        Ok(self.clone().seed(seed).fit(x)?.labels.into_iter().map(Some).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand::SeedableRng;

    #[test]
    fn a_centroid_is_the_mean_of_all_rows_it_was_given() {
        let (mut centroids, mut counts) = (array![[7.0, 7.0], [50.0, 50.0]], vec![0.0; 2]);
        step(array![[1.0, 2.0], [3.0, 0.0]].view(), &[0, 0], &mut centroids, &mut counts);
        step(array![[8.0, 1.0], [40.0, 60.0]].view(), &[0, 1], &mut centroids, &mut counts);
        let expected = array![[4.0, 1.0], [40.0, 60.0]];
        assert!((&centroids - &expected).iter().all(|d| d.abs() < 1e-12), "{centroids}");
        assert_eq!(counts, [3.0, 1.0]);
    }

    #[test]
    fn a_starving_centroid_moves_to_a_row() {
        let batch = array![[1.0], [2.0]];
        let (mut centroids, mut counts) = (array![[1.5], [900.0], [2.0]], vec![500.0, 0.0, 300.0]);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let params = MiniBatchKMeans::params(3);
        params.feed_starving(batch.view(), &mut centroids, &mut counts, &mut rng);
        assert!(centroids[[1, 0]] <= 2.0 && (centroids[[0, 0]] - 1.5).abs() < 1e-15);
        assert_eq!(counts, [500.0, 300.0, 300.0]);
    }

    #[test]
    fn the_seed_decides_and_labels_belong_to_the_centroids() {
        let x = crate::data::iris().x.view();
        let fit = |seed| MiniBatchKMeans::params(3).batch_size(32).seed(seed).fit(x).unwrap();
        assert_eq!(fit(4), fit(4));
        assert_ne!(fit(4), fit(5));
        assert_eq!(fit(4).labels, fit(4).predict(x).unwrap());
        assert_eq!(fit(4).trace.len(), fit(4).n_steps);
    }

    #[test]
    fn edges_and_bad_input() {
        let one = MiniBatchKMeans::params(1).fit(array![[7.0]].view()).unwrap();
        assert!((one.centroids[[0, 0]] - 7.0).abs() < 1e-12 && one.inertia < 1e-20);
        let x = array![[0.0], [0.0], [1.0]];
        for (params, name) in [
            (MiniBatchKMeans::params(0), "k"),
            (MiniBatchKMeans::params(1).batch_size(0), "batch_size"),
            (MiniBatchKMeans::params(1).max_iter(0), "max_iter"),
            (MiniBatchKMeans::params(1).n_init(0), "n_init"),
            (MiniBatchKMeans::params(1).max_no_improvement(0), "max_no_improvement"),
            (MiniBatchKMeans::params(1).reassignment_ratio(1.0), "reassignment_ratio"),
        ] {
            let error = params.fit(x.view()).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: n, .. } if n == name), "{error}");
        }
        let many = MiniBatchKMeans::params(3).fit(x.view());
        assert!(matches!(many, Err(Error::TooManyClusters { .. })));
        assert!(matches!(one.predict(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
    }
}
