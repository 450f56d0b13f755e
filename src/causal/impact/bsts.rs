//! Bayesian structural time series by Gibbs sampling, for causal impact.
//!
//! ```text
//! yₜ = μₜ (+ γₜ) + xₜ β + εₜ
//!
//! 1. states | y − xβ, variances          simulation smoother (kalman)
//! 2. variances of level, slope, season | states      1/σ² ~ Gamma((ν + n)/2, (ν g² + Σ η²)/2)
//! 3. γ, σ²ε, β | y − states               spike and slab
//! 4. forecast: states go on from their last draw, plus xβ, plus noise
//! ```
//!
//! Series and controls are standardised by their mean and standard deviation before the intervention;
//! everything returned is in the original units. The prior of the level's step, `g = level_sd` standard
//! deviations worth `level_df` observations, decides how fast the band widens: 0.01 (the default of the
//! `CausalImpact` package) says that without controls the series would hardly move, 0.1 is for series
//! that wander.
//!
//! # References
//! Brodersen et al. (2015), sections 2.1 to 2.3; Scott & Varian (2014), section 3; Durbin & Koopman
//! (2002), the simulation smoother.

use super::effect::{Forecast, Impact};
use super::kalman::StructuralModel;
use super::spike_slab::{Sampler, SpikeSlabPrior, column_scales, draw_variance};
use crate::base::{check_matrix, check_vector, setters, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Entry point: [`CausalImpact::params`].
#[derive(Debug, Clone, Copy)]
pub struct CausalImpact;

impl CausalImpact {
    /// The default settings.
    ///
    /// ```
    /// use mlnotes::causal::impact::CausalImpact;
    /// use ndarray::{Array1, Array2, s};
    /// // A control, a series that follows it, and 5 more from time 60 on.
    /// let x = Array2::from_shape_fn((80, 1), |(t, _)| 50.0 + 10.0 * (t as f64 * 0.3).sin());
    /// let y = Array1::from_shape_fn(80, |t| {
    ///     1.2 * x[[t, 0]] + ((t * 7) % 5) as f64 - 2.0 + if t >= 60 { 5.0 } else { 0.0 }
    /// });
    /// let fit = CausalImpact::params().seed(1).fit(y.slice(s![..60]), x.slice(s![..60, ..]))?;
    /// let impact = fit.impact(y.slice(s![60..]), x.slice(s![60.., ..]))?;
    /// assert!(impact.average.lower < 5.0 && 5.0 < impact.average.upper && impact.p_value < 0.01);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> CausalImpactParams {
        CausalImpactParams {
            slope: false,
            seasons: None,
            level_sd: 0.01,
            level_df: 32.0,
            regression: SpikeSlabPrior::default(),
            alpha: 0.05,
            n_draws: 1000,
            burn_in: 250,
            seed: 0,
        }
    }
}

/// Settings of the model and its sampler.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `slope` | false | | a local linear trend instead of a local level |
/// | `seasons` | none | `>= 2` | seasonal effects of this period |
/// | `level_sd` | 0.01 | `> 0` | expected step of level, slope and season, in standard deviations of the series |
/// | `level_df` | 32 | `> 0` | observations that this expectation is worth |
/// | `expected_model_size` | 3 | `> 0` | controls expected in the model; from `n_controls` on, all are |
/// | `expected_r2` | 0.8 | `[0, 1)` | share of the variance that controls explain; 0 without controls |
/// | `noise_df` | 50 | `> 0` | observations that this expectation is worth; 0.01 without controls |
/// | `slab_weight` | 1 | `> 0` | observations that the slab is worth |
/// | `alpha` | 0.05 | `(0, 1)` | what intervals leave outside |
/// | `n_draws` | 1000 | `>= 1` | draws kept |
/// | `burn_in` | 250 | | draws thrown away first |
/// | `seed` | 0 | | chance |
#[derive(Debug, Clone, PartialEq)]
pub struct CausalImpactParams {
    slope: bool,
    seasons: Option<usize>,
    level_sd: f64,
    level_df: f64,
    regression: SpikeSlabPrior,
    alpha: f64,
    n_draws: usize,
    burn_in: usize,
    seed: u64,
}

