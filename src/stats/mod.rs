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
//! | did the experiment change anything? | [`ab`], [`crate::base::Test`], [`clt`], [`mod@quantile`] | `notebooks/08_ab_testing.ipynb` |

pub mod ab;
pub mod bias_variance;
pub mod clt;
pub mod distance;
pub mod information;
pub mod likelihood;
pub mod quantile;

pub use ab::{
    AbTest, AbTestParams, Alternative, Correction, Cuped, PowerAnalysis, PowerParams,
    ProportionInterval, RatioEstimate, adjust_p, always_valid_ci, always_valid_p, assign, bucket,
    chi2_contingency, cluster_bootstrap_ci, cuped, linearise, minimum_detectable_effect,
    newcombe_interval, one_sample_t, paired_t, peeking_error_rate, power_curve,
    proportion_interval, ratio_delta, ratio_test, sample_size_means, sample_size_proportions,
    srm_test, two_proportion_z, welch_t, z_test_means,
};
pub use bias_variance::{BiasVariance, Design, Parts, complexity_curve, decompose};
pub use clt::{berry_esseen_bound, ks_to_normal, sample_means, standardised_means};
pub use distance::{Hamming74, hamming, hamming_bits, hamming_str, levenshtein, simhash};
pub use information::{
    GaussianFit, cross_entropy, entropy, fit_gaussian_kl, js_divergence, kl_divergence,
    kl_gaussian, mutual_information,
};
pub use likelihood::{
    Bernoulli, Domain, Exponential, Gamma, LogLikelihood, Mle, Normal, Poisson, UniformZeroTo,
    Weibull, likelihood_ratio, maximize, profile_ci, profile_log_lik, wald_ci,
};
pub use quantile::{QuantileMethod, median, quantile};
