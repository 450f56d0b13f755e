//! How much each row counts.

use super::check::check_target;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis, CowArray, Ix2};

/// The rows that count, and how much: a row of weight 0 is left out before anything looks at it.
pub(crate) struct Present {
    rows: Vec<usize>,
    n_samples: usize,
    /// All above 0, shape `(n_present,)`.
    pub(crate) weights: Array1<f64>,
}

impl Present {
    /// Of checked weights: finite, not negative, not all 0, one for each of `n_samples` rows.
    pub(crate) fn of(
        what: &'static str,
        weights: ArrayView1<f64>,
        n_samples: usize,
    ) -> Result<Self> {
        check_weights(what, weights, n_samples)?;
        let rows: Vec<usize> = (0..n_samples).filter(|&row| weights[row] > 0.0).collect();
        let weights = weights.select(Axis(0), &rows);
        Ok(Self { rows, n_samples, weights })
    }

    /// Those rows of `x`.
    pub(crate) fn x<'a>(&self, x: ArrayView2<'a, f64>) -> CowArray<'a, f64, Ix2> {
        if self.rows.len() == self.n_samples {
            x.into()
        } else {
            x.select(Axis(0), &self.rows).into()
        }
    }

    /// What those rows have, by row.
    pub(crate) fn part<T>(&self, of: impl Fn(usize) -> T) -> Vec<T> {
        self.rows.iter().map(|&row| of(row)).collect()
    }
}

/// Checks weights of rows: finite, not negative, not all 0, one a row.
pub(crate) fn check_weights(
    what: &'static str,
    weights: ArrayView1<f64>,
    n_samples: usize,
) -> Result<()> {
    check_target(what, weights, n_samples)?;
    if let Some((index, &value)) = weights.iter().enumerate().find(|(_, w)| **w < 0.0) {
        return Err(Error::Negative { what, index, value });
    }
    let sum = weights.sum();
    if !sum.is_finite() {
        return Err(Error::NotFinite { what, row: 0, col: 0, value: sum });
    }
    if sum <= 0.0 {
        return Err(Error::Empty { what, needed: "1 weight above 0" });
    }
    Ok(())
}
