//! What a cell would make of the session's items.

use super::item::Item;
use crate::engine::types;
use std::collections::BTreeSet;

/// The items as a cell would leave them.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Items of earlier cells that live on: their levels may be new, and their statics without a home.
    pub(super) kept: Vec<Item>,
    /// Levels of the cell's own items.
    pub(super) own: Vec<usize>,
    /// All levels.
    pub(super) levels: Vec<usize>,
    /// Kept items that the cell has changed without naming them anew.
    pub(super) touched: BTreeSet<usize>,
    /// Statics that begin anew.
    pub(super) renewed: Vec<String>,
    /// Items that went with the type that they came with, though the cell has nothing in their place.
    pub(super) went: Vec<String>,
    /// Names that items of the session define, with the levels at which they stand.
    pub(super) live: BTreeSet<(String, usize)>,
}

impl Plan {
    /// Whether a type of a variable means what it meant.
    pub(super) fn keeps(&self, ty: &str) -> bool {
        self.stale(ty).is_none()
    }

    /// The kept item that a byte of a cell belongs to, by its place.
    pub(super) fn item_at(&self, (cell, byte): (usize, usize)) -> Option<usize> {
        self.kept.iter().position(|item| item.cell == cell && item.has(byte))
    }

    /// The name in a type that means something else now.
    pub(super) fn stale(&self, ty: &str) -> Option<String> {
        let own = types::own_names(ty);
        own.into_iter().find(|found| !self.live.contains(found)).map(|(name, _)| name)
    }
}
