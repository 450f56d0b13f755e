//! K folds: in order, at random, by class, by group, or by class and group.

use crate::base::{stream, views};
use crate::data::{Split, k_fold, stratified_k_fold};
use crate::{Error, Result};
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

const NAME: &str = "KFold";

/// Entry point: [`KFold::params`].
#[derive(Debug, Clone, Copy)]
pub struct KFold;

impl KFold {
    /// Settings for `k` folds.
    ///
    /// ```
    /// use mlnotes::metrics::validation::KFold;
    /// let folds = KFold::params(2).split(5)?;
    /// assert_eq!((&folds[0].test[..], &folds[1].test[..]), (&[0, 1, 2][..], &[3, 4][..]));
    /// // Rows of one patient stay together.
    /// let patients = [7, 7, 8, 8, 9, 9];
    /// for fold in KFold::params(3).groups(&patients).split(6)? {
    ///     assert!(fold.test.len() == 2 && patients[fold.test[0]] == patients[fold.test[1]]);
    /// }
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(k: usize) -> KFoldParams {
        KFoldParams { k, shuffle: false, stratify: None, groups: None, seed: 0 }
    }
}

/// Settings of k-fold splitting.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | required | `>= 2` | folds |
/// | `shuffle` | false | | at random, or in the order of the rows |
/// | `stratify` | none | a class a row | give each fold the class shares of the whole |
/// | `groups` | none | a group a row | keep the rows of a group in one fold |
/// | `seed` | 0 | | chance; of no effect without `shuffle` |
///
/// Rows sorted by class or by time need `shuffle`, `stratify`, or [`super::TimeSeriesSplit`]: blocks of
/// them differ from the rest. Rows that belong together (visits of a patient, sentences of a text) need
/// `groups`, or the judge has met the judged.
#[derive(Debug, Clone, PartialEq)]
pub struct KFoldParams {
    k: usize,
    shuffle: bool,
    stratify: Option<Vec<usize>>,
    groups: Option<Vec<usize>>,
    seed: u64,
}

impl KFoldParams {
    /// Whether to deal the rows at random.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Gives each fold the class shares of the whole, for the classes `y`, shape `(n,)`.
    #[must_use]
    #[views]
    pub fn stratify(mut self, y: &[usize]) -> Self {
        self.stratify = Some(y.to_vec());
        self
    }

    /// Keeps the rows of each group in one fold, for the groups of all rows, shape `(n,)`.
    #[must_use]
    #[views]
    pub fn groups(mut self, groups: &[usize]) -> Self {
        self.groups = Some(groups.to_vec());
        self
    }

    /// Seeds the chance.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The `k` splits of rows `0..n`: each row is in the test part of exactly one. Rows ascend.
    ///
    /// Without groups the parts differ by at most one row, and so do the rows of each class when
    /// stratified. Groups are dealt from the largest to the smallest, each to the fold that is smallest so
    /// far, or, when stratified, to the one that leaves the class shares of the folds most alike.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `k >= 2`; [`Error::TooFewSamples`] for fewer rows, rows of a class, or
    /// groups than folds; [`Error::Shape`] for classes or groups that are not `n`.
    pub fn split(&self, n: usize) -> Result<Vec<Split>> {
        self.check(n)?;
        let fold = match (&self.stratify, &self.groups) {
            (None, None) if self.shuffle => return k_fold(n, self.k, self.seed),
            (Some(y), None) if self.shuffle => return stratified_k_fold(y, self.k, self.seed),
            (None, None) => blocks(n, self.k),
            (Some(y), None) => blocks_of_classes(y, self.k),
            (None, Some(groups)) => self.whole_groups(groups, &vec![0; n])?,
            (Some(y), Some(groups)) => self.whole_groups(groups, y)?,
        };
        let split = |f: usize| {
            let (test, train) = (0..n).partition(|&row| fold[row] == f);
            Split { train, test }
        };
        Ok((0..self.k).map(split).collect())
    }

