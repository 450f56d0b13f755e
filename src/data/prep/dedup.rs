//! Duplicates: exact ones by hashing rows, near ones by `MinHash` and bands.
//!
//! ```text
//! J(A, B) = |A ∩ B| / |A ∪ B|                                        Jaccard
//! P( min h(A) = min h(B) ) = J(A, B)      for a random order h of all elements
//! Ĵ = share of k such orders in which the minima agree,   sd(Ĵ) = √( J (1 − J) / k )
//! P( candidate ) = 1 − (1 − J^r)^b        b bands of r minima each, k = b r
//! ```
//!
//! The first minimum of `A ∪ B` is equally likely to be each of its elements, and it is the minimum
//! of both sets just when it lies in both: that is the second line. Bands turn "compare all pairs"
//! into "compare those that share a bucket"; their curve rises steeply near `J = (1/b)^(1/r)`.
//! Pairs below it are missed by design.
//!
//! ```
//! use mlnotes::data::dedup::{MinHash, jaccard, shingles};
//! let texts = ["the cat sat on the mat today", "the cat sat on the mat again", "something else"];
//! let sets: Vec<Vec<String>> = texts.iter().map(|text| shingles(text, 2)).collect();
//! assert_eq!(jaccard(&sets[0], &sets[1])?, 5.0 / 7.0);
//! let pairs = MinHash::params().seed(1).signatures(&sets)?.near_duplicates(0.5)?;
//! assert_eq!((pairs.len(), pairs[0].first, pairs[0].second), (1, 0, 1));
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! Broder (1997), *On the resemblance and containment of documents*, sections 2 and 3; Indyk &
//! Motwani (1998) for bands; Leskovec, Rajaraman & Ullman (2020), *Mining of Massive Datasets*,
//! chapter 3.

use crate::base::{setters, stream};
use crate::data::table::{Table, Value};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::Array2;
use rand::Rng;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use xxhash_rust::xxh3::xxh3_64;

/// A Mersenne prime: arithmetic modulo it permutes the hashes.
const PRIME: u64 = (1 << 61) - 1;

/// Groups of equal rows: each holds the numbers, from 0, of two or more rows, in order; groups by
/// their first row. Cost `O(n)`.
///
/// ```
/// let groups = mlnotes::data::dedup::exact_duplicates(&["a", "b", "a", "c", "b", "a"]);
/// assert_eq!(groups, [vec![0, 2, 5], vec![1, 4]]);
/// ```
pub fn exact_duplicates<T: Hash + Eq>(rows: &[T]) -> Vec<Vec<usize>> {
    let mut group_of: HashMap<&T, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (row, value) in rows.iter().enumerate() {
        let group = *group_of.entry(value).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(row);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Groups of rows of a table that agree in all these columns. Missing agrees with missing, as in
/// SQL's `GROUP BY` (and unlike its `=`).
///
/// # Errors
/// [`Error::UnknownColumn`]; [`Error::Empty`] for no columns.
///
/// ```
/// use mlnotes::data::{dedup::duplicate_rows, titanic_passengers};
/// let list = titanic_passengers();
/// assert!(duplicate_rows(list, &list.names())?.is_empty());
/// assert_eq!(duplicate_rows(list, &["name"])?.len(), 3);
/// assert_eq!(duplicate_rows(list, &["name", "age", "sex"])?.len(), 1);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn duplicate_rows(table: &Table, columns: &[&str]) -> Result<Vec<Vec<usize>>> {
    if columns.is_empty() {
        return Err(Error::Empty { what: "duplicate_rows: `columns`", needed: "1 column" });
    }
    let columns = columns.iter().map(|name| table.column(name)).collect::<Result<Vec<_>>>()?;
    let key = |row: usize| -> Vec<Key> { columns.iter().map(|c| Key::of(c.value(row))).collect() };
    Ok(exact_duplicates(&(0..table.n_rows()).map(key).collect::<Vec<_>>()))
}

/// A cell that can be hashed: a number by its bits, 0 and −0 alike.
#[derive(Hash, PartialEq, Eq)]
enum Key {
    Null,
    Integer(i64),
    Real(u64),
    Text(String),
}

impl Key {
    fn of(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(v) => Self::Integer(v),
            Value::Real(v) => Self::Real((v + 0.0).to_bits()),
            Value::Text(v) => Self::Text(v),
        }
    }
}

/// The runs of `k` words of a text, each once, in alphabetical order. Words are runs of letters,
/// digits and inner apostrophes, in lower case; a text of fewer than `k` words is one run; one
/// without words has none.
///
/// ```
/// let pairs = mlnotes::data::dedup::shingles("To be, or not to be!", 2);
/// assert_eq!(pairs, ["be or", "not to", "or not", "to be"]);
/// ```
pub fn shingles(text: &str, k: usize) -> Vec<String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’'))
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return Vec::new();
    }
    let runs: BTreeSet<String> =
        words.windows(k.clamp(1, words.len())).map(|run| run.join(" ")).collect();
    runs.into_iter().collect()
}

