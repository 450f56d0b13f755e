//! The state of a run in a safetensors file: parameters, the rule's past, the history, and the settings in words.

use super::state::State;
use crate::tensor::{DType, Device, Params, Tensor, read_tensors, write_tensors};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::path::Path;

const WHAT: &str = "Training: the checkpoint";

impl State {
    pub(super) fn write(&self, path: &Path, settings: &str, params: &Params) -> Result<()> {
        let mut tensors: Vec<(String, Tensor)> = Vec::new();
        for ((name, var), past) in params.iter().zip(&self.descent.slots) {
            tensors.push((format!("param.{name}"), var.as_detached_tensor()));
            let past = past.iter().enumerate();
            tensors.extend(past.map(|(i, t)| (format!("past{i}.{name}"), t.clone())));
        }
        for (name, best) in params.names().zip(self.best.iter().flatten()) {
            tensors.push((format!("best.{name}"), best.clone()));
        }
        let best_epoch = self.history.best_epoch.map(|epoch| epoch as f64);
        for (name, numbers) in [
            ("powers", self.descent.clock.powers.as_slice()),
            ("history.steps", &self.history.steps),
            ("history.norms", &self.history.norms),
            ("history.loss", &self.history.loss),
            ("history.validation", &self.history.validation),
            ("history.best_epoch", best_epoch.as_slice()),
        ] {
            // safetensors holds no empty tensors for every reader.
            if !numbers.is_empty() {
                tensors.push((name.to_owned(), Tensor::new(numbers, &Device::Cpu)?));
            }
        }
        write_tensors(path, tensors.iter().map(|(name, t)| (name.clone(), t)), settings)
    }

    /// Takes up the state of a file, and sets the parameters to its.
    pub(super) fn read(&mut self, path: &Path, settings: &str, params: &Params) -> Result<()> {
        let (mut tensors, stored) = read_tensors(path)?;
        if stored != settings {
            let (name, rule) = ("resume", "of a run with the checkpoint's own settings");
            let got = format!("{settings}; the checkpoint has {stored}");
            return Err(Error::Parameter { estimator: "Training", name, rule, got });
        }
        let mut numbers = |name: &str| -> Result<Vec<f64>> {
            let Some(t) = tensors.remove(name) else { return Ok(Vec::new()) };
            Ok(t.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
        };
        let powers: [f64; 2] = numbers("powers")?.try_into().map_err(|_| missing("powers"))?;
        let history = &mut self.history;
        history.steps = numbers("history.steps")?;
        history.norms = numbers("history.norms")?;
        history.loss = numbers("history.loss")?;
        history.validation = numbers("history.validation")?;
        let best = numbers("history.best_epoch")?;
        let validation = &history.validation;
        history.best_epoch = (0..validation.len()).find(|epoch| best.contains(&(*epoch as f64)));
        let mut own = take(&mut tensors, "param.");
        for i in 0..self.descent.slots.first().map_or(0, Vec::len) {
            let mut stored = take(&mut tensors, &format!("past{i}."));
            for ((name, _), slots) in params.iter().zip(&mut self.descent.slots) {
                let full = || missing(&format!("past{i}.{name}"));
                let tensor = stored.remove(name).ok_or_else(full)?;
                if tensor.dims() != slots[i].dims() || tensor.dtype() != slots[i].dtype() {
                    return Err(full());
                }
                slots[i] = tensor;
            }
        }
        let mut best = take(&mut tensors, "best.");
        if !best.is_empty() {
            let kept = params.names().map(|name| best.remove(name).ok_or_else(|| missing(name)));
            self.best = Some(kept.collect::<Result<_>>()?);
        }
        self.descent.clock.powers = powers;
        self.descent.clock.t = self.history.steps.len();
        params.set_all(WHAT, &mut own)
    }
}

/// The tensors whose names begin so, without the beginning.
fn take(tensors: &mut BTreeMap<String, Tensor>, start: &str) -> BTreeMap<String, Tensor> {
    let names: Vec<String> =
        tensors.keys().filter(|name| name.starts_with(start)).cloned().collect();
    let named = |name: String| Some((name[start.len()..].to_owned(), tensors.remove(&name)?));
    names.into_iter().filter_map(named).collect()
}

fn missing(name: &str) -> Error {
    let problem = "is missing or of another shape; start anew without `resume`".to_owned();
    Error::Weights { what: WHAT, name: name.to_owned(), problem }
}
