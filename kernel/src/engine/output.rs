//! What cells print and show, in order: the only place that reads the cell process's pipes.
//!
//! One thread reads standard output, standard error, displays and events, all the time: a thread of
//! the user's may print while no cell runs. The kernel holds both ends of every channel, so nothing
//! is lost when the process dies and a new one writes where the old one stopped. Before a display or
//! an event is handled, both pipes are read empty; the sender waits for the answer. That is what
//! keeps text and displays in order.

use super::wire;
use super::{Bundle, Output, Prompt, Sink};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Text waits this long for more, so that 20 000 lines are not 20 000 messages.
const BATCH: Duration = Duration::from_millis(15);
/// And goes out at once when it is this long.
const BATCH_BYTES: usize = 64 << 10;
/// A display longer than this is a mistake in the cell, not a picture.
const MAX_DISPLAY: usize = 256 << 20;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

/// A pipe and the line that has not ended yet.
struct Source {
    file: File,
    line: Vec<u8>,
}

impl Source {
    fn new(file: File) -> Self {
        Self { file, line: Vec::new() }
    }
}

/// Content between evcxr's markers, and the bundle that it adds to.
#[derive(Default)]
struct Block {
    mime: Option<String>,
    content: String,
    bundle: Bundle,
    is_result: bool,
}

/// What the next read of standard input asks the reader.
#[derive(Default)]
struct Input {
    /// The last line of output that has not ended: `print!("name? ")`.
    line: String,
    /// A prompt by evcxr's marker, and whether it is for a password.
    asked: Option<(String, bool)>,
}

/// Keeps a cell that prints without end from filling the notebook and the memory.
#[derive(Default)]
struct Flood {
    /// Bytes that went out for this cell.
    sent: usize,
    /// The newest bytes after that, and how many came in all.
    tail: std::collections::VecDeque<u8>,
    held: usize,
    /// What `tail` is part of.
    stream: Option<Stream>,
}

/// Text of a cell beyond this is left out, but for its end.
const MAX_TEXT: usize = 10 << 20;
/// The end that is shown all the same.
const MAX_TAIL: usize = 16 << 10;

struct Reader {
    out: Source,
    err: Source,
    events: Arc<OwnedFd>,
    displays: File,
    frame: Vec<u8>,
    pending: Option<(Stream, Vec<u8>, Instant)>,
    block: Block,
    input: Input,
    flood: Flood,
    shared: Arc<Shared>,
}

impl Reader {
    fn run(mut self) {
        loop {
            let timeout = match &self.pending {
                Some((_, _, since)) => PollTimeout::try_from(BATCH.saturating_sub(since.elapsed()))
                    .unwrap_or(PollTimeout::ZERO),
                None => PollTimeout::NONE,
            };
            let ready = {
                let mut fds = [
                    PollFd::new(self.out.file.as_fd(), PollFlags::POLLIN),
                    PollFd::new(self.err.file.as_fd(), PollFlags::POLLIN),
                    PollFd::new(self.displays.as_fd(), PollFlags::POLLIN),
                    PollFd::new(self.events.as_fd(), PollFlags::POLLIN),
                ];
                if poll(&mut fds, timeout).is_err() {
                    continue;
                }
                fds.map(|fd| fd.any().unwrap_or(false))
            };
            if ready[0] {
                self.read(Stream::Out);
            }
            if ready[1] {
                self.read(Stream::Err);
            }
            if ready[2] {
                self.read_displays();
            }
            if ready[3] {
                while let Some(event) = wire::try_receive(self.events.as_fd()) {
                    self.drain();
                    self.handle_event(&event);
                }
            }
            if self.pending.as_ref().is_some_and(|(_, _, since)| since.elapsed() >= BATCH) {
                self.flush_text(false);
            }
        }
    }

    /// Reads once; tells whether there was anything.
    fn read(&mut self, stream: Stream) -> bool {
        let mut buffer = [0; 16 << 10];
        let source = if stream == Stream::Out { &mut self.out } else { &mut self.err };
        let Ok(n @ 1..) = source.file.read(&mut buffer) else { return false };
        if stream == Stream::Err {
            self.text(Stream::Err, &buffer[..n]);
        } else {
            self.stdout(&buffer[..n]);
        }
        true
    }

