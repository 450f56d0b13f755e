//! An HMM whose observations are vectors, normally distributed in each state.

use super::super::chain::{self, Chain};
use super::{check_distribution, check_rows, inference, walk};
use crate::base::{check_matrix, cholesky, finite, shape, stored, stream};
use crate::{Error, Result};
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// A hidden Markov model with Gaussian emissions `N(μₖ, Σₖ)`.
///
/// # Example
/// ```
/// use mlnotes::sequence::hmm::GaussianHmm;
/// use ndarray::array;
/// let hmm = GaussianHmm::new(
///     array![0.5, 0.5],
///     array![[0.9, 0.1], [0.1, 0.9]],
///     array![[-1.0], [1.0]],
///     array![[[1.0]], [[1.0]]],
/// )?;
/// // The middle value alone would speak for state 0; its neighbours outvote it.
/// let x = array![[1.5], [-0.3], [1.5]];
/// assert_eq!(hmm.viterbi(x.view())?.0, [1, 1, 1]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct GaussianHmm {
    /// First state `π`, shape `(k,)`.
    pub start: Array1<f64>,
    /// From state (row) to state `A`, shape `(k, k)`; each row sums to 1.
    pub transitions: Array2<f64>,
    /// Means `μ`, shape `(k, n_features)`.
    pub means: Array2<f64>,
    /// Covariances `Σ`, shape `(k, n_features, n_features)`; the lower triangles are read.
    pub covariances: Array3<f64>,
}

stored!(GaussianHmm, |m| {
    let (k, d) = m.means.dim();
    shape("start", m.start.len(), k)?;
    shape("transitions", m.transitions.dim(), (k, k))?;
    shape("covariances", m.covariances.dim(), (k, d, d))?;
    finite("start", m.start.iter().chain(&m.transitions).chain(&m.means).chain(&m.covariances))
});

inference!(GaussianHmm, ArrayView2<f64>, "vectors as rows, `(T, n_features)`");

impl GaussianHmm {
    /// The model with `start`, `(k,)`, `transitions`, `(k, k)`, `means`, `(k, n_features)`, and
    /// `covariances`, `(k, n_features, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::Distribution`], and
    /// [`Error::NotPositiveDefinite`].
    pub fn new(
        start: Array1<f64>,
        transitions: Array2<f64>,
        means: Array2<f64>,
        covariances: Array3<f64>,
    ) -> Result<Self> {
        let k = start.len();
        if k == 0 {
            return Err(Error::Empty { what: "GaussianHmm: `start`", needed: "1 state" });
        }
        check_distribution("GaussianHmm: `start`", start.view(), "it")?;
        check_rows("GaussianHmm: `transitions`", transitions.view(), (k, Some(k)))?;
        check_matrix("GaussianHmm: `means`", means.view())?;
        let d = means.ncols();
        if means.nrows() != k || covariances.dim() != (k, d, d) {
            return Err(Error::Shape {
                what: "GaussianHmm: `means`, `covariances`",
                expected: format!("({k}, {d}), ({k}, {d}, {d})"),
                got: format!("{:?}, {:?}", means.dim(), covariances.dim()),
            });
        }
        for cov in covariances.outer_iter() {
            check_matrix("GaussianHmm: `covariances`", cov)?;
        }
        let model = Self { start, transitions, means, covariances };
        (0..k).try_for_each(|state| model.factor(state).map(|_| ()))?;
        Ok(model)
    }

    /// Number of states.
    pub fn n_states(&self) -> usize {
        self.start.len()
    }

    /// A sequence of `len` states and the vectors that they emit, shape `(len, n_features)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `len = 0`.
    pub fn sample(&self, len: usize, seed: u64) -> Result<(Vec<usize>, Array2<f64>)> {
        if len == 0 {
            let (name, rule, got) = ("len", ">= 1", "0".into());
            return Err(Error::Parameter { estimator: "GaussianHmm::sample", name, rule, got });
        }
        let mut rng = stream(seed, 0);
        let states = walk(&self.start, &self.transitions, len, &mut rng);
        let factors = (0..self.n_states()).map(|s| self.factor(s)).collect::<Result<Vec<_>>>()?;
        let mut x = Array2::zeros((len, self.means.ncols()));
        for (mut row, &state) in x.rows_mut().into_iter().zip(&states) {
            let z: Array1<f64> = row.iter().map(|_| rng.sample(StandardNormal)).collect();
            row.assign(&(factors[state].dot(&z) + self.means.row(state)));
        }
        Ok((states, x))
    }

    /// `ln N(xₜ | μₖ, Σₖ) = −½ (d ln 2π + ‖L⁻¹(x − μ)‖²) − Σⱼ ln Lⱼⱼ`, shape `(T, k)`.
    fn log_emissions(&self, what: &'static str, obs: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_matrix(what, obs)?;
        let d = self.means.ncols();
        if obs.ncols() != d {
            let (expected, got) = (format!("(T, {d})"), format!("{:?}", obs.dim()));
            return Err(Error::Shape { what, expected, got });
        }
        let mut out = Array2::zeros((obs.nrows(), self.n_states()));
        for (k, mut column) in out.columns_mut().into_iter().enumerate() {
            let l = self.factor(k)?;
            let log_det: f64 = l.diag().iter().map(|v| v.ln()).sum();
            let constant = -0.5 * d as f64 * (2.0 * PI).ln() - log_det;
            let mut centred = &obs - &self.means.row(k);
            for (value, mut z) in column.iter_mut().zip(centred.rows_mut()) {
                // Forward substitution, in place.
                for i in 0..d {
                    let below: f64 = (0..i).map(|j| l[[i, j]] * z[j]).sum();
                    z[i] = (z[i] - below) / l[[i, i]];
                }
                *value = constant - 0.5 * z.dot(&z);
            }
        }
        Ok(out)
    }

