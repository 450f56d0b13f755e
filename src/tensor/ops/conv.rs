//! Convolution of pictures, as one matrix product over their windows.
//!
//! ```text
//! y[n, o, i, j] = b[o] + Σ_{c, u, v} w[o, c, u, v] x[n, c, s i + d u − p, s j + d v − p]      0 outside of x
//! size          h' = ⌊(h + 2p − d (k − 1) − 1) / s⌋ + 1
//! ```
//!
//! It is the cross-correlation that the field calls convolution. The windows are laid out as rows (`im2col`), so
//! that forward and backward pass are matrix products, and the way back adds each window's gradient where it was
//! taken from. candle's own backward pass fails where height and width leave different rests of a stride.
//!
//! # References
//! Dumoulin & Visin (2016), relationship 14; Chellapilla, Puri & Simard (2006), section 3 (`im2col`).

use super::numbers::{read, write};
use crate::tensor::{Tensor, check_float, check_rank};
use crate::{Error, Result};
use candle_core::{CpuStorage, CustomOp1, Layout, Shape};

/// How a convolution moves over its picture.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `stride` | 1 | `>= 1` | step `s` from window to window |
/// | `padding` | 0 | | zeros `p` around the picture |
/// | `dilation` | 1 | `>= 1` | step `d` from number to number in a window |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    stride: usize,
    padding: usize,
    dilation: usize,
}

impl Default for Conv2d {
    fn default() -> Self {
        Self { stride: 1, padding: 0, dilation: 1 }
    }
}

impl Conv2d {
    /// Step 1, no padding, no dilation.
    pub fn new() -> Self {
        Self::default()
    }

    crate::base::setters! {
        /// Sets the step from window to window.
        stride: usize;
        /// Sets the zeros around the picture.
        padding: usize;
        /// Sets the step from number to number in a window.
        dilation: usize;
    }

    /// Windows that fit along an axis of `n` numbers, for `kernel` numbers in each.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a step of 0, and when no window fits.
    ///
    /// # Example
    /// ```
    /// use mlnotes::tensor::ops::Conv2d;
    /// assert_eq!(Conv2d::new().padding(1).stride(2).size(64, 3)?, 32);
    /// assert_eq!(Conv2d::new().dilation(2).size(7, 3)?, 3);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn size(&self, n: usize, kernel: usize) -> Result<usize> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "Conv2d", name, rule, got })
        };
        for (name, value) in
            [("stride", self.stride), ("dilation", self.dilation), ("kernel", kernel)]
        {
            if value == 0 {
                return bad(name, ">= 1", "0".to_owned());
            }
        }
        let (room, window) = (n + 2 * self.padding, self.dilation * (kernel - 1) + 1);
        if window > room {
            let got = format!("{window} numbers on {room}, the padding included");
            return bad("kernel", "no longer than the padded picture", got);
        }
        Ok((room - window) / self.stride + 1)
    }
}

