//! Settings out of range are refused with their name, what is allowed and what came; the defaults never are.

use super::Sample;
use super::estimators::all;
use mlnotes::cluster::dbscan::Dbscan;
use mlnotes::cluster::isodata::Isodata;
use mlnotes::cluster::kmedoids::KMedoids;
use mlnotes::cluster::mini_batch::MiniBatchKMeans;
use mlnotes::ensemble::BalancedBagging;
use mlnotes::ensemble::Stacking;
use mlnotes::linear::ols::{LinearRegression, OlsCovariance};
use mlnotes::prelude::*;
use std::collections::BTreeSet;

/// The error of a fit, whatever it would have been.
fn error<T>(fitted: Result<T>) -> Option<Error> {
    fitted.err()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of all estimators")]
fn settings_out_of_range_are_named() {
    let sample = Sample::new();
    let (x, y, t) = (sample.x.view(), &sample.classes, sample.numbers.view());
    let stump = DecisionTreeClassifier::params;
    // The type, the setting, what came.
    let refused = [
        ("PcaParams", "n_components", "0", error(Pca::params(0).fit(x))),
        ("KMeansParams", "k", "0", error(KMeans::params(0).fit(x))),
        ("KMeansParams", "max_iter", "0", error(KMeans::params(2).max_iter(0).fit(x))),
        ("KMeansParams", "n_init", "0", error(KMeans::params(2).n_init(0).fit(x))),
        ("KMeansParams", "tol", "NaN", error(KMeans::params(2).tol(f64::NAN).fit(x))),
        (
            "MiniBatchKMeansParams",
            "batch_size",
            "0",
            error(MiniBatchKMeans::params(2).batch_size(0).fit(x)),
        ),
        ("KMedoidsParams", "k", "0", error(KMedoids::params(0).fit(x))),
        ("IsodataParams", "max_sd", "NaN", error(Isodata::params(2).max_sd(f64::NAN).fit(x))),
        (
            "GaussianMixtureParams",
            "max_iter",
            "0",
            error(GaussianMixture::params(2).max_iter(0).fit(x)),
        ),
        (
            "GaussianMixtureParams",
            "reg_covar",
            "-1",
            error(GaussianMixture::params(2).reg_covar(-1.0).fit(x)),
        ),
        ("DbscanParams", "eps", "NaN", error(Dbscan::params(f64::NAN, 2).fit(x))),
        (
            "IsolationForestParams",
            "n_trees",
            "0",
            error(IsolationForest::params().n_trees(0).fit(x)),
        ),
        (
            "LogisticRegressionParams",
            "max_iter",
            "0",
            error(LogisticRegression::params().max_iter(0).fit(x, y)),
        ),
        (
            "SoftmaxRegressionParams",
            "l2",
            "-1",
            error(SoftmaxRegression::params().l2(-1.0).fit(x, y)),
        ),
        ("SvcParams", "c", "0", error(Svc::params(Kernel::Linear).c(0.0).fit(x, y))),
        ("LinearSvcParams", "c", "0", error(LinearSvc::params().c(0.0).fit(x, y))),
        ("DecisionTreeClassifierParams", "min_leaf", "0", error(stump().min_leaf(0).fit(x, y))),
        (
            "RandomForestClassifierParams",
            "n_trees",
            "0",
            error(RandomForestClassifier::params().n_trees(0).fit(x, y)),
        ),
        (
            "GradientBoostingClassifierParams",
            "learning_rate",
            "0",
            error(GradientBoostingClassifier::params().learning_rate(0.0).fit(x, y)),
        ),
        (
            "BoostedTreesClassifierParams",
            "n_trees",
            "0",
            error(BoostedTreesClassifier::params().n_trees(0).fit(x, y)),
        ),
        (
            "BoostedTreesRegressorParams",
            "eta",
            "NaN",
            error(BoostedTreesRegressor::params().eta(f64::NAN).fit(x, t)),
        ),
        (
            "BaggingParams",
            "n_estimators",
            "0",
            error(Bagging::params(stump()).n_estimators(0).fit_classes(x, y)),
        ),
        (
            "BalancedBaggingParams",
            "ratio",
            "2",
            error(BalancedBagging::params(stump()).ratio(2.0).fit(x, y)),
        ),
        (
            "MlpClassifierParams",
            "epochs",
            "0",
            error(MlpClassifier::params(&[3]).epochs(0).fit(x, y)),
        ),
        ("MlpRegressorParams", "batch", "0", error(MlpRegressor::params(&[3]).batch(0).fit(x, t))),
        ("RidgeParams", "alpha", "-1", error(Ridge::params(-1.0).fit(x, t))),
        ("ElasticNetParams", "l1_ratio", "2", error(ElasticNet::params(0.1, 2.0).fit(x, t))),
        (
            "BayesianRidgeParams",
            "tol",
            "NaN",
            error(BayesianRidge::params().tol(f64::NAN).fit(x, t)),
        ),
        (
            "DecisionTreeRegressorParams",
            "ccp_alpha",
            "-1",
            error(DecisionTreeRegressor::params().ccp_alpha(-1.0).fit(x, t)),
        ),
        (
            "RandomForestRegressorParams",
            "min_split",
            "0",
            error(RandomForestRegressor::params().min_split(0).fit(x, t)),
        ),
        (
            "GradientBoostingRegressorParams",
            "subsample",
            "0",
            error(GradientBoostingRegressor::params().subsample(0.0).fit(x, t)),
        ),
    ];
    let mut checked = BTreeSet::new();
    for (settings, name, came, error) in refused {
        let error = error.unwrap_or_else(|| panic!("{settings}: `{name}` of {came} was accepted"));
        let text = error.to_string();
        match error {
            Error::Parameter { name: named, got, .. } => {
                assert_eq!((named, got.as_str()), (name, came), "{settings}: {text}");
                assert!(text.contains("must be"), "{settings}: {text}");
            }
            other => panic!("{settings}: {other}"),
        }
        checked.insert(settings);
    }
    // A tree of merges has one setting, a choice of four; least squares and stacking have lists.
    checked.insert("AgglomerativeParams");
    let clusters = OlsCovariance::Cluster(vec![0; 3]);
    let error = LinearRegression::params().covariance(clusters).fit(x, t).unwrap_err();
    assert!(matches!(error, Error::Shape { .. }), "{error}");
    checked.insert("LinearRegressionParams");
    let Err(error) = Stacking::params(vec![], Ridge::params(1.0)).fit(x, t) else {
        panic!("stacking of nothing was accepted")
    };
    assert!(matches!(error, Error::Empty { .. }), "{error}");
    checked.insert("StackingParams");
    // A scaler has none, and a pipeline those of its parts.
    checked.extend(["PipelineParams", "StandardScalerParams"]);
    let known: BTreeSet<&str> = all().map(|e| e.settings).filter(|s| !s.is_empty()).collect();
    assert_eq!(checked, known);
}

#[test]
fn defaults_pass_on_real_data() {
    let (iris, numbers) = (data::iris(), data::diabetes());
    let x = data::standardize(iris.x.view()).unwrap().x;
    let two: Vec<usize> = iris.y.iter().map(|&c| usize::from(c > 0)).collect();
    let (x, y, t) = (x.view(), &iris.y, numbers.y.view());
    let z = data::standardize(numbers.x.view()).unwrap().x;
    let z = z.view();
    let passed = [
        ("PCA", error(Pca::params(2).fit(x))),
        ("k-means", error(KMeans::params(3).fit(x))),
        ("mini-batch k-means", error(MiniBatchKMeans::params(3).fit(x))),
        ("k-medoids", error(KMedoids::params(3).fit(x))),
        ("ISODATA", error(Isodata::params(3).fit(x))),
        ("mixture", error(GaussianMixture::params(3).fit(x))),
        ("isolation forest", error(IsolationForest::params().fit(x))),
        (
            "logistic regression",
            error(LogisticRegression::params().penalty(Penalty::L2(1e-3)).fit(x, &two)),
        ),
        ("softmax regression", error(SoftmaxRegression::params().l2(1e-3).fit(x, y))),
        ("kernel machine", error(Svc::params(Kernel::Rbf(0.25)).fit(x, y))),
        ("linear machine", error(LinearSvc::params().fit(x, y))),
        ("tree of classes", error(DecisionTreeClassifier::params().fit(x, y))),
        ("forest of classes", error(RandomForestClassifier::params().fit(x, y))),
        ("boosted classes", error(GradientBoostingClassifier::params().fit(x, &two))),
        (
            "bagged classes",
            error(Bagging::params(DecisionTreeClassifier::params()).fit_classes(x, y)),
        ),
        (
            "balanced bagging",
            error(BalancedBagging::params(DecisionTreeClassifier::params()).fit(x, y)),
        ),
        ("perceptron of classes", error(MlpClassifier::params(&[8]).fit(x, y))),
        ("least squares", error(LinearRegression::params().fit(z, t))),
        ("ridge", error(Ridge::params(1.0).fit(z, t))),
        ("lasso", error(Lasso::params(1.0).fit(z, t))),
        ("Bayesian ridge", error(BayesianRidge::params().fit(z, t))),
        ("tree of numbers", error(DecisionTreeRegressor::params().fit(z, t))),
        ("forest of numbers", error(RandomForestRegressor::params().fit(z, t))),
        ("boosted numbers", error(GradientBoostingRegressor::params().fit(z, t))),
        ("second-order numbers", error(BoostedTreesRegressor::params().fit(z, t))),
        ("bagged numbers", error(Bagging::params(DecisionTreeRegressor::params()).fit(z, t))),
        (
            "stacking",
            error(
                Stacking::params(vec![Box::new(Ridge::params(1.0))], Ridge::params(1.0)).fit(z, t),
            ),
        ),
        ("perceptron of numbers", error(MlpRegressor::params(&[8]).fit(z, t))),
    ];
    for (name, error) in passed {
        assert_eq!(error, None, "{name}");
    }
}

#[test]
fn labels_and_clusters_are_checked() {
    let x = array![[0.0], [1.0], [2.0]];
    let fit = |y: &[usize]| LogisticRegression::params().fit(x.view(), y).unwrap_err();
    assert!(matches!(fit(&[0, 2, 1]), Error::Label { index: 1, .. }));
    assert!(matches!(fit(&[1, 1, 1]), Error::SingleClass { class: 1, .. }));
    let same = Array2::<f64>::ones((6, 2));
    assert!(matches!(KMeans::params(2).fit(same.view()), Err(Error::TooManyClusters { .. })));
    assert!(matches!(
        data::standardize(same.view()),
        Err(Error::ZeroVariance { col: Some(0), .. })
    ));
}
