//! Local level with controls, fitted by maximum likelihood.
//!
//! ```text
//! yₜ = μₜ + xₜ β + εₜ,   μₜ₊₁ = μₜ + ηₜ      q = σ²η / σ²ε
//! ```
//!
//! Given `q` the filter turns `y` and every column of `x` into innovations, and `β` and `σ²ε` are those of
//! least squares among them: the likelihood is left a function of `q` alone, searched over its whole range.
//!
//! # References
//! Durbin & Koopman (2012), sections 2.10 (concentrated likelihood), 6.2 (regression).

use super::effect::Forecast;
use super::kalman::StructuralModel;
use crate::base::{check_matrix, check_vector, views};
use crate::linear::ols::LinearRegression;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use statrs::distribution::{ContinuousCDF, Normal};

/// `ln q` is searched between these: from a constant level to a level that is the series itself.
const RANGE: (f64, f64) = (-25.0, 15.0);

/// Maximum-likelihood fit of a local level with static regression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LocalLevel {
    /// Variance `σ²ε` of the noise, in squared units of the series.
    pub obs_var: f64,
    /// Variance `σ²η` of the level's steps.
    pub level_var: f64,
    /// Coefficients `β` of the controls, shape `(n_controls,)`.
    pub coef: Array1<f64>,
    /// Log-likelihood with a diffuse level, in the convention of [`super::kalman`].
    pub log_likelihood: f64,
    /// Smoothed level, shape `(n,)`.
    pub level: Array1<f64>,
    /// Forecast of the next level and its variance, `β` taken as known.
    next: (f64, f64),
}

/// Fits `y`, shape `(n,)`, on `x`, shape `(n, n_controls)`; no columns mean no controls.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::Shape`], [`Error::TooFewSamples`] unless there are at least
/// `n_controls + 3` times, [`Error::ZeroVariance`] for a constant series, [`Error::Collinear`] for
/// controls that are constant or depend on each other.
///
/// ```
/// use mlnotes::causal::impact::local_level::fit_local_level;
/// let nile = mlnotes::data::nile();
/// let fit = fit_local_level(nile.y.view(), ndarray::Array2::zeros((100, 0)).view())?;
/// // Durbin & Koopman (2012), section 2.10.3.
/// assert!((fit.obs_var - 15_099.0).abs() < 1.0 && (fit.level_var - 1469.1).abs() < 0.5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn fit_local_level(y: ArrayView1<f64>, x: ArrayView2<f64>) -> Result<LocalLevel> {
    check(y, x)?;
    // One scale for all, so that the range of the search suits every series.
    let mut best = (f64::NEG_INFINITY, RANGE.0);
    for i in 0..=80 {
        let at = RANGE.0 + (RANGE.1 - RANGE.0) * f64::from(i) / 80.0;
        let value = Profile::at(at.exp(), y, x)?.log_likelihood;
        if value > best.0 {
            best = (value, at);
        }
    }
    let at = golden_section(best.1 - 0.5, best.1 + 0.5, |at| {
        Ok(Profile::at(at.exp(), y, x)?.log_likelihood)
    })?;
    let Profile { obs_var, coef, log_likelihood } = Profile::at(at.exp(), y, x)?;
    let level_var = at.exp() * obs_var;
    let model = StructuralModel::local_level(obs_var, level_var)?;
    let rest = &y - &x.dot(&coef);
    let filtered = model.filter(rest.view())?;
    let next = (filtered.predicted[[y.len(), 0]], filtered.predicted_var[[y.len(), 0, 0]]);
    let level = model.smooth(rest.view())?.state.column(0).to_owned();
    Ok(LocalLevel { obs_var, level_var, coef, log_likelihood, level, next })
}

