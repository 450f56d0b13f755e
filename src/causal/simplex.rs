//! Least squares over the simplex: the point of a convex hull that is nearest to a target.
//!
//! ```text
//! min ½ ‖A w − b‖² + ½ ρ ‖w‖²      w ≥ 0, Σ w = 1
//!
//! pⱼ = aⱼ − b, and √ρ eⱼ below it     Σ w = 1 takes b into the columns: A w − b = P w
//! min ½ ‖P w‖²                        the point of the hull of the pⱼ that is nearest to the origin
//! optimal  ⇔  pⱼ · P w ≥ ‖P w‖² for all j      no pⱼ lies before the plane through P w
//! ```
//!
//! Wolfe's algorithm keeps a set of affinely independent columns. It adds the column farthest before the
//! plane, goes to the nearest point of their affine hull, and where that leaves the simplex it stops at
//! the border and drops a column. The distance falls at every step and there are finitely many sets, so
//! the end is the exact optimum, not a small step from it; its optimality is checked and returned.
//!
//! The optimal point is unique, its weights are not when columns are affinely dependent (two equal
//! columns, or more columns than rows): then the columns that came first have them. A ridge `ρ > 0`
//! makes them unique.
//!
//! # References
//! Wolfe (1976), *Finding the nearest point in a polytope*.

use crate::base::{check_matrix, check_vector, views};
use crate::{Error, Result};
use faer::Mat;
use faer::linalg::solvers::SolveLstsq;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, concatenate};

/// What the optimality conditions may miss, as a share of the largest squared column: to stop, and to
/// accept when rounding lets nothing fall further.
const TOLERANCE: f64 = 1e-14;
const ACCEPTED: f64 = 1e-9;

/// Weights on the simplex with the proof of their optimality.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SimplexFit {
    /// Weights, shape `(n_columns,)`: non-negative, sum 1; those that the border takes are exactly 0.
    pub weights: Array1<f64>,
    /// `½ ‖A w − b‖² + ½ ρ ‖w‖²` at the weights.
    pub objective: f64,
    /// `maxⱼ g · w − gⱼ` with the gradient `g`: no weights have an objective lower by more than this.
    pub gap: f64,
    /// Steps made.
    pub n_iter: usize,
}

/// Solves `min ½ ‖A w − b‖² + ½ ρ ‖w‖²` over `w ≥ 0`, `Σ w = 1`, for `a` of shape
/// `(n_rows, n_columns)`, `b` of shape `(n_rows,)` and `ridge = ρ ≥ 0`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`]; [`Error::Parameter`] for a negative ridge;
/// [`Error::NotConverged`] should rounding keep the optimality conditions from holding.
///
/// # Example
/// Of two columns, the target lies a quarter of the way from the first to the second:
/// ```
/// use mlnotes::causal::simplex::simplex_least_squares;
/// use ndarray::array;
/// let a = array![[0.0, 4.0], [0.0, 4.0]];
/// let fit = simplex_least_squares(a.view(), array![0.0, 2.0].view(), 0.0)?;
/// assert!((fit.weights[0] - 0.75).abs() < 1e-15 && fit.gap < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn simplex_least_squares(
    a: ArrayView2<f64>,
    b: ArrayView1<f64>,
    ridge: f64,
) -> Result<SimplexFit> {
    check_matrix("simplex_least_squares: `a`", a)?;
    check_vector("simplex_least_squares: `b`", b)?;
    if b.len() != a.nrows() {
        let (expected, got) = (format!("({},)", a.nrows()), format!("({},)", b.len()));
        return Err(Error::Shape { what: "simplex_least_squares: `b`", expected, got });
    }
    if !(ridge.is_finite() && ridge >= 0.0) {
        return Err(Error::Parameter {
            estimator: "simplex_least_squares",
            name: "ridge",
            rule: "finite and >= 0",
            got: ridge.to_string(),
        });
    }
    nearest(&points(a, b, ridge))
}

/// The columns as seen from the target, with the ridge as further coordinates.
fn points(a: ArrayView2<f64>, b: ArrayView1<f64>, ridge: f64) -> Array2<f64> {
    let shifted = &a - &b.insert_axis(Axis(1));
    if ridge <= 0.0 {
        return shifted;
    }
    let below = Array2::from_diag_elem(a.ncols(), ridge.sqrt());
    // Both have `n_columns` columns, so this cannot fail.
    concatenate(Axis(0), &[shifted.view(), below.view()]).unwrap_or(shifted)
}

