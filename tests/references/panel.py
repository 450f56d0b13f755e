"""Writes panel.json: synthetic control, synthetic DiD, Kalman recursions and spike-and-slab models.

Needs numpy 2.4.6, scipy 1.17.1, pandas, statsmodels 0.15.0, synthdid-py 0.1.0, pysyncon 1.7.0, and the sets
that panel_data.py writes. Programmes over the simplex are solved by NNLS with a heavy row of ones, then
polished on the support by the equality-constrained normal equations; their optimality conditions are
asserted here. Spike-and-slab posteriors are enumerated over all models, each with the multivariate t density
of the data (scipy), which knows nothing of the sampler's formulas.

Made anew to 1e-5 in pysyncon_given: its solver stops at a tolerance of its own.
Made anew to 5e-4 in pysyncon_nested_loss: around that solver, a search without derivatives stops early.
"""

import itertools
import json
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
import synthdid
from pysyncon import Synth
from scipy import stats
from scipy.optimize import nnls

from place import fixture

for package, version in {
    "numpy": "2.4.6",
    "scipy": "1.17.1",
    "statsmodels": "0.15.0",
    "synthdid-py": "0.1.0",
    "pysyncon": "1.7.0",
}.items():
    assert metadata.version(package) == version, package
warnings.filterwarnings("ignore")
SETS = Path(__file__).resolve().parents[2] / "src" / "data" / "sets"


def simplex(a, b, ridge=0.0):
    """argmin |A w - b|^2 / 2 + ridge |w|^2 / 2 over the simplex."""
    n = a.shape[1]
    p = np.vstack([a - b[:, None], np.sqrt(ridge) * np.eye(n)])
    scale = np.abs(p).max()
    p = p / scale
    heavy = 1e3
    w, _ = nnls(np.vstack([p, heavy * np.ones(n)]), np.append(np.zeros(len(p)), heavy), maxiter=10**5)
    on = w > 1e-10
    while True:
        # min |P w| with sum 1, on the support: through differences from its first column.
        s = np.flatnonzero(on)
        d = p[:, s[1:]] - p[:, s[:1]]
        z = np.linalg.lstsq(d, -p[:, s[0]], rcond=None)[0]
        w = np.zeros(n)
        w[s] = np.append(1 - z.sum(), z)
        if w.min() >= 0:
            break
        on &= w > 0
    g = p.T @ (p @ w)
    assert (g - g @ w).min() > -1e-11, (g - g @ w).min()
    return w


def rmse(v):
    return float(np.sqrt(np.mean(np.square(v))))


def control(y, donors, t0):
    w = simplex(donors[:t0], y[:t0])
    gap = y - donors @ w
    return w, gap


def placebo(table, t0):
    out = []
    for unit in range(table.shape[1]):
        _, gap = control(table[:, unit], np.delete(table, unit, 1), t0)
        out.append([rmse(gap[:t0]), rmse(gap[t0:])])
    return np.array(out)


prop = pd.read_csv(SETS / "prop99" / "data.csv").pivot(index="year", columns="state", values="packs")
y = prop["California"].to_numpy()
donors = prop.drop(columns="California").to_numpy()
w, gap = control(y, donors, 19)
ranks = placebo(prop.to_numpy(), 19)
# Leaving Utah, the heaviest donor, out.
utah = list(prop.columns.drop("California")).index("Utah")
w_out, gap_out = control(y, np.delete(donors, utah, 1), 19)

panel = synthdid.panel_matrices(synthdid.load_california_prop99())
published = {
    "did": float(synthdid.did_estimate(panel.Y, panel.N0, panel.T0)),
    "sc": float(synthdid.sc_estimate(panel.Y, panel.N0, panel.T0)),
    "sdid": float(synthdid.synthdid_estimate(panel.Y, panel.N0, panel.T0)),
}
# The same programmes, solved to the end.
order = np.append(np.array([prop.columns.get_loc(s) for s in prop.columns if s != "California"]),
                  prop.columns.get_loc("California"))
table = prop.to_numpy().T[order]
n0, t0, t1 = 38, 19, 12
sigma = np.std(np.diff(table[:n0, :t0], axis=1), ddof=1)
zeta = t1**0.25 * sigma
before, after = table[:n0, :t0], table[:n0, t0:].mean(1)
omega = simplex(before.T - before.T.mean(0), table[n0, :t0] - table[n0, :t0].mean(), t0 * zeta**2)
lam = simplex(before - before.mean(0), after - after.mean(), n0 * (1e-6 * sigma) ** 2)
change = table[:, t0:].mean(1) - table[:, :t0] @ lam
sdid = float(change[n0] - omega @ change[:n0])
# Algorithm 4, every control in turn; their Frank-Wolfe weights against exact ones.
def exact_sdid(rows):
    before, after = rows[:-1, :t0], rows[:-1, t0:].mean(1)
    sigma = np.std(np.diff(before, axis=1), ddof=1)
    target = rows[-1, :t0] - rows[-1, :t0].mean()
    omega = simplex(before.T - before.T.mean(0), target, t0 * np.sqrt(t1) * sigma**2)
    ridge = len(before) * (1e-6 * sigma) ** 2
    lam = simplex(before - before.mean(0), after - after.mean(), ridge)
    change = rows[:, t0:].mean(1) - rows[:, :t0] @ lam
    return change[-1] - omega @ change[:-1]


