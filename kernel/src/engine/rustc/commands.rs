//! Lines that begin with `:` or `!`.

use super::{RustEngine, text_bundle};
use crate::engine::errors;
use crate::engine::{Assist, Bundle, CellError, Output, Prompt, Sink};
use crate::toolchain;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Name, argument, meaning: what `:help` lists, and what `:` completes.
pub(super) const COMMANDS: [(&str, &str, &str); 19] = [
    (":help", "", "this list"),
    (":vars", "", "the variables, with their types and the cells that bind them"),
    (":forget", "name …", "drops variables"),
    (":clear", "", "drops all variables, functions and imports; keeps the crates"),
    (":dep", "name = \"version\"", "adds a crate, written as in Cargo.toml"),
    (":deps", "", "the crates that cells see"),
    (":opt", "0|1|2|3", "optimisation of cells (0 compiles quickest); crates are always optimised"),
    (":timing", "", "shows after each cell how long it took to compile and to run; again: stops"),
    (":warnings", "", "stops or starts to show the compiler's warnings"),
    (":doc", "name", "documentation, in the front end's pager"),
    (":type", "name", "the type of a variable"),
    (
        ":explain",
        "E0382",
        "what the compiler says about an error code; without one, the last error's",
    ),
    (":env", "NAME=value", "sets an environment variable of cells"),
    (":build_env", "NAME=value", "sets one for the compiler and for build scripts"),
    (":restart", "", "ends the process of cells: variables go, functions and imports stay"),
    (":last_compile_dir", "", "the folder that cells are compiled in"),
    (":offline", "0|1", "whether `:dep` may use the network"),
    (":source", "", "the program that the last cell was compiled as"),
    ("!", "command", "runs a line in the shell"),
];

impl RustEngine {
    /// The lines before a cell's code, in order; crates that are asked for together are built together.
    pub(super) fn commands(
        &mut self,
        lines: &[String],
        sink: &Sink,
        prompt: &Prompt,
    ) -> Result<(), CellError> {
        let dependency = |line: &str| {
            let rest = line.strip_prefix(":dep")?;
            (rest.is_empty() || rest.starts_with(char::is_whitespace))
                .then(|| rest.trim().to_owned())
        };
        for group in lines.chunk_by(|a, b| dependency(a).is_some() && dependency(b).is_some()) {
            let crates: Vec<String> = group.iter().filter_map(|line| dependency(line)).collect();
            if crates.is_empty() {
                self.command(&group[0], sink, prompt)?;
            } else {
                let crates: Vec<&str> = crates.iter().map(String::as_str).collect();
                self.add_dependencies(&crates, sink)?;
            }
        }
        Ok(())
    }

    /// A line that begins with `:` or `!`.
    pub(super) fn command(
        &mut self,
        line: &str,
        sink: &Sink,
        prompt: &Prompt,
    ) -> Result<(), CellError> {
        if let Some(command) = line.strip_prefix('!') {
            return self.shell(command, sink);
        }
        let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim();
        let say = |text: &str| sink(Output::Stdout(text.to_owned()));
        match name {
            ":help" => sink(Output::Display { bundle: help(), id: None }),
            ":vars" => sink(Output::Display { bundle: self.variables_table(), id: None }),
            ":forget" => {
                let names: Vec<String> = argument.split_whitespace().map(str::to_owned).collect();
                for name in &names {
                    self.dropped.insert(name.clone(), format!("`:forget` dropped `{name}`"));
                }
                return self.let_go(&names, (sink, prompt));
            }
            ":clear" => {
                let names: Vec<String> = self.variables.keys().cloned().collect();
                self.items.clear();
                self.attributes.clear();
                self.dropped.clear();
                self.nameless.clear();
                return self.let_go(&names, (sink, prompt));
            }
            ":deps" | ":show_deps" => {
                self.ensure_ready(sink)?;
                say(&self.dependency_list());
            }
            ":opt" if matches!(argument, "0" | "1" | "2" | "3" | "s" | "z") => {
                argument.clone_into(&mut self.settings.opt_level);
            }
            ":opt" if argument.is_empty() => say(&format!("{}\n", self.settings.opt_level)),
            ":timing" => self.switches.timing = !self.switches.timing,
            ":warnings" => self.switches.warnings = !self.switches.warnings,
            ":offline" if matches!(argument, "0" | "1") => self.added.offline = argument == "1",
            ":explain" if !argument.is_empty() => return self.explain(argument, sink),
            ":doc" if !argument.is_empty() => {
                self.ensure_ready(sink)?;
                let Some(bundle) = self.assistant.inspect(argument, argument.len()) else {
                    let help = "name a variable, an item of a cell, or a path such as `Vec::push`; \
                                the first question waits for rust-analyzer, so ask again";
                    return Err(self.refuse(&format!("no documentation of `{argument}`"), help));
                };
                sink(Output::Page(bundle));
            }
            ":source" => {
                let last = self.sources.last_key_value();
                say(last.map_or("no cell has been compiled\n", |(_, source)| &source.text));
            }
            ":version" => say(concat!("mlnotes-kernel ", env!("CARGO_PKG_VERSION"), "\n")),
            name => {
                if let Some(done) = self.stock_command(name, argument, (sink, prompt)) {
                    return done;
                }
                let text = format!("`{line}` is no command of this kernel");
                return Err(self.refuse(&text, "`:help` lists what there is"));
            }
        }
        Ok(())
    }

