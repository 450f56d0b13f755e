//! A/B tests and the CLT against statsmodels, `SciPy`, xxhash, quadrature and published tables
//! (`tests/references/ab.py`); error rates by simulation on ten seeds.

use crate::support::{aligned, cases};
use mlnotes::base::Test;
use mlnotes::data::{BanditCampaign, BanditPolicy, hiv_incentive, open_bandit};
use mlnotes::stats::ab::{
    AbTest, AbTestParams, Alternative, Correction, PowerAnalysis, ProportionInterval, adjust_p,
    always_valid_p, bucket, chi2_contingency, cluster_bootstrap_ci, cuped, newcombe_interval,
    peeking_error_rate, proportion_interval, ratio_delta, ratio_test, sample_size_proportions,
    srm_test, two_proportion_z, welch_t,
};
use mlnotes::stats::clt::{Population, berry_esseen_bound, ks_to_normal, standardised_means};
use ndarray::{Array1, Array2, ArrayView1, array};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Gamma, Poisson, StandardNormal};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    hashes: Vec<Hashes>,
    means: Vec<Means>,
    cuped: Vec<CupedCase>,
    proportions: Vec<Proportions>,
    tables: Vec<Table>,
    splits: Vec<Split>,
    corrections: Vec<Corrections>,
    power_means: Vec<PowerMeans>,
    power_proportions: PowerProportions,
    ratios: Vec<RatioCase>,
    looks: Vec<Peeking>,
    mixture: Vec<Mixture>,
    populations: Vec<Moments>,
    binomial_distance: Vec<Distance>,
    t_quantiles: Vec<StudentQuantile>,
}

#[derive(Deserialize)]
struct Hashes {
    user: String,
    salt: String,
    buckets: [u32; 4],
}

#[derive(Deserialize)]
struct Means {
    a: Vec<f64>,
    b: Vec<f64>,
    tests: Vec<MeansTest>,
}

#[derive(Deserialize)]
struct MeansTest {
    side: String,
    welch: [f64; 3],
    welch_ci: [Option<f64>; 2],
    z: [f64; 2],
    one: [f64; 2],
    one_ci: [Option<f64>; 2],
    paired: [f64; 2],
    paired_ci: [Option<f64>; 2],
}

#[derive(Deserialize)]
struct CupedCase {
    y: Vec<f64>,
    pre: Vec<f64>,
    arm: Vec<usize>,
    theta: f64,
    variance_ratio: f64,
    test: [f64; 3],
}

#[derive(Deserialize)]
struct Proportions {
    counts: [u64; 4],
    tests: Vec<ProportionsTest>,
    newcombe: [f64; 2],
    wald: [f64; 2],
    one: OneProportion,
    chi2: [f64; 2],
    yates: [f64; 2],
}

#[derive(Deserialize)]
struct ProportionsTest {
    side: String,
    pooled: [f64; 2],
    wald: [f64; 2],
}

#[derive(Deserialize)]
struct OneProportion {
    wilson: [f64; 2],
    wald: [f64; 2],
    agresti: [f64; 2],
    clopper: [f64; 2],
}

#[derive(Deserialize)]
struct Table {
    counts: Vec<Vec<f64>>,
    test: [f64; 3],
    cramer: f64,
}

#[derive(Deserialize)]
struct Split {
    observed: Vec<u64>,
    shares: Vec<f64>,
    test: [f64; 2],
}

#[derive(Deserialize)]
struct Corrections {
    p: Vec<f64>,
    bonferroni: Vec<f64>,
    holm: Vec<f64>,
    bh: Vec<f64>,
    by: Vec<f64>,
}

#[derive(Deserialize)]
struct PowerMeans {
    side: String,
    alpha: f64,
    power: f64,
    ratio: f64,
    effect: f64,
    z: Solved,
    t: Solved,
}

#[derive(Deserialize)]
struct Solved {
    n: f64,
    #[serde(rename = "solved")]
    by_package: f64,
    power_at_12: f64,
}

