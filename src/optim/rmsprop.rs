//! `RMSProp`: Adagrad that forgets.
//!
//! ```text
//! g ← g + λ θ,   v ← α v + (1 − α) g²,   u = g / (√v + ε)
//! plain      θ ← θ − η u
//! momentum   b ← μ b + u,   θ ← θ − η b
//! ```
//!
//! The mean of squares begins at 0 and is not corrected: the first step is `1 / √(1 − α)` times as long as it will
//! be, ten times for `α = 0.99`.
//!
//! # References
//! Tieleman & Hinton (2012), lecture 6e; `PyTorch`'s `RMSprop`. Others put `ε` under the root.

use super::rule::{check_decay, check_share, penalised};
use crate::Result;
use crate::base::check_positive;
use ndarray::{Array1, ArrayView1, Zip};

/// Settings of `RMSProp`.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `learning_rate` | required | `> 0` | `η` |
/// | `alpha` | 0.99 | `[0, 1)` | `α`, share of the mean of squares that is kept |
/// | `momentum` | 0 | `[0, 1)` | `μ`, share of the last step that is kept |
/// | `epsilon` | 1e-8 | `> 0` | `ε`, beside the root |
/// | `weight_decay` | 0 | `>= 0` | `λ`, price of half the squared parameters |
///
/// ```
/// use mlnotes::optim::{Descent, RmsProp};
/// use ndarray::array;
/// let mut descent = Descent::new(RmsProp::new(0.01), 1)?;
/// let mut theta = array![0.0];
/// descent.step(&mut theta, array![5.0].view())?;
/// assert!((theta[0] + 0.1_f64).abs() < 1e-8);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsProp {
    pub(crate) learning_rate: f64,
    pub(crate) alpha: f64,
    pub(crate) momentum: f64,
    pub(crate) epsilon: f64,
    pub(crate) weight_decay: f64,
}

impl RmsProp {
    /// `RMSProp` at this rate.
    pub fn new(learning_rate: f64) -> Self {
        Self { learning_rate, alpha: 0.99, momentum: 0.0, epsilon: 1e-8, weight_decay: 0.0 }
    }

    crate::base::setters! {
        /// Sets the share of the mean of squares that is kept.
        alpha: f64;
        /// Sets the share of the last step that is kept.
        momentum: f64;
        /// Sets what is added to the root.
        epsilon: f64;
        /// Sets the price of half the squared parameters.
        weight_decay: f64;
    }

    pub(super) fn check(&self) -> Result<()> {
        check_share("RmsProp", "alpha", self.alpha)?;
        check_share("RmsProp", "momentum", self.momentum)?;
        check_positive("RmsProp", "epsilon", self.epsilon)?;
        check_decay("RmsProp", self.weight_decay)
    }

    pub(super) fn step(
        &self,
        rate: f64,
        theta: &mut Array1<f64>,
        g: ArrayView1<f64>,
        square: &mut Array1<f64>,
        velocity: &mut Array1<f64>,
    ) {
        Zip::from(theta).and(g).and(square).and(velocity).for_each(|theta, &g, v, b| {
            let g = penalised(g, self.weight_decay, *theta);
            *v = self.alpha * *v + (1.0 - self.alpha) * g * g;
            *b = self.momentum * *b + g / (v.sqrt() + self.epsilon);
            *theta -= rate * *b;
        });
    }
}
