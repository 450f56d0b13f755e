//! Tensors with automatic gradients: the one door to candle.
//!
//! ```text
//! arrays of f64  ──to_tensor──▶  ops on tensors  ──gradients──▶  a step of a rule  ──to_array──▶  arrays
//! ```
//!
//! Arrays hold formulas, gradients by hand, metrics, and small models; tensors, in `f32` or `f64`, hold what is
//! trained by automatic differentiation. A signature lives in one of the two worlds. A model registers its weights
//! in [`Params`], which are ordered and seeded, builds its forward pass of [`ops`] and of those of candle's that are
//! sound, and is trained by [`Training::fit`].
//!
//! Not all of candle 0.11 is sound: some twenty operations drop or scale their gradients without a word, or lose
//! their digits (docs/decisions/0018). Those are banned by name in `clippy.toml`, and [`ops`] has what stands in for
//! them, each held against central differences ([`gradcheck`]) and against a closed form.
//!
//! Two rules keep errors near their causes: shapes are checked where a forward pass begins, and the loss is asked
//! once a step whether it is finite. [`gradients`] refuses a loss that does not reach every parameter, which is what
//! a severed graph looks like, and hands out gradients cut off from the graph: a second derivative through them,
//! which candle would get wrong in silence, is refused as well.
//!
//! # Example
//! ```
//! use mlnotes::tensor::{DType, Init, Params, gradients, ops, to_array, to_tensor};
//! use ndarray::{Array2, array};
//! let mut params = Params::new(DType::F64, 7)?;
//! let w = params.add("w", &[2, 3], Init::Glorot)?; // (n_out, n_in)
//! let x = to_tensor(array![[1.0, 2.0, 3.0]].view(), DType::F64)?;
//! let log_p = ops::log_softmax(&x.matmul(&w.t()?)?)?; // (1, 2)
//! let slopes = gradients(&log_p.narrow(1, 0, 1)?.neg()?.sum_all()?, &params)?;
//! let slope: Array2<f64> = to_array(slopes.get("w").ok_or(mlnotes::Error::Empty { what: "w", needed: "1" })?)?;
//! // ∂(−ln p₀)/∂W = (p − e₀) xᵀ: the rows add up to zero.
//! assert!(slope.sum_axis(ndarray::Axis(0)).iter().all(|sum| sum.abs() < 1e-15));
//! # Ok::<(), mlnotes::Error>(())
//! ```

mod bridge;
mod check;
mod descent;
mod file;
pub mod gradcheck;
mod gradients;
mod init;
pub mod ops;
mod params;
mod train;

pub use bridge::{indices, to_array, to_tensor};
pub use candle_core::{DType, Device, Tensor, Var};
pub(crate) use check::{check_float, check_rank, check_same};
pub use descent::ParamsDescent;
pub(crate) use file::{read_tensors, write_tensors};
pub use gradients::{Gradients, gradients};
pub use init::Init;
pub use params::Params;
pub use train::{Batch, History, Training};

use crate::Error;

/// candle's error is neither `Clone` nor comparable; its sentence is.
impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor { reason: error.to_string() }
    }
}