/// Convolves `x`, `(n, c_in, h, w)`, with `weight`, `(c_out, c_in, k_h, k_w)`, and adds `bias`, `(c_out,)`, if any;
/// shape `(n, c_out, h', w')`.
///
/// # Errors
/// [`Error::Shape`], [`Error::Empty`]; [`Error::Parameter`] for another type than `f32` or `f64`, and as
/// [`Conv2d::size`].
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::{Conv2d, conv2d}, to_array, to_tensor};
/// use ndarray::{Array4, array};
/// let x = to_tensor(Array4::from_shape_fn((1, 1, 3, 3), |(_, _, i, j)| (3 * i + j) as f64).view(), DType::F64)?;
/// // What lies right of a number, less itself.
/// let w = to_tensor(array![[[[-1.0, 1.0]]]].view(), DType::F64)?;
/// let y: Array4<f64> = to_array(&conv2d(&x, &w, None, Conv2d::new())?)?;
/// assert_eq!(y, Array4::<f64>::ones((1, 1, 3, 2)));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, conv: Conv2d) -> Result<Tensor> {
    check_float("conv2d", "x", x)?;
    check_rank("conv2d: `x`", x, 4, "(n, c_in, h, w)")?;
    check_rank("conv2d: `weight`", weight, 4, "(c_out, c_in, k_h, k_w)")?;
    let ((n, c_in, h, w), (c_out, c, k_h, k_w)) = (x.dims4()?, weight.dims4()?);
    let expect = |what, expected: String, t: &Tensor| {
        Err(Error::Shape { what, expected, got: format!("{:?}", t.dims()) })
    };
    if c != c_in {
        return expect("conv2d: `weight`", format!("[{c_out}, {c_in}, {k_h}, {k_w}]"), weight);
    }
    let out = (conv.size(h, k_h)?, conv.size(w, k_w)?);
    let windows =
        Windows { conv, picture: [n, c_in, h, w], kernel: [k_h, k_w], out: [out.0, out.1] };
    let columns = x.contiguous()?.apply_op1(windows)?; // (n h' w', c_in k_h k_w)
    let filters = weight.reshape((c_out, c_in * k_h * k_w))?;
    let mut y = columns.matmul(&filters.t()?)?; // (n h' w', c_out)
    if let Some(bias) = bias {
        if bias.dims() != [c_out] {
            return expect("conv2d: `bias`", format!("[{c_out}]"), bias);
        }
        y = y.broadcast_add(bias)?;
    }
    Ok(y.reshape((n, out.0, out.1, c_out))?.permute((0, 3, 1, 2))?.contiguous()?)
}

/// From a picture to its windows, one a row.
#[derive(Clone, Copy)]
struct Windows {
    conv: Conv2d,
    /// `n, c, h, w`.
    picture: [usize; 4],
    kernel: [usize; 2],
    out: [usize; 2],
}

impl Windows {
    fn shape(&self) -> (usize, usize) {
        let [n, c, ..] = self.picture;
        (n * self.out[0] * self.out[1], c * self.kernel[0] * self.kernel[1])
    }

    /// Calls `f` with each place of a window and the place in the picture that it shows, if it is in the picture.
    fn each(&self, mut f: impl FnMut(usize, usize)) {
        let [n, c, h, w] = self.picture;
        let place = |window: usize, inner: usize, size: usize| {
            (self.conv.stride * window + self.conv.dilation * inner)
                .checked_sub(self.conv.padding)
                .filter(|at| *at < size)
        };
        let mut at = 0;
        for image in 0..n {
            for i in 0..self.out[0] {
                for j in 0..self.out[1] {
                    for channel in 0..c {
                        for u in 0..self.kernel[0] {
                            let row = place(i, u, h).map(|y| ((image * c + channel) * h + y) * w);
                            for v in 0..self.kernel[1] {
                                if let (Some(row), Some(x)) = (row, place(j, v, w)) {
                                    f(at, row + x);
                                }
                                at += 1;
                            }
                        }
                    }
                }
            }
        }
    }
}

impl CustomOp1 for Windows {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let picture = read("conv2d", storage, layout)?;
        let (rows, cols) = self.shape();
        let mut columns = vec![0.0; rows * cols];
        self.each(|at, from| columns[at] = picture[from]);
        Ok((write(storage, columns), Shape::from((rows, cols))))
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        upstream: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        Ok(Some(upstream.contiguous()?.apply_op1_no_bwd(&Back(*self))?))
    }
}

/// From the windows' gradients to the picture's.
struct Back(Windows);

