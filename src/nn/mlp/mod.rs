//! Multi-layer perceptron: layers of weighted sums with a bend between them, and their gradient by hand.
//!
//! ```text
//! A₀ = X,   Z_l = A_{l−1} W_l + 1 b_lᵀ,   A_l = g(Z_l),   output Z_L          shapes (n, size of layer l)
//! classes:  L = mean −ln softmax(Z_L)_y + λ/2 Σ ‖W_l‖²      δ_L = (softmax(Z_L) − Y) / n
//! numbers:  L = mean ½ ‖Z_L − Y‖² + λ/2 Σ ‖W_l‖²            δ_L = (Z_L − Y) / n
//! backwards:  ∂L/∂W_l = A_{l−1}ᵀ δ_l + λ W_l,   ∂L/∂b_l = δ_lᵀ 1,   δ_{l−1} = (δ_l W_lᵀ) ∘ g′(Z_{l−1})
//! ```
//!
//! The loss is not convex: another `seed` ends elsewhere. Scale the features (and a regressor's target), or
//! the first steps saturate the units. Without a hidden layer it is softmax or linear regression. These are
//! networks of a laptop's size on plain arrays; what needs automatic gradients takes candle.
//!
//! # References
//! Rumelhart, Hinton & Williams (1986); Glorot & Bengio (2010), eq. 16, the start; Kingma & Ba (2015),
//! algorithm 1, Adam; Goodfellow, Bengio & Courville (2016), algorithms 6.3 and 6.4.

mod classifier;
mod network;
mod optimiser;
mod regressor;
mod training;

pub use classifier::{MlpClassifier, MlpClassifierParams};
pub use network::{MlpLayer, MlpTarget, mlp_backprop, mlp_flatten, mlp_init, mlp_unflatten};
pub use optimiser::Optimiser;
pub use regressor::{MlpRegressor, MlpRegressorParams};

use crate::base::sigmoid;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// The bend `g` after each hidden layer; without one, layers collapse into a single linear map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Activation {
    /// `z`.
    Identity,
    /// `1 / (1 + e⁻ᶻ)`.
    Logistic,
    /// `tanh z`.
    Tanh,
    /// `max(0, z)`.
    #[default]
    Relu,
}

impl Activation {
    fn apply(self, mut z: Array2<f64>) -> Array2<f64> {
        match self {
            Self::Identity => {}
            Self::Logistic => z.mapv_inplace(sigmoid),
            Self::Tanh => z.mapv_inplace(f64::tanh),
            Self::Relu => z.mapv_inplace(|z| z.max(0.0)),
        }
        z
    }

    /// Multiplies `delta` by `g′(z)`, which each of these tells from `a = g(z)`.
    fn back(self, delta: &mut Array2<f64>, a: &Array2<f64>) {
        let slope = |a: f64| match self {
            Self::Identity => 1.0,
            Self::Logistic => a * (1.0 - a),
            Self::Tanh => 1.0 - a * a,
            Self::Relu => f64::from(u8::from(a > 0.0)),
        };
        delta.zip_mut_with(a, |delta, &a| *delta *= slope(a));
    }
}
