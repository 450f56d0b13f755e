//! What is done to rows before a model sees them.

pub mod augment;
pub mod dedup;
mod scale;
mod split;

pub use scale::{StandardScaler, StandardScalerParams, Standardized, standardize};
pub(crate) use split::check_splits;
pub use split::{Split, k_fold, stratified_k_fold, stratified_train_test_split, train_test_split};