assert abs(exact_sdid(table) - sdid) < 1e-10
turns = [[j for j in range(n0) if j != i] + [i] for i in range(n0)]
placebo_se = float(np.std([exact_sdid(table[turn]) for turn in turns]))
their_se = float(np.std([float(synthdid.synthdid_estimate(table[turn], n0 - 1, t0)) for turn in turns]))
assert abs(placebo_se - their_se) < 0.05, (placebo_se, their_se)
theirs = synthdid.synthdid_estimate(
    panel.Y, panel.N0, panel.T0, sparsify=None, max_iter=30_000, min_decrease=1e-7
)
assert abs(float(theirs) - sdid) < 2e-3, (float(theirs), sdid)

long = pd.read_csv(SETS / "texas" / "data.csv")
texas = long.pivot(index="year", columns="state", values="bmprison")
pre = long[long.year < 1993]


def at(name, year):
    return long[long.year == year].set_index("state")[name].astype(float)


# The specification of Cunningham (2021), section 10.3.
predictors = pd.DataFrame(
    {
        **{f"bmprison {y}": at("bmprison", y) for y in (1990, 1992, 1991, 1988)},
        "alcohol 1990": at("alcohol", 1990),
        "aidscapita 1990": at("aidscapita", 1990),
        "aidscapita 1991": at("aidscapita", 1991),
        **{v: pre.groupby("state")[v].mean() for v in ("income", "ur", "poverty")},
        **{f"black {y}": at("black", y) for y in (1990, 1991, 1992)},
        "perc1519 1990": at("perc1519", 1990),
    }
)


def regression_v(outcomes):
    x = predictors / predictors.std()
    design = np.column_stack([np.ones(len(x)), x.to_numpy()])
    beta = np.linalg.lstsq(design, outcomes[x.index].to_numpy().T, rcond=None)[0][1:]
    v = np.square(beta).sum(1)
    return v / v.sum()


def by_predictors(state, v, t0=9):
    x = (predictors / predictors.std()) * np.sqrt(v)
    w = simplex(x.drop(index=state).to_numpy().T, x.loc[state].to_numpy())
    gap = (texas[state] - texas.drop(columns=state).to_numpy() @ w).to_numpy()
    return w, gap


v = regression_v(texas.loc[:1993])
texas_w, texas_gap = by_predictors("Texas", v)
texas_ranks = []
for state in texas.columns:
    _, g = by_predictors(state, v)
    texas_ranks.append([rmse(g[:9]), rmse(g[9:])])
outcome_w, outcome_gap = control(
    texas["Texas"].to_numpy(), texas.drop(columns="Texas").to_numpy(), 9
)
synth = Synth()
synth.fit(
    X0=predictors.drop(index="Texas").T,
    X1=predictors.loc["Texas"],
    Z0=texas.drop(columns="Texas").loc[:1993],
    Z1=texas["Texas"].loc[:1993],
    optim_method="Nelder-Mead",
    optim_options={"maxiter": 100},
)
given = Synth()
given.fit(
    X0=predictors.drop(index="Texas").T,
    X1=predictors.loc["Texas"],
    Z0=texas.drop(columns="Texas").loc[:1993],
    Z1=texas["Texas"].loc[:1993],
    custom_V=v,
)

rng = np.random.default_rng(99)
programmes = []
for rows, columns, ridge in [(5, 3, 0.0), (12, 20, 0.0), (30, 12, 0.0), (6, 9, 0.7), (40, 25, 3.0)]:
    a, b = rng.normal(size=(rows, columns)), 0.3 * rng.normal(size=rows)
    weights = simplex(a, b, ridge)
    value = 0.5 * np.sum((a @ weights - b) ** 2) + 0.5 * ridge * weights @ weights
    programmes.append(
        {"a": a.tolist(), "b": b.tolist(), "ridge": ridge, "w": weights.tolist(), "objective": value}
    )

nile = pd.read_csv(SETS / "nile" / "data.csv").flow.to_numpy(float)
season = 5 * np.sin(np.arange(48) * np.pi / 2) + np.cumsum(rng.normal(size=48)) + rng.normal(size=48)
kalman = []
for name, series, kind, params in [
    ("level", nile, dict(level="llevel"), [15099.0, 1469.1]),
    ("trend", nile, dict(level="lltrend"), [14000.0, 900.0, 30.0]),
    ("season", season, dict(level="llevel", seasonal=4), [0.8, 1.1, 0.2]),
    ("both", season, dict(level="lltrend", seasonal=4), [0.8, 1.1, 0.05, 0.2]),
]:
    model = sm.tsa.UnobservedComponents(series, use_exact_diffuse=True, **kind)
    fit = model.smooth(params)
    kalman.append(
        {
            "name": name,
            "y": series.tolist(),
            "params": params,
            "log_likelihood": float(fit.llf),
            "filtered": fit.filtered_state.T.tolist(),
            "smoothed": fit.smoothed_state.T.tolist(),
            "smoothed_var": np.moveaxis(fit.smoothed_state_cov, -1, 0).tolist(),
            "forecast": fit.predicted_state[:, -1].tolist(),
        }
    )
