//! Metrics of classifiers against scikit-learn, and `DeLong` against its definition
//! (`tests/references/classification_metrics.py`).

use crate::support::{aligned, cases};
use mlnotes::metrics::auc::{
    MultiClass, auc_ci, auc_pairs, auc_rank, auc_trapezoid, auc_weighted, delong, gauc,
    multiclass_auc,
};
use mlnotes::metrics::calibration::{Bins, brier, log_loss, reliability};
use mlnotes::metrics::confusion::{Average, ConfusionMatrix, ZeroDivision};
use mlnotes::metrics::isotonic::{Isotonic, Platt};
use mlnotes::metrics::precision_recall::{average_precision, precision_recall_curve};
use mlnotes::metrics::roc::{ks_statistic, roc_curve};
use ndarray::{Array1, Array2};
use serde::Deserialize;
use statrs::distribution::{ContinuousCDF, Normal};

#[derive(Deserialize)]
struct Reference {
    binary: Vec<Binary>,
    several: Vec<Several>,
    delong: Vec<DeLong>,
}

#[derive(Deserialize)]
struct Binary {
    y: Vec<usize>,
    s: Vec<f64>,
    w: Vec<f64>,
    auc: f64,
    auc_weighted: f64,
    fpr: Vec<f64>,
    tpr: Vec<f64>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    thresholds: Vec<f64>,
    average_precision: f64,
    brier: f64,
    log_loss: f64,
    calibration_rate: Vec<f64>,
    calibration_mean: Vec<f64>,
    grid: Vec<f64>,
    isotonic: Vec<f64>,
    platt: [f64; 2],
    groups: Vec<usize>,
    gauc: f64,
    gauc_groups: usize,
}

#[derive(Deserialize)]
struct Several {
    y: Vec<usize>,
    p: Vec<Vec<f64>>,
    said: Vec<usize>,
    matrix: Vec<Vec<u64>>,
    precision: [f64; 3],
    recall: [f64; 3],
    f2: [f64; 3],
    precision_1: f64,
    accuracy: f64,
    mcc: f64,
    kappa: f64,
    ovr: [f64; 2],
    ovo: [f64; 2],
}

#[derive(Deserialize)]
struct DeLong {
    y: Vec<usize>,
    a: Vec<f64>,
    b: Vec<f64>,
    auc: [f64; 2],
    var_a: f64,
    var_difference: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/classification_metrics.json")).unwrap()
}

fn close(ours: f64, theirs: f64, tolerance: f64, what: &str) {
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours} {theirs}");
}

fn all_close(ours: &[f64], theirs: &[f64], tolerance: f64, what: &str) {
    aligned(ours.iter(), theirs).for_each(|(a, b)| close(*a, *b, tolerance, what));
}

#[test]
fn curves_and_areas_are_those_of_scikit_learn() {
    for case in cases(reference().binary, 3) {
        let (s, y) = (Array1::from(case.s), case.y);
        let curve = roc_curve(s.view(), &y).unwrap();
        all_close(&curve.fpr.to_vec(), &case.fpr, 1e-12, "fpr");
        all_close(&curve.tpr.to_vec(), &case.tpr, 1e-12, "tpr");
        close(auc_rank(s.view(), &y).unwrap(), case.auc, 1e-12, "ranks");
        close(auc_pairs(s.view(), &y).unwrap(), case.auc, 1e-12, "pairs");
        close(auc_trapezoid(&curve), case.auc, 1e-12, "area");
        let weighted = auc_weighted(s.view(), &y, Array1::from(case.w).view()).unwrap();
        close(weighted, case.auc_weighted, 1e-12, "weighted");
        let ks = case.tpr.iter().zip(&case.fpr).map(|(t, f)| (t - f).abs()).fold(0.0, f64::max);
        close(ks_statistic(s.view(), &y).unwrap(), ks, 1e-12, "KS");
        let curve = precision_recall_curve(s.view(), &y).unwrap();
        all_close(&curve.precision.to_vec(), &case.precision, 1e-12, "precision");
        all_close(&curve.recall.to_vec(), &case.recall, 1e-12, "recall");
        all_close(&curve.thresholds.to_vec(), &case.thresholds, 0.0, "thresholds");
        let ap = average_precision(s.view(), &y).unwrap();
        close(ap, case.average_precision, 1e-12, "average precision");
        let grouped = gauc(s.view(), &y, &case.groups).unwrap();
        close(grouped.value, case.gauc, 1e-12, "GAUC");
        assert_eq!(grouped.groups, case.gauc_groups);
    }
}

