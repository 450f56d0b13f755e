//! A cell's text, taken apart.

mod awaits;
mod bindings;
mod made;
mod outside;
mod tail;
mod uses;

use super::facts::{self, Facts};
use super::files;
use super::statics::{CellStatic, Statics, statics_in};
use awaits::waits;
use bindings::{mentions_inference, names_of};
use outside::{included, path_of};
use proc_macro2::Span;
use std::collections::BTreeSet;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Block, Expr, Item, Local, Macro, Pat, Stmt, parse::Parser};
use tail::{has_value, macro_has_value};
use uses::use_names;

pub use bindings::Binding;
pub use made::Made;

/// An item of a cell.
#[derive(Debug, Clone)]
pub struct CellItem {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it defines and refers to.
    pub facts: Facts,
    /// For an `impl` and an `extern` block: each member's bytes, in the order of `facts`.
    pub members: Vec<Range<usize>>,
    /// The statics in it, at any depth: they exist once, in the cell that defines them.
    pub statics: Vec<CellStatic>,
    /// What a `use` brings in, one name each, with a `use` of its own for later cells.
    pub uses: Vec<(String, String)>,
    /// For a macro call that hides statics: the text of its items, in which `statics` are places.
    pub expanded: Option<String>,
}

impl CellItem {
    /// The keys of a `thread_local!` that stands at the top level.
    pub fn keys(&self) -> impl Iterator<Item = &CellStatic> {
        let own = |found: &&CellStatic| found.thread_local && found.range == self.range;
        self.statics.iter().filter(own)
    }

    /// Whether it is a `thread_local!`.
    pub fn is_thread_local(&self) -> bool {
        self.keys().next().is_some()
    }
}

/// A macro call that stands as a statement: only its expansion says what it is.
#[derive(Debug, Clone)]
pub struct CellMacro {
    /// The statement.
    pub range: Range<usize>,
    /// The last name of its path.
    pub name: String,
    /// Without any knowledge of what it expands to.
    facts: Facts,
}

/// A cell, taken apart.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// Lines that begin with `:` or `!`, before the code.
    pub commands: Vec<String>,
    /// Where the code begins.
    pub start: usize,
    /// Attributes of the whole (`#![allow(…)]`), which stand before the code.
    pub attributes: Vec<Range<usize>>,
    /// Where the code nests deeper than anybody can follow.
    pub too_deep: Option<usize>,
    /// Items: functions, types, uses.
    pub items: Vec<CellItem>,
    /// Variables bound by the top-level statements.
    pub bindings: Vec<Binding>,
    /// Macro calls among the statements.
    pub macros: Vec<CellMacro>,
    /// Bytes of the last expression, when its value is to be shown.
    pub tail: Option<Range<usize>>,
    /// Whether the cell waits for futures.
    pub asynchronous: bool,
    /// Whether the code could be read; if not, only the compiler can say why.
    pub readable: bool,
}

impl Parsed {
    /// Takes a cell apart.
    pub fn new(text: &str) -> Self {
        // The parser calls itself for each level of the code, and a stack that ends, ends the kernel.
        const INLINE: usize = 400;
        const PER_BYTE: usize = 8 << 10;
        if text.len() <= INLINE {
            return Self::parse(text);
        }
        let stack = (text.len() * PER_BYTE).clamp(8 << 20, 1 << 30);
        std::thread::scope(|scope| {
            let parser = std::thread::Builder::new().stack_size(stack);
            let parser = parser.spawn_scoped(scope, || Self::parse(text));
            parser.ok().and_then(|parser| parser.join().ok()).unwrap_or_default()
        })
    }

