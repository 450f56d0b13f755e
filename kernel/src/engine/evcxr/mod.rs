//! The engine: evcxr evaluates, our own program runs the cells, rustc names the types.
//!
//! A cell goes through four steps. It is taken apart (`source`). rustc reads it once without making
//! code, which gives the user's errors and the types of new variables (`types`). It is rewritten so
//! that evcxr has nothing to guess: types written out, the last expression shown by one call, each
//! `?` marked. evcxr compiles it and hands it to the process that runs cells, whose output arrives by
//! `output` while evcxr waits.

mod commands;
mod failures;
mod interrupter;
mod launch;
mod ready;
mod rewrite;
mod run_folder;

use super::errors::{CellText, Cells};
use super::output::{Channels, Report};
use super::source::{Mapped, Parsed};
use super::types::{Answer, Variable};
use super::{Bundle, Cell, CellError, Completions, Engine, Interrupt, Output, Prompt, Sink};
use crate::environment::{self, Environment};
use evcxr::{CommandContext, Error as EvcxrError, EvalContext};
use failures::{Failure, kernel_error};
use interrupter::Interrupter;
use ready::Build;
pub use run_folder::RunFolder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PRELUDE: &str = include_str!("prelude.rs");

/// An item that later cells see.
struct KeptItem {
    cell: usize,
    name: String,
    text: KeptText,
}

enum KeptText {
    Range(Range<usize>),
    Use(String),
}

/// Evaluates cells with evcxr.
pub struct EvcxrEngine {
    context: CommandContext,
    channels: Channels,
    environment: Option<Environment>,
    building: Option<Receiver<Build>>,
    /// Why there is no environment; said once.
    problem: Option<String>,
    manifest: Option<PathBuf>,
    folder: RunFolder,
    /// All cells, by the order in which they came: numbers are not unique.
    cells: Cells,
    rewritten: BTreeMap<usize, Mapped>,
    items: Vec<KeptItem>,
    variables: BTreeMap<String, Variable>,
    /// Variables that could not be kept, and why.
    dropped: BTreeMap<String, String>,
    interrupter: Arc<Interrupter>,
}

impl EvcxrEngine {
    /// Starts evcxr and, beside it, the build of the environment for notebooks in `notebook_folder`.
    ///
    /// # Errors
    /// When the compiler cannot be started, or evcxr refuses to.
    pub fn start(notebook_folder: &Path, folder: RunFolder) -> Result<Self, CellError> {
        let (sender, building) = channel();
        let manifest = environment::find_manifest(notebook_folder);
        ready::spawn_build(manifest.clone(), sender)
            .map_err(|error| kernel_error(&error.to_string()))?;
        let channels = Channels::open().map_err(|error| kernel_error(&error.to_string()))?;
        let command =
            launch::child_command(&channels).map_err(|error| kernel_error(&error.to_string()))?;
        let (mut context, outputs) = EvalContext::with_subprocess_command(command)
            .map_err(|error| kernel_error(&format!("evcxr did not start: {error}")))?;
        // The text by which `tried` in the prelude announces an error; see `Reader::stderr`.
        context.set_error_format("{:?}").map_err(|error| kernel_error(&error.to_string()))?;
        // Everything that cells print travels elsewhere; these two only must not fill up.
        drop(outputs);
        let path = folder.path().to_owned();
        let interrupter = Arc::new(Interrupter::new(channels.handle(), path));
        Ok(Self {
            context: CommandContext::with_eval_context(context),
            channels,
            environment: None,
            building: Some(building),
            problem: None,
            manifest,
            folder,
            cells: Cells::new(),
            rewritten: BTreeMap::new(),
            items: Vec::new(),
            variables: BTreeMap::new(),
            dropped: BTreeMap::new(),
            interrupter,
        })
    }

