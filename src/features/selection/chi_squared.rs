//! The chi-squared score of counts, class by class.

use super::{check_classes, check_length};
use crate::base::{check_matrix, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use statrs::distribution::{ChiSquared, ContinuousCDF};
use std::collections::BTreeMap;

/// Chi-squared statistics and p-values, shapes `(n_features,)`, of columns that *count* something, for
/// `x` of shape `(n_samples, n_features)` and classes `y`.
///
/// ```text
/// Oₖⱼ = Σ_{i: yᵢ = k} xᵢⱼ      Eₖⱼ = P(y = k) Σᵢ xᵢⱼ      χ²ⱼ = Σₖ (Oₖⱼ − Eₖⱼ)² / Eₖⱼ,  df = classes − 1
/// ```
///
/// This is scikit-learn's `chi2`: every value is read as that many events. Word counts and 0/1 flags are
/// such; an income is not: in cents instead of euros it scores a hundred times as much. Bin numbers
/// first, one 0/1 column a bin.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::SingleClass`]; [`Error::Negative`] (its
/// index counts row by row); [`Error::ZeroVariance`] for a column of zeros.
///
/// ```
/// use mlnotes::features::selection::chi2;
/// use ndarray::array;
/// let (x, y) = (array![[3.0], [1.0], [0.0], [0.0]], [1, 1, 0, 0]);
/// let (statistic, p) = chi2(x.view(), &y)?;
/// // 4 events, all in class 1, where 2 and 2 are expected.
/// assert!((statistic[0] - 4.0).abs() < 1e-12 && (p[0] - 0.0455).abs() < 1e-4);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Liu & Setiono (1995), on binned values; scikit-learn's `feature_selection.chi2` for counts.
#[views]
pub fn chi2(x: ArrayView2<f64>, y: &[usize]) -> Result<(Array1<f64>, Array1<f64>)> {
    const WHAT: &str = "chi2: `x`";
    check_matrix(WHAT, x)?;
    check_length("chi2: `y`", y, x.nrows())?;
    check_classes("chi2: `y`", y)?;
    if let Some((index, &value)) = x.iter().enumerate().find(|(_, v)| **v < 0.0) {
        return Err(Error::Negative { what: WHAT, index, value });
    }
    let total = x.sum_axis(Axis(0));
    if let Some(col) = total.iter().position(|&sum| sum == 0.0) {
        return Err(Error::ZeroVariance { what: WHAT, col: Some(col), value: 0.0 });
    }
    let mut class_of: BTreeMap<usize, usize> = y.iter().map(|&label| (label, 0)).collect();
    class_of.values_mut().enumerate().for_each(|(i, class)| *class = i);
    let mut observed = Array2::<f64>::zeros((class_of.len(), x.ncols()));
    let mut share = Array1::<f64>::zeros(class_of.len());
    for (row, label) in x.rows().into_iter().zip(y) {
        let class = class_of[label];
        let mut sums = observed.row_mut(class);
        sums += &row;
        share[class] += 1.0 / y.len() as f64;
    }
    let expected = &share.insert_axis(Axis(1)) * &total;
    let statistic = ((&observed - &expected).mapv(|d| d * d) / &expected).sum_axis(Axis(0));
    let df = (class_of.len() - 1) as f64;
    let law = ChiSquared::new(df).map_err(|_| Error::Parameter {
        estimator: "chi2",
        name: "y",
        rule: "two classes or more",
        got: class_of.len().to_string(),
    })?;
    let p = statistic.mapv(|s| law.sf(s));
    Ok((statistic, p))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_unit_of_a_value_is_its_weight() {
        let (x, y) = (array![[1.0, 5.0], [2.0, 1.0], [4.0, 2.0], [3.0, 9.0]], [0, 2, 2, 0]);
        let (one, _) = chi2(x.view(), &y).unwrap();
        let (cents, _) = chi2((&x * 100.0).view(), &y).unwrap();
        assert!((cents / one - 100.0).iter().all(|d| d.abs() < 1e-10));
    }

    #[test]
    fn bad_input_is_named() {
        let y = [0, 1];
        let error = chi2(array![[1.0, 2.0], [3.0, -4.0]].view(), &y).unwrap_err();
        assert!(matches!(error, Error::Negative { index: 3, .. }), "{error}");
        let zeros = chi2(array![[1.0, 0.0], [3.0, 0.0]].view(), &y);
        assert!(matches!(zeros, Err(Error::ZeroVariance { col: Some(1), .. })));
        assert!(matches!(
            chi2(array![[1.0], [2.0]].view(), &[1, 1]),
            Err(Error::SingleClass { .. })
        ));
        assert!(matches!(chi2(array![[1.0], [2.0]].view(), &[1]), Err(Error::Shape { .. })));
        assert!(matches!(chi2(array![[f64::NAN], [2.0]].view(), &y), Err(Error::NotFinite { .. })));
        assert!(matches!(chi2(Array2::zeros((0, 1)).view(), &[]), Err(Error::Empty { .. })));
    }
}
