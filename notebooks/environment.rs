//! One dynamic library that holds every crate the notebooks use, so that their statics exist once.
//!
//! Cells do not name this crate: they write `use mlnotes::…`, `use ndarray::…`, and the linker finds
//! the code here. Re-exporting a crate is what makes rustc put all of it into the library.
pub use candle_core;
pub use linfa;
pub use linfa_clustering;
pub use linfa_elasticnet;
pub use linfa_linear;
pub use linfa_logistic;
pub use linfa_reduction;
pub use linfa_trees;
pub use mlnotes;
pub use ndarray;
pub use plotters;
pub use rand;
pub use rand_chacha;
pub use statrs;
