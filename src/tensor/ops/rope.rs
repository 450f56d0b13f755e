//! Rotary position embedding: pairs of features turned by an angle that grows with the position.
//!
//! ```text
//! θᵢ = base^{−2i/d},  i = 0 … d/2 − 1
//! (a, b) at position m  →  (a cos mθᵢ − b sin mθᵢ,  a sin mθᵢ + b cos mθᵢ)
//! ```
//!
//! A rotation keeps lengths, and `q_m · k_n` depends on `m − n` alone. Two layouts are about: features `(2i, 2i + 1)`
//! are a pair (the paper, `LLaMA`'s own code), or features `(i, i + d/2)` are (GPT-NeoX, Hugging Face). Either is
//! right, a mixture is not: the weights decide.
//!
//! # References
//! Su et al. (2021), eq. 15 and 34.

use crate::base::check_positive;
use crate::tensor::check::check_filled;
use crate::tensor::{Tensor, check_float, to_tensor};
use crate::{Error, Result};
use ndarray::Array2;

/// Which features are turned together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pairing {
    /// `(2i, 2i + 1)`.
    Interleaved,
    /// `(i, i + d/2)`.
    Halves,
}

/// Turns `x`, `(…, n_tokens, head_dim)`, by the tokens' `positions`, `(n_tokens,)`; shape as `x`.
///
/// # Errors
/// [`Error::Shape`] for fewer than two axes, an odd `head_dim`, or another number of positions; [`Error::Empty`];
/// [`Error::Parameter`] for another type than `f32` or `f64`, or unless `base` is finite and > 0.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::{Pairing, rope}, to_array, to_tensor};
/// use ndarray::{Array2, array};
/// let x = to_tensor(array![[1.0, 0.0], [1.0, 0.0]].view(), DType::F64)?;
/// let y: Array2<f64> = to_array(&rope(&x, &[0, 1], 1e4, Pairing::Halves)?)?;
/// assert!((&y - &array![[1.0, 0.0], [1.0_f64.cos(), 1.0_f64.sin()]]).iter().all(|d| d.abs() < 1e-15));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn rope(x: &Tensor, positions: &[usize], base: f64, pairing: Pairing) -> Result<Tensor> {
    check_float("rope", "x", x)?;
    check_filled("rope: `x`", x)?;
    check_positive("rope", "base", base)?;
    let dims = x.dims().to_vec();
    let d = dims[dims.len() - 1];
    let wrong = |what, expected: &str, got: String| {
        Err(Error::Shape { what, expected: expected.to_owned(), got })
    };
    if dims.len() < 2 || d % 2 == 1 {
        return wrong("rope: `x`", "(…, n_tokens, an even head_dim)", format!("{dims:?}"));
    }
    let n = dims[dims.len() - 2];
    if positions.len() != n {
        return wrong("rope: `positions`", &format!("({n},)"), format!("({},)", positions.len()));
    }
    let angles = Array2::from_shape_fn((n, d / 2), |(token, i)| {
        positions[token] as f64 * base.powf(-2.0 * i as f64 / d as f64)
    });
    let cos = to_tensor(angles.mapv(f64::cos).view(), x.dtype())?;
    let sin = to_tensor(angles.mapv(f64::sin).view(), x.dtype())?;
    let last = dims.len() - 1;
    let turned = |a: &Tensor, b: &Tensor| -> Result<[Tensor; 2]> {
        Ok([
            (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?,
            (a.broadcast_mul(&sin)? + b.broadcast_mul(&cos)?)?,
        ])
    };
    match pairing {
        Pairing::Halves => {
            let (a, b) = (x.narrow(last, 0, d / 2)?, x.narrow(last, d / 2, d / 2)?);
            Ok(Tensor::cat(&turned(&a, &b)?, last)?)
        }
        Pairing::Interleaved => {
            let pairs = x.contiguous()?.reshape([&dims[..last], &[d / 2, 2]].concat())?;
            let part = |i| pairs.narrow(last + 1, i, 1)?.squeeze(last + 1);
            Ok(Tensor::stack(&turned(&part(0)?, &part(1)?)?, last + 1)?.reshape(dims)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_op, spread};
    use super::*;
    use crate::tensor::{DType, to_array};
    use ndarray::{Array1, array};

    fn turn(x: &[f64], position: usize, pairing: Pairing) -> Array1<f64> {
        let x = Array2::from_shape_vec((1, x.len()), x.to_vec()).unwrap();
        let y = rope(&to_tensor(x.view(), DType::F64).unwrap(), &[position], 1e4, pairing).unwrap();
        to_array::<ndarray::Ix2>(&y).unwrap().row(0).to_owned()
    }

    #[test]
    fn gradients_are_those_of_central_differences() {
        for pairing in [Pairing::Halves, Pairing::Interleaved] {
            check_op(spread((2, 3, 4)).view(), |x| rope(x, &[0, 5, 2], 100.0, pairing));
            check_op(spread((2, 3, 4)).view(), |x| {
                rope(&x.transpose(0, 1)?, &[1, 7], 1e4, pairing)
            });
        }
    }

    #[test]
    fn scores_depend_on_the_distance_alone() {
        let (q, k) = ([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]);
        // Worked by hand from eq. 34 for a distance of 2: 1.1901 for neighbours, −3.4564 for halves.
        for (pairing, score) in [(Pairing::Interleaved, 1.1901), (Pairing::Halves, -3.4564)] {
            for (m, n) in [(3, 1), (5, 3)] {
                let dot = turn(&q, m, pairing).dot(&turn(&k, n, pairing));
                assert!((dot - score).abs() < 5e-5, "{pairing:?}: {dot}");
            }
            let length = turn(&q, 9, pairing).dot(&turn(&q, 9, pairing));
            assert!((length - 30.0).abs() < 1e-13);
        }
        let mixed = turn(&q, 3, Pairing::Interleaved).dot(&turn(&k, 1, Pairing::Halves));
        let moved = turn(&q, 5, Pairing::Interleaved).dot(&turn(&k, 3, Pairing::Halves));
        assert!((mixed - moved).abs() > 1.0);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let x = to_tensor(array![[1.0, 2.0, 3.0]].view(), DType::F64).unwrap();
        let said = rope(&x, &[0], 1e4, Pairing::Halves).unwrap_err().to_string();
        assert!(said.contains("(…, n_tokens, an even head_dim), got [1, 3]"), "{said}");
        let x = x.narrow(1, 0, 2).unwrap();
        assert!(matches!(rope(&x, &[0, 1], 1e4, Pairing::Halves), Err(Error::Shape { .. })));
        assert!(matches!(rope(&x, &[0], 0.0, Pairing::Halves), Err(Error::Parameter { .. })));
    }
}
