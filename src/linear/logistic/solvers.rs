//! The ways down: each minimises the same objective over `θ = (w, b)`, and records its path if asked.

use super::loss::{gradient, hessian, loss};
use crate::base::{stream, to_column};
use crate::optim::{self, max_norm};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};
use rand::seq::SliceRandom;
use std::ops::Range;

/// The smooth part of the objective, in `θ = (w, b)`; without an intercept `b` stays 0.
pub(super) struct Objective<'a> {
    pub x: ArrayView2<'a, f64>,
    pub y: ArrayView1<'a, f64>,
    /// A weight a row, of mean 1.
    pub weights: ArrayView1<'a, f64>,
    pub l2: f64,
    pub fit_intercept: bool,
}

impl Objective<'_> {
    pub(super) fn n_features(&self) -> usize {
        self.x.ncols()
    }

    pub(super) fn value(&self, theta: ArrayView1<f64>) -> f64 {
        let (w, b) = split(theta);
        loss(w, b, self.x, self.y, self.weights) + 0.5 * self.l2 * w.dot(&w)
    }

    pub(super) fn gradient(&self, theta: ArrayView1<f64>) -> Array1<f64> {
        self.gradient_on(0..self.y.len(), theta)
    }

    /// The gradient on some of the rows, which is what a stochastic step looks at.
    fn gradient_on(&self, rows: Range<usize>, theta: ArrayView1<f64>) -> Array1<f64> {
        let (w, b) = split(theta);
        let x = self.x.slice(s![rows.clone(), ..]);
        let (y, v) = (self.y.slice(s![rows.clone()]), self.weights.slice(s![rows]));
        let (gw, gb) = gradient(w, b, x, y, v);
        let mut g = Array1::zeros(theta.len());
        g.slice_mut(s![..w.len()]).assign(&(gw + &w * self.l2));
        g[w.len()] = if self.fit_intercept { gb } else { 0.0 };
        g
    }

    pub(super) fn hessian(&self, theta: ArrayView1<f64>) -> Array2<f64> {
        let (w, b) = split(theta);
        let d = w.len();
        let mut h = hessian(w, b, self.x, self.weights);
        h.slice_mut(s![..d, ..d]).diag_mut().mapv_inplace(|v| v + self.l2);
        if !self.fit_intercept {
            h.slice_mut(s![d, ..]).fill(0.0);
            h.slice_mut(s![.., d]).fill(0.0);
            h[[d, d]] = 1.0;
        }
        h
    }
}

pub(super) fn split(theta: ArrayView1<f64>) -> (ArrayView1<f64>, f64) {
    let d = theta.len() - 1;
    (theta.slice_move(s![..d]), theta[d])
}

/// When to stop, and what to record on the way.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub max_iter: usize,
    /// Size of the gradient, in the maximum norm, at which to stop.
    pub tol: f64,
    pub keep_history: bool,
}

/// What a solver leaves behind.
pub(super) struct Run {
    pub theta: Array1<f64>,
    /// Steps made.
    pub n_iter: usize,
    /// Every point visited, the start included, if it was to be kept.
    pub path: Option<Vec<Array1<f64>>>,
    pub converged: bool,
    /// Size of the last gradient (or proximal step), in the maximum norm.
    pub change: f64,
}

impl Run {
    fn start(theta: Array1<f64>, limits: Limits) -> Self {
        let path = limits.keep_history.then(|| vec![theta.clone()]);
        Self { theta, n_iter: 0, path, converged: false, change: f64::INFINITY }
    }

    fn step_to(&mut self, theta: Array1<f64>) {
        if let Some(path) = &mut self.path {
            path.push(theta.clone());
        }
        self.theta = theta;
        self.n_iter += 1;
    }

    /// Notes the size of the gradient and says whether it is small enough to stop.
    fn measure(&mut self, g: &Array1<f64>, tol: f64) -> bool {
        crate::display::check_interrupt();
        self.change = max_norm(g);
        self.converged = self.change <= tol;
        self.converged
    }
}

/// `θ ← θ − η ∇L(θ)`.
pub(super) fn gradient_descent(objective: &Objective, rate: f64, limits: Limits) -> Run {
    let mut run = Run::start(Array1::zeros(objective.n_features() + 1), limits);
    for _ in 0..limits.max_iter {
        let g = objective.gradient(run.theta.view());
        if run.measure(&g, limits.tol) {
            break;
        }
        let next = &run.theta - &(g * rate);
        run.step_to(next);
    }
    run
}

/// One sample a step, in a new random order each epoch, `ηₜ = η / (1 + t)` for epoch `t` (Robbins–Monro).
pub(super) fn stochastic(objective: &Objective, rate: f64, limits: Limits, seed: u64) -> Run {
    let mut run = Run::start(Array1::zeros(objective.n_features() + 1), limits);
    let mut rng = stream(seed, 0);
    let mut order: Vec<usize> = (0..objective.y.len()).collect();
    for epoch in 0..limits.max_iter {
        if run.measure(&objective.gradient(run.theta.view()), limits.tol) {
            break;
        }
        let step = rate / (1.0 + epoch as f64);
        order.shuffle(&mut rng);
        let mut theta = run.theta.clone();
        for &i in &order {
            theta = &theta - &(objective.gradient_on(i..i + 1, theta.view()) * step);
        }
        run.step_to(theta);
    }
    run
}

