//! A circuit breaker: stops calling what fails, and tries again later with one call.
//!
//! ```text
//! Closed    --failure_threshold failures in a row-->  Open
//! Open      --open_s seconds later-->                 HalfOpen
//! HalfOpen  --the one probe succeeds-->               Closed
//! HalfOpen  --the one probe fails-->                  Open
//! ```
//!
//! A caller that waits for a dead dependency holds its own threads, by Little's law `λ · timeout` of
//! them, until it is dead too. An open breaker fails at once instead, so the caller can answer with
//! less (a cached page, no recommendations), and the dependency gets the quiet it needs to come back.
//!
//! The clock is the caller's: times come in as seconds, so a test needs no waiting.
//!
//! # References
//! Nygard (2018), *Release it!*, second edition, chapter 5.

use super::check_time;
use crate::base::{check_positive, setters};
use crate::{Error, Result};

/// What the breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Lets calls through.
    Closed,
    /// Refuses calls.
    Open,
    /// Lets one call through, to see.
    HalfOpen,
}

/// The answer to "may I call?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a call that was refused must not be made"]
pub enum Permit {
    /// Yes.
    Call,
    /// Yes, and the answer decides whether the breaker closes.
    Probe,
    /// No: fail at once, or answer with less.
    Refused,
}

/// Settings of a circuit breaker.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `failure_threshold` | 5 | at least 1 | failures in a row that open it |
/// | `open_s` | 30 | above 0 | seconds until a probe, and until an unanswered probe is given up |
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitBreakerParams {
    failure_threshold: u32,
    open_s: f64,
}

impl CircuitBreakerParams {
    setters! {
        /// Sets how many failures in a row open the breaker.
        failure_threshold: u32;
        /// Sets how long the breaker stays open, in seconds.
        open_s: f64;
    }

    /// A closed breaker.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting outside its range.
    pub fn build(&self) -> Result<CircuitBreaker> {
        let estimator = "CircuitBreaker";
        check_positive(estimator, "open_s", self.open_s)?;
        if self.failure_threshold == 0 {
            let (name, rule) = ("failure_threshold", "at least 1");
            return Err(Error::Parameter { estimator, name, rule, got: "0".into() });
        }
        let (phase, newest) = (Phase::Closed { failures: 0 }, f64::NEG_INFINITY);
        Ok(CircuitBreaker { params: self.clone(), phase, newest })
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Closed {
        failures: u32,
    },
    Open {
        until: f64,
    },
    /// A probe is out; at `until` it counts as lost.
    Probing {
        until: f64,
    },
}

/// A circuit breaker; ask [`Self::before`] each call and tell it [`Self::after`].
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitBreaker {
    params: CircuitBreakerParams,
    phase: Phase,
    newest: f64,
}

impl CircuitBreaker {
    /// Settings: 5 failures in a row, 30 seconds.
    ///
    /// # Example
    /// ```
    /// use mlnotes::engineering::monitor::{BreakerState, CircuitBreaker, Permit};
    /// let mut breaker = CircuitBreaker::params().failure_threshold(2).open_s(10.0).build()?;
    /// for t in [0.0, 1.0] {
    ///     let permit = breaker.before(t)?;
    ///     breaker.after(t, permit, false)?;
    /// }
    /// assert_eq!(breaker.before(5.0)?, Permit::Refused);
    /// let probe = breaker.before(11.0)?;
    /// assert_eq!((probe, breaker.before(11.5)?), (Permit::Probe, Permit::Refused));
    /// breaker.after(12.0, probe, true)?;
    /// assert_eq!(breaker.state(12.0)?, BreakerState::Closed);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> CircuitBreakerParams {
        CircuitBreakerParams { failure_threshold: 5, open_s: 30.0 }
    }

    /// May a call be made at second `t`?
    ///
    /// # Errors
    /// [`Error::Parameter`] when `t` is not finite or runs backwards.
    pub fn before(&mut self, t: f64) -> Result<Permit> {
        self.advance("CircuitBreaker::before", t)?;
        Ok(match self.phase {
            Phase::Closed { .. } => Permit::Call,
            Phase::Open { until } | Phase::Probing { until } if t >= until => {
                self.phase = Phase::Probing { until: t + self.params.open_s };
                Permit::Probe
            }
            _ => Permit::Refused,
        })
    }