/// The fitted model: draws of everything it does not know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Bsts {
    /// Posterior probability that each control is in the model, shape `(n_controls,)`.
    pub inclusion: Array1<f64>,
    /// Draws of the coefficients, in units of the series per unit of the control, 0 where a control is
    /// out, shape `(n_draws, n_controls)`.
    pub coef: Array2<f64>,
    /// Draws of the noise variance, shape `(n_draws,)`.
    pub obs_var: Array1<f64>,
    /// Draws of the variance of the level's steps, shape `(n_draws,)`.
    pub level_var: Array1<f64>,
    /// What the model says of the time before: states, controls and noise, shape `(n_draws, t₀)`.
    pub fitted: Forecast,
    /// One a draw: its last state and the standard deviations of its steps, in standardised units.
    ends: Vec<(Array1<f64>, Array1<f64>)>,
    model: StructuralModel,
    /// Mean and standard deviation of the series, and of the controls.
    y_scale: (f64, f64),
    x_scale: (Array1<f64>, Array1<f64>),
    alpha: f64,
    seed: u64,
}

impl CausalImpactParams {
    /// Sets whether the level has a slope.
    #[must_use]
    pub fn slope(mut self, slope: bool) -> Self {
        self.slope = slope;
        self
    }

    /// Adds seasonal effects of this period.
    #[must_use]
    pub fn seasons(mut self, n_seasons: usize) -> Self {
        self.seasons = Some(n_seasons);
        self
    }

    setters! {
        /// Sets the expected step of the level, in standard deviations of the series.
        level_sd: f64;
        /// Sets how many observations the expected step is worth.
        level_df: f64;
    }

    /// Sets how many controls are expected in the model.
    #[must_use]
    pub fn expected_model_size(mut self, size: f64) -> Self {
        self.regression.expected_model_size = size;
        self
    }

    /// Sets the share of the variance that controls are expected to explain.
    #[must_use]
    pub fn expected_r2(mut self, r2: f64) -> Self {
        self.regression.expected_r2 = r2;
        self
    }

    /// Sets how many observations the expected share is worth.
    #[must_use]
    pub fn noise_df(mut self, df: f64) -> Self {
        self.regression.df = df;
        self
    }

    /// Sets how many observations the slab is worth.
    #[must_use]
    pub fn slab_weight(mut self, weight: f64) -> Self {
        self.regression.slab_weight = weight;
        self
    }

    setters! {
        /// Sets what intervals leave outside.
        alpha: f64;
        /// Sets the number of draws kept.
        n_draws: usize;
        /// Sets the number of draws thrown away first.
        burn_in: usize;
        /// Seeds the sampler.
        seed: u64;
    }

    /// Fits the time before the intervention: `y_pre`, shape `(t₀,)`, and controls `x_pre`, shape
    /// `(t₀, n_controls)`; no columns mean no controls.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::Shape`], [`Error::TooFewSamples`] for fewer than three times more
    /// than states, [`Error::ZeroVariance`] for a constant series, [`Error::ZeroVariance`] for a constant
    /// control, [`Error::Parameter`].
    #[views]
    pub fn fit(&self, y_pre: ArrayView1<f64>, x_pre: ArrayView2<f64>) -> Result<Bsts> {
        let mut model = self.check(y_pre, x_pre)?;
        let (n, k) = x_pre.dim();
        let y_scale = (y_pre.mean().unwrap_or(0.0), y_pre.std(1.0));
        let x_scale = column_scales(x_pre);
        let y = (&y_pre - y_scale.0) / y_scale.1;
        let x = (&x_pre - &x_scale.0) / &x_scale.1;
        let prior = if k > 0 {
            self.regression
        } else {
            SpikeSlabPrior { expected_r2: 0.0, df: 0.01, ..self.regression }
        };
        let sampler = Sampler::new(x.view(), prior, 1.0)?;
        let mut rng = stream(self.seed, 0);
        let mut included = sampler.start();
        let (mut beta, mut obs_var) = (Array1::<f64>::zeros(k), 1.0 - prior.expected_r2);
        let m = model.n_states();
        let mut steps = Array1::from_elem(m, self.level_sd * self.level_sd);
        let shape = (self.n_draws, k);
        let (mut coef, mut inclusion) = (Array2::zeros(shape), Array1::<f64>::zeros(k));
        let mut fitted = Array2::zeros((self.n_draws, n));
        let (mut obs_vars, mut level_vars) = (Vec::new(), Vec::new());
        let mut ends = Vec::with_capacity(self.n_draws);
        let unit = y_scale.1 * y_scale.1;
        for draw in 0..self.burn_in + self.n_draws {
            check_interrupt();
            model = model.with_variances(obs_var, &steps);
            let states = model.sample_states((&y - &x.dot(&beta)).view(), &mut rng);
            self.draw_steps(&model, &states, &mut steps, &mut rng)?;
            let signal = states.dot(&model.loading());
            (beta, obs_var) = sampler.draw(&mut included, (&y - &signal).view(), &mut rng)?;
            let Some(kept) = draw.checked_sub(self.burn_in) else { continue };
            let noise: Array1<f64> = (0..n).map(|_| StandardNormal.sample(&mut rng)).collect();
            let explained = signal + x.dot(&beta) + noise * obs_var.sqrt();
            fitted.row_mut(kept).assign(&(explained * y_scale.1 + y_scale.0));
            coef.row_mut(kept).assign(&(&beta / &x_scale.1 * y_scale.1));
            included.iter().zip(&mut inclusion).for_each(|(&i, n)| *n += f64::from(u8::from(i)));
            obs_vars.push(obs_var * unit);
            level_vars.push(steps[0] * unit);
            ends.push((states.row(n - 1).to_owned(), steps.mapv(f64::sqrt)));
        }
        Ok(Bsts {
            inclusion: inclusion / self.n_draws as f64,
            coef,
            obs_var: obs_vars.into(),
            level_var: level_vars.into(),
            fitted: Forecast::of(fitted, self.alpha),
            ends,
            model,
            y_scale,
            x_scale,
            alpha: self.alpha,
            seed: self.seed,
        })
    }

