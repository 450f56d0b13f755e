//! Splits of rows in the order of time: the past learns, the future judges.

use crate::data::Split;
use crate::{Error, Result};

/// `k` splits of a series: the test parts are the last `k` blocks of `⌊n / (k + 1)⌋` rows, and each trains on
/// everything before its block but the last `gap` rows.
///
/// ```text
/// k = 3, gap = 1        train train train  gap  TEST
/// ```
///
/// A gap is needed where rows overlap in what they look at: a feature over the last 7 days leaks into a
/// test row 3 days later, and a label that is known only after 30 days is not there yet on the day of
/// training.
///
/// # Example
/// ```
/// use mlnotes::metrics::validation::TimeSeriesSplit;
/// let splits = TimeSeriesSplit::new(2, 1)?.split(8)?;
/// assert_eq!((&splits[0].train[..], &splits[0].test[..]), (&[0, 1, 2][..], &[4, 5][..]));
/// assert_eq!((splits[1].train.len(), &splits[1].test[..]), (5, &[6, 7][..]));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Bergmeir & Benítez (2012), on the use of cross-validation for time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSeriesSplit {
    k: usize,
    gap: usize,
}

impl TimeSeriesSplit {
    /// `k` splits that leave `gap` rows out between training and test part.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `k >= 2`.
    pub fn new(k: usize, gap: usize) -> Result<Self> {
        if k >= 2 {
            return Ok(Self { k, gap });
        }
        let (rule, got) = (">= 2", k.to_string());
        Err(Error::Parameter { estimator: "TimeSeriesSplit", name: "k", rule, got })
    }

    /// The splits of rows `0..n`, which are in the order of time.
    ///
    /// # Errors
    /// [`Error::TooFewSamples`] when the first training part or a test part would be empty.
    pub fn split(&self, n: usize) -> Result<Vec<Split>> {
        let size = n / (self.k + 1);
        let first = n - self.k * size;
        if size == 0 || first <= self.gap {
            let what = "TimeSeriesSplit: `n`";
            let needed = (self.k + 1) * (self.gap + 1);
            return Err(Error::TooFewSamples { what, needed, got: n });
        }
        let split = |start: usize| Split {
            train: (0..start - self.gap).collect(),
            test: (start..start + size).collect(),
        };
        Ok((0..self.k).map(|i| split(first + i * size)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nobody_learns_from_the_future(n in 3usize..200, k in 2usize..7, gap in 0usize..20) {
            match TimeSeriesSplit::new(k, gap).unwrap().split(n) {
                Ok(splits) => {
                    prop_assert_eq!(splits.len(), k);
                    for split in &splits {
                        prop_assert_eq!(split.train[split.train.len() - 1] + gap + 1, split.test[0]);
                        prop_assert_eq!(split.test.len(), n / (k + 1));
                    }
                    prop_assert_eq!(splits[k - 1].test.last(), Some(&(n - 1)));
                }
                Err(error) => {
                    let wanted = (k + 1) * (gap + 1);
                    prop_assert!(n < wanted, "{error}");
                }
            }
        }
    }

    #[test]
    fn one_split_is_no_series() {
        assert!(matches!(TimeSeriesSplit::new(1, 0), Err(Error::Parameter { name: "k", .. })));
        assert!(TimeSeriesSplit::new(2, 0).unwrap().split(0).is_err());
    }
}