impl LocalLevel {
    /// Forecast after the last time, for controls `x` of shape `(n_times, n_controls)`, with intervals
    /// that leave `alpha` outside. Variances and `β` are taken as known, so the intervals are too narrow
    /// for short series; [`super::bsts`] does not take them so. The forecast holds no draws.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], [`Error::Empty`] without times; [`Error::Parameter`]
    /// unless `alpha` is between 0 and 1.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>, alpha: f64) -> Result<Forecast> {
        const WHAT: &str = "LocalLevel::predict: `x`";
        if x.nrows() == 0 {
            return Err(Error::Empty { what: WHAT, needed: "1 row" });
        }
        if x.ncols() != self.coef.len() {
            let expected = format!("(n_times, {})", self.coef.len());
            return Err(Error::Shape { what: WHAT, expected, got: format!("{:?}", x.dim()) });
        }
        if x.ncols() > 0 {
            check_matrix(WHAT, x)?;
        }
        if !(alpha > 0.0 && alpha < 1.0) {
            return Err(Error::Parameter {
                estimator: "LocalLevel",
                name: "alpha",
                rule: "between 0 and 1",
                got: alpha.to_string(),
            });
        }
        let z = Normal::standard().inverse_cdf(1.0 - 0.5 * alpha);
        let mean = x.dot(&self.coef) + self.next.0;
        let sd: Array1<f64> = (0..x.nrows())
            .map(|h| (self.next.1 + h as f64 * self.level_var + self.obs_var).sqrt())
            .collect();
        let (lower, upper) = (&mean - &(&sd * z), &mean + &(&sd * z));
        let draws = Array2::zeros((0, x.nrows()));
        Ok(Forecast { mean, lower, upper, draws })
    }
}

/// The likelihood's maximum over everything but `q`.
struct Profile {
    obs_var: f64,
    coef: Array1<f64>,
    log_likelihood: f64,
}

impl Profile {
    fn at(q: f64, y: ArrayView1<f64>, x: ArrayView2<f64>) -> Result<Self> {
        let model = StructuralModel::local_level(1.0, q)?;
        let filtered = model.filter(y)?;
        // The first observation only says where the level is.
        let variances = filtered.innovation_vars.slice(s![1..]).to_owned();
        let root = variances.mapv(f64::sqrt);
        let target = &filtered.innovations.slice(s![1..]) / &root;
        let mut columns = Array2::zeros((target.len(), x.ncols()));
        for (column, mut to) in x.columns().into_iter().zip(columns.columns_mut()) {
            to.assign(&(&model.filter(column)?.innovations.slice(s![1..]) / &root));
        }
        let (coef, residuals) = if x.ncols() == 0 {
            (Array1::zeros(0), target)
        } else {
            let fit = LinearRegression::params()
                .fit_intercept(false)
                .fit(columns.view(), target.view())?;
            (fit.coef, fit.residuals)
        };
        let n = residuals.len() as f64;
        let obs_var = residuals.dot(&residuals) / n;
        let log_det: f64 = variances.iter().map(|f| f.ln()).sum();
        let pi = std::f64::consts::TAU.ln();
        let log_likelihood = -0.5 * ((n + 1.0) * pi + log_det + n * (obs_var.ln() + 1.0));
        Ok(Self { obs_var, coef, log_likelihood })
    }
}

/// The highest point of a function with one summit between `low` and `high`.
fn golden_section(mut low: f64, mut high: f64, f: impl Fn(f64) -> Result<f64>) -> Result<f64> {
    let share = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - share * (high - low), low + share * (high - low));
    let (mut fa, mut fb) = (f(a)?, f(b)?);
    while high - low > 1e-9 {
        if fa >= fb {
            (high, b, fb) = (b, a, fa);
            a = high - share * (high - low);
            fa = f(a)?;
        } else {
            (low, a, fa) = (a, b, fb);
            b = low + share * (high - low);
            fb = f(b)?;
        }
    }
    Ok(f64::midpoint(low, high))
}

