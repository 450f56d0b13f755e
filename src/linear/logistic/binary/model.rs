//! The fitted model: scores, probabilities, classes, standard errors.

use super::super::design::check_design;
use super::super::loss::hessian;
use super::params::LogisticRegressionParams;
use crate::base::{
    Classifier, Fitted, accuracy_of, finite, shape, sigmoid, stored, to_faer, views, widened,
};
use crate::{Error, Result};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView2};
use serde::{Deserialize, Serialize};

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct LogisticRegression {
    /// Weights `w`, shape `(n_features,)`.
    pub coef: Array1<f64>,
    /// Intercept `b`.
    pub intercept: f64,
    /// Steps made.
    pub n_iter: usize,
    /// Whether the gradient came below `tol`.
    pub converged: bool,
    /// The way down, if [`LogisticRegressionParams::keep_history`] asked for it.
    pub history: Option<LogisticHistory>,
    /// Whether rows had weights, which the standard errors do not know.
    pub(super) weighted: bool,
}

/// Where a fit was before its first step and after each; the last entries are those of the model.
///
/// ```
/// use mlnotes::linear::logistic::LogisticRegression;
/// use ndarray::array;
/// let x = array![[0.0], [1.0], [2.0], [3.0]];
/// let model = LogisticRegression::params().keep_history(true).fit(x.view(), &[0, 1, 0, 1])?;
/// let history = model.history.unwrap_or_default();
/// assert_eq!(history.coef.dim(), (model.n_iter + 1, 1));
/// // From w = 0, where each row costs ln 2, to the fitted weight.
/// assert!((history.loss[0] - 2.0f64.ln()).abs() < 1e-15);
/// assert_eq!(history.coef[[model.n_iter, 0]], model.coef[0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogisticHistory {
    /// Penalised losses, shape `(n_iter + 1,)`.
    pub loss: Array1<f64>,
    /// Weights, shape `(n_iter + 1, n_features)`.
    pub coef: Array2<f64>,
    /// Intercepts, shape `(n_iter + 1,)`.
    pub intercept: Array1<f64>,
}

impl LogisticHistory {
    /// The points `θ = (w, b)` that a solver visited, with their penalised losses.
    pub(super) fn of(path: &[Array1<f64>], loss: impl FnMut(&Array1<f64>) -> f64) -> Self {
        let d = path.first().map_or(0, |theta| theta.len() - 1);
        Self {
            loss: path.iter().map(loss).collect(),
            coef: Array2::from_shape_fn((path.len(), d), |(step, j)| path[step][j]),
            intercept: path.iter().map(|theta| theta[d]).collect(),
        }
    }
}

stored!(LogisticRegression, |m| {
    finite("coef", m.coef.iter().chain([&m.intercept]))?;
    let Some(history) = &m.history else { return Ok(()) };
    let n = m.n_iter.saturating_add(1);
    shape("history.coef", history.coef.dim(), (n, m.coef.len()))?;
    shape("history.loss", history.loss.len(), n)?;
    shape("history.intercept", history.intercept.len(), n)?;
    finite("history", history.coef.iter().chain(&history.intercept).chain(&history.loss))
});

impl LogisticRegression {
    /// The scores `z = Xw + b`, shape `(n_rows,)`; positive means class 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn decision_function(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        check_design("LogisticRegression::decision_function: `x`", x, self.coef.len())?;
        Ok(x.dot(&self.coef) + self.intercept)
    }

    /// `P(y = k | x)` for each row, shape `(n_rows, 2)`: a column a class, as of every classifier.
    ///
    /// # Errors
    /// As [`LogisticRegression::decision_function`].
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(both_classes(&self.decision_function(x)?))
    }

    /// The likelier class of each row, 0 or 1.
    ///
    /// # Errors
    /// As [`LogisticRegression::decision_function`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self.decision_function(x)?.iter().map(|&z| usize::from(z > 0.0)).collect())
    }

    /// The share of rows whose class is predicted right.
    ///
    /// # Errors
    /// As [`LogisticRegression::decision_function`], and [`Error::Shape`] when `y` has another length.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        accuracy_of("LogisticRegression::score: `y`", &self.predict(x)?, y)
    }

    /// Standard errors of `(w, b)`, shape `(n_features + 1,)`, from the observed information `n H` of an
    /// unpenalised fit on `x`: `√diag((n H)⁻¹)`.
    ///
    /// # Errors
    /// As [`LogisticRegression::decision_function`], and [`Error::NotPositiveDefinite`] when columns are
    /// collinear or every probability is saturated; [`Error::NotRegular`] after a fit with
    /// `sample_weight`: weights are no counts of rows, and the information does not know them.
    #[views]
    pub fn std_errors(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        check_design("LogisticRegression::std_errors: `x`", x, self.coef.len())?;
        if self.weighted {
            return Err(Error::NotRegular {
                what: "LogisticRegression::std_errors",
                problem: "the rows had weights".to_owned(),
                remedy: "bootstrap the fit, or fit without weights",
            });
        }
        let equal = Array1::ones(x.nrows());
        let h = hessian(self.coef.view(), self.intercept, x, equal.view()) * x.nrows() as f64;
        let (d, _) = h.dim();
        let llt = to_faer(h.view()).llt(Side::Lower).map_err(|_| {
            let what = "LogisticRegression::std_errors: the information matrix".to_owned();
            let remedy = "drop collinear columns";
            Error::NotPositiveDefinite { what, remedy }
        })?;
        let inverse = llt.solve(Mat::<f64>::identity(d, d));
        Ok(Array1::from_shape_fn(d, |i| inverse[(i, i)].sqrt()))
    }
}

/// The probabilities of class 0 and of class 1 by the scores; the small one of the two keeps its digits.
pub(super) fn both_classes(scores: &Array1<f64>) -> Array2<f64> {
    let share = |(i, class)| sigmoid(if class == 1 { scores[i] } else { -scores[i] });
    Array2::from_shape_fn((scores.len(), 2), share)
}

impl Classifier for LogisticRegressionParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        Ok(widened(self.clone().seed(seed).fit(x, y)?, 2, n_classes))
    }
}

impl Fitted for LogisticRegression {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}
