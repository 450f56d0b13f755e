//! Logistic regression of sparse rows, such as those of TF-IDF.

use super::super::design::check_labels;
use super::super::solvers::{lbfgs, split};
use super::model::{LogisticHistory, both_classes};
use super::{LogisticRegression, LogisticRegressionParams, Penalty, Solver};
use crate::base::{sigmoid, softplus, views};
use crate::linear::rows::{Rows, check_sparse, check_sparse_rows};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, s};
use sprs::CsMatView;

impl LogisticRegressionParams {
    /// As [`LogisticRegressionParams::fit`], for sparse rows, by L-BFGS: what is 0 costs nothing.
    ///
    /// It needs [`Penalty::L2`]. Rows with more columns than there are rows are separable as a rule, and then
    /// nothing else holds the weights. [`Solver::Newton`], the default, is taken for [`Solver::Lbfgs`], as its
    /// matrix would have a row and a column a feature.
    ///
    /// # Errors
    /// As [`LogisticRegressionParams::fit`]; [`Error::Parameter`] for another penalty or solver.
    ///
    /// ```
    /// use mlnotes::linear::logistic::{LogisticRegression, Penalty};
    /// use mlnotes::text::tfidf::Tfidf;
    /// let texts = ["good film", "a fine good plot", "bad film", "a dull bad plot"];
    /// let words = Tfidf::params().fit(&texts)?;
    /// let x = words.transform(&texts)?;
    /// let params = LogisticRegression::params().penalty(Penalty::L2(0.01));
    /// let model = params.fit_sparse(x.view(), &[1, 1, 0, 0])?;
    /// let new = words.transform(&["a good dull film", "bad, bad"])?;
    /// assert_eq!(model.predict_sparse(new.view())?[1], 0);
    /// let column = words.vocabulary().iter().position(|word| word == "good");
    /// assert!(column.is_some_and(|j| model.coef[j] > 1.0));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit_sparse(&self, x: CsMatView<f64>, y: &[usize]) -> Result<LogisticRegression> {
        let x = check_sparse("LogisticRegression: `x`", x)?;
        self.check_settings(y)?;
        check_labels("LogisticRegression: `y`", y, x.rows(), 2, "0 or 1")?;
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "LogisticRegression", name, rule, got })
        };
        let Penalty::L2(l2) = self.penalty else {
            return bad("penalty", "L2 for sparse rows", format!("{:?}", self.penalty));
        };
        if !matches!(self.solver, Solver::Newton | Solver::Lbfgs) {
            return bad("solver", "Lbfgs for sparse rows", format!("{:?}", self.solver));
        }
        let weights = match &self.sample_weight {
            Some(weights) => weights / weights.sum(),
            None => Array1::from_elem(y.len(), 1.0 / y.len() as f64),
        };
        let targets: Array1<f64> = y.iter().map(|&label| label as f64).collect();
        let (rows, d) = (Rows::Sparse(&x), x.cols());
        let value_and_gradient = |theta: ArrayView1<f64>| {
            let (w, b) = (theta.slice(s![..d]), theta[d]);
            let z = rows.dot(w) + b;
            let loss: f64 = z
                .iter()
                .zip(&targets)
                .zip(&weights)
                .map(|((&z, &y), &v)| v * (softplus(z) - y * z))
                .sum();
            let residual = (z.mapv_into(sigmoid) - &targets) * &weights;
            let mut gradient = Array1::zeros(d + 1);
            gradient.slice_mut(s![..d]).assign(&(rows.t_dot(residual.view()) + &w * l2));
            gradient[d] = if self.fit_intercept { residual.sum() } else { 0.0 };
            (loss + 0.5 * l2 * w.dot(&w), gradient)
        };
        let run = lbfgs(value_and_gradient, Array1::zeros(d + 1), self.limits());
        let value = |theta: &Array1<f64>| value_and_gradient(theta.view()).0;
        let (w, intercept) = split(run.theta.view());
        Ok(LogisticRegression {
            coef: w.to_owned(),
            intercept,
            n_iter: run.n_iter,
            converged: run.converged,
            history: run.path.map(|path| LogisticHistory::of(&path, value)),
            weighted: self.sample_weight.is_some(),
        })
    }
}

