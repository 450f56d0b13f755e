//! The kernel machine for two or more classes.

use super::{Kernel, check_settings, classes_of, known_classes, rising, smo};
use crate::base::{
    Classifier, Fitted, Present, accuracy_of, argmax, check_matrix, check_rows, finite, holds,
    setters, shape, stored, views, votes, widened,
};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

const NAME: &str = "Svc";

/// Two classes with more rows than this are refused: their kernel matrix would pass 800 MB.
const MAX_ROWS: usize = 10_000;

impl Svc {
    /// Settings for a kernel.
    ///
    /// ```
    /// use mlnotes::{data, linear::svm::{Kernel, Svc}};
    /// let (x, y) = data::circles(200, 0.05, 0.5, 3)?; // no line separates them
    /// let model = Svc::params(Kernel::Rbf(1.0)).fit(x.view(), &y)?;
    /// assert_eq!(model.score(x.view(), &y)?, 1.0);
    /// assert!(model.support.len() < 60); // the other rows are not needed any more
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(kernel: Kernel) -> SvcParams {
        SvcParams { kernel, c: 1.0, tol: 1e-3, max_iter: 10_000_000 }
    }
}

/// Settings of a support vector classifier.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `kernel` | required | | inner product of two rows |
/// | `c` | 1 | `> 0` | price of a row inside the margin; small: wide and tolerant |
/// | `tol` | 1e-3 | `> 0` | largest violation of optimality that is left |
/// | `max_iter` | 10⁷ | `>= 1` | steps, of two multipliers each |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SvcParams {
    kernel: Kernel,
    c: f64,
    tol: f64,
    max_iter: usize,
}

/// A fitted classifier: a machine for each pair of classes, and their votes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Svc {
    /// The classes, rising.
    pub classes: Vec<usize>,
    /// Pairs `(a, b)` with `a < b`, a machine each; its positive side is `b`.
    pub pairs: Vec<(usize, usize)>,
    /// Rows of the training data that some machine needs, rising.
    pub support: Vec<usize>,
    /// Those rows, shape `(n_support, n_features)`.
    pub support_vectors: Array2<f64>,
    /// `αᵢ yᵢ` of each machine, 0 where it does not need the row, shape `(n_pairs, n_support)`.
    pub dual_coef: Array2<f64>,
    /// `b` of each machine, shape `(n_pairs,)`.
    pub intercept: Array1<f64>,
    /// The dual's value at each machine's end, shape `(n_pairs,)`.
    pub dual_objective: Array1<f64>,
    /// Steps of each machine.
    pub n_iter: Vec<usize>,
    kernel: Kernel,
}

stored!(Svc, |m| {
    let shape_of_coef = (m.pairs.len(), m.support_vectors.nrows());
    finite("dual_coef", m.dual_coef.iter().chain(&m.intercept).chain(&m.support_vectors))?;
    shape("dual_coef", m.dual_coef.dim(), shape_of_coef)?;
    shape("intercept", m.intercept.len(), m.pairs.len())?;
    holds(rising(&m.classes), "`classes` do not rise, or are fewer than 2")
});

impl SvcParams {
    setters! {
        /// Sets the price of a row inside the margin.
        c: f64;
        /// Sets the largest violation of optimality that is left.
        tol: f64;
        /// Sets the largest number of steps of a machine.
        max_iter: usize;
    }

    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, one machine a pair of
    /// classes. The kernel matrix of a pair is held whole: `8 n²` bytes, at most 10 000 rows.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::NoSolution`] for two classes of more than
    /// 10 000 rows, [`Error::Label`] for a label not below the number of rows, [`Error::SingleClass`],
    /// [`Error::Parameter`], [`Error::NotConverged`].
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<Svc> {
        let classes = self.check(x, y)?;
        self.machines(x, y, classes, &vec![self.c; y.len()])
    }

    /// As [`SvcParams::fit`], with a weight `>= 0` for each row, `(n_samples,)`, that multiplies its price. A row of
    /// weight 0 counts as absent; `support` counts the others.
    ///
    /// # Errors
    /// As [`SvcParams::fit`], also for the rows whose weight is not 0; [`Error::Negative`] for a weight,
    /// [`Error::Empty`] when all are 0.
    #[views]
    pub fn fit_weighted(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        sample_weight: ArrayView1<f64>,
    ) -> Result<Svc> {
        self.check(x, y)?;
        let present = Present::of("Svc: `sample_weight`", sample_weight, x.nrows())?;
        let (x, y) = (present.x(x), present.part(|i| y[i]));
        let classes = self.check(x.view(), &y)?;
        let prices = (&present.weights * self.c).to_vec();
        self.machines(x.view(), &y, classes, &prices)
    }

