//! Bias and variance of a learner, measured over training sets.
//!
//! ```text
//! E (y* − f̂(x))² = (E f̂(x) − f(x))² + Var f̂(x) + σ²          bias² + variance + noise
//! ```
//!
//! All expectations run over training sets, the learner's own chance, and the noise of a new label
//! `y* = f(x) + ε`; the point `x` is fixed. `σ²` is what no learner removes. One needs the truth `f`, or
//! many fresh training sets, so on real data the parts are not seen apart. The identity belongs to squared
//! error: for 0-1 loss the parts do not add up. Nor is it a law that more complex models err more:
//! past the point where a model can repeat its data, error may fall again.
//!
//! # References
//! Geman, Bienenstock & Doursat (1992); Hastie, Tibshirani & Friedman (2009), section 7.3, eq. 7.9;
//! Domingos (2000) for other losses; Belkin, Hsu, Ma & Mandal (2019) for the second descent.

use crate::base::{check_matrix, check_vector, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::{Rng, RngCore};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

/// Rounds between two looks for an interrupt.
const CHUNK: usize = 64;

/// The rows of a training set.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Design {
    /// The same rows each time, shape `(n_samples, n_features)`: only the labels' noise is new.
    Fixed(Array2<f64>),
    /// `n` new rows each time, every feature uniform from `low` to `high`.
    Uniform {
        /// Rows.
        n: usize,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// `n` new rows each time, every feature standard normal.
    Normal {
        /// Rows.
        n: usize,
    },
}

/// Where training sets come from: `y = truth(x) + noise_sd · ε`, `ε` standard normal.
#[derive(Debug, Clone)]
pub struct Population<F> {
    truth: F,
    noise_sd: f64,
    design: Design,
}

impl<F: Fn(ArrayView1<f64>) -> f64 + Sync> Population<F> {
    /// A truth, the standard deviation of its noise, and how rows come about.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a negative or non-finite `noise_sd`, no rows, or an empty interval;
    /// [`Error::Empty`] or [`Error::NotFinite`] for given rows.
    ///
    /// ```
    /// use mlnotes::stats::bias_variance::{Design, Population};
    /// let rows = Design::Uniform { n: 50, low: 0.0, high: 3.0 };
    /// assert!(Population::new(|x| (3.0 * x[0]).sin(), 0.4, rows).is_ok());
    /// let nothing = Population::new(|x| x[0], -1.0, Design::Normal { n: 5 });
    /// assert!(nothing.is_err_and(|error| error.to_string().contains("noise_sd")));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn new(truth: F, noise_sd: f64, design: Design) -> Result<Self> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "Population", name, rule, got })
        };
        if !(noise_sd.is_finite() && noise_sd >= 0.0) {
            return bad("noise_sd", "finite and >= 0", noise_sd.to_string());
        }
        match &design {
            Design::Fixed(x) => check_matrix("Population: `design`", x.view())?,
            Design::Uniform { n: 0, .. } | Design::Normal { n: 0 } => {
                return bad("design", "of at least 1 row", "0 rows".into());
            }
            Design::Uniform { low, high, .. } => {
                if !(low.is_finite() && high.is_finite() && low < high) {
                    return bad(
                        "design",
                        "from a lower to a higher number",
                        format!("{low} to {high}"),
                    );
                }
            }
            Design::Normal { .. } => {}
        }
        Ok(Self { truth, noise_sd, design })
    }

    fn rows(&self, n_features: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
        match &self.design {
            Design::Fixed(x) => x.clone(),
            Design::Uniform { n, low, high } => {
                Array2::from_shape_fn((*n, n_features), |_| rng.random_range(*low..*high))
            }
            Design::Normal { n } => {
                Array2::from_shape_fn((*n, n_features), |_| rng.sample(StandardNormal))
            }
        }
    }

    fn noisy(&self, values: &Array1<f64>, rng: &mut ChaCha8Rng) -> Array1<f64> {
        values.mapv(|v| v + self.noise_sd * rng.sample::<f64, _>(StandardNormal))
    }

    fn values(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        let values: Array1<f64> = x.rows().into_iter().map(|row| (self.truth)(row)).collect();
        check_vector("Population: values of the truth", values.view())?;
        Ok(values)
    }
}

/// The parts of the error at each test point, shape `(n_test,)` each.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BiasVariance {
    /// `(mean f̂ − f)²`; from `rounds` training sets it is too large by `variance / rounds` on average.
    pub bias2: Array1<f64>,
    /// Mean squared deviation of `f̂` from its mean (divisor `rounds`).
    pub variance: Array1<f64>,
    /// `σ²`, the same everywhere.
    pub noise: Array1<f64>,
    /// Mean squared error on new noisy labels, one a round: measured apart from the three parts, whose
    /// sum it equals up to chance.
    pub mse: Array1<f64>,
    /// Mean squared distance of `f̂` from the noiseless truth: `bias2 + variance`, exactly.
    pub distance2: Array1<f64>,
    /// Mean prediction over training sets.
    pub mean_prediction: Array1<f64>,
    /// Standard error of the mean of `mse` over test points, from its spread over rounds.
    pub mse_std_error: f64,
}

