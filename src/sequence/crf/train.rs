//! Training: the penalised likelihood has one optimum, and L-BFGS walks to it.

use super::features::Features;
use super::model::{LinearChainCrf, check_labels};
use crate::base::{setters, stream};
use crate::optim::lbfgs;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1};
use rand::Rng;
use rand_distr::StandardNormal;
use std::collections::BTreeSet;

impl LinearChainCrf {
    /// The default settings.
    ///
    /// ```
    /// use mlnotes::sequence::crf::{LinearChainCrf, symbol_features};
    /// let xs = [symbol_features(&[0, 1, 0, 1]), symbol_features(&[1, 0, 1])];
    /// let ys = [vec![0, 1, 0, 1], vec![1, 0, 1]];
    /// let model = LinearChainCrf::params().fit(&xs, &ys)?;
    /// assert!(model.converged && model.transition_weights[[0, 1]] > 0.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> LinearChainCrfParams {
        LinearChainCrfParams { l2: 1.0, max_iter: 500, tol: 1e-3, random_start: None }
    }
}

/// Settings of a linear-chain CRF, which minimises `−Σ ln p(y | x) + (l2 / 2) ‖(U, W)‖²`.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `l2` | 1 | `>= 0` | penalty; 0 may have its optimum at infinity |
/// | `max_iter` | 500 | `>= 1` | steps of L-BFGS |
/// | `tol` | 1e-3 | `>= 0` | stop when no entry of the gradient is larger |
/// | `random_start` | zeros | | seed of normal weights to start from instead |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearChainCrfParams {
    l2: f64,
    max_iter: usize,
    tol: f64,
    random_start: Option<u64>,
}

impl LinearChainCrfParams {
    setters! {
        /// Sets the penalty.
        l2: f64;
        /// Sets the largest number of steps.
        max_iter: usize;
        /// Sets the largest entry of the gradient, an expected count, at which training stops.
        tol: f64;
    }

    /// Starts from standard normal weights instead of zeros: with `l2 > 0` the end is the same.
    #[must_use]
    pub fn random_start(mut self, seed: u64) -> Self {
        self.random_start = Some(seed);
        self
    }

    /// Fits sequences of positions with their labels `0 .. k`; `k` is the largest label plus 1. A weight
    /// for every feature with every label, and for every pair of labels, seen together or not.
    ///
    /// # Errors
    /// [`Error::Empty`] for no sequence or one of length 0, [`Error::Shape`] for lengths that differ,
    /// [`Error::SingleClass`], [`Error::NotFinite`], [`Error::Parameter`]. A run out of steps is no
    /// error: see [`LinearChainCrf::converged`].
    pub fn fit(&self, xs: &[Vec<Features>], ys: &[Vec<usize>]) -> Result<LinearChainCrf> {
        let k = self.check(xs, ys)?;
        let names: BTreeSet<&str> =
            xs.iter().flatten().flat_map(Features::iter).map(|f| f.0).collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let states = Array2::zeros((names.len(), k));
        let mut model = LinearChainCrf::assemble(names, states, Array2::zeros((k, k)));
        let what = "LinearChainCrf: `xs`";
        let encoded = xs.iter().map(|x| model.encode(what, x)).collect::<Result<Vec<_>>>()?;
        let mut start = model.parameters();
        if let Some(seed) = self.random_start {
            let mut rng = stream(seed, 0);
            start.mapv_inplace(|_| rng.sample(StandardNormal));
        }
        let mut scratch = model.clone();
        let objective = |theta: ArrayView1<f64>| {
            scratch.set(theta);
            // Weights so large that a sum overflows are rejected as a step: the value is infinite.
            let (value, gradient) = scratch
                .value_and_gradient(&encoded, ys)
                .unwrap_or_else(|_| (f64::NEG_INFINITY, Array1::zeros(theta.len())));
            let penalty = 0.5 * self.l2 * theta.dot(&theta);
            (penalty - value, &theta * self.l2 - gradient)
        };
        let mut trace = Vec::new();
        let end = lbfgs(objective, start, self.max_iter, self.tol, |_, value| trace.push(value));
        model.set(end.x.view());
        model.trace = trace.into();
        model.converged = end.converged;
        Ok(model)
    }

