//! Where the values of a JSON text stand in it, so that one of them can be replaced and all other
//! bytes stay as they are.

use serde::de::IgnoredAny;
use std::ops::Range;

/// A member of an object.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Where the name's quotation mark stands.
    pub start: usize,
    /// Where the value stands.
    pub value: Range<usize>,
}

/// The members of the object that begins at `start`; `None` when there is none.
pub fn members(text: &str, start: usize) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    entries(text, start, ['{', '}'], |start| {
        let key = start..end(text, start)?;
        let name = serde_json::from_str(&text[key.clone()]).ok()?;
        let colon = skip_space(text, key.end);
        text[colon..].strip_prefix(':')?;
        let value = skip_space(text, colon + 1);
        let value = value..end(text, value)?;
        let after = value.end;
        members.push(Member { name, start, value });
        Some(after)
    })?;
    Some(members)
}

/// The elements of the array that begins at `start`; `None` when there is none.
pub fn elements(text: &str, start: usize) -> Option<Vec<Range<usize>>> {
    let mut elements = Vec::new();
    entries(text, start, ['[', ']'], |start| {
        let end = end(text, start)?;
        elements.push(start..end);
        Some(end)
    })?;
    Some(elements)
}

/// The first byte at or after `at` that is no white space of JSON.
pub fn skip_space(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len()
}

/// Goes through what stands between two brackets: `entry` takes where one begins and tells where it ends.
fn entries(
    text: &str,
    start: usize,
    [open, close]: [char; 2],
    mut entry: impl FnMut(usize) -> Option<usize>,
) -> Option<()> {
    text.get(start..)?.strip_prefix(open)?;
    let mut at = skip_space(text, start + 1);
    if text[at..].starts_with(close) {
        return Some(());
    }
    loop {
        at = skip_space(text, entry(at)?);
        match text[at..].chars().next()? {
            ',' => at = skip_space(text, at + 1),
            c if c == close => return Some(()),
            _ => return None,
        }
    }
}

/// The end of the value that begins at `start`.
fn end(text: &str, start: usize) -> Option<usize> {
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    Some(start + values.byte_offset())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_where_they_stand() {
        let text = r#" { "a" : [1, {"x]": null}, "é\"" ] , "b":-1.5e3}"#;
        let found = members(text, 1).unwrap();
        let values: Vec<_> = found.iter().map(|m| (&*m.name, &text[m.value.clone()])).collect();
        assert_eq!(values, [("a", r#"[1, {"x]": null}, "é\"" ]"#), ("b", "-1.5e3")]);
        let inner = elements(text, found[0].value.start).unwrap();
        let inner: Vec<_> = inner.into_iter().map(|at| &text[at]).collect();
        assert_eq!(inner, ["1", r#"{"x]": null}"#, r#""é\"""#]);
        assert!(elements("[ ]", 0).unwrap().is_empty() && members("{}", 0).unwrap().is_empty());
        assert!(members("[]", 0).is_none() && elements("[1 2]", 0).is_none());
    }
}
