//! Queues: where latency comes from, and what ties it to load.
//!
//! ```text
//! L = λ W                                          any system in equilibrium (Little)
//! M/M/1:  sojourn ~ Exp(μ − λ),  its p-quantile = −ln(1 − p) / (μ − λ)
//! M/M/c:  start of service = max(arrival, the earliest time at which a server is free)
//! k calls in parallel, each fast with probability p:  1 − pᵏ meet a slow one
//! ```
//!
//! # References
//! Little (1961); Kleinrock (1975), *Queueing systems*, volume 1, chapter 3; Dean &
//! Barroso (2013), *The tail at scale*.

use crate::base::{check_positive, stream};
use crate::display::check_interrupt;
use crate::{Error, Result};
use rand::Rng;
use rand_distr::Exp1;

/// A request's way through a queue, in the unit of time of the rates.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// When it came.
    pub arrival: f64,
    /// When its service began.
    pub start: f64,
    /// When it was done.
    pub end: f64,
}

impl Request {
    /// Time in the queue, `start − arrival`.
    pub fn wait(&self) -> f64 {
        self.start - self.arrival
    }

    /// Latency as the caller sees it, `end − arrival`.
    pub fn sojourn(&self) -> f64 {
        self.end - self.arrival
    }
}

/// The first `n` requests of an M/M/c queue, in order of arrival: Poisson arrivals at rate `lambda`,
/// exponential service at rate `mu` by each of `servers`, first come first served.
///
/// The queue starts empty, so the first requests are too fast: drop some hundred before measuring.
/// With `lambda >= servers * mu` there is no equilibrium and waits grow without end; that is allowed,
/// for it is what an overload looks like. Cost `O(n · servers)`.
///
/// # Errors
/// [`Error::Parameter`] unless `lambda` and `mu` are finite and > 0 and `servers` is at least 1.
///
/// # Example
/// ```
/// use mlnotes::engineering::monitor::simulate_queue;
/// let mean = |servers| {
///     let requests = simulate_queue(1.8, 1.0, servers, 20_000, 7)?;
///     Ok::<f64, mlnotes::Error>(requests.iter().map(|r| r.sojourn()).sum::<f64>() / 20_000.0)
/// };
/// // 90 % load on two servers: a third one halves the mean latency at the least.
/// assert!(mean(2)? > 2.0 * mean(3)?);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn simulate_queue(
    lambda: f64,
    mu: f64,
    servers: usize,
    n: usize,
    seed: u64,
) -> Result<Vec<Request>> {
    check_positive("simulate_queue", "lambda", lambda)?;
    check_positive("simulate_queue", "mu", mu)?;
    if servers == 0 {
        let (estimator, rule) = ("simulate_queue", "at least 1");
        return Err(Error::Parameter { estimator, name: "servers", rule, got: "0".into() });
    }
    let mut rng = stream(seed, 0);
    let mut exponential = |rate: f64| rng.sample::<f64, _>(Exp1) / rate;
    let mut free = vec![0.0; servers];
    let mut arrival = 0.0;
    let mut requests = Vec::with_capacity(n);
    for i in 0..n {
        if i % 4096 == 0 {
            check_interrupt();
        }
        arrival += exponential(lambda);
        // Arrivals and services in turn, so that the same seed compares systems on the same arrivals.
        let service = exponential(mu);
        let mut first = 0;
        for server in 1..servers {
            if free[server] < free[first] {
                first = server;
            }
        }
        let start = f64::max(arrival, free[first]);
        free[first] = start + service;
        requests.push(Request { arrival, start, end: free[first] });
    }
    Ok(requests)
}

/// Little's law: the mean number in a system, `L = λ W`, from the arrival rate and the mean time
/// that each spends there (in the same unit of time). No distribution is assumed, only equilibrium.
///
/// # Errors
/// [`Error::Parameter`] unless both are finite and not negative.
///
/// # Example
/// ```
/// use mlnotes::engineering::monitor::littles_law;
/// // 200 requests a second of 50 ms each keep 10 threads busy.
/// assert_eq!(littles_law(200.0, 0.05)?, 10.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn littles_law(arrival_rate: f64, mean_time: f64) -> Result<f64> {
    for (name, value) in [("arrival_rate", arrival_rate), ("mean_time", mean_time)] {
        if !value.is_finite() || value < 0.0 {
            let (estimator, rule) = ("littles_law", "finite and >= 0");
            return Err(Error::Parameter { estimator, name, rule, got: value.to_string() });
        }
    }
    Ok(arrival_rate * mean_time)
}

/// The `p`-quantile of the time in an M/M/1 system in equilibrium, `−ln(1 − p) / (μ − λ)`.
///
/// # Errors
/// [`Error::Parameter`] unless `0 < lambda < mu` and `0 <= p < 1`.
///
/// # Example
/// ```
/// use mlnotes::engineering::monitor::mm1_sojourn_quantile;
/// let p99 = |load: f64| mm1_sojourn_quantile(load, 1.0, 0.99);
/// // From 50 % to 90 % load each quantile becomes five times as long.
/// assert!((p99(0.9)? / p99(0.5)? - 5.0).abs() < 1e-9);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn mm1_sojourn_quantile(lambda: f64, mu: f64, p: f64) -> Result<f64> {
    check_positive("mm1_sojourn_quantile", "lambda", lambda)?;
    check_positive("mm1_sojourn_quantile", "mu", mu)?;
    let refuse = |name, rule, got: f64| {
        let (estimator, got) = ("mm1_sojourn_quantile", got.to_string());
        Err(Error::Parameter { estimator, name, rule, got })
    };
    if lambda >= mu {
        return refuse("lambda", "below `mu`: else the queue grows without end", lambda);
    }
    if !(0.0..1.0).contains(&p) {
        return refuse("p", "from 0 to below 1", p);
    }
    Ok(-(-p).ln_1p() / (mu - lambda))
}

