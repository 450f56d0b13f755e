//! The linear machine without a kernel matrix, by dual coordinate descent.
//!
//! ```text
//! minimise ½ ‖w‖² + C Σᵢ ℓ(1 − yᵢ w·x̃ᵢ),   ℓ(m) = max(0, m) or max(0, m)²,   x̃ = (x, 1)
//! dual:    w = Σ αᵢ yᵢ x̃ᵢ,   0 ≤ αᵢ ≤ U,   U = C (hinge) or ∞ (squared),   D = 0 or 1/(2C)
//! a step:  G = yᵢ w·x̃ᵢ − 1 + D αᵢ,   αᵢ ← clip(αᵢ − G / (x̃ᵢ·x̃ᵢ + D), 0, U),   w follows
//! ```

use super::{check_settings, classes_of, known_classes, rising};
use crate::base::{
    Classifier, Fitted, Present, accuracy_of, argmax, check_matrix, check_rows, finite, holds,
    setters, shape, stored, stream, views, votes, widened,
};
use crate::linear::rows::{Rows, check_sparse, check_sparse_rows};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use sprs::{CsMat, CsMatView};

const NAME: &str = "LinearSvc";

/// What a row inside the margin costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HingeLoss {
    /// `max(0, 1 − y f)`.
    Hinge,
    /// `max(0, 1 − y f)²`, which is smooth and quicker to solve.
    #[default]
    Squared,
}

impl LinearSvc {
    /// Default settings.
    ///
    /// ```
    /// use mlnotes::{data, linear::svm::LinearSvc};
    /// let set = data::breast_cancer();
    /// let x = data::standardize(set.x.view())?.x;
    /// let model = LinearSvc::params().c(0.1).fit(x.view(), &set.y)?;
    /// assert!(model.score(x.view(), &set.y)? > 0.98);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> LinearSvcParams {
        LinearSvcParams { c: 1.0, loss: HingeLoss::Squared, tol: 1e-4, max_iter: 10_000, seed: 0 }
    }
}

/// Settings of a linear support vector classifier.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `c` | 1 | `> 0` | price of a row inside the margin |
/// | `loss` | `Squared` | | what that price is paid for |
/// | `tol` | 1e-4 | `> 0` | stop when the projected gradients of a round, and 0, spread less |
/// | `max_iter` | 10 000 | `>= 1` | rounds over the rows |
/// | `seed` | 0 | | order of the rows |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearSvcParams {
    c: f64,
    loss: HingeLoss,
    tol: f64,
    max_iter: usize,
    seed: u64,
}

/// A fitted linear classifier: one machine for two classes, else one of each class against the rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct LinearSvc {
    /// The classes, rising.
    pub classes: Vec<usize>,
    /// Weights, shape `(n_machines, n_features)`; of two classes the second is positive.
    pub coef: Array2<f64>,
    /// Intercepts, shape `(n_machines,)`. They are penalised like weights: see [`LinearSvcParams::fit`].
    pub intercept: Array1<f64>,
    /// Rounds of each machine.
    pub n_iter: Vec<usize>,
}

stored!(LinearSvc, |m| {
    let machines = if m.classes.len() == 2 { 1 } else { m.classes.len() };
    finite("coef", m.coef.iter().chain(&m.intercept))?;
    shape("coef", m.coef.nrows(), machines)?;
    shape("intercept", m.intercept.len(), machines)?;
    holds(rising(&m.classes), "`classes` do not rise, or are fewer than 2")
});