#[test]
fn probabilities_are_judged_as_by_scikit_learn() {
    for case in cases(reference().binary, 3) {
        let (s, y) = (Array1::from(case.s), case.y);
        close(brier(s.view(), &y).unwrap(), case.brier, 1e-12, "Brier");
        let clipped = s.mapv(|p: f64| p.clamp(0.01, 0.99));
        close(log_loss(clipped.view(), &y).unwrap(), case.log_loss, 1e-12, "log loss");
        // scikit-learn puts a prediction that lies on an edge into the bin below.
        let nudged = s.mapv(|p: f64| (p - 1e-12).max(0.0));
        let bins = reliability(nudged.view(), &y, Bins::Width(7)).unwrap();
        let rates: Vec<f64> = bins.iter().map(|b| b.rate).collect();
        let means: Vec<f64> = bins.iter().map(|b| b.mean_predicted).collect();
        all_close(&rates, &case.calibration_rate, 1e-12, "calibration, rate");
        all_close(&means, &case.calibration_mean, 1e-11, "calibration, mean");
        let target: Array1<f64> = y.iter().map(|&v| v as f64).collect();
        let map = Isotonic::fit(s.view(), target.view()).unwrap();
        let fitted = map.calibrate(Array1::from(case.grid).view()).unwrap();
        all_close(&fitted.to_vec(), &case.isotonic, 1e-10, "isotonic");
        let platt = Platt::fit(s.view(), &y).unwrap();
        // Their optimiser stops at a gradient of 1e-5.
        close(platt.slope, case.platt[0], 2e-3, "Platt, slope");
        close(platt.intercept, case.platt[1], 2e-3, "Platt, intercept");
    }
}

#[test]
fn several_classes_are_counted_as_by_scikit_learn() {
    const ERROR: ZeroDivision = ZeroDivision::Error;
    for case in cases(reference().several, 2) {
        let matrix = ConfusionMatrix::from_labels(&case.y, &case.said).unwrap();
        let theirs: Vec<u64> = case.matrix.concat();
        assert_eq!(matrix.counts.iter().copied().collect::<Vec<_>>(), theirs);
        for (i, average) in [Average::Macro, Average::Weighted, Average::Micro].iter().enumerate() {
            let precision = matrix.precision(*average, ERROR).unwrap();
            close(precision, case.precision[i], 1e-12, "precision");
            close(matrix.recall(*average, ERROR).unwrap(), case.recall[i], 1e-12, "recall");
            close(matrix.f_beta(2.0, *average, ERROR).unwrap(), case.f2[i], 1e-12, "F2");
        }
        let one = matrix.precision(Average::Class(1), ERROR).unwrap();
        close(one, case.precision_1, 1e-12, "precision of class 1");
        close(matrix.accuracy(), case.accuracy, 1e-12, "accuracy");
        close(matrix.mcc(), case.mcc, 1e-12, "MCC");
        close(matrix.cohen_kappa(), case.kappa, 1e-12, "kappa");
        let p = Array2::from_shape_vec((case.p.len(), case.p[0].len()), case.p.concat()).unwrap();
        let auc = |how, weighted| multiclass_auc(p.view(), &case.y, how, weighted).unwrap();
        close(auc(MultiClass::OneVsRest, false), case.ovr[0], 1e-12, "one against rest");
        close(auc(MultiClass::OneVsRest, true), case.ovr[1], 1e-12, "one against rest, weighted");
        close(auc(MultiClass::OneVsOne, false), case.ovo[0], 1e-12, "pairs");
        close(auc(MultiClass::OneVsOne, true), case.ovo[1], 1e-12, "pairs, weighted");
    }
}

#[test]
fn delong_is_its_definition() {
    let normal = Normal::standard();
    for case in cases(reference().delong, 2) {
        let (a, b) = (Array1::from(case.a), Array1::from(case.b));
        let test = delong(a.view(), b.view(), &case.y).unwrap();
        let std = case.var_difference.sqrt();
        close(test.effect, case.auc[0] - case.auc[1], 1e-12, "difference");
        close(test.statistic, test.effect / std, 1e-9, "z");
        close(test.p_value, 2.0 * normal.cdf(-test.statistic.abs()), 1e-12, "p");
        let (low, _) = auc_ci(a.view(), &case.y, 0.9).unwrap();
        let expected = case.auc[0] - normal.inverse_cdf(0.95) * case.var_a.sqrt();
        close(low, expected, 1e-9, "interval");
    }
}
