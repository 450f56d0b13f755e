//! The assignment problem: give every row its own column so that the total cost is least.
//!
//! ```text
//! minimise Σᵢ c[i, σ(i)]  over one-to-one σ          n rows, m ≥ n columns
//! dual:  maximise Σᵢ uᵢ + Σⱼ vⱼ  with  uᵢ + vⱼ ≤ c[i, j],  vⱼ ≤ 0
//! ```
//!
//! Rows come in one at a time. Each looks for the cheapest chain "I take your column, you take another"
//! that ends in a free column: Dijkstra's algorithm on the reduced costs `c − u − v ≥ 0`, whose potentials
//! are then updated so that they stay non-negative. Cost `O(n² m)` at worst, far less as a rule.
//!
//! The potentials are the proof: wherever `uᵢ + vⱼ ≤ c[i, j]` holds with equality on the chosen pairs and
//! `vⱼ = 0` on the free columns, no assignment is cheaper.
//!
//! # References
//! Kuhn (1955); Jonker & Volgenant (1987); Crouse (2016), *On implementing 2D rectangular assignment
//! algorithms*, for rectangular costs.

use crate::base::{check_matrix, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView2};

/// The cheapest assignment, with the potentials that prove it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Assignment {
    /// The column of each row, all different, shape `(n_rows,)`.
    pub columns: Vec<usize>,
    /// The total cost.
    pub cost: f64,
    /// Potentials `u` of the rows, shape `(n_rows,)`.
    pub row_potential: Array1<f64>,
    /// Potentials `v` of the columns, shape `(n_columns,)`; at most 0, and 0 where no row sits.
    pub column_potential: Array1<f64>,
}

/// Assigns each row of `cost`, shape `(n_rows, n_columns)`, a column of its own at the least total cost.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], and [`Error::Shape`] for more rows than columns.
///
/// ```
/// use mlnotes::causal::assign;
/// // The first row's favourite is the second's only bearable one.
/// let best = assign(ndarray::array![[1.0, 2.0, 9.0], [1.0, 8.0, 9.0]].view())?;
/// assert_eq!((best.columns, best.cost), (vec![1, 0], 3.0));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn assign(cost: ArrayView2<f64>) -> Result<Assignment> {
    const WHAT: &str = "assign: `cost`";
    check_matrix(WHAT, cost)?;
    let (n, m) = cost.dim();
    if n > m {
        let expected = format!("({n}, {n}) or wider, as every row needs a column of its own");
        return Err(Error::Shape { what: WHAT, expected, got: format!("({n}, {m})") });
    }
    let mut solver = Solver {
        cost,
        u: Array1::zeros(n),
        v: Array1::zeros(m),
        column_of: vec![None; n],
        row_of: vec![None; m],
    };
    for row in 0..n {
        check_interrupt();
        solver.add(row);
    }
    let columns: Vec<usize> = solver.column_of.into_iter().flatten().collect();
    let total = columns.iter().enumerate().map(|(i, &j)| cost[[i, j]]).sum();
    Ok(Assignment { columns, cost: total, row_potential: solver.u, column_potential: solver.v })
}

struct Solver<'a> {
    cost: ArrayView2<'a, f64>,
    u: Array1<f64>,
    v: Array1<f64>,
    column_of: Vec<Option<usize>>,
    row_of: Vec<Option<usize>>,
}

impl Solver<'_> {
    /// Finds the cheapest chain from `start` to a free column and moves everybody along it.
    fn add(&mut self, start: usize) {
        let m = self.v.len();
        let mut length = vec![f64::INFINITY; m];
        let mut previous = vec![start; m];
        let mut open: Vec<usize> = (0..m).collect();
        // Columns whose shortest chain is known.
        let mut closed = Vec::new();
        let (mut row, mut reached) = (start, 0.0);
        let end = loop {
            let mut best = 0;
            for (place, &j) in open.iter().enumerate() {
                let through = reached + self.cost[[row, j]] - self.u[row] - self.v[j];
                if through < length[j] {
                    length[j] = through;
                    previous[j] = row;
                }
                let least = length[open[best]];
                // Among equals a free column ends the search at once.
                let ends = length[j] <= least && self.row_of[j].is_none();
                if length[j] < least || ends {
                    best = place;
                }
            }
            // Open columns never run out: there are at least as many columns as rows.
            let j = open.swap_remove(best);
            reached = length[j];
            closed.push(j);
            match self.row_of[j] {
                None => break j,
                Some(next) => row = next,
            }
        };
        self.u[start] += reached;
        for &j in &closed {
            if let Some(i) = self.row_of[j] {
                self.u[i] += reached - length[j];
                self.v[j] -= reached - length[j];
            }
        }
        let mut j = end;
        loop {
            let i = previous[j];
            self.row_of[j] = Some(i);
            match self.column_of[i].replace(j) {
                Some(before) => j = before,
                None => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    #[test]
    fn more_rows_than_columns_and_nan_are_refused() {
        let error = assign(array![[1.0], [2.0]].view()).unwrap_err();
        assert!(matches!(error, Error::Shape { .. }), "{error}");
        let nan = assign(array![[f64::NAN]].view()).unwrap_err();
        assert!(matches!(nan, Error::NotFinite { .. }), "{nan}");
        assert_eq!(assign(array![[-3.0]].view()).unwrap().columns, [0]);
    }

    proptest! {
        /// Duality is the certificate: feasible potentials with complementary slackness.
        #[test]
        fn the_potentials_prove_the_optimum(
            n in 1_usize..9,
            extra in 0_usize..6,
            values in proptest::collection::vec(-4_i32..5, 9 * 15),
        ) {
            let m = n + extra;
            // Small whole numbers: ties everywhere.
            let cost = Array2::from_shape_fn((n, m), |(i, j)| f64::from(values[i * m + j]));
            let best = assign(cost.view()).unwrap();
            let (u, v) = (&best.row_potential, &best.column_potential);
            let mut taken = vec![false; m];
            for (i, &j) in best.columns.iter().enumerate() {
                prop_assert!(!std::mem::replace(&mut taken[j], true));
                prop_assert!((u[i] + v[j] - cost[[i, j]]).abs() < 1e-12);
            }
            for ((i, j), c) in cost.indexed_iter() {
                prop_assert!(u[i] + v[j] <= c + 1e-12);
            }
            for j in 0..m {
                prop_assert!(v[j] <= 1e-12 && (taken[j] || v[j].abs() < 1e-12));
            }
            prop_assert!((u.sum() + v.sum() - best.cost).abs() < 1e-9);
        }
    }
}
