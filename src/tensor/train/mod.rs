//! The training loop: batches in a seeded order, a rule, a schedule, clipping, early stop, checkpoints.
//!
//! ```text
//! for each epoch, for each batch of its own order of the rows:
//!     L = loss(batch),  g = ∂L/∂θ,   g ← g · min(1, c / ‖g‖),   θ ← θ − η(step) u(g)
//! after each epoch: validate; stop when the best is more than `patience` epochs old, and take its parameters
//! ```
//!
//! All chance comes from the seed: epoch `e` has its own stream of it, and so has step `s` ([`Batch::stream`]), so that a
//! run that goes on from a checkpoint makes the same steps, to the bit, as one that was never interrupted.

mod checkpoint;
mod state;

use self::state::State;
use super::{Gradients, Params, ParamsDescent, Tensor, gradients};
use crate::base::{check_positive, setters, stream};
use crate::display::{Progress, check_interrupt};
use crate::optim::{Adam, Rule, Schedule};
use crate::{Error, Result};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::path::PathBuf;

const NAME: &str = "Training::fit";
/// Parameters take the first streams of a seed; orders of rows and steps begin here.
const ORDERS: usize = 1 << 32;
const STEPS: usize = 1 << 33;

/// Settings of a training run.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `epochs` | required | `>= 1` | rounds over the rows |
/// | `batch` | 32 | `>= 1` | rows of a step |
/// | `rule` | `Adam`, rate 1e-3 | | what a step makes of a gradient |
/// | `schedule` | the rule's rate | | rate of each step |
/// | `clip_norm` | none | `> 0` | largest norm of all gradients together |
/// | `patience` | none | `>= 1` | epochs without a better validation before the stop |
/// | `seed` | 0 | | order of the rows, and chance inside of a step |
/// | `progress` | none | | label of a bar |
/// | `checkpoint` | none | every `>= 1` steps | file that holds the state |
/// | `resume` | false | needs a checkpoint | whether to go on from the file, if it is there |
///
/// ```
/// use mlnotes::optim::Sgd;
/// use mlnotes::tensor::{Batch, DType, Init, Params, Training, indices, to_array, to_tensor};
/// use ndarray::array;
/// // y = 2 x + 1.
/// let x = to_tensor(array![[0.0], [1.0], [2.0], [3.0]].view(), DType::F64)?;
/// let y = to_tensor(array![[1.0], [3.0], [5.0], [7.0]].view(), DType::F64)?;
/// let mut params = Params::new(DType::F64, 0)?;
/// let (w, b) = (params.add("w", &[1, 1], Init::Glorot)?, params.add("b", &[1], Init::Zeros)?);
/// let training = Training::new(300).batch(2).rule(Sgd::new(0.05).momentum(0.5).into());
/// let history = training.fit(&params, 4, |batch: &Batch| {
///     let rows = indices(batch.rows)?;
///     let gap = (x.index_select(&rows, 0)?.matmul(&w)?.broadcast_add(&b)? - y.index_select(&rows, 0)?)?;
///     Ok(gap.sqr()?.mean_all()?)
/// })?;
/// assert!(history.loss[299] < 1e-9 && history.steps.len() == 600);
/// assert!((to_array::<ndarray::Ix1>(&b)?[0] - 1.0).abs() < 1e-4);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    epochs: usize,
    batch: usize,
    rule: Rule,
    schedule: Option<Schedule>,
    clip_norm: Option<f64>,
    patience: Option<usize>,
    seed: u64,
    progress: Option<String>,
    checkpoint: Option<(PathBuf, usize)>,
    resume: bool,
}

/// What one step sees.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Batch<'a> {
    /// Its rows, numbered from 0.
    pub rows: &'a [usize],
    /// Its epoch, from 0.
    pub epoch: usize,
    /// Its step, from 0, counted through all epochs.
    pub step: usize,
    seed: u64,
}

impl Batch<'_> {
    /// The chance of this step: for the masks of a dropout, or for negatives.
    pub fn stream(&self) -> ChaCha8Rng {
        stream(self.seed, STEPS + self.step)
    }
}