/// Jaccard similarity `|A ∩ B| / |A ∪ B|` of two lists taken as sets, in `[0, 1]`.
///
/// # Errors
/// [`Error::Empty`] when both are empty: 0/0 says nothing.
///
/// ```
/// use mlnotes::data::dedup::jaccard;
/// assert_eq!(jaccard(&["a", "b", "b"], &["b", "c"])?, 1.0 / 3.0);
/// assert!(jaccard::<u8>(&[], &[]).is_err());
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn jaccard<T: Hash + Eq>(a: &[T], b: &[T]) -> Result<f64> {
    let (a, b): (HashSet<&T>, HashSet<&T>) = (a.iter().collect(), b.iter().collect());
    let both = a.intersection(&b).count();
    let either = a.len() + b.len() - both;
    if either == 0 {
        return Err(Error::Empty {
            what: "jaccard: `a` and `b`",
            needed: "1 element in one of them",
        });
    }
    Ok(both as f64 / either as f64)
}

/// Entry point: [`MinHash::params`].
#[derive(Debug, Clone, Copy)]
pub struct MinHash;

impl MinHash {
    /// The default settings: 128 permutations in 32 bands.
    pub fn params() -> MinHashParams {
        MinHashParams { permutations: 128, bands: 32, seed: 0 }
    }
}

/// Settings of `MinHash`.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `permutations` | 128 | `>= 1` | minima a signature; more make the error smaller |
/// | `bands` | 32 | divides `permutations` | more bands find less similar pairs |
/// | `seed` | 0 | | chance of the permutations |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinHashParams {
    permutations: usize,
    bands: usize,
    seed: u64,
}

/// Signatures of sets, by which they are compared without their elements.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signatures {
    /// The minima, shape `(n_sets, permutations)`.
    pub minima: Array2<u64>,
    /// Bands that each row is cut into for [`Signatures::candidates`].
    pub bands: usize,
}

/// Two sets that are similar, with `first < second`, numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct NearDuplicate {
    /// The set that comes first.
    pub first: usize,
    /// The other.
    pub second: usize,
    /// Estimated Jaccard similarity.
    pub estimate: f64,
}

impl MinHashParams {
    setters! {
        /// Sets the number of minima a signature.
        permutations: usize;
        /// Sets the number of bands.
        bands: usize;
        /// Seeds the permutations. Only signatures of one seed can be compared.
        seed: u64;
    }

    /// The chance that two sets of Jaccard similarity `j` share a band, `1 − (1 − jʳ)ᵇ`.
    ///
    /// ```
    /// let params = mlnotes::data::dedup::MinHash::params();
    /// assert!(params.candidate_probability(0.8) > 0.999_999);
    /// assert!(params.candidate_probability(0.2) < 0.06);
    /// ```
    pub fn candidate_probability(&self, j: f64) -> f64 {
        let rows = self.permutations as f64 / self.bands as f64;
        1.0 - (1.0 - j.clamp(0.0, 1.0).powf(rows)).powf(self.bands as f64)
    }

    /// Signatures of sets, one a list; repeated elements count once.
    ///
    /// # Errors
    /// [`Error::Empty`] for no lists, [`Error::EmptyGroup`] for a list without elements, and
    /// [`Error::Parameter`] for settings out of range.
    pub fn signatures<S: AsRef<str> + Sync>(&self, sets: &[Vec<S>]) -> Result<Signatures> {
        self.check(sets)?;
        let mut rng = stream(self.seed, 0);
        let orders: Vec<(u64, u64)> = (0..self.permutations)
            .map(|_| (rng.random_range(1..PRIME), rng.random_range(0..PRIME)))
            .collect();
        let rows: Vec<Vec<u64>> = sets.par_iter().map(|set| minima(set, &orders)).collect();
        let shape = (sets.len(), self.permutations);
        let minima = Array2::from_shape_fn(shape, |(i, j)| rows[i][j]);
        Ok(Signatures { minima, bands: self.bands })
    }

    fn check<S: AsRef<str>>(&self, sets: &[Vec<S>]) -> Result<()> {
        let bad = |name, rule, got: usize| {
            Err(Error::Parameter { estimator: "MinHash", name, rule, got: got.to_string() })
        };
        if self.permutations == 0 {
            return bad("permutations", ">= 1", 0);
        }
        if self.bands == 0 || !self.permutations.is_multiple_of(self.bands) {
            return bad("bands", ">= 1 and a divisor of `permutations`", self.bands);
        }
        if sets.is_empty() {
            return Err(Error::Empty { what: "MinHash: `sets`", needed: "1 set" });
        }
        match sets.iter().position(Vec::is_empty) {
            Some(i) => {
                Err(Error::EmptyGroup { what: "MinHash: `sets`", group: format!("set {i}") })
            }
            None => Ok(()),
        }
    }
}

