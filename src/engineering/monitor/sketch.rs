//! `DDSketch`: quantiles of a stream with a bounded relative error, in sketches that merge exactly.
//!
//! ```text
//! γ = (1 + α) / (1 − α)
//! bucket i holds γ^{i−1} < x ≤ γ^i,        i = ⌈ln x / ln γ⌉
//! its representative is 2 γ^i / (γ + 1),   at most α x away from each x of the bucket
//! ```
//!
//! The representative is the point with the same relative distance to both ends: `(1 − α) γ^i =
//! (1 + α) γ^{i−1}`. A quantile is read off by counting buckets up to its rank. Counts add, so
//! sketches of hosts or minutes merge into the sketch of all their values, not an estimate of it.
//!
//! Negative values have mirrored buckets, zeros a count of their own, and so have values below the
//! smallest normal number in size (2.2e-308). The number of buckets grows with the logarithm of the
//! range only: `ln(max / min) / ln γ`, 755 for one millisecond to one hour at one per cent. Buckets
//! are therefore never collapsed, and the promise holds for every quantile.
//!
//! No running sum is kept: floating-point addition depends on the order, and a merged sketch would
//! no longer equal the sketch of all values.
//!
//! # References
//! Masson, Rim & Lee (2019), *`DDSketch`: a fast and fully-mergeable quantile sketch with
//! relative-error guarantees*, PVLDB 12(12), section 2.

use super::check_finite;
use super::percentiles::rank;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// A quantile sketch with relative error at most `alpha`.
#[derive(Debug, Clone, PartialEq)]
pub struct DdSketch {
    alpha: f64,
    positive: BTreeMap<i32, u64>,
    negative: BTreeMap<i32, u64>,
    zeros: u64,
    min: f64,
    max: f64,
}

/// A bucket of a sketch that holds something.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Bucket {
    /// Lower end; belongs to the bucket below, except for negative values.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// What the sketch answers for each value of the bucket.
    pub representative: f64,
    /// Values in it.
    pub count: u64,
}

