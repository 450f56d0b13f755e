//! Operations on the rows of a tensor, which are its last axis: each row becomes a row, or one number.

use super::numbers::{read, write};
use crate::Result;
use crate::tensor::Tensor;
use crate::tensor::check::{check_filled, check_float};
use candle_core::{CpuStorage, CustomOp1, Layout, Shape};

/// What becomes of a row.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Rows {
    /// `softmax`.
    Softmax,
    /// Its logarithm.
    LogSoftmax,
    /// `ln Σ eˣ`, one number a row.
    LogSumExp,
}

impl Rows {
    pub(super) fn of(self, what: &'static str, x: &Tensor) -> Result<Tensor> {
        check_float(self.label(), "x", x)?;
        check_filled(what, x)?;
        Ok(x.contiguous()?.apply_op1(self)?)
    }

    fn label(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::LogSoftmax => "log_softmax",
            Self::LogSumExp => "log_sum_exp",
        }
    }
}

impl CustomOp1 for Rows {
    fn name(&self) -> &'static str {
        self.label()
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let numbers = read(self.label(), storage, layout)?;
        let width = layout.dims().last().copied().unwrap_or(1);
        let mut out = Vec::with_capacity(numbers.len());
        for row in numbers.chunks_exact(width) {
            let (max, tail) = normaliser(row);
            match self {
                Self::LogSumExp => out.push(max + tail),
                Self::Softmax => out.extend(row.iter().map(|&x| shift(x, max, tail).exp())),
                Self::LogSoftmax => out.extend(row.iter().map(|&x| shift(x, max, tail))),
            }
        }
        let shape = match self {
            Self::LogSumExp => Shape::from(&layout.dims()[..layout.dims().len() - 1]),
            _ => layout.shape().clone(),
        };
        Ok((write(storage, out), shape))
    }

    /// With `p = softmax(x)`: `p (g − Σ p g)`, `g − p Σ g`, and `p g`; a masked number gets 0.
    fn bwd(
        &self,
        x: &Tensor,
        y: &Tensor,
        upstream: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        let last = x.rank() - 1;
        let slope = match self {
            Self::Softmax => {
                let mean = (y * upstream)?.sum_keepdim(last)?;
                (y * upstream.broadcast_sub(&mean)?)?
            }
            Self::LogSoftmax => {
                let open = y.gt(f64::NEG_INFINITY)?;
                let kept = open.where_cond(upstream, &upstream.zeros_like()?)?;
                (&kept - y.exp()?.broadcast_mul(&kept.sum_keepdim(last)?)?)?
            }
            Self::LogSumExp => {
                let p = x.apply_op1_no_bwd(&Self::Softmax)?;
                p.broadcast_mul(&upstream.unsqueeze(last)?)?
            }
        };
        Ok(Some(slope))
    }
}

/// `ln` of a number's share. A row of nothing but `−∞` has no shares: its numbers stay `−∞`.
fn shift(x: f64, max: f64, tail: f64) -> f64 {
    if max == f64::NEG_INFINITY { f64::NEG_INFINITY } else { x - max - tail }
}

/// The largest number `m` of a row and `ln Σ e^{x − m}`, of which the largest is left out until the end: a tail of
/// 1e-20 would vanish beside it. A NaN anywhere comes out.
fn normaliser(row: &[f64]) -> (f64, f64) {
    let largest =
        |best: (usize, f64), (j, &x): (usize, &f64)| if x > best.1 { (j, x) } else { best };
    let (top, max) = row.iter().enumerate().fold((0, f64::NEG_INFINITY), largest);
    if max == f64::NEG_INFINITY && !row.iter().any(|x| x.is_nan()) {
        return (max, 0.0);
    }
    if max == f64::NEG_INFINITY {
        return (f64::NAN, f64::NAN);
    }
    let others = row.iter().enumerate().filter(|(j, _)| *j != top);
    (max, others.map(|(_, &x)| (x - max).exp()).sum::<f64>().ln_1p())
}
