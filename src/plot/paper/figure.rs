//! A finished picture.

use super::canvas::Canvas;
use super::mistake::{check_label, fault};
use super::theme::SCALE;
use crate::display::{Bundle, escape};
use crate::{Error, Result};
use std::path::Path;

/// A picture as SVG, with its title.
#[derive(Clone, PartialEq, Eq)]
pub struct Figure {
    svg: String,
    title: String,
    size: (u32, u32),
}

impl std::fmt::Debug for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.description())
    }
}

impl Figure {
    /// Lets `draw` paint on a canvas of `size` pixels.
    pub(in crate::plot) fn paint(
        title: &str,
        size: (u32, u32),
        draw: impl FnOnce(&mut Canvas<'_>) -> Result<()>,
    ) -> Result<Self> {
        check_label(title)?;
        if size.0 < 80 || size.1 < 80 || size.0 > 4000 || size.1 > 4000 {
            let reason =
                format!("`size` must be from 80 to 4000 pixels, got {} x {}", size.0, size.1);
            return Err(fault("Plot", reason));
        }
        let mut svg = String::new();
        let mut canvas = Canvas::new(&mut svg, size)?;
        draw(&mut canvas)?;
        canvas.finish()?;
        // Ours instead of plotters' head: drawn large, shown at its size, and told to screen readers.
        let body = svg.find('>').map_or("", |end| &svg[end + 1..]);
        let (width, height) = size;
        let scale = SCALE.unsigned_abs();
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" \
             style=\"max-width:100%;height:auto\">",
            width * scale,
            height * scale,
            escape(title),
        );
        Ok(Self { svg: head + &compact(body), title: title.to_owned(), size })
    }

    /// The picture as SVG.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// The figure's title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Writes the picture to a file.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        std::fs::write(path, &self.svg).map_err(|error| Error::Io {
            path: path.display().to_string(),
            reason: error.to_string(),
        })
    }

    /// Shows the picture now.
    pub fn show(&self) {
        self.bundle().show();
    }

    /// Shows the picture as the cell's result; the kernel calls this.
    pub fn evcxr_display(&self) {
        self.bundle().evcxr_display();
    }

    fn bundle(&self) -> Bundle {
        Bundle::new("image/svg+xml", self.svg.as_str()).with("text/plain", self.description())
    }

    fn description(&self) -> String {
        format!("Figure(\"{}\", {}x{})", self.title, self.size.0, self.size.1)
    }
}

/// Leaves out what plotters writes on every shape and no browser needs.
fn compact(body: &str) -> String {
    body.replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\" stroke-width=\"1\"", "")
        // Cells that touch must not show a seam.
        .replace("<rect ", "<rect shape-rendering=\"crispEdges\" ")
}
