//! A notebook's file: read by the `nbformat` crate, and written so that nothing changes but what is
//! meant to.
//!
//! The crate's writer makes a notebook anew from what it understood: the order of keys, other
//! indentation, fields that it does not know and unusual line breaks are lost. So only the text of the
//! values that change is replaced here; `docs/decisions/0015-notebook-files.md` has the measurement.

use super::spans;
use nbformat::v4::{self, Output};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why a notebook cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file cannot be read.
    #[error("{path} cannot be read: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// The file cannot be written.
    #[error("{path} cannot be written: {error}; it is as it was")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// It is no notebook that is known here.
    #[error("{path} is no notebook of format 4: {reason}; open it in JupyterLab and save it")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Its cells are in another language.
    #[error("{path} has cells in `{language}`; this command runs notebooks in Rust")]
    Language {
        /// The file.
        path: PathBuf,
        /// The language that its kernel names.
        language: String,
    },
}

/// A notebook as it is stored.
pub struct Document {
    path: PathBuf,
    text: String,
    /// Its cells, in order.
    pub cells: Vec<Cell>,
}

/// A cell as it is stored.
pub struct Cell {
    /// Whether it is code, Markdown or neither.
    pub kind: Kind,
    /// Its text.
    pub source: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The line of the file where its text begins, from 1.
    pub line: usize,
    at: Range<usize>,
}

/// What a cell is.
pub enum Kind {
    /// Code, with what is stored of its last run.
    Code(Stored),
    /// Markdown.
    Markdown,
    /// Text for other tools.
    Raw,
}

/// What a cell left when it ran.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// Its execution count.
    pub count: Option<u32>,
    /// Its outputs.
    pub outputs: Vec<Output>,
}

impl Document {
    /// Reads a notebook.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be read, or is no notebook with Rust cells.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| FileError::Read { path: path.to_owned(), error })?;
        let format = |reason: String| FileError::Format { path: path.to_owned(), reason };
        let notebook = parse(&text).map_err(format)?;
        let metadata = &notebook.metadata;
        let kernel = metadata.kernelspec.as_ref().and_then(|spec| spec.language.clone());
        let language = kernel.or_else(|| metadata.language_info.as_ref().map(|l| l.name.clone()));
        if let Some(language) = language.filter(|language| !language.eq_ignore_ascii_case("rust")) {
            return Err(FileError::Language { path: path.to_owned(), language });
        }
        let places = cells_of(&text).unwrap_or_default();
        if places.len() != notebook.cells.len() {
            return Err(format("its cells cannot be told apart".to_owned()));
        }
        let cells = notebook.cells.into_iter().zip(places);
        let cells = cells.map(|(cell, at)| Cell::new(cell, at, &text)).collect::<Result<_, _>>();
        Ok(Self { path: path.to_owned(), cells: cells.map_err(format)?, text })
    }

    /// The file's text with other results of some cells, named by their place.
    pub fn renewed(&self, results: &BTreeMap<usize, Stored>) -> Result<String, FileError> {
        let mut text = self.text.clone();
        let style = Style::of(&self.text);
        // From the end, so that the places before stay where they are.
        for (&cell, result) in results.iter().rev() {
            let replaced = replace(&text, &self.cells[cell].at, result, &style);
            text = replaced.ok_or_else(|| FileError::Format {
                path: self.path.clone(),
                reason: format!("the outputs of cell {} cannot be replaced", cell + 1),
            })?;
        }
        Ok(text)
    }

    /// Stores other results of some cells; tells whether that changed the file.
    ///
    /// # Errors
    /// [`FileError::Write`]; the file is then as it was.
    pub fn store(&self, results: &BTreeMap<usize, Stored>) -> Result<bool, FileError> {
        let text = self.renewed(results)?;
        if text == self.text {
            return Ok(false);
        }
        write(&self.path, &text)
            .map_err(|error| FileError::Write { path: self.path.clone(), error })?;
        Ok(true)
    }
}

/// All or nothing: a reader never sees half a notebook.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".notebook-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(path.metadata()?.permissions())?;
    file.persist(&path)?;
    Ok(())
}

fn parse(text: &str) -> Result<v4::Notebook, String> {
    match nbformat::parse_notebook(text).map_err(|error| error.to_string())? {
        nbformat::Notebook::V4(notebook) => Ok(notebook),
        nbformat::Notebook::V4QuirksMode(quirks) => Ok(quirks.repair()),
        nbformat::Notebook::Legacy(old) => {
            nbformat::upgrade_legacy_notebook(old).map_err(|error| error.to_string())
        }
        _ => Err("its format is 3 or older".to_owned()),
    }
}

/// Where the cells stand.
fn cells_of(text: &str) -> Option<Vec<Range<usize>>> {
    let members = spans::members(text, spans::skip_space(text, 0))?;
    let cells = members.into_iter().find(|member| member.name == "cells")?;
    spans::elements(text, cells.value.start)
}

