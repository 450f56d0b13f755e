//! Least squares, Bayesian ridge, support vector machines and perceptrons against scikit-learn, jax and optax
//! (`tests/references/supervised.py`).

use crate::support::cases;
use mlnotes::data;
use mlnotes::linear::bayes::BayesianRidge;
use mlnotes::linear::ols::LinearRegression;
use mlnotes::linear::svm::{HingeLoss, Kernel, LinearSvc, Svc};
use mlnotes::nn::gradcheck::{check_gradient, max_relative_error};
use mlnotes::nn::mlp::{
    Activation, MlpClassifier, MlpLayer, MlpTarget, Optimiser, mlp_backprop, mlp_flatten,
    mlp_unflatten,
};
use ndarray::{Array1, Array2, ArrayView1};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    wide: Vec<Vec<f64>>,
    target: Vec<f64>,
    bayes: Vec<Bayes>,
    svc: Vec<Machine>,
    linear_svc: Vec<Linear>,
    mlp: Sample,
    gradients: Vec<Gradient>,
    steps: Vec<Steps>,
    least_squares: Vec<LeastSquares>,
}

#[derive(Deserialize)]
struct LeastSquares {
    fit_intercept: bool,
    weights: Option<Vec<f64>>,
    coef: Vec<f64>,
    intercept: f64,
    r2: f64,
}

#[derive(Deserialize)]
struct Bayes {
    data: String,
    fit_intercept: bool,
    rows: Vec<Vec<f64>>,
    coef: Vec<f64>,
    intercept: f64,
    alpha: f64,
    lambda: f64,
    log_evidence: f64,
    mean: Vec<f64>,
    sd: Vec<f64>,
}

#[derive(Deserialize)]
struct Machine {
    data: String,
    kernel: String,
    gamma: f64,
    c: f64,
    support: Vec<usize>,
    dual_objective: Vec<f64>,
    decision: Vec<Vec<f64>>,
    predicted: Vec<usize>,
}

#[derive(Deserialize)]
struct Linear {
    data: String,
    loss: String,
    c: f64,
    coef: Vec<Vec<f64>>,
    intercept: Vec<f64>,
}

