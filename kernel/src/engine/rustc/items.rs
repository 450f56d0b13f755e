//! The items of a session: functions, types, imports. Each cell is compiled with all of them, so a
//! later item replaces the one that it would clash with.

use super::program::Kept;
use crate::engine::errors::Cells;
use crate::engine::source::{CellItem, CellStatic, Parsed};
use std::collections::BTreeSet;
use std::ops::Range;

/// An item that later cells see.
pub(super) struct Item {
    /// The cell that defines it.
    pub(super) cell: usize,
    /// As [`CellItem::name`].
    pub(super) name: String,
    of: Option<(String, Vec<String>)>,
    text: Text,
}

enum Text {
    /// Bytes of the cell, and the statics among them.
    Range(Range<usize>, Vec<CellStatic>),
    /// A key of `thread_local!`.
    Key(CellStatic),
    Use(String),
}

/// The items, in the order in which cells defined them.
#[derive(Default)]
pub(super) struct Items(Vec<Item>);

impl Items {
    /// The items that a cell with these of its own still sees.
    pub(super) fn beside<'a>(&'a self, parsed: &Parsed, cells: &'a Cells) -> Vec<Kept<'a>> {
        let seen =
            self.0.iter().filter(|old| !parsed.items.iter().any(|new| self.gives_way(old, new)));
        seen.map(|item| match &item.text {
            Text::Range(range, statics) => {
                Kept::Copied(item.cell, &cells[&item.cell].text, range.clone(), statics)
            }
            Text::Key(key) => Kept::Key(item.cell, &cells[&item.cell].text, key),
            Text::Use(text) => Kept::Own(text),
        })
        .collect()
    }

    /// Whether an earlier item clashes with a new one.
    fn gives_way(&self, old: &Item, new: &CellItem) -> bool {
        if !new.uses.is_empty() {
            return new.uses.iter().any(|(name, _)| *name == old.name);
        }
        match (&old.of, &new.of) {
            (Some((_, methods)), Some((_, names))) => {
                let inherent = new.name.starts_with("impl for") || new.name.starts_with("impl <");
                let overlap = methods.iter().any(|method| names.contains(method));
                old.name == new.name && (!inherent || overlap || methods.is_empty())
            }
            // An `impl` that came with a type goes with it.
            (Some((ty, _)), None) => {
                *ty == new.name && self.0.iter().any(|i| i.name == *ty && i.cell == old.cell)
            }
            _ => old.name == new.name || new.keys().any(|key| key.name == old.name),
        }
    }

    /// Takes up the items of a cell that was compiled.
    pub(super) fn keep(&mut self, number: usize, parsed: &Parsed) {
        let gone: Vec<bool> = self
            .0
            .iter()
            .map(|old| parsed.items.iter().any(|new| self.gives_way(old, new)))
            .collect();
        let mut gone = gone.into_iter();
        self.0.retain(|_| !gone.next().unwrap_or(false));
        for item in &parsed.items {
            let of = item.of.clone();
            for key in item.keys().filter(|_| item.is_thread_local()) {
                let (name, text) = (key.name.clone(), Text::Key(key.clone()));
                self.0.push(Item { cell: number, name, of: None, text });
            }
            if item.uses.is_empty() && !item.is_thread_local() {
                let text = Text::Range(item.range.clone(), item.statics.clone());
                self.0.push(Item { cell: number, name: item.name.clone(), of, text });
            }
            for (name, text) in &item.uses {
                let text = Text::Use(text.clone());
                self.0.push(Item { cell: number, name: name.clone(), of: None, text });
            }
        }
    }

