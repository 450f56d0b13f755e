//! Trees, forests and boosting against scikit-learn (`tests/references/trees.py`), linfa-trees beside.

use crate::support::{aligned, cases};
use mlnotes::data::breast_cancer;
use mlnotes::prelude::*;
use mlnotes::tree::cart::Tree;
use ndarray::{Array1, Array2, Axis};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    x: Vec<Vec<f64>>,
    x_new: Vec<Vec<f64>>,
    classes: Vec<usize>,
    binary: Vec<usize>,
    numbers: Vec<f64>,
    weights: Vec<f64>,
    classifiers: Vec<Case>,
    regressors: Vec<Case>,
    pruned_classifier: Pruned,
    pruned_regressor: Pruned,
    boosted_regressors: Vec<Boosted>,
    boosted_classifiers: Vec<Boosted>,
    cancer: Cancer,
    regression: Regression,
}

#[derive(Deserialize)]
struct Case {
    max_depth: Option<usize>,
    min_leaf: usize,
    min_split: usize,
    criterion: Option<String>,
    weighted: bool,
    tree: Structure,
    importance: Vec<f64>,
    predict: Vec<f64>,
}

#[derive(Deserialize)]
struct Structure {
    feature: Vec<i64>,
    threshold: Vec<f64>,
    left: Vec<i64>,
    right: Vec<i64>,
    n_samples: Vec<usize>,
    impurity: Vec<f64>,
    value: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Pruned {
    min_leaf: usize,
    path_alpha: Vec<f64>,
    path_impurity: Vec<f64>,
    alpha: Vec<f64>,
    n_leaves: Vec<usize>,
    predict: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Boosted {
    max_depth: usize,
    min_leaf: usize,
    learning_rate: f64,
    rounds: Vec<usize>,
    predict: Vec<Vec<f64>>,
    train_score: Vec<f64>,
    importance: Vec<f64>,
}

#[derive(Deserialize)]
struct Cancer {
    folds: Vec<Vec<usize>>,
    forest: Vec<f64>,
    tree_depth_4: Vec<f64>,
    boosting: Vec<f64>,
    oob: Vec<f64>,
}

#[derive(Deserialize)]
struct Regression {
    folds: Vec<Vec<usize>>,
    forest: Vec<f64>,
}

/// Fits rows and classes, predicts other rows.
type FitPredict = dyn Fn(ArrayView2<f64>, &[usize], ArrayView2<f64>) -> Vec<usize>;

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/trees.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn same_tree(ours: &Tree, theirs: &Structure) {
    for (id, node) in cases(ours.nodes(), theirs.feature.len()).enumerate() {
        assert_eq!(node.n_samples, theirs.n_samples[id]);
        assert!((node.impurity - theirs.impurity[id]).abs() < 1e-10);
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-10;
        assert!(aligned(ours.value(id).iter(), &theirs.value[id]).all(close));
        match node.split {
            None => assert_eq!(theirs.left[id], -1),
            Some(split) => {
                let found =
                    [split.feature, split.left, split.right].map(|v| i64::try_from(v).unwrap());
                assert_eq!(found, [theirs.feature[id], theirs.left[id], theirs.right[id]]);
                assert!((split.threshold - theirs.threshold[id]).abs() < 1e-15);
            }
        }
    }
}

fn close(a: &Array1<f64>, b: &[f64], tol: f64) -> bool {
    aligned(a, b).all(|(a, b)| (a - b).abs() < tol)
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let values = Array1::from(values.to_vec());
    (values.mean().unwrap(), values.std(1.0))
}

fn without(n: usize, test: &[usize]) -> Vec<usize> {
    (0..n).filter(|i| !test.contains(i)).collect()
}

#[test]
fn classification_trees_are_scikit_learns_node_by_node() {
    let r = reference();
    let (x, x_new) = (matrix(&r.x), matrix(&r.x_new));
    for case in cases(&r.classifiers, 14) {
        let criterion = match case.criterion.as_deref() {
            Some("entropy") => Criterion::Entropy,
            _ => Criterion::Gini,
        };
        let mut params = DecisionTreeClassifier::params()
            .criterion(criterion)
            .min_leaf(case.min_leaf)
            .min_split(case.min_split);
        if let Some(depth) = case.max_depth {
            params = params.max_depth(depth);
        }
        let ones = vec![1.0; r.weights.len()];
        let weights = Array1::from(if case.weighted { r.weights.clone() } else { ones });
        let model = params.fit_weighted(x.view(), &r.classes, weights.view()).unwrap();
        same_tree(&model.tree, &case.tree);
        assert!(close(&model.importance(), &case.importance, 1e-10));
        let said = model.predict(x_new.view()).unwrap();
        let said: Array1<f64> = said.into_iter().map(|c| c as f64).collect();
        assert!(close(&said, &case.predict, 1e-12));
    }
}

#[test]
fn regression_trees_are_scikit_learns_node_by_node() {
    let r = reference();
    let (x, x_new, y) = (matrix(&r.x), matrix(&r.x_new), Array1::from(r.numbers.clone()));
    for case in cases(&r.regressors, 10) {
        let mut params =
            DecisionTreeRegressor::params().min_leaf(case.min_leaf).min_split(case.min_split);
        if let Some(depth) = case.max_depth {
            params = params.max_depth(depth);
        }
        let ones = vec![1.0; r.weights.len()];
        let weights = Array1::from(if case.weighted { r.weights.clone() } else { ones });
        let model = params.fit_weighted(x.view(), y.view(), weights.view()).unwrap();
        same_tree(&model.tree, &case.tree);
        assert!(close(&model.importance(), &case.importance, 1e-10));
        assert!(close(&model.predict(x_new.view()).unwrap(), &case.predict, 1e-11));
    }
}

#[test]
fn pruning_paths_and_pruned_trees_are_scikit_learns() {
    let r = reference();
    let (x, x_new, y) = (matrix(&r.x), matrix(&r.x_new), Array1::from(r.numbers.clone()));
    let same_path = |tree: &Tree, pruned: &Pruned| {
        let path = tree.pruning_path();
        let alphas: Array1<f64> = path.iter().map(|step| step.alpha).collect();
        let impurities: Array1<f64> = path.iter().map(|step| step.impurity).collect();
        assert!(close(&alphas, &pruned.path_alpha, 1e-10));
        assert!(close(&impurities, &pruned.path_impurity, 1e-10));
    };
    let classifier = DecisionTreeClassifier::params().min_leaf(r.pruned_classifier.min_leaf);
    let full = classifier.fit(x.view(), &r.classes).unwrap();
    same_path(&full.tree, &r.pruned_classifier);
    for (i, &alpha) in cases(&r.pruned_classifier.alpha, 8).enumerate() {
        let model = classifier.clone().ccp_alpha(alpha).fit(x.view(), &r.classes).unwrap();
        assert_eq!(model.n_leaves(), r.pruned_classifier.n_leaves[i]);
        let said = model.predict(x_new.view()).unwrap();
        let said: Array1<f64> = said.into_iter().map(|c| c as f64).collect();
        assert!(close(&said, &r.pruned_classifier.predict[i], 1e-12));
    }
    let regressor = DecisionTreeRegressor::params().min_leaf(r.pruned_regressor.min_leaf);
    let full = regressor.fit(x.view(), y.view()).unwrap();
    same_path(&full.tree, &r.pruned_regressor);
    for (i, &alpha) in cases(&r.pruned_regressor.alpha, 10).enumerate() {
        let model = regressor.clone().ccp_alpha(alpha).fit(x.view(), y.view()).unwrap();
        assert_eq!(model.n_leaves(), r.pruned_regressor.n_leaves[i]);
        assert!(close(
            &model.predict(x_new.view()).unwrap(),
            &r.pruned_regressor.predict[i],
            1e-11
        ));
    }
}

#[test]
fn boosted_numbers_are_scikit_learns_round_by_round() {
    let r = reference();
    let (x, x_new, y) = (matrix(&r.x), matrix(&r.x_new), Array1::from(r.numbers.clone()));
    for case in cases(&r.boosted_regressors, 2) {
        let model = GradientBoostingRegressor::params()
            .n_trees(case.train_score.len())
            .max_depth(case.max_depth)
            .min_leaf(case.min_leaf)
            .learning_rate(case.learning_rate)
            .fit(x.view(), y.view())
            .unwrap();
        let stages = model.staged_predict(x_new.view()).unwrap();
        for (&round, theirs) in aligned(case.rounds.iter(), &case.predict) {
            assert!(close(&stages.row(round).to_owned(), theirs, 1e-8));
        }
        let loss = model.boosted.train_loss.slice(ndarray::s![1..]).to_owned();
        assert!(close(&loss, &case.train_score, 1e-9));
        assert!(close(&model.importance(), &case.importance, 1e-10));
    }
}

#[test]
fn boosted_classes_are_scikit_learns_round_by_round() {
    let r = reference();
    let (x, x_new) = (matrix(&r.x), matrix(&r.x_new));
    for case in cases(&r.boosted_classifiers, 2) {
        let model = GradientBoostingClassifier::params()
            .n_trees(case.train_score.len())
            .max_depth(case.max_depth)
            .min_leaf(case.min_leaf)
            .learning_rate(case.learning_rate)
            .fit(x.view(), &r.binary)
            .unwrap();
        let stages = model.staged_predict_proba(x_new.view()).unwrap();
        for (&round, theirs) in aligned(case.rounds.iter(), &case.predict) {
            assert!(close(&stages.row(round).to_owned(), theirs, 1e-8));
        }
        // scikit-learn traces the deviance, twice the loss.
        let deviance = model.boosted.train_loss.slice(ndarray::s![1..]).mapv(|l| 2.0 * l);
        assert!(close(&deviance, &case.train_score, 1e-9));
        assert!(close(&model.importance(), &case.importance, 1e-10));
    }
}

#[test]
fn on_breast_cancer_each_is_as_good_as_scikit_learns() {
    let cancer = reference().cancer;
    let set = breast_cancer();
    let cross_validated = |fit: &FitPredict| {
        let score = |test: &Vec<usize>| {
            let train = without(set.y.len(), test);
            let of = |rows: &[usize]| -> Vec<usize> { rows.iter().map(|&i| set.y[i]).collect() };
            let (x, x_new) = (set.x.select(Axis(0), &train), set.x.select(Axis(0), test));
            let said = fit(x.view(), &of(&train), x_new.view());
            let right = aligned(said, of(test)).filter(|(a, b)| a == b).count();
            right as f64 / test.len() as f64
        };
        cases(&cancer.folds, 5).map(score).sum::<f64>() / 5.0
    };
    // scikit-learn breaks ties by chance: our tree is one of its trees.
    let tree = cross_validated(&move |x, y, new| {
        DecisionTreeClassifier::params().max_depth(4).fit(x, y).unwrap().predict(new).unwrap()
    });
    let (mean, sd) = moments(&cancer.tree_depth_4);
    assert!((tree - mean).abs() < 3.0 * sd, "{tree} {mean} {sd}");
    let forests: Vec<f64> = (0..3)
        .map(|seed| {
            cross_validated(&move |x, y, new| {
                let params = RandomForestClassifier::params().seed(seed);
                params.fit(x, y).unwrap().predict(new).unwrap()
            })
        })
        .collect();
    let ((ours, _), (mean, sd)) = (moments(&forests), moments(&cancer.forest));
    // Three standard errors of the difference of a mean of 3 and one of 10.
    assert!((ours - mean).abs() < 3.0 * sd * (1.0f64 / 3.0 + 0.1).sqrt(), "{ours} {mean} {sd}");
    let boosting = cross_validated(&move |x, y, new| {
        GradientBoostingClassifier::params().fit(x, y).unwrap().predict(new).unwrap()
    });
    let (mean, _) = moments(&cancer.boosting);
    // Two of 569 tumours.
    assert!((boosting - mean).abs() < 0.0036, "{boosting} {mean}");
    let oob: Vec<f64> = (0..3)
        .map(|seed| {
            let params = RandomForestClassifier::params().oob_score(true).seed(seed);
            params.fit(set.x.view(), &set.y).unwrap().oob_score().unwrap()
        })
        .collect();
    let ((ours, _), (mean, sd)) = (moments(&oob), moments(&cancer.oob));
    assert!((ours - mean).abs() < 3.0 * sd * (1.0f64 / 3.0 + 0.1).sqrt(), "{ours} {mean} {sd}");
}

#[test]
fn regression_forests_are_as_good_as_scikit_learns() {
    let r = reference();
    let (x, y) = (matrix(&r.x), Array1::from(r.numbers));
    let scores: Vec<f64> = (0..5)
        .map(|seed| {
            let fold = |test: &Vec<usize>| {
                let train = without(y.len(), test);
                let params =
                    RandomForestRegressor::params().max_features(MaxFeatures::Count(2)).seed(seed);
                let (x_train, y_train) = (x.select(Axis(0), &train), y.select(Axis(0), &train));
                let model = params.fit(x_train.view(), y_train.view()).unwrap();
                let (x_test, y_test) = (x.select(Axis(0), test), y.select(Axis(0), test));
                model.score(x_test.view(), y_test.view()).unwrap()
            };
            cases(&r.regression.folds, 3).map(fold).sum::<f64>() / 3.0
        })
        .collect();
    let ((ours, _), (mean, sd)) = (moments(&scores), moments(&r.regression.forest));
    assert!((ours - mean).abs() < 3.0 * sd * (1.0f64 / 5.0 + 0.1).sqrt(), "{ours} {mean} {sd}");
}

/// linfa's trees stop by other rules and search one feature's values in another way, but on a depth that
/// both reach without ties they ask the same questions.
#[test]
fn linfa_grows_the_same_small_tree() {
    use linfa::prelude::*;
    let r = reference();
    let (x, x_new) = (matrix(&r.x), matrix(&r.x_new));
    let set = linfa::Dataset::new(x.clone(), Array1::from(r.classes.clone()));
    let peer = linfa_trees::DecisionTree::params()
        .max_depth(Some(3))
        .min_weight_leaf(5.0)
        .min_impurity_decrease(1e-12)
        .fit(&set)
        .unwrap();
    let ours = DecisionTreeClassifier::params().max_depth(3).min_leaf(5);
    let ours = ours.fit(x.view(), &r.classes).unwrap().predict(x_new.view()).unwrap();
    let theirs = peer.predict(&x_new).to_vec();
    let same = aligned(&ours, &theirs).filter(|(a, b)| a == b).count();
    assert!(same + 2 >= ours.len(), "{same} of {}", ours.len());
}
