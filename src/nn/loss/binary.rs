//! Binary cross-entropy, from probabilities and from logits.

use crate::base::{check_length, check_unit, check_vector, sigmoid, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, Zip};

/// Mean binary cross-entropy of forecasts `p` for labels `y`, both `(n,)` and in `[0, 1]`:
/// `−(1/n) Σ [y ln p + (1 − y) ln(1 − p)]`, in nats. Labels between 0 and 1 are probabilities.
///
/// `0 ln 0` counts as 0, so a certain forecast that is right costs 0; one that is wrong costs `∞`, as it
/// must. scikit-learn's `log_loss` clips `p` by the machine epsilon instead (at most 36.04 a row) and
/// `PyTorch`'s `BCELoss` clamps the logarithm at −100. With logits at hand use [`bce_with_logits`].
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::Probability`].
///
/// # Example
/// ```
/// use mlnotes::nn::loss::bce;
/// use ndarray::array;
/// let loss = bce(array![0.8, 0.25].view(), array![1.0, 0.0].view())?;
/// assert!((loss - (1.25f64.ln() + (4.0f64 / 3.0).ln()) / 2.0).abs() < 1e-15);
/// assert_eq!(bce(array![1.0, 0.0].view(), array![1.0, 0.0].view())?, 0.0);
/// assert_eq!(bce(array![0.0].view(), array![1.0].view())?, f64::INFINITY);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn bce(p: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<f64> {
    check_lengths(["bce: `p`", "bce: `y`"], p, y)?;
    check_vector("bce: `p`", p)?;
    check_unit("bce: `p`", p)?;
    check_vector("bce: `y`", y)?;
    check_unit("bce: `y`", y)?;
    let term = |weight: f64, log: f64| if weight > 0.0 { -weight * log } else { 0.0 };
    let each = p.iter().zip(y).map(|(&p, &y)| term(y, p.ln()) + term(1.0 - y, (-p).ln_1p()));
    Ok(each.sum::<f64>() / p.len() as f64)
}

/// Mean binary cross-entropy of logits `z` for labels `y` in `[0, 1]`, both `(n,)`, in nats.
///
/// ```text
/// ℓ(z, y) = −y ln σ(z) − (1 − y) ln(1 − σ(z)) = max(z, 0) − y z + ln(1 + e^{−|z|})
/// ```
///
/// The last form has no logarithm of a small number and no exponential of a large one. A logit of `±∞` is a
/// certain forecast, as in [`bce`]: it costs 0 where the label is as certain of the same, else `∞`.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`] for a logit that is NaN or a label that is no
/// number, [`Error::Probability`] for a label outside `[0, 1]`.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::bce_with_logits;
/// use ndarray::array;
/// assert_eq!(bce_with_logits(array![0.0].view(), array![1.0].view())?, 2.0f64.ln());
/// assert_eq!(bce_with_logits(array![-1e4].view(), array![1.0].view())?, 1e4);
/// assert_eq!(bce_with_logits(array![f64::NEG_INFINITY].view(), array![0.0].view())?, 0.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn bce_with_logits(z: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<f64> {
    check_logits(["bce_with_logits: `z`", "bce_with_logits: `y`"], z, y)?;
    let each = z.iter().zip(y).map(|(&z, &y)| logit_loss(z, y));
    Ok(each.sum::<f64>() / z.len() as f64)
}

/// `ℓ(z, y)`; at `z = ±∞` its limit, where the formula has `0 · ∞` or `∞ − ∞`.
fn logit_loss(z: f64, y: f64) -> f64 {
    if z.is_infinite() {
        let missed = if z > 0.0 { 1.0 - y } else { y };
        return if missed > 0.0 { f64::INFINITY } else { 0.0 };
    }
    z.max(0.0) - y * z + (-z.abs()).exp().ln_1p()
}

/// Gradient of [`bce_with_logits`] in `z`, shape `(n,)`: `(σ(z) − y) / n`, also at `±∞`.
///
/// # Errors
/// As [`bce_with_logits`].
///
/// # Example
/// ```
/// use mlnotes::nn::loss::bce_with_logits_grad;
/// use ndarray::array;
/// let slope = bce_with_logits_grad(array![0.0, 1e4].view(), array![1.0, 0.0].view())?;
/// assert_eq!(slope, array![-0.25, 0.5]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn bce_with_logits_grad(z: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<Array1<f64>> {
    check_logits(["bce_with_logits_grad: `z`", "bce_with_logits_grad: `y`"], z, y)?;
    let n = z.len() as f64;
    Ok(Zip::from(z).and(y).map_collect(|&z, &y| (sigmoid(z) - y) / n))
}