impl LinearSvcParams {
    setters! {
        /// Sets the price of a row inside the margin.
        c: f64;
        /// Sets what that price is paid for.
        loss: HingeLoss;
        /// Sets the spread of projected gradients at which to stop.
        tol: f64;
        /// Sets the largest number of rounds.
        max_iter: usize;
        /// Seeds the order of the rows.
        seed: u64;
    }

    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`.
    ///
    /// The intercept is the weight of a column of ones and is shrunk with the others, as in LIBLINEAR:
    /// where that hurts (features far from 0), centre them.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`] for a label not below the
    /// number of rows, [`Error::SingleClass`], [`Error::Parameter`], [`Error::NotConverged`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<LinearSvc> {
        let classes = self.check(x, y)?;
        self.machines(&Design::dense(x), y, classes, &vec![1.0; y.len()])
    }

    /// As [`LinearSvcParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`, that multiplies its price. A row
    /// of weight 0 counts as absent.
    ///
    /// # Errors
    /// As [`LinearSvcParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a weight,
    /// [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        sample_weight: ArrayView1<f64>,
    ) -> Result<LinearSvc> {
        self.check(x, y)?;
        let present = Present::of("LinearSvc: `sample_weight`", sample_weight, x.nrows())?;
        let (x, y) = (present.x(x), present.part(|i| y[i]));
        let classes = self.check(x.view(), &y)?;
        self.machines(&Design::dense(x.view()), &y, classes, &present.weights.to_vec())
    }

    /// As [`LinearSvcParams::fit`], for sparse rows, such as those of TF-IDF.
    ///
    /// # Errors
    /// As [`LinearSvcParams::fit`].
    ///
    /// ```
    /// use mlnotes::linear::svm::LinearSvc;
    /// use mlnotes::text::tfidf::Tfidf;
    /// let texts = ["good film", "a fine good plot", "bad film", "a dull bad plot"];
    /// let x = Tfidf::params().fit(&texts)?.transform(&texts)?;
    /// let model = LinearSvc::params().fit_sparse(x.view(), &[1, 1, 0, 0])?;
    /// assert_eq!(model.predict_sparse(x.view())?, [1, 1, 0, 0]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn fit_sparse(&self, x: CsMatView<f64>, y: &[usize]) -> Result<LinearSvc> {
        check_settings(NAME, self.c, self.tol, self.max_iter)?;
        let x = check_sparse("LinearSvc: `x`", x)?;
        let classes = classes_of("LinearSvc: `y`", y, x.rows())?;
        self.machines(&Design::Sparse(x), y, classes, &vec![1.0; y.len()])
    }

    fn machines(
        &self,
        design: &Design,
        y: &[usize],
        classes: Vec<usize>,
        weights: &[f64],
    ) -> Result<LinearSvc> {
        let positives = if classes.len() == 2 { &classes[1..] } else { &classes[..] };
        let (d, n_machines) = (design.width() - 1, positives.len());
        let prices: Vec<f64> = weights.iter().map(|weight| self.c * weight).collect();
        let mut weights = Array2::zeros((n_machines, d + 1));
        let mut n_iter = Vec::new();
        for (&positive, mut out) in positives.iter().zip(weights.outer_iter_mut()) {
            let signs: Vec<f64> =
                y.iter().map(|&c| if c == positive { 1.0 } else { -1.0 }).collect();
            let (w, rounds) = self.descend(design, &signs, &prices)?;
            out.assign(&w);
            n_iter.push(rounds);
        }
        Ok(LinearSvc {
            classes,
            coef: weights.slice(s![.., ..d]).to_owned(),
            intercept: weights.column(d).to_owned(),
            n_iter,
        })
    }

    /// One machine: `y` are signs, `prices` what each row inside the margin costs.
    fn descend(&self, design: &Design, y: &[f64], prices: &[f64]) -> Result<(Array1<f64>, usize)> {
        let bound = |&price: &f64| match self.loss {
            HingeLoss::Hinge => (price, 0.0),
            HingeLoss::Squared => (f64::INFINITY, 0.5 / price),
        };
        let bounds: Vec<(f64, f64)> = prices.iter().map(bound).collect();
        // A row of zeros still has its 1 for the intercept, so no curvature is 0.
        let curvature: Vec<f64> =
            bounds.iter().enumerate().map(|(i, bound)| design.square(i) + bound.1).collect();
        let mut w = Array1::<f64>::zeros(design.width());
        let mut alpha = vec![0.0; y.len()];
        let mut order: Vec<usize> = (0..y.len()).collect();
        let mut rng = stream(self.seed, 0);
        let mut spread = f64::INFINITY;
        for round in 1..=self.max_iter {
            crate::display::check_interrupt();
            order.shuffle(&mut rng);
            // From 0 on: slopes that are all alike are not yet an optimum.
            let (mut low, mut high) = (0.0_f64, 0.0_f64);
            for &i in &order {
                let (upper, diagonal) = bounds[i];
                let slope = y[i] * design.dot(i, &w) - 1.0 + diagonal * alpha[i];
                // At a bound only a slope that leads back inside counts.
                let projected = if alpha[i] <= 0.0 {
                    slope.min(0.0)
                } else if alpha[i] >= upper {
                    slope.max(0.0)
                } else {
                    slope
                };
                (low, high) = (low.min(projected), high.max(projected));
                let next = (alpha[i] - slope / curvature[i]).clamp(0.0, upper);
                design.add(i, (next - alpha[i]) * y[i], &mut w);
                alpha[i] = next;
            }
            spread = high - low;
            if spread <= self.tol && w.iter().all(|v| v.is_finite()) {
                return Ok((w, round));
            }
        }
        Err(Error::NotConverged {
            estimator: NAME,
            n_iter: self.max_iter,
            change: spread,
            remedy: "standardise the features, lower `c`, or raise `max_iter` or `tol`",
        })
    }

    fn check(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<Vec<usize>> {
        check_settings(NAME, self.c, self.tol, self.max_iter)?;
        check_matrix("LinearSvc: `x`", x)?;
        classes_of("LinearSvc: `y`", y, x.nrows())
    }
}

