//! Settings, and the rounds of boosting.

use super::exact::{Exact, Sorted};
use super::grow::{Harvest, Limits, grow};
use super::histogram::{Binned, Histograms};
use super::model::{BoostedModel, check_rows_with_gaps};
use super::objective::{CHUNK, Objective};
use super::sums::{Judge, Sum, round};
use super::{Growth, Method};
use crate::display::check_interrupt;
use crate::tree::cart::part;
use crate::tree::lightgbm::goss_sample;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1, ArrayView2};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

const NAME: &str = "BoostedTrees";

/// Entry point: [`BoostedTrees::params`].
#[derive(Debug, Clone, Copy)]
pub struct BoostedTrees;

impl BoostedTrees {
    /// Default settings: squared error, 100 trees of depth 6, rate 0.3, `λ = 1`.
    ///
    /// ```
    /// use mlnotes::tree::xgb::{BoostedTrees, Objective};
    /// let cancer = mlnotes::data::breast_cancer();
    /// let model = BoostedTrees::params()
    ///     .objective(Objective::Logistic)
    ///     .n_trees(20)
    ///     .fit_classes(cancer.x.view(), &cancer.y)?;
    /// let p = model.predict_proba(cancer.x.view())?;
    /// assert_eq!(p.dim(), (569, 2));
    /// let wrong = (0..569).filter(|&i| (p[[i, 1]] > 0.5) != (cancer.y[i] == 1)).count();
    /// assert!(wrong < 6);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> BoostedTreesParams {
        BoostedTreesParams {
            objective: Objective::SquaredError,
            n_trees: 100,
            eta: 0.3,
            max_depth: 6,
            num_leaves: None,
            growth: Growth::DepthWise,
            method: Method::default(),
            lambda: 1.0,
            gamma: 0.0,
            min_child_weight: 1.0,
            subsample: 1.0,
            colsample: 1.0,
            goss: None,
            base_score: None,
            seed: 0,
        }
    }
}

/// Settings of second-order boosting.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `objective` | `SquaredError` | | the loss |
/// | `n_trees` | 100 | `>= 1` | rounds; `Softmax(c)` grows `c` trees a round |
/// | `eta` | 0.3 | `> 0` | share of each tree that is added |
/// | `max_depth` | 6 | `>= 1` | most questions of a tree |
/// | `num_leaves` | none | `>= 2` | most leaves of a tree |
/// | `growth` | `DepthWise` | | which leaf is split next; leaf-wise needs `num_leaves` to differ |
/// | `method` | `Histogram { max_bin: 255 }` | 2 to 255 bins | how splits are found |
/// | `lambda` | 1 | `>= 0` | penalty `½ λ w²` of a leaf's weight |
/// | `gamma` | 0 | `>= 0` | price of a leaf, in units of the loss; XGBoost's is twice it |
/// | `min_child_weight` | 1 | `>= 0` | least `H` of a leaf: rows, for squared error |
/// | `subsample` | 1 | `0 < s <= 1` | share of the rows each round draws, without replacement |
/// | `colsample` | 1 | `0 < s <= 1` | share of the features each tree draws |
/// | `goss` | none | `0 <= a`, `0 < b`, `a + b <= 1` | keep the share `a` of largest gradients, draw `b` |
/// | `base_score` | the best constant | | start, in units of the prediction; a margin for `Softmax`, `Custom` |
/// | `seed` | 0 | | chance of rows and features |
#[derive(Debug, Clone)]
pub struct BoostedTreesParams {
    objective: Objective,
    n_trees: usize,
    eta: f64,
    max_depth: usize,
    num_leaves: Option<usize>,
    growth: Growth,
    method: Method,
    lambda: f64,
    gamma: f64,
    min_child_weight: f64,
    subsample: f64,
    colsample: f64,
    goss: Option<(f64, f64)>,
    base_score: Option<f64>,
    seed: u64,
}

/// One setter a setting.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $name: $type) -> Self {
                self.$name = $name;
                self
            }
        )*
    };
}

impl BoostedTreesParams {
    setters! {
        /// Sets the loss.
        objective: Objective;
        /// Sets the number of rounds.
        n_trees: usize;
        /// Sets the share of each tree that is added, the learning rate.
        eta: f64;
        /// Sets the largest number of questions of a tree.
        max_depth: usize;
        /// Sets which leaf is split next.
        growth: Growth;
        /// Sets how splits are found.
        method: Method;
        /// Sets the penalty of a leaf's weight, `½ λ w²`.
        lambda: f64;
        /// Sets the price of a leaf, in units of the loss.
        gamma: f64;
        /// Sets the least sum of second derivatives of a leaf.
        min_child_weight: f64;
        /// Sets the share of the rows that each round draws, without replacement.
        subsample: f64;
        /// Sets the share of the features that each tree draws.
        colsample: f64;
        /// Seeds the draws of rows and features.
        seed: u64;
    }

