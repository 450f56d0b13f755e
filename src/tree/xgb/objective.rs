//! Losses, as their first and second derivatives.

use crate::base::{check_vector, log_sum_exp, sigmoid, softplus, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Rows that one task works on.
pub(super) const CHUNK: usize = 4096;
/// A curvature below this would ask for steps without bound where no penalty holds them.
const LEAST_CURVATURE: f64 = 1e-16;

/// What is minimised, as the derivatives of one row's loss `L(y, F)` by the margin `F`, the sum of trees.
///
/// | objective | `y` | `F` | `g` | `h` |
/// |---|---|---|---|---|
/// | `SquaredError` | number | the number | `F − y` | 1 |
/// | `Logistic` | 0, 1 | log-odds of 1 | `p − y` | `p (1 − p)` |
/// | `Softmax(c)` | 0 … c−1 | `c` scores | `p_k − [y = k]` | `2 p_k (1 − p_k)` |
/// | `Custom(f)` | number | one number | `f(F, y).0` | `f(F, y).1` |
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Objective {
    /// `½ (F − y)²`.
    #[default]
    SquaredError,
    /// `softplus(F) − y F`, for classes 0 and 1.
    Logistic,
    /// `ln Σ_k exp F_k − F_y`, for that many classes: one tree a class and round.
    ///
    /// The trees of a round do not see each other. The Hessian `diag(p) − p pᵀ` lies below the diagonal
    /// matrix `2 diag(p (1 − p))` (their difference is diagonally dominant), so with the factor 2 the
    /// quadratic model bounds the step from above; its plain diagonal would not.
    Softmax(usize),
    /// Any loss of one margin: `f(margin, y)` gives `(g, h)`, with `h ≥ 0`.
    #[serde(skip)]
    Custom(fn(f64, f64) -> (f64, f64)),
}

impl Objective {
    /// Margins a row has, and trees a round grows.
    pub fn n_outputs(&self) -> usize {
        match self {
            Self::Softmax(n_classes) => *n_classes,
            _ => 1,
        }
    }

    /// First and second derivatives of each row's loss, both of shape `(n_samples, n_outputs)`, at the
    /// margins `pred`, `(n_samples, n_outputs)`, for the targets `y`, `(n_samples,)`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::Objective;
    /// use ndarray::array;
    /// let (g, h) = Objective::Logistic.grad_hess(array![[0.0], [0.0]].view(), array![0.0, 1.0].view())?;
    /// assert_eq!((g, h), (array![[0.5], [-0.5]], array![[0.25], [0.25]]));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`] (of a custom loss too), [`Error::Label`] for a class that
    /// there is not, [`Error::Negative`] for a custom `h` below 0.
    #[views]
    pub fn grad_hess(
        &self,
        pred: ArrayView2<f64>,
        y: ArrayView1<f64>,
    ) -> Result<(Array2<f64>, Array2<f64>)> {
        const WHAT: &str = "Objective::grad_hess: `pred`";
        let shape = (y.len(), self.n_outputs());
        if pred.dim() != shape {
            let (expected, got) = (format!("{shape:?}"), format!("{:?}", pred.dim()));
            return Err(Error::Shape { what: WHAT, expected, got });
        }
        if let Some(((row, col), &value)) = pred.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(Error::NotFinite { what: WHAT, row, col, value });
        }
        self.check_labels("Objective::grad_hess: `y`", y)?;
        let margins: Vec<f64> = pred.iter().copied().collect();
        let mut derivatives = vec![(0.0, 0.0); margins.len()];
        self.derive(&margins, &y.to_vec(), &mut derivatives)?;
        let part = |pick: fn(&(f64, f64)) -> f64| {
            Array2::from_shape_fn(shape, |(i, k)| pick(&derivatives[i * shape.1 + k]))
        };
        Ok((part(|d| d.0), part(|d| d.1)))
    }

    /// Writes `(g, h)` of each row and output; all three are row by row.
    pub(super) fn derive(
        &self,
        margins: &[f64],
        y: &[f64],
        derivatives: &mut [(f64, f64)],
    ) -> Result<()> {
        let k = self.n_outputs();
        let chunks = derivatives.par_chunks_mut(CHUNK * k).zip(margins.par_chunks(CHUNK * k));
        chunks.zip(y.par_chunks(CHUNK)).for_each(|((derivatives, margins), y)| match self {
            Self::SquaredError => scalar(derivatives, margins, y, |f, y| (f - y, 1.0)),
            Self::Logistic => scalar(derivatives, margins, y, |f, y| {
                let p = sigmoid(f);
                (p - y, (p * (1.0 - p)).max(LEAST_CURVATURE))
            }),
            Self::Custom(derivative) => scalar(derivatives, margins, y, derivative),
            Self::Softmax(_) => softmax(derivatives, margins, y, k),
        });
        match self {
            Self::Custom(_) => check_custom(derivatives),
            _ => Ok(()),
        }
    }

    /// Weighted mean loss at the margins, row by row, of targets that were checked; none of a custom loss.
    pub(super) fn mean_loss(&self, margins: &[f64], y: &[f64], weights: &[f64]) -> Option<f64> {
        let k = self.n_outputs();
        let one = |(row, &y): (&[f64], &f64)| -> Option<f64> {
            match self {
                Self::SquaredError => Some(0.5 * (row[0] - y) * (row[0] - y)),
                Self::Logistic => Some(softplus(row[0]) - y * row[0]),
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a label"
                )]
                Self::Softmax(_) => Some(log_sum_exp(ArrayView1::from(row)) - row[y as usize]),
                Self::Custom(_) => None,
            }
        };
        let losses: Option<Vec<f64>> = margins.chunks_exact(k).zip(y).map(one).collect();
        let sum: f64 = losses?.iter().zip(weights).map(|(loss, weight)| loss * weight).sum();
        Some(sum / weights.iter().sum::<f64>())
    }

    /// Checks targets for a fit: labels, and that every class is there.
    pub(super) fn check_targets(&self, what: &'static str, y: ArrayView1<f64>) -> Result<()> {
        self.check_labels(what, y)?;
        let n_classes = match *self {
            Self::SquaredError | Self::Custom(_) => return Ok(()),
            Self::Logistic => 2,
            Self::Softmax(n_classes) => n_classes,
        };
        let counts = counts(y, n_classes);
        let present: Vec<usize> = (0..n_classes).filter(|&class| counts[class] > 0).collect();
        match present[..] {
            [class] => Err(Error::SingleClass { what, class }),
            _ => match counts.iter().position(|&count| count == 0) {
                Some(class) => Err(Error::EmptyGroup { what, group: format!("class {class}") }),
                None => Ok(()),
            },
        }
    }

    pub(super) fn check_labels(&self, what: &'static str, y: ArrayView1<f64>) -> Result<()> {
        check_vector(what, y)?;
        let (n_classes, allowed) = match *self {
            Self::SquaredError | Self::Custom(_) => return Ok(()),
            Self::Logistic => (2, "0 or 1"),
            Self::Softmax(n_classes) => (n_classes, "whole numbers from 0, below the classes"),
        };
        let is_class = |v: f64| v >= 0.0 && v < n_classes as f64 && v.fract() == 0.0;
        match y.iter().position(|&v| !is_class(v)) {
            Some(index) => Err(Error::Label { what, index, got: y[index].to_string(), allowed }),
            None => Ok(()),
        }
    }

    /// The constant margins that fit checked, weighted targets best, shape `(n_outputs,)`; 0 for a custom loss.
    pub(super) fn start(&self, y: &[f64], weights: &[f64]) -> Array1<f64> {
        let weights = ArrayView1::from(weights);
        let total = weights.sum();
        let mean = (&ArrayView1::from(y) * &weights).sum() / total;
        match *self {
            Self::SquaredError => Array1::from_elem(1, mean),
            Self::Logistic => Array1::from_elem(1, (mean / (1.0 - mean)).ln()),
            Self::Softmax(k) => {
                let mut counts = Array1::<f64>::zeros(k);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a label"
                )]
                y.iter().zip(weights).for_each(|(&class, w)| counts[class as usize] += w);
                counts.mapv(|count| (count / total).ln())
            }
            Self::Custom(_) => Array1::zeros(1),
        }
    }
}

