//! k-means, Gaussian mixtures and their measures against scikit-learn (`tests/references/cluster.py`).

use crate::support::{apart, cases};
use mlnotes::cluster::gmm::{Covariance, GaussianMixture, GmmInit, MixtureParts};
use mlnotes::cluster::kmeans::{KMeans, KMeansInit};
use mlnotes::cluster::validity::{adjusted_rand, normalized_mutual_info, silhouette};
use mlnotes::data;
use ndarray::{Array, Array1, Array2, Array3, Axis};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    start_rows: Vec<usize>,
    kmeans: ReferenceKMeans,
    measures: Measures,
    gmm: Vec<ReferenceGmm>,
}

#[derive(Deserialize)]
struct ReferenceKMeans {
    centroids: Vec<Vec<f64>>,
    labels: Vec<usize>,
    inertia: f64,
}

#[derive(Deserialize)]
struct Measures {
    ari: f64,
    nmi: f64,
    silhouette: Vec<f64>,
}

#[derive(Deserialize)]
struct ReferenceGmm {
    shape: String,
    steps: usize,
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    covariances: Vec<Vec<Vec<f64>>>,
    score: f64,
    bic: f64,
    aic: f64,
}

fn reference() -> (Reference, Array2<f64>) {
    let reference = serde_json::from_str(include_str!("../../references/cluster.json")).unwrap();
    (reference, data::standardize(data::penguins().x.view()).unwrap().x)
}

fn worst<D: ndarray::Dimension>(ours: &Array<f64, D>, theirs: &[f64]) -> f64 {
    apart(ours, theirs)
}

#[test]
fn kmeans_from_the_same_start_ends_in_the_same_place() {
    let (reference, x) = reference();
    let start = KMeansInit::Given(x.select(Axis(0), &reference.start_rows));
    let model = KMeans::params(3).init(start).tol(0.0).fit(x.view()).unwrap();
    assert_eq!(model.labels, reference.kmeans.labels);
    assert!((model.inertia / reference.kmeans.inertia - 1.0).abs() < 1e-10);
    assert!(worst(&model.centroids, &reference.kmeans.centroids.concat()) < 1e-10);
}

#[test]
fn measures_agree() {
    let (reference, x) = reference();
    let (labels, truth) = (&reference.kmeans.labels, &data::penguins().y);
    let measures = &reference.measures;
    assert!((adjusted_rand(labels, truth).unwrap() - measures.ari).abs() < 1e-12);
    assert!((normalized_mutual_info(labels, truth).unwrap() - measures.nmi).abs() < 1e-12);
    let ours = silhouette(x.view(), labels).unwrap();
    let every_20th: Array1<f64> = ours.iter().step_by(20).copied().collect();
    assert!(worst(&every_20th, &measures.silhouette) < 1e-12);
}

#[test]
fn em_takes_the_same_steps_from_the_same_start() {
    let (reference, x) = reference();
    for case in cases(&reference.gmm, 12) {
        let shape = match case.shape.as_str() {
            "full" => Covariance::Full,
            "tied" => Covariance::Tied,
            "diag" => Covariance::Diag,
            _ => Covariance::Spherical,
        };
        let mut identity = Array3::zeros((3, 4, 4));
        identity.outer_iter_mut().for_each(|mut m| m.diag_mut().fill(1.0));
        let start = MixtureParts {
            weights: Array1::from_elem(3, 1.0 / 3.0),
            means: x.select(Axis(0), &reference.start_rows),
            covariances: identity,
        };
        let params = GaussianMixture::params(3).covariance(shape).init(GmmInit::Given(start));
        let model = params.tol(0.0).max_iter(case.steps).fit(x.view()).unwrap();
        let what = format!("{} after {} steps", case.shape, case.steps);
        assert!(worst(&model.weights, &case.weights) < 1e-8, "{what}: weights");
        assert!(worst(&model.means, &case.means.concat()) < 1e-8, "{what}: means");
        assert!(
            worst(&model.covariances, &case.covariances.concat().concat()) < 1e-8,
            "{what}: covariances"
        );
        assert!((model.score(x.view()).unwrap() - case.score).abs() < 1e-8, "{what}: score");
        assert!((model.bic(x.view()).unwrap() - case.bic).abs() < 1e-5, "{what}: BIC");
        assert!((model.aic(x.view()).unwrap() - case.aic).abs() < 1e-5, "{what}: AIC");
    }
}