/// The parts, averaged over test points.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Parts {
    /// Mean `bias2`.
    pub bias2: f64,
    /// Mean `variance`.
    pub variance: f64,
    /// Mean `noise`.
    pub noise: f64,
    /// Mean `mse`.
    pub mse: f64,
}

/// One training set's predictions, and their squared errors on new labels, `(n_test,)` each.
struct Round {
    said: Array1<f64>,
    errors: Array1<f64>,
}

impl BiasVariance {
    /// The parts, averaged over test points.
    pub fn average(&self) -> Parts {
        let mean = |values: &Array1<f64>| values.sum() / values.len() as f64;
        Parts {
            bias2: mean(&self.bias2),
            variance: mean(&self.variance),
            noise: mean(&self.noise),
            mse: mean(&self.mse),
        }
    }
}

/// Fits on `rounds` training sets from `population` and takes the error at the rows of `x_test`,
/// `(n_test, n_features)`, apart. `fit_predict(x, y, x_test, seed)` fits one set and gives the
/// predictions, `(n_test,)`; round `r` draws from stream `r` of the seed's generator, so that two learners
/// with one `seed` see the same sets.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`] (of the truth and predictions, too), [`Error::Shape`],
/// [`Error::Parameter`] for `rounds < 2`, and those of `fit_predict`.
///
/// ```
/// use mlnotes::stats::bias_variance::{Design, Population, decompose};
/// use ndarray::{Array1, array};
/// let population = Population::new(|x| 3.0 * x[0], 1.0, Design::Uniform { n: 25, low: 0.0, high: 1.0 })?;
/// let x_test = array![[0.5], [1.0]];
/// // Predicting the mean of y is right in the middle and 3/2 too low at the end.
/// let constant = decompose(
///     |_, y, x_test, _| Ok(Array1::from_elem(x_test.nrows(), y.sum() / y.len() as f64)),
///     &population, x_test.view(), 2000, 1,
/// )?;
/// assert!(constant.bias2[0] < 0.01 && (constant.bias2[1] - 2.25).abs() < 0.05);
/// // Var ȳ = (9/12 + 1) / 25.
/// assert!((constant.variance[0] - 0.07).abs() < 0.01);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn decompose<F, P>(
    fit_predict: P,
    population: &Population<F>,
    x_test: ArrayView2<f64>,
    rounds: usize,
    seed: u64,
) -> Result<BiasVariance>
where
    F: Fn(ArrayView1<f64>) -> f64 + Sync,
    P: Fn(ArrayView2<f64>, ArrayView1<f64>, ArrayView2<f64>, u64) -> Result<Array1<f64>> + Sync,
{
    check(population, x_test, rounds)?;
    let truth = population.values(x_test)?;
    let one = |round: usize| -> Result<Round> {
        let mut rng = stream(seed, round);
        let x = population.rows(x_test.ncols(), &mut rng);
        let y = population.noisy(&population.values(x.view())?, &mut rng);
        let new_labels = population.noisy(&truth, &mut rng);
        let said = fit_predict(x.view(), y.view(), x_test, rng.next_u64())?;
        if said.len() != truth.len() {
            let (expected, got) = (format!("({},)", truth.len()), format!("({},)", said.len()));
            return Err(Error::Shape { what: "decompose: predictions", expected, got });
        }
        check_vector("decompose: predictions", said.view())?;
        let errors = (&said - &new_labels).mapv_into(|e| e * e);
        Ok(Round { said, errors })
    };
    let mut runs = Vec::with_capacity(rounds);
    for start in (0..rounds).step_by(CHUNK) {
        check_interrupt();
        let end = rounds.min(start + CHUNK);
        let batch: Result<Vec<_>> = (start..end).into_par_iter().map(one).collect();
        runs.extend(batch?);
    }
    Ok(collect(&runs, &truth, population.noise_sd))
}

