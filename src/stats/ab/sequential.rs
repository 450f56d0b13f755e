//! Looking before the end: what it costs, and tests that allow it.
//!
//! ```text
//! peeking:  reject when |S_k| / √(n_k) > z_{1 − α/2} at any of K looks       error rate well above α
//! mixture SPRT:  Λₙ = ∫ Πᵢ f_θ(dᵢ)/f₀(dᵢ) N(θ; 0, τ²) dθ
//!                   = √(σ²/(σ² + n τ²)) exp( τ² Sₙ² / (2 σ² (σ² + n τ²)) ),   Sₙ = Σ dᵢ
//! always valid:  pₙ = min(1, 1/Λ₁, …, 1/Λₙ),      P(pₙ ≤ α for any n) ≤ α under H₀
//! interval:      Sₙ/n ± √( (σ² (σ² + n τ²)/(n² τ²)) ln((σ² + n τ²)/(σ² α²)) )
//! ```
//!
//! Under H₀, `Λₙ` is a martingale with mean 1, so by Ville's inequality it ever reaches `1/α` with
//! probability at most `α`. The price is a wider interval at every fixed `n`. `τ` is the size of effect
//! that one expects; the guarantee holds for any `τ > 0` that is chosen before.
//!
//! # References
//! Armitage, `McPherson` & Rowe (1969), *Repeated Significance Tests on Accumulating Data*; Robbins (1970);
//! Johari, Koomen, Pekelis & Walsh (2022), *Always Valid Inference*, section 3 and eq. 10.

use super::{check_open, z_quantile};
use crate::base::{check_positive, check_vector, stream, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use ndarray::{Array1, ArrayView1};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Experiments that one task runs. Fixed, so that the result does not depend on the number of threads.
const CHUNK: usize = 1024;

/// Share of `reps` simulated experiments without any effect that a z-test at level `alpha` calls
/// significant at one of `looks` equally spaced looks, the last at `n` observations. Standard error:
/// `√(rate (1 − rate)/reps)`.
///
/// The sum of the observations between two looks is itself normal and is drawn at once.
///
/// # Errors
/// [`Error::Parameter`] for no looks, more looks than observations, no repetitions, or a bad `alpha`.
///
/// ```
/// use mlnotes::stats::ab::peeking_error_rate;
/// // Armitage, McPherson & Rowe (1969), table 2: 14.2 % for five looks at 5 %.
/// let rate = peeking_error_rate(5, 1000, 0.05, 20_000, 1)?;
/// assert!((rate - 0.142).abs() < 3.0 * (0.142f64 * 0.858 / 20_000.0).sqrt());
/// # Ok::<(), mlnotes::Error>(())
/// ```
pub fn peeking_error_rate(
    looks: usize,
    n: usize,
    alpha: f64,
    reps: usize,
    seed: u64,
) -> Result<f64> {
    const NAME: &str = "peeking_error_rate";
    check_open(NAME, "alpha", alpha)?;
    let bad = |name, rule, got: usize| {
        Err(Error::Parameter { estimator: NAME, name, rule, got: got.to_string() })
    };
    if looks == 0 || looks > n {
        return bad("looks", "from 1 to `n`", looks);
    }
    if reps == 0 {
        return bad("reps", ">= 1", reps);
    }
    let at: Vec<f64> = (1..=looks).map(|k| (k * n / looks) as f64).collect();
    let critical = z_quantile(1.0 - alpha / 2.0);
    let mut rejected = 0usize;
    let chunks = reps.div_ceil(CHUNK);
    for block in (0..chunks).step_by(64) {
        check_interrupt();
        rejected += (block..(block + 64).min(chunks))
            .into_par_iter()
            .map(|chunk| {
                let mut rng = stream(seed, chunk);
                let size = CHUNK.min(reps - chunk * CHUNK);
                (0..size).filter(|_| ever_significant(&at, critical, &mut rng)).count()
            })
            .sum::<usize>();
    }
    Ok(rejected as f64 / reps as f64)
}

/// Whether one experiment without an effect is significant at one of the looks.
fn ever_significant(at: &[f64], critical: f64, rng: &mut ChaCha8Rng) -> bool {
    let (mut sum, mut seen, mut significant) = (0.0, 0.0, false);
    for &n in at {
        let draw: f64 = StandardNormal.sample(rng);
        sum += (n - seen).sqrt() * draw;
        seen = n;
        // No early return: every experiment takes as many draws, so looks share their randomness.
        significant |= sum.abs() > critical * n.sqrt();
    }
    significant
}

/// Always-valid p-values after each of the differences `diffs`, shape `(n,)`: independent, of known
/// `variance`, mean 0 under the null hypothesis. They never rise; stop whenever they pass `alpha`.
///
/// For two groups, `diffs` are outcome of the i-th user of one group minus that of the i-th of the other,
/// and `variance` the sum of both groups'. `tau2` is the variance of the effects one expects.
///
/// # Errors
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::Parameter`] for `variance` or `tau2` not above 0.
///
/// ```
/// use mlnotes::stats::ab::always_valid_p;
/// use ndarray::Array1;
/// let none = always_valid_p(Array1::zeros(1000).view(), 1.0, 0.01)?;
/// let half = always_valid_p(Array1::from_elem(1000, 0.5).view(), 1.0, 0.01)?;
/// assert!(none[999] == 1.0 && half[30] > 0.05 && half[999] < 1e-6);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn always_valid_p(diffs: ArrayView1<f64>, variance: f64, tau2: f64) -> Result<Array1<f64>> {
    check_stream("always_valid_p", "always_valid_p: `diffs`", diffs, variance, tau2)?;
    let (mut sum, mut p) = (0.0, 1.0f64);
    let step = |(i, d): (usize, &f64)| {
        sum += d;
        let spread = variance + (i as f64 + 1.0) * tau2;
        let log_ratio =
            0.5 * (variance / spread).ln() + tau2 * sum * sum / (2.0 * variance * spread);
        p = p.min((-log_ratio).exp());
        p
    };
    Ok(diffs.iter().enumerate().map(step).collect())
}

