//! Splitting rows into a part to learn from and a part to be judged on.

use crate::{Error, Result};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Row numbers of the two parts, disjoint, together all rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// Rows to fit on.
    pub train: Vec<usize>,
    /// Rows to judge on.
    pub test: Vec<usize>,
}

/// Splits `0..n` at random; `⌈n · test_share⌉` rows go to the test part, as in scikit-learn.
///
/// # Errors
/// [`Error::Parameter`] unless `0 < test_share < 1`; [`Error::TooFewSamples`] when a part would be empty.
///
/// ```
/// let split = mlnotes::data::train_test_split(10, 0.3, 7)?;
/// assert_eq!((split.train.len(), split.test.len()), (7, 3));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn train_test_split(n: usize, test_share: f64, seed: u64) -> Result<Split> {
    if !(test_share > 0.0 && test_share < 1.0) {
        return Err(Error::Parameter {
            estimator: "train_test_split",
            name: "test_share",
            rule: "between 0 and 1, both excluded",
            got: test_share.to_string(),
        });
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 < share < 1")]
    let n_test = (n as f64 * test_share).ceil() as usize;
    if n < 2 || n_test >= n {
        return Err(Error::TooFewSamples {
            what: "train_test_split: `n`",
            needed: n_test.max(1) + 1,
            got: n,
        });
    }
    let mut rows: Vec<usize> = (0..n).collect();
    rows.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let test = rows.split_off(n - n_test);
    Ok(Split { train: rows, test })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_disjoint_and_complete_and_the_seed_decides() {
        for seed in 0..10 {
            let split = train_test_split(101, 0.25, seed).unwrap();
            assert_eq!(split.test.len(), 26);
            let mut all = [split.train.clone(), split.test.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..101).collect::<Vec<_>>());
            assert_eq!(split, train_test_split(101, 0.25, seed).unwrap());
        }
    }

    #[test]
    fn a_share_outside_the_open_interval_is_refused() {
        for share in [0.0, 1.0, -0.1, f64::NAN] {
            assert!(matches!(train_test_split(10, share, 0), Err(Error::Parameter { .. })));
        }
        assert!(matches!(train_test_split(1, 0.5, 0), Err(Error::TooFewSamples { .. })));
    }
}
