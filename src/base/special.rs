//! Small functions that stay finite where their textbook formulas overflow.
//!
//! ```text
//! softplus(z) = ln(1 + eᶻ) = max(z, 0) + ln(1 + e^−|z|)
//! ln Σᵢ e^zᵢ  = m + ln Σᵢ e^(zᵢ − m),   m = maxᵢ zᵢ
//! ```

use crate::base::views;
use ndarray::ArrayView1;

/// The logistic function `σ(z) = 1 / (1 + e⁻ᶻ)`, without overflow for large `|z|`.
///
/// ```
/// assert_eq!(mlnotes::base::sigmoid(0.0), 0.5);
/// assert_eq!(mlnotes::base::sigmoid(-1000.0), 0.0);
/// ```
pub fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

/// `softplus(z) = ln(1 + eᶻ)`, computed as `max(z, 0) + ln(1 + e^{-|z|})`.
///
/// ```
/// assert_eq!(mlnotes::base::softplus(1000.0), 1000.0);
/// ```
pub fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// `ln Σᵢ e^{vᵢ}`, shifted by the maximum so that nothing overflows; `-∞` for an empty slice. A `-∞` adds
/// nothing.
///
/// ```
/// let v = ndarray::array![-1000.0, -1000.0];
/// assert!((mlnotes::base::log_sum_exp(v.view()) - (2.0f64.ln() - 1000.0)).abs() < 1e-12);
/// ```
#[views]
pub fn log_sum_exp(v: ArrayView1<f64>) -> f64 {
    let max = v.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !max.is_finite() {
        return max;
    }
    max + v.iter().map(|&x| (x - max).exp()).sum::<f64>().ln()
}

/// The trigamma function `ψ′(x) = d² ln Γ(x) / dx²` for `x > 0`, to about 14 digits; NaN elsewhere.
///
/// ```text
/// ψ′(x) = 1/x² + ψ′(x + 1)                                        until x ≥ 20, then
/// ψ′(x) ~ 1/x + 1/(2x²) + 1/(6x³) − 1/(30x⁵) + 1/(42x⁷) − 1/(30x⁹)
/// ```
///
/// `statrs` has `digamma` but not its derivative. The first term left out is `5/(66 x¹¹)`, below
/// `4e-16` from 20 on.
///
/// ```
/// let pi_squared = std::f64::consts::PI.powi(2);
/// assert!((mlnotes::base::trigamma(1.0) - pi_squared / 6.0).abs() < 1e-14);
/// ```
///
/// # References
/// Abramowitz & Stegun (1964), eq. 6.4.6 and 6.4.12.
pub fn trigamma(x: f64) -> f64 {
    const LARGE: f64 = 20.0;
    // Bernoulli numbers B₂, B₄, B₆, B₈.
    const BERNOULLI: [f64; 4] = [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0];
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let (mut sum, mut z) = (0.0, x);
    while z < LARGE {
        sum += 1.0 / (z * z);
        z += 1.0;
    }
    let squared = 1.0 / (z * z);
    let tail = BERNOULLI.iter().rev().fold(0.0, |tail, b| (tail + b) * squared);
    sum + (1.0 + 0.5 / z + tail) / z
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn log_sum_exp_neither_overflows_nor_underflows() {
        assert!((log_sum_exp(array![1e4, 1e4].view()) - (1e4 + 2f64.ln())).abs() < 1e-9);
        assert!((log_sum_exp(array![-1e4, -1e4].view()) - (2f64.ln() - 1e4)).abs() < 1e-9);
        assert!(log_sum_exp(array![].view()) < f64::MIN);
        let hidden = f64::NEG_INFINITY;
        let masked = log_sum_exp(array![hidden, 0.3, hidden, 1.0].view());
        assert!((masked - log_sum_exp(array![0.3, 1.0].view())).abs() < 1e-15);
        assert!(log_sum_exp(array![hidden, hidden].view()) < f64::MIN);
    }

    #[test]
    fn softplus_is_the_integral_of_sigmoid() {
        for z in [-30.0, -2.0, 0.0, 0.5, 30.0] {
            let h = 1e-5;
            let slope = (softplus(z + h) - softplus(z - h)) / (2.0 * h);
            assert!((slope - sigmoid(z)).abs() < 1e-9, "at {z}");
        }
    }

    #[test]
    fn trigamma_is_the_slope_of_digamma() {
        use statrs::function::gamma::digamma;
        for x in [0.03, 0.7, 3.2, 19.9, 20.1, 500.0] {
            let h = 1e-5 * x;
            let slope = (digamma(x + h) - digamma(x - h)) / (2.0 * h);
            assert!((trigamma(x) / slope - 1.0).abs() < 1e-8, "at {x}");
        }
        assert!(trigamma(0.0).is_nan() && trigamma(-1.5).is_nan() && trigamma(f64::NAN).is_nan());
    }
}
