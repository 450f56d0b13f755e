//! Rate and mix in exact fractions, Shapley values over all orders, and Adtributor by the paper's
//! formulas (`tests/references/attribution.py`).

use crate::support::{aligned, cases};
use mlnotes::anomaly::attribution::{
    Adtributor, Explanation, Measure, Segment, rate_mix, shapley, shapley_sampled,
};
use mlnotes::data::table::Table;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Reference {
    ratios: Vec<Ratios>,
    games: Vec<Game>,
    additive: BTreeMap<String, Search<[f64; 2]>>,
    ratio: Search<[[f64; 2]; 2]>,
}

#[derive(Deserialize)]
struct Ratios {
    before: Vec<[f64; 2]>,
    after: Vec<[f64; 2]>,
    parts: Vec<[f64; 3]>,
    change: f64,
}

#[derive(Deserialize)]
struct Game {
    n: usize,
    worth: Vec<f64>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Search<T> {
    values: BTreeMap<String, T>,
    found: Found,
}

#[derive(Deserialize)]
struct Found {
    elements: Vec<(String, f64, f64)>,
    power: f64,
    surprise: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/attribution.json")).unwrap()
}

#[test]
fn rate_mix_and_interaction_are_the_fractions() {
    for case in cases(reference().ratios, 3) {
        let segments = |counts: &[[f64; 2]]| -> Vec<Segment> {
            let named = |(i, &[n, d]): (usize, &[f64; 2])| Segment::new(&i.to_string(), n, d);
            counts.iter().enumerate().map(named).collect()
        };
        let parts = rate_mix(&segments(&case.before), &segments(&case.after)).unwrap();
        for (part, expected) in aligned(parts.iter(), &case.parts) {
            for (ours, theirs) in aligned([part.rate, part.mix, part.interaction], expected) {
                assert!((ours - theirs).abs() < 1e-14, "{part:?} {expected:?}");
            }
        }
        let sum: f64 = parts.iter().map(mlnotes::anomaly::attribution::Contribution::total).sum();
        assert!((sum - case.change).abs() < 1e-14);
    }
}

#[test]
fn shapley_values_are_means_over_all_orders() {
    for Game { n, worth, values } in cases(reference().games, 4) {
        let value = |on: &[bool]| {
            worth[on.iter().enumerate().map(|(i, &on)| usize::from(on) << i).sum::<usize>()]
        };
        let ours = shapley(value, n).unwrap();
        assert!(
            aligned(ours.iter(), &values).all(|(a, b)| (a - b).abs() < 1e-12),
            "{ours} {values:?}"
        );
        for seed in 0..10 {
            let sample = shapley_sampled(value, n, 400, seed).unwrap();
            let ours = aligned(&sample.values, &sample.std_errors);
            for ((ours, error), theirs) in aligned(ours, &values) {
                assert!((ours - theirs).abs() <= 4.0 * error + 1e-9, "{ours} {theirs} {error}");
            }
        }
    }
}

fn same(ours: &Explanation, theirs: &Found) {
    for (element, (name, power, surprise)) in aligned(ours.elements.iter(), &theirs.elements) {
        assert_eq!(&element.name, name);
        assert!((element.explanatory_power - power).abs() < 1e-12, "{element:?} {power}");
        assert!((element.surprise - surprise).abs() < 1e-12, "{element:?} {surprise}");
    }
    assert!((ours.explanatory_power - theirs.power).abs() < 1e-12);
    assert!((ours.surprise - theirs.surprise).abs() < 1e-12);
}

#[test]
fn adtributor_is_the_papers() {
    let Reference { additive, ratio, .. } = reference();
    let mut surprises = Vec::new();
    for (dimension, case) in cases(&additive, 3) {
        let names: Vec<String> = case.values.keys().cloned().collect();
        let table = |when: usize| {
            let values: Vec<f64> = case.values.values().map(|v| v[when]).collect();
            let table = Table::new().with(dimension, names.clone()).unwrap();
            table.with("revenue", values).unwrap()
        };
        let (before, after) = (table(0), table(1));
        let measure = Measure::sum("revenue");
        let found = Adtributor::params().explain(&before, &after, &[dimension], &measure).unwrap();
        same(&found[0], &case.found);
        surprises.push((found[0].surprise, dimension.as_str()));
    }
    surprises.sort_by(|a, b| b.0.total_cmp(&a.0));
    let order: Vec<&str> = surprises.iter().map(|s| s.1).collect();
    assert_eq!(order, ["device", "advertiser", "data_center"]);

    let names: Vec<String> = ratio.values.keys().cloned().collect();
    let table = |when: usize| {
        let of = |m: usize| ratio.values.values().map(|v| v[when][m]).collect::<Vec<f64>>();
        let table = Table::new().with("site", names.clone()).unwrap();
        table.with("revenue", of(0)).unwrap().with("clicks", of(1)).unwrap()
    };
    let measure = Measure::ratio("revenue", "clicks");
    let found = Adtributor::params().explain(&table(0), &table(1), &["site"], &measure).unwrap();
    same(&found[0], &ratio.found);
}
