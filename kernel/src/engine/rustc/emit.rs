//! The items of a session as text: each at its level, statics in the one cell that holds them.

use super::item::{Item, Text};
use super::places;
use super::plan::Plan;
use crate::engine::errors::Cells;
use crate::engine::mapped::Mapped;
use crate::engine::source::{CellItem, Parsed};
use crate::engine::statics::CellStatic;
use crate::engine::types::LEVEL;
use std::fmt::Write;
use std::ops::Range;

/// The items that a program is made of.
pub(super) struct Emission<'a> {
    pub(super) plan: &'a Plan,
    /// Which of the kept items.
    pub(super) needed: &'a [usize],
    /// The cell that is compiled.
    pub(super) number: usize,
    pub(super) parsed: &'a Parsed,
    pub(super) cells: &'a Cells,
}

impl Emission<'_> {
    /// Writes the items level by level, and `inside` in the innermost.
    pub(super) fn write(&self, out: &mut Mapped, inside: impl FnOnce(&mut Mapped)) {
        self.write_level(out, 0);
        for level in &self.plan.levels {
            let _ = write!(out.text, "mod {LEVEL}{level} {{ use super::*; ");
            self.write_level(out, *level);
        }
        inside(out);
        self.plan.levels.iter().for_each(|_| out.push("}\n"));
    }

    /// The way from the crate's root to a level; to the innermost without one.
    pub(super) fn path(&self, level: Option<usize>) -> String {
        let levels = self.plan.levels.iter().filter(|own| level.is_none_or(|level| **own <= level));
        levels.fold(String::new(), |path, level| format!("{path}::{LEVEL}{level}"))
    }

    fn write_level(&self, out: &mut Mapped, level: usize) {
        out.push("use ::mlnotes_cell::Show as _;\n");
        let path = self.path(Some(level));
        for turn in 0..=2 {
            let kept = self.needed.iter().map(|at| &self.plan.kept[*at]);
            for item in kept.filter(|item| item.level == level && item.facts.turn() == turn) {
                self.write_kept(out, item, &path);
                out.push("\n");
            }
            for (i, item) in self.parsed.items.iter().enumerate() {
                if self.plan.own[i] == level && item.facts.turn() == turn {
                    self.write_own(out, i, item, &path);
                }
            }
        }
    }

    /// An item of the cell that is compiled.
    fn write_own(&self, out: &mut Mapped, i: usize, item: &CellItem, path: &str) {
        let wrap = item.facts.heading.is_some();
        if wrap {
            let _ = write!(out.text, "const MLNOTES_OWN_{}_{i}: () = {{ ", self.number);
        }
        let hidden =
            item.expanded.as_ref().map(|text| (hidden_cell(self.number, i), 0..text.len()));
        let (cell, range) = hidden.unwrap_or_else(|| (self.number, item.range.clone()));
        let piece = Piece {
            cell,
            range: &range,
            holes: &[],
            statics: &item.statics,
            home: None,
            compiled: self.number,
        };
        self.copy(out, &piece, path);
        let text = &self.cells[&cell].text[range.clone()];
        // What was a statement may have left its semicolon out.
        let open = item.facts.heading.is_none() && text.ends_with([')', ']']);
        out.push(if open { ";" } else { "" });
        out.push(if wrap { " };\n" } else { "\n" });
    }

    fn write_kept(&self, out: &mut Mapped, item: &Item, path: &str) {
        match &item.text {
            Text::Use(text, at) => {
                let text = text.replacen("use crate::", &format!("use crate{path}::"), 1);
                out.stand_for(item.cell, *at, &text);
            }
            Text::Key(key) => {
                let source = (item.cell, self.cells[&item.cell].text.as_str());
                if let Some(home) = item.home {
                    elsewhere(out, source, home, &[key]);
                } else {
                    out.push("::std::thread_local! { ");
                    out.copy(item.cell, source.1, key.whole.clone());
                    out.push("; }");
                    export_keys(out, source, self.number, &[key]);
                }
            }
            Text::Range(range, statics) => {
                let wrap = item.facts.heading.is_some();
                if wrap {
                    // A path of its own for what it defines inside, whatever else is compiled.
                    let _ =
                        write!(out.text, "const MLNOTES_OWN_{}_{}: () = {{ ", item.cell, item.id);
                }
                let piece = Piece {
                    cell: item.cell,
                    range,
                    holes: &item.holes,
                    statics,
                    home: item.home,
                    compiled: self.number,
                };
                self.copy(out, &piece, path);
                let open =
                    !wrap && self.cells[&item.cell].text[range.clone()].ends_with([')', ']']);
                out.push(if open { ";" } else { "" });
                out.push(if wrap { " };" } else { "" });
            }
        }
    }

    /// Copies an item without its holes, with other words for its statics and for its places.
    fn copy(&self, out: &mut Mapped, piece: &Piece<'_>, path: &str) {
        let cell = &self.cells[&piece.cell];
        let mut edits: Vec<(Range<usize>, Edit<'_>)> = Vec::new();
        edits.extend(piece.holes.iter().map(|hole| (hole.clone(), Edit::Nothing)));
        for definition in piece.statics.chunk_by(|a, b| a.range == b.range) {
            edits.push((definition[0].range.clone(), Edit::Statics(definition)));
        }
        let places = places::edits(&cell.text, piece.range, cell.number, path);
        edits.extend(places.into_iter().map(|(range, text)| (range, Edit::Text(text))));
        edits.sort_by_key(|(range, _)| range.start);
        let mut done = piece.range.start;
        for (range, edit) in edits {
            if range.start < done {
                continue;
            }
            out.copy(piece.cell, &cell.text, done..range.start);
            done = range.end;
            match edit {
                Edit::Nothing => {}
                Edit::Text(text) => out.stand_for(piece.cell, range.start, &text),
                Edit::Statics(statics) => {
                    let statics: Vec<&CellStatic> = statics.iter().collect();
                    let source = (piece.cell, cell.text.as_str());
                    match piece.home {
                        Some(home) => elsewhere(out, source, home, &statics),
                        None => here(out, source, piece.compiled, &statics),
                    }
                }
            }
        }
        out.copy(piece.cell, &cell.text, done..piece.range.end);
    }
}

