//! Rows that a linear model reads, most numbers of which may be 0: products with them, and their checks.

use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use sprs::{CsMat, CsMatView};

/// Checked rows, `(n_samples, n_features)`.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    Dense(ArrayView2<'a, f64>),
    /// Stored by row.
    Sparse(&'a CsMat<f64>),
}

impl Rows<'_> {
    pub(super) fn dim(&self) -> (usize, usize) {
        match self {
            Self::Dense(x) => x.dim(),
            Self::Sparse(x) => x.shape(),
        }
    }

    /// `X Wᵀ` for `w` of shape `(n_outputs, n_features)`, shape `(n_samples, n_outputs)`.
    pub(super) fn scores(&self, w: ArrayView2<f64>) -> Array2<f64> {
        match self {
            Self::Dense(x) => x.dot(&w.t()),
            Self::Sparse(x) => {
                // By feature, so that a number of `x` meets the weights of all outputs side by side.
                let by_feature = w.t().as_standard_layout().into_owned();
                let mut z = Array2::zeros((x.rows(), w.nrows()));
                for (mut z, row) in z.outer_iter_mut().zip(x.outer_iterator()) {
                    row.iter().for_each(|(j, &v)| z.scaled_add(v, &by_feature.row(j)));
                }
                z
            }
        }
    }

    /// `Rᵀ X` for `r` of shape `(n_samples, n_outputs)`, shape `(n_outputs, n_features)`.
    pub(super) fn pulled(&self, r: ArrayView2<f64>) -> Array2<f64> {
        match self {
            Self::Dense(x) => r.t().dot(x),
            Self::Sparse(x) => {
                let mut by_feature = Array2::<f64>::zeros((x.cols(), r.ncols()));
                for (r, row) in r.outer_iter().zip(x.outer_iterator()) {
                    row.iter().for_each(|(j, &v)| by_feature.row_mut(j).scaled_add(v, &r));
                }
                by_feature.reversed_axes()
            }
        }
    }

    /// `X w`, shape `(n_samples,)`.
    pub(super) fn dot(&self, w: ArrayView1<f64>) -> Array1<f64> {
        self.scores(w.insert_axis(Axis(0))).index_axis_move(Axis(1), 0)
    }

    /// `Xᵀ r`, shape `(n_features,)`.
    pub(super) fn t_dot(&self, r: ArrayView1<f64>) -> Array1<f64> {
        self.pulled(r.insert_axis(Axis(1))).index_axis_move(Axis(0), 0)
    }
}

/// Sparse rows as they are read, stored by row: at least one, of at least one column, and finite.
pub(super) fn check_sparse(what: &'static str, x: CsMatView<f64>) -> Result<CsMat<f64>> {
    if x.rows() == 0 || x.cols() == 0 {
        return Err(Error::Empty { what, needed: "1 row and 1 column" });
    }
    let x = if x.is_csr() { x.to_owned() } else { x.to_csr() };
    for (row, numbers) in x.outer_iterator().enumerate() {
        if let Some((col, &value)) = numbers.iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::NotFinite { what, row, col, value });
        }
    }
    Ok(x)
}

/// Sparse rows of the width that a model was fitted with.
pub(super) fn check_sparse_rows(
    what: &'static str,
    x: CsMatView<f64>,
    n_features: usize,
) -> Result<CsMat<f64>> {
    let x = check_sparse(what, x)?;
    if x.cols() == n_features {
        return Ok(x);
    }
    let (expected, got) = (format!("(n_rows, {n_features})"), format!("{:?}", x.shape()));
    Err(Error::Shape { what, expected, got })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn products_are_those_of_the_dense_rows() {
        let x = array![[0.0, 2.0, 0.0], [1.5, 0.0, -1.0], [0.0, 0.0, 0.0], [0.0, 3.0, 4.0]];
        let sparse = CsMat::csr_from_dense(x.view(), 0.0);
        let (dense, thin) = (Rows::Dense(x.view()), Rows::Sparse(&sparse));
        let w = array![[1.0, 2.0, 3.0], [-0.5, 0.25, 0.0]];
        let r = array![[1.0, 0.5], [2.0, -1.0], [9.0, 9.0], [0.0, 0.5]];
        assert_eq!(dense.scores(w.view()), thin.scores(w.view()));
        assert_eq!(dense.pulled(r.view()), thin.pulled(r.view()));
        assert_eq!(dense.dot(w.row(0)), thin.dot(w.row(0)));
        assert_eq!(dense.t_dot(r.column(1)), thin.t_dot(r.column(1)));
        assert_eq!((dense.dim(), thin.dim()), ((4, 3), (4, 3)));
    }

    #[test]
    fn either_storage_is_read_and_bad_numbers_are_named_by_their_place() {
        let by_row = CsMat::new((2, 2), vec![0, 1, 2], vec![1, 0], vec![2.0, f64::NAN]);
        for sparse in [by_row.to_csc(), by_row] {
            let error = check_sparse("f: `x`", sparse.view()).unwrap_err();
            assert!(matches!(error, Error::NotFinite { row: 1, col: 0, .. }), "{error}");
        }
        let x = array![[0.0, 2.0], [1.0, 0.0]];
        let by_column = CsMat::csc_from_dense(x.view(), 0.0);
        assert!(check_sparse("f: `x`", by_column.view()).unwrap().is_csr());
        assert!(check_sparse_rows("f: `x`", by_column.view(), 3).is_err());
        assert!(check_sparse("f: `x`", CsMat::<f64>::zero((0, 3)).view()).is_err());
    }
}
