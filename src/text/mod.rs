//! Text as vectors: counts, TF-IDF, and search.
//!
//! ```text
//! "the cat sat"  →  tokens  →  counts c(t, d)  →  weights c(t, d) · idf(t)  →  cosine, or BM25
//! idf(t) = ln(N / df(t))        N documents, df(t) of them with the word t
//! ```
//!
//! Chapter: `notebooks/22_tfidf.ipynb`.

pub mod bm25;
pub mod tfidf;
pub mod tokens;
pub mod vectorizer;

pub use bm25::{Bm25, Bm25Idf, Bm25Params};
pub use tfidf::{Idf, Norm, Tf, Tfidf, TfidfParams};
pub use tokens::{n_grams, words};
pub use vectorizer::{CountVectorizer, CountVectorizerParams, DocumentFrequency};

/// The sparse matrix of the rows: documents down, terms across.
pub use sprs::CsMat;
