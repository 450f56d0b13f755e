//! Least squares and its three kinds of standard errors against statsmodels (`tests/references/ols.py`).

use mlnotes::linear::ols::{LinearRegression, LinearRegressionParams, OlsCovariance};
use ndarray::{Array1, Array2};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    weights: Vec<f64>,
    group: Vec<usize>,
    classical: Fit,
    no_intercept: Fit,
    weighted: Fit,
    hc1: Fit,
    cluster: Fit,
    weighted_cluster: Fit,
}

/// Slopes first, then the intercept where there is one.
#[derive(Deserialize)]
struct Fit {
    intercept: bool,
    coef: Vec<f64>,
    std_errors: Vec<f64>,
    r2: f64,
    sigma2: f64,
    t: Vec<f64>,
    p: Vec<f64>,
    ci: Vec<[f64; 2]>,
}

fn close(ours: f64, theirs: f64, what: &str) {
    assert!((ours - theirs).abs() <= 1e-8 * theirs.abs().max(1e-3), "{what}: {ours} {theirs}");
}

#[test]
fn fits_and_standard_errors_are_those_of_statsmodels() {
    let reference: Reference =
        serde_json::from_str(include_str!("../../references/ols.json")).unwrap();
    let d = reference.x[0].len();
    let x = Array2::from_shape_vec((reference.x.len(), d), reference.x.concat()).unwrap();
    let y = Array1::from(reference.y.clone());
    let plain = LinearRegression::params;
    let weighted = || plain().weights(Array1::from(reference.weights.clone()));
    let clusters = || OlsCovariance::Cluster(reference.group.clone());
    let cases: [(&str, LinearRegressionParams, &Fit); 6] = [
        ("classical", plain(), &reference.classical),
        ("no intercept", plain().fit_intercept(false), &reference.no_intercept),
        ("weighted", weighted(), &reference.weighted),
        ("HC1", plain().covariance(OlsCovariance::Hc1), &reference.hc1),
        ("cluster", plain().covariance(clusters()), &reference.cluster),
        ("weighted cluster", weighted().covariance(clusters()), &reference.weighted_cluster),
    ];
    for (name, params, fit) in cases {
        let model = params.fit(x.view(), y.view()).unwrap();
        for j in 0..d {
            close(model.coef[j], fit.coef[j], name);
            close(model.std_errors[j], fit.std_errors[j], name);
            let test = model.t_test(j).unwrap();
            close(test.statistic, fit.t[j], name);
            close(test.p_value, fit.p[j], name);
            let (low, high) = test.ci.unwrap();
            close(low, fit.ci[j][0], name);
            close(high, fit.ci[j][1], name);
        }
        if fit.intercept {
            close(model.intercept, fit.coef[d], name);
            close(model.intercept_std_error, fit.std_errors[d], name);
        }
        close(model.sigma2, fit.sigma2, name);
        // Without an intercept statsmodels, too, measures about 0.
        close(model.r2, fit.r2, name);
    }
}
