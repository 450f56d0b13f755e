//! Step 4 by Newton's method: damped, inside the parameter space, with a look at what was found.
//!
//! ```text
//! d = J(θ)⁻¹ s(θ)                      direction: the summit of the parabola that fits here
//! θ ← θ + t d,  t ≤ 1                  t is halved until ℓ rises enough (Armijo) and θ is inside
//! sᵀ d ≤ tol                           stop: twice the gain in ℓ that the parabola still promises
//! ```
//!
//! Where `J` is not positive definite the parabola has no summit. Then the expected information takes its
//! place (Fisher scoring), or, where the model has none, the absolute curvature `|J|`, whose eigenvalues
//! are those of `J` without their signs. All three directions climb.
//!
//! The criterion `sᵀ d` does not depend on the units of the data: it is the squared length of the step,
//! measured in standard errors.
//!
//! # References
//! Nocedal & Wright (2006), sections 3.1, 3.4 and 16.7; Dauphin et al. (2014) for `|J|`.

use super::{Domain, LogLikelihood};
use crate::base::{check_matrix, check_vector, to_faer, views};
use crate::display::check_interrupt;
use crate::{Error, Result};
use faer::linalg::solvers::{DenseSolveCore, Solve};
use faer::{Mat, Side};
use ndarray::{Array1, Array2, ArrayView1};

/// How a step found its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// `J⁻¹ s` with the observed information `J`.
    Newton,
    /// The same with the expected information, because the observed one was not positive definite.
    Fisher,
    /// The same with `|J|`, because no positive definite information was known.
    AbsoluteCurvature,
}

/// What [`maximize`] found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Mle {
    /// The estimate, shape `(n_params,)`.
    pub theta: Array1<f64>,
    /// Standard errors from the observed information, shape `(n_params,)`. `None` on the boundary, for
    /// models that are not regular, and before convergence: there the formula says nothing.
    pub std_err: Option<Array1<f64>>,
    /// Inverse of the observed information, shape `(n_params, n_params)`; `None` as `std_err`.
    pub covariance: Option<Array2<f64>>,
    /// The log-likelihood at `theta`.
    pub log_lik: f64,
    /// Steps made.
    pub n_iter: usize,
    /// Whether the search ended at a maximum rather than at `max_iter`.
    pub converged: bool,
    /// Whether a parameter stands at an end of its domain.
    pub on_boundary: bool,
    /// `theta` at the start and after each step.
    pub path: Vec<Array1<f64>>,
    /// How each step found its direction, shape `(n_iter,)`.
    pub directions: Vec<Direction>,
}

impl Mle {
    /// Akaike's criterion, `2 n_params − 2ℓ(θ̂)`: the smaller, the better the model is expected to
    /// predict.
    pub fn aic(&self) -> f64 {
        2.0 * self.theta.len() as f64 - 2.0 * self.log_lik
    }
}

