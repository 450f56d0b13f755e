//! Who gets which variant, and whether the split is the one that was planned.
//!
//! ```text
//! bucket(u) = XXH3₆₄(u; seed = XXH3₆₄(salt)) mod m
//! χ² = Σᵢ (Oᵢ − n πᵢ)² / (n πᵢ),  m − 1 degrees of freedom           sample-ratio mismatch
//! ```
//!
//! A hash needs no table: the same user sees the same variant on every server and every day. The salt
//! makes layers independent; with one salt for two experiments, all treated users of the first would be
//! the treated users of the second. The salt enters as the hash's seed, so that user `ab` with salt `c`
//! is not user `a` with salt `bc`.
//!
//! # References
//! Tang, Agarwal, O'Brien & Meyer (2010), *Overlapping Experiment Infrastructure*; Fabijan et al. (2019),
//! *Diagnosing Sample Ratio Mismatch*.

use crate::base::{Test, check_vector, views};
use crate::{Error, Result};
use ndarray::ArrayView1;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// The bucket of a user, `0..n_buckets`, for the layer named by `salt`. Always the same for the same
/// arguments. (`mod` prefers low buckets by less than `n_buckets / 2⁶⁴`.)
///
/// # Errors
/// [`Error::Parameter`] for no buckets.
///
/// ```
/// use mlnotes::stats::ab::bucket;
/// assert_eq!(bucket("user-1", "checkout", 100)?, bucket("user-1", "checkout", 100)?);
/// let moved = (0..1000).filter(|i| {
///     let user = format!("user-{i}");
///     bucket(&user, "checkout", 2) != bucket(&user, "ranking", 2)
/// });
/// assert!((450..550).contains(&moved.count()));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn bucket(user: &str, salt: &str, n_buckets: u32) -> Result<u32> {
    if n_buckets == 0 {
        let got = "0".to_owned();
        return Err(Error::Parameter { estimator: "bucket", name: "n_buckets", rule: ">= 1", got });
    }
    #[expect(clippy::cast_possible_truncation, reason = "a remainder is below `n_buckets`")]
    Ok((hash(user, salt) % u64::from(n_buckets)) as u32)
}

/// The variant of a user, an index into `shares`, where each variant gets its share of users.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Distribution`] for shares that are negative or do not
/// sum to 1.
///
/// ```
/// use mlnotes::stats::ab::assign;
/// let shares = ndarray::array![0.9, 0.1];
/// let users: Vec<String> = (0..2000).map(|i| i.to_string()).collect();
/// let mut treated = 0;
/// for user in &users {
///     treated += assign(user, "slow-rollout", shares.view())?;
/// }
/// assert!((150..250).contains(&treated));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn assign(user: &str, salt: &str, shares: ArrayView1<f64>) -> Result<usize> {
    check_shares("assign: `shares`", shares, false)?;
    // The upper 53 bits, as a number in [0, 1).
    let u = (hash(user, salt) >> 11) as f64 / (1u64 << 53) as f64;
    let mut end = 0.0;
    let variant = shares.iter().position(|share| {
        end += share;
        u < end
    });
    // Rounding may end the shares a hair below 1: the last one that is not empty reaches to the end.
    let last = shares.iter().rposition(|&share| share > 0.0).unwrap_or(0);
    Ok(variant.unwrap_or(last))
}

/// Tests whether groups of `observed` sizes, shape `(n_groups,)`, are a chance outcome of the planned
/// shares `expected`, same shape, sum 1. The effect is Cohen's `w = √(χ²/n)`, 0 for a perfect split.
///
/// A mismatch is a broken pipe, not a result: users were lost on the way, more in one group than in the
/// other, so the groups no longer compare. The usual alarm is `p < 0.001`, as the check runs every day.
///
/// # Errors
/// [`Error::Shape`] for fewer than two groups or lengths that differ, [`Error::NotFinite`],
/// [`Error::Distribution`] for shares that are not positive or do not sum to 1, [`Error::EmptyGroup`] when
/// nobody was observed at all.
///
/// ```
/// use mlnotes::stats::ab::srm_test;
/// use ndarray::array;
/// // 1.2 points off, a hundred thousand users: no accident.
/// let test = srm_test(&[50_600, 49_400], array![0.5, 0.5].view())?;
/// assert!((test.statistic - 14.4).abs() < 1e-12 && test.p_value < 0.001);
/// assert!(!srm_test(&[506, 494], array![0.5, 0.5].view())?.rejects_at(0.05));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn srm_test(observed: &[u64], expected: ArrayView1<f64>) -> Result<Test> {
    const WHAT: &str = "srm_test: `expected`";
    if observed.len() < 2 || observed.len() != expected.len() {
        let needed = observed.len().max(2);
        let got = format!("{} groups observed, {} expected", observed.len(), expected.len());
        return Err(Error::Shape { what: WHAT, expected: format!("({needed},)"), got });
    }
    check_shares(WHAT, expected, true)?;
    let n = observed.iter().sum::<u64>() as f64;
    if n <= 0.0 {
        let group = "whole experiment".to_owned();
        return Err(Error::EmptyGroup { what: "srm_test: `observed`", group });
    }
    let pairs = observed.iter().zip(expected);
    let chi2: f64 = pairs.map(|(&o, share)| (o as f64 - n * share).powi(2) / (n * share)).sum();
    let df = observed.len() as f64 - 1.0;
    Ok(Test::new(chi2, chi2_sf(chi2, df)).with_df(df).with_effect((chi2 / n).sqrt()))
}