#[derive(Deserialize)]
struct PowerProportions {
    cases: Vec<PowerProportion>,
    textbook: f64,
}

#[derive(Deserialize)]
struct PowerProportion {
    side: String,
    alpha: f64,
    power: f64,
    ratio: f64,
    base: f64,
    change: f64,
    n: f64,
    power_at_500: f64,
}

#[derive(Deserialize)]
struct RatioCase {
    num: Vec<f64>,
    den: Vec<f64>,
    ratio: f64,
    std_error: f64,
    bootstrap: [f64; 2],
    bootstrap_se: f64,
}

#[derive(Deserialize)]
struct Peeking {
    #[serde(rename = "looks")]
    count: usize,
    alpha: f64,
    rate: f64,
}

#[derive(Deserialize)]
struct Mixture {
    variance: f64,
    tau2: f64,
    diffs: Vec<f64>,
    p: Vec<f64>,
}

#[derive(Deserialize)]
struct Moments {
    name: String,
    parameter: f64,
    mean: f64,
    sd: f64,
    rho: f64,
}

#[derive(Deserialize)]
struct Distance {
    p: f64,
    n: usize,
    ks: f64,
}

#[derive(Deserialize)]
struct StudentQuantile {
    df: f64,
    p: f64,
    #[serde(rename = "quantile")]
    t: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/ab.json")).unwrap()
}

fn side(name: &str) -> Alternative {
    match name {
        "two-sided" => Alternative::TwoSided,
        "less" => Alternative::Less,
        "greater" => Alternative::Greater,
        other => panic!("no such side: {other}"),
    }
}

#[track_caller]
fn near(ours: f64, theirs: f64, tolerance: f64) {
    let allowed = tolerance * theirs.abs().max(1.0);
    assert!((ours - theirs).abs() <= allowed, "{ours} {theirs}");
}

/// p-values may be tiny: relative, too.
#[track_caller]
fn near_p(ours: f64, theirs: f64) {
    near(ours, theirs, 1e-10);
    assert!((ours / theirs - 1.0).abs() < 1e-8, "{ours} {theirs}");
}

#[track_caller]
fn same_test(test: &Test, statistic: f64, p_value: f64) {
    near(test.statistic, statistic, 1e-10);
    near_p(test.p_value, p_value);
}

#[track_caller]
fn same_interval(test: &Test, ends: [Option<f64>; 2]) {
    let (low, high) = test.ci.unwrap();
    near(low.max(-1e300), ends[0].unwrap_or(-1e300), 1e-10);
    near(high.min(1e300), ends[1].unwrap_or(1e300), 1e-10);
}

fn params(name: &str) -> AbTestParams {
    AbTest::params().alternative(side(name)).level(0.9)
}

#[test]
fn buckets_are_those_of_pythons_xxhash() {
    for Hashes { user, salt, buckets } in cases(reference().hashes, 15) {
        for (m, expected) in aligned([1, 2, 100, u32::MAX], buckets) {
            assert_eq!(bucket(&user, &salt, m).unwrap(), expected, "{user} {salt} {m}");
        }
    }
}

#[test]
fn means_are_scipys() {
    for Means { a, b, tests } in cases(reference().means, 4) {
        let (a, b) = (Array1::from(a), Array1::from(b));
        let n = a.len().min(b.len());
        let (head_a, head_b) = (a.slice(ndarray::s![..n]), b.slice(ndarray::s![..n]));
        for want in cases(tests, 3) {
            let params = params(&want.side);
            let welch = params.welch_t(a.view(), b.view()).unwrap();
            same_test(&welch, want.welch[0], want.welch[1]);
            near(welch.df.unwrap(), want.welch[2], 1e-10);
            same_interval(&welch, want.welch_ci);
            same_test(&params.z_means(a.view(), b.view()).unwrap(), want.z[0], want.z[1]);
            let one = params.null(0.1).one_sample_t(a.view()).unwrap();
            same_test(&one, want.one[0], want.one[1]);
            same_interval(&one, want.one_ci);
            let paired = params.paired_t(head_a, head_b).unwrap();
            same_test(&paired, want.paired[0], want.paired[1]);
            same_interval(&paired, want.paired_ci);
        }
    }
}

