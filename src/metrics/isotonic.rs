//! Maps from scores to probabilities: isotonic regression and Platt's sigmoid.
//!
//! ```text
//! isotonic: minimise Σ wᵢ (f(sᵢ) − yᵢ)²  over all f that never fall       pool adjacent violators, O(n log n)
//! Platt:    p = σ(a s + b), fitted by maximum likelihood to targets (n₊ + 1)/(n₊ + 2) and 1/(n₋ + 2)
//! ```
//!
//! Platt's map has two parameters and assumes a shape; the isotonic one assumes only order, and needs more
//! rows (some thousand). Both must be fitted on rows that the classifier has not seen. A rising sigmoid
//! keeps the AUC; the isotonic map makes ties, so it may change it a little.
//!
//! # References
//! Barlow et al. (1972), section 1.2; Platt (1999); Lin, Lin & Weng (2007) for the targets; Niculescu-Mizil &
//! Caruana (2005).

use super::check_scores;
use crate::base::{check_vector, finite, holds, shape, sigmoid, softplus, stored, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};
use serde::{Deserialize, Serialize};

/// A fitted map that never falls: constant pieces, joined by straight lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Isotonic {
    /// Scores at which the map bends, rising, shape `(n_knots,)`.
    pub knots: Array1<f64>,
    /// Its values there, never falling, shape `(n_knots,)`.
    pub values: Array1<f64>,
}

stored!(Isotonic, |m| {
    shape("values", m.values.len(), m.knots.len())?;
    holds(!m.knots.is_empty(), "no knots")?;
    finite("knots", m.knots.iter().chain(&m.values))
});

impl Isotonic {
    /// Fits `y`, shape `(n_samples,)` (0 and 1, or any numbers), to `scores` of the same shape.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`].
    ///
    /// ```
    /// use mlnotes::metrics::isotonic::Isotonic;
    /// use ndarray::array;
    /// let (s, y) = (array![1.0, 2.0, 3.0, 4.0], array![0.0, 1.0, 0.0, 1.0]);
    /// let map = Isotonic::fit(s.view(), y.view())?;
    /// assert_eq!(map.calibrate(s.view())?, array![0.0, 0.5, 0.5, 1.0]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit(scores: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<Self> {
        if scores.is_empty() {
            return Err(Error::Empty { what: "Isotonic: `scores`", needed: "1 score" });
        }
        check_vector("Isotonic: `scores`", scores)?;
        check_vector("Isotonic: `y`", y)?;
        if y.len() != scores.len() {
            let (expected, got) = (format!("({},)", scores.len()), format!("({},)", y.len()));
            return Err(Error::Shape { what: "Isotonic: `y`", expected, got });
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        let mut blocks: Vec<Block> = Vec::new();
        for tie in order.chunk_by(|&a, &b| scores[a] >= scores[b]) {
            let weight = tie.len() as f64;
            let mean = tie.iter().map(|&i| y[i]).sum::<f64>() / weight;
            let score = scores[tie[0]];
            blocks.push(Block { from: score, to: score, mean, weight });
            // A block that lies below the one before it is pooled with it.
            while let [.., before, last] = blocks.as_slice()
                && before.mean >= last.mean
            {
                let pooled = before.with(last);
                blocks.truncate(blocks.len() - 2);
                blocks.push(pooled);
            }
        }
        let mut map = (Vec::new(), Vec::new());
        for block in &blocks {
            map.0.push(block.from);
            map.1.push(block.mean);
            if block.to > block.from {
                map.0.push(block.to);
                map.1.push(block.mean);
            }
        }
        Ok(Self { knots: map.0.into(), values: map.1.into() })
    }

    /// The map at new scores, shape `(n,)`; beyond the knots it stays at its ends.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    #[views]
    pub fn calibrate(&self, scores: ArrayView1<f64>) -> Result<Array1<f64>> {
        check_vector("Isotonic::calibrate: `scores`", scores)?;
        let last = self.knots.len() - 1;
        Ok(scores.mapv(|s| {
            if s <= self.knots[0] {
                return self.values[0];
            }
            if s >= self.knots[last] {
                return self.values[last];
            }
            let i = self.knots.as_slice().map_or(1, |knots| knots.partition_point(|&k| k < s));
            let (a, b) = (self.knots[i - 1], self.knots[i]);
            let t = (s - a) / (b - a);
            self.values[i - 1] + t * (self.values[i] - self.values[i - 1])
        }))
    }
}

/// Neighbouring scores that share one value.
#[derive(Debug, Clone, Copy)]
struct Block {
    from: f64,
    to: f64,
    mean: f64,
    weight: f64,
}

impl Block {
    fn with(&self, after: &Self) -> Self {
        let weight = self.weight + after.weight;
        let mean = (self.mean * self.weight + after.mean * after.weight) / weight;
        Self { from: self.from, to: after.to, mean, weight }
    }
}

/// A fitted sigmoid of the score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Platt {
    /// Factor of the score.
    pub slope: f64,
    /// What is added.
    pub intercept: f64,
}

stored!(Platt, |m| finite("slope", [&m.slope, &m.intercept]));

