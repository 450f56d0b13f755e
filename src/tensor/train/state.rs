//! Where a run stands.

use super::{History, not_finite};
use crate::Result;
use crate::tensor::{Params, ParamsDescent, Tensor};

/// All that the steps to come depend on, beside the parameters and the settings.
pub(super) struct State {
    pub(super) descent: ParamsDescent,
    pub(super) history: History,
    /// The parameters of the best epoch, if the run has a patience.
    pub(super) best: Option<Vec<Tensor>>,
}

impl State {
    pub(super) fn new(descent: ParamsDescent) -> Self {
        Self { descent, history: History::default(), best: None }
    }

    pub(super) fn n_steps(&self) -> usize {
        self.history.steps.len()
    }

    /// Whether the best validation lies more than `patience` epochs back.
    pub(super) fn is_stale(&self, patience: Option<usize>) -> bool {
        let (Some(patience), Some(best)) = (patience, self.history.best_epoch) else {
            return false;
        };
        self.history.validation.len() > best + patience
    }

    /// The mean loss of the epoch that ends here.
    pub(super) fn end_epoch(&mut self, n_rows: usize, batch: usize) {
        let history = &mut self.history;
        let first = history.steps.len() - n_rows.div_ceil(batch);
        let rows = |i: usize| batch.min(n_rows - i * batch) as f64;
        let sum: f64 = history.steps[first..].iter().enumerate().map(|(i, l)| rows(i) * l).sum();
        history.loss.push(sum / n_rows as f64);
    }

    /// Takes in what the validation said, and keeps the parameters if none was better.
    pub(super) fn judge(
        &mut self,
        value: f64,
        params: &Params,
        keep: bool,
        step: usize,
    ) -> Result<()> {
        if !value.is_finite() {
            return Err(not_finite(step));
        }
        let history = &mut self.history;
        let better = history.best_epoch.is_none_or(|best| value < history.validation[best]);
        if better {
            history.best_epoch = Some(history.validation.len());
            if keep {
                self.best = Some(params.snapshot()?);
            }
        }
        history.validation.push(value);
        Ok(())
    }

    /// The history; the parameters of the best epoch, if they were kept, are now those of the model.
    pub(super) fn finish(mut self, params: &Params, total: usize) -> Result<History> {
        self.history.stopped_early = self.n_steps() < total;
        if let Some(best) = &self.best {
            params.restore(best)?;
        }
        Ok(self.history)
    }
}
