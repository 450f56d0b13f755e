//! Gradient-based one-side sampling.

use crate::base::{check_vector, stream, views};
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};

/// Rows to grow a tree on, ascending, and their weights: the `⌊a n⌋` rows of largest `|grad|` with weight 1,
/// and `b n` of the others, drawn without replacement, with weight `(1 − a)/b`.
///
/// The weight is the ratio of the others to those drawn, which is `(1 − a)/b` but for rounding, so that
/// `E Σ w g = Σ g` over all rows: sums stay unbiased, while the rows that are fitted badly are all there.
/// The variance comes from the others alone; uniform sampling of `(a + b) n` rows has it from all.
///
/// ```
/// use mlnotes::tree::lightgbm::goss_sample;
/// use ndarray::array;
/// let (rows, weights) = goss_sample(array![0.1, -9.0, 0.2, 8.0, 0.0].view(), 0.4, 0.2, 1)?;
/// assert_eq!(rows.len(), 3);
/// assert!(rows.contains(&1) && rows.contains(&3));
/// assert_eq!(weights.sum(), 5.0);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] unless `a >= 0`, `b > 0`, `a + b <= 1`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares of the rows")]
#[views]
pub fn goss_sample(
    grad: ArrayView1<f64>,
    a: f64,
    b: f64,
    seed: u64,
) -> Result<(Vec<usize>, Array1<f64>)> {
    const WHAT: &str = "goss_sample: `grad`";
    if grad.is_empty() {
        return Err(Error::Empty { what: WHAT, needed: "1 row" });
    }
    check_vector(WHAT, grad)?;
    if !(a >= 0.0 && b > 0.0 && a + b <= 1.0) {
        let (name, rule) = ("a, b", "shares with a >= 0, b > 0, a + b <= 1");
        let got = format!("{a}, {b}");
        return Err(Error::Parameter { estimator: "goss_sample", name, rule, got });
    }
    let n = grad.len();
    let n_top = ((a * n as f64) as usize).min(n - 1);
    let n_other = ((b * n as f64) as usize).clamp(1, n - n_top);
    let mut rows: Vec<usize> = (0..n).collect();
    // Of equal gradients the lower row counts as larger, so that the same data give the same sample.
    let by_size = |&i: &usize, &j: &usize| grad[j].abs().total_cmp(&grad[i].abs()).then(i.cmp(&j));
    if n_top > 0 {
        rows.select_nth_unstable_by(n_top - 1, by_size);
    }
    let (top, others) = rows.split_at_mut(n_top);
    // What a partial sort leaves is in no order that means anything.
    others.sort_unstable();
    let mut rng = stream(seed, 0);
    let drawn = rand::seq::index::sample(&mut rng, others.len(), n_other);
    let weight = others.len() as f64 / n_other as f64;
    let mut sample: Vec<(usize, f64)> = top.iter().map(|&row| (row, 1.0)).collect();
    sample.extend(drawn.into_iter().map(|i| (others[i], weight)));
    sample.sort_unstable_by_key(|&(row, _)| row);
    let (rows, weights): (Vec<usize>, Vec<f64>) = sample.into_iter().unzip();
    Ok((rows, weights.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_sum_is_unbiased_and_varies_less_than_a_uniform_sample() {
        // A few rows are fitted badly, most well: where GOSS is at home.
        let grad: Array1<f64> =
            (0..200).map(|i| if i % 10 == 0 { 5.0 + f64::from(i) / 50.0 } else { 0.3 }).collect();
        let truth = grad.sum();
        let runs = 4000;
        for seed in 0..10u64 {
            let totals = |a: f64, b: f64| -> (f64, f64) {
                let sums: Array1<f64> = (0..runs)
                    .map(|run| {
                        let (rows, weights) =
                            goss_sample(grad.view(), a, b, seed * runs + run).unwrap();
                        rows.iter().zip(&weights).map(|(&row, w)| w * grad[row]).sum::<f64>()
                    })
                    .collect();
                (sums.mean().unwrap(), sums.std(1.0))
            };
            let (mean, sd) = totals(0.05, 0.25);
            let (uniform_mean, uniform_sd) = totals(0.0, 0.3);
            let error = |sd: f64| 5.0 * sd / (runs as f64).sqrt();
            assert!((mean - truth).abs() < error(sd), "{mean} {truth} {sd}");
            assert!((uniform_mean - truth).abs() < error(uniform_sd));
            assert!(sd < uniform_sd, "{sd} {uniform_sd}");
        }
    }

    #[test]
    fn the_weight_is_one_minus_a_over_b() {
        let grad: Array1<f64> = (0..100).map(f64::from).collect();
        let (rows, weights) = goss_sample(grad.view(), 0.2, 0.1, 3).unwrap();
        assert_eq!(rows.len(), 30);
        for (&row, &weight) in rows.iter().zip(&weights) {
            let expected = if row >= 80 { 1.0 } else { 0.8 / 0.1 };
            assert!((weight - expected).abs() < 1e-15);
        }
        assert_eq!(goss_sample(grad.view(), 0.2, 0.1, 3).unwrap().0, rows);
        assert_ne!(goss_sample(grad.view(), 0.2, 0.1, 4).unwrap().0, rows);
        // All rows, each once.
        let (all, weights) = goss_sample(grad.view(), 0.5, 0.5, 0).unwrap();
        assert!(all.len() == 100 && weights.iter().all(|w| (w - 1.0).abs() < 1e-15));
    }

    #[test]
    fn odd_input() {
        assert_eq!(goss_sample(array![1.0].view(), 0.9, 0.1, 0).unwrap().0, [0]);
        assert!(matches!(goss_sample(array![].view(), 0.2, 0.1, 0), Err(Error::Empty { .. })));
        let nan = goss_sample(array![1.0, f64::NAN].view(), 0.2, 0.1, 0);
        assert!(matches!(nan, Err(Error::NotFinite { row: 1, .. })));
        for (a, b) in [(0.6, 0.5), (-0.1, 0.5), (0.2, 0.0), (f64::NAN, 0.1)] {
            let error = goss_sample(array![1.0, 2.0].view(), a, b, 0);
            assert!(matches!(error, Err(Error::Parameter { .. })));
        }
    }
}
