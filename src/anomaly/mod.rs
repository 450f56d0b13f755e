//! What is odd, and what it came from.
//!
//! | question | module |
//! |---|---|
//! | is this value far out? | [`outliers`] |
//! | is this row easy to cut off from the others? | [`isolation_forest`] |
//! | which part of the business moved the total? | [`attribution`] |
//!
//! Chapter: `notebooks/10_data_preparation.ipynb`.

pub mod attribution;
pub mod isolation_forest;
pub mod outliers;

pub use attribution::{
    Adtributor, AdtributorParams, Contribution, Element, Explanation, Measure, Segment,
    ShapleySample, is_simpson_reversal, rate_mix, shapley, shapley_sampled,
};
pub use isolation_forest::{IsolationForest, IsolationForestParams};
pub use outliers::{
    iqr_fences, largest_z, median_abs_deviation, modified_z_scores, winsorize, z_scores,
};
