//! Synthetic control, its double difference and causal impact against `SciPy`, `statsmodels`,
//! `pysyncon`, `synthdid-py`, exact enumeration, and published numbers (`tests/references/panel.py`).

use crate::support::{aligned, apart, cases};
use mlnotes::causal::impact::CausalImpact;
use mlnotes::causal::impact::kalman::StructuralModel;
use mlnotes::causal::impact::local_level::fit_local_level;
use mlnotes::causal::impact::spike_slab::{SpikeSlabPrior, spike_slab};
use mlnotes::causal::simplex::simplex_least_squares;
use mlnotes::causal::synthetic_control::{
    PredictorWeights, SyntheticControl, placebo_ranks, placebo_ranks_with_predictors,
    synthetic_control, synthetic_control_with_predictors,
};
use mlnotes::causal::synthetic_did::{placebo_std_error, synthetic_did, weighted_did};
use mlnotes::data::{Panel, nile, prop99, texas_prisons};
use ndarray::{Array1, Array2, Axis, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    prop99: Prop99,
    texas: Texas,
    programmes: Vec<Programme>,
    kalman: Vec<Kalman>,
    mle: Vec<Mle>,
    spike_slab: Vec<Spike>,
}

#[derive(Deserialize)]
struct Prop99 {
    weights: Vec<f64>,
    gap: Vec<f64>,
    pre_rmse: f64,
    placebo: Vec<[f64; 2]>,
    without_utah: Without,
    published: Published,
    sdid: f64,
    placebo_se: f64,
    omega: Vec<f64>,
    lambda: Vec<f64>,
}

#[derive(Deserialize)]
struct Without {
    column: usize,
    weights: Vec<f64>,
    effect: f64,
}

#[derive(Deserialize)]
struct Published {
    did: f64,
    sc: f64,
    sdid: f64,
}

#[derive(Deserialize)]
struct Texas {
    predictors: Vec<Vec<f64>>,
    v: Vec<f64>,
    weights: Vec<f64>,
    gap: Vec<f64>,
    placebo_same_v: Vec<[f64; 2]>,
    outcome_weights: Vec<f64>,
    outcome_gap: Vec<f64>,
    pysyncon_given: Vec<f64>,
    pysyncon_nested_loss: f64,
}

#[derive(Deserialize)]
struct Programme {
    a: Vec<Vec<f64>>,
    b: Vec<f64>,
    ridge: f64,
    w: Vec<f64>,
    objective: f64,
}

#[derive(Deserialize)]
struct Kalman {
    name: String,
    y: Vec<f64>,
    params: Vec<f64>,
    log_likelihood: f64,
    filtered: Vec<Vec<f64>>,
    smoothed: Vec<Vec<f64>>,
    smoothed_var: Vec<Vec<Vec<f64>>>,
    forecast: Vec<f64>,
}

#[derive(Deserialize)]
struct Mle {
    y: Vec<f64>,
    x: Vec<Vec<f64>>,
    params: Vec<f64>,
    log_likelihood: f64,
}

#[derive(Deserialize)]
struct Spike {
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    size: f64,
    r2: f64,
    df: f64,
    kappa: f64,
    inclusion: Vec<f64>,
    coef: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../references/panel.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>]) -> Array2<f64> {
    let flat: Vec<f64> = rows.concat();
    Array2::from_shape_vec((rows.len(), rows[0].len()), flat).unwrap()
}

fn close<'a>(
    ours: impl IntoIterator<Item = &'a f64>,
    theirs: impl IntoIterator<Item = &'a f64>,
    tolerance: f64,
    what: &str,
) {
    let far = apart(ours, theirs);
    assert!(far < tolerance, "{what}: {far:e}");
}

fn outcome_control(panel: &Panel) -> (SyntheticControl, Array1<f64>) {
    let (y, donors) = (panel.treated_outcome(), panel.donors());
    let control =
        synthetic_control(y.slice(s![..panel.t0]), donors.slice(s![..panel.t0, ..])).unwrap();
    let gap = control.effect(y, donors.view()).unwrap();
    (control, gap)
}

fn weight_of(panel: &Panel, weights: &Array1<f64>, state: &str) -> f64 {
    weights[panel.donor_names().iter().position(|name| *name == state).unwrap()]
}

