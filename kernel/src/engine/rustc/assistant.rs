//! Completion and documentation, beside a running cell: what the session knows at once, and what
//! rust-analyzer adds from its own process.

use super::commands::COMMANDS;
use super::run_folder::Spared;
use super::text_bundle;
use crate::analyst::{Answer, Question};
use crate::engine::source::Parsed;
use crate::engine::{Assist, Bundle, Completions};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a reader waits for an answer; the first load of the crates takes longer, and goes on.
const PATIENCE: Duration = Duration::from_secs(3);
/// The process that answers is ended after this time without a question.
const UNUSED: Duration = Duration::from_mins(10);

/// What the session knows, as of the last cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    /// Lines that name crates to rust-analyzer.
    pub(super) crates: String,
    /// Items of all cells.
    pub(super) items: String,
    /// Variables: declaration, type, and the cell that bound it.
    pub(super) variables: BTreeMap<String, (String, u32)>,
    /// Names with their kinds, which need no analysis.
    pub(super) names: Vec<(String, &'static str)>,
    /// Crates with their versions.
    pub(super) versions: BTreeMap<String, String>,
}

impl Snapshot {
    /// The session as one text, the cell last; and where the cell begins in it.
    fn text(&self, cell: &str) -> (String, usize) {
        let mut text = format!("{}{}", self.crates, self.items);
        for (name, (ty, _)) in &self.variables {
            let _ = writeln!(text, "let mut {name}: {ty} = todo!();");
        }
        let start = text.len();
        text.push_str(cell);
        (text, start)
    }
}

/// Answers for all threads.
pub(super) struct Assistant {
    folder: PathBuf,
    spared: Spared,
    snapshot: Mutex<Arc<Snapshot>>,
    helper: Mutex<Option<Helper>>,
}

struct Helper {
    child: Child,
    questions: ChildStdin,
    answers: Receiver<Answer>,
    last_id: u64,
    used: Instant,
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Assistant {
    pub(super) fn new(folder: PathBuf, spared: Spared) -> Self {
        Self { folder, spared, snapshot: Mutex::default(), helper: Mutex::default() }
    }

    /// After each cell.
    pub(super) fn know(&self, snapshot: Snapshot) {
        *lock(&self.snapshot) = Arc::new(snapshot);
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&lock(&self.snapshot))
    }

    /// Asks rust-analyzer; `None` when it is not there, or not yet.
    fn ask(&self, hover: bool, text: String, cursor: usize) -> Option<Answer> {
        let mut helper = lock(&self.helper);
        if helper.as_mut().is_some_and(|h| !matches!(h.child.try_wait(), Ok(None))) {
            *helper = None;
        }
        if helper.is_none() {
            match self.start() {
                Ok(started) => *helper = Some(started),
                Err(error) => {
                    tracing::warn!(%error, "completion has no rust-analyzer");
                    return None;
                }
            }
        }
        let helper = helper.as_mut()?;
        helper.used = Instant::now();
        helper.last_id += 1;
        let id = helper.last_id;
        let question = serde_json::to_string(&Question { id, hover, text, cursor }).ok()?;
        writeln!(helper.questions, "{question}").ok()?;
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let answer = helper.answers.recv_timeout(left).ok()?;
            if answer.id == id {
                return Some(answer);
            }
        }
    }

    fn start(&self) -> std::io::Result<Helper> {
        let folder = self.folder.join("analysis");
        std::fs::create_dir_all(folder.join("config"))?;
        let log = std::fs::File::create(folder.join("log"))?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("analyse")
            .env_remove(crate::engine::wire::EVCXR_VARIABLE)
            .env("EVCXR_TMPDIR", folder.join("crate"))
            .env("EVCXR_CONFIG_DIR", folder.join("config"))
            .env("CARGO_NET_OFFLINE", "true")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        self.spared.add(child.id());
        let broken = || std::io::Error::other("no pipes");
        let (questions, out) =
            (child.stdin.take().ok_or_else(broken)?, child.stdout.take().ok_or_else(broken)?);
        let (sender, answers) = channel();
        std::thread::Builder::new().name("analysis".to_owned()).spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Ok(answer) = serde_json::from_str(&line)
                    && sender.send(answer).is_err()
                {
                    return;
                }
            }
        })?;
        Ok(Helper { child, questions, answers, last_id: 0, used: Instant::now() })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the word at the cursor starts.
