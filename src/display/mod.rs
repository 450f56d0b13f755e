//! Rich output for cells: HTML, SVG, Markdown, formulas, tables, progress, in order with what the
//! cell prints, as many a cell as it likes.
//!
//! A value with a method `show` appears at once; the same value as a cell's last expression is the
//! cell's result. Under this project's kernel displays travel on a channel of their own; under stock
//! `evcxr_jupyter` they are printed in that kernel's own convention, which keeps the last of each
//! kind; in a plain program they print as text between two marker lines.
//!
//! # Example
//! ```
//! use mlnotes::display;
//! display::html("<b>bold</b>");
//! display::latex(r"\nabla L = X^\top (p - y) / n");
//! let table = display::table(&["k", "BIC"], &[vec!["2".into(), "574.02".into()]]);
//! assert_eq!(table.to_text(), "k     BIC\n2  574.02\n");
//! ```

mod live;
mod table;
mod transport;

pub use live::{Handle, Progress, ProgressIter, html_handle, progress};
pub use table::{Table, matrix, table};
use transport::Bundle;

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $function:ident, $mime:literal, $wrap:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub String);

        impl $name {
            /// Shows the value now.
            pub fn show(&self) {
                transport::show(&self.bundle(), false);
            }

            /// Shows the value as the cell's result; the kernel calls this.
            pub fn evcxr_display(&self) {
                transport::show(&self.bundle(), true);
            }

            fn bundle(&self) -> Bundle {
                let wrap: fn(&str) -> String = $wrap;
                Bundle::new($mime, wrap(&self.0))
            }
        }

        $(#[$doc])*
        ///
        /// This function shows it at once.
        pub fn $function(content: &str) {
            $name(content.to_owned()).show();
        }
    };
}

text_value!(
    /// HTML, shown as it is: escape what is not yours with [`escape`].
    Html, html, "text/html", str::to_owned
);
text_value!(
    /// A picture as SVG.
    Svg, svg, "image/svg+xml", str::to_owned
);
text_value!(
    /// Markdown, formulas between dollar signs included.
    Markdown, markdown, "text/markdown", str::to_owned
);
text_value!(
    /// A formula in LaTeX, without the dollar signs.
    Latex, latex, "text/latex", |formula| format!("$\\displaystyle {formula}$")
);
text_value!(
    /// Plain text, apart from what the cell prints.
    Text, text, "text/plain", str::to_owned
);

/// Text that HTML shows as it is.
///
/// ```
/// assert_eq!(mlnotes::display::escape("a < b"), "a &lt; b");
/// ```
pub fn escape(text: &str) -> String {
    html_escape::encode_safe(text).into_owned()
}

/// Clears what the cell has shown so far; with `wait`, when its next output comes.
///
/// Stock `evcxr_jupyter` cannot; there it does nothing.
pub fn clear(wait: bool) {
    transport::clear(wait);
}

/// Stops the cell here, with all variables kept, when the reader has asked for it. For long loops: it
/// may stand in the innermost, since it asks the kernel at most fifty times a second. The library's own
/// `fit` loops look, too. Outside the kernel it does nothing.
///
/// # Panics
/// With "Interrupted", which the kernel turns into a clean stop.
pub fn check_interrupt() {
    transport::check_interrupt();
}

/// Shows a picture with its plain description; the value behind [`crate::plot::Figure`].
pub(crate) fn show_picture(mime: &'static str, content: &str, description: &str, result: bool) {
    let bundle = Bundle::new(mime, content).with("text/plain", description);
    transport::show(&bundle, result);
}
