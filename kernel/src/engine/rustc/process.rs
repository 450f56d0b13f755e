//! The process that runs cells, seen from the kernel.

use super::run_folder::Spared;
use crate::engine::output::Channels;
use crate::engine::wire;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};

/// A process that runs cells. It ends when this is dropped, however busy it is.
pub(super) struct Process {
    commands: File,
}

impl Process {
    /// Starts one with these environment variables; it loads `runtime` before its first cell.
    pub(super) fn start(
        channels: &Channels,
        runtime: &Path,
        spared: &Spared,
        variables: &BTreeMap<String, String>,
    ) -> std::io::Result<Self> {
        let (from_kernel, commands) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        let mut command = Command::new(std::env::current_exe()?);
        // Not an argument: a cell that asks for the program's arguments finds none.
        command
            .arg0(wire::CELLS_PROGRAM)
            .env(wire::DISPLAY_VARIABLE, wire::DISPLAY_FD.to_string())
            .env(wire::EVCXR_VARIABLE, "1");
        // With RUST_BACKTRACE in the shell of the front end, every error of a cell that captures a backtrace
        // would print the kernel's frames; a panic is shown with the reader's own lines in any case.
        if std::env::var_os("RUST_LIB_BACKTRACE").is_none() {
            command.env("RUST_LIB_BACKTRACE", "0");
        }
        command.envs(variables);
        let [out, err, events, displays] = channels.child_ends();
        let input = from_kernel.as_raw_fd();
        // SAFETY: between fork and exec only `open`, `dup2` and `close` are called, which are
        // async-signal-safe, on descriptors that live as long as this call.
        unsafe {
            command.pre_exec(move || {
                let copies = [
                    (input, wire::COMMAND_FD),
                    (events, wire::EVENT_FD),
                    (displays, wire::DISPLAY_FD),
                    (out, 1),
                    (err, 2),
                ];
                for (from, to) in copies {
                    if libc::dup2(from, to) < 0 {
                        return Err(std::io::Error::last_os_error());
                    }
                }
                let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
                if nothing < 0 || libc::dup2(nothing, 0) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
                libc::close(nothing);
                Ok(())
            });
        }
        let mut child = command.spawn()?;
        let own = channels.event_sender()?;
        let pid = child.id();
        spared.add(pid);
        std::thread::Builder::new().name("waiter".to_owned()).spawn(move || {
            let cause = match child.wait() {
                Ok(status) => cause(status),
                Err(error) => format!("could not be waited for: {error}"),
            };
            wire::send(std::os::fd::AsFd::as_fd(&own), &["exited", &pid.to_string(), &cause]);
        })?;
        let mut process = Self { commands: File::from(commands) };
        process.say("RUNTIME", &runtime.display().to_string())?;
        Ok(process)
    }

    /// Writes a command.
    pub(super) fn say(&mut self, command: &str, argument: &str) -> std::io::Result<()> {
        self.commands.write_all(format!("{command} {argument}\n").as_bytes())
    }

    /// A second way to write commands, for the thread that interrupts.
    pub(super) fn commands(&self) -> std::io::Result<File> {
        self.commands.try_clone()
    }
}

/// How a process ended, in words that follow "the cell's process".
fn cause(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited (exit code {code})"),
        (None, Some(number)) => {
            let name = nix::sys::signal::Signal::try_from(number)
                .map_or_else(|_| format!("signal {number}"), |signal| signal.as_str().to_owned());
            format!("was ended by signal {number} ({name})")
        }
        (None, None) => "ended".to_owned(),
    }
}
