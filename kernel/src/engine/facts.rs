//! What an item defines, what it refers to, and what of it makes a type what it is.
//!
//! These facts decide which items a cell needs, what a new definition replaces, and whose meaning it
//! changes. They err on one side: a name too many makes a session keep a little less or compile a
//! little more, a name too few could let a value outlive its type.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::BTreeSet;
use syn::visit::{self, Visit};
use syn::{Fields, ImplItem, Item};

/// Rust's three name spaces, as bits: one name may be in several.
pub const TYPES: u8 = 1;
/// Functions, constants, statics, constructors.
pub const VALUES: u8 = 2;
/// `macro_rules!`.
pub const MACROS: u8 = 4;

/// What is known of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Names that it defines in its module, with their name spaces.
    pub defines: Vec<(String, u8)>,
    /// Names by which it is used without its own: methods and constants of a trait, items of a module.
    pub offers: BTreeSet<String>,
    /// Names in its module that it may refer to: the heads of its paths.
    pub mentions: BTreeSet<String>,
    /// Every word in it, for what is only needed to compile.
    pub words: BTreeSet<String>,
    /// For an `impl`: the names in its header.
    pub header: BTreeSet<String>,
    /// Those of them in the type that it is about.
    pub subject: BTreeSet<String>,
    /// Its text without what changes no type: comments, and derives of the standard library.
    pub print: String,
    /// Associated types and constants, through which it is a part of the types of its header.
    pub associated: Option<String>,
    /// For a static: the names in its type.
    pub of_type: Option<BTreeSet<String>>,
    /// For an `impl`: the names that it defines, in their order; empty for what has no name.
    pub members: Vec<String>,
    /// An `impl`, with its header as text.
    pub heading: Option<String>,
    /// An `impl` of a trait.
    pub of_trait: bool,
    /// Part of it stands in a file, which may have changed though its text has not.
    pub outside: bool,
}

impl Facts {
    /// Whether it defines a name in one of some name spaces.
    pub fn defines(&self, name: &str, spaces: u8) -> bool {
        self.defines.iter().any(|(own, space)| own == name && space & spaces != 0)
    }

    /// Where it has to stand among the items of its module: names are known everywhere, but those of
    /// `macro_rules!` only below their definition. First such definitions, then calls that make some.
    pub fn turn(&self) -> u8 {
        let makes_macros = self.defines.iter().any(|(_, spaces)| *spaces == MACROS);
        match (makes_macros, self.print.contains("macro_rules")) {
            (true, true) => 0,
            (true, false) => 1,
            (false, _) => 2,
        }
    }

    /// The facts of several items that stand for one.
    pub fn merge(&mut self, other: Self) {
        self.defines.extend(other.defines);
        self.offers.extend(other.offers);
        self.mentions.extend(other.mentions);
        self.words.extend(other.words);
        self.header.extend(other.header);
        self.subject.extend(other.subject);
        if let Some(more) = other.associated {
            self.associated.get_or_insert_default().push_str(&more);
        }
        if let Some(names) = other.of_type {
            self.of_type.get_or_insert_default().extend(names);
        }
        self.of_trait |= other.of_trait;
    }

    /// The facts of an item.
    pub fn of(item: &Item) -> Self {
        let mut facts = Self { print: print(item), ..Self::default() };
        words(item.to_token_stream(), &mut facts.words);
        facts.outside = facts.words.contains("include")
            || matches!(item, Item::Mod(item) if item.content.is_none());
        let mut heads = Heads::default();
        heads.visit_item(item);
        facts.mentions = heads.names;
        match item {
            Item::Struct(item) => {
                let constructor = if matches!(item.fields, Fields::Named(_)) { 0 } else { VALUES };
                facts.define(&item.ident, TYPES | constructor);
            }
            Item::Enum(i) => {
                facts.define(&i.ident, TYPES);
                facts.offers.extend(i.variants.iter().map(|variant| name(&variant.ident)));
            }
            Item::Union(i) => facts.define(&i.ident, TYPES),
            Item::Type(i) => facts.define(&i.ident, TYPES),
            Item::Trait(i) => {
                facts.define(&i.ident, TYPES);
                let members = i.items.iter().filter_map(|item| match item {
                    syn::TraitItem::Fn(item) => Some(name(&item.sig.ident)),
                    syn::TraitItem::Const(item) => Some(name(&item.ident)),
                    _ => None,
                });
                facts.offers.extend(members);
            }
            Item::TraitAlias(i) => facts.define(&i.ident, TYPES),
            Item::Fn(i) => facts.define(&i.sig.ident, VALUES),
            Item::Const(i) => facts.define(&i.ident, VALUES),
            Item::Static(i) => {
                facts.define(&i.ident, VALUES);
                let mut heads = Heads::default();
                heads.visit_type(&i.ty);
                facts.of_type = Some(heads.names);
            }
            Item::Mod(i) => {
                facts.define(&i.ident, TYPES);
                // Its traits are used by their methods, and its items through globs.
                for item in i.content.iter().flat_map(|(_, items)| items) {
                    let inner = Self::of(item);
                    facts.offers.extend(inner.defines.into_iter().map(|(name, _)| name));
                    facts.offers.extend(inner.offers);
                }
            }
            Item::Macro(i) => match &i.ident {
                Some(ident) => facts.define(ident, MACROS),
                None => facts.header.clone_from(&facts.mentions),
            },
            Item::ForeignMod(i) => {
                for item in &i.items {
                    match item {
                        syn::ForeignItem::Fn(item) => facts.define(&item.sig.ident, VALUES),
                        syn::ForeignItem::Static(item) => facts.define(&item.ident, VALUES),
                        syn::ForeignItem::Type(item) => facts.define(&item.ident, TYPES),
                        _ => {}
                    }
                }
            }
            Item::Impl(item) => facts.implement(item),
            _ => {}
        }
        facts
    }

