//! Types as text: how rustc writes them, how a cell can, and which no cell can.

/// A variable of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its type, whole.
    pub ty: String,
    /// Whether it is `mut`.
    pub mutable: bool,
    /// The cell that bound it last.
    pub cell: usize,
}

/// A type as it can be written in source.
pub fn writable(ty: &str) -> String {
    let mut ty = ty
        .replace("{integer}", "i32")
        .replace("{float}", "f64")
        .replace("'{erased} ", "")
        .replace("mlnotes_crates::", "");
    // `fn(i32) -> i32 {double}`: the function's own type coerces to the pointer.
    if let Some(at) = ty.find(" {")
        && (ty.starts_with("fn(") || ty.starts_with("unsafe fn(") || ty.starts_with("extern "))
    {
        ty.truncate(at);
    }
    ty.strip_prefix("cell::").map(str::to_owned).unwrap_or(ty)
}

/// Why a type cannot be kept between cells, with the line to write instead.
pub fn unkeepable(name: &str, ty: &str) -> Option<String> {
    let advice = if ty.contains("{closure@") || ty.contains("{async") {
        format!(
            "`{name}` is a closure, whose type has no name, so it cannot be kept for later cells; \
             write `let {name}: Box<dyn Fn(f64) -> f64> = Box::new(…);` with its own argument and \
             result types, make it a `fn`, or put the cell's code between braces"
        )
    } else if ty.contains("impl ") || ty.contains("{opaque") {
        format!(
            "`{name}` has the type `{ty}`, which has no name, so it cannot be kept for later cells; \
             collect it (`let {name}: Vec<_> = ….collect();`), box it, or put the cell's code \
             between braces"
        )
    } else if ty.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "_") {
        format!("the type of `{name}` is not known; write `let {name}: … =`")
    } else {
        return None;
    };
    Some(advice)
}
