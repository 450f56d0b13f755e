//! From what rustc, a panic or a failed `?` says to what the reader sees: the message, and the place
//! in the cell that it is about. Generated code never shows.

use super::CellError;
use super::mapped::Mapped;
use super::types;
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Message, Renderer, Snippet, renderer::DecorStyle,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;

/// The cells of a session, in the order in which they came.
pub type Cells = BTreeMap<usize, CellText>;

/// A cell as the reader knows it.
#[derive(Debug, Clone)]
pub struct CellText {
    /// The number beside it.
    pub number: u32,
    /// What it says.
    pub text: String,
}

/// A message about places in cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub level: String,
    /// rustc's code, for example `E0308`.
    pub code: Option<String>,
    /// What is wrong.
    pub message: String,
    /// Places: cell, bytes, label, whether it is the main one.
    pub places: Vec<Place>,
    /// Notes and helps, as `(level, text)`.
    pub notes: Vec<(String, String)>,
}

/// A stretch of a cell that a message points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The cell.
    pub cell: usize,
    /// Its bytes.
    pub range: Range<usize>,
    /// What to write beside it.
    pub label: String,
    /// Whether it is what the message is about.
    pub primary: bool,
}

impl Diagnostic {
    /// Reads one of rustc's JSON diagnostics; places in generated text are left out.
    pub fn from_rustc(json: &Value, source: &Mapped) -> Self {
        // The modules that hold changed items and mention crates are ours; the reader has no such path.
        let text = |value: &Value| plain(value.as_str().unwrap_or_default());
        let mut notes = Vec::new();
        for child in json["children"].as_array().into_iter().flatten() {
            let mut note = text(&child["message"]);
            for span in child["spans"].as_array().into_iter().flatten() {
                let replacement = with_its_word(source, span, text(&span["suggested_replacement"]));
                // An import goes to the top, which is ours; all else stands where the user wrote.
                let import = replacement.starts_with("use ");
                if !replacement.trim().is_empty() && (import || origin(source, span).is_some()) {
                    note = format!("{note}: `{}`", replacement.trim());
                }
            }
            notes.push((text(&child["level"]), note));
        }
        if let Some(note) = in_a_file(json) {
            notes.insert(0, ("note".to_owned(), note));
        }
        Self {
            level: text(&json["level"]),
            code: json["code"]["code"].as_str().map(str::to_owned),
            message: text(&json["message"]),
            places: json["spans"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|span| place(source, span))
                .collect(),
            notes,
        }
    }

    /// The message with the lines that it is about.
    pub fn render(&self, cells: &Cells) -> String {
        let level = if self.level == "warning" { Level::WARNING } else { Level::ERROR };
        let mut title = level.primary_title(self.message.as_str());
        if let Some(code) = &self.code {
            title = title.id(code.as_str());
        }
        let mut group = Group::with_title(title);
        let mut by_cell: BTreeMap<(bool, usize), Vec<&Place>> = BTreeMap::new();
        let main = self.places.iter().find(|place| place.primary).map(|place| place.cell);
        for place in &self.places {
            by_cell.entry((Some(place.cell) != main, place.cell)).or_default().push(place);
        }
        for ((_, cell), places) in by_cell {
            let Some(CellText { number, text }) = cells.get(&cell) else { continue };
            let annotations = places.into_iter().map(|place| -> Annotation<'_> {
                let kind =
                    if place.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                let label = (!place.label.is_empty()).then_some(place.label.as_str());
                kind.span(clamp(text, &place.range)).label(label)
            });
            group = group.element(
                Snippet::source(text.as_str())
                    .path(format!("cell [{number}]"))
                    .annotations(annotations),
            );
        }
        for (level, note) in &self.notes {
            let level = if level == "help" { Level::HELP } else { Level::NOTE };
            let message: Message<'_> = level.message(note.as_str());
            group = group.element(message);
        }
        Renderer::styled().decor_style(DecorStyle::Ascii).render(&[group])
    }
}

/// What a suggestion puts before a word, with that word: `r#` says less than `r#gen`.
fn with_its_word(source: &Mapped, span: &Value, replacement: String) -> String {
    let at = |name: &str| usize::try_from(span[name].as_u64()?).ok();
    let (Some(start), Some(end)) = (at("byte_start"), at("byte_end")) else { return replacement };
    if start != end || replacement.ends_with('\n') || !is_generated(span) {
        return replacement;
    }
    let after = source.text.get(end..).unwrap_or_default();
    let word = after.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    replacement + word
}

