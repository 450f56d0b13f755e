//! A pipeline: changes to the rows, one after the other, and a learner of what comes out.
//!
//! ```text
//! fit       x₁ = t₁(x),  x₂ = t₂(x₁),  …,  f: x_k → y        each tᵢ learned from what the one before it gives
//! predict   f(t_k(… t₁(x)))                                  with what the fit has learned, of any rows
//! ```
//!
//! It is one learner, so that whatever fits it again (a fold, a bootstrap sample, a meta model) fits the changes
//! again too. A scale or a choice of columns that was learned beforehand from all rows has seen those that judge.
//!
//! # References
//! Hastie, Tibshirani & Friedman (2009), section 7.10.2, the wrong and the right way to do cross-validation.

use crate::base::{
    Classifier, Fitted, Regressor, Transformer, argmax, check_classes, check_matrix, check_rows,
    check_target, setters, stream, views,
};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::RngCore;

impl Pipeline {
    /// Settings with the learner `last`, and no step before it yet.
    ///
    /// ```
    /// use mlnotes::data::{self, StandardScaler};
    /// use mlnotes::ensemble::Pipeline;
    /// use mlnotes::linear::logistic::{LogisticRegression, Penalty};
    /// use mlnotes::metrics::validation::{KFold, cross_validate};
    /// let set = data::breast_cancer();
    /// let logistic = LogisticRegression::params().penalty(Penalty::L2(0.01));
    /// let learner = Pipeline::params(logistic).step(StandardScaler::params());
    /// let folds = KFold::params(5).stratify(&set.y).split(569)?;
    /// // Each fold scales by its own training rows.
    /// let accuracy = cross_validate(&learner, set.x.view(), &set.y[..], &folds, 0)?;
    /// assert!(accuracy.iter().all(|a| *a > 0.95));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params<L>(last: L) -> PipelineParams<L> {
        PipelineParams { steps: Vec::new(), last, seed: 0 }
    }
}

/// Settings of a pipeline.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `last` | required | | the learner of what the steps make of the rows |
/// | `step` | none | | a change to the rows, after those that were named before it |
/// | `seed` | 0 | | chance of steps and learner, a stream each; their own seeds do not count |
pub struct PipelineParams<L> {
    steps: Vec<Box<dyn Transformer>>,
    last: L,
    seed: u64,
}

/// Fitted steps, and the rows that go in.
struct Steps {
    fitted: Vec<Box<dyn Fitted>>,
    n_features: usize,
}

/// Fitted pipeline that ends in a [`Regressor`].
pub struct Pipeline {
    steps: Steps,
    last: Box<dyn Fitted>,
}

/// Fitted pipeline that ends in a [`Classifier`].
pub struct PipelineClassifier {
    steps: Steps,
    last: Box<dyn Fitted>,
    n_classes: usize,
}

impl<L> PipelineParams<L> {
    setters! {
        /// Seeds steps and learner.
        seed: u64;
    }

    /// Adds a step after those before.
    #[must_use]
    pub fn step(mut self, step: impl Transformer + 'static) -> Self {
        self.steps.push(Box::new(step));
        self
    }

    /// Fits the steps to checked rows; gives them, what they make of the rows, and the last learner's seed.
    fn climb(&self, x: ArrayView2<f64>, seed: u64) -> Result<(Steps, Array2<f64>, u64)> {
        let chance = |number: usize| stream(seed, number).next_u64();
        let mut rows = x.to_owned();
        let mut fitted = Vec::with_capacity(self.steps.len());
        for (number, step) in self.steps.iter().enumerate() {
            check_interrupt();
            let step = step.fit_base(rows.view(), chance(number))?;
            rows = changed(step.as_ref(), rows.view())?;
            fitted.push(step);
        }
        Ok((Steps { fitted, n_features: x.ncols() }, rows, chance(self.steps.len())))
    }
}

/// What a step makes of rows, checked.
fn changed(step: &dyn Fitted, x: ArrayView2<f64>) -> Result<Array2<f64>> {
    const WHAT: &str = "Pipeline: rows after a step";
    let rows = step.outputs(x)?;
    check_matrix(WHAT, rows.view())?;
    if rows.nrows() == x.nrows() {
        return Ok(rows);
    }
    let (expected, got) = (format!("({}, n_outputs)", x.nrows()), format!("{:?}", rows.dim()));
    Err(Error::Shape { what: WHAT, expected, got })
}

