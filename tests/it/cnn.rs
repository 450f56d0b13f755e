//! A network of tensors as its reader meets it: trained on digits, repeated, stored, interrupted.

use mlnotes::data::{self, Split};
use mlnotes::linear::logistic::SoftmaxRegression;
use mlnotes::nn::cnn::{CnnClassifier, CnnClassifierParams};
use mlnotes::optim::Adam;
use mlnotes::{Error, Result};
use ndarray::{Array4, Axis, s};
use std::process::Command;

fn digits() -> (Array4<f64>, Vec<usize>) {
    let set = data::digits();
    let n = set.x.nrows();
    (set.x.mapv(|grey| grey / 16.0).into_shape_with_order((n, 1, 8, 8)).unwrap(), set.y.clone())
}

fn settings() -> CnnClassifierParams {
    CnnClassifier::params(&[8, 16]).rule(Adam::new(5e-3).into()).seed(1)
}

fn of(y: &[usize], rows: &[usize]) -> Vec<usize> {
    rows.iter().map(|&i| y[i]).collect()
}

/// The bits of all weights, in order.
fn bits(model: &CnnClassifier) -> Vec<u32> {
    let flat = model.weights().iter().flat_map(|(_, var)| {
        let flat: Vec<f32> = var.flatten_all().unwrap().to_vec1().unwrap();
        flat
    });
    flat.map(f32::to_bits).collect()
}

/// Softmax regression sees pixels one by one; on these digits it is right on some 95 to 97 of a hundred. A network
/// that sees shapes must be better, and above 97 of a hundred, as the field's are.
#[test]
fn it_reads_digits_it_has_not_seen() {
    let (x, y) = digits();
    let Split { train, test, .. } = data::stratified_train_test_split(&y, 0.25, 7).unwrap();
    let (seen, held) = (x.select(Axis(0), &train), x.select(Axis(0), &test));
    let model = settings().fit(seen.view(), &of(&y, &train)).unwrap();
    let accuracy = model.score(held.view(), &of(&y, &test)).unwrap();
    let flat = |x: &Array4<f64>| x.to_shape((x.dim().0, 64)).unwrap().to_owned();
    let linear = SoftmaxRegression::params().l2(1e-3).fit(flat(&seen).view(), &of(&y, &train));
    let pixels = linear.unwrap().predict(flat(&held).view()).unwrap();
    let right = pixels.iter().zip(of(&y, &test)).filter(|(a, b)| **a == *b).count();
    let pixels = right as f64 / test.len() as f64;
    println!("held out: network {accuracy:.4}, softmax regression {pixels:.4}");
    assert!(accuracy > 0.97 && accuracy > pixels, "{accuracy} {pixels}");
    assert!(model.loss.len() == 10 && model.loss[9] < 0.1 * model.loss[0]);
}

#[test]
fn a_file_predicts_the_same_to_the_bit() {
    let (x, y) = digits();
    let (x, y) = (x.slice(s![..300, .., .., ..]), &y[..300]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digits.safetensors");
    let model = settings().epochs(2).fit(x, y).unwrap();
    model.save(&path).unwrap();
    let loaded = CnnClassifier::load(&path).unwrap();
    let p = model.predict_proba(x).unwrap();
    let q = loaded.predict_proba(x).unwrap();
    assert!(p.iter().zip(&q).all(|(p, q)| p.to_bits() == q.to_bits()));
    assert_eq!((loaded.picture, loaded.n_classes), ([1, 8, 8], 10));
    model.weights().save(&path).unwrap();
    assert!(matches!(CnnClassifier::load(&path), Err(Error::Io { .. })));
}

#[test]
fn a_fit_that_was_cut_short_goes_on_to_the_same_bits() {
    let (x, y) = digits();
    let (x, y) = (x.slice(s![..200, .., .., ..]), &y[..200]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let through = settings().epochs(3).fit(x, y).unwrap();
    // Two of three epochs, saved; then the third in what might be another program.
    let saving = settings().checkpoint(&path, 5);
    saving.clone().epochs(2).fit(x, y).unwrap();
    let resumed = saving.clone().epochs(3).fit(x, y).unwrap();
    assert_eq!(bits(&resumed), bits(&through));
    assert_eq!(resumed.loss, through.loss);
    let other = saving.seed(2).epochs(3).fit(x, y);
    assert!(matches!(other, Err(Error::Parameter { name: "resume", .. })));
}

/// A short fit whose weights are printed, for [`the_seed_decides_on_any_number_of_threads`] to compare.
#[test]
#[ignore = "run by the test of threads, in programs of its own"]
fn weights_of_a_short_fit() {
    println!("weights {:?}", bits(&short_fit(1).unwrap()));
}

fn short_fit(seed: u64) -> Result<CnnClassifier> {
    let (x, y) = digits();
    settings().seed(seed).epochs(2).fit(x.slice(s![..400, .., .., ..]), &y[..400])
}

/// The tensors' threads are counted once a program, so each number of them has its own.
#[test]
fn the_seed_decides_on_any_number_of_threads() {
    let on = |threads: &str| {
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "cnn::weights_of_a_short_fit", "--nocapture"])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let weights =
            said.lines().find_map(|line| Some(line.split_once("weights [")?.1.to_owned()));
        weights.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&ran.stderr)))
    };
    let (one, two) = (on("1"), on("2"));
    assert_eq!(one, on("1"), "again");
    assert_eq!(one, two, "on two threads");
    assert_ne!(bits(&short_fit(1).unwrap()), bits(&short_fit(2).unwrap()));
}

#[test]
fn bad_input_is_named() {
    let (x, y) = digits();
    let (x, y) = (x.slice(s![..40, .., .., ..]), &y[..40]);
    let says = |params: CnnClassifierParams| params.fit(x, y).unwrap_err().to_string();
    assert!(says(CnnClassifier::params(&[])).contains("`channels`"));
    assert!(says(CnnClassifier::params(&[2; 4])).contains("got 4 layers for 8 × 8"));
    assert!(says(settings().kernel(2)).contains("CnnClassifier: `kernel` must be odd, got 2"));
    assert!(says(settings().epochs(0)).contains("`epochs`"));
    assert!(matches!(settings().fit(x, &y[1..]), Err(Error::Shape { .. })));
    let mut nan = x.to_owned();
    nan[[3, 0, 1, 2]] = f64::NAN;
    assert!(matches!(settings().fit(nan.view(), y), Err(Error::NotFinite { row: 3, col: 10, .. })));
    let model = settings().epochs(1).fit(x, y).unwrap();
    let wide = Array4::zeros((1, 1, 8, 9));
    assert!(matches!(model.predict(wide.view()), Err(Error::Shape { .. })));
    assert!(matches!(model.predict(nan.view()), Err(Error::NotFinite { .. })));
}
