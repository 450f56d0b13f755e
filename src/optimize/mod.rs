//! Minimisers that any smooth objective can use: a function gives value and gradient.
//!
//! ```text
//! xₜ₊₁ = xₜ − t H ∇f(xₜ)       H = I: gradient descent;  H = (∇²f)⁻¹: Newton;  H from past steps: L-BFGS
//! ```

mod lbfgs;

pub(crate) use lbfgs::max_norm;
pub use lbfgs::{Minimum, lbfgs};
