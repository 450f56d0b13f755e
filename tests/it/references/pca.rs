//! PCA against scikit-learn (`tests/references/pca.py`) and, as a second witness, linfa-reduction.

use crate::support::{aligned, cases};
use linfa::Dataset;
use linfa::traits::Fit;
use mlnotes::data;
use mlnotes::decomposition::pca::{Pca, PcaSolver};
use ndarray::{Array1, Array2, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    x: Option<Vec<Vec<f64>>>,
    n_components: usize,
    mean: Vec<f64>,
    components: Vec<Vec<f64>>,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
    singular_values: Vec<f64>,
    noise_variance: f64,
    first_scores: Vec<Vec<f64>>,
}

impl Case {
    fn data(&self) -> Array2<f64> {
        match (self.name.as_str(), &self.x) {
            (_, Some(rows)) => matrix(rows),
            ("iris", _) => data::iris().x.clone(),
            _ => data::digits().x.clone(),
        }
    }
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

/// Relative to the largest value compared, so that a tiny trailing variance is not asked for digits
/// that no double holds.
fn assert_close(what: &str, ours: &Array1<f64>, theirs: &[f64], tol: f64) {
    let scale = theirs.iter().fold(1.0f64, |m, v| m.max(v.abs()));
    for (a, b) in aligned(ours.iter(), theirs) {
        assert!((a - b).abs() <= tol * scale, "{what}: {a} against {b}");
    }
}

fn compare(case: &Case, model: &Pca, tol: f64) {
    let name = &case.name;
    assert_close(&format!("{name} mean"), &model.mean, &case.mean, tol);
    assert_close(
        &format!("{name} variance"),
        &model.explained_variance,
        &case.explained_variance,
        tol,
    );
    let ratio = &model.explained_variance_ratio;
    assert_close(&format!("{name} ratio"), ratio, &case.explained_variance_ratio, tol);
    assert_close(&format!("{name} singular"), &model.singular_values, &case.singular_values, tol);
    let noise = Array1::from_elem(1, model.noise_variance);
    assert_close(&format!("{name} noise"), &noise, &[case.noise_variance], tol);
    let scores = model.transform(case.data().slice(s![..3, ..])).unwrap();
    let (theirs, their_scores) = (matrix(&case.components), matrix(&case.first_scores));
    for k in 0..case.n_components {
        // A component is defined up to its sign.
        let sign = model.components.row(k).dot(&theirs.row(k)).signum();
        let (row, column) = (&theirs.row(k) * sign, &their_scores.column(k) * sign);
        let what = format!("{name} component {k}");
        assert_close(&what, &model.components.row(k).to_owned(), row.as_slice().unwrap(), tol);
        assert_close(&what, &scores.column(k).to_owned(), &column.to_vec(), tol);
    }
}

#[test]
fn pca_agrees_with_scikit_learn() {
    let reference: Reference =
        serde_json::from_str(include_str!("../../references/pca.json")).unwrap();
    for case in cases(&reference.cases, 4) {
        let x = case.data();
        let fit = |solver| Pca::params(case.n_components).solver(solver).fit(x.view()).unwrap();
        compare(case, &fit(PcaSolver::Svd), 1e-10);
        compare(case, &fit(PcaSolver::Eigh), 1e-9);
    }
}

/// linfa divides by `n_components - 1` where the variance wants `n_samples - 1`, so its components are
/// compared and its variances only after that factor.
#[test]
fn linfa_finds_the_same_plane() {
    let x = &data::iris().x;
    let ours = Pca::params(2).fit(x.view()).unwrap();
    let theirs = linfa_reduction::Pca::params(2).fit(&Dataset::from(x.clone())).unwrap();
    for k in 0..2 {
        let cosine = ours.components.row(k).dot(&theirs.components().row(k));
        assert!((cosine.abs() - 1.0).abs() < 1e-9, "component {k}: {cosine}");
        let repaired = theirs.explained_variance()[k] * (2.0 - 1.0) / (x.nrows() as f64 - 1.0);
        assert!((repaired / ours.explained_variance[k] - 1.0).abs() < 1e-9);
    }
}
