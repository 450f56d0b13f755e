//! Gaussian mixture, fitted by expectation–maximisation.
//!
//! ```text
//! p(xᵢ) = Σₖ πₖ N(xᵢ | μₖ, Σₖ)
//! E step:  rᵢₖ = πₖ N(xᵢ | μₖ, Σₖ) / Σⱼ πⱼ N(xᵢ | μⱼ, Σⱼ)
//! M step:  nₖ = Σᵢ rᵢₖ,  πₖ = nₖ / n,  μₖ = Σᵢ rᵢₖ xᵢ / nₖ,
//!          Σₖ = Σᵢ rᵢₖ (xᵢ − μₖ)(xᵢ − μₖ)ᵀ / nₖ      with the new μₖ
//! ELBO:    Σᵢₖ rᵢₖ [ln πₖ + ln N(xᵢ | μₖ, Σₖ) − ln rᵢₖ]  ≤  Σᵢ ln p(xᵢ),  equal at the E step's rᵢₖ
//! ```
//!
//! The E step makes the bound touch the likelihood, the M step raises the bound: the likelihood cannot
//! fall. It is not bounded above, though: a component that shrinks onto one row drives it to infinity,
//! which `reg_covar`, added to the diagonal of each covariance, prevents. Densities are computed as
//! logarithms from a Cholesky factor, and summed by log-sum-exp. Components come out in any order.
//!
//! # References
//! Dempster, Laird & Rubin (1977); Bishop, Pattern Recognition and Machine Learning (2006), sections
//! 9.2–9.4, eq. 9.23–9.28; Neal & Hinton (1998).

use super::check_clusters;
use super::kmeans::KMeans;
use crate::data::sample_mixture;
use crate::display::check_interrupt;
use crate::numeric::{check_matrix, log_sum_exp};
use crate::{Error, Result};
use faer::{Mat, Side};
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2, Axis, s};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::f64::consts::PI;

/// Rows that one task of the E step takes. Fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 1024;

/// The shape that covariances may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Covariance {
    /// One full matrix a component: `k d(d+1)/2` numbers.
    #[default]
    Full,
    /// One full matrix for all: `d(d+1)/2` numbers.
    Tied,
    /// A diagonal a component: `k d` numbers.
    Diag,
    /// A multiple of the identity a component: `k` numbers.
    Spherical,
}

/// Weights, means and covariances of a mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct GmmParams {
    /// Mixing weights `π`, shape `(k,)`, non-negative, sum 1.
    pub weights: Array1<f64>,
    /// Means `μ`, shape `(k, n_features)`.
    pub means: Array2<f64>,
    /// Covariances `Σ`, shape `(k, n_features, n_features)`, whatever their constraint.
    pub covariances: Array3<f64>,
}

/// Where EM starts.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum GmmInit {
    /// An M step from the hard labels of k-means.
    #[default]
    KMeans,
    /// An M step from random responsibilities.
    Random,
    /// These parameters; one run, whatever `n_init` says.
    Given(GmmParams),
}

/// Entry point: [`GaussianMixture::params`].
#[derive(Debug, Clone, Copy)]
pub struct GaussianMixture;

impl GaussianMixture {
    /// Settings for `k` components.
    ///
    /// ```
    /// use mlnotes::cluster::gmm::GaussianMixture;
    /// use mlnotes::data::{penguins, standardize};
    /// let x = standardize(penguins().x.view())?.x;
    /// let model = GaussianMixture::params(3).tol(1e-6).fit(x.view())?;
    /// assert!((model.score(x.view())? - -3.3580).abs() < 1e-3);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(k: usize) -> GaussianMixtureParams {
        GaussianMixtureParams {
            k,
            covariance: Covariance::Full,
            reg_covar: 1e-6,
            init: GmmInit::default(),
            n_init: 1,
            max_iter: 100,
            tol: 1e-3,
            seed: 0,
        }
    }
}

