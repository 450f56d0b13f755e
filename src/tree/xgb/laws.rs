//! What every fit must satisfy.

use super::{
    BoostedTreesClassifier, BoostedTreesRegressor, BoostedTreesRegressorParams, Growth, Method,
    TreeNode,
};
use crate::base::{sigmoid, stream};
use crate::{Error, Result};
use ndarray::{Array1, Array2, Axis, array};
use proptest::prelude::*;
use rand::Rng;

/// Rows of few values, some missing, and numbers that depend on them.
fn world(n: usize, d: usize, n_values: i32, gaps: f64, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut rng = stream(seed, 0);
    let x = Array2::from_shape_fn((n, d), |_| {
        let value = f64::from(rng.random_range(0..n_values));
        if rng.random_bool(gaps) { f64::NAN } else { value }
    });
    let y = x.rows().into_iter().map(|row| {
        let known = |j: usize| if row[j].is_nan() { -2.5 } else { row[j] };
        known(0) * known(1 % d) + known(2 % d) + rng.random_range(-2.0..2.0)
    });
    let y = y.collect();
    (x, y)
}

fn plain() -> BoostedTreesRegressorParams {
    BoostedTreesRegressor::params().n_trees(6).max_depth(4)
}

/// Everything but the thresholds: those stand midway between the node's own values, or all rows' values.
fn skeleton(model: &BoostedTreesRegressor) -> Vec<TreeNode> {
    let mut nodes = model.dump();
    nodes.iter_mut().filter_map(|node| node.split.as_mut()).for_each(|s| s.threshold = 0.0);
    nodes
}

