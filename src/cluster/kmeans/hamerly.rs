//! Hamerly's bounds: the labels of Lloyd's algorithm with most of the distances left out.
//!
//! ```text
//! uᵢ = ‖xᵢ − c_{lᵢ}‖                     to the row's own centroid
//! bᵢ ≤ minⱼ≠lᵢ ‖xᵢ − cⱼ‖                 a lower bound; when centroids move it falls by the largest shift
//! sⱼ = ½ min_{m≠j} ‖cⱼ − cₘ‖             half the way to the next centroid
//! uᵢ < max(bᵢ, s_{lᵢ})  ⇒  lᵢ stays       by the triangle inequality
//! ```
//!
//! The paper also bounds `uᵢ` from above; here it is computed, because the inertia of each iteration
//! needs it. That leaves `1/k` of Lloyd's distances where nothing changes.
//!
//! # References
//! Hamerly (2010), *Making k-means even faster*, algorithm 1.

use super::assign::{ROWS, Turned, flat, squared_distance};
use crate::base::BLOCK;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

/// What rounding may have taken from a bound, relative to it. Sums of distances are right to about
/// `n_features · 1e-16`, so this is ample, and it costs next to nothing.
const SLACK: f64 = 1e-10;

/// The lower bound `bᵢ` of each row, shape `(n_samples,)`; empty before the first assignment.
#[derive(Debug, Default)]
pub(super) struct Bounds(Vec<f64>);

impl Bounds {
    /// Labels and inertia for `centroids`, to the bit as [`super::assign::assign_rows`] has them, given
    /// the labels for `old` centroids.
    pub(super) fn assign(
        &mut self,
        x: ArrayView2<f64>,
        old: &Array2<f64>,
        centroids: &Array2<f64>,
        mut labels: Vec<usize>,
    ) -> (Vec<usize>, f64) {
        let (turned, d) = (Turned::new(centroids.view()), x.ncols());
        // Without bounds every row is looked at.
        let first = self.0.is_empty();
        if first {
            self.0 = vec![f64::NEG_INFINITY; x.nrows()];
            labels = vec![0; x.nrows()];
        }
        let shifts = if first { vec![0.0; centroids.nrows()] } else { shifts(old, centroids) };
        let own = centroids.as_slice().unwrap_or_default();
        let half_way = half_way(centroids);
        let shared = Shared { turned, own, shifts, half_way, first };
        let inertias: Vec<f64> = flat(&x)
            .par_chunks(BLOCK * d)
            .zip(labels.par_chunks_mut(BLOCK))
            .zip(self.0.par_chunks_mut(BLOCK))
            .map(|((rows, labels), bounds)| shared.chunk(rows, labels, bounds))
            .collect();
        (labels, inertias.iter().sum())
    }
}

/// What the rows of an iteration share.
struct Shared<'a> {
    turned: Turned,
    /// Centroids end to end.
    own: &'a [f64],
    shifts: Vec<f64>,
    half_way: Vec<f64>,
    /// Whether there are no labels yet.
    first: bool,
}

impl Shared<'_> {
    /// The squared distances of `R` rows to their own centroids. The rows take turns, feature by feature,
    /// so that one sum need not wait for its last addition.
    #[inline]
    fn own_distances<const R: usize>(&self, rows: &[f64], labels: &[usize]) -> [f64; R] {
        let d = rows.len() / R;
        let pairs: [_; R] = std::array::from_fn(|r| {
            (&rows[r * d..(r + 1) * d], &self.own[labels[r] * d..(labels[r] + 1) * d])
        });
        let mut sums = [0.0; R];
        for feature in 0..d {
            for (sum, (row, centroid)) in sums.iter_mut().zip(pairs) {
                let gap = row[feature] - centroid[feature];
                *sum += gap * gap;
            }
        }
        sums
    }

    /// Mends the labels and bounds of `R` rows, and adds their squared distances to `inertia`.
    #[inline]
    fn step<const R: usize>(
        &self,
        rows: &[f64],
        labels: &mut [usize],
        bounds: &mut [f64],
        inertia: &mut f64,
    ) {
        let d = rows.len() / R;
        let distances = self.own_distances::<R>(rows, labels);
        for (r, mut distance) in distances.into_iter().enumerate() {
            let (label, bound) = (&mut labels[r], &mut bounds[r]);
            *bound -= self.shifts[*label];
            let near = bound.max(self.half_way[*label]);
            if self.first || distance.sqrt() >= near {
                let next;
                (*label, distance, next) = self.turned.nearest_two(&rows[r * d..(r + 1) * d]);
                *bound = next.sqrt() * (1.0 - SLACK);
            }
            *inertia += distance;
        }
    }

    /// [`Shared::step`] for the rows of a chunk.
    fn chunk(&self, rows: &[f64], labels: &mut [usize], bounds: &mut [f64]) -> f64 {
        let d = rows.len() / labels.len();
        let mut inertia = 0.0;
        let groups = rows.chunks(ROWS * d).zip(labels.chunks_mut(ROWS));
        for ((rows, labels), bounds) in groups.zip(bounds.chunks_mut(ROWS)) {
            if labels.len() == ROWS {
                self.step::<ROWS>(rows, labels, bounds, &mut inertia);
                continue;
            }
            let each = rows.chunks(d).zip(labels.chunks_mut(1)).zip(bounds.chunks_mut(1));
            for ((row, label), bound) in each {
                self.step::<1>(row, label, bound, &mut inertia);
            }
        }
        inertia
    }
}

/// For each centroid the largest shift among the others: by so much can a row's next centroid come
/// nearer.
fn shifts(old: &Array2<f64>, new: &Array2<f64>) -> Vec<f64> {
    let moved: Vec<f64> = old
        .rows()
        .into_iter()
        .zip(new.rows())
        .map(|(a, b)| squared_distance(a, b).sqrt() * (1.0 + SLACK))
        .collect();
    let largest = (0..moved.len()).max_by(|&a, &b| moved[a].total_cmp(&moved[b])).unwrap_or(0);
    let others = moved.iter().enumerate().filter(|(j, _)| *j != largest);
    let second = others.map(|(_, &shift)| shift).fold(0.0, f64::max);
    (0..moved.len()).map(|j| if j == largest { second } else { moved[largest] }).collect()
}

/// Half the distance from each centroid to the nearest other one; infinite for a single centroid.
fn half_way(centroids: &Array2<f64>) -> Vec<f64> {
    let k = centroids.nrows();
    let to_next = |j: usize| {
        let others = (0..k).filter(|&m| m != j);
        let distance = |m| squared_distance(centroids.row(j), centroids.row(m));
        others.map(distance).fold(f64::INFINITY, f64::min)
    };
    (0..k).map(|j| 0.5 * to_next(j).sqrt() * (1.0 - SLACK)).collect()
}
