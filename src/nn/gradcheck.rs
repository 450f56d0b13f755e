//! Is a hand-made gradient right? Central differences answer.
//!
//! ```text
//! ∂f/∂xⱼ ≈ (f(x + h eⱼ) − f(x − h eⱼ)) / 2h,   h = ∛ε · max(1, |xⱼ|)
//! ```
//! The truncation error falls as `h²`, the rounding error grows as `ε/h`; the two meet at `h ≈ ∛ε`,
//! where a smooth function leaves about `1e-10` of relative error.
//!
//! # References
//! Press et al., Numerical Recipes (3rd ed., 2007), section 5.7.

use crate::base::{difference_step, relative_gap, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1};

/// The gradient of `f` at `at`, shape `(n,)`, by central differences (`2n` calls of `f`).
///
/// ```
/// use mlnotes::nn::gradcheck::numeric_gradient;
/// let g = numeric_gradient(|x| x[0] * x[0] * x[1], ndarray::array![3.0, 2.0].view());
/// assert!((g[0] - 12.0).abs() < 1e-8 && (g[1] - 9.0).abs() < 1e-8);
/// ```
#[views]
pub fn numeric_gradient(f: impl Fn(ArrayView1<f64>) -> f64, at: ArrayView1<f64>) -> Array1<f64> {
    numeric_jacobian(|x| Array1::from_elem(1, f(x)), at).row(0).to_owned()
}

/// The Jacobian of `f: Rⁿ → Rᵐ` at `at`, shape `(m, n)`, by central differences (`2n` calls of `f`).
/// Of a gradient it is the Hessian.
///
/// ```
/// use mlnotes::nn::gradcheck::numeric_jacobian;
/// let j = numeric_jacobian(|x| ndarray::array![x[0] * x[1], x[0]], ndarray::array![2.0, 5.0].view());
/// assert!((&j - &ndarray::array![[5.0, 2.0], [1.0, 0.0]]).iter().all(|e| e.abs() < 1e-8));
/// ```
#[views]
pub fn numeric_jacobian(
    f: impl Fn(ArrayView1<f64>) -> Array1<f64>,
    at: ArrayView1<f64>,
) -> Array2<f64> {
    let mut x = at.to_owned();
    let columns: Vec<Array1<f64>> = (0..at.len())
        .map(|j| {
            let (above, below) = (at[j] + difference_step(at[j]), at[j] - difference_step(at[j]));
            x[j] = above;
            let f_above = f(x.view());
            x[j] = below;
            let f_below = f(x.view());
            x[j] = at[j];
            // `above - below` is what was really stepped, after rounding.
            (f_above - f_below) / (above - below)
        })
        .collect();
    let m = columns.first().map_or(1, Array1::len);
    Array2::from_shape_fn((m, at.len()), |(i, j)| columns[j][i])
}

/// The largest `|aⱼ − nⱼ| / max(1, |aⱼ|, |nⱼ|)`; NaN when either holds one, `∞` when lengths differ.
///
/// ```
/// use mlnotes::nn::gradcheck::max_relative_error;
/// use ndarray::array;
/// assert_eq!(max_relative_error(array![100.0, 0.0].view(), array![101.0, 0.0].view()), 1.0 / 101.0);
/// ```
#[views]
pub fn max_relative_error(analytic: ArrayView1<f64>, numeric: ArrayView1<f64>) -> f64 {
    if analytic.len() != numeric.len() {
        return f64::INFINITY;
    }
    let errors = analytic.iter().zip(numeric).map(|(&a, &n)| relative_gap(a, n));
    // `f64::max` would drop a NaN, and a NaN gradient must not pass.
    errors.fold(0.0, |worst, e| if e.is_nan() || e > worst { e } else { worst })
}

/// Holds `analytic` against central differences of `f` at `at`, and returns the largest relative error.
///
/// # Errors
/// [`Error::Gradient`] when it exceeds `tol` or is not a number; 1e-7 suits a smooth `f`.
///
/// ```
/// use mlnotes::nn::gradcheck::check_gradient;
/// let at = ndarray::array![0.3];
/// check_gradient(|x| x[0].sin(), at.mapv(f64::cos).view(), at.view(), 1e-7)?;
/// assert!(check_gradient(|x| x[0].sin(), at.mapv(f64::sin).view(), at.view(), 1e-7).is_err());
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn check_gradient(
    f: impl Fn(ArrayView1<f64>) -> f64,
    analytic: ArrayView1<f64>,
    at: ArrayView1<f64>,
    tol: f64,
) -> Result<f64> {
    let error = max_relative_error(analytic, numeric_gradient(f, at).view());
    if error <= tol { Ok(error) } else { Err(Error::Gradient { error, tol }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_nan_gradient_does_not_pass() {
        let at = array![1.0, 2.0];
        let wrong = array![1.0, f64::NAN];
        assert!(check_gradient(|x| x.sum(), wrong.view(), at.view(), 1e9).is_err());
        assert!(check_gradient(|x| x.sum(), array![1.0].view(), at.view(), 1e9).is_err());
    }

    #[test]
    fn the_error_is_of_the_order_the_formula_promises() {
        for x in [-40.0f64, -1.0, 1e-3, 7.0] {
            let at = array![x];
            check_gradient(
                |v| (v[0] / 3.0).exp(),
                array![(x / 3.0).exp() / 3.0].view(),
                at.view(),
                1e-9,
            )
            .unwrap();
        }
    }
}
