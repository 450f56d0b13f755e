//! Bayesian linear regression: a ridge whose penalty the data choose, and a prediction with its doubt.
//!
//! ```text
//! y | w ~ N(X_c w, 1/α),   w ~ N(0, I/λ)                  α: precision of the noise, λ: of the weights
//! posterior:   Σ = (λ I + α X_cᵀ X_c)⁻¹,   m = α Σ X_cᵀ y_c         the ridge of penalty λ/α
//! evidence:    ln p(y | α, λ) = ½ (d ln λ + n ln α − α ‖y_c − X_c m‖² − λ ‖m‖² + ln |Σ| − n ln 2π)
//! its maximum: γ = Σⱼ α σⱼ² / (λ + α σⱼ²),   λ ← γ / ‖m‖²,   α ← (n − γ) / ‖y_c − X_c m‖²
//! prediction:  N(ȳ + m·x_c,  1/α + x_cᵀ Σ x_c)           noise, and what is not known of the weights
//! ```
//!
//! `γ` counts the weights that the data, not the prior, decide. Both precisions have a Gamma prior of tiny
//! shape and rate, `hyperprior`, which keeps them finite where the data leave nothing to explain. The
//! band is honest only for the model: a curve that is not linear, or noise that grows, it does not see, and
//! the intercept counts as known. Standardise first: one `λ` for all weights reads the units of `x`.
//!
//! # References
//! `MacKay` (1992), Bayesian interpolation, eq. 4.9 and 4.10; Bishop (2006), sections 3.3 and 3.5, eq.
//! 3.86, 3.92 and 3.95 (his `α` and `β` are `λ` and `α` here, as in scikit-learn).

use super::penalised::{check_pair, predict};
use super::ridge::Spectrum;
use crate::base::{Fitted, Regressor, finite, r2_of, setters, shape, stored, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

const NAME: &str = "BayesianRidge";
const X: &str = "BayesianRidge: `x`";
const Y: &str = "BayesianRidge: `y`";

impl BayesianRidge {
    /// Default settings.
    ///
    /// ```
    /// use mlnotes::{data, linear::bayes::BayesianRidge};
    /// let set = data::diabetes();
    /// let x = data::standardize(set.x.view())?.x;
    /// let model = BayesianRidge::params().fit(x.view(), set.y.view())?;
    /// let (mean, sd) = model.predict_with_sd(x.view())?;
    /// let inside = (0..442).filter(|&i| (set.y[i] - mean[i]).abs() < 1.96 * sd[i]).count();
    /// assert!((0.93..0.97).contains(&(inside as f64 / 442.0)));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> BayesianRidgeParams {
        BayesianRidgeParams { max_iter: 1000, tol: 1e-8, hyperprior: 1e-6, fit_intercept: true }
    }
}

/// Settings of a Bayesian ridge regression.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `max_iter` | 1000 | `>= 1` | rounds of the two precisions |
/// | `tol` | 1e-8 | `> 0` | stop when neither precision changes by a larger share of itself |
/// | `hyperprior` | 1e-6 | `> 0` | shape and rate of the Gamma prior of both precisions |
/// | `fit_intercept` | true | | whether `b` is free or 0 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BayesianRidgeParams {
    max_iter: usize,
    tol: f64,
    hyperprior: f64,
    fit_intercept: bool,
}

/// The posterior of the weights at the most probable precisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct BayesianRidge {
    /// Posterior mean `m` of the weights, shape `(n_features,)`.
    pub coef: Array1<f64>,
    /// Intercept `b`; 0 when none was asked for.
    pub intercept: f64,
    /// Posterior covariance `Σ` of the weights, shape `(n_features, n_features)`.
    pub covariance: Array2<f64>,
    /// `α`, in units of `1/y²`; scikit-learn's `alpha_`.
    pub noise_precision: f64,
    /// `λ`; scikit-learn's `lambda_`. The ridge of penalty `λ/α` has the same weights.
    pub weight_precision: f64,
    /// `γ`, the number of weights that the data decide, between 0 and `n_features`.
    pub effective_weights: f64,
    /// Log evidence before each round and at the end, the Gamma priors' terms included.
    pub log_evidence: Vec<f64>,
    /// Rounds made.
    pub n_iter: usize,
    /// Means that were taken off the features.
    x_mean: Array1<f64>,
}

