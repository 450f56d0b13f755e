//! What makes boosting cheap on wide and long data: bins, sampling by gradient, bundles, categories.
//!
//! ```text
//! bins     a feature becomes at most 255 numbers of a byte: a split costs its bins, not its rows
//! GOSS     keep the a·n rows of largest |g|, draw b·n of the others, weigh those (1 − a)/b: E[Σ w g] = Σ g
//! EFB      columns that are never both non-zero share one column of codes
//! many-valued categories   sort by G_c/H_c: the best of 2^(k−1) − 1 subsets is a prefix
//! ```
//!
//! The grower itself, with histograms and leaf-wise growth, is [`super::xgb`]: set
//! [`Growth::LeafWise`](super::xgb::Growth::LeafWise), `num_leaves` and, if rows are too many,
//! `goss`. LightGBM does neither sample nor treat columns as categories unless told to.
//!
//! # References
//! Ke, Meng, Finley, Wang, Chen, Ma, Ye & Liu (2017), LightGBM: a highly efficient gradient boosting
//! decision tree, sections 3 and 4; Fisher (1958), On grouping for maximum homogeneity, for categories.

mod bins;
mod bundle;
mod category;
mod goss;

pub use bins::bin_edges;
pub use bundle::{bundle_exclusive, merge_bundles};
pub use category::{CategorySplit, best_category_split};
pub use goss::goss_sample;
