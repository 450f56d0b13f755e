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
//! hence the restarts. Cost `O(n_samples · k · n_features)` an iteration, memory `O(n_samples + k ·
//! n_features)` beside `x`; Hamerly's bounds leave most of the distances out. Scale the
//! features first. Empty clusters move (a mean of no rows is no number), and the labels returned belong
//! to the centroids returned, not to those before the last update.
//!
//! # References
//! Lloyd (1982); Arthur & Vassilvitskii (2007), k-means++ with its bound `8 (ln k + 2)`; Hamerly (2010).

mod assign;
mod hamerly;
mod seeding;
mod weighted;

pub use seeding::kmeans_plus_plus;

use self::assign::update;
use self::hamerly::Bounds;
pub(crate) use self::seeding::plus_plus;
use super::check_clusters;
use crate::base::{
    Clusterer, check_matrix, finite, holds, map_blocks, rows, setters, stored, stream, views,
};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

pub(super) use self::assign::{assign_rows, squared_distance};

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
    /// Return [`Error::NoSolution`].
    Error,
}

/// How the nearest centroids are found. Both give the same model, to the bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KMeansAlgorithm {
    /// Hamerly's bounds leave out rows that cannot change sides. Needs one more number a row; pays most
    /// when clusters are well apart or `k` is large, and costs next to nothing where it does not.
    #[default]
    Hamerly,
    /// Every distance, every time.
    Lloyd,
}

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
            algorithm: KMeansAlgorithm::default(),
            max_iter: 300,
            tol: 1e-4,
            n_init: 10,
            empty: EmptyCluster::default(),
            seed: 0,
            first_stream: 0,
        }
    }
}

/// Settings of k-means.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | required | `1..=` distinct rows | clusters |
/// | `init` | `PlusPlus` | | where the centroids start |
/// | `algorithm` | `Hamerly` | | how the nearest centroids are found; no effect on the result |
/// | `max_iter` | 300 | `>= 1` | Lloyd iterations a run |
/// | `tol` | 1e-4 | `>= 0` | stop when the centroids' squared shift is at most `tol` times the mean variance of the features |
/// | `n_init` | 10 | `>= 1` | runs; the one with the least inertia is returned |
/// | `empty` | `FarthestPoint` | | what becomes of an empty cluster |
/// | `seed` | 0 | | chance of the starts |
#[derive(Debug, Clone, PartialEq)]
pub struct KMeansParams {
    k: usize,
    init: KMeansInit,
    algorithm: KMeansAlgorithm,
    max_iter: usize,
    tol: f64,
    n_init: usize,
    empty: EmptyCluster,
    seed: u64,
    first_stream: usize,
}

/// Fitted k-means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct KMeans {
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

