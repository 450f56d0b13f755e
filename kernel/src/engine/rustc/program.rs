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
use super::emit::Emission;
use super::places;
use crate::engine::holes;
use crate::engine::mapped::Mapped;
use crate::engine::source::Parsed;
use crate::engine::types::Variable;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;

/// What a cell is put together from.
pub(super) struct Program<'a> {
    /// Number and text of the cell.
    pub(super) cell: (usize, &'a str),
    /// Its number for the reader.
    pub(super) shown: u32,
    /// The cell, taken apart.
    pub(super) parsed: &'a Parsed,
    /// Items of earlier cells that live on, and the cell's own.
    pub(super) items: &'a Emission<'a>,
    /// Variables of earlier cells that this one names.
    pub(super) variables: &'a BTreeMap<&'a str, &'a Variable>,
    /// The environment's library, which every cell links.
    pub(super) library: Option<&'a str>,
    /// What drives futures, and whether the cell waits for some.
    pub(super) driver: &'a Driver,
    pub(super) waits: bool,
    /// Attributes of the whole that earlier cells have set.
    pub(super) attributes: &'a [String],
    /// What is known of the cell's bindings.
    pub(super) fates: &'a Fates,
}

/// What becomes of the variables of a cell, as far as the compiler has told.
#[derive(Debug, Clone, Default)]
pub(super) struct Fates {
    /// Variables that cannot be put: they borrow, or the cell has moved them away.
    pub(super) not_put: BTreeSet<String>,
    /// Those of them that borrow.
    pub(super) borrowers: BTreeSet<String>,
    /// Names in patterns that are constants, or that a macro kept to itself.
    pub(super) unbound: BTreeSet<String>,
    /// Declared, but given no value.
    pub(super) empty: BTreeSet<String>,
    /// Numbers of earlier cells that this one uses as of another type.
    pub(super) retyped: BTreeMap<String, String>,
    /// Variables that are put as another type: a function as a pointer.
    pub(super) put_as: BTreeMap<String, String>,
}

/// Ends a generated line that is about one variable.
const PUT: &str = "// mlnotes: put ";
const TAKE: &str = "// mlnotes: take ";
const BINDS: &str = "// mlnotes: binds ";
/// Before the name that a line of ours asks the type of.
pub(super) const WANTED: &str = "let _: MlnotesOf<MlnotesWanted> = mlnotes_of; // ";

/// Whose line of ours a byte of a program lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Put(String),
    Take(String),
    Binds(String),
}

/// The line of ours that holds a byte.
pub(super) fn line_at(program: &str, byte: usize) -> Option<Line> {
    let start = program.get(..byte)?.rfind('\n').map_or(0, |n| n + 1);
    let line = program[start..].lines().next()?;
    let after = |mark: &str| line.rsplit_once(mark).map(|(_, name)| name.to_owned());
    let take = || after(TAKE).map(Line::Take);
    after(PUT).map(Line::Put).or_else(take).or_else(|| after(BINDS).map(Line::Binds))
}

