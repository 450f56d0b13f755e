//! `mlnotes-kernel test`: runs notebooks from their tops, and says where they do not come out as they are
//! stored. What continuous integration asks of a notebook, without a front end.
//!
//! A process a notebook (`workers`, `worker`) reads it (`file`), runs its cells (`run`), keeps what they
//! show (`board`), compares (`compare`), and answers its exercises (`answers`); the command prints the
//! reports (`text`, `github`, `junit`).

mod answers;
mod board;
mod compare;
mod file;
mod github;
mod junit;
mod report;
mod run;
mod spans;
mod text;
mod worker;
mod workers;

use clap::{Args, ValueEnum};
use file::{Document, Kind};
use report::{Report, Verdict};
use run::Order;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use workers::Live;

/// What `test` is told.
#[derive(Args)]
pub struct Options {
    /// The notebooks.
    #[arg(required = true)]
    notebooks: Vec<PathBuf>,
    /// How many run side by side; half of the processors unless given, for a cell takes two.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Write the results as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// `github` adds annotations for GitHub Actions.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    each: Each,
}

/// What holds for each notebook.
#[derive(Args)]
pub struct Each {
    /// Store what comes out, where it differs.
    #[arg(long)]
    update: bool,
    /// Run the answers of the exercises, too, after the last cell.
    #[arg(long)]
    answers: bool,
    /// How long a cell may take.
    #[arg(long, value_name = "SECONDS", default_value = "900", value_parser = seconds)]
    timeout: Duration,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For people, with annotations for GitHub.
    Github,
}

/// A notebook for a process that runs one.
#[derive(Args)]
pub struct One {
    notebook: PathBuf,
    #[command(flatten)]
    each: Each,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
    seconds
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| format!("`{text}` is no number of seconds above 0"))
}

impl Each {
    fn order(&self) -> Order {
        Order { timeout: self.timeout, update: self.update, answers: self.answers }
    }
}

/// Runs one notebook for `test`.
pub fn run_one(one: &One) -> ExitCode {
    worker::main(&one.notebook, one.each.order())
}

/// Tests notebooks: 0 when all are green, 1 when one is red, 2 when one could not be run.
pub fn test(options: &Options) -> ExitCode {
    let start = Instant::now();
    let live = Live::default();
    end_on_signal(&live);
    let notebooks = &options.notebooks;
    let mut reports: Vec<Option<Report>> = vec![None; notebooks.len()];
    let mut out = anstream::stdout();
    let mut hear = |at: usize, report: Report, reports: &mut Vec<Option<Report>>| {
        let path = &notebooks[at];
        let mut text = text::report(&path.display().to_string(), &report);
        if options.format == Format::Github {
            text.push_str(&github::annotations(path, &report));
        }
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        reports[at] = Some(report);
    };
    let Found { well, broken } = find(notebooks);
    for (at, reason) in broken {
        hear(at, Report::broken(reason), &mut reports);
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.map_or(processors.div_ceil(2), usize::from);
    for (at, report) in workers::run_all(well, options.each.order(), jobs, &live) {
        hear(at, report, &mut reports);
    }
    while workers::are_ended(&live) {
        // The thread that heard the signal has the last word.
        std::thread::park();
    }
    let seconds = start.elapsed().as_secs_f64();
    let all: Vec<(&Path, &Report)> = notebooks
        .iter()
        .zip(&reports)
        .filter_map(|(path, report)| Some((path.as_path(), report.as_ref()?)))
        .collect();
    let told: Vec<&Report> = all.iter().map(|(_, report)| *report).collect();
    let _ = out.write_all(text::summary(&told, seconds).as_bytes());
    if let Some(file) = &options.junit
        && let Err(error) = write_junit(file, &all, seconds)
    {
        eprintln!("mlnotes-kernel test: {} cannot be written: {error}", file.display());
        return ExitCode::from(2);
    }
    match told.iter().map(|report| report.verdict()).max() {
        Some(Verdict::Broken) => ExitCode::from(2),
        Some(Verdict::Red) => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
}

/// Notebooks by their places among the arguments.
struct Found {
    /// Those that can be read, with most code first, so that no long one begins when all others are done.
    well: Vec<(usize, PathBuf)>,
    /// Why the others cannot.
    broken: Vec<(usize, String)>,
}

/// Reads all notebooks; one that is named twice is there once.
fn find(notebooks: &[PathBuf]) -> Found {
    let (mut well, mut broken) = (Vec::new(), Vec::new());
    let mut known = std::collections::BTreeSet::new();
    for (at, path) in notebooks.iter().enumerate() {
        if !known.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            continue;
        }
        match Document::read(path) {
            Ok(document) => {
                let code = |cell: &&file::Cell| matches!(cell.kind, Kind::Code(_));
                well.push((document.cells.iter().filter(code).count(), at, path.clone()));
            }
            Err(error) => broken.push((at, error.to_string())),
        }
    }
    well.sort_by_key(|(cells, at, _)| (std::cmp::Reverse(*cells), *at));
    Found { well: well.into_iter().map(|(_, at, path)| (at, path)).collect(), broken }
}

fn write_junit(file: &Path, all: &[(&Path, &Report)], seconds: f64) -> std::io::Result<()> {
    let xml = junit::xml(all.iter().copied(), seconds).map_err(std::io::Error::other)?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(file, xml)
}

/// Ctrl-C, or the end of the terminal or the job, ends the notebooks before this process.
fn end_on_signal(live: &Live) {
    use tokio::signal::unix::{SignalKind, signal};
    let live = std::sync::Arc::clone(live);
    let wait = move || -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let number = runtime.block_on(async {
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            let mut hang_up = signal(SignalKind::hangup())?;
            std::io::Result::Ok(tokio::select! {
                _ = interrupt.recv() => libc::SIGINT,
                _ = terminate.recv() => libc::SIGTERM,
                _ = hang_up.recv() => libc::SIGHUP,
            })
        })?;
        workers::end_all(&live);
        eprintln!("mlnotes-kernel test: interrupted");
        // As a shell reports a program that a signal has ended.
        std::process::exit(128 + number);
    };
    std::thread::spawn(move || {
        if let Err(error) = wait() {
            eprintln!(
                "mlnotes-kernel test: no ear for Ctrl-C ({error}); it ends this process at once"
            );
        }
    });
}
