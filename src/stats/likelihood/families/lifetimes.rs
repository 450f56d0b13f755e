//! Waiting times and other positive numbers: exponential, gamma, Weibull. The last two contain the
//! first, at shape 1.

use super::{check_data, check_each, check_not_negative, check_varies};
use crate::base::{trigamma, views};
use crate::stats::likelihood::{Domain, LogLikelihood};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, array};
use statrs::consts::EULER_MASCHERONI;
use statrs::function::gamma::{digamma, ln_gamma};
use std::f64::consts::PI;

/// Waiting times without memory, `f(x) = λ e^{−λx}`, rate `λ`, mean `1/λ`.
///
/// ```text
/// ℓ(λ) = n ln λ − λS        S = Σ xᵢ
/// s(λ) = n/λ − S            λ̂ = n/S
/// J(λ) = n/λ²
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Exponential {
    n: f64,
    sum: f64,
}

impl Exponential {
    /// The model of `data`, shape `(n_samples,)`, numbers from 0, not all 0.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Negative`], [`Error::ZeroVariance`] for zeros
    /// alone: the likelihood grows without end with the rate.
    ///
    /// ```
    /// use mlnotes::stats::likelihood::{Exponential, LogLikelihood};
    /// let model = Exponential::new(ndarray::array![1.0, 3.0].view())?;
    /// assert_eq!(model.closed_form(), Some(ndarray::array![0.5]));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn new(data: ArrayView1<f64>) -> Result<Self> {
        check_data("Exponential: `data`", data)?;
        check_not_negative("Exponential: `data`", data)?;
        let sum = data.sum();
        if sum > 0.0 {
            return Ok(Self { n: data.len() as f64, sum });
        }
        Err(Error::ZeroVariance { what: "Exponential: `data`", col: None, value: 0.0 })
    }
}

impl LogLikelihood for Exponential {
    fn model(&self) -> &'static str {
        "Exponential"
    }

    fn param_names(&self) -> Vec<String> {
        vec!["rate".into()]
    }

    fn domain(&self, _param: usize) -> Domain {
        Domain::POSITIVE
    }

    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64> {
        self.check(theta)?;
        Ok(self.n * theta[0].ln() - theta[0] * self.sum)
    }

    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>> {
        self.check(theta)?;
        Ok(array![self.n / theta[0] - self.sum])
    }

    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>> {
        self.check(theta)?;
        Ok(array![[self.n / (theta[0] * theta[0])]])
    }

    fn expected_information(&self, theta: ArrayView1<f64>) -> Result<Option<Array2<f64>>> {
        // No datum stands in the second derivative.
        self.information(theta).map(Some)
    }

    fn closed_form(&self) -> Option<Array1<f64>> {
        Some(array![self.n / self.sum])
    }
}

/// Positive numbers with `f(x) = β^α x^{α−1} e^{−βx} / Γ(α)`: shape `α`, rate `β`, mean `α/β`.
///
/// ```text
/// ℓ(α, β) = n(α ln β − ln Γ(α)) + (α − 1) Σ ln xᵢ − βS           S = Σ xᵢ
/// s(α, β) = ( n(ln β − ψ(α)) + Σ ln xᵢ,  nα/β − S )
/// J(α, β) = [ nψ′(α),  −n/β;  −n/β,  nα/β² ]
/// ```
///
/// `ψ(α) = ln β + mean of ln xᵢ` has no closed solution, so step 4 is Newton's. No datum stands in `J`,
/// which is positive definite everywhere (`αψ′(α) > 1`): one hill, and Newton climbs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Gamma {
    n: f64,
    sum: f64,
    sum_ln: f64,
    variance: f64,
}

