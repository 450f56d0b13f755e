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

use super::cart::{
    ClassificationTree, Columns, DecisionTreeClassifierParams, DecisionTreeRegressorParams,
    RegressionTree, part,
};
use super::{check_classes, check_rows, check_target, most_likely, r_squared};
use crate::display::check_interrupt;
use crate::linear::logistic::{LogisticModel, LogisticRegressionParams};
use crate::linear::ols::{LinearModel, LinearRegressionParams};
use crate::numeric::check_matrix;
use crate::sampling::bootstrap::{draw, out_of_bag};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Members between two looks for an interrupt.
const CHUNK: usize = 32;

/// A learner of numbers that can be fitted again and again.
///
/// A closure of this signature is one, too:
///
/// ```
/// use mlnotes::tree::bagging::{Bagging, Fitted};
/// use mlnotes::Result;
/// use ndarray::{Array1, Array2, ArrayView1, ArrayView2, array};
/// let mean = |_: ArrayView2<f64>, y: ArrayView1<f64>, _: u64| -> Result<Box<dyn Fitted>> {
///     let mean = y.sum() / y.len() as f64;
///     Ok(Box::new(move |x: ArrayView2<f64>| Ok(Array2::from_elem((x.nrows(), 1), mean))))
/// };
/// let model = Bagging::params(mean).fit(array![[1.0], [2.0]].view(), array![0.0, 2.0].view())?;
/// assert!((model.predict(array![[5.0]].view())?[0] - 1.0).abs() < 0.3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub trait Regressor: Sync {
    /// Fits `x`, `(n_samples, n_features)`, to `y`, `(n_samples,)`; chance, if any, from `seed`.
    ///
    /// # Errors
    /// Those of the learner.
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>>;
}

/// A learner of classes that can be fitted again and again.
pub trait Classifier: Sync {
    /// Fits `x`, `(n_samples, n_features)`, to classes below `n_classes`, some of which a sample may lack.
    ///
    /// # Errors
    /// Those of the learner.
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>>;
}

/// What a base learner becomes.
pub trait Fitted: Send + Sync {
    /// For each row of `x`: the number, shape `(n_rows, 1)`, or the class shares, `(n_rows, n_classes)`.
    ///
    /// # Errors
    /// Those of the learner.
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>>;
}

impl<F> Regressor for F
where
    F: Fn(ArrayView2<f64>, ArrayView1<f64>, u64) -> Result<Box<dyn Fitted>> + Sync,
{
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        self(x, y, seed)
    }
}

impl<F> Classifier for F
where
    F: Fn(ArrayView2<f64>, &[usize], usize, u64) -> Result<Box<dyn Fitted>> + Sync,
{
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        self(x, y, n_classes, seed)
    }
}

impl<F: Fn(ArrayView2<f64>) -> Result<Array2<f64>> + Send + Sync> Fitted for F {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self(x)
    }
}

impl Regressor for DecisionTreeRegressorParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.clone().seed(seed).fit(x, y)?))
    }
}

impl Fitted for RegressionTree {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(self.predict(x)?.insert_axis(Axis(1)))
    }
}

impl Classifier for DecisionTreeClassifierParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let limits = self.limits(x.nrows(), x.ncols())?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let weights = vec![1.0; y.len()];
        Ok(Box::new(self.grow(&Columns::new(x), y, &weights, n_classes, &limits, &mut rng)))
    }
}

impl Fitted for ClassificationTree {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

impl Regressor for LinearRegressionParams {
    fn fit_base(&self, x: ArrayView2<f64>, y: ArrayView1<f64>, _: u64) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit(x, y)?))
    }
}

impl Fitted for LinearModel {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(self.predict(x)?.insert_axis(Axis(1)))
    }
}

impl Classifier for LogisticRegressionParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        _: usize,
        _: u64,
    ) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit(x, y)?))
    }
}

impl Fitted for LogisticModel {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let p = self.predict_proba(x)?;
        let share = |(i, class)| if class == 1 { p[i] } else { 1.0 - p[i] };
        Ok(Array2::from_shape_fn((p.len(), 2), share))
    }
}

/// Entry point: [`Bagging::params`].
#[derive(Debug, Clone, Copy)]
pub struct Bagging;

impl Bagging {
    /// Default settings for the learner `base`.
    ///
    /// ```
    /// use mlnotes::tree::bagging::Bagging;
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
pub struct BaggingModel {
    ensemble: Ensemble,
    oob_score: Option<f64>,
}

/// Fitted bagging of a [`Classifier`].
pub struct BaggingClassifierModel {
    ensemble: Ensemble,
    oob_score: Option<f64>,
}

impl<B> BaggingParams<B> {
    /// Sets the number of members.
    #[must_use]
    pub fn n_estimators(mut self, n_estimators: usize) -> Self {
        self.n_estimators = n_estimators;
        self
    }

