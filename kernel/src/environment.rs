//! The crates that cells see without asking: those of the nearest manifest that marks itself with
//! `[package.metadata.notebook]`, built once by cargo into one dynamic library.

use crate::toolchain;
use cargo_metadata::{Message, Metadata, MetadataCommand, Package, TargetKind, semver};
use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// The manifest that serves notebooks in `folder`: the nearest one, there or above, whose package is
/// marked. Notebook and manifest need not share a folder, so a workspace's marked member counts too.
pub fn find_manifest(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find_map(|folder| {
        let manifest = folder.join("Cargo.toml");
        is_marked(&manifest).then_some(manifest)
    })
}

fn is_marked(manifest: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(manifest) else { return false };
    let Ok(table) = text.parse::<toml::Table>() else {
        // A mistake in a manifest that means to be marked is cargo's to tell, with its line.
        return text.lines().any(|line| line.trim_start().starts_with(MARK));
    };
    {
        let marked = |table: &toml::Table| -> Option<()> {
            table.get("package")?.get("metadata")?.get("notebook").map(|_| ())
        };
        marked(&table).is_some()
    }
}

/// How a manifest is marked, as it is mostly written.
const MARK: &str = "[package.metadata.notebook";

/// `cargo` as the environment or the notebook's folder names it.
pub fn cargo() -> Command {
    let (program, variables) = toolchain::cargo();
    let mut command = Command::new(program);
    command.envs(variables);
    command
}

/// The same for questions about packages; without a network the answer is soon "no".
pub fn prepare(command: &mut MetadataCommand) {
    let (program, variables) = toolchain::cargo();
    command.cargo_path(program);
    for (name, value) in variables {
        command.env(name, value);
    }
    command.env("CARGO_NET_RETRY", "0").env("CARGO_HTTP_TIMEOUT", "5");
}

/// What is to be built.
#[derive(Debug, Clone)]
pub struct Order {
    /// The package's manifest.
    pub manifest: PathBuf,
    /// Where cargo builds, when that is not for the manifest to say.
    pub target: Option<PathBuf>,
    /// Whether the network must be left alone.
    pub offline: bool,
    /// Variables for build scripts and crates.
    pub variables: BTreeMap<String, String>,
}

impl Order {
    /// A manifest as it stands.
    pub fn of(manifest: PathBuf) -> Self {
        Self { manifest, target: None, offline: false, variables: BTreeMap::new() }
    }
}

/// Builds the environment of a manifest, or finds it built.
///
/// # Errors
/// When cargo is missing or a crate does not build; the compiler's words are kept.
pub fn build(
    order: &Order,
    progress: &mut dyn FnMut(&str),
) -> Result<Environment, EnvironmentError> {
    let manifest = order.manifest.as_path();
    let metadata = metadata(order)?;
    let Some(package) = root(&metadata, manifest) else {
        return Err(EnvironmentError::NoLibrary { manifest: manifest.to_owned() });
    };
    let profile = package.metadata["notebook"]["profile"].as_str().unwrap_or("release");
    let mut command = cargo();
    command
        .args(["rustc", "--lib", "--message-format=json-render-diagnostics", "--profile", profile])
        .arg("--manifest-path")
        .arg(manifest)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_TERM_COLOR", "never")
        .envs(&order.variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(folder) = manifest.parent().filter(|_| std::env::current_dir().is_err()) {
        command.current_dir(folder);
    }
    if let Some(target) = &order.target {
        command.arg("--target-dir").arg(target);
    }
    if order.offline {
        command.arg("--offline");
    }
    // The lock file stands: `metadata` has made one where there was none.
    command.arg("--locked");
    // Only this crate: a dylib that carried its own copy of std could not be linked beside another's.
    command.args(["--", "-Cprefer-dynamic"]);
    let mut child = command.spawn().map_err(EnvironmentError::NoCargo)?;
    let words = child.stderr.take();
    let (lines, said) = std::sync::mpsc::channel();
    let listener = std::thread::spawn(move || {
        let mut all = String::new();
        if let Some(words) = words {
            use std::io::BufRead;
            for line in BufReader::new(words).lines().map_while(Result::ok) {
                let _ = lines.send(line.clone());
                all.push_str(&line);
                all.push('\n');
            }
        }
        all
    });
    let mut built = Artifacts::default();
    if let Some(stdout) = child.stdout.take() {
        for message in Message::parse_stream(BufReader::new(stdout)).map_while(Result::ok) {
            for line in said.try_iter() {
                progress(line.trim());
            }
            match message {
                Message::CompilerArtifact(artifact) => built.add(&artifact, package),
                Message::BuildScriptExecuted(script) => built.add_native(&script),
                _ => {}
            }
        }
    }
    let status = child.wait().map_err(EnvironmentError::NoCargo)?;
    let message = listener.join().unwrap_or_default();
    if !status.success() {
        return Err(EnvironmentError::Build { manifest: manifest.to_owned(), message });
    }
    if built.library.is_none() && !built.plain {
        return Err(EnvironmentError::NoLibrary { manifest: manifest.to_owned() });
    }
    Ok(built.into_environment(&metadata, package))
}

/// What cargo knows of an order's packages, after it has chosen versions for those that are new.
///
/// # Errors
/// When cargo is missing, or cannot read the manifest or find a package.
pub fn metadata(order: &Order) -> Result<Metadata, EnvironmentError> {
    let mut command = MetadataCommand::new();
    prepare(&mut command);
    command.manifest_path(&order.manifest);
    if let Some(folder) = order.manifest.parent().filter(|_| std::env::current_dir().is_err()) {
        // Somebody has deleted the folder that the kernel was started in.
        command.current_dir(folder);
    }
    if order.offline {
        command.other_options(["--offline".to_owned()]);
    }
    command.exec().map_err(|error| match error {
        cargo_metadata::Error::Io(error) => EnvironmentError::NoCargo(error),
        error => {
            let (manifest, message) = (order.manifest.clone(), error.to_string());
            EnvironmentError::Metadata { manifest, message }
        }
    })
}

fn root<'a>(metadata: &'a Metadata, manifest: &Path) -> Option<&'a Package> {
    let manifest = manifest.canonicalize().ok()?;
    let same = |p: &&Package| p.manifest_path.canonicalize().is_ok_and(|path| path == manifest);
    metadata.packages.iter().find(same)
}

