//! Adam: momentum over the root of a mean square, both corrected for their start at 0.
//!
//! ```text
//! L2         g ← g + λ θ                        decoupled (`AdamW`)   θ ← (1 − η λ) θ
//! m ← β₁ m + (1 − β₁) g,   m̂ = m / (1 − β₁ᵗ)
//! v ← β₂ v + (1 − β₂) g²,  v̂ = v / (1 − β₂ᵗ)    `AMSGrad`             v̂ = max over the past of v / (1 − β₂ᵗ)
//! θ ← θ − η m̂ / (√v̂ + ε)
//! ```
//!
//! The first step has the length `η` in every coordinate, whatever the gradient's size. A penalty inside `g` is
//! divided by `√v̂` like everything else: it hardly decays a parameter of large gradients, and moves one without
//! gradient by `η` a step for any `λ > 0`. Decay apart from the loss shrinks all alike, by `η λ` a step. Adam itself
//! need not converge, even where the loss is convex; `AMSGrad`, whose rates never grow, does there.
//!
//! `PyTorch` takes the maximum of `AMSGrad` before the correction, over `v`, and corrects the maximum; so it is here.
//!
//! # References
//! Kingma & Ba (2015), algorithm 1; Reddi, Kale & Kumar (2018), algorithm 2; Loshchilov & Hutter (2019), algorithm 2,
//! whose decay is not multiplied by `η` but by its schedule; `PyTorch`'s `Adam` and `AdamW`.

use super::rule::{check_decay, check_share, penalised};
use crate::Result;
use crate::base::check_positive;
use ndarray::{Array1, ArrayView1, Zip};

/// Settings of Adam, `AdamW` and `AMSGrad`.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `learning_rate` | required | `> 0` | `η` |
/// | `beta1` | 0.9 | `[0, 1)` | `β₁`, share of the mean gradient that is kept |
/// | `beta2` | 0.999 | `[0, 1)` | `β₂`, share of the mean square that is kept |
/// | `epsilon` | 1e-8 | `> 0` | `ε`, beside the root, after the correction |
/// | `weight_decay` | 0 | `>= 0` | `λ` |
/// | `decoupled` | false | | whether the decay stands apart from the loss (`AdamW`) |
/// | `amsgrad` | false | | whether a rate may never grow again |
///
/// ```
/// use mlnotes::optim::{Adam, Descent};
/// use ndarray::array;
/// // θ = 1, g = 1, η = λ = 0.1. Decoupled: 0.99 − 0.1. As a penalty: 1 − 0.1.
/// for (decoupled, after) in [(true, 0.89), (false, 0.9)] {
///     let rule = Adam::new(0.1).weight_decay(0.1).decoupled(decoupled);
///     let mut descent = Descent::new(rule, 1)?;
///     let mut theta = array![1.0];
///     descent.step(&mut theta, array![1.0].view())?;
///     assert!((theta[0] - after).abs() < 1e-8_f64);
/// }
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    pub(crate) learning_rate: f64,
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) epsilon: f64,
    pub(crate) weight_decay: f64,
    pub(crate) decoupled: bool,
    pub(crate) amsgrad: bool,
}

impl Adam {
    /// Adam at this rate.
    pub fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            amsgrad: false,
        }
    }

    crate::base::setters! {
        /// Sets the share of the mean gradient that is kept.
        beta1: f64;
        /// Sets the share of the mean square that is kept.
        beta2: f64;
        /// Sets what is added to the root.
        epsilon: f64;
        /// Sets the decay of the parameters.
        weight_decay: f64;
        /// Sets whether the decay stands apart from the loss.
        decoupled: bool;
        /// Sets whether a rate may never grow again.
        amsgrad: bool;
    }

    pub(super) fn check(&self) -> Result<()> {
        check_share("Adam", "beta1", self.beta1)?;
        check_share("Adam", "beta2", self.beta2)?;
        check_positive("Adam", "epsilon", self.epsilon)?;
        check_decay("Adam", self.weight_decay)
    }

    /// `λ` inside of the gradient.
    pub(crate) fn penalty(&self) -> f64 {
        if self.decoupled { 0.0 } else { self.weight_decay }
    }

    /// What a parameter is multiplied by before the step.
    pub(crate) fn kept(&self, rate: f64) -> f64 {
        if self.decoupled { 1.0 - rate * self.weight_decay } else { 1.0 }
    }

    /// `rests` are `1 − β₁ᵗ` and `1 − β₂ᵗ`.
    pub(super) fn step(
        &self,
        (rate, rests): (f64, [f64; 2]),
        theta: &mut Array1<f64>,
        g: ArrayView1<f64>,
        [mean, square, highest]: [&mut Array1<f64>; 3],
    ) {
        let kept = self.kept(rate);
        Zip::from(theta).and(g).and(mean).and(square).and(highest).for_each(
            |theta, &g, m, v, top| {
                let g = penalised(g, self.penalty(), *theta);
                *m = self.beta1 * *m + (1.0 - self.beta1) * g;
                *v = self.beta2 * *v + (1.0 - self.beta2) * g * g;
                *top = if self.amsgrad && *top > *v { *top } else { *v };
                *theta *= kept;
                *theta -= rate * (*m / rests[0]) / ((*top / rests[1]).sqrt() + self.epsilon);
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::Descent;
    use ndarray::array;

    fn first(rule: Adam, theta: f64, g: f64) -> f64 {
        let mut descent = Descent::new(rule, 1).unwrap();
        let mut at = array![theta];
        descent.step(&mut at, array![g].view()).unwrap();
        at[0]
    }

    #[test]
    fn the_first_step_has_the_length_of_the_rate() {
        for g in [1e-3, 5.0, 1e6] {
            assert!((first(Adam::new(0.1), 0.0, g) + 0.1).abs() < 2e-6);
        }
        // ε stands beside the corrected root: a gradient of its size makes half a step.
        assert!((first(Adam::new(0.1), 0.0, 1e-8) + 0.05).abs() < 1e-9);
    }

    #[test]
    fn a_penalty_moves_a_parameter_without_gradient_and_decay_shrinks_it() {
        for decay in [0.1, 1e-6] {
            let l2 = Adam::new(0.1).weight_decay(decay);
            assert!((first(l2, 1.0, 0.0) - 0.9).abs() < 2e-3);
            assert!((first(l2.decoupled(true), 1.0, 0.0) - (1.0 - 0.1 * decay)).abs() < 1e-15);
        }
    }

    /// Reddi, Kale & Kumar (2018), section 3: gradients C, −1, −1 for ever with `β₁ = 0` drive Adam to the wrong end
    /// of [−1, 1]; `AMSGrad` goes to the right one.
    #[test]
    fn where_adam_goes_wrong_amsgrad_goes_right() {
        let end = |amsgrad| {
            let c: f64 = 3.0;
            let rule = Adam::new(0.1).beta1(0.0).beta2(1.0 / (1.0 + c * c)).amsgrad(amsgrad);
            let mut descent = Descent::new(rule, 1).unwrap();
            let mut theta = array![0.0];
            for t in 1..=3000_usize {
                descent.set_learning_rate(0.1 / (t as f64).sqrt()).unwrap();
                let g = if t % 3 == 1 { c } else { -1.0 };
                descent.step(&mut theta, array![g].view()).unwrap();
                theta[0] = theta[0].clamp(-1.0, 1.0);
            }
            theta[0]
        };
        // The mean gradient is (3 − 1 − 1)/3 > 0: the minimum is at −1.
        assert!(end(false) > 0.9, "{}", end(false));
        assert!(end(true) < -0.9, "{}", end(true));
    }
}
