//! What a function takes where its formula has a matrix, a vector or labels: an array, a reference to one, a view, a
//! vector or a slice.
//!
//! A function of the library is written for views, which are concrete, and bears `#[views]`: what a cell compiles for
//! its own kind of array is the change to a view, never the function.

use ndarray::{ArrayBase, ArrayView1, ArrayView2, ArrayView4, Data, Ix1, Ix2, Ix4};
use std::borrow::Cow;

/// A matrix of numbers, `(n_rows, n_columns)`: `Array2<f64>`, its references and views.
///
/// ```
/// use mlnotes::linear::Ridge;
/// use ndarray::array;
/// let (x, y) = (array![[0.0], [1.0], [2.0]], array![1.0, 3.0, 5.0]);
/// let fits = [
///     Ridge::params(0.1).fit(&x, &y)?,
///     Ridge::params(0.1).fit(x.view(), y.view())?,
///     Ridge::params(0.1).fit(&x.view(), vec![1.0, 3.0, 5.0])?,
///     Ridge::params(0.1).fit(x, y)?,
/// ];
/// assert!(fits.iter().all(|fit| fit.coef == fits[0].coef));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a matrix of `f64` is needed here, `{Self}` is none",
    label = "not a matrix of `f64`",
    note = "an `Array2<f64>`, a reference to it or a view of it will do; `x.mapv(f64::from)` makes `f32` to `f64`, \
            `x.insert_axis(Axis(1))` one column of an `Array1<f64>`, `ndarray::arr2` rows of nested arrays"
)]
pub trait AsMatrix {
    /// The view.
    fn matrix(&self) -> ArrayView2<'_, f64>;
}

impl<S: Data<Elem = f64>> AsMatrix for ArrayBase<S, Ix2> {
    fn matrix(&self) -> ArrayView2<'_, f64> {
        self.view()
    }
}

impl<T: AsMatrix + ?Sized> AsMatrix for &T {
    fn matrix(&self) -> ArrayView2<'_, f64> {
        (**self).matrix()
    }
}

/// A vector of numbers, `(n,)`: `Array1<f64>`, its references and views, `Vec<f64>`, arrays and slices of `f64`.
///
/// ```
/// use mlnotes::base::rmse;
/// use ndarray::array;
/// assert_eq!(rmse([1.0, 2.0], &array![1.0, 4.0])?, rmse(vec![1.0, 2.0], &[1.0, 4.0][..])?);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a vector of `f64` is needed here, `{Self}` is none",
    label = "not a vector of `f64`",
    note = "an `Array1<f64>`, a `Vec<f64>`, a slice, a reference or a view will do; `x.column(j)` takes one column of a \
            matrix, `y.mapv(f64::from)` makes `f32` to `f64`, `labels.iter().map(|&c| c as f64).collect()` labels to \
            numbers"
)]
pub trait AsVector {
    /// The view.
    fn vector(&self) -> ArrayView1<'_, f64>;
}

impl<S: Data<Elem = f64>> AsVector for ArrayBase<S, Ix1> {
    fn vector(&self) -> ArrayView1<'_, f64> {
        self.view()
    }
}

impl AsVector for [f64] {
    fn vector(&self) -> ArrayView1<'_, f64> {
        ArrayView1::from(self)
    }
}

impl<const N: usize> AsVector for [f64; N] {
    fn vector(&self) -> ArrayView1<'_, f64> {
        ArrayView1::from(self)
    }
}

impl AsVector for Vec<f64> {
    fn vector(&self) -> ArrayView1<'_, f64> {
        ArrayView1::from(self)
    }
}

impl<T: AsVector + ?Sized> AsVector for &T {
    fn vector(&self) -> ArrayView1<'_, f64> {
        (**self).vector()
    }
}

/// Class labels, cluster numbers or row numbers, `(n,)`: `Vec<usize>`, arrays and slices of `usize`, `Array1<usize>`,
/// references and views.
///
/// ```
/// use mlnotes::base::accuracy;
/// use ndarray::array;
/// assert_eq!(accuracy(&array![0, 1, 1, 0], &vec![0, 1, 0, 0])?, 0.75);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "labels of `usize` are needed here, `{Self}` has none",
    label = "not labels of `usize`",
    note = "a `Vec<usize>`, a slice, an `Array1<usize>`, a reference or a view will do; `y.mapv(|c| c as usize)` makes \
            numbers to labels, `y.iter().map(|&c| usize::from(c)).collect::<Vec<usize>>()` booleans"
)]
pub trait AsLabels {
    /// The labels; copied where they do not lie one after the other.
    fn labels(&self) -> Cow<'_, [usize]>;
}

impl<S: Data<Elem = usize>> AsLabels for ArrayBase<S, Ix1> {
    fn labels(&self) -> Cow<'_, [usize]> {
        self.as_slice().map_or_else(|| Cow::Owned(self.to_vec()), Cow::Borrowed)
    }
}

impl AsLabels for [usize] {
    fn labels(&self) -> Cow<'_, [usize]> {
        Cow::Borrowed(self)
    }
}

impl<const N: usize> AsLabels for [usize; N] {
    fn labels(&self) -> Cow<'_, [usize]> {
        Cow::Borrowed(self)
    }
}

impl AsLabels for Vec<usize> {
    fn labels(&self) -> Cow<'_, [usize]> {
        Cow::Borrowed(self)
    }
}

impl<T: AsLabels + ?Sized> AsLabels for &T {
    fn labels(&self) -> Cow<'_, [usize]> {
        (**self).labels()
    }
}

/// Pictures, `(n_pictures, channels, height, width)`: `Array4<f64>`, its references and views.
#[diagnostic::on_unimplemented(
    message = "pictures `(n_pictures, channels, height, width)` of `f64` are needed here, `{Self}` is none",
    label = "not an array of four dimensions of `f64`",
    note = "an `Array4<f64>`, a reference to it or a view of it will do; `x.insert_axis(Axis(1))` gives one channel to \
            grey pictures `(n_pictures, height, width)`"
)]
pub trait AsImages {
    /// The view.
    fn images(&self) -> ArrayView4<'_, f64>;
}

impl<S: Data<Elem = f64>> AsImages for ArrayBase<S, Ix4> {
    fn images(&self) -> ArrayView4<'_, f64> {
        self.view()
    }
}

impl<T: AsImages + ?Sized> AsImages for &T {
    fn images(&self) -> ArrayView4<'_, f64> {
        (**self).images()
    }
}
