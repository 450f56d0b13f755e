//! Importance of a feature to a fitted model: what shuffling it costs.

use crate::base::{Fitted, Target, check_length, check_matrix, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2};
use rand::seq::SliceRandom;

/// Permutation importance, shape `(n_features, repeats)`: how much `score` falls when one column of `x`,
/// `(n_samples, n_features)`, is shuffled.
///
/// ```text
/// Iⱼᵣ = score(X) − score(X with column j permuted)
/// ```
///
/// `score` is the fitted model's, larger is better, with the truth of these rows inside it. Use rows that
/// the model was not fitted on. Unlike a forest's impurity importance it does not reward a feature for its
/// number of values. Among copies each looks dispensable, because the others stand in: drop or permute
/// copies together. And shuffling may make rows that cannot exist, on which the model is guessing.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFewSamples`] for one row, [`Error::Parameter`] for no
/// repeats, and whatever `score` returns.
///
/// ```
/// use mlnotes::features::selection::permutation_importance;
/// use ndarray::{Array1, array};
/// let (x, y) = (array![[1.0, 5.0], [2.0, 3.0], [3.0, 9.0], [4.0, 1.0]], array![1.0, 2.0, 3.0, 4.0]);
/// // A model that reads the first column only.
/// let minus_mse = |x: ndarray::ArrayView2<f64>| {
///     let wrong: Array1<f64> = &x.column(0) - &y;
///     Ok(-wrong.dot(&wrong) / 4.0)
/// };
/// let importance = permutation_importance(minus_mse, x.view(), 20, 1)?;
/// assert!(importance.row(0).sum() > 0.0 && importance.row(1).sum() == 0.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Breiman (2001), section 10; Fisher, Rudin & Dominici (2019) for any model; Strobl et al. (2007) on the
/// bias of impurity importance.
#[views]
pub fn permutation_importance(
    score: impl Fn(ArrayView2<f64>) -> Result<f64>,
    x: ArrayView2<f64>,
    repeats: usize,
    seed: u64,
) -> Result<Array2<f64>> {
    const WHAT: &str = "permutation_importance: `x`";
    check_matrix(WHAT, x)?;
    if x.nrows() < 2 {
        return Err(Error::TooFewSamples { what: WHAT, needed: 2, got: x.nrows() });
    }
    if repeats == 0 {
        let (name, rule, got) = ("repeats", ">= 1", "0".to_owned());
        return Err(Error::Parameter { estimator: "permutation_importance", name, rule, got });
    }
    let whole = score(x)?;
    let mut rng = stream(seed, 0);
    let mut importance = Array2::zeros((x.ncols(), repeats));
    let mut shuffled = x.to_owned();
    for j in 0..x.ncols() {
        let mut values = x.column(j).to_vec();
        for r in 0..repeats {
            check_interrupt();
            values.shuffle(&mut rng);
            shuffled.column_mut(j).iter_mut().zip(&values).for_each(|(cell, v)| *cell = *v);
            importance[[j, r]] = whole - score(shuffled.view())?;
        }
        shuffled.column_mut(j).assign(&x.column(j));
    }
    Ok(importance)
}

/// [`permutation_importance`] of a fitted learner, judged on `x` and its truth `y`, `(n_samples,)`: by `R²` of
/// numbers, by accuracy of classes.
///
/// # Errors
/// As [`permutation_importance`]; [`Error::Shape`] for another number of targets than rows, those of the score and
/// of the learner.
///
/// ```
/// use mlnotes::features::selection::permutation_importance_of;
/// use mlnotes::{data, linear::ridge::Ridge};
/// let set = data::diabetes();
/// let model = Ridge::params(1.0).fit(set.x.view(), set.y.view())?;
/// let importance = permutation_importance_of(&model, set.x.view(), set.y.view(), 10, 1)?;
/// let mean = |name: &str| {
///     let column = set.feature_names.iter().position(|n| n == name).unwrap_or_default();
///     importance.row(column).sum() / 10.0
/// };
/// assert!(mean("bmi") > 0.05 && mean("age").abs() < 0.01);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn permutation_importance_of<T: Target>(
    fitted: &dyn Fitted,
    x: ArrayView2<f64>,
    y: T,
    repeats: usize,
    seed: u64,
) -> Result<Array2<f64>> {
    check_length("permutation_importance_of: `y`", y.rows(), x.nrows())?;
    let all: Vec<usize> = (0..y.rows()).collect();
    let truth = y.part(&all);
    permutation_importance(|x| T::score(fitted.outputs(x)?.view(), &truth), x, repeats, seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use crate::linear::ols::LinearRegression;
    use ndarray::{Array1, Axis, array};

    /// For a linear model the expected rise of the mean squared error has a closed form.
    #[test]
    fn the_mean_over_permutations_is_that_of_a_linear_model() {
        let set = data::diabetes();
        let (x, y) = (set.x.view(), &set.y);
        let model = LinearRegression::params().fit(x, y.view()).unwrap();
        let minus_mse = |x: ArrayView2<f64>| {
            let left = y - &model.predict(x)?;
            Ok(-left.dot(&left) / left.len() as f64)
        };
        for seed in 0..10 {
            let importance = permutation_importance(minus_mse, x, 50, seed).unwrap();
            for j in 0..10 {
                // Each row's value is replaced by every other's, and its own, equally often, so
                // (xᵢ − x_π(i))² has mean 2 Var; the residuals are uncorrelated with the column.
                let expected = 2.0 * model.coef[j].powi(2) * x.column(j).var(0.0);
                let row = importance.row(j);
                let se = row.std(1.0) / 50f64.sqrt();
                let mean = row.sum() / 50.0;
                assert!((mean - expected).abs() < 4.5 * se, "{j}: {mean} {expected}");
            }
        }
    }

    #[test]
    fn seeds_decide_columns_are_restored_and_bad_input_is_named() {
        let x = array![[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]];
        let sum_of_rows = |x: ArrayView2<f64>| Ok(x.sum_axis(Axis(1)).iter().map(|v| v * v).sum());
        let one = permutation_importance(sum_of_rows, x.view(), 5, 3).unwrap();
        assert_eq!(one, permutation_importance(sum_of_rows, x.view(), 5, 3).unwrap());
        assert_ne!(one, permutation_importance(sum_of_rows, x.view(), 5, 4).unwrap());
        // A score that reads column 0 only does not see column 1 shuffled, nor column 0 left shuffled.
        let first = |x: ArrayView2<f64>| Ok(x.column(0).dot(&Array1::from(vec![1.0, 2.0, 3.0])));
        let rows = permutation_importance(first, x.view(), 5, 3).unwrap();
        assert!(rows.row(1).iter().all(|v| v.abs() < 1e-15));
        assert!(permutation_importance(first, x.view(), 0, 3).is_err());
        assert!(permutation_importance(first, x.slice(ndarray::s![..1, ..]), 1, 3).is_err());
        let failing = |_: ArrayView2<f64>| Err(Error::Empty { what: "score", needed: "rows" });
        assert!(permutation_importance(failing, x.view(), 1, 3).is_err());
    }
}
