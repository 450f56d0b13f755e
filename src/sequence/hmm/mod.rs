//! Hidden Markov models: states that nobody sees emit what everybody sees.
//!
//! ```text
//! p(x, y) = π[y₁] b_{y₁}(x₁) Πₜ A[yₜ₋₁, yₜ] b_{yₜ}(xₜ)
//! forward   αₜ(j) = bⱼ(xₜ) Σᵢ αₜ₋₁(i) A[i, j]                  p(x) = Σⱼ α_T(j)
//! backward  βₜ(i) = Σⱼ A[i, j] bⱼ(xₜ₊₁) βₜ₊₁(j)
//! posterior p(yₜ = k | x) = αₜ(k) βₜ(k) / p(x)
//! Viterbi   the same with max for Σ: the one best path
//! ```
//!
//! Two assumptions: the next state depends on the present one only, and given its state an observation
//! is independent of everything else (*output independence*), which is what a CRF does without. All
//! passes are in logarithms and cost `O(T K²)`. With states known the maximum of the likelihood is a
//! ratio of counts ([`CategoricalHmm::fit_labelled`]); with states unseen, Baum–Welch ([`BaumWelch`],
//! [`GaussianBaumWelch`]) climbs to a local maximum. States come out in any order.
//!
//! # References
//! Rabiner (1989), A tutorial on hidden Markov models, sections II–III; Baum et al. (1970); Viterbi
//! (1967); Bishop, Pattern Recognition and Machine Learning (2006), section 13.2.

mod baum_welch;
mod categorical;
mod gaussian;
mod gaussian_em;

pub use baum_welch::{BaumWelch, BaumWelchParams};
pub use categorical::CategoricalHmm;
pub use gaussian::GaussianHmm;
pub use gaussian_em::{GaussianBaumWelch, GaussianBaumWelchParams};

use crate::base::{check_matrix, check_vector};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::Exp1;

