//! What it takes to hold a gradient against central differences, of arrays and of tensors.

/// The step for a coordinate: `∛ε · max(1, |x|)`, where the errors of truncation and of rounding meet.
pub(crate) fn difference_step(x: f64) -> f64 {
    f64::EPSILON.cbrt() * x.abs().max(1.0)
}

/// `|a − n| / max(1, |a|, |n|)`.
pub(crate) fn relative_gap(analytic: f64, numeric: f64) -> f64 {
    (analytic - numeric).abs() / analytic.abs().max(numeric.abs()).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_relative_to_what_is_large_and_absolute_below_one() {
        assert!((relative_gap(100.0, 101.0) - 1.0 / 101.0).abs() < 1e-15);
        assert!((relative_gap(0.25, 0.0) - 0.25).abs() < 1e-15);
        assert!(relative_gap(f64::NAN, 0.0).is_nan());
        assert!((difference_step(-1e3) / difference_step(0.5) - 1e3).abs() < 1e-9);
    }
}
