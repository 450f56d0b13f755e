//! Stacking: a model that learns how far to trust each of several others.
//!
//! ```text
//! z_ib = f_b^{(−fold of i)}(xᵢ)        the base's word on row i, learned without its fold
//! g:  z → y                            the meta model, fitted on these
//! ŷ(x) = g(f₁(x), …, f_B(x))           with the bases fitted anew on all rows
//! ```
//!
//! Out-of-fold predictions are the point. Fitted on predictions for rows that the bases have learned, the
//! meta model would trust the base that remembers best.
//!
//! # References
//! Wolpert (1992), Stacked generalization; Breiman (1996), Stacked regressions.

use crate::base::{Fitted, Regressor, check_matrix, check_vector, views};
use crate::data::{Split, check_splits, k_fold};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Folds when none are given.
const FOLDS: usize = 5;

impl Stacking {
    /// Settings with the learners `bases` and the learner `meta` on top of them.
    ///
    /// ```
    /// use mlnotes::{data, linear::ols::LinearRegression, tree::cart::DecisionTreeRegressor};
    /// use mlnotes::ensemble::Stacking;
    /// use mlnotes::base::Regressor;
    /// let set = data::diabetes();
    /// let bases: Vec<Box<dyn Regressor>> = vec![
    ///     Box::new(LinearRegression::params()),
    ///     Box::new(DecisionTreeRegressor::params()),
    /// ];
    /// let params = Stacking::params(bases, LinearRegression::params());
    /// let model = params.fit(set.x.view(), set.y.view())?;
    /// // The full tree knows its own rows by heart; judged out of fold it gets little trust.
    /// assert_eq!(model.out_of_fold.dim(), (442, 2));
    /// let said = model.predict(set.x.view())?;
    /// assert!((&said - &set.y).mapv(f64::abs).sum() / 442.0 > 20.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params<M>(bases: Vec<Box<dyn Regressor>>, meta: M) -> StackingParams<M> {
        StackingParams { bases, meta, folds: None, seed: 0 }
    }
}

/// Settings of stacking.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `bases` | required | one or more | the learners below |
/// | `meta` | required | | the learner on top |
/// | `folds` | 5 at random | a partition of the rows | who predicts whom |
/// | `seed` | 0 | | chance of the folds and of the learners |
pub struct StackingParams<M> {
    bases: Vec<Box<dyn Regressor>>,
    meta: M,
    folds: Option<Vec<Split>>,
    seed: u64,
}

/// Fitted stacking of regressors.
#[non_exhaustive]
pub struct Stacking {
    /// What each base said about each row without its fold, shape `(n_samples, n_bases)`.
    pub out_of_fold: Array2<f64>,
    bases: Vec<Box<dyn Fitted>>,
    meta: Box<dyn Fitted>,
    n_features: usize,
}

impl<M: Regressor> StackingParams<M> {
    /// Sets the folds; each row must be in the test part of exactly one.
    #[must_use]
    pub fn folds(mut self, folds: &[Split]) -> Self {
        self.folds = Some(folds.to_vec());
        self
    }

    /// Seeds folds and learners.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Fits `x`, `(n_samples, n_features)`, to `y`, `(n_samples,)`.
    ///
    /// # Errors
    /// [`Error::Empty`] (of bases, too), [`Error::NotFinite`], [`Error::Shape`], [`Error::TooFewSamples`];
    /// [`Error::Parameter`] for folds that are no partition; those of the learners.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<Stacking> {
        self.fit_from(x, y, self.seed)
    }

    fn fit_from(&self, x: ArrayView2<f64>, y: ArrayView1<f64>, seed: u64) -> Result<Stacking> {
        self.check(x, y)?;
        let folds = match &self.folds {
            Some(folds) => folds.clone(),
            None => k_fold(x.nrows(), FOLDS, seed)?,
        };
        let mut out_of_fold = Array2::zeros((x.nrows(), self.bases.len()));
        for split in &folds {
            let (train, test) = (x.select(Axis(0), &split.train), x.select(Axis(0), &split.test));
            let target = y.select(Axis(0), &split.train);
            for (b, base) in self.bases.iter().enumerate() {
                check_interrupt();
                let fitted = base.fit_base(train.view(), target.view(), seed)?;
                let said = outputs(fitted.as_ref(), test.view())?;
                split.test.iter().zip(&said).for_each(|(&row, &v)| out_of_fold[[row, b]] = v);
            }
        }
        let meta = self.meta.fit_base(out_of_fold.view(), y, seed)?;
        let bases: Result<Vec<_>> =
            self.bases.iter().map(|base| base.fit_base(x, y, seed)).collect();
        Ok(Stacking { out_of_fold, bases: bases?, meta, n_features: x.ncols() })
    }

    fn check(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<()> {
        check_matrix("Stacking: `x`", x)?;
        if y.len() != x.nrows() {
            let (expected, got) = (format!("({},)", x.nrows()), format!("({},)", y.len()));
            return Err(Error::Shape { what: "Stacking: `y`", expected, got });
        }
        check_vector("Stacking: `y`", y)?;
        if self.bases.is_empty() {
            return Err(Error::Empty { what: "Stacking: `bases`", needed: "1 learner" });
        }
        let Some(folds) = &self.folds else { return Ok(()) };
        check_splits("Stacking: `folds`", folds, x.nrows())?;
        let mut times = vec![0; x.nrows()];
        folds.iter().flat_map(|split| &split.test).for_each(|&row| times[row] += 1);
        if let Some(row) = times.iter().position(|&n| n != 1) {
            let rule = "a partition: each row in the test part of exactly one";
            let got = format!("row {row} in {}", times[row]);
            return Err(Error::Parameter { estimator: "Stacking", name: "folds", rule, got });
        }
        Ok(())
    }
}