/// Rows of each class, for checked labels.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked labels")]
fn counts(y: ArrayView1<f64>, n_classes: usize) -> Vec<usize> {
    let mut counts = vec![0; n_classes];
    y.iter().for_each(|&class| counts[class as usize] += 1);
    counts
}

fn scalar(
    derivatives: &mut [(f64, f64)],
    margins: &[f64],
    y: &[f64],
    derivative: impl Fn(f64, f64) -> (f64, f64),
) {
    for ((out, &f), &y) in derivatives.iter_mut().zip(margins).zip(y) {
        *out = derivative(f, y);
    }
}

fn softmax(derivatives: &mut [(f64, f64)], margins: &[f64], y: &[f64], k: usize) {
    let rows = derivatives.chunks_exact_mut(k).zip(margins.chunks_exact(k));
    for ((out, f), &y) in rows.zip(y) {
        let log_sum = log_sum_exp(ArrayView1::from(f));
        for (class, (out, &f)) in out.iter_mut().zip(f).enumerate() {
            let p = (f - log_sum).exp();
            let hit = f64::from(u8::from((class as f64 - y).abs() < 0.5));
            *out = (p - hit, (2.0 * p * (1.0 - p)).max(LEAST_CURVATURE));
        }
    }
}

fn check_custom(derivatives: &[(f64, f64)]) -> Result<()> {
    const WHAT: &str = "Objective::Custom: the derivatives";
    for (row, &(g, h)) in derivatives.iter().enumerate() {
        for (col, value) in [g, h].into_iter().enumerate() {
            if !value.is_finite() {
                return Err(Error::NotFinite { what: WHAT, row, col, value });
            }
        }
        if h < 0.0 {
            return Err(Error::Negative { what: WHAT, index: row, value: h });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::{max_relative_error, numeric_gradient};
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn the_derivatives_are_those_of_the_losses() {
        let y = array![0.0, 1.0, 1.0];
        let at = array![0.3, -1.2, 2.0];
        let pred = at.view().insert_axis(ndarray::Axis(1));
        let logistic = |f: ArrayView1<f64>| -> f64 {
            f.iter().zip(&y).map(|(&f, &y)| softplus(f) - y * f).sum()
        };
        let squares = |f: ArrayView1<f64>| -> f64 {
            f.iter().zip(&y).map(|(&f, &y)| 0.5 * (f - y) * (f - y)).sum()
        };
        let checked = |objective: Objective, numeric: Array1<f64>| {
            let (g, h) = objective.grad_hess(pred, y.view()).unwrap();
            assert!(max_relative_error(g.column(0), numeric.view()) < 1e-7);
            // The second derivative is the slope of the first.
            let slope = |f: ArrayView1<f64>| {
                let f = f.insert_axis(ndarray::Axis(1));
                objective.grad_hess(f, y.view()).unwrap().0.sum()
            };
            let numeric = numeric_gradient(slope, at.view());
            assert!(max_relative_error(h.column(0), numeric.view()) < 1e-7);
        };
        checked(Objective::Logistic, numeric_gradient(logistic, at.view()));
        checked(Objective::SquaredError, numeric_gradient(squares, at.view()));
    }

    proptest! {
        /// The quadratic model with `h = 2 p (1 − p)` bounds the Hessian: `vᵀ (D − H) v ≥ 0`.
        #[test]
        fn the_softmax_curvature_is_an_upper_bound(
            f in prop::collection::vec(-4.0..4.0, 4), v in prop::collection::vec(-2.0..2.0, 4),
        ) {
            let pred = Array2::from_shape_vec((1, 4), f).unwrap();
            let (g, h) = Objective::Softmax(4).grad_hess(pred.view(), array![2.0].view()).unwrap();
            prop_assert!(g.sum().abs() < 1e-12);
            let p: Vec<f64> = (0..4).map(|k| g[[0, k]] + f64::from(u8::from(k == 2))).collect();
            let mean: f64 = p.iter().zip(&v).map(|(p, v)| p * v).sum();
            let hessian: f64 = p.iter().zip(&v).map(|(p, v)| p * v * v).sum::<f64>() - mean * mean;
            let model: f64 = h.iter().zip(&v).map(|(h, v)| h * v * v).sum();
            prop_assert!(model >= hessian - 1e-12, "{model} {hessian}");
        }
    }

    #[test]
    fn bad_targets_are_named() {
        let check = |objective: Objective, y: Array1<f64>| objective.check_targets("y", y.view());
        assert!(check(Objective::Logistic, array![0.0, 1.0]).is_ok());
        let label = check(Objective::Logistic, array![0.0, 2.0]).unwrap_err();
        assert!(matches!(label, Error::Label { index: 1, .. }));
        let label = check(Objective::Softmax(3), array![0.0, 1.5, 2.0]).unwrap_err();
        assert!(matches!(label, Error::Label { index: 1, .. }));
        let single = check(Objective::Logistic, array![1.0, 1.0]).unwrap_err();
        assert!(matches!(single, Error::SingleClass { class: 1, .. }));
        let none = check(Objective::Softmax(3), array![0.0, 2.0]).unwrap_err();
        assert!(none.to_string().contains("class 1"));
        let nan = check(Objective::SquaredError, array![0.0, f64::NAN]).unwrap_err();
        assert!(matches!(nan, Error::NotFinite { row: 1, .. }));
        let one = array![[0.0]];
        let custom = |f: fn(f64, f64) -> (f64, f64)| {
            Objective::Custom(f).grad_hess(one.view(), array![0.0].view()).unwrap_err()
        };
        assert!(matches!(custom(|_, _| (f64::NAN, 1.0)), Error::NotFinite { col: 0, .. }));
        assert!(matches!(custom(|_, _| (1.0, -1.0)), Error::Negative { index: 0, .. }));
        let shape = Objective::Softmax(2).grad_hess(one.view(), array![0.0].view()).unwrap_err();
        assert!(matches!(shape, Error::Shape { .. }));
    }
}
