//! Synthetic control from predictors: which of them must match is itself a set of weights.

use super::{SyntheticControl, check};
use crate::base::{check_matrix, check_vector, views};
use crate::causal::simplex::{SimplexFit, simplex_least_squares};
use crate::display::check_interrupt;
use crate::linear::ols::LinearRegression;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, concatenate};

/// How much each predictor counts: the diagonal of `V`.
///
/// `V` is not identified: many choices give the same donor weights, and none is right in itself.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum PredictorWeights {
    /// All the same.
    Equal,
    /// From regressions of the outcome at each time before on the predictors over all units:
    /// `vₕ = Σₜ βₕₜ² / Σₕₜ βₕₜ²`. The default of Stata's `synth`, and fast.
    #[default]
    Regression,
    /// Those whose donor weights fit the outcome before best, searched by the simplex method of Nelder &
    /// Mead from the two choices above. The valley has many ends: the answer is a good one, not the best.
    Nested,
    /// These, non-negative and not all 0, shape `(n_predictors,)`.
    Given(Array1<f64>),
}

/// Fits the donor weights so that predictors match, weighted by `V`; each is first divided by its
/// standard deviation over all units:
///
/// ```text
/// w(V) = argmin Σₕ vₕ (x₁ₕ − Σⱼ wⱼ xₕⱼ)²      w ≥ 0, Σ w = 1
/// ```
///
/// Shapes: `y1_pre` `(t₀,)`, `donors_pre` `(t₀, n_donors)`, `x1` `(n_predictors,)`, `x0`
/// `(n_predictors, n_donors)`.
///
/// # Errors
/// As [`super::synthetic_control`]; [`Error::ZeroVariance`] for a predictor without spread;
/// [`Error::Parameter`] for given weights that are negative or all 0; for
/// [`PredictorWeights::Regression`] whatever least squares refuses, such as more predictors than units.
///
/// # Example
/// The only predictor says that the treated unit is halfway between its donors:
/// ```
/// use mlnotes::causal::synthetic_control::{
///     PredictorWeights, synthetic_control_with_predictors,
/// };
/// use ndarray::array;
/// let control = synthetic_control_with_predictors(
///     array![1.0, 2.0].view(), array![[0.0, 3.0], [1.0, 4.0]].view(),
///     array![5.0].view(), array![[4.0, 6.0]].view(), &PredictorWeights::Equal,
/// )?;
/// assert!((control.weights[0] - 0.5).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Abadie, Diamond & Hainmueller (2010), section 2.3; (2011), section 2.2, for the regression.
#[views]
pub fn synthetic_control_with_predictors(
    y1_pre: ArrayView1<f64>,
    donors_pre: ArrayView2<f64>,
    x1: ArrayView1<f64>,
    x0: ArrayView2<f64>,
    weights: &PredictorWeights,
) -> Result<SyntheticControl> {
    let names = [
        "synthetic_control_with_predictors",
        "synthetic_control_with_predictors: `y1_pre`",
        "synthetic_control_with_predictors: `donors_pre`",
    ];
    check(names, y1_pre, donors_pre)?;
    by_predictors(y1_pre, donors_pre, x1, x0, weights)
}

pub(super) fn by_predictors(
    y1_pre: ArrayView1<f64>,
    donors_pre: ArrayView2<f64>,
    x1: ArrayView1<f64>,
    x0: ArrayView2<f64>,
    weights: &PredictorWeights,
) -> Result<SyntheticControl> {
    let problem = Problem::new(y1_pre, donors_pre, x1, x0)?;
    let n = x1.len();
    let v = match weights {
        PredictorWeights::Equal => Array1::from_elem(n, 1.0 / n as f64),
        PredictorWeights::Regression => problem.by_regression()?,
        PredictorWeights::Nested => problem.by_search()?,
        PredictorWeights::Given(v) => given(v, n)?,
    };
    let fit = problem.donor_weights(v.view())?;
    let mut control = SyntheticControl::new(fit.weights, y1_pre, donors_pre, fit.gap);
    control.predictor_weights = Some(v);
    Ok(control)
}

struct Problem {
    /// Outcomes before: the treated unit's, `(t₀,)`, the donors', `(t₀, j)`.
    y1: Array1<f64>,
    donors: Array2<f64>,
    /// Predictors over their standard deviations: the treated unit's, `(p,)`, the donors', `(p, j)`.
    x1: Array1<f64>,
    x0: Array2<f64>,
}