impl Gamma {
    /// The model of `data`, shape `(n_samples,)`, numbers above 0.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] for a number not above 0,
    /// [`Error::ZeroVariance`]: around equal values the likelihood grows without end with the shape.
    ///
    /// ```
    /// use mlnotes::stats::likelihood::{Gamma, LogLikelihood, maximize};
    /// let model = Gamma::new(ndarray::array![0.4, 1.1, 1.9, 3.0].view())?;
    /// let fit = maximize(&model, model.start().view(), 100, 1e-10)?;
    /// assert!(model.closed_form().is_none() && fit.converged);
    /// assert!((fit.theta[0] / fit.theta[1] - 1.6).abs() < 1e-8); // the fitted mean is the mean
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn new(data: ArrayView1<f64>) -> Result<Self> {
        check_data("Gamma: `data`", data)?;
        check_each("Gamma", "above 0", data, |x| x > 0.0)?;
        check_varies("Gamma: `data`", data)?;
        let n = data.len() as f64;
        let sum_ln = data.iter().map(|x| x.ln()).sum();
        Ok(Self { n, sum: data.sum(), sum_ln, variance: data.var(0.0) })
    }

    /// Where to start: the shape and rate whose mean and variance are those of the data, shape `(2,)`.
    pub fn start(&self) -> Array1<f64> {
        let mean = self.sum / self.n;
        array![mean * mean / self.variance, mean / self.variance]
    }
}

impl LogLikelihood for Gamma {
    fn model(&self) -> &'static str {
        "Gamma"
    }

    fn param_names(&self) -> Vec<String> {
        vec!["shape".into(), "rate".into()]
    }

    fn domain(&self, _param: usize) -> Domain {
        Domain::POSITIVE
    }

    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64> {
        self.check(theta)?;
        let (shape, rate) = (theta[0], theta[1]);
        let normaliser = self.n * (shape * rate.ln() - ln_gamma(shape));
        Ok(normaliser + (shape - 1.0) * self.sum_ln - rate * self.sum)
    }

    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>> {
        self.check(theta)?;
        let (shape, rate) = (theta[0], theta[1]);
        Ok(array![
            self.n * (rate.ln() - digamma(shape)) + self.sum_ln,
            self.n * shape / rate - self.sum,
        ])
    }

    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>> {
        self.check(theta)?;
        let (shape, rate) = (theta[0], theta[1]);
        let mixed = -self.n / rate;
        let curvature = self.n * shape / (rate * rate);
        Ok(array![[self.n * trigamma(shape), mixed], [mixed, curvature]])
    }

    fn expected_information(&self, theta: ArrayView1<f64>) -> Result<Option<Array2<f64>>> {
        self.information(theta).map(Some)
    }
}

/// Lifetimes with `f(x) = (k/λ)(x/λ)^{k−1} e^{−(x/λ)^k}`: shape `k`, scale `λ`.
///
/// ```text
/// zᵢ = ln xᵢ − ln λ,  wᵢ = e^{k zᵢ} = (xᵢ/λ)^k
/// ℓ(k, λ) = n ln k − n ln λ + (k − 1) Σ zᵢ − Σ wᵢ
/// s(k, λ) = ( n/k + Σ zᵢ − Σ wᵢzᵢ,  (k/λ)(Σ wᵢ − n) )
/// J(k, λ) = [ n/k² + Σ wᵢzᵢ²,  −(Σ wᵢ − n + k Σ wᵢzᵢ)/λ;  ·,  (k/λ²)((k + 1) Σ wᵢ − n) ]
/// ```
///
/// The observed information is not positive definite everywhere (take `λ` large: `wᵢ → 0`); the expected
/// one is, and [`crate::stats::likelihood::maximize`] falls back on it. A shape below 1 means that the
/// longer one has waited, the longer one will wait; above 1, that things wear out.
#[derive(Debug, Clone, PartialEq)]
pub struct Weibull {
    ln_x: Array1<f64>,
}

/// `n`, `Σ zᵢ`, `Σ wᵢ`, `Σ wᵢzᵢ`, `Σ wᵢzᵢ²`.
struct WeibullSums {
    n: f64,
    z: f64,
    w: f64,
    wz: f64,
    wzz: f64,
}

