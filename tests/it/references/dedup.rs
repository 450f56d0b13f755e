//! `MinHash` against exact Jaccard similarity and datasketch, on real sentences
//! (`tests/references/dedup.py`).

use crate::support::{aligned, cases};
use mlnotes::data::dedup::{MinHash, jaccard, shingles};
use mlnotes::data::state_of_the_union;
use ndarray::Array1;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Reference {
    n_sentences: usize,
    n_runs: usize,
    pairs: Vec<(usize, usize, f64)>,
    datasketch: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/dedup.json")).unwrap()
}

/// Runs of three words of every sentence of eight words or more.
fn sentences() -> Vec<Vec<String>> {
    let long = |sentence: &&str| shingles(sentence, 8).len() > 1 || words(sentence) == 8;
    let of = |text: &'static str| text.split_inclusive(['.', '!', '?']).filter(long);
    state_of_the_union().iter().flat_map(|s| of(s.text)).map(|s| shingles(s, 3)).collect()
}

/// Words as `shingles` sees them; repeated runs do not hide any.
fn words(sentence: &str) -> usize {
    shingles(sentence, usize::MAX).first().map_or(0, |all| all.split(' ').count())
}

#[test]
fn similar_sentences_are_found_and_estimated() {
    let Reference { n_sentences, n_runs, pairs, datasketch } = reference();
    let sets = sentences();
    assert_eq!(sets.len(), n_sentences);
    assert_eq!(sets.iter().map(Vec::len).sum::<usize>(), n_runs);
    for (&(a, b, j), theirs) in aligned(&pairs, &datasketch) {
        // JSON may cost a unit in the last place.
        assert!((jaccard(&sets[a], &sets[b]).unwrap() - j).abs() < 1e-15);
        let error = (j * (1.0 - j) / 128.0).sqrt();
        assert!((theirs - j).abs() <= 4.0 * error, "{a} {b}: {theirs} {j} {error}");
    }
    for seed in 0..3 {
        let signatures = MinHash::params().seed(seed).signatures(&sets).unwrap();
        for &(a, b, j) in cases(&pairs, 53) {
            let (ours, error) = (signatures.estimate(a, b).unwrap(), signatures.standard_error(j));
            assert!((ours - j).abs() <= 4.0 * error, "{a} {b}: {ours} {j} {error}");
        }
        // With 32 bands of 4 a pair of similarity 0.6 is missed once in 85, one of 0.8 never.
        let candidates: BTreeSet<(usize, usize)> = signatures.candidates().into_iter().collect();
        let missed = pairs.iter().filter(|&&(a, b, j)| j >= 0.6 && !candidates.contains(&(a, b)));
        assert!(missed.count() <= 1);
        assert!(pairs.iter().all(|&(a, b, j)| j < 0.8 || candidates.contains(&(a, b))));
        for pair in signatures.near_duplicates(0.7).unwrap() {
            let j = jaccard(&sets[pair.first], &sets[pair.second]).unwrap();
            assert!(j >= 0.7 - 4.0 * signatures.standard_error(0.7), "{pair:?} {j}");
        }
    }
}

/// The squared errors of an estimate, in units of their variance, average 1. Pairs share sentences and so
/// depend on each other; seeds do not, and the spread among a hundred of them gives the error of the mean.
#[test]
fn estimates_of_real_pairs_have_the_spread_of_the_formula() {
    const SEEDS: u64 = 100;
    let Reference { pairs, .. } = reference();
    let sets = sentences();
    let unlike: Vec<(usize, usize, f64)> = pairs.into_iter().filter(|&(_, _, j)| j < 1.0).collect();
    let two: Vec<Vec<String>> =
        unlike.iter().flat_map(|&(a, b, _)| [sets[a].clone(), sets[b].clone()]).collect();
    let square = |seed| {
        let signatures = MinHash::params().seed(seed).signatures(&two).unwrap();
        let of = |(i, &(_, _, j)): (usize, &(usize, usize, f64))| {
            let off = signatures.estimate(2 * i, 2 * i + 1).unwrap() - j;
            (off / signatures.standard_error(j)).powi(2)
        };
        unlike.iter().enumerate().map(of).sum::<f64>() / unlike.len() as f64
    };
    let squares: Array1<f64> = (0..SEEDS).map(square).collect();
    let (mean, error) = (squares.mean().unwrap(), squares.std(1.0) / (SEEDS as f64).sqrt());
    assert!((mean - 1.0).abs() < 3.0 * error && error < 0.03, "{mean} ± {error}");
}