/// Wolfe's algorithm: the point nearest to the origin in the hull of the columns of `p`.
fn nearest(p: &Array2<f64>) -> Result<SimplexFit> {
    let n = p.ncols();
    let lengths = p.map_axis(Axis(0), |column| column.dot(&column));
    let scale = lengths.fold(0.0_f64, |a, &b| a.max(b));
    let start = (0..n).min_by(|&i, &j| lengths[i].total_cmp(&lengths[j])).unwrap_or(0);
    let (mut set, mut w) = (vec![start], vec![1.0]);
    let limit = 20 * (n + p.nrows()) + 100;
    let (mut gap, mut before) = (f64::INFINITY, f64::INFINITY);
    for n_iter in 0..limit {
        let x = combine(p, &set, &w);
        let reach = p.t().dot(&x);
        let length = x.dot(&x);
        let next = (0..n).min_by(|&i, &j| reach[i].total_cmp(&reach[j])).unwrap_or(0);
        gap = (length - reach[next]).max(0.0);
        // In exact arithmetic the length falls and no column comes twice; rounding ends that.
        let stuck = set.contains(&next) || length >= before;
        if stuck && gap > ACCEPTED * scale {
            break;
        }
        if stuck || gap <= TOLERANCE * scale {
            let mut weights = Array1::zeros(n);
            let sum: f64 = w.iter().sum();
            set.iter().zip(&w).for_each(|(&j, &w)| weights[j] = w / sum);
            return Ok(SimplexFit { weights, objective: 0.5 * length, gap, n_iter });
        }
        before = length;
        set.push(next);
        w.push(0.0);
        to_affine_minimum(p, &mut set, &mut w);
    }
    Err(Error::NotConverged {
        estimator: "simplex_least_squares",
        n_iter: limit,
        change: gap,
        remedy: "bring the columns to one scale, drop nearly equal ones, or add a ridge",
    })
}

/// Moves the weights towards the nearest point of the affine hull of the set; drops what the border takes.
fn to_affine_minimum(p: &Array2<f64>, set: &mut Vec<usize>, w: &mut Vec<f64>) {
    while set.len() > 1 {
        let target = affine_minimum(p, set);
        if target.iter().any(|u| !u.is_finite()) {
            // The new column depends on the others to rounding: it brings nothing.
            set.pop();
            w.pop();
            return;
        }
        if target.iter().all(|&u| u > 0.0) {
            *w = target;
            return;
        }
        // The longest step that keeps every weight non-negative, and what it brings to 0.
        let ratio = |i: usize| if target[i] < w[i] { w[i] / (w[i] - target[i]) } else { 1.0 };
        let blocked = |&i: &usize| target[i] <= 0.0;
        let first = (0..set.len()).filter(blocked).min_by(|&i, &j| ratio(i).total_cmp(&ratio(j)));
        let Some(first) = first else { return };
        let step = ratio(first).min(1.0);
        for (w, u) in w.iter_mut().zip(&target) {
            *w = (*w + step * (u - *w)).max(0.0);
        }
        w.remove(first);
        set.remove(first);
    }
    w[0] = 1.0;
}

/// Weights with sum 1, of either sign, of the point of the affine hull nearest to the origin:
/// `min ‖p₀ + Σ zᵢ (pᵢ − p₀)‖` by QR, which unlike the normal equations does not square the condition.
fn affine_minimum(p: &Array2<f64>, set: &[usize]) -> Vec<f64> {
    let origin = p.column(set[0]);
    let difference = |i: usize, j: usize| p[[i, set[j + 1]]] - origin[i];
    let (rows, columns) = (p.nrows(), set.len() - 1);
    if rows < columns {
        // More points than dimensions: they span everything, and the last adds nothing.
        let mut w = affine_minimum(p, &set[..set.len() - 1]);
        w.push(0.0);
        return w;
    }
    let target = Mat::from_fn(rows, 1, |i, _| -origin[i]);
    let z = Mat::from_fn(rows, columns, difference).qr().solve_lstsq(&target);
    let rest: Vec<f64> = (0..columns).map(|i| z[(i, 0)]).collect();
    let mut w = vec![1.0 - rest.iter().sum::<f64>()];
    w.extend(rest);
    w
}

