//! How near predictions are to the truth, in the measures that every model and every chapter shares.
//!
//! ```text
//! accuracy  Σ [ŷᵢ = yᵢ] / n               R²       1 − Σ (yᵢ − ŷᵢ)² / Σ (yᵢ − ȳ)²
//! RMSE      √(Σ (yᵢ − ŷᵢ)² / n)            MAE      Σ |yᵢ − ŷᵢ| / n
//! log loss  −Σ ln P(yᵢ) / n
//! ```
//! Predictions come first, the truth second, as everywhere in this library.

use super::check::{check_length, check_probabilities, check_vector};
use crate::base::views;
use crate::{Error, Result};
use ndarray::ArrayView1;

/// The share of rows whose class was predicted.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`].
///
/// ```
/// assert_eq!(mlnotes::base::accuracy(&[0, 1, 1], &[0, 1, 2])?, 2.0 / 3.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn accuracy(predicted: &[usize], y: &[usize]) -> Result<f64> {
    accuracy_of("accuracy: `y`", predicted, y)
}

/// [`accuracy`], for a model that names itself.
pub(crate) fn accuracy_of(what: &'static str, predicted: &[usize], y: &[usize]) -> Result<f64> {
    check_length(what, y.len(), predicted.len())?;
    if y.is_empty() {
        return Err(Error::Empty { what, needed: "1 row" });
    }
    let right = predicted.iter().zip(y).filter(|(a, b)| a == b).count();
    Ok(right as f64 / y.len() as f64)
}

/// The coefficient of determination `R²`: 1 for a perfect prediction, 0 for the mean, below 0 for worse.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`]; [`Error::ZeroVariance`] where the truth does not
/// vary, and so nothing is to be explained.
///
/// ```
/// use ndarray::array;
/// let (predicted, y) = (array![1.0, 2.0, 4.0], array![1.0, 2.0, 3.0]);
/// assert_eq!(mlnotes::base::r2(predicted.view(), y.view())?, 0.5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn r2(predicted: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<f64> {
    check_pair(["r2: `predicted`", "r2: `y`"], predicted, y)?;
    r2_of("r2: `y`", predicted, y)
}

/// [`r2`], for a model that names itself.
pub(crate) fn r2_of(
    what: &'static str,
    predicted: ArrayView1<f64>,
    y: ArrayView1<f64>,
) -> Result<f64> {
    check_length(what, y.len(), predicted.len())?;
    check_vector(what, y)?;
    let mean = y.sum() / y.len() as f64;
    let total: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    if total <= 0.0 {
        return Err(Error::ZeroVariance { what, col: None, value: mean });
    }
    let residual: f64 = y.iter().zip(predicted).map(|(y, p)| (y - p).powi(2)).sum();
    Ok(1.0 - residual / total)
}

/// `R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²` over pairs `(y, ŷ)`, of which some rows may be missing (out of bag); 0 where the truth does not vary.
pub(crate) fn r_squared(pairs: &[(f64, f64)]) -> f64 {
    if pairs.windows(2).all(|pair| pair[0].0.total_cmp(&pair[1].0).is_eq()) {
        return 0.0;
    }
    let mean = pairs.iter().map(|(y, _)| y).sum::<f64>() / pairs.len() as f64;
    let total: f64 = pairs.iter().map(|(y, _)| (y - mean) * (y - mean)).sum();
    let rest: f64 = pairs.iter().map(|(y, p)| (y - p) * (y - p)).sum();
    1.0 - rest / total
}

/// Root of the mean squared error, in the units of `y`.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`].
///
/// ```
/// use ndarray::array;
/// let (predicted, y) = (array![1.0, 5.0], array![4.0, 1.0]);
/// assert_eq!(mlnotes::base::rmse(predicted.view(), y.view())?, 12.5f64.sqrt());
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn rmse(predicted: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<f64> {
    check_pair(["rmse: `predicted`", "rmse: `y`"], predicted, y)?;
    let squares: f64 = predicted.iter().zip(y).map(|(p, y)| (p - y).powi(2)).sum();
    Ok((squares / y.len() as f64).sqrt())
}

/// Mean absolute error, in the units of `y`.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`].
///
/// ```
/// use ndarray::array;
/// let (predicted, y) = (array![1.0, 5.0], array![4.0, 1.0]);
/// assert_eq!(mlnotes::base::mae(predicted.view(), y.view())?, 3.5);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn mae(predicted: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<f64> {
    check_pair(["mae: `predicted`", "mae: `y`"], predicted, y)?;
    Ok(predicted.iter().zip(y).map(|(p, y)| (p - y).abs()).sum::<f64>() / y.len() as f64)
}

