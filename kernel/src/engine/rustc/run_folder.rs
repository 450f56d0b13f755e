//! A kernel's own folder, and the processes that it started.

use fs4::fs_std::FileExt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Where one kernel's cells are compiled. It goes when the kernel ends; what a killed kernel left is
/// swept by the next one.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Held for life: whoever can take it knows that the owner is gone.
    lock: File,
}

impl RunFolder {
    /// Makes one, and sweeps what dead kernels left.
    ///
    /// # Errors
    /// When neither the cache folder nor the temporary folder can be written.
    pub fn create() -> std::io::Result<Self> {
        let cache = dirs::cache_dir().map(|folder| folder.join("mlnotes-kernel").join("runs"));
        let temporary = std::env::temp_dir().join("mlnotes-kernel-runs");
        let mut last = None;
        for base in cache.into_iter().chain([temporary]) {
            match Self::create_in(&base) {
                Ok(folder) => return Ok(folder),
                Err(error) => {
                    last = Some(std::io::Error::other(format!("{}: {error}", base.display())));
                }
            }
        }
        Err(last.unwrap_or_else(|| std::io::Error::other("no folder to compile cells in")))
    }

    fn create_in(base: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(base)?;
        sweep(base);
        let path = base.join(uuid::Uuid::new_v4().to_string());
        fs::create_dir(&path)?;
        let lock = File::create(path.join("lock"))?;
        lock.lock_exclusive()?;
        Ok(Self { path, lock })
    }

    /// Makes it again when somebody has deleted it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn restore(&mut self) -> std::io::Result<()> {
        fs::create_dir_all(&self.path)?;
        let lock = File::create(self.path.join("lock"))?;
        lock.lock_exclusive()?;
        self.lock = lock;
        Ok(())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it.
    pub fn remove(&self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        self.remove();
    }
}

fn sweep(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(lock) = File::open(path.join("lock")) else { continue };
        if matches!(FileExt::try_lock_exclusive(&lock), Ok(true)) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Processes of this kernel that an interrupt leaves alone.
#[derive(Debug, Clone, Default)]
pub struct Spared(Arc<Mutex<Vec<i32>>>);

impl Spared {
    /// Adds one.
    pub fn add(&self, pid: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(pid.cast_signed());
    }

    fn has(&self, pid: i32) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&pid)
    }
}

/// Ends the compilers and shells that this process started, directly or not; the spared processes
/// and what they started are left alone.
pub fn end_compilers(spared: &Spared) {
    let own = std::process::id().cast_signed();
    let all = processes();
    let mut ours = vec![own];
    let mut i = 0;
    while i < ours.len() {
        let parent = ours[i];
        ours.extend(all.iter().filter(|(pid, of)| *of == parent && !spared.has(*pid)).map(|p| p.0));
        i += 1;
    }
    for pid in ours.into_iter().skip(1).rev() {
        let pid = nix::unistd::Pid::from_raw(pid);
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
    }
}

/// Process and parent.
fn processes() -> Vec<(i32, i32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return processes_by_ps() };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name stands in brackets and may hold anything; the parent is the second after it.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect()
}

fn processes_by_ps() -> Vec<(i32, i32)> {
    let output = std::process::Command::new("ps").args(["-Ao", "pid=,ppid="]).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.lines()
        .filter_map(|line| {
            let (pid, parent) = line.trim().split_once(char::is_whitespace)?;
            Some((pid.parse().ok()?, parent.trim().parse().ok()?))
        })
        .collect()
}
