//! The way to the front end: a channel of the kernel's where there is one, evcxr's marker lines on
//! standard output where there is none.

use crate::bundle::Bundle;
use crate::channel::{self, Channel};
use serde_json::{Value, json};
use std::cell::Cell;
use std::io::{Read, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What the kernel says after each message.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    GoOn,
    Stop,
}

/// A connection, or none: then markers are printed.
struct Connection {
    channel: Option<Channel>,
}

impl Connection {
    /// Sends and waits for the answer; `None` when there is no channel (any more).
    fn exchange(&mut self, message: &Value) -> Option<Answer> {
        // What the cell printed so far stands before this message.
        let _ = std::io::stdout().flush();
        let body = serde_json::to_vec(message).ok()?;
        let length = u32::try_from(body.len()).ok()?;
        let channel = self.channel.as_mut()?;
        let mut answer = [0_u8];
        let done = channel
            .write_all(&length.to_le_bytes())
            .and_then(|()| channel.write_all(&body))
            .and_then(|()| channel.read_exact(&mut answer));
        if done.is_err() {
            self.channel = None;
            return None;
        }
        Some(if answer == *b"i" { Answer::Stop } else { Answer::GoOn })
    }
}

fn connection() -> MutexGuard<'static, Connection> {
    static CONNECTION: OnceLock<Mutex<Connection>> = OnceLock::new();
    CONNECTION
        .get_or_init(|| Mutex::new(Connection { channel: channel::open() }))
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Whether the kernel can update a display in place.
pub(crate) fn is_live() -> bool {
    connection().channel.is_some()
}

/// Sends a message; `fallback` is printed where there is no channel.
///
/// # Panics
/// With "Interrupted" when the reader has asked for the cell to stop: unwinding keeps all variables.
fn send(message: &Value, fallback: Option<&Bundle>) {
    let answer = connection().exchange(message);
    match (answer, fallback) {
        (Some(Answer::Stop), _) => panic!("Interrupted"),
        (None, Some(bundle)) => print!("{}", bundle.markers()),
        _ => {}
    }
}

/// Shows a bundle; `result` marks it as the value of the cell's last expression.
pub(crate) fn show(bundle: &Bundle, result: bool) {
    let message = json!({
        "type": "display_data", "data": bundle.to_json(), "metadata": {},
        "display_id": null, "result": result,
    });
    send(&message, Some(bundle));
}

/// Shows a bundle that [`update`] can replace.
pub(crate) fn show_as(bundle: &Bundle, id: &str) {
    let message = json!({
        "type": "display_data", "data": bundle.to_json(), "metadata": {}, "display_id": id,
    });
    send(&message, None);
}

/// Replaces what was shown under `id`.
pub(crate) fn update(bundle: &Bundle, id: &str) {
    let message = json!({
        "type": "update_display_data", "data": bundle.to_json(), "metadata": {}, "display_id": id,
    });
    send(&message, None);
}

/// Clears the cell's output.
pub(crate) fn clear(wait: bool) {
    send(&json!({ "type": "clear_output", "wait": wait }), None);
}

/// Stops here when the reader has asked for it.
pub(crate) fn check_interrupt() {
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_message_is_framed_and_answered() {
        let (ours, mut kernel) = UnixStream::pair().unwrap();
        let mut connection = Connection { channel: Some(ours) };
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
        let mut connection = Connection { channel: Some(ours) };
        assert_eq!(connection.exchange(&json!({})), None);
        assert!(connection.channel.is_none());
    }
}
