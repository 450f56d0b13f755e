//! Second-order boosting against XGBoost and LightGBM (`tests/references/boosting.py`).

use mlnotes::prelude::*;
use mlnotes::tree::lightgbm::best_category_split;
use mlnotes::tree::xgb::{Growth, Method, Objective, TreeNode};
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

fn objective(name: &str) -> Objective {
    match name {
        "squares" => Objective::SquaredError,
        "logistic" => Objective::Logistic,
        "softmax" => Objective::Softmax(3),
        other => panic!("{other}"),
    }
}

impl XgBoost {
    fn params(&self) -> BoostedTreesParams {
        let params = BoostedTrees::params()
            .objective(objective(&self.objective))
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
    }
}

fn near(ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() < TOL * (1.0 + theirs.abs()), "{ours} {theirs}");
}

fn same_margins(ours: &Array2<f64>, theirs: &[Vec<f64>]) {
    assert_eq!(ours.nrows(), theirs.len());
    for (ours, theirs) in ours.rows().into_iter().zip(theirs) {
        ours.iter().zip(theirs).for_each(|(&ours, &theirs)| near(ours, theirs));
    }
}

fn same_node(ours: &TreeNode, theirs: &XgBoostNode, eta: f64) {
    match (ours.split, theirs) {
        (
            Some(split),
            &XgBoostNode::Split { feature, threshold, missing_left, gap, gain, cover, n_samples },
        ) => {
            assert_eq!((split.feature, ours.n_samples), (feature, n_samples));
            assert_eq!(split.has_missing, gap);
            assert!(split.missing_left == missing_left || !gap);
            assert!((split.threshold - threshold).abs() < 1e-6 || split.threshold.is_infinite());
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
    for case in r.xgboost.iter().filter(|case| case.method == "exact") {
        let (x, x_new, y) = r.data(&case.data, &case.objective);
        let model = case.params().method(Method::Exact).fit(x.view(), y.view()).unwrap();
        assert_eq!(model.n_trees(), case.trees.len());
        for (number, theirs) in case.trees.iter().enumerate() {
            let ours = model.tree(number).unwrap();
            assert_eq!(ours.len(), theirs.len());
            ours.iter().zip(theirs).for_each(|(ours, theirs)| same_node(ours, theirs, case.eta));
        }
        same_margins(&model.margin(x.view()).unwrap(), &case.train_margin);
        let x_new = x_new.select(Axis(0), &case.decided);
        same_margins(&model.margin(x_new.view()).unwrap(), &case.test_margin);
        let total: f64 = case.total_gain.iter().sum();
        let shares = model.gain_importance();
        shares.iter().zip(&case.total_gain).for_each(|(&ours, &gain)| near(ours, gain / total));
    }
}

/// Where each value has a bin, the histogram search takes the same cuts; thresholds lie elsewhere between
/// the same two values, so that training rows are compared.
#[test]
fn the_histogram_trees_fit_like_xgboosts() {
    let r = reference();
    let mut n_cases = 0;
    for case in r.xgboost.iter().filter(|case| case.method == "hist") {
        let (x, _, y) = r.data(&case.data, &case.objective);
        let model = case.params().fit(x.view(), y.view()).unwrap();
        same_margins(&model.margin(x.view()).unwrap(), &case.train_margin);
        assert_eq!(model.n_leaves(), case.n_leaves);
        n_cases += 1;
    }
    assert_eq!(n_cases, 3);
}

/// Of the borders between the same two values of a node LightGBM takes the last, we the first, so that rows,
/// gains and leaves are compared, and not the thresholds.
#[test]
fn leaf_wise_trees_are_lightgbms() {
    let r = reference();
    for case in &r.lightgbm {
        let (x, _, y) = r.data(&case.data, &case.objective);
        let start = if case.objective == "logistic" { 0.5 } else { 0.0 };
        let model = BoostedTrees::params()
            .objective(objective(&case.objective))
            .growth(Growth::LeafWise)
            .num_leaves(case.num_leaves)
            .max_depth(30)
            .n_trees(case.rounds)
            .eta(0.3)
            .base_score(start)
            .lambda(case.lambda)
            .min_child_weight(case.min_child_weight)
            .fit(x.view(), y.view())
            .unwrap();
        for (number, theirs) in case.trees.iter().enumerate() {
            let nodes = model.tree(number).unwrap();
            let mut splits: Vec<&TreeNode> = nodes.iter().filter(|n| n.split.is_some()).collect();
            let mut expected: Vec<&LightGbmSplit> = theirs.splits.iter().collect();
            // Both by gain: LightGBM numbers splits in the order in which they were made.
            let gain = |node: &TreeNode| node.split.map_or(0.0, |split| split.gain);
            splits.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
            expected.sort_by(|a, b| b.split_gain.total_cmp(&a.split_gain));
            assert_eq!(splits.len(), expected.len());
            for (node, theirs) in splits.into_iter().zip(expected) {
                let split = node.split.unwrap();
                assert_eq!(
                    (split.feature, node.n_samples),
                    (theirs.split_feature, theirs.internal_count)
                );
                near(2.0 * split.gain, theirs.split_gain);
            }
            let leaves: Vec<&TreeNode> = nodes.iter().filter(|n| n.split.is_none()).collect();
            assert_eq!(leaves.len(), theirs.leaves.len());
            for (leaf, &(value, count)) in leaves.into_iter().zip(&theirs.leaves) {
                near(0.3 * leaf.weight, value);
                assert_eq!(leaf.n_samples, count);
            }
        }
        let column = |values: &[f64]| values.iter().map(|&v| vec![v]).collect::<Vec<_>>();
        same_margins(&model.margin(x.view()).unwrap(), &column(&case.train_margin));
    }
}

#[test]
fn categories_are_split_as_by_lightgbm() {
    for case in reference().categories {
        let split = best_category_split(&case.stats, case.lambda, 0.0).unwrap().unwrap();
        // Either group may be called the left one.
        let other: Vec<usize> = (0..9).filter(|c| !split.left.contains(c)).collect();
        assert!(split.left == case.left || other == case.left, "{split:?} {:?}", case.left);
        near(2.0 * split.gain, case.gain);
    }
}
