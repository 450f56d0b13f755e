//! `:dep`: crates that the notebook asks for beyond its manifest.
//!
//! A package of their own is generated in the cache, named after what it asks for, so that the next
//! kernel finds it built. Beside a manifest it stands on that manifest's lock file, and asks for the
//! crates that both need with the features that the notebooks' own build of them has: cargo then takes
//! that build, and a companion (`ndarray-stats`) speaks of the same `ndarray` as the cells.

use super::dep_line::{absolute, read};
use super::failures::kernel_error;
use super::item::Item;
use super::layers::{Layer, Stamp, stamp};
use super::package::{self, Package, Pins};
use super::words::has_word;
use super::{RustEngine, text_bundle};
use crate::engine::errors;
use crate::engine::{CellError, Output, Sink};
use crate::environment::{self, Environment, EnvironmentError, Order};
use cargo_metadata::semver;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// How often what is shared with the environment may bring more that is.
const ROUNDS: usize = 5;

/// Crates beyond the manifest, as a `[dependencies]` table.
#[derive(Default)]
pub(super) struct Added {
    table: toml::Table,
    pub(super) offline: bool,
    /// The generated package: crate name and manifest.
    pub(super) package: Option<(String, PathBuf)>,
    /// What cells saw before the first `:dep`.
    base: Option<Environment>,
    layers: Vec<Layer>,
    /// The file of each crate, as it was when it was built.
    files: BTreeMap<String, (PathBuf, Option<Stamp>)>,
}

impl RustEngine {
    /// Makes crates visible to this cell and later ones; all in one build.
    pub(super) fn add_dependencies(
        &mut self,
        lines: &[&str],
        sink: &Sink,
    ) -> Result<(), CellError> {
        self.ensure_ready(sink)?;
        let mut wanted = self.added.table.clone();
        let (mut new, mut local) = (toml::Table::new(), false);
        for line in lines {
            let Some((name, value)) = read(line) else {
                let help = "one crate a line, as in Cargo.toml: `:dep rand = \"0.9\"`, \
                            `:dep serde = { version = \"1\", features = [\"derive\"] }`, or `:dep rand@0.9`";
                let text = format!("`:dep {line}` cannot be read");
                return Err(errors::at_place("Error", &text, None, &[help], &self.cells));
            };
            if self.has_dependency(&name, &value)? {
                continue;
            }
            let value = absolute(value, &self.notebook_folder);
            // What is on this machine may have been edited: cargo knows.
            if wanted.get(&name) == Some(&value) {
                local |= value.get("path").is_some();
            } else {
                new.insert(name.clone(), value.clone());
            }
            wanted.insert(name, value);
        }
        if wanted == self.added.table && !local {
            return Ok(());
        }
        let known = |name: &String| self.added.table.contains_key(name);
        let only_new = !local && !self.added.table.is_empty() && !new.keys().any(known);
        if only_new && self.build_above(&new, &wanted, sink)? {
            return Ok(());
        }
        self.build_anew(wanted, sink)
    }

