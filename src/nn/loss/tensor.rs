//! The losses on tensors, in `f32` and `f64`, through which gradients flow.
//!
//! This module is of the feature `tensor`, which is on unless switched off.
//!
//! ```text
//! cross-entropy  −ln softmax(z)_y                       over the last axis of (…, n_classes)
//! binary         max(z, 0) − y z + ln(1 + e^{−|z|})     of any shape
//! ```
//!
//! They are made of [`crate::tensor::ops`], whose gradients are right where candle's fused ones are missing. A test
//! holds each against the one by hand.
//!
//! Logits stay where they are: shapes, types and labels are checked, numbers are not. A logit that is NaN makes the
//! loss NaN, which [`crate::tensor::gradients`] refuses. `−∞` masks a class: it has no share, and its gradient is 0. A
//! label that is masked, or a smoothed target spread over a masked class, costs `∞`, which is refused there as well.
//! A binary logit of `±∞` is certain: it costs 0 where it is right, else `∞`. So far the losses by hand agree; they
//! refuse a row of `−∞` alone, which costs `∞` here.
//!
//! # Example
//! ```
//! use mlnotes::nn::loss::{CrossEntropy, tensor};
//! use mlnotes::tensor::{DType, Init, Params, gradients, to_array};
//! let mut params = Params::new(DType::F64, 0)?;
//! let z = params.add("z", &[1, 2], Init::Zeros)?;
//! let slopes = gradients(&tensor::cross_entropy(&z, &[1], &CrossEntropy::new())?, &params)?;
//! assert_eq!(slopes.loss(), 2.0_f64.ln());
//! assert_eq!(to_array(slopes.get("z").unwrap_or(&z))?, ndarray::array![[0.5, -0.5]]);
//! # Ok::<(), mlnotes::Error>(())
//! ```

use super::{CrossEntropy, check_targets};
use crate::base::{check_unit, views};
use crate::stats::information::ROUNDING;
use crate::tensor::{DType, Tensor, check_float, check_same, indices, ops, to_array};
use crate::{Error, Result};
use ndarray::Array1;

