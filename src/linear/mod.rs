//! Linear models.
pub mod bayes;
pub mod lasso;
pub mod logistic;
pub mod min_norm;
pub mod ols;
mod penalised;
pub mod ridge;
pub mod svm;
