//! Objects and their names.

use crate::{Error, Result};
use sha1::{Digest, Sha1};
use std::fmt;
use std::str::FromStr;

/// The name of an object: SHA-1 of its header and content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub [u8; 20]);

impl Oid {
    /// The first seven digits, as git shows it.
    pub fn short(&self) -> String {
        self.to_string()[..7].to_owned()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Oid {
    type Err = Error;

    /// Forty hexadecimal digits.
    fn from_str(text: &str) -> Result<Self> {
        let mut bytes = [0; 20];
        let digits = text.len() == 40 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        for (i, byte) in bytes.iter_mut().enumerate().take(if digits { 20 } else { 0 }) {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap_or_default();
        }
        let rule = "40 hexadecimal digits";
        let got = format!("`{text}`");
        let wrong = Error::Parameter { estimator: "Oid", name: "text", rule, got };
        if digits { Ok(Self(bytes)) } else { Err(wrong) }
    }
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    /// A file's content.
    Blob,
    /// A directory.
    Tree,
    /// A commit.
    Commit,
    /// An annotated tag.
    Tag,
}

/// The name of an object: `SHA-1( kind ␣ length \0 body )`.
///
/// ```
/// use mlnotes::engineering::git::{ObjectKind, object_id};
/// let empty = object_id(ObjectKind::Tree, b"");
/// assert_eq!(empty.to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
/// ```
pub fn object_id(kind: ObjectKind, body: &[u8]) -> Oid {
    let kind = match kind {
        ObjectKind::Blob => "blob",
        ObjectKind::Tree => "tree",
        ObjectKind::Commit => "commit",
        ObjectKind::Tag => "tag",
    };
    let mut hash = Sha1::new();
    hash.update(format!("{kind} {}\0", body.len()));
    hash.update(body);
    Oid(hash.finalize().into())
}

/// What a name in a tree stands for. Of a file's permissions git keeps one bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryMode {
    /// A file, `100644`.
    File,
    /// A file that can be run, `100755`.
    Executable,
    /// A symbolic link, `120000`: the blob holds its target.
    Symlink,
    /// A directory, `40000`.
    Directory,
    /// A commit of another repository, `160000`.
    Submodule,
}

/// A line of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// What it stands for.
    pub mode: EntryMode,
    /// The name, one part of a path.
    pub name: String,
    /// The object.
    pub id: Oid,
}

/// The content of a tree. Entries may come in any order: they are sorted by bytes, a directory as if
/// its name ended in `/`.
///
/// # Errors
/// [`Error::Parameter`] for a name that is empty, `.`, `..`, `.git`, twice there, or holds `/` or a
/// zero byte.
///
/// ```
/// use mlnotes::engineering::git::{EntryMode, ObjectKind, TreeEntry, object_id, tree_body};
/// let id = object_id(ObjectKind::Blob, b"hello\n");
/// let body = tree_body(&[TreeEntry { mode: EntryMode::File, name: "f".into(), id }])?;
/// assert_eq!(&body[..9], b"100644 f\0");
/// assert_eq!(body[9..], id.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn tree_body(entries: &[TreeEntry]) -> Result<Vec<u8>> {
    let wrong = |rule, entry: &TreeEntry| {
        let got = format!("`{}`", entry.name.escape_default());
        Error::Parameter { estimator: "tree_body", name: "name", rule, got }
    };
    let key = |entry: &&TreeEntry| {
        let slash = if entry.mode == EntryMode::Directory { "/" } else { "" };
        format!("{}{slash}", entry.name).into_bytes()
    };
    let mut names = std::collections::HashSet::new();
    for entry in entries {
        let name = entry.name.as_str();
        if matches!(name, "" | "." | ".." | ".git") || name.contains(['/', '\0']) {
            return Err(wrong("one part of a path, and not `.git`", entry));
        }
        if !names.insert(name) {
            return Err(wrong("there once", entry));
        }
    }
    let mut sorted: Vec<&TreeEntry> = entries.iter().collect();
    sorted.sort_by_key(key);
    let mut body = Vec::new();
    for entry in sorted {
        let mode = match entry.mode {
            EntryMode::File => "100644",
            EntryMode::Executable => "100755",
            EntryMode::Symlink => "120000",
            EntryMode::Directory => "40000",
            EntryMode::Submodule => "160000",
        };
        body.extend(format!("{mode} {}\0", entry.name).bytes());
        body.extend(entry.id.0);
    }
    Ok(body)
}

