//! Data for causal questions: a job training experiment, people it can be compared with, organ donor
//! registrations by state, and a made-up world whose truth is known.
//!
//! ```
//! use mlnotes::data::causal::{nsw, nsw_with_cps};
//! assert_eq!((nsw().x.dim(), nsw().n_treated()), ((445, 8), 185));
//! // The experiment's effect, and what a naive comparison with the population says.
//! assert!((nsw().naive_difference() - 1794.34).abs() < 0.01);
//! assert!((nsw_with_cps().naive_difference() + 8497.52).abs() < 0.01);
//! ```

use crate::numeric::sigmoid;
use crate::{Error, Result};
use ndarray::{Array1, Array2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::sync::OnceLock;

/// Covariates, a treatment, and an outcome.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TreatmentSet {
    /// Covariates from before the treatment, shape `(n_samples, n_features)`.
    pub x: Array2<f64>,
    /// Whether a row was treated, 0 or 1, shape `(n_samples,)`.
    pub t: Vec<usize>,
    /// The outcome, shape `(n_samples,)`.
    pub y: Array1<f64>,
    /// What each column of `x` is.
    pub feature_names: Vec<&'static str>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl TreatmentSet {
    /// Number of treated rows.
    pub fn n_treated(&self) -> usize {
        self.t.iter().sum()
    }

    /// Mean outcome of the treated minus that of the others.
    pub fn naive_difference(&self) -> f64 {
        let mean = |arm: usize| {
            let (mut sum, mut n) = (0.0, 0.0);
            for (&y, _) in self.y.iter().zip(&self.t).filter(|(_, t)| **t == arm) {
                sum += y;
                n += 1.0;
            }
            sum / n
        };
        mean(1) - mean(0)
    }
}

/// Columns of the NSW and CPS files, without treatment and outcome.
const FEATURES: [&str; 8] =
    ["age", "education", "black", "hispanic", "married", "no_degree", "re74", "re75"];

/// The National Supported Work experiment: 445 men in bad straits, 185 of them drawn by lot for a year of
/// guaranteed work (`t`), and their earnings in 1978 in dollars (`y`). The sample of Dehejia & Wahba (1999) of
/// LaLonde's (1986). Covariates: age and education in years, four indicators, earnings in 1974 and 1975 in
/// dollars.
///
/// ```
/// let set = mlnotes::data::causal::nsw();
/// assert_eq!(set.feature_names[6], "re74");
/// ```
pub fn nsw() -> &'static TreatmentSet {
    static SET: OnceLock<TreatmentSet> = OnceLock::new();
    SET.get_or_init(|| {
        training(&[include_str!("sets/nsw/data.csv")], include_str!("sets/nsw/SOURCE"), |_| true)
    })
}

/// The 185 treated men of [`nsw`], and 15,992 of the Current Population Survey who were not (`t = 0`): what an
/// observer without the experiment's own controls would have.
///
/// ```
/// let set = mlnotes::data::causal::nsw_with_cps();
/// assert_eq!((set.x.dim(), set.n_treated()), ((16_177, 8), 185));
/// ```
pub fn nsw_with_cps() -> &'static TreatmentSet {
    static SET: OnceLock<TreatmentSet> = OnceLock::new();
    SET.get_or_init(|| {
        let files = [include_str!("sets/nsw/data.csv"), include_str!("sets/cps/data.csv")];
        let source = include_str!("sets/cps/SOURCE");
        // The experiment's own controls stay out; those of the survey are marked by their file.
        training(&files, source, |(file, treated)| file == 1 || treated)
    })
}

