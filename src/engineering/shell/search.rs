//! Lines by pattern, and files by what they are.

use super::io;
use crate::display::check_interrupt;
use crate::{Error, Result};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::VecDeque;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// | setting | default | `grep` | meaning |
/// |---|---|---|---|
/// | `ignore_case` | no | `-i` | capitals and small letters are the same |
/// | `invert` | no | `-v` | lines that do not match |
/// | `fixed` | no | `-F` | the pattern is text, not an expression |
/// | `word` | no | `-w` | no letter, digit or `_` beside the match |
/// | `before`, `after` | 0 | `-B`, `-A` | lines of context |
/// | `max_count` | none | `-m` | stop after so many matches |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "one for each of grep's switches")]
pub struct GrepOptions {
    ignore_case: bool,
    invert: bool,
    fixed: bool,
    word: bool,
    before: usize,
    after: usize,
    max_count: Option<usize>,
}

impl GrepOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Capitals and small letters are the same.
    #[must_use]
    pub fn ignore_case(mut self) -> Self {
        self.ignore_case = true;
        self
    }

    /// Lines that do not match.
    #[must_use]
    pub fn invert(mut self) -> Self {
        self.invert = true;
        self
    }

    /// The pattern is text.
    #[must_use]
    pub fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// The match is a word, or several.
    #[must_use]
    pub fn word(mut self) -> Self {
        self.word = true;
        self
    }

    /// Lines shown before and after each match.
    #[must_use]
    pub fn context(mut self, before: usize, after: usize) -> Self {
        (self.before, self.after) = (before, after);
        self
    }

    /// Stops after so many matches.
    #[must_use]
    pub fn max_count(mut self, count: usize) -> Self {
        self.max_count = Some(count);
        self
    }

    fn regex(&self, pattern: &str) -> Result<Regex> {
        let mut expression =
            if self.fixed { regex::escape(pattern) } else { format!("(?:{pattern})") };
        if self.word {
            expression = format!(r"\b{{start-half}}(?:{expression})\b{{end-half}}");
        }
        RegexBuilder::new(&expression).case_insensitive(self.ignore_case).build().map_err(|error| {
            Error::Parameter {
                estimator: "grep",
                name: "pattern",
                rule: "a regular expression as the crate regex reads it, or `fixed`",
                got: format!("`{pattern}` ({})", error.to_string().replace('\n', " ")),
            }
        })
    }
}

/// A line that [`grep`] chose. Written as `grep -n` does: `12:match`, `11-context`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineMatch {
    /// The line's number, from 1.
    pub number: usize,
    /// The line, without its end. Bytes that are no UTF-8 are replaced by `U+FFFD`.
    pub line: String,
    /// Shown for its neighbour's sake only.
    pub context: bool,
}

impl fmt::Display for LineMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.number, if self.context { '-' } else { ':' }, self.line)
    }
}

/// Lines of a file that match a regular expression, as `grep -nE`. The crate `regex` matches in time
/// proportional to the line, whatever the pattern; it has no back-references. Files that hold zero
/// bytes are searched as text, as `grep -a` does.
///
/// # Errors
/// [`Error::Parameter`] for a pattern that is none; [`Error::Io`].
///
/// ```
/// use mlnotes::engineering::shell::{GrepOptions, Scratch, grep};
/// let scratch = Scratch::new()?;
/// let log = scratch.write("log", "epoch 1 loss 0.9\nsaved\nepoch 2 loss nan\n")?;
/// let found = grep(&log, r"loss (nan|inf)", &GrepOptions::new().context(1, 0))?;
/// let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
/// assert_eq!(shown, ["2-saved", "3:epoch 2 loss nan"]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn grep(
    path: impl AsRef<Path>,
    pattern: &str,
    options: &GrepOptions,
) -> Result<Vec<LineMatch>> {
    let path = path.as_ref();
    let regex = options.regex(pattern)?;
    let mut reader = BufReader::new(File::open(path).map_err(io(path))?);
    let mut found: Vec<LineMatch> = Vec::new();
    let mut earlier: VecDeque<LineMatch> = VecDeque::new();
    let (mut number, mut count, mut owed) = (0, 0, 0);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).map_err(io(path))? > 0 {
        check_interrupt();
        number += 1;
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let enough = options.max_count.is_some_and(|limit| count >= limit);
        let chosen = !enough && regex.is_match(text) != options.invert;
        if enough && owed == 0 {
            break;
        }
        let line = String::from_utf8_lossy(text).into_owned();
        bytes.clear();
        let line = LineMatch { number, line, context: !chosen };
        if chosen {
            found.extend(earlier.drain(..));
            found.push(line);
            (count, owed) = (count + 1, options.after);
        } else if owed > 0 {
            found.push(line);
            owed -= 1;
        } else if options.before > 0 {
            if earlier.len() == options.before {
                earlier.pop_front();
            }
            earlier.push_back(line);
        }
    }
    Ok(found)
}

