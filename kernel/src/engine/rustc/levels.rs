//! At which level an item stands: that of the newest definition it refers to, directly or through others.

use crate::engine::facts::{Facts, MACROS, TYPES, VALUES};
use std::collections::{BTreeMap, BTreeSet};

/// An item in the making of a plan.
pub(super) struct Node<'a> {
    pub(super) facts: &'a Facts,
    /// The names that it defines, those behind a glob included.
    pub(super) names: BTreeSet<String>,
    pub(super) level: usize,
    /// Whether it had a meaning before, which the cell may change.
    pub(super) settled: bool,
    /// Whether its names are new to the session: what is older means something else by them.
    pub(super) fresh: bool,
}

/// Raises each item to the level of what it refers to, and to the cell's own where that has changed.
pub(super) fn settle(
    nodes: &mut [Node<'_>],
    number: usize,
    touched: &mut BTreeSet<String>,
    raised: &mut BTreeSet<String>,
) {
    loop {
        let highest = |fresh: bool| {
            let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
            for node in nodes.iter().filter(|node| fresh || !node.fresh) {
                for name in &node.names {
                    let level = levels.entry(name).or_default();
                    *level = (*level).max(node.level);
                }
            }
            levels
        };
        let (all, known) = (highest(true), highest(false));
        let mut new = Vec::with_capacity(nodes.len());
        for node in nodes.iter() {
            let mut level = node.level;
            for name in &node.facts.mentions {
                // Its own name in it, as in a recursive type, says nothing new.
                if node.facts.defines(name, TYPES | VALUES | MACROS) {
                    continue;
                }
                let levels = if node.settled { &known } else { &all };
                if let Some(other) = levels.get(name.as_str()) {
                    level = level.max(*other);
                }
                if node.settled && touched.contains(name) {
                    level = number;
                }
            }
            if node.facts.defines.iter().any(|(name, s)| s & TYPES != 0 && raised.contains(name)) {
                level = number;
            }
            new.push(level);
        }
        let mut changed = false;
        for (node, level) in nodes.iter_mut().zip(new) {
            if node.level == level {
                continue;
            }
            changed = true;
            node.level = level;
            if level == number && node.settled {
                touched.extend(node.names.iter().cloned());
            }
            if node.facts.associated.is_some() && node.settled {
                raised.extend(parts_of(node.facts).iter().cloned());
            }
        }
        if !changed {
            return;
        }
    }
}

/// The types whose meaning hangs on an `impl` with associated types.
pub(super) fn parts_of(facts: &Facts) -> &BTreeSet<String> {
    if facts.subject.is_empty() { &facts.header } else { &facts.subject }
}