    fn define(&mut self, ident: &syn::Ident, spaces: u8) {
        if ident != "_" {
            self.defines.push((name(ident), spaces));
        }
    }

    fn implement(&mut self, item: &syn::ItemImpl) {
        let mut heads = Heads::default();
        heads.within(&item.generics, |heads| heads.visit_type(&item.self_ty));
        self.subject.clone_from(&heads.names);
        heads.within(&item.generics, |heads| {
            heads.visit_generics(&item.generics);
            if let Some((_, path, _)) = &item.trait_ {
                heads.visit_path(path);
            }
        });
        self.header = heads.names;
        self.of_trait = item.trait_.is_some();
        let (generics, ty) = (&item.generics, &item.self_ty);
        let path = item.trait_.as_ref().map(|(not, path, _)| quote::quote!(#not #path for));
        self.heading = Some(quote::quote!(impl #generics #path #ty).to_string());
        let mut associated = String::new();
        for member in &item.items {
            match member {
                ImplItem::Type(i) => {
                    associated.push_str(&i.to_token_stream().to_string());
                    self.members.push(name(&i.ident));
                }
                ImplItem::Const(i) => {
                    associated.push_str(&i.to_token_stream().to_string());
                    self.members.push(name(&i.ident));
                }
                ImplItem::Fn(i) => self.members.push(name(&i.sig.ident)),
                ImplItem::Macro(i) => {
                    associated.push_str(&i.to_token_stream().to_string());
                    self.members.push(String::new());
                }
                _ => self.members.push(String::new()),
            }
        }
        if !associated.is_empty() {
            self.associated = Some(associated);
        }
    }

    /// The facts of a macro call that stands for items which nobody has seen.
    pub fn of_call(mac: &syn::Macro) -> Self {
        let mut facts = Self { print: mac.to_token_stream().to_string(), ..Self::default() };
        words(mac.to_token_stream(), &mut facts.words);
        let mut heads = Heads::default();
        heads.visit_macro(mac);
        facts.header.clone_from(&heads.names);
        facts.mentions = heads.names;
        facts.associated = Some(facts.print.clone());
        facts
    }
}

/// A name without the mark of a raw identifier, as rustc compares names.
pub fn name(ident: &syn::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map(str::to_owned).unwrap_or(text)
}

/// The identifiers in code, and the words of its strings.
pub fn words(tokens: TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => words(group.stream(), into),
            TokenTree::Ident(ident) => {
                into.insert(name(&ident));
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.contains('"') {
                    let word = |c: char| !(c.is_alphanumeric() || c == '_');
                    into.extend(text.split(word).filter(|w| !w.is_empty()).map(str::to_owned));
                }
            }
            TokenTree::Punct(_) => {}
        }
    }
}

/// The text of an item without documentation and without derives that change no type.
fn print(item: &Item) -> String {
    let mut item = item.clone();
    simplify(&mut item);
    item.to_token_stream().to_string()
}

/// Items and fields may have comments; only what is walked here loses them.
fn simplify(item: &mut Item) {
    let attributes = match item {
        Item::Struct(i) => {
            i.fields.iter_mut().for_each(|field| undocument(&mut field.attrs));
            &mut i.attrs
        }
        Item::Enum(i) => {
            for variant in &mut i.variants {
                undocument(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| undocument(&mut field.attrs));
            }
            &mut i.attrs
        }
        Item::Union(i) => {
            i.fields.named.iter_mut().for_each(|field| undocument(&mut field.attrs));
            &mut i.attrs
        }
        Item::Mod(i) => {
            for item in i.content.iter_mut().flat_map(|(_, items)| items) {
                simplify(item);
            }
            &mut i.attrs
        }
        Item::Trait(i) => &mut i.attrs,
        Item::Type(i) => &mut i.attrs,
        Item::Const(i) => &mut i.attrs,
        Item::Static(i) => &mut i.attrs,
        Item::Fn(i) => &mut i.attrs,
        Item::Impl(i) => &mut i.attrs,
        _ => return,
    };
    undocument(attributes);
    for attribute in attributes.iter_mut().filter(|a| a.path().is_ident("derive")) {
        const PLAIN: [&str; 9] =
            ["Debug", "Clone", "Copy", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash", "Default"];
        let mut others = TokenStream::new();
        let _ = attribute.parse_nested_meta(|meta| {
            if !PLAIN.iter().any(|name| meta.path.is_ident(name)) {
                others.extend(meta.path.to_token_stream());
                others.extend(quote::quote!(,));
            }
            Ok(())
        });
        attribute.meta = syn::parse_quote!(derive(#others));
    }
    attributes.retain(|a| {
        !matches!(&a.meta, syn::Meta::List(l) if l.path.is_ident("derive") && l.tokens.is_empty())
    });
}

fn undocument(attributes: &mut Vec<syn::Attribute>) {
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
}

/// Collects the first names of paths: what a definition in the same module could stand behind.
#[derive(Default)]
struct Heads {
    names: BTreeSet<String>,
    /// Generic parameters in scope, which stand for themselves.
    own: Vec<String>,
}

impl Heads {
    fn head<'a>(&mut self, mut segments: impl Iterator<Item = &'a syn::Ident>) {
        let head = segments.find(|s| !["crate", "self", "super"].iter().any(|w| s == w));
        let Some(head) = head.filter(|head| *head != "Self") else { return };
        let head = name(head);
        if !self.own.contains(&head) {
            self.names.insert(head);
        }
    }

    fn tree(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                if ["crate", "self", "super"].iter().any(|word| path.ident == word) {
                    self.tree(&path.tree);
                } else {
                    self.names.insert(name(&path.ident));
                }
            }
            syn::UseTree::Name(i) => drop(self.names.insert(name(&i.ident))),
            syn::UseTree::Rename(i) => drop(self.names.insert(name(&i.ident))),
            syn::UseTree::Glob(_) => {}
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree)),
        }
    }