stored!(KMeans, |m| {
    finite("centroids", m.centroids.iter().chain([&m.inertia]))?;
    let k = m.centroids.nrows();
    holds(m.labels.iter().all(|&label| label < k), "a label of no cluster")
});

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
    setters! {
        /// Sets where the centroids start.
        init: KMeansInit;
        /// Sets how the nearest centroids are found.
        ///
        /// ```
        /// use mlnotes::cluster::kmeans::{KMeans, KMeansAlgorithm};
        /// let x = mlnotes::data::iris().x.view();
        /// let bounded = KMeans::params(3).fit(x)?;
        /// let plain = KMeans::params(3).algorithm(KMeansAlgorithm::Lloyd).fit(x)?;
        /// assert_eq!(plain, bounded);
        /// # Ok::<(), mlnotes::Error>(())
        /// ```
        algorithm: KMeansAlgorithm;
        /// Sets the largest number of iterations of a run.
        max_iter: usize;
        /// Sets the relative shift of the centroids at which to stop; 0 runs until no label changes.
        tol: f64;
        /// Sets the number of runs.
        n_init: usize;
        /// Sets what becomes of an empty cluster.
        empty: EmptyCluster;
        /// Seeds the starts.
        seed: u64;
    }

    /// Lets the runs draw from the streams of the seed from this one on, for a caller that has tried the others.
    pub(crate) fn first_stream(mut self, first_stream: usize) -> Self {
        self.first_stream = first_stream;
        self
    }

    /// Fits the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooManyClusters`], [`Error::Parameter`],
    /// [`Error::Shape`] for given centroids that do not fit, [`Error::NoSolution`] when asked for.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<KMeans> {
        self.check(x)?;
        let x = x.as_standard_layout();
        let x = x.view();
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
            .unwrap_or_else(|| KMeansStep::at(x, Array2::default((0, 0)), None));
        Ok(KMeans {
            centroids: last.centroids,
            labels: last.labels,
            inertia: last.inertia,
            n_iter,
            trace,
        })
    }

    fn start(&self, x: ArrayView2<f64>, run: usize) -> Array2<f64> {
        let mut rng = stream(self.seed, self.first_stream + run);
        match &self.init {
            KMeansInit::Given(centroids) => centroids.clone(),
            KMeansInit::PlusPlus => x.select(Axis(0), &plus_plus(x, self.k, &mut rng)),
            KMeansInit::Random => {
                let rows = rand::seq::index::sample(&mut rng, x.nrows(), self.k);
                x.select(Axis(0), &rows.into_vec())
            }
        }
    }

    /// Lloyd's iterations from `centroids`. Labels are kept in every frame only when `keep_labels` is
    /// set, and always in the last. `x` is in standard layout.
    fn lloyd(
        &self,
        x: ArrayView2<f64>,
        centroids: Array2<f64>,
        keep_labels: bool,
    ) -> Result<Vec<KMeansStep>> {
        let variance = mean_variance(x);
        let mut bounds = (self.algorithm == KMeansAlgorithm::Hamerly).then(Bounds::default);
        let mut steps = vec![KMeansStep::at(x, centroids, bounds.as_mut())];
        for _ in 0..self.max_iter {
            check_interrupt();
            let Some(last) = steps.last_mut() else { break };
            let centroids = update(x, &last.labels, &last.centroids, self.empty)?;
            let next = last.next(x, centroids, bounds.as_mut());
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

impl KMeans {
    /// The nearest centroid of each row of `x`, shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        check_matrix("KMeans::predict: `x`", x)?;
        if x.ncols() != self.centroids.ncols() {
            return Err(Error::Shape {
                what: "KMeans::predict: `x`",
                expected: format!("(n_rows, {})", self.centroids.ncols()),
                got: format!("({}, {})", x.nrows(), x.ncols()),
            });
        }
        Ok(assign_rows(x.as_standard_layout().view(), self.centroids.view()).0)
    }
}

impl KMeansStep {
    /// The first frame.
    fn at(x: ArrayView2<f64>, centroids: Array2<f64>, bounds: Option<&mut Bounds>) -> Self {
        let (labels, inertia) = match bounds {
            Some(bounds) => bounds.assign(x, &centroids, &centroids, Vec::new()),
            None => assign_rows(x, centroids.view()),
        };
        Self { centroids, labels, inertia }
    }

    /// The frame after this one.
    fn next(
        &self,
        x: ArrayView2<f64>,
        centroids: Array2<f64>,
        bounds: Option<&mut Bounds>,
    ) -> Self {
        let (labels, inertia) = match bounds {
            Some(bounds) => bounds.assign(x, &self.centroids, &centroids, self.labels.clone()),
            None => assign_rows(x, centroids.view()),
        };
        Self { centroids, labels, inertia }
    }
}

/// The variance of a column, averaged over the columns: what `tol` is relative to.
fn mean_variance(x: ArrayView2<f64>) -> f64 {
    let (n, d) = x.dim();
    let sums = map_blocks(n, |range| rows(&x, range).sum_axis(Axis(0)));
    let mean = sums.into_iter().fold(Array1::zeros(d), |sum, part| sum + part) / n as f64;
    let squares = map_blocks(n, |range| {
        rows(&x, range)
            .rows()
            .into_iter()
            .map(|row| squared_distance(row, mean.view()))
            .sum::<f64>()
    });
    squares.iter().sum::<f64>() / (n * d) as f64
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
#[views]
pub fn kmeans_history(x: ArrayView2<f64>, params: &KMeansParams) -> Result<Vec<KMeansStep>> {
    params.check(x)?;
    let x = x.as_standard_layout();
    params.lloyd(x.view(), params.start(x.view(), 0), true)
}

impl Clusterer for KMeansParams {
    fn fit_labels(&self, x: ArrayView2<f64>, seed: u64) -> Result<Vec<Option<usize>>> {
        Ok(self.clone().seed(seed).fit(x)?.labels.into_iter().map(Some).collect())
    }
}

/// Why a fit ends under [`EmptyCluster::Error`].
fn lost_its_last_row(cluster: usize) -> Error {
    Error::NoSolution {
        what: "KMeans",
        problem: format!("cluster {cluster} lost its last row"),
        remedy: "start elsewhere, lower k, or let it move to the farthest point",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use rand::Rng;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

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
    fn an_empty_cluster_moves_or_is_reported() {
        let x = array![[0.0], [1.0], [2.0], [50.0]];
        let start = || KMeansInit::Given(array![[1.0], [900.0]]);
        let moved = KMeans::params(2).init(start()).fit(x.view()).unwrap();
        assert_eq!(moved.labels, [0, 0, 0, 1]);
        let refused = KMeans::params(2).init(start()).empty(EmptyCluster::Error).fit(x.view());
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::NoSolution { .. }), "{refused}");
        assert!(refused.to_string().contains("cluster 1 lost"), "{refused}");
    }

    #[test]
    fn no_two_seeds_share_a_start() {
        let x = crate::data::digits().x.view();
        for init in [KMeansInit::PlusPlus, KMeansInit::Random] {
            let mut starts: Vec<Array2<f64>> = Vec::new();
            for seed in 0..3 {
                let params = KMeans::params(3).init(init.clone()).seed(seed);
                starts.extend((0..10).map(|run| params.start(x, run)));
                // What a mixture asks for after it has tried those ten.
                starts.extend((10..13).map(|run| params.clone().first_stream(run).start(x, 0)));
            }
            for (i, start) in starts.iter().enumerate() {
                assert!(!starts[..i].contains(start), "start {i}");
            }
        }
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
    fn bounds_change_nothing_on_real_rows() {
        let x = &crate::data::digits().x;
        let x = x.slice(ndarray::s![..600, ..]);
        for (k, seed) in [(1, 0), (2, 1), (10, 2), (37, 3)] {
            let params = KMeans::params(k).n_init(2).tol(0.0).seed(seed);
            let bounded = params.clone().fit(x).unwrap();
            assert_eq!(bounded, params.algorithm(KMeansAlgorithm::Lloyd).fit(x).unwrap());
        }
    }

    #[test]
    fn the_layout_of_the_array_does_not_matter() {
        let x = crate::data::iris().x.clone();
        let turned = x.t().as_standard_layout().into_owned();
        let fit = |x: ArrayView2<f64>| KMeans::params(3).seed(5).fit(x).unwrap();
        assert_eq!(fit(x.view()), fit(turned.t()));
        let model = fit(x.view());
        assert_eq!(model.predict(turned.t()).unwrap(), model.labels);
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

        // Whole numbers make ties of every kind, and clusters that go empty.
        #[test]
        fn bounds_give_the_same_bits(seed in 0u64..300, k in 1usize..9, whole in proptest::bool::ANY) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let x = Array2::from_shape_fn((60, 3), |_| {
                let v: f64 = rng.random_range(-4.0..4.0);
                if whole { v.round() } else { v }
            });
            let params = KMeans::params(k).init(KMeansInit::Random).n_init(2).tol(0.0).seed(seed);
            let plain = params.clone().algorithm(KMeansAlgorithm::Lloyd);
            prop_assert_eq!(params.fit(x.view()).unwrap(), plain.fit(x.view()).unwrap());
        }
    }
}
