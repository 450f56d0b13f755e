//! The losses on `candle_core::Tensor`, in `f32` and `f64`, through which gradients flow.
//!
//! This module is of the feature `tensor`, which is on unless switched off.
//!
//! ```text
//! log-softmax:  s = z − max z,   ln p = s − ln Σⱼ e^{sⱼ}         the maximum is a constant here
//! softplus:     max(z, 0) + ln(1 + e^{−|z|})
//! ```
//!
//! Only operations with a backward pass are composed: candle 0.11 gives its fused `softmax_last_dim`
//! and its relatives no gradient, without a word. A test holds each gradient against the one by hand.
//!
//! Input is checked as in [`super`], for which the logits are read back: a transfer a step when they
//! live on another device. In `f32` a loss below about 1e-7 rounds to 0; its gradient does not.
//!
//! # Example
//! ```
//! use candle_core::{Device, Var};
//! use mlnotes::nn::loss::{CrossEntropy, tensor};
//! let z = Var::new(&[[0.0_f64, 0.0]], &Device::Cpu)?;
//! let loss = tensor::cross_entropy(&z, &[1], &CrossEntropy::new())?;
//! assert_eq!(loss.to_scalar::<f64>()?, 2.0_f64.ln());
//! let slope = loss.backward()?.get(&z).map(|g| g.to_vec2::<f64>()).transpose()?;
//! assert_eq!(slope, Some(vec![vec![0.5, -0.5]]));
//! # Ok::<(), mlnotes::Error>(())
//! ```

use super::CrossEntropy;
use super::{binary, check_targets};
use crate::base::check_matrix;
use crate::stats::information::ROUNDING;
use crate::{Error, Result};
use candle_core::{DType, Tensor};
use ndarray::{Array1, Array2};

/// Mean binary cross-entropy of logits `z` for labels `y` in `[0, 1]`, of one shape and type; a scalar.
/// As [`super::bce_with_logits`].
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::Probability`] for a label outside
/// `[0, 1]` (positions count along the flattened tensor), [`Error::Parameter`] for another type than
/// `f32` or `f64`, [`Error::Tensor`] for what candle itself refuses.
///
/// # Example
/// ```
/// use candle_core::{Device, Tensor};
/// use mlnotes::nn::loss::tensor::bce_with_logits;
/// let z = Tensor::new(&[-1e4_f32, 1e4], &Device::Cpu)?;
/// let y = Tensor::new(&[1.0_f32, 1.0], &Device::Cpu)?;
/// assert_eq!(bce_with_logits(&z, &y)?.to_scalar::<f32>()?, 5e3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn bce_with_logits(z: &Tensor, y: &Tensor) -> Result<Tensor> {
    const NAMES: [&str; 2] = ["tensor::bce_with_logits: `z`", "tensor::bce_with_logits: `y`"];
    check_pair("tensor::bce_with_logits", NAMES[1], z, y)?;
    binary::check_logits(NAMES, host(z)?.view(), host(y)?.view())?;
    let tail = (z.abs()?.neg()?.exp()? + 1.0)?.log()?;
    Ok(((z.relu()? - (y * z)?)? + tail)?.mean_all()?)
}