    /// Runs with the generic parameters of an item in scope.
    fn within(&mut self, generics: &syn::Generics, visit: impl FnOnce(&mut Self)) {
        let before = self.own.len();
        let names = generics.params.iter().filter_map(|parameter| match parameter {
            syn::GenericParam::Type(i) => Some(name(&i.ident)),
            syn::GenericParam::Const(i) => Some(name(&i.ident)),
            syn::GenericParam::Lifetime(_) => None,
        });
        self.own.extend(names);
        visit(self);
        self.own.truncate(before);
    }
}

impl<'ast> Visit<'ast> for Heads {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.head(path.segments.iter().map(|segment| &segment.ident));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.visit_path(&mac.path);
        words(mac.tokens.clone(), &mut self.names);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if !attribute.path().is_ident("doc") {
            self.visit_path(attribute.path());
            if let syn::Meta::List(list) = &attribute.meta {
                words(list.tokens.clone(), &mut self.names);
            } else if let syn::Meta::NameValue(pair) = &attribute.meta {
                words(pair.value.to_token_stream(), &mut self.names);
            }
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            self.tree(&item.tree);
        }
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        // It may be a constant to compare with.
        self.names.insert(name(&pattern.ident));
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_item_struct(&mut self, i: &'ast syn::ItemStruct) {
        self.within(&i.generics, |heads| visit::visit_item_struct(heads, i));
    }
    fn visit_item_enum(&mut self, i: &'ast syn::ItemEnum) {
        self.within(&i.generics, |heads| visit::visit_item_enum(heads, i));
    }
    fn visit_item_union(&mut self, i: &'ast syn::ItemUnion) {
        self.within(&i.generics, |heads| visit::visit_item_union(heads, i));
    }
    fn visit_item_type(&mut self, i: &'ast syn::ItemType) {
        self.within(&i.generics, |heads| visit::visit_item_type(heads, i));
    }
    fn visit_item_trait(&mut self, i: &'ast syn::ItemTrait) {
        self.within(&i.generics, |heads| visit::visit_item_trait(heads, i));
    }
    fn visit_item_impl(&mut self, i: &'ast syn::ItemImpl) {
        self.within(&i.generics, |heads| visit::visit_item_impl(heads, i));
    }
    fn visit_item_fn(&mut self, i: &'ast syn::ItemFn) {
        self.within(&i.sig.generics, |heads| visit::visit_item_fn(heads, i));
    }
    fn visit_trait_item_fn(&mut self, i: &'ast syn::TraitItemFn) {
        self.within(&i.sig.generics, |heads| visit::visit_trait_item_fn(heads, i));
    }
    fn visit_impl_item_fn(&mut self, i: &'ast syn::ImplItemFn) {
        self.within(&i.sig.generics, |heads| visit::visit_impl_item_fn(heads, i));
    }
    fn visit_item_macro(&mut self, i: &'ast syn::ItemMacro) {
        i.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        if i.ident.is_some() {
            words(i.mac.tokens.clone(), &mut self.names);
        } else {
            self.visit_macro(&i.mac);
        }
    }
}