/// Settings of a Gaussian mixture.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | required | `1..=` distinct rows | components |
/// | `covariance` | `Full` | | shape of the covariances |
/// | `reg_covar` | 1e-6 | `>= 0` | added to the diagonal of each covariance |
/// | `init` | `KMeans` | | where EM starts |
/// | `n_init` | 1 | `>= 1` | runs; the likeliest is returned |
/// | `max_iter` | 100 | `>= 1` | EM steps a run |
/// | `tol` | 1e-3 | `>= 0` | stop when the mean log-likelihood gains less |
/// | `seed` | 0 | | chance of the starts |
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMixtureParams {
    k: usize,
    covariance: Covariance,
    reg_covar: f64,
    init: GmmInit,
    n_init: usize,
    max_iter: usize,
    tol: f64,
    seed: u64,
}

/// A fitted mixture.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GmmModel {
    /// Mixing weights `π`, shape `(k,)`, non-negative, sum 1.
    pub weights: Array1<f64>,
    /// Means `μ`, shape `(k, n_features)`.
    pub means: Array2<f64>,
    /// Covariances `Σ`, shape `(k, n_features, n_features)`.
    pub covariances: Array3<f64>,
    /// Mean log-likelihood of a row at the start and after each EM step; never falls while `reg_covar` is 0.
    pub trace: Array1<f64>,
    /// EM steps of the best run.
    pub n_iter: usize,
    /// Whether the last gain was below `tol`.
    pub converged: bool,
    covariance: Covariance,
}

impl GaussianMixtureParams {
    /// Sets the shape of the covariances.
    #[must_use]
    pub fn covariance(mut self, covariance: Covariance) -> Self {
        self.covariance = covariance;
        self
    }

    /// Sets what is added to the diagonals.
    #[must_use]
    pub fn reg_covar(mut self, reg_covar: f64) -> Self {
        self.reg_covar = reg_covar;
        self
    }

    /// Sets where EM starts.
    #[must_use]
    pub fn init(mut self, init: GmmInit) -> Self {
        self.init = init;
        self
    }

    /// Sets the number of runs.
    #[must_use]
    pub fn n_init(mut self, n_init: usize) -> Self {
        self.n_init = n_init;
        self
    }