#[test]
fn six_rows_by_hand() {
    // F₀ = 0, so g = −y and h = 1. With λ = 1 the best cut is between 3 and 4:
    // G_L = −(1+2+1) = −4, G_R = −(8+7+9) = −24, so ½ (16/4 + 576/4 − 784/7) = 18.
    let x = array![[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]];
    let y = array![1.0, 2.0, 1.0, 8.0, 7.0, 9.0];
    for method in [Method::Exact, Method::default()] {
        let params = plain().n_trees(1).max_depth(1).base_score(0.0).eta(0.5).method(method);
        let model = params.fit(x.view(), y.view()).unwrap();
        let nodes = model.tree(0).unwrap();
        let split = nodes[0].split.unwrap();
        assert_eq!((split.feature, split.threshold, split.missing_left), (0, 3.5, true));
        assert!((split.gain - 18.0).abs() < 1e-12);
        assert!((nodes[1].weight - 1.0).abs() < 1e-12 && (nodes[2].weight - 6.0).abs() < 1e-12);
        assert_eq!((nodes[1].leaf, nodes[2].leaf, nodes[2].n_samples), (Some(0), Some(1), 3));
        let said = model.predict(array![[3.5], [3.6], [f64::NAN]].view()).unwrap();
        assert!((said - array![0.5, 3.0, 0.5]).iter().all(|d| d.abs() < 1e-12));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// With a bin for every value both searches see the same cuts, and whole sums leave no room for
    /// rounding: the trees are equal to the bit.
    #[test]
    fn a_bin_for_every_value_gives_the_exact_tree(
        seed in 0u64..1000, gaps in prop::sample::select(vec![0.0, 0.2]), d in 1usize..12,
        lambda in 0.0..3.0, gamma in 0.0..20.0, weight in 0.0..6.0, subsample in 0.5..1.0,
        leaf_wise: bool,
    ) {
        let (x, y) = world(80, d, 7, gaps, seed);
        let mut params =
            plain().lambda(lambda).gamma(gamma).min_child_weight(weight).subsample(subsample);
        params = params.colsample(0.7).seed(seed);
        if leaf_wise {
            params = params.growth(Growth::LeafWise).num_leaves(6);
        }
        let exact = params.clone().method(Method::Exact).fit(x.view(), y.view()).unwrap();
        let binned = params.fit(x.view(), y.view()).unwrap();
        // Rows that were not drawn may lie between two thresholds: the first tree, at least, is equal.
        let n = exact.tree(0).unwrap().len();
        prop_assert_eq!(&skeleton(&exact)[..n], &skeleton(&binned)[..n]);
    }

    #[test]
    fn and_all_trees_where_every_row_is_drawn(seed in 0u64..1000, gaps in 0.0..0.3) {
        let (x, y) = world(60, 3, 9, gaps, seed);
        let exact = plain().method(Method::Exact).fit(x.view(), y.view()).unwrap();
        let binned = plain().fit(x.view(), y.view()).unwrap();
        prop_assert_eq!(skeleton(&exact), skeleton(&binned));
        prop_assert_eq!(exact.predict(x.view()).unwrap(), binned.predict(x.view()).unwrap());
    }

    #[test]
    fn squared_error_never_rises(seed in 0u64..1000, eta in 0.05..1.0, lambda in 0.0..5.0) {
        let (x, y) = world(50, 2, 20, 0.1, seed);
        let model = plain().eta(eta).lambda(lambda).fit(x.view(), y.view()).unwrap();
        let stages = model.staged_predict(x.view()).unwrap();
        let loss = |said: ndarray::ArrayView1<f64>| (&said - &y).mapv(|r| r * r).sum();
        let losses: Vec<f64> = stages.rows().into_iter().map(loss).collect();
        prop_assert!(losses.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9));
    }

    /// Without a limit of leaves the order in which they are split does not matter.
    #[test]
    fn leaf_wise_is_depth_wise_when_all_leaves_are_split(seed in 0u64..1000, gamma in 0.0..9.0) {
        let (x, y) = world(60, 3, 12, 0.1, seed);
        let depth = plain().gamma(gamma).fit(x.view(), y.view()).unwrap();
        let leaf = plain().gamma(gamma).growth(Growth::LeafWise).fit(x.view(), y.view()).unwrap();
        prop_assert_eq!(depth.dump(), leaf.dump());
    }

    /// Two classes of a softmax move apart by twice one step: `w = −G/(2H + λ)` each, with opposite signs,
    /// is the logistic step with `λ/2`.
    #[test]
    fn a_softmax_of_two_is_the_logistic_model(seed in 0u64..500) {
        let (x, y) = world(80, 3, 15, 0.1, seed);
        let middle = y.mean().unwrap();
        let y: Vec<usize> = y.iter().map(|&v| usize::from(v > middle)).collect();
        let plain = BoostedTreesClassifier::params().n_trees(6).max_depth(4);
        let logistic = plain.clone().lambda(1.0).min_child_weight(0.5);
        let softmax = plain.softmax(true).lambda(2.0).min_child_weight(1.0);
        let one = logistic.fit(&x, &y).unwrap().predict_proba(&x).unwrap();
        let two = softmax.fit(&x, &y).unwrap().predict_proba(&x).unwrap();
        prop_assert!((one - two).iter().all(|d| d.abs() < 1e-7));
    }
}

#[test]
fn neither_threads_nor_the_order_of_rows_change_a_bit() {
    let (x, y) = world(300, 20, 40, 0.1, 3);
    let params = plain().n_trees(10);
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| params.fit(x.view(), y.view())).unwrap().dump()
    };
    let one = fit(1);
    assert_eq!(one, fit(3));
    let turned: Vec<usize> = (0..300).rev().collect();
    let (x, y) = (x.select(Axis(0), &turned), y.select(Axis(0), &turned));
    // The mean, where boosting starts, is a sum of floats: take that from both.
    let first = plain().n_trees(1).base_score(0.0);
    let there = first.fit(x.view(), y.view()).unwrap().dump();
    let back = first
        .fit(x.select(Axis(0), &turned).view(), y.select(Axis(0), &turned).view())
        .unwrap()
        .dump();
    assert_eq!(there, back);
}