/// Reads files of one layout: `treat`, the covariates, `re78`.
///
/// The files are fixed at compile time and a test reads every one, hence no error is returned.
fn training(
    files: &[&str],
    source: &'static str,
    keep: impl Fn((usize, bool)) -> bool,
) -> TreatmentSet {
    let (mut values, mut t, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for (number, file) in files.iter().enumerate() {
        for line in file.lines().skip(1) {
            // Earnings were published in single precision, and are written with as many digits as that needs.
            let row: Vec<f64> =
                line.split(',').map_while(|f| f.parse::<f32>().ok()).map(f64::from).collect();
            let [treated, covariates @ .., outcome] = row.as_slice() else { continue };
            let treated = *treated > 0.5;
            if keep((number, treated)) {
                t.push(usize::from(treated));
                values.extend_from_slice(covariates);
                y.push(*outcome);
            }
        }
    }
    let x = Array2::from_shape_vec((t.len(), FEATURES.len()), values).unwrap_or_default();
    let source = source.trim_ascii();
    TreatmentSet { x, t, y: y.into(), feature_names: FEATURES.to_vec(), source }
}

/// Shares of people who register as organ donors, by state and quarter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OrganDonations {
    /// The state of each row, an index into `state_names`, shape `(162,)`.
    pub state: Vec<usize>,
    /// The quarter, from 1 (fourth of 2010) to 6 (first of 2012).
    pub quarter: Vec<usize>,
    /// The share of those asked who register, from 0 to 1.
    pub rate: Array1<f64>,
    /// 1 for California, which from quarter 4 on asked everybody for a yes or a no, 0 for the others.
    pub treated: Vec<usize>,
    /// The 27 states.
    pub state_names: Vec<&'static str>,
    /// Package, version and original publication.
    pub source: &'static str,
}

impl OrganDonations {
    /// The first quarter of California's new question.
    pub const START: usize = 4;

    /// 1 from [`OrganDonations::START`] on, 0 before, shape `(162,)`.
    pub fn post(&self) -> Vec<usize> {
        self.quarter.iter().map(|&q| usize::from(q >= Self::START)).collect()
    }
}

/// Organ donor registrations in 27 states over six quarters (Kessler & Roth 2014): in July 2011 California
/// replaced its opt-in form by a question that must be answered.
///
/// ```
/// let set = mlnotes::data::causal::organ_donations();
/// assert_eq!((set.rate.len(), set.state_names.len()), (162, 27));
/// assert_eq!(set.treated.iter().sum::<usize>(), 6);
/// ```
pub fn organ_donations() -> &'static OrganDonations {
    static SET: OnceLock<OrganDonations> = OnceLock::new();
    SET.get_or_init(|| {
        let source = include_str!("sets/organ_donations/SOURCE").trim_ascii();
        let mut set = OrganDonations {
            state: Vec::new(),
            quarter: Vec::new(),
            rate: Array1::default(0),
            treated: Vec::new(),
            state_names: Vec::new(),
            source,
        };
        let mut rate = Vec::new();
        for line in include_str!("sets/organ_donations/data.csv").lines().skip(1) {
            let fields: Vec<&'static str> = line.split(',').collect();
            let [name, quarter, share] = fields.as_slice() else { continue };
            let (Ok(quarter), Ok(share)) = (quarter.parse(), share.parse()) else { continue };
            // The rows of a state stand together.
            if set.state_names.last() != Some(name) {
                set.state_names.push(name);
            }
            set.state.push(set.state_names.len() - 1);
            set.quarter.push(quarter);
            set.treated.push(usize::from(*name == "California"));
            rate.push(share);
        }
        set.rate = rate.into();
        set
    })
}

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
/// let world = mlnotes::data::causal::confounded_world(5000, 0.0, 1)?;
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
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
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
/// let panel = mlnotes::data::causal::two_group_panel(10, 6, 4, 0.0, 1)?;
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
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
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
    fn every_set_is_whole() {
        let (small, large, organs) = (nsw(), nsw_with_cps(), organ_donations());
        assert_eq!((small.x.dim(), small.y.len(), small.n_treated()), ((445, 8), 445, 185));
        assert_eq!((large.x.dim(), large.y.len(), large.n_treated()), ((16_177, 8), 16_177, 185));
        assert!(small.x.iter().chain(&small.y).chain(&large.x).chain(&large.y).all(|v| *v >= 0.0));
        assert!((small.y[0] - 9_930.045_898_437_5).abs() < 1e-12, "single precision, exactly");
        assert_eq!((organs.state.len(), organs.quarter.len(), organs.rate.len()), (162, 162, 162));
        assert_eq!(organs.post().iter().sum::<usize>(), 81);
        for s in 0..27 {
            assert_eq!(organs.state.iter().filter(|&&x| x == s).count(), 6);
        }
        assert!(organs.rate.iter().all(|r| (0.0..1.0).contains(r)));
    }

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
