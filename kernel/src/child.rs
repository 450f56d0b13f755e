//! The program that runs cells: a process of its own, so that no cell can take the kernel down.
//!
//! evcxr starts it and speaks to it in lines (`LOAD_AND_RUN <library> <function>` in,
//! `EVCXR_EXECUTION_COMPLETE` out). Those lines travel on descriptors that no cell knows; standard
//! output and standard error are pipes that the kernel reads itself, so that what a cell prints
//! reaches the reader whole and in order, and can never be taken for protocol.

use crate::engine::wire::{self, EVENT_FD, PROTOCOL_IN_FD, PROTOCOL_OUT_FD};
use std::ffi::c_void;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{BorrowedFd, FromRawFd};
use std::sync::mpsc;

/// Recursion in the notes (trees, backtracking) needs more than the 8 MB of a main thread.
const CELL_STACK: usize = 64 << 20;

type CellFn = extern "C" fn(*mut c_void) -> *mut c_void;

/// Serves evcxr until it closes the line, which it does when the kernel ends, however it ends.
pub fn main() -> ! {
    // SAFETY: the kernel put these descriptors there before `exec`, and nothing else owns them.
    let (from_engine, to_engine) =
        unsafe { (File::from_raw_fd(PROTOCOL_IN_FD), File::from_raw_fd(PROTOCOL_OUT_FD)) };
    // SAFETY: open for the life of this process.
    let events = unsafe { BorrowedFd::borrow_raw(EVENT_FD) };
    // A cell that starts programs must not hand them our lines, or make them think they are us.
    for fd in [PROTOCOL_IN_FD, PROTOCOL_OUT_FD] {
        // SAFETY: both are open; `fcntl` only sets their flag.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    // SAFETY: no other thread runs yet.
    unsafe { std::env::remove_var("EVCXR_IS_RUNTIME") };
    // A Ctrl-C in the terminal that started everything is the front end's business.
    // SAFETY: ignoring a signal has no precondition.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    wire::send(events, &["hello", &std::process::id().to_string()]);
    if wire::receive(events).is_none() {
        std::process::exit(0);
    }

    let (cells, queue) = mpsc::channel::<String>();
    let runner = std::thread::Builder::new()
        .name("cell".to_owned())
        .stack_size(CELL_STACK)
        .spawn(move || run_cells(&queue, to_engine));
    if runner.is_err() {
        std::process::exit(70);
    }
    // This thread reads on while a cell runs, so that it sees the kernel die under a busy loop.
    for line in BufReader::new(from_engine).lines() {
        let Ok(line) = line else { break };
        if cells.send(line).is_err() {
            break;
        }
    }
    // SAFETY: leaves at once: destructors of loaded cells must not run while a cell does.
    unsafe { libc::_exit(0) }
}

fn run_cells(queue: &mpsc::Receiver<String>, mut to_engine: File) {
    // SAFETY: open for the life of this process.
    let events = unsafe { BorrowedFd::borrow_raw(EVENT_FD) };
    let mut variables = std::ptr::null_mut();
    let mut hooked = false;
    for line in queue {
        let markers = match run_cell(&line, &mut variables, &mut hooked) {
            Ok(()) => {
                wire::send(events, &["done"]);
                wire::receive(events).unwrap_or_default()
            }
            Err(problem) => {
                wire::send(events, &["broken", &problem]);
                let _ = wire::receive(events);
                Vec::new()
            }
        };
        for marker in markers.iter().skip(1) {
            let _ = writeln!(to_engine, "{marker}");
        }
        if writeln!(to_engine, "EVCXR_EXECUTION_COMPLETE").is_err() {
            break;
        }
    }
}

/// Runs one compiled cell. Its library is never unloaded: values of its types live on.
fn run_cell(line: &str, variables: &mut *mut c_void, hooked: &mut bool) -> Result<(), String> {
    let (path, function) = line
        .strip_prefix("LOAD_AND_RUN ")
        .and_then(|rest| rest.rsplit_once(' '))
        .ok_or_else(|| format!("unknown request `{line}`"))?;
    // SAFETY: the library is the cell that evcxr just compiled; its initialisers are the user's.
    let library = unsafe { libloading::Library::new(path) }.map_err(|error| error.to_string())?;
    let library: &'static libloading::Library = Box::leak(Box::new(library));
    // SAFETY: evcxr generated the function with exactly this signature.
    let cell = unsafe { library.get::<CellFn>(function.as_bytes()) }.map_err(|e| e.to_string())?;
    // SAFETY: `prelude.rs`, which is compiled into each cell, defines both without arguments.
    let (start, flush) = unsafe {
        (
            library.get::<extern "C" fn()>(b"mlnotes_cell_start").ok(),
            library.get::<extern "C" fn()>(b"mlnotes_cell_flush").ok(),
        )
    };
    if let (Some(start), false) = (start, *hooked) {
        start();
        *hooked = true;
    }
    // SAFETY: open for the life of this process.
    wire::send(unsafe { BorrowedFd::borrow_raw(EVENT_FD) }, &["running"]);
    *variables = cell(*variables);
    if let Some(flush) = flush {
        flush();
    }
    Ok(())
}