    /// Sets the largest number of EM steps of a run.
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Sets the gain of the mean log-likelihood below which EM stops.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Seeds the starts.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fits the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFewSamples`] for one row,
    /// [`Error::TooManyClusters`], [`Error::Parameter`], [`Error::Shape`], and
    /// [`Error::NotPositiveDefinite`] when a component collapses and `reg_covar` is too small to hold it.
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<GmmModel> {
        self.check(x)?;
        let runs = if matches!(self.init, GmmInit::Given(_)) { 1 } else { self.n_init };
        let mut best: Option<(GmmParams, Vec<f64>, bool)> = None;
        for run in 0..runs {
            let (params, trace, converged) = self.em(x, run, |_, _| ())?;
            if best.as_ref().is_none_or(|(_, t, _)| trace.last() > t.last()) {
                best = Some((params, trace, converged));
            }
        }
        let Some((params, trace, converged)) = best else {
            return Err(Error::Empty { what: "GaussianMixture: runs", needed: "1 run" });
        };
        Ok(GmmModel {
            weights: params.weights,
            means: params.means,
            covariances: params.covariances,
            n_iter: trace.len() - 1,
            trace: trace.into(),
            converged,
            covariance: self.covariance,
        })
    }

    /// E and M steps in turn until the mean log-likelihood gains less than `tol`; `watch` sees every
    /// set of parameters with its mean log-likelihood.
    fn em(
        &self,
        x: ArrayView2<f64>,
        run: usize,
        mut watch: impl FnMut(&GmmParams, f64),
    ) -> Result<(GmmParams, Vec<f64>, bool)> {
        let n = x.nrows() as f64;
        let mut params = self.start(x, run)?;
        let (mut resp, total) = posterior(x, &params)?;
        let mut trace = vec![total / n];
        watch(&params, total / n);
        for _ in 0..self.max_iter {
            check_interrupt();
            params = maximise(x, resp.view(), self.covariance, self.reg_covar);
            let (next, total) = posterior(x, &params)?;
            resp = next;
            let gain = total / n - trace[trace.len() - 1];
            trace.push(total / n);
            watch(&params, total / n);
            if gain.abs() < self.tol || gain.abs() <= 0.0 {
                return Ok((params, trace, true));
            }
        }
        Ok((params, trace, false))
    }

    fn start(&self, x: ArrayView2<f64>, run: usize) -> Result<GmmParams> {
        let seed = self.seed.wrapping_add(run as u64);
        let resp = match &self.init {
            GmmInit::Given(params) => return Ok(params.clone()),
            GmmInit::KMeans => {
                // The first run starts from the best of ten; later ones are to differ from it.
                let n_init = if run == 0 { 10 } else { 1 };
                let labels = KMeans::params(self.k).n_init(n_init).seed(seed).fit(x)?.labels;
                Array2::from_shape_fn((x.nrows(), self.k), |(i, k)| f64::from(labels[i] == k))
            }
            GmmInit::Random => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let mut resp = Array2::from_shape_fn((x.nrows(), self.k), |_| rng.random::<f64>());
                for mut row in resp.rows_mut() {
                    let sum = row.sum().max(f64::MIN_POSITIVE);
                    row /= sum;
                }
                resp
            }
        };
        Ok(maximise(x, resp.view(), self.covariance, self.reg_covar))
    }

    fn check(&self, x: ArrayView2<f64>) -> Result<()> {
        check_matrix("GaussianMixture: `x`", x)?;
        if x.nrows() < 2 {
            return Err(Error::TooFewSamples {
                what: "GaussianMixture: `x`",
                needed: 2,
                got: x.nrows(),
            });
        }
        check_clusters("GaussianMixture", x, self.k)?;
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "GaussianMixture", name, rule, got })
        };
        if self.max_iter == 0 {
            return bad("max_iter", ">= 1", "0".into());
        }
        if self.n_init == 0 {
            return bad("n_init", ">= 1", "0".into());
        }
        for (name, value) in [("tol", self.tol), ("reg_covar", self.reg_covar)] {
            if !(value.is_finite() && value >= 0.0) {
                return bad(name, "finite and >= 0", value.to_string());
            }
        }
        match &self.init {
            GmmInit::Given(params) if params.weights.len() != self.k => {
                let (expected, got) =
                    (format!("({},)", self.k), format!("({},)", params.weights.len()));
                Err(Error::Shape { what: "GaussianMixture: given weights", expected, got })
            }
            GmmInit::Given(params) => check_params(x, params),
            _ => Ok(()),
        }
    }
}

impl GmmModel {
    /// The parameters on their own, as [`e_step`] takes them.
    pub fn parameters(&self) -> GmmParams {
        GmmParams {
            weights: self.weights.clone(),
            means: self.means.clone(),
            covariances: self.covariances.clone(),
        }
    }

    /// Responsibilities `P(component | x)`, shape `(n_rows, k)`; rows sum to 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(e_step(x, &self.parameters())?.0)
    }

    /// The likeliest component of each row; the lower one on a tie.
    ///
    /// # Errors
    /// As [`GmmModel::predict_proba`].
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        let resp = self.predict_proba(x)?;
        let best = |row: ArrayView1<f64>| {
            (1..row.len()).fold(0, |b, k| if row[k] > row[b] { k } else { b })
        };
        Ok(resp.rows().into_iter().map(best).collect())
    }

    /// Log-density `ln p(x)` of each row, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`GmmModel::predict_proba`].
    pub fn score_samples(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        let params = self.parameters();
        check_matrix("GmmModel: `x`", x)?;
        check_params(x, &params)?;
        Ok(joint_log_density(x, &params)?.map_axis(Axis(1), log_sum_exp))
    }

    /// Mean log-density of the rows.
    ///
    /// # Errors
    /// As [`GmmModel::predict_proba`].
    pub fn score(&self, x: ArrayView2<f64>) -> Result<f64> {
        Ok(self.score_samples(x)?.sum() / x.nrows() as f64)
    }

    /// Bayesian information criterion, `−2 ln L + p ln n` (Schwarz 1978); lower is better.
    ///
    /// # Errors
    /// As [`GmmModel::predict_proba`].
    pub fn bic(&self, x: ArrayView2<f64>) -> Result<f64> {
        let n = x.nrows() as f64;
        Ok(-2.0 * n * self.score(x)? + self.n_parameters() as f64 * n.ln())
    }

    /// Akaike's information criterion, `−2 ln L + 2p` (Akaike 1974); lower is better.
    ///
    /// # Errors
    /// As [`GmmModel::predict_proba`].
    pub fn aic(&self, x: ArrayView2<f64>) -> Result<f64> {
        Ok(-2.0 * x.nrows() as f64 * self.score(x)? + 2.0 * self.n_parameters() as f64)
    }

    /// Free parameters: `k − 1` weights, `k d` means, and those of the covariances.
    pub fn n_parameters(&self) -> usize {
        let (k, d) = self.means.dim();
        let covariances = match self.covariance {
            Covariance::Full => k * d * (d + 1) / 2,
            Covariance::Tied => d * (d + 1) / 2,
            Covariance::Diag => k * d,
            Covariance::Spherical => k,
        };
        k - 1 + k * d + covariances
    }

    /// Draws `n` rows, `(n, n_features)`, and the component of each.
    ///
    /// # Errors
    /// [`Error::NotPositiveDefinite`] when a covariance has been changed to one that is not.
    pub fn sample(&self, n: usize, seed: u64) -> Result<(Array2<f64>, Vec<usize>)> {
        sample_mixture(n, self.weights.view(), self.means.view(), self.covariances.view(), seed)
    }
}

/// E step: responsibilities, shape `(n_samples, k)`, and the total log-likelihood `Σᵢ ln p(xᵢ)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Parameter`] for weights that are
/// no distribution, [`Error::NotPositiveDefinite`].
///
/// ```
/// use mlnotes::cluster::gmm::{GmmParams, e_step};
/// use ndarray::array;
/// let params = GmmParams {
///     weights: array![0.5, 0.5],
///     means: array![[-1.0], [1.0]],
///     covariances: array![[[1.0]], [[1.0]]],
/// };
/// let (resp, _) = e_step(array![[0.0], [1.0]].view(), &params)?;
/// assert!((resp[[0, 0]] - 0.5).abs() < 1e-15);
/// assert!((resp[[1, 1]] - 1.0 / (1.0 + (-2.0f64).exp())).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn e_step(x: ArrayView2<f64>, params: &GmmParams) -> Result<(Array2<f64>, f64)> {
    check_matrix("e_step: `x`", x)?;
    check_params(x, params)?;
    posterior(x, params)
}

