//! Early stopping: end the training when the validation metric has not improved for a while.

use crate::{Error, Result};

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A loss: lower is better.
    Min,
    /// A score: higher is better.
    Max,
}

/// What to do after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A new best: keep these weights.
    Improved,
    /// No new best, but patience is left.
    Wait,
    /// Patience is at its end: go back to the weights of [`EarlyStopping::best_epoch`].
    Stop,
}

/// Watches a metric on validation rows, epoch by epoch.
///
/// Training from small weights, the number of steps limits how far they can go. For a quadratic loss with
/// the curvature `h` in some direction, `t` steps of size `η` shrink the optimum's weight there by
/// `1 − (1 − ηh)ᵗ`, ridge by `h/(h + λ)`: for small `ηht` both are `≈ h/λ`, with `λ ≈ 1/(tη)`.
///
/// The rows that decide when to stop are used up: report the error on others. The best epoch is the
/// smallest of several noisy values, so its metric is too good on average.
///
/// # Example
/// ```
/// use mlnotes::metrics::validation::{Decision, EarlyStopping, Mode};
/// let mut stopping = EarlyStopping::new(2, 0.0, Mode::Min)?;
/// let decisions: Vec<Decision> =
///     [1.0, 0.8, 0.9, 0.79, 0.85, 0.9].iter().map(|&loss| stopping.update(loss)).collect();
/// use Decision::{Improved, Stop, Wait};
/// assert_eq!(decisions, [Improved, Improved, Wait, Improved, Wait, Stop]);
/// assert_eq!((stopping.best_epoch(), stopping.best()), (Some(3), Some(0.79)));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Prechelt (1998), Early stopping, but when?; Goodfellow, Bengio & Courville (2016), section 7.8.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlyStopping {
    patience: usize,
    min_delta: f64,
    mode: Mode,
    epoch: usize,
    best: Option<(usize, f64)>,
}

impl EarlyStopping {
    /// Stops after `patience` epochs in a row without a metric better than the best one by more than
    /// `min_delta`.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `patience >= 1` and `min_delta` is finite and not negative.
    pub fn new(patience: usize, min_delta: f64, mode: Mode) -> Result<Self> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "EarlyStopping", name, rule, got })
        };
        if patience == 0 {
            return bad("patience", ">= 1", patience.to_string());
        }
        if !(min_delta.is_finite() && min_delta >= 0.0) {
            return bad("min_delta", "finite and >= 0", min_delta.to_string());
        }
        Ok(Self { patience, min_delta, mode, epoch: 0, best: None })
    }

    /// Takes the metric of the next epoch. NaN is no improvement.
    pub fn update(&mut self, metric: f64) -> Decision {
        let gain = |best: f64| match self.mode {
            Mode::Min => best - metric,
            Mode::Max => metric - best,
        };
        let better = match self.best {
            Some((_, best)) => gain(best) > self.min_delta,
            None => !metric.is_nan(),
        };
        let epoch = self.epoch;
        self.epoch += 1;
        if better {
            self.best = Some((epoch, metric));
            return Decision::Improved;
        }
        let waited = self.best.map_or(self.epoch, |(best, _)| epoch - best);
        if waited >= self.patience { Decision::Stop } else { Decision::Wait }
    }

    /// Epoch of the best metric, from 0; none before the first.
    pub fn best_epoch(&self) -> Option<usize> {
        self.best.map(|(epoch, _)| epoch)
    }

    /// The best metric; none before the first.
    pub fn best(&self) -> Option<f64> {
        self.best.map(|(_, metric)| metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_stops_patience_epochs_after_the_best(
            metrics in proptest::collection::vec(-1.0..1.0f64, 1..60),
            patience in 1usize..6,
        ) {
            let mut low = EarlyStopping::new(patience, 0.0, Mode::Min).unwrap();
            let mut high = EarlyStopping::new(patience, 0.0, Mode::Max).unwrap();
            for (epoch, &metric) in metrics.iter().enumerate() {
                let decision = low.update(metric);
                prop_assert_eq!(decision, high.update(-metric));
                let best = metrics[..=epoch].iter().copied().fold(f64::INFINITY, f64::min);
                prop_assert_eq!(low.best(), Some(best));
                let since = epoch - low.best_epoch().unwrap();
                let expected = match since {
                    0 => Decision::Improved,
                    _ if since >= patience => Decision::Stop,
                    _ => Decision::Wait,
                };
                prop_assert_eq!(decision, expected);
                if decision == Decision::Stop {
                    break;
                }
            }
        }
    }

    #[test]
    fn small_gains_do_not_count_and_nan_never_does() {
        let mut stopping = EarlyStopping::new(2, 0.1, Mode::Max).unwrap();
        assert_eq!(stopping.update(0.5), Decision::Improved);
        assert_eq!(stopping.update(0.55), Decision::Wait);
        assert_eq!(stopping.update(f64::NAN), Decision::Stop);
        let mut lost = EarlyStopping::new(2, 0.0, Mode::Min).unwrap();
        assert_eq!(lost.update(f64::NAN), Decision::Wait);
        assert_eq!((lost.best(), lost.best_epoch()), (None, None));
        assert_eq!(lost.update(f64::NAN), Decision::Stop);
        assert!(EarlyStopping::new(0, 0.0, Mode::Min).is_err());
        assert!(EarlyStopping::new(1, f64::NAN, Mode::Min).is_err());
        assert!(EarlyStopping::new(1, -0.1, Mode::Min).is_err());
    }
}
