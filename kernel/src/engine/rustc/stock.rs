//! Commands of the stock kernel: what they do here, or what does it instead.

use super::RustEngine;
use crate::engine::{CellError, Output, Prompt, Sink};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Commands of the stock kernel that change nothing here, and what to know instead; notebooks written
/// for it go on.
const INSTEAD: [(&str, &str); 16] = [
    (":cache", "crates that were built are kept by themselves"),
    (":sccache", "crates that were built are kept by themselves"),
    (":clear_cache", "the cache is the folder that `:last_compile_dir` lies in"),
    (":linker", "set `linker` in .cargo/config.toml"),
    (":allow_static_linking", "crates are always in dynamic libraries"),
    (":preserve_vars_on_panic", "variables always survive a panic"),
    (":types", "`:vars` lists variables with their types"),
    (":fmt", "the last value is shown by `{:?}`; `println!` takes any other format"),
    (":efmt", "an error of `?` is shown by `Display` first, then by `Debug`"),
    (":toolchain", "a rust-toolchain.toml beside the notebook chooses the toolchain"),
    (":codegen_backend", "set `codegen-backend` in a profile of Cargo.toml"),
    (":time_passes", "`:timing` shows how long a cell takes to compile and to run"),
    (":last_error_json", "`:explain` tells more about the last error"),
    (":load_config", "there is no start-up file; a first cell does what it would"),
    (":internal_debug", "`:source` shows the program that a cell becomes"),
    (":quit", "restart or shut down the kernel from the front end"),
];

impl RustEngine {
    /// Runs a command of the stock kernel; `None` when it is none.
    pub(super) fn stock_command(
        &mut self,
        name: &str,
        argument: &str,
        (sink, prompt): (&Sink, &Prompt),
    ) -> Option<Result<(), CellError>> {
        let say = |text: String| sink(Output::Stdout(text));
        let done = match name {
            ":env" => self.set_variable(argument, (sink, prompt)),
            ":build_env" => variable(argument)
                .map(|(name, value)| {
                    self.build_variables.insert(name.clone(), value.clone());
                    self.settings.variables.insert(name, value);
                })
                .ok_or_else(|| self.no_variable(name, argument)),
            ":type" | ":t" => self.tell_type(argument, sink),
            ":restart" => self.restart(),
            ":last_compile_dir" => {
                say(format!("{}\n", self.folder.path().display()));
                Ok(())
            }
            ":explain" if argument.is_empty() => {
                let Some(code) = self.last_error.clone() else {
                    say("no cell has failed with an error code\n".to_owned());
                    return Some(Ok(()));
                };
                self.explain(&code, sink)
            }
            ":opt" => {
                let text = format!("`:opt {argument}`: there is no such level of optimisation");
                Err(self.refuse(&text, "0, 1, 2, 3, s and z are; 0 compiles quickest"))
            }
            name => {
                let (_, instead) = INSTEAD.iter().find(|(known, _)| *known == name)?;
                sink(Output::Stderr(format!("note: `{name}` has no effect here: {instead}\n")));
                Ok(())
            }
        };
        Some(done)
    }

    /// For cells, from now on and in a process that comes after this one.
    fn set_variable(
        &mut self,
        argument: &str,
        (sink, prompt): (&Sink, &Prompt),
    ) -> Result<(), CellError> {
        let Some((name, value)) = variable(argument) else {
            return Err(self.no_variable(":env", argument));
        };
        self.ensure_ready(sink)?;
        self.ensure_process()?;
        self.variables_of_process.insert(name.clone(), value.clone());
        let report = self.ask_process("ENV", &format!("{name}={value}"), (sink, prompt));
        self.outcome(report)
    }

    fn no_variable(&self, name: &str, argument: &str) -> CellError {
        let text = format!("`{name} {argument}` sets no variable");
        self.refuse(&text, &format!("write it as `{name} NAME=value`, in one line"))
    }

    fn tell_type(&self, argument: &str, sink: &Sink) -> Result<(), CellError> {
        if argument.is_empty() {
            sink(Output::Display { bundle: self.variables_table(), id: None });
            return Ok(());
        }
        let Some(variable) = self.variables.get(argument) else {
            let text = format!("`{argument}` is no variable of this session");
            let help = "`:vars` lists them; for an expression, bind it first: `let v = …;`";
            return Err(self.refuse(&text, help));
        };
        sink(Output::Stdout(format!("{argument}: {}\n", variable.ty)));
        Ok(())
    }

    /// Ends the process that runs cells, and starts another: variables go, items stay.
    fn restart(&mut self) -> Result<(), CellError> {
        const PATIENCE: Duration = Duration::from_secs(2);
        let was_there = self.process.is_some();
        self.lose_process();
        let start = Instant::now();
        // The end of the old one must not be taken for the new one's.
        while was_there && self.channels.gone().is_none() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        for reason in self.dropped.values_mut().filter(|reason| reason.contains("was lost when")) {
            *reason = reason
                .replace("was lost when the process that ran cells ended", "went with `:restart`");
        }
        if was_there { self.ensure_process() } else { Ok(()) }
    }

    /// Has the process do something between cells, and waits until what it prints has gone out.
    pub(super) fn ask_process(
        &mut self,
        command: &str,
        argument: &str,
        (sink, prompt): (&Sink, &Prompt),
    ) -> crate::engine::output::Report {
        let Some(process) = &mut self.process else {
            return crate::engine::output::Report::default();
        };
        self.channels.begin(Arc::clone(sink), Arc::clone(prompt));
        if let Err(error) = process.say(command, argument) {
            tracing::warn!(%error, "the process that runs cells does not listen");
        }
        self.channels.finish()
    }
}

/// `NAME=value`.
fn variable(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim();
    let sound = !name.is_empty() && !name.contains(char::is_whitespace) && !text.contains('\0');
    sound.then(|| (name.to_owned(), value.trim().to_owned()))
}
