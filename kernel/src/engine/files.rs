//! Files beside the notebook: `include!("a.rs")`, `include_str!("data.csv")`, `mod helpers;`.
//!
//! A cell is compiled in a folder of the kernel's, and rustc looks for files beside the text that names
//! them. So what a cell names is told whole, by text that is put in where the cell is copied.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What is put into `source[range]`, and where, so that its files are those in `folder`.
pub fn insertions(source: &str, range: &Range<usize>, folder: &Path) -> Vec<(usize, String)> {
    let text = &source[range.clone()];
    if !text.contains("include") && !text.contains("mod") {
        return Vec::new();
    }
    let Ok(tokens) = text.parse::<TokenStream>() else { return Vec::new() };
    let mut found = Finder { text, folder, insertions: Vec::new() };
    found.walk(tokens, folder.to_owned(), folder.to_owned());
    proc_macro2::extra::invalidate_current_thread_spans();
    let mut insertions = found.insertions;
    for (at, _) in &mut insertions {
        *at += range.start;
    }
    insertions.sort();
    insertions
}

struct Finder<'a> {
    text: &'a str,
    folder: &'a Path,
    insertions: Vec<(usize, String)>,
}

/// What has been seen of an item.
#[derive(Default)]
struct Seen {
    /// Where it begins, after its attributes.
    start: Option<usize>,
    /// The literal of its `#[path = "…"]`.
    path: Option<Literal>,
    /// The word before, and whether a `!` came after it.
    word: Option<Ident>,
    bang: bool,
    /// The name after `mod`.
    module: Option<Ident>,
}

impl Finder<'_> {
    /// `modules` is where a `mod x;` here has its file, `paths` what a `#[path]` here begins from.
    fn walk(&mut self, tokens: TokenStream, modules: PathBuf, paths: PathBuf) {
        let mut seen = Seen::default();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    if let Some(TokenTree::Group(group)) = tokens.peek()
                        && group.delimiter() == Delimiter::Bracket
                    {
                        seen.path = path_of(group).or(seen.path.take());
                        tokens.next();
                    }
                }
                TokenTree::Punct(mark) if mark.as_char() == ';' => {
                    if let Some(name) = seen.module.take() {
                        self.module(&name, &seen, &modules, &paths);
                    }
                    seen = Seen::default();
                }
                TokenTree::Punct(mark) => seen.bang = mark.as_char() == '!' && seen.word.is_some(),
                TokenTree::Ident(word) => {
                    seen.start.get_or_insert(word.span().byte_range().start);
                    if seen.word.as_ref().is_some_and(|before| before == "mod") {
                        seen.module = Some(word.clone());
                    }
                    (seen.word, seen.bang) = (Some(word), false);
                }
                TokenTree::Group(group) => {
                    let macro_name = seen.word.take().filter(|_| std::mem::take(&mut seen.bang));
                    if let Some(name) = macro_name
                        && ["include", "include_str", "include_bytes"].iter().any(|n| name == n)
                    {
                        self.include(&group);
                        continue;
                    }
                    let brace = group.delimiter() == Delimiter::Brace;
                    let inner = seen.module.take().filter(|_| brace);
                    let (of_modules, of_paths) = match &inner {
                        Some(name) => {
                            let inside = modules.join(plain(name));
                            (inside.clone(), inside)
                        }
                        None => (modules.clone(), paths.clone()),
                    };
                    self.walk(group.stream(), of_modules, of_paths);
                    if brace {
                        seen = Seen::default();
                    }
                }
                TokenTree::Literal(_) => (seen.word, seen.bang) = (None, false),
            }
        }
    }

    fn include(&mut self, group: &Group) {
        let mut tokens = group.stream().into_iter();
        if let (Some(TokenTree::Literal(file)), rest) = (tokens.next(), tokens.next())
            && rest.is_none_or(|token| matches!(&token, TokenTree::Punct(p) if p.as_char() == ','))
        {
            let folder = self.folder.to_owned();
            self.complete(&file, &folder);
        }
    }

    fn module(&mut self, name: &Ident, seen: &Seen, modules: &Path, paths: &Path) {
        if let Some(file) = &seen.path {
            self.complete(file, paths);
            return;
        }
        let plain = plain(name);
        let (file, inner) =
            (modules.join(format!("{plain}.rs")), modules.join(&plain).join("mod.rs"));
        let file = if !file.exists() && inner.exists() { inner } else { file };
        let start = seen.start.unwrap_or_else(|| name.span().byte_range().start);
        self.insertions.push((start, format!("#[path = {:?}] ", file.display().to_string())));
    }

    /// Puts a folder before the path in a literal that has none.
    fn complete(&mut self, literal: &Literal, folder: &Path) {
        let range = literal.span().byte_range();
        let text = self.text.get(range.clone()).unwrap_or_default();
        let Some(quote) = text.find('"') else { return };
        let raw = text.starts_with('r');
        let path = text[quote + 1..].split('"').next().unwrap_or_default();
        let plain_text = raw || text.starts_with('"');
        if !plain_text || path.is_empty() || Path::new(path).is_absolute() {
            return;
        }
        let folder = folder.display().to_string() + "/";
        let folder = if raw { folder } else { folder.escape_default().to_string() };
        self.insertions.push((range.start + quote + 1, folder));
    }
}

/// The literal of `[path = "…"]`.
fn path_of(attribute: &Group) -> Option<Literal> {
    let mut tokens = attribute.stream().into_iter();
    match (tokens.next()?, tokens.next()?, tokens.next()?) {
        (TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Literal(file))
            if word == "path" =>
        {
            Some(file)
        }
        _ => None,
    }
}

fn plain(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut out = String::new();
        let mut done = 0;
        for (at, put_in) in insertions(text, &(0..text.len()), Path::new("/nb")) {
            out.push_str(&text[done..at]);
            out.push_str(&put_in);
            done = at;
        }
        out + &text[done..]
    }

    #[test]
    fn files_are_told_whole() {
        for (text, whole) in [
            ("include_str!(\"a.csv\").len()", "include_str!(\"/nb/a.csv\").len()"),
            (
                "let é = 1; f(include_bytes![ \"b/c.bin\" , ]);",
                "let é = 1; f(include_bytes![ \"/nb/b/c.bin\" , ]);",
            ),
            (
                "println!(\"{}\", include!(r\"x.rs\"));",
                "println!(\"{}\", include!(r\"/nb/x.rs\"));",
            ),
            ("mod helpers;", "#[path = \"/nb/helpers.rs\"] mod helpers;"),
            (
                "#[cfg(test)]\npub(crate) mod a;",
                "#[cfg(test)]\n#[path = \"/nb/a.rs\"] pub(crate) mod a;",
            ),
            ("mod a { mod b; }", "mod a { #[path = \"/nb/a/b.rs\"] mod b; }"),
            ("#[path = \"x.rs\"]\npub mod y;", "#[path = \"/nb/x.rs\"]\npub mod y;"),
            ("fn f() { 1 }\nmod a;", "fn f() { 1 }\n#[path = \"/nb/a.rs\"] mod a;"),
        ] {
            assert_eq!(told(text), whole);
        }
        for same in [
            "include_str!(\"/etc/hosts\")",
            "include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/a\"))",
            "mod a { pub fn include() {} }",
            "\"include_str!(\\\"a\\\")\"; // mod b;",
            "let mode = 1;",
        ] {
            assert_eq!(told(same), same);
        }
    }
}
