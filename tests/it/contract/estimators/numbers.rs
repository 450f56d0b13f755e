//! What is fitted to a number of each row.

use super::{
    Estimator, Fit, Fitted, ITERATED, Numbers, Order, ROUNDING, Says, Stored, of, read_as,
};
use mlnotes::base::{Regressor, to_json};
use mlnotes::ensemble::{Pipeline, Stacking};
use mlnotes::linear::ols::LinearRegression;
use mlnotes::prelude::*;
use mlnotes::tree::xgb::Method;

pub const ESTIMATORS: [Estimator; 13] = [
    of(
        "least squares",
        "LinearRegressionParams",
        ROUNDING,
        Fit::Numbers(|x, y| {
            fitted!(m = LinearRegression::params().fit(x, y)?; [m.coef, m.intercept, m.std_errors];
            predict)
        }),
    ),
    of(
        "ridge",
        "RidgeParams",
        ROUNDING,
        Fit::Numbers(
            |x, y| fitted!(m = Ridge::params(1.0).fit(x, y)?; [m.coef, m.intercept, m.df]; predict),
        ),
    ),
    of(
        "lasso",
        "ElasticNetParams",
        ITERATED,
        Fit::Numbers(
            |x, y| fitted!(m = Lasso::params(0.1).fit(x, y)?; [m.coef, m.intercept]; predict),
        ),
    ),
    of(
        "Bayesian ridge",
        "BayesianRidgeParams",
        ITERATED,
        Fit::Numbers(|x, y| {
            fitted!(m = BayesianRidge::params().fit(x, y)?; [m.coef, m.intercept, m.noise_precision];
            predict, predict_with_sd)
        }),
    ),
    of(
        "tree of numbers",
        "DecisionTreeRegressorParams",
        ROUNDING,
        Fit::Numbers(|x, y| {
            fitted!(m = DecisionTreeRegressor::params().fit(x, y)?; [m.importance(), m.n_leaves()];
            predict)
        }),
    ),
    of(
        "forest of numbers",
        "RandomForestRegressorParams",
        Order::Counts,
        Fit::Numbers(|x, y| {
            let params = RandomForestRegressor::params().n_trees(5).seed(3);
            fitted!(m = params.fit(x, y)?; [m.importance()]; predict)
        }),
    ),
    of(
        "boosted numbers",
        "GradientBoostingRegressorParams",
        ROUNDING,
        Fit::Numbers(|x, y| {
            // Not the importance: of two features that part a node alike, rounding says which is credited.
            let params = GradientBoostingRegressor::params().n_trees(5);
            fitted!(m = params.fit(x, y)?; [m.boosted.train_loss]; predict, staged_predict)
        }),
    ),
    Estimator {
        takes_gaps: true,
        ..of(
            "second-order numbers",
            "BoostedTreesRegressorParams",
            ROUNDING,
            Fit::Numbers(|x, y| {
                fitted!(m = BoostedTreesRegressor::params().n_trees(3).fit(x, y)?; [m.gain_importance()];
                predict, staged_predict, leaf_indices)
            }),
        )
    },
    Estimator {
        takes_gaps: true,
        ..of(
            "second-order numbers, exact",
            "BoostedTreesRegressorParams",
            ROUNDING,
            Fit::Numbers(|x, y| {
                let params = BoostedTreesRegressor::params().method(Method::Exact).n_trees(3);
                fitted!(m = params.fit(x, y)?; [m.gain_importance()]; predict)
            }),
        )
    },
    of(
        "bagged numbers",
        "BaggingParams",
        Order::Counts,
        Fit::Numbers(|x, y| {
            let params = Bagging::params(DecisionTreeRegressor::params()).n_estimators(4).seed(3);
            fitted!(boxed m = params.fit(x, y)?; []; predict, predict_each)
        }),
    ),
    of(
        "stacking",
        "StackingParams",
        Order::Counts,
        Fit::Numbers(|x, y| {
            let bases: Vec<Box<dyn Regressor>> =
                vec![Box::new(Ridge::params(1.0)), Box::new(DecisionTreeRegressor::params())];
            fitted!(boxed m = Stacking::params(bases, Ridge::params(0.5)).seed(3).fit(x, y)?; []; predict)
        }),
    ),
    of(
        "pipeline of numbers",
        "PipelineParams",
        ROUNDING,
        Fit::Numbers(|x, y| {
            let params = Pipeline::params(Ridge::params(1.0)).step(Pca::params(1));
            fitted!(boxed m = params.fit(x, y)?; []; transform, predict)
        }),
    ),
    of(
        "perceptron of numbers",
        "MlpRegressorParams",
        Order::Counts,
        Fit::Numbers(
            |x, y| fitted!(m = MlpRegressor::params(&[3]).epochs(5).seed(3).fit(x, y)?; [m.loss]; predict),
        ),
    ),
];
