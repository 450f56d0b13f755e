//! The compiler's answers: the types of a cell's new variables and the cell's own errors, both from
//! one run of rustc that makes no code (0.1 s).
//!
//! The cell is put into a function whose arguments are the session's variables. After it stands
//! `let _: Of<Wanted> = Of(name);` for each new variable, in two steps; rustc answers "expected
//! `Of<Wanted>`, found `Of<…>`". All other errors are the user's, at bytes that the user wrote.

use super::errors::{Diagnostic, Place};
use super::source::{Mapped, Parsed};
use crate::environment::Environment;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a run of the compiler over a cell says.
#[derive(Debug, Default)]
pub struct Answer {
    /// Types of the asked variables; missing where the compiler did not get that far.
    pub types: BTreeMap<String, String>,
    /// The user's errors, in order.
    pub errors: Vec<Diagnostic>,
}

/// A variable of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its type, whole.
    pub ty: String,
    /// Whether it is `mut`.
    pub mutable: bool,
    /// The cell that bound it last.
    pub cell: usize,
}

/// What the compiler is asked.
pub struct Question<'a> {
    /// Number and text of the cell.
    pub cell: (usize, &'a str),
    /// The cell, taken apart.
    pub parsed: &'a Parsed,
    /// Items of earlier cells that live on.
    pub items: &'a [Kept<'a>],
    /// Variables of earlier cells.
    pub variables: &'a BTreeMap<String, Variable>,
    /// Names whose types are wanted.
    pub wanted: &'a [String],
    /// Whether to name types of crates that the manifest does not name, too.
    pub all_crates: bool,
}

/// An item of an earlier cell.
pub enum Kept<'a> {
    /// As it stands in the cell: number, text, bytes.
    Copied(usize, &'a str, std::ops::Range<usize>),
    /// One name of a `use`.
    Own(&'a str),
}

const HEAD: &str = "#![allow(warnings)]\nstruct MlnotesWanted;\n\
    struct MlnotesOf<T>(T);\n\
    struct MlnotesFailure;\n\
    impl<T: std::fmt::Debug> From<T> for MlnotesFailure { fn from(_: T) -> Self { Self } }\n\
    mod mlnotes_show { pub trait Show { fn evcxr_display(&self); }\n\
    impl<T: std::fmt::Debug + ?Sized> Show for T { fn evcxr_display(&self) {} } }\n\
    use mlnotes_show::Show as _;\n";

/// The generated source for a question.
fn program(question: &Question<'_>, environment: &Environment) -> Mapped {
    let (number, text) = question.cell;
    let parsed = question.parsed;
    let mut out = Mapped::default();
    out.push(HEAD);
    // rustc writes a type by a path that can be named only for crates that the source mentions. To
    // mention all hundred costs 0.1 s, so the rest is mentioned only when a path turned out private.
    out.push("mod mlnotes_crates {\n");
    for name in environment.externs.keys() {
        if question.all_crates || environment.direct.contains_key(name) {
            out.push(&format!("extern crate {name};\n"));
        }
    }
    out.push("}\n");
    for item in question.items {
        match item {
            Kept::Copied(cell, source, range) => out.copy(*cell, source, range.clone()),
            Kept::Own(text) => out.push(text),
        }
        out.push("\n");
    }
    for item in &parsed.items {
        out.copy(number, text, item.range.clone());
        out.push("\n");
    }
    out.push(if parsed.asynchronous { "async " } else { "" });
    out.push("fn mlnotes_cell(");
    for (name, variable) in question.variables {
        let mutability = if variable.mutable { "mut " } else { "" };
        out.push(&format!("{mutability}{name}: {}, ", variable.ty));
    }
    out.push(") -> std::result::Result<(), MlnotesFailure> {\n");
    let mut done = parsed.start;
    for item in &parsed.items {
        out.copy(number, text, done..item.range.start);
        done = item.range.end;
    }
    if let Some(tail) = &parsed.tail {
        out.copy(number, text, done..tail.start);
        out.push("\nmatch &(");
        out.copy(number, text, tail.clone());
        out.push("\n) { mlnotes_value => mlnotes_value.evcxr_display() }");
        done = tail.end;
    }
    out.copy(number, text, done..text.len());
    out.push("\n;\n");
    for name in question.wanted {
        out.push(&format!("let mlnotes_of = MlnotesOf({name});\n{WANTED}{name}\n"));
    }
    out.push("Ok(())\n}\n");
    out
}

const WANTED: &str = "let _: MlnotesOf<MlnotesWanted> = mlnotes_of; // ";

/// Asks rustc.
///
/// # Errors
/// When rustc cannot be started, or was killed.
pub fn ask(
    question: &Question<'_>,
    environment: &Environment,
    folder: &Path,
) -> std::io::Result<Answer> {
    let program = program(question, environment);
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut child = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=lib", "--crate-name=cell", "--error-format=json"])
        .args(["--emit=metadata=cell.rmeta", "-Ztrim-diagnostic-paths=no"])
        .args(["-Zwrite-long-types-to-disk=no", "--diagnostic-width=100000", "-"])
        .args(environment.all_rustc_arguments())
        // For these two `-Z` flags, in this run that makes no code, and nowhere else.
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(program.text.as_bytes());
    }
    let output = child.wait_with_output()?;
    if output.status.code().is_none() {
        return Err(std::io::Error::other(format!("the compiler was killed ({})", output.status)));
    }
    let mut answer = Answer::default();
    let words = String::from_utf8_lossy(&output.stderr);
    for line in words.lines() {
        let Ok(json) = serde_json::from_str::<Value>(line) else { continue };
        read(&json, &program, &mut answer);
    }
    if !output.status.success() && answer.errors.is_empty() && answer.types.is_empty() {
        tracing::debug!(words = %words, "rustc failed without an error in the cell");
    }
    Ok(answer)
}

