//! L-BFGS: quasi-Newton steps from the last ten changes of the gradient, for many unknowns.
//!
//! ```text
//! xₜ₊₁ = xₜ − t H gₜ        H: inverse Hessian that maps each yᵢ = gᵢ₊₁ − gᵢ to sᵢ = xᵢ₊₁ − xᵢ
//! accept t when  f(xₜ₊₁) ≤ f(xₜ) − 10⁻⁴ t gₜᵀ H gₜ      else halve it
//! ```
//!
//! `H` is never formed: the two-loop recursion applies it in `O(m n)` for `m` stored pairs. On a convex
//! objective the end is the global minimum, elsewhere a stationary point.
//!
//! # References
//! Liu & Nocedal (1989); Nocedal & Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5.

use ndarray::{Array1, ArrayView1};

/// Pairs of steps and changes of the gradient that are kept.
const MEMORY: usize = 10;

/// Where [`lbfgs`] ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Minimum {
    /// The last point, shape `(n,)`.
    pub x: Array1<f64>,
    /// The objective there.
    pub value: f64,
    /// Largest absolute entry of the gradient there.
    pub change: f64,
    /// Steps made.
    pub n_iter: usize,
    /// Whether `change <= tol`.
    pub converged: bool,
}

/// Minimises `f`, which gives value and gradient, from `start`, shape `(n,)`, until the largest
/// absolute entry of the gradient is at most `tol`, or `max_iter` steps are made, or no step along the
/// direction lowers the value any more. `watch` sees every point visited with its value, the start
/// included. A value of NaN or infinity rejects a step.
///
/// ```
/// use mlnotes::optim::lbfgs;
/// use ndarray::{ArrayView1, array};
/// // Rosenbrock's valley: minimum 0 at (1, 1).
/// let valley = |x: ArrayView1<f64>| {
///     let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
///     (a * a + 100.0 * b * b, array![-2.0 * a - 400.0 * x[0] * b, 200.0 * b])
/// };
/// let mut values = Vec::new();
/// let end = lbfgs(valley, array![-1.2, 1.0], 200, 1e-9, |_, value| values.push(value));
/// assert!(end.converged && (end.x[0] - 1.0).abs() < 1e-7);
/// assert!(values.windows(2).all(|v| v[1] <= v[0]) && values.len() == end.n_iter + 1);
/// ```
pub fn lbfgs(
    mut f: impl FnMut(ArrayView1<f64>) -> (f64, Array1<f64>),
    start: Array1<f64>,
    max_iter: usize,
    tol: f64,
    mut watch: impl FnMut(ArrayView1<f64>, f64),
) -> Minimum {
    let mut x = start;
    let (mut value, mut g) = f(x.view());
    watch(x.view(), value);
    let mut n_iter = 0;
    let mut pairs: Vec<(Array1<f64>, Array1<f64>)> = Vec::new();
    for _ in 0..max_iter {
        crate::display::check_interrupt();
        if max_norm(&g) <= tol {
            break;
        }
        let mut direction = two_loop(&pairs, &g);
        if direction.dot(&g) <= 0.0 {
            pairs.clear();
            direction.clone_from(&g);
        }
        // The first step has no curvature to scale it.
        let first = if pairs.is_empty() { 1.0 / max_norm(&g).max(1.0) } else { 1.0 };
        let slope = direction.dot(&g);
        let accepted = (0..60).map(|k| first * 0.5f64.powi(k)).find_map(|t| {
            let next = &x - &(&direction * t);
            let (next_value, next_g) = f(next.view());
            // Near the minimum the value no longer changes within rounding; the gradient still tells.
            let level = next_value <= value + 4.0 * f64::EPSILON * value.abs();
            let falls = next_value <= value - 1e-4 * t * slope;
            let accept = falls || (level && next_g.dot(&next_g) < g.dot(&g));
            accept.then_some((next, next_value, next_g))
        });
        let Some((next, next_value, next_g)) = accepted else { break };
        let (step, bend) = (&next - &x, &next_g - &g);
        // A pair without positive curvature would spoil the positive definite model.
        if step.dot(&bend) > 1e-12 * step.dot(&step).sqrt() * bend.dot(&bend).sqrt() {
            if pairs.len() == MEMORY {
                pairs.remove(0);
            }
            pairs.push((step, bend));
        }
        (x, value, g) = (next, next_value, next_g);
        n_iter += 1;
        watch(x.view(), value);
    }
    let change = max_norm(&g);
    Minimum { x, value, change, n_iter, converged: change <= tol }
}

/// The largest absolute entry; NaN when one is.
pub(crate) fn max_norm(v: &Array1<f64>) -> f64 {
    v.iter().fold(0.0, |m, x| if x.is_nan() { f64::NAN } else { x.abs().max(m) })
}

/// `H g` by the stored pairs `(s, y)`, newest last.
fn two_loop(pairs: &[(Array1<f64>, Array1<f64>)], g: &Array1<f64>) -> Array1<f64> {
    let mut q = g.clone();
    let mut alphas = Vec::with_capacity(pairs.len());
    for (s, y) in pairs.iter().rev() {
        let alpha = s.dot(&q) / s.dot(y);
        q.scaled_add(-alpha, y);
        alphas.push(alpha);
    }
    if let Some((s, y)) = pairs.last() {
        q *= s.dot(y) / y.dot(y);
    }
    for ((s, y), alpha) in pairs.iter().zip(alphas.into_iter().rev()) {
        let beta = y.dot(&q) / s.dot(y);
        q.scaled_add(alpha - beta, s);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// `½ Σ cᵢ (xᵢ − i)²`.
    fn bowl(x: ArrayView1<f64>) -> (f64, Array1<f64>) {
        let c = array![1.0, 10.0, 1e4];
        let shift = &x - &array![0.0, 1.0, 2.0];
        (0.5 * (&c * &shift * &shift).sum(), c * shift)
    }

    #[test]
    fn a_quadratic_is_solved_to_its_minimum() {
        let end = lbfgs(bowl, array![5.0, -5.0, 5.0], 100, 1e-10, |_, _| ());
        assert!(end.converged && end.n_iter < 40, "{end:?}");
        assert!((&end.x - &array![0.0, 1.0, 2.0]).iter().all(|d| d.abs() < 1e-9));
    }

    #[test]
    fn a_start_at_the_minimum_stays_there() {
        let end = lbfgs(bowl, array![0.0, 1.0, 2.0], 100, 1e-10, |_, _| ());
        assert!(end.converged && end.n_iter == 0 && end.value < f64::MIN_POSITIVE);
    }

    #[test]
    fn the_limit_of_steps_is_kept_and_told() {
        let end = lbfgs(bowl, array![5.0, -5.0, 5.0], 2, 1e-10, |_, _| ());
        assert!(!end.converged && end.n_iter == 2 && end.change > 1e-10);
    }

    #[test]
    fn a_gradient_of_nan_ends_the_search_unconverged() {
        let end = lbfgs(|x| (f64::NAN, x.mapv(|_| f64::NAN)), array![1.0], 9, 1e-6, |_, _| ());
        assert!(!end.converged && end.change.is_nan());
    }
}
