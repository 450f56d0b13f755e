//! Drawing samples from what was observed.

pub mod bootstrap;
pub mod imbalance;
