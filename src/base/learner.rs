//! What can be fitted again and again by something that stands above it: object-safe traits for learners of numbers,
//! of classes, of changes to rows and of clusters, and one for what they become. Each model implements them in its
//! own file.
//!
//! ```text
//! Regressor     x, y: numbers    Fitted: the number, (n_rows, 1)
//! Classifier    x, y: classes    Fitted: a share for each class, (n_rows, n_classes); votes are 0 and 1
//! Transformer   x                Fitted: the changed rows, (n_rows, n_outputs)
//! Clusterer     x                a label for each row, or none
//! ```

use super::score::{accuracy_of, argmax, r2_of};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};

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

/// A learner of a change to rows: a scale, a rotation, fewer columns.
///
/// A closure of this signature is one, too; one that ignores the rows it is fitted to changes all alike:
///
/// ```
/// use mlnotes::base::{Fitted, Transformer};
/// use mlnotes::Result;
/// use ndarray::{Array2, ArrayView2, array};
/// let logarithm = |_: ArrayView2<f64>, _: u64| -> Result<Box<dyn Fitted>> {
///     Ok(Box::new(|x: ArrayView2<f64>| Ok(x.mapv(f64::ln_1p))))
/// };
/// let fitted = logarithm.fit_base(array![[1.0]].view(), 0)?;
/// assert_eq!(fitted.outputs(array![[0.0, 0.0]].view())?, Array2::<f64>::zeros((1, 2)));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub trait Transformer: Sync {
    /// Learns from `x`, `(n_samples, n_features)`; chance, if any, from `seed`.
    ///
    /// # Errors
    /// Those of the learner.
    fn fit_base(&self, x: ArrayView2<f64>, seed: u64) -> Result<Box<dyn Fitted>>;
}

/// A learner of clusters that can be fitted again and again.
///
/// A closure of this signature is one, too, where a model needs a word more than its settings:
///
/// ```
/// use mlnotes::base::Clusterer;
/// use mlnotes::cluster::hierarchical::{Agglomerative, LinkageKind};
/// use mlnotes::Result;
/// use ndarray::{ArrayView2, array};
/// let ward = |x: ArrayView2<f64>, _: u64| -> Result<Vec<Option<usize>>> {
///     let tree = Agglomerative::params(LinkageKind::Ward).fit(x)?;
///     Ok(tree.cut(2)?.into_iter().map(Some).collect())
/// };
/// let labels = ward.fit_labels(array![[0.0], [0.1], [9.0]].view(), 0)?;
/// assert_eq!(labels, [Some(0), Some(0), Some(1)]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub trait Clusterer: Sync {
    /// The cluster of each row of `x`, `(n_samples, n_features)`, numbered from 0; none for noise. Chance, if any,
    /// from `seed`.
    ///
    /// # Errors
    /// Those of the learner.
    fn fit_labels(&self, x: ArrayView2<f64>, seed: u64) -> Result<Vec<Option<usize>>>;
}

/// What is predicted: numbers, `ArrayView1<f64>`, or classes, `&[usize]`.
pub trait Target: Copy + Sync {
    /// Some rows of it: `Array1<f64>` or `Vec<usize>`.
    type Part: Sync;
    /// Number of rows.
    fn rows(&self) -> usize;
    /// The rows in this order.
    fn part(&self, rows: &[usize]) -> Self::Part;
    /// What a fitted learner's `outputs` are worth where `part` is the truth: `R²` of numbers, accuracy of classes.
    ///
    /// # Errors
    /// [`Error::Shape`] where they are not as many, [`Error::Empty`] for none; for numbers [`Error::NotFinite`], and
    /// [`Error::ZeroVariance`] for a constant truth.
    fn score(outputs: ArrayView2<f64>, part: &Self::Part) -> Result<f64>;
}

/// Either kind of learner, by what it is fitted to: every [`Regressor`] learns an `ArrayView1<f64>`, every
/// [`Classifier`] a `&[usize]`.
pub trait Learner<T: Target>: Sync {
    /// Fits `x`, `(n_rows, n_features)`, to `part`, the same rows of the `whole` target, which tells what classes
    /// there are; chance, if any, from `seed`.
    ///
    /// # Errors
    /// Those of the learner.
    fn fit_part(
        &self,
        x: ArrayView2<f64>,
        part: &T::Part,
        whole: T,
        seed: u64,
    ) -> Result<Box<dyn Fitted>>;
}

/// What a learner becomes.
pub trait Fitted: Send + Sync {
    /// For each row of `x`: the number, shape `(n_rows, 1)`, the class shares, `(n_rows, n_classes)`, or the changed
    /// row, `(n_rows, n_outputs)`.
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

impl<F> Transformer for F
where
    F: Fn(ArrayView2<f64>, u64) -> Result<Box<dyn Fitted>> + Sync,
{
    fn fit_base(&self, x: ArrayView2<f64>, seed: u64) -> Result<Box<dyn Fitted>> {
        self(x, seed)
    }
}

impl<F> Clusterer for F
where
    F: Fn(ArrayView2<f64>, u64) -> Result<Vec<Option<usize>>> + Sync,
{
    fn fit_labels(&self, x: ArrayView2<f64>, seed: u64) -> Result<Vec<Option<usize>>> {
        self(x, seed)
    }
}

impl Target for ArrayView1<'_, f64> {
    type Part = Array1<f64>;
    fn rows(&self) -> usize {
        self.len()
    }
    fn part(&self, rows: &[usize]) -> Array1<f64> {
        self.select(Axis(0), rows)
    }
    fn score(outputs: ArrayView2<f64>, part: &Array1<f64>) -> Result<f64> {
        if outputs.dim() != (part.len(), 1) {
            let (expected, got) = (format!("({}, 1)", part.len()), format!("{:?}", outputs.dim()));
            return Err(Error::Shape { what: "Target::score: `outputs`", expected, got });
        }
        r2_of("Target::score: `part`", outputs.column(0), part.view())
    }
}

