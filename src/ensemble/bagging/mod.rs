//! Bagging (bootstrap aggregating): fit the same learner on many bootstrap samples, average.
//!
//! ```text
//! Var f̄ = (1/B²) Σ_b Σ_c Cov(f_b, f_c) = ρ σ² + (1 − ρ) σ² / B        σ²: variance of one, ρ: correlation
//! ```
//!
//! The average keeps the bias of one learner, which has seen a bootstrap sample of about 63.2 % distinct
//! rows and may be a little worse for it, and lowers the variance down to the floor `ρ σ²`. Unstable
//! learners, deep trees above all, gain much; a linear regression gains nothing.
//!
//! Any [`Regressor`] or [`Classifier`] may stand below: the trees and the linear models here, or a closure.
//! Member `b` draws from stream `b` of the seed's generator.
//!
//! # References
//! Breiman (1996), Bagging predictors; Hastie, Tibshirani & Friedman (2009), sections 8.7 and 15.2,
//! eq. 15.1.

mod variance;

pub use variance::{MemberVariance, member_variance, variance_of_mean};

use crate::base::{
    Classifier, Fitted, Regressor, argmax, check_classes, check_matrix, check_rows, check_target,
    r_squared, setters, stream, views, widened,
};
use crate::display::check_interrupt;
use crate::sampling::bootstrap::{draw, out_of_bag};
use crate::tree::cart::part;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::RngCore;
use rayon::prelude::*;

/// Members between two looks for an interrupt.
const CHUNK: usize = 32;

impl Bagging {
    /// Default settings for the learner `base`.
    ///
    /// ```
    /// use mlnotes::ensemble::Bagging;
    /// use mlnotes::tree::cart::DecisionTreeClassifier;
    /// let wine = mlnotes::data::wine();
    /// let params = Bagging::params(DecisionTreeClassifier::params()).oob_score(true);
    /// let model = params.fit_classes(wine.x.view(), &wine.y)?;
    /// assert!(model.oob_score().is_some_and(|accuracy| accuracy > 0.93));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params<B>(base: B) -> BaggingParams<B> {
        BaggingParams {
            base,
            n_estimators: 100,
            max_samples: 1.0,
            max_features: 1.0,
            oob_score: false,
            seed: 0,
        }
    }
}

/// Settings of bagging.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `base` | required | | the learner |
/// | `n_estimators` | 100 | `>= 1` | members `B` |
/// | `max_samples` | 1 | `0 < s <= 1` | rows a member draws with replacement, as a share of all |
/// | `max_features` | 1 | `0 < s <= 1` | features a member draws without replacement, as a share |
/// | `oob_score` | false | | judge each row by the members that did not draw it |
/// | `seed` | 0 | | chance of rows and features |
#[derive(Debug, Clone, PartialEq)]
pub struct BaggingParams<B> {
    base: B,
    n_estimators: usize,
    max_samples: f64,
    max_features: f64,
    oob_score: bool,
    seed: u64,
}

/// One fitted learner, the features it sees, and the rows it drew.
struct Member {
    model: Box<dyn Fitted>,
    features: Vec<usize>,
    drawn: Vec<usize>,
}

/// The members and what they share.
struct Ensemble {
    members: Vec<Member>,
    n_features: usize,
    n_outputs: usize,
}

/// Fitted bagging of a [`Regressor`].
pub struct Bagging {
    ensemble: Ensemble,
    oob_score: Option<f64>,
}

/// Fitted bagging of a [`Classifier`].
pub struct BaggingClassifier {
    ensemble: Ensemble,
    oob_score: Option<f64>,
}

impl<B> BaggingParams<B> {
    setters! {
        /// Sets the number of members.
        n_estimators: usize;
        /// Sets how many rows a member draws, as a share of all.
        max_samples: f64;
        /// Sets how many features a member draws, as a share of all.
        max_features: f64;
        /// Sets whether to judge each row by the members that did not draw it.
        oob_score: bool;
        /// Seeds the draws.
        seed: u64;
    }

    fn check(&self) -> Result<()> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "Bagging", name, rule, got })
        };
        if self.n_estimators == 0 {
            return bad("n_estimators", ">= 1", "0".into());
        }
        for (name, share) in
            [("max_samples", self.max_samples), ("max_features", self.max_features)]
        {
            if !(share > 0.0 && share <= 1.0) {
                return bad(name, "above 0 and at most 1", share.to_string());
            }
        }
        Ok(())
    }
}

