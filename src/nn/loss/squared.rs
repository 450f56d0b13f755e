//! Squared error behind a sigmoid, beside cross-entropy: loss, slope and curvature in the logit.
//!
//! ```text
//! p = σ(z)             squared error ½ (p − y)²                  cross-entropy −y ln p − (1 − y) ln(1 − p)
//! slope in z           (p − y) p (1 − p)                         p − y
//! curvature in z       p (1 − p) [p (1 − p) + (p − y)(1 − 2p)]   p (1 − p)
//!   of it, for y = 1   p (1 − p)² (3p − 1),  < 0 for p < ⅓
//! ```
//!
//! Squared error on probabilities (the Brier score) is a proper score, so it asks for the right thing; it
//! is a poor guide on the way there. Its slope has the factor `p (1 − p)`, which vanishes where the model
//! is sure and wrong, and it is not convex in `z`, hence not in the weights.
//!
//! # References
//! Solla, Levin & Fleisher (1988), Accelerated learning in layered neural networks; Brier (1950).

use super::binary::check_logits;
use crate::base::{check_vector, sigmoid, softplus, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1};

/// A loss of each row with its first two derivatives in the logit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LossTerms {
    /// Loss of each row, shape `(n,)`.
    pub loss: Array1<f64>,
    /// Slope `dℓ/dz` of each row, shape `(n,)`; multiply by `x` for the slope in the weights.
    pub grad: Array1<f64>,
    /// Curvature `d²ℓ/dz²` of each row, shape `(n,)`.
    pub curvature: Array1<f64>,
}

impl LossTerms {
    /// Mean loss.
    pub fn mean(&self) -> f64 {
        self.loss.sum() / self.loss.len() as f64
    }
}

/// `½ (σ(z) − y)²` for logits `z` and labels `y` in `[0, 1]`, both `(n,)`, with slope and curvature in `z`.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::Probability`] for a label outside
/// `[0, 1]`.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::mse_sigmoid;
/// use ndarray::array;
/// // Sure and wrong: nearly the largest loss there is, and hardly a slope.
/// let terms = mse_sigmoid(array![-10.0].view(), array![1.0].view())?;
/// assert!(terms.loss[0] > 0.4999 && terms.grad[0].abs() < 5e-5);
/// // p = 1/3 is where the curvature changes its sign.
/// let turn = mse_sigmoid(array![-(2.0f64.ln())].view(), array![1.0].view())?;
/// assert!(turn.curvature[0].abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn mse_sigmoid(z: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<LossTerms> {
    check_logits(["mse_sigmoid: `z`", "mse_sigmoid: `y`"], z, y)?;
    Ok(terms(z, y, |row| {
        let Row { p, q, miss, .. } = row;
        let grad = miss * p * q;
        (0.5 * miss * miss, grad, p * q * (p * q + miss * (q - p)))
    }))
}

/// Cross-entropy `−y ln σ(z) − (1 − y) ln(1 − σ(z))` for logits `z` and labels `y` in `[0, 1]`, both `(n,)`,
/// with slope and curvature in `z`. Its mean is [`super::bce_with_logits`].
///
/// # Errors
/// As [`mse_sigmoid`].
///
/// # Example
/// ```
/// use mlnotes::nn::loss::bce_terms;
/// use ndarray::array;
/// let terms = bce_terms(array![-10.0].view(), array![1.0].view())?;
/// assert!((terms.loss[0] - 10.0).abs() < 1e-4 && (terms.grad[0] + 1.0).abs() < 1e-4);
/// assert!(terms.curvature[0] > 0.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn bce_terms(z: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<LossTerms> {
    check_logits(["bce_terms: `z`", "bce_terms: `y`"], z, y)?;
    Ok(terms(z, y, |Row { z, y, p, q, miss }| {
        // As `bce_with_logits`; softplus(−z) for y = 1 and softplus(z) for y = 0, without cancellation.
        (y * softplus(-z) + (1.0 - y) * softplus(z), miss, p * q)
    }))
}

/// One row, with what both losses are made of.
struct Row {
    z: f64,
    y: f64,
    /// `p = σ(z)`.
    p: f64,
    /// `1 − p = σ(−z)`, exact where `p` rounds to 1.
    q: f64,
    /// `p − y`, written so that neither label cancels.
    miss: f64,
}

fn terms(z: ArrayView1<f64>, y: ArrayView1<f64>, of: impl Fn(Row) -> (f64, f64, f64)) -> LossTerms {
    let zero = || Array1::zeros(z.len());
    let mut terms = LossTerms { loss: zero(), grad: zero(), curvature: zero() };
    for (i, (&z, &y)) in z.iter().zip(y).enumerate() {
        let (p, q) = (sigmoid(z), sigmoid(-z));
        let row = Row { z, y, p, q, miss: (1.0 - y) * p - y * q };
        (terms.loss[i], terms.grad[i], terms.curvature[i]) = of(row);
    }
    terms
}

