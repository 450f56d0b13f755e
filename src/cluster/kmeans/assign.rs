//! The two half-steps of Lloyd's algorithm: every row to its nearest centroid, every centroid to the
//! mean of its rows.
//!
//! Distances are summed as `Σⱼ (xⱼ − cⱼ)²`, not as `‖x‖² − 2x·c + ‖c‖²`, which loses digits far from 0. To
//! make that quick all the same, the centroids are turned so that [`LANES`] of them lie side by side
//! for each feature: one pass over a row then feeds `LANES` independent sums, which the compiler puts into
//! vector registers. Each single sum still runs over the features in order, so it has the bits of the
//! plain loop.

use super::EmptyCluster;
use crate::Result;
use crate::base::BLOCK;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

/// Centroids that lie side by side.
const LANES: usize = 4;
/// Rows that go over the centroids together.
pub(super) const ROWS: usize = 4;
/// Most partial sums of the update step, each as large as the centroids.
const PARTS: usize = 16;

/// Centroids, shape `(k, n_features)`, turned into blocks of [`LANES`]; the last block is filled up with
/// infinity, which is never the nearest.
pub(super) struct Turned {
    blocks: Vec<[f64; LANES]>,
    n_features: usize,
}

impl Turned {
    pub(super) fn new(centroids: ArrayView2<f64>) -> Self {
        let n_features = centroids.ncols();
        let mut blocks = Vec::with_capacity(centroids.nrows().div_ceil(LANES) * n_features);
        for block in centroids.axis_chunks_iter(Axis(0), LANES) {
            blocks.extend(block.columns().into_iter().map(|column| {
                let mut lanes = [f64::INFINITY; LANES];
                lanes.iter_mut().zip(column).for_each(|(lane, &c)| *lane = c);
                lanes
            }));
        }
        Self { blocks, n_features }
    }

    /// Calls `visit(r, j, d²)` for each of the `R` rows and each centroid `j`, in order of `j`.
    #[inline]
    fn distances<const R: usize>(
        &self,
        rows: [&[f64]; R],
        mut visit: impl FnMut(usize, usize, f64),
    ) {
        for (b, block) in self.blocks.chunks_exact(self.n_features).enumerate() {
            let rows = rows.map(|row| &row[..block.len()]);
            let mut sums = [[0.0; LANES]; R];
            for (feature, centroids) in block.iter().enumerate() {
                for (sum, row) in sums.iter_mut().zip(rows) {
                    let value = row[feature];
                    for (s, c) in sum.iter_mut().zip(centroids) {
                        *s += (value - c) * (value - c);
                    }
                }
            }
            for (r, sum) in sums.iter().enumerate() {
                for (lane, &d) in sum.iter().enumerate() {
                    visit(r, b * LANES + lane, d);
                }
            }
        }
    }

    /// The nearest centroid of each row (the lower one on a tie), and the sum of the squared distances
    /// to them. `rows` are rows end to end.
    #[inline]
    fn nearest_of_chunk(&self, rows: &[f64], labels: &mut [usize]) -> f64 {
        let d = self.n_features;
        let mut inertia = 0.0;
        let groups = rows.chunks_exact(ROWS * d);
        let rest = groups.remainder().chunks_exact(d);
        let mut labels = labels.chunks_exact_mut(ROWS);
        for (group, labels) in groups.zip(&mut labels) {
            let rows: [&[f64]; ROWS] = std::array::from_fn(|r| &group[r * d..(r + 1) * d]);
            let best = self.nearest(rows);
            for ((j, distance), label) in best.into_iter().zip(labels) {
                *label = j;
                inertia += distance;
            }
        }
        for (row, label) in rest.zip(labels.into_remainder()) {
            let [(j, distance)] = self.nearest([row]);
            *label = j;
            inertia += distance;
        }
        inertia
    }

    #[inline]
    fn nearest<const R: usize>(&self, rows: [&[f64]; R]) -> [(usize, f64); R] {
        let mut best = [(0, f64::INFINITY); R];
        self.distances(rows, |r, j, distance| {
            if distance < best[r].1 {
                best[r] = (j, distance);
            }
        });
        best
    }

    /// The nearest centroid of a row (the lower one on a tie), its squared distance, and the squared
    /// distance of the next.
    #[inline]
    pub(super) fn nearest_two(&self, row: &[f64]) -> (usize, f64, f64) {
        let mut best = (0, f64::INFINITY, f64::INFINITY);
        self.distances([row], |_, j, distance| {
            if distance < best.1 {
                best = (j, distance, best.1);
            } else if distance < best.2 {
                best.2 = distance;
            }
        });
        best
    }
}

/// The rows of `x` end to end, for loops over slices. Callers pass arrays in standard layout.
pub(super) fn flat<'a>(x: &'a ArrayView2<f64>) -> &'a [f64] {
    x.as_slice().unwrap_or_default()
}

