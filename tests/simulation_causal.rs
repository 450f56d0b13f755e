//! Causal estimators in worlds whose truth is planted: right with honest intervals where their
//! assumptions hold, wrong where they fail.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use mlnotes::Result;
use mlnotes::data::causal::{ConfoundedWorld, confounded_world, two_group_panel};
use mlnotes::stats::causal::{
    Effect, Estimand, Matching, Metric, Weighting, diff_in_diff, logit, match_units, outcome_means,
    pre_trend_test, propensity_score, stratify,
};
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
    serde_json::from_str::<Reference>(include_str!("references/causal.json")).unwrap().world
}

type Estimator = fn(&ConfoundedWorld) -> Result<Effect>;

const ATT: Estimand = Estimand::Att;

fn scores(world: &ConfoundedWorld) -> Array1<f64> {
    propensity_score(world.x.view(), &world.t).unwrap()
}

fn by_weights(world: &ConfoundedWorld, estimand: Estimand, normalised: bool) -> Result<Effect> {
    let params = Weighting::params().estimand(estimand).normalised(normalised);
    let params = params.scores_from(world.x.clone());
    params.ipw(world.y.view(), &world.t, scores(world).view())
}

fn doubly_robust(world: &ConfoundedWorld, estimand: Estimand) -> Result<Effect> {
    let (mu0, mu1) = outcome_means(world.x.view(), &world.t, world.y.view())?;
    let e = scores(world);
    let params = Weighting::params().estimand(estimand);
    params.aipw(world.y.view(), &world.t, e.view(), mu0.view(), mu1.view())
}

fn adjusted(world: &ConfoundedWorld, matching: Matching) -> Result<Effect> {
    let (mu0, _) = outcome_means(world.x.view(), &world.t, world.y.view())?;
    let matches = match_units(world.x.view(), &world.t, matching, Metric::Mahalanobis)?;
    matches.att_adjusted(world.y.view(), mu0.view())
}

fn by_score(world: &ConfoundedWorld) -> Result<Effect> {
    let line = logit(scores(world).view())?.insert_axis(Axis(1));
    let matches = match_units(line.view(), &world.t, Matching::nearest(1), Metric::Euclidean)?;
    matches.att(world.y.view())
}

/// Estimators that are right here, and whether they aim at the treated only.
const RIGHT: [(&str, bool, Estimator); 11] = [
    ("known scores, Hajek", false, |w| {
        Weighting::params().ipw(w.y.view(), &w.t, w.propensity.view())
    }),
    ("known scores, Horvitz-Thompson", false, |w| {
        Weighting::params().normalised(false).ipw(w.y.view(), &w.t, w.propensity.view())
    }),
    ("Hajek", false, |w| by_weights(w, Estimand::Ate, true)),
    ("Horvitz-Thompson", false, |w| by_weights(w, Estimand::Ate, false)),
    ("Hajek, treated", true, |w| by_weights(w, ATT, true)),
    ("Horvitz-Thompson, treated", true, |w| by_weights(w, ATT, false)),
    ("AIPW", false, |w| doubly_robust(w, Estimand::Ate)),
    ("AIPW, treated", true, |w| doubly_robust(w, ATT)),
    ("nearest, adjusted", true, |w| adjusted(w, Matching::nearest(1))),
    ("three nearest, adjusted", true, |w| adjusted(w, Matching::nearest(3))),
    ("nearest score", true, by_score),
];

fn worlds(n: usize, hidden: f64, seeds: std::ops::Range<u64>) -> Vec<ConfoundedWorld> {
    seeds.into_par_iter().map(|seed| confounded_world(n, hidden, seed).unwrap()).collect()
}

#[test]
fn ten_seeds_find_the_planted_effect_within_three_standard_errors() {
    let truth = truth();
    for world in worlds(1000, 0.0, 0..10) {
        for (name, treated, estimate) in RIGHT {
            let target = if treated { truth.att } else { truth.ate };
            let effect = estimate(&world).unwrap();
            let z = (effect.estimate - target) / effect.std_error;
            assert!(z.abs() < 3.0, "{name}: {} instead of {target}, z = {z}", effect.estimate);
        }
    }
}

