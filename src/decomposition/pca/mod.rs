//! Principal component analysis: the directions in which the data vary most.
//!
//! ```text
//! X_c = X − 1 x̄ᵀ                                       centred data, (n_samples, n_features)
//! C   = X_cᵀ X_c / (n − 1)  =  V Λ Vᵀ                  covariance and its eigenvectors
//! X_c = U Σ Vᵀ,   λᵢ = σᵢ² / (n − 1)                   the same V and Λ, without squaring the condition number
//! z   = V_kᵀ (x − x̄),   x̂ = x̄ + V_k z                  project and rebuild
//! Σ‖x − x̂‖² = Σ_{i>k} σᵢ²                              what is lost (Eckart–Young)
//! ```
//!
//! Most variance kept and least squared error of reconstruction are one criterion: the total
//! `‖X_c‖²` is fixed and splits, by Pythagoras, into the two. Scale features of unlike units first
//! ([`crate::data::standardize`]), or the one with the largest numbers is the first component. Signs
//! are arbitrary; [`svd_flip`] fixes them, so that results do not depend on the route.
//!
//! # References
//! Pearson (1901); Hotelling (1933); Jolliffe, Principal Component Analysis (2002), chapters 1–3;
//! Halko, Martinsson & Tropp (2011), algorithms 4.4 and 5.1 (randomised route); Tipping & Bishop
//! (1999), eq. 8 (noise variance).

mod moments;
mod routes;

use crate::base::{
    Fitted, Transformer, check_matrix, check_width, finite, setters, shape, stored, views,
};
use crate::{Error, Result};
use moments::Moments;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use routes::{eigh_route, power_route, randomized_route, svd_route};
use serde::{Deserialize, Serialize};

/// How the components are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PcaSolver {
    /// [`PcaSolver::Eigh`] for ten rows a feature or more and at most 1000 features, [`PcaSolver::Svd`]
    /// else, and also when a variance that is kept turns out below 1e-6 of the largest: there the
    /// squared condition number would cost it digits.
    #[default]
    Auto,
    /// Singular value decomposition of the centred data: the most accurate.
    Svd,
    /// Eigendecomposition of the covariance: quick for many rows and few features; its small
    /// eigenvalues are good to `ε λ₁` only, since forming `X_cᵀX_c` squares the condition number.
    Eigh,
    /// Power iteration on the covariance with deflation: what one derives on a whiteboard.
    Power,
    /// Randomised range finder: for few components of a wide matrix.
    Randomized {
        /// Extra random directions beside the components asked for; 10 is usual.
        oversample: usize,
        /// Power iterations, which sharpen a slowly falling spectrum; 4 is usual.
        power: usize,
    },
}

/// How many components to keep.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Keep {
    Components(usize),
    VarianceShare(f64),
}

impl Pca {
    /// Settings for a fixed number of components, from 1 to `min(n_samples, n_features)`.
    ///
    /// ```
    /// use mlnotes::decomposition::pca::Pca;
    /// let model = Pca::params(2).fit(mlnotes::data::iris().x.view())?;
    /// assert!((model.explained_variance_ratio[0] - 0.9246).abs() < 5e-5);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(n_components: usize) -> PcaParams {
        PcaParams::new(Keep::Components(n_components))
    }

    /// Settings for the fewest components that explain at least `share` of the variance, `0 < share <= 1`.
    ///
    /// ```
    /// use mlnotes::decomposition::pca::Pca;
    /// let model = Pca::with_variance_share(0.95).fit(mlnotes::data::iris().x.view())?;
    /// assert_eq!(model.components.nrows(), 2);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn with_variance_share(share: f64) -> PcaParams {
        PcaParams::new(Keep::VarianceShare(share))
    }
}

/// Settings of a PCA.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `n_components` or share | required | `1..=min(n, d)`, or `(0, 1]` | what to keep |
/// | `solver` | `Auto` | | how to compute it |
/// | `whiten` | `false` | | scale each score to variance 1 |
/// | `seed` | 0 | | start vectors of `Power` and `Randomized` |
#[derive(Debug, Clone, PartialEq)]
pub struct PcaParams {
    keep: Keep,
    solver: PcaSolver,
    whiten: bool,
    seed: u64,
}

