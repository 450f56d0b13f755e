//! Difference in differences: how much more the treated group changed than the other one.
//!
//! ```text
//! τ = (ȳ₁₁ − ȳ₁₀) − (ȳ₀₁ − ȳ₀₀)                    first index: group, second: before (0), after (1)
//! y = α + β D + γ P + τ D P + xᵀδ + ε               D: treated group, P: after the treatment began
//! ```
//!
//! The interaction coefficient of the regression *is* the double difference. It is the effect on the treated
//! if, without treatment, both groups had moved in parallel. Levels may differ; a shock that hits one group
//! only is counted as effect. Observations of one unit resemble each other over time, so standard errors are
//! clustered by unit; with one treated cluster even those are too small (Conley & Taber 2011), and
//! [`super::placebo_in_space`] is the honest check.
//!
//! # References
//! Angrist & Pischke (2009), *Mostly Harmless Econometrics*, section 5.2; Bertrand, Duflo & Mullainathan (2004)
//! on clustering; Roth (2022) on what a pre-trend test can say.

use super::check::{check_binary, check_length, check_outcome};
use crate::base::{Test, views};
use crate::linear::ols::{LinearRegression, OlsCovariance};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView1, ArrayView2, s};

/// A fitted difference in differences.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DiffInDiff {
    /// The effect `τ`, in the units of the outcome.
    pub effect: f64,
    /// Its standard error.
    pub std_error: f64,
    /// 95 % confidence interval, by Student's t.
    pub ci: (f64, f64),
    /// The test of `τ = 0`.
    pub test: Test,
    /// Mean outcomes without covariates: `means[group][period]`, 1 for treated and for after.
    pub means: [[f64; 2]; 2],
    /// The whole regression: coefficients of `D`, `P`, `D P`, then the covariates.
    pub model: LinearRegression,
}

/// Fits outcomes `y`, shape `(n_samples,)`, on group, period and their product, and on covariates `x`, shape
/// `(n_samples, n_features)`. `treated` and `post` hold 0 and 1; `cluster` names the unit of each row.
///
/// Covariates must not be affected by the treatment.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::Label`]; [`Error::EmptyGroup`] when one of the
/// four cells has no row; [`Error::ZeroVariance`] for an exact fit; those of the regression:
/// [`Error::TooFewSamples`], [`Error::Collinear`], [`Error::ZeroVariance`], [`Error::Parameter`].
///
/// ```
/// use mlnotes::causal::diff_in_diff;
/// use ndarray::array;
/// let y = array![1.0, 2.0, 4.0, 5.0, 3.0, 4.0, 9.0, 10.0];
/// let (treated, post) = ([0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 1, 1]);
/// let fit = diff_in_diff(y.view(), &treated, &post, None, None)?;
/// assert!((fit.effect - ((9.5 - 3.5) - (4.5 - 1.5))).abs() < 1e-12);
/// assert_eq!(fit.means, [[1.5, 4.5], [3.5, 9.5]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn diff_in_diff(
    y: ArrayView1<f64>,
    treated: &[usize],
    post: &[usize],
    x: Option<ArrayView2<f64>>,
    cluster: Option<&[usize]>,
) -> Result<DiffInDiff> {
    let n = treated.len();
    check_outcome("diff_in_diff: `y`", y, n)?;
    check_length("diff_in_diff: `post`", post.len(), n)?;
    check_binary("diff_in_diff: `treated`", treated)?;
    check_binary("diff_in_diff: `post`", post)?;
    let means = cell_means(y, treated, post)?;
    let d = x.map_or(0, |x| x.ncols());
    let mut design = Array2::zeros((n, 3 + d));
    for (i, mut row) in design.rows_mut().into_iter().enumerate() {
        let (group, after) = (treated[i] as f64, post[i] as f64);
        row[0] = group;
        row[1] = after;
        row[2] = group * after;
    }
    if let Some(x) = x {
        if x.nrows() != n {
            let (expected, got) = (format!("({n}, {d})"), format!("{:?}", x.dim()));
            return Err(Error::Shape { what: "diff_in_diff: `x`", expected, got });
        }
        design.slice_mut(s![.., 3..]).assign(&x);
    }
    let model = regress(design.view(), y, cluster)?;
    let test = model.t_test(2)?;
    let (effect, std_error) = (model.coef[2], model.std_errors[2]);
    let ci = test.ci.unwrap_or((effect, effect));
    Ok(DiffInDiff { effect, std_error, ci, test, means, model })
}