impl<L: Regressor> PipelineParams<L> {
    /// Fits `x`, `(n_samples, n_features)`, to `y`, `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], also for what a step makes of the rows; those of
    /// the steps and the learner.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<Pipeline> {
        self.fit_from(x, y, self.seed)
    }

    fn fit_from(&self, x: ArrayView2<f64>, y: ArrayView1<f64>, seed: u64) -> Result<Pipeline> {
        check_matrix("Pipeline: `x`", x)?;
        check_target("Pipeline: `y`", y, x.nrows())?;
        let (steps, rows, seed) = self.climb(x, seed)?;
        Ok(Pipeline { steps, last: self.last.fit_base(rows.view(), y, seed)? })
    }
}

impl<L: Classifier> PipelineParams<L> {
    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, numbered from 0.
    ///
    /// # Errors
    /// As [`PipelineParams::fit`], and [`Error::Label`], [`Error::SingleClass`].
    #[views]
    pub fn fit_classes(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<PipelineClassifier> {
        check_matrix("Pipeline: `x`", x)?;
        let n_classes = check_classes("Pipeline: `y`", y, x.nrows())?;
        self.classes_from(x, y, n_classes, self.seed)
    }

    fn classes_from(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<PipelineClassifier> {
        let (steps, rows, seed) = self.climb(x, seed)?;
        let last = self.last.fit_base(rows.view(), y, n_classes, seed)?;
        Ok(PipelineClassifier { steps, last, n_classes })
    }
}

impl Steps {
    /// The rows after all steps.
    fn walk(&self, what: &'static str, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows(what, x, self.n_features)?;
        self.fitted.iter().try_fold(x.to_owned(), |rows, step| changed(step.as_ref(), rows.view()))
    }

    /// What the learner says of the rows after all steps, checked.
    fn outputs(
        &self,
        what: &'static str,
        last: &dyn Fitted,
        x: ArrayView2<f64>,
        width: usize,
    ) -> Result<Array2<f64>> {
        const WHAT: &str = "Pipeline: outputs of the learner";
        let outputs = last.outputs(self.walk(what, x)?.view())?;
        if outputs.dim() != (x.nrows(), width) {
            let expected = format!("({}, {width})", x.nrows());
            return Err(Error::Shape { what: WHAT, expected, got: format!("{:?}", outputs.dim()) });
        }
        check_matrix(WHAT, outputs.view())?;
        Ok(outputs)
    }
}

impl Pipeline {
    /// What the steps make of `x`, `(n_rows, n_features)`: what the learner sees, shape `(n_rows, n_outputs)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] for a wrong number of columns, those of the steps.
    #[views]
    pub fn transform(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.steps.walk("Pipeline::transform: `x`", x)
    }

    /// Predicted numbers, shape `(n_rows,)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// As [`Pipeline::transform`], and those of the learner.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        let what = "Pipeline::predict: `x`";
        Ok(self.steps.outputs(what, self.last.as_ref(), x, 1)?.index_axis_move(Axis(1), 0))
    }
}

impl PipelineClassifier {
    /// As [`Pipeline::transform`].
    ///
    /// # Errors
    /// As [`Pipeline::transform`].
    #[views]
    pub fn transform(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.steps.walk("PipelineClassifier::transform: `x`", x)
    }

    /// Class shares, shape `(n_rows, n_classes)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// As [`Pipeline::predict`].
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.steps.outputs(
            "PipelineClassifier::predict_proba: `x`",
            self.last.as_ref(),
            x,
            self.n_classes,
        )
    }

    /// The class with the largest share, the lower one of equals, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`Pipeline::predict`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self.predict_proba(x)?.rows().into_iter().map(argmax).collect())
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pipeline of {} steps and a learner of numbers", self.steps.fitted.len())
    }
}

impl std::fmt::Debug for PipelineClassifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pipeline of {} steps and a learner of classes", self.steps.fitted.len())
    }
}

impl<L: Regressor> Regressor for PipelineParams<L> {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit_from(x, y, seed)?))
    }
}

impl<L: Classifier> Classifier for PipelineParams<L> {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.classes_from(x, y, n_classes, seed)?))
    }
}