/// Mean binary cross-entropy of logits `z` for labels `y` in `[0, 1]`, of one shape and type; a scalar.
/// As [`super::bce_with_logits`].
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::Probability`] for a label outside `[0, 1]` (positions count along the
/// flattened tensor), [`Error::Parameter`] for another type than `f32` or `f64`, [`Error::Tensor`] for what candle
/// itself refuses.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::tensor::bce_with_logits;
/// # use mlnotes::tensor::{Device, Tensor};
/// let z = Tensor::new(&[-1e4_f32, 1e4], &Device::Cpu)?;
/// let y = Tensor::new(&[1.0_f32, 1.0], &Device::Cpu)?;
/// assert_eq!(bce_with_logits(&z, &y)?.to_scalar::<f32>()?, 5e3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn bce_with_logits(z: &Tensor, y: &Tensor) -> Result<Tensor> {
    const NAMES: [&str; 2] = ["tensor::bce_with_logits: `z`", "tensor::bce_with_logits: `y`"];
    check_float("tensor::bce_with_logits", "z", z)?;
    check_same("tensor::bce_with_logits", NAMES[1], z, y)?;
    if z.elem_count() == 0 {
        return Err(Error::Empty { what: NAMES[0], needed: "1 value" });
    }
    if !all(&(y.ge(0.0)? * y.le(1.0)?)?)? {
        let labels: Array1<f64> = to_array(&y.flatten_all()?)?;
        check_unit(NAMES[1], labels.view())?;
    }
    Ok(ops::bce_with_logits(z, y)?.mean_all()?)
}

/// Cross-entropy of logits `z`, `(…, n_classes)`, with labels `y`, one for each row in order, and the options of
/// [`super::cross_entropy`]; a scalar.
///
/// Rows with the ignored label are left out of the graph: their logits get a gradient of exactly 0.
///
/// # Errors
/// As [`super::cross_entropy`], further [`Error::Parameter`] for another type than `f32` or `f64` and
/// [`Error::Tensor`] for what candle itself refuses.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::{CrossEntropy, tensor::cross_entropy};
/// # use mlnotes::tensor::{Device, Tensor};
/// let z = Tensor::new(&[[1.0_f64, 0.0], [0.0, 3.0]], &Device::Cpu)?;
/// let loss = cross_entropy(&z, &[0, 1], &CrossEntropy::new().ignore_index(1))?;
/// assert!((loss.to_scalar::<f64>()? - 0.3132616875182228).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cross_entropy(z: &Tensor, y: &[usize], options: &CrossEntropy) -> Result<Tensor> {
    let (z, n, n_classes) = rows(["tensor::cross_entropy", "tensor::cross_entropy: `z`"], z)?;
    options.check(n, n_classes, y)?;
    let divisor = options.divisor(y)?;
    let kept: Vec<usize> = (0..n).filter(|&i| !options.ignores(y[i])).collect();
    let nothing = z.zeros_like()?;
    if kept.is_empty() {
        // Still part of the graph, so that every parameter finds its gradient, which is 0.
        let never = z.zeros_like()?.to_dtype(DType::U8)?;
        return Ok(never.where_cond(&z, &nothing)?.sum_all()?);
    }
    let z = if kept.len() == n { z } else { z.index_select(&indices(&kept)?, 0)? };
    let labels: Vec<usize> = kept.iter().map(|&i| y[i]).collect();
    let log_p = ops::log_softmax(&z)?; // (k, n_classes)
    let own = log_p.gather(&indices(&labels)?.unsqueeze(1)?, 1)?; // (k, 1)
    let share = 1.0 - options.label_smoothing;
    let weights = labels.iter().map(|&label| share * options.weight(label)).collect();
    let mut total = weighted_sum(&own, weights, (labels.len(), 1))?;
    if options.label_smoothing > 0.0 {
        let share = options.label_smoothing / n_classes as f64;
        let weights = (0..n_classes).map(|class| share * options.weight(class)).collect();
        total = (total + weighted_sum(&log_p, weights, (1, n_classes))?)?;
    }
    Ok((total * (-1.0 / divisor))?)
}

/// `Σ w t`, where a weight of 0 counts as 0 beside `−∞`, too.
fn weighted_sum(t: &Tensor, weights: Vec<f64>, shape: (usize, usize)) -> Result<Tensor> {
    let weights = Tensor::from_vec(weights, shape, t.device())?.to_dtype(t.dtype())?;
    let weights = weights.broadcast_as(t.shape())?.contiguous()?;
    let t = weights.gt(0.0)?.where_cond(t, &t.zeros_like()?)?;
    Ok((t * weights)?.sum_all()?)
}

/// Mean cross-entropy of logits `z` with target distributions `q`, both `(…, n_classes)`; a scalar. As [`super::soft_cross_entropy`]; a gradient flows into `q` too, if `q` has one.
///
/// # Errors
/// As [`super::soft_cross_entropy`] (in `f32` rows of `q` may miss the sum 1 by 1e-4), further
/// [`Error::Parameter`] for another type than `f32` or `f64` and [`Error::Tensor`].
///
/// # Example
/// ```
/// use mlnotes::nn::loss::tensor::soft_cross_entropy;
/// # use mlnotes::tensor::{Device, Tensor};
/// let z = Tensor::new(&[[1.0_f64, 1.0]], &Device::Cpu)?;
/// let q = Tensor::new(&[[0.3_f64, 0.7]], &Device::Cpu)?;
/// assert!((soft_cross_entropy(&z, &q)?.to_scalar::<f64>()? - 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn soft_cross_entropy(z: &Tensor, q: &Tensor) -> Result<Tensor> {
    const NAME: &str = "tensor::soft_cross_entropy";
    const TARGETS: &str = "tensor::soft_cross_entropy: `q`";
    check_float(NAME, "z", z)?;
    check_same(NAME, TARGETS, z, q)?;
    let (z, n, n_classes) = rows([NAME, "tensor::soft_cross_entropy: `z`"], z)?;
    let q = q.reshape((n, n_classes))?;
    let rounding = if z.dtype() == DType::F32 { 1e-4 } else { ROUNDING };
    let apart = (q.sum(1)? - 1.0)?.abs()?;
    if !all(&q.ge(0.0)?)? || !all(&apart.le(rounding)?)? {
        check_targets(TARGETS, to_array(&q)?.view(), rounding)?;
    }
    let log_p = ops::log_softmax(&z)?;
    // A target of 0 on a masked class counts as 0.
    let void = (q.eq(0.0)? * log_p.eq(f64::NEG_INFINITY)?)?;
    let log_p = void.where_cond(&log_p.zeros_like()?, &log_p)?;
    Ok(((q * log_p)?.sum_all()? * (-1.0 / n as f64))?)
}

