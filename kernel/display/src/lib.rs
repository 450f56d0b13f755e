#![doc = include_str!("../README.md")]

mod bundle;
mod channel;
mod live;
mod table;
mod text;
mod transport;

pub use bundle::Bundle;
pub use live::{Handle, Progress, ProgressIter, html_handle, progress};
pub use table::{Table, table};
pub use text::{Html, Latex, Markdown, Svg, Text, html, latex, markdown, svg, text};

/// Text that HTML shows as it is.
///
/// ```
/// assert_eq!(mlnotes_display::escape("a < b"), "a &lt; b");
/// ```
pub fn escape(text: &str) -> String {
    html_escape::encode_safe(text).into_owned()
}

/// Clears what the cell has shown so far; with `wait`, when its next output comes.
///
/// Stock `evcxr_jupyter` cannot; there it does nothing.
///
/// # Panics
/// With "Interrupted" when the reader has asked for the cell to stop.
pub fn clear(wait: bool) {
    transport::clear(wait);
}

/// Stops the cell here, with all variables kept, when the reader has asked for it. For long loops: it
/// may stand in the innermost, since it asks the kernel at most fifty times a second. Outside the kernel
/// it does nothing.
///
/// ```
/// let mut sum = 0_u64;
/// for i in 0..1_000 {
///     mlnotes_display::check_interrupt();
///     sum += i;
/// }
/// assert_eq!(sum, 499_500);
/// ```
///
/// # Panics
/// With "Interrupted", which the kernel turns into a clean stop.
pub fn check_interrupt() {
    transport::check_interrupt();
}
