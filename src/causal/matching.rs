//! Matching: for each treated row, controls that look like it.
//!
//! ```text
//! ATT = (1/n₁) Σ_{i treated} (Yᵢ − Ŷᵢ),   Ŷᵢ = mean of Y over the Mᵢ controls matched to i
//! Var = (1/n₁²) [ Σ_{i treated} (Yᵢ − Ŷᵢ − ATT)² + Σ_{j control} (Kⱼ² − Lⱼ) σ̂ⱼ² ]
//!       Kⱼ = Σᵢ 1/Mᵢ,  Lⱼ = Σᵢ 1/Mᵢ²  over the treated rows i that use control j
//!       σ̂ⱼ² = J/(J+1) (Yⱼ − mean of Y over the J controls nearest to j)²,  J = 2 and its ties
//! ```
//!
//! All matching, on covariates as on the propensity score, assumes that no unmeasured variable drives both
//! treatment and outcome; a perfect match on what was measured says nothing about what was not. Rows
//! without a match leave the estimate, which is then about the others only.
//!
//! Greedy matching without replacement depends on the order of the rows; [`Matching::Optimal`] does not.
//! With continuous covariates the matches are never exact, and the bias that is left shrinks slower than
//! the standard error once there are several of them: [`Matches::att_adjusted`] takes it off. Resampling
//! (the bootstrap) does not give a valid standard error of nearest-neighbour matching.
//!
//! # References
//! Abadie & Imbens (2006), theorem 7, for the variance (here with `Mᵢ` that may differ, as in Abadie,
//! Drukker, Herr & Imbens 2004); Abadie & Imbens (2008) on the bootstrap and (2011) on the adjustment;
//! Rosenbaum (1989), *Optimal matching for observational studies*; Stuart (2010), a review.

use super::assignment::assign;
use super::check::{arms, check_outcome};
use super::effect::{Effect, Estimand};
use super::metric::{Metric, coordinates, distance, settled};
use crate::base::{check_matrix, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Neighbours in a control's own arm from which the variance of its outcome is estimated; ties count in.
const VARIANCE_NEIGHBOURS: usize = 2;

/// How controls are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Matching {
    /// All controls whose covariates are equal in every column. Coarsen continuous columns first.
    Exact,
    /// The nearest controls, each treated row in its turn; the lower row number on a tie, which is
    /// agreement to about 9 digits.
    Nearest {
        /// Controls a treated row, at least 1; fewer where the caliper leaves fewer.
        k: usize,
        /// The largest distance allowed, in the metric's units.
        caliper: Option<f64>,
        /// Whether a control may serve several treated rows.
        replace: bool,
    },
    /// One control each, none twice, with the least total distance.
    Optimal,
}

impl Matching {
    /// The `k` nearest controls, with replacement, no caliper.
    ///
    /// ```
    /// use mlnotes::causal::Matching;
    /// let expected = Matching::Nearest { k: 3, caliper: None, replace: true };
    /// assert_eq!(Matching::nearest(3), expected);
    /// ```
    pub fn nearest(k: usize) -> Self {
        Self::Nearest { k, caliper: None, replace: true }
    }
}

/// One treated row and its controls.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Match {
    /// The treated row.
    pub treated: usize,
    /// Its controls, nearest first (for exact matching in the order of the rows); at least one.
    pub controls: Vec<usize>,
    /// The distance to each of them.
    pub distances: Vec<f64>,
}

/// The matched sample.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Matches {
    /// Every treated row that found a control, in the order of the rows.
    pub matched: Vec<Match>,
    /// Treated rows that did not.
    pub unmatched: Vec<usize>,
    /// What each row counts, shape `(n_samples,)`: 1 for a matched treated row, `Kⱼ` for a control (the
    /// sum of its shares), 0 for the rest. What [`super::standardised_differences`] takes.
    pub weights: Array1<f64>,
    /// Sum of the distances of all pairs.
    pub total_distance: f64,
    /// For each control that is used more than once: `Kⱼ² − Lⱼ` and its neighbours among the controls.
    reused: Vec<(usize, f64, Vec<usize>)>,
}

