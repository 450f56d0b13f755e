//! Maximum likelihood: the parameter under which the data that came were most probable.
//!
//! ```text
//! 1  L(θ) = Πᵢ f(xᵢ | θ)          write down the likelihood
//! 2  ℓ(θ) = Σᵢ ln f(xᵢ | θ)       take the logarithm          LogLikelihood::log_lik
//! 3  s(θ) = ∂ℓ/∂θ                 differentiate               LogLikelihood::score
//! 4  s(θ̂) = 0                     solve                       LogLikelihood::closed_form, maximize
//!
//!    J(θ) = −∂²ℓ/∂θ∂θᵀ            observed information        LogLikelihood::information
//!    se(θ̂ⱼ) = √(J(θ̂)⁻¹)ⱼⱼ         standard error              Mle::std_err
//! ```
//!
//! Four steps are not enough. A zero of the score may be a minimum or a saddle, so [`maximize`] asks that
//! `J(θ̂)` be positive definite; and where the likelihood is largest at the edge of the parameter space
//! ([`UniformZeroTo`], counts that are all zero) no zero exists, so it looks there as well and says
//! [`Mle::on_boundary`]. A likelihood is a density of the data, not of `θ`: its area over `θ` is not 1
//! and changes when `θ` is replaced by a function of `θ`; the maximum does not.
//!
//! Intervals: [`wald_ci`] from the standard error, [`profile_ci`] from the likelihood itself, and
//! [`likelihood_ratio`] to compare nested models.
//!
//! A model of your own implements [`LogLikelihood`]; differences tell whether its algebra is right:
//!
//! ```
//! use mlnotes::nn::gradcheck::{check_gradient, numeric_jacobian};
//! use mlnotes::stats::likelihood::{LogLikelihood, maximize};
//! use ndarray::{Array1, Array2, ArrayView1, array};
//!
//! /// Cauchy with an unknown centre, `ℓ(m) = −Σ ln π(1 + (xᵢ − m)²)`.
//! struct Cauchy(Array1<f64>);
//!
//! impl LogLikelihood for Cauchy {
//!     fn model(&self) -> &'static str {
//!         "Cauchy"
//!     }
//!     fn param_names(&self) -> Vec<String> {
//!         vec!["centre".into()]
//!     }
//!     fn log_lik(&self, theta: ArrayView1<f64>) -> mlnotes::Result<f64> {
//!         self.check(theta)?;
//!         let density = |x: &f64| -(std::f64::consts::PI * (1.0 + (x - theta[0]).powi(2))).ln();
//!         Ok(self.0.iter().map(density).sum())
//!     }
//!     fn score(&self, theta: ArrayView1<f64>) -> mlnotes::Result<Array1<f64>> {
//!         self.check(theta)?;
//!         let r = &self.0 - theta[0];
//!         Ok(array![r.mapv(|r| 2.0 * r / (1.0 + r * r)).sum()])
//!     }
//!     fn information(&self, theta: ArrayView1<f64>) -> mlnotes::Result<Array2<f64>> {
//!         self.check(theta)?;
//!         let r = &self.0 - theta[0];
//!         Ok(array![[r.mapv(|r| 2.0 * (1.0 - r * r) / (1.0 + r * r).powi(2)).sum()]])
//!     }
//! }
//!
//! let model = Cauchy(array![-1.0, 0.2, 0.4, 1.1, 30.0]);
//! let at = array![0.9];
//! let log_lik = |t: ArrayView1<f64>| model.log_lik(t).unwrap_or(f64::NAN);
//! check_gradient(log_lik, model.score(at.view())?.view(), at.view(), 1e-7)?;
//! let slope = |t: ArrayView1<f64>| model.score(t).unwrap_or_default();
//! let curvature = numeric_jacobian(slope, at.view())[[0, 0]];
//! assert!((model.information(at.view())?[[0, 0]] + curvature).abs() < 1e-7);
//!
//! let fit = maximize(&model, array![0.5].view(), 100, 1e-10)?;
//! assert!(fit.converged && (fit.theta[0] - 0.3192).abs() < 1e-4);
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! Pawitan (2001), *In All Likelihood*, chapters 2 and 3; Fisher (1922); Efron & Hinkley (1978) for the
//! observed information.

mod families;
mod intervals;
mod maximize;

pub use families::{Bernoulli, Exponential, Gamma, Normal, Poisson, UniformZeroTo, Weibull};
pub use intervals::{likelihood_ratio, profile_ci, profile_log_lik, wald_ci};
pub use maximize::{Direction, Mle, maximize};