#[derive(Deserialize)]
struct Sample {
    x: Vec<Vec<f64>>,
    classes: Vec<usize>,
    values: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Layer {
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

#[derive(Deserialize)]
struct Gradient {
    activation: String,
    classes: bool,
    layers: Vec<Layer>,
    loss: f64,
    /// By the shape of `layers`.
    #[serde(rename = "gradient")]
    slope: Vec<Layer>,
}

#[derive(Deserialize)]
struct Steps {
    optimiser: String,
    start: Vec<Layer>,
    end: Vec<Layer>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/supervised.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn layers(of: &[Layer]) -> Vec<MlpLayer> {
    of.iter()
        .map(|layer| MlpLayer::new(matrix(&layer.weights), layer.bias.clone().into()).unwrap())
        .collect()
}

/// A set of the library, standardised as scikit-learn does it.
fn scaled(name: &str) -> (Array2<f64>, Vec<usize>) {
    let set = match name {
        "breast_cancer" => data::breast_cancer(),
        "iris" => data::iris(),
        "wine" => data::wine(),
        other => panic!("{other}"),
    };
    (data::standardize(set.x.view()).unwrap().x, set.y.clone())
}

/// Largest error relative to `max(1, |value|)`.
fn apart(ours: ArrayView1<f64>, theirs: &[f64]) -> f64 {
    assert!(!theirs.is_empty(), "nothing to compare with");
    max_relative_error(ours, ArrayView1::from(theirs))
}

#[test]
fn least_squares_are_scikit_learns() {
    let diabetes = data::diabetes();
    let (x, y) = (diabetes.x.view(), diabetes.y.view());
    for case in cases(reference().least_squares, 3) {
        let mut params = LinearRegression::params().fit_intercept(case.fit_intercept);
        if let Some(weights) = case.weights {
            params = params.weights(Array1::from(weights));
        }
        let model = params.fit(x, y).unwrap();
        assert!(apart(model.coef.view(), &case.coef) < 1e-10, "{}", model.coef);
        // The intercept is a difference of numbers in the hundreds.
        assert!((model.intercept - case.intercept).abs() < 1e-10 * case.intercept.abs().max(1.0));
        assert!((model.score(x, y).unwrap() - case.r2).abs() < 1e-10);
    }
}

#[test]
fn bayesian_ridge_is_scikit_learns() {
    let Reference { bayes, wide, target, .. } = reference();
    let diabetes = data::diabetes();
    for case in cases(bayes, 4) {
        let (x, y) = match case.data.as_str() {
            "raw" => (diabetes.x.clone(), diabetes.y.clone()),
            "wide" => (matrix(&wide), Array1::from(target.clone())),
            _ => (data::standardize(diabetes.x.view()).unwrap().x, diabetes.y.clone()),
        };
        let params = BayesianRidge::params().fit_intercept(case.fit_intercept);
        let model = params.tol(1e-12).max_iter(100_000).fit(x.view(), y.view()).unwrap();
        let name = &case.data;
        assert!(apart(model.coef.view(), &case.coef) < 1e-6, "{name}: {}", model.coef);
        assert!((model.intercept - case.intercept).abs() < 1e-6 * case.intercept.abs().max(1.0));
        assert!((model.noise_precision / case.alpha - 1.0).abs() < 1e-6, "{name}");
        assert!((model.weight_precision / case.lambda - 1.0).abs() < 1e-6, "{name}");
        let evidence = *model.log_evidence.last().unwrap();
        assert!((evidence - case.log_evidence).abs() < 1e-6, "{name}: {evidence}");
        let (mean, sd) = model.predict_with_sd(matrix(&case.rows).view()).unwrap();
        assert!(apart(mean.view(), &case.mean) < 1e-6 && apart(sd.view(), &case.sd) < 1e-6);
    }
}

#[test]
fn kernel_machines_are_libsvms() {
    for case in cases(reference().svc, 6) {
        let (x, y) = scaled(&case.data);
        let kernel = match case.kernel.as_str() {
            "linear" => Kernel::Linear,
            "rbf" => Kernel::Rbf(case.gamma),
            _ => Kernel::Poly { degree: 3, gamma: case.gamma, coef0: 1.0 },
        };
        let model = Svc::params(kernel).c(case.c).tol(1e-9).fit(x.view(), &y).unwrap();
        let name = (&case.data, &case.kernel);
        let error = apart(model.dual_objective.view(), &case.dual_objective);
        assert!(error < 1e-8, "{name:?}: {error:e}");
        let every_seventh = x.slice(ndarray::s![..;7, ..]);
        let decision = model.decision_function(every_seventh).unwrap();
        let error =
            apart(decision.flatten().view(), matrix(&case.decision).flatten().as_slice().unwrap());
        assert!(error < 1e-6, "{name:?}: {error:e}");
        assert_eq!(model.support, case.support, "{name:?}");
        assert_eq!(model.predict(x.view()).unwrap(), case.predicted, "{name:?}");
        // At the default tolerance the dual's value is still good to 1e-4.
        let rough = Svc::params(kernel).c(case.c).fit(x.view(), &y).unwrap();
        assert!(apart(rough.dual_objective.view(), &case.dual_objective) < 1e-4, "{name:?}");
    }
}

#[test]
fn linear_machines_are_liblinears() {
    for case in cases(reference().linear_svc, 4) {
        let (x, y) = scaled(&case.data);
        let loss = if case.loss == "hinge" { HingeLoss::Hinge } else { HingeLoss::Squared };
        let params = LinearSvc::params().c(case.c).loss(loss).tol(1e-9).max_iter(1_000_000);
        let model = params.fit(x.view(), &y).unwrap();
        let error = apart(model.coef.flatten().view(), &case.coef.concat());
        assert!(error < 1e-6, "{} {}: {error:e}", case.data, case.loss);
        assert!(apart(model.intercept.view(), &case.intercept) < 1e-6);
    }
}

fn activation(name: &str) -> Activation {
    match name {
        "identity" => Activation::Identity,
        "logistic" => Activation::Logistic,
        "tanh" => Activation::Tanh,
        "relu" => Activation::Relu,
        other => panic!("{other}"),
    }
}

#[test]
fn the_gradient_is_scikit_learns_and_that_of_differences() {
    let Reference { mlp, gradients, .. } = reference();
    let (x, values) = (matrix(&mlp.x), matrix(&mlp.values));
    for case in cases(gradients, 8) {
        let target = if case.classes {
            MlpTarget::Classes(&mlp.classes)
        } else {
            MlpTarget::Values(values.view())
        };
        let (start, bend) = (layers(&case.layers), activation(&case.activation));
        let (loss, slopes) = mlp_backprop(&start, bend, x.view(), target, 0.02).unwrap();
        assert!((loss - case.loss).abs() < 1e-12, "{}: {loss}", case.activation);
        let ours = mlp_flatten(&slopes);
        let theirs = mlp_flatten(&layers(&case.slope));
        assert!((&ours - &theirs).iter().all(|d| d.abs() < 1e-12), "{}", case.activation);
        let value = |t: ArrayView1<f64>| {
            let moved = mlp_unflatten(t, &start).unwrap();
            mlp_backprop(&moved, bend, x.view(), target, 0.02).unwrap().0
        };
        check_gradient(value, ours.view(), mlp_flatten(&start).view(), 1e-8).unwrap();
    }
}

#[test]
fn forty_steps_are_optaxes() {
    let Reference { mlp, steps, .. } = reference();
    let x = matrix(&mlp.x);
    for case in cases(steps, 2) {
        let optimiser = if case.optimiser == "sgd" {
            Optimiser::Sgd { learning_rate: 0.1, momentum: 0.9 }
        } else {
            Optimiser::Adam { learning_rate: 0.01 }
        };
        // A batch of all rows, so that their order does not matter.
        let params = MlpClassifier::params(&[6]).activation(Activation::Tanh).l2(0.01);
        let params = params.optimiser(optimiser).epochs(40).batch(x.nrows());
        let model = params.start(layers(&case.start)).fit(x.view(), &mlp.classes).unwrap();
        let (ours, theirs) = (mlp_flatten(model.layers()), mlp_flatten(&layers(&case.end)));
        let error = max_relative_error(ours.view(), theirs.view());
        assert!(error < 1e-10, "{}: {error:e}", case.optimiser);
    }
}
