//! The compiler that the notebook's folder asks for: environment and cells must come from one.
//!
//! rustup's `rustc` chooses by the folder that it is called in (`rust-toolchain.toml`, an override).
//! The kernel is started in the notebook's folder, and compiles in others; so it asks once, there, and
//! calls what it was told by its own path from then on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A toolchain behind rustup.
#[derive(Debug, Clone)]
struct Toolchain {
    /// As rustup calls it.
    name: String,
    rustc: PathBuf,
    cargo: PathBuf,
}

/// The one of the folder that this process was started in, once it has been found.
fn chosen() -> Option<Toolchain> {
    static CHOSEN: Mutex<Option<Toolchain>> = Mutex::new(None);
    let mut chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
    if chosen.as_ref().is_none_or(|known| !known.rustc.exists()) {
        *chosen = ask();
    }
    chosen.clone()
}

fn ask() -> Option<Toolchain> {
    if !is_rustup(&on_path("rustc")?) {
        return None;
    }
    let output = Command::new("rustc").args(["--print", "sysroot"]).stdin(Stdio::null()).output();
    let output = output.ok().filter(|output| output.status.success())?;
    let root = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    let (rustc, cargo) = (root.join("bin/rustc"), root.join("bin/cargo"));
    let name = root.file_name()?.to_str()?.to_owned();
    (rustc.exists() && cargo.exists()).then_some(Toolchain { name, rustc, cargo })
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether a program is rustup under another name. Any other may wrap the compiler, and is respected.
fn is_rustup(program: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |a: &Path, b: &Path| {
        let (a, b) = (a.metadata().ok()?, b.metadata().ok()?);
        Some((a.dev(), a.ino()) == (b.dev(), b.ino()))
    };
    same(program, &program.with_file_name("rustup")).unwrap_or(false)
}

/// `rustc`, as the environment or the notebook's folder names it.
pub fn rustc() -> Command {
    if let Some(program) = std::env::var_os("RUSTC") {
        return Command::new(program);
    }
    let mut command = match chosen() {
        Some(Toolchain { name, rustc, .. }) => {
            let mut command = Command::new(rustc);
            command.env("RUSTUP_TOOLCHAIN", name);
            command
        }
        None => Command::new("rustc"),
    };
    // The compiler calls itself for each level of the code; with much more than this it follows sums
    // of ten thousand parts, for minutes.
    if std::env::var_os("RUST_MIN_STACK").is_none() {
        command.env("RUST_MIN_STACK", (16 << 20).to_string());
    }
    command
}

/// The program `cargo`, and the variables that make it use the same compiler.
pub fn cargo() -> (PathBuf, Vec<(&'static str, String)>) {
    match (std::env::var_os("CARGO"), chosen()) {
        (Some(program), _) => (program.into(), Vec::new()),
        (None, None) => ("cargo".into(), Vec::new()),
        (None, Some(Toolchain { name, rustc, cargo })) => {
            let mut variables = vec![("RUSTUP_TOOLCHAIN", name)];
            if std::env::var_os("RUSTC").is_none() {
                variables.push(("RUSTC", rustc.display().to_string()));
            }
            (cargo, variables)
        }
    }
}

/// What rustc answers to a question about itself.
///
/// # Errors
/// When it cannot be started, or there is no such toolchain; the file that asks for it is named.
pub fn tell(arguments: &[&str]) -> std::io::Result<String> {
    let output = rustc().args(arguments).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let here = std::env::current_dir().unwrap_or_default();
    let text = match file(&here) {
        Some(file) => format!(
            "{} asks for a toolchain that does not answer: {words}\ninstall it with `rustup toolchain \
             install`, or change that file, and restart the kernel",
            file.display()
        ),
        None => words,
    };
    Err(std::io::Error::other(text))
}

/// The file that chooses the toolchain for a folder.
fn file(folder: &Path) -> Option<PathBuf> {
    let names = ["rust-toolchain", "rust-toolchain.toml"];
    let files = folder.ancestors().flat_map(|folder| names.map(|name| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_toolchain_file_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(folder.path().join("a/rust-toolchain.toml"), "[toolchain]\n").unwrap();
        assert_eq!(file(&deep), Some(folder.path().join("a/rust-toolchain.toml")));
    }

    #[test]
    fn other_programs_are_no_rustup() {
        let folder = tempfile::tempdir().unwrap();
        let (wrapper, rustup) = (folder.path().join("rustc"), folder.path().join("rustup"));
        std::fs::write(&wrapper, "#!/bin/sh\n").unwrap();
        assert!(!is_rustup(&wrapper));
        std::fs::write(&rustup, "").unwrap();
        assert!(!is_rustup(&wrapper));
        std::fs::remove_file(&wrapper).unwrap();
        std::fs::hard_link(&rustup, &wrapper).unwrap();
        assert!(is_rustup(&wrapper));
    }
}
