//! Learning-rate schedules: the rate as a function of the step.
//!
//! ```text
//! constant        η
//! step            η · factor^⌊t / every⌋
//! cosine          η_min + ½ (η − η_min)(1 + cos(π t / T)),  η_min from T on
//! warm-up cosine  η (t + 1)/(W + 1) for t < W, then the cosine over the T − W steps that are left
//! inverse         η / (1 + decay · t)
//! ```
//!
//! A schedule serves the optimisation: large steps first, small ones where noise would keep the weights
//! moving about. It is no remedy for overfitting by itself. Steps count from 0, the first update.
//!
//! # References
//! Loshchilov & Hutter (2017), SGDR, eq. 5 (one period, no restart); Goyal et al. (2017), section 2.2
//! (warm-up); Robbins & Monro (1951) for the inverse.

use crate::{Error, Result};
use std::f64::consts::PI;

/// The learning rate at each step; make one by its constructor, which checks the numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// Always `lr`.
    #[non_exhaustive]
    Constant {
        /// The rate.
        lr: f64,
    },
    /// `lr`, times `factor` after every `every` steps.
    #[non_exhaustive]
    Step {
        /// First rate.
        lr: f64,
        /// Steps on each stair.
        every: usize,
        /// What the rate is multiplied by.
        factor: f64,
    },
    /// Half a cosine from `lr` to `min` in `total` steps; stays there.
    #[non_exhaustive]
    Cosine {
        /// First rate.
        lr: f64,
        /// Last rate.
        min: f64,
        /// Steps on the way.
        total: usize,
    },
    /// A straight climb to `lr` in `warmup` steps, then the cosine until `total`.
    #[non_exhaustive]
    WarmupCosine {
        /// Highest rate.
        lr: f64,
        /// Last rate.
        min: f64,
        /// Steps of the climb; step 0 already moves.
        warmup: usize,
        /// Steps of climb and cosine together.
        total: usize,
    },
    /// `lr / (1 + decay t)`.
    #[non_exhaustive]
    Inverse {
        /// First rate.
        lr: f64,
        /// Speed of the fall; half the rate is left after `1/decay` steps.
        decay: f64,
    },
}

impl Schedule {
    /// [`Schedule::Constant`].
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `lr` is finite and > 0.
    pub fn constant(lr: f64) -> Result<Self> {
        check_rate(lr)?;
        Ok(Self::Constant { lr })
    }

    /// [`Schedule::Step`].
    ///
    /// ```
    /// use mlnotes::optim::Schedule;
    /// let stairs = Schedule::step(1.0, 10, 0.5)?;
    /// assert_eq!([0, 9, 10, 25].map(|t| stairs.lr(t)), [1.0, 1.0, 0.5, 0.25]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `lr > 0`, `every >= 1` and `0 < factor <= 1`.
    pub fn step(lr: f64, every: usize, factor: f64) -> Result<Self> {
        check_rate(lr)?;
        if every == 0 {
            return bad("every", ">= 1", every.to_string());
        }
        if !(factor > 0.0 && factor <= 1.0) {
            return bad("factor", "above 0 and at most 1", factor.to_string());
        }
        Ok(Self::Step { lr, every, factor })
    }

    /// [`Schedule::Cosine`].
    ///
    /// Up to `total` it is the closed form of `PyTorch`'s `CosineAnnealingLR`, whose rate would climb again
    /// afterwards.
    ///
    /// ```
    /// use mlnotes::optim::Schedule;
    /// let cosine = Schedule::cosine(1.0, 0.0, 100)?;
    /// assert!((cosine.lr(50) - 0.5).abs() < 1e-15);
    /// assert_eq!((cosine.lr(0), cosine.lr(100), cosine.lr(150)), (1.0, 0.0, 0.0));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `lr > 0`, `0 <= min <= lr` and `total >= 1`.
    pub fn cosine(lr: f64, min: f64, total: usize) -> Result<Self> {
        check_fall(lr, min)?;
        if total == 0 {
            return bad("total", ">= 1", total.to_string());
        }
        Ok(Self::Cosine { lr, min, total })
    }

    /// [`Schedule::WarmupCosine`].
    ///
    /// ```
    /// use mlnotes::optim::Schedule;
    /// let schedule = Schedule::warmup_cosine(1.0, 0.1, 3, 10)?;
    /// assert_eq!([0, 1, 2, 3].map(|t| schedule.lr(t)), [0.25, 0.5, 0.75, 1.0]);
    /// assert_eq!(schedule.lr(10), 0.1);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `lr > 0`, `0 <= min <= lr` and `warmup < total`.
    pub fn warmup_cosine(lr: f64, min: f64, warmup: usize, total: usize) -> Result<Self> {
        check_fall(lr, min)?;
        if warmup >= total {
            return bad("warmup", "below `total`", warmup.to_string());
        }
        Ok(Self::WarmupCosine { lr, min, warmup, total })
    }