/// Rows with a 1 at the end, for the intercept.
enum Design {
    Dense(Array2<f64>),
    /// The 1 is not stored.
    Sparse(CsMat<f64>),
}

impl Design {
    fn dense(x: ArrayView2<f64>) -> Self {
        let mut design = Array2::ones((x.nrows(), x.ncols() + 1));
        design.slice_mut(s![.., ..x.ncols()]).assign(&x);
        Self::Dense(design)
    }

    fn width(&self) -> usize {
        match self {
            Self::Dense(x) => x.ncols(),
            Self::Sparse(x) => x.cols() + 1,
        }
    }

    fn square(&self, i: usize) -> f64 {
        match self {
            Self::Dense(x) => x.row(i).dot(&x.row(i)),
            Self::Sparse(x) => {
                1.0 + x.outer_view(i).map_or(0.0, |row| row.data().iter().map(|v| v * v).sum())
            }
        }
    }

    fn dot(&self, i: usize, w: &Array1<f64>) -> f64 {
        match self {
            Self::Dense(x) => w.dot(&x.row(i)),
            Self::Sparse(x) => {
                let row = x.outer_view(i);
                w[x.cols()] + row.map_or(0.0, |row| row.iter().map(|(j, v)| v * w[j]).sum())
            }
        }
    }

    fn add(&self, i: usize, by: f64, w: &mut Array1<f64>) {
        match self {
            Self::Dense(x) => w.scaled_add(by, &x.row(i)),
            Self::Sparse(x) => {
                w[x.cols()] += by;
                if let Some(row) = x.outer_view(i) {
                    row.iter().for_each(|(j, v)| w[j] += by * v);
                }
            }
        }
    }
}

impl LinearSvc {
    /// Scores `x w + b` of each machine, shape `(n_rows, n_machines)`, for `x` of shape
    /// `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`] or [`Error::NotFinite`].
    #[views]
    pub fn decision_function(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("LinearSvc::decision_function: `x`", x, self.coef.ncols())?;
        Ok(x.dot(&self.coef.t()) + &self.intercept)
    }