    fn drain(&mut self) {
        while self.read(Stream::Out) {}
        while self.read(Stream::Err) {}
    }

    /// Splits standard output into text and evcxr's markers.
    fn stdout(&mut self, bytes: &[u8]) {
        let mut rest = std::mem::take(&mut self.out.line);
        rest.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(n) = rest[start..].iter().position(|&b| b == b'\n') {
            let line = &rest[start..=start + n];
            start += n + 1;
            self.stdout_line(line);
        }
        let tail = &rest[start..];
        if self.block.mime.is_some() || may_begin_marker(tail) {
            self.out.line = tail.to_vec();
        } else if !tail.is_empty() {
            self.text(Stream::Out, tail);
        }
    }

    fn stdout_line(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        if let Some(mime) = self.block.mime.clone() {
            if text == marker::END {
                self.block.mime = None;
                let content = std::mem::take(&mut self.block.content);
                if self.block.bundle.data.contains_key(&mime) {
                    self.flush_bundle();
                }
                self.block.bundle.data.insert(mime.clone(), mime_value(&mime, content));
                return;
            }
            if !self.block.content.is_empty() {
                self.block.content.push('\n');
            }
            self.block.content.push_str(text);
            return;
        }
        let Some((at, found)) = marker::find(text) else {
            self.text(Stream::Out, line);
            return;
        };
        if at > 0 {
            self.text(Stream::Out, &text.as_bytes()[..at]);
        }
        match found {
            marker::Found::Begin(mime) => {
                self.block.mime = Some(mime.to_owned());
                self.block.content.clear();
            }
            marker::Found::ResultBegins => {
                self.flush_bundle();
                self.block.is_result = true;
            }
            marker::Found::ResultEnds => {
                self.flush_bundle();
                self.block.is_result = false;
            }
            marker::Found::Input { prompt, password } => {
                self.input.asked = Some((prompt.to_owned(), password));
            }
            marker::Found::Flush => self.flush_text(false),
        }
    }

    /// A cell reads standard input: the reader is asked by a thread of its own, and the answer goes
    /// to the cell, so that output flows on meanwhile.
    fn ask(&mut self) {
        self.flush_all();
        let line = std::mem::take(&mut self.input.line);
        let (prompt, password) = self.input.asked.take().unwrap_or((line, false));
        let ask = lock(&self.shared.prompt).clone();
        let events = Arc::clone(&self.events);
        let answer = move || {
            let answer = ask.and_then(|ask| ask(&prompt, password));
            match &answer {
                Some(answer) => wire::send(events.as_fd(), &["input", answer]),
                None => wire::send(events.as_fd(), &["end of input"]),
            }
        };
        if std::thread::Builder::new().name("input".to_owned()).spawn(answer).is_err() {
            wire::send(self.events.as_fd(), &["end of input"]);
        }
    }

    fn text(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.flush_bundle();
        if self.pending.as_ref().is_some_and(|(of, _, _)| *of != stream) {
            self.flush_text(true);
        }
        let (_, pending, _) =
            self.pending.get_or_insert_with(|| (stream, Vec::new(), Instant::now()));
        pending.extend_from_slice(bytes);
        if pending.len() >= BATCH_BYTES {
            self.flush_text(false);
        }
    }

    /// Sends pending text on; keeps back a code point that has not come whole, unless `all`.
    fn flush_text(&mut self, all: bool) {
        let Some((stream, mut bytes, _)) = self.pending.take() else { return };
        let keep = if all { 0 } else { incomplete_tail(&bytes) };
        let kept = bytes.split_off(bytes.len() - keep);
        if !kept.is_empty() {
            self.pending = Some((stream, kept, Instant::now()));
        }
        if bytes.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if stream == Stream::Out {
            let last = text.rsplit('\n').next().unwrap_or_default();
            let ended = text.contains('\n');
            if ended {
                self.input.line.clear();
            }
            if self.input.line.len() + last.len() < 4096 {
                self.input.line.push_str(last);
            }
        }
        if self.flood.stream.is_some() || self.flood.sent + text.len() > MAX_TEXT {
            self.hold(stream, text.as_bytes());
            return;
        }
        self.flood.sent += text.len();
        self.emit_text(stream, text);
    }