    /// Variances of the steps given the states; states that only shift (old seasons) have none.
    fn draw_steps(
        &self,
        model: &StructuralModel,
        states: &Array2<f64>,
        steps: &mut Array1<f64>,
        rng: &mut ChaCha8Rng,
    ) -> Result<()> {
        let n = states.nrows();
        let expected = states.slice(ndarray::s![..n - 1, ..]).dot(&model.transition().t());
        let eta = &states.slice(ndarray::s![1.., ..]) - &expected;
        let prior = self.level_df * self.level_sd * self.level_sd;
        for i in model.moving() {
            let sum = prior + eta.column(i).dot(&eta.column(i));
            steps[i] = draw_variance(self.level_df + (n - 1) as f64, sum, rng)?;
        }
        Ok(())
    }

    /// Every rule of settings and input; gives the model with its start.
    fn check(&self, y: ArrayView1<f64>, x: ArrayView2<f64>) -> Result<StructuralModel> {
        const Y: &str = "CausalImpact: `y_pre`";
        const X: &str = "CausalImpact: `x_pre`";
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "CausalImpact", name, rule, got })
        };
        for (name, value) in [("level_sd", self.level_sd), ("level_df", self.level_df)] {
            if !(value.is_finite() && value > 0.0) {
                return bad(name, "finite and > 0", value.to_string());
            }
        }
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return bad("alpha", "between 0 and 1", self.alpha.to_string());
        }
        if self.n_draws == 0 {
            return bad("n_draws", ">= 1", "0".to_owned());
        }
        let step = self.level_sd * self.level_sd;
        let mut model = StructuralModel::local_level(1.0, step)?;
        if self.slope {
            model = model.slope(step)?;
        }
        if let Some(n_seasons) = self.seasons {
            model = model.seasons(n_seasons, step)?;
        }
        check_vector(Y, y)?;
        if x.nrows() != y.len() {
            let (expected, got) = (format!("({}, n_controls)", y.len()), format!("{:?}", x.dim()));
            return Err(Error::Shape { what: X, expected, got });
        }
        let m = model.n_states();
        if y.len() < m + 3 {
            return Err(Error::TooFewSamples { what: Y, needed: m + 3, got: y.len() });
        }
        let constant = |c: ArrayView1<f64>| c.iter().all(|v| v.total_cmp(&c[0]).is_eq());
        if constant(y) {
            return Err(Error::ZeroVariance { what: Y, col: None, value: y[0] });
        }
        if x.ncols() > 0 {
            check_matrix(X, x)?;
        }
        if let Some(col) = x.axis_iter(Axis(1)).position(constant) {
            return Err(Error::ZeroVariance { what: X, col: Some(col), value: x[[0, col]] });
        }
        // The first level lies about the first value; slope and seasons about 0.
        let mut mean = Array1::zeros(m);
        mean[0] = (y[0] - y.mean().unwrap_or(0.0)) / y.std(1.0);
        model.known_start(mean, Array1::ones(m))
    }
}

