//! The E step: what each component is to each row, and the bound that it makes touch the likelihood.

use super::MixtureParts;
use super::checks::{check_params, check_responsibilities};
use crate::base::{check_matrix, map_blocks, rows, to_faer, views};
use crate::{Error, Result};
use faer::Side;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, Axis, concatenate, s};
use std::f64::consts::PI;

/// E step: responsibilities, shape `(n_samples, k)`, and the total log-likelihood `Σᵢ ln p(xᵢ)`.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Parameter`] for weights that are
/// no distribution, [`Error::NotPositiveDefinite`].
///
/// ```
/// use mlnotes::cluster::gmm::{MixtureParts, e_step};
/// use ndarray::array;
/// let params = MixtureParts {
///     weights: array![0.5, 0.5],
///     means: array![[-1.0], [1.0]],
///     covariances: array![[[1.0]], [[1.0]]],
/// };
/// let (resp, _) = e_step(array![[0.0], [1.0]].view(), &params)?;
/// assert!((resp[[0, 0]] - 0.5).abs() < 1e-15);
/// assert!((resp[[1, 1]] - 1.0 / (1.0 + (-2.0f64).exp())).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn e_step(x: ArrayView2<f64>, params: &MixtureParts) -> Result<(Array2<f64>, f64)> {
    check_matrix("e_step: `x`", x)?;
    check_params(x, params)?;
    posterior(x, params)
}

/// The evidence lower bound `Σᵢₖ rᵢₖ [ln πₖ + ln N(xᵢ | μₖ, Σₖ) − ln rᵢₖ]`, at most the log-likelihood.
///
/// # Errors
/// As [`e_step`] and [`super::m_step()`].
///
/// ```
/// use mlnotes::cluster::gmm::{GaussianMixture, e_step, elbo};
/// let x = mlnotes::data::iris().x.view();
/// let params = GaussianMixture::params(2).fit(x)?.parameters();
/// let (resp, log_likelihood) = e_step(x, &params)?;
/// assert!((elbo(x, resp.view(), &params)? - log_likelihood).abs() < 1e-9);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn elbo(x: ArrayView2<f64>, resp: ArrayView2<f64>, params: &MixtureParts) -> Result<f64> {
    check_matrix("elbo: `x`", x)?;
    check_params(x, params)?;
    check_responsibilities("elbo", "elbo: `resp`", x, resp)?;
    if resp.ncols() != params.weights.len() {
        let (expected, got) =
            (format!("(n_samples, {})", params.weights.len()), format!("{:?}", resp.dim()));
        return Err(Error::Shape { what: "elbo: `resp`", expected, got });
    }
    let joint = joint_log_density(x, params)?;
    let term = |r: f64, log_joint: f64| if r > 0.0 { r * (log_joint - r.ln()) } else { 0.0 };
    Ok(resp.iter().zip(&joint).map(|(&r, &j)| term(r, j)).sum())
}

/// The E step on checked input: `ln rᵢₖ = ln πₖ + ln N(xᵢ | μₖ, Σₖ) − ln p(xᵢ)`.
pub(super) fn posterior(x: ArrayView2<f64>, params: &MixtureParts) -> Result<(Array2<f64>, f64)> {
    let components = Whitened::of(params)?;
    let blocks = map_blocks(x.nrows(), |range| {
        let mut joint = components.log_joint(rows(&x, range));
        let total: f64 = joint.rows_mut().into_iter().map(normalise).sum();
        (joint, total)
    });
    let total = blocks.iter().map(|(_, total)| total).sum();
    let views: Vec<ArrayView2<f64>> = blocks.iter().map(|(resp, _)| resp.view()).collect();
    Ok((stack(&views, params), total))
}

/// Turns `ln p(x, k)` into `p(k | x)`; gives `ln p(x) = ln Σₖ e^{ln p(x, k)}`, shifted by the maximum.
fn normalise(mut log_joint: ArrayViewMut1<f64>) -> f64 {
    let max = log_joint.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    log_joint.mapv_inplace(|v| (v - max).exp());
    let sum = log_joint.sum();
    log_joint /= sum;
    max + sum.ln()
}

/// `ln πₖ + ln N(xᵢ | μₖ, Σₖ)`, shape `(n_samples, k)`.
pub(super) fn joint_log_density(x: ArrayView2<f64>, params: &MixtureParts) -> Result<Array2<f64>> {
    let components = Whitened::of(params)?;
    let blocks = map_blocks(x.nrows(), |range| components.log_joint(rows(&x, range)));
    let views: Vec<ArrayView2<f64>> = blocks.iter().map(Array2::view).collect();
    Ok(stack(&views, params))
}

