//! What a notebook's first cell brings in: arrays, data, pictures and the models.
//!
//! ```
//! use mlnotes::prelude::*;
//! let x = array![[1.0, 2.0], [3.0, 4.0]];
//! assert_eq!(x.mean_axis(Axis(0)), Some(array![2.0, 3.0]));
//! ```

pub use crate::anomaly::isolation_forest::{
    IsolationForest, IsolationForestModel, IsolationForestParams,
};
pub use crate::cluster::gmm::{
    Covariance, GaussianMixture, GaussianMixtureParams, GmmInit, GmmModel, GmmParams,
};
pub use crate::cluster::kmeans::{
    EmptyCluster, KMeans, KMeansInit, KMeansModel, KMeansParams, KMeansStep,
};
pub use crate::data::{sql::Database, table::Table};
pub use crate::decomposition::pca::{Pca, PcaModel, PcaParams, PcaSolver};
pub use crate::ensemble::{Bagging, BaggingClassifierModel, BaggingModel, BaggingParams};
pub use crate::linear::bayes::{BayesModel, BayesianRidge, BayesianRidgeParams};
pub use crate::linear::lasso::{ElasticNet, ElasticNetParams, Lasso, LassoModel, LassoPath};
pub use crate::linear::logistic::{
    LogisticModel, LogisticRegression, LogisticRegressionParams, Penalty, SoftmaxModel,
    SoftmaxRegression, Solver, is_linearly_separable, logistic_gradient, logistic_hessian,
    logistic_loss,
};
pub use crate::linear::ridge::{Ridge, RidgeModel, RidgeParams, RidgePath};
pub use crate::linear::svm::{
    HingeLoss, Kernel, LinearSvc, LinearSvcModel, LinearSvcParams, Svc, SvcModel, SvcParams,
};
pub use crate::nn::mlp::{
    Activation, MlpClassifier, MlpClassifierModel, MlpClassifierParams, MlpLayer, MlpRegressor,
    MlpRegressorModel, MlpRegressorParams, MlpTarget, Optimiser, mlp_backprop,
};
pub use crate::tree::cart::{
    ClassificationTree, Criterion, DecisionTreeClassifier, DecisionTreeClassifierParams,
    DecisionTreeRegressor, DecisionTreeRegressorParams, MaxFeatures, RegressionTree,
};
pub use crate::tree::forest::{
    RandomForestClassifier, RandomForestClassifierModel, RandomForestClassifierParams,
    RandomForestRegressor, RandomForestRegressorModel, RandomForestRegressorParams,
};
pub use crate::tree::gbdt::{
    GradientBoostingClassifier, GradientBoostingClassifierModel, GradientBoostingClassifierParams,
    GradientBoostingRegressor, GradientBoostingRegressorModel, GradientBoostingRegressorParams,
};
pub use crate::tree::xgb::{BoostedModel, BoostedTrees, BoostedTreesParams};
pub use crate::{Error, Result, data, display, plot};
pub use ndarray::prelude::*;
