//! Two classes: settings ([`params`](LogisticRegression::params)), fit and fitted model.

mod fit;
mod model;
mod params;
mod sparse;

pub use model::LogisticRegression;
pub use params::{LogisticRegressionParams, Penalty, Solver};

/// Two clouds that overlap, so that an unpenalised optimum exists.
#[cfg(test)]
fn noisy() -> (ndarray::Array2<f64>, Vec<usize>) {
    let centers = ndarray::array![[-1.0, 0.3], [1.0, -0.2]];
    crate::data::blobs(200, centers.view(), 1.2, 4).unwrap()
}