impl Cell {
    fn new(cell: v4::Cell, at: Range<usize>, text: &str) -> Result<Self, String> {
        let members = spans::members(text, at.start).unwrap_or_default();
        let value = |name: &str| members.iter().find(|m| m.name == name).map(|m| m.value.clone());
        let line = text[..value("source").unwrap_or(at.clone()).start].matches('\n').count() + 1;
        // A list of lines begins below its bracket.
        let listed = value("source").is_some_and(|at| text[at].starts_with("[\n"));
        let source = cell.source().concat();
        let tags = cell.metadata().tags.clone().unwrap_or_default();
        let kind = match cell {
            v4::Cell::Code { execution_count, outputs, .. } => {
                let stored = value("outputs").and_then(|at| spans::elements(text, at.start));
                // The crate leaves out what it cannot read.
                if stored.map_or(0, |stored| stored.len()) != outputs.len() {
                    return Err(format!("line {line}: an output of the cell cannot be read"));
                }
                let count = execution_count.and_then(|count| u32::try_from(count).ok());
                Kind::Code(Stored { count, outputs })
            }
            v4::Cell::Markdown { .. } => Kind::Markdown,
            v4::Cell::Raw { .. } => Kind::Raw,
        };
        Ok(Self { kind, source, tags, line: line + usize::from(listed), at })
    }

    /// Whether it has a tag.
    pub fn is_tagged(&self, tag: &str) -> bool {
        self.tags.iter().any(|own| own == tag)
    }
}

/// How a file is laid out.
struct Style {
    /// Indentation of one level; `None` when all stands on one line.
    indent: Option<String>,
    newline: &'static str,
}

impl Style {
    fn of(text: &str) -> Self {
        let begin = spans::skip_space(text, 0) + 1;
        let space = text.get(begin..spans::skip_space(text, begin.min(text.len())));
        let indent = space.and_then(|space| space.rsplit_once('\n')).map(|(_, i)| i.to_owned());
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { indent, newline }
    }

    /// JSON as it stands in the file at this indentation.
    fn json(&self, value: &Value, base: &str) -> Option<String> {
        let Some(indent) = &self.indent else { return serde_json::to_string(value).ok() };
        let mut bytes = Vec::new();
        let pretty = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, pretty)).ok()?;
        // A line break inside of a string is written as `\n`, so all of these are between values.
        let text = String::from_utf8(bytes).ok()?;
        Some(text.replace('\n', &format!("{}{base}", self.newline)))
    }
}

/// The text with other results of the cell at this place.
fn replace(text: &str, cell: &Range<usize>, result: &Stored, style: &Style) -> Option<String> {
    let members = spans::members(text, cell.start)?;
    let find = |name: &str| members.iter().find(|member| member.name == name);
    let outputs = find("outputs")?;
    let line = text[..outputs.start].rfind('\n').map_or(0, |at| at + 1);
    let base = &text[line..spans::skip_space(text, line).min(outputs.start)];
    let values = result.outputs.iter().map(as_stored).collect::<Option<Vec<_>>>()?;
    let mut changes = vec![(outputs.value.clone(), style.json(&Value::Array(values), base)?)];
    let count = result.count.map_or("null".to_owned(), |count| count.to_string());
    if let Some(member) = find("execution_count") {
        changes.push((member.value.clone(), count));
    } else {
        let space = if style.indent.is_some() { style.newline } else { "" };
        let member = format!("\"execution_count\": {count},{space}{base}");
        changes.push((outputs.start..outputs.start, member));
    }
    changes.sort_by_key(|(at, _)| std::cmp::Reverse(at.start));
    let mut text = text.to_owned();
    for (at, new) in changes {
        text.replace_range(at, &new);
    }
    Some(text)
}

/// An output as Jupyter stores it: keys in order, text as a list of lines.
fn as_stored(output: &Output) -> Option<Value> {
    let mut value = serde_json::to_value(output).ok()?;
    if let Some(text) = value.get_mut("text") {
        *text = lines(text);
    }
    for (mime, content) in
        value.get_mut("data").and_then(Value::as_object_mut).into_iter().flatten()
    {
        let text = mime.starts_with("text/");
        if text || mime == "image/svg+xml" || mime == "application/javascript" {
            *content = lines(content);
        }
    }
    value.sort_all_objects();
    Some(value)
}

/// A text, whole or in pieces, as a list of its lines.
fn lines(text: &Value) -> Value {
    let text = match text {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect(),
        other => return other.clone(),
    };
    split_lines(&text).into_iter().map(Value::from).collect()
}

