//! Text: words left out, words changed for synonyms, sentences in another order.
//!
//! Whether the label stays true is for the task to say. "Not" must not be dropped from a review, and the
//! order of sentences carries a story.
//!
//! # References
//! Wei & Zou (2019), EDA: easy data augmentation, section 2.

use super::check_amount;
use crate::base::stream;
use crate::{Error, Result};
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};

/// Leaves out each word with probability `p`; one word stays in any case. Words are what white space parts,
/// and come back with single spaces.
///
/// # Errors
/// [`Error::Parameter`] unless `0 <= p <= 1`.
///
/// ```
/// use mlnotes::data::augment::text::drop_words;
/// let short = drop_words("a fine and quiet afternoon by the sea", 0.3, 1)?;
/// assert!(!short.is_empty() && short.len() < 37);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn drop_words(text: &str, p: f64, seed: u64) -> Result<String> {
    check_amount("drop_words", "p", "from 0 to 1", p, 1.0)?;
    let mut rng = stream(seed, 0);
    let words: Vec<&str> = text.split_whitespace().collect();
    let kept: Vec<&str> = words.iter().copied().filter(|_| rng.random::<f64>() >= p).collect();
    if kept.is_empty() {
        return Ok(words.choose(&mut rng).map_or(String::new(), |&word| word.to_owned()));
    }
    Ok(kept.join(" "))
}

/// Takes each sentence out with probability `p` and puts those taken back in a random order, into the places
/// that became free. A sentence ends in `.`, `!` or `?` before white space.
///
/// # Errors
/// [`Error::Parameter`] unless `0 <= p <= 1`.
///
/// ```
/// use mlnotes::data::augment::text::shuffle_sentences;
/// let other = shuffle_sentences("It rains. We stay. Good!", 1.0, 3)?;
/// assert!(other.contains("It rains.") && other.contains("Good!") && other.len() == 24);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn shuffle_sentences(text: &str, p: f64, seed: u64) -> Result<String> {
    check_amount("shuffle_sentences", "p", "from 0 to 1", p, 1.0)?;
    let mut rng = stream(seed, 0);
    let mut sentences = sentences(text);
    let places: Vec<usize> = (0..sentences.len()).filter(|_| rng.random::<f64>() < p).collect();
    let mut taken: Vec<String> = places.iter().map(|&i| sentences[i].clone()).collect();
    taken.shuffle(&mut rng);
    for (place, sentence) in places.into_iter().zip(taken) {
        sentences[place] = sentence;
    }
    Ok(sentences.join(" "))
}

/// Changes each word that stands in one of the `synonyms`, sets of lower-case words that may stand for each
/// other, with probability `p` for another one of its set. Case of the first letter and punctuation around
/// the word stay.
///
/// # Errors
/// [`Error::Parameter`] unless `0 <= p <= 1`, and for a word that stands in two sets.
///
/// ```
/// use mlnotes::data::augment::text::swap_synonyms;
/// let sets: [&[&str]; 2] = [&["big", "large"], &["quick", "fast"]];
/// assert_eq!(swap_synonyms("Big dogs, quick cats.", &sets, 1.0, 5)?, "Large dogs, fast cats.");
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn swap_synonyms(text: &str, synonyms: &[&[&str]], p: f64, seed: u64) -> Result<String> {
    const NAME: &str = "swap_synonyms";
    check_amount(NAME, "p", "from 0 to 1", p, 1.0)?;
    let mut all: Vec<&str> = synonyms.iter().flat_map(|set| set.iter().copied()).collect();
    all.sort_unstable();
    if let Some([word, _]) = all.windows(2).find(|pair| pair[0] == pair[1]) {
        let (rule, got) = ("sets without a common word", format!("`{word}` twice"));
        return Err(Error::Parameter { estimator: NAME, name: "synonyms", rule, got });
    }
    let mut rng = stream(seed, 0);
    let changed = text.split_whitespace().map(|token| {
        // A draw a word, whether it has synonyms or not: one set more does not change the others' fate.
        let wanted = rng.random::<f64>() < p;
        let word = token.trim_matches(|c: char| !c.is_alphanumeric());
        let lower = word.to_lowercase();
        let set = synonyms.iter().find(|set| set.contains(&lower.as_str()));
        let Some(set) = set.filter(|_| wanted) else { return token.to_owned() };
        let others: Vec<&str> = set.iter().copied().filter(|other| *other != lower).collect();
        let Some(other) = others.choose(&mut rng) else { return token.to_owned() };
        token.replacen(word, &in_case_of(word, other), 1)
    });
    Ok(changed.collect::<Vec<String>>().join(" "))
}

