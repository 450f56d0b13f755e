//! Statistics: tests, estimates, and how far apart texts and distributions are.

pub mod ab;
pub mod bias_variance;
pub mod clt;
pub mod distance;
pub mod hypothesis;
pub mod information;
pub mod likelihood;
pub mod collinearity;
pub mod distance;
pub mod hypothesis;
pub mod information;
pub mod selection;
