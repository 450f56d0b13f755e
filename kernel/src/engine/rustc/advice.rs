//! What to write instead of a binding that cannot be kept. A line is advised when it has been compiled in
//! the place of the reader's own, and found to keep.

use super::RustEngine;
use super::compile;
use crate::engine::types;
use std::fmt::Write;
use std::sync::Arc;

/// A binding of a type without a name, and the program that told so.
#[derive(Debug, Clone)]
pub(super) struct Nameless {
    /// The type, as rustc names it.
    ty: String,
    /// The program in which rustc was asked for it.
    program: Arc<str>,
    /// The reader's statement, and what it binds the name to.
    statement: String,
    value: String,
}

impl Nameless {
    /// `None` for a binding that is a part of a pattern.
    pub(super) fn new(ty: &str, program: &Arc<str>, statement: &str, value: &str) -> Self {
        let (statement, value) = (statement.to_owned(), value.to_owned());
        Self { ty: ty.to_owned(), program: Arc::clone(program), statement, value }
    }
}

impl RustEngine {
    /// Why a variable is not there, with a line that keeps it where there is one.
    pub(super) fn advise(&self, name: &str) -> Option<String> {
        let nameless = self.nameless.get(name)?;
        let ty = types::shown(&nameless.ty);
        let what = if nameless.ty.starts_with("{closure") {
            format!("`{name}` is a closure, whose type has no name")
        } else {
            format!("`{name}` has the type `{ty}`, which has no name")
        };
        let line = self.kept_instead(name, nameless);
        let advice = line.map_or_else(
            || "use it in the cell that makes it, between braces".to_owned(),
            |line| format!("write `{line}`"),
        );
        Some(format!("{what}, so it cannot be kept for later cells: {advice}"))
    }

    /// The first line that rustc accepts in the place of the reader's.
    fn kept_instead(&self, name: &str, nameless: &Nameless) -> Option<String> {
        let value = &nameless.value;
        let mut lines = Vec::new();
        if nameless.ty.starts_with("{closure")
            && let Some(signature) = self.signature(name, &nameless.program)
        {
            for kind in ["Fn", "FnMut"] {
                let moved = format!("move {value}");
                let values =
                    [value, &moved].into_iter().take(if value.starts_with('|') { 2 } else { 1 });
                lines.extend(values.map(|value| {
                    let mutable = if kind == "FnMut" { "mut " } else { "" };
                    format!("let {mutable}{name}: Box<dyn {kind}{signature}> = Box::new({value});")
                }));
            }
        } else {
            lines.push(format!("let {name}: Vec<_> = {value}.collect();"));
            lines.push(format!("let {name}: Vec<_> = ({value}).collect();"));
        }
        lines.into_iter().find(|line| {
            let program = nameless.program.replacen(&nameless.statement, line, 1);
            program != *nameless.program && self.compiles(name, &program)
        })
    }

    /// Arguments and result of a closure, as `(f64) -> f64`.
    fn signature(&self, name: &str, program: &str) -> Option<String> {
        let asked = format!("MlnotesOf({name});");
        let program = program.replacen(&asked, &format!("crate::mlnotes_signature(&{name});"), 1);
        let program = format!(
            "#![feature(unboxed_closures, fn_traits, tuple_trait)]\n{program}\n\
             fn mlnotes_signature<A: ::std::marker::Tuple, F: ::std::ops::FnOnce<A>>(_: &F) \
             -> MlnotesOf<(A, F::Output)> {{ loop {{}} }}\n"
        );
        let environment = self.environment.as_ref()?;
        let types = compile::ask(&program, environment, &self.settings).ok()?;
        let whole = self.writable(types.get(name)?);
        let whole = types::shown(&whole);
        let inside = whole.strip_prefix("((")?;
        let end = closing(inside)?;
        let (arguments, rest) = inside.split_at(end);
        let result = rest.strip_prefix("), ")?.strip_suffix(')')?;
        let arguments = arguments.strip_suffix(',').unwrap_or(arguments);
        Some(match result {
            "()" => format!("({arguments})"),
            result => format!("({arguments}) -> {result}"),
        })
    }

    /// Whether a program binds a name to what can be kept.
    fn compiles(&self, name: &str, program: &str) -> bool {
        let Some(environment) = &self.environment else { return false };
        let mut lines = String::new();
        for line in program.lines() {
            if line == format!("let mlnotes_of = MlnotesOf({name});") {
                lines.push_str("fn mlnotes_keeps<T: 'static>(_: T) {}\n");
                let _ = writeln!(lines, "mlnotes_keeps({name});");
            } else if !line.contains("MlnotesOf(") && !line.contains("MlnotesOf<MlnotesWanted>") {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        compile::accepts(&lines, environment, &self.settings).unwrap_or(false)
    }
}

/// Where the parenthesis that is open at the beginning of a text ends.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '<' => depth += 1,
            ')' if depth == 0 => return Some(at),
            // An arrow closes nothing.
            '>' if text[..at].ends_with('-') => {}
            ')' | ']' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}
