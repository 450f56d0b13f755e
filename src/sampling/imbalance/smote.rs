//! SMOTE: new rows of a small class, each on the segment from one of its rows to a near one.
//!
//! ```text
//! x_new = xᵢ + u (xⱼ − xᵢ),   i: any row of the class,  j: one of its k nearest in the class,  u ~ U(0, 1)
//! ```
//!
//! Distances are Euclidean, so scale the columns before; codes of categories have no points between them.
//! The new rows lie inside the class as it was seen: between two islands of a class they fill water, and
//! where classes overlap they bring noise into the other's place. As every change of the class shares it
//! moves the probabilities ([`super::prior_shift`]).
//!
//! # References
//! Chawla, Bowyer, Hall & Kegelmeyer (2002), SMOTE: synthetic minority over-sampling technique, section 4.2.

use super::{at_least, by_class, check_ratio, extremes};
use crate::base::{check_matrix, setters, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Rows between two looks for an interrupt.
const CHUNK: usize = 512;

/// Entry point: [`Smote::params`].
#[derive(Debug, Clone, Copy)]
pub struct Smote;

impl Smote {
    /// Default settings.
    ///
    /// ```
    /// use mlnotes::sampling::imbalance::Smote;
    /// use ndarray::array;
    /// let x = array![[0.0], [1.0], [2.0], [3.0], [9.0], [11.0]];
    /// let (new_x, new_y) = Smote::params().k(1).resample(x.view(), &[0, 0, 0, 0, 1, 1])?;
    /// assert_eq!(new_y, [0, 0, 0, 0, 1, 1, 1, 1]);
    /// assert!(new_x[[7, 0]] > 9.0 && new_x[[7, 0]] < 11.0);
    /// # Ok::<(), mlnotes::Error>(())
    /// ```
    pub fn params() -> SmoteParams {
        SmoteParams { k: 5, ratio: 1.0, seed: 0 }
    }
}

/// Settings of SMOTE.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `k` | 5 | `>= 1` | neighbours of a row, of its own class |
/// | `ratio` | 1 | `0 < r <= 1` | size that classes are brought to, as a share of the largest |
/// | `seed` | 0 | | chance of rows, neighbours and places between |
#[derive(Debug, Clone, PartialEq)]
pub struct SmoteParams {
    k: usize,
    ratio: f64,
    seed: u64,
}

impl SmoteParams {
    setters! {
        /// Sets the number of neighbours.
        k: usize;
        /// Sets the size that classes are brought to, as a share of the largest class.
        ratio: f64;
        /// Seeds the draws.
        seed: u64;
    }

    /// The rows of `x`, `(n_samples, n_features)`, and their classes `y`, `(n_samples,)`, followed by the
    /// new ones, class by class; classes that are large enough get none.
    ///
    /// Cost: `O(n_c² d)` for the neighbours within a class that grows.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::NotFinite`], [`Error::Shape`], [`Error::SingleClass`],
    /// [`Error::Parameter`]; [`Error::TooFewSamples`] for a class that must grow and has no more than `k`
    /// rows.
    #[views]
    pub fn resample(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<(Array2<f64>, Vec<usize>)> {
        self.check(x, y)?;
        let classes = by_class("Smote: `y`", y)?;
        let (_, largest) = extremes(&classes);
        let mut rng = stream(self.seed, 0);
        let (mut parts, mut labels) = (vec![x.to_owned()], y.to_vec());
        for (&class, rows) in &classes {
            let n_new = at_least(self.ratio, largest, rows.len()) - rows.len();
            if n_new == 0 {
                continue;
            }
            if rows.len() <= self.k {
                let what = "Smote: a class that must grow";
                return Err(Error::TooFewSamples { what, needed: self.k + 1, got: rows.len() });
            }
            let own = x.select(Axis(0), rows);
            parts.push(between(own.view(), &nearest(own.view(), self.k), n_new, &mut rng));
            labels.extend(std::iter::repeat_n(class, n_new));
        }
        let views: Vec<ArrayView2<f64>> = parts.iter().map(Array2::view).collect();
        // The parts have the columns of `x`, so they fit on each other.
        let all = concatenate(Axis(0), &views).map_err(|e| Error::Shape {
            what: "Smote: `x`",
            expected: "rows of one length".to_owned(),
            got: e.to_string(),
        })?;
        Ok((all, labels))
    }

    fn check(&self, x: ArrayView2<f64>, y: &[usize]) -> Result<()> {
        check_matrix("Smote: `x`", x)?;
        if y.len() != x.nrows() {
            let (expected, got) = (format!("({},)", x.nrows()), format!("({},)", y.len()));
            return Err(Error::Shape { what: "Smote: `y`", expected, got });
        }
        check_ratio("Smote", self.ratio)?;
        if self.k == 0 {
            let (estimator, name, rule) = ("Smote", "k", ">= 1");
            return Err(Error::Parameter { estimator, name, rule, got: "0".to_owned() });
        }
        Ok(())
    }
}

/// For each row of `x` the `k` nearest others, the lower row first among equals.
fn nearest(x: ArrayView2<f64>, k: usize) -> Vec<Vec<usize>> {
    let of_row = |i: usize| {
        let distance = |j: usize| x.row(i).iter().zip(x.row(j)).map(|(a, b)| (a - b).powi(2)).sum();
        let mut others: Vec<(f64, usize)> =
            (0..x.nrows()).filter(|&j| j != i).map(|j| (distance(j), j)).collect();
        let order = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        others.select_nth_unstable_by(k - 1, order);
        others.truncate(k);
        others.sort_by(order);
        others.into_iter().map(|(_, j)| j).collect()
    };
    let mut neighbours = Vec::with_capacity(x.nrows());
    for start in (0..x.nrows()).step_by(CHUNK) {
        check_interrupt();
        let end = x.nrows().min(start + CHUNK);
        neighbours.extend((start..end).into_par_iter().map(of_row).collect::<Vec<_>>());
    }
    neighbours
}

/// `n_new` points, each at a random place of the segment from a random row to one of its neighbours.
fn between(
    x: ArrayView2<f64>,
    neighbours: &[Vec<usize>],
    n_new: usize,
    rng: &mut ChaCha8Rng,
) -> Array2<f64> {
    let mut points = Array2::zeros((n_new, x.ncols()));
    for mut point in points.rows_mut() {
        let i = rng.random_range(0..x.nrows());
        let j = neighbours[i][rng.random_range(0..neighbours[i].len())];
        let u: f64 = rng.random();
        point.assign(&(&x.row(i) * (1.0 - u) + &x.row(j) * u));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn neighbours_are_the_nearest_with_ties_by_row() {
        let x = array![[0.0], [1.0], [-1.0], [5.0], [5.0]];
        let expected = [[1, 2], [0, 2], [0, 1], [4, 1], [3, 1]];
        assert!(nearest(x.view(), 2).iter().eq(expected.iter()));
    }

    proptest! {
        #[test]
        fn new_rows_stay_inside_their_class(
            values in proptest::collection::vec(-5.0_f64..5.0, 24),
            k in 1_usize..4,
            ratio in 0.3_f64..1.0,
            seed in 0_u64..20,
        ) {
            let x = Array2::from_shape_vec((12, 2), values).unwrap();
            let y = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
            let (new_x, new_y) = Smote::params().k(k).ratio(ratio).seed(seed).resample(x.view(), &y).unwrap();
            prop_assert_eq!(new_x.slice(ndarray::s![..12, ..]), x.view());
            prop_assert_eq!(new_y.iter().filter(|&&l| l == 1).count(), at_least(ratio, 8, 4));
            for axis in 0..2 {
                let own = x.slice(ndarray::s![8.., axis]);
                let low = own.iter().copied().fold(f64::INFINITY, f64::min);
                let high = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let new = new_x.slice(ndarray::s![12.., axis]);
                prop_assert!(new.iter().all(|v| (low..=high).contains(v)));
            }
        }
    }

    #[test]
    fn three_classes_grow_to_the_largest() {
        let (x, _) = crate::data::blobs(30, array![[0.0, 0.0]].view(), 1.0, 3).unwrap();
        let y: Vec<usize> = (0..30).map(|i| usize::from(i > 15) + usize::from(i > 22)).collect();
        let (_, grown) = Smote::params().seed(4).resample(x.view(), &y).unwrap();
        for class in 0..3 {
            assert_eq!(grown.iter().filter(|&&l| l == class).count(), 16);
        }
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![[0.0], [1.0], [2.0], [3.0]];
        let params = Smote::params;
        let few = params().resample(x.view(), &[0, 0, 0, 1]).unwrap_err();
        assert!(matches!(few, Error::TooFewSamples { needed: 6, got: 1, .. }), "{few}");
        // A class that need not grow may be small.
        assert!(params().resample(x.view(), &[0, 0, 1, 1]).is_ok());
        assert!(matches!(params().resample(x.view(), &[0, 1]), Err(Error::Shape { .. })));
        assert!(matches!(params().resample(x.view(), &[1; 4]), Err(Error::SingleClass { .. })));
        let k = params().k(0).resample(x.view(), &[0, 0, 0, 1]);
        assert!(matches!(k, Err(Error::Parameter { name: "k", .. })));
        let ratio = params().ratio(2.0).resample(x.view(), &[0, 0, 0, 1]);
        assert!(matches!(ratio, Err(Error::Parameter { name: "ratio", .. })));
        let nan = params().resample(array![[0.0], [f64::NAN]].view(), &[0, 1]);
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
        let none = params().resample(Array2::zeros((0, 2)).view(), &[]);
        assert!(matches!(none, Err(Error::Empty { .. })));
    }
}