/// [`decompose`] at each of `levels` of complexity (degree, depth, number of neighbours …), on the same
/// training sets. `fit_predict_at(level, x, y, x_test, seed)` is the learner of that level.
///
/// # Errors
/// As [`decompose`], and [`Error::Empty`] for no levels.
///
/// ```
/// use mlnotes::stats::bias_variance::{Design, Population, complexity_curve};
/// use mlnotes::tree::cart::DecisionTreeRegressor;
/// let design = Design::Uniform { n: 60, low: 0.0, high: 3.0 };
/// let population = Population::new(|x| x[0].sin(), 0.3, design)?;
/// let x_test = ndarray::Array2::from_shape_fn((20, 1), |(i, _)| 0.15 * i as f64);
/// let curve = complexity_curve(
///     |depth, x, y, x_test, _| {
///         DecisionTreeRegressor::params().max_depth(depth).fit(x, y)?.predict(x_test)
///     },
///     &population, x_test.view(), &[1, 3, 6], 60, 1,
/// )?;
/// let (stump, deep) = (curve[0].average(), curve[2].average());
/// assert!(stump.bias2 > deep.bias2 && stump.variance < deep.variance);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn complexity_curve<F, P>(
    fit_predict_at: P,
    population: &Population<F>,
    x_test: ArrayView2<f64>,
    levels: &[usize],
    rounds: usize,
    seed: u64,
) -> Result<Vec<BiasVariance>>
where
    F: Fn(ArrayView1<f64>) -> f64 + Sync,
    P: Fn(usize, ArrayView2<f64>, ArrayView1<f64>, ArrayView2<f64>, u64) -> Result<Array1<f64>>
        + Sync,
{
    if levels.is_empty() {
        return Err(Error::Empty { what: "complexity_curve: `levels`", needed: "1 level" });
    }
    let at = |&level: &usize| {
        let fit_predict = |x: ArrayView2<f64>, y: ArrayView1<f64>, new: ArrayView2<f64>, seed| {
            fit_predict_at(level, x, y, new, seed)
        };
        decompose(fit_predict, population, x_test, rounds, seed)
    };
    levels.iter().map(at).collect()
}

fn check<F>(population: &Population<F>, x_test: ArrayView2<f64>, rounds: usize) -> Result<()> {
    check_matrix("decompose: `x_test`", x_test)?;
    if let Design::Fixed(x) = &population.design
        && x.ncols() != x_test.ncols()
    {
        return Err(Error::Shape {
            what: "decompose: `x_test`",
            expected: format!("(n_test, {})", x.ncols()),
            got: format!("{:?}", x_test.dim()),
        });
    }
    if rounds < 2 {
        let (estimator, name, rule) = ("decompose", "rounds", ">= 2");
        return Err(Error::Parameter { estimator, name, rule, got: rounds.to_string() });
    }
    Ok(())
}

