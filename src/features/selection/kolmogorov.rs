//! How far apart a feature's distributions in two classes are.

use super::{check_binary, check_length};
use crate::Result;
use crate::base::{Test, check_vector, views};
use ndarray::ArrayView1;

/// Up to here, for the larger class, the p-value is exact.
const EXACT: usize = 10_000;

/// Two-sample Kolmogorov-Smirnov test of a feature `x` between the classes 0 and 1 of `y`, shapes
/// `(n_samples,)`.
///
/// ```text
/// D = max_t |F₀(t) − F₁(t)|
/// ```
///
/// The `statistic` is `D`, in `[0, 1]`: of all thresholds the best one's true-positive rate minus its
/// false-positive rate. The `effect` is the difference `F₀ − F₁` there: positive when class 1 has the larger
/// values.
///
/// The p-value is exact up to 10 000 rows a class (the share of lattice paths that stray as far; with ties it
/// is an upper bound), as `SciPy`'s `ks_2samp` has it, and the limit law `2 Σ (−1)^{k−1} e^{−2 k² z²}`, `z = D
/// √(n₀ n₁ / (n₀ + n₁))`, above.
///
/// # Errors
/// [`crate::Error::Shape`], [`crate::Error::NotFinite`], [`crate::Error::Label`],
/// [`crate::Error::SingleClass`], [`crate::Error::Empty`].
///
/// ```
/// use mlnotes::features::selection::ks;
/// use ndarray::array;
/// let test = ks(array![1.0, 2.0, 3.0, 4.0, 5.0, 6.0].view(), &[0, 0, 0, 1, 1, 1])?;
/// // Of the 20 orders of 3 + 3 rows two are as extreme.
/// assert!((test.statistic - 1.0).abs() < 1e-15 && (test.p_value - 0.1).abs() < 1e-15);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Smirnov (1948) for the limit; Hodges (1958), section 2, for the lattice paths.
#[views]
pub fn ks(x: ArrayView1<f64>, y: &[usize]) -> Result<Test> {
    check_length("ks: `y`", y, x.len())?;
    check_binary("ks: `y`", y)?;
    check_vector("ks: `x`", x)?;
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let n1 = y.iter().sum::<usize>();
    let n0 = y.len() - n1;
    let g = gcd(n0, n1);
    // In steps of 1 / lcm the difference is a whole number, so that ties at the maximum are exact.
    let (up, down) = (n1 / g, n0 / g);
    let (mut below, mut farthest, mut higher) = ([0, 0], 0, true);
    for (position, &row) in order.iter().enumerate() {
        below[y[row]] += 1;
        // The distribution functions jump once for all rows of one value.
        let last = order.get(position + 1).is_none_or(|&next| x[next] > x[row]);
        let (rise, fall) = (up * below[0], down * below[1]);
        if last && rise.abs_diff(fall) > farthest {
            (farthest, higher) = (rise.abs_diff(fall), rise > fall);
        }
    }
    let statistic = farthest as f64 / (n0 as f64 * up as f64);
    let p_value = if n0.max(n1) <= EXACT {
        exact_tail(n0, n1, (up, down), farthest)
    } else {
        let z = statistic * (n0 as f64 * n1 as f64 / (n0 + n1) as f64).sqrt();
        limit_tail(z)
    };
    Ok(Test::new(statistic, p_value).with_effect(if higher { statistic } else { -statistic }))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Share of the orders of `n0 + n1` rows whose path `|up · i − down · j|` reaches `far`.
///
/// `a(i, j)`, the share among the paths to `(i, j)`, is 1 beyond the bound, else `(i a(i−1, j) + j a(i, j−1)) /
/// (i + j)`: all terms are positive, so that small p-values keep their digits.
fn exact_tail(n0: usize, n1: usize, (up, down): (usize, usize), far: usize) -> f64 {
    if far == 0 {
        return 1.0;
    }
    let mut row = vec![0.0; n1 + 1];
    for i in 0..=n0 {
        for j in 0..=n1 {
            row[j] = if (up * i).abs_diff(down * j) >= far {
                1.0
            } else if i + j == 0 {
                0.0
            } else {
                let from_left = if j > 0 { j as f64 * row[j - 1] } else { 0.0 };
                (i as f64 * row[j] + from_left) / (i + j) as f64
            };
        }
    }
    row[n1]
}

/// Upper tail of Kolmogorov's distribution.
fn limit_tail(z: f64) -> f64 {
    // Below this the tail is 1 to the last bit, and the series converges slowly.
    if z < 0.2 {
        return 1.0;
    }
    let terms = (1..=100).map(|k| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * z * z).exp()
    });
    terms.sum::<f64>().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use ndarray::{Array1, array};
    use rand::seq::SliceRandom;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn exact_and_limit_meet_and_direction_is_told() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let x: Array1<f64> = (0..4000).map(|_| rng.random()).collect();
        let y: Vec<usize> = (0..4000).map(|i| usize::from(i % 3 == 0)).collect();
        let shifted = &x + &y.iter().map(|&c| 0.05 * c as f64).collect::<Array1<f64>>();
        let test = ks(shifted.view(), &y).unwrap();
        let z = test.statistic * (1334.0 * 2666.0 / 4000.0f64).sqrt();
        // The limit is off by a share of the order of z / √(n₀ n₁ / n).
        let share = z / (1334.0 * 2666.0 / 4000.0f64).sqrt();
        assert!(
            (test.p_value / limit_tail(z) - 1.0).abs() < share,
            "{} {}",
            test.p_value,
            limit_tail(z)
        );
        assert!(test.effect > 0.03, "class 1 has the larger values: {}", test.effect);
    }

    #[test]
    fn under_the_null_hypothesis_small_p_values_are_rare() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let x = Array1::linspace(0.0, 1.0, 60);
        let mut y: Vec<usize> = (0..60).map(|i| usize::from(i < 25)).collect();
        let mut rejected = 0;
        for _ in 0..2000 {
            y.shuffle(&mut rng);
            rejected += usize::from(ks(x.view(), &y).unwrap().p_value <= 0.05);
        }
        // Discrete, hence at most 5 %: 100 and three standard errors of 10.
        assert!((50..=130).contains(&rejected), "{rejected}");
    }

    #[test]
    fn equal_values_jump_together_and_bad_input_is_named() {
        let same = ks(array![1.0, 1.0, 1.0, 1.0].view(), &[0, 1, 0, 1]).unwrap();
        assert!(same.statistic < 1e-15 && (same.p_value - 1.0).abs() < 1e-15);
        let x = array![1.0, 2.0];
        assert!(matches!(ks(x.view(), &[0, 2]), Err(Error::Label { index: 1, .. })));
        assert!(matches!(ks(x.view(), &[1, 1]), Err(Error::SingleClass { class: 1, .. })));
        assert!(matches!(ks(x.view(), &[1]), Err(Error::Shape { .. })));
        let nan = ks(array![f64::NAN, 1.0].view(), &[0, 1]);
        assert!(matches!(nan, Err(Error::NotFinite { row: 0, .. })));
        assert!((limit_tail(0.2) - 1.0).abs() < 1e-10);
    }
}
