//! Annotations for GitHub Actions: it reads them in the log, and shows each at its line of the file.

use super::report::{Place, Report, Verdict};
use std::fmt::Write;
use std::path::Path;

/// A line for each thing that is red.
pub fn annotations(file: &Path, report: &Report) -> String {
    let file = in_repository(file);
    let mut text = String::new();
    if let Some(reason) = &report.broken {
        let place = Place { line: 1, ..Place::default() };
        annotate(&mut text, &file, &place, "the notebook could not be run", reason);
    }
    for (step, problems) in report.red().filter(|_| report.verdict() == Verdict::Red) {
        for problem in problems {
            let title = format!("{}: {}", step.place, problem.title());
            annotate(&mut text, &file, &step.place, &title, &problem.lines().join("\n"));
        }
    }
    text
}

fn annotate(text: &mut String, file: &str, place: &Place, title: &str, message: &str) {
    let _ = writeln!(
        text,
        "::error file={},line={},title={}::{}",
        property(file),
        place.line,
        property(&plain(title)),
        data(&plain(message))
    );
}

/// The file's path from the repository's root, which is how GitHub knows it.
fn in_repository(file: &Path) -> String {
    let root = std::env::var_os("GITHUB_WORKSPACE");
    let inside = root.and_then(|root| {
        let root = Path::new(&root).canonicalize().ok()?;
        Some(file.canonicalize().ok()?.strip_prefix(root).ok()?.to_owned())
    });
    inside.unwrap_or_else(|| file.to_owned()).display().to_string()
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// A message: only its line ends and percent signs have a meaning.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, which also ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::report::{Outcome, Problem, Step};

    #[test]
    fn an_annotation_is_one_line_whatever_the_cell_said() {
        let place = Place { cell: 3, cells: 9, number: Some(2), exercise: None, line: 41 };
        let problem = Problem::Failed {
            error: "Panic: 50%, a:b".to_owned(),
            traceback: vec!["\u{1b}[31mPanic\u{1b}[0m: 50%\n::warning::x".to_owned()],
            printed: String::new(),
        };
        let outcome = Outcome::Red(vec![problem]);
        let steps = vec![Step { place, seconds: 1.0, outcome }];
        let report = Report { steps, ..Report::default() };
        assert_eq!(
            annotations(Path::new("no/such,file.ipynb"), &report),
            "::error file=no/such%2Cfile.ipynb,line=41,title=cell 3 of 9%2C [2]%3A Panic%3A 50%25%2C a%3Ab\
             ::Panic: 50%25%0A::warning::x\n"
        );
        let broken = annotations(Path::new("a.ipynb"), &Report::broken("no disk"));
        assert_eq!(
            broken,
            "::error file=a.ipynb,line=1,title=the notebook could not be run::no disk\n"
        );
    }
}
