//! Sums of derivatives as whole numbers, exact in any order, and the judgement of a split by them.
//!
//! `g` and `h` of each row are rounded to multiples of a power of two so small that the sum over all rows
//! just fits 63 bits: about `2⁻⁴⁵` of the largest for 100 000 rows. Whole numbers add without error, so
//! that `parent − left = right` holds to the bit, and threads may add in any order.

use super::objective::CHUNK;
use rayon::prelude::*;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// `Σ g` and `Σ h` over some rows, in units of a [`Scale`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(align(16))]
pub(super) struct Sum {
    pub(super) g: i64,
    pub(super) h: i64,
}

impl Add for Sum {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { g: self.g + other.g, h: self.h + other.h }
    }
}

impl Sub for Sum {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { g: self.g - other.g, h: self.h - other.h }
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Sum {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl std::iter::Sum for Sum {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::default(), Add::add)
    }
}

/// What one unit of a [`Sum`] is worth: powers of two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) g: f64,
    pub(super) h: f64,
}

impl Scale {
    /// Finest units in which the sum over `n_rows` numbers, none above the largest, fits.
    fn new(largest: (f64, f64), n_rows: usize) -> Self {
        /// Smaller numbers than this count as 0: their units would not be normal numbers.
        const TINY: f64 = 1e-290;
        let n_bits = 61 - n_rows.next_power_of_two().trailing_zeros().cast_signed();
        let unit = |largest: f64| {
            if largest < TINY {
                return 1.0;
            }
            #[expect(clippy::cast_possible_truncation, reason = "the logarithm is within ±1100")]
            let exponent = largest.log2().ceil() as i32;
            2.0f64.powi(exponent - n_bits.min(52))
        };
        Self { g: unit(largest.0), h: unit(largest.1) }
    }

    /// `(G, H)` in the loss's own units.
    pub(super) fn real(self, sum: Sum) -> (f64, f64) {
        (sum.g as f64 * self.g, sum.h as f64 * self.h)
    }
}

/// Rounds the derivatives `(g, h)` of output `k` of `n_outputs`, row by row, times the rows' weights
/// (none: all 1), into `sums`, one a row.
pub(super) fn round(
    derivatives: &[(f64, f64)],
    (k, n_outputs): (usize, usize),
    weights: &[f64],
    sums: &mut [Sum],
) -> Scale {
    let one = |i: usize| {
        let (g, h) = derivatives[i * n_outputs + k];
        let weight = weights.get(i).copied().unwrap_or(1.0);
        (g * weight, h * weight)
    };
    let larger = |a: (f64, f64), b: (f64, f64)| (a.0.max(b.0.abs()), a.1.max(b.1));
    let n = sums.len();
    let largest = (0..n.div_ceil(CHUNK))
        .into_par_iter()
        .map(|c| (c * CHUNK..n.min((c + 1) * CHUNK)).map(one).fold((0.0, 0.0), larger))
        .reduce(|| (0.0, 0.0), larger);
    let scale = Scale::new(largest, n);
    let (per_g, per_h) = (1.0 / scale.g, 1.0 / scale.h);
    sums.par_chunks_mut(CHUNK).enumerate().for_each(|(c, sums)| {
        for (i, sum) in sums.iter_mut().enumerate() {
            let (g, h) = one(c * CHUNK + i);
            #[expect(clippy::cast_possible_truncation, reason = "the scale keeps it below 2^61")]
            let whole = Sum { g: (g * per_g) as i64, h: (h * per_h) as i64 };
            *sum = whole;
        }
    });
    scale
}

/// Judges splits of one tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge {
    scale: Scale,
    lambda: f64,
    /// Least `H` of a child, in units: at least 1, so that a child has rows.
    least_h: i64,
}

impl Judge {
    pub(super) fn new(scale: Scale, lambda: f64, min_child_weight: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a cast to whole numbers saturates")]
        let least_h = (min_child_weight / scale.h).ceil() as i64;
        Self { scale, lambda, least_h: least_h.max(1) }
    }

    pub(super) fn real(&self, sum: Sum) -> (f64, f64) {
        self.scale.real(sum)
    }