impl CustomOp1 for Back {
    fn name(&self) -> &'static str {
        "conv2d, backwards"
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let columns = read("conv2d, backwards", storage, layout)?;
        let [n, c, h, w] = self.0.picture;
        let mut picture = vec![0.0; n * c * h * w];
        self.0.each(|at, to| picture[to] += columns[at]);
        Ok((write(storage, picture), Shape::from((n, c, h, w))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{spread, weighted};
    use super::*;
    use crate::tensor::{DType, Params, gradcheck::check_gradients, to_array, to_tensor};
    use ndarray::{Array4, ArrayView4};
    use proptest::prelude::*;

    /// The sum of the formula, term by term, with indices that may fall outside.
    fn slow(x: ArrayView4<f64>, w: ArrayView4<f64>, conv: Conv2d) -> Array4<f64> {
        let ((n, c, h, wd), (o, _, kh, kw)) = (x.dim(), w.dim());
        let size = |n: usize, k: usize| {
            (n + 2 * conv.padding - conv.dilation * (k - 1) - 1) / conv.stride + 1
        };
        Array4::from_shape_fn((n, o, size(h, kh), size(wd, kw)), |(b, f, i, j)| {
            let mut sum = 0.0;
            for channel in 0..c {
                for u in 0..kh {
                    for v in 0..kw {
                        let y = (conv.stride * i + conv.dilation * u).cast_signed()
                            - conv.padding.cast_signed();
                        let z = (conv.stride * j + conv.dilation * v).cast_signed()
                            - conv.padding.cast_signed();
                        if (0..h.cast_signed()).contains(&y) && (0..wd.cast_signed()).contains(&z) {
                            let (y, z) = (y.unsigned_abs(), z.unsigned_abs());
                            sum += w[[f, channel, u, v]] * x[[b, channel, y, z]];
                        }
                    }
                }
            }
            sum
        })
    }

    proptest! {
        #[test]
        fn it_is_the_sum_of_its_formula(
            (h, w, kh, kw) in (3usize..7, 3usize..7, 1usize..4, 1usize..4),
            (stride, padding, dilation) in (1usize..4, 0usize..3, 1usize..3),
        ) {
            let conv = Conv2d::new().stride(stride).padding(padding).dilation(dilation);
            let (x, k) = (spread((2, 2, h, w)), spread((3, 2, kh, kw)));
            let t = |a: &Array4<f64>| to_tensor(a.view(), DType::F64).unwrap();
            let ours = conv2d(&t(&x), &t(&k), None, conv);
            let fits = |n: usize, k: usize| n + 2 * padding > dilation * (k - 1);
            prop_assert_eq!(ours.is_ok(), fits(h, kh) && fits(w, kw));
            if let Ok(ours) = ours {
                let ours: Array4<f64> = to_array(&ours).unwrap();
                let slow = slow(x.view(), k.view(), conv);
                prop_assert_eq!(ours.dim(), slow.dim());
                prop_assert!((&ours - &slow).iter().all(|d| d.abs() < 1e-12));
            }
        }
    }

    #[test]
    fn picture_weights_and_bias_get_their_gradients() {
        for conv in [
            Conv2d::new(),
            Conv2d::new().padding(1),
            Conv2d::new().stride(2).padding(1),
            Conv2d::new().stride(3).padding(2).dilation(2),
        ] {
            let mut params = Params::new(DType::F64, 0).unwrap();
            let mut add = |name: &str, t: Tensor| params.add_values(name, &t).unwrap();
            // Not square: 5 by 6 and 3 by 2.
            let x = add("x", to_tensor(spread((2, 2, 5, 6)).view(), DType::F64).unwrap());
            let w = add("w", to_tensor(spread((3, 2, 3, 2)).view(), DType::F64).unwrap());
            let b = add("b", to_tensor(spread(3).view(), DType::F64).unwrap());
            check_gradients(|| weighted(&conv2d(&x, &w, Some(&b), conv)?), &params, 1e-7).unwrap();
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let t = |shape: (usize, usize, usize, usize)| {
            to_tensor(spread(shape).view(), DType::F64).unwrap()
        };
        let (x, w) = (t((1, 2, 4, 4)), t((3, 2, 3, 3)));
        let said = |e: Result<Tensor>| e.unwrap_err().to_string();
        let flat = x.flatten_all().unwrap();
        assert!(said(conv2d(&flat, &w, None, Conv2d::new())).contains("(n, c_in, h, w), got [32]"));
        let other = conv2d(&x, &t((3, 1, 3, 3)), None, Conv2d::new());
        assert!(said(other).contains("`weight`: expected shape [3, 2, 3, 3], got [3, 1, 3, 3]"));
        let bias = to_tensor(spread(2).view(), DType::F64).unwrap();
        assert!(said(conv2d(&x, &w, Some(&bias), Conv2d::new())).contains("`bias`"));
        assert!(said(conv2d(&x, &w, None, Conv2d::new().stride(0))).contains("`stride`"));
        let wide = said(conv2d(&x, &w, None, Conv2d::new().dilation(2)));
        assert!(wide.contains("got 5 numbers on 4, the padding included"), "{wide}");
    }
}
