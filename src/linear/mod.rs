//! Linear models.
pub mod logistic;
pub mod min_norm;
pub mod ols;
