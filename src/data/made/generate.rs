//! Toy data with a known truth, the same for the same seed on every machine (`ChaCha8`).

use crate::base::{check_matrix, cholesky, stream, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayView3};
use rand::Rng;
use rand_distr::StandardNormal;
use std::f64::consts::PI;

fn parameter(
    estimator: &'static str,
    name: &'static str,
    rule: &'static str,
    got: &dyn ToString,
) -> Error {
    Error::Parameter { estimator, name, rule, got: got.to_string() }
}

fn check_noise(estimator: &'static str, name: &'static str, sd: f64) -> Result<()> {
    if sd.is_finite() && sd >= 0.0 {
        return Ok(());
    }
    Err(parameter(estimator, name, "finite and >= 0", &sd))
}

/// Round clouds: `n_samples` rows dealt evenly to the `centers`, `(n_centers, n_features)`, each with
/// independent normal noise of standard deviation `sd`. Returns the rows and the centre of each.
///
/// # Errors
/// [`Error::Empty`] or [`Error::NotFinite`] for the centres, [`Error::Parameter`] for `sd`, and
/// [`Error::TooFewSamples`] for fewer rows than centres.
///
/// ```
/// let (x, y) = mlnotes::data::blobs(6, ndarray::array![[0.0, 0.0], [9.0, 9.0]].view(), 0.1, 1)?;
/// assert_eq!((x.dim(), y), ((6, 2), vec![0, 1, 0, 1, 0, 1]));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn blobs(
    n_samples: usize,
    centers: ArrayView2<f64>,
    sd: f64,
    seed: u64,
) -> Result<(Array2<f64>, Vec<usize>)> {
    check_matrix("blobs: `centers`", centers)?;
    check_noise("blobs", "sd", sd)?;
    let k = centers.nrows();
    if n_samples < k {
        return Err(Error::TooFewSamples { what: "blobs: `n_samples`", needed: k, got: n_samples });
    }
    let mut rng = stream(seed, 0);
    let x = Array2::from_shape_fn((n_samples, centers.ncols()), |(i, j)| {
        centers[[i % k, j]] + sd * rng.sample::<f64, _>(StandardNormal)
    });
    Ok((x, (0..n_samples).map(|i| i % k).collect()))
}

/// Two interleaved half circles of radius 1 with normal noise: the upper one is class 0.
///
/// # Errors
/// [`Error::TooFewSamples`] below 2 rows, [`Error::Parameter`] for a negative or non-finite `noise`.
///
/// ```
/// let (x, y) = mlnotes::data::moons(100, 0.05, 3)?;
/// assert_eq!((x.dim(), y.iter().sum::<usize>()), ((100, 2), 50));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn moons(n_samples: usize, noise: f64, seed: u64) -> Result<(Array2<f64>, Vec<usize>)> {
    check_noise("moons", "noise", noise)?;
    two_curves("moons: `n_samples`", n_samples, noise, seed, |class, t| {
        let (sin, cos) = (PI * t).sin_cos();
        if class == 0 { [cos, sin] } else { [1.0 - cos, 0.5 - sin] }
    })
}

/// Two concentric circles with normal noise: class 0 has radius 1, class 1 radius `factor`.
///
/// # Errors
/// [`Error::TooFewSamples`] below 2 rows, [`Error::Parameter`] unless `0 < factor < 1` and `noise >= 0`.
///
/// ```
/// let (x, _) = mlnotes::data::circles(100, 0.0, 0.5, 3)?;
/// assert!((x.row(0).dot(&x.row(0)) - 1.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn circles(
    n_samples: usize,
    noise: f64,
    factor: f64,
    seed: u64,
) -> Result<(Array2<f64>, Vec<usize>)> {
    check_noise("circles", "noise", noise)?;
    if !(factor > 0.0 && factor < 1.0) {
        return Err(parameter("circles", "factor", "between 0 and 1, both excluded", &factor));
    }
    two_curves("circles: `n_samples`", n_samples, noise, seed, |class, t| {
        let (sin, cos) = (2.0 * PI * t).sin_cos();
        let r = if class == 0 { 1.0 } else { factor };
        [r * cos, r * sin]
    })
}

/// Rows alternate between the classes; `curve(class, t)` gives the noiseless point for `t` in `[0, 1]`.
fn two_curves(
    what: &'static str,
    n_samples: usize,
    noise: f64,
    seed: u64,
    curve: impl Fn(usize, f64) -> [f64; 2],
) -> Result<(Array2<f64>, Vec<usize>)> {
    if n_samples < 2 {
        return Err(Error::TooFewSamples { what, needed: 2, got: n_samples });
    }
    let mut rng = stream(seed, 0);
    let y: Vec<usize> = (0..n_samples).map(|i| i % 2).collect();
    let mut x = Array2::zeros((n_samples, 2));
    for (mut row, &class) in x.rows_mut().into_iter().zip(&y) {
        let point = curve(class, rng.random());
        for (value, p) in row.iter_mut().zip(point) {
            *value = p + noise * rng.sample::<f64, _>(StandardNormal);
        }
    }
    Ok((x, y))
}