    /// A machine a pair; `prices` are what each row inside the margin costs.
    fn machines(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        classes: Vec<usize>,
        prices: &[f64],
    ) -> Result<Svc> {
        let mut machines = Vec::new();
        for (k, &a) in classes.iter().enumerate() {
            for &b in &classes[k + 1..] {
                let rows: Vec<usize> = (0..y.len()).filter(|&i| y[i] == a || y[i] == b).collect();
                machines.push(((a, b), self.machine(x, y, b, (&rows, prices))?, rows));
            }
        }
        let mut used = vec![false; y.len()];
        for (_, machine, rows) in &machines {
            for (&row, &s) in rows.iter().zip(&machine.signed) {
                used[row] |= s.abs() > 0.0;
            }
        }
        let support: Vec<usize> = (0..y.len()).filter(|&i| used[i]).collect();
        let mut dual_coef = Array2::zeros((machines.len(), support.len()));
        for ((_, machine, rows), mut coef) in machines.iter().zip(dual_coef.outer_iter_mut()) {
            for (&row, &s) in rows.iter().zip(&machine.signed) {
                if let Ok(position) = support.binary_search(&row) {
                    coef[position] = s;
                }
            }
        }
        Ok(Svc {
            classes,
            pairs: machines.iter().map(|(pair, ..)| *pair).collect(),
            support_vectors: x.select(Axis(0), &support),
            support,
            dual_coef,
            intercept: machines.iter().map(|(_, machine, _)| machine.intercept).collect(),
            dual_objective: machines.iter().map(|(_, machine, _)| machine.objective).collect(),
            n_iter: machines.iter().map(|(_, machine, _)| machine.n_iter).collect(),
            kernel: self.kernel,
        })
    }

    /// The machine of two classes on their `rows`; `positive` is the class beyond `+1`.
    fn machine(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        positive: usize,
        (rows, prices): (&[usize], &[f64]),
    ) -> Result<smo::Solution> {
        if rows.len() > MAX_ROWS {
            let n = rows.len();
            return Err(Error::NoSolution {
                what: "Svc: the kernel matrix of two classes",
                problem: format!("its shape is ({n}, {n}), at most ({MAX_ROWS}, {MAX_ROWS}) fits"),
                remedy: "take LinearSvc, or fewer rows",
            });
        }
        let part = x.select(Axis(0), rows);
        let k = self.kernel.between(part.view(), part.view());
        if k.iter().any(|v| !v.is_finite()) {
            return Err(Error::NotConverged {
                estimator: NAME,
                n_iter: 0,
                change: f64::INFINITY,
                remedy: "the kernel overflowed; standardise the features or lower the degree",
            });
        }
        let signs: Vec<f64> =
            rows.iter().map(|&i| if y[i] == positive { 1.0 } else { -1.0 }).collect();
        let prices: Vec<f64> = rows.iter().map(|&i| prices[i]).collect();
        let machine = smo::solve(k.view(), &signs, &prices, self.tol, self.max_iter);
        if machine.gap > self.tol {
            return Err(Error::NotConverged {
                estimator: NAME,
                n_iter: machine.n_iter,
                change: machine.gap,
                remedy: "standardise the features, lower `c`, or raise `max_iter`",
            });
        }
        Ok(machine)
    }

    fn check(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<Vec<usize>> {
        self.kernel.check(NAME)?;
        check_settings(NAME, self.c, self.tol, self.max_iter)?;
        check_matrix("Svc: `x`", x)?;
        classes_of("Svc: `y`", y, x.nrows())
    }
}

impl Svc {
    /// Signed scores `f(x)`, shape `(n_rows, n_pairs)`, for `x` of shape `(n_rows, n_features)`: above 0
    /// for the second class of the pair, 1 in size on the margin.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`], and [`Error::NotFinite`] also when a score overflows.
    #[views]
    pub fn decision_function(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("Svc::decision_function: `x`", x, self.support_vectors.ncols())?;
        let k = self.kernel.between(x, self.support_vectors.view());
        let scores = k.dot(&self.dual_coef.t()) + &self.intercept;
        check_matrix("Svc::decision_function: the score", scores.view())?;
        Ok(scores)
    }

    /// The class with most votes of the pairs, the lowest of equals, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`Svc::decision_function`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        let scores = self.decision_function(x)?;
        let place = |class: usize| self.classes.iter().position(|&c| c == class).unwrap_or(0);
        let places: Vec<(usize, usize)> =
            self.pairs.iter().map(|&(a, b)| (place(a), place(b))).collect();
        let vote = |row: ndarray::ArrayView1<f64>| {
            let mut votes = Array1::zeros(self.classes.len());
            for (&score, &(a, b)) in row.iter().zip(&places) {
                votes[if score > 0.0 { b } else { a }] += 1.0;
            }
            self.classes[argmax(votes.view())]
        };
        Ok(scores.outer_iter().map(vote).collect())
    }

