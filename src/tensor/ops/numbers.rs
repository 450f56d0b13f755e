//! The numbers behind a tensor of the CPU, as `f64`, for the operations that are written out here.

use candle_core::{CpuStorage, Error, Layout, Result};
use std::borrow::Cow;

/// The numbers of a contiguous tensor.
pub(super) fn read<'a>(
    name: &'static str,
    storage: &'a CpuStorage,
    layout: &Layout,
) -> Result<Cow<'a, [f64]>> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        return Err(Error::RequiresContiguous { op: name });
    };
    match storage {
        CpuStorage::F32(x) => Ok(x[start..end].iter().map(|&v| f64::from(v)).collect()),
        CpuStorage::F64(x) => Ok(Cow::Borrowed(&x[start..end])),
        _ => Err(Error::Msg(format!("{name} takes tensors of f32 or f64"))),
    }
}

/// Numbers in the type that the input had.
#[expect(clippy::cast_possible_truncation, reason = "f32 in, f32 out")]
pub(super) fn write(like: &CpuStorage, numbers: Vec<f64>) -> CpuStorage {
    match like {
        CpuStorage::F32(_) => CpuStorage::F32(numbers.into_iter().map(|v| v as f32).collect()),
        _ => CpuStorage::F64(numbers),
    }
}