/// `P(χ² > x)` with `df >= 1` degrees of freedom.
pub(super) fn chi2_sf(x: f64, df: f64) -> f64 {
    ChiSquared::new(df).map_or(f64::NAN, |chi2| chi2.sf(x))
}

fn hash(user: &str, salt: &str) -> u64 {
    xxh3_64_with_seed(user.as_bytes(), xxh3_64(salt.as_bytes()))
}

fn check_shares(what: &'static str, shares: ArrayView1<f64>, positive: bool) -> Result<()> {
    if shares.is_empty() {
        return Err(Error::Empty { what, needed: "1 share" });
    }
    check_vector(what, shares)?;
    let bad = |s: f64| s < 0.0 || (positive && s <= 0.0);
    if let Some((index, value)) = shares.iter().enumerate().find(|(_, s)| bad(**s)) {
        let problem = format!("it holds {value} at position {index}");
        return Err(Error::Distribution { what, problem });
    }
    let sum = shares.sum();
    if (sum - 1.0).abs() > 1e-6 {
        return Err(Error::Distribution { what, problem: format!("it sums to {sum}") });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, array};

    fn users() -> Vec<String> {
        (0..20_000).map(|i| format!("user-{i}")).collect()
    }

    #[test]
    fn buckets_are_even_and_salts_independent() {
        let users = users();
        let mut joint = Array2::<f64>::zeros((10, 10));
        for user in &users {
            let a = bucket(user, "layer a", 10).unwrap();
            let b = bucket(user, "layer b", 10).unwrap();
            joint[[a as usize, b as usize]] += 1.0;
        }
        let test = super::super::chi2_contingency(joint.view(), false).unwrap();
        assert!(test.p_value > 0.001, "salts: {}", test.p_value);
        for axis in [0, 1] {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
            let sizes: Vec<u64> =
                joint.sum_axis(ndarray::Axis(axis)).iter().map(|&c| c as u64).collect();
            let test = srm_test(&sizes, Array1::from_elem(10, 0.1).view()).unwrap();
            assert!(test.p_value > 0.001, "{sizes:?}");
        }
    }

    #[test]
    fn salt_and_user_do_not_run_into_each_other() {
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
        assert_eq!(bucket("anybody", "", 1).unwrap(), 0);
        assert!(bucket("anybody", "", 0).is_err());
    }

    #[test]
    fn shares_are_kept() {
        let shares = array![0.2, 0.0, 0.5, 0.3];
        let mut counts = [0; 4];
        for user in &users() {
            counts[assign(user, "s", shares.view()).unwrap()] += 1;
        }
        assert_eq!(counts[1], 0);
        let kept = [counts[0], counts[2], counts[3]];
        let test = srm_test(&kept, array![0.2, 0.5, 0.3].view()).unwrap();
        assert!(test.p_value > 0.001, "{counts:?}");
    }

    #[test]
    fn bad_splits_are_named() {
        let half = array![0.5, 0.5];
        let said = |o: &[u64], e: &Array1<f64>| srm_test(o, e.view()).unwrap_err().to_string();
        assert!(said(&[1], &array![1.0]).contains("(2,)"));
        assert!(said(&[1, 2, 3], &half).contains("(3,)"));
        assert!(said(&[0, 0], &half).contains("whole experiment is empty"));
        assert!(said(&[1, 2], &array![1.0, 0.0]).contains("0 at position 1"));
        assert!(said(&[1, 2], &array![0.5, 0.6]).contains("sums to 1.1"));
        assert!(said(&[1, 2], &array![0.5, f64::NAN]).contains("NaN"));
        assert!(assign("u", "s", array![].view()).is_err());
        assert!(assign("u", "s", array![1.5, -0.5].view()).is_err());
    }
}