#[test]
fn programmes_over_the_simplex_are_solved_exactly() {
    for p in cases(reference().programmes, 5) {
        let fit = simplex_least_squares(matrix(&p.a).view(), Array1::from(p.b).view(), p.ridge);
        let fit = fit.unwrap();
        assert!((fit.objective - p.objective).abs() < 1e-12 && fit.gap < 1e-11);
        close(&fit.weights, &p.w, 1e-9, "weights");
    }
}

#[test]
fn proposition_99_by_outcomes() {
    let Prop99 { weights, gap, pre_rmse, placebo, without_utah, .. } = reference().prop99;
    let panel = prop99();
    let (control, ours) = outcome_control(panel);
    close(&control.weights, &weights, 1e-9, "weights");
    close(&ours, &gap, 1e-9, "gap");
    assert!((control.pre_rmse - pre_rmse).abs() < 1e-10);
    for (state, weight) in [("Utah", 0.394), ("Montana", 0.232), ("Nevada", 0.205)] {
        assert!((weight_of(panel, &control.weights, state) - weight).abs() < 5e-4);
    }
    let ranks = placebo_ranks(panel.y.view(), panel.treated, panel.t0).unwrap();
    close(&ranks.pre_rmse, placebo.iter().map(|r| &r[0]), 1e-8, "error before");
    close(&ranks.post_rmse, placebo.iter().map(|r| &r[1]), 1e-7, "error after");
    let own = placebo[panel.treated][1] / placebo[panel.treated][0];
    let rank = placebo.iter().filter(|r| r[1] / r[0] >= own).count();
    let p_value = ranks.test().unwrap().p_value;
    assert!(rank == 3 && (p_value - 3.0 / 39.0).abs() < 1e-15, "{rank} {p_value}");
    let donors = panel.donors();
    let before = (panel.treated_outcome(), donors.slice(s![..panel.t0, ..]));
    let out = control.leave_one_out(before.0.slice(s![..panel.t0]), before.1).unwrap();
    let (_, left) = out.iter().find(|(j, _)| *j == without_utah.column).unwrap();
    close(&left.weights, &without_utah.weights, 1e-9, "without Utah");
    let after = left.effect(panel.treated_outcome(), donors.view()).unwrap();
    let effect = after.slice(s![panel.t0..]).mean().unwrap();
    assert!((effect - without_utah.effect).abs() < 1e-9);
}

#[test]
fn the_published_numbers_of_synthetic_did() {
    let Prop99 { published, sdid, placebo_se, omega, lambda, .. } = reference().prop99;
    let panel = prop99();
    let fit = synthetic_did(panel.y.view(), &[panel.treated], panel.t0).unwrap();
    assert!((fit.effect - sdid).abs() < 1e-6, "{} {sdid}", fit.effect);
    close(&fit.unit_weights, &omega, 1e-8, "unit weights");
    close(&fit.time_weights, &lambda, 1e-6, "time weights");
    // Arkhangelsky et al. (2021), table 1: −15.6, −19.6, −27.3. Their solver stops early.
    assert!((fit.effect - published.sdid).abs() < 0.005, "{} {}", fit.effect, published.sdid);
    let equal = |n: usize| Array1::from_elem(n, 1.0 / n as f64);
    let did = |units: &Array1<f64>, times: &Array1<f64>| {
        weighted_did(panel.y.view(), &[panel.treated], units.view(), times.view()).unwrap()
    };
    assert!((did(&equal(38), &equal(19)) - published.did).abs() < 1e-10);
    let (control, gap) = outcome_control(panel);
    let sc = did(&control.weights, &Array1::zeros(19));
    assert!((sc - gap.slice(s![19..]).mean().unwrap()).abs() < 1e-12);
    assert!((sc + 19.514).abs() < 5e-4 && (sc - published.sc).abs() < 0.12, "{sc}");
    let se = placebo_std_error(panel.y.view(), &[panel.treated], panel.t0).unwrap();
    // 8.4 in the paper, from random draws; here every control once.
    assert!((se - placebo_se).abs() < 1e-5, "{se} {placebo_se}");
}