/// Cross-entropy of logits `z`, `(n_samples, n_classes)`, with labels `y`, `(n_samples,)`, and the
/// options of [`super::cross_entropy`]; a scalar.
///
/// Rows with the ignored label are left out of the graph: their logits get a gradient of exactly 0.
///
/// # Errors
/// As [`super::cross_entropy`], further [`Error::Parameter`] for another type than `f32` or `f64` and
/// [`Error::Tensor`] for what candle itself refuses.
///
/// # Example
/// ```
/// use candle_core::{Device, Tensor};
/// use mlnotes::nn::loss::{CrossEntropy, tensor::cross_entropy};
/// let z = Tensor::new(&[[1.0_f64, 0.0], [0.0, 3.0]], &Device::Cpu)?;
/// let loss = cross_entropy(&z, &[0, 1], &CrossEntropy::new().ignore_index(1))?;
/// assert!((loss.to_scalar::<f64>()? - 0.3132616875182228).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn cross_entropy(z: &Tensor, y: &[usize], options: &CrossEntropy) -> Result<Tensor> {
    check_type("tensor::cross_entropy", "z", z)?;
    let (n, n_classes) = check_logits("tensor::cross_entropy: `z`", z)?;
    options.check(n, n_classes, y)?;
    let divisor = options.divisor(y)?;
    let constant = |values: Vec<f64>, shape: (usize, usize)| -> Result<Tensor> {
        Ok(Tensor::from_vec(values, shape, z.device())?.to_dtype(z.dtype())?)
    };
    let kept: Vec<usize> = (0..n).filter(|&i| !options.ignores(y[i])).collect();
    if kept.is_empty() {
        // Still part of the graph, so that a backward pass finds it.
        return Ok((z * 0.0)?.sum_all()?);
    }
    let labels: Vec<usize> = kept.iter().map(|&i| y[i]).collect();
    let k = kept.len();

    let z = z.contiguous()?.index_select(&index(&kept, z)?, 0)?; // (k, n_classes)
    let log_p = log_softmax(&z)?;
    let own = log_p.gather(&index(&labels, &z)?.reshape((k, 1))?, 1)?; // (k, 1)
    let own_share = 1.0 - options.label_smoothing;
    let own_weights = labels.iter().map(|&label| own_share * options.weight(label)).collect();
    let mut total = (own * constant(own_weights, (k, 1))?)?.sum_all()?;
    if options.label_smoothing > 0.0 {
        let share = options.label_smoothing / n_classes as f64;
        let spread = (0..n_classes).map(|class| share * options.weight(class)).collect();
        let spread = log_p.broadcast_mul(&constant(spread, (1, n_classes))?)?;
        total = (total + spread.sum_all()?)?;
    }
    Ok((total * (-1.0 / divisor))?)
}

/// Mean cross-entropy of logits `z` with target distributions `q`, both `(n_samples, n_classes)`; a
/// scalar. As [`super::soft_cross_entropy`]; a gradient flows into `q` too, if `q` has one.
///
/// # Errors
/// As [`super::soft_cross_entropy`] (in `f32` rows of `q` may miss the sum 1 by 1e-4), further
/// [`Error::Parameter`] for another type than `f32` or `f64` and [`Error::Tensor`].
///
/// # Example
/// ```
/// use candle_core::{Device, Tensor};
/// use mlnotes::nn::loss::tensor::soft_cross_entropy;
/// let z = Tensor::new(&[[1.0_f64, 1.0]], &Device::Cpu)?;
/// let q = Tensor::new(&[[0.3_f64, 0.7]], &Device::Cpu)?;
/// assert!((soft_cross_entropy(&z, &q)?.to_scalar::<f64>()? - 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn soft_cross_entropy(z: &Tensor, q: &Tensor) -> Result<Tensor> {
    const TARGETS: &str = "tensor::soft_cross_entropy: `q`";
    check_pair("tensor::soft_cross_entropy", TARGETS, z, q)?;
    let (n, n_classes) = check_logits("tensor::soft_cross_entropy: `z`", z)?;
    let rounding = if z.dtype() == DType::F32 { 1e-4 } else { ROUNDING };
    check_targets(TARGETS, matrix(q, (n, n_classes))?.view(), rounding)?;
    Ok(((q * log_softmax(z)?)?.sum_all()? * (-1.0 / n as f64))?)
}

/// `ln softmax(z)` along the rows of `z`, `(n, n_classes)`.
///
/// The value does not depend on the shift, so the gradient need not pass through the maximum.
fn log_softmax(z: &Tensor) -> Result<Tensor> {
    let shifted = z.broadcast_sub(&z.max_keepdim(1)?.detach())?;
    let tail = shifted.exp()?.sum_keepdim(1)?.log()?; // (n, 1)
    Ok(shifted.broadcast_sub(&tail)?)
}

fn index(positions: &[usize], like: &Tensor) -> Result<Tensor> {
    let positions: Vec<i64> = positions.iter().filter_map(|&i| i64::try_from(i).ok()).collect();
    Ok(Tensor::new(positions, like.device())?)
}

/// The numbers of a tensor, flattened.
fn host(t: &Tensor) -> Result<Array1<f64>> {
    Ok(Array1::from(t.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?))
}

fn matrix(t: &Tensor, (rows, cols): (usize, usize)) -> Result<Array2<f64>> {
    let flat = host(t)?;
    Ok(Array2::from_shape_fn((rows, cols), |(i, j)| flat[i * cols + j]))
}