/// Logits as `(n, n_classes)`, and both numbers.
fn rows([estimator, what]: [&'static str; 2], z: &Tensor) -> Result<(Tensor, usize, usize)> {
    check_float(estimator, "z", z)?;
    let Some((&n_classes, lead)) = z.dims().split_last().filter(|(_, lead)| !lead.is_empty())
    else {
        let (expected, got) = ("(…, n_samples, n_classes)".to_owned(), format!("{:?}", z.dims()));
        return Err(Error::Shape { what, expected, got });
    };
    let n = lead.iter().product();
    if n == 0 || n_classes == 0 {
        return Err(Error::Empty { what, needed: "1 row and 1 column" });
    }
    Ok((z.reshape((n, n_classes))?, n, n_classes))
}

/// Whether a mask holds everywhere; one number is read back.
fn all(mask: &Tensor) -> Result<bool> {
    let open = mask.eq(0_u8)?.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()?;
    Ok(open < 0.5)
}

#[cfg(test)]
mod tests {
    use super::super as by_hand;
    use super::*;
    use crate::nn::loss::Reduction;
    use crate::tensor::{Device, Params, gradients, to_tensor};
    use ndarray::{Array2, Array3, array};

    const CPU: &Device = &Device::Cpu;

    /// Loss and gradients of what is made of some variables.
    fn both(
        values: &[&Array2<f64>],
        dtype: DType,
        loss: impl Fn(&[Tensor]) -> Result<Tensor>,
    ) -> (f64, Vec<Array2<f64>>) {
        let mut params = Params::new(dtype, 0).unwrap();
        let add = |(i, v): (usize, &&Array2<f64>)| {
            params.add_values(&i.to_string(), &to_tensor(v.view(), dtype).unwrap()).unwrap()
        };
        let variables: Vec<Tensor> = values.iter().enumerate().map(add).collect();
        let slopes = gradients(&loss(&variables).unwrap(), &params).unwrap();
        (slopes.loss(), slopes.iter().map(|(_, g)| to_array(g).unwrap()).collect())
    }

    fn gap(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
        (a - b).iter().fold(0.0, |worst, d| if d.abs() > worst { d.abs() } else { worst })
    }

    fn logits() -> Array2<f64> {
        let far = [[3.0, -1.0, 0.5], [0.0, 0.0, 0.0], [1e4, -1e4, 10.0], [-7.0, 9.0, 8.5]];
        Array2::from_shape_fn((4, 3), |(i, j)| far[i][j])
    }

    #[test]
    fn gradients_are_those_by_hand() {
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
                let (loss, slopes) = both(&[&z], dtype, |v| cross_entropy(&v[0], &y, options));
                let ours = by_hand::cross_entropy(z.view(), &y, options).unwrap();
                assert!((loss - ours).abs() <= tol * ours.max(1.0), "{options:?}");
                let slope = by_hand::cross_entropy_grad(z.view(), &y, options).unwrap();
                assert!(gap(&slopes[0], &slope) < tol, "{options:?}");
                // A sequence for each sample: (2, 2, 3) has the loss of (4, 3).
                let deep = |v: &[Tensor]| cross_entropy(&v[0].reshape((2, 2, 3))?, &y, options);
                let (same, slopes) = both(&[&z], dtype, deep);
                assert!((same - loss).abs() < 1e-300 && gap(&slopes[0], &slope) < tol);
            }
        }
    }

    #[test]
    fn soft_and_binary_gradients_are_those_by_hand() {
        let z = logits();
        let q = array![[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.1, 0.8, 0.1]];
        let (flat_z, flat_y) = (Array1::from_iter(z.clone()), Array1::from_iter(q.clone()));
        for (dtype, tol) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
            let (loss, slopes) = both(&[&z, &q], dtype, |v| soft_cross_entropy(&v[0], &v[1]));
            let ours = by_hand::soft_cross_entropy(z.view(), q.view()).unwrap();
            assert!((loss - ours).abs() < tol * ours);
            let slope = by_hand::soft_cross_entropy_grad(z.view(), q.view()).unwrap();
            assert!(gap(&slopes[0], &slope) < tol);
            // The target is a variable too: it gets −ln softmax(z) / n.
            let log_p = ops::log_softmax(&to_tensor(z.view(), dtype).unwrap()).unwrap();
            let expected: Array2<f64> = to_array(&log_p).unwrap() / -4.0;
            assert!(gap(&slopes[1], &expected) < 1e4 * tol);

            let (loss, slopes) = both(&[&z, &q], dtype, |v| bce_with_logits(&v[0], &v[1]));
            let ours = by_hand::bce_with_logits(flat_z.view(), flat_y.view()).unwrap();
            assert!((loss - ours).abs() < tol * ours);
            let slope = by_hand::bce_with_logits_grad(flat_z.view(), flat_y.view()).unwrap();
            let slope = slope.into_shape_with_order((4, 3)).unwrap();
            assert!(gap(&slopes[0], &slope) < tol);
        }
    }

    #[test]
    fn a_masked_class_is_as_one_that_is_not_there() {
        let hidden = f64::NEG_INFINITY;
        let z = array![[0.3, hidden, -1.0], [2.0, hidden, 0.5]];
        let short = array![[0.3, -1.0], [2.0, 0.5]];
        let plain = CrossEntropy::new();
        let (loss, slopes) = both(&[&z], DType::F64, |v| cross_entropy(&v[0], &[0, 2], &plain));
        let ours = by_hand::cross_entropy(short.view(), &[0, 1], &plain).unwrap();
        let slope = by_hand::cross_entropy_grad(short.view(), &[0, 1], &plain).unwrap();
        assert!((loss - ours).abs() < 1e-15);
        let seen = slopes[0].select(ndarray::Axis(1), &[0, 2]);
        assert!(gap(&seen, &slope) < 1e-15 && slopes[0].column(1).iter().all(|g| g.abs() < 1e-300));
        // A class of weight 0 may be masked under smoothing, too.
        let (weights, smooth) = (array![1.0, 0.0, 2.0], CrossEntropy::new().label_smoothing(0.3));
        let weighted = smooth.clone().weights(weights);
        let (loss, _) = both(&[&z], DType::F64, |v| cross_entropy(&v[0], &[0, 2], &weighted));
        assert!(loss.is_finite());
        let q = array![[0.4, 0.0, 0.6], [1.0, 0.0, 0.0]];
        let (loss, slopes) = both(&[&z, &q], DType::F64, |v| soft_cross_entropy(&v[0], &v[1]));
        let ours = by_hand::soft_cross_entropy(short.view(), array![[0.4, 0.6], [1.0, 0.0]].view());
        assert!((loss - ours.unwrap()).abs() < 1e-15);
        assert!(slopes.iter().all(|g| g.iter().all(|g| g.is_finite())));
        // A label that is masked costs ∞, and is refused where gradients are taken.
        let t = to_tensor(z.view(), DType::F64).unwrap();
        for options in [&plain, &smooth] {
            let loss = cross_entropy(&t, &[1, 0], options).unwrap();
            assert!(loss.to_scalar::<f64>().unwrap().is_infinite());
            let refused = gradients(&loss, &Params::new(DType::F64, 0).unwrap());
            assert!(matches!(refused, Err(Error::NotFinite { .. })));
        }
    }

    #[test]
    fn masked_logits_are_those_by_hand() {
        let hidden = f64::NEG_INFINITY;
        let z = array![[0.3, hidden, -1.0], [hidden, 2.0, 0.5], [1.0, -2.0, 0.0]];
        let new = CrossEntropy::new;
        let options = [
            new(),
            new().weights(array![0.5, 2.0, 0.0]),
            new().label_smoothing(0.2),
            new().ignore_index(1).reduction(Reduction::Sum),
            new().weights(array![0.0, 0.0, 1.0]).label_smoothing(0.1),
        ];
        let none = Params::new(DType::F64, 0).unwrap();
        let mut finite = 0;
        for y in [[0, 2, 1], [2, 1, 0], [1, 2, 2], [2, 0, 2]] {
            for options in &options {
                let ours = by_hand::cross_entropy(z.view(), &y, options).unwrap();
                let t = to_tensor(z.view(), DType::F64).unwrap();
                let theirs = cross_entropy(&t, &y, options).unwrap();
                if ours.is_infinite() {
                    let same = theirs.to_scalar::<f64>().unwrap().total_cmp(&ours).is_eq();
                    assert!(same, "{y:?} {options:?}");
                    assert!(gradients(&theirs, &none).is_err());
                    continue;
                }
                finite += 1;
                let (loss, slopes) = both(&[&z], DType::F64, |v| cross_entropy(&v[0], &y, options));
                let slope = by_hand::cross_entropy_grad(z.view(), &y, options).unwrap();
                assert!((loss - ours).abs() < 1e-14, "{y:?} {options:?}");
                assert!(gap(&slopes[0], &slope) < 1e-15, "{y:?} {options:?}");
                assert_eq!((slope[[0, 1]], slope[[1, 0]]), (0.0, 0.0));
            }
        }
        assert!((8..16).contains(&finite), "{finite}");
        let q = array![[0.4, 0.0, 0.6], [0.0, 1.0, 0.0], [0.2, 0.3, 0.5]];
        let (loss, slopes) = both(&[&z, &q], DType::F64, |v| soft_cross_entropy(&v[0], &v[1]));
        assert!((loss - by_hand::soft_cross_entropy(z.view(), q.view()).unwrap()).abs() < 1e-15);
        let slope = by_hand::soft_cross_entropy_grad(z.view(), q.view()).unwrap();
        assert!(gap(&slopes[0], &slope) < 1e-15);
        // Binary logits, at both ends.
        let (z, y) = (array![[hidden, -hidden, 0.4]], array![[0.0, 1.0, 1.0]]);
        let flat = |m: &Array2<f64>| Array1::from_iter(m.iter().copied());
        let (loss, slopes) = both(&[&z, &y], DType::F64, |v| bce_with_logits(&v[0], &v[1]));
        let ours = by_hand::bce_with_logits(flat(&z).view(), flat(&y).view()).unwrap();
        let slope = by_hand::bce_with_logits_grad(flat(&z).view(), flat(&y).view()).unwrap();
        assert!((loss - ours).abs() < 1e-15);
        assert!(gap(&slopes[0], &slope.insert_axis(ndarray::Axis(0))) < 1e-15);
        for y in [array![[1.0, 1.0, 1.0]], array![[0.0, 0.0, 1.0]], array![[0.3, 1.0, 0.0]]] {
            let [t, labels] = [&z, &y].map(|m| to_tensor(m.view(), DType::F64).unwrap());
            let loss = bce_with_logits(&t, &labels).unwrap().to_scalar::<f64>().unwrap();
            let ours = by_hand::bce_with_logits(flat(&z).view(), flat(&y).view()).unwrap();
            assert_eq!((loss, ours), (f64::INFINITY, f64::INFINITY));
        }
    }

    #[test]
    fn weights_below_the_logits_learn() {
        // z = x w, with x not contiguous: ∂L/∂w = xᵀ ∂L/∂z.
        let x = array![[1.0, 2.0], [-1.0, 0.5], [0.0, 3.0]];
        let w = array![[0.3, -0.2, 0.1], [0.0, 0.4, -0.5]];
        let plain = CrossEntropy::new();
        let through = |v: &[Tensor]| {
            cross_entropy(&v[0].t()?.contiguous()?.matmul(&v[1])?, &[0, 1, 2], &plain)
        };
        let (_, slopes) = both(&[&x.t().to_owned(), &w], DType::F64, through);
        let slope = by_hand::cross_entropy_grad(x.dot(&w).view(), &[0, 1, 2], &plain);
        assert!(gap(&slopes[1], &x.t().dot(&slope.unwrap())) < 1e-14);
        let turned = |v: &[Tensor]| cross_entropy(&v[0].t()?, &[0, 1], &plain);
        let (_, slopes) = both(&[&x], DType::F64, turned);
        let slope = by_hand::cross_entropy_grad(x.t(), &[0, 1], &plain).unwrap();
        assert!(gap(&slopes[0], &slope.t().to_owned()) < 1e-14);
    }

    #[test]
    fn where_nothing_counts_the_gradient_is_zero() {
        let all = CrossEntropy::new().ignore_index(9).reduction(Reduction::Sum);
        let (loss, slopes) =
            both(&[&logits()], DType::F64, |v| cross_entropy(&v[0], &[9; 4], &all));
        assert!(loss.abs() < 1e-300 && slopes[0].iter().all(|g| g.abs() < 1e-300));
    }

    #[test]
    fn bad_tensors_are_refused_by_name() {
        let plain = CrossEntropy::new();
        let nan = Tensor::new(&[[0.0_f64, f64::NAN]], CPU).unwrap();
        let loss = cross_entropy(&nan, &[0], &plain).unwrap();
        let refused = gradients(&loss, &Params::new(DType::F64, 0).unwrap()).unwrap_err();
        assert!(matches!(refused, Error::NotFinite { .. }), "{refused}");
        let whole = Tensor::new(&[[1_u32, 2]], CPU).unwrap();
        let error = cross_entropy(&whole, &[0], &plain).unwrap_err();
        assert!(error.to_string().contains("must be a tensor of f32 or f64"), "{error}");
        let flat = Tensor::new(&[0.0_f64, 1.0], CPU).unwrap();
        assert!(matches!(cross_entropy(&flat, &[0], &plain), Err(Error::Shape { .. })));
        let two = Tensor::new(&[2.0_f64, 0.0], CPU).unwrap();
        let error = bce_with_logits(&flat, &two).unwrap_err();
        assert!(matches!(error, Error::Probability { index: 0, .. }), "{error}");
        let unknown = Tensor::new(&[0.5, f64::NAN], CPU).unwrap();
        let error = bce_with_logits(&flat, &unknown).unwrap_err();
        assert!(matches!(error, Error::Probability { index: 1, .. }), "{error}");
        let single = flat.to_dtype(DType::F32).unwrap();
        assert!(matches!(bce_with_logits(&flat, &single), Err(Error::Parameter { .. })));
        let good = Tensor::new(&[[0.0_f64, 0.0]], CPU).unwrap();
        let wide = Tensor::new(&[[0.5_f64, 0.6]], CPU).unwrap();
        assert!(matches!(soft_cross_entropy(&good, &wide), Err(Error::Distribution { .. })));
        assert!(matches!(cross_entropy(&good, &[2], &plain), Err(Error::Label { .. })));
        let deep = to_tensor(Array3::zeros((2, 2, 3)).view(), DType::F64).unwrap();
        assert!(matches!(cross_entropy(&deep, &[0; 3], &plain), Err(Error::Shape { .. })));
        let ignored = plain.ignore_index(0);
        assert!(matches!(cross_entropy(&good, &[0], &ignored), Err(Error::Empty { .. })));
    }
}
