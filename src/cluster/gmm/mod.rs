//! Gaussian mixture, fitted by expectation–maximisation.
//!
//! ```text
//! p(xᵢ) = Σₖ πₖ N(xᵢ | μₖ, Σₖ)
//! E step:  rᵢₖ = πₖ N(xᵢ | μₖ, Σₖ) / Σⱼ πⱼ N(xᵢ | μⱼ, Σⱼ)
//! M step:  nₖ = Σᵢ rᵢₖ,  πₖ = nₖ / n,  μₖ = Σᵢ rᵢₖ xᵢ / nₖ,
//!          Σₖ = Σᵢ rᵢₖ (xᵢ − μₖ)(xᵢ − μₖ)ᵀ / nₖ      with the new μₖ
//! ELBO:    Σᵢₖ rᵢₖ [ln πₖ + ln N(xᵢ | μₖ, Σₖ) − ln rᵢₖ]  ≤  Σᵢ ln p(xᵢ),  equal at the E step's rᵢₖ
//! ```
//!
//! The E step makes the bound touch the likelihood, the M step raises the bound: the likelihood cannot
//! fall. It is not bounded above, though: a component that shrinks onto one row drives it to infinity,
//! which `reg_covar`, added to the diagonal of each covariance, prevents. Densities are computed as
//! logarithms from a Cholesky factor, and summed by log-sum-exp. Components come out in any order.
//!
//! # References
//! Dempster, Laird & Rubin (1977); Bishop, Pattern Recognition and Machine Learning (2006), sections
//! 9.2–9.4, eq. 9.23–9.28; Neal & Hinton (1998).

mod checks;
mod e_step;
mod fit;
mod m_step;
mod model;

pub use e_step::{e_step, elbo};
pub use fit::{GaussianMixtureParams, GmmInit, em_history};
pub use m_step::m_step;
pub use model::GaussianMixture;

use ndarray::{Array1, Array2, Array3};
use serde::{Deserialize, Serialize};

/// The shape that covariances may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Covariance {
    /// One full matrix a component: `k d(d+1)/2` numbers.
    #[default]
    Full,
    /// One full matrix for all: `d(d+1)/2` numbers.
    Tied,
    /// A diagonal a component: `k d` numbers.
    Diag,
    /// A multiple of the identity a component: `k` numbers.
    Spherical,
}

