//! Lines that begin with `:` or `!`: most are evcxr's, some are answered here.

use super::EvcxrEngine;
use crate::engine::errors;
use crate::engine::{Bundle, CellError, Output, Prompt, Sink};
use evcxr::Error as EvcxrError;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl EvcxrEngine {
    /// A line that begins with `:` or `!`.
    pub(super) fn command(
        &mut self,
        line: &str,
        sink: &Sink,
        prompt: &Prompt,
    ) -> Result<(), CellError> {
        if let Some(dependency) = line.strip_prefix(":dep ") {
            self.ensure_ready(sink)?;
            if self.has_dependency(dependency)? {
                return Ok(());
            }
            self.make_room(dependency);
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
                if let Some(dependency) = line.strip_prefix(":dep ") {
                    self.find_added(dependency);
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

    /// A crate that came along as a dependency's dependency gives way to the one that is asked for.
    fn make_room(&mut self, dependency: &str) {
        let name = crate_name(dependency);
        let Some(environment) = &mut self.environment else { return };
        if environment.externs.remove(&name).is_some() {
            let flags = environment.rustc_arguments().join("\u{1f}");
            let settled =
                self.context.execute(&format!(":build_env CARGO_ENCODED_RUSTFLAGS={flags}"));
            if let Err(error) = settled {
                tracing::warn!(%error, name, "the compiler's flags could not be changed");
            }
        }
    }

    /// Finds what evcxr's cargo has built for a `:dep`, so that types can be asked for.
    fn find_added(&mut self, dependency: &str) {
        let name = crate_name(dependency);
        let beginning = format!("lib{name}-");
        let newest = files_below(&self.folder.path().join("crate").join("target"))
            .into_iter()
            .filter(|path| {
                let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
                let kind = path.extension().and_then(|kind| kind.to_str());
                file.starts_with(&beginning) && matches!(kind, Some("rlib" | "so" | "dylib"))
            })
            .max_by_key(|path| path.metadata().and_then(|file| file.modified()).ok());
        if let (Some(file), Some(environment)) = (newest, &mut self.environment) {
            environment.added.insert(name, file);
        }
    }

    fn variables_table(&self) -> String {
        let mut out = Vec::new();
        for (name, variable) in &self.variables {
            let cell = self.cells.get(&variable.cell).map_or(0, |cell| cell.number);
            out.push(format!("{name}: {}  (cell [{cell}])\n", variable.ty));
        }
        if out.is_empty() {
            out.push("no variables\n".to_owned());
        }
        out.concat()
    }

    /// Whether a `:dep` names a crate that the environment has, in a version that it has.
    fn has_dependency(&self, dependency: &str) -> Result<bool, CellError> {
        let Some(environment) = &self.environment else { return Ok(false) };
        let rest = dependency.split_once('=').map_or("", |(_, rest)| rest.trim());
        let name = crate_name(dependency);
        let Some(have) = environment.direct.get(&name) else { return Ok(false) };
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

/// The crate of `name = "1"`, as code names it.
fn crate_name(dependency: &str) -> String {
    dependency.split('=').next().unwrap_or_default().trim().replace('-', "_")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}