/// An interval of a mean reaches a quantile of t times the standard error.
#[test]
fn quantiles_of_t_are_scipys_up_to_a_million_degrees_of_freedom() {
    let whole = reference().t_quantiles.into_iter().filter(|case| case.df.fract() <= 0.0);
    for StudentQuantile { df, p, t } in cases(whole, 36) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole")]
        let n = df as usize + 1;
        let values: Array1<f64> = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { 0.0 }).collect();
        let test = AbTest::params().level(2.0 * p - 1.0).one_sample_t(values.view()).unwrap();
        let std_error = (values.var(1.0) / values.len() as f64).sqrt();
        let ours = (test.ci.unwrap().1 - test.effect) / std_error;
        assert!((ours / t - 1.0).abs() < 1e-8, "{df} {p}: {ours} {t}");
    }
}

#[test]
fn cuped_is_the_regression_on_the_covariate() {
    for case in cases(reference().cuped, 2) {
        let (y, pre) = (Array1::from(case.y), Array1::from(case.pre));
        let out = cuped(y.view(), pre.view()).unwrap();
        near(out.theta, case.theta, 1e-10);
        near(out.variance_ratio, case.variance_ratio, 1e-10);
        let split = |v: &Array1<f64>, arm| -> Array1<f64> {
            v.iter().zip(&case.arm).filter(|(_, a)| **a == arm).map(|(v, _)| *v).collect()
        };
        let (y1, c1, y0, c0) = (split(&y, 1), split(&pre, 1), split(&y, 0), split(&pre, 0));
        let test =
            AbTest::params().cuped_test((y1.view(), c1.view()), (y0.view(), c0.view())).unwrap();
        same_test(&test, case.test[0], case.test[1]);
        near(test.df.unwrap(), case.test[2], 1e-9);
    }
}

#[test]
fn proportions_are_statsmodels() {
    for case in cases(reference().proportions, 4) {
        let [x1, n1, x2, n2] = case.counts;
        for want in cases(&case.tests, 3) {
            let params = params(&want.side);
            let pooled = params.two_proportions(x1, n1, x2, n2, true).unwrap();
            same_test(&pooled, want.pooled[0], want.pooled[1]);
            let wald = params.null(0.02).two_proportions(x1, n1, x2, n2, false).unwrap();
            same_test(&wald, want.wald[0], want.wald[1]);
            if want.side == "two-sided" {
                same_interval(&pooled, case.newcombe.map(Some));
                same_interval(&wald, case.wald.map(Some));
            }
        }
        let (low, high) = newcombe_interval(x1, n1, x2, n2, 0.9).unwrap();
        near(low, case.newcombe[0], 1e-10);
        near(high, case.newcombe[1], 1e-10);
        for (method, want) in [
            (ProportionInterval::Wilson, case.one.wilson),
            (ProportionInterval::Wald, case.one.wald),
            (ProportionInterval::AgrestiCoull, case.one.agresti),
            (ProportionInterval::ClopperPearson, case.one.clopper),
        ] {
            let (low, high) = proportion_interval(x1, n1, 0.9, method).unwrap();
            near(low, want[0], 1e-10);
            near(high, want[1], 1e-10);
        }
        let (f1, f2) = ((n1 - x1) as f64, (n2 - x2) as f64);
        let table = array![[x1 as f64, f1], [x2 as f64, f2]];
        same_test(&chi2_contingency(table.view(), false).unwrap(), case.chi2[0], case.chi2[1]);
        same_test(&chi2_contingency(table.view(), true).unwrap(), case.yates[0], case.yates[1]);
    }
}

