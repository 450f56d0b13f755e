//! Two classes: settings, fit and fitted model.

use super::design::{check_design, check_labels};
use super::loss::hessian;
use super::separability::is_linearly_separable;
use super::solvers::{
    Objective, Run, gradient_descent, lbfgs, newton, proximal, split, stochastic,
};
use crate::numeric::sigmoid;
use crate::{Error, Result};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{Array1, ArrayView2};

/// What is added to the mean loss; the intercept is never penalised.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Penalty {
    /// Nothing.
    #[default]
    None,
    /// `λ/2 ‖w‖²`; scikit-learn's `C` is `1 / (n λ)`.
    L2(f64),
    /// `λ ‖w‖₁`; needs [`Solver::Proximal`].
    L1(f64),
    /// `λ (ratio ‖w‖₁ + (1 − ratio)/2 ‖w‖²)`; needs [`Solver::Proximal`].
    ElasticNet {
        /// Strength of the whole.
        lambda: f64,
        /// Share of the L1 part, in `[0, 1]`.
        ratio: f64,
    },
}

impl Penalty {
    fn l1(self) -> f64 {
        match self {
            Self::None | Self::L2(_) => 0.0,
            Self::L1(lambda) => lambda,
            Self::ElasticNet { lambda, ratio } => lambda * ratio,
        }
    }

    fn l2(self) -> f64 {
        match self {
            Self::None | Self::L1(_) => 0.0,
            Self::L2(lambda) => lambda,
            Self::ElasticNet { lambda, ratio } => lambda * (1.0 - ratio),
        }
    }
}

/// How the loss is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Solver {
    /// Newton's method with step halving, which here is iteratively reweighted least squares.
    #[default]
    Newton,
    /// A fixed step against the gradient.
    GradientDescent {
        /// The step `η`; below `2 / λ_max(H)` it converges.
        learning_rate: f64,
    },
    /// One random sample a step, `η / (1 + epoch)`; an iteration is an epoch.
    Sgd {
        /// The step of the first epoch.
        learning_rate: f64,
    },
    /// Limited-memory BFGS.
    Lbfgs,
    /// Accelerated proximal gradient (FISTA); the one that takes an L1 penalty.
    Proximal,
}

/// Entry point: [`LogisticRegression::params`].
#[derive(Debug, Clone, Copy)]
pub struct LogisticRegression;

impl LogisticRegression {
    /// Default settings.
    ///
    /// ```
    /// use mlnotes::data::{breast_cancer, standardize};
    /// use mlnotes::linear::logistic::{LogisticRegression, Penalty};
    /// let x = standardize(breast_cancer().x.view())?.x;
    /// let y = &breast_cancer().y;
    /// let model = LogisticRegression::params().penalty(Penalty::L2(1e-3)).fit(x.view(), y)?;
    /// assert!(model.converged && model.score(x.view(), y)? > 0.98);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> LogisticRegressionParams {
        LogisticRegressionParams {
            penalty: Penalty::None,
            solver: Solver::Newton,
            fit_intercept: true,
            max_iter: 1000,
            tol: 1e-8,
            seed: 0,
            sample_weight: None,
        }
    }
}

/// Settings of a logistic regression.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `penalty` | `None` | strengths `> 0` | what is added to the mean loss |
/// | `solver` | `Newton` | | how it is minimised |
/// | `fit_intercept` | `true` | | whether `b` is free or 0 |
/// | `max_iter` | 1000 | `>= 1` | steps (epochs for `Sgd`) |
/// | `tol` | 1e-8 | `> 0` | stop when no entry of the gradient is larger |
/// | `seed` | 0 | | order of the samples in `Sgd` |
/// | `sample_weight` | all 1 | `> 0`, one a row | how much a row counts, up to a factor |
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegressionParams {
    penalty: Penalty,
    solver: Solver,
    fit_intercept: bool,
    max_iter: usize,
    tol: f64,
    seed: u64,
    sample_weight: Option<Array1<f64>>,
}

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LogisticModel {
    /// Weights `w`, shape `(n_features,)`.
    pub coef: Array1<f64>,
    /// Intercept `b`.
    pub intercept: f64,
    /// Steps made.
    pub n_iter: usize,
    /// Whether the gradient came below `tol`.
    pub converged: bool,
    /// Penalised loss before the first step and after each, shape `(n_iter + 1,)`.
    pub trace: Array1<f64>,
    /// `(w, b)` before the first step and after each.
    pub path: Vec<(Array1<f64>, f64)>,
    /// Whether rows had weights, which the standard errors do not know.
    weighted: bool,
}

