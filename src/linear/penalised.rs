//! What ridge and lasso share: checks, means, predictions.

use crate::base::{check_matrix, check_rows, check_target};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

/// `x` and `y` are finite, belong together, and hold at least two rows.
pub(super) fn check_pair(
    what_x: &'static str,
    what_y: &'static str,
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
) -> Result<()> {
    check_matrix(what_x, x)?;
    check_target(what_y, y, x.nrows())?;
    if x.nrows() < 2 {
        return Err(Error::TooFewSamples { what: what_x, needed: 2, got: x.nrows() });
    }
    Ok(())
}

/// A penalty's strength is finite and not negative.
pub(super) fn check_alpha(estimator: &'static str, name: &'static str, alpha: f64) -> Result<()> {
    if alpha.is_finite() && alpha >= 0.0 {
        return Ok(());
    }
    Err(Error::Parameter { estimator, name, rule: "finite and >= 0", got: alpha.to_string() })
}

/// What to subtract so that the intercept drops out of the fit: the means, or nothing.
pub(super) fn means(
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    fit_intercept: bool,
) -> (Array1<f64>, f64) {
    if !fit_intercept {
        return (Array1::zeros(x.ncols()), 0.0);
    }
    let n = x.nrows() as f64;
    (x.sum_axis(Axis(0)) / n, y.sum() / n)
}

/// `X w + b` for rows of the width that was fitted.
pub(super) fn predict(
    what: &'static str,
    coef: &Array1<f64>,
    intercept: f64,
    x: ArrayView2<f64>,
) -> Result<Array1<f64>> {
    check_rows(what, x, coef.len())?;
    Ok(x.dot(coef) + intercept)
}
