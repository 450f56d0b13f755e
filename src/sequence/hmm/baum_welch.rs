//! Baum–Welch: expectation–maximisation for an HMM whose states nobody has seen.

use super::super::chain::Chain;
use super::categorical::{Counts, check_sequences};
use super::{CategoricalHmm, check_em, random_rows, rows_to_one};
use crate::base::{setters, stream};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Sequences that one task takes. Fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 16;

impl BaumWelch {
    /// Settings for `k` states and symbols `0 .. n_symbols`.
    ///
    /// ```
    /// use mlnotes::sequence::hmm::{BaumWelch, CategoricalHmm};
    /// use ndarray::array;
    /// let truth = CategoricalHmm::new(
    ///     array![0.5, 0.5], array![[0.9, 0.1], [0.1, 0.9]], array![[0.8, 0.2], [0.1, 0.9]],
    /// )?;
    /// let (_, obs) = truth.sample(500, 1)?;
    /// let fit = BaumWelch::params(2, 2).n_init(4).seed(1).fit(&[obs.clone()])?;
    /// assert!(fit.trace[fit.n_iter] > truth.log_likelihood(&obs)?);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(k: usize, n_symbols: usize) -> BaumWelchParams {
        BaumWelchParams { k, n_symbols, max_iter: 200, tol: 1e-6, n_init: 1, seed: 0, start: None }
    }
}

/// Settings of Baum–Welch.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | required | `>= 1` | states |
/// | `n_symbols` | required | `>= 1` | symbols |
/// | `max_iter` | 200 | `>= 1` | EM steps a run |
/// | `tol` | 1e-6 | `>= 0` | stop when the log-likelihood gains less than this an observation |
/// | `n_init` | 1 | `>= 1` | random starts; the likeliest end is returned |
/// | `seed` | 0 | | chance of the starts |
/// | `start` | random | | a model to start from; one run, whatever `n_init` says |
#[derive(Debug, Clone, PartialEq)]
pub struct BaumWelchParams {
    k: usize,
    n_symbols: usize,
    max_iter: usize,
    tol: f64,
    n_init: usize,
    seed: u64,
    start: Option<CategoricalHmm>,
}

/// What Baum–Welch found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BaumWelch {
    /// The likeliest model of all runs.
    pub model: CategoricalHmm,
    /// Log-likelihood of all sequences at the start of the best run and after each step; never falls.
    pub trace: Array1<f64>,
    /// The last entry of each run's trace, in the order of the runs.
    pub ends: Array1<f64>,
    /// EM steps of the best run.
    pub n_iter: usize,
    /// Whether the last gain was below `tol` an observation.
    pub converged: bool,
}

impl BaumWelchParams {
    setters! {
        /// Sets the largest number of EM steps of a run.
        max_iter: usize;
        /// Sets the gain of the log-likelihood an observation below which a run stops.
        tol: f64;
        /// Sets the number of random starts.
        n_init: usize;
        /// Seeds the starts.
        seed: u64;
    }

    /// Starts from this model.
    #[must_use]
    pub fn start(mut self, model: CategoricalHmm) -> Self {
        self.start = Some(model);
        self
    }

    /// Fits sequences of symbols.
    ///
    /// # Errors
    /// [`Error::Empty`] for no sequence or one of length 0, [`Error::Label`] for a symbol out of range,
    /// [`Error::Parameter`], [`Error::Shape`] for a start that does not fit, [`Error::NoSolution`] for a
    /// sequence that it cannot produce.
    pub fn fit(&self, obs: &[Vec<usize>]) -> Result<BaumWelch> {
        check_em("BaumWelch", self.k, self.max_iter, self.n_init, self.tol)?;
        check_sequences("BaumWelch: `obs`", obs, self.n_symbols)?;
        let runs = if self.start.is_some() { 1 } else { self.n_init };
        let mut best: Option<BaumWelch> = None;
        let mut ends = Vec::with_capacity(runs);
        for run in 0..runs {
            let fit = self.run(self.first(run)?, obs)?;
            let end = fit.trace[fit.n_iter];
            ends.push(end);
            if best.as_ref().is_none_or(|b| end > b.trace[b.n_iter]) {
                best = Some(fit);
            }
        }
        let mut best = best.ok_or(Error::Empty { what: "BaumWelch: runs", needed: "1 run" })?;
        best.ends = ends.into();
        Ok(best)
    }

    fn first(&self, run: usize) -> Result<CategoricalHmm> {
        if let Some(model) = &self.start {
            if (model.n_states(), model.n_symbols()) != (self.k, self.n_symbols) {
                return Err(Error::Shape {
                    what: "BaumWelch: `start`",
                    expected: format!("{} states and {} symbols", self.k, self.n_symbols),
                    got: format!("{} and {}", model.n_states(), model.n_symbols()),
                });
            }
            return Ok(model.clone());
        }
        let mut rng = stream(self.seed, run);
        let start = random_rows(1, self.k, &mut rng).row(0).to_owned();
        let transitions = random_rows(self.k, self.k, &mut rng);
        CategoricalHmm::new(start, transitions, random_rows(self.k, self.n_symbols, &mut rng))
    }

