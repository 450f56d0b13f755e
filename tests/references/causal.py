"""Writes causal.json: causal estimators by statsmodels, SciPy, scikit-learn and plain NumPy loops.

Needs statsmodels 0.15.0, SciPy 1.17.1, scikit-learn 1.9.1, NumPy 2.4.6. Reads the embedded data sets, which
causal_sets.py writes. Estimators without a package (weighting, matching variances, strata) are written
here a second time, in sums over rows as their papers give them.
"""

import csv
import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy import integrate, stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from place import fixture

assert statsmodels.__version__ == "0.15.0" and scipy.__version__ == "1.17.1"
assert sklearn.__version__ == "1.9.1" and np.__version__ == "2.4.6"
HERE = Path(__file__).resolve().parent
SETS = HERE.parents[1] / "src" / "data" / "sets"
rng = np.random.default_rng(137)


def read(name):
    with open(SETS / name / "data.csv", newline="") as file:
        return list(csv.reader(file))[1:]


# Difference in differences --------------------------------------------------------------------------


def did(y, treated, post, x=None, groups=None):
    columns = [np.ones(len(y)), treated, post, treated * post]
    design = np.column_stack(columns + ([] if x is None else [x]))
    options = {} if groups is None else {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
    fit = sm.OLS(y, design).fit(use_t=True, **options)
    return {
        "effect": float(fit.params[3]),
        "std_error": float(fit.bse[3]),
        "p": float(fit.pvalues[3]),
        "ci": fit.conf_int(0.05)[3].tolist(),
    }


def event_study(y, treated, period, start, groups):
    periods = sorted(set(period.tolist()))
    others = [p for p in periods if p != start - 1]
    columns = [np.ones(len(y)), treated]
    columns += [(period == p) * 1.0 for p in others]
    columns += [(period == p) * treated for p in others]
    fit = sm.OLS(y, np.column_stack(columns)).fit(
        use_t=True, cov_type="cluster", cov_kwds={"groups": groups}
    )
    first, q = 2 + len(others), sum(p < start - 1 for p in others)
    restriction = np.eye(len(columns))[first : first + q]
    test = fit.f_test(restriction)
    return {
        "effects": fit.params[first:].tolist(),
        "std_errors": fit.bse[first:].tolist(),
        "ci": fit.conf_int(0.05)[first:].tolist(),
        "f": float(test.fvalue),
        "p": float(test.pvalue),
    }


rows = read("organ_donations")
names = sorted({r[0] for r in rows})
state = np.array([names.index(r[0]) for r in rows])
quarter = np.array([int(r[1]) for r in rows])
rate = np.array([float(r[2]) for r in rows])
california = np.array([r[0] == "California" for r in rows]) * 1.0
before = quarter < 4
organs = {
    "did": did(rate, california, (quarter >= 4) * 1.0, groups=state),
    "classical": did(rate, california, (quarter >= 4) * 1.0),
    "study": event_study(rate, california, quarter, 4, state),
    "placebos": [
        did(rate[before], california[before], (quarter[before] >= fake) * 1.0, groups=state[before])
        for fake in (2, 3)
    ],
}
n_units, n_periods = 30, 5
unit = np.repeat(np.arange(n_units), n_periods)
period = np.tile(np.arange(1, n_periods + 1), n_units)
treated = (unit % 3 == 0) * 1
post = (period >= 4) * 1
x = rng.normal(size=(len(unit), 2))
y = rng.normal(size=n_units)[unit] + 0.3 * period + 1.7 * treated * post + x @ [0.5, -1.0]
y += rng.normal(size=len(unit))
panel = {
    "unit": unit.tolist(),
    "period": period.tolist(),
    "treated": treated.tolist(),
    "x": x.tolist(),
    "y": y.tolist(),
    "plain": did(y, treated, post),
    "covariates": did(y, treated, post, x, unit),
    "study": event_study(y, treated, period, 4, unit),
}

# Assignment -----------------------------------------------------------------------------------------

costs = []
for n, m, kind in [(1, 1, "u"), (7, 7, "u"), (12, 30, "n"), (25, 25, "i"), (20, 41, "i"), (40, 40, "n")]:
    c = {"u": rng.random, "n": rng.standard_normal, "i": lambda s: rng.integers(0, 5, s)}[kind]((n, m))
    i, j = linear_sum_assignment(c)
    costs.append({"cost": np.asarray(c, float).tolist(), "total": float(c[i, j].sum())})

# Matching -------------------------------------------------------------------------------------------

n = 90
x = rng.normal(size=(n, 3)) * [1.0, 20.0, 0.1] + [0, 50, 1]
x[:, 1] += 10 * x[:, 0]
score = 1 / (1 + np.exp(0.9 - 0.8 * x[:, 0]))
t = (rng.random(n) < score) * 1
y = 2 * t + x[:, 0] + 0.05 * x[:, 1] + rng.normal(size=n)
mu0 = 0.7 * x[:, 0] + 0.04 * x[:, 1]
ones, zeros = np.flatnonzero(t == 1), np.flatnonzero(t == 0)


def settled(d):
    """Distances to 30 binary digits, so that rounding breaks no tie."""
    bits = np.asarray(d, np.float64).view(np.int64)
    return ((bits + 0x1FFFFF) & ~np.int64(0x3FFFFF)).view(np.float64)


def first_nearest(d):
    return np.argmin(settled(d), axis=1)


def places(metric, x=x):
    if metric == "euclidean":
        return x
    if metric == "standardised":
        return x / x.std(axis=0, ddof=1)
    # x -> L' x with inverse covariance L L'.
    return x @ np.linalg.cholesky(np.linalg.inv(np.cov(x.T)))


def abadie_imbens(y, place, pairs, controls, mu0=None):
    """ATT and its standard error; `pairs` is a list of (treated row, its controls)."""
    mu0 = np.zeros(len(y)) if mu0 is None else mu0
    n1 = len(pairs)
    d = np.array([y[i] - np.mean([y[j] + mu0[i] - mu0[j] for j in js]) for i, js in pairs])
    att = d.mean()
    total = ((d - att) ** 2).sum()
    for j in controls:
        shares = [1 / len(js) for _, js in pairs if j in js]
        factor = sum(shares) ** 2 - sum(s * s for s in shares)
        if factor < 1e-12:
            continue
        others = controls[controls != j]
        distance = settled(np.linalg.norm(place[others] - place[j], axis=1))
        near = others[distance <= np.sort(distance)[1]]
        mean = np.mean([y[l] + mu0[j] - mu0[l] for l in near])
        total += factor * len(near) / (len(near) + 1) * (y[j] - mean) ** 2
    return [float(att), float(np.sqrt(total) / n1)]


nearest = []
for metric in ("euclidean", "standardised", "mahalanobis"):
    place = places(metric)
    for k in (1, 3):
        index = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(place[zeros])
        distances, found = index.kneighbors(place[ones])
        pairs = [(i, zeros[f].tolist()) for i, f in zip(ones, found)]
        # Greedy without replacement, by brute force.
        free, once = zeros.tolist(), []
        if k == 1:
            for i in ones:
                j = min(free, key=lambda j: np.linalg.norm(place[i] - place[j]))
                free.remove(j)
                once.append(j)
        caliper = float(np.quantile(distances[:, 0], 0.6))
        near = [(i, [j for j, d in zip(js, ds) if d <= caliper]) for (i, js), ds in zip(pairs, distances)]
        near = [(i, js) for i, js in near if js]
        cost = cdist(place[ones], place[zeros])
        a, b = linear_sum_assignment(cost)
        nearest.append(
            {
                "metric": metric,
                "k": k,
                "controls": [js for _, js in pairs],
                "distances": distances.tolist(),
                "att": abadie_imbens(y, place, pairs, zeros),
                "adjusted": abadie_imbens(y, place, pairs, zeros, mu0),
                "greedy": [int(j) for j in once],
                "caliper": caliper,
                "n_within": len(near),
                "att_within": abadie_imbens(y, place, near, zeros),
                "optimal": float(cost[a, b].sum()),
            }
        )
matching = {"x": x.tolist(), "t": t.tolist(), "y": y.tolist(), "mu0": mu0.tolist(), "cases": nearest}

# Weighting, strata, balance -------------------------------------------------------------------------

n = 150
x = rng.normal(size=(n, 2)) * [1.0, 1000.0]
true = 1 / (1 + np.exp(-(0.9 * x[:, 0] - 0.0005 * x[:, 1])))
t = (rng.random(n) < true) * 1
y = 1 + 2 * t + x[:, 0] + 0.001 * x[:, 1] + t * x[:, 0] + rng.normal(size=n)
logit = sm.Logit(t, sm.add_constant(x / x.std(axis=0))).fit(disp=0, method="newton", tol=1e-14)
e = logit.predict()
fits = [sm.OLS(y[t == arm], sm.add_constant(x[t == arm])).fit() for arm in (0, 1)]
mu0, mu1 = (fit.predict(sm.add_constant(x)) for fit in fits)
cases = []
for estimand in ("ate", "att"):
    for trim in (0.0, 0.1):
        keep = (e <= 1 - trim) & ((e >= trim) | (estimand == "att"))
        T, E, Y, M0, M1 = (v[keep] for v in (t, e, y, mu0, mu1))
        X = np.column_stack([x, np.ones(n)])
        m = keep.sum()
        if estimand == "ate":
            w1, w0, h = T / E, (1 - T) / (1 - E), np.ones(m)
        else:
            w1, w0, h = T * 1.0, (1 - T) * E / (1 - E), T * 1.0
        share = h.mean()

        def told(estimate, psi):
            whole = np.zeros(n)
            whole[keep] = psi
            score = X * (t - e)[:, None]
            score = score / np.linalg.norm(score, axis=0)
            rest = whole - score @ np.linalg.lstsq(score, whole, rcond=None)[0]
            return [float(estimate), float(np.sqrt((psi**2).sum()) / m), float(np.sqrt((rest**2).sum()) / m)]

        ht = np.mean(w1 * Y - w0 * Y) / share
        m1, m0 = np.average(Y, weights=w1), np.average(Y, weights=w0)
        augmented = h * (M1 - M0) + w1 * (Y - M1) - w0 * (Y - M0)
        dr = augmented.mean() / share
        cases.append(
            {
                "estimand": estimand,
                "trim": trim,
                "n_used": int(m),
                "horvitz_thompson": told(ht, (w1 * Y - w0 * Y - h * ht) / share),
                "hajek": told(m1 - m0, w1 * (Y - m1) / w1.mean() - w0 * (Y - m0) / w0.mean()),
                "aipw": told(dr, (augmented - h * dr) / share),
            }
        )
strata = []
for estimand in ("ate", "att"):
    of = e if estimand == "ate" else e[t == 1]
    edges = np.quantile(of, [0.25, 0.5, 0.75])
    s = np.searchsorted(edges, e, side="left")
    total = variance = 0.0
    for k in range(4):
        a, b = y[(s == k) & (t == 1)], y[(s == k) & (t == 0)]
        q = (np.mean(s == k) if estimand == "ate" else np.mean(s[t == 1] == k)).item()
        total += q * (a.mean() - b.mean())
        variance += q * q * (a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    strata.append({"estimand": estimand, "edges": edges.tolist(), "effect": [total, float(np.sqrt(variance))]})


def differences(x, t, w):
    a, b = t == 1, t == 0
    spread = np.sqrt((x[a].var(axis=0, ddof=1) + x[b].var(axis=0, ddof=1)) / 2)
    return (np.average(x[a], axis=0, weights=w[a]) - np.average(x[b], axis=0, weights=w[b])) / spread


odds = np.where(t == 1, 1.0, e / (1 - e))
weighting = {
    "x": x.tolist(),
    "t": t.tolist(),
    "y": y.tolist(),
    "propensity": e.tolist(),
    "mu0": mu0.tolist(),
    "mu1": mu1.tolist(),
    "cases": cases,
    "strata": strata,
    "before": differences(x, t, np.ones(n)).tolist(),
    "after": differences(x, t, odds).tolist(),
}

# The same scores, with the estimating equations of scores and means stacked (an M-estimator's sandwich):
# asymptotically what taking off the explained part of the influence gives.
n = 20_000
x = rng.normal(size=(n, 2))
e = 1 / (1 + np.exp(0.5 - x @ [1.0, -0.5]))
t = (rng.random(n) < e) * 1
y = 1 + 2 * x[:, 0] - x[:, 1] + rng.normal(size=n) + t * (2 + x[:, 0])
X = sm.add_constant(x)
theta = np.append(sm.Logit(t, X).fit(disp=0).params, [0.0, 0.0])


def equations(theta):
    p = 1 / (1 + np.exp(-X @ theta[:3]))
    w1, w0 = t / p, (1 - t) / (1 - p)
    return np.column_stack([X * (t - p)[:, None], w1 * (y - theta[3]), w0 * (y - theta[4])])


p = 1 / (1 + np.exp(-X @ theta[:3]))
theta[3], theta[4] = np.average(y, weights=t / p), np.average(y, weights=(1 - t) / (1 - p))
step = 1e-5
bread = np.column_stack(
    [
        (equations(theta + step * d).mean(axis=0) - equations(theta - step * d).mean(axis=0)) / (2 * step)
        for d in np.eye(5)
    ]
)
meat = equations(theta).T @ equations(theta) / n
sandwich = np.linalg.solve(bread, np.linalg.solve(bread, meat).T) / n
stacked = float(np.sqrt(sandwich[3, 3] + sandwich[4, 4] - 2 * sandwich[3, 4]))
psi = (t / p) * (y - theta[3]) / np.mean(t / p) - ((1 - t) / (1 - p)) * (y - theta[4]) / np.mean((1 - t) / (1 - p))
score = X * (t - p)[:, None]
rest = psi - score @ np.linalg.lstsq(score, psi, rcond=None)[0]
assert abs(np.sqrt((rest**2).sum()) / n / stacked - 1) < 0.02, "the two agree in a large sample"
assert np.sqrt((psi**2).sum()) / n / stacked > 1.2, "and the known-score formula is far larger"

# LaLonde --------------------------------------------------------------------------------------------

table = {name: np.array(read(name), dtype=np.float32).astype(float) for name in ("nsw", "cps")}
nsw = table["nsw"]
both = np.vstack([nsw[nsw[:, 0] == 1], table["cps"]])


def regression(d):
    fit = sm.OLS(d[:, -1], sm.add_constant(d[:, :-1])).fit(cov_type="HC1", use_t=True)
    return [float(fit.params[1]), float(fit.bse[1])]


t, y = both[:, 0].astype(int), both[:, -1]
x = np.column_stack([both[:, 1:-1], both[:, 7] == 0, both[:, 8] == 0]) * 1.0
z = (x - x.mean(axis=0)) / x.std(axis=0)
e = sm.Logit(t, sm.add_constant(z)).fit(disp=0, method="newton", tol=1e-14).predict()
r = e / (1 - e)
mu0 = sm.OLS(y[t == 0], sm.add_constant(z[t == 0])).fit().predict(sm.add_constant(z))
ones, zeros = np.flatnonzero(t == 1), np.flatnonzero(t == 0)
# Men with equal covariates have one score, to the last bit, whatever order a matrix product sums in.
_, first, same = np.unique(x, axis=0, return_index=True, return_inverse=True)
line = np.log(r)[first][same.ravel()][:, None]
found = first_nearest(np.abs(line[ones] - line[zeros].T))
score_pairs = [(i, [zeros[f]]) for i, f in zip(ones, found)]
place = x / x.std(axis=0, ddof=1)
d = cdist(place[ones], place[zeros])
a, b = linear_sum_assignment(d)
cells = {}
for i, row in enumerate(map(tuple, x)):
    cells.setdefault(row, [[], []])[t[i]].append(i)
exact = [(i, cells[tuple(x[i])][0]) for i in ones if cells[tuple(x[i])][0]]
counts = np.bincount(found, minlength=len(zeros))
weights = t * 1.0
weights[zeros] = counts
residual = t * (y - mu0) - (1 - t) * r * (y - mu0)
n1 = t.sum()
dr = residual.sum() / n1
m0 = np.average(y[t == 0], weights=r[t == 0])
effects = y[t == 1].mean() - m0
psi = t * (y - y[t == 1].mean()) / t.mean() - (1 - t) * r * (y - m0) / ((1 - t) * r).mean()
lalonde = {
    "experiment": float(nsw[nsw[:, 0] == 1, -1].mean() - nsw[nsw[:, 0] == 0, -1].mean()),
    "naive": float(y[t == 1].mean() - y[t == 0].mean()),
    "regression": regression(both),
    "regression_in_the_experiment": regression(nsw),
    "treated_scores": e[t == 1].tolist(),
    "sum_of_scores": float(e.sum()),
    "sum_of_squares": float((e**2).sum()),
    "ipw": [float(effects), float(np.sqrt((psi**2).sum()) / len(t))],
    "aipw": [float(dr), float(np.sqrt(((residual - t * dr) ** 2).sum()) / n1)],
    "adjustment": float((y - mu0)[t == 1].mean()),
    "score_matching": abadie_imbens(y, line, score_pairs, zeros),
    "exact": [len(exact), *abadie_imbens(y, x, exact, zeros)],
    "nearest_distance": float(d.min(axis=1).sum()),
    "optimal_distance": float(d[a, b].sum()),
    "before": differences(x, t, np.ones(len(t))).tolist(),
    "matched": differences(x, t, weights).tolist(),
    "weighted": differences(x, t, np.where(t == 1, 1.0, r)).tolist(),
}

# The made-up world: its effect on the treated is 2 + E[X1 | T = 1], by quadrature -------------------

phi = stats.norm.pdf
sigma = lambda z: 1 / (1 + np.exp(-z))
joint = lambda g: integrate.dblquad(
    lambda b, a: g(a) * sigma(0.7 * a - 0.4 * b - 0.4) * phi(a) * phi(b), -9, 9, -9, 9, epsabs=1e-10
)[0]
world = {"ate": 2.0, "att": 2.0 + joint(lambda a: a) / joint(lambda a: 1.0)}

out = {
    "organs": organs,
    "panel": panel,
    "costs": costs,
    "matching": matching,
    "weighting": weighting,
    "lalonde": lalonde,
    "world": world,
}
fixture(__file__).write_text(json.dumps(out))
print(json.dumps({"organs": organs["did"], "p": organs["study"]["p"], "world": world}, indent=1))
print(json.dumps({k: v for k, v in lalonde.items() if k != "treated_scores"}, indent=1))