/// What an entry of a directory is, the link itself and not what it points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
}

/// | setting | default | `find` | meaning |
/// |---|---|---|---|
/// | `name` | any | `-name` | pattern of the last part of the path: `*`, `?`, `[a-z]`, `[!a]`, `\` |
/// | `kind` | any | `-type` | file, directory or symbolic link |
/// | `depth` | all | `-mindepth`, `-maxdepth` | levels below the root, which is 0 |
/// | `larger_than` | none | `-size +Nc` | bytes |
/// | `smaller_than` | none | `-size -Nc` | bytes |
/// | `newer_than` | none | `-newer` | changed later than that time |
/// | `empty` | no | `-empty` | a file of no bytes or a directory of no entries |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FindOptions {
    name: Option<String>,
    kind: Option<FileKind>,
    min_depth: usize,
    max_depth: Option<usize>,
    larger_than: Option<u64>,
    smaller_than: Option<u64>,
    newer_than: Option<SystemTime>,
    empty: bool,
}

impl FindOptions {
    /// The defaults: everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Pattern of the name.
    #[must_use]
    pub fn name(mut self, pattern: &str) -> Self {
        self.name = Some(pattern.to_owned());
        self
    }

    /// What the entry is.
    #[must_use]
    pub fn kind(mut self, kind: FileKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Levels below the root, both included.
    #[must_use]
    pub fn depth(mut self, min: usize, max: usize) -> Self {
        (self.min_depth, self.max_depth) = (min, Some(max));
        self
    }

    /// More bytes than that.
    #[must_use]
    pub fn larger_than(mut self, bytes: u64) -> Self {
        self.larger_than = Some(bytes);
        self
    }

    /// Fewer bytes than that.
    #[must_use]
    pub fn smaller_than(mut self, bytes: u64) -> Self {
        self.smaller_than = Some(bytes);
        self
    }

    /// Changed later than that.
    #[must_use]
    pub fn newer_than(mut self, time: SystemTime) -> Self {
        self.newer_than = Some(time);
        self
    }

    /// Holds nothing.
    #[must_use]
    pub fn empty(mut self) -> Self {
        self.empty = true;
        self
    }

    fn wants(&self, path: &Path, about: &Metadata, name: Option<&Regex>) -> Result<bool> {
        let kind = match self.kind {
            None => true,
            Some(FileKind::File) => about.is_file(),
            Some(FileKind::Directory) => about.is_dir(),
            Some(FileKind::Symlink) => about.is_symlink(),
        };
        // Without the name: `..` and `/` have themselves.
        let last = path.file_name().unwrap_or(path.as_os_str());
        let named = name.is_none_or(|name| name.is_match(last.as_encoded_bytes()));
        let size = about.len();
        let sized = self.larger_than.is_none_or(|limit| size > limit)
            && self.smaller_than.is_none_or(|limit| size < limit);
        let changed = about.modified().map_err(io(path))?;
        let newer = self.newer_than.is_none_or(|time| changed > time);
        let empty = !self.empty
            || (about.is_file() && size == 0)
            || (about.is_dir() && entries(path)?.is_empty());
        Ok(kind && named && sized && newer && empty)
    }
}

/// Paths at and below `root` that fit, a directory before what is in it, names in order of their
/// bytes. Symbolic links are not followed.
///
/// # Errors
/// [`Error::Io`]; [`Error::Parameter`] for a pattern of a name that is none.
///
/// ```
/// use mlnotes::engineering::shell::{FileKind, FindOptions, Scratch, find};
/// let scratch = Scratch::new()?;
/// for name in ["train.csv", "raw/test.csv", "raw/notes.txt"] {
///     scratch.write(name, "x")?;
/// }
/// let tables = find(scratch.path(), &FindOptions::new().name("*.csv").kind(FileKind::File))?;
/// assert!(tables.len() == 2 && tables[0].ends_with("raw/test.csv"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn find(root: impl AsRef<Path>, options: &FindOptions) -> Result<Vec<PathBuf>> {
    let name = options.name.as_deref().map(glob).transpose()?;
    let mut found = Vec::new();
    let mut waiting = vec![(root.as_ref().to_owned(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        check_interrupt();
        let about = path.symlink_metadata().map_err(io(&path))?;
        if about.is_dir() && options.max_depth.is_none_or(|max| depth < max) {
            waiting.extend(entries(&path)?.into_iter().rev().map(|inside| (inside, depth + 1)));
        }
        let deep = depth >= options.min_depth && options.max_depth.is_none_or(|max| depth <= max);
        if deep && options.wants(&path, &about, name.as_ref())? {
            found.push(path);
        }
    }
    Ok(found)
}

/// Entries of a directory, in order of the bytes of their names.
pub(super) fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(directory).map_err(io(directory))?;
    let paths: std::io::Result<Vec<PathBuf>> = paths.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(io(directory))?;
    paths.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    Ok(paths)
}

/// A pattern of the shell as a regular expression of the whole name.
fn glob(pattern: &str) -> Result<Regex> {
    let mut expression = String::from("(?s)^");
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '\\' => {
                let next = rest.next().unwrap_or('\\');
                expression.push_str(&regex::escape(&next.to_string()));
            }
            '[' => match set(&rest.clone().collect::<String>()) {
                Some((class, length)) => {
                    expression.push_str(&class);
                    rest.nth(length - 1);
                }
                // A bracket that nobody closes is a bracket.
                None => expression.push_str(r"\["),
            },
            c => expression.push_str(&regex::escape(&c.to_string())),
        }
    }
    expression.push('$');
    Regex::new(&expression).map_err(|_| Error::Parameter {
        estimator: "find",
        name: "name",
        rule: "a pattern with ranges in order, as in `[a-z]`",
        got: format!("`{pattern}`"),
    })
}

