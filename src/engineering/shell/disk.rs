//! Disk space by directory.

#[cfg(unix)]
use super::io;
#[cfg(not(unix))]
use crate::Error;
use crate::Result;
use std::path::{Path, PathBuf};

/// Bytes that each directory below `root` takes on disk, its own entry and everything in it
/// included: a directory after those inside it, in order of their names, `root` last.
///
/// Counted are the blocks allocated, not the length: a file of one byte takes a whole block, one with
/// holes less than its length. A file with several names (hard links) counts once, at the first name
/// met. Symbolic links are not followed. The same as `du -B1`, which takes a directory's own order.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io); [`Error::Refused`](crate::Error::Refused) on systems that
/// do not tell blocks.
///
/// ```
/// use mlnotes::engineering::shell::{Scratch, disk_usage};
/// let scratch = Scratch::new()?;
/// scratch.write("a/model.bin", vec![1; 100_000])?;
/// let before = disk_usage(scratch.path())?;
/// scratch.sh("mkdir b && ln a/model.bin b/again.bin")?;
/// let after = disk_usage(scratch.path())?;
/// assert!(before[0].0.ends_with("a") && before[0].1 >= 100_000);
/// assert!(after[1].1 < 100_000, "the second name takes no space");
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn disk_usage(root: impl AsRef<Path>) -> Result<Vec<(PathBuf, u64)>> {
    usage(root.as_ref())
}

#[cfg(unix)]
fn usage(root: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let mut sizes = Vec::new();
    let about = root.symlink_metadata().map_err(io(root))?;
    let total = add_up(root, &about, &mut std::collections::HashSet::new(), &mut sizes)?;
    if !about.is_dir() {
        sizes.push((root.to_owned(), total));
    }
    Ok(sizes)
}

/// Space of one entry and all below it; notes directories.
#[cfg(unix)]
fn add_up(
    path: &Path,
    about: &std::fs::Metadata,
    seen: &mut std::collections::HashSet<(u64, u64)>,
    sizes: &mut Vec<(PathBuf, u64)>,
) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    // `st_blocks` counts units of 512 bytes, whatever the file system's block is.
    let mut bytes = about.blocks() * 512;
    if !about.is_dir() {
        let again = about.nlink() > 1 && !seen.insert((about.dev(), about.ino()));
        return Ok(if again { 0 } else { bytes });
    }
    crate::display::check_interrupt();
    for inside in super::search::entries(path)? {
        let about = inside.symlink_metadata().map_err(io(&inside))?;
        bytes += add_up(&inside, &about, seen, sizes)?;
    }
    sizes.push((path.to_owned(), bytes));
    Ok(bytes)
}

#[cfg(not(unix))]
fn usage(_: &Path) -> Result<Vec<(PathBuf, u64)>> {
    Err(Error::Refused {
        call: "disk_usage".to_owned(),
        reason: "it needs counts of allocated blocks, which this operating system has not"
            .to_owned(),
    })
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::Scratch;
    use super::*;

    #[test]
    fn a_hole_takes_no_space_and_a_root_may_be_a_file() {
        let scratch = Scratch::new().unwrap();
        let hole = scratch.path().join("hole");
        std::fs::File::create(&hole).unwrap().set_len(1 << 30).unwrap();
        let sizes = disk_usage(&hole).unwrap();
        assert_eq!(sizes[0].0, hole);
        assert!(sizes[0].1 < 1 << 20);
        assert!(disk_usage(scratch.path().join("none")).is_err());
    }

    #[test]
    fn children_come_before_parents_and_parents_hold_them() {
        let scratch = Scratch::new().unwrap();
        scratch.write("a/b/c", "x").unwrap();
        scratch.write("a/d", "y").unwrap();
        let sizes = disk_usage(scratch.path()).unwrap();
        let names: Vec<_> = sizes.iter().map(|(path, _)| path.file_name().unwrap()).collect();
        assert_eq!(names[..2], ["b", "a"]);
        assert!(sizes[0].1 < sizes[1].1 && sizes[1].1 <= sizes[2].1);
    }
}