impl Stacking {
    /// Predictions, shape `(n_rows,)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`] or [`Error::NotFinite`]; those of the learners.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        const WHAT: &str = "Stacking::predict: `x`";
        check_matrix(WHAT, x)?;
        if x.ncols() != self.n_features {
            let expected = format!("(n_rows, {})", self.n_features);
            return Err(Error::Shape { what: WHAT, expected, got: format!("{:?}", x.dim()) });
        }
        let mut said = Array2::zeros((x.nrows(), self.bases.len()));
        for (base, mut column) in self.bases.iter().zip(said.columns_mut()) {
            column.assign(&outputs(base.as_ref(), x)?);
        }
        outputs(self.meta.as_ref(), said.view())
    }
}

impl<M: Regressor> Regressor for StackingParams<M> {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.fit_from(x, y, seed)?))
    }
}

impl Fitted for Stacking {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(self.predict(x)?.insert_axis(Axis(1)))
    }
}

/// One number a row, checked.
fn outputs(fitted: &dyn Fitted, x: ArrayView2<f64>) -> Result<Array1<f64>> {
    const WHAT: &str = "Stacking: outputs of a learner";
    let outputs = fitted.outputs(x)?;
    if outputs.dim() != (x.nrows(), 1) {
        let (expected, got) = (format!("({}, 1)", x.nrows()), format!("{:?}", outputs.dim()));
        return Err(Error::Shape { what: WHAT, expected, got });
    }
    check_matrix(WHAT, outputs.view())?;
    Ok(outputs.column(0).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use crate::linear::lasso::Lasso;
    use crate::linear::ols::LinearRegression;
    use crate::linear::ridge::Ridge;
    use crate::metrics::validation::KFold;
    use crate::tree::cart::DecisionTreeRegressor;
    use ndarray::{array, s};

    fn trees_and_lines() -> Vec<Box<dyn Regressor>> {
        vec![Box::new(DecisionTreeRegressor::params()), Box::new(Ridge::params(1.0))]
    }

    #[test]
    fn the_meta_model_does_not_trust_a_memory() {
        let set = data::diabetes();
        let (x, y) = (set.x.view(), set.y.view());
        let stacked = Stacking::params(trees_and_lines(), Lasso::params(0.0)).fit(x, y).unwrap();
        // The meta model is linear: what it adds for one unit more from each base is its trust.
        let said =
            outputs(stacked.meta.as_ref(), array![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]].view());
        let said = said.unwrap();
        let (tree, line) = (said[1] - said[0], said[2] - said[0]);
        assert!(line > 0.6 && tree < 0.3, "{tree} {line}");
        // On its own rows the tree is perfect: in-sample predictions would get all the trust.
        let tree = DecisionTreeRegressor::params().fit(x, y).unwrap();
        assert!((tree.predict(x).unwrap() - y).iter().all(|d| d.abs() < 1e-9));
        assert!((&stacked.out_of_fold.column(0) - &y).mapv(f64::abs).sum() / 442.0 > 40.0);
    }

    #[test]
    fn one_linear_base_below_a_linear_meta_model_is_nearly_itself() {
        let set = data::diabetes();
        let (x, y) = (set.x.slice(s![.., 2..3]), set.y.view());
        let base: Vec<Box<dyn Regressor>> = vec![Box::new(LinearRegression::params())];
        let stacked = Stacking::params(base, LinearRegression::params()).seed(3).fit(x, y).unwrap();
        let alone = LinearRegression::params().fit(x, y).unwrap();
        let (a, b) = (stacked.predict(x).unwrap(), alone.predict(x).unwrap());
        assert!((a - b).iter().all(|d| d.abs() < 5.0));
    }

    #[test]
    fn bad_input_is_named() {
        let set = data::diabetes();
        let (x, y) = (set.x.view(), set.y.view());
        let fit = |folds: &[Split]| {
            Stacking::params(trees_and_lines(), Ridge::params(1.0)).folds(folds).fit(x, y)
        };
        let mut folds = KFold::params(3).split(442).unwrap();
        folds.pop();
        let error = fit(&folds).err().unwrap();
        assert!(error.to_string().contains("row 295 in 0"), "{error}");
        assert!(matches!(fit(&[]), Err(Error::Empty { .. })));
        let none = Stacking::params(vec![], Ridge::params(1.0)).fit(x, y);
        assert!(matches!(none, Err(Error::Empty { what: "Stacking: `bases`", .. })));
        let short = Stacking::params(trees_and_lines(), Ridge::params(1.0));
        assert!(matches!(short.fit(x, y.slice(s![..3])), Err(Error::Shape { .. })));
        let two = |_: ArrayView2<f64>, _: ArrayView1<f64>, _: u64| -> Result<Box<dyn Fitted>> {
            Ok(Box::new(|x: ArrayView2<f64>| Ok(Array2::zeros((x.nrows(), 2)))))
        };
        let wide = Stacking::params(vec![Box::new(two)], Ridge::params(1.0)).fit(x, y);
        assert!(matches!(wide, Err(Error::Shape { what: "Stacking: outputs of a learner", .. })));
        let model = Stacking::params(trees_and_lines(), Ridge::params(1.0)).fit(x, y).unwrap();
        assert!(matches!(model.predict(x.slice(s![.., ..3])), Err(Error::Shape { .. })));
    }
}
