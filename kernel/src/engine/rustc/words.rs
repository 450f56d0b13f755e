//! Names in texts.

use std::collections::BTreeSet;

/// The first name of the path of a `use`; empty where it begins with `::`.
pub(super) fn root_of(text: &str) -> &str {
    let path = text.trim_start_matches("use ").split([' ', ';']).next().unwrap_or_default();
    let mut parts = path.split("::").map(str::trim);
    parts.find(|part| !["crate", "self", "super"].contains(part)).unwrap_or_default()
}

/// Whether a text names something, as a word of its own.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

/// The words of a text that could be names.
pub(super) fn names_in(text: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    text.split(word).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Tokens as one writes them.
pub(super) fn tidy(tokens: &str) -> String {
    let mut text = tokens.to_owned();
    for (from, to) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" > ", "> "),
        (" >", ">"),
        (" , ", ", "),
        ("& ", "&"),
        (" ! ", "!"),
    ] {
        text = text.replace(from, to);
    }
    text.trim().chars().take(60).collect()
}
