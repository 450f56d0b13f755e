//! Mutual information of a number and a class, by nearest neighbours.

use super::{check_classes, check_length};
use crate::base::{check_vector, views};
use crate::{Error, Result};
use ndarray::ArrayView1;
use statrs::function::gamma::digamma;
use std::collections::BTreeMap;

/// Mutual information in nats of a continuous feature `x` and the classes `y`, shapes `(n_samples,)`, from
/// the distances to the `k` nearest neighbours of the same class; no bins are chosen.
///
/// ```text
/// I = ψ(n) + ⟨ψ(kᵢ)⟩ − ⟨ψ(n_{yᵢ})⟩ − ⟨ψ(mᵢ)⟩
/// dᵢ: distance to the k-th neighbour within the class
/// kᵢ, mᵢ: rows nearer than dᵢ, row i included, of the class and of all
/// ```
///
/// An estimate below 0 becomes 0. Without ties `kᵢ = k`, and it is scikit-learn's `mutual_info_classif` for
/// one feature, which breaks ties by adding noise. Here both counts are taken over the same interval, so ties
/// need no noise (where `dᵢ = 0`, equal rows are counted). A class with one row is left out; one with at
/// most `k` rows uses all of them.
///
/// # Errors
/// [`Error::Empty`], [`Error::Shape`], [`Error::NotFinite`], [`Error::SingleClass`]; [`Error::Parameter`] for
/// `k = 0`; [`Error::TooFewSamples`] when `k` is not below the number of rows or every class has one row.
///
/// ```
/// use mlnotes::features::selection::mutual_info_knn;
/// use ndarray::Array1;
/// // Two classes that do not overlap share ln 2 nats, one bit, with the feature.
/// let x: Array1<f64> = (0..200).map(|i| f64::from(i) + if i < 100 { 0.0 } else { 500.0 }).collect();
/// let y: Vec<usize> = (0..200).map(|i| i / 100).collect();
/// assert!((mutual_info_knn(x.view(), &y, 3)? - 2f64.ln()).abs() < 0.01);
/// # Ok::<(), mlnotes::Error>(())
/// ```
///
/// # References
/// Ross (2014); Kraskov, Stögbauer & Grassberger (2004); Gao et al. (2017) for ties.
#[views]
pub fn mutual_info_knn(x: ArrayView1<f64>, y: &[usize], k: usize) -> Result<f64> {
    const WHAT: &str = "mutual_info_knn: `x`";
    check_length("mutual_info_knn: `y`", y, x.len())?;
    check_classes("mutual_info_knn: `y`", y)?;
    check_vector(WHAT, x)?;
    if k == 0 {
        let (name, rule, got) = ("k", ">= 1", "0".to_owned());
        return Err(Error::Parameter { estimator: "mutual_info_knn", name, rule, got });
    }
    if k >= x.len() {
        return Err(Error::TooFewSamples { what: WHAT, needed: k + 1, got: x.len() });
    }
    let mut classes: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (&value, &label) in x.iter().zip(y) {
        classes.entry(label).or_default().push(value);
    }
    classes.retain(|_, values| values.len() > 1);
    let mut all: Vec<f64> = classes.values().flatten().copied().collect();
    if all.is_empty() {
        return Err(Error::TooFewSamples {
            what: "mutual_info_knn: each class",
            needed: 2,
            got: 1,
        });
    }
    all.sort_by(f64::total_cmp);
    let n = all.len() as f64;
    let mut sum = 0.0;
    for values in classes.values_mut() {
        values.sort_by(f64::total_cmp);
        for i in 0..values.len() {
            let distance = kth_distance(values, i, k.min(values.len() - 1));
            sum += digamma(nearer(values, values[i], distance) as f64);
            sum -= digamma(nearer(&all, values[i], distance) as f64);
            sum -= digamma(values.len() as f64);
        }
    }
    Ok((digamma(n) + sum / n).max(0.0))
}

/// Distance from the sorted `values[i]` to its `k`-th nearest neighbour; `k` is below their number.
fn kth_distance(values: &[f64], i: usize, k: usize) -> f64 {
    // The k nearest are k + 1 neighbouring places around i: slide the window that holds them.
    let (mut low, mut high) = (i, i);
    let mut distance = 0.0;
    for _ in 0..k {
        let left = if low > 0 { values[i] - values[low - 1] } else { f64::INFINITY };
        let right = values.get(high + 1).map_or(f64::INFINITY, |v| v - values[i]);
        if left <= right {
            low -= 1;
            distance = left;
        } else {
            high += 1;
            distance = right;
        }
    }
    distance
}

