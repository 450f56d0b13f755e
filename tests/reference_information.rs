//! Entropies, divergences and Hamming distance against `SciPy` (`tests/references/information.py`).
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use mlnotes::stats::distance::hamming_str;
use mlnotes::stats::information::{
    cross_entropy, entropy, js_divergence, kl_divergence, kl_gaussian, mutual_information,
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
    serde_json::from_str(include_str!("references/information.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let flat: Vec<f64> = rows.concat();
    Array2::from_shape_vec((rows.len(), rows[0].len()), flat).unwrap()
}

#[test]
fn entropies_and_divergences_are_scipys() {
    for case in reference().cases {
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
    for g in reference().gaussians {
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
    for (a, row) in words.iter().zip(&hamming) {
        for (b, distance) in words.iter().zip(row) {
            assert_eq!(hamming_str(a, b).unwrap(), *distance);
        }
    }
}