/// Climbs the log-likelihood from `start`, shape `(n_params,)`, in at most `max_iter` steps, until the
/// gain still promised is at most `tol`; 100 and 1e-10 suit most models.
///
/// The maximum found is a local one; where there may be several, start in several places. A likelihood
/// that only flattens towards infinity (a logistic regression on separable classes) looks like one with a
/// maximum far out: its standard errors are then absurdly large.
///
/// # Errors
/// [`Error::Shape`] and [`Error::Parameter`] for a start outside the parameter space or with likelihood
/// 0, for `max_iter = 0` and a `tol` that is not above 0; [`Error::NotFinite`] for a score or information
/// that is not finite; [`Error::NotPositiveDefinite`] where the score vanishes and there is no maximum:
/// a minimum, a saddle, or a parameter that the data do not determine.
///
/// ```
/// use mlnotes::stats::likelihood::{LogLikelihood, Normal, maximize};
/// use ndarray::array;
/// let model = Normal::new(array![2.1, 3.4, 1.7, 2.8].view())?;
/// let fit = maximize(&model, array![0.0, 5.0].view(), 100, 1e-10)?;
/// let exact = model.closed_form().unwrap_or_default();
/// assert!((&fit.theta - &exact).iter().all(|d| d.abs() < 1e-9));
/// // The standard error of a mean.
/// let se = fit.std_err.unwrap_or_default();
/// assert!((se[0] - exact[1] / 2.0).abs() < 1e-9);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn maximize(
    ll: &dyn LogLikelihood,
    start: ArrayView1<f64>,
    max_iter: usize,
    tol: f64,
) -> Result<Mle> {
    check_settings(max_iter, tol)?;
    let mut at = Point::start(ll, start)?;
    let (mut path, mut directions) = (vec![at.theta.clone()], Vec::new());
    let mut converged = false;
    for _ in 0..max_iter {
        check_interrupt();
        let (direction, kind) = ascent(ll, &at)?;
        let promise = direction.dot(&at.score);
        if promise <= 0.0 {
            // The score is zero, or points out of the domain at every end.
            converged = true;
            break;
        }
        if step(ll, &at.theta, &direction, 1.0) == at.theta {
            // The step is smaller than the spacing of the numbers.
            converged = true;
            break;
        }
        let Some(next) = line_search(ll, &at, &direction, promise)? else {
            break;
        };
        at = next;
        path.push(at.theta.clone());
        directions.push(kind);
        if promise <= tol {
            converged = true;
            break;
        }
    }
    let on_boundary = (0..at.theta.len()).any(|j| ll.domain(j).is_end(at.theta[j]));
    let theory_holds = converged && !on_boundary && ll.is_regular();
    let covariance = if theory_holds { Some(covariance(&at)?) } else { None };
    Ok(Mle {
        std_err: covariance.as_ref().map(|c| c.diag().mapv(f64::sqrt)),
        covariance,
        log_lik: at.log_lik,
        n_iter: directions.len(),
        converged,
        on_boundary,
        path,
        directions,
        theta: at.theta,
    })
}

/// All that is known at one `theta`.
struct Point {
    theta: Array1<f64>,
    log_lik: f64,
    score: Array1<f64>,
    information: Array2<f64>,
}

impl Point {
    fn start(ll: &dyn LogLikelihood, theta: ArrayView1<f64>) -> Result<Self> {
        if ll.n_params() == 0 {
            return Err(Error::Empty { what: "maximize: `start`", needed: "1 parameter" });
        }
        ll.check(theta)?;
        let log_lik = ll.log_lik(theta)?;
        if !log_lik.is_finite() {
            return Err(Error::Parameter {
                estimator: "maximize",
                name: "start",
                rule: "a point where the likelihood is above 0 and finite",
                got: format!("log-likelihood {log_lik} at {theta}"),
            });
        }
        Self::at(ll, theta.to_owned(), log_lik)
    }

    fn at(ll: &dyn LogLikelihood, theta: Array1<f64>, log_lik: f64) -> Result<Self> {
        let p = theta.len();
        let (score, information) = (ll.score(theta.view())?, ll.information(theta.view())?);
        if score.len() != p || information.dim() != (p, p) {
            return Err(Error::Shape {
                what: "maximize: score and information",
                expected: format!("({p},) and ({p}, {p})"),
                got: format!("({},) and {:?}", score.len(), information.dim()),
            });
        }
        check_vector("maximize: the score", score.view())?;
        check_matrix("maximize: the information", information.view())?;
        Ok(Self { theta, log_lik, score, information })
    }
}

/// A direction that climbs, and how it was found; zero where nothing can be gained. A parameter at an end
/// of its domain whose score points out of it stays there.
fn ascent(ll: &dyn LogLikelihood, at: &Point) -> Result<(Array1<f64>, Direction)> {
    let leaves = |j: usize, d: f64| leaves(ll.domain(j), at.theta[j], d);
    let free: Vec<usize> = (0..at.theta.len()).filter(|&j| !leaves(j, at.score[j])).collect();
    let mut direction = Array1::zeros(at.theta.len());
    if free.is_empty() {
        return Ok((direction, Direction::Newton));
    }
    let score = Mat::from_fn(free.len(), 1, |i, _| at.score[free[i]]);
    let block =
        |m: &Array2<f64>| Mat::from_fn(free.len(), free.len(), |i, j| m[[free[i], free[j]]]);
    let (step, kind) = if let Some(step) = solve(&block(&at.information), &score) {
        (step, Direction::Newton)
    } else {
        let expected = ll.expected_information(at.theta.view())?;
        if let Some(step) = expected.and_then(|expected| solve(&block(&expected), &score)) {
            (step, Direction::Fisher)
        } else {
            let step = absolute_curvature(&block(&at.information), &score)?;
            (step, Direction::AbsoluteCurvature)
        }
    };
    for (i, &j) in free.iter().enumerate() {
        direction[j] = step[(i, 0)];
    }
    if free.iter().any(|&j| leaves(j, direction[j])) {
        // Coupled parameters can push one out although its own score points in; one by one they cannot.
        for &j in &free {
            let curvature = at.information[[j, j]].abs();
            direction[j] = at.score[j] / if curvature > 0.0 { curvature } else { 1.0 };
        }
        return Ok((direction, Direction::AbsoluteCurvature));
    }
    Ok((direction, kind))
}

