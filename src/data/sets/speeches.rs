//! State of the Union addresses.

use std::sync::OnceLock;

/// A speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Speech {
    /// The year in which it was given.
    pub year: u32,
    /// Who gave it.
    pub president: &'static str,
    /// The whole text, its white space made single.
    pub text: &'static str,
}

/// 59 State of the Union addresses from 1790 to 2021, every fourth of the series: 2.7 MB of
/// English.
///
/// ```
/// let speeches = mlnotes::data::state_of_the_union();
/// assert_eq!(speeches.len(), 59);
/// assert_eq!((speeches[18].year, speeches[18].president), (1862, "Abraham Lincoln"));
/// assert!(speeches[18].text.contains("last best hope of earth"));
/// ```
pub fn state_of_the_union() -> &'static [Speech] {
    static SPEECHES: OnceLock<Vec<Speech>> = OnceLock::new();
    SPEECHES.get_or_init(|| parse(include_str!("state_of_the_union/speeches.txt")))
}

/// A line `= year | president`, then the text on one line, and so on. The file is fixed at compile
/// time and a test reads all of it, hence no error is returned.
fn parse(file: &'static str) -> Vec<Speech> {
    let mut lines = file.lines();
    let mut speeches = Vec::new();
    while let (Some(head), Some(text)) = (lines.next(), lines.next()) {
        let head = head.trim_start_matches("= ").split_once(" | ");
        if let Some((year, president)) = head.and_then(|(y, p)| Some((y.parse().ok()?, p))) {
            speeches.push(Speech { year, president, text });
        }
    }
    speeches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_speech_is_whole() {
        let speeches = state_of_the_union();
        assert_eq!(speeches.len(), 59);
        assert!(speeches.windows(2).all(|pair| pair[0].year < pair[1].year));
        assert!(speeches.iter().all(|s| s.text.len() > 5000 && !s.president.is_empty()));
        let words: usize = speeches.iter().map(|s| s.text.split(' ').count()).sum();
        assert_eq!(words, 455_657);
    }
}
