//! Two classes: settings ([`params`](LogisticRegression::params)), fit and fitted model.

mod fit;
mod model;
mod params;
mod sparse;

pub use model::{LogisticHistory, LogisticRegression};
pub use params::{LogisticRegressionParams, Penalty, Solver};

/// Two clouds that overlap, so that an unpenalised optimum exists.
#[cfg(test)]
fn noisy() -> (ndarray::Array2<f64>, Vec<usize>) {
    let centers = ndarray::array![[-1.0, 0.3], [1.0, -0.2]];
    crate::data::blobs(200, centers.view(), 1.2, 4).unwrap()
}

/// A history starts at weights of 0 and ends at the fitted ones, with a lower loss.
#[cfg(test)]
fn check_history(model: &LogisticRegression, falls: bool) {
    let LogisticHistory { loss, coef, intercept } = model.history.as_ref().unwrap();
    let (n, d) = (model.n_iter, model.coef.len());
    assert!(n > 0);
    assert_eq!((loss.len(), coef.dim(), intercept.len()), (n + 1, (n + 1, d), n + 1));
    assert!(coef.row(0).iter().chain([&intercept[0]]).all(|v| v.abs() < f64::MIN_POSITIVE));
    assert!((loss[0] - 2.0f64.ln()).abs() < 1e-12);
    let end = coef.row(n).iter().chain([&intercept[n]]).copied().collect::<Vec<f64>>();
    assert_eq!(end, model.coef.iter().chain([&model.intercept]).copied().collect::<Vec<f64>>());
    assert!(loss[n] < loss[0]);
    assert!(!falls || loss.windows(2).into_iter().all(|pair| pair[1] <= pair[0] + 1e-15));
}