/// Whether the value stands at an end of its domain and `d` points out of it.
fn leaves(domain: Domain, value: f64, d: f64) -> bool {
    domain.is_end(value)
        && if d < 0.0 { value <= domain.low } else { d > 0.0 && value >= domain.high }
}

/// `information⁻¹ score`, where the information is finite and positive definite.
fn solve(information: &Mat<f64>, score: &Mat<f64>) -> Option<Mat<f64>> {
    if !information.is_all_finite() {
        return None;
    }
    let step = information.llt(Side::Lower).ok()?.solve(score);
    step.is_all_finite().then_some(step)
}

/// `|J|⁻¹ score`; directions almost without curvature count as a little curved.
fn absolute_curvature(information: &Mat<f64>, score: &Mat<f64>) -> Result<Mat<f64>> {
    const LEAST: f64 = 1e-8;
    let eigen = information.self_adjoint_eigen(Side::Lower).map_err(|_| Error::NotConverged {
        estimator: "maximize: eigenvalues of the information",
        n_iter: 0,
        change: f64::NAN,
        remedy: "rescale the parameters to a similar size",
    })?;
    let (vectors, values) = (eigen.U(), eigen.S().column_vector());
    let largest = values.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
    let curvature = |v: f64| if largest > 0.0 { v.abs().max(LEAST * largest) } else { 1.0 };
    let along = vectors.transpose() * score;
    Ok(vectors * Mat::from_fn(along.nrows(), 1, |i, _| along[(i, 0)] / curvature(values[i])))
}

/// The first of `t = t₀, t₀/2, t₀/4, ...` at which the log-likelihood rises by a share of what the slope
/// promises; `t₀ ≤ 1` is the longest step inside the domain. `None` when there is none.
fn line_search(
    ll: &dyn LogLikelihood,
    at: &Point,
    direction: &Array1<f64>,
    promise: f64,
) -> Result<Option<Point>> {
    const SHARE: f64 = 1e-4;
    const HALVINGS: usize = 60;
    // What rounding may take from a sum of that size.
    let rounding = 1e-10 * (1.0 + at.log_lik.abs());
    let mut t = longest_step(ll, &at.theta, direction);
    for _ in 0..HALVINGS {
        let theta = step(ll, &at.theta, direction, t);
        let log_lik = ll.log_lik(theta.view())?;
        // NaN fails the comparison.
        if log_lik.is_finite() && log_lik >= at.log_lik + SHARE * t * promise - rounding {
            return Point::at(ll, theta, log_lik).map(Some);
        }
        t *= 0.5;
    }
    Ok(None)
}

/// At most 1; up to an end that belongs to the domain, nine tenths of the way to one that does not.
fn longest_step(ll: &dyn LogLikelihood, theta: &Array1<f64>, direction: &Array1<f64>) -> f64 {
    const SHARE_OF_THE_WAY: f64 = 0.9;
    let limit = |j: usize| {
        let domain = ll.domain(j);
        let end = if direction[j] < 0.0 { domain.low } else { domain.high };
        let room = (end - theta[j]) / direction[j];
        if direction[j] == 0.0 || !end.is_finite() {
            1.0
        } else if domain.closed {
            room
        } else {
            SHARE_OF_THE_WAY * room
        }
    };
    (0..theta.len()).map(limit).fold(1.0, f64::min)
}

