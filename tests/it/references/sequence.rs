//! HMM and CRF against the enumeration of all paths, hmmlearn, python-crfsuite and sklearn-crfsuite
//! (`tests/references/sequence.py`).

use crate::support::{aligned, cases, largest};
use mlnotes::data;
use mlnotes::nn::gradcheck::{max_relative_error, numeric_gradient};
use mlnotes::sequence::crf::{Features, LinearChainCrf, symbol_features};
use mlnotes::sequence::hmm::{BaumWelch, CategoricalHmm, GaussianBaumWelch, GaussianHmm};
use ndarray::{Array1, Array2, Array3, ArrayView1};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    enumerated: Vec<Enumerated>,
    categorical: Categorical,
    gaussian: Vec<Gaussian>,
    crf: Crf,
}

#[derive(Deserialize)]
struct Enumerated {
    start: Vec<f64>,
    trans: Vec<Vec<f64>>,
    emit: Vec<Vec<f64>>,
    obs: Vec<usize>,
    log_likelihood: f64,
    posterior: Vec<Vec<f64>>,
    steps: Vec<Vec<f64>>,
    path: Vec<usize>,
    path_log_p: f64,
}

#[derive(Deserialize)]
struct Categorical {
    start: Vec<f64>,
    trans: Vec<Vec<f64>>,
    emit: Vec<Vec<f64>>,
    obs: Vec<Vec<usize>>,
    score: Vec<f64>,
    path: Vec<Vec<usize>>,
    path_log_p: Vec<f64>,
    posterior: Vec<Vec<Vec<f64>>>,
    em_start: Vec<f64>,
    em_trans: Vec<Vec<f64>>,
    em_emit: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Gaussian {
    diagonal: bool,
    start: Vec<f64>,
    trans: Vec<Vec<f64>>,
    means: Vec<Vec<f64>>,
    covariances: Vec<Vec<Vec<f64>>>,
    obs: Vec<Vec<Vec<f64>>>,
    score: Vec<f64>,
    path: Vec<Vec<usize>>,
    path_log_p: Vec<f64>,
    posterior: Vec<Vec<Vec<f64>>>,
    em_start: Vec<f64>,
    em_trans: Vec<Vec<f64>>,
    em_means: Vec<Vec<f64>>,
    em_covariances: Vec<Vec<Vec<f64>>>,
}

/// Names and values of each position of each sequence.
type Sequences = Vec<Vec<Vec<(String, f64)>>>;

#[derive(Deserialize)]
struct Crf {
    xs: Sequences,
    ys: Vec<Vec<usize>>,
    l2: f64,
    objective: f64,
    state_weights: Vec<(String, usize, f64)>,
    transition_weights: Vec<(usize, usize, f64)>,
    tests: Sequences,
    paths: Vec<Vec<usize>>,
    log_p: Vec<f64>,
    marginals: Vec<Vec<Vec<f64>>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/sequence.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let flat = rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), flat).unwrap()
}

fn cube(matrices: &[Vec<Vec<f64>>]) -> Array3<f64> {
    let d = matrices[0].len();
    let flat = matrices.iter().flatten().flatten().copied().collect();
    Array3::from_shape_vec((matrices.len(), d, matrices[0][0].len()), flat).unwrap()
}

/// Largest difference, relative to 1 or the expected value when larger.
fn gap<'a>(ours: impl IntoIterator<Item = &'a f64>, theirs: impl IntoIterator<Item = f64>) -> f64 {
    largest(aligned(ours, theirs).map(|(a, b)| (a - b) / b.abs().max(1.0)))
}

fn features(sequences: &Sequences) -> Vec<Vec<Features>> {
    let position = |p: &Vec<(String, f64)>| {
        p.iter().fold(Features::default(), |f, (name, value)| f.weighted(name.clone(), *value))
    };
    sequences.iter().map(|x| x.iter().map(position).collect()).collect()
}