stored!(BayesianRidge, |m| {
    let d = m.coef.len();
    finite("coef", m.coef.iter().chain([&m.intercept, &m.noise_precision]))?;
    finite("covariance", m.covariance.iter().chain(&m.x_mean))?;
    shape("covariance", m.covariance.dim(), (d, d))?;
    shape("x_mean", m.x_mean.len(), d)
});

impl BayesianRidgeParams {
    setters! {
        /// Sets the largest number of rounds.
        max_iter: usize;
        /// Sets the relative change of the precisions at which to stop.
        tol: f64;
        /// Sets shape and rate of the precisions' Gamma priors.
        hyperprior: f64;
        /// Whether to fit an intercept.
        fit_intercept: bool;
    }

    /// Fits `y`, shape `(n_samples,)`, on `x`, shape `(n_samples, n_features)`. A constant column gets the
    /// weight 0 and keeps its prior variance.
    ///
    /// # Errors
    /// [`Error::Parameter`], [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`],
    /// [`Error::TooFewSamples`] for fewer than two rows, [`Error::ZeroVariance`] for a constant `y`, and
    /// [`Error::NotConverged`] when the precisions still move after `max_iter` rounds.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<BayesianRidge> {
        self.check(x, y)?;
        let spectrum = Spectrum::of(NAME, x, y, self.fit_intercept)?;
        let (n, d) = (x.nrows() as f64, x.ncols() as f64);
        let (xc, yc) = (&x - &spectrum.x_mean, &y - spectrum.y_mean);
        let variance = yc.dot(&yc) / n;
        let (mut alpha, mut lambda) = (1.0 / variance, 1.0);
        let squared = spectrum.sigma.mapv(|s| s * s);
        let mut log_evidence = Vec::new();
        let mut change = f64::INFINITY;
        for n_iter in 0..=self.max_iter {
            crate::display::check_interrupt();
            let coef = spectrum.solve(lambda / alpha).coef;
            let residual = &yc - &xc.dot(&coef);
            let (rss, length) = (residual.dot(&residual), coef.dot(&coef));
            let gamma = squared.mapv(|s| alpha * s / (lambda + alpha * s)).sum();
            // ln |Σ|: directions that the data do not reach keep the prior's precision.
            let unreached = d - squared.len() as f64;
            let log_det = -squared.mapv(|s| (lambda + alpha * s).ln()).sum();
            let log_det = log_det - unreached * lambda.ln();
            let fit = d * lambda.ln() + n * alpha.ln() - alpha * rss - lambda * length;
            let prior = self.hyperprior * (lambda.ln() - lambda + alpha.ln() - alpha);
            log_evidence.push(0.5 * (fit + log_det - n * TAU.ln()) + prior);
            if change <= self.tol {
                return Ok(BayesianRidge {
                    intercept: spectrum.y_mean - spectrum.x_mean.dot(&coef),
                    coef,
                    covariance: covariance(&spectrum, alpha, lambda),
                    noise_precision: alpha,
                    weight_precision: lambda,
                    effective_weights: gamma,
                    log_evidence,
                    n_iter,
                    x_mean: spectrum.x_mean,
                });
            }
            let tiny = 2.0 * self.hyperprior;
            let next = ((n - gamma + tiny) / (rss + tiny), (gamma + tiny) / (length + tiny));
            change = (next.0 / alpha - 1.0).abs().max((next.1 / lambda - 1.0).abs());
            (alpha, lambda) = next;
        }
        Err(Error::NotConverged {
            estimator: NAME,
            n_iter: self.max_iter,
            change,
            remedy: "raise `max_iter` or `tol`, and standardise the features",
        })
    }

    fn check(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<()> {
        let bad = |name, rule, got| Err(Error::Parameter { estimator: NAME, name, rule, got });
        if self.max_iter == 0 {
            return bad("max_iter", ">= 1", "0".to_owned());
        }
        for (name, value) in [("tol", self.tol), ("hyperprior", self.hyperprior)] {
            if !(value.is_finite() && value > 0.0) {
                return bad(name, "finite and > 0", value.to_string());
            }
        }
        check_pair(X, Y, x, y)?;
        if y.iter().all(|v| v.total_cmp(&y[0]).is_eq()) {
            return Err(Error::ZeroVariance { what: Y, col: None, value: y[0] });
        }
        Ok(())
    }
}