/// The parts from each round's predictions and squared errors on new labels.
fn collect(runs: &[Round], truth: &Array1<f64>, noise_sd: f64) -> BiasVariance {
    let rounds = runs.len() as f64;
    let mean_of = |value: &dyn Fn(&Round) -> Array1<f64>| {
        let mut sum = Array1::zeros(truth.len());
        for run in runs {
            sum += &value(run);
        }
        sum / rounds
    };
    let mean = mean_of(&|run| run.said.clone());
    let square = |v: Array1<f64>| v.mapv_into(|v| v * v);
    let round_errors: Array1<f64> =
        runs.iter().map(|run| run.errors.sum() / run.errors.len() as f64).collect();
    BiasVariance {
        bias2: square(&mean - truth),
        variance: mean_of(&|run| square(&run.said - &mean)),
        noise: Array1::from_elem(truth.len(), noise_sd * noise_sd),
        mse: mean_of(&|run| run.errors.clone()),
        distance2: mean_of(&|run| square(&run.said - truth)),
        mean_prediction: mean,
        mse_std_error: (round_errors.var_axis(Axis(0), 1.0).into_scalar() / rounds).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::cart::DecisionTreeRegressor;
    use ndarray::array;

    fn wave(x: ArrayView1<f64>) -> f64 {
        (3.0 * x[0]).sin()
    }

    #[expect(clippy::unnecessary_wraps, reason = "the signature that `decompose` takes")]
    fn mean_of_y(
        _: ArrayView2<f64>,
        y: ArrayView1<f64>,
        new: ArrayView2<f64>,
        _: u64,
    ) -> Result<Array1<f64>> {
        Ok(Array1::from_elem(new.nrows(), y.sum() / y.len() as f64))
    }

    #[test]
    fn the_parts_add_up_exactly_without_noise_and_by_chance_with_it() {
        let x_test = Array2::from_shape_fn((15, 1), |(i, _)| i as f64 / 15.0);
        for seed in 0..10 {
            let design = Design::Uniform { n: 30, low: 0.0, high: 1.0 };
            let population = Population::new(wave, 0.4, design).unwrap();
            let tree = |x: ArrayView2<f64>, y: ArrayView1<f64>, new: ArrayView2<f64>, _| {
                DecisionTreeRegressor::params().max_depth(3).fit(x, y)?.predict(new)
            };
            let bv = decompose(tree, &population, x_test.view(), 150, seed).unwrap();
            let sum = &bv.bias2 + &bv.variance;
            assert!((&sum - &bv.distance2).iter().all(|d| d.abs() < 1e-12));
            let parts = bv.average();
            let gap = parts.mse - parts.bias2 - parts.variance - parts.noise;
            assert!(gap.abs() < 3.5 * bv.mse_std_error, "{gap} {}", bv.mse_std_error);
        }
    }

    #[test]
    fn a_constant_has_the_bias_and_variance_of_the_mean() {
        // Fixed design: ȳ has mean f̄ and variance σ²/n.
        let x = Array2::from_shape_fn((20, 1), |(i, _)| i as f64 / 10.0);
        let mean = x.rows().into_iter().map(wave).sum::<f64>() / 20.0;
        let population = Population::new(wave, 0.5, Design::Fixed(x)).unwrap();
        let bv = decompose(mean_of_y, &population, array![[0.0], [0.7]].view(), 20_000, 3).unwrap();
        assert!((&bv.mean_prediction - mean).iter().all(|d| d.abs() < 3e-3));
        // The variance of a sample variance of 20 000 normal draws: 3 · σ² √(2/20 000).
        assert!(bv.variance.iter().all(|v| (v - 0.0125).abs() < 3.0 * 0.0125 * 0.01));
        assert!((bv.bias2[0] - mean * mean).abs() < 4e-3);
    }

    #[test]
    fn levels_share_their_training_sets_and_the_seed_decides() {
        let population = Population::new(wave, 0.2, Design::Normal { n: 10 }).unwrap();
        let at = |_: usize, x: ArrayView2<f64>, y: ArrayView1<f64>, new: ArrayView2<f64>, seed| {
            mean_of_y(x, y, new, seed)
        };
        let new = array![[0.0]];
        let curve = complexity_curve(at, &population, new.view(), &[1, 9], 20, 4).unwrap();
        assert_eq!(curve[0], curve[1]);
        let other = complexity_curve(at, &population, new.view(), &[1], 20, 5).unwrap();
        assert_ne!(curve[0], other[0]);
    }

    #[test]
    fn bad_input_is_named() {
        let uniform = |n, low, high| Design::Uniform { n, low, high };
        let make = |sd, design| Population::new(wave, sd, design).err();
        let is = |error: Option<Error>, name: &str| match error {
            Some(Error::Parameter { name: got, .. }) => assert_eq!(got, name),
            other => panic!("{name}: {other:?}"),
        };
        is(make(-1.0, uniform(5, 0.0, 1.0)), "noise_sd");
        is(make(f64::NAN, uniform(5, 0.0, 1.0)), "noise_sd");
        is(make(1.0, uniform(0, 0.0, 1.0)), "design");
        is(make(1.0, uniform(5, 1.0, 1.0)), "design");
        is(make(1.0, Design::Normal { n: 0 }), "design");
        let fixed = Population::new(wave, 1.0, Design::Fixed(array![[0.0], [1.0]])).unwrap();
        let run = |rounds, new: Array2<f64>| decompose(mean_of_y, &fixed, new.view(), rounds, 1);
        is(run(1, array![[0.0]]).err(), "rounds");
        assert!(matches!(run(5, array![[0.0, 1.0]]), Err(Error::Shape { .. })));
        assert!(matches!(run(5, array![[f64::NAN]]), Err(Error::NotFinite { .. })));
        assert!(matches!(run(5, Array2::zeros((0, 1))), Err(Error::Empty { .. })));
        let short = |_: ArrayView2<f64>, _: ArrayView1<f64>, _: ArrayView2<f64>, _: u64| {
            Ok(array![1.0, 2.0])
        };
        let new = array![[0.0]];
        assert!(matches!(decompose(short, &fixed, new.view(), 5, 1), Err(Error::Shape { .. })));
        let nan = |_: ArrayView2<f64>, _: ArrayView1<f64>, _: ArrayView2<f64>, _: u64| {
            Ok(array![f64::NAN])
        };
        assert!(matches!(decompose(nan, &fixed, new.view(), 5, 1), Err(Error::NotFinite { .. })));
        let at = |_: usize, x: ArrayView2<f64>, y: ArrayView1<f64>, new: ArrayView2<f64>, seed| {
            mean_of_y(x, y, new, seed)
        };
        let none = complexity_curve(at, &fixed, new.view(), &[], 5, 1);
        assert!(matches!(none, Err(Error::Empty { .. })));
        let holes = Population::new(|_| f64::NAN, 1.0, Design::Normal { n: 3 }).unwrap();
        assert!(matches!(
            decompose(mean_of_y, &holes, new.view(), 5, 1),
            Err(Error::NotFinite { .. })
        ));
    }
}