    /// The class of the highest score, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`LinearSvc::decision_function`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self.decide(self.decision_function(x)?.view()))
    }

    /// As [`LinearSvc::decision_function`], for sparse rows.
    ///
    /// # Errors
    /// As [`LinearSvc::decision_function`].
    pub fn decision_function_sparse(&self, x: CsMatView<f64>) -> Result<Array2<f64>> {
        let what = "LinearSvc::decision_function: `x`";
        let x = check_sparse_rows(what, x, self.coef.ncols())?;
        Ok(Rows::Sparse(&x).scores(self.coef.view()) + &self.intercept)
    }

    /// As [`LinearSvc::predict`], for sparse rows.
    ///
    /// # Errors
    /// As [`LinearSvc::decision_function`].
    pub fn predict_sparse(&self, x: CsMatView<f64>) -> Result<Vec<usize>> {
        Ok(self.decide(self.decision_function_sparse(x)?.view()))
    }

    fn decide(&self, scores: ArrayView2<f64>) -> Vec<usize> {
        let two = self.classes.len() == 2;
        let best = |row: ArrayView1<f64>| {
            let place = if two { usize::from(row[0] > 0.0) } else { argmax(row) };
            self.classes[place]
        };
        scores.outer_iter().map(best).collect()
    }

    /// Share of the rows of `x`, `(n_rows, n_features)`, whose class is that of `y`, `(n_rows,)`.
    ///
    /// # Errors
    /// As [`LinearSvc::predict`]; [`Error::Shape`] for another number of labels.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        accuracy_of("LinearSvc::score: `y`", &self.predict(x)?, y)
    }
}

impl Classifier for LinearSvcParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.seed(seed).fit(x, y)?;
        let known = known_classes(&model.classes);
        Ok(widened(model, known, n_classes))
    }
}

