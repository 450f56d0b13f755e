//! Linear regression by least squares, with standard errors that say what they assume.
//!
//! ```text
//! minimise Σᵢ wᵢ (yᵢ − b − xᵢᵀ β)²                          β = (X̃ᵀ W X̃)⁻¹ X̃ᵀ W y,   X̃ = [X, 1]
//! classical:  Cov β̂ = s² (X̃ᵀ W X̃)⁻¹,  s² = Σ wᵢ eᵢ² / (n − k)           equal variances, no correlation
//! HC1:        Cov β̂ = n/(n − k) · B (Σᵢ wᵢ² eᵢ² x̃ᵢ x̃ᵢᵀ) B               unequal variances
//! cluster:    Cov β̂ = G/(G − 1) · (n − 1)/(n − k) · B (Σ_g u_g u_gᵀ) B    rows of one group belong together
//!             B = (X̃ᵀ W X̃)⁻¹,  u_g = Σ_{i in g} wᵢ eᵢ x̃ᵢ
//! ```
//!
//! Columns are centred and scaled, then solved by QR with pivoting: the normal equations would square
//! the condition number. Columns that depend on the others are named, not silently dropped.
//!
//! # References
//! Hastie, Tibshirani & Friedman (2009), section 3.2; White (1980) and MacKinnon & White (1985) for HC1;
//! Liang & Zeger (1986) and Cameron & Miller (2015), eq. 11, for clusters.

use crate::base::{
    Fitted, Regressor, Test, check_matrix, check_vector, finite, r2_of, setters, shape, stored,
    to_faer, views,
};
use crate::{Error, Result};
use faer::linalg::triangular_solve::solve_upper_triangular_in_place;
use faer::{Mat, Par};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::collections::BTreeMap;

/// A column whose part that the others do not explain is below this share of its length is dependent.
const RANK_TOLERANCE: f64 = 1e-10;

/// What the standard errors assume of the residuals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OlsCovariance {
    /// Equal variances, no correlation.
    #[default]
    Classical,
    /// Unequal variances, no correlation (White's, with the small-sample factor `n/(n − k)`).
    Hc1,
    /// Any correlation within a group, none between groups; the group of each row, shape `(n_samples,)`.
    Cluster(Vec<usize>),
}

impl LinearRegression {
    /// Default settings: an intercept, equal weights, classical standard errors.
    ///
    /// ```
    /// use mlnotes::linear::ols::LinearRegression;
    /// use ndarray::array;
    /// let (x, y) = (array![[0.0], [1.0], [2.0]], array![1.0, 3.0, 5.0]);
    /// let line = LinearRegression::params().fit(x.view(), y.view())?;
    /// assert!((line.coef[0] - 2.0).abs() < 1e-12 && (line.intercept - 1.0).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> LinearRegressionParams {
        LinearRegressionParams::default()
    }
}

/// Settings of a linear regression.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `fit_intercept` | true | | whether `b` is estimated or 0 |
/// | `weights` | all 1 | `> 0`, one a row | inverse variances, up to a factor |
/// | `covariance` | classical | | what the standard errors assume |
#[derive(Debug, Clone)]
pub struct LinearRegressionParams {
    fit_intercept: bool,
    weights: Option<Array1<f64>>,
    covariance: OlsCovariance,
}

impl Default for LinearRegressionParams {
    fn default() -> Self {
        Self { fit_intercept: true, weights: None, covariance: OlsCovariance::Classical }
    }
}

impl LinearRegressionParams {
    setters! {
        /// Whether to estimate an intercept.
        fit_intercept: bool;
        /// Weights of the rows, shape `(n_samples,)`.
        weights: Array1<f64> => Some;
        /// What the standard errors assume.
        covariance: OlsCovariance;
    }

