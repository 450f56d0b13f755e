//! Scores of features against scikit-learn, `SciPy` and optbinning (`tests/references/selection.py`).

use crate::support::{aligned, apart, cases};
use mlnotes::data;
use mlnotes::features::selection::{
    BinStrategy, Binner, chi2, gain_ratio, information_gain, ks, mutual_info_knn,
    permutation_importance, rfe, woe_iv,
};
use mlnotes::linear::ols::LinearRegression;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, array};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Reference {
    gains: BTreeMap<String, f64>,
    ratios: BTreeMap<String, f64>,
    chi2: Scores,
    counts: Counts,
    smooth: Vec<Vec<f64>>,
    label: Vec<usize>,
    nearest: BTreeMap<usize, Vec<f64>>,
    noisy: Vec<f64>,
    ties: Vec<f64>,
    ks: Vec<TwoSamples>,
    credit_ks: CreditKs,
    limit: Limit,
    woe: Vec<Evidence>,
    tree_cuts: Vec<Cuts>,
    permutation: Permutation,
    rfe: Vec<usize>,
}

#[derive(Deserialize)]
struct Scores {
    statistic: Vec<f64>,
    p: Vec<f64>,
}

#[derive(Deserialize)]
struct Counts {
    x: Vec<Vec<f64>>,
    y: Vec<usize>,
    statistic: Vec<f64>,
    p: Vec<f64>,
}

#[derive(Deserialize)]
struct TwoSamples {
    a: Vec<f64>,
    b: Vec<f64>,
    d: f64,
    p: f64,
    sign: i32,
}

#[derive(Deserialize)]
struct CreditKs {
    d: Vec<f64>,
    p: Vec<f64>,
}

#[derive(Deserialize)]
struct Limit {
    n: (usize, usize),
    d: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Evidence {
    name: String,
    cuts: Vec<f64>,
    woe: Vec<f64>,
    iv: Vec<f64>,
    total: f64,
}

#[derive(Deserialize)]
struct Cuts {
    name: String,
    cuts: Vec<f64>,
}

#[derive(Deserialize)]
struct Permutation {
    mean: Vec<f64>,
    sd: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/selection.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn credit(name: &str) -> ArrayView1<'static, f64> {
    let set = data::credit();
    set.x.column(set.feature_names.iter().position(|n| n == name).unwrap())
}

/// Whole numbers as codes.
fn codes(x: ArrayView1<f64>) -> Vec<usize> {
    x.iter().map(|v| format!("{v}").parse().unwrap()).collect()
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1e-300)
}

#[test]
fn gains_are_scipys_entropies() {
    let (y, reference) = (&data::credit().y, reference());
    for (name, gain) in cases(&reference.gains, 4) {
        let x = codes(credit(name));
        assert!((information_gain(&x, y).unwrap() - gain).abs() < 1e-12, "{name}");
        assert!((gain_ratio(&x, y).unwrap() - reference.ratios[name]).abs() < 1e-12, "{name}");
    }
}

#[test]
fn chi_squared_is_scikit_learns() {
    let Reference { chi2: whole, counts, .. } = reference();
    let check = |x: ArrayView2<f64>, y: &[usize], statistic: &[f64], p: &[f64]| {
        let (ours, ours_p) = chi2(x, y).unwrap();
        for j in 0..x.ncols() {
            assert!(close(ours[j], statistic[j], 1e-10), "{j}: {} {}", ours[j], statistic[j]);
            assert!(close(ours_p[j], p[j], 1e-8), "{j}: {} {}", ours_p[j], p[j]);
        }
    };
    check(data::credit().x.view(), &data::credit().y, &whole.statistic, &whole.p);
    check(matrix(&counts.x).view(), &counts.y, &counts.statistic, &counts.p);
}

#[test]
fn mutual_information_is_scikit_learns() {
    let reference = reference();
    let x = matrix(&reference.smooth);
    for (k, values) in cases(&reference.nearest, 3) {
        for (column, theirs) in aligned(x.columns(), values) {
            let ours = mutual_info_knn(column, &reference.label, *k).unwrap();
            assert!((ours - theirs).abs() < 1e-12, "{k}: {ours} {theirs}");
        }
    }
    for (column, theirs) in aligned(x.columns(), &reference.noisy) {
        // Its public function adds noise of 1e-10.
        let ours = mutual_info_knn(column, &reference.label, 3).unwrap();
        assert!((ours - theirs).abs() < 1e-6, "{ours} {theirs}");
    }
    // Tied values: noise there, counts here. Two estimates of one number, up to 0.013 apart.
    let set = data::credit();
    for (column, theirs) in aligned(set.x.columns(), &reference.ties) {
        let ours = mutual_info_knn(column, &set.y, 3).unwrap();
        assert!((ours - theirs).abs() < 0.02, "{ours} {theirs}");
    }
}

