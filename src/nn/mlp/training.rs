//! Settings and the loop that classifier and regressor share.

use super::network::{MlpLayer, MlpTarget, backprop, check_l2, check_layers, mlp_init};
use super::optimiser::Descent;
use super::{Activation, Optimiser};
use crate::base::stream;
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::SliceRandom;

/// Everything but the data.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Training {
    pub(super) hidden: Vec<usize>,
    pub(super) activation: Activation,
    pub(super) optimiser: Optimiser,
    pub(super) epochs: usize,
    pub(super) batch: usize,
    pub(super) l2: f64,
    pub(super) seed: u64,
    pub(super) start: Option<Vec<MlpLayer>>,
}

impl Training {
    pub(super) fn new(hidden: &[usize]) -> Self {
        Self {
            hidden: hidden.to_vec(),
            activation: Activation::Relu,
            optimiser: Optimiser::default(),
            epochs: 200,
            batch: 32,
            l2: 1e-4,
            seed: 0,
            start: None,
        }
    }

    pub(super) fn check(&self, estimator: &'static str) -> Result<()> {
        self.optimiser.check(estimator)?;
        check_l2(estimator, self.l2)?;
        let bad = |name, rule, got: String| Err(Error::Parameter { estimator, name, rule, got });
        if self.hidden.contains(&0) {
            return bad("hidden", "numbers >= 1", format!("{:?}", self.hidden));
        }
        for (name, value) in [("epochs", self.epochs), ("batch", self.batch)] {
            if value == 0 {
                return bad(name, ">= 1", "0".to_owned());
            }
        }
        Ok(())
    }

    /// Trains on data that were checked; the layers, and the mean loss of each epoch's steps.
    pub(super) fn run(
        &self,
        estimator: &'static str,
        x: ArrayView2<f64>,
        target: MlpTarget,
        n_outputs: usize,
    ) -> Result<(Vec<MlpLayer>, Vec<f64>)> {
        let mut layers = self.first_layers(x, n_outputs)?;
        let mut descent = Descent::new(self.optimiser, &layers)?;
        // The start takes the seed's first stream, the order of the rows the second.
        let mut rng = stream(self.seed, 1);
        let mut order: Vec<usize> = (0..x.nrows()).collect();
        let mut trace = Vec::with_capacity(self.epochs);
        for epoch in 0..self.epochs {
            crate::display::check_interrupt();
            order.shuffle(&mut rng);
            let mut sum = 0.0;
            for rows in order.chunks(self.batch) {
                let part = x.select(Axis(0), rows);
                let y = Part::of(target, rows);
                let step = backprop(&layers, self.activation, part.view(), y.view(), self.l2);
                // The data are finite: what is not is the network.
                let blown = |error| match error {
                    Error::NotFinite { .. } => overflow(estimator, epoch),
                    other => other,
                };
                let (loss, slopes) = step.map_err(blown)?;
                sum += loss * rows.len() as f64;
                layers = descent.step(&slopes).map_err(blown)?;
            }
            trace.push(sum / x.nrows() as f64);
            if !sum.is_finite() {
                return Err(overflow(estimator, epoch));
            }
        }
        check_layers(&layers, x).map_err(|_| overflow(estimator, self.epochs))?;
        Ok((layers, trace))
    }

    fn first_layers(&self, x: ArrayView2<f64>, n_outputs: usize) -> Result<Vec<MlpLayer>> {
        let sizes: Vec<usize> = [&[x.ncols()], self.hidden.as_slice(), &[n_outputs]].concat();
        let Some(start) = &self.start else { return mlp_init(&sizes, self.seed) };
        check_layers(start, x)?;
        let outs: Vec<usize> = start.iter().map(|layer| layer.bias.len()).collect();
        if outs != sizes[1..] {
            let (expected, got) = (format!("{:?}", &sizes[1..]), format!("{outs:?}"));
            return Err(Error::Shape {
                what: "MlpLayer: the units of the layers of `start`",
                expected,
                got,
            });
        }
        Ok(start.clone())
    }
}

fn overflow(estimator: &'static str, epoch: usize) -> Error {
    Error::NotConverged {
        estimator,
        n_iter: epoch,
        change: f64::INFINITY,
        remedy: "the weights overflowed; lower the learning rate or standardise the features",
    }
}

/// The rows of a target that one step sees.
enum Part {
    Classes(Vec<usize>),
    Values(Array2<f64>),
}

impl Part {
    fn of(target: MlpTarget, rows: &[usize]) -> Self {
        match target {
            MlpTarget::Classes(y) => Self::Classes(rows.iter().map(|&i| y[i]).collect()),
            MlpTarget::Values(y) => Self::Values(y.select(Axis(0), rows)),
        }
    }

    fn view(&self) -> MlpTarget<'_> {
        match self {
            Self::Classes(y) => MlpTarget::Classes(y),
            Self::Values(y) => MlpTarget::Values(y.view()),
        }
    }
}

/// The setters, for every params type that has the field `training`.
macro_rules! training_setters {
    () => {
        /// Sets the bend after each hidden layer.
        #[must_use]
        pub fn activation(mut self, activation: Activation) -> Self {
            self.training.activation = activation;
            self
        }

        /// Sets how the weights follow the gradient.
        #[must_use]
        pub fn optimiser(mut self, optimiser: Optimiser) -> Self {
            self.training.optimiser = optimiser;
            self
        }

        /// Sets the number of rounds over the rows.
        #[must_use]
        pub fn epochs(mut self, epochs: usize) -> Self {
            self.training.epochs = epochs;
            self
        }

        /// Sets the number of rows of a step.
        #[must_use]
        pub fn batch(mut self, batch: usize) -> Self {
            self.training.batch = batch;
            self
        }

        /// Sets the price of half the squared weights.
        #[must_use]
        pub fn l2(mut self, l2: f64) -> Self {
            self.training.l2 = l2;
            self
        }

        /// Seeds the start and the order of the rows.
        #[must_use]
        pub fn seed(mut self, seed: u64) -> Self {
            self.training.seed = seed;
            self
        }

        /// Sets the layers to start from, instead of random ones.
        #[must_use]
        pub fn start(mut self, layers: Vec<MlpLayer>) -> Self {
            self.training.start = Some(layers);
            self
        }
    };
}
pub(super) use training_setters;
