//! What a step makes of a gradient: two of the rules of [`crate::optim`], with their usual settings.

use super::network::{MlpLayer, mlp_flatten, mlp_unflatten};
use crate::optim::{self, Adam, Rule, Sgd};
use crate::{Error, Result};
use ndarray::Array1;

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
    fn rule(self) -> Rule {
        match self {
            Self::Sgd { learning_rate, momentum } => {
                Sgd::new(learning_rate).momentum(momentum).into()
            }
            Self::Adam { learning_rate } => Adam::new(learning_rate).into(),
        }
    }

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
    theta: Array1<f64>,
    descent: optim::Descent,
}

impl Descent {
    pub(super) fn new(optimiser: Optimiser, layers: &[MlpLayer]) -> Result<Self> {
        let theta = mlp_flatten(layers);
        let descent = optim::Descent::new(optimiser.rule(), theta.len())?;
        Ok(Self { theta, descent })
    }

    /// One step against `slopes`; the layers after it.
    pub(super) fn step(&mut self, slopes: &[MlpLayer]) -> Result<Vec<MlpLayer>> {
        self.descent.step(&mut self.theta, mlp_flatten(slopes).view())?;
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
        let mut sgd =
            Descent::new(Optimiser::Sgd { learning_rate: 0.1, momentum: 0.5 }, &one(0.0)).unwrap();
        let _ = sgd.step(&one(1.0)).unwrap();
        let after = sgd.step(&one(2.0)).unwrap();
        assert!((after[0].weights[[0, 0]] + 0.35).abs() < 1e-12);
        // Adam's first step has the length η whatever the gradient's size.
        for g in [1e-3, 5.0, 1e6] {
            let mut adam = Descent::new(Optimiser::Adam { learning_rate: 0.1 }, &one(0.0)).unwrap();
            let after = adam.step(&one(g)).unwrap();
            assert!((after[0].weights[[0, 0]] + 0.1).abs() < 2e-6);
        }
    }
}
