//! Points: as they come, by class, and centres.

use super::Plot;
use crate::base::views;
use crate::plot::paper::theme::{INK, Marker, PALETTE, blend, colour, marker};
use crate::plot::paper::{not_finite, pair_mistake};
use crate::plot::sheet::Layer;
use ndarray::{Array1, ArrayView1, ArrayView2};

/// How far a sum of shares may be from 1.
const ROUNDING: f64 = 1e-6;

impl Plot {
    /// Points, shapes `(n,)`, in the next colour.
    #[must_use]
    #[views]
    pub fn scatter(self, x: ArrayView1<f64>, y: ArrayView1<f64>, name: &str) -> Self {
        if let Some(wrong) = pair_mistake("scatter", x, y) {
            return self.wrong(&wrong);
        }
        let layer = points(x.to_owned(), y.to_owned(), name, self.n_series);
        self.labelled(&[name]).series(1).add([layer])
    }

    /// Points by class: rows of `x`, shape `(n, 2)`, classes `labels` from 0, a name each.
    #[must_use]
    #[views]
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

    /// Points that belong to each class by a share, such as the responsibilities of a mixture: rows of `x`,
    /// shape `(n, 2)`, and of `weights`, shape `(n, n_classes)`, each of which sums to 1. A point has the
    /// blend of its classes' colours; up to seven classes, a name each.
    ///
    /// ```
    /// use mlnotes::plot::Plot;
    /// use ndarray::array;
    /// let x = array![[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]];
    /// let shares = array![[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]];
    /// let figure = Plot::new("").soft_classes(x.view(), shares.view(), &["a", "b"]).draw()?;
    /// // Blue, vermilion, and the light of both.
    /// for colour in ["#0072B2", "#9C6982", "#D55E00"] {
    ///     assert!(figure.svg().contains(colour));
    /// }
    ///
    /// let halves = shares / 2.0;
    /// let wrong = Plot::new("").soft_classes(x.view(), halves.view(), &["a", "b"]).draw();
    /// assert!(wrong.unwrap_err().to_string().contains("row 0 sum to 0.5"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    #[views]
    pub fn soft_classes(
        mut self,
        x: ArrayView2<f64>,
        weights: ArrayView2<f64>,
        names: &[&str],
    ) -> Self {
        if let Some(wrong) = soft_mistake(x, weights, names) {
            return self.wrong(&wrong);
        }
        let colours = weights.outer_iter().map(|row| blend(row.iter().copied())).collect();
        let [x, y] = [0, 1].map(|j| x.column(j).to_owned());
        let own = names.iter().map(|&name| name.to_owned()).collect();
        self.n_series = self.n_series.max(names.len());
        self.labelled(names).add([Layer::Blend { x, y, colours, names: own }])
    }

    /// Centres, shapes `(n,)`: bold crosses that stand out from points.
    #[must_use]
    #[views]
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

/// What is wrong with points that belong to classes by shares.
fn soft_mistake(x: ArrayView2<f64>, weights: ArrayView2<f64>, names: &[&str]) -> Option<String> {
    let ((n, n_columns), (n_rows, n_classes)) = (x.dim(), weights.dim());
    if n == 0 || n_columns != 2 || n_rows != n || n_classes != names.len() {
        return Some(format!(
            "`soft_classes` needs x of shape (n, 2) and weights of shape (n, n_classes) with a name a \
             class, got ({n}, {n_columns}), ({n_rows}, {n_classes}) and {} names",
            names.len()
        ));
    }
    if n_classes > PALETTE.len() {
        let most = PALETTE.len();
        return Some(format!("`soft_classes` has {most} colours, got {n_classes} classes"));
    }
    if let Some(wrong) = x.columns().into_iter().find_map(|v| not_finite("soft_classes", v)) {
        return Some(wrong);
    }
    for (i, row) in weights.outer_iter().enumerate() {
        if let Some(weight) = row.iter().find(|weight| !(0.0..=1.0 + ROUNDING).contains(*weight)) {
            return Some(format!(
                "`soft_classes`: the weights of row {i} hold {weight}: give shares from 0 to 1"
            ));
        }
        if (row.sum() - 1.0).abs() > ROUNDING {
            let sum = row.sum();
            return Some(format!(
                "`soft_classes`: the weights of row {i} sum to {sum}: divide them by their sum"
            ));
        }
    }
    None
}
