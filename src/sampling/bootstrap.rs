//! The bootstrap: draw `n` of `n` rows with replacement, as if the sample were the population.
//!
//! ```text
//! P(row i is never drawn) = (1 − 1/n)ⁿ → e⁻¹ ≈ 0.3679        so about 63.2 % of the rows are distinct
//! interval: the (1 − level)/2 and (1 + level)/2 quantiles of the statistic over the samples
//! ```
//!
//! The percentile interval follows the statistic's own scale and needs no formula for its error. It is
//! too short for small samples, and wrong for statistics that hang on one value, such as the maximum:
//! a sample never exceeds the data.
//!
//! # References
//! Efron (1979), Bootstrap methods; Efron & Tibshirani, An Introduction to the Bootstrap (1993),
//! chapters 6 and 13.

use crate::base::{quantile_of_sorted, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Samples between two looks for an interrupt.
const CHUNK: usize = 256;

/// `n` row numbers below `n`, drawn with replacement, all equally likely.
///
/// # Errors
/// [`Error::Empty`] for `n = 0`.
///
/// ```
/// let rows = mlnotes::sampling::bootstrap::bootstrap_indices(5, 1)?;
/// assert!(rows.len() == 5 && rows.iter().all(|&row| row < 5));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn bootstrap_indices(n: usize, seed: u64) -> Result<Vec<usize>> {
    if n == 0 {
        return Err(Error::Empty { what: "bootstrap_indices: `n`", needed: "1 row" });
    }
    Ok(draw(n, n, &mut stream(seed, 0)))
}

/// `n_draws` row numbers below `n >= 1`.
pub(crate) fn draw(n: usize, n_draws: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    (0..n_draws).map(|_| rng.random_range(0..n)).collect()
}

/// The rows below `n` that `drawn` leaves out, in ascending order.
///
/// # Errors
/// [`Error::Empty`] for `n = 0`, [`Error::Label`] for a row number that is not below `n`.
///
/// ```
/// let left_out = mlnotes::sampling::bootstrap::out_of_bag(&[3, 0, 3, 3], 4)?;
/// assert_eq!(left_out, [1, 2]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn out_of_bag(drawn: &[usize], n: usize) -> Result<Vec<usize>> {
    if n == 0 {
        return Err(Error::Empty { what: "out_of_bag: `n`", needed: "1 row" });
    }
    let mut seen = vec![false; n];
    for (index, &row) in drawn.iter().enumerate() {
        let Some(seen) = seen.get_mut(row) else {
            let (what, allowed) = ("out_of_bag: `drawn`", "row numbers below `n`");
            return Err(Error::Label { what, index, got: row.to_string(), allowed });
        };
        *seen = true;
    }
    Ok((0..n).filter(|&row| !seen[row]).collect())
}

/// A statistic and how far it would vary over samples.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BootstrapCi {
    /// The statistic of the data themselves.
    pub estimate: f64,
    /// Lower end of the percentile interval.
    pub low: f64,
    /// Upper end of the percentile interval.
    pub high: f64,
    /// Standard deviation of the statistic over the bootstrap samples.
    pub std_error: f64,
}

