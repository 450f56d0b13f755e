//! What is fitted to a class of each row.

use super::{
    Estimator, Fit, Fitted, ITERATED, Numbers, Order, ROUNDING, Says, Stored, of, read_as,
};
use mlnotes::base::to_json;
use mlnotes::data::StandardScaler;
use mlnotes::ensemble::{BalancedBagging, Pipeline};
use mlnotes::prelude::*;

pub const ESTIMATORS: [Estimator; 12] = [
    of(
        "logistic regression",
        "LogisticRegressionParams",
        Order::Free(1e-6),
        Fit::Classes(|x, y| {
            let params = LogisticRegression::params().penalty(Penalty::L2(0.1));
            fitted!(m = params.fit(x, y)?; [m.coef, m.intercept];
            decision_function, predict_proba, predict, std_errors)
        }),
    ),
    of(
        "softmax regression",
        "SoftmaxRegressionParams",
        ITERATED,
        Fit::Classes(|x, y| {
            fitted!(m = SoftmaxRegression::params().l2(0.1).fit(x, y)?; [m.coef, m.intercept];
            predict_proba, predict)
        }),
    ),
    of(
        "kernel machine",
        "SvcParams",
        ITERATED,
        Fit::Classes(|x, y| {
            let model = Svc::params(Kernel::Rbf(0.5)).tol(1e-6).fit(x, y)?;
            fitted!(m = model; [m.dual_objective, m.intercept]; decision_function, predict)
        }),
    ),
    of(
        "linear machine",
        "LinearSvcParams",
        ITERATED,
        Fit::Classes(|x, y| {
            let model = LinearSvc::params().tol(1e-6).max_iter(100_000).fit(x, y)?;
            fitted!(m = model; [m.coef, m.intercept]; decision_function, predict)
        }),
    ),
    of(
        "tree of classes",
        "DecisionTreeClassifierParams",
        ROUNDING,
        Fit::Classes(|x, y| {
            fitted!(m = DecisionTreeClassifier::params().fit(x, y)?; [m.importance(), m.n_leaves()];
            predict_proba, predict)
        }),
    ),
    of(
        "forest of classes",
        "RandomForestClassifierParams",
        Order::Counts,
        Fit::Classes(|x, y| {
            let params = RandomForestClassifier::params().n_trees(5).seed(3);
            fitted!(m = params.fit(x, y)?; [m.importance()]; predict_proba, predict)
        }),
    ),
    of(
        "boosted classes",
        "GradientBoostingClassifierParams",
        ROUNDING,
        Fit::Classes(|x, y| {
            let params = GradientBoostingClassifier::params().n_trees(5);
            fitted!(m = params.fit(x, y)?; [m.boosted.train_loss, m.importance()];
            predict_proba, predict, staged_predict_proba)
        }),
    ),
    Estimator {
        takes_gaps: true,
        ..of(
            "second-order classes",
            "BoostedTreesClassifierParams",
            ROUNDING,
            Fit::Classes(|x, y| {
                let params = BoostedTreesClassifier::params().softmax(true).n_trees(3);
                fitted!(m = params.fit(x, y)?; [m.gain_importance()];
                margin, predict, predict_proba, staged_margin, staged_predict, leaf_indices)
            }),
        )
    },
    of(
        "bagged classes",
        "BaggingParams",
        Order::Counts,
        Fit::Classes(|x, y| {
            let params = Bagging::params(DecisionTreeClassifier::params()).n_estimators(4).seed(3);
            fitted!(boxed m = params.fit_classes(x, y)?; []; predict_proba, predict)
        }),
    ),
    of(
        "balanced bagging",
        "BalancedBaggingParams",
        Order::Counts,
        Fit::Classes(|x, y| {
            let params = BalancedBagging::params(DecisionTreeClassifier::params());
            fitted!(boxed m = params.n_estimators(4).seed(3).fit(x, y)?; []; predict_proba, predict)
        }),
    ),
    of(
        "pipeline of classes",
        "PipelineParams",
        Order::Free(1e-6),
        Fit::Classes(|x, y| {
            let logistic = LogisticRegression::params().penalty(Penalty::L2(0.1));
            let params = Pipeline::params(logistic).step(StandardScaler::params());
            fitted!(boxed m = params.fit_classes(x, y)?; []; transform, predict_proba, predict)
        }),
    ),
    of(
        "perceptron of classes",
        "MlpClassifierParams",
        Order::Counts,
        Fit::Classes(|x, y| {
            let params = MlpClassifier::params(&[3]).epochs(5).seed(3);
            fitted!(m = params.fit(x, y)?; [m.loss]; predict_proba, predict)
        }),
    ),
];
