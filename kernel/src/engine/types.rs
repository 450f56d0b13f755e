//! Types as text: how rustc writes them, how a cell can, and which no cell can.

use std::collections::BTreeSet;

/// A variable of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its type, whole, by paths that mean the same in every cell.
    pub ty: String,
    /// Whether it is `mut`.
    pub mutable: bool,
    /// The cell that bound it last.
    pub cell: usize,
    /// Whether its cell left the type of a literal open, so that it is `i32` or `f64` for want of more.
    pub loose: bool,
}

impl Variable {
    /// Its type as a reader writes it.
    pub fn shown(&self) -> String {
        shown(&self.ty)
    }
}

/// What the names of the modules begin with that hold changed items, before the cell's number.
pub const LEVEL: &str = "mlnotes_v";

/// Text about types or items without what only the kernel needs in it.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(LEVEL) {
        let after = rest[at + LEVEL.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
        if let Some(after) = after.strip_prefix("::") {
            out.push_str(&rest[..at]);
            rest = after;
        } else {
            out.push_str(&rest[..at + LEVEL.len()]);
            rest = &rest[at + LEVEL.len()..];
        }
    }
    out.push_str(rest);
    let mut text = out.replace("mlnotes_crates::", "");
    let pieces = pieces(&text);
    let mut paths = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        match (piece, pieces.get(i + 1)) {
            (Piece::Word(at, "crate"), Some(Piece::Colons(colons))) => {
                paths.push((*at, colons + 2));
            }
            (Piece::Colons(at), _) => {
                let path = |c: char| c.is_alphanumeric() || c == '_' || c == '>';
                if !text[..*at].ends_with(path) {
                    paths.push((*at, at + 2));
                }
            }
            _ => {}
        }
    }
    drop(pieces);
    for (start, end) in paths.into_iter().rev() {
        text.replace_range(start..end, "");
    }
    // Where a closure stands in a generated program is of no interest.
    while let Some(at) = text.find("{closure@") {
        let end = text[at..].find('}').map_or(text.len(), |end| at + end);
        text.replace_range(at + "{closure".len()..end, "");
    }
    text
}

enum Piece<'a> {
    Word(usize, &'a str),
    Colons(usize),
    Other(char),
}

/// A type's text in pieces; blanks are left out.
fn pieces(ty: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = ty[at..].chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        if c == '\'' || word(c) || ty[at..].starts_with("r#") {
            let start = at;
            at += if ty[at..].starts_with("r#") { 2 } else { c.len_utf8() };
            at += ty[at..].find(|c: char| !word(c)).unwrap_or(ty.len() - at);
            out.push(Piece::Word(start, &ty[start..at]));
        } else if ty[at..].starts_with("::") {
            out.push(Piece::Colons(at));
            at += 2;
        } else {
            if !c.is_whitespace() {
                out.push(Piece::Other(c));
            }
            at += c.len_utf8();
        }
    }
    out
}

/// Words that begin no path of a type.
const NO_PATH: [&str; 37] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f16", "f32", "f64", "f128", "dyn", "impl", "mut", "const", "for", "fn",
    "unsafe", "extern", "as", "true", "false", "crate", "self", "Self", "super", "in", "pin", "_",
];

/// A type as rustc names it, as every cell can write it: with each path from a crate on. `external`
/// says which names are crates'.
pub fn writable(ty: &str, external: impl Fn(&str) -> bool) -> String {
    let ty = ty
        .replace("{integer}", "i32")
        .replace("{float}", "f64")
        .replace("'{erased} ", "")
        .replace("mlnotes_crates::", "");
    let ty = without_fn_items(&ty);
    if ty.contains('{') {
        // A closure: there is no way to write it.
        return ty;
    }
    let pieces = pieces(&ty);
    let mut inserts: Vec<(usize, &str)> = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        let Piece::Word(at, word) = piece else { continue };
        let begins = !matches!(i.checked_sub(1).map(|i| &pieces[i]), Some(Piece::Colons(_)));
        let number = word.starts_with(|c: char| c.is_ascii_digit() || c == '\'');
        if !begins || number || NO_PATH.contains(word) {
            continue;
        }
        match (pieces.get(i + 1), pieces.get(i + 2)) {
            // `Item = u8`, and the names of arguments.
            (Some(Piece::Other('=' | ':')), _) => {}
            (Some(Piece::Colons(_)), _) if external(word) => inserts.push((*at, "::")),
            _ => inserts.push((*at, "crate::")),
        }
    }
    let mut out = ty.clone();
    for (at, text) in inserts.into_iter().rev() {
        out.insert_str(at, text);
    }
    out
}

