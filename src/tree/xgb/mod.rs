//! Gradient boosting, second order: each tree minimises a quadratic model of the penalised loss.
//!
//! ```text
//! objective  Σᵢ L(yᵢ, Fᵢ + f(xᵢ)) + γ T + ½ λ Σⱼ wⱼ²            T leaves with weights w₁ … w_T
//! Taylor     Σᵢ [gᵢ f(xᵢ) + ½ hᵢ f(xᵢ)²] + γ T + ½ λ Σⱼ wⱼ²     g = ∂L/∂F, h = ∂²L/∂F², constants dropped
//! by leaves  Σⱼ [Gⱼ wⱼ + ½ (Hⱼ + λ) wⱼ²] + γ T                  G, H: sums of g, h over the leaf's rows
//! leaf       w* = −G / (H + λ),  which leaves −½ G² / (H + λ) + γ
//! split      gain = ½ [G_L²/(H_L+λ) + G_R²/(H_R+λ) − G²/(H+λ)] − γ
//! ```
//!
//! So a tree is grown by sums of `g` and `h` alone, whatever the loss. Two ways to look for the best split
//! give the same tree where they see the same cuts: [`Method::Exact`] tries every place between two
//! values, [`Method::Histogram`] every border between at most 255 bins, which makes a node cost its bins
//! rather than its rows. A missing value (`NaN`) goes the way that gains more, learned at each split.
//! Sums are of whole numbers (fixed point), so that they are exact: neither the order of the rows nor
//! the number of threads changes a bit, and a sibling's histogram is its parent's minus its sister's.
//!
//! Traps. XGBoost leaves the ½ out of the gains it reports, so that its `gamma` is twice this one. Its
//! softmax takes `h = 2 p (1 − p)`, and so do we: see [`Objective::Softmax`]. Leaf-wise growth fits small
//! data to the last row unless [`BoostedTreesRegressorParams::num_leaves`] or
//! [`BoostedTreesRegressorParams::min_child_weight`] hold it.
//!
//! # References
//! Chen & Guestrin (2016), XGBoost: a scalable tree boosting system, equations 2 to 7 and algorithms 1 and
//! 3; Ke et al. (2017), LightGBM, for histograms and leaf-wise growth; Friedman (2001).

mod classifier;
#[cfg(feature = "plot")]
mod draw;
mod ensemble;
mod exact;
mod fit;
mod grow;
mod histogram;
#[cfg(test)]
mod laws;
mod objective;
mod params;
mod regressor;
mod structure;
mod sums;
mod watch;

pub use classifier::{BoostedTreesClassifier, BoostedTreesClassifierParams};
pub use objective::Objective;
pub use regressor::{BoostedTreesRegressor, BoostedTreesRegressorParams};
pub use structure::{BoostedSplit, TreeNode};

/// Which leaf is split next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Growth {
    /// Every leaf of a level, then the next level.
    #[default]
    DepthWise,
    /// The leaf that gains most, wherever it is.
    LeafWise,
}

/// How a node's best split is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Every place between two neighbouring values of the node's rows.
    Exact,
    /// Every border between bins of about equally many rows, fixed before the first tree.
    Histogram {
        /// Bins of a feature, from 2 to 255; missing values have one of their own.
        max_bin: usize,
    },
}

impl Default for Method {
    fn default() -> Self {
        Self::Histogram { max_bin: 255 }
    }
}

/// The weight of a leaf that minimises `G w + ½ (H + λ) w²`: `w* = −G / (H + λ)`.
///
/// `g` and `h` are the sums of the leaf's first and second derivatives. Where `h + lambda` is not above 0
/// there is no minimum and the leaf stays at 0.
///
/// ```
/// use mlnotes::tree::xgb::leaf_weight;
/// // Squared error, residuals 1, 2 and 3: g = F − y sums to −6, and without λ the leaf is their mean.
/// assert_eq!(leaf_weight(-6.0, 3.0, 0.0), 2.0);
/// assert_eq!(leaf_weight(-6.0, 3.0, 1.0), 1.5);
/// ```
pub fn leaf_weight(g: f64, h: f64, lambda: f64) -> f64 {
    if h + lambda > 0.0 { -g / (h + lambda) } else { 0.0 }
}

/// What a split takes off the objective:
/// `½ [G_L²/(H_L+λ) + G_R²/(H_R+λ) − (G_L+G_R)²/(H_L+H_R+λ)] − γ`.
///
/// A part with `h + lambda` not above 0 counts as 0. XGBoost reports twice the bracket's half.
///
/// ```
/// use mlnotes::tree::xgb::split_gain;
/// // Residuals −1, −1 | 1, 1: each part is fitted, −2²/2 on either side, where together they cancel.
/// assert_eq!(split_gain(2.0, 2.0, -2.0, 2.0, 0.0, 0.0), 2.0);
/// assert_eq!(split_gain(2.0, 2.0, -2.0, 2.0, 2.0, 0.5), 0.5);
/// ```
pub fn split_gain(gl: f64, hl: f64, gr: f64, hr: f64, lambda: f64, gamma: f64) -> f64 {
    let score = |g: f64, h: f64| if h + lambda > 0.0 { g * g / (h + lambda) } else { 0.0 };
    0.5 * (score(gl, hl) + score(gr, hr) - score(gl + gr, hl + hr)) - gamma
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `G w + ½ (H + λ) w²`.
    fn objective(g: f64, h: f64, lambda: f64, w: f64) -> f64 {
        g * w + 0.5 * (h + lambda) * w * w
    }

    proptest! {
        #[test]
        fn no_other_weight_is_better(
            g in -9.0..9.0, h in 0.1..9.0, lambda in 0.0..5.0, step in -3.0..3.0,
        ) {
            let best = leaf_weight(g, h, lambda);
            let least = objective(g, h, lambda, best);
            prop_assert!(objective(g, h, lambda, best + step) >= least - 1e-12);
            prop_assert!((least + 0.5 * g * g / (h + lambda)).abs() < 1e-11);
        }

        #[test]
        fn the_gain_is_the_fall_of_the_objective(
            gl in -9.0..9.0, hl in 0.1..9.0, gr in -9.0..9.0, hr in 0.1..9.0,
            lambda in 0.0..5.0, gamma in 0.0..2.0,
        ) {
            let least = |g, h| objective(g, h, lambda, leaf_weight(g, h, lambda));
            let fall = least(gl + gr, hl + hr) - least(gl, hl) - least(gr, hr) - gamma;
            prop_assert!((split_gain(gl, hl, gr, hr, lambda, gamma) - fall).abs() < 1e-11);
            // Without a penalty no split can lose.
            prop_assert!(split_gain(gl, hl, gr, hr, 0.0, 0.0) > -1e-11);
        }
    }

    #[test]
    fn a_leaf_without_curvature_stays_where_it_is() {
        assert!(leaf_weight(3.0, 0.0, 0.0).abs() < 1e-300);
        assert!(split_gain(3.0, 0.0, -3.0, 0.0, 0.0, 0.0).abs() < 1e-300);
    }
}
