//! An item of the session: a function, a type, an import, and when two of them are one.

use super::words::tidy;
use crate::engine::facts::Facts;
use crate::engine::source::CellItem;
use crate::engine::statics::CellStatic;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// An item that later cells see.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Its name for the life of the session.
    pub(super) id: usize,
    /// The cell that defines it.
    pub(super) cell: usize,
    pub(super) facts: Facts,
    /// The level that it stands at.
    pub(super) level: usize,
    /// The cell whose library holds its statics.
    pub(super) home: Option<usize>,
    /// Members that later cells have defined anew.
    pub(super) holes: Vec<Range<usize>>,
    pub(super) members: Vec<Range<usize>>,
    pub(super) text: Text,
}

#[derive(Debug, Clone)]
pub(super) enum Text {
    /// Bytes of the cell, and the statics among them.
    Range(Range<usize>, Vec<CellStatic>),
    /// A key of `thread_local!`.
    Key(CellStatic),
    /// One name of a `use`, and a byte of the cell that stands for it.
    Use(String, usize),
}

impl Item {
    /// Whether a byte of its cell belongs to it.
    pub(super) fn has(&self, byte: usize) -> bool {
        match &self.text {
            Text::Range(range, _) => range.contains(&byte) || range.end == byte,
            Text::Key(key) => key.whole.contains(&byte),
            Text::Use(_, at) => *at == byte,
        }
    }

    /// The member that holds a byte.
    pub(super) fn member_at(&self, byte: usize) -> Option<usize> {
        self.members.iter().position(|range| range.contains(&byte))
    }

    /// The statics of it that live in the library of a cell.
    pub(super) fn home_of_statics(&self) -> Option<usize> {
        let has = match &self.text {
            Text::Range(_, statics) => !statics.is_empty(),
            Text::Key(_) => true,
            Text::Use(..) => false,
        };
        self.home.filter(|_| has)
    }

    /// How a message names it.
    pub(super) fn title(&self) -> String {
        if let Some(heading) = &self.facts.heading {
            return tidy(heading);
        }
        self.facts.defines.first().map_or_else(|| tidy(&self.facts.print), |(name, _)| name.clone())
    }

    pub(super) fn is_use(&self) -> bool {
        matches!(self.text, Text::Use(..))
    }
}

/// What a cell asks the model to do without.
#[derive(Debug, Clone, Default)]
pub(super) struct Without {
    /// Items that no longer fit, by id, with the compiler's reason.
    pub(super) aside: BTreeMap<usize, String>,
    /// Items that the cell's own replace.
    pub(super) replaced: BTreeSet<usize>,
    /// Members, by item, that the cell's own replace.
    pub(super) holes: BTreeMap<usize, BTreeSet<usize>>,
}

impl Without {
    pub(super) fn has(&self, id: usize) -> bool {
        self.aside.contains_key(&id) || self.replaced.contains(&id)
    }
}

/// Whether two items mean the same as long as what they mention does.
pub(super) fn same(old: &Facts, new: &Facts) -> bool {
    if new.outside {
        return false;
    }
    if old.heading.is_some() {
        return old.heading == new.heading && old.associated == new.associated;
    }
    old.print == new.print && old.defines == new.defines
}

/// Members of an older block, by place, that a new block defines anew, as far as their texts tell.
pub(super) fn shared_members(old: &Item, new: &CellItem) -> Vec<usize> {
    let inherent = old.facts.heading.is_some()
        && old.facts.heading == new.facts.heading
        && !new.facts.of_trait;
    if inherent {
        let members = old.facts.members.iter().enumerate();
        let again = members.filter(|(_, name)| new.facts.members.contains(name));
        return again.map(|(at, _)| at).collect();
    }
    if old.facts.heading.is_none() && !old.members.is_empty() {
        let members = old.facts.defines.iter().enumerate();
        let again = members.filter(|(_, (name, space))| new.facts.defines(name, *space));
        return again.map(|(at, _)| at).filter(|at| *at < old.members.len()).collect();
    }
    Vec::new()
}
