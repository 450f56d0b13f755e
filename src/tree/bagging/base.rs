//! What can be bagged: an object-safe trait for learners of numbers, one for classes, one for what is
//! fitted, and the learners of this library that fit in.

use crate::Result;
use crate::linear::logistic::{LogisticModel, LogisticRegressionParams};
use crate::linear::ols::{LinearModel, LinearRegressionParams};
use crate::tree::cart::{
    ClassificationTree, Columns, DecisionTreeClassifierParams, DecisionTreeRegressorParams,
    RegressionTree,
};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

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
