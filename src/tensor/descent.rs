//! A rule of [`crate::optim`] under way, on the tensors of a parameter store.
//!
//! The steps are those of `optim::Descent`, tensor by tensor: in `f64` to the last few bits, which a test holds.

use super::{Gradients, Params, Tensor};
use crate::optim::{AdaDelta, Adagrad, Adam, Clock, Nadam, RmsProp, Rule, Sgd, check_rate};
use crate::{Error, Result};

/// A rule with the past of every parameter.
///
/// ```
/// use mlnotes::optim::Adam;
/// use mlnotes::tensor::{DType, Init, Params, ParamsDescent, gradients, to_array};
/// let mut params = Params::new(DType::F64, 0)?;
/// let w = params.add("w", &[2], Init::Ones)?;
/// let mut descent = ParamsDescent::new(Adam::new(0.1), &params)?;
/// let loss = w.sqr()?.sum_all()?;
/// descent.step(&params, &gradients(&loss, &params)?)?;
/// let after: ndarray::Array1<f64> = to_array(&w)?;
/// assert!((&after - &ndarray::array![0.9, 0.9]).iter().all(|d: &f64| d.abs() < 1e-8));
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug)]
pub struct ParamsDescent {
    rule: Rule,
    rate: f64,
    pub(super) clock: Clock,
    /// For each parameter its past: as many tensors of its shape as the rule needs.
    pub(super) slots: Vec<Vec<Tensor>>,
}

