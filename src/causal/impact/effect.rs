//! What an intervention did: actual minus forecast, at each time, summed and averaged, with its
//! uncertainty.
//!
//! ```text
//! pointwise  yₜ − ŷₜ⁽ᵈ⁾        cumulative  Σₛ≤ₜ (yₛ − ŷₛ⁽ᵈ⁾)        relative  Σ y / Σ ŷ⁽ᵈ⁾ − 1
//! p = min(#{d: Σ ŷ⁽ᵈ⁾ ≥ Σ y}, #{d: Σ ŷ⁽ᵈ⁾ ≤ Σ y}) + 1  over  n_draws + 1
//! ```
//!
//! over the draws `d` of the forecast. `p` is a one-sided tail area of the forecast's distribution: how
//! often the model alone would go as far. It is not the probability that there was no effect.
//!
//! # References
//! Brodersen et al. (2015), section 2.3 (pointwise, cumulative, average impact).

use crate::base::{check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, Axis, s};

/// A forecast with intervals.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Forecast {
    /// Mean, shape `(n_times,)`.
    pub mean: Array1<f64>,
    /// Lower ends of the intervals, shape `(n_times,)`.
    pub lower: Array1<f64>,
    /// Upper ends, shape `(n_times,)`.
    pub upper: Array1<f64>,
    /// Draws, shape `(n_draws, n_times)`; no rows where the forecast has a closed form.
    pub draws: Array2<f64>,
}

/// A mean and an interval at each time, shapes `(n_times,)`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Band {
    /// Mean of the draws.
    pub mean: Array1<f64>,
    /// Lower ends of the intervals.
    pub lower: Array1<f64>,
    /// Upper ends.
    pub upper: Array1<f64>,
}

/// A mean and an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Interval {
    /// Mean of the draws.
    pub mean: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// The estimated effect of an intervention.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Impact {
    /// Effect at each time after, shape `(n_times,)`.
    pub point: Band,
    /// Effect summed from the intervention on, shape `(n_times,)`.
    pub cumulative: Band,
    /// Mean effect over the time after.
    pub average: Interval,
    /// Summed actual over summed forecast, minus 1. Means something for positive series only.
    pub relative: Interval,
    /// One-sided tail-area probability.
    pub p_value: f64,
    /// What the intervals leave outside.
    pub alpha: f64,
}

impl Forecast {
    /// Means and quantiles of `draws`, shape `(n_draws, n_times)`.
    pub(super) fn of(draws: Array2<f64>, alpha: f64) -> Self {
        let Band { mean, lower, upper } = Band::of(&draws, alpha);
        Self { mean, lower, upper, draws }
    }

    /// What `y`, shape `(n_times,)`, did against this forecast; intervals leave `alpha` outside.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::Empty`] for a forecast without draws.
    #[views]
    pub fn impact(&self, y: ArrayView1<f64>, alpha: f64) -> Result<Impact> {
        const WHAT: &str = "Forecast::impact: `y`";
        check_vector(WHAT, y)?;
        if y.len() != self.mean.len() {
            let (expected, got) = (format!("({},)", self.mean.len()), format!("({},)", y.len()));
            return Err(Error::Shape { what: WHAT, expected, got });
        }
        let (n_draws, n_times) = self.draws.dim();
        if n_draws == 0 || n_times == 0 {
            return Err(Error::Empty {
                what: "Forecast::impact: the forecast",
                needed: "1 draw and 1 time",
            });
        }
        let point = &y.insert_axis(Axis(0)) - &self.draws;
        let mut cumulative = point.clone();
        for t in 1..n_times {
            let before = cumulative.column(t - 1).to_owned();
            let mut column = cumulative.column_mut(t);
            column += &before;
        }
        let total = y.sum();
        let sums = self.draws.sum_axis(Axis(1));
        let above = sums.iter().filter(|s| **s >= total).count();
        let below = sums.iter().filter(|s| **s <= total).count();
        let average = cumulative.slice(s![.., n_times - 1]).mapv(|e| e / n_times as f64);
        Ok(Impact {
            point: Band::of(&point, alpha),
            cumulative: Band::of(&cumulative, alpha),
            average: Interval::of(average.to_vec(), alpha),
            relative: Interval::of(sums.iter().map(|s| total / s - 1.0).collect(), alpha),
            p_value: (above.min(below) + 1) as f64 / (n_draws + 1) as f64,
            alpha,
        })
    }
}

impl Band {
    fn of(draws: &Array2<f64>, alpha: f64) -> Self {
        let all: Vec<Interval> =
            draws.columns().into_iter().map(|c| Interval::of(c.to_vec(), alpha)).collect();
        let pick = |f: fn(&Interval) -> f64| all.iter().map(f).collect();
        Self { mean: pick(|i| i.mean), lower: pick(|i| i.lower), upper: pick(|i| i.upper) }
    }
}

impl Interval {
    /// Mean and the quantiles `alpha/2` and `1 − alpha/2`, between draws by straight lines.
    fn of(mut draws: Vec<f64>, alpha: f64) -> Self {
        draws.sort_by(f64::total_cmp);
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let at = |share: f64| {
            let place = share * (draws.len() - 1) as f64;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 <= place < n_draws"
            )]
            let low = place as usize;
            let high = (low + 1).min(draws.len() - 1);
            draws[low] + (place - low as f64) * (draws[high] - draws[low])
        };
        Self { mean, lower: at(0.5 * alpha), upper: at(1.0 - 0.5 * alpha) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn three_draws_by_hand() {
        let draws = array![[1.0, 1.0], [2.0, 4.0], [3.0, 1.0]];
        let forecast = Forecast::of(draws, 0.5);
        assert_eq!((&forecast.mean, &forecast.lower), (&array![2.0, 2.0], &array![1.5, 1.0]));
        let impact = forecast.impact(array![4.0, 1.0].view(), 0.5).unwrap();
        assert_eq!(impact.point.mean, array![2.0, -1.0]);
        assert_eq!(impact.cumulative.mean, array![2.0, 1.0]);
        // Sums of the draws 2, 6, 4 against 5: one is at least as large, two are not.
        assert!((impact.p_value - 2.0 / 4.0).abs() < 1e-15);
        assert!((impact.average.mean - 0.5).abs() < 1e-15);
        assert_eq!((impact.average.lower, impact.average.upper), (0.0, 1.0));
        let relative = (1.5 - 1.0 / 6.0 + 0.25) / 3.0;
        assert!((impact.relative.mean - relative).abs() < 1e-15);
    }

    #[test]
    fn bad_input_is_named() {
        let forecast = Forecast::of(array![[1.0, 2.0]], 0.1);
        assert!(matches!(forecast.impact(array![1.0].view(), 0.1), Err(Error::Shape { .. })));
        assert!(forecast.impact(array![1.0, f64::NAN].view(), 0.1).is_err());
        let empty = Forecast { draws: Array2::zeros((0, 2)), ..forecast };
        assert!(matches!(empty.impact(array![1.0, 2.0].view(), 0.1), Err(Error::Empty { .. })));
    }
}
