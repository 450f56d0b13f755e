//! The session's items: functions, types, imports, and what a new cell does to them.
//!
//! Each cell is compiled with the items that it needs, so an edited function is the one that older
//! functions call. An edited *type* must be another type than before, though, or its old values would
//! be read as new ones. So items have levels. A level is a module inside the one of the level before:
//!
//! ```text
//! struct Survivors;                            // never changed: level 0, the crate's root
//! mod mlnotes_v3 {                        // what cell 3 changed
//!     use super::*;
//!     struct Edited(Kept);
//!     mod mlnotes_v7 { use super::*; struct Holder(Edited); fn the_cell() { … } }
//! }
//! ```
//! An item stands at the level of the newest definition that it refers to, directly or through others,
//! so what it refers to is always its own or an outer module's, where even private names are seen. A
//! path is a type's identity for rustc (layout, `TypeId`, symbols): a type whose meaning changed is
//! another type, and one whose meaning did not is the same in every cell.

use super::emit::hidden_cell;
use super::item::{Item, Text, Without, same, shared_members};
use super::levels::{Node, parts_of, settle};
use super::plan::Plan;
use super::words::{names_in, root_of};
use crate::engine::errors::Cells;
use crate::engine::facts::{Facts, MACROS, TYPES, VALUES};
use crate::engine::source::{CellItem, Parsed};
use std::collections::{BTreeMap, BTreeSet};

/// The items, in the order in which cells defined them.
#[derive(Default)]
pub(super) struct Items {
    live: Vec<Item>,
    /// Levels that are in use, outermost first.
    levels: Vec<usize>,
    /// Every name that was ever defined, also by items that are gone.
    ever: BTreeSet<String>,
    /// What no longer fits, by the names that it defined: where it stands, and why.
    aside: BTreeMap<String, String>,
    last_id: usize,
}

/// What lives on, and what that changes for others.
struct Survivors {
    kept: Vec<Item>,
    /// Names whose old meaning is gone.
    touched_names: BTreeSet<String>,
    /// Types that an `impl` which is gone was a part of.
    raised: BTreeSet<String>,
    went: Vec<String>,
}

impl Items {
    /// What the session's items become beside those of a cell.
    pub(super) fn plan(&self, number: usize, parsed: &Parsed, without: &Without) -> Plan {
        let Survivors { mut kept, mut touched_names, mut raised, went } =
            self.give_way(parsed, without);
        let mut own = Vec::new();
        for new in &parsed.items {
            let before = self.before(new);
            let old_names = |name: &&String| self.ever.contains(*name);
            let mentioned = |name: &&String| kept.iter().any(|i| i.facts.mentions.contains(*name));
            let names = self.new_names(new, parsed);
            // What is the same as before keeps its level. A new meaning of an old name has one of its
            // own, and so has a name that older items use for something else, such as the prelude's.
            let level = match before {
                Some(before) => before.level,
                None if names.iter().any(|name| old_names(&name) || mentioned(&name)) => number,
                None => 0,
            };
            if before.is_none() {
                touched_names.extend(names.iter().filter(old_names).cloned());
            }
            let fresh = before.is_none() && !names.iter().any(|name| old_names(&name));
            own.push((level, before.is_some(), fresh));
        }
        let mut nodes: Vec<Node<'_>> = Vec::new();
        for item in &kept {
            let names = self.names_of(item, parsed);
            nodes.push(Node {
                facts: &item.facts,
                names,
                level: item.level,
                settled: true,
                fresh: false,
            });
        }
        for (new, (level, settled, fresh)) in parsed.items.iter().zip(&own) {
            let mut names: BTreeSet<String> =
                new.facts.defines.iter().map(|(name, _)| name.clone()).collect();
            for (_, text) in new.uses.iter().filter(|(_, text)| text.contains('*')) {
                names.extend(self.behind_glob(text, parsed));
            }
            nodes.push(Node {
                facts: &new.facts,
                names,
                level: *level,
                settled: *settled,
                fresh: *fresh,
            });
        }
        settle(&mut nodes, number, &mut touched_names, &mut raised);
        let levels_of: Vec<usize> = nodes.iter().map(|node| node.level).collect();
        let level_of = |name: &str| {
            let defining = nodes.iter().filter(|node| node.names.contains(name));
            defining.map(|node| node.level).max().unwrap_or(0)
        };
        // A static begins anew when what its type means has changed, and else stays where it is.
        let mut renewed = Vec::new();
        let homeless: Vec<bool> = kept
            .iter()
            .zip(&levels_of)
            .map(|(item, level)| {
                let moved = *level != item.level;
                item.home_of_statics().is_some()
                    && moved
                    && item.facts.of_type.as_ref().is_none_or(|names| {
                        names
                            .iter()
                            .any(|name| level_of(name) == number || touched_names.contains(name))
                    })
            })
            .collect();
        let mut live = BTreeSet::new();
        for node in &nodes {
            live.extend(node.facts.defines.iter().map(|(name, _)| (name.clone(), node.level)));
        }
        drop(nodes);
        let mut touched = BTreeSet::new();
        for ((item, level), homeless) in kept.iter_mut().zip(&levels_of).zip(homeless) {
            if item.level != *level {
                touched.insert(item.id);
            }
            item.level = *level;
            if homeless {
                item.home = None;
                renewed.push(item.title());
            }
        }
        let own = levels_of[kept.len()..].to_vec();
        let mut levels = self.levels.clone();
        levels.extend(levels_of.iter().copied().filter(|level| *level > 0));
        levels.sort_unstable();
        levels.dedup();
        Plan { kept, own, levels, touched, renewed, went, live }
    }

