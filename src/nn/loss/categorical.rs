//! Cross-entropy of logits with class labels, with `PyTorch`'s options.

use super::{check_masked, softmax, weighted_loss};
use crate::base::{setters, views};
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2};

/// How the losses of the rows become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Reduction {
    /// Their sum divided by the sum of the label weights `w_y` of the rows that count: a weighted mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

/// Options of [`cross_entropy`], with the meaning that they have in `PyTorch`.
///
/// | setting | default | range | meaning |
/// |---|---|---|---|
/// | `weights` | all 1 | one a class, `>= 0` | weight `w_c` of class `c` |
/// | `label_smoothing` | 0 | `[0, 1]` | share `ε` of the target spread evenly over all classes |
/// | `ignore_index` | none | | rows with this label count for nothing |
/// | `reduction` | `Mean` | | mean or sum over rows |
///
/// Together, for logits `(n, c)` and with `K = { i : yᵢ ≠ ignore_index }`:
///
/// ```text
/// tᵢ_c = w_c [ (1 − ε) 1{c = yᵢ} + ε/C ]                target; C: number of classes
/// ℓᵢ   = − Σ_c tᵢ_c ln softmax(zᵢ)_c
/// Sum  = Σ_{i ∈ K} ℓᵢ           Mean = Σ_{i ∈ K} ℓᵢ / Σ_{i ∈ K} w_{yᵢ}
/// ∂ℓᵢ/∂zᵢ_c = softmax(zᵢ)_c Σ_j tᵢ_j − tᵢ_c
/// ```
///
/// Three things are easy to miss: a class's weight scales its share of the smoothing too; `Mean`
/// divides by the weights of the labels, not by those of the smoothed targets nor by `n`; and an
/// ignored class keeps its logit in the softmax and its `ε/C` in the other rows' targets.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::{CrossEntropy, Reduction, cross_entropy};
/// use ndarray::array;
/// let z = array![[1.0, 0.0], [0.0, 1.0], [5.0, -5.0]];
/// let y = [0, 0, 1];
/// let each = [0.3133, 1.3133, 10.0000];
/// let options = CrossEntropy::new().weights(array![2.0, 0.5]);
/// let mean = cross_entropy(z.view(), &y, &options)?;
/// assert!((mean - (2.0 * each[0] + 2.0 * each[1] + 0.5 * each[2]) / 4.5).abs() < 1e-4);
/// let options = CrossEntropy::new().ignore_index(1).reduction(Reduction::Sum);
/// assert!((cross_entropy(z.view(), &y, &options)? - (each[0] + each[1])).abs() < 1e-4);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CrossEntropy {
    pub(super) weights: Option<Array1<f64>>,
    pub(super) label_smoothing: f64,
    pub(super) ignore_index: Option<usize>,
    pub(super) reduction: Reduction,
}

impl CrossEntropy {
    /// No weights, no smoothing, no label ignored, the mean.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets a weight a class, shape `(n_classes,)`.
        weights: Array1<f64> => Some;
        /// Sets the share of the target that is spread over all classes.
        label_smoothing: f64;
        /// Sets the label whose rows do not count; it need not be a class (padding often is none).
        ignore_index: usize => Some;
        /// Sets how the rows' losses become one number.
        reduction: Reduction;
    }

    /// Weight `w_c` of a class.
    pub(super) fn weight(&self, class: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |w| w[class])
    }

    pub(super) fn ignores(&self, label: usize) -> bool {
        self.ignore_index == Some(label)
    }

    /// Target `t_c` of a row with this label.
    fn target(&self, label: usize, class: usize, n_classes: usize) -> f64 {
        let smoothing = self.label_smoothing / n_classes as f64;
        let hard = if class == label { 1.0 - self.label_smoothing } else { 0.0 };
        self.weight(class) * (hard + smoothing)
    }

    /// What the rows' losses are divided by.
    pub(super) fn divisor(&self, y: &[usize]) -> Result<f64> {
        if self.reduction == Reduction::Sum {
            return Ok(1.0);
        }
        let mut kept = y.iter().filter(|label| !self.ignores(**label)).peekable();
        if kept.peek().is_none() {
            let what = "cross_entropy: `y` without its ignored labels";
            return Err(Error::Empty { what, needed: "1 label" });
        }
        let total: f64 = kept.map(|&label| self.weight(label)).sum();
        if total > 0.0 {
            return Ok(total);
        }
        let rule = "above 0 for a class that `y` holds (the mean divides by their sum)";
        Err(parameter("weights", rule, format!("a sum of {total} over the labels")))
    }

    /// The rules of options and labels for `n` rows and `n_classes` columns.
    pub(super) fn check(&self, n: usize, n_classes: usize, y: &[usize]) -> Result<()> {
        if let Some(weights) = &self.weights {
            const WHAT: &str = "cross_entropy: `options.weights`";
            if weights.len() != n_classes {
                let (expected, got) = (format!("({n_classes},)"), format!("({},)", weights.len()));
                return Err(Error::Shape { what: WHAT, expected, got });
            }
            crate::base::check_vector(WHAT, weights.view())?;
            if let Some((index, &value)) = weights.iter().enumerate().find(|(_, w)| **w < 0.0) {
                return Err(Error::Negative { what: WHAT, index, value });
            }
        }
        if !(0.0..=1.0).contains(&self.label_smoothing) {
            let got = self.label_smoothing.to_string();
            return Err(parameter("label_smoothing", "in [0, 1]", got));
        }
        if y.len() != n {
            let (expected, got) = (format!("({n},)"), format!("({},)", y.len()));
            return Err(Error::Shape { what: "cross_entropy: `y`", expected, got });
        }
        let wrong = |label: &usize| *label >= n_classes && !self.ignores(*label);
        if let Some(index) = y.iter().position(wrong) {
            return Err(Error::Label {
                what: "cross_entropy: `y`",
                index,
                got: y[index].to_string(),
                allowed: "columns of `z`, from 0, or `ignore_index`",
            });
        }
        Ok(())
    }
}

