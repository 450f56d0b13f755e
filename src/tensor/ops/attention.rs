//! Scaled dot-product attention.
//!
//! ```text
//! scores  S = q kᵀ / √d + mask          mask: 0 where a key is seen, −∞ where it is hidden
//! output  softmax(S) v                  softmax over the keys
//! ```
//!
//! A query that sees no key gets 0. A hidden key's value still counts 0 times: a NaN there comes out, so clear what
//! is padded.
//!
//! # References
//! Vaswani et al. (2017), eq. 1.

use super::softmax;
use crate::tensor::check::check_filled;
use crate::tensor::{DType, Tensor, check_float, to_tensor};
use crate::{Error, Result};
use ndarray::Array2;

/// Attention of queries `q`, `(…, n_q, d)`, over keys `k`, `(…, n_k, d)`, with values `v`, `(…, n_k, d_v)`, and a
/// `mask` that is added to the scores, of a shape that broadcasts to `(…, n_q, n_k)`; shape `(…, n_q, d_v)`.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`]; [`Error::Parameter`] for another type than `f32` or `f64`.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::{attention, causal_mask}, to_array, to_tensor};
/// use ndarray::{Array2, array};
/// let x = to_tensor(array![[0.0], [0.0]].view(), DType::F64)?;
/// let v = to_tensor(array![[1.0], [3.0]].view(), DType::F64)?;
/// let y: Array2<f64> = to_array(&attention(&x, &x, &v, Some(&causal_mask(2, 2, DType::F64)?))?)?;
/// assert_eq!(y, array![[1.0], [2.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    check_float("attention", "q", q)?;
    for (what, t) in [("attention: `q`", q), ("attention: `k`", k), ("attention: `v`", v)] {
        check_filled(what, t)?;
        if t.rank() < 2 || t.rank() != q.rank() {
            let (expected, got) = ("(…, n, d), as `q`".to_owned(), format!("{:?}", t.dims()));
            return Err(Error::Shape { what, expected, got });
        }
    }
    let rank = q.rank();
    let (lead, d) = (&q.dims()[..rank - 2], q.dims()[rank - 1]);
    let n_k = k.dims()[rank - 2];
    let expect = |what, expected: Vec<usize>, t: &Tensor| {
        if t.dims() == expected {
            return Ok(());
        }
        let (expected, got) = (format!("{expected:?}"), format!("{:?}", t.dims()));
        Err(Error::Shape { what, expected, got })
    };
    expect("attention: `k`", [lead, &[n_k, d]].concat(), k)?;
    expect("attention: `v`", [lead, &[n_k, v.dims()[rank - 1]]].concat(), v)?;
    let keys = k.transpose(rank - 2, rank - 1)?.contiguous()?;
    let mut scores = (q.contiguous()?.matmul(&keys)? * (1.0 / (d as f64).sqrt()))?; // (…, n_q, n_k)
    if let Some(mask) = mask {
        scores = scores.broadcast_add(mask)?;
        let fit = [lead, &[q.dims()[rank - 2], n_k]].concat();
        expect("attention: `mask`, with the scores", fit, &scores)?;
    }
    Ok(softmax(&scores)?.matmul(&v.contiguous()?)?)
}

