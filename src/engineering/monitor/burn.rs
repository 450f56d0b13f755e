//! Error budgets: how fast they burn, and when to wake someone.
//!
//! ```text
//! budget = 1 − SLO                     the share of requests that may fail over the period
//! burn   = (errors / requests) / budget
//! burn 1 for a whole period spends exactly its budget; burn b spends it in period / b
//! alert:   burn over the long window > threshold  and  burn over the short window > threshold
//! ```
//!
//! "Error rate above 1 %" means nothing without the objective: for an SLO of 99.9 % it is a burn of
//! 10 and spends a month's budget in three days; for 95 % it is a burn of 0.2 and harmless. The long
//! window makes sure that the loss is worth a page, the short one that it still goes on, so the alert
//! ends minutes after the incident and not an hour later.
//!
//! # References
//! Beyer, Murphy, Rensin, Kawahara & Thorne, eds. (2018), *The site reliability workbook*, chapter 5,
//! approaches 4–6.

use crate::base::{check_positive, setters};
use crate::{Error, Result};

/// How many times faster than allowed the error budget is spent, `(errors / total) / (1 − slo)`.
///
/// # Errors
/// [`Error::Empty`] for `total == 0`, [`Error::Parameter`] for more errors than requests or `slo`
/// not strictly between 0 and 1 (an objective of 100 % has no budget, so nothing to burn).
///
/// # Example
/// ```
/// use mlnotes::engineering::monitor::burn_rate;
/// // One per cent of failures, against two objectives.
/// assert!((burn_rate(10, 1000, 0.999)? - 10.0).abs() < 1e-9);
/// assert!((burn_rate(10, 1000, 0.95)? - 0.2).abs() < 1e-9);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn burn_rate(errors: u64, total: u64, slo: f64) -> Result<f64> {
    check_slo("burn_rate", slo)?;
    if total == 0 {
        return Err(Error::Empty { what: "burn_rate: `total`", needed: "1 request" });
    }
    if errors > total {
        let (estimator, rule) = ("burn_rate", "at most `total`");
        let got = format!("{errors} of {total}");
        return Err(Error::Parameter { estimator, name: "errors", rule, got });
    }
    Ok(errors as f64 / total as f64 / (1.0 - slo))
}

/// The burn rate that spends `share` of a period's budget in one window, `share · period / window`.
///
/// # Errors
/// [`Error::Parameter`] unless `share` is in `(0, 1]` and both times are finite and > 0.
///
/// # Example
/// ```
/// use mlnotes::engineering::monitor::burn_threshold;
/// // The workbook's two pages: 2 % of a month's budget in an hour, 5 % in six hours.
/// let month = 30.0 * 24.0;
/// assert!((burn_threshold(0.02, 1.0, month)? - 14.4).abs() < 1e-12);
/// assert!((burn_threshold(0.05, 6.0, month)? - 6.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn burn_threshold(share: f64, window: f64, period: f64) -> Result<f64> {
    if !(share > 0.0 && share <= 1.0) {
        let (estimator, rule) = ("burn_threshold", "above 0 and at most 1");
        return Err(Error::Parameter { estimator, name: "share", rule, got: share.to_string() });
    }
    check_positive("burn_threshold", "window", window)?;
    check_positive("burn_threshold", "period", period)?;
    Ok(share * period / window)
}

/// Counts of the interval that ends at `t`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// End of the interval, in seconds.
    pub t: f64,
    /// Requests in it.
    pub requests: u64,
    /// Those that failed.
    pub errors: u64,
}

/// The burn rates at one sample.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Burn {
    /// The sample's time, in seconds.
    pub t: f64,
    /// Burn rate over the long window.
    pub long: f64,
    /// Burn rate over the short window.
    pub short: f64,
    /// Whether both are above the threshold.
    pub firing: bool,
}

/// A stretch of time during which the rule held.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Alert {
    /// The first sample at which both burn rates are above the threshold, in seconds.
    pub start: f64,
    /// The first sample after it at which one is not; none while the alert goes on.
    pub end: Option<f64>,
    /// The largest burn rate over the long window while it fired.
    pub peak: f64,
}

