//! The engine: rustc compiles each cell to a small library, a process of our own runs it.
//!
//! A cell goes through four steps. It is taken apart (`source`), put together with what the session
//! knows (`program`), compiled by one run of rustc while a second, which makes no code, tells the
//! types of its new variables (`compile`), and run by the process that runs cells, whose output
//! arrives by `output` meanwhile.

mod advice;
mod assemble;
mod assistant;
mod asynchronous;
mod commands;
mod compile;
mod dep_line;
mod dependencies;
mod emit;
mod failures;
mod hints;
mod interrupter;
mod item;
mod layers;
mod levels;
mod model;
mod needs;
mod package;
mod places;
mod plan;
mod process;
mod program;
mod ready;
mod rounds;
mod run_folder;
mod stock;
mod words;

use super::errors::{CellText, Cells};
use super::mapped::Mapped;
use super::output::{Channels, Report};
use super::source::Parsed;
use super::types::{self, Variable};
use super::{Assist, Bundle, Cell, CellError, Engine, Interrupt, Output, Prompt, Sink};
use crate::environment::{self, Environment};
use advice::Nameless;
use assemble::Ready;
use assistant::{Assistant, Snapshot};
use compile::Settings;
use dependencies::Added;
use failures::kernel_error;
use interrupter::Interrupter;
use model::Items;
use process::Process;
use program::back;
use ready::Build;
pub use run_folder::RunFolder;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Evaluates cells with rustc.
pub struct RustEngine {
    channels: Channels,
    process: Option<Process>,
    settings: Settings,
    environment: Option<Environment>,
    building: Option<Receiver<Build>>,
    /// Why there is no environment; said once.
    problem: Option<String>,
    manifest: Option<PathBuf>,
    notebook_folder: PathBuf,
    folder: RunFolder,
    /// All cells, by the order in which they came: numbers are not unique.
    cells: Cells,
    /// How many cells have come.
    come: usize,
    /// What was compiled for each cell.
    sources: BTreeMap<usize, Mapped>,
    items: Items,
    /// Attributes of the whole (`#![feature(…)]`), once each.
    attributes: Vec<String>,
    /// The code of the last error, for `:explain`.
    last_error: Option<String>,
    /// What `:env` and `:build_env` have set.
    variables_of_process: BTreeMap<String, String>,
    build_variables: BTreeMap<String, String>,
    /// Macros of crates that were found to stand for values.
    plain_macros: BTreeSet<String>,
    variables: BTreeMap<String, Variable>,
    /// Variables that are not there any more, and why.
    dropped: BTreeMap<String, String>,
    /// Those of them whose types have no names.
    nameless: BTreeMap<String, Nameless>,
    interrupter: Arc<Interrupter>,
    assistant: Arc<Assistant>,
    switches: Switches,
    timing: Timing,
    added: Added,
}

/// What `:` commands turn on and off.
struct Switches {
    timing: bool,
    warnings: bool,
}

/// Where the time of a cell went.
#[derive(Default)]
struct Timing {
    compile: Duration,
    run: Duration,
}

impl RustEngine {
    /// Begins to build the environment for notebooks in `notebook_folder`.
    ///
    /// # Errors
    /// When the system has no descriptors or threads left.
    pub fn start(notebook_folder: &Path, folder: RunFolder) -> Result<Self, CellError> {
        let fault = |error: std::io::Error| kernel_error(&error.to_string());
        let (sender, building) = channel();
        let manifest = environment::find_manifest(notebook_folder);
        let place =
            ready::Place { notebooks: notebook_folder.to_owned(), manifest: manifest.clone() };
        ready::spawn_build(place, folder.path().to_owned(), sender).map_err(fault)?;
        let channels = Channels::open().map_err(fault)?;
        let path = folder.path().to_owned();
        super::files::freeze_in(path.join("files"));
        let interrupter = Arc::new(Interrupter::new(channels.handle(), path.clone()));
        let assistant = Arc::new(Assistant::new(path, interrupter.spared()));
        let settings = Settings {
            folder: folder.path().to_owned(),
            runtime: PathBuf::new(),
            opt_level: "0".to_owned(),
            std_folder: PathBuf::new(),
            library_folders: Vec::new(),
            variables: BTreeMap::new(),
        };
        Ok(Self {
            channels,
            process: None,
            settings,
            environment: None,
            building: Some(building),
            problem: None,
            manifest,
            notebook_folder: notebook_folder.to_owned(),
            folder,
            cells: Cells::new(),
            come: 0,
            sources: BTreeMap::new(),
            items: Items::default(),
            attributes: Vec::new(),
            last_error: None,
            variables_of_process: BTreeMap::new(),
            build_variables: BTreeMap::new(),
            plain_macros: BTreeSet::new(),
            variables: BTreeMap::new(),
            dropped: BTreeMap::new(),
            nameless: BTreeMap::new(),
            interrupter,
            assistant,
            switches: Switches { timing: false, warnings: true },
            timing: Timing::default(),
            added: Added::default(),
        })
    }