impl DdSketch {
    /// An empty sketch with relative error `alpha`, from `1e-6` to below 1. (Below that rounding
    /// would be no longer small beside the promise.)
    ///
    /// # Errors
    /// [`Error::Parameter`] for another `alpha`.
    ///
    /// # Example
    /// ```
    /// use mlnotes::engineering::monitor::DdSketch;
    /// let mut sketch = DdSketch::new(0.01)?;
    /// for i in 1..=1000 {
    ///     sketch.insert(f64::from(i))?;
    /// }
    /// let p99 = sketch.quantile(0.99)?;
    /// assert!((p99 - 990.0).abs() <= 0.01 * 990.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn new(alpha: f64) -> Result<Self> {
        if !(1e-6..1.0).contains(&alpha) {
            return Err(Error::Parameter {
                estimator: "DdSketch::new",
                name: "alpha",
                rule: "from 1e-6 to below 1",
                got: alpha.to_string(),
            });
        }
        let (positive, negative) = (BTreeMap::new(), BTreeMap::new());
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        Ok(Self { alpha, positive, negative, zeros: 0, min, max })
    }

    /// Takes one value in. Cost `O(ln buckets)`.
    ///
    /// # Errors
    /// [`Error::NotFinite`], with the number of values so far as the row; the sketch stays as it is.
    pub fn insert(&mut self, x: f64) -> Result<()> {
        let seen = usize::try_from(self.count()).unwrap_or(usize::MAX);
        check_finite("DdSketch::insert: `x`", seen, x)?;
        if x.abs() < f64::MIN_POSITIVE {
            self.zeros += 1;
        } else {
            let key = self.key(x.abs());
            let side = if x > 0.0 { &mut self.positive } else { &mut self.negative };
            *side.entry(key).or_insert(0) += 1;
        }
        // Adding 0 turns -0 into 0, so that equal sketches print alike.
        self.min = self.min.min(x + 0.0);
        self.max = self.max.max(x + 0.0);
        Ok(())
    }

    /// The `q`-quantile: within `alpha |x|` of the value `x` of rank `⌊q (n − 1)⌋`, as
    /// [`super::percentiles`] gives it, up to rounding (relative 1e-12). Minimum and maximum are
    /// exact. Cost `O(buckets)`.
    ///
    /// # Errors
    /// [`Error::Empty`] before the first value, [`Error::Parameter`] for `q` outside `[0, 1]`.
    pub fn quantile(&self, q: f64) -> Result<f64> {
        let n = self.count();
        if n == 0 {
            return Err(Error::Empty { what: "DdSketch::quantile: the sketch", needed: "1 value" });
        }
        let rank = rank("DdSketch::quantile", q, n)?;
        if rank == 0 {
            return Ok(self.min);
        }
        if rank == n - 1 {
            return Ok(self.max);
        }
        let mut below = 0;
        for bucket in self.buckets() {
            below += bucket.count;
            if below > rank {
                return Ok(bucket.representative.clamp(self.min, self.max));
            }
        }
        Ok(self.max)
    }

    /// Takes all values of `other` in: the result equals the sketch of both streams, to the bit.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the sketches differ in `alpha`: their buckets have other ends.
    ///
    /// # Example
    /// ```
    /// use mlnotes::engineering::monitor::DdSketch;
    /// let (mut a, mut b, mut all) = (DdSketch::new(0.02)?, DdSketch::new(0.02)?, DdSketch::new(0.02)?);
    /// for i in 0..100 {
    ///     let x = f64::from(i).exp();
    ///     if i % 3 == 0 { a.insert(x)? } else { b.insert(x)? };
    ///     all.insert(x)?;
    /// }
    /// a.merge(&b)?;
    /// assert_eq!(a, all);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[expect(clippy::float_cmp, reason = "sketches of another alpha have other buckets")]
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.alpha != other.alpha {
            return Err(Error::Parameter {
                estimator: "DdSketch::merge",
                name: "alpha",
                rule: "the same in both sketches",
                got: format!("{} and {}", self.alpha, other.alpha),
            });
        }
        for (mine, theirs) in
            [(&mut self.positive, &other.positive), (&mut self.negative, &other.negative)]
        {
            for (&key, &count) in theirs {
                *mine.entry(key).or_insert(0) += count;
            }
        }
        self.zeros += other.zeros;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        Ok(())
    }

    /// Values taken in.
    pub fn count(&self) -> u64 {
        let sum = |side: &BTreeMap<i32, u64>| side.values().sum::<u64>();
        sum(&self.negative) + self.zeros + sum(&self.positive)
    }

    /// The relative error promised.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The buckets that hold something, in rising order.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        let negative = self.negative.iter().rev().map(|(&key, &count)| {
            let b = self.bucket(key, count);
            let (lower, upper, representative) = (-b.upper, -b.lower, -b.representative);
            Bucket { lower, upper, representative, count }
        });
        let zeros = Bucket { lower: 0.0, upper: 0.0, representative: 0.0, count: self.zeros };
        let positive = self.positive.iter().map(|(&key, &count)| self.bucket(key, count));
        negative.chain((self.zeros > 0).then_some(zeros)).chain(positive)
    }

    /// `ln γ`; through `ln_1p`, as `γ` is near 1.
    fn ln_gamma(&self) -> f64 {
        (2.0 * self.alpha / (1.0 - self.alpha)).ln_1p()
    }

    /// `⌈ln x / ln γ⌉` for `x > 0`.
    #[expect(clippy::cast_possible_truncation, reason = "|ln x| < 710 and ln γ > 1e-6")]
    fn key(&self, x: f64) -> i32 {
        (x.ln() / self.ln_gamma()).ceil() as i32
    }

    fn bucket(&self, key: i32, count: u64) -> Bucket {
        let upper = f64::from(key) * self.ln_gamma();
        // 2 / (γ + 1) = 1 − α.
        let representative = (upper + (-self.alpha).ln_1p()).exp();
        Bucket { lower: (upper - self.ln_gamma()).exp(), upper: upper.exp(), representative, count }
    }
}