#[test]
fn a_missing_value_goes_where_it_gains_more() {
    let nan = f64::NAN;
    let x = array![[1.0], [2.0], [3.0], [4.0], [nan], [nan]];
    let fit = |y: Array1<f64>, method| {
        let params = plain().n_trees(1).max_depth(1).lambda(0.0).method(method);
        params.fit(x.view(), y.view()).unwrap()
    };
    for method in [Method::Exact, Method::default()] {
        let like_small = fit(array![0.0, 0.0, 9.0, 9.0, 0.0, 0.0], method);
        let split = like_small.tree(0).unwrap()[0].split.unwrap();
        assert_eq!((split.threshold, split.missing_left), (2.5, true));
        let like_large = fit(array![0.0, 0.0, 9.0, 9.0, 9.0, 9.0], method);
        let split = like_large.tree(0).unwrap()[0].split.unwrap();
        assert_eq!((split.threshold, split.missing_left), (2.5, false));
        // Where only the gap matters the question is whether there is a value.
        let gap = fit(array![0.0, 0.0, 0.0, 0.0, 9.0, 9.0], method);
        let split = gap.tree(0).unwrap()[0].split.unwrap();
        assert_eq!((split.threshold, split.missing_left), (f64::INFINITY, false));
        let said = gap.predict(array![[1e9], [nan]].view()).unwrap();
        assert!(said[0] < 3.0 && said[1] > 3.0);
    }
}

#[test]
fn gamma_prunes_from_the_bottom_and_weights_hold_leaves() {
    // Exclusive or: the first split gains nearly nothing, those below it all.
    let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]];
    let y = array![0.0, 4.0, 4.0, 0.0, 0.0];
    let params = plain().n_trees(1).lambda(0.0).base_score(2.0);
    let kept = params.clone().gamma(1.0).fit(x.view(), y.view()).unwrap();
    let root = kept.tree(0).unwrap()[0].split.unwrap();
    assert!(root.gain < 1.0 && kept.n_leaves() == [4], "{} {:?}", root.gain, kept.n_leaves());
    let gone = params.clone().gamma(100.0).fit(x.view(), y.view()).unwrap();
    assert_eq!(gone.n_leaves(), [1]);
    assert_eq!(gone.tree(0).unwrap()[0].n_samples, 5);
    let heavy = params.min_child_weight(2.0).fit(x.view(), y.view()).unwrap();
    assert!(heavy.dump().iter().all(|node| node.hessian >= 2.0));
}

#[test]
fn leaves_are_limited_numbered_and_found_again() {
    let (x, y) = world(200, 3, 50, 0.1, 8);
    for growth in [Growth::DepthWise, Growth::LeafWise] {
        let params = plain().growth(growth).num_leaves(5).max_depth(9);
        let model = params.fit(x.view(), y.view()).unwrap();
        assert_eq!(model.n_leaves(), [5; 6]);
        let leaves = model.leaf_indices(x.view()).unwrap();
        for number in 0..model.n_trees() {
            for node in model.tree(number).unwrap() {
                assert_eq!((node.leaf.is_none(), node.tree), (node.split.is_some(), number));
                if let Some(leaf) = node.leaf {
                    let found = leaves.column(number).iter().filter(|&&l| l == leaf).count();
                    assert_eq!(found, node.n_samples);
                }
            }
        }
        // Leaf-wise growth takes at least as much off the first tree's loss as any order can.
        assert!((model.gain_importance().sum() - 1.0).abs() < 1e-12);
    }
    let first = |growth| {
        let model = plain().growth(growth).num_leaves(6).fit(x.view(), y.view()).unwrap();
        let nodes = model.tree(0).unwrap().to_vec();
        nodes.iter().filter_map(|node| node.split).map(|split| split.gain).sum::<f64>()
    };
    assert!(first(Growth::LeafWise) >= first(Growth::DepthWise));
}