/// A written type past crates that only pass others on. Where a crate is re-exported under another name,
/// rustc writes its own behind the other's (`::futures::futures_channel::mpsc::…`), which is no path.
pub fn past_facades(ty: &str, external: impl Fn(&str) -> bool) -> Option<String> {
    let pieces = pieces(ty);
    let mut out = String::with_capacity(ty.len());
    let mut done = 0;
    for window in pieces.windows(5) {
        if let [
            Piece::Colons(_),
            Piece::Word(at, facade),
            Piece::Colons(_),
            Piece::Word(inner, name),
            Piece::Colons(_),
        ] = window
            && *at >= done
            && external(facade)
            && external(name)
            && !["std", "core", "alloc"].contains(name)
        {
            out.push_str(&ty[done..*at]);
            done = *inner;
        }
    }
    out.push_str(&ty[done..]);
    (done > 0).then_some(out)
}

/// `fn(i32) -> i32 {double}`: the function's own type coerces to the pointer.
fn without_fn_items(ty: &str) -> String {
    let mut out = ty.to_owned();
    if is_fn_item(ty)
        && let Some(at) = out.rfind(" {")
    {
        out.truncate(at);
    }
    out
}

/// Whether a type, as rustc names it, is that of one function.
pub fn is_fn_item(ty: &str) -> bool {
    let mut start = ty;
    if let Some(rest) = start.strip_prefix("for<") {
        start = rest.split_once("> ").map_or(rest, |(_, rest)| rest);
    }
    let begins = ["fn(", "unsafe fn(", "extern ", "unsafe extern "];
    begins.iter().any(|begin| start.starts_with(begin)) && ty.ends_with('}') && ty.contains(" {")
}

/// The session's own items in a type, each with the level that it stands at.
pub fn own_names(ty: &str) -> BTreeSet<(String, usize)> {
    let pieces = pieces(ty);
    let mut found = BTreeSet::new();
    for (i, piece) in pieces.iter().enumerate() {
        if !matches!(piece, Piece::Word(_, "crate")) {
            continue;
        }
        let mut level = 0;
        for piece in &pieces[i + 1..] {
            match piece {
                Piece::Colons(_) => {}
                Piece::Word(_, word) => {
                    if let Some(number) = word.strip_prefix(LEVEL).and_then(|n| n.parse().ok()) {
                        level = number;
                        continue;
                    }
                    let name = word.strip_prefix("r#").unwrap_or(word);
                    found.insert((name.to_owned(), level));
                    break;
                }
                Piece::Other(_) => break,
            }
        }
    }
    found
}

/// Whether no cell can write a type, as rustc names it.
pub fn has_no_name(ty: &str) -> bool {
    !is_fn_item(ty)
        && ["{closure@", "{async", "impl ", "{opaque"].iter().any(|mark| ty.contains(mark))
}

/// Whether a type, as rustc names it, is that of a number nobody has said more about.
pub fn is_loose(ty: &str) -> bool {
    matches!(ty, "{integer}" | "{float}")
}

