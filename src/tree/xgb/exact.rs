//! The exact search, written plainly: every place between two values of a node's rows.
//!
//! A node keeps its rows sorted by every feature. One walk over a feature from the smallest value up adds
//! each row to the left part; the rows without a value go with the left part or with the right,
//! whichever gains more (algorithms 1 and 3 of Chen & Guestrin).

use super::grow::{Candidate, Chosen, Finder, Opened};
use super::sums::{Judge, Sum};
use crate::tree::cart::between;
use ndarray::ArrayView2;
use rayon::prelude::*;

/// The data by column, sorted once.
pub(super) struct Sorted {
    /// Values of each column.
    values: Vec<Vec<f64>>,
    /// Rows that have a value, by value, for each column.
    order: Vec<Vec<u32>>,
}

impl Sorted {
    /// Sorts each column of `x`, checked.
    #[expect(clippy::cast_possible_truncation, reason = "the number of rows was checked")]
    pub(super) fn new(x: ArrayView2<f64>) -> Self {
        // -0 and 0 are one value, but `total_cmp` tells them apart.
        let column = |j: usize| -> Vec<f64> { x.column(j).iter().map(|v| v + 0.0).collect() };
        let values: Vec<Vec<f64>> = (0..x.ncols()).map(column).collect();
        let sort = |values: &Vec<f64>| {
            let mut rows: Vec<u32> =
                (0..values.len()).filter(|&i| !values[i].is_nan()).map(|i| i as u32).collect();
            rows.sort_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
            rows
        };
        let order = values.par_iter().map(sort).collect();
        Self { values, order }
    }
}

/// The exact search for one tree.
pub(super) struct Exact<'a> {
    pub(super) data: &'a Sorted,
    /// The features this tree may use, in ascending order.
    pub(super) features: &'a [usize],
    /// Derivatives of each row.
    pub(super) derivatives: &'a [Sum],
    pub(super) judge: Judge,
}

/// The rows of a node.
pub(super) struct Members {
    rows: Vec<u32>,
    /// Those that have a value, by value, for each of the tree's features.
    order: Vec<Vec<u32>>,
}

impl Finder for Exact<'_> {
    type Node = Members;

    fn root(&self, rows: Vec<u32>, search: bool) -> Opened<Members> {
        let mut drawn = vec![false; self.derivatives.len()];
        for &row in &rows {
            drawn[row as usize] = true;
        }
        let of_tree = |&feature: &usize| -> Vec<u32> {
            let order = self.data.order[feature].iter();
            order.copied().filter(|&row| drawn[row as usize]).collect()
        };
        let order = self.features.iter().map(of_tree).collect();
        let total = rows.iter().map(|&row| self.derivatives[row as usize]).sum();
        self.open(Members { rows, order }, total, search)
    }

    fn split(&self, batch: Vec<Chosen<Members>>, search: bool) -> Vec<[Opened<Members>; 2]> {
        let pair = |Chosen { node, total, candidate }: Chosen<Members>| {
            let values = &self.data.values[candidate.feature];
            let goes_left = |row: &u32| {
                let value = values[*row as usize];
                if value.is_nan() { candidate.missing_left } else { value <= candidate.threshold }
            };
            let part = |rows: Vec<u32>| rows.into_iter().partition(goes_left);
            let (left, right): (Vec<u32>, Vec<u32>) = part(node.rows);
            let (order_left, order_right) = node.order.into_iter().map(part).unzip();
            let right_total = total - candidate.left;
            [
                self.open(Members { rows: left, order: order_left }, candidate.left, search),
                self.open(Members { rows: right, order: order_right }, right_total, search),
            ]
        };
        batch.into_iter().map(pair).collect()
    }

    fn rows(node: Members) -> Vec<u32> {
        node.rows
    }
}

impl Exact<'_> {
    fn open(&self, node: Members, total: Sum, search: bool) -> Opened<Members> {
        let best = if search { self.best_split(&node, total) } else { None };
        Opened { n_samples: node.rows.len(), node, total, best }
    }

    fn best_split(&self, node: &Members, total: Sum) -> Option<Candidate> {
        let of_feature = |(&feature, order): (&usize, &Vec<u32>)| {
            self.best_of_feature(feature, order, node.rows.len() > order.len(), total)
        };
        self.features.iter().zip(&node.order).map(of_feature).fold(None, Candidate::better)
    }

    /// `order` holds the node's rows with a value, smallest first; `gaps`: are there rows without?
    fn best_of_feature(
        &self,
        feature: usize,
        order: &[u32],
        gaps: bool,
        total: Sum,
    ) -> Option<Candidate> {
        let values = &self.data.values[feature];
        let present: Sum = order.iter().map(|&row| self.derivatives[row as usize]).sum();
        let missing = total - present;
        let mut search = self.judge.search(total);
        let mut left = Sum::default();
        for (place, pair) in (0..).zip(order.windows(2)) {
            left += self.derivatives[pair[0] as usize];
            if values[pair[0] as usize] < values[pair[1] as usize] {
                search.offer(place, true, left + missing);
                if gaps {
                    search.offer(place, false, left);
                }
            }
        }
        if gaps && !order.is_empty() {
            // The question is only whether there is a value.
            search.offer(u32::MAX, false, present);
        }
        let (gain, place, missing_left, left) = search.finish()?;
        let value = |place: usize| values[order[place] as usize];
        let threshold = match place {
            u32::MAX => f64::INFINITY,
            place => between(value(place as usize), value(place as usize + 1)),
        };
        Some(Candidate { feature, threshold, bin: 0, missing_left, has_missing: gaps, gain, left })
    }
}