/// Lower and upper ends, shapes `(n,)`, of a confidence sequence of the mean of `diffs`: with probability
/// `level` the truth lies in *all* of the intervals. Arguments as [`always_valid_p`]; where 0 is outside an
/// interval, the p-value is below `1 − level`.
///
/// # Errors
/// As [`always_valid_p`], and [`Error::Parameter`] for a bad level.
///
/// ```
/// use mlnotes::stats::ab::always_valid_ci;
/// let (low, high) = always_valid_ci(ndarray::Array1::from_elem(1000, 0.5).view(), 1.0, 0.01, 0.95)?;
/// assert!(low[0] < -4.0 && low[999] > 0.38 && high[999] < 0.62);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn always_valid_ci(
    diffs: ArrayView1<f64>,
    variance: f64,
    tau2: f64,
    level: f64,
) -> Result<(Array1<f64>, Array1<f64>)> {
    check_open("always_valid_ci", "level", level)?;
    check_stream("always_valid_ci", "always_valid_ci: `diffs`", diffs, variance, tau2)?;
    let alpha = 1.0 - level;
    let mut sum = 0.0;
    let step = |(i, d): (usize, &f64)| {
        sum += d;
        let n = i as f64 + 1.0;
        let spread = variance + n * tau2;
        let half = (variance * spread / (n * n * tau2)
            * (spread / (variance * alpha * alpha)).ln())
        .sqrt();
        (sum / n - half, sum / n + half)
    };
    let (low, high): (Vec<f64>, Vec<f64>) = diffs.iter().enumerate().map(step).unzip();
    Ok((low.into(), high.into()))
}

fn check_stream(
    estimator: &'static str,
    what: &'static str,
    diffs: ArrayView1<f64>,
    variance: f64,
    tau2: f64,
) -> Result<()> {
    if diffs.is_empty() {
        return Err(Error::Empty { what, needed: "1 difference" });
    }
    check_vector(what, diffs)?;
    check_positive(estimator, "variance", variance)?;
    check_positive(estimator, "tau2", tau2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn intervals_invert_the_p_values(
            diffs in proptest::collection::vec(-3.0..4.0, 1..60),
            variance in 0.5..3.0,
            tau2 in 0.01..2.0,
        ) {
            let diffs = Array1::from(diffs);
            let p = always_valid_p(diffs.view(), variance, tau2).unwrap();
            let (low, high) = always_valid_ci(diffs.view(), variance, tau2, 0.95).unwrap();
            prop_assert!(p.windows(2).into_iter().all(|w| w[1] <= w[0]));
            let mut outside = false;
            for i in 0..p.len() {
                let nearest = low[i].max(-high[i]);
                outside |= nearest > 1e-9;
                prop_assert!(!outside || p[i] < 0.05);
                prop_assert!(outside || nearest > -1e-9 || p[i] >= 0.05);
            }
        }
    }

    #[test]
    fn one_look_keeps_the_level_and_more_looks_lose_it() {
        let rate = |looks| peeking_error_rate(looks, 1000, 0.05, 20_000, 5).unwrap();
        assert!((rate(1) - 0.05).abs() < 3.0 * (0.05f64 * 0.95 / 20_000.0).sqrt());
        assert!(rate(1) < rate(2) && rate(2) < rate(10) && rate(10) < rate(100));
        assert!((rate(10) - rate(10)).abs() < f64::EPSILON);
    }

    #[test]
    fn bad_streams_are_named() {
        let d = array![1.0, 2.0];
        let said = |d: &Array1<f64>, v, t| always_valid_p(d.view(), v, t).unwrap_err();
        assert!(matches!(said(&array![], 1.0, 1.0), Error::Empty { .. }));
        assert!(matches!(said(&array![f64::NAN], 1.0, 1.0), Error::NotFinite { .. }));
        assert!(said(&d, 0.0, 1.0).to_string().contains("`variance`"));
        assert!(said(&d, 1.0, -1.0).to_string().contains("`tau2`"));
        assert!(always_valid_ci(d.view(), 1.0, 1.0, 1.0).is_err());
        let peek =
            |looks, n, alpha, reps| peeking_error_rate(looks, n, alpha, reps, 1).unwrap_err();
        assert!(peek(0, 10, 0.05, 10).to_string().contains("`looks`"));
        assert!(peek(11, 10, 0.05, 10).to_string().contains("`looks`"));
        assert!(peek(1, 10, 0.0, 10).to_string().contains("`alpha`"));
        assert!(peek(1, 10, 0.05, 0).to_string().contains("`reps`"));
    }
}
