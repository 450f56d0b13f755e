//! Files beside the notebook: `include!("a.rs")`, `include_str!("data.csv")`, `mod helpers;`.
//!
//! A cell is compiled in a folder of the kernel's, and rustc looks for files beside the text that names
//! them. So what a cell names is told whole, by text that is put in where the cell is copied. Files of
//! code are frozen: the cell that names one, and all later cells, see it as it was when that cell ran,
//! or else a type would change under its values. The copy is named after what it says, so a cell that
//! is run again after an edit defines something else.

use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream, TokenTree};
use sha2::Digest;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The copies of this process.
#[derive(Default)]
struct Frozen {
    folder: Option<PathBuf>,
    /// The copy that a cell sees of a file.
    of_cell: BTreeMap<(usize, PathBuf), PathBuf>,
    /// What a copy is one of.
    original: BTreeMap<PathBuf, PathBuf>,
}

fn frozen() -> MutexGuard<'static, Frozen> {
    static FROZEN: Mutex<Frozen> =
        Mutex::new(Frozen { folder: None, of_cell: BTreeMap::new(), original: BTreeMap::new() });
    FROZEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where copies go, from now on.
pub fn freeze_in(folder: PathBuf) {
    *frozen() = Frozen { folder: Some(folder), ..Frozen::default() };
}

/// The file that a copy is one of.
pub fn original(copy: &str) -> Option<PathBuf> {
    frozen().original.get(Path::new(copy)).cloned()
}

/// What stands in `source[range]` of a cell in place of what, so that its files are those in `folder`.
pub fn edits(
    cell: usize,
    source: &str,
    range: &Range<usize>,
    folder: &Path,
) -> Vec<(Range<usize>, String)> {
    let edits = find(Some(cell), &source[range.clone()], folder, folder);
    proc_macro2::extra::invalidate_current_thread_spans();
    let moved = |at: Range<usize>| at.start + range.start..at.end + range.start;
    edits.into_iter().map(|(at, text)| (moved(at), text)).collect()
}

fn find(
    cell: Option<usize>,
    text: &str,
    folder: &Path,
    modules: &Path,
) -> Vec<(Range<usize>, String)> {
    if !text.contains("include") && !text.contains("mod") {
        return Vec::new();
    }
    let Ok(tokens) = text.parse::<TokenStream>() else { return Vec::new() };
    let mut found = Finder { cell, text, folder, edits: Vec::new() };
    found.walk(tokens, modules, folder);
    found.edits.sort_by_key(|(at, _)| at.start);
    found.edits
}

/// What the code in a file says, by the copy of it; on a thread of its own, since the parser of the
/// caller's thread is at work on another text.
pub fn code(path: &str) -> Option<(String, PathBuf)> {
    let file = std::env::current_dir().ok()?.join(path);
    let read = move || {
        let text = std::fs::read_to_string(&file).ok()?;
        let modules = file.parent()?.to_owned();
        Some((text, freeze(None, &file, &modules)))
    };
    std::thread::spawn(read).join().ok().flatten()
}

/// The copy of the file that `mod name;` in a cell means.
pub fn module(name: &str) -> Option<PathBuf> {
    let folder = std::env::current_dir().ok()?;
    let (file, inner) = module_file(name, &folder);
    let name = name.to_owned();
    file.exists().then(|| {
        std::thread::spawn(move || freeze(None, &file, &inner.unwrap_or(folder.join(name))))
            .join()
            .ok()
    })?
}

/// The copy of a file of code, whose own modules are in `modules`; the file itself where there is none.
fn freeze(cell: Option<usize>, file: &Path, modules: &Path) -> PathBuf {
    let known = cell.and_then(|cell| frozen().of_cell.get(&(cell, file.to_owned())).cloned());
    if let Some(known) = known {
        return known;
    }
    let folder = frozen().folder.clone();
    let (Some(folder), Ok(text)) = (folder, std::fs::read_to_string(file)) else {
        return file.to_owned();
    };
    let beside = file.parent().unwrap_or(modules);
    let (mut whole, mut done) = (String::new(), 0);
    for (at, put_in) in find(cell, &text, beside, modules) {
        whole.push_str(&text[done..at.start]);
        whole.push_str(&put_in);
        done = at.end;
    }
    whole.push_str(&text[done..]);
    let key = format!("{:x}", sha2::Sha256::digest(format!("{}\n{whole}", file.display())));
    let copy = folder.join(&key[..16]).join(file.file_name().unwrap_or_default());
    let written = copy.exists()
        || copy.parent().is_some_and(|folder| std::fs::create_dir_all(folder).is_ok())
            && std::fs::write(&copy, whole).is_ok();
    if !written {
        return file.to_owned();
    }
    let mut frozen = frozen();
    frozen.original.insert(copy.clone(), file.to_owned());
    if let Some(cell) = cell {
        frozen.of_cell.insert((cell, file.to_owned()), copy.clone());
    }
    copy
}

