//! Information gain and gain ratio of a feature with few values.

use super::{check_classes, check_length};
use crate::base::views;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// Information gain in nats, `H(y) − H(y | x)`, of a discrete feature `x` about the classes `y`, shapes
/// `(n_samples,)`: their mutual information, at most `H(y)`.
///
/// It grows with the number of values: an identifier splits the rows into groups of one, and gains all of
/// `H(y)` without saying anything about a new row. [`gain_ratio`] charges for the values.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::SingleClass`].
///
/// ```
/// use mlnotes::features::selection::information_gain;
/// let y = [0, 0, 1, 1];
/// assert!((information_gain(&[7, 7, 2, 2], &y)? - 2f64.ln()).abs() < 1e-15);
/// assert!(information_gain(&[0, 1, 0, 1], &y)?.abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Quinlan (1986), section 4.
#[views]
pub fn information_gain(x: &[usize], y: &[usize]) -> Result<f64> {
    check_classes("information_gain: `y`", y)?;
    check_length("information_gain: `x`", x, y.len())?;
    Ok(gain(x, y))
}

/// Gain ratio: information gain divided by the feature's own entropy, `(H(y) − H(y | x)) / H(x)`.
///
/// # Errors
/// As [`information_gain`]; [`Error::ZeroVariance`] for a constant `x`.
///
/// ```
/// use mlnotes::features::selection::{gain_ratio, information_gain};
/// let (y, half, id) = ([0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 2, 3]);
/// assert!((information_gain(&half, &y)? - information_gain(&id, &y)?).abs() < 1e-15);
/// assert!(gain_ratio(&half, &y)? > 1.9 * gain_ratio(&id, &y)?);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Quinlan (1986), section 6.
#[views]
pub fn gain_ratio(x: &[usize], y: &[usize]) -> Result<f64> {
    check_classes("gain_ratio: `y`", y)?;
    check_length("gain_ratio: `x`", x, y.len())?;
    if x.iter().all(|value| *value == x[0]) {
        return Err(Error::ZeroVariance { what: "gain_ratio: `x`", col: None, value: x[0] as f64 });
    }
    Ok(gain(x, y) / entropy(x.iter()))
}

fn gain(x: &[usize], y: &[usize]) -> f64 {
    let joint: Vec<(usize, usize)> = x.iter().copied().zip(y.iter().copied()).collect();
    // H(y) − H(y | x) = H(x) + H(y) − H(x, y); rounding may leave a hair below 0.
    (entropy(x.iter()) + entropy(y.iter()) - entropy(joint.iter())).max(0.0)
}

/// Entropy in nats of the observed shares, `ln n − (1/n) Σ c ln c`.
fn entropy<T: Ord>(values: impl Iterator<Item = T>) -> f64 {
    let mut counts: BTreeMap<T, f64> = BTreeMap::new();
    let mut n = 0.0;
    for value in values {
        *counts.entry(value).or_default() += 1.0;
        n += 1.0;
    }
    f64::ln(n) - counts.values().map(|c| c * c.ln()).sum::<f64>() / n
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::information::mutual_information;
    use ndarray::Array2;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_mutual_information_of_the_table(
            pairs in proptest::collection::vec((0usize..4, 0usize..3), 2..60),
        ) {
            let (x, y): (Vec<usize>, Vec<usize>) = pairs.iter().copied().unzip();
            prop_assume!(y.iter().any(|&v| v != y[0]));
            let mut joint = Array2::<f64>::zeros((4, 3));
            for &(a, b) in &pairs {
                joint[[a, b]] += 1.0 / pairs.len() as f64;
            }
            let expected = mutual_information(joint.view()).unwrap();
            prop_assert!((information_gain(&x, &y).unwrap() - expected).abs() < 1e-12);
            // Merging two values cannot gain.
            let merged: Vec<usize> = x.iter().map(|v| v / 2).collect();
            prop_assert!(information_gain(&merged, &y).unwrap() <= expected + 1e-12);
        }
    }

    #[test]
    fn the_weather_example_of_quinlan() {
        // 14 mornings, outlook sunny/overcast/rain: 2+3, 4+0, 3+2; Quinlan gives 0.246 bits (0.2467).
        let x = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2];
        let y = [1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0];
        let bits = information_gain(&x, &y).unwrap() / std::f64::consts::LN_2;
        assert!((bits - 0.2467).abs() < 1e-4, "{bits}");
    }

    #[test]
    fn bad_input_is_named() {
        assert!(matches!(information_gain(&[], &[]), Err(Error::Empty { .. })));
        assert!(matches!(information_gain(&[1], &[0, 1]), Err(Error::Shape { .. })));
        assert!(matches!(
            information_gain(&[1, 2], &[3, 3]),
            Err(Error::SingleClass { class: 3, .. })
        ));
        assert!(matches!(gain_ratio(&[5, 5], &[0, 1]), Err(Error::ZeroVariance { .. })));
        assert!(information_gain(&[5, 5], &[0, 1]).unwrap().abs() < 1e-15);
    }
}
