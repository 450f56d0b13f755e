//! The builder behind every figure.

use super::figure::{Figure, check_label};
use super::layer::Layer;
use super::theme::{INK, Marker, SIZE, colour, marker};
use super::{draw, fault};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// A figure in the making: layers are drawn in the order of the calls.
///
/// Mistakes (NaN, lengths that differ, labels that are not ASCII) are kept and returned by
/// [`Plot::draw`], so that the chain of calls reads as one sentence.
///
/// ```
/// use mlnotes::plot::Plot;
/// use ndarray::array;
/// let (x, y) = (array![0.0, 1.0, 2.0], array![0.0, 1.0, 4.0]);
/// let figure = Plot::new("squares")
///     .x_label("x")
///     .y_label("x squared")
///     .line(x.view(), y.view(), "curve")
///     .scatter(x.view(), y.view(), "points")
///     .draw()?;
/// assert!(figure.svg().contains("squares"));
///
/// let wrong = Plot::new("bad").line(x.view(), array![1.0].view(), "curve").draw();
/// assert!(wrong.unwrap_err().to_string().contains("3 x values and 1 y values"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub struct Plot {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) size: (u32, u32),
    pub(super) x_range: Option<(f64, f64)>,
    pub(super) y_range: Option<(f64, f64)>,
    pub(super) x_names: Option<Vec<String>>,
    pub(super) y_names: Option<Vec<String>>,
    pub(super) equal_aspect: bool,
    pub(super) log_x: bool,
    pub(super) log_y: bool,
    pub(super) layers: Vec<Layer>,
    pub(super) series: usize,
    mistake: Option<Error>,
}

