//! What two errors and a target say about a model.

use crate::{Error, Result};

/// How many standard errors the validation error must be away to count as different (about 95 %).
const BAND: f64 = 2.0;

/// What is wrong, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Diagnosis {
    /// The validation error is at most the target.
    OnTarget,
    /// Even the rows that it learned from are predicted too badly.
    Underfitting,
    /// Good on the rows that it learned from, too bad on others.
    Overfitting,
    /// Both: too bad on its own rows, and worse on others.
    Both,
    /// The validation error's interval holds the target: this many rows cannot tell.
    TooFewRows,
    /// Better on rows it has not seen than on its own, beyond chance.
    TooGood,
}

impl Diagnosis {
    /// What to try, the cheapest first; measure again after each.
    ///
    /// ```
    /// use mlnotes::metrics::validation::diagnose;
    /// let remedies = diagnose(0.02, 0.15, 0.05, 0.01)?.remedies();
    /// assert!(remedies[0].contains("more rows"));
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn remedies(self) -> &'static [&'static str] {
        match self {
            Self::OnTarget => &["judge it once on rows that took no part in any choice"],
            Self::Underfitting => &[
                "train until the training loss rests",
                "less regularisation",
                "better features, or a richer model",
                "look for a bug: can it fit ten rows exactly?",
            ],
            Self::Overfitting => &[
                "more rows, or augmented ones",
                "more regularisation: penalty, dropout, early stopping",
                "a simpler model, fewer features, or bagging",
                "look for a shift between training and validation rows",
            ],
            Self::Both => &[
                "check labels and the pipeline first: noise and bugs look like this",
                "better features",
                "a richer model together with more regularisation",
            ],
            Self::TooFewRows => &[
                "more validation rows: the interval shrinks with the root of their number",
                "cross-validation, so that every row judges once",
            ],
            Self::TooGood => &[
                "look for rows that are in both parts, and for columns that know the answer",
                "is the training error measured with dropout or augmentation on?",
                "are the validation rows easier?",
            ],
        }
    }
}

/// Reads training error, validation error and the error that one is after, lower being better, all in the
/// same unit; `std_err` is the standard error of the validation error.
///
/// ```text
/// avoidable bias = training error − target         gap = validation error − training error
/// ```
///
/// A difference counts from two standard errors on. The target is what is possible, for example the error
/// of people or of the best published model: without one, bias cannot be told from noise that no model
/// removes. Neither sees leakage, a shifted test set or a wrong metric; see
/// [`super::leakage_scan`] and [`super::adversarial_validation`].
///
/// # Errors
/// [`Error::Parameter`] unless all numbers are finite and `std_err` is not negative.
///
/// # Example
/// ```
/// use mlnotes::metrics::validation::{Diagnosis, diagnose};
/// assert_eq!(diagnose(0.15, 0.16, 0.05, 0.01)?, Diagnosis::Underfitting);
/// assert_eq!(diagnose(0.01, 0.15, 0.05, 0.01)?, Diagnosis::Overfitting);
/// assert_eq!(diagnose(0.04, 0.06, 0.05, 0.03)?, Diagnosis::TooFewRows);
/// assert_eq!(diagnose(0.03, 0.04, 0.05, 0.005)?, Diagnosis::OnTarget);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Ng (2018), *Machine Learning Yearning*, chapters 20-23.
pub fn diagnose(
    train_error: f64,
    validation_error: f64,
    target_error: f64,
    std_err: f64,
) -> Result<Diagnosis> {
    let numbers = [
        ("train_error", train_error),
        ("validation_error", validation_error),
        ("target_error", target_error),
        ("std_err", std_err),
    ];
    for (name, value) in numbers {
        if !value.is_finite() || (name == "std_err" && value < 0.0) {
            let rule = if name == "std_err" { "finite and >= 0" } else { "finite" };
            let got = value.to_string();
            return Err(Error::Parameter { estimator: "diagnose", name, rule, got });
        }
    }
    let band = BAND * std_err;
    let gap = validation_error - train_error;
    if gap < -band {
        return Ok(Diagnosis::TooGood);
    }
    if (validation_error - target_error).abs() < band {
        return Ok(Diagnosis::TooFewRows);
    }
    if validation_error <= target_error {
        return Ok(Diagnosis::OnTarget);
    }
    Ok(match (train_error > target_error + band, gap > band) {
        (true, false) => Diagnosis::Underfitting,
        (true, true) => Diagnosis::Both,
        // The validation error is too high and the training error is not: the gap is the whole of it.
        (false, _) => Diagnosis::Overfitting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_unit_does_not_matter(
            train in 0.0..1.0f64, gap in -0.5..1.0f64, target in 0.0..1.0f64, se in 0.0..0.2f64,
        ) {
            let here = diagnose(train, train + gap, target, se).unwrap();
            let scaled = diagnose(8.0 * train, 8.0 * (train + gap), 8.0 * target, 8.0 * se);
            prop_assert_eq!(here, scaled.unwrap());
            // Certain of everything, it always says something definite.
            let sure = diagnose(train, train + gap, target, 0.0).unwrap();
            prop_assert_ne!(sure, Diagnosis::TooFewRows);
        }
    }

    #[test]
    fn each_case_has_its_name_and_a_remedy() {
        let cases = [
            ((0.10, 0.30, 0.05, 0.02), Diagnosis::Both),
            ((0.20, 0.10, 0.05, 0.02), Diagnosis::TooGood),
            ((0.20, 0.21, 0.05, 0.02), Diagnosis::Underfitting),
            ((0.05, 0.05, 0.05, 0.0), Diagnosis::OnTarget),
        ];
        for ((train, validation, target, se), expected) in cases {
            let found = diagnose(train, validation, target, se).unwrap();
            assert_eq!(found, expected);
            assert!(!found.remedies().is_empty());
        }
        assert!(diagnose(f64::NAN, 0.0, 0.0, 0.0).is_err());
        let error = diagnose(0.1, 0.1, 0.1, -1.0).unwrap_err();
        assert!(matches!(error, Error::Parameter { name: "std_err", .. }), "{error}");
    }
}
