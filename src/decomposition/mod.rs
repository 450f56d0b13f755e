//! Decompositions of the data matrix.
pub mod pca;
