//! Borders of bins.

use crate::base::views;
use crate::tree::cart::between;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// Borders of at most `max_bin` bins of one feature, shape `(n_bins − 1,)`, ascending: bin `b` holds the
/// values above border `b − 1` up to border `b`.
///
/// With at most `max_bin` different values each has a bin of its own, and the borders lie midway between
/// neighbours. With more, bins hold about equally many rows; a value as frequent as a whole bin gets one.
/// Missing values (`NaN`) are left out.
///
/// ```
/// use mlnotes::tree::lightgbm::bin_edges;
/// use ndarray::array;
/// assert_eq!(bin_edges(array![3.0, 1.0, f64::NAN, 2.0, 1.0].view(), 255)?, array![1.5, 2.5]);
/// assert_eq!(bin_edges(array![1.0, 2.0, 3.0, 4.0].view(), 2)?, array![2.5]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`] for an infinite value, [`Error::Parameter`] for a `max_bin`
/// below 2.
#[views]
pub fn bin_edges(x: ArrayView1<f64>, max_bin: usize) -> Result<Array1<f64>> {
    const WHAT: &str = "bin_edges: `x`";
    if x.is_empty() {
        return Err(Error::Empty { what: WHAT, needed: "1 value" });
    }
    if let Some((row, &value)) = x.iter().enumerate().find(|(_, v)| v.is_infinite()) {
        return Err(Error::NotFinite { what: WHAT, row, col: 0, value });
    }
    if max_bin < 2 {
        let (name, rule, got) = ("max_bin", ">= 2", max_bin.to_string());
        return Err(Error::Parameter { estimator: "bin_edges", name, rule, got });
    }
    // -0 and 0 are one value, but `total_cmp` tells them apart.
    let mut values: Vec<f64> = x.iter().filter(|v| !v.is_nan()).map(|v| v + 0.0).collect();
    values.sort_unstable_by(f64::total_cmp);
    let counted: Vec<(f64, usize)> =
        values.chunk_by(|a, b| a >= b).map(|equal| (equal[0], equal.len())).collect();
    let mut edges = Vec::new();
    let (mut n_rest, mut bins_rest, mut size) = (values.len(), max_bin, 0);
    for pair in counted.windows(2) {
        let ((value, count), (next, next_count)) = (pair[0], pair[1]);
        size += count;
        let target = n_rest as f64 / bins_rest as f64;
        // Stop here, or with the next value, whichever comes nearer to the target.
        let full = size as f64 + next_count as f64 / 2.0 > target;
        if counted.len() <= max_bin || full {
            edges.push(between(value, next));
            (n_rest, bins_rest, size) = (n_rest - size, bins_rest - 1, 0);
            if bins_rest == 1 && counted.len() > max_bin {
                break;
            }
        }
    }
    Ok(edges.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    fn counts(x: &[f64], edges: &Array1<f64>) -> Vec<usize> {
        let mut counts = vec![0; edges.len() + 1];
        for v in x {
            counts[edges.iter().filter(|&edge| edge < v).count()] += 1;
        }
        counts
    }

    #[test]
    fn bins_hold_equally_many_and_a_frequent_value_has_its_own() {
        let x: Vec<f64> = (0..1000).map(f64::from).collect();
        let edges = bin_edges(ArrayView1::from(&x), 10).unwrap();
        assert_eq!(counts(&x, &edges), [100; 10]);
        let mut x = vec![0.0; 500];
        x.extend((1..=500).map(f64::from));
        let found = counts(&x, &bin_edges(ArrayView1::from(&x), 6).unwrap());
        assert_eq!(found, [500, 100, 100, 100, 100, 100]);
    }

    proptest! {
        #[test]
        fn never_more_bins_than_allowed_and_none_empty(
            x in prop::collection::vec(-20i32..20, 1..200), max_bin in 2usize..50,
        ) {
            let x: Vec<f64> = x.into_iter().map(f64::from).collect();
            let edges = bin_edges(ArrayView1::from(&x), max_bin).unwrap();
            let found = counts(&x, &edges);
            let mut distinct = x.clone();
            distinct.sort_unstable_by(f64::total_cmp);
            distinct.dedup();
            prop_assert!(found.len() <= max_bin && found.iter().all(|&count| count > 0));
            // No fewer bins than may be, where each value can have one.
            prop_assert!(distinct.len() > max_bin || found.len() == distinct.len());
        }
    }

    #[test]
    fn odd_input() {
        assert!(bin_edges(array![f64::NAN].view(), 4).unwrap().is_empty());
        assert!(bin_edges(array![7.0, 7.0].view(), 4).unwrap().is_empty());
        assert!(matches!(bin_edges(array![].view(), 4), Err(Error::Empty { .. })));
        assert!(matches!(bin_edges(array![1.0].view(), 1), Err(Error::Parameter { .. })));
        let infinite = bin_edges(array![0.0, f64::NEG_INFINITY].view(), 4);
        assert!(matches!(infinite, Err(Error::NotFinite { row: 1, .. })));
    }
}
