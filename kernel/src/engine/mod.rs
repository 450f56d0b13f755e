//! What the session needs from whatever evaluates cells.

pub mod echo;
mod errors;
mod facts;
mod files;
mod holes;
mod mapped;
mod output;
mod rustc;
mod source;
mod statics;
mod types;
pub mod wire;

pub use rustc::{RunFolder, RustEngine};

use serde_json::{Map, Value};
use std::sync::Arc;

/// A cell to run.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The user's text, untouched.
    pub code: String,
    /// The number the front end shows, from 1; panics and traces name it (`cell [7]:3:5`).
    pub number: u32,
}

/// A rich value: content by MIME type, as `display_data` carries it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bundle {
    /// MIME type to content; JSON types hold JSON, all others a string.
    pub data: Map<String, Value>,
    /// MIME metadata.
    pub metadata: Map<String, Value>,
}

/// Something a running cell shows, in the order in which the cell made it.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Text on standard output.
    Stdout(String),
    /// Text on standard error.
    Stderr(String),
    /// A display; with an id it can be updated later.
    Display {
        /// What to show.
        bundle: Bundle,
        /// `display_id`, for later updates.
        id: Option<String>,
    },
    /// New content for an earlier display.
    Update {
        /// What to show.
        bundle: Bundle,
        /// The `display_id` it replaces.
        id: String,
    },
    /// The value of the cell's last expression.
    Result(Bundle),
    /// A page for the front end's pager.
    Page(Bundle),
    /// Clear what the cell has shown so far; with `wait`, when the next output comes.
    Clear {
        /// Wait for the next output.
        wait: bool,
    },
}

/// Where a cell's outputs go; ordered, callable from any thread.
pub type Sink = Arc<dyn Fn(Output) + Send + Sync>;

/// How deep the brackets of a cell may nest.
pub const MAX_DEPTH: usize = 1000;

/// Asks the front end for a line; `None` when it cannot or will not answer.
pub type Prompt = Arc<dyn Fn(&str, bool) -> Option<String> + Send + Sync>;

/// Why a cell failed, as the `error` message carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError {
    /// `CompileError`, `Panic`, `Error`, `Interrupted` or `Crashed`; `KernelError` for our own faults.
    pub ename: String,
    /// One line.
    pub evalue: String,
    /// Lines for the reader, ANSI colours allowed, the message included.
    pub traceback: Vec<String>,
}

/// What Tab offers.
#[derive(Debug, Clone, Default)]
pub struct Completions {
    /// The texts to insert, with the kind where known.
    pub matches: Vec<(String, Option<String>)>,
    /// Start of the replaced text, in bytes.
    pub start: usize,
    /// End of the replaced text, in bytes.
    pub end: usize,
}

/// Whether a cell can be run as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It can.
    Complete,
    /// More is to come; the indentation to offer for it.
    Incomplete {
        /// Indentation of the next line.
        indent: String,
    },
    /// No continuation makes it valid.
    Invalid,
}

/// Stops a running cell from another thread.
pub trait Interrupt: Send + Sync {
    /// Asks the running cell to stop; kills its process when it does not within a second. Does nothing when idle.
    fn interrupt(&self);
    /// Ends every process that the engine started and removes its files, whatever it is doing.
    fn terminate(&self);
}

/// Answers questions about code.
pub trait Assist: Send + Sync {
    /// Completions at a byte offset.
    fn complete(&self, code: &str, cursor: usize) -> Completions;
    /// Documentation at a byte offset.
    fn inspect(&self, code: &str, cursor: usize) -> Option<Bundle>;
    /// Called now and then, to let go of what is not used.
    fn tidy(&self) {}
}

/// Evaluates cells. One thread owns it.
pub trait Engine {
    /// Does a little of what the first cell would wait for; `true` when nothing is left to do.
    fn warm_up(&mut self) -> bool {
        true
    }
    /// Runs one cell; outputs go to `sink` while it runs, and all of them have gone there when this returns.
    ///
    /// # Errors
    /// The cell's own failure, or [`CellError`] with `KernelError` when the engine is at fault.
    fn execute(&mut self, cell: &Cell, sink: Sink, prompt: Prompt) -> Result<(), CellError>;
    /// Facts about the cell that ran last, for its reply.
    fn metadata(&self) -> Map<String, Value> {
        Map::new()
    }
    /// The session's variables: a list of objects with `name`, `type` and `cell`.
    fn variables(&self) -> Value {
        Value::Array(Vec::new())
    }
    /// Answers questions about code, from other threads, while a cell runs.
    fn assistant(&self) -> Arc<dyn Assist>;
    /// A handle for other threads.
    fn interrupter(&self) -> Arc<dyn Interrupt>;
}

