//! Columns that know the answer, and rows that are there twice.

use crate::base::{check_matrix, check_vector, views};
use crate::data::{k_fold, stratified_k_fold};
use crate::display::check_interrupt;
use crate::tree::cart::DecisionTreeRegressor;
use crate::{Error, Result};
use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Out-of-fold `R²` from which one column alone is suspected.
const ALONE: f64 = 0.95;
const FOLDS: usize = 5;
/// A step function of a few steps: it finds any shape, but cannot learn an identifier by heart.
const DEPTH: usize = 5;
const MIN_LEAF: usize = 3;
/// From this share of distinct values on a column counts as continuous.
const CONTINUOUS: f64 = 0.25;

/// Something that makes a validation score too good to be true; a reason to ask where it comes from, not a
/// verdict.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Suspect {
    /// One column alone predicts `y` with this `R²`, out of fold.
    Alone {
        /// The column, from 0.
        feature: usize,
        /// `R²`, at least 0.95.
        score: f64,
    },
    /// A column of whole numbers, each another one, that follows the order of the rows: an identifier or a
    /// date.
    RowNumber {
        /// The column, from 0.
        feature: usize,
    },
    /// Rows equal in every column and in `y`, in a table where chance hardly makes any equal.
    Duplicates {
        /// The rows of each set of equals, ascending.
        rows: Vec<Vec<usize>>,
    },
}

/// Looks for the three commonest leaks in `x`, `(n_samples, n_features)`, with the target `y`, `(n_samples,)`:
/// numbers, or classes as numbers.
///
/// - a column that alone predicts `y` (`R²` of a small tree out of fold at least 0.95): mostly it was written
///   down after `y` was known, or is made from it;
/// - a column that numbers the rows: it carries whatever their order carries;
/// - equal rows, which land in training and test part both.
///
/// What it cannot see: rows of one person under different values, statistics of `y` over groups that were
/// computed on all rows, and leaks shared out among several columns.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::TooFewSamples`] below 20 rows,
/// [`Error::ZeroVariance`] for a constant `y`.
///
/// # Example
/// ```
/// use mlnotes::{data, metrics::validation::{Suspect, leakage_scan}};
/// use ndarray::{Axis, concatenate};
/// let set = data::diabetes();
/// assert!(leakage_scan(set.x.view(), set.y.view())?.is_empty());
/// // Somebody adds the doctor's later judgement, in other units.
/// let judgement = set.y.mapv(|y| 3.0 - y / 40.0).insert_axis(Axis(1));
/// let x = concatenate![Axis(1), set.x, judgement];
/// let found = leakage_scan(x.view(), set.y.view())?;
/// assert!(matches!(found[..], [Suspect::Alone { feature: 10, score }] if score > 0.98));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Kaufman, Rosset, Perlich & Stitelman (2012), Leakage in data mining; Kapoor & Narayanan (2023).
#[views]
pub fn leakage_scan(x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<Vec<Suspect>> {
    check(x, y)?;
    let fold = folds(y)?;
    let mut suspects: Vec<Suspect> = Vec::new();
    check_interrupt();
    let scores: Result<Vec<f64>> =
        (0..x.ncols()).into_par_iter().map(|j| alone(x.column(j), y, &fold)).collect();
    for (feature, score) in scores?.into_iter().enumerate() {
        if score >= ALONE {
            suspects.push(Suspect::Alone { feature, score });
        }
    }
    let numbers = (0..x.ncols()).filter(|&j| is_row_number(x.column(j)));
    suspects.extend(numbers.map(|feature| Suspect::RowNumber { feature }));
    let rows = equal_rows(x, y);
    if !rows.is_empty() && (0..x.ncols()).any(|j| distinct(x.column(j)) >= CONTINUOUS) {
        suspects.push(Suspect::Duplicates { rows });
    }
    Ok(suspects)
}

/// The fold of each row, at random; by class where `y` has few values, so that no fold lacks one.
fn folds(y: ArrayView1<f64>) -> Result<Vec<usize>> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    y.iter().for_each(|v| *counts.entry(v.to_bits()).or_default() += 1);
    let splits = if counts.values().all(|&n| n >= FOLDS) {
        let number: BTreeMap<u64, usize> =
            counts.keys().enumerate().map(|(number, &bits)| (bits, number)).collect();
        let classes: Vec<usize> = y.iter().map(|v| number[&v.to_bits()]).collect();
        stratified_k_fold(&classes, FOLDS, 0)?
    } else {
        k_fold(y.len(), FOLDS, 0)?
    };
    let mut fold = vec![0; y.len()];
    for (f, split) in splits.iter().enumerate() {
        split.test.iter().for_each(|&row| fold[row] = f);
    }
    Ok(fold)
}