    /// Fits `y`, shape `(n_samples,)`, on `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`]; [`Error::TooFewSamples`] unless there are
    /// more rows than coefficients; [`Error::ZeroVariance`] beside an intercept; [`Error::Collinear`];
    /// [`Error::Parameter`] for weights that are not above 0 and for fewer than two clusters.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<LinearRegression> {
        let weights = self.check(x, y)?;
        let design = Design::new(x, weights.view(), self.fit_intercept)?;
        let qr = design.factor()?;
        let solution = qr.solve(&(&y * &weights.mapv(f64::sqrt)));
        let fitted = design.z.dot(&solution);
        let residuals = &y - &fitted;
        let (n, k) = design.z.dim();
        let df_residual = n - k;
        let rss = (&weights * &residuals * &residuals).sum();
        let sigma2 = rss / df_residual as f64;
        let (covariance, df_inference) =
            self.covariance_of(&design, &qr.bread(), &weights, &residuals, sigma2);
        let theta = design.jacobian.dot(&solution);
        let covariance = design.jacobian.dot(&covariance).dot(&design.jacobian.t());
        let mean_y = (&weights * &y).sum() / weights.sum();
        let centre = if self.fit_intercept { mean_y } else { 0.0 };
        let tss = weights.iter().zip(&y).map(|(w, y)| w * (y - centre).powi(2)).sum::<f64>();
        let std = covariance.diag().mapv(|v| v.max(0.0).sqrt());
        let d = x.ncols();
        Ok(LinearRegression {
            coef: theta.slice(ndarray::s![..d]).to_owned(),
            intercept: if self.fit_intercept { theta[d] } else { 0.0 },
            std_errors: std.slice(ndarray::s![..d]).to_owned(),
            intercept_std_error: if self.fit_intercept { std[d] } else { 0.0 },
            covariance,
            residuals,
            sigma2,
            df_residual,
            df_inference,
            r2: if tss > 0.0 { 1.0 - rss / tss } else { f64::from(u8::from(rss <= 0.0)) },
        })
    }

    /// Every rule of the input; gives the weights.
    fn check(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<Array1<f64>> {
        const WHAT: &str = "LinearRegression: `x`";
        check_matrix(WHAT, x)?;
        let n = x.nrows();
        let of_rows = |what: &'static str, length: usize| {
            let (expected, got) = (format!("({n},)"), format!("({length},)"));
            if length == n { Ok(()) } else { Err(Error::Shape { what, expected, got }) }
        };
        of_rows("LinearRegression: `y`", y.len())?;
        check_vector("LinearRegression: `y`", y)?;
        let k = x.ncols() + usize::from(self.fit_intercept);
        if n <= k {
            return Err(Error::TooFewSamples { what: WHAT, needed: k + 1, got: n });
        }
        let setting = |name, rule, got: String| Error::Parameter {
            estimator: "LinearRegression",
            name,
            rule,
            got,
        };
        if let OlsCovariance::Cluster(groups) = &self.covariance {
            of_rows("LinearRegression: `covariance` (clusters)", groups.len())?;
            if groups.iter().all(|g| Some(g) == groups.first()) {
                let rule = "clusters, two or more different ones";
                return Err(setting("covariance", rule, "one cluster".to_owned()));
            }
        }
        let Some(weights) = &self.weights else { return Ok(Array1::ones(n)) };
        of_rows("LinearRegression: `weights`", weights.len())?;
        match weights.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
            Some(w) => Err(setting("weights", "finite and > 0", w.to_string())),
            None => Ok(weights.clone()),
        }
    }

    /// Covariance of the solution in the scaled design, and the degrees of freedom of its t-tests.
    fn covariance_of(
        &self,
        design: &Design,
        bread: &Array2<f64>,
        weights: &Array1<f64>,
        residuals: &Array1<f64>,
        sigma2: f64,
    ) -> (Array2<f64>, f64) {
        let (n, k) = design.z.dim();
        let df = (n - k) as f64;
        // uᵢ = wᵢ eᵢ x̃ᵢ, the score of a row.
        let score = &design.z * &(weights * residuals).insert_axis(Axis(1));
        let sandwich = |u: &Array2<f64>| bread.dot(&u.t().dot(u)).dot(bread);
        match &self.covariance {
            OlsCovariance::Classical => (bread * sigma2, df),
            OlsCovariance::Hc1 => (sandwich(&score) * (n as f64 / df), df),
            OlsCovariance::Cluster(groups) => {
                let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
                for &group in groups {
                    let next = rows.len();
                    rows.entry(group).or_insert(next);
                }
                let g = rows.len();
                let mut sums = Array2::<f64>::zeros((g, k));
                for (group, u) in groups.iter().zip(score.rows()) {
                    let mut sum = sums.row_mut(rows[group]);
                    sum += &u;
                }
                let g = g as f64;
                let factor = g / (g - 1.0) * (n as f64 - 1.0) / df;
                (sandwich(&sums) * factor, g - 1.0)
            }
        }
    }
}

