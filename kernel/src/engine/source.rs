//! A cell's text, taken apart, and generated text that knows which bytes the user wrote.

use super::files;
use proc_macro2::Span;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Item, Local, Macro, Pat, Stmt, parse::Parser};

/// Generated text with a map back to a user's text.
#[derive(Debug, Clone, Default)]
pub struct Mapped {
    /// The generated text.
    pub text: String,
    /// Which cell and which bytes of it each copied stretch came from, in order.
    copied: Vec<(Range<usize>, usize, usize)>,
}

impl Mapped {
    /// Adds text of our own.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Copies a stretch of cell number `cell`; files that it names are those beside the notebook, where
    /// this process was started.
    pub fn copy(&mut self, cell: usize, source: &str, range: Range<usize>) {
        let folder = std::env::current_dir().unwrap_or_default();
        let mut done = range.start;
        for (at, text) in files::insertions(source, &range, &folder) {
            self.copy_plain(cell, source, done..at);
            self.push(&text);
            done = at;
        }
        self.copy_plain(cell, source, done..range.end);
    }

    fn copy_plain(&mut self, cell: usize, source: &str, range: Range<usize>) {
        let start = self.text.len();
        self.text.push_str(&source[range.clone()]);
        self.copied.push((start..self.text.len(), cell, range.start));
    }

    /// Where a byte came from: cell number and byte offset. `None` for text of our own.
    pub fn origin(&self, byte: usize) -> Option<(usize, usize)> {
        self.copied
            .iter()
            .find(|(range, _, _)| range.contains(&byte) || range.end == byte)
            .map(|(range, cell, start)| (*cell, start + byte - range.start))
    }

    /// As [`Mapped::origin`], or else the nearest copied byte before.
    pub fn origin_or_before(&self, byte: usize) -> Option<(usize, usize)> {
        self.origin(byte).or_else(|| {
            let before = self.copied.iter().rev().find(|(range, _, _)| range.end <= byte);
            before.map(|(range, cell, start)| (*cell, start + range.len().saturating_sub(1)))
        })
    }
}

/// A variable that a cell binds at its top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// Whether it is `mut`.
    pub mutable: bool,
    /// Whether the statement names the whole type already.
    pub typed: bool,
}

/// An item of a cell.
#[derive(Debug, Clone)]
pub struct CellItem {
    /// Its bytes.
    pub range: Range<usize>,
    /// The name that it defines; a later item of the same name replaces it. Empty for a `use`; the
    /// header of an `impl`, or the whole text of what has no name.
    pub name: String,
    /// For an `impl`: the type that it is about, and the names that it defines.
    pub of: Option<(String, Vec<String>)>,
    /// The statics in it, at any depth: they exist once, in the cell that defines them.
    pub statics: Vec<CellStatic>,
    /// What a `use` brings in, one name each, with a `use` of its own for later cells.
    pub uses: Vec<(String, String)>,
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

/// A `static`, or a key of `thread_local!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellStatic {
    /// What its definition spans: the item, or the whole `thread_local!`.
    pub range: Range<usize>,
    /// `pub`, or nothing.
    pub visibility: Range<usize>,
    /// `static` or `static mut`, the name and the type.
    pub declaration: Range<usize>,
    pub name: String,
    pub ty: Range<usize>,
    /// Where the type has a `&` that means `&'static`.
    pub references: Vec<usize>,
    pub mutable: bool,
    /// Whether each thread has its own.
    pub thread_local: bool,
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
                if let Item::Use(item) = item {
                    use_names(&item.tree, "", &mut uses);
                }
                let of = match item {
                    Item::Impl(item) => Some(impl_of(item)),
                    _ => None,
                };
                let name = item_name(item).unwrap_or_else(|| match item {
                    Item::Impl(item) => impl_header(item),
                    _ => quote::quote!(#item).to_string(),
                });
                let mut statics = Statics { start: self.start, found: Vec::new() };
                statics.visit_item(item);
                self.items.push(CellItem { range, name, of, statics: statics.found, uses });
            }
            Stmt::Expr(expr, semicolon) => {
                self.find_awaits(statement);
                if last && semicolon.is_none() {
                    let bytes = self.bytes(expr.span());
                    if has_value(expr) {
                        self.tail = Some(bytes);
                    }
                }
            }
            Stmt::Macro(macro_) if macro_.mac.path.is_ident("thread_local") => {
                let mut statics = Statics { start: self.start, found: Vec::new() };
                statics.visit_stmt_macro(macro_);
                let range = self.bytes(statement.span());
                let name = quote::quote!(#statement).to_string();
                let (statics, uses) = (statics.found, Vec::new());
                self.items.push(CellItem { range, name, of: None, statics, uses });
            }
            Stmt::Macro(mac) => {
                self.find_awaits(statement);
                let statement = mac;
                if last && statement.semi_token.is_none() {
                    let bytes = self.bytes(statement.span());
                    if macro_has_value(&statement.mac) {
                        self.tail = Some(bytes);
                    }
                }
            }
        }
    }

    fn bind(&mut self, local: &Local) {
        let (pattern, typed) = match &local.pat {
            Pat::Type(pattern) => (&*pattern.pat, !mentions_inference(&pattern.ty)),
            pattern => (pattern, false),
        };
        let typed_whole = typed && matches!(pattern, Pat::Ident(_));
        let mut names = PatternNames::default();
        names.visit_pat(pattern);
        for (name, mutable) in names.0 {
            self.bindings.retain(|b| b.name != name);
            self.bindings.push(Binding { name, mutable, typed: typed_whole });
        }
    }

    fn find_awaits(&mut self, statement: &Stmt) {
        let mut awaits = Awaits(false);
        awaits.visit_stmt(statement);
        self.asynchronous |= awaits.0;
    }
}

