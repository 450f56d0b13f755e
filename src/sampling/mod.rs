//! Drawing samples from what was observed: to see how an estimate varies, or to change the class ratio.
//!
//! ```text
//! bootstrap   x*₁ … x*ₙ drawn from x₁ … xₙ with replacement;  a row is left out with chance (1 − 1/n)ⁿ → 1/e
//! keep        negatives with chance w:   odds of a positive among the kept = odds before / w
//! ```
//!
//! Chapter: `notebooks/07_bagging_bias_variance.ipynb`.

pub mod bootstrap;
pub mod imbalance;

pub use bootstrap::{BootstrapCi, bootstrap_ci, bootstrap_indices, out_of_bag};
pub use imbalance::{
    ClassWeight, Smote, SmoteParams, class_weights, downsample_negatives, oversample, prior_shift,
    recalibrate, sample_weights, undersample,
};