#[test]
fn inference_is_the_sum_over_all_paths() {
    let mut n_rows = 0;
    for case in cases(reference().enumerated, 4) {
        let (trans, emit) = (matrix(&case.trans), matrix(&case.emit));
        let hmm = CategoricalHmm::new(case.start.clone().into(), trans, emit).unwrap();
        let log_p = hmm.log_likelihood(&case.obs).unwrap();
        assert!((log_p - case.log_likelihood).abs() < 1e-10);
        let posterior = hmm.posterior(&case.obs).unwrap();
        assert!((&posterior - &matrix(&case.posterior)).iter().all(|d| d.abs() < 1e-10));
        let (path, best) = hmm.viterbi(&case.obs).unwrap();
        assert_eq!(path, case.path);
        assert!((best - case.path_log_p).abs() < 1e-10);
        // One EM step on this sequence normalises the expected steps.
        let k = case.start.len();
        let fit = BaumWelch::params(k, hmm.n_symbols()).start(hmm.clone()).max_iter(1);
        let fit = fit.fit(std::slice::from_ref(&case.obs)).unwrap();
        let steps = matrix(&case.steps);
        for i in (0..k).filter(|_| case.obs.len() > 1) {
            n_rows += 1;
            let row = &steps.row(i) / steps.row(i).sum();
            assert!((&fit.model.transitions.row(i) - &row).iter().all(|d| d.abs() < 1e-10));
        }
        // The same numbers once more, as a conditional random field.
        let (field, x) = (LinearChainCrf::from_hmm(&hmm), symbol_features(&case.obs));
        assert!((field.log_partition(&x).unwrap() - case.log_likelihood).abs() < 1e-10);
        assert!((field.marginals(&x).unwrap() - &posterior).iter().all(|d| d.abs() < 1e-12));
        assert_eq!(field.viterbi(&x).unwrap().0, case.path);
    }
    assert_eq!(n_rows, 9);
}

#[test]
fn categorical_hmm_agrees_with_hmmlearn() {
    let r = reference().categorical;
    let hmm = CategoricalHmm::new(r.start.clone().into(), matrix(&r.trans), matrix(&r.emit));
    let hmm = hmm.unwrap();
    for (i, obs) in cases(&r.obs, 4).enumerate() {
        assert!((hmm.log_likelihood(obs).unwrap() - r.score[i]).abs() < 1e-8);
        let (path, log_p) = hmm.viterbi(obs).unwrap();
        assert_eq!(path, r.path[i]);
        assert!((log_p - r.path_log_p[i]).abs() < 1e-8);
        let posterior = hmm.posterior(obs).unwrap();
        assert!((&posterior - &matrix(&r.posterior[i])).iter().all(|d| d.abs() < 1e-8));
        let field = LinearChainCrf::from_hmm(&hmm).marginals(&symbol_features(obs)).unwrap();
        assert!((field - posterior).iter().all(|d| d.abs() < 1e-12));
    }
    let step = BaumWelch::params(3, 5).start(hmm).max_iter(1).fit(&r.obs).unwrap();
    assert_eq!(step.n_iter, 1);
    assert!((step.trace[0] - r.score.iter().sum::<f64>()).abs() < 1e-8);
    assert!(gap(&step.model.start, r.em_start) < 1e-8);
    assert!((&step.model.transitions - &matrix(&r.em_trans)).iter().all(|d| d.abs() < 1e-8));
    assert!((&step.model.emissions - &matrix(&r.em_emit)).iter().all(|d| d.abs() < 1e-8));
}

#[test]
fn gaussian_hmm_agrees_with_hmmlearn() {
    for r in cases(reference().gaussian, 2) {
        let (trans, means) = (matrix(&r.trans), matrix(&r.means));
        let hmm = GaussianHmm::new(r.start.clone().into(), trans, means, cube(&r.covariances));
        let hmm = hmm.unwrap();
        let obs: Vec<Array2<f64>> = r.obs.iter().map(|x| matrix(x)).collect();
        for (i, x) in cases(&obs, 3).enumerate() {
            assert!((hmm.log_likelihood(x.view()).unwrap() - r.score[i]).abs() < 1e-8);
            let (path, log_p) = hmm.viterbi(x.view()).unwrap();
            assert_eq!(path, r.path[i]);
            assert!((log_p - r.path_log_p[i]).abs() < 1e-8);
            let posterior = hmm.posterior(x.view()).unwrap();
            assert!((posterior - matrix(&r.posterior[i])).iter().all(|d| d.abs() < 1e-8));
        }
        let step = GaussianBaumWelch::params(3).diagonal(r.diagonal).reg_covar(0.0).max_iter(1);
        let model = step.start(hmm).fit(&obs).unwrap().model;
        assert!(gap(&model.start, r.em_start) < 1e-8);
        assert!((model.transitions - matrix(&r.em_trans)).iter().all(|d| d.abs() < 1e-8));
        assert!((model.means - matrix(&r.em_means)).iter().all(|d| d.abs() < 1e-8));
        let theirs = cube(&r.em_covariances);
        assert!((model.covariances - theirs).iter().all(|d| d.abs() < 1e-8), "{}", r.diagonal);
    }
}