fn read(json: &Value, program: &Mapped, answer: &mut Answer) {
    if json["level"] != "error" {
        return;
    }
    if let Some((name, ty)) = wanted_type(json, &program.text) {
        if let Some(ty) = ty {
            answer.types.insert(name, ty);
        }
        return;
    }
    let mut diagnostic = Diagnostic::from_rustc(json, program);
    if diagnostic.places.is_empty() && json["spans"].as_array().is_none_or(Vec::is_empty) {
        // "aborting due to 2 previous errors"
        return;
    }
    if diagnostic.message.contains("evcxr_display") {
        "the value of the last expression cannot be shown: its type has no `Debug`"
            .clone_into(&mut diagnostic.message);
        diagnostic.code = None;
        diagnostic.places.retain(|place| place.primary);
        for place in &mut diagnostic.places {
            place.label.clear();
        }
        let help = "end the cell with `;`, or derive `Debug` for the type".to_owned();
        diagnostic.notes = vec![("help".to_owned(), help)];
    }
    if diagnostic.places.is_empty() {
        // What rustc missed after the cell's end, or found in our own words around it.
        diagnostic.places.extend(nearest(json, program));
    }
    diagnostic.notes.retain(|(_, note)| !note.contains("Mlnotes") && !note.contains("mlnotes_"));
    for place in &mut diagnostic.places {
        if place.label.contains("Mlnotes") {
            place.label.clear();
        }
    }
    answer.errors.push(diagnostic);
}

/// The last byte of the user's before a message about our own text.
fn nearest(json: &Value, program: &Mapped) -> Option<Place> {
    let start = usize::try_from(json["spans"][0]["byte_start"].as_u64()?).ok()?;
    let (cell, at) = program.origin_or_before(start)?;
    Some(Place { cell, range: at..at + 1, label: String::new(), primary: true })
}

/// The variable that one of our own lines asks about, and its type.
fn wanted_type(json: &Value, program: &str) -> Option<(String, Option<String>)> {
    let span = json["spans"].as_array()?.iter().find(|span| span["is_primary"] == true)?;
    let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
    let line_start = program.get(..start)?.rfind('\n').map_or(0, |n| n + 1);
    let line = program[line_start..].lines().next()?;
    let Some(name) = line.strip_prefix(WANTED) else {
        // A variable whose type is not known at all is the user's error at its own line too.
        return line.starts_with("let mlnotes_of = ").then(|| (String::new(), None));
    };
    let ty = json["children"].as_array().into_iter().flatten().find_map(|child| {
        let (_, found) = child["message"].as_str()?.split_once("found struct `MlnotesOf<")?;
        found.rsplit_once(">`").map(|(ty, _)| writable(ty))
    });
    Some((name.to_owned(), ty))
}

/// A type as it can be written in source.
fn writable(ty: &str) -> String {
    let mut ty = ty
        .replace("{integer}", "i32")
        .replace("{float}", "f64")
        .replace("'{erased} ", "")
        .replace("mlnotes_crates::", "");
    // `fn(i32) -> i32 {double}`: the function's own type coerces to the pointer.
    if let Some(at) = ty.find(" {")
        && (ty.starts_with("fn(") || ty.starts_with("unsafe fn(") || ty.starts_with("extern "))
    {
        ty.truncate(at);
    }
    ty.strip_prefix("cell::").map(str::to_owned).unwrap_or(ty)
}

/// Why a type cannot be kept between cells, with the line to write instead.
pub fn unkeepable(name: &str, ty: &str) -> Option<String> {
    let advice = if ty.contains("{closure@") || ty.contains("{async") {
        format!(
            "`{name}` is a closure, whose type has no name, so it cannot be kept for later cells; \
             write `let {name}: Box<dyn Fn(f64) -> f64> = Box::new(…);` with its own argument and \
             result types, make it a `fn`, or put the cell's code between braces"
        )
    } else if ty.contains("impl ") || ty.contains("{opaque") {
        format!(
            "`{name}` has the type `{ty}`, which has no name, so it cannot be kept for later cells; \
             collect it (`let {name}: Vec<_> = ….collect();`), box it, or put the cell's code \
             between braces"
        )
    } else if ty.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "_") {
        format!("the type of `{name}` is not known; write `let {name}: … =`")
    } else {
        return None;
    };
    Some(advice)
}
