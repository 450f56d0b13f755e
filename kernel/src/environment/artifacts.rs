//! What a build has made, as the environment of cells.

use super::{Build, Environment};
use cargo_metadata::{Metadata, Package, TargetKind, semver};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What cargo tells of a build, message by message.
#[derive(Default)]
pub(super) struct Artifacts {
    pub(super) library: Option<(String, PathBuf)>,
    /// Every library by crate name; a name that came twice (two versions) has no one meaning.
    crates: BTreeMap<String, Vec<(cargo_metadata::PackageId, PathBuf)>>,
    folders: Vec<PathBuf>,
    /// What belongs to crates that are no registry's, and so can change under the same name.
    local: Vec<PathBuf>,
    /// Whether the package itself is a plain library, which no cell links.
    pub(super) plain: bool,
    native: Vec<PathBuf>,
    builds: Vec<(cargo_metadata::PackageId, Build)>,
}

impl Artifacts {
    /// Where a build script says that native libraries are. Its own folder holds what it made; that
    /// is in the crate already, or else wanted too.
    pub(super) fn add_native(&mut self, script: &cargo_metadata::BuildScript) {
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

    pub(super) fn add(&mut self, artifact: &cargo_metadata::Artifact, package: &Package) {
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

    pub(super) fn into_environment(self, metadata: &Metadata, package: &Package) -> Environment {
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
