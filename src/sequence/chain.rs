//! Sums and maxima over all paths through a chain: what an HMM and a CRF have in common.
//!
//! ```text
//! score of a path y₁ … y_T = Σₜ node[t, yₜ] + Σ_{t≥2} step[yₜ₋₁, yₜ]
//! αₜ(j) = node[t, j] + ln Σᵢ e^{αₜ₋₁(i) + step[i, j]}             forward,  α₁ = node[1]
//! βₜ(i) = ln Σⱼ e^{step[i, j] + node[t+1, j] + βₜ₊₁(j)}            backward, β_T = 0
//! δₜ(j) = node[t, j] + maxᵢ (δₜ₋₁(i) + step[i, j])                  Viterbi: the sum becomes a maximum
//! ```
//!
//! Each pass costs `O(T K²)`. Everything is a logarithm, `-∞` for what is impossible. The inner sums use
//! `e^step` computed once, so a position costs `K` exponentials, not `K²`; a sum so small that its
//! terms may have been flushed to 0 is done again term by term.

use crate::base::log_sum_exp;
use crate::{Error, Result};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// Below this a sum of products may have lost terms to underflow.
const TINY: f64 = 1e-250;

/// Scores of the steps, shape `(K, K)`, ready for the recursions.
pub(super) struct Chain {
    step: Array2<f64>,
    /// `e^{step − shift}`.
    exp: Array2<f64>,
    shift: f64,
}

impl Chain {
    pub(super) fn new(step: Array2<f64>) -> Self {
        let top = largest(step.iter().copied());
        let shift = if top.is_finite() { top } else { 0.0 };
        let exp = step.mapv(|v| (v - shift).exp());
        Self { step, exp, shift }
    }

    /// `α`, shape `(T, K)`.
    pub(super) fn forward(&self, node: ArrayView2<f64>) -> Array2<f64> {
        let (n, k) = node.dim();
        let mut alpha: Vec<f64> = node.iter().copied().collect();
        let (mut weights, mut sums) = (vec![0.0; k], vec![0.0; k]);
        for t in 1..n {
            let (past, rest) = alpha.split_at_mut(t * k);
            let before = &past[(t - 1) * k..];
            let top = from_top(before, &mut weights);
            sums.fill(0.0);
            for (weight, row) in weights.iter().zip(self.exp.rows()) {
                sums.iter_mut().zip(row).for_each(|(sum, e)| *sum += weight * e);
            }
            for (j, (value, sum)) in rest[..k].iter_mut().zip(&sums).enumerate() {
                *value += if *sum > TINY {
                    top + self.shift + sum.ln()
                } else {
                    log_sum_exp((&ArrayView1::from(before) + &self.step.column(j)).view())
                };
            }
        }
        Array2::from_shape_vec((n, k), alpha).unwrap_or_default()
    }

    /// `β`, shape `(T, K)`.
    pub(super) fn backward(&self, node: ArrayView2<f64>) -> Array2<f64> {
        let (n, k) = node.dim();
        let mut beta = Array2::zeros((n, k));
        let (mut after, mut weights) = (vec![0.0; k], vec![0.0; k]);
        for t in (1..n).rev() {
            let both = node.row(t).into_iter().zip(beta.row(t));
            after.iter_mut().zip(both).for_each(|(a, (v, b))| *a = v + b);
            let top = from_top(&after, &mut weights);
            for (i, value) in beta.row_mut(t - 1).iter_mut().enumerate() {
                let sum: f64 = self.exp.row(i).iter().zip(&weights).map(|(e, w)| e * w).sum();
                *value = if sum > TINY {
                    top + self.shift + sum.ln()
                } else {
                    log_sum_exp((&ArrayView1::from(&after) + &self.step.row(i)).view())
                };
            }
        }
        beta
    }

