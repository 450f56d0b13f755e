//! Lines: curves, ellipses, lines across the plot, arrows; and text.

use super::Plot;
use crate::plot::paper::pair_mistake;
use crate::plot::paper::theme::{INK, colour};
use crate::plot::sheet::Layer;
use ndarray::{ArrayView1, ArrayView2};

impl Plot {
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

    fn curve(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str, dashed: bool) -> Self {
        if let Some(wrong) = pair_mistake("line", x, y) {
            return self.wrong(&wrong);
        }
        let (x, y) = (x.to_owned(), y.to_owned());
        let colour = colour(self.n_series);
        let layer = Layer::Line { x, y, name: name.to_owned(), colour, dashed };
        self.labelled(&[name]).series(1).add([layer])
    }

    /// The ellipse `n_sd` standard deviations from `mean`, shape `(2,)`, of a Gaussian with
    /// covariance `cov`, shape `(2, 2)`: `(x - m)' cov^-1 (x - m) = n_sd^2`.
    #[must_use]
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
