//! Gradient descent, with momentum and with Nesterov's look ahead.
//!
//! ```text
//! g ← g + λ θ
//! v ← μ v + g                                 v₀ = 0, so that v₁ = g
//! plain      θ ← θ − η v
//! Nesterov   θ ← θ − η (g + μ v)
//! ```
//!
//! On a steady gradient `v` grows to `g / (1 − μ)`: beside a mean `v ← μ v + (1 − μ) g`, as papers write it, the
//! rate counts `1 / (1 − μ)` times.
//!
//! # References
//! Polyak (1964); Nesterov (1983); Sutskever, Martens, Dahl & Hinton (2013), eq. 1–4; `PyTorch`'s `SGD`, whose
//! `dampening` is 0 here.

use super::rule::{check_decay, check_share, penalised};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, Zip};

/// Settings of gradient descent.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `learning_rate` | required | `> 0` | `η` |
/// | `momentum` | 0 | `[0, 1)` | `μ`, share of the last step that is kept |
/// | `nesterov` | false | needs momentum | gradient as if the next step had been made |
/// | `weight_decay` | 0 | `>= 0` | `λ`, price of half the squared parameters |
///
/// ```
/// use mlnotes::optim::{Descent, Sgd};
/// use ndarray::array;
/// let mut descent = Descent::new(Sgd::new(0.1).momentum(0.5), 1)?;
/// let mut theta = array![0.0];
/// descent.step(&mut theta, array![1.0].view())?; // v = 1
/// descent.step(&mut theta, array![2.0].view())?; // v = 2.5
/// assert!((theta[0] + 0.35_f64).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    pub(crate) learning_rate: f64,
    pub(crate) momentum: f64,
    pub(crate) nesterov: bool,
    pub(crate) weight_decay: f64,
}

impl Sgd {
    /// Plain descent at this rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    crate::base::setters! {
        /// Sets the share of the last step that is kept.
        momentum: f64;
        /// Sets whether the gradient is taken as if the next step had been made.
        nesterov: bool;
        /// Sets the price of half the squared parameters.
        weight_decay: f64;
    }

    pub(super) fn check(&self) -> Result<()> {
        check_share("Sgd", "momentum", self.momentum)?;
        if self.nesterov && self.momentum <= 0.0 {
            let (name, rule) = ("nesterov", "false without momentum");
            return Err(Error::Parameter { estimator: "Sgd", name, rule, got: "true".to_owned() });
        }
        check_decay("Sgd", self.weight_decay)
    }

    pub(super) fn step(
        &self,
        rate: f64,
        theta: &mut Array1<f64>,
        g: ArrayView1<f64>,
        velocity: &mut Array1<f64>,
    ) {
        Zip::from(theta).and(g).and(velocity).for_each(|theta, &g, v| {
            let g = penalised(g, self.weight_decay, *theta);
            *v = self.momentum * *v + g;
            *theta -= rate * if self.nesterov { g + self.momentum * *v } else { *v };
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::Descent;
    use ndarray::array;

    #[test]
    fn two_steps_by_hand() {
        let after = |rule: Sgd| {
            let mut descent = Descent::new(rule, 1).unwrap();
            let mut theta = array![1.0];
            descent.step(&mut theta, array![1.0].view()).unwrap();
            descent.step(&mut theta, array![2.0].view()).unwrap();
            theta[0]
        };
        // η = 0.1: 1 − 0.1 · 1 − 0.1 · 2.
        assert!((after(Sgd::new(0.1)) - 0.7).abs() < 1e-15);
        // Nesterov, μ = ½: v = 1, θ = 1 − 0.1 · 1.5 = 0.85; v = 2.5, θ = 0.85 − 0.1 · 3.25.
        let nesterov = Sgd::new(0.1).momentum(0.5).nesterov(true);
        assert!((after(nesterov) - 0.525).abs() < 1e-15);
        // λ = ½: g = 1.5, θ = 0.85; g = 2.425, θ = 0.6075.
        assert!((after(Sgd::new(0.1).weight_decay(0.5)) - 0.6075).abs() < 1e-15);
    }
}
