//! The network whose outputs are logits of classes.

use super::network::forward;
use super::training::{Training, training_setters};
use super::{Activation, MlpLayer, MlpTarget, Optimiser};
use crate::Result;
use crate::base::{
    Classifier, Fitted, accuracy_of, argmax, check_classes, check_matrix, check_rows, stored,
    views, widened,
};
use crate::nn::loss::softmax;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

const NAME: &str = "MlpClassifier";

impl MlpClassifier {
    /// Settings for hidden layers of so many units; none for softmax regression.
    ///
    /// ```
    /// use mlnotes::{data, nn::mlp::{MlpClassifier, Optimiser}};
    /// let (x, y) = data::moons(200, 0.1, 3)?;
    /// let params = MlpClassifier::params(&[16]).optimiser(Optimiser::Adam { learning_rate: 0.02 });
    /// let model = params.epochs(150).seed(1).fit(x.view(), &y)?;
    /// assert!(model.score(x.view(), &y)? > 0.98);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(hidden: &[usize]) -> MlpClassifierParams {
        MlpClassifierParams { training: Training::new(hidden) }
    }
}

/// Settings of a classifier.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `hidden` | required | each `>= 1` | units of the hidden layers |
/// | `activation` | `Relu` | | bend after each of them |
/// | `optimiser` | `Adam`, rate 1e-3 | rate `> 0` | how the weights follow the gradient |
/// | `epochs` | 200 | `>= 1` | rounds over the rows |
/// | `batch` | 32 | `>= 1` | rows of a step |
/// | `l2` | 1e-4 | `>= 0` | price of half the squared weights, beside the mean loss |
/// | `seed` | 0 | | start and order of the rows |
/// | `start` | random | | layers to start from |
#[derive(Debug, Clone, PartialEq)]
pub struct MlpClassifierParams {
    training: Training,
}

/// A trained classifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct MlpClassifier {
    /// The layers, inputs first.
    layers: Vec<MlpLayer>,
    /// The bend between them.
    pub activation: Activation,
    /// Number of classes, and of outputs.
    n_classes: usize,
    /// Mean penalised loss of each epoch's steps, each before it was made, shape `(epochs,)`.
    pub loss: Vec<f64>,
}

stored!(MlpClassifier, |m| MlpLayer::chain(&m.layers, m.n_classes));

impl MlpClassifierParams {
    training_setters!();

    /// Trains on `x`, `(n_samples, n_features)`, and the classes `y`, `(n_samples,)`, numbered from 0.
    ///
    /// # Errors
    /// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Shape`],
    /// [`crate::Error::Label`] for a label not below the number of rows, [`crate::Error::SingleClass`],
    /// [`crate::Error::Parameter`]; [`crate::Error::NotConverged`] when the weights overflow.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<MlpClassifier> {
        self.training.check(NAME)?;
        check_matrix("MlpClassifier: `x`", x)?;
        let n_classes = check_classes("MlpClassifier: `y`", y, x.nrows())?;
        let (layers, loss) = self.training.run(NAME, x, MlpTarget::Classes(y), n_classes)?;
        Ok(MlpClassifier { layers, activation: self.training.activation, n_classes, loss })
    }
}

impl MlpClassifier {
    /// The layers, inputs first.
    pub fn layers(&self) -> &[MlpLayer] {
        &self.layers
    }

    /// Number of classes, and of outputs.
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Probabilities of the classes, shape `(n_rows, n_classes)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`], [`crate::Error::Empty`], and [`crate::Error::NotFinite`] also when an
    /// output overflows.
    #[views]
    pub fn predict_proba(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        check_rows("MlpClassifier::predict_proba: `x`", x, self.layers[0].weights.nrows())?;
        let (_, mut output) = forward(&self.layers, self.activation, x);
        check_matrix("MlpClassifier::predict_proba: the output", output.view())?;
        for mut row in output.outer_iter_mut() {
            let p = softmax(row.view());
            row.assign(&p);
        }
        Ok(output)
    }

    /// The most probable class of each row, shape `(n_rows,)`.
    ///
    /// # Errors
    /// As [`MlpClassifier::predict_proba`].
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Vec<usize>> {
        Ok(self.predict_proba(x)?.outer_iter().map(argmax).collect())
    }

    /// Share of the rows of `x`, `(n_rows, n_features)`, whose class is that of `y`, `(n_rows,)`.
    ///
    /// # Errors
    /// As [`MlpClassifier::predict`]; [`crate::Error::Shape`] for another number of labels.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<f64> {
        accuracy_of("MlpClassifier::score: `y`", &self.predict(x)?, y)
    }
}