fn combine(p: &Array2<f64>, set: &[usize], w: &[f64]) -> Array1<f64> {
    let mut x = Array1::zeros(p.nrows());
    set.iter().zip(w).for_each(|(&j, &w)| x.scaled_add(w, &p.column(j)));
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn two_columns_by_hand() {
        // d/dw of (w a + (1 − w) c − b)² is 0 at w = Σ (b − c)(a − c) / Σ (a − c)².
        let (a, c, b) = (array![1.0, 2.0, 4.0], array![3.0, 1.0, 0.0], array![2.0, 2.0, 2.5]);
        let w = (&b - &c).dot(&(&a - &c)) / (&a - &c).dot(&(&a - &c));
        let columns = ndarray::stack![Axis(1), a, c];
        let fit = simplex_least_squares(columns.view(), b.view(), 0.0).unwrap();
        assert!((fit.weights[0] - w).abs() < 1e-14 && (fit.weights.sum() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn outside_the_hull_a_corner_or_an_edge_is_nearest() {
        let square = array![[0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]];
        let fit = |b: Array1<f64>| simplex_least_squares(square.view(), b.view(), 0.0).unwrap();
        assert_eq!(fit(array![2.0, 3.0]).weights, array![0.0, 0.0, 0.0, 1.0]);
        let edge = fit(array![0.25, -5.0]);
        assert!((edge.weights[1] - 0.25).abs() < 1e-14 && edge.weights[2] == 0.0);
        // Inside: an exact fit, though the weights are not unique.
        let inside = fit(array![0.3, 0.6]);
        assert!(inside.objective < 1e-28 && inside.gap < 1e-13);
    }

    #[test]
    fn equal_columns_and_many_columns_are_allowed() {
        let twins = array![[1.0, 1.0, 5.0], [2.0, 2.0, 9.0]];
        let fit = simplex_least_squares(twins.view(), array![2.0, 4.0].view(), 0.0).unwrap();
        assert!(fit.weights[1] == 0.0 && fit.gap < 1e-12);
        // A ridge shares the weight of twins out equally.
        let fit = simplex_least_squares(twins.view(), array![2.0, 4.0].view(), 0.1).unwrap();
        assert!((fit.weights[0] - fit.weights[1]).abs() < 1e-12 && fit.weights[0] > 0.1);
        let one = simplex_least_squares(array![[3.0]].view(), array![7.0].view(), 0.0).unwrap();
        assert_eq!(one.weights, array![1.0]);
        let wide = Array2::from_shape_fn((3, 40), |(i, j)| ((7 * i + 3 * j) % 11) as f64);
        let fit = simplex_least_squares(wide.view(), array![5.0, 5.0, 5.0].view(), 0.0).unwrap();
        assert!(fit.objective < 1e-20, "{}", fit.objective);
    }

    #[test]
    fn bad_input_is_named() {
        let a = array![[1.0, 2.0]];
        let solve = |a: &Array2<f64>, b: Array1<f64>, ridge| {
            simplex_least_squares(a.view(), b.view(), ridge).unwrap_err()
        };
        assert!(matches!(
            solve(&Array2::zeros((2, 0)), array![1.0, 1.0], 0.0),
            Error::Empty { .. }
        ));
        assert!(matches!(solve(&a, array![1.0, 1.0], 0.0), Error::Shape { .. }));
        assert!(matches!(solve(&a, array![f64::NAN], 0.0), Error::NotFinite { .. }));
        assert!(matches!(solve(&a, array![1.0], -1.0), Error::Parameter { name: "ridge", .. }));
    }

    proptest! {
        #[test]
        fn no_other_weights_are_better(
            values in proptest::collection::vec(-5.0..5.0, 48),
            b in proptest::collection::vec(-5.0..5.0, 6),
            other in proptest::collection::vec(0.0..1.0, 8),
            ridge in prop_oneof![Just(0.0), 0.0..2.0],
        ) {
            let a = Array2::from_shape_vec((6, 8), values).unwrap();
            let b = Array1::from(b);
            let fit = simplex_least_squares(a.view(), b.view(), ridge).unwrap();
            let objective = |w: &Array1<f64>| {
                let r = a.dot(w) - &b;
                0.5 * (r.dot(&r) + ridge * w.dot(w))
            };
            prop_assert!(fit.weights.iter().all(|w| *w >= 0.0));
            prop_assert!((fit.weights.sum() - 1.0).abs() < 1e-14);
            prop_assert!((objective(&fit.weights) - fit.objective).abs() < 1e-11);
            // The gradient is equal on the support and not lower elsewhere.
            let g = a.t().dot(&(a.dot(&fit.weights) - &b)) + ridge * &fit.weights;
            let level = g.dot(&fit.weights);
            prop_assert!(g.iter().zip(&fit.weights).all(|(g, w)| *g >= level - 1e-9
                && (*w == 0.0 || (g - level).abs() < 1e-9)));
            let mut w = Array1::from(other);
            w /= w.sum();
            prop_assert!(fit.objective <= objective(&w) + 1e-12);
        }
    }
}
