//! Softmax, its logarithm and its normaliser, along the last axis.
//!
//! ```text
//! log_sum_exp   L = m + ln Σⱼ e^{xⱼ − m},  m = max x      ∂L/∂x = p
//! softmax       p = e^{x − L}                             ∂ℓ/∂x = p (g − Σ p g),  g = ∂ℓ/∂p
//! log_softmax   x − L                                     ∂ℓ/∂x = g − p Σ g
//! ```
//!
//! `−∞` is a mask: its share is 0, its gradient 0. A row of nothing but `−∞` has the shares 0, not NaN, and the
//! gradient 0; this is a convention, and one that composes: what attends to nothing adds nothing. What decides is
//! that the maximum is `−∞`, no floor: a row of −1e30 is a row like any other.

use super::rows::Rows;
use crate::Result;
use crate::tensor::Tensor;

/// `softmax` along the last axis, shape as `x`, `(…, n)`.
///
/// # Errors
/// [`crate::Error::Shape`] for a tensor without axes, [`crate::Error::Empty`], and [`crate::Error::Parameter`] for
/// another type than `f32` or `f64`.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::softmax, to_array, to_tensor};
/// use ndarray::array;
/// let hidden = f64::NEG_INFINITY;
/// let x = to_tensor(array![[1e4, 1e4, hidden], [hidden, hidden, hidden]].view(), DType::F32)?;
/// assert_eq!(to_array(&softmax(&x)?)?, array![[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    Rows::Softmax.of("softmax: `x`", x)
}

/// `ln softmax` along the last axis, shape as `x`, `(…, n)`; `−∞` where masked.
///
/// # Errors
/// As [`softmax`].
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::log_softmax, to_array, to_tensor};
/// use ndarray::array;
/// // The logarithm of a softmax would be −∞ in the second place.
/// let x = to_tensor(array![1e4, -1e4].view(), DType::F64)?;
/// assert_eq!(to_array(&log_softmax(&x)?)?, array![0.0, -2e4]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn log_softmax(x: &Tensor) -> Result<Tensor> {
    Rows::LogSoftmax.of("log_softmax: `x`", x)
}

