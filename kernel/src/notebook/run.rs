//! One notebook, from its top: its code cells in one session, then the answers of its exercises.

use super::answers;
use super::board::Board;
use super::compare::differences;
use super::file::{Cell, Document, Kind, Stored};
use super::report::{Outcome, Place, Problem, Report, Step};
use crate::engine::{self, CellError, Engine, Prompt, Sink};
use crate::session::{catch, lock};
use nbformat::v4::Output;
use std::collections::BTreeMap;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Cells that fail on purpose.
const RAISES: &str = "raises-exception";
/// Cells that are not run.
const SKIP: &str = "skip-execution";
/// Cells whose output may be another each time.
const IGNORE: &str = "ignore-output";
/// As much of what a failing cell had printed as is shown.
const PRINTED: usize = 2000;

/// How a notebook is run.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// How long a cell may take.
    pub timeout: Duration,
    /// Store what comes out.
    pub update: bool,
    /// Run the answers of the exercises, too.
    pub answers: bool,
}

/// Runs a notebook; `begin` hears of each step before it runs.
pub fn run(
    document: &Document,
    engine: Box<dyn Engine>,
    order: Order,
    begin: &mut dyn FnMut(&Place),
) -> Report {
    let mut run = Run {
        engine,
        order,
        begin,
        board: Arc::default(),
        count: 0,
        steps: Vec::new(),
        stopped: false,
        broken: None,
    };
    for (at, cell) in document.cells.iter().enumerate() {
        if let Kind::Code(stored) = &cell.kind {
            run.cell(document, at, cell, stored);
        }
    }
    // An update may reach back, so outputs are compared when all cells have run.
    let renewed = run.compare(document);
    if order.answers {
        for (at, cell) in document.cells.iter().enumerate() {
            if matches!(cell.kind, Kind::Markdown) {
                run.exercises(document, at, cell);
            }
        }
    }
    let mut report = Report { broken: run.broken, ..Report::default() };
    report.steps = run.steps.into_iter().map(|(_, step)| step).collect();
    if order.update && !run.stopped && report.broken.is_none() {
        match document.store(&renewed) {
            Ok(stored) => report.stored = stored,
            Err(error) => report.broken = Some(error.to_string()),
        }
    }
    report
}

struct Run<'a> {
    engine: Box<dyn Engine>,
    order: Order,
    begin: &'a mut dyn FnMut(&Place),
    board: Arc<Mutex<Board>>,
    count: u32,
    /// Each with the place of its cell in the document.
    steps: Vec<(usize, Step)>,
    /// A cell has failed: those after it are not run.
    stopped: bool,
    broken: Option<String>,
}

/// What came of running some code.
struct Ran {
    result: Result<(), CellError>,
    seconds: f64,
    /// What it asked a reader for, who is not there.
    asked: Option<String>,
    timed_out: bool,
}

