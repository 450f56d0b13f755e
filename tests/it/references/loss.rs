//! Losses and gradients against sums of sixty digits and jax (`tests/references/loss.py`).

use crate::support::{aligned, cases};
use candle_core::{Device, Tensor, Var};
use mlnotes::nn::gradcheck::check_gradient;
use mlnotes::nn::loss::{
    CrossEntropy, Reduction, bce, bce_with_logits, bce_with_logits_grad, cross_entropy,
    cross_entropy_grad, soft_cross_entropy, soft_cross_entropy_grad, tensor,
};
use ndarray::{Array1, Array2, ArrayView1, array};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    binary: Vec<Binary>,
    extremes: Vec<Extreme>,
    sklearn_clipped: f64,
    z: Vec<Vec<f64>>,
    y: Vec<usize>,
    options: Vec<Options>,
    far_z: Vec<Vec<f64>>,
    far_losses: Vec<Vec<f64>>,
    q: Vec<Vec<f64>>,
    soft: Soft,
}

#[derive(Deserialize)]
struct Binary {
    y: Vec<f64>,
    p: Vec<f64>,
    bce: f64,
    z: Vec<f64>,
    with_logits: f64,
    grad: Vec<f64>,
}

#[derive(Deserialize)]
struct Extreme {
    z: f64,
    y: f64,
    loss: f64,
}

#[derive(Deserialize)]
struct Options {
    weights: Option<Vec<f64>>,
    label_smoothing: f64,
    ignore_index: Option<usize>,
    mean: bool,
    loss: f64,
    grad: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Soft {
    loss: f64,
    grad: Vec<Vec<f64>>,
}

impl Options {
    fn ours(&self) -> CrossEntropy {
        let reduction = if self.mean { Reduction::Mean } else { Reduction::Sum };
        let mut options =
            CrossEntropy::new().label_smoothing(self.label_smoothing).reduction(reduction);
        if let Some(weights) = &self.weights {
            options = options.weights(Array1::from(weights.clone()));
        }
        if let Some(label) = self.ignore_index {
            options = options.ignore_index(label);
        }
        options
    }
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/loss.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn variable(z: &Array2<f64>) -> Var {
    let flat: Vec<f64> = z.iter().copied().collect();
    Var::from_tensor(&Tensor::from_vec(flat, z.dim(), &Device::Cpu).unwrap()).unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs().max(1.0)
}

fn all_close(a: &Array2<f64>, b: &Array2<f64>) -> bool {
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| close(*a, *b))
}

#[test]
fn binary_losses_and_gradients() {
    for case in cases(reference().binary, 2) {
        let [y, p, z] = [case.y, case.p, case.z].map(Array1::from);
        assert!(close(bce(p.view(), y.view()).unwrap(), case.bce));
        assert!(close(bce_with_logits(z.view(), y.view()).unwrap(), case.with_logits));
        let slope = bce_with_logits_grad(z.view(), y.view()).unwrap();
        assert!(aligned(slope.iter(), &case.grad).all(|(a, b)| close(*a, *b)));
        let f = |z: ArrayView1<f64>| bce_with_logits(z, y.view()).unwrap();
        check_gradient(f, slope.view(), z.view(), 1e-9).unwrap();
    }
}

/// Relative to the loss itself, however small: a good forecast's loss keeps its digits.
#[test]
fn far_out_no_digit_is_lost() {
    let relative = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
    let Reference { extremes, far_z, far_losses, sklearn_clipped, .. } = reference();
    for Extreme { z, y, loss } in cases(extremes, 7) {
        let ours = bce_with_logits(array![z].view(), array![y].view()).unwrap();
        assert!(relative(ours, loss), "{ours} {loss}");
    }
    for (z, losses) in aligned(far_z.iter(), far_losses) {
        for (label, loss) in cases(losses, z.len()).enumerate() {
            let z = matrix(std::slice::from_ref(z));
            let ours = cross_entropy(z.view(), &[label], &CrossEntropy::new()).unwrap();
            assert!(relative(ours, loss), "{ours} {loss}");
            let slope = cross_entropy_grad(z.view(), &[label], &CrossEntropy::new()).unwrap();
            assert!(slope.iter().all(|g| g.is_finite()));
        }
    }
    // scikit-learn clips at the machine epsilon where the loss is infinite.
    let (p, y) = (array![0.0, 0.0], array![1.0, 0.0]);
    assert!(bce(p.view(), y.view()).unwrap().is_infinite());
    let clipped = p.mapv(|p: f64| p.clamp(f64::EPSILON, 1.0 - f64::EPSILON));
    assert!(close(bce(clipped.view(), y.view()).unwrap(), sklearn_clipped));
}

#[test]
fn categorical_loss_with_every_option() {
    let Reference { z, y, options, .. } = reference();
    let z = matrix(&z);
    for case in cases(&options, 24) {
        let settings = case.ours();
        assert!(close(cross_entropy(z.view(), &y, &settings).unwrap(), case.loss), "{settings:?}");
        let slope = cross_entropy_grad(z.view(), &y, &settings).unwrap();
        assert!(all_close(&slope, &matrix(&case.grad)), "{settings:?}");
        let f = |v: ArrayView1<f64>| {
            let z = v.to_shape(z.dim()).unwrap();
            cross_entropy(z.view(), &y, &settings).unwrap()
        };
        let (slope, at) = (Array1::from_iter(slope), Array1::from_iter(z.iter().copied()));
        check_gradient(f, slope.view(), at.view(), 1e-8).unwrap();
    }
}

#[test]
fn soft_targets() {
    let Reference { z, q, soft, .. } = reference();
    let (z, q) = (matrix(&z), matrix(&q));
    assert!(close(soft_cross_entropy(z.view(), q.view()).unwrap(), soft.loss));
    let slope = soft_cross_entropy_grad(z.view(), q.view()).unwrap();
    assert!(all_close(&slope, &matrix(&soft.grad)));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tensors that are in no set of parameters")]
fn tensors_give_the_same_losses_and_jaxs_gradients() {
    let Reference { z, y, options, q, soft, .. } = reference();
    let z = matrix(&z);
    let variable_z = variable(&z);
    let mut losses: Vec<(Tensor, f64, Array2<f64>)> = cases(&options, 24)
        .map(|case| {
            let loss = tensor::cross_entropy(&variable_z, &y, &case.ours()).unwrap();
            (loss, case.loss, matrix(&case.grad))
        })
        .collect();
    let targets = variable(&matrix(&q));
    let loss = tensor::soft_cross_entropy(&variable_z, &targets).unwrap();
    losses.push((loss, soft.loss, matrix(&soft.grad)));
    for (loss, expected, slope) in losses {
        assert!(close(loss.to_scalar::<f64>().unwrap(), expected));
        let slopes = loss.backward().unwrap();
        let ours = matrix(&slopes.get(&variable_z).unwrap().to_vec2::<f64>().unwrap());
        assert!(all_close(&ours, &slope));
    }
    for case in cases(reference().binary, 2) {
        let [y, z] = [case.y, case.z].map(|v| matrix(&[v]));
        let (z, y) = (variable(&z), variable(&y));
        let loss = tensor::bce_with_logits(&z, &y).unwrap();
        assert!(close(loss.to_scalar::<f64>().unwrap(), case.with_logits));
        let slopes = loss.backward().unwrap();
        let ours = matrix(&slopes.get(&z).unwrap().to_vec2::<f64>().unwrap());
        assert!(all_close(&ours, &matrix(&[case.grad])));
    }
}
