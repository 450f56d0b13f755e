//! Sequential minimal optimisation of the dual for two classes.
//!
//! ```text
//! Fᵢ = yᵢ − Σⱼ αⱼ yⱼ Kᵢⱼ                                 slope of the dual along yᵢ
//! may rise:  αᵢ yᵢ can grow;    may fall:  it can shrink
//! optimal    when  max_{may rise} F − min_{may fall} F ≤ tol
//! i = argmax_{may rise} F,    j = argmax over those that may fall of (Fᵢ − Fⱼ)² / (Kᵢᵢ + Kⱼⱼ − 2 Kᵢⱼ)
//! step t     (Fᵢ − Fⱼ) / (Kᵢᵢ + Kⱼⱼ − 2 Kᵢⱼ), cut where αᵢ or αⱼ meets 0 or C:
//!            αᵢ yᵢ += t,   αⱼ yⱼ −= t,   F −= t (K·ᵢ − K·ⱼ)
//! ```

use ndarray::{Array1, ArrayView2};

/// Stands in for a curvature that is 0, as of two equal rows with different labels.
const TAU: f64 = 1e-12;

/// The dual's solution.
pub(super) struct Solution {
    /// `αᵢ yᵢ`.
    pub(super) signed: Array1<f64>,
    /// `b`.
    pub(super) intercept: f64,
    /// `Σ α − ½ Σ α α y y K`.
    pub(super) objective: f64,
    /// Steps made.
    pub(super) n_iter: usize,
    /// What is left of `max F − min F`; above `tol` when the steps ran out.
    pub(super) gap: f64,
}

/// Solves for the kernel matrix `k`, `(n, n)`, and signs `y`, both present, with the box `[0, cᵢ]` for each row.
pub(super) fn solve(
    k: ArrayView2<f64>,
    y: &[f64],
    c: &[f64],
    tol: f64,
    max_iter: usize,
) -> Solution {
    let n = y.len();
    let mut alpha = vec![0.0; n];
    let mut f = y.to_vec();
    let mut n_iter = 0;
    loop {
        if n_iter % 1024 == 0 {
            crate::display::check_interrupt();
        }
        let room_up = |i: usize| if y[i] > 0.0 { c[i] - alpha[i] } else { alpha[i] };
        let room_down = |i: usize| if y[i] > 0.0 { alpha[i] } else { c[i] - alpha[i] };
        let (i, j, gap) = working_set(k, &f, room_up, room_down);
        if gap <= tol || n_iter == max_iter {
            return finish(y, &alpha, &f, c, n_iter, gap);
        }
        let curvature = (k[[i, i]] + k[[j, j]] - 2.0 * k[[i, j]]).max(TAU);
        let (up, down) = (room_up(i), room_down(j));
        let t = ((f[i] - f[j]) / curvature).min(up).min(down);
        // A multiplier that meets a bound is put on it exactly, or it would look free for ever.
        let moved = |i: usize, by: f64, at_bound: bool| match (at_bound, y[i] * by > 0.0) {
            (true, true) => c[i],
            (true, false) => 0.0,
            (false, _) => alpha[i] + y[i] * by,
        };
        let (next_i, next_j) = (moved(i, t, t >= up), moved(j, -t, t >= down));
        alpha[i] = next_i;
        alpha[j] = next_j;
        for ((f, &ki), &kj) in f.iter_mut().zip(k.row(i)).zip(k.row(j)) {
            *f -= t * (ki - kj);
        }
        n_iter += 1;
    }
}

/// The pair of the largest second-order gain, and the violation that is left.
fn working_set(
    k: ArrayView2<f64>,
    f: &[f64],
    room_up: impl Fn(usize) -> f64,
    room_down: impl Fn(usize) -> f64,
) -> (usize, usize, f64) {
    let (mut i, mut highest) = (0, f64::NEG_INFINITY);
    for (t, &f) in f.iter().enumerate() {
        if f > highest && room_up(t) > 0.0 {
            (i, highest) = (t, f);
        }
    }
    let (mut j, mut best, mut lowest) = (i, 0.0, f64::INFINITY);
    for (t, &f) in f.iter().enumerate() {
        if room_down(t) > 0.0 {
            lowest = f.min(lowest);
            let slope = highest - f;
            let gain = slope * slope / (k[[i, i]] + k[[t, t]] - 2.0 * k[[i, t]]).max(TAU);
            if slope > 0.0 && gain > best {
                (j, best) = (t, gain);
            }
        }
    }
    (i, j, highest - lowest)
}

