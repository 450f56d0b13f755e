//! Second-order boosting against XGBoost and LightGBM (`tests/references/boosting.py`).

use crate::support::{aligned, cases};
use mlnotes::prelude::*;
use mlnotes::tree::lightgbm::best_category_split;
use mlnotes::tree::xgb::{BoostedTreesClassifier, BoostedTreesRegressor, Growth, Method, TreeNode};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Both peers keep margins and derivatives in single precision.
const TOL: f64 = 1e-5;

#[derive(Deserialize)]
struct Reference {
    /// Training rows and new rows; `null` is a missing value.
    inputs: BTreeMap<String, Vec<Vec<Vec<Option<f64>>>>>,
    targets: BTreeMap<String, Vec<f64>>,
    xgboost: Vec<XgBoost>,
    lightgbm: Vec<LightGbm>,
    categories: Vec<Categories>,
}

#[derive(Deserialize)]
struct XgBoost {
    objective: String,
    data: String,
    method: String,
    rounds: usize,
    base_score: f64,
    eta: f64,
    max_depth: usize,
    max_leaves: Option<usize>,
    lambda: f64,
    gamma: f64,
    min_child_weight: f64,
    trees: Vec<Vec<XgBoostNode>>,
    n_leaves: Vec<usize>,
    train_margin: Vec<Vec<f64>>,
    /// New rows that miss no value about which a node has learned nothing.
    decided: Vec<usize>,
    test_margin: Vec<Vec<f64>>,
    total_gain: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum XgBoostNode {
    Split {
        feature: usize,
        threshold: f64,
        missing_left: bool,
        gap: bool,
        gain: f64,
        cover: f64,
        n_samples: usize,
    },
    Leaf {
        leaf: f64,
        cover: f64,
    },
}

#[derive(Deserialize)]
struct LightGbm {
    objective: String,
    data: String,
    rounds: usize,
    num_leaves: usize,
    lambda: f64,
    min_child_weight: f64,
    trees: Vec<LeafWise>,
    train_margin: Vec<f64>,
}

#[derive(Deserialize)]
struct LeafWise {
    splits: Vec<LightGbmSplit>,
    /// Value and rows of each leaf, from left to right.
    leaves: Vec<(f64, usize)>,
}

#[derive(Deserialize)]
struct LightGbmSplit {
    split_feature: usize,
    split_gain: f64,
    internal_count: usize,
}

#[derive(Deserialize)]
struct Categories {
    lambda: f64,
    stats: Vec<(f64, f64)>,
    left: Vec<usize>,
    gain: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/boosting.json")).unwrap()
}

fn matrix(rows: &[Vec<Option<f64>>]) -> Array2<f64> {
    let values = rows.iter().flatten().map(|v| v.unwrap_or(f64::NAN)).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), values).unwrap()
}

impl Reference {
    fn data(&self, data: &str, objective: &str) -> (Array2<f64>, Array2<f64>, Array1<f64>) {
        let rows = &self.inputs[data];
        (matrix(&rows[0]), matrix(&rows[1]), Array1::from(self.targets[objective].clone()))
    }
}

/// Of either kind.
enum Boosted {
    Numbers(BoostedTreesRegressor),
    Classes(BoostedTreesClassifier),
}

impl Boosted {
    fn margin(&self, x: &Array2<f64>) -> Array2<f64> {
        match self {
            Self::Numbers(model) => model.predict(x).unwrap().insert_axis(Axis(1)),
            Self::Classes(model) => model.margin(x).unwrap(),
        }
    }
}

/// What both kinds have.
macro_rules! either {
    ($model:expr, $m:ident => $value:expr) => {
        match &$model {
            Boosted::Numbers($m) => $value,
            Boosted::Classes($m) => $value,
        }
    };
}

/// Fits by an objective's name, with settings that both kinds have.
macro_rules! boosted {
    ($objective:expr, $x:expr, $y:expr, $params:ident => $set:expr) => {{
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "labels")]
        let labels: Vec<usize> = $y.iter().map(|&class| class as usize).collect();
        match $objective {
            "squares" => {
                let $params = BoostedTreesRegressor::params();
                Boosted::Numbers($set.fit($x, $y).unwrap())
            }
            "logistic" | "softmax" => {
                let $params = BoostedTreesClassifier::params();
                Boosted::Classes($set.fit($x, labels).unwrap())
            }
            other => panic!("{other}"),
        }
    }};
}