/// How many of the sorted `values` are nearer to `centre` than `distance`, or equal to it when that is 0.
fn nearer(values: &[f64], centre: f64, distance: f64) -> usize {
    let inside = |gap: f64| if distance > 0.0 { gap < distance } else { gap <= 0.0 };
    let start = values.partition_point(|v| *v < centre && !inside(centre - v));
    let end = values.partition_point(|v| *v <= centre || inside(v - centre));
    end - start
}

#[cfg(test)]
mod tests {
    use super::super::information_gain;
    use super::*;
    use ndarray::{Array1, array};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    #[test]
    fn neighbours_and_counts_are_those_of_the_slow_way() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut values: Vec<f64> = (0..40).map(|_| (rng.random::<f64>() * 30.0).round()).collect();
        values.sort_by(f64::total_cmp);
        for k in [1, 3, 10] {
            for i in 0..values.len() {
                let mut gaps: Vec<f64> = values.iter().map(|v| (v - values[i]).abs()).collect();
                let d = kth_distance(&values, i, k);
                let slow =
                    gaps.iter().filter(|g| if d > 0.0 { **g < d } else { **g <= 0.0 }).count();
                assert_eq!(nearer(&values, values[i], d), slow);
                gaps.sort_by(f64::total_cmp);
                assert!((gaps[k] - d).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn it_comes_near_the_integral_of_two_gaussians() {
        // N(0, 1) and N(2, 1), equally likely: I = H(mixture) − H(N) = 0.3368 nats by quadrature.
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let y: Vec<usize> = (0..20_000).map(|i| i % 2).collect();
        let x: Array1<f64> =
            y.iter().map(|&c| 2.0 * c as f64 + rng.sample::<f64, _>(StandardNormal)).collect();
        let estimate = mutual_info_knn(x.view(), &y, 3).unwrap();
        assert!((estimate - 0.3368).abs() < 0.02, "{estimate}");
        let noise: Array1<f64> = (0..20_000).map(|_| rng.random()).collect();
        assert!(mutual_info_knn(noise.view(), &y, 3).unwrap() < 0.01);
    }

    #[test]
    fn a_feature_of_few_values_gets_its_information_gain() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let y: Vec<usize> = (0..3000).map(|_| usize::from(rng.random::<f64>() < 0.4)).collect();
        let codes: Vec<usize> =
            y.iter().map(|&c| if rng.random::<f64>() < 0.7 { c } else { 2 }).collect();
        let x: Array1<f64> = codes.iter().map(|&c| c as f64).collect();
        let (estimate, gain) =
            (mutual_info_knn(x.view(), &y, 3).unwrap(), information_gain(&codes, &y).unwrap());
        assert!((estimate - gain).abs() < 0.005, "{estimate} {gain}");
    }

    #[test]
    fn bad_input_is_named() {
        let x = array![1.0, 2.0, 3.0];
        assert!(matches!(mutual_info_knn(x.view(), &[0, 1, 1], 0), Err(Error::Parameter { .. })));
        assert!(matches!(
            mutual_info_knn(x.view(), &[0, 1, 1], 3),
            Err(Error::TooFewSamples { .. })
        ));
        assert!(matches!(
            mutual_info_knn(x.view(), &[0, 1, 2], 1),
            Err(Error::TooFewSamples { .. })
        ));
        assert!(matches!(mutual_info_knn(x.view(), &[1, 1, 1], 1), Err(Error::SingleClass { .. })));
        assert!(matches!(mutual_info_knn(x.view(), &[1, 1], 1), Err(Error::Shape { .. })));
        let nan = array![1.0, f64::NAN, 3.0];
        assert!(matches!(
            mutual_info_knn(nan.view(), &[0, 1, 1], 1),
            Err(Error::NotFinite { row: 1, .. })
        ));
        assert!(mutual_info_knn(x.view(), &[0, 1, 1], 2).unwrap() >= 0.0);
    }
}