/// Lines as Python's `str.splitlines` cuts them, which Jupyter uses: not at line feeds only.
fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let breaks =
            matches!(c, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if !breaks || (c == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n')) {
            continue;
        }
        lines.push(&text[start..at + c.len_utf8()]);
        start = at + c.len_utf8();
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Document, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ipynb");
        std::fs::write(&path, text).unwrap();
        Document::read(&path)
    }

    fn output(value: Value) -> Output {
        serde_json::from_value(value).unwrap()
    }

    fn notebook(cell: &str) -> String {
        format!("{{\"cells\":[{cell}],\"metadata\":{{}},\"nbformat\":4,\"nbformat_minor\":2}}")
    }

    #[test]
    fn a_file_on_one_line_stays_on_one_line() {
        let cell = |count: &str, outputs: &str| {
            notebook(&format!(
                "{{\"cell_type\":\"code\",{count}\"metadata\":{{}},\"outputs\":{outputs},\"source\":\"1\"}}"
            ))
        };
        let text = cell("", "[]");
        let stream =
            serde_json::json!({ "output_type": "stream", "name": "stdout", "text": "a\nb" });
        let result = Stored { count: Some(3), outputs: vec![output(stream)] };
        let renewed = read(&text).unwrap().renewed(&BTreeMap::from([(0, result.clone())])).unwrap();
        let outputs = r#"[{"name":"stdout","output_type":"stream","text":["a\n","b"]}]"#;
        // A count that was not there stands before the outputs.
        let expected = text
            .replace("\"outputs\":[]", &format!("\"execution_count\": 3,\"outputs\":{outputs}"));
        assert_eq!(renewed, expected);
        let again = read(&renewed).unwrap();
        assert_eq!(again.renewed(&BTreeMap::from([(0, result)])).unwrap(), renewed);
    }

    #[test]
    fn members_that_share_a_line_keep_it() {
        let text = "{\n  \"cells\": [\n    {\"cell_type\": \"code\", \"execution_count\": null, \"outputs\": [],\n     \
            \"metadata\": {}, \"source\": \"1\"}\n  ],\n  \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 4\n}";
        let stream = serde_json::json!({ "output_type": "stream", "name": "stdout", "text": "a" });
        let result = Stored { count: Some(1), outputs: vec![output(stream)] };
        let renewed = read(text).unwrap().renewed(&BTreeMap::from([(0, result)])).unwrap();
        let outputs = "[\n      {\n        \"name\": \"stdout\",\n        \"output_type\": \"stream\",\n        \
            \"text\": [\n          \"a\"\n        ]\n      }\n    ]";
        assert_eq!(renewed, text.replace("null", "1").replace("[],", &format!("{outputs},")));
    }

    #[test]
    fn lines_end_as_python_says() {
        assert_eq!(
            split_lines("a\nb\r\nc\rd\u{2028}e\u{85}"),
            ["a\n", "b\r\n", "c\r", "d\u{2028}", "e\u{85}"]
        );
        assert!(split_lines("").is_empty());
        assert_eq!(split_lines("\n"), ["\n"]);
        assert_eq!(lines(&serde_json::json!(["a", "b\nc"])), serde_json::json!(["ab\n", "c"]));
        let data = serde_json::json!({
            "output_type": "display_data", "metadata": {},
            "data": { "image/svg+xml": "<a>\n</a>", "image/png": "AA\n", "application/json": ["a\n"] }
        });
        let data = &as_stored(&output(data)).unwrap()["data"];
        assert_eq!(data["image/svg+xml"], serde_json::json!(["<a>\n", "</a>"]));
        assert_eq!(
            (&data["image/png"], &data["application/json"][0]),
            (&"AA\n".into(), &"a\n".into())
        );
    }

    #[test]
    fn what_cannot_be_run_says_why() {
        let said = |text: &str| read(text).err().map(|error| error.to_string()).unwrap();
        assert!(said("{").contains("is no notebook of format 4"));
        assert!(said(r#"{"nbformat":3,"nbformat_minor":0,"metadata":{}}"#).contains("3 or older"));
        let unknown = r#"{"cell_type":"code","execution_count":1,"metadata":{},"source":"1","outputs":[{"output_type":"x"}]}"#;
        assert!(said(&notebook(unknown)).contains("an output of the cell cannot be read"));
        let python = notebook("")
            .replace("\"metadata\":{}", r#""metadata":{"language_info":{"name":"python"}}"#);
        assert!(said(&python).contains("cells in `python`"));
    }

    #[test]
    fn a_cell_knows_the_line_of_its_text() {
        let text = "{\"cells\": [\n {\"cell_type\": \"markdown\", \"metadata\": {},\n  \"source\": [\n   \"a\"\n  ]},\n\
            {\"cell_type\": \"raw\", \"metadata\": {\"tags\": [\"t\"]}, \"source\": \"b\"}],\n\
            \"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 4}";
        let document = read(text).unwrap();
        let lines: Vec<_> = document.cells.iter().map(|cell| cell.line).collect();
        assert_eq!(lines, [4, 6]);
        assert!(document.cells[1].is_tagged("t") && !document.cells[0].is_tagged("t"));
    }
}
