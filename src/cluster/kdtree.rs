//! A k-d tree: the rows near a point, without looking at all of them.
//!
//! Space is halved at the median of its widest axis until a part holds few rows. A search enters the
//! half of its point first, and the other only where the cutting plane is near enough: `O(log n)` for a
//! small neighbourhood in few dimensions, `O(n)` in the worst case and, in practice, from some twenty
//! dimensions on.
//!
//! # References
//! Bentley (1975); Friedman, Bentley & Finkel (1977).

use ndarray::ArrayView2;

/// Parts with at most this many rows are searched one by one.
const LEAF: usize = 16;

/// How differences along the axes add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Norm {
    /// The sum of squares: compare with a squared distance.
    Squares,
    /// The sum of sizes.
    Sizes,
}

impl Norm {
    fn part(self, difference: f64) -> f64 {
        match self {
            Self::Squares => difference * difference,
            Self::Sizes => difference.abs(),
        }
    }

    fn between(self, a: &[f64], b: &[f64]) -> f64 {
        let differences = a.iter().zip(b).map(|(a, b)| a - b);
        match self {
            Self::Squares => differences.map(|v| v * v).sum(),
            Self::Sizes => differences.map(f64::abs).sum(),
        }
    }
}

/// The rows of a matrix, arranged by place.
#[derive(Debug, Clone)]
pub(crate) struct KdTree {
    /// Coordinates in the order of the parts, `n · d` of them.
    points: Vec<f64>,
    /// Row of each point.
    rows: Vec<u32>,
    nodes: Vec<Node>,
    d: usize,
    norm: Norm,
}

#[derive(Debug, Clone, Copy)]
enum Node {
    Leaf { start: usize, end: usize },
    Cut { axis: usize, at: f64, left: usize, right: usize },
}

impl KdTree {
    /// Arranges the rows of `x`, `(n, d)`, all finite, fewer than 2³² of them.
    #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 rows")]
    pub(crate) fn new(x: ArrayView2<f64>, norm: Norm) -> Self {
        let mut rows: Vec<u32> = (0..x.nrows() as u32).collect();
        let mut nodes = Vec::new();
        cut(x, &mut rows, 0, &mut nodes);
        let points = rows.iter().flat_map(|&row| x.row(row as usize).to_vec()).collect();
        Self { points, rows, nodes, d: x.ncols(), norm }
    }

    /// The rows, neighbours close to each other: searches in this order find in the cache what the last
    /// one read.
    pub(crate) fn order(&self) -> &[u32] {
        &self.rows
    }

    /// Calls `visit` with each row whose distance to `point`, `(d,)`, is at most `limit`, and that distance,
    /// both in the units of the norm; stops when it returns false.
    pub(crate) fn within(
        &self,
        point: &[f64],
        limit: f64,
        visit: &mut impl FnMut(usize, f64) -> bool,
    ) {
        if !self.nodes.is_empty() {
            self.search(0, point, limit, visit);
        }
    }

    fn search(
        &self,
        node: usize,
        point: &[f64],
        limit: f64,
        visit: &mut impl FnMut(usize, f64) -> bool,
    ) -> bool {
        match self.nodes[node] {
            Node::Leaf { start, end } => {
                let points = self.points[start * self.d..end * self.d].chunks_exact(self.d);
                points.zip(&self.rows[start..end]).all(|(own, &row)| {
                    let distance = self.norm.between(own, point);
                    distance > limit || visit(row as usize, distance)
                })
            }
            Node::Cut { axis, at, left, right } => {
                let beyond = point[axis] - at;
                let (near, far) = if beyond <= 0.0 { (left, right) } else { (right, left) };
                self.search(near, point, limit, visit)
                    && (self.norm.part(beyond) > limit || self.search(far, point, limit, visit))
            }
        }
    }