/// A fitted PCA; exists only after a successful fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Pca {
    /// Column means, shape `(n_features,)`.
    pub mean: Array1<f64>,
    /// Orthonormal directions as rows, most variance first, shape `(n_components, n_features)`.
    pub components: Array2<f64>,
    /// Variance along each component, `σᵢ² / (n − 1)`, shape `(n_components,)`.
    pub explained_variance: Array1<f64>,
    /// The same as a share of the total variance of all features, shape `(n_components,)`.
    pub explained_variance_ratio: Array1<f64>,
    /// Singular values of the centred data, shape `(n_components,)`.
    pub singular_values: Array1<f64>,
    /// Mean variance of the directions left out (the `σ²` of probabilistic PCA); 0 when none is.
    pub noise_variance: f64,
    whiten: bool,
}

stored!(Pca, |m| {
    let (k, d) = m.components.dim();
    shape("mean", m.mean.len(), d)?;
    shape("explained_variance", m.explained_variance.len(), k)?;
    finite("components", m.components.iter().chain(&m.mean).chain(&m.explained_variance))
});

impl PcaParams {
    fn new(keep: Keep) -> Self {
        Self { keep, solver: PcaSolver::default(), whiten: false, seed: 0 }
    }

    setters! {
        /// Sets the route; all agree where the spectrum has no ties.
        solver: PcaSolver;
        /// Whether `transform` divides each score by its standard deviation (and `inverse_transform` multiplies).
        whiten: bool;
        /// Seeds the random start of [`PcaSolver::Power`] and [`PcaSolver::Randomized`].
        seed: u64;
    }

    /// Fits the components of `x`, shape `(n_samples, n_features)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::TooFewSamples`] for one row, [`Error::Parameter`]
    /// for a number of components or a share out of range, [`Error::ZeroVariance`] when nothing varies
    /// at all, or when whitening meets a direction without variance, and [`Error::NotConverged`] from
    /// `Power` or the decomposition.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>) -> Result<Pca> {
        self.check(x)?;
        let (n, d) = x.dim();
        let tall = n >= 10 * d && d <= 1000;
        match self.solver {
            PcaSolver::Auto if tall => {
                let model = self.fit_by(PcaSolver::Eigh, x)?;
                let variance = &model.explained_variance;
                let precise = variance[variance.len() - 1] >= 1e-6 * variance[0];
                if precise { Ok(model) } else { self.fit_by(PcaSolver::Svd, x) }
            }
            PcaSolver::Auto => self.fit_by(PcaSolver::Svd, x),
            solver => self.fit_by(solver, x),
        }
    }

    fn fit_by(&self, solver: PcaSolver, x: ArrayView2<f64>) -> Result<Pca> {
        let (n, d) = x.dim();
        let wanted = match self.keep {
            Keep::Components(k) => k,
            Keep::VarianceShare(_) => n.min(d),
        };
        let by_scatter = matches!(solver, PcaSolver::Eigh | PcaSolver::Power);
        let (mean, total, (mut singular, mut components)) = if by_scatter {
            let Moments { mean, scatter, .. } = Moments::of(x);
            let total = total_variance(scatter.diag().sum(), &mean, x)?;
            let found = match solver {
                PcaSolver::Power => power_route(&scatter, wanted, self.seed)?,
                _ => eigh_route(&scatter, n.min(d))?,
            };
            (mean, total, found)
        } else {
            let mean = x.sum_axis(Axis(0)) / n as f64;
            let centred = &x - &mean;
            let total = total_variance(centred.iter().map(|v| v * v).sum(), &mean, x)?;
            let found = match solver {
                PcaSolver::Randomized { oversample, power } => {
                    randomized_route(&centred, wanted + oversample, power, self.seed)?
                }
                _ => svd_route(&centred)?,
            };
            (mean, total, found)
        };
        singular.mapv_inplace(|s| s.max(0.0));
        let variance = singular.mapv(|s| s * s / (n - 1) as f64);
        let k = match self.keep {
            Keep::Components(k) => k,
            Keep::VarianceShare(share) => components_for_share(&variance, share * total),
        };
        components.slice_collapse(s![..k, ..]);
        flip_rows(&mut components);
        let explained_variance = variance.slice(s![..k]).to_owned();
        if let (true, Some(col)) =
            (self.whiten, explained_variance.iter().position(|&v| v <= total * f64::EPSILON))
        {
            let what = "Pca: the components to be whitened";
            return Err(Error::ZeroVariance {
                what,
                col: Some(col),
                value: explained_variance[col],
            });
        }
        let left = n.min(d) - k;
        let noise =
            if left == 0 { 0.0 } else { (total - explained_variance.sum()).max(0.0) / left as f64 };
        Ok(Pca {
            mean,
            components,
            explained_variance_ratio: &explained_variance / total,
            explained_variance,
            singular_values: singular.slice(s![..k]).to_owned(),
            noise_variance: noise,
            whiten: self.whiten,
        })
    }

    fn check(&self, x: ArrayView2<f64>) -> Result<()> {
        check_matrix("Pca: `x`", x)?;
        if x.nrows() < 2 {
            return Err(Error::TooFewSamples { what: "Pca: `x`", needed: 2, got: x.nrows() });
        }
        let (name, rule, ok, got) = match self.keep {
            Keep::Components(k) => (
                "n_components",
                "from 1 to min(n_samples, n_features)",
                (1..=x.nrows().min(x.ncols())).contains(&k),
                k.to_string(),
            ),
            Keep::VarianceShare(share) => {
                ("share", "above 0 and at most 1", share > 0.0 && share <= 1.0, share.to_string())
            }
        };
        if ok { Ok(()) } else { Err(Error::Parameter { estimator: "Pca", name, rule, got }) }
    }
}

