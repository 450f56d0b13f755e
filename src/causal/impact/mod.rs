//! Causal impact: forecast the treated series from its past and from untreated controls, and call what
//! the forecast misses the effect.
//!
//! ```text
//! yₜ = μₜ + γₜ + xₜ β + εₜ        level, season, controls, noise
//! effectₜ = yₜ − ŷₜ                ŷ from the model fitted before the intervention
//! ```
//!
//! [`kalman`] filters and smooths the structural part, [`local_level`] fits it by maximum likelihood,
//! [`spike_slab`] chooses among controls, [`bsts`] draws everything from its posterior, and
//! [`bsts::Bsts::impact`] compares with what came. It rests on controls that the intervention does not
//! touch, and on a relation between them and the treated series that stays as it was; neither can be
//! seen in the data after.
//!
//! # References
//! Brodersen, Gallusser, Koehler, Remy & Scott (2015); Scott & Varian (2014).

pub mod bsts;
pub mod effect;
pub mod kalman;
pub mod local_level;
pub mod spike_slab;

pub use bsts::{Bsts, CausalImpact, CausalImpactParams};
pub use effect::{Band, Forecast, Impact, Interval};