/// `theta + t direction`, where an end of a closed domain is met to the bit.
fn step(
    ll: &dyn LogLikelihood,
    theta: &Array1<f64>,
    direction: &Array1<f64>,
    t: f64,
) -> Array1<f64> {
    let mut next = theta + &(t * direction);
    for (j, value) in next.iter_mut().enumerate() {
        let domain = ll.domain(j);
        for end in [domain.low, domain.high] {
            let rounding = 4.0 * f64::EPSILON * theta[j].abs().max(end.abs());
            if domain.closed && end.is_finite() && (*value - end).abs() <= rounding {
                *value = end;
            }
        }
    }
    next
}

/// `J⁻¹`, if the point is a maximum.
fn covariance(at: &Point) -> Result<Array2<f64>> {
    let p = at.theta.len();
    let factor = to_faer(at.information.view()).llt(Side::Lower);
    let inverse = factor.map(|factor| factor.inverse()).ok().filter(Mat::is_all_finite);
    match inverse {
        Some(inverse) => Ok(Array2::from_shape_fn((p, p), |(i, j)| inverse[(i, j)])),
        None => Err(Error::NotPositiveDefinite {
            what: format!("maximize: the information at {}, where the score vanishes,", at.theta),
            remedy: "it is no maximum, or the data do not determine every parameter: start \
                     elsewhere, or fix a parameter",
        }),
    }
}

