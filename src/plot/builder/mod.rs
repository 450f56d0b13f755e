//! The builder behind every figure.

mod bars;
mod intervals;
mod lines;
mod points;
mod surfaces;

use super::draw;
use super::paper::{Figure, check_label, fault};
use super::sheet::{Layer, Painted, Sheet};
use crate::{Error, Result};

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
    pub(super) sheet: Sheet,
    /// How many series have a colour already.
    n_series: usize,
    /// Where the layers of the last call that drew begin.
    last: usize,
    mistake: Option<Error>,
}

impl Plot {
    /// An empty plot with a title (may be empty).
    pub fn new(title: &str) -> Self {
        Self { sheet: Sheet::new(title), n_series: 0, last: 0, mistake: None }.labelled(&[title])
    }

    /// Names the horizontal axis, with its unit.
    #[must_use]
    pub fn x_label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.sheet.x_label);
        self.labelled(&[label])
    }

    /// Names the vertical axis, with its unit.
    #[must_use]
    pub fn y_label(mut self, label: &str) -> Self {
        label.clone_into(&mut self.sheet.y_label);
        self.labelled(&[label])
    }

    /// Width and height in pixels; 640 x 400 unless told.
    #[must_use]
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.sheet.size = (width, height);
        self
    }

    /// Ends of the horizontal axis; the data's own unless told.
    #[must_use]
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.sheet.x_range = Some((low, high));
        self.check_range("x_range", low, high)
    }

    /// Ends of the vertical axis; the data's own unless told.
    #[must_use]
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.sheet.y_range = Some((low, high));
        self.check_range("y_range", low, high)
    }

    /// One unit is as long across as up: circles look round.
    #[must_use]
    pub fn equal_aspect(mut self) -> Self {
        self.sheet.equal_aspect = true;
        self
    }

    /// A logarithmic horizontal axis; all values must be positive.
    #[must_use]
    pub fn log_x(mut self) -> Self {
        self.sheet.log_x = true;
        self
    }

    /// A logarithmic vertical axis; all values must be positive.
    #[must_use]
    pub fn log_y(mut self) -> Self {
        self.sheet.log_y = true;
        self
    }

    /// Names below the axis at 0, 1, 2, … instead of numbers; none at all for an empty list.
    #[must_use]
    pub fn x_ticks(mut self, names: &[&str]) -> Self {
        self.sheet.x_names = Some(names.iter().map(|&name| name.to_owned()).collect());
        self.labelled(names)
    }

    /// How opaque the last call's points, lines, bars or areas are, above 0 and up to 1: what lies behind
    /// shows through. An area of a pale shade (band, regions, histogram) takes its full colour at that opacity.
    ///
    /// ```
    /// use mlnotes::plot::Plot;
    /// use ndarray::array;
    /// let (x, y) = (array![0.0, 1.0], array![1.0, 2.0]);
    /// let plot = || Plot::new("").line(x.view(), y.view(), "");
    /// assert!(plot().alpha(0.3).draw()?.svg().contains("opacity=\"0.3\""));
    /// assert!(plot().alpha(3.0).draw().is_err());
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        if !(alpha > 0.0 && alpha <= 1.0) {
            return self.wrong(&format!("`alpha` must be above 0 and at most 1, got {alpha}"));
        }
        let drawn = &mut self.sheet.layers[self.last..];
        if drawn.is_empty() || !drawn.iter().all(|painted| painted.layer.takes_alpha()) {
            return self.wrong("`alpha` follows points, lines, bars, areas or a class map");
        }
        for painted in drawn {
            painted.alpha = Some(alpha);
        }
        self
    }

    /// Draws the figure.
    ///
    /// # Errors
    /// [`Error::Plot`] for the first mistake among the calls before, for a plot without anything to
    /// show, and for a logarithmic axis with values that are not positive.
    pub fn draw(mut self) -> Result<Figure> {
        self.take_mistake()?;
        let Sheet { title, size, .. } = &self.sheet;
        Figure::paint(title, *size, |canvas| draw::plot(&self.sheet, canvas))
    }

    pub(super) fn take_mistake(&mut self) -> Result<()> {
        match self.mistake.take() {
            Some(mistake) => Err(mistake),
            None => Ok(()),
        }
    }

    /// What one call draws.
    fn add(mut self, layers: impl IntoIterator<Item = Layer>) -> Self {
        self.last = self.sheet.layers.len();
        self.sheet.layers.extend(layers.into_iter().map(|layer| Painted { layer, alpha: None }));
        self
    }

    /// The next `n` colours are taken.
    fn series(mut self, n: usize) -> Self {
        self.n_series += n;
        self
    }

    fn wrong(mut self, reason: &str) -> Self {
        self.mistake.get_or_insert_with(|| fault("Plot", reason));
        self
    }

    fn labelled(mut self, labels: &[&str]) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn opacity_is_of_all_that_the_last_call_drew() {
        let (a, b) = (array![1.0, 2.0], array![2.0, 1.0]);
        let plot = Plot::new("")
            .line(a.view(), b.view(), "line")
            .grouped_bars(&["x", "y"], &[("a", a.view()), ("b", b.view())])
            .y_label("n")
            .alpha(0.5);
        let alphas: Vec<_> = plot.sheet.layers.iter().map(|painted| painted.alpha).collect();
        assert_eq!(alphas, [None, Some(0.5), Some(0.5)]);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_by_name() {
        let (x, y) = (array![0.0, 1.0], array![[0.0, 1.0], [1.0, f64::NAN]]);
        let classes = array![[0, 1], [1, 2]];
        let shares = array![[0.5, 0.5], [1.5, -0.5]];
        let plot = || Plot::new("");
        let wrong = [
            ("`alpha` follows", plot().alpha(0.5)),
            ("`alpha` follows", plot().text(0.0, 0.0, "words").alpha(0.5)),
            ("`alpha` follows", plot().heat_map(shares.view()).alpha(0.5)),
            ("above 0 and at most 1, got 0", plot().hline(0.0, "").alpha(0.0)),
            ("above 0 and at most 1, got NaN", plot().hline(0.0, "").alpha(f64::NAN)),
            (
                "NaN at position 1: drop or impute it first (row 1",
                plot().lines(x.view(), y.view(), &[]),
            ),
            ("(3,) and (2, 2)", plot().lines(array![0.0, 1.0, 2.0].view(), y.view(), &[])),
            ("(2,) and (0, 2)", plot().lines(x.view(), ndarray::Array2::zeros((0, 2)).view(), &[])),
            ("class 2 at (1, 1)", plot().class_map(classes.view(), &["a", "b"])),
            ("up to 7 classes", plot().class_map(classes.view(), &["a"; 8])),
            ("row 1 hold 1.5", plot().soft_classes(shares.view(), shares.view(), &["a", "b"])),
            ("(2, 2) and 1 names", plot().soft_classes(shares.view(), shares.view(), &["a"])),
        ];
        for (words, plot) in wrong {
            let error = plot.draw().map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn fourteen_named_lines_are_told_apart() {
        let (x, y) =
            (array![0.0, 1.0], ndarray::Array2::from_shape_fn((15, 2), |(i, j)| (i * j) as f64));
        let names: Vec<String> = (0..15).map(|i| format!("line {i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let plot = Plot::new("").lines(x.view(), y.slice(ndarray::s![..14, ..]), &names[..14]);
        let mut looks: Vec<_> = plot
            .sheet
            .layers()
            .map(|layer| match layer {
                Layer::Line { colour, dashed, .. } => (colour.0, colour.1, colour.2, *dashed),
                _ => panic!("no line"),
            })
            .collect();
        looks.sort_unstable();
        looks.dedup();
        assert_eq!(looks.len(), 14);
        let wrong = Plot::new("").lines(x.view(), y.view(), &names).draw().unwrap_err();
        assert!(wrong.to_string().contains("up to 14 lines apart, got 15"), "{wrong}");
    }

    #[test]
    fn the_legend_of_a_class_map_stands_beside_it() {
        let plot = Plot::new("").class_map(array![[0, 1], [1, 0]].view(), &["a", "a long name"]);
        let figure = plot.draw().unwrap();
        let numbers = |text: &str| -> Vec<i32> {
            text.split([' ', ',', '"']).filter_map(|word| word.parse().ok()).collect()
        };
        let tags: Vec<&str> = figure.svg().split('<').collect();
        // The frame is the last line of its colour, the legend's paper the last white rectangle.
        let frame = tags.iter().rfind(|tag| tag.contains("polyline") && tag.contains("#6E6E6E"));
        let paper = tags.iter().rfind(|tag| tag.contains("rect") && tag.contains("#FFFFFF"));
        let (frame, paper) = (numbers(frame.unwrap()), numbers(paper.unwrap()));
        assert!(paper[0] > *frame.iter().max().unwrap(), "{paper:?} {frame:?}");
    }
}