impl XgBoost {
    fn fit(&self, method: Method, x: &Array2<f64>, y: &Array1<f64>) -> Boosted {
        boosted!(self.objective.as_str(), x, y, params => {
            let params = params
                .method(method)
                .n_trees(self.rounds)
                .base_score(self.base_score)
                .eta(self.eta)
                .lambda(self.lambda)
                // XGBoost leaves out the 1/2.
                .gamma(self.gamma / 2.0)
                .min_child_weight(self.min_child_weight)
                .max_depth(if self.max_depth == 0 { 30 } else { self.max_depth });
            match self.max_leaves {
                Some(n) => params.growth(Growth::LeafWise).num_leaves(n),
                None => params,
            }
        })
    }
}

fn near(ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() < TOL * (1.0 + theirs.abs()), "{ours} {theirs}");
}

fn same_margins(ours: &Array2<f64>, theirs: &[Vec<f64>]) {
    for (ours, theirs) in aligned(ours.rows(), theirs) {
        aligned(ours.iter(), theirs).for_each(|(&ours, &theirs)| near(ours, theirs));
    }
}

/// The largest value of the question's feature among the training rows of each node; NaN at a leaf.
fn largest_values(nodes: &[TreeNode], x: &Array2<f64>) -> Vec<f64> {
    let mut rows = vec![Vec::new(); nodes.len()];
    rows[0] = (0..x.nrows()).collect::<Vec<usize>>();
    let mut largest = vec![f64::NAN; nodes.len()];
    // A parent stands before its children.
    for (id, node) in nodes.iter().enumerate() {
        let Some(split) = node.split else { continue };
        for row in std::mem::take(&mut rows[id]) {
            let value = x[[row, split.feature]];
            largest[id] = largest[id].max(value);
            let left = if value.is_nan() { split.missing_left } else { value <= split.threshold };
            rows[if left { split.left } else { split.right }].push(row);
        }
    }
    largest
}

/// Where all values go left and all gaps right, ours is infinite, and XGBoost's lies above the largest
/// value `v` of the node by `|v| + 1e-6` (`kRtEps`).
fn threshold(ours: f64, largest: f64) -> f64 {
    if ours == f64::INFINITY { largest + largest.abs() + 1e-6 } else { ours }
}

fn same_node(ours: &TreeNode, theirs: &XgBoostNode, largest: f64, eta: f64) {
    match (ours.split, theirs) {
        (
            Some(split),
            &XgBoostNode::Split { feature, threshold, missing_left, gap, gain, cover, n_samples },
        ) => {
            assert_eq!((split.feature, ours.n_samples), (feature, n_samples));
            assert_eq!(split.has_missing, gap);
            assert!(split.missing_left == missing_left || !gap);
            let ours_there = self::threshold(split.threshold, largest);
            assert!((ours_there - threshold).abs() < 1e-6, "{split:?} {largest} {threshold}");
            near(2.0 * split.gain, gain);
            near(ours.hessian, cover);
        }
        (None, &XgBoostNode::Leaf { leaf, cover }) => {
            near(eta * ours.weight, leaf);
            near(ours.hessian, cover);
        }
        _ => panic!("a leaf and a question: {ours:?}"),
    }
}