/// Every rule of the input.
fn check(y: ArrayView1<f64>, x: ArrayView2<f64>) -> Result<()> {
    const Y: &str = "fit_local_level: `y`";
    const X: &str = "fit_local_level: `x`";
    check_vector(Y, y)?;
    let (n, k) = (y.len(), x.ncols());
    if x.nrows() != n {
        let (expected, got) = (format!("({n}, n_controls)"), format!("{:?}", x.dim()));
        return Err(Error::Shape { what: X, expected, got });
    }
    if n < k + 3 {
        return Err(Error::TooFewSamples { what: Y, needed: k + 3, got: n });
    }
    if y.iter().all(|v| v.total_cmp(&y[0]).is_eq()) {
        return Err(Error::ZeroVariance { what: Y, col: None, value: y[0] });
    }
    if k > 0 {
        check_matrix(X, x)?;
        let constant = |c: &ArrayView1<f64>| c.iter().all(|v| v.total_cmp(&c[0]).is_eq());
        if let Some(col) = x.axis_iter(Axis(1)).position(|c| constant(&c)) {
            // The level takes a constant up.
            return Err(Error::Collinear { what: X, columns: vec![col] });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_profile_is_the_filters_likelihood_and_its_maximum() {
        let nile = crate::data::nile();
        let x = Array2::from_shape_fn((100, 2), |(t, j)| ((t * (3 + j)) % 11) as f64);
        let y = &nile.y + &x.dot(&array![40.0, -25.0]);
        let fit = fit_local_level(y.view(), x.view()).unwrap();
        let at = |obs_var: f64, level_var: f64, coef: &Array1<f64>| {
            let model = StructuralModel::local_level(obs_var, level_var).unwrap();
            model.filter((&y - &x.dot(coef)).view()).unwrap().log_likelihood
        };
        let top = at(fit.obs_var, fit.level_var, &fit.coef);
        assert!((top - fit.log_likelihood).abs() < 1e-8, "{top} {}", fit.log_likelihood);
        for (a, b, c) in [(1.02, 1.0, 0.0), (1.0, 1.05, 0.0), (1.0, 1.0, 0.5), (0.97, 1.0, -0.5)] {
            let coef = &fit.coef + c;
            assert!(at(a * fit.obs_var, b * fit.level_var, &coef) < top);
        }
        assert!((&fit.coef - &array![40.0, -25.0]).iter().all(|d| d.abs() < 12.0), "{}", fit.coef);
    }

    #[test]
    fn the_forecast_widens() {
        let nile = crate::data::nile();
        let fit = fit_local_level(nile.y.view(), Array2::zeros((100, 0)).view()).unwrap();
        let ahead = fit.predict(Array2::zeros((20, 0)).view(), 0.05).unwrap();
        let width = &ahead.upper - &ahead.lower;
        assert!((ahead.mean[0] - ahead.mean[19]).abs() < 1e-9 && width[19] > 1.1 * width[0]);
    }

    #[test]
    fn bad_input_is_named() {
        let y = array![1.0, 3.0, 2.0, 4.0, 3.0];
        let none = Array2::zeros((5, 0));
        let fails =
            |y: &Array1<f64>, x: &Array2<f64>| fit_local_level(y.view(), x.view()).unwrap_err();
        assert!(matches!(fails(&Array1::ones(5), &none), Error::ZeroVariance { .. }));
        assert!(matches!(fails(&y, &Array2::zeros((4, 0))), Error::Shape { .. }));
        assert!(matches!(
            fails(&y, &Array2::zeros((5, 3))),
            Error::TooFewSamples { needed: 6, .. }
        ));
        assert!(matches!(fails(&y, &Array2::ones((5, 1))), Error::Collinear { .. }));
        let fit = fit_local_level(y.view(), none.view()).unwrap();
        assert!(fit.predict(Array2::zeros((2, 1)).view(), 0.05).is_err());
        assert!(fit.predict(Array2::zeros((0, 0)).view(), 0.05).is_err());
        assert!(fit.predict(Array2::zeros((2, 0)).view(), 1.0).is_err());
    }
}
