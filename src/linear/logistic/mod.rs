//! Logistic regression: the probability of a class as a squashed linear score.
//!
//! ```text
//! P(y = 1 | x) = σ(z),   z = wᵀx + b,   σ(z) = 1 / (1 + e⁻ᶻ)
//! L(w, b) = (1/n) Σᵢ [softplus(zᵢ) − yᵢ zᵢ] + λ₂/2 ‖w‖² + λ₁ ‖w‖₁          loss
//! ∇_w L = (1/n) Xᵀ(σ(z) − y),  ∂_b L = mean(σ(z) − y)                      gradient, without penalty
//! H = (1/n) X̃ᵀ S X̃,  S = diag(σ(z)(1 − σ(z))) ⪰ 0                          Hessian: the loss is convex
//! ```
//!
//! The chain rule's `∂L/∂z = σ(z) − y` is all there is to remember; [`logistic_gradient`] is that line,
//! and the solvers differ only in what they do with it. Scale the features first, or one learning rate
//! does not fit all of them. On separable classes the unpenalised loss has no minimum
//! ([`is_linearly_separable`]).
//!
//! # References
//! Cox (1958); Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), section 4.4;
//! Nocedal & Wright, Numerical Optimization (2006), chapters 3, 6, 7.

mod binary;
mod design;
mod loss;
mod separability;
mod softmax;
mod solvers;

pub use binary::{LogisticHistory, LogisticRegression, LogisticRegressionParams, Penalty, Solver};
pub use loss::{logistic_gradient, logistic_hessian, logistic_loss};
pub use separability::is_linearly_separable;
pub use softmax::{SoftmaxRegression, SoftmaxRegressionParams};
