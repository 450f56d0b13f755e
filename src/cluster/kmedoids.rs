//! k-medoids: `k` rows, the medoids, that make the sum of dissimilarities to the nearest one small.
//!
//! ```text
//! TD(M) = Σᵢ min_{m ∈ M} d(xᵢ, xₘ),   M ⊂ {0, …, n−1}, |M| = k
//! BUILD: add the row that lowers TD most, k times                     greedy
//! SWAP:  exchange a medoid for another row while that lowers TD       local search
//! ```
//!
//! A medoid is one of the rows, so *any* dissimilarity will do: it need not be squared, a metric, or come
//! from coordinates ([`KMedoidsParams::fit_precomputed`]). Distances are not squared, so a far row pulls
//! no harder than by its distance. Time `O(n_samples²)` a round of swaps, memory `O(n_samples²)`.
//!
//! The gains of all `k` exchanges for one candidate come from one pass over the rows (the papers'
//! `FastPAM1`), instead of `k` passes: the same swaps as PAM, `k` times sooner.
//!
//! # References
//! Kaufman & Rousseeuw (1990), *Finding Groups in Data*, chapter 2 (PAM). Schubert & Rousseeuw (2021), *Fast
//! and eager k-medoids clustering*, algorithms 2 and 4.

use super::check_clusters;
use crate::base::{Clusterer, check_matrix, finite, holds, setters, stored, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A swap must lower the cost by more than this share of it, or rounding could swap for ever.
const LEAST_GAIN: f64 = 1e-12;

/// How unlike two rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KMedoidsMetric {
    /// `√Σⱼ (aⱼ − bⱼ)²`.
    #[default]
    Euclidean,
    /// `Σⱼ |aⱼ − bⱼ|`.
    Manhattan,
    /// `1 − a·b / (‖a‖ ‖b‖)`; not defined for a row of zeros.
    Cosine,
}

/// How swaps are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KMedoidsAlgorithm {
    /// Looks at every swap, makes the best one, begins again.
    Pam,
    /// Makes each swap that helps as soon as it is found. Seldom worse, and much sooner done.
    #[default]
    FasterPam,
}

/// The first medoids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KMedoidsInit {
    /// Greedy, PAM's own; no chance in it.
    #[default]
    Build,
    /// `k` different rows, all equally likely.
    Random,
}

impl KMedoids {
    /// Settings for `k` medoids.
    ///
    /// ```
    /// use mlnotes::cluster::kmedoids::KMedoids;
    /// // The row at 900 would drag a mean along; the medoids stay in the crowd.
    /// let x = ndarray::array![[0.0], [1.0], [2.0], [50.0], [51.0], [52.0], [900.0]];
    /// let model = KMedoids::params(3).fit(x.view())?;
    /// assert_eq!((model.medoids, model.cost), (vec![1, 4, 6], 4.0));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(k: usize) -> KMedoidsParams {
        KMedoidsParams {
            k,
            metric: KMedoidsMetric::default(),
            algorithm: KMedoidsAlgorithm::default(),
            init: KMedoidsInit::default(),
            max_iter: 100,
            seed: 0,
        }
    }
}

/// Settings of k-medoids.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | required | `1..=` distinct rows | medoids |
/// | `metric` | `Euclidean` | | dissimilarity, unless precomputed |
/// | `algorithm` | `FasterPam` | | how swaps are searched |
/// | `init` | `Build` | | the first medoids |
/// | `max_iter` | 100 | `>= 0` | swaps of `Pam`, rounds over the rows of `FasterPam`; 0 keeps the first medoids |
/// | `seed` | 0 | | chance of `Random` |
#[derive(Debug, Clone, PartialEq)]
pub struct KMedoidsParams {
    k: usize,
    metric: KMedoidsMetric,
    algorithm: KMedoidsAlgorithm,
    init: KMedoidsInit,
    max_iter: usize,
    seed: u64,
}

/// Fitted k-medoids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct KMedoids {
    /// Row numbers of the medoids, ascending, shape `(k,)`.
    pub medoids: Vec<usize>,
    /// Position in `medoids` of each row's nearest one, shape `(n_samples,)`.
    pub labels: Vec<usize>,
    /// Sum of dissimilarities to the nearest medoid.
    pub cost: f64,
    /// The cost of the first medoids and after each swap; always falls.
    pub trace: Array1<f64>,
    /// Whether no swap was left that helps when the search ended.
    pub converged: bool,
}

