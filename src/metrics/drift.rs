//! Has a distribution moved since the model was fitted?
//!
//! ```text
//! PSI = Σ_b (a_b − e_b) ln(a_b / e_b)       bins b by quantiles of the expected sample
//! ```
//!
//! The population stability index is Jeffreys' divergence of the binned shares, the same formula as a
//! feature's information value with "then" and "now" in place of two classes. The usual marks (0.1 look,
//! 0.25 act) ignore the sample size: under no drift `n_e n_a / (n_e + n_a) · PSI` is about chi-squared with
//! `bins − 1` degrees of freedom, so small samples cross them by chance and large ones never.
//!
//! # References
//! Yurdakul (2018), *Statistical properties of the population stability index*, for the distribution.

use crate::base::{Test, check_matrix, check_vector, views};
use crate::features::selection::{BinStrategy, Binner, ks, woe_iv};
use crate::stats::information::js_divergence;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

/// Population stability index of `actual` against `expected`, shapes `(n,)` and `(m,)`, in `bins` bins with
/// about equally many expected values; half a row is added to each bin, so that none is empty.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] for fewer than two bins,
/// [`Error::TooFewSamples`] for fewer expected values than bins, [`Error::ZeroVariance`] when all expected
/// values are the same, so that there is one bin only.
///
/// ```
/// use ndarray::Array1;
/// let then = Array1::linspace(0.0, 1.0, 1000);
/// let now = then.mapv(|v| v * v);
/// let psi = mlnotes::metrics::drift::psi(then.view(), now.view(), 10)?;
/// assert!(psi > 0.25, "{psi}");
/// assert!(mlnotes::metrics::drift::psi(then.view(), then.view(), 10)? < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn psi(expected: ArrayView1<f64>, actual: ArrayView1<f64>, bins: usize) -> Result<f64> {
    let (binned, when) =
        binned("psi", ["psi: `expected`", "psi: `actual`"], expected, actual, bins)?;
    Ok(woe_iv(&binned, &when, 0.5)?.iv)
}

/// Kolmogorov and Smirnov's test of the two samples; the statistic is the largest distance of their
/// distribution functions.
///
/// With the samples of a log of millions every difference is significant: read the statistic first.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`].
///
/// ```
/// use ndarray::Array1;
/// let then = Array1::linspace(0.0, 1.0, 200);
/// let now = then.mapv(|v| v + 0.2);
/// let test = mlnotes::metrics::drift::ks_drift(then.view(), now.view())?;
/// assert!((test.statistic - 0.2).abs() < 0.01 && test.p_value < 0.001);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn ks_drift(expected: ArrayView1<f64>, actual: ArrayView1<f64>) -> Result<Test> {
    let (values, when) =
        together(["ks_drift: `expected`", "ks_drift: `actual`"], expected, actual)?;
    ks(values.view(), &when)
}

/// Jensen-Shannon divergence in nats of the binned shares: from 0 to `ln 2`, finite even where a bin is
/// empty.
///
/// # Errors
/// As [`psi`].
///
/// ```
/// use ndarray::Array1;
/// let then = Array1::linspace(0.0, 1.0, 1000);
/// let gone = then.mapv(|v| v + 5.0);
/// let js = mlnotes::metrics::drift::js_drift(then.view(), gone.view(), 10)?;
/// assert!(js > 0.4 && js < 2.0f64.ln());
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn js_drift(expected: ArrayView1<f64>, actual: ArrayView1<f64>, bins: usize) -> Result<f64> {
    let names = ["js_drift: `expected`", "js_drift: `actual`"];
    let (binned, when) = binned("js_drift", names, expected, actual, bins)?;
    let n_bins = binned.iter().max().map_or(1, |&top| top + 1);
    let shares = |of: usize, n: usize| {
        let mut shares = Array1::<f64>::zeros(n_bins);
        for (&bin, _) in binned.iter().zip(&when).filter(|(_, when)| **when == of) {
            shares[bin] += 1.0;
        }
        shares / n as f64
    };
    js_divergence(shares(0, expected.len()).view(), shares(1, actual.len()).view())
}

/// How far one feature has moved.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct FeatureSkew {
    /// Population stability index in ten bins.
    pub psi: f64,
    /// Kolmogorov and Smirnov's test.
    pub ks: Test,
    /// Change of the mean, in standard deviations of the training data.
    pub mean_shift: f64,
}

