//! What candle does wrong, and `clippy.toml` bans for it. When a new version turns one of these red, the ban and what
//! stands in for the operation can go.
#![expect(clippy::disallowed_methods, reason = "their faults are the subject")]

use candle_core::{Device, Tensor, Var};

const CPU: &Device = &Device::Cpu;

fn slope(loss: &Tensor, at: &Var) -> Vec<f32> {
    let slopes = loss.backward().unwrap();
    slopes.get(at).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn the_gradient_of_a_maximum_is_divided_by_the_window() {
    let x = Var::new(&[[[[1.0_f32, 2.0], [3.0, 4.0]]]], CPU).unwrap();
    assert_eq!(slope(&x.max_pool2d(2).unwrap().sum_all().unwrap(), &x), [0.0, 0.0, 0.0, 0.25]);
}

#[test]
fn upsampling_overwrites_what_arrived() {
    let x = Var::new(&[[[[1.0_f32, 2.0], [3.0, 4.0]]]], CPU).unwrap();
    let (up, square) = (x.upsample_nearest2d(4, 4).unwrap(), x.sqr().unwrap());
    let loss = (up.sum_all().unwrap() + square.sum_all().unwrap()).unwrap();
    assert_eq!(slope(&loss, &x), [4.0; 4], "right is 6, 8, 10, 12");
}

#[test]
fn a_strided_convolution_of_no_square_cannot_go_back() {
    let x = Var::ones((1, 1, 5, 6), candle_core::DType::F32, CPU).unwrap();
    let w = Tensor::ones((1, 1, 3, 3), candle_core::DType::F32, CPU).unwrap();
    let y = x.conv2d(&w, 1, 2, 1, 1).unwrap();
    assert!(y.sum_all().unwrap().backward().is_err());
}

#[test]
fn slopes_at_zero_and_digits_of_gelu() {
    let zero = Var::new(&[0.0_f32], CPU).unwrap();
    assert_eq!(slope(&zero.relu().unwrap().sum_all().unwrap(), &zero), [1.0]);
    let one = Var::new(&[1.0_f64], CPU).unwrap();
    let slopes = one.gelu_erf().unwrap().sum_all().unwrap().backward().unwrap();
    let found = slopes.get(&one).unwrap().to_vec1::<f64>().unwrap()[0];
    // Φ(1) + φ(1).
    let error = (found - 1.083_315_470_587_686_2).abs();
    assert!(error > 1e-8 && error < 1e-5, "{error:e}");
}

#[test]
fn a_second_derivative_is_wrong_without_a_word() {
    // (x²)² at 2: the second derivative is 12 · 4 = 48.
    let x = Var::new(&[2.0_f32], CPU).unwrap();
    let fourth = x.sqr().unwrap().sqr().unwrap().sum_all().unwrap();
    let first = fourth.backward().unwrap().get(&x).unwrap().sum_all().unwrap();
    assert_eq!(slope(&first, &x), [16.0]);
}
