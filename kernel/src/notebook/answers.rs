//! The exercises of a Markdown cell, and the code that answers them.
//!
//! An exercise is a numbered item that says what its answer must pass; the answers stand below, folded:
//!
//! ```text
//! 1. Fit two clusters. Pass: `assert!(two.inertia > three.inertia);`
//!
//! <details><summary>Answers</summary>
//!
//! 1. `let two = KMeans::params(2).fit(x.view())?;`
//!
//! </details>
//! ```
//! Code is what stands in a block marked `rust`, or in a code span that is a whole statement (it ends with
//! `;`, or is an item or a loop); other spans only name things. Code before the word "Pass" is given to the
//! reader. So the cell that is run is: what is given, the answer, and what must pass.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use std::ops::Range;

/// An exercise and its answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Exercise {
    /// Its number; empty where it has none.
    pub name: String,
    /// The line of the cell where it begins, from 0.
    pub line: usize,
    given: Vec<String>,
    pass: Vec<String>,
    /// The answer's code; `None` when there is no answer.
    answer: Option<Vec<String>>,
}

impl Exercise {
    /// `None` for what is no exercise: other lists and prose, in which a test may "pass, too".
    fn new(mut asked: Item, answer: Option<Item>) -> Option<Self> {
        let pass = asked.codes.split_off(asked.pass.unwrap_or(asked.codes.len()));
        let asks = asked.pass.is_some() && asked.number.is_some();
        let code = answer.as_ref().is_some_and(|answer| asks || !answer.codes.is_empty());
        if !code && !asserts(&pass) {
            return None;
        }
        Some(Self {
            name: asked.number.map_or_else(String::new, |number| number.to_string()),
            line: asked.line,
            given: asked.codes,
            pass,
            answer: answer.map(|answer| answer.codes),
        })
    }

    /// The cell that shows that the answer is one.
    ///
    /// # Errors
    /// What is missing for that, in words for the notebook's author.
    pub fn code(&self) -> Result<String, String> {
        let Some(answer) = &self.answer else {
            return Err("it has no answer; write one into a `<details>` below it".to_owned());
        };
        if !asserts(&self.pass) {
            let remedy = "end the exercise with \"Pass: `assert!(…);`\"";
            return Err(format!("no assertion checks its answer; {remedy}"));
        }
        let parts = self.given.iter().chain(answer).chain(&self.pass);
        Ok(parts.map(String::as_str).collect::<Vec<_>>().join("\n"))
    }
}

/// Whether something is checked.
fn asserts(pass: &[String]) -> bool {
    pass.iter().any(|code| code.contains("assert"))
}

/// The exercises of a Markdown cell.
pub fn exercises(source: &str) -> Vec<Exercise> {
    let mut found = Vec::new();
    let mut from = 0;
    for folded in folded(source) {
        let asked = items(source, from..folded.whole.start);
        found.extend(pair(asked, items(source, folded.inner)));
        from = folded.whole.end;
    }
    // What must pass, and has no answer below it.
    found.extend(pair(items(source, from..source.len()), Vec::new()));
    found
}

/// Finds each item's answer by its number.
fn pair(mut asked: Vec<Item>, mut answers: Vec<Item>) -> Vec<Exercise> {
    // A single answer needs no number.
    if let ([only], Some(last)) = (answers.as_mut_slice(), asked.last())
        && only.number.is_none()
    {
        only.number = last.number;
    }
    // Other numbered lists of the cell come last: they take no answer from an exercise.
    asked.sort_by_key(|item| item.pass.is_none());
    let mut exercises = Vec::new();
    for item in asked {
        let answer = answers.iter().position(|answer| answer.number == item.number);
        exercises.extend(Exercise::new(item, answer.map(|at| answers.remove(at))));
    }
    // An answer to nothing: its number is wrong, or its exercise is gone.
    for answer in answers {
        let asked = Item { number: answer.number, line: answer.line, ..Item::default() };
        exercises.extend(Exercise::new(asked, Some(answer)));
    }
    exercises.sort_by_key(|exercise| exercise.line);
    exercises
}