fn cunningham() -> Array2<f64> {
    let panel = texas_prisons();
    let before: Vec<i32> = (1985..1993).collect();
    let one = |name: &str, year: i32| panel.predictor(name, &[year]).unwrap();
    let mean = |name: &str| panel.predictor(name, &before).unwrap();
    let rows = [
        one("bmprison", 1990),
        one("bmprison", 1992),
        one("bmprison", 1991),
        one("bmprison", 1988),
        one("alcohol", 1990),
        one("aidscapita", 1990),
        one("aidscapita", 1991),
        mean("income"),
        mean("ur"),
        mean("poverty"),
        one("black", 1990),
        one("black", 1991),
        one("black", 1992),
        one("perc1519", 1990),
    ];
    let views: Vec<_> = rows.iter().map(Array1::view).collect();
    ndarray::stack(Axis(0), &views).unwrap()
}

#[test]
fn texas_as_in_the_mixtape() {
    let texas = reference().texas;
    let panel = texas_prisons();
    let predictors = cunningham();
    for (ours, theirs) in aligned(predictors.rows(), &texas.predictors) {
        close(ours, theirs, 1e-9, "predictors");
    }
    let donors = panel.donors();
    let others: Vec<usize> = (0..51).filter(|&j| j != panel.treated).collect();
    let x0 = predictors.select(Axis(1), &others);
    let fit = |weights: &PredictorWeights| {
        synthetic_control_with_predictors(
            panel.treated_outcome().slice(s![..9]),
            donors.slice(s![..9, ..]),
            predictors.column(panel.treated),
            x0.view(),
            weights,
        )
        .unwrap()
    };
    let control = fit(&PredictorWeights::Regression);
    close(control.predictor_weights.as_ref().unwrap(), &texas.v, 1e-10, "V");
    close(&control.weights, &texas.weights, 1e-8, "weights");
    // Cunningham (2021), section 10.3.
    let book =
        [("California", 0.408), ("Florida", 0.109), ("Illinois", 0.360), ("Louisiana", 0.122)];
    for (state, weight) in book {
        assert!((weight_of(panel, &control.weights, state) - weight).abs() < 6e-4, "{state}");
    }
    let gap = control.effect(panel.treated_outcome(), donors.view()).unwrap();
    close(&gap, &texas.gap, 1e-3, "gap");
    let ranks = placebo_ranks_with_predictors(
        panel.y.view(),
        predictors.view(),
        &PredictorWeights::Regression,
        panel.treated,
        panel.t0,
    )
    .unwrap();
    for (j, theirs) in cases(&texas.placebo_same_v, panel.units.len()).enumerate() {
        assert!((ranks.pre_rmse[j] / theirs[0] - 1.0).abs() < 1e-6, "{}", panel.units[j]);
        assert!((ranks.post_rmse[j] / theirs[1] - 1.0).abs() < 1e-6, "{}", panel.units[j]);
    }
    assert_eq!(ranks.rank(), 2, "only Illinois stands out more");
    // pysyncon, the same V: its optimiser stops at about 1e-3; its own V, ours must not be worse.
    close(&control.weights, &texas.pysyncon_given, 5e-3, "pysyncon");
    let nested = fit(&PredictorWeights::Nested);
    let loss = nested.pre_rmse.powi(2);
    assert!(loss <= texas.pysyncon_nested_loss * 1.001, "{loss} {}", texas.pysyncon_nested_loss);
    let (by_outcome, gap) = outcome_control(panel);
    close(&by_outcome.weights, &texas.outcome_weights, 1e-8, "outcome weights");
    close(&gap, &texas.outcome_gap, 1e-3, "outcome gap");
    assert!(by_outcome.pre_rmse <= nested.pre_rmse);
}

