//! Figures: one line for the usual picture, a builder for the others, one theme for all.
//!
//! Everything is SVG with axes that carry names. Colours are Okabe and Ito's, which colour-blind
//! readers can tell apart, and classes differ by marker too. No system font is measured and nothing
//! depends on the machine, so the same call gives the same bytes everywhere; labels are ASCII for the
//! same reason (a text's width is computed from its bytes).
//!
//! This room is of the feature `plot`, which is on unless switched off.
//!
//! ```text
//! shortcuts, panels        whole figures
//!        builder           the calls, which fill a sheet
//!          draw            from a sheet to pixels
//!         sheet            words, axes, layers
//!         paper            pixels, colours, the picture
//! ```
//!
//! # Example
//! ```
//! use mlnotes::{data, plot::Plot};
//! use ndarray::s;
//! let iris = data::iris();
//! let figure = Plot::new("Iris: petals")
//!     .x_label("petal length (cm)")
//!     .y_label("petal width (cm)")
//!     .classes(iris.x.slice(s![.., 2..4]), &iris.y, &["setosa", "versicolor", "virginica"])
//!     .draw()?;
//! assert!(figure.svg().starts_with("<svg"));
//! # Ok::<(), mlnotes::Error>(())
//! ```
//!
//! # References
//! Okabe & Ito (2008), *Color Universal Design*; Lorensen & Cline (1987) for contours.

mod builder;
mod draw;
mod frames;
mod images;
mod panels;
mod paper;
mod sheet;
mod shortcuts;
pub(crate) mod tree;

pub use builder::Plot;
pub use frames::{Frames, frames};
pub use images::images;
pub use panels::panels;
pub use paper::Figure;
pub(crate) use paper::fault;
pub use shortcuts::{
    bars, confusion_matrix, curves, heat_map, histogram, loss_curves, scatter_by_class,
};
