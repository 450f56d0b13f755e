//! Stopping what runs, from another thread.

use super::run_folder::{self, Spared};
use crate::engine::Interrupt;
use crate::engine::output::ChannelsHandle;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Stops what runs now, and nothing when nothing runs.
pub(super) struct Interrupter {
    channels: ChannelsHandle,
    folder: PathBuf,
    busy: AtomicBool,
    requested: AtomicBool,
    run: AtomicU64,
    /// Where commands to the process that runs cells are written.
    commands: Mutex<Option<File>>,
    spared: Spared,
}

impl Interrupter {
    pub(super) fn new(channels: ChannelsHandle, folder: PathBuf) -> Self {
        Self {
            channels,
            folder,
            busy: AtomicBool::new(false),
            requested: AtomicBool::new(false),
            run: AtomicU64::new(0),
            commands: Mutex::default(),
            spared: Spared::default(),
        }
    }
    pub(super) fn begin(&self) {
        self.run.fetch_add(1, Ordering::SeqCst);
        self.requested.store(false, Ordering::SeqCst);
        self.busy.store(true, Ordering::SeqCst);
    }
    pub(super) fn end(&self) {
        self.busy.store(false, Ordering::SeqCst);
    }
    pub(super) fn set_commands(&self, commands: Option<File>) {
        *self.commands.lock().unwrap_or_else(PoisonError::into_inner) = commands;
    }
    /// Processes that an interrupt leaves alone.
    pub(super) fn spared(&self) -> Spared {
        self.spared.clone()
    }
    fn say(&self, line: &str) {
        if let Some(file) = &mut *self.commands.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = writeln!(file, "{line}");
        }
    }
    pub(super) fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }
}

impl Interrupt for Interrupter {
    fn interrupt(&self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        if !self.busy.load(Ordering::SeqCst) {
            return;
        }
        let run = self.run.load(Ordering::SeqCst);
        self.requested.store(true, Ordering::SeqCst);
        self.channels.ask_to_stop();
        if self.channels.running() {
            self.say("STOP");
        }
        let start = Instant::now();
        while self.busy.load(Ordering::SeqCst) && self.run.load(Ordering::SeqCst) == run {
            let cells = self.channels.pid();
            if !self.channels.running() {
                run_folder::end_compilers(&self.spared);
            } else if let Some(pid) = cells.filter(|_| start.elapsed() >= PATIENCE) {
                let pid = nix::unistd::Pid::from_raw(pid);
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    fn terminate(&self) {
        run_folder::end_compilers(&Spared::default());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