#[test]
fn filter_and_smoother_are_statsmodels() {
    for k in cases(reference().kalman, 4) {
        let v = &k.params;
        let level = StructuralModel::local_level(v[0], v[1]).unwrap();
        let model = match k.name.as_str() {
            "level" => level,
            "trend" => level.slope(v[2]).unwrap(),
            "season" => level.seasons(4, v[2]).unwrap(),
            _ => level.slope(v[2]).unwrap().seasons(4, v[3]).unwrap(),
        };
        let y = Array1::from(k.y);
        let filtered = model.filter(y.view()).unwrap();
        let error = (filtered.log_likelihood - k.log_likelihood).abs();
        assert!(error < 1e-8, "{}: {error:e}", k.name);
        let scale = y.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let smoothed = model.smooth(y.view()).unwrap();
        let from = filtered.n_diffuse;
        let known = matrix(&k.filtered);
        let rest = s![from.., ..];
        close(filtered.filtered.slice(rest), known.slice(rest), 1e-9 * scale, &k.name);
        close(&smoothed.state, &matrix(&k.smoothed), 1e-9 * scale, &k.name);
        let largest = smoothed.variance.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let flat: Vec<f64> = k.smoothed_var.concat().concat();
        close(&smoothed.variance, &flat, 1e-8 * largest, &k.name);
        close(filtered.predicted.row(y.len()), &k.forecast, 1e-9 * scale, &k.name);
    }
}

#[test]
fn maximum_likelihood_is_statsmodels_and_durbin_and_koopmans() {
    for m in cases(reference().mle, 2) {
        let x = if m.x[0].is_empty() { Array2::zeros((m.x.len(), 0)) } else { matrix(&m.x) };
        let fit = fit_local_level(Array1::from(m.y).view(), x.view()).unwrap();
        let error = fit.log_likelihood - m.log_likelihood;
        assert!(error > -1e-9 && error < 1e-6, "{error:e}");
        assert!((fit.obs_var / m.params[0] - 1.0).abs() < 1e-4, "{} {}", fit.obs_var, m.params[0]);
        assert!((fit.level_var / m.params[1] - 1.0).abs() < 1e-3);
        if m.params.len() > 2 {
            close(&fit.coef, &m.params[2..], 1e-2, "coefficients");
        } else {
            assert!(fit.coef.is_empty());
        }
    }
    let none = Array2::zeros((100, 0));
    let fit = fit_local_level(nile().y.view(), none.view()).unwrap();
    // Durbin & Koopman (2012), sections 2.2.5 and 2.10.3; their likelihood leaves out −½ ln 2π.
    assert!((fit.obs_var - 15_099.0).abs() < 1.0 && (fit.level_var - 1469.1).abs() < 0.3);
    let theirs = fit.log_likelihood + 0.5 * std::f64::consts::TAU.ln();
    assert!((theirs + 632.5456).abs() < 5e-5, "{theirs}");
}

#[test]
fn spike_and_slab_is_exact_enumeration() {
    for case in cases(reference().spike_slab, 3) {
        let (x, y) = (matrix(&case.x), Array1::from(case.y));
        let prior = SpikeSlabPrior {
            expected_model_size: case.size,
            expected_r2: case.r2,
            df: case.df,
            slab_weight: case.kappa,
        };
        let fits: Vec<_> = (0..10)
            .map(|seed| spike_slab(y.view(), x.view(), prior, 1500, 100, seed).unwrap())
            .collect();
        for j in 0..x.ncols() {
            // The spread among seeds gives the error of their mean.
            let check = |values: Array1<f64>, exact: f64, floor: f64| {
                let error = (values.std(1.0) / 10.0_f64.sqrt()).max(floor);
                let mean = values.mean().unwrap();
                assert!((mean - exact).abs() < 4.5 * error, "{j}: {mean} {exact} {error}");
            };
            check(fits.iter().map(|f| f.inclusion[j]).collect(), case.inclusion[j], 1e-3);
            let coef = fits.iter().map(|f| f.coef.column(j).mean().unwrap()).collect();
            check(coef, case.coef[j], 1e-3);
        }
    }
}

#[test]
fn the_posterior_of_the_nile_lies_about_maximum_likelihood() {
    let fit = CausalImpact::params()
        .level_sd(0.2)
        .level_df(0.01)
        .n_draws(1500)
        .burn_in(300)
        .seed(1)
        .fit(nile().y.view(), Array2::zeros((100, 0)).view())
        .unwrap();
    // The prior is weak, so the maximum of the likelihood lies in the middle half of the draws.
    let below = |draws: &Array1<f64>, at: f64| {
        draws.iter().filter(|draw| **draw < at).count() as f64 / draws.len() as f64
    };
    let (noise, level) = (below(&fit.obs_var, 15_099.0), below(&fit.level_var, 1469.1));
    assert!((0.25..0.75).contains(&noise) && (0.25..0.75).contains(&level), "{noise} {level}");
}
