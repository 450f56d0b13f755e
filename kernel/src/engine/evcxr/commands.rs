//! Lines that begin with `:` or `!`: most are evcxr's, some are answered here.

use super::EvcxrEngine;
use crate::engine::errors;
use crate::engine::{Bundle, CellError, Output, Prompt, Sink};
use evcxr::Error as EvcxrError;
use serde_json::Value;
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

    pub(super) fn variables_table(&self) -> String {
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
    pub(super) fn has_dependency(&self, dependency: &str) -> Result<bool, CellError> {
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
