//! Statistics: likelihood, tests, causal effects, features, outliers, and how far apart texts and
//! distributions are.

pub mod ab;
pub mod attribution;
pub mod bias_variance;
pub mod causal;
pub mod clt;
pub mod cohort;
pub mod collinearity;
pub mod distance;
pub mod hypothesis;
pub mod information;
pub mod isolation_forest;
pub mod likelihood;
pub mod outliers;
pub mod quantile;
pub mod selection;
pub mod window;
