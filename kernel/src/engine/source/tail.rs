//! Whether a cell's last expression has a value to show.

use syn::{Expr, Macro};

/// Loops and assignments have no value worth showing.
pub(super) fn has_value(expr: &Expr) -> bool {
    match expr {
        Expr::ForLoop(_) | Expr::While(_) | Expr::Assign(_) | Expr::Return(_) => false,
        Expr::If(branch) => branch.else_branch.is_some(),
        Expr::Macro(expr) => macro_has_value(&expr.mac),
        _ => true,
    }
}

/// Statement-like macros end a cell without a value.
pub(super) fn macro_has_value(mac: &Macro) -> bool {
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
