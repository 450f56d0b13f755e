//! A fitted mixture and what it says of rows.

use super::checks::check_params;
use super::e_step::{e_step, joint_log_density};
use super::{Covariance, GaussianMixtureParams, MixtureParts};
use crate::Result;
use crate::base::{Clusterer, check_rows, finite, log_sum_exp, shape, stored, views};
use crate::data::sample_mixture;
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// A fitted mixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct GaussianMixture {
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
    pub(super) covariance: Covariance,
}

stored!(GaussianMixture, |m| {
    let (k, d) = m.means.dim();
    shape("weights", m.weights.len(), k)?;
    shape("covariances", m.covariances.dim(), (k, d, d))?;
    finite("weights", m.weights.iter().chain(&m.means).chain(&m.covariances))
});

impl GaussianMixture {
    /// The parameters on their own, as [`e_step`] takes them.
    pub fn parameters(&self) -> MixtureParts {
        MixtureParts {
            weights: self.weights.clone(),
            means: self.means.clone(),
            covariances: self.covariances.clone(),
        }
    }

    /// Responsibilities `P(component | x)`, shape `(n_rows, k)`; rows sum to 1.
    ///
    /// # Errors
    /// [`crate::Error::Empty`], [`crate::Error::NotFinite`], or [`crate::Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("GaussianMixture::predict_proba: `x`", x, self.means.ncols())?;
        Ok(e_step(x, &self.parameters())?.0)
    }

    /// The likeliest component of each row; the lower one on a tie.
    ///
    /// # Errors
    /// As [`GaussianMixture::predict_proba`].
    #[views]
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
    /// As [`GaussianMixture::predict_proba`].
    #[views]
    pub fn score_samples(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        let params = self.parameters();
        check_rows("GaussianMixture::score_samples: `x`", x, self.means.ncols())?;
        check_params(x, &params)?;
        Ok(joint_log_density(x, &params)?.map_axis(Axis(1), log_sum_exp))
    }

    /// Mean log-density of the rows.
    ///
    /// # Errors
    /// As [`GaussianMixture::predict_proba`].
    #[views]
    pub fn score(&self, x: ArrayView2<f64>) -> Result<f64> {
        Ok(self.score_samples(x)?.sum() / x.nrows() as f64)
    }

    /// Bayesian information criterion, `−2 ln L + p ln n` (Schwarz 1978); lower is better.
    ///
    /// # Errors
    /// As [`GaussianMixture::predict_proba`].
    #[views]
    pub fn bic(&self, x: ArrayView2<f64>) -> Result<f64> {
        let n = x.nrows() as f64;
        Ok(-2.0 * n * self.score(x)? + self.n_parameters() as f64 * n.ln())
    }

    /// Akaike's information criterion, `−2 ln L + 2p` (Akaike 1974); lower is better.
    ///
    /// # Errors
    /// As [`GaussianMixture::predict_proba`].
    #[views]
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
    /// [`crate::Error::NotPositiveDefinite`] when a covariance has been changed to one that is not.
    pub fn sample(&self, n: usize, seed: u64) -> Result<(Array2<f64>, Vec<usize>)> {
        sample_mixture(n, self.weights.view(), self.means.view(), self.covariances.view(), seed)
    }
}

impl Clusterer for GaussianMixtureParams {
    fn fit_labels(&self, x: ArrayView2<f64>, seed: u64) -> Result<Vec<Option<usize>>> {
        let model = self.clone().seed(seed).fit(x)?;
        Ok(model.predict(x)?.into_iter().map(Some).collect())
    }
}
