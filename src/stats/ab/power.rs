//! Power: how many users a test needs, and what it can see with those it has.
//!
//! ```text
//! δ = effect / se(n),   power = P(|T| > c) = 1 − Φ(c − δ) + Φ(−c − δ),   c = z_{1 − α/2}
//! means:        se² = sd² (1/n₁ + 1/n₂)                     n ≈ 2 sd² (z_{1−α/2} + z_{power})² / effect²
//! proportions:  c scales with the pooled error, Z with the unpooled one, as the pooled z-test does
//! t-test:       the same with the estimated sd: the power above, averaged over S = √(χ²_ν/ν)
//! ```
//!
//! Half the effect needs four times the users. Power is planned before the test; computed afterwards from
//! the observed effect, it is the p-value in other clothes.
//!
//! # References
//! Cohen (1988), chapter 2; Fleiss, Levin & Paik (2003), section 4.2; Hoenig & Heisey (2001), *The Abuse
//! of Power*.

use super::{Alternative, NullDistribution, check_open, z_quantile};
use crate::base::{check_positive, check_vector, setters, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};
use statrs::distribution::{ContinuousCDF, Normal};

const NAME: &str = "PowerAnalysis";

/// Users a group that a two-sided z-test of means needs to see a difference of `mde` with probability
/// `power`, the outcome having standard deviation `sd`. Other designs: [`PowerAnalysis::params`].
///
/// # Errors
/// As [`PowerParams::means_sample_size`].
///
/// ```
/// // A fifth of a standard deviation: 16 sd² / mde², in round numbers.
/// assert_eq!(mlnotes::stats::ab::sample_size_means(1.0, 0.2, 0.05, 0.8)?, 393);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn sample_size_means(sd: f64, mde: f64, alpha: f64, power: f64) -> Result<u64> {
    whole(PowerAnalysis::params().alpha(alpha).power(power).means_sample_size(mde, sd)?)
}

/// Users a group that a two-sided, pooled z-test of proportions needs to see `p + mde` against `p`.
///
/// # Errors
/// As [`PowerParams::proportions_sample_size`].
///
/// ```
/// // From 10 % to 11 %.
/// assert_eq!(mlnotes::stats::ab::sample_size_proportions(0.10, 0.01, 0.05, 0.8)?, 14_751);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn sample_size_proportions(p: f64, mde: f64, alpha: f64, power: f64) -> Result<u64> {
    whole(PowerAnalysis::params().alpha(alpha).power(power).proportions_sample_size(p, mde)?)
}

/// Power of the two-sided z-test of means at each of `effects`, shape `(k,)`, with `n` users a group.
/// At effect 0 it is `alpha`.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::Parameter`].
///
/// ```
/// use mlnotes::stats::ab::power_curve;
/// let curve = power_curve(ndarray::array![0.0, 0.2, 0.4].view(), 393.0, 0.05, 1.0)?;
/// assert!((curve[0] - 0.05).abs() < 1e-10 && curve[1] > 0.8 && curve[2] > 0.999);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn power_curve(effects: ArrayView1<f64>, n: f64, alpha: f64, sd: f64) -> Result<Array1<f64>> {
    check_vector("power_curve: `effects`", effects)?;
    let params = PowerAnalysis::params().alpha(alpha);
    effects.iter().map(|&effect| params.means_power(effect, sd, n)).collect()
}

/// The smallest difference of means that a two-sided z-test with `n` users a group sees with probability
/// `power`.
///
/// # Errors
/// As [`PowerParams::means_detectable`].
///
/// ```
/// let mde = mlnotes::stats::ab::minimum_detectable_effect(1.0, 400.0, 0.05, 0.8)?;
/// assert!((mde - 0.1981).abs() < 1e-4);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn minimum_detectable_effect(sd: f64, n: f64, alpha: f64, power: f64) -> Result<f64> {
    PowerAnalysis::params().alpha(alpha).power(power).means_detectable(sd, n)
}

/// Entry point: [`PowerAnalysis::params`].
#[derive(Debug, Clone, Copy)]
pub struct PowerAnalysis;