impl LogisticRegressionParams {
    /// Sets the penalty.
    #[must_use]
    pub fn penalty(mut self, penalty: Penalty) -> Self {
        self.penalty = penalty;
        self
    }

    /// Sets the solver.
    #[must_use]
    pub fn solver(mut self, solver: Solver) -> Self {
        self.solver = solver;
        self
    }

    /// Whether to fit an intercept.
    #[must_use]
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.fit_intercept = fit_intercept;
        self
    }

    /// Sets the largest number of steps.
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Sets the size of the gradient at which to stop.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Seeds the order of the samples in [`Solver::Sgd`].
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how much each row counts, shape `(n_samples,)`: the loss becomes `Σ vᵢ ℓᵢ / Σ vᵢ`, so a
    /// weight of 2 is a row that stands there twice, and only ratios of weights matter. scikit-learn's
    /// `C` is then `1 / (λ Σ vᵢ)`.
    ///
    /// Weights that differ between the classes shift the probabilities; see
    /// [`crate::sampling::imbalance`].
    ///
    /// ```
    /// use mlnotes::linear::logistic::LogisticRegression;
    /// use ndarray::array;
    /// let x = array![[0.0], [1.0], [2.0], [3.0]];
    /// let twice = array![[0.0], [1.0], [2.0], [2.0], [3.0]];
    /// let weights = array![1.0, 1.0, 2.0, 1.0];
    /// let params = LogisticRegression::params();
    /// let repeated = params.fit(twice.view(), &[0, 1, 0, 0, 1])?;
    /// let weighted = params.sample_weight(weights).fit(x.view(), &[0, 1, 0, 1])?;
    /// assert!((weighted.coef[0] - repeated.coef[0]).abs() < 1e-6);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    pub fn sample_weight(mut self, sample_weight: Array1<f64>) -> Self {
        self.sample_weight = Some(sample_weight);
        self
    }

    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, 0 or 1.
    ///
    /// A model that ran out of steps is returned with `converged` false; its `trace` shows why.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`],
    /// [`Error::SingleClass`], [`Error::Parameter`]; [`Error::Separable`] when Newton or L-BFGS look for
    /// an unpenalised optimum that does not exist; [`Error::NotConverged`] when a learning rate makes
    /// the weights overflow.
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<LogisticModel> {
        self.check(x, y)?;
        let unpenalised = self.penalty == Penalty::None;
        let second_order = matches!(self.solver, Solver::Newton | Solver::Lbfgs);
        if unpenalised && second_order && is_linearly_separable(x, y)? {
            return Err(Error::Separable { estimator: "LogisticRegression" });
        }
        let weights = self.weights(y.len());
        let targets: Array1<f64> = y.iter().map(|&label| label as f64).collect();
        let objective = Objective {
            x: x.view(),
            y: targets.view(),
            weights: weights.view(),
            l2: self.penalty.l2(),
            fit_intercept: self.fit_intercept,
        };
        let run = self.solve(&objective);
        if run.theta.iter().any(|v| !v.is_finite()) {
            return Err(Error::NotConverged {
                estimator: "LogisticRegression",
                n_iter: run.path.len() - 1,
                change: run.change,
                remedy: "the weights overflowed; lower the learning rate or standardise the features",
            });
        }
        Ok(self.model(&objective, &run))
    }

    /// A weight for each of `n` rows, of mean 1.
    fn weights(&self, n: usize) -> Array1<f64> {
        match &self.sample_weight {
            Some(v) => v * (n as f64 / v.sum()),
            None => Array1::ones(n),
        }
    }

    fn solve(&self, objective: &Objective) -> Run {
        let (max_iter, tol) = (self.max_iter, self.tol);
        match self.solver {
            Solver::Newton => newton(objective, max_iter, tol),
            Solver::GradientDescent { learning_rate } => {
                gradient_descent(objective, learning_rate, max_iter, tol)
            }
            Solver::Sgd { learning_rate } => {
                stochastic(objective, learning_rate, max_iter, tol, self.seed)
            }
            Solver::Lbfgs => {
                let start = Array1::zeros(objective.n_features() + 1);
                lbfgs(|t| (objective.value(t), objective.gradient(t)), start, max_iter, tol)
            }
            Solver::Proximal => proximal(objective, self.penalty.l1(), max_iter, tol),
        }
    }

    fn model(&self, objective: &Objective, run: &Run) -> LogisticModel {
        let l1 = self.penalty.l1();
        let penalised = |theta: &Array1<f64>| {
            let (w, _) = split(theta.view());
            objective.value(theta.view()) + l1 * w.mapv(f64::abs).sum()
        };
        let pair = |theta: &Array1<f64>| {
            let (w, b) = split(theta.view());
            (w.to_owned(), b)
        };
        let (coef, intercept) = pair(&run.theta);
        LogisticModel {
            coef,
            intercept,
            n_iter: run.path.len() - 1,
            converged: run.converged,
            trace: run.path.iter().map(penalised).collect(),
            path: run.path.iter().map(pair).collect(),
            weighted: self.sample_weight.is_some(),
        }
    }

    fn check(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<()> {
        check_design("LogisticRegression: `x`", x, x.ncols())?;
        check_labels("LogisticRegression: `y`", y, x.nrows(), 2, "0 or 1")?;
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "LogisticRegression", name, rule, got })
        };
        let positive = |v: f64| v.is_finite() && v > 0.0;
        if self.max_iter == 0 {
            return bad("max_iter", ">= 1", "0".into());
        }
        if !positive(self.tol) {
            return bad("tol", "finite and > 0", self.tol.to_string());
        }
        if let Solver::GradientDescent { learning_rate } | Solver::Sgd { learning_rate } =
            self.solver
            && !positive(learning_rate)
        {
            return bad("learning_rate", "finite and > 0", learning_rate.to_string());
        }
        let (lambda, ratio) = match self.penalty {
            Penalty::None => (1.0, 0.0),
            Penalty::L2(lambda) | Penalty::L1(lambda) => (lambda, 0.0),
            Penalty::ElasticNet { lambda, ratio } => (lambda, ratio),
        };
        if !positive(lambda) {
            return bad("penalty", "of a strength that is finite and > 0", lambda.to_string());
        }
        if !(0.0..=1.0).contains(&ratio) {
            return bad("ratio", "from 0 to 1", ratio.to_string());
        }
        if self.penalty.l1() > 0.0 && self.solver != Solver::Proximal {
            let got = format!("{:?}", self.solver);
            return bad("solver", "Solver::Proximal when the penalty has an L1 part", got);
        }
        let Some(v) = &self.sample_weight else { return Ok(()) };
        if v.len() != y.len() {
            let (expected, got) = (format!("({},)", y.len()), format!("({},)", v.len()));
            return Err(Error::Shape {
                what: "LogisticRegression: `sample_weight`",
                expected,
                got,
            });
        }
        match v.iter().find(|v| !positive(**v)) {
            Some(v) => bad("sample_weight", "finite and > 0; drop rows of weight 0", v.to_string()),
            None if !positive(y.len() as f64 / v.sum()) => {
                bad("sample_weight", "of a finite sum that is not nearly 0", v.sum().to_string())
            }
            None => Ok(()),
        }
    }
}