    fn run(&mut self, cell: &Cell, sink: &Sink, prompt: &Prompt) -> Result<(), CellError> {
        let number = self.cells.len() + 1;
        let parsed = Parsed::new(&cell.code);
        let text = CellText { number: cell.number, text: cell.code.clone() };
        self.cells.insert(number, text);
        for command in &parsed.commands {
            self.command(command, sink, prompt)?;
        }
        if parsed.is_empty(&cell.code) {
            return Ok(());
        }
        self.ensure_ready(sink)?;
        let mut answer = self.ask(number, &parsed, false)?;
        if !answer.errors.is_empty() {
            return Err(self.compile_error(answer.errors));
        }
        let rewritten = self.rewrite(number, &parsed, &answer, false);
        let report = match self.evaluate(number, rewritten, true, (sink, prompt)) {
            Err(Failure::Private) => {
                answer = self.ask(number, &parsed, true)?;
                let again = self.rewrite(number, &parsed, &answer, false);
                self.evaluate(number, again, true, (sink, prompt))
            }
            other => other,
        };
        let report = match report {
            Err(Failure::Borrowed) => {
                let again = self.rewrite(number, &parsed, &answer, true);
                self.evaluate(number, again, false, (sink, prompt))
            }
            other => other,
        };
        let report = report.map_err(|failure| failure.into_error(self))?;
        self.keep(number, &parsed, &answer);
        self.outcome(report, &parsed, number)
    }

    fn evaluate(
        &mut self,
        number: usize,
        source: Mapped,
        may_drop: bool,
        (sink, prompt): (&Sink, &Prompt),
    ) -> Result<Report, Failure> {
        let text = source.text.clone();
        self.rewritten.insert(number, source);
        self.channels.begin(Arc::clone(sink), Arc::clone(prompt));
        let result = self.context.execute(&text);
        let report = self.channels.finish();
        match result {
            Ok(outputs) => {
                // Commands answer this way; code that ran has answered through its own channels.
                for (mime, content) in outputs.content_by_mime_type {
                    let mut bundle = Bundle::default();
                    bundle.data.insert(mime, Value::String(content));
                    sink(Output::Result(bundle));
                }
                Ok(report)
            }
            Err(EvcxrError::CompilationErrors(errors)) => {
                let borrow =
                    ["E0597", "E0505", "E0499", "E0502", "E0506", "E0716", "E0521", "E0515"];
                let message = |e: &evcxr::CompilationError| {
                    e.message().contains("non-static lifetime")
                        || e.code().is_some_and(|code| borrow.contains(&code))
                };
                if may_drop && errors.iter().any(message) {
                    return Err(Failure::Borrowed);
                }
                if errors.iter().any(|error| error.code() == Some("E0603")) {
                    return Err(Failure::Private);
                }
                Err(Failure::Compile(errors))
            }
            Err(EvcxrError::SubprocessTerminated(words)) => {
                Err(Failure::Died(words, Box::new(report)))
            }
            Err(error) => {
                let text = error.to_string();
                let private = text.contains("but that's private");
                Err(if private { Failure::Private } else { Failure::Other(text) })
            }
        }
    }

    /// After a cell ran: its items and variables are there for later cells, as evcxr says.
    fn keep(&mut self, number: usize, parsed: &Parsed, answer: &Answer) {
        for item in &parsed.items {
            let mut new = Vec::new();
            if item.uses.is_empty() {
                new.push((item.name.clone(), KeptText::Range(item.range.clone())));
            }
            for (name, text) in &item.uses {
                new.push((name.clone(), KeptText::Use(text.clone())));
            }
            for (name, text) in new {
                self.items.retain(|old| old.name != name || old.cell == number);
                self.items.push(KeptItem { cell: number, name, text });
            }
        }
        let known: BTreeMap<String, String> =
            self.context.variables_and_types().map(|(n, t)| (n.into(), t.into())).collect();
        for binding in &parsed.bindings {
            let ty = answer.types.get(&binding.name).or_else(|| known.get(&binding.name));
            if let Some(ty) = ty.cloned() {
                let mutable = binding.mutable;
                self.variables.insert(binding.name.clone(), Variable { ty, mutable, cell: number });
            }
        }
        let dropped = &self.dropped;
        self.variables.retain(|name, _| known.contains_key(name) && !dropped.contains_key(name));
    }
}

