//! The names in errors: each begins with a function or a type that a reader can have called, in one wording.
//!
//! Read from the sources: what stands in `what` and `estimator`, also where it comes by a constant, a `let`, an array,
//! or an argument of a function whose parameter ends there.

use super::support::sources;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A piece of source.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Word(String),
    Text(String),
    Mark(char),
}
use Piece::{Mark, Text, Word};

impl Piece {
    fn is(&self, word: &str) -> bool {
        matches!(self, Word(w) if w == word)
    }
}

/// Words, strings and marks of a source, without comments.
fn pieces(source: &str) -> Vec<Piece> {
    let c: Vec<char> = source.chars().collect();
    let (mut found, mut i) = (Vec::new(), 0);
    let at = |i: usize| c.get(i).copied().unwrap_or(' ');
    while i < c.len() {
        let hashes = c[i + 1..].iter().take_while(|&&c| c == '#').count();
        if c[i] == '/' && at(i + 1) == '/' {
            i += c[i..].iter().take_while(|&&c| c != '\n').count();
        } else if c[i] == '/' && at(i + 1) == '*' {
            while i < c.len() && !(c[i] == '*' && at(i + 1) == '/') {
                i += 1;
            }
            i += 2;
        } else if c[i] == 'r' && at(i + 1 + hashes) == '"' {
            let end: String = std::iter::once('"').chain("#".repeat(hashes).chars()).collect();
            let rest: String = c[i + 2 + hashes..].iter().collect();
            let text = rest.split(&end).next().unwrap();
            i += 2 + hashes + text.chars().count() + end.len();
            found.push(Text(text.to_owned()));
        } else if c[i] == '"' {
            let mut text = String::new();
            i += 1;
            while at(i) != '"' {
                if at(i) == '\\' {
                    i += 1;
                }
                text.push(at(i));
                i += 1;
            }
            i += 1;
            found.push(Text(text));
        } else if c[i] == '\'' {
            // A character, or a lifetime, whose name is left as a word.
            i += match (at(i + 1), at(i + 2)) {
                ('\\', _) => 4 + c[i + 3..].iter().take_while(|&&c| c != '\'').count(),
                (_, '\'') => 3,
                _ => 1,
            };
        } else if c[i].is_alphanumeric() || c[i] == '_' {
            let word: String =
                c[i..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            i += word.chars().count();
            found.push(Word(word));
        } else {
            if !c[i].is_whitespace() {
                found.push(Mark(c[i]));
            }
            i += 1;
        }
    }
    found
}

/// Where the bracket that opens at `open` closes, or the end.
fn close(p: &[Piece], open: usize) -> usize {
    let mut depth = 0;
    for (i, piece) in p.iter().enumerate().skip(open) {
        match piece {
            Mark('(' | '[' | '{') => depth += 1,
            Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    p.len()
}

/// The parts between commas that stand in no bracket.
fn parts(p: &[Piece]) -> Vec<&[Piece]> {
    let (mut found, mut start, mut i) = (Vec::new(), 0, 0);
    while i < p.len() {
        match p[i] {
            Mark('(' | '[' | '{') => i = close(p, i),
            Mark(',') => {
                found.push(&p[start..i]);
                start = i + 1;
            }
            _ => {}
        }
        i += 1;
    }
    if start < p.len() {
        found.push(&p[start..]);
    }
    found
}

/// Up to the comma, semicolon or closing bracket that ends an expression.
fn expression(p: &[Piece], start: usize) -> &[Piece] {
    let mut i = start;
    while i < p.len() && !matches!(p[i], Mark(',' | ';' | ')' | ']' | '}')) {
        i = if matches!(p[i], Mark('(' | '[' | '{')) { close(p, i) + 1 } else { i + 1 };
    }
    &p[start.min(p.len())..i.min(p.len())]
}

/// Without the items under `#[cfg(test)]`.
fn without_tests(p: &[Piece]) -> Vec<Piece> {
    let attribute = pieces("#[cfg(test)]");
    let (mut kept, mut i) = (Vec::new(), 0);
    while i < p.len() {
        if p[i..].starts_with(&attribute) {
            i += attribute.len();
            while i < p.len() && p[i] != Mark(';') && p[i] != Mark('{') {
                i += 1;
            }
            i = if p.get(i) == Some(&Mark('{')) { close(p, i) + 1 } else { i + 1 };
        } else {
            kept.push(p[i].clone());
            i += 1;
        }
    }
    kept
}

struct File {
    path: String,
    pieces: Vec<Piece>,
}

impl File {
    fn new(path: &str, source: &str) -> Self {
        Self { path: path.to_owned(), pieces: without_tests(&pieces(source)) }
    }
}

/// The library, without its tests.
fn library() -> Vec<File> {
    let files = sources()
        .into_iter()
        .map(|(path, source)| (path.display().to_string().replace('\\', "/"), source));
    files
        .filter(|(name, _)| !name.ends_with("tests.rs") && !name.ends_with("laws.rs"))
        .map(|(name, source)| File::new(&name, &source))
        .collect()
}

/// What a reader can call.
#[derive(Default)]
struct Public {
    /// Free functions and the names of their parameters; two rooms may share a name.
    functions: BTreeMap<String, BTreeSet<String>>,
    types: BTreeSet<String>,
    /// Methods and variants of a type, with the names of their parameters.
    members: BTreeMap<(String, String), BTreeSet<String>>,
    /// Fields of a type and of its settings, setters among them.
    settings: BTreeMap<String, BTreeSet<String>>,
    /// Rooms that hold a function, as `ops::relu`.
    rooms: BTreeSet<(String, String)>,
}

/// `KMeans` for `KMeansParams`.
fn plain(name: &str) -> &str {
    name.strip_suffix("Params").filter(|own| !own.is_empty()).unwrap_or(name)
}

/// Names of parameters between brackets: `x: T`, also `mut x: T` and `[a, b]: T`.
fn parameters(p: &[Piece]) -> BTreeSet<String> {
    parts(p)
        .into_iter()
        .flat_map(|part| part.iter().take_while(|piece| **piece != Mark(':')))
        .filter_map(|piece| match piece {
            Word(w) => Some(w.clone()),
            _ => None,
        })
        .collect()
}

/// Where the parameters of `fn name<…>(` open.
fn opening(p: &[Piece], name: usize) -> usize {
    let (mut i, mut depth) = (name + 1, 0);
    while i < p.len() && !(p[i] == Mark('(') && depth == 0) {
        match p[i] {
            Mark('<') => depth += 1,
            Mark('>') if p[i - 1] != Mark('-') => depth -= 1,
            _ => {}
        }
        i += 1;
    }
    i
}

/// The type of an `impl`, by what stands between that word and its body.
fn owner(head: &[Piece]) -> Option<String> {
    let own = match head.iter().position(|piece| piece.is("for")) {
        Some(at) => &head[at + 1..],
        // `impl<T> Name<T>`: behind the generics.
        None if head.first() == Some(&Mark('<')) => {
            let mut depth = 0;
            let end = head.iter().position(|piece| {
                depth += i32::from(*piece == Mark('<')) - i32::from(*piece == Mark('>'));
                depth == 0
            });
            &head[end.unwrap_or(0)..]
        }
        None => head,
    };
    own.iter().find_map(|piece| match piece {
        Word(w) if w.starts_with(char::is_uppercase) => Some(w.clone()),
        _ => None,
    })
}

/// Where each `impl` stands, and its type.
fn implementations(p: &[Piece]) -> Vec<(Range<usize>, String)> {
    (0..p.len())
        .filter(|&i| p[i].is("impl"))
        .filter_map(|i| {
            let body = (i..p.len()).find(|&j| p[j] == Mark('{'))?;
            Some((body..close(p, body), owner(&p[i + 1..body])?))
        })
        .collect()
}

impl Public {
    fn of(files: &[File]) -> Self {
        let mut public = Self::default();
        for file in files {
            public.read(&file.path, &file.pieces, None);
        }
        public
    }

    /// `inside`: the type of an `impl`, and whether all its functions are public, as a trait's are.
    fn read(&mut self, path: &str, p: &[Piece], inside: Option<(&str, bool)>) {
        let mut i = 0;
        while i < p.len() {
            let open = i > 0 && p[i - 1].is("pub");
            match &p[i] {
                Word(w) if w == "fn" => {
                    let Some(Word(name)) = p.get(i + 1) else {
                        i += 1;
                        continue;
                    };
                    let start = opening(p, i + 1);
                    let end = close(p, start);
                    let names = parameters(&p[start + 1..end.min(p.len())]);
                    match inside {
                        Some((own, all)) if open || all => {
                            let key = (plain(own).to_owned(), name.clone());
                            self.members.entry(key).or_default().extend(names);
                        }
                        None if open => {
                            for room in path.trim_end_matches(".rs").split('/') {
                                self.rooms.insert((room.to_owned(), name.clone()));
                            }
                            self.functions.entry(name.clone()).or_default().extend(names);
                        }
                        _ => {}
                    }
                    i = end;
                    while i < p.len() && p[i] != Mark('{') && p[i] != Mark(';') {
                        i += 1;
                    }
                    i = if p.get(i) == Some(&Mark('{')) { close(p, i) } else { i };
                }
                Word(w) if w == "impl" || (w == "trait" && open) => {
                    let body = (i..p.len()).find(|&j| p[j] == Mark('{')).unwrap_or(p.len());
                    let head = &p[i + 1..body];
                    let of = head.iter().any(|piece| piece.is("for"));
                    let own = owner(head);
                    let end = close(p, body);
                    if let Some(own) = own {
                        if w == "trait" {
                            self.types.insert(own.clone());
                        }
                        let all = of || w == "trait";
                        self.read(path, &p[(body + 1).min(end)..end], Some((&own, all)));
                    }
                    i = end;
                }
                Word(w) if (w == "struct" || w == "enum") && open => {
                    let Some(Word(name)) = p.get(i + 1) else {
                        i += 1;
                        continue;
                    };
                    self.types.insert(name.clone());
                    let body = (i..p.len())
                        .find(|&j| matches!(p[j], Mark('{' | ';' | '(')))
                        .unwrap_or(p.len());
                    let end = close(p, body);
                    for part in parts(&p[(body + 1).min(end)..end]) {
                        if w == "enum" {
                            let variant = part.iter().find_map(|piece| match piece {
                                Word(w) if w.starts_with(char::is_uppercase) => Some(w.clone()),
                                _ => None,
                            });
                            let key = (name.clone(), variant.unwrap_or_default());
                            self.members.entry(key).or_default().extend(parameters(part));
                        }
                        self.settings.entry(plain(name).to_owned()).or_default().extend(
                            part.iter().filter_map(|piece| match piece {
                                Word(w) => Some(w.clone()),
                                _ => None,
                            }),
                        );
                    }
                    i = end;
                }
                // Setters and other rows of a macro: their words are settings of the type.
                Mark('!') if matches!(p.get(i + 1), Some(Mark('{' | '('))) => {
                    let end = close(p, i + 1);
                    for j in i + 2..end {
                        if let (Word(name), Some(Mark(':' | ',' | ';'))) = (&p[j], p.get(j + 1)) {
                            match inside {
                                Some((own, _)) => {
                                    let own = plain(own).to_owned();
                                    self.settings.entry(own).or_default().insert(name.clone());
                                }
                                None if p[i - 1].is("pointwise") => {
                                    let names = self.functions.entry(name.clone()).or_default();
                                    names.insert("x".to_owned());
                                    for room in path.trim_end_matches(".rs").split('/') {
                                        self.rooms.insert((room.to_owned(), name.clone()));
                                    }
                                }
                                None => {}
                            }
                        }
                    }
                    i = end;
                }
                _ => {}
            }
            i += 1;
        }
    }

    /// What is wrong with the words of an error.
    fn fault(&self, words: &str) -> Option<String> {
        let (name, rest) =
            match words.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
                Some(end) if words[..end].ends_with(':') => (&words[..end - 1], &words[end..]),
                Some(end) => (&words[..end], &words[end..]),
                None => (words, ""),
            };
        let ended = words.len() == name.len();
        let goes_on = words[name.len()..].starts_with(": ") && rest.trim().len() > 1;
        if !ended && !goes_on {
            return Some(format!("`{name}` is followed by neither nothing nor \": \" and words"));
        }
        if name.split("::").any(|part| plain(part) != part) {
            return Some("settings are named as their model".to_owned());
        }
        if let Some(remedy) = ["(take", "(pass", "(use", ";"].into_iter().find(|r| rest.contains(r))
        {
            return Some(format!("\"{remedy}\" begins a remedy, which has a field of its own"));
        }
        let takes: BTreeSet<&str> = match name.split("::").collect::<Vec<_>>()[..] {
            [one] if one.starts_with(char::is_uppercase) => {
                if !self.types.contains(one) && !self.types.contains(&format!("{one}Params")) {
                    return Some(format!("there is no type `{one}`"));
                }
                let methods = self.members.iter().filter(|((own, _), _)| own == one);
                let fields = self.settings.get(one).into_iter().flatten();
                methods.flat_map(|(_, names)| names).chain(fields).map(String::as_str).collect()
            }
            [one] => match self.functions.get(one) {
                Some(names) => names.iter().map(String::as_str).collect(),
                None => return Some(format!("there is no function `{one}`")),
            },
            [own, member] if own.starts_with(char::is_uppercase) => {
                match self.members.get(&(own.to_owned(), member.to_owned())) {
                    Some(names) => names.iter().map(String::as_str).collect(),
                    None => return Some(format!("there is no `{own}::{member}`")),
                }
            }
            [room, one] if self.rooms.contains(&(room.to_owned(), one.to_owned())) => {
                self.functions[one].iter().map(String::as_str).collect()
            }
            _ => return Some(format!("there is no `{name}`")),
        };
        let argument = rest.trim().strip_prefix('`').and_then(|rest| rest.split('`').next())?;
        let argument = argument.split(['.', '[', ' ']).next().unwrap_or(argument);
        if argument.starts_with('{') || takes.contains(argument) {
            return None;
        }
        Some(format!("`{name}` takes no `{argument}`: {takes:?}"))
    }
}

impl Public {
    /// What a method of a fitted model says of its arguments begins with the type alone.
    fn too_short(&self, found: &Found) -> Option<String> {
        let (own, method, open) = found.method.as_ref()?;
        let (name, argument) = found.words.split_once(": `")?;
        let fitted = self.types.contains(&format!("{own}Params"));
        let right = format!("{own}::{method}: `{argument}");
        (fitted && *open && name == own).then(|| format!("this is `{right}"))
    }
}

/// A function as it is written: the file, the name, the names of its parameters one by one, and its body.
struct Function<'a> {
    file: usize,
    name: String,
    /// The type of the `impl` around it, and whether it takes `self`.
    owner: Option<String>,
    method: bool,
    /// Other files can call it, or a reader can.
    visible: bool,
    open: bool,
    parameters: Vec<BTreeSet<String>>,
    body: &'a [Piece],
}

/// Every `fn` with a body, also those within others.
fn functions(file: usize, p: &[Piece]) -> Vec<Function<'_>> {
    let (mut found, owners) = (Vec::new(), implementations(p));
    for i in 0..p.len() {
        let (true, Some(Word(name))) = (p[i].is("fn"), p.get(i + 1)) else { continue };
        let start = opening(p, i + 1);
        let end = close(p, start);
        let Some(body) = (end..p.len()).find(|&j| matches!(p[j], Mark('{' | ';'))) else {
            continue;
        };
        let mut list = parts(&p[start + 1..end]);
        let method = list.first().is_some_and(|part| {
            part.iter().any(|piece| piece.is("self")) && !part.contains(&Mark(':'))
        });
        if method {
            list.remove(0);
        }
        let parameters = list.into_iter().map(parameters_of_one).collect();
        let body = if p[body] == Mark('{') { &p[body..close(p, body)] } else { &p[body..body] };
        let open = i > 0 && p[i - 1].is("pub");
        let visible = open || i > 0 && p[i - 1] == Mark(')');
        let mut owner = owners.iter().filter(|(range, _)| range.contains(&i)).map(|(_, own)| own);
        let owner = owner.next_back().cloned();
        let name = name.clone();
        found.push(Function { file, name, owner, method, visible, open, parameters, body });
    }
    found
}