    /// Checks everything and returns the number of labels.
    fn check(&self, xs: &[Vec<Features>], ys: &[Vec<usize>]) -> Result<usize> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "LinearChainCrf", name, rule, got })
        };
        for (name, value) in [("l2", self.l2), ("tol", self.tol)] {
            if !(value.is_finite() && value >= 0.0) {
                return bad(name, "finite and >= 0", value.to_string());
            }
        }
        if self.max_iter == 0 {
            return bad("max_iter", ">= 1", "0".into());
        }
        check_labels(["LinearChainCrf: `xs`", "LinearChainCrf: `ys`"], xs, ys, usize::MAX)?;
        let first = ys.iter().flatten().next().copied().unwrap_or_default();
        if ys.iter().flatten().all(|&label| label == first) {
            return Err(Error::SingleClass { what: "LinearChainCrf: `ys`", class: first });
        }
        Ok(ys.iter().flatten().max().map_or(0, |&label| label + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::symbol_features;
    use super::*;
    use crate::nn::gradcheck::{max_relative_error, numeric_gradient};

    fn data() -> (Vec<Vec<Features>>, Vec<Vec<usize>>) {
        let xs: [&[usize]; 4] = [&[0, 1, 2, 1], &[2, 2, 0], &[1], &[0, 0, 1, 2, 2]];
        let ys = vec![vec![0, 1, 2, 1], vec![2, 2, 0], vec![1], vec![0, 1, 1, 2, 0]];
        let mut xs: Vec<Vec<Features>> = xs.iter().map(|x| symbol_features(x)).collect();
        xs[0][2] = xs[0][2].clone().weighted("length", -1.5);
        (xs, ys)
    }

    #[test]
    fn the_gradient_is_that_of_central_differences() {
        let (xs, ys) = data();
        let model = LinearChainCrf::params().max_iter(3).random_start(1).fit(&xs, &ys).unwrap();
        let (_, gradient) = model.log_likelihood_and_gradient(&xs, &ys).unwrap();
        let value = |theta: ArrayView1<f64>| {
            let moved = model.with_parameters(theta).unwrap();
            moved.log_likelihood_and_gradient(&xs, &ys).unwrap().0
        };
        let numeric = numeric_gradient(value, model.parameters().view());
        assert!(max_relative_error(gradient.view(), numeric.view()) < 1e-6);
    }

    #[test]
    fn at_the_optimum_the_gradient_is_the_penalty() {
        let (xs, ys) = data();
        let model = LinearChainCrf::params().l2(0.5).tol(1e-9).fit(&xs, &ys).unwrap();
        assert!(model.converged);
        let (_, gradient) = model.log_likelihood_and_gradient(&xs, &ys).unwrap();
        let pull = model.parameters() * 0.5;
        assert!((gradient - pull).iter().all(|d| d.abs() < 1e-8));
        assert!(model.trace.windows(2).into_iter().all(|v| v[1] <= v[0] + 1e-12));
    }

    #[test]
    fn every_start_ends_in_the_same_optimum() {
        let (xs, ys) = data();
        let fit = |seed| {
            let params = LinearChainCrf::params().tol(1e-9).random_start(seed);
            params.fit(&xs, &ys).unwrap().parameters()
        };
        assert!((fit(1) - fit(2)).iter().all(|d| d.abs() < 1e-7));
    }

    #[test]
    fn unknown_features_say_nothing() {
        let (xs, ys) = data();
        let model = LinearChainCrf::params().fit(&xs, &ys).unwrap();
        let with = [Features::new(["symbol=1", "never seen"])];
        let without = [Features::new(["symbol=1"])];
        assert_eq!(model.viterbi(&with).unwrap(), model.viterbi(&without).unwrap());
        // No known feature at all: the labels are equally likely at a lone position.
        let p = model.marginals(&[Features::new(["never seen"])]).unwrap();
        assert!(p.iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-12));
    }

    #[test]
    fn settings_and_sequences_are_checked() {
        let (xs, ys) = data();
        let said = |p: LinearChainCrfParams| p.fit(&xs, &ys).unwrap_err().to_string();
        assert!(said(LinearChainCrf::params().l2(-1.0)).contains("`l2`"));
        assert!(said(LinearChainCrf::params().tol(f64::NAN)).contains("`tol`"));
        assert!(said(LinearChainCrf::params().max_iter(0)).contains("`max_iter`"));
        let fit = |xs: &[Vec<Features>], ys: &[Vec<usize>]| {
            LinearChainCrf::params().fit(xs, ys).unwrap_err()
        };
        assert!(matches!(fit(&[], &[]), Error::Empty { .. }));
        assert!(matches!(fit(&xs, &ys[..2]), Error::Shape { .. }));
        assert!(matches!(fit(&xs[..1], &[vec![0, 1]]), Error::Shape { .. }));
        assert!(matches!(fit(&xs[..1], &[vec![1; 4]]), Error::SingleClass { class: 1, .. }));
        let none = [symbol_features(&[0, 1]), vec![]];
        assert!(matches!(fit(&none, &[vec![0, 1], vec![]]), Error::Empty { .. }));
        let nan = [vec![Features::new(["a"]).weighted("b", f64::NAN), Features::new(["a"])]];
        let error = fit(&nan, &[vec![0, 1]]);
        assert!(matches!(error, Error::NotFinite { row: 0, col: 1, .. }), "{error}");
        let model = LinearChainCrf::params().fit(&xs, &ys).unwrap();
        assert!(matches!(model.viterbi(&[]), Err(Error::Empty { .. })));
        let wrong = model.log_likelihood_and_gradient(&xs[..1], &[vec![0, 1, 7, 0]]);
        assert!(matches!(wrong, Err(Error::Label { index: 2, .. })));
    }
}
