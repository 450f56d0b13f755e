//! Kalman filter and smoother of a structural time series.
//!
//! ```text
//! yₜ = Z αₜ + εₜ,  εₜ ~ N(0, σ²ε)         αₜ₊₁ = T αₜ + ηₜ,  ηₜ ~ N(0, Q)
//!
//! level    μₜ₊₁ = μₜ + δₜ + η               slope   δₜ₊₁ = δₜ + ζ
//! season   γₜ₊₁ = −(γₜ + … + γₜ₋ₛ₊₂) + ω
//!
//! v = y − Z a,  F = Z P Zᵀ + σ²ε            innovation and its variance
//! a ← a + P Zᵀ v / F,  P ← P − P Zᵀ Z P / F     update
//! a ← T a,  P ← T P Tᵀ + Q                     predict
//! log L = −½ Σₜ (ln 2π + ln Fₜ + vₜ² / Fₜ)
//! ```
//!
//! The state starts unknown: its variance is `κ P∞` with `κ → ∞`, which the filter carries exactly until
//! as many observations as states have come (`n_diffuse`); each of those adds `−½ (ln 2π + ln F∞)` to the
//! log-likelihood. Texts differ in those terms: Durbin & Koopman's −632.5456 for the Nile leaves out
//! the first `−½ ln 2π`, which makes −633.4646 here and in statsmodels.
//!
//! # References
//! Durbin & Koopman (2012), sections 4.3, 4.4 (filter, smoother), 5.2, 5.3 (exact diffuse start), 7.2.

mod smoother;

pub use smoother::Smoothed;

use crate::base::{check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, Array3, ArrayView1, Axis};
use std::f64::consts::PI;

/// Below this share of its start `P∞` counts as 0.
const KNOWN: f64 = 1e-9;

/// A structural time series with known variances.
///
/// The state is `[level, slope, season, …]`: the slope and the `n_seasons − 1` seasonal states only where
/// there are any.
#[derive(Debug, Clone, PartialEq)]
pub struct StructuralModel {
    obs_var: f64,
    level_var: f64,
    slope_var: Option<f64>,
    season: Option<(usize, f64)>,
    start: Option<(Array1<f64>, Array1<f64>)>,
}

/// What the filter knows after each observation. States are `m` numbers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Filtered {
    /// `E(αₜ | y₁ … yₜ₋₁)`, shape `(n + 1, m)`; its last row is the forecast of the state.
    pub predicted: Array2<f64>,
    /// Its variance, shape `(n + 1, m, m)`; the finite part while the start is diffuse.
    pub predicted_var: Array3<f64>,
    /// `E(αₜ | y₁ … yₜ)`, shape `(n, m)`.
    pub filtered: Array2<f64>,
    /// Its variance, shape `(n, m, m)`; the finite part while the start is diffuse.
    pub filtered_var: Array3<f64>,
    /// Innovations `vₜ`, shape `(n,)`.
    pub innovations: Array1<f64>,
    /// Their variances `Fₜ`, shape `(n,)`; `F∞` in the first `n_diffuse`.
    pub innovation_vars: Array1<f64>,
    /// Log-likelihood.
    pub log_likelihood: f64,
    /// Observations that went into the unknown start: `m`, or 0 for a known one.
    pub n_diffuse: usize,
    /// `F*` and the variances `P∞` of the diffuse steps.
    diffuse: Vec<(f64, Array2<f64>)>,
}

