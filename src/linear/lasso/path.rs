//! Weights over a range of penalties, each fit beginning where the last one ended.

use super::descent::{Design, Prices, State};
use super::elastic_net::Lasso;
use crate::base::{finite, shape, stored, views};
use crate::linear::penalised::{check_pair, means};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

/// Weights over a range of penalties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct LassoPath {
    /// The penalties, as they were given, shape `(n_alphas,)`.
    pub alphas: Array1<f64>,
    /// Weights, a row a penalty, shape `(n_alphas, n_features)`.
    pub coef: Array2<f64>,
    /// Intercepts, shape `(n_alphas,)`.
    pub intercept: Array1<f64>,
    /// Duality gaps, shape `(n_alphas,)`.
    pub dual_gap: Array1<f64>,
    /// Sweeps over all fits.
    pub n_iter: usize,
}

stored!(LassoPath, |m| {
    let n = m.alphas.len();
    shape("coef", m.coef.nrows(), n)?;
    shape("intercept", (m.intercept.len(), m.dual_gap.len()), (n, n))?;
    finite("coef", m.coef.iter().chain(&m.intercept).chain(&m.alphas))
});

impl LassoPath {
    /// Number of weights that are not 0, a count a penalty.
    pub fn support_sizes(&self) -> Vec<usize> {
        self.coef.rows().into_iter().map(|w| w.iter().filter(|v| **v != 0.0).count()).collect()
    }
}

/// The lasso, with an intercept, for every penalty of `alphas` (in any order).
///
/// `x` is `(n_samples, n_features)`, `y` `(n_samples,)`. Penalties are visited from the largest down; the
/// sequential strong rule leaves out features whose gradient is too small to enter, and the optimality
/// conditions call back those that it left out wrongly.
///
/// # Errors
/// As [`super::ElasticNetParams::path`].
///
/// ```
/// use mlnotes::data;
/// use mlnotes::linear::lasso::{alpha_grid, lasso_path};
/// let x = data::standardize(data::diabetes().x.view())?.x;
/// let y = &data::diabetes().y;
/// let path = lasso_path(x.view(), y.view(), alpha_grid(x.view(), y.view(), 1.0, 50, 1e-3)?.view())?;
/// let sizes = path.support_sizes();
/// assert_eq!((sizes[0], sizes[49]), (0, 10));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Friedman, Hastie & Tibshirani (2010), section 2.5; Tibshirani et al. (2012), eq. 8.
#[views]
pub fn lasso_path(
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    alphas: ArrayView1<f64>,
) -> Result<LassoPath> {
    Lasso::params(0.0).path(x, y, alphas)
}

/// `n` penalties in geometric steps, from the smallest for which every weight is 0 down to `eps` times it:
/// `α_max = max |x_cⱼᵀ y_c| / (n ρ)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::TooFewSamples`];
/// [`Error::Parameter`] unless `0 < l1_ratio <= 1`, `n >= 2` and `0 < eps < 1`; [`Error::ZeroVariance`]
/// when no feature goes with `y` at all.
///
/// ```
/// use mlnotes::linear::lasso::alpha_grid;
/// use ndarray::array;
/// let (x, y) = (array![[-1.0], [1.0]], array![-2.0, 2.0]);
/// let grid = alpha_grid(x.view(), y.view(), 1.0, 3, 0.01)?;
/// assert!((grid - array![2.0, 0.2, 0.02]).iter().all(|d| d.abs() < 1e-10));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn alpha_grid(
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    l1_ratio: f64,
    n: usize,
    eps: f64,
) -> Result<Array1<f64>> {
    check_pair("alpha_grid: `x`", "alpha_grid: `y`", x, y)?;
    let bad = |name, rule, got: String| {
        Err(Error::Parameter { estimator: "alpha_grid", name, rule, got })
    };
    if !(l1_ratio > 0.0 && l1_ratio <= 1.0) {
        return bad("l1_ratio", "above 0 and at most 1", l1_ratio.to_string());
    }
    if n < 2 {
        return bad("n", ">= 2", n.to_string());
    }
    if !(eps > 0.0 && eps < 1.0) {
        return bad("eps", "between 0 and 1, both excluded", eps.to_string());
    }
    let (_, y_mean) = means(x, y, true);
    let products = x.t().dot(&(&y - y_mean));
    // Σ xᵢⱼ (yᵢ − ȳ) needs no centring of x.
    let largest = products.iter().map(|v| v.abs()).fold(0.0, f64::max);
    // A hair more, so that rounding lets no weight in at the first penalty.
    let top = largest / (x.nrows() as f64 * l1_ratio) * (1.0 + 1e-12);
    if top <= f64::MIN_POSITIVE {
        return Err(Error::ZeroVariance { what: "alpha_grid: `y`", col: None, value: y_mean });
    }
    Ok((0..n).map(|i| top * eps.powf(i as f64 / (n - 1) as f64)).collect())
}

