//! Cross-validation of a learner as one: whatever it learns, it learns from the training part alone.

use super::curves::{check, cross_val_score};
use crate::base::{Fitted, Learner, Target, views};
use crate::data::Split;
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

/// The score on the test part of each split, shape `(n_splits,)`, of a learner fitted to the training part: `R²`
/// of numbers, accuracy of classes. `seed` is the learner's chance, the same in each fold.
///
/// `x` is `(n_samples, n_features)`, `y` `(n_samples,)`. A class that a training part lacks is known to the
/// learner, with no row of it. For another score see [`cross_val_outputs`], or [`cross_val_score`] with
/// [`Learner::fit_part`].
///
/// # Errors
/// As [`cross_val_score`], and [`Error::ZeroVariance`] for numbers that are constant in a test part.
///
/// ```
/// use mlnotes::metrics::validation::{KFold, cross_validate};
/// use mlnotes::{data, linear::ridge::Ridge, tree::cart::DecisionTreeClassifier};
/// let (wine, set) = (data::wine(), data::diabetes());
/// let folds = KFold::params(5).stratify(&wine.y).shuffle(true).split(178)?;
/// let tree = DecisionTreeClassifier::params().max_depth(3);
/// let accuracy = cross_validate(&tree, wine.x.view(), &wine.y[..], &folds, 1)?;
/// assert!(accuracy.len() == 5 && accuracy.iter().all(|a| *a > 0.8));
/// let folds = KFold::params(5).shuffle(true).split(442)?;
/// let r2 = cross_validate(&Ridge::params(1.0), set.x.view(), set.y.view(), &folds, 1)?;
/// assert!(r2.mean() > Some(0.3));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cross_validate<T: Target>(
    learner: &impl Learner<T>,
    x: ArrayView2<f64>,
    y: T,
    splits: &[Split],
    seed: u64,
) -> Result<Array1<f64>> {
    #[allow(clippy::borrowed_box, reason = "the boxed model is what the fit gives")]
    let judge = |model: &Box<dyn Fitted>, x: ArrayView2<f64>, part: &T::Part| {
        T::score(model.outputs(x)?.view(), part)
    };
    cross_val_score(|x, part| learner.fit_part(x, part, y, seed), judge, x, y, splits)
}