impl Problem {
    fn new(
        y1: ArrayView1<f64>,
        donors: ArrayView2<f64>,
        x1: ArrayView1<f64>,
        x0: ArrayView2<f64>,
    ) -> Result<Self> {
        const WHAT: &str = "synthetic_control_with_predictors: `x0`";
        check_vector("synthetic_control_with_predictors: `x1`", x1)?;
        check_matrix(WHAT, x0)?;
        if x0.dim() != (x1.len(), donors.ncols()) {
            let expected = format!("({}, {})", x1.len(), donors.ncols());
            return Err(Error::Shape { what: WHAT, expected, got: format!("{:?}", x0.dim()) });
        }
        let n = x0.ncols() as f64 + 1.0;
        let mean = (&x0.sum_axis(Axis(1)) + &x1) / n;
        let squares = (&x0 - &mean.view().insert_axis(Axis(1))).mapv(|d| d * d).sum_axis(Axis(1));
        let sd = ((squares + (&x1 - &mean).mapv(|d| d * d)) / (n - 1.0)).mapv(f64::sqrt);
        if let Some(col) = sd.iter().position(|sd| *sd <= 0.0) {
            let what = "synthetic_control_with_predictors: `x0`, transposed";
            return Err(Error::ZeroVariance { what, col: Some(col), value: x1[col] });
        }
        let x0 = &x0 / &sd.view().insert_axis(Axis(1));
        Ok(Self { y1: y1.to_owned(), donors: donors.to_owned(), x1: &x1 / &sd, x0 })
    }

    fn donor_weights(&self, v: ArrayView1<f64>) -> Result<SimplexFit> {
        let root = v.mapv(f64::sqrt);
        let x0 = &self.x0 * &root.view().insert_axis(Axis(1));
        simplex_least_squares(x0.view(), (&self.x1 * &root).view(), 0.0)
    }

    /// Mean squared gap of the outcome before, with the donor weights that `v` gives.
    fn loss(&self, v: ArrayView1<f64>) -> Result<f64> {
        let gap = &self.y1 - &self.donors.dot(&self.donor_weights(v)?.weights);
        Ok(gap.dot(&gap) / gap.len() as f64)
    }

    fn by_regression(&self) -> Result<Array1<f64>> {
        let column = self.x1.view().insert_axis(Axis(1));
        // Both have a row a predictor.
        let x = concatenate(Axis(1), &[self.x0.view(), column]).unwrap_or_default();
        let mut v = Array1::<f64>::zeros(self.x1.len());
        for (t, &y1) in self.y1.iter().enumerate() {
            let mut y = self.donors.row(t).to_vec();
            y.push(y1);
            let fit = LinearRegression::params().fit(x.t(), Array1::from(y).view())?;
            v += &fit.coef.mapv(|b| b * b);
        }
        let sum = v.sum();
        Ok(v / sum)
    }

    fn by_search(&self) -> Result<Array1<f64>> {
        let n = self.x1.len();
        let mut starts = vec![Array1::from_elem(n, 1.0 / n as f64)];
        starts.extend(self.by_regression().ok());
        let mut best: Option<(f64, Array1<f64>)> = None;
        for start in starts {
            let (loss, at) =
                nelder_mead(&start.mapv(f64::sqrt), |at| self.loss(on_simplex(at).view()))?;
            if best.as_ref().is_none_or(|b| loss < b.0) {
                best = Some((loss, on_simplex(&at)));
            }
        }
        Ok(best.map_or_else(|| Array1::from_elem(n, 1.0 / n as f64), |b| b.1))
    }
}

/// `vₕ = θₕ² / Σ θ²`: any `θ` but 0 is allowed, and the borders are inside.
fn on_simplex(theta: &Array1<f64>) -> Array1<f64> {
    let squares = theta.mapv(|t| t * t);
    let sum = squares.sum().max(f64::MIN_POSITIVE);
    squares / sum
}

fn given(v: &Array1<f64>, n: usize) -> Result<Array1<f64>> {
    if v.len() != n {
        let (expected, got) = (format!("({n},)"), format!("({},)", v.len()));
        return Err(Error::Shape {
            what: "synthetic_control_with_predictors: `weights`",
            expected,
            got,
        });
    }
    if v.iter().any(|v| !v.is_finite() || *v < 0.0) || v.sum() <= 0.0 {
        return Err(Error::Parameter {
            estimator: "synthetic_control_with_predictors",
            name: "weights",
            rule: "finite, >= 0 and not all 0",
            got: format!("{v}"),
        });
    }
    Ok(v / v.sum())
}

