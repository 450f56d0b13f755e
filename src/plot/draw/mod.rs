//! From layers to pixels.

mod axes;
mod axis;
mod clip;
mod frame;
mod legend;
mod level_lines;
mod shapes;
mod surface;

use super::paper::canvas::Canvas;
use super::paper::fault;
use super::paper::theme::FAINT;
use super::sheet::{Layer, Painted, Sheet};
use crate::Result;
use axes::{grid, words};
use frame::frame;
use legend::{draw_legend, legend_corner, legend_entries, legend_size};
use shapes::draw_layer;

/// Draws a whole plot on the canvas.
pub(super) fn plot(sheet: &Sheet, canvas: &mut Canvas<'_>) -> Result<()> {
    if sheet.layers.is_empty() {
        return Err(fault("Plot", "nothing to draw: add points, lines, bars or a function"));
    }
    let legend = legend_entries(sheet);
    let mut frame = frame(sheet, canvas.size, 0.0)?;
    let mut corner = legend_corner(sheet, &frame, &legend);
    if !legend.is_empty() && corner.is_none() {
        frame = self::frame(sheet, canvas.size, legend_size(&legend).0 + 8.0)?;
        corner = Some((frame.right + 10.0, frame.top));
    }
    let behind =
        |painted: &Painted| painted.layer.covers() || matches!(painted.layer, Layer::Band { .. });
    for painted in sheet.layers.iter().filter(|painted| behind(painted)) {
        draw_layer(painted, &frame, canvas)?;
    }
    grid(sheet, &frame, canvas)?;
    for painted in sheet.layers.iter().filter(|painted| !behind(painted)) {
        draw_layer(painted, &frame, canvas)?;
    }
    canvas.outline((frame.left, frame.top), (frame.right, frame.bottom), FAINT)?;
    words(sheet, &frame, canvas)?;
    if let Some(corner) = corner.filter(|_| !legend.is_empty()) {
        draw_legend(&legend, corner, canvas)?;
    }
    Ok(())
}
