//! k-means: `k` centroids that make the sum of squared distances to the nearest one small.
//!
//! ```text
//! J(c, l) = Σᵢ ‖xᵢ − c_{lᵢ}‖²                                 inertia
//! assign:  lᵢ ← argminⱼ ‖xᵢ − cⱼ‖²                            lowers J for fixed centroids
//! update:  cⱼ ← mean of the rows with lᵢ = j                   lowers J for fixed labels
//! k-means++:  next centroid xᵢ with probability D(xᵢ)² / Σ D²   D: distance to the nearest chosen one
//! ```
//!
//! Each half-step lowers `J`, so Lloyd's algorithm ends, in a local optimum that depends on the start:
//! hence the restarts. Cost `O(n_samples · k · n_features)` an iteration. Scale the features first.
//!
//! # References
//! Lloyd (1982); Arthur & Vassilvitskii (2007), k-means++ with its bound `8 (ln k + 2)`.

use super::check_clusters;
use crate::display::check_interrupt;
use crate::numeric::check_matrix;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Rows that one task assigns. Fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 1024;

/// Where the centroids start.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum KMeansInit {
    /// k-means++: far from those already chosen, by chance.
    #[default]
    PlusPlus,
    /// `k` different rows, all equally likely.
    Random,
    /// These centroids, shape `(k, n_features)`; one run, whatever `n_init` says.
    Given(Array2<f64>),
}

/// What to do with a cluster that loses its last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EmptyCluster {
    /// Move its centroid to the row farthest from its own centroid.
    #[default]
    FarthestPoint,
    /// Return [`Error::EmptyCluster`].
    Error,
}

/// Entry point: [`KMeans::params`].
#[derive(Debug, Clone, Copy)]
pub struct KMeans;

impl KMeans {
    /// Settings for `k` clusters.
    ///
    /// ```
    /// use mlnotes::cluster::kmeans::KMeans;
    /// use mlnotes::data::{penguins, standardize};
    /// let x = standardize(penguins().x.view())?.x;
    /// let model = KMeans::params(3).seed(1).fit(x.view())?;
    /// assert!((model.inertia - 379.3925).abs() < 1e-3);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(k: usize) -> KMeansParams {
        KMeansParams {
            k,
            init: KMeansInit::default(),
            max_iter: 300,
            tol: 1e-4,
            n_init: 10,
            empty: EmptyCluster::default(),
            seed: 0,
        }
    }
}

/// Settings of k-means.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | required | `1..=` distinct rows | clusters |
/// | `init` | `PlusPlus` | | where the centroids start |
/// | `max_iter` | 300 | `>= 1` | Lloyd iterations a run |
/// | `tol` | 1e-4 | `>= 0` | stop when the centroids' squared shift is at most `tol` times the mean variance of the features |
/// | `n_init` | 10 | `>= 1` | runs; the one with the least inertia is returned |
/// | `empty` | `FarthestPoint` | | what becomes of an empty cluster |
/// | `seed` | 0 | | chance of the starts |
#[derive(Debug, Clone, PartialEq)]
pub struct KMeansParams {
    k: usize,
    init: KMeansInit,
    max_iter: usize,
    tol: f64,
    n_init: usize,
    empty: EmptyCluster,
    seed: u64,
}

/// Fitted k-means.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct KMeansModel {
    /// Centroids, shape `(k, n_features)`.
    pub centroids: Array2<f64>,
    /// The nearest of these centroids for each row, shape `(n_samples,)`.
    pub labels: Vec<usize>,
    /// Sum of squared distances to the nearest centroid.
    pub inertia: f64,
    /// Lloyd iterations of the best run.
    pub n_iter: usize,
    /// Inertia at the start of the best run and after each iteration; never rises.
    pub trace: Array1<f64>,
}

/// One frame of a run: centroids, and the labels and inertia that they give.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct KMeansStep {
    /// Centroids, shape `(k, n_features)`.
    pub centroids: Array2<f64>,
    /// The nearest of these centroids for each row, shape `(n_samples,)`.
    pub labels: Vec<usize>,
    /// Sum of squared distances to the nearest centroid.
    pub inertia: f64,
}

impl KMeansParams {
    /// Sets where the centroids start.
    #[must_use]
    pub fn init(mut self, init: KMeansInit) -> Self {
        self.init = init;
        self
    }

    /// Sets the largest number of iterations of a run.
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Sets the relative shift of the centroids at which to stop; 0 runs until no label changes.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Sets the number of runs.
    #[must_use]
    pub fn n_init(mut self, n_init: usize) -> Self {
        self.n_init = n_init;
        self
    }