/// What a run leaves beside its parameters.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct History {
    /// Loss of each step, before it was made.
    pub steps: Vec<f64>,
    /// Norm of all gradients together at each step, before it was clipped.
    pub norms: Vec<f64>,
    /// Mean of each epoch's steps, weighted by their rows.
    pub loss: Vec<f64>,
    /// What the validation said after each epoch; empty without one.
    pub validation: Vec<f64>,
    /// The epoch whose validation was lowest, from 0; the parameters are its, if there was a `patience`.
    pub best_epoch: Option<usize>,
    /// Whether the patience ended before the epochs.
    pub stopped_early: bool,
}

/// Loss of a batch.
type Loss<'a> = dyn FnMut(&Batch) -> Result<Tensor> + 'a;
/// Loss on rows that no step sees.
type Validation<'a> = dyn FnMut() -> Result<f64> + 'a;

impl Training {
    /// A run of so many rounds over the rows.
    pub fn new(epochs: usize) -> Self {
        Self {
            epochs,
            batch: 32,
            rule: Adam::new(1e-3).into(),
            schedule: None,
            clip_norm: None,
            patience: None,
            seed: 0,
            progress: None,
            checkpoint: None,
            resume: false,
        }
    }

    setters! {
        /// Sets the number of rows of a step.
        batch: usize;
        /// Sets what a step makes of a gradient.
        rule: Rule;
        /// Sets the rate of each step, in place of the rule's.
        schedule: Schedule => Some;
        /// Sets the largest norm of all gradients together.
        clip_norm: f64 => Some;
        /// Sets how many epochs may pass without a better validation.
        patience: usize => Some;
        /// Seeds the order of the rows and the chance inside of a step.
        seed: u64;
        /// Sets the label of a bar that shows the steps.
        progress: String => Some;
        /// Sets whether to go on from the checkpoint, if its file is there.
        resume: bool;
    }

    /// Sets the file that holds the state, written anew after every so many steps, and at the end.
    #[must_use]
    pub fn checkpoint(mut self, path: impl Into<PathBuf>, every: usize) -> Self {
        self.checkpoint = Some((path.into(), every));
        self
    }

    /// Trains `params` on `n_rows` rows; `loss` gives the loss of a batch of them.
    ///
    /// An interrupt by the reader ends the run between two steps: the parameters keep what they have learned, and a
    /// checkpoint the whole state.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows or no parameters; [`Error::Parameter`] for a setting, or for a checkpoint of
    /// other settings; [`Error::NotConverged`] when a loss or a gradient is not finite; [`Error::Io`] and
    /// [`Error::Weights`] for the checkpoint; those of `loss`.
    pub fn fit(
        &self,
        params: &Params,
        n_rows: usize,
        mut loss: impl FnMut(&Batch) -> Result<Tensor>,
    ) -> Result<History> {
        self.run(params, n_rows, &mut loss, None)
    }

    /// As [`Training::fit`]; `validate` gives, after each epoch, the loss on rows that no step sees.
    ///
    /// # Errors
    /// As [`Training::fit`], and those of `validate`.
    pub fn fit_validated(
        &self,
        params: &Params,
        n_rows: usize,
        mut loss: impl FnMut(&Batch) -> Result<Tensor>,
        mut validate: impl FnMut() -> Result<f64>,
    ) -> Result<History> {
        self.run(params, n_rows, &mut loss, Some(&mut validate))
    }

    fn check(&self, params: &Params, n_rows: usize, validated: bool) -> Result<()> {
        let bad = |name, rule, got: String| {
            Err(Error::Parameter { estimator: "Training", name, rule, got })
        };
        if n_rows == 0 {
            return Err(Error::Empty { what: "Training::fit: `n_rows`", needed: "1 row" });
        }
        if params.is_empty() {
            return Err(Error::Empty { what: "Training::fit: `params`", needed: "1 parameter" });
        }
        let every = self.checkpoint.as_ref().map_or(1, |(_, every)| *every);
        for (name, value) in [
            ("epochs", self.epochs),
            ("batch", self.batch),
            ("patience", self.patience.unwrap_or(1)),
            ("checkpoint", every),
        ] {
            if value == 0 {
                return bad(name, ">= 1", "0".to_owned());
            }
        }
        if self.patience.is_some() && !validated {
            return bad("patience", "without a validation, none", format!("{:?}", self.patience));
        }
        if self.resume && self.checkpoint.is_none() {
            return bad("resume", "false without a checkpoint", "true".to_owned());
        }
        self.clip_norm.map_or(Ok(()), |most| check_positive("Training", "clip_norm", most))
    }

