//! Scores over folds, over the number of rows, and over a setting.

use crate::base::{Target, check_matrix, views};
use crate::data::Split;
use crate::data::check_splits;
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

/// Scores on both parts of each split, for each value of something.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Curve {
    /// Numbers of training rows, or values of the setting, shape `(n_points,)`.
    pub x: Array1<f64>,
    /// Scores on the rows that were learned from, shape `(n_points, n_splits)`.
    pub train: Array2<f64>,
    /// Scores on the test part, shape `(n_points, n_splits)`.
    pub validation: Array2<f64>,
}

impl Curve {
    /// Mean training score at each point, shape `(n_points,)`.
    pub fn train_mean(&self) -> Array1<f64> {
        row_means(&self.train)
    }

    /// Mean validation score at each point, shape `(n_points,)`.
    pub fn validation_mean(&self) -> Array1<f64> {
        row_means(&self.validation)
    }

    /// Standard deviation of the validation score over splits (divisor `n_splits`), shape `(n_points,)`. It
    /// shows how much one fold may mislead; splits share rows, so it is no standard error of the mean.
    pub fn validation_sd(&self) -> Array1<f64> {
        self.validation.std_axis(Axis(1), 0.0)
    }

    /// The point with the highest mean validation score, as an index into `x`; the first of equals.
    pub fn best(&self) -> usize {
        let means = self.validation_mean();
        (1..means.len()).fold(0, |best, i| if means[i] > means[best] { i } else { best })
    }
}

fn row_means(scores: &Array2<f64>) -> Array1<f64> {
    scores.sum_axis(Axis(1)) / scores.ncols() as f64
}

/// The score on the test part of each split, shape `(n_splits,)`, of a model fitted on the training part.
///
/// `x` is `(n_samples, n_features)`, `y` `(n_samples,)`: numbers or classes. `fit` and `score` get a part of it by
/// reference, as `&Array1<f64>` or `&Vec<usize>`; [`super::cross_validate`] takes a learner instead. `fit` must do all that looks at the data, scaling and
/// selection of features included: done beforehand on all rows, they have seen the test part.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`] for `x`, [`Error::Shape`] for `y`, [`Error::Parameter`] for splits
/// that name rows that are not there, and those of `fit` and `score`; [`Error::NotFinite`] for a score.
///
/// ```
/// use mlnotes::metrics::validation::{KFold, cross_val_score};
/// use mlnotes::{data, tree::cart::DecisionTreeClassifier};
/// let wine = data::wine();
/// let folds = KFold::params(5).stratify(&wine.y).shuffle(true).split(178)?;
/// let accuracy = cross_val_score(
///     |x, y| DecisionTreeClassifier::params().max_depth(3).fit(x, y),
///     |tree, x, y| tree.score(x, y),
///     wine.x.view(), &wine.y[..], &folds,
/// )?;
/// assert!(accuracy.len() == 5 && accuracy.iter().all(|a| *a > 0.8));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cross_val_score<T: Target, M>(
    fit: impl Fn(ArrayView2<f64>, &T::Part) -> Result<M> + Sync,
    score: impl Fn(&M, ArrayView2<f64>, &T::Part) -> Result<f64> + Sync,
    x: ArrayView2<f64>,
    y: T,
    splits: &[Split],
) -> Result<Array1<f64>> {
    const NAMES: [&str; 3] =
        ["cross_val_score: `x`", "cross_val_score: `y`", "cross_val_score: `splits`"];
    check(NAMES, x, y, splits)?;
    check_interrupt();
    let scores: Result<Vec<f64>> = splits
        .par_iter()
        .map(|split| {
            let train = x.select(Axis(0), &split.train);
            let model = fit(train.view(), &y.part(&split.train))?;
            judge(&score, &model, x, y, &split.test)
        })
        .collect();
    finite("cross_val_score: score of a fold", Array1::from(scores?).insert_axis(Axis(0)))
        .map(|scores| scores.row(0).to_owned())
}

