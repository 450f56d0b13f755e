//! Ridge regression: least squares with a price on the squared length of the weights.
//!
//! ```text
//! minimise ‖y − b − X w‖² + α ‖w‖²                       the intercept b is free
//! X_c = U Σ Vᵀ  (centred)      w(α) = V diag( σ / (σ² + α) ) Uᵀ y_c
//! df(α) = Σ σ² / (σ² + α)                                effective number of weights
//! ```
//!
//! A direction in which the data hardly vary (small `σ`) is where least squares multiplies noise by `1/σ`;
//! ridge caps that factor at `1/(2√α)`. So it steadies the weights of correlated features, shares an
//! effect among copies, and sets none to 0. One decomposition serves every `α` of a [`ridge_path`].
//! Standardise first: the penalty reads the units of `x`.
//!
//! # References
//! Hoerl & Kennard (1970), the ridge trace; Hastie, Tibshirani & Friedman (2009), section 3.4.1, eq.
//! 3.47 and 3.50.

use super::penalised::{Levelled, check_alpha, check_pair, means, predict};
use crate::base::{Fitted, Present, Regressor, finite, r2_of, shape, stored, views};
use crate::{Error, Result};
use faer::Mat;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

const X: &str = "Ridge: `x`";
const Y: &str = "Ridge: `y`";

impl Ridge {
    /// Settings with the penalty `alpha`, in units of the squared residuals' sum, as scikit-learn's.
    ///
    /// ```
    /// use mlnotes::linear::ridge::Ridge;
    /// use ndarray::array;
    /// // Two copies of one feature: least squares has no answer, ridge shares the slope 2.
    /// let (x, y) = (array![[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]], array![-2.0, 0.0, 2.0]);
    /// let model = Ridge::params(0.04).fit(x.view(), y.view())?;
    /// assert!((model.coef[0] - 4.0 / 4.04).abs() < 1e-12);
    /// assert!((model.coef[1] - model.coef[0]).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(alpha: f64) -> RidgeParams {
        RidgeParams { alpha, fit_intercept: true }
    }
}

/// Settings of ridge regression.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `alpha` | required | `>= 0` | price of `‖w‖²`; 0 is least squares, of least length where it is not unique |
/// | `fit_intercept` | true | | whether `b` is free or 0 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RidgeParams {
    alpha: f64,
    fit_intercept: bool,
}

/// A fitted ridge regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Ridge {
    /// Weights `w`, shape `(n_features,)`.
    pub coef: Array1<f64>,
    /// Intercept `b`; 0 when none was asked for.
    pub intercept: f64,
    /// Effective number of weights, between 0 and the rank of `x`; the intercept is not counted.
    pub df: f64,
}

stored!(Ridge, |m| {
    finite("coef", &m.coef)?;
    finite("intercept", [&m.intercept, &m.df])
});

/// Weights over a range of penalties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct RidgePath {
    /// The penalties, as they were given, shape `(n_alphas,)`.
    pub alphas: Array1<f64>,
    /// Weights, a row a penalty, shape `(n_alphas, n_features)`.
    pub coef: Array2<f64>,
    /// Intercepts, shape `(n_alphas,)`.
    pub intercept: Array1<f64>,
    /// Effective numbers of weights, shape `(n_alphas,)`.
    pub df: Array1<f64>,
}

stored!(RidgePath, |m| {
    let n = m.alphas.len();
    shape("coef", m.coef.nrows(), n)?;
    shape("intercept", (m.intercept.len(), m.df.len()), (n, n))?;
    finite("coef", &m.coef)?;
    finite("intercept", m.intercept.iter().chain(&m.df).chain(&m.alphas))
});

impl RidgeParams {
    /// Whether to fit an intercept.
    #[must_use]
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.fit_intercept = fit_intercept;
        self
    }

    /// Fits `y`, shape `(n_samples,)`, on `x`, shape `(n_samples, n_features)`. A constant column beside
    /// an intercept gets the weight 0.
    ///
    /// # Errors
    /// [`Error::Parameter`], [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], and
    /// [`Error::TooFewSamples`] for fewer than two rows.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<Ridge> {
        check_alpha("Ridge", "alpha", self.alpha)?;
        check_pair(X, Y, x, y)?;
        Ok(Spectrum::of("Ridge", x, y, self.fit_intercept)?.solve(self.alpha))
    }

    /// As [`RidgeParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`: the objective is
    /// `Σ wᵢ (yᵢ − b − xᵢ·w)² + α ‖w‖²`. A row of weight 0 counts as absent.
    ///
    /// # Errors
    /// As [`RidgeParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a weight,
    /// [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        sample_weight: ArrayView1<f64>,
    ) -> Result<Ridge> {
        check_alpha("Ridge", "alpha", self.alpha)?;
        check_pair(X, Y, x, y)?;
        let present = Present::of("Ridge: `sample_weight`", sample_weight, x.nrows())?;
        let (x, y) = (present.x(x), Array1::from(present.part(|i| y[i])));
        check_pair(X, Y, x.view(), y.view())?;
        let even = Levelled::of(x.view(), y.view(), &present.weights, self.fit_intercept);
        let spectrum = Spectrum::of("Ridge", even.x.view(), even.y.view(), false)?;
        let model = spectrum.solve(self.alpha);
        Ok(Ridge { intercept: even.intercept(&model.coef), ..model })
    }

    /// `α`, and whether `b` is free.
    pub(super) fn settings(&self) -> (f64, bool) {
        (self.alpha, self.fit_intercept)
    }
}