/// Newton's method, which for this loss is iteratively reweighted least squares:
/// `θ ← θ − t H⁻¹ ∇L(θ)`, the step `t` halved until the loss falls enough.
///
/// When the Hessian is numerically singular (collinear columns, or saturated probabilities) a small
/// multiple of the identity is added, which turns the step toward the gradient.
pub(super) fn newton(objective: &Objective, limits: Limits) -> Run {
    let mut run = Run::start(Array1::zeros(objective.n_features() + 1), limits);
    let mut value = objective.value(run.theta.view());
    for _ in 0..limits.max_iter {
        let g = objective.gradient(run.theta.view());
        if run.measure(&g, limits.tol) {
            return run;
        }
        let Some(direction) = solve_damped(&objective.hessian(run.theta.view()), &g) else { break };
        let slope = -g.dot(&direction);
        let accepted = (0..60).map(|k| 0.5f64.powi(k)).find_map(|t| {
            let next = &run.theta - &(&direction * t);
            let next_value = objective.value(next.view());
            (next_value <= value + 1e-4 * t * slope).then_some((next, next_value))
        });
        let Some((next, next_value)) = accepted else {
            // At the limit of rounding no step lowers the loss any more.
            break;
        };
        value = next_value;
        run.step_to(next);
    }
    let g = objective.gradient(run.theta.view());
    run.measure(&g, limits.tol);
    run
}

/// Solves `(H + τ I) v = g` with the least `τ` that Cholesky accepts.
fn solve_damped(h: &Array2<f64>, g: &Array1<f64>) -> Option<Array1<f64>> {
    let n = g.len();
    let scale = h.diag().iter().fold(f64::MIN_POSITIVE, |m, &v| m.max(v));
    let rhs = to_column(g.view());
    [0.0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2].iter().find_map(|damping| {
        let shift = damping * scale;
        let matrix = Mat::from_fn(n, n, |i, j| h[[i, j]] + if i == j { shift } else { 0.0 });
        let v = matrix.llt(Side::Lower).ok()?.solve(&rhs);
        let v = Array1::from_shape_fn(n, |i| v[(i, 0)]);
        v.iter().all(|v| v.is_finite()).then_some(v)
    })
}

/// L-BFGS, whose own record becomes this module's.
pub(super) fn lbfgs(
    f: impl FnMut(ArrayView1<f64>) -> (f64, Array1<f64>),
    start: Array1<f64>,
    limits: Limits,
) -> Run {
    let mut path = limits.keep_history.then(Vec::new);
    let end = optim::lbfgs(f, start, limits.max_iter, limits.tol, |theta, _| {
        if let Some(path) = &mut path {
            path.push(theta.to_owned());
        }
    });
    let (n_iter, converged, change) = (end.n_iter, end.converged, end.change);
    Run { theta: end.x, n_iter, path, converged, change }
}

/// FISTA for an L1 term: a gradient step on the smooth part, soft thresholding of the weights, and
/// momentum that restarts when it points uphill (Beck & Teboulle 2009; O'Donoghue & Candès 2015).
pub(super) fn proximal(objective: &Objective, l1: f64, limits: Limits) -> Run {
    let d = objective.n_features();
    let rate = 1.0 / lipschitz(objective);
    let mut run = Run::start(Array1::zeros(d + 1), limits);
    let mut ahead = run.theta.clone();
    let mut t = 1.0f64;
    for _ in 0..limits.max_iter {
        let g = objective.gradient(ahead.view());
        let mut next = &ahead - &(&g * rate);
        next.slice_mut(s![..d]).mapv_inplace(|v| soft_threshold(v, l1 * rate));
        // The proximal gradient plays the part of the gradient.
        let moved = (&ahead - &next) / rate;
        let done = run.measure(&moved, limits.tol);
        let delta = &next - &run.theta;
        if moved.dot(&delta) < 0.0 || done {
            let t_next = f64::midpoint(1.0, (1.0 + 4.0 * t * t).sqrt());
            ahead = &next + &(&delta * ((t - 1.0) / t_next));
            t = t_next;
        } else {
            ahead.clone_from(&next);
            t = 1.0;
        }
        run.step_to(next);
        if done {
            break;
        }
    }
    run
}

/// `S(v, t) = sign(v) max(|v| − t, 0)`.
fn soft_threshold(v: f64, t: f64) -> f64 {
    v.signum() * (v.abs() - t).max(0.0)
}

/// An upper bound of the curvature: `λ_max(X̃ᵀ V X̃)/4n + λ₂`, since `σ' ≤ 1/4`.
fn lipschitz(objective: &Objective) -> f64 {
    let (n, d) = objective.x.dim();
    let mut gram = Mat::from_fn(d + 1, d + 1, |_, _| 0.0);
    let vx = &objective.x * &objective.weights.insert_axis(ndarray::Axis(1));
    let xtx = objective.x.t().dot(&vx);
    let sums = vx.sum_axis(ndarray::Axis(0));
    for i in 0..d {
        for j in 0..d {
            gram[(i, j)] = xtx[[i, j]];
        }
        gram[(i, d)] = sums[i];
        gram[(d, i)] = sums[i];
    }
    gram[(d, d)] = n as f64;
    let trace: f64 = (0..=d).map(|i| gram[(i, i)]).sum();
    // The trace bounds the largest eigenvalue should the decomposition fail.
    let largest = gram
        .self_adjoint_eigenvalues(Side::Lower)
        .map_or(trace, |values| values.last().copied().unwrap_or(trace));
    largest / (4.0 * n as f64) + objective.l2
}
