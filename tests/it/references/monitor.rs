//! Sketches against exact quantiles and the package `ddsketch`, P² against the table of its paper,
//! simulated queues against the theory of queues, burn rates against rolling sums
//! (`tests/references/monitor.py`).

use crate::support::{aligned, cases};
use mlnotes::engineering::monitor::{
    BurnRateAlert, DdSketch, P2Quantile, Request, Sample, burn_threshold, mm1_sojourn_quantile,
    percentiles, simulate_queue,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    n: usize,
    alpha: f64,
    qs: Vec<f64>,
    sketches: Vec<Sketch>,
    queues: Vec<Queue>,
    requests: Vec<u64>,
    errors: Vec<u64>,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Sketch {
    name: String,
    seed: u64,
    exact: Vec<f64>,
    ddsketch: Vec<f64>,
}

#[derive(Deserialize)]
struct Queue {
    lambda: f64,
    mu: f64,
    servers: usize,
    p_wait: f64,
    mean: f64,
    ps: Vec<f64>,
    quantiles: Vec<f64>,
}

#[derive(Deserialize)]
struct Rule {
    slo: f64,
    long_m: f64,
    short_m: f64,
    threshold: f64,
    long: Vec<f64>,
    short: Vec<f64>,
    alerts: Vec<(f64, f64)>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/monitor.json")).unwrap()
}

/// The script's samples: Knuth's MMIX generator, upper 53 bits.
fn sample(name: &str, seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / 2f64.powi(53)
    };
    let normal = |a: f64, b: f64| (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
    (0..n)
        .map(|_| {
            let (a, b) = (uniform(), uniform());
            match name {
                "exponential" => -a.ln(),
                "log-normal" => (3.0 + 1.5 * normal(a, b)).exp(),
                "pareto" => a.powf(-1.0 / 1.2),
                "bimodal" if b < 0.9 => 2.0 - a.ln(),
                "bimodal" => 200.0 - 50.0 * a.ln(),
                "signed, with zeros" if b < 0.1 => 0.0,
                "signed, with zeros" => 5.0 * normal(a, (b - 0.1) / 0.9),
                other => panic!("{other}"),
            }
        })
        .collect()
}

fn of<'a>(values: impl IntoIterator<Item = &'a f64>, alpha: f64) -> DdSketch {
    let mut sketch = DdSketch::new(alpha).unwrap();
    values.into_iter().for_each(|&x| sketch.insert(x).unwrap());
    sketch
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-11 * b.abs().max(1e-3)
}

#[test]
fn sketches_answer_as_the_package_does() {
    let Reference { n, alpha, qs, sketches, .. } = reference();
    for Sketch { name, seed, exact, ddsketch } in cases(sketches, 50) {
        let values = sample(&name, seed, n);
        let sketch = of(&values, alpha);
        let ours = percentiles(&values, &qs).unwrap();
        let (low, high) = (exact[0], exact[qs.len() - 1]);
        for (i, &q) in cases(&qs, 12).enumerate() {
            assert!(close(ours[i], exact[i]), "{name} {seed} {q}");
            let found = sketch.quantile(q).unwrap();
            // Ours never leaves the sample, and its ends are exact; the package's can and are not.
            let expected = match q {
                0.0 => low,
                1.0 => high,
                _ => ddsketch[i].clamp(low, high),
            };
            assert!(close(found, expected), "{name} {seed} {q}: {found} {expected}");
        }
    }
}

#[test]
fn each_of_all_quantiles_is_within_the_bound_and_merging_is_exact() {
    let Reference { n, sketches, .. } = reference();
    for (Sketch { name, seed, .. }, alpha) in
        cases(&sketches, 50).zip([0.001, 0.01, 0.05].iter().cycle())
    {
        let values = sample(name, *seed, n);
        let all = of(&values, *alpha);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        // A q for each rank.
        for (rank, x) in sorted.iter().enumerate() {
            let q = ((rank as f64 + 0.5) / (n - 1) as f64).min(1.0);
            let error = (all.quantile(q).unwrap() - x).abs();
            assert!(error <= (alpha + 1e-12) * x.abs(), "{name} {seed}: rank {rank}");
        }
        let mut hosts: Vec<DdSketch> =
            (0..7).map(|h| of(values.iter().skip(h).step_by(7), *alpha)).collect();
        let mut merged = hosts.pop().unwrap();
        for host in &hosts {
            merged.merge(host).unwrap();
        }
        assert_eq!(merged, all, "{name} {seed}");
    }
}

