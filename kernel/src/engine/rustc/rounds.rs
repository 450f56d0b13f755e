//! What errors in older items say: which of them the cell replaces, and which no longer fit.

use super::compile::Blame;
use super::item::Without;
use super::plan::Plan;
use crate::engine::source::{CellItem, Parsed};

/// Codes of rustc for two definitions of one thing.
const CONFLICTS: [&str; 8] =
    ["E0119", "E0252", "E0254", "E0255", "E0259", "E0260", "E0428", "E0592"];

/// Whether an error may come from an item that was left out because nobody seemed to need it.
pub(super) fn may_miss_an_item(blame: &Blame) -> bool {
    const MISSING: [&str; 18] = [
        "E0277", "E0282", "E0283", "E0369", "E0404", "E0405", "E0407", "E0412", "E0422", "E0423",
        "E0425", "E0432", "E0433", "E0531", "E0532", "E0574", "E0599", "E0600",
    ];
    MISSING.contains(&blame.code.as_str()) || blame.message.starts_with("cannot find")
}

/// Takes up what errors say about older items; `false` when they are the cell's own mistakes.
pub(super) fn learn(
    without: &mut Without,
    plan: &Plan,
    (number, parsed): (usize, &Parsed),
    blames: &[Blame],
) -> bool {
    let mut more = false;
    for blame in blames.iter().filter(|blame| CONFLICTS.contains(&blame.code.as_str())) {
        let places = blame.sites.iter().filter_map(|site| Some((plan.item_at(*site)?, site.1)));
        let Some((at, byte)) = places.min() else { continue };
        let item = &plan.kept[at];
        more |= match item.member_at(byte) {
            Some(member) if blame.code == "E0592" => {
                without.holes.entry(item.id).or_default().insert(member)
            }
            _ => without.replaced.insert(item.id),
        };
    }
    if more {
        return true;
    }
    let stale = |blame: &&Blame| {
        // What a macro makes of its arguments is the fault of the call, though rustc may point at the definition.
        let in_macro = |site: &&(usize, usize)| {
            let own = |item: &&CellItem| site.0 == number && item.range.contains(&site.1);
            let facts = plan.item_at(**site).map_or_else(
                || parsed.items.iter().find(own).map(|item| &item.facts),
                |at| Some(&plan.kept[at].facts),
            );
            facts.is_some_and(|facts| facts.turn() == 0)
        };
        let site = blame.sites.iter().find(|site| !in_macro(site)).or(blame.sites.first())?;
        let site = *site;
        (site.0 != number).then(|| plan.item_at(site))?
    };
    if blames.iter().any(|blame| stale(&blame).is_none()) {
        return false;
    }
    for blame in blames {
        if let Some(at) = stale(&blame) {
            let reason = crate::engine::types::shown(&blame.message);
            let entry = without.aside.entry(plan.kept[at].id);
            entry.or_insert_with(|| {
                more = true;
                reason
            });
        }
    }
    more
}
