//! Linear-chain conditional random fields: logistic regression over whole label sequences.
//!
//! ```text
//! p(y | x) = e^{s(x, y)} / Z(x)
//! s(x, y)  = Σₜ Σ_f value_f(x, t) U[f, yₜ] + Σ_{t≥2} W[yₜ₋₁, yₜ]
//! ∂ ln p / ∂U[f, k] = Σₜ value_f(x, t) (1[yₜ = k] − p(yₜ = k | x))              empirical − expected
//! ∂ ln p / ∂W[i, j] = Σₜ (1[yₜ₋₁ = i, yₜ = j] − p(yₜ₋₁ = i, yₜ = j | x))
//! ```
//!
//! The features of a position may look at all of `x`, overlap and depend on each other: `x` is given, so
//! nothing has to be said about its distribution. `ln p` is concave in `(U, W)` when every label is seen,
//! so training has one optimum (unique with `l2 > 0`). Decoding is Viterbi, exact, `O(T K²)`, as for an
//! HMM; an HMM *is* such a field with logarithms of probabilities for weights ([`LinearChainCrf::from_hmm`]).
//!
//! # References
//! Lafferty, McCallum & Pereira (2001); Sutton & McCallum, An introduction to conditional random fields
//! (2012), sections 2.3, 4.1 and 5.1.

mod features;
mod model;
mod train;

pub use features::{Features, symbol_features};
pub use model::LinearChainCrf;
pub use train::LinearChainCrfParams;
