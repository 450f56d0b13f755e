//! Adagrad: a rate a coordinate, that falls with the root of all its squared gradients.
//!
//! ```text
//! g ← g + λ θ,   G ← G + g²,   θ ← θ − ηₜ g / (√G + ε),   ηₜ = η / (1 + (t − 1) δ)
//! ```
//!
//! The sum goes up to and including step `t`, so that the first step has the length `η` in every coordinate, and
//! the rate falls towards 0 for ever: good for sparse features, too much for long training.
//!
//! # References
//! Duchi, Hazan & Singer (2011), figure 1; `PyTorch`'s `Adagrad`.

use super::rule::{check_decay, penalised};
use crate::base::check_positive;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, Zip};

/// Settings of Adagrad.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `learning_rate` | required | `> 0` | `η` |
/// | `epsilon` | 1e-10 | `> 0` | `ε`, beside the root |
/// | `rate_decay` | 0 | `>= 0` | `δ` |
/// | `weight_decay` | 0 | `>= 0` | `λ`, price of half the squared parameters |
///
/// ```
/// use mlnotes::optim::{Adagrad, Descent};
/// use ndarray::array;
/// let mut descent = Descent::new(Adagrad::new(0.1), 2)?;
/// let mut theta = array![0.0, 0.0];
/// descent.step(&mut theta, array![3.0, 300.0].view())?;
/// assert!(theta.iter().all(|x: &f64| (x + 0.1).abs() < 1e-11));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adagrad {
    pub(crate) learning_rate: f64,
    pub(crate) epsilon: f64,
    pub(crate) rate_decay: f64,
    pub(crate) weight_decay: f64,
}

impl Adagrad {
    /// Adagrad at this rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, epsilon: 1e-10, rate_decay: 0.0, weight_decay: 0.0 }
    }

    crate::base::setters! {
        /// Sets what is added to the root.
        epsilon: f64;
        /// Sets how fast the rate falls by itself.
        rate_decay: f64;
        /// Sets the price of half the squared parameters.
        weight_decay: f64;
    }

    pub(super) fn check(&self) -> Result<()> {
        check_positive("Adagrad", "epsilon", self.epsilon)?;
        if !(self.rate_decay.is_finite() && self.rate_decay >= 0.0) {
            let (name, rule, got) = ("rate_decay", "finite and >= 0", self.rate_decay.to_string());
            return Err(Error::Parameter { estimator: "Adagrad", name, rule, got });
        }
        check_decay("Adagrad", self.weight_decay)
    }

    /// `ηₜ` of step `t`, counted from 1.
    pub(crate) fn rate(&self, rate: f64, t: usize) -> f64 {
        rate / (1.0 + (t as f64 - 1.0) * self.rate_decay)
    }

    pub(super) fn step(
        &self,
        rate: f64,
        theta: &mut Array1<f64>,
        g: ArrayView1<f64>,
        sum: &mut Array1<f64>,
    ) {
        Zip::from(theta).and(g).and(sum).for_each(|theta, &g, sum| {
            let g = penalised(g, self.weight_decay, *theta);
            *sum += g * g;
            *theta -= rate * g / (sum.sqrt() + self.epsilon);
        });
    }
}