/// The name of one parameter, or all names of a pattern; none where the type is no text.
fn parameters_of_one(part: &[Piece]) -> BTreeSet<String> {
    let type_at = part.iter().position(|piece| *piece == Mark(':')).unwrap_or(part.len());
    if part[type_at..].iter().any(|piece| piece.is("str")) {
        parameters(part)
    } else {
        BTreeSet::new()
    }
}

/// Words of an error: the file and, within a method, its type, its name and whether it is public.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    path: String,
    words: String,
    method: Option<(String, String, bool)>,
}

struct Search<'a> {
    files: &'a [File],
    functions: Vec<Function<'a>>,
    /// Parameters, by function and position, that end in an error's name.
    ends: BTreeSet<(usize, usize)>,
    found: BTreeSet<Found>,
}

impl<'a> Search<'a> {
    fn new(files: &'a [File]) -> Self {
        let functions =
            files.iter().enumerate().flat_map(|(i, f)| functions(i, &f.pieces)).collect();
        let mut search = Self { files, functions, ends: BTreeSet::new(), found: BTreeSet::new() };
        loop {
            let before = (search.ends.len(), search.found.len());
            for at in 0..search.functions.len() {
                search.look_into(at);
            }
            if before == (search.ends.len(), search.found.len()) {
                return search;
            }
        }
    }

