//! The gap statistic: how many clusters beat what chance alone would show.

use super::super::kmeans::KMeans;
use crate::base::{check_matrix, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Runs of k-means for each inertia, the data's and the references' alike.
const N_INIT: usize = 5;

/// The gap of each number of clusters, and the number that it chooses.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GapResult {
    /// The numbers of clusters that were tried, shape `(n_ks,)`.
    pub ks: Vec<usize>,
    /// `Gap(k)`, shape `(n_ks,)`.
    pub gap: Array1<f64>,
    /// The simulation error `s_k` of each gap, shape `(n_ks,)`.
    pub std_error: Array1<f64>,
    /// The least `k` with `Gap(k) ≥ Gap(k + 1) − s_{k+1}`, `k + 1` being the next of `ks`; `None` when the
    /// gap still rises at the end, so that larger `k` should be tried.
    pub chosen: Option<usize>,
}

/// Compares the logarithm of the inertia with what it would be on rows without clusters: drawn evenly
/// from the box that the features span.
///
/// ```text
/// Gap(k) = 1/B Σ_b ln W*_kb − ln W_k,     s_k = sd_b(ln W*_kb) √(1 + 1/B)
/// k̂ = the least k with Gap(k) ≥ Gap(k + 1) − s_{k+1}
/// ```
///
/// `W_k` is the inertia of k-means, best of five runs. `refs` is `B`, from 20 to 100 as a rule. One cluster is
/// a possible answer, which neither elbow nor silhouette can give. The box follows the axes: rotated or
/// stretched data are better given to it after PCA.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooManyClusters`], [`Error::Parameter`] unless `ks`
/// rises and `refs >= 2`, [`Error::ZeroVariance`] when an inertia is 0, which has no logarithm.
///
/// ```
/// use mlnotes::cluster::validity::gap_statistic;
/// let centers = ndarray::array![[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]];
/// let (x, _) = mlnotes::data::blobs(90, centers.view(), 1.0, 1)?;
/// assert_eq!(gap_statistic(x.view(), &[1, 2, 3, 4, 5], 20, 1)?.chosen, Some(3));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Tibshirani, Walther & Hastie (2001), *Estimating the number of clusters in a data set via the gap
/// statistic*, section 3 and reference distribution (a) of section 4.
#[views]
pub fn gap_statistic(
    x: ArrayView2<f64>,
    ks: &[usize],
    refs: usize,
    seed: u64,
) -> Result<GapResult> {
    check(x, ks, refs)?;
    let log_inertias = |x: ArrayView2<f64>, seed: u64| -> Result<Vec<f64>> {
        let one = |&k: &usize| {
            let inertia = KMeans::params(k).n_init(N_INIT).seed(seed).fit(x)?.inertia;
            if inertia <= 0.0 {
                return Err(Error::ZeroVariance {
                    what: "gap_statistic: a cluster",
                    col: None,
                    value: 0.0,
                });
            }
            Ok(inertia.ln())
        };
        ks.iter().map(one).collect()
    };
    let own = log_inertias(x, seed)?;
    let references: Vec<Vec<f64>> = (0..refs)
        .into_par_iter()
        .map(|b| {
            check_interrupt();
            let mut rng = stream(seed, b + 1);
            log_inertias(box_of(x, &mut rng).view(), rng.random())
        })
        .collect::<Result<_>>()?;
    let references = Array2::from_shape_fn((refs, ks.len()), |(b, j)| references[b][j]);
    let gap = references.mean_axis(Axis(0)).unwrap_or_default() - Array1::from(own);
    // The paper's standard deviation divides by B.
    let std_error = references.std_axis(Axis(0), 0.0) * (1.0 + 1.0 / refs as f64).sqrt();
    let chosen = (1..ks.len()).find(|&j| gap[j - 1] >= gap[j] - std_error[j]).map(|j| ks[j - 1]);
    Ok(GapResult { ks: ks.to_vec(), gap, std_error, chosen })
}

/// As many rows as `x` has, even over the box of its features.
fn box_of(x: ArrayView2<f64>, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let ends = |column: ndarray::ArrayView1<f64>| {
        column.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)))
    };
    let ends: Vec<(f64, f64)> = x.columns().into_iter().map(ends).collect();
    Array2::from_shape_fn(x.dim(), |(_, j)| {
        let (low, high) = ends[j];
        low + (high - low) * rng.random::<f64>()
    })
}

fn check(x: ArrayView2<f64>, ks: &[usize], refs: usize) -> Result<()> {
    check_matrix("gap_statistic: `x`", x)?;
    let bad =
        |name, rule, got| Err(Error::Parameter { estimator: "gap_statistic", name, rule, got });
    if ks.len() < 2 || ks.windows(2).any(|w| w[0] >= w[1]) {
        return bad("ks", "at least two numbers that rise", format!("{ks:?}"));
    }
    if refs < 2 {
        return bad("refs", ">= 2", refs.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_rule_reads_the_result() {
        let x = crate::data::blobs(60, array![[0.0, 0.0], [9.0, 0.0]].view(), 1.0, 3).unwrap().0;
        let result = gap_statistic(x.view(), &[1, 2, 3], 10, 4).unwrap();
        let rule = |j: usize| result.gap[j] >= result.gap[j + 1] - result.std_error[j + 1];
        assert!(!rule(0) && rule(1) && result.chosen == Some(2));
        assert_eq!(result, gap_statistic(x.view(), &[1, 2, 3], 10, 4).unwrap());
        // The gap still rises from 1 to 2: no choice among these.
        assert_eq!(gap_statistic(x.view(), &[1, 2], 10, 4).unwrap().chosen, None);
    }

    #[test]
    fn units_do_not_matter() {
        let x = crate::data::iris().x.slice(ndarray::s![..60, ..]).to_owned();
        let a = gap_statistic(x.view(), &[1, 2, 3], 5, 1).unwrap();
        let b = gap_statistic((&x * 4.0).view(), &[1, 2, 3], 5, 1).unwrap();
        assert!((&a.gap - &b.gap).iter().all(|d| d.abs() < 1e-9), "{a:?} {b:?}");
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[0.0], [1.0], [3.0]];
        let gap = |ks: &[usize], refs| gap_statistic(x.view(), ks, refs, 0);
        for ks in [&[][..], &[2], &[2, 2], &[3, 1]] {
            assert!(matches!(gap(ks, 5), Err(Error::Parameter { name: "ks", .. })));
        }
        assert!(matches!(gap(&[1, 2], 1), Err(Error::Parameter { name: "refs", .. })));
        assert!(matches!(gap(&[0, 1], 5), Err(Error::Parameter { name: "k", .. })));
        assert!(matches!(gap(&[1, 3], 5), Err(Error::ZeroVariance { .. })));
        assert!(matches!(gap(&[1, 4], 5), Err(Error::TooManyClusters { .. })));
    }
}
