//! Exact percentiles, from all values: what the sketches are held against.

use super::check_finite;
use crate::{Error, Result};

/// The `q`-quantiles of `values`, shape `(n,)`, one for each `q` of `qs`: the value of rank
/// `⌊q (n − 1)⌋`, counted from 0 in the sorted sample.
///
/// Always a value that was measured, never one between two, because [`super::DdSketch`] promises
/// its error against this definition. [`crate::stats::quantile()`] has the nine of the statisticians.
/// Cost `O(n log n)`, memory `O(n)`.
///
/// # Errors
/// [`Error::Empty`] without values, [`Error::NotFinite`], [`Error::Parameter`] for `q` outside
/// `[0, 1]`.
///
/// # Example
/// ```
/// use mlnotes::engineering::monitor::percentiles;
/// let milliseconds = [12.0, 10.0, 11.0, 13.0, 500.0];
/// assert_eq!(percentiles(&milliseconds, &[0.5, 0.99, 1.0])?, [12.0, 13.0, 500.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Masson, Rim & Lee (2019), *`DDSketch`*, section 1.
pub fn percentiles(values: &[f64], qs: &[f64]) -> Result<Vec<f64>> {
    if values.is_empty() {
        return Err(Error::Empty { what: "percentiles: `values`", needed: "1 value" });
    }
    for (index, &value) in values.iter().enumerate() {
        check_finite("percentiles: `values`", index, value)?;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |&q: &f64| {
        let rank = rank("percentiles", q, sorted.len() as u64)?;
        Ok(sorted[usize::try_from(rank).unwrap_or(usize::MAX).min(sorted.len() - 1)])
    };
    qs.iter().map(at).collect()
}

/// `⌊q (n − 1)⌋` for `n > 0`.
pub(super) fn rank(estimator: &'static str, q: f64, n: u64) -> Result<u64> {
    if !(0.0..=1.0).contains(&q) {
        let got = q.to_string();
        return Err(Error::Parameter { estimator, name: "q", rule: "from 0 to 1", got });
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to n - 1")]
    Ok((q * (n - 1) as f64).floor() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_measured_value() {
        let values = [3.0, 1.0, 2.0, 4.0];
        let found = percentiles(&values, &[0.0, 0.33, 0.34, 0.67, 0.99, 1.0]).unwrap();
        assert_eq!(found, [1.0, 1.0, 2.0, 3.0, 3.0, 4.0]);
        assert_eq!(percentiles(&[7.0], &[0.0, 0.5, 1.0]).unwrap(), [7.0; 3]);
        assert!(percentiles(&values, &[]).unwrap().is_empty());
    }

    #[test]
    fn bad_input_is_named() {
        assert!(matches!(percentiles(&[], &[0.5]), Err(Error::Empty { .. })));
        let error = percentiles(&[1.0, f64::NAN], &[0.5]).unwrap_err();
        assert!(matches!(error, Error::NotFinite { row: 1, .. }), "{error}");
        for q in [-0.1, 1.1, f64::NAN] {
            let error = percentiles(&[1.0], &[q]).unwrap_err();
            assert!(matches!(error, Error::Parameter { name: "q", .. }), "{error}");
        }
    }
}
