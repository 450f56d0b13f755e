//! Settings.

use super::model::BoostedTrees;
use super::{Growth, Method, Objective};
use crate::base::setters;
use crate::tree::stopping::{Stopping, stopping_setters};
use crate::{Error, Result};

const NAME: &str = "BoostedTrees";

impl BoostedTrees {
    /// Default settings: squared error, 100 trees of depth 6, rate 0.3, `λ = 1`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::{BoostedTrees, Objective};
    /// let cancer = mlnotes::data::breast_cancer();
    /// let model = BoostedTrees::params()
    ///     .objective(Objective::Logistic)
    ///     .n_trees(20)
    ///     .fit_classes(cancer.x.view(), &cancer.y)?;
    /// let p = model.predict_proba(cancer.x.view())?;
    /// assert_eq!(p.dim(), (569, 2));
    /// let wrong = (0..569).filter(|&i| (p[[i, 1]] > 0.5) != (cancer.y[i] == 1)).count();
    /// assert!(wrong < 6);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> BoostedTreesParams {
        BoostedTreesParams {
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

/// Settings of second-order boosting.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `objective` | `SquaredError` | | the loss |
/// | `n_trees` | 100 | `>= 1` | rounds; `Softmax(c)` grows `c` trees a round |
/// | `eta` | 0.3 | `> 0` | share of each tree that is added |
/// | `max_depth` | 6 | `>= 1` | most questions of a tree |
/// | `num_leaves` | none | `>= 2` | most leaves of a tree |
/// | `growth` | `DepthWise` | | which leaf is split next; leaf-wise needs `num_leaves` to differ |
/// | `method` | `Histogram { max_bin: 255 }` | 2 to 255 bins | how splits are found |
/// | `lambda` | 1 | `>= 0` | penalty `½ λ w²` of a leaf's weight |
/// | `gamma` | 0 | `>= 0` | price of a leaf, in units of the loss; XGBoost's is twice it |
/// | `min_child_weight` | 1 | `>= 0` | least `H` of a leaf: rows, for squared error |
/// | `subsample` | 1 | `0 < s <= 1` | share of the rows each round draws, without replacement |
/// | `colsample` | 1 | `0 < s <= 1` | share of the features each tree draws |
/// | `goss` | none | `0 <= a`, `0 < b`, `a + b <= 1` | keep the share `a` of largest gradients, draw `b` |
/// | `base_score` | the best constant | | start, in units of the prediction; a margin for `Softmax`, `Custom` |
/// | `patience` | none | `>= 1` | rounds without a lower loss on rows held out, after which to stop |
/// | `validation_share` | 0.1 | `0 < s < 1` | share of the rows held out to that end |
/// | `seed` | 0 | | chance of rows and features |
#[derive(Debug, Clone)]
pub struct BoostedTreesParams {
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

impl BoostedTreesParams {
    setters! {
        /// Sets the loss.
        objective: Objective;
        /// Sets the number of rounds.
        n_trees: usize;
        /// Sets the share of each tree that is added, the learning rate.
        eta: f64;
        /// Sets the largest number of questions of a tree.
        max_depth: usize;
        /// Sets which leaf is split next.
        growth: Growth;
        /// Sets how splits are found.
        method: Method;
        /// Sets the penalty of a leaf's weight, `½ λ w²`.
        lambda: f64;
        /// Sets the price of a leaf, in units of the loss.
        gamma: f64;
        /// Sets the least sum of second derivatives of a leaf.
        min_child_weight: f64;
        /// Sets the share of the rows that each round draws, without replacement.
        subsample: f64;
        /// Sets the share of the features that each tree draws.
        colsample: f64;
        /// Seeds the draws of rows and features.
        seed: u64;
    }
    stopping_setters!(stopping);

    /// Sets the largest number of leaves of a tree.
    #[must_use]
    pub fn num_leaves(mut self, num_leaves: usize) -> Self {
        self.num_leaves = Some(num_leaves);
        self
    }

    /// Samples rows by gradient, see [`goss_sample`](crate::tree::lightgbm::goss_sample): keeps the share `top` of the largest, draws `other`.
    #[must_use]
    pub fn goss(mut self, top: f64, other: f64) -> Self {
        self.goss = Some((top, other));
        self
    }

    /// Sets the start: a number, a probability of class 1 for [`Objective::Logistic`], else a margin.
    #[must_use]
    pub fn base_score(mut self, base_score: f64) -> Self {
        self.base_score = Some(base_score);
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let bad =
            |name, rule, got: String| Err(Error::Parameter { estimator: NAME, name, rule, got });
        let not_negative = |v: f64| v.is_finite() && v >= 0.0;
        let share = |v: f64| v > 0.0 && v <= 1.0;
        match self.method {
            Method::Histogram { max_bin } if !(2..=255).contains(&max_bin) => {
                return bad("max_bin", "from 2 to 255", max_bin.to_string());
            }
            _ => {}
        }
        match self.objective {
            Objective::Softmax(n) if n < 2 => {
                return bad("objective", "a softmax of 2 classes or more", n.to_string());
            }
            Objective::Logistic if self.base_score.is_some_and(|p| !(p > 0.0 && p < 1.0)) => {
                let got = self.base_score.unwrap_or_default().to_string();
                return bad("base_score", "a probability above 0 and below 1", got);
            }
            _ => {}
        }
        self.stopping.check(NAME)?;
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
