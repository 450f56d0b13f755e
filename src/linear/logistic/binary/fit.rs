//! The fit: settings and data make an objective, a solver runs down it, its last point is the model.

use super::super::separability::is_linearly_separable;
use super::super::solvers::{
    Limits, Objective, Run, gradient_descent, lbfgs, newton, proximal, split, stochastic,
};
use super::{LogisticHistory, LogisticRegression, LogisticRegressionParams, Penalty, Solver};
use crate::base::{Present, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};

impl LogisticRegressionParams {
    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, 0 or 1.
    ///
    /// A model that ran out of steps is returned with `converged` false; its `history`, if kept, shows why.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`],
    /// [`Error::SingleClass`], [`Error::Parameter`]; [`Error::Separable`] when Newton or L-BFGS look for
    /// an unpenalised optimum that does not exist; [`Error::NotConverged`] when a learning rate makes
    /// the weights overflow.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<LogisticRegression> {
        self.check(x, y)?;
        if let Some(weights) = &self.sample_weight
            && weights.iter().any(|weight| *weight <= 0.0)
        {
            let what = "LogisticRegression: `sample_weight`";
            let present = Present::of(what, weights.view(), x.nrows())?;
            let counted = self.clone().sample_weight(present.weights.clone());
            return counted.fit(present.x(x), present.part(|i| y[i]));
        }
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
                n_iter: run.n_iter,
                change: run.change,
                remedy: "the weights overflowed; lower the learning rate or standardise the features",
            });
        }
        Ok(self.model(&objective, run))
    }

    /// As [`LogisticRegressionParams::fit`] with this [`LogisticRegressionParams::sample_weight`], `(n_samples,)`.
    ///
    /// # Errors
    /// As [`LogisticRegressionParams::fit`], also for the rows whose weight is not 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        sample_weight: ArrayView1<f64>,
    ) -> Result<LogisticRegression> {
        self.clone().sample_weight(sample_weight.to_owned()).fit(x, y)
    }

    /// A weight for each of `n` rows, of mean 1.
    fn weights(&self, n: usize) -> Array1<f64> {
        match &self.sample_weight {
            Some(v) => v * (n as f64 / v.sum()),
            None => Array1::ones(n),
        }
    }

    fn solve(&self, objective: &Objective) -> Run {
        let limits = self.limits();
        match self.solver {
            Solver::Newton => newton(objective, limits),
            Solver::GradientDescent { learning_rate } => {
                gradient_descent(objective, learning_rate, limits)
            }
            Solver::Sgd { learning_rate } => {
                stochastic(objective, learning_rate, limits, self.seed)
            }
            Solver::Lbfgs => {
                let start = Array1::zeros(objective.n_features() + 1);
                lbfgs(|t| (objective.value(t), objective.gradient(t)), start, limits)
            }
            Solver::Proximal => proximal(objective, self.penalty.l1(), limits),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        let Self { max_iter, tol, keep_history, .. } = *self;
        Limits { max_iter, tol, keep_history }
    }

    fn model(&self, objective: &Objective, run: Run) -> LogisticRegression {
        let l1 = self.penalty.l1();
        let penalised = |theta: &Array1<f64>| {
            let (w, _) = split(theta.view());
            objective.value(theta.view()) + l1 * w.mapv(f64::abs).sum()
        };
        let (w, intercept) = split(run.theta.view());
        LogisticRegression {
            coef: w.to_owned(),
            intercept,
            n_iter: run.n_iter,
            converged: run.converged,
            history: run.path.map(|path| LogisticHistory::of(&path, penalised)),
            weighted: self.sample_weight.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LogisticRegression, check_history, noisy};
    use super::*;
    use crate::data;
    use ndarray::array;

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
    fn history_is_kept_when_asked_for_from_the_start_to_the_fitted_weights() {
        let (x, y) = noisy();
        let l1 = Penalty::ElasticNet { lambda: 0.03, ratio: 0.7 };
        // An accelerated step and a stochastic epoch may go up on the way.
        for (solver, penalty, falls) in [
            (Solver::Newton, Penalty::None, true),
            (Solver::Lbfgs, Penalty::L2(0.2), true),
            (Solver::GradientDescent { learning_rate: 1.0 }, Penalty::L2(0.2), true),
            (Solver::Proximal, l1, false),
            (Solver::Sgd { learning_rate: 0.2 }, Penalty::L2(0.2), false),
        ] {
            let params = LogisticRegression::params().solver(solver).penalty(penalty).max_iter(300);
            let bare = params.fit(x.view(), &y).unwrap();
            assert!(bare.history.is_none(), "{solver:?}");
            let kept = params.keep_history(true).fit(x.view(), &y).unwrap();
            check_history(&kept, falls);
            assert_eq!(bare, LogisticRegression { history: None, ..kept }, "{solver:?}");
        }
    }

    #[test]
    fn a_solver_stores_no_points_unasked() {
        let (x, y) = noisy();
        let (targets, equal) =
            (y.iter().map(|&k| k as f64).collect::<Array1<f64>>(), Array1::ones(200));
        let (y, weights) = (targets.view(), equal.view());
        let objective = Objective { x: x.view(), y, weights, l2: 0.2, fit_intercept: true };
        let params = LogisticRegression::params().penalty(Penalty::L2(0.2)).max_iter(50);
        for solver in [
            Solver::Newton,
            Solver::Lbfgs,
            Solver::Proximal,
            Solver::GradientDescent { learning_rate: 1.0 },
            Solver::Sgd { learning_rate: 0.2 },
        ] {
            let params = params.clone().solver(solver);
            let run = params.solve(&objective);
            assert!(run.path.is_none() && run.n_iter > 0, "{solver:?}");
            let path = params.keep_history(true).solve(&objective).path;
            assert_eq!(path.map(|path| path.len()), Some(run.n_iter + 1), "{solver:?}");
        }
    }

    #[test]
    fn history_is_stored_with_the_model_and_checked() {
        use crate::base::{from_json, to_json};
        let (x, y) = noisy();
        let params = LogisticRegression::params();
        for params in [params.clone(), params.keep_history(true)] {
            let model = params.fit(x.view(), &y).unwrap();
            let text = to_json(&model).unwrap();
            assert_eq!(from_json::<LogisticRegression>(&text).unwrap(), model);
            let more = text.replace("\"n_iter\":", "\"n_iter\":1");
            assert_eq!(from_json::<LogisticRegression>(&more).is_err(), model.history.is_some());
        }
    }

    #[test]
    fn l1_meets_its_optimality_conditions_and_has_zeros() {
        let x = data::standardize(data::breast_cancer().x.view()).unwrap().x;
        let y = &data::breast_cancer().y;
        let lambda = 0.05;
        let params = LogisticRegression::params().penalty(Penalty::L1(lambda));
        let model = params.solver(Solver::Proximal).max_iter(50_000).fit(x.view(), y).unwrap();
        let targets: Array1<f64> = y.iter().map(|&v| v as f64).collect();
        let (g, gb) = crate::linear::logistic::logistic_gradient(
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
    fn a_weight_is_a_number_of_copies_and_none_is_no_row() {
        let (x, y) = noisy();
        let copies = |i: usize| i % 4;
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
            let params = params.tol(tol).max_iter(3000).keep_history(true);
            let repeated = params.fit(many.view(), &labels).unwrap();
            let weighted = params.sample_weight(weights.clone()).fit(x.view(), &y).unwrap();
            let gap = (&weighted.coef - &repeated.coef).mapv(f64::abs).sum();
            assert!(weighted.converged && repeated.converged, "{solver:?}");
            assert!(gap < 20.0 * tol, "{solver:?}: {gap:e}");
            let end = |m: &LogisticRegression| m.history.as_ref().unwrap().loss[m.n_iter];
            assert!((end(&weighted) - end(&repeated)).abs() < tol, "{solver:?}");
        }
    }
}
