//! Seeds, threads, the order of rows, restarts.

use super::estimators::{Order, all};
use super::{Sample, all_numbers, kept};
use mlnotes::causal::impact::CausalImpact;
use mlnotes::data::dedup::MinHash;
use mlnotes::metrics::validation::KFold;
use mlnotes::prelude::*;
use mlnotes::sampling::imbalance::Smote;
use mlnotes::sequence::crf::{Features, LinearChainCrf};
use mlnotes::sequence::hmm::{BaumWelch, GaussianBaumWelch};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::fmt::Debug;

/// Seed and number of starts to the objective reached.
type Fit = dyn Fn(u64, usize) -> Result<f64>;

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let sample = Sample::new();
    for estimator in all() {
        let on = |n_threads| -> Vec<u64> {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            let run = || {
                let model = estimator.fit(&sample).unwrap();
                all_numbers(estimator.name, &model, sample.x.view())
            };
            pool.install(run).into_iter().map(f64::to_bits).collect()
        };
        let once = on(1);
        assert_eq!(once, on(1), "{}, again", estimator.name);
        assert_eq!(once, on(3), "{}, on three threads", estimator.name);
    }
}

/// What draws without fitting a matrix: the same seed gives the same, another seed another.
#[test]
fn the_seed_decides_all_other_draws_as_well() {
    fn held<T: Debug>(name: &str, draw: impl Fn(u64) -> T) {
        let said = |seed| format!("{:?}", draw(seed));
        assert_eq!(said(5), said(5), "{name}");
        assert!((6..10).any(|seed| said(seed) != said(5)), "{name} does not ask its seed");
    }
    let Sample { x, classes, numbers } = Sample::new();
    held("KFold", |seed| KFold::params(3).shuffle(true).seed(seed).split(30).unwrap());
    let rare: Vec<usize> = (0..30).map(|i| usize::from(i % 4 == 0)).collect();
    held("Smote", |seed| Smote::params().k(3).seed(seed).resample(x.view(), &rare).unwrap());
    let sets = [vec!["a", "b", "c"], vec!["b", "c", "d"]];
    held("MinHash", |seed| MinHash::params().seed(seed).signatures(&sets).unwrap());
    let symbols = [classes.clone(), classes.iter().rev().copied().collect()];
    held("BaumWelch", |seed| BaumWelch::params(2, 2).max_iter(3).seed(seed).fit(&symbols).unwrap());
    held("GaussianBaumWelch", |seed| {
        GaussianBaumWelch::params(2).max_iter(3).seed(seed).fit(std::slice::from_ref(&x)).unwrap()
    });
    let features = |i: usize| Features::default().weighted("x".to_owned(), x[[i, 0]]);
    let xs: Vec<Vec<Features>> = vec![(0..10).map(features).collect()];
    let ys = vec![classes[..10].to_vec()];
    held("LinearChainCrf", |seed| {
        LinearChainCrf::params().random_start(seed).max_iter(1).fit(&xs, &ys).unwrap()
    });
    held("CausalImpact", |seed| {
        let params = CausalImpact::params().n_draws(20).burn_in(5).seed(seed);
        params.fit(numbers.view(), x.view()).unwrap()
    });
}

#[test]
fn the_order_of_rows_changes_nothing_where_it_must_not() {
    let sample = Sample::new();
    let (mut n_free, mut breaches) = (0, Vec::new());
    for estimator in all() {
        let Order::Free(tolerance) = estimator.order else { continue };
        let said = |sample: &Sample| {
            let model = estimator.fit(sample).unwrap();
            all_numbers(estimator.name, &model, Sample::new().x.view())
        };
        let expected = said(&sample);
        let size = expected.iter().fold(1.0, |size: f64, v| size.max(v.abs()));
        for seed in 0..5 {
            let mut order: Vec<usize> = (0..30).collect();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            let found = said(&sample.rows(&order));
            assert_eq!(found.len(), expected.len(), "{}", estimator.name);
            for (found, expected) in found.iter().zip(&expected) {
                let near = (found - expected).abs() <= tolerance * size;
                if !near {
                    breaches.push(format!("{}, order {seed}: {found} {expected}", estimator.name));
                }
            }
        }
        n_free += 1;
    }
    kept(&breaches);
    assert_eq!(n_free, 24);
}

/// Rows without any clusters, so that starts end in different places.
fn noise(n: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_fn((n, 2), |_| rng.random_range(-3.0..3.0))
}

/// Ten restarts begin with the start of one: never worse, and now and then better.
#[test]
fn ten_restarts_are_never_worse_than_one() {
    // The larger the better.
    let k_means = |seed, n_init| {
        let model = KMeans::params(6).seed(seed).n_init(n_init).fit(noise(80, seed).view());
        Ok(-model?.inertia)
    };
    // Nothing holds a component that shrinks onto a row: some starts end in an error, and one that does
    // is no reason to lose the others.
    let mixture = |seed, n_init| {
        let params = GaussianMixture::params(4).reg_covar(0.0).init(GmmInit::Random);
        let model = params.seed(seed).n_init(n_init).fit(noise(24, seed).view())?;
        Ok(model.trace[model.n_iter])
    };
    let symbols = |seed, n_init| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let obs = [(0..60).map(|_| rng.random_range(0..3)).collect::<Vec<usize>>()];
        let fit = BaumWelch::params(3, 3).max_iter(30).seed(seed).n_init(n_init).fit(&obs)?;
        Ok(fit.trace[fit.n_iter])
    };
    let vectors = |seed, n_init| {
        let params = GaussianBaumWelch::params(3).reg_covar(0.0).max_iter(60);
        let fit = params.seed(seed).n_init(n_init).fit(&[noise(24, seed)])?;
        Ok(fit.trace[fit.n_iter])
    };
    let fits: [(&str, &Fit); 4] = [
        ("k-means", &k_means),
        ("mixture", &mixture),
        ("hidden states of symbols", &symbols),
        ("hidden states of vectors", &vectors),
    ];
    for (name, fit) in fits {
        let mut better = 0;
        for seed in 0..20 {
            match (fit(seed, 1), fit(seed, 10)) {
                (Ok(one), Ok(ten)) => {
                    assert!(ten >= one, "{name}, seed {seed}: {one} once, {ten} of ten");
                    better += usize::from(ten > one);
                }
                (Ok(one), Err(error)) => panic!("{name}, seed {seed}: {one} once, of ten {error}"),
                (Err(_), _) => {}
            }
        }
        assert!(better >= 5, "{name}: ten were better for {better} of 20 seeds");
    }
}