    /// Types whose meaning a cell changes: those that it defines anew with another text, and those
    /// that contain them. Values of the old types cannot be used as the new ones.
    pub(super) fn changed(&self, parsed: &Parsed, text: &str, cells: &Cells) -> BTreeSet<String> {
        let mut changed = BTreeSet::new();
        for old in &self.0 {
            let Text::Range(range, _) = &old.text else { continue };
            let before = &cells[&old.cell].text[range.clone()];
            let new = parsed.items.iter().find(|new| new.uses.is_empty() && new.name == old.name);
            if old.of.is_none() && new.is_some_and(|new| &text[new.range.clone()] != before) {
                changed.insert(old.name.clone());
            }
        }
        loop {
            let more: Vec<String> = self
                .0
                .iter()
                .filter(|item| !changed.contains(&item.name) && item.of.is_none())
                .filter(|item| match &item.text {
                    Text::Range(range, _) => {
                        let text = &cells[&item.cell].text[range.clone()];
                        is_type(text) && changed.iter().any(|name| has_word(text, name))
                    }
                    Text::Key(_) | Text::Use(_) => false,
                })
                .map(|item| item.name.clone())
                .collect();
            if more.is_empty() {
                return changed;
            }
            changed.extend(more);
        }
    }

    /// The cells whose statics the kept items name.
    pub(super) fn homes_of_statics(&self) -> BTreeSet<usize> {
        let has = |item: &&Item| match &item.text {
            Text::Range(_, statics) => !statics.is_empty(),
            Text::Key(_) => true,
            Text::Use(_) => false,
        };
        self.0.iter().filter(has).map(|item| item.cell).collect()
    }

    /// Lets later cells have statics of their own in place of those of one cell.
    pub(super) fn copy_statics(&mut self, home: usize) {
        for item in self.0.iter_mut().filter(|item| item.cell == home) {
            if let Text::Range(_, statics) = &mut item.text {
                statics.clear();
            }
        }
    }

    /// Names for completion.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|item| item.of.is_none()).map(|item| item.name.as_str())
    }

    /// All items as one text, for analysis.
    pub(super) fn source(&self, cells: &Cells) -> String {
        let text = |item: &Item| match &item.text {
            Text::Range(range, _) => cells[&item.cell].text[range.clone()].to_owned(),
            Text::Key(key) => {
                let ty = &cells[&item.cell].text[key.ty.clone()];
                format!("static {}: ::std::thread::LocalKey<{ty}> = todo!();", key.name)
            }
            Text::Use(text) => text.clone(),
        };
        self.0.iter().map(|item| text(item) + "\n").collect()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn is_type(text: &str) -> bool {
    ["struct", "enum", "union", "type"].iter().any(|word| has_word(text, word))
}

/// Whether a text names something, as a word of its own.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::errors::CellText;

    fn after(texts: &[&str]) -> (Items, Cells) {
        let (mut items, mut cells) = (Items::default(), Cells::new());
        for (i, text) in texts.iter().enumerate() {
            let number = u32::try_from(i).unwrap();
            cells.insert(i, CellText { number, text: (*text).to_owned() });
            items.keep(i, &Parsed::new(text));
        }
        (items, cells)
    }

    #[test]
    fn a_later_item_replaces_what_it_clashes_with() {
        let (items, cells) = after(&[
            "struct P;\nimpl P { fn a(&self) {} }",
            "impl P { fn b(&self) {} }",
            "impl P { fn b(&self) -> u8 { 1 } }\nfn f() {}",
            "use std::fmt;",
            "use std::io as fmt;",
        ]);
        let source = items.source(&cells);
        assert!(source.contains("fn a") && source.contains("-> u8"), "{source}");
        assert_eq!(source.matches("fn b").count(), 1);
        assert!(!source.contains("use std::fmt;"));
        let (items, cells) = after(&["struct P;\nimpl P { fn a(&self) {} }", "struct P(u8);"]);
        assert_eq!(items.source(&cells).trim(), "struct P(u8);");
    }

    #[test]
    fn a_changed_type_changes_what_holds_it() {
        let (items, cells) = after(&["struct P; struct Q { p: P } struct R; fn f(p: P) {}"]);
        let text = "struct P(u8);";
        let changed = items.changed(&Parsed::new(text), text, &cells);
        assert_eq!(changed.into_iter().collect::<Vec<_>>(), ["P", "Q"]);
        assert!(items.changed(&Parsed::new("struct P;"), "struct P;", &cells).is_empty());
    }
}