impl StructuralModel {
    /// A random walk seen with noise; variances in squared units of the series.
    ///
    /// # Errors
    /// [`Error::Parameter`] for variances that are negative, not finite, or both 0.
    ///
    /// ```
    /// use mlnotes::causal::impact::kalman::StructuralModel;
    /// let nile = mlnotes::data::nile();
    /// let filtered = StructuralModel::local_level(15_099.0, 1469.1)?.filter(nile.y.view())?;
    /// let without_first = filtered.log_likelihood + 0.5 * std::f64::consts::TAU.ln();
    /// assert!((without_first + 632.5456).abs() < 1e-4);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn local_level(obs_var: f64, level_var: f64) -> Result<Self> {
        let model = Self { obs_var, level_var, slope_var: None, season: None, start: None };
        for (name, value) in [("obs_var", obs_var), ("level_var", level_var)] {
            variance(name, value)?;
        }
        if obs_var + level_var <= 0.0 {
            return Err(bad("obs_var", "> 0 where the level has no variance", obs_var.to_string()));
        }
        Ok(model)
    }

    /// Adds a slope that is a random walk with this variance: the local linear trend.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a variance that is negative or not finite.
    pub fn slope(mut self, slope_var: f64) -> Result<Self> {
        variance("slope_var", slope_var)?;
        self.slope_var = Some(slope_var);
        Ok(self)
    }

    /// Adds `n_seasons` seasonal effects that sum to 0 but for noise of this variance.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than two seasons, or a variance that is negative or not finite.
    pub fn seasons(mut self, n_seasons: usize, season_var: f64) -> Result<Self> {
        variance("season_var", season_var)?;
        if n_seasons < 2 {
            return Err(bad("n_seasons", ">= 2", n_seasons.to_string()));
        }
        self.season = Some((n_seasons, season_var));
        Ok(self)
    }

    /// Starts from a state with this mean and these variances, shapes `(m,)`, instead of an unknown one.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::Parameter`] for a negative variance.
    pub fn known_start(mut self, mean: Array1<f64>, variances: Array1<f64>) -> Result<Self> {
        for (what, v) in [
            ("StructuralModel::known_start: `mean`", &mean),
            ("StructuralModel::known_start: `variances`", &variances),
        ] {
            check_vector(what, v.view())?;
            if v.len() != self.n_states() {
                let (expected, got) =
                    (format!("({},)", self.n_states()), format!("({},)", v.len()));
                return Err(Error::Shape { what, expected, got });
            }
        }
        variances.iter().try_for_each(|&v| variance("variances", v))?;
        self.start = Some((mean, variances));
        Ok(self)
    }

    /// Number of states `m`.
    pub fn n_states(&self) -> usize {
        1 + usize::from(self.slope_var.is_some()) + self.season.map_or(0, |(n, _)| n - 1)
    }

    /// Runs the filter over `y`, shape `(n,)`.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; [`Error::TooFewSamples`] unless there are more observations than states.
    #[views]
    pub fn filter(&self, y: ArrayView1<f64>) -> Result<Filtered> {
        const WHAT: &str = "StructuralModel: `y`";
        check_vector(WHAT, y)?;
        if y.len() <= self.n_states() {
            return Err(Error::TooFewSamples {
                what: WHAT,
                needed: self.n_states() + 1,
                got: y.len(),
            });
        }
        Ok(self.run(y))
    }

    /// The same model with other variances: of the noise, and of each state's steps, shape `(m,)`.
    pub(in crate::causal::impact) fn with_variances(
        mut self,
        obs_var: f64,
        steps: &Array1<f64>,
    ) -> Self {
        let season = self.first_season();
        self.obs_var = obs_var;
        self.level_var = steps[0];
        self.slope_var = self.slope_var.map(|_| steps[1]);
        self.season = self.season.map(|(n, _)| (n, steps[season]));
        self
    }

    /// The states that have steps of their own.
    pub(in crate::causal::impact) fn moving(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.first_season()).chain(self.season.map(|_| self.first_season()))
    }

    /// `Z`: 1 at the level and at the current season.
    pub(in crate::causal::impact) fn loading(&self) -> Array1<f64> {
        let mut z = Array1::zeros(self.n_states());
        z[0] = 1.0;
        if self.season.is_some() {
            z[self.first_season()] = 1.0;
        }
        z
    }

    fn first_season(&self) -> usize {
        1 + usize::from(self.slope_var.is_some())
    }

    /// `T`.
    pub(in crate::causal::impact) fn transition(&self) -> Array2<f64> {
        let m = self.n_states();
        let mut t = Array2::zeros((m, m));
        t[[0, 0]] = 1.0;
        if self.slope_var.is_some() {
            t[[0, 1]] = 1.0;
            t[[1, 1]] = 1.0;
        }
        if self.season.is_some() {
            let first = self.first_season();
            t.slice_mut(ndarray::s![first, first..]).fill(-1.0);
            for i in first + 1..m {
                t[[i, i - 1]] = 1.0;
            }
        }
        t
    }

    /// The diagonal of `Q`.
    pub(in crate::causal::impact) fn noise(&self) -> Array1<f64> {
        let mut q = Array1::zeros(self.n_states());
        q[0] = self.level_var;
        if let Some(v) = self.slope_var {
            q[1] = v;
        }
        if let Some((_, v)) = self.season {
            q[self.first_season()] = v;
        }
        q
    }

    fn run(&self, y: ArrayView1<f64>) -> Filtered {
        let (n, m) = (y.len(), self.n_states());
        let (z, t, q) = (self.loading(), self.transition(), Array2::from_diag(&self.noise()));
        let (mut a, mut p, mut p_inf) = match &self.start {
            Some((mean, variances)) => (mean.clone(), Array2::from_diag(variances), None),
            None => (Array1::zeros(m), Array2::zeros((m, m)), Some(Array2::<f64>::eye(m))),
        };
        let mut out = Filtered {
            predicted: Array2::zeros((n + 1, m)),
            predicted_var: Array3::zeros((n + 1, m, m)),
            filtered: Array2::zeros((n, m)),
            filtered_var: Array3::zeros((n, m, m)),
            innovations: Array1::zeros(n),
            innovation_vars: Array1::zeros(n),
            log_likelihood: 0.0,
            n_diffuse: 0,
            diffuse: Vec::new(),
        };
        for (i, &yt) in y.iter().enumerate() {
            out.predicted.row_mut(i).assign(&a);
            out.predicted_var.index_axis_mut(Axis(0), i).assign(&p);
            let v = yt - z.dot(&a);
            let pz = p.dot(&z);
            let f = z.dot(&pz) + self.obs_var;
            let f_used = if let Some(inf) = &mut p_inf {
                // The first observations of these models each tell of a state not yet known: F∞ > 0.
                out.diffuse.push((f, inf.clone()));
                let iz = inf.dot(&z);
                let f_inf = z.dot(&iz);
                a.scaled_add(v / f_inf, &iz);
                p = &p + &outer(&iz, &iz) * (f / (f_inf * f_inf))
                    - (outer(&pz, &iz) + outer(&iz, &pz)) / f_inf;
                *inf = t.dot(&(&*inf - &outer(&iz, &iz) / f_inf)).dot(&t.t());
                f_inf
            } else {
                a.scaled_add(v / f, &pz);
                p = &p - &outer(&pz, &pz) / f;
                f
            };
            let surprise = if p_inf.is_some() { 0.0 } else { v * v / f };
            out.log_likelihood -= 0.5 * ((2.0 * PI * f_used).ln() + surprise);
            if p_inf.as_ref().is_some_and(|inf| inf.iter().all(|v| v.abs() < KNOWN)) {
                p_inf = None;
            }
            out.innovations[i] = v;
            out.innovation_vars[i] = f_used;
            out.filtered.row_mut(i).assign(&a);
            out.filtered_var.index_axis_mut(Axis(0), i).assign(&p);
            a = t.dot(&a);
            p = t.dot(&p).dot(&t.t()) + &q;
        }
        out.predicted.row_mut(n).assign(&a);
        out.predicted_var.index_axis_mut(Axis(0), n).assign(&p);
        out.n_diffuse = out.diffuse.len();
        out
    }
}

