//! Two hundred steps of each optimiser against fifty digits of `PyTorch`'s formulas (`tests/references/optim.py`).

use crate::support::{aligned, cases};
use mlnotes::optim::{AdaDelta, Adagrad, Adam, Descent, Nadam, RmsProp, Rule, Sgd};
use ndarray::{Array1, array};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    start: Vec<f64>,
    kept: Vec<usize>,
    noise: Vec<[f64; 2]>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    rule: String,
    objective: String,
    points: Vec<[f64; 2]>,
}

fn rule(name: &str) -> Rule {
    match name {
        "sgd" => Sgd::new(0.02).into(),
        "momentum" => Sgd::new(0.01).momentum(0.9).weight_decay(0.05).into(),
        "nesterov" => Sgd::new(0.01).momentum(0.8).nesterov(true).into(),
        "adagrad" => Adagrad::new(0.1).rate_decay(0.01).weight_decay(0.05).into(),
        "adagrad_plain" => Adagrad::new(0.1).into(),
        "rmsprop" => RmsProp::new(0.002).alpha(0.95).into(),
        "rmsprop_momentum" => RmsProp::new(0.005).momentum(0.9).weight_decay(0.05).into(),
        "adadelta" => AdaDelta::new(1.0).into(),
        "adam" => Adam::new(0.05).into(),
        "adam_l2" => Adam::new(0.05).beta1(0.8).beta2(0.99).weight_decay(0.1).into(),
        "adamw" => Adam::new(0.05).weight_decay(0.1).decoupled(true).into(),
        "amsgrad" => Adam::new(0.05).beta2(0.9).amsgrad(true).into(),
        "nadam" => Nadam::new(0.05).weight_decay(0.05).into(),
        other => panic!("no rule {other}"),
    }
}

fn slope(objective: &str, x: &Array1<f64>, noise: [f64; 2]) -> Array1<f64> {
    let (a, b) = (x[0], x[1]);
    match objective {
        "quadratic" => array![a, 10.0 * b],
        "rosenbrock" => {
            array![-2.0 * (1.0 - a) - 4.0 * a * (b - a * a), 2.0 * (b - a * a)]
        }
        "stream" => array![a - noise[0], f64::midpoint(b, noise[1])],
        other => panic!("no objective {other}"),
    }
}

#[test]
fn two_hundred_steps_of_each_rule() {
    let text = include_str!("../../references/optim.json");
    let Reference { start, kept, noise, cases: all } = serde_json::from_str(text).unwrap();
    for case in cases(all, 39) {
        let mut theta = Array1::from(start.clone());
        let mut descent = Descent::new(rule(&case.rule), 2).unwrap();
        let mut path = Vec::new();
        for noise in cases(&noise, 200) {
            let slope = slope(&case.objective, &theta, *noise);
            descent.step(&mut theta, slope.view()).unwrap();
            path.push(theta.clone());
        }
        for (&t, expected) in aligned(&kept, &case.points) {
            for (ours, theirs) in aligned(&path[t - 1], expected) {
                let name = format!("{} on {}, step {t}", case.rule, case.objective);
                assert!(
                    (ours - theirs).abs() < 1e-10 * theirs.abs().max(1.0),
                    "{name}: {ours} {theirs}"
                );
            }
        }
    }
}