    /// Whether the environment has a crate, in a version and with the features that are asked for.
    fn has_dependency(&self, name: &str, value: &toml::Value) -> Result<bool, CellError> {
        let base = self.added.base.as_ref().or(self.environment.as_ref());
        let Some(base) = base.filter(|base| base.library.is_some()) else { return Ok(false) };
        let code_name = name.replace('-', "_");
        if base.library.as_ref() == Some(&code_name) {
            return Ok(true);
        }
        let Some(have) = base.direct.get(&code_name) else { return Ok(false) };
        let manifest = self.manifest.as_ref().map(|m| m.display().to_string()).unwrap_or_default();
        let refuse = |text: &str, help: &str| {
            let text = format!("`:dep {name} = {value}`: {text}");
            Err(errors::at_place("Error", &text, None, &[help], &self.cells))
        };
        let wanted = value.as_str().or_else(|| value.get("version")?.as_str());
        let wanted = wanted.and_then(|text| semver::VersionReq::parse(text).ok());
        if wanted.as_ref().is_some_and(|wanted| !wanted.matches(have)) {
            let help = format!("ask for that version, or change {manifest} and restart the kernel");
            return refuse(&format!("these notebooks use {name} {have}"), &help);
        }
        let features = value.get("features").and_then(toml::Value::as_array).into_iter().flatten();
        let has = base.features(&code_name).unwrap_or_default();
        let lacks = |feature: &&str| !has.iter().any(|known| known == feature);
        let lacking: Vec<&str> = features.filter_map(toml::Value::as_str).filter(lacks).collect();
        if lacking.is_empty() || base.features(&code_name).is_none() {
            return Ok(true);
        }
        let text = format!(
            "these notebooks' build of {name} lacks the feature{} {}",
            if lacking.len() > 1 { "s" } else { "" },
            quoted(&lacking)
        );
        let help = format!(
            "add `{}` to the features of `{name}` in {manifest}, and restart the kernel",
            lacking.join("`, `")
        );
        refuse(&text, &help)
    }

    /// Builds new crates on those that are there; `false` when they need other builds of these.
    fn build_above(
        &mut self,
        new: &toml::Table,
        wanted: &toml::Table,
        sink: &Sink,
    ) -> Result<bool, CellError> {
        let from = self.environment.clone().unwrap_or_default();
        let (built, _, package) = self.build_package(new, &from, sink)?;
        if !package::doubled(&from, &built).is_empty() {
            return Ok(false);
        }
        let names = code_names(new);
        let files = files(&built, &names);
        self.adopt_added(from, built, &names)?;
        self.added.files.extend(files);
        self.added.table.clone_from(wanted);
        self.added.package = Some((package.name, package.manifest));
        Ok(true)
    }

    /// Builds all that was asked for, in one.
    fn build_anew(&mut self, wanted: toml::Table, sink: &Sink) -> Result<(), CellError> {
        let base = self.added.base.clone().or_else(|| self.environment.clone()).unwrap_or_default();
        let (built, order, package) = self.build_package(&wanted, &base, sink)?;
        if base.library.is_some() {
            self.check_companions(&base, &built, &order, &wanted, sink)?;
        }
        let names = code_names(&wanted);
        let files = files(&built, if base.library.is_some() { &names } else { &[] });
        if wanted != self.added.table || files != self.added.files {
            let crates = stamps(&built);
            // One name, two builds: what stands on the older one cannot stand under the newer.
            let differs =
                |(file, old): (&PathBuf, &Stamp)| crates.get(file).is_some_and(|new| new != old);
            if self.added.layers.iter().any(|layer| layer.crates.iter().any(differs)) {
                self.added.layers.clear();
            }
            let mut from = base.clone();
            for layer in &self.added.layers {
                put_layer(&mut from, layer);
            }
            self.adopt_added(from, built, &names)?;
            self.forget_other_builds(&files);
        }
        self.added.base = Some(base);
        self.added.files = files;
        self.added.table = wanted;
        self.added.package = Some((package.name, package.manifest));
        Ok(())
    }

