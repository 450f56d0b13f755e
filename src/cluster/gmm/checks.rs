//! Checks that the steps share.

use super::MixtureParts;
use crate::base::check_matrix;
use crate::{Error, Result};
use ndarray::ArrayView2;

pub(super) fn check_params(x: ArrayView2<f64>, params: &MixtureParts) -> Result<()> {
    let (k, d) = (params.weights.len(), x.ncols());
    if k == 0 || params.means.dim() != (k, d) || params.covariances.dim() != (k, d, d) {
        return Err(Error::Shape {
            what: "MixtureParts: `means`, `covariances`",
            expected: format!("({k}, {d}), ({k}, {d}, {d}) with k >= 1"),
            got: format!("{:?}, {:?}", params.means.dim(), params.covariances.dim()),
        });
    }
    check_matrix("MixtureParts: `means`", params.means.view())?;
    for cov in params.covariances.outer_iter() {
        check_matrix("MixtureParts: `covariances`", cov)?;
    }
    let distribution =
        params.weights.iter().all(|&w| w >= 0.0) && (params.weights.sum() - 1.0).abs() < 1e-9;
    if distribution {
        return Ok(());
    }
    let got = params.weights.to_string();
    Err(Error::Parameter {
        estimator: "MixtureParts",
        name: "weights",
        rule: ">= 0 with sum 1",
        got,
    })
}

pub(super) fn check_responsibilities(
    estimator: &'static str,
    what: &'static str,
    x: ArrayView2<f64>,
    resp: ArrayView2<f64>,
) -> Result<()> {
    check_matrix(what, resp)?;
    if resp.nrows() != x.nrows() {
        let (expected, got) = (format!("({}, k)", x.nrows()), format!("{:?}", resp.dim()));
        return Err(Error::Shape { what, expected, got });
    }
    match resp.iter().find(|r| **r < 0.0) {
        Some(r) => {
            let (name, rule, got) = ("resp", ">= 0", r.to_string());
            Err(Error::Parameter { estimator, name, rule, got })
        }
        None => Ok(()),
    }
}
