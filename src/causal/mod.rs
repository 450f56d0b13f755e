//! Causal inference: what would have happened without the treatment.
//!
//! ```text
//! Y(1), Y(0): outcomes of a row with and without treatment; only Y = T Y(1) + (1 − T) Y(0) is seen
//! ATE = E[Y(1) − Y(0)]            over everybody
//! ATT = E[Y(1) − Y(0) | T = 1]    over those who were treated
//! ```
//!
//! No estimator here creates what a design lacks. Matching on covariates, matching on the propensity
//! score, weighting and regression all need the same two assumptions: no unmeasured confounder,
//! `(Y(0), Y(1)) ⊥ T | X`, and overlap, `0 < P(T = 1 | X) < 1`. Difference in differences trades them for
//! parallel trends; synthetic control and [`impact`] for untouched donors that follow the treated unit before.
//!
//! # References
//! Rosenbaum & Rubin (1983); Imbens & Rubin (2015), *Causal Inference for Statistics, Social, and
//! Biomedical Sciences*.

pub mod assignment;
pub mod balance;
mod check;
pub mod did;
mod effect;
pub mod event_study;
pub mod impact;
pub mod matching;
mod metric;
pub mod placebo;
pub mod propensity;
pub mod simplex;
pub mod stratification;
pub mod synthetic_control;
pub mod synthetic_did;
pub mod weighting;

pub use assignment::{Assignment, assign};
pub use balance::{CommonSupport, common_support, standardised_differences};
pub use did::{DiffInDiff, diff_in_diff};
pub use effect::{Effect, Estimand};
pub use event_study::{EventStudy, event_study, pre_trend_test};
pub use matching::{Match, Matches, Matching, match_units};
pub use metric::Metric;
pub use placebo::{SpacePlacebos, placebo_in_space, placebo_in_time};
pub use propensity::{logit, propensity_score};
pub use stratification::{Strata, stratify};
pub use weighting::{Weighting, WeightingParams, aipw, ipw, outcome_means};