    /// Adds the expected number of steps `i → j`, given the sequence, to `counts`, shape `(K, K)`:
    /// `Σₜ e^{αₜ₋₁(i) + step[i, j] + node[t, j] + βₜ(j) − ln Z}`.
    pub(super) fn add_steps(
        &self,
        node: ArrayView2<f64>,
        passes: (&Array2<f64>, &Array2<f64>),
        log_z: f64,
        counts: &mut Array2<f64>,
    ) {
        /// `e^600` times anything at most 1 stays finite.
        const SAFE: f64 = 600.0;
        let (alpha, beta) = passes;
        let k = node.ncols();
        let (mut from, mut to, mut scaled) = (vec![0.0; k], vec![0.0; k], vec![0.0; k]);
        let mut before = vec![0.0; k];
        for t in 1..node.nrows() {
            before.iter_mut().zip(alpha.row(t - 1)).for_each(|(b, a)| *b = *a);
            let lift = from_top(&before, &mut from) + self.shift;
            let both = node.row(t).into_iter().zip(beta.row(t));
            to.iter_mut().zip(both).for_each(|(to, (v, b))| *to = v + b - log_z);
            let safe = to.iter().all(|v| v + lift < SAFE);
            scaled.iter_mut().zip(&to).for_each(|(s, v)| *s = (v + lift).exp());
            for (i, mut row) in counts.rows_mut().into_iter().enumerate() {
                if safe {
                    let fast = row.iter_mut().zip(self.exp.row(i)).zip(&scaled);
                    fast.for_each(|((count, step), to)| *count += from[i] * step * to);
                } else {
                    let slow = row.iter_mut().zip(self.step.row(i)).zip(&to);
                    slow.for_each(|((count, s), to)| *count += (before[i] + s + to).exp());
                }
            }
        }
    }

    /// The best path (the lower state on a tie) and its score.
    pub(super) fn viterbi(&self, node: ArrayView2<f64>) -> (Vec<usize>, f64) {
        let (n, k) = node.dim();
        let mut best = node.to_owned();
        let mut from = Array2::<usize>::zeros((n, k));
        for t in 1..n {
            for j in 0..k {
                let steps = best.row(t - 1).into_iter().zip(self.step.column(j));
                let (i, score) = arg_max(steps.map(|(before, step)| before + step));
                best[[t, j]] += score;
                from[[t, j]] = i;
            }
        }
        let (mut state, score) = arg_max(best.row(n - 1).iter().copied());
        let mut path = vec![state; n];
        for t in (1..n).rev() {
            state = from[[t, state]];
            path[t - 1] = state;
        }
        (path, score)
    }

    /// The score of one path.
    pub(super) fn score(&self, node: ArrayView2<f64>, path: &[usize]) -> f64 {
        let nodes: f64 = path.iter().enumerate().map(|(t, &y)| node[[t, y]]).sum();
        nodes + path.windows(2).map(|y| self.step[[y[0], y[1]]]).sum::<f64>()
    }
}

/// `ln Z` from the forward pass, or where the last path ended.
pub(super) fn log_total(what: &'static str, alpha: &Array2<f64>) -> Result<f64> {
    let last = alpha.row(alpha.nrows() - 1);
    let total = log_sum_exp(last);
    if total.is_finite() {
        return Ok(total);
    }
    let alive = |row: &ArrayView1<f64>| row.iter().any(|v| *v > f64::NEG_INFINITY);
    let position = alpha.axis_iter(Axis(0)).take_while(alive).count();
    Err(Error::NoSolution {
        what,
        problem: format!(
            "the sequence has probability 0: no path of states survives position {position}"
        ),
        remedy: "smooth the counts, or check the symbol there",
    })
}

/// `γₜ(k) = e^{αₜ(k) + βₜ(k) − ln Z}`, shape `(T, K)`; each row sums to 1.
pub(super) fn marginals(alpha: &Array2<f64>, beta: &Array2<f64>, log_z: f64) -> Array2<f64> {
    (alpha + beta - log_z).mapv_into(f64::exp)
}

/// Writes `e^{v − max v}` and returns the maximum (0 when nothing is possible).
fn from_top(v: &[f64], out: &mut [f64]) -> f64 {
    let top = largest(v.iter().copied());
    let shift = if top.is_finite() { top } else { 0.0 };
    out.iter_mut().zip(v).for_each(|(out, v)| *out = (v - shift).exp());
    shift
}

