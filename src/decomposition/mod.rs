//! Decompositions of the data matrix: a few directions that say most of what many columns say.
//!
//! ```text
//! X − 1 x̄ᵀ  =  U Σ Vᵀ  ≈  U_k Σ_k V_kᵀ         the nearest matrix of rank k (Eckart–Young)
//! ```
//!
//! Chapter: `notebooks/13_pca.ipynb`.

pub mod pca;

pub use pca::{Pca, PcaParams, PcaSolver, covariance, svd_flip};
