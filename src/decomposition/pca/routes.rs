//! The routes to the components: singular values of the centred data, downward, and directions as rows.

use crate::base::{from_faer, stream, to_faer};
use crate::{Error, Result};
use faer::Side;
use faer::linalg::solvers::Svd;
use ndarray::{Array1, Array2, s};
use rand::Rng;
use rand_distr::StandardNormal;

/// `X_c = U Σ Vᵀ`. A tall matrix is first reduced by QR to the square `R`, which has the same `Σ` and `V`.
pub(super) fn svd_route(centred: &Array2<f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let matrix = to_faer(centred.view());
    let decomposed = if matrix.nrows() > matrix.ncols() {
        matrix.qr().R().to_owned().thin_svd()
    } else {
        matrix.thin_svd()
    };
    let svd: Svd<f64> = decomposed.map_err(|_| no_convergence())?;
    let singular = Array1::from_iter(svd.S().column_vector().iter().copied());
    Ok((singular, from_faer(svd.V().transpose())))
}

/// `X_cᵀ X_c = V Σ² Vᵀ`, `keep` pairs; faer sorts eigenvalues upward, PCA wants them downward.
pub(super) fn eigh_route(scatter: &Array2<f64>, keep: usize) -> Result<(Array1<f64>, Array2<f64>)> {
    let eigen =
        to_faer(scatter.view()).self_adjoint_eigen(Side::Lower).map_err(|_| no_convergence())?;
    let values = eigen.S().column_vector();
    let d = scatter.nrows();
    let singular = Array1::from_shape_fn(keep, |i| values[d - 1 - i].max(0.0).sqrt());
    let vectors = eigen.U();
    Ok((singular, Array2::from_shape_fn((keep, d), |(i, j)| vectors[(j, d - 1 - i)])))
}

/// One eigenvector at a time: `v ← C v / ‖C v‖`, kept orthogonal to those found before.
pub(super) fn power_route(
    scatter: &Array2<f64>,
    k: usize,
    seed: u64,
) -> Result<(Array1<f64>, Array2<f64>)> {
    const MAX_ITER: usize = 20_000;
    let d = scatter.nrows();
    let trace = scatter.diag().sum();
    let mut rng = stream(seed, 0);
    let mut singular = Array1::zeros(k);
    let mut components = Array2::zeros((k, d));
    for i in 0..k {
        let found = components.slice(s![..i, ..]).to_owned();
        let orthogonal = |v: Array1<f64>| {
            let v = &v - &found.t().dot(&found.dot(&v));
            let norm = v.dot(&v).sqrt();
            (v / norm.max(f64::MIN_POSITIVE), norm)
        };
        let (mut v, _) = orthogonal(Array1::from_shape_fn(d, |_| rng.sample(StandardNormal)));
        let mut change = f64::INFINITY;
        let mut n_iter = 0;
        while change > 1e-13 {
            crate::display::check_interrupt();
            if n_iter == MAX_ITER {
                return Err(Error::NotConverged {
                    estimator: "Pca",
                    n_iter,
                    change,
                    remedy: "two eigenvalues are nearly equal; use PcaSolver::Svd",
                });
            }
            let (next, length) = orthogonal(scatter.dot(&v));
            // Nothing is left beyond the rank: any orthogonal direction has eigenvalue 0.
            if length <= trace * f64::EPSILON {
                break;
            }
            change = (&next - &v).mapv(f64::abs).sum();
            v = next;
            n_iter += 1;
        }
        singular[i] = v.dot(&scatter.dot(&v)).max(0.0).sqrt();
        components.row_mut(i).assign(&v);
    }
    Ok((singular, components))
}

/// The SVD of `Qᵀ X_c`, where `Q` spans the range of `X_c` times a random matrix.
pub(super) fn randomized_route(
    centred: &Array2<f64>,
    size: usize,
    power: usize,
    seed: u64,
) -> Result<(Array1<f64>, Array2<f64>)> {
    let (n, d) = centred.dim();
    let size = size.min(n.min(d));
    let mut rng = stream(seed, 0);
    let omega = Array2::from_shape_fn((d, size), |_| rng.sample::<f64, _>(StandardNormal));
    let mut q = orthonormal_basis(&centred.dot(&omega));
    for _ in 0..power {
        // Orthonormalising between the products keeps the small directions from drowning.
        let back = orthonormal_basis(&centred.t().dot(&q));
        q = orthonormal_basis(&centred.dot(&back));
    }
    svd_route(&q.t().dot(centred))
}

/// The thin `Q` of `A = Q R`.
fn orthonormal_basis(a: &Array2<f64>) -> Array2<f64> {
    from_faer(to_faer(a.view()).qr().compute_thin_Q().as_ref())
}

fn no_convergence() -> Error {
    Error::NotConverged {
        estimator: "Pca",
        n_iter: 0,
        change: f64::NAN,
        remedy: "the decomposition failed; scale the features to similar sizes",
    }
}