impl Pca {
    /// The scores `z = V_kᵀ (x − x̄)` of the rows of `x`, shape `(n_rows, n_components)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn transform(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_matrix("Pca::transform: `x`", x)?;
        check_width("Pca::transform: `x`", x, self.mean.len())?;
        let z = (&x - &self.mean).dot(&self.components.t());
        Ok(if self.whiten { z / self.explained_variance.mapv(f64::sqrt) } else { z })
    }

    /// The points `x̂ = x̄ + V_k z` that the scores `z`, `(n_rows, n_components)`, stand for, shape
    /// `(n_rows, n_features)`; undoes whitening too.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], or [`Error::Shape`] for a wrong number of columns.
    #[views]
    pub fn inverse_transform(&self, z: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_matrix("Pca::inverse_transform: `z`", z)?;
        check_width("Pca::inverse_transform: `z`", z, self.components.nrows())?;
        let scale = if self.whiten {
            self.explained_variance.mapv(f64::sqrt)
        } else {
            Array1::ones(self.components.nrows())
        };
        Ok((&z * &scale).dot(&self.components) + &self.mean)
    }

    /// Mean squared distance `‖x − x̂‖²` between a row and its reconstruction.
    ///
    /// # Errors
    /// As [`Pca::transform`].
    ///
    /// ```
    /// use mlnotes::decomposition::pca::Pca;
    /// let x = &mlnotes::data::iris().x;
    /// let all = Pca::params(4).fit(x.view())?;
    /// assert!(all.reconstruction_error(x.view())? < 1e-24);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn reconstruction_error(&self, x: ArrayView2<f64>) -> Result<f64> {
        let lost = &x - &self.inverse_transform(self.transform(x)?.view())?;
        Ok(lost.iter().map(|v| v * v).sum::<f64>() / x.nrows() as f64)
    }
}

/// The variance of all features together, from the sum of the centred squares; an error when it is
/// rounding and nothing else.
fn total_variance(squares: f64, mean: &Array1<f64>, x: ArrayView2<f64>) -> Result<f64> {
    let total = squares / (x.nrows() - 1) as f64;
    if total <= (10.0 * f64::EPSILON).powi(2) * mean.dot(mean) {
        let what = "Pca: every column of `x`";
        return Err(Error::ZeroVariance { what, col: Some(0), value: x[[0, 0]] });
    }
    Ok(total)
}

