//! The Gaussian nearest to any density on the line, by either direction of the divergence.

mod moments;
mod reverse;

use crate::{Error, Result};
use moments::moments;
use reverse::minima;

/// Which divergence [`fit_gaussian_kl`] makes small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// `KL(p‖q)`, the target first: covers all of its modes. Maximum likelihood is this one.
    Forward,
    /// `KL(q‖p)`, the Gaussian first: settles on one mode. Variational inference is this one.
    Reverse,
}

/// A Gaussian fitted to a density by [`fit_gaussian_kl`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GaussianFit {
    /// Mean of the Gaussian.
    pub mean: f64,
    /// Standard deviation of the Gaussian.
    pub sd: f64,
    /// The divergence that was made small, in nats, with the target scaled to mass 1.
    pub divergence: f64,
    /// Logarithm of the target's integral over the interval; 0 for a density.
    pub log_mass: f64,
    /// `(mean, sd, divergence)` of every local minimum that was found, best first. The forward direction
    /// has one.
    pub local_minima: Vec<(f64, f64, f64)>,
}

/// The Gaussian `q = N(m, s²)` nearest to a density `p` on the line, by either divergence.
///
/// ```text
/// forward   KL(p‖q) = ∫ p ln(p/q):   m = ∫ x p,  s² = ∫ (x − m)² p                  (moments match)
/// reverse   KL(q‖p) = −½ ln(2πe) − ln s − E[ f(m + s u) ],   f = ln p,  u ~ N(0, 1)
///           s ∂/∂m E = E[f u]          ∂/∂(ln s) E = E[f (u² − 1)]                  (Stein)
/// ```
///
/// Forward has one minimum, found by quadrature over `interval` with the points doubled until the
/// moments settle. Reverse has as a rule one minimum a mode: it is searched by Newton's method in
/// `(m, ln s)`, from each peak of a scan of `interval` (the 8 highest) and from the matched moments;
/// all minima are kept, the best is returned. Its expectations run over 8 standard deviations
/// on both sides, and may leave the interval.
///
/// `log_target` is `ln p` up to a constant, as a model gives it; the logarithm, because a density rounds
/// to 0 where its logarithm still counts. It must be negligible outside `interval`, without a peak
/// narrower than 1/4096 of it; where the target jumps to 0 the interval should end. The reverse divergence
/// is infinite where the target is 0 (`−∞`), so a target on a half-line or an interval (exponential,
/// uniform) has no reverse fit.
///
/// # Errors
/// [`Error::Parameter`] for an interval that does not go from a lower to a higher number, a log-target
/// that is NaN or `+∞`, one without mass in the interval, or one that is `−∞` near every reverse fit;
/// [`Error::NotConverged`] when the moments do not settle.
///
/// # Example
/// ```
/// use mlnotes::stats::information::{Direction, fit_gaussian_kl};
/// let bump = |x: f64, m: f64| (-0.5 * (x - m) * (x - m)).exp();
/// let log_target = |x: f64| (bump(x, -3.0) + 2.0 * bump(x, 3.0)).ln();
/// let cover = fit_gaussian_kl(&log_target, (-15.0, 15.0), Direction::Forward)?;
/// assert!((cover.mean - 1.0).abs() < 1e-9 && (cover.sd - 3.0).abs() < 1e-9);
/// let seek = fit_gaussian_kl(&log_target, (-15.0, 15.0), Direction::Reverse)?;
/// assert!((seek.mean - 3.0).abs() < 0.02 && (seek.sd - 1.0).abs() < 0.02);
/// // It knows one of the two bumps, which holds 2/3 of the mass.
/// assert!((seek.divergence - 1.5f64.ln()).abs() < 0.01);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Bishop (2006), section 10.1.2; Opper & Archambeau (2009), eq. 3 to 6.
pub fn fit_gaussian_kl(
    log_target: &dyn Fn(f64) -> f64,
    interval: (f64, f64),
    direction: Direction,
) -> Result<GaussianFit> {
    let (low, high) = interval;
    if !(low.is_finite() && high.is_finite() && low < high) {
        let got = format!("({low}, {high})");
        return Err(parameter("interval", "from a lower to a higher finite number", got));
    }
    let moments = moments(log_target, interval)?;
    let found = match direction {
        Direction::Forward => vec![(moments.mean, moments.sd, moments.divergence())],
        Direction::Reverse => minima(log_target, interval, &moments)?,
    };
    let Some(&(mean, sd, divergence)) = found.first() else {
        let rule = "above -inf wherever a Gaussian near its mass is, for the reverse direction";
        return Err(parameter("log_target", rule, "one that is -inf there".to_owned()));
    };
    Ok(GaussianFit { mean, sd, divergence, log_mass: moments.log_mass, local_minima: found })
}

/// `½ ln(2πe s²)`.
fn gaussian_entropy(sd: f64) -> f64 {
    0.5 * (std::f64::consts::TAU.ln() + 1.0) + sd.ln()
}

/// Steps of the scan for peaks, and of the first quadrature.
const SCAN: u32 = 1 << 12;

/// The log-target at points evenly over the interval.
fn scan(log_target: &dyn Fn(f64) -> f64, (low, high): (f64, f64)) -> Result<Vec<f64>> {
    let step = (high - low) / f64::from(SCAN);
    (0..=SCAN).map(|i| value(log_target, low + step * f64::from(i))).collect()
}

/// The log-target at `x`: a number or `−∞`.
fn value(log_target: &dyn Fn(f64) -> f64, x: f64) -> Result<f64> {
    let f = log_target(x);
    if f < f64::INFINITY {
        return Ok(f);
    }
    Err(parameter("log_target", "a number or -inf everywhere", format!("{f} at x = {x}")))
}

