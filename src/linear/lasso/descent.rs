//! Cyclic coordinate descent, the duality gap, and the two forms of the data.

use super::threshold::soft_threshold;
use crate::display::check_interrupt;
use crate::linear::penalised::means;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

/// Rows that one task adds to `XᵀX`. Fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 4096;
/// Up to here `XᵀX` is worth its `n_features²` numbers (the rule of Friedman et al. 2010).
const GRAM_FEATURES: usize = 500;

/// The two prices, in units of the objective.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prices {
    /// `α ρ`.
    pub l1: f64,
    /// `α (1 − ρ)`.
    pub l2: f64,
}

/// Centred data, in the form that makes an update cheap.
pub(super) struct Design {
    form: Form,
    /// `aⱼ = ‖xⱼ‖²/n`, exactly 0 for a constant column; shape `(n_features,)`.
    scale: Array1<f64>,
    /// `‖y‖²/n`.
    yy: f64,
    x_mean: Array1<f64>,
    y_mean: f64,
}

enum Form {
    /// `XᵀX/n` and `Xᵀy/n`: an update costs `O(n_features)`.
    Gram { gram: Array2<f64>, xy: Array1<f64> },
    /// The columns as rows, `(n_features, n_samples)`: an update costs `O(n_samples)`.
    Columns { xt: Array2<f64>, y: Array1<f64> },
}

impl Design {
    pub(super) fn new(x: ArrayView2<f64>, y: ArrayView1<f64>, fit_intercept: bool) -> Self {
        let (x_mean, y_mean) = means(x, y, fit_intercept);
        let (n, d) = x.dim();
        let yy = y.iter().map(|y| (y - y_mean).powi(2)).sum::<f64>() / n as f64;
        let (form, mut scale) = if n >= d && d <= GRAM_FEATURES {
            let (gram, xy) = moments(x, y, &x_mean, y_mean);
            let scale = gram.diag().to_owned();
            (Form::Gram { gram, xy }, scale)
        } else {
            let centred = &x.t() - &x_mean.view().insert_axis(Axis(1));
            let xt = centred.as_standard_layout().into_owned();
            let scale = xt.map_axis(Axis(1), |c| c.dot(&c) / n as f64);
            (Form::Columns { xt, y: &y - y_mean }, scale)
        };
        // Rounding leaves a constant column with a variance of some ulps of its mean.
        scale.zip_mut_with(&x_mean, |a, m| {
            if *a <= (10.0 * f64::EPSILON * m).powi(2) {
                *a = 0.0;
            }
        });
        Self { form, scale, yy, x_mean, y_mean }
    }

    pub(super) fn n_features(&self) -> usize {
        self.scale.len()
    }

    pub(super) fn intercept(&self, w: ArrayView1<f64>) -> f64 {
        self.y_mean - self.x_mean.dot(&w)
    }
}

/// `X_cᵀ X_c / n` and `X_cᵀ y_c / n`, chunk by chunk, so that the centred data are never held whole.
fn moments(
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    x_mean: &Array1<f64>,
    y_mean: f64,
) -> (Array2<f64>, Array1<f64>) {
    let (n, d) = x.dim();
    let chunks: Vec<_> =
        x.axis_chunks_iter(Axis(0), CHUNK).zip(y.axis_chunks_iter(Axis(0), CHUNK)).collect();
    let parts: Vec<(Array2<f64>, Array1<f64>)> = chunks
        .into_par_iter()
        .map(|(x, y)| {
            let (x, y) = (&x - x_mean, &y - y_mean);
            (x.t().dot(&x), x.t().dot(&y))
        })
        .collect();
    let zero = (Array2::zeros((d, d)), Array1::zeros(d));
    let (gram, xy) = parts.into_iter().fold(zero, |(g, v), (a, b)| (g + a, v + b));
    (gram / n as f64, xy / n as f64)
}

/// Where the descent stands.
pub(super) struct State<'a> {
    design: &'a Design,
    /// The weights `w`, shape `(n_features,)`.
    pub w: Array1<f64>,
    /// What the weights leave: `Xᵀ r/n` with a Gram matrix, else the residuals `r` themselves.
    left: Array1<f64>,
}

/// How a descent ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub n_iter: usize,
    /// Upper bound of what the objective could still fall by.
    pub gap: f64,
    /// Whether the gap, or the movement of the weights, came down to its limit.
    pub converged: bool,
}

impl<'a> State<'a> {
    pub(super) fn at(design: &'a Design, w: Array1<f64>) -> Self {
        let left = match &design.form {
            Form::Gram { gram, xy } => xy - &gram.dot(&w),
            Form::Columns { xt, y } => y - &xt.t().dot(&w),
        };
        Self { design, w, left }
    }