/// The covariance `X_cᵀ X_c / (n − 1)` of the columns of `x`, shape `(n_features, n_features)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], or [`Error::TooFewSamples`] for one row.
///
/// ```
/// let c = mlnotes::decomposition::pca::covariance(ndarray::array![[1.0, 2.0], [3.0, 6.0]].view())?;
/// assert_eq!(c, ndarray::array![[2.0, 4.0], [4.0, 8.0]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn covariance(x: ArrayView2<f64>) -> Result<Array2<f64>> {
    check_matrix("covariance: `x`", x)?;
    let n = x.nrows();
    if n < 2 {
        return Err(Error::TooFewSamples { what: "covariance: `x`", needed: 2, got: n });
    }
    Ok(Moments::of(x).scatter / (n - 1) as f64)
}

/// Makes signs deterministic: flips each pair of a column of `u` `(n, k)` and a row of `vt` `(k, d)` so
/// that the entry of largest magnitude in the row is positive.
///
/// ```
/// use ndarray::array;
/// let (mut u, mut vt) = (array![[1.0], [0.0]], array![[0.6, -0.8]]);
/// mlnotes::decomposition::pca::svd_flip(&mut u, &mut vt);
/// assert_eq!((u, vt), (array![[-1.0], [0.0]], array![[-0.6, 0.8]]));
/// ```
pub fn svd_flip(u: &mut Array2<f64>, vt: &mut Array2<f64>) {
    for (i, sign) in flip_rows(vt).into_iter().enumerate() {
        if i < u.ncols() {
            u.column_mut(i).mapv_inplace(|v| v * sign);
        }
    }
}

/// Flips rows whose entry of largest magnitude is negative; returns the signs that were applied.
fn flip_rows(vt: &mut Array2<f64>) -> Vec<f64> {
    vt.rows_mut()
        .into_iter()
        .map(|mut row| {
            let largest =
                row.iter().fold(0.0f64, |best, &v| if v.abs() > best.abs() { v } else { best });
            let sign = if largest < 0.0 { -1.0 } else { 1.0 };
            row.mapv_inplace(|v| v * sign);
            sign
        })
        .collect()
}

/// The fewest leading components whose variances reach `target`.
fn components_for_share(variance: &Array1<f64>, target: f64) -> usize {
    let mut sum = 0.0;
    let reached = variance.iter().position(|v| {
        sum += v;
        // Rounding must not ask for one component more when the share is 1.
        sum >= target * (1.0 - 1e-12)
    });
    reached.map_or(variance.len(), |i| i + 1)
}

impl Transformer for PcaParams {
    fn fit_base(&self, x: ArrayView2<f64>, seed: u64) -> Result<Box<dyn Fitted>> {
        Ok(Box::new(self.clone().seed(seed).fit(x)?))
    }
}

impl Fitted for Pca {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.transform(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::{prop_assert, proptest};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    fn close(a: f64, b: f64, tol: f64) -> bool {
        (a - b).abs() <= tol * b.abs().max(1.0)
    }

    #[test]
    fn two_points_by_hand() {
        let model = Pca::params(1).fit(array![[0.0, 0.0], [6.0, 8.0]].view()).unwrap();
        assert!(
            close(model.components[[0, 0]], 0.6, 1e-14)
                && close(model.components[[0, 1]], 0.8, 1e-14)
        );
        assert!(close(model.explained_variance[0], 50.0, 1e-14));
    }

    #[test]
    fn all_routes_agree() {
        let x = crate::data::wine().x.view();
        let x = crate::data::standardize(x).unwrap().x;
        let svd = Pca::params(5).fit(x.view()).unwrap();
        let solvers =
            [PcaSolver::Eigh, PcaSolver::Power, PcaSolver::Randomized { oversample: 6, power: 20 }];
        for solver in solvers {
            let other = Pca::params(5).solver(solver).seed(3).fit(x.view()).unwrap();
            let gap = &svd.components - &other.components;
            assert!(gap.iter().all(|d| d.abs() < 1e-7), "{solver:?} {gap:e}");
            let pairs = svd.explained_variance.iter().zip(&other.explained_variance);
            assert!(pairs.into_iter().all(|(a, b)| close(*a, *b, 1e-9)), "{solver:?}");
        }
    }

    /// Where the covariance has lost the last direction, the default must not have.
    #[test]
    fn auto_turns_to_the_svd_where_the_covariance_is_blind() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let thin = Array2::from_shape_fn((60, 3), |(_, j)| {
            [1.0, 1e-3, 1e-7][j] * rng.sample::<f64, _>(StandardNormal)
        });
        let fit = |k, solver| Pca::params(k).solver(solver).fit(thin.view()).unwrap();
        assert_eq!(fit(3, PcaSolver::Auto), fit(3, PcaSolver::Svd));
        assert_eq!(fit(2, PcaSolver::Auto), fit(2, PcaSolver::Eigh));
    }

