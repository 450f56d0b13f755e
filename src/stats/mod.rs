//! Statistics: likelihood, tests, experiments, and how far apart texts and distributions are.
//!
//! ```text
//! estimate   argmax_θ ℓ(θ),  ℓ(θ) = Σᵢ ln p(xᵢ | θ);   standard error ≈ (−∂²ℓ/∂θ²)^(−1/2) there
//! test       z = (effect − 0) / its standard error;  reject when |z| > z_{1−α/2}
//! distance   KL(p ‖ q) = Σ p ln (p / q) ≥ 0,  0 only when p = q
//! ```
//!
//! | question | module | chapter |
//! |---|---|---|
//! | which parameter made these data likely? | [`likelihood`] | `notebooks/04_likelihood.ipynb` |
//! | how far apart are two texts, two distributions? | [`distance`], [`information`] | `notebooks/05_information_theory.ipynb` |
//! | how much of an error is bias, how much variance? | [`bias_variance`] | `notebooks/07_bagging_bias_variance.ipynb` |
//! | did the experiment change anything? | [`ab`], [`crate::base::Test`], [`clt`], [`quantile`] | `notebooks/08_ab_testing.ipynb` |

pub mod ab;
pub mod bias_variance;
pub mod clt;
pub mod distance;
pub mod information;
pub mod likelihood;
pub mod quantile;