impl Program<'_> {
    /// The program that is compiled and run.
    pub(super) fn to_run(&self) -> Mapped {
        let mut out = Mapped::default();
        out.push(
            "#![allow(unused, nonstandard_style, improper_ctypes, non_local_definitions)]\n\
             #![warn(unused_must_use)]\n",
        );
        self.attributes(&mut out);
        self.begin(&mut out);
        self.items.write(&mut out, |out| self.runner(out));
        out
    }

    /// The function that the process calls. Its name is the cell's alone, and so are its closures' types.
    fn runner(&self, out: &mut Mapped) {
        let number = self.cell.0;
        out.push("#[unsafe(export_name = \"mlnotes_run\")]\n");
        let _ = writeln!(
            out.text,
            "pub extern \"C\" fn mlnotes_cell_{number}() {{\n::mlnotes_cell::guard(|| {{"
        );
        let bound = |name: &&str| !self.fates.unbound.contains(*name);
        let mut names: Vec<&str> = self.parsed.bindings.iter().map(|b| b.name.as_str()).collect();
        names.reverse();
        let mut done = BTreeSet::new();
        names.retain(|name| bound(name) && done.insert(*name));
        for name in &names {
            // Not so when the name is a constant's: then the pattern only compares.
            let _ = writeln!(out.text, "{{ let {name} @ _ = (); }} {BINDS}{name}");
        }
        self.take(out);
        out.push("let mlnotes_ended = ::mlnotes_cell::run(|| ");
        self.statements(out, true);
        // A later variable may borrow from an earlier one: it goes first, and is found out first.
        for name in names {
            if !self.fates.not_put.contains(name) {
                self.put(out, name, name);
            } else if self.fates.borrowers.contains(name)
                && !self.fates.not_put.contains(&end(name))
            {
                // A guard or an iterator: once it is gone, what it borrowed can be kept.
                let mark = end(name);
                let _ = writeln!(out.text, "::std::mem::drop({name}); {PUT}{mark}");
            }
        }
        out.push("::std::result::Result::Ok(())\n");
        Driver::close(out, self.waits);
        out.push(";\n");
        for name in self.variables.keys() {
            if self.fates.not_put.contains(&back(name)) {
                continue;
            }
            if done.contains(name) {
                out.push("if !mlnotes_ended.well() {\n");
                self.put(out, name, &back(name));
                let _ = writeln!(out.text, "}} else {{ ::mlnotes_cell::discard({name}); }}");
            } else {
                self.put(out, name, &back(name));
            }
        }
        out.push("})\n}\n");
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
        self.items.write(&mut out, |out| {
            let _ = writeln!(out.text, "fn mlnotes_cell_{}() {{", self.cell.0);
            self.take(out);
            out.push("let _ = ::mlnotes_cell::run(|| ");
            self.statements(out, false);
            for name in wanted {
                let _ = writeln!(out.text, "let mlnotes_of = MlnotesOf({name});\n{WANTED}{name}");
            }
            out.push("::std::result::Result::Ok(())\n");
            Driver::close(out, self.waits);
            out.push(";\n}\n");
        });
        out
    }

    /// The program whose macros rustc expands, with a mark before and after each call that stands as a
    /// statement. A call with `inner` calls comes a second time, with a name in place of each of them.
    pub(super) fn to_expand(&self, inner: &[Vec<Range<usize>>]) -> Mapped {
        let mut out = Mapped::default();
        out.push("#![allow(warnings)]\n");
        self.attributes(&mut out);
        self.begin(&mut out);
        self.items.write(&mut out, |out| {
            let (number, text) = self.cell;
            let close = |call: &Range<usize>| {
                if text[call.clone()].ends_with([';', '}']) { "\n" } else { ";\n" }
            };
            out.push("fn mlnotes_cell() {\n");
            for (i, call) in self.parsed.macros.iter().enumerate() {
                let _ = writeln!(out.text, "const {}: () = ();", mark(i, "BEGIN"));
                out.copy(number, text, call.range.clone());
                out.push(close(&call.range));
                let _ = writeln!(out.text, "const {}: () = ();", mark(i, "END"));
            }
            out.push("}\n");
            let calls = self.parsed.macros.iter().zip(inner).enumerate();
            for (i, (call, inner)) in calls.filter(|(_, (_, inner))| !inner.is_empty()) {
                let _ = writeln!(out.text, "fn mlnotes_holes_{i}() {{");
                let _ = writeln!(out.text, "const {}: () = ();", mark(i, "HOLES"));
                let mut done = call.range.start;
                for (at, hole) in inner.iter().enumerate() {
                    out.copy(number, text, done..call.range.start + hole.start);
                    out.push(&holes::name(i, at));
                    done = call.range.start + hole.end;
                }
                out.copy(number, text, done..call.range.end);
                out.push(close(&call.range));
                let _ = writeln!(out.text, "const {}: () = ();\n}}", mark(i, "FILLED"));
            }
        });
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

    fn put(&self, out: &mut Mapped, name: &str, mark: &str) {
        let ty = self.fates.put_as.get(name).map(|ty| format!("::<{ty}>")).unwrap_or_default();
        let _ = writeln!(out.text, "::mlnotes_cell::put{ty}(\"{name}\", {name}); {PUT}{mark}");
    }

    /// The cell without its items; the last expression is shown.
    fn statements(&self, out: &mut Mapped, show: bool) {
        self.driver.open(out, self.waits);
        for (name, ty) in &self.fates.retyped {
            let value = if ty == "f32" {
                format!("{name} as f32")
            } else {
                format!("::mlnotes_cell::as_number(\"{name}\", {name})")
            };
            let _ = writeln!(out.text, "let {name}: {ty} = {value};");
        }
        let (number, text) = self.cell;
        let mut done = self.parsed.start;
        for item in &self.parsed.items {
            self.copy(out, done..item.range.start);
            done = item.range.end;
        }
        if let Some(tail) = &self.parsed.tail {
            self.copy(out, done..tail.start);
            out.push("\nmatch &");
            // For rustc the parenthesis is where the expression begins.
            out.stand_for(number, tail.start, "(");
            self.copy(out, tail.clone());
            out.push("\n) { mlnotes_value => { ");
            out.push(if show { "::mlnotes_cell::result_begins(); " } else { "" });
            out.push("mlnotes_value.evcxr_display(); ");
            out.push(if show { "::mlnotes_cell::result_ends(); " } else { "" });
            out.push("} }");
            done = tail.end;
        }
        self.copy(out, done..text.len());
        out.push("\n;\n");
    }

    /// Copies a stretch of the cell, with its own words about places.
    fn copy(&self, out: &mut Mapped, range: Range<usize>) {
        let (number, text) = self.cell;
        let mut done = range.start;
        for (edited, new) in places::edits(text, &range, self.shown, &self.items.path(None)) {
            out.copy(number, text, done..edited.start);
            out.stand_for(number, edited.start, &new);
            done = edited.end;
        }
        out.copy(number, text, done..range.end);
    }
}

/// How `not_put` names a borrower that is not there to be dropped.
fn end(name: &str) -> String {
    format!("{name} end")
}

/// How `not_put` names a variable that was taken and cannot be given back.
pub(super) fn back(name: &str) -> String {
    format!("{name} back")
}

/// A mark around a macro call.
pub(super) fn mark(call: usize, side: &str) -> String {
    format!("MLNOTES_{side}_{call}")
}