/// Scores of models fitted on the first `sizes[i]` rows of each training part, on these rows and on the
/// test part.
///
/// Where the curves end says what to do: a gap between them that is still closing asks for more rows, two
/// flat curves close together and too low ask for another model or other features.
///
/// The first rows are those of the split's own order. Splits of [`super::KFold`] ascend, so rows sorted by
/// class or date must be shuffled beforehand.
///
/// # Errors
/// As [`cross_val_score`]; [`Error::Empty`] for no sizes, [`Error::Parameter`] for a size of 0 or above the
/// smallest training part.
///
/// ```
/// use mlnotes::{data, linear::ridge::Ridge};
/// use mlnotes::metrics::validation::{KFold, learning_curve};
/// let set = data::diabetes();
/// let curve = learning_curve(
///     |x, y| Ridge::params(0.0).fit(x, y.view()),
///     |model, x, y| model.score(x, y.view()),
///     set.x.view(), set.y.view(), &[20, 80, 353], &KFold::params(5).split(442)?,
/// )?;
/// let (train, validation) = (curve.train_mean(), curve.validation_mean());
/// assert!(train[0] - validation[0] > 0.3 && train[2] - validation[2] < 0.06);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn learning_curve<T: Target, M>(
    fit: impl Fn(ArrayView2<f64>, &T::Part) -> Result<M> + Sync,
    score: impl Fn(&M, ArrayView2<f64>, &T::Part) -> Result<f64> + Sync,
    x: ArrayView2<f64>,
    y: T,
    sizes: &[usize],
    splits: &[Split],
) -> Result<Curve> {
    const NAMES: [&str; 3] =
        ["learning_curve: `x`", "learning_curve: `y`", "learning_curve: `splits`"];
    check(NAMES, x, y, splits)?;
    let most = splits.iter().map(|split| split.train.len()).min().unwrap_or(0);
    if let Some(size) = sizes.iter().find(|size| !(1..=most).contains(*size)) {
        let (rule, got) = ("from 1 to the rows of the smallest training part", size.to_string());
        return Err(Error::Parameter { estimator: "learning_curve", name: "sizes", rule, got });
    }
    let points: Vec<f64> = sizes.iter().map(|&size| size as f64).collect();
    curve("learning_curve: `sizes`", points.into(), splits, |point, split| {
        let rows = &split.train[..sizes[point]];
        let model = fit(x.select(Axis(0), rows).view(), &y.part(rows))?;
        Ok((judge(&score, &model, x, y, rows)?, judge(&score, &model, x, y, &split.test)?))
    })
}

/// Scores on both parts of each split for each value of a setting; `fit_with(value, x, y)` fits with it.
///
/// The best validation score is the highest of several that chance has raised or lowered: it is too good,
/// the more so the more values were tried. Report the score on rows that took no part in the choice.
///
/// # Errors
/// As [`cross_val_score`]; [`Error::Empty`] or [`Error::NotFinite`] for the values.
///
/// ```
/// use mlnotes::{data, linear::ridge::Ridge};
/// use mlnotes::metrics::validation::{KFold, validation_curve};
/// let set = data::diabetes();
/// let x = data::standardize(set.x.view())?.x;
/// let curve = validation_curve(
///     |alpha, x, y| Ridge::params(alpha).fit(x, y.view()),
///     |model, x, y| model.score(x, y.view()),
///     x.view(), set.y.view(), ndarray::array![1.0, 1e3, 1e5].view(), &KFold::params(5).split(442)?,
/// )?;
/// // Too much penalty: bad on both parts, and no gap between them.
/// let (train, validation) = (curve.train_mean(), curve.validation_mean());
/// assert!(train[0] > train[1] && train[1] > train[2] && train[2] - validation[2] < 0.03);
/// assert_eq!(curve.best(), 0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn validation_curve<T: Target, M>(
    fit_with: impl Fn(f64, ArrayView2<f64>, &T::Part) -> Result<M> + Sync,
    score: impl Fn(&M, ArrayView2<f64>, &T::Part) -> Result<f64> + Sync,
    x: ArrayView2<f64>,
    y: T,
    values: ArrayView1<f64>,
    splits: &[Split],
) -> Result<Curve> {
    const NAMES: [&str; 3] =
        ["validation_curve: `x`", "validation_curve: `y`", "validation_curve: `splits`"];
    check(NAMES, x, y, splits)?;
    crate::base::check_vector("validation_curve: `values`", values)?;
    curve("validation_curve: `values`", values.to_owned(), splits, |point, split| {
        let train = x.select(Axis(0), &split.train);
        let model = fit_with(values[point], train.view(), &y.part(&split.train))?;
        let on = |rows: &[usize]| judge(&score, &model, x, y, rows);
        Ok((on(&split.train)?, on(&split.test)?))
    })
}

/// The score of a fitted model on some rows.
fn judge<T: Target, M>(
    score: &impl Fn(&M, ArrayView2<f64>, &T::Part) -> Result<f64>,
    model: &M,
    x: ArrayView2<f64>,
    y: T,
    rows: &[usize],
) -> Result<f64> {
    score(model, x.select(Axis(0), rows).view(), &y.part(rows))
}

/// Runs `both(point, split)`, which gives training and validation score, for all points and splits.
fn curve(
    what: &'static str,
    x: Array1<f64>,
    splits: &[Split],
    both: impl Fn(usize, &Split) -> Result<(f64, f64)> + Sync,
) -> Result<Curve> {
    if x.is_empty() {
        return Err(Error::Empty { what, needed: "1 value" });
    }
    let mut train = Array2::zeros((x.len(), splits.len()));
    let mut validation = train.clone();
    for point in 0..x.len() {
        check_interrupt();
        let scores: Result<Vec<(f64, f64)>> =
            splits.par_iter().map(|split| both(point, split)).collect();
        for (i, (on_train, on_test)) in scores?.into_iter().enumerate() {
            train[[point, i]] = on_train;
            validation[[point, i]] = on_test;
        }
    }
    let train = finite("Curve: training score (row a point, column a split)", train)?;
    let validation = finite("Curve: validation score (row a point, column a split)", validation)?;
    Ok(Curve { x, train, validation })
}

