//! `:dep`: crates that the notebook asks for beyond its manifest.
//!
//! A package of their own is generated in the cache, named after what it asks for, so that the next
//! kernel finds it built. Without a manifest that package is the environment, one dynamic library.
//! Beside a manifest's own library it has to be plain libraries: two dynamic ones that both hold, say,
//! `serde` cannot be linked into one cell.

use super::failures::kernel_error;
use super::{RustEngine, text_bundle};
use crate::engine::errors;
use crate::engine::{CellError, Output, Sink};
use crate::environment::{self, Environment, Order};
use cargo_metadata::semver;
use sha2::Digest;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Crates beyond the manifest, as a `[dependencies]` table.
#[derive(Default)]
pub(super) struct Added {
    table: toml::Table,
    pub(super) offline: bool,
    /// The generated package: crate name and manifest.
    pub(super) package: Option<(String, PathBuf)>,
}

impl RustEngine {
    /// Makes a crate visible to this cell and later ones.
    pub(super) fn add_dependency(&mut self, text: &str, sink: &Sink) -> Result<(), CellError> {
        self.ensure_ready(sink)?;
        let fail =
            |text: &str, help: &str| errors::at_place("Error", text, None, &[help], &self.cells);
        let line = if text.contains('=') { text.to_owned() } else { format!("{text} = \"*\"") };
        let parsed = line.parse::<toml::Table>().ok().filter(|table| table.len() == 1);
        let Some((name, value)) = parsed.and_then(|table| table.into_iter().next()) else {
            let help = "write it as in Cargo.toml: `:dep rand = \"0.9\"`";
            return Err(fail(&format!("`:dep {text}` cannot be read"), help));
        };
        if self.has_dependency(&name, &value)? {
            return Ok(());
        }
        let mut wanted = self.added.table.clone();
        let value = absolute(value, &self.notebook_folder);
        if wanted.get(&name) == Some(&value) {
            return Ok(());
        }
        wanted.insert(name.clone(), value);
        let (environment, package) = self.build_added(&wanted, sink)?;
        self.settings.find_libraries(&environment);
        self.environment = Some(environment);
        self.added.table = wanted;
        self.added.package = Some(package);
        Ok(())
    }

    /// Whether the environment has a crate, in a version that is asked for.
    fn has_dependency(&self, name: &str, value: &toml::Value) -> Result<bool, CellError> {
        let Some(environment) = &self.environment else { return Ok(false) };
        let code_name = name.replace('-', "_");
        let Some(have) = environment.direct.get(&code_name) else { return Ok(false) };
        if self.manifest.is_none() {
            return Ok(false);
        }
        let wanted = value.as_str().or_else(|| value.get("version")?.as_str());
        let wanted = wanted.and_then(|text| semver::VersionReq::parse(text).ok());
        if wanted.as_ref().is_none_or(|wanted| wanted.matches(have)) {
            return Ok(true);
        }
        let manifest = self.manifest.as_ref().map(|m| m.display().to_string()).unwrap_or_default();
        let text = format!("`:dep {name} = {value}`: these notebooks use {name} {have}");
        let help = format!("ask for that version, or change {manifest} and restart the kernel");
        Err(errors::at_place("Error", &text, None, &[&help], &self.cells))
    }

    fn build_added(
        &self,
        wanted: &toml::Table,
        sink: &Sink,
    ) -> Result<(Environment, (String, PathBuf)), CellError> {
        let package = Package::new(wanted, self.manifest.as_deref())
            .map_err(|error| kernel_error(&format!("the package for `:dep`: {error}")))?;
        let order = Order {
            manifest: package.manifest.clone(),
            target: package.target.clone(),
            offline: self.added.offline,
        };
        let (lines, said) = channel();
        let build = std::thread::spawn(move || {
            environment::build(&order, &mut |line| drop(lines.send(line.to_owned())))
        });
        self.show_progress(&build, &said, sink);
        if self.interrupter.requested() {
            return Err(self.interrupted(false));
        }
        let built = build
            .join()
            .map_err(|_| "the build panicked".to_owned())
            .and_then(|built| built.map_err(|error| error.to_string()));
        let built = built.map_err(|problem| {
            let offline = ["network", "offline", "dns", "resolve host", "connect"];
            let lower = problem.to_lowercase();
            let help = if offline.iter().any(|word| lower.contains(word)) {
                "this machine seems to be offline: only crates that cargo has downloaded before work"
            } else {
                "see what cargo says above"
            };
            CellError {
                ename: "Error".to_owned(),
                evalue: "`:dep` failed".to_owned(),
                traceback: problem.lines().chain([help]).map(str::to_owned).collect(),
            }
        })?;
        let Some(base) = self.environment.as_ref().filter(|_| self.manifest.is_some()) else {
            return Ok((built, (package.name, package.manifest)));
        };
        let mut environment = base.clone();
        for name in wanted.keys().map(|name| name.replace('-', "_")) {
            if let Some(file) = built.externs.get(&name) {
                environment.externs.remove(&name);
                environment.added.insert(name, file.clone());
            }
        }
        environment.search.extend(built.search);
        Ok((environment, (package.name, package.manifest)))
    }