#[test]
fn tables_and_splits_are_scipys() {
    for Table { counts, test, cramer } in cases(reference().tables, 3) {
        let shape = (counts.len(), counts[0].len());
        let counts = Array2::from_shape_vec(shape, counts.concat()).unwrap();
        let ours = chi2_contingency(counts.view(), true).unwrap();
        same_test(&ours, test[0], test[1]);
        near(ours.df.unwrap(), test[2], 0.0);
        near(ours.effect, cramer, 1e-10);
    }
    for Split { observed, shares, test } in cases(reference().splits, 4) {
        let ours = srm_test(&observed, Array1::from(shares).view()).unwrap();
        same_test(&ours, test[0], test[1]);
    }
}

#[test]
fn corrections_are_statsmodels() {
    for case in cases(reference().corrections, 3) {
        let p = Array1::from(case.p);
        for (correction, want) in [
            (Correction::Bonferroni, case.bonferroni),
            (Correction::Holm, case.holm),
            (Correction::BenjaminiHochberg, case.bh),
            (Correction::BenjaminiYekutieli, case.by),
        ] {
            let ours = adjust_p(p.view(), correction).unwrap();
            aligned(ours.iter(), want).for_each(|(ours, want)| near(*ours, want, 1e-12));
        }
    }
}

#[test]
fn power_and_sizes_are_statsmodels() {
    for case in cases(reference().power_means, 12) {
        for (t_test, want) in [(false, &case.z), (true, &case.t)] {
            let plan =
                PowerAnalysis::params().alpha(case.alpha).power(case.power).ratio(case.ratio);
            let plan = plan.alternative(side(&case.side)).t_test(t_test);
            near(plan.means_power(2.0 * case.effect, 2.0, 12.0).unwrap(), want.power_at_12, 1e-8);
            let n = plan.means_sample_size(2.0 * case.effect, 2.0).unwrap();
            assert!((n / want.n - 1.0).abs() < 1e-8, "{n} {}", want.n);
            assert!((n / want.by_package - 1.0).abs() < 1e-6, "{n} {}", want.by_package);
            near(plan.means_detectable(2.0, want.n).unwrap(), 2.0 * case.effect, 1e-8);
        }
    }
    let PowerProportions { cases: plans, textbook } = reference().power_proportions;
    for case in cases(plans, 9) {
        let plan = PowerAnalysis::params().alpha(case.alpha).power(case.power).ratio(case.ratio);
        let plan = plan.alternative(side(&case.side));
        near(
            plan.proportions_power(case.base, case.change, 500.0).unwrap(),
            case.power_at_500,
            1e-8,
        );
        let n = plan.proportions_sample_size(case.base, case.change).unwrap();
        assert!((n / case.n - 1.0).abs() < 1e-8, "{n} {}", case.n);
        near(plan.proportions_detectable(case.base, case.n).unwrap(), case.change, 1e-8);
    }
    // The textbook's formula leaves out the far tail, which is nothing here.
    let n = sample_size_proportions(0.1, 0.01, 0.05, 0.8).unwrap();
    near(n as f64, textbook.ceil(), 0.0);
}

#[test]
fn ratios_are_cluster_robust_means_and_bootstraps() {
    for (i, case) in cases(reference().ratios, 2).enumerate() {
        let (num, den) = (Array1::from(case.num), Array1::from(case.den));
        let ours = ratio_delta(num.view(), den.view()).unwrap();
        near(ours.ratio, case.ratio, 1e-12);
        assert!((ours.std_error / case.std_error - 1.0).abs() < 1e-10);
        let (low, high) =
            cluster_bootstrap_ci(num.view(), den.view(), 20_000, 0.95, i as u64).unwrap();
        // A percentile of B draws at 2.5 % has standard error √(0.025 · 0.975/B)/φ(1.96), in units of se.
        let allowed = 4.0 * case.bootstrap_se * (0.024_375f64 / 20_000.0 * 1.5).sqrt() / 0.058_4;
        assert!((low - case.bootstrap[0]).abs() < allowed, "{low} {:?}", case.bootstrap);
        assert!((high - case.bootstrap[1]).abs() < allowed, "{high} {:?}", case.bootstrap);
    }
}

