//! Whether what a cell shows is what is stored.
//!
//! Processors differ in the last bit, so a number may differ by one unit of its last printed digit, and
//! a coordinate of a figure by one pixel. Whole numbers are counts and must agree, and so must all
//! else, to the byte.

use super::file::Stored;
use nbformat::v4::Output;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::ops::Range;

/// Figures are drawn four times larger than they are shown.
const PIXEL: f64 = 4.0;
/// Binary fractions: 0.1235 − 0.1234 is a little more than 0.0001.
const ROUNDING: f64 = 1.000_001;
/// As much of a long line as is shown of it.
const EXCERPT: usize = 160;

/// Where what is stored and what came part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which output, and which line of it.
    pub what: String,
    /// What is stored.
    pub stored: String,
    /// What came now.
    pub now: String,
}

/// Where two results of a cell differ: in their counts, and first in their outputs.
pub fn differences(stored: &Stored, now: &Stored) -> Vec<Difference> {
    let text = |count: Option<u32>| count.map_or("none".to_owned(), |count| count.to_string());
    let count = (stored.count != now.count).then(|| Difference {
        what: "execution count".to_owned(),
        stored: text(stored.count),
        now: text(now.count),
    });
    count.into_iter().chain(first_difference(&stored.outputs, &now.outputs)).collect()
}

/// The first difference between the outputs of a cell.
fn first_difference(stored: &[Output], now: &[Output]) -> Option<Difference> {
    let (old, new) = (merged(stored), merged(now));
    for (old, new) in old.iter().zip(&new) {
        if let Some(difference) = differing_outputs(old, new) {
            return Some(difference);
        }
    }
    let nothing = || "(nothing)".to_owned();
    let at = old.len().min(new.len());
    let difference = |what: &str, stored, now| Difference { what: what.to_owned(), stored, now };
    match (old.get(at), new.get(at)) {
        (Some(old), _) => Some(difference("a stored output is missing", summary(old), nothing())),
        (_, Some(new)) => Some(difference("an output is not stored", nothing(), summary(new))),
        (None, None) => None,
    }
}

/// Outputs with neighbouring stretches of one stream joined: their cut depends on time.
fn merged(outputs: &[Output]) -> Vec<Output> {
    let mut merged: Vec<Output> = Vec::new();
    for output in outputs {
        if let Output::Stream { name, text } = output
            && let Some(Output::Stream { name: last, text: before }) = merged.last_mut()
            && name == last
        {
            before.0.push_str(&text.0);
        } else {
            merged.push(output.clone());
        }
    }
    merged
}

fn differing_outputs(old: &Output, new: &Output) -> Option<Difference> {
    let other = |what: &str, stored: String, now: String| {
        Some(Difference { what: what.to_owned(), stored, now })
    };
    match (old, new) {
        (Output::Stream { name: a, text: old }, Output::Stream { name: b, text: new })
            if a == b =>
        {
            Some(difference_at(a, &old.0, &new.0, differ(&old.0, &new.0, Rule::Text)?))
        }
        (Output::Error(old), Output::Error(new)) => {
            if (&old.ename, &old.evalue) == (&new.ename, &new.evalue) {
                return None;
            }
            let text = |ename: &str, evalue: &str| format!("{ename}: {evalue}");
            let (stored, now) = (text(&old.ename, &old.evalue), text(&new.ename, &new.evalue));
            other("error", stored, now)
        }
        (Output::DisplayData(old), Output::DisplayData(new)) => {
            differing_data(&bundle(&old.data), &bundle(&new.data))
        }
        (Output::ExecuteResult(old), Output::ExecuteResult(new)) => {
            let (a, b) = (old.execution_count.0, new.execution_count.0);
            if a != b {
                return other("execution count of the result", a.to_string(), b.to_string());
            }
            differing_data(&bundle(&old.data), &bundle(&new.data))
        }
        _ => other("kind of output", summary(old), summary(new)),
    }
}