    /// The items that live on beside those of a cell, and what its own leave without a meaning.
    fn give_way(&self, parsed: &Parsed, without: &Without) -> Survivors {
        let mut touched_names: BTreeSet<String> = BTreeSet::new();
        let mut raised: BTreeSet<String> = BTreeSet::new();
        let mut kept: Vec<Item> = Vec::new();
        let mut went = Vec::new();
        for old in &self.live {
            let mut item = old.clone();
            let gone = if without.has(old.id) {
                true
            } else {
                let members = parsed.items.iter().flat_map(|new| shared_members(old, new));
                let members =
                    members.chain(without.holes.get(&old.id).into_iter().flatten().copied());
                let members: BTreeSet<usize> = members.collect();
                item.holes.extend(members.iter().map(|i| old.members[*i].clone()));
                item.holes.sort_by_key(|hole| hole.start);
                item.holes.dedup();
                parsed.items.iter().any(|new| self.gives_way(old, new))
                    || (!old.members.is_empty() && item.holes.len() == old.members.len())
            };
            if !gone {
                if item.holes.len() > old.holes.len() && old.facts.associated.is_some() {
                    raised.extend(parts_of(&old.facts).iter().cloned());
                }
                kept.push(item);
                continue;
            }
            // Its names mean something else for those who mention them, unless they are the same again.
            let again = |new: &&CellItem| match &old.text {
                Text::Use(text, _) => new.uses.iter().any(|(_, own)| own == text),
                _ => same(&old.facts, &new.facts),
            };
            if old.facts.heading.is_none() && !parsed.items.iter().any(|new| again(&new)) {
                touched_names.extend(self.names_of(old, parsed));
            }
            if old.facts.associated.is_some() && !parsed.items.iter().any(|new| again(&new)) {
                raised.extend(parts_of(&old.facts).iter().cloned());
            }
            let anew = |new: &CellItem| {
                new.facts.heading.is_some() && !new.facts.header.is_disjoint(&old.facts.subject)
            };
            if old.facts.heading.is_some() && !without.has(old.id) && !parsed.items.iter().any(anew)
            {
                went.push(old.title());
            }
        }
        Survivors { kept, touched_names, raised, went }
    }

    /// Whether an earlier item is replaced by a new one, as far as their texts tell.
    fn gives_way(&self, old: &Item, new: &CellItem) -> bool {
        if !new.uses.is_empty() || old.is_use() {
            let again = |text: &str| new.uses.iter().any(|(_, own)| own == text);
            return matches!(&old.text, Text::Use(text, _) if again(text));
        }
        match (&old.facts.heading, &new.facts.heading) {
            (Some(old), Some(heading)) => old == heading && new.facts.of_trait,
            // An `impl` that came with a type goes with it.
            (Some(_), None) => {
                let came = |i: &&Item| i.cell == old.cell && i.facts.heading.is_none();
                let with = old.facts.subject.iter().filter(|ty| new.facts.defines(ty, TYPES));
                with.clone().any(|ty| {
                    self.live.iter().filter(came).any(|item| item.facts.defines(ty, TYPES))
                })
            }
            (None, Some(_)) => false,
            (None, None) if old.facts.defines.is_empty() => old.facts.print == new.facts.print,
            (None, None) => {
                // Members of an `extern` block give way one by one.
                old.members.is_empty()
                    && old.facts.defines.iter().any(|(name, space)| new.facts.defines(name, *space))
            }
        }
    }

    /// The item that a new one repeats.
    fn before(&self, new: &CellItem) -> Option<&Item> {
        self.live.iter().find(|old| !old.is_use() && same(&old.facts, &new.facts))
    }

