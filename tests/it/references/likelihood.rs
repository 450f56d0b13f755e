//! Maxima, standard errors and intervals against SciPy, statsmodels and mpmath
//! (`tests/references/likelihood.py`), and coverage by simulation against its exact value.

use crate::support::{aligned, cases};
use mlnotes::base::trigamma;
use mlnotes::data;
use mlnotes::stats::likelihood::{
    Bernoulli, Exponential, Gamma, LogLikelihood, Mle, Normal, Poisson, UniformZeroTo, Weibull,
    likelihood_ratio, maximize, profile_ci, wald_ci,
};
use ndarray::{Array1, ArrayView1, Axis, array, concatenate};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::Distribution;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    cases: Vec<Case>,
    trigamma: Vec<(f64, f64)>,
    expected_weibull: Vec<Expected>,
    home_goals: HomeGoals,
    home_advantage: HomeAdvantage,
    chi_squared: Vec<(f64, usize, f64)>,
    coverage: Coverage,
}

#[derive(Deserialize)]
struct Case {
    label: String,
    family: String,
    data: Vec<f64>,
    theta: Vec<f64>,
    std_err: Vec<f64>,
    log_lik: f64,
    scipy_fit: Option<Vec<f64>>,
    at: Vec<f64>,
    log_lik_at: f64,
    score_at: Vec<f64>,
    information_at: Vec<Vec<f64>>,
    profile_90: Vec<(f64, f64)>,
    profile_95: Vec<(f64, f64)>,
}