impl Plot {
    /// An empty plot with a title (may be empty).
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            x_label: String::new(),
            y_label: String::new(),
            size: SIZE,
            x_range: None,
            y_range: None,
            x_names: None,
            y_names: None,
            equal_aspect: false,
            log_x: false,
            log_y: false,
            layers: Vec::new(),
            series: 0,
            mistake: None,
        }
        .labelled(&[title])
    }

    /// Names the horizontal axis, with its unit.
    #[must_use]
    pub fn x_label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.x_label);
        self.labelled(&[label])
    }

    /// Names the vertical axis, with its unit.
    #[must_use]
    pub fn y_label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.y_label);
        self.labelled(&[label])
    }

    /// Width and height in pixels; 640 x 400 unless told.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = (width, height);
        self
    }

    /// Ends of the horizontal axis; the data's own unless told.
    #[must_use]
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.x_range = Some((low, high));
        self.check_range("x_range", low, high)
    }

    /// Ends of the vertical axis; the data's own unless told.
    #[must_use]
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.y_range = Some((low, high));
        self.check_range("y_range", low, high)
    }

    /// One unit is as long across as up: circles look round.
    #[must_use]
    pub fn equal_aspect(mut self) -> Self {
        self.equal_aspect = true;
        self
    }

    /// A logarithmic horizontal axis; all values must be positive.
    #[must_use]
    pub fn log_x(mut self) -> Self {
        self.log_x = true;
        self
    }

    /// A logarithmic vertical axis; all values must be positive.
    #[must_use]
    pub fn log_y(mut self) -> Self {
        self.log_y = true;
        self
    }

    /// Points, shapes `(n,)`, in the next colour.
    #[must_use]
    pub fn scatter(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        let i = self.series;
        self.points(x, y, name, i, marker(i)).next_series()
    }

    /// Points by class: rows of `x`, shape `(n, 2)`, classes `labels` from 0, a name each.
    #[must_use]
    pub fn classes(mut self, x: ArrayView2<f64>, labels: &[usize], names: &[&str]) -> Self {
        if x.ncols() != 2 || x.nrows() != labels.len() {
            let (rows, columns) = x.dim();
            let n = labels.len();
            return self.wrong(&format!(
                "`classes` needs x of shape (n, 2) with n labels, got ({rows}, {columns}) and {n}"
            ));
        }
        if let Some(label) = labels.iter().find(|&&label| label >= names.len()) {
            let n = names.len();
            return self.wrong(&format!("`classes`: label {label}, but only {n} names"));
        }
        for (class, name) in names.iter().enumerate() {
            let rows: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] == class).collect();
            if !rows.is_empty() {
                let (a, b) = (x.column(0), x.column(1));
                let a: Array1<f64> = rows.iter().map(|&i| a[i]).collect();
                let b: Array1<f64> = rows.iter().map(|&i| b[i]).collect();
                self = self.points(a.view(), b.view(), name, class, marker(class));
            }
        }
        self.series = self.series.max(names.len());
        self
    }

    /// Centres, shapes `(n,)`: bold crosses that stand out from points.
    #[must_use]
    pub fn points_marked(mut self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        if let Some(wrong) = pair_mistake("points_marked", x, y) {
            return self.wrong(&wrong);
        }
        let (x, y, name) = (x.to_owned(), y.to_owned(), name.to_owned());
        let layer = Layer::Points { x, y, name: name.clone(), colour: INK, marker: Marker::Centre };
        self.layers.push(layer);
        self.labelled(&[&name])
    }

    fn points(
        mut self,
        x: ArrayView1<f64>,
        y: ArrayView1<f64>,
        name: &str,
        series: usize,
        marker: Marker,
    ) -> Self {
        if let Some(wrong) = pair_mistake("scatter", x, y) {
            return self.wrong(&wrong);
        }
        self.layers.push(Layer::Points {
            x: x.to_owned(),
            y: y.to_owned(),
            name: name.to_owned(),
            colour: colour(series),
            marker,
        });
        self.labelled(&[name])
    }

    /// A line through points, shapes `(n,)`, in the next colour.
    #[must_use]
    pub fn line(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        self.curve(x, y, name, false)
    }

    /// A dashed line, in the next colour.
    #[must_use]
    pub fn dashed(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        self.curve(x, y, name, true)
    }

    fn curve(mut self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str, dashed: bool) -> Self {
        if let Some(wrong) = pair_mistake("line", x, y) {
            return self.wrong(&wrong);
        }
        let (x, y) = (x.to_owned(), y.to_owned());
        let colour = colour(self.series);
        self.layers.push(Layer::Line { x, y, name: name.to_owned(), colour, dashed });
        self.labelled(&[name]).next_series()
    }

    /// A matrix as colours, row 0 on top; with a colour bar.
    #[must_use]
    pub fn heat_map(mut self, values: ArrayView2<f64>) -> Self {
        let (rows, columns) = values.dim();
        if values.is_empty() || rows.max(columns) > 100 {
            return self.wrong(&format!(
                "`heat_map` draws from 1 to 100 rows and columns, got {rows} x {columns}"
            ));
        }
        if let Some(v) = values.iter().find(|v| !v.is_finite()) {
            return self.wrong(&format!("`heat_map` holds {v}: drop or impute it first"));
        }
        self.layers.push(Layer::HeatMap { values: values.to_owned(), annotate: None });
        self
    }

    /// Writes each value of the heat map into its cell, with `precision` digits after the point.
    #[must_use]
    pub fn annotate(mut self, precision: usize) -> Self {
        if let Some(Layer::HeatMap { annotate, .. }) = self.layers.last_mut() {
            *annotate = Some(precision);
            return self;
        }
        self.wrong("`annotate` follows `heat_map`")
    }

    /// Names below the axis at 0, 1, 2, … instead of numbers; none at all for an empty list.
    #[must_use]
    pub fn x_ticks(mut self, names: &[&str]) -> Self {
        self.x_names = Some(names.iter().map(|&name| name.to_owned()).collect());
        self.labelled(names)
    }

    /// Names the columns (across) and rows (down) of a heat map.
    #[must_use]
    pub fn names(mut self, columns: &[&str], rows: &[&str]) -> Self {
        let own = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        self.x_names = own(columns);
        self.y_names = own(rows);
        self.labelled(columns).labelled(rows)
    }

    /// Lines of equal height of `f(x, y)`.
    #[must_use]
    pub fn contour(
        mut self,
        f: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
        levels: &[f64],
    ) -> Self {
        if let Some(level) = levels.iter().find(|level| !level.is_finite()) {
            return self.wrong(&format!("`contour` has the level {level}"));
        }
        self.layers.push(Layer::Contour { f: Box::new(f), levels: levels.to_vec() });
        self
    }

    /// The plane coloured by the class that `f(x, y)` says.
    #[must_use]
    pub fn decision_regions(
        mut self,
        f: impl Fn(f64, f64) -> usize + Send + Sync + 'static,
    ) -> Self {
        self.layers.push(Layer::Regions { f: Box::new(f) });
        self
    }

    /// The ellipse `n_sd` standard deviations from `mean`, shape `(2,)`, of a Gaussian with
    /// covariance `cov`, shape `(2, 2)`: `(x - m)' cov^-1 (x - m) = n_sd^2`.
    #[must_use]
    pub fn ellipse(
        mut self,
        mean: ArrayView1<f64>,
        cov: ArrayView2<f64>,
        n_sd: f64,
        name: &str,
    ) -> Self {
        if mean.len() != 2 || cov.dim() != (2, 2) || n_sd.is_nan() || n_sd <= 0.0 {
            let (n, shape) = (mean.len(), cov.dim());
            return self.wrong(&format!(
                "`ellipse` needs a mean (2,), a covariance (2, 2) and n_sd > 0, got ({n},), \
                 {shape:?} and {n_sd}"
            ));
        }
        // cov = L L', so the ellipse is the circle's image under n_sd L.
        let l11 = cov[[0, 0]].sqrt();
        let l21 = cov[[1, 0]] / l11;
        let l22 = (cov[[1, 1]] - l21 * l21).sqrt();
        if !(l11 > 0.0 && l22 > 0.0) {
            return self.wrong("`ellipse`: the covariance is not positive definite");
        }
        let angles = (0..=72).map(|i| f64::from(i) * std::f64::consts::TAU / 72.0);
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for angle in angles {
            let (sin, cos) = angle.sin_cos();
            x.push(mean[0] + n_sd * l11 * cos);
            y.push(mean[1] + n_sd * (l21 * cos + l22 * sin));
        }
        self.layers.push(Layer::Line {
            x: x.into(),
            y: y.into(),
            name: name.to_owned(),
            colour: INK,
            dashed: false,
        });
        self.labelled(&[name])
    }

    /// A line across the plot at `x`.
    #[must_use]
    pub fn vline(mut self, x: f64, name: &str) -> Self {
        let colour = if name.is_empty() { INK } else { colour(self.series) };
        self.layers.push(Layer::Vertical { x, name: name.to_owned(), colour });
        self.finite("vline", &[x]).labelled(&[name]).next_series()
    }

    /// A line across the plot at `y`.
    #[must_use]
    pub fn hline(mut self, y: f64, name: &str) -> Self {
        let colour = if name.is_empty() { INK } else { colour(self.series) };
        self.layers.push(Layer::Horizontal { y, name: name.to_owned(), colour });
        self.finite("hline", &[y]).labelled(&[name]).next_series()
    }

    /// Text, centred at a point.
    #[must_use]
    pub fn text(mut self, x: f64, y: f64, text: &str) -> Self {
        self.layers.push(Layer::Text { x, y, text: text.to_owned() });
        self.finite("text", &[x, y]).labelled(&[text])
    }

    /// An arrow from one point to another.
    #[must_use]
    pub fn arrow(mut self, x0: f64, y0: f64, x1: f64, y1: f64, name: &str) -> Self {
        let colour = colour(self.series);
        let (from, to, name) = ((x0, y0), (x1, y1), name.to_owned());
        self.layers.push(Layer::Arrow { from, to, name: name.clone(), colour });
        self.finite("arrow", &[x0, y0, x1, y1]).labelled(&[&name]).next_series()
    }

    /// Draws the figure.
    ///
    /// # Errors
    /// [`Error::Plot`] for the first mistake among the calls before, for a plot without anything to
    /// show, and for a logarithmic axis with values that are not positive.
    pub fn draw(mut self) -> Result<Figure> {
        self.take_mistake()?;
        let (title, size) = (self.title.clone(), self.size);
        Figure::paint(&title, size, |canvas| draw::plot(&self, canvas))
    }

    pub(super) fn take_mistake(&mut self) -> Result<()> {
        match self.mistake.take() {
            Some(mistake) => Err(mistake),
            None => Ok(()),
        }
    }

    pub(super) fn next_series(mut self) -> Self {
        self.series += 1;
        self
    }

    pub(super) fn wrong(mut self, reason: &str) -> Self {
        self.mistake.get_or_insert_with(|| fault("Plot", reason));
        self
    }

    pub(super) fn labelled(mut self, labels: &[&str]) -> Self {
        if let Some(error) = labels.iter().find_map(|label| check_label(label).err()) {
            self.mistake.get_or_insert(error);
        }
        self
    }

    fn finite(self, call: &str, values: &[f64]) -> Self {
        match values.iter().find(|v| !v.is_finite()) {
            Some(v) => self.wrong(&format!("`{call}` is given {v}")),
            None => self,
        }
    }

    fn check_range(self, call: &str, low: f64, high: f64) -> Self {
        if low.is_finite() && high.is_finite() && low < high {
            return self;
        }
        self.wrong(&format!(
            "`{call}` must go from a lower to a higher number, got {low} to {high}"
        ))
    }
}

pub(super) fn pair_mistake(call: &str, x: ArrayView1<f64>, y: ArrayView1<f64>) -> Option<String> {
    if x.len() != y.len() {
        return Some(format!("`{call}`: {} x values and {} y values", x.len(), y.len()));
    }
    if x.is_empty() {
        return Some(format!("`{call}` has no points"));
    }
    not_finite(call, x).or_else(|| not_finite(call, y))
}

pub(super) fn not_finite(call: &str, values: ArrayView1<f64>) -> Option<String> {
    let i = values.iter().position(|v| !v.is_finite())?;
    Some(format!("`{call}` holds {} at position {i}: drop or impute it first", values[i]))
}