/// The multi-window burn-rate rule.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `slo` | required | above 0, below 1 | share of requests that must succeed |
/// | `long_s` | 3600 | above 0 | the window that must have lost enough, seconds |
/// | `short_s` | 300 | above 0, at most `long_s` | the window that must still lose, seconds |
/// | `threshold` | 14.4 | above 0 | burn rate that both must exceed |
///
/// The defaults page when 2 % of a 30 days' budget went in an hour; see [`burn_threshold`].
#[derive(Debug, Clone, PartialEq)]
pub struct BurnRateAlert {
    slo: f64,
    long_s: f64,
    short_s: f64,
    threshold: f64,
}

impl BurnRateAlert {
    /// The rule for an objective.
    ///
    /// # Example
    /// ```
    /// use mlnotes::engineering::monitor::{BurnRateAlert, Sample};
    /// // A sample a minute; minutes 60 to 79 lose one request in twenty.
    /// let samples: Vec<Sample> = (0..180)
    ///     .map(|m| {
    ///         let errors = if (60..80).contains(&m) { 50 } else { 0 };
    ///         Sample { t: 60.0 * f64::from(m), requests: 1000, errors }
    ///     })
    ///     .collect();
    /// let alerts = BurnRateAlert::params(0.999).evaluate(&samples)?;
    /// assert_eq!(alerts.len(), 1);
    /// // Over the hour 14.4 budgets are gone after 18 minutes; the short window ends it quickly.
    /// assert_eq!((alerts[0].start / 60.0, alerts[0].end), (77.0, Some(83.0 * 60.0)));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(slo: f64) -> Self {
        Self { slo, long_s: 3600.0, short_s: 300.0, threshold: 14.4 }
    }

    setters! {
        /// Sets the long window, in seconds.
        long_s: f64;
        /// Sets the short window, in seconds.
        short_s: f64;
        /// Sets the burn rate that both windows must exceed.
        threshold: f64;
    }

    /// The alerts of a series of samples in rising order of time.
    ///
    /// # Errors
    /// As [`Self::burns`].
    pub fn evaluate(&self, samples: &[Sample]) -> Result<Vec<Alert>> {
        let mut alerts: Vec<Alert> = Vec::new();
        for burn in self.burns(samples)? {
            match alerts.last_mut().filter(|alert| alert.end.is_none()) {
                Some(alert) if burn.firing => alert.peak = alert.peak.max(burn.long),
                Some(alert) => alert.end = Some(burn.t),
                None if burn.firing => {
                    alerts.push(Alert { start: burn.t, end: None, peak: burn.long });
                }
                None => {}
            }
        }
        Ok(alerts)
    }

    /// Both burn rates at each sample, over the samples of `(t − window, t]`; near the start over
    /// those that there are. A window without requests has burnt nothing. Cost `O(n ln n)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting outside its range, times that are not finite or do not
    /// rise, or more errors than requests.
    pub fn burns(&self, samples: &[Sample]) -> Result<Vec<Burn>> {
        self.check(samples)?;
        let mut sums = vec![(0u64, 0u64)];
        for s in samples {
            let (requests, errors) = sums[sums.len() - 1];
            sums.push((requests + s.requests, errors + s.errors));
        }
        let over = |last: usize, width: f64| {
            let from = samples[last].t - width;
            let first = samples[..=last].partition_point(|s| s.t <= from);
            let requests = sums[last + 1].0 - sums[first].0;
            let errors = sums[last + 1].1 - sums[first].1;
            if requests == 0 { Ok(0.0) } else { burn_rate(errors, requests, self.slo) }
        };
        let at = |(i, s): (usize, &Sample)| {
            let (long, short) = (over(i, self.long_s)?, over(i, self.short_s)?);
            let firing = long > self.threshold && short > self.threshold;
            Ok(Burn { t: s.t, long, short, firing })
        };
        samples.iter().enumerate().map(at).collect()
    }

    fn check(&self, samples: &[Sample]) -> Result<()> {
        let estimator = "BurnRateAlert";
        check_slo(estimator, self.slo)?;
        check_positive(estimator, "long_s", self.long_s)?;
        check_positive(estimator, "short_s", self.short_s)?;
        check_positive(estimator, "threshold", self.threshold)?;
        let refuse = |name, rule, got| Err(Error::Parameter { estimator, name, rule, got });
        if self.short_s > self.long_s {
            return refuse("short_s", "at most `long_s`", format!("{}", self.short_s));
        }
        let mut newest = f64::NEG_INFINITY;
        for (i, s) in samples.iter().enumerate() {
            if !s.t.is_finite() || s.t <= newest {
                return refuse("t", "finite and rising", format!("{} at sample {i}", s.t));
            }
            if s.errors > s.requests {
                let got = format!("{} of {} at sample {i}", s.errors, s.requests);
                return refuse("errors", "at most `requests`", got);
            }
            newest = s.t;
        }
        Ok(())
    }
}

