//! The window functions for one partition in ascending order: `f() OVER (ORDER BY keys)` as a
//! function.

use super::{Agg, Frame, Window};
use crate::Result;
use crate::base::views;
use ndarray::ArrayView1;

/// `ROW_NUMBER() OVER (ORDER BY keys)`, see [`Window::row_number`].
///
/// ```
/// let keys = ndarray::array![10.0, 20.0, 10.0];
/// assert_eq!(mlnotes::events::window::row_number(keys.view())?, [1, 3, 2]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys.
#[views]
pub fn row_number(keys: ArrayView1<f64>) -> Result<Vec<usize>> {
    Ok(Window::order_by(keys)?.row_number())
}

/// `RANK() OVER (ORDER BY keys)`, see [`Window::rank`].
///
/// ```
/// let keys = ndarray::array![10.0, 20.0, 10.0];
/// assert_eq!(mlnotes::events::window::rank(keys.view())?, [1, 3, 1]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys.
#[views]
pub fn rank(keys: ArrayView1<f64>) -> Result<Vec<usize>> {
    Ok(Window::order_by(keys)?.rank())
}

/// `DENSE_RANK() OVER (ORDER BY keys)`, see [`Window::dense_rank`].
///
/// ```
/// let keys = ndarray::array![10.0, 20.0, 10.0];
/// assert_eq!(mlnotes::events::window::dense_rank(keys.view())?, [1, 2, 1]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys.
#[views]
pub fn dense_rank(keys: ArrayView1<f64>) -> Result<Vec<usize>> {
    Ok(Window::order_by(keys)?.dense_rank())
}

/// `NTILE(buckets) OVER (ORDER BY keys)`, see [`Window::ntile`].
///
/// ```
/// let keys = ndarray::array![1.0, 2.0, 3.0, 4.0, 5.0];
/// assert_eq!(mlnotes::events::window::ntile(keys.view(), 3)?, [1, 1, 2, 2, 3]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys,
/// [`crate::Error::Parameter`] for 0 buckets.
#[views]
pub fn ntile(keys: ArrayView1<f64>, buckets: usize) -> Result<Vec<usize>> {
    Window::order_by(keys)?.ntile(buckets)
}

/// `PERCENT_RANK() OVER (ORDER BY keys)`, see [`Window::percent_rank`].
///
/// ```
/// let keys = ndarray::array![10.0, 20.0, 10.0];
/// assert_eq!(mlnotes::events::window::percent_rank(keys.view())?, [0.0, 1.0, 0.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys.
#[views]
pub fn percent_rank(keys: ArrayView1<f64>) -> Result<Vec<f64>> {
    Ok(Window::order_by(keys)?.percent_rank())
}

/// `CUME_DIST() OVER (ORDER BY keys)`, see [`Window::cume_dist`].
///
/// ```
/// let keys = ndarray::array![10.0, 20.0, 10.0, 30.0];
/// assert_eq!(mlnotes::events::window::cume_dist(keys.view())?, [0.5, 0.75, 0.5, 1.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys.
#[views]
pub fn cume_dist(keys: ArrayView1<f64>) -> Result<Vec<f64>> {
    Ok(Window::order_by(keys)?.cume_dist())
}

/// `LAG(values, offset) OVER (ORDER BY keys)`, see [`Window::lag`].
///
/// ```
/// use ndarray::array;
/// let before = mlnotes::events::window::lag(array![2.0, 1.0].view(), array![7.0, 5.0].view(), 1)?;
/// assert_eq!(before, [Some(5.0), None]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys, and those of
/// [`Window::lag`].
#[views]
pub fn lag(
    keys: ArrayView1<f64>,
    values: ArrayView1<f64>,
    offset: usize,
) -> Result<Vec<Option<f64>>> {
    Window::order_by(keys)?.lag(values, offset)
}

/// `LEAD(values, offset) OVER (ORDER BY keys)`, see [`Window::lead`].
///
/// ```
/// use ndarray::array;
/// let after = mlnotes::events::window::lead(array![2.0, 1.0].view(), array![7.0, 5.0].view(), 1)?;
/// assert_eq!(after, [None, Some(7.0)]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys, and those of
/// [`Window::lead`].
#[views]
pub fn lead(
    keys: ArrayView1<f64>,
    values: ArrayView1<f64>,
    offset: usize,
) -> Result<Vec<Option<f64>>> {
    Window::order_by(keys)?.lead(values, offset)
}

/// `agg(values) OVER (ORDER BY keys frame)`, see [`Window::running`].
///
/// ```
/// use mlnotes::events::window::{Agg, Frame, running};
/// use ndarray::array;
/// let (keys, values) = (array![1.0, 2.0, 2.0], array![5.0, 6.0, 7.0]);
/// let sums = running(keys.view(), values.view(), Frame::default(), Agg::Sum)?;
/// assert_eq!(sums, [Some(5.0), Some(18.0), Some(18.0)]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Empty`] and [`crate::Error::NotFinite`] for the keys, and those of
/// [`Window::running`].
#[views]
pub fn running(
    keys: ArrayView1<f64>,
    values: ArrayView1<f64>,
    frame: Frame,
    agg: Agg,
) -> Result<Vec<Option<f64>>> {
    Window::order_by(keys)?.running(values, frame, agg)
}