#[test]
fn intervals_cover_the_truth_as_often_as_they_say() {
    let (truth, reps) = (truth(), 200);
    let samples = worlds(600, 0.0, 100..100 + reps);
    for (name, treated, estimate) in RIGHT {
        let target = if treated { truth.att } else { truth.ate };
        let inside = |world: &ConfoundedWorld| {
            let (low, high) = estimate(world).unwrap().ci;
            usize::from((low..=high).contains(&target))
        };
        let share = samples.par_iter().map(inside).sum::<usize>() as f64 / reps as f64;
        // Three standard errors of a share of 0.95, and a point for what is only asymptotic.
        let slack = 3.0 * (0.95_f64 * 0.05 / reps as f64).sqrt() + 0.01;
        assert!((share - 0.95).abs() <= slack, "{name}: {share}");
    }
}

#[test]
fn a_hidden_confounder_misleads_every_one_of_them() {
    let truth = truth();
    let samples = worlds(1000, 1.0, 0..10);
    for (name, treated, estimate) in &RIGHT[2..] {
        let target = if *treated { truth.att } else { truth.ate };
        let effects: Vec<Effect> = samples.par_iter().map(|w| estimate(w).unwrap()).collect();
        for effect in effects {
            let z = (effect.estimate - target) / effect.std_error;
            assert!(z > 2.5, "{name} sees nothing of it: z = {z}");
        }
    }
}

#[test]
fn either_model_may_be_wrong_but_not_both() {
    // The right covariates, and only the second one, in scores and outcome.
    let bias = |right_scores: bool, right_outcome: bool| {
        let of = |world: &ConfoundedWorld| {
            let second = world.x.slice(ndarray::s![.., 1..]);
            let e = if right_scores {
                scores(world)
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
        let samples = worlds(4000, 0.0, 0..10);
        samples.par_iter().map(of).sum::<f64>() / 10.0 - truth().ate
    };
    for (scores, outcome) in [(true, true), (true, false), (false, true)] {
        let bias = bias(scores, outcome);
        assert!(bias.abs() < 0.1, "{scores} {outcome}: {bias}");
    }
    assert!(bias(false, false) > 1.0);
}

#[test]
fn strata_take_off_most_of_the_bias_and_more_strata_more_of_it() {
    let samples = worlds(4000, 0.0, 0..10);
    let bias = |n_strata: usize| {
        let of = |w: &ConfoundedWorld| {
            let e = scores(w);
            let strata = stratify(w.y.view(), &w.t, e.view(), n_strata, Estimand::Ate).unwrap();
            strata.effect.estimate
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
    let mut left = (0.0, 0.0);
    for world in worlds(800, 0.0, 0..10) {
        let matching = Matching::Nearest { k: 1, caliper: None, replace: false };
        let matches = match_units(world.x.view(), &world.t, matching, Metric::Mahalanobis).unwrap();
        let (mu0, _) = outcome_means(world.x.view(), &world.t, world.y.view()).unwrap();
        left.0 += (matches.att(world.y.view()).unwrap().estimate - truth.att) / 10.0;
        let adjusted = matches.att_adjusted(world.y.view(), mu0.view()).unwrap();
        left.1 += (adjusted.estimate - truth.att) / 10.0;
    }
    assert!(left.0 > 0.3 && left.1.abs() < 0.15, "{left:?}");
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
        let mean = all.iter().map(|r| r.0).sum::<f64>() / reps as f64;
        let share = |n: usize| n as f64 / reps as f64;
        (mean, share(all.iter().map(|r| r.1).sum()), share(all.iter().map(|r| r.2).sum()))
    };
    let slack = 3.0 * (0.95_f64 * 0.05 / reps as f64).sqrt() + 0.01;
    let (mean, covered, rejected) = run(0.0);
    assert!((mean - 1.5).abs() < 0.05, "{mean}");
    assert!((covered - 0.95).abs() <= slack, "{covered}");
    assert!((rejected - 0.05).abs() <= slack, "{rejected}");
    // Three periods apart on average, so the estimate is off by three times the drift.
    let (mean, covered, rejected) = run(0.5);
    assert!((mean - (1.5 + 3.0 * 0.5)).abs() < 0.05, "{mean}");
    assert!(covered < 0.01 && rejected > 0.4, "{covered} {rejected}");
}
