//! Losses on probabilities and logits, each with its gradient by hand, finite where the textbook
//! formula is not.
//!
//! ```text
//! bce            −y ln p − (1 − y) ln(1 − p)                 p: probability
//! from a logit    max(z, 0) − y z + ln(1 + e^{−|z|})          p = σ(z);        ∂/∂z = σ(z) − y
//! cross-entropy   ln Σⱼ e^{zⱼ} − z_y                          p = softmax(z);  ∂/∂z = softmax(z) − e_y
//! ```
//!
//! All three are negative log-likelihoods: of a Bernoulli and of a categorical variable. Compute them
//! from the logit. A logarithm of a rounded probability is `−∞` for a logit of 40, and `ln(p + ε)`, a
//! common patch, is another function: it cannot exceed `−ln ε`, is negative at `p = 1`, and shrinks the
//! gradient by `p/(p + ε)`, most where it is needed.
//!
//! A logit of `−∞` is a mask, of probability 0: a class that is not the label costs nothing there and has a
//! gradient of exactly 0; a label that is masked costs `∞`, and its gradient is the limit that the formula
//! has. A binary logit of `∞` is the certain opposite.
//!
//! [`tensor`] has the same losses on tensors, through which gradients flow.
//!
//! # Example
//! ```
//! use mlnotes::nn::loss::{CrossEntropy, cross_entropy, cross_entropy_grad};
//! use ndarray::array;
//! let z = array![[2.0, 0.0, -1.0], [0.5, 0.5, 0.5]];
//! let mean = cross_entropy(z.view(), &[0, 2], &CrossEntropy::new())?;
//! assert!((mean - 0.6343).abs() < 1e-4);
//! let slope = cross_entropy_grad(z.view(), &[0, 2], &CrossEntropy::new())?;
//! // (softmax − one-hot) / n: each row sums to 0.
//! assert!(slope.sum().abs() < 1e-15 && (slope[[1, 2]] + 1.0 / 3.0).abs() < 1e-15);
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! Bishop (2006), eq. 4.90, 4.108, 4.109; Szegedy et al. (2016), section 7 (label smoothing).

mod binary;
mod categorical;
mod imbalance;
mod soft;
mod squared;
#[cfg(feature = "tensor")]
pub mod tensor;

pub use binary::{bce, bce_with_logits, bce_with_logits_grad};
pub use categorical::{
    CrossEntropy, Reduction, cross_entropy, cross_entropy_grad, cross_entropy_rows,
};
pub use imbalance::{focal, focal_posterior, weighted_bce};
pub use soft::{soft_cross_entropy, soft_cross_entropy_grad};
pub use squared::{LossTerms, bce_terms, loss_surface, mse_sigmoid};

use crate::base::check_matrix;
use crate::stats::information::check_sum;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// Maximum `m` of a row of logits and `ln Σⱼ e^{zⱼ − m}`, so that `−ln softmax(z)_c = (m − z_c) + tail`.
///
/// The sum is kept in two parts: added up, a tail of 1e-20 would vanish beside `m = 45`, and with it
/// the loss of a good forecast.
fn log_normaliser(z: ArrayView1<f64>) -> (f64, f64) {
    let (top, max) = z
        .iter()
        .copied()
        .enumerate()
        .fold((0, f64::NEG_INFINITY), |best, (j, v)| if v > best.1 { (j, v) } else { best });
    let others = z.iter().enumerate().filter(|(j, _)| *j != top);
    (max, others.map(|(_, &v)| (v - max).exp()).sum::<f64>().ln_1p())
}

/// Checks logits `(n_samples, n_classes)`, which `−∞` may mask as long as each row keeps a finite one.
fn check_masked(what: &'static str, z: ArrayView2<f64>) -> Result<()> {
    if z.nrows() == 0 || z.ncols() == 0 {
        return Err(Error::Empty { what, needed: "1 row and 1 column" });
    }
    for (row, logits) in z.outer_iter().enumerate() {
        let wrong = |v: f64| v.is_nan() || v > f64::MAX;
        let col = logits.iter().position(|&v| wrong(v));
        let nothing = || logits.iter().all(|v| v.is_infinite()).then_some(0);
        if let Some(col) = col.or_else(nothing) {
            return Err(Error::NotFinite { what, row, col, value: logits[col] });
        }
    }
    Ok(())
}

/// `softmax(z)` of one row.
pub(super) fn softmax(z: ArrayView1<f64>) -> Array1<f64> {
    let (max, tail) = log_normaliser(z);
    z.mapv(|v| (v - max - tail).exp())
}

/// `Σ_c t_c (−ln softmax(z)_c)`; a class without weight counts as 0, however small its probability.
fn weighted_loss(z: ArrayView1<f64>, t: impl Fn(usize) -> f64) -> f64 {
    let (max, tail) = log_normaliser(z);
    let terms = z.iter().enumerate().map(|(c, &v)| (t(c), max - v + tail));
    terms.filter(|(t, _)| *t > 0.0).map(|(t, loss)| t * loss).sum()
}

/// Checks that each row of `q` is a distribution, its sum within `rounding` of 1.
fn check_targets(what: &'static str, q: ArrayView2<f64>, rounding: f64) -> Result<()> {
    check_matrix(what, q)?;
    for (i, row) in q.outer_iter().enumerate() {
        check_sum(what, row.iter().copied(), rounding).map_err(|e| match e {
            Error::Distribution { what, problem } => {
                Error::Distribution { what, problem: format!("row {i}: {problem}") }
            }
            other => other,
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_mask_is_no_error_and_a_row_of_nothing_else_is() {
        let hidden = f64::NEG_INFINITY;
        let at = |z: ndarray::Array2<f64>| match check_masked("f: `z`", z.view()) {
            Err(Error::NotFinite { row, col, value, .. }) => Some((row, col, value.to_string())),
            Err(other) => panic!("{other}"),
            Ok(()) => None,
        };
        assert_eq!(at(array![[0.0, hidden], [hidden, -1.0]]), None);
        assert_eq!(at(array![[0.0, 1.0], [hidden, hidden]]), Some((1, 0, "-inf".to_owned())));
        assert_eq!(at(array![[hidden, f64::INFINITY]]), Some((0, 1, "inf".to_owned())));
        assert_eq!(at(array![[0.0, 1.0], [hidden, f64::NAN]]), Some((1, 1, "NaN".to_owned())));
        assert_eq!(softmax(array![hidden, 0.5, hidden].view()), array![0.0, 1.0, 0.0]);
    }

    #[test]
    fn normaliser_keeps_what_a_sum_would_lose() {
        let (max, tail) = log_normaliser(array![45.0, 0.0].view());
        assert!((max - 45.0).abs() < 1e-15 && (tail / (-45.0f64).exp() - 1.0).abs() < 1e-14);
        let (max, tail) = log_normaliser(array![1e4, 1e4, -1e4].view());
        assert!((max - 1e4).abs() < 1e-15 && (tail - 2.0f64.ln()).abs() < 1e-15);
        assert!(
            (softmax(array![1e4, -1e4, 1e4].view()) - array![0.5, 0.0, 0.5]).sum().abs() < 1e-12
        );
    }
}