#[test]
fn kolmogorov_smirnov_is_scipys() {
    let Reference { ks: samples, credit_ks, limit, .. } = reference();
    for TwoSamples { a, b, d, p, sign } in cases(samples, 5) {
        let y: Vec<usize> = a.iter().map(|_| 0).chain(b.iter().map(|_| 1)).collect();
        let test = ks(Array1::from([a, b].concat()).view(), &y).unwrap();
        assert!(close(test.statistic, d, 1e-12), "{} {d}", test.statistic);
        assert!(close(test.p_value, p, 1e-10), "{} {p}", test.p_value);
        assert!(test.effect * f64::from(sign) > 0.0, "{} {sign}", test.effect);
    }
    let set = data::credit();
    for (j, column) in set.x.columns().into_iter().enumerate() {
        let test = ks(column, &set.y).unwrap();
        assert!(close(test.statistic, credit_ks.d[j], 1e-12));
        assert!(close(test.p_value, credit_ks.p[j], 1e-9), "{} {}", test.p_value, credit_ks.p[j]);
    }
    // Above 10 000 rows the limit law: class 1 is shifted by just so many ranks that D = 0.018.
    let (n0, n1) = limit.n;
    let place = |i: usize, n: usize, shift: f64| i as f64 / n as f64 + shift;
    let x = (0..n0).map(|i| place(i, n0, 0.0)).chain((0..n1).map(|i| place(i, n1, limit.d)));
    let y: Vec<usize> = (0..n0 + n1).map(|i| usize::from(i >= n0)).collect();
    let test = ks(x.collect::<Array1<f64>>().view(), &y).unwrap();
    assert!((test.statistic - limit.d).abs() < 2e-4);
    let z = test.statistic / limit.d;
    // d ln p / d ln D = −4 z² = −7.4 at p = 0.0485.
    assert!((test.p_value / limit.p).ln().abs() < 7.5 * z.ln().abs() + 1e-6, "{}", test.p_value);
}

#[test]
fn weight_of_evidence_is_optbinnings() {
    let y = &data::credit().y;
    for case in cases(reference().woe, 3) {
        let bins = Binner::params(BinStrategy::Quantile, 5).fit(credit(&case.name)).unwrap();
        assert!(apart(&bins.cuts, &case.cuts) < 1e-12, "{bins:?}");
        let table = woe_iv(&bins.assign(credit(&case.name)).unwrap(), y, 0.0).unwrap();
        assert!(apart(&table.woe, &case.woe) < 1e-8, "{}: {}", case.name, table.woe);
        assert!(apart(&table.contribution, &case.iv) < 1e-8, "{}", case.name);
        assert!((table.iv - case.total).abs() < 1e-8, "{}", case.name);
    }
}

#[test]
fn supervised_cuts_are_those_of_scikit_learns_pruned_tree() {
    for case in cases(reference().tree_cuts, 2) {
        let params = Binner::params(BinStrategy::Tree, 5);
        let bins = params.fit_supervised(credit(&case.name), &data::credit().y).unwrap();
        assert_eq!(bins.cuts, Array1::from(case.cuts), "{}", case.name);
    }
}

#[test]
fn permutation_importance_has_scikit_learns_mean_on_ten_seeds() {
    let (set, theirs) = (data::diabetes(), reference().permutation);
    let line = LinearRegression::params().fit(set.x.view(), set.y.view()).unwrap();
    let minus_mse = |x: ArrayView2<f64>| {
        let left = &set.y - &line.predict(x)?;
        Ok(-left.dot(&left) / left.len() as f64)
    };
    for seed in 0..10 {
        let ours = permutation_importance(minus_mse, set.x.view(), 40, seed).unwrap();
        for (j, row) in ours.rows().into_iter().enumerate() {
            let mean = row.sum() / 40.0;
            // Ours over 40 repeats, theirs over 400, of one standard deviation.
            let se = theirs.sd[j] * (1.0 / 40.0 + 1.0 / 400.0f64).sqrt();
            assert!((mean - theirs.mean[j]).abs() < 4.5 * se, "{j}: {mean} {}", theirs.mean[j]);
        }
    }
}

#[test]
fn recursive_elimination_is_scikit_learns() {
    let x = data::standardize(data::diabetes().x.view()).unwrap().x;
    let y = data::diabetes().y.view();
    let weights = |x: ArrayView2<f64>| Ok(LinearRegression::params().fit(x, y)?.coef);
    assert_eq!(rfe(weights, x.view(), 1).unwrap().ranking, reference().rfe);
    assert_eq!(
        rfe(weights, x.view(), 10).unwrap().kept,
        array![0, 1, 2, 3, 4, 5, 6, 7, 8, 9].to_vec()
    );
}
