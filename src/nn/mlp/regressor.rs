//! The network whose one output is a number.

use super::network::forward;
use super::training::{Training, training_setters};
use super::{Activation, MlpLayer, MlpTarget, Optimiser};
use crate::Result;
use crate::base::{
    check_matrix, check_rows, check_target, r_squared, seeded_regressor, stored, views,
};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

const NAME: &str = "MlpRegressor";

impl MlpRegressor {
    /// Settings for hidden layers of so many units; none for linear regression.
    ///
    /// ```
    /// use mlnotes::nn::mlp::{Activation, MlpRegressor, Optimiser};
    /// use ndarray::Array2;
    /// let x = Array2::from_shape_fn((60, 1), |(i, _)| i as f64 / 10.0 - 3.0);
    /// let y = x.column(0).mapv(f64::sin);
    /// let params = MlpRegressor::params(&[12]).activation(Activation::Tanh).epochs(400);
    /// let params = params.optimiser(Optimiser::Adam { learning_rate: 0.02 }).seed(2);
    /// assert!(params.fit(x.view(), y.view())?.score(x.view(), y.view())? > 0.98);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params(hidden: &[usize]) -> MlpRegressorParams {
        MlpRegressorParams { training: Training::new(hidden) }
    }
}

/// Settings of a regressor; see [`MlpClassifierParams`](super::MlpClassifierParams) for the table.
#[derive(Debug, Clone, PartialEq)]
pub struct MlpRegressorParams {
    training: Training,
}

/// A trained regressor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct MlpRegressor {
    /// The layers, inputs first.
    layers: Vec<MlpLayer>,
    /// The bend between them.
    pub activation: Activation,
    /// Mean penalised loss of each epoch's steps, each before it was made, shape `(epochs,)`.
    pub loss: Vec<f64>,
}

stored!(MlpRegressor, |m| MlpLayer::chain(&m.layers, 1));

impl MlpRegressorParams {
    training_setters!();

    /// Trains on `x`, `(n_samples, n_features)`, and `y`, `(n_samples,)`. The target is taken as it is: bring
    /// it to a spread of about 1, or the first gradients are as large as its units.
    ///
    /// # Errors
    /// [`crate::Error::Empty`], [`crate::Error::NotFinite`], [`crate::Error::Shape`],
    /// [`crate::Error::Parameter`]; [`crate::Error::NotConverged`] when the weights overflow.
    #[views]
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<MlpRegressor> {
        self.training.check(NAME)?;
        check_matrix("MlpRegressor: `x`", x)?;
        check_target("MlpRegressor: `y`", y, x.nrows())?;
        let target = MlpTarget::Values(y.insert_axis(Axis(1)));
        let (layers, loss) = self.training.run(NAME, x, target, 1)?;
        Ok(MlpRegressor { layers, activation: self.training.activation, loss })
    }
}

impl MlpRegressor {
    /// The layers, inputs first.
    pub fn layers(&self) -> &[MlpLayer] {
        &self.layers
    }

    /// Predictions, shape `(n_rows,)`, for `x` of shape `(n_rows, n_features)`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`], [`crate::Error::Empty`], and [`crate::Error::NotFinite`] also when an
    /// output overflows.
    #[views]
    pub fn predict(&self, x: ArrayView2<f64>) -> Result<Array1<f64>> {
        check_rows("MlpRegressor::predict: `x`", x, self.layers[0].weights.nrows())?;
        let output = forward(&self.layers, self.activation, x).1;
        check_matrix("MlpRegressor::predict: the output", output.view())?;
        Ok(output.column(0).to_owned())
    }

    /// `R²` on `x`, `(n_rows, n_features)`, and `y`, `(n_rows,)`; 0 for a constant `y`.
    ///
    /// # Errors
    /// As [`MlpRegressor::predict`]; [`crate::Error::Shape`] for another number of values.
    #[views]
    pub fn score(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<f64> {
        let predicted = self.predict(x)?;
        check_target("MlpRegressor::score: `y`", y, x.nrows())?;
        Ok(r_squared(&y.iter().copied().zip(predicted).collect::<Vec<_>>()))
    }
}

seeded_regressor!(MlpRegressorParams => MlpRegressor);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::data;
    use crate::linear::ols::LinearRegression;
    use ndarray::array;

    #[test]
    fn without_a_hidden_layer_it_is_least_squares() {
        let x = data::standardize(data::penguins().x.view()).unwrap().x;
        let y = x.column(3).to_owned();
        let x = x.slice(ndarray::s![.., ..3]);
        let exact = LinearRegression::params().fit(x, y.view()).unwrap();
        let sgd = Optimiser::Sgd { learning_rate: 0.3, momentum: 0.9 };
        let params = MlpRegressor::params(&[]).optimiser(sgd).l2(0.0).epochs(800).batch(342);
        let model = params.fit(x, y.view()).unwrap();
        let w = model.layers[0].weights.column(0).to_owned();
        assert!((&w - &exact.coef).iter().all(|d| d.abs() < 1e-8), "{w} {}", exact.coef);
        assert!((model.score(x, y.view()).unwrap() - exact.r2).abs() < 1e-10);
    }

    #[test]
    fn bad_input_is_named() {
        let (x, y) = (array![[0.0], [1.0]], array![0.0, f64::INFINITY]);
        let p = MlpRegressor::params(&[3]);
        assert!(matches!(p.fit(x.view(), y.view()), Err(Error::NotFinite { row: 1, .. })));
        assert!(matches!(p.fit(x.view(), array![1.0].view()), Err(Error::Shape { .. })));
        let zero = Optimiser::Adam { learning_rate: -0.1 };
        assert!(p.optimiser(zero).fit(x.view(), array![0.0, 1.0].view()).is_err());
    }
}
