//! `mlnotes`: ninety machine-learning notes as Rust that runs.
//!
//! Each note's algorithm is a module here, with its formula, shapes, errors, a runnable example and
//! its primary source; each is derived step by step in a notebook under `notebooks/`, and held
//! against an independent reference in `tests/`. [`catalogue::notes`] is the map, and
//! `notebooks/00_quickstart.ipynb` the tour.
//!
//! ```text
//!                                   catalogue, prelude
//!                                        metrics                       its worth
//!        causal    features    anomaly    events    engineering         what is asked of it
//!              ensemble    sequence    nn                              models of models, of sequences, of layers
//!                  linear    tree    cluster    tensor                 a model of the rows, and automatic gradients
//!        stats    text    decomposition    sampling    optim           what they say
//!                                data                                  rows
//!                            display, plot                             what the reader sees
//!                                base                                  what all stand on
//! ```
//! A room uses those below it and never one above or beside it in a circle; `tests/it/rooms.rs` holds that.
//!
//! | feature | what it brings |
//! |---|---|
//! | `plot` | [`plot`], and what draws trees, dendrograms and graphs of commits |
//! | `sql` | [`data::sql`], a database in memory |
//! | `tensor` | [`tensor`], and what stands on it: [`nn::loss::tensor`], [`nn::cnn`] |
//!
//! All three are on; a project that wants less says `default-features = false` and names what it uses.
//!
//! Conventions that hold everywhere: rows are samples, so a data matrix is `(n_samples, n_features)`;
//! numbers are `f64`; settings go through a builder (`KMeans::params(3).seed(7)`), `fit` gives a
//! fitted model or an [`Error`] that names the value and the remedy; chance takes a `seed`.

pub mod anomaly;
pub mod base;
pub mod catalogue;
pub mod causal;
pub mod cluster;
pub mod data;
pub mod decomposition;
pub mod display;
pub mod engineering;
pub mod ensemble;
pub mod events;
pub mod features;
pub mod linear;
pub mod metrics;
pub mod nn;
pub mod optim;
#[cfg(feature = "plot")]
pub mod plot;
pub mod prelude;
pub mod sampling;
pub mod sequence;
pub mod stats;
#[cfg(feature = "tensor")]
pub mod tensor;
pub mod text;
pub mod tree;

pub use base::{Error, Result};

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
