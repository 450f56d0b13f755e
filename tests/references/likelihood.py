"""Writes likelihood.json: maxima, standard errors, profile intervals and coverages, without this library.

Needs SciPy 1.17.1, statsmodels 0.15.0 and mpmath 1.3.0. The densities are SciPy's (for log-likelihoods and its
own `fit`) and mpmath's (40 digits, for maxima, scores and information: there derivatives are numerical,
so that no algebra of ours is repeated). Real data are read from src/data/sets.
"""

import csv
import json
from pathlib import Path

import mpmath as mp
import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import integrate, optimize, special, stats

from place import fixture

assert (scipy.__version__, statsmodels.__version__) == ("1.17.1", "0.15.0")
assert mp.__version__ == "1.3.0"
mp.mp.dps = 40
HERE = Path(__file__).resolve().parent
SETS = HERE.parents[1] / "src" / "data" / "sets"
rng = np.random.default_rng(7)
f = float


def rows(name):
    with open(SETS / name / "data.csv", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


matches = rows("football")
home = np.array([f(m["home_goals"]) for m in matches])
away = np.array([f(m["away_goals"]) for m in matches])
strong = [e for e in rows("earthquakes") if e["kind"] == "earthquake" and f(e["magnitude"]) >= 4.5]
waits = np.diff([int(e["time_ms"]) for e in strong]) / 3.6e6

# name: log density of one value x at theta, in mpmath.
LOG_DENSITY = {
    "bernoulli": lambda x, p: x * mp.log(p) + (1 - x) * mp.log(1 - p),
    "poisson": lambda x, r: x * mp.log(r) - r - mp.loggamma(x + 1),
    "exponential": lambda x, r: mp.log(r) - r * x,
    "normal": lambda x, m, s: -mp.log(2 * mp.pi) / 2 - mp.log(s) - ((x - m) / s) ** 2 / 2,
    "gamma": lambda x, a, b: a * mp.log(b) - mp.loggamma(a) + (a - 1) * mp.log(x) - b * x,
    "weibull": lambda x, k, s: mp.log(k / s) + (k - 1) * mp.log(x / s) - (x / s) ** k,
}
# SciPy's frozen distribution at our theta.
SCIPY = {
    "bernoulli": lambda p: stats.bernoulli(p),
    "poisson": lambda r: stats.poisson(r),
    "exponential": lambda r: stats.expon(scale=1 / r),
    "normal": lambda m, s: stats.norm(m, s),
    "gamma": lambda a, b: stats.gamma(a, scale=1 / b),
    "weibull": lambda k, s: stats.weibull_min(k, scale=s),
}


def simplex(function, start, args=(), disp=0):
    """SciPy's own search, to more digits than the four it stops at by itself."""
    return optimize.fmin(function, start, args=args, disp=disp, xtol=1e-11, ftol=1e-14, maxiter=4000)


# SciPy's own fit, in our parameters; it has none for discrete families.
FIT = {
    "exponential": lambda x: [1 / stats.expon.fit(x, floc=0)[1]],
    "normal": lambda x: list(stats.norm.fit(x)),
    "gamma": lambda x: (lambda a, _, s: [a, 1 / s])(*stats.gamma.fit(x, floc=0)),
    "weibull": lambda x: (lambda k, _, s: [k, s])(
        *stats.weibull_min.fit(x, floc=0, optimizer=simplex)
    ),
}


def log_lik_scipy(name, x, theta):
    if any(not np.isfinite(t) for t in theta):
        return -np.inf
    frozen = SCIPY[name](*theta)
    return f((frozen.logpmf if name in ("bernoulli", "poisson") else frozen.logpdf)(x).sum())


def log_lik(name, x):
    x = [mp.mpf(f(v)) for v in x]
    density = LOG_DENSITY[name]
    return lambda *theta: mp.fsum(density(v, *theta) for v in x)


def derivatives(name, x, theta):
    """Score and minus the Hessian, by differences in 40 digits."""
    ell, p = log_lik(name, x), len(theta)
    theta = [mp.mpf(t) for t in theta]
    unit = lambda i: tuple(int(i == j) for j in range(p))  # noqa: E731
    pair = lambda i, j: tuple(a + b for a, b in zip(unit(i), unit(j)))  # noqa: E731
    score = [f(mp.diff(ell, theta, unit(i))) for i in range(p)]
    information = [[f(-mp.diff(ell, theta, pair(i, j))) for j in range(p)] for i in range(p)]
    return score, information


def maximum(name, x, start):
    """The zero of the numerical score, from SciPy's neighbourhood, to 25 digits."""
    ell, p = log_lik(name, x), len(start)
    unit = lambda i: tuple(int(i == j) for j in range(p))  # noqa: E731
    score = lambda *t: [mp.diff(ell, t, unit(i)) for i in range(p)]  # noqa: E731
    if p == 1:
        return [f(mp.findroot(lambda t: mp.diff(ell, t), mp.mpf(start[0])))]
    found = mp.findroot(score, [mp.mpf(s) for s in start], tol=1e-40)
    return [f(v) for v in found]


def profile(name, x, theta, param, level):
    """Profile interval by SciPy alone: Brent outside, bounded search over the other parameter inside."""
    top, limit = log_lik_scipy(name, x, theta), stats.chi2.ppf(level, 1)

    def deviance(value):
        if len(theta) == 1:
            return 2 * (top - log_lik_scipy(name, x, [value]))
        at = lambda other: [value, other] if param == 0 else [other, value]  # noqa: E731
        centre = theta[1 - param]
        spread = 3 * abs(centre) + 1
        low = centre - spread if name == "normal" and param == 1 else centre / 50
        best = optimize.minimize_scalar(
            lambda other: -log_lik_scipy(name, x, at(other)),
            bounds=(low, centre + spread),
            method="bounded",
            options={"xatol": 1e-11},
        )
        return 2 * (top + best.fun)

    ends = []
    for side in (-1, 1):
        step = 1e-3 * max(abs(theta[param]), 1e-3)
        while deviance(theta[param] + side * step) < limit:
            step *= 1.3
        solve = lambda v: deviance(v) - limit  # noqa: E731
        pair = (theta[param] + side * step / 1.3, theta[param] + side * step)
        ends.append(f(optimize.brentq(solve, *pair, xtol=1e-14, rtol=1e-14)))
    return ends


def case(label, name, x, at, start):
    x = np.asarray(x, f)
    theta = maximum(name, x, start)
    _, information = derivatives(name, x, theta)
    covariance = mp.inverse(mp.matrix(information))
    score_at, information_at = derivatives(name, x, at)
    return {
        "label": label,
        "family": name,
        "data": x.tolist(),
        "theta": theta,
        "std_err": [f(mp.sqrt(covariance[i, i])) for i in range(len(theta))],
        "log_lik": log_lik_scipy(name, x, theta),
        "scipy_fit": FIT[name](x) if name in FIT else None,
        "at": at,
        "log_lik_at": log_lik_scipy(name, x, at),
        "score_at": score_at,
        "information_at": information_at,
        "profile_90": [profile(name, x, theta, j, 0.90) for j in range(len(theta))],
        "profile_95": [profile(name, x, theta, j, 0.95) for j in range(len(theta))],
    }


cases = [
    case("coin", "bernoulli", rng.binomial(1, 0.3, 25), [0.6], [0.35]),
    case("counts", "poisson", rng.poisson(2.2, 25), [1.3], [2.0]),
    case("waiting", "exponential", rng.exponential(3.0, 30), [0.7], [0.3]),
    case("bell", "normal", rng.normal(-1.0, 2.5, 12), [0.4, 1.7], [-1.0, 2.0]),
    case("gamma", "gamma", rng.gamma(2.5, 0.8, 40), [1.2, 0.9], [2.0, 1.0]),
    case("gamma, small shape", "gamma", rng.gamma(0.4, 3.0, 40), [1.2, 0.9], [0.4, 0.3]),
    case("weibull", "weibull", 3.0 * rng.weibull(1.7, 40), [1.1, 2.0], [1.7, 3.0]),
    case("weibull, small shape", "weibull", 3.0 * rng.weibull(0.6, 40), [1.1, 2.0], [0.6, 3.0]),
    case("earthquakes", "exponential", waits, [0.4], [0.5]),
    case("earthquakes", "gamma", waits, [1.0, 0.6], [0.78, 0.4]),
    case("earthquakes", "weibull", waits, [1.0, 2.0], [0.85, 1.8]),
]


def expected_weibull(k, s):
    """Mean of the products of scores of one observation, by quadrature."""
    pdf = stats.weibull_min(k, scale=s).pdf
    score = lambda x: (  # noqa: E731
        1 / k + np.log(x / s) - (x / s) ** k * np.log(x / s),
        k / s * ((x / s) ** k - 1),
    )
    product = lambda x, i, j: score(x)[i] * score(x)[j] * pdf(x)  # noqa: E731
    piece = lambda i, j, low, high: integrate.quad(  # noqa: E731
        product, low, high, args=(i, j), epsabs=1e-13, epsrel=1e-13, limit=500
    )[0]
    mean = lambda i, j: piece(i, j, 0, s) + piece(i, j, s, np.inf)  # noqa: E731
    return [[mean(i, j) for j in range(2)] for i in range(2)]


# Statsmodels: a Poisson regression on a constant, then on "plays at home", of every team's goals.
glm = sm.GLM(home, np.ones(len(home)), family=sm.families.Poisson()).fit(tol=1e-12)
goals, at_home = np.concatenate([home, away]), np.repeat([1.0, 0.0], len(home))
both = sm.GLM(goals, sm.add_constant(at_home), family=sm.families.Poisson()).fit(tol=1e-12)
q = stats.chi2.ppf(0.95, 1)
z = np.sqrt(q)


def coverages():
    """Exact chances that a 95% interval of each kind holds the truth."""
    out = {}
    # Poisson, rate 2, ten counts: a sum over the possible totals.
    n, rate = 10, 2.0
    total = np.arange(0, 400)
    hat = total / n
    deviance = 2 * (special.xlogy(total, hat / rate) - n * (hat - rate))
    chance = stats.poisson.pmf(total, n * rate)
    out["poisson_profile"] = f(chance[deviance <= q].sum())
    out["poisson_wald"] = f(chance[(abs(hat - rate) <= z * np.sqrt(hat / n)) & (total > 0)].sum())
    # Exponential, ten values: u = rate * mean is Gamma(n)/n.
    u = stats.gamma(n, scale=1 / n)
    excess = lambda v: 2 * n * (v - 1 - np.log(v)) - q  # noqa: E731
    ends = optimize.brentq(excess, 1e-6, 1), optimize.brentq(excess, 1, 20)
    out["exponential_profile"] = f(u.cdf(ends[1]) - u.cdf(ends[0]))
    out["exponential_wald"] = f(u.cdf(1 + z / np.sqrt(n)) - u.cdf(1 - z / np.sqrt(n)))
    # Mean of eight normal values: both intervals are Student intervals of another level.
    n = 8
    t = stats.t(n - 1)
    inside = lambda limit: f(t.cdf(limit) - t.cdf(-limit))  # noqa: E731
    out["normal_profile"] = inside(np.sqrt((n - 1) * (np.exp(q / n) - 1)))
    out["normal_wald"] = inside(z * np.sqrt((n - 1) / n))
    # Uniform: 2n ln(theta/max) is chi-squared with two degrees of freedom, not one.
    out["uniform_chi2_1"] = f(stats.chi2.cdf(q, 2))
    return out


grid = [0.01, 0.3, 1.0, 2.5, 7.0, 19.5, 20.5, 300.0, 1e6]
out = {
    "packages": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
    "cases": cases,
    "trigamma": [[x, f(mp.psi(1, x))] for x in grid],
    "expected_weibull": [
        {"theta": [k, s], "information": expected_weibull(k, s)} for k, s in [(1.7, 2.5), (0.8, 1.2)]
    ],
    "home_goals": {
        "rate": f(np.exp(glm.params[0])),
        "std_err_of_ln_rate": f(glm.bse[0]),
        "log_lik": f(glm.llf),
        "profile_95": profile("poisson", home, [f(home.mean())], 0, 0.95),
    },
    "home_advantage": {
        "deviance": f(both.null_deviance - both.deviance),
        "ln_ratio": f(both.params[1]),
        "std_err": f(both.bse[1]),
    },
    "chi_squared": [[d, df, f(stats.chi2.sf(d, df))] for d, df in [(0.3, 1), (5.0, 2), (40.0, 3)]],
    "coverage": coverages(),
}
fixture(__file__).write_text(json.dumps(out))
for c in cases:
    print(c["label"], c["family"], c["theta"], c["std_err"], c["scipy_fit"], c["profile_95"])
print({k: out[k] for k in ("home_goals", "home_advantage", "coverage", "expected_weibull")})
