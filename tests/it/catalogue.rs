//! The map against the land: what the catalogue names is there, and the README says what it says.

use crate::support::cases;
use mlnotes::catalogue::{Status, notes, notes_table, parts_table};
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn has_notebook(stem: &str) -> bool {
    root().join("notebooks").join(format!("{stem}.ipynb")).exists()
}

#[test]
fn ninety_notes_in_order_with_both_titles() {
    let numbers: Vec<usize> = notes().map(|note| note.number).collect();
    assert_eq!(numbers, (1..=90).collect::<Vec<_>>());
    for note in cases(notes(), 90) {
        assert!(!note.title.is_empty() && !note.title_zh.is_empty(), "note {}", note.number);
        assert!(note.title.is_ascii(), "note {}: {}", note.number, note.title);
        assert!(!note.notebooks.is_empty(), "note {} has no chapter", note.number);
    }
}

#[test]
fn what_is_listed_is_there() {
    for note in cases(notes(), 90) {
        for item in note.items {
            let (module, name) = item.rsplit_once("::").unwrap();
            assert!(defines(module, name), "note {}: `{item}` is not in the library", note.number);
        }
        if let Some(reference) = note.reference {
            assert!(root().join(reference).exists(), "note {}: {reference}", note.number);
        }
        let complete = !note.items.is_empty() && note.reference.is_some();
        match note.status {
            Status::Covered => {
                let taught = note.notebooks.iter().all(|stem| has_notebook(stem));
                assert!(complete && taught, "note {} is not covered", note.number);
            }
            Status::Partly(missing) => assert!(complete && !missing.is_empty()),
            Status::Planned => assert!(note.items.is_empty() && note.reference.is_none()),
        }
    }
}

/// Whether a file of the module, or of one below it, defines the public name.
fn defines(module: &str, name: &str) -> bool {
    let (room, inner) = module.split_once("::").unwrap_or((module, ""));
    // A room's own folders are not in the path that a reader writes: `data::dedup` is in `data/prep/`.
    let last = inner.rsplit("::").next().unwrap_or_default();
    let root = root().join("src").join(room);
    let mut files = vec![root.with_extension("rs")];
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let within = path.strip_prefix(&root).unwrap().with_extension("");
            if last.is_empty() || within.iter().any(|part| part.to_str() == Some(last)) {
                files.push(path);
            }
        }
    }
    files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).any(|text| {
        ["struct", "enum", "trait", "fn"].iter().any(|kind| {
            let begins = format!("pub {kind} {name}");
            text.lines().any(|line| {
                line.strip_prefix(&begins).is_some_and(|rest| {
                    !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            })
        })
    })
}

#[test]
fn every_notebook_belongs_to_a_note() {
    let mut n_notebooks = 0;
    for entry in root().join("notebooks").read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "ipynb") {
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let known = notes().any(|note| note.notebooks.contains(&stem));
            assert!(known || stem == "00_quickstart" || stem.starts_with('.'), "{stem}");
            n_notebooks += 1;
        }
    }
    assert!(n_notebooks > 20, "only {n_notebooks} notebooks");
}

/// `UPDATE=1 cargo test --test it catalogue` writes both anew.
#[test]
fn the_readme_and_the_page_of_notes_have_their_tables() {
    for (file, table) in
        [("README.md", parts_table(has_notebook)), ("docs/notes.md", notes_table(has_notebook))]
    {
        let path = root().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let (begin, end) = ("<!-- notes:begin -->\n", "<!-- notes:end -->");
        let (before, rest) = text.split_once(begin).unwrap();
        let (stored, after) = rest.split_once(end).unwrap();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        } else {
            let differs = stored.lines().zip(table.lines()).find(|(old, new)| old != new);
            assert!(
                stored == table,
                "{file}: run `UPDATE=1 cargo test --test it catalogue`: {differs:?}"
            );
        }
    }
}