impl Target for &[usize] {
    type Part = Vec<usize>;
    fn rows(&self) -> usize {
        self.len()
    }
    fn part(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().map(|&row| self[row]).collect()
    }
    fn score(outputs: ArrayView2<f64>, part: &Vec<usize>) -> Result<f64> {
        let said: Vec<usize> = outputs.rows().into_iter().map(argmax).collect();
        accuracy_of("Target::score: `part`", &said, part)
    }
}

impl<R: Regressor + ?Sized> Learner<ArrayView1<'_, f64>> for R {
    fn fit_part(
        &self,
        x: ArrayView2<f64>,
        part: &Array1<f64>,
        _: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        self.fit_base(x, part.view(), seed)
    }
}

impl<C: Classifier + ?Sized> Learner<&[usize]> for C {
    fn fit_part(
        &self,
        x: ArrayView2<f64>,
        part: &Vec<usize>,
        whole: &[usize],
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let n_classes = whole.iter().max().map_or(0, |&class| class + 1);
        self.fit_base(x, part, n_classes, seed)
    }
}

/// A classifier whose sample may have lacked the last classes: they get the share 0.
struct Widened<F> {
    fitted: F,
    n_classes: usize,
}

impl<F: Fitted> Fitted for Widened<F> {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        let known = self.fitted.outputs(x)?;
        let mut shares = Array2::zeros((known.nrows(), self.n_classes));
        shares.slice_mut(s![.., ..known.ncols()]).assign(&known);
        Ok(shares)
    }
}

/// `fitted`, which knows the classes below `known`, as one that gives a share to all of `n_classes`.
pub(crate) fn widened(
    fitted: impl Fitted + 'static,
    known: usize,
    n_classes: usize,
) -> Box<dyn Fitted> {
    if known >= n_classes { Box::new(fitted) } else { Box::new(Widened { fitted, n_classes }) }
}

/// A share of 1 for the class that each row is said to be of, shape `(n_rows, n_classes)`.
pub(crate) fn votes(classes: &[usize], n_classes: usize) -> Array2<f64> {
    let mut shares = Array2::zeros((classes.len(), n_classes));
    classes.iter().enumerate().for_each(|(row, &class)| shares[[row, class]] = 1.0);
    shares
}

/// Makes settings with a seed a [`Regressor`], and their model its [`Fitted`]: by `fit` and `predict`.
macro_rules! seeded_regressor {
    ($params:ty => $model:ty) => {
        impl $crate::base::Regressor for $params {
            fn fit_base(
                &self,
                x: ndarray::ArrayView2<f64>,
                y: ndarray::ArrayView1<f64>,
                seed: u64,
            ) -> $crate::Result<Box<dyn $crate::base::Fitted>> {
                Ok(Box::new(self.clone().seed(seed).fit(x, y)?))
            }
        }

        impl $crate::base::Fitted for $model {
            fn outputs(&self, x: ndarray::ArrayView2<f64>) -> $crate::Result<ndarray::Array2<f64>> {
                Ok(self.predict(x)?.insert_axis(ndarray::Axis(1)))
            }
        }
    };
}

pub(crate) use seeded_regressor;

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn classes_that_a_sample_lacked_get_nothing() {
        let half = |x: ArrayView2<f64>| Ok(Array2::from_elem((x.nrows(), 2), 0.5));
        let x = array![[1.0], [2.0]];
        let wide = widened(half, 2, 4).outputs(x.view()).unwrap();
        assert_eq!(wide, array![[0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]]);
        assert_eq!(widened(half, 2, 2).outputs(x.view()).unwrap().dim(), (2, 2));
        assert_eq!(votes(&[2, 0], 3), array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    }

    #[test]
    fn outputs_are_scored_by_what_the_target_is() {
        let numbers = array![1.0, 2.0, 6.0];
        let mean = Array2::from_elem((3, 1), 3.0);
        assert!(<ArrayView1<f64>>::score(mean.view(), &numbers).unwrap().abs() < 1e-15);
        assert!(matches!(
            <ArrayView1<f64>>::score(Array2::zeros((3, 2)).view(), &numbers),
            Err(Error::Shape { .. })
        ));
        let shares = array![[0.2, 0.8], [0.6, 0.4]];
        assert!((<&[usize]>::score(shares.view(), &vec![1, 1]).unwrap() - 0.5).abs() < 1e-15);
        assert!(<&[usize]>::score(shares.view(), &vec![1]).is_err());
    }

    #[test]
    fn a_fold_knows_the_classes_of_the_whole() {
        let counts =
            |_: ArrayView2<f64>, _: &[usize], n: usize, _: u64| -> Result<Box<dyn Fitted>> {
                Ok(Box::new(move |x: ArrayView2<f64>| Ok(Array2::zeros((x.nrows(), n)))))
            };
        let x = array![[0.0]];
        let whole: &[usize] = &[0, 1, 4];
        let fitted = counts.fit_part(x.view(), &vec![0], whole, 0).unwrap();
        assert_eq!(fitted.outputs(x.view()).unwrap().ncols(), 5);
    }
}