    fn look_into(&mut self, at: usize) {
        let p = self.functions[at].body;
        for i in 0..p.len() {
            let Word(word) = &p[i] else { continue };
            let next = p.get(i + 1);
            let free = i == 0 || p[i - 1] != Mark(':') && p[i - 1] != Mark('.');
            if (word == "what" || word == "estimator") && free {
                match next {
                    Some(Mark(':')) if p.get(i + 2) != Some(&Mark(':')) => {
                        self.take(at, expression(p, i + 2), 0);
                    }
                    // The field by its name alone.
                    Some(Mark(',' | '}')) if i > 0 && matches!(p[i - 1], Mark('{' | ',')) => {
                        self.take(at, &p[i..=i], 0);
                    }
                    _ => {}
                }
            }
            if next == Some(&Mark('(')) && i > 0 && !p[i - 1].is("fn") {
                let arguments = parts(&p[i + 2..close(p, i + 1).max(i + 2).min(p.len())]);
                for callee in self.called(at, word, p[i - 1] == Mark('.')) {
                    for (position, argument) in arguments.iter().enumerate() {
                        if self.ends.contains(&(callee, position)) {
                            self.take(at, argument, 0);
                        }
                    }
                }
            }
        }
    }

    /// The functions that a name can mean: a closure here is none, and those of this file come before all others.
    fn called(&self, at: usize, name: &str, method: bool) -> Vec<usize> {
        let closure = |w: &[Piece]| w[0].is("let") && w[1].is(name) && w[3] == Mark('|');
        if self.functions[at].body.windows(4).any(closure) {
            return Vec::new();
        }
        let all = |own: bool| -> Vec<usize> {
            let here = self.functions[at].file;
            (0..self.functions.len())
                .filter(|&f| self.functions[f].name == name && self.functions[f].method == method)
                .filter(|&f| (self.functions[f].file == here) == own)
                .filter(|&f| own || self.functions[f].visible)
                .collect()
        };
        let own = all(true);
        if own.is_empty() { all(false) } else { own }
    }