impl PowerAnalysis {
    /// Default settings: two-sided, `alpha` 0.05, `power` 0.8, equal groups, z-test.
    ///
    /// ```
    /// use mlnotes::stats::ab::PowerAnalysis;
    /// let z = PowerAnalysis::params();
    /// let t = z.t_test(true);
    /// // Cohen (1988), table 2.4.1: 64 a group for a medium effect, d = 0.5.
    /// assert_eq!(t.means_sample_size(0.5, 1.0)?.ceil(), 64.0);
    /// assert_eq!(z.means_sample_size(0.5, 1.0)?.ceil(), 63.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> PowerParams {
        PowerParams {
            alpha: 0.05,
            power: 0.8,
            ratio: 1.0,
            alternative: Alternative::TwoSided,
            t_test: false,
        }
    }
}

/// Settings of a plan. Sizes are numbers of users in the *first* group, not yet rounded up.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `alpha` | 0.05 | `(0, 1)` | chance to reject when there is no effect |
/// | `power` | 0.8 | `(alpha, 1)` | chance to reject when the effect is there |
/// | `ratio` | 1 | `> 0` | size of the second group over that of the first |
/// | `alternative` | `TwoSided` | | side of the test; `Less` plans for negative effects |
/// | `t_test` | false | | means: Student's pooled t-test, exact for small groups, in place of z |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerParams {
    alpha: f64,
    power: f64,
    ratio: f64,
    alternative: Alternative,
    t_test: bool,
}

impl PowerParams {
    setters! {
        /// Sets the chance of a type I error.
        alpha: f64;
        /// Sets the power to reach: one minus the chance of a type II error.
        power: f64;
        /// Sets the size of the second group over that of the first.
        ratio: f64;
        /// Sets the side of the test.
        alternative: Alternative;
        /// Plans for Student's t-test in place of z.
        t_test: bool;
    }

