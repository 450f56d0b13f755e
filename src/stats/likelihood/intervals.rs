//! How sure the estimate is: intervals from the curvature and from the likelihood, and the comparison of
//! nested models.
//!
//! ```text
//! Wald:     θ̂ⱼ ± z se(θ̂ⱼ)                                   z: quantile (1 + level)/2 of N(0, 1)
//! profile:  { v : 2(ℓ(θ̂) − ℓₚ(v)) ≤ z² }                     ℓₚ(v) = max ℓ(θ) over θ with θⱼ = v
//! ratio:    D = 2(ℓ(full) − ℓ(null)) ~ χ²(df) under the null
//! ```
//!
//! The Wald interval is the profile interval of the parabola that touches `ℓ` at `θ̂`: cheap, symmetric,
//! different for `θ` and `ln θ`, and able to leave the parameter space. The profile interval follows the
//! likelihood itself, so it is carried along by any change of parameter. Both have their level in large
//! samples.
//!
//! # References
//! Wilks (1938); Pawitan (2001), *In All Likelihood*, sections 2.9, 3.4 and 9.11.

use super::{Domain, LogLikelihood, Mle, maximize};
use crate::base::Test;
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// Steps and tolerance of the searches over the other parameters.
const MAX_ITER: usize = 200;
const TOL: f64 = 1e-12;

/// Wald intervals, shape `(n_params, 2)`: `θ̂ ± z se`, low ends in column 0.
///
/// They may leave the parameter space, for instance below 0 for a rate; that is a sign to use
/// [`profile_ci`].
///
/// # Errors
/// [`Error::Parameter`] for a level that is not between 0 and 1, [`Error::NotRegular`] for an estimate
/// without standard errors.
///
/// ```
/// use mlnotes::stats::likelihood::{Poisson, maximize, wald_ci};
/// let model = Poisson::new(ndarray::array![3.0, 5.0, 4.0, 4.0].view())?;
/// let fit = maximize(&model, ndarray::array![1.0].view(), 100, 1e-10)?;
/// let ci = wald_ci(&fit, 0.95)?;
/// assert!((ci[[0, 0]] - 2.04).abs() < 1e-3 && (ci[[0, 1]] - 5.96).abs() < 1e-3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn wald_ci(mle: &Mle, level: f64) -> Result<Array2<f64>> {
    let z = normal_quantile("wald_ci", level)?;
    let Some(std_err) = &mle.std_err else {
        let problem = if mle.converged {
            "the estimate lies on the boundary or the model is not regular"
        } else {
            "the search for the maximum did not end"
        };
        return Err(Error::NotRegular {
            what: "wald_ci: `mle`",
            problem: problem.into(),
            remedy: "use `profile_ci`, an interval made for the model, or more iterations",
        });
    };
    let end = |side: f64| &mle.theta + &(side * z * std_err);
    Ok(ndarray::stack![Axis(1), end(-1.0), end(1.0)])
}

/// The log-likelihood of parameter `param` at `value`, the others chosen to make it largest.
///
/// # Errors
/// [`Error::Parameter`] for a parameter or value that does not exist, [`Error::NotConverged`] when the
/// search over the others does not end; otherwise as [`maximize`].
///
/// ```
/// use mlnotes::stats::likelihood::{Normal, maximize, profile_log_lik};
/// let model = Normal::new(ndarray::array![1.0, 3.0].view())?;
/// let fit = maximize(&model, ndarray::array![0.0, 1.0].view(), 100, 1e-10)?;
/// // Around the mean mu the best variance is that of the data plus (2 - mu)^2.
/// let fall = fit.log_lik - profile_log_lik(&model, &fit, 0, 3.0)?;
/// assert!((fall - 2f64.ln()).abs() < 1e-9);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn profile_log_lik(ll: &dyn LogLikelihood, mle: &Mle, param: usize, value: f64) -> Result<f64> {
    check_param("profile_log_lik", ll, mle, param)?;
    Ok(Profile { caller: "profile_log_lik", ll, param }.at(value, &mle.theta)?.0)
}

