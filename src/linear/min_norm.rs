//! Least squares with the smallest weights: the limit of ridge regression for a vanishing penalty.
//!
//! ```text
//! β = A⁺ b = Σ_{sᵢ > tol} vᵢ (uᵢᵀ b) / sᵢ          A = Σ uᵢ sᵢ vᵢᵀ,  tol = ε · max(n, d) · s₁
//! ```
//!
//! With more columns than rows many weights repeat the data exactly; gradient descent from 0 ends in
//! this one. No intercept: add a column of ones if one is wanted.
//!
//! # References
//! Golub & Van Loan, Matrix Computations (2013), section 5.5.

use crate::base::{check_matrix, check_vector, to_faer, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// The `β`, shape `(n_columns,)`, of least norm among those that minimise `‖A β − b‖²`; `a` is
/// `(n_rows, n_columns)`, of any rank, and `b` `(n_rows,)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`]; [`Error::NotConverged`] of the singular
/// value decomposition.
///
/// ```
/// use ndarray::array;
/// // x + y = 2 has many solutions; the shortest is (1, 1).
/// let beta = mlnotes::linear::min_norm::min_norm_least_squares(
///     array![[1.0, 1.0]].view(), array![2.0].view(),
/// )?;
/// assert!(beta.iter().all(|b| (b - 1.0).abs() < 1e-14));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn min_norm_least_squares(a: ArrayView2<f64>, b: ArrayView1<f64>) -> Result<Array1<f64>> {
    check_matrix("min_norm_least_squares: `a`", a)?;
    let (n, d) = a.dim();
    if b.len() != n {
        let (expected, got) = (format!("({n},)"), format!("({},)", b.len()));
        return Err(Error::Shape { what: "min_norm_least_squares: `b`", expected, got });
    }
    check_vector("min_norm_least_squares: `b`", b)?;
    let matrix = to_faer(a.view());
    let svd = matrix.thin_svd().map_err(|_| Error::NotConverged {
        estimator: "min_norm_least_squares",
        n_iter: 0,
        change: f64::NAN,
        remedy: "scale the columns to similar lengths",
    })?;
    let (u, s, v) = (svd.U(), svd.S().column_vector(), svd.V());
    let tol = f64::EPSILON * n.max(d) as f64 * s[0];
    let mut beta = Array1::zeros(d);
    for i in (0..n.min(d)).filter(|&i| s[i] > tol) {
        let along: f64 = (0..n).map(|row| u[(row, i)] * b[row]).sum();
        for (j, beta) in beta.iter_mut().enumerate() {
            *beta += v[(j, i)] * along / s[i];
        }
    }
    Ok(beta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    proptest! {
        /// The residual is orthogonal to the columns, the weights to the null space, of any rank.
        #[test]
        fn it_is_the_shortest_of_the_best(n in 1usize..9, d in 1usize..9, rank in 1usize..5, seed in 0u64..99) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut random = |n, d| Array2::from_shape_fn((n, d), |_| rng.random_range(-1.0..1.0));
            let a = random(n, rank).dot(&random(rank, d));
            let b = random(n, 1).index_axis_move(ndarray::Axis(1), 0);
            let beta = min_norm_least_squares(a.view(), b.view()).unwrap();
            let normal = a.t().dot(&(a.dot(&beta) - &b));
            prop_assert!(normal.iter().all(|v| v.abs() < 1e-8), "{normal}");
            // β is in the row space: fitting β by the rows leaves nothing over.
            let rows = min_norm_least_squares(a.t(), beta.view()).unwrap();
            prop_assert!((a.t().dot(&rows) - &beta).iter().all(|v| v.abs() < 1e-6 * (1.0 + beta.dot(&beta))));
        }
    }

    #[test]
    fn ridge_with_a_vanishing_penalty_ends_there() {
        let a = array![[1.0, 2.0, 0.5], [0.0, 1.0, -1.0]];
        let b = array![1.0, 2.0];
        let beta = min_norm_least_squares(a.view(), b.view()).unwrap();
        // Aᵀ (A Aᵀ + λ I)⁻¹ b for a 2 x 2 matrix, by hand.
        let mut gram = a.dot(&a.t());
        gram.diag_mut().mapv_inplace(|v| v + 1e-9);
        let det = gram[[0, 0]] * gram[[1, 1]] - gram[[0, 1]] * gram[[1, 0]];
        let w = array![
            (gram[[1, 1]] * b[0] - gram[[0, 1]] * b[1]) / det,
            (gram[[0, 0]] * b[1] - gram[[1, 0]] * b[0]) / det
        ];
        assert!((a.t().dot(&w) - &beta).iter().all(|d| d.abs() < 1e-8));
    }

    #[test]
    fn zero_and_bad_input() {
        let zero = Array2::zeros((2, 3));
        let beta = min_norm_least_squares(zero.view(), array![1.0, 2.0].view()).unwrap();
        assert_eq!(beta, array![0.0, 0.0, 0.0]);
        let fit = |b: Array1<f64>| min_norm_least_squares(zero.view(), b.view());
        assert!(matches!(fit(array![1.0]), Err(Error::Shape { .. })));
        assert!(matches!(fit(array![1.0, f64::NAN]), Err(Error::NotFinite { .. })));
        let empty = Array2::zeros((0, 3));
        let none = min_norm_least_squares(empty.view(), array![].view());
        assert!(matches!(none, Err(Error::Empty { .. })));
    }
}