/// `ln Σ eˣ` along the last axis of `x`, `(…, n)`; shape `(…,)`. `−∞` for a row of nothing else.
///
/// # Errors
/// As [`softmax`].
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::log_sum_exp, to_array, to_tensor};
/// use ndarray::array;
/// let x = to_tensor(array![[1e4, 1e4], [0.0, f64::NEG_INFINITY]].view(), DType::F64)?;
/// assert_eq!(to_array(&log_sum_exp(&x)?)?, array![1e4 + 2.0_f64.ln(), 0.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn log_sum_exp(x: &Tensor) -> Result<Tensor> {
    Rows::LogSumExp.of("log_sum_exp: `x`", x)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_op, spread, weighted};
    use super::*;
    use crate::Error;
    use crate::tensor::{DType, Params, gradients, to_array, to_tensor};
    use ndarray::{Array1, Array2, array};
    use proptest::prelude::*;

    type Op = fn(&Tensor) -> Result<Tensor>;
    const ALL: [Op; 3] = [softmax, log_softmax, log_sum_exp];
    const HIDDEN: f64 = f64::NEG_INFINITY;

    fn slope(op: Op, x: &Array2<f64>) -> Array2<f64> {
        let mut params = Params::new(DType::F64, 0).unwrap();
        let x = params.add_values("x", &to_tensor(x.view(), DType::F64).unwrap()).unwrap();
        let y = op(&x).unwrap();
        // −∞ times a weight would make the loss infinite: such outputs count for nothing.
        let open = y.gt(f64::NEG_INFINITY).unwrap();
        let y = open.where_cond(&y, &y.zeros_like().unwrap()).unwrap();
        let slopes = gradients(&weighted(&y).unwrap(), &params).unwrap();
        to_array(slopes.get("x").unwrap()).unwrap()
    }

    #[test]
    fn gradients_are_those_of_central_differences() {
        for op in ALL {
            check_op(spread(5).view(), op);
            check_op(spread((2, 3, 4)).view(), op);
            check_op(spread((3, 4)).view(), |x| op(&x.t()?));
        }
    }

    #[test]
    fn gradients_are_those_of_the_jacobian() {
        // ∂p/∂x = diag(p) − p pᵀ.
        let x = spread((1, 4));
        let p: Array2<f64> =
            to_array(&softmax(&to_tensor(x.view(), DType::F64).unwrap()).unwrap()).unwrap();
        let p = p.row(0).to_owned();
        let g = Array1::from_shape_fn(4, |i| ((i + 1) as f64).sin());
        let jacobian = Array2::from_diag(&p)
            - p.view().insert_axis(ndarray::Axis(1)).dot(&p.view().insert_axis(ndarray::Axis(0)));
        let expected = jacobian.dot(&g);
        assert!((&slope(softmax, &x).row(0) - &expected).iter().all(|d| d.abs() < 1e-15));
    }

    #[test]
    fn a_masked_row_is_the_row_without_its_masked_places() {
        let x = array![[0.3, HIDDEN, -1.2, 2.0], [HIDDEN; 4]];
        for op in ALL {
            let g = slope(op, &x);
            assert!(g.column(1).iter().chain(g.row(1)).all(|g| g.abs() < 1e-300), "{g}");
            assert!(g.iter().all(|g| g.is_finite()));
        }
        let all = |op: Op, x: &Array2<f64>| -> Vec<f64> {
            let y = op(&to_tensor(x.view(), DType::F64).unwrap()).unwrap();
            y.flatten_all().unwrap().to_vec1().unwrap()
        };
        let (masked, short) = (all(softmax, &x), all(softmax, &array![[0.3, -1.2, 2.0]]));
        assert_eq!([masked[0], masked[2], masked[3]].to_vec(), short);
        assert!([masked[1], masked[4], masked[7]].iter().all(|v| v.to_bits() == 0));
        let (masked, short) = (all(log_sum_exp, &x), all(log_sum_exp, &array![[0.3, -1.2, 2.0]]));
        assert_eq!((masked[0], masked[1]), (short[0], HIDDEN));
        assert_eq!(all(log_softmax, &x)[4..], [HIDDEN; 4]);
        // No floor: a row far below 0 is a row like any other.
        assert_eq!(all(softmax, &array![[-2e4, -2e4]]), [0.5, 0.5]);
        assert!(all(softmax, &array![[f64::NAN, HIDDEN]])[0].is_nan());
        assert!(all(softmax, &array![[0.0, f64::NAN]])[0].is_nan());
    }

    proptest! {
        #[test]
        fn shares_add_up_and_a_shift_changes_nothing(
            x in proptest::collection::vec(-50.0..50.0f64, 6),
            by in -1e3..1e3f64,
        ) {
            let x = Array2::from_shape_vec((2, 3), x).unwrap();
            let of = |x: &Array2<f64>| -> Array2<f64> {
                to_array(&softmax(&to_tensor(x.view(), DType::F64).unwrap()).unwrap()).unwrap()
            };
            let p = of(&x);
            prop_assert!(p.outer_iter().all(|row| (row.sum() - 1.0).abs() < 1e-14));
            prop_assert!((&of(&(&x + by)) - &p).iter().all(|d| d.abs() < 1e-11));
        }
    }

    #[test]
    fn what_has_no_last_axis_is_refused() {
        let scalar = to_tensor(ndarray::arr0(1.0).view(), DType::F64).unwrap();
        assert!(matches!(softmax(&scalar), Err(Error::Shape { .. })));
        let none = Tensor::zeros((2, 0), DType::F64, &crate::tensor::Device::Cpu).unwrap();
        assert!(matches!(log_softmax(&none), Err(Error::Empty { .. })));
        let whole = Tensor::zeros((2, 2), DType::U8, &crate::tensor::Device::Cpu).unwrap();
        assert!(matches!(log_sum_exp(&whole), Err(Error::Parameter { .. })));
    }
}
