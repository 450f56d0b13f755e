//! Between arrays and tensors.

use super::check::check_type;
use super::{DType, Device, Tensor};
use crate::{Error, Result};
use ndarray::{Array, ArrayD, ArrayView, Dimension};

/// A tensor of the array's shape and numbers, on the CPU, outside of every graph.
///
/// # Errors
/// [`Error::Empty`], [`Error::Parameter`] for another type than `f32` or `f64`, and for a number that `f32` cannot
/// hold. Numbers that are not finite pass: `−∞` is a mask.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, to_array, to_tensor};
/// use ndarray::{Array2, array};
/// let x = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
/// let t = to_tensor(x.t(), DType::F64)?;
/// assert_eq!(t.dims(), [3, 2]);
/// let back: Array2<f64> = to_array(&t.t()?)?;
/// assert_eq!(back, x);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[allow(clippy::needless_pass_by_value, reason = "a view, as in every signature of arrays")]
pub fn to_tensor<D: Dimension>(x: ArrayView<f64, D>, dtype: DType) -> Result<Tensor> {
    check_type("to_tensor", "dtype", dtype)?;
    if x.is_empty() {
        return Err(Error::Empty { what: "to_tensor: `x`", needed: "1 number" });
    }
    let too_large = |v: &&f64| v.is_finite() && v.abs() > f64::from(f32::MAX);
    if dtype == DType::F32
        && let Some(value) = x.iter().find(too_large)
    {
        let rule = "at most 3.4e38 in size, as f32 is; scale it, or take f64";
        return Err(Error::Parameter {
            estimator: "to_tensor",
            name: "x",
            rule,
            got: value.to_string(),
        });
    }
    let flat: Vec<f64> = x.iter().copied().collect();
    Ok(Tensor::from_vec(flat, x.shape(), &Device::Cpu)?.to_dtype(dtype)?)
}

/// An array of the tensor's shape and numbers.
///
/// # Errors
/// [`Error::Shape`] when the tensor has another number of axes than the array asked for,
/// [`Error::Parameter`] for another type than `f32` or `f64`.
pub fn to_array<D: Dimension>(t: &Tensor) -> Result<Array<f64, D>> {
    check_type("to_array", "t", t.dtype())?;
    let flat: Vec<f64> = t.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
    let wrong = |_| {
        let expected = D::NDIM.map_or_else(|| "any".to_owned(), |n| format!("of {n} axes"));
        Error::Shape { what: "to_array: `t`", expected, got: format!("{:?}", t.dims()) }
    };
    ArrayD::from_shape_vec(t.dims(), flat).map_err(wrong)?.into_dimensionality().map_err(wrong)
}

/// Positions, to select rows or to gather by: a tensor of shape `(n,)`.
///
/// # Errors
/// [`Error::Empty`]; [`Error::Parameter`] for a position that 32 bits cannot hold.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, indices, to_array, to_tensor};
/// use ndarray::array;
/// let rows = to_tensor(array![1.0, 2.0, 3.0].view(), DType::F64)?.index_select(&indices(&[2, 2])?, 0)?;
/// assert_eq!(to_array(&rows)?, array![3.0, 3.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn indices(positions: &[usize]) -> Result<Tensor> {
    if positions.is_empty() {
        return Err(Error::Empty { what: "indices: `positions`", needed: "1 position" });
    }
    let narrow = |&i: &usize| {
        u32::try_from(i).map_err(|_| Error::Parameter {
            estimator: "indices",
            name: "positions",
            rule: "below 2³²",
            got: i.to_string(),
        })
    };
    let positions = positions.iter().map(narrow).collect::<Result<Vec<u32>>>()?;
    Ok(Tensor::new(positions, &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, Array4, arr0, array};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn there_and_back_keeps_every_bit(
            (n, c) in (1usize..5, 1usize..5),
            values in proptest::collection::vec(-1e30..1e30f64, 25),
        ) {
            let x = Array2::from_shape_fn((n, c), |(i, j)| values[5 * i + j]);
            let back: Array2<f64> = to_array(&to_tensor(x.view(), DType::F64).unwrap()).unwrap();
            prop_assert_eq!(&back, &x);
            #[expect(clippy::cast_possible_truncation, reason = "what f32 keeps is the point")]
            let rounded = x.mapv(|v| f64::from(v as f32));
            let single: Array2<f64> = to_array(&to_tensor(x.view(), DType::F32).unwrap()).unwrap();
            prop_assert_eq!(single, rounded);
        }
    }

    #[test]
    fn axes_and_masks_survive_and_the_rest_is_refused() {
        let x = Array4::from_shape_fn((2, 3, 1, 2), |(a, b, _, d)| (100 * a + 10 * b + d) as f64);
        assert_eq!(to_array(&to_tensor(x.view(), DType::F64).unwrap()), Ok(x.clone()));
        let scalar = to_tensor(arr0(3.0).view(), DType::F64).unwrap();
        assert_eq!((scalar.rank(), to_array(&scalar)), (0, Ok(arr0(3.0))));
        let mask = to_tensor(array![f64::NEG_INFINITY, 0.0].view(), DType::F32).unwrap();
        assert_eq!(to_array(&mask), Ok(array![f64::NEG_INFINITY, 0.0]));
        let wrong: Result<Array1<f64>> = to_array(&to_tensor(x.view(), DType::F64).unwrap());
        assert!(
            wrong.unwrap_err().to_string().contains("expected shape of 1 axes, got [2, 3, 1, 2]")
        );
        let empty = Array1::<f64>::zeros(0);
        assert!(matches!(to_tensor(empty.view(), DType::F64), Err(Error::Empty { .. })));
        let large = to_tensor(array![1e39].view(), DType::F32).unwrap_err();
        assert!(large.to_string().contains("`x` must be at most 3.4e38"), "{large}");
        assert!(matches!(to_tensor(array![1.0].view(), DType::U8), Err(Error::Parameter { .. })));
        assert!(matches!(indices(&[]), Err(Error::Empty { .. })));
        assert!(matches!(indices(&[1 << 33]), Err(Error::Parameter { .. })));
    }
}
