//! The graph of commits: each one points to the commits it was made from.

use super::object::Oid;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A commit in a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitNode {
    /// Its name.
    pub id: Oid,
    /// The commits it was made from, the first one the branch it was made on.
    pub parents: Vec<Oid>,
    /// First line of its message.
    pub subject: String,
}

/// Commits, and the names that point to them.
///
/// ```text
///       B---C      main          merge_bases(C, E) = { A }
///      /
/// -O--A---D---E    feature       reachable(E) = { O, A, D, E }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitGraph {
    pub(super) commits: BTreeMap<Oid, CommitNode>,
    /// Parents before children.
    pub(super) order: Vec<Oid>,
    pub(super) refs: Vec<(String, Oid)>,
    pub(super) head: Option<String>,
}

impl CommitGraph {
    /// A graph of these commits, in any order, and these branches and tags.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a commit that is there twice, a parent or a name whose commit is not
    /// there, or a commit that is its own ancestor.
    ///
    /// ```
    /// use mlnotes::engineering::git::{CommitGraph, CommitNode, ObjectKind, Oid, object_id};
    /// let id = |name: &str| object_id(ObjectKind::Blob, name.as_bytes());
    /// let node = |name: &str, parents: &[&str]| CommitNode {
    ///     id: id(name),
    ///     parents: parents.iter().map(|name| id(name)).collect(),
    ///     subject: name.to_owned(),
    /// };
    /// let graph = CommitGraph::new(
    ///     vec![node("a", &[]), node("b", &["a"]), node("c", &["a"]), node("m", &["b", "c"])],
    ///     vec![("main".to_owned(), id("m"))],
    /// )?;
    /// assert_eq!(graph.merge_bases(id("b"), id("c"))?, [id("a")]);
    /// assert_eq!(graph.reachable(graph.tip("main")?)?.len(), 4);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn new(commits: Vec<CommitNode>, refs: Vec<(String, Oid)>) -> Result<Self> {
        let mut ids = BTreeSet::new();
        if let Some(twice) = commits.iter().find(|commit| !ids.insert(commit.id)) {
            return Err(wrong("commits", "there once", twice.id.to_string()));
        }
        let targets = commits.iter().flat_map(|c| &c.parents).chain(refs.iter().map(|(_, id)| id));
        if let Some(id) = targets.into_iter().find(|id| !ids.contains(id)) {
            return Err(wrong("commits", "all that parents and names point to", id.to_string()));
        }
        let order = parents_first(&commits)?;
        let commits = commits.into_iter().map(|commit| (commit.id, commit)).collect();
        Ok(Self { commits, order, refs, head: None })
    }

    /// The same graph, with the branch or tag that is checked out.
    #[must_use]
    pub fn with_head(mut self, name: &str) -> Self {
        self.head = Some(name.to_owned());
        self
    }

    /// The commits, parents before children.
    pub fn commits(&self) -> impl Iterator<Item = &CommitNode> {
        self.order.iter().map(|id| &self.commits[id])
    }

    /// Branches and tags.
    pub fn refs(&self) -> &[(String, Oid)] {
        &self.refs
    }

    /// The commit that a branch or tag points to.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a name that is not there.
    pub fn tip(&self, name: &str) -> Result<Oid> {
        let found = self.refs.iter().find(|(known, _)| known == name);
        found.map(|&(_, id)| id).ok_or_else(|| wrong("name", "a branch or tag", name.to_owned()))
    }

    /// A commit.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a commit that is not there.
    pub fn commit(&self, id: Oid) -> Result<&CommitNode> {
        self.commits.get(&id).ok_or_else(|| wrong("id", "a commit of the graph", id.to_string()))
    }

    /// A commit and all its ancestors: what a branch that points to it holds, and `git gc` keeps.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a commit that is not there.
    pub fn reachable(&self, id: Oid) -> Result<BTreeSet<Oid>> {
        self.commit(id)?;
        let mut seen = BTreeSet::from([id]);
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            let parents = &self.commits[&id].parents;
            waiting.extend(parents.iter().filter(|&&parent| seen.insert(parent)));
        }
        Ok(seen)
    }

    /// The best common ancestors of two commits, in order of their names: those that are ancestors
    /// of no other common one. None when the histories share nothing; several after branches were
    /// merged crosswise.
    ///
    /// All ancestors of a common ancestor are common too. So a common ancestor that is not best is
    /// already a *parent* of one, and best are those that are left when all these are struck out:
    /// `O(commits + edges)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a commit that is not there.
    pub fn merge_bases(&self, a: Oid, b: Oid) -> Result<Vec<Oid>> {
        let (above_a, above_b) = (self.reachable(a)?, self.reachable(b)?);
        let common: BTreeSet<Oid> = above_a.intersection(&above_b).copied().collect();
        let inner: BTreeSet<Oid> =
            common.iter().flat_map(|id| &self.commits[id].parents).copied().collect();
        Ok(common.difference(&inner).copied().collect())
    }
}