    /// `xⱼᵀ r/n`.
    pub(super) fn gradient(&self, j: usize) -> f64 {
        match &self.design.form {
            Form::Gram { .. } => self.left[j],
            Form::Columns { xt, y } => xt.row(j).dot(&self.left) / y.len() as f64,
        }
    }

    /// Lowers the objective to the duality gap `tol ‖y‖²/n`, starting with the features of `set` and
    /// admitting others as the optimality conditions ask for them.
    pub(super) fn descend(
        &mut self,
        prices: Prices,
        mut set: Vec<usize>,
        max_iter: usize,
        tol: f64,
    ) -> Outcome {
        let goal = tol * self.design.yy;
        let mut n_iter = 0;
        loop {
            check_interrupt();
            let (moved, size) = self.sweep(prices, &set);
            n_iter += 1;
            // Nothing moves but the last bits: no further sweep would do better.
            let settled = moved <= 4.0 * f64::EPSILON * size;
            let gap = self.gap(prices, &set);
            if settled || gap <= goal || n_iter >= max_iter {
                let missing = self.violators(prices, &set);
                if missing.is_empty() || n_iter >= max_iter {
                    let converged = missing.is_empty() && (settled || gap <= goal);
                    return Outcome { n_iter, gap, converged };
                }
                set.extend(missing);
                set.sort_unstable();
                continue;
            }
            // Most features stay at 0: the others are brought to rest on their own first.
            let support: Vec<usize> = set.iter().copied().filter(|&j| self.w[j] != 0.0).collect();
            let rest = (0.1 * goal.sqrt()).max(4.0 * f64::EPSILON * size);
            while n_iter + 1 < max_iter {
                n_iter += 1;
                if self.sweep(prices, &support).0 <= rest {
                    break;
                }
            }
        }
    }

    /// One update of each feature of `set`; the largest move and the largest size of a feature's part in
    /// the prediction, as root mean squares.
    fn sweep(&mut self, prices: Prices, set: &[usize]) -> (f64, f64) {
        let (mut moved, mut size) = (0.0f64, self.design.yy.sqrt());
        for &j in set {
            let root = self.design.scale[j].sqrt();
            moved = moved.max(self.update(prices, j).abs() * root);
            size = size.max(self.w[j].abs() * root);
        }
        (moved, size)
    }

    /// Moves weight `j` to its minimum with the others fixed; returns the step.
    fn update(&mut self, prices: Prices, j: usize) -> f64 {
        let a = self.design.scale[j];
        if a == 0.0 {
            return 0.0;
        }
        let old = self.w[j];
        let new = soft_threshold(self.gradient(j) + a * old, prices.l1) / (a + prices.l2);
        let step = new - old;
        if step != 0.0 {
            self.w[j] = new;
            match &self.design.form {
                Form::Gram { gram, .. } => self.left.scaled_add(-step, &gram.row(j)),
                Form::Columns { xt, .. } => self.left.scaled_add(-step, &xt.row(j)),
            }
        }
        step
    }

    /// Features outside `set` whose weight 0 is not optimal.
    fn violators(&self, prices: Prices, set: &[usize]) -> Vec<usize> {
        if set.len() == self.design.n_features() {
            return Vec::new();
        }
        (0..self.design.n_features())
            .filter(|j| set.binary_search(j).is_err() && self.gradient(*j).abs() > prices.l1)
            .collect()
    }

    /// Primal minus dual objective over the features of `set`.
    ///
    /// With the rows `√(n l2) I` below `X` and zeros below `y` the problem is a lasso, whose dual point is
    /// the residual `r̃`, shrunk by `c` until no feature's `|x̃ⱼᵀ r̃|/n` exceeds `l1`:
    /// `D = c yᵀr/n − c² ‖r̃‖²/(2n)`.
    fn gap(&self, prices: Prices, set: &[usize]) -> f64 {
        let (w, Design { yy, form, .. }) = (&self.w, self.design);
        let (ww, norm1) = (w.dot(w), w.iter().map(|v| v.abs()).sum::<f64>());
        let (yr, rr) = match form {
            Form::Gram { xy, .. } => {
                let yr = yy - w.dot(xy);
                (yr, (yr - w.dot(&self.left)).max(0.0))
            }
            Form::Columns { y, .. } => {
                let n = y.len() as f64;
                (y.dot(&self.left) / n, self.left.dot(&self.left) / n)
            }
        };
        let slope = |&j: &usize| (self.gradient(j) - prices.l2 * w[j]).abs();
        let steepest = set.iter().map(slope).fold(0.0, f64::max);
        let c = if steepest > prices.l1 { prices.l1 / steepest } else { 1.0 };
        let extended = rr + prices.l2 * ww;
        let primal = 0.5 * extended + prices.l1 * norm1;
        (primal - (c * yr - 0.5 * c * c * extended)).max(0.0)
    }
}
