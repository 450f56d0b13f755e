//! Resampling against imbalanced-learn, class weights and weighted fits against scikit-learn, losses against
//! jax, corrected probabilities against densities (`tests/references/imbalance.py`); calibration of a click
//! model on synthetic logs whose truth is known.

use crate::support::cases;
use mlnotes::base::sigmoid;
use mlnotes::data;
use mlnotes::ensemble::BalancedBagging;
use mlnotes::linear::logistic::{LogisticRegression, Penalty, Solver};
use mlnotes::metrics::calibration::{Bins, expected_calibration_error, predicted_over_observed};
use mlnotes::nn::gradcheck::check_gradient;
use mlnotes::nn::loss::{focal, focal_posterior, weighted_bce};
use mlnotes::optim::lbfgs;
use mlnotes::sampling::imbalance::{
    ClassWeight, Smote, class_weights, downsample_negatives, oversample, prior_shift, recalibrate,
    sample_weights, undersample,
};
use mlnotes::tree::cart::DecisionTreeClassifier;
use ndarray::{Array1, Array2, ArrayView1, Axis, array, s};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    counts: Vec<Counts>,
    smote: SmoteCase,
    weights: Vec<Weights>,
    logistic: Vec<Weighted>,
    z: Vec<f64>,
    hard: Vec<f64>,
    soft: Vec<f64>,
    focal: Vec<Focal>,
    weighted_bce: Vec<WeightedBce>,
    posterior: Vec<Posterior>,
    shift: Vec<Shift>,
    bagging: BaggingCase,
}

#[derive(Deserialize)]
struct Counts {
    sizes: [usize; 2],
    ratio: f64,
    under: [usize; 2],
    over: [usize; 2],
    smote: [usize; 2],
}

#[derive(Deserialize)]
struct SmoteCase {
    x: Vec<Vec<f64>>,
    y: Vec<usize>,
    k: usize,
    neighbours: Vec<Vec<usize>>,
    mean: Vec<f64>,
    square: Vec<f64>,
    fourth: Vec<f64>,
}

#[derive(Deserialize)]
struct Weights {
    y: Vec<usize>,
    classes: Vec<f64>,
    rows: Vec<f64>,
}

#[derive(Deserialize)]
struct Weighted {
    name: String,
    weights: Vec<f64>,
    l2: f64,
    coef: Vec<f64>,
    intercept: f64,
}

#[derive(Deserialize)]
struct Loss {
    loss: f64,
    grad: Vec<f64>,
}

#[derive(Deserialize)]
struct Focal {
    alpha: Option<f64>,
    gamma: f64,
    #[serde(flatten)]
    value: Loss,
}

#[derive(Deserialize)]
struct WeightedBce {
    w0: f64,
    w1: f64,
    hard: Loss,
    soft: Loss,
}

#[derive(Deserialize)]
struct Posterior {
    alpha: Option<f64>,
    gamma: f64,
    eta: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Shift {
    train: f64,
    test: f64,
    rate: f64,
    p: Vec<f64>,
    q: Vec<f64>,
}

#[derive(Deserialize)]
struct BaggingCase {
    x: Vec<Vec<f64>>,
    y: Vec<usize>,
    x_new: Vec<Vec<f64>>,
    y_new: Vec<usize>,
    scores: Vec<f64>,
    plain: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/imbalance.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let values: Vec<f64> = rows.iter().flatten().copied().collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), values).unwrap()
}

fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[test]
fn counts_agree_with_imbalanced_learn() {
    for case in cases(reference().counts, 10) {
        let y: Vec<usize> =
            (0..case.sizes[0] + case.sizes[1]).map(|i| usize::from(i >= case.sizes[0])).collect();
        let x = Array2::from_shape_fn((y.len(), 1), |(i, _)| (i * i % 17) as f64);
        let count = |labels: Vec<usize>| {
            let ones: usize = labels.iter().sum();
            [labels.len() - ones, ones]
        };
        let of = |rows: Vec<usize>| count(rows.iter().map(|&row| y[row]).collect());
        assert_eq!(of(undersample(&y, case.ratio, 1).unwrap()), case.under, "{}", case.ratio);
        assert_eq!(of(oversample(&y, case.ratio, 1).unwrap()), case.over, "{}", case.ratio);
        let smote = Smote::params().k(4).ratio(case.ratio).resample(x.view(), &y).unwrap();
        assert_eq!(count(smote.1), case.smote, "{}", case.ratio);
    }
}

/// The distance of `point` from the segment `a` to `b`.
fn distance(point: ArrayView1<f64>, a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    let along = &b - &a;
    let u = ((&point - &a).dot(&along) / along.dot(&along)).clamp(0.0, 1.0);
    let off = &point - &(&a + &(along * u));
    off.dot(&off).sqrt()
}