fn word_start(code: &str, cursor: usize) -> usize {
    code[..cursor].trim_end_matches(is_word).len()
}

/// `:` lines are no Rust; blanks of the same length keep all positions.
fn without_commands(code: &str) -> String {
    let start = Parsed::new(code).start;
    let blank = |c: char| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) };
    code[..start].chars().map(blank).collect::<String>() + &code[start..]
}

impl Assist for Assistant {
    fn complete(&self, code: &str, cursor: usize) -> Completions {
        let line = code[..cursor].rfind('\n').map_or(0, |at| at + 1);
        if code[line..cursor].starts_with(':') {
            let start = line;
            let offered =
                COMMANDS.iter().filter(|(name, ..)| name.starts_with(&code[line..cursor]));
            let matches =
                offered.map(|(name, ..)| ((*name).to_owned(), Some("keyword".to_owned())));
            return Completions { matches: matches.collect(), start, end: cursor };
        }
        let start = word_start(code, cursor);
        let prefix = &code[start..cursor];
        let snapshot = self.snapshot();
        let mut matches: BTreeMap<String, Option<String>> = BTreeMap::new();
        let member = code[..start].ends_with('.') || code[..start].ends_with("::");
        if !member {
            let fits =
                |(name, _): &&(String, &str)| name.starts_with(prefix) && name.chars().all(is_word);
            let known = snapshot.names.iter().filter(fits);
            matches.extend(known.map(|(name, kind)| (name.clone(), Some((*kind).to_owned()))));
        }
        let (text, offset) = snapshot.text(&without_commands(code));
        if let Some(answer) = self.ask(false, text, offset + cursor) {
            for (code, kind, _) in answer.completions {
                // Snippets (`if$0 {`) are for editors that fill them in.
                let plain = code.split(['(', '$']).next().unwrap_or_default();
                let plain = plain.trim_end_matches("::").to_owned();
                if plain.starts_with(prefix) && !plain.is_empty() && !plain.contains("mlnotes_") {
                    matches.entry(plain).or_insert(Some(kind));
                }
            }
        }
        Completions { matches: matches.into_iter().collect(), start, end: cursor }
    }

    fn inspect(&self, code: &str, cursor: usize) -> Option<Bundle> {
        let start = word_start(code, cursor);
        let end = code.len() - code[cursor..].trim_start_matches(is_word).len();
        let name = &code[start..end];
        if name.is_empty() {
            return None;
        }
        let snapshot = self.snapshot();
        let member = code[..start].ends_with('.') || code[..start].ends_with("::");
        let own = if member {
            None
        } else if let Some((ty, cell)) = snapshot.variables.get(name) {
            Some(format!("{name}: {ty}\n\nbound in cell [{cell}]"))
        } else {
            snapshot.versions.get(name).map(|version| format!("crate {name} {version}"))
        };
        let (text, offset) = snapshot.text(&without_commands(code));
        let found = self.ask(true, text, offset + end).and_then(|answer| answer.hover);
        match (own, found) {
            (None, None) => None,
            (Some(own), None) => Some(documentation(&own, None)),
            (own, Some((text, html))) => {
                let own = own.map(|own| own + "\n\n").unwrap_or_default();
                let html = format!("{}{html}", paragraph(&own));
                Some(documentation(&format!("{own}{text}"), Some(html)))
            }
        }
    }

    fn tidy(&self) {
        let mut helper = lock(&self.helper);
        if helper.as_ref().is_some_and(|helper| helper.used.elapsed() > UNUSED) {
            *helper = None;
        }
    }
}

fn paragraph(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let text = text.trim().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<pre>{text}</pre>")
}

/// The same in three forms: where it belongs and its signature are code, the rest is prose.
fn documentation(text: &str, html: Option<String>) -> Bundle {
    let text = text.trim();
    let mut parts = text.splitn(3, "\n\n").map(str::trim);
    let code: Vec<&str> = parts.by_ref().take(2).collect();
    let prose = parts.next().unwrap_or_default();
    let mut bundle = text_bundle(text);
    let markdown = format!("```rust\n{}\n```\n\n{prose}", code.join("\n"));
    bundle.data.insert("text/markdown".to_owned(), Value::String(markdown));
    let html = html.unwrap_or_else(|| paragraph(text));
    bundle.data.insert("text/html".to_owned(), Value::String(html));
    bundle
}