/// The simplex method of Nelder & Mead (1965) with its usual coefficients; minimum and its place.
fn nelder_mead(
    start: &Array1<f64>,
    f: impl Fn(&Array1<f64>) -> Result<f64>,
) -> Result<(f64, Array1<f64>)> {
    const STEP: f64 = 0.1;
    let n = start.len();
    let mut corners = vec![(f(start)?, start.clone())];
    for i in 0..n {
        let mut at = start.clone();
        at[i] += STEP;
        corners.push((f(&at)?, at));
    }
    for _ in 0..200 * n {
        check_interrupt();
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, worst) = (corners[0].0, corners[n].0);
        if worst - best <= 1e-10 * best.abs() {
            break;
        }
        let centre = corners[..n].iter().fold(Array1::zeros(n), |sum, c| sum + &c.1) / n as f64;
        let along = |by: f64| &centre + &((&centre - &corners[n].1) * by);
        let try_at = |at: Array1<f64>| Ok::<_, Error>((f(&at)?, at));
        let reflected = try_at(along(1.0))?;
        let replaced = if reflected.0 < best {
            let further = try_at(along(2.0))?;
            if further.0 < reflected.0 { Some(further) } else { Some(reflected) }
        } else if reflected.0 < corners[n - 1].0 {
            Some(reflected)
        } else {
            let inside = try_at(along(if reflected.0 < worst { 0.5 } else { -0.5 }))?;
            (inside.0 < worst.min(reflected.0)).then_some(inside)
        };
        if let Some(corner) = replaced {
            corners[n] = corner;
            continue;
        }
        let to = corners[0].1.clone();
        for corner in &mut corners[1..] {
            corner.1 = (&corner.1 + &to) / 2.0;
            corner.0 = f(&corner.1)?;
        }
    }
    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(corners.swap_remove(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn world() -> (Array1<f64>, Array2<f64>, Array1<f64>, Array2<f64>) {
        let x0 = Array2::from_shape_fn((3, 7), |(h, j)| ((h + 2) * (j + 1) * 5 % 11) as f64);
        let truth = array![0.4, 0.0, 0.35, 0.0, 0.25, 0.0, 0.0];
        // The outcome depends on the first two predictors only.
        let load = array![[1.0, 0.5, 0.0], [0.7, 1.0, 0.0], [1.2, 0.1, 0.0], [0.3, 0.9, 0.0]];
        let donors = load.dot(&x0);
        let mut x1 = x0.dot(&truth);
        let y1 = load.dot(&x1);
        x1[2] += 4.0;
        (y1, donors, x1, x0)
    }

    #[test]
    fn the_search_leaves_out_what_does_not_matter() {
        let (y1, donors, x1, x0) = world();
        let fit = |v: &PredictorWeights| {
            synthetic_control_with_predictors(y1.view(), donors.view(), x1.view(), x0.view(), v)
                .unwrap()
        };
        let equal = fit(&PredictorWeights::Equal);
        let nested = fit(&PredictorWeights::Nested);
        let regression = fit(&PredictorWeights::Regression);
        assert!(nested.pre_rmse <= equal.pre_rmse.min(regression.pre_rmse) + 1e-9);
        assert!(regression.predictor_weights.unwrap()[2] < 1e-20 && regression.pre_rmse < 1e-9);
        // Only the ratio of given weights counts.
        let double = fit(&PredictorWeights::Given(array![2.0, 2.0, 2.0]));
        assert!((&double.weights - &equal.weights).iter().all(|d| d.abs() < 1e-12));
    }

    #[test]
    fn nelder_mead_finds_the_valley_of_rosenbrock() {
        let f = |x: &Array1<f64>| Ok((1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2));
        let (value, at) = nelder_mead(&array![-1.2, 1.0], f).unwrap();
        assert!(value < 1e-10 && (at[0] - 1.0).abs() < 1e-4, "{value} {at}");
    }

    #[test]
    fn bad_input_is_named() {
        let (y1, donors, x1, x0) = world();
        let fails = |x1: &Array1<f64>, x0: &Array2<f64>, v| {
            synthetic_control_with_predictors(y1.view(), donors.view(), x1.view(), x0.view(), &v)
                .unwrap_err()
        };
        let equal = PredictorWeights::Equal;
        assert!(matches!(fails(&array![1.0], &x0, equal.clone()), Error::Shape { .. }));
        let flat = fails(&array![1.0, 2.0, 2.0], &array![[1.0; 7], [2.0; 7], [3.0; 7]], equal);
        assert!(matches!(flat, Error::ZeroVariance { col: Some(0), .. }));
        let negative = PredictorWeights::Given(array![1.0, -1.0, 0.0]);
        assert!(matches!(fails(&x1, &x0, negative), Error::Parameter { name: "weights", .. }));
        let short = PredictorWeights::Given(array![1.0]);
        assert!(matches!(fails(&x1, &x0, short), Error::Shape { .. }));
    }
}