    fn run(
        &self,
        params: &Params,
        n_rows: usize,
        loss: &mut Loss,
        mut validate: Option<&mut Validation>,
    ) -> Result<History> {
        self.check(params, n_rows, validate.is_some())?;
        let mut state = State::new(ParamsDescent::new(self.rule, params)?);
        let settings = self.settings(n_rows, params);
        if let (true, Some((path, _))) = (self.resume, &self.checkpoint)
            && path.exists()
        {
            state.read(path, &settings, params)?;
        }
        let per_epoch = n_rows.div_ceil(self.batch);
        let total = self.epochs * per_epoch;
        let mut bar = self.progress.as_ref().map(|label| Progress::new(total, label));
        let mut order = Vec::new();
        let mut order_of = None;
        while state.n_steps() < total && !state.is_stale(self.patience) {
            check_interrupt();
            let step = state.n_steps();
            let (epoch, part) = (step / per_epoch, step % per_epoch);
            if order_of != Some(epoch) {
                (order, order_of) = (self.order(n_rows, epoch), Some(epoch));
            }
            let rows = &order[part * self.batch..(part * self.batch + self.batch).min(n_rows)];
            let batch = Batch { rows, epoch, step, seed: self.seed };
            let slopes = self.slopes(params, &batch, loss, &mut state)?;
            if let Some(schedule) = &self.schedule {
                state.descent.set_learning_rate(schedule.lr(step))?;
            }
            state.descent.step(params, &slopes)?;
            state.history.steps.push(slopes.loss());
            if part + 1 == per_epoch {
                state.end_epoch(n_rows, self.batch);
                if let Some(validate) = &mut validate {
                    state.judge(validate()?, params, self.patience.is_some(), step)?;
                }
            }
            if let Some((path, every)) = &self.checkpoint
                && (state.n_steps().is_multiple_of(*every) || state.n_steps() == total)
            {
                state.write(path, &settings, params)?;
            }
            if let Some(bar) = &mut bar {
                bar.inc();
            }
        }
        if let Some(bar) = bar {
            bar.finish();
        }
        state.finish(params, total)
    }

    /// Gradients of a batch, clipped; their norm goes into the history.
    fn slopes(
        &self,
        params: &Params,
        batch: &Batch,
        loss: &mut Loss,
        state: &mut State,
    ) -> Result<Gradients> {
        let blown = |error| match error {
            Error::NotFinite { .. } => not_finite(batch.step),
            other => other,
        };
        let mut slopes = gradients(&loss(batch)?, params).map_err(blown)?;
        let norm = match self.clip_norm {
            Some(most) => slopes.clip_norm(most),
            None => slopes.norm(),
        };
        state.history.norms.push(norm.map_err(blown)?);
        Ok(slopes)
    }

    /// The rows in the order of an epoch.
    fn order(&self, n_rows: usize, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n_rows).collect();
        order.shuffle(&mut stream(self.seed, ORDERS + epoch));
        order
    }

    /// What must be the same for a run to go on; more epochs may be asked for.
    fn settings(&self, n_rows: usize, params: &Params) -> String {
        let Self { batch, rule, schedule, clip_norm, patience, seed, .. } = self;
        let dtype = params.dtype().as_str();
        format!(
            "{n_rows} rows, batch {batch}, {rule:?}, {schedule:?}, clip {clip_norm:?}, patience {patience:?}, \
             seed {seed}, {dtype}"
        )
    }
}

fn not_finite(step: usize) -> Error {
    let remedy = "a loss or a gradient is not finite; lower the learning rate, set `clip_norm`, or look for a \
                  target that is masked";
    Error::NotConverged { estimator: NAME, n_iter: step, change: f64::INFINITY, remedy }
}

#[cfg(test)]
mod tests;
