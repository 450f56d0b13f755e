//! `mlnotes`: ninety machine-learning notes as Rust that runs.
//!
//! Each note's algorithm is a module here, with its formula, shapes, errors, a runnable example and
//! its primary source; each is derived step by step in a notebook under `notebooks/`, and held
//! against an independent reference in `tests/`. [`catalogue::notes`] is the map, and
//! `notebooks/00_quickstart.ipynb` the tour.
//!
//! ```text
//!  data, sampling  →  stats, text, decomposition  →  linear, tree, cluster, sequence, nn  →  metrics
//!     rows                  what they say                       a model of them               its worth
//!                     plot, display: what the reader sees of each
//! ```
//!
//! Conventions that hold everywhere: rows are samples, so a data matrix is `(n_samples, n_features)`;
//! numbers are `f64`; settings go through a builder (`KMeans::params(3).seed(7)`), `fit` gives a
//! fitted model or an [`Error`] that names the value and the remedy; chance takes a `seed`.

pub mod catalogue;
pub mod cluster;
pub mod data;
pub mod decomposition;
pub mod display;
pub mod engineering;
mod error;
pub mod linear;
pub mod metrics;
pub mod nn;
pub mod numeric;
pub mod optimize;
mod parallel;
pub mod plot;
pub mod prelude;
pub mod sampling;
pub mod sequence;
pub mod stats;
pub mod text;
pub mod tree;

pub use error::{Error, Result};

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
