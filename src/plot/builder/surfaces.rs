//! What covers the plane: heat maps, contours, regions.

use super::Plot;
use crate::plot::sheet::Layer;
use ndarray::ArrayView2;

impl Plot {
    /// A matrix as colours, row 0 on top; with a colour bar.
    #[must_use]
    pub fn heat_map(self, values: ArrayView2<f64>) -> Self {
        let (rows, columns) = values.dim();
        if values.is_empty() || rows.max(columns) > 100 {
            return self.wrong(&format!(
                "`heat_map` draws from 1 to 100 rows and columns, got {rows} x {columns}"
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
        if let Some(Layer::HeatMap { annotate, .. }) = self.sheet.layers.last_mut() {
            *annotate = Some(precision);
            return self;
        }
        self.wrong("`annotate` follows `heat_map`")
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
