//! Pooling and its opposite.
//!
//! ```text
//! max_pool2d   y[i, j] = max over the window at (s i, s j);   ∂y/∂x = 1 at its first maximum, 0 elsewhere
//! ```
//!
//! candle 0.11 hands each maximum its gradient times `ties / k²`, and each tie all of it: every pooling layer would
//! shrink the gradients below it by `k²`, which Adam hides and plain descent does not.

use super::numbers::{read, write};
use crate::tensor::{Tensor, check_float, check_rank};
use crate::{Error, Result};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Shape};

/// The maximum of each window of `k × k` numbers, `stride` apart, of `x`, `(n, c, h, w)`; shape `(n, c, h', w')`
/// with `h' = ⌊(h − k) / stride⌋ + 1`. What is left over at the right and the bottom is in no window.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`]; [`Error::Parameter`] for another type than `f32` or `f64`, for `stride` 0,
/// and for a window that does not fit.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, Params, gradients, ops::max_pool2d, to_array, to_tensor};
/// use ndarray::{Array4, array};
/// let mut params = Params::new(DType::F64, 0)?;
/// let x = params.add_values("x", &to_tensor(array![[[[1.0, 2.0], [3.0, 4.0]]]].view(), DType::F64)?)?;
/// let slopes = gradients(&max_pool2d(&x, 2, 2)?.sum_all()?, &params)?;
/// let slope: Array4<f64> = to_array(slopes.get("x").unwrap_or(&x))?;
/// assert_eq!(slope, array![[[[0.0, 0.0], [0.0, 1.0]]]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn max_pool2d(x: &Tensor, k: usize, stride: usize) -> Result<Tensor> {
    check_float("max_pool2d", "x", x)?;
    check_rank("max_pool2d: `x`", x, 4, "(n, c, h, w)")?;
    let (n, c, h, w) = x.dims4()?;
    let bad = |name, rule, got: String| {
        Err(Error::Parameter { estimator: "max_pool2d", name, rule, got })
    };
    if k == 0 || k > h.min(w) {
        return bad("k", "from 1 to the shorter side of `x`", format!("{k} for {h} × {w}"));
    }
    if stride == 0 {
        return bad("stride", ">= 1", "0".to_owned());
    }
    let out = [(h - k) / stride + 1, (w - k) / stride + 1];
    Ok(x.contiguous()?.apply_op1(MaxPool { k, stride, picture: [n * c, h, w], out })?)
}

#[derive(Clone, Copy)]
struct MaxPool {
    k: usize,
    stride: usize,
    /// Pictures and channels together, height, width.
    picture: [usize; 3],
    out: [usize; 2],
}

impl MaxPool {
    /// The place of each window's first maximum; of a NaN, if there is one.
    fn places(&self, x: &[f64]) -> Vec<usize> {
        let [n, h, w] = self.picture;
        let mut places = Vec::with_capacity(n * self.out[0] * self.out[1]);
        for image in 0..n {
            for i in 0..self.out[0] {
                for j in 0..self.out[1] {
                    let corner = (image * h + i * self.stride) * w + j * self.stride;
                    let mut best = corner;
                    for at in (0..self.k).flat_map(|u| (0..self.k).map(move |v| corner + u * w + v))
                    {
                        if x[at] > x[best] || (x[at].is_nan() && !x[best].is_nan()) {
                            best = at;
                        }
                    }
                    places.push(best);
                }
            }
        }
        places
    }
}

impl CustomOp1 for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool2d"
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let x = read("max_pool2d", storage, layout)?;
        let highest = self.places(&x).into_iter().map(|at| x[at]).collect();
        let (n, c, ..) = layout.shape().dims4()?;
        Ok((write(storage, highest), Shape::from((n, c, self.out[0], self.out[1]))))
    }

    fn bwd(
        &self,
        x: &Tensor,
        _: &Tensor,
        upstream: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        Ok(Some(x.apply_op2_no_bwd(&upstream.contiguous()?, &Back(*self))?))
    }
}

/// The gradient of each window, added at its maximum.
struct Back(MaxPool);

impl CustomOp2 for Back {
    fn name(&self) -> &'static str {
        "max_pool2d, backwards"
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
        upstream: &CpuStorage,
        upstream_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let x = read("max_pool2d, backwards", storage, layout)?;
        let upstream = read("max_pool2d, backwards", upstream, upstream_layout)?;
        let mut slope = vec![0.0; x.len()];
        for (at, g) in self.0.places(&x).into_iter().zip(upstream.iter()) {
            slope[at] += g;
        }
        Ok((write(storage, slope), layout.shape().clone()))
    }
}

