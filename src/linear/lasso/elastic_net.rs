//! Settings, fit and fitted model.

use super::descent::{Design, Prices, State};
use super::path::{LassoPath, follow};
use crate::base::{Fitted, Present, Regressor, finite, r2_of, setters, stored, views};
use crate::linear::penalised::{Levelled, check_alpha, check_pair, predict};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// Entry point: [`Lasso::params`].
#[derive(Debug, Clone, Copy)]
pub struct Lasso;

impl Lasso {
    /// Settings with the penalty `alpha ‖w‖₁`.
    ///
    /// ```
    /// use mlnotes::linear::lasso::Lasso;
    /// use ndarray::array;
    /// // One standardised feature: the least-squares slope 2, less alpha.
    /// let (x, y) = (array![[-1.0], [1.0]], array![-2.0, 2.0]);
    /// let model = Lasso::params(0.5).fit(x.view(), y.view())?;
    /// assert!((model.coef[0] - 1.5).abs() < 1e-12);
    /// assert_eq!(Lasso::params(3.0).fit(x.view(), y.view())?.coef[0], 0.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(alpha: f64) -> ElasticNetParams {
        ElasticNet::params(alpha, 1.0)
    }
}

impl ElasticNet {
    /// Settings with the penalty `alpha (l1_ratio ‖w‖₁ + (1 − l1_ratio)/2 ‖w‖²)`.
    ///
    /// ```
    /// use mlnotes::linear::lasso::ElasticNet;
    /// use ndarray::array;
    /// // Two copies of a feature share the weight (2 − 0.1) / (2 + 0.1).
    /// let (x, y) = (array![[-1.0, -1.0], [1.0, 1.0]], array![-2.0, 2.0]);
    /// let model = ElasticNet::params(0.2, 0.5).tol(0.0).fit(x.view(), y.view())?;
    /// assert!(model.coef.iter().all(|w| (w - 1.9 / 2.1).abs() < 1e-12));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(alpha: f64, l1_ratio: f64) -> ElasticNetParams {
        ElasticNetParams {
            alpha,
            l1_ratio,
            fit_intercept: true,
            max_iter: 10_000,
            tol: 1e-10,
            warm_start: None,
        }
    }
}

/// Settings of lasso and elastic net.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `alpha` | required | `>= 0` | price of the weights |
/// | `l1_ratio` | required; 1 for a lasso | `[0, 1]` | share of the absolute values in the price |
/// | `fit_intercept` | true | | whether `b` is free or 0 |
/// | `max_iter` | 10 000 | `>= 1` | sweeps over the weights |
/// | `tol` | 1e-10 | `>= 0` | stop when the duality gap is at most `tol ‖y − ȳ‖²/n`; 0 runs until the weights rest |
/// | `warm_start` | zeros | finite, `(n_features,)` | weights to begin with |
#[derive(Debug, Clone, PartialEq)]
pub struct ElasticNetParams {
    alpha: f64,
    l1_ratio: f64,
    fit_intercept: bool,
    max_iter: usize,
    tol: f64,
    warm_start: Option<Array1<f64>>,
}

/// A fitted lasso or elastic net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct ElasticNet {
    /// Weights `w`, shape `(n_features,)`; many are exactly 0.
    pub coef: Array1<f64>,
    /// Intercept `b`; 0 when none was asked for.
    pub intercept: f64,
    /// Sweeps made, over all weights or only over those that are not 0.
    pub n_iter: usize,
    /// Duality gap: the objective is at most this far above its minimum.
    pub dual_gap: f64,
    /// Whether `tol` was reached within `max_iter`.
    pub converged: bool,
}

stored!(ElasticNet, |m| {
    finite("coef", &m.coef)?;
    finite("intercept", [&m.intercept])
});

impl ElasticNetParams {
    setters! {
        /// Whether to fit an intercept.
        fit_intercept: bool;
        /// Sets the largest number of sweeps.
        max_iter: usize;
        /// Sets the duality gap at which to stop, relative to `‖y − ȳ‖²/n`.
        tol: f64;
    }