    /// The fold of each row, groups kept whole.
    fn whole_groups(&self, groups: &[usize], y: &[usize]) -> Result<Vec<usize>> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, &group) in groups.iter().enumerate() {
            members.entry(group).or_default().push(row);
        }
        let mut members: Vec<Vec<usize>> = members.into_values().collect();
        if members.len() < self.k {
            let what = "KFold: `groups` (distinct ones)";
            return Err(Error::TooFewSamples { what, needed: self.k, got: members.len() });
        }
        if self.shuffle {
            members.shuffle(&mut stream(self.seed, 0));
        }
        let deal = Deal::new(y, self.k);
        Ok(deal.out(members, groups.len()))
    }

    fn check(&self, n: usize) -> Result<()> {
        let k = self.k;
        if k < 2 {
            let (rule, got) = (">= 2", k.to_string());
            return Err(Error::Parameter { estimator: NAME, name: "k", rule, got });
        }
        if n < k {
            return Err(Error::TooFewSamples { what: "KFold: `n`", needed: k, got: n });
        }
        for (what, ids) in
            [("KFold: `stratify`", &self.stratify), ("KFold: `groups`", &self.groups)]
        {
            if let Some(ids) = ids.as_ref().filter(|ids| ids.len() != n) {
                let (expected, got) = (format!("({n},)"), format!("({},)", ids.len()));
                return Err(Error::Shape { what, expected, got });
            }
        }
        let rarest =
            self.stratify.as_ref().and_then(|y| class_rows(y).values().map(Vec::len).min());
        match rarest {
            Some(got) if got < k => Err(Error::TooFewSamples {
                what: "KFold: `stratify` (its smallest class)",
                needed: k,
                got,
            }),
            _ => Ok(()),
        }
    }
}

/// Neighbouring rows together; the first `n mod k` folds get one row more.
fn blocks(n: usize, k: usize) -> Vec<usize> {
    (0..k).flat_map(|fold| vec![fold; n / k + usize::from(fold < n % k)]).collect()
}

/// The rows of each class, ascending.
fn class_rows(y: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &class) in y.iter().enumerate() {
        rows.entry(class).or_default().push(row);
    }
    rows
}

/// As many rows of each class to each fold as if they were dealt out one by one, class after class, but in
/// blocks of the rows' order.
fn blocks_of_classes(y: &[usize], k: usize) -> Vec<usize> {
    let mut fold = vec![0; y.len()];
    let mut dealt = 0;
    for rows in class_rows(y).values() {
        let mut sizes = vec![0; k];
        (dealt..dealt + rows.len()).for_each(|turn| sizes[turn % k] += 1);
        dealt += rows.len();
        let owners = sizes.iter().enumerate().flat_map(|(f, &size)| vec![f; size]);
        for (&row, owner) in rows.iter().zip(owners) {
            fold[row] = owner;
        }
    }
    fold
}

/// Groups on their way to folds.
struct Deal {
    /// The class of each row, numbered from 0 without gaps.
    class: Vec<usize>,
    /// Rows of each class.
    totals: Vec<f64>,
    /// Rows of each class that each fold has got, `k` times `(n_classes,)`.
    counts: Vec<Vec<f64>>,
}

impl Deal {
    fn new(y: &[usize], k: usize) -> Self {
        let rows = class_rows(y);
        let mut class = vec![0; y.len()];
        for (number, rows) in rows.values().enumerate() {
            for &row in rows {
                class[row] = number;
            }
        }
        let totals: Vec<f64> = rows.values().map(|rows| rows.len() as f64).collect();
        Self { class, counts: vec![vec![0.0; totals.len()]; k], totals }
    }

    /// Deals the groups; gives the fold of each of `n` rows.
    fn out(mut self, mut groups: Vec<Vec<usize>>, n: usize) -> Vec<usize> {
        let several = self.totals.len() > 1;
        // The most lopsided first, while there is still room to balance them; among single classes that
        // is the largest. A stable sort, so that equals keep the order that chance gave them.
        let weight = |rows: &Vec<usize>| {
            let counts = self.count(rows);
            if several { std_dev(&counts) } else { counts[0] }
        };
        groups.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        let mut fold = vec![0; n];
        for rows in groups {
            let counts = self.count(&rows);
            let best = (0..self.counts.len())
                .map(|f| (self.unevenness(f, &counts), self.counts[f].iter().sum::<f64>(), f))
                // Rounding must not decide between folds that are equally good.
                .min_by(|a, b| {
                    let tie = (a.0 - b.0).abs() < 1e-12;
                    let first = if tie { std::cmp::Ordering::Equal } else { a.0.total_cmp(&b.0) };
                    first.then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
                })
                .map_or(0, |(_, _, f)| f);
            for (have, more) in self.counts[best].iter_mut().zip(&counts) {
                *have += more;
            }
            for row in rows {
                fold[row] = best;
            }
        }
        fold
    }