fn check_settings(max_iter: usize, tol: f64) -> Result<()> {
    let bad =
        |name, rule, got: String| Err(Error::Parameter { estimator: "maximize", name, rule, got });
    if max_iter == 0 {
        return bad("max_iter", ">= 1", "0".into());
    }
    if !(tol.is_finite() && tol > 0.0) {
        return bad("tol", "finite and > 0", tol.to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::likelihood::{
        Bernoulli, Exponential, Gamma, Normal, Poisson, UniformZeroTo, Weibull,
    };
    use ndarray::array;
    use proptest::prelude::*;

    fn fit(ll: &dyn LogLikelihood, start: &Array1<f64>) -> Mle {
        maximize(ll, start.view(), 100, 1e-10).unwrap()
    }

    #[test]
    fn newton_finds_the_closed_forms_from_far_away() {
        let x = array![0.3, 1.2, 2.0, 4.5, 0.1];
        let bits = array![0.0, 1.0, 1.0, 1.0];
        let counts = array![0.0, 1.0, 5.0];
        let models: [(Box<dyn LogLikelihood>, Array1<f64>); 5] = [
            (Box::new(Bernoulli::new(bits.view()).unwrap()), array![1e-3]),
            (Box::new(Poisson::new(counts.view()).unwrap()), array![60.0]),
            (Box::new(Exponential::new(x.view()).unwrap()), array![9.0]),
            (Box::new(Normal::new(x.view()).unwrap()), array![40.0, 100.0]),
            (Box::new(UniformZeroTo::new(x.view()).unwrap()), array![1e3]),
        ];
        for (model, start) in models {
            let found = fit(&*model, &start);
            let exact = model.closed_form().unwrap();
            assert!(found.converged, "{}", model.model());
            let close = (&found.theta - &exact).iter().all(|d| d.abs() < 1e-9);
            assert!(close, "{}: {} and {exact}", model.model(), found.theta);
            assert_eq!(found.path.len(), found.n_iter + 1);
            assert_eq!(found.directions.len(), found.n_iter);
        }
    }

    #[test]
    fn standard_errors_are_the_textbook_ones() {
        let x = array![0.3, 1.2, 2.0, 4.5, 0.1];
        let model = Exponential::new(x.view()).unwrap();
        let found = fit(&model, &array![1.0]);
        let se = found.std_err.unwrap();
        assert!((se[0] - found.theta[0] / 5f64.sqrt()).abs() < 1e-10);
        let model = Normal::new(x.view()).unwrap();
        let Mle { theta, std_err: Some(se), covariance: Some(c), .. } =
            fit(&model, &array![1.0, 1.0])
        else {
            panic!("a regular maximum has standard errors")
        };
        assert!((se[0] - theta[1] / 5f64.sqrt()).abs() < 1e-9);
        assert!((se[1] - theta[1] / 10f64.sqrt()).abs() < 1e-9);
        assert!(c[[0, 1]].abs() < 1e-9, "mean and spread are estimated independently");
    }

    #[test]
    fn a_boundary_is_found_and_said() {
        let zeros = Poisson::new(array![0.0, 0.0, 0.0].view()).unwrap();
        let ones = Bernoulli::new(array![1.0, 1.0].view()).unwrap();
        let cliff = UniformZeroTo::new(array![0.2, 1.7].view()).unwrap();
        let cases: [(&dyn LogLikelihood, f64, f64); 3] =
            [(&zeros, 2.0, 0.0), (&ones, 0.3, 1.0), (&cliff, 50.0, 1.7)];
        for (model, start, end) in cases {
            let found = fit(model, &array![start]);
            assert!(found.converged && found.on_boundary, "{}", model.model());
            assert!((found.theta[0] - end).abs() < 1e-15);
            assert_eq!((found.std_err, found.covariance), (None, None));
        }
    }

    #[test]
    fn the_fallback_is_used_where_the_information_is_not_positive_definite() {
        let x = array![0.3, 1.2, 2.0, 4.5, 0.1];
        let found = fit(&Weibull::new(x.view()).unwrap(), &array![1.0, 80.0]);
        assert!(found.converged && found.directions[0] == Direction::Fisher);
        assert_eq!(found.directions.last(), Some(&Direction::Newton));
        let cliff = UniformZeroTo::new(x.view()).unwrap();
        assert_eq!(fit(&cliff, &array![9.0]).directions, [Direction::AbsoluteCurvature]);
    }

    /// `ℓ(a, b) = −(a² − 1)² − b²`: maxima at `a = ±1`, a saddle between them.
    struct TwoHills;

    impl LogLikelihood for TwoHills {
        fn model(&self) -> &'static str {
            "TwoHills"
        }
        fn param_names(&self) -> Vec<String> {
            vec!["a".into(), "b".into()]
        }
        fn log_lik(&self, t: ArrayView1<f64>) -> Result<f64> {
            Ok(-(t[0] * t[0] - 1.0).powi(2) - t[1] * t[1])
        }
        fn score(&self, t: ArrayView1<f64>) -> Result<Array1<f64>> {
            Ok(array![-4.0 * t[0] * (t[0] * t[0] - 1.0), -2.0 * t[1]])
        }
        fn information(&self, t: ArrayView1<f64>) -> Result<Array2<f64>> {
            Ok(array![[12.0 * t[0] * t[0] - 4.0, 0.0], [0.0, 2.0]])
        }
    }

    #[test]
    fn a_zero_score_without_a_maximum_is_an_error() {
        let saddle = maximize(&TwoHills, array![0.0, 0.3].view(), 100, 1e-10).unwrap_err();
        assert!(matches!(saddle, Error::NotPositiveDefinite { .. }), "{saddle}");
        assert!(saddle.to_string().contains("start elsewhere"));
        // A hair beside the saddle there is a way up.
        let found = fit(&TwoHills, &array![-1e-3, 0.3]);
        assert!((found.theta[0] + 1.0).abs() < 1e-6 && found.theta[1].abs() < 1e-6);
        assert_eq!(found.directions[0], Direction::AbsoluteCurvature);
    }

    /// `ℓ(a, b) = −(a − 2)² − (a − b)²` on `a ≤ 1`, `b ≥ 0`: the summit is outside, the maximum at
    /// `a = b = 1` on the edge, and `b` still has its own optimum.
    struct Fenced;

    impl LogLikelihood for Fenced {
        fn model(&self) -> &'static str {
            "Fenced"
        }
        fn param_names(&self) -> Vec<String> {
            vec!["a".into(), "b".into()]
        }
        fn domain(&self, param: usize) -> Domain {
            if param == 0 {
                Domain::closed(f64::NEG_INFINITY, 1.0)
            } else {
                Domain::closed(0.0, f64::INFINITY)
            }
        }
        fn log_lik(&self, t: ArrayView1<f64>) -> Result<f64> {
            self.check(t)?;
            Ok(-(t[0] - 2.0).powi(2) - (t[0] - t[1]).powi(2))
        }
        fn score(&self, t: ArrayView1<f64>) -> Result<Array1<f64>> {
            Ok(array![-2.0 * (t[0] - 2.0) - 2.0 * (t[0] - t[1]), 2.0 * (t[0] - t[1])])
        }
        fn information(&self, _: ArrayView1<f64>) -> Result<Array2<f64>> {
            Ok(array![[4.0, -2.0], [-2.0, 2.0]])
        }
    }

    proptest! {
        #[test]
        fn the_search_slides_along_a_fence(a in -5.0..1.0, b in 0.0..5.0) {
            let found = fit(&Fenced, &array![a, b]);
            prop_assert!(found.converged && found.on_boundary);
            prop_assert!(found.theta.iter().all(|v| (v - 1.0).abs() < 1e-6), "{}", found.theta);
        }

        #[test]
        fn the_log_likelihood_never_falls_and_units_do_not_matter(
            x in proptest::collection::vec(0.01..5.0, 3..12),
            a in 0.2..5.0, b in 0.2..5.0,
        ) {
            let x = Array1::from(x);
            let thousand = x.mapv(|x| 1000.0 * x);
            let pairs: [(Box<dyn LogLikelihood>, Box<dyn LogLikelihood>); 2] = [
                (
                    Box::new(Weibull::new(x.view()).unwrap()),
                    Box::new(Weibull::new(thousand.view()).unwrap()),
                ),
                (
                    Box::new(Normal::new(x.view()).unwrap()),
                    Box::new(Normal::new(thousand.view()).unwrap()),
                ),
            ];
            for (metres, millimetres) in pairs {
                let found = fit(&*metres, &array![a, b]);
                prop_assert!(found.converged);
                let heights: Vec<f64> =
                    found.path.iter().map(|t| metres.log_lik(t.view()).unwrap()).collect();
                prop_assert!(heights.windows(2).all(|h| h[1] >= h[0] - 1e-8));
                let scale = if metres.model() == "Weibull" { 1.0 } else { 1000.0 };
                let other = fit(&*millimetres, &array![scale * a, 1000.0 * b]);
                let ratio = &other.theta / &found.theta;
                prop_assert!((ratio[0] / scale - 1.0).abs() < 1e-6);
                prop_assert!((ratio[1] / 1000.0 - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn an_unfinished_search_claims_nothing() {
        let model = Gamma::new(array![0.3, 1.2, 2.0, 4.5].view()).unwrap();
        let found = maximize(&model, array![30.0, 0.1].view(), 1, 1e-10).unwrap();
        assert!(!found.converged && found.n_iter == 1);
        assert_eq!(found.std_err, None);
    }

    #[test]
    fn settings_and_starts_are_checked() {
        let model = Poisson::new(array![1.0, 2.0].view()).unwrap();
        let said = |start: Array1<f64>, max_iter, tol| {
            maximize(&model, start.view(), max_iter, tol).unwrap_err().to_string()
        };
        assert!(said(array![1.0], 0, 1e-10).contains("`max_iter` must be >= 1"));
        assert!(said(array![1.0], 9, 0.0).contains("`tol` must be finite and > 0"));
        assert!(said(array![1.0], 9, f64::NAN).contains("NaN"));
        assert!(said(array![-1.0], 9, 1e-10).contains("inside the parameter space"));
        assert!(said(array![1.0, 2.0], 9, 1e-10).contains("expected shape (1,), got (2,)"));
        let zero = said(array![0.0], 9, 1e-10);
        assert!(zero.contains("`start` must be a point where the likelihood is above 0"), "{zero}");
    }

    #[test]
    fn aic_prefers_the_simpler_of_equal_models() {
        let x = array![0.3, 1.2, 2.0, 4.5];
        let simple = fit(&Exponential::new(x.view()).unwrap(), &array![1.0]);
        let rich = fit(&Gamma::new(x.view()).unwrap(), &array![1.0, 1.0]);
        assert!(rich.log_lik > simple.log_lik);
        let gain = 2.0 * (rich.log_lik - simple.log_lik);
        assert!((simple.aic() - rich.aic() - (gain - 2.0)).abs() < 1e-12);
    }
}