/// A vote is a share of 1: the machines tell sides, not probabilities.
impl Fitted for LinearSvc {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(votes(&self.predict(x)?, known_classes(&self.classes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use crate::linear::svm::{Kernel, Svc};
    use ndarray::{Axis, array, concatenate};

    /// With the ones as a feature, the kernel machine without its own intercept is the same problem; it has
    /// one, so classes that mirror each other are needed, where both are 0.
    #[test]
    fn on_mirrored_classes_it_is_the_kernel_machine() {
        let (half, _) = data::blobs(30, array![[1.0, 0.5]].view(), 1.2, 9).unwrap();
        let x = concatenate(Axis(0), &[half.view(), (-&half).view()]).unwrap();
        let y: Vec<usize> = (0..60).map(|i| usize::from(i < 30)).collect();
        let linear = LinearSvc::params().loss(HingeLoss::Hinge).tol(1e-10).max_iter(1_000_000);
        let linear = linear.fit(x.view(), &y).unwrap();
        let kernel = Svc::params(Kernel::Linear).tol(1e-10).fit(x.view(), &y).unwrap();
        let w = kernel.dual_coef.dot(&kernel.support_vectors);
        assert!((&w - &linear.coef).iter().all(|d| d.abs() < 1e-6), "{w} {}", linear.coef);
        assert!(linear.intercept[0].abs() < 1e-6);
    }

    /// The gradient of the squared hinge vanishes, for any order of the rows.
    #[test]
    fn the_smooth_loss_is_at_its_minimum() {
        let set = data::penguins();
        let x = data::standardize(set.x.view()).unwrap().x;
        let first = LinearSvc::params().tol(1e-9).fit(x.view(), &set.y).unwrap();
        let other = LinearSvc::params().tol(1e-9).seed(5).fit(x.view(), &set.y).unwrap();
        for (k, (w, v)) in first.coef.outer_iter().zip(other.coef.outer_iter()).enumerate() {
            assert!((&w - &v).iter().all(|d| d.abs() < 1e-6));
            let f = x.dot(&w) + first.intercept[k];
            let mut gradient = w.to_owned();
            for (i, row) in x.outer_iter().enumerate() {
                let y = if set.y[i] == k { 1.0 } else { -1.0 };
                gradient.scaled_add(-2.0 * y * (1.0 - y * f[i]).max(0.0), &row);
            }
            assert!(gradient.iter().all(|g| g.abs() < 1e-5), "{gradient}");
        }
        assert!(first.score(x.view(), &set.y).unwrap() > 0.98);
    }

    #[test]
    fn a_weight_is_a_number_of_copies_and_none_is_no_row() {
        let set = data::penguins();
        let x = data::standardize(set.x.view()).unwrap().x;
        let counts = |i: usize| i % 3;
        let rows: Vec<usize> = (0..x.nrows()).flat_map(|i| vec![i; counts(i)]).collect();
        let labels: Vec<usize> = rows.iter().map(|&i| set.y[i]).collect();
        let weights: Array1<f64> = (0..x.nrows()).map(|i| counts(i) as f64).collect();
        for loss in [HingeLoss::Squared, HingeLoss::Hinge] {
            let params = LinearSvc::params().c(0.3).loss(loss).tol(1e-9).max_iter(1_000_000);
            let copied = params.fit(x.select(Axis(0), &rows).view(), &labels).unwrap();
            let weighted = params.fit_weighted(x.view(), &set.y, weights.view()).unwrap();
            assert!((&copied.coef - &weighted.coef).iter().all(|d| d.abs() < 1e-6), "{loss:?}");
        }
    }

    #[test]
    fn sparse_rows_are_fitted_as_dense_ones() {
        let set = data::penguins();
        let x = data::standardize(set.x.view()).unwrap().x;
        let x = x.mapv(|v| if v.abs() < 0.3 { 0.0 } else { v });
        let sparse = CsMat::csr_from_dense(x.view(), 0.0);
        let params = LinearSvc::params().tol(1e-9);
        let dense = params.fit(x.view(), &set.y).unwrap();
        for sparse in [sparse.to_csc(), sparse] {
            let thin = params.fit_sparse(sparse.view(), &set.y).unwrap();
            assert!((&dense.coef - &thin.coef).iter().all(|d| d.abs() < 1e-7));
            let said = thin.decision_function_sparse(sparse.view()).unwrap();
            assert!(
                (said - dense.decision_function(x.view()).unwrap()).iter().all(|d| d.abs() < 1e-6)
            );
            assert!(thin.predict_sparse(CsMat::<f64>::zero((1, 9)).view()).is_err());
        }
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = (array![[0.0], [1.0], [3.0], [4.0]], [0, 0, 1, 1]);
        let p = LinearSvc::params();
        let error = |p: LinearSvcParams| p.fit(x.view(), &y).unwrap_err().to_string();
        assert!(error(p.c(-2.0)).contains("`c` must be finite and > 0, got -2"));
        assert!(error(p.tol(0.0)).contains("`tol`") && error(p.max_iter(0)).contains("max_iter"));
        assert!(error(p.tol(1e-12).max_iter(1)).contains("did not converge"));
        assert!(matches!(p.fit(x.view(), &[0; 4]), Err(Error::SingleClass { .. })));
        let nan = array![[f64::NAN], [1.0]];
        assert!(matches!(p.fit(nan.view(), &[0, 1]), Err(Error::NotFinite { .. })));
        // Curvatures of infinity allow no step, and all slopes stay -1: not an optimum.
        let huge = array![[-1e200], [-2e200], [1e200], [2e200]];
        assert!(
            p.max_iter(5).fit(huge.view(), &y).unwrap_err().to_string().contains("standardise")
        );
        let same = Array2::<f64>::zeros((4, 2));
        let model = p.fit(same.view(), &y).unwrap();
        assert!(model.intercept[0].is_finite() && model.predict(x.view()).is_err());
    }
}
