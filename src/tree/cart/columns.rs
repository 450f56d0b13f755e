//! The data by column, sorted once: shared by every tree that is grown on it.

use ndarray::ArrayView2;
use rayon::prelude::*;

/// One feature: its values, their order, and their ranks.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Value of each row.
    pub(crate) values: Vec<f64>,
    /// Rank of each row's value among the distinct values: equal values have equal ranks.
    pub(crate) ranks: Vec<u32>,
    /// Rows by value; equal values by row number.
    pub(crate) order: Vec<u32>,
}

/// All features of a matrix.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// One a feature.
    pub(crate) columns: Vec<Column>,
    /// Number of rows.
    pub(crate) n_rows: usize,
}

impl Columns {
    /// Sorts each column of `x`, `(n_samples, n_features)`, all finite, fewer than 2³² rows.
    pub(crate) fn new(x: ArrayView2<f64>) -> Self {
        let columns =
            (0..x.ncols()).into_par_iter().map(|j| Column::new(x.column(j).to_vec())).collect();
        Self { columns, n_rows: x.nrows() }
    }
}

impl Column {
    #[expect(clippy::cast_possible_truncation, reason = "the number of rows was checked")]
    fn new(mut values: Vec<f64>) -> Self {
        // -0 and 0 are one value, but `total_cmp` tells them apart.
        for v in &mut values {
            *v += 0.0;
        }
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| {
            values[a as usize].total_cmp(&values[b as usize]).then(a.cmp(&b))
        });
        let mut ranks = vec![0; values.len()];
        let mut rank = 0;
        for pair in order.windows(2) {
            let (below, above) = (pair[0] as usize, pair[1] as usize);
            rank += u32::from(values[below] < values[above]);
            ranks[above] = rank;
        }
        Self { values, ranks, order }
    }

    /// The threshold between the values of two rows: see [`between`].
    pub(crate) fn threshold(&self, below: u32, above: u32) -> f64 {
        between(self.values[below as usize], self.values[above as usize])
    }
}

/// Midway between two values, in such a way that `below <= threshold < above`.
pub(crate) fn between(below: f64, above: f64) -> f64 {
    let middle = below / 2.0 + above / 2.0;
    // Of neighbouring floats the middle rounds to one of the two; halves of the tiniest vanish.
    if middle < above && middle >= below { middle } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_a_rank_and_zero_has_one_sign() {
        let column = Column::new(vec![2.0, -0.0, 2.0, 0.0, -7.0]);
        assert_eq!(column.order, [4, 1, 3, 0, 2]);
        assert_eq!(column.ranks, [2, 1, 2, 1, 0]);
    }

    #[test]
    fn a_threshold_separates_even_neighbouring_floats() {
        let next = f64::from_bits(1.0f64.to_bits() + 1);
        let tiny = f64::from_bits(1);
        for (low, high) in
            [(1.0, next), (0.0, tiny), (tiny, 2.0 * tiny), (-f64::MAX, f64::MAX), (1.0, 2.0)]
        {
            let t = Column::new(vec![low, high]).threshold(0, 1);
            assert!(low <= t && t < high, "{low} {t} {high}");
        }
    }
}
