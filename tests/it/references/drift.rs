//! Drift of one sample from another against `NumPy` and `SciPy` (`tests/references/drift.py`).

use crate::support::cases;
use mlnotes::metrics::drift::{feature_skew, js_drift, ks_drift, psi};
use ndarray::{Array1, Array2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    expected: Vec<f64>,
    actual: Vec<f64>,
    bins: usize,
    psi: f64,
    js: f64,
    ks: f64,
    ks_p: f64,
}

#[test]
fn indices_and_distances_agree() {
    let samples: Vec<Case> =
        serde_json::from_str(include_str!("../../references/drift.json")).unwrap();
    for case in cases(samples, 8) {
        let (then, now) = (Array1::from(case.expected), Array1::from(case.actual));
        let index = psi(then.view(), now.view(), case.bins).unwrap();
        assert!((index - case.psi).abs() < 1e-12, "PSI {index}, reference {}", case.psi);
        let js = js_drift(then.view(), now.view(), case.bins).unwrap();
        assert!((js - case.js).abs() < 1e-12, "JS {js}, reference {}", case.js);
        let test = ks_drift(then.view(), now.view()).unwrap();
        assert!((test.statistic - case.ks).abs() < 1e-12, "{test:?}");
        assert!(
            (test.p_value - case.ks_p).abs() < 1e-8 * (1.0 + case.ks_p),
            "{test:?}, {}",
            case.ks_p
        );
    }
}

/// On ten seeds the one feature that was moved is named, and no other.
#[test]
fn planted_drift_is_found() {
    for seed in 0..10 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut sample = || Array2::from_shape_simple_fn((2000, 4), || rng.sample(StandardNormal));
        let (train, mut serve): (Array2<f64>, Array2<f64>) = (sample(), sample());
        serve.column_mut(2).mapv_inplace(|v| v + 0.6);
        let moved: Vec<usize> = feature_skew(train.view(), serve.view())
            .unwrap()
            .iter()
            .enumerate()
            .filter(|(_, skew)| skew.psi > 0.1)
            .map(|(feature, _)| feature)
            .collect();
        assert_eq!(moved, [2], "seed {seed}");
    }
}
