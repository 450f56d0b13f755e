//! DBSCAN: clusters as regions where points lie densely, of any shape, with the rest as noise.
//!
//! ```text
//! N(x) = { x' : d(x, x') <= ε }, x itself included
//! core     |N(x)| >= m
//! border   not core, but in N(c) of a core point c
//! noise    neither
//! cluster  core points that are joined by steps of at most ε through core points, with their borders
//! ```
//!
//! Reachability is not symmetric: a border point is reached from a core point, never the other way round, so
//! clusters are the connected components of the *core* points only. A border point may be near cores of two
//! clusters; the original gives it to whichever comes first, which depends on the order of the rows. Here it
//! goes to its nearest core point, so that the answer does not.
//!
//! Neighbours come from a k-d tree: about `O(n log n)` for small `ε` in few dimensions. With an `ε` that
//! reaches most points no index helps, and it is `O(n²)`. Choose `ε` at the knee of [`k_distance`].
//!
//! # References
//! Ester, Kriegel, Sander & Xu (1996); Schubert et al. (2017), *DBSCAN revisited, revisited*, for the cost.

use super::kdtree::{KdTree, Norm};
use crate::base::{Clusterer, check_matrix, holds, shape, stored, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU32, Ordering};

/// Mean radius of the earth in km (IUGG).
const EARTH_KM: f64 = 6371.0088;
/// Rows that one task looks up.
const CHUNK: usize = 512;

/// How far two points are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DbscanMetric {
    /// `√Σ (aⱼ − bⱼ)²`.
    #[default]
    Euclidean,
    /// `Σ |aⱼ − bⱼ|`.
    Manhattan,
    /// Along the surface of the earth, in km; rows are longitude and latitude in degrees.
    Haversine,
}

/// What a point is to the clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PointKind {
    /// At least `min_points` within `ε`, itself included.
    Core,
    /// Near a core point.
    Border,
    /// Near none.
    Noise,
}

impl Dbscan {
    /// Settings: radius and the number of points, itself included, that make a point a core.
    ///
    /// ```
    /// use mlnotes::cluster::dbscan::Dbscan;
    /// use ndarray::array;
    /// let x = array![[0.0], [0.1], [0.2], [5.0], [5.1], [5.2], [9.0]];
    /// let model = Dbscan::params(0.15, 2).fit(x.view())?;
    /// assert_eq!(model.labels, [Some(0), Some(0), Some(0), Some(1), Some(1), Some(1), None]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(eps: f64, min_points: usize) -> DbscanParams {
        DbscanParams { eps, min_points, metric: DbscanMetric::Euclidean }
    }
}

/// Settings of DBSCAN.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `eps` | required | finite, `> 0` | radius of a neighbourhood, in the metric's unit |
/// | `min_points` | required | `>= 1` | points in it, itself included, that make a core |
/// | `metric` | Euclidean | | see [`DbscanMetric`] |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DbscanParams {
    eps: f64,
    min_points: usize,
    metric: DbscanMetric,
}

/// Clusters found by density.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Dbscan {
    /// Cluster of each row, numbered by the first core row of each; `None` is noise. Shape `(n_samples,)`.
    pub labels: Vec<Option<usize>>,
    /// What each row is, shape `(n_samples,)`.
    pub kinds: Vec<PointKind>,
    /// Number of clusters.
    pub n_clusters: usize,
}

stored!(Dbscan, |m| {
    shape("kinds", m.kinds.len(), m.labels.len())?;
    holds(m.labels.iter().flatten().all(|&l| l < m.n_clusters), "a label of no cluster")
});

impl Dbscan {
    /// Number of rows that belong to no cluster.
    pub fn n_noise(&self) -> usize {
        self.labels.iter().filter(|label| label.is_none()).count()
    }
}

impl DbscanParams {
    /// How far two points are apart.
    #[must_use]
    pub fn metric(mut self, metric: DbscanMetric) -> Self {
        self.metric = metric;
        self
    }

