//! The rooms of the library: each uses those below it, none a room above it or beside it.

use super::support::sources;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// From the ground up. What stands in one line does not know its neighbours.
const FLOORS: [&[&str]; 12] = [
    &["base"],
    &["display"],
    &["plot"],
    &["data"],
    &["decomposition", "optim", "sampling", "stats", "text"],
    &["cluster", "linear", "tensor", "tree"],
    &["ensemble", "nn", "sequence"],
    &["anomaly", "causal", "engineering", "events", "features"],
    &["metrics"],
    &["catalogue"],
    &["prelude"],
    &["lib"],
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The library's files, without the tests in them and without comments.
fn code() -> Vec<(PathBuf, String)> {
    let without_tests = |text: &str| -> String {
        // A line `mod laws;` says that tests stand elsewhere, and is not where the file ends.
        let end = text
            .match_indices("#[cfg(test)]\nmod ")
            .find(|(at, _)| text[*at..].lines().nth(1).is_some_and(|line| line.ends_with('{')));
        let text = &text[..end.map_or(text.len(), |(at, _)| at)];
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.collect::<Vec<_>>().join("\n")
    };
    sources().into_iter().map(|(path, text)| (path, without_tests(&text))).collect()
}

/// The room of a file: the folder below `src`, or the file there.
fn room(path: &Path) -> String {
    let first = path.components().next().unwrap();
    Path::new(first.as_os_str()).file_stem().unwrap().to_string_lossy().into_owned()
}

/// The rooms that a text names by `crate::`, also in a group.
fn named(code: &str) -> BTreeSet<String> {
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => drop(rooms.insert(word(rest))),
            Some(group) => {
                let (mut depth, mut start) = (0, true);
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && depth == 0 && c.is_alphabetic() => {
                            rooms.insert(word(&group[i..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    rooms.into_iter().filter(|name| name.starts_with(char::is_lowercase)).collect()
}

/// What a file names that its room must not know.
fn wrong(path: &Path, code: &str) -> Vec<String> {
    let own = room(path);
    let Some(here) = floor(&own) else { return vec![format!("`{own}` stands on no floor")] };
    named(code)
        .into_iter()
        .filter(|other| *other != own)
        .filter(|other| floor(other).is_none_or(|there| there >= here))
        .map(|other| format!("{}: `{own}` uses `{other}`, which is not below it", path.display()))
        .collect()
}

#[test]
fn a_room_uses_those_below_it_alone() {
    let files = code();
    assert!(files.len() > 200, "{} files", files.len());
    let found: Vec<String> = files.iter().flat_map(|(path, code)| wrong(path, code)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let rooms: BTreeSet<String> = files.iter().map(|(path, _)| room(path)).collect();
    for name in FLOORS.iter().copied().flatten() {
        assert!(rooms.contains(*name), "there is no room `{name}`");
    }
}

#[test]
fn a_wrong_use_is_seen() {
    let linear = Path::new("linear/ridge.rs");
    assert!(
        wrong(linear, "use crate::base::check_matrix;\nuse crate::{Error, Result, data};")
            .is_empty()
    );
    for code in [
        "use crate::tree::cart;",
        "use crate::{Result, metrics::auc};",
        "use crate::{\n    data::{Split, k_fold},\n    ensemble,\n};",
        "fn f() { crate::prelude::x() }",
        "pub(in crate::causal) fn f() {}",
    ] {
        assert_eq!(wrong(linear, code).len(), 1, "{code}");
    }
}
