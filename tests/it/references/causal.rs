//! Causal estimators against statsmodels, `SciPy`, scikit-learn and `NumPy` loops
//! (`tests/references/causal.py`), against published numbers, and against a truth that is planted.

use crate::support::{aligned, cases};
use mlnotes::causal::{
    DiffInDiff, Effect, Estimand, EventStudy, Matches, Matching, Metric, Weighting, assign,
    diff_in_diff, event_study, logit, match_units, outcome_means, placebo_in_space,
    placebo_in_time, propensity_score, standardised_differences, stratify,
};
use mlnotes::data::{nsw, nsw_with_cps, organ_donations};
use mlnotes::linear::ols::{LinearRegression, OlsCovariance};
use ndarray::{Array1, Array2, Axis, concatenate, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    organs: Organs,
    panel: Panel,
    costs: Vec<Cost>,
    matching: MatchingCases,
    weighting: WeightingCases,
    lalonde: Lalonde,
}

#[derive(Deserialize)]
struct Organs {
    did: Did,
    classical: Did,
    study: Study,
    placebos: Vec<Did>,
}

#[derive(Deserialize)]
struct Panel {
    unit: Vec<usize>,
    period: Vec<usize>,
    treated: Vec<usize>,
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    plain: Did,
    covariates: Did,
    study: Study,
}

#[derive(Deserialize)]
struct Did {
    effect: f64,
    std_error: f64,
    p: f64,
    ci: [f64; 2],
}

