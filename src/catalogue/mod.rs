//! The map of the ninety notes: titles, where each one's code, chapter and reference test are, and
//! what is not there yet. `docs/notes.md` and the README's table are written from it, and a test holds
//! them against the files.
//!
//! ```
//! use mlnotes::catalogue::{Status, note};
//! let pca = note(15).unwrap();
//! assert_eq!(pca.title, "Principal component analysis");
//! assert_eq!(pca.status, Status::Covered);
//! assert!(note(91).is_none());
//! ```

mod classical;
mod deep;
mod engineering;
mod language;
mod recommenders;
mod statistics;

use std::collections::BTreeSet;
use std::fmt::Write;

/// How far a note has become software.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Items, reference test and notebook are there.
    Covered,
    /// Some items are there; this is missing.
    Partly(&'static str),
    /// Nothing is there yet.
    Planned,
}

/// One of the ninety notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// Its number, from 1.
    pub number: usize,
    /// Its title in English.
    pub title: &'static str,
    /// Its own title, in Chinese.
    pub title_zh: &'static str,
    /// Chapters that teach it, by the stem of their file; those not in `notebooks/` are planned.
    pub notebooks: &'static [&'static str],
    /// Items of this crate that hold its algorithms, by path.
    pub items: &'static [&'static str],
    /// The test that holds them against an independent package.
    pub reference: Option<&'static str>,
    /// How far it is.
    pub status: Status,
}

impl Note {
    const fn planned(
        number: usize,
        title: &'static str,
        title_zh: &'static str,
        notebooks: &'static [&'static str],
    ) -> Self {
        let status = Status::Planned;
        Self { number, title, title_zh, notebooks, items: &[], reference: None, status }
    }
}

/// The parts in order, each with its notes.
///
/// ```
/// let parts = mlnotes::catalogue::parts();
/// assert_eq!(parts.iter().map(|(_, notes)| notes.len()).sum::<usize>(), 90);
/// ```
pub fn parts() -> [(&'static str, &'static [Note]); 6] {
    [
        ("Engineering", engineering::NOTES),
        ("Mathematics and statistics", statistics::NOTES),
        ("Classical machine learning", classical::NOTES),
        ("Deep learning", deep::NOTES),
        ("Language models", language::NOTES),
        ("Recommender systems", recommenders::NOTES),
    ]
}

/// All notes in order.
///
/// ```
/// assert!(mlnotes::catalogue::notes().enumerate().all(|(i, note)| note.number == i + 1));
/// ```
pub fn notes() -> impl Iterator<Item = &'static Note> {
    parts().into_iter().flat_map(|(_, notes)| notes)
}

/// The note with a number from 1 to 90.
///
/// ```
/// assert_eq!(mlnotes::catalogue::note(24).unwrap().title, "TF-IDF");
/// ```
pub fn note(number: usize) -> Option<&'static Note> {
    notes().find(|note| note.number == number)
}

/// The README's table, a line a part; `exists` says which notebooks are there.
///
/// ```
/// let table = mlnotes::catalogue::parts_table(|stem| stem == "13_pca");
/// assert!(table.contains("| Classical machine learning |"));
/// ```
pub fn parts_table(exists: impl Fn(&str) -> bool) -> String {
    let covered = notes().filter(|note| note.status == Status::Covered).count();
    let mut table = format!(
        "{covered} of 90 notes are covered. [docs/notes.md](docs/notes.md) has each with its chapter, its code and \
         the test that holds it.\n\n| part | notes | covered | chapters |\n|---|---|---|---|\n"
    );
    for (part, notes) in parts() {
        let covered = notes.iter().filter(|note| note.status == Status::Covered).count();
        let stems = notes.iter().flat_map(|note| note.notebooks).filter(|stem| exists(stem));
        let numbers: BTreeSet<&str> =
            stems.map(|stem| stem.split('_').next().unwrap_or(stem)).collect();
        let chapters: Vec<&str> = numbers.into_iter().collect();
        let chapters = if chapters.is_empty() { "-".to_owned() } else { chapters.join(", ") };
        let _ = writeln!(table, "| {part} | {} | {covered} | {chapters} |", notes.len());
    }
    table
}

/// The table of `docs/notes.md`, a part a section; `exists` says which notebooks are there.
///
/// ```
/// let table = mlnotes::catalogue::notes_table(|stem| stem == "13_pca");
/// assert!(table.contains("[13_pca](../notebooks/13_pca.ipynb)"));
/// ```
pub fn notes_table(exists: impl Fn(&str) -> bool) -> String {
    let partly = notes().filter(|note| matches!(note.status, Status::Partly(_))).count();
    let covered = notes().filter(|note| note.status == Status::Covered).count();
    let mut table =
        format!("{covered} of 90 notes are covered, {partly} in part; a dash means not yet.\n");
    for (part, notes) in parts() {
        let _ = write!(
            table,
            "\n## {part}\n\n| | note | chapter | code | held against |\n|---|---|---|---|---|\n"
        );
        for note in notes {
            let title = if note.title == note.title_zh {
                note.title.to_owned()
            } else {
                format!("{} · {}", note.title, note.title_zh)
            };
            let chapters = note.notebooks.iter().filter(|stem| exists(stem));
            let chapters: Vec<_> =
                chapters.map(|stem| format!("[{stem}](../notebooks/{stem}.ipynb)")).collect();
            let mut modules: Vec<&str> =
                note.items.iter().filter_map(|item| item.rsplit_once("::")).map(|p| p.0).collect();
            modules.dedup();
            let mut code = modules.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(", ");
            if let Status::Partly(missing) = note.status {
                let _ = write!(code, " (without {missing})");
            }
            let reference =
                note.reference.map(|path| format!("[test](../{path})")).unwrap_or_default();
            let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
            let _ = writeln!(
                table,
                "| {} | {} | {} | {} | {} |",
                note.number,
                title.replace('|', "\\|"),
                or_dash(chapters.join(", ")),
                or_dash(code),
                or_dash(reference),
            );
        }
    }
    table
}
