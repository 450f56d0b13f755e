//! Features: which of them say anything, and which say the same.
//!
//! | question | module |
//! |---|---|
//! | which features are worth their place? | [`selection`] |
//! | which are combinations of others, and what does that cost? | [`collinearity`] |
//!
//! Chapter: `notebooks/11_features_and_collinearity.ipynb`.

pub mod collinearity;
pub mod selection;