impl LogisticModel {
    /// The scores `z = Xw + b`, shape `(n_rows,)`; positive means class 1.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    pub fn decision_function(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        check_design("LogisticModel: `x`", x, self.coef.len())?;
        Ok(x.dot(&self.coef) + self.intercept)
    }

    /// `P(y = 1 | x)` for each row, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`LogisticModel::decision_function`].
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        Ok(self.decision_function(x)?.mapv_into(sigmoid))
    }

    /// The likelier class of each row, 0 or 1.
    ///
    /// # Errors
    /// As [`LogisticModel::decision_function`].
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self.decision_function(x)?.iter().map(|&z| usize::from(z > 0.0)).collect())
    }

    /// The share of rows whose class is predicted right.
    ///
    /// # Errors
    /// As [`LogisticModel::decision_function`], and [`Error::Shape`] when `y` has another length.
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        let predicted = self.predict(x)?;
        if predicted.len() != y.len() {
            let (expected, got) = (format!("({},)", predicted.len()), format!("({},)", y.len()));
            return Err(Error::Shape { what: "LogisticModel::score: `y`", expected, got });
        }
        let right = predicted.iter().zip(y).filter(|(a, b)| a == b).count();
        Ok(right as f64 / y.len() as f64)
    }

    /// Standard errors of `(w, b)`, shape `(n_features + 1,)`, from the observed information `n H` of an
    /// unpenalised fit on `x`: `√diag((n H)⁻¹)`.
    ///
    /// # Errors
    /// As [`LogisticModel::decision_function`], and [`Error::NotPositiveDefinite`] when columns are
    /// collinear or every probability is saturated; [`Error::NotRegular`] after a fit with
    /// `sample_weight`: weights are no counts of rows, and the information does not know them.
    pub fn std_errors(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        check_design("LogisticModel::std_errors: `x`", x, self.coef.len())?;
        if self.weighted {
            return Err(Error::NotRegular {
                what: "LogisticModel::std_errors",
                problem: "the rows had weights".to_owned(),
                remedy: "bootstrap the fit, or fit without weights",
            });
        }
        let equal = Array1::ones(x.nrows());
        let h = hessian(self.coef.view(), self.intercept, x, equal.view()) * x.nrows() as f64;
        let (d, _) = h.dim();
        let llt = Mat::from_fn(d, d, |i, j| h[[i, j]]).llt(Side::Lower).map_err(|_| {
            let what = "LogisticModel::std_errors: the information matrix".to_owned();
            let remedy = "drop collinear columns";
            Error::NotPositiveDefinite { what, remedy }
        })?;
        let inverse = llt.solve(Mat::<f64>::identity(d, d));
        Ok(Array1::from_shape_fn(d, |i| inverse[(i, i)].sqrt()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use ndarray::{Array2, array};

    fn noisy() -> (Array2<f64>, Vec<usize>) {
        data::blobs(200, array![[-1.0, 0.3], [1.0, -0.2]].view(), 1.2, 4).unwrap()
    }

    #[test]
    fn all_solvers_find_the_one_minimum() {
        let (x, y) = noisy();
        for penalty in [Penalty::None, Penalty::L2(0.1)] {
            let params = LogisticRegression::params().penalty(penalty).max_iter(20_000);
            let newton = params.clone().fit(x.view(), &y).unwrap();
            assert!(newton.converged && newton.n_iter < 12);
            let others =
                [Solver::GradientDescent { learning_rate: 1.0 }, Solver::Lbfgs, Solver::Proximal];
            for solver in others {
                let other = params.clone().solver(solver).fit(x.view(), &y).unwrap();
                assert!(other.converged, "{solver:?}");
                let gap = (&other.coef - &newton.coef).mapv(f64::abs).sum();
                assert!(gap < 1e-6, "{solver:?}: {gap:e}");
            }
            let sgd = Solver::Sgd { learning_rate: 0.5 };
            let sgd = params.clone().solver(sgd).max_iter(2000).seed(1).fit(x.view(), &y).unwrap();
            // The noise of a stochastic step dies like 1/t, so no more digits than these.
            assert!((&sgd.coef - &newton.coef).mapv(f64::abs).sum() < 1e-2);
        }
    }

    #[test]
    fn newton_never_goes_up() {
        let (x, y) = noisy();
        let model = LogisticRegression::params().fit(x.view(), &y).unwrap();
        assert!(model.trace.windows(2).into_iter().all(|p| p[1] <= p[0]));
        assert_eq!(model.trace.len(), model.n_iter + 1);
        assert_eq!(model.path.len(), model.n_iter + 1);
    }

    #[test]
    fn l1_meets_its_optimality_conditions_and_has_zeros() {
        let x = data::standardize(data::breast_cancer().x.view()).unwrap().x;
        let y = &data::breast_cancer().y;
        let lambda = 0.05;
        let params = LogisticRegression::params().penalty(Penalty::L1(lambda));
        let model = params.solver(Solver::Proximal).max_iter(50_000).fit(x.view(), y).unwrap();
        let targets: Array1<f64> = y.iter().map(|&v| v as f64).collect();
        let (g, gb) = super::super::logistic_gradient(
            model.coef.view(),
            model.intercept,
            x.view(),
            targets.view(),
            0.0,
        )
        .unwrap();
        assert!(gb.abs() < 1e-7);
        for (&w, &g) in model.coef.iter().zip(&g) {
            if w.abs() > 0.0 {
                assert!((g + lambda * w.signum()).abs() < 1e-6, "active: {w} {g}");
            } else {
                assert!(g.abs() <= lambda + 1e-6, "at zero: {g}");
            }
        }
        let zeros = model.coef.iter().filter(|w| w.abs() <= 0.0).count();
        assert!((10..30).contains(&zeros), "{zeros}");
    }

    #[test]
    fn separable_classes_have_no_unpenalised_optimum() {
        let (x, y) = data::blobs(40, array![[-4.0], [4.0]].view(), 0.5, 2).unwrap();
        for solver in [Solver::Newton, Solver::Lbfgs] {
            let fit = LogisticRegression::params().solver(solver).fit(x.view(), &y);
            assert!(matches!(fit, Err(Error::Separable { .. })));
        }
        let descent = Solver::GradientDescent { learning_rate: 1.0 };
        let runaway = LogisticRegression::params().solver(descent).max_iter(5000);
        let short = runaway.clone().max_iter(50).fit(x.view(), &y).unwrap();
        let long = runaway.fit(x.view(), &y).unwrap();
        assert!(!long.converged && long.coef[0] > 1.2 * short.coef[0]);
        let held =
            LogisticRegression::params().penalty(Penalty::L2(0.01)).fit(x.view(), &y).unwrap();
        assert!(held.converged);
    }

    #[test]
    fn a_weight_is_a_number_of_copies() {
        let (x, y) = noisy();
        let copies = |i: usize| 1 + i % 3;
        let rows: Vec<usize> = (0..200).flat_map(|i| vec![i; copies(i)]).collect();
        let many = x.select(ndarray::Axis(0), &rows);
        let labels: Vec<usize> = rows.iter().map(|&i| y[i]).collect();
        // The unit of the weights does not matter.
        let weights: Array1<f64> = (0..200).map(|i| 1e-3 * copies(i) as f64).collect();
        let l1 = Penalty::ElasticNet { lambda: 0.03, ratio: 0.7 };
        for (solver, penalty, tol) in [
            (Solver::Newton, Penalty::None, 1e-10),
            (Solver::Lbfgs, Penalty::L2(0.2), 1e-10),
            (Solver::GradientDescent { learning_rate: 1.0 }, Penalty::L2(0.2), 1e-10),
            (Solver::Proximal, l1, 1e-10),
            (Solver::Sgd { learning_rate: 0.2 }, Penalty::L2(0.2), 3e-3),
        ] {
            let params = LogisticRegression::params().solver(solver).penalty(penalty);
            let params = params.tol(tol).max_iter(3000);
            let repeated = params.fit(many.view(), &labels).unwrap();
            let weighted = params.sample_weight(weights.clone()).fit(x.view(), &y).unwrap();
            let gap = (&weighted.coef - &repeated.coef).mapv(f64::abs).sum();
            assert!(weighted.converged && repeated.converged, "{solver:?}");
            assert!(gap < 20.0 * tol, "{solver:?}: {gap:e}");
            let end = |m: &LogisticModel| m.trace[m.n_iter];
            assert!((end(&weighted) - end(&repeated)).abs() < tol, "{solver:?}");
        }
    }

    #[test]
    fn bad_weights_are_named() {
        let (x, y) = noisy();
        let fit = |v: Array1<f64>| LogisticRegression::params().sample_weight(v).fit(x.view(), &y);
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::MAX] {
            let error = fit(Array1::from_elem(200, bad)).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "sample_weight", .. }), "{error}");
        }
        assert!(matches!(fit(array![1.0]), Err(Error::Shape { .. })));
        let errors = fit(Array1::from_elem(200, 2.0)).unwrap().std_errors(x.view());
        assert!(matches!(errors, Err(Error::NotRegular { .. })));
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = noisy();
        let params = LogisticRegression::params;
        let name = |r: Result<LogisticModel>| match r {
            Err(Error::Parameter { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(params().max_iter(0).fit(x.view(), &y)), "max_iter");
        assert_eq!(name(params().tol(-0.1).fit(x.view(), &y)), "tol");
        assert_eq!(name(params().penalty(Penalty::L2(-1.0)).fit(x.view(), &y)), "penalty");
        assert_eq!(name(params().penalty(Penalty::L1(1.0)).fit(x.view(), &y)), "solver");
        let lr = Solver::GradientDescent { learning_rate: f64::NAN };
        assert_eq!(name(params().solver(lr).fit(x.view(), &y)), "learning_rate");
        assert!(matches!(params().fit(x.view(), &y[..9]), Err(Error::Shape { .. })));
        assert!(matches!(
            params().fit(x.view(), &[1; 200]),
            Err(Error::SingleClass { class: 1, .. })
        ));
        let mut three = y.clone();
        three[5] = 2;
        assert!(matches!(params().fit(x.view(), &three), Err(Error::Label { index: 5, .. })));
        let one_row = params().fit(x.slice(ndarray::s![..1, ..]), &y[..1]);
        assert!(matches!(one_row, Err(Error::SingleClass { .. })));
        let empty = params().fit(x.slice(ndarray::s![..0, ..]), &[]);
        assert!(matches!(empty, Err(Error::Empty { .. })));
        let mut inf = x.clone();
        inf[[3, 1]] = f64::INFINITY;
        assert!(matches!(
            params().fit(inf.view(), &y),
            Err(Error::NotFinite { row: 3, col: 1, .. })
        ));
        let model = params().fit(x.view(), &y).unwrap();
        assert!(matches!(model.predict(array![[1.0]].view()), Err(Error::Shape { .. })));
        let burst = Solver::GradientDescent { learning_rate: 1e300 };
        let burst = params().penalty(Penalty::L2(1.0)).solver(burst).fit(x.view(), &y);
        assert!(matches!(burst, Err(Error::NotConverged { .. })), "{burst:?}");
    }
}