fn text_bundle(text: &str) -> Bundle {
    let mut bundle = Bundle::default();
    bundle.data.insert("text/plain".to_owned(), Value::String(text.to_owned()));
    bundle
}

impl Engine for EvcxrEngine {
    fn warm_up(&mut self) -> bool {
        self.poll_environment(Duration::from_millis(20), &mut |_| {})
    }

    fn execute(&mut self, cell: &Cell, sink: Sink, prompt: Prompt) -> Result<(), CellError> {
        self.interrupter.begin();
        let result = self.run(cell, &sink, &prompt);
        self.interrupter.end();
        result
    }

    fn complete(&mut self, code: &str, cursor: usize) -> Completions {
        let start = code[..cursor]
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |at| at + code[at..].chars().next().map_or(1, char::len_utf8));
        let prefix = &code[start..cursor];
        let mut matches: BTreeMap<String, Option<String>> = BTreeMap::new();
        let member = code[..start].ends_with('.') || code[..start].ends_with("::");
        if !member {
            let mut offer = |name: &str, kind: &str| {
                if name.starts_with(prefix) && name.chars().all(|c| c.is_alphanumeric() || c == '_')
                {
                    matches.insert(name.to_owned(), Some(kind.to_owned()));
                }
            };
            self.variables.keys().for_each(|name| offer(name, "variable"));
            self.items.iter().for_each(|item| offer(&item.name, "item"));
            if let Some(environment) = &self.environment {
                environment.direct.keys().for_each(|name| offer(name, "crate"));
            }
        }
        // Command lines are executed by evcxr when it analyses; the code alone is safe to hand over.
        let from = Parsed::new(code).start;
        if cursor >= from {
            let found = self.context.completions(&code[from..], cursor - from);
            for completion in found.map(|found| found.completions).unwrap_or_default() {
                if completion.code.starts_with(prefix) && !completion.code.contains("mlnotes_cell")
                {
                    matches.entry(completion.code).or_insert(Some(completion.kind.to_owned()));
                }
            }
        }
        Completions { matches: matches.into_iter().collect(), start, end: cursor }
    }

    fn inspect(&mut self, code: &str, cursor: usize) -> Option<Bundle> {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let start = code[..cursor]
            .rfind(|c| !word(c))
            .map_or(0, |at| at + code[at..].chars().next().map_or(1, char::len_utf8));
        let end = code[cursor..].find(|c| !word(c)).map_or(code.len(), |at| cursor + at);
        let name = &code[start..end];
        if let Some(variable) = self.variables.get(name) {
            let cell = self.cells.get(&variable.cell).map_or(0, |cell| cell.number);
            return Some(text_bundle(&format!("{name}: {}\nbound in cell [{cell}]", variable.ty)));
        }
        let environment = self.environment.as_ref();
        if let Some(version) = environment.and_then(|environment| environment.direct.get(name)) {
            return Some(text_bundle(&format!("crate {name} {version}")));
        }
        let item = self.items.iter().rev().find(|item| item.name == name)?;
        match &item.text {
            KeptText::Use(text) => Some(text_bundle(text)),
            KeptText::Range(range) => {
                let cell = self.cells.get(&item.cell)?;
                let source = cell.text.get(range.clone())?;
                Some(text_bundle(&format!("{source}\ndefined in cell [{}]", cell.number)))
            }
        }
    }

    fn interrupter(&self) -> Arc<dyn Interrupt> {
        Arc::clone(&self.interrupter) as Arc<dyn Interrupt>
    }
}
