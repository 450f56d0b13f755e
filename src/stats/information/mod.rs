//! Information: entropy, cross-entropy, Kullback-Leibler and Jensen-Shannon divergence, mutual
//! information.
//!
//! ```text
//! H(p) = −Σ p ln p      H(p, q) = −Σ p ln q      KL(p‖q) = Σ p ln(p/q) = H(p, q) − H(p) ≥ 0
//! ```
//!
//! `0 ln 0` counts as 0, its limit. `KL(p‖q)` is no distance: it is not symmetric, breaks the triangle
//! inequality, and is infinite where `q = 0 < p`. Which of the two comes first matters most where `q`
//! cannot be `p`: see [`fit_gaussian_kl`]. All functions count in nats; divide by `ln 2` for bits, or
//! give [`entropy`] the base 2.
//!
//! # References
//! Cover & Thomas (2006), chapter 2; Kullback & Leibler (1951).

mod gaussian;
mod gaussian_fit;

pub use gaussian::kl_gaussian;
pub use gaussian_fit::{Direction, GaussianFit, fit_gaussian_kl};

use crate::base::{check_matrix, check_vector, views};
use crate::{Error, Result};
use ndarray::{ArrayView1, ArrayView2, Axis};

/// How far from 1 a sum of probabilities may be: numbers rounded to single precision still pass.
pub(crate) const ROUNDING: f64 = 1e-6;

/// Entropy of a distribution in units of `base` (2 for bits, `e` for nats), `−Σ p log p`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Distribution`] for negative numbers or a sum other
/// than 1, [`Error::Parameter`] for a base that is not above 0 or is 1.
///
/// ```
/// let fair = ndarray::array![0.5, 0.5];
/// assert_eq!(mlnotes::stats::information::entropy(fair.view(), 2.0)?, 1.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn entropy(p: ArrayView1<f64>, base: f64) -> Result<f64> {
    check_distribution("entropy: `p`", p)?;
    if !(base.is_finite() && base > 0.0) || (base - 1.0).abs() < f64::EPSILON {
        return Err(Error::Parameter {
            estimator: "entropy",
            name: "base",
            rule: "finite, above 0 and not 1",
            got: base.to_string(),
        });
    }
    Ok(nats(p) / base.ln())
}

/// Cross-entropy in nats, `−Σ p ln q`: the mean length of messages from `p` in the code that is best for
/// `q`. Infinite where `q = 0 < p`.
///
/// # Errors
/// As [`kl_divergence`].
///
/// ```
/// use ndarray::array;
/// let h = mlnotes::stats::information::cross_entropy(array![1.0, 0.0].view(), array![0.25, 0.75].view())?;
/// assert!((h - 4.0f64.ln()).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cross_entropy(p: ArrayView1<f64>, q: ArrayView1<f64>) -> Result<f64> {
    check_pair(["cross_entropy: `p`", "cross_entropy: `q`"], p, q)?;
    Ok(p.iter().zip(q).map(|(&p, &q)| if p > 0.0 { -p * q.ln() } else { 0.0 }).sum())
}

/// Kullback-Leibler divergence in nats, `Σ p ln(p/q)`. Infinite where `q = 0 < p`.
///
/// For a fixed `p` it differs from the cross-entropy by a constant, so both have the same gradient in
/// `q`; where `p` moves too (a teacher that learns, a variational bound) they do not.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::Distribution`] for negative numbers
/// or a sum other than 1.
///
/// ```
/// use mlnotes::stats::information::kl_divergence;
/// use ndarray::array;
/// let (p, q) = (array![0.5, 0.5], array![0.9, 0.1]);
/// let (there, back) = (kl_divergence(p.view(), q.view())?, kl_divergence(q.view(), p.view())?);
/// assert!((there - 0.5108).abs() < 1e-4 && (back - 0.3681).abs() < 1e-4);
/// assert_eq!(kl_divergence(p.view(), array![1.0, 0.0].view())?, f64::INFINITY);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn kl_divergence(p: ArrayView1<f64>, q: ArrayView1<f64>) -> Result<f64> {
    check_pair(["kl_divergence: `p`", "kl_divergence: `q`"], p, q)?;
    Ok(kl(p.iter().copied().zip(q.iter().copied())))
}

/// Jensen-Shannon divergence in nats, `(KL(p‖m) + KL(q‖m)) / 2` with `m = (p + q)/2`: symmetric, at most
/// `ln 2`; its square root is a metric (that root is what `SciPy`'s `jensenshannon` gives).
///
/// # Errors
/// As [`kl_divergence`].
///
/// ```
/// use ndarray::array;
/// let js = mlnotes::stats::information::js_divergence(array![1.0, 0.0].view(), array![0.0, 1.0].view())?;
/// assert!((js - 2.0f64.ln()).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Lin (1991), eq. 3.
#[views]
pub fn js_divergence(p: ArrayView1<f64>, q: ArrayView1<f64>) -> Result<f64> {
    check_pair(["js_divergence: `p`", "js_divergence: `q`"], p, q)?;
    let half = |a: ArrayView1<f64>| {
        kl(a.iter().zip(p.iter().zip(q)).map(|(&a, (&p, &q))| (a, f64::midpoint(p, q))))
    };
    Ok(f64::midpoint(half(p), half(q)))
}