/// Log loss in nats. Infinite when a row that was called impossible happens: no clipping hides it.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Probability`], [`Error::Shape`], [`Error::Label`].
///
/// ```
/// use mlnotes::base::log_loss;
/// let half = ndarray::array![0.5, 0.5];
/// assert!((log_loss(half.view(), &[0, 1])? - 2.0f64.ln()).abs() < 1e-15);
/// assert_eq!(log_loss(ndarray::array![0.0].view(), &[1])?, f64::INFINITY);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn log_loss(p: ArrayView1<f64>, y: &[usize]) -> Result<f64> {
    check_probabilities(["log_loss: `p`", "log_loss: `y`"], p, y)?;
    let loss = |(&p, &y): (&f64, &usize)| if y == 1 { -p.ln() } else { -(-p).ln_1p() };
    Ok(p.iter().zip(y).map(loss).sum::<f64>() / p.len() as f64)
}

/// The place of the largest value, the first of equals; 0 for an empty row.
///
/// ```
/// assert_eq!(mlnotes::base::argmax(ndarray::array![0.2, 0.4, 0.4].view()), 1);
/// ```
#[views]
pub fn argmax(values: ArrayView1<f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (place, &value) in values.iter().enumerate() {
        if value > best.1 {
            best = (place, value);
        }
    }
    best.0
}

/// The `p`-quantile of sorted values, linear between neighbours: type 7 of Hyndman & Fan (1996), the default of
/// `NumPy`. [`crate::stats::quantile()`] has the nine of them.
pub(crate) fn quantile_of_sorted(sorted: &[f64], p: f64) -> f64 {
    let place = p * (sorted.len() as f64 - 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= p <= 1")]
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}

fn check_pair(
    [what_p, what_y]: [&'static str; 2],
    predicted: ArrayView1<f64>,
    y: ArrayView1<f64>,
) -> Result<()> {
    if y.is_empty() {
        return Err(Error::Empty { what: what_y, needed: "1 row" });
    }
    check_length(what_p, predicted.len(), y.len())?;
    check_vector(what_p, predicted)?;
    check_vector(what_y, y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_errors_are_told_apart() {
        type Score = fn(ArrayView1<f64>, ArrayView1<f64>) -> Result<f64>;
        let (a, b) = (array![1.0, 2.0], array![1.0]);
        let scores: [Score; 3] = [|p, y| r2(p, y), |p, y| rmse(p, y), |p, y| mae(p, y)];
        for score in scores {
            assert!(matches!(score(a.view(), b.view()), Err(Error::Shape { .. })));
            assert!(matches!(
                score(b.slice(ndarray::s![..0]), b.slice(ndarray::s![..0])),
                Err(Error::Empty { .. })
            ));
            let bad = array![1.0, f64::NAN];
            assert!(matches!(score(bad.view(), a.view()), Err(Error::NotFinite { row: 1, .. })));
        }
        let same = array![2.0, 2.0];
        assert!(matches!(r2(a.view(), same.view()), Err(Error::ZeroVariance { .. })));
        assert!(matches!(accuracy(&[], &[]), Err(Error::Empty { .. })));
        assert!(matches!(accuracy(&[1], &[1, 0]), Err(Error::Shape { .. })));
    }

    #[test]
    fn a_perfect_prediction_explains_everything_and_the_mean_nothing() {
        let y = array![1.0, 4.0, -2.0];
        assert!((r2(y.view(), y.view()).unwrap() - 1.0).abs() < 1e-15);
        assert!(r2(array![1.0, 1.0, 1.0].view(), y.view()).unwrap().abs() < 1e-15);
        assert_eq!(
            (rmse(y.view(), y.view()).unwrap(), mae(y.view(), y.view()).unwrap()),
            (0.0, 0.0)
        );
    }

    #[test]
    fn the_first_of_equals_is_the_largest() {
        assert_eq!(argmax(array![].view()), 0);
        assert_eq!(argmax(array![f64::NEG_INFINITY, -1.0, -1.0].view()), 1);
    }
}
