//! Kernels: inner products in a space that is never written out.

use super::check_positive;
use crate::base::{check_matrix, views};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// What takes the place of the inner product of two rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Kernel {
    /// `x·z`.
    Linear,
    /// `exp(−γ ‖x − z‖²)`, with `γ > 0`.
    Rbf(f64),
    /// `(γ x·z + c₀)^degree`.
    Poly {
        /// The power, at least 1.
        degree: u32,
        /// Scale of the inner product, above 0.
        gamma: f64,
        /// `c₀ >= 0`: how much the lower powers count.
        coef0: f64,
    },
}

impl Kernel {
    /// The kernel of each row of `x`, `(n, n_features)`, with each of `z`, `(m, n_features)`: `(n, m)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `gamma <= 0`, a degree of 0 or a negative `coef0`; [`Error::Empty`] or
    /// [`Error::NotFinite`]; [`Error::Shape`] when the widths differ.
    ///
    /// ```
    /// use mlnotes::linear::svm::Kernel;
    /// use ndarray::array;
    /// let k = Kernel::Rbf(0.5).matrix(array![[0.0, 0.0]].view(), array![[1.0, 1.0]].view())?;
    /// assert!((k[[0, 0]] - (-1.0f64).exp()).abs() < 1e-15);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn matrix(&self, x: ArrayView2<f64>, z: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.check("Kernel")?;
        check_matrix("Kernel::matrix: `x`", x)?;
        check_matrix("Kernel::matrix: `z`", z)?;
        if x.ncols() != z.ncols() {
            let (expected, got) = (format!("(m, {})", x.ncols()), format!("{:?}", z.dim()));
            return Err(Error::Shape { what: "Kernel::matrix: `z`", expected, got });
        }
        Ok(self.between(x, z))
    }

    /// As [`Kernel::matrix`], of checked input.
    pub(super) fn between(&self, x: ArrayView2<f64>, z: ArrayView2<f64>) -> Array2<f64> {
        match *self {
            Self::Linear => x.dot(&z.t()),
            Self::Rbf(gamma) => {
                let mut k = Array2::zeros((x.nrows(), z.nrows()));
                for (a, mut row) in x.outer_iter().zip(k.outer_iter_mut()) {
                    for (b, v) in z.outer_iter().zip(&mut row) {
                        // Not ‖a‖² + ‖b‖² − 2 a·b: far from 0 that loses the digits of the difference.
                        let squared: f64 = a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum();
                        *v = (-gamma * squared).exp();
                    }
                }
                k
            }
            Self::Poly { degree, gamma, coef0 } => {
                let power = i32::try_from(degree).unwrap_or(i32::MAX);
                x.dot(&z.t()).mapv(|v| (gamma * v + coef0).powi(power))
            }
        }
    }

    pub(super) fn check(&self, estimator: &'static str) -> Result<()> {
        match *self {
            Self::Linear => Ok(()),
            Self::Rbf(gamma) => check_positive(estimator, "gamma", gamma),
            Self::Poly { degree, gamma, coef0 } => {
                check_positive(estimator, "gamma", gamma)?;
                let bad = |name, rule, got| Err(Error::Parameter { estimator, name, rule, got });
                if degree == 0 {
                    return bad("degree", ">= 1", "0".to_owned());
                }
                if !(coef0.is_finite() && coef0 >= 0.0) {
                    // Below 0 it is no inner product, and the dual is no longer concave.
                    return bad("coef0", "finite and >= 0", coef0.to_string());
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_polynomial_is_an_inner_product_of_monomials() {
        // (x·z + 1)² = φ(x)·φ(z) with φ = (x₁², x₂², √2 x₁x₂, √2 x₁, √2 x₂, 1).
        let phi = |v: &[f64]| {
            let r = 2.0f64.sqrt();
            array![v[0] * v[0], v[1] * v[1], r * v[0] * v[1], r * v[0], r * v[1], 1.0]
        };
        let (x, z) = (array![[0.3, -1.2], [2.0, 0.7]], array![[1.1, 0.4]]);
        let poly = Kernel::Poly { degree: 2, gamma: 1.0, coef0: 1.0 };
        let k = poly.matrix(x.view(), z.view()).unwrap();
        for i in 0..2 {
            let by_hand = phi(&x.row(i).to_vec()).dot(&phi(&z.row(0).to_vec()));
            assert!((k[[i, 0]] - by_hand).abs() < 1e-12);
        }
    }

    #[test]
    fn a_row_is_at_kernel_1_from_itself_however_far_out() {
        let x = array![[1e8, -1e8], [3.0, 4.0]];
        let k = Kernel::Rbf(2.0).matrix(x.view(), x.view()).unwrap();
        assert!((k[[0, 0]] - 1.0).abs() < 1e-12 && (k[[1, 1]] - 1.0).abs() < 1e-12);
    }

    /// Seconds since 1970 are such a column.
    #[test]
    fn the_distance_does_not_depend_on_the_origin() {
        let (near, far) =
            (array![[0.0], [1.0], [3.0]], array![[1.7e9], [1.7e9 + 1.0], [1.7e9 + 3.0]]);
        let kernel = Kernel::Rbf(0.5);
        let (one, two) =
            (kernel.matrix(near.view(), near.view()), kernel.matrix(far.view(), far.view()));
        assert_eq!(one.unwrap(), two.unwrap());
        // Nor does a distance that overflows become one of 0.
        let opposite = array![[1e200], [-1e200]];
        let apart = kernel.matrix(opposite.view(), opposite.view()).unwrap()[[0, 1]];
        assert!(apart.abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn bad_kernels_are_named() {
        let x = array![[1.0]];
        let error = |k: Kernel| k.matrix(x.view(), x.view()).unwrap_err().to_string();
        assert!(error(Kernel::Rbf(0.0)).contains("`gamma` must be finite and > 0, got 0"));
        let poly = |degree, coef0| Kernel::Poly { degree, gamma: 1.0, coef0 };
        assert!(error(poly(0, 1.0)).contains("`degree`"));
        assert!(error(poly(2, -1.0)).contains("`coef0` must be finite and >= 0, got -1"));
        assert!(Kernel::Linear.matrix(x.view(), array![[1.0, 2.0]].view()).is_err());
        let nan = Kernel::Linear.matrix(x.view(), array![[f64::NAN]].view());
        assert!(matches!(nan, Err(Error::NotFinite { row: 0, .. })));
    }
}
