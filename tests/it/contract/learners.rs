//! Every estimator is a learner that something above it can fit again and again, or says why not.

use super::Sample;
use super::estimators::{Fit, all};
use mlnotes::base::{Classifier, Clusterer, Regressor, Transformer};
use mlnotes::cluster::dbscan::Dbscan;
use mlnotes::cluster::hierarchical::{Agglomerative, LinkageKind};
use mlnotes::cluster::isodata::Isodata;
use mlnotes::cluster::kmedoids::KMedoids;
use mlnotes::cluster::mini_batch::MiniBatchKMeans;
use mlnotes::data::StandardScaler;
use mlnotes::ensemble::{BalancedBagging, Pipeline, Stacking};
use mlnotes::linear::ols::LinearRegression;
use mlnotes::prelude::*;
use std::collections::BTreeSet;

fn regressors() -> Vec<(&'static str, Box<dyn Regressor>)> {
    let tree = DecisionTreeRegressor::params;
    let bases: Vec<Box<dyn Regressor>> = vec![Box::new(Ridge::params(1.0)), Box::new(tree())];
    vec![
        ("LinearRegressionParams", Box::new(LinearRegression::params())),
        ("RidgeParams", Box::new(Ridge::params(1.0))),
        ("ElasticNetParams", Box::new(Lasso::params(0.1))),
        ("BayesianRidgeParams", Box::new(BayesianRidge::params())),
        ("DecisionTreeRegressorParams", Box::new(tree())),
        ("RandomForestRegressorParams", Box::new(RandomForestRegressor::params().n_trees(5))),
        ("GradientBoostingRegressorParams", Box::new(GradientBoostingRegressor::params())),
        ("BoostedTreesRegressorParams", Box::new(BoostedTreesRegressor::params().n_trees(5))),
        ("BaggingParams", Box::new(Bagging::params(tree()).n_estimators(4))),
        ("StackingParams", Box::new(Stacking::params(bases, Ridge::params(0.5)))),
        ("PipelineParams", Box::new(Pipeline::params(tree()).step(Pca::params(2)))),
        ("MlpRegressorParams", Box::new(MlpRegressor::params(&[3]).epochs(5))),
    ]
}

fn classifiers() -> Vec<(&'static str, Box<dyn Classifier>)> {
    let tree = DecisionTreeClassifier::params;
    let logistic = LogisticRegression::params().penalty(Penalty::L2(0.1));
    let scaled = Pipeline::params(logistic.clone()).step(StandardScaler::params());
    vec![
        ("LogisticRegressionParams", Box::new(logistic)),
        ("SoftmaxRegressionParams", Box::new(SoftmaxRegression::params().l2(0.1))),
        ("SvcParams", Box::new(Svc::params(Kernel::Rbf(0.5)))),
        ("LinearSvcParams", Box::new(LinearSvc::params())),
        ("DecisionTreeClassifierParams", Box::new(tree())),
        ("RandomForestClassifierParams", Box::new(RandomForestClassifier::params().n_trees(5))),
        ("GradientBoostingClassifierParams", Box::new(GradientBoostingClassifier::params())),
        ("BoostedTreesClassifierParams", Box::new(BoostedTreesClassifier::params().n_trees(5))),
        ("BaggingParams", Box::new(Bagging::params(tree()).n_estimators(4))),
        ("BalancedBaggingParams", Box::new(BalancedBagging::params(tree()).n_estimators(4))),
        ("PipelineParams", Box::new(scaled)),
        ("MlpClassifierParams", Box::new(MlpClassifier::params(&[3]).epochs(5))),
    ]
}

fn transformers() -> Vec<(&'static str, Box<dyn Transformer>)> {
    vec![
        ("PcaParams", Box::new(Pca::params(2))),
        ("StandardScalerParams", Box::new(StandardScaler::params())),
    ]
}

fn clusterers() -> Vec<(&'static str, Box<dyn Clusterer>)> {
    // A tree of merges is cut where its reader says: a closure names the number.
    let ward = |x: ArrayView2<f64>, _: u64| -> Result<Vec<Option<usize>>> {
        let tree = Agglomerative::params(LinkageKind::Ward).fit(x)?;
        Ok(tree.cut(2)?.into_iter().map(Some).collect())
    };
    vec![
        ("KMeansParams", Box::new(KMeans::params(2))),
        ("MiniBatchKMeansParams", Box::new(MiniBatchKMeans::params(2))),
        ("IsodataParams", Box::new(Isodata::params(2))),
        ("KMedoidsParams", Box::new(KMedoids::params(2))),
        ("GaussianMixtureParams", Box::new(GaussianMixture::params(2))),
        ("DbscanParams", Box::new(Dbscan::params(1.5, 2))),
        ("AgglomerativeParams", Box::new(ward)),
    ]
}

