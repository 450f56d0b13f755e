//! Neural networks and the tools to check them.
pub mod gradcheck;
pub mod loss;
pub mod mlp;
pub mod schedule;