    /// Sets what becomes of an empty cluster.
    #[must_use]
    pub fn empty(mut self, empty: EmptyCluster) -> Self {
        self.empty = empty;
        self
    }

    /// Seeds the starts.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fits the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooManyClusters`], [`Error::Parameter`],
    /// [`Error::Shape`] for given centroids that do not fit, [`Error::EmptyCluster`] when asked for.
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<KMeansModel> {
        self.check(x)?;
        let runs = if matches!(self.init, KMeansInit::Given(_)) { 1 } else { self.n_init };
        let mut best: Option<Vec<KMeansStep>> = None;
        for run in 0..runs {
            let steps = self.lloyd(x, self.start(x, run), false)?;
            let inertia = |steps: &[KMeansStep]| steps.last().map_or(f64::INFINITY, |s| s.inertia);
            if best.as_ref().is_none_or(|b| inertia(&steps) < inertia(b)) {
                best = Some(steps);
            }
        }
        let steps = best.unwrap_or_default();
        let trace = steps.iter().map(|s| s.inertia).collect();
        let n_iter = steps.len() - 1;
        let last = steps
            .into_iter()
            .next_back()
            .unwrap_or_else(|| KMeansStep::at(x, Array2::default((0, 0))));
        Ok(KMeansModel {
            centroids: last.centroids,
            labels: last.labels,
            inertia: last.inertia,
            n_iter,
            trace,
        })
    }

    fn start(&self, x: ArrayView2<f64>, run: usize) -> Array2<f64> {
        let seed = self.seed.wrapping_add(run as u64);
        match &self.init {
            KMeansInit::Given(centroids) => centroids.clone(),
            KMeansInit::PlusPlus => x.select(Axis(0), &plus_plus(x, self.k, seed)),
            KMeansInit::Random => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let rows = rand::seq::index::sample(&mut rng, x.nrows(), self.k);
                x.select(Axis(0), &rows.into_vec())
            }
        }
    }

    /// Lloyd's iterations from `centroids`. Labels are kept in every frame only when `keep_labels` is
    /// set, and always in the last.
    fn lloyd(
        &self,
        x: ArrayView2<f64>,
        centroids: Array2<f64>,
        keep_labels: bool,
    ) -> Result<Vec<KMeansStep>> {
        let variance = x.var_axis(Axis(0), 0.0).mean().unwrap_or(0.0);
        let mut steps = vec![KMeansStep::at(x, centroids)];
        for _ in 0..self.max_iter {
            check_interrupt();
            let Some(last) = steps.last_mut() else { break };
            let centroids = update(x, &last.labels, &last.centroids, self.empty)?;
            let next = KMeansStep::at(x, centroids);
            let shift = (&next.centroids - &last.centroids).mapv(|v| v * v).sum();
            let settled = next.labels == last.labels;
            if !keep_labels {
                last.labels = Vec::new();
            }
            steps.push(next);
            if settled || shift <= self.tol * variance {
                break;
            }
        }
        Ok(steps)
    }

    fn check(&self, x: ArrayView2<f64>) -> Result<()> {
        check_matrix("KMeans: `x`", x)?;
        check_clusters("KMeans", x, self.k)?;
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "KMeans", name, rule, got })
        };
        if self.max_iter == 0 {
            return bad("max_iter", ">= 1", "0".into());
        }
        if self.n_init == 0 {
            return bad("n_init", ">= 1", "0".into());
        }
        if !(self.tol.is_finite() && self.tol >= 0.0) {
            return bad("tol", "finite and >= 0", self.tol.to_string());
        }
        if let KMeansInit::Given(c) = &self.init {
            check_matrix("KMeans: given centroids", c.view())?;
            if c.dim() != (self.k, x.ncols()) {
                let (expected, got) =
                    (format!("({}, {})", self.k, x.ncols()), format!("{:?}", c.dim()));
                return Err(Error::Shape { what: "KMeans: given centroids", expected, got });
            }
        }
        Ok(())
    }
}

impl KMeansModel {
    /// The nearest centroid of each row of `x`, shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        check_matrix("KMeansModel::predict: `x`", x)?;
        if x.ncols() != self.centroids.ncols() {
            return Err(Error::Shape {
                what: "KMeansModel::predict: `x`",
                expected: format!("(n_rows, {})", self.centroids.ncols()),
                got: format!("({}, {})", x.nrows(), x.ncols()),
            });
        }
        Ok(assign(x, &self.centroids).0)
    }
}

impl KMeansStep {
    fn at(x: ArrayView2<f64>, centroids: Array2<f64>) -> Self {
        let (labels, inertia) = assign(x, &centroids);
        Self { centroids, labels, inertia }
    }
}

