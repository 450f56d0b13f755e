//! The uniform distribution with an unknown end: the likelihood that ends in a cliff.

use super::{check_data, check_not_negative, range};
use crate::base::views;
use crate::stats::likelihood::intervals::check_level;
use crate::stats::likelihood::{Domain, LogLikelihood};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, array};

/// Numbers spread evenly from 0 to `θ`.
///
/// ```text
/// ℓ(θ) = −n ln θ  for θ ≥ max xᵢ,  −∞ below
/// s(θ) = −n/θ < 0                                  no zero: θ̂ = max xᵢ, on the boundary
/// ```
///
/// The mean of `θ̂` is `θ n/(n + 1)`. Support and parameter move together, so the theory of score and
/// information fails: there is no standard error, twice the log-likelihood ratio has two degrees of
/// freedom instead of one, and the error falls as `1/n` instead of `1/√n`. Use
/// [`UniformZeroTo::interval`].
///
/// The domain starts at the largest value; between 0 and there [`LogLikelihood::log_lik`] says `-∞`.
#[derive(Debug, Clone, PartialEq)]
pub struct UniformZeroTo {
    n: f64,
    max: f64,
}

impl UniformZeroTo {
    /// The model of `data`, shape `(n_samples,)`, numbers from 0, not all 0.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Negative`], [`Error::ZeroVariance`] for zeros
    /// alone.
    ///
    /// ```
    /// use mlnotes::stats::likelihood::{LogLikelihood, UniformZeroTo};
    /// let model = UniformZeroTo::new(ndarray::array![0.4, 2.5, 1.0].view())?;
    /// assert_eq!(model.closed_form(), Some(ndarray::array![2.5]));
    /// assert_eq!(model.log_lik(ndarray::array![2.4].view())?, f64::NEG_INFINITY);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn new(data: ArrayView1<f64>) -> Result<Self> {
        check_data("UniformZeroTo: `data`", data)?;
        check_not_negative("UniformZeroTo: `data`", data)?;
        let max = range(data).1;
        if max > 0.0 {
            return Ok(Self { n: data.len() as f64, max });
        }
        Err(Error::ZeroVariance { what: "UniformZeroTo: `data`", col: None, value: max })
    }

    /// The exact interval `[max, max · (1 − level)^{−1/n}]`: `max/θ` has the distribution function `uⁿ`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a level that is not between 0 and 1.
    ///
    /// ```
    /// use mlnotes::stats::likelihood::UniformZeroTo;
    /// let (low, high) = UniformZeroTo::new(ndarray::array![0.4, 2.0].view())?.interval(0.75)?;
    /// assert!((low - 2.0).abs() < 1e-15 && (high - 4.0).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn interval(&self, level: f64) -> Result<(f64, f64)> {
        check_level("UniformZeroTo::interval", level)?;
        Ok((self.max, self.max * (1.0 - level).powf(-1.0 / self.n)))
    }
}

impl LogLikelihood for UniformZeroTo {
    fn model(&self) -> &'static str {
        "UniformZeroTo"
    }

    fn param_names(&self) -> Vec<String> {
        vec!["end".into()]
    }

    fn domain(&self, _param: usize) -> Domain {
        Domain::closed(self.max, f64::INFINITY)
    }

    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64> {
        if theta.len() == 1 && theta[0] > 0.0 && theta[0] < self.max {
            return Ok(f64::NEG_INFINITY);
        }
        self.check(theta)?;
        Ok(-self.n * theta[0].ln())
    }

    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>> {
        self.check(theta)?;
        Ok(array![-self.n / theta[0]])
    }

    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>> {
        self.check(theta)?;
        Ok(array![[-self.n / (theta[0] * theta[0])]])
    }

    fn closed_form(&self) -> Option<Array1<f64>> {
        Some(array![self.max])
    }

    fn is_regular(&self) -> bool {
        false
    }
}
