//! `KL(q‖p)` made small: one Gaussian at a time, from every peak.

use super::moments::Moments;
use super::{SCAN, gaussian_entropy, scan, value};
use crate::Result;
use crate::display::check_interrupt;

/// Every local minimum of the reverse divergence that a start leads to, best first.
pub(super) fn minima(
    log_target: &dyn Fn(f64) -> f64,
    interval: (f64, f64),
    moments: &Moments,
) -> Result<Vec<(f64, f64, f64)>> {
    let mut starts = peaks(log_target, interval)?;
    starts.push((moments.mean, moments.sd));
    let mut found: Vec<(f64, f64, f64)> = Vec::new();
    for start in starts {
        check_interrupt();
        let Some((mean, sd, expected_log)) = descend(log_target, start)? else { continue };
        let near = |other: &(f64, f64, f64)| {
            (other.0 - mean).abs() < 1e-4 * sd && (other.1 / sd).ln().abs() < 1e-4
        };
        if !found.iter().any(near) {
            let divergence = moments.log_mass - gaussian_entropy(sd) - expected_log;
            found.push((mean, sd, divergence.max(0.0)));
        }
    }
    found.sort_by(|a, b| a.2.total_cmp(&b.2));
    Ok(found)
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
            if let Some(next) = hermite_means(log_target, next_m, next_log_s.exp())?
                && -next_log_s - next[0] <= loss + 1e-4 * share * slope + rounding
            {
                (m, log_s, e) = (next_m, next_log_s, next);
                break;
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

#[cfg(test)]
mod tests {
    use super::super::tests::mixture;
    use super::*;
    use ndarray::{ArrayView1, array};

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
}
