//! Watching a service: latency quantiles, rates, error budgets, alerts and circuit breakers.
//!
//! ```text
//! L = λ W                                   Little's law: concurrency, throughput, time
//! burn = (errors / requests) / (1 − SLO)    how many times too fast the error budget goes
//! P(a page of k calls meets the tail) = 1 − pᵏ
//! ```
//!
//! Three habits go wrong in practice. A mean hides the tail, so latencies are kept as quantiles. A
//! quantile of parts cannot be put together from the parts' quantiles, so hosts send sketches that
//! merge ([`DdSketch`]). A fixed error rate is no rule for waking people, a budget that goes too fast
//! is ([`BurnRateAlert`]).
//!
//! # References
//! Little (1961), *A proof for the queuing formula L = λW*; Dean & Barroso (2013), *The tail at
//! scale*; Beyer et al. (2018), *The site reliability workbook*, chapter 5.

mod breaker;
mod burn;
mod p2;
mod percentiles;
mod queue;
mod sketch;
mod window;

pub use breaker::{BreakerState, CircuitBreaker, CircuitBreakerParams, Permit};
pub use burn::{Alert, Burn, BurnRateAlert, Sample, burn_rate, burn_threshold};
pub use p2::P2Quantile;
pub use percentiles::percentiles;
pub use queue::{Request, littles_law, mm1_sojourn_quantile, simulate_queue, tail_amplification};
pub use sketch::{Bucket, DdSketch};
pub use window::SlidingWindow;

use crate::{Error, Result};

/// A time or another number that must be finite.
fn check_finite(what: &'static str, index: usize, value: f64) -> Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::NotFinite { what, row: index, col: 0, value })
}

/// A time that must not lie before the newest one seen.
fn check_time(estimator: &'static str, t: f64, newest: f64) -> Result<()> {
    if t.is_finite() && t >= newest {
        return Ok(());
    }
    let got = format!("{t} after {newest}");
    Err(Error::Parameter {
        estimator,
        name: "t",
        rule: "finite and never earlier than before",
        got,
    })
}
