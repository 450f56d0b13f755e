//! After a cell failed: which of the ways it was, said in the reader's terms.

use super::item::Without;
use super::plan::Plan;
use super::{RustEngine, hints};
use crate::engine::errors::{self, Diagnostic};
use crate::engine::output::{Failed, Panic, Report};
use crate::engine::types::Variable;
use crate::engine::{CellError, MAX_DEPTH};
use std::ops::Range;

impl RustEngine {
    /// What became of a cell that was run.
    pub(super) fn outcome(&mut self, report: Report) -> Result<(), CellError> {
        if let Some(cause) = &report.exited {
            let lost = self.lose_process();
            if self.interrupter.requested() {
                return Err(self.interrupted(true));
            }
            return Err(self.crashed(cause, &lost, &report));
        }
        if self.interrupter.requested() {
            return Err(self.interrupted(false));
        }
        if let Some(broken) = report.broken {
            return Err(kernel_error(&broken));
        }
        if report.panicked {
            return Err(self.panic_error(&report.panic.unwrap_or_default(), None));
        }
        if let Some(failed) = report.failed {
            return Err(self.failed(&failed));
        }
        if report.dropped {
            let note = "a destructor panicked while a value went that the cell replaces; the cell's own \
                        lines have run, and all other variables are kept";
            return Err(self.panic_error(&report.panic.unwrap_or_default(), Some(note)));
        }
        Ok(())
    }

    /// An error that `?` returned: what it says to people first, then what it holds.
    fn failed(&self, failed: &Failed) -> CellError {
        let (file, line, column) = &failed.at;
        let place = self.place(file, *line, *column, true);
        let Failed { words, text, kind, .. } = failed;
        let note = if words.is_empty() || *text == format!("{words:?}") || text == words {
            format!("`?` returned this error, of type `{kind}`")
        } else {
            format!("`?` returned this error, of type `{kind}`: {text}")
        };
        let first = if words.trim().is_empty() { text } else { words };
        errors::at_place("Error", first, place, &[&note], &self.cells)
    }

    /// Code that neither the kernel nor the compiler could follow.
    pub(super) fn too_deep(&self, number: usize, at: usize) -> CellError {
        let text = format!("the code nests more than {MAX_DEPTH} deep here");
        let help = "give parts of it names of their own, by `let` or `fn`";
        errors::at_place("CompileError", &text, Some((number, at..at + 1)), &[help], &self.cells)
    }

    /// A place in a generated source, as the cell that it came from knows it.
    fn place(
        &self,
        file: &str,
        line: usize,
        column: usize,
        near: bool,
    ) -> Option<(usize, Range<usize>)> {
        let number: usize = file.strip_prefix("cell_")?.strip_suffix(".rs")?.parse().ok()?;
        let (cell, at) = errors::locate(self.sources.get(&number)?, line, column, near)?;
        Some((cell, widen(&self.cells.get(&cell)?.text, at)))
    }

    /// The panic, where it is in a cell, and the calls in cells that led to it.
    fn panic_error(&self, panic: &Panic, why: Option<&str>) -> CellError {
        let own = self.place(&panic.file, panic.line, panic.column, true);
        let calls = panic.frames.iter().filter_map(|frame| {
            let mut parts = frame.split(':');
            let (file, line) = (parts.next()?, parts.next()?.parse().ok()?);
            let column = parts.next().and_then(|column| column.parse().ok()).unwrap_or(1);
            self.place(file, line, column, false)
        });
        let mut places: Vec<(usize, Range<usize>)> = own.iter().cloned().collect();
        for (cell, at) in calls {
            // The innermost frame says what the panic's own place says.
            let line = |at: usize| self.cells[&cell].text[..at].matches('\n').count();
            let known =
                |p: &(usize, Range<usize>)| p.0 == cell && line(p.1.start) == line(at.start);
            if !places.iter().any(known) {
                places.push((cell, at));
            }
        }
        let raised = format!("raised in {}:{}", library_file(&panic.file), panic.line);
        let mut notes: Vec<String> = why.into_iter().map(str::to_owned).collect();
        if own.is_none() && !panic.file.is_empty() {
            notes.push(raised);
        }
        for (cell, at) in places.iter().skip(1).take(8) {
            let cell = &self.cells[cell];
            let before = &cell.text[..at.start];
            let line = before.matches('\n').count() + 1;
            let text = cell.text[at.start..].lines().next().unwrap_or_default().trim();
            notes.push(format!("called from cell [{}]:{line}: `{text}`", cell.number));
        }
        let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
        errors::at_place("Panic", &panic.message, places.into_iter().next(), &notes, &self.cells)
    }

    pub(super) fn compile_error(
        &self,
        mut diagnostics: Vec<Diagnostic>,
        without: &Without,
        plan: &Plan,
    ) -> CellError {
        for diagnostic in &mut diagnostics {
            let marked = self.manifest.as_deref();
            hints::missing_crate(diagnostic, &self.notebook_folder, marked);
            if let Some(name) = self.missing(diagnostic)
                && let Some(reason) = self.why_missing(&name, without, plan)
            {
                diagnostic.notes.insert(0, ("note".to_owned(), reason));
            }
        }
        errors::compile_error(&diagnostics, &self.cells)
    }

