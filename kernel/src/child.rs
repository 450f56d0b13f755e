//! The program that runs cells: a process of its own, so that no cell can take the kernel down.
//!
//! The kernel writes lines to it (`RUN <library>`, `FORGET <names>`, `DROP <names>`, `ENV <name>=<value>`,
//! `STOP`) on a descriptor that no
//! cell knows; events go back as datagrams. Standard output and standard error are pipes that the
//! kernel reads, so that what a cell prints reaches the reader whole and in order and can never be
//! taken for protocol.

use crate::engine::wire::{self, COMMAND_FD, EVENT_FD};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};

/// Recursion in the notes (trees, backtracking) needs more than the 8 MB of a main thread.
const CELL_STACK: usize = 64 << 20;

/// Whether this process is the one that runs cells: reads of standard input then ask the reader.
static ASKS: AtomicBool = AtomicBool::new(false);
/// The runtime library, once it is loaded.
static RUNTIME: OnceLock<&'static libloading::Library> = OnceLock::new();

/// Serves the kernel until it closes the line, which it does when it ends, however it ends.
pub fn main() -> ! {
    // SAFETY: the kernel put this descriptor there before `exec`, and nothing else owns it.
    let commands = unsafe { File::from_raw_fd(COMMAND_FD) };
    for fd in [COMMAND_FD, EVENT_FD, wire::DISPLAY_FD] {
        // A program that a cell starts must not hold our lines open, or speak on them.
        // SAFETY: all are open; `fcntl` only sets their flag.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    // A Ctrl-C in the terminal that started everything is the front end's business.
    // SAFETY: ignoring a signal has no precondition.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    wire::send(events(), &["hello", &std::process::id().to_string()]);
    if wire::receive(events()).is_none() {
        std::process::exit(0);
    }
    ASKS.store(true, Ordering::SeqCst);

    let (cells, queue) = mpsc::channel::<String>();
    let pipes = Arc::new(KeptPipes::new());
    let kept = Arc::clone(&pipes);
    let runner = std::thread::Builder::new()
        .name("cell".to_owned())
        .stack_size(CELL_STACK)
        .spawn(move || run_cells(&queue, &kept));
    if runner.is_err() {
        std::process::exit(70);
    }
    // This thread reads on while a cell runs, so that it sees the kernel die under a busy loop.
    for line in BufReader::new(commands).lines() {
        let Ok(line) = line else { break };
        if line == "STOP" {
            pipes.break_output();
            tell("mlnotes_stop");
        } else if cells.send(line).is_err() {
            break;
        }
    }
    // SAFETY: leaves at once: destructors of loaded cells must not run while a cell does.
    unsafe { libc::_exit(0) }
}

fn events() -> BorrowedFd<'static> {
    // SAFETY: open for the life of this process.
    unsafe { BorrowedFd::borrow_raw(EVENT_FD) }
}

/// Copies of standard output and standard error, which cells may close and an interrupt breaks.
struct KeptPipes {
    out: i32,
    err: i32,
    state: Mutex<Pipes>,
}

#[derive(Default)]
struct Pipes {
    running: bool,
    broken: bool,
}

impl KeptPipes {
    fn new() -> Self {
        // SAFETY: duplicating an open descriptor has no precondition.
        let keep = |fd| unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 110) };
        Self { out: keep(1), err: keep(2), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, Pipes> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `println!` fails, which panics and so unwinds the cell: its variables live on.
    /// When the cell has just ended by itself, nothing.
    fn break_output(&self) {
        let Ok((_, end)) = nix::unistd::pipe() else { return };
        let mut state = self.state();
        if !state.running {
            return;
        }
        state.broken = true;
        for fd in [1, 2] {
            // SAFETY: both are descriptors of this process; the copies bring the pipes back.
            unsafe { libc::dup2(end.as_raw_fd(), fd) };
        }
    }

    fn begin(&self) {
        self.state().running = true;
    }

    /// After each cell: what it closed or an interrupt broke is there again.
    fn end(&self) {
        let mut state = self.state();
        state.running = false;
        let closed = |fd| {
            // SAFETY: asks for a descriptor's flags.
            unsafe { libc::fcntl(fd, libc::F_GETFD) < 0 }
        };
        if std::mem::take(&mut state.broken) || closed(1) || closed(2) {
            // SAFETY: the copies are open for the life of this process.
            unsafe {
                libc::dup2(self.out, 1);
                libc::dup2(self.err, 2);
            }
        }
    }
}

fn run_cells(queue: &mpsc::Receiver<String>, pipes: &KeptPipes) {
    for line in queue {
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let problem = match command {
            "RUN" => {
                pipes.begin();
                run_cell(argument).err()
            }
            "RUNTIME" => match load(argument) {
                Ok(library) => {
                    RUNTIME.set(library).ok();
                    continue;
                }
                Err(problem) => Some(problem),
            },
            "FORGET" => {
                forget(argument);
                continue;
            }
            "DROP" => {
                pipes.begin();
                forget(argument);
                None
            }
            "ENV" => {
                set_variable(argument);
                None
            }
            _ => Some(format!("unknown request `{command}`")),
        };
        if let Some(problem) = problem {
            wire::send(events(), &["broken", &problem]);
        }
        pipes.end();
        flush();
        wire::send(events(), &["done"]);
    }
}

