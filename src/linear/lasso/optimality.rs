//! Whether weights are optimal, checked from the data alone.

use crate::base::views;
use crate::linear::penalised::{check_alpha, check_pair};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// The largest violation of the optimality (Karush-Kuhn-Tucker) conditions, in units of `α`; 0 exactly at
/// the optimum. `x` is `(n_samples, n_features)`, `y` `(n_samples,)`, `coef` `(n_features,)`.
///
/// ```text
/// gⱼ = xⱼᵀ r/n − α (1 − ρ) wⱼ      wⱼ ≠ 0: |gⱼ − α ρ sign(wⱼ)|      wⱼ = 0: max(|gⱼ| − α ρ, 0)
/// intercept: |mean r|
/// ```
///
/// Give the intercept as `Some(b)` where it was free, `None` where there is none.
///
/// # Errors
/// [`Error::Parameter`] for a negative `alpha` or an `l1_ratio` outside `[0, 1]`, [`Error::Empty`],
/// [`Error::NotFinite`], [`Error::Shape`].
///
/// ```
/// use mlnotes::linear::lasso::kkt_violation;
/// use ndarray::array;
/// let (x, y) = (array![[-1.0], [1.0]], array![-2.0, 2.0]);
/// let right = kkt_violation(x.view(), y.view(), &array![1.5], Some(0.0), 0.5, 1.0)?;
/// let wrong = kkt_violation(x.view(), y.view(), &array![0.0], Some(0.0), 0.5, 1.0)?;
/// assert_eq!((right, wrong), (0.0, 1.5));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn kkt_violation(
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    coef: &Array1<f64>,
    intercept: Option<f64>,
    alpha: f64,
    l1_ratio: f64,
) -> Result<f64> {
    const NAME: &str = "kkt_violation";
    check_alpha(NAME, "alpha", alpha)?;
    if !(0.0..=1.0).contains(&l1_ratio) {
        let (rule, got) = ("from 0 to 1", l1_ratio.to_string());
        return Err(Error::Parameter { estimator: NAME, name: "l1_ratio", rule, got });
    }
    check_pair("kkt_violation: `x`", "kkt_violation: `y`", x, y)?;
    if coef.len() != x.ncols() {
        let (expected, got) = (format!("({},)", x.ncols()), format!("({},)", coef.len()));
        return Err(Error::Shape { what: "kkt_violation: `coef`", expected, got });
    }
    crate::base::check_vector("kkt_violation: `coef`", coef.view())?;
    let n = x.nrows() as f64;
    let residual = &y - &x.dot(coef) - intercept.unwrap_or(0.0);
    let (l1, l2) = (alpha * l1_ratio, alpha * (1.0 - l1_ratio));
    let gradient = x.t().dot(&residual) / n - l2 * coef;
    let of_weight = |(&g, &w): (&f64, &f64)| {
        if w == 0.0 { (g.abs() - l1).max(0.0) } else { (g - l1 * w.signum()).abs() }
    };
    let of_intercept = if intercept.is_some() { (residual.sum() / n).abs() } else { 0.0 };
    Ok(gradient.iter().zip(coef).map(of_weight).fold(of_intercept, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_wrong_intercept_shows_and_settings_are_checked() {
        let (x, y) = (array![[-1.0], [1.0]], array![-2.0, 2.0]);
        let of = |b, alpha, ratio| kkt_violation(x.view(), y.view(), &array![1.5], b, alpha, ratio);
        assert!((of(Some(0.25), 0.5, 1.0).unwrap() - 0.25).abs() < 1e-15);
        assert!(of(None, 0.5, 1.0).unwrap() < 1e-15);
        assert!(matches!(of(None, -1.0, 1.0), Err(Error::Parameter { name: "alpha", .. })));
        assert!(matches!(of(None, 1.0, 2.0), Err(Error::Parameter { name: "l1_ratio", .. })));
        let short = kkt_violation(x.view(), y.view(), &array![1.0, 2.0], None, 1.0, 1.0);
        assert!(matches!(short, Err(Error::Shape { .. })));
    }
}
