//! Variance of an average of correlated members: the formula, and the two numbers that it needs.

use crate::base::{check_matrix, views};
use crate::{Error, Result};
use ndarray::{ArrayView2, Axis};

/// Variance of the mean of `b` variables of variance `sigma2` and pairwise correlation `rho`:
///
/// ```text
/// Var f̄ = ρ σ² + (1 − ρ) σ² / B
/// ```
///
/// The floor `ρ σ²` is what no number of members lowers. Correlations below `−1/(b − 1)` do not exist.
///
/// # Errors
/// [`Error::Parameter`] for a negative or non-finite `sigma2`, an impossible `rho`, or `b = 0`.
///
/// ```
/// use mlnotes::ensemble::variance_of_mean;
/// assert_eq!(variance_of_mean(4.0, 0.0, 8)?, 0.5);
/// assert_eq!(variance_of_mean(4.0, 0.5, 8)?, 2.25);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn variance_of_mean(sigma2: f64, rho: f64, b: usize) -> Result<f64> {
    let bad = |name, rule, got: String| {
        Err(Error::Parameter { estimator: "variance_of_mean", name, rule, got })
    };
    if b == 0 {
        return bad("b", ">= 1", "0".into());
    }
    if !(sigma2.is_finite() && sigma2 >= 0.0) {
        return bad("sigma2", "finite and >= 0", sigma2.to_string());
    }
    let lowest = if b > 1 { -1.0 / (b as f64 - 1.0) } else { -1.0 };
    if !(rho >= lowest && rho <= 1.0) {
        return bad("rho", "from -1/(b - 1) to 1", rho.to_string());
    }
    Ok(rho * sigma2 + (1.0 - rho) * sigma2 / b as f64)
}

/// Variance of one member and correlation of two, estimated from repeated ensembles.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MemberVariance {
    /// Variance `σ²` of one member over training sets.
    pub sigma2: f64,
    /// Correlation `ρ` of two members that share a training set.
    pub rho: f64,
}

/// Estimates `σ²` and `ρ` at one point from `predictions`, `(n_ensembles, n_members)`: a row for each
/// independent training set, a column for each member fitted on it.
///
/// ```text
/// σ²_within  = mean over rows of the members' sample variance
/// ρ σ²       = variance of the row means − σ²_within / n_members        σ² = ρ σ² + σ²_within
/// ```
///
/// Unbiased in `ρ σ²` and `σ²` (one-way analysis of variance). By chance the first may be below 0.
///
/// # Errors
/// [`Error::TooFewSamples`] for fewer than 2 ensembles or members, [`Error::NotFinite`],
/// [`Error::ZeroVariance`] when all predictions are equal.
///
/// ```
/// use mlnotes::ensemble::member_variance;
/// // Members that always agree.
/// let v = member_variance(ndarray::array![[1.0, 1.0], [3.0, 3.0]].view())?;
/// assert_eq!((v.sigma2, v.rho), (2.0, 1.0));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Hastie, Tibshirani & Friedman (2009), section 15.4.1.
#[views]
pub fn member_variance(predictions: ArrayView2<f64>) -> Result<MemberVariance> {
    const WHAT: &str = "member_variance: `predictions`";
    let (rows, members) = predictions.dim();
    if rows.min(members) < 2 {
        return Err(Error::TooFewSamples { what: WHAT, needed: 2, got: rows.min(members) });
    }
    check_matrix(WHAT, predictions)?;
    let within = predictions.var_axis(Axis(1), 1.0).sum() / rows as f64;
    let means = predictions.sum_axis(Axis(1)) / members as f64;
    let shared = means.var(1.0) - within / members as f64;
    let sigma2 = shared + within;
    if sigma2 <= 0.0 {
        return Err(Error::ZeroVariance { what: WHAT, col: None, value: predictions[[0, 0]] });
    }
    Ok(MemberVariance { sigma2, rho: shared / sigma2 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    #[test]
    fn the_formula_is_the_mean_of_the_covariance_matrix() {
        for (rho, b) in [(0.3, 5), (0.0, 7), (1.0, 3), (-0.25, 5)] {
            let off = rho * 2.0;
            let cov = Array2::from_shape_fn((b, b), |(i, j)| if i == j { 2.0 } else { off });
            let direct = cov.sum() / (b * b) as f64;
            assert!((variance_of_mean(2.0, rho, b).unwrap() - direct).abs() < 1e-14);
        }
        assert!((variance_of_mean(2.0, 0.4, 1).unwrap() - 2.0).abs() < 1e-15);
    }

    #[test]
    fn variance_components_are_found_again() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let (n, b, rho): (usize, usize, f64) = (20_000, 4, 0.3);
        let mut values = Array2::zeros((n, b));
        for mut row in values.rows_mut() {
            let shared: f64 = rng.sample(StandardNormal);
            row.mapv_inplace(|_: f64| {
                let own: f64 = rng.sample(StandardNormal);
                2.0 * (rho.sqrt() * shared + (1.0 - rho).sqrt() * own)
            });
        }
        let found = member_variance(values.view()).unwrap();
        // Four standard errors of 0.0225 and 0.0038 (their formula stands in `tests/it/references/bagging.rs`).
        assert!((found.sigma2 - 4.0).abs() < 0.09 && (found.rho - 0.3).abs() < 0.0154, "{found:?}");
    }

    #[test]
    fn bad_input_is_named() {
        for (sigma2, rho, b, name) in [
            (-1.0, 0.0, 2, "sigma2"),
            (f64::NAN, 0.0, 2, "sigma2"),
            (1.0, 1.1, 2, "rho"),
            (1.0, -0.6, 3, "rho"),
            (1.0, 0.0, 0, "b"),
        ] {
            match variance_of_mean(sigma2, rho, b) {
                Err(Error::Parameter { name: got, .. }) => assert_eq!(got, name),
                other => panic!("{name}: {other:?}"),
            }
        }
        let few = member_variance(array![[1.0, 2.0]].view());
        assert!(matches!(few, Err(Error::TooFewSamples { .. })));
        let same = member_variance(Array2::ones((3, 3)).view());
        assert!(matches!(same, Err(Error::ZeroVariance { .. })));
    }
}
