//! The variables that a cell's statements bind.

use std::ops::Range;
use syn::Pat;
use syn::visit::{self, Visit};

/// A variable that a cell binds at its top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its name.
    pub name: String,
    /// Whether it is `mut`.
    pub mutable: bool,
    /// Whether the statement names the whole type already.
    pub typed: bool,
    /// For a statement that binds this name alone: its bytes, and those of the value.
    pub alone: Option<(Range<usize>, Range<usize>)>,
}

/// Whether a type leaves parts to be inferred.
pub(super) fn mentions_inference(ty: &syn::Type) -> bool {
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

/// The names that a pattern binds, or compares with.
pub fn names_of(pattern: &Pat) -> Vec<Binding> {
    let mut names = PatternNames::default();
    names.visit_pat(pattern);
    let binding = |(name, mutable)| Binding { name, mutable, typed: false, alone: None };
    names.0.into_iter().map(binding).collect()
}

#[derive(Default)]
struct PatternNames(Vec<(String, bool)>);

impl Visit<'_> for PatternNames {
    fn visit_pat_ident(&mut self, pattern: &syn::PatIdent) {
        // Which of them are constants to compare with, only the compiler knows.
        self.0.push((pattern.ident.to_string(), pattern.mutability.is_some()));
        visit::visit_pat_ident(self, pattern);
    }
}