    fn run(&mut self, cell: &Cell, sink: &Sink, prompt: &Prompt) -> Result<(), CellError> {
        // Its place among all that came; the front end's numbers are not unique.
        let number = self.come + 1;
        self.come = number;
        let mut parsed = Parsed::new(&cell.code);
        let text = CellText { number: cell.number, text: cell.code.clone() };
        self.cells.insert(number, text);
        self.notice_lost_process();
        self.commands(&parsed.commands, sink, prompt)?;
        if let Some(at) = parsed.too_deep {
            return Err(self.too_deep(number, at));
        }
        if parsed.is_empty(&cell.code) {
            self.keep_attributes(number, &parsed);
            return Ok(());
        }
        self.ensure_ready(sink)?;
        let start = Instant::now();
        let ready = self.compile(number, &mut parsed, sink)?;
        self.tell_changes(&ready, sink);
        self.timing.compile = start.elapsed();
        let start = Instant::now();
        let report = self.evaluate(&ready.library, (sink, prompt))?;
        self.timing.run = start.elapsed();
        // A destructor that panicked after the cell's last line leaves what the cell has bound.
        let dropped = report.dropped && !report.panicked && report.failed.is_none();
        let result = self.outcome(report);
        self.keep(number, &parsed, &ready, result.is_ok() || dropped);
        if self.switches.timing && result.is_ok() {
            let Timing { compile, run } = self.timing;
            let text = format!("compiled in {compile:.2?}, ran in {run:.2?}");
            sink(Output::Display { bundle: text_bundle(&text), id: None });
        }
        result
    }

    /// A process that ended while no cell ran took all variables with it.
    fn notice_lost_process(&mut self) {
        if self.channels.gone().is_some() {
            self.lose_process();
        }
    }

    fn lose_process(&mut self) -> Vec<String> {
        self.process = None;
        self.interrupter.set_commands(None);
        let lost: Vec<String> = std::mem::take(&mut self.variables).into_keys().collect();
        for name in &lost {
            let reason = format!("`{name}` was lost when the process that ran cells ended");
            self.dropped.insert(name.clone(), reason);
        }
        lost
    }

    fn warn(&self, number: usize, warnings: &[super::errors::Diagnostic], sink: &Sink) {
        if !self.switches.warnings {
            return;
        }
        let here =
            |w: &&super::errors::Diagnostic| w.places.iter().any(|p| p.primary && p.cell == number);
        for warning in warnings.iter().filter(here) {
            sink(Output::Stderr(format!("{}\n", warning.render(&self.cells))));
        }
    }

    fn evaluate(
        &mut self,
        library: &Path,
        (sink, prompt): (&Sink, &Prompt),
    ) -> Result<Report, CellError> {
        self.ensure_process()?;
        self.channels.begin(Arc::clone(sink), Arc::clone(prompt));
        let path = library.display().to_string();
        let said = self.process.as_mut().map(|process| process.say("RUN", &path));
        if let Some(Err(error)) = said {
            tracing::warn!(%error, "the process that runs cells does not listen");
        }
        // Whether it runs or has just died: the reader of its channels knows.
        Ok(self.channels.finish())
    }

