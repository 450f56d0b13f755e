//! Before a cell goes to evcxr: what rustc says about it, and what is written into it.

use super::{EvcxrEngine, KeptText};
use crate::engine::CellError;
use crate::engine::errors;
use crate::engine::source::{Edits, Mapped, Parsed};
use crate::engine::types::{self, Answer, Kept, Question};
use crate::environment::Environment;
use std::collections::BTreeSet;

impl EvcxrEngine {
    pub(super) fn ask(
        &mut self,
        number: usize,
        parsed: &Parsed,
        all_crates: bool,
    ) -> Result<Answer, CellError> {
        let text = &self.cells[&number].text;
        let mut new: BTreeSet<&str> = parsed.items.iter().map(|item| item.name.as_str()).collect();
        new.extend(parsed.items.iter().flat_map(|item| &item.uses).map(|(name, _)| name.as_str()));
        let items: Vec<Kept<'_>> = self
            .items
            .iter()
            .filter(|item| !new.contains(item.name.as_str()))
            .map(|item| match &item.text {
                KeptText::Range(range) => {
                    Kept::Copied(item.cell, &self.cells[&item.cell].text, range.clone())
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
    pub(super) fn rewrite(
        &mut self,
        number: usize,
        parsed: &Parsed,
        answer: &Answer,
        drop: bool,
    ) -> Mapped {
        let text = &self.cells[&number].text;
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
}