/// Cross-entropy in nats of logits `z`, `(n_samples, n_classes)`, with class labels `y`,
/// `(n_samples,)`: the negative log-likelihood of the labels under `softmax(z)`.
///
/// [`CrossEntropy`] states the formula with all options. Logits of ±1e4 give exact, finite losses. A
/// logit of `−∞` masks its class: the other classes share the probability as if it were not there. A
/// masked class with a part in the target, the label or any other under smoothing, costs `∞`. The sum over
/// no row (all ignored) is 0; the mean over no row, or over rows without weight, is an error where `PyTorch`
/// gives NaN.
///
/// # Errors
/// [`Error::Empty`] for no rows, or none that is not ignored; [`Error::NotFinite`] for a logit that is NaN
/// or `∞` and for a row, ignored or not, whose logits are all `−∞`; [`Error::Shape`], [`Error::Label`];
/// [`Error::Negative`] and [`Error::Parameter`] for the options.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::{CrossEntropy, cross_entropy};
/// use ndarray::array;
/// let z = array![[1e4, -1e4, 0.0]];
/// assert_eq!(cross_entropy(z.view(), &[0], &CrossEntropy::new())?, 0.0);
/// assert_eq!(cross_entropy(z.view(), &[1], &CrossEntropy::new())?, 2e4);
/// let masked = array![[0.5, f64::NEG_INFINITY, 0.5]];
/// assert_eq!(cross_entropy(masked.view(), &[0], &CrossEntropy::new())?, 2.0f64.ln());
/// assert_eq!(cross_entropy(masked.view(), &[1], &CrossEntropy::new())?, f64::INFINITY);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cross_entropy(z: ArrayView2<f64>, y: &[usize], options: &CrossEntropy) -> Result<f64> {
    let rows = cross_entropy_rows(z, y, options)?;
    Ok(rows.sum() / options.divisor(y)?)
}

/// Loss `ℓᵢ` of each row before the reduction, shape `(n_samples,)`; 0 for an ignored row. The
/// reduction among the options is not used.
///
/// # Errors
/// As [`cross_entropy`], except that all rows may be ignored.
///
/// # Example
/// ```
/// use mlnotes::nn::loss::{CrossEntropy, cross_entropy_rows};
/// let z = ndarray::array![[0.0, 0.0], [3.0, 0.0]];
/// let rows = cross_entropy_rows(z.view(), &[0, 1], &CrossEntropy::new().ignore_index(1))?;
/// assert_eq!(rows, ndarray::array![2.0f64.ln(), 0.0]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cross_entropy_rows(
    z: ArrayView2<f64>,
    y: &[usize],
    options: &CrossEntropy,
) -> Result<Array1<f64>> {
    check_masked("cross_entropy: `z`", z)?;
    options.check(z.nrows(), z.ncols(), y)?;
    let loss = |(row, &label): (ndarray::ArrayView1<f64>, &usize)| {
        if options.ignores(label) {
            return 0.0;
        }
        weighted_loss(row, |class| options.target(label, class, z.ncols()))
    };
    Ok(z.outer_iter().zip(y).map(loss).collect())
}

