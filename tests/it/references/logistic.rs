//! Logistic regression against scikit-learn and statsmodels (`tests/references/logistic.py`) and, as a
//! second witness, linfa-logistic.

use crate::support::{aligned, cases, largest};
use linfa::Dataset;
use linfa::traits::Fit;
use mlnotes::data;
use mlnotes::linear::logistic::{LogisticRegression, Penalty, SoftmaxRegression, Solver};
use ndarray::{Array1, Array2, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cancer_l2: Vec<Penalised>,
    iris_logit: Logit,
    iris_softmax: Softmax,
}

#[derive(Deserialize)]
struct Penalised {
    l2: f64,
    coef: Vec<f64>,
    intercept: f64,
}

#[derive(Deserialize)]
struct Logit {
    params: Vec<f64>,
    std_errors: Vec<f64>,
    log_likelihood: f64,
}

#[derive(Deserialize)]
struct Softmax {
    l2: f64,
    proba: Vec<Vec<f64>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/logistic.json")).unwrap()
}

fn cancer() -> (Array2<f64>, &'static [usize]) {
    let set = data::breast_cancer();
    (data::standardize(set.x.view()).unwrap().x, &set.y)
}

#[test]
fn penalised_fits_agree_with_scikit_learn() {
    let (x, y) = cancer();
    for case in cases(reference().cancer_l2, 2) {
        for solver in [Solver::Newton, Solver::Lbfgs] {
            let params = LogisticRegression::params().penalty(Penalty::L2(case.l2)).solver(solver);
            let model = params.tol(1e-11).max_iter(5000).fit(x.view(), y).unwrap();
            assert!(model.converged);
            let gap = (&model.coef - &Array1::from(case.coef.clone())).mapv(f64::abs);
            assert!(gap.iter().all(|g| *g < 1e-6), "{solver:?} λ = {}: {gap:.1e}", case.l2);
            assert!((model.intercept - case.intercept).abs() < 1e-6);
        }
    }
}

#[test]
fn unpenalised_fit_and_standard_errors_agree_with_statsmodels() {
    let (iris, expected) = (data::iris(), reference().iris_logit);
    let y: Vec<usize> = iris.y.iter().map(|&class| usize::from(class == 1)).collect();
    let params = LogisticRegression::params().tol(1e-12).keep_history(true);
    let model = params.fit(iris.x.view(), &y).unwrap();
    let errors = model.std_errors(iris.x.view()).unwrap();
    for j in 0..4 {
        assert!((model.coef[j] - expected.params[j]).abs() < 1e-8);
        assert!((errors[j] - expected.std_errors[j]).abs() < 1e-8);
    }
    assert!((model.intercept - expected.params[4]).abs() < 1e-8);
    assert!((errors[4] - expected.std_errors[4]).abs() < 1e-8);
    let history = model.history.unwrap();
    let log_likelihood = -150.0 * history.loss[model.n_iter];
    assert!((log_likelihood - expected.log_likelihood).abs() < 1e-8);
}

#[test]
fn softmax_agrees_with_scikit_learn() {
    let (iris, expected) = (data::iris(), reference().iris_softmax);
    let params = SoftmaxRegression::params().l2(expected.l2).tol(1e-10).max_iter(10_000);
    let model = params.fit(iris.x.view(), &iris.y).unwrap();
    let p = model.predict_proba(iris.x.slice(s![..;10, ..])).unwrap();
    for (ours, theirs) in aligned(p.rows(), &expected.proba) {
        assert!(
            aligned(ours.iter(), theirs).all(|(a, b)| (a - b).abs() < 1e-6),
            "{ours} {theirs:?}"
        );
    }
}

/// linfa's penalty is `α/2 ‖w‖²` beside the *sum* of the losses, so its `α` is `n λ`.
#[test]
fn linfa_finds_the_same_weights() {
    let (x, y) = cancer();
    let lambda = 0.01;
    let ours = LogisticRegression::params().penalty(Penalty::L2(lambda)).fit(x.view(), y).unwrap();
    let set = Dataset::new(x.clone(), Array1::from(y.to_vec()));
    let theirs = linfa_logistic::LogisticRegression::default()
        .alpha(lambda * 569.0)
        .gradient_tolerance(1e-7)
        .max_iterations(1000)
        .fit(&set)
        .unwrap();
    // Its labels follow their order of appearance, so the sign may differ.
    let sign = theirs.params().dot(&ours.coef).signum();
    let gap = largest(theirs.params() * sign - &ours.coef);
    assert!(gap < 1e-3, "{gap:e}");
}