/// Assignment step: the nearest centroid of each row (the lower one on a tie) and the inertia.
/// `x` is in standard layout.
pub(in crate::cluster) fn assign_rows(
    x: ArrayView2<f64>,
    centroids: ArrayView2<f64>,
) -> (Vec<usize>, f64) {
    let turned = Turned::new(centroids);
    let mut labels = vec![0; x.nrows()];
    let inertias: Vec<f64> = flat(&x)
        .par_chunks(BLOCK * x.ncols())
        .zip(labels.par_chunks_mut(BLOCK))
        .map(|(rows, labels)| turned.nearest_of_chunk(rows, labels))
        .collect();
    (labels, inertias.iter().sum())
}

/// Sums of the rows of each cluster, shape `(k, n_features)`, and how many they are.
fn sums(x: ArrayView2<f64>, labels: &[usize], k: usize) -> (Array2<f64>, Vec<usize>) {
    let d = x.ncols();
    let part = x.nrows().div_ceil(PARTS).max(BLOCK);
    let parts: Vec<(Vec<f64>, Vec<usize>)> = flat(&x)
        .par_chunks(part * d)
        .zip(labels.par_chunks(part))
        .map(|(rows, labels)| {
            let (mut sums, mut counts) = (vec![0.0; k * d], vec![0; k]);
            for (row, &label) in rows.chunks_exact(d).zip(labels) {
                sums[label * d..][..d].iter_mut().zip(row).for_each(|(s, v)| *s += v);
                counts[label] += 1;
            }
            (sums, counts)
        })
        .collect();
    let (mut total, mut counts) = (Array2::zeros((k, d)), vec![0; k]);
    for (part, part_counts) in &parts {
        total.iter_mut().zip(part).for_each(|(t, s)| *t += s);
        counts.iter_mut().zip(part_counts).for_each(|(t, c)| *t += c);
    }
    (total, counts)
}

/// Update step: the mean of each cluster's rows. `x` is in standard layout.
pub(super) fn update(
    x: ArrayView2<f64>,
    labels: &[usize],
    old: &Array2<f64>,
    empty: EmptyCluster,
) -> Result<Array2<f64>> {
    let (mut sums, mut counts) = sums(x, labels, old.nrows());
    if let (EmptyCluster::Error, Some(cluster)) = (empty, counts.iter().position(|&c| c == 0)) {
        return Err(super::lost_its_last_row(cluster));
    }
    if counts.contains(&0) {
        fill(x, labels, old, &mut sums, &mut counts);
    }
    for (mut row, &count) in sums.rows_mut().into_iter().zip(&counts) {
        row /= count.max(1) as f64;
    }
    Ok(sums)
}

/// Gives each empty cluster the row that is farthest from its own centroid.
fn fill(
    x: ArrayView2<f64>,
    labels: &[usize],
    old: &Array2<f64>,
    sums: &mut Array2<f64>,
    counts: &mut [usize],
) {
    let distance = |&i: &usize| squared_distance(x.row(i), old.row(labels[i]));
    let mut far: Vec<usize> = (0..x.nrows()).collect();
    far.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    let mut far = far.into_iter();
    for j in 0..counts.len() {
        if counts[j] > 0 {
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
}

/// `‖a − b‖²`, summed in order.
pub(in crate::cluster) fn squared_distance(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// As [`squared_distance`], of slices.
#[inline]
pub(super) fn squared_distance_of(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// The blocks must not change a bit: rows and centroids that fill the last block or do not.
    #[test]
    fn blocks_have_the_bits_of_the_plain_loop() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for (n, d, k) in [(1, 1, 1), (7, 3, 4), (8, 5, 5), (1027, 2, 9), (30, 17, 12)] {
            let x = Array2::from_shape_fn((n, d), |_| rng.random_range(-3.0..3.0));
            let c = Array2::from_shape_fn((k, d), |_| rng.random_range(-3.0..3.0));
            let (labels, inertia) = assign_rows(x.view(), c.view());
            let mut total = 0.0;
            for rows in x.axis_chunks_iter(Axis(0), BLOCK) {
                let nearest = |row| {
                    let to = |j: usize| squared_distance(row, c.row(j));
                    (0..k).map(to).fold(f64::INFINITY, f64::min)
                };
                total += rows.rows().into_iter().map(nearest).sum::<f64>();
            }
            assert_eq!(inertia.to_bits(), total.to_bits(), "{n} {d} {k}");
            for (i, &label) in labels.iter().enumerate() {
                let own = squared_distance(x.row(i), c.row(label));
                assert!((0..k).all(|j| squared_distance(x.row(i), c.row(j)) >= own));
            }
        }
    }
}
