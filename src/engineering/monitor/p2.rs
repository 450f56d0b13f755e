//! P²: one quantile of a stream in five numbers.
//!
//! ```text
//! markers at the minimum, q/2, q, (1 + q)/2, the maximum; heights hᵢ, positions nᵢ, wanted n′ᵢ
//! when n′ᵢ − nᵢ ≥ 1 (or ≤ −1) and there is room, marker i moves by d = ±1 along the parabola
//! hᵢ + d/(nᵢ₊₁ − nᵢ₋₁) · [(nᵢ − nᵢ₋₁ + d)(hᵢ₊₁ − hᵢ)/(nᵢ₊₁ − nᵢ) + (nᵢ₊₁ − nᵢ − d)(hᵢ − hᵢ₋₁)/(nᵢ − nᵢ₋₁)]
//! or, if that leaves the neighbours' interval, along the line to the neighbour
//! ```
//!
//! Memory is constant whatever the stream, and there the promises end: the error has no bound, `q`
//! is fixed in advance, the answer depends on the order of the values, and two estimators cannot be
//! merged. [`super::DdSketch`] has none of these limits.
//!
//! # References
//! Jain & Chlamtac (1985), *The P² algorithm for dynamic calculation of quantiles and histograms
//! without storing observations*, CACM 28(10), box 1 and table I.

use super::check_finite;
use super::percentiles::percentiles;
use crate::{Error, Result};

/// Estimates one quantile with five markers.
#[derive(Debug, Clone, PartialEq)]
pub struct P2Quantile {
    q: f64,
    count: u64,
    heights: [f64; 5],
    /// Ranks of the markers, from 1.
    positions: [f64; 5],
}

impl P2Quantile {
    /// An estimator of the `q`-quantile, `0 < q < 1`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for another `q`.
    ///
    /// # Example
    /// ```
    /// use mlnotes::engineering::monitor::P2Quantile;
    /// let mut median = P2Quantile::new(0.5)?;
    /// for i in 0..1001 {
    ///     // 0, 1, ..., 1000 in a scattered order.
    ///     median.insert(f64::from(i * 389 % 1001))?;
    /// }
    /// assert!((median.value()? - 500.0).abs() < 5.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn new(q: f64) -> Result<Self> {
        if q > 0.0 && q < 1.0 {
            return Ok(Self {
                q,
                count: 0,
                heights: [0.0; 5],
                positions: [1.0, 2.0, 3.0, 4.0, 5.0],
            });
        }
        let (estimator, rule) = ("P2Quantile::new", "above 0 and below 1");
        Err(Error::Parameter { estimator, name: "q", rule, got: q.to_string() })
    }

    /// Takes one value in. Cost `O(1)`.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; the estimator stays as it is.
    pub fn insert(&mut self, x: f64) -> Result<()> {
        let seen = usize::try_from(self.count).unwrap_or(usize::MAX);
        check_finite("P2Quantile::insert: `x`", seen, x)?;
        self.count += 1;
        if seen < 5 {
            self.heights[seen] = x;
            if seen == 4 {
                self.heights.sort_unstable_by(f64::total_cmp);
            }
            return Ok(());
        }
        self.heights[0] = self.heights[0].min(x);
        self.heights[4] = self.heights[4].max(x);
        // All markers above the value move up by one rank.
        let cell = (1..4).rev().find(|&i| x >= self.heights[i]).unwrap_or(0);
        self.positions[cell + 1..].iter_mut().for_each(|n| *n += 1.0);
        self.adjust();
        Ok(())
    }

    /// The estimate; exact, as [`percentiles`] defines it, while there are fewer than five values.
    ///
    /// # Errors
    /// [`Error::Empty`] before the first value.
    pub fn value(&self) -> Result<f64> {
        match usize::try_from(self.count) {
            Ok(0) => Err(Error::Empty { what: "P2Quantile::value: the stream", needed: "1 value" }),
            Ok(n @ 1..5) => percentiles(&self.heights[..n], &[self.q]).map(|found| found[0]),
            _ => Ok(self.heights[2]),
        }
    }

    /// Values taken in.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn adjust(&mut self) {
        let shares = [0.0, self.q / 2.0, self.q, f64::midpoint(1.0, self.q), 1.0];
        for i in 1..4 {
            let wanted = 1.0 + shares[i] * (self.count - 1) as f64;
            let (n, gap) = (&self.positions, wanted - self.positions[i]);
            let up = gap >= 1.0 && n[i + 1] - n[i] > 1.0;
            let down = gap <= -1.0 && n[i] - n[i - 1] > 1.0;
            if up || down {
                let d = if up { 1.0 } else { -1.0 };
                let parabola = self.parabola(i, d);
                let inside = self.heights[i - 1] < parabola && parabola < self.heights[i + 1];
                self.heights[i] = if inside { parabola } else { self.line(i, d) };
                self.positions[i] += d;
            }
        }
    }

    fn parabola(&self, i: usize, d: f64) -> f64 {
        let (h, n) = (&self.heights, &self.positions);
        let right = (n[i] - n[i - 1] + d) * (h[i + 1] - h[i]) / (n[i + 1] - n[i]);
        let left = (n[i + 1] - n[i] - d) * (h[i] - h[i - 1]) / (n[i] - n[i - 1]);
        h[i] + d / (n[i + 1] - n[i - 1]) * (right + left)
    }

    fn line(&self, i: usize, d: f64) -> f64 {
        let (h, n) = (&self.heights, &self.positions);
        let j = if d > 0.0 { i + 1 } else { i - 1 };
        h[i] + d * (h[j] - h[i]) / (n[j] - n[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_values_are_exact() {
        let mut p = P2Quantile::new(0.5).unwrap();
        assert!(matches!(p.value(), Err(Error::Empty { .. })));
        for (x, median) in [(9.0, 9.0), (1.0, 1.0), (5.0, 5.0), (7.0, 5.0), (6.0, 6.0)] {
            p.insert(x).unwrap();
            assert_eq!(p.value(), Ok(median));
        }
        assert_eq!(p.count(), 5);
    }

    proptest! {
        #[test]
        fn markers_stay_in_order(
            values in proptest::collection::vec(-10.0..10.0f64, 5..200),
            q in 0.01..0.99f64,
        ) {
            let mut p = P2Quantile::new(q).unwrap();
            for &x in &values {
                p.insert(x).unwrap();
            }
            prop_assert!(p.heights.windows(2).all(|h| h[0] <= h[1]), "{:?}", p);
            prop_assert!(p.positions.windows(2).all(|n| n[0] < n[1]), "{:?}", p);
            prop_assert!((p.positions[4] - values.len() as f64).abs() < 0.5);
        }
    }

    #[test]
    fn bad_input_is_named() {
        for q in [0.0, 1.0, -1.0, f64::NAN] {
            let error = P2Quantile::new(q).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "q", .. }), "{error}");
        }
        let mut p = P2Quantile::new(0.9).unwrap();
        assert!(matches!(p.insert(f64::INFINITY), Err(Error::NotFinite { row: 0, .. })));
        assert_eq!(p.count(), 0);
    }

    #[test]
    fn a_constant_stream_is_its_constant() {
        let mut p = P2Quantile::new(0.99).unwrap();
        for _ in 0..100 {
            p.insert(3.0).unwrap();
        }
        assert_eq!(p.value(), Ok(3.0));
    }
}
