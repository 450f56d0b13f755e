//! The histogram search: sums by bin, added once, then subtracted and walked over.
//!
//! ```text
//! hist(node)[bin]  = Σ_{rows of the node in the bin} (g, h)
//! hist(sibling)    = hist(parent) − hist(child)                 only the smaller child is counted
//! ```
//!
//! A row costs one addition a feature, a node at most 255 judgements a feature. Features lie in blocks of
//! up to eight, a byte each and row by row, so that a block's sums stay in the nearest cache; a split and
//! a block are one task.

use super::grow::{Candidate, Chosen, Finder, Opened};
use super::sums::{Judge, Sum};
use crate::Result;
use crate::tree::lightgbm::bin_edges;
use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

/// The bin of missing values; those of the others are below it.
const MISSING: u8 = 255;
/// Bins of a feature, that of missing values included.
const N_BINS: usize = 256;
/// Features of a block at most.
const WIDEST: usize = 8;

/// The sums of one feature.
type Bins = [Sum; N_BINS];

/// Features side by side.
struct Block {
    /// Number of the first.
    first: usize,
    width: usize,
    /// `width` bins a row.
    bins: Vec<u8>,
}

/// The data as bins.
pub(super) struct Binned {
    /// Upper borders of each feature's bins but the last.
    edges: Vec<Vec<f64>>,
    blocks: Vec<Block>,
}

impl Binned {
    pub(super) fn n_features(&self) -> usize {
        self.edges.len()
    }

    /// Bins each column of `x`, checked, into at most `max_bin` bins of about equally many rows.
    pub(super) fn new(x: ArrayView2<f64>, max_bin: usize) -> Result<Self> {
        let binned: Vec<(Vec<f64>, Vec<u8>)> = (0..x.ncols())
            .into_par_iter()
            .map(|j| {
                let edges = bin_edges(x.column(j), max_bin)?.to_vec();
                let bins = bins_of(x.column(j), &edges);
                Ok((edges, bins))
            })
            .collect::<Result<_>>()?;
        // An even number of blocks, so that two threads have equal work.
        let d = x.ncols();
        let width = if d <= WIDEST { d } else { d.div_ceil(2 * d.div_ceil(2 * WIDEST)) };
        let block = |first: usize| {
            let columns = &binned[first..d.min(first + width)];
            let mut bins = Vec::with_capacity(x.nrows() * columns.len());
            for row in 0..x.nrows() {
                bins.extend(columns.iter().map(|(_, bins)| bins[row]));
            }
            Block { first, width: columns.len(), bins }
        };
        let blocks = (0..d).into_par_iter().step_by(width).map(block).collect();
        Ok(Self { blocks, edges: binned.into_iter().map(|(edges, _)| edges).collect() })
    }
}

/// The bin of each value: how many borders lie below it.
#[expect(clippy::cast_possible_truncation, reason = "there are at most 254 borders")]
fn bins_of(x: ArrayView1<f64>, edges: &[f64]) -> Vec<u8> {
    let bin = |&value: &f64| {
        if value.is_nan() { MISSING } else { edges.partition_point(|&edge| edge < value) as u8 }
    };
    x.iter().map(bin).collect()
}

/// The histogram search for one tree.
pub(super) struct Histograms<'a> {
    pub(super) data: &'a Binned,
    /// Whether the tree may use each feature.
    pub(super) features: &'a [bool],
    /// Derivatives of each row.
    pub(super) derivatives: &'a [Sum],
    pub(super) judge: Judge,
}

/// The rows of a node, and its sums: a vector of features a block, empty where none are needed.
pub(super) struct Members {
    rows: Vec<u32>,
    blocks: Vec<Vec<Bins>>,
}

/// A node that is divided: its rows, which of the two is counted, and what is known of both.
struct Divided {
    rows: [Vec<u32>; 2],
    totals: [Sum; 2],
    smaller: usize,
}

/// One block of both children, with their best splits among its features.
type Searched = [(Vec<Bins>, Option<Candidate>); 2];

