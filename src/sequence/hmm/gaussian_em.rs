//! Baum–Welch for Gaussian emissions: a mixture whose components remember.

use super::{GaussianHmm, check_em, random_rows, rows_to_one};
use crate::base::{check_matrix, setters, stream};
use crate::cluster::check_clusters;
use crate::cluster::kmeans::plus_plus;
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, concatenate, s};
use serde::{Deserialize, Serialize};

impl GaussianBaumWelch {
    /// Settings for `k` states.
    ///
    /// ```
    /// use mlnotes::sequence::hmm::{GaussianBaumWelch, GaussianHmm};
    /// use ndarray::array;
    /// let truth = GaussianHmm::new(
    ///     array![0.5, 0.5], array![[0.95, 0.05], [0.05, 0.95]],
    ///     array![[-1.0], [1.0]], array![[[0.5]], [[0.5]]],
    /// )?;
    /// let (states, x) = truth.sample(400, 2)?;
    /// let fit = GaussianBaumWelch::params(2).n_init(5).seed(1).fit(&[x.clone()])?;
    /// let path = fit.model.viterbi(x.view())?.0;
    /// let same = path.iter().zip(&states).filter(|(a, b)| a == b).count();
    /// assert!(same.max(400 - same) > 380);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(k: usize) -> GaussianBaumWelchParams {
        GaussianBaumWelchParams {
            k,
            diagonal: false,
            reg_covar: 1e-6,
            max_iter: 200,
            tol: 1e-6,
            n_init: 1,
            seed: 0,
            start: None,
        }
    }
}

/// Settings of Baum–Welch for Gaussian emissions.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | required | `1..=` distinct rows | states |
/// | `diagonal` | false | | whether covariances are diagonal |
/// | `reg_covar` | 1e-6 | `>= 0` | added to the diagonal of each covariance |
/// | `max_iter` | 200 | `>= 1` | EM steps a run |
/// | `tol` | 1e-6 | `>= 0` | stop when the log-likelihood gains less than this an observation |
/// | `n_init` | 1 | `>= 1` | starts (k-means++ means); the likeliest end is returned |
/// | `seed` | 0 | | chance of the starts |
/// | `start` | random | | a model to start from; one run, whatever `n_init` says |
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianBaumWelchParams {
    k: usize,
    diagonal: bool,
    reg_covar: f64,
    max_iter: usize,
    tol: f64,
    n_init: usize,
    seed: u64,
    start: Option<GaussianHmm>,
}

/// What Baum–Welch found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GaussianBaumWelch {
    /// The likeliest model of all runs.
    pub model: GaussianHmm,
    /// Log-likelihood of all sequences at the start of the best run and after each step.
    pub trace: Array1<f64>,
    /// EM steps of the best run.
    pub n_iter: usize,
    /// Whether the last gain was below `tol` an observation.
    pub converged: bool,
}

impl GaussianBaumWelchParams {
    setters! {
        /// Sets whether covariances are diagonal.
        diagonal: bool;
        /// Sets what is added to the diagonals.
        reg_covar: f64;
        /// Sets the largest number of EM steps of a run.
        max_iter: usize;
        /// Sets the gain of the log-likelihood an observation below which a run stops.
        tol: f64;
        /// Sets the number of starts.
        n_init: usize;
        /// Seeds the starts.
        seed: u64;
    }

    /// Starts from this model.
    #[must_use]
    pub fn start(mut self, model: GaussianHmm) -> Self {
        self.start = Some(model);
        self
    }

    /// Fits sequences of vectors, each of shape `(T, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`] for no sequence or one of length 0, [`Error::NotFinite`], [`Error::Shape`] for
    /// widths that differ or a start that does not fit, [`Error::TooManyClusters`], [`Error::Parameter`],
    /// [`Error::NotPositiveDefinite`] when a state collapses in every run, and `reg_covar` is too small
    /// to hold it.
    pub fn fit(&self, obs: &[Array2<f64>]) -> Result<GaussianBaumWelch> {
        let all = self.check(obs)?;
        let runs = if self.start.is_some() { 1 } else { self.n_init };
        let mut best: Option<GaussianBaumWelch> = None;
        let mut collapsed = None;
        for run in 0..runs {
            let first = self.first(run, all.view())?;
            match self.run(first, obs, all.view()) {
                Ok(fit)
                    if best.as_ref().is_none_or(|b| fit.trace[fit.n_iter] > b.trace[b.n_iter]) =>
                {
                    best = Some(fit);
                }
                Ok(_) => {}
                // A state that shrank onto a position ends its own run; others may still be good.
                Err(error @ Error::NotPositiveDefinite { .. }) => collapsed = Some(error),
                Err(error) => return Err(error),
            }
        }
        let none = Error::Empty { what: "GaussianBaumWelch: runs", needed: "1 run" };
        best.ok_or(collapsed.unwrap_or(none))
    }