    /// Clusters the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`]; with [`DbscanMetric::Haversine`]
    /// [`Error::Shape`] unless there are two columns.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<Dbscan> {
        self.check(x)?;
        let space = Space::new(x, self.metric)?;
        let limit = space.limit(self.eps);
        let order = space.tree.order();
        let is_core = |i: usize| {
            let mut near = 0;
            space.tree.within(space.point(i), limit, &mut |_, _| {
                near += 1;
                near < self.min_points
            });
            near >= self.min_points
        };
        let core: Vec<bool> = each(order, is_core);
        let joined = Forest::new(core.len());
        order.par_iter().with_min_len(CHUNK).for_each(|&row| {
            check_interrupt();
            let i = row as usize;
            if core[i] {
                space.tree.within(space.point(i), limit, &mut |j, _| {
                    if j < i && core[j] {
                        joined.unite(i, j);
                    }
                    true
                });
            }
        });
        let nearest_core = |i: usize| {
            let mut best: Option<(f64, usize)> = None;
            if !core[i] {
                space.tree.within(space.point(i), limit, &mut |j, distance| {
                    let nearer = best.is_none_or(|best| (distance, j) < best);
                    if core[j] && nearer {
                        best = Some((distance, j));
                    }
                    true
                });
            }
            best.map(|best| best.1)
        };
        let reached: Vec<Option<usize>> = each(order, nearest_core);
        Ok(number(&core, &joined, &reached))
    }

    fn check(&self, x: ArrayView2<f64>) -> Result<()> {
        check_matrix("Dbscan: `x`", x)?;
        let refuse = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "Dbscan", name, rule, got })
        };
        if !(self.eps.is_finite() && self.eps > 0.0) {
            return refuse("eps", "finite and > 0", self.eps.to_string());
        }
        if self.min_points == 0 {
            return refuse("min_points", ">= 1", "0".to_owned());
        }
        Ok(())
    }
}

/// Distance of each row to its `k`-th nearest other row, rising, shape `(n_samples,)`. Where the curve bends up
/// steeply lie the distances that separate clusters from noise: an `ε` for `min_points = k + 1`.
///
/// # Errors
/// As [`DbscanParams::fit`]; [`Error::TooFewSamples`] unless there are more than `k` rows.
///
/// ```
/// use mlnotes::cluster::dbscan::{DbscanMetric, k_distance};
/// let x = ndarray::array![[0.0], [1.0], [3.0]];
/// let distances = k_distance(x.view(), 1, DbscanMetric::Euclidean)?;
/// assert_eq!(distances, ndarray::array![1.0, 1.0, 2.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn k_distance(x: ArrayView2<f64>, k: usize, metric: DbscanMetric) -> Result<Array1<f64>> {
    check_matrix("k_distance: `x`", x)?;
    if k == 0 {
        let (estimator, name, rule) = ("k_distance", "k", ">= 1");
        return Err(Error::Parameter { estimator, name, rule, got: "0".to_owned() });
    }
    if x.nrows() <= k {
        let what = "k_distance: `x`";
        return Err(Error::TooFewSamples { what, needed: k + 1, got: x.nrows() });
    }
    let space = Space::new(x, metric)?;
    let mut distances: Vec<f64> = each(space.tree.order(), |i| {
        let near = space.tree.nearest(space.point(i), k + 1);
        space.distance(near[k])
    });
    distances.sort_by(f64::total_cmp);
    Ok(distances.into())
}

/// `f` of every row, in parallel and worked through in `order`.
fn each<T: Send + Clone + Default>(order: &[u32], f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let task = |&row: &u32| {
        check_interrupt();
        f(row as usize)
    };
    let found: Vec<T> = order.par_iter().with_min_len(CHUNK).map(task).collect();
    let mut of_row = vec![T::default(); order.len()];
    for (&row, value) in order.iter().zip(found) {
        of_row[row as usize] = value;
    }
    of_row
}

/// The rows where distances are those of the tree.
struct Space {
    x: Array2<f64>,
    tree: KdTree,
    metric: DbscanMetric,
}

impl Space {
    fn new(x: ArrayView2<f64>, metric: DbscanMetric) -> Result<Self> {
        let x = match metric {
            DbscanMetric::Haversine => on_the_sphere(x)?,
            _ => x.as_standard_layout().into_owned(),
        };
        let norm = if metric == DbscanMetric::Manhattan { Norm::Sizes } else { Norm::Squares };
        let tree = KdTree::new(x.view(), norm);
        Ok(Self { x, tree, metric })
    }

    fn point(&self, i: usize) -> &[f64] {
        let d = self.x.ncols();
        // Standard layout, made in `new`.
        self.x.as_slice().map_or(&[], |all| &all[i * d..(i + 1) * d])
    }