impl Finder for Histograms<'_> {
    type Node = Members;

    fn root(&self, rows: Vec<u32>, search: bool) -> Opened<Members> {
        let total = rows.par_iter().map(|&row| self.derivatives[row as usize]).sum();
        if !search {
            return Opened {
                n_samples: rows.len(),
                node: Members { rows, blocks: Vec::new() },
                total,
                best: None,
            };
        }
        let parts: Vec<(Vec<Bins>, Option<Candidate>)> = (0..self.data.blocks.len())
            .into_par_iter()
            .map(|b| {
                let bins = self.count(b, &rows);
                let best = self.best_of_block(b, &bins, total);
                (bins, best)
            })
            .collect();
        opened(rows, total, parts)
    }

    fn split(&self, batch: Vec<Chosen<Members>>, search: bool) -> Vec<[Opened<Members>; 2]> {
        let (parents, divided): (Vec<Vec<Vec<Bins>>>, Vec<Divided>) =
            batch.into_par_iter().map(|chosen| self.divide(chosen)).unzip();
        let n_blocks = if search { self.data.blocks.len() } else { 0 };
        let tasks: Vec<(usize, usize, Vec<Bins>)> = parents
            .into_iter()
            .enumerate()
            .flat_map(|(i, blocks)| {
                blocks.into_iter().take(n_blocks).enumerate().map(move |(b, bins)| (i, b, bins))
            })
            .collect();
        let searched: Vec<Searched> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map(|(i, b, parent)| self.search_children(&divided[i], b, parent))
            .collect();
        let mut searched = searched.into_iter();
        divided
            .into_iter()
            .map(|Divided { rows: [left, right], totals, .. }| {
                let (left_parts, right_parts) =
                    searched.by_ref().take(n_blocks).map(|[left, right]| (left, right)).unzip();
                [opened(left, totals[0], left_parts), opened(right, totals[1], right_parts)]
            })
            .collect()
    }

    fn rows(node: Members) -> Vec<u32> {
        node.rows
    }
}

/// Puts a node's blocks together; the first of equally good splits wins, so the lower feature.
fn opened(
    rows: Vec<u32>,
    total: Sum,
    parts: Vec<(Vec<Bins>, Option<Candidate>)>,
) -> Opened<Members> {
    let (blocks, bests): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let best = bests.into_iter().fold(None, Candidate::better);
    Opened { n_samples: rows.len(), node: Members { rows, blocks }, total, best }
}

impl Histograms<'_> {
    /// Sends the rows of a node to its children, in the order they had.
    fn divide(&self, chosen: Chosen<Members>) -> (Vec<Vec<Bins>>, Divided) {
        let Chosen { node: Members { rows, blocks }, total, candidate } = chosen;
        let place = candidate.feature / self.data.blocks[0].width;
        let block = &self.data.blocks[place];
        let column = candidate.feature - block.first;
        // Both are written at each step and only one keeps what was written: no branch to guess.
        let (mut left, mut right) = (vec![0; rows.len()], vec![0; rows.len()]);
        let (mut n_left, mut n_right) = (0, 0);
        for &row in &rows {
            let bin = block.bins[row as usize * block.width + column];
            let goes_left = bin <= candidate.bin || (bin == MISSING && candidate.missing_left);
            left[n_left] = row;
            right[n_right] = row;
            n_left += usize::from(goes_left);
            n_right += usize::from(!goes_left);
        }
        left.truncate(n_left);
        right.truncate(n_right);
        let smaller = usize::from(n_right < n_left);
        let totals = [candidate.left, total - candidate.left];
        (blocks, Divided { rows: [left, right], totals, smaller })
    }

    /// Counts the smaller child, subtracts it from the parent, and searches both.
    fn search_children(&self, divided: &Divided, b: usize, parent: Vec<Bins>) -> Searched {
        let smaller = self.count(b, &divided.rows[divided.smaller]);
        let larger = minus(parent, &smaller);
        let [left, right] =
            if divided.smaller == 0 { [smaller, larger] } else { [larger, smaller] };
        let best_left = self.best_of_block(b, &left, divided.totals[0]);
        let best_right = self.best_of_block(b, &right, divided.totals[1]);
        [(left, best_left), (right, best_right)]
    }

    /// The sums of some rows, by feature of a block and bin.
    fn count(&self, b: usize, rows: &[u32]) -> Vec<Bins> {
        let block = &self.data.blocks[b];
        let mut sums = vec![[Sum::default(); N_BINS]; block.width];
        let used = block.first..block.first + block.width;
        if !self.features[used].contains(&true) {
            return sums;
        }
        let (bins, derivatives) = (&block.bins, self.derivatives);
        // The width is known to the compiler, so that the inner loop is unrolled.
        match block.width {
            1 => count_wide::<1>(bins, rows, derivatives, &mut sums),
            2 => count_wide::<2>(bins, rows, derivatives, &mut sums),
            3 => count_wide::<3>(bins, rows, derivatives, &mut sums),
            4 => count_wide::<4>(bins, rows, derivatives, &mut sums),
            5 => count_wide::<5>(bins, rows, derivatives, &mut sums),
            6 => count_wide::<6>(bins, rows, derivatives, &mut sums),
            7 => count_wide::<7>(bins, rows, derivatives, &mut sums),
            _ => count_wide::<WIDEST>(bins, rows, derivatives, &mut sums),
        }
        sums
    }

    fn best_of_block(&self, b: usize, sums: &[Bins], total: Sum) -> Option<Candidate> {
        let first = self.data.blocks[b].first;
        let of_feature = |(column, sums): (usize, &Bins)| {
            let feature = first + column;
            self.features[feature].then(|| self.best_of_feature(feature, sums, total)).flatten()
        };
        sums.iter().enumerate().map(of_feature).fold(None, Candidate::better)
    }

    fn best_of_feature(&self, feature: usize, sums: &Bins, total: Sum) -> Option<Candidate> {
        let edges = &self.data.edges[feature];
        let missing = sums[usize::from(MISSING)];
        let gaps = missing != Sum::default();
        let present = total - missing;
        let mut search = self.judge.search(total);
        let mut left = Sum::default();
        for (bin, &sum) in (0..).zip(&sums[..edges.len()]) {
            // An empty bin's border is the cut before it once more.
            if sum == Sum::default() {
                continue;
            }
            left += sum;
            if left == present {
                break;
            }
            search.offer(bin, true, left + missing);
            if gaps {
                search.offer(bin, false, left);
            }
        }
        if gaps {
            // The question is only whether there is a value.
            search.offer(u32::from(MISSING) - 1, false, present);
        }
        let (gain, bin, missing_left, left) = search.finish()?;
        let threshold = edges.get(bin as usize).copied().unwrap_or(f64::INFINITY);
        let bin = u8::try_from(bin).unwrap_or(MISSING - 1);
        Some(Candidate { feature, threshold, bin, missing_left, has_missing: gaps, gain, left })
    }
}