    /// Means by k-means++, the covariance of all rows for every state, random transitions.
    fn first(&self, run: usize, all: ArrayView2<f64>) -> Result<GaussianHmm> {
        if let Some(model) = &self.start {
            let (expected, got) = ((self.k, all.ncols()), model.means.dim());
            if got != expected {
                let (expected, got) = (format!("means {expected:?}"), format!("{got:?}"));
                return Err(Error::Shape { what: "GaussianBaumWelch: `start`", expected, got });
            }
            return Ok(model.clone());
        }
        let mut rng = stream(self.seed, run);
        check_clusters("GaussianBaumWelch", all, self.k)?;
        let means =
            all.select(Axis(0), &plus_plus(all.as_standard_layout().view(), self.k, &mut rng));
        let centre = all.mean_axis(Axis(0)).unwrap_or_default();
        let own = self.covariance(all, &Array1::ones(all.nrows()), &centre);
        let mut covariances = Array3::zeros((self.k, all.ncols(), all.ncols()));
        covariances.outer_iter_mut().for_each(|mut cov| cov.assign(&own));
        let start = random_rows(1, self.k, &mut rng).row(0).to_owned();
        GaussianHmm::new(start, random_rows(self.k, self.k, &mut rng), means, covariances)
    }

    fn run(
        &self,
        first: GaussianHmm,
        obs: &[Array2<f64>],
        all: ArrayView2<f64>,
    ) -> Result<GaussianBaumWelch> {
        let n = all.nrows() as f64;
        let mut model = first;
        let mut expected = expect(&model, obs)?;
        let mut trace = vec![expected.log_likelihood];
        let mut converged = false;
        while trace.len() <= self.max_iter && !converged {
            check_interrupt();
            model = self.maximise(&model, expected, all);
            expected = expect(&model, obs)?;
            let gain = expected.log_likelihood - trace[trace.len() - 1];
            converged = gain <= self.tol * n;
            trace.push(expected.log_likelihood);
        }
        let n_iter = trace.len() - 1;
        Ok(GaussianBaumWelch { model, trace: trace.into(), n_iter, converged })
    }

    fn maximise(&self, old: &GaussianHmm, e: Expected, all: ArrayView2<f64>) -> GaussianHmm {
        let (mut means, mut covariances) = (old.means.clone(), old.covariances.clone());
        for (k, gamma) in e.gamma.columns().into_iter().enumerate() {
            let weight = gamma.sum();
            // A state that explains nothing keeps what it has.
            if weight > 0.0 {
                means.row_mut(k).assign(&(gamma.dot(&all) / weight));
                let cov = self.covariance(all, &gamma.to_owned(), &means.row(k).to_owned());
                covariances.slice_mut(s![k, .., ..]).assign(&cov);
            }
        }
        let total = e.start.sum();
        GaussianHmm {
            start: e.start / total,
            transitions: rows_to_one(e.transitions, Some(&old.transitions)),
            means,
            covariances,
        }
    }

    /// `Σₜ γₜ (xₜ − μ)(xₜ − μ)ᵀ / Σₜ γₜ + reg_covar I`, off-diagonals 0 when diagonal.
    fn covariance(
        &self,
        x: ArrayView2<f64>,
        gamma: &Array1<f64>,
        mean: &Array1<f64>,
    ) -> Array2<f64> {
        let centred = &x - mean;
        let weighted = &centred * &gamma.view().insert_axis(Axis(1));
        let mut cov = centred.t().dot(&weighted) / gamma.sum();
        if self.diagonal {
            cov = Array2::from_diag(&cov.diag());
        }
        cov.diag_mut().mapv_inplace(|v| v + self.reg_covar);
        cov
    }