/// Where the text of a macro call's items stands among the cells.
pub(super) fn hidden_cell(number: usize, item: usize) -> usize {
    HIDDEN + number * 1000 + item
}

/// More than there are cells.
const HIDDEN: usize = 1 << 40;

/// An item's text and what to do with it.
struct Piece<'a> {
    cell: usize,
    range: &'a Range<usize>,
    holes: &'a [Range<usize>],
    statics: &'a [CellStatic],
    home: Option<usize>,
    compiled: usize,
}

enum Edit<'a> {
    Nothing,
    Text(String),
    Statics(&'a [CellStatic]),
}

/// The name under which the linker knows a static that the library of the cell `home` holds.
fn symbol(home: usize, cell: usize, found: &CellStatic) -> String {
    format!("mlnotes_static_{home}_{cell}_{}", found.declaration.start)
}

/// Statics in the cell that defines them: later cells find them by a symbol.
fn here(out: &mut Mapped, source: (usize, &str), home: usize, statics: &[&CellStatic]) {
    let (cell, text) = source;
    let Range { start, end } = statics[0].range.clone();
    if !statics[0].thread_local {
        let begin = statics[0].visibility.start;
        out.copy(cell, text, start..begin);
        let symbol = symbol(home, cell, statics[0]);
        let _ = write!(out.text, "#[unsafe(export_name = \"{symbol}\")] ");
        out.copy(cell, text, begin..end);
        return;
    }
    out.copy(cell, text, start..end);
    export_keys(out, source, home, statics);
}

fn export_keys(out: &mut Mapped, (cell, text): (usize, &str), home: usize, keys: &[&CellStatic]) {
    for key in keys {
        let (symbol, name) = (symbol(home, cell, key), &key.name);
        let _ = write!(out.text, "\n#[unsafe(export_name = \"{symbol}\")]\n");
        let _ = write!(out.text, "static MLNOTES_KEY_{name}: ::std::thread::LocalKey<");
        out.copy(cell, text, key.ty.clone());
        let _ = writeln!(out.text, "> = {name};");
    }
}

/// Statics of an earlier cell: they stay where they are, so that they keep their values.
fn elsewhere(out: &mut Mapped, (cell, text): (usize, &str), home: usize, statics: &[&CellStatic]) {
    out.push("unsafe extern \"Rust\" { ");
    for found in statics {
        let _ = write!(out.text, "#[link_name = \"{}\"] ", symbol(home, cell, found));
        out.copy(cell, text, found.visibility.clone());
        // The cell that defines it has shown that it is sound to read.
        out.push(if found.mutable { " " } else { " safe " });
        if found.thread_local {
            let _ = write!(out.text, "static {}: ::std::thread::LocalKey<", found.name);
        } else {
            out.copy(cell, text, found.declaration.start..found.ty.start);
        }
        // Only the definition of a static may leave the lifetime out.
        let mut done = found.ty.start;
        for reference in &found.references {
            out.copy(cell, text, done..*reference);
            out.push("'static ");
            done = *reference;
        }
        out.copy(cell, text, done..found.ty.end);
        out.push(if found.thread_local { ">" } else { "" });
        out.push("; ");
    }
    out.push("}");
}