#[test]
fn smote_fills_the_segments_to_the_neighbours_evenly() {
    let case = reference().smote;
    let x = matrix(&case.x);
    let own: Vec<usize> = (0..case.y.len()).filter(|&i| case.y[i] == 1).collect();
    let own = x.select(Axis(0), &own);
    let mut new = Array2::zeros((0, 3));
    let mut used = vec![vec![0; case.k]; own.nrows()];
    for seed in 0..10 {
        let smote = Smote::params().k(case.k).seed(seed).resample(x.view(), &case.y).unwrap();
        let added = smote.0.slice(s![case.y.len().., ..]).to_owned();
        assert_eq!(added.nrows(), 60 - 14);
        for point in added.rows() {
            let segments = case.neighbours.iter().enumerate().flat_map(|(i, near)| {
                let own = &own;
                near.iter()
                    .enumerate()
                    .map(move |(rank, &j)| (distance(point, own.row(i), own.row(j)), i, rank))
            });
            let (off, i, rank) = segments.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
            assert!(off < 1e-12, "{off:e} from every segment");
            used[i][rank] += 1;
        }
        new = ndarray::concatenate(Axis(0), &[new.view(), added.view()]).unwrap();
    }
    // 460 draws over 56 segments (some of them one segment seen from both ends): nearly all come up.
    assert!(used.iter().all(|ranks| ranks.iter().sum::<usize>() > 5), "{used:?}");
    let n = new.nrows() as f64;
    for j in 0..3 {
        let (first, second) = (new.column(j).sum() / n, new.column(j).mapv(|v| v * v).sum() / n);
        let error = ((case.square[j] - case.mean[j].powi(2)) / n).sqrt();
        let error2 = ((case.fourth[j] - case.square[j].powi(2)) / n).sqrt();
        assert!((first - case.mean[j]).abs() < 4.0 * error, "{first} {}", case.mean[j]);
        assert!((second - case.square[j]).abs() < 4.0 * error2, "{second} {}", case.square[j]);
    }
}

#[test]
fn class_weights_agree_with_scikit_learn() {
    for case in cases(reference().weights, 3) {
        let classes = class_weights(&case.y, &ClassWeight::Balanced).unwrap();
        let rows = sample_weights(&case.y, classes.view()).unwrap();
        assert!((&classes - &Array1::from(case.classes)).iter().all(|d| d.abs() < 1e-12));
        assert!((&rows - &Array1::from(case.rows)).iter().all(|d| d.abs() < 1e-12));
    }
}

#[test]
fn weighted_logistic_regression_agrees_with_scikit_learn() {
    let set = data::breast_cancer();
    let x = data::standardize(set.x.view()).unwrap().x;
    for case in cases(reference().logistic, 4) {
        let balanced = class_weights(&set.y, &ClassWeight::Balanced).unwrap();
        let v = match case.name.as_str() {
            "balanced" => sample_weights(&set.y, balanced.view()).unwrap(),
            _ => Array1::from(case.weights.clone()),
        };
        for solver in [Solver::Newton, Solver::Lbfgs] {
            let params = LogisticRegression::params().penalty(Penalty::L2(case.l2)).solver(solver);
            let params = params.tol(1e-10).max_iter(5000).sample_weight(v.clone());
            let model = params.fit(x.view(), &set.y).unwrap();
            assert!(model.converged);
            let gap = (&model.coef - &Array1::from(case.coef.clone())).mapv(f64::abs);
            assert!(gap.iter().all(|g| *g < 1e-6), "{} {solver:?} {gap:.1e}", case.name);
            assert!((model.intercept - case.intercept).abs() < 1e-6);
        }
    }
}

#[test]
fn losses_and_gradients_agree_with_jax() {
    let reference = reference();
    let (z, hard, soft) =
        (Array1::from(reference.z), Array1::from(reference.hard), Array1::from(reference.soft));
    let close = |got: (f64, Array1<f64>), expected: &Loss| {
        assert!((got.0 / expected.loss - 1.0).abs() < 1e-12, "{} {}", got.0, expected.loss);
        let gap = &got.1 - &Array1::from(expected.grad.clone());
        assert!(gap.iter().all(|d| d.abs() < 1e-12), "{gap:.1e}");
    };
    for case in cases(&reference.focal, 15) {
        let f = |z: ArrayView1<f64>| focal(z, hard.view(), case.alpha, case.gamma).unwrap();
        close(f(z.view()), &case.value);
        check_gradient(|z| f(z).0, f(z.view()).1.view(), z.view(), 1e-9).unwrap();
    }
    for case in cases(&reference.weighted_bce, 4) {
        for (y, expected) in [(&hard, &case.hard), (&soft, &case.soft)] {
            let f = |z: ArrayView1<f64>| weighted_bce(z, y.view(), case.w0, case.w1).unwrap();
            close(f(z.view()), expected);
            check_gradient(|z| f(z).0, f(z.view()).1.view(), z.view(), 1e-8).unwrap();
        }
    }
}

