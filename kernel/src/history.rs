//! What was executed, in this session and in earlier ones: one file a user, a line of JSON an entry.

use fs4::fs_std::FileExt;
use jupyter_protocol::HistoryRequest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// The variable that names another file; empty means that nothing is kept.
const VARIABLE: &str = "MLNOTES_KERNEL_HISTORY";
/// Past this size the older half of the file goes when a kernel starts.
const MAX_FILE: u64 = 8 << 20;

/// A cell that was executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The session, from 1.
    pub session: usize,
    /// The cell's number.
    pub line: usize,
    /// What it says.
    pub code: String,
    /// Its value as text; empty when it has none.
    #[serde(default)]
    pub output: String,
}

/// The history of one user, as one kernel sees it.
#[derive(Debug, Default)]
pub struct History {
    file: Option<PathBuf>,
    session: usize,
    /// This session's entries.
    own: Vec<Entry>,
}

impl History {
    /// Opens the user's file. Where it cannot be used, this session is remembered all the same.
    pub fn open() -> Self {
        let file = match std::env::var_os(VARIABLE) {
            Some(file) => Some(PathBuf::from(file)).filter(|file| !file.as_os_str().is_empty()),
            None => dirs::data_dir().map(|data| data.join("mlnotes-kernel").join("history.jsonl")),
        };
        Self::open_file(file)
    }

    fn open_file(file: Option<PathBuf>) -> Self {
        let mut history = Self { file, session: 1, own: Vec::new() };
        if let Some(folder) = history.file.as_ref().and_then(|file| file.parent()) {
            let _ = std::fs::create_dir_all(folder);
        }
        match history.begin() {
            Ok(session) => history.session = session,
            Err(error) => {
                tracing::warn!(%error, "the history is not kept");
                history.file = None;
            }
        }
        history
    }

    /// Takes the next session's number, with an entry of its own so that no other kernel does.
    fn begin(&self) -> std::io::Result<usize> {
        let Some(path) = &self.file else { return Ok(1) };
        let mut options = OpenOptions::new();
        let mut file = options.create(true).read(true).append(true).open(path)?;
        file.lock_exclusive()?;
        let size = file.metadata()?.len();
        if size > MAX_FILE {
            file.seek(SeekFrom::Start(size / 2))?;
            let mut rest = String::new();
            file.read_to_string(&mut rest)?;
            let kept = rest.split_once('\n').map_or("", |(_, kept)| kept);
            std::fs::write(path, kept)?;
        }
        let last = read(path).map(|entry| entry.session).max().unwrap_or(0);
        let mark = Entry { session: last + 1, line: 0, code: String::new(), output: String::new() };
        let mut file = OpenOptions::new().append(true).open(path)?;
        writeln!(file, "{}", serde_json::to_string(&mark)?)?;
        Ok(last + 1)
    }

    /// Remembers a cell.
    pub fn add(&mut self, line: usize, code: &str, output: &str) {
        let entry =
            Entry { session: self.session, line, code: code.to_owned(), output: output.to_owned() };
        if let (Some(path), Ok(mut text)) = (&self.file, serde_json::to_string(&entry)) {
            text.push('\n');
            // One write of a file opened for appending: lines of two kernels do not mix.
            let written = OpenOptions::new().append(true).open(path);
            if let Err(error) = written.and_then(|mut file| file.write_all(text.as_bytes())) {
                tracing::warn!(%error, "a cell is missing in the history");
            }
        }
        self.own.push(entry);
    }