    /// Drops variables; what their destructors print belongs to this cell.
    fn let_go(&mut self, names: &[String], to: (&Sink, &Prompt)) -> Result<(), CellError> {
        for name in names {
            self.variables.remove(name);
        }
        let report = self.ask_process("DROP", &names.join(","), to);
        self.outcome(report)
    }

    pub(super) fn refuse(&self, text: &str, help: &str) -> CellError {
        errors::at_place("Error", text, None, &[help], &self.cells)
    }

    pub(super) fn explain(&self, code: &str, sink: &Sink) -> Result<(), CellError> {
        let output = toolchain::rustc().args(["--explain", code]).output();
        let output = output.map_err(|error| self.compiler_fault(&error))?;
        if !output.status.success() {
            let text = format!("`{code}` is no error code of rustc");
            return Err(self.refuse(&text, "write it as the compiler shows it: `:explain E0382`"));
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut bundle = text_bundle(&text);
        bundle.data.insert("text/markdown".to_owned(), Value::String(text));
        sink(Output::Display { bundle, id: None });
        Ok(())
    }

    /// A shell line: its output streams, an interrupt ends it.
    fn shell(&self, command: &str, sink: &Sink) -> Result<(), CellError> {
        let child = Command::new("sh")
            .args(["-c", command])
            .current_dir(&self.notebook_folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| {
            self.refuse(&format!("the shell could not be started: {error}"), "is `sh` on PATH?")
        })?;
        let errors = child.stderr.take().map(|pipe| {
            let sink = Arc::clone(sink);
            std::thread::spawn(move || stream(pipe, &|text| sink(Output::Stderr(text))))
        });
        if let Some(pipe) = child.stdout.take() {
            stream(pipe, &|text| sink(Output::Stdout(text)));
        }
        let status = child.wait();
        if let Some(errors) = errors {
            let _ = errors.join();
        }
        if self.interrupter.requested() {
            return Err(self.interrupted(false));
        }
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => {
                let text = format!("`{command}` failed ({status})");
                let mut notes = vec!["its words are above".to_owned()];
                // What `sh` says of a command that is none: an error in the line, no program, no such program.
                let none = matches!(status.code(), Some(2 | 126 | 127));
                let code = command.trim_end_matches(';');
                if none && syn::parse_str::<syn::Expr>(code).is_ok() {
                    notes.push(format!(
                        "a line that begins with `!` goes to the shell; in Rust, write `(!{code})`"
                    ));
                }
                let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
                Err(errors::at_place("Error", &text, None, &notes, &self.cells))
            }
            Err(error) => Err(self.refuse(&error.to_string(), "run the cell again")),
        }
    }

    fn dependency_list(&self) -> String {
        let Some(environment) = &self.environment else { return String::new() };
        let direct = environment.direct.iter().map(|(name, version)| format!("{name} {version}\n"));
        let added = environment.added.keys().map(|name| format!("{name} (by `:dep`)\n"));
        direct.chain(added).collect()
    }

    pub(super) fn variables_table(&self) -> Bundle {
        if self.variables.is_empty() {
            return text_bundle("no variables");
        }
        let rows: Vec<[String; 3]> = self
            .variables
            .iter()
            .map(|(name, variable)| {
                let cell = self.cells.get(&variable.cell).map_or(0, |cell| cell.number);
                let mutability = if variable.mutable { "mut " } else { "" };
                [format!("{mutability}{name}"), variable.shown(), format!("[{cell}]")]
            })
            .collect();
        table(["variable", "type", "cell"], &rows)
    }
}

/// Passes lines on as they come.
fn stream(pipe: impl std::io::Read, say: &dyn Fn(String)) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while pipe.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        say(String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
}

fn help() -> Bundle {
    let rows: Vec<[String; 3]> = COMMANDS
        .iter()
        .map(|(name, argument, meaning)| {
            [(*name).to_owned(), (*argument).to_owned(), (*meaning).to_owned()]
        })
        .collect();
    table(["line", "argument", "meaning"], &rows)
}

/// A table as text and as HTML.
fn table(head: [&str; 3], rows: &[[String; 3]]) -> Bundle {
    let width = |i: usize| {
        rows.iter().map(|row| row[i].chars().count()).chain([head[i].len()]).max().unwrap_or(0)
    };
    let line = |cells: [&str; 3]| {
        let padded =
            format!("{:<a$}  {:<b$}  {}", cells[0], cells[1], cells[2], a = width(0), b = width(1));
        padded.trim_end().to_owned() + "\n"
    };
    let mut text = line(head);
    let mut html = "<table><tr>".to_owned();
    html.extend(head.iter().map(|name| format!("<th style=\"text-align:left\">{name}</th>")));
    html.push_str("</tr>");
    for row in rows {
        let [a, b, c] = row;
        text.push_str(&line([a, b, c]));
        html.push_str("<tr>");
        html.extend(row.iter().map(|cell| {
            let cell = cell.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            format!("<td style=\"text-align:left\"><code>{cell}</code></td>")
        }));
        html.push_str("</tr>");
    }
    html.push_str("</table>");
    let mut bundle = text_bundle(text.trim_end());
    bundle.data.insert("text/html".to_owned(), Value::String(html));
    bundle
}
