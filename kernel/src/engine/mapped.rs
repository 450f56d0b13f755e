//! Generated text that knows which bytes the user wrote.

use super::files;
use std::ops::Range;

/// Generated text with a map back to a user's text.
#[derive(Debug, Clone, Default)]
pub struct Mapped {
    /// The generated text.
    pub text: String,
    /// Which cell and which bytes of it each copied stretch came from, in order.
    copied: Vec<Copied>,
}

#[derive(Debug, Clone)]
struct Copied {
    /// Bytes of the generated text.
    range: Range<usize>,
    cell: usize,
    /// Where it begins in the cell.
    start: usize,
    /// Whether all of it stands for that one place.
    fixed: bool,
}

impl Copied {
    fn origin(&self, byte: usize) -> (usize, usize) {
        let within = if self.fixed { 0 } else { byte - self.range.start };
        (self.cell, self.start + within)
    }
}

impl Mapped {
    /// Adds text of our own.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Copies a stretch of cell number `cell`; files that it names are those beside the notebook, where
    /// this process was started.
    pub fn copy(&mut self, cell: usize, source: &str, range: Range<usize>) {
        let folder = std::env::current_dir().unwrap_or_default();
        let mut done = range.start;
        for (edited, text) in files::edits(cell, source, &range, &folder) {
            self.copy_plain(cell, source, done..edited.start);
            self.push(&text);
            done = edited.end;
        }
        self.copy_plain(cell, source, done..range.end);
    }

    fn copy_plain(&mut self, cell: usize, source: &str, range: Range<usize>) {
        let start = self.text.len();
        self.text.push_str(&source[range.clone()]);
        let (range, start) = (start..self.text.len(), range.start);
        self.copied.push(Copied { range, cell, start, fixed: false });
    }

    /// Adds text of our own that stands for what begins at a byte of a cell.
    pub fn stand_for(&mut self, cell: usize, at: usize, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        let range = start..self.text.len();
        self.copied.push(Copied { range, cell, start: at, fixed: true });
    }

    /// Where a byte came from: cell number and byte offset. `None` for text of our own.
    pub fn origin(&self, byte: usize) -> Option<(usize, usize)> {
        let within = self.copied.iter().find(|copied| copied.range.contains(&byte));
        let at_end = || self.copied.iter().find(|copied| copied.range.end == byte);
        within.or_else(at_end).map(|copied| copied.origin(byte))
    }

    /// As [`Mapped::origin`], or else the nearest copied byte before.
    pub fn origin_or_before(&self, byte: usize) -> Option<(usize, usize)> {
        self.origin(byte).or_else(|| {
            let before = self.copied.iter().rev().find(|copied| copied.range.end <= byte);
            before.map(|copied| {
                let last = copied.range.len().saturating_sub(1);
                copied.origin(copied.range.start + last)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_text_maps_back() {
        let text = "let x = é();";
        let mut out = Mapped::default();
        out.push("fn f() { ");
        out.copy(3, text, 0..text.len());
        out.push(" }");
        assert_eq!(out.origin(9 + 8), Some((3, 8)));
        assert_eq!(out.origin(3), None);
        assert_eq!(out.origin_or_before(out.text.len()), Some((3, 12)));
    }
}