    fn ensure_process(&mut self) -> Result<(), CellError> {
        if self.process.is_some() {
            return Ok(());
        }
        // As `cargo run` would; but a cargo that a cell starts is not to take another's place.
        let mut variables = self.settings.variables.clone();
        variables.remove("CARGO");
        variables.extend(self.variables_of_process.clone());
        let process = Process::start(
            &self.channels,
            &self.settings.runtime,
            &self.interrupter.spared(),
            &variables,
        )
        .map_err(|error| kernel_error(&format!("no process to run cells: {error}")))?;
        self.interrupter.set_commands(process.commands().ok());
        self.process = Some(process);
        Ok(())
    }

    /// Variables of types that the cell defines anew cannot be used as the new ones.
    fn drop_changed(&mut self, number: usize, parsed: &Parsed, ready: &Ready, well: bool) {
        let cell = self.cells[&number].number;
        let mut gone = Vec::new();
        // What the cell has bound anew is there already.
        let anew = |name: &str| well && parsed.bindings.iter().any(|b| b.name == name);
        for (name, variable) in self.variables.iter().filter(|(name, _)| !anew(name)) {
            if let Some(ty) = ready.plan.stale(&variable.ty) {
                gone.push((name.clone(), changed(name, &ty, cell)));
            } else if assemble::hides(parsed, name) {
                gone.push((name.clone(), format!("`{name}` is an item since cell [{cell}]")));
            }
        }
        for (name, reason) in gone {
            self.forget(&name);
            self.dropped.insert(name, reason);
        }
    }

    fn forget(&mut self, name: &str) {
        self.variables.remove(name);
        if let Some(process) = &mut self.process {
            let _ = process.say("FORGET", name);
        }
    }

    /// What completion and documentation need to know.
    fn snapshot(&self) -> Snapshot {
        let mut snapshot =
            Snapshot { items: self.items.source(&self.cells), ..Snapshot::default() };
        let names = |name: &str, kind| (name.to_owned(), kind);
        snapshot.names.extend(self.variables.keys().map(|name| names(name, "variable")));
        snapshot.names.extend(self.items.names().map(|name| names(name, "item")));
        for (name, variable) in &self.variables {
            let cell = self.cells.get(&variable.cell).map_or(0, |cell| cell.number);
            snapshot.variables.insert(name.clone(), (variable.shown(), cell));
        }
        let Some(environment) = &self.environment else { return snapshot };
        for (name, version) in &environment.direct {
            snapshot.names.push(names(name, "crate"));
            snapshot.versions.insert(name.clone(), version.to_string());
        }
        snapshot.names.extend(environment.added.keys().map(|name| names(name, "crate")));
        // The packages re-export their crates, so that to name one package is to name them all.
        let own = environment.library.iter().cloned().zip(self.manifest.clone());
        for (name, manifest) in own.chain(self.added.package.clone()) {
            let Some(folder) = manifest.parent() else { continue };
            let line = format!(
                ":dep {} = {{ path = \"{}\" }}\n",
                name.replace('_', "-"),
                folder.display()
            );
            snapshot.crates.push_str(&line);
            snapshot.items.insert_str(0, &format!("use {name}::*;\n"));
        }
        snapshot
    }

    fn keep_attributes(&mut self, number: usize, parsed: &Parsed) {
        let text = &self.cells[&number].text;
        for attribute in parsed.attributes.iter().map(|range| &text[range.clone()]) {
            if !self.attributes.iter().any(|known| known == attribute) {
                self.attributes.push(attribute.to_owned());
            }
        }
    }