/// Profile interval of parameter `param`: all values that a likelihood-ratio test does not reject.
///
/// The other parameters are maximised anew for every value. The ends are found to about ten digits. An end
/// is infinite where the likelihood does not fall far enough, and the end of the domain where the
/// interval reaches it.
///
/// # Errors
/// [`Error::Parameter`] for a level that is not between 0 and 1 or a parameter that does not exist,
/// [`Error::Shape`] for an estimate of another model, [`Error::NotRegular`] for a model whose deviance has
/// another distribution and for an estimate that has not converged; otherwise as [`maximize`].
///
/// ```
/// use mlnotes::stats::likelihood::{Poisson, maximize, profile_ci};
/// // Ten days without an event: the rate is estimated at 0, yet 0.19 a day is not excluded.
/// let model = Poisson::new(ndarray::Array1::zeros(10).view())?;
/// let fit = maximize(&model, ndarray::array![1.0].view(), 100, 1e-10)?;
/// let (low, high) = profile_ci(&model, &fit, 0, 0.95)?;
/// assert_eq!(low, 0.0);
/// assert!((high - 1.959964f64.powi(2) / 20.0).abs() < 1e-6);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn profile_ci(
    ll: &dyn LogLikelihood,
    mle: &Mle,
    param: usize,
    level: f64,
) -> Result<(f64, f64)> {
    let z = normal_quantile("profile_ci", level)?;
    check_param("profile_ci", ll, mle, param)?;
    let refused = |problem: &str, remedy| {
        Err(Error::NotRegular { what: "profile_ci", problem: problem.into(), remedy })
    };
    if !ll.is_regular() {
        return refused(
            "the support of the data moves with the parameter",
            "use an interval made for the model, for instance `UniformZeroTo::interval`",
        );
    }
    if !mle.converged {
        return refused("the search for the maximum did not end", "allow more iterations");
    }
    let profile = Profile { caller: "profile_ci", ll, param };
    let (low, high) = (profile.end(mle, z * z, -1.0)?, profile.end(mle, z * z, 1.0)?);
    Ok((low, high))
}

/// Likelihood-ratio test of a null model inside a full one, both maximised: `df` is the number of
/// parameters that the null model fixes.
///
/// The statistic is the deviance `D = 2(ℓ(full) − ℓ(null))`, compared with chi-squared. The null must not
/// put a parameter on the boundary of the full model: then the p-value is too large.
///
/// # Errors
/// [`Error::Parameter`] for a log-likelihood that is not finite, a null model that fits better than the
/// full one, and `df = 0`.
///
/// ```
/// let test = mlnotes::stats::likelihood::likelihood_ratio(-120.0, -121.920729, 1)?;
/// assert!((test.statistic - 3.841458).abs() < 1e-6 && (test.p_value - 0.05).abs() < 1e-6);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn likelihood_ratio(ll_full: f64, ll_null: f64, df: usize) -> Result<Test> {
    let bad = |name, rule, got: String| {
        Err(Error::Parameter { estimator: "likelihood_ratio", name, rule, got })
    };
    for (name, value) in [("ll_full", ll_full), ("ll_null", ll_null)] {
        if !value.is_finite() {
            return bad(name, "finite", value.to_string());
        }
    }
    let statistic = 2.0 * (ll_full - ll_null);
    if statistic < -1e-6 * (1.0 + ll_full.abs()) {
        let got = format!("{ll_null} for the null and {ll_full} for the full model");
        return bad("ll_null", "at most `ll_full`, as it is when both models are maximised", got);
    }
    let Ok(chi_squared) = ChiSquared::new(df as f64) else {
        return bad("df", ">= 1", df.to_string());
    };
    let statistic = statistic.max(0.0);
    Ok(Test::new(statistic, chi_squared.sf(statistic)).with_df(df as f64))
}

/// One parameter's view of a log-likelihood.
struct Profile<'a> {
    caller: &'static str,
    ll: &'a dyn LogLikelihood,
    param: usize,
}