#[test]
fn the_exact_trees_are_xgboosts_node_by_node() {
    let r = reference();
    let mut n_infinite = 0;
    for case in cases(r.xgboost.iter().filter(|case| case.method == "exact"), 6) {
        let (x, x_new, y) = r.data(&case.data, &case.objective);
        let model = case.fit(Method::Exact, &x, &y);
        let n_trees = either!(model, m => m.n_trees());
        for (number, theirs) in cases(&case.trees, n_trees).enumerate() {
            let ours = either!(model, m => m.tree(number).unwrap());
            n_infinite +=
                ours.iter().filter(|n| n.split.is_some_and(|s| s.threshold.is_infinite())).count();
            let largest = largest_values(ours, &x);
            for ((ours, theirs), largest) in aligned(aligned(ours, theirs), largest) {
                same_node(ours, theirs, largest, case.eta);
            }
        }
        same_margins(&model.margin(&x), &case.train_margin);
        let x_new = x_new.select(Axis(0), &case.decided);
        same_margins(&model.margin(&x_new), &case.test_margin);
        let total: f64 = case.total_gain.iter().sum();
        let shares = either!(model, m => m.gain_importance());
        aligned(shares.iter(), &case.total_gain)
            .for_each(|(&ours, &gain)| near(ours, gain / total));
    }
    assert!(n_infinite > 0, "no question asks only whether there is a value");
}

/// Where each value has a bin, the histogram search takes the same cuts; thresholds lie elsewhere between
/// the same two values, so that training rows are compared.
#[test]
fn the_histogram_trees_fit_like_xgboosts() {
    let r = reference();
    for case in cases(r.xgboost.iter().filter(|case| case.method == "hist"), 3) {
        let (x, _, y) = r.data(&case.data, &case.objective);
        let model = case.fit(Method::default(), &x, &y);
        same_margins(&model.margin(&x), &case.train_margin);
        assert_eq!(either!(model, m => m.n_leaves()), case.n_leaves);
    }
}

/// Of the borders between the same two values of a node LightGBM takes the last, we the first, so that rows,
/// gains and leaves are compared, and not the thresholds.
#[test]
fn leaf_wise_trees_are_lightgbms() {
    let r = reference();
    for case in cases(&r.lightgbm, 3) {
        let (x, _, y) = r.data(&case.data, &case.objective);
        let start = if case.objective == "logistic" { 0.5 } else { 0.0 };
        let model = boosted!(case.objective.as_str(), &x, &y, params => params
            .growth(Growth::LeafWise)
            .num_leaves(case.num_leaves)
            .max_depth(30)
            .n_trees(case.rounds)
            .eta(0.3)
            .base_score(start)
            .lambda(case.lambda)
            .min_child_weight(case.min_child_weight));
        let n_trees = either!(model, m => m.n_trees());
        for (number, theirs) in cases(&case.trees, n_trees).enumerate() {
            let nodes = either!(model, m => m.tree(number).unwrap());
            let mut splits: Vec<&TreeNode> = nodes.iter().filter(|n| n.split.is_some()).collect();
            let mut expected: Vec<&LightGbmSplit> = theirs.splits.iter().collect();
            // Both by gain: LightGBM numbers splits in the order in which they were made.
            let gain = |node: &TreeNode| node.split.map_or(0.0, |split| split.gain);
            splits.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
            expected.sort_by(|a, b| b.split_gain.total_cmp(&a.split_gain));
            for (node, theirs) in aligned(splits, expected) {
                let split = node.split.unwrap();
                assert_eq!(
                    (split.feature, node.n_samples),
                    (theirs.split_feature, theirs.internal_count)
                );
                near(2.0 * split.gain, theirs.split_gain);
            }
            let leaves: Vec<&TreeNode> = nodes.iter().filter(|n| n.split.is_none()).collect();
            for (leaf, &(value, count)) in aligned(leaves, &theirs.leaves) {
                near(0.3 * leaf.weight, value);
                assert_eq!(leaf.n_samples, count);
            }
        }
        let column = |values: &[f64]| values.iter().map(|&v| vec![v]).collect::<Vec<_>>();
        same_margins(&model.margin(&x), &column(&case.train_margin));
    }
}

#[test]
fn categories_are_split_as_by_lightgbm() {
    for case in cases(reference().categories, 4) {
        let split = best_category_split(&case.stats, case.lambda, 0.0).unwrap().unwrap();
        // Either group may be called the left one.
        let other: Vec<usize> = (0..9).filter(|c| !split.left.contains(c)).collect();
        assert!(split.left == case.left || other == case.left, "{split:?} {:?}", case.left);
        near(2.0 * split.gain, case.gain);
    }
}
