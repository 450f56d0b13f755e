//! Outlier scores and quantiles against `SciPy` and `NumPy`, isolation forest against scikit-learn
//! (`tests/references/outliers.py`).

use crate::support::{aligned, cases};
use mlnotes::anomaly::isolation_forest::IsolationForest;
use mlnotes::anomaly::outliers::{
    iqr_fences, median_abs_deviation, modified_z_scores, winsorize, z_scores,
};
use mlnotes::data::{breast_cancer, penguins};
use mlnotes::events::window::Window;
use mlnotes::stats::quantile::{QuantileMethod, quantile};
use ndarray::{Array1, ArrayView1, ArrayView2};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    levels: Vec<f64>,
    univariate: Vec<Univariate>,
    forest_penguins: Forest,
    forest_breast_cancer: Forest,
}

#[derive(Deserialize)]
struct Forest {
    scores: Vec<f64>,
    /// Root mean square difference of two of scikit-learn's own means.
    rms: f64,
}

#[derive(Deserialize)]
struct Univariate {
    x: Vec<f64>,
    z: Vec<f64>,
    mad: f64,
    modified_z: Vec<f64>,
    quantiles: Vec<Vec<f64>>,
    fences: Vec<[f64; 2]>,
    winsorized: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/outliers.json")).unwrap()
}

fn close(ours: &[f64], theirs: &[f64]) -> bool {
    aligned(ours, theirs).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs().max(1.0))
}

#[test]
fn scores_are_scipys() {
    for case in cases(reference().univariate, 6) {
        let x = Array1::from(case.x);
        assert!(close(z_scores(x.view()).unwrap().as_slice().unwrap(), &case.z));
        assert!(close(&[median_abs_deviation(x.view()).unwrap()], &[case.mad]));
        let modified = modified_z_scores(x.view()).unwrap();
        assert!(close(modified.as_slice().unwrap(), &case.modified_z));
        let winsorized = winsorize(x.view(), 0.1, 0.2).unwrap();
        assert_eq!(winsorized.to_vec(), case.winsorized);
    }
}

#[test]
fn all_nine_quantiles_are_numpys() {
    let Reference { levels, univariate, .. } = reference();
    for case in cases(univariate, 6) {
        let x = Array1::from(case.x);
        for (i, method) in QuantileMethod::ALL.into_iter().enumerate() {
            let ours = |q: &f64| quantile(x.view(), *q, method).unwrap();
            let ours: Vec<f64> = cases(&levels, 11).map(ours).collect();
            assert!(
                close(&ours, &case.quantiles[i]),
                "{method:?}\n{ours:?}\n{:?}",
                case.quantiles[i]
            );
            let (low, high) = iqr_fences(x.view(), 1.5, method).unwrap();
            assert!(close(&[low, high], &case.fences[i]), "{method:?}");
        }
    }
}

/// Spearman's rank correlation of scores without ties.
fn rank_correlation(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    let rank = |x: ArrayView1<f64>| Window::order_by(x).unwrap().rank();
    let n = a.len() as f64;
    let squares: f64 =
        rank(a).iter().zip(rank(b)).map(|(&a, b)| (a as f64 - b as f64).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

#[test]
fn the_forest_ranks_rows_as_scikit_learns() {
    let Reference { forest_penguins, forest_breast_cancer, .. } = reference();
    let mean = |x: ArrayView2<f64>| {
        let run = |seed| IsolationForest::params().seed(seed).fit(x).unwrap().scores(x).unwrap();
        (0..20).map(run).fold(Array1::zeros(x.nrows()), |sum: Array1<f64>, s| sum + s) / 20.0
    };
    let cases = [(&penguins().x, forest_penguins), (&breast_cancer().x, forest_breast_cancer)];
    for (x, theirs) in cases {
        let Forest { scores, rms } = theirs;
        let (ours, theirs) = (mean(x.view()), Array1::from(scores));
        let correlation = rank_correlation(ours.view(), theirs.view());
        let apart = &ours - &theirs;
        let ours_rms = (apart.dot(&apart) / apart.len() as f64).sqrt();
        assert!(correlation > 0.99, "{correlation}");
        assert!(ours_rms < 1.5 * rms && apart.sum().abs() < rms * apart.len() as f64, "{ours_rms}");
    }
}
