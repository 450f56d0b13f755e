//! A pipeline cross-validated as one, weighted and sparse rows against scikit-learn, early stopping against
//! `XGBoost` (`tests/references/learners.py`).

use crate::support::apart;
use mlnotes::cluster::kmeans::{KMeans, KMeansInit};
use mlnotes::data::{self, StandardScaler};
use mlnotes::ensemble::Pipeline;
use mlnotes::linear::lasso::Lasso;
use mlnotes::linear::logistic::{LogisticRegression, Penalty, SoftmaxRegression};
use mlnotes::linear::ridge::Ridge;
use mlnotes::linear::svm::{Kernel, LinearSvc, Svc};
use mlnotes::metrics::validation::{KFold, cross_val_outputs, cross_validate};
use mlnotes::text::CsMat;
use mlnotes::tree::xgb::{BoostedTreesRegressor, Method};
use ndarray::{Array1, Array2, Axis, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    pipeline: PipelineRun,
    weighted: Weighted,
    sparse: Sparse,
    stopping: Stopping,
}

#[derive(Deserialize)]
struct PipelineRun {
    lambda: f64,
    proba: Vec<f64>,
    accuracy: Vec<f64>,
}

#[derive(Deserialize)]
struct Line {
    coef: Vec<f64>,
    intercept: f64,
}

#[derive(Deserialize)]
struct Weighted {
    weights: Vec<f64>,
    ridge: Line,
    lasso: Line,
    wine_weights: Vec<f64>,
    softmax: Vec<Vec<f64>>,
    svc: Vec<f64>,
    linear_svc: Line,
    kmeans: Clusters,
}

#[derive(Deserialize)]
struct Clusters {
    start: Vec<Vec<f64>>,
    centroids: Vec<Vec<f64>>,
    inertia: f64,
}

#[derive(Deserialize)]
struct Sparse {
    shape: (usize, usize),
    indptr: Vec<usize>,
    indices: Vec<usize>,
    data: Vec<f64>,
    classes: Vec<usize>,
    target: Vec<f64>,
    logistic: Line,
    softmax: Vec<Vec<f64>>,
    linear_svc: Line,
    ridge: Line,
}