    /// What a front end asks for, oldest first.
    pub fn find(&self, request: &HistoryRequest) -> Vec<Entry> {
        match request {
            HistoryRequest::Tail { n, .. } => last(self.all(), *n),
            HistoryRequest::Range { session, start, stop, .. } => {
                let wanted = session.unwrap_or(0);
                // 0 is this session, -1 the one before.
                let wanted = if wanted > 0 {
                    usize::try_from(wanted).unwrap_or(usize::MAX)
                } else {
                    let back = usize::try_from(wanted.unsigned_abs()).unwrap_or(usize::MAX);
                    self.session.saturating_sub(back)
                };
                let all = if wanted == self.session { self.own.clone() } else { self.all() };
                let number = |entry: &Entry| i32::try_from(entry.line).unwrap_or(i32::MAX);
                let inside =
                    |e: &Entry| e.session == wanted && (*start..*stop).contains(&number(e));
                all.into_iter().filter(inside).collect()
            }
            HistoryRequest::Search { pattern, unique, n, .. } => {
                let mut found = self.all();
                found.retain(|entry| glob(pattern, &entry.code));
                if *unique {
                    let mut seen = BTreeSet::new();
                    found.reverse();
                    found.retain(|entry| seen.insert(entry.code.clone()));
                    found.reverse();
                }
                last(found, *n)
            }
        }
    }

    /// Earlier sessions, then this one.
    fn all(&self) -> Vec<Entry> {
        let mut all: Vec<Entry> = self.file.iter().flat_map(read).collect();
        all.retain(|entry| entry.session != self.session && entry.line > 0);
        all.extend(self.own.iter().cloned());
        all
    }
}

fn read(path: &PathBuf) -> impl Iterator<Item = Entry> {
    let file = File::open(path).ok();
    let lines = file.into_iter().flat_map(|file| BufReader::new(file).lines());
    lines.map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok())
}

fn last(entries: Vec<Entry>, n: i32) -> Vec<Entry> {
    let skip = entries.len().saturating_sub(usize::try_from(n).unwrap_or(0));
    entries.into_iter().skip(skip).collect()
}

/// `*` and `?` as a shell has them.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for p in pattern {
        let before = reach.clone();
        for j in 0..=text.len() {
            reach[j] = match p {
                '*' => before[j] || (j > 0 && reach[j - 1]),
                '?' => j > 0 && before[j - 1],
                c => j > 0 && before[j - 1] && text[j - 1] == c,
            };
        }
    }
    reach[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_searched_as_a_shell_would() {
        assert!(glob("let*", "let x = 1;"));
        assert!(glob("*x?=*", "let x = 1;"));
        assert!(!glob("x*", "let x = 1;"));
    }

    #[test]
    fn the_next_session_sees_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/history.jsonl");
        let mut first = History::open_file(Some(file.clone()));
        first.add(1, "let x = 1;", "");
        first.add(2, "x", "1");
        let mut second = History::open_file(Some(file));
        second.add(1, "let x = 1;", "");
        let range = |session, start, stop| HistoryRequest::Range {
            session: Some(session),
            start,
            stop,
            output: true,
            raw: true,
        };
        assert_eq!(second.find(&range(0, 0, 9)).len(), 1);
        let before = second.find(&range(-1, 0, 9));
        assert_eq!(before.iter().map(|e| e.output.as_str()).collect::<Vec<_>>(), ["", "1"]);
        assert_eq!(second.find(&range(1, 2, 3))[0].code, "x");
        let tail = HistoryRequest::Tail { n: 2, output: false, raw: true };
        let tail: Vec<_> = second.find(&tail).into_iter().map(|e| (e.session, e.line)).collect();
        assert_eq!(tail, [(1, 2), (2, 1)]);
        let search = HistoryRequest::Search {
            pattern: "let*".to_owned(),
            unique: true,
            output: false,
            raw: true,
            n: 10,
        };
        let found: Vec<_> = second.find(&search).into_iter().map(|e| (e.session, e.line)).collect();
        assert_eq!(found, [(2, 1)]);
    }

    #[test]
    fn without_a_file_the_session_is_remembered() {
        let mut history = History::open_file(None);
        history.add(1, "1", "1");
        let tail = HistoryRequest::Tail { n: 5, output: false, raw: true };
        assert_eq!(history.find(&tail).len(), 1);
    }
}
