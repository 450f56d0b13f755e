//! The smoother, backwards through what the filter left, and draws of the states.
//!
//! ```text
//! r ← Z v / F + Lᵀ r,   N ← Zᵀ Z / F + Lᵀ N L,   L = T − K Z,   K = T P Zᵀ / F
//! E(αₜ | y) = a + P r,   Var(αₜ | y) = P − P N P
//! ```
//!
//! # References
//! Durbin & Koopman (2012), sections 4.4, 5.3; Durbin & Koopman (2002), *A simple and efficient simulation
//! smoother for state space time series analysis*.

use super::{Filtered, StructuralModel, outer};
use crate::Result;
use crate::base::views;
use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView2, Axis};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What all observations say about each state.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Smoothed {
    /// `E(αₜ | y)`, shape `(n, m)`.
    pub state: Array2<f64>,
    /// Its variance, shape `(n, m, m)`.
    pub variance: Array3<f64>,
}

impl StructuralModel {
    /// Filters, then runs back over `y`, shape `(n,)`.
    ///
    /// # Errors
    /// As [`StructuralModel::filter`].
    ///
    /// ```
    /// use mlnotes::causal::impact::kalman::StructuralModel;
    /// use ndarray::array;
    /// // Without noise in the level there is one level: the mean, with variance 2/4.
    /// let smoothed = StructuralModel::local_level(2.0, 0.0)?.smooth(array![1., 4., 3., 4.].view())?;
    /// assert!((smoothed.state[[0, 0]] - 3.0).abs() < 1e-12);
    /// assert!((smoothed.variance[[0, 0, 0]] - 0.5).abs() < 1e-12);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn smooth(&self, y: ArrayView1<f64>) -> Result<Smoothed> {
        Ok(self.backward(&self.filter(y)?))
    }

    /// The smoother: `r` and `N` gather what later observations say, weighted back by `L = T − K Z`.
    fn backward(&self, filtered: &Filtered) -> Smoothed {
        let (n, m) = filtered.filtered.dim();
        let (z, t) = (self.loading(), self.transition());
        let zz = outer(&z, &z);
        let mut out = Smoothed { state: Array2::zeros((n, m)), variance: Array3::zeros((n, m, m)) };
        let (mut r, mut big_n) = (Array1::zeros(m), Array2::zeros((m, m)));
        // Of the diffuse steps: the parts of order 1/κ and 1/κ².
        let (mut r1, mut n1, mut n2) = (r.clone(), big_n.clone(), big_n.clone());
        for i in (0..n).rev() {
            let (v, f) = (filtered.innovations[i], filtered.innovation_vars[i]);
            let p = filtered.predicted_var.index_axis(Axis(0), i);
            let (mut state, variance);
            if let Some((f_star, p_inf)) = filtered.diffuse.get(i) {
                let k0 = t.dot(&p_inf.dot(&z)) / f;
                let k1 = (t.dot(&p.dot(&z)) - &k0 * *f_star) / f;
                let (l0, l1) = (&t - &outer(&k0, &z), -outer(&k1, &z));
                r1 = &z * (v / f) + l0.t().dot(&r1) + l1.t().dot(&r);
                r = l0.t().dot(&r);
                n2 = -&zz * (f_star / (f * f))
                    + sandwich(&l0, &n2, &l0)
                    + sandwich(&l0, &n1, &l1)
                    + sandwich(&l1, &n1.t().to_owned(), &l0)
                    + sandwich(&l1, &big_n, &l1);
                n1 = &zz / f + sandwich(&l0, &n1, &l0) + sandwich(&l1, &big_n, &l0);
                big_n = sandwich(&l0, &big_n, &l0);
                state = p.dot(&r) + p_inf.dot(&r1);
                let cross = p_inf.dot(&n1).dot(&p);
                let known = p.dot(&big_n).dot(&p) + &cross + cross.t() + p_inf.dot(&n2).dot(p_inf);
                variance = &p - &known;
            } else {
                let k = t.dot(&p.dot(&z)) / f;
                let l = &t - &outer(&k, &z);
                r = &z * (v / f) + l.t().dot(&r);
                big_n = &zz / f + sandwich(&l, &big_n, &l);
                state = p.dot(&r);
                variance = &p - &p.dot(&big_n).dot(&p);
            }
            state += &filtered.predicted.row(i);
            out.state.row_mut(i).assign(&state);
            out.variance.index_axis_mut(Axis(0), i).assign(&variance);
        }
        out
    }

    /// One draw of all states given `y`, shape `(n, m)`, by the simulation smoother: a path from the
    /// model, plus what the data say about its error. Needs a known start.
    pub(in crate::causal::impact) fn sample_states(
        &self,
        y: ArrayView1<f64>,
        rng: &mut ChaCha8Rng,
    ) -> Array2<f64> {
        let (n, m) = (y.len(), self.n_states());
        let (z, t) = (self.loading(), self.transition());
        let (obs_sd, noise_sd) = (self.obs_var.sqrt(), self.noise().mapv(f64::sqrt));
        let (mean, variances) =
            self.start.clone().unwrap_or_else(|| (Array1::zeros(m), Array1::ones(m)));
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let mut state: Array1<f64> =
            mean.iter().zip(&variances).map(|(m, v)| m + v.sqrt() * normal()).collect();
        let mut path = Array2::zeros((n, m));
        let mut rest = y.to_owned();
        for i in 0..n {
            path.row_mut(i).assign(&state);
            rest[i] -= z.dot(&state) + obs_sd * normal();
            state = t.dot(&state);
            state.iter_mut().zip(&noise_sd).for_each(|(s, sd)| *s += sd * normal());
        }
        let centred = Self { start: Some((Array1::zeros(m), variances)), ..self.clone() };
        path + centred.mean_states(rest.view())
    }

    /// `E(αₜ | y)` from a known start, without the variances.
    fn mean_states(&self, y: ArrayView1<f64>) -> Array2<f64> {
        let filtered = self.run(y);
        let (z, t) = (self.loading(), self.transition());
        let mut r = Array1::<f64>::zeros(self.n_states());
        let mut out = Array2::zeros(filtered.filtered.raw_dim());
        for i in (0..y.len()).rev() {
            let p: ArrayView2<f64> = filtered.predicted_var.index_axis(Axis(0), i);
            let (v, f) = (filtered.innovations[i], filtered.innovation_vars[i]);
            // Lᵀ r = Tᵀ r − Z (Kᵀ r), with K = T P Z / F.
            let back = t.t().dot(&r);
            let kr = p.dot(&z).dot(&back) / f;
            r = back;
            r.scaled_add(v / f - kr, &z);
            out.row_mut(i).assign(&(&filtered.predicted.row(i) + &p.dot(&r)));
        }
        out
    }
}