/// A folded part that holds answers: all of it, and what stands behind its summary.
struct Folded {
    whole: Range<usize>,
    inner: Range<usize>,
}

/// The parts between `<details>` and `</details>` whose summary speaks of answers.
fn folded(source: &str) -> Vec<Folded> {
    const END: &str = "</details>";
    const SUMMARY_END: &str = "</summary>";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = source[from..].find("<details").map(|n| from + n) {
        let end = source[start..].find(END).map_or(source.len(), |n| start + n);
        let summary = source[start..end].find(SUMMARY_END).map_or(start, |n| start + n);
        from = (end + END.len()).min(source.len());
        let words = source[start..summary].to_lowercase();
        if words.contains("answer") || words.contains("solution") {
            found.push(Folded { whole: start..from, inner: summary + SUMMARY_END.len()..end });
        }
    }
    found
}

/// A numbered item, or all that stands outside of any.
#[derive(Debug, Default)]
struct Item {
    number: Option<u64>,
    /// Where it begins, in lines of the cell.
    line: usize,
    /// Pieces of code, in order.
    codes: Vec<String>,
    /// How many of them stand before the word "Pass"; `None` where that word is missing.
    pass: Option<usize>,
}

impl Item {
    fn text(&mut self, text: &str) {
        if self.pass.is_none() && asks(text) {
            self.pass = Some(self.codes.len());
        }
    }
}

