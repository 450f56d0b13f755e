//! Minimisers that any smooth objective can use: a function gives value and gradient.

mod lbfgs;

pub(crate) use lbfgs::max_norm;
pub use lbfgs::{Minimum, lbfgs};
