//! The layers: start, forward pass, and backpropagation.

use super::Activation;
use crate::base::{Sound, check_matrix, check_vector, holds, stream, views};
use crate::nn::loss::{CrossEntropy, cross_entropy, cross_entropy_grad};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Weights and biases between two layers of units; of a gradient, their slopes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MlpLayer {
    /// `W`, shape `(n_in, n_out)`.
    pub weights: Array2<f64>,
    /// `b`, shape `(n_out,)`.
    pub bias: Array1<f64>,
}

impl MlpLayer {
    /// A layer of `weights`, `(n_in, n_out)`, and `bias`, `(n_out,)`.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], and [`Error::Shape`] when the two do not fit.
    pub fn new(weights: Array2<f64>, bias: Array1<f64>) -> Result<Self> {
        let layer = Self { weights, bias };
        layer.check()?;
        Ok(layer)
    }

    /// What a stored network must obey: finite layers, each as wide as the one before it is deep, to `n_outputs`.
    pub(super) fn chain(layers: &[Self], n_outputs: usize) -> Sound {
        layers.iter().try_for_each(|layer| layer.check().map_err(|error| error.to_string()))?;
        let joined = layers.windows(2).all(|two| two[0].bias.len() == two[1].weights.nrows());
        let ends = layers.last().is_some_and(|layer| layer.bias.len() == n_outputs);
        holds(joined && ends, "`layers` that do not fit each other")
    }

    fn check(&self) -> Result<()> {
        check_matrix("MlpLayer: `weights`", self.weights.view())?;
        check_vector("MlpLayer: `bias`", self.bias.view())?;
        let (n_out, n) = (self.weights.ncols(), self.bias.len());
        if n != n_out {
            let (expected, got) = (format!("({n_out},)"), format!("({n},)"));
            return Err(Error::Shape { what: "MlpLayer: `bias`", expected, got });
        }
        Ok(())
    }
}

/// What the outputs are held against.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MlpTarget<'a> {
    /// A class below the number of outputs for each row, shape `(n_samples,)`: mean cross entropy.
    Classes(&'a [usize]),
    /// Numbers, shape `(n_samples, n_outputs)`: half the mean squared error.
    Values(ArrayView2<'a, f64>),
}

/// A random start: weights uniform within `±√(6 / (n_in + n_out))`, biases 0, for layers of `sizes` units,
/// inputs first and outputs last.
///
/// # Errors
/// [`Error::Parameter`] for fewer than two sizes, or one that is 0.
///
/// ```
/// let layers = mlnotes::nn::mlp::mlp_init(&[4, 8, 3], 7)?;
/// assert_eq!((layers[0].weights.dim(), layers[1].bias.len()), ((4, 8), 3));
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn mlp_init(sizes: &[usize], seed: u64) -> Result<Vec<MlpLayer>> {
    if sizes.len() < 2 || sizes.contains(&0) {
        let (name, rule) = ("sizes", "two or more numbers >= 1");
        return Err(Error::Parameter {
            estimator: "mlp_init",
            name,
            rule,
            got: format!("{sizes:?}"),
        });
    }
    let mut rng = stream(seed, 0);
    let layer = |pair: &[usize]| {
        let (n_in, n_out) = (pair[0], pair[1]);
        let bound = (6.0 / (n_in + n_out) as f64).sqrt();
        MlpLayer {
            weights: Array2::from_shape_fn((n_in, n_out), |_| rng.random_range(-bound..bound)),
            bias: Array1::zeros(n_out),
        }
    };
    Ok(sizes.windows(2).map(layer).collect())
}

/// Loss and its gradient, a layer of slopes for each layer, by one pass forward and one back.
///
/// `l2` is `λ`, the price of half the squared weights; biases are free.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`] also when the outputs overflow, [`Error::Shape`] when layers, `x`,
/// `(n_samples, n_inputs)`, and target do not fit, [`Error::Label`], [`Error::Parameter`] for `l2 < 0`.
///
/// ```
/// use mlnotes::nn::mlp::{Activation, MlpLayer, MlpTarget, mlp_backprop};
/// use ndarray::array;
/// // One weight, one row: L = ½ (2w − 5)² at w = 1, so L = 4.5 and dL/dw = 2 (2w − 5) = −6.
/// let layers = [MlpLayer::new(array![[1.0]], array![0.0])?];
/// let (x, y) = (array![[2.0]], array![[5.0]]);
/// let target = MlpTarget::Values(y.view());
/// let (loss, slopes) = mlp_backprop(&layers, Activation::Tanh, x.view(), target, 0.0)?;
/// assert_eq!((loss, slopes[0].weights[[0, 0]], slopes[0].bias[0]), (4.5, -6.0, -3.0));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn mlp_backprop(
    layers: &[MlpLayer],
    activation: Activation,
    x: ArrayView2<f64>,
    target: MlpTarget,
    l2: f64,
) -> Result<(f64, Vec<MlpLayer>)> {
    check_l2("mlp_backprop", l2)?;
    check_layers(layers, x)?;
    backprop(layers, activation, x, target, l2)
}