/// Draws from a Gaussian mixture `p(x) = Σₖ πₖ N(x | μₖ, Σₖ)`: `weights` `(k,)`, `means` `(k, d)`,
/// `covariances` `(k, d, d)`. Returns the rows, `(n_samples, d)`, and the component of each.
///
/// # Errors
/// [`Error::Shape`] when the arrays do not fit, [`Error::Parameter`] when the weights are negative or
/// do not sum to 1, [`Error::NotFinite`], and [`Error::NotPositiveDefinite`] for a covariance.
///
/// ```
/// use ndarray::array;
/// let cov = array![[[1.0, 0.9], [0.9, 1.0]]];
/// let (x, _) = mlnotes::data::sample_mixture(500, array![1.0].view(), array![[0.0, 0.0]].view(), cov.view(), 1)?;
/// let r = x.column(0).dot(&x.column(1)) / 500.0;
/// assert!((r - 0.9).abs() < 0.2);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn sample_mixture(
    n_samples: usize,
    weights: ArrayView1<f64>,
    means: ArrayView2<f64>,
    covariances: ArrayView3<f64>,
    seed: u64,
) -> Result<(Array2<f64>, Vec<usize>)> {
    check_matrix("sample_mixture: `means`", means)?;
    let (k, d) = means.dim();
    if weights.len() != k || covariances.dim() != (k, d, d) {
        return Err(Error::Shape {
            what: "sample_mixture: `weights`, `covariances`",
            expected: format!("({k},), ({k}, {d}, {d})"),
            got: format!("({},), {:?}", weights.len(), covariances.dim()),
        });
    }
    if weights.iter().any(|w| !w.is_finite() || *w < 0.0) || (weights.sum() - 1.0).abs() > 1e-9 {
        return Err(parameter("sample_mixture", "weights", ">= 0 with sum 1", &weights));
    }
    let roots = (0..k)
        .map(|c| cholesky_factor(covariances.index_axis(ndarray::Axis(0), c), c))
        .collect::<Result<Vec<_>>>()?;
    let mut rng = stream(seed, 0);
    let mut labels = Vec::with_capacity(n_samples);
    let mut x = Array2::zeros((n_samples, d));
    for mut row in x.rows_mut() {
        let mut u = rng.random::<f64>();
        let label = weights
            .iter()
            .position(|&w| {
                u -= w;
                u < 0.0
            })
            .unwrap_or(k - 1);
        let z = Array1::from_shape_fn(d, |_| rng.sample::<f64, _>(StandardNormal));
        row.assign(&(&means.row(label) + &roots[label].dot(&z)));
        labels.push(label);
    }
    Ok((x, labels))
}

/// The lower `L` of `Σ = L Lᵀ`.
fn cholesky_factor(cov: ArrayView2<f64>, component: usize) -> Result<Array2<f64>> {
    check_matrix("sample_mixture: `covariances`", cov)?;
    cholesky(cov).ok_or_else(|| Error::NotPositiveDefinite {
        what: format!("sample_mixture: covariance {component}"),
        remedy: "give a symmetric matrix with positive eigenvalues",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Axis, array};

    #[test]
    fn a_mixture_has_the_moments_it_was_given() {
        let weights = array![0.3, 0.7];
        let means = array![[-4.0, 0.0], [4.0, 1.0]];
        let cov = array![[[1.0, 0.5], [0.5, 2.0]], [[0.5, -0.2], [-0.2, 0.4]]];
        let n = 20_000;
        let (x, y) = sample_mixture(n, weights.view(), means.view(), cov.view(), 5).unwrap();
        for c in 0..2 {
            let rows: Vec<usize> = (0..n).filter(|&i| y[i] == c).collect();
            let share = rows.len() as f64 / n as f64;
            // Five standard errors of each estimate.
            assert!((share - weights[c]).abs() < 5.0 * (0.21 / n as f64).sqrt());
            let part = x.select(Axis(0), &rows);
            let mean = part.mean_axis(Axis(0)).unwrap();
            let (expected, m) = (cov.index_axis(Axis(0), c), rows.len() as f64);
            for (j, d) in (&mean - &means.row(c)).iter().enumerate() {
                assert!(d.abs() < 5.0 * (expected[[j, j]] / m).sqrt(), "{mean}");
            }
            let z = &part - &mean;
            let s = z.t().dot(&z) / m;
            for ((i, j), d) in (&s - &expected).indexed_iter() {
                let square = expected[[i, i]] * expected[[j, j]] + expected[[i, j]].powi(2);
                assert!(d.abs() < 5.0 * (square / m).sqrt(), "{s}");
            }
        }
    }

    #[test]
    fn bad_settings_are_named() {
        let c = array![[0.0, 0.0]];
        assert!(matches!(blobs(5, c.view(), -1.0, 0), Err(Error::Parameter { name: "sd", .. })));
        assert!(matches!(blobs(0, c.view(), 1.0, 0), Err(Error::TooFewSamples { .. })));
        assert!(matches!(circles(9, 0.0, 1.0, 0), Err(Error::Parameter { name: "factor", .. })));
        assert!(matches!(moons(9, f64::NAN, 0), Err(Error::Parameter { name: "noise", .. })));
        let cov = array![[[1.0, 2.0], [2.0, 1.0]]];
        let error = sample_mixture(3, array![1.0].view(), c.view(), cov.view(), 0).unwrap_err();
        assert!(matches!(error, Error::NotPositiveDefinite { .. }), "{error}");
    }

    #[test]
    fn the_same_seed_gives_the_same_bits() {
        assert_eq!(moons(50, 0.1, 9).unwrap(), moons(50, 0.1, 9).unwrap());
        assert_ne!(moons(50, 0.1, 9).unwrap(), moons(50, 0.1, 10).unwrap());
    }
}
