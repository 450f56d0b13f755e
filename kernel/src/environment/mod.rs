//! The crates that cells see without asking: those of the nearest manifest that marks itself with
//! `[package.metadata.notebook]`, built once by cargo into one dynamic library.

mod artifacts;
mod build;
mod manifest;

use crate::toolchain;
use cargo_metadata::semver;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use build::{Order, build, cargo, metadata, prepare};
pub use manifest::find_manifest;

/// What a cell is compiled against.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// The environment package's crate name; every cell links it.
    pub library: Option<String>,
    /// Crate names and the files to compile against, dependencies of dependencies included.
    pub externs: BTreeMap<String, PathBuf>,
    /// Crates that the manifest names, with their versions.
    pub direct: BTreeMap<String, semver::Version>,
    /// Where rustc looks for what those crates need.
    pub search: Vec<PathBuf>,
    /// Crates that a cell's `:dep` has added beside the manifest's, with the files to compile against.
    pub added: BTreeMap<String, PathBuf>,
    /// Names that stand for more than one version of a crate, with a name of each version's own.
    pub versions: BTreeMap<String, Vec<String>>,
    /// Files among the above that cargo overwrites when a local crate changes.
    pub local: Vec<PathBuf>,
    /// Every library that was built, with what tells its build from another.
    pub builds: Vec<Build>,
    /// Folders that build scripts name: the linker looks there, and so does the loader.
    pub native: Vec<PathBuf>,
    /// Folders of the dynamic libraries that crates are in, besides the environment's own.
    pub layers: Vec<PathBuf>,
    /// Changes when the statics of crates begin anew.
    pub generation: String,
}

/// A library that was built.
#[derive(Debug, Clone, PartialEq)]
pub struct Build {
    /// The package.
    pub package: String,
    /// Its version.
    pub version: semver::Version,
    /// The features that it was built with.
    pub features: Vec<String>,
    /// Whether a registry has it, so that another package can ask for the same.
    pub registry: bool,
    /// Whether the environment's code stands on it, and not only what builds that code.
    pub normal: bool,
    /// `-C opt-level`: what only builds other crates is mostly not optimised.
    pub opt_level: String,
    /// What came out.
    pub file: PathBuf,
}

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// cargo is not there.
    #[error("cargo could not be started ({0}); install Rust with rustup, or put cargo on PATH")]
    NoCargo(std::io::Error),
    /// cargo cannot read the manifest.
    #[error("cargo metadata failed for {manifest}:\n{message}")]
    Metadata {
        /// The manifest.
        manifest: PathBuf,
        /// cargo's own words.
        message: String,
    },
    /// A crate does not compile.
    #[error("the notebooks' crates ({manifest}) do not build:\n{message}")]
    Build {
        /// The manifest.
        manifest: PathBuf,
        /// The compiler's own words.
        message: String,
    },
    /// The kernel's own folder cannot take what was built.
    #[error("{folder}: {error}; free space there, or make it writable")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// The library that should have come out did not.
    #[error(
        "{manifest} built, but gave no dynamic library; set `crate-type = [\"dylib\"]` in its [lib]"
    )]
    NoLibrary {
        /// The manifest.
        manifest: PathBuf,
    },
}

impl Environment {
    /// The arguments that make rustc see these crates.
    pub fn rustc_arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        for (name, file) in self.externs.iter().chain(&self.added) {
            arguments.push(format!("--extern={name}={}", file.display()));
        }
        for folder in &self.search {
            arguments.push(format!("-Ldependency={}", folder.display()));
        }
        for folder in &self.native {
            arguments.push(format!("-Lnative={}", folder.display()));
        }
        arguments
    }

    /// Folders of the dynamic libraries that cells load.
    pub fn libraries(&self) -> impl Iterator<Item = &Path> {
        let library = self.library.as_ref().and_then(|name| self.externs.get(name));
        let own = library.and_then(|file| file.parent()).into_iter();
        own.chain(self.layers.iter().chain(&self.native).map(PathBuf::as_path))
    }

    /// The features of a crate's build, when there is one build of it that code can name.
    pub fn features(&self, crate_name: &str) -> Option<&[String]> {
        let file = self.added.get(crate_name).or_else(|| self.externs.get(crate_name))?;
        let build = self.builds.iter().find(|build| build.file == *file)?;
        Some(&build.features)
    }

    /// The same, with files that cargo may overwrite held fast in `folder`: what one kernel runs must
    /// not change when another builds the library anew.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn pinned(mut self, folder: &Path) -> Result<Self, EnvironmentError> {
        let folder = folder.join("environment");
        let fail = |error| EnvironmentError::Folder { folder: folder.clone(), error };
        std::fs::create_dir_all(&folder).map_err(fail)?;
        for old in std::mem::take(&mut self.local) {
            let Some(name) = old.file_name() else { continue };
            let new = folder.join(name);
            // cargo replaces files, it does not rewrite them: another name keeps the old content.
            if std::fs::hard_link(&old, &new).is_err() {
                std::fs::copy(&old, &new).map_err(fail)?;
            }
            let files =
                self.externs.values_mut().chain(self.builds.iter_mut().map(|b| &mut b.file));
            for file in files.filter(|file| **file == old) {
                file.clone_from(&new);
            }
            self.local.push(new);
        }
        self.search.insert(0, folder);
        Ok(self)
    }
}

/// What `rustc -vV` says: two compilers of one text make libraries for each other.
///
/// # Errors
/// When rustc cannot be started.
pub fn rustc_version() -> std::io::Result<String> {
    toolchain::tell(&["-vV"])
}

/// Where rustc's own libraries are; the process that runs cells loads `libstd` from there.
///
/// # Errors
/// When rustc cannot be started.
pub fn rust_libraries() -> std::io::Result<PathBuf> {
    toolchain::tell(&["--print", "target-libdir"]).map(PathBuf::from)
}
