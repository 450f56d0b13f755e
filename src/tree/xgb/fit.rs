//! The rounds of boosting.

use super::Method;
use super::ensemble::{Ensemble, check_rows_with_gaps};
use super::exact::{Exact, Sorted};
use super::grow::{Harvest, Limits, grow};
use super::histogram::{Binned, Histograms};
use super::objective::{CHUNK, Objective};
use super::params::Settings;
use super::sums::{Judge, Sum, round};
use super::watch::{Rows, Watched};
use crate::base::{Present, check_length, stream};
use crate::data::{stratified_train_test_split, train_test_split};
use crate::display::check_interrupt;
use crate::tree::cart::part;
use crate::tree::lightgbm::goss_sample;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2, Axis};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// How errors name what was given.
pub(super) struct Words {
    pub(super) estimator: &'static str,
    pub(super) x: &'static str,
    pub(super) y: &'static str,
    pub(super) sample_weight: &'static str,
    pub(super) x_valid: &'static str,
    pub(super) y_valid: &'static str,
}

/// The words of a type.
macro_rules! words {
    ($name:literal) => {
        Words {
            estimator: $name,
            x: concat!($name, ": `x`"),
            y: concat!($name, ": `y`"),
            sample_weight: concat!($name, ": `sample_weight`"),
            x_valid: concat!($name, ": `x_valid`"),
            y_valid: concat!($name, ": `y_valid`"),
        }
    };
}
pub(super) use words;

impl Settings {
    pub(super) fn fit(
        &self,
        words: &Words,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
    ) -> Result<Ensemble> {
        self.check_given(words, x, y)?;
        self.held_out(x, &y.to_vec(), &vec![1.0; y.len()])
    }

    pub(super) fn fit_weighted(
        &self,
        words: &Words,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        sample_weight: ArrayView1<f64>,
    ) -> Result<Ensemble> {
        self.check_given(words, x, y)?;
        let present = Present::of(words.sample_weight, sample_weight, x.nrows())?;
        let (x, y) = (present.x(x), present.part(|i| y[i]));
        self.objective.check_targets(words.y, ArrayView1::from(&y))?;
        self.held_out(x.view(), &y, &present.weights.to_vec())
    }

    pub(super) fn fit_validated(
        &self,
        words: &Words,
        x: ArrayView2<f64>,
        y: ArrayView1<f64>,
        x_valid: ArrayView2<f64>,
        y_valid: ArrayView1<f64>,
    ) -> Result<Ensemble> {
        self.check_given(words, x, y)?;
        check_rows_with_gaps(words.x_valid, x_valid, x.ncols())?;
        check_length(words.y_valid, y_valid.len(), x_valid.nrows())?;
        self.objective.check_labels(words.y_valid, y_valid)?;
        let (y, ones) = (y.to_vec(), vec![1.0; y.len()]);
        let (y_valid, valid_ones) = (y_valid.to_vec(), vec![1.0; y_valid.len()]);
        let valid = Rows { x: x_valid.reborrow(), y: &y_valid, weights: &valid_ones };
        self.run(Rows { x: x.reborrow(), y: &y, weights: &ones }, Some(valid))
    }

