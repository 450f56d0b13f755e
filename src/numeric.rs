//! Small functions that stay finite where their textbook formulas overflow, and checks of input.

use crate::{Error, Result};
use ndarray::{ArrayView1, ArrayView2};

/// The logistic function `σ(z) = 1 / (1 + e⁻ᶻ)`, without overflow for large `|z|`.
///
/// ```
/// assert_eq!(mlnotes::numeric::sigmoid(0.0), 0.5);
/// assert_eq!(mlnotes::numeric::sigmoid(-1000.0), 0.0);
/// ```
pub fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

/// `softplus(z) = ln(1 + eᶻ)`, computed as `max(z, 0) + ln(1 + e^{-|z|})`.
///
/// ```
/// assert_eq!(mlnotes::numeric::softplus(1000.0), 1000.0);
/// ```
pub fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// `ln Σᵢ e^{vᵢ}`, shifted by the maximum so that nothing overflows; `-∞` for an empty slice.
///
/// ```
/// let v = ndarray::array![-1000.0, -1000.0];
/// assert!((mlnotes::numeric::log_sum_exp(v.view()) - (2.0f64.ln() - 1000.0)).abs() < 1e-12);
/// ```
pub fn log_sum_exp(v: ArrayView1<f64>) -> f64 {
    let max = v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !max.is_finite() {
        return max;
    }
    max + v.iter().map(|&x| (x - max).exp()).sum::<f64>().ln()
}

/// Checks that `x`, `(n_samples, n_features)`, has a row and a column and holds only finite numbers.
pub(crate) fn check_matrix(what: &'static str, x: ArrayView2<f64>) -> Result<()> {
    if x.nrows() == 0 || x.ncols() == 0 {
        return Err(Error::Empty { what, needed: "1 row and 1 column" });
    }
    match x.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some(((row, col), &value)) => Err(Error::NotFinite { what, row, col, value }),
        None => Ok(()),
    }
}

/// Checks that `v` holds only finite numbers.
pub(crate) fn check_vector(what: &'static str, v: ArrayView1<f64>) -> Result<()> {
    match v.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        Some((row, &value)) => Err(Error::NotFinite { what, row, col: 0, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn log_sum_exp_neither_overflows_nor_underflows() {
        assert!((log_sum_exp(array![1e4, 1e4].view()) - (1e4 + 2f64.ln())).abs() < 1e-9);
        assert!((log_sum_exp(array![-1e4, -1e4].view()) - (2f64.ln() - 1e4)).abs() < 1e-9);
        assert!(log_sum_exp(array![].view()) < f64::MIN);
    }

    #[test]
    fn softplus_is_the_integral_of_sigmoid() {
        for z in [-30.0, -2.0, 0.0, 0.5, 30.0] {
            let h = 1e-5;
            let slope = (softplus(z + h) - softplus(z - h)) / (2.0 * h);
            assert!((slope - sigmoid(z)).abs() < 1e-9, "at {z}");
        }
    }

    #[test]
    fn a_nan_is_named_by_row_and_column() {
        let error = check_matrix("f: `x`", array![[1.0, 2.0], [3.0, f64::NAN]].view()).unwrap_err();
        assert!(matches!(error, Error::NotFinite { row: 1, col: 1, .. }));
    }
}