impl Run<'_> {
    fn step(&mut self, at: usize, place: Place, seconds: f64, outcome: Outcome) {
        self.steps.push((at, Step { place, seconds, outcome }));
    }

    /// A cell that cannot be run leaves `NotRun`, one that is not to be run `Skipped`.
    fn cell(&mut self, document: &Document, at: usize, cell: &Cell, stored: &Stored) {
        let mut place = Place {
            cell: at + 1,
            cells: document.cells.len(),
            line: cell.line,
            ..Place::default()
        };
        if cell.is_tagged(SKIP) {
            let reason = Outcome::Skipped(format!("tagged `{SKIP}`"));
            return self.step(at, place, 0.0, reason);
        }
        if cell.source.trim().is_empty() {
            let empty = stored.count.is_none() && stored.outputs.is_empty();
            let stale = "the cell is empty, but a count or an output is stored";
            let red = || Outcome::Red(vec![Problem::Other(stale.to_owned())]);
            let well = empty || self.order.update;
            return self.step(at, place, 0.0, if well { Outcome::Passed } else { red() });
        }
        if self.stopped {
            return self.step(at, place, 0.0, Outcome::NotRun);
        }
        self.count += 1;
        place.number = Some(self.count);
        (self.begin)(&place);
        lock(&self.board).begin(at, self.count);
        let board = Arc::clone(&self.board);
        let ran = self.execute(&cell.source, Arc::new(move |output| lock(&board).take(output)));
        let mut board = lock(&self.board);
        let printed = printed(board.of(at));
        board.end(&ran.result);
        drop(board);
        let raises = cell.is_tagged(RAISES);
        let problem = self.problem(&ran, printed, raises);
        self.stopped = problem.is_some();
        let outcome = problem.map_or(Outcome::Passed, |problem| Outcome::Red(vec![problem]));
        self.step(at, place, ran.seconds, outcome);
    }

    /// Why what ran is red, whatever it showed.
    fn problem(&mut self, ran: &Ran, printed: String, raises: bool) -> Option<Problem> {
        if let Err(error) = &ran.result
            && matches!(error.ename.as_str(), "KernelError" | "EnvironmentError")
        {
            let text = error.traceback.join("\n");
            self.broken = Some(if text.is_empty() { error.evalue.clone() } else { text });
        }
        if ran.timed_out {
            let limit = self.order.timeout.as_secs_f64();
            let evalue = format!("it ran for more than {limit} s (--timeout) and was interrupted");
            let ename = "Timeout".to_owned();
            let mut traceback = vec![format!("{ename}: {evalue}")];
            if let Err(error) = &ran.result {
                traceback.extend(error.traceback.iter().cloned());
            }
            return Some(Problem::failed(&CellError { ename, evalue, traceback }, printed));
        }
        if let Some(asked) = &ran.asked
            && !(raises && ran.result.is_err())
        {
            let ename = "InputRequired".to_owned();
            let evalue =
                format!("it asked for input (`{}`); a test has nobody who types", asked.trim());
            let mut traceback = vec![format!("{ename}: {evalue}")];
            if let Err(error) = &ran.result {
                traceback.extend(error.traceback.iter().cloned());
            }
            return Some(Problem::failed(&CellError { ename, evalue, traceback }, printed));
        }
        match &ran.result {
            Err(error) if !raises => Some(Problem::failed(error, printed)),
            Ok(()) if raises => {
                Some(Problem::Other(format!("it is tagged `{RAISES}`, and came to its end")))
            }
            _ => None,
        }
    }

    /// Runs code, for as long as it may take.
    fn execute(&mut self, code: &str, sink: Sink) -> Ran {
        let asked: Arc<Mutex<Option<String>>> = Arc::default();
        let question = Arc::clone(&asked);
        let prompt: Prompt = Arc::new(move |text, _| {
            lock(&question).get_or_insert_with(|| text.to_owned());
            None
        });
        let interrupter = self.engine.interrupter();
        let limit = self.order.timeout;
        let (over, watched) = channel::<()>();
        let cell = engine::Cell { code: code.to_owned(), number: self.count };
        let start = Instant::now();
        let (result, timed_out) = std::thread::scope(|scope| {
            let watch = scope.spawn(move || {
                let late = matches!(watched.recv_timeout(limit), Err(RecvTimeoutError::Timeout));
                if late {
                    interrupter.interrupt();
                }
                late
            });
            let result = catch(|| self.engine.execute(&cell, sink, prompt)).unwrap_or_else(Err);
            drop(over);
            (result, watch.join().unwrap_or(false))
        });
        let asked = lock(&asked).take();
        Ran { result, seconds: start.elapsed().as_secs_f64(), asked, timed_out }
    }

    /// Says where outputs are not those that are stored; gives the results that are to be stored.
    fn compare(&mut self, document: &Document) -> BTreeMap<usize, Stored> {
        let mut renewed = BTreeMap::new();
        let board = lock(&self.board);
        for (at, step) in &mut self.steps {
            let cell = &document.cells[*at];
            let Kind::Code(stored) = &cell.kind else { continue };
            let failed = matches!(&step.outcome, Outcome::Red(_));
            if failed || matches!(step.outcome, Outcome::Skipped(_) | Outcome::NotRun) {
                continue;
            }
            let mut now = Stored { count: step.place.number, outputs: board.of(*at).to_vec() };
            // An output that may be another each time is stored once, so that the file comes to rest.
            if cell.is_tagged(IGNORE) && !(self.order.update && stored.outputs.is_empty()) {
                now.outputs.clone_from(&stored.outputs);
            }
            let found = differences(stored, &now);
            if found.is_empty() {
                continue;
            }
            if self.order.update {
                renewed.insert(*at, now);
            } else {
                step.outcome = Outcome::Red(found.into_iter().map(Problem::Differs).collect());
            }
        }
        renewed
    }

    /// The answers of a cell's exercises.
    fn exercises(&mut self, document: &Document, at: usize, cell: &Cell) {
        for exercise in answers::exercises(&cell.source) {
            let place = Place {
                cell: at + 1,
                cells: document.cells.len(),
                exercise: Some(exercise.name.clone()),
                line: cell.line + exercise.line,
                number: None,
            };
            let (seconds, outcome) = match (exercise.code(), self.stopped) {
                (_, true) => (0.0, Outcome::NotRun),
                (Err(problem), false) => (0.0, Outcome::Red(vec![Problem::Other(problem)])),
                (Ok(code), false) => self.answer(&place, &code),
            };
            self.step(at, place, seconds, outcome);
        }
    }

    /// Runs an answer with its check. One that fails stops no other: each has a text of its own.
    fn answer(&mut self, place: &Place, code: &str) -> (f64, Outcome) {
        self.count += 1;
        (self.begin)(place);
        let shown: Arc<Mutex<Board>> = Arc::default();
        lock(&shown).begin(0, self.count);
        let kept = Arc::clone(&shown);
        let ran = self.execute(code, Arc::new(move |output| lock(&kept).take(output)));
        let printed = printed(lock(&shown).of(0));
        let problem = self.problem(&ran, printed, false);
        (ran.seconds, problem.map_or(Outcome::Passed, |problem| Outcome::Red(vec![problem])))
    }
}

