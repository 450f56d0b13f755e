//! The program behind Tab and Shift-Tab: rust-analyzer, through evcxr, in a process of its own.
//!
//! It holds half a gigabyte once it knows the standard library, so the kernel starts it at the first
//! question and ends it when nobody asks any more. Requests and answers are lines of JSON on standard
//! input and output. It runs no cell and no `:` line.

use crate::engine::wire;
use crate::environment;
use anyhow::{Context, Result};
use evcxr::{CommandContext, EvalContext};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::mpsc::channel;

/// What is asked about a position in a text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Question {
    /// Comes back with the answer.
    pub id: u64,
    /// Documentation, or else completions.
    pub hover: bool,
    /// The whole text: crates, items, variables, the cell.
    pub text: String,
    /// The cursor, in bytes of `text`.
    pub cursor: usize,
}

/// What there is to say.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The question's.
    pub id: u64,
    /// Completions: what to insert, its kind, and its label (a signature).
    pub completions: Vec<(String, String, String)>,
    /// Where the replaced text starts, in bytes of the question's text.
    pub start: usize,
    /// Documentation as text and as HTML.
    pub hover: Option<(String, String)>,
}

/// Answers questions until standard input ends.
///
/// # Errors
/// When evcxr does not start.
pub fn main() -> Result<()> {
    // evcxr prints here and there; the answers keep a way of their own.
    let mut answers = File::from(std::io::stdout().as_fd().try_clone_to_owned()?);
    let nowhere = File::options().write(true).open("/dev/null")?;
    nix::unistd::dup2_stdout(&nowhere)?;
    let (sender, questions) = channel::<Question>();
    std::thread::spawn(move || {
        for line in BufReader::new(std::io::stdin()).lines().map_while(Result::ok) {
            match serde_json::from_str(&line) {
                Ok(question) => drop(sender.send(question)),
                Err(error) => eprintln!("a question that cannot be read: {error}"),
            }
        }
        // The kernel is gone, or has no more use for answers: whatever is being worked out.
        std::process::exit(0);
    });
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("evcxr").env(wire::EVCXR_VARIABLE, "1");
    // What evcxr compiles is linked against rustc's own libraries, wherever they are.
    let variable = if cfg!(target_os = "macos") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };
    let mut folders = vec![environment::rust_libraries()?];
    if let Some(old) = std::env::var_os(variable) {
        folders.extend(std::env::split_paths(&old));
    }
    command.env(variable, std::env::join_paths(folders)?);
    let (context, outputs) =
        EvalContext::with_subprocess_command(command).context("evcxr does not start")?;
    drop(outputs);
    let mut context = CommandContext::with_eval_context(context);
    while let Ok(mut question) = questions.recv() {
        // Only the newest question still has somebody who waits.
        while let Ok(newer) = questions.try_recv() {
            question = newer;
        }
        let answer = answer(&mut context, &question);
        writeln!(answers, "{}", serde_json::to_string(&answer)?)?;
    }
    Ok(())
}

fn answer(context: &mut CommandContext, question: &Question) -> Answer {
    let mut answer = Answer { id: question.id, start: question.cursor, ..Answer::default() };
    if question.hover {
        let found = context.hover_at(&question.text, question.cursor).ok();
        answer.hover = found.filter(|(text, _)| text != "No documentation found");
    } else if let Ok(found) = context.completions(&question.text, question.cursor) {
        answer.start = found.start_offset;
        answer.completions = found
            .completions
            .into_iter()
            .map(|found| (found.code, found.kind.to_owned(), found.label))
            .collect();
    }
    answer
}