    /// Names that a new item gives a meaning which they have not had already.
    fn new_names(&self, new: &CellItem, parsed: &Parsed) -> BTreeSet<String> {
        if new.uses.is_empty() {
            return new.facts.defines.iter().map(|(name, _)| name.clone()).collect();
        }
        let known = |text: &str| {
            self.live.iter().any(|old| matches!(&old.text, Text::Use(own, _) if own == text))
        };
        let mut names = BTreeSet::new();
        for (name, text) in new.uses.iter().filter(|(_, text)| !known(text)) {
            if text.contains('*') {
                let defined = |name: &String| {
                    self.live.iter().any(|old| old.facts.defines(name, TYPES | VALUES | MACROS))
                };
                names.extend(self.behind_glob(text, parsed).into_iter().filter(|n| !defined(n)));
            } else if !name.contains(' ') {
                names.insert(name.clone());
            }
        }
        names
    }

    /// Names that an item brings into its module.
    fn names_of(&self, item: &Item, parsed: &Parsed) -> BTreeSet<String> {
        let mut names: BTreeSet<String> =
            item.facts.defines.iter().map(|(name, _)| name.clone()).collect();
        if let Text::Use(text, _) = &item.text
            && text.contains('*')
        {
            names.extend(self.behind_glob(text, parsed));
        }
        names
    }

    /// Names that a glob may bring in from a module or an enum of the session.
    fn behind_glob(&self, text: &str, parsed: &Parsed) -> BTreeSet<String> {
        let root = root_of(text);
        let old = self.live.iter().map(|item| &item.facts);
        let all = old.chain(parsed.items.iter().map(|item| &item.facts));
        let roots = all.filter(|facts| facts.defines(root, TYPES));
        roots.flat_map(|facts| facts.offers.iter().cloned()).collect()
    }

    /// Takes up a plan after its cell was compiled.
    pub(super) fn keep(
        &mut self,
        number: usize,
        parsed: &Parsed,
        plan: &Plan,
        without: &Without,
        cells: &Cells,
    ) {
        for (id, reason) in &without.aside {
            let Some(item) = self.live.iter().find(|item| item.id == *id) else { continue };
            let cell = cells.get(&item.cell).map_or(0, |cell| cell.number);
            let reason = format!(
                "`{}` of cell [{cell}] no longer fits ({reason}); it comes back when it is run again",
                item.title()
            );
            for (name, _) in &item.facts.defines {
                self.aside.insert(name.clone(), reason.clone());
            }
        }
        self.live.clone_from(&plan.kept);
        self.levels.clone_from(&plan.levels);
        for item in &mut self.live {
            if item.home.is_none() {
                item.home = Some(number);
            }
        }
        for (i, (new, level)) in parsed.items.iter().zip(&plan.own).enumerate() {
            let hidden = new.expanded.as_ref().map(|text| (hidden_cell(number, i), 0..text.len()));
            let (cell, range) = hidden.unwrap_or_else(|| (number, new.range.clone()));
            for (name, _) in &new.facts.defines {
                self.aside.remove(name);
                self.ever.insert(name.clone());
            }
            let mut add = |facts: Facts, text: Text| {
                self.last_id += 1;
                self.live.push(Item {
                    id: self.last_id,
                    cell,
                    facts,
                    level: *level,
                    home: Some(number),
                    holes: Vec::new(),
                    members: new.members.clone(),
                    text,
                });
            };
            for key in new.keys().filter(|_| new.is_thread_local()) {
                let mut facts = new.facts.clone();
                facts.defines = vec![(key.name.clone(), VALUES)];
                facts.of_type = Some(names_in(&cells[&number].text[key.ty.clone()]));
                add(facts, Text::Key(key.clone()));
            }
            if new.uses.is_empty() && !new.is_thread_local() {
                add(new.facts.clone(), Text::Range(range, new.statics.clone()));
            }
            for (at, (name, text)) in new.uses.iter().enumerate() {
                let mut facts = new.facts.clone();
                facts.defines = vec![(name.clone(), TYPES | VALUES | MACROS)];
                if name.contains(' ') {
                    facts.defines.clear();
                }
                facts.mentions = BTreeSet::from([root_of(text).to_owned()]);
                facts.words.clone_from(&facts.mentions);
                facts.print.clone_from(text);
                add(facts, Text::Use(text.clone(), new.range.start + at));
            }
        }
    }

    /// Why a name is not there any more.
    pub(super) fn why_aside(&self, name: &str) -> Option<&str> {
        self.aside.get(name).map(String::as_str)
    }

    pub(super) fn live(&self) -> &[Item] {
        &self.live
    }

    /// Lets later cells have statics of their own in place of those of one cell.
    pub(super) fn copy_statics(&mut self, home: usize) {
        for item in self.live.iter_mut().filter(|item| item.home == Some(home)) {
            if let Text::Range(_, statics) = &mut item.text {
                statics.clear();
            }
        }
    }