impl<B: Sync> BaggingParams<B> {
    /// Fits the members; `fit` gets a member's part of `x`, its rows, and a seed.
    fn repeat(
        &self,
        x: ArrayView2<f64>,
        n_outputs: usize,
        fit: impl Fn(ArrayView2<f64>, &[usize], u64) -> Result<Box<dyn Fitted>> + Sync,
    ) -> Result<Ensemble> {
        let (n, d) = x.dim();
        let one = |number: usize| -> Result<Member> {
            let mut rng = stream(self.seed, number);
            let drawn = draw(n, part(self.max_samples, n), &mut rng);
            let mut features =
                rand::seq::index::sample(&mut rng, d, part(self.max_features, d)).into_vec();
            features.sort_unstable();
            let sample = x.select(Axis(0), &drawn).select(Axis(1), &features);
            let model = fit(sample.view(), &drawn, rng.next_u64())?;
            Ok(Member { model, features, drawn })
        };
        let mut members = Vec::with_capacity(self.n_estimators);
        for start in (0..self.n_estimators).step_by(CHUNK) {
            check_interrupt();
            let end = self.n_estimators.min(start + CHUNK);
            let batch: Result<Vec<Member>> = (start..end).into_par_iter().map(one).collect();
            members.extend(batch?);
        }
        Ok(Ensemble { members, n_features: d, n_outputs })
    }
}

impl<B: Regressor> BaggingParams<B> {
    /// Fits `x`, `(n_samples, n_features)`, to `y`, `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Parameter`],
    /// [`Error::NoSupport`] when every member drew every row and `oob_score` is on; those of the base.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<Bagging> {
        check_matrix("Bagging: `x`", x)?;
        check_target("Bagging: `y`", y, x.nrows())?;
        self.check()?;
        let ensemble = self.repeat(x, 1, |sample, rows, seed| {
            self.base.fit_base(sample, y.select(Axis(0), rows).view(), seed)
        })?;
        let mut oob_score = None;
        if self.oob_score {
            let judged = ensemble.judge(x)?;
            let pairs: Vec<_> = judged.iter().map(|(i, mean)| (y[*i], mean[0])).collect();
            oob_score = Some(r_squared(&pairs));
        }
        Ok(Bagging { ensemble, oob_score })
    }
}

impl<B: Classifier> BaggingParams<B> {
    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, numbered from 0.
    ///
    /// # Errors
    /// As [`BaggingParams::fit`], and [`Error::Label`], [`Error::SingleClass`]. A base that needs every
    /// class (a tree does not) fails on a sample that lacks one.
    #[views]
    pub fn fit_classes(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<BaggingClassifier> {
        check_matrix("Bagging: `x`", x)?;
        let n_classes = check_classes("Bagging: `y`", y, x.nrows())?;
        self.check()?;
        let ensemble = self.repeat(x, n_classes, |sample, rows, seed| {
            let y: Vec<usize> = rows.iter().map(|&row| y[row]).collect();
            self.base.fit_base(sample, &y, n_classes, seed)
        })?;
        let mut oob_score = None;
        if self.oob_score {
            let judged = ensemble.judge(x)?;
            let right = judged.iter().filter(|(i, mean)| argmax(mean.view()) == y[*i]).count();
            oob_score = Some(right as f64 / judged.len() as f64);
        }
        Ok(BaggingClassifier { ensemble, oob_score })
    }
}

impl Ensemble {
    /// The outputs of each member in turn, checked.
    fn each(&self, x: ArrayView2<f64>) -> Result<Vec<Array2<f64>>> {
        self.members.par_iter().map(|member| self.outputs(member, x)).collect()
    }

    fn outputs(&self, member: &Member, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let outputs = if member.features.len() == self.n_features {
            member.model.outputs(x)?
        } else {
            member.model.outputs(x.select(Axis(1), &member.features).view())?
        };
        let shape = (x.nrows(), self.n_outputs);
        if outputs.dim() != shape {
            return Err(Error::Shape {
                what: "Bagging: outputs of the base",
                expected: format!("{shape:?}"),
                got: format!("{:?}", outputs.dim()),
            });
        }
        check_matrix("Bagging: outputs of the base", outputs.view())?;
        Ok(outputs)
    }

    /// The mean over members, shape `(n_rows, n_outputs)`.
    fn mean(&self, what: &'static str, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows(what, x, self.n_features)?;
        let mut mean = Array2::zeros((x.nrows(), self.n_outputs));
        for outputs in self.each(x)? {
            mean += &outputs;
        }
        Ok(mean / self.members.len() as f64)
    }