/// `Σ = I/λ + V diag(1/(λ + α σ²) − 1/λ) Vᵀ`: the prior, narrowed where there are data.
fn covariance(spectrum: &Spectrum, alpha: f64, lambda: f64) -> Array2<f64> {
    let narrowed = spectrum.sigma.mapv(|s| 1.0 / (lambda + alpha * s * s));
    let v = &spectrum.v;
    if v.ncols() == v.nrows() {
        return (v * &narrowed).dot(&v.t());
    }
    let shift = narrowed.mapv(|variance| variance - 1.0 / lambda);
    (v * &shift).dot(&v.t()) + Array2::<f64>::eye(v.nrows()) / lambda
}

impl BayesianRidge {
    /// Predictive means, shape `(n_rows,)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`] or [`Error::NotFinite`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        predict("BayesianRidge::predict: `x`", &self.coef, self.intercept, x)
    }

    /// Predictive means and standard deviations, both `(n_rows,)` and in units of `y`; the standard
    /// deviation is that of a new observation: noise and doubt about the weights together.
    ///
    /// # Errors
    /// As [`BayesianRidge::predict`].
    ///
    /// ```
    /// use mlnotes::linear::bayes::BayesianRidge;
    /// use ndarray::array;
    /// let (x, y) = (array![[-1.0], [0.0], [1.0], [2.0]], array![-0.9, 0.1, 0.8, 2.1]);
    /// let model = BayesianRidge::params().fit(x.view(), y.view())?;
    /// let (_, sd) = model.predict_with_sd(array![[0.5], [20.0]].view())?;
    /// assert!(sd[1] > 5.0 * sd[0]); // far from the data there is more to doubt
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn predict_with_sd(&self, x: ArrayView2<f64>) -> Result<(Array1<f64>, Array1<f64>)> {
        let mean = self.predict(x)?;
        let centred = &x - &self.x_mean;
        let doubt = (centred.dot(&self.covariance) * &centred).sum_axis(ndarray::Axis(1));
        Ok((mean, doubt.mapv(|v| (v.max(0.0) + 1.0 / self.noise_precision).sqrt())))
    }

    /// `R²` on `x`, shape `(n_rows, n_features)`, and `y`, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`BayesianRidge::predict`]; [`Error::ZeroVariance`] for a constant `y`.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        r2_of("BayesianRidge::score: `y`", self.predict(x)?.view(), y)
    }
}

impl Regressor for BayesianRidgeParams {
    fn fit_base(&self, x: ArrayView2<f64>, y: ArrayView1<f64>, _: u64) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit(x, y)?))
    }
}