fn check_slo(estimator: &'static str, slo: f64) -> Result<()> {
    if slo > 0.0 && slo < 1.0 {
        return Ok(());
    }
    let rule = "above 0 and below 1";
    Err(Error::Parameter { estimator, name: "slo", rule, got: slo.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule() -> BurnRateAlert {
        BurnRateAlert::params(0.9).long_s(4.0).short_s(2.0).threshold(2.0)
    }

    fn series(errors: &[u64]) -> Vec<Sample> {
        let sample = |(i, &errors): (usize, &u64)| Sample { t: i as f64, requests: 10, errors };
        errors.iter().enumerate().map(sample).collect()
    }

    #[test]
    fn a_series_by_hand() {
        // Ten requests a sample and a budget of one in ten: the burn rate is the mean number of
        // errors a sample, over 4 samples and over 2.
        let burns = rule().burns(&series(&[0, 0, 0, 6, 6, 0, 0, 0])).unwrap();
        let long: Vec<f64> = burns.iter().map(|b| b.long).collect();
        let short: Vec<f64> = burns.iter().map(|b| b.short).collect();
        let close = |a: &[f64], b: [f64; 8]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(close(&long, [0.0, 0.0, 0.0, 1.5, 3.0, 3.0, 3.0, 1.5]), "{long:?}");
        assert!(close(&short, [0.0, 0.0, 0.0, 3.0, 6.0, 3.0, 0.0, 0.0]), "{short:?}");
        let alerts = rule().evaluate(&series(&[0, 0, 0, 6, 6, 0, 0, 0])).unwrap();
        assert_eq!((alerts.len(), alerts[0].start, alerts[0].end), (1, 4.0, Some(6.0)));
        assert!((alerts[0].peak - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_blip_wakes_nobody_and_an_open_alert_has_no_end() {
        assert_eq!(rule().evaluate(&series(&[0, 0, 0, 7, 0, 0, 0])), Ok(vec![]));
        let alerts = rule().evaluate(&series(&[0, 9, 9, 9])).unwrap();
        assert_eq!((alerts[0].start, alerts[0].end), (1.0, None));
        assert_eq!(rule().evaluate(&[]), Ok(vec![]));
    }

    #[test]
    fn a_window_without_requests_burns_nothing() {
        let samples = [Sample { t: 0.0, requests: 0, errors: 0 }];
        assert!(rule().burns(&samples).unwrap()[0].long.abs() < f64::EPSILON);
        assert!(matches!(burn_rate(0, 0, 0.9), Err(Error::Empty { .. })));
    }

    #[test]
    fn bad_input_is_named() {
        let name = |rule: &BurnRateAlert, samples: &[Sample]| match rule.burns(samples) {
            Err(Error::Parameter { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        for slo in [0.0, 1.0, f64::NAN] {
            assert_eq!(name(&BurnRateAlert::params(slo), &[]), "slo");
        }
        assert_eq!(name(&rule().long_s(0.0), &[]), "long_s");
        assert_eq!(name(&rule().short_s(f64::NAN), &[]), "short_s");
        assert_eq!(name(&rule().short_s(5.0), &[]), "short_s");
        assert_eq!(name(&rule().threshold(-1.0), &[]), "threshold");
        let at = |t| Sample { t, requests: 1, errors: 0 };
        assert_eq!(name(&rule(), &[at(1.0), at(1.0)]), "t");
        assert_eq!(name(&rule(), &[at(f64::NAN)]), "t");
        assert_eq!(name(&rule(), &[Sample { t: 0.0, requests: 1, errors: 2 }]), "errors");
        assert!(matches!(burn_rate(3, 2, 0.9), Err(Error::Parameter { name: "errors", .. })));
        for share in [0.0, 1.5, f64::NAN] {
            let error = burn_threshold(share, 1.0, 2.0).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "share", .. }), "{error}");
        }
        assert!(matches!(burn_threshold(0.1, 0.0, 2.0), Err(Error::Parameter { .. })));
    }
}