/// What a learner says of each row without its fold: numbers, shape `(n_samples, 1)`, or class shares,
/// `(n_samples, n_classes)`. Each row must be in the test part of exactly one split.
///
/// They are of different models: a score of each fold may be averaged, and a curve drawn through all of them
/// compares shares of one model with those of another.
///
/// # Errors
/// As [`cross_val_score`]; [`Error::Parameter`] for splits that are no partition, [`Error::Shape`] where the
/// learners of two folds say more or less of a row.
///
/// ```
/// use mlnotes::metrics::validation::{KFold, cross_val_outputs};
/// use mlnotes::{data, linear::ridge::Ridge};
/// let set = data::diabetes();
/// let folds = KFold::params(10).split(442)?;
/// let said = cross_val_outputs(&Ridge::params(0.0), set.x.view(), set.y.view(), &folds, 0)?;
/// assert_eq!(said.dim(), (442, 1));
/// assert!((&said.column(0) - &set.y).mapv(f64::abs).sum() / 442.0 < 45.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cross_val_outputs<T: Target>(
    learner: &impl Learner<T>,
    x: ArrayView2<f64>,
    y: T,
    splits: &[Split],
    seed: u64,
) -> Result<Array2<f64>> {
    const NAMES: [&str; 3] =
        ["cross_val_outputs: `x`", "cross_val_outputs: `y`", "cross_val_outputs: `splits`"];
    check(NAMES, x, y, splits)?;
    let mut times = vec![0; x.nrows()];
    splits.iter().flat_map(|split| &split.test).for_each(|&row| times[row] += 1);
    if let Some(row) = times.iter().position(|&n| n != 1) {
        let rule = "a partition: each row in the test part of exactly one";
        let got = format!("row {row} in {}", times[row]);
        return Err(Error::Parameter { estimator: "cross_val_outputs", name: "splits", rule, got });
    }
    check_interrupt();
    let said = |split: &Split| -> Result<Array2<f64>> {
        let train = x.select(Axis(0), &split.train);
        let model = learner.fit_part(train.view(), &y.part(&split.train), y, seed)?;
        model.outputs(x.select(Axis(0), &split.test).view())
    };
    let said: Vec<Array2<f64>> = splits.par_iter().map(said).collect::<Result<_>>()?;
    let width = said[0].ncols();
    let mut all = Array2::zeros((x.nrows(), width));
    for (split, said) in splits.iter().zip(&said) {
        if said.dim() != (split.test.len(), width) {
            return Err(Error::Shape {
                what: "cross_val_outputs: outputs of a fold",
                expected: format!("({}, {width})", split.test.len()),
                got: format!("{:?}", said.dim()),
            });
        }
        for (&row, said) in split.test.iter().zip(said.rows()) {
            all.row_mut(row).assign(&said);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{self, StandardScaler};
    use crate::ensemble::Pipeline;
    use crate::linear::ridge::Ridge;
    use crate::metrics::validation::KFold;
    use crate::tree::cart::DecisionTreeClassifier;
    use ndarray::{Array1, ArrayView1, array};
    use std::sync::Mutex;

    /// A step that writes down which rows it was fitted to shows that no test row is among them.
    #[test]
    fn no_step_of_a_pipeline_sees_a_test_row() {
        let x = Array2::from_shape_fn((12, 1), |(i, _)| i as f64);
        let y = Array1::from_shape_fn(12, |i| (i * i) as f64);
        let seen: &'static Mutex<Vec<Vec<f64>>> = Box::leak(Box::default());
        let spy = move |x: ArrayView2<f64>, _: u64| -> Result<Box<dyn Fitted>> {
            seen.lock().unwrap().push(x.column(0).to_vec());
            Ok(Box::new(|x: ArrayView2<f64>| Ok(x.to_owned())))
        };
        let folds = KFold::params(3).shuffle(true).split(12).unwrap();
        let learner = Pipeline::params(Ridge::params(1.0)).step(spy);
        cross_validate(&learner, x.view(), y.view(), &folds, 0).unwrap();
        let mut seen = seen.lock().unwrap().clone();
        let mut trained: Vec<Vec<f64>> =
            folds.iter().map(|f| f.train.iter().map(|&row| row as f64).collect()).collect();
        seen.sort_by(|a, b| a.partial_cmp(b).unwrap());
        trained.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(seen, trained);
    }

    /// Scaled beforehand by all rows a ridge gets other numbers: the test rows have told their scale.
    #[test]
    fn scaling_beforehand_is_another_number() {
        let set = data::diabetes();
        let (x, y) = (set.x.view(), set.y.view());
        let folds = KFold::params(4).split(442).unwrap();
        let learner = Pipeline::params(Ridge::params(50.0)).step(StandardScaler::params());
        let honest = cross_validate(&learner, x, y, &folds, 0).unwrap();
        let leaked = data::standardize(x).unwrap().x;
        let leaked = cross_validate(&Ridge::params(50.0), leaked.view(), y, &folds, 0).unwrap();
        assert!((&honest - &leaked).iter().all(|d| d.abs() > 1e-9));
        // By hand, on one fold.
        let (train, test) = (&folds[1].train, &folds[1].test);
        let scaler = StandardScaler::params().fit(x.select(Axis(0), train).view()).unwrap();
        let z = |rows: &[usize]| scaler.transform(x.select(Axis(0), rows).view()).unwrap();
        let model = Ridge::params(50.0).fit(z(train).view(), y.select(Axis(0), train).view());
        let r2 = model.unwrap().score(z(test).view(), y.select(Axis(0), test).view()).unwrap();
        assert_eq!(honest[1].to_bits(), r2.to_bits());
    }

    #[test]
    fn outputs_are_those_of_the_fold_that_left_the_row_out() {
        let (x, y) = (Array2::zeros((4, 1)), array![0.0, 2.0, 4.0, 6.0]);
        let mean = |_: ArrayView2<f64>, y: ArrayView1<f64>, _: u64| -> Result<Box<dyn Fitted>> {
            let mean = y.sum() / y.len() as f64;
            Ok(Box::new(move |x: ArrayView2<f64>| Ok(Array2::from_elem((x.nrows(), 1), mean))))
        };
        let folds = KFold::params(2).split(4).unwrap();
        let said = cross_val_outputs(&mean, x.view(), y.view(), &folds, 0).unwrap();
        assert_eq!(said.column(0), array![5.0, 5.0, 1.0, 1.0]);
        let half = cross_val_outputs(&mean, x.view(), y.view(), &folds[..1], 0).unwrap_err();
        assert!(half.to_string().contains("row 2 in 0"), "{half}");
    }

    #[test]
    fn a_class_that_a_fold_lacks_is_still_a_column() {
        let x = Array2::from_shape_fn((9, 1), |(i, _)| i as f64);
        let y: Vec<usize> = (0..9).map(|i| i / 3).collect();
        // The last fold trains without class 2.
        let folds = KFold::params(3).split(9).unwrap();
        let tree = DecisionTreeClassifier::params();
        let said = cross_val_outputs(&tree, x.view(), &y[..], &folds, 0).unwrap();
        assert_eq!(said.dim(), (9, 3));
        let accuracy = cross_validate(&tree, x.view(), &y[..], &folds, 0).unwrap();
        assert_eq!(accuracy, array![0.0, 0.0, 0.0]);
    }
}
