//! What is known only within bounds: bands, error bars, forest plots.

use super::Plot;
use crate::base::views;
use crate::plot::paper::pair_mistake;
use crate::plot::paper::theme::colour;
use crate::plot::sheet::Layer;
use ndarray::{Array1, ArrayView1};

impl Plot {
    /// The area between two curves, shapes `(n,)`, in a pale shade of the series that follows: a band
    /// and then its line share their colour. Bands that overlap show through each other.
    ///
    /// ```
    /// use ndarray::array;
    /// let (x, y) = (array![0.0, 1.0], array![1.0, 2.0]);
    /// let figure = mlnotes::plot::Plot::new("forecast")
    ///     .band(x.view(), (&y - 0.5).view(), (&y + 0.5).view(), "95 %")
    ///     .line(x.view(), y.view(), "mean")
    ///     .draw()?;
    /// assert!(figure.svg().contains("95 %"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    #[views]
    pub fn band(
        self,
        x: ArrayView1<f64>,
        lower: ArrayView1<f64>,
        upper: ArrayView1<f64>,
        name: &str,
    ) -> Self {
        if let Some(wrong) =
            pair_mistake("band", x, lower).or_else(|| pair_mistake("band", x, upper))
        {
            return self.wrong(&wrong);
        }
        let layer = Layer::Band {
            x: x.to_owned(),
            lower: lower.to_owned(),
            upper: upper.to_owned(),
            name: name.to_owned(),
            colour: colour(self.n_series),
        };
        self.labelled(&[name]).add([layer])
    }

    /// Points with error bars, shapes `(n,)`.
    #[must_use]
    #[views]
    pub fn intervals(
        self,
        x: ArrayView1<f64>,
        y: ArrayView1<f64>,
        lower: ArrayView1<f64>,
        upper: ArrayView1<f64>,
        name: &str,
    ) -> Self {
        let ends = [lower.to_owned(), upper.to_owned()];
        self.error_bars("intervals", x.to_owned(), y.to_owned(), ends, (name, false))
    }

    /// A forest plot: a named row for each estimate with its interval, shapes `(n,)`, the first on top.
    ///
    /// ```
    /// use ndarray::array;
    /// let (low, middle, high) = (array![-1.0, 0.5], array![0.0, 1.0], array![1.0, 1.5]);
    /// let figure = mlnotes::plot::Plot::new("effect")
    ///     .forest(&["naive", "matched"], middle.view(), low.view(), high.view(), "")
    ///     .draw()?;
    /// assert!(figure.svg().contains("matched"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    #[views]
    pub fn forest(
        mut self,
        names: &[&str],
        estimate: ArrayView1<f64>,
        lower: ArrayView1<f64>,
        upper: ArrayView1<f64>,
        name: &str,
    ) -> Self {
        let rows: Array1<f64> = (0..names.len()).rev().map(|i| i as f64).collect();
        self.sheet.y_names = Some(names.iter().rev().map(|&name| name.to_owned()).collect());
        let ends = [lower.to_owned(), upper.to_owned()];
        self.labelled(names).error_bars("forest", rows, estimate.to_owned(), ends, (name, true))
    }

    fn error_bars(
        self,
        call: &str,
        at: Array1<f64>,
        middle: Array1<f64>,
        [lower, upper]: [Array1<f64>; 2],
        (name, lying): (&str, bool),
    ) -> Self {
        let wrong = [&middle, &lower, &upper];
        let wrong = wrong.into_iter().find_map(|v| pair_mistake(call, at.view(), v.view()));
        if let Some(wrong) = wrong {
            return self.wrong(&wrong);
        }
        let (colour, label) = (colour(self.n_series), name.to_owned());
        let layer = Layer::Intervals { at, middle, lower, upper, name: label, colour, lying };
        self.labelled(&[name]).series(1).add([layer])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn bounds_that_do_not_fit_are_refused_by_name() {
        let (two, three) = (array![1.0, 2.0], array![1.0, 2.0, 3.0]);
        let plot = || Plot::new("");
        let wrong = [
            ("band", plot().band(two.view(), two.view(), three.view(), "")),
            ("intervals", plot().intervals(two.view(), two.view(), three.view(), two.view(), "")),
            ("forest", plot().forest(&["a"], two.view(), two.view(), two.view(), "")),
            ("log_x", plot().log_x().line(array![0.0, 1.0].view(), two.view(), "")),
        ];
        for (call, plot) in wrong {
            let error = plot.draw().unwrap_err().to_string();
            assert!(error.contains(&format!("`{call}`")), "{call}: {error}");
        }
    }
}
