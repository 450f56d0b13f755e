//! Why did the metric move? Its change, shared out to segments, dimensions or causes.
//!
//! - [`rate_mix`]: a ratio's change as rates inside segments, mix between them, and both together;
//! - [`Adtributor`]: which dimension (platform, country, channel, …) explains the change, and by
//!   which of its elements;
//! - [`shapley`]: any function of switches, shared out fairly; [`shapley_sampled`] for many.
//!
//! All of it is arithmetic on what was observed: it says *where* the change is, not *why*. A cause
//! needs an experiment, or assumptions.

mod adtributor;
mod rate_mix;
mod shapley;

pub use adtributor::{Adtributor, AdtributorParams, Element, Explanation, Measure};
pub use rate_mix::{Contribution, Segment, is_simpson_reversal, rate_mix};
pub use shapley::{ShapleySample, shapley, shapley_sampled};