/// Gradient of [`cross_entropy`] in the logits, shape `(n_samples, n_classes)`; without options
/// `(softmax(z) − one-hot(y)) / n_samples`. At a masked class it is 0, or where that class costs `∞`, the
/// limit `−t / divisor` of that formula.
///
/// # Errors
/// As [`cross_entropy`].
///
/// # Example
/// ```
/// use mlnotes::nn::loss::{CrossEntropy, cross_entropy_grad};
/// use ndarray::array;
/// let slope = cross_entropy_grad(array![[0.0, 0.0]].view(), &[1], &CrossEntropy::new())?;
/// assert_eq!(slope, array![[0.5, -0.5]]);
/// # Ok::<(), mlnotes::Error>(())
/// ```
#[views]
pub fn cross_entropy_grad(
    z: ArrayView2<f64>,
    y: &[usize],
    options: &CrossEntropy,
) -> Result<Array2<f64>> {
    check_masked("cross_entropy: `z`", z)?;
    options.check(z.nrows(), z.ncols(), y)?;
    let divisor = options.divisor(y)?;
    let mut slope = Array2::zeros(z.dim());
    for ((row, &label), mut out) in z.outer_iter().zip(y).zip(slope.outer_iter_mut()) {
        if options.ignores(label) {
            continue;
        }
        let n_classes = z.ncols();
        let t = Array1::from_shape_fn(n_classes, |class| options.target(label, class, n_classes));
        out.assign(&((softmax(row) * t.sum() - t) / divisor));
    }
    Ok(slope)
}