impl Profile<'_> {
    /// `ℓₚ(value)`, and the whole `theta` that attains it. The search starts at `near`.
    fn at(&self, value: f64, near: &Array1<f64>) -> Result<(f64, Array1<f64>)> {
        let mut theta = near.clone();
        theta[self.param] = value;
        if theta.len() == 1 {
            return Ok((self.ll.log_lik(theta.view())?, theta));
        }
        let pinned = Pinned { ll: self.ll, param: self.param, value };
        let others = maximize(&pinned, pinned.without(theta.view()).view(), MAX_ITER, TOL)?;
        if !others.converged {
            return Err(Error::NotConverged {
                estimator: self.caller,
                n_iter: others.n_iter,
                change: f64::NAN,
                remedy: "the likelihood may have no maximum for this value of the parameter",
            });
        }
        Ok((others.log_lik, pinned.with(others.theta.view())))
    }

    /// Where the deviance, going from the estimate to `side` (-1 or 1), reaches `limit`.
    fn end(&self, mle: &Mle, limit: f64, side: f64) -> Result<f64> {
        const DOUBLINGS: usize = 200;
        let domain = self.ll.domain(self.param);
        let centre = mle.theta[self.param];
        let bound = if side < 0.0 { domain.low } else { domain.high };
        let (mut inner, mut near, mut width) = (centre, mle.theta.clone(), self.width(mle, limit)?);
        for _ in 0..DOUBLINGS {
            check_interrupt();
            let mut outer = centre + side * width;
            let beyond = side * (outer - bound) >= 0.0;
            if beyond {
                // An end that is excluded is approached, never reached.
                outer = if domain.closed { bound } else { inner + 0.9 * (bound - inner) };
            }
            if !domain.contains(outer) {
                break;
            }
            let (deviance, theta) = self.deviance(mle, outer, &near)?;
            if deviance >= limit {
                return self.root(mle, limit, (inner, outer), near);
            }
            if beyond && domain.closed {
                return Ok(bound);
            }
            (inner, near, width) = (outer, theta, 2.0 * width);
        }
        Ok(bound)
    }

    /// A first guess at the half width: the Wald interval's, or what the slope at a boundary says.
    fn width(&self, mle: &Mle, limit: f64) -> Result<f64> {
        if let Some(std_err) = &mle.std_err {
            return Ok(limit.sqrt() * std_err[self.param]);
        }
        let slope = self.ll.score(mle.theta.view())?[self.param].abs();
        let by_size = mle.theta[self.param].abs().max(1.0);
        Ok(if slope > 0.0 { 0.5 * limit / slope } else { by_size })
    }

    /// `2(ℓ(θ̂) − ℓₚ(value))`; infinite where the value is impossible.
    fn deviance(&self, mle: &Mle, value: f64, near: &Array1<f64>) -> Result<(f64, Array1<f64>)> {
        let mut probe = near.clone();
        probe[self.param] = value;
        if self.ll.log_lik(probe.view())? == f64::NEG_INFINITY {
            return Ok((f64::INFINITY, probe));
        }
        let (log_lik, theta) = self.at(value, near)?;
        Ok((2.0 * (mle.log_lik - log_lik), theta))
    }

    /// Newton on the deviance, whose slope is `−2 s_param` since the others are at their best; bisection
    /// where Newton would leave the bracket.
    fn root(
        &self,
        mle: &Mle,
        limit: f64,
        (mut inner, mut outer): (f64, f64),
        mut near: Array1<f64>,
    ) -> Result<f64> {
        let mut value = f64::midpoint(inner, outer);
        for _ in 0..MAX_ITER {
            let (deviance, theta) = self.deviance(mle, value, &near)?;
            let excess = deviance - limit;
            if excess.abs() <= 1e-11 * limit || (outer - inner).abs() <= f64::EPSILON * value.abs()
            {
                break;
            }
            if excess > 0.0 {
                outer = value;
            } else {
                (inner, near) = (value, theta.clone());
            }
            let slope = if deviance.is_finite() {
                -2.0 * self.ll.score(theta.view())?[self.param]
            } else {
                f64::INFINITY
            };
            let newton = value - excess / slope;
            let (low, high) = (inner.min(outer), inner.max(outer));
            let inside = low < newton && newton < high;
            value = if inside { newton } else { f64::midpoint(inner, outer) };
        }
        Ok(value)
    }
}

/// The model with one parameter held fast, as a model of the others.
struct Pinned<'a> {
    ll: &'a dyn LogLikelihood,
    param: usize,
    value: f64,
}

impl Pinned<'_> {
    fn others(&self) -> Vec<usize> {
        (0..self.ll.n_params()).filter(|&j| j != self.param).collect()
    }

    fn without(&self, theta: ArrayView1<f64>) -> Array1<f64> {
        theta.select(Axis(0), &self.others())
    }

    fn with(&self, others: ArrayView1<f64>) -> Array1<f64> {
        let mut theta = others.to_vec();
        theta.insert(self.param.min(theta.len()), self.value);
        theta.into()
    }

    fn block(&self, matrix: &Array2<f64>) -> Array2<f64> {
        let others = self.others();
        matrix.select(Axis(0), &others).select(Axis(1), &others)
    }
}

