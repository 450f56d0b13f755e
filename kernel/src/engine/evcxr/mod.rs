//! The engine: evcxr evaluates, our own program runs the cells, rustc names the types.
//!
//! A cell goes through four steps. It is taken apart (`source`). rustc reads it once without making
//! code, which gives the user's errors and the types of new variables (`types`). It is rewritten so
//! that evcxr has nothing to guess: types written out, the last expression shown by one call, each
//! `?` marked. evcxr compiles it and hands it to the process that runs cells, whose output arrives by
//! `output` while evcxr waits.

mod run_folder;

use super::errors::{self, Cells, Diagnostic};
use super::output::{Channels, ChannelsHandle, Report};
use super::source::{Edits, Mapped, Parsed};
use super::types::{self, Answer, Kept, Question, Variable};
use super::{Bundle, Cell, CellError, Completions, Engine, Interrupt, Output, Prompt, Sink, wire};
use crate::environment::{self, Environment};
use evcxr::{CommandContext, Error as EvcxrError, EvalContext};
pub use run_folder::RunFolder;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

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

enum Build {
    Line(String),
    Done(Result<Environment, String>),
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
        spawn_build(manifest.clone(), sender).map_err(|error| kernel_error(&error.to_string()))?;
        let channels = Channels::open().map_err(|error| kernel_error(&error.to_string()))?;
        let command = child_command(&channels).map_err(|error| kernel_error(&error.to_string()))?;
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

