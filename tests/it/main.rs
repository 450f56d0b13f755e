//! Every test that sees the library from outside, in one program: it links candle and SQLite once.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod candle;
mod catalogue;
mod cnn;
mod contract;
mod error_words;
mod peers;
mod references;
mod rooms;
mod simulation_causal;
mod support;