impl Bsts {
    /// What would have come after, for controls `x_post` of shape `(n_times, n_controls)`.
    ///
    /// # Errors
    /// [`Error::Empty`] without times, [`Error::Shape`] for a wrong number of controls,
    /// [`Error::NotFinite`].
    #[views]
    pub fn predict(&self, x_post: ArrayView2<f64>) -> Result<Forecast> {
        const WHAT: &str = "Bsts::predict: `x_post`";
        let (n, k) = x_post.dim();
        if n == 0 {
            return Err(Error::Empty { what: WHAT, needed: "1 row" });
        }
        if k != self.inclusion.len() {
            let expected = format!("(n_times, {})", self.inclusion.len());
            return Err(Error::Shape { what: WHAT, expected, got: format!("{:?}", x_post.dim()) });
        }
        if k > 0 {
            check_matrix(WHAT, x_post)?;
        }
        // Another stream than the fit's, so that a forecast does not depend on how often one asks.
        let mut rng = stream(self.seed, 1);
        let (z, t) = (self.model.loading(), self.model.transition());
        let (mean, sd) = self.y_scale;
        let centred = &x_post - &self.x_scale.0;
        let mut draws = Array2::zeros((self.ends.len(), n));
        for (i, (end, steps)) in self.ends.iter().enumerate() {
            let explained = centred.dot(&self.coef.row(i));
            let noise = self.obs_var[i].sqrt();
            let mut state = end.clone();
            for h in 0..n {
                state = t.dot(&state);
                for j in self.model.moving() {
                    let eta: f64 = StandardNormal.sample(&mut rng);
                    state[j] += steps[j] * eta;
                }
                let eps: f64 = StandardNormal.sample(&mut rng);
                draws[[i, h]] = mean + sd * z.dot(&state) + explained[h] + noise * eps;
            }
        }
        Ok(Forecast::of(draws, self.alpha))
    }

