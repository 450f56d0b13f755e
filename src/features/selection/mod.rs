//! Feature selection: which columns tell about the class, alone, together, and inside a model.
//!
//! | kind | functions | what it misses |
//! |---|---|---|
//! | filter, counts | [`information_gain`], [`gain_ratio`], [`chi2`], [`woe_iv`], [`bucket_rate`] | redundancy and interactions; depends on the bins |
//! | filter, numbers | [`ks`], [`mutual_info_knn`] | redundancy and interactions |
//! | model | [`permutation_importance`], [`l1_select`], impurity importance of `tree` | splits credit among copies |
//! | wrapper | [`ablation`], [`rfe`] | costs a fit a feature and fold |
//!
//! Three rules hold for all of them. A score read on the rows that chose the features is too good: select
//! inside each training fold. A score of one feature alone says nothing about what it adds to the others.
//! A feature that scores far above all others is first of all a suspected leak. Dropout selects nothing, and
//! attention weights are no importances (Jain & Wallace 2019).
//!
//! # References
//! Guyon & Elisseeff (2003); Ambroise & `McLachlan` (2002) on selection bias.

mod bins;
mod chi_squared;
mod counts;
mod kolmogorov;
mod nearest;
mod permutation;
mod woe;
mod wrappers;

pub use bins::{BinStrategy, Binner, BinnerParams, Bins, BucketRate, bucket_rate};
pub use chi_squared::chi2;
pub use counts::{gain_ratio, information_gain};
pub use kolmogorov::ks;
pub use nearest::mutual_info_knn;
pub use permutation::{permutation_importance, permutation_importance_of};
pub use woe::{WoeTable, woe_iv};
pub use wrappers::{Ablation, Rfe, ablation, l1_select, rfe};

use crate::{Error, Result};

/// `y` has a label a row.
fn check_length(what: &'static str, y: &[usize], n: usize) -> Result<()> {
    if y.len() == n {
        return Ok(());
    }
    Err(Error::Shape { what, expected: format!("({n},)"), got: format!("({},)", y.len()) })
}

/// At least two classes are present.
fn check_classes(what: &'static str, y: &[usize]) -> Result<()> {
    match y.split_first() {
        None => Err(Error::Empty { what, needed: "2 labels" }),
        Some((&class, rest)) if rest.iter().all(|&label| label == class) => {
            Err(Error::SingleClass { what, class })
        }
        _ => Ok(()),
    }
}

/// Every label is 0 or 1, and both are present.
fn check_binary(what: &'static str, y: &[usize]) -> Result<()> {
    match y.iter().position(|&label| label > 1) {
        Some(index) => {
            Err(Error::Label { what, index, got: y[index].to_string(), allowed: "0 or 1" })
        }
        None => check_classes(what, y),
    }
}