/// A message without the paths of modules that only the kernel knows.
fn plain(text: &str) -> String {
    if text.contains("mlnotes_") { types::shown(text) } else { text.to_owned() }
}

fn clamp(text: &str, range: &Range<usize>) -> Range<usize> {
    let mut start = range.start.min(text.len());
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

fn origin(source: &Mapped, span: &Value) -> Option<(usize, usize)> {
    source.origin(usize::try_from(span["byte_start"].as_u64()?).ok()?)
}

/// Whether a span lies in the text that was generated for a cell, and not in a crate.
pub fn is_generated(span: &Value) -> bool {
    span["file_name"].as_str().is_some_and(|file| file == "<anon>" || file.starts_with("cell_"))
}

/// Where a cell says what a span is about: inside macros of any depth, the outermost call.
pub fn site(source: &Mapped, span: &Value) -> Option<(usize, usize)> {
    let mut found = None;
    let mut at = Some(span);
    while let Some(span) = at {
        if is_generated(span) {
            found = origin(source, span).or(found);
        }
        at = span.get("expansion").filter(|e| !e.is_null()).map(|e| &e["span"]);
    }
    found
}

/// The place of a span; inside a macro, of the call that the user wrote.
/// Where in a file beside the notebook an error is, when it is in one.
fn in_a_file(json: &Value) -> Option<String> {
    let spans = json["spans"].as_array()?;
    let span = spans.iter().find(|span| span["is_primary"] == true)?;
    let file = super::files::original(span["file_name"].as_str()?)?;
    let name =
        file.file_name().map_or(file.display().to_string(), |n| n.to_string_lossy().into_owned());
    let text = span["text"][0]["text"].as_str().unwrap_or_default().trim();
    Some(format!("in {name}:{}:{}: `{text}`", span["line_start"], span["column_start"]))
}

fn place(source: &Mapped, span: &Value) -> Option<Place> {
    let mut at = span;
    loop {
        let bytes = |name: &str| at[name].as_u64().and_then(|n| usize::try_from(n).ok());
        if let (true, Some(start), Some(end)) =
            (is_generated(at), bytes("byte_start"), bytes("byte_end"))
            && let Some((cell, from)) = source.origin(start)
        {
            return Some(Place {
                cell,
                range: from..from + (end - start),
                label: plain(span["label"].as_str().unwrap_or_default()),
                primary: span["is_primary"].as_bool().unwrap_or(false),
            });
        }
        at = at.get("expansion").filter(|e| !e.is_null()).map(|e| &e["span"])?;
    }
}

/// A compile error with all its messages.
pub fn compile_error(diagnostics: &[Diagnostic], cells: &Cells) -> CellError {
    let evalue = diagnostics.first().map_or_else(String::new, |first| {
        let code = first.code.as_ref().map(|code| format!("[{code}]")).unwrap_or_default();
        format!("error{code}: {}", first.message)
    });
    let mut traceback = Vec::new();
    for diagnostic in diagnostics {
        traceback.extend(diagnostic.render(cells).lines().map(str::to_owned));
        traceback.push(String::new());
    }
    traceback.pop();
    CellError { ename: "CompileError".to_owned(), evalue, traceback }
}

/// A failure at one place of one cell, or of none.
pub fn at_place(
    ename: &str,
    evalue: &str,
    at: Option<(usize, Range<usize>)>,
    notes: &[&str],
    cells: &Cells,
) -> CellError {
    let diagnostic = Diagnostic {
        level: "error".to_owned(),
        code: Some(ename.to_owned()),
        message: evalue.to_owned(),
        places: at
            .map(|(cell, range)| Place { cell, range, label: String::new(), primary: true })
            .into_iter()
            .collect(),
        notes: notes.iter().map(|note| ("note".to_owned(), (*note).to_owned())).collect(),
    };
    let text = diagnostic.render(cells);
    CellError {
        ename: ename.to_owned(),
        evalue: evalue.lines().next().unwrap_or_default().to_owned(),
        traceback: text.lines().map(str::to_owned).collect(),
    }
}

/// Where in the cells a line and a column of a generated source stand; `near` takes the user's text
/// before it where the place itself is in ours.
pub fn locate(
    source: &Mapped,
    line: usize,
    column: usize,
    near: bool,
) -> Option<(usize, Range<usize>)> {
    let before: usize =
        source.text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let text = source.text[before..].lines().next()?;
    let within = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    let byte = before + within;
    let found = if near { source.origin_or_before(byte) } else { source.origin(byte) };
    let (cell, at) = found?;
    Some((cell, at..at + 1))
}
