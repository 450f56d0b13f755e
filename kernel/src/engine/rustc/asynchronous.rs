//! Cells that wait for futures.
//!
//! A cell with an `.await` becomes an `async` block, which one runtime of the session drives: tokio's
//! where tokio is among the crates, and else a loop of ours. tokio's is entered for every other cell
//! too, so that `tokio::spawn` and timers work anywhere; it lives as long as the process, and with it
//! all that was spawned.

use crate::engine::errors::Diagnostic;
use crate::engine::mapped::Mapped;
use crate::environment::Environment;
use std::fmt::Write;

/// What drives futures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Driver {
    /// A loop of the kernel's runtime library.
    Own,
    /// tokio: which build of it, and how its runtime is made.
    Tokio { build: String, maker: &'static str },
}

impl Driver {
    /// What the crates of this environment have.
    pub(super) fn of(environment: &Environment) -> Self {
        let file = environment.added.get("tokio").or_else(|| environment.externs.get("tokio"));
        let features = environment.features("tokio").unwrap_or_default();
        let has = |name: &str| features.iter().any(|feature| feature == name);
        let maker = if has("rt-multi-thread") {
            "new_multi_thread"
        } else if has("rt") {
            "new_current_thread"
        } else {
            return Self::Own;
        };
        let Some(file) = file else { return Self::Own };
        Self::Tokio { build: format!("{} {}", file.display(), environment.generation), maker }
    }

    /// The runtime, as an expression.
    fn runtime(build: &str, maker: &str) -> String {
        format!(
            "::mlnotes_cell::shared({build:?}, || ::tokio::runtime::Builder::{maker}().enable_all()\
             .build().expect(\"tokio's runtime does not start\"))"
        )
    }

    /// Opens the block that holds a cell's statements.
    pub(super) fn open(&self, out: &mut Mapped, waits: bool) {
        const RESULT: &str = "::std::result::Result<(), ::mlnotes_cell::MlnotesFailure>";
        let text = &mut out.text;
        let _ = match (self, waits) {
            (Self::Own, false) => writeln!(text, "-> {RESULT} {{"),
            (Self::Own, true) => {
                writeln!(text, "::mlnotes_cell::block_on(::mlnotes_cell::until_stopped(async {{")
            }
            (Self::Tokio { build, maker }, false) => {
                let runtime = Self::runtime(build, maker);
                writeln!(text, "-> {RESULT} {{\nlet _mlnotes_entered = {runtime}.enter();")
            }
            (Self::Tokio { build, maker }, true) => {
                let runtime = Self::runtime(build, maker);
                writeln!(text, "{runtime}.block_on(::mlnotes_cell::until_stopped(async {{")
            }
        };
        if waits {
            let _ = writeln!(text, "if false {{ return {RESULT_OK}; }}");
        }
    }

    /// Closes it.
    pub(super) fn close(out: &mut Mapped, waits: bool) {
        out.push(if waits { "})))" } else { "})" });
    }
}

/// Tells the compiler what an `async` block ends with.
const RESULT_OK: &str = "::std::result::Result::<(), ::mlnotes_cell::MlnotesFailure>::Ok(())";

/// Whether a cell failed only because a macro of it waits, which its text does not show.
pub(super) fn wants_to_wait(errors: &[Diagnostic]) -> bool {
    errors.iter().any(|error| error.code.as_deref() == Some("E0728"))
}
