//! An estimated effect, the same for every estimator.

use crate::base::Test;
use crate::{Error, Result};
use ndarray::Array1;
use statrs::distribution::{ContinuousCDF, Normal};

/// The 0.975 quantile of the standard normal distribution.
const Z_975: f64 = 1.959_963_984_540_054;

/// Over whom the effect is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Estimand {
    /// Everybody: `E[Y(1) − Y(0)]`.
    #[default]
    Ate,
    /// Those who were treated: `E[Y(1) − Y(0) | T = 1]`.
    Att,
}

/// An average effect with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Effect {
    /// Over whom the effect is averaged.
    pub estimand: Estimand,
    /// The estimate, in the units of the outcome.
    pub estimate: f64,
    /// Its standard error, same units.
    pub std_error: f64,
    /// 95 % confidence interval, `estimate ± 1.96 std_error`.
    pub ci: (f64, f64),
    /// Rows that the estimate rests on: treated and controls that were matched or not trimmed.
    pub n_used: usize,
}

impl Effect {
    pub(super) fn new(estimand: Estimand, estimate: f64, std_error: f64, n_used: usize) -> Self {
        let half = Z_975 * std_error;
        Self { estimand, estimate, std_error, ci: (estimate - half, estimate + half), n_used }
    }

    /// From the influence of each row, which adds up to 0: the estimate is off by about their mean, so
    /// its standard error is `√Σψᵢ² / n`.
    pub(super) fn from_influence(
        estimand: Estimand,
        estimate: f64,
        influence: &Array1<f64>,
        n_used: usize,
    ) -> Self {
        let std_error = influence.dot(influence).sqrt() / n_used as f64;
        Self::new(estimand, estimate, std_error, n_used)
    }

    /// Tests the effect against 0 by the normal distribution.
    ///
    /// # Errors
    /// [`Error::ZeroVariance`] when the standard error is 0.
    ///
    /// ```
    /// use mlnotes::causal::ipw;
    /// let (y, e) = (ndarray::array![3.0, 5.0, 1.0, 1.0], ndarray::array![0.5, 0.5, 0.5, 0.5]);
    /// let effect = ipw(y.view(), &[1, 1, 0, 0], e.view())?;
    /// assert!((effect.estimate - 3.0).abs() < 1e-12);
    /// assert!((effect.test()?.statistic - effect.estimate / effect.std_error).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn test(&self) -> Result<Test> {
        let flat = Error::ZeroVariance {
            what: "Effect::test: the outcome",
            col: None,
            value: self.estimate,
        };
        if self.std_error <= 0.0 {
            return Err(flat);
        }
        let z = self.estimate / self.std_error;
        let p = 2.0 * Normal::standard().cdf(-z.abs());
        Ok(Test::new(z, p).with_effect(self.estimate).with_ci(self.ci.0, self.ci.1))
    }
}
