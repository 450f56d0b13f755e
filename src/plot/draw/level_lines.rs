//! Level lines of a function on a grid, by marching squares.

use ndarray::Array2;
use std::collections::BTreeMap;

/// An edge of the grid, named by its lower cell corner and direction; lines cross it at most once.
type Edge = (usize, usize, bool);

/// Lines `f = level` as chains of points in grid units: `values[[j, i]]` stands at `(i, j)`.
pub(super) fn level_lines(values: &Array2<f64>, level: f64) -> Vec<Vec<(f64, f64)>> {
    let (rows, columns) = values.dim();
    let mut next: BTreeMap<Edge, Vec<Edge>> = BTreeMap::new();
    for j in 0..rows.saturating_sub(1) {
        for i in 0..columns.saturating_sub(1) {
            for (a, b) in segments(values, level, i, j) {
                next.entry(a).or_default().push(b);
                next.entry(b).or_default().push(a);
            }
        }
    }
    let mut lines = Vec::new();
    // Open lines first, from their ends; what is left is closed.
    let ends: Vec<Edge> = next.iter().filter(|(_, to)| to.len() == 1).map(|(&e, _)| e).collect();
    let all: Vec<Edge> = next.keys().copied().collect();
    for start in ends.into_iter().chain(all) {
        let mut chain = vec![start];
        let mut at = start;
        while let Some(to) = next.get_mut(&at).and_then(Vec::pop) {
            if let Some(back) = next.get_mut(&to)
                && let Some(k) = back.iter().position(|&edge| edge == at)
            {
                back.remove(k);
            }
            chain.push(to);
            at = to;
        }
        if chain.len() > 1 {
            lines.push(chain.into_iter().map(|edge| crossing(values, level, edge)).collect());
        }
    }
    lines
}

/// Pairs of edges that the line crosses in one cell.
fn segments(values: &Array2<f64>, level: f64, i: usize, j: usize) -> Vec<(Edge, Edge)> {
    let above = |di: usize, dj: usize| values[[j + dj, i + di]] >= level;
    let (bottom, top) = ((i, j, true), (i, j + 1, true));
    let (left, right) = ((i, j, false), (i + 1, j, false));
    let corners = [above(0, 0), above(1, 0), above(1, 1), above(0, 1)];
    match corners.map(u8::from) {
        [0, 0, 0, 0] | [1, 1, 1, 1] => vec![],
        [1, 0, 0, 0] | [0, 1, 1, 1] => vec![(left, bottom)],
        [0, 1, 0, 0] | [1, 0, 1, 1] => vec![(bottom, right)],
        [0, 0, 1, 0] | [1, 1, 0, 1] => vec![(right, top)],
        [0, 0, 0, 1] | [1, 1, 1, 0] => vec![(top, left)],
        [1, 1, 0, 0] | [0, 0, 1, 1] => vec![(left, right)],
        [0, 1, 1, 0] | [1, 0, 0, 1] => vec![(bottom, top)],
        // A saddle: either pairing is right to first order.
        [1, 0, 1, 0] => vec![(left, bottom), (right, top)],
        _ => vec![(bottom, right), (top, left)],
    }
}

/// Where the line crosses an edge, by linear interpolation.
fn crossing(values: &Array2<f64>, level: f64, (i, j, along_x): Edge) -> (f64, f64) {
    let (di, dj) = if along_x { (1, 0) } else { (0, 1) };
    let (a, b) = (values[[j, i]], values[[j + dj, i + di]]);
    // The line crosses this edge, so its ends differ.
    let t = ((level - a) / (b - a)).clamp(0.0, 1.0);
    (i as f64 + t * di as f64, j as f64 + t * dj as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_line_of_a_cone_is_a_circle() {
        let values =
            Array2::from_shape_fn((41, 41), |(j, i)| (i as f64 - 20.0).hypot(j as f64 - 20.0));
        let lines = level_lines(&values, 10.0);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        for (x, y) in &lines[0] {
            // Straight between two lines of the grid: off by at most h² / 8 of the second derivative 1/r.
            assert!(((x - 20.0).hypot(y - 20.0) - 10.0).abs() < 1.0 / 8.0 / 9.0, "{x} {y}");
        }
    }

    #[test]
    fn a_plane_has_one_straight_open_line() {
        let values = Array2::from_shape_fn((5, 7), |(_, i)| i as f64);
        let lines = level_lines(&values, 2.5);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].iter().all(|p| (p.0 - 2.5).abs() < 1e-12));
        assert_eq!(lines[0].len(), 5);
    }
}
