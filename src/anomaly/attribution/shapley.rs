//! Shapley values: what each switch is worth, when what one does depends on the others.

use crate::base::stream;
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::Array1;
use rand::seq::SliceRandom;

/// Exact sharing evaluates the value 2ⁿ times.
const MOST: usize = 20;

/// The Shapley values of `n` players for `value`, which says what a coalition (`true` for those in
/// it) is worth:
///
/// ```text
/// φᵢ = Σ_{S ∌ i}  |S|! (n − |S| − 1)! / n!  ·  ( v(S ∪ i) − v(S) )
/// ```
///
/// the mean of what `i` adds over all orders in which the players may come. It is the only sharing
/// that gives out exactly `v(all) − v(none)`, treats equal players equally, gives a player who
/// never adds anything 0, and adds up over sums of games. Cost `2ⁿ` values: at most 20 players.
///
/// # Errors
/// [`Error::Parameter`] for no or more than 20 players, [`Error::NotFinite`] for a value that is
/// not finite.
///
/// ```
/// use mlnotes::anomaly::attribution::shapley;
/// // Visits and conversion both doubled: revenue went from 1 to 4, and 3 is shared equally.
/// let revenue = |on: &[bool]| on.iter().map(|&on| if on { 2.0 } else { 1.0 }).product();
/// assert_eq!(shapley(revenue, 2)?, ndarray::array![1.5, 1.5]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Shapley (1953), *A value for n-person games*.
pub fn shapley(value: impl Fn(&[bool]) -> f64, n: usize) -> Result<Array1<f64>> {
    if !(1..=MOST).contains(&n) {
        let rule = "from 1 to 20; take `shapley_sampled` for more";
        let got = n.to_string();
        return Err(Error::Parameter { estimator: "shapley", name: "n", rule, got });
    }
    let mut worth = Vec::with_capacity(1 << n);
    let mut coalition = vec![false; n];
    for set in 0..1usize << n {
        check_interrupt();
        for (player, member) in coalition.iter_mut().enumerate() {
            *member = set >> player & 1 == 1;
        }
        worth.push(finite("shapley: `value`", value(&coalition), set)?);
    }
    // weight[s] = s! (n − s − 1)! / n! = 1 / (n · C(n − 1, s))
    let mut weight = vec![1.0 / n as f64; n];
    for s in 1..n {
        weight[s] = weight[s - 1] * s as f64 / (n - s) as f64;
    }
    let of = |player: usize| {
        let without = (0..1usize << n).filter(|set| set >> player & 1 == 0);
        without
            .map(|set| {
                let added = worth[set | 1 << player] - worth[set];
                weight[set.count_ones() as usize] * added
            })
            .sum::<f64>()
    };
    Ok((0..n).map(of).collect())
}

/// Shapley values from a sample of orders.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ShapleySample {
    /// Estimated values, shape `(n,)`. Their sum is exact: `v(all) − v(none)`.
    pub values: Array1<f64>,
    /// Standard error of each, shape `(n,)`.
    pub std_errors: Array1<f64>,
}

/// Estimated Shapley values: the mean of what each player adds, over `n_orders` random orders. Cost
/// `n · n_orders` values.
///
/// # Errors
/// [`Error::Parameter`] for no players or fewer than 2 orders, [`Error::NotFinite`] for a value
/// that is not finite.
///
/// ```
/// use mlnotes::anomaly::attribution::shapley_sampled;
/// let revenue = |on: &[bool]| on.iter().filter(|&&on| on).count().pow(2) as f64;
/// let sample = shapley_sampled(revenue, 30, 400, 1)?;
/// assert!((sample.values.sum() - 900.0).abs() < 1e-9);
/// let off = (&sample.values - 30.0) / &sample.std_errors;
/// assert!(off.iter().all(|off| off.abs() < 4.5));
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Castro, Gómez & Tejada (2009), *Polynomial calculation of the Shapley value based on sampling*.
pub fn shapley_sampled(
    value: impl Fn(&[bool]) -> f64,
    n: usize,
    n_orders: usize,
    seed: u64,
) -> Result<ShapleySample> {
    const WHAT: &str = "shapley_sampled: `value`";
    for (name, rule, got, least) in [("n", ">= 1", n, 1), ("n_orders", ">= 2", n_orders, 2)] {
        if got < least {
            let got = got.to_string();
            return Err(Error::Parameter { estimator: "shapley_sampled", name, rule, got });
        }
    }
    let mut rng = stream(seed, 0);
    let mut order: Vec<usize> = (0..n).collect();
    let (mut mean, mut squares) = (Array1::<f64>::zeros(n), Array1::<f64>::zeros(n));
    let nobody = finite(WHAT, value(&vec![false; n]), 0)?;
    for round in 0..n_orders {
        check_interrupt();
        order.shuffle(&mut rng);
        let mut coalition = vec![false; n];
        let mut before = nobody;
        for &player in &order {
            coalition[player] = true;
            let after = finite(WHAT, value(&coalition), round)?;
            // Welford's update of mean and squared deviations.
            let off = after - before - mean[player];
            mean[player] += off / (round + 1) as f64;
            squares[player] += off * (after - before - mean[player]);
            before = after;
        }
    }
    let m = n_orders as f64;
    Ok(ShapleySample { values: mean, std_errors: squares.mapv(|s| (s / (m - 1.0) / m).sqrt()) })
}

