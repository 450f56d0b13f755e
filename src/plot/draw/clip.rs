//! What of a line lies inside the frame.

use super::frame::Frame;
use crate::plot::paper::canvas::Point;

/// The stretches of a line that lie inside the frame, cut at its edges.
pub(super) fn inside(points: &[Point], frame: &Frame) -> Vec<Vec<Point>> {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for pair in points.windows(2) {
        let Some((a, b)) = clip(pair[0], pair[1], frame) else {
            open = false;
            continue;
        };
        match runs.last_mut().filter(|_| open) {
            Some(run) => run.push(b),
            None => runs.push(vec![a, b]),
        }
        open = b == pair[1];
    }
    runs
}

/// Liang and Barsky's clipping of a segment.
pub(super) fn clip(a: Point, b: Point, frame: &Frame) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    let sides = [
        (-dx, a.0 - frame.left),
        (dx, frame.right - a.0),
        (-dy, a.1 - frame.top),
        (dy, frame.bottom - a.1),
    ];
    for (p, q) in sides {
        if p.abs() < 1e-12 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            from = from.max(q / p);
        } else {
            to = to.min(q / p);
        }
    }
    let at = |t: f64| if t >= 1.0 { b } else { (a.0 + t * dx, a.1 + t * dy) };
    (from <= to).then(|| (at(from), at(to)))
}
