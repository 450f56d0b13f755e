//! Bringing features of unlike units to one scale.

use crate::base::check_matrix;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Data with mean 0 and variance 1 in each column, and what it takes to do the same to new rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Standardized {
    /// The scaled data, shape `(n_samples, n_features)`.
    pub x: Array2<f64>,
    /// Column means of the original, shape `(n_features,)`.
    pub mean: Array1<f64>,
    /// Column standard deviations of the original (divisor `n`), shape `(n_features,)`.
    pub scale: Array1<f64>,
}

impl Standardized {
    /// Scales new rows, `(n_rows, n_features)`, by the stored means and deviations.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] when the number of columns differs.
    pub fn apply(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_matrix("Standardized::apply: `x`", x)?;
        if x.ncols() != self.mean.len() {
            return Err(Error::Shape {
                what: "Standardized::apply: `x`",
                expected: format!("(n_rows, {})", self.mean.len()),
                got: format!("({}, {})", x.nrows(), x.ncols()),
            });
        }
        Ok((&x - &self.mean) / &self.scale)
    }
}

/// Subtracts each column's mean and divides by its standard deviation (divisor `n`, as scikit-learn's
/// `StandardScaler`): `zᵢⱼ = (xᵢⱼ − x̄ⱼ) / sⱼ`, for `x` of shape `(n_samples, n_features)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], or [`Error::ZeroVariance`] for a column that does not vary.
///
/// ```
/// let s = mlnotes::data::standardize(ndarray::array![[1.0], [3.0]].view())?;
/// assert_eq!(s.x, ndarray::array![[-1.0], [1.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn standardize(x: ArrayView2<f64>) -> Result<Standardized> {
    check_matrix("standardize: `x`", x)?;
    let mean = x.sum_axis(Axis(0)) / x.nrows() as f64;
    let centred = &x - &mean;
    let scale = centred.map_axis(Axis(0), |c| (c.dot(&c) / c.len() as f64).sqrt());
    for (col, (&s, &m)) in scale.iter().zip(&mean).enumerate() {
        // Rounding leaves a constant column with a deviation of some ulps of its mean.
        if s <= 10.0 * f64::EPSILON * m.abs() {
            return Err(Error::ZeroVariance {
                what: "standardize: `x`",
                col: Some(col),
                value: x[[0, col]],
            });
        }
    }
    Ok(Standardized { x: centred / &scale, mean, scale })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_have_mean_zero_and_variance_one_and_new_rows_follow() {
        let iris = crate::data::iris();
        let s = standardize(iris.x.view()).unwrap();
        let n = s.x.nrows() as f64;
        for c in s.x.columns() {
            assert!((c.sum() / n).abs() < 1e-12);
            assert!((c.dot(&c) / n - 1.0).abs() < 1e-12);
        }
        assert_eq!(s.apply(iris.x.view()).unwrap(), s.x);
    }

    #[test]
    fn new_rows_that_are_no_numbers_are_named() {
        let s = standardize(array![[1.0, 2.0], [3.0, 5.0]].view()).unwrap();
        let error = s.apply(array![[1.0, 2.0], [0.0, f64::NAN]].view()).unwrap_err();
        assert!(matches!(error, Error::NotFinite { row: 1, col: 1, .. }), "{error}");
        assert!(matches!(s.apply(array![[1.0]].view()), Err(Error::Shape { .. })));
    }

    #[test]
    fn a_constant_column_is_named() {
        let x = array![[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]];
        let error = standardize(x.view()).unwrap_err();
        assert!(matches!(error, Error::ZeroVariance { col: Some(1), .. }), "{error}");
        assert!(standardize(array![[1.0]].view()).is_err(), "one row does not vary");
    }
}
