//! Points: as they come, by class, and centres.

use super::Plot;
use crate::plot::paper::theme::{INK, Marker, colour, marker};
use crate::plot::paper::{not_finite, pair_mistake};
use crate::plot::sheet::Layer;
use ndarray::{Array1, ArrayView1, ArrayView2};

impl Plot {
    /// Points, shapes `(n,)`, in the next colour.
    #[must_use]
    pub fn scatter(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        if let Some(wrong) = pair_mistake("scatter", x, y) {
            return self.wrong(&wrong);
        }
        let layer = points(x.to_owned(), y.to_owned(), name, self.n_series);
        self.labelled(&[name]).series(1).add([layer])
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
        if let Some(wrong) = x.columns().into_iter().find_map(|v| not_finite("classes", v)) {
            return self.wrong(&wrong);
        }
        let (mut layers, mut shown) = (Vec::new(), Vec::new());
        for (class, &name) in names.iter().enumerate() {
            let rows: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] == class).collect();
            if !rows.is_empty() {
                let [a, b] = [0, 1].map(|j| rows.iter().map(|&i| x[[i, j]]).collect());
                layers.push(points(a, b, name, class));
                shown.push(name);
            }
        }
        self.n_series = self.n_series.max(names.len());
        self.labelled(&shown).add(layers)
    }

    /// Centres, shapes `(n,)`: bold crosses that stand out from points.
    #[must_use]
    pub fn points_marked(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        if let Some(wrong) = pair_mistake("points_marked", x, y) {
            return self.wrong(&wrong);
        }
        let (x, y, marker) = (x.to_owned(), y.to_owned(), Marker::Centre);
        let layer = Layer::Points { x, y, name: name.to_owned(), colour: INK, marker };
        self.labelled(&[name]).add([layer])
    }
}

/// Points in the colour and by the marker of series number `i`.
fn points(x: Array1<f64>, y: Array1<f64>, name: &str, i: usize) -> Layer {
    Layer::Points { x, y, name: name.to_owned(), colour: colour(i), marker: marker(i) }
}
