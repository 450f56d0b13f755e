//! The M step: the parameters that maximise the bound.

use super::checks::check_responsibilities;
use super::{Covariance, MixtureParts};
use crate::base::{check_matrix, map_blocks, rows, views};
use crate::{Error, Result};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, Array3, ArrayView2, ArrayView3, Axis, Zip};

/// M step: the parameters that maximise the bound for the responsibilities `resp`, `(n_samples, k)`.
/// `reg_covar` is added to the diagonal of each covariance.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], and [`Error::Parameter`] for negative
/// responsibilities or a negative `reg_covar`.
///
/// ```
/// use mlnotes::cluster::gmm::{Covariance, m_step};
/// use ndarray::array;
/// let (x, resp) = (array![[0.0], [2.0], [9.0]], array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
/// let params = m_step(x.view(), resp.view(), Covariance::Full, 0.0)?;
/// assert!((params.means[[0, 0]] - 1.0).abs() < 1e-12);
/// assert!((params.covariances[[0, 0, 0]] - 1.0).abs() < 1e-12);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn m_step(
    x: ArrayView2<f64>,
    resp: ArrayView2<f64>,
    covariance: Covariance,
    reg_covar: f64,
) -> Result<MixtureParts> {
    check_matrix("m_step: `x`", x)?;
    check_responsibilities("m_step", "m_step: `resp`", x, resp)?;
    if !(reg_covar.is_finite() && reg_covar >= 0.0) {
        let (estimator, name, got) = ("m_step", "reg_covar", reg_covar.to_string());
        return Err(Error::Parameter { estimator, name, rule: "finite and >= 0", got });
    }
    Ok(maximise(x, resp, covariance, reg_covar))
}

/// The M step on checked input.
pub(super) fn maximise(
    x: ArrayView2<f64>,
    resp: ArrayView2<f64>,
    covariance: Covariance,
    reg_covar: f64,
) -> MixtureParts {
    let (n, d) = x.dim();
    let k = resp.ncols();
    let (nk, means) = counts_and_means(x, resp);
    let mut covariances = match covariance {
        Covariance::Full => scatters(x, resp, &means) / by_component(&nk),
        Covariance::Tied => {
            let within = scatters(x, resp, &means).sum_axis(Axis(0)) / nk.sum();
            within.broadcast((k, d, d)).map_or_else(|| Array3::zeros((k, d, d)), |w| w.to_owned())
        }
        Covariance::Diag | Covariance::Spherical => {
            let mut variances = squares(x, resp, &means) / nk.view().insert_axis(Axis(1));
            if covariance == Covariance::Spherical {
                for mut row in variances.rows_mut() {
                    let mean = row.sum() / d as f64;
                    row.fill(mean);
                }
            }
            let mut diagonal = Array3::zeros((k, d, d));
            for (mut matrix, row) in diagonal.outer_iter_mut().zip(variances.rows()) {
                matrix.diag_mut().assign(&row);
            }
            diagonal
        }
    };
    for mut matrix in covariances.outer_iter_mut() {
        matrix.diag_mut().mapv_inplace(|v| v + reg_covar);
    }
    let weights = &nk / n as f64;
    let total = weights.sum();
    MixtureParts { weights: weights / total, means, covariances }
}

fn by_component(nk: &Array1<f64>) -> ArrayView3<'_, f64> {
    nk.view().insert_axis(Axis(1)).insert_axis(Axis(2))
}

/// `nₖ = Σᵢ rᵢₖ`, shape `(k,)`, and `μₖ = Σᵢ rᵢₖ xᵢ / nₖ`, shape `(k, n_features)`.
fn counts_and_means(x: ArrayView2<f64>, resp: ArrayView2<f64>) -> (Array1<f64>, Array2<f64>) {
    let blocks = map_blocks(x.nrows(), |range| {
        let r = rows(&resp, range.clone());
        (r.sum_axis(Axis(0)), r.t().dot(&rows(&x, range)))
    });
    let zero = (Array1::zeros(resp.ncols()), Array2::zeros((resp.ncols(), x.ncols())));
    let (nk, sums) = blocks.into_iter().fold(zero, |sum, part| (sum.0 + part.0, sum.1 + part.1));
    // A component without rows keeps a finite mean; its covariance of 0 is reported by the next E step.
    let nk = nk.mapv(|v: f64| v.max(f64::MIN_POSITIVE));
    let means = sums / nk.view().insert_axis(Axis(1));
    (nk, means)
}

/// `Σᵢ rᵢₖ (xᵢ − μₖ)(xᵢ − μₖ)ᵀ`, shape `(k, n_features, n_features)`.
fn scatters(x: ArrayView2<f64>, resp: ArrayView2<f64>, means: &Array2<f64>) -> Array3<f64> {
    let (k, d) = means.dim();
    let blocks = map_blocks(x.nrows(), |range| {
        let (x, r) = (rows(&x, range.clone()), rows(&resp, range));
        let mut out = Array3::zeros((k, d, d));
        let mut half = Array2::zeros(x.dim());
        for (c, mut out) in out.outer_iter_mut().enumerate() {
            // √r (x − μ) on both sides makes the product symmetric to the bit.
            for ((mut half, x), r) in half.rows_mut().into_iter().zip(x.rows()).zip(r.column(c)) {
                let root = r.sqrt();
                Zip::from(&mut half)
                    .and(x)
                    .and(means.row(c))
                    .for_each(|h, x, m| *h = root * (x - m));
            }
            general_mat_mul(1.0, &half.t(), &half, 0.0, &mut out);
        }
        out
    });
    blocks.into_iter().fold(Array3::zeros((k, d, d)), |sum, part| sum + part)
}

/// `Σᵢ rᵢₖ (xᵢⱼ − μₖⱼ)²`, shape `(k, n_features)`.
fn squares(x: ArrayView2<f64>, resp: ArrayView2<f64>, means: &Array2<f64>) -> Array2<f64> {
    let blocks = map_blocks(x.nrows(), |range| {
        let (x, r) = (rows(&x, range.clone()), rows(&resp, range));
        let mut out = Array2::zeros(means.dim());
        for (c, mut out) in out.rows_mut().into_iter().enumerate() {
            let squared = (&x - &means.row(c)).mapv_into(|v| v * v);
            out.assign(&squared.t().dot(&r.column(c)));
        }
        out
    });
    blocks.into_iter().fold(Array2::zeros(means.dim()), |sum, part| sum + part)
}