fn check_logits(what: &'static str, z: &Tensor) -> Result<(usize, usize)> {
    let Ok(shape) = z.dims2() else {
        let got = format!("{:?}", z.dims());
        return Err(Error::Shape { what, expected: "(n_samples, n_classes)".to_owned(), got });
    };
    check_matrix(what, matrix(z, shape)?.view())?;
    Ok(shape)
}

fn check_type(estimator: &'static str, name: &'static str, t: &Tensor) -> Result<()> {
    match t.dtype() {
        DType::F32 | DType::F64 => Ok(()),
        other => {
            let got = format!("a tensor of {}", other.as_str());
            Err(Error::Parameter { estimator, name, rule: "a tensor of f32 or f64", got })
        }
    }
}

/// Two tensors of one shape and one floating type.
fn check_pair(estimator: &'static str, second: &'static str, a: &Tensor, b: &Tensor) -> Result<()> {
    check_type(estimator, "z", a)?;
    if a.dims() != b.dims() {
        let (expected, got) = (format!("{:?}", a.dims()), format!("{:?}", b.dims()));
        return Err(Error::Shape { what: second, expected, got });
    }
    if a.dtype() == b.dtype() {
        return Ok(());
    }
    let got = format!("{} beside {}", a.dtype().as_str(), b.dtype().as_str());
    Err(Error::Parameter { estimator, name: "z", rule: "of the same type as the targets", got })
}

#[cfg(test)]
mod tests {
    use super::super as by_hand;
    use super::*;
    use crate::nn::loss::Reduction;
    use candle_core::{Device, Var};
    use ndarray::array;

    const CPU: &Device = &Device::Cpu;

    fn var(z: &Array2<f64>, dtype: DType) -> Var {
        let flat: Vec<f64> = z.iter().copied().collect();
        let z = Tensor::from_vec(flat, z.dim(), CPU).unwrap().to_dtype(dtype).unwrap();
        Var::from_tensor(&z).unwrap()
    }

    /// The gradient that candle finds; a missing one fails.
    fn backward(loss: &Tensor, z: &Var) -> Array2<f64> {
        let slopes = loss.backward().unwrap();
        matrix(slopes.get(z).expect("no gradient"), z.dims2().unwrap()).unwrap()
    }

    fn value(loss: &Tensor) -> f64 {
        host(loss).unwrap()[0]
    }

    fn gap(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
        (a - b).iter().fold(0.0, |worst, d| if d.abs() > worst { d.abs() } else { worst })
    }

    fn logits() -> Array2<f64> {
        let far = [[3.0, -1.0, 0.5], [0.0, 0.0, 0.0], [1e4, -1e4, 10.0], [-7.0, 9.0, 8.5]];
        Array2::from_shape_fn((4, 3), |(i, j)| far[i][j])
    }