/// M step: the parameters that maximise the bound for the responsibilities `resp`, `(n_samples, k)`.
/// `reg_covar` is added to the diagonal of each covariance.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], and [`Error::Parameter`] for negative
/// responsibilities or a negative `reg_covar`.
///
/// ```
/// use mlnotes::cluster::gmm::{Covariance, m_step};
/// use ndarray::array;
/// let (x, resp) = (array![[0.0], [2.0], [9.0]], array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
/// let params = m_step(x.view(), resp.view(), Covariance::Full, 0.0)?;
/// assert!((params.means[[0, 0]] - 1.0).abs() < 1e-12);
/// assert!((params.covariances[[0, 0, 0]] - 1.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn m_step(
    x: ArrayView2<f64>,
    resp: ArrayView2<f64>,
    covariance: Covariance,
    reg_covar: f64,
) -> Result<GmmParams> {
    check_matrix("m_step: `x`", x)?;
    check_responsibilities("m_step: `resp`", x, resp)?;
    if !(reg_covar.is_finite() && reg_covar >= 0.0) {
        let (estimator, name, got) = ("m_step", "reg_covar", reg_covar.to_string());
        return Err(Error::Parameter { estimator, name, rule: "finite and >= 0", got });
    }
    Ok(maximise(x, resp, covariance, reg_covar))
}

