//! Splitting rows into a part to learn from and a part to be judged on.

use crate::base::{stream, views};
use crate::{Error, Result};
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

/// Row numbers of the two parts, disjoint, together all rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// Rows to fit on.
    pub train: Vec<usize>,
    /// Rows to judge on.
    pub test: Vec<usize>,
}

/// Splits `0..n` at random; `⌈n · test_share⌉` rows go to the test part, as in scikit-learn.
///
/// # Errors
/// [`Error::Parameter`] unless `0 < test_share < 1`; [`Error::TooFewSamples`] when a part would be empty.
///
/// ```
/// let split = mlnotes::data::train_test_split(10, 0.3, 7)?;
/// assert_eq!((split.train.len(), split.test.len()), (7, 3));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn train_test_split(n: usize, test_share: f64, seed: u64) -> Result<Split> {
    let n_test = test_rows("train_test_split", "train_test_split: `n`", n, test_share)?;
    let mut rows: Vec<usize> = (0..n).collect();
    rows.shuffle(&mut stream(seed, 0));
    let test = rows.split_off(n - n_test);
    Ok(Split { train: rows, test })
}

/// As [`train_test_split`], with the class shares of `y`, shape `(n,)`, in both parts, up to one row a class.
///
/// Each class gives its share of the training rows, rounded down; the rows still missing come from the
/// classes with the largest remainders.
///
/// # Errors
/// As [`train_test_split`]; [`Error::TooFewSamples`] also for a class with fewer than two rows, and for a
/// part with fewer rows than there are classes.
///
/// ```
/// let y = [0, 0, 0, 0, 0, 0, 1, 1, 1];
/// let split = mlnotes::data::stratified_train_test_split(&y, 0.33, 7)?;
/// assert_eq!(split.test.iter().filter(|&&row| y[row] == 1).count(), 1);
/// assert_eq!((split.train.len(), split.test.len()), (6, 3));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn stratified_train_test_split(y: &[usize], test_share: f64, seed: u64) -> Result<Split> {
    const NAME: &str = "stratified_train_test_split";
    const WHAT: &str = "stratified_train_test_split: `y`";
    let n = y.len();
    let n_test = test_rows(NAME, WHAT, n, test_share)?;
    let n_train = n - n_test;
    let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &class) in y.iter().enumerate() {
        classes.entry(class).or_default().push(row);
    }
    let mut strata: Vec<Vec<usize>> = classes.into_values().collect();
    let rarest = strata.iter().map(Vec::len).min().unwrap_or(0);
    if rarest < 2 {
        let what = "stratified_train_test_split: `y` (its smallest class)";
        return Err(Error::TooFewSamples { what, needed: 2, got: rarest });
    }
    if n_test.min(n_train) < strata.len() {
        let what = "stratified_train_test_split: the smaller part";
        return Err(Error::TooFewSamples { what, needed: strata.len(), got: n_test.min(n_train) });
    }
    // Quotas n_train · n_class / n in whole numbers: the quotient and, for the remainder, who is next.
    let mut quota: Vec<usize> = strata.iter().map(|rows| n_train * rows.len() / n).collect();
    let mut by_remainder: Vec<usize> = (0..strata.len()).collect();
    by_remainder.sort_by_key(|&c| std::cmp::Reverse(n_train * strata[c].len() % n));
    let missing = n_train - quota.iter().sum::<usize>();
    by_remainder[..missing].iter().for_each(|&c| quota[c] += 1);
    let mut rng = stream(seed, 0);
    let mut split = Split { train: Vec::with_capacity(n_train), test: Vec::with_capacity(n_test) };
    for (rows, quota) in strata.iter_mut().zip(quota) {
        rows.shuffle(&mut rng);
        split.test.extend(rows.split_off(quota));
        split.train.append(rows);
    }
    split.train.shuffle(&mut rng);
    split.test.shuffle(&mut rng);
    Ok(split)
}

