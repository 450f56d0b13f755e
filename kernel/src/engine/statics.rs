//! The statics of a cell, at any depth: each exists once, in the library of the cell that defines it.

use proc_macro2::Span;
use std::ops::Range;
use syn::Macro;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A `static`, or a key of `thread_local!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellStatic {
    /// What its definition spans: the item, or the whole `thread_local!`.
    pub range: Range<usize>,
    /// The definition alone.
    pub whole: Range<usize>,
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

/// The statics in the text of some items, of which each has its own name.
pub(super) fn statics_in(text: &str) -> Vec<CellStatic> {
    let mut statics = Statics { start: 0, found: Vec::new() };
    // What `thread_local!` expands to is no text that a cell can have.
    if let Ok(file) = syn::parse_file(text)
        && !text.contains("thread::local_impl")
    {
        statics.visit_file(&file);
    }
    proc_macro2::extra::invalidate_current_thread_spans();
    statics.found
}

/// Finds statics at any depth.
pub(super) struct Statics {
    pub(super) start: usize,
    pub(super) found: Vec<CellStatic>,
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
            whole: visibility.start..self.bytes(item.expr.span()).end,
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