#[derive(Default)]
struct Artifacts {
    library: Option<(String, PathBuf)>,
    /// Every library by crate name; a name that came twice (two versions) has no one meaning.
    crates: BTreeMap<String, Vec<(cargo_metadata::PackageId, PathBuf)>>,
    folders: Vec<PathBuf>,
    /// What belongs to crates that are no registry's, and so can change under the same name.
    local: Vec<PathBuf>,
    /// Whether the package itself is a plain library, which no cell links.
    plain: bool,
    native: Vec<PathBuf>,
    builds: Vec<(cargo_metadata::PackageId, Build)>,
}

impl Artifacts {
    /// Where a build script says that native libraries are. Its own folder holds what it made; that
    /// is in the crate already, or else wanted too.
    fn add_native(&mut self, script: &cargo_metadata::BuildScript) {
        for path in &script.linked_paths {
            let path = path.as_str();
            let known = ["native", "all", "dependency", "crate", "framework"];
            let folder = match path.split_once('=') {
                Some((kind, folder)) if known.contains(&kind) => folder,
                _ => path,
            };
            let folder = PathBuf::from(folder);
            if !self.native.contains(&folder) {
                self.native.push(folder);
            }
        }
    }

    fn add(&mut self, artifact: &cargo_metadata::Artifact, package: &Package) {
        let name = artifact.target.name.replace('-', "_");
        let linkable = |kind: &TargetKind| {
            matches!(
                kind,
                TargetKind::Lib | TargetKind::RLib | TargetKind::DyLib | TargetKind::ProcMacro
            )
        };
        if !artifact.target.kind.iter().any(linkable) {
            return;
        }
        let dynamic = |file: &&cargo_metadata::camino::Utf8PathBuf| {
            matches!(file.extension(), Some("so" | "dylib"))
        };
        let file = artifact.filenames.iter().find(|file| file.extension() == Some("rlib"));
        let Some(file) = file.or_else(|| artifact.filenames.iter().find(dynamic)) else { return };
        if artifact.package_id.repr.starts_with("path+") {
            self.local.push(file.clone().into());
        }
        if artifact.package_id == package.id {
            if file.extension() == Some("rlib") {
                self.plain = true;
            } else {
                self.library = Some((name, file.clone().into()));
            }
            return;
        }
        if let Some(folder) = file.parent() {
            let folder = PathBuf::from(folder);
            if !self.folders.contains(&folder) {
                self.folders.push(folder);
            }
        }
        let build = Build {
            package: String::new(),
            version: semver::Version::new(0, 0, 0),
            features: artifact.features.clone(),
            registry: artifact.package_id.repr.starts_with("registry+"),
            normal: false,
            opt_level: artifact.profile.opt_level.clone(),
            file: file.clone().into(),
        };
        self.builds.push((artifact.package_id.clone(), build));
        self.crates
            .entry(name)
            .or_default()
            .push((artifact.package_id.clone(), file.clone().into()));
    }

