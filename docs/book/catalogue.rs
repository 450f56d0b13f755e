//! Prints the catalogue as JSON for the book's builder.
//!
//! The catalogue needs nothing but the standard library, so `rustc` alone makes this program, in a
//! second; as an example of the package it would wait for every dependency.

#[allow(dead_code, reason = "the tables are not needed here")]
#[path = "../../src/catalogue/mod.rs"]
mod catalogue;

use catalogue::{Note, Status, parts};

/// `Debug` quotes a plain string as JSON does, as long as nothing in it is a control character.
fn text(text: &str) -> String {
    assert!(!text.contains(char::is_control), "{text:?}");
    format!("{text:?}")
}

fn list(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|t| text(t)).collect();
    format!("[{}]", quoted.join(", "))
}

fn object(note: &Note) -> String {
    let (status, missing) = match note.status {
        Status::Covered => ("covered", ""),
        Status::Partly(missing) => ("partly", missing),
        Status::Planned => ("planned", ""),
    };
    format!(
        "{{\"number\": {}, \"title\": {}, \"title_zh\": {}, \"notebooks\": {}, \"items\": {}, \
         \"status\": {}, \"missing\": {}}}",
        note.number,
        text(note.title),
        text(note.title_zh),
        list(note.notebooks),
        list(note.items),
        text(status),
        text(missing),
    )
}

fn main() {
    let parts = parts().map(|(title, notes)| {
        let notes: Vec<String> = notes.iter().map(object).collect();
        format!("{{\"title\": {}, \"notes\": [\n  {}\n]}}", text(title), notes.join(",\n  "))
    });
    println!("[{}]", parts.join(",\n"));
}
