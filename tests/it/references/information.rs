//! Entropies, divergences and distances of words against `SciPy` and definitions, Gaussians fitted by KL
//! against a simplex search over quadrature (`tests/references/information.py`).

use crate::support::{aligned, cases};
use mlnotes::base::log_sum_exp;
use mlnotes::stats::distance::{Hamming74, hamming_str, levenshtein};
use mlnotes::stats::information::{
    Direction, cross_entropy, entropy, fit_gaussian_kl, js_divergence, kl_divergence, kl_gaussian,
    mutual_information,
};
use ndarray::{Array1, Array2, array};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
    joint: Vec<Vec<f64>>,
    mutual_information: f64,
    gaussians: Vec<Gaussians>,
    plane: Plane,
    words: Vec<String>,
    hamming: Vec<Vec<usize>>,
    levenshtein: Vec<(String, String, usize)>,
    code: Vec<[u8; 7]>,
    penguins: Penguins,
    gaussian_fits: Vec<Fits>,
}

#[derive(Deserialize)]
struct Penguins {
    bins: Vec<usize>,
    information: f64,
}

#[derive(Deserialize)]
struct Fits {
    name: String,
    interval: (f64, f64),
    mass: f64,
    forward: Fit,
    reverse: Vec<Fit>,
}

#[derive(Deserialize)]
struct Fit {
    mean: f64,
    sd: f64,
    divergence: f64,
}

#[derive(Deserialize)]
struct Case {
    p: Vec<f64>,
    q: Vec<f64>,
    entropy_bits: f64,
    kl: f64,
    js: f64,
}

#[derive(Deserialize)]
struct Gaussians {
    m0: f64,
    s0: f64,
    m1: f64,
    s1: f64,
    kl: f64,
}

#[derive(Deserialize)]
struct Plane {
    means: [Vec<f64>; 2],
    covs: [Vec<Vec<f64>>; 2],
    kl: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/information.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let flat: Vec<f64> = rows.concat();
    Array2::from_shape_vec((rows.len(), rows[0].len()), flat).unwrap()
}

#[test]
fn entropies_and_divergences_are_scipys() {
    for case in cases(reference().cases, 4) {
        let (p, q) = (Array1::from(case.p), Array1::from(case.q));
        assert!((entropy(p.view(), 2.0).unwrap() - case.entropy_bits).abs() < 1e-14);
        assert!((kl_divergence(p.view(), q.view()).unwrap() - case.kl).abs() < 1e-13);
        assert!((js_divergence(p.view(), q.view()).unwrap() - case.js).abs() < 1e-14);
        let h = case.kl + case.entropy_bits * std::f64::consts::LN_2;
        assert!((cross_entropy(p.view(), q.view()).unwrap() - h).abs() < 1e-13);
    }
    let joint = matrix(&reference().joint);
    let information = mutual_information(joint.view()).unwrap();
    assert!((information - reference().mutual_information).abs() < 1e-14);
}

#[test]
fn gaussian_divergence_is_the_integral() {
    for g in cases(reference().gaussians, 3) {
        let (s0, s1) = (array![[g.s0 * g.s0]], array![[g.s1 * g.s1]]);
        let (m0, m1) = (array![g.m0], array![g.m1]);
        let kl = kl_gaussian(m0.view(), s0.view(), m1.view(), s1.view()).unwrap();
        assert!((kl - g.kl).abs() < 1e-8 * g.kl.max(1.0), "{kl} {}", g.kl);
    }
    let Plane { means: [m0, m1], covs: [s0, s1], kl } = reference().plane;
    let (m0, m1, s0, s1) = (Array1::from(m0), Array1::from(m1), matrix(&s0), matrix(&s1));
    let ours = kl_gaussian(m0.view(), s0.view(), m1.view(), s1.view()).unwrap();
    assert!((ours - kl).abs() < 1e-8, "{ours} {kl}");
}

#[test]
fn hamming_is_scipys_share_times_the_length() {
    let Reference { words, hamming, .. } = reference();
    for (a, row) in aligned(words.iter(), &hamming) {
        for (b, distance) in aligned(words.iter(), row) {
            assert_eq!(hamming_str(a, b).unwrap(), *distance);
        }
    }
}

#[test]
fn levenshtein_is_its_definition() {
    for (a, b, distance) in cases(reference().levenshtein, 7) {
        assert_eq!(levenshtein(&a, &b), distance, "{a} {b}");
    }
}

#[test]
fn the_code_solves_its_parity_checks() {
    for word in cases(reference().code, 16) {
        let data = [word[2], word[4], word[5], word[6]];
        assert_eq!(Hamming74::encode(data).unwrap(), word);
        for i in 0..7 {
            let mut wrong = word;
            wrong[i] ^= 1;
            assert_eq!(Hamming74::decode(wrong).unwrap(), (data, Some(i + 1)));
        }
    }
}

#[test]
fn penguins_bill_tells_the_species_as_scikit_learn_says() {
    let Penguins { bins, information } = reference().penguins;
    let species = &mlnotes::data::penguins().y;
    let mut joint = Array2::zeros((3, bins.iter().max().unwrap() + 1));
    for (&row, &column) in aligned(species.iter(), &bins) {
        joint[[row, column]] += 1.0 / bins.len() as f64;
    }
    assert!((mutual_information(joint.view()).unwrap() - information).abs() < 1e-13);
}

/// `ln Σ wᵢ N(x | mᵢ, sᵢ²)`.
fn mixture(x: f64, parts: [(f64, f64, f64); 2]) -> f64 {
    let logs = parts.map(|(w, m, s)| {
        w.ln() - 0.5 * ((x - m) / s).powi(2) - s.ln() - 0.5 * std::f64::consts::TAU.ln()
    });
    log_sum_exp(Array1::from(logs.to_vec()).view())
}

fn log_density(name: &str) -> fn(f64) -> f64 {
    match name {
        "two equal peaks" => |x| mixture(x, [(0.5, -2.0, 0.6), (0.5, 2.0, 0.6)]),
        "two unequal peaks" => |x| mixture(x, [(0.7, -1.5, 0.5), (0.3, 2.5, 1.0)]),
        "far peaks, seven times" => {
            |x| 7.0f64.ln() + mixture(x, [(0.25, -40.0, 2.0), (0.75, 30.0, 0.5)])
        }
        "gumbel" => |x| -x - (-x).exp(),
        "logistic" => |x| -x - 2.0 * (-x).exp().ln_1p(),
        other => panic!("{other}"),
    }
}

#[test]
fn fitted_gaussians_are_those_of_quadrature_and_simplex() {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6 * b.abs().max(1.0);
    for Fits { name, interval, mass, forward, reverse } in cases(reference().gaussian_fits, 5) {
        let fit = |direction| fit_gaussian_kl(&log_density(&name), interval, direction).unwrap();
        let ours = fit(Direction::Forward);
        assert!(
            near(ours.log_mass, mass.ln()) && near(ours.divergence, forward.divergence),
            "{name}"
        );
        assert!(near(ours.mean, forward.mean) && near(ours.sd, forward.sd), "{name}: {ours:?}");
        let ours = fit(Direction::Reverse);
        assert!(near(ours.divergence, reverse[0].divergence), "{name}: {ours:?}");
        for known in reverse {
            let found = ours.local_minima.iter().any(|&(mean, sd, divergence)| {
                near(mean, known.mean) && near(sd, known.sd) && near(divergence, known.divergence)
            });
            assert!(found, "{name}: no minimum at {} in {ours:?}", known.mean);
        }
    }
}
