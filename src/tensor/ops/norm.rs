//! Normalisation over the last axis, the features of a token.
//!
//! ```text
//! layer_norm   y = (x − μ) / √(σ² + ε) ∘ w + b,    μ = mean x,  σ² = mean (x − μ)²     (biased)
//! rms_norm     y = x / √(mean x² + ε) ∘ w
//! ```
//!
//! The mean is taken off before squares are summed: `mean x² − μ²` has no digit left for 10 000 … 10 003 in `f32`.
//!
//! # References
//! Ba, Kiros & Hinton (2016), eq. 3; Zhang & Sennrich (2019), eq. 4.

use crate::tensor::check::check_filled;
use crate::tensor::{Tensor, check_float};
use crate::{Error, Result};

/// Layer normalisation of `x`, `(…, n)`, with `weight`, `(n,)`, and `bias`, `(n,)` if any; shape as `x`.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`]; [`Error::Parameter`] for another type than `f32` or `f64`, or unless `eps` is
/// finite and > 0.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::layer_norm, to_array, to_tensor};
/// use ndarray::{Array1, array};
/// let x = to_tensor(array![0.0, 0.0, 1e-3, 1e-3].view(), DType::F64)?;
/// let one = to_tensor(Array1::ones(4).view(), DType::F64)?;
/// let y: ndarray::Array1<f64> = to_array(&layer_norm(&x, &one, None, 1e-5)?)?;
/// // ε stands under the root: ±5e-4 / √(2.5e-7 + 1e-5).
/// assert!((y[3] - 0.156173761888606_f64).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, eps: f64) -> Result<Tensor> {
    let last = check("layer_norm", ["layer_norm: `x`", "layer_norm: `weight`"], x, weight, eps)?;
    let centred = x.broadcast_sub(&x.mean_keepdim(last)?)?;
    let scaled = scale(&centred, weight, eps)?;
    let Some(bias) = bias else { return Ok(scaled) };
    check_features("layer_norm: `bias`", x, bias)?;
    Ok(scaled.broadcast_add(bias)?)
}

/// Division of `x`, `(…, n)`, by the root of its mean square, times `weight`, `(n,)`; shape as `x`.
///
/// # Errors
/// As [`layer_norm`].
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::rms_norm, to_array, to_tensor};
/// use ndarray::array;
/// let x = to_tensor(array![3.0, 4.0].view(), DType::F64)?;
/// let w = to_tensor(array![1.0, 2.0].view(), DType::F64)?;
/// let y: ndarray::Array1<f64> = to_array(&rms_norm(&x, &w, 1e-12)?)?;
/// let root = 12.5_f64.sqrt();
/// assert!((y[0] - 3.0 / root).abs() < 1e-12 && (y[1] - 8.0 / root).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    check("rms_norm", ["rms_norm: `x`", "rms_norm: `weight`"], x, weight, eps)?;
    scale(x, weight, eps)
}

/// `x / √(mean x² + ε) ∘ w`.
fn scale(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    let root = (x.sqr()?.mean_keepdim(x.rank() - 1)? + eps)?.sqrt()?;
    Ok(x.broadcast_div(&root)?.broadcast_mul(weight)?)
}

/// The last axis.
fn check(
    estimator: &'static str,
    [x_name, weight_name]: [&'static str; 2],
    x: &Tensor,
    weight: &Tensor,
    eps: f64,
) -> Result<usize> {
    check_float(estimator, "x", x)?;
    check_filled(x_name, x)?;
    check_features(weight_name, x, weight)?;
    crate::base::check_positive(estimator, "eps", eps)?;
    Ok(x.rank() - 1)
}

fn check_features(what: &'static str, x: &Tensor, t: &Tensor) -> Result<()> {
    let n = &x.dims()[x.rank() - 1..];
    if t.dims() == n {
        return Ok(());
    }
    Err(Error::Shape { what, expected: format!("{n:?}"), got: format!("{:?}", t.dims()) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{spread, weighted};
    use super::*;
    use crate::tensor::{DType, Params, gradcheck::check_gradients, to_array, to_tensor};
    use ndarray::{Array1, Array3, array};

    #[test]
    fn every_input_gets_its_gradient() {
        let mut params = Params::new(DType::F64, 0).unwrap();
        let mut add = |name: &str, t: Tensor| params.add_values(name, &t).unwrap();
        let x = add("x", to_tensor(spread((2, 3, 4)).view(), DType::F64).unwrap());
        let w = add("w", to_tensor(array![0.5, -1.0, 2.0, 1.5].view(), DType::F64).unwrap());
        let b = add("b", to_tensor(array![0.1, 0.2, 0.3, 0.4].view(), DType::F64).unwrap());
        check_gradients(|| weighted(&layer_norm(&x, &w, Some(&b), 1e-5)?), &params, 1e-7).unwrap();
        let turned = || weighted(&layer_norm(&x.transpose(0, 1)?, &w, Some(&b), 1e-2)?);
        check_gradients(turned, &params, 1e-7).unwrap();
        let rms = || Ok((weighted(&rms_norm(&x, &w, 1e-5)?)? + weighted(&b)?)?);
        check_gradients(rms, &params, 1e-7).unwrap();
    }

    #[test]
    fn rows_are_centred_and_scaled_by_the_biased_variance() {
        let one = to_tensor(Array1::ones(4).view(), DType::F32).unwrap();
        let x = to_tensor(array![1e4, 10_001.0, 10_002.0, 10_003.0].view(), DType::F32).unwrap();
        let y: Array1<f64> = to_array(&layer_norm(&x, &one, None, 1e-9).unwrap()).unwrap();
        // 1, 2, 3, 4 about their mean over √1.25: the first is −1.3416.
        let expected = array![-1.5, -0.5, 0.5, 1.5] / 1.25_f64.sqrt();
        assert!((&y - &expected).iter().all(|d| d.abs() < 1e-6), "{y}");
        let x = spread((2, 3, 4)) * 100.0;
        let one = to_tensor(Array1::ones(4).view(), DType::F64).unwrap();
        let x = to_tensor(x.view(), DType::F64).unwrap();
        let y: Array3<f64> = to_array(&rms_norm(&x, &one, 1e-12).unwrap()).unwrap();
        for row in y.rows() {
            assert!((row.dot(&row) / 4.0 - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let x = to_tensor(spread((2, 3)).view(), DType::F64).unwrap();
        let (w, short) =
            (x.narrow(0, 0, 1).unwrap().squeeze(0).unwrap(), x.narrow(1, 0, 2).unwrap());
        let said = layer_norm(&x, &short, None, 1e-5).unwrap_err().to_string();
        assert_eq!(said, "layer_norm: `weight`: expected shape [3], got [2, 2]");
        assert!(matches!(layer_norm(&x, &w, Some(&short), 1e-5), Err(Error::Shape { .. })));
        assert!(matches!(rms_norm(&x, &w, 0.0), Err(Error::Parameter { .. })));
    }
}