/// On the margin `F = b`; without a row there, `b` is the middle of what the others allow.
fn finish(y: &[f64], alpha: &[f64], f: &[f64], c: &[f64], n_iter: usize, gap: f64) -> Solution {
    let (mut sum, mut free) = (0.0, 0.0);
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
    for (((&y, &a), &f), &c) in y.iter().zip(alpha).zip(f).zip(c) {
        if a > 0.0 && a < c {
            sum += f;
            free += 1.0;
        } else if (a <= 0.0) == (y > 0.0) {
            low = low.max(f);
        } else {
            high = high.min(f);
        }
    }
    let signed: Array1<f64> = y.iter().zip(alpha).map(|(y, a)| y * a).collect();
    // Σⱼ αⱼ yⱼ Kᵢⱼ = yᵢ − Fᵢ, so that no product with the matrix is needed.
    let quadratic: f64 = signed.iter().zip(y).zip(f).map(|((s, y), f)| s * (y - f)).sum();
    Solution {
        intercept: if free > 0.0 { sum / free } else { f64::midpoint(low, high) },
        objective: alpha.iter().sum::<f64>() - 0.5 * quadratic,
        signed,
        n_iter,
        gap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    #[test]
    fn two_points_by_hand() {
        // x = ±1: w = 1 and b = 0, so α = ½ each and the dual is ½.
        let k = array![[1.0, -1.0], [-1.0, 1.0]];
        let s = solve(k.view(), &[1.0, -1.0], &[10.0; 2], 1e-10, 100);
        assert!((s.signed[0] - 0.5).abs() < 1e-12 && (s.signed[1] + 0.5).abs() < 1e-12);
        assert!(s.intercept.abs() < 1e-12 && (s.objective - 0.5).abs() < 1e-12);
        // With C below ½ the box holds both.
        let s = solve(k.view(), &[1.0, -1.0], &[0.2; 2], 1e-10, 100);
        assert_eq!(s.signed, array![0.2, -0.2]);
    }

    #[test]
    fn equal_rows_of_two_classes_end_at_the_bound() {
        let s = solve(Array2::ones((3, 3)).view(), &[1.0, -1.0, -1.0], &[2.0; 3], 1e-6, 1000);
        assert!(s.gap <= 1e-6 && s.signed.iter().all(|a| a.is_finite()) && s.intercept.is_finite());
        assert!((s.signed[0] - 2.0).abs() < 1e-12 && s.intercept <= -1.0 + 1e-9);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// The multipliers balance, stay in the box, and primal and dual meet.
        #[test]
        fn duality_holds(
            cells in proptest::collection::vec(-2.0..2.0f64, 60),
            c in 0.05..20.0f64,
        ) {
            let x = Array2::from_shape_vec((30, 2), cells).unwrap();
            let y: Vec<f64> = (0..30).map(|i| if i % 3 == 0 { 1.0 } else { -1.0 }).collect();
            let k = x.dot(&x.t());
            let s = solve(k.view(), &y, &[c; 30], 1e-9, 1_000_000);
            prop_assert!(s.gap <= 1e-9);
            prop_assert!(s.signed.sum().abs() < 1e-9);
            prop_assert!(s.signed.iter().zip(&y).all(|(s, y)| (0.0..=c).contains(&(s * y))));
            let w = x.t().dot(&s.signed);
            let hinge: f64 = x.dot(&w).iter().zip(&y)
                .map(|(f, y)| (1.0 - y * (f + s.intercept)).max(0.0)).sum();
            let primal = 0.5 * w.dot(&w) + c * hinge;
            prop_assert!((primal - s.objective).abs() < 1e-6 * primal.max(1.0), "{primal}");
        }
    }
}
