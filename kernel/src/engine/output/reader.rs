//! The thread that reads what cells print: text in batches, and evcxr's markers in it.

use super::{Shared, lock, marker};
use crate::engine::{Bundle, Output, wire};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Text waits this long for more, so that 20 000 lines are not 20 000 messages.
const BATCH: Duration = Duration::from_millis(15);
/// And goes out at once when it is this long.
const BATCH_BYTES: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// A pipe and the line that has not ended yet.
pub(super) struct Source {
    file: File,
    pub(super) line: Vec<u8>,
}

impl Source {
    pub(super) fn new(file: File) -> Self {
        Self { file, line: Vec::new() }
    }
}

/// Content between evcxr's markers, and the bundle that it adds to.
#[derive(Default)]
pub(super) struct Block {
    mime: Option<String>,
    content: String,
    bundle: Bundle,
    is_result: bool,
}

/// What the next read of standard input asks the reader.
#[derive(Default)]
pub(super) struct Input {
    /// The last line of output that has not ended: `print!("name? ")`.
    line: String,
    /// A prompt by evcxr's marker, and whether it is for a password.
    asked: Option<(String, bool)>,
}

/// Keeps a cell that prints without end from filling the notebook and the memory.
#[derive(Default)]
pub(super) struct Flood {
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

pub(super) struct Reader {
    pub(super) out: Source,
    pub(super) err: Source,
    pub(super) events: Arc<OwnedFd>,
    pub(super) displays: File,
    pub(super) frame: Vec<u8>,
    pub(super) pending: Option<(Stream, Vec<u8>, Instant)>,
    pub(super) block: Block,
    pub(super) input: Input,
    pub(super) flood: Flood,
    pub(super) shared: Arc<Shared>,
}

impl Reader {
    pub(super) fn run(mut self) {
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
    pub(super) fn read(&mut self, stream: Stream) -> bool {
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

    pub(super) fn drain(&mut self) {
        while self.read(Stream::Out) {}
        while self.read(Stream::Err) {}
    }

    /// Splits standard output into text and evcxr's markers.
    pub(super) fn stdout(&mut self, bytes: &[u8]) {
        let mut rest = std::mem::take(&mut self.out.line);
        rest.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(n) = rest[start..].iter().position(|&b| b == b'\n') {
            let line = &rest[start..=start + n];
            start += n + 1;
            self.stdout_line(line);
        }
        let tail = &rest[start..];
        if self.block.mime.is_some() || marker::may_begin(tail) {
            self.out.line = tail.to_vec();
        } else if !tail.is_empty() {
            self.text(Stream::Out, tail);
        }
    }

    pub(super) fn stdout_line(&mut self, line: &[u8]) {
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
    pub(super) fn ask(&mut self) {
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

    pub(super) fn text(&mut self, stream: Stream, bytes: &[u8]) {
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
    pub(super) fn flush_text(&mut self, all: bool) {
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

    pub(super) fn emit_text(&self, stream: Stream, text: String) {
        self.emit(match stream {
            Stream::Out => Output::Stdout(text),
            Stream::Err => Output::Stderr(text),
        });
    }

    /// Beyond the limit only the newest text is kept, to be shown when the cell ends.
    pub(super) fn hold(&mut self, stream: Stream, bytes: &[u8]) {
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
    pub(super) fn release(&mut self) {
        let flood = std::mem::take(&mut self.flood);
        let Some(stream) = flood.stream else { return };
        let bytes: Vec<u8> = flood.tail.into();
        // The first line is cut somewhere.
        let from = bytes.iter().position(|&b| b == b'\n').map_or(0, |at| at + 1);
        let left_out = flood.held - (bytes.len() - from);
        let text = String::from_utf8_lossy(&bytes[from..]).into_owned();
        self.emit_text(stream, format!("… ({left_out} bytes left out)\n{text}"));
    }

    pub(super) fn flush_bundle(&mut self) {
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

    pub(super) fn emit(&self, output: Output) {
        let sink = lock(&self.shared.sink).clone();
        if let Some(sink) = sink {
            sink(output);
        }
    }

    pub(super) fn flush_all(&mut self) {
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
}

fn mime_value(mime: &str, content: String) -> Value {
    if (mime == "application/json" || mime.ends_with("+json"))
        && let Ok(value) = serde_json::from_str(&content)
    {
        return value;
    }
    Value::String(content)
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