    /// [`Schedule::Inverse`].
    ///
    /// ```
    /// use mlnotes::optim::Schedule;
    /// assert_eq!(Schedule::inverse(1.0, 0.01)?.lr(100), 0.5);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `lr > 0` and `decay >= 0`, both finite.
    pub fn inverse(lr: f64, decay: f64) -> Result<Self> {
        check_rate(lr)?;
        if !(decay.is_finite() && decay >= 0.0) {
            return bad("decay", "finite and >= 0", decay.to_string());
        }
        Ok(Self::Inverse { lr, decay })
    }

    /// The rate of step `step`, counted from 0.
    pub fn lr(&self, step: usize) -> f64 {
        match *self {
            Self::Constant { lr } => lr,
            Self::Step { lr, every, factor } => lr * factor.powf((step / every) as f64),
            Self::Cosine { lr, min, total } => cosine(lr, min, step, total),
            Self::WarmupCosine { lr, warmup, .. } if step < warmup => {
                lr * (step + 1) as f64 / (warmup + 1) as f64
            }
            Self::WarmupCosine { lr, min, warmup, total } => {
                cosine(lr, min, step - warmup, total - warmup)
            }
            Self::Inverse { lr, decay } => lr / (1.0 + decay * step as f64),
        }
    }
}

/// Half a cosine from `lr` at step 0 to `min` at `total`, and `min` from there on.
fn cosine(lr: f64, min: f64, step: usize, total: usize) -> f64 {
    if step >= total {
        return min;
    }
    min + 0.5 * (lr - min) * (1.0 + (PI * step as f64 / total as f64).cos())
}

fn check_rate(lr: f64) -> Result<()> {
    if lr.is_finite() && lr > 0.0 {
        return Ok(());
    }
    bad("lr", "finite and > 0", lr.to_string())
}

fn check_fall(lr: f64, min: f64) -> Result<()> {
    check_rate(lr)?;
    if (0.0..=lr).contains(&min) {
        return Ok(());
    }
    bad("min", "from 0 to `lr`", min.to_string())
}

fn bad<T>(name: &'static str, rule: &'static str, got: String) -> Result<T> {
    Err(Error::Parameter { estimator: "Schedule", name, rule, got })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rates_stay_between_their_ends_and_fall_after_the_climb(
            lr in 1e-6..10.0f64,
            share in 0.0..=1.0f64,
            warmup in 0usize..40,
            more in 1usize..60,
        ) {
            let min = lr * share;
            let schedules = [
                Schedule::warmup_cosine(lr, min, warmup, warmup + more).unwrap(),
                Schedule::cosine(lr, min, more).unwrap(),
                Schedule::step(lr, more, 0.3).unwrap(),
                Schedule::inverse(lr, share).unwrap(),
            ];
            for schedule in schedules {
                let climb = if matches!(schedule, Schedule::WarmupCosine { .. }) { warmup } else { 0 };
                let rates: Vec<f64> = (0..warmup + more + 5).map(|t| schedule.lr(t)).collect();
                prop_assert!(rates.iter().all(|r| *r > -1e-15 * lr && *r <= lr * (1.0 + 1e-15)));
                prop_assert!(rates[..=climb].windows(2).all(|w| w[0] < w[1]));
                prop_assert!(rates[climb..].windows(2).all(|w| w[0] >= w[1]));
                prop_assert!((rates[climb] - lr).abs() < 1e-15 * lr);
            }
        }
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let says = |made: Result<Schedule>| made.unwrap_err().to_string();
        assert!(says(Schedule::constant(0.0)).contains("`lr` must be finite and > 0, got 0"));
        assert!(says(Schedule::constant(f64::NAN)).contains("got NaN"));
        assert!(says(Schedule::step(1.0, 0, 0.5)).contains("`every`"));
        assert!(says(Schedule::step(1.0, 1, 1.5)).contains("`factor`"));
        assert!(
            says(Schedule::cosine(1.0, 2.0, 5)).contains("`min` must be from 0 to `lr`, got 2")
        );
        assert!(says(Schedule::cosine(1.0, 0.0, 0)).contains("`total`"));
        assert!(says(Schedule::warmup_cosine(1.0, 0.0, 5, 5)).contains("`warmup`"));
        assert!(says(Schedule::inverse(1.0, -1.0)).contains("`decay`"));
        assert!((Schedule::constant(0.3).unwrap().lr(7) - 0.3).abs() < 1e-18);
    }
}
