//! Synthetic difference in differences: difference in differences with weights for units and times.
//!
//! ```text
//! τ = (ȳ₁,post − Σₜ λₜ ȳ₁ₜ) − Σⱼ ωⱼ (ȳⱼ,post − Σₜ λₜ yⱼₜ)
//!
//! ω = argmin Σₜ (ω₀ + Σⱼ ωⱼ yⱼₜ − ȳ₁ₜ)² + t₀ ζ² ‖ω‖²      ω ≥ 0, Σ ω = 1      units that ran alongside
//! λ = argmin Σⱼ (λ₀ + Σₜ λₜ yⱼₜ − ȳⱼ,post)² + n₀ ζ'² ‖λ‖²  λ ≥ 0, Σ λ = 1      times that are like after
//! ζ = (n₁ t₁)^¼ σ,  ζ' = 10⁻⁶ σ,  σ = standard deviation of the controls' first differences before
//! ```
//!
//! Equal weights give difference in differences; `λ = 0` gives synthetic control. The intercepts
//! `ω₀`, `λ₀` let levels differ, which synthetic control does not; the weights ask for parallel trends
//! of the weighted mean only, which difference in differences asks of all.
//!
//! Weights here are exact. The authors' program stops its Frank-Wolfe steps early and drops small
//! weights: on Proposition 99 it gives −15.604 where the optimum is −15.605, and for synthetic control
//! −19.620 where it is −19.514.
//!
//! # References
//! Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), algorithms 1 and 4.

use super::simplex::simplex_least_squares;
use crate::base::{check_matrix, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

/// An estimate with its weights.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SyntheticDid {
    /// Mean effect on the treated after the treatment.
    pub effect: f64,
    /// Weights `ω` of the controls, shape `(n_controls,)`.
    pub unit_weights: Array1<f64>,
    /// Weights `λ` of the times before, shape `(t₀,)`.
    pub time_weights: Array1<f64>,
    /// Columns of the controls.
    pub controls: Vec<usize>,
}

/// Estimates the mean effect on the columns `treated` of `y`, shape `(n_times, n_units)`, all of them
/// treated after the first `t0` times.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`]; [`Error::Parameter`] unless `treated` are different columns and
/// `t0` leaves two times before and one after; [`Error::EmptyGroup`] without treated units or with fewer
/// than two controls; [`Error::ZeroVariance`] when no control moves before the treatment.
///
/// ```
/// use mlnotes::data::prop99;
/// use mlnotes::causal::synthetic_did::synthetic_did;
/// let panel = prop99();
/// let fit = synthetic_did(panel.y.view(), &[panel.treated], panel.t0)?;
/// assert!((fit.effect + 15.605).abs() < 1e-3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn synthetic_did(y: ArrayView2<f64>, treated: &[usize], t0: usize) -> Result<SyntheticDid> {
    let controls = check(y, treated, t0)?;
    let n0 = controls.len() as f64;
    let t1 = (y.nrows() - t0) as f64;
    let before = y.slice(s![..t0, ..]).select(Axis(1), &controls);
    let after = means(y.slice(s![t0.., ..]), Axis(0));
    let sigma = spread_of_changes(before.view())?;
    let zeta = (treated.len() as f64 * t1).powf(0.25) * sigma;
    let mean_treated = means(y.slice(s![..t0, ..]).select(Axis(1), treated).view(), Axis(1));
    let unit_weights = with_intercept(before.view(), mean_treated.view(), t0 as f64 * zeta * zeta)?;
    let zeta = 1e-6 * sigma;
    let after = after.select(Axis(0), &controls);
    let time_weights = with_intercept(before.t(), after.view(), n0 * zeta * zeta)?;
    let effect = double_difference(y, treated, &controls, unit_weights.view(), time_weights.view());
    Ok(SyntheticDid { effect, unit_weights, time_weights, controls })
}

