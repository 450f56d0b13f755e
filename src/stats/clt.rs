//! The central limit theorem by simulation: how means of independent draws become normal, and how fast.
//!
//! ```text
//! Zₙ = √n (X̄ₙ − μ)/σ  →  N(0, 1)           needs σ² < ∞; it is the *standardised* mean that converges
//! supₓ |P(Zₙ ≤ x) − Φ(x)|  ≤  C ρ/(σ³ √n),   ρ = E|X − μ|³,   C < 0.4748         Berry-Esseen
//! ```
//!
//! A Cauchy population has no mean: the average of a million draws is as wild as one draw.
//!
//! # References
//! Feller (1971), volume II, sections VIII.4 and XVI.5; Shevtsova (2011), *On the absolute constants in the
//! Berry-Esseen type inequalities*, for `C`.

use crate::base::{check_vector, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};
use rand::Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

/// Means that one task draws. Fixed, so that the result does not depend on the number of threads.
const CHUNK: usize = 256;

/// A population to draw from.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Population {
    /// Uniform on `[0, 1)`.
    Uniform,
    /// Exponential with mean 1: skewness 2.
    Exponential,
    /// 1 with probability `p`, else 0.
    Bernoulli {
        /// The probability of a 1, in `(0, 1)`.
        p: f64,
    },
    /// `e^{sigma Z}`, `Z` standard normal: the larger `sigma`, the heavier the tail; all moments exist.
    LogNormal {
        /// Standard deviation of the logarithm, above 0.
        sigma: f64,
    },
    /// Standard Cauchy: no mean, no variance.
    Cauchy,
}

impl Population {
    /// Expectation; `None` where there is none.
    ///
    /// ```
    /// use mlnotes::stats::clt::Population;
    /// assert_eq!(Population::Uniform.mean(), Some(0.5));
    /// assert_eq!(Population::Cauchy.mean(), None);
    /// ```
    pub fn mean(&self) -> Option<f64> {
        match *self {
            Self::Uniform => Some(0.5),
            Self::Exponential => Some(1.0),
            Self::Bernoulli { p } => Some(p),
            Self::LogNormal { sigma } => Some((sigma * sigma / 2.0).exp()),
            Self::Cauchy => None,
        }
    }

    /// Standard deviation; `None` where there is none.
    ///
    /// ```
    /// use mlnotes::stats::clt::Population;
    /// assert_eq!(Population::Bernoulli { p: 0.5 }.sd(), Some(0.5));
    /// ```
    pub fn sd(&self) -> Option<f64> {
        match *self {
            Self::Uniform => Some((1.0f64 / 12.0).sqrt()),
            Self::Exponential => Some(1.0),
            Self::Bernoulli { p } => Some((p * (1.0 - p)).sqrt()),
            Self::LogNormal { sigma } => {
                let s2 = sigma * sigma;
                Some((s2.exp_m1() * s2.exp()).sqrt())
            }
            Self::Cauchy => None,
        }
    }

    /// `ρ = E|X − μ|³`, the third absolute central moment; `None` where there is none.
    ///
    /// ```
    /// use mlnotes::stats::clt::Population;
    /// let rho = Population::Exponential.third_moment();
    /// assert!(rho.is_some_and(|rho| (rho - (12.0 / std::f64::consts::E - 2.0)).abs() < 1e-15));
    /// ```
    pub fn third_moment(&self) -> Option<f64> {
        match *self {
            Self::Uniform => Some(1.0 / 32.0),
            Self::Exponential => Some(12.0 / std::f64::consts::E - 2.0),
            Self::Bernoulli { p } => {
                let q = 1.0 - p;
                Some(p * q * (p * p + q * q))
            }
            Self::LogNormal { sigma } => Some(third_moment_of_lognormal(sigma)),
            Self::Cauchy => None,
        }
    }

    /// One draw.
    ///
    /// ```
    /// use mlnotes::stats::clt::Population;
    /// use rand::SeedableRng;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// assert!((0.0..1.0).contains(&Population::Uniform.draw(&mut rng)));
    /// ```
    pub fn draw(&self, rng: &mut impl Rng) -> f64 {
        match *self {
            Self::Uniform => rng.random(),
            Self::Exponential => Exp1.sample(rng),
            Self::Bernoulli { p } => f64::from(u8::from(rng.random::<f64>() < p)),
            Self::LogNormal { sigma } => {
                let z: f64 = StandardNormal.sample(rng);
                (sigma * z).exp()
            }
            // The inverse of its distribution function, 1/2 + atan(x)/π.
            Self::Cauchy => (std::f64::consts::PI * (rng.random::<f64>() - 0.5)).tan(),
        }
    }

