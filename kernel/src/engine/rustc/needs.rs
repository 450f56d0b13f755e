//! Which items a cell is compiled with: those that it names, directly or through others. A session of
//! many types costs a cell only what it uses.

use super::item::{Item, Text};
use super::plan::Plan;
use super::words::root_of;
use crate::engine::facts::{Facts, MACROS, TYPES, VALUES};
use crate::engine::source::Parsed;
use std::collections::BTreeSet;

/// Places in `plan.kept` of the items that a cell needs, which says `words`.
pub(super) fn needed(plan: &Plan, parsed: &Parsed, mut words: BTreeSet<String>) -> Vec<usize> {
    for item in &parsed.items {
        words.extend(item.facts.words.iter().cloned());
    }
    let defining = plan.kept.iter().filter(|item| !matches!(item.text, Text::Use(..)));
    let defined: BTreeSet<&str> =
        defining.flat_map(|i| &i.facts.defines).map(|(name, _)| name.as_str()).collect();
    let mut in_use = vec![false; plan.kept.len()];
    // What the cell changes is looked at, so that it can be said at once whether it still fits.
    for (item, taken) in plan.kept.iter().zip(&mut in_use) {
        if plan.touched.contains(&item.id) {
            *taken = true;
            words.extend(item.facts.words.iter().cloned());
        }
    }
    loop {
        let mut more = false;
        for (item, taken) in plan.kept.iter().zip(&mut in_use) {
            if *taken || !wanted(item, &words, &defined, parsed) {
                continue;
            }
            (*taken, more) = (true, true);
            words.extend(item.facts.words.iter().cloned());
        }
        if !more {
            return (0..in_use.len()).filter(|at| in_use[*at]).collect();
        }
    }
}

fn wanted(
    item: &Item,
    words: &BTreeSet<String>,
    defined: &BTreeSet<&str>,
    parsed: &Parsed,
) -> bool {
    let facts = &item.facts;
    let own =
        |name: &str| parsed.items.iter().any(|i| i.facts.defines(name, TYPES | VALUES | MACROS));
    let local = |name: &&String| defined.contains(name.as_str()) || own(name);
    let named = |facts: &Facts| {
        facts.defines.iter().any(|(name, _)| words.contains(name))
            || facts.offers.iter().any(|name| words.contains(name))
    };
    if let Text::Use(text, _) = &item.text {
        // An import may be a trait, which is used without its name; it costs nothing.
        let root = root_of(text);
        return !defined.contains(root)
            || text.contains('*')
            || words.contains(root)
            || named(facts);
    }
    if !facts.header.is_empty() {
        let mut header = facts.header.iter().filter(local).peekable();
        if header.peek().is_none() {
            return true;
        }
        // An `impl` matters to those who can name all that it is about.
        return if facts.heading.is_some() {
            header.all(|name| words.contains(name))
        } else {
            header.any(|name| words.contains(name)) || named(facts)
        };
    }
    facts.heading.is_some() || facts.defines.is_empty() || named(facts)
}