    /// Distances of the `k` rows nearest to `point`, rising, in the units of the norm; fewer where there are
    /// fewer rows.
    pub(crate) fn nearest(&self, point: &[f64], k: usize) -> Vec<f64> {
        let mut found = Vec::with_capacity(k + 1);
        if k > 0 && !self.nodes.is_empty() {
            self.approach(0, point, k, &mut found);
        }
        found
    }

    fn approach(&self, node: usize, point: &[f64], k: usize, found: &mut Vec<f64>) {
        match self.nodes[node] {
            Node::Leaf { start, end } => {
                for i in start..end {
                    let distance = self.distance(i, point);
                    let place = found.partition_point(|&other| other <= distance);
                    if place < k {
                        found.insert(place, distance);
                        found.truncate(k);
                    }
                }
            }
            Node::Cut { axis, at, left, right } => {
                let beyond = point[axis] - at;
                let (near, far) = if beyond <= 0.0 { (left, right) } else { (right, left) };
                self.approach(near, point, k, found);
                let farthest = found.last().copied().filter(|_| found.len() == k);
                if farthest.is_none_or(|farthest| self.norm.part(beyond) <= farthest) {
                    self.approach(far, point, k, found);
                }
            }
        }
    }

    fn distance(&self, i: usize, point: &[f64]) -> f64 {
        self.norm.between(&self.points[i * self.d..(i + 1) * self.d], point)
    }
}

/// Cuts `rows`, which begin at place `start`, and gives the number of their node.
fn cut(x: ArrayView2<f64>, rows: &mut [u32], start: usize, nodes: &mut Vec<Node>) -> usize {
    let id = nodes.len();
    let end = start + rows.len();
    nodes.push(Node::Leaf { start, end });
    let (axis, spread) = widest(x, rows);
    // Rows that are all the same cannot be cut.
    if rows.len() <= LEAF || spread <= 0.0 {
        return id;
    }
    let half = rows.len() / 2;
    let value = |row: u32| x[[row as usize, axis]];
    rows.select_nth_unstable_by(half, |&a, &b| value(a).total_cmp(&value(b)));
    let at = value(rows[half]);
    let (low, high) = rows.split_at_mut(half);
    let left = cut(x, low, start, nodes);
    let right = cut(x, high, start + half, nodes);
    nodes[id] = Node::Cut { axis, at, left, right };
    id
}

fn widest(x: ArrayView2<f64>, rows: &[u32]) -> (usize, f64) {
    let mut best = (0, 0.0);
    for axis in 0..x.ncols() {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &row in rows {
            let v = x[[row as usize, axis]];
            low = low.min(v);
            high = high.max(v);
        }
        if high - low > best.1 {
            best = (axis, high - low);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use proptest::prelude::*;

    proptest! {
        /// The tree finds what a look at every row finds; whole numbers make many ties.
        #[test]
        fn the_tree_finds_what_a_full_search_finds(
            values in proptest::collection::vec(-6_i8..6, 2..240),
            limit in 0.0_f64..30.0,
            k in 1_usize..12,
        ) {
            let n = values.len() / 2;
            let x = Array2::from_shape_fn((n, 2), |(i, j)| f64::from(values[2 * i + j]));
            for norm in [Norm::Squares, Norm::Sizes] {
                let tree = KdTree::new(x.view(), norm);
                let point = [0.5, -1.0];
                let mut all: Vec<(f64, usize)> = (0..n)
                    .map(|i| ((0..2).map(|j| norm.part(x[[i, j]] - point[j])).sum(), i))
                    .collect();
                let mut found = Vec::new();
                tree.within(&point, limit, &mut |row, distance| {
                    found.push((distance, row));
                    true
                });
                found.sort_by(|a, b| a.partial_cmp(b).unwrap());
                all.sort_by(|a, b| a.partial_cmp(b).unwrap());
                let near: Vec<_> = all.iter().copied().filter(|(d, _)| *d <= limit).collect();
                prop_assert_eq!(found, near);
                let first: Vec<f64> = all.iter().take(k).map(|(d, _)| *d).collect();
                prop_assert_eq!(tree.nearest(&point, k), first);
            }
        }
    }
}
