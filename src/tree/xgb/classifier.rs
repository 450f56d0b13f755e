//! Boosted trees for classes.

use super::ensemble::{Ensemble, ensemble_methods};
use super::fit::{Words, words};
use super::params::{Settings, boosting_setters};
use super::{Growth, Method, Objective, TreeNode};
#[cfg(doc)]
use crate::Error;
use crate::Result;
use crate::base::{
    Classifier, Fitted, accuracy_of, argmax, check_classes, holds, log_sum_exp, sigmoid, stored,
    views, widened,
};
use crate::tree::stopping::stopping_setters;
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

const WORDS: Words = words!("BoostedTreesClassifier");

impl BoostedTreesClassifier {
    /// Default settings: 100 trees of depth 6, rate 0.3, `λ = 1`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::BoostedTreesClassifier;
    /// let cancer = mlnotes::data::breast_cancer();
    /// let model = BoostedTreesClassifier::params().n_trees(20).fit(&cancer.x, &cancer.y)?;
    /// assert_eq!(model.predict_proba(&cancer.x)?.dim(), (569, 2));
    /// assert!(model.score(&cancer.x, &cancer.y)? > 0.99);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> BoostedTreesClassifierParams {
        BoostedTreesClassifierParams { settings: Settings::default(), softmax: false }
    }
}

/// Settings of second-order boosting for classes.
///
/// Two classes have one margin, the log-odds of class 1 ([`Objective::Logistic`]); more have a score each
/// ([`Objective::Softmax`]), and a round grows a tree for each.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `softmax` | false | | two classes have a score each, too |
/// | `n_trees` | 100 | `>= 1` | rounds; `c > 2` classes grow `c` trees a round |
/// | `eta` | 0.3 | `> 0` | share of each tree that is added |
/// | `max_depth` | 6 | `>= 1` | most questions of a tree |
/// | `num_leaves` | none | `>= 2` | most leaves of a tree |
/// | `growth` | `DepthWise` | | which leaf is split next; leaf-wise needs `num_leaves` to differ |
/// | `method` | `Histogram { max_bin: 255 }` | 2 to 255 bins | how splits are found |
/// | `lambda` | 1 | `>= 0` | penalty `½ λ w²` of a leaf's weight |
/// | `gamma` | 0 | `>= 0` | price of a leaf, in units of the loss; XGBoost's is twice it |
/// | `min_child_weight` | 1 | `>= 0` | least `H` of a leaf |
/// | `subsample` | 1 | `0 < s <= 1` | share of the rows each round draws, without replacement |
/// | `colsample` | 1 | `0 < s <= 1` | share of the features each tree draws |
/// | `goss` | none | `0 <= a`, `0 < b`, `a + b <= 1` | keep the share `a` of largest gradients, draw `b` |
/// | `patience` | none | `>= 1` | rounds without a lower loss on rows held out, after which to stop |
/// | `validation_share` | 0.1 | `0 < s < 1` | share of the rows held out to that end |
/// | `seed` | 0 | | chance of rows and features |
/// | `base_score` | the best constant | `0 < p < 1` | start: the probability of class 1; of a softmax, all scores |
#[derive(Debug, Clone)]
pub struct BoostedTreesClassifierParams {
    settings: Settings,
    softmax: bool,
}

/// Fitted boosted trees for classes: margins `F(x) = F₀ + η Σ tree(x)`, one for two classes, else one a class.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct BoostedTreesClassifier {
    ensemble: Ensemble,
}

stored!(BoostedTreesClassifier, |m| match m.ensemble.objective {
    Objective::Logistic => Ok(()),
    Objective::Softmax(n_classes) => holds(n_classes > 1, "a softmax of one class"),
    _ => holds(false, "trees for numbers"),
});

impl BoostedTreesClassifierParams {
    boosting_setters!();

    /// Sets the start: a probability of class 1, or, where each class has a score, the score of all.
    #[must_use]
    pub fn base_score(mut self, base_score: f64) -> Self {
        self.settings.base_score = Some(base_score);
        self
    }

    /// Gives two classes a score each, too.
    #[must_use]
    pub fn softmax(mut self, softmax: bool) -> Self {
        self.softmax = softmax;
        self
    }

    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, numbered from 0. `NaN` in `x` is a
    /// missing value.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`] for an infinite value in `x`, [`Error::Shape`], [`Error::Parameter`];
    /// [`Error::Label`], [`Error::SingleClass`], [`Error::EmptyGroup`] for a class without rows.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<BoostedTreesClassifier> {
        let (settings, y) = self.of(y, x)?;
        Ok(BoostedTreesClassifier { ensemble: settings.fit(&WORDS, x, y.view())? })
    }

    /// As [`BoostedTreesClassifierParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`, that multiplies its
    /// `g` and `h`. A row of weight 0 counts as absent. The bins of [`Method::Histogram`] hold about equally many
    /// rows, whatever they weigh.
    ///
    /// # Errors
    /// As [`BoostedTreesClassifierParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a
    /// weight, [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        sample_weight: ArrayView1<f64>,
    ) -> Result<BoostedTreesClassifier> {
        let (settings, y) = self.of(y, x)?;
        let ensemble = settings.fit_weighted(&WORDS, x, y.view(), sample_weight)?;
        Ok(BoostedTreesClassifier { ensemble })
    }

    /// As [`BoostedTreesClassifierParams::fit`], with rows to watch, `x_valid` and `y_valid`, that are not learned
    /// from: with a `patience` they stop the fit, without one their loss is only written down.
    ///
    /// # Errors
    /// As [`BoostedTreesClassifierParams::fit`], also for the rows to watch, which may lack a class.
    #[views]
    pub fn fit_validated(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        x_valid: ArrayView2<f64>,
        y_valid: &[usize],
    ) -> Result<BoostedTreesClassifier> {
        let (settings, y) = self.of(y, x)?;
        let y_valid = targets(y_valid);
        let ensemble = settings.fit_validated(&WORDS, x, y.view(), x_valid, y_valid.view())?;
        Ok(BoostedTreesClassifier { ensemble })
    }

    /// The settings for as many classes as there are, and the targets.
    fn of(&self, y: &[usize], x: ArrayView2<f64>) -> Result<(Settings, Array1<f64>)> {
        let n_classes = check_classes(WORDS.y, y, x.nrows())?;
        let mut settings = self.settings.clone();
        settings.objective = if n_classes > 2 || self.softmax {
            Objective::Softmax(n_classes)
        } else {
            Objective::Logistic
        };
        Ok((settings, targets(y)))
    }
}

