//! A tree of merges as a figure.

use super::hierarchical::Agglomerative;
use crate::Result;
use crate::plot::{Figure, Plot, fault};
use ndarray::Array1;

/// More leaves than this would be hair.
const MAX_LEAVES: usize = 200;
/// More names than this would overlap.
const MAX_NAMES: usize = 40;

impl Agglomerative {
    /// Merges as brackets at their heights, with the rows below in an order that crosses no lines; `names` for up
    /// to 40 rows, or none. Of the feature `plot`, which is on unless switched off.
    ///
    /// ```
    /// use mlnotes::cluster::hierarchical::{Agglomerative, LinkageKind};
    /// let x = ndarray::array![[0.0], [1.0], [5.0]];
    /// let tree = Agglomerative::params(LinkageKind::Average).fit(x.view())?;
    /// let figure = tree.dendrogram(&["a", "b", "c"], "three rows", "distance")?;
    /// assert!(figure.svg().contains("distance"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Plot`] for more than 200 rows, and for names that are neither none nor one a row.
    pub fn dendrogram(&self, names: &[&str], title: &str, y_label: &str) -> Result<Figure> {
        let n = self.merges.len() + 1;
        if n > MAX_LEAVES {
            let reason = format!("draws at most {MAX_LEAVES} rows, got {n}: cluster a sample");
            return Err(fault("dendrogram", reason));
        }
        if !names.is_empty() && (names.len() != n || n > MAX_NAMES) {
            let got = names.len();
            let reason = format!(
                "needs no names, or one for each of up to {MAX_NAMES} rows, got {got} for {n}"
            );
            return Err(fault("dendrogram", reason));
        }
        let order = self.leaf_order();
        let mut place = vec![(0.0, 0.0); 2 * n - 1];
        for (position, &row) in order.iter().enumerate() {
            place[row] = (position as f64, 0.0);
        }
        for (i, merge) in self.merges.iter().enumerate() {
            let middle = f64::midpoint(place[merge.left].0, place[merge.right].0);
            place[n + i] = (middle, merge.height);
        }
        // One line walks round the whole tree, so that all of it has one colour.
        let (mut x, mut y) = (Vec::new(), Vec::new());
        walk(self, &place, 2 * n - 2, &mut |at: (f64, f64)| {
            x.push(at.0);
            y.push(at.1);
        });
        let mut plot = Plot::new(title).y_label(y_label).x_range(-0.8, n as f64 - 0.2).line(
            Array1::from(x).view(),
            Array1::from(y).view(),
            "",
        );
        if names.is_empty() {
            plot = plot.x_label("rows, in the order of the tree").x_ticks(&[]);
        } else {
            let sorted: Vec<&str> = order.iter().map(|&row| names[row]).collect();
            plot = plot.x_ticks(&sorted);
        }
        plot.draw()
    }
}

/// From a cluster's place down each side and back.
fn walk(
    linkage: &Agglomerative,
    place: &[(f64, f64)],
    cluster: usize,
    visit: &mut impl FnMut((f64, f64)),
) {
    let n = linkage.merges.len() + 1;
    visit(place[cluster]);
    if cluster < n {
        return;
    }
    let merge = linkage.merges[cluster - n];
    for child in [merge.left, merge.right] {
        let corner = (place[child].0, place[cluster].1);
        visit(corner);
        walk(linkage, place, child, visit);
        visit(corner);
    }
    visit(place[cluster]);
}
