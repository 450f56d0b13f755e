//! Objects that hold objects, and what a copy of them shares.
//!
//! ```text
//! shallow:  y ← new object with the same children
//! deep:     copy(x) = memo[x]  if there is one                    each object is copied once,
//!           else  memo[x] ← y ← new, then yᵢ ← copy(xᵢ)           so sharing and cycles stay
//! ```
//!
//! Atoms (numbers, texts, functions, classes, modules) are never copied; a tuple is copied only if one of
//! its children is.

use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::Array2;
use std::collections::{HashMap, HashSet};

/// An object of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(usize);

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeKind {
    /// Holds others and can be changed: `list`, `dict`, an instance.
    List,
    /// Holds others and cannot be changed.
    Tuple,
    /// Holds nothing that a copy would follow: a number, a text, a function, a class, a module.
    Atom,
}

#[derive(Debug, Clone)]
struct Node {
    name: String,
    kind: NodeKind,
    children: Vec<NodeId>,
}

/// Objects and what they hold, as Python's memory has them: two places that hold the same id hold the same
/// object.
///
/// ```
/// use mlnotes::engineering::functional::Graph;
/// let mut graph = Graph::default();
/// let shared = graph.list("shared", &[])?;
/// let outer = graph.list("outer", &[shared, shared])?;
/// let (shallow, deep) = (graph.shallow_copy(outer)?, graph.deep_copy(outer)?);
/// assert_eq!(graph.children(shallow)?, [shared, shared]); // the same inner object
/// let inner = graph.children(deep)?;
/// assert!(inner[0] != shared && inner[0] == inner[1]); // a new one, still shared
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
}

impl Graph {
    /// A new object that holds nothing and is never copied.
    pub fn atom(&mut self, name: &str) -> NodeId {
        self.add(name, NodeKind::Atom, &[])
    }

    /// A new list of `children`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a child that is not in the graph.
    pub fn list(&mut self, name: &str, children: &[NodeId]) -> Result<NodeId> {
        children.iter().try_for_each(|&child| self.node(child).map(|_| ()))?;
        Ok(self.add(name, NodeKind::List, children))
    }

    /// A new tuple of `children`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a child that is not in the graph.
    pub fn tuple(&mut self, name: &str, children: &[NodeId]) -> Result<NodeId> {
        children.iter().try_for_each(|&child| self.node(child).map(|_| ()))?;
        Ok(self.add(name, NodeKind::Tuple, children))
    }

    /// Appends `child` to `list`; this is how a cycle comes about.
    ///
    /// ```
    /// use mlnotes::engineering::functional::Graph;
    /// let mut graph = Graph::default();
    /// let own = graph.list("own", &[])?;
    /// graph.append(own, own)?; // l = []; l.append(l)
    /// let copy = graph.deep_copy(own)?;
    /// assert_eq!(graph.children(copy)?, [copy]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] when one of them is not in the graph, or `list` is no list.
    pub fn append(&mut self, list: NodeId, child: NodeId) -> Result<()> {
        self.node(child)?;
        let kind = self.node(list)?.kind;
        if kind != NodeKind::List {
            let (estimator, name, rule) = ("Graph::append", "list", "a list");
            return Err(Error::Parameter { estimator, name, rule, got: format!("{kind:?}") });
        }
        self.nodes[list.0].children.push(child);
        Ok(())
    }

    /// What an object holds, in order.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an object that is not in the graph.
    pub fn children(&self, id: NodeId) -> Result<Vec<NodeId>> {
        Ok(self.node(id)?.children.clone())
    }