/// Libraries are never unloaded: values of their types live on.
fn load(path: &str) -> Result<&'static libloading::Library, String> {
    // SAFETY: the library is a cell that the kernel just compiled; its initialisers are the user's.
    let library = unsafe { libloading::Library::new(path) }.map_err(|error| error.to_string())?;
    Ok(Box::leak(Box::new(library)))
}

fn run_cell(path: &str) -> Result<(), String> {
    let library = load(path)?;
    // SAFETY: the kernel generated the function with exactly this signature.
    let cell = unsafe { library.get::<extern "C" fn()>(b"mlnotes_run") };
    let cell = cell.map_err(|error| error.to_string())?;
    wire::send(events(), &["running"]);
    cell();
    Ok(())
}

/// What the cell printed leaves its buffer.
fn flush() {
    tell("mlnotes_flush");
}

/// Calls a function of the runtime library that takes nothing.
fn tell(name: &str) {
    let Some(runtime) = RUNTIME.get() else { return };
    // SAFETY: the kernel's runtime library defines those that are named here with this signature.
    if let Ok(function) = unsafe { runtime.get::<extern "C" fn()>(name.as_bytes()) } {
        function();
    }
}

/// Sets an environment variable, or takes it away.
fn set_variable(text: &str) {
    // SAFETY: between cells; a thread of the user's that reads the environment in C code meanwhile
    // takes the same risk as with `std::env::set_var` in a cell.
    match text.split_once('=') {
        Some((name, value)) => unsafe { std::env::set_var(name, value) },
        None => unsafe { std::env::remove_var(text) },
    }
}

fn forget(names: &str) {
    type Forget = unsafe extern "C" fn(*const u8, usize);
    let Some(runtime) = RUNTIME.get() else { return };
    // SAFETY: the kernel's runtime library defines it with this signature.
    if let Ok(forget) = unsafe { runtime.get::<Forget>(b"mlnotes_forget") } {
        // SAFETY: pointer and length are those of one string.
        unsafe { forget(names.as_ptr(), names.len()) };
    }
}

/// Raises a panic: stands before the C library's function, so that the runtime library hears of every
/// panic, whatever hook the user has set.
///
/// # Safety
/// As the function that it stands before: `exception` is one that the language runtime made.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn _Unwind_RaiseException(exception: *mut libc::c_void) -> i32 {
    type Raise = unsafe extern "C-unwind" fn(*mut libc::c_void) -> i32;
    /// What the function answers when there is nobody to catch.
    const END_OF_STACK: i32 = 5;
    if ASKS.load(Ordering::Relaxed) {
        tell("mlnotes_raising");
    }
    // SAFETY: asks for a symbol by a name that ends with a zero byte.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"_Unwind_RaiseException".as_ptr()) };
    if next.is_null() {
        return END_OF_STACK;
    }
    // SAFETY: the function of that name has this signature, in every unwinder.
    let next = unsafe { std::mem::transmute::<*mut libc::c_void, Raise>(next) };
    // SAFETY: the caller's promise.
    unsafe { next(exception) }
}

/// Standard input of cells: stands before the C library's function, and asks the reader for a line
/// when the process that runs cells reads descriptor 0. Everything else goes on to the system.
///
/// # Safety
/// As `read(2)`: `buffer` has room for `n` bytes.
#[cfg(target_os = "linux")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn read(fd: i32, buffer: *mut libc::c_void, n: usize) -> isize {
    if fd != 0 || n == 0 || !ASKS.load(Ordering::Relaxed) {
        // SAFETY: the caller's promise.
        let got = unsafe { libc::syscall(libc::SYS_read, fd, buffer, n) };
        return isize::try_from(got).unwrap_or(-1);
    }
    let line = input::line(n);
    // SAFETY: `line` has at most `n` bytes, and the caller's buffer has room for them.
    unsafe { std::ptr::copy_nonoverlapping(line.as_ptr(), buffer.cast::<u8>(), line.len()) };
    isize::try_from(line.len()).unwrap_or(0)
}

#[cfg(target_os = "linux")]
mod input {
    use super::{events, wire};
    use std::sync::{Mutex, PoisonError};

    /// What is left of a line that was longer than its reader's buffer.
    static LEFT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

    /// At most `n` bytes of what the reader types; none when there is nobody to ask.
    pub fn line(n: usize) -> Vec<u8> {
        let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        if left.is_empty() {
            super::flush();
            wire::send(events(), &["input"]);
            let answer = wire::receive(events()).unwrap_or_default();
            if let [kind, text] = answer.as_slice()
                && kind == "input"
            {
                left.extend_from_slice(text.as_bytes());
                left.push(b'\n');
            }
        }
        let n = n.min(left.len());
        left.drain(..n).collect()
    }
}
