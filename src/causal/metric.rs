//! Distances between rows: each metric is the Euclidean one after a change of coordinates.

use crate::base::{check_matrix, to_faer};
use crate::{Error, Result};
use faer::linalg::triangular_solve::solve_upper_triangular_in_place;
use faer::{Mat, Par};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// A column whose part that the others do not explain is below this share of its length is dependent.
const RANK_TOLERANCE: f64 = 1e-10;

/// How far apart two rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Metric {
    /// `√Σⱼ (aⱼ − bⱼ)²`: right for one column, such as the logit of a propensity score.
    Euclidean,
    /// Each column divided by its standard deviation over all rows (divisor `n − 1`).
    #[default]
    Standardised,
    /// `√((a − b)ᵀ S⁻¹ (a − b))`, `S` the covariance over all rows (divisor `n − 1`).
    Mahalanobis,
}

/// The rows of `x`, shape `(n, d)`, where Euclidean distance is the metric.
pub(super) fn coordinates(
    what: &'static str,
    x: ArrayView2<f64>,
    metric: Metric,
) -> Result<Array2<f64>> {
    check_matrix(what, x)?;
    match metric {
        Metric::Euclidean => Ok(x.to_owned()),
        Metric::Standardised => Ok(standardised(what, x)? * (x.nrows() as f64 - 1.0).sqrt()),
        Metric::Mahalanobis => Ok(whitened(what, x)? * (x.nrows() as f64 - 1.0).sqrt()),
    }
}

/// Columns centred and of length 1.
fn standardised(what: &'static str, x: ArrayView2<f64>) -> Result<Array2<f64>> {
    let mean = x.sum_axis(Axis(0)) / x.nrows() as f64;
    let mut z = &x - &mean;
    for (col, mut column) in z.columns_mut().into_iter().enumerate() {
        let length = column.dot(&column).sqrt();
        let size = x.column(col).fold(0.0_f64, |a, b| a.max(b.abs()));
        // Rounding leaves a constant column with a length of some ulps of its size.
        if length <= 10.0 * f64::EPSILON * size * (x.nrows() as f64).sqrt() {
            return Err(Error::ZeroVariance { what, col: Some(col), value: x[[0, col]] });
        }
        column /= length;
    }
    Ok(z)
}

/// Uncorrelated columns: with `Z P = Q R` the covariance of the rows of `Q = Z P R⁻¹` is a multiple of the
/// identity, so distances between them are Mahalanobis distances between those of `x`.
///
/// Each row is multiplied by itself, in one order: equal rows stay equal to the last bit.
fn whitened(what: &'static str, x: ArrayView2<f64>) -> Result<Array2<f64>> {
    let (n, d) = x.dim();
    let z = standardised(what, x)?;
    let (order, r) = pivoted(what, &z)?;
    let mut inverse = Mat::<f64>::identity(d, d);
    solve_upper_triangular_in_place(r.as_ref(), inverse.as_mut(), Par::Seq);
    Ok(Array2::from_shape_fn((n, d), |(i, j)| {
        (0..=j).map(|k| z[[i, order[k]]] * inverse[(k, j)]).sum()
    }))
}

/// Columns of mean 0 and variance 1 (divisor `n`), none of which depends on the others.
pub(super) fn independent_columns(what: &'static str, x: ArrayView2<f64>) -> Result<Array2<f64>> {
    let z = standardised(what, x)?;
    pivoted(what, &z)?;
    Ok(z * (x.nrows() as f64).sqrt())
}

/// The order of the columns and `R` of the QR decomposition with pivoting.
fn pivoted(what: &'static str, z: &Array2<f64>) -> Result<(Vec<usize>, Mat<f64>)> {
    let (n, d) = z.dim();
    if n <= d {
        return Err(Error::TooFewSamples { what, needed: d + 1, got: n });
    }
    let qr = to_faer(z.view()).col_piv_qr();
    let (order, r) = (qr.P().arrays().0.to_vec(), qr.thin_R().to_owned());
    let mut columns: Vec<usize> =
        (0..d).filter(|&j| r[(j, j)].abs() <= RANK_TOLERANCE).map(|j| order[j]).collect();
    if columns.is_empty() {
        return Ok((order, r));
    }
    columns.sort_unstable();
    Err(Error::Collinear { what, columns })
}

/// Distances within one part in 2³⁰ count as equal: a tie must not be broken by rounding.
pub(super) fn settled(distance: f64) -> f64 {
    const REST: u64 = (1 << 22) - 1;
    f64::from_bits((distance.to_bits() + (REST >> 1)) & !REST)
}

pub(super) fn distance(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn mahalanobis_by_hand() {
        // Covariance [[1, ½], [½, 1]] times 4/3 (divisor n − 1): inverse ¾ · [[4/3, −⅔], [−⅔, 4/3]].
        let s = 0.75_f64.sqrt();
        let x = array![[1.0, 0.5 + s], [1.0, 0.5 - s], [-1.0, -0.5 + s], [-1.0, -0.5 - s]];
        let c = coordinates("x", x.view(), Metric::Mahalanobis).unwrap();
        // (a − b) = (0, 2s): ¾ · 4/3 · 4 · ¾ = 3.
        assert!((distance(c.row(0), c.row(1)) - 3.0_f64.sqrt()).abs() < 1e-12);
        let scaled = &x * &array![1e-6, 3e5];
        let again = coordinates("x", scaled.view(), Metric::Mahalanobis).unwrap();
        let (a, b) = (distance(c.row(0), c.row(3)), distance(again.row(0), again.row(3)));
        assert!((a - b).abs() < 1e-10, "units do not matter: {a} {b}");
    }

    #[test]
    fn equal_rows_are_at_distance_zero_and_ties_survive_rounding() {
        let x = Array2::from_shape_fn((40, 3), |(i, j)| {
            ((i % 8) as f64 * 0.7 + 0.1).powi([1, 2, 3][j])
        });
        for metric in [Metric::Standardised, Metric::Mahalanobis] {
            let c = coordinates("x", x.view(), metric).unwrap();
            assert!((0..32).all(|i| distance(c.row(i), c.row(i + 8)) <= 0.0), "{metric:?}");
        }
        assert!((settled(0.1 + 0.2) - settled(0.3)).abs() <= 0.0);
        assert!(settled(1.0 + 1e-8) > settled(1.0) && settled(f64::INFINITY).is_infinite());
    }

    #[test]
    fn columns_without_own_information_are_named() {
        let twice = array![[1.0, 2.0], [2.0, 4.0], [4.0, 8.0]];
        let error = coordinates("f: `x`", twice.view(), Metric::Mahalanobis).unwrap_err();
        assert!(
            matches!(&error, Error::Collinear { columns, .. } if columns.len() == 1),
            "{error}"
        );
        let flat = array![[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]];
        let error = coordinates("f: `x`", flat.view(), Metric::Standardised).unwrap_err();
        assert!(matches!(error, Error::ZeroVariance { col: Some(1), .. }), "{error}");
    }
}
