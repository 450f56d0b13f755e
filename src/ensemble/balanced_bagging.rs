//! Bagging whose members see balanced classes: each draws as many rows of every class as the smallest has.
//!
//! One undersampled learner throws most of the large class away. Many of them, each with other rows of it,
//! throw nothing away, and their average is steadier than any. Drawing within the classes also means that
//! no member is left without the rare one, as a plain bootstrap sample of few positives may be.
//!
//! The mean share of class 1 is a probability in the balanced world; [`crate::sampling::imbalance::prior_shift`] from `1/2` to
//! the true share brings it back, up to the members' own errors.
//!
//! # References
//! Chen, Liaw & Breiman (2004), Using random forest to learn imbalanced data, section 2.2; Wallace, Small,
//! Brodley & Trikalinos (2011), Class imbalance, redux.

use crate::base::{Classifier, Fitted, check_matrix, setters, stream, views, widened};
use crate::display::check_interrupt;
use crate::sampling::imbalance::{at_most, by_class, check_ratio, extremes};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rand::{Rng, RngCore};
use rayon::prelude::*;

/// Members between two looks for an interrupt.
const CHUNK: usize = 32;

impl BalancedBagging {
    /// Default settings for the learner `base`.
    ///
    /// ```
    /// use mlnotes::ensemble::BalancedBagging;
    /// use mlnotes::tree::cart::DecisionTreeClassifier;
    /// let set = mlnotes::data::credit();
    /// let tree = DecisionTreeClassifier::params().max_depth(5);
    /// let model = BalancedBagging::params(tree).n_estimators(10).fit(set.x.view(), &set.y)?;
    /// let called = model.predict(set.x.view())?;
    /// let found = called.iter().zip(&set.y).filter(|(a, b)| **a == 1 && **b == 1).count();
    /// assert!(found as f64 / 1026.0 > 0.7); // recall of the class that is a quarter
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params<B>(base: B) -> BalancedBaggingParams<B> {
        BalancedBaggingParams { base, n_estimators: 50, ratio: 1.0, seed: 0 }
    }
}

/// Settings of balanced bagging.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `base` | required | | the learner, one of [`crate::base::Classifier`] |
/// | `n_estimators` | 50 | `>= 1` | members |
/// | `ratio` | 1 | `0 < r <= 1` | the smallest class as a share of the largest, in each member |
/// | `seed` | 0 | | chance of the rows |
#[derive(Debug, Clone, PartialEq)]
pub struct BalancedBaggingParams<B> {
    base: B,
    n_estimators: usize,
    ratio: f64,
    seed: u64,
}

/// Fitted balanced bagging.
pub struct BalancedBagging {
    members: Vec<Box<dyn Fitted>>,
    n_features: usize,
    n_classes: usize,
}

impl<B> BalancedBaggingParams<B> {
    setters! {
        /// Sets the number of members.
        n_estimators: usize;
        /// Sets the share of the smallest class to the largest in each member.
        ratio: f64;
        /// Seeds the draws.
        seed: u64;
    }

