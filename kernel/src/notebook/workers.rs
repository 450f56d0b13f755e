//! The processes of all notebooks, several side by side.

use super::report::{Place, Report};
use super::run::Order;
use super::worker::Event;
use crate::session::lock;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long after its limit a cell may still be on its way to an end, before its kernel is ended.
const GRACE: Duration = Duration::from_secs(20);
/// How long a process that is told to end may take over it.
const FAREWELL: Duration = Duration::from_secs(3);

/// The notebooks that run.
#[derive(Default)]
pub struct Running {
    /// By process, with what keeps each alive.
    processes: BTreeMap<i32, ChildStdin>,
    /// No more are to begin.
    over: bool,
}

/// The notebooks that run, for all threads.
pub type Live = Arc<Mutex<Running>>;

/// Runs notebooks, at most `jobs` at a time; their reports come as they end, with their places.
pub fn run_all(
    notebooks: Vec<(usize, PathBuf)>,
    order: Order,
    jobs: usize,
    live: &Live,
) -> Receiver<(usize, Report)> {
    let (sender, reports) = channel();
    let queue = Arc::new(Mutex::new(VecDeque::from(notebooks)));
    for _ in 0..jobs {
        let (queue, live, sender) = (Arc::clone(&queue), Arc::clone(live), sender.clone());
        std::thread::spawn(move || work(&queue, order, &live, &sender));
    }
    reports
}

fn work(
    queue: &Mutex<VecDeque<(usize, PathBuf)>>,
    order: Order,
    live: &Live,
    reports: &Sender<(usize, Report)>,
) {
    loop {
        let next = lock(queue).pop_front();
        let Some((at, notebook)) = next else { return };
        let report = run(&notebook, order, live).unwrap_or_else(|error| {
            Report::broken(format!("no process to run {}: {error}", notebook.display()))
        });
        if lock(live).over || reports.send((at, report)).is_err() {
            return;
        }
    }
}

/// Runs a notebook in a process of its own, at the head of a group: what it starts ends with it.
fn run(notebook: &Path, order: Order, live: &Live) -> std::io::Result<Report> {
    let notebook = notebook.canonicalize()?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("test-one")
        .arg(&notebook)
        .arg("--timeout")
        .arg(order.timeout.as_secs_f64().to_string());
    command.args(order.update.then_some("--update")).args(order.answers.then_some("--answers"));
    command
        .current_dir(notebook.parent().unwrap_or(Path::new(".")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0);
    let (mut child, stdout) = {
        let mut live = lock(live);
        if live.over {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let mut child = command.spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        live.processes.extend(stdin.map(|stdin| (child.id().cast_signed(), stdin)));
        (child, stdout)
    };
    let pid = child.id().cast_signed();
    let heard = stdout.map(|stdout| listen(stdout, order.timeout + GRACE));
    drop(lock(live).processes.remove(&pid));
    end_group(pid, FAREWELL);
    let status = child.wait()?;
    Ok(match heard.unwrap_or(Heard::Silence(None)) {
        Heard::Report(report) => *report,
        Heard::Late(place) => {
            let limit = order.timeout.as_secs_f64();
            Report::broken(format!(
                "{place} ran for more than {limit} s, and its kernel did not answer"
            ))
        }
        Heard::Silence(place) => {
            let place =
                place.map_or("before its first cell".to_owned(), |place| format!("in {place}"));
            Report::broken(format!("the kernel {} {place}", how_it_ended(status)))
        }
    })
}

/// What a process had to say.
enum Heard {
    Report(Box<Report>),
    /// A step that does not end.
    Late(Place),
    /// It ended without a report, in this step.
    Silence(Option<Place>),
}

fn listen(stdout: ChildStdout, patience: Duration) -> Heard {
    let (sender, events) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let Ok(event) = serde_json::from_str::<Event>(&line) else { continue };
            if sender.send(event).is_err() {
                return;
            }
        }
    });
    let mut current: Option<Place> = None;
    loop {
        // What comes before the first cell, and so the build of its crates, takes the time that it takes.
        let event = match &current {
            None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(_) => events.recv_timeout(patience),
        };
        match (event, &current) {
            (Ok(Event::Begins(place)), _) => current = Some(place),
            (Ok(Event::Done(report)), _) => return Heard::Report(report),
            (Err(RecvTimeoutError::Timeout), Some(place)) => return Heard::Late(place.clone()),
            (Err(_), _) => return Heard::Silence(current),
        }
    }
}

/// Waits for the head of a group to end, and ends what is left of the group then.
fn end_group(pid: i32, patience: Duration) {
    let until = Instant::now() + patience;
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    // Not reaped yet, its number cannot have become another process's.
    while waitid(Id::Pid(Pid::from_raw(pid)), flags) == Ok(WaitStatus::StillAlive)
        && Instant::now() < until
    {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
}

fn how_it_ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended (exit code {code})"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// Whether a signal has ended all notebooks.
pub fn are_ended(live: &Live) -> bool {
    lock(live).over
}

/// Ends all notebooks that run, with all that they have started.
pub fn end_all(live: &Live) {
    let processes = {
        let mut live = lock(live);
        live.over = true;
        std::mem::take(&mut live.processes)
    };
    let pids: Vec<i32> = processes.keys().copied().collect();
    // With its standard input a process loses its reason to live.
    drop(processes);
    for pid in pids {
        end_group(pid, FAREWELL);
    }
}