/// The blocks, one under the other.
fn stack(blocks: &[ArrayView2<f64>], params: &MixtureParts) -> Array2<f64> {
    concatenate(Axis(0), blocks).unwrap_or_else(|_| Array2::zeros((0, params.weights.len())))
}

/// The components, ready for densities. With `Σ = L Lᵀ` and `z = L⁻¹(x − μ)`:
///
/// ```text
/// ln N(x | μ, Σ) = −½ (d ln 2π + ‖z‖²) − Σⱼ ln Lⱼⱼ
/// ```
///
/// The `L⁻ᵀ` of all components lie side by side, so that one product whitens a block for all of them.
struct Whitened {
    /// `[L₁⁻ᵀ … L_k⁻ᵀ]`, shape `(n_features, k n_features)`.
    factors: Array2<f64>,
    /// `L_k⁻¹ μ_k` end to end, shape `(k n_features,)`.
    shift: Array1<f64>,
    /// `ln πₖ − ½ d ln 2π − Σⱼ ln Lⱼⱼ`, shape `(k,)`.
    constant: Array1<f64>,
}

impl Whitened {
    fn of(params: &MixtureParts) -> Result<Self> {
        let (k, d) = params.means.dim();
        let mut factors = Array2::zeros((d, k * d));
        let mut shift = Array1::zeros(k * d);
        let mut constant = params.weights.mapv(|w| w.ln() - 0.5 * d as f64 * (2.0 * PI).ln());
        for c in 0..k {
            let (cov, mean) = (params.covariances.index_axis(Axis(0), c), params.means.row(c));
            check_width(cov, mean, c)?;
            let inverse = inverse_cholesky(cov, c)?;
            constant[c] += inverse.diag().iter().map(|v| v.ln()).sum::<f64>();
            shift.slice_mut(s![c * d..(c + 1) * d]).assign(&inverse.dot(&mean));
            factors.slice_mut(s![.., c * d..(c + 1) * d]).assign(&inverse.t());
        }
        Ok(Self { factors, shift, constant })
    }

    /// `ln πₖ + ln N(xᵢ | μₖ, Σₖ)` of some rows, shape `(n_rows, k)`.
    fn log_joint(&self, x: ArrayView2<f64>) -> Array2<f64> {
        /// Rows that are whitened together; with many components `z` is wide.
        const ROWS: usize = 256;
        let d = x.ncols();
        let mut out = Array2::zeros((x.nrows(), self.constant.len()));
        for (x, mut out) in
            x.axis_chunks_iter(Axis(0), ROWS).zip(out.axis_chunks_iter_mut(Axis(0), ROWS))
        {
            let z = x.dot(&self.factors) - &self.shift;
            for (z, mut out) in z.rows().into_iter().zip(out.rows_mut()) {
                for ((z, constant), out) in
                    z.exact_chunks(d).into_iter().zip(&self.constant).zip(&mut out)
                {
                    *out = constant - 0.5 * z.dot(&z);
                }
            }
        }
        out
    }
}

fn collapsed(component: usize) -> Error {
    Error::NotPositiveDefinite {
        what: format!("GaussianMixture: the covariance of component {component}"),
        remedy: "the component has collapsed onto too few rows; raise reg_covar or lower k",
    }
}

/// A deviation within rounding of the mean is no deviation: the component sits on one value.
fn check_width(cov: ArrayView2<f64>, mean: ArrayView1<f64>, component: usize) -> Result<()> {
    let narrow = |(v, m): (&f64, &f64)| v.sqrt() <= 10.0 * f64::EPSILON * m.abs();
    if cov.diag().iter().zip(mean).any(narrow) { Err(collapsed(component)) } else { Ok(()) }
}

/// `L⁻¹` of `Σ = L Lᵀ`, lower triangular.
fn inverse_cholesky(cov: ArrayView2<f64>, component: usize) -> Result<Array2<f64>> {
    let d = cov.nrows();
    let llt = to_faer(cov.view()).llt(Side::Lower).map_err(|_| collapsed(component))?;
    let l = llt.L();
    let mut inverse = Array2::<f64>::zeros((d, d));
    for j in 0..d {
        for i in j..d {
            let below: f64 = (j..i).map(|m| l[(i, m)] * inverse[[m, j]]).sum();
            inverse[[i, j]] = (f64::from(i == j) - below) / l[(i, i)];
        }
    }
    if inverse.iter().all(|v| v.is_finite()) { Ok(inverse) } else { Err(collapsed(component)) }
}
