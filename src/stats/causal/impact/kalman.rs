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

use crate::numeric::check_vector;
use crate::{Error, Result};
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
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

/// What all observations say about each state.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Smoothed {
    /// `E(αₜ | y)`, shape `(n, m)`.
    pub state: Array2<f64>,
    /// Its variance, shape `(n, m, m)`.
    pub variance: Array3<f64>,
}

impl StructuralModel {
    /// A random walk seen with noise; variances in squared units of the series.
    ///
    /// # Errors
    /// [`Error::Parameter`] for variances that are negative, not finite, or both 0.
    ///
    /// ```
    /// use mlnotes::stats::causal::impact::kalman::StructuralModel;
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
        for (what, v) in [("known_start: `mean`", &mean), ("known_start: `variances`", &variances)]
        {
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

    /// Filters, then runs back over `y`, shape `(n,)`.
    ///
    /// # Errors
    /// As [`StructuralModel::filter`].
    ///
    /// ```
    /// use mlnotes::stats::causal::impact::kalman::StructuralModel;
    /// use ndarray::array;
    /// // Without noise in the level there is one level: the mean, with variance 2/4.
    /// let smoothed = StructuralModel::local_level(2.0, 0.0)?.smooth(array![1., 4., 3., 4.].view())?;
    /// assert!((smoothed.state[[0, 0]] - 3.0).abs() < 1e-12);
    /// assert!((smoothed.variance[[0, 0, 0]] - 0.5).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn smooth(&self, y: ArrayView1<f64>) -> Result<Smoothed> {
        Ok(self.backward(&self.filter(y)?))
    }

    /// The same model with other variances: of the noise, and of each state's steps, shape `(m,)`.
    pub(super) fn with_variances(mut self, obs_var: f64, steps: &Array1<f64>) -> Self {
        let season = self.first_season();
        self.obs_var = obs_var;
        self.level_var = steps[0];
        self.slope_var = self.slope_var.map(|_| steps[1]);
        self.season = self.season.map(|(n, _)| (n, steps[season]));
        self
    }