    fn keep(&mut self, at: usize, words: &str) {
        let function = &self.functions[at];
        let within = function.owner.clone().filter(|_| function.method);
        self.found.insert(Found {
            path: self.files[function.file].path.clone(),
            words: words.to_owned(),
            method: within.map(|own| (own, function.name.clone(), function.open)),
        });
    }

    /// Words that an expression stands for.
    fn take(&mut self, at: usize, p: &[Piece], depth: usize) {
        if depth > 4 {
            return;
        }
        match p {
            [] => {}
            [Text(words), ..] => self.keep(at, words),
            [Mark('&'), rest @ ..] => self.take(at, rest, depth),
            [Word(w), Mark('!'), Mark('('), rest @ ..] if w == "format" => {
                if let Some(Text(words)) = rest.first() {
                    self.keep(at, words);
                }
            }
            [Mark('[' | '('), inner @ .., _] => {
                for part in parts(inner) {
                    self.take(at, part, depth);
                }
            }
            [Word(w), ..] if w == "if" || w == "match" => {
                for piece in p {
                    if let Text(words) = piece {
                        self.keep(at, words);
                    }
                }
            }
            _ => {
                // A name: the last of a path, the first of an index or a call upon it.
                let names: Vec<&String> = p
                    .iter()
                    .take_while(|piece| !matches!(piece, Mark('[' | '.' | '(')))
                    .filter_map(|piece| if let Word(w) = piece { Some(w) } else { None })
                    .collect();
                if let Some(name) = names.last() {
                    self.follow(at, name, depth);
                }
            }
        }
    }

