//! Optimisers: what a step makes of a gradient, how long the step is, and minimisers for smooth objectives.
//!
//! ```text
//! xₜ₊₁ = xₜ − t H ∇f(xₜ)       H = I: gradient descent;  H = (∇²f)⁻¹: Newton;  H from past steps: L-BFGS
//! θₜ₊₁ = θₜ − ηₜ u(g₁ … gₜ)     a rule u that looks at each coordinate's past; ηₜ: a schedule
//! ```
//!
//! | rule | what it adds |
//! |---|---|
//! | [`Sgd`] | momentum, Nesterov's look ahead |
//! | [`Adagrad`] | a rate a coordinate, that falls with all squares so far |
//! | [`RmsProp`] | the same with old squares forgotten |
//! | [`AdaDelta`] | steps in the parameters' own units |
//! | [`Adam`] | momentum over root mean square, both without bias; `AMSGrad`; decay apart from the loss (`AdamW`) |
//! | [`Nadam`] | Adam with Nesterov's look ahead |
//!
//! No rule finds the global minimum in general. The formulas are those of `PyTorch`'s documentation, against which
//! `tests/it/references/optim.rs` holds two hundred steps of each; `tensor::ParamsDescent` makes the same steps on
//! tensors.

mod adadelta;
mod adagrad;
mod adam;
mod descent;
mod lbfgs;
mod nadam;
mod rmsprop;
mod rule;
mod schedule;
mod sgd;

pub use adadelta::AdaDelta;
pub use adagrad::Adagrad;
pub use adam::Adam;
#[cfg(feature = "tensor")]
pub(crate) use descent::Clock;
pub use descent::{Descent, Path, minimise};
pub(crate) use lbfgs::max_norm;
pub use lbfgs::{Minimum, lbfgs};
pub use nadam::Nadam;
pub use rmsprop::RmsProp;
pub use rule::Rule;
#[cfg(feature = "tensor")]
pub(crate) use rule::check_rate;
pub use schedule::Schedule;
pub use sgd::Sgd;