fn outer(a: &Array1<f64>, b: &Array1<f64>) -> Array2<f64> {
    let (a, b) = (a.view().insert_axis(Axis(1)), b.view().insert_axis(Axis(0)));
    a.dot(&b)
}

fn bad(name: &'static str, rule: &'static str, got: String) -> Error {
    Error::Parameter { estimator: "StructuralModel", name, rule, got }
}

fn variance(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(bad(name, "finite and >= 0", value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn bad_input_is_named() {
        let negative = StructuralModel::local_level(-1.0, 1.0);
        assert!(matches!(negative, Err(Error::Parameter { name: "obs_var", .. })));
        assert!(StructuralModel::local_level(0.0, 0.0).is_err());
        let level = StructuralModel::local_level(1.0, 1.0).unwrap();
        assert!(matches!(level.clone().slope(f64::NAN), Err(Error::Parameter { .. })));
        assert!(matches!(level.clone().seasons(1, 1.0), Err(Error::Parameter { .. })));
        let wrong = level.clone().known_start(array![1.0, 2.0], array![1.0, 1.0]);
        assert!(matches!(wrong, Err(Error::Shape { .. })));
        let short = level.filter(array![1.0].view());
        assert!(matches!(short, Err(Error::TooFewSamples { needed: 2, .. })));
        assert!(level.filter(array![1.0, f64::NAN, 2.0].view()).is_err());
    }
}