/// `⌈n · test_share⌉`, if that leaves rows on both sides.
fn test_rows(
    estimator: &'static str,
    what: &'static str,
    n: usize,
    test_share: f64,
) -> Result<usize> {
    if !(test_share > 0.0 && test_share < 1.0) {
        return Err(Error::Parameter {
            estimator,
            name: "test_share",
            rule: "between 0 and 1, both excluded",
            got: test_share.to_string(),
        });
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 < share < 1")]
    let n_test = (n as f64 * test_share).ceil() as usize;
    if n < 2 || n_test >= n {
        return Err(Error::TooFewSamples { what, needed: n_test.max(1) + 1, got: n });
    }
    Ok(n_test)
}

/// `k` splits of `0..n` at random: each row is in the test part of exactly one of them, and the parts
/// differ in size by at most one row.
///
/// # Errors
/// [`Error::Parameter`] unless `k >= 2`; [`Error::TooFewSamples`] for more folds than rows.
///
/// ```
/// let folds = mlnotes::data::k_fold(10, 3, 7)?;
/// let sizes: Vec<usize> = folds.iter().map(|fold| fold.test.len()).collect();
/// assert_eq!(sizes, [4, 3, 3]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn k_fold(n: usize, k: usize, seed: u64) -> Result<Vec<Split>> {
    check_folds("k_fold", "k_fold: `n`", n, k)?;
    let mut rows: Vec<usize> = (0..n).collect();
    rows.shuffle(&mut stream(seed, 0));
    let mut fold = vec![0; n];
    for (position, &row) in rows.iter().enumerate() {
        fold[row] = position % k;
    }
    Ok(from_folds(&fold, k))
}

/// As [`k_fold`], with the rows of each class of `y`, shape `(n,)`, dealt out evenly: each fold has the
/// class shares of the whole, up to one row a class.
///
/// # Errors
/// As [`k_fold`]; [`Error::TooFewSamples`] also for a class with fewer than `k` rows.
///
/// ```
/// let y = [0, 0, 0, 0, 1, 1];
/// for fold in mlnotes::data::stratified_k_fold(&y, 2, 7)? {
///     assert_eq!(fold.test.iter().filter(|&&row| y[row] == 1).count(), 1);
/// }
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn stratified_k_fold(y: &[usize], k: usize, seed: u64) -> Result<Vec<Split>> {
    const WHAT: &str = "stratified_k_fold: `y`";
    check_folds("stratified_k_fold", WHAT, y.len(), k)?;
    let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &class) in y.iter().enumerate() {
        classes.entry(class).or_default().push(row);
    }
    let mut rng = stream(seed, 0);
    let mut fold = vec![0; y.len()];
    // Dealing goes on where the last class ended, so that the folds stay equally large.
    let mut next = 0;
    for rows in classes.values_mut() {
        if rows.len() < k {
            return Err(Error::TooFewSamples {
                what: "stratified_k_fold: `y` (its smallest class)",
                needed: k,
                got: rows.len(),
            });
        }
        rows.shuffle(&mut rng);
        for &mut row in rows {
            fold[row] = next;
            next = (next + 1) % k;
        }
    }
    Ok(from_folds(&fold, k))
}

/// The splits in which fold `f` is the test part, for each `f`; rows in ascending order.
fn from_folds(fold: &[usize], k: usize) -> Vec<Split> {
    let split = |f: usize| {
        let (test, train) = (0..fold.len()).partition(|&row| fold[row] == f);
        Split { train, test }
    };
    (0..k).map(split).collect()
}

fn check_folds(estimator: &'static str, what: &'static str, n: usize, k: usize) -> Result<()> {
    if k < 2 {
        return Err(Error::Parameter { estimator, name: "k", rule: ">= 2", got: k.to_string() });
    }
    if n < k {
        return Err(Error::TooFewSamples { what, needed: k, got: n });
    }
    Ok(())
}