    /// Checks everything and returns all rows below each other.
    fn check(&self, obs: &[Array2<f64>]) -> Result<Array2<f64>> {
        const WHAT: &str = "GaussianBaumWelch: `obs`";
        check_em("GaussianBaumWelch", self.k, self.max_iter, self.n_init, self.tol)?;
        if !(self.reg_covar.is_finite() && self.reg_covar >= 0.0) {
            return Err(Error::Parameter {
                estimator: "GaussianBaumWelch",
                name: "reg_covar",
                rule: "finite and >= 0",
                got: self.reg_covar.to_string(),
            });
        }
        let Some(first) = obs.first() else {
            return Err(Error::Empty { what: WHAT, needed: "1 sequence" });
        };
        for x in obs {
            check_matrix(WHAT, x.view())?;
        }
        let views: Vec<_> = obs.iter().map(Array2::view).collect();
        concatenate(Axis(0), &views).map_err(|_| Error::Shape {
            what: WHAT,
            expected: format!("(T, {}) in every sequence", first.ncols()),
            got: "another number of columns".into(),
        })
    }
}

struct Expected {
    start: Array1<f64>,
    transitions: Array2<f64>,
    /// The posteriors of all sequences below each other, `(n_rows, k)`.
    gamma: Array2<f64>,
    log_likelihood: f64,
}

fn expect(model: &GaussianHmm, obs: &[Array2<f64>]) -> Result<Expected> {
    let k = model.n_states();
    let n = obs.iter().map(Array2::nrows).sum();
    let mut e = Expected {
        start: Array1::zeros(k),
        transitions: Array2::zeros((k, k)),
        gamma: Array2::zeros((n, k)),
        log_likelihood: 0.0,
    };
    let mut row = 0;
    for x in obs {
        let (gamma, log_p) = model.expect(x.view(), &mut e.transitions)?;
        e.start += &gamma.row(0);
        e.gamma.slice_mut(s![row..row + x.nrows(), ..]).assign(&gamma);
        e.log_likelihood += log_p;
        row += x.nrows();
    }
    Ok(e)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn data() -> Vec<Array2<f64>> {
        let truth = GaussianHmm::new(
            array![0.5, 0.5],
            array![[0.9, 0.1], [0.1, 0.9]],
            array![[-1.0, 0.0], [1.0, 0.5]],
            array![[[0.5, 0.1], [0.1, 0.4]], [[0.6, -0.2], [-0.2, 0.5]]],
        );
        let truth = truth.unwrap();
        (0..3).map(|seed| truth.sample(80, seed).unwrap().1).collect()
    }

    #[test]
    fn the_log_likelihood_never_falls() {
        for diagonal in [false, true] {
            let params = GaussianBaumWelch::params(2).diagonal(diagonal).reg_covar(0.0).seed(4);
            let fit = params.max_iter(40).fit(&data()).unwrap();
            assert!(fit.trace.windows(2).into_iter().all(|v| v[1] >= v[0] - 1e-9));
            let off = fit.model.covariances[[0, 0, 1]];
            assert_eq!(off.abs() <= 0.0, diagonal);
        }
    }

    #[test]
    fn one_state_is_one_normal_distribution() {
        let x = data();
        let fit = GaussianBaumWelch::params(1).reg_covar(0.0).fit(&x).unwrap();
        let all = concatenate(Axis(0), &[x[0].view(), x[1].view(), x[2].view()]).unwrap();
        let mean = all.mean_axis(Axis(0)).unwrap();
        assert!((&fit.model.means.row(0) - &mean).iter().all(|d| d.abs() < 1e-12));
    }

    #[test]
    fn settings_and_sequences_are_checked() {
        let said = |p: GaussianBaumWelchParams, x: &[Array2<f64>]| p.fit(x).unwrap_err();
        assert!(matches!(said(GaussianBaumWelch::params(2), &[]), Error::Empty { .. }));
        let wide = [Array2::zeros((3, 2)), Array2::zeros((3, 1))];
        assert!(matches!(said(GaussianBaumWelch::params(2), &wide), Error::Shape { .. }));
        let bad = GaussianBaumWelch::params(2).reg_covar(-1.0);
        assert!(said(bad, &data()).to_string().contains("reg_covar"));
        let flat = [Array2::ones((5, 2))];
        assert!(matches!(said(GaussianBaumWelch::params(2), &flat), Error::TooManyClusters { .. }));
        let one = GaussianBaumWelch::params(1).reg_covar(0.0);
        assert!(matches!(said(one, &flat), Error::NotPositiveDefinite { .. }));
    }
}
