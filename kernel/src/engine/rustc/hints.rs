//! A crate that cells do not see: the line that makes them see it.

use crate::engine::errors::Diagnostic;
use crate::project;
use std::path::Path;

/// Adds to an error about an unknown crate what to write, and takes out what is no help here.
pub(super) fn missing_crate(diagnostic: &mut Diagnostic, notebooks: &Path, marked: Option<&Path>) {
    let Some(name) = unknown(diagnostic) else { return };
    // rustc speaks of a `Cargo.toml` that a cell does not have.
    diagnostic
        .notes
        .retain(|(_, note)| !note.contains("cargo add") && !note.contains("Cargo.toml"));
    diagnostic.notes.push(("help".to_owned(), remedy(&name, notebooks, marked)));
}

/// The crate that an error says is not there.
fn unknown(diagnostic: &Diagnostic) -> Option<String> {
    let code = diagnostic.code.as_deref()?;
    let labels = diagnostic.places.iter().map(|place| place.label.as_str());
    let all = labels.chain([diagnostic.message.as_str()]);
    let said: Vec<&str> =
        all.chain(diagnostic.notes.iter().map(|(_, note)| note.as_str())).collect();
    let quoted = |text: &str, before: &str| {
        let rest = text.split_once(before)?.1;
        rest.split_once('`').map(|(name, _)| name.to_owned())
    };
    let found = |before: &str| said.iter().find_map(|text| quoted(text, before));
    match code {
        "E0463" => found("can't find crate for `"),
        "E0432" | "E0433" => {
            // Only what may be a crate: rustc says so.
            let may = said
                .iter()
                .any(|text| text.contains("unlinked crate") || text.contains("undeclared crate"));
            let name = found("unlinked crate `").or_else(|| found("undeclared crate or module `"));
            let import = || quoted(&diagnostic.message, "unresolved import `");
            let name = name.or_else(import)?;
            may.then(|| name.split("::").find(|part| !part.is_empty()).unwrap_or(&name).to_owned())
        }
        _ => None,
    }
}

/// What to write, in the words of the notebook's own package where it knows the crate.
fn remedy(name: &str, notebooks: &Path, marked: Option<&Path>) -> String {
    if let Some(manifest) = marked {
        return format!(
            "if `{name}` is a crate, ask for it above the cell's code: `:dep {} = \"*\"`, or add it to \
             {} and restart the kernel",
            name.replace('_', "-"),
            manifest.display()
        );
    }
    let Some(manifest) = project::manifest(notebooks) else {
        return format!(
            "if `{name}` is a crate, ask for it above the cell's code: `:dep {} = \"*\"`",
            name.replace('_', "-")
        );
    };
    let table: toml::Table = std::fs::read_to_string(&manifest)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let folder = manifest.parent().unwrap_or(notebooks);
    let text = |table: Option<&toml::Value>, key: &str| Some(table?.get(key)?.as_str()?.to_owned());
    let package = text(table.get("package"), "name").unwrap_or_default();
    let library = text(table.get("lib"), "name").unwrap_or_else(|| package.clone());
    let line = if library.replace('-', "_") == name {
        Some(format!(":dep {package} = {{ path = \"{}\" }}", relative(folder, notebooks)))
    } else {
        let own = table.get("dependencies").and_then(toml::Value::as_table);
        let mut own = own.into_iter().flatten();
        let known = own.find(|(key, _)| key.replace('-', "_") == name);
        known.map(|(key, value)| format!(":dep {key} = {}", asked(value, folder, notebooks)))
    };
    let manifest = manifest.display();
    match line {
        Some(line) => format!(
            "cells do not see the crates of {manifest} by themselves: write `{line}` above the cell's \
             code, or mark that manifest with a line `[package.metadata.notebook]` and \
             `crate-type = [\"dylib\"]` in its [lib], and restart the kernel"
        ),
        None => format!(
            "if `{name}` is a crate, ask for it above the cell's code: `:dep {} = \"*\"`; cells do not \
             see those of {manifest} by themselves",
            name.replace('_', "-")
        ),
    }
}

/// A dependency of a manifest, as a notebook elsewhere writes it.
fn asked(value: &toml::Value, folder: &Path, notebooks: &Path) -> String {
    let Some(table) = value.as_table() else { return value.to_string() };
    let mut table = table.clone();
    if table.get("workspace").is_some() {
        table.remove("workspace");
        table.insert("version".to_owned(), toml::Value::String("*".to_owned()));
    }
    if let Some(path) = table.get_mut("path")
        && let Some(text) = path.as_str()
    {
        *path = toml::Value::String(relative(&folder.join(text), notebooks));
    }
    let parts: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", parts.join(", "))
}

/// A folder as it is seen from the notebook.
fn relative(folder: &Path, notebooks: &Path) -> String {
    if folder == notebooks {
        return ".".to_owned();
    }
    let above = notebooks.ancestors().skip(1).position(|above| above == folder);
    if let Some(n) = above {
        return vec![".."; n + 1].join("/");
    }
    folder.strip_prefix(notebooks).unwrap_or(folder).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, toml: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let notebooks = folder.path().join("notebooks");
        std::fs::create_dir(&notebooks).unwrap();
        std::fs::write(folder.path().join("Cargo.toml"), toml).unwrap();
        remedy(name, &notebooks, None)
    }

    #[test]
    fn the_line_comes_from_the_package() {
        let toml = "[package]\nname = 'my-tool'\n[dependencies]\nitoa = '1'\n\
                    big-one = { version = '2', features = ['x'] }\nside = { path = '../side' }\n";
        assert!(told("itoa", toml).contains("`:dep itoa = \"1\"`"), "{}", told("itoa", toml));
        let big = told("big_one", toml);
        assert!(big.contains("`:dep big-one = { features = [\"x\"], version = \"2\" }`"), "{big}");
        assert!(told("my_tool", toml).contains("`:dep my-tool = { path = \"..\" }`"));
        assert!(told("other", toml).contains("`:dep other = \"*\"`"));
    }

    #[test]
    fn only_what_may_be_a_crate_is_one() {
        let error = |code: &str, message: &str, label: &str| Diagnostic {
            code: Some(code.to_owned()),
            message: message.to_owned(),
            places: vec![crate::engine::errors::Place {
                cell: 1,
                range: 0..1,
                label: label.to_owned(),
                primary: true,
            }],
            ..Diagnostic::default()
        };
        let unlinked = "use of unresolved module or unlinked crate `itoa`";
        for (error, name) in [
            (error("E0432", "unresolved import `itoa`", unlinked), Some("itoa")),
            (error("E0432", "unresolved import `itoa::x`", unlinked), Some("itoa")),
            (error("E0433", &format!("cannot find module: {unlinked}"), ""), Some("itoa")),
            (error("E0463", "can't find crate for `itoa`", "can't find crate"), Some("itoa")),
            (error("E0432", "unresolved import `std::nope`", "no `nope` in the root"), None),
            (error("E0433", "cannot find type `Foo`", "use of undeclared type `Foo`"), None),
        ] {
            assert_eq!(unknown(&error).as_deref(), name, "{}", error.message);
        }
    }
}
