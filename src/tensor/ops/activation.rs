//! Functions of one number, with the derivatives that candle 0.11 gets wrong, rounds, or overflows.
//!
//! ```text
//! relu         max(x, 0)                       derivative 0 at 0; candle's is 1
//! sigmoid      σ(x) = 1 / (1 + e⁻ˣ)            σ (1 − σ)
//! softplus     ln(1 + eˣ) = max(x, 0) + ln(1 + e^{−|x|})            σ(x)
//! log_sigmoid  ln σ(x) = −softplus(−x)         σ(−x)
//! gelu         x Φ(x)                          Φ(x) + x φ(x);  candle's φ has six digits
//! gelu_tanh    ½ x (1 + tanh u),  u = √(2/π) (x + 0.044715 x³)      the form of GPT-2
//! silu         x σ(x)                          σ (1 + x (1 − σ))
//! mish         x tanh(softplus x)
//! ```
//!
//! # References
//! Hendrycks & Gimpel (2016), eq. 1 and 2; Elfwing, Uchibe & Doya (2018); Misra (2019).

use super::pointwise::Pointwise;
use crate::Result;
use crate::base::{sigmoid as sigmoid_of, softplus as softplus_of};
use crate::tensor::{Tensor, check_float, check_same};
use candle_core::cpu::erf::erf_f64;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