    /// An object's name; copies keep it, with a prime for each copy.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an object that is not in the graph.
    pub fn name(&self, id: NodeId) -> Result<&str> {
        Ok(&self.node(id)?.name)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// `copy.copy`: a new list with the same children; tuples and atoms are returned as they are.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an object that is not in the graph.
    pub fn shallow_copy(&mut self, id: NodeId) -> Result<NodeId> {
        let Node { name, kind, children } = self.node(id)?.clone();
        match kind {
            NodeKind::List => Ok(self.add(&prime(&name), kind, &children)),
            NodeKind::Tuple | NodeKind::Atom => Ok(id),
        }
    }

    /// `copy.deepcopy`: all that can be reached, each object once; without recursion, so a chain may be as
    /// long as memory lasts (Python's stops at the recursion limit).
    ///
    /// # Errors
    /// [`Error::Parameter`] for an object that is not in the graph.
    pub fn deep_copy(&mut self, id: NodeId) -> Result<NodeId> {
        self.node(id)?;
        let mut memo: HashMap<NodeId, NodeId> = HashMap::new();
        let mut stack = vec![self.enter(id, &mut memo)];
        loop {
            check_interrupt();
            let Some(frame) = stack.last_mut() else { return Ok(memo[&id]) };
            let children = &self.nodes[frame.original.0].children;
            if let Some(&child) = children.get(frame.copies.len()) {
                match memo.get(&child) {
                    Some(&copy) => frame.copies.push(copy),
                    None => stack.push(self.enter(child, &mut memo)),
                }
            } else if let Some(frame) = stack.pop() {
                let copy = self.leave(frame, &mut memo);
                if let Some(outer) = stack.last_mut() {
                    outer.copies.push(copy);
                }
            }
        }
    }

    /// `id` and all that it holds, directly or not, each once, in the order of a walk from the left.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an object that is not in the graph.
    pub fn reachable(&self, id: NodeId) -> Result<Vec<NodeId>> {
        self.node(id)?;
        let (mut seen, mut order, mut stack) = (HashSet::new(), Vec::new(), vec![id]);
        while let Some(id) = stack.pop() {
            if seen.insert(id) {
                order.push(id);
                stack.extend(self.nodes[id.0].children.iter().rev());
            }
        }
        Ok(order)
    }

    /// Who is who: entry `(i, j)`, shape `(a.len(), b.len())`, says whether `a[i] is b[j]`.
    ///
    /// ```
    /// use mlnotes::engineering::functional::Graph;
    /// use ndarray::array;
    /// let mut graph = Graph::default();
    /// let one = graph.atom("1");
    /// let list = graph.list("list", &[one])?;
    /// let copy = graph.deep_copy(list)?;
    /// let (a, b) = (graph.reachable(list)?, graph.reachable(copy)?);
    /// assert_eq!(graph.identity_matrix(&a, &b), array![[false, false], [false, true]]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn identity_matrix(&self, a: &[NodeId], b: &[NodeId]) -> Array2<bool> {
        Array2::from_shape_fn((a.len(), b.len()), |(i, j)| a[i] == b[j])
    }

    fn node(&self, id: NodeId) -> Result<&Node> {
        self.nodes.get(id.0).ok_or_else(|| Error::Parameter {
            estimator: "Graph",
            name: "id",
            rule: "an object of this graph",
            got: format!("number {} of {}", id.0, self.nodes.len()),
        })
    }

    fn add(&mut self, name: &str, kind: NodeKind, children: &[NodeId]) -> NodeId {
        self.nodes.push(Node { name: name.to_owned(), kind, children: children.to_vec() });
        NodeId(self.nodes.len() - 1)
    }

    /// Begins the copy of an object. A list is known to the memo before its children are followed: that is
    /// what ends a cycle. A tuple cannot exist before its children do.
    fn enter(&mut self, original: NodeId, memo: &mut HashMap<NodeId, NodeId>) -> Frame {
        let Node { name, kind, .. } = self.nodes[original.0].clone();
        match kind {
            NodeKind::List => {
                let copy = self.add(&prime(&name), kind, &[]);
                memo.insert(original, copy);
            }
            NodeKind::Atom => {
                memo.insert(original, original);
            }
            NodeKind::Tuple => {}
        }
        Frame { original, copies: Vec::new() }
    }

    /// Ends the copy of an object whose children are all copied.
    fn leave(&mut self, frame: Frame, memo: &mut HashMap<NodeId, NodeId>) -> NodeId {
        let Frame { original, copies } = frame;
        let Node { name, kind, children } = self.nodes[original.0].clone();
        // A tuple inside a cycle may have been copied meanwhile, on the way back to itself.
        let copy = match (kind, memo.get(&original)) {
            (_, Some(&copy)) => copy,
            (_, None) if copies == children => original,
            (kind, None) => self.add(&prime(&name), kind, &copies),
        };
        if kind == NodeKind::List {
            self.nodes[copy.0].children = copies;
        }
        memo.insert(original, copy);
        copy
    }
}

