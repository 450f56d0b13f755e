//! One function of a number, with its derivative, applied to every number of a tensor.

use super::numbers::{read, write};
use crate::Result;
use crate::tensor::{Tensor, check_float};
use candle_core::{CpuStorage, CustomOp1, Layout, Shape};

/// `f` and its derivative.
#[derive(Clone, Copy)]
pub(super) struct Pointwise {
    pub(super) name: &'static str,
    pub(super) f: fn(f64) -> f64,
    pub(super) slope: fn(f64) -> f64,
}

impl Pointwise {
    pub(super) fn of(self, x: &Tensor) -> Result<Tensor> {
        check_float(self.name, "x", x)?;
        Ok(x.contiguous()?.apply_op1(self)?)
    }
}

impl CustomOp1 for Pointwise {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let mapped = read(self.name, storage, layout)?.iter().map(|&x| (self.f)(x)).collect();
        Ok((write(storage, mapped), layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        _: &Tensor,
        upstream: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        let slope = Self { f: self.slope, ..*self };
        Ok(Some((upstream * x.apply_op1_no_bwd(&slope)?)?))
    }
}
