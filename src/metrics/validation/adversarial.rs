//! Are training and test rows alike? A classifier that tries to tell them apart answers.

use crate::base::{check_matrix, views};
use crate::data::stratified_k_fold;
use crate::display::check_interrupt;
use crate::metrics::auc::roc_auc;
use crate::tree::forest::RandomForestClassifier;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView2, Axis, concatenate};

const FOLDS: usize = 5;
const TREES: usize = 60;
const MIN_LEAF: usize = 5;

/// How far test rows can be told from training rows.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Shift {
    /// Area under the ROC curve of a random forest, out of fold: 0.5 when nothing gives them away, 1 when
    /// everything does.
    pub auc: f64,
    /// Standard error of that area if there is no shift, `√((n + m + 1)/(12 n m))`.
    pub std_error: f64,
    /// How much each feature gave away: its importance in the forests, shape `(n_features,)`, sum 1. With an
    /// area near one half it is noise.
    pub importance: Array1<f64>,
}

impl Shift {
    /// Whether the area is more than three standard errors above one half.
    pub fn is_shifted(&self) -> bool {
        self.auc > 0.5 + 3.0 * self.std_error
    }
}

/// Adversarial validation: how well a random forest tells the rows of `test`, `(m, n_features)`, from those of
/// `train`, `(n, n_features)`, on rows that it has not seen.
///
/// A validation score says little about test rows that look different. An identifier or a date tells the
/// parts apart without any harm: look at `importance`, drop such columns, and ask again. The labels take no
/// part, so a change of `p(y | x)` alone is not seen.
///
/// The area is the mean over five folds of the area within each, so that scores of different forests are
/// never compared.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] when the columns differ, and
/// [`Error::TooFewSamples`] for fewer than ten rows in a part.
///
/// # Example
/// ```
/// use mlnotes::{data, metrics::validation::adversarial_validation};
/// use ndarray::{Axis, s};
/// let x = &data::wine().x; // sorted by cultivar
/// let sorted = adversarial_validation(x.slice(s![..130, ..]), x.slice(s![130.., ..]), 1)?;
/// assert!(sorted.is_shifted() && sorted.auc > 0.99);
/// let split = data::train_test_split(178, 0.3, 1)?;
/// let (a, b) = (x.select(Axis(0), &split.train), x.select(Axis(0), &split.test));
/// assert!(!adversarial_validation(a.view(), b.view(), 1)?.is_shifted());
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests; Hanley & `McNeil` (1982) for the error.
#[views]
pub fn adversarial_validation(
    train: ArrayView2<f64>,
    test: ArrayView2<f64>,
    seed: u64,
) -> Result<Shift> {
    check(train, test)?;
    let (n, m) = (train.nrows(), test.nrows());
    // Cannot fail: the columns are as many.
    let x = concatenate(Axis(0), &[train.view(), test.view()]).map_err(|_| shape(train, test))?;
    let y: Vec<usize> = (0..n + m).map(|row| usize::from(row >= n)).collect();
    let of = |rows: &[usize]| -> Vec<usize> { rows.iter().map(|&row| y[row]).collect() };
    let params = RandomForestClassifier::params().n_trees(TREES).min_leaf(MIN_LEAF).seed(seed);
    let (mut auc, mut importance) = (0.0, Array1::zeros(train.ncols()));
    for split in stratified_k_fold(&y, FOLDS, seed)? {
        check_interrupt();
        let forest = params.fit(x.select(Axis(0), &split.train), of(&split.train))?;
        let proba = forest.predict_proba(x.select(Axis(0), &split.test))?;
        auc += roc_auc(proba.column(1), of(&split.test))? / FOLDS as f64;
        importance += &(forest.importance() / FOLDS as f64);
    }
    let (n, m) = (n as f64, m as f64);
    Ok(Shift { auc, std_error: ((n + m + 1.0) / (12.0 * n * m)).sqrt(), importance })
}

fn check(train: ArrayView2<f64>, test: ArrayView2<f64>) -> Result<()> {
    let parts = [
        ("adversarial_validation: `train`", train.view()),
        ("adversarial_validation: `test`", test.view()),
    ];
    for (what, part) in parts {
        check_matrix(what, part)?;
        if part.nrows() < 2 * FOLDS {
            return Err(Error::TooFewSamples { what, needed: 2 * FOLDS, got: part.nrows() });
        }
    }
    if train.ncols() == test.ncols() { Ok(()) } else { Err(shape(train, test)) }
}

fn shape(train: ArrayView2<f64>, test: ArrayView2<f64>) -> Error {
    Error::Shape {
        what: "adversarial_validation: `test`",
        expected: format!("(n_rows, {})", train.ncols()),
        got: format!("{:?}", test.dim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn normal(n: usize, d: usize, seed: u64) -> Array2<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Array2::from_shape_fn((n, d), |_| rng.sample(rand_distr::StandardNormal))
    }

    #[test]
    fn the_shifted_feature_is_named_even_when_its_mean_stays() {
        let train = normal(200, 4, 1);
        let mut test = normal(150, 4, 2);
        // Twice as wide: no linear model would see it.
        test.column_mut(2).mapv_inplace(|v| 2.5 * v);
        let shift = adversarial_validation(train.view(), test.view(), 5).unwrap();
        assert!(shift.is_shifted(), "{shift:?}");
        let most = (0..4).max_by(|&a, &b| shift.importance[a].total_cmp(&shift.importance[b]));
        assert_eq!(most, Some(2));
        assert!((shift.importance.sum() - 1.0).abs() < 1e-9);
        let again = adversarial_validation(train.view(), test.view(), 5).unwrap();
        assert_eq!(shift, again);
    }

    #[test]
    fn bad_input_is_named() {
        let x = normal(20, 3, 1);
        let few = adversarial_validation(x.view(), x.slice(s![..9, ..]), 1);
        assert!(matches!(few, Err(Error::TooFewSamples { needed: 10, got: 9, .. })));
        let narrow = adversarial_validation(x.view(), x.slice(s![.., ..2]), 1);
        assert!(matches!(narrow, Err(Error::Shape { .. })));
        let mut nan = x.clone();
        nan[[3, 1]] = f64::NAN;
        let bad = adversarial_validation(nan.view(), x.view(), 1);
        assert!(matches!(bad, Err(Error::NotFinite { row: 3, col: 1, .. })));
    }
}
