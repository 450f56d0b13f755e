//! Macro calls within the arguments of a macro call.
//!
//! What std's macros expand to is not for cells: `vec![…]` ends in names that only std may use. So a call that
//! is expanded for what it makes (`lazy_static! { static ref V: Vec<u8> = vec![1]; }`) is expanded a second time
//! with a name in place of each inner call, and the inner calls are put back into the text that comes out.

use proc_macro2::{TokenStream, TokenTree};
use std::ops::Range;

/// Bytes of the calls in the arguments of the call that `text` is, outermost ones alone, in order.
pub fn inner_calls(text: &str) -> Vec<Range<usize>> {
    let Ok(tokens) = text.parse::<TokenStream>() else { return Vec::new() };
    let mut found = Vec::new();
    for token in tokens {
        if let TokenTree::Group(group) = token {
            walk(group.stream(), &mut found);
        }
    }
    proc_macro2::extra::invalidate_current_thread_spans();
    found
}

fn walk(tokens: TokenStream, found: &mut Vec<Range<usize>>) {
    // Where the path begins that the tokens before may be the end of, and whether a `!` came behind it.
    let (mut path, mut bang) = (None, false);
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Ident(word) => {
                if path.is_none() || colons != 2 || bang {
                    path = Some(word.span().byte_range().start);
                }
                (bang, colons) = (false, 0);
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' && !bang => colons += 1,
            TokenTree::Punct(mark) if mark.as_char() == '!' && colons == 0 && !bang => {
                bang = path.is_some();
            }
            TokenTree::Group(group) => {
                match path.take().filter(|_| bang) {
                    Some(start) => found.push(start..group.span_close().byte_range().end),
                    None => walk(group.stream(), found),
                }
                (bang, colons) = (false, 0);
            }
            _ => (path, bang, colons) = (None, false, 0),
        }
    }
}

/// The name that stands for an inner call.
pub fn name(call: usize, inner: usize) -> String {
    format!("mlnotes_hole_{call}_{inner}_")
}

/// Puts the inner calls of a call back into what it has expanded to.
pub fn fill(expanded: &str, call: usize, text: &str, inner: &[Range<usize>]) -> String {
    let mut filled = expanded.to_owned();
    for (i, range) in inner.iter().enumerate() {
        filled = filled.replace(&name(call, i), &text[range.clone()]);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(text: &str) -> Vec<&str> {
        inner_calls(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn calls_in_the_arguments_are_found() {
        assert_eq!(
            inner("lazy! { static ref É: Vec<u8> = vec![1, vec![2].len() as u8]; }"),
            ["vec![1, vec![2].len() as u8]"]
        );
        assert_eq!(
            inner("m!(f(std::vec![1]), (format!(\"{}\", 1)))"),
            ["std::vec![1]", "format!(\"{}\", 1)"]
        );
        for none in [
            "m!(a != (b), !(c), x::y(1))",
            "vec![1]",
            "macro_rules! m { () => {} }",
            "m!(a: !)",
            "m!((",
        ] {
            assert!(inner(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn they_are_put_back() {
        let text = "lazy! { static ref V: Vec<u8> = vec![1]; }";
        let calls = inner_calls(text);
        let expanded = format!("static V: V = V; fn f() -> Vec<u8> {{ {} }}", name(3, 0));
        assert!(fill(&expanded, 3, text, &calls).ends_with("{ vec![1] }"));
    }
}
