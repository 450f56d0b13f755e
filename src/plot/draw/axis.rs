//! An axis: its ends, and the numbers written beside it.

use crate::Result;
use crate::plot::paper::{canvas, fault};
use crate::plot::sheet::Extent;

/// One axis of a plot.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    log: bool,
    /// Where something is written, and what.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From what the layers need: a little room at both ends, unless told or `tight`.
    pub(super) fn new(
        needed: Extent,
        told: Option<(f64, f64)>,
        tight: bool,
        on_zero: bool,
        log: Option<&str>,
    ) -> Result<Self> {
        let (mut low, mut high) = match (told, needed) {
            (Some(told), _) => told,
            (None, Some(needed)) => needed,
            (None, None) => {
                return Err(fault("Plot", "nothing says how far the axes go: add data or ranges"));
            }
        };
        if let Some(call) = log.filter(|_| low <= 0.0) {
            let reason = format!("`{call}` needs values above 0, got {low}");
            return Err(fault("Plot", reason));
        }
        let log = log.is_some();
        if told.is_none() && log {
            let room = (high / low).powf(0.05).max(1.05);
            (low, high) = (low / room, high * room);
        } else if told.is_none() && !tight {
            if high - low <= 0.0 {
                let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
                (low, high) = (low - room, high + room);
            }
            let room = (high - low) * 0.05;
            let (was_low, was_high) = (low, high);
            (low, high) = (low - room, high + room);
            if on_zero && was_low >= 0.0 {
                low = 0.0;
            }
            if on_zero && was_high <= 0.0 {
                high = 0.0;
            }
        }
        let ticks = if log { decades(low, high) } else { nice(low, high) };
        Ok(Self { low, high, log, ticks })
    }

    /// Names at 0, 1, 2, … instead of numbers.
    pub(super) fn named(mut self, names: &[String]) -> Self {
        self.ticks = names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect();
        self
    }

    /// Where a value stands, from 0 at the low end to 1 at the high end.
    pub(super) fn unit(&self, value: f64) -> f64 {
        if self.log {
            (value.max(self.low * 1e-3).ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// The value that stands a share of the way from the low end to the high end.
    pub(super) fn value(&self, unit: f64) -> f64 {
        if self.log {
            (self.low.ln() + unit * (self.high.ln() - self.low.ln())).exp()
        } else {
            self.low + unit * (self.high - self.low)
        }
    }

    /// Makes the axis longer, about its middle.
    pub(super) fn stretch(&mut self, factor: f64) {
        let (middle, half) = (self.low.midpoint(self.high), (self.high - self.low) / 2.0);
        (self.low, self.high) = (middle - half * factor, middle + half * factor);
        self.ticks = nice(self.low, self.high);
    }
}

/// Multiples of 1, 2 or 5 times a power of ten, four to eight of them.
pub(super) fn nice(low: f64, high: f64) -> Vec<(f64, String)> {
    let rough = (high - low) / 6.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let digits = usize::try_from(canvas::round(-step.log10().floor())).unwrap_or(0);
    let first = canvas::round((low / step - 1e-9).ceil().clamp(-1e6, 1e6));
    let last = canvas::round((high / step + 1e-9).floor().clamp(-1e6, 1e6));
    let far = low.abs().max(high.abs());
    let write = |v: f64| {
        let v = if v.abs() < step * 1e-9 { 0.0 } else { v };
        if far >= 1e5 || (far < 1e-3 && far > 0.0) {
            format!("{v:.1e}")
        } else {
            format!("{v:.digits$}")
        }
    };
    (first..=last).map(|i| f64::from(i) * step).map(|v| (v, write(v))).collect()
}

/// Powers of ten; where they are few, twos and fives as well.
fn decades(low: f64, high: f64) -> Vec<(f64, String)> {
    let (from, to) = (low.log10().floor(), high.log10().ceil());
    let span = canvas::round(to - from);
    let factors: &[f64] = if span <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let stride = usize::try_from(span / 8 + 1).unwrap_or(1);
    let mut ticks = Vec::new();
    for power in (canvas::round(from)..=canvas::round(to)).step_by(stride) {
        for factor in factors {
            let v = factor * 10_f64.powi(power);
            if v >= low * 0.999 && v <= high * 1.001 {
                let plain = (-3..=4).contains(&power);
                let digits = usize::try_from(-power).unwrap_or(0);
                ticks.push((v, if plain { format!("{v:.digits$}") } else { format!("{v:.0e}") }));
            }
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers() {
        let labels = |low, high| nice(low, high).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(labels(0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-3.2, 3.2), ["-2", "0", "2"]);
        assert_eq!(labels(0.0, 0.05), ["0.00", "0.01", "0.02", "0.03", "0.04", "0.05"]);
    }

    #[test]
    fn a_logarithmic_axis_needs_positive_values() {
        let wrong = Axis::new(Some((0.0, 1.0)), None, false, false, Some("log_y"));
        assert!(wrong.unwrap_err().to_string().contains("above 0, got 0"));
    }
}