/// The inference that both models share, on the logarithm of their emissions.
macro_rules! inference {
    ($model:ident, $obs:ty, $shape:literal) => {
        impl $model {
            #[doc = concat!("`ln p(x)` of one sequence, ", $shape, ".")]
            ///
            /// # Errors
            /// [`Error::Empty`] for no observation, [`Error::NoSolution`] for probability 0, and those of
            /// a malformed observation: [`Error::Label`], [`Error::Shape`], [`Error::NotFinite`].
            pub fn log_likelihood(&self, obs: $obs) -> Result<f64> {
                Ok(self.reach(super::named!($model, "log_likelihood"), &self.chain(), obs)?.2)
            }

            /// `ln αₜ(k) = ln p(x₁ … xₜ, yₜ = k)`, shape `(T, k)`; `-∞` for what cannot be.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($model), "::log_likelihood`].")]
            pub fn forward(&self, obs: $obs) -> Result<Array2<f64>> {
                Ok(self.reach(super::named!($model, "forward"), &self.chain(), obs)?.1)
            }

            /// `ln βₜ(k) = ln p(xₜ₊₁ … x_T | yₜ = k)`, shape `(T, k)`; `-∞` for what cannot be.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($model), "::log_likelihood`].")]
            pub fn backward(&self, obs: $obs) -> Result<Array2<f64>> {
                let chain = self.chain();
                let (node, ..) = self.reach(super::named!($model, "backward"), &chain, obs)?;
                Ok(chain.backward(node.view()))
            }

            /// `p(yₜ = k | x)`, shape `(T, k)`: each row sums to 1. Its row-wise maximum is the best
            /// state at each position, which need not be a path that is possible.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($model), "::log_likelihood`].")]
            pub fn posterior(&self, obs: $obs) -> Result<Array2<f64>> {
                let chain = self.chain();
                let (node, alpha, log_z) =
                    self.reach(super::named!($model, "posterior"), &chain, obs)?;
                Ok(chain::marginals(&alpha, &chain.backward(node.view()), log_z))
            }

            /// The most probable path of states and `ln p(x, path)`; the lower state on a tie.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($model), "::log_likelihood`].")]
            pub fn viterbi(&self, obs: $obs) -> Result<(Vec<usize>, f64)> {
                let chain = self.chain();
                let (node, ..) = self.reach(super::named!($model, "viterbi"), &chain, obs)?;
                Ok(chain.viterbi(node.view()))
            }

            fn chain(&self) -> Chain {
                Chain::new(self.transitions.mapv(f64::ln))
            }

            /// `ln bₖ(xₜ)`, with `ln πₖ` added to the first row, shape `(T, k)`.
            fn node(&self, what: &'static str, obs: $obs) -> Result<Array2<f64>> {
                let mut node = self.log_emissions(what, obs)?;
                node.row_mut(0).zip_mut_with(&self.start, |v, p| *v += p.ln());
                Ok(node)
            }

            /// The node, the forward pass and `ln p(x)`, for the caller of that name with its argument.
            fn reach(
                &self,
                [caller, what]: [&'static str; 2],
                chain: &Chain,
                obs: $obs,
            ) -> Result<(Array2<f64>, Array2<f64>, f64)> {
                let node = self.node(what, obs)?;
                let alpha = chain.forward(node.view());
                let log_z = chain::log_total(caller, &alpha)?;
                Ok((node, alpha, log_z))
            }
        }
    };
}
use inference;

/// A method of a model, alone and with its argument, as errors name them.
macro_rules! named {
    ($model:ident, $method:literal) => {
        [
            concat!(stringify!($model), "::", $method),
            concat!(stringify!($model), "::", $method, ": `obs`"),
        ]
    };
}
use named;

/// Checks that `p` is a distribution.
fn check_distribution(what: &'static str, p: ArrayView1<f64>, name: &str) -> Result<()> {
    /// Numbers that were rounded to single precision still pass.
    const TOLERANCE: f64 = 1e-6;
    check_vector(what, p)?;
    if let Some((i, v)) = p.iter().enumerate().find(|(_, v)| **v < 0.0) {
        let problem = format!("{name} holds {v} at position {i}");
        return Err(Error::Distribution { what, problem });
    }
    let sum = p.sum();
    if (sum - 1.0).abs() > TOLERANCE {
        return Err(Error::Distribution { what, problem: format!("{name} sums to {sum}") });
    }
    Ok(())
}

/// Checks `π`, `(k,)`, and a matrix of distributions by row, `(k, columns)`.
fn check_rows(what: &'static str, p: ArrayView2<f64>, shape: (usize, Option<usize>)) -> Result<()> {
    check_matrix(what, p)?;
    let (rows, columns) = (shape.0, shape.1.unwrap_or(p.ncols()));
    if p.dim() != (rows, columns) {
        let (expected, got) = (format!("({rows}, {columns})"), format!("{:?}", p.dim()));
        return Err(Error::Shape { what, expected, got });
    }
    p.rows()
        .into_iter()
        .enumerate()
        .try_for_each(|(i, row)| check_distribution(what, row, &format!("row {i}")))
}

/// A draw from the distribution `p`.
fn draw(p: ArrayView1<f64>, rng: &mut ChaCha8Rng) -> usize {
    let mut u = rng.random::<f64>() * p.sum();
    // Rounding can leave `u` at the end; the last outcome with a chance is then the answer.
    let mut last = 0;
    for (i, &v) in p.iter().enumerate().filter(|(_, v)| **v > 0.0) {
        last = i;
        u -= v;
        if u < 0.0 {
            break;
        }
    }
    last
}

/// Rows drawn evenly from all distributions (Dirichlet with every parameter 1).
fn random_rows(rows: usize, columns: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let weights = Array2::from_shape_simple_fn((rows, columns), || rng.sample::<f64, _>(Exp1));
    rows_to_one(weights, None)
}

/// Divides each row by its sum; a row of zeros becomes that of `otherwise`, or stays.
fn rows_to_one(mut counts: Array2<f64>, otherwise: Option<&Array2<f64>>) -> Array2<f64> {
    for (i, mut row) in counts.rows_mut().into_iter().enumerate() {
        let sum = row.sum();
        if sum > 0.0 {
            row /= sum;
        } else if let Some(old) = otherwise {
            row.assign(&old.row(i));
        }
    }
    counts
}

/// A path of states of the chain.
fn walk(
    start: &Array1<f64>,
    transitions: &Array2<f64>,
    len: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<usize> {
    let mut states = Vec::with_capacity(len);
    let mut state = draw(start.view(), rng);
    for _ in 0..len {
        states.push(state);
        state = draw(transitions.row(state), rng);
    }
    states
}

/// The checks of settings that both versions of Baum–Welch share.
fn check_em(
    estimator: &'static str,
    k: usize,
    max_iter: usize,
    n_init: usize,
    tol: f64,
) -> Result<()> {
    for (name, value) in [("k", k), ("max_iter", max_iter), ("n_init", n_init)] {
        if value == 0 {
            return Err(Error::Parameter { estimator, name, rule: ">= 1", got: "0".into() });
        }
    }
    if !(tol.is_finite() && tol >= 0.0) {
        let (name, rule, got) = ("tol", "finite and >= 0", tol.to_string());
        return Err(Error::Parameter { estimator, name, rule, got });
    }
    Ok(())
}