impl Classifier for MlpClassifierParams {
    fn fit_base(
        &self,
        x: ArrayView2<f64>,
        y: &[usize],
        n_classes: usize,
        seed: u64,
    ) -> Result<Box<dyn Fitted>> {
        let model = self.clone().seed(seed).fit(x, y)?;
        let known = model.n_classes;
        Ok(widened(model, known, n_classes))
    }
}

impl Fitted for MlpClassifier {
    fn outputs(&self, x: ArrayView2<f64>) -> Result<Array2<f64>> {
        self.predict_proba(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::data;
    use crate::linear::logistic::SoftmaxRegression;
    use ndarray::{Axis, array};

    #[test]
    fn without_a_hidden_layer_it_is_softmax_regression() {
        let set = data::iris();
        let x = data::standardize(set.x.view()).unwrap().x;
        let exact = SoftmaxRegression::params().l2(0.05).fit(x.view(), &set.y).unwrap();
        let sgd = Optimiser::Sgd { learning_rate: 0.5, momentum: 0.9 };
        let params = MlpClassifier::params(&[]).optimiser(sgd).l2(0.05).epochs(600).batch(150);
        let model = params.fit(x.view(), &set.y).unwrap();
        let (p, q) =
            (model.predict_proba(x.view()).unwrap(), exact.predict_proba(x.view()).unwrap());
        assert!((&p - &q).iter().all(|d| d.abs() < 1e-6));
        assert!(p.sum_axis(Axis(1)).iter().all(|s| (s - 1.0).abs() < 1e-12));
    }

    #[test]
    fn the_seed_decides_and_the_loss_falls() {
        let (x, y) = data::moons(80, 0.1, 3).unwrap();
        let fit = |seed| MlpClassifier::params(&[6, 4]).epochs(20).seed(seed).fit(x.view(), &y);
        let (one, same, other) = (fit(1).unwrap(), fit(1).unwrap(), fit(2).unwrap());
        assert!(one == same && one.layers != other.layers);
        assert!(one.loss[19] < one.loss[0] && one.loss.len() == 20);
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = (array![[0.0], [1.0], [2.0]], [0, 1, 1]);
        let error = |p: MlpClassifierParams| p.fit(x.view(), &y).unwrap_err().to_string();
        let p = || MlpClassifier::params(&[2]);
        assert!(error(MlpClassifier::params(&[2, 0])).contains("`hidden`"));
        assert!(error(p().epochs(0)).contains("`epochs`") && error(p().batch(0)).contains("batch"));
        assert!(error(p().l2(f64::NAN)).contains("`l2` must be finite and >= 0, got NaN"));
        let sgd = |learning_rate, momentum| Optimiser::Sgd { learning_rate, momentum };
        assert!(error(p().optimiser(sgd(0.0, 0.5))).contains("`learning_rate`"));
        assert!(error(p().optimiser(sgd(0.1, 1.0))).contains("`momentum`"));
        let start = super::super::mlp_init(&[1, 3, 2], 0).unwrap();
        assert!(error(p().start(start)).contains("expected shape [2, 2], got [3, 2]"));
        let wild = p().activation(Activation::Identity).optimiser(sgd(1e200, 0.0)).epochs(50);
        assert!(error(wild).contains("overflowed"));
        assert!(matches!(p().fit(x.view(), &[1; 3]), Err(Error::SingleClass { class: 1, .. })));
        let nan = array![[f64::NAN], [0.0]];
        assert!(matches!(p().fit(nan.view(), &[0, 1]), Err(Error::NotFinite { row: 0, .. })));
        // A constant feature only adds to the biases.
        let flat = p().epochs(3).fit(array![[1.0, 5.0], [2.0, 5.0]].view(), &[0, 1]).unwrap();
        assert!(flat.predict(x.view()).is_err());
        let far = flat.predict_proba(array![[1e308, -1e308]].view()).unwrap();
        assert!(far.iter().all(|p| p.is_finite()));
    }
}