/// An object whose copy is under way, and the copies of its first children.
struct Frame {
    original: NodeId,
    copies: Vec<NodeId>,
}

fn prime(name: &str) -> String {
    format!("{name}'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tuple_of_atoms_is_never_copied() {
        let mut graph = Graph::default();
        let one = graph.atom("1");
        let inner = graph.tuple("inner", &[one]).unwrap();
        let outer = graph.tuple("outer", &[inner, inner]).unwrap();
        assert_eq!(graph.deep_copy(outer).unwrap(), outer);
        assert_eq!(graph.shallow_copy(outer).unwrap(), outer);
        let list = graph.list("list", &[]).unwrap();
        let pair = graph.tuple("pair", &[inner, list]).unwrap();
        let copy = graph.deep_copy(pair).unwrap();
        assert!(copy != pair && graph.children(copy).unwrap()[0] == inner);
        assert_eq!(graph.name(copy).unwrap(), "pair'");
    }

    #[test]
    fn a_cycle_through_a_tuple_closes_in_the_copy() {
        let mut graph = Graph::default();
        let list = graph.list("list", &[]).unwrap();
        let tuple = graph.tuple("tuple", &[list]).unwrap();
        graph.append(list, tuple).unwrap();
        let copy = graph.deep_copy(tuple).unwrap();
        let inner = graph.children(copy).unwrap()[0];
        assert!(copy != tuple && inner != list);
        assert_eq!(graph.children(inner).unwrap(), [copy]);
    }

    #[test]
    fn a_long_chain_does_not_overflow() {
        let mut graph = Graph::default();
        let mut last = graph.list("0", &[]).unwrap();
        for _ in 0..200_000 {
            last = graph.list("n", &[last]).unwrap();
        }
        let before = graph.len();
        graph.deep_copy(last).unwrap();
        assert_eq!(graph.len(), 2 * before);
    }

    #[test]
    fn foreign_objects_and_atoms_are_refused() {
        let (mut graph, mut other) = (Graph::default(), Graph::default());
        let far = (0..3).map(|_| other.atom("x")).last().unwrap();
        let atom = graph.atom("a");
        assert!(graph.append(atom, atom).is_err());
        assert!(graph.list("l", &[far]).is_err() && graph.tuple("t", &[far]).is_err());
        assert!(graph.deep_copy(far).is_err() && graph.shallow_copy(far).is_err());
        assert!(graph.reachable(far).is_err() && graph.children(far).is_err());
        assert!(!graph.is_empty());
    }

    proptest! {
        /// A copy of lists shares nothing with its original and has the same shape.
        #[test]
        fn deep_copies_are_apart_and_alike(
            edges in prop::collection::vec((0_usize..6, 0_usize..6), 0..20),
        ) {
            let mut graph = Graph::default();
            let lists: Vec<NodeId> = (0..6).map(|_| graph.list("l", &[]).unwrap()).collect();
            for (from, to) in edges {
                graph.append(lists[from], lists[to]).unwrap();
            }
            let copy = graph.deep_copy(lists[0]).unwrap();
            let (a, b) = (graph.reachable(lists[0]).unwrap(), graph.reachable(copy).unwrap());
            prop_assert!(!graph.identity_matrix(&a, &b).iter().any(|&same| same));
            prop_assert_eq!(a.len(), b.len());
            for (&x, &y) in a.iter().zip(&b) {
                let place = |all: &[NodeId], id| all.iter().position(|&other| other == id);
                let of = |all: &[NodeId], ids: Vec<NodeId>| -> Vec<Option<usize>> {
                    ids.into_iter().map(|id| place(all, id)).collect()
                };
                let (x, y) = (graph.children(x).unwrap(), graph.children(y).unwrap());
                prop_assert_eq!(of(&a, x), of(&b, y));
            }
        }
    }
}