impl Platt {
    /// Fits the sigmoid to `scores`, shape `(n_samples,)`, with labels 0 and 1.
    ///
    /// The targets lie a little inside 0 and 1, as if one more row of each class had been seen, so that an
    /// optimum exists even where a threshold separates the classes.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`], [`Error::SingleClass`];
    /// [`Error::ZeroVariance`] for scores that are all the same; [`Error::NotConverged`].
    ///
    /// ```
    /// use mlnotes::metrics::isotonic::Platt;
    /// let scores = ndarray::array![-2.0, -1.0, 1.0, 2.0];
    /// let map = Platt::fit(scores.view(), &[0, 0, 1, 1])?;
    /// let p = map.calibrate(scores.view())?;
    /// assert!(p[0] < 0.3 && (p[0] + p[3] - 1.0).abs() < 1e-9);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit(scores: ArrayView1<f64>, y: &[usize]) -> Result<Self> {
        const MAX_ITER: usize = 100;
        let classes = check_scores(["Platt: `scores`", "Platt: `y`"], scores, y)?;
        if scores.iter().all(|&s| (s - scores[0]).abs() <= 0.0) {
            return Err(Error::ZeroVariance {
                what: "Platt: `scores`",
                col: None,
                value: scores[0],
            });
        }
        let (positives, negatives) = (classes.positives as f64, classes.negatives as f64);
        let (high, low) = ((positives + 1.0) / (positives + 2.0), 1.0 / (negatives + 2.0));
        // Centred and scaled, so that Newton's system is well conditioned whatever the unit.
        let centre = scores.mean().unwrap_or(0.0);
        let scale = (scores.mapv(|s| (s - centre).powi(2)).mean().unwrap_or(1.0)).sqrt();
        let rows: Vec<(f64, f64)> = scores
            .iter()
            .zip(y)
            .map(|(&s, &label)| ((s - centre) / scale, if label == 1 { high } else { low }))
            .collect();
        let loss = |a: f64, b: f64| -> f64 {
            rows.iter().map(|&(s, t)| softplus(a * s + b) - t * (a * s + b)).sum()
        };
        let (mut a, mut b) = (0.0, ((positives + 1.0) / (negatives + 1.0)).ln());
        let mut change = f64::INFINITY;
        for _ in 0..MAX_ITER {
            let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for &(s, t) in &rows {
                let p = sigmoid(a * s + b);
                let w = p * (1.0 - p);
                ga += (p - t) * s;
                gb += p - t;
                haa += w * s * s;
                hab += w * s;
                hbb += w;
            }
            change = ga.abs().max(gb.abs());
            if change < 1e-10 * rows.len() as f64 {
                break;
            }
            let determinant = haa * hbb - hab * hab;
            let (da, db) =
                ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant);
            let before = loss(a, b);
            let mut step = 1.0;
            while step > 1e-10 && loss(a - step * da, b - step * db) > before {
                step /= 2.0;
            }
            (a, b) = (a - step * da, b - step * db);
        }
        if change.is_nan() || change >= 1e-6 * rows.len() as f64 {
            return Err(Error::NotConverged {
                estimator: "Platt",
                n_iter: MAX_ITER,
                change,
                remedy: "look for outliers among the scores",
            });
        }
        Ok(Self { slope: a / scale, intercept: b - a * centre / scale })
    }

    /// Probabilities of class 1 at new scores, shape `(n,)`.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    #[views]
    pub fn calibrate(&self, scores: ArrayView1<f64>) -> Result<Array1<f64>> {
        check_vector("Platt::calibrate: `scores`", scores)?;
        Ok(scores.mapv(|s| sigmoid(self.slope * s + self.intercept)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn refusals() {
        let s = array![1.0, 1.0];
        assert!(matches!(Platt::fit(s.view(), &[0, 1]), Err(Error::ZeroVariance { .. })));
        assert!(matches!(Platt::fit(s.view(), &[1, 1]), Err(Error::SingleClass { .. })));
        assert!(matches!(Isotonic::fit(s.view(), array![1.0].view()), Err(Error::Shape { .. })));
        assert!(matches!(Isotonic::fit(array![].view(), s.view()), Err(Error::Empty { .. })));
    }

    proptest! {
        /// The map never falls, keeps the mean, and no neighbouring exchange of blocks fits better.
        #[test]
        fn isotonic_maps_never_fall_and_keep_the_mean(
            rows in proptest::collection::vec((0_u8..20, 0.0_f64..1.0), 1..50),
        ) {
            let s: Array1<f64> = rows.iter().map(|r| f64::from(r.0)).collect();
            let y: Array1<f64> = rows.iter().map(|r| r.1).collect();
            let map = Isotonic::fit(s.view(), y.view()).unwrap();
            prop_assert!(map.values.windows(2).into_iter().all(|w| w[0] <= w[1]));
            let fitted = map.calibrate(s.view()).unwrap();
            prop_assert!((fitted.sum() - y.sum()).abs() < 1e-9);
            // Optimality: the residual is orthogonal to the fit (Barlow et al., theorem 1.3).
            prop_assert!((&y - &fitted).dot(&fitted).abs() < 1e-9);
        }
    }
}