/// The least hash of the set in each order `x ↦ (a x + b) mod p`.
fn minima<S: AsRef<str>>(set: &[S], orders: &[(u64, u64)]) -> Vec<u64> {
    let mut least = vec![u64::MAX; orders.len()];
    for element in set {
        let x = u128::from(xxh3_64(element.as_ref().as_bytes()) % PRIME);
        for (least, &(a, b)) in least.iter_mut().zip(orders) {
            *least = (*least).min(modulo(u128::from(a) * x + u128::from(b)));
        }
    }
    least
}

/// `v mod (2⁶¹ − 1)` for `v < 2¹²²`: since `2⁶¹ ≡ 1`, the upper bits are added to the lower.
fn modulo(v: u128) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "both parts are below 2^61")]
    let folded = (v & u128::from(PRIME)) as u64 + (v >> 61) as u64;
    if folded >= PRIME { folded - PRIME } else { folded }
}

impl Signatures {
    /// Number of sets.
    pub fn n_sets(&self) -> usize {
        self.minima.nrows()
    }

    /// Estimated Jaccard similarity of two sets: the share of equal minima.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a set that is not there.
    pub fn estimate(&self, first: usize, second: usize) -> Result<f64> {
        if let Some(set) = [first, second].into_iter().find(|&set| set >= self.n_sets()) {
            return Err(Error::Parameter {
                estimator: "Signatures::estimate",
                name: "first, second",
                rule: "below the number of sets",
                got: format!("{set} of {}", self.n_sets()),
            });
        }
        Ok(self.share(first, second))
    }

    fn share(&self, first: usize, second: usize) -> f64 {
        let pairs = self.minima.row(first).into_iter().zip(self.minima.row(second));
        pairs.filter(|(a, b)| a == b).count() as f64 / self.minima.ncols() as f64
    }

    /// Standard deviation of an estimate where the similarity is `j`,
    /// `√(j (1 − j) / permutations)`.
    pub fn standard_error(&self, j: f64) -> f64 {
        (j * (1.0 - j) / self.minima.ncols() as f64).sqrt()
    }

    /// Pairs that agree in all minima of at least one band, in order.
    ///
    /// Sets that are all alike share all buckets, so `m` copies give `m (m − 1) / 2` pairs: take
    /// exact duplicates out first.
    pub fn candidates(&self) -> Vec<(usize, usize)> {
        let rows = self.minima.ncols() / self.bands;
        let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
        for band in 0..self.bands {
            check_interrupt();
            let key = |set: usize| -> Vec<u64> {
                (band * rows..(band + 1) * rows).map(|j| self.minima[[set, j]]).collect()
            };
            let keys: Vec<Vec<u64>> = (0..self.n_sets()).map(key).collect();
            for bucket in exact_duplicates(&keys) {
                for (at, &first) in bucket.iter().enumerate() {
                    pairs.extend(bucket[at + 1..].iter().map(|&second| (first, second)));
                }
            }
        }
        pairs.into_iter().collect()
    }