#[derive(Deserialize)]
struct Expected {
    theta: Vec<f64>,
    information: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct HomeGoals {
    rate: f64,
    std_err_of_ln_rate: f64,
    log_lik: f64,
    profile_95: (f64, f64),
}

#[derive(Deserialize)]
struct HomeAdvantage {
    deviance: f64,
    ln_ratio: f64,
    std_err: f64,
}

#[derive(Deserialize)]
struct Coverage {
    poisson_profile: f64,
    poisson_wald: f64,
    exponential_profile: f64,
    exponential_wald: f64,
    normal_profile: f64,
    normal_wald: f64,
    uniform_chi2_1: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/likelihood.json")).unwrap()
}

/// The family, and a start some way from the maximum.
fn model(family: &str, data: &[f64]) -> (Box<dyn LogLikelihood>, Array1<f64>) {
    let data = Array1::from(data.to_vec());
    let x = data.view();
    match family {
        "bernoulli" => (Box::new(Bernoulli::new(x).unwrap()), array![0.9]),
        "poisson" => (Box::new(Poisson::new(x).unwrap()), array![9.0]),
        "exponential" => (Box::new(Exponential::new(x).unwrap()), array![2.0]),
        "normal" => (Box::new(Normal::new(x).unwrap()), array![3.0, 9.0]),
        "gamma" => (Box::new(Gamma::new(x).unwrap()), array![1.0, 1.0]),
        "weibull" => (Box::new(Weibull::new(x).unwrap()), array![1.0, 20.0]),
        other => panic!("no family {other}"),
    }
}

fn close(what: &str, ours: f64, theirs: f64, tol: f64) {
    let error = (ours - theirs).abs() / theirs.abs().max(1.0);
    assert!(error <= tol, "{what}: {ours} and {theirs}, {error:e} apart");
}

fn fit(ll: &dyn LogLikelihood, start: ArrayView1<f64>) -> Mle {
    let found = maximize(ll, start, 100, 1e-10).unwrap();
    assert!(found.converged, "{}", ll.model());
    found
}

#[test]
fn log_likelihood_score_and_information_are_scipys_and_mpmaths() {
    for case in cases(reference().cases, 11) {
        let what = format!("{} ({})", case.label, case.family);
        let (model, _) = model(&case.family, &case.data);
        let at = Array1::from(case.at);
        close(&what, model.log_lik(at.view()).unwrap(), case.log_lik_at, 1e-12);
        let score = model.score(at.view()).unwrap();
        let information = model.information(at.view()).unwrap();
        aligned(&score, &case.score_at).for_each(|(a, b)| close(&what, *a, *b, 1e-11));
        for (ours, theirs) in aligned(information.rows(), &case.information_at) {
            aligned(ours, theirs).for_each(|(a, b)| close(&what, *a, *b, 1e-11));
        }
    }
}

#[test]
fn maxima_and_standard_errors_agree() {
    let (mut by_formula, mut by_simplex) = (0, 0);
    for case in cases(reference().cases, 11) {
        let what = format!("{} ({})", case.label, case.family);
        let (model, start) = model(&case.family, &case.data);
        let found = fit(&*model, start.view());
        close(&what, found.log_lik, case.log_lik, 1e-12);
        let std_err = found.std_err.unwrap();
        for (j, theirs) in cases(&case.theta, found.theta.len()).enumerate() {
            close(&what, found.theta[j], *theirs, 1e-9);
            close(&what, std_err[j], case.std_err[j], 1e-8);
        }
        if let Some(exact) = model.closed_form() {
            aligned(&exact, &case.theta).for_each(|(a, b)| close(&what, *a, *b, 1e-13));
            by_formula += 1;
        }
        // SciPy's simplex search ends before the digits do.
        if let Some(theirs) = case.scipy_fit {
            aligned(&found.theta, &theirs).for_each(|(a, b)| close(&what, *a, *b, 1e-6));
            by_simplex += 1;
        }
    }
    // Gamma and Weibull have no formula; SciPy has no fit of the two discrete families.
    assert_eq!((by_formula, by_simplex), (5, 9));
}

#[test]
fn profile_intervals_are_brents() {
    for case in cases(reference().cases, 11) {
        let what = format!("{} ({})", case.label, case.family);
        let (model, start) = model(&case.family, &case.data);
        let found = fit(&*model, start.view());
        for (level, theirs) in [(0.90, &case.profile_90), (0.95, &case.profile_95)] {
            for (j, (low, high)) in cases(theirs, found.theta.len()).enumerate() {
                let ours = profile_ci(&*model, &found, j, level).unwrap();
                close(&what, ours.0, *low, 1e-8);
                close(&what, ours.1, *high, 1e-8);
            }
        }
    }
}

#[test]
fn special_functions_and_tails_are_scipys() {
    let Reference { trigamma: grid, chi_squared, expected_weibull, .. } = reference();
    for (x, theirs) in cases(grid, 9) {
        assert!((trigamma(x) / theirs - 1.0).abs() < 1e-13, "{} {theirs}", trigamma(x));
    }
    for (deviance, df, p_value) in cases(chi_squared, 3) {
        let test = likelihood_ratio(deviance / 2.0, 0.0, df).unwrap();
        assert!((test.p_value / p_value - 1.0).abs() < 1e-9, "{} {p_value}", test.p_value);
    }
    let weibull = Weibull::new(array![0.5, 1.0, 2.0].view()).unwrap();
    for Expected { theta, information } in cases(expected_weibull, 2) {
        let ours = weibull.expected_information(Array1::from(theta).view()).unwrap().unwrap();
        for ((i, j), ours) in ours.indexed_iter() {
            close("expected information", *ours, 3.0 * information[i][j], 1e-9);
        }
    }
}

#[test]
fn goals_are_statsmodels_poisson_regressions() {
    let Reference { home_goals: theirs, home_advantage, .. } = reference();
    let football = data::football();
    let (home, away) = (football.home_goals(), football.away_goals());
    let model = Poisson::new(home.view()).unwrap();
    let found = fit(&model, array![1.0].view());
    close("rate", found.theta[0], theirs.rate, 1e-10);
    close("log-likelihood", found.log_lik, theirs.log_lik, 1e-12);
    // Delta method: the standard error of ln(rate) is that of the rate, relatively.
    let std_err = found.std_err.as_ref().unwrap()[0];
    close("standard error", std_err / found.theta[0], theirs.std_err_of_ln_rate, 1e-10);
    let (low, high) = profile_ci(&model, &found, 0, 0.95).unwrap();
    close("low", low, theirs.profile_95.0, 1e-8);
    close("high", high, theirs.profile_95.1, 1e-8);

    let all = concatenate![Axis(0), home, away];
    let pooled = Poisson::new(all.view()).unwrap();
    let visitors = Poisson::new(away.view()).unwrap();
    let top = |model: &Poisson| model.log_lik(model.closed_form().unwrap().view()).unwrap();
    let test = likelihood_ratio(top(&model) + top(&visitors), top(&pooled), 1).unwrap();
    close("deviance", test.statistic, home_advantage.deviance, 1e-9);
    let guests = fit(&visitors, array![1.0].view());
    let ln_ratio = (found.theta[0] / guests.theta[0]).ln();
    close("ratio", ln_ratio, home_advantage.ln_ratio, 1e-10);
    let relative = |fit: &Mle| (fit.std_err.as_ref().unwrap()[0] / fit.theta[0]).powi(2);
    let std_err = (relative(&found) + relative(&guests)).sqrt();
    close("its standard error", std_err, home_advantage.std_err, 1e-8);
}

const SIMULATIONS: u32 = 800;

/// Share of simulations, on ten seeds, in which Wald and profile interval hold the true parameter 0.
fn coverage(
    draw: impl Fn(&mut ChaCha8Rng) -> (Box<dyn LogLikelihood>, Array1<f64>),
    truth: f64,
) -> Vec<[f64; 2]> {
    let one_seed = |seed: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut held = [0.0; 2];
        for _ in 0..SIMULATIONS {
            let (model, start) = draw(&mut rng);
            let found = fit(&*model, start.view());
            let holds = |(low, high): (f64, f64)| f64::from(low <= truth && truth <= high);
            held[0] += wald_ci(&found, 0.95).map_or(0.0, |ci| holds((ci[[0, 0]], ci[[0, 1]])));
            held[1] += holds(profile_ci(&*model, &found, 0, 0.95).unwrap());
        }
        held.map(|count| count / f64::from(SIMULATIONS))
    };
    (0..10).map(one_seed).collect()
}

