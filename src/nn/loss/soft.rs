//! Cross-entropy with targets that are distributions.

use super::{check_masked, check_targets, softmax, weighted_loss};
use crate::base::views;
use crate::stats::information::ROUNDING;
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2};

/// Mean cross-entropy in nats of logits `z` with target distributions `q`, both
/// `(n_samples, n_classes)`: `−(1/n) Σᵢ Σ_c qᵢ_c ln softmax(zᵢ)_c`.
///
/// One-hot targets give [`cross_entropy`](super::cross_entropy); a teacher's probabilities give the
/// loss of distillation. It differs from `KL(q ‖ softmax(z))` by the entropy of `q`: the same gradient
/// in `z`, another one in `q`, so take KL where the teacher learns too.
///
/// A logit of `−∞` masks its class: it counts as 0 where `q` is 0, and costs `∞` elsewhere.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`] for a number in `q`, for a logit that is NaN or `∞` and for a row
/// whose logits are all `−∞`; [`Error::Shape`], [`Error::Distribution`] for a row of `q`
/// with negative numbers or a sum other than 1.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::soft_cross_entropy;
/// use ndarray::array;
/// let (z, q) = (array![[1.0, 1.0]], array![[0.3, 0.7]]);
/// assert!((soft_cross_entropy(z.view(), q.view())? - 2.0f64.ln()).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Hinton, Vinyals & Dean (2015), section 2.
#[views]
pub fn soft_cross_entropy(z: ArrayView2<f64>, q: ArrayView2<f64>) -> Result<f64> {
    check(["soft_cross_entropy: `z`", "soft_cross_entropy: `q`"], z, q)?;
    let each = z.outer_iter().zip(q.outer_iter()).map(|(z, q)| weighted_loss(z, |c| q[c]));
    Ok(each.sum::<f64>() / z.nrows() as f64)
}

/// Gradient of [`soft_cross_entropy`] in the logits, shape `(n_samples, n_classes)`:
/// `(softmax(z) − q) / n_samples`.
///
/// # Errors
/// As [`soft_cross_entropy`].
///
/// # Example
/// ```
/// use mlnotes::nn::loss::soft_cross_entropy_grad;
/// use ndarray::array;
/// let slope = soft_cross_entropy_grad(array![[0.0, 0.0]].view(), array![[0.25, 0.75]].view())?;
/// assert_eq!(slope, array![[0.25, -0.25]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn soft_cross_entropy_grad(z: ArrayView2<f64>, q: ArrayView2<f64>) -> Result<Array2<f64>> {
    check(["soft_cross_entropy_grad: `z`", "soft_cross_entropy_grad: `q`"], z, q)?;
    let n = z.nrows() as f64;
    let mut slope = Array2::zeros(z.dim());
    for ((z, q), mut out) in z.outer_iter().zip(q.outer_iter()).zip(slope.outer_iter_mut()) {
        // The sum is 1 up to the rounding that the check allows.
        out.assign(&((softmax(z) * q.sum() - q) / n));
    }
    Ok(slope)
}

fn check(names: [&'static str; 2], z: ArrayView2<f64>, q: ArrayView2<f64>) -> Result<()> {
    check_masked(names[0], z)?;
    if q.dim() != z.dim() {
        let (expected, got) = (format!("{:?}", z.dim()), format!("{:?}", q.dim()));
        return Err(Error::Shape { what: names[1], expected, got });
    }
    check_targets(names[1], q, ROUNDING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::check_gradient;
    use crate::nn::loss::{CrossEntropy, cross_entropy, cross_entropy_grad};
    use crate::stats::information::{entropy, kl_divergence};
    use ndarray::{Array1, ArrayView1, array};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_laws_hold(z in proptest::collection::vec(-5.0..5.0, 6), w in 0.01..0.9, v in 0.0..0.1) {
            let z = Array2::from_shape_vec((2, 3), z).unwrap();
            let q = array![[w, v, 1.0 - w - v], [0.0, 1.0, 0.0]];
            let loss = soft_cross_entropy(z.view(), q.view()).unwrap();
            let gap: f64 = (0..2).map(|i| {
                let p = softmax(z.row(i));
                kl_divergence(q.row(i), p.view()).unwrap()
                    + entropy(q.row(i), std::f64::consts::E).unwrap()
            }).sum();
            prop_assert!((loss - gap / 2.0).abs() < 1e-12);
            let slope = soft_cross_entropy_grad(z.view(), q.view()).unwrap();
            let flat = |m: &Array2<f64>| Array1::from_iter(m.iter().copied());
            let f = |v: ArrayView1<f64>| {
                let z = v.to_shape((2, 3)).unwrap().to_owned();
                soft_cross_entropy(z.view(), q.view()).unwrap()
            };
            check_gradient(f, flat(&slope).view(), flat(&z).view(), 1e-7).unwrap();
        }
    }

    #[test]
    fn one_hot_targets_are_labels() {
        let z = array![[1.0, -3.0, 2.0], [1e4, -1e4, 0.0]];
        let q = array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]];
        let plain = CrossEntropy::new();
        let soft = soft_cross_entropy(z.view(), q.view()).unwrap();
        assert!((soft - cross_entropy(z.view(), &[1, 0], &plain).unwrap()).abs() < 1e-14);
        let gap = soft_cross_entropy_grad(z.view(), q.view()).unwrap()
            - cross_entropy_grad(z.view(), &[1, 0], &plain).unwrap();
        assert!(gap.iter().all(|g| g.abs() < 1e-15));
    }

    #[test]
    fn a_masked_class_counts_where_it_has_a_target() {
        let hidden = f64::NEG_INFINITY;
        let (z, q) = (array![[0.3, hidden, -1.0]], array![[0.4, 0.0, 0.6]]);
        let short = (array![[0.3, -1.0]], array![[0.4, 0.6]]);
        let loss = soft_cross_entropy(z.view(), q.view()).unwrap();
        let slope = soft_cross_entropy_grad(z.view(), q.view()).unwrap();
        assert!((loss - soft_cross_entropy(short.0.view(), short.1.view()).unwrap()).abs() < 1e-15);
        assert!(slope[[0, 1]].abs() < f64::MIN_POSITIVE);
        let f = |v: ArrayView1<f64>| {
            soft_cross_entropy(array![[v[0], hidden, v[1]]].view(), q.view()).unwrap()
        };
        let finite = array![slope[[0, 0]], slope[[0, 2]]];
        check_gradient(f, finite.view(), array![0.3, -1.0].view(), 1e-8).unwrap();
        let covered = array![[0.4, 0.1, 0.5]];
        assert!(soft_cross_entropy(z.view(), covered.view()).unwrap().is_infinite());
        let nothing = soft_cross_entropy(array![[hidden; 3]].view(), q.view()).unwrap_err();
        assert!(matches!(nothing, Error::NotFinite { row: 0, col: 0, .. }), "{nothing}");
    }

    #[test]
    fn bad_targets_are_named_by_row() {
        let z = array![[0.0, 0.0], [0.0, 0.0]];
        let said = |q: Array2<f64>| soft_cross_entropy(z.view(), q.view()).unwrap_err().to_string();
        let sum = said(array![[0.5, 0.5], [0.5, 0.6]]);
        assert!(sum.contains("row 1: it sums to 1.1"), "{sum}");
        assert!(said(array![[0.5, 0.5], [1.5, -0.5]]).contains("row 1: it holds -0.5"));
        assert!(said(array![[0.5, f64::NAN], [0.5, 0.5]]).contains("NaN at row 0"));
        assert!(said(array![[1.0, 0.0]]).contains("expected shape (2, 2)"));
    }
}