/// The double difference with weights of your own, shapes `(n_controls,)` in the order of the columns and
/// `(t₀,)`: equal weights with sum 1 are difference in differences; `time_weights` of 0 with the weights
/// of [`super::synthetic_control::synthetic_control`] are synthetic control.
///
/// # Errors
/// As [`synthetic_did()`], and [`Error::Shape`].
///
/// ```
/// use mlnotes::data::prop99;
/// use mlnotes::causal::synthetic_did::weighted_did;
/// use ndarray::Array1;
/// let panel = prop99();
/// let (units, times) = (Array1::from_elem(38, 1.0 / 38.0), Array1::from_elem(19, 1.0 / 19.0));
/// let did = weighted_did(panel.y.view(), &[panel.treated], units.view(), times.view())?;
/// assert!((did + 27.349).abs() < 1e-3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn weighted_did(
    y: ArrayView2<f64>,
    treated: &[usize],
    unit_weights: ArrayView1<f64>,
    time_weights: ArrayView1<f64>,
) -> Result<f64> {
    let controls = check(y, treated, time_weights.len())?;
    if unit_weights.len() != controls.len() {
        let (expected, got) =
            (format!("({},)", controls.len()), format!("({},)", unit_weights.len()));
        return Err(Error::Shape { what: "weighted_did: `unit_weights`", expected, got });
    }
    Ok(double_difference(y, treated, &controls, unit_weights, time_weights))
}

/// Standard error when one unit is treated: the spread of the estimates that come out when each control
/// in turn plays the treated unit, which itself is left out.
///
/// # Errors
/// As [`synthetic_did()`]; [`Error::Parameter`] unless exactly one unit is treated.
///
/// ```
/// use mlnotes::data::prop99;
/// use mlnotes::causal::synthetic_did::placebo_std_error;
/// let panel = prop99();
/// let se = placebo_std_error(panel.y.view(), &[panel.treated], panel.t0)?;
/// assert!((se - 9.37).abs() < 0.01); // The paper's 8.4 comes from random draws.
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn placebo_std_error(y: ArrayView2<f64>, treated: &[usize], t0: usize) -> Result<f64> {
    let controls = check(y, treated, t0)?;
    if treated.len() != 1 {
        return Err(Error::Parameter {
            estimator: "placebo_std_error",
            name: "treated",
            rule: "one unit",
            got: format!("{} units", treated.len()),
        });
    }
    let rest = y.select(Axis(1), &controls);
    let effects: Vec<f64> = (0..controls.len())
        .into_par_iter()
        .map(|unit| synthetic_did(&rest, [unit], t0).map(|fit| fit.effect))
        .collect::<Result<_>>()?;
    Ok(Array1::from(effects).std(0.0))
}

fn double_difference(
    y: ArrayView2<f64>,
    treated: &[usize],
    controls: &[usize],
    unit_weights: ArrayView1<f64>,
    time_weights: ArrayView1<f64>,
) -> f64 {
    let t0 = time_weights.len();
    let change =
        means(y.slice(s![t0.., ..]), Axis(0)) - y.slice(s![..t0, ..]).t().dot(&time_weights);
    let of_treated = treated.iter().map(|&j| change[j]).sum::<f64>() / treated.len() as f64;
    of_treated - controls.iter().zip(unit_weights).map(|(&j, w)| w * change[j]).sum::<f64>()
}

/// Least squares over the simplex with an intercept, which centring takes away.
fn with_intercept(a: ArrayView2<f64>, b: ArrayView1<f64>, ridge: f64) -> Result<Array1<f64>> {
    let a = &a - &means(a, Axis(0));
    let b = &b - b.mean().unwrap_or(0.0);
    Ok(simplex_least_squares(a.view(), b.view(), ridge)?.weights)
}

fn means(a: ArrayView2<f64>, axis: Axis) -> Array1<f64> {
    a.mean_axis(axis).unwrap_or_default()
}

fn spread_of_changes(before: ArrayView2<f64>) -> Result<f64> {
    let changes: Array2<f64> = &before.slice(s![1.., ..]) - &before.slice(s![..-1, ..]);
    let sigma = if changes.len() > 1 { changes.std(1.0) } else { 0.0 };
    if sigma > 0.0 {
        return Ok(sigma);
    }
    let what = "synthetic_did: the controls' changes before the treatment";
    Err(Error::ZeroVariance { what, col: None, value: changes.first().copied().unwrap_or(0.0) })
}

