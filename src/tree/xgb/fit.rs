//! The rounds of boosting.

use super::exact::{Exact, Sorted};
use super::grow::{Harvest, Limits, grow};
use super::histogram::{Binned, Histograms};
use super::model::{BoostedTrees, check_rows_with_gaps};
use super::objective::{CHUNK, Objective};
use super::sums::{Judge, Sum, round};
use super::{BoostedTreesParams, Method};
use crate::base::stream;
use crate::display::check_interrupt;
use crate::tree::cart::part;
use crate::tree::lightgbm::goss_sample;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

impl BoostedTreesParams {
    /// As [`BoostedTreesParams::fit`], for classes numbered from 0.
    ///
    /// # Errors
    /// As [`BoostedTreesParams::fit`].
    pub fn fit_classes(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<BoostedTrees> {
        let y: Array1<f64> = y.iter().map(|&class| class as f64).collect();
        self.fit(x, y.view())
    }

    /// Fits `x`, `(n_samples, n_features)`, to `y`, `(n_samples,)`: numbers, or classes numbered from 0.
    /// `NaN` in `x` is a missing value.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`] for an infinite value in `x` or one that is not finite in
    /// `y`, [`Error::Shape`], [`Error::Parameter`]; for classes [`Error::Label`], [`Error::SingleClass`],
    /// [`Error::EmptyGroup`] for a class without rows; [`Error::Negative`] for a custom curvature.
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<BoostedTrees> {
        self.check()?;
        check_rows_with_gaps("BoostedTrees: `x`", x, x.ncols())?;
        check_length(y.len(), x.nrows())?;
        self.objective.check_targets("BoostedTrees: `y`", y)?;
        let data = match self.method {
            Method::Exact => Data::Sorted(Sorted::new(x)),
            Method::Histogram { max_bin } => Data::Binned(Binned::new(x, max_bin)?),
        };
        let (n, k) = (x.nrows(), self.objective.n_outputs());
        let start = self.start(y);
        let y = y.to_vec();
        let mut margins: Vec<f64> = (0..n).flat_map(|_| start.iter().copied()).collect();
        let mut derivatives = vec![(0.0, 0.0); n * k];
        let mut sums = vec![Sum::default(); n];
        let mut model = BoostedTrees::new(self.objective, start, self.eta, x.ncols());
        let rows_of_x = x.as_standard_layout();
        for round_number in 0..self.n_trees {
            check_interrupt();
            let mut rng = stream(self.seed, round_number);
            self.objective.derive(&margins, &y, &mut derivatives)?;
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

    fn start(&self, y: ArrayView1<f64>) -> Array1<f64> {
        match (self.base_score, self.objective) {
            (None, objective) => objective.start(y),
            (Some(p), Objective::Logistic) => Array1::from_elem(1, (p / (1.0 - p)).ln()),
            (Some(score), objective) => Array1::from_elem(objective.n_outputs(), score),
        }
    }
}

/// The data as the method wants them.
enum Data {
    Sorted(Sorted),
    Binned(Binned),
}

fn check_length(n_targets: usize, n_samples: usize) -> Result<()> {
    if n_targets != n_samples {
        let (expected, got) = (format!("({n_samples},)"), format!("({n_targets},)"));
        return Err(Error::Shape { what: "BoostedTrees: `y`", expected, got });
    }
    if u32::try_from(n_samples).is_err() {
        let expected = format!("at most {} rows", u32::MAX);
        return Err(Error::Shape {
            what: "BoostedTrees: `x`",
            expected,
            got: n_samples.to_string(),
        });
    }
    Ok(())
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