fn differing_data(old: &Map<String, Value>, new: &Map<String, Value>) -> Option<Difference> {
    if !old.keys().eq(new.keys()) {
        let kinds = |data: &Map<String, Value>| data.keys().cloned().collect::<Vec<_>>().join(", ");
        let (stored, now) = (kinds(old), kinds(new));
        return Some(Difference { what: "kinds of content".to_owned(), stored, now });
    }
    old.iter().zip(new.values()).find_map(|((mime, old), new)| {
        let markup = mime == "text/html" || mime == "image/svg+xml";
        let (old, new) = (text_of(old), text_of(new));
        let at = differ(&old, &new, if markup { Rule::Markup } else { Rule::Text })?;
        Some(difference_at(mime, &old, &new, at))
    })
}

/// Content by MIME type, in the order of the types.
fn bundle(data: &jupyter_protocol::Media) -> Map<String, Value> {
    let value = serde_json::to_value(data).unwrap_or_default();
    let mut entries: Vec<_> = match value {
        Value::Object(map) => map.into_iter().collect(),
        _ => Vec::new(),
    };
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.into_iter().collect()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An output in one line.
fn summary(output: &Output) -> String {
    let excerpt = |text: &str| excerpt(text, 0).1;
    match output {
        Output::Stream { name, text } => format!("{name}: {}", excerpt(&text.0)),
        Output::Error(error) => format!("error: {}: {}", error.ename, excerpt(&error.evalue)),
        Output::DisplayData(shown) => format!("display: {}", kinds(&bundle(&shown.data))),
        Output::ExecuteResult(shown) => format!("result: {}", kinds(&bundle(&shown.data))),
    }
}

fn kinds(data: &Map<String, Value>) -> String {
    let text = data.get("text/plain").map(text_of).map(|text| excerpt(&text, 0).1);
    text.unwrap_or_else(|| data.keys().cloned().collect::<Vec<_>>().join(", "))
}

fn difference_at(what: &str, old: &str, new: &str, at: (usize, usize)) -> Difference {
    let ((line, stored), (_, now)) = (excerpt(old, at.0), excerpt(new, at.1));
    let what = if old.contains('\n') { format!("{what}, line {line}") } else { what.to_owned() };
    Difference { what, stored, now }
}

/// The number of a byte's line, and the line, or as much of it around the byte as is readable.
fn excerpt(text: &str, at: usize) -> (usize, String) {
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
    let number = text[..at].matches('\n').count() + 1;
    if start == end && at == text.len() {
        return (number, "(end)".to_owned());
    }
    if end - start <= EXCERPT {
        return (number, text[start..end].to_owned());
    }
    let from = text.floor_char_boundary(start.max(at.saturating_sub(EXCERPT / 2)));
    let to = text.floor_char_boundary(end.min(from + EXCERPT));
    let dots = |there: bool| if there { "…" } else { "" };
    (number, format!("{}{}{}", dots(from > start), &text[from..to], dots(to < end)))
}

/// How numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Within one unit of the last digit that is stored; whole numbers to the digit.
    Text,
    /// As text, and inside of tags, where numbers are coordinates, within a pixel.
    Markup,
    /// Within a pixel.
    Tag,
}

/// Where two texts first differ by more than the rule allows.
pub fn differ(old: &str, new: &str, rule: Rule) -> Option<(usize, usize)> {
    if old == new {
        return None;
    }
    if rule != Rule::Markup {
        return differ_stretch(old, new, rule);
    }
    let (mut a, mut b) = (0, 0);
    loop {
        let ((old_end, tag), (new_end, new_tag)) = (stretch(old, a), stretch(new, b));
        if tag != new_tag {
            return Some((a, b));
        }
        let rule = if tag { Rule::Tag } else { Rule::Text };
        if let Some((x, y)) = differ_stretch(&old[a..old_end], &new[b..new_end], rule) {
            return Some((a + x, b + y));
        }
        (a, b) = (old_end, new_end);
        if a == old.len() && b == new.len() {
            return None;
        }
        if a == old.len() || b == new.len() {
            return Some((a, b));
        }
    }
}

/// Where the tag, or the text between tags, that begins here ends, and whether it is a tag.
fn stretch(text: &str, from: usize) -> (usize, bool) {
    let closed = |at: usize| text[at..].find('>').map(|n| at + n + 1);
    if text[from..].starts_with('<')
        && let Some(end) = closed(from)
    {
        return (end, true);
    }
    let tags = text[from..].match_indices('<').map(|(n, _)| from + n);
    let next = tags.into_iter().find(|&at| closed(at).is_some());
    (next.unwrap_or(text.len()), false)
}