/// The probability that at least one of `k` independent calls is slow, `1 − pᵏ`, when each is fast
/// with probability `p`. Calls that share a cause are slow together, and the true number is smaller.
///
/// # Errors
/// [`Error::Probability`] for `p` outside `[0, 1]`.
///
/// # Example
/// ```
/// use mlnotes::engineering::monitor::tail_amplification;
/// // A page of 100 calls meets the slowest per cent in 63 of 100 cases.
/// assert!((tail_amplification(0.99, 100)? - 0.634).abs() < 5e-4);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn tail_amplification(p: f64, k: u32) -> Result<f64> {
    if !(0.0..=1.0).contains(&p) {
        return Err(Error::Probability { what: "tail_amplification: `p`", index: 0, value: p });
    }
    if k == 0 {
        return Ok(0.0);
    }
    // Through logarithms: 1 - p^k loses all digits when p is near 1. The sum turns -0 into 0.
    Ok(0.0 - (f64::from(k) * p.ln()).exp_m1())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_server_idles_while_someone_waits(
            (lambda, mu) in (0.1..5.0f64, 0.1..5.0f64), servers in 1usize..5, seed in 0u64..1000,
        ) {
            let requests = simulate_queue(lambda, mu, servers, 200, seed).unwrap();
            for (i, r) in requests.iter().enumerate() {
                prop_assert!(r.arrival <= r.start && r.start <= r.end);
                prop_assert!(i == 0 || requests[i - 1].start <= r.start, "served out of turn");
                let busy = requests[..i].iter().filter(|o| o.end > r.start).count();
                prop_assert!(busy < servers, "more at work than servers");
                let before = requests[..i].iter().filter(|o| o.end >= r.start).count();
                prop_assert!(r.wait() == 0.0 || before >= servers, "waited for nothing");
            }
        }
    }

    #[test]
    fn littles_law_holds_on_every_path_that_empties() {
        let requests = simulate_queue(0.8, 1.0, 1, 5000, 3).unwrap();
        let end = requests.iter().map(|r| r.end).fold(0.0, f64::max);
        let total: f64 = requests.iter().map(Request::sojourn).sum();
        // The area under the number in the system, from the events themselves.
        let mut events: Vec<(f64, f64)> =
            requests.iter().flat_map(|r| [(r.arrival, 1.0), (r.end, -1.0)]).collect();
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut area, mut inside, mut last) = (0.0, 0.0, 0.0);
        for (t, change) in events {
            area += inside * (t - last);
            (inside, last) = (inside + change, t);
        }
        let law = littles_law(5000.0 / end, total / 5000.0).unwrap();
        assert!((area / end - law).abs() < 1e-9 * law);
    }

    #[test]
    fn tails_by_hand() {
        assert_eq!(tail_amplification(0.5, 2), Ok(0.75));
        assert_eq!(tail_amplification(1.0, 9).map(f64::to_bits), Ok(0));
        assert_eq!((tail_amplification(0.0, 3), tail_amplification(0.0, 0)), (Ok(1.0), Ok(0.0)));
        let tiny = tail_amplification(1.0 - f64::EPSILON, 10).unwrap();
        assert!((tiny / (10.0 * f64::EPSILON) - 1.0).abs() < 1e-9);
        let median = mm1_sojourn_quantile(1.0, 3.0, 0.5).unwrap();
        assert!((median - std::f64::consts::LN_2 / 2.0).abs() < 1e-15);
    }

    #[test]
    fn bad_input_is_named() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(simulate_queue(bad, 1.0, 1, 1, 0), Err(Error::Parameter { .. })));
            assert!(matches!(simulate_queue(1.0, bad, 1, 1, 0), Err(Error::Parameter { .. })));
        }
        let error = simulate_queue(1.0, 1.0, 0, 1, 0).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "servers", .. }), "{error}");
        assert!(simulate_queue(1.0, 1.0, 1, 0, 0).unwrap().is_empty());
        assert!(matches!(littles_law(-1.0, 1.0), Err(Error::Parameter { .. })));
        assert!(matches!(littles_law(1.0, f64::NAN), Err(Error::Parameter { .. })));
        assert!(matches!(tail_amplification(1.1, 2), Err(Error::Probability { .. })));
        assert!(matches!(tail_amplification(f64::NAN, 0), Err(Error::Probability { .. })));
        for (lambda, p) in [(1.0, 0.5), (2.0, 0.5), (0.5, 1.0), (0.5, f64::NAN)] {
            assert!(matches!(mm1_sojourn_quantile(lambda, 1.0, p), Err(Error::Parameter { .. })));
        }
    }
}
