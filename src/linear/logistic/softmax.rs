//! Several classes: softmax (multinomial logistic) regression.
//!
//! ```text
//! P(y = c | x) = exp(z_c) / Σⱼ exp(zⱼ),   z = W x + b          W: (n_classes, n_features)
//! L = (1/n) Σᵢ [ln Σⱼ exp(zᵢⱼ) − z_{i,yᵢ}] + λ/2 ‖W‖²
//! ∂L/∂zᵢ = (P(· | xᵢ) − onehot(yᵢ)) / n
//! ```

use super::design::{check_design, check_labels};
use super::solvers::lbfgs;
use crate::base::{Classifier, Fitted, finite, log_sum_exp, setters, shape, stored, widened};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

impl SoftmaxRegression {
    /// Default settings.
    ///
    /// ```
    /// use mlnotes::data::iris;
    /// use mlnotes::linear::logistic::SoftmaxRegression;
    /// let model = SoftmaxRegression::params().fit(iris().x.view(), &iris().y)?;
    /// assert_eq!(model.coef.dim(), (3, 4));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> SoftmaxRegressionParams {
        SoftmaxRegressionParams { l2: 1e-3, max_iter: 1000, tol: 1e-7 }
    }
}

/// Settings of a softmax regression, fitted by L-BFGS.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `l2` | 1e-3 | `> 0` | `λ` of the penalty, without which the weights are not unique |
/// | `max_iter` | 1000 | `>= 1` | steps |
/// | `tol` | 1e-7 | `> 0` | stop when no entry of the gradient is larger |
#[derive(Debug, Clone, PartialEq)]
pub struct SoftmaxRegressionParams {
    l2: f64,
    max_iter: usize,
    tol: f64,
}

/// A fitted softmax regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct SoftmaxRegression {
    /// Weights `W`, shape `(n_classes, n_features)`.
    pub coef: Array2<f64>,
    /// Intercepts `b`, shape `(n_classes,)`, with mean 0.
    pub intercept: Array1<f64>,
    /// Steps made.
    pub n_iter: usize,
    /// Whether the gradient came below `tol`.
    pub converged: bool,
}

stored!(SoftmaxRegression, |m| {
    finite("coef", m.coef.iter().chain(&m.intercept))?;
    shape("intercept", m.intercept.len(), m.coef.nrows())
});

impl SoftmaxRegressionParams {
    setters! {
        /// Sets the strength `λ` of the penalty.
        l2: f64;
        /// Sets the largest number of steps.
        max_iter: usize;
        /// Sets the size of the gradient at which to stop.
        tol: f64;
    }

    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, numbered from 0; the
    /// number of classes is the largest label plus 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::SingleClass`],
    /// [`Error::Parameter`], and [`Error::Label`] for a label so large that classes outnumber rows.
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<SoftmaxRegression> {
        self.check(x, y)?;
        let (n, d) = x.dim();
        let c = y.iter().max().map_or(0, |m| m + 1);
        let width = d + 1;
        let value_and_gradient = |theta: ArrayView1<f64>| {
            let (w, b) = unpack(theta, c, d);
            let log_p = log_probabilities(x, &w, &b);
            let fit = -y.iter().enumerate().map(|(i, &k)| log_p[[i, k]]).sum::<f64>() / n as f64;
            let mut residual = log_p.mapv_into(f64::exp) / n as f64;
            y.iter().enumerate().for_each(|(i, &k)| residual[[i, k]] -= 1.0 / n as f64);
            let mut g = Array2::zeros((c, width));
            g.slice_mut(s![.., ..d]).assign(&(residual.t().dot(&x) + &w * self.l2));
            g.column_mut(d).assign(&residual.sum_axis(Axis(0)));
            let penalty = 0.5 * self.l2 * w.iter().map(|v| v * v).sum::<f64>();
            (fit + penalty, g.flatten().to_owned())
        };
        let run = lbfgs(value_and_gradient, Array1::zeros(c * width), self.max_iter, self.tol);
        let (coef, intercept) = unpack(run.theta.view(), c, d);
        let n_iter = run.path.len() - 1;
        Ok(SoftmaxRegression { coef, intercept, n_iter, converged: run.converged })
    }