fn finite(what: &'static str, value: f64, row: usize) -> Result<f64> {
    if value.is_finite() { Ok(value) } else { Err(Error::NotFinite { what, row, col: 0, value }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    fn table_game(worth: &[f64]) -> impl Fn(&[bool]) -> f64 + '_ {
        |on: &[bool]| {
            let set: usize = on.iter().enumerate().map(|(i, &on)| usize::from(on) << i).sum();
            worth[set]
        }
    }

    /// The definition: every order, one after the other.
    fn by_orders(value: &impl Fn(&[bool]) -> f64, n: usize) -> Vec<f64> {
        fn orders(n: usize) -> Vec<Vec<usize>> {
            if n == 0 {
                return vec![vec![]];
            }
            let insert = |order: Vec<usize>| {
                (0..n).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, n - 1);
                    longer
                })
            };
            orders(n - 1).into_iter().flat_map(insert).collect()
        }
        let all = orders(n);
        let mut sums = vec![0.0; n];
        for order in &all {
            let mut on = vec![false; n];
            for &player in order {
                let before = value(&on);
                on[player] = true;
                sums[player] += value(&on) - before;
            }
        }
        sums.iter().map(|s| s / all.len() as f64).collect()
    }

    proptest! {
        #[test]
        fn values_are_means_over_all_orders(
            n in 1usize..6,
            worth in proptest::collection::vec(-9.0..9.0, 32),
        ) {
            let game = table_game(&worth);
            let values = shapley(&game, n).unwrap();
            let expected = by_orders(&game, n);
            prop_assert!(values.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
            let all = game(&vec![true; n]) - game(&vec![false; n]);
            prop_assert!((values.sum() - all).abs() < 1e-12);
        }
    }

    #[test]
    fn gloves() {
        // One left glove, two right ones; only a pair is worth 1: 2/3, 1/6, 1/6 (textbook).
        let pair = |on: &[bool]| f64::from(u8::from(on[0] && (on[1] || on[2])));
        let values = shapley(pair, 3).unwrap();
        let expected = array![2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0];
        assert!(values.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-15));
    }

    #[test]
    fn samples_lie_within_their_error() {
        let worth: Vec<f64> = (0..64u32).map(|s| f64::from((s * 37) % 29)).collect();
        let game = table_game(&worth);
        let exact = shapley(&game, 6).unwrap();
        for seed in 0..10 {
            let sample = shapley_sampled(&game, 6, 500, seed).unwrap();
            for ((value, error), exact) in sample.values.iter().zip(&sample.std_errors).zip(&exact)
            {
                assert!((value - exact).abs() < 4.5 * error, "{value} {exact} {error}");
            }
        }
        assert_eq!(
            shapley_sampled(&game, 6, 20, 3).unwrap(),
            shapley_sampled(&game, 6, 20, 3).unwrap()
        );
    }

    #[test]
    fn bad_input_is_named() {
        let one = |_: &[bool]| 1.0;
        assert!(matches!(shapley(one, 0), Err(Error::Parameter { name: "n", .. })));
        assert!(shapley(one, 21).unwrap_err().to_string().contains("shapley_sampled"));
        assert!(matches!(shapley(|_| f64::NAN, 2), Err(Error::NotFinite { .. })));
        assert!(shapley_sampled(one, 0, 5, 0).is_err() && shapley_sampled(one, 3, 1, 0).is_err());
        assert!(matches!(
            shapley_sampled(|_| f64::INFINITY, 2, 5, 0),
            Err(Error::NotFinite { .. })
        ));
    }
}
