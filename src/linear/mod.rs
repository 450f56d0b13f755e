//! Linear models: a weighted sum of the features, and what is done with it.
//!
//! ```text
//! z = wᵀx + b
//! number   minimise Σᵢ (yᵢ − zᵢ)² + penalty(w)                 w = (XᵀX + λI)⁻¹ Xᵀy for λ ‖w‖²
//! class    minimise Σᵢ [softplus(zᵢ) − yᵢ zᵢ] + penalty(w)     P(y = 1 | x) = 1 / (1 + e⁻ᶻ)
//! street   minimise Σᵢ max(0, 1 − yᵢ zᵢ) + λ ‖w‖²              yᵢ = ±1
//! penalty  ‖w‖² shrinks every weight;  ‖w‖₁ sets some to zero
//! ```
//!
//! | target | model |
//! |---|---|
//! | a number, with standard errors | [`ols`] |
//! | a number, many or collinear features | [`ridge`], [`lasso`], [`bayes`], [`min_norm`] |
//! | a class, with a probability | [`logistic`] |
//! | a class, by the widest street or a kernel | [`svm`] |
//!
//! Chapters: `notebooks/06_logistic_regression_gradient.ipynb`,
//! `notebooks/17_regularisation_and_overfitting.ipynb`.

pub mod bayes;
pub mod lasso;
pub mod logistic;
pub mod min_norm;
pub mod ols;
mod penalised;
pub mod ridge;
mod ridge_sparse;
mod rows;
pub mod svm;

pub use bayes::{BayesianRidge, BayesianRidgeParams};
pub use lasso::{
    ElasticNet, ElasticNetParams, Lasso, LassoPath, Prior, alpha_grid, kkt_violation, lasso_path,
    map_equivalence, soft_threshold,
};
pub use logistic::{
    LogisticHistory, LogisticRegression, LogisticRegressionParams, Penalty, SoftmaxRegression,
    SoftmaxRegressionParams, Solver, is_linearly_separable, logistic_gradient, logistic_hessian,
    logistic_loss,
};
pub use min_norm::min_norm_least_squares;
pub use ols::{LinearRegression, LinearRegressionParams, OlsCovariance};
pub use ridge::{Ridge, RidgeParams, RidgePath, ridge_path};
pub use svm::{HingeLoss, Kernel, LinearSvc, LinearSvcParams, Svc, SvcParams};
