//! What was stored is the same model, to the bit; what was spoilt on the way is none.

use super::estimators::{Fitted, all};
use super::{Sample, all_numbers};
use mlnotes::base::{from_json, to_json};
use mlnotes::features::selection::{BinStrategy, Binner, woe_iv};
use mlnotes::linear::lasso::lasso_path;
use mlnotes::linear::ridge::ridge_path;
use mlnotes::metrics::isotonic::{Isotonic, Platt};
use mlnotes::prelude::*;
use mlnotes::sequence::crf::{Features, LinearChainCrf, symbol_features};
use mlnotes::sequence::hmm::{BaumWelch, GaussianBaumWelch};
use mlnotes::text::bm25::Bm25;
use mlnotes::text::tfidf::Tfidf;
use mlnotes::text::vectorizer::CountVectorizer;
use serde::Serialize;
use serde::de::DeserializeOwned;
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

/// Many a pair of models has the same parts: trees for classes would be trees for numbers.
#[test]
fn a_model_is_not_read_as_another() {
    let sample = Sample::new();
    let fitted: Vec<_> = all().map(|estimator| estimator.fit(&sample).unwrap()).collect();
    let stored: Vec<_> = fitted.iter().filter_map(|fitted| fitted.stored.as_ref()).collect();
    let name = |text: &str| text.split('"').nth(1).unwrap().to_owned();
    let mut crossed = 0;
    for (read, written) in stored.iter().flat_map(|a| stored.iter().map(move |b| (a, b))) {
        let (own, other) = (name(&read.text), name(&written.text));
        if own != other {
            match (read.read)(&written.text) {
                Err(Error::Stored { model, problem }) => {
                    assert_eq!(model, own);
                    assert!(problem.contains(&other), "{own}: {problem}");
                }
                Err(error) => panic!("{own} of {other}: {error}"),
                Ok(_) => panic!("{other} is read as {own}"),
            }
            crossed += 1;
        }
    }
    assert!(crossed > 700, "{crossed}");
    // Formats without the name have the rules.
    let numbers = BoostedTreesRegressor::params().n_trees(2);
    let numbers = numbers.fit(&sample.x, &sample.numbers).unwrap();
    let classes = BoostedTreesClassifier::params().n_trees(2);
    let classes = classes.fit(&sample.x, &sample.classes).unwrap();
    let (numbers, classes) =
        (serde_json::to_string(&numbers).unwrap(), serde_json::to_string(&classes).unwrap());
    assert!(serde_json::from_str::<BoostedTreesClassifier>(&numbers).is_err());
    assert!(serde_json::from_str::<BoostedTreesRegressor>(&classes).is_err());
    let nothing = classes.replace("\"Logistic\"", "{\"Softmax\":0}");
    assert!(
        nothing != classes && serde_json::from_str::<BoostedTreesClassifier>(&nothing).is_err()
    );
}

/// The model that its text is read as.
fn again<M: Serialize + DeserializeOwned>(model: &M) -> M {
    let text = to_json(model).unwrap();
    let read: M = from_json(&text).unwrap();
    assert_eq!(to_json(&read).unwrap(), text);
    read
}

#[test]
fn models_of_texts_and_of_sequences_are_stored_as_well() {
    let texts = ["the cat sat on the mat", "a dog and a cat", "one dog, two dogs"];
    let new = ["the dog sat", "cats"];
    let counts = CountVectorizer::params().ngram(1, 2).stop_words(&["a"]).fit(&texts).unwrap();
    assert_eq!(again(&counts).transform(&new).unwrap(), counts.transform(&new).unwrap());
    let tfidf = Tfidf::params().fit(&texts).unwrap();
    assert_eq!(again(&tfidf).transform(&new).unwrap(), tfidf.transform(&new).unwrap());
    let bm25 = Bm25::params().fit(&texts).unwrap();
    assert_eq!(again(&bm25).scores("a dog sat"), bm25.scores("a dog sat"));

    let symbols = [vec![0, 1, 1, 0, 2, 1, 0, 0, 2, 2], vec![2, 1, 0, 1, 1, 2]];
    let hmm = BaumWelch::params(2, 3).max_iter(5).fit(&symbols).unwrap();
    assert_eq!(again(&hmm), hmm);
    assert_eq!(again(&hmm.model), hmm.model);
    let x = Sample::new().x;
    let gaussian = GaussianBaumWelch::params(2).max_iter(5).fit(&[x]).unwrap();
    assert_eq!(again(&gaussian), gaussian);
    let features: Vec<Vec<Features>> = symbols.iter().map(|obs| symbol_features(obs)).collect();
    let labels: Vec<Vec<usize>> =
        symbols.iter().map(|obs| obs.iter().map(|&s| usize::from(s == 1)).collect()).collect();
    let crf = LinearChainCrf::params().max_iter(5).fit(&features, &labels).unwrap();
    let read = again(&crf);
    assert_eq!(read, crf);
    assert_eq!(read.marginals(&features[0]).unwrap(), crf.marginals(&features[0]).unwrap());
}

#[test]
fn calibrations_bins_and_paths_are_stored_as_well() {
    let Sample { x, classes, numbers } = Sample::new();
    let truth: Array1<f64> = classes.iter().map(|&class| class as f64).collect();
    let isotonic = Isotonic::fit(x.column(0), truth.view()).unwrap();
    assert_eq!(again(&isotonic), isotonic);
    let platt = Platt::fit(x.column(0), &classes).unwrap();
    assert_eq!(again(&platt), platt);
    let bins = Binner::params(BinStrategy::Quantile, 4).fit(x.column(0)).unwrap();
    assert_eq!(again(&bins), bins);
    let woe = woe_iv(&bins.assign(x.column(0)).unwrap(), &classes, 0.5).unwrap();
    assert_eq!(again(&woe), woe);
    let alphas = array![0.1, 1.0];
    let path = ridge_path(x.view(), numbers.view(), alphas.view()).unwrap();
    assert_eq!(again(&path), path);
    let path = lasso_path(x.view(), numbers.view(), alphas.view()).unwrap();
    assert_eq!(again(&path), path);
    let judged = RandomForestRegressor::params().n_trees(9).oob_score(true);
    let judged = judged.fit(x.view(), numbers.view()).unwrap();
    assert_eq!(again(&judged), judged);
    // A bound of infinity, where only missing values part, is read as one.
    let gaps = array![[1.0], [f64::NAN], [1.0], [f64::NAN]];
    let params = BoostedTreesRegressor::params().n_trees(2).min_child_weight(0.0);
    let model = params.fit(gaps.view(), array![1.0, 5.0, 1.0, 5.0].view()).unwrap();
    assert!(to_json(&model).unwrap().contains("\"inf\""));
    assert_eq!(again(&model).predict(gaps.view()).unwrap(), model.predict(gaps.view()).unwrap());
    let custom = params.custom_loss(|margin, y| (margin - y, 1.0));
    let custom = custom.fit(gaps.view(), array![1.0, 5.0, 1.0, 5.0].view()).unwrap();
    assert!(matches!(to_json(&custom), Err(Error::Stored { .. })));
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
