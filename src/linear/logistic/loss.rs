//! The loss of logistic regression with its first two derivatives.

use super::design::check_design;
use crate::base::{check_vector, map_blocks, rows, sigmoid, softplus, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

/// Mean loss with an L2 penalty that leaves the intercept free:
///
/// ```text
/// L(w, b) = (1/n) Σᵢ [softplus(zᵢ) − yᵢ zᵢ] + (λ/2) ‖w‖²,   zᵢ = wᵀxᵢ + b
/// ```
///
/// `w` is `(n_features,)`, `x` `(n_samples, n_features)`, `y` `(n_samples,)` with values in `[0, 1]`
/// (targets may be soft). The logit form never takes the logarithm of 0, unlike `−y ln ŷ − (1−y) ln(1−ŷ)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`] for a target outside
/// `[0, 1]`, [`Error::Parameter`] for a negative `l2`.
///
/// # Example
/// ```
/// use mlnotes::linear::logistic::logistic_loss;
/// use ndarray::array;
/// let (x, y) = (array![[1.0], [-1.0]], array![1.0, 0.0]);
/// let at_zero = logistic_loss(array![0.0].view(), 0.0, x.view(), y.view(), 0.0)?;
/// assert!((at_zero - 2.0f64.ln()).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), eq. 4.20.
#[views]
pub fn logistic_loss(
    w: ArrayView1<f64>,
    b: f64,
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    l2: f64,
) -> Result<f64> {
    check(w, b, x, Some(y), l2)?;
    Ok(loss(w, b, x, y, Array1::ones(y.len()).view()) + 0.5 * l2 * w.dot(&w))
}

/// Gradient of [`logistic_loss`]: `∇_w = (1/n) Xᵀ(σ(z) − y) + λ w`, shape `(n_features,)`, and
/// `∂_b = (1/n) Σᵢ (σ(zᵢ) − yᵢ)`.
///
/// # Errors
/// As [`logistic_loss`].
///
/// # Example
/// ```
/// use mlnotes::linear::logistic::logistic_gradient;
/// use ndarray::array;
/// let (x, y) = (array![[1.0], [-1.0]], array![1.0, 0.0]);
/// let (gw, gb) = logistic_gradient(array![0.0].view(), 0.0, x.view(), y.view(), 0.0)?;
/// assert_eq!((gw[0], gb), (-0.5, 0.0));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn logistic_gradient(
    w: ArrayView1<f64>,
    b: f64,
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    l2: f64,
) -> Result<(Array1<f64>, f64)> {
    check(w, b, x, Some(y), l2)?;
    let (gw, gb) = gradient(w, b, x, y, Array1::ones(y.len()).view());
    Ok((gw + &w * l2, gb))
}

/// Hessian of [`logistic_loss`] in `(w, b)`, the intercept last, shape `(n_features + 1, n_features + 1)`:
/// `(1/n) X̃ᵀ S X̃ + λ diag(1, …, 1, 0)` with `X̃ = [X 1]` and `S = diag(σ(zᵢ)(1 − σ(zᵢ)))`.
///
/// It is positive semidefinite, so the loss is convex; it does not depend on the targets.
///
/// # Errors
/// As [`logistic_loss`].
///
/// # Example
/// ```
/// use mlnotes::linear::logistic::logistic_hessian;
/// use ndarray::array;
/// let h = logistic_hessian(array![0.0].view(), 0.0, array![[1.0], [-1.0]].view(), 0.0)?;
/// assert_eq!(h, array![[0.25, 0.0], [0.0, 0.25]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn logistic_hessian(
    w: ArrayView1<f64>,
    b: f64,
    x: ArrayView2<f64>,
    l2: f64,
) -> Result<Array2<f64>> {
    check(w, b, x, None, l2)?;
    let mut h = hessian(w, b, x, Array1::ones(x.nrows()).view());
    let d = w.len();
    h.slice_mut(s![..d, ..d]).diag_mut().mapv_inplace(|v| v + l2);
    Ok(h)
}

/// `(1/n) Σᵢ vᵢ [softplus(zᵢ) − yᵢ zᵢ]`, input already checked; the weights `v` have mean 1.
pub(super) fn loss(
    w: ArrayView1<f64>,
    b: f64,
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    v: ArrayView1<f64>,
) -> f64 {
    let blocks = map_blocks(y.len(), |range| {
        let z = rows(&x, range.clone()).dot(&w) + b;
        let (y, v) = (y.slice(s![range.clone()]), v.slice(s![range]));
        z.iter().zip(y).zip(v).map(|((&z, &y), &v)| v * (softplus(z) - y * z)).sum::<f64>()
    });
    blocks.iter().sum::<f64>() / y.len() as f64
}

/// `(1/n) X̃ᵀ V (σ(z) − y)` with `V = diag(v)`, input already checked.
pub(super) fn gradient(
    w: ArrayView1<f64>,
    b: f64,
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    v: ArrayView1<f64>,
) -> (Array1<f64>, f64) {
    let blocks = map_blocks(y.len(), |range| {
        let (y, v) = (y.slice(s![range.clone()]), v.slice(s![range.clone()]));
        let x = rows(&x, range);
        let residual = ((x.dot(&w) + b).mapv_into(sigmoid) - y) * v;
        (x.t().dot(&residual), residual.sum())
    });
    let zero = (Array1::zeros(w.len()), 0.0);
    let (gw, gb) = blocks.into_iter().fold(zero, |sum, part| (sum.0 + part.0, sum.1 + part.1));
    let n = y.len() as f64;
    (gw / n, gb / n)
}

