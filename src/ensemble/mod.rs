//! Models made of models: each learner below is one that stands in another room.
//!
//! ```text
//! bagging           f̄ = (1/B) Σ_b f_b, each on a bootstrap sample     variance ρσ² + (1 − ρ)σ²/B; the bias stays
//! balanced bagging  the same, on as many rows of every class as the rarest has
//! stacking          g(f₁(x), …, f_B(x)), with g fitted to predictions out of fold
//! pipeline          f(t_k(… t₁(x))), with all of them learned from the same rows
//! ```
//!
//! A learner is anything with [`crate::base::Regressor`] or [`crate::base::Classifier`], also a closure; so are those
//! here, and one can stand in another.
//! Chapters: `notebooks/07_bagging_bias_variance.ipynb`, `notebooks/17_regularisation_and_overfitting.ipynb`,
//! `notebooks/21_imbalance.ipynb`.

mod bagging;
mod balanced_bagging;
mod pipeline;
mod stacking;

pub use bagging::{
    Bagging, BaggingClassifier, BaggingParams, MemberVariance, member_variance, variance_of_mean,
};
pub use balanced_bagging::{BalancedBagging, BalancedBaggingParams};
pub use pipeline::{Pipeline, PipelineClassifier, PipelineParams};
pub use stacking::{Stacking, StackingParams};