    /// Sets how many rows a member draws, as a share of all.
    #[must_use]
    pub fn max_samples(mut self, max_samples: f64) -> Self {
        self.max_samples = max_samples;
        self
    }

    /// Sets how many features a member draws, as a share of all.
    #[must_use]
    pub fn max_features(mut self, max_features: f64) -> Self {
        self.max_features = max_features;
        self
    }

    /// Sets whether to judge each row by the members that did not draw it.
    #[must_use]
    pub fn oob_score(mut self, oob_score: bool) -> Self {
        self.oob_score = oob_score;
        self
    }

    /// Seeds the draws.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
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
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(number as u64);
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
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<BaggingModel> {
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
        Ok(BaggingModel { ensemble, oob_score })
    }
}

impl<B: Classifier> BaggingParams<B> {
    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, numbered from 0.
    ///
    /// # Errors
    /// As [`BaggingParams::fit`], and [`Error::Label`], [`Error::SingleClass`]. A base that needs every
    /// class (a tree does not) fails on a sample that lacks one.
    pub fn fit_classes(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<BaggingClassifierModel> {
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
            let right = judged.iter().filter(|(i, mean)| most_likely(mean.view()) == y[*i]).count();
            oob_score = Some(right as f64 / judged.len() as f64);
        }
        Ok(BaggingClassifierModel { ensemble, oob_score })
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
    fn mean(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("Bagging: `x`", x, self.n_features)?;
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

impl BaggingModel {
    /// Mean of the members' predictions, shape `(n_rows,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] for a wrong number of columns, and those of
    /// the base.
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        Ok(self.ensemble.mean(x)?.index_axis_move(Axis(1), 0))
    }

    /// Each member's own predictions, shape `(n_estimators, n_rows)`.
    ///
    /// # Errors
    /// As [`BaggingModel::predict`].
    pub fn predict_each(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("Bagging: `x`", x, self.ensemble.n_features)?;
        let each = self.ensemble.each(x)?;
        Ok(Array2::from_shape_fn((each.len(), x.nrows()), |(b, i)| each[b][[i, 0]]))
    }

    /// `R²` on the rows that members left out; `None` unless asked for.
    pub fn oob_score(&self) -> Option<f64> {
        self.oob_score
    }
}

impl BaggingClassifierModel {
    /// Mean class shares of the members, shape `(n_rows, n_classes)`.
    ///
    /// # Errors
    /// As [`BaggingModel::predict`].
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.ensemble.mean(x)
    }

    /// The class with the largest mean share, the lower one of equals.
    ///
    /// # Errors
    /// As [`BaggingModel::predict`].
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self.ensemble.mean(x)?.rows().into_iter().map(most_likely).collect())
    }

    /// Accuracy on the rows that members left out; `None` unless asked for.
    pub fn oob_score(&self) -> Option<f64> {
        self.oob_score
    }
}

impl std::fmt::Debug for BaggingModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BaggingModel of {} members", self.ensemble.members.len())
    }
}

impl std::fmt::Debug for BaggingClassifierModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BaggingClassifierModel of {} members", self.ensemble.members.len())
    }
}

/// Variance of the mean of `b` variables of variance `sigma2` and pairwise correlation `rho`:
///
/// ```text
/// Var f̄ = ρ σ² + (1 − ρ) σ² / B
/// ```
///
/// The floor `ρ σ²` is what no number of members lowers. Correlations below `−1/(b − 1)` do not exist.
///
/// # Errors
/// [`Error::Parameter`] for a negative or non-finite `sigma2`, an impossible `rho`, or `b = 0`.
///
/// ```
/// use mlnotes::tree::bagging::variance_of_mean;
/// assert_eq!(variance_of_mean(4.0, 0.0, 8)?, 0.5);
/// assert_eq!(variance_of_mean(4.0, 0.5, 8)?, 2.25);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn variance_of_mean(sigma2: f64, rho: f64, b: usize) -> Result<f64> {
    let bad = |name, rule, got: String| {
        Err(Error::Parameter { estimator: "variance_of_mean", name, rule, got })
    };
    if b == 0 {
        return bad("b", ">= 1", "0".into());
    }
    if !(sigma2.is_finite() && sigma2 >= 0.0) {
        return bad("sigma2", "finite and >= 0", sigma2.to_string());
    }
    let lowest = if b > 1 { -1.0 / (b as f64 - 1.0) } else { -1.0 };
    if !(rho >= lowest && rho <= 1.0) {
        return bad("rho", "from -1/(b - 1) to 1", rho.to_string());
    }
    Ok(rho * sigma2 + (1.0 - rho) * sigma2 / b as f64)
}

/// Variance of one member and correlation of two, estimated from repeated ensembles.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MemberVariance {
    /// Variance `σ²` of one member over training sets.
    pub sigma2: f64,
    /// Correlation `ρ` of two members that share a training set.
    pub rho: f64,
}