#[test]
fn the_truth_behind_a_focal_minimum_is_found() {
    for case in cases(reference().posterior, 36) {
        let eta = focal_posterior(array![case.p].view(), case.alpha, case.gamma).unwrap()[0];
        // The search for a minimum sees about half the digits.
        assert!((eta - case.eta).abs() < 1e-6, "{eta} {}", case.eta);
    }
}

#[test]
fn priors_shift_as_densities_say() {
    for case in cases(reference().shift, 3) {
        let (p, q) = (Array1::from(case.p), Array1::from(case.q));
        let shifted = prior_shift(p.view(), case.train, case.test).unwrap();
        assert!((&shifted - &q).iter().all(|d| d.abs() < 1e-12));
        let sampled = recalibrate(p.view(), case.rate).unwrap();
        assert!((&sampled - &q).iter().all(|d| d.abs() < 1e-12));
    }
}

#[test]
fn balanced_bagging_is_as_good_as_imbalanced_learns() {
    let case = reference().bagging;
    let (x, x_new) = (matrix(&case.x), matrix(&case.x_new));
    let ours: Vec<f64> = (0..10)
        .map(|seed| {
            let tree = DecisionTreeClassifier::params().max_depth(4);
            let params = BalancedBagging::params(tree).n_estimators(25).seed(seed);
            let called = params.fit(x.view(), &case.y).unwrap().predict(x_new.view()).unwrap();
            let recall = |class: usize| {
                let of = case.y_new.iter().zip(&called).filter(|(y, _)| **y == class);
                let (all, right) =
                    of.fold((0_usize, 0_usize), |(n, r), (y, c)| (n + 1, r + usize::from(y == c)));
                right as f64 / all as f64
            };
            f64::midpoint(recall(0), recall(1))
        })
        .collect();
    let (mean, error) = mean_and_error(&ours);
    let (theirs, their_error) = mean_and_error(&case.scores);
    let bound = 4.0 * error.hypot(their_error);
    assert!((mean - theirs).abs() < bound, "{mean:.4} {theirs:.4} ± {bound:.4}");
    assert!(mean > case.plain + 0.1, "{mean} {}", case.plain);
}

/// A log of `n` shown ads: features, clicks, and the true chance of each click, about 1 % on average.
fn ctr_log(n: usize, seed: u64) -> (Array2<f64>, Vec<usize>, Array1<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x = Array2::from_shape_fn((n, 3), |_| rng.sample::<f64, _>(StandardNormal));
    let truth = (x.dot(&array![0.8, -0.5, 0.3]) - 5.0).mapv(sigmoid);
    let y = truth.iter().map(|&p| usize::from(rng.random::<f64>() < p)).collect();
    (x, y, truth)
}

