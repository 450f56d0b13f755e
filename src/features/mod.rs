//! Features: which of them say anything, and which say the same.
//!
//! | question | module |
//! |---|---|
//! | which features are worth their place? | [`selection`] |
//! | which are combinations of others, and what does that cost? | [`collinearity`] |
//!
//! Chapter: `notebooks/11_features_and_collinearity.ipynb`.

pub mod collinearity;
pub mod selection;

pub use collinearity::{ConditionIndices, condition_indices, condition_number, vif};
pub use selection::{
    Ablation, BinStrategy, Binner, BinnerParams, Bins, BucketRate, Rfe, WoeTable, ablation,
    bucket_rate, chi2, gain_ratio, information_gain, ks, l1_select, mutual_info_knn,
    permutation_importance, permutation_importance_of, rfe, woe_iv,
};
