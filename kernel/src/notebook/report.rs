//! What is said of a notebook, whoever reads it: a person, GitHub, or a program that reads JUnit.

use super::compare::Difference;
use crate::engine::CellError;
use serde::{Deserialize, Serialize};

/// What came of one notebook.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// Its code cells in order, then its exercises.
    pub steps: Vec<Step>,
    /// Why it could not be run, or not to its end.
    pub broken: Option<String>,
    /// Whether `--update` changed the file.
    pub stored: bool,
    /// Seconds from the start of its kernel to the end of its last process.
    pub seconds: f64,
    /// Of those, seconds until the crates that its cells see were there.
    pub preparation: f64,
    /// Memory of the largest process that it took (a compiler, or the one that runs cells), in bytes.
    pub peak_memory: u64,
}

/// A cell, or an exercise.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Which one.
    pub place: Place,
    /// How long it took.
    pub seconds: f64,
    /// What came of it.
    pub outcome: Outcome,
}

/// Where a step stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The cell's place among all cells, from 1.
    pub cell: usize,
    /// How many cells there are.
    pub cells: usize,
    /// Its execution count, when it has one.
    pub number: Option<u32>,
    /// The exercise whose answer it is.
    pub exercise: Option<String>,
    /// The line of the file where it begins, from 1.
    pub line: usize,
}

/// What came of a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Outcome {
    /// All is as it should be.
    Passed,
    /// Something is not.
    Red(Vec<Problem>),
    /// It was not to be run, and why.
    Skipped(String),
    /// A step before it failed.
    NotRun,
}

/// What is wrong with a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Problem {
    /// The code did not come to its end.
    Failed {
        /// Kind and text of the error, in one line.
        error: String,
        /// Lines for the reader, with colours.
        traceback: Vec<String>,
        /// What the cell had printed.
        printed: String,
    },
    /// It shows something else than what is stored.
    Differs(Difference),
    /// Something else.
    Other(String),
}

/// How a notebook came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should.
    Green,
    /// A step is red.
    Red,
    /// There is no telling.
    Broken,
}

impl Report {
    /// The report of a notebook that could not be run at all.
    pub fn broken(reason: impl Into<String>) -> Self {
        Self { broken: Some(reason.into()), ..Self::default() }
    }

    /// How it came out.
    pub fn verdict(&self) -> Verdict {
        if self.broken.is_some() {
            Verdict::Broken
        } else if self.steps.iter().any(|step| matches!(step.outcome, Outcome::Red(_))) {
            Verdict::Red
        } else {
            Verdict::Green
        }
    }

    /// The step that took longest.
    pub fn slowest(&self) -> Option<&Step> {
        let steps = self.steps.iter().filter(|step| step.seconds > 0.0);
        steps.max_by(|a, b| a.seconds.total_cmp(&b.seconds))
    }

    /// The steps that are red, with what is wrong with each.
    pub fn red(&self) -> impl Iterator<Item = (&Step, &[Problem])> {
        self.steps.iter().filter_map(|step| match &step.outcome {
            Outcome::Red(problems) => Some((step, problems.as_slice())),
            _ => None,
        })
    }
}

impl Problem {
    /// A cell's own failure.
    pub fn failed(error: &CellError, printed: String) -> Self {
        let CellError { ename, evalue, traceback } = error;
        Self::Failed { error: format!("{ename}: {evalue}"), traceback: traceback.clone(), printed }
    }

    /// What is wrong, in one line.
    pub fn title(&self) -> String {
        match self {
            Self::Failed { error, .. } => error.clone(),
            Self::Differs(Difference { what, .. }) => format!("{what} differs from what is stored"),
            Self::Other(text) => text.clone(),
        }
    }

    /// All there is to say, in lines; a traceback says the title, too.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Failed { traceback, printed, .. } => {
                let text = traceback.iter().flat_map(|part| part.lines());
                let mut lines: Vec<String> = text.map(str::to_owned).collect();
                if !printed.is_empty() {
                    lines.push("before that it had printed:".to_owned());
                    lines.extend(printed.lines().map(|line| format!("  {line}")));
                }
                lines
            }
            Self::Differs(Difference { what, stored, now }) => {
                vec![format!("{what}:"), format!("  stored  {stored}"), format!("  now     {now}")]
            }
            Self::Other(text) => text.lines().map(str::to_owned).collect(),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cell, cells, number, exercise, .. } = self;
        match (exercise, number) {
            (Some(exercise), _) => {
                let space = if exercise.is_empty() { "" } else { " " };
                write!(f, "exercise{space}{exercise} (cell {cell} of {cells})")
            }
            (None, Some(number)) => write!(f, "cell {cell} of {cells}, [{number}]"),
            (None, None) => write!(f, "cell {cell} of {cells}"),
        }
    }
}
