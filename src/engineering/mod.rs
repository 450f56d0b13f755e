//! Engineering: the tools and idioms around a program.

pub mod cache;
pub mod construct;
pub mod functional;