    /// The effect: `y_post`, shape `(n_times,)`, against the forecast from `x_post`, shape
    /// `(n_times, n_controls)`.
    ///
    /// # Errors
    /// As [`Bsts::predict`], for `y_post` too.
    #[views]
    pub fn impact(&self, y_post: ArrayView1<f64>, x_post: ArrayView2<f64>) -> Result<Impact> {
        self.predict(x_post)?.impact(y_post, self.alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, s};
    use rand::SeedableRng;

    /// Two controls, of which the first moves the series; `effect` more from time 50 on.
    fn world(seed: u64, effect: f64) -> (Array1<f64>, Array2<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let x = Array2::from_shape_fn((65, 2), |(t, j)| {
            20.0 + 3.0 * (t as f64 / (4.0 + j as f64)).sin() + normal()
        });
        let y = Array1::from_shape_fn(65, |t| {
            10.0 + 1.5 * x[[t, 0]] + 1.7 * normal() + if t >= 50 { effect } else { 0.0 }
        });
        (y, x)
    }

    #[test]
    fn a_planted_effect_is_covered_as_often_as_promised() {
        let (mut covered, mut rejected) = (0, 0);
        for seed in 0..40 {
            let (y, x) = world(seed, 4.0);
            let params = CausalImpact::params().n_draws(300).burn_in(60).seed(seed);
            let fit = params.fit(y.slice(s![..50]), x.slice(s![..50, ..])).unwrap();
            let after = x.slice(s![50.., ..]);
            let impact = fit.impact(y.slice(s![50..]), after).unwrap();
            covered += i32::from(impact.average.lower <= 4.0 && 4.0 <= impact.average.upper);
            let none = fit.impact((&y.slice(s![50..]) - 4.0).view(), after).unwrap();
            rejected += i32::from(none.p_value < 0.025);
        }
        // Binomial(40, 0.95): fewer than 34 has probability 0.003. Binomial(40, 0.05): more than 6, 0.003.
        assert!(covered >= 34, "{covered}");
        assert!(rejected <= 6, "{rejected}");
    }

    #[test]
    fn the_right_control_is_chosen_and_the_seed_decides() {
        let (y, x) = world(3, 0.0);
        let params = CausalImpact::params().n_draws(200).burn_in(50).expected_model_size(1.0);
        let fit = params.clone().seed(5).fit(y.view(), x.view()).unwrap();
        assert!(fit.inclusion[0] > 0.95 && fit.inclusion[1] < 0.6, "{}", fit.inclusion);
        let slope = fit.coef.column(0).mean().unwrap();
        // Four standard errors: noise 1.7 over the control's spread of 2.3 on 65 times.
        assert!((slope - 1.5).abs() < 4.0 * 1.7 / (2.3 * 65f64.sqrt()), "{slope}");
        assert_eq!(fit, params.clone().seed(5).fit(y.view(), x.view()).unwrap());
        assert_ne!(fit, params.seed(6).fit(y.view(), x.view()).unwrap());
        assert_eq!(fit.predict(x.view()).unwrap(), fit.predict(x.view()).unwrap());
    }

    #[test]
    fn units_do_not_matter() {
        let (y, x) = world(1, 0.0);
        let params = CausalImpact::params().n_draws(50).burn_in(10);
        let a = params.fit(y.view(), x.view()).unwrap().predict(x.view()).unwrap();
        let (y, far) = (&y * 1000.0 + 5e4, &x * 0.01 - 7.0);
        let b = params.fit(y.view(), far.view()).unwrap().predict(far.view()).unwrap();
        let error = (&a.mean * 1000.0 + 5e4 - &b.mean).mapv(f64::abs);
        assert!(error.iter().all(|e| *e < 1e-4), "{error}");
    }

    #[test]
    fn seasons_and_a_slope_are_followed() {
        let y = Array1::from_shape_fn(60, |t| {
            0.5 * t as f64 + [3.0, -1.0, -2.0, 0.0][t % 4] + ((t * 13) % 7) as f64 * 0.1
        });
        let none = Array2::zeros((60, 0));
        let fit = CausalImpact::params()
            .slope(true)
            .seasons(4)
            .n_draws(200)
            .burn_in(100)
            .fit(y.slice(s![..52]), none.slice(s![..52, ..]))
            .unwrap();
        let ahead = fit.predict(none.slice(s![52.., ..])).unwrap();
        let error = (&ahead.mean - &y.slice(s![52..])).mapv(f64::abs);
        assert!(error.iter().all(|e| *e < 1.5), "{error}");
        assert!(ahead.upper[7] - ahead.lower[7] > ahead.upper[0] - ahead.lower[0]);
    }

    #[test]
    fn bad_input_is_named() {
        let (y, x) = world(0, 0.0);
        let fails = |p: CausalImpactParams| p.fit(y.view(), x.view()).unwrap_err();
        let p = CausalImpact::params;
        assert!(matches!(fails(p().level_sd(0.0)), Error::Parameter { name: "level_sd", .. }));
        assert!(matches!(fails(p().level_df(-1.0)), Error::Parameter { name: "level_df", .. }));
        assert!(matches!(fails(p().alpha(1.0)), Error::Parameter { name: "alpha", .. }));
        assert!(matches!(fails(p().n_draws(0)), Error::Parameter { name: "n_draws", .. }));
        assert!(matches!(fails(p().seasons(1)), Error::Parameter { name: "n_seasons", .. }));
        assert!(matches!(fails(p().noise_df(0.0)), Error::Parameter { name: "df", .. }));
        assert!(matches!(fails(p().slab_weight(0.0)), Error::Parameter { .. }));
        assert!(matches!(fails(p().expected_r2(1.0)), Error::Parameter { .. }));
        assert!(matches!(fails(p().expected_model_size(0.0)), Error::Parameter { .. }));
        let short = p().fit(array![1.0, 2.0, 3.0].view(), Array2::zeros((3, 0)).view());
        assert!(matches!(short, Err(Error::TooFewSamples { needed: 4, got: 3, .. })));
        let flat = p().fit(Array1::ones(9).view(), Array2::zeros((9, 0)).view());
        assert!(matches!(flat, Err(Error::ZeroVariance { .. })));
        let flat = p().fit(y.view(), Array2::ones((65, 1)).view());
        assert!(matches!(flat, Err(Error::ZeroVariance { col: Some(0), .. })));
        let fit = p().n_draws(5).fit(y.view(), x.view()).unwrap();
        assert!(matches!(fit.predict(Array2::zeros((3, 1)).view()), Err(Error::Shape { .. })));
        assert!(matches!(fit.predict(Array2::zeros((0, 2)).view()), Err(Error::Empty { .. })));
        let wrong = fit.impact(y.view(), x.slice(s![..9, ..]));
        assert!(matches!(wrong, Err(Error::Shape { .. })));
    }
}
