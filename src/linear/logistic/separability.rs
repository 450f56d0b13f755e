//! Can a hyperplane tell the two classes apart without a mistake?

use super::design::{check_design, check_labels};
use crate::Result;
use crate::base::views;
use faer::Mat;
use faer::linalg::solvers::SolveLstsq;
use ndarray::{Array1, Array2, ArrayView2, s};

/// Whether some `(w, b)` has `wᵀxᵢ + b > 0` for every row of class 1 and `< 0` for every row of class 0.
/// `x` is `(n_samples, n_features)`, `y` holds 0 and 1.
///
/// Unpenalised logistic regression has no finite optimum then: scaling `(w, b)` up always helps. By
/// Gordan's theorem the alternative is that a convex combination of the rows `aᵢ = ±(xᵢ, 1)` is 0.
/// Non-negative least squares looks for that combination; the residual it is left with is the
/// separating hyperplane, and the answer is yes only when that hyperplane is checked on every row.
///
/// # Errors
/// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Shape`],
/// [`crate::Error::Label`], [`crate::Error::SingleClass`].
///
/// # Example
/// ```
/// use mlnotes::linear::logistic::is_linearly_separable;
/// use ndarray::array;
/// let x = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
/// assert!(is_linearly_separable(x.view(), &[0, 0, 0, 1])?); // AND
/// assert!(!is_linearly_separable(x.view(), &[0, 1, 1, 0])?); // XOR
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Albert & Anderson (1984), Biometrika 71; Lawson & Hanson, Solving Least Squares Problems (1974),
/// chapter 23.
#[views]
pub fn is_linearly_separable(x: ArrayView2<f64>, y: &[usize]) -> Result<bool> {
    check_design("is_linearly_separable: `x`", x, x.ncols())?;
    check_labels("is_linearly_separable: `y`", y, x.nrows(), 2, "0 or 1")?;
    let (n, d) = x.dim();
    // Rows of unlike units would leave the least-squares problems badly conditioned.
    let scale = x.map_axis(ndarray::Axis(0), |c| {
        let largest = c.iter().fold(0.0f64, |m, v| m.max(v.abs()));
        if largest > 0.0 { largest } else { 1.0 }
    });
    let mut a = Array2::ones((n, d + 1));
    a.slice_mut(s![.., ..d]).assign(&(&x / &scale));
    for (mut row, &label) in a.rows_mut().into_iter().zip(y) {
        if label == 0 {
            row.mapv_inplace(|v| -v);
        }
    }
    let normal = separating_direction(&a);
    Ok(a.dot(&normal).iter().all(|&margin| margin > 0.0))
}

/// Minimises `‖Aᵀλ‖² + (1 − Σλ)²` over `λ ≥ 0` by Lawson and Hanson's active sets; returns `−u`, where
/// `u = −Aᵀλ` is the residual. The optimality conditions say `aᵢ·u ≤ −(1 − Σλ)` for every row, so a
/// residual that is not 0 separates.
fn separating_direction(a: &Array2<f64>) -> Array1<f64> {
    let (n, width) = a.dim();
    let mut lambda = Array1::<f64>::zeros(n);
    let mut passive: Vec<usize> = Vec::new();
    let residual = |lambda: &Array1<f64>| (a.t().dot(lambda), 1.0 - lambda.sum());
    for _ in 0..3 * n.max(width) {
        crate::display::check_interrupt();
        let (combination, rest) = residual(&lambda);
        let pull = a.dot(&combination).mapv(|v| rest - v);
        let best =
            (0..n).filter(|i| !passive.contains(i)).max_by(|&i, &j| pull[i].total_cmp(&pull[j]));
        let Some(entering) = best.filter(|&i| pull[i] > 1e-13) else { break };
        passive.push(entering);
        loop {
            let solution = least_squares(a, &passive);
            let blocking = passive.iter().zip(&solution).filter(|(_, z)| **z <= 0.0);
            let step = blocking
                .map(|(&i, z)| lambda[i] / (lambda[i] - z))
                .min_by(f64::total_cmp)
                .filter(|t| t.is_finite());
            let Some(step) = step else {
                lambda.fill(0.0);
                passive.iter().zip(&solution).for_each(|(&i, &z)| lambda[i] = z.max(0.0));
                break;
            };
            for (&i, z) in passive.iter().zip(&solution) {
                lambda[i] += step * (z - lambda[i]);
            }
            passive.retain(|&i| lambda[i] > 1e-15);
            if passive.is_empty() {
                break;
            }
        }
    }
    residual(&lambda).0
}

/// Least squares for the passive columns of `[Aᵀ; 1ᵀ] λ = [0; 1]`.
fn least_squares(a: &Array2<f64>, passive: &[usize]) -> Vec<f64> {
    let width = a.ncols();
    let m =
        Mat::from_fn(
            width + 1,
            passive.len(),
            |r, c| if r < width { a[[passive[c], r]] } else { 1.0 },
        );
    let rhs = Mat::from_fn(width + 1, 1, |r, _| if r < width { 0.0 } else { 1.0 });
    if passive.len() > width + 1 {
        return vec![0.0; passive.len()];
    }
    let solution = m.col_piv_qr().solve_lstsq(&rhs);
    (0..passive.len()).map(|i| solution[(i, 0)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use ndarray::array;

    #[test]
    fn a_planted_margin_is_found_and_one_flipped_label_destroys_it() {
        let centers = array![[-3.0, 0.0, 1.0], [3.0, 1.0, 0.0]];
        for seed in 0..10 {
            let (x, mut y) = data::blobs(60, centers.view(), 0.5, seed).unwrap();
            assert!(is_linearly_separable(x.view(), &y).unwrap(), "seed {seed}");
            // The row nearest the middle of its own cloud takes the wrong label: it lies inside the
            // hull of the others, so no plane can cut it out.
            let distance = |i: usize| {
                let gap = &x.row(i) - &centers.row(0);
                gap.dot(&gap)
            };
            let deep =
                (0..60).filter(|&i| y[i] == 0).min_by(|&i, &j| distance(i).total_cmp(&distance(j)));
            y[deep.unwrap()] = 1;
            assert!(!is_linearly_separable(x.view(), &y).unwrap(), "seed {seed}");
        }
    }

    #[test]
    fn real_sets_have_known_answers() {
        let iris = data::iris();
        let setosa: Vec<usize> = iris.y.iter().map(|&c| usize::from(c == 0)).collect();
        let versicolor: Vec<usize> = iris.y.iter().map(|&c| usize::from(c == 1)).collect();
        assert!(is_linearly_separable(iris.x.view(), &setosa).unwrap());
        assert!(!is_linearly_separable(iris.x.view(), &versicolor).unwrap());
    }
}
