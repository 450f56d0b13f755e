//! Neural networks: losses, layers, and the tools to check a gradient made by hand.
//!
//! ```text
//! forward    a_l = g(W_l a_{l−1} + b_l)
//! loss       L = mean −ln softmax(z)_y,   ∂L/∂z = (softmax(z) − y) / n
//! backward   ∂L/∂W_l = δ_l a_{l−1}ᵀ,   δ_{l−1} = (W_lᵀ δ_l) ∘ g′(z_{l−1})
//! check      ∂L/∂w ≈ (L(w + h) − L(w − h)) / 2h
//! ```
//!
//! Chapters: `notebooks/05_information_theory.ipynb` and `notebooks/18_mse_vs_cross_entropy.ipynb` for
//! the losses, `notebooks/17_regularisation_and_overfitting.ipynb` for a network that learns too much.

#[cfg(feature = "tensor")]
pub mod cnn;
pub mod gradcheck;
pub mod loss;
pub mod mlp;

#[cfg(feature = "tensor")]
pub use cnn::{CnnClassifier, CnnClassifierParams};
pub use gradcheck::{check_gradient, max_relative_error, numeric_gradient, numeric_jacobian};
pub use loss::{
    CrossEntropy, LossTerms, Reduction, bce, bce_terms, bce_with_logits, bce_with_logits_grad,
    cross_entropy, cross_entropy_grad, cross_entropy_rows, focal, focal_posterior, loss_surface,
    mse_sigmoid, soft_cross_entropy, soft_cross_entropy_grad, weighted_bce,
};
pub use mlp::{
    Activation, MlpClassifier, MlpClassifierParams, MlpLayer, MlpRegressor, MlpRegressorParams,
    MlpTarget, Optimiser, mlp_backprop, mlp_flatten, mlp_init, mlp_unflatten,
};
