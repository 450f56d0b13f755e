//! Spike-and-slab regression: which controls belong in the model is part of the posterior.
//!
//! ```text
//! γⱼ ~ Bernoulli(π)                               in or out; π = expected model size / n_controls
//! β_γ | σ², γ ~ N(0, σ² (Ω⁻¹_γ)⁻¹)                 the slab;  Ω⁻¹ = κ/n (XᵀX + diag XᵀX) / 2
//! 1/σ² ~ Gamma(ν/2, s/2),  s = ν (1 − R²) s²_y     what the regression is expected to explain
//!
//! V⁻¹_γ = (XᵀX + Ω⁻¹)_γ,  β̃ = V (Xᵀy)_γ,  S = s + yᵀy − β̃ᵀ V⁻¹ β̃
//! p(γ | y) ∝ |Ω⁻¹_γ|^½ |V⁻¹_γ|^−½ S^−(n+ν)/2 p(γ)     β and σ² integrated out
//! ```
//!
//! The Gibbs sampler redraws each `γⱼ` given the others from the last line, then `σ²` and `β`. With
//! the coefficients integrated out, correlated controls can change places.
//!
//! # References
//! George & `McCulloch` (1997); Scott & Varian (2014), section 3.2; Brodersen et al. (2015), section 2.2.

use crate::base::{check_matrix, check_vector, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use faer::linalg::solvers::{Llt, Solve};
use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};

/// What is believed about a regression before the data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpikeSlabPrior {
    /// How many controls are expected in the model, above 0; from `n_controls` on, all are.
    pub expected_model_size: f64,
    /// Share of the variance that the regression is expected to explain, in `[0, 1)`.
    pub expected_r2: f64,
    /// How many observations that expectation is worth, above 0.
    pub df: f64,
    /// How many observations the slab is worth, `κ`, above 0.
    pub slab_weight: f64,
}

impl Default for SpikeSlabPrior {
    /// Three controls, an R² of 0.8 worth 50 observations, a slab worth one.
    fn default() -> Self {
        Self { expected_model_size: 3.0, expected_r2: 0.8, df: 50.0, slab_weight: 1.0 }
    }
}

/// The posterior of a spike-and-slab regression, as draws.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SpikeSlab {
    /// Posterior probability that each control is in the model, shape `(n_controls,)`.
    pub inclusion: Array1<f64>,
    /// Draws of the coefficients, 0 where a control is out, shape `(n_draws, n_controls)`.
    pub coef: Array2<f64>,
    /// Draws of the noise variance, shape `(n_draws,)`.
    pub obs_var: Array1<f64>,
}

