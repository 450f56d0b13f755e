//! Early stopping of boosting: rows that take no part in the fit say when more trees do harm.
//!
//! ```text
//! after each round   ℓ = mean loss on the rows held out
//! stop               when `patience` rounds in a row have not brought ℓ below its least
//! keep               the rounds up to the least ℓ, the first of equals
//! ```
//!
//! It is the rule of `LightGBM` and `XGBoost`. The start before the first tree takes no part, so a tree is always left.
//! The rows held out have chosen the number of rounds: judge the model on others.

use crate::base::{Decision, EarlyStopping, Mode};
use crate::{Error, Result};

/// The settings that both kinds of boosting share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stopping {
    pub(super) patience: Option<usize>,
    pub(super) validation_share: f64,
}

impl Default for Stopping {
    fn default() -> Self {
        Self { patience: None, validation_share: 0.1 }
    }
}

impl Stopping {
    pub(super) fn check(self, estimator: &'static str) -> Result<()> {
        let bad = |name, rule, got: String| Err(Error::Parameter { estimator, name, rule, got });
        if self.patience == Some(0) {
            return bad("patience", ">= 1", "0".to_owned());
        }
        if !(self.validation_share > 0.0 && self.validation_share < 1.0) {
            return bad(
                "validation_share",
                "above 0 and below 1",
                self.validation_share.to_string(),
            );
        }
        Ok(())
    }
}

/// The losses on the rows held out, round by round.
pub(super) struct Watch {
    stopping: Option<EarlyStopping>,
    losses: Vec<f64>,
}

impl Watch {
    /// Starts before the first round, at the loss of the start.
    pub(super) fn new(stopping: Stopping, start: f64) -> Result<Self> {
        let watch = |patience| EarlyStopping::new(patience, 0.0, Mode::Min);
        Ok(Self { stopping: stopping.patience.map(watch).transpose()?, losses: vec![start] })
    }

    /// Takes the loss after a round; whether to stop.
    pub(super) fn stops(&mut self, loss: f64) -> bool {
        self.losses.push(loss);
        self.stopping.as_mut().is_some_and(|stopping| stopping.update(loss) == Decision::Stop)
    }

    /// The rounds to keep, and the losses of all that were made, the start first.
    pub(super) fn end(self) -> (usize, Vec<f64>) {
        let made = self.losses.len() - 1;
        let best = self.stopping.and_then(|stopping| stopping.best_epoch());
        (best.map_or(made, |epoch| epoch + 1), self.losses)
    }
}

/// The setters of early stopping, for params with the field `$field` on the way.
macro_rules! stopping_setters {
    ($($field:ident).+) => {
        /// Stops when that many rounds in a row have not lowered the loss on rows held out, and keeps the best
        /// round and those before it.
        #[must_use]
        pub fn patience(mut self, patience: usize) -> Self {
            self.$($field).+.patience = Some(patience);
            self
        }

        /// Sets the share of the rows that `fit` holds out to that end; `fit_validated` takes rows that are given.
        #[must_use]
        pub fn validation_share(mut self, validation_share: f64) -> Self {
            self.$($field).+.validation_share = validation_share;
            self
        }
    };
}

pub(super) use stopping_setters;

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: the least loss is that of round 3, and two rounds after it bring nothing.
    #[test]
    fn the_best_round_is_kept_and_the_start_takes_no_part() {
        let stopping = Stopping { patience: Some(2), ..Stopping::default() };
        let mut watch = Watch::new(stopping, 0.1).unwrap();
        let stops: Vec<bool> =
            [0.9, 0.95, 0.7, 0.7, 0.8, 0.1].iter().map(|&loss| watch.stops(loss)).collect();
        assert_eq!(stops[..5], [false, false, false, false, true]);
        let (kept, losses) = watch.end();
        // The last was asked after the end, to show that the answer is that of the least.
        assert_eq!((kept, losses.len()), (6, 7));
        let mut watch = Watch::new(stopping, 0.1).unwrap();
        assert!(![0.9, 0.95, 0.7, 0.7].iter().any(|&loss| watch.stops(loss)) && watch.stops(0.8));
        assert_eq!(watch.end().0, 3);
        let mut watch = Watch::new(Stopping::default(), 0.1).unwrap();
        assert!(![0.9, 0.95, 0.97, 0.99].iter().any(|&loss| watch.stops(loss)));
        assert_eq!(watch.end(), (4, vec![0.1, 0.9, 0.95, 0.97, 0.99]));
    }
}
