//! Crates that `:dep` has added, as dynamic libraries one upon the other.
//!
//! Each holds what the ones below and the environment's own do not, so that every crate, and with it
//! its statics, exists once a session: a logger, a thread pool, tokio's idea of its runtime. A library
//! is kept in the cache by what it is made of; the next kernel finds it.

use super::compile::{self, rpath};
use crate::environment::Environment;
use crate::toolchain;
use sha2::Digest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Libraries that nobody has used for so long make room.
const UNUSED: Duration = Duration::from_hours(24 * 30);

/// What tells two files of one name apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: SystemTime,
    length: u64,
}

/// The stamp of a file that is there.
pub(super) fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = file.metadata().ok()?;
    Some(Stamp { modified: metadata.modified().ok()?, length: metadata.len() })
}

/// One of the libraries.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// As a crate.
    pub(super) name: String,
    pub(super) file: PathBuf,
    /// The files of the crates that it and those below were made from.
    pub(super) crates: BTreeMap<PathBuf, Stamp>,
}

impl Layer {
    /// Links the crates of these names, as `environment` finds them, into a library above `below`.
    pub(super) fn link(
        names: &[String],
        crates: BTreeMap<PathBuf, Stamp>,
        environment: &Environment,
        below: Option<&str>,
        std_folder: &Path,
    ) -> std::io::Result<Self> {
        let mut hash = sha2::Sha256::new();
        hash.update(toolchain::tell(&["-vV"])?);
        let below_file = below.and_then(|name| environment.externs.get(name));
        let below_stamp = below_file.and_then(|file| stamp(file));
        hash.update(format!("{below:?} {below_file:?} {below_stamp:?} {names:?} {crates:?}"));
        let key = format!("{:x}", hash.finalize());
        let name = format!("mlnotes_layer_{}", &key[..16]);
        let cache = dirs::cache_dir().map(|cache| cache.join("mlnotes-kernel").join("layers"));
        let temporary = std::env::temp_dir().join("mlnotes-kernel-layers");
        let mut last = std::io::Error::other("no folder for libraries");
        for cache in cache.into_iter().chain([temporary]) {
            match Self::link_in(&cache, &name, names, environment, below, std_folder) {
                Ok(file) => return Ok(Self { name, file, crates }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn link_in(
        cache: &Path,
        name: &str,
        names: &[String],
        environment: &Environment,
        below: Option<&str>,
        std_folder: &Path,
    ) -> std::io::Result<PathBuf> {
        let kind = if cfg!(target_os = "macos") { "dylib" } else { "so" };
        let folder = cache.join(name);
        let file = folder.join(format!("lib{name}.{kind}"));
        if file.exists() {
            let _ = std::fs::File::open(&folder)
                .and_then(|folder| folder.set_modified(SystemTime::now()));
            return Ok(file);
        }
        std::fs::create_dir_all(cache)?;
        sweep(cache);
        let work = tempfile::tempdir_in(cache)?;
        let below = below.map(|name| format!("extern crate {name} as _;\n")).unwrap_or_default();
        let all: Vec<String> =
            names.iter().map(|name| format!("pub extern crate {name};\n")).collect();
        std::fs::write(work.path().join("layer.rs"), below + &all.concat())?;
        let mut command = toolchain::rustc();
        command
            .args(["--edition=2024", "--crate-type=dylib", "--cap-lints=allow"])
            .args(["-Cprefer-dynamic", "-Cdebuginfo=0", "-Copt-level=0", "layer.rs"])
            .arg(format!("--crate-name={name}"))
            .args(environment.rustc_arguments())
            .arg("-o")
            .arg(format!("lib{name}.{kind}"))
            .current_dir(work.path());
        let folders = environment.libraries().chain([std_folder]);
        for folder in folders {
            rpath(&mut command, &folder.display().to_string());
        }
        let (success, _, words) = compile::run(command, None)?;
        if !success {
            return Err(std::io::Error::other(words));
        }
        // Another kernel may have been quicker; its library is the same.
        if std::fs::rename(work.keep(), &folder).is_err() && !file.exists() {
            return Err(std::io::Error::other(format!("{} cannot be written", folder.display())));
        }
        Ok(file)
    }
}

fn sweep(cache: &Path) {
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let old = modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > UNUSED));
        if old {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
