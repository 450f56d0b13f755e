//! What cannot be drawn, and why.

use crate::{Error, Result};
use ndarray::ArrayView1;

pub(crate) fn fault(figure: &'static str, reason: impl Into<String>) -> Error {
    Error::Plot { figure, reason: reason.into() }
}

/// Text in figures is ASCII: its width is computed from its bytes, without any font.
pub(in crate::plot) fn check_label(label: &str) -> Result<()> {
    match label.chars().find(|c| !c.is_ascii() || c.is_ascii_control()) {
        None => Ok(()),
        Some(c) => {
            let reason =
                format!("the label {label:?} holds {c:?}: labels are ASCII, without line ends");
            Err(fault("Plot", reason))
        }
    }
}

/// What is wrong with the coordinates of points.
pub(in crate::plot) fn pair_mistake(
    call: &str,
    x: ArrayView1<f64>,
    y: ArrayView1<f64>,
) -> Option<String> {
    if x.len() != y.len() {
        return Some(format!("`{call}`: {} x values and {} y values", x.len(), y.len()));
    }
    if x.is_empty() {
        return Some(format!("`{call}` has no points"));
    }
    not_finite(call, x).or_else(|| not_finite(call, y))
}

pub(in crate::plot) fn not_finite(call: &str, values: ArrayView1<f64>) -> Option<String> {
    let i = values.iter().position(|v| !v.is_finite())?;
    Some(format!("`{call}` holds {} at position {i}: drop or impute it first", values[i]))
}