    fn count(&self, rows: &[usize]) -> Vec<f64> {
        let mut counts = vec![0.0; self.totals.len()];
        for &row in rows {
            counts[self.class[row]] += 1.0;
        }
        counts
    }

    /// How unlike the folds would be if fold `f` got a group: the standard deviation over folds of the
    /// share of each class, averaged over classes.
    fn unevenness(&self, f: usize, group: &[f64]) -> f64 {
        let of_class = |(c, total): (usize, &f64)| {
            let got = |(g, counts): (usize, &Vec<f64>)| {
                (counts[c] + if g == f { group[c] } else { 0.0 }) / total
            };
            std_dev(&self.counts.iter().enumerate().map(got).collect::<Vec<f64>>())
        };
        let classes = self.totals.len() as f64;
        self.totals.iter().enumerate().map(of_class).sum::<f64>() / classes
    }
}

fn std_dev(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_row_is_judged_once_and_groups_stay_whole(
            groups in proptest::collection::vec(0usize..12, 40..80),
            k in 2usize..5,
            seed in 0u64..50,
            shuffle in any::<bool>(),
        ) {
            let n = groups.len();
            let y: Vec<usize> = (0..n).map(|i| i % 3).collect();
            let params = KFold::params(k).shuffle(shuffle).seed(seed);
            let all = [
                params.clone(),
                params.clone().stratify(&y),
                params.clone().groups(&groups),
                params.stratify(&y).groups(&groups),
            ];
            for (kind, params) in all.iter().enumerate() {
                let folds = params.split(n).unwrap();
                let mut judged: Vec<usize> = folds.iter().flat_map(|f| f.test.clone()).collect();
                judged.sort_unstable();
                prop_assert_eq!(judged, (0..n).collect::<Vec<_>>());
                for fold in &folds {
                    prop_assert!(!fold.test.is_empty() && fold.train.len() + fold.test.len() == n);
                    prop_assert!(fold.train.iter().all(|row| !fold.test.contains(row)));
                    if kind < 2 {
                        prop_assert!(fold.test.len().abs_diff(n / k) <= 1);
                    } else {
                        prop_assert!(fold
                            .test
                            .iter()
                            .all(|&t| fold.train.iter().all(|&r| groups[r] != groups[t])));
                    }
                    if kind == 1 {
                        for class in 0..3 {
                            let here = fold.test.iter().filter(|&&row| y[row] == class).count();
                            let there = y.iter().filter(|&&c| c == class).count();
                            prop_assert!(here.abs_diff(there / k) <= 1);
                        }
                    }
                }
                prop_assert_eq!(params.split(n).unwrap(), folds);
            }
        }
    }

    #[test]
    fn large_groups_are_balanced_by_small_ones() {
        // Sizes 4, 3, 2, 1, 1, 1: three folds of four.
        let groups = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5];
        let folds = KFold::params(3).groups(&groups).split(12).unwrap();
        assert!(folds.iter().all(|fold| fold.test.len() == 4));
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        let error = KFold::params(1).split(5).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "k", .. }));
        assert!(matches!(KFold::params(6).split(5), Err(Error::TooFewSamples { needed: 6, .. })));
        let rare = KFold::params(2).stratify(&[0, 0, 0, 1]).split(4).unwrap_err();
        assert!(rare.to_string().contains("smallest class"), "{rare}");
        let one = KFold::params(2).groups(&[3, 3, 3]).split(3).unwrap_err();
        assert!(one.to_string().contains("distinct"), "{one}");
        let short = KFold::params(2).groups(&[3, 4]).split(3).unwrap_err();
        assert!(matches!(short, Error::Shape { what: "KFold: `groups`", .. }), "{short}");
    }
}