    /// Sets the largest number of leaves of a tree.
    #[must_use]
    pub fn num_leaves(mut self, num_leaves: usize) -> Self {
        self.num_leaves = Some(num_leaves);
        self
    }

    /// Samples rows by gradient, see [`goss_sample`]: keeps the share `top` of the largest, draws `other`.
    #[must_use]
    pub fn goss(mut self, top: f64, other: f64) -> Self {
        self.goss = Some((top, other));
        self
    }

    /// Sets the start: a number, a probability of class 1 for [`Objective::Logistic`], else a margin.
    #[must_use]
    pub fn base_score(mut self, base_score: f64) -> Self {
        self.base_score = Some(base_score);
        self
    }

    /// As [`BoostedTreesParams::fit`], for classes numbered from 0.
    ///
    /// # Errors
    /// As [`BoostedTreesParams::fit`].
    pub fn fit_classes(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<BoostedModel> {
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
    pub fn fit(&self, x: ArrayView2<f64>, y: ArrayView1<f64>) -> Result<BoostedModel> {
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
        let mut model = BoostedModel::new(self.objective, start, self.eta, x.ncols());
        let rows_of_x = x.as_standard_layout();
        for round_number in 0..self.n_trees {
            check_interrupt();
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            rng.set_stream(round_number as u64);
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
                    rows.iter().for_each(|&row| margins[row as usize * k + output] += step);
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
                features.iter().for_each(|&feature| used[feature] = true);
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
            rows.iter().for_each(|&row| weights[row] = 1.0);
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

    fn check(&self) -> Result<()> {
        let bad =
            |name, rule, got: String| Err(Error::Parameter { estimator: NAME, name, rule, got });
        let not_negative = |v: f64| v.is_finite() && v >= 0.0;
        let share = |v: f64| v > 0.0 && v <= 1.0;
        match self.method {
            Method::Histogram { max_bin } if !(2..=255).contains(&max_bin) => {
                return bad("max_bin", "from 2 to 255", max_bin.to_string());
            }
            _ => {}
        }
        match self.objective {
            Objective::Softmax(n) if n < 2 => {
                return bad("objective", "a softmax of 2 classes or more", n.to_string());
            }
            Objective::Logistic if self.base_score.is_some_and(|p| !(p > 0.0 && p < 1.0)) => {
                let got = self.base_score.unwrap_or_default().to_string();
                return bad("base_score", "a probability above 0 and below 1", got);
            }
            _ => {}
        }
        match self.goss {
            Some((a, b)) if !(a >= 0.0 && b > 0.0 && a + b <= 1.0) => {
                return bad("goss", "shares with a >= 0, b > 0, a + b <= 1", format!("({a}, {b})"));
            }
            Some(_) if self.subsample < 1.0 => {
                return bad("subsample", "1 with `goss`", self.subsample.to_string());
            }
            _ => {}
        }
        let rules = [
            (self.n_trees >= 1, "n_trees", ">= 1", self.n_trees as f64),
            (self.max_depth >= 1, "max_depth", ">= 1", self.max_depth as f64),
            (
                self.num_leaves.is_none_or(|n| n >= 2),
                "num_leaves",
                ">= 2",
                self.num_leaves.unwrap_or_default() as f64,
            ),
            (self.eta.is_finite() && self.eta > 0.0, "eta", "finite and > 0", self.eta),
            (not_negative(self.lambda), "lambda", "finite and >= 0", self.lambda),
            (not_negative(self.gamma), "gamma", "finite and >= 0", self.gamma),
            (
                not_negative(self.min_child_weight),
                "min_child_weight",
                "finite and >= 0",
                self.min_child_weight,
            ),
            (share(self.subsample), "subsample", "above 0 and at most 1", self.subsample),
            (share(self.colsample), "colsample", "above 0 and at most 1", self.colsample),
            (
                self.base_score.is_none_or(f64::is_finite),
                "base_score",
                "finite",
                self.base_score.unwrap_or_default(),
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, name, rule, got)) => bad(name, rule, got.to_string()),
            None => Ok(()),
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
