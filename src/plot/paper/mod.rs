//! What figures are drawn on: pixels, colours, and the finished picture.

pub(super) mod canvas;
mod figure;
mod mistake;
pub(super) mod theme;

pub use figure::Figure;
pub(crate) use mistake::fault;
pub(super) use mistake::{check_label, not_finite, pair_mistake};
