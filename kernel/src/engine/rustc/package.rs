//! The package that is generated for `:dep` lines.

use crate::environment::{self, Build, Environment};
use cargo_metadata::Metadata;
use sha2::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A generated package.
#[derive(Clone)]
pub(super) struct Package {
    /// As code names it.
    pub(super) name: String,
    pub(super) manifest: PathBuf,
    /// The same without what it must take from another build: what its crates stand on is read here.
    pub(super) question: PathBuf,
    pub(super) target: Option<PathBuf>,
    table: toml::Table,
    wanted: toml::Table,
}

impl Package {
    /// Writes one that asks for `wanted`, on the lock file of a manifest that it stands beside.
    pub(super) fn new(wanted: &toml::Table, beside: Option<&Path>) -> std::io::Result<Self> {
        let base = beside.map(Beside::read).transpose()?;
        let place = base.as_ref().map_or(String::new(), |base| base.root.display().to_string());
        let key = format!("{:x}", sha2::Sha256::digest(format!("{place}\n{wanted}")));
        let name = format!("mlnotes-dep-{}", &key[..12]);
        let cache = dirs::cache_dir().map(|cache| cache.join("mlnotes-kernel"));
        let temporary = std::env::temp_dir().join("mlnotes-kernel-cache");
        // Where the cache cannot be written, the temporary folder can.
        let cache = cache
            .filter(|cache| std::fs::create_dir_all(cache.join("dep").join(&name)).is_ok())
            .unwrap_or(temporary);
        let folder = cache.join("dep").join(&name);
        std::fs::create_dir_all(folder.join("question"))?;
        let mut table: toml::Table = toml::toml! {
            [package]
            version = "0.0.0"
            edition = "2024"
            [package.metadata.notebook]
            profile = "release"
            [lib]
            path = "lib.rs"
            crate-type = ["rlib"]
            [workspace]
        };
        let mut set = |path: [&str; 2], value: toml::Value| {
            if let Some(table) = table.get_mut(path[0]).and_then(toml::Value::as_table_mut) {
                table.insert(path[1].to_owned(), value);
            }
        };
        set(["package", "name"], toml::Value::String(name.clone()));
        let mut target = Some(cache.join("target"));
        if let Some(base) = base {
            set(["package", "metadata"], base.metadata());
            for (name, shared) in base.shared {
                table.insert(name, shared);
            }
            let own = base.root.join("Cargo.lock");
            let time = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
            for lock in [folder.join("Cargo.lock"), folder.join("question/Cargo.lock")] {
                if own.exists() && time(&lock) < time(&own) {
                    std::fs::copy(&own, lock)?;
                }
            }
            target = base.target;
        }
        let names: Vec<String> = wanted.keys().map(|name| name.replace('-', "_")).collect();
        let source: Vec<String> = names.iter().map(|name| format!("pub use {name};\n")).collect();
        let source = source.concat();
        write_if_new(&folder.join("lib.rs"), &source)?;
        let manifest = folder.join("Cargo.toml");
        let question = folder.join("question/Cargo.toml");
        let (name, wanted) = (name.replace('-', "_"), wanted.clone());
        let package = Self { name, manifest, question, target, table, wanted };
        write_if_new(&folder.join("question/lib.rs"), &source)?;
        Ok(package)
    }

    fn write(
        &self,
        manifest: &Path,
        dependencies: toml::Table,
        build: toml::Table,
    ) -> std::io::Result<()> {
        let mut table = self.table.clone();
        table.insert("dependencies".to_owned(), toml::Value::Table(dependencies));
        if !build.is_empty() {
            table.insert("build-dependencies".to_owned(), toml::Value::Table(build));
        }
        write_if_new(manifest, &table.to_string())
    }

    /// Writes its manifest, with builds of other crates that it must take.
    pub(super) fn pin(&self, pins: &Pins) -> std::io::Result<()> {
        let (dependencies, build) = self.pinned(pins);
        self.write(&self.manifest, dependencies, build)
    }

    /// The same in the manifest that is only read, not built.
    pub(super) fn ask_with(&self, pins: &Pins) -> std::io::Result<()> {
        let (dependencies, build) = self.pinned(pins);
        self.write(&self.question, dependencies, build)
    }

    fn pinned(&self, pins: &Pins) -> (toml::Table, toml::Table) {
        let mut dependencies = self.wanted.clone();
        for (i, build) in pins.normal.values().enumerate() {
            let asked = dependencies.iter_mut().find(|(name, value)| {
                let package = value.get("package").and_then(toml::Value::as_str);
                package.unwrap_or(name) == build.package
            });
            // cargo takes one name for a package, no second one.
            match asked {
                Some((_, value)) => add_features(value, features(build)),
                None => {
                    dependencies.insert(format!("shared-{i}"), pin(build));
                }
            }
        }
        let builders = pins.builders.values().enumerate();
        let builders = builders.map(|(i, build)| (format!("builder-{i}"), pin(build)));
        (dependencies, builders.collect())
    }
}

fn features(build: &Build) -> Vec<toml::Value> {
    build.features.iter().cloned().map(toml::Value::String).collect()
}

