//! Bagging, bias and variance against closed forms, simulation and mlxtend
//! (`tests/references/bagging.py`).

use crate::support::{aligned, apart, cases};
use mlnotes::ensemble::{member_variance, variance_of_mean};
use mlnotes::linear::min_norm::min_norm_least_squares;
use mlnotes::prelude::*;
use mlnotes::sampling::bootstrap::{bootstrap_indices, out_of_bag};
use mlnotes::stats::bias_variance::{Design, Population, decompose};
use ndarray::{Array1, Array2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    noise_sd: f64,
    x: Vec<Vec<f64>>,
    x_test: Vec<Vec<f64>>,
    ridge: Vec<Ridge>,
    neighbours: Vec<Neighbours>,
    mlxtend: Mlxtend,
    min_norm: Vec<System>,
}

#[derive(Deserialize)]
struct Ridge {
    penalty: f64,
    bias2: Vec<f64>,
    variance: Vec<f64>,
}

#[derive(Deserialize)]
struct Neighbours {
    k: usize,
    bias2: Vec<f64>,
    variance: Vec<f64>,
}

#[derive(Deserialize)]
struct Mlxtend {
    y: Vec<f64>,
    y_test: Vec<f64>,
    loss_bias_variance: Vec<[f64; 3]>,
}

