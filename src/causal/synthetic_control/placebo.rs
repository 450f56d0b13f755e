//! Permutation test: every unit plays the treated one, and the true one should stand out.

use super::predictors::by_predictors;
use super::{PredictorWeights, SyntheticControl, by_outcomes, check, rms};
use crate::base::{Test, check_matrix, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

/// A fit before counts as perfect when its error is below this share of the unit's largest value.
const PERFECT: f64 = 1e-9;

/// The gaps of all units, each as if it had been the treated one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlaceboRanks {
    /// Unit minus its synthetic control, shape `(n_times, n_units)`.
    pub gaps: Array2<f64>,
    /// Root mean square gap before the treatment, shape `(n_units,)`.
    pub pre_rmse: Array1<f64>,
    /// Root mean square gap after it, shape `(n_units,)`.
    pub post_rmse: Array1<f64>,
    /// `post_rmse / pre_rmse`, shape `(n_units,)`; infinite where the fit before is perfect.
    pub ratios: Array1<f64>,
    /// The column of the treated unit.
    pub treated: usize,
    /// Number of times before the treatment.
    pub t0: usize,
}

/// Fits a synthetic control to every unit of `all`, shape `(n_times, n_units)`, from all the others;
/// `treated` is the column of the treated unit, `t0` the number of times before the treatment.
///
/// Placebo units may be constant before the treatment or equal to a donor; the treated one may not.
///
/// # Errors
/// As [`super::synthetic_control`] for the treated unit; [`Error::Parameter`] unless `treated` is a column and `t0`
/// leaves two times before and one after; [`Error::TooFewSamples`] for fewer than three units.
///
/// ```
/// use mlnotes::data::prop99;
/// use mlnotes::causal::synthetic_control::placebo_ranks;
/// let panel = prop99();
/// let ranks = placebo_ranks(panel.y.view(), panel.treated, panel.t0)?;
/// // Fitted on outcomes alone, Missouri and Virginia stand out more than California.
/// assert_eq!(ranks.rank(), 3);
/// assert!((ranks.test()?.p_value - 3.0 / 39.0).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Abadie, Diamond & Hainmueller (2010), section 3.4; the treated unit joins the donors of the others.
#[views]
pub fn placebo_ranks(all: ArrayView2<f64>, treated: usize, t0: usize) -> Result<PlaceboRanks> {
    PlaceboRanks::by(all, treated, t0, |unit, donors| {
        let y = all.slice(s![..t0, unit]);
        let donors = all.slice(s![..t0, ..]).select(Axis(1), donors);
        by_outcomes(y, donors.view())
    })
}

/// As [`placebo_ranks`], with `predictors` of shape `(n_predictors, n_units)` weighted as
/// [`PredictorWeights`] says, anew for every unit.
///
/// # Errors
/// As [`placebo_ranks`] and [`super::synthetic_control_with_predictors`].
///
/// # References
/// Abadie, Diamond & Hainmueller (2010), section 3.4.
#[views]
pub fn placebo_ranks_with_predictors(
    all: ArrayView2<f64>,
    predictors: ArrayView2<f64>,
    weights: &PredictorWeights,
    treated: usize,
    t0: usize,
) -> Result<PlaceboRanks> {
    if predictors.ncols() != all.ncols() {
        let (expected, got) =
            (format!("(n_predictors, {})", all.ncols()), format!("{:?}", predictors.dim()));
        return Err(Error::Shape {
            what: "placebo_ranks_with_predictors: `predictors`",
            expected,
            got,
        });
    }
    PlaceboRanks::by(all, treated, t0, |unit, donors| {
        let outcomes = all.slice(s![..t0, ..]).select(Axis(1), donors);
        by_predictors(
            all.slice(s![..t0, unit]),
            outcomes.view(),
            predictors.column(unit),
            predictors.select(Axis(1), donors).view(),
            weights,
        )
    })
}

impl PlaceboRanks {
    fn by(
        all: ArrayView2<f64>,
        treated: usize,
        t0: usize,
        fit: impl Fn(usize, &[usize]) -> Result<SyntheticControl> + Sync,
    ) -> Result<Self> {
        check_matrix("placebo_ranks: `all`", all)?;
        let (n_times, n_units) = all.dim();
        if n_units < 3 {
            return Err(Error::TooFewSamples {
                what: "placebo_ranks: `all`, transposed,",
                needed: 3,
                got: n_units,
            });
        }
        let bad = |name, rule, got: usize| {
            Err(Error::Parameter { estimator: "placebo_ranks", name, rule, got: got.to_string() })
        };
        if treated >= n_units {
            return bad("treated", "a column of `all`", treated);
        }
        if t0 < 2 || t0 >= n_times {
            return bad("t0", ">= 2 and below the number of times", t0);
        }
        let others: Vec<usize> = (0..n_units).filter(|&j| j != treated).collect();
        let before = all.slice(s![..t0, ..]);
        let names = [
            "placebo_ranks",
            "placebo_ranks: the treated unit before the treatment",
            "placebo_ranks: the donors before the treatment",
        ];
        check(names, before.column(treated), before.select(Axis(1), &others).view())?;
        let gaps: Vec<Array1<f64>> = (0..n_units)
            .into_par_iter()
            .map(|unit| {
                let donors: Vec<usize> = (0..n_units).filter(|&j| j != unit).collect();
                let control = fit(unit, &donors)?;
                Ok(&all.column(unit) - &all.select(Axis(1), &donors).dot(&control.weights))
            })
            .collect::<Result<_>>()?;
        let gaps = Array2::from_shape_fn((n_times, n_units), |(t, j)| gaps[j][t]);
        let over = |part: ArrayView2<f64>| part.map_axis(Axis(0), rms);
        let pre_rmse = over(gaps.slice(s![..t0, ..]));
        let post_rmse = over(gaps.slice(s![t0.., ..]));
        let largest = all.map_axis(Axis(0), |y| y.fold(0.0_f64, |a, b| a.max(b.abs())));
        let ratios = Array1::from_shape_fn(n_units, |j| {
            let perfect = pre_rmse[j] <= PERFECT * largest[j];
            if perfect { f64::INFINITY } else { post_rmse[j] / pre_rmse[j] }
        });
        Ok(Self { gaps, pre_rmse, post_rmse, ratios, treated, t0 })
    }

