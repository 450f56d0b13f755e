//! Whether a cell waits for futures.

use syn::visit::{self, Visit};
use syn::{Item, Macro, Stmt};

/// Whether a statement of a cell has an `.await` that the cell itself waits for.
pub(super) fn waits(statement: &Stmt) -> bool {
    let mut awaits = Awaits(false);
    awaits.visit_stmt(statement);
    awaits.0
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