/// The items of a stretch of Markdown. What stands outside of lists is one item without a number.
fn items(source: &str, stretch: Range<usize>) -> Vec<Item> {
    let line = |at: usize| source[..stretch.start + at].matches('\n').count();
    let mut items = Vec::new();
    let mut loose = Item::default();
    let mut some_loose = false;
    // The numbers of the lists that are open; an inner one belongs to its item.
    let mut lists: Vec<Option<u64>> = Vec::new();
    let mut block = None;
    for (event, at) in Parser::new(&source[stretch.clone()]).into_offset_iter() {
        let numbered = matches!(lists.first(), Some(Some(_)));
        let item = if numbered { items.last_mut().unwrap_or(&mut loose) } else { &mut loose };
        if !numbered && !some_loose && matches!(event, Event::Text(_) | Event::Code(_)) {
            some_loose = true;
            item.line = line(at.start);
        }
        match event {
            Event::Start(Tag::List(first)) => lists.push(first),
            Event::End(TagEnd::List(_)) => drop(lists.pop()),
            Event::Start(Tag::Item) if lists.len() == 1 => {
                if let Some(Some(number)) = lists.first_mut() {
                    let line = line(at.start);
                    items.push(Item { number: Some(*number), line, ..Item::default() });
                    *number += 1;
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let rust = info.split([',', ' ']).next() == Some("rust");
                block = rust.then(String::new);
            }
            Event::End(TagEnd::CodeBlock) => item.codes.extend(block.take()),
            Event::Code(code) if is_statement(&code) => item.codes.push(code.into_string()),
            Event::Text(text) => match &mut block {
                Some(block) => block.push_str(&text),
                None => item.text(&text),
            },
            _ => {}
        }
    }
    if some_loose {
        items.push(loose);
    }
    items
}

/// Whether a text says what must pass: "Pass:", "then pass:", "Pass, for `z` its mean:".
fn asks(text: &str) -> bool {
    ["Pass", "pass"].iter().any(|word| {
        text.match_indices(word).any(|(at, word)| {
            let alone = !text[..at].ends_with(char::is_alphanumeric);
            alone && text[at + word.len()..].starts_with([':', ','])
        })
    })
}

/// Whether a code span is code to run, and not the name of something.
fn is_statement(code: &str) -> bool {
    use syn::{Expr, Stmt};
    let code = code.trim();
    if code.ends_with(';') {
        return true;
    }
    let Ok(statements) = syn::parse::Parser::parse_str(syn::Block::parse_within, code) else {
        return false;
    };
    matches!(
        statements.last(),
        Some(
            Stmt::Item(_)
                | Stmt::Expr(Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) | Expr::If(_), None)
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number and code, or what is missing.
    fn all(source: &str) -> Vec<(String, Result<String, String>)> {
        exercises(source).into_iter().map(|e| (e.name.clone(), e.code())).collect()
    }

    fn well(number: &str, code: &str) -> (String, Result<String, String>) {
        (number.to_owned(), Ok(code.to_owned()))
    }

    #[test]
    fn an_answer_runs_between_what_is_given_and_what_must_pass() {
        let source = "1. a step\n2. another\n\n## Exercises\n\n\
            1. Name `a`. Pass:\n   `assert!(a >\n   1);`\n\
            2. With `let k = 2;` add; then pass: `assert_eq!(b, k);` where `b` is one.\n\n\
            <details><summary>Answers</summary>\n\n\
            1. As `c` says, in two steps:\n\n   ```rust\n   fn f() {}\n   ```\n\n   and `let a = f();`\n\
            2. `let b = 2;`\n\n</details>\n\n1. A list.";
        let one = "fn f() {}\n\nlet a = f();\nassert!(a > 1);";
        assert_eq!(
            all(source),
            [well("1", one), well("2", "let k = 2;\nlet b = 2;\nassert_eq!(b, k);")]
        );
        assert_eq!(exercises(source)[1].line, 8);
    }

    #[test]
    fn a_single_exercise_may_do_without_a_number() {
        let folded = "<details>\n<summary>Solution</summary>\n\n`let x = 1;` it is.\n\n</details>";
        let source = format!("4. What is x? Pass, for `x`: `assert!(x == 1);`\n\n{folded}");
        assert_eq!(all(&source), [well("4", "let x = 1;\nassert!(x == 1);")]);
        let source = format!("What is x? Pass: `assert!(x == 1);`\n\n{folded}");
        assert_eq!(all(&source), [well("", "let x = 1;\nassert!(x == 1);")]);
    }

    #[test]
    fn what_nobody_could_check_is_said() {
        let folded =
            |text: &str| format!("<details><summary>Answers</summary>\n\n{text}\n\n</details>");
        let missing = |source: &str| all(source).remove(0).1.unwrap_err();
        assert!(missing("1. Do it. Pass: `assert!(x);`").contains("no answer"));
        let without = format!("1. Do it.\n\n{}", folded("1. `let x = 1;`"));
        assert!(missing(&without).contains("no assertion"));
        let vague = format!("1. Do it. Pass: x is one.\n\n{}", folded("1. `let x = 1;`"));
        assert!(missing(&vague).contains("no assertion"));
        let stray = format!("1. Do it. Pass: `assert!(x);`\n\n{}", folded("3. `let x = 1;`"));
        assert_eq!(all(&stray).len(), 2);
        let prose = format!("1. Do it. Pass: x is one.\n\n{}", folded("1. Count `x`."));
        assert!(missing(&prose).contains("no assertion"));
        assert!(all("One probe may pass, and `f();` decides.\n\n1. Then pass: all do.").is_empty());
        // Folded proofs, lists and questions without code are none of this.
        assert!(
            all("1. a\n2. b\n\n<details><summary>Proof</summary>\n\n1. `f();`\n</details>")
                .is_empty()
        );
        assert!(all(&format!("1. Why?\n\n{}", folded("1. Because of `f`."))).is_empty());
    }

    #[test]
    fn statements_are_code_and_names_are_not() {
        for code in ["let a = 1;", "fn f() { 1 }", "for i in 0..2 { v.push(i); }", "assert!(x);"] {
            assert!(is_statement(code), "{code}");
        }
        for name in ["a", "f(x)", "Graph", "{:.4}", "vec![1]", "|x| { x }", "l = []", "model.path"]
        {
            assert!(!is_statement(name), "{name}");
        }
    }
}
