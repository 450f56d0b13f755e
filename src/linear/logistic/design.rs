//! Checks that all of logistic regression shares.

use crate::base::check_matrix;
use crate::{Error, Result};
use ndarray::ArrayView2;

/// `x` is finite, non-empty and has `width` columns.
pub(super) fn check_design(what: &'static str, x: ArrayView2<f64>, width: usize) -> Result<()> {
    check_matrix(what, x)?;
    if x.ncols() == width {
        return Ok(());
    }
    let got = format!("({}, {})", x.nrows(), x.ncols());
    Err(Error::Shape { what, expected: format!("(n_samples, {width})"), got })
}

/// `y` has one label per row, all below `n_classes`, and at least two different ones.
pub(super) fn check_labels(
    what: &'static str,
    y: &[usize],
    n_samples: usize,
    n_classes: usize,
    allowed: &'static str,
) -> Result<()> {
    if y.len() != n_samples {
        let (expected, got) = (format!("({n_samples},)"), format!("({},)", y.len()));
        return Err(Error::Shape { what, expected, got });
    }
    if let Some(index) = y.iter().position(|&label| label >= n_classes) {
        return Err(Error::Label { what, index, got: y[index].to_string(), allowed });
    }
    match y.split_first() {
        Some((&class, rest)) if rest.iter().all(|&label| label == class) => {
            Err(Error::SingleClass { what, class })
        }
        _ => Ok(()),
    }
}
