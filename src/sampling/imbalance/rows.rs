//! Which rows to train on: fewer of the many, copies of the few, or a known share of the negatives.

use super::{at_least, at_most, by_class, check_ratio, extremes};
use crate::base::{stream, views};
use crate::{Error, Result};
use rand::Rng;
use rand::seq::index;

/// Row numbers, ascending, after large classes lost rows at random: no class of `y`, `(n_samples,)`, keeps
/// more than `⌊n_min / ratio⌋`, where `n_min` is the size of the smallest.
///
/// With two classes `ratio` is the share minority : majority of the result, 1 for balance. Classes that
/// are small enough already stay whole. What is thrown away is lost to the model: many members that each
/// lose other rows ([`crate::ensemble::BalancedBagging`]) see it all.
///
/// # Errors
/// [`Error::Empty`], [`Error::SingleClass`], [`Error::Parameter`] unless `0 < ratio <= 1`.
///
/// # Example
/// ```
/// use mlnotes::sampling::imbalance::undersample;
/// let y = [0, 0, 0, 0, 0, 0, 1, 1];
/// let rows = undersample(&y, 0.5, 3)?;
/// assert_eq!(rows.iter().filter(|&&row| y[row] == 0).count(), 4);
/// assert!(rows.ends_with(&[6, 7]));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn undersample(y: &[usize], ratio: f64, seed: u64) -> Result<Vec<usize>> {
    check_ratio("undersample", ratio)?;
    let classes = by_class("undersample: `y`", y)?;
    let (smallest, _) = extremes(&classes);
    let mut rng = stream(seed, 0);
    let mut kept = Vec::new();
    for rows in classes.values() {
        let amount = at_most(ratio, smallest, rows.len());
        kept.extend(index::sample(&mut rng, rows.len(), amount).iter().map(|i| rows[i]));
    }
    kept.sort_unstable();
    Ok(kept)
}

/// Row numbers with copies: all rows of `y`, `(n_samples,)`, then rows drawn again with replacement, until
/// every class has `⌊ratio · n_max⌋`, where `n_max` is the size of the largest.
///
/// With two classes `ratio` is the share minority : majority of the result, 1 for balance. Classes that
/// are large enough already get no copies. To a learner that can weigh rows this is [`super::class_weights`]
/// with noise and a longer run; to a tree grown to the end a copy is no news at all.
///
/// **Split before**: a copy in the training part of a row in the test part makes the test worthless.
///
/// # Errors
/// As [`undersample`].
///
/// # Example
/// ```
/// use mlnotes::sampling::imbalance::oversample;
/// let rows = oversample(&[0, 0, 0, 0, 1, 1], 1.0, 3)?;
/// assert_eq!(rows[..6], [0, 1, 2, 3, 4, 5]);
/// assert!(rows.len() == 8 && rows[6..].iter().all(|&row| row >= 4));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn oversample(y: &[usize], ratio: f64, seed: u64) -> Result<Vec<usize>> {
    check_ratio("oversample", ratio)?;
    let classes = by_class("oversample: `y`", y)?;
    let (_, largest) = extremes(&classes);
    let mut rng = stream(seed, 0);
    let mut all: Vec<usize> = (0..y.len()).collect();
    for rows in classes.values() {
        let copies = at_least(ratio, largest, rows.len()) - rows.len();
        all.extend((0..copies).map(|_| rows[rng.random_range(0..rows.len())]));
    }
    Ok(all)
}

