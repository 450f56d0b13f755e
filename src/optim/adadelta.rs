//! `AdaDelta`: steps whose units are those of the parameters, with no rate to choose.
//!
//! ```text
//! g ← g + λ θ,   v ← ρ v + (1 − ρ) g²,   d = √(u + ε) / √(v + ε) · g
//! u ← ρ u + (1 − ρ) d²,                  θ ← θ − η d
//! ```
//!
//! `u` begins at 0, so that `ε` alone sets the first steps: about `√(ε / (1 − ρ))` each.
//!
//! # References
//! Zeiler (2012), algorithm 1; `PyTorch`'s `Adadelta`.

use super::rule::{check_decay, check_share, penalised};
use crate::Result;
use crate::base::check_positive;
use ndarray::{Array1, ArrayView1, Zip};

/// Settings of `AdaDelta`.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `learning_rate` | required | `> 0` | `η`, 1 in the paper |
/// | `rho` | 0.9 | `[0, 1)` | `ρ`, share of both means that is kept |
/// | `epsilon` | 1e-6 | `> 0` | `ε`, under both roots |
/// | `weight_decay` | 0 | `>= 0` | `λ`, price of half the squared parameters |
///
/// ```
/// use mlnotes::optim::{AdaDelta, Descent};
/// use ndarray::array;
/// let mut descent = Descent::new(AdaDelta::new(1.0), 1)?;
/// let mut theta = array![0.0];
/// descent.step(&mut theta, array![100.0].view())?;
/// assert!((theta[0] + (1e-6_f64 / 0.1).sqrt()).abs() < 1e-8);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaDelta {
    pub(crate) learning_rate: f64,
    pub(crate) rho: f64,
    pub(crate) epsilon: f64,
    pub(crate) weight_decay: f64,
}

impl AdaDelta {
    /// `AdaDelta` at this rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, rho: 0.9, epsilon: 1e-6, weight_decay: 0.0 }
    }

    crate::base::setters! {
        /// Sets the share of both means that is kept.
        rho: f64;
        /// Sets what is added under both roots.
        epsilon: f64;
        /// Sets the price of half the squared parameters.
        weight_decay: f64;
    }

    pub(super) fn check(&self) -> Result<()> {
        check_share("AdaDelta", "rho", self.rho)?;
        check_positive("AdaDelta", "epsilon", self.epsilon)?;
        check_decay("AdaDelta", self.weight_decay)
    }

    pub(super) fn step(
        &self,
        rate: f64,
        theta: &mut Array1<f64>,
        g: ArrayView1<f64>,
        square: &mut Array1<f64>,
        moved: &mut Array1<f64>,
    ) {
        Zip::from(theta).and(g).and(square).and(moved).for_each(|theta, &g, v, u| {
            let g = penalised(g, self.weight_decay, *theta);
            *v = self.rho * *v + (1.0 - self.rho) * g * g;
            let d = (*u + self.epsilon).sqrt() / (*v + self.epsilon).sqrt() * g;
            *u = self.rho * *u + (1.0 - self.rho) * d * d;
            *theta -= rate * d;
        });
    }
}
