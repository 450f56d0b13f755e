//! Clustering, and how to judge it.
pub mod gmm;
pub mod kmeans;
pub mod validity;
