//! Which manifest serves a notebook.

use std::path::{Path, PathBuf};

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