    fn emit_text(&self, stream: Stream, text: String) {
        self.emit(match stream {
            Stream::Out => Output::Stdout(text),
            Stream::Err => Output::Stderr(text),
        });
    }

    /// Beyond the limit only the newest text is kept, to be shown when the cell ends.
    fn hold(&mut self, stream: Stream, bytes: &[u8]) {
        if self.flood.stream.is_none() {
            self.emit_text(stream, "\n… (the output is long: the rest is held back)\n".to_owned());
        }
        self.flood.stream = Some(stream);
        self.flood.held += bytes.len();
        self.flood.tail.extend(&bytes[bytes.len().saturating_sub(MAX_TAIL)..]);
        let over = self.flood.tail.len().saturating_sub(MAX_TAIL);
        self.flood.tail.drain(..over);
    }

    /// The end of a text that was held back, and how much of it was left out.
    fn release(&mut self) {
        let flood = std::mem::take(&mut self.flood);
        let Some(stream) = flood.stream else { return };
        let bytes: Vec<u8> = flood.tail.into();
        // The first line is cut somewhere.
        let from = bytes.iter().position(|&b| b == b'\n').map_or(0, |at| at + 1);
        let left_out = flood.held - (bytes.len() - from);
        let text = String::from_utf8_lossy(&bytes[from..]).into_owned();
        self.emit_text(stream, format!("… ({left_out} bytes left out)\n{text}"));
    }

    fn flush_bundle(&mut self) {
        if self.block.bundle.data.is_empty() {
            return;
        }
        let bundle = std::mem::take(&mut self.block.bundle);
        self.flush_text(true);
        self.emit(if self.block.is_result {
            Output::Result(bundle)
        } else {
            Output::Display { bundle, id: None }
        });
    }

    fn emit(&self, output: Output) {
        let sink = lock(&self.shared.sink).clone();
        if let Some(sink) = sink {
            sink(output);
        }
    }

    fn flush_all(&mut self) {
        // A held line is text after all: nothing more of it will come.
        let line = std::mem::take(&mut self.out.line);
        if self.block.mime.take().is_some() {
            let half = std::mem::take(&mut self.block.content);
            self.text(Stream::Out, half.as_bytes());
        }
        self.text(Stream::Out, &line);
        self.flush_bundle();
        self.flush_text(true);
        self.block.is_result = false;
    }

    fn read_displays(&mut self) {
        let mut buffer = [0; 16 << 10];
        while let Ok(n @ 1..) = self.displays.read(&mut buffer) {
            self.frame.extend_from_slice(&buffer[..n]);
        }
        while let Some(message) = self.take_frame() {
            self.drain();
            let line = std::mem::take(&mut self.out.line);
            self.text(Stream::Out, &line);
            self.flush_bundle();
            self.flush_text(true);
            self.handle_display(&message);
            let stop = self.shared.interrupted.load(Ordering::SeqCst);
            let _ = self.displays.write_all(if stop { b"i" } else { b"k" });
        }
    }

    fn take_frame(&mut self) -> Option<Vec<u8>> {
        let head = *self.frame.first_chunk::<4>()?;
        let n = u32::from_le_bytes(head) as usize;
        if n > MAX_DISPLAY {
            self.frame.clear();
            return None;
        }
        if self.frame.len() < 4 + n {
            return None;
        }
        let message = self.frame[4..4 + n].to_vec();
        self.frame.drain(..4 + n);
        Some(message)
    }

