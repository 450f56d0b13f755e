//! Ridge, lasso and elastic net against scikit-learn (`tests/references/linear_models.py`), with linfa as a
//! second witness.

use crate::support::{aligned, apart, cases};
use linfa::traits::Fit;
use mlnotes::linear::lasso::{alpha_grid, kkt_violation, lasso_path};
use mlnotes::linear::ridge::ridge_path;
use mlnotes::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    wide: Vec<Vec<f64>>,
    target: Vec<f64>,
    ridge: Vec<Fitted>,
    ridge_through_origin: Vec<f64>,
    nets: Vec<Fitted>,
    path: Path,
}

#[derive(Deserialize)]
struct Fitted {
    data: String,
    alpha: f64,
    #[serde(default)]
    l1_ratio: f64,
    coef: Vec<f64>,
    intercept: f64,
}

#[derive(Deserialize)]
struct Path {
    alphas: Vec<f64>,
    coef: Vec<Vec<f64>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/linear_models.json")).unwrap()
}

impl Reference {
    fn data(&self, name: &str) -> (Array2<f64>, Array1<f64>) {
        let set = data::diabetes();
        match name {
            "raw" => (set.x.clone(), set.y.clone()),
            "standardised" => (standardised(), set.y.clone()),
            _ => {
                let shape = (self.wide.len(), self.wide[0].len());
                let x = Array2::from_shape_vec(shape, self.wide.concat()).unwrap();
                (x, self.target.clone().into())
            }
        }
    }
}

fn standardised() -> Array2<f64> {
    data::standardize(data::diabetes().x.view()).unwrap().x
}

/// The largest difference, as a share of the largest weight.
fn off(ours: ArrayView1<f64>, theirs: &[f64]) -> f64 {
    let size = theirs.iter().fold(1.0f64, |a, b| a.max(b.abs()));
    apart(ours, theirs) / size
}

#[test]
fn ridge_is_scikit_learns() {
    let reference = reference();
    for case in cases(&reference.ridge, 12) {
        let (x, y) = reference.data(&case.data);
        let model = Ridge::params(case.alpha).fit(x.view(), y.view()).unwrap();
        let (w, b) = (off(model.coef.view(), &case.coef), (model.intercept - case.intercept).abs());
        assert!(w < 1e-10 && b < 1e-9 * case.intercept.abs().max(1.0), "{}: {w} {b}", case.data);
        let path = ridge_path(x.view(), y.view(), array![case.alpha].view()).unwrap();
        assert!(off(path.coef.row(0), &case.coef) < 1e-10);
    }
    let (x, y) = reference.data("standardised");
    let model = Ridge::params(2.0).fit_intercept(false).fit(x.view(), y.view()).unwrap();
    assert!(off(model.coef.view(), &reference.ridge_through_origin) < 1e-10);
}

#[test]
fn lasso_and_elastic_net_are_scikit_learns_and_optimal() {
    let reference = reference();
    for case in cases(&reference.nets, 15) {
        let (x, y) = reference.data(&case.data);
        let params = ElasticNet::params(case.alpha, case.l1_ratio).tol(0.0).max_iter(1_000_000);
        let model = params.fit(x.view(), y.view()).unwrap();
        let w = off(model.coef.view(), &case.coef);
        let name = format!("{} {} {}", case.data, case.alpha, case.l1_ratio);
        assert!(model.converged && w < 1e-9, "{name}: {w}");
        assert!((model.intercept - case.intercept).abs() < 1e-6 * case.intercept.abs().max(1.0));
        let zeros = |w: &[f64]| w.iter().map(|v| *v == 0.0).collect::<Vec<_>>();
        assert_eq!(zeros(&model.coef.to_vec()), zeros(&case.coef), "{name}");
        let kkt = kkt_violation(
            x.view(),
            y.view(),
            &model.coef,
            Some(model.intercept),
            case.alpha,
            case.l1_ratio,
        );
        assert!(kkt.clone().unwrap() < 1e-8, "{name}: {kkt:?}");
    }
}

#[test]
fn the_path_and_its_penalties_are_scikit_learns() {
    let Path { alphas, coef } = reference().path;
    let (x, y) = (standardised(), &data::diabetes().y);
    let grid = alpha_grid(x.view(), y.view(), 1.0, 30, 1e-3).unwrap();
    assert!(aligned(grid.iter(), &alphas).all(|(a, b)| (a / b - 1.0).abs() < 1e-9));
    let path = lasso_path(x.view(), y.view(), Array1::from(alphas).view()).unwrap();
    for (ours, theirs) in aligned(path.coef.rows(), &coef) {
        // Default tolerance here: the gap bounds the objective, weights follow by its root.
        assert!(off(ours, theirs) < 1e-4);
    }
    let tight = Lasso::params(0.0).tol(0.0).max_iter(1_000_000);
    let path = tight.path(x.view(), y.view(), path.alphas.view()).unwrap();
    for (ours, theirs) in aligned(path.coef.rows(), &coef) {
        assert!(off(ours, theirs) < 1e-6);
    }
}

#[test]
fn linfa_agrees_as_far_as_it_goes() {
    let (x, y) = (standardised(), data::diabetes().y.clone());
    for (alpha, ratio) in [(1.0, 1.0), (0.5, 0.5)] {
        let ours = ElasticNet::params(alpha, ratio).fit(x.view(), y.view()).unwrap();
        let theirs = linfa_elasticnet::ElasticNet::params()
            .penalty(alpha)
            .l1_ratio(ratio)
            .tolerance(1e-12)
            .max_iterations(100_000)
            .fit(&linfa::Dataset::new(x.clone(), y.clone()))
            .unwrap();
        for (a, b) in aligned(ours.coef.iter(), theirs.hyperplane()) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        assert!((ours.intercept - theirs.intercept()).abs() < 1e-6);
    }
}
