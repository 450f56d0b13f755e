//! The soft threshold, and the priors whose modes the penalties are.

use crate::{Error, Result};

/// `S(z, t) = sign(z) max(|z| − t, 0)`: the `w` that minimises `½ (w − z)² + t |w|`.
///
/// For `w > 0` the slope is `w − z + t`, for `w < 0` it is `w − z − t`; at the kink every slope from `−z − t`
/// to `−z + t` is allowed, and 0 is among them exactly when `|z| ≤ t`.
///
/// ```
/// use mlnotes::linear::lasso::soft_threshold;
/// assert_eq!([-3.0, -0.5, 2.0].map(|z| soft_threshold(z, 1.0)), [-2.0, 0.0, 1.0]);
/// ```
pub fn soft_threshold(z: f64, t: f64) -> f64 {
    if z > t {
        z - t
    } else if z < -t {
        z + t
    } else {
        0.0
    }
}

/// A prior of independent weights around 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Prior {
    /// Density `e^{−|w|/b} / (2b)`.
    Laplace {
        /// The scale `b > 0`; the standard deviation is `b √2`.
        scale: f64,
    },
    /// Density of `N(0, τ²)`.
    Gaussian {
        /// The standard deviation `τ > 0`.
        sd: f64,
    },
}

/// The `λ` for which the penalty's minimum is the posterior's mode (MAP), for noise of variance `sigma2`.
///
/// ```text
/// −ln posterior · σ² = ½ ‖y − X w‖² + λ₁ ‖w‖₁ + …      Laplace:   λ₁ = σ²/b
///                    = ½ ‖y − X w‖² + λ₂ ‖w‖² + …      Gaussian:  λ₂ = σ²/(2 τ²)
/// ```
///
/// Mind the scale: this crate's and scikit-learn's lasso divides by `n`, so its `alpha` is `λ₁/n`; ridge has
/// no ½, so its `alpha` is `2 λ₂ = σ²/τ²`. Only the mode is sparse: under the same Laplace prior the
/// posterior's mean is never exactly 0.
///
/// # Errors
/// [`Error::Parameter`] unless `sigma2` and the prior's scale are finite and > 0.
///
/// ```
/// use mlnotes::linear::lasso::{Prior, map_equivalence};
/// assert_eq!(map_equivalence(4.0, Prior::Laplace { scale: 0.5 })?, 8.0);
/// assert_eq!(map_equivalence(4.0, Prior::Gaussian { sd: 0.5 })?, 8.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Tibshirani (1996), section 5; Hastie, Tibshirani & Friedman (2009), section 3.4.3.
pub fn map_equivalence(sigma2: f64, prior: Prior) -> Result<f64> {
    let positive = |name, value: f64| {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        let rule = "finite and > 0";
        Err(Error::Parameter { estimator: "map_equivalence", name, rule, got: value.to_string() })
    };
    positive("sigma2", sigma2)?;
    match prior {
        Prior::Laplace { scale } => positive("scale", scale).map(|()| sigma2 / scale),
        Prior::Gaussian { sd } => positive("sd", sd).map(|()| sigma2 / (2.0 * sd * sd)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_other_weight_is_cheaper(z in -5.0..5.0f64, t in 0.0..3.0f64, other in -6.0..6.0f64) {
            let cost = |w: f64| 0.5 * (w - z) * (w - z) + t * w.abs();
            prop_assert!(cost(soft_threshold(z, t)) <= cost(other) + 1e-12);
        }
    }

    #[test]
    fn a_modes_penalty_needs_positive_scales() {
        assert!(map_equivalence(0.0, Prior::Laplace { scale: 1.0 }).is_err());
        let error = map_equivalence(1.0, Prior::Gaussian { sd: -2.0 }).unwrap_err();
        assert!(error.to_string().contains("`sd` must be finite and > 0, got -2"), "{error}");
    }

    #[test]
    fn the_mode_of_one_weight_is_the_soft_threshold() {
        // One observation z of w, noise variance 1, Laplace scale b: search the posterior's mode.
        let (z, b) = (1.3, 0.8);
        let log_posterior = |w: f64| -0.5 * (z - w) * (z - w) - w.abs() / b;
        let mode = (-30_000..30_000)
            .map(|i| f64::from(i) * 1e-4)
            .max_by(|a, c| log_posterior(*a).total_cmp(&log_posterior(*c)))
            .unwrap();
        let lambda = map_equivalence(1.0, Prior::Laplace { scale: b }).unwrap();
        assert!((mode - soft_threshold(z, lambda)).abs() < 1e-4);
    }
}
