//! Two losses for rare positives, and the way back from what they do to probabilities.
//!
//! ```text
//! weighted    ℓ(z, y) = w₁ y softplus(−z) + w₀ (1 − y) softplus(z)
//! focal       ℓ(z, y) = αₜ (1 − pₜ)^γ (−ln pₜ),   pₜ = σ(m), m = (2y − 1) z,   αₜ = α or 1 − α
//!             ∂ℓ/∂m = −αₜ σ(−m)^γ [σ(−m) + γ σ(m) softplus(−m)]
//! ```
//!
//! With `γ = 0` and no `α` focal loss is cross-entropy. Neither loss is minimised by the true probability
//! `η`. The weighted one ends at the odds `w₁ η / (w₀ (1 − η))`, which
//! [`crate::sampling::imbalance::recalibrate`] by `w₀ / w₁` undoes; focal loss at a `p` that lies nearer to
//! one half, which [`focal_posterior`] undoes.
//!
//! # References
//! Lin, Goyal, Girshick, He & Dollár (2017), Focal loss for dense object detection, eq. 5 and appendix B;
//! Charoenphakdee, Vongkulbhisal, Chairatanakul & Sugiyama (2021), On focal loss for class-posterior
//! probability estimation: a theoretical perspective.

use super::binary::check_logits;
use crate::base::{check_vector, sigmoid, softplus, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// Mean weighted binary cross-entropy of logits `z` for labels `y` in `[0, 1]`, both `(n,)`, in nats, and
/// its gradient in `z`, shape `(n,)`; `w0` and `w1` weigh the classes.
///
/// The mean is over rows, not over weights, as `PyTorch`'s `BCEWithLogitsLoss` has it, whose `pos_weight` is
/// `w1` with `w0 = 1`. A logit of `±∞` costs 0 or `∞`, as in [`super::bce_with_logits`]; the gradient is then
/// the limit of its formula.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`] for a logit that is NaN or a label that is no
/// number, [`Error::Probability`] for a label outside `[0, 1]`, [`Error::Parameter`] for a weight that is not
/// finite and > 0.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::weighted_bce;
/// use ndarray::array;
/// let (loss, slope) = weighted_bce(array![0.0, 0.0].view(), array![1.0, 0.0].view(), 1.0, 3.0)?;
/// assert!((loss - 2.0 * 2.0f64.ln()).abs() < 1e-15);
/// assert_eq!(slope, array![-0.75, 0.25]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn weighted_bce(
    z: ArrayView1<f64>,
    y: ArrayView1<f64>,
    w0: f64,
    w1: f64,
) -> Result<(f64, Array1<f64>)> {
    check_logits(["weighted_bce: `z`", "weighted_bce: `y`"], z, y)?;
    for (name, weight) in [("w0", w0), ("w1", w1)] {
        if !(weight.is_finite() && weight > 0.0) {
            let (estimator, rule) = ("weighted_bce", "finite and > 0");
            return Err(Error::Parameter { estimator, name, rule, got: weight.to_string() });
        }
    }
    let n = z.len() as f64;
    let (mut loss, mut slope) = (0.0, Array1::zeros(z.len()));
    for (i, (&z, &y)) in z.iter().zip(y).enumerate() {
        let (one, zero) = (w1 * y, w0 * (1.0 - y));
        // A class without weight counts as 0 beside a loss of ∞, too.
        let term = |weight: f64, z: f64| if weight > 0.0 { weight * softplus(z) } else { 0.0 };
        loss += term(one, -z) + term(zero, z);
        slope[i] = (zero * sigmoid(z) - one * sigmoid(-z)) / n;
    }
    Ok((loss / n, slope))
}