    /// For each training row that some member left out: its number and those members' mean output.
    fn judge(&self, x: ArrayView2<f64>) -> Result<Vec<(usize, Array1<f64>)>> {
        let n = x.nrows();
        let mut sums = Array2::zeros((n, self.n_outputs));
        let mut votes = vec![0.0; n];
        let parts: Vec<Result<(Vec<usize>, Array2<f64>)>> = self
            .members
            .par_iter()
            .map(|member| {
                let rows = out_of_bag(&member.drawn, n)?;
                if rows.is_empty() {
                    return Ok((rows, Array2::zeros((0, self.n_outputs))));
                }
                let outputs = self.outputs(member, x.select(Axis(0), &rows).view())?;
                Ok((rows, outputs))
            })
            .collect();
        for part in parts {
            let (rows, outputs) = part?;
            for (&row, output) in rows.iter().zip(outputs.rows()) {
                sums.row_mut(row).zip_mut_with(&output, |sum: &mut f64, v| *sum += v);
                votes[row] += 1.0;
            }
        }
        let judged: Vec<_> = (0..n)
            .filter(|&i| votes[i] > 0.0)
            .map(|i| (i, sums.row(i).mapv(|sum| sum / votes[i])))
            .collect();
        if judged.is_empty() {
            return Err(Error::NoSupport {
                what: "Bagging",
                problem: "every member drew every row, so none is out of bag".to_owned(),
                remedy: "fit more members or turn `oob_score` off",
            });
        }
        Ok(judged)
    }
}

impl Bagging {
    /// Mean of the members' predictions, shape `(n_rows,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] for a wrong number of columns, and those of
    /// the base.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        Ok(self.ensemble.mean("Bagging::predict: `x`", x)?.index_axis_move(Axis(1), 0))
    }

    /// Each member's own predictions, shape `(n_estimators, n_rows)`.
    ///
    /// # Errors
    /// As [`Bagging::predict`].
    #[views]
    pub fn predict_each(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("Bagging::predict_each: `x`", x, self.ensemble.n_features)?;
        let each = self.ensemble.each(x)?;
        Ok(Array2::from_shape_fn((each.len(), x.nrows()), |(b, i)| each[b][[i, 0]]))
    }

    /// `R²` on the rows that members left out; `None` unless asked for.
    pub fn oob_score(&self) -> Option<f64> {
        self.oob_score
    }
}

impl BaggingClassifier {
    /// Mean class shares of the members, shape `(n_rows, n_classes)`.
    ///
    /// # Errors
    /// As [`Bagging::predict`].
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.ensemble.mean("BaggingClassifier::predict_proba: `x`", x)
    }

    /// The class with the largest mean share, the lower one of equals.
    ///
    /// # Errors
    /// As [`Bagging::predict`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self
            .ensemble
            .mean("BaggingClassifier::predict: `x`", x)?
            .rows()
            .into_iter()
            .map(argmax)
            .collect())
    }

    /// Accuracy on the rows that members left out; `None` unless asked for.
    pub fn oob_score(&self) -> Option<f64> {
        self.oob_score
    }
}

impl std::fmt::Debug for Bagging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bagging of {} members", self.ensemble.members.len())
    }
}

impl std::fmt::Debug for BaggingClassifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BaggingClassifier of {} members", self.ensemble.members.len())
    }
}

impl<B: Regressor + Clone> Regressor for BaggingParams<B> {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.clone().seed(seed).fit(x, y)?))
    }
}

impl Fitted for Bagging {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.ensemble.mean("Bagging::predict: `x`", x)
    }
}

impl<B: Classifier + Clone> Classifier for BaggingParams<B> {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.clone().seed(seed).fit_classes(x, y)?;
        let known = model.ensemble.n_outputs;
        Ok(widened(model, known, n_classes))
    }
}

impl Fitted for BaggingClassifier {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::moons;
    use crate::linear::logistic::LogisticRegression;
    use crate::linear::ols::LinearRegression;
    use crate::tree::cart::{
        DecisionTreeClassifier, DecisionTreeRegressor, DecisionTreeRegressorParams,
    };
    use ndarray::array;
    use rand::Rng;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    fn curve(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let x = Array2::from_shape_fn((n, 2), |_| rng.random_range(-2.0..2.0));
        let noise = |rng: &mut ChaCha8Rng| 0.3 * rng.sample::<f64, _>(StandardNormal);
        let y =
            x.rows().into_iter().map(|r| f64::sin(2.0 * r[0]) + r[1] + noise(&mut rng)).collect();
        (x, y)
    }

    #[test]
    fn the_mean_of_the_members_is_the_prediction() {
        let (x, y) = curve(60, 1);
        let params = Bagging::params(DecisionTreeRegressor::params()).n_estimators(8).seed(2);
        let model = params.fit(x.view(), y.view()).unwrap();
        let each = model.predict_each(x.view()).unwrap();
        let mean = each.mean_axis(Axis(0)).unwrap();
        let gap = &mean - &model.predict(x.view()).unwrap();
        assert!(gap.iter().all(|g| g.abs() < 1e-12));
        assert!(model.oob_score().is_none());
        assert_eq!(format!("{model:?}"), "Bagging of 8 members");
    }

