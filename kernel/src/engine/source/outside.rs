//! What a cell takes from files beside the notebook.

use super::made::Made;
use crate::engine::facts::Facts;
use crate::engine::files;
use syn::{Expr, Macro};

/// The items of the file that an `include!` names, and the copy of it; `None` when it is an expression.
pub(super) fn included(mac: &Macro) -> Option<(Facts, std::path::PathBuf)> {
    if !mac.path.is_ident("include") {
        return None;
    }
    let file = mac.parse_body::<syn::LitStr>().ok()?.value();
    let (text, copy) = files::code(&file)?;
    // Another thread: the parser of this one is at work.
    let made = std::thread::scope(|scope| scope.spawn(|| Made::of(&text)).join());
    match made {
        Ok(Made::Items(facts, _)) => Some((*facts, copy)),
        _ => None,
    }
}

/// The file of a `#[path = "…"]`.
pub(super) fn path_of(attribute: &syn::Attribute) -> Option<String> {
    let value = &attribute.meta.require_name_value().ok()?.value;
    match (attribute.path().is_ident("path"), value) {
        (true, Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) => Some(text.value()),
        _ => None,
    }
}
