//! `MinHash` against exact Jaccard similarity and datasketch, on real sentences
//! (`tests/references/dedup.py`).

use mlnotes::data::dedup::{MinHash, jaccard, shingles};
use mlnotes::data::state_of_the_union;
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
    let mut off = [0.0; 2];
    for seed in 0..3 {
        let signatures = MinHash::params().seed(seed).signatures(&sets).unwrap();
        for (&(a, b, j), theirs) in pairs.iter().zip(&datasketch) {
            // JSON may cost a unit in the last place.
            assert!((jaccard(&sets[a], &sets[b]).unwrap() - j).abs() < 1e-15);
            let error = signatures.standard_error(j);
            let ours = signatures.estimate(a, b).unwrap();
            for (estimate, off) in [ours, *theirs].into_iter().zip(&mut off) {
                assert!((estimate - j).abs() <= 4.0 * error, "{a} {b}: {estimate} {j} {error}");
                if error > 0.0 {
                    *off += ((estimate - j) / error).powi(2) / pairs.len() as f64;
                }
            }
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
    // The squared errors, in units of their variance, average 1 (three runs of 53 pairs).
    assert!(off.iter().all(|&off| (off / 3.0 - 1.0).abs() < 0.5), "{off:?}");
}
