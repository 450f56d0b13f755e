//! Are the groups comparable? Standardised differences and the common support of the scores.
//!
//! ```text
//! dⱼ = (x̄₁ⱼ − x̄₀ⱼ) / √((s₁ⱼ² + s₀ⱼ²) / 2)
//! ```
//!
//! Means are weighted, variances are those of the whole groups before weighting, so that `d` before and
//! after differs by the means alone. Unlike a t-test it does not shrink with the sample. Below 0.1 is
//! usually called balanced. Matching on the propensity score balances in expectation only: a given sample
//! can come out worse in some column, which is why these are reported every time.
//!
//! # References
//! Rosenbaum & Rubin (1985); Austin (2009); Stuart (2010), section 4.1; Dehejia & Wahba (1999) for the
//! minimum-maximum rule of common support.

use super::check::{arms, check_length, check_scores, mean_of, variance_of};
use crate::base::{check_matrix, check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// Standardised differences of the columns of `x`, shape `(n_samples, n_features)`, between rows with
/// `t = 1` and `t = 0`, counted by `weights`, shape `(n_samples,)`; all 1 before any adjustment.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`], [`Error::EmptyGroup`] (also
/// when a group's weights are all 0), [`Error::Negative`] for a weight, [`Error::TooFewSamples`] for a group of
/// one row; [`Error::NoSupport`] when a column is constant in each group but not the same in both, and
/// [`Error::ZeroVariance`] when it is the same.
///
/// ```
/// use mlnotes::causal::standardised_differences;
/// use ndarray::{Array1, array};
/// let (x, t) = (array![[3.0], [5.0], [1.0], [3.0]], [1, 1, 0, 0]);
/// let before = standardised_differences(x.view(), &t, Array1::ones(4).view())?;
/// assert!((before[0] - 2.0 / 2.0_f64.sqrt()).abs() < 1e-12); // means 4 and 2, variances 2 and 2
/// let after = standardised_differences(x.view(), &t, array![1.0, 0.0, 0.0, 1.0].view())?;
/// assert_eq!(after[0], 0.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn standardised_differences(
    x: ArrayView2<f64>,
    t: &[usize],
    weights: ArrayView1<f64>,
) -> Result<Array1<f64>> {
    const WHAT: &str = "standardised_differences: `x`";
    const WEIGHTS: &str = "standardised_differences: `weights`";
    check_matrix(WHAT, x)?;
    let (treated, controls) = arms("standardised_differences: `t`", t, x.nrows())?;
    check_length(WEIGHTS, weights.len(), x.nrows())?;
    check_vector(WEIGHTS, weights)?;
    if let Some(index) = weights.iter().position(|w| *w < 0.0) {
        return Err(Error::Negative { what: WEIGHTS, index, value: weights[index] });
    }
    for (rows, group) in [(&treated, "treated"), (&controls, "control")] {
        if rows.len() < 2 {
            return Err(Error::TooFewSamples { what: WHAT, needed: 2, got: rows.len() });
        }
        if rows.iter().all(|&i| weights[i] <= 0.0) {
            let group = format!("{group} group with a weight above 0");
            return Err(Error::EmptyGroup { what: WEIGHTS, group });
        }
    }
    let difference = |col: usize| {
        let column = x.column(col);
        let mean = |rows: &[usize]| {
            let total: f64 = rows.iter().map(|&i| weights[i]).sum();
            rows.iter().map(|&i| weights[i] * column[i]).sum::<f64>() / total
        };
        let spread =
            f64::midpoint(variance_of(column, &treated), variance_of(column, &controls)).sqrt();
        let size = column.fold(0.0_f64, |a, b| a.max(b.abs()));
        if spread > 10.0 * f64::EPSILON * size {
            return Ok((mean(&treated) - mean(&controls)) / spread);
        }
        let (one, zero) = (mean_of(column, &treated), mean_of(column, &controls));
        if (one - zero).abs() <= 10.0 * f64::EPSILON * size {
            return Err(Error::ZeroVariance { what: WHAT, col: Some(col), value: one });
        }
        let problem =
            format!("column {col} is {one} for everybody treated and {zero} for every control");
        Err(Error::NoSupport { what: WHAT, problem, remedy: "leave the treatment out of `x`" })
    };
    (0..x.ncols()).map(difference).collect()
}

