//! Causal estimators in worlds whose truth is planted: right with honest intervals where their
//! assumptions hold, wrong where they fail.

use mlnotes::Result;
use mlnotes::causal::{
    Effect, Estimand, Matching, Metric, Weighting, diff_in_diff, logit, match_units, outcome_means,
    pre_trend_test, propensity_score, stratify,
};
use mlnotes::data::{ConfoundedWorld, confounded_world, two_group_panel};
use ndarray::{Array1, Axis};
use rayon::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    world: Truth,
}

#[derive(Deserialize)]
struct Truth {
    ate: f64,
    att: f64,
}

/// The effects on everybody and on the treated of the made-up world, by quadrature.
fn truth() -> Truth {
    serde_json::from_str::<Reference>(include_str!("../references/causal.json")).unwrap().world
}

/// A world with what the estimators take from it.
struct Sample {
    world: ConfoundedWorld,
    scores: Array1<f64>,
    mu0: Array1<f64>,
    mu1: Array1<f64>,
}

fn samples(n: usize, hidden: f64, seeds: std::ops::Range<u64>) -> Vec<Sample> {
    let draw = |seed: u64| {
        let world = confounded_world(n, hidden, seed).unwrap();
        let scores = propensity_score(world.x.view(), &world.t).unwrap();
        let (mu0, mu1) = outcome_means(world.x.view(), &world.t, world.y.view()).unwrap();
        Sample { world, scores, mu0, mu1 }
    };
    seeds.into_par_iter().map(draw).collect()
}

impl Sample {
    fn known(&self, normalised: bool) -> Result<Effect> {
        let (w, params) = (&self.world, Weighting::params().normalised(normalised));
        params.ipw(w.y.view(), &w.t, w.propensity.view())
    }

    fn weights(&self, estimand: Estimand, normalised: bool) -> Result<Effect> {
        let (w, params) = (&self.world, Weighting::params().normalised(normalised));
        let params = params.estimand(estimand).scores_from(w.x.clone());
        params.ipw(w.y.view(), &w.t, self.scores.view())
    }

    fn doubly_robust(&self, estimand: Estimand) -> Result<Effect> {
        let (w, params) = (&self.world, Weighting::params().estimand(estimand));
        params.aipw(w.y.view(), &w.t, self.scores.view(), self.mu0.view(), self.mu1.view())
    }

    fn adjusted(&self, matching: Matching) -> Result<Effect> {
        let w = &self.world;
        let matches = match_units(w.x.view(), &w.t, matching, Metric::Mahalanobis)?;
        matches.att_adjusted(w.y.view(), self.mu0.view())
    }

    fn by_score(&self) -> Result<Effect> {
        let (w, line) = (&self.world, logit(self.scores.view())?.insert_axis(Axis(1)));
        let matches = match_units(line.view(), &w.t, Matching::nearest(1), Metric::Euclidean)?;
        matches.att(w.y.view())
    }
}