fn parameter(name: &'static str, rule: &'static str, got: String) -> Error {
    Error::Parameter { estimator: "fit_gaussian_kl", name, rule, got }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ndarray::Array1;

    /// `ln N(x | m, s²)`.
    pub(super) fn normal(x: f64, m: f64, s: f64) -> f64 {
        -0.5 * ((x - m) / s).powi(2) - s.ln() - 0.5 * std::f64::consts::TAU.ln()
    }

    /// `ln Σ wᵢ N(x | mᵢ, sᵢ²)`.
    pub(super) fn mixture(x: f64, parts: [(f64, f64, f64); 2]) -> f64 {
        let logs = parts.map(|(w, m, s)| w.ln() + normal(x, m, s));
        crate::base::log_sum_exp(Array1::from(logs.to_vec()).view())
    }

    #[test]
    fn a_gaussian_is_its_own_fit() {
        for constant in [0.0, 5.0f64.ln(), 2000.0, -2000.0] {
            let target = |x: f64| constant + normal(x, 40.0, 0.3);
            for direction in [Direction::Forward, Direction::Reverse] {
                let fit = fit_gaussian_kl(&target, (-100.0, 100.0), direction).unwrap();
                assert!((fit.mean - 40.0).abs() < 1e-9 && (fit.sd - 0.3).abs() < 1e-9, "{fit:?}");
                assert!(fit.divergence < 1e-9 && (fit.log_mass - constant).abs() < 1e-9, "{fit:?}");
                assert_eq!(fit.local_minima.len(), 1);
            }
        }
    }

    #[test]
    fn reverse_of_gumbel_is_known_in_closed_form() {
        // E f = −m − exp(−m + s²/2): the derivatives vanish at m = 1/2, s = 1.
        let gumbel = |x: f64| -x - (-x).exp();
        let fit = fit_gaussian_kl(&gumbel, (-8.0, 60.0), Direction::Reverse).unwrap();
        assert!((fit.mean - 0.5).abs() < 1e-9 && (fit.sd - 1.0).abs() < 1e-9, "{fit:?}");
        let divergence = 1.5 - gaussian_entropy(1.0);
        assert!((fit.divergence - divergence).abs() < 1e-9, "{fit:?}");
    }

    #[test]
    fn two_peaks_are_covered_or_one_is_sought() {
        let target = |x: f64| mixture(x, [(0.5, -4.0, 1.0), (0.5, 4.0, 1.0)]);
        let cover = fit_gaussian_kl(&target, (-20.0, 20.0), Direction::Forward).unwrap();
        assert!(cover.mean.abs() < 1e-9 && (cover.sd - 17f64.sqrt()).abs() < 1e-9, "{cover:?}");
        let seek = fit_gaussian_kl(&target, (-20.0, 20.0), Direction::Reverse).unwrap();
        // The other peak is eight deviations off.
        assert!((seek.mean.abs() - 4.0).abs() < 2e-3 && (seek.sd - 1.0).abs() < 2e-3, "{seek:?}");
        let ends: Vec<f64> = seek.local_minima.iter().take(2).map(|found| found.0).collect();
        assert!((ends[0] + ends[1]).abs() < 1e-6 && (ends[0] - ends[1]).abs() > 7.0, "{seek:?}");
    }

    #[test]
    fn a_target_with_an_edge_has_a_forward_fit_alone() {
        let flat = |x: f64| if (0.0..=1.0).contains(&x) { 0.0 } else { f64::NEG_INFINITY };
        let fit = fit_gaussian_kl(&flat, (0.0, 1.0), Direction::Forward).unwrap();
        assert!((fit.mean - 0.5).abs() < 1e-9 && (fit.sd - 12f64.sqrt().recip()).abs() < 1e-9);
        assert!((fit.divergence - gaussian_entropy(fit.sd)).abs() < 1e-9);
        let error = fit_gaussian_kl(&flat, (0.0, 1.0), Direction::Reverse).unwrap_err();
        assert!(error.to_string().contains("for the reverse direction"), "{error}");
        let decay = |x: f64| if x < 0.0 { f64::NEG_INFINITY } else { -x };
        assert!(fit_gaussian_kl(&decay, (0.0, 50.0), Direction::Reverse).is_err());
        let fit = fit_gaussian_kl(&decay, (0.0, 50.0), Direction::Forward).unwrap();
        assert!((fit.mean - 1.0).abs() < 1e-8 && (fit.sd - 1.0).abs() < 1e-8, "{fit:?}");
    }

    #[test]
    fn bad_targets_and_intervals_are_named() {
        let said = |f: &dyn Fn(f64) -> f64, interval| {
            fit_gaussian_kl(f, interval, Direction::Forward).unwrap_err().to_string()
        };
        let bell = |x: f64| normal(x, 0.0, 1.0);
        assert!(said(&bell, (1.0, 1.0)).contains("`interval`"));
        assert!(said(&bell, (f64::NAN, 1.0)).contains("`interval`"));
        assert!(said(&|_| f64::NEG_INFINITY, (1.0, 2.0)).contains("-inf from 1 to 2"));
        assert!(said(&|x: f64| x.ln(), (-1.0, 1.0)).contains("NaN at x = -1"));
        assert!(said(&|x: f64| -(x * x).ln(), (-1.0, 1.0)).contains("inf at x = 0"));
        let jump = |x: f64| if (0.1..0.9).contains(&x) { 0.0 } else { f64::NEG_INFINITY };
        assert!(said(&jump, (-1.0, 2.0)).contains("where the target jumps"));
    }
}
