//! What cells print and show, in order: the only place that reads the cell process's pipes.
//!
//! One thread reads standard output, standard error, displays and events, all the time: a thread of
//! the user's may print while no cell runs. The kernel holds both ends of every channel, so nothing
//! is lost when the process dies and a new one writes where the old one stopped. Before a display or
//! an event is handled, both pipes are read empty; the sender waits for the answer. That is what
//! keeps text and displays in order.

mod displays;
mod events;
mod marker;
mod reader;

use super::{Prompt, Sink};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use reader::{Block, Flood, Input, Reader, Source};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A panic, as the hook in the cell reported it.
#[derive(Debug, Clone, Default)]
pub struct Panic {
    /// The panic's message.
    pub message: String,
    /// Source file, as rustc was given it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Places in cells on the stack, innermost first, as `cell_3.rs:7:9`.
    pub frames: Vec<String>,
}

impl Panic {
    /// One that no hook has told of: its place is the innermost in a cell.
    fn unheard(message: &str, frames: Vec<String>) -> Self {
        let mut parts = frames.first().map(|frame| frame.split(':')).into_iter().flatten();
        let file = parts.next().unwrap_or_default().to_owned();
        let mut number = || parts.next().and_then(|number| number.parse().ok());
        let (line, column) = (number().unwrap_or(0), number().unwrap_or(1));
        Self { message: message.to_owned(), file, line, column, frames }
    }
}

/// An `Err` that `?` returned from the cell.
#[derive(Debug, Clone, Default)]
pub struct Failed {
    /// Where the `?` stands: source file, line, column.
    pub at: (String, usize, usize),
    /// Type of the error.
    pub kind: String,
    /// Its `Display` text; empty where it has none.
    pub words: String,
    /// Its `Debug` text.
    pub text: String,
}

/// What the cell process said about the cell that just ran.
#[derive(Debug, Default)]
pub struct Report {
    /// The last panic on the cell's own thread.
    pub panic: Option<Panic>,
    /// The error that ended the cell.
    pub failed: Option<Failed>,
    /// Whether the panic ended the cell.
    pub panicked: bool,
    /// Whether it came from the destructor of an old value, after the cell's own code.
    pub dropped: bool,
    /// Why the process could not run the cell at all.
    pub broken: Option<String>,
    /// How the process ended, when it did.
    pub exited: Option<String>,
}

/// The kernel's ends of the channels, and the thread that reads them.
pub struct Channels {
    shared: Arc<Shared>,
    child_ends: [OwnedFd; 4],
}

struct Shared {
    sink: Mutex<Option<Sink>>,
    prompt: Mutex<Option<Prompt>>,
    report: Mutex<Report>,
    /// Whether the cell that was begun has come to its end, or its process has.
    over: (Mutex<bool>, Condvar),
    interrupted: AtomicBool,
    /// Whether compiled code of a cell runs now.
    running: AtomicBool,
    pid: AtomicI32,
    /// The end of a process that nobody has asked about yet.
    gone: Mutex<Option<String>>,
}

/// The descriptors a new process gets, in the order standard output, standard error, events, displays.
pub type ChildEnds = [RawFd; 4];

impl Channels {
    /// Makes the channels and starts reading.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn open() -> std::io::Result<Self> {
        let (out, out_child) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let (err, err_child) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let pair = |kind| socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC);
        let (events, events_child) = pair(SockType::Datagram)?;
        let (displays, displays_child) = pair(SockType::Stream)?;
        for fd in [out.as_fd(), err.as_fd(), displays.as_fd()] {
            fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        }
        let shared = Arc::new(Shared {
            sink: Mutex::default(),
            prompt: Mutex::default(),
            report: Mutex::default(),
            over: (Mutex::new(true), Condvar::new()),
            interrupted: AtomicBool::new(false),
            running: AtomicBool::new(false),
            pid: AtomicI32::new(0),
            gone: Mutex::default(),
        });
        let reader = Reader {
            out: Source::new(File::from(out)),
            err: Source::new(File::from(err)),
            events: Arc::new(events),
            displays: File::from(displays),
            frame: Vec::new(),
            pending: None,
            block: Block::default(),
            input: Input::default(),
            flood: Flood::default(),
            shared: Arc::clone(&shared),
        };
        std::thread::Builder::new().name("output".to_owned()).spawn(move || reader.run())?;
        Ok(Self { shared, child_ends: [out_child, err_child, events_child, displays_child] })
    }

    /// Descriptors for a new process.
    pub fn child_ends(&self) -> ChildEnds {
        self.child_ends.each_ref().map(AsRawFd::as_raw_fd)
    }

    /// From now on outputs belong to this cell.
    pub fn begin(&self, sink: Sink, prompt: Prompt) {
        *lock(&self.shared.sink) = Some(sink);
        *lock(&self.shared.prompt) = Some(prompt);
        *lock(&self.shared.report) = Report::default();
        *lock(&self.shared.over.0) = false;
        self.shared.interrupted.store(false, Ordering::SeqCst);
    }

    /// Waits until the cell that was begun is over and its output has gone out, and takes the report.
    pub fn finish(&self) -> Report {
        let (over, changed) = &self.shared.over;
        let ended = changed.wait_while(lock(over), |over| !*over);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
        std::mem::take(&mut *lock(&self.shared.report))
    }

    /// How the process ended, when it did so without a cell; answers once.
    pub fn gone(&self) -> Option<String> {
        lock(&self.shared.gone).take()
    }

    /// A way to send events from this process.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn event_sender(&self) -> std::io::Result<OwnedFd> {
        self.child_ends[2].try_clone()
    }

    /// A view for other threads.
    pub fn handle(&self) -> ChannelsHandle {
        ChannelsHandle(Arc::clone(&self.shared))
    }
}

/// What the interrupter needs of the channels.
#[derive(Clone)]
pub struct ChannelsHandle(Arc<Shared>);

impl ChannelsHandle {
    /// Asks library calls in the running cell to unwind.
    pub fn ask_to_stop(&self) {
        self.0.interrupted.store(true, Ordering::SeqCst);
    }
    /// Whether compiled code of a cell runs now.
    pub fn running(&self) -> bool {
        self.0.running.load(Ordering::SeqCst)
    }
    /// The process that runs cells, once it has said hello.
    pub fn pid(&self) -> Option<i32> {
        Some(self.0.pid.load(Ordering::SeqCst)).filter(|&pid| pid > 0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