/// Compares each feature as it was in training with what serving sees, `(n_train, n_features)` and
/// `(n_serve, n_features)`: the first place to look when a model is good offline and poor online.
///
/// # Errors
/// [`Error::Shape`] when the widths differ; [`Error::ZeroVariance`] for a feature that did not vary in
/// training; [`Error::TooFewSamples`] for fewer than ten rows of training; [`Error::Empty`],
/// [`Error::NotFinite`].
///
/// ```
/// use ndarray::Array2;
/// let train = Array2::from_shape_fn((100, 2), |(i, j)| ((i * 7 + j * 3) % 10) as f64);
/// let mut serve = train.clone();
/// serve.column_mut(1).fill(0.0); // the join failed
/// let skew = mlnotes::metrics::drift::feature_skew(train.view(), serve.view())?;
/// assert!(skew[0].psi < 1e-15 && skew[1].psi > 1.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn feature_skew(train: ArrayView2<f64>, serve: ArrayView2<f64>) -> Result<Vec<FeatureSkew>> {
    check_matrix("feature_skew: `train`", train)?;
    check_matrix("feature_skew: `serve`", serve)?;
    if train.ncols() != serve.ncols() {
        return Err(Error::Shape {
            what: "feature_skew: `serve`",
            expected: format!("(n_rows, {})", train.ncols()),
            got: format!("{:?}", serve.dim()),
        });
    }
    let columns = train.axis_iter(Axis(1)).zip(serve.axis_iter(Axis(1))).enumerate();
    columns
        .map(|(col, (then, now))| {
            let sd = then.std(0.0);
            if sd <= 10.0 * f64::EPSILON * then[0].abs() {
                return Err(Error::ZeroVariance {
                    what: "feature_skew: `train`",
                    col: Some(col),
                    value: then[0],
                });
            }
            let mean = |v: ArrayView1<f64>| v.sum() / v.len() as f64;
            Ok(FeatureSkew {
                psi: psi(then, now, 10)?,
                ks: ks_drift(then, now)?,
                mean_shift: (mean(now) - mean(then)) / sd,
            })
        })
        .collect()
}

/// Both samples in one, with 0 for the expected and 1 for the actual.
fn together(
    names: [&'static str; 2],
    expected: ArrayView1<f64>,
    actual: ArrayView1<f64>,
) -> Result<(Array1<f64>, Vec<usize>)> {
    for (what, values) in names.into_iter().zip([expected.to_owned(), actual.to_owned()]) {
        if values.is_empty() {
            return Err(Error::Empty { what, needed: "1 value" });
        }
        check_vector(what, values.view())?;
    }
    let values = [expected.to_vec(), actual.to_vec()].concat();
    let when = [vec![0; expected.len()], vec![1; actual.len()]].concat();
    Ok((values.into(), when))
}

fn binned(
    estimator: &'static str,
    names: [&'static str; 2],
    expected: ArrayView1<f64>,
    actual: ArrayView1<f64>,
    bins: usize,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let (values, when) = together(names, expected, actual)?;
    if bins < 2 {
        let (name, rule) = ("bins", "at least 2");
        return Err(Error::Parameter { estimator, name, rule, got: bins.to_string() });
    }
    if expected.len() < bins {
        let what = names[0];
        return Err(Error::TooFewSamples { what, needed: bins, got: expected.len() });
    }
    if expected.iter().all(|value| value.total_cmp(&expected[0]).is_eq()) {
        return Err(Error::ZeroVariance { what: names[0], col: None, value: expected[0] });
    }
    let cut = Binner::params(BinStrategy::Quantile, bins).fit(expected)?;
    Ok((cut.assign(values.view())?, when))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let (v, none) = (array![1.0, 2.0, 3.0, 4.0], array![]);
        assert!(matches!(psi(none.view(), v.view(), 2), Err(Error::Empty { .. })));
        assert!(matches!(psi(v.view(), v.view(), 1), Err(Error::Parameter { .. })));
        assert!(matches!(psi(v.view(), v.view(), 9), Err(Error::TooFewSamples { needed: 9, .. })));
        let flat = array![1.0, 1.0, 1.0, 1.0];
        assert!(matches!(psi(flat.view(), v.view(), 4), Err(Error::ZeroVariance { .. })));
        let nan = array![1.0, f64::NAN];
        assert!(matches!(ks_drift(v.view(), nan.view()), Err(Error::NotFinite { .. })));
        let two = Array2::from_shape_fn((20, 2), |(i, j)| if j == 0 { i as f64 } else { 2.0 });
        assert!(matches!(feature_skew(two.view(), array![[1.0]].view()), Err(Error::Shape { .. })));
        let constant = feature_skew(two.view(), two.view()).unwrap_err();
        assert!(matches!(constant, Error::ZeroVariance { col: Some(1), .. }), "{constant}");
    }

    /// Without drift, `n m / (n + m) · PSI` has the mean of chi-squared: the number of bins less 1.
    #[test]
    fn without_drift_the_index_is_chi_squared() {
        let mut rng = ChaCha8Rng::seed_from_u64(71);
        let mut sample = |n: usize| -> Array1<f64> {
            (0..n).map(|_| rng.sample::<f64, _>(StandardNormal)).collect()
        };
        let (n, m, rounds) = (4000, 1000, 200);
        let scaled: Vec<f64> = (0..rounds)
            .map(|_| psi(sample(n).view(), sample(m).view(), 10).unwrap() * 800.0)
            .collect();
        let mean = scaled.iter().sum::<f64>() / f64::from(rounds);
        // Its standard error is sqrt(2 · 9 / 200) = 0.3.
        assert!((mean - 9.0).abs() < 0.9, "{mean}");
    }
}