fn count_wide<const WIDTH: usize>(
    bins: &[u8],
    rows: &[u32],
    derivatives: &[Sum],
    sums: &mut [Bins],
) {
    let (bins, _) = bins.as_chunks::<WIDTH>();
    let Some(sums) = sums.first_chunk_mut::<WIDTH>() else { return };
    for &row in rows {
        let derivative = derivatives[row as usize];
        for (sums, &bin) in sums.iter_mut().zip(&bins[row as usize]) {
            sums[usize::from(bin)] += derivative;
        }
    }
}

/// A parent's sums without one child's: those of the other, exactly.
fn minus(mut parent: Vec<Bins>, child: &[Bins]) -> Vec<Bins> {
    for (parent, child) in parent.iter_mut().zip(child) {
        for (sum, &less) in parent.iter_mut().zip(child) {
            *sum -= less;
        }
    }
    parent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::xgb::sums::round;
    use ndarray::Array2;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_sibling_is_its_parent_minus_its_sister_exactly() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for d in [1, 3, 8, 9, 20, 33] {
            let n = 500;
            let x = Array2::from_shape_fn((n, d), |_| {
                if rng.random_bool(0.1) { f64::NAN } else { rng.random_range(-1.0..1.0) }
            });
            let pairs: Vec<(f64, f64)> =
                (0..n).map(|_| (rng.random_range(-9.0..9.0), rng.random_range(0.0..1.0))).collect();
            let mut sums = vec![Sum::default(); n];
            let judge = Judge::new(round(&pairs, (0, 1), &[], &mut sums), 1.0, 0.0);
            let data = Binned::new(x.view(), 40).unwrap();
            let finder =
                Histograms { data: &data, features: &vec![true; d], derivatives: &sums, judge };
            let all: Vec<u32> = (0..500).collect();
            let (left, right): (Vec<u32>, Vec<u32>) = all.iter().partition(|&&row| row % 3 == 0);
            for b in 0..data.blocks.len() {
                let sibling = minus(finder.count(b, &all), &finder.count(b, &left));
                assert!(sibling == finder.count(b, &right));
            }
            assert_eq!(data.blocks.iter().map(|block| block.width).sum::<usize>(), d);
        }
    }

    #[test]
    fn bins_are_counted_below() {
        let x = ndarray::array![-1.0, 0.5, 0.6, f64::NAN, 9.0];
        assert_eq!(bins_of(x.view(), &[0.5, 2.0]), [0, 0, 1, MISSING, 2]);
    }
}
