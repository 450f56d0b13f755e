//! A rule under way, on arrays.

use super::rule::check_rate;
use super::{Rule, max_norm};
use crate::base::{check_length, check_vector, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// How far a rule has come, and the powers that correct its means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Clock {
    /// Steps made.
    pub(crate) t: usize,
    /// `β₁ᵗ` (Nadam's `Πₜ`) and `β₂ᵗ`; 1 for rules without them.
    pub(crate) powers: [f64; 2],
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { t: 0, powers: [1.0; 2] }
    }

    /// One step more.
    pub(crate) fn tick(&mut self, rule: &Rule) {
        self.t += 1;
        let factors = match rule {
            Rule::Adam(adam) => [adam.beta1, adam.beta2],
            Rule::Nadam(nadam) => [nadam.momentum(self.t), nadam.beta2],
            _ => [1.0; 2],
        };
        self.powers = [self.powers[0] * factors[0], self.powers[1] * factors[1]];
    }

    /// What is left of 1 beside each power.
    pub(crate) fn rests(&self) -> [f64; 2] {
        self.powers.map(|power| 1.0 - power)
    }
}

impl Rule {
    /// How many numbers a coordinate's past takes.
    pub(crate) fn n_slots(&self) -> usize {
        match self {
            Self::Sgd(_) | Self::Adagrad(_) => 1,
            Self::RmsProp(_) | Self::AdaDelta(_) | Self::Nadam(_) => 2,
            Self::Adam(_) => 3,
        }
    }
}

/// A rule with the past of `n` coordinates.
///
/// ```
/// use mlnotes::optim::{Adam, Descent, Schedule};
/// use ndarray::array;
/// let schedule = Schedule::cosine(0.3, 0.0, 200)?;
/// let mut descent = Descent::new(Adam::new(0.3), 2)?;
/// let mut theta = array![3.0, -2.0];
/// for step in 0..200 {
///     descent.set_learning_rate(schedule.lr(step))?;
///     let slope = &theta * &array![1.0, 100.0]; // of ½ (x² + 100 y²)
///     descent.step(&mut theta, slope.view())?;
/// }
/// assert!(theta.iter().all(|x: &f64| x.abs() < 1e-2));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Descent {
    rule: Rule,
    rate: f64,
    clock: Clock,
    slots: [Array1<f64>; 3],
}

impl Descent {
    /// A rule before its first step, for parameters of shape `(n,)`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting of the rule that is out of range.
    pub fn new(rule: impl Into<Rule>, n: usize) -> Result<Self> {
        let rule = rule.into();
        rule.check()?;
        let slots = std::array::from_fn(|i| Array1::zeros(if i < rule.n_slots() { n } else { 0 }));
        Ok(Self { rule, rate: rule.learning_rate(), clock: Clock::new(), slots })
    }

    /// Sets the rate of the steps to come; a schedule says which.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless it is finite and >= 0; a schedule may end at 0.
    pub fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        if learning_rate != 0.0 {
            check_rate(self.rule.name(), learning_rate)?;
        }
        self.rate = learning_rate;
        Ok(())
    }

    /// Moves `theta` by one step against `gradient`, both `(n,)`.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of coordinates, [`Error::NotFinite`] for a gradient that is not finite;
    /// nothing is changed then.
    #[views]
    pub fn step(&mut self, theta: &mut Array1<f64>, gradient: ArrayView1<f64>) -> Result<()> {
        let n = self.slots[0].len();
        check_length("Descent::step: `theta`", theta.len(), n)?;
        check_length("Descent::step: `gradient`", gradient.len(), n)?;
        check_vector("Descent::step: `gradient`", gradient)?;
        self.clock.tick(&self.rule);
        let (rate, clock) = (self.rate, self.clock);
        let [first, second, third] = &mut self.slots;
        match &self.rule {
            Rule::Sgd(rule) => rule.step(rate, theta, gradient, first),
            Rule::Adagrad(rule) => rule.step(rule.rate(rate, clock.t), theta, gradient, first),
            Rule::RmsProp(rule) => rule.step(rate, theta, gradient, first, second),
            Rule::AdaDelta(rule) => rule.step(rate, theta, gradient, first, second),
            Rule::Adam(rule) => {
                rule.step((rate, clock.rests()), theta, gradient, [first, second, third]);
            }
            Rule::Nadam(rule) => {
                let shares = rule.shares(clock.t, clock.powers[0]);
                let numbers = (rate, shares, clock.rests()[1]);
                rule.step(numbers, theta, gradient, [first, second]);
            }
        }
        Ok(())
    }
}

/// Where a rule went.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Path {
    /// All points, the start first, each of shape `(n,)`.
    pub points: Vec<Array1<f64>>,
    /// The objective at each of them.
    pub values: Vec<f64>,
    /// Largest absolute entry of the gradient at the last of them.
    pub change: f64,
}