/// There are splits, and each names rows below `n` in both parts.
pub(crate) fn check_splits(what: &'static str, splits: &[Split], n: usize) -> Result<()> {
    if splits.is_empty() {
        return Err(Error::Empty { what, needed: "1 split" });
    }
    for split in splits {
        if split.train.is_empty() || split.test.is_empty() {
            return Err(Error::Empty { what, needed: "1 row in each part of each split" });
        }
        let rows = split.train.iter().chain(&split.test);
        if let Some(&row) = rows.max().filter(|row| **row >= n) {
            let (rule, got) = ("row numbers of `x`", row.to_string());
            return Err(Error::Parameter { estimator: what, name: "splits", rule, got });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_tested_once_and_folds_are_even() {
        for (n, k) in [(10, 3), (7, 7), (100, 5)] {
            let y: Vec<usize> = (0..n).map(|i| usize::from(i % 10 == 0)).collect();
            let mut all = vec![k_fold(n, k, 3).unwrap()];
            if n == 100 {
                all.push(stratified_k_fold(&y, k, 3).unwrap());
            }
            for folds in all {
                let mut tested: Vec<usize> = folds.iter().flat_map(|f| f.test.clone()).collect();
                tested.sort_unstable();
                assert_eq!(tested, (0..n).collect::<Vec<_>>());
                for fold in &folds {
                    assert_eq!(fold.train.len() + fold.test.len(), n);
                    assert!(fold.train.iter().all(|row| !fold.test.contains(row)));
                    assert!(fold.test.len().abs_diff(n / k) <= 1);
                }
            }
        }
        assert_ne!(k_fold(50, 5, 1).unwrap(), k_fold(50, 5, 2).unwrap());
    }

    #[test]
    fn strata_keep_their_shares_and_small_classes_are_refused() {
        let y: Vec<usize> = (0..103).map(|i| usize::from(i % 4 == 0)).collect();
        for fold in stratified_k_fold(&y, 5, 0).unwrap() {
            let events = fold.test.iter().filter(|&&row| y[row] == 1).count();
            assert!((5..=6).contains(&events) && (20..=21).contains(&fold.test.len()));
        }
        let few = stratified_k_fold(&[0, 0, 0, 1], 2, 0);
        assert!(matches!(few, Err(Error::TooFewSamples { needed: 2, got: 1, .. })));
        assert!(matches!(k_fold(10, 1, 0), Err(Error::Parameter { .. })));
        assert!(matches!(k_fold(2, 3, 0), Err(Error::TooFewSamples { .. })));
    }

    #[test]
    fn the_parts_are_disjoint_and_complete_and_the_seed_decides() {
        for seed in 0..10 {
            let split = train_test_split(101, 0.25, seed).unwrap();
            assert_eq!(split.test.len(), 26);
            let mut all = [split.train.clone(), split.test.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..101).collect::<Vec<_>>());
            assert_eq!(split, train_test_split(101, 0.25, seed).unwrap());
        }
    }

    #[test]
    fn both_parts_have_the_class_shares() {
        let y: Vec<usize> = (0..97).map(|i| [0, 0, 0, 1, 2, 2][i % 6]).collect();
        for seed in 0..10 {
            let split = stratified_train_test_split(&y, 0.3, seed).unwrap();
            assert_eq!((split.train.len(), split.test.len()), (67, 30));
            let mut all = [split.train.clone(), split.test.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..97).collect::<Vec<_>>());
            for class in 0..3 {
                let count = |rows: &[usize]| rows.iter().filter(|&&row| y[row] == class).count();
                let expected = 67.0 * count(&all) as f64 / 97.0;
                assert!((count(&split.train) as f64 - expected).abs() < 1.0);
            }
        }
        let rare = stratified_train_test_split(&[0, 0, 0, 1], 0.5, 0).unwrap_err();
        assert!(rare.to_string().contains("smallest class"), "{rare}");
        let narrow = stratified_train_test_split(&[0, 0, 1, 1, 2, 2], 0.2, 0).unwrap_err();
        assert!(matches!(narrow, Error::TooFewSamples { needed: 3, got: 2, .. }), "{narrow}");
        assert!(stratified_train_test_split(&[], 0.2, 0).is_err());
    }

    #[test]
    fn a_share_outside_the_open_interval_is_refused() {
        for share in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(matches!(train_test_split(10, share, 0), Err(Error::Parameter { .. })));
        }
        assert!(matches!(train_test_split(1, 0.5, 0), Err(Error::TooFewSamples { .. })));
    }
}
