//! Mass, mean, spread and entropy of a density, by quadrature.

use super::{SCAN, gaussian_entropy, parameter, scan, value};
use crate::display::check_interrupt;
use crate::{Error, Result};

/// What quadrature says of the target.
pub(super) struct Moments {
    pub(super) log_mass: f64,
    pub(super) mean: f64,
    pub(super) sd: f64,
    /// `∫ p ln p` of the scaled target, its negative entropy.
    negentropy: f64,
}

impl Moments {
    /// `KL(p‖q)` of the Gaussian with the same moments: `∫ p ln p + ½ ln(2πe s²)`.
    pub(super) fn divergence(&self) -> f64 {
        // Rounding may leave a hair below 0 for a Gaussian target.
        (self.negentropy + gaussian_entropy(self.sd)).max(0.0)
    }
}

pub(super) fn moments(log_target: &dyn Fn(f64) -> f64, (low, high): (f64, f64)) -> Result<Moments> {
    // In units of the interval, u from −1 to 1, so that no integral depends on the unit of x.
    let (middle, half) = (f64::midpoint(low, high), 0.5 * (high - low));
    let log_density = |u: f64| value(log_target, middle + half * u);
    let scan = scan(log_target, (low, high))?;
    let top = scan.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if top.is_infinite() {
        let got = format!("-inf from {low} to {high}");
        return Err(parameter("log_target", "above -inf somewhere in the interval", got));
    }
    // Scaled by its top, so that neither a large nor a small constant in the log-target matters.
    let first = integrate(
        |u| log_density(u).map(|f| (f - top).exp()).map(|p| [p, u * p]),
        |found| [found[0]; 2],
    )?;
    let (mass, mean) = (first[0], first[1] / first[0]);
    // In a second pass, because the difference of raw moments cancels for a narrow target.
    let second = integrate(
        |u| {
            let log_p = log_density(u)? - top - mass.ln();
            let p = log_p.exp();
            let entropy = if p > 0.0 { p * (log_p - half.ln()) } else { 0.0 };
            Ok([(u - mean) * (u - mean) * p, entropy])
        },
        |found| [found[0], found[1].abs().max(1.0)],
    )?;
    Ok(Moments {
        log_mass: top + (half * mass).ln(),
        mean: middle + half * mean,
        sd: half * second[0].sqrt(),
        negentropy: second[1],
    })
}

/// Two integrals from −1 to 1 by Simpson's rule, with the points doubled until both settle relative to
/// their `scale`.
fn integrate(
    f: impl Fn(f64) -> Result<[f64; 2]>,
    scale: impl Fn([f64; 2]) -> [f64; 2],
) -> Result<[f64; 2]> {
    const LAST: u32 = 1 << 19;
    const TOLERANCE: f64 = 1e-10;
    let at = |i: u32, n: u32| 2.0 * f64::from(i) / f64::from(n) - 1.0;
    let add = |a: [f64; 2], b: [f64; 2]| [a[0] + b[0], a[1] + b[1]];
    let times = |a: [f64; 2], factor: f64| a.map(|v| v * factor);
    let mut sum = times(add(f(-1.0)?, f(1.0)?), 0.5);
    for i in 1..SCAN {
        sum = add(sum, f(at(i, SCAN))?);
    }
    let (mut n, mut trapezoid) = (SCAN, times(sum, 2.0 / f64::from(SCAN)));
    let (mut last, mut change) = (trapezoid, f64::INFINITY);
    while n < LAST {
        check_interrupt();
        n *= 2;
        for i in (1..n).step_by(2) {
            sum = add(sum, f(at(i, n))?);
        }
        let finer = times(sum, 2.0 / f64::from(n));
        let simpson = add(times(finer, 4.0 / 3.0), times(trapezoid, -1.0 / 3.0));
        let allowed = scale(simpson);
        let gaps = [0, 1].map(|k| (simpson[k] - last[k]).abs());
        if (0..2).all(|k| gaps[k] <= TOLERANCE * allowed[k]) {
            return Ok(simpson);
        }
        change = gaps[0].max(gaps[1]);
        (trapezoid, last) = (finer, simpson);
    }
    Err(Error::NotConverged {
        estimator: "fit_gaussian_kl",
        n_iter: n as usize,
        change,
        remedy: "end the interval where the target jumps, or narrow it around the mass",
    })
}
