//! Bringing features of unlike units to one scale.

use crate::base::{
    Fitted, Transformer, check_matrix, check_rows, finite, holds, shape, stored, views,
};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

impl StandardScaler {
    /// Settings, of which there are none: a step of a pipeline, which learns means and deviations from the rows
    /// that it is fitted to.
    ///
    /// ```
    /// use mlnotes::data::StandardScaler;
    /// use ndarray::array;
    /// let scaler = StandardScaler::params().fit(array![[1.0], [3.0]].view())?;
    /// assert_eq!(scaler.transform(array![[5.0]].view())?, array![[3.0]]);
    /// assert_eq!(scaler.inverse_transform(array![[3.0]].view())?, array![[5.0]]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> StandardScalerParams {
        StandardScalerParams {}
    }
}

/// Settings of a scaler to mean 0 and variance 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StandardScalerParams {}

/// What it takes to bring rows to mean 0 and variance 1 in each column, as the rows had that it was fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct StandardScaler {
    /// Column means `x̄`, shape `(n_features,)`.
    pub mean: Array1<f64>,
    /// Column standard deviations `s` (divisor `n`), shape `(n_features,)`, all above 0.
    pub scale: Array1<f64>,
}

stored!(StandardScaler, |m| {
    shape("scale", m.scale.len(), m.mean.len())?;
    finite("mean", m.mean.iter().chain(&m.scale))?;
    holds(m.scale.iter().all(|s| *s > 0.0), "`scale` is not above 0")
});

impl StandardScalerParams {
    /// Learns means and deviations of `x`, `(n_samples, n_features)`.
    ///
    /// # Errors
    /// As [`standardize`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<StandardScaler> {
        let (_, mean, scale) = moments("StandardScaler: `x`", x)?;
        Ok(StandardScaler { mean, scale })
    }
}

impl StandardScaler {
    /// `z = (x − x̄) / s` of rows `x`, shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn transform(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("StandardScaler::transform: `x`", x, self.mean.len())?;
        Ok((&x - &self.mean) / &self.scale)
    }

    /// `x = x̄ + s z` of scaled rows `z`, shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// As [`StandardScaler::transform`].
    #[views]
    pub fn inverse_transform(&self, z: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("StandardScaler::inverse_transform: `z`", z, self.mean.len())?;
        Ok(&z * &self.scale + &self.mean)
    }
}

impl Transformer for StandardScalerParams {
    fn fit_base(&self, x: ArrayView2<f64>, _: u64) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit(x)?))
    }
}

impl Fitted for StandardScaler {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.transform(x)
    }
}

/// Data with mean 0 and variance 1 in each column, and what it takes to do the same to new rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Standardized {
    /// The scaled data, shape `(n_samples, n_features)`.
    pub x: Array2<f64>,
    /// Column means of the original, shape `(n_features,)`.
    pub mean: Array1<f64>,
    /// Column standard deviations of the original (divisor `n`), shape `(n_features,)`.
    pub scale: Array1<f64>,
}

stored!(Standardized, |m| {
    shape("scale", m.scale.len(), m.mean.len())?;
    shape("x", m.x.ncols(), m.mean.len())?;
    finite("x", m.x.iter().chain(&m.mean).chain(&m.scale))?;
    holds(m.scale.iter().all(|s| *s > 0.0), "`scale` is not above 0")
});

impl Standardized {
    /// Scales new rows, `(n_rows, n_features)`, by the stored means and deviations.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] when the number of columns differs.
    #[views]
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
#[views]
pub fn standardize(x: ArrayView2<f64>) -> Result<Standardized> {
    let (x, mean, scale) = moments("standardize: `x`", x)?;
    Ok(Standardized { x: x / &scale, mean, scale })
}

/// The centred rows, and what they were centred by and deviate.
fn moments(
    what: &'static str,
    x: ArrayView2<f64>,
) -> Result<(Array2<f64>, Array1<f64>, Array1<f64>)> {
    check_matrix(what, x)?;
    let mean = x.sum_axis(Axis(0)) / x.nrows() as f64;
    let centred = &x - &mean;
    let scale = centred.map_axis(Axis(0), |c| (c.dot(&c) / c.len() as f64).sqrt());
    for (col, (&s, &m)) in scale.iter().zip(&mean).enumerate() {
        // Rounding leaves a constant column with a deviation of some ulps of its mean.
        if s <= 10.0 * f64::EPSILON * m.abs() {
            return Err(Error::ZeroVariance { what, col: Some(col), value: x[[0, col]] });
        }
    }
    Ok((centred, mean, scale))
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
        let scaler = StandardScaler::params().fit(iris.x.view()).unwrap();
        let z = scaler.transform(iris.x.view()).unwrap();
        assert_eq!(z, s.x);
        let back = scaler.inverse_transform(z.view()).unwrap();
        assert!((back - &iris.x).iter().all(|d| d.abs() < 1e-13));
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