#[test]
fn peeking_costs_what_the_recursion_and_the_published_table_say() {
    let reps = 20_000;
    for (seed, case) in cases(reference().looks, 10).enumerate() {
        let Peeking { count: looks, alpha, rate } = case;
        let ours = peeking_error_rate(looks, 5000, alpha, reps, seed as u64).unwrap();
        let se = (rate * (1.0 - rate) / reps as f64).sqrt();
        assert!((ours - rate).abs() < 3.5 * se, "{looks} looks: {ours} {rate}");
    }
}

#[test]
fn the_mixture_is_the_integral() {
    for Mixture { variance, tau2, diffs, p } in cases(reference().mixture, 3) {
        let ours = always_valid_p(Array1::from(diffs).view(), variance, tau2).unwrap();
        aligned(ours.iter(), p).for_each(|(ours, want)| near(*ours, want, 1e-9));
    }
}

#[test]
fn moments_are_the_integrals() {
    for Moments { name, parameter, mean, sd, rho } in cases(reference().populations, 6) {
        let population = match name.as_str() {
            "uniform" => Population::Uniform,
            "exponential" => Population::Exponential,
            "lognormal" => Population::LogNormal { sigma: parameter },
            "bernoulli" => Population::Bernoulli { p: parameter },
            other => panic!("no such population: {other}"),
        };
        near(population.mean().unwrap(), mean, 1e-10);
        near(population.sd().unwrap(), sd, 1e-10);
        // The normal distribution function, good to 1e-11, enters with large factors.
        near(population.third_moment().unwrap(), rho, 1e-9);
    }
}

#[test]
fn binomial_means_come_as_close_as_their_exact_law_says() {
    let reps = 20_000;
    let mut exact = Vec::new();
    for Distance { p, n, ks } in cases(reference().binomial_distance, 10) {
        let population = Population::Bernoulli { p };
        let (rho, sigma) = (population.third_moment().unwrap(), population.sd().unwrap());
        assert!(ks <= berry_esseen_bound(rho, sigma, n).unwrap(), "Berry-Esseen at {n}");
        if n <= 640 {
            let z = standardised_means(population, n, reps, n as u64).unwrap();
            // Dvoretzky-Kiefer-Wolfowitz: off by more than this with probability 2 exp(-2 · 9/2) < 3e-4.
            let allowed = 3.0 / (2.0 * (reps as f64).sqrt()) * std::f64::consts::SQRT_2;
            assert!((ks_to_normal(z.view()).unwrap() - ks).abs() < allowed, "{p} {n}");
        }
        exact.push((p, n, ks));
    }
    // Four times the draws, half the distance, once there are a few ones to be expected.
    let settled: Vec<_> = exact.into_iter().filter(|(p, n, _)| p * *n as f64 >= 4.0).collect();
    let steps = settled.windows(2).filter(|w| w[0].0.to_bits() == w[1].0.to_bits());
    for pair in cases(steps, 7) {
        assert!((pair[0].2 / pair[1].2 - 2.0).abs() < 0.12, "{pair:?}");
    }
}

#[test]
fn real_experiments_give_their_known_answers() {
    let clicks = |policy| -> u64 {
        [BanditCampaign::All, BanditCampaign::Men, BanditCampaign::Women]
            .map(|campaign| open_bandit(policy, campaign).clicks())
            .iter()
            .sum()
    };
    let (bts, random) = (clicks(BanditPolicy::ThompsonSampling), clicks(BanditPolicy::Random));
    assert_eq!((bts, random), (157, 130));
    let test = two_proportion_z(bts, 30_000, random, 30_000, true).unwrap();
    assert!((test.statistic - 1.60).abs() < 5e-3 && (test.p_value - 0.11).abs() < 5e-3);
    let people = hiv_incentive();
    let ((x1, n1), (x2, n2)) = (people.came(true), people.came(false));
    assert!((x1 as f64 / n1 as f64 - 0.789).abs() < 5e-4);
    assert!((x2 as f64 / n2 as f64 - 0.339).abs() < 5e-4);
}

