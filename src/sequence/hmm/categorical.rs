//! An HMM whose observations are symbols `0, 1, …`.

use super::super::chain::{self, Chain};
use super::{check_distribution, check_rows, draw, inference, rows_to_one, walk};
use crate::base::{finite, shape, stored, stream};
use crate::{Error, Result};
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

/// A hidden Markov model with categorical emissions.
///
/// # Example
/// Healthy (0) or feverish (1), and what the patient says: normal (0), cold (1), dizzy (2).
/// ```
/// use mlnotes::sequence::hmm::CategoricalHmm;
/// use ndarray::array;
/// let hmm = CategoricalHmm::new(
///     array![0.6, 0.4],
///     array![[0.7, 0.3], [0.4, 0.6]],
///     array![[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]],
/// )?;
/// let (path, log_p) = hmm.viterbi(&[0, 1, 2])?;
/// assert_eq!(path, [0, 0, 1]);
/// assert!((log_p.exp() - 0.01512).abs() < 1e-12);
/// assert!((hmm.log_likelihood(&[0, 1, 2])?.exp() - 0.03628).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct CategoricalHmm {
    /// First state `π`, shape `(k,)`.
    pub start: Array1<f64>,
    /// From state (row) to state `A`, shape `(k, k)`; each row sums to 1.
    pub transitions: Array2<f64>,
    /// From state (row) to symbol `B`, shape `(k, n_symbols)`; each row sums to 1.
    pub emissions: Array2<f64>,
}

stored!(CategoricalHmm, |m| {
    let k = m.start.len();
    shape("transitions", m.transitions.dim(), (k, k))?;
    shape("emissions", m.emissions.nrows(), k)?;
    finite("start", m.start.iter().chain(&m.transitions).chain(&m.emissions))
});

inference!(CategoricalHmm, &[usize], "symbols of shape `(T,)`");

impl CategoricalHmm {
    /// The model with `start`, `(k,)`, `transitions`, `(k, k)`, and `emissions`, `(k, n_symbols)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], and [`Error::Distribution`] for
    /// a start or a row that is none.
    pub fn new(
        start: Array1<f64>,
        transitions: Array2<f64>,
        emissions: Array2<f64>,
    ) -> Result<Self> {
        let k = start.len();
        if k == 0 {
            return Err(Error::Empty { what: "CategoricalHmm: `start`", needed: "1 state" });
        }
        check_distribution("CategoricalHmm: `start`", start.view(), "it")?;
        check_rows("CategoricalHmm: `transitions`", transitions.view(), (k, Some(k)))?;
        check_rows("CategoricalHmm: `emissions`", emissions.view(), (k, None))?;
        Ok(Self { start, transitions, emissions })
    }

