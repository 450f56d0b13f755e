//! Any of the rules, as one value: settings, of which arrays and tensors make the same steps.

use super::{AdaDelta, Adagrad, Adam, Nadam, RmsProp, Sgd};
use crate::{Error, Result};

/// The settings of an optimiser. Each rule becomes one by itself: `Adam::new(0.01).into()`.
///
/// ```
/// use mlnotes::optim::{Adam, Rule};
/// let rule: Rule = Adam::new(0.01).weight_decay(0.1).decoupled(true).into();
/// assert_eq!(rule.learning_rate(), 0.01);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// [`Sgd`].
    Sgd(Sgd),
    /// [`Adagrad`].
    Adagrad(Adagrad),
    /// [`RmsProp`].
    RmsProp(RmsProp),
    /// [`AdaDelta`].
    AdaDelta(AdaDelta),
    /// [`Adam`], also as `AdamW` and `AMSGrad`.
    Adam(Adam),
    /// [`Nadam`].
    Nadam(Nadam),
}

/// The same for each rule.
macro_rules! rules {
    ($($name:ident),*) => {
        $(impl From<$name> for Rule {
            fn from(rule: $name) -> Self {
                Self::$name(rule)
            }
        })*

        impl Rule {
            /// The rate `η` that it was made with.
            pub fn learning_rate(&self) -> f64 {
                match self {
                    $(Self::$name(rule) => rule.learning_rate,)*
                }
            }

            /// Every rule about the numbers, under the rule's name.
            pub(crate) fn check(&self) -> Result<()> {
                check_rate(self.name(), self.learning_rate())?;
                match self {
                    $(Self::$name(rule) => rule.check(),)*
                }
            }

            /// The name of the rule's type.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }
        }
    };
}
rules!(Sgd, Adagrad, RmsProp, AdaDelta, Adam, Nadam);

/// A learning rate must be finite and > 0.
pub(crate) fn check_rate(estimator: &'static str, learning_rate: f64) -> Result<()> {
    crate::base::check_positive(estimator, "learning_rate", learning_rate)
}

/// Checks a share that is kept from step to step.
pub(super) fn check_share(estimator: &'static str, name: &'static str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    let (rule, got) = ("from 0 to below 1", value.to_string());
    Err(Error::Parameter { estimator, name, rule, got })
}

/// Checks `weight_decay`.
pub(super) fn check_decay(estimator: &'static str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    let (name, rule, got) = ("weight_decay", "finite and >= 0", value.to_string());
    Err(Error::Parameter { estimator, name, rule, got })
}

/// The gradient of the loss with the penalty `λ/2 ‖θ‖²`. Without a penalty it is the gradient, also where a
/// parameter is infinite.
pub(super) fn penalised(g: f64, weight_decay: f64, theta: f64) -> f64 {
    if weight_decay > 0.0 { g + weight_decay * theta } else { g }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_out_of_range_is_named() {
        let says = |rule: Rule| rule.check().unwrap_err().to_string();
        assert_eq!(
            says(Sgd::new(0.0).into()),
            "Sgd: `learning_rate` must be finite and > 0, got 0"
        );
        assert!(says(Sgd::new(0.1).momentum(1.0).into()).contains("`momentum` must be from 0 to"));
        assert!(says(Sgd::new(0.1).nesterov(true).into()).contains("`nesterov`"));
        assert!(says(Sgd::new(0.1).weight_decay(-1.0).into()).contains("`weight_decay`"));
        assert!(says(Adagrad::new(0.1).epsilon(0.0).into()).contains("Adagrad: `epsilon`"));
        assert!(says(Adagrad::new(0.1).rate_decay(f64::NAN).into()).contains("`rate_decay`"));
        assert!(says(RmsProp::new(0.1).alpha(1.0).into()).contains("`alpha`"));
        assert!(says(RmsProp::new(0.1).momentum(-0.1).into()).contains("`momentum`"));
        assert!(says(AdaDelta::new(1.0).rho(1.5).into()).contains("`rho`"));
        assert!(says(Adam::new(0.1).beta1(1.0).into()).contains("`beta1`"));
        assert!(says(Adam::new(0.1).beta2(-0.5).into()).contains("`beta2`"));
        assert!(says(Nadam::new(f64::NAN).into()).contains("got NaN"));
        assert!(says(Nadam::new(0.1).momentum_decay(-1.0).into()).contains("`momentum_decay`"));
        let all: [Rule; 6] = [
            Sgd::new(0.1).into(),
            Adagrad::new(0.1).into(),
            RmsProp::new(0.1).into(),
            AdaDelta::new(1.0).into(),
            Adam::new(0.1).into(),
            Nadam::new(0.1).into(),
        ];
        for rule in all {
            assert_eq!(rule.check(), Ok(()), "the defaults of {}", rule.name());
        }
    }
}
