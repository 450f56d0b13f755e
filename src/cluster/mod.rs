//! Clustering, and how to judge it.

pub mod dbscan;
pub mod gmm;
pub mod hierarchical;
pub mod isodata;
mod kdtree;
pub mod kmeans;
pub mod kmedoids;
pub mod mini_batch;
pub mod validity;

use crate::{Error, Result};
use ndarray::ArrayView2;
use std::collections::HashSet;

/// `1 <= k <=` number of distinct rows of a finite `x`.
fn check_clusters(estimator: &'static str, x: ArrayView2<f64>, k: usize) -> Result<()> {
    if k == 0 {
        return Err(Error::Parameter { estimator, name: "k", rule: ">= 1", got: "0".into() });
    }
    let mut seen = HashSet::new();
    for row in x.rows() {
        // `+ 0.0` makes -0 and 0 the same bits.
        seen.insert(row.iter().map(|v| (v + 0.0).to_bits()).collect::<Vec<_>>());
        if seen.len() >= k {
            return Ok(());
        }
    }
    Err(Error::TooManyClusters { what: estimator, k, distinct: seen.len() })
}