/// Draws from the posterior of `y = x β + ε`, `y` of shape `(n,)`, `x` of shape `(n, n_controls)`. There is
/// no intercept: centre both.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`]; [`Error::ZeroVariance`] for a constant `y`;
/// [`Error::ZeroVariance`] for a control that is 0 throughout; [`Error::Parameter`] for a prior out of
/// its range or for no draws.
///
/// ```
/// use mlnotes::causal::impact::spike_slab::{SpikeSlabPrior, spike_slab};
/// use ndarray::Array2;
/// let x = Array2::from_shape_fn((40, 3), |(t, j)| ((t * (2 * j + 3) + j) % 7) as f64 - 3.0);
/// let y = x.column(1).mapv(|v| 2.0 * v) + ndarray::Array1::from_shape_fn(40, |t| (t as f64).sin());
/// let prior = SpikeSlabPrior { expected_model_size: 1.0, ..SpikeSlabPrior::default() };
/// let fit = spike_slab(y.view(), x.view(), prior, 500, 100, 7)?;
/// assert!(fit.inclusion[1] > 0.99 && fit.inclusion[0] < 0.5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn spike_slab(
    y: ArrayView1<f64>,
    x: ArrayView2<f64>,
    prior: SpikeSlabPrior,
    n_draws: usize,
    burn_in: usize,
    seed: u64,
) -> Result<SpikeSlab> {
    check_matrix("spike_slab: `x`", x)?;
    check_vector("spike_slab: `y`", y)?;
    if y.len() != x.nrows() {
        let (expected, got) = (format!("({},)", x.nrows()), format!("({},)", y.len()));
        return Err(Error::Shape { what: "spike_slab: `y`", expected, got });
    }
    let variance = if y.len() > 1 { y.var(1.0) } else { 0.0 };
    if variance <= 0.0 {
        return Err(Error::ZeroVariance { what: "spike_slab: `y`", col: None, value: y[0] });
    }
    if n_draws == 0 {
        return Err(bad("n_draws", ">= 1", "0".to_owned()));
    }
    let sampler = Sampler::new(x, prior, variance)?;
    let mut rng = stream(seed, 0);
    let mut included = sampler.start();
    let (mut coef, mut obs_var) = (Array2::zeros((n_draws, x.ncols())), Array1::zeros(n_draws));
    let mut inclusion = Array1::<f64>::zeros(x.ncols());
    for draw in 0..burn_in + n_draws {
        check_interrupt();
        let (beta, sigma2) = sampler.draw(&mut included, y, &mut rng)?;
        if draw >= burn_in {
            coef.row_mut(draw - burn_in).assign(&beta);
            obs_var[draw - burn_in] = sigma2;
            included.iter().zip(&mut inclusion).for_each(|(&i, n)| *n += f64::from(u8::from(i)));
        }
    }
    Ok(SpikeSlab { inclusion: inclusion / n_draws as f64, coef, obs_var })
}

/// The parts of the posterior that do not depend on `y`.
pub(super) struct Sampler {
    x: Array2<f64>,
    xtx: Array2<f64>,
    /// `Ω⁻¹` over all controls.
    slab: Array2<f64>,
    /// `ln π/(1 − π)`; infinite when all controls are in.
    log_odds: f64,
    df: f64,
    /// `s`.
    sum_of_squares: f64,
}

/// The conditional posterior of `β` and `σ²` in one model.
struct Model {
    columns: Vec<usize>,
    factor: Option<Llt<f64>>,
    mean: Array1<f64>,
    /// `S`.
    sum_of_squares: f64,
    /// `ln p(γ | y)` up to a constant.
    log_posterior: f64,
}