/// `(1/n) X̃ᵀ V S X̃`, input already checked.
pub(super) fn hessian(
    w: ArrayView1<f64>,
    b: f64,
    x: ArrayView2<f64>,
    v: ArrayView1<f64>,
) -> Array2<f64> {
    let (n, d) = x.dim();
    let blocks = map_blocks(n, |range| {
        let v = v.slice(s![range.clone()]);
        let x = rows(&x, range);
        let s = (x.dot(&w) + b).mapv_into(|z| sigmoid(z) * sigmoid(-z)) * v;
        let sx = &x * &s.view().insert_axis(Axis(1));
        (x.t().dot(&sx), sx.sum_axis(Axis(0)), s.sum())
    });
    let mut h = Array2::zeros((d + 1, d + 1));
    for (square, cross, corner) in blocks {
        h.slice_mut(s![..d, ..d]).scaled_add(1.0, &square);
        h.slice_mut(s![..d, d]).scaled_add(1.0, &cross);
        h.slice_mut(s![d, ..d]).scaled_add(1.0, &cross);
        h[[d, d]] += corner;
    }
    h / n as f64
}

fn check(
    w: ArrayView1<f64>,
    b: f64,
    x: ArrayView2<f64>,
    y: Option<ArrayView1<f64>>,
    l2: f64,
) -> Result<()> {
    check_design("logistic_loss: `x`", x, w.len())?;
    check_vector("logistic_loss: `w`", w)?;
    check_vector("logistic_loss: `b`", ndarray::aview1(&[b]))?;
    if !(l2.is_finite() && l2 >= 0.0) {
        let (estimator, name) = ("logistic_loss", "l2");
        return Err(Error::Parameter {
            estimator,
            name,
            rule: "finite and >= 0",
            got: l2.to_string(),
        });
    }
    let Some(y) = y else { return Ok(()) };
    if y.len() != x.nrows() {
        let (expected, got) = (format!("({},)", x.nrows()), format!("({},)", y.len()));
        return Err(Error::Shape { what: "logistic_loss: `y`", expected, got });
    }
    match y.iter().position(|v| !(0.0..=1.0).contains(v)) {
        Some(index) => Err(Error::Label {
            what: "logistic_loss: `y`",
            index,
            got: y[index].to_string(),
            allowed: "between 0 and 1",
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::{check_gradient, max_relative_error, numeric_jacobian};
    use ndarray::array;

    fn problem() -> (Array2<f64>, Array1<f64>, Array1<f64>) {
        let x = array![[0.5, -1.2], [2.0, 0.3], [-0.7, 0.8], [1.1, 1.9], [-2.2, -0.4]];
        (x, array![0.0, 1.0, 0.0, 1.0, 1.0], array![0.4, -0.9, 0.2])
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let (x, y, at) = problem();
        for l2 in [0.0, 0.7] {
            let (gw, gb) =
                logistic_gradient(at.slice(s![..2]), at[2], x.view(), y.view(), l2).unwrap();
            let analytic = array![gw[0], gw[1], gb];
            let f = |v: ArrayView1<f64>| {
                logistic_loss(v.slice(s![..2]), v[2], x.view(), y.view(), l2).unwrap()
            };
            check_gradient(f, analytic.view(), at.view(), 1e-9).unwrap();
        }
    }

    #[test]
    fn the_hessian_is_the_slope_of_the_gradient() {
        let (x, y, at) = problem();
        let h = logistic_hessian(at.slice(s![..2]), at[2], x.view(), 0.7).unwrap();
        let numeric = numeric_jacobian(
            |v| {
                let (gw, gb) =
                    logistic_gradient(v.slice(s![..2]), v[2], x.view(), y.view(), 0.7).unwrap();
                array![gw[0], gw[1], gb]
            },
            at.view(),
        );
        let (h, numeric) = (h.flatten().to_owned(), numeric.flatten().to_owned());
        assert!(max_relative_error(h.view(), numeric.view()) < 1e-9);
    }

    #[test]
    fn huge_logits_stay_finite() {
        let (w, x) = (array![1e4], array![[1.0], [-1.0]]);
        let right = logistic_loss(w.view(), 0.0, x.view(), array![1.0, 0.0].view(), 0.0).unwrap();
        let wrong = logistic_loss(w.view(), 0.0, x.view(), array![0.0, 1.0].view(), 0.0).unwrap();
        assert!(right.abs() < 1e-300 && (wrong - 1e4).abs() < 1e-9);
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y, at) = problem();
        let w = at.slice(s![..2]);
        let short = logistic_loss(w, 0.0, x.view(), y.slice(s![..3]), 0.0);
        assert!(matches!(short, Err(Error::Shape { .. })));
        let label = logistic_loss(w, 0.0, x.view(), array![0.0, 1.0, 2.0, 0.0, 1.0].view(), 0.0);
        assert!(matches!(label, Err(Error::Label { index: 2, .. })));
        let l2 = logistic_gradient(w, 0.0, x.view(), y.view(), -1.0);
        assert!(matches!(l2, Err(Error::Parameter { name: "l2", .. })));
        let b = logistic_loss(w, f64::NAN, x.view(), y.view(), 0.0);
        assert!(matches!(b, Err(Error::NotFinite { .. })));
    }
}