impl LogLikelihood for Pinned<'_> {
    fn model(&self) -> &'static str {
        self.ll.model()
    }

    fn param_names(&self) -> Vec<String> {
        let names = self.ll.param_names();
        self.others().iter().map(|&j| names[j].clone()).collect()
    }

    fn domain(&self, param: usize) -> Domain {
        self.ll.domain(if param < self.param { param } else { param + 1 })
    }

    fn log_lik(&self, theta: ArrayView1<f64>) -> Result<f64> {
        self.ll.log_lik(self.with(theta).view())
    }

    fn score(&self, theta: ArrayView1<f64>) -> Result<Array1<f64>> {
        Ok(self.without(self.ll.score(self.with(theta).view())?.view()))
    }

    fn information(&self, theta: ArrayView1<f64>) -> Result<Array2<f64>> {
        Ok(self.block(&self.ll.information(self.with(theta).view())?))
    }

    fn expected_information(&self, theta: ArrayView1<f64>) -> Result<Option<Array2<f64>>> {
        let full = self.ll.expected_information(self.with(theta).view())?;
        Ok(full.map(|full| self.block(&full)))
    }
}

pub(super) fn check_level(estimator: &'static str, level: f64) -> Result<()> {
    if 0.0 < level && level < 1.0 {
        return Ok(());
    }
    let (rule, got) = ("between 0 and 1, for instance 0.95", level.to_string());
    Err(Error::Parameter { estimator, name: "level", rule, got })
}

fn normal_quantile(estimator: &'static str, level: f64) -> Result<f64> {
    check_level(estimator, level)?;
    Ok(Normal::standard().inverse_cdf(f64::midpoint(1.0, level)))
}