/// A fitted line, plane or hyperplane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct LinearRegression {
    /// Slopes `β`, shape `(n_features,)`.
    pub coef: Array1<f64>,
    /// Intercept `b`; 0 when none was asked for.
    pub intercept: f64,
    /// Standard errors of the slopes, shape `(n_features,)`.
    pub std_errors: Array1<f64>,
    /// Standard error of the intercept; 0 when none was asked for.
    pub intercept_std_error: f64,
    /// Covariance of slopes and, last, the intercept, shape `(k, k)`.
    pub covariance: Array2<f64>,
    /// `y` minus the fitted values, shape `(n_samples,)`.
    pub residuals: Array1<f64>,
    /// Estimated variance of the noise, `Σ w e² / (n − k)`.
    pub sigma2: f64,
    /// Rows minus estimated coefficients.
    pub df_residual: usize,
    /// Degrees of freedom of the t-tests: `n − k`, or the number of clusters minus 1.
    pub df_inference: f64,
    /// Share of the variance of `y` that is explained; about 0 instead of the mean without an intercept.
    pub r2: f64,
}

stored!(LinearRegression, |m| {
    let d = m.coef.len();
    finite("coef", m.coef.iter().chain([&m.intercept]))?;
    shape("std_errors", m.std_errors.len(), d)
});

impl LinearRegression {
    /// Predictions `x β + b`, shape `(n_rows,)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`] or [`Error::NotFinite`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        const WHAT: &str = "LinearRegression::predict: `x`";
        check_matrix(WHAT, x)?;
        if x.ncols() != self.coef.len() {
            let expected = format!("(n_rows, {})", self.coef.len());
            return Err(Error::Shape { what: WHAT, expected, got: format!("{:?}", x.dim()) });
        }
        Ok(x.dot(&self.coef) + self.intercept)
    }

    /// `R²` on `x`, shape `(n_rows, n_features)`, and `y`, shape `(n_rows,)`: below 0 on rows where the mean
    /// would have done better.
    ///
    /// # Errors
    /// As [`LinearRegression::predict`]; [`Error::Shape`], [`Error::NotFinite`] or, for a constant `y`,
    /// [`Error::ZeroVariance`].
    ///
    /// ```
    /// use mlnotes::linear::ols::LinearRegression;
    /// use ndarray::array;
    /// let (x, y) = (array![[0.0], [1.0], [2.0], [3.0]], array![0.1, 0.9, 2.1, 2.9]);
    /// let line = LinearRegression::params().fit(x.view(), y.view())?;
    /// assert!((line.score(x.view(), y.view())? - line.r2).abs() < 1e-12);
    /// assert!(line.score(array![[4.0], [5.0]].view(), array![0.0, 1.0].view())? < 0.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        r2_of("LinearRegression::score: `y`", self.predict(x)?.view(), y)
    }

    /// Tests slope `j` against 0 by Student's t, with a 95 % interval.
    ///
    /// # Errors
    /// [`Error::Parameter`] when there is no slope `j`; [`Error::ZeroVariance`] when the fit is exact, so that
    /// its standard error is 0.
    ///
    /// ```
    /// use mlnotes::linear::ols::LinearRegression;
    /// use ndarray::array;
    /// let x = array![[0.0], [1.0], [2.0], [3.0]];
    /// let line = LinearRegression::params().fit(x.view(), array![0.1, 0.9, 2.1, 2.9].view())?;
    /// let test = line.t_test(0)?;
    /// assert!(test.p_value < 0.01 && test.df == Some(2.0));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn t_test(&self, j: usize) -> Result<Test> {
        let (Some(&coef), Some(&std)) = (self.coef.get(j), self.std_errors.get(j)) else {
            return Err(Error::Parameter {
                estimator: "LinearRegression::t_test",
                name: "j",
                rule: "the number of a feature",
                got: j.to_string(),
            });
        };
        let flat = Error::ZeroVariance {
            what: "LinearRegression::t_test: the residual",
            col: None,
            value: 0.0,
        };
        if std <= 0.0 {
            return Err(flat);
        }
        let Ok(t) = StudentsT::new(0.0, 1.0, self.df_inference) else { return Err(flat) };
        let statistic = coef / std;
        let half = t.inverse_cdf(0.975) * std;
        Ok(Test::new(statistic, 2.0 * t.cdf(-statistic.abs()))
            .with_df(self.df_inference)
            .with_effect(coef)
            .with_ci(coef - half, coef + half))
    }
}

