//! Multicollinearity: features that nearly determine each other, and the price their weights pay.
//!
//! ```text
//! VIFⱼ = 1 / (1 − Rⱼ²)                    Rⱼ²: of xⱼ regressed on the other features and a constant
//! Var β̂ⱼ = σ² / Σ (xᵢⱼ − x̄ⱼ)² · VIFⱼ       so √VIF is the factor by which the standard error grows
//! X = U Σ Vᵀ,  κ = σ_max / σ_min,  ηₖ = σ_max / σₖ         condition number and indices
//! φⱼₖ = vⱼₖ² / σₖ²,  πₖⱼ = φⱼₖ / Σₖ φⱼₖ                     share of Var β̂ⱼ that comes from index k
//! ```
//!
//! The correlation matrix sees pairs only: with `x₃ = x₁ + x₂ + a little noise` no pair need correlate above
//! 0.71, and every VIF is huge. Predictions inside the data's range need not suffer; weights, and predictions
//! off the ridge along which the data lie, do.
//!
//! # References
//! Belsley, Kuh & Welsch (1980), *Regression Diagnostics*, chapter 3: indices, decomposition, and the rule
//! to worry at an index above 30 that carries more than half the variance of two weights or more.

use crate::base::{check_matrix, to_faer, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// What is left of a column after those before it, as a share of its length, below which it depends on them.
const RANK_TOLERANCE: f64 = 1e-10;

/// Variance inflation factors, shape `(n_features,)`, of the columns of `x`, `(n_samples, n_features)`.
///
/// The constant is added here (columns are centred); statsmodels' function of the same name wants it among
/// the columns, and without it measures something else. 1 means uncorrelated with all others; 10, the
/// usual alarm, means that the others explain 90 % of a column.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`]; [`Error::TooFewSamples`] unless there are more rows than
/// columns; [`Error::ZeroVariance`]; [`Error::Collinear`] with the columns that depend on earlier ones.
///
/// ```
/// use mlnotes::features::collinearity::vif;
/// use ndarray::array;
/// // Correlation 0.8: 1 / (1 − 0.64).
/// let x = array![[2.0, 1.0], [1.0, 2.0], [-1.0, -2.0], [-2.0, -1.0]];
/// assert!(vif(x.view())?.iter().all(|v| (v - 1.0 / 0.36).abs() < 1e-12));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn vif(x: ArrayView2<f64>) -> Result<Array1<f64>> {
    const WHAT: &str = "vif: `x`";
    check_rows(WHAT, x, x.ncols() + 1)?;
    let mean = x.sum_axis(Axis(0)) / x.nrows() as f64;
    let unit = unit_columns(WHAT, &x - &mean, &mean)?;
    check_rank(WHAT, &unit)?;
    // diag (XᵀX)⁻¹ with columns of length 1.
    let (sigma, v) = spectrum("vif", &unit)?;
    Ok(v.rows()
        .into_iter()
        .map(|row| row.iter().zip(&sigma).map(|(v, s)| (v / s).powi(2)).sum())
        .collect())
}

/// The condition number `σ_max / σ_min` of `x`, `(n_samples, n_features)`, exactly as it stands.
///
/// It depends on units and on whether columns are centred: a column in metres instead of kilometres changes
/// it, but neither the fit nor any VIF. So standardise first, or use [`condition_indices`], which scales.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`]; [`Error::TooFewSamples`] for fewer rows than columns;
/// [`Error::ZeroVariance`] for a column of zeros; [`Error::Collinear`], where it would be infinite.
///
/// ```
/// use mlnotes::features::collinearity::condition_number;
/// use ndarray::array;
/// assert!((condition_number(array![[3.0, 0.0], [0.0, 4.0]].view())? - 4.0 / 3.0).abs() < 1e-12);
/// let copies = condition_number(array![[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]].view());
/// assert!(copies.unwrap_err().to_string().contains("columns [1] are linear combinations"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn condition_number(x: ArrayView2<f64>) -> Result<f64> {
    const WHAT: &str = "condition_number: `x`";
    check_rows(WHAT, x, x.ncols())?;
    check_rank(WHAT, &unit_columns(WHAT, x.to_owned(), &Array1::zeros(x.ncols()))?)?;
    let (sigma, _) = spectrum("condition_number", &x.to_owned())?;
    Ok(sigma[0] / sigma[sigma.len() - 1])
}

/// Condition indices, and which weights each of them harms.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ConditionIndices {
    /// `ηₖ = σ_max / σₖ`, ascending from 1, shape `(n_features + 1,)`; the last is the scaled condition
    /// number.
    pub indices: Array1<f64>,
    /// `πₖⱼ`: the share of the variance of weight `j` that comes from index `k`, shape
    /// `(n_features + 1, n_features + 1)`; the first column is the constant. Columns sum to 1.
    pub proportions: Array2<f64>,
}