/// `Aᵀ N B`.
fn sandwich(a: &Array2<f64>, n: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    a.t().dot(n).dot(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{to_column, to_faer};
    use faer::Side;
    use faer::linalg::solvers::Solve;
    use ndarray::array;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use std::f64::consts::PI;

    /// The joint Gaussian of all observations, written out: mean 0, covariance from the start and noise.
    fn dense(model: &StructuralModel, n: usize) -> (Array2<f64>, Array2<f64>) {
        let (z, t, q) = (model.loading(), model.transition(), Array2::from_diag(&model.noise()));
        let (_, start) = model.start.clone().unwrap();
        let m = model.n_states();
        // Covariances of the states at times i and j, in blocks.
        let mut blocks = Array2::<f64>::zeros((n * m, n * m));
        let mut p = Array2::from_diag(&start);
        for i in 0..n {
            let mut cross = p.clone();
            for j in i..n {
                for (a, b) in (0..m).flat_map(|a| (0..m).map(move |b| (a, b))) {
                    blocks[[i * m + a, j * m + b]] = cross[[a, b]];
                    blocks[[j * m + b, i * m + a]] = cross[[a, b]];
                }
                cross = cross.dot(&t.t());
            }
            p = t.dot(&p).dot(&t.t()) + &q;
        }
        let big_z =
            Array2::from_shape_fn((n, n * m), |(i, c)| if c / m == i { z[c % m] } else { 0.0 });
        let with_y = blocks.dot(&big_z.t());
        let y_var = big_z.dot(&with_y) + Array2::from_diag_elem(n, model.obs_var);
        (with_y, y_var)
    }

    fn all_models(v: [f64; 4]) -> Vec<StructuralModel> {
        let level = StructuralModel::local_level(v[0], v[1]).unwrap();
        let trend = level.clone().slope(v[2]).unwrap();
        let year = level.clone().seasons(4, v[3]).unwrap();
        let both = trend.clone().seasons(3, v[3]).unwrap();
        vec![level, trend, year, both]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_recursions_are_the_joint_gaussian(
            v in proptest::array::uniform4(0.1..3.0),
            y in proptest::collection::vec(-4.0..4.0, 9),
        ) {
            let y = Array1::from(y);
            for model in all_models(v) {
                let m = model.n_states();
                let model = model.known_start(Array1::zeros(m), Array1::from_elem(m, 1.5)).unwrap();
                let (with_y, y_var) = dense(&model, 9);
                let llt = to_faer(y_var.view()).llt(Side::Lower).unwrap();
                let solved = llt.solve(to_column(y.view()));
                let solved = Array1::from_shape_fn(9, |i| solved[(i, 0)]);
                let log_det: f64 = (0..9).map(|i| 2.0 * llt.L()[(i, i)].ln()).sum();
                let log_likelihood = -0.5 * (9.0 * (2.0 * PI).ln() + log_det + y.dot(&solved));
                let filtered = model.filter(y.view()).unwrap();
                prop_assert!((filtered.log_likelihood - log_likelihood).abs() < 1e-9);
                let mean = with_y.dot(&solved);
                let smoothed = model.smooth(y.view()).unwrap();
                let fast = model.mean_states(y.view());
                for i in 0..9 {
                    for a in 0..m {
                        prop_assert!((smoothed.state[[i, a]] - mean[i * m + a]).abs() < 1e-9);
                        prop_assert!((fast[[i, a]] - mean[i * m + a]).abs() < 1e-9);
                    }
                }
            }
        }

        #[test]
        fn a_diffuse_start_is_the_limit_of_a_wide_one(
            v in proptest::array::uniform4(0.1..3.0),
            y in proptest::collection::vec(-4.0..4.0, 9),
        ) {
            // Wider, and the wide filter itself loses the digits.
            const KAPPA: f64 = 1e5;
            let y = Array1::from(y);
            for model in all_models(v) {
                let m = model.n_states();
                let wide = model.clone();
                let wide = wide.known_start(Array1::zeros(m), Array1::from_elem(m, KAPPA)).unwrap();
                let (ours, theirs) = (model.filter(y.view()).unwrap(), wide.filter(y.view()).unwrap());
                prop_assert_eq!(ours.n_diffuse, m);
                let shift = 0.5 * m as f64 * KAPPA.ln();
                prop_assert!((ours.log_likelihood - theirs.log_likelihood - shift).abs() < 1e-2);
                let (ours, theirs) = (model.smooth(y.view()).unwrap(), wide.smooth(y.view()).unwrap());
                let far = &ours.state - &theirs.state;
                prop_assert!(far.iter().all(|d| d.abs() < 1e-2), "{far}");
                let far = &ours.variance - &theirs.variance;
                prop_assert!(far.iter().all(|d| d.abs() < 1e-2), "{far}");
            }
        }
    }

    #[test]
    fn drawn_states_have_the_smoothed_mean_and_variance() {
        let y = array![1.0, 2.5, 0.5, 3.0, 2.0];
        let model = StructuralModel::local_level(1.0, 0.5).unwrap();
        let model = model.known_start(array![1.0], array![2.0]).unwrap();
        let smoothed = model.smooth(y.view()).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let draws: Vec<Array2<f64>> =
            (0..4000).map(|_| model.sample_states(y.view(), &mut rng)).collect();
        for i in 0..5 {
            let at: Array1<f64> = draws.iter().map(|d| d[[i, 0]]).collect();
            let variance = smoothed.variance[[i, 0, 0]];
            let error = (variance / 4000.0).sqrt();
            assert!((at.mean().unwrap() - smoothed.state[[i, 0]]).abs() < 4.0 * error, "{i}");
            assert!((at.var(1.0) / variance - 1.0).abs() < 4.0 * (2.0f64 / 4000.0).sqrt(), "{i}");
        }
    }
}