/// Follows a rule for `steps` steps from `start`, shape `(n,)`; `f` gives value and gradient.
///
/// # Errors
/// [`Error::Parameter`] for a setting of the rule; [`Error::Shape`] for a gradient of another length;
/// [`Error::NotConverged`] when value or gradient stop being finite.
///
/// # Example
/// ```
/// use mlnotes::optim::{Sgd, minimise};
/// use ndarray::{ArrayView1, array};
/// // ½ λ x² with λ = 10: plain descent is stable below η = 2/λ and not above.
/// let bowl = |x: ArrayView1<f64>| (5.0 * x[0] * x[0], array![10.0 * x[0]]);
/// assert!(minimise(bowl, array![1.0], Sgd::new(0.199), 500)?.values[500] < 1e-3);
/// assert!(minimise(bowl, array![1.0], Sgd::new(0.201), 500)?.values[500] > 1e3);
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn minimise(
    mut f: impl FnMut(ArrayView1<f64>) -> (f64, Array1<f64>),
    start: Array1<f64>,
    rule: impl Into<Rule>,
    steps: usize,
) -> Result<Path> {
    let mut descent = Descent::new(rule, start.len())?;
    let mut theta = start;
    let (mut value, mut gradient) = f(theta.view());
    let mut path = Path { points: vec![theta.clone()], values: vec![value], change: 0.0 };
    for step in 0..steps {
        crate::display::check_interrupt();
        check_finite(step, value, &gradient)?;
        descent.step(&mut theta, gradient.view())?;
        (value, gradient) = f(theta.view());
        path.points.push(theta.clone());
        path.values.push(value);
    }
    check_finite(steps, value, &gradient)?;
    path.change = max_norm(&gradient);
    Ok(path)
}

fn check_finite(n_iter: usize, value: f64, gradient: &Array1<f64>) -> Result<()> {
    if value.is_finite() && gradient.iter().all(|g| g.is_finite()) {
        return Ok(());
    }
    let remedy = "value or gradient are not finite; lower the learning rate, or start elsewhere";
    Err(Error::NotConverged { estimator: "minimise", n_iter, change: f64::INFINITY, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{AdaDelta, Adagrad, Adam, Nadam, RmsProp, Sgd};
    use ndarray::array;

    fn rules() -> [Rule; 8] {
        [
            Sgd::new(0.05).into(),
            Sgd::new(0.02).momentum(0.9).nesterov(true).into(),
            Adagrad::new(1.0).into(),
            RmsProp::new(0.02).momentum(0.5).into(),
            AdaDelta::new(5.0).into(),
            Adam::new(0.05).into(),
            Adam::new(0.05).amsgrad(true).into(),
            Nadam::new(0.05).into(),
        ]
    }

    /// `½ (x − 1)² + 5 (y + 2)²`.
    fn bowl(x: ArrayView1<f64>) -> (f64, Array1<f64>) {
        let (a, b) = (x[0] - 1.0, x[1] + 2.0);
        (0.5 * a * a + 5.0 * b * b, array![a, 10.0 * b])
    }

    #[test]
    fn every_rule_goes_down_into_the_bowl() {
        for rule in rules() {
            let path = minimise(bowl, array![0.0, 0.0], rule, 800).unwrap();
            assert!(path.values[800] < 1e-2, "{rule:?}: {}", path.values[800]);
            assert_eq!((path.points.len(), path.values.len()), (801, 801));
            assert!(path.points[800].iter().all(|x| x.is_finite()) && path.change < 0.5);
        }
    }

    #[test]
    fn a_coordinates_step_is_its_own_business() {
        for rule in rules() {
            let path = |start: Array1<f64>, only: &[usize]| {
                let f = |x: ArrayView1<f64>| (0.0, x.mapv(|v| v.powi(3)));
                let path = minimise(f, start, rule, 20).unwrap();
                only.iter().map(|&i| path.points[20][i].to_bits()).collect::<Vec<u64>>()
            };
            let together = path(array![1.0, -0.5, 0.3], &[0, 2]);
            assert_eq!(together[0], path(array![1.0], &[0])[0], "{rule:?}");
            assert_eq!(together[1], path(array![0.3], &[0])[0], "{rule:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut descent = Descent::new(Sgd::new(0.1), 2).unwrap();
        let mut theta = array![0.0, 0.0];
        let short = descent.step(&mut theta, array![1.0].view());
        assert!(matches!(short, Err(Error::Shape { .. })));
        let nan = descent.step(&mut theta, array![1.0, f64::NAN].view());
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
        assert_eq!((theta, descent.clock.t), (array![0.0, 0.0], 0));
        assert!(descent.set_learning_rate(0.0).is_ok() && descent.set_learning_rate(-0.1).is_err());
        let flees = minimise(|x| (-x[0].exp(), -x.mapv(f64::exp)), array![1.0], Sgd::new(9.0), 99);
        assert!(flees.unwrap_err().to_string().contains("lower the learning rate"));
    }
}
