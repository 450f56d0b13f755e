//! Decision trees, and what is built of many: forests and boosting. [`crate::ensemble`] bags and stacks.
//!
//! ```text
//! tree       ask the question xⱼ ≤ t that lowers impurity most, then again on either side
//! bagging    mean of B trees on resamples     variance ρσ² + (1 − ρ)σ² / B;  the bias stays
//! forest     bagging whose splits see few features each: a smaller ρ
//! boosting   F ← F + η · tree fitted to −∂L/∂F     the bias falls round by round
//! ```
//!
//! Chapters: `notebooks/07_bagging_bias_variance.ipynb`, `notebooks/19_trees_and_boosting.ipynb`.

pub mod cart;
pub mod forest;
pub mod gbdt;
pub mod lightgbm;
mod stopping;
pub mod xgb;

pub use cart::{
    Criterion, DecisionTreeClassifier, DecisionTreeClassifierParams, DecisionTreeRegressor,
    DecisionTreeRegressorParams, MaxFeatures, Node, PruningStep, Split, Tree,
};
pub use forest::{
    OutOfBag, RandomForestClassifier, RandomForestClassifierParams, RandomForestRegressor,
    RandomForestRegressorParams,
};
pub use gbdt::{
    GradientBoostingClassifier, GradientBoostingClassifierParams, GradientBoostingRegressor,
    GradientBoostingRegressorParams, TreeSum,
};
pub use lightgbm::{
    CategorySplit, best_category_split, bin_edges, bundle_exclusive, goss_sample, merge_bundles,
};
pub use xgb::{
    BoostedSplit, BoostedTreesClassifier, BoostedTreesClassifierParams, BoostedTreesRegressor,
    BoostedTreesRegressorParams, Growth, Method, Objective, TreeNode, leaf_weight, split_gain,
};
