//! Values that are one text: HTML, pictures, Markdown, formulas.

use crate::Bundle;

macro_rules! text_value {
    ($(#[$doc:meta])* $name:ident, $function:ident, $mime:literal, $wrap:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub String);

        impl $name {
            /// Shows the value now.
            pub fn show(&self) {
                self.bundle().show();
            }

            /// Shows the value as the cell's result; the kernel calls this.
            pub fn evcxr_display(&self) {
                self.bundle().evcxr_display();
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
    /// HTML, shown as it is: escape what is not yours with [`escape`](crate::escape).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_mime_type() {
        let said = [
            Html("<b>".into()).bundle(),
            Svg("<svg/>".into()).bundle(),
            Markdown("*a*".into()).bundle(),
            Latex("x^2".into()).bundle(),
            Text("a".into()).bundle(),
        ]
        .map(|bundle| bundle.markers());
        let block = |mime: &str, content: &str| {
            format!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n")
        };
        let expected = [
            block("text/html", "<b>"),
            block("image/svg+xml", "<svg/>"),
            block("text/markdown", "*a*"),
            block("text/latex", "$\\displaystyle x^2$"),
            block("text/plain", "a"),
        ];
        assert_eq!(said, expected);
    }
}