/// Words between numbers must agree, and numbers as far as the rule says.
fn differ_stretch(old: &str, new: &str, rule: Rule) -> Option<(usize, usize)> {
    let (mut a, mut b) = (0, 0);
    loop {
        let (x, y) = (next_number(old, a, rule), next_number(new, b, rule));
        let word = |text: &str, from: usize, at: &Option<Range<usize>>| {
            from..at.as_ref().map_or(text.len(), |at| at.start)
        };
        let (old_word, new_word) = (&old[word(old, a, &x)], &new[word(new, b, &y)]);
        if old_word != new_word {
            let same = old_word.chars().zip(new_word.chars()).take_while(|(p, q)| p == q);
            let same: usize = same.map(|(c, _)| c.len_utf8()).sum();
            return Some((a + same, b + same));
        }
        match (x, y) {
            (Some(x), Some(y)) => {
                if !close(&old[x.clone()], &new[y.clone()], rule) {
                    return Some((x.start, y.start));
                }
                (a, b) = (x.end, y.end);
            }
            (None, None) => return None,
            _ => return Some((a + old_word.len(), b + new_word.len())),
        }
    }
}

/// The next number at or after `from`. Digits of a name (`x2`) or a colour (`#1f77b4`) are none.
fn next_number(text: &str, from: usize, rule: Rule) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let digits = |at: usize| bytes[at.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit());
    let digits = |at: usize| digits(at).count();
    let signed = |at: usize| at + usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
    let mut at = from;
    while at < bytes.len() {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let in_word = before.is_some_and(|b| {
            b.is_ascii_alphanumeric() || b == b'_' || (b == b'#' && rule == Rule::Tag)
        });
        let start = signed(at);
        let whole = digits(start);
        if in_word || whole == 0 {
            at += 1;
            continue;
        }
        let mut end = start + whole;
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) && digits(signed(end + 1)) > 0 {
            let exponent = signed(end + 1);
            end = exponent + digits(exponent);
        }
        return Some(at..end);
    }
    None
}

fn close(old: &str, new: &str, rule: Rule) -> bool {
    let allowed = if rule == Rule::Tag { PIXEL } else { unit_of_last_digit(old) };
    let whole = |text: &str| !text.contains(['.', 'e', 'E']);
    if allowed == 0.0 && whole(new) {
        // As text: beyond 2^53 neighbours are one number of 64 bits.
        return old.trim_start_matches('+') == new.trim_start_matches('+');
    }
    let value = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    old == new || (value(old) - value(new)).abs() <= allowed * ROUNDING
}