#[test]
fn a_custom_loss_and_samples_of_rows() {
    let (x, y) = world(150, 3, 50, 0.1, 5);
    let squares = plain().base_score(1.0).fit(x.view(), y.view()).unwrap();
    let custom = plain().custom_loss(|f, y| (f - y, 1.0)).base_score(1.0);
    assert_eq!(custom.fit(x.view(), y.view()).unwrap().dump(), squares.dump());
    // GOSS that keeps all is no sampling; GOSS that draws is decided by the seed.
    let all = plain().base_score(1.0).goss(0.4, 0.6).fit(x.view(), y.view()).unwrap();
    assert_eq!(all.dump(), squares.dump());
    let drawn = |seed| plain().goss(0.2, 0.2).seed(seed).fit(x.view(), y.view()).unwrap();
    assert_eq!(drawn(1).dump(), drawn(1).dump());
    assert_ne!(drawn(1).dump(), drawn(2).dump());
    assert!(drawn(1).score(x.view(), y.view()).unwrap() > 0.8);
    // The weights of those drawn make up for the others: H of the root is the number of rows.
    let root = drawn(1).tree(0).unwrap()[0];
    assert!(root.n_samples == 60 && (root.hessian - 150.0).abs() < 1e-6, "{root:?}");
    // Margins of rows that were not drawn follow, too: the fit's own are those of `predict`.
    let half = plain().subsample(0.5).eta(1.0).lambda(0.0).n_trees(30).max_depth(9);
    let half = half.min_child_weight(0.0).fit(x.view(), y.view()).unwrap();
    assert!(half.score(x.view(), y.view()).unwrap() > 0.99);
}