/// The class that follows `[`, as an expression, and its length in characters with the `]`.
fn set(after: &str) -> Option<(String, usize)> {
    let letters: Vec<char> = after.chars().collect();
    let negated = matches!(letters.first(), Some('!' | '^'));
    let first = usize::from(negated);
    // A `]` in the first place is a member.
    let end = first + 1 + letters.get(first + 1..)?.iter().position(|&c| c == ']')?;
    let mut class = String::from(if negated { "[^" } else { "[" });
    for (i, &c) in letters[first..end].iter().enumerate() {
        let range = c == '-' && i > 0 && first + i + 1 < end;
        if !range && !c.is_alphanumeric() {
            class.push('\\');
        }
        class.push(c);
    }
    class.push(']');
    Some((class, end + 1))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::Scratch;
    use super::*;

    fn shown(text: &str, pattern: &str, options: &GrepOptions) -> Vec<String> {
        let scratch = Scratch::new().unwrap();
        let path = scratch.write("f", text).unwrap();
        grep(path, pattern, options).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn grep_by_hand() {
        let (text, new) = ("one\nTwo\n\nthree one\nones\n", GrepOptions::new);
        assert_eq!(shown(text, "one", &new()), ["1:one", "4:three one", "5:ones"]);
        assert_eq!(shown(text, "one", &new().word()), ["1:one", "4:three one"]);
        assert_eq!(shown(text, "t", &new().ignore_case()), ["2:Two", "4:three one"]);
        assert_eq!(shown(text, "o", &new().invert()), ["3:"]);
        assert_eq!(shown(text, "o", &new().max_count(1).context(0, 1)), ["1:one", "2-Two"]);
        assert_eq!(shown("a.c\nabc", "a.c", &new().fixed()), ["1:a.c"]);
        assert!(shown("", "", &new()).is_empty());
    }

    #[test]
    fn a_pattern_that_is_none_has_a_name() {
        let wrong = grep("f", "(", &GrepOptions::new());
        assert!(matches!(wrong, Err(Error::Parameter { name: "pattern", .. })));
        let absent = grep("no/such/file", "x", &GrepOptions::new());
        assert!(matches!(absent, Err(Error::Io { .. })));
    }

    #[test]
    fn names_match_as_in_the_shell() {
        for (pattern, name, matches) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("?", "é", true),
            ("[a-c]*", "bee", true),
            ("[!a-c]*", "bee", false),
            ("[]x]", "]", true),
            ("[a", "[a", true),
            (r"\*", "*", true),
            (r"\*", "a", false),
            ("[a^]", "^", true),
            ("a+b", "a+b", true),
        ] {
            let is = glob(pattern).unwrap().is_match(name.as_bytes());
            assert_eq!(is, matches, "{pattern} {name}");
        }
        assert!(glob("[z-a]").is_err());
    }

    #[test]
    fn a_loop_of_links_ends() {
        let scratch = Scratch::new().unwrap();
        scratch.sh("mkdir d; ln -s ../d d/self").unwrap();
        assert_eq!(find(scratch.path(), &FindOptions::new()).unwrap().len(), 3);
        assert!(find(scratch.path().join("none"), &FindOptions::new()).is_err());
    }
}