    /// The name that an error finds no meaning for, or not the reader's.
    fn missing(&self, diagnostic: &Diagnostic) -> Option<String> {
        let place = diagnostic.places.iter().find(|place| place.primary)?;
        let text = self.cells.get(&place.cell)?.text.get(place.range.clone())?;
        let known = ["E0412", "E0422", "E0423", "E0425", "E0432", "E0433", "E0434", "E0435"];
        let code = diagnostic.code.as_deref().unwrap_or_default();
        known.contains(&code).then(|| text.to_owned())
    }

    fn why_missing(&self, name: &str, without: &Without, plan: &Plan) -> Option<String> {
        for (id, reason) in &without.aside {
            let item = self.items.live().iter().find(|item| item.id == *id)?;
            if item.facts.defines.iter().any(|(own, _)| own == name) {
                let cell = self.cells.get(&item.cell).map_or(0, |cell| cell.number);
                return Some(format!(
                    "`{name}` of cell [{cell}] no longer fits ({reason}); change it there and run it"
                ));
            }
        }
        if let Some(variable) = self.variables.get(name) {
            let cell = self.cells.get(&variable.cell).map_or(0, |cell| cell.number);
            return Some(match plan.stale(&variable.ty) {
                Some(ty) => format!("`{name}` is of the type `{ty}`, which this cell changes"),
                None => format!(
                    "`{name}` is a variable of cell [{cell}], and items see no variables: give it to \
                     the function as an argument, or define it as a `const` or a `static`"
                ),
            });
        }
        let aside = self.items.why_aside(name);
        if let Some(advice) = self.advise(name) {
            return Some(advice);
        }
        self.dropped.get(name).map(String::as_str).or(aside).map(str::to_owned)
    }

    /// rustc could not be run, or not to its end.
    pub(super) fn compiler_fault(&self, error: &std::io::Error) -> CellError {
        let text = error.to_string();
        let overflow = ["(signal 11)", "(signal 6)"].iter().any(|signal| text.contains(signal));
        let help = if overflow {
            "its stack may have ended: give parts of a long or deep expression names of their own; all \
             variables are kept"
        } else if text.contains("was killed") {
            "all variables are kept; run the cell again"
        } else if error.kind() == std::io::ErrorKind::NotFound {
            "install Rust with rustup; `mlnotes-kernel doctor` in a terminal says what is missing"
        } else {
            "`mlnotes-kernel doctor` in a terminal says what is missing"
        };
        let text = if text.contains("was killed") || text.contains("cannot be written") {
            text
        } else {
            format!("rustc could not be started: {text}")
        };
        errors::at_place("CompileError", &text, None, &[help], &self.cells)
    }

    /// A variable of an earlier cell has a type that no cell can write.
    pub(super) fn lose_unwritable(&mut self, name: &str) {
        let ty = self.variables.get(name).map(Variable::shown).unwrap_or_default();
        self.forget(name);
        let reason = format!(
            "`{name}` has the type `{ty}`, which cannot be written in another cell; put the cells \
             that use it together, between braces, or convert the value"
        );
        self.dropped.insert(name.to_owned(), reason);
    }

    pub(super) fn interrupted(&self, killed: bool) -> CellError {
        let note = if killed {
            "the cell did not stop by itself, so its process was ended: the variables of all cells \
             are lost, functions and imports are kept"
        } else {
            "all variables are kept"
        };
        errors::at_place("Interrupted", "interrupted", None, &[note], &self.cells)
    }

    fn crashed(&self, cause: &str, lost: &[String], report: &Report) -> CellError {
        let evalue = format!("the cell's process {cause}");
        let mut notes = Vec::new();
        if let Some(panic) = &report.panic {
            notes.push(format!("the last panic before: {}", panic.message));
        }
        if cause.contains("SIGKILL") {
            notes.push(
                "the system ends a process that takes too much memory in this way".to_owned(),
            );
        }
        if lost.is_empty() {
            notes.push("no variables were lost; functions and imports are kept".to_owned());
        } else {
            notes.push(format!(
                "lost: {}; run the cells that define them again (functions and imports are kept)",
                lost.join(", ")
            ));
        }
        let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
        errors::at_place("Crashed", &evalue, None, &notes, &self.cells)
    }
}

/// The end of the line that a panic points into is noise; its first expression is enough. An index
/// is pointed at by its bracket: what it indexes belongs to it.
fn widen(text: &str, at: Range<usize>) -> Range<usize> {
    let line = text[at.start.min(text.len())..].lines().next().unwrap_or_default();
    let start = if line.starts_with('[') { operand(&text[..at.start]) } else { at.start };
    start..at.start + line.trim_end().trim_end_matches(';').len().max(1)
}

/// Where the operand begins that a text ends with: a path, a call, another index.
fn operand(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' | ']' => depth += 1,
            '(' | '[' if depth > 0 => depth -= 1,
            _ if depth > 0 || c.is_alphanumeric() || "_.:".contains(c) => {}
            _ => return at + c.len_utf8(),
        }
    }
    0
}

/// A path without the machine's folders.
fn library_file(path: &str) -> &str {
    path.rsplit_once("/registry/src/")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or(path, |(_, rest)| rest)
}

/// A fault of our own.
pub(super) fn kernel_error(text: &str) -> CellError {
    CellError {
        ename: "KernelError".to_owned(),
        evalue: text.to_owned(),
        traceback: vec![text.to_owned()],
    }
}