    /// Has cargo build a package of these crates, with the builds of `from` that they share.
    fn build_package(
        &self,
        wanted: &toml::Table,
        from: &Environment,
        sink: &Sink,
    ) -> Result<(Environment, Order, Package), CellError> {
        let beside = self.manifest.clone().filter(|_| self.has_library());
        let package = Package::new(wanted, beside.as_deref())
            .map_err(|error| kernel_error(&format!("the package for `:dep`: {error}")))?;
        let order = Order {
            manifest: package.manifest.clone(),
            target: package.target.clone(),
            offline: self.added.offline,
            variables: self.build_variables.clone(),
        };
        let (lines, said) = channel();
        let (shared, own) = (from.clone(), package.clone());
        let build = std::thread::spawn(move || {
            let fail = |error| EnvironmentError::Folder { folder: own.manifest.clone(), error };
            let mut pins = Pins::default();
            // A feature that is asked for may bring crates that share others, and so on.
            for _ in 0..ROUNDS {
                if shared.builds.is_empty() {
                    break;
                }
                own.ask_with(&pins).map_err(fail)?;
                let question = Order { manifest: own.question.clone(), ..order.clone() };
                let found = Pins::of(&shared, &environment::metadata(&question)?);
                if std::mem::replace(&mut pins, found.clone()) == found {
                    break;
                }
            }
            own.pin(&pins).map_err(fail)?;
            environment::build(&order, &mut |line| drop(lines.send(line.to_owned())))
                .map(|built| (built, order))
        });
        self.show_progress(&build, &said, sink);
        if self.interrupter.requested() {
            return Err(self.interrupted(false));
        }
        let built = build
            .join()
            .map_err(|_| "the build panicked".to_owned())
            .and_then(|built| built.map_err(|error| error.to_string()));
        let (built, order) = built.map_err(|problem| failed(&problem))?;
        Ok((built, order, package))
    }

    /// Whether the notebooks have crates of their own.
    fn has_library(&self) -> bool {
        let base = self.added.base.as_ref().or(self.environment.as_ref());
        base.is_some_and(|base| base.library.is_some())
    }

    /// Puts what was built in a library above those of `from`.
    fn adopt_added(
        &mut self,
        from: Environment,
        built: Environment,
        names: &[String],
    ) -> Result<(), CellError> {
        let crates = stamps(&built);
        // A later build of a local crate must not slip under the cells of this one.
        let folder = self.folder.path().join(format!("added_{}", self.cells.len()));
        let built =
            built.pinned(&folder).map_err(|error| kernel_error(&format!("`:dep`: {error}")))?;
        let beside = self.has_library();
        let below = from.library.clone();
        let mut environment = from;
        for name in names {
            let Some(file) = built.externs.get(name) else { continue };
            environment.externs.remove(name);
            let list = if beside { &mut environment.added } else { &mut environment.externs };
            list.insert(name.clone(), file.clone());
        }
        for (name, file) in built.externs {
            let known = environment.externs.contains_key(&name);
            if !known && !environment.added.contains_key(&name) {
                environment.externs.insert(name, file);
            }
        }
        if !beside {
            environment.direct.extend(built.direct);
            environment.versions.extend(built.versions);
        }
        environment.search.extend(built.search);
        environment.native.extend(built.native);
        environment.builds.extend(built.builds);
        // The loader must find the environment's own library, too, once another is on top.
        let file = below.as_ref().and_then(|name| environment.externs.get(name));
        let folder = file.and_then(|file| file.parent()).map(Path::to_owned);
        environment.layers.extend(folder);
        let std_folder = &self.settings.std_folder;
        match Layer::link(names, crates, &environment, below.as_deref(), std_folder) {
            Ok(layer) => {
                put_layer(&mut environment, &layer);
                self.added.layers.push(layer);
            }
            // Then each cell links them itself; their statics exist once a cell.
            Err(error) => tracing::warn!(%error, "the crates of `:dep` are in no library"),
        }
        let first = self.added.layers.first();
        environment.generation = first.map(|layer| layer.name.clone()).unwrap_or_default();
        self.settings.find_libraries(&environment);
        if self.added.base.is_none() {
            self.added.base.clone_from(&self.environment);
        }
        self.environment = Some(environment);
        Ok(())
    }