    /// Begins with these weights instead of zeros, shape `(n_features,)`.
    #[must_use]
    pub fn warm_start(mut self, coef: Array1<f64>) -> Self {
        self.warm_start = Some(coef);
        self
    }

    /// Fits `y`, shape `(n_samples,)`, on `x`, shape `(n_samples, n_features)`. A constant column beside
    /// an intercept gets the weight 0. Without a price (`alpha` 0) it is least squares, slowly.
    ///
    /// A model that ran out of sweeps is returned with `converged` false; its `dual_gap` bounds the error.
    ///
    /// # Errors
    /// [`Error::Parameter`], [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], and
    /// [`Error::TooFewSamples`] for fewer than two rows.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<ElasticNet> {
        self.check(x, y)?;
        Ok(self.descend(x, y, self.fit_intercept))
    }

    /// As [`ElasticNetParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`: the squares become
    /// `Σ wᵢ rᵢ² / (2 Σ wᵢ)`, so that only ratios of weights matter. A row of weight 0 counts as absent.
    ///
    /// # Errors
    /// As [`ElasticNetParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a weight,
    /// [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        sample_weight: ArrayView1<f64>,
    ) -> Result<ElasticNet> {
        self.check(x, y)?;
        let present = Present::of("ElasticNet: `sample_weight`", sample_weight, x.nrows())?;
        let (x, y) = (present.x(x), Array1::from(present.part(|i| y[i])));
        self.check(x.view(), y.view())?;
        let weights = &present.weights * (y.len() as f64 / present.weights.sum());
        let even = Levelled::of(x.view(), y.view(), &weights, self.fit_intercept);
        let model = self.descend(even.x.view(), even.y.view(), false);
        Ok(ElasticNet { intercept: even.intercept(&model.coef), ..model })
    }

    /// The descent on checked rows.
    fn descend(&self, x: ArrayView2<f64>, y: ArrayView1<f64>, fit_intercept: bool) -> ElasticNet {
        let design = Design::new(x, y, fit_intercept);
        let start = self.start(x.ncols());
        let mut state = State::at(&design, start);
        let all = (0..x.ncols()).collect();
        let outcome = state.descend(self.prices(self.alpha), all, self.max_iter, self.tol);
        ElasticNet {
            intercept: if fit_intercept { design.intercept(state.w.view()) } else { 0.0 },
            coef: state.w,
            n_iter: outcome.n_iter,
            dual_gap: outcome.gap,
            converged: outcome.converged,
        }
    }

    /// Fits every penalty of `alphas` in one go, from the largest down, each from the one before; the
    /// settings' own `alpha` is not used.
    ///
    /// # Errors
    /// As [`ElasticNetParams::fit`]; [`Error::Empty`] for no penalties; [`Error::NotConverged`] when a fit
    /// runs out of sweeps.
    #[views]
    pub fn path(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        alphas: ArrayView1<f64>,
    ) -> Result<LassoPath> {
        self.check(x, y)?;
        if alphas.is_empty() {
            return Err(Error::Empty { what: "ElasticNet::path: `alphas`", needed: "1 penalty" });
        }
        alphas.iter().try_for_each(|&alpha| check_alpha("ElasticNet::path", "alphas", alpha))?;
        let design = Design::new(x, y, self.fit_intercept);
        let prices: Vec<Prices> = alphas.iter().map(|&alpha| self.prices(alpha)).collect();
        follow(&design, self.start(x.ncols()), alphas, &prices, self.max_iter, self.tol)
    }

    fn start(&self, n_features: usize) -> Array1<f64> {
        self.warm_start.clone().unwrap_or_else(|| Array1::zeros(n_features))
    }

    fn prices(&self, alpha: f64) -> Prices {
        Prices { l1: alpha * self.l1_ratio, l2: alpha * (1.0 - self.l1_ratio) }
    }

    fn check(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<()> {
        const NAME: &str = "ElasticNet";
        check_alpha(NAME, "alpha", self.alpha)?;
        check_alpha(NAME, "tol", self.tol)?;
        let bad =
            |name, rule, got: String| Err(Error::Parameter { estimator: NAME, name, rule, got });
        if !(0.0..=1.0).contains(&self.l1_ratio) {
            return bad("l1_ratio", "from 0 to 1", self.l1_ratio.to_string());
        }
        if self.max_iter == 0 {
            return bad("max_iter", ">= 1", "0".into());
        }
        check_pair("ElasticNet: `x`", "ElasticNet: `y`", x, y)?;
        let Some(start) = &self.warm_start else { return Ok(()) };
        if start.len() != x.ncols() {
            let (expected, got) = (format!("({},)", x.ncols()), format!("({},)", start.len()));
            return Err(Error::Shape { what: "ElasticNet: `warm_start`", expected, got });
        }
        crate::base::check_vector("ElasticNet: `warm_start`", start.view())
    }
}