fn wrong(name: &'static str, rule: &'static str, got: String) -> Error {
    Error::Parameter { estimator: "CommitGraph", name, rule, got }
}

/// Kahn's order: a commit when all its parents are out, otherwise as they came from the last on
/// (git lists the newest first).
fn parents_first(commits: &[CommitNode]) -> Result<Vec<Oid>> {
    let mut missing: BTreeMap<Oid, usize> = BTreeMap::new();
    let mut children: BTreeMap<Oid, Vec<Oid>> = BTreeMap::new();
    let mut ready: Vec<Oid> = Vec::new();
    for commit in commits {
        let parents: BTreeSet<Oid> = commit.parents.iter().copied().collect();
        missing.insert(commit.id, parents.len());
        if parents.is_empty() {
            ready.push(commit.id);
        }
        for parent in parents {
            children.entry(parent).or_default().push(commit.id);
        }
    }
    let mut order = Vec::new();
    while let Some(id) = ready.pop() {
        order.push(id);
        for child in children.get(&id).into_iter().flatten() {
            let left = missing.entry(*child).or_default();
            *left -= 1;
            if *left == 0 {
                ready.push(*child);
            }
        }
    }
    if order.len() < commits.len() {
        return Err(wrong("commits", "free of cycles", "a commit that is its own ancestor".into()));
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::super::object::{ObjectKind, object_id};
    use super::*;
    use proptest::prelude::*;

    fn id(name: &str) -> Oid {
        object_id(ObjectKind::Blob, name.as_bytes())
    }

    fn node(name: &str, parents: &[&str]) -> CommitNode {
        let parents = parents.iter().map(|name| id(name)).collect();
        CommitNode { id: id(name), parents, subject: name.to_owned() }
    }

    #[test]
    fn crosswise_merges_have_two_bases() {
        let commits =
            [("o", &[][..]), ("a", &["o"]), ("b", &["o"]), ("x", &["a", "b"]), ("y", &["b", "a"])];
        let commits = commits.map(|(name, parents)| node(name, parents)).to_vec();
        let graph = CommitGraph::new(commits, vec![]).unwrap();
        let mut both = vec![id("a"), id("b")];
        both.sort();
        assert_eq!(graph.merge_bases(id("x"), id("y")).unwrap(), both);
        assert_eq!(graph.merge_bases(id("x"), id("a")).unwrap(), [id("a")]);
        assert_eq!(graph.merge_bases(id("x"), id("x")).unwrap(), [id("x")]);
    }

    #[test]
    fn strangers_have_none_and_mistakes_have_names() {
        let graph = CommitGraph::new(vec![node("a", &[]), node("b", &[])], vec![]).unwrap();
        assert!(graph.merge_bases(id("a"), id("b")).unwrap().is_empty());
        assert!(graph.reachable(id("c")).is_err() && graph.tip("main").is_err());
        assert!(CommitGraph::new(vec![node("a", &["a"])], vec![]).is_err());
        assert!(CommitGraph::new(vec![node("a", &["b"])], vec![]).is_err());
        assert!(CommitGraph::new(vec![node("a", &[]), node("a", &[])], vec![]).is_err());
        let cycle = vec![node("a", &["b"]), node("b", &["a"])];
        assert!(CommitGraph::new(cycle, vec![]).is_err());
    }

    proptest! {
        #[test]
        fn bases_are_the_definitions(bits in proptest::collection::vec(0u32..256, 12)) {
            let names: Vec<String> = (0..bits.len()).map(|i| i.to_string()).collect();
            let commits = (0..names.len()).map(|i| {
                let chosen = (0..i.min(8)).filter(|j| bits[i] >> j & 1 == 1);
                let parents: Vec<&str> = chosen.map(|j| names[i - 1 - j].as_str()).collect();
                node(&names[i], &parents)
            });
            let commits: Vec<CommitNode> = commits.collect();
            let graph = CommitGraph::new(commits, vec![]).unwrap();
            let above = |x: Oid| graph.reachable(x).unwrap();
            let (a, b) = (id("11"), id("10"));
            let common: Vec<Oid> = above(a).intersection(&above(b)).copied().collect();
            let best: Vec<Oid> = common.iter().copied().filter(|&x| {
                !common.iter().any(|&y| y != x && above(y).contains(&x))
            }).collect();
            prop_assert_eq!(graph.merge_bases(a, b).unwrap(), best);
        }
    }
}