/// `R²` of a small tree on one column, out of fold.
fn alone(column: ArrayView1<f64>, y: ArrayView1<f64>, fold: &[usize]) -> Result<f64> {
    let params = DecisionTreeRegressor::params().max_depth(DEPTH).min_leaf(MIN_LEAF);
    let mut residual = 0.0;
    for f in 0..FOLDS {
        let (test, train): (Vec<usize>, Vec<usize>) = (0..y.len()).partition(|&row| fold[row] == f);
        let part = |rows: &[usize]| column.select(Axis(0), rows).insert_axis(Axis(1));
        let tree = params.fit(part(&train).view(), y.select(Axis(0), &train).view())?;
        let said = tree.predict(part(&test).view())?;
        residual += (y.select(Axis(0), &test) - said).mapv(|d| d * d).sum();
    }
    let mean = y.sum() / y.len() as f64;
    let total: f64 = y.iter().map(|v| (v - mean) * (v - mean)).sum();
    Ok(1.0 - residual / total)
}

/// Whole numbers that rise, or fall, from each row to the next.
fn is_row_number(column: ArrayView1<f64>) -> bool {
    let rises = column.windows(2).into_iter().all(|pair| pair[0] < pair[1]);
    let falls = column.windows(2).into_iter().all(|pair| pair[0] > pair[1]);
    (rises || falls) && column.iter().all(|v| v.fract() == 0.0)
}

/// The share of distinct values.
fn distinct(column: ArrayView1<f64>) -> f64 {
    let values: BTreeSet<u64> = column.iter().map(|v| bits(*v)).collect();
    values.len() as f64 / column.len() as f64
}

/// Sets of two or more rows that agree in all columns and in `y`.
fn equal_rows(x: ArrayView2<f64>, y: ArrayView1<f64>) -> Vec<Vec<usize>> {
    let mut sets: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    for (i, row) in x.rows().into_iter().enumerate() {
        let key = row.iter().chain(std::iter::once(&y[i])).map(|v| bits(*v)).collect();
        sets.entry(key).or_default().push(i);
    }
    let mut sets: Vec<Vec<usize>> = sets.into_values().filter(|rows| rows.len() > 1).collect();
    sets.sort_unstable();
    sets
}

/// The number's bits; 0 and −0 are one number.
fn bits(v: f64) -> u64 {
    (v + 0.0).to_bits()
}

