//! Selection around a model: leave one out, eliminate the weakest, or let the lasso choose.

use crate::base::{check_matrix, views};
use crate::data::{Split, standardize};
use crate::display::check_interrupt;
use crate::linear::lasso::Lasso;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Scores with all features and without each of them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Ablation {
    /// Score on each fold with all features, shape `(n_folds,)`.
    pub full: Array1<f64>,
    /// Score on each fold without feature `j`, shape `(n_features, n_folds)`.
    pub without: Array2<f64>,
}

impl Ablation {
    /// What each feature adds to the others: mean over the folds of `full − without`, shape
    /// `(n_features,)`. About 0 for a copy, however good.
    pub fn drop(&self) -> Array1<f64> {
        let n_folds = self.full.len() as f64;
        (&self.full - &self.without).sum_axis(Axis(1)) / n_folds
    }

    /// Standard errors of [`Ablation::drop`] over the folds, shape `(n_features,)`. Folds share training
    /// rows, so they are somewhat too small (Nadeau & Bengio 2003).
    pub fn std_error(&self) -> Array1<f64> {
        let n_folds = self.full.len() as f64;
        (&self.full - &self.without).map_axis(Axis(1), |d| {
            let mean = d.sum() / n_folds;
            let squares: f64 = d.iter().map(|v| (v - mean).powi(2)).sum();
            (squares / (n_folds - 1.0) / n_folds).sqrt()
        })
    }
}

/// Ablation: fits anew without each feature in turn, on every fold, for `x` of shape `(n_samples,
/// n_features)`.
///
/// `fit_score(x, split)` gets all rows of the columns that are left; it fits on `split.train` and returns
/// the score on `split.test`. Unlike permutation the model may use what remains.
///
/// # Errors
/// [`Error::Empty`] and [`Error::NotFinite`] for `x`; [`Error::TooFewSamples`] for fewer than two folds;
/// [`Error::Parameter`] for a single column or a row number outside `x`; whatever `fit_score` returns.
///
/// ```
/// use mlnotes::{data, linear::ridge::Ridge, features::selection::ablation};
/// use ndarray::{ArrayView2, Axis};
/// let set = data::diabetes();
/// let r2 = |x: ArrayView2<f64>, split: &data::Split| {
///     let (a, b) = (x.select(Axis(0), &split.train), x.select(Axis(0), &split.test));
///     let (ya, yb) = (set.y.select(Axis(0), &split.train), set.y.select(Axis(0), &split.test));
///     Ridge::params(1.0).fit(a.view(), ya.view())?.score(b.view(), yb.view())
/// };
/// let table = ablation(r2, set.x.view(), &data::k_fold(442, 5, 1)?)?;
/// let drop = table.drop();
/// assert!(drop[2] > 0.02 && drop[0].abs() < 0.01, "body mass matters, age does not");
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn ablation(
    fit_score: impl Fn(ArrayView2<f64>, &Split) -> Result<f64>,
    x: ArrayView2<f64>,
    splits: &[Split],
) -> Result<Ablation> {
    const WHAT: &str = "ablation: `x`";
    check_matrix(WHAT, x)?;
    let bad = |name, rule, got: usize| {
        Err(Error::Parameter { estimator: "ablation", name, rule, got: got.to_string() })
    };
    if splits.len() < 2 {
        let what = "ablation: `splits`";
        return Err(Error::TooFewSamples { what, needed: 2, got: splits.len() });
    }
    if x.ncols() < 2 {
        return bad("x", "two columns or more", x.ncols());
    }
    let rows = splits.iter().flat_map(|s| s.train.iter().chain(&s.test));
    if let Some(&row) = rows.max().filter(|row| **row >= x.nrows()) {
        return bad("splits", "row numbers of `x`", row);
    }
    let scores = |x: ArrayView2<f64>| -> Result<Vec<f64>> {
        check_interrupt();
        splits.iter().map(|split| fit_score(x, split)).collect()
    };
    let full = scores(x)?;
    let mut without = Array2::zeros((x.ncols(), splits.len()));
    for j in 0..x.ncols() {
        let others: Vec<usize> = (0..x.ncols()).filter(|&k| k != j).collect();
        let score = scores(x.select(Axis(1), &others).view())?;
        without.row_mut(j).assign(&Array1::from(score));
    }
    Ok(Ablation { full: full.into(), without })
}