/// Exactly this build of a package.
fn pin(build: &Build) -> toml::Value {
    let mut pin = toml::Table::new();
    pin.insert("package".to_owned(), toml::Value::String(build.package.clone()));
    pin.insert("version".to_owned(), toml::Value::String(format!("={}", build.version)));
    pin.insert("default-features".to_owned(), toml::Value::Boolean(false));
    pin.insert("features".to_owned(), toml::Value::Array(features(build)));
    toml::Value::Table(pin)
}

fn add_features(value: &mut toml::Value, features: Vec<toml::Value>) {
    if let Some(version) = value.as_str() {
        let mut table = toml::Table::new();
        table.insert("version".to_owned(), toml::Value::String(version.to_owned()));
        *value = toml::Value::Table(table);
    }
    if let Some(table) = value.as_table_mut() {
        let list = table.entry("features").or_insert_with(|| toml::Value::Array(Vec::new()));
        if let Some(list) = list.as_array_mut() {
            let new: Vec<_> = features.into_iter().filter(|f| !list.contains(f)).collect();
            list.extend(new);
        }
    }
}

/// The builds of the environment that a package's crates need, too, by name and version.
#[derive(Default, Clone, PartialEq)]
pub(super) struct Pins {
    normal: BTreeMap<(String, String), Build>,
    /// What macros and build scripts are made of. Whoever shares a macro with the notebooks must make it
    /// of the same, or it is another macro, and what it is used in another crate.
    builders: BTreeMap<(String, String), Build>,
}

impl Pins {
    /// Those among the packages that cargo knows of.
    pub(super) fn of(base: &Environment, known: &Metadata) -> Self {
        let mut pins = Self::default();
        let optimised = base.builds.iter().any(|build| build.opt_level != "0");
        for build in base.builds.iter().filter(|build| build.registry) {
            let same = |p: &cargo_metadata::Package| {
                *p.name == build.package && p.version == build.version
            };
            if known.packages.iter().any(same) {
                let key = (build.package.clone(), build.version.to_string());
                // What only builds other crates is not optimised.
                let builder = !build.normal || (optimised && build.opt_level == "0");
                let list = if builder { &mut pins.builders } else { &mut pins.normal };
                list.insert(key, build.clone());
            }
        }
        pins
    }
}

/// A crate that the manifest names and that would exist twice.
pub(super) struct Double<'a> {
    pub(super) base: &'a Build,
    pub(super) build: &'a Build,
}

/// The crates of the manifest that were built once more.
pub(super) fn doubled<'a>(base: &'a Environment, built: &'a Environment) -> Vec<Double<'a>> {
    let own = base.direct.keys().filter_map(|name| base.externs.get(name));
    let own = own.chain(base.added.values());
    let own = own.filter_map(|file| base.builds.iter().find(|build| build.file == *file));
    let mut doubled = Vec::new();
    for base in own.filter(|build| build.registry) {
        let same = built.builds.iter().filter(|build| build.package == base.package);
        let others: Vec<&Build> = same.filter(|build| build.normal).collect();
        if !others.iter().any(|build| build.file == base.file) {
            doubled.extend(others.first().map(|build| Double { base, build }));
        }
    }
    doubled
}

/// The lines that would give the environment's builds the features of these.
pub(super) fn lacking(base: &Environment, built: &Environment) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    let optimised = base.builds.iter().any(|build| build.opt_level != "0");
    for build in built.builds.iter().filter(|build| build.registry) {
        let same = |b: &&Build| b.package == build.package && b.version == build.version;
        let mut own = base.builds.iter().filter(same).peekable();
        if own.peek().is_none() || own.clone().any(|own| own.features == build.features) {
            continue;
        }
        let have: BTreeSet<&String> = own.flat_map(|own| &own.features).collect();
        let more: Vec<String> = build
            .features
            .iter()
            .filter(|feature| !have.contains(feature))
            .map(|feature| format!("\"{feature}\""))
            .collect();
        if !more.is_empty() {
            let (name, version) = (&build.package, &build.version);
            let features = more.join(", ");
            // A build script's crates and a macro's share their features apart from all others.
            let builder = !build.normal || (optimised && build.opt_level == "0");
            let under = if builder { "(in [build-dependencies]) " } else { "" };
            lines.insert(format!(
                "{under}{name} = {{ version = \"{version}\", features = [{features}] }}"
            ));
        }
    }
    lines
}

/// The packages that are asked for, and those that each stands on itself.
pub(super) fn companions(
    wanted: &toml::Table,
    known: &Metadata,
) -> Vec<(String, BTreeSet<String>)> {
    let nodes = known.resolve.as_ref().map(|resolve| &resolve.nodes);
    let package = |id| known.packages.iter().find(|package| package.id == id);
    let mut out = Vec::new();
    for (name, value) in wanted {
        let asked = value.get("package").and_then(toml::Value::as_str).unwrap_or(name);
        for node in nodes.into_iter().flatten() {
            if package(node.id.clone()).is_some_and(|package| *package.name == asked) {
                let stands_on = node.deps.iter().filter_map(|of| package(of.pkg.clone()));
                let stands_on = stands_on.map(|package| package.name.to_string()).collect();
                out.push((name.clone(), stands_on));
            }
        }
    }
    out
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
        let mut command = cargo_metadata::MetadataCommand::new();
        environment::prepare(&mut command);
        let metadata =
            command.manifest_path(manifest).no_deps().exec().map_err(std::io::Error::other)?;
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