    /// `G² / (H + λ)`.
    fn score(&self, sum: Sum) -> f64 {
        let (g, h) = self.scale.real(sum);
        if h + self.lambda > 0.0 { g * g / (h + self.lambda) } else { 0.0 }
    }

    /// `G_L²/(H_L+λ) + G_R²/(H_R+λ)`, by one division; nothing where a child is too light.
    #[inline]
    fn scores(&self, left: Sum, right: Sum) -> f64 {
        if left.h < self.least_h || right.h < self.least_h {
            return f64::NEG_INFINITY;
        }
        let ((gl, hl), (gr, hr)) = (self.scale.real(left), self.scale.real(right));
        let (dl, dr) = (hl + self.lambda, hr + self.lambda);
        (gl * gl * dr + gr * gr * dl) / (dl * dr)
    }

    /// A search among the splits of a node by one feature.
    pub(super) fn search(&self, total: Sum) -> Search<'_> {
        Search { judge: self, total, scores: f64::NEG_INFINITY, best: None }
    }
}

/// The best split of a node by one feature so far.
pub(super) struct Search<'a> {
    judge: &'a Judge,
    total: Sum,
    scores: f64,
    best: Option<(u32, bool, Sum)>,
}

impl Search<'_> {
    /// Offers the split after place `cut`, with the sums of its left part; among equals the first stays.
    #[inline]
    pub(super) fn offer(&mut self, cut: u32, missing_left: bool, left: Sum) {
        let scores = self.judge.scores(left, self.total - left);
        if scores > self.scores {
            self.scores = scores;
            self.best = Some((cut, missing_left, left));
        }
    }

    /// The gain `½ [scores − G²/(H+λ)]`, place, default direction and left sums of the best split, if it
    /// gains more than rounding.
    pub(super) fn finish(self) -> Option<(f64, u32, bool, Sum)> {
        const ROUNDING: f64 = 1e-12;
        let (cut, missing_left, left) = self.best?;
        let gain = self.scores - self.judge.score(self.total);
        (gain > ROUNDING * self.scores).then_some((0.5 * gain, cut, missing_left, left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::xgb::split_gain;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whole_sums_are_the_sums_and_the_judge_is_the_formula(
            pairs in prop::collection::vec((-9.0..9.0, 0.01..3.0), 2..40), lambda in 0.0..3.0,
        ) {
            let mut sums = vec![Sum::default(); pairs.len()];
            let scale = round(&pairs, (0, 1), &[], &mut sums);
            let total: Sum = sums.iter().copied().sum();
            let left = sums[0];
            let judge = Judge::new(scale, lambda, 0.0);
            let (g, h) = pairs.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
            let (whole_g, whole_h) = scale.real(total);
            prop_assert!((whole_g - g).abs() < 1e-11 && (whole_h - h).abs() < 1e-11);
            let expected = split_gain(pairs[0].0, pairs[0].1, g - pairs[0].0, h - pairs[0].1, lambda, 0.0);
            let mut search = judge.search(total);
            search.offer(3, true, left);
            match search.finish() {
                Some((gain, cut, missing_left, _)) => {
                    prop_assert!((gain - expected).abs() < 1e-9 * (1.0 + expected));
                    prop_assert_eq!((cut, missing_left), (3, true));
                }
                None => prop_assert!(expected < 1e-9),
            }
        }
    }

    #[test]
    fn ones_are_exact_and_nothing_overflows() {
        let n = 100_000;
        let pairs = vec![(-3.0, 1.0); n];
        let mut sums = vec![Sum::default(); n];
        let scale = round(&pairs, (0, 1), &[], &mut sums);
        let (g, h) = scale.real(sums.iter().copied().sum());
        assert!((g + 300_000.0).abs() < f64::MIN_POSITIVE && (h - 1e5).abs() < f64::MIN_POSITIVE);
        // All zeros, and numbers near the smallest there are, are sums too.
        let tiny = [(0.0, 0.0), (1e-300, 1e-300)];
        let scale = round(&tiny, (0, 1), &[], &mut sums[..2]);
        assert_eq!(scale, Scale { g: 1.0, h: 1.0 });
    }
}