/// Least squares, clustered where clusters are named.
pub(super) fn regress(
    design: ArrayView2<f64>,
    y: ArrayView1<f64>,
    cluster: Option<&[usize]>,
) -> Result<LinearRegression> {
    let covariance =
        cluster.map_or(OlsCovariance::Classical, |units| OlsCovariance::Cluster(units.to_vec()));
    LinearRegression::params().covariance(covariance).fit(design, y)
}

fn cell_means(y: ArrayView1<f64>, treated: &[usize], post: &[usize]) -> Result<[[f64; 2]; 2]> {
    let (mut sums, mut counts) = ([[0.0; 2]; 2], [[0.0; 2]; 2]);
    for (i, &y) in y.iter().enumerate() {
        sums[treated[i]][post[i]] += y;
        counts[treated[i]][post[i]] += 1.0;
    }
    for (group, name) in ["control group", "treated group"].into_iter().enumerate() {
        for (period, when) in ["before", "after"].into_iter().enumerate() {
            if counts[group][period] <= 0.0 {
                let group = format!("{name} {when} the treatment");
                return Err(Error::EmptyGroup { what: "diff_in_diff", group });
            }
            sums[group][period] /= counts[group][period];
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    #[test]
    fn empty_cells_and_bad_labels_are_named() {
        let y = array![1.0, 2.0, 3.0, 4.0, 5.0, 6.5];
        let of = |d: [usize; 6], p: [usize; 6]| diff_in_diff(y.view(), &d, &p, None, None);
        let error = of([0, 0, 0, 1, 1, 1], [0, 1, 1, 1, 1, 1]).unwrap_err().to_string();
        assert!(error.contains("treated group before the treatment is empty"), "{error}");
        let error = of([0; 6], [0, 1, 0, 1, 0, 1]).unwrap_err();
        assert!(matches!(error, Error::EmptyGroup { .. }), "{error}");
        let error = of([0, 0, 0, 1, 1, 3], [0, 1, 1, 0, 1, 1]).unwrap_err();
        assert!(matches!(error, Error::Label { index: 5, .. }), "{error}");
        let d = [0, 0, 0, 1, 1, 1];
        let x = Array2::from_shape_fn((6, 1), |(i, _)| d[i] as f64 * 2.0);
        let error =
            diff_in_diff(y.view(), &d, &[0, 1, 1, 0, 1, 1], Some(x.view()), None).unwrap_err();
        assert!(matches!(error, Error::Collinear { .. }), "{error}");
        let none = diff_in_diff(array![].view(), &[], &[], None, None).unwrap_err();
        assert!(matches!(none, Error::Empty { .. }), "{none}");
    }

    proptest! {
        /// The double difference of means is the interaction; a shift of a group or of a period is not.
        #[test]
        fn shifts_of_group_and_period_cancel(
            y in proptest::collection::vec(-3.0_f64..3.0, 16),
            group in -9.0_f64..9.0,
            period in -9.0_f64..9.0,
        ) {
            let y = Array1::from(y);
            let treated: Vec<usize> = (0..16).map(|i| i % 2).collect();
            let post: Vec<usize> = (0..16).map(|i| i / 8).collect();
            let fit = diff_in_diff(y.view(), &treated, &post, None, None).unwrap();
            let [[a, b], [c, d]] = fit.means;
            prop_assert!((fit.effect - ((d - c) - (b - a))).abs() < 1e-10);
            let moved: Array1<f64> = (0..16)
                .map(|i| y[i] + group * treated[i] as f64 + period * post[i] as f64)
                .collect();
            let other = diff_in_diff(moved.view(), &treated, &post, None, None).unwrap();
            prop_assert!((fit.effect - other.effect).abs() < 1e-9);
            prop_assert!((fit.std_error - other.std_error).abs() < 1e-9);
        }
    }
}
