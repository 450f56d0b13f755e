//! A report as a person reads it in a terminal or a log.

use super::report::{Outcome, Problem, Report, Verdict};
use std::fmt::Write;

/// The lines about one notebook: how it came out, and all that is red in it.
pub fn report(name: &str, report: &Report) -> String {
    let mut text = match report.verdict() {
        Verdict::Green if report.stored => format!("stored  {name}"),
        Verdict::Green => format!("ok      {name}"),
        Verdict::Red => format!("RED     {name}"),
        Verdict::Broken => format!("BROKEN  {name}"),
    };
    if report.seconds > 0.0 {
        let _ = write!(text, "  {:.1} s", report.seconds);
    }
    if let Some(step) = report.slowest() {
        let _ = write!(text, "  slowest: {} {:.1} s", step.place, step.seconds);
    }
    if report.peak_memory > 0 {
        let _ = write!(text, "  peak {} MB", report.peak_memory >> 20);
    }
    text.push('\n');
    for line in report.broken.iter().flat_map(|reason| reason.lines()) {
        let _ = writeln!(text, "  | {line}");
    }
    for (step, problems) in report.red() {
        let _ = writeln!(text, "  {}", step.place);
        // A bar before each line: what a cell printed can be no command to the program that reads this.
        for line in problems.iter().flat_map(Problem::lines) {
            let _ = writeln!(text, "  | {line}");
        }
    }
    let left = report.steps.iter().filter(|step| matches!(step.outcome, Outcome::NotRun)).count();
    if left > 0 {
        let _ = writeln!(text, "  {left} after it not run");
    }
    text
}

/// The last line.
pub fn summary(reports: &[&Report], seconds: f64) -> String {
    let count = |verdict| reports.iter().filter(|report| report.verdict() == verdict).count();
    let (green, red) = (count(Verdict::Green), count(Verdict::Red));
    let plural = if reports.len() == 1 { "" } else { "s" };
    let mut text =
        format!("{} notebook{plural} in {seconds:.1} s: {green} ok, {red} red", reports.len());
    let broken = count(Verdict::Broken);
    if broken > 0 {
        let _ = write!(text, ", {broken} could not be run");
    }
    text.push('\n');
    text
}