/// `other` with a capital where `word` has one.
fn in_case_of(word: &str, other: &str) -> String {
    let mut letters = other.chars();
    match (word.chars().next(), letters.next()) {
        (Some(first), Some(letter)) if first.is_uppercase() => {
            letter.to_uppercase().chain(letters).collect()
        }
        _ => other.to_owned(),
    }
}

/// The sentences, each with the mark that ends it, single spaces inside.
fn sentences(text: &str) -> Vec<String> {
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for word in text.split_whitespace() {
        if let Some(last) = all.last_mut() {
            last.push(word);
        }
        if word.ends_with(['.', '!', '?']) {
            all.push(Vec::new());
        }
    }
    all.iter().filter(|words| !words.is_empty()).map(|words| words.join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "One fish. Two fish! Red fish? Blue fish and no end";

    proptest! {
        #[test]
        fn words_are_only_left_out_and_sentences_only_moved(p in 0.0..=1.0f64, seed in 0u64..200) {
            let kept = drop_words(TEXT, p, seed).unwrap();
            let mut all = TEXT.split_whitespace();
            prop_assert!(kept.split_whitespace().all(|word| all.any(|other| other == word)));
            prop_assert!(!kept.is_empty());
            let moved = shuffle_sentences(TEXT, p, seed).unwrap();
            let sorted = |text: &str| {
                let mut sentences = sentences(text);
                sentences.sort();
                sentences
            };
            // The open last sentence may be followed by another: compare as letters then.
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters
            };
            prop_assert_eq!(letters(&moved), letters(TEXT));
            prop_assert!(sorted(&moved).len() >= 3);
            prop_assert_eq!(drop_words(TEXT, p, seed).unwrap(), kept);
        }
    }

    #[test]
    fn as_many_words_go_as_asked_for() {
        let text = vec!["word"; 4000].join(" ");
        let left = drop_words(&text, 0.3, 8).unwrap().split_whitespace().count();
        // Three standard errors of a binomial count.
        assert!((left as f64 - 2800.0).abs() < 3.0 * (4000.0f64 * 0.21).sqrt(), "{left}");
        assert_eq!(drop_words(TEXT, 0.0, 1).unwrap(), TEXT);
        assert_eq!(shuffle_sentences(TEXT, 0.0, 1).unwrap(), TEXT);
        assert_eq!(drop_words("one two", 1.0, 1).unwrap().split_whitespace().count(), 1);
        assert_eq!(drop_words("", 0.5, 1).unwrap(), "");
    }

    #[test]
    fn synonyms_keep_case_and_punctuation() {
        let sets: [&[&str]; 2] = [&["happy", "glad", "content"], &["éclair", "cake"]];
        let swap = |text, p, seed| swap_synonyms(text, &sets, p, seed).unwrap();
        assert_eq!(swap("\"Éclair!\" he said.", 1.0, 1), "\"Cake!\" he said.");
        assert_eq!(swap("Happy, unhappy", 0.0, 1), "Happy, unhappy");
        for seed in 0..20 {
            let said = swap("(Happy)", 1.0, seed);
            assert!(said == "(Glad)" || said == "(Content)", "{said}");
            assert_eq!(swap("unhappy", 1.0, seed), "unhappy");
        }
        let lonely: [&[&str]; 1] = [&["happy"]];
        assert_eq!(swap_synonyms("happy", &lonely, 1.0, 1).unwrap(), "happy");
    }

    #[test]
    fn bad_input_is_named() {
        assert!(matches!(drop_words("a", 1.5, 0), Err(Error::Parameter { name: "p", .. })));
        assert!(matches!(shuffle_sentences("a", f64::NAN, 0), Err(Error::Parameter { .. })));
        let sets: [&[&str]; 2] = [&["big", "large"], &["big", "important"]];
        let twice = swap_synonyms("a", &sets, 0.5, 0).unwrap_err();
        assert!(twice.to_string().contains("`big` twice"), "{twice}");
    }
}
