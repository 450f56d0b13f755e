//! The process of one notebook. Its kernel is alone in it, as it is under Jupyter: the working folder,
//! the search for processes to end, and a fault of the engine's own are this notebook's and no other's.
//!
//! It writes events to standard output, a line of JSON each, and lives as long as its standard input is
//! open: when the command that started it is gone, however it went, so is all that it has started.

use super::file::Document;
use super::report::{Place, Report};
use super::run::{self, Order};
use crate::engine::{Engine, Interrupt, RunFolder, RustEngine};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
pub enum Event {
    /// A step begins.
    Begins(Place),
    /// This is what came of the notebook; the last event.
    Done(Box<Report>),
}

/// Runs a notebook for `mlnotes-kernel test`, which has set the working folder to the notebook's.
pub fn main(notebook: &Path, order: Order) -> ExitCode {
    let Ok(events) = take_stdout() else { return ExitCode::FAILURE };
    adopt_orphans();
    let events = Mutex::new(events);
    let say = |event: &Event| {
        let Ok(mut line) = serde_json::to_vec(event) else { return };
        line.push(b'\n');
        let mut events = crate::session::lock(&events);
        let _ = events.write_all(&line).and_then(|()| events.flush());
    };
    let start = Instant::now();
    let mut report = match start_engine() {
        Ok(mut engine) => {
            let interrupter = engine.interrupter();
            end_with_parent(Arc::clone(&interrupter));
            while !engine.warm_up() {}
            let preparation = start.elapsed().as_secs_f64();
            let mut report = match Document::read(notebook) {
                Ok(document) => {
                    let mut begin = |place: &Place| say(&Event::Begins(place.clone()));
                    run::run(&document, Box::new(engine), order, &mut begin)
                }
                Err(error) => Report::broken(error.to_string()),
            };
            interrupter.terminate();
            report.preparation = preparation;
            report
        }
        Err(reason) => Report::broken(reason),
    };
    wait_for_children();
    report.peak_memory = peak_memory();
    report.seconds = start.elapsed().as_secs_f64();
    say(&Event::Done(Box::new(report)));
    ExitCode::SUCCESS
}

fn start_engine() -> Result<RustEngine, String> {
    let folder =
        RunFolder::create().map_err(|error| format!("no folder to compile cells in: {error}"))?;
    let notebooks = std::env::current_dir()
        .map_err(|error| format!("the notebook's folder cannot be entered: {error}"))?;
    RustEngine::start(&notebooks, folder).map_err(|error| error.evalue)
}

/// Events have standard output for themselves: what a library prints goes nowhere.
fn take_stdout() -> std::io::Result<File> {
    let own = std::os::fd::AsFd::as_fd(&std::io::stdout()).try_clone_to_owned()?;
    let nowhere = File::options().write(true).open("/dev/null")?;
    nix::unistd::dup2_stdout(&nowhere)?;
    Ok(File::from(own))
}

/// Processes whose parents have ended become this one's children, so that none of them is overlooked.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // SAFETY: sets an attribute of this process; it has no precondition.
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
}

/// When standard input closes nobody waits for this notebook any more.
fn end_with_parent(interrupter: Arc<dyn Interrupt>) {
    let watch = move || {
        let mut nothing = [0; 64];
        while matches!(std::io::stdin().read(&mut nothing), Ok(1..)) {}
        interrupter.terminate();
        std::process::exit(1);
    };
    // Without the thread only the end of a killed command is untidy.
    let _ = std::thread::Builder::new().name("parent".to_owned()).spawn(watch);
}

/// They have been told to end; until they have, they cannot be counted.
fn wait_for_children() {
    let until = Instant::now() + Duration::from_secs(2);
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while waitid(Id::All, flags).is_ok() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Memory of the largest of all processes that have ended here, in bytes.
fn peak_memory() -> u64 {
    // SAFETY: all zeros are a valid value of this plain structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a structure of the right type.
    if unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage) } != 0 {
        return 0;
    }
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit
}