#[test]
fn p2_follows_the_table_of_its_paper() {
    // Jain & Chlamtac (1985), table I: the median of 20 observations, after the 6th to the last. Two
    // digits are printed, and 9.28 stands where exact arithmetic has 9.2747, so the last digit is
    // the paper's own rounding.
    let observations = [
        0.02, 0.15, 0.74, 3.39, 0.83, 22.37, 10.15, 15.43, 38.62, 15.92, 34.60, 10.28, 1.47, 0.40,
        0.05, 11.39, 0.27, 0.42, 0.09, 11.37,
    ];
    let medians =
        [0.74, 0.74, 2.18, 4.75, 4.75, 9.28, 9.28, 9.28, 9.28, 6.30, 6.30, 6.30, 6.30, 4.44, 4.44];
    let mut p2 = P2Quantile::new(0.5).unwrap();
    for (i, x) in observations.into_iter().enumerate() {
        p2.insert(x).unwrap();
        if i >= 5 {
            let (found, printed) = (p2.value().unwrap(), medians[i - 5]);
            assert!((found - printed).abs() < 0.01, "observation {}: {found} {printed}", i + 1);
        }
    }
}

/// Requests so far apart that they are independent for all practical purposes: at a load of 0.8 the
/// memory of a queue fades by e every 90 services.
fn independent(queue: &Queue, seed: u64) -> Vec<Request> {
    let all = simulate_queue(queue.lambda, queue.mu, queue.servers, 200_000, seed).unwrap();
    all.into_iter().skip(1000).step_by(500).collect()
}

#[test]
fn queues_follow_their_theory_on_ten_seeds() {
    for queue in cases(reference().queues, 4) {
        let mut all = Vec::new();
        for seed in 0..10 {
            all.extend(independent(&queue, seed));
        }
        let n = all.len() as f64;
        let share = |f: &dyn Fn(&Request) -> bool| all.iter().filter(|r| f(r)).count() as f64 / n;
        let within = |share: f64, p: f64| (share - p).abs() <= 3.0 * (p * (1.0 - p) / n).sqrt();
        assert!(within(share(&|r| r.wait() > 0.0), queue.p_wait), "{} servers", queue.servers);
        for (&p, &t) in aligned(queue.ps.iter(), &queue.quantiles) {
            assert!(within(share(&|r| r.sojourn() <= t), p), "{} servers, {p}", queue.servers);
        }
        let times: Vec<f64> = all.iter().map(Request::sojourn).collect();
        let mean = times.iter().sum::<f64>() / n;
        let variance = times.iter().map(|t| (t - mean).powi(2)).sum::<f64>() / n;
        assert!((mean - queue.mean).abs() <= 3.0 * (variance / n).sqrt(), "{mean} {}", queue.mean);
    }
}

#[test]
fn one_server_has_the_quantiles_of_the_formula_on_each_seed() {
    for queue in cases(reference().queues.iter().filter(|queue| queue.servers == 1), 2) {
        for (&p, &t) in aligned(queue.ps.iter(), &queue.quantiles) {
            let formula = mm1_sojourn_quantile(queue.lambda, queue.mu, p).unwrap();
            assert!((formula - t).abs() < 1e-9 * t, "{formula} {t}");
            for seed in 0..10 {
                let requests = independent(queue, seed);
                let times: Vec<f64> = requests.iter().map(Request::sojourn).collect();
                // A sample quantile's standard error is √(p (1 − p) / n) over the density, here
                // (μ − λ)(1 − p).
                let rate = queue.mu - queue.lambda;
                let se = (p / (1.0 - p) / times.len() as f64).sqrt() / rate;
                let found = percentiles(&times, &[p]).unwrap()[0];
                assert!((found - formula).abs() <= 3.0 * se, "{p}, seed {seed}: {found} {formula}");
            }
        }
    }
}

#[test]
fn burn_rates_are_rolling_sums_and_alerts_their_runs() {
    let Reference { requests, errors, rules, .. } = reference();
    let counts = requests.iter().zip(&errors).enumerate();
    let samples: Vec<Sample> = counts
        .map(|(m, (&requests, &errors))| Sample { t: 60.0 * m as f64, requests, errors })
        .collect();
    for rule in cases(rules, 3) {
        let alert = BurnRateAlert::params(rule.slo)
            .long_s(60.0 * rule.long_m)
            .short_s(60.0 * rule.short_m)
            .threshold(rule.threshold);
        let burns = alert.burns(&samples).unwrap();
        let expected = aligned(&rule.long, &rule.short);
        for (burn, (&long, &short)) in aligned(burns.iter().step_by(17), expected) {
            assert!(close(burn.long, long) && close(burn.short, short), "{long} {short}");
        }
        let minutes = samples.len() as f64;
        let found: Vec<(f64, f64)> = alert
            .evaluate(&samples)
            .unwrap()
            .iter()
            .map(|a| (a.start / 60.0, a.end.map_or(minutes, |end| end / 60.0)))
            .collect();
        assert_eq!(found, rule.alerts);
    }
}

#[test]
fn thresholds_are_those_of_the_workbook() {
    // The site reliability workbook (2018), chapter 5, what it recommends: budget, long window in hours, burn rate.
    for (share, hours, burn) in [(0.02, 1.0, 14.4), (0.05, 6.0, 6.0), (0.10, 72.0, 1.0)] {
        assert!((burn_threshold(share, hours, 720.0).unwrap() - burn).abs() < 1e-12);
    }
}
