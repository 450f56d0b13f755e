//! Bars in all their arrangements, and histograms.

use super::Plot;
use crate::base::views;
use crate::plot::paper::not_finite;
use crate::plot::paper::theme::colour;
use crate::plot::sheet::Layer;
use ndarray::{Array1, ArrayView1};

/// Width of a bar, in categories.
const BAR: f64 = 0.72;

/// Bars of one series.
struct Column<'a> {
    base: Array1<f64>,
    top: Array1<f64>,
    name: &'a str,
    shift: f64,
    width: f64,
}

impl Plot {
    /// Bars, a category each.
    #[must_use]
    #[views]
    pub fn bars(self, categories: &[&str], heights: ArrayView1<f64>, name: &str) -> Self {
        if let Some(wrong) = bars_mistake("bars", categories, heights) {
            return self.wrong(&wrong);
        }
        let (base, top) = (Array1::zeros(heights.len()), heights.to_owned());
        self.columns(categories, vec![Column { base, top, name, shift: 0.0, width: BAR }])
    }

    /// Bars side by side: a name and a height a category for each series.
    ///
    /// ```
    /// use ndarray::array;
    /// let (a, b) = (array![1.0, 2.0], array![2.0, 1.0]);
    /// let series = [("bias", a.view()), ("variance", b.view())];
    /// let figure = mlnotes::plot::Plot::new("").grouped_bars(&["tree", "forest"], &series).draw()?;
    /// assert!(figure.svg().contains("variance"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    pub fn grouped_bars(self, categories: &[&str], series: &[(&str, ArrayView1<f64>)]) -> Self {
        let width = BAR / series.len().max(1) as f64;
        let mut columns = Vec::new();
        for (i, (name, heights)) in series.iter().enumerate() {
            if let Some(wrong) = bars_mistake("grouped_bars", categories, *heights) {
                return self.wrong(&wrong);
            }
            let shift = (i as f64 + 0.5) * width - BAR / 2.0;
            let (base, top) = (Array1::zeros(heights.len()), heights.to_owned());
            columns.push(Column { base, top, name, shift, width: width * 0.94 });
        }
        self.columns(categories, columns)
    }

    /// Bars on top of each other: a name and a height a category for each series, from below.
    #[must_use]
    pub fn stacked_bars(self, categories: &[&str], series: &[(&str, ArrayView1<f64>)]) -> Self {
        let mut base = Array1::zeros(categories.len());
        let mut columns = Vec::new();
        for (name, heights) in series {
            if let Some(wrong) = bars_mistake("stacked_bars", categories, *heights) {
                return self.wrong(&wrong);
            }
            let top = &base + heights;
            columns.push(Column { base, top: top.clone(), name, shift: 0.0, width: BAR });
            base = top;
        }
        self.columns(categories, columns)
    }

    /// Bars that float from one height to another, as in a waterfall chart, shapes `(n_categories,)`.
    ///
    /// ```
    /// use ndarray::array;
    /// let (from, to) = (array![0.0, 0.4, 0.0], array![0.4, 0.3, 0.3]);
    /// let plot = mlnotes::plot::Plot::new("why the rate fell");
    /// let figure = plot.floating_bars(&["before", "mix", "after"], from.view(), to.view(), "").draw()?;
    /// assert!(figure.svg().contains("mix"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    #[views]
    pub fn floating_bars(
        self,
        categories: &[&str],
        from: ArrayView1<f64>,
        to: ArrayView1<f64>,
        name: &str,
    ) -> Self {
        let wrong = bars_mistake("floating_bars", categories, from);
        if let Some(wrong) = wrong.or_else(|| bars_mistake("floating_bars", categories, to)) {
            return self.wrong(&wrong);
        }
        let (base, top) = (from.to_owned(), to.to_owned());
        self.columns(categories, vec![Column { base, top, name, shift: 0.0, width: BAR }])
    }

    fn columns(self, categories: &[&str], columns: Vec<Column<'_>>) -> Self {
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        let first = self.n_series;
        let layer = |(i, column): (usize, Column<'_>)| {
            let Column { base, top, name, shift, width } = column;
            let (name, colour) = (name.to_owned(), colour(first + i));
            Layer::Bars { base, top, name, colour, shift, width }
        };
        let layers: Vec<Layer> = columns.into_iter().enumerate().map(layer).collect();
        // Without a series there is nothing to stand on the names.
        let plot = if layers.is_empty() { self } else { self.x_ticks(categories) };
        plot.labelled(&names).series(names.len()).add(layers)
    }

    /// Counts of `values`, shape `(n,)`, in bins of equal width.
    #[must_use]
    #[views]
    pub fn histogram(self, values: ArrayView1<f64>, n_bins: usize, name: &str) -> Self {
        if values.is_empty() || n_bins == 0 {
            let n = values.len();
            return self.wrong(&format!(
                "`histogram` needs at least one value and one bin, got {n} and {n_bins}"
            ));
        }
        if let Some(wrong) = not_finite("histogram", values) {
            return self.wrong(&wrong);
        }
        let low = values.fold(f64::INFINITY, |a, &b| a.min(b));
        let high = values.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        let (low, high) = if low < high { (low, high) } else { (low - 0.5, high + 0.5) };
        let width = (high - low) / n_bins as f64;
        let edges = (0..=n_bins).map(|i| low + width * i as f64).collect();
        let mut counts = vec![0.0; n_bins];
        for &v in values {
            counts[bin(v, low, width, n_bins)] += 1.0;
        }
        let colour = colour(self.n_series);
        let layer = Layer::Histogram { edges, counts, name: name.to_owned(), colour };
        self.labelled(&[name]).series(1).add([layer])
    }
}

fn bars_mistake(call: &str, categories: &[&str], heights: ArrayView1<f64>) -> Option<String> {
    if categories.len() != heights.len() || heights.is_empty() {
        let (n, m) = (categories.len(), heights.len());
        return Some(format!("`{call}` needs a height a category, got {m} for {n} categories"));
    }
    not_finite(call, heights)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 <= (v - low) / width"
)]
fn bin(v: f64, low: f64, width: f64, n_bins: usize) -> usize {
    (((v - low) / width) as usize).min(n_bins - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn series_that_do_not_fit_are_refused_by_name() {
        let two = array![1.0, 2.0];
        let plot = || Plot::new("");
        let wrong = [
            ("bars", plot().bars(&["a"], two.view(), "")),
            ("grouped_bars", plot().grouped_bars(&["a"], &[("b", two.view())])),
            ("stacked_bars", plot().stacked_bars(&["a"], &[("b", two.view())])),
            ("floating_bars", plot().floating_bars(&["a"], two.view(), two.view(), "")),
        ];
        for (call, plot) in wrong {
            let error = plot.draw().unwrap_err().to_string();
            assert!(error.contains(&format!("`{call}`")), "{call}: {error}");
        }
    }

    #[test]
    fn stacked_bars_stand_on_each_other() {
        let (a, b) = (array![1.0, 2.0], array![3.0, 4.0]);
        let plot = Plot::new("").stacked_bars(&["x", "y"], &[("a", a.view()), ("b", b.view())]);
        let Layer::Bars { base, top, .. } = &plot.sheet.layers[1].layer else { panic!("no bars") };
        assert_eq!((base, top), (&a, &(&a + &b)));
    }
}
