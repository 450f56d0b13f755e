//! Statistics: how far apart texts and distributions are.

pub mod distance;
pub mod information;
