//! What a notebook's first cell brings in: arrays, data, pictures and the models.
//!
//! ```
//! use mlnotes::prelude::*;
//! let x = array![[1.0, 2.0], [3.0, 4.0]];
//! assert_eq!(x.mean_axis(Axis(0)), Some(array![2.0, 3.0]));
//! ```

pub use crate::anomaly::isolation_forest::{IsolationForest, IsolationForestParams};
pub use crate::cluster::gmm::{
    Covariance, GaussianMixture, GaussianMixtureParams, GmmInit, MixtureParts,
};
pub use crate::cluster::kmeans::{EmptyCluster, KMeans, KMeansInit, KMeansParams, KMeansStep};
#[cfg(feature = "sql")]
pub use crate::data::sql::Database;
pub use crate::data::table::Table;
pub use crate::decomposition::pca::{Pca, PcaParams, PcaSolver};
pub use crate::ensemble::{Bagging, BaggingClassifier, BaggingParams};
pub use crate::linear::bayes::{BayesianRidge, BayesianRidgeParams};
pub use crate::linear::lasso::{ElasticNet, ElasticNetParams, Lasso, LassoPath};
pub use crate::linear::logistic::{
    LogisticHistory, LogisticRegression, LogisticRegressionParams, Penalty, SoftmaxRegression,
    Solver, is_linearly_separable, logistic_gradient, logistic_hessian, logistic_loss,
};
pub use crate::linear::ridge::{Ridge, RidgeParams, RidgePath};
pub use crate::linear::svm::{HingeLoss, Kernel, LinearSvc, LinearSvcParams, Svc, SvcParams};
pub use crate::nn::mlp::{
    Activation, MlpClassifier, MlpClassifierParams, MlpLayer, MlpRegressor, MlpRegressorParams,
    MlpTarget, Optimiser, mlp_backprop,
};
#[cfg(feature = "plot")]
pub use crate::plot;
pub use crate::tree::cart::{
    Criterion, DecisionTreeClassifier, DecisionTreeClassifierParams, DecisionTreeRegressor,
    DecisionTreeRegressorParams, MaxFeatures,
};
pub use crate::tree::forest::{
    RandomForestClassifier, RandomForestClassifierParams, RandomForestRegressor,
    RandomForestRegressorParams,
};
pub use crate::tree::gbdt::{
    GradientBoostingClassifier, GradientBoostingClassifierParams, GradientBoostingRegressor,
    GradientBoostingRegressorParams,
};
pub use crate::tree::xgb::{BoostedTreesClassifier, BoostedTreesRegressor};
pub use crate::{Error, Result, data, display};
pub use ndarray::prelude::*;
