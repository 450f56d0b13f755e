//! Synthetic control: the weighted mean of untreated units that was like the treated one before.
//!
//! ```text
//! w = argmin Σ_{t ≤ t₀} (y₁ₜ − Σⱼ wⱼ yⱼₜ)²      w ≥ 0, Σ w = 1
//! τₜ = y₁ₜ − Σⱼ wⱼ yⱼₜ                           t > t₀
//! ```
//!
//! The weights are those of the point of the donors' convex hull nearest to the treated unit, exact to
//! rounding ([`super::simplex`]). Nothing is extrapolated: outside the hull the fit before the treatment
//! is bad, and then the effect means nothing.
//!
//! What it rests on: donors that the treatment does not touch (no spill-over), no effect before `t₀` (no
//! anticipation), and a good fit over a long enough time before. It is not conditional independence nor
//! common support; those belong to matching. With more donors than times a perfect fit before comes for
//! free and proves nothing.
//!
//! Weights from predictors stand in `predictors`, permutation tests in `placebo`.
//!
//! # References
//! Abadie & Gardeazabal (2003); Abadie, Diamond & Hainmueller (2010), section 2; Abadie (2021), on when
//! it can be believed.

mod placebo;
mod predictors;

pub use placebo::{PlaceboRanks, placebo_ranks, placebo_ranks_with_predictors};
pub use predictors::{PredictorWeights, synthetic_control_with_predictors};

use super::simplex::simplex_least_squares;
use crate::base::{check_matrix, check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};

/// Weights of the donors, fitted on the time before the treatment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SyntheticControl {
    /// Weights of the donors, shape `(n_donors,)`, non-negative, sum 1; most are exactly 0.
    pub weights: Array1<f64>,
    /// Treated minus synthetic before the treatment, shape `(t₀,)`.
    pub pre_gap: Array1<f64>,
    /// Root mean square of that gap, in the units of the outcome.
    pub pre_rmse: f64,
    /// How far the optimality conditions are from holding, in units of the objective: see
    /// [`super::simplex::SimplexFit::gap`].
    pub optimality: f64,
    /// Weights of the predictors, shape `(n_predictors,)`, sum 1, where there are any.
    pub predictor_weights: Option<Array1<f64>>,
}

/// Fits the weights on outcomes before the treatment: `y1_pre`, shape `(t₀,)`, of the treated unit and
/// `donors_pre`, shape `(t₀, n_donors)`.
///
/// Donors may be collinear or equal: the synthetic series is unique all the same, the weights are then
/// one choice of several.
///
/// # Errors
/// [`Error::Empty`] without donors, [`Error::NotFinite`], [`Error::Shape`], [`Error::TooFewSamples`] for
/// fewer than two times, [`Error::ZeroVariance`] for a treated unit that never moves before the
/// treatment, [`Error::Parameter`] when the treated unit is among the donors.
///
/// ```
/// use mlnotes::data::prop99;
/// use mlnotes::causal::synthetic_control::synthetic_control;
/// use ndarray::s;
/// let (panel, donors) = (prop99(), prop99().donors());
/// let (before, after) = (s![..panel.t0], s![panel.t0..]);
/// let california = panel.treated_outcome();
/// let control = synthetic_control(california.slice(before), donors.slice(s![..panel.t0, ..]))?;
/// let effect = control.effect(california.slice(after), donors.slice(s![panel.t0.., ..]))?;
/// assert!((control.pre_rmse - 1.656).abs() < 1e-3);
/// assert!((effect.mean().unwrap_or(0.0) + 19.514).abs() < 1e-3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Abadie, Diamond & Hainmueller (2010), eq. 2 with the pre-treatment outcomes as predictors.
#[views]
pub fn synthetic_control(
    y1_pre: ArrayView1<f64>,
    donors_pre: ArrayView2<f64>,
) -> Result<SyntheticControl> {
    let names =
        ["synthetic_control", "synthetic_control: `y1_pre`", "synthetic_control: `donors_pre`"];
    check(names, y1_pre, donors_pre)?;
    by_outcomes(y1_pre, donors_pre)
}

