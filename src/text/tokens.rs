//! Words and runs of words.
//!
//! A word is a run of two or more letters, digits or underscores, which is scikit-learn's default pattern
//! `(?u)\b\w\w+\b`: "a" and "I" are no words, "don't" gives "don".

/// The words of a text, in order.
///
/// ```
/// let words: Vec<&str> = mlnotes::text::tokens::words("I don't see 42 naïve cats.").collect();
/// assert_eq!(words, ["don", "see", "42", "naïve", "cats"]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    text.split(move |c: char| !inside(c)).filter(|word| word.chars().nth(1).is_some())
}

/// Runs of `from..=to` neighbouring words, joined by a blank; shorter ones first.
///
/// ```
/// let runs = mlnotes::text::tokens::n_grams(&["to", "be", "or"], 1, 2);
/// assert_eq!(runs, ["to", "be", "or", "to be", "be or"]);
/// ```
pub fn n_grams(words: &[&str], from: usize, to: usize) -> Vec<String> {
    (from.max(1)..=to.min(words.len()))
        .flat_map(|n| words.windows(n).map(|run| run.join(" ")))
        .collect()
}