    /// The treated unit's place by ratio, from 1; ties go against it.
    pub fn rank(&self) -> usize {
        let own = self.ratios[self.treated];
        self.ratios.iter().filter(|ratio| **ratio >= own).count()
    }

    /// Ratio of root mean square gaps after and before as the statistic; its p-value is the share of
    /// units, the treated one among them, with a ratio at least as large. The effect is the treated
    /// unit's mean gap after.
    ///
    /// The smallest p-value there can be is `1 / n_units`.
    ///
    /// # Errors
    /// [`Error::ZeroVariance`] when the donors reproduce the treated unit exactly before the treatment:
    /// the ratio then has no scale; take more times before, or fewer donors.
    pub fn test(&self) -> Result<Test> {
        self.test_within(f64::INFINITY)
    }

    /// The test among those units only whose error before is at most `factor` times the treated unit's:
    /// a unit without a good fit before says nothing about chance.
    ///
    /// # Errors
    /// As [`PlaceboRanks::test`]; [`Error::Parameter`] for a factor below 1.
    pub fn test_within(&self, factor: f64) -> Result<Test> {
        if factor.is_nan() || factor < 1.0 {
            return Err(Error::Parameter {
                estimator: "PlaceboRanks::test_within",
                name: "factor",
                rule: ">= 1",
                got: factor.to_string(),
            });
        }
        let own = self.ratios[self.treated];
        if own.is_infinite() {
            let what = "PlaceboRanks: the treated unit's gap before the treatment";
            return Err(Error::ZeroVariance { what, col: None, value: 0.0 });
        }
        let limit = factor * self.pre_rmse[self.treated];
        let kept = self.ratios.iter().zip(&self.pre_rmse).filter(|(_, rmse)| **rmse <= limit);
        let (mut n, mut as_large) = (0.0, 0.0);
        for (ratio, _) in kept {
            n += 1.0;
            as_large += f64::from(u8::from(*ratio >= own));
        }
        let effect = self.gaps.slice(s![self.t0.., self.treated]).mean().unwrap_or(0.0);
        Ok(Test::new(own, as_large / n).with_effect(effect))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Five units on noisy common paths; the last jumps by 9 at time 6.
    fn world() -> Array2<f64> {
        Array2::from_shape_fn((9, 5), |(t, j)| {
            let noise = ((t * 31 + j * 17) % 13) as f64 / 13.0;
            let jump = if j == 4 && t >= 6 { 9.0 } else { 0.0 };
            3.0 + (j as f64) * 0.1 + (t as f64).sin() + noise + jump
        })
    }

    #[test]
    fn the_jump_stands_out_and_the_least_p_value_is_one_in_n() {
        let ranks = placebo_ranks(world().view(), 4, 6).unwrap();
        let test = ranks.test().unwrap();
        assert_eq!(ranks.rank(), 1);
        // No difference of two noises is larger than 12/13.
        assert!(
            (test.p_value - 0.2).abs() < 1e-15 && (test.effect - 9.0).abs() < 12.0 / 13.0,
            "{test:?}"
        );
        assert!((test.statistic - ranks.post_rmse[4] / ranks.pre_rmse[4]).abs() < 1e-12);
        let kept = ranks.test_within(1.0).unwrap();
        assert!(kept.p_value >= test.p_value);
    }

    #[test]
    fn a_perfect_fit_has_no_ratio() {
        // Unit 0 is the mean of the two others at all three times before.
        let all = array![[2.0, 1.0, 3.0], [4.0, 5.0, 3.0], [1.0, 2.0, 0.0], [9.0, 1.0, 1.0]];
        let ranks = placebo_ranks(all.view(), 0, 3).unwrap();
        assert!(ranks.ratios[0].is_infinite());
        assert!(ranks.test().unwrap_err().to_string().contains("gap before"));
    }

    #[test]
    fn only_the_treated_unit_must_move() {
        let mut all = world();
        all.column_mut(2).slice_mut(s![..6]).fill(3.0);
        assert!(placebo_ranks(all.view(), 4, 6).is_ok());
        assert!(matches!(placebo_ranks(all.view(), 2, 6), Err(Error::ZeroVariance { .. })));
    }

    #[test]
    fn bad_input_is_named() {
        let all = world();
        let fails = |treated, t0| placebo_ranks(all.view(), treated, t0).unwrap_err();
        assert!(matches!(fails(5, 6), Error::Parameter { name: "treated", .. }));
        assert!(matches!(fails(0, 1), Error::Parameter { name: "t0", .. }));
        assert!(matches!(fails(0, 9), Error::Parameter { name: "t0", .. }));
        let two = all.slice(s![.., ..2]);
        assert!(matches!(placebo_ranks(two, 0, 6), Err(Error::TooFewSamples { got: 2, .. })));
        let ranks = placebo_ranks(all.view(), 4, 6).unwrap();
        assert!(matches!(ranks.test_within(0.5), Err(Error::Parameter { name: "factor", .. })));
    }
}
