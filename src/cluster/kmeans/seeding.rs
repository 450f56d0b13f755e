//! Where the centroids start: k-means++.

use super::assign::{flat, squared_distance_of};
use crate::Result;
use crate::base::{BLOCK, check_matrix, stream, views};
use crate::cluster::check_clusters;
use ndarray::ArrayView2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// `k` row numbers of `x` by k-means++: the first with equal chances, each next with probability
/// proportional to the squared distance to the *nearest* one chosen (not the last one). The expected
/// inertia of these rows as centroids is at most `8 (ln k + 2)` times the optimum.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Parameter`] for `k = 0`,
/// [`crate::Error::TooManyClusters`].
///
/// ```
/// use mlnotes::cluster::kmeans::kmeans_plus_plus;
/// let rows = kmeans_plus_plus(ndarray::array![[0.0], [0.0], [5.0]].view(), 2, 1)?;
/// assert!(rows.contains(&2));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Arthur & Vassilvitskii (2007), section 2.2 and theorem 1.1.
#[views]
pub fn kmeans_plus_plus(x: ArrayView2<f64>, k: usize, seed: u64) -> Result<Vec<usize>> {
    check_matrix("kmeans_plus_plus: `x`", x)?;
    check_clusters("kmeans_plus_plus", x, k)?;
    Ok(plus_plus(x.as_standard_layout().view(), k, &mut stream(seed, 0)))
}

/// As [`kmeans_plus_plus`], of checked rows in standard layout.
pub(crate) fn plus_plus(x: ArrayView2<f64>, k: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut chosen = vec![rng.random_range(0..x.nrows())];
    let mut nearest = vec![f64::INFINITY; x.nrows()];
    approach(x, chosen[0], &mut nearest);
    while chosen.len() < k {
        let mut u = rng.random::<f64>() * nearest.iter().sum::<f64>();
        // Rounding can leave `u` at the end; the last row with a chance is then the answer.
        let mut next = chosen[0];
        for (i, &d) in nearest.iter().enumerate().filter(|(_, d)| **d > 0.0) {
            next = i;
            u -= d;
            if u < 0.0 {
                break;
            }
        }
        approach(x, next, &mut nearest);
        chosen.push(next);
    }
    chosen
}

/// Lowers the squared distance of each row to the nearest chosen row by one more row, `chosen`.
fn approach(x: ArrayView2<f64>, chosen: usize, nearest: &mut [f64]) {
    let (rows, d) = (flat(&x), x.ncols());
    let point = &rows[chosen * d..][..d];
    rows.par_chunks(BLOCK * d).zip(nearest.par_chunks_mut(BLOCK)).for_each(|(rows, nearest)| {
        for (row, nearest) in rows.chunks_exact(d).zip(nearest) {
            *nearest = nearest.min(squared_distance_of(row, point));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn seeding_follows_the_squared_distances_to_the_nearest() {
        // From row 0, the others have D² of 1, 4, 9: of the draws that start there, these shares.
        // After rows 0 and 3 the two between them are alike, D² = 1 each; by the distance to the
        // *last* one, row 3, they would stand 4 to 1.
        let x = array![[0.0], [1.0], [2.0], [3.0]];
        let (mut second, mut third) = ([0.0f64; 4], [0.0f64; 4]);
        for seed in 0..20_000 {
            let rows = plus_plus(x.view(), 3, &mut stream(seed, 0));
            if rows[0] == 0 {
                second[rows[1]] += 1.0;
                if rows[1] == 3 {
                    third[rows[2]] += 1.0;
                }
            }
        }
        let total: f64 = second.iter().sum();
        let expected = [1.0 / 14.0, 4.0 / 14.0, 9.0 / 14.0].map(|p: f64| p * total);
        let chi2: f64 = (0..3).map(|i| (second[i + 1] - expected[i]).powi(2) / expected[i]).sum();
        // 0.999 quantiles of χ² with 2 degrees of freedom and with 1.
        assert!(second[0] < 0.5 && chi2 < 13.8, "{second:?} {chi2}");
        let half = f64::midpoint(third[1], third[2]);
        let chi2 = ((third[1] - half).powi(2) + (third[2] - half).powi(2)) / half;
        assert!(half > 500.0 && chi2 < 10.9, "{third:?} {chi2}");
    }
}