    /// Takes what the build has to say, for at most `patience`; `true` when it is over.
    fn poll_environment(&mut self, patience: Duration, say: &mut dyn FnMut(&str)) -> bool {
        let Some(building) = &self.building else { return true };
        let until = Instant::now() + patience;
        loop {
            match building.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Build::Line(line)) => say(&line),
                Ok(Build::Done(result)) => {
                    self.building = None;
                    self.adopt(result);
                    return true;
                }
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => {
                    self.building = None;
                    self.adopt(Err("the build of the notebooks' crates ended early".to_owned()));
                    return true;
                }
            }
        }
    }

    /// Gives the environment's crates to evcxr, with the helpers that every cell uses.
    fn adopt(&mut self, result: Result<Environment, String>) {
        let environment = result.unwrap_or_else(|problem| {
            self.problem = Some(problem);
            Environment::default()
        });
        let flags = environment.rustc_arguments().join("\u{1f}");
        let mut first = format!(":build_env CARGO_ENCODED_RUSTFLAGS={flags}\n{PRELUDE}\n");
        first.push_str("use mlnotes_cell::Show as _;\n");
        if let Some(library) = &environment.library {
            first = first + "use " + library + " as _;\n";
        }
        self.environment = Some(environment);
        if let Err(error) = self.context.execute(&first) {
            self.problem = Some(format!("the first compile failed: {error}"));
        }
    }

    fn ensure_ready(&mut self, sink: &Sink) -> Result<(), CellError> {
        const ID: &str = "mlnotes-kernel-progress";
        let mut shown = false;
        let start = Instant::now();
        loop {
            let mut last = None;
            let over = self.poll_environment(Duration::from_millis(100), &mut |line| {
                last = Some(line.to_owned());
            });
            if over {
                break;
            }
            if self.interrupter.requested() {
                return Err(self.interrupted(false));
            }
            // Short waits show nothing: what is shown must be taken back before the cell's output.
            if start.elapsed() > Duration::from_secs(1) && (last.is_some() || !shown) {
                let line = last.unwrap_or_else(|| "starting".to_owned());
                let text = format!("preparing the notebooks' crates (once): {line}");
                let bundle = text_bundle(&text);
                let id = ID.to_owned();
                sink(if shown {
                    Output::Update { bundle, id }
                } else {
                    Output::Display { bundle, id: Some(id) }
                });
                shown = true;
            }
        }
        if shown {
            sink(Output::Clear { wait: false });
        }
        match self.problem.take() {
            Some(problem) => Err(CellError {
                ename: "EnvironmentError".to_owned(),
                evalue: problem.lines().next().unwrap_or_default().to_owned(),
                traceback: problem.lines().map(str::to_owned).collect(),
            }),
            None => Ok(()),
        }
    }

    fn run(&mut self, cell: &Cell, sink: &Sink, prompt: &Prompt) -> Result<(), CellError> {
        let number = cell.number as usize;
        let parsed = Parsed::new(&cell.code);
        self.cells.insert(number, cell.code.clone());
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

    fn ask(
        &mut self,
        number: usize,
        parsed: &Parsed,
        all_crates: bool,
    ) -> Result<Answer, CellError> {
        let text = &self.cells[&number];
        let mut new: BTreeSet<&str> = parsed.items.iter().map(|item| item.name.as_str()).collect();
        new.extend(parsed.items.iter().flat_map(|item| &item.uses).map(|(name, _)| name.as_str()));
        let items: Vec<Kept<'_>> = self
            .items
            .iter()
            .filter(|item| !new.contains(item.name.as_str()))
            .map(|item| match &item.text {
                KeptText::Range(range) => {
                    Kept::Copied(item.cell, &self.cells[&item.cell], range.clone())
                }
                KeptText::Use(text) => Kept::Own(text),
            })
            .collect();
        let mut wanted: Vec<String> = parsed.bindings.iter().map(|b| b.name.clone()).collect();
        wanted.sort();
        wanted.dedup();
        let question = Question {
            cell: (number, text),
            parsed,
            items: &items,
            variables: &self.variables,
            wanted: &wanted,
            all_crates,
        };
        let default = Environment::default();
        let environment = self.environment.as_ref().unwrap_or(&default);
        types::ask(&question, environment, self.folder.path()).map_err(|error| {
            if self.interrupter.requested() {
                return self.interrupted(false);
            }
            let help = "run `mlnotes-kernel doctor` in a terminal to see what is missing";
            let text = format!("rustc could not read the cell: {error}");
            errors::at_place("CompileError", &text, None, &[help], &self.cells)
        })
    }

    /// The cell as evcxr gets it.
    fn rewrite(&mut self, number: usize, parsed: &Parsed, answer: &Answer, drop: bool) -> Mapped {
        let text = &self.cells[&number];
        let mut edits = Edits::default();
        let mut forget = String::new();
        for (i, binding) in parsed.bindings.iter().enumerate() {
            let shadowed = parsed.bindings[i + 1..].iter().any(|b| b.name == binding.name);
            let Some(ty) = answer.types.get(&binding.name).filter(|_| !shadowed) else { continue };
            let name = &binding.name;
            let borrowed = drop && ty.contains('&');
            let reason = types::unkeepable(name, ty).or_else(|| {
                borrowed.then(|| {
                    format!(
                        "`{name}` borrows from another variable, so it cannot be kept for later \
                         cells; own it (`.to_owned()`, `.clone()`), or bind it again where it is used"
                    )
                })
            });
            if let Some(reason) = reason {
                forget.extend([" let ", name, ": () = ();"]);
                self.dropped.insert(name.clone(), reason);
                continue;
            }
            self.dropped.remove(name);
            let ty = if ty == "()" { "()" } else { ty };
            match binding.type_at {
                _ if binding.typed => {}
                Some(at) => edits.insert(at, format!(": {ty}")),
                None => {
                    let mutability = if binding.mutable { "mut " } else { "" };
                    let again = format!(" let {mutability}{name}: {ty} = {name};");
                    edits.insert(binding.statement_end, again);
                }
            }
        }
        if let Some(tail) = &parsed.tail {
            edits.insert(tail.start, "match &(");
        }
        for (expression, question) in &parsed.tries {
            edits.insert(expression.start, "mlnotes_cell::tried(");
            edits.insert(*question, format!(", {question})"));
        }
        if let Some(tail) = &parsed.tail {
            edits.insert(
                tail.end,
                ") { mlnotes_value => { mlnotes_cell::result_begins(); \
                 mlnotes_value.evcxr_display(); mlnotes_cell::result_ends(); } };",
            );
        }
        if let Some(end) = parsed.open_end {
            edits.insert(end, ";");
        }
        let mut out = edits.apply(number, text, parsed.start..text.len());
        if !forget.is_empty() {
            out.push("\n");
            out.push(forget.trim_start());
        }
        out
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

    /// What became of a cell that was run.
    fn outcome(&self, report: Report, parsed: &Parsed, number: usize) -> Result<(), CellError> {
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

    fn panic_error(&self, panic: &super::output::Panic) -> CellError {
        let ours = panic.file.ends_with("lib.rs") && !panic.file.contains(".cargo");
        let place =
            self.context.last_source().ok().filter(|_| ours).and_then(|source| {
                errors::locate(&source, panic.line, panic.column, &self.rewritten)
            });
        let note = format!("raised in {}:{}", library_file(&panic.file), panic.line);
        let notes: &[&str] = if place.is_some() { &[] } else { &[&note] };
        let place = place.map(|(cell, at)| (cell, widen(&self.cells[&cell], at)));
        errors::at_place("Panic", &panic.message, place, notes, &self.cells)
    }

    fn compile_error(&self, mut diagnostics: Vec<Diagnostic>) -> CellError {
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
    fn late_error(&self, found: &[evcxr::CompilationError]) -> CellError {
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

    fn interrupted(&self, killed: bool) -> CellError {
        let note = if killed {
            "the cell did not stop by itself, so its process was ended: the variables of all cells \
             are lost, functions and imports are kept"
        } else {
            "all variables are kept"
        };
        errors::at_place("Interrupted", "interrupted", None, &[note], &self.cells)
    }

    fn crashed(&mut self, words: &str, report: &Report) -> CellError {
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

    /// A line that begins with `:` or `!`.
    fn command(&mut self, line: &str, sink: &Sink, prompt: &Prompt) -> Result<(), CellError> {
        if let Some(dependency) = line.strip_prefix(":dep ") {
            self.ensure_ready(sink)?;
            if self.has_dependency(dependency)? {
                return Ok(());
            }
        }
        if line == ":quit" {
            let help = "restart or shut down the kernel from the front end";
            let text = "`:quit` does not end this kernel";
            return Err(errors::at_place("Error", text, None, &[help], &self.cells));
        }
        self.ensure_ready(sink)?;
        if line == ":vars" {
            sink(Output::Stdout(self.variables_table()));
            return Ok(());
        }
        self.channels.begin(Arc::clone(sink), Arc::clone(prompt));
        let result = self.context.execute(line);
        self.channels.finish();
        match result {
            Ok(outputs) => {
                let mut bundle = Bundle::default();
                for (mime, content) in outputs.content_by_mime_type {
                    bundle.data.insert(mime, Value::String(content));
                }
                if !bundle.data.is_empty() {
                    sink(Output::Display { bundle, id: None });
                }
                if line == ":clear" || line == ":restart" {
                    self.variables.clear();
                    self.items.retain(|_| line == ":restart");
                    if line == ":clear" {
                        let environment = self.environment.take().unwrap_or_default();
                        self.adopt(Ok(environment));
                    }
                }
                Ok(())
            }
            Err(EvcxrError::CompilationErrors(found)) => {
                let text = found.first().map(evcxr::CompilationError::message).unwrap_or_default();
                Err(errors::at_place("Error", &text, None, &[line], &self.cells))
            }
            Err(error) => {
                Err(errors::at_place("Error", &error.to_string(), None, &[line], &self.cells))
            }
        }
    }

    fn variables_table(&self) -> String {
        let mut out = Vec::new();
        for (name, variable) in &self.variables {
            out.push(format!("{name}: {}  (cell [{}])\n", variable.ty, variable.cell));
        }
        if out.is_empty() {
            out.push("no variables\n".to_owned());
        }
        out.concat()
    }

    /// Whether a `:dep` names a crate that the environment has, in a version that it has.
    fn has_dependency(&self, dependency: &str) -> Result<bool, CellError> {
        let Some(environment) = &self.environment else { return Ok(false) };
        let (name, rest) = dependency.split_once('=').unwrap_or((dependency, ""));
        let (name, rest) = (name.trim(), rest.trim());
        let Some(have) = environment.direct.get(&name.replace('-', "_")) else { return Ok(false) };
        let table = format!("dep = {}", if rest.is_empty() { "\"*\"" } else { rest });
        let wanted = table.parse::<toml::Table>().ok().and_then(|table| {
            let dep = table.get("dep")?;
            let text = dep.as_str().or_else(|| dep.get("version")?.as_str())?;
            cargo_metadata::semver::VersionReq::parse(text).ok()
        });
        if wanted.as_ref().is_none_or(|wanted| wanted.matches(have)) {
            return Ok(true);
        }
        let manifest = self.manifest.as_ref().map(|m| m.display().to_string()).unwrap_or_default();
        let text = format!("`:dep {dependency}`: these notebooks use {name} {have}");
        let help = format!("ask for that version, or change {manifest} and restart the kernel");
        Err(errors::at_place("Error", &text, None, &[&help], &self.cells))
    }
}

enum Failure {
    /// A variable borrows; try again without keeping it.
    Borrowed,
    /// A type was written by a path that cells may not use; ask again.
    Private,
    Compile(Vec<evcxr::CompilationError>),
    Died(String, Box<Report>),
    Other(String),
}

impl Failure {
    fn into_error(self, engine: &mut EvcxrEngine) -> CellError {
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

fn text_bundle(text: &str) -> Bundle {
    let mut bundle = Bundle::default();
    bundle.data.insert("text/plain".to_owned(), Value::String(text.to_owned()));
    bundle
}

fn kernel_error(text: &str) -> CellError {
    CellError {
        ename: "KernelError".to_owned(),
        evalue: text.lines().next().unwrap_or_default().to_owned(),
        traceback: text.lines().map(str::to_owned).collect(),
    }
}

fn spawn_build(manifest: Option<PathBuf>, sender: Sender<Build>) -> std::io::Result<()> {
    std::thread::Builder::new().name("environment".to_owned()).spawn(move || {
        let result = match manifest {
            None => Ok(Environment::default()),
            Some(manifest) => environment::build(&manifest, &mut |line| {
                let _ = sender.send(Build::Line(line.to_owned()));
            })
            .map_err(|error| error.to_string()),
        };
        let _ = sender.send(Build::Done(result));
    })?;
    Ok(())
}

/// How evcxr starts the process that runs cells, now and after each crash.
fn child_command(channels: &Channels) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let libraries = environment::rust_libraries()?;
    let variable = if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };
    let mut paths = vec![libraries];
    if let Some(old) = std::env::var_os(variable) {
        paths.extend(std::env::split_paths(&old));
    }
    let paths = std::env::join_paths(paths).map_err(std::io::Error::other)?;
    command
        .arg("cells")
        .env(variable, paths)
        .env(wire::DISPLAY_VARIABLE, wire::DISPLAY_FD.to_string())
        .env_remove("RUST_SRC_PATH")
        .env_remove("EVCXR_TMPDIR")
        .env_remove("EVCXR_CONFIG_DIR");
    let [out, err, events, displays] = channels.child_ends();
    // SAFETY: between fork and exec only `fcntl`, `open` and `dup2` are called, which are
    // async-signal-safe, on descriptors that live as long as the kernel.
    unsafe {
        command.pre_exec(move || {
            let copies = [
                (0, wire::PROTOCOL_IN_FD),
                (1, wire::PROTOCOL_OUT_FD),
                (events, wire::EVENT_FD),
                (displays, wire::DISPLAY_FD),
                (out, 1),
                (err, 2),
            ];
            for (from, to) in copies {
                if libc::dup2(from, to) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
            }
            let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
            if nothing < 0 || libc::dup2(nothing, 0) < 0 {
                return Err(std::io::Error::last_os_error());
            }
            libc::close(nothing);
            Ok(())
        });
    }
    Ok(command)
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
            let cell = variable.cell;
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
                let source = self.cells.get(&item.cell)?.get(range.clone())?;
                Some(text_bundle(&format!("{source}\ndefined in cell [{}]", item.cell)))
            }
        }
    }

    fn interrupter(&self) -> Arc<dyn Interrupt> {
        Arc::clone(&self.interrupter) as Arc<dyn Interrupt>
    }
}

/// Stops what runs now, and nothing when nothing runs.
struct Interrupter {
    channels: ChannelsHandle,
    folder: PathBuf,
    busy: AtomicBool,
    requested: AtomicBool,
    run: AtomicU64,
}

impl Interrupter {
    fn new(channels: ChannelsHandle, folder: PathBuf) -> Self {
        Self {
            channels,
            folder,
            busy: AtomicBool::new(false),
            requested: AtomicBool::new(false),
            run: AtomicU64::new(0),
        }
    }
    fn begin(&self) {
        self.run.fetch_add(1, Ordering::SeqCst);
        self.requested.store(false, Ordering::SeqCst);
        self.busy.store(true, Ordering::SeqCst);
    }
    fn end(&self) {
        self.busy.store(false, Ordering::SeqCst);
    }
    fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }
}

impl Interrupt for Interrupter {
    fn interrupt(&self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        if !self.busy.load(Ordering::SeqCst) {
            return;
        }
        let run = self.run.load(Ordering::SeqCst);
        self.requested.store(true, Ordering::SeqCst);
        self.channels.ask_to_stop();
        let start = Instant::now();
        while self.busy.load(Ordering::SeqCst) && self.run.load(Ordering::SeqCst) == run {
            let cells = self.channels.pid();
            if !self.channels.running() {
                run_folder::end_compilers(cells);
            } else if let Some(pid) = cells.filter(|_| start.elapsed() >= PATIENCE) {
                let pid = nix::unistd::Pid::from_raw(pid);
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    fn terminate(&self) {
        run_folder::end_compilers(None);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