fn parameter(name: &'static str, rule: &'static str, got: String) -> Error {
    Error::Parameter { estimator: "cross_entropy", name, rule, got }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::gradcheck::check_gradient;
    use ndarray::{ArrayView1, array};
    use proptest::prelude::*;

    fn options() -> impl Strategy<Value = CrossEntropy> {
        let weights = proptest::option::of(proptest::collection::vec(0.1..3.0, 3));
        let ignored = proptest::option::of(0..3usize);
        (weights, 0.0..=1.0, ignored, any::<bool>()).prop_map(
            |(weights, smoothing, ignored, sum)| CrossEntropy {
                weights: weights.map(Array1::from),
                label_smoothing: smoothing,
                ignore_index: ignored,
                reduction: if sum { Reduction::Sum } else { Reduction::Mean },
            },
        )
    }

    proptest! {
        #[test]
        fn the_laws_hold(
            z in proptest::collection::vec(-8.0..8.0, 12),
            shift in -50.0..50.0,
            options in options(),
        ) {
            let y = [0, 1, 2, 1];
            let z = Array2::from_shape_vec((4, 3), z).unwrap();
            let loss = cross_entropy(z.view(), &y, &options).unwrap();
            prop_assert!(loss >= 0.0);
            let moved = z.mapv(|v: f64| v + shift);
            let shifted = cross_entropy(moved.view(), &y, &options).unwrap();
            prop_assert!((loss - shifted).abs() < 1e-11, "a shift of all logits changes nothing");
            let slope = cross_entropy_grad(z.view(), &y, &options).unwrap();
            prop_assert!(slope.sum_axis(ndarray::Axis(1)).iter().all(|sum| sum.abs() < 1e-13));
            let flat = |m: &Array2<f64>| Array1::from_iter(m.iter().copied());
            let f = |v: ArrayView1<f64>| {
                let z = v.to_shape((4, 3)).unwrap().to_owned();
                cross_entropy(z.view(), &y, &options).unwrap()
            };
            check_gradient(f, flat(&slope).view(), flat(&z).view(), 1e-7).unwrap();
        }

        #[test]
        fn two_classes_are_the_binary_loss(a in -20.0..20.0, b in -20.0..20.0, y in 0..2usize) {
            let many = cross_entropy(array![[a, b]].view(), &[y], &CrossEntropy::new()).unwrap();
            let binary = super::super::bce_with_logits(
                array![b - a].view(),
                array![y as f64].view(),
            );
            prop_assert!((many - binary.unwrap()).abs() < 1e-13);
        }
    }

    #[test]
    fn a_masked_class_is_as_one_that_is_not_there() {
        let hidden = f64::NEG_INFINITY;
        let (z, y) = (array![[0.3, hidden, -1.0], [hidden, 2.0, 0.5]], [0, 2]);
        let plain = CrossEntropy::new();
        let slope = cross_entropy_grad(z.view(), &y, &plain).unwrap();
        // Exactly 0 at the masks, and the slope of the loss elsewhere.
        assert_eq!((slope[[0, 1]], slope[[1, 0]]), (0.0, 0.0));
        let places = [(0, 0), (0, 2), (1, 1), (1, 2)];
        let f = |v: ArrayView1<f64>| {
            let mut z = z.clone();
            places.iter().zip(v).for_each(|(&place, &v)| z[place] = v);
            cross_entropy(z.view(), &y, &plain).unwrap()
        };
        let finite =
            |m: &Array2<f64>| places.iter().map(|&place| m[place]).collect::<Array1<f64>>();
        check_gradient(f, finite(&slope).view(), finite(&z).view(), 1e-8).unwrap();
        // What has a part in the target costs ∞: the label, and every class under smoothing.
        let costs = |y: &[usize; 2], o: &CrossEntropy| cross_entropy_rows(z.view(), y, o).unwrap();
        assert_eq!(costs(&[1, 2], &plain).mapv(f64::is_infinite), array![true, false]);
        let smooth = CrossEntropy::new().label_smoothing(0.1);
        assert!(costs(&y, &smooth).iter().all(|&loss| loss == f64::INFINITY));
        let limit = cross_entropy_grad(z.view(), &[1, 2], &plain).unwrap();
        assert!((limit[[0, 1]] + 0.5).abs() < 1e-15 && limit.iter().all(|g| g.is_finite()));
    }

    #[test]
    fn smoothing_of_one_forgets_the_label() {
        let z = array![[1.0, -2.0, 0.5]];
        let options = CrossEntropy::new().label_smoothing(1.0);
        let each = [0, 1, 2].map(|y| cross_entropy(z.view(), &[y], &options).unwrap());
        assert!((each[0] - each[1]).abs() < 1e-15 && (each[0] - each[2]).abs() < 1e-15);
    }

    #[test]
    fn what_pytorch_answers_with_nan_is_an_error() {
        let (z, new) = (array![[0.0, 1.0], [1.0, 0.0]], CrossEntropy::new);
        let said = |y: &[usize], o: CrossEntropy| cross_entropy(z.view(), y, &o).unwrap_err();
        let none_left = said(&[1, 1], new().ignore_index(1));
        assert!(
            none_left.to_string().contains("without its ignored labels is empty"),
            "{none_left}"
        );
        assert!(cross_entropy_grad(z.view(), &[1, 1], &new().ignore_index(1)).is_err());
        let sum = new().ignore_index(1).reduction(Reduction::Sum);
        assert!(cross_entropy(z.view(), &[1, 1], &sum).unwrap().abs() < f64::MIN_POSITIVE);
        let weightless = said(&[1, 1], new().weights(array![1.0, 0.0]));
        assert!(matches!(weightless, Error::Parameter { name: "weights", .. }), "{weightless}");
    }

    #[test]
    fn bad_input_is_named() {
        let (z, new) = (array![[0.0, 1.0], [1.0, 0.0]], CrossEntropy::new);
        let said = |y: &[usize], o: CrossEntropy| cross_entropy(z.view(), y, &o).unwrap_err();
        let label = said(&[0, 2], new());
        assert!(matches!(label, Error::Label { index: 1, .. }), "{label}");
        assert!(cross_entropy(z.view(), &[0, 99], &new().ignore_index(99)).is_ok());
        assert!(matches!(said(&[0], new()), Error::Shape { .. }));
        assert!(matches!(said(&[0, 1], new().weights(array![1.0])), Error::Shape { .. }));
        let negative = said(&[0, 1], new().weights(array![1.0, -2.0]));
        assert!(matches!(negative, Error::Negative { index: 1, .. }), "{negative}");
        assert!(said(&[0, 1], new().weights(array![f64::NAN, 1.0])).to_string().contains("NaN"));
        for smoothing in [-0.1, 1.5, f64::NAN] {
            let error = said(&[0, 1], new().label_smoothing(smoothing));
            assert!(matches!(error, Error::Parameter { name: "label_smoothing", .. }), "{error}");
        }
        let hidden = f64::NEG_INFINITY;
        for (bad, col) in [(array![[0.0, f64::NAN]], 1), (array![[f64::INFINITY, hidden]], 0)] {
            let error = cross_entropy(bad.view(), &[0], &new()).unwrap_err();
            assert!(
                matches!(error, Error::NotFinite { row: 0, col: c, .. } if c == col),
                "{error}"
            );
            assert!(cross_entropy_grad(bad.view(), &[0], &new()).is_err());
        }
        let nothing = array![[0.0, hidden], [hidden, hidden]];
        let error = cross_entropy(nothing.view(), &[0, 1], &new().ignore_index(1)).unwrap_err();
        assert!(matches!(error, Error::NotFinite { row: 1, col: 0, .. }), "{error}");
        let none = cross_entropy(Array2::zeros((0, 2)).view(), &[], &new()).unwrap_err();
        assert!(matches!(none, Error::Empty { .. }), "{none}");
    }
}
