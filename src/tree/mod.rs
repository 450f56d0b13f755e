//! Decision trees, and what is built of many: bagging, forests, boosting.
//!
//! ```text
//! tree       ask the question xⱼ ≤ t that lowers impurity most, then again on either side
//! bagging    mean of B trees on resamples     variance ρσ² + (1 − ρ)σ² / B;  the bias stays
//! forest     bagging whose splits see few features each: a smaller ρ
//! boosting   F ← F + η · tree fitted to −∂L/∂F     the bias falls round by round
//! ```
//!
//! Chapters: `notebooks/07_bagging_bias_variance.ipynb`, `notebooks/19_trees_and_boosting.ipynb`.

pub mod bagging;
pub mod cart;
pub mod forest;
pub mod gbdt;
pub mod lightgbm;
pub mod xgb;

use crate::{Error, Result};
use ndarray::{ArrayView1, ArrayView2};

/// Checks class labels, numbered from 0, against `n_samples` rows; gives the number of classes.
///
/// A label that is not below the number of rows is taken for a mistake: as many classes would be empty.
pub(crate) fn check_classes(what: &'static str, y: &[usize], n_samples: usize) -> Result<usize> {
    if y.len() != n_samples {
        let (expected, got) = (format!("({n_samples},)"), format!("({},)", y.len()));
        return Err(Error::Shape { what, expected, got });
    }
    if let Some(index) = y.iter().position(|&label| label >= n_samples) {
        let allowed = "numbered from 0, fewer classes than rows";
        return Err(Error::Label { what, index, got: y[index].to_string(), allowed });
    }
    match y.split_first() {
        Some((&class, rest)) if rest.iter().all(|&label| label == class) => {
            Err(Error::SingleClass { what, class })
        }
        _ => Ok(y.iter().max().map_or(0, |&class| class + 1)),
    }
}

/// Checks a target, one finite number for each of `n_samples` rows.
pub(crate) fn check_target(what: &'static str, y: ArrayView1<f64>, n_samples: usize) -> Result<()> {
    if y.len() != n_samples {
        let (expected, got) = (format!("({n_samples},)"), format!("({},)", y.len()));
        return Err(Error::Shape { what, expected, got });
    }
    crate::numeric::check_vector(what, y)
}

/// Checks rows to predict for.
pub(crate) fn check_rows(what: &'static str, x: ArrayView2<f64>, n_features: usize) -> Result<()> {
    crate::numeric::check_matrix(what, x)?;
    if x.ncols() != n_features {
        let (expected, got) = (format!("(n_rows, {n_features})"), format!("{:?}", x.dim()));
        return Err(Error::Shape { what, expected, got });
    }
    Ok(())
}

/// `R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²` over pairs `(y, ŷ)`; 0 where the truth does not vary.
pub(crate) fn r_squared(pairs: &[(f64, f64)]) -> f64 {
    if pairs.windows(2).all(|pair| pair[0].0.total_cmp(&pair[1].0).is_eq()) {
        return 0.0;
    }
    let mean = pairs.iter().map(|(y, _)| y).sum::<f64>() / pairs.len() as f64;
    let total: f64 = pairs.iter().map(|(y, _)| (y - mean) * (y - mean)).sum();
    let rest: f64 = pairs.iter().map(|(y, p)| (y - p) * (y - p)).sum();
    1.0 - rest / total
}

/// The class with the largest share; the lowest of equals.
pub(crate) fn most_likely(shares: ArrayView1<f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (class, &share) in shares.iter().enumerate() {
        if share > best.1 {
            best = (class, share);
        }
    }
    best.0
}