    #[test]
    fn trees_gain_and_lines_do_not() {
        let ((x, y), (x_new, y_new)) = (curve(150, 3), curve(2000, 4));
        let error = |p: Array1<f64>| (&p - &y_new).mapv(|e| e * e).sum() / 2000.0;
        let tree = DecisionTreeRegressor::params();
        let line = LinearRegression::params();
        let one_tree = error(tree.fit(x.view(), y.view()).unwrap().predict(x_new.view()).unwrap());
        let one_line = error(line.fit(x.view(), y.view()).unwrap().predict(x_new.view()).unwrap());
        let bag = Bagging::params(tree).fit(x.view(), y.view()).unwrap();
        let lines = Bagging::params(line).fit(x.view(), y.view()).unwrap();
        let (trees, lines) = (
            error(bag.predict(x_new.view()).unwrap()),
            error(lines.predict(x_new.view()).unwrap()),
        );
        assert!(trees < 0.8 * one_tree, "{trees} {one_tree}");
        assert!((lines - one_line).abs() < 0.005 * one_line, "{lines} {one_line}");
    }

    #[test]
    fn out_of_bag_is_close_to_new_rows() {
        let ((x, y), (x_new, y_new)) = (curve(400, 5), curve(4000, 6));
        let params = Bagging::params(DecisionTreeRegressor::params()).oob_score(true);
        let model = params.fit(x.view(), y.view()).unwrap();
        let pairs: Vec<_> =
            y_new.iter().copied().zip(model.predict(x_new.view()).unwrap()).collect();
        // R² of 400 rows has a standard error of about (1 − R²) √(2/400).
        let (oob, new) = (model.oob_score().unwrap(), r_squared(&pairs));
        assert!((oob - new).abs() < 3.0 * (1.0 - new) * (2.0f64 / 400.0).sqrt(), "{oob} {new}");
        let (x, y) = moons(200, 0.3, 1).unwrap();
        let fit = |seed| {
            let params = Bagging::params(DecisionTreeClassifier::params()).oob_score(true);
            params.n_estimators(30).max_features(0.5).seed(seed).fit_classes(x.view(), &y).unwrap()
        };
        let shares = fit(1).predict_proba(x.view()).unwrap();
        assert!(shares.rows().into_iter().all(|r| (r.sum() - 1.0).abs() < 1e-12));
        assert!(fit(1).oob_score() == fit(1).oob_score() && fit(1).oob_score().unwrap() > 0.75);
        let linear = Bagging::params(LogisticRegression::params()).n_estimators(5);
        assert_eq!(linear.fit_classes(x.view(), &y).unwrap().predict(x.view()).unwrap().len(), 200);
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = curve(20, 1);
        let refused = |p: BaggingParams<DecisionTreeRegressorParams>, name: &str| match p
            .fit(x.view(), y.view())
        {
            Err(Error::Parameter { name: got, .. }) => assert_eq!(got, name),
            other => panic!("{name}: {other:?}"),
        };
        let params = || Bagging::params(DecisionTreeRegressor::params());
        refused(params().n_estimators(0), "n_estimators");
        refused(params().max_samples(0.0), "max_samples");
        refused(params().max_samples(1.1), "max_samples");
        refused(params().max_features(f64::NAN), "max_features");
        assert!(matches!(params().fit(x.view(), array![1.0].view()), Err(Error::Shape { .. })));
        let model = params().n_estimators(2).fit(x.view(), y.view()).unwrap();
        assert!(matches!(model.predict(array![[1.0]].view()), Err(Error::Shape { .. })));
        let classes = Bagging::params(DecisionTreeClassifier::params());
        let one = classes.fit_classes(x.view(), &[0; 20]);
        assert!(matches!(one, Err(Error::SingleClass { .. })));
        let wrong = |_: ArrayView2<f64>, _: ArrayView1<f64>, _: u64| -> Result<Box<dyn Fitted>> {
            Ok(Box::new(|x: ArrayView2<f64>| Ok(Array2::from_elem((x.nrows(), 2), 0.0))))
        };
        let model = Bagging::params(wrong).fit(x.view(), y.view()).unwrap();
        assert!(matches!(model.predict(x.view()), Err(Error::Shape { .. })));
        let nan = |_: ArrayView2<f64>, _: ArrayView1<f64>, _: u64| -> Result<Box<dyn Fitted>> {
            Ok(Box::new(|x: ArrayView2<f64>| Ok(Array2::from_elem((x.nrows(), 1), f64::NAN))))
        };
        let model = Bagging::params(nan).fit(x.view(), y.view()).unwrap();
        assert!(matches!(model.predict(x.view()), Err(Error::NotFinite { .. })));
    }
}
