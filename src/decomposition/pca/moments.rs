//! Mean and scatter of the rows in one pass, without the digits that `XᵀX − n x̄ x̄ᵀ` loses.
//!
//! ```text
//! of a block:  x̄ = (1/n) Σ xᵢ,   S = Σ (xᵢ − x̄)(xᵢ − x̄)ᵀ
//! of two:      x̄ = x̄ₐ + (n_b/n) δ,   S = Sₐ + S_b + (nₐ n_b/n) δ δᵀ,   δ = x̄_b − x̄ₐ,  n = nₐ + n_b
//! ```
//!
//! # References
//! Chan, Golub & `LeVeque` (1983), *Algorithms for computing the sample variance*, eq. 2.1.

use crate::base::{map_blocks, rows};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Count, mean and scatter of some rows.
pub(super) struct Moments {
    n: f64,
    /// `x̄`, shape `(n_features,)`.
    pub(super) mean: Array1<f64>,
    /// `S = X_cᵀ X_c`, shape `(n_features, n_features)`.
    pub(super) scatter: Array2<f64>,
}

impl Moments {
    /// Of the rows of `x`, at least one.
    pub(super) fn of(x: ArrayView2<f64>) -> Self {
        let blocks = map_blocks(x.nrows(), |range| Self::of_block(rows(&x, range)));
        let none = Self::of_block(x.slice(ndarray::s![..0, ..]));
        blocks.into_iter().reduce(Self::merge).unwrap_or(none)
    }

    fn of_block(rows: ArrayView2<f64>) -> Self {
        let n = rows.nrows() as f64;
        let mean = rows.sum_axis(Axis(0)) / n;
        let centred = &rows - &mean;
        Self { n, mean, scatter: centred.t().dot(&centred) }
    }

    fn merge(mut self, other: Self) -> Self {
        let n = self.n + other.n;
        let delta = other.mean - &self.mean;
        let column = delta.view().insert_axis(Axis(1));
        let between = column.dot(&column.t()) * (self.n * other.n / n);
        self.scatter += &(other.scatter + between);
        self.mean.scaled_add(other.n / n, &delta);
        self.n = n;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::BLOCK;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn merged_blocks_are_the_two_passes_even_far_from_zero() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let x = Array2::from_shape_fn((3 * BLOCK + 7, 3), |(i, j)| {
            1e6 * j as f64 + (i / 500) as f64 + rng.random_range(-1.0..1.0)
        });
        let moments = Moments::of(x.view());
        let mean = x.mean_axis(Axis(0)).unwrap();
        let centred = &x - &mean;
        let scatter = centred.t().dot(&centred);
        assert!((&moments.mean - &mean).iter().all(|v| v.abs() < 1e-8));
        let gap = (&moments.scatter - &scatter) / scatter[[0, 0]];
        assert!(gap.iter().all(|v| v.abs() < 1e-8), "{gap}");
    }
}
