//! Drawing a graph of commits.

use super::graph::CommitGraph;
use super::object::Oid;
use crate::Result;
use crate::plot::{Figure, Plot};
use ndarray::{Array1, Array2};
use std::collections::BTreeMap;

impl CommitGraph {
    /// The graph as a plot, oldest left: a line leads from each commit to its parents on the left.
    /// A colour is a line of first parents. Subjects stand beside their commits and names beyond
    /// them, the one checked out in brackets. Of the feature `plot`, which is on unless switched off.
    pub fn plot(&self, title: &str) -> Plot {
        let places = self.places();
        let lanes = 1 + places.values().map(|&(_, lane)| lane).max().unwrap_or(0);
        let columns = 1 + places.values().map(|&(column, _)| column).max().unwrap_or(0);
        let at = |id: &Oid| (places[id].0 as f64, -(places[id].1 as f64));
        let mut plot = Plot::new(title)
            .x_range(-0.6, columns as f64 - 0.4)
            .y_range(-(lanes as f64) + 0.05, 0.95)
            .names(&[], &[]);
        for lane in 0..lanes {
            let mut pen: Vec<(f64, f64)> = Vec::new();
            for commit in self.commits().filter(|commit| places[&commit.id].1 == lane) {
                // One stroke for the lane: to the commit by its first parent, and back from others.
                let here = at(&commit.id);
                pen.extend(commit.parents.first().map(at));
                pen.push(here);
                pen.extend(commit.parents.iter().skip(1).flat_map(|parent| [at(parent), here]));
            }
            let (x, y): (Vec<f64>, Vec<f64>) = pen.into_iter().unzip();
            plot = plot.line(Array1::from(x).view(), Array1::from(y).view(), "");
        }
        let points: Vec<f64> = self.order.iter().flat_map(|id| <[f64; 2]>::from(at(id))).collect();
        let points = Array2::from_shape_vec((self.order.len(), 2), points).unwrap_or_default();
        let classes: Vec<usize> = self.order.iter().map(|id| places[id].1).collect();
        plot = plot.classes(points.view(), &classes, &vec![""; lanes]);
        for commit in self.commits() {
            let (x, y) = at(&commit.id);
            let names = self.refs.iter().filter(|(_, id)| *id == commit.id).map(|(name, _)| {
                if self.head.as_ref() == Some(name) { format!("[{name}]") } else { name.clone() }
            });
            let names: Vec<String> = names.collect();
            // Lines leave the first lane downwards, and the others upwards: words go the other way.
            let away = if places[&commit.id].1 == 0 { 1.0 } else { -1.0 };
            plot = plot.text(x, y + 0.3 * away, &commit.subject);
            if !names.is_empty() {
                plot = plot.text(x, y + 0.62 * away, &names.join(" "));
            }
        }
        plot
    }

    /// [`CommitGraph::plot`], drawn.
    ///
    /// # Errors
    /// [`crate::Error::Plot`] for a graph without commits.
    pub fn figure(&self, title: &str) -> Result<Figure> {
        self.plot(title).draw()
    }

    /// Column and lane of each commit: the column is the longest way from a root, the lane a chain of
    /// first parents, those of `main` or the first name in lane 0.
    fn places(&self) -> BTreeMap<Oid, (usize, usize)> {
        let mut columns: BTreeMap<Oid, usize> = BTreeMap::new();
        for commit in self.commits() {
            let before = commit.parents.iter().map(|parent| columns[parent] + 1).max();
            columns.insert(commit.id, before.unwrap_or(0));
        }
        let mut starts: Vec<Oid> = Vec::new();
        starts.extend(self.refs.iter().filter(|(name, _)| name == "main").map(|(_, id)| *id));
        starts.extend(self.refs.iter().map(|(_, id)| *id));
        starts.extend(self.order.iter().rev());
        let (mut places, mut lane) = (BTreeMap::new(), 0);
        for start in starts {
            let (mut next, mut used) = (Some(start), false);
            while let Some(id) = next.filter(|id| !places.contains_key(id)) {
                places.insert(id, (columns[&id], lane));
                used = true;
                next = self.commits[&id].parents.first().copied();
            }
            lane += usize::from(used);
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_commits_there_is_nothing_to_draw() {
        assert!(CommitGraph::new(vec![], vec![]).unwrap().figure("").is_err());
    }
}
