//! The bell.

use super::{check_data, check_varies};
use crate::Result;
use crate::base::views;
use crate::stats::likelihood::{Domain, LogLikelihood};
use ndarray::{Array1, Array2, ArrayView1, array};
use std::f64::consts::TAU;

/// Real numbers with mean `μ` and standard deviation `σ`.
///
/// ```text
/// ℓ(μ, σ) = −(n/2) ln 2π − n ln σ − Q/(2σ²)            Q = Σ (xᵢ − μ)² = Σ (xᵢ − x̄)² + n(x̄ − μ)²
/// s(μ, σ) = ( n(x̄ − μ)/σ²,  −n/σ + Q/σ³ )             μ̂ = x̄,  σ̂² = Σ (xᵢ − x̄)²/n
/// J(μ, σ) = [ n/σ²,  2n(x̄ − μ)/σ³;  ·,  3Q/σ⁴ − n/σ² ]
/// ```
///
/// `σ̂²` is biased: its mean is `σ²(n − 1)/n`, since the deviations are taken from the very mean that
/// makes their squares small. The observed information is not positive definite for `σ² > 3Q/n`; the
/// expected one, `diag(n/σ², 2n/σ²)`, is everywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Normal {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Normal {
    /// The model of `data`, shape `(n_samples,)`.
    ///
    /// # Errors
    /// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::ZeroVariance`]: around
    /// equal values the likelihood grows without end as `σ` falls.
    ///
    /// ```
    /// use mlnotes::stats::likelihood::{LogLikelihood, Normal};
    /// let model = Normal::new(ndarray::array![1.0, 3.0].view())?;
    /// assert_eq!(model.closed_form(), Some(ndarray::array![2.0, 1.0]));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn new(data: ArrayView1<f64>) -> Result<Self> {
        check_data("Normal: `data`", data)?;
        check_varies("Normal: `data`", data)?;
        let n = data.len() as f64;
        let mean = data.sum() / n;
        let squares = data.iter().map(|x| (x - mean).powi(2)).sum();
        Ok(Self { n, mean, squares })
    }

    /// `Q = Σ (xᵢ − μ)²`.
    fn squares_around(&self, mu: f64) -> f64 {
        self.squares + self.n * (self.mean - mu).powi(2)
    }
}

impl LogLikelihood for Normal {
    fn model(&self) -> &'static str {
        "Normal"
    }

    fn param_names(&self) -> Vec<String> {
        vec!["mu".into(), "sigma".into()]
    }

    fn domain(&self, param: usize) -> Domain {
        if param == 0 { Domain::REAL } else { Domain::POSITIVE }
    }

    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64> {
        self.check(theta)?;
        let (mu, sigma) = (theta[0], theta[1]);
        let exponent = self.squares_around(mu) / (2.0 * sigma * sigma);
        Ok(-self.n * (0.5 * TAU.ln() + sigma.ln()) - exponent)
    }

    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>> {
        self.check(theta)?;
        let (mu, sigma) = (theta[0], theta[1]);
        let q = self.squares_around(mu);
        Ok(array![
            self.n * (self.mean - mu) / (sigma * sigma),
            (q / (sigma * sigma) - self.n) / sigma,
        ])
    }

    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>> {
        self.check(theta)?;
        let (mu, sigma) = (theta[0], theta[1]);
        let precision = 1.0 / (sigma * sigma);
        let q = self.squares_around(mu);
        let mixed = 2.0 * self.n * (self.mean - mu) * precision / sigma;
        Ok(
            array![
                [self.n * precision, mixed],
                [mixed, (3.0 * q * precision - self.n) * precision],
            ],
        )
    }

    fn expected_information(&self, theta: ArrayView1<f64>) -> Result<Option<Array2<f64>>> {
        self.check(theta)?;
        let precision = self.n / (theta[1] * theta[1]);
        Ok(Some(array![[precision, 0.0], [0.0, 2.0 * precision]]))
    }

    fn closed_form(&self) -> Option<Array1<f64>> {
        Some(array![self.mean, (self.squares / self.n).sqrt()])
    }
}