/// What recursive elimination left.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rfe {
    /// The features that are kept, ascending.
    pub kept: Vec<usize>,
    /// 1 for each feature that is kept, 2 for the one eliminated last, and so on, shape `(n_features,)`.
    pub ranking: Vec<usize>,
}

/// Recursive feature elimination: fits, drops the feature of least importance, and fits again, until `keep`
/// features are left.
///
/// `fit_importance(x)` fits the columns that are left, `(n_samples, n_left)`, and returns one number a
/// column; the absolute value counts, so weights of standardised features will do. On a tie the later
/// column goes.
///
/// # Errors
/// [`Error::Empty`] and [`Error::NotFinite`] for `x`; [`Error::Parameter`] unless `1 <= keep <= n_features`;
/// [`Error::Shape`] or [`Error::NotFinite`] for what `fit_importance` returns, and its own errors.
///
/// ```
/// use mlnotes::{data, linear::ridge::Ridge, features::selection::rfe};
/// let x = data::standardize(data::diabetes().x.view())?.x;
/// let y = &data::diabetes().y;
/// let found = rfe(|x| Ok(Ridge::params(1.0).fit(x, y.view())?.coef), x.view(), 3)?;
/// assert_eq!(found.kept, [2, 4, 8]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Guyon, Weston, Barnhill & Vapnik (2002), section III.
#[views]
pub fn rfe(
    fit_importance: impl Fn(ArrayView2<f64>) -> Result<Array1<f64>>,
    x: ArrayView2<f64>,
    keep: usize,
) -> Result<Rfe> {
    const WHAT: &str = "rfe: what `fit_importance` returned";
    check_matrix("rfe: `x`", x)?;
    if keep == 0 || keep > x.ncols() {
        let (rule, got) = ("from 1 to the number of features", keep.to_string());
        return Err(Error::Parameter { estimator: "rfe", name: "keep", rule, got });
    }
    let mut kept: Vec<usize> = (0..x.ncols()).collect();
    let mut ranking = vec![1; x.ncols()];
    while kept.len() > keep {
        check_interrupt();
        let importance = fit_importance(x.select(Axis(1), &kept).view())?;
        if importance.len() != kept.len() {
            let (expected, got) =
                (format!("({},)", kept.len()), format!("({},)", importance.len()));
            return Err(Error::Shape { what: WHAT, expected, got });
        }
        crate::base::check_vector(WHAT, importance.view())?;
        let weakest = (0..kept.len())
            .rev()
            .min_by(|&a, &b| importance[a].abs().total_cmp(&importance[b].abs()));
        let gone = kept.remove(weakest.unwrap_or(0));
        ranking[gone] = kept.len() - keep + 2;
    }
    Ok(Rfe { kept, ranking })
}

