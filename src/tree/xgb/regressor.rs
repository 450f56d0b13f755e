//! Boosted trees for numbers.

use super::ensemble::{Ensemble, ensemble_methods};
use super::fit::{Words, words};
use super::params::{Settings, boosting_setters};
use super::{Growth, Method, Objective, TreeNode};
#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::base::{check_target, holds, r_squared, seeded_regressor, stored, views};
use crate::tree::stopping::stopping_setters;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

const WORDS: Words = words!("BoostedTreesRegressor");

impl BoostedTreesRegressor {
    /// Default settings: squared error, 100 trees of depth 6, rate 0.3, `λ = 1`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::BoostedTreesRegressor;
    /// let set = mlnotes::data::diabetes();
    /// let model = BoostedTreesRegressor::params().n_trees(20).max_depth(3).fit(&set.x, &set.y)?;
    /// assert!(model.score(&set.x, &set.y)? > 0.7);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> BoostedTreesRegressorParams {
        BoostedTreesRegressorParams { settings: Settings::default() }
    }
}

/// Settings of second-order boosting for numbers.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `custom_loss` | squared error | | a loss by its derivatives |
/// | `n_trees` | 100 | `>= 1` | rounds |
/// | `eta` | 0.3 | `> 0` | share of each tree that is added |
/// | `max_depth` | 6 | `>= 1` | most questions of a tree |
/// | `num_leaves` | none | `>= 2` | most leaves of a tree |
/// | `growth` | `DepthWise` | | which leaf is split next; leaf-wise needs `num_leaves` to differ |
/// | `method` | `Histogram { max_bin: 255 }` | 2 to 255 bins | how splits are found |
/// | `lambda` | 1 | `>= 0` | penalty `½ λ w²` of a leaf's weight |
/// | `gamma` | 0 | `>= 0` | price of a leaf, in units of the loss; XGBoost's is twice it |
/// | `min_child_weight` | 1 | `>= 0` | least `H` of a leaf: rows, for squared error |
/// | `subsample` | 1 | `0 < s <= 1` | share of the rows each round draws, without replacement |
/// | `colsample` | 1 | `0 < s <= 1` | share of the features each tree draws |
/// | `goss` | none | `0 <= a`, `0 < b`, `a + b <= 1` | keep the share `a` of largest gradients, draw `b` |
/// | `patience` | none | `>= 1` | rounds without a lower loss on rows held out, after which to stop |
/// | `validation_share` | 0.1 | `0 < s < 1` | share of the rows held out to that end |
/// | `seed` | 0 | | chance of rows and features |
/// | `base_score` | the best constant | finite | start, in units of the prediction; 0 with a loss of one's own |
#[derive(Debug, Clone)]
pub struct BoostedTreesRegressorParams {
    settings: Settings,
}

/// Fitted boosted trees for numbers: `ŷ = F₀ + η Σ tree(x)`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct BoostedTreesRegressor {
    ensemble: Ensemble,
}

stored!(BoostedTreesRegressor, |m| {
    holds(matches!(m.ensemble.objective, Objective::SquaredError), "trees for classes")
});

impl BoostedTreesRegressorParams {
    boosting_setters!();

    /// Sets the start, in units of the prediction.
    #[must_use]
    pub fn base_score(mut self, base_score: f64) -> Self {
        self.settings.base_score = Some(base_score);
        self
    }