#[derive(Deserialize)]
struct Study {
    effects: Vec<f64>,
    std_errors: Vec<f64>,
    ci: Vec<[f64; 2]>,
    f: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Cost {
    cost: Vec<Vec<f64>>,
    total: f64,
}

#[derive(Deserialize)]
struct MatchingCases {
    x: Vec<Vec<f64>>,
    t: Vec<usize>,
    y: Vec<f64>,
    mu0: Vec<f64>,
    cases: Vec<MatchingCase>,
}

#[derive(Deserialize)]
struct MatchingCase {
    metric: String,
    k: usize,
    controls: Vec<Vec<usize>>,
    distances: Vec<Vec<f64>>,
    att: [f64; 2],
    adjusted: [f64; 2],
    greedy: Vec<usize>,
    caliper: f64,
    n_within: usize,
    att_within: [f64; 2],
    optimal: f64,
}

#[derive(Deserialize)]
struct WeightingCases {
    x: Vec<Vec<f64>>,
    t: Vec<usize>,
    y: Vec<f64>,
    propensity: Vec<f64>,
    mu0: Vec<f64>,
    mu1: Vec<f64>,
    cases: Vec<WeightingCase>,
    strata: Vec<StrataCase>,
    before: Vec<f64>,
    after: Vec<f64>,
}

#[derive(Deserialize)]
struct WeightingCase {
    estimand: String,
    trim: f64,
    n_used: usize,
    horvitz_thompson: [f64; 3],
    hajek: [f64; 3],
    aipw: [f64; 3],
}

#[derive(Deserialize)]
struct StrataCase {
    estimand: String,
    edges: Vec<f64>,
    effect: [f64; 2],
}

#[derive(Deserialize)]
struct Lalonde {
    experiment: f64,
    naive: f64,
    regression: [f64; 2],
    regression_in_the_experiment: [f64; 2],
    treated_scores: Vec<f64>,
    sum_of_scores: f64,
    sum_of_squares: f64,
    ipw: [f64; 2],
    aipw: [f64; 2],
    adjustment: f64,
    score_matching: [f64; 2],
    exact: [f64; 3],
    nearest_distance: f64,
    optimal_distance: f64,
    before: Vec<f64>,
    matched: Vec<f64>,
    weighted: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/causal.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn close(ours: f64, theirs: f64, what: &str) {
    assert!((ours - theirs).abs() <= 1e-8 * theirs.abs().max(1e-2), "{what}: {ours} {theirs}");
}

fn same_did(ours: &DiffInDiff, theirs: &Did, what: &str) {
    close(ours.effect, theirs.effect, what);
    close(ours.std_error, theirs.std_error, what);
    close(ours.test.p_value, theirs.p, what);
    close(ours.ci.0, theirs.ci[0], what);
    close(ours.ci.1, theirs.ci[1], what);
}

fn same_study(ours: &EventStudy, theirs: &Study, what: &str) {
    let places = (0..ours.periods.len()).filter(|&j| ours.periods[j] != ours.reference);
    for (k, j) in cases(places, theirs.effects.len()).enumerate() {
        close(ours.effects[j], theirs.effects[k], what);
        close(ours.std_errors[j], theirs.std_errors[k], what);
        close(ours.lower[j], theirs.ci[k][0], what);
        close(ours.upper[j], theirs.ci[k][1], what);
    }
    let test = ours.pre_trend_test().unwrap();
    close(test.statistic, theirs.f, what);
    close(test.p_value, theirs.p, what);
}

fn same_effect(ours: &Effect, theirs: [f64; 2], what: &str) {
    close(ours.estimate, theirs[0], what);
    close(ours.std_error, theirs[1], what);
}

#[test]
fn organ_donations_fell_by_what_is_published() {
    let (set, Organs { did, classical, study, placebos }) = (organ_donations(), reference().organs);
    let y = set.rate.view();
    let states = Some(set.state.as_slice());
    let fit = diff_in_diff(y, &set.treated, &set.post(), None, states).unwrap();
    same_did(&fit, &did, "clustered");
    // Huntington-Klein (2022), The Effect, chapter 18: -0.022 with a standard error of 0.006.
    assert!((fit.effect + 0.02246).abs() < 5e-6 && (fit.std_error - 0.0061).abs() < 5e-5);
    let plain = diff_in_diff(y, &set.treated, &set.post(), None, None).unwrap();
    same_did(&plain, &classical, "classical");
    let events = event_study(y, &set.treated, &set.quarter, 4, states).unwrap();
    same_study(&events, &study, "event study");
    for (fake, theirs) in aligned([2, 3], &placebos) {
        let ours = placebo_in_time(y, &set.treated, &set.quarter, 4, fake, states).unwrap();
        same_did(&ours, theirs, "placebo in time");
    }
    let own = set.state_names.iter().position(|&name| name == "California").unwrap();
    let space = placebo_in_space(y, &set.state, &set.post(), own).unwrap();
    close(space.effect, did.effect, "the same double difference");
    let larger = space.effects.iter().filter(|e| e.abs() > space.effect.abs()).count() as f64;
    close(space.p_value, (larger + 1.0) / 27.0, "rank");
}

#[test]
fn difference_in_differences_is_that_of_statsmodels() {
    let Panel { unit, period, treated, x, y, plain, covariates, study } = reference().panel;
    let (x, y) = (matrix(&x), Array1::from(y));
    let post: Vec<usize> = period.iter().map(|&p| usize::from(p >= 4)).collect();
    let fit = diff_in_diff(y.view(), &treated, &post, None, None).unwrap();
    same_did(&fit, &plain, "plain");
    let fit = diff_in_diff(y.view(), &treated, &post, Some(x.view()), Some(&unit)).unwrap();
    same_did(&fit, &covariates, "with covariates, clustered");
    let events = event_study(y.view(), &treated, &period, 4, Some(&unit)).unwrap();
    same_study(&events, &study, "event study");
}

#[test]
fn assignments_cost_what_scipys_do() {
    for Cost { cost, total } in cases(reference().costs, 6) {
        let ours = assign(matrix(&cost).view()).unwrap();
        assert!((ours.cost - total).abs() <= 1e-12 * total.abs().max(1.0), "{} {total}", ours.cost);
    }
}

#[test]
fn matches_are_scikit_learns_and_their_errors_those_of_the_formula() {
    let MatchingCases { x, t, y, mu0, cases: metrics } = reference().matching;
    let (x, y, mu0) = (matrix(&x), Array1::from(y), Array1::from(mu0));
    for case in cases(metrics, 6) {
        let what = format!("{} {}", case.metric, case.k);
        let metric = match case.metric.as_str() {
            "euclidean" => Metric::Euclidean,
            "standardised" => Metric::Standardised,
            _ => Metric::Mahalanobis,
        };
        let of = |m: Matching| match_units(x.view(), &t, m, metric).unwrap();
        let found = of(Matching::nearest(case.k));
        let expected = aligned(&case.controls, &case.distances);
        for (m, (controls, distances)) in aligned(&found.matched, expected) {
            assert_eq!(&m.controls, controls, "{what}");
            aligned(m.distances.iter(), distances).for_each(|(a, b)| close(*a, *b, &what));
        }
        same_effect(&found.att(y.view()).unwrap(), case.att, &what);
        let adjusted = found.att_adjusted(y.view(), mu0.view()).unwrap();
        same_effect(&adjusted, case.adjusted, &what);
        let caliper = Some(case.caliper);
        let near = of(Matching::Nearest { k: case.k, caliper, replace: true });
        assert_eq!(near.matched.len(), case.n_within, "{what}");
        same_effect(&near.att(y.view()).unwrap(), case.att_within, &what);
        if case.k == 1 {
            let once = of(Matching::Nearest { k: 1, caliper: None, replace: false });
            let pairs: Vec<usize> = once.matched.iter().map(|m| m.controls[0]).collect();
            assert_eq!(pairs, case.greedy, "{what}");
        }
        close(of(Matching::Optimal).total_distance, case.optimal, &what);
    }
}

#[test]
fn weights_strata_and_balance_are_those_of_the_formulas() {
    let WeightingCases { x, t, y, propensity, mu0, mu1, cases: trims, strata, before, after } =
        reference().weighting;
    let (x, y) = (matrix(&x), Array1::from(y));
    let e = propensity_score(x.view(), &t).unwrap();
    aligned(e.iter(), &propensity).for_each(|(a, b)| close(*a, *b, "propensity"));
    let (m0, m1) = outcome_means(x.view(), &t, y.view()).unwrap();
    aligned(m0.iter(), &mu0).for_each(|(a, b)| close(*a, *b, "mu0"));
    aligned(m1.iter(), &mu1).for_each(|(a, b)| close(*a, *b, "mu1"));
    let of = |name: &str| if name == "ate" { Estimand::Ate } else { Estimand::Att };
    for case in cases(trims, 4) {
        let known = Weighting::params().estimand(of(&case.estimand)).trim(case.trim);
        let fitted = known.clone().scores_from(x.clone());
        for (params, place) in [(known, 1), (fitted, 2)] {
            let check = |ours: Effect, theirs: [f64; 3], name: &str| {
                let what = format!("{name} {} {} {place}", case.estimand, case.trim);
                same_effect(&ours, [theirs[0], theirs[place]], &what);
                assert_eq!(ours.n_used, case.n_used, "{what}");
            };
            let plain = params.clone().normalised(false).ipw(y.view(), &t, e.view()).unwrap();
            check(plain, case.horvitz_thompson, "Horvitz-Thompson");
            check(params.ipw(y.view(), &t, e.view()).unwrap(), case.hajek, "Hajek");
            let doubly = params.aipw(y.view(), &t, e.view(), m0.view(), m1.view()).unwrap();
            check(doubly, case.aipw, "AIPW");
        }
    }
    for case in cases(strata, 2) {
        let ours = stratify(y.view(), &t, e.view(), 4, of(&case.estimand)).unwrap();
        aligned(ours.edges.iter(), &case.edges).for_each(|(a, b)| close(*a, *b, "edge"));
        same_effect(&ours.effect, case.effect, "strata");
    }
    let unweighted = Array1::ones(t.len());
    let ours = standardised_differences(x.view(), &t, unweighted.view()).unwrap();
    aligned(ours.iter(), &before).for_each(|(a, b)| close(*a, *b, "before"));
    let odds = Weighting::params().estimand(Estimand::Att).weights(&t, e.view()).unwrap();
    let ours = standardised_differences(x.view(), &t, odds.view()).unwrap();
    aligned(ours.iter(), &after).for_each(|(a, b)| close(*a, *b, "after"));
}

/// The eight covariates, and whether there were no earnings in 1974 and in 1975.
fn lalonde_covariates(x: &Array2<f64>) -> Array2<f64> {
    let none = x.slice(s![.., 6..]).mapv(|v| f64::from(u8::from(v <= 0.0)));
    concatenate![Axis(1), x.view(), none.view()]
}

#[test]
fn lalondes_experiment_and_its_observational_double() {
    let (small, large, theirs) = (nsw(), nsw_with_cps(), reference().lalonde);
    close(small.naive_difference(), theirs.experiment, "experiment");
    close(large.naive_difference(), theirs.naive, "naive");
    // Dehejia & Wahba (1999), table 3: 1,794 in the experiment, -8,498 against CPS-1.
    assert!((theirs.experiment - 1794.34).abs() < 0.01 && (theirs.naive + 8497.52).abs() < 0.01);
    for (set, expected) in
        [(large, theirs.regression), (small, theirs.regression_in_the_experiment)]
    {
        let t: Array1<f64> = set.t.iter().map(|&t| t as f64).collect();
        let design = concatenate![Axis(1), t.insert_axis(Axis(1)), set.x.view()];
        let params = LinearRegression::params().covariance(OlsCovariance::Hc1);
        let fit = params.fit(design.view(), set.y.view()).unwrap();
        close(fit.coef[0], expected[0], "regression");
        close(fit.std_errors[0], expected[1], "its error");
    }
    let (x, t, y) = (lalonde_covariates(&large.x), &large.t, large.y.view());
    let e = propensity_score(x.view(), t).unwrap();
    let treated = (0..t.len()).filter(|&i| t[i] == 1);
    aligned(treated, &theirs.treated_scores).for_each(|(i, b)| close(e[i], *b, "score"));
    close(e.sum(), theirs.sum_of_scores, "sum of scores");
    close(e.dot(&e), theirs.sum_of_squares, "sum of squares");
    let params = Weighting::params().estimand(Estimand::Att);
    same_effect(&params.ipw(y, t, e.view()).unwrap(), theirs.ipw, "ipw");
    let (mu0, mu1) = outcome_means(x.view(), t, y).unwrap();
    same_effect(&params.aipw(y, t, e.view(), mu0.view(), mu1.view()).unwrap(), theirs.aipw, "aipw");
    let gains = (0..t.len()).filter(|&i| t[i] == 1).map(|i| y[i] - mu0[i]).sum::<f64>();
    close(gains / 185.0, theirs.adjustment, "adjustment");

    let line = logit(e.view()).unwrap().insert_axis(Axis(1));
    let scores = match_units(line.view(), t, Matching::nearest(1), Metric::Euclidean).unwrap();
    same_effect(&scores.att(y).unwrap(), theirs.score_matching, "score matching");
    let of = |m| match_units(x.view(), t, m, Metric::Standardised).unwrap();
    let exact: Matches = of(Matching::Exact);
    assert_eq!((exact.matched.len(), exact.unmatched.len()), (29, 156));
    same_effect(&exact.att(y).unwrap(), [theirs.exact[1], theirs.exact[2]], "exact");
    close(of(Matching::nearest(1)).total_distance, theirs.nearest_distance, "nearest");
    close(of(Matching::Optimal).total_distance, theirs.optimal_distance, "optimal");

    let ones = Array1::ones(t.len());
    let odds = params.weights(t, e.view()).unwrap();
    for (weights, expected) in
        [(&ones, &theirs.before), (&scores.weights, &theirs.matched), (&odds, &theirs.weighted)]
    {
        let ours = standardised_differences(x.view(), t, weights.view()).unwrap();
        aligned(ours.iter(), expected).for_each(|(a, b)| close(*a, *b, "balance"));
    }
}