    /// `ε` in the units of the tree.
    fn limit(&self, eps: f64) -> f64 {
        match self.metric {
            DbscanMetric::Euclidean => eps * eps,
            DbscanMetric::Manhattan => eps,
            // The straight line through the earth; half way round is the farthest.
            DbscanMetric::Haversine => {
                let half = (eps / EARTH_KM / 2.0).min(std::f64::consts::FRAC_PI_2);
                (2.0 * half.sin()).powi(2)
            }
        }
    }

    /// A distance of the tree in the metric's unit.
    fn distance(&self, of_tree: f64) -> f64 {
        match self.metric {
            DbscanMetric::Euclidean => of_tree.sqrt(),
            DbscanMetric::Manhattan => of_tree,
            DbscanMetric::Haversine => 2.0 * EARTH_KM * (of_tree.sqrt() / 2.0).min(1.0).asin(),
        }
    }
}

/// Longitude and latitude in degrees as points of the unit sphere: there the chord grows with the arc.
fn on_the_sphere(x: ArrayView2<f64>) -> Result<Array2<f64>> {
    if x.ncols() != 2 {
        return Err(Error::Shape {
            what: "Dbscan: `x` with DbscanMetric::Haversine",
            expected: "(n_samples, 2), longitude and latitude in degrees".to_owned(),
            got: format!("{:?}", x.dim()),
        });
    }
    let mut sphere = Array2::zeros((x.nrows(), 3));
    for (degrees, mut point) in x.rows().into_iter().zip(sphere.rows_mut()) {
        let (longitude, latitude) = (degrees[0].to_radians(), degrees[1].to_radians());
        point[0] = latitude.cos() * longitude.cos();
        point[1] = latitude.cos() * longitude.sin();
        point[2] = latitude.sin();
    }
    Ok(sphere)
}

/// Numbers the components by their first core row and gives borders to their core's.
fn number(core: &[bool], joined: &Forest, reached: &[Option<usize>]) -> Dbscan {
    let n = core.len();
    let mut cluster_of_root = vec![None; n];
    let mut n_clusters = 0;
    for i in (0..n).filter(|&i| core[i]) {
        // The root of a component is its first row, so it is met first.
        cluster_of_root[joined.root(i)].get_or_insert_with(|| {
            n_clusters += 1;
            n_clusters - 1
        });
    }
    let (mut labels, mut kinds) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for i in 0..n {
        let (kind, through) = match (core[i], reached[i]) {
            (true, _) => (PointKind::Core, Some(i)),
            (false, Some(near)) => (PointKind::Border, Some(near)),
            (false, None) => (PointKind::Noise, None),
        };
        labels.push(through.and_then(|row| cluster_of_root[joined.root(row)]));
        kinds.push(kind);
    }
    Dbscan { labels, kinds, n_clusters }
}

/// Union-find that many threads may use at once: a root is only ever hung below a smaller one, so the
/// components and their roots do not depend on who came first.
struct Forest {
    parent: Vec<AtomicU32>,
}

impl Forest {
    #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 rows")]
    fn new(n: usize) -> Self {
        Self { parent: (0..n as u32).map(AtomicU32::new).collect() }
    }

