//! What no model may be asked about.

use super::estimators::all;
use super::{Sample, kept};
use mlnotes::prelude::*;

#[test]
fn rows_of_another_width_are_refused() {
    let sample = Sample::new();
    let mut n_methods = 0;
    for estimator in all() {
        let model = estimator.fit(&sample).unwrap_or_else(|e| panic!("{}: {e}", estimator.name));
        for (method, says) in &model.says {
            let name = format!("{}: {method}", estimator.name);
            assert!(says(sample.x.view()).is_ok(), "{name}");
            for width in [1, 3] {
                let error = says(Array2::ones((4, width)).view()).expect_err(&name);
                assert!(matches!(error, Error::Shape { .. }), "{name} of {width} columns: {error}");
            }
            n_methods += 1;
        }
    }
    assert_eq!(n_methods, 68);
}

#[test]
fn new_values_that_are_no_numbers_are_refused_by_their_place() {
    let sample = Sample::new();
    let mut breaches = Vec::new();
    for estimator in all() {
        let model = estimator.fit(&sample).unwrap();
        for (method, says) in &model.says {
            let name = format!("{}: {method}", estimator.name);
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut broken = sample.x.clone();
                broken[[6, 1]] = bad;
                if bad.is_nan() && estimator.takes_gaps {
                    let said = says(broken.view()).unwrap();
                    assert!(said.iter().all(|v| v.is_finite()), "{name}: {said:?}");
                    continue;
                }
                match says(broken.view()) {
                    Err(Error::NotFinite { row: 6, col: 1, value, .. })
                        if value.to_bits() == bad.to_bits() => {}
                    Ok(_) => breaches.push(format!("{name}: {bad} was accepted")),
                    Err(other) => breaches.push(format!("{name}: {other}")),
                }
            }
        }
    }
    kept(&breaches);
}

#[test]
fn a_row_is_told_the_same_alone_as_among_others() {
    // Numbers for a whole matrix are no statement on a row.
    const OF_ALL: [&str; 5] = ["reconstruction_error", "score", "bic", "aic", "std_errors"];
    let sample = Sample::new();
    let mut n_methods = 0;
    for estimator in all() {
        let model = estimator.fit(&sample).unwrap();
        for (method, says) in model.says.iter().filter(|(method, _)| !OF_ALL.contains(method)) {
            let name = format!("{}: {method}", estimator.name);
            let together = says(sample.x.slice(s![3..5, ..])).unwrap();
            let apart: Vec<Vec<f64>> =
                (3..5).map(|i| says(sample.x.slice(s![i..=i, ..])).unwrap()).collect();
            let mut apart = apart.concat();
            let mut together = together;
            // Methods differ in which axis the rows are; the numbers are the same.
            apart.sort_by(f64::total_cmp);
            together.sort_by(f64::total_cmp);
            assert_eq!(apart.len(), together.len(), "{name}");
            let close =
                apart.iter().zip(&together).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs().max(1.0));
            assert!(close, "{name}: {apart:?} {together:?}");
            n_methods += 1;
        }
    }
    assert_eq!(n_methods, 63);
}
