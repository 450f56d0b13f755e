//! The way to the front end: a channel of the kernel's where there is one, evcxr's marker lines on
//! standard output where there is none.

use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The variable in which the kernel names the channel's descriptor.
const VARIABLE: &str = "MLNOTES_DISPLAY_FD";

/// One value in several representations, the richest that the reader's screen can show wins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bundle {
    /// Pairs of MIME type and content.
    pub(super) data: Vec<(&'static str, String)>,
}

impl Bundle {
    pub(super) fn new(mime: &'static str, content: impl Into<String>) -> Self {
        Self { data: vec![(mime, content.into())] }
    }

    pub(super) fn with(mut self, mime: &'static str, content: impl Into<String>) -> Self {
        self.data.push((mime, content.into()));
        self
    }

    fn to_json(&self) -> Value {
        let entries = self.data.iter().map(|(mime, text)| ((*mime).to_owned(), json!(text)));
        Value::Object(entries.collect::<Map<_, _>>())
    }
}

/// What the kernel says after each message.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    GoOn,
    Stop,
}

/// A connection, or none: then markers are printed.
pub(super) struct Connection {
    stream: Option<UnixStream>,
}

impl Connection {
    fn from_environment() -> Self {
        let fd = std::env::var(VARIABLE).ok().and_then(|fd| fd.parse::<i32>().ok());
        Self { stream: fd.filter(|&fd| fd > 2).map(adopt) }
    }

    /// Sends and waits for the answer; `None` when there is no channel (any more).
    fn exchange(&mut self, message: &Value) -> Option<Answer> {
        // What the cell printed so far stands before this message.
        let _ = std::io::stdout().flush();
        let body = serde_json::to_vec(message).ok()?;
        let length = u32::try_from(body.len()).ok()?;
        let stream = self.stream.as_mut()?;
        let mut answer = [0_u8];
        let done = stream
            .write_all(&length.to_le_bytes())
            .and_then(|()| stream.write_all(&body))
            .and_then(|()| stream.read_exact(&mut answer));
        if done.is_err() {
            self.stream = None;
            return None;
        }
        Some(if answer == *b"i" { Answer::Stop } else { Answer::GoOn })
    }
}

#[expect(unsafe_code, reason = "a number in a variable is the only way to hand a descriptor down")]
fn adopt(fd: i32) -> UnixStream {
    // SAFETY: the kernel opened this descriptor for this library, which takes it once a process.
    unsafe { UnixStream::from_raw_fd(fd) }
}

fn connection() -> MutexGuard<'static, Connection> {
    static CONNECTION: OnceLock<Mutex<Connection>> = OnceLock::new();
    CONNECTION
        .get_or_init(|| Mutex::new(Connection::from_environment()))
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Whether the kernel can update a display in place.
pub(super) fn is_live() -> bool {
    connection().stream.is_some()
}

/// Sends a message; `fallback` is printed where there is no channel.
///
/// # Panics
/// With "Interrupted" when the reader has asked for the cell to stop: unwinding keeps all variables.
fn send(message: &Value, fallback: Option<&Bundle>) {
    let answer = connection().exchange(message);
    match (answer, fallback) {
        (Some(Answer::Stop), _) => panic!("Interrupted"),
        (None, Some(bundle)) => print!("{}", markers(bundle)),
        _ => {}
    }
}

/// Shows a bundle; `result` marks it as the value of the cell's last expression.
pub(super) fn show(bundle: &Bundle, result: bool) {
    let message = json!({
        "type": "display_data", "data": bundle.to_json(), "metadata": {},
        "display_id": null, "result": result,
    });
    send(&message, Some(bundle));
}

/// Shows a bundle that [`update`] can replace.
pub(super) fn show_as(bundle: &Bundle, id: &str) {
    let message = json!({
        "type": "display_data", "data": bundle.to_json(), "metadata": {}, "display_id": id,
    });
    send(&message, None);
}

/// Replaces what was shown under `id`.
pub(super) fn update(bundle: &Bundle, id: &str) {
    let message = json!({
        "type": "update_display_data", "data": bundle.to_json(), "metadata": {}, "display_id": id,
    });
    send(&message, None);
}

/// Clears the cell's output.
pub(super) fn clear(wait: bool) {
    send(&json!({ "type": "clear_output", "wait": wait }), None);
}

/// Stops here when the reader has asked for it.
pub(super) fn check_interrupt() {
    /// A question takes the kernel some 50 µs; a reader does not notice so short a delay.
    const PAUSE: Duration = Duration::from_millis(20);
    thread_local! {
        static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    let now = Instant::now();
    if LAST.get().is_some_and(|last| now.duration_since(last) < PAUSE) {
        return;
    }
    LAST.set(Some(now));
    send(&json!({ "type": "interrupt_check" }), None);
}

/// evcxr's convention: each representation between two marker lines.
fn markers(bundle: &Bundle) -> String {
    let block = |(mime, content): &(&str, String)| {
        format!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n")
    };
    bundle.data.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_framed_and_answered() {
        let (ours, mut kernel) = UnixStream::pair().unwrap();
        let mut connection = Connection { stream: Some(ours) };
        let server = std::thread::spawn(move || {
            let mut head = [0; 4];
            kernel.read_exact(&mut head).unwrap();
            let mut body = vec![0; u32::from_le_bytes(head) as usize];
            kernel.read_exact(&mut body).unwrap();
            kernel.write_all(b"i").unwrap();
            serde_json::from_slice::<Value>(&body).unwrap()
        });
        let answer = connection.exchange(&json!({ "type": "interrupt_check" }));
        assert_eq!(answer, Some(Answer::Stop));
        assert_eq!(server.join().unwrap()["type"], "interrupt_check");
    }

    #[test]
    fn a_kernel_that_is_gone_does_no_harm() {
        let (ours, kernel) = UnixStream::pair().unwrap();
        drop(kernel);
        let mut connection = Connection { stream: Some(ours) };
        assert_eq!(connection.exchange(&json!({})), None);
        assert!(connection.stream.is_none());
    }

    #[test]
    fn without_a_kernel_of_ours_evcxr_understands() {
        let bundle = Bundle::new("text/html", "<b>1</b>").with("text/plain", "1");
        assert_eq!(
            markers(&bundle),
            "EVCXR_BEGIN_CONTENT text/html\n<b>1</b>\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT\n"
        );
    }
}
