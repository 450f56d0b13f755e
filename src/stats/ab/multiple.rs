//! Many tests at once: p-values that stay honest.
//!
//! ```text
//! sorted p₍₁₎ ≤ … ≤ p₍ₘ₎
//! Bonferroni          m p₍ᵢ₎                                    P(any false rejection) ≤ α
//! Holm                max_{j ≤ i} (m − j + 1) p₍ⱼ₎              the same, and rejects at least as much
//! Benjamini-Hochberg  min_{j ≥ i} (m / j) p₍ⱼ₎                  E[share of false among the rejected] ≤ α
//! ```
//!
//! All are capped at 1; reject where the adjusted value is below `α`. Bonferroni and Holm need nothing of
//! the dependence between the tests. Benjamini-Hochberg needs independence or positive dependence;
//! Benjamini-Yekutieli pays `Σ 1/j` to do without.
//!
//! # References
//! Holm (1979); Benjamini & Hochberg (1995); Benjamini & Yekutieli (2001).

use crate::base::{check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// How to correct for many tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// Times the number of tests.
    Bonferroni,
    /// Step down: the smallest times `m`, the next times `m − 1`, and so on.
    Holm,
    /// Step up: controls the false discovery rate, not the chance of any false rejection.
    BenjaminiHochberg,
    /// Benjamini-Hochberg under any dependence.
    BenjaminiYekutieli,
}

/// Adjusted p-values, in the order of `p`, shape `(m,)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Probability`].
///
/// ```
/// use mlnotes::stats::ab::{Correction, adjust_p};
/// use ndarray::array;
/// let p = array![0.01, 0.04, 0.03, 0.2];
/// let holm = adjust_p(p.view(), Correction::Holm)?;
/// assert!((&holm - &array![0.04, 0.09, 0.09, 0.2]).iter().all(|d| d.abs() < 1e-15));
/// let bh = adjust_p(p.view(), Correction::BenjaminiHochberg)?;
/// assert!((bh[1] - 0.16 / 3.0).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn adjust_p(p: ArrayView1<f64>, correction: Correction) -> Result<Array1<f64>> {
    const WHAT: &str = "adjust_p: `p`";
    if p.is_empty() {
        return Err(Error::Empty { what: WHAT, needed: "1 p-value" });
    }
    check_vector(WHAT, p)?;
    if let Some((index, &value)) = p.iter().enumerate().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        return Err(Error::Probability { what: WHAT, index, value });
    }
    let m = p.len() as f64;
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = Array1::zeros(p.len());
    match correction {
        Correction::Bonferroni => adjusted.zip_mut_with(&p, |out, &p| *out = (m * p).min(1.0)),
        Correction::Holm => {
            let mut largest: f64 = 0.0;
            for (i, &test) in order.iter().enumerate() {
                largest = largest.max((m - i as f64) * p[test]);
                adjusted[test] = largest.min(1.0);
            }
        }
        Correction::BenjaminiHochberg | Correction::BenjaminiYekutieli => {
            let harmonic: f64 = (1..=p.len()).map(|j| 1.0 / j as f64).sum();
            let price = if correction == Correction::BenjaminiYekutieli { harmonic } else { 1.0 };
            let mut smallest: f64 = 1.0;
            for (i, &test) in order.iter().enumerate().rev() {
                smallest = smallest.min(price * m / (i as f64 + 1.0) * p[test]);
                adjusted[test] = smallest;
            }
        }
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_laws_hold(p in proptest::collection::vec(0.0..=1.0, 1..30)) {
            let p = Array1::from(p);
            let [bonferroni, holm, bh, by] = [
                Correction::Bonferroni,
                Correction::Holm,
                Correction::BenjaminiHochberg,
                Correction::BenjaminiYekutieli,
            ]
            .map(|c| adjust_p(p.view(), c).unwrap());
            for i in 0..p.len() {
                prop_assert!(p[i] <= bh[i] + 1e-15 && bh[i] <= holm[i] + 1e-12);
                prop_assert!(holm[i] <= bonferroni[i] + 1e-15, "Holm dominates");
                prop_assert!(bh[i] <= by[i] + 1e-15 && by[i] <= 1.0 && bonferroni[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || (holm[i] <= holm[j] && bh[i] <= bh[j]), "order");
                }
            }
        }
    }

    #[test]
    fn ties_share_their_value_and_one_test_is_left_alone() {
        for correction in [Correction::Holm, Correction::BenjaminiHochberg] {
            let out = adjust_p(array![0.02, 0.02, 0.5].view(), correction).unwrap();
            assert!((out[0] - out[1]).abs() < f64::EPSILON);
            assert_eq!(adjust_p(array![0.3].view(), correction).unwrap(), array![0.3]);
        }
    }

    #[test]
    fn what_is_no_p_value_is_refused() {
        let said = |p: Array1<f64>| adjust_p(p.view(), Correction::Holm).unwrap_err();
        assert!(matches!(said(array![]), Error::Empty { .. }));
        assert!(matches!(said(array![0.1, f64::NAN]), Error::NotFinite { row: 1, .. }));
        assert!(matches!(said(array![0.1, 1.2]), Error::Probability { index: 1, .. }));
        assert!(matches!(said(array![-0.1]), Error::Probability { index: 0, .. }));
    }
}