impl Weibull {
    /// The model of `data`, shape `(n_samples,)`, numbers above 0.
    ///
    /// # Errors
    /// As [`Gamma::new`].
    ///
    /// ```
    /// use mlnotes::stats::likelihood::{Weibull, maximize};
    /// let model = Weibull::new(ndarray::array![0.4, 1.1, 1.9, 3.0].view())?;
    /// let fit = maximize(&model, model.start().view(), 100, 1e-10)?;
    /// assert!(fit.converged && fit.theta[0] > 1.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn new(data: ArrayView1<f64>) -> Result<Self> {
        check_data("Weibull: `data`", data)?;
        check_each("Weibull", "above 0", data, |x| x > 0.0)?;
        check_varies("Weibull: `data`", data)?;
        Ok(Self { ln_x: data.mapv(f64::ln) })
    }

    /// Where to start, shape `(2,)`: the shape and scale whose `ln x` has the mean and variance of the
    /// data's, `π²/(6k²)` and `ln λ − γ/k`.
    pub fn start(&self) -> Array1<f64> {
        let spread = self.ln_x.std(0.0);
        let shape = PI / (6.0f64.sqrt() * spread);
        let mean = self.ln_x.sum() / self.ln_x.len() as f64;
        array![shape, (mean + EULER_MASCHERONI / shape).exp()]
    }

    fn sums(&self, theta: ArrayView1<f64>) -> WeibullSums {
        let (shape, ln_scale) = (theta[0], theta[1].ln());
        let n = self.ln_x.len() as f64;
        let mut sums = WeibullSums { n, z: 0.0, w: 0.0, wz: 0.0, wzz: 0.0 };
        for ln_x in &self.ln_x {
            let z = ln_x - ln_scale;
            let w = (shape * z).exp();
            sums.z += z;
            sums.w += w;
            sums.wz += w * z;
            sums.wzz += w * z * z;
        }
        sums
    }
}

impl LogLikelihood for Weibull {
    fn model(&self) -> &'static str {
        "Weibull"
    }

    fn param_names(&self) -> Vec<String> {
        vec!["shape".into(), "scale".into()]
    }

    fn domain(&self, _param: usize) -> Domain {
        Domain::POSITIVE
    }

    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64> {
        self.check(theta)?;
        let (shape, scale) = (theta[0], theta[1]);
        let WeibullSums { n, z, w, .. } = self.sums(theta);
        Ok(n * (shape.ln() - scale.ln()) + (shape - 1.0) * z - w)
    }

    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>> {
        self.check(theta)?;
        let (shape, scale) = (theta[0], theta[1]);
        let WeibullSums { n, z, w, wz, .. } = self.sums(theta);
        Ok(array![n / shape + z - wz, shape / scale * (w - n)])
    }

    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>> {
        self.check(theta)?;
        let (shape, scale) = (theta[0], theta[1]);
        let WeibullSums { n, w, wz, wzz, .. } = self.sums(theta);
        let mixed = -(w - n + shape * wz) / scale;
        let curvature = shape / (scale * scale) * ((shape + 1.0) * w - n);
        Ok(array![[n / (shape * shape) + wzz, mixed], [mixed, curvature]])
    }

    /// `n [ (π²/6 + (1 − γ)²)/k²,  −(1 − γ)/λ;  ·,  k²/λ² ]`, with Euler's `γ = 0.5772…`.
    fn expected_information(&self, theta: ArrayView1<f64>) -> Result<Option<Array2<f64>>> {
        self.check(theta)?;
        let (shape, scale, n) = (theta[0], theta[1], self.ln_x.len() as f64);
        let c = 1.0 - EULER_MASCHERONI;
        let mixed = -n * c / scale;
        let first = n * (PI * PI / 6.0 + c * c) / (shape * shape);
        Ok(Some(array![[first, mixed], [mixed, n * (shape / scale).powi(2)]]))
    }
}
