//! Propensity score: the chance of treatment, given the covariates.
//!
//! ```text
//! e(x) = P(T = 1 | X = x) = σ(b + xᵀ w)          here by logistic regression, without a penalty
//! X ⊥ T | e(X)                                     the score balances the covariates
//! ```
//!
//! Rows of one score can be compared as if in a small experiment, if the covariates hold every confounder
//! and the model of the score is right. A better classifier is no better score: a variable that predicts
//! the treatment but not the outcome only takes overlap away.
//!
//! # References
//! Rosenbaum & Rubin (1983), theorems 1 to 3.

use super::check::{arms, check_scores};
use super::metric::independent_columns;
use crate::base::{check_matrix, sigmoid, to_faer, views};
use crate::linear::logistic::{LogisticRegression, logistic_gradient, logistic_hessian};
use crate::{Error, Result};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{Array1, ArrayView1, ArrayView2};

/// The fit has converged when no entry of the gradient of the mean loss is larger.
const GRADIENT_TOLERANCE: f64 = 1e-9;

/// Estimated chance of treatment of each row of `x`, shape `(n_samples, n_features)`; `t` holds 0 and 1.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`], [`Error::EmptyGroup`],
/// [`Error::TooFewSamples`], [`Error::ZeroVariance`], [`Error::Collinear`]; [`Error::NoSupport`] when the
/// covariates tell the treated from the controls without a mistake, so that every score would be 0 or 1;
/// [`Error::NotConverged`] when the scores come close to that.
///
/// ```
/// use ndarray::array;
/// let (x, t) = (array![[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]], [0, 0, 1, 0, 1, 1]);
/// let e = mlnotes::causal::propensity_score(x.view(), &t)?;
/// assert!((e[0] - 1.0 / 3.0).abs() < 1e-9 && (e[5] - 2.0 / 3.0).abs() < 1e-9);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn propensity_score(x: ArrayView2<f64>, t: &[usize]) -> Result<Array1<f64>> {
    const WHAT: &str = "propensity_score: `x`";
    check_matrix(WHAT, x)?;
    arms("propensity_score: `t`", t, x.nrows())?;
    // The same scores in any units, and Newton's steps are better conditioned in these.
    let z = independent_columns(WHAT, x)?;
    let fit = LogisticRegression::params().max_iter(100).fit(z.view(), t);
    let model = fit.map_err(|error| match error {
        Error::Separable { .. } => Error::NoSupport {
            what: WHAT,
            problem: "the covariates tell treated rows from controls without a mistake".to_owned(),
            remedy: "drop the covariate that decides the treatment, or find other controls",
        },
        other => other,
    })?;
    let y: Array1<f64> = t.iter().map(|&t| t as f64).collect();
    let (w, b) = polished(&model, z.view(), y.view())?;
    let e = (z.dot(&w) + b).mapv_into(sigmoid);
    let residual = (&e - &y) / y.len() as f64;
    let change = z.t().dot(&residual).fold(residual.sum().abs(), |a, g| a.max(g.abs()));
    if change > GRADIENT_TOLERANCE {
        return Err(Error::NotConverged {
            estimator: "propensity_score",
            n_iter: model.n_iter,
            change,
            remedy: "scores near 0 or 1: use fewer covariates, or a narrower population",
        });
    }
    Ok(e)
}

/// One more Newton step. The solver stops when the loss falls no longer, which in floating point is at half
/// the digits of the coefficients; the gradient still shows the other half.
fn polished(
    model: &LogisticRegression,
    z: ArrayView2<f64>,
    y: ArrayView1<f64>,
) -> Result<(Array1<f64>, f64)> {
    let (gw, gb) = logistic_gradient(model.coef.view(), model.intercept, z, y, 0.0)?;
    let h = logistic_hessian(model.coef.view(), model.intercept, z, 0.0)?;
    let d = gw.len();
    let gradient = Mat::from_fn(d + 1, 1, |i, _| if i < d { gw[i] } else { gb });
    let Ok(factor) = to_faer(h.view()).llt(Side::Lower) else {
        return Ok((model.coef.clone(), model.intercept));
    };
    let step = factor.solve(&gradient);
    let w = model.coef.iter().enumerate().map(|(i, w)| w - step[(i, 0)]).collect();
    Ok((w, model.intercept - step[(d, 0)]))
}

/// `ln(e / (1 − e))` of scores `e`, shape `(n_samples,)`: the scale on which to match, since it spreads the
/// ends that the score itself squeezes together.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::Probability`], and [`Error::NoSupport`] for a score of exactly 0 or 1.
///
/// ```
/// let logits = mlnotes::causal::logit(ndarray::array![0.5, 0.9].view())?;
/// assert!(logits[0].abs() < 1e-15 && (logits[1] - 9.0_f64.ln()).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn logit(e: ArrayView1<f64>) -> Result<Array1<f64>> {
    const WHAT: &str = "logit: `e`";
    check_scores(WHAT, e, e.len())?;
    refuse_certainty(WHAT, e, 0..e.len())?;
    Ok(e.mapv(|e| e.ln() - (-e).ln_1p()))
}

/// No score is exactly 0 or 1.
pub(super) fn refuse_certainty(
    what: &'static str,
    e: ArrayView1<f64>,
    rows: impl IntoIterator<Item = usize>,
) -> Result<()> {
    match rows.into_iter().find(|&i| e[i] <= 0.0 || e[i] >= 1.0) {
        Some(i) => Err(Error::NoSupport {
            what,
            problem: format!(
                "row {i} has the score {}, so its twin in the other group cannot be",
                e[i]
            ),
            remedy: "trim such rows and say so: the effect is then about the others",
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn scores_balance_the_covariates_by_their_normal_equations() {
        let world = crate::data::confounded_world(500, 0.0, 3).unwrap();
        let e = propensity_score(world.x.view(), &world.t).unwrap();
        let t: Array1<f64> = world.t.iter().map(|&t| t as f64).collect();
        let residual = &t - &e;
        assert!(residual.sum().abs() < 1e-10);
        assert!(world.x.t().dot(&residual).iter().all(|v| v.abs() < 1e-10));
    }

    #[test]
    fn no_overlap_collinearity_and_certainty_are_refused() {
        let x = array![[0.0], [1.0], [2.0], [3.0]];
        let split = propensity_score(x.view(), &[0, 0, 1, 1]).unwrap_err();
        assert!(matches!(split, Error::NoSupport { .. }), "{split}");
        let none = propensity_score(x.view(), &[0; 4]).unwrap_err();
        assert!(matches!(none, Error::EmptyGroup { .. }), "{none}");
        let twice = Array2::from_shape_fn((4, 2), |(i, j)| (i * (j + 1)) as f64);
        let error = propensity_score(twice.view(), &[0, 1, 0, 1]).unwrap_err();
        assert!(matches!(error, Error::Collinear { .. }), "{error}");
        let certain = logit(array![0.3, 1.0].view()).unwrap_err();
        assert!(certain.to_string().contains("row 1 has the score 1"), "{certain}");
        assert!(matches!(logit(array![-0.1].view()), Err(Error::Probability { .. })));
    }
}
