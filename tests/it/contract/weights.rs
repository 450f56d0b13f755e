//! What a weight means: 0 is a row that is not there, 2 is a row that stands there twice.

use super::Sample;
use mlnotes::prelude::*;
use mlnotes::tree::xgb::Method;

/// Fits weighted rows, or unweighted ones, and says something of `new`.
type Learner = fn(&Sample, Option<ArrayView1<f64>>, ArrayView2<f64>) -> Result<Vec<f64>>;

/// `fit!(params; x; target; weights)`: `fit_weighted` with weights, else `fit`.
macro_rules! fit {
    ($params:expr, $weights:expr, $($data:expr),+) => {
        match $weights {
            Some(weights) => $params.fit_weighted($($data),+, weights)?,
            None => $params.fit($($data),+)?,
        }
    };
}

/// Name, how near the two ways must come, and the learner. Nothing here is left to chance: a draw by rows would not
/// be one by copies.
const LEARNERS: [(&str, f64, Learner); 16] = [
    ("logistic regression", 1e-7, |s, w, new| {
        let params = LogisticRegression::params().penalty(Penalty::L2(0.1));
        Ok(fit!(params, w, s.x.view(), &s.classes).predict_proba(new)?.column(1).to_vec())
    }),
    ("softmax regression", 1e-6, |s, w, new| {
        let params = SoftmaxRegression::params().l2(0.1).tol(1e-10);
        let p = fit!(params, w, s.x.view(), &s.classes).predict_proba(new)?;
        Ok(p.iter().copied().collect())
    }),
    ("ridge", 1e-11, |s, w, new| {
        let model = fit!(Ridge::params(0.7), w, s.x.view(), s.numbers.view());
        let mut all = model.predict(new)?.to_vec();
        all.push(model.df);
        Ok(all)
    }),
    ("ridge without an intercept", 1e-11, |s, w, new| {
        let params = Ridge::params(0.7).fit_intercept(false);
        Ok(fit!(params, w, s.x.view(), s.numbers.view()).predict(new)?.to_vec())
    }),
    ("lasso", 1e-6, |s, w, new| {
        let params = Lasso::params(0.1).tol(1e-15).max_iter(100_000);
        Ok(fit!(params, w, s.x.view(), s.numbers.view()).predict(new)?.to_vec())
    }),
    ("kernel machine", 1e-6, |s, w, new| {
        let params = Svc::params(Kernel::Rbf(0.5)).c(0.8).tol(1e-10);
        let scores = fit!(params, w, s.x.view(), &s.classes).decision_function(new)?;
        Ok(scores.iter().copied().collect())
    }),
    ("linear machine", 1e-6, |s, w, new| {
        let params = LinearSvc::params().c(0.8).tol(1e-10).max_iter(1_000_000);
        let scores = fit!(params, w, s.x.view(), &s.classes).decision_function(new)?;
        Ok(scores.iter().copied().collect())
    }),
    ("k-means", 1e-12, |s, w, new| {
        let start = KMeansInit::Given(array![[-1.0, 0.5], [2.0, -0.5], [0.5, 0.0]]);
        let params = KMeans::params(3).init(start).tol(0.0);
        let model = fit!(params, w, s.x.view());
        let labels = model.predict(new)?.into_iter().map(|label| label as f64);
        Ok(labels.chain(model.centroids.iter().copied()).chain([model.inertia]).collect())
    }),
    ("mixture", 1e-9, |s, w, new| {
        let start = MixtureParts {
            weights: array![0.5, 0.5],
            means: array![[-1.0, 0.0], [2.0, 0.0]],
            covariances: array![[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]],
        };
        let params = GaussianMixture::params(2).init(GmmInit::Given(start)).max_iter(30).tol(0.0);
        let model = fit!(params, w, s.x.view());
        let densities = model.score_samples(new)?;
        Ok(densities.iter().chain(&model.trace).copied().collect())
    }),
    ("tree of classes", 1e-12, |s, w, new| {
        let p = fit!(DecisionTreeClassifier::params(), w, s.x.view(), &s.classes);
        Ok(p.predict_proba(new)?.iter().copied().collect())
    }),
    ("tree of numbers", 1e-12, |s, w, new| {
        let params = DecisionTreeRegressor::params().max_depth(3);
        Ok(fit!(params, w, s.x.view(), s.numbers.view()).predict(new)?.to_vec())
    }),
    ("forest of classes", 1e-12, |s, w, new| {
        let params = RandomForestClassifier::params().n_trees(3).bootstrap(false);
        let params = params.max_depth(2).max_features(MaxFeatures::All);
        let p = fit!(params, w, s.x.view(), &s.classes).predict_proba(new)?;
        Ok(p.iter().copied().collect())
    }),
    ("forest of numbers", 1e-12, |s, w, new| {
        let params = RandomForestRegressor::params().n_trees(3).bootstrap(false);
        let params = params.max_depth(2).max_features(MaxFeatures::All);
        Ok(fit!(params, w, s.x.view(), s.numbers.view()).predict(new)?.to_vec())
    }),
    ("boosted classes", 1e-9, |s, w, new| {
        let params = GradientBoostingClassifier::params().n_trees(10).max_depth(2);
        let p = fit!(params, w, s.x.view(), &s.classes).predict_proba(new)?;
        Ok(p.iter().copied().collect())
    }),
    ("boosted numbers", 1e-9, |s, w, new| {
        let params = GradientBoostingRegressor::params().n_trees(10).max_depth(2);
        let model = fit!(params, w, s.x.view(), s.numbers.view());
        let said = model.predict(new)?;
        Ok(said.iter().chain(&model.boosted.train_loss).copied().collect())
    }),
    ("second order", 1e-7, |s, w, new| {
        let mut all = Vec::new();
        for method in [Method::Exact, Method::default()] {
            let params = BoostedTreesRegressor::params().method(method).n_trees(8).max_depth(3);
            let model = fit!(params, w, s.x.view(), s.numbers.view());
            all.extend(model.predict(new)?);
            let params = BoostedTreesClassifier::params().method(method).n_trees(8).max_depth(3);
            for softmax in [false, true] {
                let model = fit!(params.clone().softmax(softmax), w, s.x.view(), &s.classes);
                all.extend(model.predict_proba(new)?);
            }
        }
        Ok(all)
    }),
];