    #[test]
    fn what_is_lost_is_the_sum_of_the_dropped_squares() {
        let x = &crate::data::digits().x;
        let all = Pca::params(64).fit(x.view()).unwrap();
        for k in [1, 10, 40] {
            let model = Pca::params(k).fit(x.view()).unwrap();
            let dropped =
                all.singular_values.slice(s![k..]).mapv(|s| s * s).sum() / x.nrows() as f64;
            assert!(close(model.reconstruction_error(x.view()).unwrap(), dropped, 1e-10));
        }
    }

    #[test]
    fn whitened_scores_have_unit_covariance_and_come_back() {
        let x = &crate::data::iris().x;
        let model = Pca::params(4).whiten(true).fit(x.view()).unwrap();
        let z = model.transform(x.view()).unwrap();
        let off = covariance(z.view()).unwrap() - Array2::<f64>::eye(4);
        assert!(off.iter().all(|v| v.abs() < 1e-10));
        let back = model.inverse_transform(z.view()).unwrap() - x;
        assert!(back.iter().all(|v| v.abs() < 1e-10));
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[1.0, 2.0], [3.0, 5.0], [4.0, 4.0]];
        for k in [0, 3] {
            assert!(matches!(
                Pca::params(k).fit(x.view()),
                Err(Error::Parameter { name: "n_components", .. })
            ));
        }
        for share in [0.0, 1.1, f64::NAN] {
            assert!(matches!(
                Pca::with_variance_share(share).fit(x.view()),
                Err(Error::Parameter { .. })
            ));
        }
        assert!(matches!(
            Pca::params(1).fit(x.slice(s![..1, ..])),
            Err(Error::TooFewSamples { .. })
        ));
        assert!(matches!(Pca::params(1).fit(x.slice(s![..0, ..])), Err(Error::Empty { .. })));
        let nan = array![[1.0, f64::NAN], [2.0, 3.0]];
        assert!(matches!(
            Pca::params(1).fit(nan.view()),
            Err(Error::NotFinite { row: 0, col: 1, .. })
        ));
        let flat = array![[0.1, 3.0], [0.1, 3.0], [0.1, 3.0]];
        assert!(matches!(Pca::params(1).fit(flat.view()), Err(Error::ZeroVariance { .. })));
        let line = array![[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]];
        assert!(matches!(
            Pca::params(2).whiten(true).fit(line.view()),
            Err(Error::ZeroVariance { col: Some(1), .. })
        ));
        let model = Pca::params(1).fit(x.view()).unwrap();
        assert!(matches!(model.transform(array![[1.0]].view()), Err(Error::Shape { .. })));
    }

    proptest! {
        #[test]
        fn components_are_orthonormal_and_variance_is_kept(seed in 0u64..200, n in 2usize..12, d in 1usize..8) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let x = Array2::from_shape_fn((n, d), |_| rng.sample::<f64, _>(StandardNormal));
            let k = n.min(d);
            let model = Pca::params(k).fit(x.view()).unwrap();
            let gram = model.components.dot(&model.components.t()) - Array2::<f64>::eye(k);
            prop_assert!(gram.iter().all(|v| v.abs() < 1e-12));
            prop_assert!(close(model.explained_variance_ratio.sum(), 1.0, 1e-12));
        }
    }
}
