//! Statistics: tests, estimates, and how far apart texts and distributions are.

pub mod causal;
pub mod distance;
pub mod hypothesis;
pub mod information;