fn largest_gap(name: &str, a: &[f64], b: &[f64]) -> f64 {
    assert!(!a.is_empty() && a.len() == b.len(), "{name}: {} and {} numbers", a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max)
}

#[test]
fn none_leaves_a_row_out_and_two_sets_it_twice() {
    let sample = Sample::new();
    for (name, near, learner) in LEARNERS {
        let counts: Vec<usize> = (0..30).map(|i| (i + i / 3) % 3).collect();
        let rows: Vec<usize> = (0..30).flat_map(|i| vec![i; counts[i]]).collect();
        assert!((0..3).all(|count| counts.contains(&count)));
        let weights: Array1<f64> = counts.iter().map(|&count| count as f64).collect();
        let new = sample.x.view();
        let copied = learner(&sample.rows(&rows), None, new).unwrap();
        let weighted = learner(&sample, Some(weights.view()), new).unwrap();
        let gap = largest_gap(name, &weighted, &copied);
        assert!(gap <= near, "{name}: {gap:e}");
        // Weights that are all 1 say nothing, and unlike ones do say something.
        let plain = learner(&sample, None, new).unwrap();
        let ones = learner(&sample, Some(Array1::ones(30).view()), new).unwrap();
        let gap = largest_gap(name, &ones, &plain);
        assert!(gap <= near, "{name}, all 1: {gap:e}");
        let heard = plain.len() != weighted.len() || largest_gap(name, &plain, &weighted) > 1e-4;
        assert!(heard, "{name} does not hear the weights");
    }
}

#[test]
fn weights_that_are_none_are_named() {
    let sample = Sample::new();
    for (name, _, learner) in LEARNERS {
        let refused = |weights: Array1<f64>| {
            learner(&sample, Some(weights.view()), sample.x.view()).err().unwrap_or_else(|| {
                panic!("{name} takes {weights}");
            })
        };
        let with = |value: f64| {
            let mut weights = Array1::ones(30);
            weights[4] = value;
            weights
        };
        let said = |error: &Error| error.to_string().contains("weight");
        for error in [refused(with(-1.0)), refused(with(f64::NAN)), refused(Array1::ones(29))] {
            assert!(said(&error), "{name}: {error}");
        }
        assert!(said(&refused(Array1::zeros(30))), "{name}");
    }
}
