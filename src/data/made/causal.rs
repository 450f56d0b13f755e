//! Made-up worlds for causal questions, whose truth is known.

use crate::base::{sigmoid, stream};
use crate::{Error, Result};
use ndarray::{Array1, Array2};
use rand::Rng;
use rand_distr::StandardNormal;

/// A made-up population in which both outcomes of everybody are known.
///
/// ```text
/// X₁, X₂, U ~ N(0, 1)                  U is seen by nobody
/// e    = σ(0.7 X₁ − 0.4 X₂ − 0.4 + h U)     P(T = 1 | X, U)
/// Y(0) = 1 + 2 X₁ − X₂ + h U + ε,      ε ~ N(0, 1)
/// Y(1) = Y(0) + 2 + X₁                 the effect is 2 on average, more for those who seek it
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConfoundedWorld {
    /// `X₁` and `X₂`, shape `(n_samples, 2)`.
    pub x: Array2<f64>,
    /// The treatment, 0 or 1, shape `(n_samples,)`.
    pub t: Vec<usize>,
    /// The outcome that is seen, shape `(n_samples,)`.
    pub y: Array1<f64>,
    /// The chance of treatment given `X` and `U`, shape `(n_samples,)`.
    pub propensity: Array1<f64>,
    /// The effect on each row, `Y(1) − Y(0)`, shape `(n_samples,)`.
    pub effect: Array1<f64>,
}

/// Draws a [`ConfoundedWorld`] with a hidden confounder of strength `hidden`; with 0 there is none.
///
/// # Errors
/// [`Error::Parameter`] for a strength that is not finite, [`Error::TooFewSamples`] below 2 rows.
///
/// ```
/// let world = mlnotes::data::confounded_world(5000, 0.0, 1)?;
/// assert!((world.effect.sum() / 5000.0 - 2.0).abs() < 0.1);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn confounded_world(n_samples: usize, hidden: f64, seed: u64) -> Result<ConfoundedWorld> {
    if !hidden.is_finite() {
        let (estimator, name) = ("confounded_world", "hidden");
        return Err(Error::Parameter { estimator, name, rule: "finite", got: hidden.to_string() });
    }
    if n_samples < 2 {
        let what = "confounded_world: `n_samples`";
        return Err(Error::TooFewSamples { what, needed: 2, got: n_samples });
    }
    let mut rng = stream(seed, 0);
    let mut world = ConfoundedWorld {
        x: Array2::zeros((n_samples, 2)),
        t: Vec::new(),
        y: Array1::zeros(n_samples),
        propensity: Array1::zeros(n_samples),
        effect: Array1::zeros(n_samples),
    };
    for i in 0..n_samples {
        let mut normal = || rng.sample::<f64, _>(StandardNormal);
        let (x1, x2, u, noise) = (normal(), normal(), normal(), normal());
        let propensity = sigmoid(0.7 * x1 - 0.4 * x2 - 0.4 + hidden * u);
        let treated = rng.random::<f64>() < propensity;
        world.x[[i, 0]] = x1;
        world.x[[i, 1]] = x2;
        world.t.push(usize::from(treated));
        world.propensity[i] = propensity;
        world.effect[i] = 2.0 + x1;
        let without = 1.0 + 2.0 * x1 - x2 + hidden * u + noise;
        world.y[i] = without + if treated { world.effect[i] } else { 0.0 };
    }
    Ok(world)
}

/// Units of two groups over time; one group is treated from some period on, with a known effect.
///
/// ```text
/// y = level of the unit + (0.4 + drift · D) · period + 1.5 · D · 1[period ≥ start] + ε
/// levels of the units ~ N(D, 1),  ε ~ N(0, 1),  D = 1 for every second unit
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TwoGroupPanel {
    /// The outcome, shape `(n_units · n_periods,)`.
    pub y: Array1<f64>,
    /// Whether the unit belongs to the treated group, 0 or 1.
    pub treated: Vec<usize>,
    /// The period, from 1.
    pub period: Vec<usize>,
    /// The unit, from 0.
    pub unit: Vec<usize>,
    /// Whether the period is the first treated one or later, 0 or 1.
    pub post: Vec<usize>,
}

/// Draws a [`TwoGroupPanel`]. With `drift` 0 the groups move in parallel; otherwise the treated group gains
/// `drift` a period on the other, treatment or not.
///
/// # Errors
/// [`Error::Parameter`] unless there are 2 units or more, `1 < start <= n_periods`, and `drift` is finite.
///
/// ```
/// let panel = mlnotes::data::two_group_panel(10, 6, 4, 0.0, 1)?;
/// assert_eq!((panel.y.len(), panel.period[5], panel.post[3]), (60, 6, 1));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn two_group_panel(
    n_units: usize,
    n_periods: usize,
    start: usize,
    drift: f64,
    seed: u64,
) -> Result<TwoGroupPanel> {
    let wrong = |name, rule, got: String| Error::Parameter {
        estimator: "two_group_panel",
        name,
        rule,
        got,
    };
    if n_units < 2 {
        return Err(wrong("n_units", ">= 2", n_units.to_string()));
    }
    if start < 2 || start > n_periods {
        return Err(wrong("start", "from 2 to the last period", start.to_string()));
    }
    if !drift.is_finite() {
        return Err(wrong("drift", "finite", drift.to_string()));
    }
    let mut rng = stream(seed, 0);
    let mut panel = TwoGroupPanel {
        y: Array1::zeros(n_units * n_periods),
        treated: Vec::new(),
        period: Vec::new(),
        unit: Vec::new(),
        post: Vec::new(),
    };
    for unit in 0..n_units {
        let group = (unit % 2) as f64;
        let level = group + rng.sample::<f64, _>(StandardNormal);
        for period in 1..=n_periods {
            let after = f64::from(u8::from(period >= start));
            let trend = (0.4 + drift * group) * period as f64;
            let noise = rng.sample::<f64, _>(StandardNormal);
            panel.y[panel.unit.len()] = level + trend + 1.5 * group * after + noise;
            panel.treated.push(unit % 2);
            panel.period.push(period);
            panel.unit.push(unit);
            panel.post.push(usize::from(period >= start));
        }
    }
    Ok(panel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_is_as_written() {
        let world = confounded_world(20_000, 0.0, 5).unwrap();
        let treated = world.t.iter().sum::<usize>() as f64;
        // Σ(T − e) has a variance of Σ e (1 − e), at most n/4.
        assert!((treated - world.propensity.sum()).abs() < 4.0 * (20_000.0_f64 / 4.0).sqrt());
        assert!(confounded_world(1, 0.0, 0).is_err() && confounded_world(9, f64::NAN, 0).is_err());
        assert!(
            two_group_panel(1, 6, 4, 0.0, 0).is_err() && two_group_panel(2, 6, 1, 0.0, 0).is_err()
        );
        assert!(two_group_panel(2, 6, 7, 0.0, 0).is_err());
        assert!(two_group_panel(2, 6, 4, f64::INFINITY, 0).is_err());
    }
}
