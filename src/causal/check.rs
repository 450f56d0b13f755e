//! Checks that all of causal inference shares.

use crate::base::check_vector;
use crate::{Error, Result};
use ndarray::ArrayView1;

/// One entry for each of `n` rows.
pub(super) fn check_length(what: &'static str, length: usize, n: usize) -> Result<()> {
    if length == n {
        return Ok(());
    }
    Err(Error::Shape { what, expected: format!("({n},)"), got: format!("({length},)") })
}

/// `n` finite numbers.
pub(super) fn check_outcome(what: &'static str, y: ArrayView1<f64>, n: usize) -> Result<()> {
    if n == 0 {
        return Err(Error::Empty { what, needed: "1 row" });
    }
    check_length(what, y.len(), n)?;
    check_vector(what, y)
}

/// `t` holds 0 and 1.
pub(super) fn check_binary(what: &'static str, t: &[usize]) -> Result<()> {
    match t.iter().position(|&v| v > 1) {
        Some(index) => {
            Err(Error::Label { what, index, got: t[index].to_string(), allowed: "0 or 1" })
        }
        None => Ok(()),
    }
}

/// The rows with `t = 1` and those with `t = 0`; both there.
pub(super) fn arms(what: &'static str, t: &[usize], n: usize) -> Result<(Vec<usize>, Vec<usize>)> {
    check_length(what, t.len(), n)?;
    check_binary(what, t)?;
    let (treated, controls): (Vec<usize>, Vec<usize>) = (0..n).partition(|&i| t[i] == 1);
    for (rows, group) in [(&treated, "treated group (1)"), (&controls, "control group (0)")] {
        if rows.is_empty() {
            return Err(Error::EmptyGroup { what, group: group.to_owned() });
        }
    }
    Ok((treated, controls))
}

/// `n` probabilities.
pub(super) fn check_scores(what: &'static str, e: ArrayView1<f64>, n: usize) -> Result<()> {
    check_length(what, e.len(), n)?;
    check_vector(what, e)?;
    match e.iter().position(|e| !(0.0..=1.0).contains(e)) {
        Some(index) => Err(Error::Probability { what, index, value: e[index] }),
        None => Ok(()),
    }
}

/// Mean of some entries.
pub(super) fn mean_of(y: ArrayView1<f64>, rows: &[usize]) -> f64 {
    rows.iter().map(|&i| y[i]).sum::<f64>() / rows.len() as f64
}

/// Variance of some entries, divisor `n − 1`.
pub(super) fn variance_of(y: ArrayView1<f64>, rows: &[usize]) -> f64 {
    let mean = mean_of(y, rows);
    rows.iter().map(|&i| (y[i] - mean).powi(2)).sum::<f64>() / (rows.len() as f64 - 1.0)
}