/// The end of what a cell has printed.
fn printed(outputs: &[Output]) -> String {
    let texts = outputs.iter().filter_map(|output| match output {
        Output::Stream { text, .. } => Some(text.0.as_str()),
        _ => None,
    });
    let text: String = texts.collect();
    text[text.ceil_char_boundary(text.len().saturating_sub(PRINTED))..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::echo::EchoEngine;
    use crate::notebook::report::Verdict;
    use serde_json::{Value, json};

    const ORDER: Order = Order { timeout: Duration::from_mins(1), update: false, answers: false };

    /// A code cell that prints its second word, as the echo engine does, with what is stored of that.
    fn cell(source: &str, count: u32, tags: &[&str]) -> Value {
        let said = source.split_once(' ').filter(|(word, _)| *word == "print");
        let stream = |text| json!({ "output_type": "stream", "name": "stdout", "text": [format!("{text}\n")] });
        let outputs: Vec<Value> = said.into_iter().map(|(_, text)| stream(text)).collect();
        json!({ "cell_type": "code", "execution_count": count, "metadata": { "tags": tags },
                "outputs": outputs, "source": source })
    }

    fn markdown(source: &str) -> Value {
        json!({ "cell_type": "markdown", "metadata": {}, "source": source })
    }

    /// Runs a notebook of these cells; gives its file, too.
    fn tested(cells: &[Value], order: Order) -> (Report, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        let notebook =
            json!({ "cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4 });
        std::fs::write(&path, serde_json::to_string_pretty(&notebook).unwrap()).unwrap();
        let document = Document::read(&path).unwrap();
        let report = run(&document, Box::<EchoEngine>::default(), order, &mut |_| {});
        (report, std::fs::read_to_string(path).unwrap())
    }

    /// The outcome of each step, and for what is red, why.
    fn outcomes(report: &Report) -> Vec<String> {
        let word = |step: &Step| match &step.outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Skipped(_) => "skipped".to_owned(),
            Outcome::NotRun => "not run".to_owned(),
            Outcome::Red(problems) => problems[0].title(),
        };
        report.steps.iter().map(word).collect()
    }

    #[test]
    fn cells_run_in_order_up_to_the_first_that_fails() {
        let cells = [
            cell("print a", 1, &[]),
            markdown("text"),
            cell("fail no", 2, &[]),
            cell("print b", 3, &[]),
            cell("print c", 3, &["skip-execution"]),
        ];
        let (report, _) = tested(&cells, ORDER);
        assert_eq!(outcomes(&report), ["passed", "Error: no", "not run", "skipped"]);
        assert_eq!(report.verdict(), Verdict::Red);
        assert_eq!(report.steps[1].place.to_string(), "cell 3 of 5, [2]");
    }

    #[test]
    fn tags_say_what_is_no_failure() {
        let error =
            json!([{ "output_type": "error", "ename": "Error", "evalue": "no", "traceback": [] }]);
        let mut raises = cell("fail no", 1, &[RAISES]);
        raises["outputs"] = error;
        let mut noise = cell("print noise", 2, &[IGNORE]);
        noise["outputs"][0]["text"] = json!("another\n");
        let cells = [raises, noise, cell("print b", 3, &[RAISES])];
        let (report, _) = tested(&cells, ORDER);
        let tame = "it is tagged `raises-exception`, and came to its end";
        assert_eq!(outcomes(&report), ["passed", "passed", tame]);
    }

    #[test]
    fn a_cell_has_its_time_and_nobody_who_types() {
        let order = Order { timeout: Duration::from_millis(30), ..ORDER };
        let (report, _) = tested(&[cell("wait", 1, &[]), cell("print a", 2, &[])], order);
        let late = "Timeout: it ran for more than 0.03 s (--timeout) and was interrupted";
        assert_eq!(outcomes(&report), [late, "not run"]);
        let (report, _) = tested(&[cell("ask name? ", 1, &[])], ORDER);
        let asked = "InputRequired: it asked for input (`name?`); a test has nobody who types";
        assert_eq!(outcomes(&report), [asked]);
    }

    #[test]
    fn a_fault_of_the_engine_is_no_verdict() {
        let (report, _) = tested(&[cell("panic broken", 1, &[])], ORDER);
        assert_eq!(report.verdict(), Verdict::Broken);
    }

    #[test]
    fn an_update_stores_what_differs_and_nothing_of_a_failed_run() {
        let order = Order { update: true, ..ORDER };
        let mut stale = cell("print new", 1, &[]);
        stale["outputs"] = json!([]);
        let ignored = cell("print noise", 2, &[IGNORE]);
        let mut unknown = cell("print noise", 3, &[IGNORE]);
        unknown["outputs"] = json!([]);
        let cells = [stale.clone(), ignored, unknown];
        let (report, text) = tested(&cells, order);
        assert!(
            report.stored && text.contains("new\\n") && text.matches("noise\\n").count() == 2,
            "{text}"
        );
        let (report, text) = tested(&[cell("print a", 1, &[])], order);
        assert!(!report.stored && text.contains("a\\n"));
        let (report, text) = tested(&[stale, cell("fail no", 2, &[])], order);
        assert!(report.verdict() == Verdict::Red && !text.contains("new\\n"));
    }

    #[test]
    fn each_answer_is_a_step_after_the_last_cell() {
        let exercises = "1. Do. Pass: `assert!(a);`\n2. Do. Pass: `assert!(b);`\n3. Do. Pass: `assert!(c);`\n\n\
            <details><summary>Answers</summary>\n\n1. `fail well;`\n2. `let b;`\n\n</details>";
        let cells = [markdown(exercises), cell("print a", 1, &[])];
        let (report, _) = tested(&cells, Order { answers: true, ..ORDER });
        let found = outcomes(&report);
        assert_eq!(found[..3], ["passed", "Error: well;\nassert!(a);", "passed"]);
        assert!(found[3].contains("no answer"));
        assert_eq!(report.steps[1].place.to_string(), "exercise 1 (cell 1 of 2)");
        assert_eq!(tested(&cells, ORDER).0.steps.len(), 1);
    }
}