/// Mean focal loss of logits `z` for labels `y`, 0 or 1, both `(n,)`, in nats, and its gradient in `z`,
/// shape `(n,)`. `alpha` weighs class 1, and `1 − alpha` class 0; without it both count 1.
///
/// Rows that are right by far (`pₜ` near 1) are scaled down by `(1 − pₜ)^γ`: with the usual `γ = 2` a row
/// at `pₜ = 0.9` counts a hundredth of its cross-entropy. In rare-positive data these are mostly
/// negatives, so that their sheer number does not drown the rest. A logit of `±∞` costs 0 where it is right
/// and `∞` where it is wrong; the gradient is then the limit of its formula.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`] for a logit that is NaN, [`Error::Label`] for a
/// label that is not 0 or 1, [`Error::Parameter`] unless `0 < alpha < 1` and `gamma` is finite and at least 0.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::{bce_with_logits, focal};
/// use ndarray::array;
/// let (z, y) = (array![2.0, -1.0, 0.3], array![1.0, 0.0, 0.0]);
/// let (plain, _) = focal(z.view(), y.view(), None, 0.0)?;
/// assert!((plain - bce_with_logits(z.view(), y.view())?).abs() < 1e-15);
/// let (focused, slope) = focal(z.view(), y.view(), Some(0.25), 2.0)?;
/// assert!(focused < plain && slope[0] < 0.0 && slope[2] > 0.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn focal(
    z: ArrayView1<f64>,
    y: ArrayView1<f64>,
    alpha: Option<f64>,
    gamma: f64,
) -> Result<(f64, Array1<f64>)> {
    check_logits(["focal: `z`", "focal: `y`"], z, y)?;
    if let Some((index, label)) =
        y.iter().enumerate().find(|(_, label)| !(**label <= 0.0 || **label >= 1.0))
    {
        let (what, got) = ("focal: `y`", label.to_string());
        return Err(Error::Label { what, index, got, allowed: "0 or 1" });
    }
    check_focal("focal", alpha, gamma)?;
    let n = z.len() as f64;
    let (mut loss, mut slope) = (0.0, Array1::zeros(z.len()));
    for (i, (&z, &y)) in z.iter().zip(y).enumerate() {
        let (sign, weight) = if y > 0.5 {
            (1.0, alpha.unwrap_or(1.0))
        } else {
            (-1.0, alpha.map_or(1.0, |alpha| 1.0 - alpha))
        };
        let m = sign * z;
        let (miss, surprise) = (sigmoid(-m), softplus(-m));
        let focus = weight * miss.powf(gamma);
        loss += focus * surprise;
        // At m = −∞ it is 0 · ∞, and goes to 0 with σ(m).
        let pull = if m.is_infinite() { 0.0 } else { gamma * sigmoid(m) * surprise };
        slope[i] = -sign * focus * (miss + pull) / n;
    }
    Ok((loss / n, slope))
}

/// The probability of class 1 that a model means when, trained with [`focal`] loss, it says `p`, shape
/// `(n,)`:
///
/// ```text
/// η = (1 − α) A(1 − p) / (α A(p) + (1 − α) A(1 − p)),   A(p) = (1 − p)^γ [(1 − p) − γ p ln p]
/// ```
///
/// Given `η`, the expected loss `η ℓ(z, 1) + (1 − η) ℓ(z, 0)` is least where `η α A(p) = (1 − η)(1 − α)
/// A(1 − p)`; solved for `η` this is the formula. Without `alpha` both factors drop out. The map rises, so no
/// ranking changes.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Probability`], [`Error::Parameter`] as [`focal`].
///
/// # Example
/// ```
/// use mlnotes::nn::loss::focal_posterior;
/// use ndarray::array;
/// let p = array![0.0, 0.2, 0.5, 1.0];
/// let eta = focal_posterior(p.view(), None, 2.0)?;
/// // Focal loss drew 0.2 toward one half: it was less.
/// assert!(eta[1] < 0.1 && eta[0] == 0.0 && eta[2] == 0.5 && eta[3] == 1.0);
/// assert!((focal_posterior(p.view(), None, 0.0)?[1] - 0.2).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Charoenphakdee et al. (2021), for equal class weights.
#[views]
pub fn focal_posterior(p: ArrayView1<f64>, alpha: Option<f64>, gamma: f64) -> Result<Array1<f64>> {
    const WHAT: &str = "focal_posterior: `p`";
    if p.is_empty() {
        return Err(Error::Empty { what: WHAT, needed: "1 probability" });
    }
    check_vector(WHAT, p)?;
    if let Some((index, &value)) = p.iter().enumerate().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        return Err(Error::Probability { what: WHAT, index, value });
    }
    check_focal("focal_posterior", alpha, gamma)?;
    let odds = alpha.map_or(0.0, |alpha| ((1.0 - alpha) / alpha).ln());
    // The logarithm, since (1 − p)^γ underflows for a large γ.
    let ln_pull = |p: f64| {
        let focus = if gamma > 0.0 { gamma * (-p).ln_1p() } else { 0.0 };
        let entropy = if p > 0.0 { -p * p.ln() } else { 0.0 };
        focus + ((1.0 - p) + gamma * entropy).ln()
    };
    Ok(p.mapv(|p| sigmoid(odds + ln_pull(1.0 - p) - ln_pull(p))))
}

