//! Several classes: softmax (multinomial logistic) regression.
//!
//! ```text
//! P(y = c | x) = exp(z_c) / Σⱼ exp(zⱼ),   z = W x + b          W: (n_classes, n_features)
//! L = (1/n) Σᵢ [ln Σⱼ exp(zᵢⱼ) − z_{i,yᵢ}] + λ/2 ‖W‖²
//! ∂L/∂zᵢ = (P(· | xᵢ) − onehot(yᵢ)) / n
//! ```

use super::design::{check_design, check_labels};
use crate::base::{
    Classifier, Fitted, Present, argmax, finite, log_sum_exp, setters, shape, stored, views,
    widened,
};
use crate::linear::rows::{Rows, check_sparse, check_sparse_rows};
use crate::optim::lbfgs;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};
use sprs::CsMatView;

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
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<SoftmaxRegression> {
        check_design("SoftmaxRegression: `x`", x, x.ncols())?;
        self.check(y, x.nrows())?;
        Ok(self.descend(Rows::Dense(x), y, &Array1::ones(y.len())))
    }

    /// As [`SoftmaxRegressionParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`: the loss becomes
    /// `Σ wᵢ ℓᵢ / Σ wᵢ`, so that only ratios of weights matter. A row of weight 0 counts as absent.
    ///
    /// # Errors
    /// As [`SoftmaxRegressionParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a
    /// weight, [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        sample_weight: ArrayView1<f64>,
    ) -> Result<SoftmaxRegression> {
        check_design("SoftmaxRegression: `x`", x, x.ncols())?;
        self.check(y, x.nrows())?;
        let present = Present::of("SoftmaxRegression: `sample_weight`", sample_weight, x.nrows())?;
        let (x, y) = (present.x(x), present.part(|i| y[i]));
        self.check(&y, y.len())?;
        Ok(self.descend(Rows::Dense(x.view()), &y, &present.weights))
    }

    /// As [`SoftmaxRegressionParams::fit`], for sparse rows, such as those of TF-IDF.
    ///
    /// # Errors
    /// As [`SoftmaxRegressionParams::fit`].
    ///
    /// ```
    /// use mlnotes::linear::logistic::SoftmaxRegression;
    /// use mlnotes::text::tfidf::Tfidf;
    /// let texts = ["a cat", "cats and a cat", "a dog", "dogs, one dog", "some fish", "fish"];
    /// let x = Tfidf::params().fit(&texts)?.transform(&texts)?;
    /// let y = [0, 0, 1, 1, 2, 2];
    /// let model = SoftmaxRegression::params().fit_sparse(x.view(), &y)?;
    /// assert_eq!(model.predict_sparse(x.view())?, y);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit_sparse(&self, x: CsMatView<f64>, y: &[usize]) -> Result<SoftmaxRegression> {
        let x = check_sparse("SoftmaxRegression: `x`", x)?;
        self.check(y, x.rows())?;
        Ok(self.descend(Rows::Sparse(&x), y, &Array1::ones(y.len())))
    }

    /// L-BFGS on checked rows of positive weights.
    fn descend(&self, rows: Rows, y: &[usize], weights: &Array1<f64>) -> SoftmaxRegression {
        let (_, d) = rows.dim();
        let c = y.iter().max().map_or(0, |m| m + 1);
        let (width, total) = (d + 1, weights.sum());
        let value_and_gradient = |theta: ArrayView1<f64>| {
            let (w, b) = unpack(theta, c, d);
            let log_p = log_probabilities(rows, &w, &b);
            let of_row = |(i, (&k, &v)): (usize, (&usize, &f64))| v * log_p[[i, k]];
            let fit = -y.iter().zip(weights).enumerate().map(of_row).sum::<f64>() / total;
            let mut residual = log_p.mapv_into(f64::exp);
            y.iter().enumerate().for_each(|(i, &k)| residual[[i, k]] -= 1.0);
            residual *= &(weights / total).insert_axis(Axis(1));
            let mut g = Array2::zeros((c, width));
            g.slice_mut(s![.., ..d]).assign(&(rows.pulled(residual.view()) + &w * self.l2));
            g.column_mut(d).assign(&residual.sum_axis(Axis(0)));
            let penalty = 0.5 * self.l2 * w.iter().map(|v| v * v).sum::<f64>();
            (fit + penalty, g.flatten().to_owned())
        };
        let start = Array1::zeros(c * width);
        let end = lbfgs(value_and_gradient, start, self.max_iter, self.tol, |_, _| ());
        let (coef, intercept) = unpack(end.x.view(), c, d);
        SoftmaxRegression { coef, intercept, n_iter: end.n_iter, converged: end.converged }
    }

    fn check(&self, y: &[usize], n_samples: usize) -> Result<()> {
        let allowed = "numbered from 0, fewer classes than rows";
        check_labels("SoftmaxRegression: `y`", y, n_samples, n_samples, allowed)?;
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
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_design("SoftmaxRegression::predict_proba: `x`", x, self.coef.ncols())?;
        Ok(log_probabilities(Rows::Dense(x), &self.coef, &self.intercept).mapv_into(f64::exp))
    }

    /// As [`SoftmaxRegression::predict_proba`], for sparse rows.
    ///
    /// # Errors
    /// As [`SoftmaxRegression::predict_proba`].
    pub fn predict_proba_sparse(&self, x: CsMatView<f64>) -> Result<Array2<f64>> {
        let x = check_sparse_rows(
            "SoftmaxRegression::predict_proba_sparse: `x`",
            x,
            self.coef.ncols(),
        )?;
        Ok(log_probabilities(Rows::Sparse(&x), &self.coef, &self.intercept).mapv_into(f64::exp))
    }

    /// As [`SoftmaxRegression::predict`], for sparse rows.
    ///
    /// # Errors
    /// As [`SoftmaxRegression::predict_proba`].
    pub fn predict_sparse(&self, x: CsMatView<f64>) -> Result<Vec<usize>> {
        Ok(self.predict_proba_sparse(x)?.rows().into_iter().map(argmax).collect())
    }

    /// The likeliest class of each row; the lower one on a tie.
    ///
    /// # Errors
    /// As [`SoftmaxRegression::predict_proba`].
    #[views]
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
fn log_probabilities(rows: Rows, w: &Array2<f64>, b: &Array1<f64>) -> Array2<f64> {
    let mut z = rows.scores(w.view()) + b;
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
    fn a_weight_is_a_number_of_copies_and_none_is_no_row() {
        let iris = data::iris();
        let counts = |i: usize| i % 3;
        let rows: Vec<usize> = (0..150).flat_map(|i| vec![i; counts(i)]).collect();
        let labels: Vec<usize> = rows.iter().map(|&i| iris.y[i]).collect();
        let weights: Array1<f64> = (0..150).map(|i| 0.2 * counts(i) as f64).collect();
        let params = SoftmaxRegression::params().l2(0.05).tol(1e-10);
        let copied = params.fit(iris.x.select(Axis(0), &rows).view(), &labels).unwrap();
        let weighted = params.fit_weighted(iris.x.view(), &iris.y, weights.view()).unwrap();
        assert!(copied.converged && weighted.converged);
        assert!((&copied.coef - &weighted.coef).iter().all(|d| d.abs() < 1e-7));
        let negative = params.fit_weighted(iris.x.view(), &iris.y, (&weights - 0.1).view());
        assert!(matches!(negative, Err(Error::Negative { index: 0, .. })));
        let one = Array1::from_shape_fn(150, |i| f64::from(i < 50));
        let one = params.fit_weighted(iris.x.view(), &iris.y, one.view());
        assert!(matches!(one, Err(Error::SingleClass { class: 0, .. })));
    }

    #[test]
    fn sparse_rows_are_fitted_as_dense_ones() {
        let digits = data::digits();
        let sparse = sprs::CsMat::csr_from_dense(digits.x.view(), 0.0);
        let params = SoftmaxRegression::params().l2(0.1).max_iter(60);
        let dense = params.fit(digits.x.view(), &digits.y).unwrap();
        let thin = params.fit_sparse(sparse.view(), &digits.y).unwrap();
        let p = thin.predict_proba_sparse(sparse.view()).unwrap();
        assert!((p - dense.predict_proba(digits.x.view()).unwrap()).iter().all(|d| d.abs() < 1e-6));
        assert!(thin.predict_sparse(sprs::CsMat::<f64>::zero((1, 3)).view()).is_err());
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