/// Weights, means and covariances of a mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct MixtureParts {
    /// Mixing weights `π`, shape `(k,)`, non-negative, sum 1.
    pub weights: Array1<f64>,
    /// Means `μ`, shape `(k, n_features)`.
    pub means: Array2<f64>,
    /// Covariances `Σ`, shape `(k, n_features, n_features)`, whatever their constraint.
    pub covariances: Array3<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::validity::adjusted_rand;
    use crate::{Error, data};
    use ndarray::{Axis, array, s};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use std::f64::consts::PI;

    const SHAPES: [Covariance; 4] =
        [Covariance::Full, Covariance::Tied, Covariance::Diag, Covariance::Spherical];

    #[test]
    fn penguin_species_are_found() {
        let set = data::penguins();
        let x = data::standardize(set.x.view()).unwrap().x;
        let model = GaussianMixture::params(3).tol(1e-6).fit(x.view()).unwrap();
        let ari = adjusted_rand(&model.predict(x.view()).unwrap(), &set.y).unwrap();
        assert!((ari - 0.960).abs() < 2e-3, "{ari}");
    }

    #[test]
    fn one_component_is_the_sample_mean_and_covariance() {
        let x = &data::iris().x;
        let model = GaussianMixture::params(1).reg_covar(0.0).fit(x.view()).unwrap();
        let cov = crate::decomposition::pca::covariance(x.view()).unwrap() * (149.0 / 150.0);
        let gap = &model.covariances.index_axis(Axis(0), 0) - &cov;
        assert!(gap.iter().all(|v| v.abs() < 1e-12));
    }

    #[test]
    fn in_one_dimension_full_diag_and_spherical_are_the_same() {
        let x = data::iris().x.slice(s![.., 2..3]).to_owned();
        let score = |c| {
            GaussianMixture::params(2).covariance(c).fit(x.view()).unwrap().score(x.view()).unwrap()
        };
        assert!((score(Covariance::Full) - score(Covariance::Diag)).abs() < 1e-12);
        assert!((score(Covariance::Full) - score(Covariance::Spherical)).abs() < 1e-12);
    }

    #[test]
    fn the_density_matches_the_formula() {
        let params = MixtureParts {
            weights: array![1.0],
            means: array![[1.0, -1.0]],
            covariances: array![[[2.0, 0.6], [0.6, 1.0]]],
        };
        let (_, log_likelihood) = e_step(array![[0.0, 0.0]].view(), &params).unwrap();
        // det = 1.64, (x−μ)ᵀ Σ⁻¹ (x−μ) = (1·1 + 2·0.6 + 2·1)/1.64 with x−μ = (−1, 1).
        let expected = -(2.0 * PI).ln() - 0.5 * 1.64f64.ln() - 0.5 * (1.0 + 1.2 + 2.0) / 1.64;
        assert!((log_likelihood - expected).abs() < 1e-14);
    }

    #[test]
    fn a_collapsing_component_is_reported_and_reg_covar_holds_it() {
        let x = array![[0.0], [1.0], [1.5], [2.5], [40.0]];
        let start = MixtureParts {
            weights: array![0.5, 0.5],
            means: array![[1.0], [40.0]],
            covariances: array![[[1.0]], [[1.0]]],
        };
        let settings = GaussianMixture::params(2).init(GmmInit::Given(start)).tol(0.0);
        let collapsed = settings.clone().reg_covar(0.0).fit(x.view());
        assert!(matches!(collapsed, Err(Error::NotPositiveDefinite { .. })), "{collapsed:?}");
        assert!(settings.fit(x.view()).unwrap().trace.iter().all(|v| v.is_finite()));
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[0.0], [0.0], [1.0]];
        let fit = |p: GaussianMixtureParams| p.fit(x.view());
        let gm = GaussianMixture::params;
        assert!(matches!(fit(gm(0)), Err(Error::Parameter { name: "k", .. })));
        assert!(matches!(fit(gm(3)), Err(Error::TooManyClusters { k: 3, distinct: 2, .. })));
        assert!(matches!(fit(gm(1).max_iter(0)), Err(Error::Parameter { name: "max_iter", .. })));
        assert!(matches!(
            fit(gm(1).reg_covar(-1.0)),
            Err(Error::Parameter { name: "reg_covar", .. })
        ));
        assert!(matches!(gm(1).fit(array![[1.0]].view()), Err(Error::TooFewSamples { .. })));
        assert!(matches!(
            gm(1).fit(array![[f64::INFINITY], [1.0]].view()),
            Err(Error::NotFinite { .. })
        ));
        let model = fit(gm(1)).unwrap();
        assert!(matches!(model.predict(array![[1.0, 2.0]].view()), Err(Error::Shape { .. })));
        let mut params = model.parameters();
        params.weights[0] = 0.5;
        assert!(matches!(e_step(x.view(), &params), Err(Error::Parameter { name: "weights", .. })));
        let negative = m_step(x.view(), array![[-1.0], [1.0], [1.0]].view(), Covariance::Full, 0.0);
        assert!(matches!(negative, Err(Error::Parameter { name: "resp", .. })));
    }

    #[test]
    fn the_likelihood_never_falls_and_the_bound_holds() {
        let mut collapsed = 0;
        for seed in 0..100 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let x = Array2::from_shape_fn((60, 2), |_| rng.random_range(-3.0..3.0));
            for shape in SHAPES {
                let settings = GaussianMixture::params(3).covariance(shape).init(GmmInit::Random);
                let settings = settings.reg_covar(0.0).tol(0.0).max_iter(30).seed(seed);
                let model = match settings.fit(x.view()) {
                    Ok(model) => model,
                    Err(Error::NotPositiveDefinite { .. }) => {
                        collapsed += 1;
                        continue;
                    }
                    Err(other) => panic!("{shape:?}, seed {seed}: {other}"),
                };
                assert!(model.trace.len() > 1);
                assert!(model.trace.windows(2).into_iter().all(|w| w[1] >= w[0] - 1e-10));
                let params = model.parameters();
                let (resp, log_likelihood) = e_step(x.view(), &params).unwrap();
                let at_posterior = elbo(x.view(), resp.view(), &params).unwrap();
                assert!((at_posterior - log_likelihood).abs() < 1e-9);
                let uniform = Array2::from_elem((60, 3), 1.0 / 3.0);
                assert!(elbo(x.view(), uniform.view(), &params).unwrap() <= log_likelihood + 1e-9);
            }
        }
        assert!(collapsed < 4, "{collapsed} of 400 collapsed: nothing holds a component up here");
    }
}
