//! How weights begin.
//!
//! ```text
//! shape (n_out, n_in, …kernel):   fan_in = n_in ∏ kernel,   fan_out = n_out ∏ kernel
//! Glorot   U(±√(6 / (fan_in + fan_out)))       keeps variances through layers that bend little at 0
//! He       N(0, 2 / fan_in)                    the ReLU halves the second moment, the 2 gives it back
//! FanIn    U(±1 / √fan_in)                     PyTorch's own: variance 1 / (3 fan_in), not He's
//! ```
//!
//! # References
//! Glorot & Bengio (2010), eq. 16; He et al. (2015), eq. 10; `PyTorch`'s documentation of `torch.nn.Linear`.

use crate::base::stream;
use crate::{Error, Result};
use rand::Rng;
use rand_distr::StandardNormal;

/// The rule by which a parameter is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
    /// Uniform within `±bound`.
    Uniform(f64),
    /// Normal with mean 0 and this standard deviation.
    Normal(f64),
    /// Uniform within `±√(6 / (fan_in + fan_out))`.
    Glorot,
    /// Normal with variance `2 / fan_in`.
    He,
    /// Uniform within `±1 / √fan_in`.
    FanIn,
}

impl Init {
    /// The numbers of a parameter of this shape, row by row, by stream `i` of the seed.
    pub(super) fn draw(self, shape: &[usize], seed: u64, i: usize) -> Result<Vec<f64>> {
        let n = shape.iter().product();
        let mut rng = stream(seed, i);
        let mut uniform =
            |bound: f64| (0..n).map(|_| bound * (2.0 * rng.random::<f64>() - 1.0)).collect();
        match self {
            Self::Zeros => Ok(vec![0.0; n]),
            Self::Ones => Ok(vec![1.0; n]),
            Self::Uniform(bound) => Ok(uniform(positive("bound", bound)?)),
            Self::Normal(sd) => Ok(normal(n, positive("sd", sd)?, &mut rng)),
            Self::Glorot => {
                let (fan_in, fan_out) = fans(shape)?;
                Ok(uniform((6.0 / (fan_in + fan_out)).sqrt()))
            }
            Self::He => Ok(normal(n, (2.0 / fans(shape)?.0).sqrt(), &mut rng)),
            Self::FanIn => Ok(uniform(1.0 / fans(shape)?.0.sqrt())),
        }
    }
}

fn normal(n: usize, sd: f64, rng: &mut impl Rng) -> Vec<f64> {
    (0..n).map(|_| sd * rng.sample::<f64, _>(StandardNormal)).collect()
}

/// `fan_in` and `fan_out`.
fn fans(shape: &[usize]) -> Result<(f64, f64)> {
    let [n_out, n_in, kernel @ ..] = shape else {
        let (expected, got) = ("(n_out, n_in, …kernel)".to_owned(), format!("{shape:?}"));
        return Err(Error::Shape { what: "Init: a rule by fans", expected, got });
    };
    let kernel: usize = kernel.iter().product();
    Ok(((n_in * kernel) as f64, (n_out * kernel) as f64))
}

fn positive(name: &'static str, value: f64) -> Result<f64> {
    crate::base::check_positive("Init", name, value)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of many draws.
    fn moments(init: Init, shape: &[usize]) -> (f64, f64) {
        let draws = init.draw(shape, 3, 0).unwrap();
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        (mean, draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n)
    }

    #[test]
    fn variances_are_those_of_the_formulas() {
        // 40 000 draws: the mean within four standard errors, the variance within 4 √(2/n) ≈ 3 %.
        let shape = [100, 100, 2, 2];
        for (init, variance) in [
            (Init::Glorot, 2.0_f64 / 800.0),
            (Init::He, 2.0 / 400.0),
            (Init::FanIn, 1.0 / 1200.0),
            (Init::Uniform(0.3), 0.03),
            (Init::Normal(0.5), 0.25),
        ] {
            let (mean, spread) = moments(init, &shape);
            assert!(mean.abs() < 4.0 * (variance / 40_000.0).sqrt(), "{init:?}: mean {mean}");
            assert!((spread / variance - 1.0).abs() < 0.03, "{init:?}: variance {spread}");
        }
        let bound = (6.0_f64 / 800.0).sqrt();
        assert!(Init::Glorot.draw(&shape, 1, 0).unwrap().iter().all(|v| v.abs() <= bound));
    }

    #[test]
    fn stream_and_seed_decide() {
        let draw = |seed, i| Init::He.draw(&[4, 4], seed, i).unwrap();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert!(draw(1, 2) != draw(1, 3) && draw(1, 2) != draw(2, 2));
        assert!(matches!(Init::He.draw(&[4], 0, 0), Err(Error::Shape { .. })));
        assert!(matches!(Init::Normal(-1.0).draw(&[4], 0, 0), Err(Error::Parameter { .. })));
        assert_eq!(Init::Ones.draw(&[2], 0, 0), Ok(vec![1.0; 2]));
    }
}
