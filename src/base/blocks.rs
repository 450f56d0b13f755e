//! Work on blocks of rows, side by side. Blocks have a fixed size, so that a sum over them has the same
//! bits on any number of threads.

use ndarray::{ArrayView2, s};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of a block: few enough that a block of some dozen features stays in a core's cache while several
/// passes go over it.
pub(crate) const BLOCK: usize = 1024;

/// `f` of each block of `0..n_rows`, in the order of the rows.
pub(crate) fn map_blocks<T: Send>(n_rows: usize, f: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let block = |start: usize| f(start..(start + BLOCK).min(n_rows));
    // One block is not worth waking a thread for.
    if n_rows <= BLOCK {
        return (0..n_rows.min(1)).map(block).collect();
    }
    (0..n_rows.div_ceil(BLOCK)).into_par_iter().map(|i| block(i * BLOCK)).collect()
}

/// Some rows of `x`.
pub(crate) fn rows<'a>(x: &'a ArrayView2<f64>, range: Range<usize>) -> ArrayView2<'a, f64> {
    x.slice(s![range, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_block_and_in_order() {
        for n in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5] {
            let ranges = map_blocks(n, |range| range);
            let all: Vec<usize> = ranges.into_iter().flatten().collect();
            assert_eq!(all, (0..n).collect::<Vec<_>>());
        }
    }
}