/// The design in centred and scaled columns, and the way back.
struct Design {
    /// `[(x − x̄)/s, 1]`, shape `(n, k)`; without an intercept `x/s`.
    z: Array2<f64>,
    /// The same, times `√w`.
    weighted: Array2<f64>,
    /// Slopes and intercept of `x` are `jacobian · solution`, shape `(k, k)`.
    jacobian: Array2<f64>,
}

impl Design {
    fn new(x: ArrayView2<f64>, weights: ArrayView1<f64>, intercept: bool) -> Result<Self> {
        let (n, d) = x.dim();
        let k = d + usize::from(intercept);
        let total = weights.sum();
        let mean = if intercept { weights.dot(&x) / total } else { Array1::zeros(d) };
        let mut z = Array2::ones((n, k));
        let mut jacobian = Array2::zeros((k, k));
        for j in 0..d {
            let centred = &x.column(j) - mean[j];
            let scale = ((&weights * &centred * &centred).sum() / total).sqrt();
            let size = x.column(j).fold(0.0_f64, |a, b| a.max(b.abs()));
            // Rounding leaves a constant column with a deviation of some ulps of its size.
            if scale <= 10.0 * f64::EPSILON * size {
                let what = "LinearRegression: `x`";
                return Err(Error::ZeroVariance { what, col: Some(j), value: x[[0, j]] });
            }
            z.column_mut(j).assign(&(centred / scale));
            jacobian[[j, j]] = 1.0 / scale;
            if intercept {
                jacobian[[d, j]] = -mean[j] / scale;
            }
        }
        if intercept {
            jacobian[[d, d]] = 1.0;
        }
        let weighted = &z * &weights.mapv(f64::sqrt).insert_axis(Axis(1));
        Ok(Self { z, weighted, jacobian })
    }

    /// QR with pivoting: the diagonal of R falls, and where it vanishes the columns depend on others.
    fn factor(&self) -> Result<Factor> {
        let k = self.weighted.ncols();
        let qr = to_faer(self.weighted.view()).col_piv_qr();
        let order: Vec<usize> = qr.P().arrays().0.to_vec();
        let r = qr.thin_R().to_owned();
        let length = (self.weighted.column(0).dot(&self.weighted.column(0))).sqrt();
        let dependent: Vec<usize> =
            (0..k).filter(|&j| r[(j, j)].abs() <= RANK_TOLERANCE * length).collect();
        if !dependent.is_empty() {
            let mut columns: Vec<usize> = dependent.into_iter().map(|j| order[j]).collect();
            columns.sort_unstable();
            return Err(Error::Collinear { what: "LinearRegression: `x`", columns });
        }
        Ok(Factor { q: qr.compute_thin_Q(), r, order })
    }
}

struct Factor {
    q: Mat<f64>,
    r: Mat<f64>,
    order: Vec<usize>,
}

impl Factor {
    /// Least squares: `R g = Qᵀ y`, then the columns put back in order.
    fn solve(&self, y: &Array1<f64>) -> Array1<f64> {
        let mut g = self.q.transpose() * Mat::from_fn(y.len(), 1, |i, _| y[i]);
        solve_upper_triangular_in_place(self.r.as_ref(), g.as_mut(), Par::Seq);
        let mut solution = Array1::zeros(self.order.len());
        for (j, &column) in self.order.iter().enumerate() {
            solution[column] = g[(j, 0)];
        }
        solution
    }

    /// `(Zᵀ W Z)⁻¹ = P R⁻¹ R⁻ᵀ Pᵀ`, shape `(k, k)`.
    fn bread(&self) -> Array2<f64> {
        let k = self.order.len();
        let mut inverse = Mat::<f64>::identity(k, k);
        solve_upper_triangular_in_place(self.r.as_ref(), inverse.as_mut(), Par::Seq);
        let product = &inverse * inverse.transpose();
        let mut bread = Array2::zeros((k, k));
        for (i, &a) in self.order.iter().enumerate() {
            for (j, &b) in self.order.iter().enumerate() {
                bread[[a, b]] = product[(i, j)];
            }
        }
        bread
    }
}