impl ParamsDescent {
    /// A rule before its first step.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a setting of the rule that is out of range; [`Error::Tensor`].
    pub fn new(rule: impl Into<Rule>, params: &Params) -> Result<Self> {
        let rule = rule.into();
        rule.check()?;
        let past = |(_, var): (&str, &super::Var)| -> Result<Vec<Tensor>> {
            (0..rule.n_slots()).map(|_| Ok(var.zeros_like()?.detach())).collect()
        };
        let slots = params.iter().map(past).collect::<Result<_>>()?;
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

    /// Moves all parameters by one step against their gradients.
    ///
    /// # Errors
    /// [`Error::Shape`] when gradients or parameters are not those that it was made for; nothing is changed then.
    pub fn step(&mut self, params: &Params, gradients: &Gradients) -> Result<()> {
        self.check(params, gradients)?;
        self.clock.tick(&self.rule);
        let moved = params.iter().zip(gradients.iter()).zip(&mut self.slots).map(
            |(((_, var), (_, slope)), past)| {
                let theta = var.as_tensor().detach();
                let (rate, clock) = (self.rate, self.clock);
                match &self.rule {
                    Rule::Sgd(rule) => sgd(rule, rate, &theta, slope, past),
                    Rule::Adagrad(rule) => {
                        adagrad(rule, rule.rate(rate, clock.t), &theta, slope, past)
                    }
                    Rule::RmsProp(rule) => rmsprop(rule, rate, &theta, slope, past),
                    Rule::AdaDelta(rule) => adadelta(rule, rate, &theta, slope, past),
                    Rule::Adam(rule) => adam(rule, rate, clock, &theta, slope, past),
                    Rule::Nadam(rule) => nadam(rule, rate, clock, &theta, slope, past),
                }
            },
        );
        let moved = moved.collect::<Result<Vec<Tensor>>>()?;
        params.restore(&moved)
    }

    fn check(&self, params: &Params, gradients: &Gradients) -> Result<()> {
        let shapes = |tensors: &mut dyn Iterator<Item = &Tensor>| -> Vec<Vec<usize>> {
            tensors.map(|t| t.dims().to_vec()).collect()
        };
        let own = shapes(&mut self.slots.iter().map(|past| &past[0]));
        for (what, got) in [
            (
                "ParamsDescent::step: `params`",
                shapes(&mut params.iter().map(|(_, v)| v.as_tensor())),
            ),
            ("ParamsDescent::step: `gradients`", shapes(&mut gradients.iter().map(|(_, g)| g))),
        ] {
            if got != own {
                let (expected, got) = (format!("{own:?}"), format!("{got:?}"));
                return Err(Error::Shape { what, expected, got });
            }
        }
        Ok(())
    }
}

/// `g + λ θ`.
fn penalised(g: &Tensor, weight_decay: f64, theta: &Tensor) -> Result<Tensor> {
    if weight_decay > 0.0 { Ok((g + (theta * weight_decay)?)?) } else { Ok(g.clone()) }
}

/// `share · old + (1 − share) · new`.
fn mean(old: &Tensor, share: f64, new: &Tensor) -> Result<Tensor> {
    Ok(((old * share)? + (new * (1.0 - share))?)?)
}

fn sgd(rule: &Sgd, rate: f64, theta: &Tensor, g: &Tensor, past: &mut [Tensor]) -> Result<Tensor> {
    let g = penalised(g, rule.weight_decay, theta)?;
    past[0] = ((&past[0] * rule.momentum)? + &g)?;
    let step = if rule.nesterov { (g + (&past[0] * rule.momentum)?)? } else { past[0].clone() };
    Ok((theta - (step * rate)?)?)
}

fn adagrad(
    rule: &Adagrad,
    rate: f64,
    theta: &Tensor,
    g: &Tensor,
    past: &mut [Tensor],
) -> Result<Tensor> {
    let g = penalised(g, rule.weight_decay, theta)?;
    past[0] = (&past[0] + g.sqr()?)?;
    Ok((theta - ((g * rate)? / (past[0].sqrt()? + rule.epsilon)?)?)?)
}

fn rmsprop(
    rule: &RmsProp,
    rate: f64,
    theta: &Tensor,
    g: &Tensor,
    past: &mut [Tensor],
) -> Result<Tensor> {
    let g = penalised(g, rule.weight_decay, theta)?;
    past[0] = mean(&past[0], rule.alpha, &g.sqr()?)?;
    past[1] = ((&past[1] * rule.momentum)? + (g / (past[0].sqrt()? + rule.epsilon)?)?)?;
    Ok((theta - (&past[1] * rate)?)?)
}

fn adadelta(
    rule: &AdaDelta,
    rate: f64,
    theta: &Tensor,
    g: &Tensor,
    past: &mut [Tensor],
) -> Result<Tensor> {
    let g = penalised(g, rule.weight_decay, theta)?;
    past[0] = mean(&past[0], rule.rho, &g.sqr()?)?;
    let root = |t: &Tensor| (t + rule.epsilon)?.sqrt();
    let step = ((root(&past[1])? / root(&past[0])?)? * g)?;
    past[1] = mean(&past[1], rule.rho, &step.sqr()?)?;
    Ok((theta - (step * rate)?)?)
}

fn adam(
    rule: &Adam,
    rate: f64,
    clock: Clock,
    theta: &Tensor,
    g: &Tensor,
    past: &mut [Tensor],
) -> Result<Tensor> {
    let [rest1, rest2] = clock.rests();
    let g = penalised(g, rule.penalty(), theta)?;
    past[0] = mean(&past[0], rule.beta1, &g)?;
    past[1] = mean(&past[1], rule.beta2, &g.sqr()?)?;
    past[2] = if rule.amsgrad { past[2].maximum(&past[1])? } else { past[1].clone() };
    let root = ((&past[2] * (1.0 / rest2))?.sqrt()? + rule.epsilon)?;
    Ok(((theta * rule.kept(rate))? - ((&past[0] * (rate / rest1))? / root)?)?)
}

fn nadam(
    rule: &Nadam,
    rate: f64,
    clock: Clock,
    theta: &Tensor,
    g: &Tensor,
    past: &mut [Tensor],
) -> Result<Tensor> {
    let shares = rule.shares(clock.t, clock.powers[0]);
    let g = penalised(g, rule.weight_decay, theta)?;
    past[0] = mean(&past[0], rule.beta1, &g)?;
    past[1] = mean(&past[1], rule.beta2, &g.sqr()?)?;
    let root = ((&past[1] * (1.0 / clock.rests()[1]))?.sqrt()? + rule.epsilon)?;
    let step = ((g * (rate * shares[0]))? + (&past[0] * (rate * shares[1]))?)?;
    Ok((theta - (step / root)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::Descent;
    use crate::tensor::{DType, gradients, to_array, to_tensor};
    use ndarray::{Array1, array};

    fn rules() -> [Rule; 10] {
        [
            Sgd::new(0.05).into(),
            Sgd::new(0.02).momentum(0.9).nesterov(true).weight_decay(0.1).into(),
            Adagrad::new(0.1).rate_decay(0.01).weight_decay(0.1).into(),
            RmsProp::new(0.01).momentum(0.5).weight_decay(0.1).into(),
            AdaDelta::new(1.0).weight_decay(0.1).into(),
            Adam::new(0.05).into(),
            Adam::new(0.05).weight_decay(0.1).into(),
            Adam::new(0.05).weight_decay(0.1).decoupled(true).into(),
            Adam::new(0.05).beta2(0.5).amsgrad(true).into(),
            Nadam::new(0.05).weight_decay(0.1).into(),
        ]
    }

    /// Two parameters with the loss `Σ cos(aᵢ) + ¼ bᵢ⁴`, whose gradient by hand is `(−sin a, b³)`.
    #[test]
    fn both_worlds_make_the_same_steps() {
        for rule in rules() {
            let mut params = Params::new(DType::F64, 0).unwrap();
            let a = to_tensor(array![[0.4, -1.0], [2.0, 0.7]].view(), DType::F64).unwrap();
            let b = to_tensor(array![1.5, -0.3].view(), DType::F64).unwrap();
            let (a, b) = (params.add_values("a", &a).unwrap(), params.add_values("b", &b).unwrap());
            let mut theta: Array1<f64> = array![0.4, -1.0, 2.0, 0.7, 1.5, -0.3];
            let mut arrays = Descent::new(rule, 6).unwrap();
            let mut tensors = ParamsDescent::new(rule, &params).unwrap();
            for step in 0..100 {
                let rate = rule.learning_rate() / (1.0 + 0.01 * f64::from(step));
                arrays.set_learning_rate(rate).unwrap();
                tensors.set_learning_rate(rate).unwrap();
                let slope = Array1::from_shape_fn(6, |i| {
                    if i < 4 { -theta[i].sin() } else { theta[i].powi(3) }
                });
                arrays.step(&mut theta, slope.view()).unwrap();
                let fourth = (b.sqr().unwrap().sqr().unwrap() * 0.25).unwrap().sum_all().unwrap();
                let loss = (a.cos().unwrap().sum_all().unwrap() + fourth).unwrap();
                tensors.step(&params, &gradients(&loss, &params).unwrap()).unwrap();
            }
            let ours: Array1<f64> =
                to_array(&Tensor::cat(&[&a.flatten_all().unwrap(), &b], 0).unwrap()).unwrap();
            assert!((&ours - &theta).iter().all(|d| d.abs() < 1e-12), "{rule:?}: {ours} {theta}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let store = |n: usize| {
            let mut params = Params::new(DType::F64, 0).unwrap();
            let w = params.add("w", &[n], crate::tensor::Init::Ones).unwrap();
            let slopes = gradients(&w.sqr().unwrap().sum_all().unwrap(), &params).unwrap();
            (params, slopes)
        };
        let ((two, slopes2), (three, slopes3)) = (store(2), store(3));
        let mut descent = ParamsDescent::new(Adam::new(0.1), &two).unwrap();
        let said = descent.step(&three, &slopes3).unwrap_err().to_string();
        assert!(said.contains("`params`: expected shape [[2]], got [[3]]"), "{said}");
        assert!(matches!(descent.step(&two, &slopes3), Err(Error::Shape { .. })));
        assert_eq!(descent.clock.t, 0);
        descent.step(&two, &slopes2).unwrap();
        assert!(descent.set_learning_rate(f64::NAN).is_err());
        assert!(ParamsDescent::new(Adam::new(-1.0), &two).is_err());
    }
}