    /// Whether crates that stand on the environment's get its builds of them; a word where not.
    fn check_companions(
        &self,
        base: &Environment,
        built: &Environment,
        order: &Order,
        wanted: &toml::Table,
        sink: &Sink,
    ) -> Result<(), CellError> {
        let doubled = package::doubled(base, built);
        if doubled.is_empty() {
            return Ok(());
        }
        let known = environment::metadata(order).map_err(|error| failed(&error.to_string()))?;
        for (name, stands_on) in package::companions(wanted, &known) {
            for double in doubled.iter().filter(|d| stands_on.contains(&d.build.package)) {
                let (crate_name, own) = (&double.build.package, &double.build.version);
                if double.base.version != *own {
                    let have = &double.base.version;
                    sink(Output::Stderr(format!(
                        "note: `{name}` stands on {crate_name} {own}, these notebooks on {crate_name} \
                         {have}: the types of one do not fit the other\n"
                    )));
                    continue;
                }
                let manifest = self.manifest.as_ref().map(|m| m.display().to_string());
                let mut help = format!(
                    "add these lines to [dependencies] in {}, and restart the kernel:",
                    manifest.unwrap_or_default()
                );
                for line in package::lacking(base, built) {
                    let _ = write!(help, "\n{line}");
                }
                let text = format!(
                    "`:dep {name}` needs {crate_name} with other features than these notebooks' build \
                     of it has, so that their types would not fit"
                );
                return Err(errors::at_place("Error", &text, None, &[&help], &self.cells));
            }
        }
        Ok(())
    }

    /// Values of types from another build of a crate cannot be used with the new one.
    fn forget_other_builds(&mut self, files: &BTreeMap<String, (PathBuf, Option<Stamp>)>) {
        let changed: Vec<&String> = self
            .added
            .files
            .iter()
            .filter(|(name, file)| files.get(*name).is_some_and(|new| new != *file))
            .map(|(name, _)| name)
            .collect();
        if changed.is_empty() {
            return;
        }
        let source = self.items.source(&self.cells);
        let named = changed.iter().find(|name| has_word(&source, name));
        let own: BTreeSet<String> = self.items.names().map(str::to_owned).collect();
        let mut gone = Vec::new();
        for (name, variable) in &self.variables {
            let direct = changed.iter().find(|of| has_word(&variable.ty, of));
            let through = || named.filter(|_| own.iter().any(|item| has_word(&variable.ty, item)));
            if let Some(of) = direct.or_else(through) {
                gone.push((name.clone(), (*of).clone()));
            }
        }
        let homes: BTreeSet<usize> =
            self.items.live().iter().filter_map(Item::home_of_statics).collect();
        for home in homes {
            let text = &self.cells[&home].text;
            if changed.iter().any(|name| has_word(text, name)) {
                self.items.copy_statics(home);
            }
        }
        for (name, of) in gone {
            self.forget(&name);
            let reason = format!(
                "`{name}` was made with another build of the crate `{of}`, which `:dep` has changed; \
                 run the cell that makes it again"
            );
            self.dropped.insert(name, reason);
        }
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

fn code_names(table: &toml::Table) -> Vec<String> {
    table.keys().map(|name| name.replace('-', "_")).collect()
}

/// The files of these crates, or of all.
fn files(built: &Environment, names: &[String]) -> BTreeMap<String, (PathBuf, Option<Stamp>)> {
    built
        .externs
        .iter()
        .filter(|(name, _)| names.is_empty() || names.contains(name))
        .map(|(name, file)| (name.clone(), (file.clone(), stamp(file))))
        .collect()
}

fn stamps(built: &Environment) -> BTreeMap<PathBuf, Stamp> {
    let stamps = built.builds.iter().filter_map(|b| Some((b.file.clone(), stamp(&b.file)?)));
    stamps.collect()
}

/// Makes cells see a library, as the topmost one.
fn put_layer(environment: &mut Environment, layer: &Layer) {
    let folder = layer.file.parent().map(Path::to_owned);
    environment.externs.insert(layer.name.clone(), layer.file.clone());
    environment.layers.extend(folder.clone());
    // The one above names it, so rustc looks for it there.
    environment.search.extend(folder);
    environment.library = Some(layer.name.clone());
}

fn failed(problem: &str) -> CellError {
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
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
