//! Gradients of a loss with respect to every parameter, and their clipping.

use super::check::check_scalar;
use super::{DType, Params, Tensor};
use crate::base::check_positive;
use crate::{Error, Result};

/// Gradients in the order of the parameters, cut off from every graph.
#[derive(Debug, Clone)]
pub struct Gradients {
    loss: f64,
    names: Vec<String>,
    tensors: Vec<Tensor>,
}

/// The gradient of `loss`, a finite scalar, with respect to each of `params`.
///
/// # Errors
/// [`Error::Shape`] when the loss is no scalar, [`Error::NotFinite`] when it is NaN or infinite, and
/// [`Error::Weights`] for a parameter that the loss does not reach: a graph that was severed on the way, by a
/// `detach`, by an operation without a gradient, or by another gradient, whose own derivative candle cannot take.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, Init, Params, gradients, to_array};
/// use ndarray::array;
/// let mut params = Params::new(DType::F64, 0)?;
/// let w = params.add("w", &[2], Init::Ones)?;
/// let slopes = gradients(&w.sqr()?.sum_all()?, &params)?;
/// assert_eq!(to_array(slopes.iter().next().map(|(_, g)| g).unwrap_or(&w))?, array![2.0, 2.0]);
/// let error = gradients(&w.detach().sum_all()?, &params).unwrap_err();
/// assert!(error.to_string().contains("the tensor `w` gets no gradient"));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn gradients(loss: &Tensor, params: &Params) -> Result<Gradients> {
    let value = check_scalar("gradients: `loss`", loss)?;
    #[expect(clippy::disallowed_methods, reason = "this is the door that the lint points to")]
    let store = loss.backward()?;
    let of = |(name, var): (&str, &super::Var)| match store.get(var) {
        Some(slope) => Ok(slope.detach()),
        None => Err(Error::Weights {
            what: "gradients",
            name: name.to_owned(),
            problem:
                "gets no gradient: the loss does not depend on it; look for a `detach`, or for an \
                      operation without a gradient, on the way"
                    .to_owned(),
        }),
    };
    let tensors = params.iter().map(of).collect::<Result<Vec<Tensor>>>()?;
    Ok(Gradients { loss: value, names: params.names().map(str::to_owned).collect(), tensors })
}

impl Gradients {
    /// The loss that was differentiated.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Names and gradients, in the order of the parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.names.iter().map(String::as_str).zip(&self.tensors)
    }

    /// The gradient of the parameter of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.iter().find(|(other, _)| *other == name).map(|(_, slope)| slope)
    }

    /// The Euclidean norm of all gradients taken together.
    ///
    /// # Errors
    /// [`Error::NotFinite`] when one of them is not finite.
    pub fn norm(&self) -> Result<f64> {
        let mut sum = 0.0;
        for slope in &self.tensors {
            let square = slope.to_dtype(DType::F64)?.sqr()?.sum_all()?;
            sum += check_scalar("Gradients::norm", &square)?;
        }
        Ok(sum.sqrt())
    }

    /// Shrinks all gradients together so that their norm is at most `max_norm`; gives the norm before.
    ///
    /// The direction stays. `PyTorch`'s `clip_grad_norm_` divides by `norm + 10⁻⁶`.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `max_norm` is finite and > 0; as [`Gradients::norm`].
    ///
    /// # References
    /// Pascanu, Mikolov & Bengio (2013), algorithm 1.
    pub fn clip_norm(&mut self, max_norm: f64) -> Result<f64> {
        check_positive("Gradients::clip_norm", "max_norm", max_norm)?;
        let norm = self.norm()?;
        if norm > max_norm {
            for slope in &mut self.tensors {
                *slope = (&*slope * (max_norm / norm))?;
            }
        }
        Ok(norm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Device, Init, to_array, to_tensor};
    use ndarray::{Array1, array};

    fn pair() -> (Params, Tensor, Tensor) {
        let mut params = Params::new(DType::F64, 1).unwrap();
        let a = to_tensor(array![3.0].view(), DType::F64).unwrap();
        let b = to_tensor(array![4.0].view(), DType::F64).unwrap();
        let (a, b) = (params.add_values("a", &a).unwrap(), params.add_values("b", &b).unwrap());
        (params, a, b)
    }

    #[test]
    fn clipping_keeps_the_direction_and_tells_the_norm() {
        let (params, a, b) = pair();
        // ½ (a² + b²) has the gradient (a, b), of norm 5.
        let loss =
            ((a.sqr().unwrap() + b.sqr().unwrap()).unwrap() * 0.5).unwrap().sum_all().unwrap();
        let mut slopes = gradients(&loss, &params).unwrap();
        assert!((slopes.clip_norm(10.0).unwrap() - 5.0).abs() < 1e-15);
        assert_eq!(to_array(slopes.get("a").unwrap()), Ok(array![3.0]));
        assert!((slopes.clip_norm(1.0).unwrap() - 5.0).abs() < 1e-15);
        let clipped: Array1<f64> = to_array(slopes.get("b").unwrap()).unwrap();
        assert!((clipped[0] - 0.8).abs() < 1e-15 && (slopes.norm().unwrap() - 1.0).abs() < 1e-15);
        assert!(matches!(slopes.clip_norm(0.0), Err(Error::Parameter { .. })));
    }

    #[test]
    fn a_severed_graph_and_a_second_derivative_are_refused() {
        let (params, a, b) = pair();
        let only_a = (a.sqr().unwrap() + b.detach()).unwrap().sum_all().unwrap();
        let said = gradients(&only_a, &params).unwrap_err();
        assert!(matches!(said, Error::Weights { ref name, .. } if name == "b"), "{said}");
        // (a²)² + (b²)²: the gradient of the gradient would be 16, not 12, times the square; it is refused.
        let fourth = |t: &Tensor| t.sqr().unwrap().sqr().unwrap().sum_all().unwrap();
        let slopes = gradients(&(fourth(&a) + fourth(&b)).unwrap(), &params).unwrap();
        assert_eq!(to_array(slopes.get("a").unwrap()), Ok(array![4.0 * 27.0]));
        let again = slopes.get("a").unwrap().sum_all().unwrap();
        assert!(matches!(gradients(&again, &params), Err(Error::Weights { .. })));
    }

    #[test]
    fn losses_that_are_no_numbers_are_refused() {
        let (params, a, _) = pair();
        assert!(matches!(gradients(&a, &params), Err(Error::Shape { .. })));
        let nan = (a * f64::NAN).unwrap().sum_all().unwrap();
        assert!(matches!(gradients(&nan, &params), Err(Error::NotFinite { .. })));
        let mut params = Params::new(DType::F32, 0).unwrap();
        let w = params.add("w", &[1], Init::Ones).unwrap();
        // A finite loss whose slope is not: 1 / (2 √0).
        let zero = Tensor::new(&[0.0_f32], &Device::Cpu).unwrap();
        let loss = w.mul(&zero).unwrap().sqrt().unwrap().sum_all().unwrap();
        let mut slopes = gradients(&loss, &params).unwrap();
        assert!(matches!(slopes.clip_norm(1.0), Err(Error::NotFinite { .. })));
    }
}