stored!(KMedoids, |m| {
    let k = m.medoids.len();
    finite("cost", [&m.cost])?;
    holds(m.labels.iter().all(|&label| label < k), "a label of no cluster")
});

impl KMedoidsParams {
    setters! {
        /// Sets the dissimilarity of rows.
        metric: KMedoidsMetric;
        /// Sets how swaps are searched.
        algorithm: KMedoidsAlgorithm;
        /// Sets how the first medoids are found.
        init: KMedoidsInit;
        /// Sets the largest number of swaps (`Pam`) or rounds over all rows (`FasterPam`).
        max_iter: usize;
        /// Seeds random first medoids.
        seed: u64;
    }

    /// Fits the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooManyClusters`], and [`Error::Parameter`] for
    /// `k = 0` or a row of zeros under [`KMedoidsMetric::Cosine`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<KMedoids> {
        check_matrix("KMedoids: `x`", x)?;
        check_clusters("KMedoids", x, self.k)?;
        let d = dissimilarities(x, self.metric)?;
        Ok(self.search(d.view()))
    }

    /// Fits `n_samples` things of which only the dissimilarities are known: `d`, shape `(n_samples,
    /// n_samples)`, holds at `[i, j]` how unlike `i` is to the medoid `j`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] unless square, [`Error::Negative`],
    /// [`Error::Parameter`] for `k = 0`, [`Error::TooFewSamples`] for more medoids than rows.
    ///
    /// ```
    /// use mlnotes::cluster::kmedoids::KMedoids;
    /// use mlnotes::stats::distance::levenshtein;
    /// let words = ["heart", "hearts", "earth", "table", "cable", "fable"];
    /// let d = ndarray::Array2::from_shape_fn((6, 6), |(i, j)| levenshtein(words[i], words[j]) as f64);
    /// let model = KMedoids::params(2).fit_precomputed(d.view())?;
    /// assert_eq!(model.labels, [0, 0, 0, 1, 1, 1]);
    /// assert_eq!(words[model.medoids[0]], "heart");
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit_precomputed(&self, d: ArrayView2<f64>) -> Result<KMedoids> {
        check_matrix("KMedoids: `d`", d)?;
        if d.nrows() != d.ncols() {
            let n = d.nrows();
            let (expected, got) = (format!("({n}, {n})"), format!("{:?}", d.dim()));
            return Err(Error::Shape { what: "KMedoids: `d`", expected, got });
        }
        if let Some((index, &value)) = d.iter().enumerate().find(|(_, v)| **v < 0.0) {
            return Err(Error::Negative { what: "KMedoids: `d`, row by row,", index, value });
        }
        if self.k == 0 {
            let (estimator, got) = ("KMedoids", "0".into());
            return Err(Error::Parameter { estimator, name: "k", rule: ">= 1", got });
        }
        if self.k > d.nrows() {
            let (needed, got) = (self.k, d.nrows());
            return Err(Error::TooFewSamples { what: "KMedoids: `d`", needed, got });
        }
        Ok(self.search(d))
    }

    fn search(&self, d: ArrayView2<f64>) -> KMedoids {
        let n = d.nrows();
        // Candidates are columns of `d`; turned, they are slices.
        let from = d.t().as_standard_layout().into_owned();
        let first = match self.init {
            KMedoidsInit::Build => build(&from, self.k),
            KMedoidsInit::Random => {
                let mut rng = stream(self.seed, 0);
                rand::seq::index::sample(&mut rng, n, self.k).into_vec()
            }
        };
        let mut state = Choice::new(&from, first);
        let mut trace = vec![state.cost];
        let converged = match self.algorithm {
            KMedoidsAlgorithm::Pam => pam(&mut state, self.max_iter, &mut trace),
            KMedoidsAlgorithm::FasterPam => faster_pam(&mut state, self.max_iter, &mut trace),
        };
        let mut medoids = state.medoids;
        medoids.sort_unstable();
        let state = Choice::new(&from, medoids);
        KMedoids {
            labels: state.nearest.iter().map(|near| near.first).collect(),
            medoids: state.medoids,
            cost: state.cost,
            trace: trace.into(),
            converged,
        }
    }
}

