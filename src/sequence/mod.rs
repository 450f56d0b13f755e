//! Models of sequences: hidden Markov models and linear-chain conditional random fields.
//!
//! ```text
//!  HMM  y₁ → y₂ → y₃        p(x, y) = Πₜ p(yₜ | yₜ₋₁) p(xₜ | yₜ)               each xₜ made by its state
//!       ↓    ↓    ↓
//!       x₁   x₂   x₃
//!
//!  CRF  y₁ — y₂ — y₃        p(y | x) = exp Σₜ [U(x, t, yₜ) + W(yₜ₋₁, yₜ)] / Z(x)   x given as a whole
//!        \   |   /
//!            x
//! ```
//!
//! Both sum and maximise over all `Kᵀ` paths in `O(T K²)` by the same recursions along the chain.
//! Chapter: `notebooks/12_hmm_and_crf.ipynb`.

mod chain;
pub mod crf;
pub mod hmm;

pub use crf::{Features, LinearChainCrf, LinearChainCrfParams, symbol_features};
pub use hmm::{
    BaumWelch, BaumWelchParams, CategoricalHmm, GaussianBaumWelch, GaussianBaumWelchParams,
    GaussianHmm,
};