/// Every rule of the input; gives the columns of the controls.
fn check(y: ArrayView2<f64>, treated: &[usize], t0: usize) -> Result<Vec<usize>> {
    check_matrix("synthetic_did: `y`", y)?;
    let bad =
        |name, rule, got| Err(Error::Parameter { estimator: "synthetic_did", name, rule, got });
    let mut sorted = treated.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != treated.len() || sorted.last().is_some_and(|&last| last >= y.ncols()) {
        return bad("treated", "different columns of `y`", format!("{treated:?}"));
    }
    if t0 < 2 || t0 >= y.nrows() {
        return bad("t0", ">= 2 and below the number of times", t0.to_string());
    }
    let controls: Vec<usize> = (0..y.ncols()).filter(|j| !treated.contains(j)).collect();
    if treated.is_empty() || controls.len() < 2 {
        let group = if treated.is_empty() { "treated group" } else { "pool of two controls" };
        return Err(Error::EmptyGroup { what: "synthetic_did", group: group.to_owned() });
    }
    Ok(controls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Unit effects, time effects, some noise, and 2.0 on the treated column 0 after time 6.
    fn world(effect: f64) -> Array2<f64> {
        Array2::from_shape_fn((9, 6), |(t, j)| {
            let noise = ((t * 29 + j * 13) % 17) as f64 / 100.0;
            let treated = if j == 0 && t >= 6 { effect } else { 0.0 };
            10.0 * j as f64 + (t as f64) * 0.7 + noise + treated
        })
    }

    #[test]
    fn fixed_effects_cancel_and_the_effect_is_found() {
        // Column 0 lies below every control: outside the hull, where synthetic control fails.
        let fit = synthetic_did(world(2.0).view(), &[0], 6).unwrap();
        // Noise is below 0.17, and a mean of three times and five controls sees less than a third of it.
        assert!((fit.effect - 2.0).abs() < 0.17 / 3.0, "{}", fit.effect);
        assert!((fit.unit_weights.sum() - 1.0).abs() < 1e-12);
        assert!((fit.time_weights.sum() - 1.0).abs() < 1e-12);
        // An effect shifts the estimate by itself: weights do not see the treated unit after.
        let none = synthetic_did(world(0.0).view(), &[0], 6).unwrap();
        assert!((fit.effect - none.effect - 2.0).abs() < 1e-12);
    }

    #[test]
    fn equal_weights_are_difference_in_differences_by_hand() {
        let y = array![[1.0, 5.0, 3.0], [3.0, 7.0, 3.0], [9.0, 8.0, 5.0]];
        let (units, times) = (array![0.5, 0.5], array![0.5, 0.5]);
        let did = weighted_did(y.view(), &[0], units.view(), times.view()).unwrap();
        assert!((did - (7.0 - 2.0)).abs() < 1e-14);
    }

    #[test]
    fn bad_input_is_named() {
        let y = world(1.0);
        let fails = |treated: &[usize], t0| synthetic_did(y.view(), treated, t0).unwrap_err();
        assert!(matches!(fails(&[9], 6), Error::Parameter { name: "treated", .. }));
        assert!(matches!(fails(&[1, 1], 6), Error::Parameter { name: "treated", .. }));
        assert!(matches!(fails(&[0], 9), Error::Parameter { name: "t0", .. }));
        assert!(matches!(fails(&[], 6), Error::EmptyGroup { .. }));
        assert!(matches!(fails(&[0, 1, 2, 3, 4], 6), Error::EmptyGroup { .. }));
        let two = placebo_std_error(y.view(), &[0, 1], 6);
        assert!(matches!(two, Err(Error::Parameter { name: "treated", .. })));
        let flat = Array2::ones((5, 4));
        assert!(matches!(synthetic_did(flat.view(), &[0], 3), Err(Error::ZeroVariance { .. })));
        let short = array![1.0];
        let wrong = weighted_did(y.view(), &[0], short.view(), array![0.5, 0.5].view());
        assert!(matches!(wrong, Err(Error::Shape { .. })));
    }
}