impl ConditionIndices {
    /// Near-dependencies by the rule of Belsley et al.: for each index above `threshold` (30 in the book)
    /// the features, from 0, of whose variance it carries more than half; only where there are two or more,
    /// the constant (which is not listed) among them.
    ///
    /// ```
    /// use mlnotes::{data, features::collinearity::condition_indices};
    /// let found = condition_indices(data::diabetes().x.view())?.dependencies(30.0);
    /// assert_eq!(found.last(), Some(&vec![4, 5, 6, 8]), "tc, ldl, hdl, ltg");
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn dependencies(&self, threshold: f64) -> Vec<Vec<usize>> {
        let rows = self.indices.iter().zip(self.proportions.rows());
        rows.filter(|(index, _)| **index > threshold)
            .map(|(_, row)| (0..row.len()).filter(|&j| row[j] > 0.5).collect::<Vec<usize>>())
            .filter(|harmed| harmed.len() > 1)
            .map(|harmed| harmed.iter().filter(|&&j| j > 0).map(|j| j - 1).collect())
            .collect()
    }
}

/// Condition indices with variance-decomposition proportions of `[1, x]`, for `x` of shape `(n_samples,
/// n_features)`.
///
/// Columns are scaled to length 1 but not centred, and the constant is added, as the book asks: a column
/// that hardly varies beside its mean depends on the constant.
///
/// # Errors
/// As [`vif`].
///
/// ```
/// use mlnotes::features::collinearity::condition_indices;
/// use ndarray::array;
/// // At right angles to each other and to the constant.
/// let x = array![[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]];
/// assert!(condition_indices(x.view())?.indices.iter().all(|eta| (eta - 1.0).abs() < 1e-12));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn condition_indices(x: ArrayView2<f64>) -> Result<ConditionIndices> {
    const WHAT: &str = "condition_indices: `x`";
    check_rows(WHAT, x, x.ncols() + 1)?;
    let mean = x.sum_axis(Axis(0)) / x.nrows() as f64;
    check_rank(WHAT, &unit_columns(WHAT, &x - &mean, &mean)?)?;
    let (n, d) = x.dim();
    let design =
        Array2::from_shape_fn((n, d + 1), |(i, j)| if j == 0 { 1.0 } else { x[[i, j - 1]] });
    let design = unit_columns(WHAT, design, &Array1::zeros(d + 1))?;
    let (sigma, v) = spectrum("condition_indices", &design)?;
    // φ transposed: a row an index, a column a weight.
    let phi = Array2::from_shape_fn((d + 1, d + 1), |(k, j)| (v[[j, k]] / sigma[k]).powi(2));
    let total = phi.sum_axis(Axis(0));
    Ok(ConditionIndices { indices: sigma[0] / &sigma, proportions: phi / total })
}

fn check_rows(what: &'static str, x: ArrayView2<f64>, needed: usize) -> Result<()> {
    check_matrix(what, x)?;
    if x.nrows() < needed {
        return Err(Error::TooFewSamples { what, needed, got: x.nrows() });
    }
    Ok(())
}

/// Divides each column by its length; `mean` is what was subtracted before.
fn unit_columns(what: &'static str, mut x: Array2<f64>, mean: &Array1<f64>) -> Result<Array2<f64>> {
    for (col, (mut column, m)) in x.columns_mut().into_iter().zip(mean).enumerate() {
        let length = column.dot(&column).sqrt();
        // Rounding leaves a constant column with a spread of some ulps of its mean.
        if length <= 10.0 * f64::EPSILON * m.abs() * (column.len() as f64).sqrt() {
            return Err(Error::ZeroVariance { what, col: Some(col), value: *m });
        }
        column /= length;
    }
    Ok(x)
}

/// Every column, of length 1, has a part that those before it do not explain (Gram-Schmidt, twice, so
/// that rounding does not hide it).
fn check_rank(what: &'static str, unit: &Array2<f64>) -> Result<()> {
    let mut basis: Vec<Array1<f64>> = Vec::new();
    let mut columns = Vec::new();
    for (j, column) in unit.columns().into_iter().enumerate() {
        let mut left = column.to_owned();
        for direction in basis.iter().chain(&basis) {
            left.scaled_add(-direction.dot(&left), direction);
        }
        let length = left.dot(&left).sqrt();
        if length <= RANK_TOLERANCE {
            columns.push(j);
        } else {
            basis.push(left / length);
        }
    }
    if columns.is_empty() { Ok(()) } else { Err(Error::Collinear { what, columns }) }
}

