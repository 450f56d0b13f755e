//! Settings of a logistic regression, their defaults and their rules.

use super::super::design::{check_design, check_labels};
use super::model::LogisticRegression;
use crate::base::setters;
use crate::{Error, Result};
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
    pub(super) fn l1(self) -> f64 {
        match self {
            Self::None | Self::L2(_) => 0.0,
            Self::L1(lambda) => lambda,
            Self::ElasticNet { lambda, ratio } => lambda * ratio,
        }
    }

    pub(super) fn l2(self) -> f64 {
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
            keep_history: false,
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
/// | `sample_weight` | all 1 | `>= 0`, one a row | how much a row counts, up to a factor; 0 leaves it out |
/// | `keep_history` | `false` | | whether the model keeps loss and weights of every step |
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticRegressionParams {
    pub(super) penalty: Penalty,
    pub(super) solver: Solver,
    pub(super) fit_intercept: bool,
    pub(super) max_iter: usize,
    pub(super) tol: f64,
    pub(super) seed: u64,
    pub(super) sample_weight: Option<Array1<f64>>,
    pub(super) keep_history: bool,
}

impl LogisticRegressionParams {
    setters! {
        /// Sets the penalty.
        penalty: Penalty;
        /// Sets the solver.
        solver: Solver;
        /// Whether to fit an intercept.
        fit_intercept: bool;
        /// Sets the largest number of steps.
        max_iter: usize;
        /// Sets the size of the gradient at which to stop.
        tol: f64;
        /// Seeds the order of the samples in [`Solver::Sgd`].
        seed: u64;
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
        sample_weight: Array1<f64> => Some;
        /// Whether the model keeps the loss and the weights of every step, as
        /// [`LogisticRegression::history`]: `n_iter + 1` copies of the weights, and a pass over the rows for
        /// each loss.
        keep_history: bool;
    }

    /// Every rule of the settings and of the data, once.
    pub(super) fn check(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<()> {
        check_design("LogisticRegression: `x`", x, x.ncols())?;
        check_labels("LogisticRegression: `y`", y, x.nrows(), 2, "0 or 1")?;
        self.check_settings(y)
    }

    /// The rules of the settings, for that many labels.
    pub(super) fn check_settings(&self, y: &[usize]) -> Result<()> {
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
        match v.iter().find(|v| !(positive(**v) || **v == 0.0)) {
            Some(v) => bad("sample_weight", "finite and >= 0", v.to_string()),
            None if !positive(y.len() as f64 / v.sum()) => {
                bad("sample_weight", "of a finite sum that is not nearly 0", v.sum().to_string())
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LogisticRegression, noisy};
    use super::*;
    use ndarray::array;

    #[test]
    fn bad_weights_are_named() {
        let (x, y) = noisy();
        let fit = |v: Array1<f64>| LogisticRegression::params().sample_weight(v).fit(x.view(), &y);
        for bad in [0.0, -0.1, -1.0, f64::NAN, f64::INFINITY, f64::MAX] {
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
        let name = |r: Result<LogisticRegression>| match r {
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
