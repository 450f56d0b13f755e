//! How the kernel, the process that runs cells, and the code in cells speak to each other.

use nix::sys::socket::{MsgFlags, recv, send as send_to};
use std::os::fd::{AsRawFd, BorrowedFd};

/// The kernel's commands, a line each, in the process that runs cells.
pub const COMMAND_FD: i32 = 100;
/// Events (one datagram each): process started or ended, cell done, panic, failed `?`.
pub const EVENT_FD: i32 = 102;
/// Rich output from the library's `display`, framed as that module says.
pub const DISPLAY_FD: i32 = 103;
/// The variable that tells the library where its displays go.
pub const DISPLAY_VARIABLE: &str = "MLNOTES_DISPLAY_FD";

/// What the process that runs cells is called, in place of its path: so it is told apart.
pub const CELLS_PROGRAM: &str = "mlnotes-kernel cells";
/// Crates that draw for notebooks look for this variable.
pub const EVCXR_VARIABLE: &str = "EVCXR_IS_RUNTIME";

/// A datagram larger than this is cut, so that it fits the socket's buffer.
const MAX_EVENT: usize = 60 << 10;
const SEPARATOR: char = '\u{1f}';

/// Sends one event.
pub fn send(to: BorrowedFd<'_>, fields: &[&str]) {
    let mut text = fields.join("\u{1f}");
    if text.len() > MAX_EVENT {
        let mut end = MAX_EVENT;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    while send_to(to.as_raw_fd(), text.as_bytes(), MsgFlags::empty()) == Err(nix::Error::EINTR) {}
}

/// Waits for one event; `None` when the other side is gone.
pub fn receive(from: BorrowedFd<'_>) -> Option<Vec<String>> {
    receive_with(from, MsgFlags::empty())
}

/// Takes an event that is there already.
pub fn try_receive(from: BorrowedFd<'_>) -> Option<Vec<String>> {
    receive_with(from, MsgFlags::MSG_DONTWAIT)
}

fn receive_with(from: BorrowedFd<'_>, flags: MsgFlags) -> Option<Vec<String>> {
    let mut buffer = vec![0; MAX_EVENT + 1024];
    loop {
        match recv(from.as_raw_fd(), &mut buffer, flags) {
            Ok(0) => return None,
            Ok(n) => {
                let text = String::from_utf8_lossy(&buffer[..n]);
                return Some(text.split(SEPARATOR).map(str::to_owned).collect());
            }
            Err(nix::Error::EINTR) => {}
            Err(_) => return None,
        }
    }
}
