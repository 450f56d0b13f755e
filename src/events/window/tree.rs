//! A segment tree: any run of values joined in `O(log n)`, without ever subtracting, so that a
//! sliding sum carries no rounding from rows that have left it.

use std::ops::Range;

pub(super) struct SegmentTree {
    /// Node `i` joins nodes `2i` and `2i + 1`; the values stand at `n..2n`.
    nodes: Vec<f64>,
    identity: f64,
    join: fn(f64, f64) -> f64,
}

impl SegmentTree {
    pub(super) fn new(values: &[f64], identity: f64, join: fn(f64, f64) -> f64) -> Self {
        let n = values.len();
        let mut nodes = vec![identity; n];
        nodes.extend(values);
        for i in (1..n).rev() {
            nodes[i] = join(nodes[2 * i], nodes[2 * i + 1]);
        }
        Self { nodes, identity, join }
    }

    /// The values at `range` joined; the identity for an empty range.
    pub(super) fn fold(&self, range: Range<usize>) -> f64 {
        let n = self.nodes.len() / 2;
        let (mut low, mut high) = (range.start + n, range.end + n);
        let (mut left, mut right) = (self.identity, self.identity);
        while low < high {
            if low % 2 == 1 {
                left = (self.join)(left, self.nodes[low]);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                right = (self.join)(self.nodes[high], right);
            }
            low /= 2;
            high /= 2;
        }
        (self.join)(left, right)
    }
}
