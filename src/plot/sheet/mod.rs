//! What a plot says, before it is drawn.

mod layer;

pub(super) use layer::{Class, Extent, Height, Layer, join};

use super::paper::theme::SIZE;

/// Everything that a drawing is made from: words, ends of axes, and layers in the order of the calls.
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) size: (u32, u32),
    pub(super) x_range: Option<(f64, f64)>,
    pub(super) y_range: Option<(f64, f64)>,
    pub(super) x_names: Option<Vec<String>>,
    pub(super) y_names: Option<Vec<String>>,
    pub(super) equal_aspect: bool,
    pub(super) log_x: bool,
    pub(super) log_y: bool,
    pub(super) layers: Vec<Painted>,
}

/// A layer, and how opaque it is drawn; as the theme has it unless told.
pub(super) struct Painted {
    pub(super) layer: Layer,
    pub(super) alpha: Option<f64>,
}

impl Sheet {
    pub(super) fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            x_label: String::new(),
            y_label: String::new(),
            size: SIZE,
            x_range: None,
            y_range: None,
            x_names: None,
            y_names: None,
            equal_aspect: false,
            log_x: false,
            log_y: false,
            layers: Vec::new(),
        }
    }

    /// The layers, in the order of the calls.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter().map(|painted| &painted.layer)
    }
}