    fn check(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<()> {
        check_matrix("BalancedBagging: `x`", x)?;
        if y.len() != x.nrows() {
            let (expected, got) = (format!("({},)", x.nrows()), format!("({},)", y.len()));
            return Err(Error::Shape { what: "BalancedBagging: `y`", expected, got });
        }
        if let Some(index) = y.iter().position(|&label| label >= y.len()) {
            let (what, got) = ("BalancedBagging: `y`", y[index].to_string());
            let allowed = "numbered from 0, fewer classes than rows";
            return Err(Error::Label { what, index, got, allowed });
        }
        check_ratio("BalancedBagging", self.ratio)?;
        if self.n_estimators == 0 {
            let (estimator, name, rule) = ("BalancedBagging", "n_estimators", ">= 1");
            return Err(Error::Parameter { estimator, name, rule, got: "0".to_owned() });
        }
        Ok(())
    }
}

impl<B: Classifier> BalancedBaggingParams<B> {
    /// Fits `x`, `(n_samples, n_features)`, to the classes `y`, `(n_samples,)`, numbered from 0.
    ///
    /// Member `b` draws from stream `b` of the seed's generator, `⌊n_min / ratio⌋` rows at most of each
    /// class, with replacement.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`],
    /// [`Error::SingleClass`], [`Error::Parameter`]; those of the base.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<BalancedBagging> {
        self.check(x, y)?;
        let classes = by_class("BalancedBagging: `y`", y)?;
        let (smallest, _) = extremes(&classes);
        let n_classes = classes.last_key_value().map_or(0, |(&class, _)| class + 1);
        let member = |number: usize| -> Result<Box<dyn Fitted>> {
            let mut rng = stream(self.seed, number);
            let mut drawn = Vec::new();
            for rows in classes.values() {
                let amount = at_most(self.ratio, smallest, rows.len());
                drawn.extend((0..amount).map(|_| rows[rng.random_range(0..rows.len())]));
            }
            let labels: Vec<usize> = drawn.iter().map(|&row| y[row]).collect();
            let sample = x.select(Axis(0), &drawn);
            self.base.fit_base(sample.view(), &labels, n_classes, rng.next_u64())
        };
        let mut members = Vec::with_capacity(self.n_estimators);
        for start in (0..self.n_estimators).step_by(CHUNK) {
            check_interrupt();
            let end = self.n_estimators.min(start + CHUNK);
            let batch: Result<Vec<_>> = (start..end).into_par_iter().map(member).collect();
            members.extend(batch?);
        }
        Ok(BalancedBagging { members, n_features: x.ncols(), n_classes })
    }
}

impl BalancedBagging {
    /// Mean class shares of the members, shape `(n_rows, n_classes)`: probabilities in the balanced world.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`] for a wrong number of columns, and those of
    /// the base.
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_matrix("BalancedBagging::predict_proba: `x`", x)?;
        if x.ncols() != self.n_features {
            let expected = format!("(n_rows, {})", self.n_features);
            let got = format!("{:?}", x.dim());
            return Err(Error::Shape {
                what: "BalancedBagging::predict_proba: `x`",
                expected,
                got,
            });
        }
        let each: Result<Vec<Array2<f64>>> =
            self.members.par_iter().map(|member| member.outputs(x)).collect();
        let mut mean = Array2::zeros((x.nrows(), self.n_classes));
        for outputs in each? {
            if outputs.dim() != mean.dim() {
                return Err(Error::Shape {
                    what: "BalancedBagging::predict_proba: outputs of the base",
                    expected: format!("{:?}", mean.dim()),
                    got: format!("{:?}", outputs.dim()),
                });
            }
            mean += &outputs;
        }
        mean /= self.members.len() as f64;
        check_matrix("BalancedBagging::predict_proba: outputs of the base", mean.view())?;
        Ok(mean)
    }

    /// The class with the largest mean share, the lower one of equals.
    ///
    /// # Errors
    /// As [`BalancedBagging::predict_proba`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        let largest = |shares: ArrayView1<f64>| {
            let better = |best: usize, class: usize| {
                if shares[class] > shares[best] { class } else { best }
            };
            (0..shares.len()).fold(0, better)
        };
        Ok(self.predict_proba(x)?.rows().into_iter().map(largest).collect())
    }
}

impl std::fmt::Debug for BalancedBagging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BalancedBagging of {} members", self.members.len())
    }
}

impl<B: Classifier + Clone> Classifier for BalancedBaggingParams<B> {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.clone().seed(seed).fit(x, y)?;
        let known = model.n_classes;
        Ok(widened(model, known, n_classes))
    }
}

impl Fitted for BalancedBagging {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::logistic::LogisticRegression;
    use crate::sampling::imbalance::prior_shift;
    use crate::tree::cart::DecisionTreeClassifier;
    use ndarray::array;

    fn rare(n: usize, seed: u64) -> (Array2<f64>, Vec<usize>) {
        let centers = array![[0.0, 0.0], [1.5, 1.0]];
        let (x, y) = crate::data::blobs(n, centers.view(), 1.0, seed).unwrap();
        // One positive in twenty stays.
        let rows: Vec<usize> = (0..n).filter(|&i| y[i] == 0 || i % 40 == 1).collect();
        (x.select(Axis(0), &rows), rows.iter().map(|&i| y[i]).collect())
    }