    fn handle_display(&mut self, message: &[u8]) {
        let Ok(Value::Object(mut message)) = serde_json::from_slice(message) else {
            tracing::warn!("a display message that is no JSON object");
            return;
        };
        let mut object = |name: &str| match message.remove(name) {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let bundle = Bundle { data: object("data"), metadata: object("metadata") };
        let id = message.get("display_id").and_then(Value::as_str).map(str::to_owned);
        let flag = |name: &str| message.get(name).and_then(Value::as_bool).unwrap_or(false);
        match (message.get("type").and_then(Value::as_str), id) {
            (Some("display_data"), None) if flag("result") => self.emit(Output::Result(bundle)),
            (Some("display_data"), id) => self.emit(Output::Display { bundle, id }),
            (Some("update_display_data"), Some(id)) => self.emit(Output::Update { bundle, id }),
            (Some("clear_output"), _) => self.emit(Output::Clear { wait: flag("wait") }),
            (Some("interrupt_check"), _) => {}
            other => tracing::warn!(?other, "an unknown display message"),
        }
    }

    fn handle_event(&mut self, event: &[String]) {
        let field = |i: usize| event.get(i).map_or("", String::as_str);
        let number = |i: usize| field(i).parse().unwrap_or(0);
        match field(0) {
            "hello" => {
                let mut buffer = [0; 16 << 10];
                while let Ok(1..) = self.displays.read(&mut buffer) {}
                self.frame.clear();
                self.shared.pid.store(field(1).parse().unwrap_or(0), Ordering::SeqCst);
                wire::send(self.events.as_fd(), &["go"]);
            }
            "running" => self.shared.running.store(true, Ordering::SeqCst),
            "done" => {
                self.read_displays();
                self.flush_all();
                self.report_caught_panic();
                self.over();
            }
            "exited" => self.exited(event),
            "broken" => lock(&self.shared.report).broken = Some(field(1).to_owned()),
            "panicked" | "dropped" => {
                let mut report = lock(&self.shared.report);
                report.panicked |= field(0) == "panicked";
                report.dropped |= field(0) == "dropped";
                let frames: Vec<String> = field(2).split_whitespace().map(str::to_owned).collect();
                // A hook of the user's own stands before ours: then it is the payload that speaks.
                if report.panic.as_ref().is_none_or(|p| p.message != field(1)) {
                    report.panic = Some(Panic::unheard(field(1), frames));
                }
            }
            "panic" => self.handle_panic(event),
            "failed" => {
                lock(&self.shared.report).failed = Some(Failed {
                    at: (field(1).to_owned(), number(2), number(3)),
                    kind: field(4).to_owned(),
                    words: field(5).to_owned(),
                    text: field(6).to_owned(),
                });
            }
            "input" => self.ask(),
            other => tracing::warn!(other, "an unknown event"),
        }
    }

    /// All that the cell wrote has gone out.
    fn over(&mut self) {
        self.release();
        self.input = Input::default();
        self.shared.running.store(false, Ordering::SeqCst);
        *lock(&self.shared.over.0) = true;
        self.shared.over.1.notify_all();
    }

    fn exited(&mut self, event: &[String]) {
        let cause = event.get(2).cloned().unwrap_or_default();
        let pid = event.get(1).and_then(|pid| pid.parse().ok()).unwrap_or(0);
        let current = self.shared.pid.compare_exchange(pid, 0, Ordering::SeqCst, Ordering::SeqCst);
        self.read_displays();
        self.flush_all();
        let idle = *lock(&self.shared.over.0);
        // One that died before its first word is the current one, too.
        if current.is_err() && current != Err(0) {
            return;
        }
        if idle {
            *lock(&self.shared.gone) = Some(cause.clone());
            let text = format!(
                "the process that runs cells {cause}: the variables of all cells are lost; functions \
                 and imports are kept\n"
            );
            self.emit(Output::Stderr(text));
        } else {
            lock(&self.shared.report).exited = Some(cause);
            self.over();
        }
    }

    fn handle_panic(&mut self, event: &[String]) {
        let field = |i: usize| event.get(i).map_or("", String::as_str);
        let panic = Panic {
            file: field(3).to_owned(),
            line: field(4).parse().unwrap_or(0),
            column: field(5).parse().unwrap_or(0),
            frames: field(6).split_whitespace().map(str::to_owned).collect(),
            message: field(7).to_owned(),
        };
        if field(1) == "cell" {
            let earlier = lock(&self.shared.report).panic.replace(panic);
            if let Some(earlier) = earlier {
                self.text(Stream::Err, panic_text("the cell", &earlier).as_bytes());
            }
        } else {
            // A thread's panic is the cell's failure only where the cell joins it and unwraps.
            let who = format!("thread `{}`", field(2));
            self.text(Stream::Err, panic_text(&who, &panic).as_bytes());
        }
    }

    /// A panic that the cell itself caught is news, not a failure.
    fn report_caught_panic(&mut self) {
        let caught = {
            let mut report = lock(&self.shared.report);
            if report.panicked || report.dropped { None } else { report.panic.take() }
        };
        if let Some(panic) = caught {
            self.text(Stream::Err, panic_text("the cell (caught)", &panic).as_bytes());
            self.flush_text(true);
        }
    }
}

fn panic_text(who: &str, panic: &Panic) -> String {
    format!("panic in {who}: {}\n", panic.message)
}

fn mime_value(mime: &str, content: String) -> Value {
    if (mime == "application/json" || mime.ends_with("+json"))
        && let Ok(value) = serde_json::from_str(&content)
    {
        return value;
    }
    Value::String(content)
}

fn may_begin_marker(tail: &[u8]) -> bool {
    !tail.is_empty()
        && marker::ALL.iter().any(|m| {
            let m = m.as_bytes();
            m.starts_with(tail) || tail.starts_with(m)
        })
}

/// Bytes at the end that begin a code point which has not come whole.
fn incomplete_tail(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        Err(_) => {
            let last = &bytes[bytes.len().saturating_sub(3)..];
            (1..=last.len())
                .find(|&n| {
                    let tail = &last[last.len() - n..];
                    tail[0] >= 0xC0
                        && std::str::from_utf8(tail).is_err_and(|e| e.error_len().is_none())
                })
                .unwrap_or(0)
        }
        Ok(_) => 0,
    }
}