/// One function for each row: name, formula, derivative.
macro_rules! pointwise {
    ($($(#[$doc:meta])* $name:ident, $f:expr, $slope:expr;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`crate::Error::Parameter`] for another type than `f32` or `f64`.
            pub fn $name(x: &Tensor) -> Result<Tensor> {
                Pointwise { name: stringify!($name), f: $f, slope: $slope }.of(x)
            }
        )*
    };
}

pointwise! {
    /// `max(x, 0)`, with slope 0 at 0, of a tensor of any shape.
    ///
    /// ```
    /// use mlnotes::tensor::{DType, ops::relu, to_array, to_tensor};
    /// let y = relu(&to_tensor(ndarray::array![-1.0, 0.0, 2.0].view(), DType::F32)?)?;
    /// assert_eq!(to_array(&y)?, ndarray::array![0.0, 0.0, 2.0]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    relu, |x| if x <= 0.0 { 0.0 } else { x }, |x| if x <= 0.0 { 0.0 } else { 1.0 };
    /// `1 / (1 + e⁻ˣ)`, finite with its gradient at any `x`, of a tensor of any shape.
    ///
    /// ```
    /// use mlnotes::tensor::{DType, ops::sigmoid, to_array, to_tensor};
    /// let y = sigmoid(&to_tensor(ndarray::array![-1e4, 0.0, 1e4].view(), DType::F32)?)?;
    /// assert_eq!(to_array(&y)?, ndarray::array![0.0, 0.5, 1.0]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    sigmoid, sigmoid_of, |x| sigmoid_of(x) * sigmoid_of(-x);
    /// `ln(1 + eˣ)`, of a tensor of any shape.
    ///
    /// ```
    /// use mlnotes::tensor::{DType, ops::softplus, to_array, to_tensor};
    /// let y = softplus(&to_tensor(ndarray::array![0.0, 1e4].view(), DType::F64)?)?;
    /// assert_eq!(to_array(&y)?, ndarray::array![2.0_f64.ln(), 1e4]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    softplus, softplus_of, sigmoid_of;
    /// `ln σ(x)`, of a tensor of any shape: `x` itself far below 0, where `ln` of a rounded `σ` is `−∞`.
    ///
    /// ```
    /// use mlnotes::tensor::{DType, ops::log_sigmoid, to_array, to_tensor};
    /// let y = log_sigmoid(&to_tensor(ndarray::array![-1e4].view(), DType::F32)?)?;
    /// assert_eq!(to_array(&y)?, ndarray::array![-1e4]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    log_sigmoid, |x| -softplus_of(-x), |x| sigmoid_of(-x);
    /// `x Φ(x)` with the normal distribution function `Φ`, of a tensor of any shape: the exact form of BERT. A
    /// checkpoint decides which form it needs, see [`gelu_tanh`].
    ///
    /// ```
    /// use mlnotes::tensor::{DType, ops::gelu, to_array, to_tensor};
    /// let y: ndarray::Array1<f64> = to_array(&gelu(&to_tensor(ndarray::array![1.0].view(), DType::F64)?)?)?;
    /// assert!((y[0] - 0.841_344_746_068_542_9_f64).abs() < 1e-15);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    gelu, |x| x * normal_cdf(x), |x| normal_cdf(x) + x * normal_density(x);
    /// The form of GELU by a hyperbolic tangent, of a tensor of any shape: GPT-2's. It differs from [`gelu`] by at
    /// most 4.8e-4, at `x = 2.7`.
    ///
    /// ```
    /// use mlnotes::tensor::{DType, ops::gelu_tanh, to_array, to_tensor};
    /// let y: ndarray::Array1<f64> = to_array(&gelu_tanh(&to_tensor(ndarray::array![1.0].view(), DType::F64)?)?)?;
    /// assert!((y[0] - 0.84119_f64).abs() < 1e-5);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    gelu_tanh, |x| 0.5 * x * (1.0 + bend(x).tanh()), gelu_tanh_slope;
    /// `x σ(x)`, of a tensor of any shape.
    ///
    /// ```
    /// use mlnotes::tensor::{DType, ops::silu, to_array, to_tensor};
    /// let y = silu(&to_tensor(ndarray::array![-1e4, 0.0, 1e4].view(), DType::F32)?)?;
    /// assert_eq!(to_array(&y)?, ndarray::array![0.0, 0.0, 1e4]);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    silu, |x| x * sigmoid_of(x), |x| sigmoid_of(x) * (1.0 + x * sigmoid_of(-x));
    /// `x tanh(softplus x)`, of a tensor of any shape.
    ///
    /// ```
    /// use mlnotes::tensor::{DType, ops::mish, to_array, to_tensor};
    /// let y: ndarray::Array1<f64> = to_array(&mish(&to_tensor(ndarray::array![1.0, 100.0].view(), DType::F64)?)?)?;
    /// assert!((y[0] - 0.865_098_388_26_f64).abs() < 1e-10 && y[1] == 100.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    mish, |x| x * softplus_of(x).tanh(), mish_slope;
}

/// `Φ(x)`.
fn normal_cdf(x: f64) -> f64 {
    0.5 * (1.0 + erf_f64(x * FRAC_1_SQRT_2))
}

/// `φ(x) = e^{−x²/2} / √(2π)`.
fn normal_density(x: f64) -> f64 {
    0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2 * (-0.5 * x * x).exp()
}

/// `√(2/π) (x + 0.044715 x³)`.
fn bend(x: f64) -> f64 {
    (2.0 / PI).sqrt() * (x + 0.044_715 * x.powi(3))
}

fn gelu_tanh_slope(x: f64) -> f64 {
    let tanh = bend(x).tanh();
    let rise = (2.0 / PI).sqrt() * (1.0 + 3.0 * 0.044_715 * x * x);
    // Where the tangent is flat to the last bit, `rise` may be infinite.
    let flat = 1.0 - tanh * tanh;
    0.5 * (1.0 + tanh) + if flat > 0.0 { 0.5 * x * flat * rise } else { 0.0 }
}

fn mish_slope(x: f64) -> f64 {
    let tanh = softplus_of(x).tanh();
    tanh + x * (1.0 - tanh * tanh) * sigmoid_of(x)
}

/// Binary cross-entropy of each logit `z` with its label `y` from 0 to 1, two tensors of one shape; not reduced.
///
/// ```text
/// max(z, 0) − y z + ln(1 + e^{−|z|}),    ∂/∂z = σ(z) − y,    ∂/∂y = −z
/// ```
///
/// At `z = ±∞` the loss is 0 where the label is as certain of the same, else `∞`, and no gradient flows.
///
/// # Errors
/// [`crate::Error::Shape`], and [`crate::Error::Parameter`] for another type than `f32` or `f64` or for two types.
///
/// # Example
/// ```
/// use mlnotes::tensor::{DType, ops::bce_with_logits, to_array, to_tensor};
/// use ndarray::array;
/// let z = to_tensor(array![-1e4, 0.0, 90.0].view(), DType::F32)?;
/// let y = to_tensor(array![1.0, 0.5, 1.0].view(), DType::F32)?;
/// let loss: ndarray::Array1<f64> = to_array(&bce_with_logits(&z, &y)?)?;
/// assert!((&loss - &array![1e4, 2.0_f64.ln(), (-90.0_f64).exp()]).iter().all(|d| d.abs() < 1e-7));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn bce_with_logits(z: &Tensor, y: &Tensor) -> Result<Tensor> {
    const NAME: &str = "ops::bce_with_logits";
    check_float(NAME, "z", z)?;
    check_same(NAME, "ops::bce_with_logits: `y`", z, y)?;
    let tail = Pointwise {
        name: NAME,
        f: |z| (-z.abs()).exp().ln_1p(),
        // With the slope 0 of `relu` at 0 these ½ make σ(0).
        slope: |z| if z > 0.0 { -sigmoid_of(-z) } else { sigmoid_of(z) },
    };
    // There the formula has 0 · ∞ or ∞ − ∞, and its place is taken by the limits.
    let certain = z.abs()?.eq(f64::INFINITY)?;
    let finite = certain.where_cond(&z.zeros_like()?, z)?;
    let loss = ((relu(&finite)? - (y * &finite)?)? + tail.of(&finite)?)?;
    let ends = y.ne(&z.gt(0.0)?.to_dtype(y.dtype())?)?;
    let ends = ends.where_cond(&(z.ones_like()? * f64::INFINITY)?, &z.zeros_like()?)?;
    Ok(certain.where_cond(&ends, &loss)?)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_op, spread};
    use super::*;
    use crate::tensor::{
        DType, Params, gradcheck::check_gradients, gradients, to_array, to_tensor,
    };
    use ndarray::{Array1, array};

    type Op = fn(&Tensor) -> Result<Tensor>;
    const ALL: [(&str, Op); 8] = [
        ("relu", relu),
        ("sigmoid", sigmoid),
        ("softplus", softplus),
        ("log_sigmoid", log_sigmoid),
        ("gelu", gelu),
        ("gelu_tanh", gelu_tanh),
        ("silu", silu),
        ("mish", mish),
    ];

    /// Values and slopes at these points.
    fn at(op: Op, x: &Array1<f64>, dtype: DType) -> (Array1<f64>, Array1<f64>) {
        let mut params = Params::new(dtype, 0).unwrap();
        let x = params.add_values("x", &to_tensor(x.view(), dtype).unwrap()).unwrap();
        let y = op(&x).unwrap();
        let slopes = gradients(&y.sum_all().unwrap(), &params).unwrap();
        (to_array(&y).unwrap(), to_array(slopes.get("x").unwrap()).unwrap())
    }

    #[test]
    fn gradients_are_those_of_central_differences() {
        for (_, op) in ALL {
            check_op(spread((3, 4)).view(), op);
            // Not contiguous: a transposed view.
            check_op(spread((3, 4)).view(), |x| op(&x.t()?));
        }
    }

    #[test]
    fn far_out_values_and_slopes_are_finite_in_both_types() {
        let far = array![-1e4, -100.0, -90.0, 90.0, 100.0, 1e4];
        let step = far.mapv(|x: f64| f64::from(u8::from(x > 0.0)));
        for (name, op) in ALL {
            for dtype in [DType::F32, DType::F64] {
                let (y, slope) = at(op, &far, dtype);
                let expected = match name {
                    "sigmoid" => step.clone(),
                    "log_sigmoid" => far.mapv(|x: f64| x.min(0.0)),
                    _ => far.mapv(|x: f64| x.max(0.0)),
                };
                assert!((&y - &expected).iter().all(|d| d.abs() < 1e-30), "{name}: {y}");
                let bent = match name {
                    "sigmoid" => Array1::zeros(6),
                    "log_sigmoid" => 1.0 - &step,
                    _ => step.clone(),
                };
                assert!((&slope - &bent).iter().all(|d| d.abs() < 1e-30), "{name}: {slope}");
            }
        }
    }

    #[test]
    fn small_numbers_keep_their_digits() {
        // ln(1 + e⁻⁴⁰) = e⁻⁴⁰ − e⁻⁸⁰/2: 1 + e⁻⁴⁰ is 1 in doubles.
        let tiny = (-40.0_f64).exp();
        let (y, _) = at(softplus, &array![-40.0], DType::F64);
        assert!((y[0] / tiny - 1.0).abs() < 1e-15);
        let (y, _) = at(softplus, &array![-40.0], DType::F32);
        assert!((y[0] / tiny - 1.0).abs() < 1e-7);
        // Closed forms at 0.
        for (op, value, slope) in [
            (relu as Op, 0.0, 0.0),
            (sigmoid, 0.5, 0.25),
            (softplus, 2.0_f64.ln(), 0.5),
            (log_sigmoid, -2.0_f64.ln(), 0.5),
            (gelu, 0.0, 0.5),
            (gelu_tanh, 0.0, 0.5),
            (silu, 0.0, 0.5),
            (mish, 0.0, 0.6),
        ] {
            let (y, g) = at(op, &array![0.0], DType::F64);
            assert!((y[0] - value).abs() < 1e-15 && (g[0] - slope).abs() < 1e-15, "{y} {g}");
        }
        // GELU's slope at 1: Φ(1) + φ(1).
        let (_, g) = at(gelu, &array![1.0], DType::F64);
        assert!((g[0] - 1.083_315_470_587_686_2).abs() < 1e-14, "{g}");
    }

    #[test]
    fn a_nan_comes_out_as_one() {
        for (name, op) in ALL {
            let nan = to_tensor(array![f64::NAN].view(), DType::F64).unwrap();
            let said: Array1<f64> = to_array(&op(&nan).unwrap()).unwrap();
            assert!(said[0].is_nan(), "{name}");
        }
        let whole = to_tensor(array![1.0].view(), DType::F64).unwrap().to_dtype(DType::U8).unwrap();
        let said = relu(&whole).unwrap_err().to_string();
        assert_eq!(said, "relu: `x` must be a tensor of f32 or f64, got a tensor of u8");
    }

    #[test]
    fn binary_cross_entropy_has_both_its_gradients() {
        let mut params = Params::new(DType::F64, 0).unwrap();
        let z = to_tensor(spread(6).view(), DType::F64).unwrap();
        let y = to_tensor(spread(6).mapv(|v| 0.5 + 0.2 * v).view(), DType::F64).unwrap();
        let (z, y) = (params.add_values("z", &z).unwrap(), params.add_values("y", &y).unwrap());
        check_gradients(|| super::super::tests::weighted(&bce_with_logits(&z, &y)?), &params, 1e-8)
            .unwrap();
        // At 0 and far out: σ(z) − y.
        let edge = array![0.0, -17.0, 90.0, -90.0, 1e4];
        let far = 1.0 / (1.0 + 17.0_f64.exp());
        for dtype in [DType::F32, DType::F64] {
            let labels = to_tensor(array![0.25, 1.0, 1.0, 0.0, 0.0].view(), dtype).unwrap();
            let mut params = Params::new(dtype, 0).unwrap();
            let z = params.add_values("z", &to_tensor(edge.view(), dtype).unwrap()).unwrap();
            let loss = bce_with_logits(&z, &labels).unwrap().sum_all().unwrap();
            let g: Array1<f64> =
                to_array(gradients(&loss, &params).unwrap().get("z").unwrap()).unwrap();
            assert!(
                (&g - &array![0.25, far - 1.0, 0.0, 0.0, 1.0]).iter().all(|d| d.abs() < 5e-8),
                "{g}"
            );
        }
        // At the ends: 0 where it is right, ∞ where it is not, and nothing flows back.
        let end = f64::INFINITY;
        let ends = array![-end, end, -end, end, -end, end, 0.0];
        let labels = array![0.0, 1.0, 1.0, 0.0, 0.3, 0.3, 1.0];
        let costs = array![0.0, 0.0, end, end, end, end, 2.0_f64.ln()];
        for dtype in [DType::F32, DType::F64] {
            let [z, y] = [&ends, &labels].map(|v| to_tensor(v.view(), dtype).unwrap());
            let loss: Array1<f64> = to_array(&bce_with_logits(&z, &y).unwrap()).unwrap();
            let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a - b).abs() < 1e-7;
            assert!(loss.iter().zip(&costs).all(same), "{loss}");
            let right = array![-end, end, 0.0];
            let mut params = Params::new(dtype, 0).unwrap();
            let z = params.add_values("z", &to_tensor(right.view(), dtype).unwrap()).unwrap();
            let y =
                params.add_values("y", &to_tensor(array![0.0, 1.0, 1.0].view(), dtype).unwrap());
            let loss = bce_with_logits(&z, &y.unwrap()).unwrap().sum_all().unwrap();
            let slopes = gradients(&loss, &params).unwrap();
            let g = |name| to_array::<ndarray::Ix1>(slopes.get(name).unwrap()).unwrap();
            assert_eq!((g("z"), g("y")), (array![0.0, 0.0, -0.5], Array1::zeros(3)));
        }
        let short = to_tensor(array![1.0].view(), DType::F64).unwrap();
        assert!(matches!(bce_with_logits(&short, &z), Err(crate::Error::Shape { .. })));
    }
}