    /// The states that have steps of their own.
    pub(super) fn moving(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.first_season()).chain(self.season.map(|_| self.first_season()))
    }

    /// `Z`: 1 at the level and at the current season.
    pub(super) fn loading(&self) -> Array1<f64> {
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
    pub(super) fn transition(&self) -> Array2<f64> {
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
    pub(super) fn noise(&self) -> Array1<f64> {
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

    /// The smoother: `r` and `N` gather what later observations say, weighted back by `L = T − K Z`.
    fn backward(&self, filtered: &Filtered) -> Smoothed {
        let (n, m) = filtered.filtered.dim();
        let (z, t) = (self.loading(), self.transition());
        let zz = outer(&z, &z);
        let mut out = Smoothed { state: Array2::zeros((n, m)), variance: Array3::zeros((n, m, m)) };
        let (mut r, mut big_n) = (Array1::zeros(m), Array2::zeros((m, m)));
        // Of the diffuse steps: the parts of order 1/κ and 1/κ².
        let (mut r1, mut n1, mut n2) = (r.clone(), big_n.clone(), big_n.clone());
        for i in (0..n).rev() {
            let (v, f) = (filtered.innovations[i], filtered.innovation_vars[i]);
            let p = filtered.predicted_var.index_axis(Axis(0), i);
            let (mut state, variance);
            if let Some((f_star, p_inf)) = filtered.diffuse.get(i) {
                let k0 = t.dot(&p_inf.dot(&z)) / f;
                let k1 = (t.dot(&p.dot(&z)) - &k0 * *f_star) / f;
                let (l0, l1) = (&t - &outer(&k0, &z), -outer(&k1, &z));
                r1 = &z * (v / f) + l0.t().dot(&r1) + l1.t().dot(&r);
                r = l0.t().dot(&r);
                n2 = -&zz * (f_star / (f * f))
                    + sandwich(&l0, &n2, &l0)
                    + sandwich(&l0, &n1, &l1)
                    + sandwich(&l1, &n1.t().to_owned(), &l0)
                    + sandwich(&l1, &big_n, &l1);
                n1 = &zz / f + sandwich(&l0, &n1, &l0) + sandwich(&l1, &big_n, &l0);
                big_n = sandwich(&l0, &big_n, &l0);
                state = p.dot(&r) + p_inf.dot(&r1);
                let cross = p_inf.dot(&n1).dot(&p);
                let known = p.dot(&big_n).dot(&p) + &cross + cross.t() + p_inf.dot(&n2).dot(p_inf);
                variance = &p - &known;
            } else {
                let k = t.dot(&p.dot(&z)) / f;
                let l = &t - &outer(&k, &z);
                r = &z * (v / f) + l.t().dot(&r);
                big_n = &zz / f + sandwich(&l, &big_n, &l);
                state = p.dot(&r);
                variance = &p - &p.dot(&big_n).dot(&p);
            }
            state += &filtered.predicted.row(i);
            out.state.row_mut(i).assign(&state);
            out.variance.index_axis_mut(Axis(0), i).assign(&variance);
        }
        out
    }

    /// One draw of all states given `y`, shape `(n, m)`, by the simulation smoother: a path from the
    /// model, plus what the data say about its error. Needs a known start.
    pub(super) fn sample_states(&self, y: ArrayView1<f64>, rng: &mut ChaCha8Rng) -> Array2<f64> {
        let (n, m) = (y.len(), self.n_states());
        let (z, t) = (self.loading(), self.transition());
        let (obs_sd, noise_sd) = (self.obs_var.sqrt(), self.noise().mapv(f64::sqrt));
        let (mean, variances) =
            self.start.clone().unwrap_or_else(|| (Array1::zeros(m), Array1::ones(m)));
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let mut state: Array1<f64> =
            mean.iter().zip(&variances).map(|(m, v)| m + v.sqrt() * normal()).collect();
        let mut path = Array2::zeros((n, m));
        let mut rest = y.to_owned();
        for i in 0..n {
            path.row_mut(i).assign(&state);
            rest[i] -= z.dot(&state) + obs_sd * normal();
            state = t.dot(&state);
            state.iter_mut().zip(&noise_sd).for_each(|(s, sd)| *s += sd * normal());
        }
        let centred = Self { start: Some((Array1::zeros(m), variances)), ..self.clone() };
        path + centred.mean_states(rest.view())
    }

    /// `E(αₜ | y)` from a known start, without the variances.
    fn mean_states(&self, y: ArrayView1<f64>) -> Array2<f64> {
        let filtered = self.run(y);
        let (z, t) = (self.loading(), self.transition());
        let mut r = Array1::<f64>::zeros(self.n_states());
        let mut out = Array2::zeros(filtered.filtered.raw_dim());
        for i in (0..y.len()).rev() {
            let p: ArrayView2<f64> = filtered.predicted_var.index_axis(Axis(0), i);
            let (v, f) = (filtered.innovations[i], filtered.innovation_vars[i]);
            // Lᵀ r = Tᵀ r − Z (Kᵀ r), with K = T P Z / F.
            let back = t.t().dot(&r);
            let kr = p.dot(&z).dot(&back) / f;
            r = back;
            r.scaled_add(v / f - kr, &z);
            out.row_mut(i).assign(&(&filtered.predicted.row(i) + &p.dot(&r)));
        }
        out
    }
}

fn outer(a: &Array1<f64>, b: &Array1<f64>) -> Array2<f64> {
    let (a, b) = (a.view().insert_axis(Axis(1)), b.view().insert_axis(Axis(0)));
    a.dot(&b)
}

/// `Aᵀ N B`.
fn sandwich(a: &Array2<f64>, n: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    a.t().dot(n).dot(b)
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
    use faer::linalg::solvers::Solve;
    use faer::{Mat, Side};
    use ndarray::array;
    use proptest::prelude::*;
    use rand::SeedableRng;

    /// The joint Gaussian of all observations, written out: mean 0, covariance from the start and noise.
    fn dense(model: &StructuralModel, n: usize) -> (Array2<f64>, Array2<f64>) {
        let (z, t, q) = (model.loading(), model.transition(), Array2::from_diag(&model.noise()));
        let (_, start) = model.start.clone().unwrap();
        let m = model.n_states();
        // Covariances of the states at times i and j, in blocks.
        let mut blocks = Array2::<f64>::zeros((n * m, n * m));
        let mut p = Array2::from_diag(&start);
        for i in 0..n {
            let mut cross = p.clone();
            for j in i..n {
                for (a, b) in (0..m).flat_map(|a| (0..m).map(move |b| (a, b))) {
                    blocks[[i * m + a, j * m + b]] = cross[[a, b]];
                    blocks[[j * m + b, i * m + a]] = cross[[a, b]];
                }
                cross = cross.dot(&t.t());
            }
            p = t.dot(&p).dot(&t.t()) + &q;
        }
        let big_z =
            Array2::from_shape_fn((n, n * m), |(i, c)| if c / m == i { z[c % m] } else { 0.0 });
        let with_y = blocks.dot(&big_z.t());
        let y_var = big_z.dot(&with_y) + Array2::from_diag_elem(n, model.obs_var);
        (with_y, y_var)
    }

    fn all_models(v: [f64; 4]) -> Vec<StructuralModel> {
        let level = StructuralModel::local_level(v[0], v[1]).unwrap();
        let trend = level.clone().slope(v[2]).unwrap();
        let year = level.clone().seasons(4, v[3]).unwrap();
        let both = trend.clone().seasons(3, v[3]).unwrap();
        vec![level, trend, year, both]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_recursions_are_the_joint_gaussian(
            v in proptest::array::uniform4(0.1..3.0),
            y in proptest::collection::vec(-4.0..4.0, 9),
        ) {
            let y = Array1::from(y);
            for model in all_models(v) {
                let m = model.n_states();
                let model = model.known_start(Array1::zeros(m), Array1::from_elem(m, 1.5)).unwrap();
                let (with_y, y_var) = dense(&model, 9);
                let llt = Mat::from_fn(9, 9, |i, j| y_var[[i, j]]).llt(Side::Lower).unwrap();
                let solved = llt.solve(Mat::from_fn(9, 1, |i, _| y[i]));
                let solved = Array1::from_shape_fn(9, |i| solved[(i, 0)]);
                let log_det: f64 = (0..9).map(|i| 2.0 * llt.L()[(i, i)].ln()).sum();
                let log_likelihood = -0.5 * (9.0 * (2.0 * PI).ln() + log_det + y.dot(&solved));
                let filtered = model.filter(y.view()).unwrap();
                prop_assert!((filtered.log_likelihood - log_likelihood).abs() < 1e-9);
                let mean = with_y.dot(&solved);
                let smoothed = model.smooth(y.view()).unwrap();
                let fast = model.mean_states(y.view());
                for i in 0..9 {
                    for a in 0..m {
                        prop_assert!((smoothed.state[[i, a]] - mean[i * m + a]).abs() < 1e-9);
                        prop_assert!((fast[[i, a]] - mean[i * m + a]).abs() < 1e-9);
                    }
                }
            }
        }

        #[test]
        fn a_diffuse_start_is_the_limit_of_a_wide_one(
            v in proptest::array::uniform4(0.1..3.0),
            y in proptest::collection::vec(-4.0..4.0, 9),
        ) {
            // Wider, and the wide filter itself loses the digits.
            const KAPPA: f64 = 1e5;
            let y = Array1::from(y);
            for model in all_models(v) {
                let m = model.n_states();
                let wide = model.clone();
                let wide = wide.known_start(Array1::zeros(m), Array1::from_elem(m, KAPPA)).unwrap();
                let (ours, theirs) = (model.filter(y.view()).unwrap(), wide.filter(y.view()).unwrap());
                prop_assert_eq!(ours.n_diffuse, m);
                let shift = 0.5 * m as f64 * KAPPA.ln();
                prop_assert!((ours.log_likelihood - theirs.log_likelihood - shift).abs() < 1e-2);
                let (ours, theirs) = (model.smooth(y.view()).unwrap(), wide.smooth(y.view()).unwrap());
                let far = (&ours.state - &theirs.state).fold(0.0_f64, |a, d| a.max(d.abs()));
                prop_assert!(far < 1e-2, "{}", far);
                let far = (&ours.variance - &theirs.variance).fold(0.0_f64, |a, d| a.max(d.abs()));
                prop_assert!(far < 1e-2, "{}", far);
            }
        }
    }

    #[test]
    fn drawn_states_have_the_smoothed_mean_and_variance() {
        let y = array![1.0, 2.5, 0.5, 3.0, 2.0];
        let model = StructuralModel::local_level(1.0, 0.5).unwrap();
        let model = model.known_start(array![1.0], array![2.0]).unwrap();
        let smoothed = model.smooth(y.view()).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let draws: Vec<Array2<f64>> =
            (0..4000).map(|_| model.sample_states(y.view(), &mut rng)).collect();
        for i in 0..5 {
            let at: Array1<f64> = draws.iter().map(|d| d[[i, 0]]).collect();
            let variance = smoothed.variance[[i, 0, 0]];
            let error = (variance / 4000.0).sqrt();
            assert!((at.mean().unwrap() - smoothed.state[[i, 0]]).abs() < 4.0 * error, "{i}");
            assert!((at.var(1.0) / variance - 1.0).abs() < 4.0 * (2.0f64 / 4000.0).sqrt(), "{i}");
        }
    }

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
