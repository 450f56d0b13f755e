//! Requests per second and error rate over the last seconds.
//!
//! ```text
//! rate(t)       = #{requests in (t − w, t]} / w
//! error_rate(t) = #{failed in (t − w, t]} / #{requests in (t − w, t]}
//! ```
//!
//! The width is a choice between noise and delay: with `n` requests in the window a rate has the
//! relative standard error `1/√n`, and a change shows in full only after `w` seconds.

use super::check_time;
use crate::base::check_positive;
use crate::{Error, Result};
use std::collections::VecDeque;

/// Counts requests and failures of the last `width_s` seconds. Memory: the requests of one window.
#[derive(Debug, Clone, PartialEq)]
pub struct SlidingWindow {
    width_s: f64,
    events: VecDeque<(f64, bool)>,
    newest: f64,
}

impl SlidingWindow {
    /// An empty window, `width_s` seconds wide.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `width_s` is finite and > 0.
    ///
    /// # Example
    /// ```
    /// use mlnotes::engineering::monitor::SlidingWindow;
    /// let mut window = SlidingWindow::new(10.0)?;
    /// for second in 0..20 {
    ///     window.record(f64::from(second), second % 5 != 0)?;
    /// }
    /// assert_eq!(window.rate(19.0)?, 1.0);
    /// assert_eq!(window.error_rate(19.0)?, 0.2);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn new(width_s: f64) -> Result<Self> {
        check_positive("SlidingWindow::new", "width_s", width_s)?;
        Ok(Self { width_s, events: VecDeque::new(), newest: f64::NEG_INFINITY })
    }

    /// Takes in a request that ended at second `t`, well (`ok`) or not. Cost `O(1)` amortised.
    ///
    /// # Errors
    /// [`Error::Parameter`] when `t` is not finite or earlier than the newest request.
    pub fn record(&mut self, t: f64, ok: bool) -> Result<()> {
        check_time("SlidingWindow::record", t, self.newest)?;
        self.newest = t;
        self.events.push_back((t, ok));
        while self.events.front().is_some_and(|&(old, _)| old <= t - self.width_s) {
            self.events.pop_front();
        }
        Ok(())
    }

    /// Requests a second over `(t − width, t]`. Divides by the whole width from the start on, so it
    /// is too low during the first `width` seconds. Cost `O(ln n)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] when `t` is not finite or earlier than the newest request.
    pub fn rate(&self, t: f64) -> Result<f64> {
        check_time("SlidingWindow::rate", t, self.newest)?;
        Ok((self.events.len() - self.first(t)) as f64 / self.width_s)
    }

    /// Share of the requests of `(t − width, t]` that failed. Cost `O(n)`.
    ///
    /// # Errors
    /// [`Error::Empty`] when the window holds no request (0/0 is no rate), [`Error::Parameter`] when
    /// `t` is not finite or earlier than the newest request.
    pub fn error_rate(&self, t: f64) -> Result<f64> {
        check_time("SlidingWindow::error_rate", t, self.newest)?;
        let first = self.first(t);
        let n = self.events.len() - first;
        if n == 0 {
            return Err(Error::Empty { what: "SlidingWindow::error_rate", needed: "1 request" });
        }
        Ok(self.events.range(first..).filter(|(_, ok)| !ok).count() as f64 / n as f64)
    }

    /// Index of the first request after `t − width`.
    fn first(&self, t: f64) -> usize {
        self.events.partition_point(|&(old, _)| old <= t - self.width_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_left_end_is_open() {
        let mut window = SlidingWindow::new(2.0).unwrap();
        window.record(1.0, false).unwrap();
        window.record(3.0, true).unwrap();
        assert_eq!((window.rate(3.0), window.error_rate(3.0)), (Ok(0.5), Ok(0.0)));
        assert_eq!(window.rate(5.0), Ok(0.0));
        assert!(matches!(window.error_rate(5.0), Err(Error::Empty { .. })));
    }

    proptest! {
        #[test]
        fn rates_are_those_of_a_full_count(
            steps in proptest::collection::vec((0.0..2.0f64, any::<bool>()), 1..60),
            width in 0.5..10.0f64,
        ) {
            let mut window = SlidingWindow::new(width).unwrap();
            let (mut t, mut all) = (0.0, Vec::new());
            for (step, ok) in steps {
                t += step;
                all.push((t, ok));
                window.record(t, ok).unwrap();
                let now: Vec<bool> = all.iter().filter(|e| e.0 > t - width).map(|e| e.1).collect();
                let failed = now.iter().filter(|ok| !**ok).count();
                prop_assert_eq!(window.rate(t), Ok(now.len() as f64 / width));
                prop_assert_eq!(window.error_rate(t), Ok(failed as f64 / now.len() as f64));
            }
        }
    }

    #[test]
    fn bad_input_is_named() {
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = SlidingWindow::new(width).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "width_s", .. }), "{error}");
        }
        let mut window = SlidingWindow::new(1.0).unwrap();
        window.record(5.0, true).unwrap();
        for t in [4.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(window.record(t, true), Err(Error::Parameter { name: "t", .. })));
            assert!(matches!(window.rate(t), Err(Error::Parameter { name: "t", .. })));
        }
    }
}
