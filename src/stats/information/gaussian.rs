//! Gaussians: the divergence of two in closed form, and the one nearest to any density.

use crate::display::check_interrupt;
use crate::numeric::{check_matrix, check_vector};
use crate::{Error, Result};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{ArrayView1, ArrayView2};

/// Steps of the scan for peaks, and of the first quadrature.
const SCAN: u32 = 1 << 12;

/// `KL(N(m₀, S₀) ‖ N(m₁, S₁))` in nats, means `(d,)` and covariances `(d, d)`:
///
/// ```text
/// ½ ( tr(S₁⁻¹ S₀) + (m₁ − m₀)ᵀ S₁⁻¹ (m₁ − m₀) − d + ln det S₁ − ln det S₀ )
/// ```
///
/// Only the lower triangles of the covariances are read.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], and [`Error::NotPositiveDefinite`].
///
/// ```
/// use ndarray::array;
/// let unit = array![[1.0]];
/// let kl = mlnotes::stats::information::kl_gaussian(
///     array![0.0].view(), unit.view(), array![2.0].view(), unit.view(),
/// )?;
/// assert!((kl - 2.0).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Cover & Thomas (2006), theorem 8.6.5 with 8.6.1.
pub fn kl_gaussian(
    m0: ArrayView1<f64>,
    s0: ArrayView2<f64>,
    m1: ArrayView1<f64>,
    s1: ArrayView2<f64>,
) -> Result<f64> {
    let d = m0.len();
    if d == 0 {
        return Err(Error::Empty { what: "kl_gaussian: `m0`", needed: "1 dimension" });
    }
    check_vector("kl_gaussian: `m0`", m0)?;
    check_vector("kl_gaussian: `m1`", m1)?;
    if m1.len() != d {
        let (expected, got) = (format!("({d},)"), format!("({},)", m1.len()));
        return Err(Error::Shape { what: "kl_gaussian: `m1`", expected, got });
    }
    for (what, s) in [("kl_gaussian: `s0`", s0.view()), ("kl_gaussian: `s1`", s1.view())] {
        if s.dim() != (d, d) {
            let (expected, got) = (format!("({d}, {d})"), format!("{:?}", s.dim()));
            return Err(Error::Shape { what, expected, got });
        }
        check_matrix(what, s)?;
    }
    let factor = |name: &str, s: ArrayView2<f64>| {
        Mat::from_fn(d, d, |i, j| s[[i.max(j), i.min(j)]]).llt(Side::Lower).map_err(|_| {
            Error::NotPositiveDefinite {
                what: format!("kl_gaussian: `{name}`"),
                remedy: "a covariance needs linearly independent features; add a little to its diagonal",
            }
        })
    };
    let (factor0, factor1) = (factor("s0", s0)?, factor("s1", s1)?);
    let log_det = |l: &faer::linalg::solvers::Llt<f64>| -> f64 {
        let l = l.L();
        (0..d).map(|i| 2.0 * l[(i, i)].ln()).sum()
    };
    let ratio = factor1.solve(Mat::from_fn(d, d, |i, j| s0[[i.max(j), i.min(j)]]));
    let trace: f64 = (0..d).map(|i| ratio[(i, i)]).sum();
    let shift = Mat::from_fn(d, 1, |i, _| m1[i] - m0[i]);
    let weighted = factor1.solve(&shift);
    let distance: f64 = (0..d).map(|i| shift[(i, 0)] * weighted[(i, 0)]).sum();
    Ok(0.5 * (trace + distance - d as f64 + log_det(&factor1) - log_det(&factor0)))
}

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
/// assert!((seek.mean - 3.0).abs() < 0.01 && (seek.sd - 1.0).abs() < 0.01);
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
    let minima = match direction {
        Direction::Forward => vec![(moments.mean, moments.sd, moments.divergence())],
        Direction::Reverse => reverse_minima(log_target, interval, &moments)?,
    };
    let Some(&(mean, sd, divergence)) = minima.first() else {
        let rule = "above -inf wherever a Gaussian near its mass is, for the reverse direction";
        return Err(parameter("log_target", rule, "one that is -inf there".to_owned()));
    };
    Ok(GaussianFit { mean, sd, divergence, log_mass: moments.log_mass, local_minima: minima })
}

/// What quadrature says of the target.
struct Moments {
    log_mass: f64,
    mean: f64,
    sd: f64,
    /// `∫ p ln p` of the scaled target, its negative entropy.
    negentropy: f64,
}

impl Moments {
    /// `KL(p‖q)` of the Gaussian with the same moments: `∫ p ln p + ½ ln(2πe s²)`.
    fn divergence(&self) -> f64 {
        // Rounding may leave a hair below 0 for a Gaussian target.
        (self.negentropy + gaussian_entropy(self.sd)).max(0.0)
    }
}

/// `½ ln(2πe s²)`.
fn gaussian_entropy(sd: f64) -> f64 {
    0.5 * (std::f64::consts::TAU.ln() + 1.0) + sd.ln()
}

