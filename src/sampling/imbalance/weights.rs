//! How much each class counts in a loss.

use crate::base::views;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// Where class weights come from.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum ClassWeight {
    /// `n / (C n_c)`: every class has the same total, and the mean weight of a row is 1.
    #[default]
    Balanced,
    /// These, one a class, for example the costs of its mistakes.
    Given(Array1<f64>),
}

/// The weight of each class of `y`, `(n_samples,)`, numbered from 0 without a gap; shape `(n_classes,)`.
///
/// A model that is fitted with them reports the probabilities of a world with other class shares:
/// [`super::recalibrate`] by `weights[0] / weights[1]` brings them back.
///
/// # Errors
/// [`Error::Empty`]; [`Error::SingleClass`]; [`Error::Label`] for as many classes as rows or more;
/// [`Error::EmptyGroup`] for a class without rows; for given weights [`Error::Shape`] unless there is one a
/// class and [`Error::Parameter`] unless they are finite and > 0.
///
/// # Example
/// ```
/// use mlnotes::sampling::imbalance::{ClassWeight, class_weights};
/// let weights = class_weights(&[0, 0, 0, 1], &ClassWeight::Balanced)?;
/// assert_eq!(weights, ndarray::array![4.0 / 6.0, 2.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// King & Zeng (2001), Logistic regression in rare events data, on weighting.
#[views]
pub fn class_weights(y: &[usize], weight: &ClassWeight) -> Result<Array1<f64>> {
    const WHAT: &str = "class_weights: `y`";
    let counts = counts(WHAT, y)?;
    let n_classes = counts.len();
    match weight {
        ClassWeight::Balanced => {
            let share = y.len() as f64 / n_classes as f64;
            Ok(counts.iter().map(|&count| share / count as f64).collect())
        }
        ClassWeight::Given(given) => {
            check_weights("class_weights: `weight`", given.view(), n_classes)?;
            Ok(given.clone())
        }
    }
}

/// The weight of each row of `y`, `(n_samples,)`: that of its class, shape `(n_samples,)`. What
/// [`crate::linear::logistic::LogisticRegressionParams::sample_weight`] takes.
///
/// # Errors
/// As [`class_weights`], but a class may be empty; there is a weight for each class up to the largest.
///
/// # Example
/// ```
/// use mlnotes::sampling::imbalance::sample_weights;
/// let v = sample_weights(&[0, 1, 0], ndarray::array![0.75, 1.5].view())?;
/// assert_eq!(v, ndarray::array![0.75, 1.5, 0.75]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn sample_weights(y: &[usize], class_weights: ArrayView1<f64>) -> Result<Array1<f64>> {
    const WHAT: &str = "sample_weights: `y`";
    if y.is_empty() {
        return Err(Error::Empty { what: WHAT, needed: "1 label" });
    }
    let n_classes = class_weights.len();
    check_weights("sample_weights: `class_weights`", class_weights, n_classes)?;
    if let Some(index) = y.iter().position(|&label| label >= n_classes) {
        let (got, allowed) = (y[index].to_string(), "one of those that have a weight");
        return Err(Error::Label { what: WHAT, index, got, allowed });
    }
    Ok(y.iter().map(|&label| class_weights[label]).collect())
}

/// Rows of each class, none of them without.
fn counts(what: &'static str, y: &[usize]) -> Result<Vec<usize>> {
    let Some(&largest) = y.iter().max() else {
        return Err(Error::Empty { what, needed: "2 labels" });
    };
    if y.iter().all(|&label| label == largest) {
        return Err(Error::SingleClass { what, class: largest });
    }
    if let Some(index) = y.iter().position(|&label| label >= y.len()) {
        let allowed = "numbered from 0, fewer classes than rows";
        return Err(Error::Label { what, index, got: y[index].to_string(), allowed });
    }
    let mut counts = vec![0; largest + 1];
    for &label in y {
        counts[label] += 1;
    }
    match counts.iter().position(|&count| count == 0) {
        Some(class) => Err(Error::EmptyGroup { what, group: format!("class {class}") }),
        None => Ok(counts),
    }
}

fn check_weights(what: &'static str, weights: ArrayView1<f64>, n_classes: usize) -> Result<()> {
    if weights.len() != n_classes {
        let (expected, got) = (format!("({n_classes},)"), format!("({},)", weights.len()));
        return Err(Error::Shape { what, expected, got });
    }
    match weights.iter().find(|v| !(v.is_finite() && **v > 0.0)) {
        Some(v) => Err(Error::Parameter {
            estimator: "class_weights",
            name: "weight",
            rule: "finite and > 0",
            got: v.to_string(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn balanced_classes_weigh_the_same_and_rows_1_on_average(
            y in proptest::collection::vec(0_usize..3, 6..50),
        ) {
            prop_assume!((0..3).all(|class| y.contains(&class)));
            let weights = class_weights(&y, &ClassWeight::Balanced).unwrap();
            let v = sample_weights(&y, weights.view()).unwrap();
            prop_assert!((v.sum() - y.len() as f64).abs() < 1e-9);
            for class in 0..3 {
                let total: f64 = y.iter().zip(&v).filter(|(l, _)| **l == class).map(|(_, v)| v).sum();
                prop_assert!((total - y.len() as f64 / 3.0).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn bad_input_is_named() {
        let balanced = |y: &[usize]| class_weights(y, &ClassWeight::Balanced).unwrap_err();
        assert!(matches!(balanced(&[]), Error::Empty { .. }));
        assert!(matches!(balanced(&[1, 1]), Error::SingleClass { class: 1, .. }));
        assert!(matches!(balanced(&[0, 2, 2]), Error::EmptyGroup { .. }));
        assert!(matches!(balanced(&[0, usize::MAX]), Error::Label { index: 1, .. }));
        let given = |v: Array1<f64>| class_weights(&[0, 1], &ClassWeight::Given(v));
        assert_eq!(given(array![1.0, 5.0]).unwrap(), array![1.0, 5.0]);
        assert!(matches!(given(array![1.0]), Err(Error::Shape { .. })));
        assert!(matches!(given(array![1.0, 0.0]), Err(Error::Parameter { .. })));
        assert!(matches!(given(array![1.0, f64::NAN]), Err(Error::Parameter { .. })));
        let label = sample_weights(&[0, 2], array![1.0, 1.0].view());
        assert!(matches!(label, Err(Error::Label { index: 1, .. })));
        assert!(matches!(sample_weights(&[], array![1.0].view()), Err(Error::Empty { .. })));
    }
}