    fn check(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<()> {
        check_design("SoftmaxRegression: `x`", x, x.ncols())?;
        let allowed = "numbered from 0, fewer classes than rows";
        check_labels("SoftmaxRegression: `y`", y, x.nrows(), x.nrows(), allowed)?;
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "SoftmaxRegression", name, rule, got })
        };
        if self.max_iter == 0 {
            return bad("max_iter", ">= 1", "0".into());
        }
        for (name, value) in [("l2", self.l2), ("tol", self.tol)] {
            if !(value.is_finite() && value > 0.0) {
                return bad(name, "finite and > 0", value.to_string());
            }
        }
        Ok(())
    }
}

impl SoftmaxRegression {
    /// `P(y = c | x)`, shape `(n_rows, n_classes)`; rows sum to 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_design("SoftmaxRegression: `x`", x, self.coef.ncols())?;
        Ok(log_probabilities(x, &self.coef, &self.intercept).mapv_into(f64::exp))
    }

    /// The likeliest class of each row; the lower one on a tie.
    ///
    /// # Errors
    /// As [`SoftmaxRegression::predict_proba`].
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        let p = self.predict_proba(x)?;
        let best = |row: ArrayView1<f64>| {
            (1..row.len()).fold(0, |b, k| if row[k] > row[b] { k } else { b })
        };
        Ok(p.rows().into_iter().map(best).collect())
    }
}

fn unpack(theta: ArrayView1<f64>, c: usize, d: usize) -> (Array2<f64>, Array1<f64>) {
    let at = |k: usize, j: usize| theta[k * (d + 1) + j];
    (Array2::from_shape_fn((c, d), |(k, j)| at(k, j)), Array1::from_shape_fn(c, |k| at(k, d)))
}

/// `zᵢ − ln Σⱼ exp(zᵢⱼ)`, shape `(n_rows, n_classes)`.
fn log_probabilities(x: ArrayView2<f64>, w: &Array2<f64>, b: &Array1<f64>) -> Array2<f64> {
    let mut z = x.dot(&w.t()) + b;
    for mut row in z.rows_mut() {
        let total = log_sum_exp(row.view());
        row.mapv_inplace(|v| v - total);
    }
    z
}

impl Classifier for SoftmaxRegressionParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        _: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.fit(x, y)?;
        let known = model.intercept.len();
        Ok(widened(model, known, n_classes))
    }
}

impl Fitted for SoftmaxRegression {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use crate::linear::logistic::{LogisticRegression, Penalty};

    #[test]
    fn two_classes_are_logistic_regression_with_half_the_penalty() {
        let x = data::standardize(data::breast_cancer().x.view()).unwrap().x;
        let y = &data::breast_cancer().y;
        let softmax = SoftmaxRegression::params().l2(0.02).fit(x.view(), y).unwrap();
        let binary =
            LogisticRegression::params().penalty(Penalty::L2(0.01)).fit(x.view(), y).unwrap();
        // w = w₁ − w₀ with w₀ = −w₁, so ‖w₀‖² + ‖w₁‖² = ‖w‖²/2.
        let w = &softmax.coef.row(1) - &softmax.coef.row(0);
        assert!(softmax.converged);
        assert!((w - &binary.coef).iter().all(|e| e.abs() < 1e-5));
    }

    #[test]
    fn probabilities_sum_to_one_and_bad_input_is_named() {
        let iris = data::iris();
        let model = SoftmaxRegression::params().fit(iris.x.view(), &iris.y).unwrap();
        let p = model.predict_proba(iris.x.view()).unwrap();
        assert!(p.rows().into_iter().all(|r| (r.sum() - 1.0).abs() < 1e-12));
        let bad = SoftmaxRegression::params().l2(0.0).fit(iris.x.view(), &iris.y);
        assert!(matches!(bad, Err(Error::Parameter { name: "l2", .. })));
        let mut y = iris.y.clone();
        y[7] = 150;
        let bad = SoftmaxRegression::params().fit(iris.x.view(), &y);
        assert!(matches!(bad, Err(Error::Label { index: 7, .. })));
    }
}
