//! Seven families: what they need of their data, and the laws that all of them keep.

mod counts;
mod lifetimes;
mod normal;
mod uniform;

pub use counts::{Bernoulli, Poisson};
pub use lifetimes::{Exponential, Gamma, Weibull};
pub use normal::Normal;
pub use uniform::UniformZeroTo;

use crate::base::check_vector;
use crate::{Error, Result};
use ndarray::ArrayView1;

/// At least one value, all finite.
fn check_data(what: &'static str, data: ArrayView1<f64>) -> Result<()> {
    if data.is_empty() {
        return Err(Error::Empty { what, needed: "1 value" });
    }
    check_vector(what, data)
}

/// No value below 0.
fn check_not_negative(what: &'static str, data: ArrayView1<f64>) -> Result<()> {
    match data.iter().enumerate().find(|(_, x)| **x < 0.0) {
        Some((index, &value)) => Err(Error::Negative { what, index, value }),
        None => Ok(()),
    }
}

/// Every value obeys the rule.
fn check_each(
    estimator: &'static str,
    rule: &'static str,
    data: ArrayView1<f64>,
    obeys: impl Fn(f64) -> bool,
) -> Result<()> {
    match data.iter().enumerate().find(|(_, x)| !obeys(**x)) {
        Some((index, value)) => {
            let got = format!("{value} at position {index}");
            Err(Error::Parameter { estimator, name: "data", rule, got })
        }
        None => Ok(()),
    }
}

/// Two different values at least: with one, the likelihood grows without end.
fn check_varies(what: &'static str, data: ArrayView1<f64>) -> Result<()> {
    let (low, high) = range(data);
    if low < high { Ok(()) } else { Err(Error::ZeroVariance { what, col: None, value: low }) }
}

fn range(data: ArrayView1<f64>) -> (f64, f64) {
    data.iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)))
}

/// `a / b`, and 0 where `a` is 0: a term that no observation asks for.
fn share(a: f64, b: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a / b }
}