fn largest(v: impl Iterator<Item = f64>) -> f64 {
    v.fold(f64::NEG_INFINITY, f64::max)
}

fn arg_max(v: impl Iterator<Item = f64>) -> (usize, f64) {
    v.enumerate().fold(
        (0, f64::NEG_INFINITY),
        |best, (i, value)| {
            if value > best.1 { (i, value) } else { best }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    fn power(k: usize, t: usize) -> usize {
        std::iter::repeat_n(k, t).product()
    }

    /// Every path with its score.
    fn all_paths(chain: &Chain, node: &Array2<f64>) -> Vec<(Vec<usize>, f64)> {
        let (n, k) = node.dim();
        let digits = |code: usize| (0..n).map(move |t| code / power(k, t) % k).collect();
        let paths = (0..power(k, n)).map(digits);
        paths.map(|path: Vec<usize>| (path.clone(), chain.score(node.view(), &path))).collect()
    }

    proptest! {
        #[test]
        fn the_recursions_are_the_sums_over_all_paths(
            steps in proptest::collection::vec(-3.0..3.0, 9),
            nodes in proptest::collection::vec(-3.0..3.0, 15),
        ) {
            let chain = Chain::new(Array2::from_shape_vec((3, 3), steps).unwrap());
            let node = Array2::from_shape_vec((5, 3), nodes).unwrap();
            let paths = all_paths(&chain, &node);
            let scores: Array1<f64> = paths.iter().map(|p| p.1).collect();
            let log_z = log_sum_exp(scores.view());
            let (alpha, beta) = (chain.forward(node.view()), chain.backward(node.view()));
            prop_assert!((log_total("", &alpha).unwrap() - log_z).abs() < 1e-10);
            let gamma = marginals(&alpha, &beta, log_z);
            let mut steps = Array2::zeros((3, 3));
            chain.add_steps(node.view(), (&alpha, &beta), log_z, &mut steps);
            let (mut seen, mut moved) = (Array2::<f64>::zeros((5, 3)), Array2::<f64>::zeros((3, 3)));
            for (path, score) in &paths {
                let p = (score - log_z).exp();
                path.iter().enumerate().for_each(|(t, &y)| seen[[t, y]] += p);
                path.windows(2).for_each(|y| moved[[y[0], y[1]]] += p);
            }
            prop_assert!((gamma - seen).iter().all(|d| d.abs() < 1e-10));
            prop_assert!((steps - moved).iter().all(|d| d.abs() < 1e-10));
            let (path, score) = chain.viterbi(node.view());
            let top = largest(scores.iter().copied());
            prop_assert!((score - top).abs() < 1e-10);
            prop_assert!((chain.score(node.view(), &path) - top).abs() < 1e-10);
        }
    }

    #[test]
    fn a_path_that_underflows_beside_a_better_one_is_not_lost() {
        // State 1 is e^-800 as likely at first, yet only it can produce the second position.
        let never = f64::NEG_INFINITY;
        let chain = Chain::new(array![[0.0, never], [never, 0.0]]);
        let node = array![[0.0, -800.0], [never, 0.0]];
        let alpha = chain.forward(node.view());
        assert!((log_total("", &alpha).unwrap() + 800.0).abs() < 1e-12);
        let beta = chain.backward(node.view());
        let mut steps = Array2::zeros((2, 2));
        chain.add_steps(node.view(), (&alpha, &beta), -800.0, &mut steps);
        assert!((steps[[1, 1]] - 1.0).abs() < 1e-12, "{steps}");
    }

    #[test]
    fn the_position_where_the_last_path_ends_is_named() {
        let never = f64::NEG_INFINITY;
        let chain = Chain::new(array![[0.0, never], [never, 0.0]]);
        let alpha = chain.forward(array![[0.0, never], [0.0, 0.0], [never, 0.0]].view());
        let error = log_total("test", &alpha).unwrap_err();
        assert!(matches!(error, Error::NoSolution { .. }), "{error}");
        assert!(error.to_string().contains("position 2"), "{error}");
    }
}
