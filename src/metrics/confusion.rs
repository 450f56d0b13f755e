//! Confusion matrix, and every number that is read off it.
//!
//! ```text
//! C[i, j] = rows of class i that were called j          (n_classes, n_classes)
//! precision_k = C[k,k] / Σᵢ C[i,k]      of those called k, how many are k
//! recall_k    = C[k,k] / Σⱼ C[k,j]      of those that are k, how many were called k
//! F_β = (1 + β²) P R / (β² P + R)       = (1 + β²) TP / ((1 + β²) TP + β² FN + FP)
//! ```
//!
//! Precision has no value when nothing is called `k`; [`ZeroDivision`] says what to do then, and the
//! default is to say so. `F₁` does not look at true negatives. The three averages over classes differ:
//! macro gives each class one vote, weighted as many as it has rows, micro counts rows (and is then the
//! accuracy, for precision, recall and F alike).
//!
//! # References
//! van Rijsbergen (1979), chapter 7, for F; Matthews (1975); Cohen (1960); Gorodkin (2004) for MCC over
//! several classes.

use crate::base::views;
use crate::{Error, Result};
use ndarray::{Array1, Array2, Axis};

/// How values of single classes become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Average {
    /// The value of this class alone.
    Class(usize),
    /// The plain mean over classes.
    Macro,
    /// The mean over classes, each weighted by its rows.
    Weighted,
    /// Over all rows at once.
    Micro,
}

/// What a ratio with a denominator of zero is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum ZeroDivision {
    /// [`Error::EmptyGroup`].
    #[default]
    Error,
    /// This value (scikit-learn takes 0, with a warning).
    Value(f64),
}

/// Counts of true against predicted classes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfusionMatrix {
    /// `counts[[i, j]]` rows of class `i` were called `j`, shape `(n_classes, n_classes)`.
    pub counts: Array2<u64>,
}