/// The classes as the derivatives take them.
fn targets(y: &[usize]) -> Array1<f64> {
    y.iter().map(|&class| class as f64).collect()
}

impl BoostedTreesClassifier {
    ensemble_methods!("BoostedTreesClassifier");

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.ensemble.objective.n_outputs().max(2)
    }

    /// `F₀`, before the first tree, shape `(n_outputs,)`: the log-odds of class 1, or a score a class.
    pub fn start(&self) -> ArrayView1<'_, f64> {
        self.ensemble.start.view()
    }

    /// Margins `F(x)`, shape `(n_rows, n_outputs)`: the log-odds of class 1, or a score a class.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`] for an infinite value (`NaN` is a missing one), [`Error::Shape`] for a
    /// wrong number of columns.
    #[views]
    pub fn margin(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.ensemble.margin("BoostedTreesClassifier::margin: `x`", x)
    }

    /// The likeliest class of each row, the lower one of equals.
    ///
    /// # Errors
    /// As [`BoostedTreesClassifier::margin`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(likeliest(self.ensemble.margin("BoostedTreesClassifier::predict: `x`", x)?.view()))
    }

    /// Class probabilities, shape `(n_rows, n_classes)`; rows sum to 1.
    ///
    /// ```
    /// use mlnotes::tree::xgb::BoostedTreesClassifier;
    /// let wine = mlnotes::data::wine();
    /// let model = BoostedTreesClassifier::params().n_trees(10).fit(&wine.x, &wine.y)?;
    /// let p = model.predict_proba(&wine.x)?;
    /// assert_eq!(p.dim(), (178, 3));
    /// assert!((p.row(0).sum() - 1.0).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`BoostedTreesClassifier::margin`].
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let mut p = self.ensemble.margin("BoostedTreesClassifier::predict_proba: `x`", x)?;
        if p.ncols() == 1 {
            let sign = |class| if class == 1 { 1.0 } else { -1.0 };
            return Ok(Array2::from_shape_fn((p.nrows(), 2), |(i, class)| {
                sigmoid(sign(class) * p[[i, 0]])
            }));
        }
        for mut row in p.rows_mut() {
            let log_sum = log_sum_exp(row.view());
            row.mapv_inplace(|f| (f - log_sum).exp());
        }
        Ok(p)
    }

    /// Margins at the start and after each round, shape `(n_rounds + 1, n_rows, n_outputs)`.
    ///
    /// # Errors
    /// As [`BoostedTreesClassifier::margin`].
    #[views]
    pub fn staged_margin(&self, x: ArrayView2<f64>) -> Result<Array3<f64>> {
        self.ensemble.staged_margin("BoostedTreesClassifier::staged_margin: `x`", x)
    }

    /// [`BoostedTreesClassifier::predict`] at the start and after each round, shape `(n_rounds + 1, n_rows)`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::BoostedTreesClassifier;
    /// let wine = mlnotes::data::wine();
    /// let model = BoostedTreesClassifier::params().n_trees(5).fit(&wine.x, &wine.y)?;
    /// assert_eq!(model.staged_predict(&wine.x)?.row(5).to_vec(), model.predict(&wine.x)?);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`BoostedTreesClassifier::margin`].
    #[views]
    pub fn staged_predict(&self, x: ArrayView2<f64>) -> Result<Array2<usize>> {
        let margins =
            self.ensemble.staged_margin("BoostedTreesClassifier::staged_predict: `x`", x)?;
        let mut stages = Array2::zeros((margins.dim().0, margins.dim().1));
        for (mut stage, margins) in stages.rows_mut().into_iter().zip(margins.outer_iter()) {
            stage.assign(&Array1::from(likeliest(margins)));
        }
        Ok(stages)
    }

    /// Share of rows whose class is predicted.
    ///
    /// # Errors
    /// As [`BoostedTreesClassifier::margin`], and [`Error::Shape`] for a `y` of another length.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        accuracy_of("BoostedTreesClassifier::score: `y`", &self.predict(x)?, y)
    }
}

/// Of margins, `(n_rows, n_outputs)`.
fn likeliest(margins: ArrayView2<f64>) -> Vec<usize> {
    let one = |row: ArrayView1<f64>| {
        if row.len() == 1 { usize::from(row[0] > 0.0) } else { argmax(row) }
    };
    margins.rows().into_iter().map(one).collect()
}

impl Classifier for BoostedTreesClassifierParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.clone().seed(seed).fit(x, y)?;
        let known = model.n_classes();
        Ok(widened(model, known, n_classes))
    }
}

impl Fitted for BoostedTreesClassifier {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}