#[test]
fn constant_data_end_in_one_leaf() {
    let x = Array2::from_elem((6, 2), 3.0);
    let y = array![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    for method in [Method::Exact, Method::default()] {
        let model = plain().method(method).fit(x.view(), y.view()).unwrap();
        assert_eq!(model.n_leaves(), [1; 6]);
        assert!(model.predict(x.view()).unwrap().iter().all(|p| (p - 3.5).abs() < 1e-12));
        assert!(model.gain_importance().iter().all(|v| v.abs() < 1e-300));
        let x = array![[1.0], [2.0], [3.0]];
        let flat = plain().method(method).fit(x.view(), array![7.0, 7.0, 7.0].view()).unwrap();
        assert_eq!(flat.predict(x.view()).unwrap(), array![7.0, 7.0, 7.0]);
        let gone = Array2::from_elem((3, 1), f64::NAN);
        let gone = plain().method(method).fit(gone.view(), array![1.0, 2.0, 3.0].view()).unwrap();
        assert_eq!(gone.n_leaves(), [1; 6]);
        let one = plain().method(method).fit(array![[1.0]].view(), array![2.0].view()).unwrap();
        assert_eq!(one.predict(array![[5.0]].view()).unwrap(), array![2.0]);
    }
}

#[test]
fn bad_data_are_named() {
    let x = array![[1.0, 2.0], [3.0, f64::INFINITY], [0.0, 1.0]];
    let y = array![1.0, 2.0, 3.0];
    let error = plain().fit(x.view(), y.view()).unwrap_err();
    assert!(matches!(error, Error::NotFinite { row: 1, col: 1, .. }));
    let x = array![[1.0, 2.0], [3.0, f64::NAN], [0.0, 1.0]];
    let model = plain().fit(x.view(), y.view()).unwrap();
    let wide = model.predict(Array2::zeros((1, 3)).view()).unwrap_err();
    assert!(matches!(wide, Error::Shape { .. }));
    let infinite = model.predict(array![[f64::NEG_INFINITY, 0.0]].view()).unwrap_err();
    assert!(matches!(infinite, Error::NotFinite { .. }));
    let empty = plain().fit(Array2::zeros((0, 2)).view(), array![].view()).unwrap_err();
    assert!(matches!(empty, Error::Empty { .. }));
    let short = plain().fit(x.view(), array![1.0].view()).unwrap_err();
    assert!(matches!(short, Error::Shape { .. }));
    let nan = plain().fit(x.view(), array![1.0, f64::NAN, 2.0].view()).unwrap_err();
    assert!(matches!(nan, Error::NotFinite { row: 1, .. }));
    let classes = BoostedTreesClassifier::params().n_trees(3);
    let single = classes.fit(&x, &[1, 1, 1]).unwrap_err();
    assert!(matches!(single, Error::SingleClass { class: 1, .. }));
    let label = classes.fit(&x, &[0, 1, 3]).unwrap_err();
    assert!(matches!(label, Error::Label { index: 2, .. }));
    let gap = classes.fit(&x, &[0, 2, 2]).unwrap_err();
    assert!(matches!(gap, Error::EmptyGroup { .. }), "{gap}");
    let unseen = classes.fit_validated(&x, &[0, 1, 1], &x, &[0, 1, 2]).unwrap_err();
    assert!(matches!(unseen, Error::Label { index: 2, .. }), "{unseen}");
    assert!(matches!(model.tree(6), Err(Error::Parameter { .. })));
}

#[test]
fn settings_out_of_range_are_named() {
    let (x, y) = world(10, 2, 5, 0.0, 1);
    let named = |params: BoostedTreesRegressorParams| -> Result<&'static str> {
        match params.fit(x.view(), y.view()) {
            Err(Error::Parameter { name, .. }) => Ok(name),
            Err(error) => Err(error),
            Ok(_) => Ok("fitted"),
        }
    };
    let p = BoostedTreesRegressor::params;
    let cases = [
        (p().n_trees(0), "n_trees"),
        (p().max_depth(0), "max_depth"),
        (p().num_leaves(1), "num_leaves"),
        (p().eta(0.0), "eta"),
        (p().lambda(-1.0), "lambda"),
        (p().gamma(f64::NAN), "gamma"),
        (p().min_child_weight(-0.1), "min_child_weight"),
        (p().subsample(0.0), "subsample"),
        (p().colsample(1.5), "colsample"),
        (p().base_score(f64::INFINITY), "base_score"),
        (p().method(Method::Histogram { max_bin: 256 }), "max_bin"),
        (p().goss(0.7, 0.4), "goss"),
        (p().goss(0.2, 0.1).subsample(0.5), "subsample"),
        (p().custom_loss(|f, y| (f - y, 1.0)).patience(3), "patience"),
    ];
    for (params, name) in cases {
        assert_eq!(named(params).unwrap(), name);
    }
    let certain =
        BoostedTreesClassifier::params().base_score(1.0).fit(&x, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    assert!(matches!(certain, Err(Error::Parameter { name: "base_score", .. })));
}

#[test]
fn probabilities_follow_the_margins() {
    let (x, y) = world(90, 3, 20, 0.1, 2);
    let middle = y.mean().unwrap();
    let labels: Vec<usize> = y.iter().map(|&v| usize::from(v > middle)).collect();
    let model = BoostedTreesClassifier::params().n_trees(6).max_depth(4).fit(&x, &labels).unwrap();
    let (f, p) = (model.margin(x.view()).unwrap(), model.predict_proba(x.view()).unwrap());
    assert!(f.column(0).iter().zip(p.column(1)).all(|(&f, &p)| (sigmoid(f) - p).abs() < 1e-15));
    let said = model.predict(x.view()).unwrap();
    assert!(said.iter().zip(p.column(1)).all(|(&c, &p)| (c == 1) == (p > 0.5)));
    // Without trees the start is the base rate.
    let stages = model.staged_margin(x.view()).unwrap();
    let rate = labels.iter().sum::<usize>() as f64 / 90.0;
    assert!((sigmoid(stages[[0, 0, 0]]) - rate).abs() < 1e-12);
}