impl ElasticNet {
    /// Predictions, shape `(n_rows,)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`] or [`Error::NotFinite`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        predict("ElasticNet::predict: `x`", &self.coef, self.intercept, x)
    }

    /// `R²` on `x`, shape `(n_rows, n_features)`, and `y`, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`ElasticNet::predict`]; [`Error::ZeroVariance`] for a constant `y`.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        r2_of("ElasticNet::score: `y`", self.predict(x)?.view(), y)
    }

    /// The features whose weight is not 0, in ascending order.
    pub fn support(&self) -> Vec<usize> {
        (0..self.coef.len()).filter(|&j| self.coef[j] != 0.0).collect()
    }
}

impl Regressor for ElasticNetParams {
    fn fit_base(&self, x: ArrayView2<f64>, y: ArrayView1<f64>, _: u64) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit(x, y)?))
    }
}

impl Fitted for ElasticNet {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(self.predict(x)?.insert_axis(Axis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{kkt_violation, soft_threshold};
    use super::*;
    use crate::data;
    use crate::linear::ols::LinearRegression;
    use crate::linear::ridge::Ridge;
    use ndarray::{Array2, array};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn diabetes() -> (Array2<f64>, Array1<f64>) {
        let set = data::diabetes();
        (data::standardize(set.x.view()).unwrap().x, set.y.clone())
    }

    /// `n` rows, `d` correlated columns, three of which matter.
    fn planted(n: usize, d: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let shared: Array1<f64> = (0..n).map(|_| rng.random::<f64>() - 0.5).collect();
        let x = Array2::from_shape_fn((n, d), |(i, _)| rng.random::<f64>() - 0.5 + shared[i]);
        let y = (0..n).map(|i| {
            let noise = 0.1 * (rng.random::<f64>() - 0.5);
            3.0 * x[[i, 0]] - 2.0 * x[[i, 1]] + x[[i, 2]] + 5.0 + noise
        });
        let y = y.collect();
        (x, y)
    }

    #[test]
    fn orthonormal_columns_are_soft_thresholded() {
        // xᵀx/n = I: the lasso's weights are S(least squares, alpha).
        let x = array![[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]];
        let y = array![3.0, 1.0, 0.4, -2.0];
        let least = x.t().dot(&y) / 4.0;
        for (alpha, ratio) in [(0.3, 1.0), (0.5, 0.4), (2.0, 0.9)] {
            let w = ElasticNet::params(alpha, ratio).fit(x.view(), y.view()).unwrap().coef;
            for (w, z) in w.iter().zip(&least) {
                let expected = soft_threshold(*z, alpha * ratio) / (1.0 + alpha * (1.0 - ratio));
                assert!((w - expected).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn every_optimum_satisfies_the_conditions_in_both_forms_of_the_data() {
        for seed in 0..10 {
            // 60 x 8 goes by the Gram matrix, 30 x 50 by the columns.
            for (n, d) in [(60, 8), (30, 50)] {
                let (x, y) = planted(n, d, seed);
                for (alpha, ratio) in [(0.01, 1.0), (0.05, 0.5), (0.02, 0.9)] {
                    let params = ElasticNet::params(alpha, ratio).tol(0.0).max_iter(200_000);
                    let m = params.fit(x.view(), y.view()).unwrap();
                    let off =
                        kkt_violation(x.view(), y.view(), &m.coef, Some(m.intercept), alpha, ratio);
                    let off = off.unwrap();
                    assert!(m.converged && off < 1e-10, "{n} x {d}, {alpha}: {off}");
                    assert!(m.dual_gap < 1e-12, "{}", m.dual_gap);
                }
            }
        }
    }

    #[test]
    fn the_planted_features_are_found_on_ten_seeds() {
        for seed in 0..10 {
            let (x, y) = planted(200, 20, seed);
            let model = Lasso::params(0.02).fit(x.view(), y.view()).unwrap();
            assert_eq!(model.support(), [0, 1, 2], "seed {seed}");
        }
    }

    #[test]
    fn no_price_is_least_squares_and_no_l1_is_ridge() {
        let (x, y) = diabetes();
        let ols = LinearRegression::params().fit(x.view(), y.view()).unwrap();
        let free = Lasso::params(0.0).tol(0.0).max_iter(100_000).fit(x.view(), y.view()).unwrap();
        assert!((&ols.coef - &free.coef).iter().all(|d| d.abs() < 1e-8));
        // 1/(2n) RSS + alpha/2 w² is ridge with n alpha.
        let net = ElasticNet::params(0.3, 0.0).tol(0.0).fit(x.view(), y.view()).unwrap();
        let ridge = Ridge::params(0.3 * 442.0).fit(x.view(), y.view()).unwrap();
        assert!((&net.coef - &ridge.coef).iter().all(|d| d.abs() < 1e-9));
        assert!((net.intercept - ridge.intercept).abs() < 1e-9);
    }

    #[test]
    fn the_gap_bounds_the_distance_to_the_minimum() {
        let (x, y) = diabetes();
        let objective = |m: &ElasticNet| {
            let left = &y - &m.predict(x.view()).unwrap();
            left.dot(&left) / 884.0 + 0.5 * m.coef.mapv(f64::abs).sum()
        };
        let best = Lasso::params(0.5).tol(0.0).max_iter(100_000).fit(x.view(), y.view()).unwrap();
        for max_iter in [1, 3, 10] {
            let early = Lasso::params(0.5).max_iter(max_iter).fit(x.view(), y.view()).unwrap();
            let above = objective(&early) - objective(&best);
            assert!(!early.converged && above <= early.dual_gap * (1.0 + 1e-12), "{above}");
            assert!(early.n_iter <= max_iter);
        }
        let again = Lasso::params(0.5).warm_start(best.coef).fit(x.view(), y.view()).unwrap();
        assert!(again.n_iter <= 2 && again.converged);
    }

    #[test]
    fn edges_and_bad_input() {
        let (x, y) = (array![[1.0, 0.1], [2.0, 0.1], [4.0, 0.1]], array![1.0, 2.0, 4.0]);
        let m = Lasso::params(0.0).fit(x.view(), y.view()).unwrap();
        assert!((m.coef[0] - 1.0).abs() < 1e-4 && m.support() == [0], "{}", m.coef);
        let flat = Lasso::params(0.1).fit(x.view(), array![2.0, 2.0, 2.0].view()).unwrap();
        assert!(
            flat.support().is_empty() && flat.converged && (flat.intercept - 2.0).abs() < 1e-15
        );
        let says = |p: ElasticNetParams| p.fit(x.view(), y.view()).unwrap_err().to_string();
        assert!(says(Lasso::params(-0.1)).contains("`alpha` must be finite and >= 0, got -0.1"));
        assert!(
            says(ElasticNet::params(1.0, 1.5)).contains("`l1_ratio` must be from 0 to 1, got 1.5")
        );
        assert!(says(ElasticNet::params(1.0, f64::NAN)).contains("got NaN"));
        assert!(says(Lasso::params(1.0).max_iter(0)).contains("`max_iter`"));
        assert!(says(Lasso::params(1.0).tol(-1.0)).contains("`tol`"));
        assert!(says(Lasso::params(1.0).warm_start(array![1.0])).contains("`warm_start`"));
        let nan = Lasso::params(1.0).fit(array![[f64::NAN], [1.0]].view(), array![1.0, 2.0].view());
        assert!(matches!(nan, Err(Error::NotFinite { row: 0, col: 0, .. })));
        assert!(Lasso::params(1.0).fit(x.view(), array![1.0].view()).is_err());
        assert!(m.predict(array![[1.0]].view()).is_err());
    }
}