/// Rejections at 5 % of `reps` experiments a seed, ten seeds.
fn rejection_rate(reps: usize, experiment: impl Fn(&mut ChaCha8Rng) -> Test) -> f64 {
    let mut rejected = 0;
    for seed in 0..10 {
        let mut rng = ChaCha8Rng::seed_from_u64(1000 + seed);
        rejected += (0..reps).filter(|_| experiment(&mut rng).rejects_at(0.05)).count();
    }
    rejected as f64 / (10 * reps) as f64
}

#[track_caller]
fn is_five_percent(rate: f64, total: usize) {
    let se = (0.05 * 0.95 / total as f64).sqrt();
    assert!((rate - 0.05).abs() < 3.0 * se, "{rate}, standard error {se}");
}

fn normals(n: usize, sd: f64, rng: &mut ChaCha8Rng) -> Array1<f64> {
    (0..n).map(|_| -> f64 { StandardNormal.sample(rng) }).map(|z| sd * z).collect()
}

#[test]
fn welch_rejects_five_percent_of_true_nulls() {
    let rate = rejection_rate(1000, |rng| {
        let (a, b) = (normals(12, 1.0, rng), normals(30, 3.0, rng));
        welch_t(a.view(), b.view()).unwrap()
    });
    is_five_percent(rate, 10_000);
}

#[test]
fn z_rejects_five_percent_of_equal_rates() {
    let rate = rejection_rate(1000, |rng| {
        let mut count = || (0..2000).map(|_| u64::from(rng.random::<f64>() < 0.3)).sum();
        two_proportion_z(count(), 2000, count(), 2000, true).unwrap()
    });
    is_five_percent(rate, 10_000);
}

/// Users whose activity is gamma-distributed and whose click rates are beta-distributed.
fn users(n: usize, rng: &mut ChaCha8Rng) -> (Array1<f64>, Array1<f64>) {
    let (activity, rate) = (Gamma::new(1.0, 10.0).unwrap(), Beta::new(1.0, 9.0).unwrap());
    let (mut clicks, mut shown) = (Array1::zeros(n), Array1::zeros(n));
    for user in 0..n {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let more: u64 = Poisson::new(activity.sample(rng)).unwrap().sample(rng) as u64;
        let click: f64 = rate.sample(rng);
        shown[user] = more as f64 + 1.0;
        clicks[user] = (0..=more).map(|_| f64::from(u8::from(rng.random::<f64>() < click))).sum();
    }
    (clicks, shown)
}

#[test]
fn clustered_clicks_fool_the_chi_squared_test_but_not_the_delta_method() {
    let delta = rejection_rate(100, |rng| {
        let ((xa, na), (xb, nb)) = (users(500, rng), users(500, rng));
        ratio_test((xa.view(), na.view()), (xb.view(), nb.view())).unwrap()
    });
    is_five_percent(delta, 1000);
    let naive = rejection_rate(100, |rng| {
        let ((xa, na), (xb, nb)) = (users(500, rng), users(500, rng));
        let row = |x: ArrayView1<f64>, n: ArrayView1<f64>| [x.sum(), n.sum() - x.sum()];
        let rows = [row(xa.view(), na.view()), row(xb.view(), nb.view())];
        chi2_contingency(array![rows[0], rows[1]].view(), false).unwrap()
    });
    assert!(naive > 0.2, "{naive}");
}

#[test]
fn stopping_at_the_best_moment_does_not_break_an_always_valid_p() {
    let rate = rejection_rate(100, |rng| {
        let diffs = normals(1000, 1.0, rng);
        // The p-value never rises, so the last one is the smallest of all moments.
        let p = always_valid_p(diffs.view(), 1.0, 0.05).unwrap();
        Test::new(0.0, p[999])
    });
    assert!(rate < 0.05, "{rate}");
}
