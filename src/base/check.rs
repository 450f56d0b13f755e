//! Checks of input: each names the function called, the value, and what is allowed.

use crate::{Error, Result};
use ndarray::{ArrayView1, ArrayView2};

/// Checks that `x`, `(n_samples, n_features)`, has a row and a column and holds only finite numbers.
pub(crate) fn check_matrix(what: &'static str, x: ArrayView2<f64>) -> Result<()> {
    if x.nrows() == 0 || x.ncols() == 0 {
        return Err(Error::Empty { what, needed: "1 row and 1 column" });
    }
    if x.as_slice().is_some_and(all_finite) {
        return Ok(());
    }
    match x.indexed_iter().find(|(_, v)| !v.is_finite()) {
        Some(((row, col), &value)) => Err(Error::NotFinite { what, row, col, value }),
        None => Ok(()),
    }
}

/// Without a branch a number, so that a vector register at a time is looked at.
fn all_finite(values: &[f64]) -> bool {
    values.chunks(256).all(|chunk| chunk.iter().fold(true, |ok, v| ok & v.is_finite()))
}

/// Checks that `v` holds only finite numbers.
pub(crate) fn check_vector(what: &'static str, v: ArrayView1<f64>) -> Result<()> {
    match v.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        Some((row, &value)) => Err(Error::NotFinite { what, row, col: 0, value }),
        None => Ok(()),
    }
}

/// Checks a setting that must be finite and > 0.
pub(crate) fn check_positive(
    estimator: &'static str,
    name: &'static str,
    value: f64,
) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    let got = value.to_string();
    Err(Error::Parameter { estimator, name, rule: "finite and > 0", got })
}

/// Checks that something has one entry a row.
pub(crate) fn check_length(what: &'static str, length: usize, n_rows: usize) -> Result<()> {
    if length == n_rows {
        return Ok(());
    }
    Err(Error::Shape { what, expected: format!("({n_rows},)"), got: format!("({length},)") })
}

/// Checks that `x` has the width that a model was fitted with.
pub(crate) fn check_width(what: &'static str, x: ArrayView2<f64>, n_features: usize) -> Result<()> {
    if x.ncols() == n_features {
        return Ok(());
    }
    let (expected, got) = (format!("(n_rows, {n_features})"), format!("{:?}", x.dim()));
    Err(Error::Shape { what, expected, got })
}

/// Checks rows to predict for.
pub(crate) fn check_rows(what: &'static str, x: ArrayView2<f64>, n_features: usize) -> Result<()> {
    check_matrix(what, x)?;
    check_width(what, x, n_features)
}

/// Checks a target, one finite number for each of `n_samples` rows.
pub(crate) fn check_target(what: &'static str, y: ArrayView1<f64>, n_samples: usize) -> Result<()> {
    check_length(what, y.len(), n_samples)?;
    check_vector(what, y)
}

/// Checks that each number is a probability.
pub(crate) fn check_unit(what: &'static str, p: ArrayView1<f64>) -> Result<()> {
    match p.iter().enumerate().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        Some((index, &value)) => Err(Error::Probability { what, index, value }),
        None => Ok(()),
    }
}

/// Checks probabilities, at least one, and a label of 0 or 1 for each.
pub(crate) fn check_probabilities(
    [p_name, y_name]: [&'static str; 2],
    p: ArrayView1<f64>,
    y: &[usize],
) -> Result<()> {
    if p.is_empty() {
        return Err(Error::Empty { what: p_name, needed: "1 probability" });
    }
    check_vector(p_name, p)?;
    check_unit(p_name, p)?;
    check_length(y_name, y.len(), p.len())?;
    match y.iter().position(|&label| label > 1) {
        Some(index) => {
            let (got, allowed) = (y[index].to_string(), "0 or 1");
            Err(Error::Label { what: y_name, index, got, allowed })
        }
        None => Ok(()),
    }
}

/// Checks class labels, numbered from 0, against `n_samples` rows; gives the number of classes.
///
/// A label that is not below the number of rows is taken for a mistake: as many classes would be empty.
pub(crate) fn check_classes(what: &'static str, y: &[usize], n_samples: usize) -> Result<usize> {
    check_length(what, y.len(), n_samples)?;
    if let Some(index) = y.iter().position(|&label| label >= n_samples) {
        let allowed = "numbered from 0, fewer classes than rows";
        return Err(Error::Label { what, index, got: y[index].to_string(), allowed });
    }
    match y.split_first() {
        Some((&class, rest)) if rest.iter().all(|&label| label == class) => {
            Err(Error::SingleClass { what, class })
        }
        _ => Ok(y.iter().max().map_or(0, |&class| class + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_nan_is_named_by_row_and_column() {
        let error = check_matrix("f: `x`", array![[1.0, 2.0], [3.0, f64::NAN]].view()).unwrap_err();
        assert!(matches!(error, Error::NotFinite { row: 1, col: 1, .. }));
    }
}