    /// Share of the rows of `x`, `(n_rows, n_features)`, whose class is that of `y`, `(n_rows,)`.
    ///
    /// # Errors
    /// As [`Svc::predict`]; [`Error::Shape`] for another number of labels.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        accuracy_of("Svc::score: `y`", &self.predict(x)?, y)
    }
}

impl Classifier for SvcParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        _: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.fit(x, y)?;
        let known = known_classes(&model.classes);
        Ok(widened(model, known, n_classes))
    }
}

/// A vote is a share of 1: the machines tell sides, not probabilities.
impl Fitted for Svc {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        Ok(votes(&self.predict(x)?, known_classes(&self.classes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;
    use ndarray::array;

    #[test]
    fn the_street_by_hand() {
        // Between x₁ = 1 and x₁ = 3 the street is 2 wide: w = (1, 0), b = -2.
        let x = array![[1.0, 0.0], [0.0, 1.0], [1.0, 2.0], [3.0, 1.0], [5.0, 0.0]];
        let model = Svc::params(Kernel::Linear).c(100.0).tol(1e-9).fit(x.view(), &[0, 0, 0, 1, 1]);
        let model = model.unwrap();
        let w = model.dual_coef.dot(&model.support_vectors);
        assert!((&w - &array![[1.0, 0.0]]).iter().all(|d| d.abs() < 1e-7), "{w}");
        assert!((model.intercept[0] + 2.0).abs() < 1e-7 && model.support == [0, 2, 3]);
    }

    #[test]
    fn votes_of_three_classes_with_a_number_left_out() {
        let centers = array![[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]];
        let (x, y) = data::blobs(90, centers.view(), 0.5, 4).unwrap();
        let y: Vec<usize> = y.iter().map(|&c| [0, 2, 5][c]).collect();
        let model = Svc::params(Kernel::Rbf(0.3)).fit(x.view(), &y).unwrap();
        assert_eq!(model.pairs, [(0, 2), (0, 5), (2, 5)]);
        assert_eq!(model.predict(centers.view()).unwrap(), [0, 2, 5]);
        assert!(model.score(x.view(), &y).unwrap() > 0.98);
        let f = model.decision_function(centers.view()).unwrap();
        assert!(f[[1, 0]] > 0.0 && f[[0, 0]] < 0.0);
    }

    #[test]
    fn edges_and_bad_input() {
        let (x, y) = (array![[0.0, 1.0], [1.0, 1.0], [3.0, 1.0], [4.0, 1.0]], [0, 0, 1, 1]);
        let p = Svc::params(Kernel::Linear);
        assert_eq!(p.fit(x.view(), &y).unwrap().predict(x.view()).unwrap(), y); // one constant column
        let same = Array2::<f64>::ones((4, 2));
        let model = p.fit(same.view(), &y).unwrap();
        assert!(model.decision_function(same.view()).unwrap().iter().all(|v| v.is_finite()));
        let error = |p: SvcParams| p.fit(x.view(), &y).unwrap_err().to_string();
        assert!(error(p.c(0.0)).contains("`c` must be finite and > 0, got 0"));
        assert!(error(p.c(-1.0)).contains("got -1") && error(p.tol(f64::NAN)).contains("`tol`"));
        assert!(error(p.max_iter(0)).contains("`max_iter`"));
        let short = Svc::params(Kernel::Rbf(1.0)).tol(1e-9).max_iter(1);
        assert!(error(short).contains("did not converge in 1 iterations"));
        assert!(matches!(p.fit(x.view(), &[1; 4]), Err(Error::SingleClass { class: 1, .. })));
        assert!(matches!(p.fit(x.view(), &[0, 1]), Err(Error::Shape { .. })));
        assert!(matches!(p.fit(x.view(), &[0, 1, 9, 1]), Err(Error::Label { index: 2, .. })));
        let nan = array![[f64::NAN], [1.0]];
        assert!(matches!(p.fit(nan.view(), &[0, 1]), Err(Error::NotFinite { row: 0, .. })));
        let large = Array2::<f64>::zeros((MAX_ROWS + 1, 1));
        let y: Vec<usize> = (0..=MAX_ROWS).map(|i| i % 2).collect();
        let error = p.fit(large.view(), &y).unwrap_err().to_string();
        assert!(error.contains("LinearSvc") && error.contains("(10001, 10001)"), "{error}");
        let poly = Svc::params(Kernel::Poly { degree: 400, gamma: 1.0, coef0: 1.0 });
        assert!(poly.fit(x.view(), &[0, 0, 1, 1]).unwrap_err().to_string().contains("overflowed"));
        assert!(model.predict(array![[1.0]].view()).is_err());
        let cubic = Svc::params(Kernel::Poly { degree: 3, gamma: 1.0, coef0: 1.0 });
        let model = cubic.fit(x.view(), &[0, 0, 1, 1]).unwrap();
        let far = model.predict(array![[1e200, 0.0]].view());
        assert!(matches!(far, Err(Error::NotFinite { row: 0, .. })));
    }
}
