//! One whole novel, for models of letters and words.

/// Jane Austen, *Pride and Prejudice* (1813): 684,768 characters, ASCII, with its line breaks; the
/// source marks emphasis by underscores.
///
/// ```
/// let novel = mlnotes::data::pride_and_prejudice();
/// assert_eq!(novel.len(), 684_768);
/// assert!(novel.contains("It is a truth universally acknowledged"));
/// assert_eq!(novel.lines().filter(|line| line.starts_with("Chapter ")).count(), 61);
/// ```
pub fn pride_and_prejudice() -> &'static str {
    include_str!("pride_and_prejudice/text.txt")
}
