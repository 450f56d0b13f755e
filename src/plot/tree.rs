//! A tree of questions as a figure.

use super::paper::canvas::{Align, Canvas, Point, text_width};
use super::paper::theme::{FAINT, GRID, INK, PAPER, TITLE_TEXT, colour, pale};
use super::paper::{Figure, check_label, fault};
use crate::Result;

/// More leaves than this cannot be read.
const MAX_LEAVES: usize = 32;
const TEXT: i32 = 13;
const LINE: f64 = 15.0;
/// From the foot of a box to the head of its children.
const GAP: f64 = 30.0;

/// A node as it is drawn: lines of text, and the numbers of its children.
pub(crate) struct TreeBox {
    pub(crate) lines: Vec<String>,
    pub(crate) children: Option<[usize; 2]>,
    /// Colour of a class or series; grey without.
    pub(crate) shade: Option<usize>,
}

/// Boxes and lines; the first box is the root, the left child answers yes.
pub(crate) fn tree(title: &str, boxes: &[TreeBox]) -> Result<Figure> {
    for line in boxes.iter().flat_map(|node| &node.lines) {
        check_label(line)?;
    }
    let n_leaves = boxes.iter().filter(|node| node.children.is_none()).count();
    if n_leaves > MAX_LEAVES || n_leaves == 0 {
        let reason = format!(
            "draws from 1 to {MAX_LEAVES} leaves, got {n_leaves}: limit the depth or prune"
        );
        return Err(fault("tree", reason));
    }
    let layout = Layout::new(boxes);
    let depth = layout.depths.iter().max().map_or(0.0, |&depth| depth as f64);
    let room = layout.spacing * n_leaves as f64 + 24.0;
    let width = room.max(text_width(title, TITLE_TEXT) + 40.0).max(420.0);
    let height = 48.0 + (depth + 1.0) * (layout.height + GAP) - GAP + 14.0;
    let size = (pixels(width), pixels(height));
    Figure::paint(title, size, |canvas| {
        canvas.text(title, (width / 2.0, 19.0), Align::Centre, TITLE_TEXT, INK)?;
        let left = (width - room) / 2.0 + 12.0;
        layout.draw(boxes, (left, 44.0), canvas)
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a size in pixels")]
fn pixels(length: f64) -> u32 {
    length.ceil() as u32
}

fn box_width(node: &TreeBox) -> f64 {
    node.lines.iter().map(|line| text_width(line, TEXT)).fold(0.0, f64::max) + 14.0
}

/// Where each box stands: leaves side by side, a question midway above its children.
struct Layout {
    depths: Vec<usize>,
    /// In units of a leaf's place.
    across: Vec<f64>,
    spacing: f64,
    height: f64,
}

impl Layout {
    fn new(boxes: &[TreeBox]) -> Self {
        let mut depths = vec![0; boxes.len()];
        let mut across = vec![0.0; boxes.len()];
        let mut order = Vec::new();
        let mut open = vec![0];
        let mut n_leaves = 0.0;
        while let Some(id) = open.pop() {
            order.push(id);
            if let Some([left, right]) = boxes[id].children {
                (depths[left], depths[right]) = (depths[id] + 1, depths[id] + 1);
                open.extend([right, left]);
            } else {
                across[id] = n_leaves + 0.5;
                n_leaves += 1.0;
            }
        }
        for &id in order.iter().rev() {
            if let Some([left, right]) = boxes[id].children {
                across[id] = f64::midpoint(across[left], across[right]);
            }
        }
        // Wide enough that no two boxes of one level touch.
        let mut spacing = 40.0_f64;
        for (i, &a) in order.iter().enumerate() {
            for &b in &order[i + 1..] {
                if depths[a] == depths[b] {
                    let needed = f64::midpoint(box_width(&boxes[a]), box_width(&boxes[b])) + 8.0;
                    spacing = spacing.max(needed / (across[a] - across[b]).abs());
                }
            }
        }
        let widest = boxes.iter().map(box_width).fold(0.0, f64::max);
        spacing = spacing.max((widest + 8.0) / n_leaves.max(1.0));
        let n_lines = boxes.iter().map(|node| node.lines.len()).max().unwrap_or(1);
        Self { depths, across, spacing, height: n_lines as f64 * LINE + 8.0 }
    }

    /// Middle of the head of a box.
    fn head(&self, id: usize, (left, top): Point) -> Point {
        let down = self.depths[id] as f64 * (self.height + GAP);
        (left + self.across[id] * self.spacing, top + down)
    }

    fn draw(&self, boxes: &[TreeBox], corner: Point, canvas: &mut Canvas<'_>) -> Result<()> {
        for (id, node) in boxes.iter().enumerate() {
            let head = self.head(id, corner);
            let height = node.lines.len() as f64 * LINE + 8.0;
            for child in node.children.into_iter().flatten() {
                let foot = (head.0, head.1 + height);
                canvas.line(&[foot, self.head(child, corner)], FAINT, 1.2)?;
            }
        }
        for (id, node) in boxes.iter().enumerate() {
            let head = self.head(id, corner);
            let height = node.lines.len() as f64 * LINE + 8.0;
            let half = box_width(node) / 2.0;
            let (a, b) = ((head.0 - half, head.1), (head.0 + half, head.1 + height));
            let fill = match (node.shade, node.children) {
                (Some(i), _) => pale(colour(i)),
                (None, None) => GRID,
                (None, Some(_)) => PAPER,
            };
            canvas.rectangle(a, b, fill)?;
            canvas.outline(a, b, FAINT)?;
            for (i, line) in node.lines.iter().enumerate() {
                let at = (head.0, head.1 + 4.0 + (i as f64 + 0.5) * LINE);
                canvas.text(line, at, Align::Centre, TEXT, INK)?;
            }
        }
        if let Some([left, right]) = boxes[0].children {
            self.answers(boxes, [left, right], corner, canvas)?;
        }
        Ok(())
    }

    /// Says once which way is which.
    fn answers(
        &self,
        boxes: &[TreeBox],
        children: [usize; 2],
        corner: Point,
        canvas: &mut Canvas<'_>,
    ) -> Result<()> {
        let root = self.head(0, corner);
        let foot = root.1 + boxes[0].lines.len() as f64 * LINE + 8.0;
        let sides = [("yes", -8.0, Align::Right), ("no", 8.0, Align::Left)];
        for (child, (word, shift, align)) in children.into_iter().zip(sides) {
            let head = self.head(child, corner);
            let middle = (f64::midpoint(root.0, head.0) + shift, f64::midpoint(foot, head.1) - 2.0);
            canvas.text(word, middle, align, TEXT, FAINT)?;
        }
        Ok(())
    }
}

/// A number in few characters.
pub(crate) fn short(value: f64) -> String {
    let digits = match value.abs() {
        0.0..10.0 => 3,
        10.0..1000.0 => 2,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// The name of feature `i`, or `x[i]`.
pub(crate) fn feature_name(names: &[impl AsRef<str>], i: usize) -> String {
    names.get(i).map_or_else(|| format!("x[{i}]"), |name| name.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(line: &str, children: Option<[usize; 2]>) -> TreeBox {
        TreeBox { lines: vec![line.to_owned()], children, shade: None }
    }

    #[test]
    fn a_question_stands_above_its_children_and_nothing_touches() {
        let boxes = [
            node("a long question that is wide", Some([1, 2])),
            node("leaf", None),
            node("another wide question", Some([3, 4])),
            node("leaf", None),
            node("leaf", None),
        ];
        let layout = Layout::new(&boxes);
        assert_eq!(layout.depths, [0, 1, 1, 2, 2]);
        assert!((layout.across[2] - 2.0).abs() < 1e-12 && (layout.across[0] - 1.25).abs() < 1e-12);
        let apart = (layout.across[2] - layout.across[1]) * layout.spacing;
        assert!(apart > f64::midpoint(box_width(&boxes[1]), box_width(&boxes[2])));
        let svg = tree("questions", &boxes).unwrap();
        assert!(svg.svg().contains("another wide question") && svg.svg().contains("yes"));
    }

    #[test]
    fn numbers_are_short() {
        let written: Vec<String> = [2.0, 0.25, -0.0001, 206.5, 1234.56].map(short).to_vec();
        assert_eq!(written, ["2", "0.25", "0", "206.5", "1235"]);
    }

    #[test]
    fn too_many_leaves_are_refused() {
        let mut boxes: Vec<TreeBox> = Vec::new();
        for i in 0..40 {
            boxes.push(node("q", Some([2 * i + 1, 2 * i + 2])));
            boxes.push(node("leaf", None));
        }
        boxes.push(node("leaf", None));
        assert!(tree("big", &boxes).unwrap_err().to_string().contains("41"));
        assert!(tree("bad", &[node("caf\u{e9}", None)]).is_err());
    }
}