/// Row numbers, ascending: every positive of `y`, `(n_samples,)` of 0 and 1, and each negative with chance
/// `rate`, independently. A model of what is kept needs [`super::recalibrate`] by the same `rate`.
///
/// Unlike [`undersample`] it decides row by row, so it suits a log that is read once, and the rate is known
/// exactly, whatever the log holds.
///
/// # Errors
/// [`Error::Empty`], [`Error::Label`], [`Error::SingleClass`], [`Error::Parameter`] unless
/// `0 < rate <= 1`, [`Error::EmptyGroup`] when no negative is kept.
///
/// # Example
/// ```
/// use mlnotes::sampling::imbalance::downsample_negatives;
/// let y: Vec<usize> = (0..10_000).map(|i| usize::from(i % 200 == 0)).collect();
/// let rows = downsample_negatives(&y, 0.05, 3)?;
/// assert_eq!(rows.iter().map(|&row| y[row]).sum::<usize>(), 50);
/// assert!((rows.len() as f64 - 50.0 - 0.05 * 9950.0).abs() < 90.0); // 4 standard deviations
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// He et al. (2014), section 6.3.
#[views]
pub fn downsample_negatives(y: &[usize], rate: f64, seed: u64) -> Result<Vec<usize>> {
    const WHAT: &str = "downsample_negatives: `y`";
    if !(rate > 0.0 && rate <= 1.0) {
        let (estimator, name, rule) = ("downsample_negatives", "rate", "above 0 and at most 1");
        return Err(Error::Parameter { estimator, name, rule, got: rate.to_string() });
    }
    if let Some(index) = y.iter().position(|&label| label > 1) {
        let (got, allowed) = (y[index].to_string(), "0 or 1");
        return Err(Error::Label { what: WHAT, index, got, allowed });
    }
    let classes = by_class(WHAT, y)?;
    let mut rng = stream(seed, 0);
    // A draw for every row, so that what is kept of one does not depend on the labels before it.
    let kept: Vec<usize> = (0..y.len())
        .filter(|&row| {
            let drawn = rng.random::<f64>() < rate;
            y[row] == 1 || drawn
        })
        .collect();
    if kept.len() == classes[&1].len() {
        let group = format!("sample of {} negatives at rate {rate}", classes[&0].len());
        return Err(Error::EmptyGroup { what: "downsample_negatives", group });
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(rows: &[usize], y: &[usize], class: usize) -> usize {
        rows.iter().filter(|&&row| y[row] == class).count()
    }

    proptest! {
        #[test]
        fn classes_meet_their_ratio(
            y in proptest::collection::vec(0_usize..3, 3..80),
            ratio in 0.01_f64..1.0,
            seed in 0_u64..50,
        ) {
            let sizes: Vec<usize> = (0..3).map(|c| y.iter().filter(|&&l| l == c).count()).collect();
            let present: Vec<usize> = sizes.iter().copied().filter(|&n| n > 0).collect();
            prop_assume!(present.len() > 1);
            let (low, high) = (present.iter().min().unwrap(), present.iter().max().unwrap());
            let under = undersample(&y, ratio, seed).unwrap();
            let over = oversample(&y, ratio, seed).unwrap();
            prop_assert!(under.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(over.iter().take(y.len()).copied().eq(0..y.len()));
            for (class, &size) in sizes.iter().enumerate().filter(|(_, n)| **n > 0) {
                prop_assert_eq!(count(&under, &y, class), at_most(ratio, *low, size));
                prop_assert_eq!(count(&over, &y, class), at_least(ratio, *high, size));
            }
            prop_assert_eq!(under, undersample(&y, ratio, seed).unwrap());
        }
    }

    #[test]
    fn every_row_of_a_class_is_as_likely() {
        let y = [0, 0, 0, 0, 0, 1];
        let (mut seen, mut lost) = ([[0.0_f64; 6]; 3], 0.0);
        for seed in 0..2000 {
            for row in undersample(&y, 0.5, seed).unwrap() {
                seen[0][row] += 1.0;
            }
            for &row in &oversample(&[0, 0, 1, 1, 1, 1], 1.0, seed).unwrap()[6..] {
                seen[1][row] += 1.0;
            }
            match downsample_negatives(&y, 0.5, seed) {
                Ok(rows) => rows.into_iter().for_each(|row| seen[2][row] += 1.0),
                Err(_) => lost += 1.0,
            }
        }
        // Two of five rows; one half, with all five lost once in 32; two draws of two, of which the
        // difference has twice the error of a draw. Four standard errors of 2000 seeds each.
        let within =
            |count: f64, p: f64| (count - 2000.0 * p).abs() < 4.0 * (2000.0 * p * (1.0 - p)).sqrt();
        for row in 0..5 {
            assert!(within(seen[0][row], 0.4), "{:?}", seen[0]);
            assert!(within(seen[2][row], 0.5), "{:?}", seen[2]);
        }
        assert!(within(lost, 1.0 / 32.0), "{lost}");
        assert!(
            (seen[1][0] + seen[1][1] - 4000.0).abs() < 0.5 && seen[1][2] < 1.0,
            "{:?}",
            seen[1]
        );
        assert!((seen[1][0] - seen[1][1]).abs() < 4.0 * 4000f64.sqrt(), "{:?}", seen[1]);
        assert!(seen[0][5] > 1999.0);
    }

    #[test]
    fn a_negatives_fate_depends_on_no_other_label() {
        let y = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0];
        let mut relabelled = y;
        relabelled[0] = 1;
        let tail = |y: &[usize]| -> Vec<usize> {
            let rows = downsample_negatives(y, 0.5, 4).unwrap();
            rows.into_iter().filter(|&row| row > 0).collect()
        };
        assert_eq!(tail(&y), tail(&relabelled));
        assert_eq!(downsample_negatives(&y, 1.0, 4).unwrap().len(), 10);
    }

    #[test]
    fn bad_input_is_named() {
        type Sample = fn(&[usize], f64, u64) -> Result<Vec<usize>>;
        let all: [Sample; 3] = [
            |y, ratio, seed| undersample(y, ratio, seed),
            |y, ratio, seed| oversample(y, ratio, seed),
            |y, rate, seed| downsample_negatives(y, rate, seed),
        ];
        for sample in all {
            assert!(matches!(sample(&[], 0.5, 0), Err(Error::Empty { .. })));
            assert!(matches!(sample(&[1, 1], 0.5, 0), Err(Error::SingleClass { class: 1, .. })));
            for bad in [0.0, -1.0, 1.5, f64::NAN] {
                assert!(matches!(sample(&[0, 1], bad, 0), Err(Error::Parameter { .. })));
            }
        }
        let label = downsample_negatives(&[0, 1, 2], 0.5, 0);
        assert!(matches!(label, Err(Error::Label { index: 2, .. })));
        let none = downsample_negatives(&[0, 1], 1e-9, 0).unwrap_err();
        assert!(matches!(none, Error::EmptyGroup { .. }), "{none}");
    }
}