    /// Power to see a difference of means `effect`, standard deviation `sd` in both groups, with `n` in
    /// the first group.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting or argument out of range; a t-test needs two in each group.
    ///
    /// ```
    /// use mlnotes::stats::ab::PowerAnalysis;
    /// let power = PowerAnalysis::params().t_test(true).means_power(0.5, 1.0, 64.0)?;
    /// assert!((power - 0.8015).abs() < 1e-4);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn means_power(&self, effect: f64, sd: f64, n: f64) -> Result<f64> {
        self.check(n, self.smallest_group())?;
        check_positive(NAME, "sd", sd)?;
        check_finite("effect", effect)?;
        Ok(self.power_of_means(effect / sd, n))
    }

    /// Users in the first group that are needed to see a difference of means `effect`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting or argument out of range, an effect of 0 or on the wrong side,
    /// and a power that is not above `alpha`.
    ///
    /// ```
    /// use mlnotes::stats::ab::{Alternative, PowerAnalysis};
    /// let one_sided = PowerAnalysis::params().alternative(Alternative::Greater);
    /// assert_eq!(one_sided.means_sample_size(0.2, 1.0)?.ceil(), 310.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn means_sample_size(&self, effect: f64, sd: f64) -> Result<f64> {
        self.check(2.0, 0.0)?;
        self.check_reachable()?;
        self.check_side(effect)?;
        check_positive(NAME, "sd", sd)?;
        let reaches = |n: f64| self.power_of_means(effect / sd, n) >= self.power;
        Ok(smallest(self.smallest_group(), reaches))
    }

    /// The smallest difference of means that `n` users in the first group can see; negative for `Less`.
    ///
    /// # Errors
    /// As [`PowerParams::means_sample_size`].
    ///
    /// ```
    /// use mlnotes::stats::ab::PowerAnalysis;
    /// let plan = PowerAnalysis::params().t_test(true).ratio(2.0);
    /// let mde = plan.means_detectable(3.0, 20.0)?;
    /// assert!((plan.means_power(mde, 3.0, 20.0)? - 0.8).abs() < 1e-10);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn means_detectable(&self, sd: f64, n: f64) -> Result<f64> {
        self.check(n, self.smallest_group())?;
        self.check_reachable()?;
        check_positive(NAME, "sd", sd)?;
        let sign = self.sign();
        let d = smallest(0.0, |d| self.power_of_means(sign * d, n) >= self.power);
        Ok(sign * d * sd)
    }

    /// Power of the pooled z-test to see the rate `base + effect` in the first group against `base` in the
    /// second, with `n` in the first group.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting or argument out of range, [`Error::Probability`] for a rate that
    /// is none.
    ///
    /// ```
    /// use mlnotes::stats::ab::PowerAnalysis;
    /// let power = PowerAnalysis::params().proportions_power(0.10, 0.01, 14_751.0)?;
    /// assert!((power - 0.8).abs() < 1e-4);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn proportions_power(&self, base: f64, effect: f64, n: f64) -> Result<f64> {
        self.check(n, 0.0)?;
        check_rates(base, effect)?;
        Ok(self.power_of_proportions(base, effect, n))
    }

    /// Users in the first group that the pooled z-test needs to see `base + effect` against `base`.
    ///
    /// # Errors
    /// As [`PowerParams::proportions_power`] and [`PowerParams::means_sample_size`].
    ///
    /// ```
    /// use mlnotes::stats::ab::PowerAnalysis;
    /// // A tenth of the traffic for the new page, nine tenths for the old.
    /// let small = PowerAnalysis::params().ratio(9.0).proportions_sample_size(0.10, 0.01)?;
    /// assert!((small - 8_081.9).abs() < 1.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn proportions_sample_size(&self, base: f64, effect: f64) -> Result<f64> {
        self.check(1.0, 0.0)?;
        self.check_reachable()?;
        check_rates(base, effect)?;
        self.check_side(effect)?;
        Ok(smallest(0.0, |n| self.power_of_proportions(base, effect, n) >= self.power))
    }

    /// The smallest change of the rate `base` that `n` users in the first group can see; negative for
    /// `Less`.
    ///
    /// # Errors
    /// As [`PowerParams::proportions_sample_size`]; and [`Error::Parameter`] when not even the largest
    /// change that leaves a rate is seen.
    ///
    /// ```
    /// use mlnotes::stats::ab::PowerAnalysis;
    /// let mde = PowerAnalysis::params().proportions_detectable(0.10, 14_751.0)?;
    /// assert!((mde - 0.01).abs() < 1e-6);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn proportions_detectable(&self, base: f64, n: f64) -> Result<f64> {
        self.check(n, 0.0)?;
        self.check_reachable()?;
        check_rates(base, 0.0)?;
        let sign = self.sign();
        let most = if sign > 0.0 { 1.0 - base } else { base };
        let reaches =
            |d: f64| d >= most || self.power_of_proportions(base, sign * d, n) >= self.power;
        let change = smallest(0.0, reaches);
        if change >= most {
            let (rule, got) = ("large enough to see any change", n.to_string());
            return Err(Error::Parameter { estimator: NAME, name: "n", rule, got });
        }
        Ok(sign * change)
    }

    /// `d`: difference of means in standard deviations.
    fn power_of_means(&self, d: f64, n: f64) -> f64 {
        let n2 = self.ratio * n;
        let delta = d / (1.0 / n + 1.0 / n2).sqrt();
        if self.t_test {
            let df = n + n2 - 2.0;
            let c = NullDistribution::t(df).quantile(1.0 - self.tail());
            return over_estimated_sd(df, delta.abs(), |s| self.rejects(c * s, delta));
        }
        self.rejects(z_quantile(1.0 - self.tail()), delta)
    }

    fn power_of_proportions(&self, base: f64, effect: f64, n: f64) -> f64 {
        let treated = base + effect;
        let pooled = (treated + self.ratio * base) / (1.0 + self.ratio);
        let under_null = (pooled * (1.0 - pooled) * (1.0 + 1.0 / self.ratio)).sqrt();
        let variance = treated * (1.0 - treated) + base * (1.0 - base) / self.ratio;
        let c = z_quantile(1.0 - self.tail()) * under_null / variance.sqrt();
        self.rejects(c, effect * n.sqrt() / variance.sqrt())
    }

    /// The chance that `Z + δ`, `Z` standard normal, is beyond `c` on a side that counts.
    fn rejects(&self, c: f64, delta: f64) -> f64 {
        let normal = Normal::standard();
        let (above, below) = (normal.sf(c - delta), normal.cdf(-c - delta));
        match self.alternative {
            Alternative::TwoSided => above + below,
            Alternative::Greater => above,
            Alternative::Less => below,
        }
    }

    fn tail(&self) -> f64 {
        match self.alternative {
            Alternative::TwoSided => self.alpha / 2.0,
            Alternative::Less | Alternative::Greater => self.alpha,
        }
    }

    fn sign(&self) -> f64 {
        if self.alternative == Alternative::Less { -1.0 } else { 1.0 }
    }

    /// The smallest first group for which the test exists: Student's needs two users in each group.
    fn smallest_group(&self) -> f64 {
        if self.t_test { 2.0f64.max(2.0 / self.ratio) } else { 0.0 }
    }

    fn check(&self, n: f64, smallest: f64) -> Result<()> {
        check_open(NAME, "alpha", self.alpha)?;
        check_open(NAME, "power", self.power)?;
        check_positive(NAME, "ratio", self.ratio)?;
        check_positive(NAME, "n", n)?;
        if n < smallest {
            let rule = "at least 2 in each group for a t-test";
            return Err(Error::Parameter { estimator: NAME, name: "n", rule, got: n.to_string() });
        }
        Ok(())
    }

    fn check_reachable(&self) -> Result<()> {
        if self.power > self.alpha {
            return Ok(());
        }
        let got = format!("{} with alpha {}", self.power, self.alpha);
        let rule = "above alpha, which a test of nothing reaches";
        Err(Error::Parameter { estimator: NAME, name: "power", rule, got })
    }

    fn check_side(&self, effect: f64) -> Result<()> {
        check_finite("effect", effect)?;
        let right = match self.alternative {
            Alternative::TwoSided => effect != 0.0,
            Alternative::Less => effect < 0.0,
            Alternative::Greater => effect > 0.0,
        };
        if right {
            return Ok(());
        }
        let rule = "not 0, and on the side of the alternative";
        Err(Error::Parameter { estimator: NAME, name: "effect", rule, got: effect.to_string() })
    }
}

