//! Causal inference: what would have happened without the treatment.

pub mod impact;
pub mod simplex;
pub mod synthetic_control;
pub mod synthetic_did;