/// The rules of focal loss's settings.
fn check_focal(estimator: &'static str, alpha: Option<f64>, gamma: f64) -> Result<()> {
    if let Some(alpha) = alpha
        && !(alpha > 0.0 && alpha < 1.0)
    {
        let (name, rule) = ("alpha", "between 0 and 1, both excluded, or None");
        return Err(Error::Parameter { estimator, name, rule, got: alpha.to_string() });
    }
    if gamma.is_finite() && gamma >= 0.0 {
        return Ok(());
    }
    let (name, rule) = ("gamma", "finite and >= 0");
    Err(Error::Parameter { estimator, name, rule, got: gamma.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::check_gradient;
    use crate::nn::loss::{bce_with_logits, bce_with_logits_grad};
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn gradients_are_slopes(
            z in proptest::collection::vec(-8.0..8.0, 6),
            y in proptest::collection::vec(0_u8..2, 6),
            gamma in 0.0..5.0,
            alpha in 0.05..0.95,
            w in 0.1..20.0,
        ) {
            let (z, y) = (Array1::from(z), y.into_iter().map(f64::from).collect::<Array1<f64>>());
            for alpha in [None, Some(alpha)] {
                let (_, slope) = focal(z.view(), y.view(), alpha, gamma).unwrap();
                let f = |z: ArrayView1<f64>| focal(z, y.view(), alpha, gamma).unwrap().0;
                check_gradient(f, slope.view(), z.view(), 1e-7).unwrap();
            }
            let (_, slope) = weighted_bce(z.view(), y.view(), 0.7, w).unwrap();
            let f = |z: ArrayView1<f64>| weighted_bce(z, y.view(), 0.7, w).unwrap().0;
            check_gradient(f, slope.view(), z.view(), 1e-7).unwrap();
        }

        #[test]
        fn without_focus_and_weights_they_are_cross_entropy(z in proptest::collection::vec(-30.0..30.0, 4)) {
            let (z, y) = (Array1::from(z), array![0.0, 1.0, 1.0, 0.0]);
            let loss = bce_with_logits(z.view(), y.view()).unwrap();
            let slope = bce_with_logits_grad(z.view(), y.view()).unwrap();
            let close = |(l, s): (f64, Array1<f64>), factor: f64| {
                (l - factor * loss).abs() < 1e-12 && (s - &slope * factor).iter().all(|d| d.abs() < 1e-12)
            };
            prop_assert!(close(focal(z.view(), y.view(), None, 0.0).unwrap(), 1.0));
            prop_assert!(close(focal(z.view(), y.view(), Some(0.5), 0.0).unwrap(), 0.5));
            prop_assert!(close(weighted_bce(z.view(), y.view(), 1.0, 1.0).unwrap(), 1.0));
        }

        #[test]
        fn the_posterior_is_where_the_expected_slope_is_zero(
            z in -6.0_f64..6.0, gamma in 0.0_f64..5.0, alpha in 0.05_f64..0.95,
        ) {
            let eta = focal_posterior(array![sigmoid(z)].view(), Some(alpha), gamma).unwrap()[0];
            // Nearer to 1 too few digits of 1 − η are left to judge by.
            prop_assume!((1e-6..1.0 - 1e-6).contains(&eta));
            let slope = |y: f64| {
                let (_, slope) = focal(array![z].view(), array![y].view(), Some(alpha), gamma).unwrap();
                slope[0]
            };
            let (one, zero) = (eta * slope(1.0), (1.0 - eta) * slope(0.0));
            prop_assert!((one + zero).abs() < 1e-8 * (one.abs() + zero.abs()), "{one} {zero}");
        }
    }

    #[test]
    fn far_logits_stay_finite() {
        let (z, y) = (array![1e4, -1e4, 1e4], array![0.0, 1.0, 1.0]);
        let (loss, slope) = focal(z.view(), y.view(), None, 2.0).unwrap();
        assert!((loss - 2e4 / 3.0).abs() < 1e-9, "{loss}");
        assert!((slope - array![1.0, -1.0, 0.0] / 3.0).iter().all(|d| d.abs() < 1e-12));
        let (loss, slope) = weighted_bce(z.view(), y.view(), 2.0, 3.0).unwrap();
        assert!((loss - 5e4 / 3.0).abs() < 1e-9);
        assert!((slope - array![2.0, -3.0, 0.0] / 3.0).iter().all(|d| d.abs() < 1e-12));
        let sharp = focal_posterior(array![0.4, 0.5, 0.6].view(), None, 1e6).unwrap();
        assert!((sharp - array![0.0, 0.5, 1.0]).iter().all(|d| d.abs() < 1e-12));
        let ends = focal_posterior(array![0.0, 1e-300, 1.0].view(), Some(0.25), 2.0).unwrap();
        assert!(ends.iter().all(|p| (0.0..=1.0).contains(p)) && ends[2] >= 1.0, "{ends}");
    }

    #[test]
    fn infinite_logits_cost_nothing_or_everything() {
        let end = f64::INFINITY;
        for gamma in [0.0, 2.0] {
            let at = |z: f64, y: f64| {
                let (focal, slope) =
                    focal(array![z].view(), array![y].view(), None, gamma).unwrap();
                let (loss, pull) =
                    weighted_bce(array![z].view(), array![y].view(), 1.0, 1.0).unwrap();
                assert_eq!((focal, slope[0]), (loss, pull[0]));
                (loss, pull[0])
            };
            assert_eq!((at(-end, 0.0), at(end, 1.0)), ((0.0, 0.0), (0.0, 0.0)));
            assert_eq!((at(-end, 1.0), at(end, 0.0)), ((end, -1.0), (end, 1.0)));
        }
        // The finite one beside them keeps its slope.
        let (y, w) = (array![1.0, 0.0, 1.0], |v: f64| array![v, -end, end]);
        let (_, slope) = focal(w(0.7).view(), y.view(), Some(0.25), 2.0).unwrap();
        let f = |v: ArrayView1<f64>| focal(w(v[0]).view(), y.view(), Some(0.25), 2.0).unwrap().0;
        check_gradient(f, array![slope[0]].view(), array![0.7].view(), 1e-8).unwrap();
        let soft = weighted_bce(array![-end].view(), array![0.3].view(), 1.0, 2.0).unwrap();
        assert_eq!((soft.0, soft.1[0]), (end, -0.6));
        assert!(focal(array![f64::NAN].view(), array![1.0].view(), None, 2.0).is_err());
    }

    #[test]
    fn soft_labels_mix_the_classes() {
        let at = |y: f64| weighted_bce(array![0.7].view(), array![y].view(), 2.0, 5.0).unwrap().0;
        assert!((at(0.3) - 0.3 * at(1.0) - 0.7 * at(0.0)).abs() < 1e-14);
    }

    #[test]
    fn bad_input_is_named() {
        let (z, y) = (array![0.0, 1.0], array![0.0, 1.0]);
        let name = |r: Result<(f64, Array1<f64>)>| match r {
            Err(Error::Parameter { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(name(weighted_bce(z.view(), y.view(), bad, 1.0)), "w0");
            assert_eq!(name(weighted_bce(z.view(), y.view(), 1.0, bad)), "w1");
            assert_eq!(name(focal(z.view(), y.view(), Some(bad), 2.0)), "alpha");
        }
        assert_eq!(name(focal(z.view(), y.view(), Some(1.0), 2.0)), "alpha");
        assert_eq!(name(focal(z.view(), y.view(), None, -1.0)), "gamma");
        assert_eq!(name(focal(z.view(), y.view(), None, f64::NAN)), "gamma");
        let soft = focal(z.view(), array![0.0, 0.5].view(), None, 2.0);
        assert!(matches!(soft, Err(Error::Label { index: 1, .. })));
        let outside = weighted_bce(z.view(), array![0.0, 1.5].view(), 1.0, 1.0);
        assert!(matches!(outside, Err(Error::Probability { index: 1, .. })));
        assert!(matches!(
            focal(array![].view(), array![].view(), None, 2.0),
            Err(Error::Empty { .. })
        ));
        let short = weighted_bce(z.view(), array![1.0].view(), 1.0, 1.0);
        assert!(matches!(short, Err(Error::Shape { .. })));
        let high = focal_posterior(array![1.5].view(), None, 2.0);
        assert!(matches!(high, Err(Error::Probability { index: 0, .. })));
        assert!(matches!(focal_posterior(array![].view(), None, 2.0), Err(Error::Empty { .. })));
        assert!(focal_posterior(array![0.5].view(), Some(2.0), 2.0).is_err());
        assert!(focal_posterior(array![f64::NAN].view(), None, 2.0).is_err());
    }
}
