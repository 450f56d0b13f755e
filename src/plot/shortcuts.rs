//! One call for the usual picture.

use super::builder::Plot;
use super::paper::{Figure, fault};
use crate::Result;
use crate::base::views;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// Rows of `x`, shape `(n, 2)`, by class.
///
/// ```
/// use mlnotes::{data, plot};
/// let (x, y) = data::moons(100, 0.1, 1)?;
/// let figure = plot::scatter_by_class(x.view(), &y, &["upper", "lower"], "moons", "x1", "x2")?;
/// assert!(figure.svg().contains("upper"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] when shapes or labels do not fit.
#[views]
pub fn scatter_by_class(
    x: ArrayView2<f64>,
    labels: &[usize],
    names: &[&str],
    title: &str,
    x_label: &str,
    y_label: &str,
) -> Result<Figure> {
    Plot::new(title).x_label(x_label).y_label(y_label).classes(x, labels, names).draw()
}

/// Several lines over one `x`, shape `(n,)`.
///
/// ```
/// use mlnotes::plot;
/// use ndarray::Array1;
/// let x = Array1::linspace(0.0, 1.0, 50);
/// let lines = [("x", x.clone()), ("x squared", &x * &x)];
/// let figure = plot::curves(x.view(), &lines, "powers", "x", "value")?;
/// assert!(figure.svg().contains("x squared"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] when lengths differ or a value is not finite.
#[views]
pub fn curves(
    x: ArrayView1<f64>,
    lines: &[(&str, Array1<f64>)],
    title: &str,
    x_label: &str,
    y_label: &str,
) -> Result<Figure> {
    let plot = Plot::new(title).x_label(x_label).y_label(y_label);
    lines.iter().fold(plot, |plot, (name, y)| plot.line(x, y.view(), name)).draw()
}

/// Losses over iterations, from 0; runs may differ in length.
///
/// ```
/// use mlnotes::plot;
/// use ndarray::array;
/// let (slow, fast) = (array![1.0, 0.6, 0.4, 0.3], array![1.0, 0.2]);
/// let figure = plot::loss_curves(&[("gradient", slow.view()), ("Newton", fast.view())], "loss")?;
/// assert!(figure.svg().contains("iteration"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] when a run is empty or a loss is not finite.
pub fn loss_curves(runs: &[(&str, ArrayView1<f64>)], title: &str) -> Result<Figure> {
    let plot = Plot::new(title).x_label("iteration").y_label("loss");
    let draw = |plot: Plot, (name, y): &(&str, ArrayView1<f64>)| {
        let x: Array1<f64> = (0..y.len()).map(|i| i as f64).collect();
        plot.line(x.view(), *y, name)
    };
    runs.iter().fold(plot, draw).draw()
}

/// Bars, a category each.
///
/// ```
/// let heights = ndarray::array![3.0, 5.0];
/// let figure = mlnotes::plot::bars(&["a", "b"], heights.view(), "counts", "rows")?;
/// assert!(figure.svg().contains("counts"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] when there is not a height a category.
#[views]
pub fn bars(
    categories: &[&str],
    heights: ArrayView1<f64>,
    title: &str,
    y_label: &str,
) -> Result<Figure> {
    Plot::new(title).y_label(y_label).bars(categories, heights, "").draw()
}

/// Counts of values, shape `(n,)`, in bins of equal width.
///
/// ```
/// let values = ndarray::Array1::linspace(0.0, 1.0, 40);
/// let figure = mlnotes::plot::histogram(values.view(), 8, "flat", "value")?;
/// assert!(figure.svg().contains("count"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] for no values, no bins, or a value that is not finite.
#[views]
pub fn histogram(
    values: ArrayView1<f64>,
    n_bins: usize,
    title: &str,
    x_label: &str,
) -> Result<Figure> {
    Plot::new(title).x_label(x_label).y_label("count").histogram(values, n_bins, "").draw()
}

/// A matrix, shape `(n_rows, n_columns)`, as colours with its values, names beside.
///
/// ```
/// let r = ndarray::array![[1.0, 0.8], [0.8, 1.0]];
/// let figure = mlnotes::plot::heat_map(r.view(), &["a", "b"], &["a", "b"], "correlation")?;
/// assert!(figure.svg().contains("0.80"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] when names do not fit or a value is not finite.
#[views]
pub fn heat_map(
    values: ArrayView2<f64>,
    row_names: &[&str],
    column_names: &[&str],
    title: &str,
) -> Result<Figure> {
    if (row_names.len(), column_names.len()) != values.dim() {
        let (rows, columns) = (row_names.len(), column_names.len());
        let reason =
            format!("values of shape {:?}, {rows} row and {columns} column names", values.dim());
        return Err(fault("heat_map", reason));
    }
    let plot = Plot::new(title).heat_map(values);
    let plot = if values.len() <= 144 { plot.annotate(2) } else { plot };
    plot.names(column_names, row_names).draw()
}

/// How often each class was taken for each: truth down, prediction across.
///
/// ```
/// let figure = mlnotes::plot::confusion_matrix(&[0, 0, 1], &[0, 1, 1], &["no", "yes"])?;
/// assert!(figure.svg().contains("predicted"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`crate::Error::Plot`] when lengths differ, are zero, or a class has no name.
#[views]
pub fn confusion_matrix(truth: &[usize], predicted: &[usize], names: &[&str]) -> Result<Figure> {
    if truth.len() != predicted.len() || truth.is_empty() {
        let (n, m) = (truth.len(), predicted.len());
        return Err(fault("confusion_matrix", format!("{n} true and {m} predicted classes")));
    }
    if let Some(class) = truth.iter().chain(predicted).find(|&&class| class >= names.len()) {
        let n = names.len();
        return Err(fault("confusion_matrix", format!("class {class}, but only {n} names")));
    }
    let mut counts = Array2::zeros((names.len(), names.len()));
    for (&t, &p) in truth.iter().zip(predicted) {
        counts[[t, p]] += 1.0;
    }
    Plot::new("confusion matrix")
        .size(480, 400)
        .x_label("predicted")
        .y_label("truth")
        .heat_map(counts.view())
        .annotate(0)
        .names(names, names)
        .draw()
}