/// Whether a type leaves parts to be inferred.
fn mentions_inference(ty: &syn::Type) -> bool {
    struct Infer(bool);
    impl Visit<'_> for Infer {
        fn visit_type_infer(&mut self, _: &syn::TypeInfer) {
            self.0 = true;
        }
    }
    let mut infer = Infer(false);
    infer.visit_type(ty);
    infer.0
}

/// Loops and assignments have no value worth showing.
fn has_value(expr: &Expr) -> bool {
    match expr {
        Expr::ForLoop(_) | Expr::While(_) | Expr::Assign(_) | Expr::Return(_) => false,
        Expr::If(branch) => branch.else_branch.is_some(),
        Expr::Macro(expr) => macro_has_value(&expr.mac),
        _ => true,
    }
}

/// Statement-like macros end a cell without a value.
fn macro_has_value(mac: &Macro) -> bool {
    const SILENT: [&str; 12] = [
        "println",
        "print",
        "eprintln",
        "eprint",
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "panic",
        "todo",
        "unimplemented",
        "unreachable",
    ];
    let name = mac.path.segments.last().map(|segment| segment.ident.to_string());
    name.is_some_and(|name| !SILENT.contains(&name.as_str()))
}

#[derive(Default)]
struct PatternNames(Vec<(String, bool)>);

impl Visit<'_> for PatternNames {
    fn visit_pat_ident(&mut self, pattern: &syn::PatIdent) {
        let name = pattern.ident.to_string();
        // `None`, `MAX`: a constant to compare with, not a variable.
        if !name.starts_with(char::is_uppercase) && name != "_" {
            self.0.push((name, pattern.mutability.is_some()));
        }
        visit::visit_pat_ident(self, pattern);
    }
}

/// Finds an `.await` that the cell itself waits for.
struct Awaits(bool);

impl Visit<'_> for Awaits {
    fn visit_expr_await(&mut self, expr: &syn::ExprAwait) {
        self.0 = true;
        visit::visit_expr_await(self, expr);
    }
    fn visit_macro(&mut self, mac: &Macro) {
        self.0 |= awaits_in(mac.tokens.clone());
    }
    fn visit_expr_closure(&mut self, _: &syn::ExprClosure) {}
    fn visit_expr_async(&mut self, _: &syn::ExprAsync) {}
    fn visit_item(&mut self, _: &Item) {}
}