impl LogisticRegression {
    /// As [`LogisticRegression::decision_function`], for sparse rows.
    ///
    /// # Errors
    /// As [`LogisticRegression::decision_function`].
    pub fn decision_function_sparse(&self, x: CsMatView<f64>) -> Result<Array1<f64>> {
        let x = check_sparse_rows(
            "LogisticRegression::decision_function_sparse: `x`",
            x,
            self.coef.len(),
        )?;
        Ok(Rows::Sparse(&x).dot(self.coef.view()) + self.intercept)
    }

    /// As [`LogisticRegression::predict_proba`], for sparse rows.
    ///
    /// # Errors
    /// As [`LogisticRegression::decision_function`].
    pub fn predict_proba_sparse(&self, x: CsMatView<f64>) -> Result<Array2<f64>> {
        Ok(both_classes(&self.decision_function_sparse(x)?))
    }

    /// As [`LogisticRegression::predict`], for sparse rows.
    ///
    /// # Errors
    /// As [`LogisticRegression::decision_function`].
    pub fn predict_sparse(&self, x: CsMatView<f64>) -> Result<Vec<usize>> {
        Ok(self.decision_function_sparse(x)?.iter().map(|&z| usize::from(z > 0.0)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::noisy;
    use super::*;
    use ndarray::Array1;
    use sprs::CsMat;

    #[test]
    fn sparse_rows_are_fitted_as_dense_ones() {
        let (mut x, y) = noisy();
        x.mapv_inplace(|v| if v.abs() < 0.4 { 0.0 } else { v });
        let sparse = CsMat::csr_from_dense(x.view(), 0.0);
        let weights: Array1<f64> = (0..200).map(|i| f64::from(i % 3)).collect();
        let plain = LogisticRegression::params().penalty(Penalty::L2(0.03)).tol(1e-11);
        for params in [
            plain.clone(),
            plain.clone().fit_intercept(false),
            plain.sample_weight(weights).solver(Solver::Lbfgs),
        ] {
            let dense = params.fit(x.view(), &y).unwrap();
            let kept = params.clone().keep_history(true).fit_sparse(sparse.view(), &y).unwrap();
            super::super::check_history(&kept, true);
            for stored in [sparse.clone(), sparse.to_csc()] {
                let thin = params.fit_sparse(stored.view(), &y).unwrap();
                assert!(thin.converged && thin.history.is_none());
                assert!((&thin.coef - &dense.coef).iter().all(|d| d.abs() < 1e-8));
                assert!((thin.intercept - dense.intercept).abs() < 1e-8);
                let said = thin.predict_proba_sparse(stored.view()).unwrap();
                assert!(
                    (said - thin.predict_proba(x.view()).unwrap()).iter().all(|d| d.abs() < 1e-12)
                );
            }
        }
    }

    #[test]
    fn what_sparse_rows_do_not_take_is_named() {
        let (x, y) = noisy();
        let sparse = CsMat::csr_from_dense(x.view(), 0.0);
        let params = LogisticRegression::params;
        let name = |p: LogisticRegressionParams| match p.fit_sparse(sparse.view(), &y) {
            Err(Error::Parameter { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(params()), "penalty");
        let held = || params().penalty(Penalty::L2(0.1));
        assert_eq!(name(held().solver(Solver::Sgd { learning_rate: 0.1 })), "solver");
        assert_eq!(name(held().max_iter(0)), "max_iter");
        assert!(matches!(held().fit_sparse(sparse.view(), &y[..9]), Err(Error::Shape { .. })));
        let model = held().fit_sparse(sparse.view(), &y).unwrap();
        let wide = CsMat::<f64>::zero((2, 5));
        assert!(matches!(model.predict_sparse(wide.view()), Err(Error::Shape { .. })));
    }
}