/// How the session's thread makes its engine.
pub type EngineFactory = Box<dyn FnOnce() -> Result<Box<dyn Engine>, CellError> + Send>;

/// Whether `code` is a whole cell: its brackets, strings and comments are closed.
pub fn is_complete(code: &str) -> Completeness {
    let mut depth: Vec<char> = Vec::new();
    for bracket in brackets(code) {
        let Some((_, c)) = bracket else {
            return Completeness::Incomplete { indent: String::new() };
        };
        match c {
            '(' => depth.push(')'),
            '[' => depth.push(']'),
            '{' => depth.push('}'),
            c if depth.pop() != Some(c) => return Completeness::Invalid,
            _ => {}
        }
    }
    if !depth.is_empty() {
        return Completeness::Incomplete { indent: "    ".repeat(depth.len().min(20)) };
    }
    let last = code.trim_end();
    let continues = ["=", ",", "+", "-", "*", "/", "&&", "||", "."];
    if continues.iter().any(|end| last.ends_with(end)) && !last.ends_with("..") {
        return Completeness::Incomplete { indent: "    ".to_owned() };
    }
    Completeness::Complete
}

/// The brackets of a text and where they stand, without those in strings and comments; `None` in
/// place of one means that a string or a comment does not end.
fn brackets(code: &str) -> impl Iterator<Item = Option<(usize, char)>> + '_ {
    let mut skip_to = 0;
    code.char_indices().filter_map(move |(at, c)| {
        if at < skip_to {
            return None;
        }
        let tail = &code[at..];
        let skip = if tail.starts_with("//") {
            tail.find('\n').or(Some(tail.len()))
        } else if tail.starts_with("/*") {
            block_comment(tail)
        } else if c == '"' {
            string(tail)
        } else if c == 'r' && !code[..at].ends_with(|p: char| p.is_alphanumeric() || p == '_') {
            raw_string(tail)
        } else if c == '\'' {
            Some(char_or_lifetime(tail))
        } else {
            Some(0)
        };
        let Some(skip) = skip else {
            skip_to = code.len();
            return Some(None);
        };
        skip_to = at + skip;
        (skip == 0 && "()[]{}".contains(c)).then_some(Some((at, c)))
    })
}

/// Where a text nests deeper than a compiler's stack can follow.
pub fn nests_too_deeply(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in brackets(code).flatten() {
        if "([{".contains(c) {
            depth += 1;
        } else {
            depth = depth.saturating_sub(1);
        }
        if depth > MAX_DEPTH {
            return Some(at);
        }
    }
    None
}

/// Length of a nested block comment; `None` when it does not end.
fn block_comment(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let tail = &text.as_bytes()[at..];
        if tail.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    None
}

fn string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Length of a raw string; 0 for another word that begins with `r`.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|&c| c == '#').count();
    if !text[1 + hashes..].starts_with('"') {
        return Some(0);
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let from = 2 + hashes;
    text[from..].find(&end).map(|at| from + at + end.len())
}

/// Length of a character literal; 1 for a lifetime.
fn char_or_lifetime(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, c))) => {
            let from = at + c.len_utf8();
            text[from..].find('\'').map_or(1, |end| from + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_has_a_bound() {
        let nested = |n: usize| "(".repeat(n) + "1" + &")".repeat(n);
        assert_eq!(nests_too_deeply(&nested(MAX_DEPTH)), None);
        assert_eq!(nests_too_deeply(&nested(MAX_DEPTH + 1)), Some(MAX_DEPTH));
        assert_eq!(nests_too_deeply(&format!("\"{}\"", nested(30_000))), None);
        assert_eq!(nests_too_deeply(&"f(1);".repeat(30_000)), None);
    }

    #[test]
    fn whole_and_unfinished_cells() {
        for whole in
            ["1 + 1", "let s = \"{\";", "'{'", "r#\"(\"#", "// {", "fn f<'a>() {}", "0..", ""]
        {
            assert_eq!(is_complete(whole), Completeness::Complete, "{whole}");
        }
        for part in ["fn f() {", "let x =", "\"a", "/* /* */", "vec![1,", "x."] {
            let found = is_complete(part);
            assert!(matches!(found, Completeness::Incomplete { .. }), "{part}: {found:?}");
        }
        assert_eq!(is_complete("f(}"), Completeness::Invalid);
        let deep = is_complete("fn f() {\n    if x {");
        assert_eq!(deep, Completeness::Incomplete { indent: "        ".to_owned() });
    }
}