/// `a ln b`, and 0 where `a` is 0.
fn times_ln(a: f64, b: f64) -> f64 {
    if a == 0.0 { 0.0 } else { a * b.ln() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::{max_relative_error, numeric_gradient, numeric_jacobian};
    use crate::stats::likelihood::LogLikelihood;
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    type Maker = fn(ArrayView1<f64>) -> Result<()>;
    type Family = (Box<dyn LogLikelihood>, Array1<f64>);

    /// Every family on data of its kind, with a point somewhere in its parameter space.
    fn families(positive: &[f64], real: &[f64], a: f64, b: f64) -> Vec<Family> {
        let (positive, real) = (Array1::from(positive.to_vec()), Array1::from(real.to_vec()));
        let counts = positive.mapv(f64::floor);
        let bits = real.mapv(|x| f64::from(x > 0.0));
        let (x, top) = (positive.view(), range(positive.view()).1);
        vec![
            (Box::new(Bernoulli::new(bits.view()).unwrap()), array![a / (a + b)]),
            (Box::new(Poisson::new(counts.view()).unwrap()), array![a]),
            (Box::new(Exponential::new(x).unwrap()), array![a]),
            (Box::new(Normal::new(real.view()).unwrap()), array![a - b, b]),
            (Box::new(UniformZeroTo::new(x).unwrap()), array![top * (1.1 + a)]),
            (Box::new(Gamma::new(x).unwrap()), array![a, b]),
            (Box::new(Weibull::new(x).unwrap()), array![a, b]),
        ]
    }

    proptest! {
        #[test]
        fn score_and_information_are_the_derivatives(
            positive in proptest::collection::vec(0.1..6.0, 5..20),
            real in proptest::collection::vec(-4.0..4.0, 5..20),
            a in 0.5..3.0, b in 0.5..3.0,
        ) {
            for (family, at) in families(&positive, &real, a, b) {
                let log_lik = |t: ArrayView1<f64>| family.log_lik(t).unwrap();
                let score = family.score(at.view()).unwrap();
                let numeric = numeric_gradient(log_lik, at.view());
                let error = max_relative_error(score.view(), numeric.view());
                prop_assert!(error < 1e-7, "score of {}: {error:e}", family.model());
                let jacobian = numeric_jacobian(|t| family.score(t).unwrap(), at.view());
                let information = -family.information(at.view()).unwrap();
                for (row, numeric) in information.rows().into_iter().zip(jacobian.rows()) {
                    let error = max_relative_error(row, numeric);
                    prop_assert!(error < 1e-7, "information of {}: {error:e}", family.model());
                }
            }
        }

        #[test]
        fn a_closed_form_is_never_beaten(
            positive in proptest::collection::vec(0.1..6.0, 5..20),
            real in proptest::collection::vec(-4.0..4.0, 5..20),
            a in 0.5..3.0, b in 0.5..3.0,
        ) {
            let mut with_formula = 0;
            for (family, at) in families(&positive, &real, a, b) {
                let Some(best) = family.closed_form() else { continue };
                let (top, here) = (family.log_lik(best.view()), family.log_lik(at.view()));
                prop_assert!(top.unwrap() >= here.unwrap() - 1e-9, "{}", family.model());
                with_formula += 1;
            }
            prop_assert_eq!(with_formula, 5);
        }
    }

    #[test]
    fn the_log_likelihood_is_the_sum_of_log_densities() {
        use statrs::distribution::{self as peer, Continuous, Discrete};
        let x = array![0.3, 1.2, 2.0, 4.5];
        let sum = |f: &dyn Fn(f64) -> f64| x.iter().map(|&x| f(x)).sum::<f64>();
        let close = |ours: Result<f64>, theirs: f64| {
            let ours = ours.unwrap();
            assert!((ours - theirs).abs() < 1e-12 * theirs.abs().max(1.0), "{ours} {theirs}");
        };
        let gamma = peer::Gamma::new(1.7, 0.6).unwrap();
        let family = Gamma::new(x.view()).unwrap();
        close(family.log_lik(array![1.7, 0.6].view()), sum(&|x| gamma.ln_pdf(x)));
        let weibull = peer::Weibull::new(1.7, 2.6).unwrap();
        let family = Weibull::new(x.view()).unwrap();
        close(family.log_lik(array![1.7, 2.6].view()), sum(&|x| weibull.ln_pdf(x)));
        let normal = peer::Normal::new(1.7, 0.6).unwrap();
        let family = Normal::new(x.view()).unwrap();
        close(family.log_lik(array![1.7, 0.6].view()), sum(&|x| normal.ln_pdf(x)));
        let exponential = peer::Exp::new(0.6).unwrap();
        let family = Exponential::new(x.view()).unwrap();
        close(family.log_lik(array![0.6].view()), sum(&|x| exponential.ln_pdf(x)));
        let uniform = peer::Uniform::new(0.0, 5.0).unwrap();
        let family = UniformZeroTo::new(x.view()).unwrap();
        close(family.log_lik(array![5.0].view()), sum(&|x| uniform.ln_pdf(x)));
        let poisson = peer::Poisson::new(1.7).unwrap();
        let family = Poisson::new(array![0.0, 1.0, 4.0].view()).unwrap();
        let theirs: f64 = [0, 1, 4].iter().map(|&k| poisson.ln_pmf(k)).sum();
        close(family.log_lik(array![1.7].view()), theirs);
    }

    #[test]
    fn a_point_outside_the_parameter_space_is_refused() {
        let x = [0.3, 1.2, 2.0, 4.5, 5.5];
        for (family, at) in families(&x, &[-1.0, 1.0, 2.0, 0.5, 0.1], 1.0, 1.0) {
            for wrong in [at.mapv(|_| -1.0), at.mapv(|_| f64::NAN)] {
                let error = family.log_lik(wrong.view()).unwrap_err();
                assert!(matches!(error, Error::Parameter { name: "theta", .. }), "{error}");
                assert!(family.score(wrong.view()).is_err());
                assert!(family.information(wrong.view()).is_err());
                assert!(family.expected_information(wrong.view()).is_err());
            }
            let long = Array1::ones(at.len() + 1);
            assert!(matches!(family.log_lik(long.view()).unwrap_err(), Error::Shape { .. }));
        }
        let said = Poisson::new(array![1.0].view()).unwrap().score(array![-2.0].view());
        assert!(said.unwrap_err().to_string().contains("rate = -2, not in [0, inf)"));
    }

    #[test]
    fn data_that_the_family_cannot_have_are_refused() {
        let none: Array1<f64> = array![];
        let nan = array![1.0, f64::NAN];
        let makers: [(&str, Maker); 7] = [
            ("Bernoulli", |x| Bernoulli::new(x).map(|_| ())),
            ("Poisson", |x| Poisson::new(x).map(|_| ())),
            ("Exponential", |x| Exponential::new(x).map(|_| ())),
            ("Normal", |x| Normal::new(x).map(|_| ())),
            ("UniformZeroTo", |x| UniformZeroTo::new(x).map(|_| ())),
            ("Gamma", |x| Gamma::new(x).map(|_| ())),
            ("Weibull", |x| Weibull::new(x).map(|_| ())),
        ];
        for (name, make) in makers {
            assert!(matches!(make(none.view()).unwrap_err(), Error::Empty { .. }), "{name}");
            assert!(matches!(make(nan.view()).unwrap_err(), Error::NotFinite { row: 1, .. }));
            let negative = make(array![1.0, -2.0].view());
            assert_eq!(negative.is_ok(), name == "Normal", "{name}");
            let constant = make(array![1.0, 1.0].view()).is_err();
            assert_eq!(constant, ["Normal", "Gamma", "Weibull"].contains(&name), "{name}");
            let zeros = make(array![0.0, 0.0].view()).is_ok();
            assert_eq!(zeros, ["Bernoulli", "Poisson"].contains(&name), "{name}");
        }
        let said = |x: Array1<f64>| Poisson::new(x.view()).unwrap_err().to_string();
        assert_eq!(
            said(array![1.0, 2.5]),
            "Poisson: `data` must be whole numbers, got 2.5 at position 1"
        );
        assert!(said(array![-1.0]).contains("-1 at position 0"));
        let two = Bernoulli::new(array![0.0, 2.0].view()).unwrap_err();
        assert!(matches!(two, Error::Label { index: 1, .. }));
        let zero = Weibull::new(array![1.0, 0.0].view()).unwrap_err().to_string();
        assert_eq!(zero, "Weibull: `data` must be above 0, got 0 at position 1");
    }
}