    /// Maximum likelihood from sequences whose states are known, in closed form:
    ///
    /// ```text
    /// A[i, j] = (n(i → j) + s) / (n(i → ·) + s k)     and likewise π and B; s: smoothing
    /// ```
    ///
    /// `smoothing = 0` is the maximum itself; above 0 nothing is impossible, not even a symbol or a step
    /// never seen. `obs` and `states` have the same lengths, sequence by sequence.
    ///
    /// # Errors
    /// [`Error::Empty`] for no sequence or one of length 0, [`Error::Shape`] for lengths that differ,
    /// [`Error::Label`] for a symbol or state out of range, [`Error::Parameter`] for a smoothing below 0,
    /// or of 0 where a state is never seen or never left.
    ///
    /// ```
    /// use mlnotes::sequence::hmm::CategoricalHmm;
    /// let (obs, states) = (vec![vec![0, 0, 1, 1]], vec![vec![0, 0, 0, 1]]);
    /// let hmm = CategoricalHmm::fit_labelled(&obs, &states, 2, 2, 1.0)?;
    /// assert!((hmm.transitions[[0, 0]] - 3.0 / 5.0).abs() < 1e-15);
    /// assert!((hmm.emissions[[0, 1]] - 2.0 / 5.0).abs() < 1e-15);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn fit_labelled(
        obs: &[Vec<usize>],
        states: &[Vec<usize>],
        k: usize,
        n_symbols: usize,
        smoothing: f64,
    ) -> Result<Self> {
        const NAME: &str = "CategoricalHmm::fit_labelled";
        let parameter = |name, rule, got| Error::Parameter { estimator: NAME, name, rule, got };
        if !(smoothing.is_finite() && smoothing >= 0.0) {
            return Err(parameter("smoothing", "finite and >= 0", smoothing.to_string()));
        }
        if k == 0 {
            return Err(parameter("k", ">= 1", "0".into()));
        }
        check_sequences("CategoricalHmm::fit_labelled: `obs`", obs, n_symbols)?;
        check_sequences("CategoricalHmm::fit_labelled: `states`", states, k)?;
        let lengths = |of: &[Vec<usize>]| of.iter().map(Vec::len).collect::<Vec<_>>();
        if lengths(obs) != lengths(states) {
            return Err(Error::Shape {
                what: "CategoricalHmm::fit_labelled: `states`",
                expected: format!("{} sequences as long as those of `obs`", obs.len()),
                got: format!("{} sequences, of other lengths", states.len()),
            });
        }
        let mut start = Array2::from_elem((1, k), smoothing);
        let mut transitions = Array2::from_elem((k, k), smoothing);
        let mut emissions = Array2::from_elem((k, n_symbols), smoothing);
        for (x, y) in obs.iter().zip(states) {
            start[[0, y[0]]] += 1.0;
            y.windows(2).for_each(|y| transitions[[y[0], y[1]]] += 1.0);
            x.iter().zip(y).for_each(|(&x, &y)| emissions[[y, x]] += 1.0);
        }
        for counts in [&transitions, &emissions] {
            let sums = counts.sum_axis(Axis(1));
            if let Some(state) = sums.iter().position(|&sum| sum <= 0.0) {
                let rule = "above 0 when a state is never seen or never left";
                return Err(parameter("smoothing", rule, format!("0, with state {state}")));
            }
        }
        Ok(Self {
            start: rows_to_one(start, None).row(0).to_owned(),
            transitions: rows_to_one(transitions, None),
            emissions: rows_to_one(emissions, None),
        })
    }

    /// Number of states.
    pub fn n_states(&self) -> usize {
        self.start.len()
    }

    /// Number of symbols.
    pub fn n_symbols(&self) -> usize {
        self.emissions.ncols()
    }

    /// A sequence of `len` states and the symbols that they emit.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `len = 0`.
    ///
    /// ```
    /// use ndarray::array;
    /// use mlnotes::sequence::hmm::CategoricalHmm;
    /// let swap = array![[0.0, 1.0], [1.0, 0.0]];
    /// let hmm = CategoricalHmm::new(array![1.0, 0.0], swap, array![[0.0, 1.0], [1.0, 0.0]])?;
    /// assert_eq!(hmm.sample(4, 1)?, (vec![0, 1, 0, 1], vec![1, 0, 1, 0]));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn sample(&self, len: usize, seed: u64) -> Result<(Vec<usize>, Vec<usize>)> {
        if len == 0 {
            let (name, rule, got) = ("len", ">= 1", "0".into());
            return Err(Error::Parameter { estimator: "CategoricalHmm::sample", name, rule, got });
        }
        let mut rng = stream(seed, 0);
        let states = walk(&self.start, &self.transitions, len, &mut rng);
        let symbols = states.iter().map(|&s| draw(self.emissions.row(s), &mut rng)).collect();
        Ok((states, symbols))
    }

    /// `ln B[k, xₜ]`, shape `(T, k)`.
    fn log_emissions(&self, what: &'static str, obs: &[usize]) -> Result<Array2<f64>> {
        check_sequence(what, obs, self.n_symbols())?;
        Ok(self.emissions.select(Axis(1), obs).reversed_axes().mapv(f64::ln))
    }

    /// Adds the expected counts of one sequence to `counts` and returns its log-likelihood.
    pub(super) fn expect(&self, chain: &Chain, obs: &[usize], counts: &mut Counts) -> Result<f64> {
        let caller = ["BaumWelch", "BaumWelch: `obs`"];
        let (node, alpha, log_z) = self.reach(caller, chain, obs)?;
        let beta = chain.backward(node.view());
        let gamma = chain::marginals(&alpha, &beta, log_z);
        counts.start += &gamma.row(0);
        chain.add_steps(node.view(), (&alpha, &beta), log_z, &mut counts.transitions);
        for (gamma, &x) in gamma.rows().into_iter().zip(obs) {
            let mut column = counts.emissions.column_mut(x);
            column += &gamma;
        }
        Ok(log_z)
    }

    pub(super) fn prepared(&self) -> Chain {
        self.chain()
    }
}

/// Expected counts: how often each state starts, each step is made, each symbol is emitted.
#[derive(Clone)]
pub(super) struct Counts {
    pub start: Array1<f64>,
    pub transitions: Array2<f64>,
    pub emissions: Array2<f64>,
}

pub(super) fn check_sequences(
    what: &'static str,
    sequences: &[Vec<usize>],
    below: usize,
) -> Result<()> {
    if sequences.is_empty() {
        return Err(Error::Empty { what, needed: "1 sequence" });
    }
    sequences.iter().try_for_each(|sequence| check_sequence(what, sequence, below))
}