/// Where both groups have propensity scores.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CommonSupport {
    /// The larger of the two groups' smallest scores.
    pub lower: f64,
    /// The smaller of the two groups' largest scores.
    pub upper: f64,
    /// Rows from `lower` to `upper`, in order.
    pub inside: Vec<usize>,
    /// Treated rows outside: no control resembles them.
    pub treated_outside: usize,
    /// Controls outside: they resemble no treated row.
    pub controls_outside: usize,
}

/// The common support of the scores `e`, shape `(n_samples,)`, by the minimum-maximum rule.
///
/// # Errors
/// [`Error::Shape`], [`Error::Label`], [`Error::EmptyGroup`], [`Error::NotFinite`], [`Error::Probability`]; and
/// [`Error::NoSupport`] when the groups' scores do not overlap.
///
/// ```
/// use ndarray::array;
/// let e = array![0.3, 0.9, 0.1, 0.2, 0.6];
/// let support = mlnotes::causal::common_support(e.view(), &[1, 1, 0, 0, 0])?;
/// assert_eq!((support.lower, support.upper, support.inside), (0.3, 0.6, vec![0, 4]));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn common_support(e: ArrayView1<f64>, t: &[usize]) -> Result<CommonSupport> {
    let (treated, controls) = arms("common_support: `t`", t, e.len())?;
    check_scores("common_support: `e`", e, t.len())?;
    let ends = |rows: &[usize]| {
        let fold = |(low, high): (f64, f64), &i: &usize| (low.min(e[i]), high.max(e[i]));
        rows.iter().fold((f64::INFINITY, f64::NEG_INFINITY), fold)
    };
    let ((low1, high1), (low0, high0)) = (ends(&treated), ends(&controls));
    let (lower, upper) = (low1.max(low0), high1.min(high0));
    if lower > upper {
        let problem = format!(
            "treated scores run from {low1:.4} to {high1:.4}, those of controls from {low0:.4} to {high0:.4}"
        );
        let remedy = "drop the covariate that decides the treatment, or find other controls";
        return Err(Error::NoSupport { what: "common_support: `e`", problem, remedy });
    }
    let within = |i: &usize| (lower..=upper).contains(&e[*i]);
    let outside = |rows: &[usize]| rows.iter().filter(|i| !within(i)).count();
    Ok(CommonSupport {
        lower,
        upper,
        inside: (0..e.len()).filter(within).collect(),
        treated_outside: outside(&treated),
        controls_outside: outside(&controls),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn bad_weights_and_flat_columns_are_named() {
        let (x, t) = (array![[3.0, 1.0], [5.0, 1.0], [1.0, 0.0], [3.0, 0.0]], [1, 1, 0, 0]);
        let ones = Array1::ones(4);
        let split = standardised_differences(x.view(), &t, ones.view()).unwrap_err();
        assert!(matches!(split, Error::NoSupport { .. }), "{split}");
        let mut flat = x.clone();
        flat.column_mut(1).fill(0.1);
        let flat = standardised_differences(flat.view(), &t, ones.view()).unwrap_err();
        assert!(matches!(flat, Error::ZeroVariance { col: Some(1), .. }), "{flat}");
        let first = x.slice(ndarray::s![.., ..1]);
        let of = |w: Array1<f64>| standardised_differences(first, &t, w.view()).unwrap_err();
        assert!(matches!(of(array![1.0, 1.0, -1.0, 1.0]), Error::Negative { index: 2, .. }));
        assert!(matches!(of(array![1.0, 1.0, 0.0, 0.0]), Error::EmptyGroup { .. }));
        assert!(matches!(of(array![1.0, 1.0, f64::NAN, 0.0]), Error::NotFinite { .. }));
        assert!(matches!(of(array![1.0]), Error::Shape { .. }));
        let one = standardised_differences(first, &[1, 0, 0, 0], ones.view()).unwrap_err();
        assert!(matches!(one, Error::TooFewSamples { .. }), "{one}");
    }

    #[test]
    fn disjoint_scores_have_no_support() {
        let error = common_support(array![0.8, 0.9, 0.1].view(), &[1, 1, 0]).unwrap_err();
        assert!(matches!(error, Error::NoSupport { .. }), "{error}");
        let error = common_support(array![0.8, 1.9, 0.1].view(), &[1, 1, 0]).unwrap_err();
        assert!(matches!(error, Error::Probability { index: 1, .. }), "{error}");
    }
}