    /// After a cell ran: its items and variables are there for later cells.
    fn keep(&mut self, number: usize, parsed: &Parsed, ready: &Ready, well: bool) {
        self.drop_changed(number, parsed, ready, well);
        self.items.keep(number, parsed, &ready.plan, &ready.without, &self.cells);
        self.keep_attributes(number, parsed);
        if self.process.is_none() {
            return;
        }
        let cell = self.cells[&number].number;
        for name in &ready.loaded {
            if ready.fates.not_put.contains(&back(name)) {
                self.variables.remove(name);
                let reason = format!("the value of `{name}` was moved away in cell [{cell}]");
                self.dropped.insert(name.clone(), reason);
            }
        }
        if !well {
            return;
        }
        for binding in &parsed.bindings {
            let name = &binding.name;
            if ready.fates.unbound.contains(name) {
                continue;
            }
            self.nameless.remove(name);
            let ty = ready.types.get(name).cloned();
            let reason = match &ty {
                Some(ty) => types::unkeepable(name, ty),
                None => Some(format!("the type of `{name}` is not known; write `let {name}: … =`")),
            };
            let reason = if reason.is_none() && ready.fates.borrowers.contains(name) {
                Some(format!(
                    "`{name}` borrows from another variable, so it cannot be kept for later cells; \
                     own it (`.to_owned()`, `.clone()`), or bind it again where it is used"
                ))
            } else if reason.is_none() && ready.fates.empty.contains(name) {
                Some(format!(
                    "`{name}` got no value in cell [{cell}], where it is declared: give it one there"
                ))
            } else if reason.is_none() && ready.fates.not_put.contains(name) {
                Some(format!("the value of `{name}` was moved away in cell [{cell}]"))
            } else {
                reason
            };
            if let (None, Some(ty)) = (&reason, ty) {
                self.dropped.remove(name);
                let mutable = binding.mutable;
                let loose = ready.loose.contains(name);
                let variable = Variable { ty, mutable, cell: number, loose };
                self.variables.insert(name.clone(), variable);
            } else {
                self.forget(name);
                self.dropped.insert(name.clone(), reason.unwrap_or_default());
                if let Some(nameless) = ready.nameless.get(name) {
                    self.nameless.insert(name.clone(), nameless.clone());
                }
            }
        }
    }
}

/// Why a variable is gone whose type has another meaning now.
fn changed(name: &str, ty: &str, cell: u32) -> String {
    format!(
        "`{name}` was of the type `{ty}` before cell [{cell}] changed it; run the cell that makes it \
         again"
    )
}

fn text_bundle(text: &str) -> Bundle {
    let mut bundle = Bundle::default();
    bundle.data.insert("text/plain".to_owned(), Value::String(text.to_owned()));
    bundle
}

impl Engine for RustEngine {
    fn warm_up(&mut self) -> bool {
        let over = self.poll_environment(Duration::from_millis(20), &mut |_| {});
        if over && self.problem.is_none() {
            let _ = self.ensure_process();
            self.assistant.know(self.snapshot());
        }
        over
    }

    fn execute(&mut self, cell: &Cell, sink: Sink, prompt: Prompt) -> Result<(), CellError> {
        self.interrupter.begin();
        self.timing = Timing::default();
        let result = self.run(cell, &sink, &prompt);
        let code = |error: &CellError| {
            let (code, _) = error.evalue.strip_prefix("error[")?.split_once(']')?;
            Some(code.to_owned())
        };
        self.last_error = result.as_ref().err().and_then(code).or(self.last_error.take());
        self.interrupter.end();
        self.assistant.know(self.snapshot());
        result
    }

    fn metadata(&self) -> Map<String, Value> {
        let mut metadata = Map::new();
        let seconds = |duration: Duration| json!((duration.as_secs_f64() * 1e4).round() / 1e4);
        metadata.insert("compile_seconds".to_owned(), seconds(self.timing.compile));
        metadata.insert("run_seconds".to_owned(), seconds(self.timing.run));
        metadata
    }

    fn variables(&self) -> Value {
        let variable = |(name, variable): (&String, &Variable)| {
            let cell = self.cells.get(&variable.cell).map_or(0, |cell| cell.number);
            json!({ "name": name, "type": variable.shown(), "cell": cell, "mutable": variable.mutable })
        };
        Value::Array(self.variables.iter().map(variable).collect())
    }

    fn assistant(&self) -> Arc<dyn Assist> {
        Arc::clone(&self.assistant) as Arc<dyn Assist>
    }

    fn interrupter(&self) -> Arc<dyn Interrupt> {
        Arc::clone(&self.interrupter) as Arc<dyn Interrupt>
    }
}