fn by_outcomes(y1_pre: ArrayView1<f64>, donors_pre: ArrayView2<f64>) -> Result<SyntheticControl> {
    let fit = simplex_least_squares(donors_pre, y1_pre, 0.0)?;
    Ok(SyntheticControl::new(fit.weights, y1_pre, donors_pre, fit.gap))
}

impl SyntheticControl {
    fn new(
        weights: Array1<f64>,
        y1_pre: ArrayView1<f64>,
        donors_pre: ArrayView2<f64>,
        optimality: f64,
    ) -> Self {
        let pre_gap = &y1_pre - &donors_pre.dot(&weights);
        let pre_rmse = rms(pre_gap.view());
        Self { weights, pre_gap, pre_rmse, optimality, predictor_weights: None }
    }

    /// The synthetic series `Σⱼ wⱼ yⱼₜ`, shape `(n_times,)`, from `donors` of shape
    /// `(n_times, n_donors)`, before or after.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`].
    #[views]
    pub fn synthetic(&self, donors: ArrayView2<f64>) -> Result<Array1<f64>> {
        const WHAT: &str = "SyntheticControl: `donors`";
        check_matrix(WHAT, donors)?;
        if donors.ncols() != self.weights.len() {
            let expected = format!("(n_times, {})", self.weights.len());
            return Err(Error::Shape { what: WHAT, expected, got: format!("{:?}", donors.dim()) });
        }
        Ok(donors.dot(&self.weights))
    }

    /// The effect at each time, treated minus synthetic, shape `(n_times,)`: from `y1_post`, shape
    /// `(n_times,)`, and `donors_post`, shape `(n_times, n_donors)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`].
    #[views]
    pub fn effect(
        &self,
        y1_post: ArrayView1<f64>,
        donors_post: ArrayView2<f64>,
    ) -> Result<Array1<f64>> {
        const WHAT: &str = "SyntheticControl::effect: `y1_post`";
        check_vector(WHAT, y1_post)?;
        let synthetic = self.synthetic(donors_post)?;
        if y1_post.len() != synthetic.len() {
            let (expected, got) =
                (format!("({},)", synthetic.len()), format!("({},)", y1_post.len()));
            return Err(Error::Shape { what: WHAT, expected, got });
        }
        Ok(&y1_post - &synthetic)
    }

    /// The fit again without each donor that has weight, one at a time: its column, and a control whose
    /// weight for it is 0. An effect that hangs on one donor is no effect. Outcomes only; predictors,
    /// if this control had any, are not used.
    ///
    /// # Errors
    /// As [`synthetic_control`]; [`Error::Empty`] when there is only one donor.
    #[views]
    pub fn leave_one_out(
        &self,
        y1_pre: ArrayView1<f64>,
        donors_pre: ArrayView2<f64>,
    ) -> Result<Vec<(usize, Self)>> {
        let names = [
            "SyntheticControl::leave_one_out",
            "SyntheticControl::leave_one_out: `y1_pre`",
            "SyntheticControl::leave_one_out: `donors_pre`",
        ];
        check(names, y1_pre, donors_pre)?;
        self.synthetic(donors_pre)?;
        let with_weight = (0..self.weights.len()).filter(|&j| self.weights[j] > 0.0);
        with_weight
            .map(|left_out| {
                let rest: Vec<usize> = (0..self.weights.len()).filter(|&j| j != left_out).collect();
                let control = synthetic_control(y1_pre, donors_pre.select(Axis(1), &rest).view())?;
                let mut weights = Array1::zeros(self.weights.len());
                rest.iter().zip(&control.weights).for_each(|(&j, &w)| weights[j] = w);
                Ok((left_out, Self { weights, ..control }))
            })
            .collect()
    }
}