/// The evidence lower bound `Σᵢₖ rᵢₖ [ln πₖ + ln N(xᵢ | μₖ, Σₖ) − ln rᵢₖ]`, at most the log-likelihood.
///
/// # Errors
/// As [`e_step`] and [`m_step`].
///
/// ```
/// use mlnotes::cluster::gmm::{GaussianMixture, e_step, elbo};
/// let x = mlnotes::data::iris().x.view();
/// let params = GaussianMixture::params(2).fit(x)?.parameters();
/// let (resp, log_likelihood) = e_step(x, &params)?;
/// assert!((elbo(x, resp.view(), &params)? - log_likelihood).abs() < 1e-9);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn elbo(x: ArrayView2<f64>, resp: ArrayView2<f64>, params: &GmmParams) -> Result<f64> {
    check_matrix("elbo: `x`", x)?;
    check_params(x, params)?;
    check_responsibilities("elbo: `resp`", x, resp)?;
    if resp.ncols() != params.weights.len() {
        let (expected, got) =
            (format!("(n_samples, {})", params.weights.len()), format!("{:?}", resp.dim()));
        return Err(Error::Shape { what: "elbo: `resp`", expected, got });
    }
    let joint = joint_log_density(x, params)?;
    let term = |r: f64, log_joint: f64| if r > 0.0 { r * (log_joint - r.ln()) } else { 0.0 };
    Ok(resp.iter().zip(&joint).map(|(&r, &j)| term(r, j)).sum())
}

/// The parameters and the mean log-likelihood at the start and after each EM step of one run.
///
/// # Errors
/// As [`GaussianMixtureParams::fit`].
///
/// ```
/// use mlnotes::cluster::gmm::{GaussianMixture, em_history};
/// let steps = em_history(mlnotes::data::iris().x.view(), &GaussianMixture::params(3).reg_covar(0.0))?;
/// assert!(steps.windows(2).all(|s| s[1].1 >= s[0].1 - 1e-12));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn em_history(
    x: ArrayView2<f64>,
    settings: &GaussianMixtureParams,
) -> Result<Vec<(GmmParams, f64)>> {
    settings.check(x)?;
    let mut steps = Vec::new();
    settings.em(x, 0, |params, mean| steps.push((params.clone(), mean)))?;
    Ok(steps)
}

/// The E step on checked input: `ln rᵢₖ = ln πₖ + ln N(xᵢ | μₖ, Σₖ) − ln p(xᵢ)`.
fn posterior(x: ArrayView2<f64>, params: &GmmParams) -> Result<(Array2<f64>, f64)> {
    let mut log_joint = joint_log_density(x, params)?;
    let totals: Vec<f64> = log_joint
        .axis_chunks_iter_mut(Axis(0), CHUNK)
        .into_par_iter()
        .map(|mut block| {
            let mut total = 0.0;
            for mut row in block.rows_mut() {
                let log_p = log_sum_exp(row.view());
                row.mapv_inplace(|v| (v - log_p).exp());
                total += log_p;
            }
            total
        })
        .collect();
    Ok((log_joint, totals.iter().sum()))
}