/// As [`mlp_backprop`], of layers that were checked.
pub(super) fn backprop(
    layers: &[MlpLayer],
    activation: Activation,
    x: ArrayView2<f64>,
    target: MlpTarget,
    l2: f64,
) -> Result<(f64, Vec<MlpLayer>)> {
    let (hidden, output) = forward(layers, activation, x);
    check_matrix("mlp_backprop: the output", output.view())?;
    let (mut loss, mut delta) = loss_and_slope(&output, target)?;
    let mut slopes = Vec::with_capacity(layers.len());
    for (l, layer) in layers.iter().enumerate().rev() {
        loss += 0.5 * l2 * layer.weights.iter().map(|w| w * w).sum::<f64>();
        let below = if l == 0 { x.reborrow() } else { hidden[l - 1].view() };
        slopes.push(MlpLayer {
            weights: below.t().dot(&delta) + l2 * &layer.weights,
            bias: delta.sum_axis(Axis(0)),
        });
        if l > 0 {
            delta = delta.dot(&layer.weights.t());
            activation.back(&mut delta, &hidden[l - 1]);
        }
    }
    slopes.reverse();
    Ok((loss, slopes))
}

/// What the hidden layers put out, and the last layer's sums.
pub(super) fn forward(
    layers: &[MlpLayer],
    activation: Activation,
    x: ArrayView2<f64>,
) -> (Vec<Array2<f64>>, Array2<f64>) {
    let mut hidden: Vec<Array2<f64>> = Vec::new();
    for (l, layer) in layers.iter().enumerate() {
        let below = hidden.last().map_or(x.reborrow(), Array2::view);
        let z: Array2<f64> = below.dot(&layer.weights) + &layer.bias;
        if l + 1 == layers.len() {
            return (hidden, z);
        }
        hidden.push(activation.apply(z));
    }
    (hidden, Array2::zeros((x.nrows(), 0)))
}

/// The loss without its penalty, and its slope by the outputs `δ_L`.
fn loss_and_slope(output: &Array2<f64>, target: MlpTarget) -> Result<(f64, Array2<f64>)> {
    match target {
        MlpTarget::Classes(y) => {
            let options = CrossEntropy::new();
            let loss = cross_entropy(output.view(), y, &options)?;
            Ok((loss, cross_entropy_grad(output.view(), y, &options)?))
        }
        MlpTarget::Values(y) => {
            if y.dim() != output.dim() {
                let (expected, got) = (format!("{:?}", output.dim()), format!("{:?}", y.dim()));
                return Err(Error::Shape { what: "mlp_backprop: `target`", expected, got });
            }
            check_matrix("mlp_backprop: `target`", y)?;
            let n = output.nrows() as f64;
            let residual = output - &y;
            let loss = 0.5 * residual.iter().map(|r| r * r).sum::<f64>() / n;
            Ok((loss, residual / n))
        }
    }
}

pub(super) fn check_l2(estimator: &'static str, l2: f64) -> Result<()> {
    if l2.is_finite() && l2 >= 0.0 {
        return Ok(());
    }
    let (name, rule) = ("l2", "finite and >= 0");
    Err(Error::Parameter { estimator, name, rule, got: l2.to_string() })
}

/// The layers are finite and fit each other and `x`.
pub(super) fn check_layers(layers: &[MlpLayer], x: ArrayView2<f64>) -> Result<()> {
    check_matrix("mlp_backprop: `x`", x)?;
    if layers.is_empty() {
        return Err(Error::Empty { what: "MlpLayer: the list of layers", needed: "1 layer" });
    }
    let mut width = x.ncols();
    for layer in layers {
        layer.check()?;
        let (n_in, n_out) = layer.weights.dim();
        if n_in != width {
            let (expected, got) = (format!("({width}, {n_out})"), format!("({n_in}, {n_out})"));
            return Err(Error::Shape {
                what: "MlpLayer: `weights` after the layer below",
                expected,
                got,
            });
        }
        width = n_out;
    }
    Ok(())
}

/// All weights and biases in one vector, layer by layer, weights row by row before biases: the form in which
/// [`crate::nn::gradcheck`] and the optimisers of [`crate::optim`] take them.
pub fn mlp_flatten(layers: &[MlpLayer]) -> Array1<f64> {
    layers.iter().flat_map(|layer| layer.weights.iter().chain(&layer.bias).copied()).collect()
}