/// The mask `(n_q, n_k)` under which query `i` sees the keys `j ≤ i + n_k − n_q`: the queries are the last of the
/// keys' tokens, as they are when earlier keys are cached.
///
/// # Errors
/// [`Error::Parameter`] unless `1 ≤ n_q ≤ n_k`, and for another type than `f32` or `f64`.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::causal_mask, to_array};
/// let hidden = f64::NEG_INFINITY;
/// let mask = to_array(&causal_mask(2, 3, DType::F32)?)?;
/// assert_eq!(mask, ndarray::array![[0.0, 0.0, hidden], [0.0, 0.0, 0.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn causal_mask(n_q: usize, n_k: usize, dtype: DType) -> Result<Tensor> {
    if n_q == 0 || n_q > n_k {
        let (name, rule) = ("n_q", "from 1 to `n_k`");
        let got = format!("{n_q} for {n_k} keys");
        return Err(Error::Parameter { estimator: "causal_mask", name, rule, got });
    }
    let seen = |(i, j): (usize, usize)| if j + n_q <= i + n_k { 0.0 } else { f64::NEG_INFINITY };
    to_tensor(Array2::from_shape_fn((n_q, n_k), seen).view(), dtype)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{spread, weighted};
    use super::*;
    use crate::tensor::{Params, gradcheck::check_gradients, gradients, to_array};
    use ndarray::{Array3, array, s};

    fn store(shape: [(usize, usize, usize); 3]) -> (Params, [Tensor; 3]) {
        let mut params = Params::new(DType::F64, 0).unwrap();
        let tensors = [("q", shape[0]), ("k", shape[1]), ("v", shape[2])].map(|(name, shape)| {
            let values = to_tensor(spread(shape).view(), DType::F64).unwrap();
            params.add_values(name, &values).unwrap()
        });
        (params, tensors)
    }

    #[test]
    fn queries_keys_and_values_get_their_gradients() {
        let (params, [q, k, v]) = store([(2, 2, 3), (2, 4, 3), (2, 4, 2)]);
        check_gradients(|| weighted(&attention(&q, &k, &v, None)?), &params, 1e-7).unwrap();
        let mask = causal_mask(2, 4, DType::F64).unwrap();
        check_gradients(|| weighted(&attention(&q, &k, &v, Some(&mask))?), &params, 1e-7).unwrap();
    }

    /// By hand: with `d = 4` and `q kᵀ = 2 ln 3`, `S = ln 3`, so the first key has the share 3/4 of both.
    #[test]
    fn scores_are_divided_by_the_root_of_the_width() {
        let at = |first: f64| {
            let (mut q, mut k) = (Array3::zeros((1, 1, 4)), Array3::zeros((1, 2, 4)));
            (q[[0, 0, 1]], k[[0, 0, 1]]) = (2.0, first);
            let v = array![[[4.0], [8.0]]];
            let [q, k, v] = [q, k, v].map(|t| to_tensor(t.view(), DType::F64).unwrap());
            let y: Array3<f64> = to_array(&attention(&q, &k, &v, None).unwrap()).unwrap();
            y[[0, 0, 0]]
        };
        assert!((at(3f64.ln()) - 5.0).abs() < 1e-14, "{}", at(3f64.ln()));
        assert!((at(0.0) - 6.0).abs() < 1e-14);
    }

    #[test]
    fn a_hidden_key_is_as_one_that_is_not_there() {
        let (params, [q, k, v]) = store([(1, 3, 2), (1, 3, 2), (1, 3, 2)]);
        let mask = causal_mask(3, 3, DType::F64).unwrap();
        let all: Array3<f64> = to_array(&attention(&q, &k, &v, Some(&mask)).unwrap()).unwrap();
        for n in 1..=3 {
            let first = |t: &Tensor| t.narrow(1, 0, n).unwrap();
            let short = attention(&first(&q), &first(&k), &first(&v), None).unwrap();
            let short: Array3<f64> = to_array(&short).unwrap();
            let (ours, theirs) = (all.slice(s![0, n - 1, ..]), short.slice(s![0, n - 1, ..]));
            assert!((&ours - &theirs).iter().all(|d| d.abs() < 1e-15));
        }
        // A query that sees nothing gets 0, and so does what lies behind it.
        let nothing = to_tensor(array![[f64::NEG_INFINITY; 3]].view(), DType::F64).unwrap();
        let blind = attention(&q, &k, &v, Some(&nothing)).unwrap();
        let slopes = gradients(&weighted(&blind).unwrap(), &params).unwrap();
        for t in [&blind, slopes.get("q").unwrap(), slopes.get("v").unwrap()] {
            let t: Array3<f64> = to_array(t).unwrap();
            assert!(t.iter().all(|v| v.abs() < 1e-300));
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let (_, [q, k, v]) = store([(2, 2, 3), (2, 4, 3), (2, 5, 2)]);
        let said = attention(&q, &k, &v, None).unwrap_err().to_string();
        assert_eq!(said, "attention: `v`: expected shape [2, 4, 2], got [2, 5, 2]");
        assert!(attention(&q, &k.squeeze(0).unwrap(), &v, None).is_err());
        assert!(matches!(causal_mask(3, 2, DType::F64), Err(Error::Parameter { .. })));
    }
}