fn sample(n: usize, rng: &mut ChaCha8Rng, law: &impl Distribution<f64>) -> Array1<f64> {
    (0..n).map(|_| law.sample(rng)).collect()
}

/// Each seed within 3.5 binomial standard errors, their mean within 3.5 of its own.
fn check_coverage(what: &str, shares: &[f64], exact: f64) {
    let std_err = (exact * (1.0 - exact) / f64::from(SIMULATIONS)).sqrt();
    for share in cases(shares, 10) {
        assert!((share - exact).abs() < 3.5 * std_err, "{what}: {share} and {exact}");
    }
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let bound = 3.5 * std_err / (shares.len() as f64).sqrt();
    assert!((mean - exact).abs() < bound, "{what}: mean {mean} and {exact}");
}

#[test]
fn intervals_cover_as_often_as_theory_says() {
    let theirs = reference().coverage;
    let column = |shares: &[[f64; 2]], j: usize| shares.iter().map(|s| s[j]).collect::<Vec<_>>();

    let law = rand_distr::Poisson::new(2.0).unwrap();
    let shares = coverage(
        |rng| (Box::new(Poisson::new(sample(10, rng, &law).view()).unwrap()), array![2.0]),
        2.0,
    );
    check_coverage("Poisson, Wald", &column(&shares, 0), theirs.poisson_wald);
    check_coverage("Poisson, profile", &column(&shares, 1), theirs.poisson_profile);

    let law = rand_distr::Exp::new(0.5).unwrap();
    let shares = coverage(
        |rng| (Box::new(Exponential::new(sample(10, rng, &law).view()).unwrap()), array![0.5]),
        0.5,
    );
    check_coverage("exponential, Wald", &column(&shares, 0), theirs.exponential_wald);
    check_coverage("exponential, profile", &column(&shares, 1), theirs.exponential_profile);

    let law = rand_distr::Normal::new(3.0, 2.0).unwrap();
    let shares = coverage(
        |rng| (Box::new(Normal::new(sample(8, rng, &law).view()).unwrap()), array![3.0, 2.0]),
        3.0,
    );
    check_coverage("normal mean, Wald", &column(&shares, 0), theirs.normal_wald);
    check_coverage("normal mean, profile", &column(&shares, 1), theirs.normal_profile);
}

#[test]
fn the_uniform_needs_its_own_interval() {
    let theirs = reference().coverage;
    let law = rand_distr::Uniform::new(0.0, 4.0).unwrap();
    let (mut exact, mut by_chi_squared) = (Vec::new(), Vec::new());
    for seed in 0..10 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut held = [0.0; 2];
        for _ in 0..SIMULATIONS {
            let model = UniformZeroTo::new(sample(6, &mut rng, &law).view()).unwrap();
            let (low, high) = model.interval(0.95).unwrap();
            held[0] += f64::from(low <= 4.0 && 4.0 <= high);
            let top = model.log_lik(model.closed_form().unwrap().view()).unwrap();
            let deviance = 2.0 * (top - model.log_lik(array![4.0].view()).unwrap());
            held[1] += f64::from(likelihood_ratio(deviance / 2.0, 0.0, 1).unwrap().p_value >= 0.05);
        }
        exact.push(held[0] / f64::from(SIMULATIONS));
        by_chi_squared.push(held[1] / f64::from(SIMULATIONS));
    }
    check_coverage("uniform, exact", &exact, 0.95);
    check_coverage("uniform, chi-squared", &by_chi_squared, theirs.uniform_chi2_1);
}

#[test]
fn the_variance_is_too_small_by_one_part_in_n() {
    let law = rand_distr::Normal::new(0.0, 3.0).unwrap();
    let n = 5.0;
    for seed in 0..10 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let variances: Array1<f64> = (0..4000)
            .map(|_| {
                let model = Normal::new(sample(5, &mut rng, &law).view()).unwrap();
                model.closed_form().unwrap()[1].powi(2)
            })
            .collect();
        let std_err = variances.std(1.0) / 4000f64.sqrt();
        let mean = variances.mean().unwrap();
        assert!((mean - 9.0 * (n - 1.0) / n).abs() < 3.5 * std_err, "seed {seed}: {mean}");
        assert!((mean - 9.0).abs() > 10.0 * std_err, "the bias is plain to see");
    }
}
