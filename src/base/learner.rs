//! What can be fitted again and again by something that stands above it: an object-safe trait for learners of
//! numbers, one for learners of classes, and one for what they become. Each model implements them in its own file.

use crate::Result;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// A learner of numbers that can be fitted again and again.
///
/// A closure of this signature is one, too:
///
/// ```
/// use mlnotes::base::Fitted;
/// use mlnotes::ensemble::Bagging;
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
