//! How good is a clustering: against known classes, or by itself; and how many clusters there are.

mod gap;

pub use gap::{GapResult, gap_statistic};

use super::kmeans::{KMeans, squared_distance};
use crate::base::{check_matrix, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// Adjusted Rand index of two labellings of the same rows: 1 when they agree up to names, 0 on average
/// for independent ones.
///
/// ```text
/// ARI = (Σᵢⱼ C(nᵢⱼ, 2) − E) / ((A + B)/2 − E),   A = Σᵢ C(aᵢ, 2), B = Σⱼ C(bⱼ, 2), E = A B / C(n, 2)
/// ```
///
/// # Errors
/// [`Error::Empty`], or [`Error::Shape`] for different lengths.
///
/// ```
/// let ari = mlnotes::cluster::validity::adjusted_rand(&[0, 0, 1, 1], &[5, 5, 2, 2])?;
/// assert!((ari - 1.0).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Hubert & Arabie (1985), eq. 5.
#[views]
pub fn adjusted_rand(a: &[usize], b: &[usize]) -> Result<f64> {
    let table = contingency("adjusted_rand: `b`", a, b)?;
    let pairs = |n: f64| n * (n - 1.0) / 2.0;
    let cells: f64 = table.iter().map(|&n| pairs(n)).sum();
    let rows: f64 = table.rows().into_iter().map(|r| pairs(r.sum())).sum();
    let columns: f64 = table.columns().into_iter().map(|c| pairs(c.sum())).sum();
    let all = pairs(a.len() as f64);
    // One row, or both labellings all alike or all different: they agree.
    if all <= 0.0 || (rows - columns).abs() < 0.5 && (rows < 0.5 || rows >= all) {
        return Ok(1.0);
    }
    let expected = rows * columns / all;
    Ok((cells - expected) / (f64::midpoint(rows, columns) - expected))
}

/// Normalised mutual information, `I(a; b) / ((H(a) + H(b)) / 2)`, in `[0, 1]`.
///
/// # Errors
/// [`Error::Empty`], or [`Error::Shape`] for different lengths.
///
/// ```
/// let nmi = mlnotes::cluster::validity::normalized_mutual_info(&[0, 0, 1, 1], &[0, 1, 0, 1])?;
/// assert!(nmi.abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Vinh, Epps & Bailey (2010), table 2.
#[views]
pub fn normalized_mutual_info(a: &[usize], b: &[usize]) -> Result<f64> {
    let p = contingency("normalized_mutual_info: `b`", a, b)? / a.len() as f64;
    let (pa, pb) = (p.sum_axis(Axis(1)), p.sum_axis(Axis(0)));
    let plogp = |v: f64| if v > 0.0 { v * v.ln() } else { 0.0 };
    let (ha, hb) = (-pa.mapv(plogp).sum(), -pb.mapv(plogp).sum());
    if ha + hb <= 0.0 {
        return Ok(1.0);
    }
    let joint = -p.mapv(plogp).sum();
    Ok(((ha + hb - joint) / f64::midpoint(ha, hb)).clamp(0.0, 1.0))
}

/// Silhouette of each row, `(b − a) / max(a, b)`, shape `(n_samples,)`: `a` is the mean distance to the
/// other rows of its cluster, `b` the least mean distance to another cluster; 0 for a cluster of one.
/// Cost `O(n_samples²)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], and [`Error::SingleClass`] for one cluster.
///
/// ```
/// use ndarray::array;
/// let s = mlnotes::cluster::validity::silhouette(array![[0.0], [1.0], [9.0]].view(), &[0, 0, 1])?;
/// assert!((s[0] - 8.0 / 9.0).abs() < 1e-15 && s[2].abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Rousseeuw (1987).
#[views]
pub fn silhouette(x: ArrayView2<f64>, labels: &[usize]) -> Result<Array1<f64>> {
    check_matrix("silhouette: `x`", x)?;
    let (labels, k) = check_labels("silhouette: `labels`", x, labels)?;
    let mut sizes = vec![0usize; k];
    for &label in &labels {
        sizes[label] += 1;
    }
    let one = |i: usize| {
        let mut sums = vec![0.0; k];
        for (j, &label) in labels.iter().enumerate() {
            sums[label] += squared_distance(x.row(i), x.row(j)).sqrt();
        }
        let own = labels[i];
        if sizes[own] == 1 {
            return 0.0;
        }
        let a = sums[own] / (sizes[own] - 1) as f64;
        let others = (0..k).filter(|&c| c != own).map(|c| sums[c] / sizes[c] as f64);
        let b = others.fold(f64::INFINITY, f64::min);
        if a.max(b) > 0.0 { (b - a) / a.max(b) } else { 0.0 }
    };
    Ok(Array1::from_vec((0..x.nrows()).into_par_iter().map(one).collect()))
}

/// Calinski & Harabasz's ratio of the spread between clusters to the spread within, larger is better:
///
/// ```text
/// CH = (B / (k − 1)) / (W / (n − k)),   B = Σⱼ nⱼ ‖cⱼ − x̄‖²,   W = Σᵢ ‖xᵢ − c_{lᵢ}‖²
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::SingleClass`] for one cluster,
/// [`Error::TooFewSamples`] when every row is a cluster, [`Error::ZeroVariance`] for `W = 0`.
///
/// ```
/// use mlnotes::cluster::validity::calinski_harabasz;
/// let x = ndarray::array![[0.0], [2.0], [10.0], [12.0]];
/// // B = 2·5² + 2·5² = 100, W = 4.
/// assert!((calinski_harabasz(x.view(), &[0, 0, 1, 1])? - 50.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Calinski & Harabasz (1974).
#[views]
pub fn calinski_harabasz(x: ArrayView2<f64>, labels: &[usize]) -> Result<f64> {
    let clusters =
        Clusters::of("calinski_harabasz: `x`", "calinski_harabasz: `labels`", x, labels)?;
    let (n, k) = (x.nrows(), clusters.sizes.len());
    if n == k {
        let what = "calinski_harabasz: `x`";
        return Err(Error::TooFewSamples { what, needed: k + 1, got: n });
    }
    let mean = x.mean_axis(Axis(0)).unwrap_or_default();
    let (mut between, mut within) = (0.0, 0.0);
    for (centroid, &size) in clusters.centroids.rows().into_iter().zip(&clusters.sizes) {
        between += size * squared_distance(centroid, mean.view());
    }
    for (row, &label) in x.rows().into_iter().zip(&clusters.labels) {
        within += squared_distance(row, clusters.centroids.row(label));
    }
    if within <= 0.0 {
        return Err(Error::ZeroVariance {
            what: "calinski_harabasz: each cluster",
            col: None,
            value: 0.0,
        });
    }
    Ok((between / (k - 1) as f64) / (within / (n - k) as f64))
}

/// Davies & Bouldin's mean over the clusters of their worst ratio of widths to distance, smaller is
/// better:
///
/// ```text
/// DB = 1/k Σᵢ maxⱼ≠ᵢ (sᵢ + sⱼ) / ‖cᵢ − cⱼ‖,   sⱼ = mean of ‖x − cⱼ‖ over the rows of cluster j
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::SingleClass`] for one cluster,
/// [`Error::ZeroVariance`] when two clusters have the same centroid.
///
/// ```
/// use mlnotes::cluster::validity::davies_bouldin;
/// let x = ndarray::array![[0.0], [2.0], [10.0], [12.0]];
/// assert!((davies_bouldin(x.view(), &[0, 0, 1, 1])? - 0.2).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Davies & Bouldin (1979).
#[views]
pub fn davies_bouldin(x: ArrayView2<f64>, labels: &[usize]) -> Result<f64> {
    let clusters = Clusters::of("davies_bouldin: `x`", "davies_bouldin: `labels`", x, labels)?;
    let (c, k) = (&clusters.centroids, clusters.sizes.len());
    let mut widths = vec![0.0; k];
    for (row, &label) in x.rows().into_iter().zip(&clusters.labels) {
        widths[label] += squared_distance(row, c.row(label)).sqrt() / clusters.sizes[label];
    }
    let mut sum = 0.0;
    for i in 0..k {
        let mut worst: f64 = 0.0;
        for j in (0..k).filter(|&j| j != i) {
            let apart = squared_distance(c.row(i), c.row(j)).sqrt();
            if apart <= 0.0 {
                let what = "davies_bouldin: the centroid of two clusters";
                return Err(Error::ZeroVariance { what, col: None, value: c[[i, 0]] });
            }
            worst = worst.max((widths[i] + widths[j]) / apart);
        }
        sum += worst;
    }
    Ok(sum / k as f64)
}

/// A labelling of the rows, by its means.
struct Clusters {
    /// From 0, in order of appearance, shape `(n_samples,)`.
    labels: Vec<usize>,
    /// Rows of each, shape `(k,)`.
    sizes: Vec<f64>,
    /// Mean of each, shape `(k, n_features)`.
    centroids: Array2<f64>,
}

impl Clusters {
    fn of(
        x_is: &'static str,
        labels_are: &'static str,
        x: ArrayView2<f64>,
        labels: &[usize],
    ) -> Result<Self> {
        check_matrix(x_is, x)?;
        let (labels, k) = check_labels(labels_are, x, labels)?;
        let (mut sizes, mut centroids) = (vec![0.0; k], Array2::zeros((k, x.ncols())));
        for (row, &label) in x.rows().into_iter().zip(&labels) {
            sizes[label] += 1.0;
            centroids.row_mut(label).zip_mut_with(&row, |sum, v| *sum += v);
        }
        for (mut row, &size) in centroids.rows_mut().into_iter().zip(&sizes) {
            row /= size;
        }
        Ok(Self { labels, sizes, centroids })
    }
}

/// A label a row and at least two different ones; returned as by [`renumber`].
fn check_labels(
    what: &'static str,
    x: ArrayView2<f64>,
    labels: &[usize],
) -> Result<(Vec<usize>, usize)> {
    if labels.len() != x.nrows() {
        let (expected, got) = (format!("({},)", x.nrows()), format!("({},)", labels.len()));
        return Err(Error::Shape { what, expected, got });
    }
    let (numbered, k) = renumber(labels);
    if k < 2 {
        return Err(Error::SingleClass { what, class: labels[0] });
    }
    Ok((numbered, k))
}

/// The inertia of k-means (best of ten runs) for each `k` of `ks`: where the curve bends is a hint at
/// how many clusters there are, and no more than a hint.
///
/// # Errors
/// As [`crate::cluster::kmeans::KMeansParams::fit`].
///
/// ```
/// let x = mlnotes::data::iris().x.view();
/// let curve = mlnotes::cluster::validity::elbow(x, &[1, 2, 3], 0)?;
/// assert!(curve[0] > curve[1] && curve[1] > curve[2]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn elbow(x: ArrayView2<f64>, ks: &[usize], seed: u64) -> Result<Array1<f64>> {
    ks.iter().map(|&k| Ok(KMeans::params(k).seed(seed).fit(x)?.inertia)).collect()
}