    #[test]
    fn backward_gives_the_gradient_by_hand() {
        let (z, y, new) = (logits(), [1, 2, 1, 0], CrossEntropy::new);
        let weights = array![0.5, 2.0, 0.0];
        let all = [
            new(),
            new().weights(weights.clone()),
            new().label_smoothing(0.2),
            new().ignore_index(2).reduction(Reduction::Sum),
            new().weights(weights).label_smoothing(0.1).ignore_index(0),
            new().label_smoothing(1.0).reduction(Reduction::Sum),
        ];
        for (dtype, tol) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
            for options in &all {
                let variable = var(&z, dtype);
                let loss = cross_entropy(&variable, &y, options).unwrap();
                let ours = by_hand::cross_entropy(z.view(), &y, options).unwrap();
                assert!((value(&loss) - ours).abs() <= tol * ours.max(1.0), "{options:?}");
                let slope = by_hand::cross_entropy_grad(z.view(), &y, options).unwrap();
                assert!(gap(&backward(&loss, &variable), &slope) < tol, "{options:?}");
            }
        }
    }

    #[test]
    fn soft_and_binary_gradients_are_those_by_hand() {
        let z = logits();
        let q = array![[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.1, 0.8, 0.1]];
        let (flat_z, flat_y) = (Array1::from_iter(z.clone()), Array1::from_iter(q.clone()));
        for (dtype, tol) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
            let (variable, targets) = (var(&z, dtype), var(&q, dtype));
            let loss = soft_cross_entropy(&variable, &targets).unwrap();
            let ours = by_hand::soft_cross_entropy(z.view(), q.view()).unwrap();
            assert!((value(&loss) - ours).abs() < tol * ours);
            let slope = by_hand::soft_cross_entropy_grad(z.view(), q.view()).unwrap();
            assert!(gap(&backward(&loss, &variable), &slope) < tol);
            // The target is a variable too: it gets −ln softmax(z) / n.
            let log_p = log_softmax(&variable).unwrap();
            let expected = matrix(&log_p, (4, 3)).unwrap() / -4.0;
            assert!(gap(&backward(&loss, &targets), &expected) < 1e4 * tol);

            let loss = bce_with_logits(&variable, &targets).unwrap();
            let ours = by_hand::bce_with_logits(flat_z.view(), flat_y.view()).unwrap();
            assert!((value(&loss) - ours).abs() < tol * ours);
            let slope = by_hand::bce_with_logits_grad(flat_z.view(), flat_y.view()).unwrap();
            let slope = slope.into_shape_with_order((4, 3)).unwrap();
            assert!(gap(&backward(&loss, &variable), &slope) < tol);
        }
    }

    #[test]
    fn weights_below_the_logits_learn() {
        // z = x w, with x not contiguous: ∂L/∂w = xᵀ ∂L/∂z.
        let x = array![[1.0, 2.0], [-1.0, 0.5], [0.0, 3.0]];
        let w = array![[0.3, -0.2, 0.1], [0.0, 0.4, -0.5]];
        let (xt, wt) = (var(&x.t().to_owned(), DType::F64), var(&w, DType::F64));
        let z = xt.t().unwrap().contiguous().unwrap().matmul(&wt).unwrap();
        let loss = cross_entropy(&z, &[0, 1, 2], &CrossEntropy::new()).unwrap();
        let slope = by_hand::cross_entropy_grad(x.dot(&w).view(), &[0, 1, 2], &CrossEntropy::new());
        assert!(gap(&backward(&loss, &wt), &x.t().dot(&slope.unwrap())) < 1e-14);
        let turned = var(&x, DType::F64);
        let loss = cross_entropy(&turned.t().unwrap(), &[0, 1], &CrossEntropy::new()).unwrap();
        let slope = by_hand::cross_entropy_grad(x.t(), &[0, 1], &CrossEntropy::new()).unwrap();
        assert!(gap(&backward(&loss, &turned), &slope.t().to_owned()) < 1e-14);
    }

    #[test]
    fn bad_tensors_are_refused_by_name() {
        let z = Tensor::new(&[[0.0_f64, f64::NAN]], CPU).unwrap();
        let plain = CrossEntropy::new();
        let nan = cross_entropy(&z, &[0], &plain).unwrap_err();
        assert!(matches!(nan, Error::NotFinite { row: 0, col: 1, .. }), "{nan}");
        let whole = Tensor::new(&[[1_u32, 2]], CPU).unwrap();
        let error = cross_entropy(&whole, &[0], &plain).unwrap_err();
        assert!(error.to_string().contains("must be a tensor of f32 or f64"), "{error}");
        let flat = Tensor::new(&[0.0_f64, 1.0], CPU).unwrap();
        assert!(matches!(cross_entropy(&flat, &[0], &plain), Err(Error::Shape { .. })));
        let two = Tensor::new(&[2.0_f64, 0.0], CPU).unwrap();
        let error = bce_with_logits(&flat, &two).unwrap_err();
        assert!(matches!(error, Error::Probability { index: 0, .. }), "{error}");
        let single = flat.to_dtype(DType::F32).unwrap();
        assert!(matches!(bce_with_logits(&flat, &single), Err(Error::Parameter { .. })));
        let good = Tensor::new(&[[0.0_f64, 0.0]], CPU).unwrap();
        let wide = Tensor::new(&[[0.5_f64, 0.6]], CPU).unwrap();
        assert!(matches!(soft_cross_entropy(&good, &wide), Err(Error::Distribution { .. })));
        assert!(matches!(cross_entropy(&good, &[2], &plain), Err(Error::Label { .. })));
        let ignored = plain.ignore_index(0);
        assert!(matches!(cross_entropy(&good, &[0], &ignored), Err(Error::Empty { .. })));
        let sum = ignored.reduction(Reduction::Sum);
        assert!(value(&cross_entropy(&good, &[0], &sum).unwrap()).abs() < 1e-300);
    }
}