/// Whether the tokens of a macro hold an `.await`. One in an `async` block of its own counts too:
/// to wait where nobody needs to does no harm.
fn awaits_in(tokens: proc_macro2::TokenStream) -> bool {
    use proc_macro2::TokenTree;
    let mut after_dot = false;
    tokens.into_iter().any(|token| {
        let dot = std::mem::replace(&mut after_dot, false);
        match token {
            TokenTree::Group(group) => awaits_in(group.stream()),
            TokenTree::Ident(word) => dot && word == "await",
            TokenTree::Punct(mark) => {
                after_dot = mark.as_char() == '.';
                false
            }
            TokenTree::Literal(_) => false,
        }
    })
}

/// Finds statics at any depth.
struct Statics {
    start: usize,
    found: Vec<CellStatic>,
}

impl Statics {
    fn bytes(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        self.start + range.start..self.start + range.end
    }

    fn add(&mut self, item: &syn::ItemStatic, range: Range<usize>, thread_local: bool) {
        // Under a name of the user's own it is his to share.
        let named = ["no_mangle", "export_name", "link_name", "unsafe"];
        let named = |attribute: &syn::Attribute| named.iter().any(|n| attribute.path().is_ident(n));
        if item.attrs.iter().any(named) {
            return;
        }
        let ty = self.bytes(item.ty.span());
        let word = self.bytes(item.static_token.span());
        let visibility = match &item.vis {
            syn::Visibility::Inherited => word.start..word.start,
            visibility => self.bytes(visibility.span()),
        };
        let mut references = References::default();
        references.visit_type(&item.ty);
        self.found.push(CellStatic {
            references: references.0.into_iter().map(|span| self.bytes(span).end).collect(),
            range,
            visibility,
            declaration: word.start..ty.end,
            name: item.ident.to_string(),
            ty,
            mutable: matches!(item.mutability, syn::StaticMutability::Mut(_)),
            thread_local,
        });
    }

    fn keys(&mut self, mac: &Macro, range: &Range<usize>) {
        if !mac.path.is_ident("thread_local") {
            return;
        }
        let keys = |input: syn::parse::ParseStream<'_>| {
            let mut keys = Vec::new();
            while !input.is_empty() {
                keys.push(Key::parse(input)?);
            }
            Ok(keys)
        };
        for key in mac.parse_body_with(keys).unwrap_or_default() {
            self.add(&key, range.clone(), true);
        }
    }
}

impl Visit<'_> for Statics {
    fn visit_item_static(&mut self, item: &syn::ItemStatic) {
        self.add(item, self.bytes(item.span()), false);
    }
    fn visit_item_macro(&mut self, item: &syn::ItemMacro) {
        self.keys(&item.mac, &self.bytes(item.span()));
    }
    fn visit_stmt_macro(&mut self, statement: &syn::StmtMacro) {
        self.keys(&statement.mac, &self.bytes(statement.span()));
    }
}

/// Finds each `&` without a lifetime, other than those of a function's signature.
#[derive(Default)]
struct References(Vec<Span>);

impl Visit<'_> for References {
    fn visit_type_reference(&mut self, reference: &syn::TypeReference) {
        if reference.lifetime.is_none() {
            self.0.push(reference.and_token.span());
        }
        visit::visit_type_reference(self, reference);
    }
    fn visit_type_bare_fn(&mut self, _: &syn::TypeBareFn) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &syn::ParenthesizedGenericArguments) {}
}

/// One key of `thread_local!`: as an item `static`, but the last one needs no semicolon.
struct Key;

impl Key {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<syn::ItemStatic> {
        let attrs = input.call(syn::Attribute::parse_outer)?;
        let (vis, static_token) = (input.parse()?, input.parse()?);
        let (ident, colon_token, ty) = (input.parse()?, input.parse()?, input.parse()?);
        let eq_token = input.parse()?;
        // `const { … }` is an expression like any other.
        let expr = input.parse()?;
        let semi_token = input.parse::<Option<syn::Token![;]>>()?.unwrap_or_default();
        let mutability = syn::StaticMutability::None;
        Ok(syn::ItemStatic {
            attrs,
            vis,
            static_token,
            mutability,
            ident,
            colon_token,
            ty,
            eq_token,
            expr,
            semi_token,
        })
    }
}