    /// Names for completion.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let defined = self.live.iter().flat_map(|item| &item.facts.defines);
        defined.map(|(name, _)| name.as_str())
    }

    /// All items as one text, for analysis.
    pub(super) fn source(&self, cells: &Cells) -> String {
        let text = |item: &Item| match &item.text {
            Text::Range(range, _) => {
                let text = &cells[&item.cell].text;
                let mut out = String::new();
                let mut done = range.start;
                for hole in &item.holes {
                    out.push_str(&text[done..hole.start]);
                    done = hole.end;
                }
                out + &text[done..range.end]
            }
            Text::Key(key) => {
                let ty = &cells[&item.cell].text[key.ty.clone()];
                format!("static {}: ::std::thread::LocalKey<{ty}> = todo!();", key.name)
            }
            Text::Use(text, _) => text.clone(),
        };
        self.live.iter().map(|item| text(item) + "\n").collect()
    }

    pub(super) fn clear(&mut self) {
        self.live.clear();
        self.aside.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::errors::CellText;

    /// A session of these cells, and the plan of the last.
    fn after(texts: &[&str]) -> (Items, Plan, Cells) {
        let (mut items, mut cells) = (Items::default(), Cells::new());
        let mut plan = items.plan(0, &Parsed::new(""), &Without::default());
        for (i, text) in texts.iter().enumerate() {
            let number = u32::try_from(i).unwrap();
            cells.insert(i, CellText { number, text: (*text).to_owned() });
            let parsed = Parsed::new(text);
            plan = items.plan(i, &parsed, &Without::default());
            items.keep(i, &parsed, &plan, &Without::default(), &cells);
        }
        (items, plan, cells)
    }

    fn level(items: &Items, name: &str) -> usize {
        let found = items.live.iter().find(|item| item.facts.defines(name, TYPES | VALUES));
        found.map_or(usize::MAX, |item| item.level)
    }

    #[test]
    fn a_later_item_replaces_what_it_clashes_with() {
        let (items, _, cells) = after(&[
            "struct P;\nimpl P { fn a(&self) {} }",
            "impl P { fn b(&self) {} }",
            "impl P { fn b(&self) -> u8 { 1 } }\nfn f() {}",
        ]);
        let source = items.source(&cells);
        assert!(source.contains("fn a") && source.contains("-> u8"), "{source}");
        assert_eq!(source.matches("fn b").count(), 1, "{source}");
        let (items, plan, cells) =
            after(&["struct P;\nimpl P { fn a(&self) {} }", "struct P(u8);"]);
        assert_eq!(items.source(&cells).trim(), "struct P(u8);");
        assert_eq!(plan.went, ["impl P"]);
    }

    #[test]
    fn a_changed_type_has_another_level_and_so_has_what_holds_it() {
        let session = ["struct P; struct Q { p: P } struct R; fn f(p: P) {}", "", "struct P(u8);"];
        let (items, plan, _) = after(&session);
        assert_eq!(["P", "Q", "R", "f"].map(|name| level(&items, name)), [2, 2, 0, 2]);
        assert!(!plan.keeps("::std::vec::Vec<crate::Q>") && plan.keeps("crate::R"));
        let (items, plan, _) = after(&["struct P; struct Q { p: P }", "", "/// Same.\nstruct P;"]);
        assert_eq!(level(&items, "Q"), 0);
        assert!(plan.keeps("crate::Q"));
    }

    #[test]
    fn a_type_changes_with_what_it_is_made_of() {
        for (before, edit) in [
            (
                "const N: usize = 1; const M: usize = N + 1; struct Q([u8; M]);",
                "const N: usize = 2;",
            ),
            ("mod m { pub struct P; } use m::P; struct Q(P);", "mod m { pub struct P(u8); }"),
            ("mod m { pub struct P; } use m::*; struct Q(P);", "mod m { pub struct P(u8); }"),
            (
                "trait S { type I; } struct A; impl S for A { type I = u8; } struct Q(Box<A>);",
                "impl S for A { type I = u16; }",
            ),
            ("macro_rules! m { () => { u8 } } struct Q(m!());", "macro_rules! m { () => { u16 } }"),
            ("type A = u8; enum Q { One(A) }", "type A = u16;"),
        ] {
            let (items, ..) = after(&[before, "", edit]);
            assert_eq!(level(&items, "Q"), 2, "{edit}");
            // The same cell again changes nothing.
            let (items, ..) = after(&[before, "", before]);
            assert_eq!(level(&items, "Q"), 0, "{before}");
        }
    }

    #[test]
    fn a_name_that_older_items_use_for_something_else_is_not_theirs() {
        let (items, ..) = after(&["struct P(Option<u8>);", "", "struct Option;"]);
        assert_eq!((level(&items, "P"), level(&items, "Option")), (0, 2));
    }
}