/// `f` on a grid of two weights: entry `(i, j)` of the result, shape `(n0, n1)`, is `f(w0[i], w1[j])`.
///
/// # Errors
/// [`Error::Empty`] for an axis without values; [`Error::NotFinite`] for one that is not finite, and for a
/// loss that is not.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::loss_surface;
/// use ndarray::array;
/// let bowl = loss_surface(|a, b| a * a + b * b, array![0.0, 1.0].view(), array![0.0, 2.0].view())?;
/// assert_eq!(bowl, array![[0.0, 4.0], [1.0, 5.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn loss_surface(
    f: impl Fn(f64, f64) -> f64,
    w0: ArrayView1<f64>,
    w1: ArrayView1<f64>,
) -> Result<Array2<f64>> {
    for (what, axis) in [("loss_surface: `w0`", w0.view()), ("loss_surface: `w1`", w1.view())] {
        if axis.is_empty() {
            return Err(Error::Empty { what, needed: "1 value" });
        }
        check_vector(what, axis)?;
    }
    let surface = Array2::from_shape_fn((w0.len(), w1.len()), |(i, j)| f(w0[i], w1[j]));
    crate::base::check_matrix("loss_surface: what `f` gave", surface.view())?;
    Ok(surface)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::numeric_gradient;
    use crate::nn::loss::{bce_with_logits, bce_with_logits_grad};
    use ndarray::array;
    use proptest::prelude::*;

    type Loss = fn(ArrayView1<f64>, ArrayView1<f64>) -> Result<LossTerms>;

    proptest! {
        #[test]
        fn slopes_and_curvatures_are_those_of_differences(
            z in proptest::collection::vec(-12.0..12.0, 5),
            y in proptest::collection::vec(0.0..=1.0, 5),
        ) {
            let (z, y) = (Array1::from(z), Array1::from(y));
            for loss in [(|z, y| mse_sigmoid(z, y)) as Loss, |z, y| bce_terms(z, y)] {
                let here = loss(z.view(), y.view()).unwrap();
                // Rows do not mix, so the gradient of a sum is the slopes.
                let slopes =
                    numeric_gradient(|z| loss(z, y.view()).unwrap().loss.sum(), z.view());
                let bends =
                    numeric_gradient(|z| loss(z, y.view()).unwrap().grad.sum(), z.view());
                prop_assert!((&here.grad - &slopes).iter().all(|d| d.abs() < 1e-8));
                prop_assert!((&here.curvature - &bends).iter().all(|d| d.abs() < 1e-8));
            }
        }

        #[test]
        fn cross_entropy_is_convex_and_is_the_other_function_of_this_module(
            z in proptest::collection::vec(-40.0..40.0, 5),
            y in proptest::collection::vec(0.0..=1.0, 5),
        ) {
            let (z, y) = (Array1::from(z), Array1::from(y));
            let terms = bce_terms(z.view(), y.view()).unwrap();
            prop_assert!(terms.curvature.iter().all(|c| *c > 0.0));
            let mean = bce_with_logits(z.view(), y.view()).unwrap();
            prop_assert!((terms.mean() - mean).abs() <= 1e-14 * mean.max(1.0));
            let grad = bce_with_logits_grad(z.view(), y.view()).unwrap() * 5.0;
            prop_assert!((&terms.grad - &grad).iter().all(|d| d.abs() < 1e-15));
        }
    }

    #[test]
    fn by_hand_at_one_half() {
        // p = ½, y = 1: ½ · ¼, −½ · ¼, ¼ · ¼ (the second bracket is 0 where 1 − 2p is).
        let half = mse_sigmoid(array![0.0].view(), array![1.0].view()).unwrap();
        assert_eq!((half.loss[0], half.grad[0], half.curvature[0]), (0.125, -0.125, 0.0625));
        let half = bce_terms(array![0.0].view(), array![1.0].view()).unwrap();
        assert_eq!((half.grad[0], half.curvature[0]), (-0.5, 0.25));
        assert!((half.mean() - 2.0f64.ln()).abs() < 1e-16);
    }

    #[test]
    fn far_out_nothing_is_lost_to_rounding() {
        let z = array![40.0, -40.0, 800.0];
        let right = bce_terms(z.view(), array![1.0, 0.0, 1.0].view()).unwrap();
        // 1 − σ(40) = e⁻⁴⁰ to all digits, where `p - 1.0` would be 0.
        assert!((right.grad[0] / -(-40.0f64).exp() - 1.0).abs() < 1e-14);
        assert!((right.loss[1] / (-40.0f64).exp() - 1.0).abs() < 1e-14);
        let squared = mse_sigmoid(z.view(), array![1.0, 0.0, 0.0].view()).unwrap();
        assert!((squared.grad[0] / -(-80.0f64).exp() - 1.0).abs() < 1e-13);
        assert!((squared.loss[2] - 0.5).abs() < 1e-16 && squared.grad[2].abs() < 1e-300);
    }

    #[test]
    fn bad_input_is_named() {
        let (z, y) = (array![0.0, 1.0], array![1.0, 2.0]);
        let high = mse_sigmoid(z.view(), y.view()).unwrap_err();
        assert!(matches!(high, Error::Probability { index: 1, .. }), "{high}");
        assert!(matches!(bce_terms(z.view(), array![1.0].view()), Err(Error::Shape { .. })));
        assert!(matches!(mse_sigmoid(array![].view(), array![].view()), Err(Error::Empty { .. })));
        let nan = bce_terms(array![f64::NAN].view(), array![1.0].view());
        assert!(matches!(nan, Err(Error::NotFinite { .. })));
        let line = |_: f64, b: f64| 1.0 / b;
        let pole = loss_surface(line, array![1.0].view(), array![1.0, 0.0].view()).unwrap_err();
        assert!(matches!(pole, Error::NotFinite { row: 0, col: 1, .. }), "{pole}");
        assert!(loss_surface(line, array![].view(), array![1.0].view()).is_err());
        assert!(loss_surface(line, array![f64::NAN].view(), array![1.0].view()).is_err());
    }
}
