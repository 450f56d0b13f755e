//! Statistics: likelihood, tests, causal effects, features, outliers, and how far apart texts and
//! distributions are.
//!
//! ```text
//! estimate   argmax_θ ℓ(θ),  ℓ(θ) = Σᵢ ln p(xᵢ | θ);   standard error ≈ (−∂²ℓ/∂θ²)^(−1/2) there
//! test       z = (effect − 0) / its standard error;  reject when |z| > z_{1−α/2}
//! effect     E[Y(1) − Y(0)]: of two outcomes one is seen, so it takes chance or assumptions
//! distance   KL(p ‖ q) = Σ p ln (p / q) ≥ 0,  0 only when p = q
//! ```
//!
//! | question | module | chapter |
//! |---|---|---|
//! | which parameter made these data likely? | [`likelihood`] | `notebooks/04_likelihood.ipynb` |
//! | how far apart are two texts, two distributions? | [`distance`], [`information`] | `notebooks/05_information_theory.ipynb` |
//! | how much of an error is bias, how much variance? | [`bias_variance`] | `notebooks/07_bagging_bias_variance.ipynb` |
//! | did the experiment change anything? | [`ab`], [`hypothesis`], [`clt`], [`quantile`] | `notebooks/08_ab_testing.ipynb` |
//! | what if there was no experiment? | [`causal`] | `notebooks/09_causal_inference.ipynb` |
//! | what happened when, to whom, and is it odd? | [`window`], [`cohort`], [`attribution`], [`outliers`], [`isolation_forest`] | `notebooks/10_data_preparation.ipynb` |
//! | which features, and do they say the same? | [`selection`], [`collinearity`] | `notebooks/11_features_and_collinearity.ipynb` |

pub mod ab;
pub mod attribution;
pub mod bias_variance;
pub mod causal;
pub mod clt;
pub mod cohort;
pub mod collinearity;
pub mod distance;
pub mod hypothesis;
pub mod information;
pub mod isolation_forest;
pub mod likelihood;
pub mod outliers;
pub mod quantile;
pub mod selection;
pub mod window;
