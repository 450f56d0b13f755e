"""Writes monitor.json: quantile sketches, queues and error budgets.

Needs ddsketch 3.0.1, NumPy 2.4.6 and SciPy 1.17.1. The samples come from a linear congruential
generator that the Rust test repeats, so that only quantiles are stored. Queues: Erlang's C by its sum,
quantiles of the sojourn by root-finding on its survival function. Burn rates: pandas' rolling sums.
"""

import importlib.metadata
import json
import math

import numpy as np
import pandas as pd
import scipy
from ddsketch import DDSketch
from scipy import integrate, optimize

from place import fixture

assert importlib.metadata.version("ddsketch") == "3.0.1"
assert np.__version__ == "2.4.6"
assert scipy.__version__ == "1.17.1"

N = 4000
ALPHA = 0.01
QS = [0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0]


def uniforms(seed, n):
    """Knuth's MMIX generator, the upper 53 bits, in the open unit interval."""
    state, out = seed, []
    for _ in range(n):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        out.append(((state >> 11) + 0.5) / 2**53)
    return out


def sample(name, seed):
    u = uniforms(seed, 2 * N)
    pairs = list(zip(u[::2], u[1::2]))
    normal = lambda a, b: math.sqrt(-2.0 * math.log(a)) * math.cos(2.0 * math.pi * b)
    shapes = {
        "exponential": lambda a, b: -math.log(a),
        "log-normal": lambda a, b: math.exp(3.0 + 1.5 * normal(a, b)),
        "pareto": lambda a, b: a ** (-1.0 / 1.2),
        "bimodal": lambda a, b: 2.0 - math.log(a) if b < 0.9 else 200.0 - 50.0 * math.log(a),
        "signed, with zeros": lambda a, b: 0.0 if b < 0.1 else 5.0 * normal(a, (b - 0.1) / 0.9),
    }
    return [shapes[name](a, b) for a, b in pairs]


sketches = []
for name in ["exponential", "log-normal", "pareto", "bimodal", "signed, with zeros"]:
    for seed in range(1, 11):
        values = sample(name, seed)
        sketch, parts = DDSketch(ALPHA), [DDSketch(ALPHA), DDSketch(ALPHA)]
        for i, x in enumerate(values):
            sketch.add(x)
            parts[i % 2].add(x)
        parts[0].merge(parts[1])
        found = [sketch.get_quantile_value(q) for q in QS]
        assert found == [parts[0].get_quantile_value(q) for q in QS]
        exact = np.quantile(values, QS, method="lower")
        sketches.append(
            {"name": name, "seed": seed, "exact": exact.tolist(), "ddsketch": found}
        )


def queue(lam, mu, c):
    """Probability to wait (Erlang's C), mean sojourn and its quantiles."""
    a = lam / mu
    waits = a**c / math.factorial(c) / (1.0 - a / c)
    p_wait = waits / (sum(a**k / math.factorial(k) for k in range(c)) + waits)
    rate = c * mu - lam

    # Service, plus with probability p_wait an exponential wait at rate c mu - lambda: the survival
    # function of the sum by quadrature over the wait.
    def survival(t):
        inside, _ = integrate.quad(
            lambda w: rate * math.exp(-rate * w) * math.exp(-mu * (t - w)), 0.0, t, epsabs=1e-13
        )
        return (1.0 - p_wait) * math.exp(-mu * t) + p_wait * (inside + math.exp(-rate * t))

    ps = [0.5, 0.9, 0.99]
    quantiles = [optimize.brentq(lambda t: survival(t) - 1.0 + p, 0.0, 200.0, xtol=1e-12) for p in ps]
    mean = 1.0 / mu + p_wait / rate
    return {
        "lambda": lam, "mu": mu, "servers": c, "p_wait": p_wait, "mean": mean,
        "ps": ps, "quantiles": quantiles,
    }


queues = [queue(*args) for args in [(0.5, 1.0, 1), (0.7, 1.0, 1), (2.4, 1.0, 3), (8.0, 2.0, 6)]]

# A day of minutes with three incidents, one of them too short to matter; some minutes are empty.
state = np.random.default_rng(7)
minutes = np.arange(1440)
requests = state.poisson(np.where((minutes > 200) & (minutes < 320), 3, 400))
requests[230:240] = 0
share = np.full(1440, 0.0004)
share[400:402], share[600:690], share[1000:1300] = 0.15, 0.03, 0.009
errors = state.binomial(requests, share)
rules = []
for slo, long_m, short_m, threshold in [(0.999, 60, 5, 14.4), (0.999, 360, 30, 6.0), (0.99, 60, 5, 2.0)]:
    frame = pd.DataFrame({"requests": requests, "errors": errors})

    def burn(width):
        sums = frame.rolling(width, min_periods=1).sum()
        return (sums["errors"] / sums["requests"]).fillna(0.0).to_numpy() / (1.0 - slo)

    long, short = burn(long_m), burn(short_m)
    firing = (long > threshold) & (short > threshold)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], firing, [0]])))
    rules.append(
        {
            "slo": slo, "long_m": long_m, "short_m": short_m, "threshold": threshold,
            "long": long[::17].tolist(), "short": short[::17].tolist(),
            "alerts": [[int(a), int(b)] for a, b in edges.reshape(-1, 2)],
        }
    )
assert [len(rule["alerts"]) for rule in rules] != [0, 0, 0]

out = {
    "package": "ddsketch",
    "version": "3.0.1",
    "n": N,
    "alpha": ALPHA,
    "qs": QS,
    "sketches": sketches,
    "queues": queues,
    "requests": requests.tolist(),
    "errors": errors.tolist(),
    "rules": rules,
}
fixture(__file__).write_text(json.dumps(out))
print([rule["alerts"] for rule in rules], [q["quantiles"] for q in queues])