    fn check_given(&self, words: &Words, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<()> {
        self.check(words.estimator)?;
        check_rows_with_gaps(words.x, x, x.ncols())?;
        check_length(words.y, y.len(), x.nrows())?;
        if u32::try_from(x.nrows()).is_err() {
            let (expected, got) = (format!("at most {} rows", u32::MAX), x.nrows().to_string());
            return Err(Error::Shape { what: words.x, expected, got });
        }
        self.objective.check_targets(words.y, y)
    }

    /// Fits checked rows; with a patience, a share of them is held out.
    fn held_out(&self, x: ArrayView2<f64>, y: &[f64], weights: &[f64]) -> Result<Ensemble> {
        if self.stopping.patience.is_none() {
            return self.run(Rows { x: x.reborrow(), y, weights }, None);
        }
        let share = self.stopping.validation_share;
        let split = match self.objective {
            Objective::Logistic | Objective::Softmax(_) => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "labels"
                )]
                let classes: Vec<usize> = y.iter().map(|&class| class as usize).collect();
                stratified_train_test_split(&classes, share, self.seed)?
            }
            _ => train_test_split(y.len(), share, self.seed)?,
        };
        let part = |rows: &[usize]| {
            let of = |values: &[f64]| -> Vec<f64> { rows.iter().map(|&row| values[row]).collect() };
            (x.select(Axis(0), rows), of(y), of(weights))
        };
        let (train, valid) = (part(&split.train), part(&split.test));
        let rows = Rows { x: train.0.view(), y: &train.1, weights: &train.2 };
        let valid = Rows { x: valid.0.view(), y: &valid.1, weights: &valid.2 };
        self.run(rows, Some(valid))
    }

    /// The rounds, on checked rows.
    fn run(&self, given: Rows, valid: Option<Rows>) -> Result<Ensemble> {
        let Rows { x, y, weights: counts } = given;
        let data = match self.method {
            Method::Exact => Data::Sorted(Sorted::new(x)),
            Method::Histogram { max_bin } => Data::Binned(Binned::new(x, max_bin)?),
        };
        let (n, k) = (x.nrows(), self.objective.n_outputs());
        let weighted = counts.iter().any(|count| (count - 1.0).abs() > 0.0);
        let start = self.start(y, counts);
        let mut watched = match valid {
            Some(valid) => Watched::new(valid, &start, self)?,
            None => None,
        };
        let mut margins: Vec<f64> = (0..n).flat_map(|_| start.iter().copied()).collect();
        let mut derivatives = vec![(0.0, 0.0); n * k];
        let mut sums = vec![Sum::default(); n];
        let mut model = Ensemble {
            objective: self.objective,
            start,
            eta: self.eta,
            n_features: x.ncols(),
            validation_loss: None,
            trees: Vec::new(),
        };
        let rows_of_x = x.as_standard_layout();
        for round_number in 0..self.n_trees {
            check_interrupt();
            let mut rng = stream(self.seed, round_number);
            self.objective.derive(&margins, y, &mut derivatives)?;
            if weighted {
                weigh(&mut derivatives, counts, k);
            }
            let (rows, weights) = self.draw_rows(&derivatives, n, &mut rng)?;
            for output in 0..k {
                let scale = round(&derivatives, (output, k), &weights, &mut sums);
                let judge = Judge::new(scale, self.lambda, self.min_child_weight);
                let features = self.draw_features(x.ncols(), &mut rng);
                let number = model.trees.len();
                let (tree, leaves) =
                    self.grow_tree(&data, rows.clone(), &features, &sums, judge, number);
                for (id, rows) in leaves {
                    let step = self.eta * tree.nodes[id].weight;
                    for &row in &rows {
                        margins[row as usize * k + output] += step;
                    }
                }
                if rows.len() < n {
                    let step = |row: &[f64]| self.eta * tree.leaf(row).weight;
                    let x = rows_of_x.as_slice().unwrap_or_default();
                    add_to_others(&mut margins, (output, k), x, &weights, step);
                }
                model.trees.push(tree);
            }
            let last = &model.trees[model.trees.len() - k..];
            if watched.as_mut().is_some_and(|watched| watched.stops(last, self)) {
                break;
            }
        }
        if let Some(watched) = watched {
            let (kept, losses) = watched.end();
            model.trees.truncate(kept * k);
            model.validation_loss = Some(losses.into());
        }
        Ok(model)
    }

    fn grow_tree(
        &self,
        data: &Data,
        rows: Vec<u32>,
        features: &[usize],
        derivatives: &[Sum],
        judge: Judge,
        number: usize,
    ) -> Harvest {
        let limits = Limits {
            growth: self.growth,
            max_depth: self.max_depth,
            num_leaves: self.num_leaves.unwrap_or(usize::MAX),
            lambda: self.lambda,
            gamma: self.gamma,
        };
        match data {
            Data::Sorted(data) => {
                let finder = Exact { data, features, derivatives, judge };
                grow(&finder, rows, &judge, &limits, number)
            }
            Data::Binned(data) => {
                let mut used = vec![false; data.n_features()];
                for &feature in features {
                    used[feature] = true;
                }
                let finder = Histograms { data, features: &used, derivatives, judge };
                grow(&finder, rows, &judge, &limits, number)
            }
        }
    }

    /// The rows of a round, in ascending order, and a weight for each row, 0 for those not drawn; no
    /// weights at all when every row is drawn.
    #[expect(clippy::cast_possible_truncation, reason = "the number of rows was checked")]
    fn draw_rows(
        &self,
        derivatives: &[(f64, f64)],
        n: usize,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Vec<u32>, Vec<f64>)> {
        let mut weights = vec![0.0; n];
        let mut drawn = if let Some((top, other)) = self.goss {
            let k = self.objective.n_outputs();
            let size = |row: &[(f64, f64)]| row.iter().map(|(g, _)| g.abs()).sum();
            let sizes: Array1<f64> = derivatives.chunks_exact(k).map(size).collect();
            let (rows, of_rows) = goss_sample(sizes.view(), top, other, rng.random())?;
            rows.iter().zip(of_rows).for_each(|(&row, weight)| weights[row] = weight);
            rows
        } else if self.subsample < 1.0 {
            let rows = rand::seq::index::sample(rng, n, part(self.subsample, n)).into_vec();
            for &row in &rows {
                weights[row] = 1.0;
            }
            rows
        } else {
            return Ok(((0..n as u32).collect(), Vec::new()));
        };
        drawn.sort_unstable();
        Ok((drawn.into_iter().map(|row| row as u32).collect(), weights))
    }

    fn draw_features(&self, n_features: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        let n_drawn = part(self.colsample, n_features);
        if n_drawn == n_features {
            return (0..n_features).collect();
        }
        let mut drawn = rand::seq::index::sample(rng, n_features, n_drawn).into_vec();
        drawn.sort_unstable();
        drawn
    }

    fn start(&self, y: &[f64], weights: &[f64]) -> Array1<f64> {
        match (self.base_score, self.objective) {
            (None, objective) => objective.start(y, weights),
            (Some(p), Objective::Logistic) => Array1::from_elem(1, (p / (1.0 - p)).ln()),
            (Some(score), objective) => Array1::from_elem(objective.n_outputs(), score),
        }
    }
}

/// Multiplies each row's derivatives by how much it counts.
fn weigh(derivatives: &mut [(f64, f64)], counts: &[f64], n_outputs: usize) {
    for (row, &count) in derivatives.chunks_exact_mut(n_outputs).zip(counts) {
        for (g, h) in row {
            *g *= count;
            *h *= count;
        }
    }
}

/// The data as the method wants them.
enum Data {
    Sorted(Sorted),
    Binned(Binned),
}

/// Adds a new tree to output `k` of the rows that were not drawn, those of weight 0.
fn add_to_others(
    margins: &mut [f64],
    (k, n_outputs): (usize, usize),
    x: &[f64],
    weights: &[f64],
    step: impl Fn(&[f64]) -> f64 + Sync,
) {
    let n_features = x.len() / weights.len();
    let chunks = margins.par_chunks_mut(CHUNK * n_outputs).zip(weights.par_chunks(CHUNK));
    chunks.zip(x.par_chunks(CHUNK * n_features)).for_each(|((margins, weights), x)| {
        let rows = margins.chunks_exact_mut(n_outputs).zip(x.chunks_exact(n_features));
        for ((margins, row), &weight) in rows.zip(weights) {
            if weight == 0.0 {
                margins[k] += step(row);
            }
        }
    });
}