fn check_sequence(what: &'static str, sequence: &[usize], below: usize) -> Result<()> {
    if sequence.is_empty() {
        return Err(Error::Empty { what, needed: "1 symbol a sequence" });
    }
    match sequence.iter().position(|&v| v >= below) {
        Some(index) => Err(Error::Label {
            what,
            index,
            got: sequence[index].to_string(),
            allowed: "below the model's number of symbols or states (map unseen ones to one symbol)",
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn fever() -> CategoricalHmm {
        CategoricalHmm::new(
            array![0.6, 0.4],
            array![[0.7, 0.3], [0.4, 0.6]],
            array![[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]],
        )
        .unwrap()
    }

    #[test]
    fn two_positions_by_hand() {
        // p(normal, dizzy) = .3(.7·.1 + .3·.6) + .04(.4·.1 + .6·.6) = .075 + .016.
        let hmm = fever();
        assert!((hmm.log_likelihood(&[0, 2]).unwrap().exp() - 0.091).abs() < 1e-14);
        let posterior = hmm.posterior(&[0, 2]).unwrap();
        assert!((posterior[[0, 0]] - 0.075 / 0.091).abs() < 1e-14);
        let (alpha, beta) = (hmm.forward(&[0, 2]).unwrap(), hmm.backward(&[0, 2]).unwrap());
        assert!((alpha[[0, 0]].exp() - 0.3).abs() < 1e-14 && beta[[1, 0]].abs() < 1e-14);
        assert!((beta[[0, 1]].exp() - 0.4).abs() < 1e-14);
    }

    #[test]
    fn one_position_is_a_mixture() {
        let hmm = fever();
        assert!((hmm.log_likelihood(&[2]).unwrap().exp() - 0.3).abs() < 1e-14);
        assert_eq!(hmm.viterbi(&[2]).unwrap().0, [1]);
    }

    #[test]
    fn a_long_sequence_does_not_underflow() {
        let (_, obs) = fever().sample(5000, 3).unwrap();
        let log_p = fever().log_likelihood(&obs).unwrap();
        assert!(log_p.is_finite() && log_p < -4000.0);
    }

    #[test]
    fn bad_input_is_named() {
        let hmm = fever();
        assert!(matches!(hmm.posterior(&[]), Err(Error::Empty { .. })));
        assert!(matches!(hmm.viterbi(&[0, 3]), Err(Error::Label { index: 1, .. })));
        let rows = array![[0.7, 0.3], [0.5, 0.6]];
        let bad = CategoricalHmm::new(array![0.6, 0.4], rows, Array2::eye(2)).unwrap_err();
        assert!(bad.to_string().contains("row 1 sums to 1.1"), "{bad}");
        let wide = CategoricalHmm::new(array![0.6, 0.4], Array2::eye(3), Array2::eye(2));
        assert!(matches!(wide, Err(Error::Shape { .. })));
        let stuck = CategoricalHmm::new(array![1.0, 0.0], Array2::eye(2), Array2::eye(2)).unwrap();
        for error in [
            stuck.log_likelihood(&[0, 1]).unwrap_err(),
            stuck.viterbi(&[0, 1]).unwrap_err(),
            stuck.backward(&[0, 1]).unwrap_err(),
        ] {
            assert!(matches!(error, Error::NoSolution { .. }), "{error}");
            assert!(error.to_string().contains("position 1"), "{error}");
        }
        assert!(fever().sample(0, 1).is_err());
    }

    #[test]
    fn labelled_fit_checks_its_input() {
        let fit = |x: &[usize], y: &[usize], s| {
            CategoricalHmm::fit_labelled(&[x.to_vec()], &[y.to_vec()], 2, 2, s)
        };
        assert!(matches!(fit(&[0, 1], &[0], 1.0), Err(Error::Shape { .. })));
        assert!(matches!(fit(&[0, 5], &[0, 1], 1.0), Err(Error::Label { .. })));
        assert!(matches!(fit(&[], &[], 1.0), Err(Error::Empty { .. })));
        // State 1 is never left: without smoothing its row of A has no value.
        let error = fit(&[0, 1], &[0, 1], 0.0).unwrap_err();
        assert!(error.to_string().contains("with state 1"), "{error}");
        assert!(fit(&[0, 1], &[0, 1], -1.0).is_err());
    }

    #[test]
    fn counts_maximise_the_joint_likelihood() {
        let (states, obs) = fever().sample(400, 7).unwrap();
        let (xs, ys) = (vec![obs.clone()], vec![states.clone()]);
        let fitted = CategoricalHmm::fit_labelled(&xs, &ys, 2, 3, 0.0).unwrap();
        let joint =
            |hmm: &CategoricalHmm| hmm.chain().score(hmm.node("", &obs).unwrap().view(), &states);
        assert!(joint(&fitted) > joint(&fever()));
        for shift in [-0.05, 0.05] {
            let mut moved = fitted.clone();
            moved.transitions[[0, 0]] += shift;
            moved.transitions[[0, 1]] -= shift;
            assert!(joint(&moved) < joint(&fitted));
        }
    }
}