/// The dissimilarity of each pair of rows, shape `(n_samples, n_samples)`.
fn dissimilarities(x: ArrayView2<f64>, metric: KMedoidsMetric) -> Result<Array2<f64>> {
    let norms: Vec<f64> = x.rows().into_iter().map(|row| row.dot(&row).sqrt()).collect();
    if metric == KMedoidsMetric::Cosine
        && let Some(row) = norms.iter().position(|&norm| norm <= 0.0)
    {
        return Err(Error::Parameter {
            estimator: "KMedoids",
            name: "x",
            rule: "without rows of zeros, which have no direction, for the cosine metric",
            got: format!("zeros at row {row}"),
        });
    }
    let sum = |a: ArrayView1<f64>, b: ArrayView1<f64>, term: fn(f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| term(a - b)).sum()
    };
    let one = |i: usize, j: usize| match metric {
        _ if i == j => 0.0,
        KMedoidsMetric::Euclidean => sum(x.row(i), x.row(j), |v| v * v).sqrt(),
        KMedoidsMetric::Manhattan => sum(x.row(i), x.row(j), f64::abs),
        // Rounding can put the cosine of parallel rows above 1.
        KMedoidsMetric::Cosine => (1.0 - x.row(i).dot(&x.row(j)) / (norms[i] * norms[j])).max(0.0),
    };
    let n = x.nrows();
    let rows: Vec<f64> = (0..n)
        .into_par_iter()
        .flat_map_iter(|i| (0..n).map(move |j| (i, j)))
        .map(|(i, j)| one(i, j))
        .collect();
    Ok(Array2::from_shape_vec((n, n), rows).unwrap_or_default())
}

/// The nearest two medoids of a row: positions in the list, and how unlike it they are.
#[derive(Debug, Clone, Copy)]
struct Near {
    first: usize,
    to_first: f64,
    to_second: f64,
}

/// A choice of medoids, and what the gains of swaps need to know about it.
struct Choice<'a> {
    /// Row `h` holds the dissimilarities of all rows to the candidate `h`.
    from: &'a Array2<f64>,
    medoids: Vec<usize>,
    nearest: Vec<Near>,
    cost: f64,
}

impl<'a> Choice<'a> {
    fn new(from: &'a Array2<f64>, medoids: Vec<usize>) -> Self {
        let none = Near { first: 0, to_first: f64::INFINITY, to_second: f64::INFINITY };
        let mut nearest = vec![none; from.ncols()];
        for (position, &medoid) in medoids.iter().enumerate() {
            for (near, &d) in nearest.iter_mut().zip(from.row(medoid)) {
                if d < near.to_first {
                    *near = Near { first: position, to_first: d, to_second: near.to_first };
                } else if d < near.to_second {
                    near.to_second = d;
                }
            }
        }
        let cost = nearest.iter().map(|near| near.to_first).sum();
        Self { from, medoids, nearest, cost }
    }

    /// What the cost rises by when each medoid is dropped and its rows go to their second, shape `(k,)`.
    fn losses(&self) -> Vec<f64> {
        let mut losses = vec![0.0; self.medoids.len()];
        for near in &self.nearest {
            losses[near.first] += near.to_second - near.to_first;
        }
        losses
    }

    /// The best medoid to exchange for `candidate`: its position, and the change of the cost.
    ///
    /// ```text
    /// Δ(m, h) = loss(m) + Σᵢ { d(i,h) − first(i)                           nearer than the first
    ///                          + [nearest(i) = m] (first(i) − second(i))
    ///                        { [nearest(i) = m] (d(i,h) − second(i))       nearer than the second
    /// ```
    fn best_exchange(&self, candidate: usize, losses: &[f64]) -> (usize, f64) {
        let mut change = losses.to_vec();
        let mut shared = 0.0;
        for (near, &d) in self.nearest.iter().zip(self.from.row(candidate)) {
            if d < near.to_first {
                shared += d - near.to_first;
                change[near.first] += near.to_first - near.to_second;
            } else if d < near.to_second {
                change[near.first] += d - near.to_second;
            }
        }
        let best = (0..change.len()).min_by(|&a, &b| change[a].total_cmp(&change[b])).unwrap_or(0);
        (best, change[best] + shared)
    }

    fn swap(&mut self, position: usize, candidate: usize) {
        let mut medoids = std::mem::take(&mut self.medoids);
        medoids[position] = candidate;
        *self = Self::new(self.from, medoids);
    }

    fn helps(&self, change: f64) -> bool {
        change < -LEAST_GAIN * self.cost
    }