    /// Sets a loss of one's own: `derivatives(F, y)` gives `(g, h) = (∂L/∂F, ∂²L/∂F²)` of a row, with `h ≥ 0`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::BoostedTreesRegressor;
    /// let set = mlnotes::data::diabetes();
    /// // Squared error that counts a forecast below the truth nine times: the expectile of 0.9 lies above the mean.
    /// let expectile = |f: f64, y: f64| {
    ///     let weight = if f < y { 0.9 } else { 0.1 };
    ///     (weight * (f - y), weight)
    /// };
    /// let params = BoostedTreesRegressor::params().n_trees(20).max_depth(2);
    /// let mean = params.clone().fit(&set.x, &set.y)?.predict(&set.x)?;
    /// let high = params.custom_loss(expectile).fit(&set.x, &set.y)?.predict(&set.x)?;
    /// assert!(high.mean() > mean.mean().map(|mean| mean + 20.0));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    pub fn custom_loss(mut self, derivatives: fn(f64, f64) -> (f64, f64)) -> Self {
        self.settings.objective = Objective::Custom(derivatives);
        self
    }

    /// Fits `x`, `(n_samples, n_features)`, to the numbers `y`, `(n_samples,)`. `NaN` in `x` is a missing value.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`] for an infinite value in `x` or one that is not finite in `y`,
    /// [`Error::Shape`], [`Error::Parameter`]; [`Error::Negative`] for a curvature of one's own.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<BoostedTreesRegressor> {
        Ok(BoostedTreesRegressor { ensemble: self.settings.fit(&WORDS, x, y)? })
    }

    /// As [`BoostedTreesRegressorParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`, that multiplies its
    /// `g` and `h`. A row of weight 0 counts as absent. The bins of [`Method::Histogram`] hold about equally many
    /// rows, whatever they weigh.
    ///
    /// # Errors
    /// As [`BoostedTreesRegressorParams::fit`]; [`Error::Negative`] for a weight, [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        sample_weight: ArrayView1<f64>,
    ) -> Result<BoostedTreesRegressor> {
        let ensemble = self.settings.fit_weighted(&WORDS, x, y, sample_weight)?;
        Ok(BoostedTreesRegressor { ensemble })
    }

    /// As [`BoostedTreesRegressorParams::fit`], with rows to watch, `x_valid` and `y_valid`, that are not learned from:
    /// with a `patience` they stop the fit, without one their loss is only written down.
    ///
    /// # Errors
    /// As [`BoostedTreesRegressorParams::fit`], also for the rows to watch.
    ///
    /// ```
    /// use mlnotes::data;
    /// use mlnotes::tree::xgb::BoostedTreesRegressor;
    /// use ndarray::Axis;
    /// let set = data::diabetes();
    /// let split = data::train_test_split(442, 0.3, 1)?;
    /// let part = |rows: &[usize]| (set.x.select(Axis(0), rows), set.y.select(Axis(0), rows));
    /// let ((x, y), (x_valid, y_valid)) = (part(&split.train), part(&split.test));
    /// let params = BoostedTreesRegressor::params().max_depth(3).n_trees(500).patience(10);
    /// let model = params.fit_validated(&x, &y, &x_valid, &y_valid)?;
    /// // The best round is kept, and the ten after it that brought nothing are not.
    /// let losses = model.validation_loss().unwrap_or([].as_slice().into());
    /// assert_eq!(losses.len(), model.n_trees() + 10 + 1);
    /// assert!(losses.iter().skip(1).all(|loss| *loss >= losses[model.n_trees()]));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit_validated(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        x_valid: ArrayView2<f64>,
        y_valid: ArrayView1<f64>,
    ) -> Result<BoostedTreesRegressor> {
        let ensemble = self.settings.fit_validated(&WORDS, x, y, x_valid, y_valid)?;
        Ok(BoostedTreesRegressor { ensemble })
    }
}

impl BoostedTreesRegressor {
    ensemble_methods!("BoostedTreesRegressor");

    /// `F₀`, before the first tree.
    pub fn start(&self) -> f64 {
        self.ensemble.start[0]
    }

    /// Predicted numbers, shape `(n_rows,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`] for an infinite value (`NaN` is a missing one), [`Error::Shape`] for a
    /// wrong number of columns.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        let margins = self.ensemble.margin("BoostedTreesRegressor::predict: `x`", x)?;
        Ok(margins.index_axis_move(Axis(1), 0))
    }

    /// [`BoostedTreesRegressor::predict`] at the start and after each round, shape `(n_rounds + 1, n_rows)`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::BoostedTreesRegressor;
    /// let set = mlnotes::data::diabetes();
    /// let model = BoostedTreesRegressor::params().n_trees(5).fit(&set.x, &set.y)?;
    /// let stages = model.staged_predict(&set.x)?;
    /// assert_eq!(stages.row(5), model.predict(&set.x)?);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`BoostedTreesRegressor::predict`].
    #[views]
    pub fn staged_predict(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let what = "BoostedTreesRegressor::staged_predict: `x`";
        Ok(self.ensemble.staged_margin(what, x)?.index_axis_move(Axis(2), 0))
    }

    /// `R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²`; 0 where `y` does not vary.
    ///
    /// # Errors
    /// As [`BoostedTreesRegressor::predict`], and for a `y` of another length or with NaN.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        check_target("BoostedTreesRegressor::score: `y`", y, x.nrows())?;
        let pairs: Vec<(f64, f64)> = y.iter().copied().zip(self.predict(x)?).collect();
        Ok(r_squared(&pairs))
    }
}

seeded_regressor!(BoostedTreesRegressorParams => BoostedTreesRegressor);