    #[test]
    fn members_see_every_class_alike() {
        let seen = std::sync::Mutex::new(Vec::new());
        let spy = |x: ArrayView2<f64>, y: &[usize], n_classes: usize, _: u64| {
            let counts: Vec<usize> =
                (0..n_classes).map(|c| y.iter().filter(|&&label| label == c).count()).collect();
            seen.lock().unwrap().push((x.nrows(), counts));
            let shares = vec![1.0 / n_classes as f64; n_classes];
            let fitted = move |x: ArrayView2<f64>| {
                Ok(Array2::from_shape_fn((x.nrows(), n_classes), |(_, c)| shares[c]))
            };
            Ok(Box::new(fitted) as Box<dyn Fitted>)
        };
        let x = Array2::from_shape_fn((20, 1), |(i, _)| i as f64);
        let y: Vec<usize> = (0..20).map(|i| usize::from(i > 11) + usize::from(i > 16)).collect();
        BalancedBagging::params(spy).n_estimators(9).ratio(0.5).fit(x.view(), &y).unwrap();
        let seen = seen.into_inner().unwrap();
        assert!(seen.len() == 9 && seen.iter().all(|s| *s == (14, vec![6, 5, 3])), "{seen:?}");
    }

    #[test]
    fn it_finds_the_rare_class_and_bayes_brings_its_probabilities_back() {
        let ((x, y), (x_new, y_new)) = (rare(4000, 1), rare(8000, 2));
        let tree = DecisionTreeClassifier::params().max_depth(3);
        let recall = |called: &[usize]| {
            let hits = called.iter().zip(&y_new).filter(|(a, b)| **a == 1 && **b == 1).count();
            hits as f64 / y_new.iter().sum::<usize>() as f64
        };
        let plain = tree.fit(x.view(), &y).unwrap().predict(x_new.view()).unwrap();
        let model = BalancedBagging::params(tree).seed(5).fit(x.view(), &y).unwrap();
        let balanced = model.predict(x_new.view()).unwrap();
        assert!(recall(&plain) < 0.4 && recall(&balanced) > 0.75);
        let p = model.predict_proba(x_new.view()).unwrap().column(1).to_owned();
        let q = prior_shift(p.view(), 0.5, 1.0 / 21.0).unwrap();
        let rate = y_new.iter().sum::<usize>() as f64 / y_new.len() as f64;
        let off = |p: &ndarray::Array1<f64>| p.mean().unwrap() / rate;
        // 200 events are counted to 7 %, and stumps of three questions are no exact posterior.
        assert!(off(&p) > 5.0 && (off(&q) - 1.0).abs() < 0.25, "{} {}", off(&p), off(&q));
        let again = BalancedBagging::params(DecisionTreeClassifier::params().max_depth(3)).seed(5);
        let again = again.fit(x.view(), &y).unwrap().predict_proba(x_new.view()).unwrap();
        assert_eq!(again.column(1), p.view());
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = rare(200, 3);
        let params = || BalancedBagging::params(LogisticRegression::params()).n_estimators(2);
        let none = params().n_estimators(0).fit(x.view(), &y);
        assert!(matches!(none, Err(Error::Parameter { name: "n_estimators", .. })));
        let ratio = params().ratio(0.0).fit(x.view(), &y);
        assert!(matches!(ratio, Err(Error::Parameter { name: "ratio", .. })));
        assert!(matches!(params().fit(x.view(), &y[1..]), Err(Error::Shape { .. })));
        let one = vec![0; y.len()];
        assert!(matches!(params().fit(x.view(), &one), Err(Error::SingleClass { .. })));
        let mut wild = y.clone();
        wild[3] = usize::MAX;
        assert!(matches!(params().fit(x.view(), &wild), Err(Error::Label { index: 3, .. })));
        let tree = BalancedBagging::params(DecisionTreeClassifier::params()).n_estimators(2);
        let model = tree.fit(x.view(), &y).unwrap();
        assert!(matches!(model.predict(array![[1.0]].view()), Err(Error::Shape { .. })));
        assert_eq!(format!("{model:?}"), "BalancedBagging of 2 members");
    }
}