impl Sampler {
    /// `variance` is that of the series that `x` explains.
    pub(super) fn new(x: ArrayView2<f64>, prior: SpikeSlabPrior, variance: f64) -> Result<Self> {
        let (n, k) = x.dim();
        let SpikeSlabPrior { expected_model_size, expected_r2, df, slab_weight } = prior;
        let positive = [
            ("expected_model_size", expected_model_size),
            ("df", df),
            ("slab_weight", slab_weight),
        ];
        for (name, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                return Err(bad(name, "finite and > 0", value.to_string()));
            }
        }
        if !(0.0..1.0).contains(&expected_r2) {
            return Err(bad("expected_r2", ">= 0 and < 1", expected_r2.to_string()));
        }
        let xtx = x.t().dot(&x);
        if let Some(col) = xtx.diag().iter().position(|d| *d <= 0.0) {
            return Err(Error::ZeroVariance {
                what: "spike_slab: `x`",
                col: Some(col),
                value: 0.0,
            });
        }
        let both = &xtx + &Array2::from_diag(&xtx.diag());
        let share = expected_model_size / (k as f64).max(1.0);
        Ok(Self {
            x: x.to_owned(),
            slab: both * (0.5 * slab_weight / n as f64),
            xtx,
            log_odds: if share >= 1.0 { f64::INFINITY } else { (share / (1.0 - share)).ln() },
            df,
            sum_of_squares: df * (1.0 - expected_r2) * variance,
        })
    }

    pub(super) fn start(&self) -> Vec<bool> {
        vec![self.log_odds.is_infinite(); self.x.ncols()]
    }

    /// One round: every `γⱼ` in random order, then `σ²` and `β`.
    pub(super) fn draw(
        &self,
        included: &mut [bool],
        y: ArrayView1<f64>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Array1<f64>, f64)> {
        let (xty, yty) = (self.x.t().dot(&y), y.dot(&y));
        let n = y.len() as f64;
        let mut now = self.model(included, &xty, yty, n)?;
        if self.log_odds.is_finite() {
            let mut order: Vec<usize> = (0..included.len()).collect();
            order.shuffle(rng);
            for j in order {
                included[j] = !included[j];
                let other = self.model(included, &xty, yty, n)?;
                let log_ratio = other.log_posterior - now.log_posterior;
                if rng.random::<f64>() < crate::base::sigmoid(log_ratio) {
                    now = other;
                } else {
                    included[j] = !included[j];
                }
            }
        }
        let sigma2 = draw_variance(self.df + n, now.sum_of_squares, rng)?;
        let mut beta = Array1::zeros(included.len());
        if let Some(factor) = &now.factor {
            // V = (L Lᵀ)⁻¹, so Lᵀ x = z has x ~ N(0, V).
            let m = now.columns.len();
            let l = factor.L();
            let mut draw: Vec<f64> = (0..m).map(|_| StandardNormal.sample(rng)).collect();
            for i in (0..m).rev() {
                let later: f64 = (i + 1..m).map(|j| l[(j, i)] * draw[j]).sum();
                draw[i] = (draw[i] - later) / l[(i, i)];
            }
            for (i, &j) in now.columns.iter().enumerate() {
                beta[j] = now.mean[i] + sigma2.sqrt() * draw[i];
            }
        }
        Ok((beta, sigma2))
    }

    fn model(&self, included: &[bool], xty: &Array1<f64>, yty: f64, n: f64) -> Result<Model> {
        let columns: Vec<usize> = (0..included.len()).filter(|&j| included[j]).collect();
        let m = columns.len();
        let exponent = -0.5 * (n + self.df);
        if m == 0 {
            let sum_of_squares = self.sum_of_squares + yty;
            let log_posterior = exponent * sum_of_squares.ln();
            let mean = Array1::zeros(0);
            return Ok(Model { columns, factor: None, mean, sum_of_squares, log_posterior });
        }
        let part = |of: &Array2<f64>, i: usize, j: usize| of[[columns[i], columns[j]]];
        let factor = |of: Mat<f64>| {
            of.llt(Side::Lower).map_err(|_| Error::NotPositiveDefinite {
                what: "spike_slab: the prior's precision".to_owned(),
                remedy: "standardise the controls, or drop those that are nearly 0",
            })
        };
        let slab = factor(Mat::from_fn(m, m, |i, j| part(&self.slab, i, j)))?;
        let precision = Mat::from_fn(m, m, |i, j| part(&self.slab, i, j) + part(&self.xtx, i, j));
        let posterior = factor(precision)?;
        let mean = posterior.solve(Mat::from_fn(m, 1, |i, _| xty[columns[i]]));
        let mean = Array1::from_shape_fn(m, |i| mean[(i, 0)]);
        let explained: f64 = columns.iter().zip(&mean).map(|(&j, b)| xty[j] * b).sum();
        let sum_of_squares = self.sum_of_squares + (yty - explained).max(0.0);
        let half_log_det = |of: &Llt<f64>| (0..m).map(|i| of.L()[(i, i)].ln()).sum::<f64>();
        let prior = if self.log_odds.is_finite() { m as f64 * self.log_odds } else { 0.0 };
        let log_posterior =
            prior + half_log_det(&slab) - half_log_det(&posterior) + exponent * sum_of_squares.ln();
        Ok(Model { columns, factor: Some(posterior), mean, sum_of_squares, log_posterior })
    }
}

/// A variance whose inverse is `Gamma(df / 2, rate = sum_of_squares / 2)`.
pub(super) fn draw_variance(df: f64, sum_of_squares: f64, rng: &mut ChaCha8Rng) -> Result<f64> {
    let gamma = Gamma::new(0.5 * df, 2.0 / sum_of_squares);
    let gamma =
        gamma.map_err(|_| bad("df", "finite and > 0", format!("{df}, {sum_of_squares}")))?;
    Ok(1.0 / gamma.sample(rng))
}