/// `0.001` of `1.234`, `1e-5` of `3.2e-4`; 0 of a whole number, which is a count.
fn unit_of_last_digit(number: &str) -> f64 {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, ""));
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals == 0 && exponent.is_empty() {
        return 0.0;
    }
    let exponent: i32 = exponent.parse().unwrap_or(0);
    10.0_f64.powi(exponent - i32::try_from(decimals).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn same(old: &str, new: &str, rule: Rule) -> bool {
        differ(old, new, rule).is_none()
    }

    fn outputs(values: &Value) -> Vec<Output> {
        serde_json::from_value(values.clone()).unwrap()
    }

    fn stream(text: &str) -> Value {
        json!({ "output_type": "stream", "name": "stdout", "text": text })
    }

    fn shown(data: &Value) -> Value {
        json!([{ "output_type": "display_data", "metadata": {}, "data": data }])
    }

    fn difference(old: &Value, new: &Value) -> Option<Difference> {
        first_difference(&outputs(old), &outputs(new))
    }

    #[test]
    fn a_number_may_differ_by_a_unit_of_its_last_digit() {
        for (old, new) in [
            ("loss 0.1234", "loss 0.1235"),
            ("1.0e-5", "1.1e-5"),
            ("-0.5", "-0.6"),
            ("1e3", "2e3"),
            ("(0.99)", "(1.00)"),
            ("3.0", "3"),
        ] {
            assert!(same(old, new, Rule::Text), "{old} {new}");
        }
        for (old, new) in [
            ("loss 0.1234", "loss 0.1236"),
            ("1.0e-5", "1.2e-5"),
            ("0.5", "-0.5"),
            ("12 steps", "13 steps"),
            ("x1", "x2"),
            ("a 1", "b 1"),
            ("1", "1.5"),
            ("0.5", "0.5 0.5"),
            ("0.5", "NaN"),
            ("12345678901234567890", "12345678901234567891"),
            ("2024-11-29", "2024-11-30"),
        ] {
            assert!(!same(old, new, Rule::Text), "{old} {new}");
        }
    }

    #[test]
    fn a_coordinate_may_differ_by_a_pixel_and_a_label_may_not() {
        let circle = |x: u32, fill: &str, text: &str| {
            format!("<circle cx=\"{x}\" fill=\"#{fill}\"/><text x=\"1\">{text}</text>")
        };
        let old = circle(100, "1f77b4", "0.5");
        assert!(same(&old, &circle(104, "1f77b4", "0.6"), Rule::Markup));
        for new in [
            circle(105, "1f77b4", "0.5"),
            circle(100, "2f77b4", "0.5"),
            circle(100, "1f77b4", "0.7"),
            circle(100, "1f77b4", "0.5") + "<g/>",
            circle(100, "1f77b4", "0.5").replace("<text x=\"1\">", "<text y=\"1\">"),
        ] {
            assert!(!same(&old, &new, Rule::Markup), "{new}");
        }
        assert!(!same("a < 1", "a < 2", Rule::Markup));
    }

    #[test]
    fn how_a_stream_was_cut_does_not_matter() {
        let whole = json!([stream("a 1.5\nb\n")]);
        assert_eq!(difference(&whole, &json!([stream("a 1"), stream(".5\nb\n")])), None);
        let found = difference(&whole, &json!([stream("a 1.5\nc\n")])).unwrap();
        assert_eq!(found.what, "stdout, line 2");
        assert_eq!((&*found.stored, &*found.now), ("b", "c"));
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_told() {
        let what = |old: &Value, new: &Value| difference(old, new).map(|d| d.what);
        let none = json!([]);
        let some = json!([stream("a")]);
        assert_eq!(what(&some, &none).unwrap(), "a stored output is missing");
        assert_eq!(what(&none, &some).unwrap(), "an output is not stored");
        let plain = shown(&json!({ "text/plain": "a" }));
        let html = shown(&json!({ "text/plain": "a", "text/html": "<b>a</b>" }));
        assert_eq!(what(&some, &plain).unwrap(), "kind of output");
        assert_eq!(what(&plain, &html).unwrap(), "kinds of content");
        let found = difference(
            &shown(&json!({ "application/json": { "a": [1, 0.5], "b": true } })),
            &shown(&json!({ "application/json": { "b": true, "a": [2, 0.5] } })),
        );
        assert_eq!(found.unwrap().what, "application/json");
        let error = |evalue: &str, line: &str| {
            let traceback = json!([line]);
            json!([{ "output_type": "error", "ename": "Panic", "evalue": evalue, "traceback": traceback }])
        };
        assert_eq!(what(&error("no", "x"), &error("no", "y")), None);
        assert_eq!(what(&error("no", "x"), &error("on", "x")).unwrap(), "error");
    }

    #[test]
    fn a_difference_in_a_long_line_shows_its_neighbourhood() {
        let long = |n: u32| {
            shown(&json!({ "text/plain": format!("{}x{n}{}", "é".repeat(300), "b".repeat(300)) }))
        };
        let found = difference(&long(1), &long(2)).unwrap();
        assert!(found.stored.starts_with('…') && found.stored.ends_with('…'), "{found:?}");
        assert!(found.stored.contains("x1b") && found.now.contains("x2b"));
        let end = difference(&json!([stream("a\n")]), &json!([stream("a\nb\n")])).unwrap();
        assert_eq!((&*end.stored, &*end.now), ("(end)", "b"));
    }

    #[test]
    fn a_wrong_count_is_told_beside_a_stale_output() {
        let result = |count, text| Stored { count, outputs: outputs(&json!([stream(text)])) };
        let found = differences(&result(Some(7), "a"), &result(Some(2), "b"));
        let what: Vec<_> = found.iter().map(|difference| &*difference.what).collect();
        assert_eq!(what, ["execution count", "stdout"]);
        assert_eq!((&*found[0].stored, &*found[0].now), ("7", "2"));
        assert!(differences(&result(Some(2), "a"), &result(Some(2), "a")).is_empty());
    }
}