/// Every rule of the input.
fn check(
    [estimator, treated, donors]: [&'static str; 3],
    y1_pre: ArrayView1<f64>,
    donors_pre: ArrayView2<f64>,
) -> Result<()> {
    if donors_pre.ncols() == 0 {
        return Err(Error::Empty { what: donors, needed: "1 donor" });
    }
    check_matrix(donors, donors_pre)?;
    check_vector(treated, y1_pre)?;
    let t0 = y1_pre.len();
    if donors_pre.nrows() != t0 {
        let (expected, got) = (format!("({t0}, n_donors)"), format!("{:?}", donors_pre.dim()));
        return Err(Error::Shape { what: donors, expected, got });
    }
    if t0 < 2 {
        return Err(Error::TooFewSamples { what: treated, needed: 2, got: t0 });
    }
    if y1_pre.iter().all(|y| y.total_cmp(&y1_pre[0]).is_eq()) {
        return Err(Error::ZeroVariance { what: treated, col: None, value: y1_pre[0] });
    }
    match donors_pre.columns().into_iter().position(|column| column == y1_pre) {
        Some(j) => Err(Error::Parameter {
            estimator,
            name: "donors_pre",
            rule: "without the treated unit",
            got: format!("`y1_pre` itself as column {j}"),
        }),
        None => Ok(()),
    }
}

/// Root mean square.
fn rms(v: ArrayView1<f64>) -> f64 {
    (v.dot(&v) / v.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn a_mix_of_donors_is_found_and_its_effect_returned() {
        let donors = array![[1.0, 4.0, 9.0], [2.0, 3.0, 1.0], [5.0, 1.0, 2.0], [4.0, 4.0, 8.0]];
        let truth = array![0.3, 0.7, 0.0];
        let treated = donors.dot(&truth);
        let pre = ndarray::s![..3, ..];
        let control =
            synthetic_control(treated.slice(ndarray::s![..3]), donors.slice(pre)).unwrap();
        assert!((&control.weights - &truth).iter().all(|d| d.abs() < 1e-13));
        let post = donors.slice(ndarray::s![3.., ..]);
        let effect = control.effect(array![treated[3] + 2.5].view(), post).unwrap();
        assert!((effect[0] - 2.5).abs() < 1e-12 && control.pre_rmse < 1e-13);
    }

    #[test]
    fn leaving_out_keeps_the_width_and_fits_worse() {
        let donors = Array2::from_shape_fn((8, 4), |(t, j)| ((t * (j + 2) + 3 * j) % 7) as f64);
        let treated =
            donors.dot(&array![0.5, 0.2, 0.3, 0.0]) + array![0.1, 0., 0.2, 0., 0.1, 0., 0., 0.];
        let control = synthetic_control(treated.view(), donors.view()).unwrap();
        let without = control.leave_one_out(treated.view(), donors.view()).unwrap();
        assert_eq!(without.len(), control.weights.iter().filter(|w| **w > 0.0).count());
        for (j, fit) in without {
            assert!(fit.weights[j] == 0.0 && fit.weights.len() == 4);
            assert!(fit.pre_rmse >= control.pre_rmse);
        }
    }

    #[test]
    fn bad_input_is_named() {
        let donors = array![[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]];
        let y = array![1.5, 2.0, 2.5];
        let fails =
            |y: &Array1<f64>, d: &Array2<f64>| synthetic_control(y.view(), d.view()).unwrap_err();
        assert!(matches!(
            fails(&y, &Array2::zeros((3, 0))),
            Error::Empty { needed: "1 donor", .. }
        ));
        assert!(matches!(fails(&array![1.0, 2.0], &donors), Error::Shape { .. }));
        let one = fails(&array![1.0], &array![[2.0]]);
        assert!(matches!(one, Error::TooFewSamples { needed: 2, got: 1, .. }));
        let flat = fails(&array![4.0, 4.0, 4.0], &donors);
        assert!(matches!(flat, Error::ZeroVariance { value: 4.0, .. }));
        assert!(fails(&array![2.0, 1.0, 2.0], &donors).to_string().contains("column 1"));
        assert!(matches!(
            fails(&array![1.0, f64::NAN, 2.0], &donors),
            Error::NotFinite { row: 1, .. }
        ));
        let control = synthetic_control(y.view(), donors.view()).unwrap();
        let wrong = control.effect(y.view(), array![[1.0]].view());
        assert!(matches!(wrong, Err(Error::Shape { .. })));
        let wrong = control.effect(array![1.0].view(), donors.view());
        assert!(matches!(wrong, Err(Error::Shape { .. })));
    }
}