/// The features to which a lasso at `alpha` gives a weight, ascending, after standardising `x`, `(n_samples,
/// n_features)`; `y` is `(n_samples,)`, classes as 0 and 1 will do.
///
/// Among copies it keeps an arbitrary one: what is left out is not shown to be useless.
///
/// # Errors
/// As [`standardize`] (a constant column is named) and [`crate::linear::lasso::ElasticNetParams::fit`].
///
/// ```
/// use mlnotes::{data, features::selection::l1_select};
/// let set = data::diabetes();
/// assert_eq!(l1_select(set.x.view(), set.y.view(), 15.0)?, [2, 3, 6, 8]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn l1_select(x: ArrayView2<f64>, y: ArrayView1<f64>, alpha: f64) -> Result<Vec<usize>> {
    let x = standardize(x)?.x;
    Ok(Lasso::params(alpha).fit(x.view(), y)?.support())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::k_fold;
    use crate::linear::ols::LinearRegression;
    use ndarray::array;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Columns 1 and 4 matter, 5 is a near copy of 1, the others are noise.
    fn planted(seed: u64) -> (Array2<f64>, Array1<f64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut x = Array2::from_shape_fn((150, 6), |_| rng.random::<f64>() - 0.5);
        for i in 0..150 {
            x[[i, 5]] = x[[i, 1]] + 0.01 * x[[i, 5]];
        }
        let y = (0..150).map(|i| 2.0 * x[[i, 1]] - x[[i, 4]] + 0.2 * rng.random::<f64>()).collect();
        (x, y)
    }

    #[test]
    fn elimination_and_lasso_find_what_was_planted_on_ten_seeds() {
        for seed in 0..10 {
            let (x, y) = planted(seed);
            let five = x.slice(ndarray::s![.., ..5]);
            let weights =
                |x: ArrayView2<f64>| Ok(LinearRegression::params().fit(x, y.view())?.coef);
            let found = rfe(weights, five, 2).unwrap();
            assert_eq!(found.kept, [1, 4], "seed {seed}");
            let mut ranking = found.ranking.clone();
            ranking.sort_unstable();
            assert_eq!(ranking, [1, 1, 2, 3, 4]);
            assert_eq!(l1_select(five, y.view(), 0.05).unwrap(), [1, 4], "seed {seed}");
        }
    }

    #[test]
    fn ablation_sees_that_a_copy_is_dispensable() {
        let (x, y) = planted(3);
        let r2 = |x: ArrayView2<f64>, s: &Split| {
            let fit = LinearRegression::params()
                .fit(x.select(Axis(0), &s.train).view(), y.select(Axis(0), &s.train).view())?;
            let (p, y) =
                (fit.predict(x.select(Axis(0), &s.test).view())?, y.select(Axis(0), &s.test));
            Ok(1.0
                - (&y - &p).mapv(|v| v * v).sum()
                    / (&y - y.sum() / y.len() as f64).mapv(|v| v * v).sum())
        };
        let folds = k_fold(150, 5, 0).unwrap();
        let (all, four) = (
            ablation(r2, x.view(), &folds).unwrap(),
            ablation(r2, x.slice(ndarray::s![.., ..5]), &folds).unwrap(),
        );
        assert!(all.drop()[1].abs() < 0.01 && all.drop()[5].abs() < 0.01, "{}", all.drop());
        assert!(four.drop()[1] > 0.5 && four.drop()[1] > 5.0 * four.std_error()[1]);
        assert!(ablation(r2, x.view(), &folds[..1]).is_err());
        assert!(ablation(r2, x.slice(ndarray::s![.., ..1]), &folds).is_err());
        let error = ablation(r2, x.view(), &k_fold(151, 2, 0).unwrap()).unwrap_err();
        assert!(error.to_string().contains("row numbers of `x`, got 150"), "{error}");
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[1.0, 2.0], [3.0, 4.0]];
        let ones = |x: ArrayView2<f64>| Ok(Array1::ones(x.ncols()));
        // Ties: the later column goes.
        assert_eq!(rfe(ones, x.view(), 1).unwrap().kept, [0]);
        assert!(matches!(rfe(ones, x.view(), 3), Err(Error::Parameter { name: "keep", .. })));
        assert!(matches!(rfe(ones, x.view(), 0), Err(Error::Parameter { .. })));
        assert!(matches!(rfe(|_| Ok(array![1.0]), x.view(), 1), Err(Error::Shape { .. })));
        let nan = rfe(|_| Ok(array![1.0, f64::NAN]), x.view(), 1);
        assert!(matches!(nan, Err(Error::NotFinite { .. })));
        let flat = l1_select(array![[1.0, 2.0], [1.0, 4.0]].view(), array![1.0, 2.0].view(), 0.1);
        assert!(matches!(flat, Err(Error::ZeroVariance { col: Some(0), .. })));
        assert!(matches!(
            l1_select(x.view(), array![1.0, 2.0].view(), -0.1),
            Err(Error::Parameter { .. })
        ));
    }
}