    fn check(&self, estimator: &'static str) -> Result<()> {
        let bad = |name, rule, got: f64| {
            Err(Error::Parameter { estimator, name, rule, got: got.to_string() })
        };
        match *self {
            Self::Bernoulli { p } if !(p > 0.0 && p < 1.0) => bad("p", "inside (0, 1)", p),
            // Above 5 the variance is beyond e⁵⁰ and no simulation comes near it.
            Self::LogNormal { sigma } if !(sigma > 0.0 && sigma <= 5.0) => {
                bad("sigma", "in (0, 5]", sigma)
            }
            _ => Ok(()),
        }
    }
}

/// Partial moments: `E[Xᵏ; X > μ] = e^{k² σ²/2} Φ(k σ − σ/2)`, as `ln μ = σ²/2`.
fn third_moment_of_lognormal(sigma: f64) -> f64 {
    let mu = (sigma * sigma / 2.0).exp();
    let above = |k: f64| Normal::standard().cdf((k - 0.5) * sigma);
    let moment = |k: f64| (k * k * sigma * sigma / 2.0).exp();
    // E[(X − μ)³ sign(X − μ)]: each moment counts above μ less below.
    let signed = |k: f64| moment(k) * (2.0 * above(k) - 1.0);
    signed(3.0) - 3.0 * mu * signed(2.0) + 3.0 * mu * mu * signed(1.0) - mu.powi(3) * signed(0.0)
}

/// `reps` means of `n` draws each, shape `(reps,)`, not standardised: these exist for every population,
/// whether or not they settle.
///
/// # Errors
/// [`Error::Parameter`] for `n = 0`, `reps = 0` or a parameter of the population out of range.
///
/// ```
/// use mlnotes::stats::clt::{Population, sample_means};
/// let spread = |n| -> Result<f64, mlnotes::Error> {
///     let mut means = sample_means(Population::Cauchy, n, 2000, 1)?.to_vec();
///     means.sort_by(f64::total_cmp);
///     Ok(means[1500] - means[500])
/// };
/// // The quartiles of a Cauchy mean stand 2 apart, whatever n.
/// assert!((spread(1)? - 2.0).abs() < 0.3 && (spread(400)? - 2.0).abs() < 0.3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn sample_means(
    population: Population,
    n: usize,
    reps: usize,
    seed: u64,
) -> Result<Array1<f64>> {
    means("sample_means", population, n, reps, seed)
}

/// `reps` standardised means `√n (X̄ − μ)/σ` of `n` draws each, shape `(reps,)`.
///
/// # Errors
/// As [`sample_means`], and [`Error::Parameter`] for a population without a finite variance, which has
/// nothing to be standardised by.
///
/// ```
/// use mlnotes::stats::clt::{Population, ks_to_normal, standardised_means};
/// let few = standardised_means(Population::Exponential, 2, 4000, 7)?;
/// let many = standardised_means(Population::Exponential, 50, 4000, 7)?;
/// assert!(ks_to_normal(few.view())? > 2.0 * ks_to_normal(many.view())?);
/// assert!(standardised_means(Population::Cauchy, 50, 100, 7).is_err());
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn standardised_means(
    population: Population,
    n: usize,
    reps: usize,
    seed: u64,
) -> Result<Array1<f64>> {
    const NAME: &str = "standardised_means";
    let (Some(mu), Some(sigma)) = (population.mean(), population.sd()) else {
        let (rule, got) = ("of finite variance", format!("{population:?}"));
        return Err(Error::Parameter { estimator: NAME, name: "population", rule, got });
    };
    let means = means(NAME, population, n, reps, seed)?;
    Ok((means - mu) * ((n as f64).sqrt() / sigma))
}

fn means(
    estimator: &'static str,
    population: Population,
    n: usize,
    reps: usize,
    seed: u64,
) -> Result<Array1<f64>> {
    population.check(estimator)?;
    for (name, value) in [("n", n), ("reps", reps)] {
        if value == 0 {
            let got = "0".to_owned();
            return Err(Error::Parameter { estimator, name, rule: ">= 1", got });
        }
    }
    let mut means: Vec<f64> = Vec::with_capacity(reps);
    let chunks = reps.div_ceil(CHUNK);
    for block in (0..chunks).step_by(32) {
        check_interrupt();
        means.par_extend((block..(block + 32).min(chunks)).into_par_iter().flat_map_iter(
            |chunk| {
                let mut rng = stream(seed, chunk);
                let size = CHUNK.min(reps - chunk * CHUNK);
                (0..size)
                    .map(move |_| (0..n).map(|_| population.draw(&mut rng)).sum::<f64>() / n as f64)
            },
        ));
    }
    Ok(means.into())
}