use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1};
use std::fmt;

/// The values that one parameter may take: an interval of the real line.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Domain {
    /// Lower end; may be `-∞`.
    pub low: f64,
    /// Upper end; may be `∞`.
    pub high: f64,
    /// Whether finite ends belong to the domain.
    pub closed: bool,
}

impl Domain {
    /// Every real number.
    pub const REAL: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY, closed: false };
    /// Every number above 0.
    pub const POSITIVE: Self = Self { low: 0.0, high: f64::INFINITY, closed: false };

    /// From `low` to `high`, finite ends included.
    ///
    /// ```
    /// let domain = mlnotes::stats::likelihood::Domain::closed(0.0, 1.0);
    /// assert!(domain.contains(1.0) && !domain.contains(1.1));
    /// assert_eq!(domain.to_string(), "[0, 1]");
    /// ```
    pub const fn closed(low: f64, high: f64) -> Self {
        Self { low, high, closed: true }
    }

    /// From `low` to `high`, ends excluded.
    pub const fn open(low: f64, high: f64) -> Self {
        Self { low, high, closed: false }
    }

    /// Whether `value` is finite and inside.
    pub fn contains(self, value: f64) -> bool {
        let inside = self.low < value && value < self.high;
        value.is_finite() && (inside || self.is_end(value))
    }

    /// Whether `value` is an end that belongs to the domain.
    pub(crate) fn is_end(self, value: f64) -> bool {
        #[expect(clippy::float_cmp, reason = "an end is set to exactly this number")]
        let at_end = value == self.low || value == self.high;
        self.closed && at_end
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.closed && self.low.is_finite() { '[' } else { '(' };
        let close = if self.closed && self.high.is_finite() { ']' } else { ')' };
        write!(f, "{open}{}, {}{close}", self.low, self.high)
    }
}

/// A model of some data, as a function of its parameters `theta`, shape `(n_params,)`.
///
/// Five functions describe it; the others have answers that most models can keep. The likelihood of a
/// model must be a product over independent observations for the standard errors to mean anything.
pub trait LogLikelihood {
    /// What the model is called, for messages.
    fn model(&self) -> &'static str;

    /// Names of the parameters, in the order of `theta`.
    fn param_names(&self) -> Vec<String>;

    /// Logarithm of the likelihood, constants included; `-∞` where the data are impossible.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::Parameter`] for a `theta` outside the parameter space.
    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64>;

    /// Gradient of the log-likelihood, shape `(n_params,)`.
    ///
    /// # Errors
    /// As [`LogLikelihood::log_lik`].
    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>>;

    /// Observed information, minus the Hessian of the log-likelihood, shape `(n_params, n_params)`.
    ///
    /// # Errors
    /// As [`LogLikelihood::log_lik`].
    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>>;

    /// Expected (Fisher) information, shape `(n_params, n_params)`, where it is known: positive definite
    /// also where the observed one is not, so [`maximize`] can lean on it.
    ///
    /// # Errors
    /// As [`LogLikelihood::log_lik`].
    fn expected_information(&self, theta: ArrayView1<f64>) -> Result<Option<Array2<f64>>> {
        self.check(theta).map(|()| None)
    }

    /// The values that parameter number `param` may take; all real numbers unless told.
    fn domain(&self, param: usize) -> Domain {
        let _ = param;
        Domain::REAL
    }

    /// The maximum where algebra gives it, shape `(n_params,)`; `None` where only iteration does.
    fn closed_form(&self) -> Option<Array1<f64>> {
        None
    }

    /// Whether the large-sample theory of score, information and deviance holds. It does not where the
    /// support of the data moves with the parameter.
    fn is_regular(&self) -> bool {
        true
    }

    /// Number of parameters.
    fn n_params(&self) -> usize {
        self.param_names().len()
    }

    /// Checks that `theta` has a value for each parameter and that each lies in its domain.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Parameter`].
    fn check(&self, theta: ArrayView1<f64>) -> Result<()> {
        let p = self.n_params();
        if theta.len() != p {
            let (expected, got) = (format!("({p},)"), format!("({},)", theta.len()));
            return Err(Error::Shape { what: self.model(), expected, got });
        }
        match theta.iter().enumerate().find(|&(j, &value)| !self.domain(j).contains(value)) {
            Some((j, &value)) => Err(Error::Parameter {
                estimator: self.model(),
                name: "theta",
                rule: "inside the parameter space",
                got: format!("{} = {value}, not in {}", self.param_names()[j], self.domain(j)),
            }),
            None => Ok(()),
        }
    }
}
