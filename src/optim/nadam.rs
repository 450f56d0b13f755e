//! Nadam: Adam whose momentum looks one step ahead.
//!
//! ```text
//! g ← g + λ θ,   m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,   v̂ = v / (1 − β₂ᵗ)
//! μₜ = β₁ (1 − ½ 0.96^{t ψ}),   Πₜ = μ₁ ⋯ μₜ
//! θ ← θ − η [ (1 − μₜ) / (1 − Πₜ) g + μₜ₊₁ / (1 − Πₜ₊₁) m ] / (√v̂ + ε)
//! ```
//!
//! # References
//! Dozat (2016), algorithm 2 and its schedule of momentum; `PyTorch`'s `NAdam`.

use super::rule::{check_decay, check_share, penalised};
use crate::base::check_positive;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, Zip};

/// Settings of Nadam.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `learning_rate` | required | `> 0` | `η` |
/// | `beta1` | 0.9 | `[0, 1)` | `β₁`, share of the mean gradient that is kept |
/// | `beta2` | 0.999 | `[0, 1)` | `β₂`, share of the mean square that is kept |
/// | `epsilon` | 1e-8 | `> 0` | `ε`, beside the root, after the correction |
/// | `momentum_decay` | 4e-3 | `>= 0` | `ψ`, how fast the momentum rises to `β₁` |
/// | `weight_decay` | 0 | `>= 0` | `λ`, price of half the squared parameters |
///
/// ```
/// use mlnotes::optim::{Descent, Nadam};
/// use ndarray::array;
/// let mut descent = Descent::new(Nadam::new(0.1), 1)?;
/// let mut theta = array![1.0];
/// for _ in 0..200 {
///     let slope = theta.clone(); // of ½ θ²
///     descent.step(&mut theta, slope.view())?;
/// }
/// assert!(theta[0].abs() < 0.01_f64);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nadam {
    pub(crate) learning_rate: f64,
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) epsilon: f64,
    pub(crate) momentum_decay: f64,
    pub(crate) weight_decay: f64,
}

impl Nadam {
    /// Nadam at this rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            momentum_decay: 4e-3,
            weight_decay: 0.0,
        }
    }

    crate::base::setters! {
        /// Sets the share of the mean gradient that is kept.
        beta1: f64;
        /// Sets the share of the mean square that is kept.
        beta2: f64;
        /// Sets what is added to the root.
        epsilon: f64;
        /// Sets how fast the momentum rises.
        momentum_decay: f64;
        /// Sets the price of half the squared parameters.
        weight_decay: f64;
    }

    pub(super) fn check(&self) -> Result<()> {
        check_share("Nadam", "beta1", self.beta1)?;
        check_share("Nadam", "beta2", self.beta2)?;
        check_positive("Nadam", "epsilon", self.epsilon)?;
        if !(self.momentum_decay.is_finite() && self.momentum_decay >= 0.0) {
            let (name, rule) = ("momentum_decay", "finite and >= 0");
            let got = self.momentum_decay.to_string();
            return Err(Error::Parameter { estimator: "Nadam", name, rule, got });
        }
        check_decay("Nadam", self.weight_decay)
    }

    /// `μₜ`.
    pub(crate) fn momentum(&self, t: usize) -> f64 {
        self.beta1 * (1.0 - 0.5 * 0.96_f64.powf(t as f64 * self.momentum_decay))
    }

    /// What gradient and mean are multiplied by at step `t`, of which `product` is `Πₜ`.
    pub(crate) fn shares(&self, t: usize, product: f64) -> [f64; 2] {
        let (now, next) = (self.momentum(t), self.momentum(t + 1));
        [(1.0 - now) / (1.0 - product), next / (1.0 - product * next)]
    }

    /// `rest` is `1 − β₂ᵗ`.
    pub(super) fn step(
        &self,
        (rate, shares, rest): (f64, [f64; 2], f64),
        theta: &mut Array1<f64>,
        g: ArrayView1<f64>,
        [mean, square]: [&mut Array1<f64>; 2],
    ) {
        Zip::from(theta).and(g).and(mean).and(square).for_each(|theta, &g, m, v| {
            let g = penalised(g, self.weight_decay, *theta);
            *m = self.beta1 * *m + (1.0 - self.beta1) * g;
            *v = self.beta2 * *v + (1.0 - self.beta2) * g * g;
            let root = (*v / rest).sqrt() + self.epsilon;
            *theta -= rate * (shares[0] * g + shares[1] * *m) / root;
        });
    }
}
