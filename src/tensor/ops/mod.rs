//! Operations on tensors whose values and gradients are right where those of candle 0.11 are not, or are missing.
//!
//! ```text
//! along the last axis   softmax, log_softmax, log_sum_exp          −∞ is a mask; a row of nothing else gives 0
//! number by number      relu, sigmoid, softplus, log_sigmoid, gelu, gelu_tanh, silu, mish, bce_with_logits
//! over features         layer_norm, rms_norm
//! over pictures         conv2d, max_pool2d, upsample_nearest2d
//! over tokens           rope, attention, causal_mask
//! ```
//!
//! Those along the last axis, those number by number, and the windows of pictures are operations of our own with a
//! written-out derivative: each number is computed in `f64`, also for tensors of `f32`, so that neither `e^x` nor
//! `ln(1 + e^x)` overflows or loses its digits. They run on the CPU; candle refuses them elsewhere. The others are
//! composed of candle's sound operations.
//!
//! At a kink the derivative is that of the flat side: `relu'(0) = 0`, and the first of equal maxima takes all.

mod activation;
mod attention;
mod conv;
mod norm;
mod numbers;
mod pointwise;
mod pool;
mod rope;
mod rows;
mod softmax;

pub use activation::{
    bce_with_logits, gelu, gelu_tanh, log_sigmoid, mish, relu, sigmoid, silu, softplus,
};
pub use attention::{attention, causal_mask};
pub use conv::{Conv2d, conv2d};
pub use norm::{layer_norm, rms_norm};
pub use pool::{max_pool2d, upsample_nearest2d};
pub use rope::{Pairing, rope};
pub use softmax::{log_softmax, log_sum_exp, softmax};

#[cfg(test)]
pub(crate) mod tests {
    use crate::Result;
    use crate::tensor::{DType, Params, Tensor, gradcheck::check_gradients, to_tensor};
    use ndarray::{Array, ArrayView, Dimension};

    /// Holds an operation's gradient against central differences at `x`. The outputs are weighted unequally, so that
    /// no error hides in a sum that is constant, as the sum of a softmax is.
    #[track_caller]
    pub(crate) fn check_op<D: Dimension>(
        x: ArrayView<f64, D>,
        op: impl Fn(&Tensor) -> Result<Tensor>,
    ) {
        let mut params = Params::new(DType::F64, 0).unwrap();
        let x = params.add_values("x", &to_tensor(x, DType::F64).unwrap()).unwrap();
        check_gradients(|| weighted(&op(&x)?), &params, 1e-7).unwrap();
    }

    /// `Σ sin(i + 1) yᵢ` over all numbers of `y`.
    pub(crate) fn weighted(y: &Tensor) -> Result<Tensor> {
        let n = y.elem_count();
        let weights = Array::from_shape_fn(n, |i| ((i + 1) as f64).sin());
        let weights = to_tensor(weights.view(), y.dtype())?.reshape(y.dims())?;
        Ok((y * weights)?.sum_all()?)
    }

    /// An array of this shape with numbers spread over ±2, none of them equal.
    pub(crate) fn spread<Sh: ndarray::ShapeBuilder>(shape: Sh) -> Array<f64, Sh::Dim> {
        let mut i = 0.0_f64;
        Array::from_shape_simple_fn(shape, || {
            i += 1.0;
            2.0 * (1.7 * i + 0.3).sin()
        })
    }
}