impl ConfusionMatrix {
    /// Counts labels, both of shape `(n_samples,)`; classes are `0..=` the largest label of either.
    ///
    /// # Errors
    /// [`Error::Empty`], and [`Error::Shape`] for lengths that differ.
    ///
    /// ```
    /// use mlnotes::metrics::confusion::{Average, ConfusionMatrix, ZeroDivision};
    /// let matrix = ConfusionMatrix::from_labels(&[0, 0, 1, 1, 1], &[0, 1, 1, 1, 0])?;
    /// assert_eq!(matrix.counts, ndarray::array![[1, 1], [1, 2]]);
    /// let precision = matrix.precision(Average::Class(1), ZeroDivision::Error)?;
    /// assert!((precision - 2.0 / 3.0).abs() < 1e-15);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn from_labels(y_true: &[usize], y_pred: &[usize]) -> Result<Self> {
        if y_true.is_empty() {
            return Err(Error::Empty { what: "ConfusionMatrix: `y_true`", needed: "1 label" });
        }
        if y_true.len() != y_pred.len() {
            return Err(Error::Shape {
                what: "ConfusionMatrix: `y_pred`",
                expected: format!("({},)", y_true.len()),
                got: format!("({},)", y_pred.len()),
            });
        }
        let n = y_true.iter().chain(y_pred).max().map_or(0, |&top| top + 1);
        let mut counts = Array2::zeros((n, n));
        for (&truth, &said) in y_true.iter().zip(y_pred) {
            counts[[truth, said]] += 1;
        }
        Ok(Self { counts })
    }

    /// Number of classes.
    pub fn n_classes(&self) -> usize {
        self.counts.nrows()
    }

    /// Of the rows that were called a class, the share that is of it.
    ///
    /// # Errors
    /// [`Error::EmptyGroup`] when a class was never predicted and [`ZeroDivision::Error`] holds;
    /// [`Error::Parameter`] for a class that is not there.
    pub fn precision(&self, average: Average, zero: ZeroDivision) -> Result<f64> {
        self.averaged("precision", average, zero, |hits, _, called| (hits, called))
    }

    /// Of the rows of a class, the share that was called so.
    ///
    /// # Errors
    /// [`Error::EmptyGroup`] when a class has no rows and [`ZeroDivision::Error`] holds;
    /// [`Error::Parameter`] for a class that is not there.
    pub fn recall(&self, average: Average, zero: ZeroDivision) -> Result<f64> {
        self.averaged("recall", average, zero, |hits, rows, _| (hits, rows))
    }

    /// The weighted harmonic mean of precision and recall; `beta` above 1 favours recall.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `beta` is finite and > 0, or for a class that is not there;
    /// [`Error::EmptyGroup`] when a class has neither rows nor predictions and [`ZeroDivision::Error`] holds.
    ///
    /// ```
    /// use mlnotes::metrics::confusion::{Average, ConfusionMatrix, ZeroDivision};
    /// let matrix = ConfusionMatrix::from_labels(&[0, 0, 1, 1], &[0, 1, 1, 1])?;
    /// let f1 = matrix.f_beta(1.0, Average::Class(1), ZeroDivision::Error)?;
    /// assert!((f1 - 0.8).abs() < 1e-15);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn f_beta(&self, beta: f64, average: Average, zero: ZeroDivision) -> Result<f64> {
        if !(beta.is_finite() && beta > 0.0) {
            return Err(Error::Parameter {
                estimator: "ConfusionMatrix::f_beta",
                name: "beta",
                rule: "finite and > 0",
                got: beta.to_string(),
            });
        }
        let b2 = beta * beta;
        self.averaged("F", average, zero, |hits, rows, called| {
            ((1.0 + b2) * hits, b2 * rows + called)
        })
    }

    /// Share of rows on the diagonal.
    pub fn accuracy(&self) -> f64 {
        let (hits, rows, _) = self.margins();
        hits.sum() / rows.sum()
    }

    /// Matthews' correlation of truth and prediction, from -1 to 1; 0 when either is constant.
    ///
    /// ```
    /// use mlnotes::metrics::confusion::ConfusionMatrix;
    /// let lazy = ConfusionMatrix::from_labels(&[0, 0, 0, 1], &[0, 0, 0, 0])?;
    /// assert_eq!((lazy.accuracy(), lazy.mcc()), (0.75, 0.0));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn mcc(&self) -> f64 {
        let (hits, rows, called) = self.margins();
        let n = rows.sum();
        let covariance = hits.sum() * n - rows.dot(&called);
        let spread = (n * n - rows.dot(&rows)) * (n * n - called.dot(&called));
        if spread > 0.0 { covariance / spread.sqrt() } else { 0.0 }
    }

    /// Cohen's kappa: agreement beyond that of chance with the same margins; 0 when truth and prediction
    /// are the same constant, where there is nothing beyond chance to agree on.
    pub fn cohen_kappa(&self) -> f64 {
        let (hits, rows, called) = self.margins();
        let n = rows.sum();
        let (agreed, chance) = (hits.sum() / n, rows.dot(&called) / (n * n));
        if chance < 1.0 { (agreed - chance) / (1.0 - chance) } else { 0.0 }
    }

    /// Diagonal, row sums (truth), column sums (predictions).
    fn margins(&self) -> (Array1<f64>, Array1<f64>, Array1<f64>) {
        let counts = self.counts.mapv(|c| c as f64);
        (counts.diag().to_owned(), counts.sum_axis(Axis(1)), counts.sum_axis(Axis(0)))
    }

    /// A ratio of (hits, rows, called), averaged over classes.
    fn averaged(
        &self,
        name: &'static str,
        average: Average,
        zero: ZeroDivision,
        ratio: impl Fn(f64, f64, f64) -> (f64, f64),
    ) -> Result<f64> {
        let (hits, rows, called) = self.margins();
        let divide = |(above, below): (f64, f64), class: &str| match zero {
            _ if below > 0.0 => Ok(above / below),
            ZeroDivision::Value(value) => Ok(value),
            ZeroDivision::Error => Err(Error::EmptyGroup {
                what: "ConfusionMatrix",
                group: format!("denominator of the {name} of {class}"),
            }),
        };
        let of = |k: usize| divide(ratio(hits[k], rows[k], called[k]), &format!("class {k}"));
        // Classes that occur nowhere have no vote.
        let seen = || (0..hits.len()).filter(|&k| rows[k] + called[k] > 0.0);
        match average {
            Average::Class(k) if k < hits.len() => of(k),
            Average::Class(k) => Err(Error::Parameter {
                estimator: "ConfusionMatrix",
                name: "average",
                rule: "a class that occurs",
                got: format!("class {k} of {}", hits.len()),
            }),
            Average::Macro => {
                let sum = seen().map(of).sum::<Result<f64>>()?;
                Ok(sum / seen().count() as f64)
            }
            Average::Weighted => {
                let sum = seen().map(|k| Ok(rows[k] * of(k)?)).sum::<Result<f64>>()?;
                Ok(sum / rows.sum())
            }
            Average::Micro => divide(ratio(hits.sum(), rows.sum(), called.sum()), "all rows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ERROR: ZeroDivision = ZeroDivision::Error;

    #[test]
    fn a_class_that_was_never_predicted_has_no_precision() {
        let matrix = ConfusionMatrix::from_labels(&[0, 1, 2], &[0, 1, 1]).unwrap();
        let error = matrix.precision(Average::Macro, ERROR).unwrap_err().to_string();
        assert!(error.contains("precision of class 2"), "{error}");
        let zero = ZeroDivision::Value(0.0);
        assert!((matrix.precision(Average::Macro, zero).unwrap() - 0.5).abs() < 1e-15);
        assert!(matrix.recall(Average::Class(7), ERROR).is_err());
        assert!(matrix.f_beta(f64::NAN, Average::Macro, ERROR).is_err());
        assert!(ConfusionMatrix::from_labels(&[], &[]).is_err());
        assert!(ConfusionMatrix::from_labels(&[1], &[1, 0]).is_err());
    }

    proptest! {
        /// F lies between precision and recall; micro averages are the accuracy.
        #[test]
        fn the_laws_hold(labels in proptest::collection::vec((0_usize..3, 0_usize..3), 1..40)) {
            let (truth, said): (Vec<usize>, Vec<usize>) = labels.into_iter().unzip();
            let matrix = ConfusionMatrix::from_labels(&truth, &said).unwrap();
            let accuracy = matrix.accuracy();
            for value in [
                matrix.precision(Average::Micro, ERROR).unwrap(),
                matrix.recall(Average::Micro, ERROR).unwrap(),
                matrix.f_beta(2.0, Average::Micro, ERROR).unwrap(),
            ] {
                prop_assert!((value - accuracy).abs() < 1e-12);
            }
            for k in 0..matrix.n_classes() {
                let p = matrix.precision(Average::Class(k), ERROR);
                let r = matrix.recall(Average::Class(k), ERROR);
                if let (Ok(p), Ok(r)) = (p, r) {
                    let f = matrix.f_beta(0.7, Average::Class(k), ERROR).unwrap();
                    prop_assert!(f >= p.min(r) - 1e-12 && f <= p.max(r) + 1e-12);
                }
            }
            prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&matrix.mcc()));
            prop_assert!(matrix.cohen_kappa() <= 1.0 + 1e-12);
        }
    }
}
