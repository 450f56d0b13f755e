//! Linear models.
pub mod logistic;
