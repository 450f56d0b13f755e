//! The field itself: scores, sums over all labellings, the best one, and the gradient.

use super::super::chain::{self, Chain};
use super::features::{Features, START, symbol_name};
use crate::base::{finite, holds, pairs, shape, stored, views};
use crate::sequence::hmm::CategoricalHmm;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a chunk of sequences adds to the objective, and to the gradient of state and step weights.
type Part = (f64, Array2<f64>, Array2<f64>);

/// Sequences that one task takes. Fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 128;

/// A linear-chain conditional random field.
///
/// A feature that the model does not know says nothing and is ignored, so unseen words are no error.
///
/// # Example
/// ```
/// use mlnotes::sequence::crf::{Features, LinearChainCrf};
/// let sentence = |words: &[&str]| -> Vec<Features> {
///     words.iter().map(|w| Features::new([format!("word={w}")])).collect()
/// };
/// let xs = [sentence(&["the", "cat", "sleeps"]), sentence(&["a", "dog", "barks"])];
/// let ys = [vec![0, 1, 2], vec![0, 1, 2]];
/// let model = LinearChainCrf::params().l2(0.1).fit(&xs, &ys)?;
/// // "bird" is unseen; what surrounds it decides.
/// assert_eq!(model.viterbi(&sentence(&["the", "bird", "sleeps"]))?.0, [0, 1, 2]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct LinearChainCrf {
    /// The features known, sorted by name.
    pub feature_names: Vec<String>,
    /// Weights `U` of feature (row) and label, shape `(n_features, k)`.
    pub state_weights: Array2<f64>,
    /// Weights `W` from label (row) to label, shape `(k, k)`.
    pub transition_weights: Array2<f64>,
    /// Objective (negative log-likelihood plus penalty) at the start of training and after each step;
    /// empty when the field was not trained.
    pub trace: Array1<f64>,
    /// Whether training reached its tolerance.
    pub converged: bool,
    #[serde(with = "pairs")]
    index: HashMap<String, usize>,
}

stored!(LinearChainCrf, |m| {
    let (n, k) = m.state_weights.dim();
    shape("feature_names", m.feature_names.len(), n)?;
    shape("transition_weights", m.transition_weights.dim(), (k, k))?;
    finite("state_weights", m.state_weights.iter().chain(&m.transition_weights))?;
    let placed = |(i, name): (usize, &String)| m.index.get(name) == Some(&i);
    holds(m.feature_names.iter().enumerate().all(placed), "`index` is not that of `feature_names`")
});

/// One position: rows of `U` and values.
pub(super) type Encoded = Vec<(usize, f64)>;

