//! A cell as rustc gets it: the items of the session, and the cell's statements in a function that
//! takes the variables which the cell names and gives back those that it leaves.
//!
//! ```text
//! <items of earlier cells> <items of this cell>
//! extern "C" fn mlnotes_run() {
//!     let mut a: Vec<f64> = take("a");              // a variable of an earlier cell
//!     let ended = run(|| { <statements>; put("b", b); Ok(()) });
//!     put("a", a);                                  // it lives on, whatever happened in between
//! }
//! ```
//! The statements stand in a closure, which borrows what it only uses: so variables survive a panic.

use super::asynchronous::Driver;
use crate::engine::source::{CellStatic, Mapped, Parsed};
use crate::engine::types::Variable;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;

/// An item of an earlier cell.
pub(super) enum Kept<'a> {
    /// As it stands in the cell: number, text, bytes, and the statics among them.
    Copied(usize, &'a str, Range<usize>, &'a [CellStatic]),
    /// A key of `thread_local!`: number and text of the cell, and where in it.
    Key(usize, &'a str, &'a CellStatic),
    /// One name of a `use`.
    Own(&'a str),
}

/// What a cell is put together from.
pub(super) struct Program<'a> {
    /// Number and text of the cell.
    pub(super) cell: (usize, &'a str),
    /// The cell, taken apart.
    pub(super) parsed: &'a Parsed,
    /// Items of earlier cells that live on.
    pub(super) items: &'a [Kept<'a>],
    /// Variables of earlier cells that this one names.
    pub(super) variables: &'a BTreeMap<&'a str, &'a Variable>,
    /// The environment's library, which every cell links.
    pub(super) library: Option<&'a str>,
    /// What drives futures, and whether the cell waits for some.
    pub(super) driver: &'a Driver,
    pub(super) waits: bool,
    /// Attributes of the whole that earlier cells have set.
    pub(super) attributes: &'a [String],
    /// Variables that cannot be put: they borrow, or the cell has moved them away.
    pub(super) not_put: &'a BTreeSet<String>,
    /// Those of them that borrow.
    pub(super) borrowers: &'a BTreeSet<String>,
}

/// Ends a generated line that is about one variable.
const PUT: &str = "// mlnotes: put ";
const TAKE: &str = "// mlnotes: take ";
/// Before the name that a line of ours asks the type of.
pub(super) const WANTED: &str = "let _: MlnotesOf<MlnotesWanted> = mlnotes_of; // ";

/// Whose line of ours a byte of a program lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Put(String),
    Take(String),
}

/// The line of ours that holds a byte.
pub(super) fn line_at(program: &str, byte: usize) -> Option<Line> {
    let start = program.get(..byte)?.rfind('\n').map_or(0, |n| n + 1);
    let line = program[start..].lines().next()?;
    let after = |mark: &str| line.rsplit_once(mark).map(|(_, name)| name.to_owned());
    after(PUT).map(Line::Put).or_else(|| after(TAKE).map(Line::Take))
}

