//! The divergence of two Gaussians in closed form.

use crate::base::{check_matrix, check_vector, to_faer, views};
use crate::{Error, Result};
use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{ArrayView1, ArrayView2};

/// `KL(N(m₀, S₀) ‖ N(m₁, S₁))` in nats, means `(d,)` and covariances `(d, d)`:
///
/// ```text
/// ½ ( tr(S₁⁻¹ S₀) + (m₁ − m₀)ᵀ S₁⁻¹ (m₁ − m₀) − d + ln det S₁ − ln det S₀ )
/// ```
///
/// Only the lower triangles of the covariances are read.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], and [`Error::NotPositiveDefinite`].
///
/// ```
/// use ndarray::array;
/// let unit = array![[1.0]];
/// let kl = mlnotes::stats::information::kl_gaussian(
///     array![0.0].view(), unit.view(), array![2.0].view(), unit.view(),
/// )?;
/// assert!((kl - 2.0).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Cover & Thomas (2006), theorem 8.6.5 with 8.6.1.
#[views]
pub fn kl_gaussian(
    m0: ArrayView1<f64>,
    s0: ArrayView2<f64>,
    m1: ArrayView1<f64>,
    s1: ArrayView2<f64>,
) -> Result<f64> {
    let d = m0.len();
    if d == 0 {
        return Err(Error::Empty { what: "kl_gaussian: `m0`", needed: "1 dimension" });
    }
    check_vector("kl_gaussian: `m0`", m0)?;
    check_vector("kl_gaussian: `m1`", m1)?;
    if m1.len() != d {
        let (expected, got) = (format!("({d},)"), format!("({},)", m1.len()));
        return Err(Error::Shape { what: "kl_gaussian: `m1`", expected, got });
    }
    for (what, s) in [("kl_gaussian: `s0`", s0.view()), ("kl_gaussian: `s1`", s1.view())] {
        if s.dim() != (d, d) {
            let (expected, got) = (format!("({d}, {d})"), format!("{:?}", s.dim()));
            return Err(Error::Shape { what, expected, got });
        }
        check_matrix(what, s)?;
    }
    let factor = |name: &str, s: ArrayView2<f64>| {
        to_faer(s.view()).llt(Side::Lower).map_err(|_| {
            Error::NotPositiveDefinite {
                what: format!("kl_gaussian: `{name}`"),
                remedy: "a covariance needs linearly independent features; add a little to its diagonal",
            }
        })
    };
    let (factor0, factor1) = (factor("s0", s0)?, factor("s1", s1)?);
    let log_det = |l: &faer::linalg::solvers::Llt<f64>| -> f64 {
        let l = l.L();
        (0..d).map(|i| 2.0 * l[(i, i)].ln()).sum()
    };
    let ratio = factor1.solve(Mat::from_fn(d, d, |i, j| s0[[i.max(j), i.min(j)]]));
    let trace: f64 = (0..d).map(|i| ratio[(i, i)]).sum();
    let shift = Mat::from_fn(d, 1, |i, _| m1[i] - m0[i]);
    let weighted = factor1.solve(&shift);
    let distance: f64 = (0..d).map(|i| shift[(i, 0)] * weighted[(i, 0)]).sum();
    Ok(0.5 * (trace + distance - d as f64 + log_det(&factor1) - log_det(&factor0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    #[test]
    fn flat_covariances_are_refused() {
        let (flat, zero) = (array![[1.0, 1.0], [1.0, 1.0]], Array1::zeros(2));
        let error = kl_gaussian(zero.view(), flat.view(), zero.view(), flat.view()).unwrap_err();
        assert!(error.to_string().contains("`s0` is not positive definite"), "{error}");
    }
}