/// Estimates `σ²` and `ρ` at one point from `predictions`, `(n_ensembles, n_members)`: a row for each
/// independent training set, a column for each member fitted on it.
///
/// ```text
/// σ²_within  = mean over rows of the members' sample variance
/// ρ σ²       = variance of the row means − σ²_within / n_members        σ² = ρ σ² + σ²_within
/// ```
///
/// Unbiased in `ρ σ²` and `σ²` (one-way analysis of variance). By chance the first may be below 0.
///
/// # Errors
/// [`Error::TooFewSamples`] for fewer than 2 ensembles or members, [`Error::NotFinite`],
/// [`Error::ZeroVariance`] when all predictions are equal.
///
/// ```
/// use mlnotes::tree::bagging::member_variance;
/// // Members that always agree.
/// let v = member_variance(ndarray::array![[1.0, 1.0], [3.0, 3.0]].view())?;
/// assert_eq!((v.sigma2, v.rho), (2.0, 1.0));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Hastie, Tibshirani & Friedman (2009), section 15.4.1.
pub fn member_variance(predictions: ArrayView2<f64>) -> Result<MemberVariance> {
    const WHAT: &str = "member_variance: `predictions`";
    let (rows, members) = predictions.dim();
    if rows.min(members) < 2 {
        return Err(Error::TooFewSamples { what: WHAT, needed: 2, got: rows.min(members) });
    }
    check_matrix(WHAT, predictions)?;
    let within = predictions.var_axis(Axis(1), 1.0).sum() / rows as f64;
    let means = predictions.sum_axis(Axis(1)) / members as f64;
    let shared = means.var(1.0) - within / members as f64;
    let sigma2 = shared + within;
    if sigma2 <= 0.0 {
        return Err(Error::ZeroVariance { what: WHAT, value: predictions[[0, 0]] });
    }
    Ok(MemberVariance { sigma2, rho: shared / sigma2 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::moons;
    use crate::linear::logistic::LogisticRegression;
    use crate::linear::ols::LinearRegression;
    use crate::tree::cart::{DecisionTreeClassifier, DecisionTreeRegressor};
    use ndarray::array;
    use rand::Rng;
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
        assert_eq!(format!("{model:?}"), "BaggingModel of 8 members");
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
        assert!((lines - one_line).abs() < 0.02 * one_line, "{lines} {one_line}");
    }

    #[test]
    fn out_of_bag_is_close_to_new_rows() {
        let ((x, y), (x_new, y_new)) = (curve(400, 5), curve(4000, 6));
        let params = Bagging::params(DecisionTreeRegressor::params()).oob_score(true);
        let model = params.fit(x.view(), y.view()).unwrap();
        let pairs: Vec<_> =
            y_new.iter().copied().zip(model.predict(x_new.view()).unwrap()).collect();
        assert!((model.oob_score().unwrap() - r_squared(&pairs)).abs() < 0.04);
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
    fn the_formula_is_the_mean_of_the_covariance_matrix() {
        for (rho, b) in [(0.3, 5), (0.0, 7), (1.0, 3), (-0.25, 5)] {
            let off = rho * 2.0;
            let cov = Array2::from_shape_fn((b, b), |(i, j)| if i == j { 2.0 } else { off });
            let direct = cov.sum() / (b * b) as f64;
            assert!((variance_of_mean(2.0, rho, b).unwrap() - direct).abs() < 1e-14);
        }
        assert!((variance_of_mean(2.0, 0.4, 1).unwrap() - 2.0).abs() < 1e-15);
    }

    #[test]
    fn variance_components_are_found_again() {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let (n, b, rho): (usize, usize, f64) = (20_000, 4, 0.3);
        let mut values = Array2::zeros((n, b));
        for mut row in values.rows_mut() {
            let shared: f64 = rng.sample(StandardNormal);
            row.mapv_inplace(|_: f64| {
                let own: f64 = rng.sample(StandardNormal);
                2.0 * (rho.sqrt() * shared + (1.0 - rho).sqrt() * own)
            });
        }
        let found = member_variance(values.view()).unwrap();
        assert!((found.sigma2 - 4.0).abs() < 0.1 && (found.rho - 0.3).abs() < 0.02, "{found:?}");
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
        for (sigma2, rho, b, name) in [
            (-1.0, 0.0, 2, "sigma2"),
            (f64::NAN, 0.0, 2, "sigma2"),
            (1.0, 1.1, 2, "rho"),
            (1.0, -0.6, 3, "rho"),
            (1.0, 0.0, 0, "b"),
        ] {
            match variance_of_mean(sigma2, rho, b) {
                Err(Error::Parameter { name: got, .. }) => assert_eq!(got, name),
                other => panic!("{name}: {other:?}"),
            }
        }
        let few = member_variance(array![[1.0, 2.0]].view());
        assert!(matches!(few, Err(Error::TooFewSamples { .. })));
        let same = member_variance(Array2::ones((3, 3)).view());
        assert!(matches!(same, Err(Error::ZeroVariance { .. })));
    }
}
