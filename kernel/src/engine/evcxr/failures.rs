//! After a cell failed: which of the ways it was, said in the reader's terms.

use super::EvcxrEngine;
use crate::engine::CellError;
use crate::engine::errors::{self, Diagnostic};
use crate::engine::output::{Panic, Report};
use crate::engine::source::{Mapped, Parsed};
use std::ops::Range;

/// Why evcxr did not run a cell to its end.
pub(super) enum Failure {
    /// A variable borrows; try again without keeping it.
    Borrowed,
    /// A type was written by a path that cells may not use; ask again.
    Private,
    Compile(Vec<evcxr::CompilationError>),
    Died(String, Box<Report>),
    Other(String),
}

impl Failure {
    pub(super) fn into_error(self, engine: &mut EvcxrEngine) -> CellError {
        match self {
            Self::Died(words, report) => {
                if engine.interrupter.requested() {
                    engine.variables.clear();
                    return engine.interrupted(true);
                }
                engine.crashed(&words, &report)
            }
            _ if engine.interrupter.requested() => engine.interrupted(false),
            Self::Compile(found) => engine.late_error(&found),
            Self::Borrowed => kernel_error("a borrowed variable could not be given up"),
            Self::Private => {
                let text = "a new variable has a type of a private module, which cannot be named";
                let help = "put the cell's code between braces, or convert the value";
                errors::at_place("CompileError", text, None, &[help], &engine.cells)
            }
            Self::Other(text) => {
                let text = if text.contains("no parsable errors") {
                    "the compiler was killed, or failed without saying why; run the cell again"
                } else {
                    text.as_str()
                };
                errors::at_place("CompileError", text, None, &[], &engine.cells)
            }
        }
    }
}

impl EvcxrEngine {
    /// What became of a cell that was run.
    pub(super) fn outcome(
        &self,
        report: Report,
        parsed: &Parsed,
        number: usize,
    ) -> Result<(), CellError> {
        if let Some(broken) = report.broken {
            return Err(kernel_error(&broken));
        }
        if report.panicked {
            let panic = report.panic.unwrap_or_default();
            if panic.message == "Interrupted" && self.interrupter.requested() {
                return Err(self.interrupted(false));
            }
            return Err(self.panic_error(&panic));
        }
        if report.erred {
            let Some(failed) = report.failed else {
                let text = report.last_stderr.trim();
                let text = if text.is_empty() { "`?` returned an `Err`" } else { text };
                return Err(errors::at_place("Error", text, None, &[], &self.cells));
            };
            let place = parsed
                .tries
                .iter()
                .find(|(_, question)| *question == failed.at)
                .map(|(range, question)| (number, range.start..question + 1));
            let note = format!("`?` returned this error, of type `{}`", failed.kind);
            return Err(errors::at_place("Error", &failed.text, place, &[&note], &self.cells));
        }
        Ok(())
    }

    pub(super) fn panic_error(&self, panic: &Panic) -> CellError {
        let ours = panic.file.ends_with("lib.rs") && !panic.file.contains(".cargo");
        let place =
            self.context.last_source().ok().filter(|_| ours).and_then(|source| {
                errors::locate(&source, panic.line, panic.column, &self.rewritten)
            });
        let note = format!("raised in {}:{}", library_file(&panic.file), panic.line);
        let notes: &[&str] = if place.is_some() { &[] } else { &[&note] };
        let place = place.map(|(cell, at)| (cell, widen(&self.cells[&cell].text, at)));
        errors::at_place("Panic", &panic.message, place, notes, &self.cells)
    }

    pub(super) fn compile_error(&self, mut diagnostics: Vec<Diagnostic>) -> CellError {
        for diagnostic in &mut diagnostics {
            for (name, reason) in &self.dropped {
                let unknown = ["value", "function"]
                    .map(|kind| format!("cannot find {kind} `{name}` in this scope"));
                if unknown.contains(&diagnostic.message) {
                    diagnostic.notes.insert(0, ("note".to_owned(), reason.clone()));
                }
            }
        }
        errors::compile_error(&diagnostics, &self.cells)
    }

    /// What evcxr's own compile found after rustc had found nothing.
    pub(super) fn late_error(&self, found: &[evcxr::CompilationError]) -> CellError {
        let source = self.context.last_source().unwrap_or_default();
        let diagnostics: Vec<Diagnostic> = found
            .iter()
            .filter(|error| error.level() == "error")
            .map(|error| {
                let json = &error.json;
                let empty = Mapped::default();
                let mut diagnostic = Diagnostic::from_rustc(json, &empty);
                if diagnostic.message.is_empty() {
                    diagnostic.message = error.message();
                }
                "error".clone_into(&mut diagnostic.level);
                for span in json["spans"].as_array().into_iter().flatten() {
                    let number = |name: &str| {
                        span[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
                    };
                    let (line, column) = (number("line_start"), number("column_start"));
                    let place = errors::locate(&source, line, column, &self.rewritten);
                    if let Some((cell, at)) = place {
                        let width = number("column_end").saturating_sub(column).max(1);
                        diagnostic.places.push(errors::Place {
                            cell,
                            range: at.start..at.start + width,
                            label: span["label"].as_str().unwrap_or_default().to_owned(),
                            primary: span["is_primary"] == true,
                        });
                    }
                }
                diagnostic.notes.retain(|(_, note)| !note.contains("evcxr"));
                diagnostic
            })
            .collect();
        errors::compile_error(&diagnostics, &self.cells)
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

    pub(super) fn crashed(&mut self, words: &str, report: &Report) -> CellError {
        let lost: Vec<String> = self.variables.keys().cloned().collect();
        self.variables.clear();
        let cause = words
            .lines()
            .find_map(|line| line.split_once("terminated with status: "))
            .map_or("the process that runs cells ended", |(_, status)| status)
            .to_owned();
        let evalue = match cause.strip_prefix("exit status: ") {
            Some(code) => format!("the cell ended its process (exit code {code})"),
            None => format!("the cell's process was ended by {cause}"),
        };
        let mut notes = Vec::new();
        if let Some(panic) = &report.panic {
            notes.push(format!("the last panic before: {}", panic.message));
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

/// The end of the line that a panic points into is noise; its first expression is enough.
fn widen(text: &str, at: Range<usize>) -> Range<usize> {
    let line = text[at.start.min(text.len())..].lines().next().unwrap_or_default();
    at.start..at.start + line.trim_end().trim_end_matches(';').len().max(1)
}

/// A path without the machine's folders.
fn library_file(path: &str) -> &str {
    path.rsplit_once("/registry/src/")
        .and_then(|(_, rest)| rest.split_once('/'))
        .or_else(|| path.split_once("/library/"))
        .map_or(path, |(_, rest)| rest)
}

/// A fault of ours.
pub(super) fn kernel_error(text: &str) -> CellError {
    CellError {
        ename: "KernelError".to_owned(),
        evalue: text.lines().next().unwrap_or_default().to_owned(),
        traceback: text.lines().map(str::to_owned).collect(),
    }
}