impl Ridge {
    pub(super) fn from_parts(intercept: f64, coef: Array1<f64>, df: f64) -> Self {
        Self { coef, intercept, df }
    }

    /// Predictions, shape `(n_rows,)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`] or [`Error::NotFinite`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        predict("Ridge::predict: `x`", &self.coef, self.intercept, x)
    }

    /// `R²` on `x`, shape `(n_rows, n_features)`, and `y`, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`Ridge::predict`]; [`Error::ZeroVariance`] for a constant `y`.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        r2_of("Ridge::score: `y`", self.predict(x)?.view(), y)
    }
}

/// Ridge regression, with an intercept, for every penalty of `alphas`, from one decomposition.
///
/// # Errors
/// As [`RidgeParams::fit`]; [`Error::Empty`] for no penalties.
///
/// ```
/// use mlnotes::{data, linear::ridge::ridge_path};
/// let x = data::standardize(data::diabetes().x.view())?.x;
/// let y = &data::diabetes().y;
/// let path = ridge_path(x.view(), y.view(), ndarray::array![1.0, 100.0, 1e4].view())?;
/// assert!(path.df[0] > path.df[1] && path.df[1] > path.df[2]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn ridge_path(
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    alphas: ArrayView1<f64>,
) -> Result<RidgePath> {
    if alphas.is_empty() {
        return Err(Error::Empty { what: "ridge_path: `alphas`", needed: "1 penalty" });
    }
    alphas.iter().try_for_each(|&alpha| check_alpha("ridge_path", "alphas", alpha))?;
    check_pair(X, Y, x, y)?;
    let spectrum = Spectrum::of("ridge_path", x, y, true)?;
    let models: Vec<Ridge> = alphas.iter().map(|&alpha| spectrum.solve(alpha)).collect();
    Ok(RidgePath {
        alphas: alphas.to_owned(),
        coef: Array2::from_shape_fn((alphas.len(), x.ncols()), |(i, j)| models[i].coef[j]),
        intercept: models.iter().map(|model| model.intercept).collect(),
        df: models.iter().map(|model| model.df).collect(),
    })
}

/// The singular value decomposition of the centred data, and `y` in its coordinates.
pub(super) struct Spectrum {
    /// `V`, shape `(n_features, rank)`.
    pub(super) v: Array2<f64>,
    /// `σ`, shape `(rank,)`, all above rounding.
    pub(super) sigma: Array1<f64>,
    /// `Uᵀ y_c`, shape `(rank,)`.
    pub(super) uy: Array1<f64>,
    /// Means of the columns, shape `(n_features,)`; 0 without an intercept.
    pub(super) x_mean: Array1<f64>,
    /// Mean of `y`; 0 without an intercept.
    pub(super) y_mean: f64,
}

impl Spectrum {
    /// Of `x` and `y` that were checked.
    pub(super) fn of(
        estimator: &'static str,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        fit_intercept: bool,
    ) -> Result<Self> {
        let (x_mean, y_mean) = means(x, y, fit_intercept);
        let (n, d) = x.dim();
        // The last column is y: QR of the two together gives R and Qᵀ y, and Q is never formed.
        let both =
            Mat::from_fn(
                n,
                d + 1,
                |i, j| {
                    if j < d { x[[i, j]] - x_mean[j] } else { y[i] - y_mean }
                },
            );
        let both = if n > d + 1 { both.qr().R().to_owned() } else { both };
        let svd = both.as_ref().subcols(0, d).thin_svd().map_err(|_| Error::NotConverged {
            estimator,
            n_iter: 0,
            change: f64::NAN,
            remedy: "the decomposition failed; scale the features to similar sizes",
        })?;
        let sigma = svd.S().column_vector();
        let largest = sigma.iter().fold(0.0f64, |a, &b| a.max(b));
        let floor = largest * f64::EPSILON * n.max(d) as f64;
        let rank = sigma.iter().filter(|&&s| s > floor).count();
        let (u, v) = (svd.U(), svd.V());
        let project = |k: usize| (0..both.nrows()).map(|i| u[(i, k)] * both[(i, d)]).sum::<f64>();
        Ok(Self {
            v: Array2::from_shape_fn((d, rank), |(j, k)| v[(j, k)]),
            sigma: (0..rank).map(|k| sigma[k]).collect(),
            uy: (0..rank).map(project).collect(),
            x_mean,
            y_mean,
        })
    }

    /// The weights for the penalty `alpha`.
    pub(super) fn solve(&self, alpha: f64) -> Ridge {
        let shrunk = &self.sigma / &(&self.sigma * &self.sigma + alpha);
        let coef = self.v.dot(&(&shrunk * &self.uy));
        let intercept = self.y_mean - self.x_mean.dot(&coef);
        Ridge { coef, intercept, df: (shrunk * &self.sigma).sum() }
    }
}