impl Fitted for BayesianRidge {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(self.predict(x)?.insert_axis(Axis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::to_faer;
    use crate::data;
    use crate::linear::ridge::Ridge;
    use faer::Side;
    use ndarray::{array, s};

    #[test]
    fn the_weights_are_the_ridge_of_the_ratio() {
        let set = data::diabetes();
        let x = data::standardize(set.x.view()).unwrap().x;
        let model = BayesianRidge::params().fit(x.view(), set.y.view()).unwrap();
        let alpha = model.weight_precision / model.noise_precision;
        let ridge = Ridge::params(alpha).fit(x.view(), set.y.view()).unwrap();
        assert!((&ridge.coef - &model.coef).iter().all(|d| d.abs() < 1e-9));
        assert!((ridge.df - model.effective_weights).abs() < 1e-6);
        let score = model.score(x.view(), set.y.view()).unwrap();
        assert!((0.51..0.52).contains(&score), "{score}");
    }

    /// The log density of `y` under `N(0, I/α + X Xᵀ/λ)`, which is what the evidence is.
    #[test]
    fn the_evidence_is_the_density_of_the_data() {
        let x = array![[1.0, 0.5, -1.0], [-0.3, 0.8, 0.1], [0.4, -1.0, 2.0], [-2.0, 0.1, 0.3]];
        let y = array![1.2, -0.4, 0.9, -1.9];
        for rows in [2, 4] {
            let (x, y) = (x.slice(s![..rows, ..]), y.slice(s![..rows]));
            let params = BayesianRidge::params().fit_intercept(false).tol(1e-4).max_iter(100_000);
            let model = params.fit(x, y).unwrap();
            let (alpha, lambda) = (model.noise_precision, model.weight_precision);
            let k = x.dot(&x.t()) / lambda + Array2::<f64>::eye(rows) / alpha;
            let k = to_faer(k.view());
            let eigen = k.self_adjoint_eigen(Side::Lower).unwrap();
            let mut log_density = -0.5 * rows as f64 * TAU.ln();
            for j in 0..rows {
                let along: f64 = (0..rows).map(|i| eigen.U()[(i, j)] * y[i]).sum();
                let variance = eigen.S()[j];
                log_density -= 0.5 * (variance.ln() + along * along / variance);
            }
            let prior = 1e-6 * (lambda.ln() - lambda + alpha.ln() - alpha);
            let ours = model.log_evidence.last().unwrap() - prior;
            assert!((ours - log_density).abs() < 1e-8, "{ours} {log_density}");
        }
    }

    #[test]
    fn directions_without_data_keep_the_prior() {
        // The second column is constant, the third a copy of the first.
        let x = array![[1.0, 5.0, 1.0], [2.0, 5.0, 2.0], [4.0, 5.0, 4.0], [7.0, 5.0, 7.0]];
        let y = array![1.1, 1.9, 4.2, 6.8];
        let model = BayesianRidge::params().fit(x.view(), y.view()).unwrap();
        assert!(model.coef[1].abs() < 1e-12 && (model.coef[0] - model.coef[2]).abs() < 1e-12);
        let prior = 1.0 / model.weight_precision;
        assert!((model.covariance[[1, 1]] / prior - 1.0).abs() < 1e-9);
        let apart = array![1.0, 0.0, -1.0];
        let variance = apart.dot(&model.covariance.dot(&apart)) / 2.0;
        assert!((variance / prior - 1.0).abs() < 1e-9);
    }

    #[test]
    fn features_that_say_nothing_leave_the_mean() {
        let (x, y) = (Array2::<f64>::ones((5, 2)), array![1.0, 2.0, 3.0, 4.0, 10.0]);
        let model = BayesianRidge::params().fit(x.view(), y.view()).unwrap();
        assert_eq!((model.coef.sum(), model.effective_weights), (0.0, 0.0));
        let (mean, sd) = model.predict_with_sd(x.view()).unwrap();
        // The variance of y, of divisor n, is 10; the hyperprior adds its millionths.
        assert!((mean[0] - 4.0).abs() < 1e-12 && (sd[0] - 10.0f64.sqrt()).abs() < 1e-5, "{sd}");
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = (array![[1.0], [2.0], [4.0]], array![1.0, 2.0, 4.5]);
        let fit = |p: BayesianRidgeParams| p.fit(x.view(), y.view()).unwrap_err().to_string();
        let p = BayesianRidge::params();
        assert!(fit(p.tol(0.0)).contains("`tol` must be finite and > 0, got 0"));
        assert!(fit(p.hyperprior(f64::NAN)).contains("`hyperprior`"));
        assert!(fit(p.max_iter(0)).contains("`max_iter`"));
        assert!(fit(p.max_iter(1)).contains("did not converge"));
        let flat = p.fit(x.view(), array![3.0, 3.0, 3.0].view());
        assert!(matches!(flat, Err(Error::ZeroVariance { .. })));
        let nan = p.fit(array![[1.0], [f64::NAN], [2.0]].view(), y.view());
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
        assert!(matches!(p.fit(x.view(), array![1.0].view()), Err(Error::Shape { .. })));
        let one = p.fit(array![[1.0]].view(), array![1.0].view());
        assert!(matches!(one, Err(Error::TooFewSamples { needed: 2, got: 1, .. })));
        let none = p.fit(Array2::zeros((0, 1)).view(), Array1::zeros(0).view());
        assert!(matches!(none, Err(Error::Empty { .. })));
        let model = p.fit(x.view(), y.view()).unwrap();
        assert!(model.predict_with_sd(array![[1.0, 2.0]].view()).is_err());
    }
}