/// Who, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Seconds since 1970-01-01 00:00 UTC.
    pub time: i64,
    /// Minutes that the clock there is ahead of UTC.
    pub offset_minutes: i32,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.unsigned_abs();
        let (hours, minutes) = (minutes / 60, minutes % 60);
        write!(f, "{} <{}> {} {sign}{hours:02}{minutes:02}", self.name, self.email, self.time)
    }
}

/// A commit: a tree, where it comes from, who and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The files.
    pub tree: Oid,
    /// The commits before: none for the first, two for a merge.
    pub parents: Vec<Oid>,
    /// Who wrote the change.
    pub author: Signature,
    /// Who made the commit.
    pub committer: Signature,
    /// The message, with the newline at its end that git adds.
    pub message: String,
}

/// The content of a commit.
///
/// # Errors
/// [`Error::Parameter`] for a name or address that holds `<`, `>`, a newline or a zero byte, or a
/// message with a zero byte.
///
/// ```
/// use mlnotes::engineering::git::{Commit, ObjectKind, Signature, commit_body, object_id};
/// let who = Signature {
///     name: "Ada".into(), email: "ada@example.org".into(), time: 0, offset_minutes: 60,
/// };
/// let tree = object_id(ObjectKind::Tree, b"");
/// let commit = Commit {
///     tree, parents: vec![], author: who.clone(), committer: who, message: "first\n".into(),
/// };
/// let text = String::from_utf8(commit_body(&commit)?).expect("ASCII");
/// assert!(text.starts_with("tree 4b825dc") && text.contains("author Ada <ada@example.org> 0 +0100"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn commit_body(commit: &Commit) -> Result<Vec<u8>> {
    let people = [&commit.author, &commit.committer];
    let words = people.iter().flat_map(|who| [&who.name, &who.email]);
    if let Some(word) = words.into_iter().find(|word| word.contains(['<', '>', '\n', '\0'])) {
        return Err(wrong_commit("name and email", "free of <, >, newlines and zero bytes", word));
    }
    if commit.message.contains('\0') {
        return Err(wrong_commit("message", "free of zero bytes", &commit.message));
    }
    let mut body = format!("tree {}\n", commit.tree).into_bytes();
    for parent in &commit.parents {
        body.extend(format!("parent {parent}\n").bytes());
    }
    let people = format!("author {}\ncommitter {}\n\n", commit.author, commit.committer);
    body.extend(people.bytes().chain(commit.message.bytes()));
    Ok(body)
}

fn wrong_commit(name: &'static str, rule: &'static str, got: &str) -> Error {
    let got = format!("`{}`", got.escape_default());
    Error::Parameter { estimator: "commit_body", name, rule, got }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(mode: EntryMode, name: &str) -> TreeEntry {
        TreeEntry { mode, name: name.to_owned(), id: object_id(ObjectKind::Blob, b"") }
    }

    #[test]
    fn names_read_back() {
        let id = object_id(ObjectKind::Blob, b"");
        assert_eq!(id.to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(id.to_string().parse::<Oid>().unwrap(), id);
        assert_eq!(id.short(), "e69de29");
        for wrong in ["", "e69de29", &"g".repeat(40), &"é".repeat(20)] {
            assert!(wrong.parse::<Oid>().is_err());
        }
    }

    #[test]
    fn a_directory_sorts_as_if_it_ended_in_a_slash() {
        let entries = [
            entry(EntryMode::Directory, "a"),
            entry(EntryMode::File, "a.txt"),
            entry(EntryMode::File, "a0"),
        ];
        let body = String::from_utf8_lossy(&tree_body(&entries).unwrap()).into_owned();
        let at = |name: &str| body.find(name).unwrap();
        assert!(at(" a.txt\0") < at(" a\0") && at(" a\0") < at(" a0\0"));
    }

    #[test]
    fn mistakes_have_names() {
        for name in ["", ".", "..", ".git", "a/b", "a\0"] {
            assert!(tree_body(&[entry(EntryMode::File, name)]).is_err(), "{name:?}");
        }
        let twice = [entry(EntryMode::File, "a"), entry(EntryMode::Directory, "a")];
        assert!(tree_body(&twice).is_err());
        let who =
            Signature { name: "A <".into(), email: String::new(), time: 0, offset_minutes: 0 };
        let tree = object_id(ObjectKind::Tree, b"");
        let commit = Commit {
            tree,
            parents: vec![],
            author: who.clone(),
            committer: who,
            message: String::new(),
        };
        assert!(commit_body(&commit).is_err());
    }
}
