//! Clustering: groups in rows that carry no labels, and how to judge them.
//!
//! ```text
//! k-means    minimise Σᵢ min_k ‖xᵢ − μₖ‖²                  hard groups around means
//! mixture    maximise Σᵢ ln Σₖ πₖ N(xᵢ | μₖ, Σₖ)           soft groups with shapes
//! density    connected regions where |{x' : d(x, x') ≤ ε}| ≥ m, the rest is noise
//! hierarchy  merge the two nearest groups, n − 1 times: a tree to cut at any height
//! ```
//!
//! | the groups are | take | how many is |
//! |---|---|---|
//! | round, of like size | [`kmeans`], [`mini_batch`] for many rows | given |
//! | round, with outliers, or known by distances only | [`kmedoids`] | given |
//! | elliptical, overlapping | [`gmm`] | given, or chosen by BIC |
//! | of any shape, amid noise | [`dbscan`] | found, given `ε` and `m` |
//! | nested | [`hierarchical`] | cut from the tree |
//! | to be split and merged on the way | [`isodata`] | roughly given |
//!
//! No labels, no error rate: [`validity`] measures a grouping from within, or against known classes.
//! Chapters: `notebooks/14_kmeans_family.ipynb`, `notebooks/15_gmm_em.ipynb`,
//! `notebooks/16_dbscan_and_hierarchical.ipynb`.

pub mod dbscan;
#[cfg(feature = "plot")]
mod dendrogram;
pub mod gmm;
pub mod hierarchical;
pub mod isodata;
mod kdtree;
pub mod kmeans;
pub mod kmedoids;
pub mod mini_batch;
pub mod validity;

pub use dbscan::{Dbscan, DbscanMetric, DbscanParams, PointKind, k_distance};
pub use gmm::{
    Covariance, GaussianMixture, GaussianMixtureParams, GmmInit, MixtureParts, e_step, elbo,
    em_history, m_step,
};
pub use hierarchical::{Agglomerative, AgglomerativeParams, LinkageKind, Merge, cophenetic};
pub use isodata::{Isodata, IsodataParams, IsodataStep};
pub use kmeans::{
    EmptyCluster, KMeans, KMeansAlgorithm, KMeansInit, KMeansParams, KMeansStep, kmeans_history,
    kmeans_plus_plus,
};
pub use kmedoids::{KMedoids, KMedoidsAlgorithm, KMedoidsInit, KMedoidsMetric, KMedoidsParams};
pub use mini_batch::{MiniBatchKMeans, MiniBatchKMeansParams};
pub use validity::{
    GapResult, adjusted_rand, calinski_harabasz, davies_bouldin, elbow, gap_statistic,
    normalized_mutual_info, silhouette,
};

use crate::{Error, Result};
use ndarray::ArrayView2;
use std::collections::HashSet;

/// `1 <= k <=` number of distinct rows of a finite `x`.
pub(crate) fn check_clusters(estimator: &'static str, x: ArrayView2<f64>, k: usize) -> Result<()> {
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