/// `ln πₖ + ln N(xᵢ | μₖ, Σₖ)`, shape `(n_samples, k)`. With `Σ = L Lᵀ` and `z = L⁻¹(x − μ)`:
///
/// ```text
/// ln N(x | μ, Σ) = −½ (d ln 2π + ‖z‖²) − Σⱼ ln Lⱼⱼ
/// ```
fn joint_log_density(x: ArrayView2<f64>, params: &GmmParams) -> Result<Array2<f64>> {
    let (n, d) = x.dim();
    let mut out = Array2::zeros((n, params.weights.len()));
    for (k, mut column) in out.columns_mut().into_iter().enumerate() {
        let cov = params.covariances.index_axis(Axis(0), k);
        check_width(cov, params.means.row(k), k)?;
        let whiten = inverse_cholesky(cov, k)?;
        let log_det: f64 = whiten.diag().iter().map(|v| v.ln()).sum();
        let constant = params.weights[k].ln() + log_det - 0.5 * d as f64 * (2.0 * PI).ln();
        let shift = params.means.row(k).dot(&whiten.t());
        let blocks = column.axis_chunks_iter_mut(Axis(0), CHUNK).into_par_iter();
        blocks.zip(x.axis_chunks_iter(Axis(0), CHUNK)).for_each(|(mut out, rows)| {
            let z = rows.dot(&whiten.t()) - &shift;
            for (value, z) in out.iter_mut().zip(z.rows()) {
                *value = constant - 0.5 * z.dot(&z);
            }
        });
    }
    Ok(out)
}

fn collapsed(component: usize) -> Error {
    Error::NotPositiveDefinite {
        what: format!("GaussianMixture: the covariance of component {component}"),
        remedy: "the component has collapsed onto too few rows; raise reg_covar or lower k",
    }
}

/// A deviation within rounding of the mean is no deviation: the component sits on one value.
fn check_width(cov: ArrayView2<f64>, mean: ArrayView1<f64>, component: usize) -> Result<()> {
    let narrow = |(v, m): (&f64, &f64)| v.sqrt() <= 10.0 * f64::EPSILON * m.abs();
    if cov.diag().iter().zip(mean).any(narrow) { Err(collapsed(component)) } else { Ok(()) }
}

/// `L⁻¹` of `Σ = L Lᵀ`, lower triangular.
fn inverse_cholesky(cov: ArrayView2<f64>, component: usize) -> Result<Array2<f64>> {
    let d = cov.nrows();
    let llt = Mat::from_fn(d, d, |i, j| cov[[i, j]])
        .llt(Side::Lower)
        .map_err(|_| collapsed(component))?;
    let l = llt.L();
    let mut inverse = Array2::<f64>::zeros((d, d));
    for j in 0..d {
        for i in j..d {
            let below: f64 = (j..i).map(|m| l[(i, m)] * inverse[[m, j]]).sum();
            inverse[[i, j]] = (f64::from(i == j) - below) / l[(i, i)];
        }
    }
    if inverse.iter().all(|v| v.is_finite()) { Ok(inverse) } else { Err(collapsed(component)) }
}

/// The M step on checked input.
fn maximise(
    x: ArrayView2<f64>,
    resp: ArrayView2<f64>,
    covariance: Covariance,
    reg_covar: f64,
) -> GmmParams {
    let (n, d) = x.dim();
    let k = resp.ncols();
    // A component without rows keeps a finite mean; its covariance of 0 is reported by the next E step.
    let nk = resp.sum_axis(Axis(0)).mapv(|v| v.max(f64::MIN_POSITIVE));
    let means = resp.t().dot(&x) / nk.view().insert_axis(Axis(1));
    let scatter = |c: usize| {
        let centred = &x - &means.row(c);
        let weighted = &centred * &resp.column(c).insert_axis(Axis(1));
        (centred, weighted)
    };
    let matrices: Vec<Array2<f64>> = match covariance {
        Covariance::Full => (0..k)
            .map(|c| {
                let (centred, weighted) = scatter(c);
                centred.t().dot(&weighted) / nk[c]
            })
            .collect(),
        Covariance::Tied => {
            let sum = (0..k).fold(Array2::zeros((d, d)), |sum, c| {
                let (centred, weighted) = scatter(c);
                sum + centred.t().dot(&weighted)
            });
            vec![sum / nk.sum(); k]
        }
        Covariance::Diag | Covariance::Spherical => (0..k)
            .map(|c| {
                let (centred, weighted) = scatter(c);
                let variances = (centred * weighted).sum_axis(Axis(0)) / nk[c];
                let mean = variances.sum() / d as f64;
                let spherical = covariance == Covariance::Spherical;
                Array2::from_diag(&variances.mapv(|v| if spherical { mean } else { v }))
            })
            .collect(),
    };
    let mut covariances = Array3::zeros((k, d, d));
    for (c, matrix) in matrices.iter().enumerate() {
        let mut slot = covariances.slice_mut(s![c, .., ..]);
        slot.assign(matrix);
        slot.diag_mut().mapv_inplace(|v| v + reg_covar);
    }
    let weights = &nk / n as f64;
    let total = weights.sum();
    GmmParams { weights: weights / total, means, covariances }
}

