//! Text as vectors: counts, TF-IDF, and search.

pub mod bm25;
pub mod tfidf;
pub mod tokens;
pub mod vectorizer;

/// The sparse matrix of the rows: documents down, terms across.
pub use sprs::CsMat;