/// The mean of `f(S)`, `S = √(χ²_ν/ν)` the estimated standard deviation over the true one. With `u = ln S`
/// the density is `∝ exp(ν (u − e²ᵘ/2))`, which falls off exponentially on both sides, so the trapezoid
/// rule is exact to rounding once its step is below the widths of the density and of `f` (about `1/δ`).
fn over_estimated_sd(df: f64, delta: f64, f: impl Fn(f64) -> f64) -> f64 {
    let width = 1.0 / (2.0 * df).sqrt();
    let step = (width / 5.0).min(0.2 / (1.0 + delta));
    let (low, high) = (-9.0 * width - 40.0 / df, 9.0 * width);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let n_steps = ((high - low) / step).ceil() as usize;
    let (mut total, mut weights) = (0.0, 0.0);
    for i in 0..=n_steps {
        let u = low + step * i as f64;
        let weight = (df * (u - ((2.0 * u).exp() - 1.0) / 2.0)).exp();
        total += weight * f(u.exp());
        weights += weight;
    }
    total / weights
}

/// The smallest `x >= start` for which `reaches`, which stays true once it is.
fn smallest(start: f64, reaches: impl Fn(f64) -> bool) -> f64 {
    if start > 0.0 && reaches(start) {
        return start;
    }
    let (mut low, mut high) = (start, start.max(1e-9));
    while !reaches(high) && high < f64::MAX / 4.0 {
        (low, high) = (high, 2.0 * high);
    }
    while high - low > 4.0 * f64::EPSILON * high {
        let middle = f64::midpoint(low, high);
        // The two ends may be neighbours already.
        if middle <= low || middle >= high {
            break;
        }
        if reaches(middle) { high = middle } else { low = middle }
    }
    high
}