/// Matches the treated rows of `x`, shape `(n_samples, n_features)`, where `t` is 1, to rows where it is 0.
/// [`Matching::Exact`] has no use for the metric.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::Label`]; [`Error::EmptyGroup`] when
/// nobody is treated or nobody is not; [`Error::Parameter`] for `k` or the caliper; [`Error::NoSupport`] when
/// no treated row finds a control, and when without replacement there are too few of them;
/// [`Error::ZeroVariance`], [`Error::Collinear`] or [`Error::TooFewSamples`] where the metric needs more.
///
/// ```
/// use mlnotes::causal::{Matching, Metric, match_units};
/// use ndarray::array;
/// let x = array![[1.0], [5.0], [1.1], [4.0], [9.0]];
/// let (t, y) = ([1, 1, 0, 0, 0], array![7.0, 9.0, 5.0, 6.0, 0.0]);
/// let matches = match_units(x.view(), &t, Matching::nearest(1), Metric::Euclidean)?;
/// assert_eq!(matches.matched[1].controls, [3]);
/// assert_eq!(matches.att(y.view())?.estimate, 2.5); // ((7 - 5) + (9 - 6)) / 2
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn match_units(
    x: ArrayView2<f64>,
    t: &[usize],
    matching: Matching,
    metric: Metric,
) -> Result<Matches> {
    const WHAT: &str = "match_units: `x`";
    check_matrix(WHAT, x)?;
    let (treated, controls) = arms("match_units: `t`", t, x.nrows())?;
    // Equal rows are equal in every metric; a constant column must not stop them.
    let metric = if matching == Matching::Exact { Metric::Euclidean } else { metric };
    let place = coordinates(WHAT, x, metric)?;
    let matched = match matching {
        Matching::Exact => exact(x, &treated, &controls),
        Matching::Nearest { k, caliper, replace } => {
            check_nearest(k, caliper)?;
            if replace {
                nearest(&place, &treated, &controls, k, caliper)
            } else {
                if caliper.is_none() {
                    check_enough(k * treated.len(), treated.len(), controls.len())?;
                }
                greedy(&place, &treated, &controls, k, caliper)
            }
        }
        Matching::Optimal => {
            check_enough(treated.len(), treated.len(), controls.len())?;
            optimal(&place, &treated, &controls)?
        }
    };
    if matched.is_empty() {
        let problem =
            format!("none of {} treated rows has a control that is allowed", treated.len());
        let remedy = "widen the caliper, coarsen the covariates, or collect controls like them";
        return Err(Error::NoSupport { what: "match_units", problem, remedy });
    }
    Ok(Matches::new(matched, &treated, &controls, &place))
}

fn check_nearest(k: usize, caliper: Option<f64>) -> Result<()> {
    let estimator = "match_units";
    if k == 0 {
        return Err(Error::Parameter { estimator, name: "k", rule: ">= 1", got: "0".into() });
    }
    match caliper {
        Some(c) if !(c.is_finite() && c >= 0.0) => {
            let rule = "finite and >= 0";
            Err(Error::Parameter { estimator, name: "caliper", rule, got: c.to_string() })
        }
        _ => Ok(()),
    }
}

/// Without replacement every treated row needs controls of its own.
fn check_enough(needed: usize, treated: usize, controls: usize) -> Result<()> {
    if needed <= controls {
        return Ok(());
    }
    let problem =
        format!("{treated} treated rows need {needed} different controls, there are {controls}");
    let remedy = "match with replacement, lower k, or set a caliper";
    Err(Error::NoSupport { what: "match_units", problem, remedy })
}

/// All controls with the same covariates.
fn exact(x: ArrayView2<f64>, treated: &[usize], controls: &[usize]) -> Vec<Match> {
    // Adding 0 turns -0 into 0, which compares equal but has other bits.
    let key = |i: usize| x.row(i).iter().map(|v| (v + 0.0).to_bits()).collect::<Vec<u64>>();
    let mut cells: HashMap<Vec<u64>, Vec<usize>> = HashMap::new();
    for &j in controls {
        cells.entry(key(j)).or_default().push(j);
    }
    let cell = |&treated: &usize| {
        let controls = cells.get(&key(treated))?.clone();
        let distances = vec![0.0; controls.len()];
        Some(Match { treated, controls, distances })
    };
    treated.iter().filter_map(cell).collect()
}

fn nearest(
    place: &Array2<f64>,
    treated: &[usize],
    controls: &[usize],
    k: usize,
    caliper: Option<f64>,
) -> Vec<Match> {
    check_interrupt();
    treated.par_iter().filter_map(|&i| closest(place, i, controls, k, caliper)).collect()
}

