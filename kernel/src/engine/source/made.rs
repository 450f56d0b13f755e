//! What macro calls among a cell's statements stand for.

use super::bindings::{Binding, names_of};
use super::uses::use_names;
use crate::engine::facts::{self, Facts};
use syn::{Block, Expr, Item, Stmt, parse::Parser};

/// What a macro call turned out to make.
#[derive(Debug, Clone)]
pub enum Made {
    /// Items, with what is known of all of them, and their text.
    Items(Box<Facts>, String),
    /// Variables, perhaps.
    Bindings(Vec<Binding>),
    /// A value, or only effects.
    Nothing,
}

impl Made {
    /// What an expanded macro call is.
    pub fn of(text: &str) -> Self {
        let Ok(statements) = Block::parse_within.parse_str(text) else { return Self::Nothing };
        let mut items: Option<Facts> = None;
        let mut bindings: Vec<Binding> = Vec::new();
        let mut only_items = true;
        for statement in &statements {
            match statement {
                Stmt::Item(item) => {
                    let mut facts = Facts::of(item);
                    if let Item::Use(item) = item {
                        let mut uses = Vec::new();
                        use_names(&item.tree, "", &mut uses);
                        let all = facts::TYPES | facts::VALUES | facts::MACROS;
                        facts.defines.extend(uses.into_iter().map(|(name, _)| (name, all)));
                    }
                    // All of it is one call: what one part is about, the whole is.
                    facts.heading = None;
                    items.get_or_insert_default().merge(facts);
                }
                Stmt::Local(local) => {
                    only_items = false;
                    bindings.extend(names_of(&local.pat));
                }
                Stmt::Expr(Expr::Verbatim(nothing), _) if nothing.is_empty() => {}
                Stmt::Expr(Expr::Tuple(unit), _) if unit.elems.is_empty() => {}
                _ => only_items = false,
            }
        }
        proc_macro2::extra::invalidate_current_thread_spans();
        match items {
            Some(facts) if only_items => {
                // The semicolon behind the call is no item.
                let nothing = |statement: &Stmt| matches!(statement, Stmt::Expr(Expr::Verbatim(tokens), _) if tokens.is_empty());
                let text = text.trim();
                let bare =
                    text.strip_suffix(';').filter(|_| statements.last().is_some_and(nothing));
                // By std's name, which every crate has.
                let text = bare.unwrap_or(text).trim_end().replace(" ::alloc::", " ::std::");
                Self::Items(Box::new(facts), text.replace("(::alloc::", "(::std::"))
            }
            _ if !bindings.is_empty() => Self::Bindings(bindings),
            _ => Self::Nothing,
        }
    }
}