/// Every frame of one run, the start included, for a picture of how k-means moves.
///
/// # Errors
/// As [`KMeansParams::fit`].
///
/// ```
/// use mlnotes::cluster::kmeans::{KMeans, kmeans_history};
/// let steps = kmeans_history(mlnotes::data::iris().x.view(), &KMeans::params(3).seed(2))?;
/// assert!(steps.windows(2).all(|s| s[1].inertia <= s[0].inertia));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn kmeans_history(x: ArrayView2<f64>, params: &KMeansParams) -> Result<Vec<KMeansStep>> {
    params.check(x)?;
    params.lloyd(x, params.start(x, 0), true)
}

/// `k` row numbers of `x` by k-means++: the first with equal chances, each next with probability
/// proportional to the squared distance to the nearest one chosen.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] for `k = 0`, [`Error::TooManyClusters`].
///
/// ```
/// let rows = mlnotes::cluster::kmeans::kmeans_plus_plus(ndarray::array![[0.0], [0.0], [5.0]].view(), 2, 1)?;
/// assert!(rows.contains(&2));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn kmeans_plus_plus(x: ArrayView2<f64>, k: usize, seed: u64) -> Result<Vec<usize>> {
    check_matrix("kmeans_plus_plus: `x`", x)?;
    check_clusters("kmeans_plus_plus", x, k)?;
    Ok(plus_plus(x, k, seed))
}

fn plus_plus(x: ArrayView2<f64>, k: usize, seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen = vec![rng.random_range(0..x.nrows())];
    let mut nearest = squared_distances(x, x.row(chosen[0]));
    while chosen.len() < k {
        let mut u = rng.random::<f64>() * nearest.sum();
        // Rounding can leave `u` at the end; the last row with a chance is then the answer.
        let mut next = chosen[0];
        for (i, &d) in nearest.iter().enumerate().filter(|(_, d)| **d > 0.0) {
            next = i;
            u -= d;
            if u < 0.0 {
                break;
            }
        }
        let to_next = squared_distances(x, x.row(next));
        nearest.zip_mut_with(&to_next, |a, &b| *a = a.min(b));
        chosen.push(next);
    }
    chosen
}

fn squared_distances(x: ArrayView2<f64>, point: ArrayView1<f64>) -> Array1<f64> {
    x.rows().into_iter().map(|row| squared_distance(row, point)).collect()
}