    /// Reports at second `t` how the call with this permit went. Late answers to calls from before
    /// the breaker opened say nothing about now and are left out, as are refused calls.
    ///
    /// # Errors
    /// [`Error::Parameter`] when `t` is not finite or runs backwards.
    pub fn after(&mut self, t: f64, permit: Permit, ok: bool) -> Result<()> {
        self.advance("CircuitBreaker::after", t)?;
        let closed = Phase::Closed { failures: 0 };
        let open = Phase::Open { until: t + self.params.open_s };
        self.phase = match (self.phase, permit) {
            (Phase::Closed { .. }, Permit::Call) if ok => closed,
            (Phase::Closed { failures }, Permit::Call) => {
                let failures = failures + 1;
                if failures < self.params.failure_threshold {
                    Phase::Closed { failures }
                } else {
                    open
                }
            }
            (Phase::Probing { .. }, Permit::Probe) => {
                if ok {
                    closed
                } else {
                    open
                }
            }
            (phase, _) => phase,
        };
        Ok(())
    }

    /// What a call at second `t` would meet; open turns into half open when its time is over.
    ///
    /// # Errors
    /// [`Error::Parameter`] when `t` is not finite or runs backwards.
    pub fn state(&self, t: f64) -> Result<BreakerState> {
        check_time("CircuitBreaker::state", t, self.newest)?;
        Ok(match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until } if t < until => BreakerState::Open,
            _ => BreakerState::HalfOpen,
        })
    }

    fn advance(&mut self, estimator: &'static str, t: f64) -> Result<()> {
        check_time(estimator, t, self.newest)?;
        self.newest = t;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn breaker() -> CircuitBreaker {
        CircuitBreaker::params().failure_threshold(3).open_s(10.0).build().unwrap()
    }

    fn call(breaker: &mut CircuitBreaker, t: f64, ok: bool) -> Permit {
        let permit = breaker.before(t).unwrap();
        breaker.after(t, permit, ok).unwrap();
        permit
    }

    #[test]
    fn a_life_by_hand() {
        use BreakerState::{Closed, HalfOpen, Open};
        let mut b = breaker();
        for (t, ok) in [(0.0, false), (1.0, false), (2.0, true), (3.0, false), (4.0, false)] {
            assert_eq!(call(&mut b, t, ok), Permit::Call);
            assert_eq!(b.state(t), Ok(Closed), "a success in between starts the count again");
        }
        assert_eq!((call(&mut b, 5.0, false), b.state(5.0)), (Permit::Call, Ok(Open)));
        assert_eq!(call(&mut b, 14.9, true), Permit::Refused);
        assert_eq!((b.state(14.9), b.state(15.0)), (Ok(Open), Ok(HalfOpen)));
        assert_eq!((call(&mut b, 15.0, false), b.state(24.9)), (Permit::Probe, Ok(Open)));
        assert_eq!((call(&mut b, 25.0, true), b.state(25.0)), (Permit::Probe, Ok(Closed)));
        // The count starts from nothing.
        assert_eq!((call(&mut b, 26.0, false), b.state(26.0)), (Permit::Call, Ok(Closed)));
    }

    #[test]
    fn one_probe_at_a_time_and_a_lost_probe_is_replaced() {
        let mut b = breaker();
        let early = b.before(0.0).unwrap();
        (0..3).for_each(|i| assert_eq!(call(&mut b, f64::from(i), false), Permit::Call));
        b.after(3.0, early, true).unwrap();
        assert_eq!(b.state(3.0), Ok(BreakerState::Open), "a late answer closes nothing");
        assert_eq!(b.before(12.0), Ok(Permit::Probe));
        b.after(13.0, early, true).unwrap();
        assert_eq!(b.state(13.0), Ok(BreakerState::HalfOpen));
        assert_eq!(b.before(21.9), Ok(Permit::Refused));
        assert_eq!(b.before(22.0), Ok(Permit::Probe));
    }

    proptest! {
        #[test]
        fn a_dead_dependency_is_called_rarely(threshold in 1u32..6, open in 1u32..20) {
            let params = CircuitBreaker::params().failure_threshold(threshold);
            let mut b = params.open_s(f64::from(open)).build().unwrap();
            let permits: Vec<Permit> = (0..200).map(|t| call(&mut b, f64::from(t), false)).collect();
            let made = |kind| permits.iter().filter(|p| **p == kind).count();
            prop_assert_eq!(made(Permit::Call), threshold as usize);
            prop_assert_eq!(made(Permit::Probe), ((200 - threshold) / open) as usize);
        }
    }

    #[test]
    fn bad_input_is_named() {
        let error = CircuitBreaker::params().failure_threshold(0).build().unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "failure_threshold", .. }), "{error}");
        for open_s in [0.0, -1.0, f64::NAN] {
            let error = CircuitBreaker::params().open_s(open_s).build().unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "open_s", .. }), "{error}");
        }
        let mut b = breaker();
        assert_eq!(b.before(5.0), Ok(Permit::Call));
        for t in [4.0, f64::NAN] {
            assert!(matches!(b.before(t), Err(Error::Parameter { name: "t", .. })));
            assert!(matches!(b.after(t, Permit::Call, true), Err(Error::Parameter { .. })));
            assert!(matches!(b.state(t), Err(Error::Parameter { .. })));
        }
    }
}