    /// The Cholesky factor of `Σₖ`, lower triangular, `(n_features, n_features)`.
    fn factor(&self, k: usize) -> Result<Array2<f64>> {
        let (cov, d) = (self.covariances.index_axis(Axis(0), k), self.means.ncols());
        let refused = || Error::NotPositiveDefinite {
            what: format!("GaussianHmm: the covariance of state {k}"),
            remedy: "the state may have collapsed onto too few values; raise reg_covar or lower k",
        };
        let l = cholesky(cov).ok_or_else(refused)?;
        // A deviation within rounding of the mean is no deviation.
        let narrow = (0..d).any(|i| l[[i, i]] <= 10.0 * f64::EPSILON * self.means[[k, i]].abs());
        if narrow || !l.iter().all(|v| v.is_finite()) { Err(refused()) } else { Ok(l) }
    }

    /// Posterior, expected steps added to `steps`, and the log-likelihood of one sequence.
    pub(super) fn expect(
        &self,
        obs: ArrayView2<f64>,
        steps: &mut Array2<f64>,
    ) -> Result<(Array2<f64>, f64)> {
        let caller = ["GaussianBaumWelch", "GaussianBaumWelch: `obs`"];
        let chain = self.chain();
        let (node, alpha, log_z) = self.reach(caller, &chain, obs)?;
        let beta = chain.backward(node.view());
        chain.add_steps(node.view(), (&alpha, &beta), log_z, steps);
        Ok((chain::marginals(&alpha, &beta, log_z), log_z))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn model() -> GaussianHmm {
        GaussianHmm::new(
            array![0.5, 0.5],
            array![[0.9, 0.1], [0.2, 0.8]],
            array![[0.0, 1.0], [3.0, -1.0]],
            array![[[2.0, 0.5], [0.5, 1.0]], [[1.0, 0.0], [0.0, 0.5]]],
        )
        .unwrap()
    }

    #[test]
    fn one_position_is_a_mixture_by_hand() {
        // At μ₀: ½ · 1/(2π √1.75) + ½ · e^{−½(9 + 8)}/(2π √0.5).
        let x = array![[0.0, 1.0]];
        let first = 0.5 / (2.0 * PI * 1.75f64.sqrt());
        let second = 0.5 * (-8.5f64).exp() / (2.0 * PI * 0.5f64.sqrt());
        let log_p = model().log_likelihood(x.view()).unwrap();
        assert!((log_p - (first + second).ln()).abs() < 1e-12);
    }

    #[test]
    fn a_sample_has_the_moments_of_the_model() {
        let (states, x) = model().sample(20_000, 3).unwrap();
        // Stationary: π₀ = 0.2 / 0.3.
        let share = states.iter().filter(|&&s| s == 0).count() as f64 / 20_000.0;
        // Neighbours have the correlation 1 − 0.1 − 0.2 = 0.7; four standard errors each.
        let n = 20_000.0;
        let error = (2.0 / 9.0 / n * (1.7_f64 / 0.3)).sqrt();
        assert!((share - 2.0 / 3.0).abs() < 4.0 * error, "{share}");
        let rows: Vec<usize> = (0..20_000).filter(|&t| states[t] == 0).collect();
        let own = x.select(Axis(0), &rows);
        let mean = own.mean_axis(Axis(0)).unwrap();
        let (expected, n) = (array![[2.0, 0.5], [0.5, 1.0]], rows.len() as f64);
        for (j, d) in (&mean - &array![0.0, 1.0]).iter().enumerate() {
            assert!(d.abs() < 4.0 * (expected[[j, j]] / n).sqrt(), "{mean}");
        }
        let centred = &own - &mean;
        let cov = centred.t().dot(&centred) / rows.len() as f64;
        for ((i, j), d) in (&cov - &expected).indexed_iter() {
            let square = expected[[i, i]] * expected[[j, j]] + expected[[i, j]].powi(2);
            assert!(d.abs() < 4.0 * (square / n).sqrt(), "{cov}");
        }
    }

    #[test]
    fn bad_input_is_named() {
        let hmm = model();
        assert!(matches!(hmm.posterior(Array2::zeros((0, 2)).view()), Err(Error::Empty { .. })));
        assert!(matches!(hmm.viterbi(array![[1.0]].view()), Err(Error::Shape { .. })));
        let nan = hmm.log_likelihood(array![[1.0, f64::NAN]].view());
        assert!(matches!(nan, Err(Error::NotFinite { .. })));
        let flat = GaussianHmm::new(
            array![1.0],
            array![[1.0]],
            array![[0.0, 0.0]],
            array![[[1.0, 1.0], [1.0, 1.0]]],
        );
        assert!(matches!(flat, Err(Error::NotPositiveDefinite { .. })));
    }
}