    fn parse(text: &str) -> Self {
        let mut parsed = Self::default();
        // Some editors mark a file's encoding by a character that nobody sees.
        let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        for line in text[start..].split_inclusive('\n') {
            let trimmed = line.trim();
            let command =
                line.starts_with('!') || (trimmed.starts_with(':') && !trimmed.starts_with("::"));
            if command {
                parsed.commands.push(trimmed.to_owned());
            } else if !trimmed.is_empty() && !line.starts_with("//") {
                break;
            }
            start += line.len();
        }
        parsed.start = start;
        parsed.too_deep = super::nests_too_deeply(&text[start..]).map(|at| start + at);
        if parsed.too_deep.is_some() {
            return parsed;
        }
        let whole = |input: syn::parse::ParseStream<'_>| {
            Ok((syn::Attribute::parse_inner(input)?, Block::parse_within(input)?))
        };
        match whole.parse_str(&text[start..]) {
            Ok((attributes, statements)) => {
                parsed.readable = true;
                let last = statements.len().saturating_sub(1);
                for (i, statement) in statements.iter().enumerate() {
                    parsed.statement(statement, i == last);
                }
                for attribute in &attributes {
                    let range = parsed.bytes(attribute.span());
                    start = range.end;
                    if !attribute.path().is_ident("doc") {
                        parsed.attributes.push(range);
                    }
                }
                parsed.start = start;
            }
            Err(_) => parsed.readable = false,
        }
        // The parser keeps every text it has seen on this thread, or else it would grow for ever.
        proc_macro2::extra::invalidate_current_thread_spans();
        parsed
    }

    /// Whether the cell holds no code.
    pub fn is_empty(&self, text: &str) -> bool {
        text[self.start..].trim().is_empty()
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        self.start + range.start..self.start + range.end
    }

    fn statement(&mut self, statement: &Stmt, last: bool) {
        match statement {
            Stmt::Local(local) => {
                self.bind(local);
                self.find_awaits(statement);
            }
            Stmt::Item(item) => {
                let range = self.bytes(item.span());
                let mut uses = Vec::new();
                let mut facts = Facts::of(item);
                if let Item::Mod(syn::ItemMod { content: None, ident, attrs, .. }) = item {
                    // What the file says is part of what the item says.
                    let path = attrs.iter().find_map(path_of);
                    let copy = match path {
                        Some(path) => files::code(&path).map(|(_, copy)| copy),
                        None => files::module(&facts::name(ident)),
                    };
                    facts.print.extend(copy.map(|copy| copy.display().to_string()));
                }
                if let Item::Use(item) = item {
                    let path = if item.leading_colon.is_some() { "::" } else { "" };
                    use_names(&item.tree, path, &mut uses);
                    let all = facts::TYPES | facts::VALUES | facts::MACROS;
                    facts.defines = uses.iter().map(|(name, _)| (name.clone(), all)).collect();
                }
                let members: Vec<Range<usize>> = match item {
                    Item::Impl(item) => item.items.iter().map(|i| self.bytes(i.span())).collect(),
                    Item::ForeignMod(item) => {
                        item.items.iter().map(|i| self.bytes(i.span())).collect()
                    }
                    _ => Vec::new(),
                };
                let mut statics = Statics { start: self.start, found: Vec::new() };
                statics.visit_item(item);
                let statics = statics.found;
                let expanded = None;
                self.items.push(CellItem { range, facts, members, statics, uses, expanded });
            }
            Stmt::Expr(expr, semicolon) => {
                self.find_awaits(statement);
                if last && semicolon.is_none() {
                    let bytes = self.bytes(expr.span());
                    if let Expr::Macro(call) = expr {
                        self.call(&call.mac, bytes.clone());
                    }
                    if has_value(expr) {
                        self.tail = Some(bytes);
                    }
                }
            }
            Stmt::Macro(macro_) if macro_.mac.path.is_ident("thread_local") => {
                let mut statics = Statics { start: self.start, found: Vec::new() };
                statics.visit_stmt_macro(macro_);
                let statics = statics.found;
                let mut facts = Facts::of_call(&macro_.mac);
                (facts.header, facts.associated) = (BTreeSet::new(), None);
                let names = statics.iter().map(|key| (key.name.clone(), facts::VALUES));
                facts.defines.extend(names);
                let (range, uses) = (self.bytes(statement.span()), Vec::new());
                let (members, expanded) = (Vec::new(), None);
                self.items.push(CellItem { range, facts, members, statics, uses, expanded });
            }
            Stmt::Macro(macro_) if included(&macro_.mac).is_some() => {
                let (made, copy) = included(&macro_.mac).unwrap_or_default();
                let mut facts = Facts::of_call(&macro_.mac);
                (facts.header, facts.associated) = (BTreeSet::new(), None);
                facts.print.push_str(&copy.display().to_string());
                facts.merge(made);
                let (range, uses) = (self.bytes(statement.span()), Vec::new());
                let (members, statics) = (Vec::new(), Vec::new());
                self.items.push(CellItem { range, facts, members, statics, uses, expanded: None });
            }
            Stmt::Macro(macro_) => {
                self.find_awaits(statement);
                let bytes = self.bytes(statement.span());
                self.call(&macro_.mac, bytes.clone());
                if last && macro_.semi_token.is_none() && macro_has_value(&macro_.mac) {
                    self.tail = Some(bytes);
                }
            }
        }
    }

    fn call(&mut self, mac: &Macro, range: Range<usize>) {
        let name = mac.path.segments.last().map(|segment| segment.ident.to_string());
        let facts = Facts::of_call(mac);
        self.macros.push(CellMacro { range, name: name.unwrap_or_default(), facts });
    }

    /// Takes up what the macro calls turned out to make, in their order; `true` when it matters.
    pub fn made(&mut self, made: Vec<Made>) -> bool {
        let mut matters = false;
        for (call, made) in std::mem::take(&mut self.macros).into_iter().zip(made) {
            let range = call.range.clone();
            match made {
                Made::Nothing => continue,
                Made::Bindings(bindings) => {
                    for binding in bindings {
                        self.bindings.retain(|b| b.name != binding.name);
                        self.bindings.push(binding);
                    }
                }
                Made::Items(made, text) => {
                    let mut facts = call.facts;
                    (facts.header, facts.associated) = (BTreeSet::new(), None);
                    facts.merge(*made);
                    let statics = statics_in(&text);
                    let expanded = (!statics.is_empty()).then_some(text);
                    let (range, members, uses) = (range.clone(), Vec::new(), Vec::new());
                    let item = CellItem { range, facts, members, statics, uses, expanded };
                    let at =
                        self.items.partition_point(|other| other.range.start < item.range.start);
                    self.items.insert(at, item);
                }
            }
            matters = true;
            if self.tail.as_ref() == Some(&range) {
                self.tail = None;
            }
        }
        matters
    }

    fn bind(&mut self, local: &Local) {
        let (pattern, typed) = match &local.pat {
            Pat::Type(pattern) => (&*pattern.pat, !mentions_inference(&pattern.ty)),
            pattern => (pattern, false),
        };
        let typed_whole = typed && matches!(pattern, Pat::Ident(_));
        let value = local.init.as_ref().filter(|init| init.diverge.is_none());
        let value = value.filter(|_| matches!(pattern, Pat::Ident(_)));
        let alone = value.map(|init| (self.bytes(local.span()), self.bytes(init.expr.span())));
        for mut binding in names_of(pattern) {
            binding.alone.clone_from(&alone);
            self.bindings.retain(|b| b.name != binding.name);
            binding.typed = typed_whole;
            self.bindings.push(binding);
        }
    }

    fn find_awaits(&mut self, statement: &Stmt) {
        self.asynchronous |= waits(statement);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_items_and_the_tail_are_told_apart() {
        let text = ":dep rand\n// é\nuse std::fmt::{self, Debug as D};\nlet (a, mut b) = (1, 2);\nlet c: Vec<_> = vec![a];\nfn f() {}\na + b";
        let parsed = Parsed::new(text);
        assert!(parsed.readable);
        assert_eq!(parsed.commands, [":dep rand"]);
        let uses: Vec<_> = parsed.items[0].uses.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(uses, ["fmt", "D"]);
        assert!(parsed.items[1].facts.defines("f", facts::VALUES));
        let names: Vec<_> = parsed.bindings.iter().map(|b| (b.name.as_str(), b.mutable)).collect();
        assert_eq!(names, [("a", false), ("b", true), ("c", false)]);
        assert_eq!(&text[parsed.tail.unwrap()], "a + b");
    }

    #[test]
    fn what_stands_before_the_code_is_known() {
        let text = "\u{feff}#![allow(dead_code)]\n//! about\n#![feature(x)]\nfn f() {}\n1";
        let parsed = Parsed::new(text);
        let attributes: Vec<_> = parsed.attributes.iter().map(|r| &text[r.clone()]).collect();
        assert_eq!(attributes, ["#![allow(dead_code)]", "#![feature(x)]"]);
        assert_eq!(text[parsed.start..].trim(), "fn f() {}\n1");
        assert_eq!(&text[parsed.items[0].range.clone()], "fn f() {}");
        assert_eq!(Parsed::new("\u{feff}:dep x\n1").commands, [":dep x"]);
    }

    #[test]
    fn an_await_is_seen_in_macros_too() {
        for text in ["f().await", "println!(\"{}\", f().await);", "vec![1, { f().await }]"] {
            assert!(Parsed::new(text).asynchronous, "{text}");
        }
        for text in
            ["f()", "let g = async { f().await };", "async fn g() { f().await }", "x.awaits"]
        {
            assert!(!Parsed::new(text).asynchronous, "{text}");
        }
    }

    #[test]
    fn deep_code_ends_no_stack() {
        for deep in [
            "(".repeat(30_000) + &")".repeat(30_000),
            "[".repeat(100_000),
            format!("let a = {}true;", "!".repeat(50_000)),
            "1+".repeat(20_000) + "1",
            format!("let a: {}u8{};", "Vec<".repeat(20_000), ">".repeat(20_000)),
            "if a { } else ".repeat(5_000) + "{ }",
            format!("a{}", ".b()".repeat(20_000)),
        ] {
            let _ = Parsed::new(&deep);
        }
    }

    #[test]
    fn loops_and_prints_have_no_value() {
        for text in ["for i in 0..3 {}", "println!(\"x\")", "x = 3", "if a { b() }", "1;"] {
            assert_eq!(Parsed::new(text).tail, None, "{text}");
        }
        for text in ["vec![1]", "if a { 1 } else { 2 }", "{ 3 }", "format!(\"a\")"] {
            assert!(Parsed::new(text).tail.is_some(), "{text}");
        }
    }

    #[test]
    fn an_impl_knows_its_type_and_its_methods() {
        let parsed = Parsed::new("impl<T> Walk for Tree<T> { fn step(&self) {} }");
        let item = &parsed.items[0];
        assert_eq!(item.facts.members, ["step"]);
        assert_eq!(item.facts.heading.as_deref(), Some("impl < T > Walk for Tree < T >"));
        assert_eq!(item.facts.subject.iter().collect::<Vec<_>>(), ["Tree"]);
    }
}