    fn into_environment(self, metadata: &Metadata, package: &Package) -> Environment {
        let mut environment = Environment::default();
        let nodes = metadata.resolve.as_ref().map(|resolve| &resolve.nodes);
        let node = nodes.into_iter().flatten().find(|node| node.id == package.id);
        let mut named = BTreeMap::new();
        for dependency in node.into_iter().flat_map(|node| &node.deps) {
            named.insert(dependency.name.clone(), dependency.pkg.clone());
            if let Some(found) = metadata.packages.iter().find(|p| p.id == dependency.pkg) {
                environment.direct.insert(dependency.name.clone(), found.version.clone());
            }
        }
        for (name, files) in &self.crates {
            if !named.contains_key(name)
                && let [(_, file)] = files.as_slice()
            {
                environment.externs.insert(name.clone(), file.clone());
            }
        }
        for (name, files) in self.crates.iter().filter(|(name, _)| !named.contains_key(*name)) {
            for (id, file) in files.iter().filter(|_| files.len() > 1) {
                let found = metadata.packages.iter().find(|package| package.id == *id);
                let version = found.map_or_else(String::new, |package| package.version.to_string());
                let own =
                    format!("{name}_{}", version.replace(|c: char| !c.is_alphanumeric(), "_"));
                environment.versions.entry(name.clone()).or_default().push(own.clone());
                environment.externs.insert(own, file.clone());
            }
        }
        for (name, id) in &named {
            let file = self.crates.values().flatten().find(|(of, _)| of == id);
            if let Some((_, file)) = file {
                environment.externs.insert(name.clone(), file.clone());
            }
        }
        if let Some((name, file)) = self.library {
            environment.search.extend(file.parent().map(Path::to_owned));
            environment.externs.insert(name.clone(), file);
            environment.library = Some(name);
        }
        environment.search.extend(self.folders);
        environment.local = self.local;
        environment.native = self.native;
        let normal = normal_packages(metadata, package);
        for (id, mut build) in self.builds {
            let Some(found) = metadata.packages.iter().find(|p| p.id == id) else { continue };
            build.package = found.name.to_string();
            build.version = found.version.clone();
            build.normal = normal.contains(&id);
            environment.builds.push(build);
        }
        environment
    }
}

/// The packages that a package's own code stands on, itself left out: not those that only build it.
fn normal_packages(metadata: &Metadata, package: &Package) -> BTreeSet<cargo_metadata::PackageId> {
    use cargo_metadata::DependencyKind::Normal;
    let nodes = metadata.resolve.as_ref().map(|resolve| &resolve.nodes);
    let makes_macros = |id: &cargo_metadata::PackageId| {
        let found = metadata.packages.iter().find(|package| package.id == *id);
        let is_macro = |target: &cargo_metadata::Target| target.is_proc_macro();
        found.is_some_and(|package| package.targets.iter().any(is_macro))
    };
    let (mut seen, mut queue) = (BTreeSet::new(), vec![package.id.clone()]);
    while let Some(id) = queue.pop() {
        let node = nodes.into_iter().flatten().find(|node| node.id == id);
        for dependency in node.into_iter().flat_map(|node| &node.deps) {
            let normal = dependency.dep_kinds.iter().any(|kind| kind.kind == Normal);
            let new = normal && !makes_macros(&dependency.pkg);
            if new && seen.insert(dependency.pkg.clone()) {
                queue.push(dependency.pkg.clone());
            }
        }
    }
    seen
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_marked_manifest_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        let marked = "[package]\nname='x'\n[package.metadata.notebook]\n";
        std::fs::write(folder.path().join("Cargo.toml"), marked).unwrap();
        std::fs::write(folder.path().join("a/Cargo.toml"), "[package]\nname='y'\n").unwrap();
        assert_eq!(find_manifest(&deep), Some(folder.path().join("Cargo.toml")));
        // A mistake does not hide the mark; in a manifest without one it is not the kernel's affair.
        std::fs::write(folder.path().join("a/Cargo.toml"), "[package\n").unwrap();
        assert_eq!(find_manifest(&deep), Some(folder.path().join("Cargo.toml")));
        let broken = "[package]\nname='x\n[package.metadata.notebook]\n";
        std::fs::write(folder.path().join("a/Cargo.toml"), broken).unwrap();
        assert_eq!(find_manifest(&deep), Some(folder.path().join("a/Cargo.toml")));
    }
}
