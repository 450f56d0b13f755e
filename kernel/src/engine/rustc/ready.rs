//! The environment on its way: built beside the kernel's start, adopted when the first cell asks for it.

use super::{RustEngine, compile, text_bundle};
use crate::engine::{CellError, Output, Sink};
use crate::environment::{self, Environment, Order};
use crate::project;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

pub(super) enum Build {
    Line(String),
    Done(Box<Result<Built, String>>),
}

/// What is built for whom.
pub(super) struct Place {
    /// The notebook's folder.
    pub(super) notebooks: PathBuf,
    /// The manifest that serves it.
    pub(super) manifest: Option<PathBuf>,
}

/// What cells are compiled against.
pub(super) struct Built {
    pub(super) runtime: PathBuf,
    /// Where rustc's own dynamic libraries are.
    pub(super) std_folder: PathBuf,
    pub(super) environment: Result<Environment, String>,
    /// cargo's variables for the notebook's package.
    pub(super) variables: BTreeMap<String, String>,
}

impl RustEngine {
    /// Takes what the build has to say, for at most `patience`; `true` when it is over.
    pub(super) fn poll_environment(
        &mut self,
        patience: Duration,
        say: &mut dyn FnMut(&str),
    ) -> bool {
        let Some(building) = &self.building else { return true };
        let until = Instant::now() + patience;
        loop {
            match building.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Build::Line(line)) => say(&line),
                Ok(Build::Done(result)) => {
                    self.building = None;
                    self.adopt(*result);
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

    fn adopt(&mut self, result: Result<Built, String>) {
        match result {
            Ok(Built { runtime, std_folder, environment, variables }) => {
                for (name, value) in variables {
                    self.settings.variables.entry(name).or_insert(value);
                }
                let environment = environment.unwrap_or_else(|problem| {
                    self.problem = Some(problem);
                    Environment::default()
                });
                self.settings.runtime = runtime;
                self.settings.std_folder = std_folder;
                self.settings.find_libraries(&environment);
                self.environment = Some(environment);
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Begins the build once more: it was interrupted, or what it needs was not there.
    fn build_again(&mut self) {
        let (sender, building) = std::sync::mpsc::channel();
        let folder = self.folder.path().to_owned();
        let (notebooks, manifest) = (self.notebook_folder.clone(), self.manifest.clone());
        match spawn_build(Place { notebooks, manifest }, folder, sender) {
            Ok(()) => self.building = Some(building),
            Err(error) => self.problem = Some(error.to_string()),
        }
    }

    pub(super) fn ensure_ready(&mut self, sink: &Sink) -> Result<(), CellError> {
        const ID: &str = "mlnotes-kernel-progress";
        let built = self.environment.is_some();
        if built && !(self.folder.path().exists() && self.settings.runtime.exists()) {
            // Somebody has cleaned the cache.
            self.environment = None;
            if let Err(error) = self.folder.restore() {
                let place = self.folder.path().display();
                self.problem =
                    Some(format!("{place}: {error}; free space there, or make it writable"));
            }
        }
        if self.building.is_none() && self.environment.is_none() && self.problem.is_none() {
            self.build_again();
        }
        let mut shown = false;
        let start = Instant::now();
        loop {
            let mut last = None;
            let over = self.poll_environment(Duration::from_millis(100), &mut |line| {
                last = Some(line.to_owned());
            });
            if self.interrupter.requested() && (!over || self.problem.is_some()) {
                // Its cargo was ended too: what it says about that is of no interest.
                (self.building, self.environment, self.problem) = (None, None, None);
                return Err(self.interrupted(false));
            }
            if over {
                break;
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
}

/// Builds in a thread of its own, and says how it goes.
pub(super) fn spawn_build(
    place: Place,
    folder: PathBuf,
    sender: Sender<Build>,
) -> std::io::Result<()> {
    std::thread::Builder::new().name("environment".to_owned()).spawn(move || {
        let result = build(place, &folder, &sender);
        let _ = sender.send(Build::Done(Box::new(result)));
    })?;
    Ok(())
}

fn build(
    Place { notebooks, manifest }: Place,
    folder: &Path,
    sender: &Sender<Build>,
) -> Result<Built, String> {
    let doctor = "run `mlnotes-kernel doctor` in a terminal to see what is missing";
    let runtime = std::thread::spawn(runtime);
    let variables = std::thread::spawn(move || project::variables(&notebooks));
    let environment = match manifest {
        None => Ok(Environment::default()),
        Some(manifest) => environment::build(&Order::of(manifest), &mut |line| {
            let _ = sender.send(Build::Line(line.to_owned()));
        })
        .and_then(|built| built.pinned(folder))
        .map_err(|error| error.to_string()),
    };
    let runtime = runtime.join().unwrap_or_else(|_| Err("the build panicked".to_owned()));
    let (runtime, std_folder) = runtime.map_err(|error| format!("{error}\n{doctor}"))?;
    let variables = variables.join().unwrap_or_default();
    Ok(Built { runtime, std_folder, environment, variables })
}

/// The runtime library, from the cache where it can be written and else from the temporary folder,
/// and the folder of rustc's own libraries.
fn runtime() -> Result<(PathBuf, PathBuf), String> {
    let fault = |error: std::io::Error| format!("rustc: {error}");
    let version = environment::rustc_version().map_err(fault)?;
    let std_folder = environment::rust_libraries().map_err(fault)?;
    let cache = dirs::cache_dir().map(|cache| cache.join("mlnotes-kernel").join("runtime"));
    let temporary = std::env::temp_dir().join("mlnotes-kernel-runtime");
    let mut last = String::new();
    for folder in cache.into_iter().chain([temporary]) {
        match compile::runtime(&folder, &version, &std_folder) {
            Ok(library) => return Ok((library, std_folder)),
            Err(error) => last = format!("{}: {error}", folder.display()),
        }
    }
    Err(last)
}
