//! Yes or no, and how many.

use super::{check_data, check_each, check_not_negative, share, times_ln};
use crate::base::views;
use crate::stats::likelihood::{Domain, LogLikelihood};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, array};
use statrs::function::gamma::ln_gamma;

/// Zeros and ones, a one with chance `p`.
///
/// ```text
/// ℓ(p) = k ln p + (n − k) ln(1 − p)      k: number of ones
/// s(p) = k/p − (n − k)/(1 − p)           p̂ = k/n
/// J(p) = k/p² + (n − k)/(1 − p)²
/// ```
///
/// All zeros (all ones) put `p̂` on the boundary, where the score is not zero and no standard error
/// exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Bernoulli {
    n: f64,
    ones: f64,
}

impl Bernoulli {
    /// The model of `data`, shape `(n_samples,)`, zeros and ones.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Label`] for anything but 0 and 1.
    ///
    /// ```
    /// use mlnotes::stats::likelihood::{Bernoulli, LogLikelihood};
    /// let model = Bernoulli::new(ndarray::array![1.0, 0.0, 1.0, 1.0].view())?;
    /// assert_eq!(model.closed_form(), Some(ndarray::array![0.75]));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn new(data: ArrayView1<f64>) -> Result<Self> {
        check_data("Bernoulli: `data`", data)?;
        #[expect(clippy::float_cmp, reason = "the label itself is meant")]
        let wrong = data.iter().position(|&x| x != 0.0 && x != 1.0);
        if let Some(index) = wrong {
            return Err(Error::Label {
                what: "Bernoulli: `data`",
                index,
                got: data[index].to_string(),
                allowed: "0 or 1",
            });
        }
        Ok(Self { n: data.len() as f64, ones: data.sum() })
    }
}

impl LogLikelihood for Bernoulli {
    fn model(&self) -> &'static str {
        "Bernoulli"
    }

    fn param_names(&self) -> Vec<String> {
        vec!["p".into()]
    }

    fn domain(&self, _param: usize) -> Domain {
        Domain::closed(0.0, 1.0)
    }

    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64> {
        self.check(theta)?;
        let p = theta[0];
        Ok(times_ln(self.ones, p) + times_ln(self.n - self.ones, 1.0 - p))
    }

    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>> {
        self.check(theta)?;
        let p = theta[0];
        Ok(array![share(self.ones, p) - share(self.n - self.ones, 1.0 - p)])
    }

    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>> {
        self.check(theta)?;
        let (p, q) = (theta[0], 1.0 - theta[0]);
        Ok(array![[share(self.ones, p * p) + share(self.n - self.ones, q * q)]])
    }

    fn expected_information(&self, theta: ArrayView1<f64>) -> Result<Option<Array2<f64>>> {
        self.check(theta)?;
        Ok(Some(array![[self.n / (theta[0] * (1.0 - theta[0]))]]))
    }

    fn closed_form(&self) -> Option<Array1<f64>> {
        Some(array![self.ones / self.n])
    }
}

/// Counts with mean `λ`, the rate.
///
/// ```text
/// ℓ(λ) = S ln λ − nλ − Σ ln xᵢ!          S = Σ xᵢ
/// s(λ) = S/λ − n                         λ̂ = S/n
/// J(λ) = S/λ²
/// ```
///
/// The model says that variance and mean are equal; where the variance is larger, its standard error is
/// too small. Zeros alone put `λ̂` on the boundary.
#[derive(Debug, Clone, PartialEq)]
pub struct Poisson {
    n: f64,
    sum: f64,
    ln_factorials: f64,
}

impl Poisson {
    /// The model of `data`, shape `(n_samples,)`, whole numbers from 0.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Negative`], [`Error::Parameter`] for a number
    /// that is not whole.
    ///
    /// ```
    /// use mlnotes::stats::likelihood::{LogLikelihood, Poisson, maximize};
    /// let model = Poisson::new(ndarray::array![0.0, 1.0, 3.0, 0.0].view())?;
    /// let fit = maximize(&model, ndarray::array![1.0].view(), 100, 1e-10)?;
    /// assert!(fit.std_err.is_some_and(|se| (se[0] - 0.5).abs() < 1e-12));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn new(data: ArrayView1<f64>) -> Result<Self> {
        check_data("Poisson: `data`", data)?;
        check_not_negative("Poisson: `data`", data)?;
        check_each("Poisson", "whole numbers", data, |x| x.fract() == 0.0)?;
        let ln_factorials = data.iter().map(|x| ln_gamma(x + 1.0)).sum();
        Ok(Self { n: data.len() as f64, sum: data.sum(), ln_factorials })
    }
}

impl LogLikelihood for Poisson {
    fn model(&self) -> &'static str {
        "Poisson"
    }

    fn param_names(&self) -> Vec<String> {
        vec!["rate".into()]
    }

    fn domain(&self, _param: usize) -> Domain {
        Domain::closed(0.0, f64::INFINITY)
    }

    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64> {
        self.check(theta)?;
        Ok(times_ln(self.sum, theta[0]) - self.n * theta[0] - self.ln_factorials)
    }

    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>> {
        self.check(theta)?;
        Ok(array![share(self.sum, theta[0]) - self.n])
    }

    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>> {
        self.check(theta)?;
        Ok(array![[share(self.sum, theta[0] * theta[0])]])
    }

    fn expected_information(&self, theta: ArrayView1<f64>) -> Result<Option<Array2<f64>>> {
        self.check(theta)?;
        Ok(Some(array![[self.n / theta[0]]]))
    }

    fn closed_form(&self) -> Option<Array1<f64>> {
        Some(array![self.sum / self.n])
    }
}