/// Percentile interval of `statistic` at confidence `level`, from `reps` bootstrap samples of the
/// independent units in `data`. Rows that belong together (of one user, say) make one unit.
///
/// # Errors
/// [`Error::Empty`], [`Error::Parameter`] for `reps < 2` or a `level` outside `(0, 1)`,
/// [`Error::NotFinite`] when the statistic is NaN or infinite: row 0 is the data, row `r` sample `r`.
///
/// ```
/// use mlnotes::sampling::bootstrap::bootstrap_ci;
/// let data: Vec<f64> = (0..100).map(f64::from).collect();
/// let mean = |units: &[f64]| units.iter().sum::<f64>() / units.len() as f64;
/// let ci = bootstrap_ci(mean, &data, 2000, 0.95, 1)?;
/// // The textbook's standard error is 28.866 / 10.
/// assert!((ci.std_error - 2.8866).abs() < 0.15 && ci.low < 49.5 && 49.5 < ci.high);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn bootstrap_ci<T: Clone + Sync>(
    statistic: impl Fn(&[T]) -> f64 + Sync,
    data: &[T],
    reps: usize,
    level: f64,
    seed: u64,
) -> Result<BootstrapCi> {
    let bad = |name, rule, got: String| {
        Err(Error::Parameter { estimator: "bootstrap_ci", name, rule, got })
    };
    if data.is_empty() {
        return Err(Error::Empty { what: "bootstrap_ci: `data`", needed: "1 unit" });
    }
    if reps < 2 {
        return bad("reps", ">= 2", reps.to_string());
    }
    if !(level > 0.0 && level < 1.0) {
        return bad("level", "between 0 and 1, both excluded", level.to_string());
    }
    let estimate = statistic(data);
    let one = |rep: usize| {
        let mut rng = stream(seed, rep);
        let rows = draw(data.len(), data.len(), &mut rng);
        let sample: Vec<T> = rows.into_iter().map(|row| data[row].clone()).collect();
        statistic(&sample)
    };
    let mut values = Vec::with_capacity(reps);
    for start in (0..reps).step_by(CHUNK) {
        check_interrupt();
        let end = reps.min(start + CHUNK);
        values.par_extend((start..end).into_par_iter().map(one));
    }
    let all = std::iter::once(estimate).chain(values.iter().copied());
    if let Some((row, value)) = all.enumerate().find(|(_, value)| !value.is_finite()) {
        let what = "bootstrap_ci: the statistic's values";
        return Err(Error::NotFinite { what, row, col: 0, value });
    }
    let mean = values.iter().sum::<f64>() / reps as f64;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    let std_error = (squares / (reps as f64 - 1.0)).sqrt();
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (
        quantile_of_sorted(&values, 0.5 * (1.0 - level)),
        quantile_of_sorted(&values, 0.5 * (1.0 + level)),
    );
    Ok(BootstrapCi { estimate, low, high, std_error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::Rng;
    use rand::SeedableRng;

    fn mean(units: &[f64]) -> f64 {
        units.iter().sum::<f64>() / units.len() as f64
    }

    proptest! {
        #[test]
        fn drawn_and_left_out_are_all_rows(n in 1usize..60, seed in 0u64..1000) {
            let rows = bootstrap_indices(n, seed).unwrap();
            let left_out = out_of_bag(&rows, n).unwrap();
            let mut all = [rows.clone(), left_out.clone()].concat();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
            prop_assert!(left_out.iter().all(|row| !rows.contains(row)));
        }
    }

    #[test]
    fn a_share_of_one_over_e_is_left_out() {
        let n = 20_000;
        // The number left out has variance n e⁻¹ (1 − 2 e⁻¹): three standard errors on ten seeds.
        let e = (-1.0f64).exp();
        let bound = 3.0 * (e * (1.0 - 2.0 * e) / n as f64).sqrt();
        for seed in 0..10 {
            let left_out = out_of_bag(&bootstrap_indices(n, seed).unwrap(), n).unwrap();
            let share = left_out.len() as f64 / n as f64;
            assert!((share - e).abs() < bound, "{share}");
        }
    }

    #[test]
    fn the_interval_covers_as_often_as_it_says() {
        let mut covered = 0;
        for seed in 0..200 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let data: Vec<f64> = (0..60).map(|_| rng.random::<f64>()).collect();
            let ci = bootstrap_ci(mean, &data, 400, 0.9, seed).unwrap();
            assert!(ci.low < ci.estimate && ci.estimate < ci.high);
            covered += i32::from(ci.low < 0.5 && 0.5 < ci.high);
        }
        // 180 of 200 expected, standard error 4.2; the percentile interval is a little short.
        assert!((162..=194).contains(&covered), "{covered}");
    }

    #[test]
    fn the_maximum_is_where_it_fails() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let data: Vec<f64> = (0..50).map(|_| rng.random::<f64>()).collect();
        let max = |units: &[f64]| units.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let ci = bootstrap_ci(max, &data, 500, 0.95, 1).unwrap();
        assert!(ci.high <= max(&data), "the truth, 1, is never covered");
    }

    #[test]
    fn bad_input_is_named() {
        assert!(matches!(bootstrap_indices(0, 1), Err(Error::Empty { .. })));
        assert!(matches!(out_of_bag(&[], 0), Err(Error::Empty { .. })));
        assert!(matches!(out_of_bag(&[0, 2], 2), Err(Error::Label { index: 1, .. })));
        let ci = |reps, level| bootstrap_ci(mean, &[1.0, 2.0], reps, level, 1);
        assert!(matches!(ci(1, 0.9), Err(Error::Parameter { name: "reps", .. })));
        for level in [0.0, 1.0, f64::NAN] {
            assert!(matches!(ci(9, level), Err(Error::Parameter { name: "level", .. })));
        }
        assert!(matches!(bootstrap_ci(mean, &[], 9, 0.9, 1), Err(Error::Empty { .. })));
        let nan = bootstrap_ci(|_: &[f64]| f64::NAN, &[1.0], 9, 0.9, 1);
        assert!(matches!(nan, Err(Error::NotFinite { row: 0, .. })));
        assert_eq!(ci(50, 0.9).unwrap(), ci(50, 0.9).unwrap());
    }
}
