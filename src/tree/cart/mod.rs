//! CART: a tree of questions `xⱼ ≤ t`, grown by the split that lowers impurity most.
//!
//! ```text
//! Gini     I = Σₖ pₖ (1 − pₖ)               classes; pₖ: share of class k among the node's rows
//! entropy  I = −Σₖ pₖ log₂ pₖ
//! squares  I = mean (yᵢ − ȳ)²               regression
//! split    max over (j, t) of  W·I − W_L·I_L − W_R·I_R      W: weight of the rows; always ≥ 0
//! leaf     class shares pₖ, or the mean ȳ
//! prune    R_α(T) = Σ_leaves (W_t / W) I_t + α · n_leaves    the smallest tree that minimises it
//! ```
//!
//! Thresholds stand midway between neighbouring distinct values. The search is greedy: a split that
//! gains nothing is made where rows still differ (exclusive-or needs it), and among equal gains the
//! lower feature and threshold win. A single tree is cheap to read, and unstable: a few rows decide the
//! first question and with it all others, which is why [`crate::ensemble`] and [`super::forest`] average.
//!
//! Cost `O(n_samples · n_features · depth)` after one sort a feature.
//!
//! # References
//! Breiman, Friedman, Olshen & Stone, Classification and Regression Trees (1984), chapters 3 (pruning),
//! 4 and 8; Hastie, Tibshirani & Friedman (2009), section 9.2.

mod classifier;
mod columns;
#[cfg(feature = "plot")]
mod draw;
mod grow;
mod prune;
mod regressor;
mod structure;
mod target;

pub use classifier::{DecisionTreeClassifier, DecisionTreeClassifierParams};
pub use prune::PruningStep;
pub use regressor::{DecisionTreeRegressor, DecisionTreeRegressorParams};
pub use structure::{Node, Split, Tree};
pub use target::Criterion;

pub(super) use columns::{Columns, between};
pub(super) use grow::{Limits, grow};
pub(super) use structure::shares;
pub(super) use target::{Classes, Squares};

use crate::{Error, Result};

/// How many features each split looks at, drawn anew without replacement.
///
/// A draw goes on past that number until one feature varies among the node's rows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum MaxFeatures {
    /// All of them: nothing is left to chance.
    #[default]
    All,
    /// `⌊√n_features⌋`, at least 1.
    Sqrt,
    /// `⌊share · n_features⌋`, at least 1; the share is above 0 and at most 1.
    Share(f64),
    /// That many, from 1 to `n_features`.
    Count(usize),
}

impl MaxFeatures {
    pub(super) fn resolve(self, estimator: &'static str, n_features: usize) -> Result<usize> {
        let bad = |rule, got: String| {
            Err(Error::Parameter { estimator, name: "max_features", rule, got })
        };
        match self {
            Self::All => Ok(n_features),
            Self::Sqrt => Ok(n_features.isqrt().max(1)),
            Self::Share(share) if share > 0.0 && share <= 1.0 => Ok(part(share, n_features)),
            Self::Share(share) => bad("a share above 0 and at most 1", share.to_string()),
            Self::Count(count) if (1..=n_features).contains(&count) => Ok(count),
            Self::Count(count) => bad("from 1 to the number of features", count.to_string()),
        }
    }
}

/// `⌊share · n⌋`, at least 1, for a share in `(0, 1]`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 < share <= 1")]
pub(crate) fn part(share: f64, n: usize) -> usize {
    ((share * n as f64) as usize).clamp(1, n.max(1))
}

/// The settings that every tree shares, of a forest too.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Growth {
    pub(super) max_depth: Option<usize>,
    pub(super) min_leaf: usize,
    pub(super) min_split: usize,
    pub(super) max_features: MaxFeatures,
}

impl Growth {
    pub(super) fn new(max_features: MaxFeatures) -> Self {
        Self { max_depth: None, min_leaf: 1, min_split: 2, max_features }
    }

    /// Checks against data of `n_samples` rows and `n_features` columns.
    pub(super) fn limits(
        &self,
        estimator: &'static str,
        n_samples: usize,
        n_features: usize,
    ) -> Result<Limits> {
        let bad = |name, rule, got: usize| {
            Err(Error::Parameter { estimator, name, rule, got: got.to_string() })
        };
        if self.max_depth == Some(0) {
            return bad("max_depth", ">= 1", 0);
        }
        if self.min_leaf == 0 || self.min_leaf > n_samples {
            return bad("min_leaf", "from 1 to the number of rows", self.min_leaf);
        }
        if self.min_split < 2 {
            return bad("min_split", ">= 2", self.min_split);
        }
        if u32::try_from(n_samples).is_err() {
            let expected = format!("at most {} rows", u32::MAX);
            return Err(Error::Shape { what: estimator, expected, got: n_samples.to_string() });
        }
        Ok(Limits {
            max_depth: self.max_depth.unwrap_or(usize::MAX),
            min_leaf: self.min_leaf,
            min_split: self.min_split,
            max_features: self.max_features.resolve(estimator, n_features)?,
        })
    }
}

fn check_alpha(estimator: &'static str, alpha: f64) -> Result<()> {
    if alpha.is_finite() && alpha >= 0.0 {
        return Ok(());
    }
    let (name, rule) = ("ccp_alpha", "finite and >= 0");
    Err(Error::Parameter { estimator, name, rule, got: alpha.to_string() })
}

/// The setters of [`Growth`], for every params type that has the field `growth`.
macro_rules! growth_setters {
    () => {
        /// Sets the largest number of questions between the root and a leaf.
        #[must_use]
        pub fn max_depth(mut self, max_depth: usize) -> Self {
            self.growth.max_depth = Some(max_depth);
            self
        }

        /// Sets the fewest rows of a leaf.
        #[must_use]
        pub fn min_leaf(mut self, min_leaf: usize) -> Self {
            self.growth.min_leaf = min_leaf;
            self
        }

        /// Sets the fewest rows of a node that may be split.
        #[must_use]
        pub fn min_split(mut self, min_split: usize) -> Self {
            self.growth.min_split = min_split;
            self
        }

        /// Sets how many features each split looks at.
        #[must_use]
        pub fn max_features(mut self, max_features: $crate::tree::cart::MaxFeatures) -> Self {
            self.growth.max_features = max_features;
            self
        }
    };
}
pub(super) use growth_setters;
