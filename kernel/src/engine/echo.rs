//! An engine that runs no Rust: tests of the protocol use it, and so finish in milliseconds.
//!
//! A cell's first word says what happens; the rest is its argument.

use super::{
    Assist, Bundle, Cell, CellError, Completions, Engine, Interrupt, Output, Prompt, Sink,
};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Does what cells say.
#[derive(Default)]
pub struct EchoEngine {
    stop: Arc<AtomicBool>,
}

fn bundle(text: &str) -> Bundle {
    let mut bundle = Bundle::default();
    bundle.data.insert("text/plain".to_owned(), json!(text));
    bundle
}

fn error(ename: &str, evalue: &str) -> CellError {
    let line = format!("{ename}: {evalue}");
    CellError { ename: ename.to_owned(), evalue: evalue.to_owned(), traceback: vec![line] }
}

impl Engine for EchoEngine {
    fn execute(&mut self, cell: &Cell, sink: Sink, prompt: Prompt) -> Result<(), CellError> {
        self.stop.store(false, Ordering::SeqCst);
        let (word, rest) = cell.code.split_once(' ').unwrap_or((&cell.code, ""));
        let id = || Some("one".to_owned());
        match word {
            "print" => sink(Output::Stdout(format!("{rest}\n"))),
            "eprint" => sink(Output::Stderr(format!("{rest}\n"))),
            "show" => sink(Output::Display { bundle: bundle(rest), id: id() }),
            "update" => sink(Output::Update { bundle: bundle(rest), id: "one".to_owned() }),
            "clear" => sink(Output::Clear { wait: rest == "wait" }),
            "page" => sink(Output::Page(bundle(rest))),
            "fail" => return Err(error("Error", rest)),
            "panic" => panic!("{rest}"),
            "ask" => {
                let answer = prompt(rest, false);
                sink(Output::Stdout(answer.unwrap_or_else(|| "no answer".to_owned())));
            }
            "wait" => {
                while !self.stop.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                return Err(error("Interrupted", "interrupted"));
            }
            _ => sink(Output::Result(bundle(&cell.code))),
        }
        Ok(())
    }

    fn assistant(&self) -> Arc<dyn Assist> {
        Arc::new(Echo)
    }

    fn interrupter(&self) -> Arc<dyn Interrupt> {
        Arc::new(Stop(Arc::clone(&self.stop)))
    }
}

struct Echo;

impl Assist for Echo {
    fn complete(&self, _: &str, cursor: usize) -> Completions {
        let matches = vec![("echo".to_owned(), Some("function".to_owned()))];
        Completions { matches, start: 0, end: cursor }
    }

    fn inspect(&self, code: &str, _: usize) -> Option<Bundle> {
        (!code.is_empty()).then(|| bundle(code))
    }
}

struct Stop(Arc<AtomicBool>);

impl Interrupt for Stop {
    fn interrupt(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
    fn terminate(&self) {}
}
