//! What a step makes of a gradient.
//!
//! ```text
//! momentum:  v ← μ v + g,                          θ ← θ − η v
//! Adam:      m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
//!            θ ← θ − η m̂ / (√v̂ + ε),   m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
//! ```

use super::network::{MlpLayer, mlp_flatten, mlp_unflatten};
use crate::{Error, Result};
use ndarray::Array1;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// How the weights follow the gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Optimiser {
    /// Stochastic gradient descent with momentum.
    Sgd {
        /// `η > 0`.
        learning_rate: f64,
        /// `μ` in `[0, 1)`: share of the last step that is kept.
        momentum: f64,
    },
    /// Adam with `β₁ = 0.9`, `β₂ = 0.999`, `ε = 1e-8`.
    Adam {
        /// `η > 0`.
        learning_rate: f64,
    },
}

impl Default for Optimiser {
    fn default() -> Self {
        Self::Adam { learning_rate: 1e-3 }
    }
}

impl Optimiser {
    pub(super) fn check(self, estimator: &'static str) -> Result<()> {
        let bad = |name, rule, got: f64| {
            Err(Error::Parameter { estimator, name, rule, got: got.to_string() })
        };
        let (Self::Sgd { learning_rate, .. } | Self::Adam { learning_rate }) = self;
        if !(learning_rate.is_finite() && learning_rate > 0.0) {
            return bad("learning_rate", "finite and > 0", learning_rate);
        }
        match self {
            Self::Sgd { momentum, .. } if !(0.0..1.0).contains(&momentum) => {
                bad("momentum", "from 0 to below 1", momentum)
            }
            _ => Ok(()),
        }
    }
}

/// An optimiser under way.
pub(super) struct Descent {
    optimiser: Optimiser,
    theta: Array1<f64>,
    /// Momentum's or Adam's mean of gradients, and Adam's mean of their squares.
    first: Array1<f64>,
    second: Array1<f64>,
    /// `β₁ᵗ` and `β₂ᵗ`.
    decay: (f64, f64),
}

impl Descent {
    pub(super) fn new(optimiser: Optimiser, layers: &[MlpLayer]) -> Self {
        let theta = mlp_flatten(layers);
        let zeros = Array1::zeros(theta.len());
        Self { optimiser, theta, first: zeros.clone(), second: zeros, decay: (1.0, 1.0) }
    }

    /// One step against `slopes`; the layers after it.
    pub(super) fn step(&mut self, slopes: &[MlpLayer]) -> Result<Vec<MlpLayer>> {
        let g = mlp_flatten(slopes);
        match self.optimiser {
            Optimiser::Sgd { learning_rate, momentum } => {
                self.first.zip_mut_with(&g, |v, g| *v = momentum * *v + g);
                self.theta.scaled_add(-learning_rate, &self.first);
            }
            Optimiser::Adam { learning_rate } => {
                self.decay = (self.decay.0 * BETA1, self.decay.1 * BETA2);
                self.first.zip_mut_with(&g, |m, g| *m = BETA1 * *m + (1.0 - BETA1) * g);
                self.second.zip_mut_with(&g, |v, g| *v = BETA2 * *v + (1.0 - BETA2) * g * g);
                let (rest1, rest2) = (1.0 - self.decay.0, 1.0 - self.decay.1);
                for ((theta, m), v) in self.theta.iter_mut().zip(&self.first).zip(&self.second) {
                    *theta -= learning_rate * (m / rest1) / ((v / rest2).sqrt() + EPSILON);
                }
            }
        }
        mlp_unflatten(self.theta.view(), slopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn one(weight: f64) -> Vec<MlpLayer> {
        vec![MlpLayer::new(array![[weight]], array![0.0]).unwrap()]
    }

    #[test]
    fn two_steps_by_hand() {
        // Momentum ½ and η = 0.1 with gradients 1 and 2: 0 - 0.1 - 0.1 (0.5 + 2).
        let mut sgd = Descent::new(Optimiser::Sgd { learning_rate: 0.1, momentum: 0.5 }, &one(0.0));
        let _ = sgd.step(&one(1.0)).unwrap();
        let after = sgd.step(&one(2.0)).unwrap();
        assert!((after[0].weights[[0, 0]] + 0.35).abs() < 1e-12);
        // Adam's first step has the length η whatever the gradient's size.
        for g in [1e-3, 5.0, 1e6] {
            let mut adam = Descent::new(Optimiser::Adam { learning_rate: 0.1 }, &one(0.0));
            let after = adam.step(&one(g)).unwrap();
            assert!((after[0].weights[[0, 0]] + 0.1).abs() < 2e-6);
        }
    }
}