/// Rounds up, but not because of a hair.
fn whole(n: f64) -> Result<u64> {
    if n >= 1e15 {
        let (rule, got) = ("large enough for a test of less than 1e15 users", n.to_string());
        return Err(Error::Parameter { estimator: NAME, name: "effect", rule, got });
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 < n < 1e15")]
    Ok((n * (1.0 - 1e-12)).ceil() as u64)
}

fn check_finite(name: &'static str, value: f64) -> Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Error::Parameter { estimator: NAME, name, rule: "finite", got: value.to_string() })
}

fn check_rates(base: f64, effect: f64) -> Result<()> {
    check_open(NAME, "base", base)?;
    check_finite("effect", effect)?;
    let treated = base + effect;
    if (0.0..=1.0).contains(&treated) {
        return Ok(());
    }
    Err(Error::Probability {
        what: "PowerAnalysis: the rate `base + effect`",
        index: 0,
        value: treated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn sizes_effects_and_powers_agree(
            effect in 0.05..1.5,
            ratio in 0.2..5.0,
            power in 0.3..0.95,
            t_test in any::<bool>(),
            side in 0..3,
        ) {
            let side = [Alternative::TwoSided, Alternative::Greater, Alternative::Less]
                [usize::try_from(side).unwrap()];
            let plan = PowerAnalysis::params().power(power).ratio(ratio).t_test(t_test);
            let plan = plan.alternative(side);
            let effect = plan.sign() * effect;
            let n = plan.means_sample_size(effect, 2.0).unwrap();
            prop_assume!(n > plan.smallest_group());
            prop_assert!((plan.means_power(effect, 2.0, n).unwrap() - power).abs() < 1e-9);
            prop_assert!((plan.means_detectable(2.0, n).unwrap() / effect - 1.0).abs() < 1e-8);
            // More users, more power.
            prop_assert!(plan.means_power(effect, 2.0, 1.5 * n).unwrap() > power);
            // Half the effect, four times the users (but for the far tail of a two-sided test).
            if !t_test && side != Alternative::TwoSided {
                let more = plan.means_sample_size(effect / 2.0, 2.0).unwrap();
                prop_assert!((more / n - 4.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn no_effect_is_seen_with_probability_alpha() {
        for t_test in [false, true] {
            for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
                let plan = PowerAnalysis::params().alternative(alternative).t_test(t_test);
                let power = plan.means_power(0.0, 1.0, 5.0).unwrap();
                assert!((power - 0.05).abs() < 1e-10, "{alternative:?} {power}");
            }
        }
        let power = PowerAnalysis::params().proportions_power(0.3, 0.0, 50.0).unwrap();
        assert!((power - 0.05).abs() < 1e-10);
    }

    #[test]
    fn the_formula_of_textbooks() {
        // Without the far tail, which is negligible here: 2 (1.95996 + 0.84162)² / 0.25².
        let z: f64 = z_quantile(0.975) + z_quantile(0.8);
        let n = PowerAnalysis::params().means_sample_size(0.25, 1.0).unwrap();
        assert!((n - 2.0 * z * z / 0.0625).abs() < 1e-3);
        // Equal rates of change up and down are not equally easy: the variance differs.
        let plan = PowerAnalysis::params();
        let up = plan.proportions_sample_size(0.1, 0.02).unwrap();
        let down = plan.proportions_sample_size(0.1, -0.02).unwrap();
        assert!(up > down);
        let less = plan.alternative(Alternative::Less);
        assert!(less.proportions_detectable(0.1, down).unwrap() > -0.02);
    }

    #[test]
    fn what_cannot_be_planned_is_named() {
        let plan = PowerAnalysis::params();
        let said = |r: Result<f64>| r.unwrap_err().to_string();
        assert!(said(plan.alpha(0.0).means_sample_size(1.0, 1.0)).contains("`alpha`"));
        assert!(said(plan.power(1.0).means_sample_size(1.0, 1.0)).contains("`power`"));
        assert!(said(plan.power(0.04).means_sample_size(1.0, 1.0)).contains("above alpha"));
        assert!(said(plan.ratio(0.0).means_power(1.0, 1.0, 5.0)).contains("`ratio`"));
        assert!(said(plan.means_sample_size(0.0, 1.0)).contains("not 0"));
        assert!(said(plan.means_sample_size(f64::NAN, 1.0)).contains("`effect`"));
        assert!(said(plan.means_sample_size(1.0, 0.0)).contains("`sd`"));
        assert!(said(plan.means_power(1.0, 1.0, 0.0)).contains("`n`"));
        assert!(said(plan.t_test(true).means_power(1.0, 1.0, 1.0)).contains("at least 2"));
        let less = plan.alternative(Alternative::Less);
        assert!(said(less.means_sample_size(1.0, 1.0)).contains("side"));
        assert!(said(plan.proportions_sample_size(0.0, 0.1)).contains("`base`"));
        assert!(said(plan.proportions_sample_size(0.95, 0.1)).contains("probability"));
        assert!(said(plan.proportions_detectable(0.5, 1.0)).contains("any change"));
        assert!(sample_size_means(1e9, 1e-9, 0.05, 0.8).unwrap_err().to_string().contains("1e15"));
        let nan = ndarray::array![f64::NAN];
        assert!(power_curve(nan.view(), 10.0, 0.05, 1.0).is_err());
        // A huge effect: the smallest groups that a t-test takes.
        let least = plan.t_test(true).means_sample_size(1e3, 1.0).unwrap();
        assert!((least - 2.0).abs() < f64::EPSILON);
    }
}