    fn root(&self, row: usize) -> usize {
        let mut at = row;
        loop {
            let parent = self.parent[at].load(Ordering::Acquire) as usize;
            if parent == at {
                return at;
            }
            // Halves the path for the next one who comes.
            let above = self.parent[parent].load(Ordering::Acquire);
            #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 rows")]
            let _ = self.parent[at].compare_exchange(
                parent as u32,
                above,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            at = parent;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 rows")]
    fn unite(&self, a: usize, b: usize) {
        // Most pairs hang below one root already.
        let parent = |row: usize| self.parent[row].load(Ordering::Acquire);
        if parent(a) == parent(b) {
            return;
        }
        loop {
            let (a, b) = (self.root(a), self.root(b));
            if a == b {
                return;
            }
            let (low, high) = (a.min(b), a.max(b));
            let hung = self.parent[high].compare_exchange(
                high as u32,
                low as u32,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if hung.is_ok() {
                return;
            }
        }
    }
}

impl Clusterer for DbscanParams {
    fn fit_labels(&self, x: ArrayView2<f64>, _: u64) -> Result<Vec<Option<usize>>> {
        Ok(self.fit(x)?.labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn a_border_point_between_two_clusters_goes_to_the_nearer_core() {
        // Row 4 reaches one core of each side: 0.2 at 1.05, and 2.2 at 0.95.
        let x = array![[0.0], [0.1], [0.15], [0.2], [1.25], [2.2], [2.35], [2.4], [2.5]];
        let model = Dbscan::params(1.06, 4).fit(x.view()).unwrap();
        assert_eq!((model.kinds[4], model.n_clusters), (PointKind::Border, 2));
        assert_eq!(model.labels[4], model.labels[5]);
        let turned = x.slice(ndarray::s![..;-1, ..]);
        let back = Dbscan::params(1.06, 4).fit(turned).unwrap();
        assert_eq!(back.labels[4], back.labels[3], "whatever the order of the rows");
    }

    #[test]
    fn settings_and_shapes_are_checked() {
        let x = array![[0.0, 0.0], [1.0, 1.0]];
        assert!(matches!(Dbscan::params(0.0, 2).fit(x.view()), Err(Error::Parameter { .. })));
        assert!(matches!(Dbscan::params(f64::NAN, 2).fit(x.view()), Err(Error::Parameter { .. })));
        assert!(matches!(Dbscan::params(1.0, 0).fit(x.view()), Err(Error::Parameter { .. })));
        let globe = Dbscan::params(1.0, 1).metric(DbscanMetric::Haversine);
        assert!(matches!(globe.fit(array![[1.0]].view()), Err(Error::Shape { .. })));
        let few = k_distance(x.view(), 2, DbscanMetric::Euclidean);
        assert!(matches!(few, Err(Error::TooFewSamples { .. })));
        let alone = Dbscan::params(0.5, 2).fit(x.view()).unwrap();
        assert_eq!((alone.n_clusters, alone.n_noise()), (0, 2));
        let one = Dbscan::params(0.5, 1).fit(array![[3.0]].view()).unwrap();
        assert_eq!(one.labels, [Some(0)]);
    }

    #[test]
    fn distances_on_the_earth_are_kilometres() {
        // A degree of latitude is 111.195 km; across the date line as well.
        let x = array![[0.0, 0.0], [0.0, 1.0], [179.5, 0.0], [-179.5, 0.0]];
        let d = k_distance(x.view(), 1, DbscanMetric::Haversine).unwrap();
        assert!(d.iter().all(|km| (km - 111.195).abs() < 0.001), "{d}");
    }

    proptest! {
        /// Against the definition, with every pair looked at.
        #[test]
        fn clusters_are_components_of_core_points(
            values in proptest::collection::vec(0_u8..14, 2..80),
            min_points in 1_usize..6,
        ) {
            let n = values.len() / 2;
            let x = Array2::from_shape_fn((n, 2), |(i, j)| f64::from(values[2 * i + j]));
            let near = |a: usize, b: usize| {
                let (dx, dy) = (x[[a, 0]] - x[[b, 0]], x[[a, 1]] - x[[b, 1]]);
                dx * dx + dy * dy <= 2.25
            };
            let model = Dbscan::params(1.5, min_points).fit(x.view()).unwrap();
            let core: Vec<bool> =
                (0..n).map(|i| (0..n).filter(|&j| near(i, j)).count() >= min_points).collect();
            for i in 0..n {
                prop_assert_eq!(model.kinds[i] == PointKind::Core, core[i]);
                let reached = (0..n).any(|j| core[j] && near(i, j));
                prop_assert_eq!(model.labels[i].is_some(), reached);
                for j in 0..n {
                    if core[i] && core[j] && near(i, j) {
                        prop_assert_eq!(model.labels[i], model.labels[j]);
                    }
                }
            }
            // No cluster holds two components: flood each from its first core.
            let mut seen = vec![false; n];
            let mut components = 0;
            for i in (0..n).filter(|&i| core[i]) {
                if seen[i] {
                    continue;
                }
                components += 1;
                let mut open = vec![i];
                while let Some(at) = open.pop() {
                    if !std::mem::replace(&mut seen[at], true) {
                        open.extend((0..n).filter(|&j| core[j] && near(at, j)));
                    }
                }
            }
            prop_assert_eq!(model.n_clusters, components);
        }
    }
}