/// The inverse of [`mlp_flatten`], with the shapes of `like`.
///
/// # Errors
/// [`Error::Shape`] when `theta` does not have as many numbers as `like`.
///
/// ```
/// use mlnotes::nn::mlp::{mlp_flatten, mlp_init, mlp_unflatten};
/// let layers = mlp_init(&[2, 3, 1], 0)?;
/// assert_eq!(mlp_unflatten(mlp_flatten(&layers).view(), &layers)?, layers);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn mlp_unflatten(theta: ArrayView1<f64>, like: &[MlpLayer]) -> Result<Vec<MlpLayer>> {
    let needed: usize = like.iter().map(|layer| layer.weights.len() + layer.bias.len()).sum();
    if theta.len() != needed {
        let (expected, got) = (format!("({needed},)"), format!("({},)", theta.len()));
        return Err(Error::Shape { what: "mlp_unflatten: `theta`", expected, got });
    }
    let mut values = theta.iter().copied();
    let mut next = || values.next().unwrap_or(0.0);
    let layer = |layer: &MlpLayer| MlpLayer {
        weights: Array2::from_shape_simple_fn(layer.weights.dim(), &mut next),
        bias: Array1::from_shape_simple_fn(layer.bias.len(), &mut next),
    };
    Ok(like.iter().map(layer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::check_gradient;
    use ndarray::array;

    #[test]
    fn the_gradient_is_that_of_differences_for_each_bend_and_loss() {
        let x = array![[0.4, -1.0], [1.3, 0.2], [-0.7, 0.9], [0.1, 0.1]];
        let (classes, values) = (
            [0, 2, 1, 2],
            array![[0.3, 1.0, 0.0], [-1.0, 0.4, 2.0], [0.0, 0.1, 0.2], [1.0, -1.0, 0.5]],
        );
        let layers = mlp_init(&[2, 5, 4, 3], 3).unwrap();
        let theta = mlp_flatten(&layers);
        let all = [Activation::Identity, Activation::Logistic, Activation::Tanh, Activation::Relu];
        for activation in all {
            for target in [MlpTarget::Classes(&classes), MlpTarget::Values(values.view())] {
                let run = |layers: &[MlpLayer]| {
                    mlp_backprop(layers, activation, x.view(), target, 0.05).unwrap()
                };
                let analytic = mlp_flatten(&run(&layers).1);
                let loss = |t: ArrayView1<f64>| run(&mlp_unflatten(t, &layers).unwrap()).0;
                check_gradient(loss, analytic.view(), theta.view(), 1e-8).unwrap();
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let layers = mlp_init(&[2, 3, 2], 1).unwrap();
        let x = array![[0.1, 0.2], [0.3, 0.4]];
        let run = |x: &Array2<f64>, target, l2| {
            mlp_backprop(&layers, Activation::Relu, x.view(), target, l2).unwrap_err().to_string()
        };
        let classes = MlpTarget::Classes(&[0, 1]);
        assert!(run(&x, classes, -1.0).contains("`l2` must be finite and >= 0, got -1"));
        assert!(run(&array![[1.0]], classes, 0.0).contains("expected shape (1, 3), got (2, 3)"));
        assert!(run(&x, MlpTarget::Classes(&[0, 2]), 0.0).contains("label 2"));
        assert!(run(&x, MlpTarget::Classes(&[0]), 0.0).contains("shape"));
        assert!(
            run(&x, MlpTarget::Values(x.column(0).insert_axis(Axis(1))), 0.0).contains("(2, 2)")
        );
        assert!(run(&array![[f64::NAN, 0.0]], classes, 0.0).contains("NaN"));
        assert!(mlp_backprop(&[], Activation::Relu, x.view(), classes, 0.0).is_err());
        assert!(MlpLayer::new(array![[1.0, 2.0]], array![0.0]).is_err());
        assert!(mlp_init(&[3], 0).is_err() && mlp_init(&[3, 0, 2], 0).is_err());
        assert!(mlp_unflatten(array![1.0].view(), &layers).is_err());
        let huge = [MlpLayer::new(array![[1e308], [1e308]], array![0.0]).unwrap()];
        let x = array![[10.0, 10.0]];
        let over = MlpTarget::Values(x.slice(ndarray::s![.., ..1]));
        let error = mlp_backprop(&huge, Activation::Relu, x.view(), over, 0.0).unwrap_err();
        assert!(matches!(error, Error::NotFinite { what: "mlp_backprop: the output", .. }));
    }
}
