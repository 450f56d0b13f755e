//! Is an automatic gradient right? Central differences answer, in `f64`.
//!
//! ```text
//! ∂f/∂wⱼ ≈ (f(w + h eⱼ) − f(w − h eⱼ)) / 2h,   h = ∛ε · max(1, |wⱼ|)
//! ```
//! As `nn::gradcheck` does for arrays. Points on a kink (`relu` at 0, ties of a maximum) have no derivative: test
//! beside them.
//!
//! # References
//! Press et al., Numerical Recipes (3rd ed., 2007), section 5.7.

use super::check::check_scalar;
use super::{DType, Params, Tensor, gradients};
use crate::base::{difference_step, relative_gap};
use crate::{Error, Result};

/// Holds the gradient of `f`, a scalar made of `params`, against central differences for every number of every
/// parameter; gives the largest relative error. The parameters are afterwards what they were.
///
/// # Errors
/// [`Error::Gradient`] when the error exceeds `tol` or is not a number; 1e-7 suits a smooth `f`.
/// [`Error::Parameter`] unless the parameters are of `f64`; those of [`gradients`].
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, Init, Params, gradcheck::check_gradients, ops};
/// let mut params = Params::new(DType::F64, 3)?;
/// let w = params.add("w", &[2, 3], Init::Normal(1.0))?;
/// let sum_of_squares = || Ok(ops::softmax(&w)?.sqr()?.sum_all()?);
/// assert!(check_gradients(sum_of_squares, &params, 1e-8)? < 1e-8);
/// // Half of the way to `w` cut off: half of the gradient.
/// let severed = || Ok((&w * w.detach())?.sum_all()?);
/// assert!(check_gradients(severed, &params, 1e-8).is_err());
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn check_gradients(f: impl Fn() -> Result<Tensor>, params: &Params, tol: f64) -> Result<f64> {
    if params.dtype() != DType::F64 {
        let (name, rule) = ("params", "of f64: differences of f32 keep three digits");
        let got = params.dtype().as_str().to_owned();
        return Err(Error::Parameter { estimator: "check_gradients", name, rule, got });
    }
    let slopes = gradients(&f()?, params)?;
    let before = params.snapshot()?;
    let found = differences(&f, params, &before, &slopes);
    params.restore(&before)?;
    let error = found?;
    if error <= tol { Ok(error) } else { Err(Error::Gradient { error, tol }) }
}

/// The largest relative error; NaN when there is one.
fn differences(
    f: &impl Fn() -> Result<Tensor>,
    params: &Params,
    before: &[Tensor],
    slopes: &super::Gradients,
) -> Result<f64> {
    let mut worst = 0.0;
    for (((_, var), start), (_, slope)) in params.iter().zip(before).zip(slopes.iter()) {
        let values: Vec<f64> = start.flatten_all()?.to_vec1()?;
        let slope: Vec<f64> = slope.flatten_all()?.to_vec1()?;
        let at = |j: usize, value: f64| -> Result<f64> {
            let mut moved = values.clone();
            moved[j] = value;
            var.set(&Tensor::from_vec(moved, var.dims(), var.device())?)?;
            check_scalar("check_gradients: `f`", &f()?)
        };
        for (j, (&value, &analytic)) in values.iter().zip(&slope).enumerate() {
            crate::display::check_interrupt();
            let (above, below) = (value + difference_step(value), value - difference_step(value));
            // `above - below` is what was really stepped, after rounding.
            let numeric = (at(j, above)? - at(j, below)?) / (above - below);
            let error = relative_gap(analytic, numeric);
            // `f64::max` would drop a NaN.
            worst = if error.is_nan() || error > worst { error } else { worst };
        }
        var.set(start)?;
    }
    Ok(worst)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Init, to_array};
    use ndarray::Array1;

    #[test]
    fn a_wrong_gradient_is_seen_and_the_parameters_stay() {
        let mut params = Params::new(DType::F64, 2).unwrap();
        let w = params.add("w", &[4], Init::Normal(1.0)).unwrap();
        let before: Array1<f64> = to_array(&w).unwrap();
        let cube = || Ok((w.sqr()? * &w)?.sum_all()?);
        check_gradients(cube, &params, 1e-8).unwrap();
        let wrong = || Ok((w.sqr()? * w.detach())?.sum_all()?);
        assert!(matches!(check_gradients(wrong, &params, 1e-4), Err(Error::Gradient { .. })));
        let stops = || Ok((&w * f64::INFINITY)?.sum_all()?);
        assert!(check_gradients(stops, &params, 1e-4).is_err());
        assert_eq!(to_array(&w), Ok(before));
        let mut single = Params::new(DType::F32, 2).unwrap();
        let w = single.add("w", &[4], Init::Ones).unwrap();
        assert!(check_gradients(|| Ok(w.sum_all()?), &single, 1.0).is_err());
    }
}
