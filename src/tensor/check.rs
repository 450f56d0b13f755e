//! Checks at the door of a forward pass: types, shapes, and finite scalars. None copies a tensor to the host.

use super::{DType, Tensor};
use crate::{Error, Result};

/// Checks that a tensor holds `f32` or `f64`.
pub(crate) fn check_float(estimator: &'static str, name: &'static str, t: &Tensor) -> Result<()> {
    check_type(estimator, name, t.dtype())
}

/// Checks that a type is `f32` or `f64`.
pub(super) fn check_type(estimator: &'static str, name: &'static str, dtype: DType) -> Result<()> {
    match dtype {
        DType::F32 | DType::F64 => Ok(()),
        other => {
            let got = format!("a tensor of {}", other.as_str());
            Err(Error::Parameter { estimator, name, rule: "a tensor of f32 or f64", got })
        }
    }
}

/// Checks that `b`, which `what` names, has the shape and the type of `a`.
pub(crate) fn check_same(
    estimator: &'static str,
    what: &'static str,
    a: &Tensor,
    b: &Tensor,
) -> Result<()> {
    if a.dims() != b.dims() {
        let (expected, got) = (format!("{:?}", a.dims()), format!("{:?}", b.dims()));
        return Err(Error::Shape { what, expected, got });
    }
    if a.dtype() == b.dtype() {
        return Ok(());
    }
    let got = format!("{} beside {}", a.dtype().as_str(), b.dtype().as_str());
    Err(Error::Parameter { estimator, name: "its tensors", rule: "all of one type", got })
}

/// Checks that a tensor has so many axes, none of them empty.
pub(crate) fn check_rank(
    what: &'static str,
    t: &Tensor,
    rank: usize,
    axes: &'static str,
) -> Result<()> {
    if t.rank() != rank {
        let got = format!("{:?}", t.dims());
        return Err(Error::Shape { what, expected: axes.to_owned(), got });
    }
    check_filled(what, t)
}

/// Checks that no axis is empty, and that there is one.
pub(crate) fn check_filled(what: &'static str, t: &Tensor) -> Result<()> {
    if t.rank() == 0 {
        return Err(Error::Shape { what, expected: "(…, n)".to_owned(), got: "[]".to_owned() });
    }
    if t.elem_count() == 0 {
        return Err(Error::Empty { what, needed: "1 number" });
    }
    Ok(())
}

/// The number that a tensor without axes holds; it must be finite.
pub(crate) fn check_scalar(what: &'static str, t: &Tensor) -> Result<f64> {
    if t.rank() != 0 {
        let (expected, got) = ("[], a scalar".to_owned(), format!("{:?}", t.dims()));
        return Err(Error::Shape { what, expected, got });
    }
    let value: f64 = t.to_dtype(DType::F64)?.to_scalar()?;
    if value.is_finite() {
        return Ok(value);
    }
    Err(Error::NotFinite { what, row: 0, col: 0, value })
}

#[cfg(test)]
mod tests {
    use super::super::Device;
    use super::*;

    #[test]
    fn each_rule_is_named() {
        let cpu = &Device::Cpu;
        let whole = Tensor::new(&[1_u32], cpu).unwrap();
        let said = check_float("f", "x", &whole).unwrap_err().to_string();
        assert_eq!(said, "f: `x` must be a tensor of f32 or f64, got a tensor of u32");
        let (one, two) =
            (Tensor::new(&[1.0_f64], cpu).unwrap(), Tensor::new(&[1.0_f64, 2.0], cpu).unwrap());
        assert!(matches!(check_same("f", "f: `y`", &one, &two), Err(Error::Shape { .. })));
        let single = one.to_dtype(DType::F32).unwrap();
        let said = check_same("f", "f: `y`", &one, &single).unwrap_err().to_string();
        assert_eq!(said, "f: `its tensors` must be all of one type, got f64 beside f32");
        assert!(matches!(check_rank("f: `x`", &one, 2, "(n, c)"), Err(Error::Shape { .. })));
        let none = Tensor::zeros((0, 2), DType::F64, cpu).unwrap();
        assert!(matches!(check_rank("f: `x`", &none, 2, "(n, c)"), Err(Error::Empty { .. })));
        assert!(matches!(check_scalar("f: `x`", &one), Err(Error::Shape { .. })));
        let nan = Tensor::new(f64::NAN, cpu).unwrap();
        assert!(matches!(check_scalar("f: `x`", &nan), Err(Error::NotFinite { .. })));
        assert!((check_scalar("f: `x`", &two.sum_all().unwrap()).unwrap() - 3.0).abs() < 1e-15);
    }
}