/// The lines by which our runtime, and crates written for evcxr, speak on standard output.
mod marker {
    pub const END: &str = "EVCXR_END_CONTENT";
    const BEGIN: &str = "EVCXR_BEGIN_CONTENT ";
    const PASSWORD: &str = "EVCXR_INPUT_REQUEST_PASSWORD:";
    const INPUT: &str = "EVCXR_INPUT_REQUEST:";
    const FLUSH: &str = "EVCXR_FLUSH_OUTPUT";
    const RESULT_BEGINS: &str = "\u{1}MLNOTES_RESULT_BEGINS";
    const RESULT_ENDS: &str = "\u{1}MLNOTES_RESULT_ENDS";
    pub const ALL: [&str; 6] = [BEGIN, PASSWORD, INPUT, FLUSH, RESULT_BEGINS, RESULT_ENDS];

    pub enum Found<'a> {
        Begin(&'a str),
        ResultBegins,
        ResultEnds,
        Input { prompt: &'a str, password: bool },
        Flush,
    }

    /// The first marker of a line that ends with it, and where it starts.
    pub fn find(line: &str) -> Option<(usize, Found<'_>)> {
        let whole = |m: &str| line.ends_with(m).then(|| line.len() - m.len());
        let with_rest = |m: &str| line.find(m).map(|at| (at, &line[at + m.len()..]));
        let word = |rest: &&str| !rest.is_empty() && !rest.contains(char::is_whitespace);
        whole(FLUSH)
            .map(|at| (at, Found::Flush))
            .or_else(|| whole(RESULT_BEGINS).map(|at| (at, Found::ResultBegins)))
            .or_else(|| whole(RESULT_ENDS).map(|at| (at, Found::ResultEnds)))
            .or_else(|| {
                let (at, mime) = with_rest(BEGIN)?;
                Some(mime).filter(word).map(|mime| (at, Found::Begin(mime)))
            })
            .or_else(|| {
                let (at, prompt) = with_rest(PASSWORD)?;
                Some((at, Found::Input { prompt, password: true }))
            })
            .or_else(|| {
                let (at, prompt) = with_rest(INPUT)?;
                Some((at, Found::Input { prompt, password: false }))
            })
    }
}
