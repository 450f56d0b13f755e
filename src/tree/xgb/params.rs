//! Settings that both kinds of boosted trees have.

use super::{Growth, Method, Objective};
use crate::tree::stopping::Stopping;
use crate::{Error, Result};

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) objective: Objective,
    pub(super) n_trees: usize,
    pub(super) eta: f64,
    pub(super) max_depth: usize,
    pub(super) num_leaves: Option<usize>,
    pub(super) growth: Growth,
    pub(super) method: Method,
    pub(super) lambda: f64,
    pub(super) gamma: f64,
    pub(super) min_child_weight: f64,
    pub(super) subsample: f64,
    pub(super) colsample: f64,
    pub(super) goss: Option<(f64, f64)>,
    pub(super) base_score: Option<f64>,
    pub(super) seed: u64,
    pub(super) stopping: Stopping,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            objective: Objective::SquaredError,
            n_trees: 100,
            eta: 0.3,
            max_depth: 6,
            num_leaves: None,
            growth: Growth::DepthWise,
            method: Method::default(),
            lambda: 1.0,
            gamma: 0.0,
            min_child_weight: 1.0,
            subsample: 1.0,
            colsample: 1.0,
            goss: None,
            base_score: None,
            seed: 0,
            stopping: Stopping::default(),
        }
    }
}

impl Settings {
    pub(super) fn check(&self, estimator: &'static str) -> Result<()> {
        let bad = |name, rule, got: String| Err(Error::Parameter { estimator, name, rule, got });
        let not_negative = |v: f64| v.is_finite() && v >= 0.0;
        let share = |v: f64| v > 0.0 && v <= 1.0;
        match self.method {
            Method::Histogram { max_bin } if !(2..=255).contains(&max_bin) => {
                return bad("max_bin", "from 2 to 255", max_bin.to_string());
            }
            _ => {}
        }
        match self.objective {
            Objective::Logistic if self.base_score.is_some_and(|p| !(p > 0.0 && p < 1.0)) => {
                let got = self.base_score.unwrap_or_default().to_string();
                return bad("base_score", "a probability above 0 and below 1", got);
            }
            _ => {}
        }
        self.stopping.check(estimator)?;
        match self.objective {
            Objective::Custom(_) if self.stopping.patience.is_some() => {
                let rule = "none with a custom loss, of which only the slopes are known";
                return bad(
                    "patience",
                    rule,
                    self.stopping.patience.unwrap_or_default().to_string(),
                );
            }
            _ => {}
        }
        match self.goss {
            Some((a, b)) if !(a >= 0.0 && b > 0.0 && a + b <= 1.0) => {
                return bad("goss", "shares with a >= 0, b > 0, a + b <= 1", format!("({a}, {b})"));
            }
            Some(_) if self.subsample < 1.0 => {
                return bad("subsample", "1 with `goss`", self.subsample.to_string());
            }
            _ => {}
        }
        let rules = [
            (self.n_trees >= 1, "n_trees", ">= 1", self.n_trees as f64),
            (self.max_depth >= 1, "max_depth", ">= 1", self.max_depth as f64),
            (
                self.num_leaves.is_none_or(|n| n >= 2),
                "num_leaves",
                ">= 2",
                self.num_leaves.unwrap_or_default() as f64,
            ),
            (self.eta.is_finite() && self.eta > 0.0, "eta", "finite and > 0", self.eta),
            (not_negative(self.lambda), "lambda", "finite and >= 0", self.lambda),
            (not_negative(self.gamma), "gamma", "finite and >= 0", self.gamma),
            (
                not_negative(self.min_child_weight),
                "min_child_weight",
                "finite and >= 0",
                self.min_child_weight,
            ),
            (share(self.subsample), "subsample", "above 0 and at most 1", self.subsample),
            (share(self.colsample), "colsample", "above 0 and at most 1", self.colsample),
            (
                self.base_score.is_none_or(f64::is_finite),
                "base_score",
                "finite",
                self.base_score.unwrap_or_default(),
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, name, rule, got)) => bad(name, rule, got.to_string()),
            None => Ok(()),
        }
    }
}

/// The setters of both.
macro_rules! boosting_setters {
    () => {
        /// Sets the number of rounds.
        #[must_use]
        pub fn n_trees(mut self, n_trees: usize) -> Self {
            self.settings.n_trees = n_trees;
            self
        }

        /// Sets the share of each tree that is added, the learning rate.
        #[must_use]
        pub fn eta(mut self, eta: f64) -> Self {
            self.settings.eta = eta;
            self
        }

        /// Sets the largest number of questions of a tree.
        #[must_use]
        pub fn max_depth(mut self, max_depth: usize) -> Self {
            self.settings.max_depth = max_depth;
            self
        }

        /// Sets which leaf is split next.
        #[must_use]
        pub fn growth(mut self, growth: Growth) -> Self {
            self.settings.growth = growth;
            self
        }

        /// Sets how splits are found.
        #[must_use]
        pub fn method(mut self, method: Method) -> Self {
            self.settings.method = method;
            self
        }

        /// Sets the penalty of a leaf's weight, `½ λ w²`.
        #[must_use]
        pub fn lambda(mut self, lambda: f64) -> Self {
            self.settings.lambda = lambda;
            self
        }

        /// Sets the price of a leaf, in units of the loss.
        #[must_use]
        pub fn gamma(mut self, gamma: f64) -> Self {
            self.settings.gamma = gamma;
            self
        }

        /// Sets the least sum of second derivatives of a leaf.
        #[must_use]
        pub fn min_child_weight(mut self, min_child_weight: f64) -> Self {
            self.settings.min_child_weight = min_child_weight;
            self
        }

        /// Sets the share of the rows that each round draws, without replacement.
        #[must_use]
        pub fn subsample(mut self, subsample: f64) -> Self {
            self.settings.subsample = subsample;
            self
        }

        /// Sets the share of the features that each tree draws.
        #[must_use]
        pub fn colsample(mut self, colsample: f64) -> Self {
            self.settings.colsample = colsample;
            self
        }

        /// Seeds the draws of rows and features.
        #[must_use]
        pub fn seed(mut self, seed: u64) -> Self {
            self.settings.seed = seed;
            self
        }

        /// Sets the largest number of leaves of a tree.
        #[must_use]
        pub fn num_leaves(mut self, num_leaves: usize) -> Self {
            self.settings.num_leaves = Some(num_leaves);
            self
        }

        /// Samples rows by gradient, see [`goss_sample`](crate::tree::lightgbm::goss_sample): keeps the share `top` of
        /// the largest, draws `other`.
        #[must_use]
        pub fn goss(mut self, top: f64, other: f64) -> Self {
            self.settings.goss = Some((top, other));
            self
        }

        stopping_setters!(settings.stopping);
    };
}
pub(super) use boosting_setters;