    /// Candidates whose estimate is at least `threshold`, the most similar first.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a threshold outside `(0, 1]`.
    pub fn near_duplicates(&self, threshold: f64) -> Result<Vec<NearDuplicate>> {
        if !(threshold > 0.0 && threshold <= 1.0) {
            return Err(Error::Parameter {
                estimator: "Signatures::near_duplicates",
                name: "threshold",
                rule: "above 0 and at most 1",
                got: threshold.to_string(),
            });
        }
        let judge =
            |(first, second)| NearDuplicate { first, second, estimate: self.share(first, second) };
        let mut pairs: Vec<NearDuplicate> = self.candidates().into_iter().map(judge).collect();
        pairs.retain(|pair| pair.estimate >= threshold);
        // Stable: equal estimates stay in the order of the rows.
        pairs.sort_by(|a, b| b.estimate.total_cmp(&a.estimate));
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two lists of `n` numbers that share `shared` of them.
    fn overlapping(n: usize, shared: usize) -> [Vec<String>; 2] {
        let word = |i: usize| format!("w{i}");
        [(0..n).map(word).collect(), (n - shared..2 * n - shared).map(word).collect()]
    }

    #[test]
    fn estimates_have_the_mean_and_spread_of_the_formula() {
        let [a, b] = overlapping(60, 40);
        let j = jaccard(&a, &b).unwrap();
        assert!((j - 0.5).abs() < 1e-15);
        let sets = [a, b];
        let estimate = |seed| {
            let signatures = MinHash::params().seed(seed).signatures(&sets).unwrap();
            signatures.estimate(0, 1).unwrap()
        };
        let draws: Vec<f64> = (0..400).map(estimate).collect();
        let mean = draws.iter().sum::<f64>() / 400.0;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 399.0;
        let expected = 0.25 / 128.0;
        assert!((mean - j).abs() < 4.0 * (expected / 400.0f64).sqrt(), "{mean}");
        // The variance of a variance of 400 normal draws is 2/399 of its square.
        assert!((variance / expected - 1.0).abs() < 4.0 * (2.0f64 / 399.0).sqrt(), "{variance}");
    }

    #[test]
    fn bands_follow_their_curve() {
        let params = MinHash::params().permutations(12).bands(4);
        for shared in [20, 30, 40] {
            let sets = overlapping(50, shared);
            let expected = params.candidate_probability(jaccard(&sets[0], &sets[1]).unwrap());
            let hits = (0..500).filter(|&seed| {
                let signatures = params.clone().seed(seed).signatures(&sets).unwrap();
                !signatures.candidates().is_empty()
            });
            let share = hits.count() as f64 / 500.0;
            let error = (expected * (1.0 - expected) / 500.0).sqrt();
            assert!((share - expected).abs() < 4.0 * error, "{share} {expected}");
        }
    }

    #[test]
    fn the_fold_is_the_remainder() {
        for v in [0, 1, u128::from(PRIME) - 1, u128::from(PRIME), u128::from(PRIME) + 7] {
            assert_eq!(u128::from(modulo(v)), v % u128::from(PRIME));
            let square = v * u128::from(PRIME - 3) + 5;
            assert_eq!(u128::from(modulo(square)), square % u128::from(PRIME));
        }
    }

    proptest! {
        #[test]
        fn groups_hold_each_repeated_row_once(rows in proptest::collection::vec(0u16..6, 0..40)) {
            let groups = exact_duplicates(&rows);
            let mut seen: Vec<usize> = groups.concat();
            seen.sort_unstable();
            let repeated = |row: &usize| rows.iter().filter(|v| **v == rows[*row]).count() > 1;
            prop_assert_eq!(seen, (0..rows.len()).filter(repeated).collect::<Vec<_>>());
            prop_assert!(groups.iter().all(|g| g.iter().all(|&i| rows[i] == rows[g[0]])));
        }

        #[test]
        fn copies_agree_fully(set in proptest::collection::vec("[a-z]{1,3}", 1..20)) {
            let mut twice = set.clone();
            twice.extend(set.iter().rev().cloned());
            let signatures = MinHash::params().signatures(&[set, twice]).unwrap();
            prop_assert!(signatures.estimate(0, 1).unwrap() > 0.999);
        }
    }

    #[test]
    fn missing_and_signed_zero_are_equal_to_themselves() {
        let table = Table::new().with("x", vec![Some(0.0), Some(-0.0), None, None]).unwrap();
        assert_eq!(duplicate_rows(&table, &["x"]).unwrap(), [vec![0, 1], vec![2, 3]]);
    }

    #[test]
    fn shingles_of_short_texts() {
        assert_eq!(shingles("One", 3), ["one"]);
        assert!(shingles(" ,.- ", 3).is_empty());
        assert_eq!(shingles("a b", 0), ["a", "b"]);
        assert_eq!(shingles("'Tis the dogs' don’t_go", 9), ["tis the dogs don’t go"]);
    }

    #[test]
    fn bad_input_is_named() {
        let sets = [vec!["a"], vec![]];
        let error = MinHash::params().signatures(&sets).unwrap_err();
        assert!(error.to_string().contains("set 1"), "{error}");
        let one = [vec!["a"]];
        let no_sets: [Vec<String>; 0] = [];
        assert!(matches!(MinHash::params().signatures(&no_sets), Err(Error::Empty { .. })));
        for params in [
            MinHash::params().permutations(0),
            MinHash::params().bands(0),
            MinHash::params().bands(5),
        ] {
            assert!(matches!(params.signatures(&one), Err(Error::Parameter { .. })));
        }
        let signatures = MinHash::params().signatures(&one).unwrap();
        assert!(matches!(signatures.estimate(0, 1), Err(Error::Parameter { .. })));
        for threshold in [0.0, 1.1, f64::NAN] {
            assert!(signatures.near_duplicates(threshold).is_err());
        }
        assert!(duplicate_rows(&Table::new(), &[]).is_err());
        assert!(duplicate_rows(&Table::new(), &["a"]).is_err());
    }
}