    fn run(&self, first: CategoricalHmm, obs: &[Vec<usize>]) -> Result<BaumWelch> {
        let n: usize = obs.iter().map(Vec::len).sum();
        let mut model = first;
        let (mut counts, log_p) = expect(&model, obs)?;
        let mut trace = vec![log_p];
        let mut converged = false;
        while trace.len() <= self.max_iter && !converged {
            check_interrupt();
            model = maximise(&model, counts);
            let (next, log_p) = expect(&model, obs)?;
            counts = next;
            converged = log_p - trace[trace.len() - 1] <= self.tol * n as f64;
            trace.push(log_p);
        }
        let n_iter = trace.len() - 1;
        Ok(BaumWelch { model, trace: trace.into(), ends: Array1::zeros(0), n_iter, converged })
    }
}

/// E step: expected counts of all sequences, and their log-likelihood.
fn expect(model: &CategoricalHmm, obs: &[Vec<usize>]) -> Result<(Counts, f64)> {
    let chain: Chain = model.prepared();
    let (k, v) = model.emissions.dim();
    let none = Counts {
        start: Array1::zeros(k),
        transitions: Array2::zeros((k, k)),
        emissions: Array2::zeros((k, v)),
    };
    let parts: Vec<Result<(Counts, f64)>> = obs
        .par_chunks(CHUNK)
        .map(|sequences| {
            let (mut counts, mut total) = (none.clone(), 0.0);
            for sequence in sequences {
                total += model.expect(&chain, sequence, &mut counts)?;
            }
            Ok((counts, total))
        })
        .collect();
    parts.into_iter().try_fold((none.clone(), 0.0), |(mut sum, total), part| {
        let (counts, log_p) = part?;
        sum.start += &counts.start;
        sum.transitions += &counts.transitions;
        sum.emissions += &counts.emissions;
        Ok((sum, total + log_p))
    })
}

/// M step: counts over their sums; a state without any keeps its rows.
fn maximise(old: &CategoricalHmm, counts: Counts) -> CategoricalHmm {
    let total = counts.start.sum();
    CategoricalHmm {
        start: counts.start / total,
        transitions: rows_to_one(counts.transitions, Some(&old.transitions)),
        emissions: rows_to_one(counts.emissions, Some(&old.emissions)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn truth() -> CategoricalHmm {
        CategoricalHmm::new(
            array![0.5, 0.5],
            array![[0.9, 0.1], [0.2, 0.8]],
            array![[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]],
        )
        .unwrap()
    }

    #[test]
    fn the_log_likelihood_never_falls() {
        let obs: Vec<Vec<usize>> = (0..40).map(|s| truth().sample(25, s).unwrap().1).collect();
        for seed in 0..5 {
            let fit = BaumWelch::params(3, 3).max_iter(60).tol(0.0).seed(seed).fit(&obs).unwrap();
            let steps = fit.trace.windows(2);
            assert!(steps.into_iter().all(|v| v[1] >= v[0] - 1e-9), "{}", fit.trace);
        }
    }

    #[test]
    fn more_starts_are_never_worse_and_repeat_bit_by_bit() {
        let obs = vec![truth().sample(300, 5).unwrap().1];
        let fit = |n| BaumWelch::params(2, 3).n_init(n).seed(3).fit(&obs).unwrap();
        let (one, five) = (fit(1), fit(5));
        assert!(five.trace[five.n_iter] >= one.trace[one.n_iter] && five.ends.len() == 5);
        assert_eq!(five, fit(5));
    }

    #[test]
    fn one_symbol_a_sequence_leaves_the_transitions_alone() {
        let fit = BaumWelch::params(2, 3).start(truth()).max_iter(3);
        let fit = fit.fit(&[vec![0], vec![2], vec![0]]).unwrap();
        assert_eq!(fit.model.transitions, truth().transitions);
    }

    #[test]
    fn settings_and_sequences_are_checked() {
        let bad = |p: BaumWelchParams| p.fit(&[vec![0, 1]]).unwrap_err().to_string();
        assert!(bad(BaumWelch::params(0, 2)).contains("`k`"));
        assert!(bad(BaumWelch::params(2, 2).max_iter(0)).contains("`max_iter`"));
        assert!(bad(BaumWelch::params(2, 2).n_init(0)).contains("`n_init`"));
        assert!(bad(BaumWelch::params(2, 2).tol(f64::NAN)).contains("`tol`"));
        assert!(bad(BaumWelch::params(2, 1)).contains("label 1"));
        assert!(bad(BaumWelch::params(3, 3).start(truth())).contains("3 states"));
        assert!(BaumWelch::params(2, 2).fit(&[]).is_err());
        assert!(BaumWelch::params(2, 2).fit(&[vec![]]).is_err());
    }
}