    /// With one medoid there is no second: every row is tried.
    fn best_single(&mut self, trace: &mut Vec<f64>) -> bool {
        let best = build(self.from, 1);
        let found = Self::new(self.from, best);
        if self.helps(found.cost - self.cost) {
            trace.push(found.cost);
            *self = found;
        }
        true
    }
}

/// BUILD: the row that lowers the cost most, `k` times.
fn build(from: &Array2<f64>, k: usize) -> Vec<usize> {
    let n = from.ncols();
    let mut nearest = vec![f64::INFINITY; n];
    let mut medoids = Vec::with_capacity(k);
    let mut free = vec![true; n];
    while medoids.len() < k {
        check_interrupt();
        let costs: Vec<f64> = (0..n)
            .into_par_iter()
            .map(|h| from.row(h).iter().zip(&nearest).map(|(&d, &near)| d.min(near)).sum())
            .collect();
        let candidates = (0..n).filter(|&h| free[h]);
        let Some(next) = candidates.min_by(|&a, &b| costs[a].total_cmp(&costs[b])) else { break };
        free[next] = false;
        medoids.push(next);
        nearest.iter_mut().zip(from.row(next)).for_each(|(near, &d)| *near = near.min(d));
    }
    medoids
}

/// The best of all swaps, again and again. Says whether none was left that helps.
fn pam(state: &mut Choice, max_iter: usize, trace: &mut Vec<f64>) -> bool {
    if state.medoids.len() == 1 && max_iter > 0 {
        return state.best_single(trace);
    }
    for _ in 0..max_iter {
        check_interrupt();
        let losses = state.losses();
        let swaps: Vec<(usize, f64)> = (0..state.from.ncols())
            .into_par_iter()
            .map(|h| state.best_exchange(h, &losses))
            .collect();
        let Some((candidate, &(position, change))) =
            swaps.iter().enumerate().min_by(|a, b| a.1.1.total_cmp(&b.1.1))
        else {
            return true;
        };
        if !state.helps(change) {
            return true;
        }
        state.swap(position, candidate);
        trace.push(state.cost);
    }
    false
}

/// Each swap that helps at once, until a whole round over the rows finds none.
fn faster_pam(state: &mut Choice, max_iter: usize, trace: &mut Vec<f64>) -> bool {
    if state.medoids.len() == 1 && max_iter > 0 {
        return state.best_single(trace);
    }
    let n = state.from.ncols();
    let mut losses = state.losses();
    let mut since_swap = 0;
    for _ in 0..max_iter {
        check_interrupt();
        for candidate in 0..n {
            if since_swap == n {
                return true;
            }
            since_swap += 1;
            let (position, change) = state.best_exchange(candidate, &losses);
            if state.helps(change) {
                state.swap(position, candidate);
                losses = state.losses();
                trace.push(state.cost);
                since_swap = 0;
            }
        }
    }
    since_swap == n
}

