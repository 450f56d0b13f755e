//! Linear models.
pub mod logistic;
pub mod ols;