fn check(x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<()> {
    const NEEDED: usize = 20;
    check_matrix("leakage_scan: `x`", x)?;
    if y.len() != x.nrows() {
        let (expected, got) = (format!("({},)", x.nrows()), format!("({},)", y.len()));
        return Err(Error::Shape { what: "leakage_scan: `y`", expected, got });
    }
    check_vector("leakage_scan: `y`", y)?;
    if x.nrows() < NEEDED {
        let got = x.nrows();
        return Err(Error::TooFewSamples { what: "leakage_scan: `x`", needed: NEEDED, got });
    }
    if y.iter().all(|v| v.total_cmp(&y[0]).is_eq()) {
        return Err(Error::ZeroVariance { what: "leakage_scan: `y`", col: None, value: y[0] });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use ndarray::{Array1, Array2, concatenate};

    /// Classes as numbers.
    fn as_numbers(y: &[usize]) -> Array1<f64> {
        y.iter().map(|&class| class as f64).collect()
    }

    /// The set with one column more.
    fn with(x: &Array2<f64>, column: &Array1<f64>) -> Array2<f64> {
        concatenate![Axis(1), x.view(), column.view().insert_axis(Axis(1))]
    }

    #[test]
    fn honest_sets_are_not_suspected() {
        let diabetes = data::diabetes();
        assert_eq!(leakage_scan(diabetes.x.view(), diabetes.y.view()).unwrap(), []);
        for set in [data::wine(), data::breast_cancer(), data::penguins()] {
            let found = leakage_scan(set.x.view(), as_numbers(&set.y).view()).unwrap();
            assert_eq!(found, [], "{}", set.source);
        }
    }

    #[test]
    fn a_column_that_is_filled_only_for_one_class_is_found() {
        let cancer = data::breast_cancer();
        let y = as_numbers(&cancer.y);
        // Days of treatment: known only for those who turned out ill.
        let days: Array1<f64> = y
            .iter()
            .enumerate()
            .map(|(i, y)| if *y < 0.5 { 30.0 + (i % 17) as f64 } else { 0.0 })
            .collect();
        let found = leakage_scan(with(&cancer.x, &days).view(), y.view()).unwrap();
        assert!(matches!(found[..], [Suspect::Alone { feature: 30, .. }]), "{found:?}");
    }

    #[test]
    fn an_identifier_of_sorted_rows_is_found_twice_over() {
        let wine = data::wine();
        let number: Array1<f64> = (0..178).map(|i| 1000.0 + 3.0 * f64::from(i)).collect();
        let found =
            leakage_scan(with(&wine.x, &number).view(), as_numbers(&wine.y).view()).unwrap();
        assert!(
            matches!(
                found[..],
                [Suspect::Alone { feature: 13, .. }, Suspect::RowNumber { feature: 13 }]
            ),
            "{found:?}"
        );
        let falling = number.mapv(|v| -v);
        assert!(is_row_number(falling.view()) && !is_row_number(number.mapv(|v| v + 0.5).view()));
    }

    #[test]
    fn copied_rows_are_found_but_not_among_codes() {
        let set = data::diabetes();
        let rows: Vec<usize> = (0..442).chain([5, 9, 5]).collect();
        let (x, y) = (set.x.select(Axis(0), &rows), set.y.select(Axis(0), &rows));
        let found = leakage_scan(x.view(), y.view()).unwrap();
        assert_eq!(found, [Suspect::Duplicates { rows: vec![vec![5, 442, 444], vec![9, 443]] }]);
        // Two columns of yes and no repeat themselves in any honest table.
        let codes = Array2::from_shape_fn((100, 2), |(i, j)| ((i * (j + 3)) % 2) as f64);
        let y: Array1<f64> = (0..100).map(|i| f64::from((i * i) % 7 % 2)).collect();
        assert_eq!(leakage_scan(codes.view(), y.view()).unwrap(), []);
    }

    #[test]
    fn bad_input_is_named() {
        let set = data::diabetes();
        let (x, y) = (set.x.view(), set.y.view());
        let short = leakage_scan(x, y.slice(ndarray::s![..9]));
        assert!(matches!(short, Err(Error::Shape { .. })));
        let few = leakage_scan(x.slice(ndarray::s![..9, ..]), y.slice(ndarray::s![..9]));
        assert!(matches!(few, Err(Error::TooFewSamples { needed: 20, .. })));
        let flat = leakage_scan(x, Array1::ones(442).view());
        assert!(matches!(flat, Err(Error::ZeroVariance { .. })));
    }
}
