//! What no estimator may be fitted to.

use super::estimators::{Estimator, Fit, all};
use super::{Fitted, Sample, all_numbers};
use mlnotes::prelude::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::RefCell;

#[test]
fn empty_matrices_are_refused() {
    let nothing = Sample::new().rows(&[]);
    for estimator in all() {
        let error = estimator.refused(estimator.fit(&nothing), "no row");
        let typed = matches!(error, Error::Empty { .. } | Error::TooFewSamples { .. });
        assert!(typed, "{}: {error}", estimator.name);
        let sample = Sample::new();
        let flat = Array2::zeros((sample.x.nrows(), 0));
        let error = estimator.refused(estimator.fit_to(flat.view(), &sample), "no column");
        assert!(matches!(error, Error::Empty { .. }), "{}: {error}", estimator.name);
    }
}

#[test]
fn values_that_are_no_numbers_are_refused_by_their_place() {
    let sample = Sample::new();
    for estimator in all() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut broken = sample.x.clone();
            broken[[5, 1]] = bad;
            let fitted = estimator.fit_to(broken.view(), &sample);
            if bad.is_nan() && estimator.takes_gaps {
                let said = all_numbers(estimator.name, &fitted.unwrap(), broken.view());
                assert!(said.iter().all(|v| v.is_finite()), "{}", estimator.name);
                continue;
            }
            match estimator.refused(fitted, "a value that is no number") {
                Error::NotFinite { row: 5, col: 1, value, what } => {
                    assert!(value.to_bits() == bad.to_bits(), "{}: {value}", estimator.name);
                    assert!(what.contains("`x`"), "{}: {what}", estimator.name);
                }
                other => panic!("{}: {other}", estimator.name),
            }
        }
    }
}

#[test]
fn labels_and_targets_are_as_many_as_the_rows_and_are_numbers() {
    let sample = Sample::new();
    let (x, classes) = (sample.x.view(), &sample.classes);
    let mut n_supervised = 0;
    for estimator in all() {
        let name = estimator.name;
        let refused = |fitted, what| estimator.refused(fitted, what);
        let short = match estimator.fit {
            Fit::Rows(_) => continue,
            Fit::Classes(fit) => refused(fit(x, &classes[1..]), "one label too few"),
            Fit::Numbers(fit) => {
                refused(fit(x, sample.numbers.slice(s![1..])), "one number too few")
            }
        };
        assert!(matches!(short, Error::Shape { .. }), "{name}: {short}");
        if let Fit::Numbers(fit) = estimator.fit {
            for bad in [f64::NAN, f64::INFINITY] {
                let mut target = sample.numbers.clone();
                target[4] = bad;
                let error = refused(fit(x, target.view()), "a target that is no number");
                assert!(matches!(error, Error::NotFinite { row: 4, .. }), "{name}: {error}");
            }
        }
        n_supervised += 1;
    }
    assert_eq!(n_supervised, 25);
}

#[test]
fn a_single_class_is_refused() {
    let sample = Sample::new();
    let mut n_classifiers = 0;
    for estimator in all() {
        let Fit::Classes(fit) = estimator.fit else { continue };
        let error = estimator.refused(fit(sample.x.view(), &[1; 30]), "a single class");
        let typed = matches!(error, Error::SingleClass { class: 1, .. });
        assert!(typed, "{}: {error}", estimator.name);
        n_classifiers += 1;
    }
    assert_eq!(n_classifiers, 12);
}

#[test]
fn one_row_is_an_error_or_a_finite_answer() {
    let one = Sample::new().rows(&[2]);
    let (mut fitted, mut refused) = (0, 0);
    for estimator in all() {
        match estimator.fit(&one) {
            Ok(model) => {
                let said = all_numbers(estimator.name, &model, one.x.view());
                assert!(said.iter().all(|v| v.is_finite()), "{}: {said:?}", estimator.name);
                fitted += 1;
            }
            Err(
                Error::TooFewSamples { .. }
                | Error::TooManyClusters { distinct: 1, .. }
                | Error::ZeroVariance { col: Some(0), .. }
                | Error::SingleClass { class: 0, .. },
            ) => refused += 1,
            Err(other) => panic!("{}: {other}", estimator.name),
        }
    }
    assert!(fitted > 0 && refused > 0, "{fitted} fitted, {refused} refused");
}

/// What was learned, and what each method says or why not.
fn said(model: &Fitted, x: ArrayView2<f64>) -> Vec<Result<Vec<f64>>> {
    std::iter::once(Ok(model.learned.clone()))
        .chain(model.says.iter().map(|(_, says)| says(x)))
        .collect()
}

/// Any finite matrix is fitted to finite numbers or refused; the same one gives the same bits.
#[test]
fn finite_in_finite_out() {
    const CASES: u32 = 40;
    let estimators: Vec<Estimator> = all().collect();
    let n_fitted = RefCell::new(vec![0; estimators.len()]);
    let sizes = (prop::collection::vec(-1e6_f64..1e6, 4..60), 1_usize..4);
    let law = |(values, columns): (Vec<f64>, usize)| {
        let rows = values.len() / columns;
        let x = Array2::from_shape_vec((rows, columns), values[..rows * columns].to_vec()).unwrap();
        let classes = (0..rows).map(|i| usize::from(values[i] > 0.0)).collect();
        let numbers = (0..rows).map(|i| values[i] + 1e3 * i as f64).collect();
        let sample = Sample { x, classes, numbers };
        for (estimator, n_fitted) in estimators.iter().zip(n_fitted.borrow_mut().iter_mut()) {
            let name = estimator.name;
            match (estimator.fit(&sample), estimator.fit(&sample)) {
                (Ok(a), Ok(b)) => {
                    let [a, b] = [a, b].map(|model| said(&model, sample.x.view()));
                    prop_assert_eq!(a.len(), b.len(), "{}", name);
                    for pair in a.into_iter().zip(b) {
                        match pair {
                            (Ok(a), Ok(b)) => {
                                prop_assert!(a.iter().all(|v| v.is_finite()), "{}: {:?}", name, a);
                                let same =
                                    a.iter().map(|v| v.to_bits()).eq(b.iter().map(|v| v.to_bits()));
                                prop_assert!(same, "{}: {:?} {:?}", name, a, b);
                            }
                            (Err(a), Err(b)) => prop_assert_eq!(a, b),
                            (a, b) => prop_assert!(false, "{}: {:?} {:?}", name, a, b),
                        }
                    }
                    *n_fitted += 1;
                }
                (Err(a), Err(b)) => prop_assert_eq!(a.to_string(), b.to_string()),
                _ => prop_assert!(false, "{} is not repeatable", name),
            }
        }
        Ok(())
    };
    TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() })
        .run(&sizes, law)
        .unwrap();
    // An estimator that refuses everything shows nothing.
    for (estimator, n) in estimators.iter().zip(n_fitted.borrow().iter()) {
        assert!(*n >= CASES / 4, "{} was fitted {n} times of {CASES}", estimator.name);
    }
}
