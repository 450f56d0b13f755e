//! What a plot consists of.

use crate::plot::paper::theme::Marker;
use ndarray::{Array1, Array2};
use plotters::style::RGBColor;

pub(in crate::plot) type Height = Box<dyn Fn(f64, f64) -> f64 + Send + Sync>;
pub(in crate::plot) type Class = Box<dyn Fn(f64, f64) -> usize + Send + Sync>;

/// One thing drawn in data coordinates, in the order of the builder's calls.
pub(in crate::plot) enum Layer {
    Points {
        x: Array1<f64>,
        y: Array1<f64>,
        name: String,
        colour: RGBColor,
        marker: Marker,
    },
    Line {
        x: Array1<f64>,
        y: Array1<f64>,
        name: String,
        colour: RGBColor,
        dashed: bool,
        width: f64,
    },
    /// Points each in a colour of its own, which is a blend of the classes' colours.
    Blend {
        x: Array1<f64>,
        y: Array1<f64>,
        colours: Vec<RGBColor>,
        names: Vec<String>,
    },
    /// Bars from `base` to `top`; `shift` and `width` in categories, so that groups stand side by side.
    Bars {
        base: Array1<f64>,
        top: Array1<f64>,
        name: String,
        colour: RGBColor,
        shift: f64,
        width: f64,
    },
    /// An area between two curves.
    Band {
        x: Array1<f64>,
        lower: Array1<f64>,
        upper: Array1<f64>,
        name: String,
        colour: RGBColor,
    },
    /// Points with error bars, upright or, for a forest plot, lying.
    Intervals {
        at: Array1<f64>,
        middle: Array1<f64>,
        lower: Array1<f64>,
        upper: Array1<f64>,
        name: String,
        colour: RGBColor,
        lying: bool,
    },
    Histogram {
        edges: Vec<f64>,
        counts: Vec<f64>,
        name: String,
        colour: RGBColor,
    },
    HeatMap {
        values: Array2<f64>,
        annotate: Option<usize>,
    },
    /// A class a cell, row 0 on top; a name a class.
    ClassMap {
        classes: Array2<usize>,
        names: Vec<String>,
    },
    Contour {
        f: Height,
        levels: Vec<f64>,
    },
    Regions {
        f: Class,
    },
    Vertical {
        x: f64,
        name: String,
        colour: RGBColor,
    },
    Horizontal {
        y: f64,
        name: String,
        colour: RGBColor,
    },
    Text {
        x: f64,
        y: f64,
        text: String,
    },
    Arrow {
        from: (f64, f64),
        to: (f64, f64),
        name: String,
        colour: RGBColor,
    },
}

/// Smallest and largest, or `None` when there is nothing.
pub(in crate::plot) type Extent = Option<(f64, f64)>;

fn extent(values: impl IntoIterator<Item = f64>) -> Extent {
    values.into_iter().fold(None, |found, v| match found {
        None => Some((v, v)),
        Some((lo, hi)) => Some((f64::min(lo, v), f64::max(hi, v))),
    })
}

pub(in crate::plot) fn join(a: Extent, b: Extent) -> Extent {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

impl Layer {
    /// What the layer needs of the axes. Lines across the whole plot need nothing of the other axis.
    pub(in crate::plot) fn extent(&self) -> (Extent, Extent) {
        let half = |n: usize| Some((-0.5, n as f64 - 0.5));
        match self {
            Self::Points { x, y, .. } | Self::Line { x, y, .. } | Self::Blend { x, y, .. } => {
                (extent(x.iter().copied()), extent(y.iter().copied()))
            }
            Self::Bars { base, top, .. } => {
                (half(top.len()), extent(base.iter().chain(top).copied()))
            }
            Self::Band { x, lower, upper, .. } => {
                (extent(x.iter().copied()), extent(lower.iter().chain(upper).copied()))
            }
            Self::Intervals { at, lower, upper, lying, .. } => {
                let along = extent(lower.iter().chain(upper).copied());
                if *lying { (along, half(at.len())) } else { (extent(at.iter().copied()), along) }
            }
            Self::Histogram { edges, counts, .. } => {
                let y = join(extent(counts.iter().copied()), Some((0.0, 0.0)));
                (extent(edges.iter().copied()), y)
            }
            Self::HeatMap { values, .. } => (half(values.ncols()), half(values.nrows())),
            Self::ClassMap { classes, .. } => (half(classes.ncols()), half(classes.nrows())),
            Self::Contour { .. } | Self::Regions { .. } => (None, None),
            Self::Vertical { x, .. } => (Some((*x, *x)), None),
            Self::Horizontal { y, .. } => (None, Some((*y, *y))),
            Self::Text { x, y, .. } => (Some((*x, *x)), Some((*y, *y))),
            Self::Arrow { from, to, .. } => (extent([from.0, to.0]), extent([from.1, to.1])),
        }
    }

    /// Whether the layer fills the plot to its edges.
    pub(in crate::plot) fn fills(&self) -> bool {
        matches!(self, Self::HeatMap { .. } | Self::ClassMap { .. })
    }

    /// Whether the layer covers the paper, so that no grid is drawn over it.
    pub(in crate::plot) fn covers(&self) -> bool {
        self.fills() || matches!(self, Self::Regions { .. })
    }

    /// Whether the layer can be drawn less opaque.
    pub(in crate::plot) fn takes_alpha(&self) -> bool {
        !matches!(self, Self::HeatMap { .. } | Self::Contour { .. } | Self::Text { .. })
    }

    /// Whether the vertical axis must reach down to zero exactly.
    pub(in crate::plot) fn stands_on_zero(&self) -> bool {
        match self {
            Self::Bars { base, top, .. } => {
                extent(base.iter().chain(top).copied()).is_some_and(|(low, high)| low * high == 0.0)
            }
            other => matches!(other, Self::Histogram { .. }),
        }
    }

    pub(in crate::plot) fn name(&self) -> &str {
        match self {
            Self::Points { name, .. }
            | Self::Line { name, .. }
            | Self::Bars { name, .. }
            | Self::Band { name, .. }
            | Self::Intervals { name, .. }
            | Self::Histogram { name, .. }
            | Self::Vertical { name, .. }
            | Self::Horizontal { name, .. }
            | Self::Arrow { name, .. } => name,
            _ => "",
        }
    }
}