/// The type of number that an error asks for where it found that of a literal.
pub fn asked_number(message: &str, label: &str) -> Option<String> {
    const NUMBERS: [&str; 12] =
        ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i64", "i128", "isize", "f32"];
    if message.contains("cannot be indexed by `i32`") {
        return Some("usize".to_owned());
    }
    let label = label.replace("`&", "`");
    let (_, rest) = label.split_once("expected `")?;
    let (wanted, found) = rest.split_once("`, found `")?;
    let found = found.split('\n').next().unwrap_or_default();
    let fits = (found == "i32`" && wanted != "f32") || (found == "f64`" && wanted == "f32");
    (fits && NUMBERS.contains(&wanted)).then(|| wanted.to_owned())
}

/// Why a type cannot be kept between cells, with the line to write instead.
pub fn unkeepable(name: &str, ty: &str) -> Option<String> {
    let words = || ty.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '\'');
    let advice = if ty.contains("{closure@") || ty.contains("{async") {
        format!(
            "`{name}` is a closure, whose type has no name, so it cannot be kept for later cells; \
             write `let {name}: Box<dyn Fn(f64) -> f64> = Box::new(…);` with its own argument and \
             result types, make it a `fn`, or put the cell's code between braces"
        )
    } else if ty.contains("impl ") || ty.contains("{opaque") {
        format!(
            "`{name}` has the type `{}`, which has no name, so it cannot be kept for later cells; \
             collect it (`let {name}: Vec<_> = ….collect();`), box it, or put the cell's code \
             between braces",
            shown(ty)
        )
    } else if ty.contains('{') || words().any(|word| word.starts_with("mlnotes_cell_")) {
        format!(
            "`{name}` has the type `{}`, which has no name outside its block, so it cannot be kept \
             for later cells; define the type at the top of the cell",
            shown(ty)
        )
    } else if words().any(|word| word == "_") {
        format!("the type of `{name}` is not known; write `let {name}: … =`")
    } else {
        return None;
    };
    Some(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_that_pass_others_on_are_left_out() {
        let crates = |name: &str| ["futures", "futures_channel", "time", "tokio"].contains(&name);
        let past = |ty: &str| past_facades(ty, crates);
        assert_eq!(
            past("(::futures::futures_channel::mpsc::Sender<u8>, ::futures::futures_channel::A)")
                .as_deref(),
            Some("(::futures_channel::mpsc::Sender<u8>, ::futures_channel::A)")
        );
        assert_eq!(past("::std::vec::Vec<::futures::channel::A>"), None);
        assert_eq!(past("crate::futures::futures_channel"), None);
    }

    #[test]
    fn types_are_written_from_a_crate_on() {
        let external = |name: &str| ["std", "alloc", "ndarray"].contains(&name);
        for (rustc, cell, reader) in [
            ("std::vec::Vec<Job>", "::std::vec::Vec<crate::Job>", "std::vec::Vec<Job>"),
            (
                "(mlnotes_v3::mlnotes_v12::geo::P, f64)",
                "(crate::mlnotes_v3::mlnotes_v12::geo::P, f64)",
                "(geo::P, f64)",
            ),
            (
                "std::boxed::Box<dyn std::iter::Iterator<Item = {integer}> + std::marker::Send>",
                "::std::boxed::Box<dyn ::std::iter::Iterator<Item = i32> + ::std::marker::Send>",
                "std::boxed::Box<dyn std::iter::Iterator<Item = i32> + std::marker::Send>",
            ),
            ("&'static [Row; 4]", "&'static [crate::Row; 4]", "&'static [Row; 4]"),
            (
                "for<'a> fn(&'a str) -> std::string::String {shout}",
                "for<'a> fn(&'a str) -> ::std::string::String",
                "for<'a> fn(&'a str) -> std::string::String",
            ),
            ("<Job as Store>::Item", "<crate::Job as crate::Store>::Item", "<Job as Store>::Item"),
        ] {
            let written = writable(rustc, external);
            assert_eq!(written, cell);
            assert_eq!(shown(&written), reader);
        }
        let own = own_names("(crate::mlnotes_v3::mlnotes_v12::geo::P, ::std::vec::Vec<crate::Q>)");
        assert_eq!(own, BTreeSet::from([("geo".to_owned(), 12), ("Q".to_owned(), 0)]));
    }
}