/// Labels as `0..k` in order of appearance.
fn renumber(labels: &[usize]) -> (Vec<usize>, usize) {
    let mut names = std::collections::HashMap::new();
    let numbered = labels
        .iter()
        .map(|&label| {
            let next = names.len();
            *names.entry(label).or_insert(next)
        })
        .collect();
    (numbered, names.len())
}

/// How many rows have each pair of labels.
fn contingency(what: &'static str, a: &[usize], b: &[usize]) -> Result<Array2<f64>> {
    if a.is_empty() {
        return Err(Error::Empty { what, needed: "1 label" });
    }
    if a.len() != b.len() {
        let (expected, got) = (format!("({},)", a.len()), format!("({},)", b.len()));
        return Err(Error::Shape { what, expected, got });
    }
    let ((a, ka), (b, kb)) = (renumber(a), renumber(b));
    let mut table = Array2::zeros((ka, kb));
    a.into_iter().zip(b).for_each(|(i, j)| table[[i, j]] += 1.0);
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_clusters_do_not_matter() {
        let (a, b) = ([0, 0, 1, 1, 2, 2], [2, 2, 0, 0, 7, 7]);
        assert!((adjusted_rand(&a, &b).unwrap() - 1.0).abs() < 1e-15);
        assert!((normalized_mutual_info(&a, &b).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn limits_and_bad_input() {
        assert!((adjusted_rand(&[3], &[1]).unwrap() - 1.0).abs() < 1e-15);
        assert!((adjusted_rand(&[0, 0, 0], &[1, 1, 1]).unwrap() - 1.0).abs() < 1e-15);
        assert!(matches!(adjusted_rand(&[], &[]), Err(Error::Empty { .. })));
        assert!(matches!(normalized_mutual_info(&[1], &[1, 2]), Err(Error::Shape { .. })));
        let x = ndarray::array![[0.0], [1.0]];
        assert!(matches!(silhouette(x.view(), &[4, 4]), Err(Error::SingleClass { .. })));
    }

    #[test]
    fn indices_name_what_has_no_answer() {
        type Index = fn(&Array2<f64>, &[usize]) -> Result<f64>;
        let x = ndarray::array![[0.0], [2.0], [10.0], [12.0]];
        let both: [Index; 2] = [|x, y| calinski_harabasz(x, y), |x, y| davies_bouldin(x, y)];
        for index in both {
            assert!(matches!(index(&x, &[1; 4]), Err(Error::SingleClass { class: 1, .. })));
            assert!(matches!(index(&x, &[0, 1]), Err(Error::Shape { .. })));
        }
        let ch = |x: &Array2<f64>, labels: &[usize]| calinski_harabasz(x.view(), labels);
        assert!(matches!(ch(&x, &[0, 1, 2, 3]), Err(Error::TooFewSamples { needed: 5, .. })));
        let pairs = ndarray::array![[1.0], [1.0], [2.0]];
        assert!(matches!(ch(&pairs, &[0, 0, 1]), Err(Error::ZeroVariance { .. })));
        let same = davies_bouldin(x.view(), &[0, 1, 1, 0]);
        assert!(matches!(same, Err(Error::ZeroVariance { .. })));
    }
}