/// Settings whose models say something that is neither a number nor a class to learn, nor a change to rows.
const OTHERS: [(&str, &str); 1] = [("IsolationForestParams", "scores how strange a row is")];

#[test]
fn every_estimator_is_a_learner_or_says_why_not() {
    let estimators: BTreeSet<&str> = all().map(|e| e.settings).filter(|s| !s.is_empty()).collect();
    let mut learners: BTreeSet<&str> = OTHERS.iter().map(|(name, _)| *name).collect();
    learners.extend(regressors().iter().map(|(name, _)| *name));
    learners.extend(classifiers().iter().map(|(name, _)| *name));
    learners.extend(transformers().iter().map(|(name, _)| *name));
    learners.extend(clusterers().iter().map(|(name, _)| *name));
    assert_eq!(learners, estimators);
    // What is fitted to numbers learns numbers, and so on.
    let of = |is: fn(&Fit) -> bool| -> BTreeSet<&str> {
        all().filter(|e| is(&e.fit)).map(|e| e.settings).collect()
    };
    let names: BTreeSet<&str> = regressors().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, of(|fit| matches!(fit, Fit::Numbers(_))));
    let names: BTreeSet<&str> = classifiers().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, of(|fit| matches!(fit, Fit::Classes(_))));
}

#[test]
fn regressors_say_one_number_a_row_by_their_seed() {
    let Sample { x, numbers, .. } = Sample::new();
    for (name, learner) in regressors() {
        let said =
            |seed| learner.fit_base(x.view(), numbers.view(), seed).unwrap().outputs(x.view());
        let once = said(1).unwrap();
        assert_eq!(once.dim(), (30, 1), "{name}");
        assert!(once.iter().all(|v| v.is_finite()), "{name}");
        assert_eq!(once, said(1).unwrap(), "{name}");
        let model = learner.fit_base(x.view(), numbers.view(), 1).unwrap();
        let wide = model.outputs(Array2::ones((4, 3)).view());
        assert!(matches!(wide, Err(Error::Shape { .. })), "{name}");
        let short = learner.fit_base(x.view(), numbers.slice(s![1..]), 1);
        assert!(matches!(short, Err(Error::Shape { .. })), "{name}");
    }
}

#[test]
fn classifiers_share_one_among_all_classes() {
    let Sample { x, classes, .. } = Sample::new();
    for (name, learner) in classifiers() {
        for n_classes in [2, 4] {
            let said = |seed| {
                learner.fit_base(x.view(), &classes, n_classes, seed).unwrap().outputs(x.view())
            };
            let once = said(1).unwrap();
            assert_eq!(once.dim(), (30, n_classes), "{name}");
            let sums = once.sum_axis(Axis(1));
            assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-12), "{name}: {sums}");
            // The sample lacks the classes above.
            assert!(once.slice(s![.., 2..]).iter().all(|share| *share < 1e-6), "{name}");
            assert_eq!(once, said(1).unwrap(), "{name}");
        }
        let model = learner.fit_base(x.view(), &classes, 2, 1).unwrap();
        let wide = model.outputs(Array2::ones((4, 3)).view());
        assert!(matches!(wide, Err(Error::Shape { .. })), "{name}");
    }
}

#[test]
fn transformers_and_clusterers_keep_the_rows() {
    let x = Sample::new().x;
    for (name, learner) in transformers() {
        let model = learner.fit_base(x.view(), 1).unwrap();
        let changed = model.outputs(x.view()).unwrap();
        assert_eq!(changed.nrows(), 30, "{name}");
        let few = model.outputs(x.slice(s![..3, ..])).unwrap();
        assert!((&few - &changed.slice(s![..3, ..])).iter().all(|d| d.abs() < 1e-12), "{name}");
        assert!(matches!(model.outputs(Array2::ones((4, 3)).view()), Err(Error::Shape { .. })));
    }
    for (name, learner) in clusterers() {
        let labels = learner.fit_labels(x.view(), 1).unwrap();
        assert_eq!(labels.len(), 30, "{name}");
        assert_eq!(labels, learner.fit_labels(x.view(), 1).unwrap(), "{name}");
        assert!(learner.fit_labels(Array2::zeros((0, 2)).view(), 1).is_err(), "{name}");
    }
}
