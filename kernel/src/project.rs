//! The package that a notebook belongs to: what cargo's variables mean in its cells.

use crate::{environment, toolchain};
use cargo_metadata::{MetadataCommand, Package};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The variables that cargo sets for a package's code: those of the nearest package, there or above,
/// and else of a nameless one in the folder itself.
pub fn variables(folder: &Path) -> BTreeMap<String, String> {
    let mut variables = match package(folder) {
        Some(package) => of_package(&package),
        None => of_folder(folder),
    };
    let (cargo, _) = toolchain::cargo();
    variables.insert("CARGO".to_owned(), cargo.display().to_string());
    variables
}

/// The nearest manifest with a package, marked or not.
pub fn manifest(folder: &Path) -> Option<PathBuf> {
    let manifests = folder.ancestors().map(|folder| folder.join("Cargo.toml"));
    manifests.into_iter().find(|manifest| {
        let text = std::fs::read_to_string(manifest).unwrap_or_default();
        text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("package"))
    })
}

fn package(folder: &Path) -> Option<Package> {
    let manifest = environment::find_manifest(folder).or_else(|| manifest(folder))?;
    let mut command = MetadataCommand::new();
    environment::prepare(&mut command);
    let metadata = command.manifest_path(&manifest).no_deps().exec().ok()?;
    let manifest = manifest.canonicalize().ok()?;
    let same = |p: &Package| p.manifest_path.canonicalize().is_ok_and(|path| path == manifest);
    metadata.packages.into_iter().find(same)
}

fn of_package(package: &Package) -> BTreeMap<String, String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let path = |path: Option<&cargo_metadata::camino::Utf8PathBuf>| {
        path.map(ToString::to_string).unwrap_or_default()
    };
    let version = &package.version;
    let rust = package.rust_version.as_ref().map(ToString::to_string).unwrap_or_default();
    let folder = package.manifest_path.parent().map(ToString::to_string).unwrap_or_default();
    named(&[
        ("CARGO_MANIFEST_DIR", folder),
        ("CARGO_MANIFEST_PATH", package.manifest_path.to_string()),
        ("CARGO_CRATE_NAME", package.name.replace('-', "_")),
        ("CARGO_PKG_NAME", package.name.to_string()),
        ("CARGO_PKG_VERSION", version.to_string()),
        ("CARGO_PKG_VERSION_MAJOR", version.major.to_string()),
        ("CARGO_PKG_VERSION_MINOR", version.minor.to_string()),
        ("CARGO_PKG_VERSION_PATCH", version.patch.to_string()),
        ("CARGO_PKG_VERSION_PRE", version.pre.to_string()),
        ("CARGO_PKG_AUTHORS", package.authors.join(":")),
        ("CARGO_PKG_DESCRIPTION", text(&package.description)),
        ("CARGO_PKG_HOMEPAGE", text(&package.homepage)),
        ("CARGO_PKG_REPOSITORY", text(&package.repository)),
        ("CARGO_PKG_LICENSE", text(&package.license)),
        ("CARGO_PKG_LICENSE_FILE", path(package.license_file.as_ref())),
        ("CARGO_PKG_README", path(package.readme.as_ref())),
        ("CARGO_PKG_RUST_VERSION", rust),
    ])
}

fn of_folder(folder: &Path) -> BTreeMap<String, String> {
    let empty = [
        "CARGO_PKG_VERSION_PRE",
        "CARGO_PKG_AUTHORS",
        "CARGO_PKG_DESCRIPTION",
        "CARGO_PKG_HOMEPAGE",
        "CARGO_PKG_REPOSITORY",
        "CARGO_PKG_LICENSE",
        "CARGO_PKG_LICENSE_FILE",
        "CARGO_PKG_README",
        "CARGO_PKG_RUST_VERSION",
    ];
    let mut variables = named(&empty.map(|name| (name, String::new())));
    variables.extend(named(&[
        ("CARGO_MANIFEST_DIR", folder.display().to_string()),
        ("CARGO_MANIFEST_PATH", folder.join("Cargo.toml").display().to_string()),
        ("CARGO_CRATE_NAME", "notebook".to_owned()),
        ("CARGO_PKG_NAME", "notebook".to_owned()),
        ("CARGO_PKG_VERSION", "0.0.0".to_owned()),
        ("CARGO_PKG_VERSION_MAJOR", "0".to_owned()),
        ("CARGO_PKG_VERSION_MINOR", "0".to_owned()),
        ("CARGO_PKG_VERSION_PATCH", "0".to_owned()),
    ]));
    variables
}

fn named(pairs: &[(&str, String)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_lends_its_name_and_version() {
        let folder = tempfile::tempdir().unwrap();
        let notebooks = folder.path().join("notebooks");
        std::fs::create_dir_all(folder.path().join("src")).unwrap();
        std::fs::create_dir(&notebooks).unwrap();
        std::fs::write(folder.path().join("src/lib.rs"), "").unwrap();
        let toml = "[package]\nname = 'my-tool'\nversion = '1.2.3-beta'\nedition = '2024'\n";
        std::fs::write(folder.path().join("Cargo.toml"), toml).unwrap();
        let found = variables(&notebooks);
        assert_eq!(found["CARGO_PKG_NAME"], "my-tool");
        assert_eq!(found["CARGO_CRATE_NAME"], "my_tool");
        assert_eq!(found["CARGO_PKG_VERSION_PRE"], "beta");
        assert!(Path::new(&found["CARGO_MANIFEST_DIR"]).join("Cargo.toml").exists());
    }

    #[test]
    fn a_bare_folder_is_a_package_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let found = variables(folder.path());
        assert_eq!(found["CARGO_MANIFEST_DIR"], folder.path().display().to_string());
        assert_eq!(found["CARGO_PKG_VERSION"], "0.0.0");
    }
}