/// Singular values, descending, and `V`, a column each; of `R` where `x` is tall.
fn spectrum(estimator: &'static str, x: &Array2<f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let matrix = to_faer(x.view());
    let matrix = if x.nrows() > x.ncols() { matrix.qr().R().to_owned() } else { matrix };
    let svd = matrix.thin_svd().map_err(|_| Error::NotConverged {
        estimator,
        n_iter: 0,
        change: f64::NAN,
        remedy: "the decomposition failed; scale the features to similar sizes",
    })?;
    let v = svd.V();
    let sigma = svd.S().column_vector().iter().copied().collect();
    Ok((sigma, Array2::from_shape_fn((v.nrows(), v.ncols()), |(i, k)| v[(i, k)])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use crate::linear::ols::LinearRegression;
    use ndarray::{array, s};

    #[test]
    fn the_factor_is_one_over_what_the_others_leave() {
        let x = data::diabetes().x.view();
        let factors = vif(x).unwrap();
        for j in [0, 4, 9] {
            let others: Vec<usize> = (0..10).filter(|&k| k != j).collect();
            let r2 = LinearRegression::params()
                .fit(x.select(Axis(1), &others).view(), x.column(j))
                .unwrap()
                .r2;
            assert!((factors[j] * (1.0 - r2) - 1.0).abs() < 1e-9, "{j}");
        }
        // Units do not matter.
        let scaled = &x * &Array1::linspace(0.01, 1000.0, 10) + 5.0;
        let again = vif(scaled.view()).unwrap();
        assert!((&again / &factors - 1.0).iter().all(|d| d.abs() < 1e-8));
    }

    #[test]
    fn a_near_copy_is_finite_and_a_copy_is_named() {
        let t = Array1::linspace(0.0, 1.0, 50);
        let wave = t.mapv(|t: f64| (9.0 * t).sin());
        let near =
            Array2::from_shape_fn(
                (50, 2),
                |(i, j)| {
                    if j == 0 { t[i] } else { t[i] + 1e-6 * wave[i] }
                },
            );
        let factors = vif(near.view()).unwrap();
        assert!(factors.iter().all(|f| f.is_finite() && *f > 1e10), "{factors}");
        let sum = Array2::from_shape_fn((50, 4), |(i, j)| match j {
            0 => t[i],
            1 => wave[i],
            2 => 3.0 * t[i] - wave[i] + 7.0,
            _ => t[i] * t[i],
        });
        let named = |e: Error| matches!(e, Error::Collinear { columns, .. } if columns == [2]);
        assert!(named(vif(sum.view()).unwrap_err()));
        assert!(named(condition_indices(sum.view()).unwrap_err()));
        // Without a constant the 7 makes column 2 independent.
        assert!(condition_number(sum.view()).unwrap().is_finite());
    }

    #[test]
    fn a_triple_hides_from_every_pair() {
        let wave = |f: f64| Array1::linspace(0.0, 1.0, 200).mapv(|t: f64| (f * t * 6.3).sin());
        let (a, b, noise) = (wave(3.0), wave(7.0), wave(31.0));
        let x = Array2::from_shape_fn((200, 3), |(i, j)| match j {
            0 => a[i],
            1 => b[i],
            _ => a[i] + b[i] + 0.05 * noise[i],
        });
        let z = data::standardize(x.view()).unwrap().x;
        let r = z.t().dot(&z) / 200.0;
        assert!(r.slice(s![0, 1..]).iter().all(|r| r.abs() < 0.73), "{r}");
        assert!(vif(x.view()).unwrap().iter().all(|f| *f > 100.0));
    }

    #[test]
    fn proportions_are_shares_and_point_at_the_guilty() {
        let found = condition_indices(data::diabetes().x.view()).unwrap();
        assert!((found.indices[0] - 1.0).abs() < 1e-15);
        assert!(found.indices.windows(2).into_iter().all(|pair| pair[1] >= pair[0]));
        assert!(found.proportions.sum_axis(Axis(0)).iter().all(|s| (s - 1.0).abs() < 1e-12));
        assert!(found.proportions.iter().all(|p| (0.0..=1.0).contains(p)));
    }

    #[test]
    fn bad_input_is_named() {
        let flat = array![[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]];
        for error in [vif(flat.view()).unwrap_err(), condition_indices(flat.view()).unwrap_err()] {
            assert!(matches!(error, Error::ZeroVariance { col: Some(1), .. }), "{error}");
        }
        let zeros = array![[1.0, 0.0], [2.0, 0.0]];
        let error = condition_number(zeros.view()).unwrap_err();
        assert!(matches!(error, Error::ZeroVariance { col: Some(1), .. }), "{error}");
        assert!(matches!(vif(array![[1.0, 2.0]].view()), Err(Error::TooFewSamples { .. })));
        assert!(matches!(
            condition_number(array![[1.0, 2.0]].view()),
            Err(Error::TooFewSamples { .. })
        ));
        assert!(matches!(vif(array![[f64::NAN], [1.0]].view()), Err(Error::NotFinite { .. })));
        assert!(matches!(vif(Array2::zeros((0, 0)).view()), Err(Error::Empty { .. })));
    }
}