    /// What cargo says, as one line that goes when it is done.
    fn show_progress<T>(
        &self,
        build: &std::thread::JoinHandle<T>,
        said: &std::sync::mpsc::Receiver<String>,
        sink: &Sink,
    ) {
        let id = format!("mlnotes-kernel-dep-{}", self.cells.len());
        let (start, mut shown) = (Instant::now(), false);
        while !build.is_finished() {
            std::thread::sleep(Duration::from_millis(20));
            let Some(line) = said.try_iter().last() else { continue };
            if start.elapsed() > Duration::from_secs(1) {
                let (bundle, id) = (text_bundle(line.trim()), id.clone());
                sink(if shown {
                    Output::Update { bundle, id }
                } else {
                    Output::Display { bundle, id: Some(id) }
                });
                shown = true;
            }
        }
        if shown {
            sink(Output::Clear { wait: false });
        }
    }
}

/// A path in a dependency is seen from the notebook.
fn absolute(mut value: toml::Value, folder: &Path) -> toml::Value {
    if let Some(path) = value.get_mut("path")
        && let Some(text) = path.as_str()
    {
        let whole = folder.join(text);
        let whole = whole.canonicalize().unwrap_or(whole);
        *path = toml::Value::String(whole.display().to_string());
    }
    value
}

/// A generated package.
struct Package {
    /// As code names it.
    name: String,
    manifest: PathBuf,
    target: Option<PathBuf>,
}

impl Package {
    fn new(wanted: &toml::Table, beside: Option<&Path>) -> std::io::Result<Self> {
        let base = beside.map(Beside::read).transpose()?;
        let place = base.as_ref().map_or(String::new(), |base| base.root.display().to_string());
        let key = format!("{:x}", sha2::Sha256::digest(format!("{place}\n{wanted}")));
        let name = format!("mlnotes-dep-{}", &key[..12]);
        let cache = dirs::cache_dir().map(|cache| cache.join("mlnotes-kernel"));
        let cache = cache.unwrap_or_else(|| std::env::temp_dir().join("mlnotes-kernel-cache"));
        let folder = cache.join("dep").join(&name);
        std::fs::create_dir_all(&folder)?;
        let kind = if base.is_some() { "rlib" } else { "dylib" };
        let mut manifest: toml::Table = toml::toml! {
            [package]
            version = "0.0.0"
            edition = "2024"
            [package.metadata.notebook]
            profile = "release"
            [lib]
            path = "lib.rs"
            [workspace]
        };
        let mut set = |path: [&str; 2], value: toml::Value| {
            if let Some(table) = manifest.get_mut(path[0]).and_then(toml::Value::as_table_mut) {
                table.insert(path[1].to_owned(), value);
            }
        };
        set(["package", "name"], toml::Value::String(name.clone()));
        set(["lib", "crate-type"], toml::Value::Array(vec![toml::Value::String(kind.to_owned())]));
        let mut target = Some(cache.join("target"));
        if let Some(base) = base {
            set(["package", "metadata"], base.metadata());
            for (name, table) in base.shared {
                manifest.insert(name, table);
            }
            let lock = folder.join("Cargo.lock");
            if !lock.exists() && base.root.join("Cargo.lock").exists() {
                std::fs::copy(base.root.join("Cargo.lock"), lock)?;
            }
            target = base.target;
        }
        let names: Vec<String> = wanted.keys().map(|name| name.replace('-', "_")).collect();
        manifest.insert("dependencies".to_owned(), toml::Value::Table(wanted.clone()));
        let source: Vec<String> = names.iter().map(|name| format!("pub use {name};")).collect();
        let source = source.join("\n") + "\n";
        write_if_new(&folder.join("lib.rs"), &source)?;
        let path = folder.join("Cargo.toml");
        write_if_new(&path, &manifest.to_string())?;
        Ok(Self { name: name.replace('-', "_"), manifest: path, target })
    }
}

/// cargo takes a newer file for a changed one.
fn write_if_new(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    std::fs::write(path, text)
}

/// What a generated package takes over from the manifest that it stands beside.
struct Beside {
    root: PathBuf,
    target: Option<PathBuf>,
    profile: String,
    /// `[profile]` and `[patch]` of the workspace.
    shared: Vec<(String, toml::Value)>,
}

impl Beside {
    fn read(manifest: &Path) -> std::io::Result<Self> {
        let table = |path: &Path| -> std::io::Result<toml::Table> {
            std::fs::read_to_string(path)?.parse().map_err(std::io::Error::other)
        };
        let own = table(manifest)?;
        let metadata = cargo_metadata::MetadataCommand::new()
            .manifest_path(manifest)
            .no_deps()
            .exec()
            .map_err(std::io::Error::other)?;
        let root: PathBuf = metadata.workspace_root.into();
        let workspace = table(&root.join("Cargo.toml"))?;
        let shared = ["profile", "patch"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), workspace.get(name)?.clone())))
            .collect();
        let profile = own
            .get("package")
            .and_then(|package| package.get("metadata")?.get("notebook")?.get("profile")?.as_str())
            .unwrap_or("release")
            .to_owned();
        let target = Some(metadata.target_directory.into());
        Ok(Self { root, target, profile, shared })
    }

    fn metadata(&self) -> toml::Value {
        let mut notebook = toml::Table::new();
        notebook.insert("profile".to_owned(), toml::Value::String(self.profile.clone()));
        let mut metadata = toml::Table::new();
        metadata.insert("notebook".to_owned(), toml::Value::Table(notebook));
        toml::Value::Table(metadata)
    }
}