/// Each treated row in its turn takes the nearest controls that are still free.
fn greedy(
    place: &Array2<f64>,
    treated: &[usize],
    controls: &[usize],
    k: usize,
    caliper: Option<f64>,
) -> Vec<Match> {
    let mut free = controls.to_vec();
    let mut matched = Vec::new();
    for &i in treated {
        check_interrupt();
        if let Some(found) = closest(place, i, &free, k, caliper) {
            free.retain(|j| !found.controls.contains(j));
            matched.push(found);
        }
    }
    matched
}

/// The `k` nearest of some controls within the caliper; none where it leaves none.
fn closest(
    place: &Array2<f64>,
    treated: usize,
    controls: &[usize],
    k: usize,
    caliper: Option<f64>,
) -> Option<Match> {
    let within = caliper.unwrap_or(f64::INFINITY);
    let mut near: Vec<(f64, usize)> = controls
        .iter()
        .map(|&j| (distance(place.row(treated), place.row(j)), j))
        .filter(|(d, _)| *d <= within)
        .collect();
    if near.len() > k {
        near.select_nth_unstable_by(k - 1, nearer);
        near.truncate(k);
    }
    near.sort_unstable_by(nearer);
    let (distances, controls): (Vec<f64>, Vec<usize>) = near.into_iter().unzip();
    (!controls.is_empty()).then_some(Match { treated, controls, distances })
}

fn optimal(place: &Array2<f64>, treated: &[usize], controls: &[usize]) -> Result<Vec<Match>> {
    let cost = Array2::from_shape_fn((treated.len(), controls.len()), |(i, j)| {
        distance(place.row(treated[i]), place.row(controls[j]))
    });
    let assignment = assign(cost.view())?;
    let pair = |(i, &j): (usize, &usize)| Match {
        treated: treated[i],
        controls: vec![controls[j]],
        distances: vec![cost[[i, j]]],
    };
    Ok(assignment.columns.iter().enumerate().map(pair).collect())
}

impl Matches {
    fn new(
        matched: Vec<Match>,
        treated: &[usize],
        controls: &[usize],
        place: &Array2<f64>,
    ) -> Self {
        let mut weights = Array1::<f64>::zeros(place.nrows());
        let mut squares = Array1::<f64>::zeros(place.nrows());
        for m in &matched {
            weights[m.treated] = 1.0;
            let share = 1.0 / m.controls.len() as f64;
            for &j in &m.controls {
                weights[j] += share;
                squares[j] += share * share;
            }
        }
        let unmatched = treated.iter().copied().filter(|&i| weights[i] <= 0.0).collect();
        let total_distance = matched.iter().flat_map(|m| &m.distances).sum();
        // A control that served once has K² = L, up to rounding.
        let more_than_once = |j: usize| weights[j] * weights[j] - squares[j] > 1e-12;
        let reused = controls
            .par_iter()
            .filter(|&&j| more_than_once(j))
            .map(|&j| (j, weights[j].powi(2) - squares[j], neighbours(place, j, controls)))
            .collect();
        Self { matched, unmatched, weights, total_distance, reused }
    }

    /// The effect on the treated rows that were matched, for outcomes `y` of shape `(n_samples,)`, with the
    /// standard error of Abadie & Imbens (2006) for the population's ATT.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`]; [`Error::TooFewSamples`] for a single matched
    /// row, or when the only control there is serves several: neither has a standard error.
    ///
    /// ```
    /// use mlnotes::causal::{Matching, Metric, match_units};
    /// use ndarray::array;
    /// // Twins: without replacement it is the mean of the differences of the pairs.
    /// let x = array![[1.0], [2.0], [1.0], [2.0]];
    /// let twins = match_units(x.view(), &[1, 1, 0, 0], Matching::Optimal, Metric::Euclidean)?;
    /// let effect = twins.att(array![4.0, 7.0, 3.0, 4.0].view())?;
    /// assert_eq!(effect.estimate, 2.0);
    /// assert!((effect.std_error - 0.5_f64.sqrt()).abs() < 1e-12); // sqrt(1 + 1) / 2
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn att(&self, y: ArrayView1<f64>) -> Result<Effect> {
        self.estimate(y, |_, _| 0.0)
    }