/// The file of a module, and the folder of its own modules when that is not named after it.
fn module_file(name: &str, modules: &Path) -> (PathBuf, Option<PathBuf>) {
    let (file, inner) = (modules.join(format!("{name}.rs")), modules.join(name).join("mod.rs"));
    if !file.exists() && inner.exists() { (inner, Some(modules.join(name))) } else { (file, None) }
}

struct Finder<'a> {
    /// The cell that names the files, directly or through others.
    cell: Option<usize>,
    text: &'a str,
    folder: &'a Path,
    edits: Vec<(Range<usize>, String)>,
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
    fn walk(&mut self, tokens: TokenStream, modules: &Path, paths: &Path) {
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
                        self.module(&name, &seen, modules, paths);
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
                        self.include(&group, name == "include");
                        continue;
                    }
                    let brace = group.delimiter() == Delimiter::Brace;
                    let inner = seen.module.take().filter(|_| brace);
                    match &inner {
                        Some(name) => {
                            let inside = modules.join(plain(name));
                            self.walk(group.stream(), &inside, &inside);
                        }
                        None => self.walk(group.stream(), modules, paths),
                    }
                    if brace {
                        seen = Seen::default();
                    }
                }
                TokenTree::Literal(_) => (seen.word, seen.bang) = (None, false),
            }
        }
    }

    fn include(&mut self, group: &Group, is_code: bool) {
        let mut tokens = group.stream().into_iter();
        if let (Some(TokenTree::Literal(file)), rest) = (tokens.next(), tokens.next())
            && rest.is_none_or(|token| matches!(&token, TokenTree::Punct(p) if p.as_char() == ','))
        {
            let folder = self.folder.to_owned();
            self.complete(&file, &folder, is_code);
        }
    }

    fn module(&mut self, name: &Ident, seen: &Seen, modules: &Path, paths: &Path) {
        if let Some(file) = &seen.path {
            self.complete(file, paths, true);
            return;
        }
        let plain = plain(name);
        let (file, inner) = module_file(&plain, modules);
        let copy = freeze(self.cell, &file, &inner.unwrap_or_else(|| modules.join(&plain)));
        let start = seen.start.unwrap_or_else(|| name.span().byte_range().start);
        self.edits.push((start..start, format!("#[path = {:?}] ", copy.display().to_string())));
    }

    /// Tells the path in a literal whole.
    fn complete(&mut self, literal: &Literal, folder: &Path, is_code: bool) {
        let range = literal.span().byte_range();
        let text = self.text.get(range.clone()).unwrap_or_default();
        let Some(quote) = text.find('"') else { return };
        let raw = text.starts_with('r');
        let path = text[quote + 1..].split('"').next().unwrap_or_default();
        let plain_text = raw || text.starts_with('"');
        if !plain_text || path.is_empty() || Path::new(path).is_absolute() {
            return;
        }
        let file = folder.join(path);
        let whole = if is_code {
            freeze(self.cell, &file, file.parent().unwrap_or(self.folder))
        } else {
            file
        };
        let whole = whole.display().to_string();
        let whole = if raw { whole } else { whole.escape_default().to_string() };
        let start = range.start + quote + 1;
        self.edits.push((start..start + path.len(), whole));
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
        for (at, put_in) in edits(1, text, &(0..text.len()), Path::new("/nb")) {
            out.push_str(&text[done..at.start]);
            out.push_str(&put_in);
            done = at.end;
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

    #[test]
    fn code_is_frozen_with_its_modules() {
        let folder = tempfile::tempdir().unwrap();
        let (own, copies) = (folder.path().join("nb"), folder.path().join("copies"));
        std::fs::create_dir_all(own.join("a")).unwrap();
        std::fs::write(own.join("a.rs"), "mod b;\nconst D: &str = include_str!(\"d\");").unwrap();
        std::fs::write(own.join("a/b.rs"), "fn old() {}").unwrap();
        freeze_in(copies);
        let told = |cell: usize| edits(cell, "mod a;", &(0..6), &own).remove(0).1;
        let first = told(1);
        let path = first.split('"').nth(1).unwrap();
        assert_eq!(original(path), Some(own.join("a.rs")));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!("include_str!(\"{}\")", own.join("d").display())), "{text}");
        let inner = text.split('"').nth(1).unwrap();
        assert_eq!(std::fs::read_to_string(inner).unwrap(), "fn old() {}");
        std::fs::write(own.join("a/b.rs"), "fn new() {}").unwrap();
        assert_eq!(told(1), first);
        assert_ne!(told(2), first);
        *frozen() = Frozen::default();
    }
}
