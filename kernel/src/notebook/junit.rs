//! Reports as JUnit XML, which GitLab, Jenkins and many other programs read: a suite a notebook, a case a
//! cell or exercise.

use super::report::{Outcome, Problem, Report, Step};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use std::path::Path;
use std::time::Duration;

/// The XML of all reports; each comes with its notebook's path.
///
/// # Errors
/// When the XML cannot be made.
pub fn xml<'a>(
    reports: impl IntoIterator<Item = (&'a Path, &'a Report)>,
    seconds: f64,
) -> Result<String, quick_junit::SerializeError> {
    let mut all = quick_junit::Report::new("mlnotes-kernel test");
    all.set_time(duration(seconds));
    for (path, report) in reports {
        all.add_test_suite(suite(&path.display().to_string(), report));
    }
    all.to_string()
}

fn suite(name: &str, report: &Report) -> TestSuite {
    let mut suite = TestSuite::new(name);
    suite.set_time(duration(report.seconds));
    suite.add_property(("preparation_seconds", format!("{:.3}", report.preparation).as_str()));
    suite.add_property(("peak_memory_bytes", report.peak_memory.to_string().as_str()));
    if let Some(reason) = &report.broken {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message("the notebook could not be run").set_description(reason.as_str());
        suite.add_test_case(case("notebook", name, 1, 0.0, status));
    }
    for step in &report.steps {
        let Step { place, seconds, .. } = step;
        suite.add_test_case(case(&place.to_string(), name, place.line, *seconds, status(step)));
    }
    suite
}

fn case(name: &str, file: &str, line: usize, seconds: f64, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(file).set_time(duration(seconds));
    case.extra.insert("file".into(), file.into());
    case.extra.insert("line".into(), line.to_string().into());
    case
}

fn status(step: &Step) -> TestCaseStatus {
    let skipped = |why: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(why);
        status
    };
    match &step.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Skipped(why) => skipped(why),
        Outcome::NotRun => skipped("a cell before it failed"),
        Outcome::Red(problems) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let titles: Vec<String> = problems.iter().map(Problem::title).collect();
            let lines: Vec<String> = problems.iter().flat_map(Problem::lines).collect();
            status.set_message(titles.join("; ")).set_description(lines.join("\n"));
            status
        }
    }
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::report::Place;

    #[test]
    fn each_cell_is_a_case() {
        let step = |number: u32, outcome| {
            let cell = number as usize;
            let place = Place { cell, cells: 4, number: Some(number), exercise: None, line: 7 };
            Step { place, seconds: 0.5, outcome }
        };
        let problem = Problem::Other("x < \u{1b}[31my\u{1b}[0m\u{1}".to_owned());
        let steps = vec![
            step(1, Outcome::Passed),
            step(2, Outcome::Red(vec![problem])),
            step(3, Outcome::NotRun),
            step(4, Outcome::Skipped("tagged".to_owned())),
        ];
        let report = Report { steps, seconds: 2.0, peak_memory: 3, ..Report::default() };
        let broken = Report::broken("no rustc");
        let all = [(Path::new("a.ipynb"), &report), (Path::new("b.ipynb"), &broken)];
        let text = xml(all, 3.0).unwrap();
        for part in [
            r#"tests="5" skipped="2" failures="1" errors="1" time="3.000""#,
            r#"<testsuite name="a.ipynb" tests="4" skipped="2" errors="0" failures="1" time="2.000">"#,
            r#"<testcase name="cell 2 of 4, [2]" classname="a.ipynb" time="0.500" file="a.ipynb" line="7">"#,
            r#"<failure message="x &lt; y">x &lt; y</failure>"#,
            r#"<skipped message="a cell before it failed"/>"#,
            r#"<error message="the notebook could not be run">no rustc</error>"#,
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
