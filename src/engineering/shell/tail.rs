//! The end of a file, and lines as they are added.

use super::io;
use crate::Result;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes read at a time.
const BLOCK: u64 = 8192;

/// The last `n` lines of a file, without their ends of line. The file is read in blocks from its
/// end, so that the cost depends on the lines asked for and not on the file. Bytes that are no UTF-8
/// are replaced by `U+FFFD`.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io).
///
/// ```
/// use mlnotes::engineering::shell::{Scratch, tail};
/// let scratch = Scratch::new()?;
/// let log = scratch.write("log", "one\ntwo\nthree\n")?;
/// assert_eq!(tail(&log, 2)?, ["two", "three"]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn tail(path: impl AsRef<Path>, n: usize) -> Result<Vec<String>> {
    Ok(lines(&tail_bytes(path, n)?))
}

/// The last `n` lines of a file, byte for byte as `tail -n` writes them.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io).
///
/// ```
/// use mlnotes::engineering::shell::{Scratch, tail_bytes};
/// let scratch = Scratch::new()?;
/// let log = scratch.write("log", "one\ntwo\nno end")?;
/// assert_eq!(tail_bytes(&log, 2)?, b"two\nno end");
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn tail_bytes(path: impl AsRef<Path>, n: usize) -> Result<Vec<u8>> {
    let path = path.as_ref();
    let mut file = File::open(path).map_err(io(path))?;
    let length = file.seek(SeekFrom::End(0)).map_err(io(path))?;
    let (mut start, mut missing) = (length, n);
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    while start > 0 && missing > 0 {
        let end = start;
        start = end.saturating_sub(BLOCK);
        let mut block = read_at(&mut file, start, end - start).map_err(io(path))?;
        for i in (0..block.len()).rev() {
            // The newline that ends the last line begins no other.
            if block[i] == b'\n' && start + i as u64 + 1 != length {
                missing -= 1;
                if missing == 0 {
                    block.drain(..=i);
                    break;
                }
            }
        }
        blocks.push(block);
    }
    blocks.reverse();
    Ok(blocks.concat())
}

fn read_at(file: &mut File, start: u64, length: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    body.split(|&byte| byte == b'\n').map(|line| String::from_utf8_lossy(line).into()).collect()
}

/// Lines added to a log, as `tail -F` gives them.
///
/// A file name and an open file are two things. When a log is *rotated* (renamed, and a new file put
/// in its place) an open file follows the old one for ever: that is `tail -f`. A follower looks at
/// each poll whether the name still means the file it has open (device and inode), reads the old file
/// to its end, and goes on with the new one from its start. A file that got shorter was *truncated*,
/// and is read from its start. One that was truncated and grew past the old length between two
/// polls cannot be told from one that grew.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    open: Option<Open>,
    /// The start of a line whose end has not been written yet.
    partial: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: (u64, u64),
    offset: u64,
}

