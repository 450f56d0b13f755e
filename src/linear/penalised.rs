//! What ridge and lasso share: checks, means, predictions.

use crate::base::{check_matrix, check_rows, check_target};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

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

/// Rows brought to weight 1: `√wᵢ (xᵢ − x̄)` and `√wᵢ (yᵢ − ȳ)` with weighted means, so that squares of what is left
/// add up as those of the weighted rows do, and no intercept is needed.
pub(super) struct Levelled {
    pub(super) x: Array2<f64>,
    pub(super) y: Array1<f64>,
    x_mean: Array1<f64>,
    y_mean: f64,
}

impl Levelled {
    /// Of rows that were checked, with weights above 0.
    pub(super) fn of(
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        weights: &Array1<f64>,
        fit_intercept: bool,
    ) -> Self {
        let total = weights.sum();
        let (x_mean, y_mean) = if fit_intercept {
            (x.t().dot(weights) / total, y.dot(weights) / total)
        } else {
            (Array1::zeros(x.ncols()), 0.0)
        };
        let root = weights.mapv(f64::sqrt);
        let mut centred = &x - &x_mean;
        // Rounding leaves a constant column some ulps of its mean, which are no feature.
        for (mut column, mean) in centred.columns_mut().into_iter().zip(&x_mean) {
            if column.iter().all(|v| v.abs() <= 10.0 * f64::EPSILON * mean.abs()) {
                column.fill(0.0);
            }
        }
        centred *= &root.view().insert_axis(Axis(1));
        Self { x: centred, y: (&y - y_mean) * root, x_mean, y_mean }
    }

    pub(super) fn intercept(&self, coef: &Array1<f64>) -> f64 {
        self.y_mean - self.x_mean.dot(coef)
    }
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