fn check_param(
    estimator: &'static str,
    ll: &dyn LogLikelihood,
    mle: &Mle,
    param: usize,
) -> Result<()> {
    let p = ll.n_params();
    if mle.theta.len() != p {
        let (expected, got) = (format!("({p},)"), format!("({},)", mle.theta.len()));
        return Err(Error::Shape { what: estimator, expected, got });
    }
    if param >= p {
        let (rule, got) = ("the number of a parameter, from 0", format!("{param} of {p}"));
        return Err(Error::Parameter { estimator, name: "param", rule, got });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::likelihood::{
        Bernoulli, Exponential, Gamma, Normal as NormalModel, Poisson, UniformZeroTo, Weibull,
    };
    use ndarray::array;
    use proptest::prelude::*;

    fn fit(ll: &dyn LogLikelihood, start: &Array1<f64>) -> Mle {
        maximize(ll, start.view(), 100, 1e-10).unwrap()
    }

    #[test]
    fn the_profile_of_a_normal_mean_is_a_student_statistic() {
        // D(mu) = n ln(1 + t^2/(n - 1)), so the ends are known.
        let x = array![2.1, 3.4, 1.7, 2.8, 3.3, 0.9];
        let model = NormalModel::new(x.view()).unwrap();
        let found = fit(&model, &array![0.0, 1.0]);
        let z = 1.959_963_984_540_054_f64;
        let half = found.theta[1] * ((z * z / 6.0).exp() - 1.0).sqrt();
        let (low, high) = profile_ci(&model, &found, 0, 0.95).unwrap();
        assert!((low - (found.theta[0] - half)).abs() < 1e-9);
        assert!((high - (found.theta[0] + half)).abs() < 1e-9);
        let wald = wald_ci(&found, 0.95).unwrap();
        assert!(wald[[0, 0]] > low && wald[[0, 1]] < high, "the parabola is too sure of itself");
    }

    #[test]
    fn both_ends_have_the_deviance_asked_for() {
        let x = array![0.3, 1.2, 2.0, 4.5, 0.1, 0.8];
        let models: [(Box<dyn LogLikelihood>, Array1<f64>); 3] = [
            (Box::new(Gamma::new(x.view()).unwrap()), array![1.0, 1.0]),
            (Box::new(Weibull::new(x.view()).unwrap()), array![1.0, 1.0]),
            (Box::new(NormalModel::new(x.view()).unwrap()), array![1.0, 1.0]),
        ];
        for (model, start) in models {
            let found = fit(&*model, &start);
            for param in 0..2 {
                for level in [0.5, 0.99] {
                    let (low, high) = profile_ci(&*model, &found, param, level).unwrap();
                    assert!(low < found.theta[param] && found.theta[param] < high);
                    let z = normal_quantile("test", level).unwrap();
                    for end in [low, high] {
                        let log_lik = profile_log_lik(&*model, &found, param, end).unwrap();
                        let deviance = 2.0 * (found.log_lik - log_lik);
                        assert!((deviance - z * z).abs() < 1e-7, "{} {deviance}", model.model());
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_profile_interval_is_carried_along_by_a_change_of_parameter(
            x in proptest::collection::vec(0.05..5.0, 3..15),
        ) {
            // Weibull with scale and the same data squared: shape halves, scale is squared.
            let x = Array1::from(x);
            let squared = &x * &x;
            let (one, two) =
                (Weibull::new(x.view()).unwrap(), Weibull::new(squared.view()).unwrap());
            let (a, b) = (fit(&one, &one.start()), fit(&two, &two.start()));
            let (low, high) = profile_ci(&one, &a, 1, 0.9).unwrap();
            let (low_squared, high_squared) = profile_ci(&two, &b, 1, 0.9).unwrap();
            prop_assert!((low * low / low_squared - 1.0).abs() < 1e-6);
            prop_assert!((high * high / high_squared - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn on_a_boundary_the_profile_is_one_sided_and_wald_refuses() {
        let ones = Bernoulli::new(Array1::ones(8).view()).unwrap();
        let found = fit(&ones, &array![0.4]);
        let (low, high) = profile_ci(&ones, &found, 0, 0.95).unwrap();
        // 2 * (0 - 8 ln p) = z^2
        let z = normal_quantile("test", 0.95).unwrap();
        assert!((low - (-z * z / 16.0).exp()).abs() < 1e-9);
        assert!((high - 1.0).abs() < 1e-15);
        assert!(matches!(wald_ci(&found, 0.95).unwrap_err(), Error::NotRegular { .. }));
        // One success in eight: Wald leaves the space, the profile does not.
        let mut x = Array1::zeros(8);
        x[3] = 1.0;
        let few = Bernoulli::new(x.view()).unwrap();
        let found = fit(&few, &array![0.5]);
        assert!(wald_ci(&found, 0.95).unwrap()[[0, 0]] < 0.0);
        assert!(profile_ci(&few, &found, 0, 0.95).unwrap().0 > 0.0);
    }

    #[test]
    fn theory_that_does_not_hold_is_refused() {
        let cliff = UniformZeroTo::new(array![0.3, 1.2].view()).unwrap();
        let found = fit(&cliff, &array![2.0]);
        let error = profile_ci(&cliff, &found, 0, 0.95).unwrap_err().to_string();
        assert!(error.contains("UniformZeroTo::interval"), "{error}");
        assert!(wald_ci(&found, 0.95).is_err() && cliff.interval(1.0).is_err());
        let model = Gamma::new(array![0.3, 1.2, 2.0].view()).unwrap();
        let unfinished = maximize(&model, array![30.0, 0.1].view(), 1, 1e-10).unwrap();
        let error = wald_ci(&unfinished, 0.95).unwrap_err().to_string();
        assert!(error.contains("did not end"), "{error}");
        assert!(profile_ci(&model, &unfinished, 0, 0.95).is_err());
    }

    #[test]
    fn arguments_are_checked() {
        let model = Exponential::new(array![1.0, 2.0].view()).unwrap();
        let found = fit(&model, &array![1.0]);
        for level in [0.0, 1.0, -0.5, 95.0, f64::NAN] {
            assert!(wald_ci(&found, level).unwrap_err().to_string().contains("`level`"));
            assert!(profile_ci(&model, &found, 0, level).is_err());
        }
        assert!(profile_ci(&model, &found, 1, 0.9).unwrap_err().to_string().contains("1 of 1"));
        assert!(profile_log_lik(&model, &found, 0, -1.0).is_err());
        let other = Gamma::new(array![1.0, 2.0].view()).unwrap();
        assert!(matches!(profile_ci(&other, &found, 0, 0.9).unwrap_err(), Error::Shape { .. }));
        assert!(likelihood_ratio(-1.0, f64::NAN, 1).is_err());
        assert!(likelihood_ratio(-1.0, -2.0, 0).unwrap_err().to_string().contains("`df`"));
        let swapped = likelihood_ratio(-5.0, -2.0, 1).unwrap_err().to_string();
        assert!(swapped.contains("both models are maximised"), "{swapped}");
    }

    #[test]
    fn equal_models_do_not_differ() {
        let test = likelihood_ratio(-3.0, -3.0 + 1e-12, 2).unwrap();
        assert_eq!((test.statistic, test.df), (0.0, Some(2.0)));
        assert!((test.p_value - 1.0).abs() < 1e-15);
        // With two degrees of freedom the tail is exponential.
        let test = likelihood_ratio(-3.0, -7.0, 2).unwrap();
        assert!((test.p_value - (-4.0f64).exp()).abs() < 1e-14);
        let poisson = Poisson::new(array![1.0].view()).unwrap();
        assert!(profile_ci(&poisson, &fit(&poisson, &array![2.0]), 0, 0.5).is_ok());
    }
}