x = np.column_stack([rng.normal(size=100), np.sin(np.arange(100) / 5)])
regressed = nile + x @ [60.0, -45.0]
mle = []
for series, exog in [(nile, None), (regressed, x)]:
    model = sm.tsa.UnobservedComponents(series, "llevel", exog=exog, use_exact_diffuse=True)
    best = None
    for start in ([15000.0, 1500.0], [12000.0, 3000.0]):
        first = start + ([50.0, -40.0] if exog is not None else [])
        fit = model.fit(first, disp=0, maxiter=400, method="nm", xtol=1e-8, ftol=1e-12)
        fit = model.fit(fit.params, disp=0, maxiter=200, method="lbfgs", factr=1.0, pgtol=1e-12)
        best = fit if best is None or fit.llf > best.llf else best
    mle.append(
        {
            "y": series.tolist(),
            "x": (x if exog is not None else np.zeros((100, 0))).tolist(),
            "params": best.params.tolist(),
            "log_likelihood": float(best.llf),
        }
    )


def enumerate_models(x, y, size, r2, df, kappa):
    """Exact inclusion probabilities and coefficients: every model's multivariate t density."""
    n, k = x.shape
    share, scale = size / k, (1 - r2) * np.var(y, ddof=1)
    xtx = x.T @ x
    slab = kappa / n * 0.5 * (xtx + np.diag(np.diag(xtx)))
    log_p, means, models = [], [], list(itertools.product([0, 1], repeat=k))
    for gamma in models:
        on = np.flatnonzero(gamma)
        xs = x[:, on]
        shape = np.eye(n) + xs @ np.linalg.inv(slab[np.ix_(on, on)]) @ xs.T if len(on) else np.eye(n)
        density = stats.multivariate_t.logpdf(y, np.zeros(n), scale * shape, df=df)
        prior = len(on) * np.log(share) + (k - len(on)) * np.log(1 - share)
        log_p.append(density + prior)
        beta = np.zeros(k)
        beta[on] = np.linalg.solve(xtx[np.ix_(on, on)] + slab[np.ix_(on, on)], xs.T @ y)
        means.append(beta)
    p = np.exp(np.array(log_p) - np.max(log_p))
    p /= p.sum()
    return (p @ np.array(models)).tolist(), (p @ np.array(means)).tolist()


spike = []
for n, k, size, r2, df, kappa in [(30, 4, 1.0, 0.5, 4.0, 1.0), (25, 6, 2.0, 0.8, 50.0, 1.0), (40, 5, 2.0, 0.3, 1.0, 0.1)]:
    x = rng.normal(size=(n, k))
    x[:, 1] = 0.9 * x[:, 0] + 0.45 * x[:, 1]
    x -= x.mean(0)
    y = x @ np.append([0.5, 0.0, 0.35], np.zeros(k - 3)) + rng.normal(size=n)
    y -= y.mean()
    inclusion, coef = enumerate_models(x, y, size, r2, df, kappa)
    spike.append(
        {"x": x.tolist(), "y": y.tolist(), "size": size, "r2": r2, "df": df, "kappa": kappa,
         "inclusion": inclusion, "coef": coef}
    )

out = {
    "prop99": {
        "weights": w.tolist(),
        "gap": gap.tolist(),
        "pre_rmse": rmse(gap[:19]),
        "placebo": ranks.tolist(),
        "without_utah": {"column": utah, "weights": np.insert(w_out, utah, 0.0).tolist(),
                         "effect": float(gap_out[19:].mean())},
        "published": published,
        "sdid": sdid,
        "placebo_se": placebo_se,
        "omega": omega.tolist(),
        "lambda": lam.tolist(),
    },
    "texas": {
        "predictors": predictors.T.to_numpy().tolist(),
        "v": v.tolist(),
        "weights": texas_w.tolist(),
        "gap": texas_gap.tolist(),
        "placebo_same_v": texas_ranks,
        "outcome_weights": outcome_w.tolist(),
        "outcome_gap": outcome_gap.tolist(),
        "pysyncon_given": given.W.tolist(),
        "pysyncon_nested_loss": float(synth.loss_V),
    },
    "programmes": programmes,
    "kalman": kalman,
    "mle": mle,
    "spike_slab": spike,
}
fixture(__file__).write_text(json.dumps(out))
print(placebo_se, their_se, published, sdid, rmse(gap[:19]), gap[19:].mean())
print({s: round(x, 3) for s, x in zip(texas.columns.drop("Texas"), texas_w) if x > 1e-3})
print("pysyncon", synth.loss_V, given.loss_V, rmse(texas_gap[:9]) ** 2)
print([(m["params"], m["log_likelihood"]) for m in mle])
print([s["inclusion"] for s in spike])