#[cfg(test)]
mod tests {
    use super::super::percentiles;
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64], alpha: f64) -> DdSketch {
        let mut sketch = DdSketch::new(alpha).unwrap();
        for &x in values {
            sketch.insert(x).unwrap();
        }
        sketch
    }

    #[test]
    fn buckets_by_hand() {
        // α = 1/3, so γ = 2: buckets (1, 2], (2, 4], (4, 8] with representatives 4/3, 8/3, 16/3.
        let sketch = of(&[1.5, 3.0, 3.5, 5.0, 7.0], 1.0 / 3.0);
        let found: Vec<Bucket> = sketch.buckets().collect();
        let expected =
            [(1.0, 2.0, 4.0 / 3.0, 1), (2.0, 4.0, 8.0 / 3.0, 2), (4.0, 8.0, 16.0 / 3.0, 2)];
        assert_eq!(found.len(), 3);
        for (b, (lower, upper, representative, count)) in found.iter().zip(expected) {
            assert!((b.lower - lower).abs() < 1e-12 && (b.upper - upper).abs() < 1e-12);
            assert!((b.representative - representative).abs() < 1e-12 && b.count == count);
        }
        assert!((sketch.quantile(0.5).unwrap() - 8.0 / 3.0).abs() < 1e-12);
        assert_eq!((sketch.quantile(0.0), sketch.quantile(1.0)), (Ok(1.5), Ok(7.0)));
    }

    proptest! {
        #[test]
        fn every_quantile_is_within_alpha_and_merging_is_exact(
            values in proptest::collection::vec(
                prop_oneof![4 => -1e3..1e3f64, 1 => Just(0.0), 2 => -1e-9..1e-9f64], 1..60),
            alpha in 0.001..0.5f64,
            cut in 0usize..60,
        ) {
            let all = of(&values, alpha);
            for i in 0..=40 {
                let q = f64::from(i) / 40.0;
                let exact = percentiles(&values, &[q]).unwrap()[0];
                let error = (all.quantile(q).unwrap() - exact).abs();
                prop_assert!(error <= (alpha + 1e-12) * exact.abs(), "q = {q}");
            }
            let (a, b) = values.split_at(cut.min(values.len()));
            let (mut one, two) = (of(a, alpha), of(b, alpha));
            one.merge(&two).unwrap();
            prop_assert_eq!(one, all);
        }
    }

    #[test]
    fn the_ends_of_the_numbers_have_buckets() {
        let values =
            [-f64::MAX, -1.0, -f64::MIN_POSITIVE, -0.0, 5e-324, f64::MIN_POSITIVE, f64::MAX];
        let sketch = of(&values, 1e-6);
        for (i, &x) in values.iter().enumerate() {
            let q = (i as f64 + 0.5) / (values.len() - 1) as f64;
            let found = sketch.quantile(q.min(1.0)).unwrap();
            let allowed = 1.000_001e-6 * x.abs() + f64::MIN_POSITIVE;
            assert!((found - x).abs() <= allowed, "{x:e}: {found:e}");
        }
        assert_eq!(of(&[-0.0], 0.1), of(&[0.0], 0.1));
    }

    #[test]
    fn a_merge_with_nothing_changes_nothing() {
        let (sketch, empty) = (of(&[1.0, -2.0], 0.1), of(&[], 0.1));
        let (mut a, mut b) = (sketch.clone(), empty.clone());
        a.merge(&empty).unwrap();
        b.merge(&sketch).unwrap();
        assert!(a == sketch && b == sketch && empty.count() == 0);
    }

    #[test]
    fn bad_input_is_named() {
        for alpha in [0.0, -0.1, 1.0, 1e-7, f64::NAN] {
            let error = DdSketch::new(alpha).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "alpha", .. }), "{error}");
        }
        let mut sketch = of(&[1.0, 2.0], 0.1);
        let before = sketch.clone();
        for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = sketch.insert(x).unwrap_err();
            assert!(matches!(error, Error::NotFinite { row: 2, .. }), "{error}");
        }
        assert_eq!(sketch, before);
        let error = sketch.merge(&of(&[1.0], 0.2)).unwrap_err();
        assert!(error.to_string().contains("0.1 and 0.2"), "{error}");
        assert!(matches!(of(&[], 0.1).quantile(0.5), Err(Error::Empty { .. })));
        assert!(matches!(sketch.quantile(f64::NAN), Err(Error::Parameter { name: "q", .. })));
    }
}