/// The Berry-Esseen bound `0.4748 ρ/(σ³ √n)` on the largest distance between the distribution function of
/// a standardised mean of `n` draws and the normal one; `rho3` is `ρ = E|X − μ|³`.
///
/// # Errors
/// [`Error::Parameter`] for `n = 0`, a `sigma` that is not above 0, and `rho3 < sigma³`, which no
/// population has (Lyapunov).
///
/// ```
/// use mlnotes::stats::clt::berry_esseen_bound;
/// // A fair coin: ρ = σ³.
/// assert!((berry_esseen_bound(0.125, 0.5, 100)? - 0.04748).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn berry_esseen_bound(rho3: f64, sigma: f64, n: usize) -> Result<f64> {
    /// Shevtsova (2011), for identically distributed draws.
    const C: f64 = 0.4748;
    let bad = |name, rule, got: f64| {
        let (estimator, got) = ("berry_esseen_bound", got.to_string());
        Err(Error::Parameter { estimator, name, rule, got })
    };
    if n == 0 {
        return bad("n", ">= 1", 0.0);
    }
    if !(sigma.is_finite() && sigma > 0.0) {
        return bad("sigma", "finite and > 0", sigma);
    }
    if !(rho3.is_finite() && rho3 >= sigma.powi(3) * (1.0 - 1e-9)) {
        return bad("rho3", "finite and at least sigma^3", rho3);
    }
    Ok(C * rho3 / (sigma.powi(3) * (n as f64).sqrt()))
}

/// Kolmogorov-Smirnov distance `supₓ |F(x) − Φ(x)|` between the values' own distribution function and the
/// standard normal one; shape `(n,)`. Of `n` truly normal values it is about `0.9/√n`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`].
///
/// ```
/// let distance = mlnotes::stats::clt::ks_to_normal(ndarray::array![0.0].view())?;
/// assert_eq!(distance, 0.5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn ks_to_normal(values: ArrayView1<f64>) -> Result<f64> {
    if values.is_empty() {
        return Err(Error::Empty { what: "ks_to_normal: `values`", needed: "1 value" });
    }
    check_vector("ks_to_normal: `values`", values)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (normal, n) = (Normal::standard(), sorted.len() as f64);
    let distance = |(i, &x): (usize, &f64)| {
        let phi = normal.cdf(x);
        (phi - i as f64 / n).max((i as f64 + 1.0) / n - phi)
    };
    Ok(sorted.iter().enumerate().map(distance).fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const SETTLED: [Population; 4] = [
        Population::Uniform,
        Population::Exponential,
        Population::Bernoulli { p: 0.1 },
        Population::LogNormal { sigma: 0.5 },
    ];

    #[test]
    fn draws_have_the_moments_that_are_stated() {
        for population in SETTLED {
            let x = sample_means(population, 1, 200_000, 3).unwrap();
            let (mu, sd) = (population.mean().unwrap(), population.sd().unwrap());
            let mean = x.mean().unwrap();
            assert!((mean - mu).abs() < 4.0 * sd / 200_000f64.sqrt(), "{population:?} {mean}");
            // Four standard errors, which the draws' own squares and cubes tell.
            for (power, expected) in [(2, sd * sd), (3, population.third_moment().unwrap())] {
                let values = x.mapv(|v| (v - mu).abs().powi(power));
                let off = values.mean().unwrap() - expected;
                let error = values.std(1.0) / 200_000f64.sqrt();
                assert!(off.abs() < 4.0 * error, "{population:?}, power {power}: {off} {error}");
            }
        }
    }

    #[test]
    fn same_seed_same_means_and_no_two_chunks_alike() {
        let run = |reps| sample_means(Population::Uniform, 3, reps, 9).unwrap();
        assert_eq!(run(600), run(600));
        assert_eq!(run(600).slice(ndarray::s![..300]), run(300));
        assert!((run(600)[0] - run(600)[CHUNK]).abs() > 0.0);
    }

    #[test]
    fn ks_handles_ties() {
        // Half at -1, half at 1: the largest gap is at either jump.
        let distance = ks_to_normal(array![-1.0, 1.0, -1.0, 1.0].view()).unwrap();
        let phi = Normal::standard().cdf(-1.0);
        assert!((distance - (0.5 - phi)).abs() < 1e-15);
    }

    #[test]
    fn bad_populations_are_named() {
        let said = |p, n, reps| standardised_means(p, n, reps, 1).unwrap_err().to_string();
        assert!(said(Population::Bernoulli { p: 1.0 }, 5, 5).contains("`p` must be inside (0, 1)"));
        assert!(said(Population::LogNormal { sigma: -1.0 }, 5, 5).contains("`sigma`"));
        assert!(said(Population::LogNormal { sigma: f64::NAN }, 5, 5).contains("`sigma`"));
        assert!(said(Population::Cauchy, 5, 5).contains("finite variance"));
        assert!(said(Population::Uniform, 0, 5).contains("`n`"));
        assert!(said(Population::Uniform, 5, 0).contains("`reps`"));
        assert!(berry_esseen_bound(0.1, 0.5, 10).unwrap_err().to_string().contains("sigma^3"));
        assert!(
            berry_esseen_bound(1.0, 0.0, 10).is_err() && berry_esseen_bound(1.0, 0.5, 0).is_err()
        );
        assert!(ks_to_normal(array![].view()).is_err());
        assert!(ks_to_normal(array![f64::NAN].view()).is_err());
    }
}