impl LinearChainCrf {
    /// The field whose label posterior is that of `hmm`, read through
    /// [`symbol_features`](super::symbol_features): the weights are `ln π`, `ln A` and `ln B`. Every
    /// HMM is such a field; the field, whose weights need not be normalised, is the wider class.
    ///
    /// ```
    /// use mlnotes::sequence::{crf::{LinearChainCrf, symbol_features}, hmm::CategoricalHmm};
    /// use ndarray::array;
    /// let hmm = CategoricalHmm::new(
    ///     array![0.6, 0.4], array![[0.7, 0.3], [0.4, 0.6]], array![[0.9, 0.1], [0.2, 0.8]],
    /// )?;
    /// let field = LinearChainCrf::from_hmm(&hmm);
    /// let gap = field.marginals(&symbol_features(&[0, 1, 1]))? - hmm.posterior(&[0, 1, 1])?;
    /// assert!(gap.iter().all(|d| d.abs() < 1e-14));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn from_hmm(hmm: &CategoricalHmm) -> Self {
        let start = (START.to_owned(), hmm.start.view());
        let symbols = hmm.emissions.columns().into_iter().enumerate();
        let mut rows: Vec<(String, ArrayView1<f64>)> =
            symbols.map(|(symbol, column)| (symbol_name(symbol), column)).chain([start]).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let mut state_weights = Array2::zeros((rows.len(), hmm.n_states()));
        for (mut weights, (_, row)) in state_weights.rows_mut().into_iter().zip(&rows) {
            weights.assign(&row.mapv(f64::ln));
        }
        let names = rows.into_iter().map(|row| row.0).collect();
        Self::assemble(names, state_weights, hmm.transitions.mapv(f64::ln))
    }

    /// Number of labels.
    pub fn n_labels(&self) -> usize {
        self.transition_weights.nrows()
    }

    /// `ln Z(x) = ln Σ_y e^{s(x, y)}` over all `k^T` labellings.
    ///
    /// # Errors
    /// [`Error::Empty`] for no position, [`Error::NotFinite`] for a value that is not (row: position, column: place in its list),
    /// [`Error::NoSolution`] when weights of `-∞` leave no labelling.
    pub fn log_partition(&self, x: &[Features]) -> Result<f64> {
        let node = self.node(&self.encode("LinearChainCrf::log_partition: `x`", x)?);
        chain::log_total("LinearChainCrf::log_partition", &self.chain().forward(node.view()))
    }

    /// `p(yₜ = k | x)`, shape `(T, k)`; each row sums to 1.
    ///
    /// # Errors
    /// As [`LinearChainCrf::log_partition`].
    pub fn marginals(&self, x: &[Features]) -> Result<Array2<f64>> {
        let encoded = self.encode("LinearChainCrf::marginals: `x`", x)?;
        let (node, chain) = (self.node(&encoded), self.chain());
        let alpha = chain.forward(node.view());
        let log_z = chain::log_total("LinearChainCrf::marginals", &alpha)?;
        Ok(chain::marginals(&alpha, &chain.backward(node.view()), log_z))
    }

    /// The most probable labelling and `ln p(labelling | x)`; the lower label on a tie.
    ///
    /// # Errors
    /// As [`LinearChainCrf::log_partition`].
    pub fn viterbi(&self, x: &[Features]) -> Result<(Vec<usize>, f64)> {
        let encoded = self.encode("LinearChainCrf::viterbi: `x`", x)?;
        let (node, chain) = (self.node(&encoded), self.chain());
        let log_z = chain::log_total("LinearChainCrf::viterbi", &chain.forward(node.view()))?;
        let (path, score) = chain.viterbi(node.view());
        Ok((path, score - log_z))
    }

    /// `Σ ln p(y | x)` over sequences, and its gradient by [`LinearChainCrf::parameters`].
    ///
    /// # Errors
    /// As [`LinearChainCrf::log_partition`], [`Error::Shape`] for lengths that differ, [`Error::Label`].
    pub fn log_likelihood_and_gradient(
        &self,
        xs: &[Vec<Features>],
        ys: &[Vec<usize>],
    ) -> Result<(f64, Array1<f64>)> {
        let what = "LinearChainCrf::log_likelihood_and_gradient: `xs`";
        let of_labels = "LinearChainCrf::log_likelihood_and_gradient: `ys`";
        check_labels([what, of_labels], xs, ys, self.n_labels())?;
        let encoded = xs.iter().map(|x| self.encode(what, x)).collect::<Result<Vec<_>>>()?;
        self.value_and_gradient(&encoded, ys)
    }

    /// All weights in a row: `U` row by row, then `W` row by row, shape `(n_features k + k²,)`.
    pub fn parameters(&self) -> Array1<f64> {
        flatten(&self.state_weights, &self.transition_weights)
    }

    /// The same field with other weights, in the order of [`LinearChainCrf::parameters`].
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of weights.
    #[views]
    pub fn with_parameters(&self, theta: ArrayView1<f64>) -> Result<Self> {
        let expected = self.state_weights.len() + self.transition_weights.len();
        if theta.len() != expected {
            let (expected, got) = (format!("({expected},)"), format!("({},)", theta.len()));
            return Err(Error::Shape {
                what: "LinearChainCrf::with_parameters: `theta`",
                expected,
                got,
            });
        }
        let mut model = self.clone();
        model.set(theta);
        Ok(model)
    }

    pub(super) fn assemble(
        feature_names: Vec<String>,
        state_weights: Array2<f64>,
        transition_weights: Array2<f64>,
    ) -> Self {
        let index = feature_names.iter().cloned().zip(0..).collect();
        let trace = Array1::zeros(0);
        Self { feature_names, state_weights, transition_weights, trace, converged: false, index }
    }

    pub(super) fn set(&mut self, theta: ArrayView1<f64>) {
        let split = self.state_weights.len();
        let fill = |weights: &mut Array2<f64>, from: ArrayView1<f64>| {
            weights.iter_mut().zip(from).for_each(|(w, v)| *w = *v);
        };
        fill(&mut self.state_weights, theta.slice(s![..split]));
        fill(&mut self.transition_weights, theta.slice(s![split..]));
    }

    /// Known features by their row; unknown ones are dropped.
    pub(super) fn encode(&self, what: &'static str, x: &[Features]) -> Result<Vec<Encoded>> {
        if x.is_empty() {
            return Err(Error::Empty { what, needed: "1 position a sequence" });
        }
        for (row, position) in x.iter().enumerate() {
            if let Some((col, value)) =
                position.iter().map(|f| f.1).enumerate().find(|(_, value)| !value.is_finite())
            {
                return Err(Error::NotFinite { what, row, col, value });
            }
        }
        let known = |(name, value): (&str, f64)| Some((*self.index.get(name)?, value));
        Ok(x.iter().map(|position| position.iter().filter_map(known).collect()).collect())
    }

    pub(super) fn chain(&self) -> Chain {
        Chain::new(self.transition_weights.clone())
    }

    /// `Σ_f value_f U[f, k]`, shape `(T, k)`.
    fn node(&self, x: &[Encoded]) -> Array2<f64> {
        let mut node = Array2::zeros((x.len(), self.n_labels()));
        for (mut row, position) in node.rows_mut().into_iter().zip(x) {
            for &(feature, value) in position {
                row.scaled_add(value, &self.state_weights.row(feature));
            }
        }
        node
    }

    pub(super) fn value_and_gradient(
        &self,
        xs: &[Vec<Encoded>],
        ys: &[Vec<usize>],
    ) -> Result<(f64, Array1<f64>)> {
        let chain = self.chain();
        let parts: Vec<Result<Part>> = xs
            .par_chunks(CHUNK)
            .zip(ys.par_chunks(CHUNK))
            .map(|(xs, ys)| {
                let mut total = 0.0;
                let mut states = Array2::zeros(self.state_weights.raw_dim());
                let mut steps = Array2::zeros(self.transition_weights.raw_dim());
                for (x, y) in xs.iter().zip(ys) {
                    total += self.add_gradient(&chain, x, y, &mut states, &mut steps)?;
                }
                Ok((total, states, steps))
            })
            .collect();
        let mut total = 0.0;
        let mut states = Array2::zeros(self.state_weights.raw_dim());
        let mut steps = Array2::zeros(self.transition_weights.raw_dim());
        for part in parts {
            let (value, of_states, of_steps) = part?;
            total += value;
            states += &of_states;
            steps += &of_steps;
        }
        Ok((total, flatten(&states, &steps)))
    }

    /// Adds empirical minus expected counts of one sequence and returns `ln p(y | x)`.
    fn add_gradient(
        &self,
        chain: &Chain,
        x: &[Encoded],
        y: &[usize],
        states: &mut Array2<f64>,
        steps: &mut Array2<f64>,
    ) -> Result<f64> {
        let node = self.node(x);
        let (alpha, beta) = (chain.forward(node.view()), chain.backward(node.view()));
        let log_z = chain::log_total(NAME, &alpha)?;
        let mut residual = -chain::marginals(&alpha, &beta, log_z);
        y.iter().enumerate().for_each(|(t, &label)| residual[[t, label]] += 1.0);
        for (residual, position) in residual.rows().into_iter().zip(x) {
            for &(feature, value) in position {
                states.row_mut(feature).scaled_add(value, &residual);
            }
        }
        let mut expected = Array2::zeros(steps.raw_dim());
        chain.add_steps(node.view(), (&alpha, &beta), log_z, &mut expected);
        *steps -= &expected;
        y.windows(2).for_each(|y| steps[[y[0], y[1]]] += 1.0);
        Ok(chain.score(node.view(), y) - log_z)
    }
}