#[derive(Deserialize)]
struct System {
    a: Vec<Vec<f64>>,
    b: Vec<f64>,
    beta: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/bagging.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn truth(x: ArrayView1<f64>) -> f64 {
    (2.0 * x[0]).sin() + 0.5 * x[1]
}

/// `(xᵀx + λ I)⁻¹ xᵀy` for two features, by Cramer's rule.
fn ridge(x: ArrayView2<f64>, y: ArrayView1<f64>, penalty: f64) -> Array1<f64> {
    let (mut g, v) = (x.t().dot(&x), x.t().dot(&y));
    g.diag_mut().mapv_inplace(|d| d + penalty);
    let det = g[[0, 0]] * g[[1, 1]] - g[[0, 1]] * g[[1, 0]];
    array![(g[[1, 1]] * v[0] - g[[0, 1]] * v[1]) / det, (g[[0, 0]] * v[1] - g[[1, 0]] * v[0]) / det]
}

fn neighbours(
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    new: ArrayView2<f64>,
    k: usize,
) -> Array1<f64> {
    let one = |row: ArrayView1<f64>| {
        let square = |(a, b): (&f64, &f64)| (a - b) * (a - b);
        let distances = x.rows().into_iter().map(|r| r.iter().zip(row).map(square).sum::<f64>());
        let mut order: Vec<(f64, usize)> = distances.zip(0..).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        order[..k].iter().map(|&(_, i)| y[i]).sum::<f64>() / k as f64
    };
    new.rows().into_iter().map(one).collect()
}

/// Holds a measured decomposition against the exact one. With `R` rounds the measured mean has standard
/// error `√(V/R)` and the measured variance of normal predictions `V √(2/R)`.
fn agrees(
    measured: &mlnotes::stats::bias_variance::BiasVariance,
    bias2: &[f64],
    variance: &[f64],
    rounds: usize,
) {
    let rounds = rounds as f64;
    for (i, (&bias2, &v)) in aligned(bias2.iter(), variance).enumerate() {
        let bound = 4.0 * (v / rounds).sqrt();
        let gap = (measured.bias2[i].sqrt() - bias2.sqrt()).abs();
        assert!(gap < bound, "bias at {i}: {gap} {bound}");
        let gap = (measured.variance[i] - v).abs();
        assert!(gap < 4.0 * v * (2.0 / rounds).sqrt(), "variance at {i}: {gap}");
    }
    // The points are held above, one by one; the average is theirs.
    let parts = measured.average();
    let direct = (measured.bias2.mean().unwrap(), measured.variance.mean().unwrap());
    assert!((parts.bias2 - direct.0).abs() < 1e-12 && (parts.variance - direct.1).abs() < 1e-12);
}

#[test]
fn ridge_and_neighbours_have_their_closed_form() {
    const ROUNDS: usize = 10_000;
    let r = reference();
    let (x, x_test) = (matrix(&r.x), matrix(&r.x_test));
    let population = Population::new(truth, r.noise_sd, Design::Fixed(x)).unwrap();
    for case in cases(&r.ridge, 3) {
        let fit = |x: ArrayView2<f64>, y: ArrayView1<f64>, new: ArrayView2<f64>, _| {
            Ok(new.dot(&ridge(x, y, case.penalty)))
        };
        let measured = decompose(fit, &population, x_test.view(), ROUNDS, 1).unwrap();
        agrees(&measured, &case.bias2, &case.variance, ROUNDS);
    }
    for case in cases(&r.neighbours, 3) {
        let fit = |x: ArrayView2<f64>, y: ArrayView1<f64>, new: ArrayView2<f64>, _| {
            Ok(neighbours(x, y, new, case.k))
        };
        let measured = decompose(fit, &population, x_test.view(), 4000, 2).unwrap();
        agrees(&measured, &case.bias2, &case.variance, 4000);
    }
}

/// mlxtend's procedure by our parts: refit on bootstrap samples, compare with the labels that are there.
#[test]
fn a_bootstrapped_tree_has_mlxtends_bias_and_variance() {
    const ROUNDS: usize = 4000;
    let r = reference();
    let (x, x_test) = (matrix(&r.x), matrix(&r.x_test));
    let (y, y_test) = (Array1::from(r.mlxtend.y), Array1::from(r.mlxtend.y_test));
    let params = DecisionTreeRegressor::params().max_depth(2).min_leaf(5);
    let mut said = Array2::zeros((ROUNDS, y_test.len()));
    for (seed, mut row) in said.rows_mut().into_iter().enumerate() {
        let rows = bootstrap_indices(y.len(), seed as u64).unwrap();
        let (x, y) = (x.select(Axis(0), &rows), y.select(Axis(0), &rows));
        row.assign(&params.fit(x.view(), y.view()).unwrap().predict(x_test.view()).unwrap());
    }
    let bias2 = (said.mean_axis(Axis(0)).unwrap() - &y_test).mapv(|d| d * d).mean().unwrap();
    let variance = said.var_axis(Axis(0), 0.0).mean().unwrap();
    let theirs = |part: usize| -> Array1<f64> {
        r.mlxtend.loss_bias_variance.iter().map(|run| run[part]).collect()
    };
    for (ours, part) in [(bias2 + variance, 0), (bias2, 1), (variance, 2)] {
        let theirs = theirs(part);
        // One of their runs has 400 rounds, the mean of ten as many as ours: three standard errors.
        let bound = 3.0 * theirs.std(1.0) * (0.1f64 + 0.1).sqrt();
        let gap = (ours - theirs.mean().unwrap()).abs();
        assert!(gap < bound, "part {part}: {gap} {bound}");
    }
}

#[test]
fn the_variance_formula_is_what_equicorrelated_gaussians_do() {
    const N: usize = 4000;
    for seed in 0..10 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for (rho, b) in [(0.0, 10), (0.3, 5), (0.3, 50), (0.9, 20)] {
            let rho: f64 = rho;
            let mut draws = Array2::zeros((N, b));
            for mut row in draws.rows_mut() {
                let shared: f64 = rng.sample(StandardNormal);
                row.mapv_inplace(|_: f64| {
                    let own: f64 = rng.sample(StandardNormal);
                    1.5 * (rho.sqrt() * shared + (1.0 - rho).sqrt() * own)
                });
            }
            let expected = variance_of_mean(2.25, rho, b).unwrap();
            let means = draws.mean_axis(Axis(1)).unwrap();
            // A sample variance of N normal numbers has standard error V √(2/(N − 1)).
            let bound = 3.5 * expected * (2.0 / (N as f64 - 1.0)).sqrt();
            assert!((means.var(1.0) - expected).abs() < bound, "{rho} {b}: {}", means.var(1.0));
            // σ² is estimated by A + W, ρ by (b A / (A + W) − 1) / (b − 1): A is the variance of the
            // means, W the share of the variance within, and their variances are 2 A²/(N − 1) and
            // 2 W²/((N − 1)(b − 1)). To first order the error of ρ has the factor A W / (A + W)².
            let (members, df) = (b as f64, N as f64 - 1.0);
            let (a, w) = (expected, 2.25 - expected);
            let error = (2.0 * (a * a + w * w / (members - 1.0)) / df).sqrt();
            let found = member_variance(draws.view()).unwrap();
            assert!((found.sigma2 - 2.25).abs() < 4.0 * error, "{rho} {b}: {found:?} {error}");
            let lift = members / (members - 1.0);
            let error = lift * a * w / 2.25f64.powi(2) * (2.0 * lift / df).sqrt();
            assert!((found.rho - rho).abs() < 4.0 * error, "{rho} {b}: {found:?} {error}");
        }
    }
}

#[test]
fn one_over_e_of_the_rows_are_out_of_bag() {
    let n = 50_000;
    let e = (-1.0f64).exp();
    let bound = 3.0 * (e * (1.0 - 2.0 * e) / n as f64).sqrt();
    for seed in 100..110 {
        let left = out_of_bag(&bootstrap_indices(n, seed).unwrap(), n).unwrap();
        assert!((left.len() as f64 / n as f64 - e).abs() < bound);
    }
}

#[test]
fn minimum_norm_solutions_are_numpys() {
    for system in cases(reference().min_norm, 3) {
        let (a, b) = (matrix(&system.a), Array1::from(system.b));
        let beta = min_norm_least_squares(a.view(), b.view()).unwrap();
        let size = system.beta.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        let gap = apart(&beta, &system.beta);
        assert!(gap < 1e-10 * size, "{:?}: {gap}", a.dim());
    }
}