fn finite(what: &'static str, scores: Array2<f64>) -> Result<Array2<f64>> {
    check_matrix(what, scores.view())?;
    Ok(scores)
}

pub(super) fn check<T: Target>(
    names: [&'static str; 3],
    x: ArrayView2<f64>,
    y: T,
    splits: &[Split],
) -> Result<()> {
    check_matrix(names[0], x)?;
    if y.rows() != x.nrows() {
        let (expected, got) = (format!("({},)", x.nrows()), format!("({},)", y.rows()));
        return Err(Error::Shape { what: names[1], expected, got });
    }
    check_splits(names[2], splits, x.nrows())
}

#[cfg(test)]
#[expect(
    clippy::unnecessary_wraps,
    clippy::trivially_copy_pass_by_ref,
    reason = "the signatures that `fit` and `score` have"
)]
mod tests {
    use super::*;
    use crate::data;
    use crate::metrics::validation::KFold;
    use ndarray::array;

    /// The mean of the training part, judged by minus the mean squared error.
    fn mean(_: ArrayView2<f64>, y: &Array1<f64>) -> Result<f64> {
        Ok(y.sum() / y.len() as f64)
    }

    fn minus_mse(m: &f64, _: ArrayView2<f64>, y: &Array1<f64>) -> Result<f64> {
        Ok(-y.mapv(|v| (v - m).powi(2)).sum() / y.len() as f64)
    }

    #[test]
    fn by_hand_on_four_rows() {
        let (x, y) = (Array2::zeros((4, 1)), array![0.0, 2.0, 4.0, 6.0]);
        let folds = KFold::params(2).split(4).unwrap();
        // Mean 5 judged on 0 and 2, mean 1 on 4 and 6.
        let scores = cross_val_score(mean, minus_mse, x.view(), y.view(), &folds).unwrap();
        assert_eq!(scores, array![-17.0, -17.0]);
        let curve = learning_curve(mean, minus_mse, x.view(), y.view(), &[1, 2], &folds).unwrap();
        assert_eq!(curve.train, array![[0.0, 0.0], [-1.0, -1.0]]);
        // One row: 4 judged on 0 and 2, 0 on 4 and 6.
        assert_eq!(curve.validation, array![[-10.0, -26.0], [-17.0, -17.0]]);
        assert_eq!((curve.best(), curve.validation_sd()[0]), (1, 8.0));
        let shrunk = |w: f64, x: ArrayView2<f64>, y: &Array1<f64>| Ok(w * mean(x, y)?);
        let values = array![1.0, 0.0];
        let curve =
            validation_curve(shrunk, minus_mse, x.view(), y.view(), values.view(), &folds).unwrap();
        assert_eq!(curve.validation, array![[-17.0, -17.0], [-2.0, -26.0]]);
        assert_eq!(curve.x, values);
    }

    #[test]
    fn classes_come_as_classes() {
        let iris = data::iris();
        let folds = KFold::params(3).stratify(&iris.y).split(150).unwrap();
        let counted = cross_val_score(
            |_, y: &Vec<usize>| Ok(y.iter().filter(|&&class| class == 2).count() as f64),
            |found, _, _| Ok(*found),
            iris.x.view(),
            &iris.y[..],
            &folds,
        );
        assert_eq!(counted.unwrap(), array![34.0, 33.0, 33.0]);
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = (Array2::zeros((4, 1)), array![0.0, 2.0, 4.0, 6.0]);
        let folds = KFold::params(2).split(4).unwrap();
        let run = |x: &Array2<f64>, y: &Array1<f64>, folds: &[Split]| {
            cross_val_score(mean, minus_mse, x.view(), y.view(), folds).unwrap_err()
        };
        assert!(matches!(run(&x, &y, &[]), Error::Empty { .. }));
        assert!(matches!(run(&x, &array![1.0], &folds), Error::Shape { .. }));
        let few = Array2::zeros((3, 1));
        let gone = run(&few, &array![0.0, 1.0, 2.0], &folds);
        assert!(matches!(gone, Error::Parameter { name: "splits", .. }), "{gone}");
        let nan = cross_val_score(mean, |_, _, _| Ok(f64::NAN), x.view(), y.view(), &folds);
        assert!(matches!(nan, Err(Error::NotFinite { .. })));
        for sizes in [&[0][..], &[3], &[]] {
            let curve = learning_curve(mean, minus_mse, x.view(), y.view(), sizes, &folds);
            assert!(curve.is_err(), "{sizes:?}");
        }
        let refused = cross_val_score(
            |_, _| Err::<f64, _>(Error::Empty { what: "fit", needed: "luck" }),
            minus_mse,
            x.view(),
            y.view(),
            &folds,
        );
        assert!(matches!(refused, Err(Error::Empty { what: "fit", .. })));
    }
}
