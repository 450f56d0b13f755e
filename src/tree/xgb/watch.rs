//! The rows that are fitted, and those that are watched.

use super::params::Settings;
use super::structure::BoostedTree;
use crate::Result;
use crate::tree::stopping::Watch;
use ndarray::{Array1, ArrayView2};

/// Checked rows, their targets, and how much each counts.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) x: ArrayView2<'a, f64>,
    pub(super) y: &'a [f64],
    pub(super) weights: &'a [f64],
}

/// Rows held out, and what the trees say of them so far.
pub(super) struct Watched<'a> {
    rows: Rows<'a>,
    /// Row by row.
    margins: Vec<f64>,
    watch: Watch,
}

impl<'a> Watched<'a> {
    /// None of a custom loss, which has no value to watch.
    pub(super) fn new(
        rows: Rows<'a>,
        start: &Array1<f64>,
        params: &Settings,
    ) -> Result<Option<Self>> {
        let margins: Vec<f64> = rows.y.iter().flat_map(|_| start.iter().copied()).collect();
        match params.objective.mean_loss(&margins, rows.y, rows.weights) {
            Some(loss) => {
                let watch = Watch::new(params.stopping, loss)?;
                Ok(Some(Self { rows, margins, watch }))
            }
            None => Ok(None),
        }
    }

    /// Adds the trees of a round, one an output; whether it was the last.
    pub(super) fn stops(&mut self, trees: &[BoostedTree], params: &Settings) -> bool {
        for (margins, row) in self.margins.chunks_exact_mut(trees.len()).zip(self.rows.x.rows()) {
            let row = row.to_vec();
            for (margin, tree) in margins.iter_mut().zip(trees) {
                *margin += params.eta * tree.leaf(&row).weight;
            }
        }
        let loss = params.objective.mean_loss(&self.margins, self.rows.y, self.rows.weights);
        loss.is_some_and(|loss| self.watch.stops(loss))
    }

    /// As [`Watch::end`].
    pub(super) fn end(self) -> (usize, Vec<f64>) {
        self.watch.end()
    }
}