type Estimator = fn(&Sample) -> Result<Effect>;
/// An estimator with its name and what it aims at.
type Named = (&'static str, Estimand, Estimator);

/// Estimators that are right here, and what they aim at. Weights make long tails, and so want more rows.
const WEIGHTING: [Named; 8] = [
    ("known scores, Hajek", Estimand::Ate, |s| s.known(true)),
    ("known scores, Horvitz-Thompson", Estimand::Ate, |s| s.known(false)),
    ("Hajek", Estimand::Ate, |s| s.weights(Estimand::Ate, true)),
    ("Horvitz-Thompson", Estimand::Ate, |s| s.weights(Estimand::Ate, false)),
    ("Hajek, treated", Estimand::Att, |s| s.weights(Estimand::Att, true)),
    ("Horvitz-Thompson, treated", Estimand::Att, |s| s.weights(Estimand::Att, false)),
    ("AIPW", Estimand::Ate, |s| s.doubly_robust(Estimand::Ate)),
    ("AIPW, treated", Estimand::Att, |s| s.doubly_robust(Estimand::Att)),
];
const MATCHING: [Named; 3] = [
    ("nearest, adjusted", Estimand::Att, |s| s.adjusted(Matching::nearest(1))),
    ("three nearest, adjusted", Estimand::Att, |s| s.adjusted(Matching::nearest(3))),
    ("nearest score", Estimand::Att, |s| s.by_score()),
];

/// Both kinds with their numbers of rows; with known scores or without.
fn kinds(known: bool) -> [(&'static [Named], usize); 2] {
    [(&WEIGHTING[if known { 0 } else { 2 }..], 3000), (&MATCHING, 500)]
}

fn planted(estimand: Estimand) -> f64 {
    if estimand == Estimand::Att { truth().att } else { truth().ate }
}

#[test]
fn ten_seeds_find_the_planted_effect() {
    for (estimators, n) in kinds(true) {
        let samples = samples(n, 0.0, 0..10);
        for (name, estimand, estimate) in estimators {
            let z = |sample: &Sample| {
                let effect = estimate(sample).unwrap();
                (effect.estimate - planted(*estimand)) / effect.std_error
            };
            let z: Vec<f64> = samples.iter().map(z).collect();
            // One of the hundred-odd comparisons beyond 3 standard errors is no surprise, one beyond 4 is.
            assert!(z.iter().all(|z| z.abs() < 4.0), "{name}: {z:?}");
            let mean = z.iter().sum::<f64>() / 10.0_f64.sqrt();
            assert!(mean.abs() < 3.0, "{name}: all ten are off by {mean} standard errors");
        }
    }
}

#[test]
fn intervals_cover_the_truth_as_often_as_they_say() {
    let reps = 200;
    for (estimators, n) in kinds(true) {
        let samples = samples(n, 0.0, 100..100 + reps);
        for (name, estimand, estimate) in estimators {
            let target = planted(*estimand);
            let inside = |sample: &Sample| {
                let (low, high) = estimate(sample).unwrap().ci;
                usize::from((low..=high).contains(&target))
            };
            let share = samples.par_iter().map(inside).sum::<usize>() as f64 / reps as f64;
            // Three standard errors of a share of 0.95, and a point for what is only asymptotic.
            let slack = 3.0 * (0.95_f64 * 0.05 / reps as f64).sqrt() + 0.01;
            assert!((share - 0.95).abs() <= slack, "{name}: {share}");
        }
    }
}

#[test]
fn a_hidden_confounder_misleads_every_one_of_them() {
    for (estimators, n) in kinds(false) {
        let samples = samples(n, 1.0, 0..10);
        for (name, estimand, estimate) in estimators {
            let effects: Vec<Effect> = samples.iter().map(|s| estimate(s).unwrap()).collect();
            let mean = |of: fn(&Effect) -> f64| effects.iter().map(of).sum::<f64>() / 10.0;
            let bias = mean(|e| e.estimate) - planted(*estimand);
            let std_error = mean(|e| e.std_error) / 10.0_f64.sqrt();
            assert!(bias > 5.0 * std_error, "{name} sees nothing of it: {bias} +- {std_error}");
        }
    }
}

#[test]
fn either_model_may_be_wrong_but_not_both() {
    // The right covariates, and only the second one, in scores and outcome.
    let bias = |right_scores: bool, right_outcome: bool| {
        let of = |sample: &Sample| {
            let world = &sample.world;
            let second = world.x.slice(ndarray::s![.., 1..]);
            let e = if right_scores {
                sample.scores.clone()
            } else {
                propensity_score(second, &world.t).unwrap()
            };
            let x = if right_outcome { world.x.view() } else { second };
            let (mu0, mu1) = outcome_means(x, &world.t, world.y.view()).unwrap();
            let params = Weighting::params();
            params
                .aipw(world.y.view(), &world.t, e.view(), mu0.view(), mu1.view())
                .unwrap()
                .estimate
        };
        let effects: Array1<f64> =
            samples(4000, 0.0, 0..10).par_iter().map(of).collect::<Vec<_>>().into();
        (effects.mean().unwrap() - truth().ate, effects.std(1.0) / 10.0_f64.sqrt())
    };
    for (scores, outcome) in [(true, true), (true, false), (false, true)] {
        let (bias, error) = bias(scores, outcome);
        assert!(bias.abs() < 4.0 * error && error < 0.05, "{scores} {outcome}: {bias} ± {error}");
    }
    assert!(bias(false, false).0 > 1.0);
}

#[test]
fn strata_take_off_most_of_the_bias_and_more_strata_more_of_it() {
    let samples = samples(4000, 0.0, 0..10);
    let bias = |n_strata: usize| {
        let of = |s: &Sample| {
            let (y, t, e) = (s.world.y.view(), &s.world.t, s.scores.view());
            stratify(y, t, e, n_strata, Estimand::Ate).unwrap().effect.estimate
        };
        samples.par_iter().map(of).sum::<f64>() / 10.0 - truth().ate
    };
    let (naive, five, twelve) = (bias(1), bias(5), bias(12));
    assert!(naive > 1.5, "{naive}");
    // Cochran (1968): about nine tenths.
    assert!(five.abs() < 0.15 * naive && five > 0.05 * naive, "{five} of {naive}");
    assert!(twelve.abs() < 0.5 * five, "{twelve}");
}

#[test]
fn without_replacement_poor_matches_leave_a_bias_that_the_adjustment_removes() {
    // Where most are treated, those who resemble them run out.
    let truth = truth();
    let mut left = (Vec::new(), Vec::new());
    for Sample { world, mu0, .. } in samples(800, 0.0, 0..10) {
        let matching = Matching::Nearest { k: 1, caliper: None, replace: false };
        let matches = match_units(world.x.view(), &world.t, matching, Metric::Mahalanobis).unwrap();
        left.0.push(matches.att(world.y.view()).unwrap().estimate - truth.att);
        let adjusted = matches.att_adjusted(world.y.view(), mu0.view()).unwrap();
        left.1.push(adjusted.estimate - truth.att);
    }
    let (raw, adjusted) = (Array1::from(left.0), Array1::from(left.1));
    let error = adjusted.std(1.0) / 10.0_f64.sqrt();
    let (raw, adjusted) = (raw.mean().unwrap(), adjusted.mean().unwrap());
    assert!(
        raw > 0.3 && adjusted.abs() < 4.0 * error && error < 0.05,
        "{raw} {adjusted} ± {error}"
    );
}

#[test]
fn parallel_trends_make_or_break_the_double_difference() {
    let reps = 300;
    let run = |drift: f64| {
        let of = |seed: u64| {
            let p = two_group_panel(40, 6, 4, drift, seed).unwrap();
            let unit = Some(p.unit.as_slice());
            let fit = diff_in_diff(p.y.view(), &p.treated, &p.post, None, unit).unwrap();
            let test = pre_trend_test(p.y.view(), &p.treated, &p.period, 4, unit).unwrap();
            let inside = (fit.ci.0..=fit.ci.1).contains(&1.5);
            (fit.effect, usize::from(inside), usize::from(test.rejects_at(0.05)))
        };
        let all: Vec<(f64, usize, usize)> = (0..reps).into_par_iter().map(of).collect();
        let effects: Array1<f64> = all.iter().map(|r| r.0).collect();
        let mean = (effects.mean().unwrap(), 4.0 * effects.std(1.0) / (reps as f64).sqrt());
        let share = |n: usize| n as f64 / reps as f64;
        (mean, share(all.iter().map(|r| r.1).sum()), share(all.iter().map(|r| r.2).sum()))
    };
    let slack = 3.0 * (0.95_f64 * 0.05 / reps as f64).sqrt() + 0.01;
    let (mean, covered, rejected) = run(0.0);
    assert!((mean.0 - 1.5).abs() < mean.1 && mean.1 < 0.1, "{mean:?}");
    assert!((covered - 0.95).abs() <= slack, "{covered}");
    assert!((rejected - 0.05).abs() <= slack, "{rejected}");
    // Three periods apart on average, so the estimate is off by three times the drift.
    let (mean, covered, rejected) = run(0.5);
    assert!((mean.0 - (1.5 + 3.0 * 0.5)).abs() < mean.1, "{mean:?}");
    assert!(covered < 0.01 && rejected > 0.4, "{covered} {rejected}");
}
