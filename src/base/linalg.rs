//! Between ndarray, which the library speaks, and faer, which decomposes.

use faer::{Mat, MatRef, Side};
use ndarray::{Array2, ArrayView1, ArrayView2};

/// A matrix as faer holds it, column by column.
pub(crate) fn to_faer(a: ArrayView2<f64>) -> Mat<f64> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[[i, j]])
}

/// A vector as a matrix of one column.
pub(crate) fn to_column(v: ArrayView1<f64>) -> Mat<f64> {
    Mat::from_fn(v.len(), 1, |i, _| v[i])
}

/// A matrix as ndarray holds it, row by row.
pub(crate) fn from_faer(a: MatRef<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn((a.nrows(), a.ncols()), |(i, j)| a[(i, j)])
}

/// The Cholesky factor `L` with `L Lᵀ = A`, lower triangular; `None` where `A`, of which the lower half is read,
/// is not positive definite.
pub(crate) fn cholesky(a: ArrayView2<f64>) -> Option<Array2<f64>> {
    let factor = to_faer(a).llt(Side::Lower).ok()?;
    let l = factor.L();
    Some(Array2::from_shape_fn(a.dim(), |(i, j)| if j <= i { l[(i, j)] } else { 0.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn there_and_back() {
        let a = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        assert_eq!(from_faer(to_faer(a.view()).as_ref()), a);
        assert_eq!(from_faer(to_faer(a.t()).as_ref()), a.t());
        assert_eq!(from_faer(to_column(a.row(1)).as_ref()), array![[4.0], [5.0], [6.0]]);
    }

    #[test]
    fn the_factor_times_itself_is_the_matrix() {
        let a = array![[4.0, 2.0], [2.0, 5.0]];
        let l = cholesky(a.view()).unwrap();
        assert_eq!(l, array![[2.0, 0.0], [1.0, 2.0]]);
        // The upper half is not read.
        assert_eq!(cholesky(array![[4.0, 9.0], [2.0, 5.0]].view()).unwrap(), l);
        assert!(cholesky(array![[1.0, 2.0], [2.0, 1.0]].view()).is_none());
    }
}
