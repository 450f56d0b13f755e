//! Expectation and maximisation in turn.

use super::checks::check_params;
use super::e_step::{joint_log_density, posterior};
use super::m_step::maximise;
use super::{Covariance, GaussianMixture, MixtureParts};
use crate::base::{Present, check_matrix, log_sum_exp, setters, stream, views};
use crate::cluster::check_clusters;
use crate::cluster::kmeans::KMeans;
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;

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
    Given(MixtureParts),
}

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

impl GaussianMixtureParams {
    setters! {
        /// Sets the shape of the covariances.
        covariance: Covariance;
        /// Sets what is added to the diagonals.
        reg_covar: f64;
        /// Sets where EM starts.
        init: GmmInit;
        /// Sets the number of runs.
        n_init: usize;
        /// Sets the largest number of EM steps of a run.
        max_iter: usize;
        /// Sets the gain of the mean log-likelihood below which EM stops.
        tol: f64;
        /// Seeds the starts.
        seed: u64;
    }

    /// Fits the rows of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFewSamples`] for one row,
    /// [`Error::TooManyClusters`], [`Error::Parameter`], [`Error::Shape`], and
    /// [`Error::NotPositiveDefinite`] when a component collapses in every run, and `reg_covar` is too
    /// small to hold it.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<GaussianMixture> {
        self.check(x)?;
        self.fit_rows(x, None)
    }

    /// As [`GaussianMixtureParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`: the log-likelihood is
    /// `Σ wᵢ ln p(xᵢ)`, its mean `Σ wᵢ ln p(xᵢ) / Σ wᵢ`. A row of weight 0 counts as absent.
    ///
    /// # Errors
    /// As [`GaussianMixtureParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a weight,
    /// [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        sample_weight: ArrayView1<f64>,
    ) -> Result<GaussianMixture> {
        self.check(x)?;
        let present = Present::of("GaussianMixture: `sample_weight`", sample_weight, x.nrows())?;
        let counted = present.x(x);
        self.check(counted.view())?;
        self.fit_rows(counted.view(), Some(&present.weights))
    }

    fn fit_rows(
        &self,
        x: ArrayView2<f64>,
        sample_weight: Option<&Array1<f64>>,
    ) -> Result<GaussianMixture> {
        let runs = if matches!(self.init, GmmInit::Given(_)) { 1 } else { self.n_init };
        let mut best: Option<(MixtureParts, Vec<f64>, bool)> = None;
        let mut collapsed = None;
        for run in 0..runs {
            match self.em(x, sample_weight, run, |_, _| ()) {
                Ok(end) if best.as_ref().is_none_or(|b| end.1.last() > b.1.last()) => {
                    best = Some(end);
                }
                Ok(_) => {}
                // A component that shrank onto a row ends its own run; others may still be good.
                Err(error @ Error::NotPositiveDefinite { .. }) => collapsed = Some(error),
                Err(error) => return Err(error),
            }
        }
        let none = Error::Empty { what: "GaussianMixture: runs", needed: "1 run" };
        let (params, trace, converged) = best.ok_or(collapsed.unwrap_or(none))?;
        Ok(GaussianMixture {
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
        sample_weight: Option<&Array1<f64>>,
        run: usize,
        mut watch: impl FnMut(&MixtureParts, f64),
    ) -> Result<(MixtureParts, Vec<f64>, bool)> {
        let mut params = self.start(x, sample_weight, run)?;
        let (mut resp, mean) = expect(x, sample_weight, &params)?;
        let mut trace = vec![mean];
        watch(&params, mean);
        for _ in 0..self.max_iter {
            check_interrupt();
            params = maximise(x, resp.view(), self.covariance, self.reg_covar);
            let (next, mean) = expect(x, sample_weight, &params)?;
            resp = next;
            let gain = mean - trace[trace.len() - 1];
            trace.push(mean);
            watch(&params, mean);
            if gain.abs() < self.tol || gain.abs() <= 0.0 {
                return Ok((params, trace, true));
            }
        }
        Ok((params, trace, false))
    }

    fn start(
        &self,
        x: ArrayView2<f64>,
        sample_weight: Option<&Array1<f64>>,
        run: usize,
    ) -> Result<MixtureParts> {
        let mut resp = match &self.init {
            GmmInit::Given(params) => return Ok(params.clone()),
            GmmInit::KMeans => {
                // The first run starts from the best of ten; each later one from a further one.
                let (first, n_init) = if run == 0 { (0, 10) } else { (9 + run, 1) };
                let kmeans = KMeans::params(self.k).n_init(n_init).seed(self.seed);
                let kmeans = kmeans.first_stream(first);
                let labels = match sample_weight {
                    Some(weights) => kmeans.fit_weighted(x, weights.view())?.labels,
                    None => kmeans.fit(x)?.labels,
                };
                Array2::from_shape_fn((x.nrows(), self.k), |(i, k)| f64::from(labels[i] == k))
            }
            GmmInit::Random => {
                let mut rng = stream(self.seed, run);
                let mut resp = Array2::from_shape_fn((x.nrows(), self.k), |_| rng.random::<f64>());
                for mut row in resp.rows_mut() {
                    let sum = row.sum().max(f64::MIN_POSITIVE);
                    row /= sum;
                }
                resp
            }
        };
        if let Some(weights) = sample_weight {
            resp *= &weights.view().insert_axis(Axis(1));
        }
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

/// The E step: responsibilities, times how much each row counts, and the mean log-likelihood.
fn expect(
    x: ArrayView2<f64>,
    sample_weight: Option<&Array1<f64>>,
    params: &MixtureParts,
) -> Result<(Array2<f64>, f64)> {
    let Some(weights) = sample_weight else {
        let (resp, total) = posterior(x, params)?;
        return Ok((resp, total / x.nrows() as f64));
    };
    let mut joint = joint_log_density(x, params)?;
    let mut total = 0.0;
    for (mut row, &weight) in joint.rows_mut().into_iter().zip(weights) {
        let log_density = log_sum_exp(row.view());
        total += weight * log_density;
        row.mapv_inplace(|v| weight * (v - log_density).exp());
    }
    Ok((joint, total / weights.sum()))
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
#[views]
pub fn em_history(
    x: ArrayView2<f64>,
    settings: &GaussianMixtureParams,
) -> Result<Vec<(MixtureParts, f64)>> {
    settings.check(x)?;
    let mut steps = Vec::new();
    settings.em(x, None, 0, |params, mean| steps.push((params.clone(), mean)))?;
    Ok(steps)
}
