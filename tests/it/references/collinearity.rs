//! Variance inflation and condition numbers against statsmodels and `NumPy`
//! (`tests/references/collinearity.py`).

use crate::support::{aligned, cases};
use mlnotes::data;
use mlnotes::features::collinearity::{condition_indices, condition_number, vif};
use ndarray::Array2;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    x: Vec<Vec<f64>>,
    vif: Vec<f64>,
    condition: f64,
    condition_standardised: f64,
    indices: Vec<f64>,
    proportions: Vec<Vec<f64>>,
}

fn fixture() -> Vec<(Case, Array2<f64>)> {
    let reference: Reference =
        serde_json::from_str(include_str!("../../references/collinearity.json")).unwrap();
    let with_matrix = |case: Case| {
        let shape = (case.x.len(), case.x[0].len());
        let x = Array2::from_shape_vec(shape, case.x.concat()).unwrap();
        (case, x)
    };
    cases(reference.cases, 4).map(with_matrix).collect()
}

#[test]
fn factors_are_statsmodels_with_the_constant_added() {
    for (case, x) in fixture() {
        for (ours, theirs) in aligned(vif(x.view()).unwrap(), &case.vif) {
            assert!((ours / theirs - 1.0).abs() < 1e-8, "{}: {ours} {theirs}", case.name);
        }
    }
}

#[test]
fn longleys_factors_are_those_in_print() {
    // Longley's data, as tabulated in many textbooks.
    let printed = [135.53, 1788.51, 33.62, 3.59, 399.15, 758.98];
    let (_, x) = fixture().pop().unwrap();
    for (ours, printed) in aligned(vif(x.view()).unwrap(), printed) {
        assert!((ours - printed).abs() < 0.005, "{ours} {printed}");
    }
}

#[test]
fn condition_numbers_and_decomposition_are_numpys() {
    for (case, x) in fixture() {
        let ours = condition_number(x.view()).unwrap();
        assert!((ours / case.condition - 1.0).abs() < 1e-9, "{}: {ours}", case.name);
        let z = data::standardize(x.view()).unwrap().x;
        let ours = condition_number(z.view()).unwrap();
        assert!((ours / case.condition_standardised - 1.0).abs() < 1e-9, "{}: {ours}", case.name);
        let found = condition_indices(x.view()).unwrap();
        for (ours, theirs) in aligned(found.indices.iter(), &case.indices) {
            assert!((ours / theirs - 1.0).abs() < 1e-9, "{}: {ours} {theirs}", case.name);
        }
        let shares = case.proportions.concat();
        for (ours, theirs) in aligned(found.proportions.iter(), &shares) {
            assert!((ours - theirs).abs() < 1e-8, "{}: {ours} {theirs}", case.name);
        }
    }
}