    fn follow(&mut self, at: usize, name: &str, depth: usize) {
        let function = &self.functions[at];
        for (position, names) in function.parameters.iter().enumerate() {
            if names.contains(name) {
                self.ends.insert((at, position));
            }
        }
        let all = &self.files[function.file].pieces;
        let constant = name.chars().all(|c| c.is_uppercase() || c == '_' || c.is_numeric());
        let defined = |w: &[Piece]| w[0].is("const") && w[1].is(name);
        let within = !constant || function.body.windows(2).any(defined);
        let p = if within { function.body } else { all.as_slice() };
        for i in 0..p.len() {
            if constant && p[i].is("const") && p.get(i + 1).is_some_and(|w| w.is(name)) {
                let value = expression(p, i + 2);
                if let Some(equal) = value.iter().position(|piece| *piece == Mark('=')) {
                    self.take(at, &value[equal + 1..], depth + 1);
                }
            }
            if !constant && p[i].is("let") {
                let Some(equal) = (i..p.len()).find(|&j| matches!(p[j], Mark('=' | ';'))) else {
                    continue;
                };
                let value = expression(p, equal + 1);
                match (&p[i + 1], value) {
                    (Word(w), _) if w == name => self.take(at, value, depth + 1),
                    (Mark('(' | '['), [Mark('(' | '['), inner @ .., _]) => {
                        let left = &p[i + 2..close(p, i + 1)];
                        for (pattern, value) in parts(left).into_iter().zip(parts(inner)) {
                            if pattern.last().is_some_and(|w| w.is(name)) {
                                self.take(at, value, depth + 1);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Words that have the form of an error's name wherever they stand: "name: `argument`".
fn by_form(files: &[File]) -> impl Iterator<Item = Found> {
    let form = |words: &str| {
        words.split_once(": `").is_some_and(|(name, _)| {
            name.starts_with(char::is_alphabetic)
                && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':')
        })
    };
    files.iter().flat_map(|file| file.pieces.iter().map(move |piece| (file, piece))).filter_map(
        move |(file, piece)| match piece {
            Text(words) if form(words) => {
                Some(Found { path: file.path.clone(), words: words.clone(), method: None })
            }
            _ => None,
        },
    )
}

fn found(files: &[File]) -> BTreeSet<Found> {
    let mut all = Search::new(files).found;
    all.extend(by_form(files));
    all
}

/// What is wrong with the words of these files, of which `public` says what can be called.
fn faults(public: &Public, words: &BTreeSet<Found>) -> Vec<String> {
    let fault = |found: &Found| public.fault(&found.words).or_else(|| public.too_short(found));
    words
        .iter()
        .filter_map(|found| Some((found, fault(found)?)))
        .map(|(found, fault)| format!("{}: {:?}: {fault}", found.path, found.words))
        .collect()
}

#[test]
fn each_error_names_what_a_reader_called() {
    let files = library();
    let (public, words) = (Public::of(&files), found(&files));
    assert!(files.len() > 200, "{} files", files.len());
    let faults = faults(&public, &words);
    assert!(faults.is_empty(), "{} of {}\n{}", faults.len(), words.len(), faults.join("\n"));
    let distinct: BTreeSet<&str> = words.iter().map(|found| found.words.as_str()).collect();
    assert!(distinct.len() > 800, "{} names", distinct.len());
}

/// A small library: a function, settings with their model, a check that both share.
const SOUND: &str = r#"
pub fn mean(x: f64) -> Result<()> {
    const WHAT: &str = "mean: `x`";
    check(WHAT, x)?;
    Err(Error::Parameter { estimator: "mean", name: "x", rule: "> 0", got: x.to_string() })
}
pub struct BallsParams { n: usize }
pub struct Balls { centre: f64 }
impl BallsParams {
    pub fn fit(&self, x: f64) -> Result<Balls> {
        let what = "Balls: `n`";
        check_pair(["Balls: `x`", what], x)?;
        Err(Error::NotPositiveDefinite { what: format!("Balls: the matrix of ball {x}"), remedy: "add" })
    }
}
impl Balls {
    pub fn predict(&self, x: f64) -> Result<f64> {
        inner("Balls::predict: `x`", x)
    }
}
fn inner(name: &'static str, x: f64) -> Result<f64> {
    check(name, x)
}
fn check(what: &'static str, x: f64) -> Result<()> {
    Err(Error::NotFinite { what, row: 0, col: 0, value: x })
}
fn check_pair(names: [&'static str; 2], x: f64) -> Result<()> {
    check(names[0], x)?;
    check(names[1], x)
}
#[cfg(test)]
mod tests {
    fn f() { check("anything", 1.0) }
}
"#;

#[test]
fn wrong_words_are_seen() {
    let judge = |source: &str| {
        let files = [File::new("room/balls.rs", source)];
        let words = found(&files);
        (faults(&Public::of(&files), &words), words.len())
    };
    let (faults, all) = judge(SOUND);
    assert!(faults.is_empty(), "{faults:?}");
    // Six in their places; those with an argument that stand in a method are found by their form once more.
    assert_eq!(all, 6 + 3);
    for (right, wrong) in [
        // No function of that name, also behind a constant, an array, a `let`, a helper or `format!`.
        ("estimator: \"mean\"", "estimator: \"average\""),
        ("\"mean: `x`\"", "\"average: `x`\""),
        ("\"mean: `x`\"", "\"average\""),
        ("\"Balls: `x`\"", "\"x\""),
        ("\"Balls: `n`\"", "\"fit\""),
        ("\"Balls::predict: `x`\"", "\"inner: `x`\""),
        ("\"Balls: the matrix", "\"matrix: the matrix"),
        // A method that is none, and settings instead of the model.
        ("\"Balls::predict: `x`\"", "\"Balls::guess: `x`\""),
        ("\"Balls: `x`\"", "\"BallsParams: `x`\""),
        // A method must be named where it checks.
        ("\"Balls::predict: `x`\"", "\"Balls: `x`\""),
        // No argument of that name, another form, a remedy.
        ("\"mean: `x`\"", "\"mean: `y`\""),
        ("\"mean: `x`\"", "\"mean `x`\""),
        ("\"mean: `x`\"", "\"mean: `x` (take the median)\""),
    ] {
        assert!(SOUND.contains(right), "{right}");
        assert!(!judge(&SOUND.replace(right, wrong)).0.is_empty(), "{wrong}");
    }
}
