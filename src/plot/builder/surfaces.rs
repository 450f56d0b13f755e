//! What covers the plane: heat maps, contours, regions.

use super::Plot;
use crate::base::views;
use crate::plot::paper::theme::PALETTE;
use crate::plot::sheet::Layer;
use ndarray::ArrayView2;

/// More cells a side than this cannot be seen.
const MAX_CELLS: usize = 100;

impl Plot {
    /// A matrix as colours, row 0 on top; with a colour bar.
    #[must_use]
    #[views]
    pub fn heat_map(self, values: ArrayView2<f64>) -> Self {
        let (rows, columns) = values.dim();
        if values.is_empty() || rows.max(columns) > MAX_CELLS {
            return self.wrong(&format!(
                "`heat_map` draws from 1 to {MAX_CELLS} rows and columns, got {rows} x {columns}"
            ));
        }
        if let Some(v) = values.iter().find(|v| !v.is_finite()) {
            return self.wrong(&format!("`heat_map` holds {v}: drop or impute it first"));
        }
        self.add([Layer::HeatMap { values: values.to_owned(), annotate: None }])
    }

    /// Writes each value of the heat map into its cell, with `precision` digits after the point.
    #[must_use]
    pub fn annotate(mut self, precision: usize) -> Self {
        let last = self.sheet.layers.last_mut().map(|painted| &mut painted.layer);
        if let Some(Layer::HeatMap { annotate, .. }) = last {
            *annotate = Some(precision);
            return self;
        }
        self.wrong("`annotate` follows `heat_map`")
    }

    /// A matrix of classes from 0, shape `(n_rows, n_columns)`, a colour a class, row 0 on top; with a legend
    /// of the `names`, one a class, up to seven.
    ///
    /// ```
    /// use mlnotes::plot::Plot;
    /// use ndarray::array;
    /// let mask = array![[0, 1, 1], [0, 0, 1], [0, 0, 0]];
    /// let plot = Plot::new("causal mask").x_label("key").y_label("query");
    /// let figure = plot.class_map(mask.view(), &["seen", "hidden"]).draw()?;
    /// assert!(figure.svg().contains("hidden"));
    ///
    /// let wrong = Plot::new("").class_map(mask.view(), &["seen"]).draw();
    /// assert!(wrong.unwrap_err().to_string().contains("class 1 at (0, 1), but only 1 names"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    pub fn class_map(self, classes: ArrayView2<usize>, names: &[&str]) -> Self {
        let (rows, columns) = classes.dim();
        if classes.is_empty() || rows.max(columns) > MAX_CELLS {
            return self.wrong(&format!(
                "`class_map` draws from 1 to {MAX_CELLS} rows and columns, got {rows} x {columns}"
            ));
        }
        let n = names.len();
        if n > PALETTE.len() || names.iter().any(|name| name.is_empty()) {
            let most = PALETTE.len();
            return self.wrong(&format!(
                "`class_map` needs a name for each of up to {most} classes, got {n} names: {names:?}"
            ));
        }
        if let Some((at, class)) = classes.indexed_iter().find(|(_, class)| **class >= n) {
            return self
                .wrong(&format!("`class_map` holds class {class} at {at:?}, but only {n} names"));
        }
        let own = names.iter().map(|&name| name.to_owned()).collect();
        self.labelled(names).add([Layer::ClassMap { classes: classes.to_owned(), names: own }])
    }

    /// Names the columns (across) and rows (down) of a heat map.
    #[must_use]
    pub fn names(mut self, columns: &[&str], rows: &[&str]) -> Self {
        let own = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        self.sheet.x_names = own(columns);
        self.sheet.y_names = own(rows);
        self.labelled(columns).labelled(rows)
    }

    /// Lines of equal height of `f(x, y)`.
    #[must_use]
    pub fn contour(
        self,
        f: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
        levels: &[f64],
    ) -> Self {
        if let Some(level) = levels.iter().find(|level| !level.is_finite()) {
            return self.wrong(&format!("`contour` has the level {level}"));
        }
        self.add([Layer::Contour { f: Box::new(f), levels: levels.to_vec() }])
    }

    /// The plane coloured by the class that `f(x, y)` says.
    #[must_use]
    pub fn decision_regions(self, f: impl Fn(f64, f64) -> usize + Send + Sync + 'static) -> Self {
        self.add([Layer::Regions { f: Box::new(f) }])
    }
}
