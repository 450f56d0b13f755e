//! Lines: curves, ellipses, lines across the plot, arrows; and text.

use super::Plot;
use crate::base::views;
use crate::plot::paper::pair_mistake;
use crate::plot::paper::theme::{INK, LINE, PALETTE, THIN, colour};
use crate::plot::sheet::Layer;
use ndarray::{ArrayView1, ArrayView2};

impl Plot {
    /// A line through points, shapes `(n,)`, in the next colour.
    #[must_use]
    #[views]
    pub fn line(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        self.curve(x, y, name, false)
    }

    /// A dashed line, in the next colour.
    #[must_use]
    #[views]
    pub fn dashed(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        self.curve(x, y, name, true)
    }

    fn curve(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str, dashed: bool) -> Self {
        if let Some(wrong) = pair_mistake("line", x, y) {
            return self.wrong(&wrong);
        }
        let (x, y) = (x.to_owned(), y.to_owned());
        let colour = colour(self.n_series);
        let layer = Layer::Line { x, y, name: name.to_owned(), colour, dashed, width: LINE };
        self.labelled(&[name]).series(1).add([layer])
    }

    /// Many lines over one `x`, shape `(n,)`: a row of `series`, shape `(n_lines, n)`, each.
    ///
    /// With a name a line each has a colour of its own, from the eighth on dashed; there may be 14. With no
    /// name, or one for all, the lines are thin and share the next colour: [`alpha`](Plot::alpha) shows where
    /// they are dense.
    ///
    /// ```
    /// use mlnotes::plot::Plot;
    /// use ndarray::{Array1, Array2};
    /// let t: Array1<f64> = Array1::linspace(0.0, 1.0, 30);
    /// let waves = Array2::from_shape_fn((50, 30), |(i, j)| (6.0 * t[j] + i as f64).sin());
    /// let plot = Plot::new("waves").lines(t.view(), waves.view(), &["wave"]).alpha(0.2);
    /// assert_eq!(plot.draw()?.svg().matches("opacity=\"0.2\"").count(), 50);
    ///
    /// let wrong = Plot::new("").lines(t.view(), waves.view(), &["one", "two"]).draw();
    /// assert!(wrong.unwrap_err().to_string().contains("50 lines and 2 names"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    #[views]
    pub fn lines(self, x: ArrayView1<f64>, series: ArrayView2<f64>, names: &[&str]) -> Self {
        let (n_lines, n) = series.dim();
        if series.is_empty() || x.len() != n {
            let m = x.len();
            return self.wrong(&format!(
                "`lines` needs x of shape (n,) and series of shape (n_lines, n), got ({m},) and ({n_lines}, {n})"
            ));
        }
        let mistake = |row| pair_mistake("lines", x, row);
        let found = series.outer_iter().enumerate().find_map(|(i, row)| Some((i, mistake(row)?)));
        if let Some((i, wrong)) = found {
            return self.wrong(&format!("{wrong} (row {i} of `series`)"));
        }
        let each = names.len() == n_lines;
        if each && n_lines > 2 * PALETTE.len() {
            return self.wrong(&format!(
                "`lines` tells up to {} lines apart, got {n_lines} names: give one for all, or none",
                2 * PALETTE.len()
            ));
        }
        if !each && names.len() > 1 {
            return self.wrong(&format!(
                "`lines` needs a name a line, one for all, or none, got {n_lines} lines and {} names",
                names.len()
            ));
        }
        let first = self.n_series;
        let layer = |(i, row): (usize, ArrayView1<f64>)| Layer::Line {
            x: x.to_owned(),
            y: row.to_owned(),
            name: names.get(if each { i } else { 0 }).copied().unwrap_or_default().to_owned(),
            colour: colour(first + if each { i } else { 0 }),
            dashed: each && i >= PALETTE.len(),
            width: if each { LINE } else { THIN },
        };
        let layers: Vec<Layer> = series.outer_iter().enumerate().map(layer).collect();
        self.labelled(names).series(if each { n_lines } else { 1 }).add(layers)
    }

    /// The ellipse `n_sd` standard deviations from `mean`, shape `(2,)`, of a Gaussian with
    /// covariance `cov`, shape `(2, 2)`: `(x - m)' cov^-1 (x - m) = n_sd^2`.
    #[must_use]
    #[views]
    pub fn ellipse(
        self,
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
        let layer = Layer::Line {
            x: x.into(),
            y: y.into(),
            name: name.to_owned(),
            colour: INK,
            dashed: false,
            width: LINE,
        };
        self.labelled(&[name]).add([layer])
    }

    /// A line across the plot at `x`.
    #[must_use]
    pub fn vline(self, x: f64, name: &str) -> Self {
        let colour = if name.is_empty() { INK } else { colour(self.n_series) };
        let layer = Layer::Vertical { x, name: name.to_owned(), colour };
        self.finite("vline", &[x]).labelled(&[name]).series(1).add([layer])
    }

    /// A line across the plot at `y`.
    #[must_use]
    pub fn hline(self, y: f64, name: &str) -> Self {
        let colour = if name.is_empty() { INK } else { colour(self.n_series) };
        let layer = Layer::Horizontal { y, name: name.to_owned(), colour };
        self.finite("hline", &[y]).labelled(&[name]).series(1).add([layer])
    }

    /// Text, centred at a point.
    #[must_use]
    pub fn text(self, x: f64, y: f64, text: &str) -> Self {
        let layer = Layer::Text { x, y, text: text.to_owned() };
        self.finite("text", &[x, y]).labelled(&[text]).add([layer])
    }

    /// An arrow from one point to another.
    #[must_use]
    pub fn arrow(self, x0: f64, y0: f64, x1: f64, y1: f64, name: &str) -> Self {
        let colour = colour(self.n_series);
        let (from, to) = ((x0, y0), (x1, y1));
        let layer = Layer::Arrow { from, to, name: name.to_owned(), colour };
        self.finite("arrow", &[x0, y0, x1, y1]).labelled(&[name]).series(1).add([layer])
    }
}