    /// As [`Matches::att`], with the bias of inexact matches taken off: a control's outcome is moved by
    /// `μ₀(x of the treated row) − μ₀(x of the control)`, where `mu0`, shape `(n_samples,)`, predicts the
    /// outcome without treatment.
    ///
    /// # Errors
    /// As [`Matches::att`].
    ///
    /// ```
    /// use mlnotes::causal::{Matching, Metric, match_units};
    /// use ndarray::array;
    /// // Y = x without treatment, x + 1 with it; no control is near.
    /// let (x, t) = (array![[5.0], [6.0], [1.0], [2.0]], [1, 1, 0, 0]);
    /// let y = array![6.0, 7.0, 1.0, 2.0];
    /// let matches = match_units(x.view(), &t, Matching::nearest(1), Metric::Euclidean)?;
    /// assert_eq!(matches.att(y.view())?.estimate, 4.5);
    /// assert_eq!(matches.att_adjusted(y.view(), x.column(0))?.estimate, 1.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    #[views]
    pub fn att_adjusted(&self, y: ArrayView1<f64>, mu0: ArrayView1<f64>) -> Result<Effect> {
        check_outcome("Matches::att_adjusted: `mu0`", mu0, self.weights.len())?;
        self.estimate(y, |i, j| mu0[i] - mu0[j])
    }

    fn estimate(&self, y: ArrayView1<f64>, moved: impl Fn(usize, usize) -> f64) -> Result<Effect> {
        check_outcome("Matches::att: `y`", y, self.weights.len())?;
        let n1 = self.matched.len();
        if n1 < 2 {
            let what = "Matches::att: the matched treated sample";
            return Err(Error::TooFewSamples { what, needed: 2, got: n1 });
        }
        let difference = |m: &Match| {
            let i = m.treated;
            let sum: f64 = m.controls.iter().map(|&j| y[j] + moved(i, j)).sum();
            y[i] - sum / m.controls.len() as f64
        };
        let differences: Array1<f64> = self.matched.iter().map(difference).collect();
        let att = differences.sum() / n1 as f64;
        let mut variance: f64 = differences.iter().map(|d| (d - att).powi(2)).sum();
        for (j, factor, near) in &self.reused {
            if near.is_empty() {
                let what = "Matches::att: the control group";
                return Err(Error::TooFewSamples { what, needed: 2, got: 1 });
            }
            let others = near.len() as f64;
            let mean = near.iter().map(|&l| y[l] + moved(*j, l)).sum::<f64>() / others;
            variance += factor * others / (others + 1.0) * (y[*j] - mean).powi(2);
        }
        let n_used = self.weights.iter().filter(|w| **w > 0.0).count();
        Ok(Effect::new(Estimand::Att, att, variance.sqrt() / n1 as f64, n_used))
    }
}

/// The nearest rows of the same arm, with all that tie with the last of them.
fn neighbours(place: &Array2<f64>, j: usize, controls: &[usize]) -> Vec<usize> {
    let mut near: Vec<(f64, usize)> = controls
        .iter()
        .filter(|&&l| l != j)
        .map(|&l| (distance(place.row(j), place.row(l)), l))
        .collect();
    near.sort_unstable_by(nearer);
    let Some(last) = near.get(VARIANCE_NEIGHBOURS.min(near.len()).wrapping_sub(1)) else {
        return Vec::new();
    };
    let radius = settled(last.0);
    near.into_iter().take_while(|(d, _)| settled(*d) <= radius).map(|(_, l)| l).collect()
}