fn check_params(x: ArrayView2<f64>, params: &GmmParams) -> Result<()> {
    let (k, d) = (params.weights.len(), x.ncols());
    if k == 0 || params.means.dim() != (k, d) || params.covariances.dim() != (k, d, d) {
        return Err(Error::Shape {
            what: "GmmParams: `means`, `covariances`",
            expected: format!("({k}, {d}), ({k}, {d}, {d}) with k >= 1"),
            got: format!("{:?}, {:?}", params.means.dim(), params.covariances.dim()),
        });
    }
    check_matrix("GmmParams: `means`", params.means.view())?;
    for cov in params.covariances.outer_iter() {
        check_matrix("GmmParams: `covariances`", cov)?;
    }
    let distribution =
        params.weights.iter().all(|&w| w >= 0.0) && (params.weights.sum() - 1.0).abs() < 1e-9;
    if distribution {
        return Ok(());
    }
    let got = params.weights.to_string();
    Err(Error::Parameter { estimator: "GmmParams", name: "weights", rule: ">= 0 with sum 1", got })
}

fn check_responsibilities(
    what: &'static str,
    x: ArrayView2<f64>,
    resp: ArrayView2<f64>,
) -> Result<()> {
    check_matrix(what, resp)?;
    if resp.nrows() != x.nrows() {
        let (expected, got) = (format!("({}, k)", x.nrows()), format!("{:?}", resp.dim()));
        return Err(Error::Shape { what, expected, got });
    }
    match resp.iter().find(|r| **r < 0.0) {
        Some(r) => Err(Error::Parameter {
            estimator: "GaussianMixture",
            name: "resp",
            rule: ">= 0",
            got: r.to_string(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::validity::adjusted_rand;
    use crate::data;
    use ndarray::array;
    use proptest::prelude::{prop_assert, proptest};

    const SHAPES: [Covariance; 4] =
        [Covariance::Full, Covariance::Tied, Covariance::Diag, Covariance::Spherical];

    #[test]
    fn penguin_species_are_found() {
        let set = data::penguins();
        let x = data::standardize(set.x.view()).unwrap().x;
        let model = GaussianMixture::params(3).tol(1e-6).fit(x.view()).unwrap();
        let ari = adjusted_rand(&model.predict(x.view()).unwrap(), &set.y).unwrap();
        assert!((ari - 0.960).abs() < 2e-3, "{ari}");
    }

    #[test]
    fn one_component_is_the_sample_mean_and_covariance() {
        let x = &data::iris().x;
        let model = GaussianMixture::params(1).reg_covar(0.0).fit(x.view()).unwrap();
        let cov = crate::decomposition::pca::covariance(x.view()).unwrap() * (149.0 / 150.0);
        let gap = &model.covariances.index_axis(Axis(0), 0) - &cov;
        assert!(gap.iter().all(|v| v.abs() < 1e-12));
    }

    #[test]
    fn in_one_dimension_full_diag_and_spherical_are_the_same() {
        let x = data::iris().x.slice(s![.., 2..3]).to_owned();
        let score = |c| {
            GaussianMixture::params(2).covariance(c).fit(x.view()).unwrap().score(x.view()).unwrap()
        };
        assert!((score(Covariance::Full) - score(Covariance::Diag)).abs() < 1e-12);
        assert!((score(Covariance::Full) - score(Covariance::Spherical)).abs() < 1e-12);
    }

    #[test]
    fn the_density_matches_the_formula() {
        let params = GmmParams {
            weights: array![1.0],
            means: array![[1.0, -1.0]],
            covariances: array![[[2.0, 0.6], [0.6, 1.0]]],
        };
        let (_, log_likelihood) = e_step(array![[0.0, 0.0]].view(), &params).unwrap();
        // det = 1.64, (x−μ)ᵀ Σ⁻¹ (x−μ) = (1·1 + 2·0.6 + 2·1)/1.64 with x−μ = (−1, 1).
        let expected = -(2.0 * PI).ln() - 0.5 * 1.64f64.ln() - 0.5 * (1.0 + 1.2 + 2.0) / 1.64;
        assert!((log_likelihood - expected).abs() < 1e-14);
    }

    #[test]
    fn a_collapsing_component_is_reported_and_reg_covar_holds_it() {
        let x = array![[0.0], [1.0], [1.5], [2.5], [40.0]];
        let start = GmmParams {
            weights: array![0.5, 0.5],
            means: array![[1.0], [40.0]],
            covariances: array![[[1.0]], [[1.0]]],
        };
        let settings = GaussianMixture::params(2).init(GmmInit::Given(start)).tol(0.0);
        let collapsed = settings.clone().reg_covar(0.0).fit(x.view());
        assert!(matches!(collapsed, Err(Error::NotPositiveDefinite { .. })), "{collapsed:?}");
        assert!(settings.fit(x.view()).unwrap().trace.iter().all(|v| v.is_finite()));
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[0.0], [0.0], [1.0]];
        let fit = |p: GaussianMixtureParams| p.fit(x.view());
        let gm = GaussianMixture::params;
        assert!(matches!(fit(gm(0)), Err(Error::Parameter { name: "k", .. })));
        assert!(matches!(fit(gm(3)), Err(Error::TooManyClusters { k: 3, distinct: 2, .. })));
        assert!(matches!(fit(gm(1).max_iter(0)), Err(Error::Parameter { name: "max_iter", .. })));
        assert!(matches!(
            fit(gm(1).reg_covar(-1.0)),
            Err(Error::Parameter { name: "reg_covar", .. })
        ));
        assert!(matches!(gm(1).fit(array![[1.0]].view()), Err(Error::TooFewSamples { .. })));
        assert!(matches!(
            gm(1).fit(array![[f64::INFINITY], [1.0]].view()),
            Err(Error::NotFinite { .. })
        ));
        let model = fit(gm(1)).unwrap();
        assert!(matches!(model.predict(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
        let mut params = model.parameters();
        params.weights[0] = 0.5;
        assert!(matches!(e_step(x.view(), &params), Err(Error::Parameter { name: "weights", .. })));
        let negative = m_step(x.view(), array![[-1.0], [1.0], [1.0]].view(), Covariance::Full, 0.0);
        assert!(matches!(negative, Err(Error::Parameter { name: "resp", .. })));
    }

    proptest! {
        #[test]
        fn the_likelihood_never_falls_and_the_bound_holds(seed in 0u64..100) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let x = Array2::from_shape_fn((60, 2), |_| rng.random_range(-3.0..3.0));
            for shape in SHAPES {
                let settings = GaussianMixture::params(3).covariance(shape).init(GmmInit::Random);
                let settings = settings.reg_covar(0.0).tol(0.0).max_iter(30).seed(seed);
                let Ok(model) = settings.fit(x.view()) else { continue };
                prop_assert!(model.trace.windows(2).into_iter().all(|w| w[1] >= w[0] - 1e-10));
                let params = model.parameters();
                let (resp, log_likelihood) = e_step(x.view(), &params).unwrap();
                let at_posterior = elbo(x.view(), resp.view(), &params).unwrap();
                prop_assert!((at_posterior - log_likelihood).abs() < 1e-9);
                let uniform = Array2::from_elem((60, 3), 1.0 / 3.0);
                prop_assert!(elbo(x.view(), uniform.view(), &params).unwrap() <= log_likelihood + 1e-9);
            }
        }
    }
}