impl Fitted for Pipeline {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.steps.outputs("Pipeline::predict: `x`", self.last.as_ref(), x, 1)
    }
}

impl Fitted for PipelineClassifier {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{self, StandardScaler};
    use crate::decomposition::pca::Pca;
    use crate::ensemble::Bagging;
    use crate::linear::logistic::{LogisticRegression, Penalty};
    use crate::linear::ridge::Ridge;
    use ndarray::{array, s};

    #[test]
    fn it_is_what_its_parts_are_by_hand() {
        let set = data::diabetes();
        let (x, y) = (set.x.view(), set.y.view());
        let params = Pipeline::params(Ridge::params(2.0)).step(StandardScaler::params());
        let model = params.step(Pca::params(4)).fit(x, y).unwrap();
        let scaled = data::standardize(x).unwrap().x;
        let pca = Pca::params(4).fit(scaled.view()).unwrap();
        let scores = pca.transform(scaled.view()).unwrap();
        let ridge = Ridge::params(2.0).fit(scores.view(), y).unwrap();
        assert_eq!(model.transform(x).unwrap(), scores);
        assert_eq!(model.predict(x).unwrap(), ridge.predict(scores.view()).unwrap());
        // New rows are scaled by the old ones, not by themselves.
        let few = x.slice(s![..3, ..]);
        assert_eq!(model.predict(few).unwrap(), model.predict(x).unwrap().slice(s![..3]));
    }

    #[test]
    fn it_stands_in_another_model() {
        let set = data::breast_cancer();
        let logistic = LogisticRegression::params().penalty(Penalty::L2(0.1));
        let learner = Pipeline::params(logistic).step(StandardScaler::params());
        let model = learner.fit_classes(set.x.view(), &set.y).unwrap();
        let same = |said: &[usize]| said.iter().zip(&set.y).filter(|(a, b)| a == b).count();
        assert!(same(&model.predict(set.x.view()).unwrap()) > 545);
        // As a step: its class shares become columns.
        let above = Pipeline::params(Ridge::params(0.0)).step(Pca::params(2));
        let bagged = Bagging::params(above_by_closure).n_estimators(3).seed(1);
        let target: Array1<f64> = set.y.iter().map(|&class| class as f64).collect();
        let direct = above.fit(set.x.view(), target.view()).unwrap();
        assert_eq!(direct.transform(set.x.view()).unwrap().ncols(), 2);
        let bagged = bagged.fit(set.x.view(), target.view()).unwrap();
        assert_eq!(bagged.predict(set.x.view()).unwrap().len(), 569);
    }

    fn above_by_closure(
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        Pipeline::params(Ridge::params(0.0)).step(Pca::params(2)).fit_base(x, y, seed)
    }

    #[test]
    fn bad_input_and_bad_steps_are_named() {
        let (x, y) = (array![[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]], array![1.0, 2.0, 4.0]);
        let short = |_: ArrayView2<f64>, _: u64| -> Result<Box<dyn Fitted>> {
            Ok(Box::new(|x: ArrayView2<f64>| Ok(x.slice(s![1.., ..]).to_owned())))
        };
        let error = Pipeline::params(Ridge::params(1.0)).step(short).fit(x.view(), y.view());
        assert!(matches!(error, Err(Error::Shape { what: "Pipeline: rows after a step", .. })));
        let root = |_: ArrayView2<f64>, _: u64| -> Result<Box<dyn Fitted>> {
            Ok(Box::new(|x: ArrayView2<f64>| Ok((&x - 2.0).mapv(f64::sqrt))))
        };
        let error = Pipeline::params(Ridge::params(1.0)).step(root).fit(x.view(), y.view());
        assert!(matches!(error, Err(Error::NotFinite { row: 0, col: 0, .. })));
        let plain = Pipeline::params(Ridge::params(1.0));
        assert!(plain.fit(x.view(), y.slice(s![..2])).is_err());
        let model = plain.fit(x.view(), y.view()).unwrap();
        assert!(matches!(model.predict(array![[1.0]].view()), Err(Error::Shape { .. })));
        let alone = Ridge::params(1.0).fit(x.view(), y.view()).unwrap();
        assert_eq!(model.predict(x.view()).unwrap(), alone.predict(x.view()).unwrap());
    }
}