#[test]
fn crf_optimum_is_that_of_crfsuite() {
    let r = reference().crf;
    let xs = features(&r.xs);
    let model = LinearChainCrf::params().l2(r.l2).tol(1e-6).fit(&xs, &r.ys).unwrap();
    assert!(model.converged);
    let end = model.trace[model.trace.len() - 1];
    assert!((end - r.objective).abs() < 1e-4, "{end} and {}", r.objective);
    for (name, label, weight) in cases(&r.state_weights, model.state_weights.len()) {
        let row = model.feature_names.iter().position(|n| n == name).unwrap();
        let ours = model.state_weights[[row, *label]];
        assert!((ours - weight).abs() < 1e-4, "{name} {label}: {ours} and {weight}");
    }
    for (from, to, weight) in cases(&r.transition_weights, 225) {
        assert!((model.transition_weights[[*from, *to]] - weight).abs() < 1e-4);
    }
    for (i, x) in cases(&features(&r.tests), 10).enumerate() {
        let (path, log_p) = model.viterbi(x).unwrap();
        assert_eq!(path, r.paths[i]);
        assert!((log_p - r.log_p[i]).abs() < 1e-4);
        let gap = model.marginals(x).unwrap() - matrix(&r.marginals[i]);
        assert!(gap.iter().all(|d| d.abs() < 1e-4));
    }
    // Forward and backward at its weights, not ours: the marginals are exact.
    let mut theta = model.parameters();
    let k = model.n_labels();
    for (name, label, weight) in &r.state_weights {
        let row = model.feature_names.iter().position(|n| n == name).unwrap();
        theta[row * k + label] = *weight;
    }
    for (from, to, weight) in &r.transition_weights {
        theta[model.state_weights.len() + from * k + to] = *weight;
    }
    let theirs = model.with_parameters(theta.view()).unwrap();
    for (i, x) in cases(&features(&r.tests), 10).enumerate() {
        // The package shows its weights to six digits.
        let gap = theirs.marginals(x).unwrap() - matrix(&r.marginals[i]);
        assert!(gap.iter().all(|d| d.abs() < 1e-5));
    }
}

#[test]
fn crf_gradient_on_real_labels_is_that_of_central_differences() {
    let r = reference().crf;
    let (xs, ys) = (features(&r.xs), &r.ys);
    let params = LinearChainCrf::params().max_iter(2).random_start(5);
    // Few labels keep the number of weights small.
    let few: Vec<Vec<usize>> = ys[..6].iter().map(|y| y.iter().map(|k| k % 3).collect()).collect();
    let model = params.fit(&xs[..6], &few).unwrap();
    let gradient = model.log_likelihood_and_gradient(&xs[..6], &few).unwrap().1;
    let value = |theta: ArrayView1<f64>| {
        model.with_parameters(theta).unwrap().log_likelihood_and_gradient(&xs[..6], &few).unwrap().0
    };
    let numeric: Array1<f64> = numeric_gradient(value, model.parameters().view());
    assert!(max_relative_error(gradient.view(), numeric.view()) < 1e-6);
}

/// Letters and spaces of the novel's opening: two states find the vowels.
#[test]
fn two_states_split_vowels_from_consonants() {
    let mut letters: Vec<usize> = Vec::new();
    for c in data::pride_and_prejudice().chars() {
        let symbol = if c.is_ascii_alphabetic() { c.to_ascii_lowercase() as usize - 96 } else { 0 };
        if symbol > 0 || letters.last() != Some(&0) {
            letters.push(symbol);
        }
    }
    letters.truncate(20_000);
    let fit = BaumWelch::params(2, 27).n_init(8).seed(3).max_iter(150).fit(&[letters]).unwrap();
    let per_letter = fit.trace[fit.n_iter] / 20_000.0;
    // hmmlearn 0.3.3 on the same letters: -2.73379 from four of six starts, -2.816 and -2.820 from two.
    assert!((per_letter + 2.73379).abs() < 1e-3, "{per_letter}");
    let emissions = &fit.model.emissions;
    let vowel_state = usize::from(emissions[[1, 5]] > emissions[[0, 5]]);
    let own: Vec<usize> = (0..27)
        .filter(|&v| emissions[[vowel_state, v]] > emissions[[1 - vowel_state, v]])
        .collect();
    assert_eq!(own, [0, 1, 5, 9, 15, 21], "space, a, e, i, o, u");
}