impl Regressor for RidgeParams {
    fn fit_base(&self, x: ArrayView2<f64>, y: ArrayView1<f64>, _: u64) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit(x, y)?))
    }
}

impl Fitted for Ridge {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(self.predict(x)?.insert_axis(Axis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use crate::linear::ols::LinearRegression;
    use ndarray::{Axis, array};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_gradient_vanishes_at_the_weights(
            cells in proptest::collection::vec(-3.0..3.0f64, 40),
            alpha in 0.01..10.0f64,
        ) {
            // Wide and tall alike: 4 x 9 takes the direct route, 9 x 4 the one by QR.
            for (n, d) in [(4, 9), (9, 4)] {
                let x = Array2::from_shape_vec((n, d), cells[..36].to_vec()).unwrap();
                let y = Array1::from_iter((0..n).map(|i| cells[39 - i]));
                let m = Ridge::params(alpha).fit(x.view(), y.view()).unwrap();
                let left = &y - &m.predict(x.view()).unwrap();
                prop_assert!(left.sum().abs() < 1e-9);
                let gradient = x.t().dot(&left) - alpha * &m.coef;
                prop_assert!(gradient.iter().all(|g| g.abs() < 1e-9), "{gradient}");
            }
        }
    }

    #[test]
    fn without_a_penalty_it_is_least_squares() {
        let set = data::diabetes();
        let ols = LinearRegression::params().fit(set.x.view(), set.y.view()).unwrap();
        let ridge = Ridge::params(0.0).fit(set.x.view(), set.y.view()).unwrap();
        for (a, b) in ols.coef.iter().zip(&ridge.coef) {
            assert!((a - b).abs() < 1e-9 * a.abs().max(1.0), "{a} {b}");
        }
        assert!((ridge.df - 10.0).abs() < 1e-12);
        assert!((ridge.score(set.x.view(), set.y.view()).unwrap() - ols.r2).abs() < 1e-12);
    }

    #[test]
    fn orthonormal_columns_shrink_by_one_factor() {
        // Columns of length 1, at right angles and with mean 0.
        let h = 0.5;
        let x = array![[h, h], [h, -h], [-h, h], [-h, -h]];
        let y = array![3.0, 1.0, 0.5, -2.5];
        let least = x.t().dot(&y);
        let w = Ridge::params(0.25).fit(x.view(), y.view()).unwrap().coef;
        assert!((w - least / 1.25).iter().all(|d| d.abs() < 1e-14));
    }

    #[test]
    fn more_penalty_shortens_the_weights_and_the_path_is_the_fits() {
        let x = data::standardize(data::diabetes().x.view()).unwrap().x;
        let y = &data::diabetes().y;
        let alphas = array![1e-3, 1.0, 50.0, 1e4];
        let path = ridge_path(x.view(), y.view(), alphas.view()).unwrap();
        let lengths: Vec<f64> = path.coef.rows().into_iter().map(|w| w.dot(&w)).collect();
        assert!(lengths.windows(2).all(|pair| pair[1] < pair[0]), "{lengths:?}");
        let one = Ridge::params(50.0).fit(x.view(), y.view()).unwrap();
        assert_eq!(path.coef.row(2), one.coef);
        assert!((path.intercept[2] - y.sum() / 442.0).abs() < 1e-9);
    }

    #[test]
    fn edges_and_bad_input() {
        let (x, y) = (array![[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]], array![1.0, 2.0, 4.0]);
        let constant = Ridge::params(0.0).fit(x.view(), y.view()).unwrap();
        assert!((constant.coef[0] - 1.0).abs() < 1e-12 && constant.coef[1].abs() < 1e-12);
        let through_origin =
            Ridge::params(1.0).fit_intercept(false).fit(x.view(), y.view()).unwrap();
        assert!(through_origin.intercept.abs() < f64::MIN_POSITIVE);
        let error = Ridge::params(-1.0).fit(x.view(), y.view()).unwrap_err();
        assert!(error.to_string().contains("`alpha` must be finite and >= 0, got -1"), "{error}");
        assert!(Ridge::params(f64::NAN).fit(x.view(), y.view()).is_err());
        let short = Ridge::params(1.0).fit(x.view(), array![1.0].view());
        assert!(matches!(short, Err(Error::Shape { what: Y, .. })));
        let one = x.select(Axis(0), &[0]);
        let few = Ridge::params(1.0).fit(one.view(), array![1.0].view());
        assert!(matches!(few, Err(Error::TooFewSamples { .. })));
        assert!(ridge_path(x.view(), y.view(), array![].view()).is_err());
        assert!(constant.predict(array![[1.0]].view()).is_err());
        let flat = constant.score(x.view(), array![2.0, 2.0, 2.0].view());
        assert!(matches!(flat, Err(Error::ZeroVariance { .. })));
        let nan = Ridge::params(1.0).fit(x.view(), array![1.0, f64::NAN, 2.0].view());
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
    }
}