/// The rules of a pair of logits, which may be infinite, and labels, each `(n,)`.
pub(super) fn check_logits(
    names: [&'static str; 2],
    z: ArrayView1<f64>,
    y: ArrayView1<f64>,
) -> Result<()> {
    check_lengths(names, z, y)?;
    if let Some(row) = z.iter().position(|z| z.is_nan()) {
        return Err(Error::NotFinite { what: names[0], row, col: 0, value: z[row] });
    }
    check_vector(names[1], y)?;
    check_unit(names[1], y)
}

fn check_lengths(names: [&'static str; 2], a: ArrayView1<f64>, b: ArrayView1<f64>) -> Result<()> {
    if a.is_empty() {
        return Err(Error::Empty { what: names[0], needed: "1 value" });
    }
    check_length(names[1], b.len(), a.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::check_gradient;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_laws_hold(
            z in proptest::collection::vec(-30.0..30.0, 6),
            y in proptest::collection::vec(0.0..=1.0, 6),
        ) {
            let (z, y) = (Array1::from(z), Array1::from(y));
            let loss = bce_with_logits(z.view(), y.view()).unwrap();
            prop_assert!(loss >= 0.0);
            let p = z.mapv(sigmoid);
            prop_assert!((loss - bce(p.view(), y.view()).unwrap()).abs() < 1e-3);
            let mirrored = bce_with_logits((-&z).view(), y.mapv(|y| 1.0 - y).view()).unwrap();
            prop_assert!((loss - mirrored).abs() < 1e-12);
            let slope = bce_with_logits_grad(z.view(), y.view()).unwrap();
            let f = |z: ArrayView1<f64>| bce_with_logits(z, y.view()).unwrap();
            check_gradient(f, slope.view(), z.view(), 1e-7).unwrap();
        }
    }

    #[test]
    fn certain_forecasts_cost_nothing_or_everything() {
        let ends = array![0.0, 1.0];
        assert!(bce(ends.view(), ends.view()).unwrap().abs() < f64::MIN_POSITIVE);
        assert!(bce(ends.view(), array![1.0, 0.0].view()).unwrap().is_infinite());
        // 1 − p is exact to all digits where `1.0 - p` would keep one.
        let loss = bce(array![1e-20].view(), array![0.0].view()).unwrap();
        assert!((loss / 1e-20 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn infinite_logits_are_the_certain_forecasts() {
        let end = f64::INFINITY;
        for (z, y) in [(-end, 0.0), (end, 1.0), (-end, 1.0), (end, 0.0), (-end, 0.3), (end, 0.3)] {
            let loss = bce_with_logits(array![z].view(), array![y].view()).unwrap();
            let certain = bce(array![sigmoid(z)].view(), array![y].view()).unwrap();
            let slope = bce_with_logits_grad(array![z].view(), array![y].view()).unwrap();
            assert_eq!((loss, slope[0]), (certain, sigmoid(z) - y), "{z} {y}");
        }
        // The finite ones beside them keep their slopes.
        let (z, y) = (array![0.7, -end, end], array![1.0, 0.0, 1.0]);
        let slope = bce_with_logits_grad(z.view(), y.view()).unwrap();
        let f =
            |v: ArrayView1<f64>| bce_with_logits(array![v[0], -end, end].view(), y.view()).unwrap();
        check_gradient(f, array![slope[0]].view(), array![0.7].view(), 1e-8).unwrap();
        assert_eq!((slope[1], slope[2]), (0.0, 0.0));
    }

    #[test]
    fn bad_input_is_named() {
        let good = array![0.5, 0.5];
        let said = |p: Array1<f64>, y: Array1<f64>| bce(p.view(), y.view()).unwrap_err();
        let high = said(array![0.5, 1.5], good.clone());
        assert!(matches!(high, Error::Probability { index: 1, value: 1.5, .. }), "{high}");
        let low = said(good.clone(), array![-0.1, 0.5]);
        assert!(matches!(low, Error::Probability { index: 0, .. }), "{low}");
        assert!(matches!(
            said(array![f64::NAN, 0.5], good.clone()),
            Error::NotFinite { row: 0, .. }
        ));
        assert!(matches!(said(array![], array![]), Error::Empty { .. }));
        assert!(matches!(said(good.clone(), array![1.0]), Error::Shape { .. }));
        let nan = bce_with_logits(array![f64::NAN].view(), array![1.0].view()).unwrap_err();
        assert!(matches!(nan, Error::NotFinite { row: 0, .. }), "{nan}");
        assert!(bce_with_logits_grad(array![0.0].view(), array![2.0].view()).is_err());
    }
}