impl Program<'_> {
    /// The program that is compiled and run.
    pub(super) fn to_run(&self) -> Mapped {
        let mut out = Mapped::default();
        out.push(
            "#![allow(unused, nonstandard_style, improper_ctypes)]\n#![warn(unused_must_use)]\n",
        );
        self.attributes(&mut out);
        self.begin(&mut out);
        out.push("#[unsafe(no_mangle)]\npub extern \"C\" fn mlnotes_run() {\n");
        out.push("::mlnotes_cell::guard(|| {\n");
        self.take(&mut out);
        out.push("let mlnotes_ended = ::mlnotes_cell::run(|| ");
        self.statements(&mut out, true);
        // A later variable may borrow from an earlier one: it goes first, and is found out first.
        let mut names: Vec<&str> = self.parsed.bindings.iter().map(|b| b.name.as_str()).collect();
        names.reverse();
        let mut done = BTreeSet::new();
        for name in names.into_iter().filter(|name| done.insert(*name)) {
            if !self.not_put.contains(name) {
                put(&mut out, name, name);
            } else if self.borrowers.contains(name) && !self.not_put.contains(&end(name)) {
                // A guard or an iterator: once it is gone, what it borrowed can be kept.
                let mark = end(name);
                let _ = writeln!(out.text, "::std::mem::drop({name}); {PUT}{mark}");
            }
        }
        out.push("Ok(())\n");
        Driver::close(&mut out, self.waits);
        out.push(";\n");
        for name in self.variables.keys() {
            if self.not_put.contains(&back(name)) {
                continue;
            }
            if done.contains(name) {
                out.push("if !mlnotes_ended.well() {\n");
                put(&mut out, name, &back(name));
                let _ = writeln!(out.text, "}} else {{ ::mlnotes_cell::discard({name}); }}");
            } else {
                put(&mut out, name, &back(name));
            }
        }
        out.push("})\n}\n");
        out
    }

    /// The program that rustc only reads, to tell the types of the wanted variables.
    pub(super) fn to_ask(&self, wanted: &[String], crates: &BTreeSet<&str>) -> Mapped {
        let mut out = Mapped::default();
        out.push("#![allow(warnings)]\n");
        self.attributes(&mut out);
        out.push("struct MlnotesWanted;\nstruct MlnotesOf<T>(T);\n");
        // rustc writes a type by a path that can be named only for crates that the source mentions.
        out.push("mod mlnotes_crates {\n");
        for name in crates {
            let _ = writeln!(out.text, "extern crate {name};");
        }
        out.push("}\n");
        self.begin(&mut out);
        out.push("fn mlnotes_run() {\n");
        self.take(&mut out);
        out.push("let _ = ::mlnotes_cell::run(|| ");
        self.statements(&mut out, false);
        for name in wanted {
            let _ = writeln!(out.text, "let mlnotes_of = MlnotesOf({name});\n{WANTED}{name}");
        }
        out.push("Ok(())\n");
        Driver::close(&mut out, self.waits);
        out.push(";\n}\n");
        out
    }

    fn attributes(&self, out: &mut Mapped) {
        for attribute in self.attributes {
            let _ = writeln!(out.text, "{attribute}");
        }
        let (number, text) = self.cell;
        for attribute in &self.parsed.attributes {
            out.copy(number, text, attribute.clone());
            out.push("\n");
        }
    }

    fn begin(&self, out: &mut Mapped) {
        if let Some(library) = self.library {
            let _ = writeln!(out.text, "use {library} as _;");
        }
        out.push("use ::mlnotes_cell::Show as _;\n");
        for item in self.items {
            match item {
                Kept::Copied(cell, source, range, statics) => {
                    copy_with(out, (*cell, source), range, statics, elsewhere);
                }
                Kept::Key(cell, source, key) => elsewhere(out, (*cell, source), &[key]),
                Kept::Own(text) => out.push(text),
            }
            out.push("\n");
        }
        let (number, text) = self.cell;
        for item in &self.parsed.items {
            copy_with(out, (number, text), &item.range, &item.statics, here);
            out.push("\n");
        }
    }

    fn take(&self, out: &mut Mapped) {
        for (name, variable) in self.variables {
            let mutability = if variable.mutable { "mut " } else { "" };
            let ty = &variable.ty;
            let _ = writeln!(
                out.text,
                "let {mutability}{name}: {ty} = ::mlnotes_cell::take(\"{name}\"); {TAKE}{name}"
            );
        }
    }

    /// The cell without its items; the last expression is shown.
    fn statements(&self, out: &mut Mapped, show: bool) {
        self.driver.open(out, self.waits);
        let (number, text) = self.cell;
        let mut done = self.parsed.start;
        for item in &self.parsed.items {
            out.copy(number, text, done..item.range.start);
            done = item.range.end;
        }
        if let Some(tail) = &self.parsed.tail {
            out.copy(number, text, done..tail.start);
            out.push("\nmatch &(");
            out.copy(number, text, tail.clone());
            out.push("\n) { mlnotes_value => { ");
            out.push(if show { "::mlnotes_cell::result_begins(); " } else { "" });
            out.push("mlnotes_value.evcxr_display(); ");
            out.push(if show { "::mlnotes_cell::result_ends(); " } else { "" });
            out.push("} }");
            done = tail.end;
        }
        out.copy(number, text, done..text.len());
        out.push("\n;\n");
    }
}

/// Copies an item, with other words for each definition of statics in it.
fn copy_with(
    out: &mut Mapped,
    (cell, text): (usize, &str),
    range: &Range<usize>,
    statics: &[CellStatic],
    words: impl Fn(&mut Mapped, (usize, &str), &[&CellStatic]),
) {
    let mut done = range.start;
    for definition in statics.chunk_by(|a, b| a.range == b.range) {
        let Range { start, end } = definition[0].range.clone();
        out.copy(cell, text, done..start);
        words(out, (cell, text), &definition.iter().collect::<Vec<_>>());
        done = end;
    }
    out.copy(cell, text, done..range.end);
}

/// The name under which the linker knows a static.
fn symbol(cell: usize, found: &CellStatic) -> String {
    format!("mlnotes_static_{cell}_{}", found.declaration.start)
}

/// Statics in the cell that defines them: later cells find them by a symbol.
fn here(out: &mut Mapped, (cell, text): (usize, &str), statics: &[&CellStatic]) {
    let Range { start, end } = statics[0].range.clone();
    if !statics[0].thread_local {
        let begin = statics[0].visibility.start;
        out.copy(cell, text, start..begin);
        let _ = write!(out.text, "#[unsafe(export_name = \"{}\")] ", symbol(cell, statics[0]));
        out.copy(cell, text, begin..end);
        return;
    }
    out.copy(cell, text, start..end);
    for key in statics {
        let (symbol, name) = (symbol(cell, key), &key.name);
        let _ = write!(out.text, "\n#[unsafe(export_name = \"{symbol}\")]\n");
        let _ = write!(out.text, "static MLNOTES_KEY_{name}: ::std::thread::LocalKey<");
        out.copy(cell, text, key.ty.clone());
        let _ = writeln!(out.text, "> = {name};");
    }
}

/// Statics of an earlier cell: they stay where they are, so that they keep their values.
fn elsewhere(out: &mut Mapped, (cell, text): (usize, &str), statics: &[&CellStatic]) {
    out.push("unsafe extern \"Rust\" { ");
    for found in statics {
        let _ = write!(out.text, "#[link_name = \"{}\"] ", symbol(cell, found));
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

/// How `not_put` names a borrower that is not there to be dropped.
fn end(name: &str) -> String {
    format!("{name} end")
}

/// How `not_put` names a variable that was taken and cannot be given back.
pub(super) fn back(name: &str) -> String {
    format!("{name} back")
}

fn put(out: &mut Mapped, name: &str, mark: &str) {
    let _ = writeln!(out.text, "::mlnotes_cell::put(\"{name}\", {name}); {PUT}{mark}");
}
