//! Ridge regression of sparse rows.
//!
//! ```text
//! d ≤ n:   G = X_cᵀ X_c = V Λ Vᵀ     w = V (Λ + α)⁻¹ Vᵀ X_cᵀ y_c
//! d > n:   K = X_c X_cᵀ = U Λ Uᵀ     w = X_cᵀ U (Λ + α)⁻¹ Uᵀ y_c
//! ```
//!
//! The rows are never centred: `X_cᵀ X_c = XᵀX − n x̄ x̄ᵀ`, and likewise `K`, so that what is 0 stays 0.

use super::penalised::check_alpha;
use super::ridge::{Ridge, RidgeParams};
use super::rows::{Rows, check_sparse, check_sparse_rows};
use crate::base::{check_positive, check_target, to_faer, views};
use crate::{Error, Result};
use faer::Side;
use ndarray::{Array1, Array2, ArrayView1};
use sprs::{CsMat, CsMatView};

/// Rows or columns, whichever are fewer: their square is held.
const MOST: usize = 5000;

impl RidgeParams {
    /// As [`RidgeParams::fit`], for sparse rows, by the eigenvalues of the smaller of `XᵀX` and `XXᵀ`.
    ///
    /// # Errors
    /// As [`RidgeParams::fit`]; [`Error::Parameter`] also for a penalty of 0, and [`Error::Shape`] when both rows
    /// and columns are more than 5000.
    ///
    /// ```
    /// use mlnotes::linear::ridge::Ridge;
    /// use mlnotes::text::tfidf::Tfidf;
    /// use ndarray::array;
    /// let texts = ["one apple", "two apples and a pear", "three pears"];
    /// let x = Tfidf::params().fit(&texts)?.transform(&texts)?;
    /// let model = Ridge::params(0.1).fit_sparse(x.view(), array![1.0, 2.0, 3.0].view())?;
    /// let said = model.predict_sparse(x.view())?;
    /// assert!(said[0] < said[1] && said[1] < said[2]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit_sparse(&self, x: CsMatView<f64>, y: ArrayView1<f64>) -> Result<Ridge> {
        let (alpha, fit_intercept) = self.settings();
        check_alpha("Ridge", "alpha", alpha)?;
        check_positive("Ridge: sparse rows", "alpha", alpha)?;
        let x = check_sparse("Ridge: `x`", x)?;
        check_target("Ridge: `y`", y, x.rows())?;
        let (n, d) = x.shape();
        if n < 2 {
            return Err(Error::TooFewSamples { what: "Ridge: `x`", needed: 2, got: n });
        }
        if n.min(d) > MOST {
            let expected = format!("at most {MOST} rows or at most {MOST} columns");
            return Err(Error::Shape {
                what: "Ridge: sparse `x`",
                expected,
                got: format!("{n}, {d}"),
            });
        }
        let rows = Rows::Sparse(&x);
        let (x_mean, y_mean) = if fit_intercept {
            let mean = rows.t_dot(Array1::from_elem(n, 1.0 / n as f64).view());
            (mean, y.sum() / n as f64)
        } else {
            (Array1::zeros(d), 0.0)
        };
        let y = &y - y_mean;
        crate::display::check_interrupt();
        let (coef, df) = if d <= n {
            let gram = products(&x.transpose_view().to_csr(), &x_mean, n);
            solve(&gram, rows.t_dot(y.view()).view(), alpha)?
        } else {
            let (along, mean) = (rows.dot(x_mean.view()), x_mean.dot(&x_mean));
            let mut kernel = outer(&x);
            for ((i, j), k) in kernel.indexed_iter_mut() {
                *k += mean - along[i] - along[j];
            }
            let (dual, df) = solve(&kernel, y.view(), alpha)?;
            (rows.t_dot(dual.view()) - &x_mean * dual.sum(), df)
        };
        Ok(Ridge::from_parts(y_mean - x_mean.dot(&coef), coef, df))
    }
}

impl Ridge {
    /// As [`Ridge::predict`], for sparse rows.
    ///
    /// # Errors
    /// As [`Ridge::predict`].
    pub fn predict_sparse(&self, x: CsMatView<f64>) -> Result<Array1<f64>> {
        let x = check_sparse_rows("Ridge::predict: `x`", x, self.coef.len())?;
        Ok(Rows::Sparse(&x).dot(self.coef.view()) + self.intercept)
    }
}