/// `impl<T> Trait for Type<T>`, without what it defines.
fn impl_header(item: &syn::ItemImpl) -> String {
    let (generics, ty) = (&item.generics, &item.self_ty);
    let path = item.trait_.as_ref().map(|(_, path, _)| path);
    quote::quote!(impl #generics #path for #ty).to_string()
}

fn impl_of(item: &syn::ItemImpl) -> (String, Vec<String>) {
    let ty = match &*item.self_ty {
        syn::Type::Path(path) => path.path.segments.last().map(|s| s.ident.to_string()),
        _ => None,
    };
    let names = item.items.iter().filter_map(|item| match item {
        syn::ImplItem::Fn(item) => Some(item.sig.ident.to_string()),
        syn::ImplItem::Const(item) => Some(item.ident.to_string()),
        syn::ImplItem::Type(item) => Some(item.ident.to_string()),
        _ => None,
    });
    (ty.unwrap_or_default(), names.collect())
}

fn item_name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(i) => &i.ident,
        Item::Enum(i) => &i.ident,
        Item::Fn(i) => &i.sig.ident,
        Item::Mod(i) => &i.ident,
        Item::Static(i) => &i.ident,
        Item::Struct(i) => &i.ident,
        Item::Trait(i) => &i.ident,
        Item::TraitAlias(i) => &i.ident,
        Item::Type(i) => &i.ident,
        Item::Union(i) => &i.ident,
        Item::Macro(i) => i.ident.as_ref()?,
        Item::Use(_) => return Some(String::new()),
        _ => return None,
    };
    Some(ident.to_string())
}

fn use_names(tree: &syn::UseTree, path: &str, names: &mut Vec<(String, String)>) {
    match tree {
        syn::UseTree::Path(tree) => {
            use_names(&tree.tree, &format!("{path}{}::", tree.ident), names);
        }
        syn::UseTree::Name(tree) if tree.ident == "self" => {
            let path = path.trim_end_matches("::");
            let name = path.rsplit("::").next().unwrap_or(path);
            names.push((name.to_owned(), format!("use {path};")));
        }
        syn::UseTree::Name(tree) => {
            names.push((tree.ident.to_string(), format!("use {path}{};", tree.ident)));
        }
        syn::UseTree::Rename(tree) => {
            let text = if tree.ident == "self" {
                format!("use {} as {};", path.trim_end_matches("::"), tree.rename)
            } else {
                format!("use {path}{} as {};", tree.ident, tree.rename)
            };
            let name = if tree.rename == "_" { text.clone() } else { tree.rename.to_string() };
            names.push((name, text));
        }
        syn::UseTree::Glob(_) => names.push((format!("use {path}*"), format!("use {path}*;"))),
        syn::UseTree::Group(tree) => {
            for tree in &tree.items {
                use_names(tree, path, names);
            }
        }
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
        assert_eq!(parsed.items[1].name, "f");
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
        for text in ["f()", "let g = async { f().await };", "async fn g() { f().await }", "x.awaits"] {
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
    fn generated_text_maps_back() {
        let text = "let x = é();";
        let mut out = Mapped::default();
        out.push("fn f() { ");
        out.copy(3, text, 0..text.len());
        out.push(" }");
        assert_eq!(out.origin(9 + 8), Some((3, 8)));
        assert_eq!(out.origin(3), None);
        assert_eq!(out.origin_or_before(out.text.len()), Some((3, 12)));
    }

    #[test]
    fn an_impl_knows_its_type_and_its_methods() {
        let parsed = Parsed::new("impl<T> Walk for Tree<T> { fn step(&self) {} }");
        let item = &parsed.items[0];
        assert_eq!(item.of, Some(("Tree".to_owned(), vec!["step".to_owned()])));
        assert_eq!(item.name, "impl < T > Walk for Tree < T >");
    }
}