fn moments(log_target: &dyn Fn(f64) -> f64, (low, high): (f64, f64)) -> Result<Moments> {
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

/// The log-target at points evenly over the interval.
fn scan(log_target: &dyn Fn(f64) -> f64, (low, high): (f64, f64)) -> Result<Vec<f64>> {
    let step = (high - low) / f64::from(SCAN);
    (0..=SCAN).map(|i| value(log_target, low + step * f64::from(i))).collect()
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

/// Every local minimum of the reverse divergence that a start leads to, best first.
fn reverse_minima(
    log_target: &dyn Fn(f64) -> f64,
    interval: (f64, f64),
    moments: &Moments,
) -> Result<Vec<(f64, f64, f64)>> {
    let mut starts = peaks(log_target, interval)?;
    starts.push((moments.mean, moments.sd));
    let mut minima: Vec<(f64, f64, f64)> = Vec::new();
    for start in starts {
        check_interrupt();
        let Some((mean, sd, expected_log)) = descend(log_target, start)? else { continue };
        let near = |other: &(f64, f64, f64)| {
            (other.0 - mean).abs() < 1e-4 * sd && (other.1 / sd).ln().abs() < 1e-4
        };
        if !minima.iter().any(near) {
            let divergence = moments.log_mass - gaussian_entropy(sd) - expected_log;
            minima.push((mean, sd, divergence.max(0.0)));
        }
    }
    minima.sort_by(|a, b| a.2.total_cmp(&b.2));
    Ok(minima)
}

/// The highest peaks of a scan, each with half the width at `e^{−1/2}` of its height: for a Gaussian,
/// mean and standard deviation.
fn peaks(log_target: &dyn Fn(f64) -> f64, (low, high): (f64, f64)) -> Result<Vec<(f64, f64)>> {
    const MOST: usize = 8;
    let f = scan(log_target, (low, high))?;
    let step = (high - low) / f64::from(SCAN);
    let height = |i: Option<usize>| i.and_then(|i| f.get(i)).copied().unwrap_or(f64::NEG_INFINITY);
    let is_peak = |&i: &usize| f[i] > height(i.checked_sub(1)) && f[i] >= height(Some(i + 1));
    let mut tops: Vec<usize> = (0..f.len()).filter(is_peak).collect();
    tops.sort_by(|&a, &b| f[b].total_cmp(&f[a]));
    tops.truncate(MOST);
    let width = |top: usize| {
        let over = |i: &usize| f[*i] > f[top] - 0.5;
        let left = (0..top).rev().take_while(over).count();
        let right = (top..f.len()).take_while(over).count();
        0.5 * step * (left + right) as f64
    };
    Ok(tops.into_iter().map(|top| (low + step * top as f64, width(top))).collect())
}

/// Newton's method on `−ln s − E[f]` in `(m, ln s)`: `(m, s, E[f])` at the minimum, or nothing when the
/// way ends at a saddle or where the target is 0.
///
/// With `eₖ = E[f Heₖ(u)]`, `He` the Hermite polynomials, and `m` counted in units of `s`:
///
/// ```text
/// gradient (−e₁, −1 − e₂)      Hessian [[−e₂, −e₃], [−e₃, −2e₂ − e₄]]
/// ```
///
/// Where the Hessian is not positive definite the step is the natural gradient's: Fisher's information of
/// a Gaussian in these coordinates is `diag(1, 2)`.
fn descend(
    log_target: &dyn Fn(f64) -> f64,
    (mean, sd): (f64, f64),
) -> Result<Option<(f64, f64, f64)>> {
    const MAX_ITER: usize = 100;
    const TOLERANCE: f64 = 1e-9;
    const SMALLEST_SHARE: f64 = 1e-6;
    let (mut m, mut log_s) = (mean, sd.ln());
    // A start may be so wide that the target is 0 within eight deviations.
    let mut e = hermite_means(log_target, m, log_s.exp())?;
    for _ in 0..60 {
        if e.is_none() {
            log_s -= 0.5;
            e = hermite_means(log_target, m, log_s.exp())?;
        }
    }
    let Some(mut e) = e else { return Ok(None) };
    for _ in 0..MAX_ITER {
        let s = log_s.exp();
        let [g0, g1] = [-e[1], -1.0 - e[2]];
        let [h00, h01, h11] = [-e[2], -e[3], -2.0 * e[2] - e[4]];
        let det = h00 * h11 - h01 * h01;
        let convex = h00 > 0.0 && det > 0.0;
        if g0.abs().max(g1.abs()) < TOLERANCE {
            return Ok(convex.then_some((m, s, e[0])));
        }
        let [d0, d1] = if convex {
            [(h01 * g1 - h11 * g0) / det, (h01 * g0 - h00 * g1) / det]
        } else {
            [-g0, -0.5 * g1]
        };
        let loss = -log_s - e[0];
        let slope = g0 * d0 + g1 * d1;
        let rounding = 1e-14 * (1.0 + loss.abs());
        let mut share = 1.0 / d0.abs().max(d1.abs()).max(1.0);
        loop {
            if share < SMALLEST_SHARE {
                return Ok(None);
            }
            let (next_m, next_log_s) = (m + share * s * d0, log_s + share * d1);
            if let Some(next) = hermite_means(log_target, next_m, next_log_s.exp())? {
                if -next_log_s - next[0] <= loss + 1e-4 * share * slope + rounding {
                    (m, log_s, e) = (next_m, next_log_s, next);
                    break;
                }
            }
            share *= 0.5;
        }
    }
    Ok(None)
}

/// `E[f(m + s u) Heₖ(u)]` for `k = 0, …, 4` and `u ~ N(0, 1)`; nothing where `f` is `−∞`.
///
/// The trapezoidal rule over ±8: for a smooth integrand that vanishes at both ends its error falls
/// faster than any power of the step.
fn hermite_means(log_target: &dyn Fn(f64) -> f64, m: f64, s: f64) -> Result<Option<[f64; 5]>> {
    const PER_UNIT: i32 = 64;
    let mut means = [0.0; 5];
    for i in -8 * PER_UNIT..=8 * PER_UNIT {
        let u = f64::from(i) / f64::from(PER_UNIT);
        let f = value(log_target, m + s * u)?;
        if f.is_infinite() {
            return Ok(None);
        }
        let weight = (-0.5 * u * u).exp() / std::f64::consts::TAU.sqrt() / f64::from(PER_UNIT);
        let (f, u2) = (weight * f, u * u);
        let hermite = [1.0, u, u2 - 1.0, u * (u2 - 3.0), u2 * (u2 - 6.0) + 3.0];
        for (mean, polynomial) in means.iter_mut().zip(hermite) {
            *mean += f * polynomial;
        }
    }
    Ok(Some(means))
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
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    /// `ln N(x | m, s²)`.
    fn normal(x: f64, m: f64, s: f64) -> f64 {
        -0.5 * ((x - m) / s).powi(2) - s.ln() - 0.5 * std::f64::consts::TAU.ln()
    }

    /// `ln Σ wᵢ N(x | mᵢ, sᵢ²)`.
    fn mixture(x: f64, parts: [(f64, f64, f64); 2]) -> f64 {
        let logs = parts.map(|(w, m, s)| w.ln() + normal(x, m, s));
        crate::numeric::log_sum_exp(Array1::from(logs.to_vec()).view())
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
    fn derivatives_of_the_reverse_loss_are_differences() {
        use crate::nn::gradcheck::{check_gradient, numeric_jacobian};
        let target = |x: f64| mixture(x, [(1.0, -1.0, 0.7), (0.4, 2.0, 1.2)]);
        let means = |v: ArrayView1<f64>| hermite_means(&target, v[0], v[1].exp()).unwrap().unwrap();
        let loss = |v: ArrayView1<f64>| -v[1] - means(v)[0];
        let slope = |v: ArrayView1<f64>| {
            let (e, s) = (means(v), v[1].exp());
            array![-e[1] / s, -1.0 - e[2]]
        };
        for at in [array![0.3, 0.2], array![-1.5, -1.0], array![2.0, 0.9]] {
            check_gradient(loss, slope(at.view()).view(), at.view(), 1e-7).unwrap();
            let (e, s) = (means(at.view()), at[1].exp());
            let hessian = array![[-e[2] / s / s, -e[3] / s], [-e[3] / s, -2.0 * e[2] - e[4]]];
            let gap = hessian - numeric_jacobian(slope, at.view());
            assert!(gap.iter().all(|g| g.abs() < 1e-6), "{gap}");
        }
    }

    #[test]
    fn two_peaks_are_covered_or_one_is_sought() {
        let target = |x: f64| mixture(x, [(0.5, -4.0, 1.0), (0.5, 4.0, 1.0)]);
        let cover = fit_gaussian_kl(&target, (-20.0, 20.0), Direction::Forward).unwrap();
        assert!(cover.mean.abs() < 1e-9 && (cover.sd - 17f64.sqrt()).abs() < 1e-9, "{cover:?}");
        let seek = fit_gaussian_kl(&target, (-20.0, 20.0), Direction::Reverse).unwrap();
        assert!((seek.mean.abs() - 4.0).abs() < 0.01 && (seek.sd - 1.0).abs() < 0.01, "{seek:?}");
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

    #[test]
    fn flat_covariances_are_refused() {
        let (flat, zero) = (array![[1.0, 1.0], [1.0, 1.0]], Array1::zeros(2));
        let error = kl_gaussian(zero.view(), flat.view(), zero.view(), flat.view()).unwrap_err();
        assert!(error.to_string().contains("`s0` is not positive definite"), "{error}");
    }
}
