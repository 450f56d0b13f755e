//! The network itself: forward pass, predictions, file.

use super::CnnClassifierParams;
use super::params::check_pictures;
use crate::base::{accuracy_of, argmax, views};
use crate::tensor::ops::{Conv2d, conv2d, max_pool2d, relu, softmax};
use crate::tensor::{DType, Init, Params, Tensor, read_tensors, to_array, to_tensor};
use crate::{Error, Result};
use ndarray::{Array2, ArrayView4};
use std::path::Path;

/// A trained classifier of pictures.
///
/// ```
/// use mlnotes::{data, nn::cnn::CnnClassifier};
/// let set = data::digits();
/// let x = set.x.mapv(|grey| grey / 16.0).into_shape_with_order((1797, 1, 8, 8)).map_err(|_| {
///     mlnotes::Error::Empty { what: "digits", needed: "64 numbers a row" }
/// })?;
/// let (x, y) = (x.slice(ndarray::s![..200, .., .., ..]), &set.y[..200]);
/// let model = CnnClassifier::params(&[4]).epochs(5).batch(20).seed(1).fit(x, y)?;
/// assert!(model.loss[4] < model.loss[0]);
/// assert_eq!(model.predict_proba(x)?.dim(), (200, 10));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct CnnClassifier {
    /// Number of classes.
    pub n_classes: usize,
    /// Shape of a picture: channels, height, width.
    pub picture: [usize; 3],
    /// Mean loss of each epoch's steps, each before it was made, shape `(epochs,)`; empty in a model from a file.
    pub loss: Vec<f64>,
    kernel: usize,
    weights: Params,
    /// Weight and bias of each convolution, then those of the linear layer.
    layers: Vec<[Tensor; 2]>,
}

impl CnnClassifier {
    /// Settings for convolutions with so many channels each.
    pub fn params(channels: &[usize]) -> CnnClassifierParams {
        CnnClassifierParams::new(channels)
    }

    /// The network before its first step.
    pub(super) fn begin(
        params: &CnnClassifierParams,
        picture: [usize; 3],
        n_classes: usize,
    ) -> Result<Self> {
        let [h, w] = params.check(picture)?;
        let mut weights = Params::new(DType::F32, params.seed)?;
        let (mut n_in, k) = (picture[0], params.kernel);
        let mut layers = Vec::with_capacity(params.channels.len() + 1);
        let mut add = |name: String, shape: &[usize], init| -> Result<[Tensor; 2]> {
            let weight = weights.add(&format!("{name}.weight"), shape, init)?;
            Ok([weight, weights.add(&format!("{name}.bias"), &shape[..1], Init::Zeros)?])
        };
        for (i, &n_out) in params.channels.iter().enumerate() {
            layers.push(add(format!("conv{i}"), &[n_out, n_in, k, k], Init::He)?);
            n_in = n_out;
        }
        layers.push(add("linear".to_owned(), &[n_classes, n_in * h * w], Init::Glorot)?);
        Ok(Self { n_classes, picture, loss: Vec::new(), kernel: k, weights, layers })
    }

    /// All weights, by name and in order.
    pub fn weights(&self) -> &Params {
        &self.weights
    }

    /// Logits, `(n, n_classes)`, of pictures `(n, channels, height, width)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`], [`Error::Parameter`] for another type than `f32`.
    pub fn logits(&self, x: &Tensor) -> Result<Tensor> {
        let conv = Conv2d::new().padding(self.kernel / 2);
        let (convolutions, linear) = self.layers.split_at(self.layers.len() - 1);
        let mut x = x.clone(); // (n, channels, height, width)
        for [weight, bias] in convolutions {
            x = max_pool2d(&relu(&conv2d(&x, weight, Some(bias), conv)?)?, 2, 2)?;
        }
        let [weight, bias] = &linear[0];
        Ok(x.flatten_from(1)?.matmul(&weight.t()?)?.broadcast_add(bias)?)
    }

    /// Probabilities of the classes, shape `(n, n_classes)`, for pictures `x`, `(n, channels, height, width)`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Empty`], [`Error::NotFinite`].
    #[views]
    pub fn predict_proba(&self, x: ArrayView4<f64>) -> Result<Array2<f64>> {
        check_pictures("CnnClassifier::predict_proba: `x`", x)?;
        let (_, c, h, w) = x.dim();
        if [c, h, w] != self.picture {
            let expected =
                format!("(n, {}, {}, {})", self.picture[0], self.picture[1], self.picture[2]);
            let got = format!("{:?}", x.dim());
            return Err(Error::Shape { what: "CnnClassifier::predict_proba: `x`", expected, got });
        }
        let p: Array2<f64> = to_array(&softmax(&self.logits(&to_tensor(x, DType::F32)?)?)?)?;
        crate::base::check_matrix("CnnClassifier::predict_proba: the output", p.view())?;
        Ok(p)
    }

    /// The most probable class of each picture, shape `(n,)`.
    ///
    /// # Errors
    /// As [`CnnClassifier::predict_proba`].
    #[views]
    pub fn predict(&self, x: ArrayView4<f64>) -> Result<Vec<usize>> {
        Ok(self.predict_proba(x)?.outer_iter().map(argmax).collect())
    }

    /// Share of the pictures `x`, `(n, channels, height, width)`, whose class is that of `y`, `(n,)`.
    ///
    /// # Errors
    /// As [`CnnClassifier::predict`]; [`Error::Shape`] for another number of labels.
    #[views]
    pub fn score(&self, x: ArrayView4<f64>, y: &[usize]) -> Result<f64> {
        accuracy_of("CnnClassifier::score: `y`", &self.predict(x)?, y)
    }

    /// Writes weights and architecture as a safetensors file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let [c, h, w] = self.picture;
        self.weights.save_with(path.as_ref(), &format!("cnn {c} {h} {w}"))
    }

    /// The classifier of a file that [`CnnClassifier::save`] wrote; it predicts the same, to the bit.
    ///
    /// # Errors
    /// [`Error::Io`], also for a file of another kind; [`Error::Weights`] for weights that do not fit each other.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (mut tensors, text) = read_tensors(path)?;
        let foreign = || {
            let reason = "no network of `CnnClassifier::save`".to_owned();
            Error::Io { path: path.display().to_string(), reason }
        };
        let numbers: Option<Vec<usize>> =
            text.strip_prefix("cnn ").and_then(|s| s.split(' ').map(|n| n.parse().ok()).collect());
        let picture: [usize; 3] = numbers.and_then(|n| n.try_into().ok()).ok_or_else(foreign)?;
        let dims = |name: &str| tensors.get(name).map(|t| t.dims().to_vec());
        let convolutions: Vec<Vec<usize>> =
            (0..).map_while(|i| dims(&format!("conv{i}.weight"))).collect();
        let channels: Vec<usize> =
            convolutions.iter().filter_map(|shape| shape.first().copied()).collect();
        let kernel = convolutions.first().and_then(|shape| shape.last().copied());
        let classes = dims("linear.weight").and_then(|shape| shape.first().copied());
        let (Some(kernel), Some(n_classes)) = (kernel, classes) else { return Err(foreign()) };
        let params = CnnClassifierParams::new(&channels).kernel(kernel);
        let model = Self::begin(&params, picture, n_classes)?;
        model.weights.set_all("CnnClassifier::load", &mut tensors)?;
        Ok(model)
    }
}