#[test]
fn calibration_comes_back_to_its_level_on_ten_seeds() {
    const RATE: f64 = 0.05;
    let ece = |p: &Array1<f64>, y: &[usize]| {
        expected_calibration_error(p.view(), y, Bins::Quantile(10)).unwrap()
    };
    let (mut excess, mut ratios) = (Vec::new(), [Vec::new(), Vec::new()]);
    let mut gaps = [0.0; 3];
    for seed in 0..10 {
        let (x, y, _) = ctr_log(40_000, seed);
        let (x_new, y_new, truth) = ctr_log(40_000, 100 + seed);
        let fit = |rows: &[usize], weights: Option<Array1<f64>>| {
            let labels: Vec<usize> = rows.iter().map(|&row| y[row]).collect();
            // So light a penalty changes nothing, and spares the search for a separating plane.
            let params = LogisticRegression::params().penalty(Penalty::L2(1e-9));
            let params = match weights {
                Some(v) => params.sample_weight(v),
                None => params,
            };
            let model = params.fit(x.select(Axis(0), rows).view(), &labels).unwrap();
            model.predict_proba(x_new.view()).unwrap().column(1).to_owned()
        };
        let all: Vec<usize> = (0..y.len()).collect();
        let plain = fit(&all, None);
        let level = ece(&plain, &y_new);
        let sampled = fit(&downsample_negatives(&y, RATE, seed).unwrap(), None);
        let repaired = recalibrate(sampled.view(), RATE).unwrap();
        let weights = class_weights(&y, &ClassWeight::Balanced).unwrap();
        let weighted = fit(&all, Some(sample_weights(&y, weights.view()).unwrap()));
        let unweighted = recalibrate(weighted.view(), weights[0] / weights[1]).unwrap();
        // Broken: predicted clicks are many times the observed ones, and so is the error.
        for broken in [&sampled, &weighted] {
            assert!(ece(broken, &y_new) > 30.0 * level, "seed {seed}");
            assert!(predicted_over_observed(broken.view(), &y_new).unwrap() > 8.0, "seed {seed}");
        }
        // Mended: as the fit to all rows says, up to what was drawn. A share r of n negatives, drawn,
        // weighs 1/r: the relative standard error of its sum is √((1 − r)/(r n)), and here times √(e^0.98),
        // for the mean rests on the few rows of large p = e^η with η of variance 0.98. Weights draw
        // nothing; a fit by them is less efficient (0.015 on 150 simulated logs).
        let negatives = (y.len() - y.iter().sum::<usize>()) as f64;
        let drawn = (0.98f64.exp() * (1.0 - RATE) / (RATE * negatives)).sqrt();
        for (i, (mended, error)) in
            [(&repaired, drawn), (&unweighted, 0.015)].into_iter().enumerate()
        {
            let ratio = mended.sum() / plain.sum();
            assert!((ratio - 1.0).abs() < 4.0 * error, "seed {seed}: {ratio} {error}");
            ratios[i].push(ratio - 1.0);
            gaps[i] += (mended - &truth).mapv(f64::abs).sum();
        }
        gaps[2] += (&plain - &truth).mapv(f64::abs).sum();
        // The fit to all rows itself is right on average, within the noise of both logs' clicks.
        let clicks = |y: &[usize]| y.iter().sum::<usize>() as f64;
        let error = (1.0 / clicks(&y) + 1.0 / clicks(&y_new)).sqrt();
        let ratio = predicted_over_observed(plain.view(), &y_new).unwrap();
        assert!((ratio - 1.0).abs() < 3.5 * error, "seed {seed}: {ratio} {error}");
        excess.push(ece(&repaired, &y_new) - level);
        excess.push(ece(&unweighted, &y_new) - level);
    }
    for values in [&excess, &ratios[0], &ratios[1]] {
        let (mean, error) = mean_and_error(values);
        assert!(mean.abs() < 3.0 * error, "{mean:e} ± {error:e}");
    }
    // Fewer rows and unequal weights cost some certainty: 1.19 and 1.11 times the distance from the truth
    // that the fit to all rows has, on 150 simulated logs; ten of them scatter by 0.15.
    assert!(gaps[0] < 1.65 * gaps[2] && gaps[1] < 1.55 * gaps[2], "{gaps:?}");
}

#[test]
fn focal_loss_breaks_calibration_and_its_inverse_mends_it() {
    let (off, gaps): (Vec<f64>, Vec<f64>) = (0..10).map(focal_fit).unzip();
    let (mean, error) = mean_and_error(&off);
    assert!(mean.abs() < 4.0 * error && error < 0.01, "{mean} ± {error}");
    // Log-loss on such logs ends 0.0008 from the truth, within 0.0003 (150 simulated ones).
    let (gap, error) = mean_and_error(&gaps);
    assert!(gap < 0.0008 + 4.0 * error, "{gap} ± {error}");
}

/// How far the mended click rate is off, as a share, and the mended chances from the true ones.
fn focal_fit(seed: u64) -> (f64, f64) {
    let (x, y, truth) = ctr_log(40_000, seed);
    let targets: Array1<f64> = y.iter().map(|&label| label as f64).collect();
    let f = |theta: ArrayView1<f64>| {
        let z = x.dot(&theta.slice(s![..3])) + theta[3];
        let (loss, slope) = focal(z.view(), targets.view(), Some(0.25), 2.0).unwrap();
        let mut g = Array1::zeros(4);
        g.slice_mut(s![..3]).assign(&x.t().dot(&slope));
        g[3] = slope.sum();
        (loss, g)
    };
    let end = lbfgs(f, Array1::zeros(4), 500, 1e-9, |_, _| ());
    assert!(end.converged);
    let p = (x.dot(&end.x.slice(s![..3])) + end.x[3]).mapv(sigmoid);
    let q = focal_posterior(p.view(), Some(0.25), 2.0).unwrap();
    assert!(predicted_over_observed(p.view(), &y).unwrap() > 5.0);
    let off = predicted_over_observed(q.view(), &y).unwrap() - 1.0;
    (off, (&q - &truth).mapv(f64::abs).mean().unwrap())
}
