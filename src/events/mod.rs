//! Events: who did what, and when.
//!
//! | question | module |
//! |---|---|
//! | what happened in the last hour, the last ten rows? | [`window`] |
//! | who came back after a week? | [`cohort`] |
//!
//! Chapter: `notebooks/10_data_preparation.ipynb`.

pub mod cohort;
pub mod window;

pub use cohort::{Event, Period, Retention, retention_table};
pub use window::{
    Agg, Bound, Exclude, Frame, FrameMode, Window, cume_dist, dense_rank, lag, lead, ntile,
    percent_rank, rank, row_number, running,
};