#[derive(Deserialize)]
struct Stopping {
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    best_round: usize,
    rmse: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/learners.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

#[test]
fn a_pipeline_is_cross_validated_as_scikit_learn_does() {
    let r = reference().pipeline;
    let set = data::breast_cancer();
    let (x, y) = (set.x.view(), &set.y[..]);
    let folds = KFold::params(5).stratify(y).split(569).unwrap();
    let logistic = LogisticRegression::params().penalty(Penalty::L2(r.lambda)).tol(1e-11);
    let learner = Pipeline::params(logistic).step(StandardScaler::params());
    let said = cross_val_outputs(&learner, x, y, &folds, 0).unwrap();
    let gap = apart(said.column(1), &r.proba);
    assert!(gap < 1e-6, "{gap:e}");
    let accuracy = cross_validate(&learner, x, y, &folds, 0).unwrap();
    assert!(apart(&accuracy, &r.accuracy) < 1e-12);
}

#[test]
fn weighted_rows_are_fitted_as_scikit_learn_does() {
    let r = reference().weighted;
    let set = data::diabetes();
    let x = data::standardize(set.x.view()).unwrap().x;
    let (x, y) = (x.slice(s![..120, ..]), set.y.slice(s![..120]));
    let weights = Array1::from(r.weights);
    let ridge = Ridge::params(3.0).fit_weighted(x, y, weights.view()).unwrap();
    assert!(apart(&ridge.coef, &r.ridge.coef) < 1e-8);
    assert!((ridge.intercept - r.ridge.intercept).abs() < 1e-8);
    let lasso = Lasso::params(0.8).tol(1e-14).max_iter(100_000);
    let lasso = lasso.fit_weighted(x, y, weights.view()).unwrap();
    assert!(apart(&lasso.coef, &r.lasso.coef) < 1e-4);
    assert!((lasso.intercept - r.lasso.intercept).abs() < 1e-4);

    let wine = data::wine();
    let z = data::standardize(wine.x.view()).unwrap().x;
    let weights = Array1::from(r.wine_weights);
    let two: Vec<usize> = wine.y.iter().map(|&class| usize::from(class > 0)).collect();
    let softmax = SoftmaxRegression::params().l2(0.05).tol(1e-10);
    let softmax = softmax.fit_weighted(z.view(), &wine.y, weights.view()).unwrap();
    let p = softmax.predict_proba(z.view()).unwrap();
    assert!(apart(&p, matrix(&r.softmax).iter()) < 1e-6);
    let svc = Svc::params(Kernel::Rbf(0.1)).c(0.7).tol(1e-9);
    let svc = svc.fit_weighted(z.view(), &two, weights.view()).unwrap();
    assert!(apart(svc.decision_function(z.view()).unwrap().column(0), &r.svc) < 1e-6);
    let machine = LinearSvc::params().c(0.7).tol(1e-10).max_iter(100_000);
    let machine = machine.fit_weighted(z.view(), &two, weights.view()).unwrap();
    assert!(apart(machine.coef.row(0), &r.linear_svc.coef) < 1e-5);
    assert!((machine.intercept[0] - r.linear_svc.intercept).abs() < 1e-5);
    let kmeans = KMeans::params(3).init(KMeansInit::Given(matrix(&r.kmeans.start))).tol(0.0);
    let kmeans = kmeans.fit_weighted(z.view(), weights.view()).unwrap();
    assert!(apart(&kmeans.centroids, matrix(&r.kmeans.centroids).iter()) < 1e-9);
    assert!((kmeans.inertia - r.kmeans.inertia).abs() < 1e-8 * r.kmeans.inertia);
}

#[test]
fn sparse_rows_are_fitted_as_scikit_learn_does() {
    let r = reference().sparse;
    let x = CsMat::new(r.shape, r.indptr, r.indices, r.data);
    let x = x.view();
    let binary: Vec<usize> = r.classes.iter().map(|&class| usize::from(class == 1)).collect();
    let logistic = LogisticRegression::params().penalty(Penalty::L2(0.02)).tol(1e-10);
    let logistic = logistic.fit_sparse(x, &binary).unwrap();
    assert!(logistic.converged);
    assert!(apart(&logistic.coef, &r.logistic.coef) < 1e-6);
    assert!((logistic.intercept - r.logistic.intercept).abs() < 1e-6);
    let softmax = SoftmaxRegression::params().l2(0.02).tol(1e-10).fit_sparse(x, &r.classes);
    let p = softmax.unwrap().predict_proba_sparse(x).unwrap();
    assert!(apart(&p, matrix(&r.softmax).iter()) < 1e-6);
    let machine = LinearSvc::params().c(0.5).tol(1e-10).max_iter(100_000);
    let machine = machine.fit_sparse(x, &binary).unwrap();
    assert!(apart(machine.coef.row(0), &r.linear_svc.coef) < 1e-5);
    assert!((machine.intercept[0] - r.linear_svc.intercept).abs() < 1e-5);
    let target = Array1::from(r.target);
    let ridge = Ridge::params(0.4).fit_sparse(x, target.view()).unwrap();
    assert!(apart(&ridge.coef, &r.ridge.coef) < 1e-6);
    assert!((ridge.intercept - r.ridge.intercept).abs() < 1e-6);
}

#[test]
fn boosting_stops_where_xgboost_does() {
    let r = reference().stopping;
    let (table, answer) = (matrix(&r.x), Array1::from(r.y));
    let rows = |held: bool| -> Vec<usize> { (0..240).filter(|i| (i % 3 == 0) == held).collect() };
    let part = |held| (table.select(Axis(0), &rows(held)), answer.select(Axis(0), &rows(held)));
    let ((x, y), (x_valid, y_valid)) = (part(false), part(true));
    let params = BoostedTreesRegressor::params().method(Method::Exact).max_depth(3).n_trees(300);
    let params = params.patience(10);
    let model = params.fit_validated(x.view(), y.view(), x_valid.view(), y_valid.view()).unwrap();
    assert_eq!(model.n_trees(), r.best_round);
    let losses = model.validation_loss().unwrap();
    // Theirs is a root of the mean square, in single precision, and leaves the start out.
    let rmse: Vec<f64> = losses.iter().skip(1).map(|loss| (2.0 * loss).sqrt()).collect();
    assert!(apart(&rmse, &r.rmse) < 1e-5, "{:e}", apart(&rmse, &r.rmse));
}
