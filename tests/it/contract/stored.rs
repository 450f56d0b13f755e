//! What was stored is the same model, to the bit; what was spoilt on the way is none.

use super::estimators::{Fitted, all};
use super::{Sample, all_numbers};
use mlnotes::prelude::*;
use serde_json::Value;

fn bits(name: &str, fitted: &Fitted, x: ArrayView2<f64>) -> Vec<u64> {
    all_numbers(name, fitted, x).into_iter().map(f64::to_bits).collect()
}

#[test]
fn a_model_that_was_stored_says_the_same_to_the_bit() {
    let sample = Sample::new();
    let (mut n_stored, mut boxed) = (0, Vec::new());
    for estimator in all() {
        let name = estimator.name;
        let fitted = estimator.fit(&sample).unwrap();
        let Some(stored) = &fitted.stored else {
            boxed.push(name);
            continue;
        };
        let again = (stored.read)(&stored.text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            bits(name, &again, sample.x.view()),
            bits(name, &fitted, sample.x.view()),
            "{name}"
        );
        n_stored += 1;
    }
    assert_eq!(n_stored, 32);
    // Any learner may stand in them, a closure too, and a closure is code.
    assert_eq!(
        boxed,
        [
            "bagged classes",
            "balanced bagging",
            "pipeline of classes",
            "bagged numbers",
            "stacking",
            "pipeline of numbers",
        ]
    );
}

/// All places in a document, outermost first.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => {
            // The first, the last and one between stand for all of a long list.
            let n = items.len();
            let mut numbers = vec![0, n / 2, n.saturating_sub(1)];
            numbers.dedup();
            for i in numbers.into_iter().filter(|&i| i < n) {
                places(&items[i], &format!("{at}/{i}"), found);
            }
        }
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| places(value, &format!("{at}/{key}"), found));
        }
        _ => {}
    }
}

/// Ways in which a part may be spoilt.
fn spoilt(part: &Value) -> Vec<Value> {
    match part {
        Value::Number(n) if n.is_f64() => vec![Value::Null, "NaN".into()],
        Value::Number(_) => vec![Value::Null, (-1).into(), 1_000_000.into()],
        Value::Array(items) if !items.is_empty() => {
            vec![items[..items.len() - 1].into(), Vec::<Value>::new().into()]
        }
        Value::Object(_) => vec![Value::Null],
        _ => Vec::new(),
    }
}

/// A spoilt model is refused, or its answers are still numbers or typed errors: never NaN, never a panic.
#[test]
fn a_model_that_was_spoilt_is_refused_or_harmless() {
    let sample = Sample::new();
    let (mut refused, mut harmless) = (0, 0);
    for estimator in all() {
        let name = estimator.name;
        let fitted = estimator.fit(&sample).unwrap();
        let Some(stored) = &fitted.stored else { continue };
        let whole: Value = serde_json::from_str(&stored.text).unwrap();
        let mut found = Vec::new();
        places(&whole, "", &mut found);
        let before = refused;
        for place in found {
            for part in spoilt(whole.pointer(&place).unwrap()) {
                let mut broken = whole.clone();
                *broken.pointer_mut(&place).unwrap() = part.clone();
                match (stored.read)(&broken.to_string()) {
                    Err(Error::Stored { .. }) => refused += 1,
                    Err(other) => panic!("{name}: {place} = {part}: {other}"),
                    Ok(model) => {
                        for (method, says) in &model.says {
                            if let Ok(said) = says(sample.x.view()) {
                                let finite = said.iter().all(|v| v.is_finite());
                                assert!(finite, "{name}: {place} = {part}: {method} {said:?}");
                            }
                        }
                        harmless += 1;
                    }
                }
            }
        }
        assert!(refused > before, "{name} refuses nothing");
    }
    assert!(refused > 4 * harmless, "{refused} refused, {harmless} harmless");
}
