//! The environment on its way: built beside evcxr's start, adopted when the first cell asks for it.

use super::{EvcxrEngine, PRELUDE, text_bundle};
use crate::engine::{CellError, Output, Sink};
use crate::environment::{self, Environment};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

pub(super) enum Build {
    Line(String),
    Done(Result<Environment, String>),
}

impl EvcxrEngine {
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
    pub(super) fn adopt(&mut self, result: Result<Environment, String>) {
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

    pub(super) fn ensure_ready(&mut self, sink: &Sink) -> Result<(), CellError> {
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
}

/// Builds in a thread of its own, and says how it goes.
pub(super) fn spawn_build(manifest: Option<PathBuf>, sender: Sender<Build>) -> std::io::Result<()> {
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