impl Clusterer for KMedoidsParams {
    fn fit_labels(&self, x: ArrayView2<f64>, seed: u64) -> Result<Vec<Option<usize>>> {
        Ok(self.clone().seed(seed).fit(x)?.labels.into_iter().map(Some).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::{prop_assert, proptest};
    use rand::Rng;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// The least cost of all choices of `k` rows.
    fn brute_force(d: &Array2<f64>, k: usize) -> f64 {
        let n = d.nrows();
        let subsets = (0u32..1 << n).filter(|set| set.count_ones() as usize == k);
        let cost = |set: u32| {
            let nearest = |i| {
                let medoids = (0..n).filter(|j| set >> j & 1 == 1);
                medoids.map(|j| d[[i, j]]).fold(f64::INFINITY, f64::min)
            };
            (0..n).map(nearest).sum::<f64>()
        };
        subsets.map(cost).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn five_points_by_hand() {
        let x = array![[0.0], [1.0], [3.0], [10.0], [12.0]];
        let first = KMedoids::params(2).max_iter(0).fit(x.view()).unwrap();
        // BUILD: row 2 has the least sum (3 + 2 + 7 + 9 = 21); then row 3 saves 7 + 7.
        assert_eq!((first.medoids, first.cost), (vec![2, 3], 7.0));
        assert!(!first.converged);
        // SWAP: row 1 for row 2 makes 1 + 0 + 2 + 0 + 2.
        let pam = KMedoids::params(2).algorithm(KMedoidsAlgorithm::Pam);
        let model = pam.fit(x.view()).unwrap();
        assert_eq!((model.medoids, model.cost), (vec![1, 3], 5.0));
        assert_eq!((model.labels, model.trace.to_vec()), (vec![0, 0, 0, 1, 1], vec![7.0, 5.0]));
        assert!(model.converged);
    }

    #[test]
    fn one_medoid_is_the_row_with_the_least_sum() {
        let x = array![[0.0], [4.0], [5.0], [100.0]];
        for algorithm in [KMedoidsAlgorithm::Pam, KMedoidsAlgorithm::FasterPam] {
            for init in [KMedoidsInit::Build, KMedoidsInit::Random] {
                let params = KMedoids::params(1).algorithm(algorithm).init(init).seed(2);
                let model = params.fit(x.view()).unwrap();
                assert_eq!((model.medoids, model.cost), (vec![1], 101.0));
            }
        }
        assert_eq!(KMedoids::params(1).fit(array![[3.0]].view()).unwrap().medoids, [0]);
    }

    #[test]
    fn metrics_by_hand() {
        let x = array![[1.0, 0.0], [4.0, 4.0]];
        let d = |metric| dissimilarities(x.view(), metric).unwrap()[[0, 1]];
        assert!((d(KMedoidsMetric::Euclidean) - 5.0).abs() < 1e-15);
        assert!((d(KMedoidsMetric::Manhattan) - 7.0).abs() < 1e-15);
        assert!((d(KMedoidsMetric::Cosine) - (1.0 - 0.5f64.sqrt())).abs() < 1e-15);
    }

    #[test]
    fn a_dissimilarity_need_not_be_symmetric() {
        // Both rows are 1 from medoid 0, but 5 from medoid 1.
        let d = array![[0.0, 5.0, 9.0], [1.0, 0.0, 9.0], [2.0, 9.0, 0.0]];
        let model = KMedoids::params(1).fit_precomputed(d.view()).unwrap();
        assert_eq!((model.medoids, model.cost), (vec![0], 3.0));
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]];
        let fit = |params: KMedoidsParams| params.fit(x.view());
        assert!(matches!(fit(KMedoids::params(0)), Err(Error::Parameter { name: "k", .. })));
        assert!(matches!(fit(KMedoids::params(3)), Err(Error::TooManyClusters { .. })));
        let cosine = fit(KMedoids::params(1).metric(KMedoidsMetric::Cosine));
        assert!(matches!(cosine, Err(Error::Parameter { name: "x", .. })));
        let pre = |k, d: Array2<f64>| KMedoids::params(k).fit_precomputed(d.view());
        assert!(matches!(pre(1, array![[0.0, 1.0]]), Err(Error::Shape { .. })));
        assert!(matches!(pre(1, array![[0.0, -1.0], [1.0, 0.0]]), Err(Error::Negative { .. })));
        assert!(matches!(pre(0, array![[0.0]]), Err(Error::Parameter { .. })));
        assert!(matches!(pre(2, array![[0.0]]), Err(Error::TooFewSamples { .. })));
        assert!(matches!(pre(1, array![[f64::NAN]]), Err(Error::NotFinite { .. })));
    }

    proptest! {
        #[test]
        fn no_swap_helps_at_the_end_and_brute_force_is_never_worse(seed in 0u64..200, k in 2usize..5) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let x = Array2::from_shape_fn((9, 2), |_| rng.random_range(-5.0..5.0));
            let d = dissimilarities(x.view(), KMedoidsMetric::Manhattan).unwrap();
            let best = brute_force(&d, k);
            for algorithm in [KMedoidsAlgorithm::Pam, KMedoidsAlgorithm::FasterPam] {
                for init in [KMedoidsInit::Build, KMedoidsInit::Random] {
                    let params = KMedoids::params(k).algorithm(algorithm).init(init).seed(seed);
                    let model = params.fit_precomputed(d.view()).unwrap();
                    prop_assert!(model.converged && model.cost >= best - 1e-12);
                    prop_assert!(model.trace.windows(2).into_iter().all(|w| w[1] < w[0]));
                    // The formula of the gains against the cost itself, for every swap.
                    for position in 0..k {
                        for candidate in 0..9 {
                            let mut medoids = model.medoids.clone();
                            medoids[position] = candidate;
                            let cost = Choice::new(&d, medoids).cost;
                            prop_assert!(cost >= model.cost - 1e-9);
                        }
                    }
                }
            }
        }
    }
}
