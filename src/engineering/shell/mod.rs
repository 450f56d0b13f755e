//! The commands a program is run and watched with, as functions: what `tail`, `grep`, `find`, `du`,
//! `chmod` and `free` do, and why.
//!
//! | command | here | what it hides |
//! |---|---|---|
//! | `cmd args` | [`run`] | a shell splits and expands words; [`run`] passes them as they are |
//! | `tail -n k`, `tail -F` | [`tail`], [`Follower`] | a file name and an open file are two things |
//! | `grep -n` | [`grep`] | lines, numbers from 1, context |
//! | `find` | [`find`] | the order is the directory's; here it is sorted |
//! | `du -B1` | [`disk_usage`] | blocks allocated, not length; a hard link counts once |
//! | `chmod`, `stat -c %A` | [`apply_mode`], [`format_mode`] | what `+x` leaves out is the umask's |
//! | `free` | [`parse_meminfo`] | "available", not "free", is what can be had |
//! | `nvidia-smi --format=csv` | [`parse_smi_csv`] | what a card does not report is no zero |
//!
//! ```
//! use mlnotes::engineering::shell::{GrepOptions, Scratch, grep, tail};
//! let scratch = Scratch::new()?;
//! let log = scratch.write("app.log", "start\nERROR disk full\nstop\n")?;
//! assert_eq!(tail(&log, 1)?, ["stop"]);
//! assert_eq!(grep(&log, "^ERROR", &GrepOptions::new())?[0].to_string(), "2:ERROR disk full");
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! IEEE Std 1003.1-2017 (POSIX), *Shell & Utilities*: `tail`, `grep`, `find`, `du`, `chmod`; GNU
//! coreutils manual, chapter 27 (file permissions); `proc_meminfo(5)`.

mod disk;
mod mode;
mod run;
mod search;
mod status;
mod tail;

pub use disk::disk_usage;
pub use mode::{apply_mode, format_mode};
pub use run::{RunOptions, RunOutput, Scratch, run};
pub use search::{FileKind, FindOptions, GrepOptions, LineMatch, find, grep};
pub use status::{GpuRow, MemInfo, parse_meminfo, parse_smi_csv};
pub use tail::{Follower, tail, tail_bytes};

use crate::Error;
use std::path::Path;

/// An error of the system at a path, in this library's words.
pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |error| Error::Io { path: path.display().to_string(), reason: error.to_string() }
}
