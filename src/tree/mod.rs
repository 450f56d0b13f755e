//! Decision trees, and what is built of many: forests and boosting. [`crate::ensemble`] bags and stacks.
//!
//! ```text
//! tree       ask the question xⱼ ≤ t that lowers impurity most, then again on either side
//! bagging    mean of B trees on resamples     variance ρσ² + (1 − ρ)σ² / B;  the bias stays
//! forest     bagging whose splits see few features each: a smaller ρ
//! boosting   F ← F + η · tree fitted to −∂L/∂F     the bias falls round by round
//! ```
//!
//! Chapters: `notebooks/07_bagging_bias_variance.ipynb`, `notebooks/19_trees_and_boosting.ipynb`.

pub mod cart;
pub mod forest;
pub mod gbdt;
pub mod lightgbm;
mod stopping;
pub mod xgb;
