//! linfa beside us on real data: a second witness, never the judge. Where it differs, the test says.

use crate::support::aligned;
use linfa::traits::{Fit, Predict};
use mlnotes::cluster::validity::adjusted_rand;
use mlnotes::prelude::*;

#[test]
fn pca_components_agree_up_to_sign() {
    for set in [data::iris(), data::wine(), data::breast_cancer()] {
        let x = data::standardize(set.x.view()).unwrap().x;
        let ours = Pca::params(2).fit(x.view()).unwrap();
        let theirs = linfa_reduction::Pca::params(2).fit(&linfa::DatasetBase::from(x)).unwrap();
        for k in 0..2 {
            let cosine = ours.components.row(k).dot(&theirs.components().row(k));
            // linfa iterates (LOBPCG) to about seven digits.
            assert!((cosine.abs() - 1.0).abs() < 1e-6, "{}: {cosine}", set.source);
        }
    }
}

#[test]
fn logistic_regression_agrees() {
    let set = data::breast_cancer();
    let x = data::standardize(set.x.slice(s![.., ..5])).unwrap().x;
    // Our penalty is on the mean loss, linfa's on the sum; its signs follow the order of appearance.
    let n = x.nrows() as f64;
    let penalty = Penalty::L2(1.0 / n);
    let ours = LogisticRegression::params().penalty(penalty).fit(x.view(), &set.y).unwrap();
    let target: Array1<bool> = set.y.iter().map(|&class| class == 1).collect();
    let theirs = linfa_logistic::LogisticRegression::default()
        .alpha(1.0)
        .gradient_tolerance(1e-8)
        .max_iterations(1000)
        .fit(&linfa::Dataset::new(x.clone(), target))
        .unwrap();
    let sign = ours.coef[0].signum() * theirs.params()[0].signum();
    for (a, b) in aligned(&ours.coef, theirs.params()) {
        assert!((a - sign * b).abs() < 1e-4, "{a} and {b}");
    }
}

#[test]
fn k_means_from_the_same_start_agrees() {
    let x = &data::iris().x;
    let start = x.select(Axis(0), &[0, 60, 120]);
    let ours = KMeans::params(3).init(KMeansInit::Given(start.clone())).fit(x.view()).unwrap();
    let theirs = linfa_clustering::KMeans::params(3)
        .init_method(linfa_clustering::KMeansInit::Precomputed(start))
        .n_runs(1)
        .tolerance(1e-9)
        .fit(&linfa::DatasetBase::from(x.clone()))
        .unwrap();
    for (a, b) in aligned(&ours.centroids, theirs.centroids()) {
        assert!((a - b).abs() < 1e-6, "{a} and {b}");
    }
}

#[test]
fn mixtures_find_the_same_clusters() {
    let x = &data::iris().x;
    let ours = GaussianMixture::params(3).n_init(5).seed(1).fit(x.view()).unwrap();
    let set = linfa::DatasetBase::from(x.clone());
    let theirs =
        linfa_clustering::GaussianMixtureModel::params(3).max_n_iterations(500).fit(&set).unwrap();
    let (a, b) = (ours.predict(x.view()).unwrap(), theirs.predict(x));
    let agreement = adjusted_rand(&a, b.as_slice().unwrap()).unwrap();
    assert!(agreement > 0.95, "{agreement}");
}
