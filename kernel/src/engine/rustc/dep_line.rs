//! One `:dep` line, read as Cargo.toml would be.

use std::path::Path;

/// Name and value of a dependency, as Cargo.toml has it; or `name`, or `name@version`.
pub(super) fn read(text: &str) -> Option<(String, toml::Value)> {
    let text = without_comment(text).trim();
    let (name, version) = text.split_once('@').unwrap_or((text, "*"));
    let is_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(is_name) && !version.contains([' ', '"', '{']) {
        return Some((name.to_owned(), toml::Value::String(version.to_owned())));
    }
    let table = text.parse::<toml::Table>().ok().filter(|table| table.len() == 1)?;
    table.into_iter().next()
}

/// A line up to a `//` that stands in no string.
fn without_comment(text: &str) -> &str {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if text[at..].starts_with("//") => return &text[..at],
            _ => {}
        }
    }
    text
}

/// A path in a dependency is seen from the notebook.
pub(super) fn absolute(mut value: toml::Value, folder: &Path) -> toml::Value {
    if let Some(path) = value.get_mut("path")
        && let Some(text) = path.as_str()
    {
        let whole = folder.join(text);
        let whole = whole.canonicalize().unwrap_or(whole);
        *path = toml::Value::String(whole.display().to_string());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_cargo_would() {
        for (text, version) in [
            ("itoa", "*"),
            ("itoa@1", "1"),
            ("itoa@1.0.9 // quick", "1.0.9"),
            ("itoa = \"1\" // quick integers", "1"),
            ("itoa = \"1\" # quick", "1"),
            ("itoa='1'", "1"),
        ] {
            let (name, value) = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((name.as_str(), value.as_str()), ("itoa", Some(version)), "{text}");
        }
        let (_, value) = read("a = { git = \"https://x.org/a\", rev = \"b\" } // why").unwrap();
        assert_eq!(value["git"].as_str(), Some("https://x.org/a"));
        for text in ["", "itoa 1", "itoa = 1 2", "itoa = {", "a = \"1\", b = \"2\"", "./sub", "@1"]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