/// Order by distance, then by row.
fn nearer(a: &(f64, usize), b: &(f64, usize)) -> Ordering {
    settled(a.0).total_cmp(&settled(b.0)).then(a.1.cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    fn problem() -> (Array2<f64>, Vec<usize>) {
        (array![[0.0], [1.0], [0.9], [-5.0], [7.0]], vec![1, 1, 0, 0, 0])
    }

    #[test]
    fn greedy_depends_on_the_order_and_optimal_does_not() {
        let (x, t) = problem();
        let once = Matching::Nearest { k: 1, caliper: None, replace: false };
        // Row 0 takes the control at 0.9, and row 1 is left with the one at -5 (6 away, 7 is as far).
        let greedy = match_units(x.view(), &t, once, Metric::Euclidean).unwrap();
        let pairs = |m: &Matches| m.matched.iter().map(|m| m.controls[0]).collect::<Vec<_>>();
        assert_eq!(pairs(&greedy), [2, 3]);
        assert!((greedy.total_distance - 6.9).abs() < 1e-12);
        let best = match_units(x.view(), &t, Matching::Optimal, Metric::Euclidean).unwrap();
        assert_eq!(pairs(&best), [3, 2]);
        assert!((best.total_distance - 5.1).abs() < 1e-12);
        let twice = match_units(x.view(), &t, Matching::nearest(1), Metric::Euclidean).unwrap();
        assert_eq!(twice.weights, array![1.0, 1.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn the_standard_error_by_hand() {
        // Control 2 serves both: differences 3 − 1 and 4 − 1, ATT 2.5, Σ(d − 2.5)² = ½; K² − L = 4 − 2;
        // σ̂² of control 2: neighbours 3 and 4, mean 5, ⅔ (1 − 5)² = 32/3.
        let (x, t) = problem();
        let matches = match_units(x.view(), &t, Matching::nearest(1), Metric::Euclidean).unwrap();
        let effect = matches.att(array![3.0, 4.0, 1.0, 4.0, 6.0].view()).unwrap();
        assert!((effect.estimate - 2.5).abs() < 1e-12);
        let variance = (0.5 + 2.0 * 32.0 / 3.0) / 4.0;
        assert!((effect.std_error - f64::sqrt(variance)).abs() < 1e-12);
        assert_eq!(effect.n_used, 3);
    }

    #[test]
    fn exact_cells_share_their_controls() {
        let x = array![[0.0, 1.0], [-0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [2.0, 1.0], [3.0, 0.0]];
        let t = [1, 1, 0, 0, 1, 0];
        let m = match_units(x.view(), &t, Matching::Exact, Metric::Standardised).unwrap();
        assert_eq!(m.unmatched, [4]);
        assert_eq!(m.weights, array![1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(m.matched[1].controls, [2, 3]);
    }

    #[test]
    fn what_cannot_be_matched_is_told() {
        let (x, t) = problem();
        let fit = |m| match_units(x.view(), &t, m, Metric::Euclidean).unwrap_err();
        let narrow = Matching::Nearest { k: 1, caliper: Some(1e-3), replace: true };
        assert!(matches!(fit(narrow), Error::NoSupport { .. }));
        assert!(matches!(fit(Matching::Exact), Error::NoSupport { .. }));
        assert!(matches!(fit(Matching::nearest(0)), Error::Parameter { name: "k", .. }));
        let negative = Matching::Nearest { k: 1, caliper: Some(-1.0), replace: true };
        assert!(matches!(fit(negative), Error::Parameter { name: "caliper", .. }));
        let many = Matching::Nearest { k: 2, caliper: None, replace: false };
        let error = fit(many).to_string();
        assert!(error.contains("2 treated rows need 4 different controls, there are 3"), "{error}");
        let turned: Vec<usize> = t.iter().map(|t| 1 - t).collect();
        let of = |t: &[usize], m| match_units(x.view(), t, m, Metric::Euclidean).unwrap_err();
        assert!(matches!(of(&turned, Matching::Optimal), Error::NoSupport { .. }));
        assert!(matches!(of(&[0; 5], Matching::Exact), Error::EmptyGroup { .. }));
        assert!(matches!(of(&[1; 5], Matching::Exact), Error::EmptyGroup { .. }));
        assert!(matches!(of(&[0, 1, 2, 0, 1], Matching::Exact), Error::Label { index: 2, .. }));
        assert!(matches!(of(&[0, 1], Matching::Exact), Error::Shape { .. }));
        let alone = match_units(x.view(), &t, Matching::nearest(1), Metric::Euclidean).unwrap();
        let short = alone.att(array![1.0].view()).unwrap_err();
        assert!(matches!(short, Error::Shape { .. }), "{short}");
        let one = array![[1.0], [2.0], [1.5]];
        let one =
            match_units(one.view(), &[1, 1, 0], Matching::nearest(1), Metric::Euclidean).unwrap();
        let error = one.att(array![1.0, 2.0, 3.0].view()).unwrap_err();
        assert!(matches!(error, Error::TooFewSamples { .. }), "{error}");
    }

    proptest! {
        /// Optimal is never worse than greedy, matching with replacement never worse than either.
        #[test]
        fn freedom_lowers_the_distance(values in proptest::collection::vec(-3.0_f64..3.0, 40)) {
            let x = Array2::from_shape_vec((20, 2), values).unwrap();
            let t: Vec<usize> = (0..20).map(|i| usize::from(i % 3 == 0)).collect();
            let total = |m| match_units(x.view(), &t, m, Metric::Mahalanobis).unwrap().total_distance;
            let greedy = total(Matching::Nearest { k: 1, caliper: None, replace: false });
            let (best, free) = (total(Matching::Optimal), total(Matching::nearest(1)));
            prop_assert!(free <= best + 1e-12 && best <= greedy + 1e-12);
            let all = match_units(x.view(), &t, Matching::nearest(3), Metric::Standardised).unwrap();
            prop_assert!((all.weights.sum() - 2.0 * all.matched.len() as f64).abs() < 1e-12);
        }
    }
}