const NAME: &str = "LinearChainCrf";

fn flatten(states: &Array2<f64>, steps: &Array2<f64>) -> Array1<f64> {
    let parts = [states.flatten(), steps.flatten()];
    // Two vectors always fit below each other.
    concatenate(Axis(0), &[parts[0].view(), parts[1].view()]).unwrap_or_default()
}

pub(super) fn check_labels(
    [of_xs, of_ys]: [&'static str; 2],
    xs: &[Vec<Features>],
    ys: &[Vec<usize>],
    k: usize,
) -> Result<()> {
    if xs.is_empty() {
        return Err(Error::Empty { what: of_xs, needed: "1 sequence" });
    }
    if xs.len() != ys.len() {
        return Err(Error::Shape {
            what: of_ys,
            expected: format!("{} sequences", xs.len()),
            got: format!("{} sequences", ys.len()),
        });
    }
    for (i, (x, y)) in xs.iter().zip(ys).enumerate() {
        if x.len() != y.len() {
            return Err(Error::Shape {
                what: of_ys,
                expected: format!("{} labels in sequence {i}", x.len()),
                got: format!("{} labels", y.len()),
            });
        }
        if let Some(index) = y.iter().position(|&label| label >= k) {
            return Err(Error::Label {
                what: of_ys,
                index,
                got: y[index].to_string(),
                allowed: "below the model's number of labels",
            });
        }
    }
    Ok(())
}
