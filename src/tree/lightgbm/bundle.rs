//! Exclusive feature bundling.

use crate::base::{check_matrix, views};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// Groups of columns that can share one: in at most `max_conflict` rows of a bundle is a column non-zero
/// where one before it is.
///
/// The fewest bundles are as hard to find as a colouring of a graph, so columns are taken greedily, those
/// with most non-zero values first, each into the first bundle that bears it. Columns are ascending
/// within a bundle, bundles ascending by their first column; each column is in one bundle.
///
/// ```
/// use mlnotes::tree::lightgbm::bundle_exclusive;
/// let x = ndarray::array![[1.0, 0.0, 3.0], [0.0, 1.0, 3.0], [0.0, 1.0, 4.0]];
/// assert_eq!(bundle_exclusive(x.view(), 0)?, [vec![0, 1], vec![2]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`].
#[views]
pub fn bundle_exclusive(x: ArrayView2<f64>, max_conflict: usize) -> Result<Vec<Vec<usize>>> {
    check_matrix("bundle_exclusive: `x`", x)?;
    let filled = |j: usize| -> Vec<usize> {
        x.column(j).iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(i, _)| i).collect()
    };
    let mut columns: Vec<(usize, Vec<usize>)> = (0..x.ncols()).map(|j| (j, filled(j))).collect();
    columns.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    let mut bundles: Vec<Bundle> = Vec::new();
    for (column, rows) in columns {
        let clash = |bundle: &Bundle| rows.iter().filter(|&&row| bundle.taken[row]).count();
        let place = bundles.iter().position(|b| b.n_conflicts + clash(b) <= max_conflict);
        let place = place.unwrap_or_else(|| {
            bundles.push(Bundle::new(x.nrows()));
            bundles.len() - 1
        });
        let bundle = &mut bundles[place];
        bundle.n_conflicts += rows.iter().filter(|&&row| bundle.taken[row]).count();
        for &row in &rows {
            bundle.taken[row] = true;
        }
        bundle.columns.push(column);
    }
    let mut bundles: Vec<Vec<usize>> = bundles.into_iter().map(|b| b.columns).collect();
    for columns in &mut bundles {
        columns.sort_unstable();
    }
    bundles.sort_unstable();
    Ok(bundles)
}

struct Bundle {
    columns: Vec<usize>,
    taken: Vec<bool>,
    n_conflicts: usize,
}

impl Bundle {
    fn new(n_rows: usize) -> Self {
        Self { columns: Vec::new(), taken: vec![false; n_rows], n_conflicts: 0 }
    }
}

/// The columns of each bundle as one column of codes, shape `(n_rows, n_bundles)`: 0 where all are zero, and
/// above it one code for each different non-zero value of each column, column after column.
///
/// So a histogram of the codes holds the histograms of all columns, one after the other. Where two columns
/// of a bundle conflict, the later one counts. A bundle of one column keeps its values.
///
/// ```
/// use mlnotes::tree::lightgbm::merge_bundles;
/// use ndarray::array;
/// let x = array![[1.0, 0.0], [0.0, 5.0], [0.0, 2.0], [0.0, 0.0]];
/// // Code 1: the first column's 1; 2 and 3: the second column's 2 and 5.
/// assert_eq!(merge_bundles(x.view(), &[vec![0, 1]])?, array![[1.0], [3.0], [2.0], [0.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] for a column that `x` does not have.
#[views]
pub fn merge_bundles(x: ArrayView2<f64>, bundles: &[Vec<usize>]) -> Result<Array2<f64>> {
    check_matrix("merge_bundles: `x`", x)?;
    if let Some(column) = bundles.iter().flatten().find(|&&column| column >= x.ncols()) {
        let expected = format!("columns below {}", x.ncols());
        return Err(Error::Shape {
            what: "merge_bundles: `bundles`",
            expected,
            got: column.to_string(),
        });
    }
    let mut merged = Array2::zeros((x.nrows(), bundles.len()));
    for (mut codes, columns) in merged.columns_mut().into_iter().zip(bundles) {
        if let [column] = columns[..] {
            codes.assign(&x.column(column));
            continue;
        }
        let mut offset = 1;
        for &column in columns {
            let mut values: Vec<f64> =
                x.column(column).iter().copied().filter(|&v| v != 0.0).collect();
            values.sort_unstable_by(f64::total_cmp);
            values.dedup();
            for (code, &value) in codes.iter_mut().zip(x.column(column)) {
                if value != 0.0 {
                    *code = (offset + values.partition_point(|&v| v < value)) as f64;
                }
            }
            offset += values.len();
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_hot_columns_make_one_bundle_that_loses_nothing(
            categories in prop::collection::vec(0usize..5, 5..60),
        ) {
            let n = categories.len();
            let one_hot = Array2::from_shape_fn((n, 5), |(i, j)| {
                f64::from(u8::from(categories[i] == j))
            });
            prop_assert_eq!(bundle_exclusive(one_hot.view(), 0).unwrap().len(), 1);
            let codes = merge_bundles(one_hot.view(), &[vec![0, 1, 2, 3, 4]]).unwrap();
            let mut present: Vec<usize> = categories.clone();
            present.sort_unstable();
            present.dedup();
            let expected: Array1<f64> = categories
                .iter()
                .map(|c| 1.0 + present.iter().filter(|&p| p < c).count() as f64)
                .collect();
            prop_assert_eq!(codes.column(0), expected.view());
        }

        #[test]
        fn no_bundle_has_more_conflicts_than_allowed(
            bits in prop::collection::vec(0u8..4, 60), allowed in 0usize..4,
        ) {
            let x = Array2::from_shape_fn((10, 6), |(i, j)| f64::from(u8::from(bits[i * 6 + j] == 0)));
            let bundles = bundle_exclusive(x.view(), allowed).unwrap();
            let mut all: Vec<usize> = bundles.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, [0, 1, 2, 3, 4, 5]);
            for bundle in bundles {
                let filled = |row: usize| bundle.iter().filter(|&&j| x[[row, j]] != 0.0).count();
                let conflicts: usize = (0..10).map(|row| filled(row).saturating_sub(1)).sum();
                prop_assert!(conflicts <= allowed);
            }
        }
    }

    #[test]
    fn dense_columns_stay_apart_and_bad_input_is_named() {
        let x = array![[1.0, 2.0], [3.0, 4.0]];
        assert_eq!(bundle_exclusive(x.view(), 0).unwrap(), [vec![0], vec![1]]);
        assert_eq!(bundle_exclusive(x.view(), 2).unwrap(), [vec![0, 1]]);
        assert_eq!(merge_bundles(x.view(), &[vec![1]]).unwrap(), array![[2.0], [4.0]]);
        let nan = bundle_exclusive(array![[f64::NAN]].view(), 0);
        assert!(matches!(nan, Err(Error::NotFinite { .. })));
        assert!(matches!(merge_bundles(x.view(), &[vec![2]]), Err(Error::Shape { .. })));
        let empty = Array2::zeros((0, 3));
        assert!(matches!(bundle_exclusive(empty.view(), 0), Err(Error::Empty { .. })));
    }
}