impl Regressor for LinearRegressionParams {
    fn fit_base(&self, x: ArrayView2<f64>, y: ArrayView1<f64>, _: u64) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit(x, y)?))
    }
}

impl Fitted for LinearRegression {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(self.predict(x)?.insert_axis(Axis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn three_points_by_hand() {
        // x̄ = 1, ȳ = 2, Σ(x−x̄)(y−ȳ) = 3, Σ(x−x̄)² = 2: β = 3/2, b = 1/2, residuals ½, −1, ½.
        let (x, y) = (array![[0.0], [1.0], [2.0]], array![1.0, 1.0, 4.0]);
        let model = LinearRegression::params().fit(x.view(), y.view()).unwrap();
        assert!((model.coef[0] - 1.5).abs() < 1e-12 && (model.intercept - 0.5).abs() < 1e-12);
        assert!((&model.residuals - &array![0.5, -1.0, 0.5]).iter().all(|e| e.abs() < 1e-12));
        assert!((model.sigma2 - 1.5).abs() < 1e-12, "1.5 / (3 - 2)");
        assert!((model.std_errors[0] - 0.75_f64.sqrt()).abs() < 1e-12);
        assert!((model.r2 - 0.75).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_estimated_is_named() {
        let y = array![1.0, 2.0, 3.0, 5.0];
        let x = array![[1.0, 2.0, 1.0], [2.0, 4.0, 0.0], [3.0, 6.0, 4.0], [4.0, 8.0, 2.0]];
        let few = LinearRegression::params().fit(x.view(), y.view()).unwrap_err();
        assert!(matches!(few, Error::TooFewSamples { needed: 5, got: 4, .. }), "{few}");
        let two = x.slice(ndarray::s![.., ..2]);
        let error = LinearRegression::params().fit(two, y.view()).unwrap_err();
        let Error::Collinear { columns, .. } = &error else { panic!("{error}") };
        assert!(columns == &[0] || columns == &[1], "{error}");
        let flat = array![[1.0], [1.0], [1.0], [1.0]];
        let error = LinearRegression::params().fit(flat.view(), y.view()).unwrap_err();
        assert!(matches!(error, Error::ZeroVariance { col: Some(0), .. }), "{error}");
        let free = LinearRegression::params().fit_intercept(false).fit(flat.view(), y.view());
        assert!((free.unwrap().coef[0] - 2.75).abs() < 1e-12);
        let one = LinearRegression::params().covariance(OlsCovariance::Cluster(vec![3; 4]));
        assert!(matches!(one.fit(two, y.view()), Err(Error::Parameter { .. })));
        let weights = LinearRegression::params().weights(array![1.0, 0.0, 1.0, 1.0]);
        let error = weights.fit(flat.view(), y.view()).unwrap_err().to_string();
        assert!(error.contains("`weights` must be finite and > 0, got 0"), "{error}");
        let exact = array![[0.0], [1.0], [2.0], [4.0]];
        let line = LinearRegression::params().fit(exact.view(), array![0.0, 1.0, 2.0, 4.0].view());
        let _ = line.unwrap().t_test(5).unwrap_err();
    }

    proptest! {
        /// The residual is orthogonal to every column, and a change of units changes nothing else.
        #[test]
        fn the_normal_equations_hold(
            values in proptest::collection::vec(-5.0_f64..5.0, 24),
            y in proptest::collection::vec(-5.0_f64..5.0, 12),
            unit in 1e-6_f64..1e6,
        ) {
            let x = Array2::from_shape_vec((12, 2), values).unwrap();
            let y = Array1::from(y);
            let model = LinearRegression::params().fit(x.view(), y.view());
            // Columns that depend on each other are rejected; too many rejections fail.
            prop_assume!(!matches!(model, Err(Error::Collinear { .. })));
            let model = model.unwrap();
            prop_assert!(model.residuals.sum().abs() < 1e-9);
            prop_assert!(x.t().dot(&model.residuals).iter().all(|v| v.abs() < 1e-8));
            let mut scaled = x.clone();
            scaled.column_mut(0).mapv_inplace(|v| v * unit);
            let other = LinearRegression::params().fit(scaled.view(), y.view()).unwrap();
            let (a, b) = (model.coef[0], other.coef[0] * unit);
            prop_assert!((a - b).abs() <= 1e-8 * a.abs().max(1.0));
            prop_assert!((model.r2 - other.r2).abs() < 1e-9);
        }
    }
}
