//! What the session needs from whatever evaluates cells. Only this folder knows evcxr.

use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;

/// A cell to run.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The user's text, untouched.
    pub code: String,
    /// The number the front end shows, from 1; panics and traces name it (`cell [7]:3:5`).
    pub number: u32,
    /// Whether the front end may be asked for input while this cell runs.
    pub allow_stdin: bool,
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
    /// Clear what the cell has shown so far; with `wait`, when the next output comes.
    Clear {
        /// Wait for the next output.
        wait: bool,
    },
}

/// Where a cell's outputs go; ordered, callable from any thread.
pub type Sink = Arc<dyn Fn(Output) + Send + Sync>;

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
}

/// Evaluates cells. One thread owns it.
pub trait Engine {
    /// Runs one cell; outputs go to `sink` while it runs, and all of them have gone there when this returns.
    ///
    /// # Errors
    /// The cell's own failure, or [`CellError`] with `KernelError` when the engine is at fault.
    fn execute(&mut self, cell: &Cell, sink: Sink, prompt: Prompt) -> Result<(), CellError>;
    /// Completions at a byte offset.
    fn complete(&mut self, code: &str, cursor: usize) -> Completions;
    /// Documentation at a byte offset.
    fn inspect(&mut self, code: &str, cursor: usize) -> Option<Bundle>;
    /// Whether `code` is a whole cell.
    fn is_complete(&self, code: &str) -> Completeness;
    /// A handle for other threads.
    fn interrupter(&self) -> Arc<dyn Interrupt>;
    /// Ends the process that runs cells.
    fn shutdown(&mut self);
}

/// How the session's thread makes its engine: told the folder the kernel was started in and where to show progress.
pub type EngineFactory = Box<dyn FnOnce(PathBuf) -> Result<Box<dyn Engine>, CellError> + Send>;