pub(super) fn squared_distance(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Assignment step: the nearest centroid of each row (the lower one on a tie) and the inertia.
///
/// Distances are summed as `(x − c)²`, not as `‖x‖² − 2x·c + ‖c‖²`, which loses digits far from 0.
fn assign(x: ArrayView2<f64>, centroids: &Array2<f64>) -> (Vec<usize>, f64) {
    let blocks: Vec<_> = x.axis_chunks_iter(Axis(0), CHUNK).collect();
    let parts: Vec<(Vec<usize>, f64)> = blocks
        .into_par_iter()
        .map(|block| {
            let mut inertia = 0.0;
            let labels = block
                .rows()
                .into_iter()
                .map(|row| {
                    let mut best = (0, f64::INFINITY);
                    for (j, centroid) in centroids.rows().into_iter().enumerate() {
                        let d = squared_distance(row, centroid);
                        if d < best.1 {
                            best = (j, d);
                        }
                    }
                    inertia += best.1;
                    best.0
                })
                .collect();
            (labels, inertia)
        })
        .collect();
    let inertia = parts.iter().map(|p| p.1).sum();
    (parts.into_iter().flat_map(|p| p.0).collect(), inertia)
}

/// Update step: the mean of each cluster's rows.
fn update(
    x: ArrayView2<f64>,
    labels: &[usize],
    old: &Array2<f64>,
    empty: EmptyCluster,
) -> Result<Array2<f64>> {
    let mut sums = Array2::<f64>::zeros(old.raw_dim());
    let mut counts = vec![0usize; old.nrows()];
    for (row, &label) in x.rows().into_iter().zip(labels) {
        sums.row_mut(label).zip_mut_with(&row, |s, v| *s += v);
        counts[label] += 1;
    }
    if let (EmptyCluster::Error, Some(cluster)) = (empty, counts.iter().position(|&c| c == 0)) {
        return Err(Error::EmptyCluster { estimator: "KMeans", cluster });
    }
    let mut far: Vec<usize> = Vec::new();
    if counts.contains(&0) {
        let distance = |&i: &usize| squared_distance(x.row(i), old.row(labels[i]));
        far = (0..x.nrows()).collect();
        far.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    }
    let mut far = far.into_iter();
    for (j, &count) in counts.clone().iter().enumerate() {
        if count > 0 {
            continue;
        }
        // The farthest row leaves its own cluster, unless it is the last one there.
        if let Some(i) = far.find(|&i| counts[labels[i]] > 1) {
            counts[labels[i]] -= 1;
            sums.row_mut(labels[i]).zip_mut_with(&x.row(i), |s, v| *s -= v);
            sums.row_mut(j).assign(&x.row(i));
            counts[j] = 1;
        }
    }
    for (mut row, &count) in sums.rows_mut().into_iter().zip(&counts) {
        row /= count.max(1) as f64;
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn two_pairs_by_hand() {
        let x = array![[0.0], [2.0], [10.0], [12.0]];
        let start = KMeansInit::Given(array![[0.0], [2.0]]);
        let model = KMeans::params(2).init(start).fit(x.view()).unwrap();
        assert_eq!(model.centroids, array![[1.0], [11.0]]);
        assert_eq!(model.labels, [0, 0, 1, 1]);
        assert!((model.inertia - 4.0).abs() < 1e-15);
    }

    #[test]
    fn seeding_follows_the_squared_distances() {
        // From row 0, the others have D² of 1, 4, 9: of the draws that start there, these shares.
        let x = array![[0.0], [1.0], [2.0], [3.0]];
        let (mut counts, mut total) = ([0.0f64; 4], 0.0);
        for seed in 0..20_000 {
            let rows = plus_plus(x.view(), 2, seed);
            if rows[0] == 0 {
                counts[rows[1]] += 1.0;
                total += 1.0;
            }
        }
        let expected = [1.0 / 14.0, 4.0 / 14.0, 9.0 / 14.0].map(|p: f64| p * total);
        let chi2: f64 = (0..3).map(|i| (counts[i + 1] - expected[i]).powi(2) / expected[i]).sum();
        // 0.999 quantile of χ² with 2 degrees of freedom.
        assert!(counts[0] < 0.5 && chi2 < 13.8, "{counts:?} {chi2}");
    }

    #[test]
    fn an_empty_cluster_moves_or_is_reported() {
        let x = array![[0.0], [1.0], [2.0], [50.0]];
        let start = || KMeansInit::Given(array![[1.0], [900.0]]);
        let moved = KMeans::params(2).init(start()).fit(x.view()).unwrap();
        assert_eq!(moved.labels, [0, 0, 0, 1]);
        let refused = KMeans::params(2).init(start()).empty(EmptyCluster::Error).fit(x.view());
        assert!(matches!(refused, Err(Error::EmptyCluster { cluster: 1, .. })));
    }

    #[test]
    fn more_restarts_are_never_worse_and_the_seed_decides() {
        let x = &crate::data::digits().x;
        let x = x.slice(ndarray::s![..400, ..]);
        let fit = |n| KMeans::params(10).n_init(n).seed(3).fit(x).unwrap();
        assert!(fit(10).inertia <= fit(1).inertia);
        assert_eq!(fit(2), fit(2));
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[0.0], [0.0], [1.0]];
        let fit = |p: KMeansParams| p.fit(x.view());
        assert!(matches!(fit(KMeans::params(0)), Err(Error::Parameter { name: "k", .. })));
        assert!(matches!(fit(KMeans::params(3)), Err(Error::TooManyClusters { distinct: 2, .. })));
        assert!(matches!(
            fit(KMeans::params(1).max_iter(0)),
            Err(Error::Parameter { name: "max_iter", .. })
        ));
        assert!(matches!(
            fit(KMeans::params(1).tol(f64::NAN)),
            Err(Error::Parameter { name: "tol", .. })
        ));
        let given = KMeansInit::Given(array![[0.0, 1.0]]);
        assert!(matches!(fit(KMeans::params(1).init(given)), Err(Error::Shape { .. })));
        let model = fit(KMeans::params(1)).unwrap();
        assert!(matches!(model.predict(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
        let nan = array![[f64::NAN]];
        assert!(matches!(KMeans::params(1).fit(nan.view()), Err(Error::NotFinite { .. })));
        assert!(KMeans::params(1).fit(array![[7.0]].view()).unwrap().inertia.abs() < 1e-300);
    }

    proptest! {
        #[test]
        fn inertia_never_rises(seed in 0u64..300, k in 1usize..7) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let x = Array2::from_shape_fn((40, 2), |_| rng.random_range(-9.0..9.0));
            for init in [KMeansInit::PlusPlus, KMeansInit::Random] {
                let model = KMeans::params(k).init(init).n_init(1).seed(seed).fit(x.view()).unwrap();
                prop_assert!(model.trace.windows(2).into_iter().all(|w| w[1] <= w[0] * (1.0 + 1e-12)));
                prop_assert!(model.labels == model.predict(x.view()).unwrap());
            }
        }
    }
}
