//! Settings of the network, and its training.

use super::CnnClassifier;
use crate::base::{check_classes, check_length, setters, views};
use crate::nn::loss::{CrossEntropy, tensor::cross_entropy};
use crate::optim::{Adam, Rule};
use crate::tensor::{Batch, DType, Training, indices, to_tensor};
use crate::{Error, Result};
use ndarray::ArrayView4;
use std::path::PathBuf;

/// Settings of a classifier of pictures.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `channels` | required | each `>= 1` | channels of the convolutions |
/// | `kernel` | 3 | odd | side of their windows |
/// | `rule` | `Adam`, rate 1e-3 | | what a step makes of a gradient |
/// | `epochs` | 10 | `>= 1` | rounds over the pictures |
/// | `batch` | 32 | `>= 1` | pictures of a step |
/// | `seed` | 0 | | start and order of the pictures |
/// | `checkpoint` | none | every `>= 1` steps | file from which an interrupted `fit` goes on |
#[derive(Debug, Clone, PartialEq)]
pub struct CnnClassifierParams {
    pub(super) channels: Vec<usize>,
    pub(super) kernel: usize,
    rule: Rule,
    epochs: usize,
    batch: usize,
    pub(super) seed: u64,
    checkpoint: Option<(PathBuf, usize)>,
}

impl CnnClassifierParams {
    pub(super) fn new(channels: &[usize]) -> Self {
        Self {
            channels: channels.to_vec(),
            kernel: 3,
            rule: Adam::new(1e-3).into(),
            epochs: 10,
            batch: 32,
            seed: 0,
            checkpoint: None,
        }
    }

    setters! {
        /// Sets the side of the windows.
        kernel: usize;
        /// Sets what a step makes of a gradient.
        rule: Rule;
        /// Sets the number of rounds over the pictures.
        epochs: usize;
        /// Sets the number of pictures of a step.
        batch: usize;
        /// Seeds the start and the order of the pictures.
        seed: u64;
    }

    /// Sets the file that holds the state of the training, written after every so many steps. A `fit` that finds it
    /// goes on from there; one with other settings refuses it.
    #[must_use]
    pub fn checkpoint(mut self, path: impl Into<PathBuf>, every: usize) -> Self {
        self.checkpoint = Some((path.into(), every));
        self
    }

    /// Trains on the pictures `x`, `(n_samples, n_channels, height, width)`, and the classes `y`, `(n_samples,)`,
    /// numbered from 0.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`] (its column counts along the flattened picture), [`Error::Shape`],
    /// [`Error::Label`], [`Error::SingleClass`], [`Error::Parameter`] also for a picture that the pooling makes
    /// vanish; [`Error::NotConverged`] when the loss overflows; [`Error::Io`] and [`Error::Weights`] for the
    /// checkpoint.
    #[views]
    pub fn fit(&self, x: ArrayView4<f64>, y: &[usize]) -> Result<CnnClassifier> {
        check_pictures("CnnClassifier: `x`", x)?;
        check_length("CnnClassifier: `y`", y.len(), x.dim().0)?;
        let n_classes = check_classes("CnnClassifier: `y`", y, x.dim().0)?;
        let (n, c, h, w) = x.dim();
        let mut model = CnnClassifier::begin(self, [c, h, w], n_classes)?;
        let pictures = to_tensor(x, DType::F32)?;
        let mut training =
            Training::new(self.epochs).batch(self.batch).rule(self.rule).seed(self.seed);
        if let Some((path, every)) = &self.checkpoint {
            training = training.checkpoint(path, *every).resume(true);
        }
        let loss = |batch: &Batch| {
            let z = model.logits(&pictures.index_select(&indices(batch.rows)?, 0)?)?;
            let labels: Vec<usize> = batch.rows.iter().map(|&i| y[i]).collect();
            cross_entropy(&z, &labels, &CrossEntropy::new())
        };
        let history = training.fit(model.weights(), n, loss)?;
        model.loss = history.loss;
        Ok(model)
    }

    /// The rules about the network for pictures of this shape; gives the sides that are left after the last pooling.
    pub(super) fn check(&self, [c, h, w]: [usize; 3]) -> Result<[usize; 2]> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "CnnClassifier", name, rule, got })
        };
        if self.channels.is_empty() || self.channels.contains(&0) {
            return bad("channels", "one number >= 1, or more", format!("{:?}", self.channels));
        }
        if self.kernel.is_multiple_of(2) {
            return bad("kernel", "odd", self.kernel.to_string());
        }
        let left = [h, w].map(|side| side.checked_shr(self.n_layers()).unwrap_or(0));
        if c == 0 || left.contains(&0) {
            let got = format!("{} layers for {h} × {w}", self.channels.len());
            return bad("channels", "fewer layers than halve the picture away", got);
        }
        Ok(left)
    }

    fn n_layers(&self) -> u32 {
        u32::try_from(self.channels.len()).unwrap_or(u32::MAX)
    }
}

/// Checks pictures: some, and finite.
pub(super) fn check_pictures(what: &'static str, x: ArrayView4<f64>) -> Result<()> {
    if x.is_empty() {
        return Err(Error::Empty { what, needed: "1 picture" });
    }
    for (row, picture) in x.outer_iter().enumerate() {
        if let Some((col, &value)) = picture.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            return Err(Error::NotFinite { what, row, col, value });
        }
    }
    Ok(())
}
