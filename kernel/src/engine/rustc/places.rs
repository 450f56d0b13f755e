//! What a cell's text says about where it stands: `crate::…`, `file!()`, `line!()`, `dbg!(…)`.
//!
//! The reader knows cells and their lines; rustc knows the file that a cell was put into. So these few
//! words are written anew when a cell's text is copied.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use std::ops::Range;

/// Replacements in a stretch of a cell, in order.
pub(super) fn edits(
    text: &str,
    range: &Range<usize>,
    number: u32,
    path: &str,
) -> Vec<(Range<usize>, String)> {
    let part = &text[range.clone()];
    let words = ["crate", "line!", "file!", "column!", "dbg!"];
    if !words.iter().any(|word| part.contains(word)) {
        return Vec::new();
    }
    let Ok(tokens) = part.parse::<TokenStream>() else { return Vec::new() };
    let mut found = Edits { text, start: range.start, number, path, out: Vec::new() };
    found.walk(tokens);
    proc_macro2::extra::invalidate_current_thread_spans();
    found.out.sort_by_key(|(range, _)| range.start);
    found.out
}

struct Edits<'a> {
    text: &'a str,
    start: usize,
    number: u32,
    path: &'a str,
    out: Vec<(Range<usize>, String)>,
}

impl Edits<'_> {
    fn bytes(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        self.start + range.start..self.start + range.end
    }

    /// Line and column of a byte, from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..at];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line..].chars().count() + 1)
    }

    fn walk(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.walk(group.stream()),
                TokenTree::Ident(ident) => {
                    let bytes = self.bytes(ident.span());
                    if ident == "crate" {
                        let path = self.text[bytes.end..].trim_start().starts_with("::");
                        if path && !self.path.is_empty() {
                            self.out.push((bytes.end..bytes.end, self.path.to_owned()));
                        }
                    } else if !matches!(at.checked_sub(1).map(|at| &tokens[at]), Some(TokenTree::Punct(p)) if p.as_char() == ':')
                    {
                        self.call(&ident.to_string(), &bytes, &tokens[at + 1..]);
                    }
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, name: &str, bytes: &Range<usize>, rest: &[TokenTree]) {
        let [TokenTree::Punct(mark), TokenTree::Group(group), ..] = rest else { return };
        if mark.as_char() != '!' {
            return;
        }
        let (line, column) = self.place(bytes.start);
        let end = self.bytes(group.span()).end;
        let value = match name {
            "line" if group.stream().is_empty() => format!("{line}u32"),
            "column" if group.stream().is_empty() => format!("{column}u32"),
            "file" if group.stream().is_empty() => format!("\"cell [{}]\"", self.number),
            "dbg" if group.delimiter() != Delimiter::None => {
                let open = self.bytes(group.span_open()).end;
                self.out.push((bytes.clone(), "::mlnotes_cell::dbg".to_owned()));
                let place = format!("\"cell [{}]:{line}:{column}\"; ", self.number);
                self.out.push((open..open, place));
                return;
            }
            _ => return,
        };
        self.out.push((bytes.start..end, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_places_are_the_readers() {
        let text = "é;\n(line!(), file!(), dbg!(1), crate::f(), a::dbg!(2))";
        let found = edits(text, &(0..text.len()), 7, "::v");
        let found: Vec<_> =
            found.iter().map(|(at, new)| (&text[at.clone()], new.as_str())).collect();
        let wanted = [
            ("line!()", "2u32"),
            ("file!()", "\"cell [7]\""),
            ("dbg", "::mlnotes_cell::dbg"),
            ("", "\"cell [7]:2:20\"; "),
            ("", "::v"),
        ];
        assert_eq!(found, wanted);
    }
}
