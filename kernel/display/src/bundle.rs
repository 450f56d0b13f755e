//! One value in several representations.

use crate::transport;
use serde_json::{Map, Value, json};

/// One value in several representations; the richest that the reader's screen can show wins.
///
/// A MIME type stands once and holds no spaces. Binary content, such as a picture as PNG, is given in
/// base64, as Jupyter wants it; content of `application/json` and of types that end in `+json` is JSON.
///
/// ```
/// use mlnotes_display::Bundle;
/// let pi = Bundle::new("text/latex", r"$\pi$").with("text/plain", "3.14");
/// assert_eq!(pi.get("text/plain"), Some("3.14"));
/// assert_eq!(pi.get("text/html"), None);
/// pi.show();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Pairs of MIME type and content, in the order in which they came.
    data: Vec<(String, String)>,
}

impl Bundle {
    /// One representation: its MIME type and its content.
    pub fn new(mime: &str, content: impl Into<String>) -> Self {
        Self { data: vec![(mime.to_owned(), content.into())] }
    }

    /// Another representation of the same value, in place of one of that type that stood before.
    #[must_use]
    pub fn with(mut self, mime: &str, content: impl Into<String>) -> Self {
        self.data.retain(|(known, _)| known != mime);
        self.data.push((mime.to_owned(), content.into()));
        self
    }

    /// The content of a MIME type.
    pub fn get(&self, mime: &str) -> Option<&str> {
        self.data.iter().find(|(known, _)| known == mime).map(|(_, content)| content.as_str())
    }

    /// Shows the value now.
    ///
    /// # Panics
    /// With "Interrupted" when the reader has asked for the cell to stop.
    pub fn show(&self) {
        transport::show(self, false);
    }

    /// Shows the value as the cell's result; an `evcxr_display` of a type of your own calls this.
    ///
    /// # Panics
    /// With "Interrupted" when the reader has asked for the cell to stop.
    pub fn evcxr_display(&self) {
        transport::show(self, true);
    }

    /// As Jupyter's messages hold it.
    pub(crate) fn to_json(&self) -> Value {
        let value = |mime: &str, content: &str| {
            let json = mime == "application/json" || mime.ends_with("+json");
            let parsed = json.then(|| serde_json::from_str(content).ok()).flatten();
            parsed.unwrap_or_else(|| json!(content))
        };
        let entries = self.data.iter().map(|(mime, text)| (mime.clone(), value(mime, text)));
        Value::Object(entries.collect::<Map<_, _>>())
    }

    /// evcxr's convention: each representation between two marker lines.
    pub(crate) fn markers(&self) -> String {
        let block = |(mime, content): &(String, String)| {
            format!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT\n")
        };
        self.data.iter().map(block).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_kernel_of_ours_evcxr_understands() {
        let bundle = Bundle::new("text/html", "<b>1</b>").with("text/plain", "1");
        assert_eq!(
            bundle.markers(),
            "EVCXR_BEGIN_CONTENT text/html\n<b>1</b>\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\n1\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn json_travels_as_json_and_text_as_text() {
        let spec = Bundle::new("application/vnd.vegalite.v5+json", "{\"mark\": \"bar\"}")
            .with("application/json", "no JSON")
            .with("text/plain", "[1]");
        let expected = json!({
            "application/vnd.vegalite.v5+json": { "mark": "bar" },
            "application/json": "no JSON",
            "text/plain": "[1]",
        });
        assert_eq!(spec.to_json(), expected);
    }

    #[test]
    fn a_type_stands_once() {
        let twice = Bundle::new("text/plain", "1").with("text/plain", "2");
        assert_eq!(twice, Bundle::new("text/plain", "2"));
    }
}