/// The fits along `alphas`, in falling order whatever the order given.
pub(super) fn follow(
    design: &Design,
    start: Array1<f64>,
    alphas: ArrayView1<f64>,
    prices: &[Prices],
    max_iter: usize,
    tol: f64,
) -> Result<LassoPath> {
    let mut order: Vec<usize> = (0..alphas.len()).collect();
    order.sort_by(|&a, &b| alphas[b].total_cmp(&alphas[a]));
    let d = design.n_features();
    let mut path = LassoPath {
        alphas: alphas.to_owned(),
        coef: Array2::zeros((alphas.len(), d)),
        intercept: Array1::zeros(alphas.len()),
        dual_gap: Array1::zeros(alphas.len()),
        n_iter: 0,
    };
    let mut state = State::at(design, start);
    // Before the first fit the gradient at the start stands in for the solution of a larger penalty.
    let mut last = (0..d).map(|j| state.gradient(j).abs()).fold(0.0, f64::max);
    for &i in &order {
        // Strong rule: a gradient grows by at most the fall of the penalty, so below 2 l1 − last it
        // cannot reach l1. (It is a rule of thumb: `descend` checks the conditions afterwards.)
        let bar = 2.0 * prices[i].l1 - last;
        let enters = |j: &usize| state.w[*j] != 0.0 || state.gradient(*j).abs() >= bar;
        let set: Vec<usize> = (0..d).filter(enters).collect();
        let outcome = state.descend(prices[i], set, max_iter, tol);
        if !outcome.converged {
            return Err(Error::NotConverged {
                estimator: "ElasticNet::path",
                n_iter: outcome.n_iter,
                change: outcome.gap,
                remedy: "raise max_iter or tol, or leave out the smallest penalties",
            });
        }
        path.coef.row_mut(i).assign(&state.w);
        path.intercept[i] = design.intercept(state.w.view());
        path.dual_gap[i] = outcome.gap;
        path.n_iter += outcome.n_iter;
        last = prices[i].l1;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use crate::linear::lasso::{ElasticNet, kkt_violation};
    use ndarray::array;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_path_is_its_single_fits_in_any_order_and_for_wide_data() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        // 40 x 120: the strong rule has something to leave out.
        let x = Array2::from_shape_fn((40, 120), |_| rng.random::<f64>() - 0.5);
        let y: Array1<f64> =
            (0..40).map(|i| x[[i, 3]] - 2.0 * x[[i, 70]] + 0.1 * rng.random::<f64>()).collect();
        let grid = alpha_grid(x.view(), y.view(), 0.8, 12, 0.01).unwrap();
        let params = ElasticNet::params(0.0, 0.8).tol(1e-14);
        let path = params.path(x.view(), y.view(), grid.view()).unwrap();
        assert_eq!(path.support_sizes()[0], 0);
        for (i, &alpha) in grid.iter().enumerate() {
            let (w, b) = (path.coef.row(i).to_owned(), path.intercept[i]);
            let off = kkt_violation(x.view(), y.view(), &w, Some(b), alpha, 0.8).unwrap();
            assert!(off < 1e-7, "{alpha}: {off}");
            let one = ElasticNet::params(alpha, 0.8).tol(1e-14).fit(x.view(), y.view()).unwrap();
            assert!((one.coef - w).iter().all(|d| d.abs() < 1e-6));
        }
        let rising: Array1<f64> = grid.iter().rev().copied().collect();
        let turned = params.path(x.view(), y.view(), rising.view()).unwrap();
        assert_eq!(turned.coef.row(0), path.coef.row(11));
    }

    #[test]
    fn bad_penalties_and_constant_targets_are_refused() {
        let (x, y) = (data::diabetes().x.view(), data::diabetes().y.view());
        assert!(matches!(lasso_path(x, y, array![].view()), Err(Error::Empty { .. })));
        assert!(lasso_path(x, y, array![1.0, -1.0].view()).is_err());
        let flat = Array1::from_elem(442, 3.0);
        assert!(matches!(alpha_grid(x, flat.view(), 1.0, 5, 0.1), Err(Error::ZeroVariance { .. })));
        for (ratio, n, eps) in [(0.0, 5, 0.1), (1.0, 1, 0.1), (1.0, 5, 1.0)] {
            assert!(matches!(alpha_grid(x, y, ratio, n, eps), Err(Error::Parameter { .. })));
        }
        let params = Lasso::params(0.0).max_iter(1);
        let stopped = params.path(x, y, array![1e-4].view()).unwrap_err();
        assert!(matches!(stopped, Error::NotConverged { n_iter: 1, .. }), "{stopped}");
    }
}