impl Follower {
    /// Follows from the end of the file as it is now, as `tail -n 0 -F` does. The file may not exist
    /// yet.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io); [`Error::Refused`](crate::Error::Refused) on systems without inodes.
    ///
    /// ```
    /// use mlnotes::engineering::shell::{Follower, Scratch};
    /// let scratch = Scratch::new()?;
    /// let log = scratch.write("log", "old\n")?;
    /// let mut follower = Follower::new(&log)?;
    /// scratch.sh("echo one >> log; mv log log.1; echo two > log")?;
    /// assert_eq!(follower.poll()?, ["one", "two"]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn new(path: impl AsRef<Path>) -> Result<Self> {
        let mut follower = Self::from_start(path)?;
        if let Some(open) = &mut follower.open {
            open.offset = open.file.seek(SeekFrom::End(0)).map_err(io(&follower.path))?;
        }
        Ok(follower)
    }

    /// Follows from the start of the file, as `tail -n +1 -F` does.
    ///
    /// # Errors
    /// As [`Follower::new`].
    ///
    /// ```
    /// use mlnotes::engineering::shell::{Follower, Scratch};
    /// let scratch = Scratch::new()?;
    /// let mut follower = Follower::from_start(scratch.write("log", "one\ntw")?)?;
    /// assert_eq!(follower.poll()?, ["one"], "a line counts when it has ended");
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn from_start(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let open = open(&path)?;
        Ok(Self { path, open, partial: Vec::new() })
    }

    /// The complete lines that came since the last poll. While the name means no file, there are
    /// none.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io).
    pub fn poll(&mut self) -> Result<Vec<String>> {
        let mut found = self.read_on()?;
        let now = open(&self.path)?;
        let moved = match (&self.open, &now) {
            (Some(before), Some(now)) => before.identity != now.identity,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if moved {
            // What was written to the old file between our reading and its renaming.
            found.extend(self.read_on()?);
            if !self.partial.is_empty() {
                found.extend(lines(&std::mem::take(&mut self.partial)));
            }
            self.open = now;
            found.extend(self.read_on()?);
        }
        Ok(found)
    }

    fn read_on(&mut self) -> Result<Vec<String>> {
        let Some(open) = &mut self.open else { return Ok(Vec::new()) };
        let length = open.file.seek(SeekFrom::End(0)).map_err(io(&self.path))?;
        if length < open.offset {
            open.offset = 0;
            self.partial.clear();
        }
        let more = read_at(&mut open.file, open.offset, length - open.offset);
        let more = more.map_err(io(&self.path))?;
        open.offset += more.len() as u64;
        self.partial.extend(more);
        let complete = self.partial.iter().rposition(|&byte| byte == b'\n').map_or(0, |i| i + 1);
        let rest = self.partial.split_off(complete);
        Ok(lines(&std::mem::replace(&mut self.partial, rest)))
    }
}

/// The file that a name means now, if any.
fn open(path: &Path) -> Result<Option<Open>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(path)(error)),
    };
    let identity = identity(&file, path)?;
    Ok(Some(Open { file, identity, offset: 0 }))
}

#[cfg(unix)]
fn identity(file: &File, path: &Path) -> Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let about = file.metadata().map_err(io(path))?;
    Ok((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(_: &File, _: &Path) -> Result<(u64, u64)> {
    Err(crate::Error::Refused {
        call: "Follower".to_owned(),
        reason: "it needs files with inodes, which this operating system has not".to_owned(),
    })
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::Scratch;
    use super::*;
    use crate::Error;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn tail_is_the_last_lines(text in "[ab\n]{0,60}", long in 0usize..20_000, n in 0usize..8) {
            let scratch = Scratch::new().unwrap();
            let text = format!("{}\n{text}", "x".repeat(long));
            let path = scratch.write("f", &text).unwrap();
            let all: Vec<&str> = text.lines().collect();
            let last = &all[all.len().saturating_sub(n)..];
            prop_assert_eq!(tail(&path, n).unwrap(), last);
        }
    }

    #[test]
    fn edges() {
        let scratch = Scratch::new().unwrap();
        let empty = scratch.write("empty", "").unwrap();
        assert!(tail(&empty, 5).unwrap().is_empty());
        let lines = scratch.write("lines", "\n\n").unwrap();
        assert_eq!(tail(&lines, 5).unwrap(), ["", ""]);
        assert_eq!(tail_bytes(&lines, 1).unwrap(), b"\n");
        assert!(matches!(tail(scratch.path().join("none"), 1), Err(Error::Io { .. })));
    }

    #[test]
    fn a_follower_survives_rotation_truncation_and_absence() {
        let scratch = Scratch::new().unwrap();
        let log = scratch.path().join("log");
        let mut follower = Follower::new(&log).unwrap();
        assert!(follower.poll().unwrap().is_empty());
        let mut says = |script: &str| {
            scratch.sh(script).unwrap();
            follower.poll().unwrap().join(",")
        };
        assert_eq!(says("printf 'a\\nb' > log"), "a");
        assert_eq!(says("echo c >> log"), "bc");
        assert_eq!(says("echo d >> log; printf e >> log; mv log log.1"), "d");
        assert_eq!(says("printf f >> log.1"), "");
        assert_eq!(says("echo g > log"), "ef,g");
        assert_eq!(says(": > log"), "");
        assert_eq!(says("echo h > log"), "h");
        assert_eq!(says("rm log; echo i > other; mv other log"), "i");
        assert_eq!(says("true"), "");
    }
}