/// `XᵀX − n x̄ x̄ᵀ` from the columns of `X`, stored as rows.
fn products(columns: &CsMat<f64>, x_mean: &Array1<f64>, n: usize) -> Array2<f64> {
    let mut gram = outer(columns);
    for ((i, j), g) in gram.indexed_iter_mut() {
        *g -= n as f64 * x_mean[i] * x_mean[j];
    }
    gram
}

/// `A Aᵀ` of rows.
fn outer(a: &CsMat<f64>) -> Array2<f64> {
    let mut square = Array2::zeros((a.rows(), a.rows()));
    // Through the columns: pairs of rows meet where both have a number.
    for column in a.to_csc().outer_iterator() {
        for (i, &v) in column.iter() {
            column.iter().for_each(|(j, &w)| square[[i, j]] += v * w);
        }
    }
    square
}

/// `(A + α I)⁻¹ b` and `Σ λ / (λ + α)` of a symmetric matrix with no eigenvalue below 0 but by rounding.
fn solve(a: &Array2<f64>, b: ArrayView1<f64>, alpha: f64) -> Result<(Array1<f64>, f64)> {
    let eigen =
        to_faer(a.view()).self_adjoint_eigen(Side::Lower).map_err(|_| Error::NotConverged {
            estimator: "Ridge",
            n_iter: 0,
            change: f64::NAN,
            remedy: "the decomposition failed; scale the features to similar sizes",
        })?;
    let (vectors, values) = (eigen.U(), eigen.S().column_vector());
    let n = b.len();
    let (mut solution, mut df) = (Array1::<f64>::zeros(n), 0.0);
    for k in 0..n {
        let value = values[k].max(0.0);
        let along: f64 = (0..n).map(|i| vectors[(i, k)] * b[i]).sum();
        let part = along / (value + alpha);
        (0..n).for_each(|i| solution[i] += part * vectors[(i, k)]);
        df += value / (value + alpha);
    }
    Ok((solution, df))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use rand::Rng;

    fn problem(n: usize, d: usize) -> (Array2<f64>, Array1<f64>) {
        let mut rng = crate::base::stream(3, 0);
        let x = Array2::from_shape_fn((n, d), |_| {
            if rng.random_bool(0.3) { rng.random_range(-2.0..3.0) } else { 0.0 }
        });
        let y = Array1::from_shape_fn(n, |_| rng.random_range(0.0..9.0));
        (x, y)
    }

    #[test]
    fn sparse_rows_are_fitted_as_dense_ones_tall_or_wide() {
        for (n, d) in [(40, 7), (12, 30)] {
            let (x, y) = problem(n, d);
            for fit_intercept in [true, false] {
                let params = Ridge::params(0.7).fit_intercept(fit_intercept);
                let dense = params.fit(x.view(), y.view()).unwrap();
                let sparse = CsMat::csr_from_dense(x.view(), 0.0);
                for sparse in [sparse.to_csc(), sparse] {
                    let thin = params.fit_sparse(sparse.view(), y.view()).unwrap();
                    assert!((&thin.coef - &dense.coef).iter().all(|e| e.abs() < 1e-11));
                    assert!((thin.intercept - dense.intercept).abs() < 1e-11);
                    assert!((thin.df - dense.df).abs() < 1e-10);
                    let gap = thin.predict_sparse(sparse.view()).unwrap()
                        - dense.predict(x.view()).unwrap();
                    assert!(gap.iter().all(|e| e.abs() < 1e-10));
                }
            }
        }
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = problem(12, 3);
        let sparse = CsMat::csr_from_dense(x.view(), 0.0);
        let free = Ridge::params(0.0).fit_sparse(sparse.view(), y.view());
        assert!(matches!(free, Err(Error::Parameter { name: "alpha", .. })));
        let short = Ridge::params(1.0).fit_sparse(sparse.view(), array![1.0].view());
        assert!(matches!(short, Err(Error::Shape { .. })));
        let model = Ridge::params(1.0).fit_sparse(sparse.view(), y.view()).unwrap();
        assert!(model.predict_sparse(CsMat::<f64>::zero((1, 9)).view()).is_err());
        let huge = CsMat::<f64>::zero((MOST + 1, MOST + 1));
        let many = Ridge::params(1.0).fit_sparse(huge.view(), Array1::zeros(MOST + 1).view());
        assert!(matches!(many, Err(Error::Shape { .. })));
    }
}