fn bad(name: &'static str, rule: &'static str, got: String) -> Error {
    Error::Parameter { estimator: "spike_slab", name, rule, got }
}

/// Centres and scales the columns of `x` by the mean and standard deviation of its rows before.
pub(super) fn column_scales(x: ArrayView2<f64>) -> (Array1<f64>, Array1<f64>) {
    let mean = x.mean_axis(Axis(0)).unwrap_or_default();
    (mean, x.std_axis(Axis(0), 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn one_control_by_hand() {
        // x = (1, −1), y = (2, −2): XᵀX = 2, Ω⁻¹ = 1, V⁻¹ = 3, β̃ = 4/3.
        let x = array![[1.0], [-1.0]];
        let prior = SpikeSlabPrior {
            expected_model_size: 0.5,
            expected_r2: 0.0,
            df: 2.0,
            slab_weight: 1.0,
        };
        let sampler = Sampler::new(x.view(), prior, 1.0).unwrap();
        let (xty, yty) = (array![4.0], 8.0);
        let inside = sampler.model(&[true], &xty, yty, 2.0).unwrap();
        let outside = sampler.model(&[false], &xty, yty, 2.0).unwrap();
        assert!((inside.mean[0] - 4.0 / 3.0).abs() < 1e-14);
        assert!((inside.sum_of_squares - (2.0 + 8.0 - 16.0 / 3.0)).abs() < 1e-13);
        let ratio = (1.0f64 / 3.0).sqrt() * (10.0f64 / (14.0 / 3.0)).powi(2);
        assert!((inside.log_posterior - outside.log_posterior - ratio.ln()).abs() < 1e-13);
    }

    #[test]
    fn all_in_is_ridge_like_regression_and_the_seed_decides() {
        let x = Array2::from_shape_fn((30, 2), |(t, j)| ((t * (j + 2)) % 5) as f64 - 2.0);
        let y =
            x.dot(&array![1.0, -2.0]) + Array1::from_shape_fn(30, |t| 0.1 * ((t % 3) as f64 - 1.0));
        let prior = SpikeSlabPrior { expected_model_size: 2.0, ..SpikeSlabPrior::default() };
        let fit = |seed| spike_slab(y.view(), x.view(), prior, 400, 10, seed).unwrap();
        assert_eq!(fit(3), fit(3));
        let fit = fit(1);
        assert_eq!(fit.inclusion, array![1.0, 1.0]);
        let mean = fit.coef.mean_axis(Axis(0)).unwrap();
        // The slab weighs as much as one of 30 times, and shrinks by as much; noise adds 0.01.
        assert!((&mean - &array![1.0, -2.0]).iter().all(|d| d.abs() < 2.0 / 30.0 + 0.02), "{mean}");
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = (array![[1.0], [2.0], [4.0]], array![1.0, 0.0, 2.0]);
        let ok = SpikeSlabPrior::default();
        let fails = |y: &Array1<f64>, x: &Array2<f64>, prior, n| {
            spike_slab(y.view(), x.view(), prior, n, 1, 0).unwrap_err()
        };
        assert!(matches!(fails(&array![1.0], &x, ok, 5), Error::Shape { .. }));
        assert!(matches!(fails(&Array1::ones(3), &x, ok, 5), Error::ZeroVariance { .. }));
        assert!(matches!(fails(&y, &x, ok, 0), Error::Parameter { name: "n_draws", .. }));
        assert!(matches!(fails(&y, &Array2::zeros((3, 1)), ok, 5), Error::ZeroVariance { .. }));
        for prior in [
            SpikeSlabPrior { expected_model_size: 0.0, ..ok },
            SpikeSlabPrior { expected_r2: 1.0, ..ok },
            SpikeSlabPrior { df: f64::NAN, ..ok },
            SpikeSlabPrior { slab_weight: -1.0, ..ok },
        ] {
            assert!(matches!(fails(&y, &x, prior, 5), Error::Parameter { .. }));
        }
    }
}