/// Each number of `x`, `(n, c, h, w)`, as a square of `k × k` numbers; shape `(n, c, k h, k w)`.
///
/// candle's own overwrites a gradient that arrived on another way.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`]; [`Error::Parameter`] for another type than `f32` or `f64`, and for `k` 0.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::upsample_nearest2d, to_array, to_tensor};
/// use ndarray::array;
/// let x = to_tensor(array![[[[1.0, 2.0]]]].view(), DType::F64)?;
/// let y = to_array(&upsample_nearest2d(&x, 2)?)?;
/// assert_eq!(y, array![[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn upsample_nearest2d(x: &Tensor, k: usize) -> Result<Tensor> {
    check_float("upsample_nearest2d", "x", x)?;
    check_rank("upsample_nearest2d: `x`", x, 4, "(n, c, h, w)")?;
    if k == 0 {
        let (name, rule, got) = ("k", ">= 1", "0".to_owned());
        return Err(Error::Parameter { estimator: "upsample_nearest2d", name, rule, got });
    }
    let (n, c, h, w) = x.dims4()?;
    let squares = x.reshape((n, c, h, 1, w, 1))?.broadcast_as((n, c, h, k, w, k))?;
    Ok(squares.reshape((n, c, h * k, w * k))?)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_op, spread};
    use super::*;
    use crate::tensor::{DType, Params, gradients, to_array, to_tensor};
    use ndarray::{Array4, array, s};

    #[test]
    fn gradients_are_those_of_central_differences() {
        for (k, stride) in [(2, 2), (3, 1), (2, 3), (3, 2)] {
            check_op(spread((2, 2, 5, 6)).view(), |x| max_pool2d(x, k, stride));
        }
        check_op(spread((2, 2, 2, 3)).view(), |x| upsample_nearest2d(x, 3));
        // Two ways to one tensor: both gradients arrive, in either order.
        let both =
            |x: &Tensor| Ok((upsample_nearest2d(&x.sqr()?, 2)?.mean_all()? + x.sqr()?.sum_all()?)?);
        check_op(spread((1, 1, 2, 2)).view(), both);
    }

    #[test]
    fn windows_overlap_or_leave_a_rest() {
        let x = spread((1, 1, 5, 5));
        let t = to_tensor(x.view(), DType::F64).unwrap();
        for (k, stride, size) in [(2, 2, 2), (3, 1, 3), (2, 3, 2), (5, 1, 1)] {
            let y: Array4<f64> = to_array(&max_pool2d(&t, k, stride).unwrap()).unwrap();
            assert_eq!(y.dim(), (1, 1, size, size));
            for ((_, _, i, j), value) in y.indexed_iter() {
                let (top, left) = (i * stride, j * stride);
                let window = x.slice(s![0, 0, top..top + k, left..left + k]);
                assert!(
                    window.iter().all(|v| v <= value)
                        && window.iter().any(|v| v.to_bits() == value.to_bits())
                );
            }
        }
    }

    #[test]
    fn of_equal_maxima_the_first_takes_all() {
        let mut params = Params::new(DType::F32, 0).unwrap();
        let x = to_tensor(Array4::ones((1, 1, 2, 2)).view(), DType::F32).unwrap();
        let x = params.add_values("x", &x).unwrap();
        let slopes = gradients(&max_pool2d(&x, 2, 2).unwrap().sum_all().unwrap(), &params).unwrap();
        assert_eq!(to_array(slopes.get("x").unwrap()), Ok(array![[[[1.0, 0.0], [0.0, 0.0]]]]));
        let nan = to_tensor(array![[[[1.0, f64::NAN], [2.0, 3.0]]]].view(), DType::F64).unwrap();
        let y: Array4<f64> = to_array(&max_pool2d(&nan, 2, 2).unwrap()).unwrap();
        assert!(y[[0, 0, 0, 0]].is_nan());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let x = to_tensor(spread((1, 1, 2, 3)).view(), DType::F64).unwrap();
        let said = max_pool2d(&x, 3, 1).unwrap_err().to_string();
        assert!(said.contains("`k` must be from 1 to the shorter side of `x`, got 3 for 2 × 3"));
        assert!(matches!(max_pool2d(&x, 2, 0), Err(Error::Parameter { name: "stride", .. })));
        assert!(matches!(max_pool2d(&x.squeeze(0).unwrap(), 2, 2), Err(Error::Shape { .. })));
        assert!(matches!(upsample_nearest2d(&x, 0), Err(Error::Parameter { .. })));
    }
}
