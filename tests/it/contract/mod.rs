//! What holds for every estimator: bad input gets a typed error that names value and remedy, the same
//! seed gives the same bits, the order of rows changes nothing where it must not, more restarts are never
//! worse, and nothing that was accepted is NaN.

mod estimators;
mod figures;
mod input;
mod learners;
mod new_rows;
mod repeat;
mod roll;
mod settings;
mod stored;
mod weights;

use estimators::{Estimator, Fit, Fitted};
use mlnotes::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What estimators are fitted to: rows, a class each, a number each.
struct Sample {
    x: Array2<f64>,
    classes: Vec<usize>,
    numbers: Array1<f64>,
}

impl Sample {
    /// Thirty rows of two features that tell of class and number, but not all.
    fn new() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(17);
        let classes: Vec<usize> = (0..30).map(|i| i % 2).collect();
        let x = Array2::from_shape_fn((30, 2), |(i, j)| {
            1.5 * classes[i] as f64 * (1 - j) as f64 + rng.random_range(-1.0..1.0)
        });
        let numbers =
            x.rows().into_iter().map(|r| r[0] - 0.5 * r[1] + rng.random::<f64>()).collect();
        Self { x, classes, numbers }
    }

    /// The rows in this order.
    fn rows(&self, order: &[usize]) -> Self {
        Self {
            x: self.x.select(Axis(0), order),
            classes: order.iter().map(|&i| self.classes[i]).collect(),
            numbers: self.numbers.select(Axis(0), order),
        }
    }
}

impl Estimator {
    fn fit(&self, sample: &Sample) -> Result<Fitted> {
        self.fit_to(sample.x.view(), sample)
    }

    /// Fits other rows to the sample's classes or numbers.
    fn fit_to(&self, x: ArrayView2<f64>, sample: &Sample) -> Result<Fitted> {
        match self.fit {
            Fit::Rows(fit) => fit(x),
            Fit::Classes(fit) => fit(x, &sample.classes),
            Fit::Numbers(fit) => fit(x, sample.numbers.view()),
        }
    }

    /// The error that the fit must end in.
    #[track_caller]
    fn refused(&self, fitted: Result<Fitted>, what: &str) -> Error {
        match fitted {
            Err(error) => error,
            Ok(_) => panic!("{}: {what} was accepted", self.name),
        }
    }
}

/// All that a model learned and says of these rows.
fn all_numbers(name: &str, fitted: &Fitted, x: ArrayView2<f64>) -> Vec<f64> {
    let mut all = fitted.learned.clone();
    for (method, says) in &fitted.says {
        all.extend(says(x).unwrap_or_else(|error| panic!("{name}: {method}: {error}")));
    }
    assert!(!all.is_empty(), "{name} says nothing");
    all
}

/// All breaches of a law together, so that one does not hide the next.
#[track_caller]
fn kept(breaches: &[String]) {
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}