/// Mutual information in nats of a joint distribution, `(n_values_of_x, n_values_of_y)`: what one
/// variable tells about the other, `KL(p(x, y) ‖ p(x) p(y))`. 0 exactly when they are independent.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Distribution`].
///
/// ```
/// let copy = ndarray::array![[0.5, 0.0], [0.0, 0.5]];
/// let information = mlnotes::stats::information::mutual_information(copy.view())?;
/// assert!((information - 2.0f64.ln()).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn mutual_information(joint: ArrayView2<f64>) -> Result<f64> {
    const WHAT: &str = "mutual_information: `joint`";
    check_matrix(WHAT, joint)?;
    check_sum(WHAT, joint.iter().copied(), ROUNDING)?;
    let (px, py) = (joint.sum_axis(Axis(1)), joint.sum_axis(Axis(0)));
    let cells = joint.indexed_iter().map(|((i, j), &p)| (p, px[i] * py[j]));
    // Rounding may leave a hair below 0.
    Ok(kl(cells).max(0.0))
}

fn nats(p: ArrayView1<f64>) -> f64 {
    p.iter().map(|&p| if p > 0.0 { -p * p.ln() } else { 0.0 }).sum()
}

/// `Σ p ln(p/q)` over pairs; infinite where `q = 0 < p`.
fn kl(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    // The ratio is exact where p and q are close; only it can overflow, for a q below 1e-308.
    let log_ratio = |p: f64, q: f64| {
        let ratio = p / q;
        if ratio.is_finite() { ratio.ln() } else { p.ln() - q.ln() }
    };
    pairs.map(|(p, q)| if p > 0.0 { p * log_ratio(p, q) } else { 0.0 }).sum()
}

fn check_pair(names: [&'static str; 2], p: ArrayView1<f64>, q: ArrayView1<f64>) -> Result<()> {
    if p.len() != q.len() {
        let (expected, got) = (format!("({},)", p.len()), format!("({},)", q.len()));
        return Err(Error::Shape { what: names[1], expected, got });
    }
    check_distribution(names[0], p)?;
    check_distribution(names[1], q)
}

fn check_distribution(what: &'static str, p: ArrayView1<f64>) -> Result<()> {
    if p.is_empty() {
        return Err(Error::Empty { what, needed: "1 probability" });
    }
    check_vector(what, p)?;
    check_sum(what, p.iter().copied(), ROUNDING)
}

/// Checks that the numbers are not negative and that their sum is within `rounding` of 1.
pub(crate) fn check_sum(
    what: &'static str,
    p: impl Iterator<Item = f64> + Clone,
    rounding: f64,
) -> Result<()> {
    if let Some((index, value)) = p.clone().enumerate().find(|(_, p)| *p < 0.0) {
        let problem = format!("it holds {value} at position {index}");
        return Err(Error::Distribution { what, problem });
    }
    let sum: f64 = p.sum();
    if (sum - 1.0).abs() > rounding {
        return Err(Error::Distribution { what, problem: format!("it sums to {sum}") });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    fn distribution(weights: &[f64]) -> Array1<f64> {
        let weights = Array1::from(weights.to_vec());
        let sum = weights.sum();
        weights / sum
    }

    proptest! {
        #[test]
        fn the_laws_hold(
            p in proptest::collection::vec(0.0..1.0, 5),
            q in proptest::collection::vec(0.01..1.0, 5),
        ) {
            prop_assume!(p.iter().sum::<f64>() > 0.1);
            let (p, q) = (distribution(&p), distribution(&q));
            let there = kl_divergence(p.view(), q.view()).unwrap();
            prop_assert!(there >= -1e-15, "Gibbs: {there}");
            let h = cross_entropy(p.view(), q.view()).unwrap();
            let own = entropy(p.view(), std::f64::consts::E).unwrap();
            prop_assert!((there - (h - own)).abs() < 1e-13);
            prop_assert!(own <= 5.0f64.ln() + 1e-15);
            let js = js_divergence(p.view(), q.view()).unwrap();
            let back = js_divergence(q.view(), p.view()).unwrap();
            prop_assert!((js - back).abs() < 1e-15 && (-1e-15..=2.0f64.ln()).contains(&js));
            let joint = Array1::from_iter(p.iter().flat_map(|p| q.iter().map(move |q| p * q)));
            let joint = joint.into_shape_with_order((5, 5)).unwrap();
            prop_assert!(mutual_information(joint.view()).unwrap() < 1e-13);
        }
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        let good = array![0.5, 0.5];
        let said = |p: Array1<f64>| entropy(p.view(), 2.0).unwrap_err().to_string();
        assert!(said(array![0.5, 0.6]).contains("sums to 1.1"));
        assert!(said(array![1.5, -0.5]).contains("-0.5 at position 1"));
        assert!(said(array![f64::NAN, 0.5]).contains("NaN"));
        assert!(said(array![]).contains("empty"));
        assert!(entropy(good.view(), 1.0).unwrap_err().to_string().contains("got 1"));
        let short = kl_divergence(good.view(), array![1.0].view()).unwrap_err();
        assert!(matches!(short, Error::Shape { .. }));
        assert!(mutual_information(array![[0.5, 0.6]].view()).is_err());
    }

    #[test]
    fn a_tiny_q_costs_much_but_not_everything() {
        let q = array![1e-320, 1.0];
        let kl = kl_divergence(array![1.0, 0.0].view(), q.view()).unwrap();
        assert!((kl - 320.0 * 10.0f64.ln()).abs() < 1e-2, "{kl}");
    }

    proptest! {
        #[test]
        fn the_root_of_jensen_shannon_is_a_metric(
            w in proptest::collection::vec(0.001..1.0, 12),
        ) {
            let [p, q, r] = [0, 4, 8].map(|i| distribution(&w[i..i + 4]));
            let d = |a: &Array1<f64>, b: &Array1<f64>| {
                js_divergence(a.view(), b.view()).unwrap().max(0.0).sqrt()
            };
            prop_assert!(d(&p, &r) <= d(&p, &q) + d(&q, &r) + 1e-12);
        }
    }
}
